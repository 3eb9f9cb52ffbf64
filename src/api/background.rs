//! Long solves that go on in the background: how far each is, and how it is stopped. Kept in memory, on the machine that
//! solves: what a solve found is in the database, and a solve that a restart ended is asked for again.

use crate::domain::{ThingId, Timestamp};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::ToSchema;

/// Runs that are remembered; the oldest that has ended goes first.
const REMEMBERED: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Running,
    /// The time is over or nothing better exists; what was found is stored.
    Done,
    /// Somebody stopped it; the best that was found until then is stored.
    Cancelled,
    /// What it solved was changed meanwhile; nothing was stored.
    Overtaken,
    Failed,
}

/// A solve as it stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunShown {
    pub id: ThingId,
    /// What is solved.
    pub of: ThingId,
    pub state: RunState,
    /// Value of the best answer so far, in points.
    pub best: Option<f64>,
    /// No answer is worth more.
    pub bound: Option<f64>,
    /// Seconds that it may take.
    pub seconds: u64,
    pub started_at: Timestamp,
    /// The version that holds what was found.
    pub version: Option<i64>,
}

#[derive(Debug)]
pub struct Run {
    shown: Mutex<RunShown>,
    stop: AtomicBool,
}

impl Run {
    pub fn shown(&self) -> RunShown {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn cancel(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    pub fn is_cancelled(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    pub fn progress(&self, best: Option<f64>, bound: f64) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.best = best.or(shown.best);
        shown.bound = Some(bound).filter(|bound| bound.is_finite()).or(shown.bound);
    }

    pub fn end(&self, state: RunState, version: Option<i64>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        (shown.state, shown.version) = (state, version);
    }
}

/// The solves of a service. Those that run stop when it ends.
#[derive(Debug, Default)]
pub struct Background(Mutex<VecDeque<Arc<Run>>>);

impl Background {
    pub fn begin(&self, of: &ThingId, seconds: u64, started_at: Timestamp) -> Arc<Run> {
        let shown = RunShown {
            id: ThingId::new(),
            of: of.clone(),
            state: RunState::Running,
            best: None,
            bound: None,
            seconds,
            started_at,
            version: None,
        };
        let solve = Arc::new(Run { shown: Mutex::new(shown), stop: AtomicBool::new(false) });
        let mut all = self.all();
        while all.len() >= REMEMBERED {
            let ended = all.iter().position(|solve| solve.shown().state != RunState::Running);
            all.remove(ended.unwrap_or(0));
        }
        all.push_back(Arc::clone(&solve));
        solve
    }

    /// The solve with this id, of this thing.
    pub fn find(&self, of: &ThingId, id: &ThingId) -> Option<Arc<Run>> {
        let is_it = |solve: &&Arc<Run>| {
            let shown = solve.shown();
            shown.of == *of && shown.id == *id
        };
        self.all().iter().find(is_it).cloned()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Run>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.all().iter().for_each(|solve| solve.cancel());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        Timestamp::from_stored("2026-04-01T00:00:00.000000Z".to_owned())
    }

    #[test]
    fn a_run_is_found_by_what_it_solves_and_stops_when_it_is_asked_to() {
        let background = Background::default();
        let (one, other) = (ThingId::new(), ThingId::new());
        let run = background.begin(&one, 30, at());
        let id = run.shown().id;
        assert!(background.find(&one, &id).is_some() && background.find(&other, &id).is_none());
        run.progress(Some(3.0), f64::INFINITY);
        run.progress(None, 5.0);
        assert_eq!((run.shown().best, run.shown().bound), (Some(3.0), Some(5.0)));
        background.find(&one, &id).unwrap().cancel();
        assert!(run.is_cancelled());
        run.end(RunState::Cancelled, Some(4));
        assert_eq!((run.shown().state, run.shown().version), (RunState::Cancelled, Some(4)));
    }

    #[test]
    fn only_so_many_are_remembered_and_those_that_run_stop_with_the_service() {
        let background = Background::default();
        let of = ThingId::new();
        let first = background.begin(&of, 30, at());
        let second = background.begin(&of, 30, at());
        second.end(RunState::Done, None);
        for _ in 2..=REMEMBERED {
            background.begin(&of, 30, at());
        }
        assert!(background.find(&of, &first.shown().id).is_some());
        assert!(background.find(&of, &second.shown().id).is_none());
        drop(background);
        assert!(first.is_cancelled());
    }
}
