//! Long solves, of compositions and of timetables: one after another on a thread of their own that holds the one turn for
//! long computations. Each is watched, and stops when somebody asks, when a newer one of the same matter begins, or when the
//! service ends. How far they are is kept in memory, on the machine that solves: what was found is in the database, and a
//! solve that the end of the service cut short is asked for again.

use crate::app::LongTurn;
use crate::domain::{Defect, ThingId, Timestamp};
use crate::error::{Error, Result};
use musubi_index::composing::Progress;
use serde::Serialize;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// Runs that are remembered; the oldest that has ended goes first.
const REMEMBERED: usize = 200;
/// Runs that wait at most.
const WAITING_MOST: usize = 100;
/// How often a run looks whether it is its turn.
const LOOK: Duration = Duration::from_millis(20);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Nothing was solved lately.
    None,
    /// Others are being solved first.
    Waiting,
    Running,
    /// The time is over or nothing better exists; what was found is stored.
    Done,
    /// Somebody stopped it; the best that was found until then is stored.
    Cancelled,
    /// What it solved was changed meanwhile, or is being solved anew; nothing was stored.
    Overtaken,
    Failed,
}

impl RunState {
    pub fn has_ended(self) -> bool {
        !matches!(self, RunState::Waiting | RunState::Running)
    }
}

/// A solve as it stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunShown {
    /// Null when there is none.
    pub id: Option<ThingId>,
    /// What is solved.
    pub of: ThingId,
    pub state: RunState,
    /// Value of the best answer so far, in points.
    pub best: Option<f64>,
    /// No answer is worth more.
    pub bound: Option<f64>,
    /// How far the best may be from the best possible, as a share of the bound.
    pub gap: Option<f64>,
    /// Seconds that it may take.
    pub seconds: Option<u64>,
    /// When it was asked for.
    pub started_at: Option<Timestamp>,
    /// Since its turn came.
    pub elapsed_ms: Option<u64>,
    /// The version that it answers; once it has ended, the one that holds what was found.
    pub version: Option<i64>,
}

impl RunShown {
    fn none(of: ThingId) -> Self {
        Self {
            id: None,
            of,
            state: RunState::None,
            best: None,
            bound: None,
            gap: None,
            seconds: None,
            started_at: None,
            elapsed_ms: None,
            version: None,
        }
    }
}

/// One solve.
#[derive(Debug)]
pub struct Run {
    id: ThingId,
    of: ThingId,
    limit: Duration,
    started_at: Timestamp,
    stop: AtomicBool,
    /// What it finds is wanted no more: a newer one began, or the service ends.
    dropped: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    state: RunState,
    version: Option<i64>,
    began: Option<Instant>,
    took: Option<Duration>,
    best: Option<f64>,
    bound: Option<f64>,
}

impl Run {
    pub fn shown(&self) -> RunShown {
        let seen = lock(&self.seen);
        let elapsed = seen.took.or_else(|| seen.began.map(|began| began.elapsed()));
        RunShown {
            id: Some(self.id.clone()),
            of: self.of.clone(),
            state: self.state(seen.state),
            best: seen.best,
            bound: seen.bound,
            gap: seen.best.zip(seen.bound).map(|(best, bound)| ((bound - best) / bound.abs().max(1e-9)).max(0.0)),
            seconds: Some(self.limit.as_secs()),
            started_at: Some(self.started_at.clone()),
            elapsed_ms: elapsed.map(|elapsed| elapsed.as_millis() as u64),
            version: seen.version,
        }
    }

    /// Whoever was stopped while waiting need not wait for the turn to know it.
    fn state(&self, state: RunState) -> RunState {
        match state {
            RunState::Waiting if self.is_dropped() => RunState::Overtaken,
            RunState::Waiting if self.is_cancelled() => RunState::Cancelled,
            other => other,
        }
    }

    /// Asks it to stop; what it found is kept.
    pub fn cancel(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    pub fn is_cancelled(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Whether nothing is to be stored of it.
    pub fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::SeqCst)
    }

    /// Hears how far it is; false: it is to come to its end.
    pub fn go_on(&self, progress: &Progress) -> bool {
        self.tell(progress.best, progress.bound);
        let began = lock(&self.seen).began;
        self.is_wanted() && began.is_none_or(|began| began.elapsed() < self.limit)
    }

    pub fn tell(&self, best: Option<f64>, bound: f64) {
        let mut seen = lock(&self.seen);
        seen.best = best.or(seen.best);
        seen.bound = Some(bound).filter(|bound| bound.is_finite()).or(seen.bound);
    }

    fn drop_it(&self) {
        self.dropped.store(true, Ordering::SeqCst);
    }

    fn is_wanted(&self) -> bool {
        !self.is_cancelled() && !self.is_dropped()
    }

    fn begin(&self) {
        let mut seen = lock(&self.seen);
        (seen.state, seen.began) = (RunState::Running, Some(Instant::now()));
    }

    fn end(&self, (state, version): Ended) {
        let mut seen = lock(&self.seen);
        (seen.state, seen.version) = (state, version);
        seen.took = seen.began.map(|began| began.elapsed());
    }
}

/// How a run ended, and the version that holds what it found.
pub type Ended = (RunState, Option<i64>);
type Work = Box<dyn FnOnce(&Run) -> Ended + Send>;

/// The long solves of a service. Those that run stop when it ends.
pub struct Background {
    all: Mutex<VecDeque<Arc<Run>>>,
    queue: Option<mpsc::Sender<(Arc<Run>, Work)>>,
    worker: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Background {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Background")
    }
}

impl Background {
    pub fn start(long_turn: LongTurn) -> Self {
        let (queue, jobs) = mpsc::channel::<(Arc<Run>, Work)>();
        let worker = std::thread::Builder::new().name("solves".to_owned()).spawn(move || {
            for (run, work) in jobs {
                solve(&long_turn, &run, work);
            }
        });
        Self { all: Mutex::default(), queue: Some(queue), worker: worker.ok() }
    }

    /// Solves in the background, when its turn comes. An earlier run of the same matter is dropped. Refused: too many wait.
    pub fn begin(
        &self,
        of: &ThingId,
        version: i64,
        seconds: u64,
        started_at: Timestamp,
        work: impl FnOnce(&Run) -> Ended + Send + 'static,
    ) -> Result<RunShown> {
        let seen =
            Seen { state: RunState::Waiting, version: Some(version), began: None, took: None, best: None, bound: None };
        let run = Arc::new(Run {
            id: ThingId::new(),
            of: of.clone(),
            limit: Duration::from_secs(seconds),
            started_at,
            stop: AtomicBool::new(false),
            dropped: AtomicBool::new(false),
            seen: Mutex::new(seen),
        });
        let mut all = self.all();
        all.iter()
            .filter(|other| other.of == *of && !other.shown().state.has_ended())
            .for_each(|other| other.drop_it());
        if all.iter().filter(|other| !other.shown().state.has_ended()).count() >= WAITING_MOST {
            return Err(busy());
        }
        while all.len() >= REMEMBERED {
            let ended = all.iter().position(|other| other.shown().state.has_ended());
            all.remove(ended.unwrap_or(0));
        }
        all.push_back(run.clone());
        drop(all);
        let shown = run.shown();
        let sent = self.queue.as_ref().is_some_and(|queue| queue.send((run, Box::new(work))).is_ok());
        if sent { Ok(shown) } else { Err(busy()) }
    }

    /// The run with this id, of this matter.
    pub fn find(&self, of: &ThingId, id: &ThingId) -> Option<Arc<Run>> {
        self.all().iter().find(|run| run.of == *of && run.id == *id).cloned()
    }

    /// The last run of a matter.
    pub fn shown(&self, of: &ThingId) -> RunShown {
        let last = self.all().iter().rfind(|run| run.of == *of).cloned();
        last.map_or_else(|| RunShown::none(of.clone()), |run| run.shown())
    }

    /// Asks the run of a matter to stop. The version that it answers; none: nothing was being solved.
    pub fn stop(&self, of: &ThingId) -> Option<i64> {
        let all = self.all();
        let run = all.iter().rfind(|run| run.of == *of && !run.shown().state.has_ended())?;
        run.cancel();
        run.shown().version
    }

    /// What a run of a matter finds is wanted no more: something else is asked.
    pub fn drop_all_of(&self, of: &ThingId) {
        self.all().iter().filter(|run| run.of == *of).for_each(|run| run.drop_it());
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Arc<Run>>> {
        lock(&self.all)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.all().iter().for_each(|run| run.drop_it());
        self.queue = None;
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

/// Waits for the turn, and works.
fn solve(long_turn: &LongTurn, run: &Run, work: Work) {
    let turn = loop {
        if !run.is_wanted() {
            break None;
        }
        match long_turn.try_take() {
            Some(turn) => break Some(turn),
            None => std::thread::sleep(LOOK),
        }
    };
    let Some(_turn) = turn else {
        let answered = run.shown().version;
        return run.end(if run.is_dropped() { (RunState::Overtaken, None) } else { (RunState::Cancelled, answered) });
    };
    run.begin();
    // One question that cannot be worked with does not end the thread that all others wait for.
    let ended = catch_unwind(AssertUnwindSafe(|| work(run))).unwrap_or_else(|_| {
        tracing::error!(of = %run.of, "a solve broke off");
        (RunState::Failed, None)
    });
    run.end(ended);
}

fn busy() -> Error {
    Error::Unavailable(Defect::new(
        "busy",
        "待っている計算が多すぎます。少し待ってからもう一度お試しください。",
        "Too many long computations are waiting. Please try again in a moment.",
    ))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        Timestamp::from_stored("2026-04-01T00:00:00.000000Z".to_owned())
    }

    /// Solves until it is told to stop.
    fn patient(run: &Run) -> Ended {
        while run.go_on(&Progress { best: Some(3.0), bound: 5.0 }) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if run.is_dropped() { (RunState::Overtaken, None) } else { (RunState::Cancelled, Some(4)) }
    }

    fn comes(background: &Background, of: &ThingId, state: RunState) {
        while background.shown(of).state != state {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn one_runs_the_next_waits_and_each_stops_when_it_is_asked_to() {
        let background = Background::start(LongTurn::default());
        let (one, other) = (ThingId::new(), ThingId::new());
        assert_eq!(background.shown(&one).state, RunState::None);
        let first = background.begin(&one, 1, 3_600, at(), patient).unwrap();
        let second = background.begin(&other, 7, 3_600, at(), patient).unwrap();
        comes(&background, &one, RunState::Running);
        assert_eq!((background.shown(&other).state, second.version), (RunState::Waiting, Some(7)));
        let (first, second) = (first.id.unwrap(), second.id.unwrap());
        assert!(background.find(&one, &first).is_some() && background.find(&other, &first).is_none());
        // Who waits is stopped at once, without having begun; what it answers stands.
        assert_eq!(background.stop(&other), Some(7));
        assert_eq!((background.shown(&other).state, background.stop(&other)), (RunState::Cancelled, None));
        assert_eq!(background.stop(&one), Some(1));
        comes(&background, &one, RunState::Cancelled);
        let ended = background.shown(&one);
        assert_eq!((ended.state, ended.version, ended.gap), (RunState::Cancelled, Some(4), Some(0.4)));
        assert_eq!((background.stop(&one), background.find(&other, &second).unwrap().shown().elapsed_ms), (None, None));
    }

    #[test]
    fn a_newer_one_takes_the_place_and_the_end_of_the_service_ends_all() {
        let turn = LongTurn::default();
        let background = Background::start(turn.clone());
        let of = ThingId::new();
        let first = background.begin(&of, 1, 3_600, at(), patient).unwrap().id.unwrap();
        comes(&background, &of, RunState::Running);
        background.begin(&of, 2, 3_600, at(), patient).unwrap();
        comes(&background, &of, RunState::Running);
        assert_eq!(background.find(&of, &first).unwrap().shown().state, RunState::Overtaken);
        assert_eq!(background.shown(&of).version, Some(2));
        drop(background);
        assert!(turn.try_take().is_some());
    }

    #[test]
    fn a_question_that_breaks_off_fails_alone_and_too_many_are_refused() {
        let turn = LongTurn::default();
        let background = Background::start(turn.clone());
        let of = ThingId::new();
        background.begin(&of, 1, 1, at(), |_| std::panic::panic_any("broken")).unwrap();
        comes(&background, &of, RunState::Failed);
        let held = loop {
            if let Some(held) = turn.try_take() {
                break held;
            }
        };
        for _ in 0..WAITING_MOST {
            background.begin(&ThingId::new(), 1, 3_600, at(), patient).unwrap();
        }
        assert!(background.begin(&ThingId::new(), 1, 3_600, at(), patient).is_err());
        // The newest of a matter that ended long ago is forgotten first, never one that waits.
        assert_eq!(background.shown(&of).state, RunState::Failed);
        drop(background);
        drop(held);
    }
}
