//! Who goes together to an exhibition.
//!
//! Value of a group, in points: the topics of the theme that it covers (concave: a second firm on a topic counts half), pairs
//! that complement each other (only the strongest three of each firm), chances with visitors, fairness, and the lead,
//! minus what missed soft wishes cost. Hard wishes hold, or a smallest set of those that cannot hold together is named.
//!
//! The way: a greedy group at once, then swaps, then proof (everything tried for a small question, a mixed-integer programme
//! in slices for a large one). The bound is always there: no group that keeps the hard wishes is worth more.
//!
//! ```
//! use musubi_index::composing::group::{Candidate, Question, Rule, Topic, Wish, compose};
//!
//! let firm = |id: &str, topic: usize| Candidate { covers: vec![(topic, 0.9)], ..Candidate::named(id) };
//! let question = Question {
//!     candidates: vec![firm("coater", 0), firm("printer", 0), firm("sealer", 1)],
//!     topics: ["coating", "sealing"].map(|name| Topic { name: name.into(), weight: 1.0 }).into(),
//!     wishes: vec![Wish::must(Rule::Places { least: 2, most: 2 })],
//!     ..Question::default()
//! };
//! let answer = compose(&question, &mut |_| true).map_err(|refusals| format!("{refusals:?}"))?;
//! let group = answer.group.ok_or("none")?;
//! assert_eq!(group.members.iter().map(|member| member.id.as_str()).collect::<Vec<_>>(), ["coater", "sealer"]);
//! assert!(answer.proven);
//! # Ok::<(), String>(())
//! ```

mod domains;
mod exact;
mod explain;
mod feasible;
mod model;
mod programme;
mod question;
mod related;
mod search;
mod state;

pub use explain::{Group, Member, Missed, Outsider};
pub use feasible::{Conflict, ConflictWish};
pub use question::{Candidate, MOST_CANDIDATES, MOST_WISHES, Question, Rule, Size, Topic, Weights, Wish};
pub use state::Parts;

use super::{Progress, Refusal, Watch};
use domains::Domains;
use exact::Exact;
use feasible::Feasible;
use model::{Model, Row};
use programme::End;
use related::Related;
use search::Search;
use state::State;

/// Units still open up to which everything is tried.
const SMALL: usize = 30;
/// Nodes of trying everything.
const NODES: usize = 400_000;
/// Times that a group is shaken before the proof begins, and between two slices of it.
const SHAKES: usize = 40;
const SHAKES_BETWEEN: usize = 10;
/// Slices of the proof at most, each about a tenth of a second.
const SLICES: usize = 600;
/// Shakes for an alternative.
const SHAKES_ALTERNATIVE: usize = 10;
/// Gains looked at for an alternative, about.
const EFFORT: usize = 3_000_000;
/// Of the members that are not bound by wishes, an alternative shares at most so many.
const SHARED: f64 = 0.7;
/// Relative gap that counts as none.
const NOTHING: f64 = 1e-7;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The best group found; none when the hard wishes cannot hold together, or none was found in time.
    pub group: Option<Group>,
    /// No group that keeps the hard wishes is worth more.
    pub bound: f64,
    /// The group is proven the best, or that there is none is proven.
    pub proven: bool,
    /// Groups that are clearly different, best first.
    pub alternatives: Vec<Group>,
    /// The closest of those outside, with what keeps them out; at most ten.
    pub outside: Vec<Outsider>,
    /// Why there is no group.
    pub conflict: Option<Conflict>,
}

impl Answer {
    /// How far the value may be below the best possible, as a share of the bound: 0 when proven.
    pub fn gap(&self) -> Option<f64> {
        let group = self.group.as_ref()?;
        Some(((self.bound - group.value) / self.bound.abs().max(1e-9)).max(0.0))
    }
}

/// Finds a group. `watch` hears of the first answer within about a tenth of a second for hundreds of candidates; refused
/// are values that cannot be worked with.
pub fn compose(question: &Question, watch: &mut dyn Watch) -> Result<Answer, Vec<Refusal>> {
    let related = relate(question)?;
    let model = Model::new(question, &related, |_| true);
    let solved = Solver::new(&model, question.seed, watch).run();
    let mut answer = Answer {
        group: None,
        bound: solved.bound,
        proven: solved.proven,
        alternatives: Vec::new(),
        outside: Vec::new(),
        conflict: None,
    };
    match &solved.best {
        Some((_, units)) => {
            let plain = Model::plain(question, &related);
            let members = model.members(units);
            let explained = explain::group(question, &plain, &members);
            // Both numbers are sums of many: what is above the bound is noise.
            answer.bound = if solved.proven { explained.value } else { answer.bound.max(explained.value) };
            answer.group = Some(explained);
            answer.outside = explain::outside(question, &plain, &members);
            answer.alternatives = alternatives(question, &model, units)
                .iter()
                .map(|units| explain::group(question, &plain, &model.members(units)))
                .collect();
        }
        None if solved.infeasible => {
            let mut go_on = || watch.go_on(Progress { best: None, bound: solved.bound });
            answer.conflict = feasible::conflict(question, &related, &mut go_on);
        }
        None => {}
    }
    Ok(answer)
}

/// The value of a group chosen by hand, with the wishes that it breaks: the effect of a swap is the difference of two.
/// Refused are values that cannot be worked with, and members that are no candidates.
pub fn evaluate(question: &Question, members: &[String]) -> Result<Group, Vec<Refusal>> {
    let related = relate(question)?;
    let mut places = Vec::with_capacity(members.len());
    let mut refusals = Vec::new();
    for (at, id) in members.iter().enumerate() {
        match question.candidates.iter().position(|candidate| candidate.id == *id) {
            Some(place) => places.push(place),
            None => refusals.push(Refusal::new(
                format!("/members/{at}"),
                "候補にない企業です。",
                "This firm is not among the candidates.",
            )),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    places.sort_unstable();
    places.dedup();
    Ok(explain::group(question, &Model::plain(question, &related), &places))
}

fn relate(question: &Question) -> Result<Related, Vec<Refusal>> {
    let refusals = question.check();
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Related::of(question).map_err(|refusal| vec![refusal])
}

struct Solved {
    /// Value and units.
    best: Option<(f64, Vec<usize>)>,
    bound: f64,
    proven: bool,
    infeasible: bool,
}

struct Solver<'a, 'w> {
    model: &'a Model,
    seed: u64,
    watch: &'w mut dyn Watch,
    best: Option<(f64, Vec<usize>)>,
    bound: f64,
}

impl<'a> Solver<'a, '_> {
    fn new<'w>(model: &'a Model, seed: u64, watch: &'w mut dyn Watch) -> Solver<'a, 'w> {
        Solver { model, seed, watch, best: None, bound: f64::INFINITY }
    }

    fn run(mut self) -> Solved {
        let Some(domains) = Domains::new(self.model) else { return self.none() };
        self.bound = programme::simple_bound(self.model, &domains.taken);
        let mut search = Search::new(self.model, &domains.taken, self.seed);
        let mut state = search.greedy();
        self.keep(&state);
        let mut on = self.go_on();
        if on {
            on = search.improve(&mut state, |state| self.seen(state));
            self.keep(&state);
        }
        if self.best.is_none() {
            match feasible::decide(self.model, self.seed) {
                Feasible::No => return self.none(),
                Feasible::Yes(units) => {
                    state = State::of(self.model, &units);
                    self.keep(&state);
                    on = on && search.improve(&mut state, |state| self.seen(state));
                    self.keep(&state);
                }
                Feasible::Unknown => {}
            }
        }
        let open = domains.taken.iter().filter(|taken| taken.is_none()).count();
        let small = open <= SMALL;
        for _ in 0..if small { 5 } else { SHAKES } {
            on = on && self.shake(&mut search);
        }
        if on && small && self.exactly(&domains) {
            return self.proven();
        }
        if on {
            match self.prove(&domains, &mut search) {
                End::Optimal => return self.proven(),
                End::Infeasible if self.best.is_none() => return self.none(),
                End::Infeasible | End::Open => {}
            }
        }
        Solved { proven: false, infeasible: false, bound: self.bound, best: self.best }
    }

    fn none(self) -> Solved {
        Solved { best: None, bound: 0.0, proven: true, infeasible: true }
    }

    fn proven(self) -> Solved {
        match self.best {
            Some((value, units)) => {
                Solved { best: Some((value, units)), bound: value, proven: true, infeasible: false }
            }
            None => self.none(),
        }
    }

    fn go_on(&mut self) -> bool {
        let best = self.best.as_ref().map(|(value, _)| *value);
        self.watch.go_on(Progress { best, bound: best.map_or(self.bound, |best| self.bound.max(best)) })
    }

    fn seen(&mut self, state: &State<'_>) -> bool {
        self.keep(state);
        self.go_on()
    }

    /// Keeps the state if it is the best, summed anew.
    fn keep(&mut self, state: &State<'_>) {
        if !state.keeps_all() || self.best.as_ref().is_some_and(|(best, _)| state.value() <= *best) {
            return;
        }
        let units = state.units();
        let value = State::of(self.model, &units).value();
        if self.best.as_ref().is_none_or(|(best, _)| value > *best) {
            self.best = Some((value, units));
        }
    }

    fn shake(&mut self, search: &mut Search<'a>) -> bool {
        let Some((_, units)) = &self.best else { return self.go_on() };
        let mut state = search.shake(&State::of(self.model, units));
        let on = search.improve(&mut state, |state| self.seen(state));
        self.keep(&state);
        on
    }

    /// Everything tried; false when that took too long.
    fn exactly(&mut self, domains: &Domains<'a>) -> bool {
        let bound = self.bound;
        let watch = &mut self.watch;
        let go_on = |best: Option<&(f64, Vec<usize>)>| {
            let best = best.map(|(value, _)| *value);
            watch.go_on(Progress { best, bound: best.map_or(bound, |best| bound.max(best)) })
        };
        let mut exact = Exact::new(self.model, domains.clone(), self.best.take(), NODES, go_on);
        exact.run();
        let finished = exact.finished;
        self.best = exact.best.take().map(|(_, units)| (State::of(self.model, &units).value(), units));
        finished
    }

    fn prove(&mut self, domains: &Domains<'a>, search: &mut Search<'a>) -> End {
        let start = self.best.as_ref().map(|(_, units)| units.clone()).unwrap_or_default();
        let model = self.model;
        let mut slices = 0;
        let mut closed = false;
        let end = programme::tighten(model, &domains.taken, &start, |bound, found| {
            slices += 1;
            if let Some(bound) = bound {
                self.bound = self.bound.min(bound);
            }
            if let Some(found) = found {
                self.keep(&State::of(model, &found));
            }
            closed = self.best.as_ref().is_some_and(|(best, _)| self.bound - best <= NOTHING * best.abs().max(1.0));
            let mut on = !closed && slices < SLICES && self.go_on();
            for _ in 0..SHAKES_BETWEEN {
                on = on && self.shake(search);
            }
            on
        });
        if closed { End::Optimal } else { end }
    }
}

/// Groups that share at most a good half with the best and with each other, as far as wishes leave room. The work is bounded
/// and not watched: a proof that took all the time must not cost the alternatives.
fn alternatives(question: &Question, model: &Model, units: &[usize]) -> Vec<Vec<usize>> {
    let mut other = model.clone();
    let mut found: Vec<Vec<usize>> = Vec::new();
    let mut last = units.to_vec();
    for round in 0..question.alternatives {
        let Some(domains) = Domains::new(&other) else { break };
        let loose: Vec<usize> = last.iter().copied().filter(|unit| domains.taken[*unit].is_none()).collect();
        let shared = (loose.len() as f64 * SHARED).floor() as i64;
        if loose.is_empty() {
            break;
        }
        let mut left = EFFORT / (model.units.len() * loose.len()).max(1);
        let terms = loose.into_iter().map(|unit| (unit, 1)).collect();
        other.add(Row { terms, low: 0, high: shared, wish: usize::MAX, soft: None, unit: 1.0 });
        let Some(domains) = Domains::new(&other) else { break };
        let mut search = Search::new(&other, &domains.taken, question.seed.wrapping_add(1 + round as u64));
        let mut on = |_: &State<'_>| {
            left = left.saturating_sub(1);
            left > 0
        };
        let mut best = search.greedy();
        search.improve(&mut best, &mut on);
        if !best.keeps_all() {
            let Feasible::Yes(units) = feasible::decide(&other, question.seed) else { break };
            best = State::of(&other, &units);
            search.improve(&mut best, &mut on);
        }
        for _ in 0..SHAKES_ALTERNATIVE {
            let mut state = search.shake(&best);
            let on = search.improve(&mut state, &mut on);
            if state.keeps_all() && state.value() > best.value() {
                best = state;
            }
            if !on {
                break;
            }
        }
        last = best.units();
        found.push(last.clone());
    }
    let worth = |units: &[usize]| State::of(model, units).value();
    found.sort_by(|one, other| worth(other).total_cmp(&worth(one)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::composing::sample;

    /// Two ways to the same proof: everything tried, and the programme.
    #[test]
    fn the_programme_proves_what_trying_everything_finds() {
        let mut proven = 0;
        for seed in 1..=30 {
            let question = sample::pavilion(seed, 18, 6);
            let Ok(related) = relate(&question) else { panic!("a sound question") };
            let model = Model::new(&question, &related, |_| true);
            let Some(domains) = Domains::new(&model) else { continue };
            let mut watch = |_: Progress| true;
            let mut solver = Solver::new(&model, 1, &mut watch);
            solver.exactly(&domains);
            let exact = solver.best.take();
            let mut solver = Solver::new(&model, 1, &mut watch);
            let mut search = Search::new(&model, &domains.taken, 1);
            solver.bound = programme::simple_bound(&model, &domains.taken);
            let end = solver.prove(&domains, &mut search);
            match exact {
                Some((value, _)) => {
                    let best = solver.best.as_ref().map(|(value, _)| *value);
                    assert!(best.is_some_and(|best| (best - value).abs() < 1e-6), "seed {seed}: {best:?}, {value}");
                    assert!(solver.bound >= value - 1e-6 && end == End::Optimal, "seed {seed}");
                    proven += 1;
                }
                None => assert_eq!(end, End::Infeasible, "seed {seed}"),
            }
        }
        assert!(proven > 10, "{proven}");
    }

    #[test]
    fn a_chance_decides_between_equals_and_is_a_part_of_its_own() {
        let firm = |id: &str, chance: f64| Candidate { covers: vec![(0, 0.5)], chance, ..Candidate::named(id) };
        let question = Question {
            candidates: vec![firm("a", 0.0), firm("b", 0.5), firm("c", 0.2)],
            topics: vec![Topic { name: "coating".into(), weight: 1.0 }],
            wishes: vec![Wish::must(Rule::Places { least: 1, most: 1 })],
            weights: Weights { chances: 4.0, ..Weights::default() },
            ..Question::default()
        };
        let answer = compose(&question, &mut |_| true).unwrap();
        let group = answer.group.unwrap();
        assert_eq!((group.members[0].id.as_str(), answer.proven), ("b", true));
        assert!((group.parts.chances - 2.0).abs() < 1e-12 && (group.members[0].adds.chances - 2.0).abs() < 1e-12);
        assert!((group.parts.total() - group.value).abs() < 1e-12);
        let next = &answer.outside[0];
        let change = next.instead_of.as_ref().map(|(_, change)| *change);
        assert_eq!(next.id, "c");
        assert!(change.is_some_and(|change| (change + 1.2).abs() < 1e-12), "{change:?}");
    }
}
