//! First come, first served: the queue before SQLite's only writer. Bounded in length and in time.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    limit: usize,
    patience: Duration,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    waiting: VecDeque<u64>,
    busy: bool,
}

/// Being served. Dropped, the next one is.
#[derive(Debug)]
pub struct Turn<'a>(&'a Queue);

/// The queue is full, or the wait was too long.
#[derive(Debug, PartialEq, Eq)]
pub struct Busy;

impl Queue {
    pub fn new(limit: usize, patience: Duration) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), limit, patience }
    }

    pub fn wait(&self) -> Result<Turn<'_>, Busy> {
        let deadline = Instant::now() + self.patience;
        let mut state = self.lock();
        if state.waiting.len() >= self.limit {
            return Err(Busy);
        }
        let ticket = state.next;
        state.next += 1;
        state.waiting.push_back(ticket);
        while state.busy || state.waiting.front() != Some(&ticket) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.waiting.retain(|&other| other != ticket);
                self.changed.notify_all();
                return Err(Busy);
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiting.pop_front();
        state.busy = true;
        Ok(Turn(self))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().busy = false;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn turns_come_in_order_and_the_queue_is_bounded() {
        let queue = Arc::new(Queue::new(2, Duration::from_secs(5)));
        let served = Arc::new(Mutex::new(Vec::new()));
        let first = queue.wait().unwrap();
        let others: Vec<_> = (0..2)
            .map(|number| {
                let (queue, served) = (queue.clone(), served.clone());
                let thread = std::thread::spawn({
                    let queue = queue.clone();
                    move || {
                        let _turn = queue.wait().unwrap();
                        served.lock().unwrap().push(number);
                    }
                });
                while queue.lock().waiting.len() <= number {
                    std::thread::yield_now();
                }
                thread
            })
            .collect();
        assert_eq!(queue.wait().unwrap_err(), Busy, "two are waiting already");
        drop(first);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(*served.lock().unwrap(), vec![0, 1]);
    }

    #[test]
    fn nobody_waits_for_ever() {
        let queue = Queue::new(2, Duration::from_millis(20));
        let _turn = queue.wait().unwrap();
        assert_eq!(queue.wait().unwrap_err(), Busy);
        assert!(queue.lock().waiting.is_empty());
    }
}
