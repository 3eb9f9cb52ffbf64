//! Long solves of compositions: one after another on a thread of their own, watched, and stopped when somebody asks, when
//! something else is asked of the composition, or when the service ends. What was found until then is kept. A solve that
//! the end of the service cut short is not taken up again: the answer that stands is kept, with its bound.

use super::candidates::Known;
use super::compose::{GroupAnswer, answered};
use crate::app::LongTurn;
use crate::domain::desk::{Composition, CompositionDeed};
use crate::domain::entry::Title;
use crate::domain::vocabulary::desk::CompositionState;
use crate::domain::{Actor, ThingId};
use crate::error::Result;
use crate::store::matters::{self, Sight};
use crate::store::{Database, Tx};
use musubi_index::composing::Progress;
use musubi_index::composing::group::{self, Question};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// Solves that wait at most.
const WAITING_MOST: usize = 100;
/// How often a solve looks whether it is its turn.
const LOOK: Duration = Duration::from_millis(20);

/// What is to be solved.
#[derive(Debug)]
pub struct Job {
    pub composition: ThingId,
    pub revision: i64,
    pub question: Question,
    pub known: Known,
    pub seconds: u64,
    pub stale: bool,
    /// Shown with the answer: what the change by hand did, but for the value and the members after it.
    pub effect: Option<Value>,
}

#[derive(Debug)]
struct Running {
    revision: i64,
    seconds: u64,
    stop: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    began: Option<Instant>,
    best: Option<f64>,
    bound: Option<f64>,
}

/// Where a solve stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct SolveShown {
    /// `waiting`, `running`, or `none` when nothing is being solved.
    pub state: &'static str,
    /// Which version of the composition it answers.
    pub version: Option<i64>,
    pub best: Option<f64>,
    pub bound: Option<f64>,
    /// How far the best may be from the best possible, as a share of the bound.
    pub gap: Option<f64>,
    pub elapsed_ms: Option<u64>,
    pub seconds: Option<u64>,
}

struct Shared {
    database: Database,
    long_turn: LongTurn,
    running: Mutex<HashMap<String, Arc<Running>>>,
    ending: AtomicBool,
}

/// The solves of a service.
pub struct Solves {
    shared: Arc<Shared>,
    queue: Option<mpsc::Sender<(Job, Arc<Running>)>>,
    worker: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Solves {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Solves")
    }
}

impl Drop for Solves {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::SeqCst);
        self.queue = None;
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

impl Solves {
    pub fn start(database: Database, long_turn: LongTurn) -> Self {
        let running = Mutex::new(HashMap::new());
        let shared = Arc::new(Shared { database, long_turn, running, ending: AtomicBool::new(false) });
        let (queue, jobs) = mpsc::channel::<(Job, Arc<Running>)>();
        let own = shared.clone();
        let worker = std::thread::Builder::new().name("solves".to_owned()).spawn(move || {
            for (job, running) in jobs {
                own.work(job, &running);
            }
        });
        Self { shared, queue: Some(queue), worker: worker.ok() }
    }

    /// Goes on with a question. An earlier solve of the same composition stops. False: too many wait already; the answer
    /// that stands has to do.
    pub fn begin(&self, job: Job) -> bool {
        let running = Arc::new(Running {
            revision: job.revision,
            seconds: job.seconds,
            stop: AtomicBool::new(false),
            seen: Mutex::default(),
        });
        let mut all = self.shared.all();
        if let Some(earlier) = all.get(job.composition.as_str()) {
            earlier.stop.store(true, Ordering::SeqCst);
        }
        if all.len() >= WAITING_MOST {
            return false;
        }
        all.insert(job.composition.to_string(), running.clone());
        drop(all);
        self.queue.as_ref().is_some_and(|queue| queue.send((job, running)).is_ok())
    }

    /// Asks a solve to stop. The version that it answers; none: nothing was being solved.
    pub fn stop(&self, composition: &ThingId) -> Option<i64> {
        let running = self.shared.all().get(composition.as_str()).cloned()?;
        running.stop.store(true, Ordering::SeqCst);
        Some(running.revision)
    }

    pub fn shown(&self, composition: &ThingId) -> SolveShown {
        let Some(running) = self.shared.all().get(composition.as_str()).cloned() else {
            return SolveShown {
                state: "none",
                version: None,
                best: None,
                bound: None,
                gap: None,
                elapsed_ms: None,
                seconds: None,
            };
        };
        let seen = lock(&running.seen);
        let gap = seen.best.zip(seen.bound).map(|(best, bound)| ((bound - best) / bound.abs().max(1e-9)).max(0.0));
        SolveShown {
            state: if seen.began.is_some() { "running" } else { "waiting" },
            version: Some(running.revision),
            best: seen.best,
            bound: seen.bound,
            gap,
            elapsed_ms: seen.began.map(|began| began.elapsed().as_millis() as u64),
            seconds: Some(running.seconds),
        }
    }
}

impl Shared {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Running>>> {
        lock(&self.running)
    }

    fn work(&self, job: Job, running: &Arc<Running>) {
        let on = || !running.stop.load(Ordering::SeqCst) && !self.ending.load(Ordering::SeqCst);
        let turn = loop {
            if !on() {
                break None;
            }
            match self.long_turn.try_take() {
                Some(turn) => break Some(turn),
                None => std::thread::sleep(LOOK),
            }
        };
        if turn.is_some() {
            let began = Instant::now();
            lock(&running.seen).began = Some(began);
            let limit = Duration::from_secs(job.seconds);
            let mut watch = |progress: Progress| {
                let mut seen = lock(&running.seen);
                seen.best = progress.best;
                seen.bound = progress.bound.is_finite().then_some(progress.bound);
                on() && began.elapsed() < limit
            };
            let solved = group::compose(&job.question, &mut watch);
            match solved {
                Ok(answer) if !self.ending.load(Ordering::SeqCst) => {
                    let found = answered(&answer, &job.known, None, job.question.candidates.len(), job.stale);
                    if let Err(error) = self.database.write(&Actor::System, |tx| keep(tx, &job, found)) {
                        tracing::error!(?error, composition = %job.composition, "an answer could not be kept");
                    }
                }
                Ok(_) => {}
                Err(refusals) => tracing::error!(?refusals, "a question that was checked was refused"),
            }
        }
        drop(turn);
        let mut all = self.all();
        if all.get(job.composition.as_str()).is_some_and(|other| Arc::ptr_eq(other, running)) {
            all.remove(job.composition.as_str());
        }
    }
}

/// Keeps an answer if it is better than the one that stands, or proves more. Answers to what is no longer asked fall away.
fn keep(tx: &mut Tx<'_>, job: &Job, found: GroupAnswer) -> Result<()> {
    tx.unchanged();
    let mut kept = matters::get::<Composition>(tx.conn(), &Sight::All, &job.composition)?;
    let stands = GroupAnswer::kept(&kept.matter);
    if stands.as_ref().is_some_and(|stands| !is_better(&found, stands)) {
        return Ok(());
    }
    let deed = found_deed(job.revision, found, job.effect.clone())?;
    matters::add(tx, &mut kept, deed, None)?;
    Ok(())
}

fn is_better(found: &GroupAnswer, stands: &GroupAnswer) -> bool {
    match (&found.group, &stands.group) {
        (None, None) => (found.proven, found.conflict.is_some()) > (stands.proven, stands.conflict.is_some()),
        (None, Some(_)) => false,
        (Some(_), None) => true,
        (Some(new), Some(old)) => {
            new.value > old.value + 1e-9
                || (new.value >= old.value - 1e-9
                    && ((found.proven && !stands.proven) || found.bound < stands.bound - 1e-9))
        }
    }
}

/// The event of an answer. It holds ids only: names are read anew for each reader.
pub(super) fn found_deed(revision: i64, mut found: GroupAnswer, effect: Option<Value>) -> Result<CompositionDeed> {
    found.each_party(&mut |party| party.name = Title::default());
    found.each_chance(&mut |chances| chances.iter_mut().for_each(|chance| chance.reason = Title::default()));
    let outcome = match (&found.group, &found.conflict) {
        (Some(_), _) => CompositionState::Found,
        (None, Some(_)) => CompositionState::Conflict,
        (None, None) => CompositionState::Nothing,
    };
    let result = serde_json::to_value(found).map_err(crate::error::Error::internal)?;
    Ok(CompositionDeed::Found { revision, outcome, result, effect })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
