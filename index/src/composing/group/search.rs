//! An answer at once and a better one soon: greedy, then swaps, then starting again from a shaken group.

use super::model::Model;
use super::state::State;
use crate::composing::Seeded;

/// Gains below this are noise of the sums.
const NOISE: f64 = 1e-9;
/// Best joiners that a swap looks at first.
const CLOSE: usize = 40;

pub(super) struct Search<'a> {
    model: &'a Model,
    /// Units that may go in and out.
    free: Vec<usize>,
    start: Vec<usize>,
    random: Seeded,
}

impl<'a> Search<'a> {
    /// `fixed` as the hard wishes decide it.
    pub fn new(model: &'a Model, fixed: &[Option<bool>], seed: u64) -> Search<'a> {
        Search {
            model,
            free: (0..fixed.len()).filter(|unit| fixed[*unit].is_none()).collect(),
            start: (0..fixed.len()).filter(|unit| fixed[*unit] == Some(true)).collect(),
            random: Seeded::new(seed),
        }
    }

    /// Always the unit that gains most, while one does.
    pub fn greedy(&self) -> State<'a> {
        let mut state = State::of(self.model, &self.start);
        loop {
            let best = self
                .free
                .iter()
                .filter(|unit| !state.inside[**unit])
                .map(|unit| (state.gain(*unit), *unit))
                .max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1)));
            match best {
                Some((gain, unit)) if gain > NOISE => state.put(unit),
                _ => return state,
            }
        }
    }

    /// Puts in, takes out and swaps while that gains; false when told to stop.
    pub fn improve(&mut self, state: &mut State<'a>, mut go_on: impl FnMut(&State<'a>) -> bool) -> bool {
        let mut rounds = 0;
        loop {
            if !go_on(state) {
                return false;
            }
            rounds += 1;
            if rounds > 2_000 || !(self.one_more(state) || self.one_less(state) || self.swap(state)) {
                return true;
            }
        }
    }

    fn one_more(&self, state: &mut State<'a>) -> bool {
        let outside = self.free.iter().filter(|unit| !state.inside[**unit]);
        let best = outside
            .map(|unit| (state.gain(*unit), *unit))
            .max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1)));
        match best {
            Some((gain, unit)) if gain > NOISE => {
                state.put(unit);
                true
            }
            _ => false,
        }
    }

    fn one_less(&self, state: &mut State<'a>) -> bool {
        let now = state.score();
        for unit in self.free.iter().copied() {
            if state.inside[unit] {
                state.take(unit);
                if state.score() > now + NOISE {
                    return true;
                }
                state.put(unit);
            }
        }
        false
    }

    /// For each member, from a random one on, the best that could stand in its place; the first that gains is taken.
    fn swap(&mut self, state: &mut State<'a>) -> bool {
        let inside: Vec<usize> = self.free.iter().copied().filter(|unit| state.inside[*unit]).collect();
        let outside: Vec<usize> = self.free.iter().copied().filter(|unit| !state.inside[*unit]).collect();
        let from = self.random.below(inside.len());
        let now = state.score();
        for step in 0..inside.len() {
            let leaver = inside[(from + step) % inside.len()];
            state.take(leaver);
            let without = state.score();
            let best = outside
                .iter()
                .map(|unit| (without + state.gain(*unit), *unit))
                .max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1)));
            match best {
                Some((score, joiner)) if score > now + NOISE => {
                    state.put(joiner);
                    return true;
                }
                _ => state.put(leaver),
            }
        }
        false
    }

    /// Takes out a few members at random and puts in others that are nearly as good.
    pub fn shake(&mut self, state: &State<'a>) -> State<'a> {
        let mut units = state.units();
        let out = 2 + self.random.below(3);
        for _ in 0..out {
            let loose: Vec<usize> =
                units.iter().copied().filter(|unit| self.free.binary_search(unit).is_ok()).collect();
            if let Some(leaver) = loose.get(self.random.below(loose.len())) {
                units.retain(|unit| unit != leaver);
            }
        }
        let mut shaken = State::of(self.model, &units);
        for _ in 0..out {
            let mut near: Vec<(f64, usize)> = self
                .free
                .iter()
                .filter(|unit| !shaken.inside[**unit] && !state.inside[**unit])
                .map(|unit| (shaken.gain(*unit), *unit))
                .collect();
            near.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
            near.truncate(CLOSE);
            if let Some((_, joiner)) = near.get(self.random.below(near.len())) {
                shaken.put(*joiner);
            }
        }
        shaken
    }
}
