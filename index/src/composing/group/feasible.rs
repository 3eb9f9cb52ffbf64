//! Can the hard wishes hold together, and if not: a smallest set of them that cannot. On feasibility alone, because the
//! value of a group has no say in it.

use super::domains::{Domains, classes};
use super::model::Model;
use super::programme::{self, End};
use super::question::Question;
use super::related::Related;
use super::search::Search;
use super::state::State;

/// Decisions of the search by hand.
const NODES: usize = 20_000;
/// Nodes of the solver after that.
const SOLVER_NODES: u64 = 300;

/// Whether a group exists that keeps every hard wish.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Feasible {
    /// The units of one that does.
    Yes(Vec<usize>),
    No,
    /// Not found out within the limit.
    Unknown,
}

/// Decided by the cheapest that can tell: what follows at once, a search that repairs, fractions of firms, a search that
/// tries everything, the solver.
pub(super) fn decide(model: &Model, seed: u64) -> Feasible {
    let Some(mut domains) = Domains::new(model) else { return Feasible::No };
    let mut search = Search::new(model, &domains.taken, seed);
    let mut state = search.greedy();
    if !state.keeps_all() {
        search.improve(&mut state, |state| !state.keeps_all());
    }
    if let Some(units) = kept(model, &state.units()) {
        return Feasible::Yes(units);
    }
    match programme::feasible(model, &domains.taken, None) {
        (End::Infeasible, _) => return Feasible::No,
        (_, Some(units)) => {
            if let Some(units) = kept(model, &units) {
                return Feasible::Yes(units);
            }
        }
        _ => {}
    }
    let mut tries = Tries { classes: classes(model), nodes: 0 };
    match tries.step(&mut domains) {
        Feasible::Unknown => {}
        decided => return decided,
    }
    let Some(domains) = Domains::new(model) else { return Feasible::No };
    match programme::feasible(model, &domains.taken, Some(SOLVER_NODES)) {
        (End::Infeasible, _) => Feasible::No,
        (_, Some(units)) => kept(model, &units).map_or(Feasible::Unknown, Feasible::Yes),
        _ => Feasible::Unknown,
    }
}

/// The units, if they do keep every hard wish.
fn kept(model: &Model, units: &[usize]) -> Option<Vec<usize>> {
    State::of(model, units).keeps_all().then(|| units.to_vec())
}

struct Tries {
    classes: Vec<usize>,
    nodes: usize,
}

impl Tries {
    fn step(&mut self, domains: &mut Domains<'_>) -> Feasible {
        self.nodes += 1;
        if self.nodes > NODES {
            return Feasible::Unknown;
        }
        let model = domains.model;
        // The hard row that asks for more and has the fewest ways left to get it.
        let short = (0..model.rows.len())
            .filter(|row| model.rows[*row].soft.is_none() && domains.least[*row] < model.rows[*row].low)
            .min_by_key(|row| domains.most[*row] - model.rows[*row].low);
        let Some(row) = short else {
            // Whatever is open stays out: hard rows only ask for more of what has a positive coefficient.
            let units = domains.taken_units();
            return kept(model, &units).map_or(Feasible::Unknown, Feasible::Yes);
        };
        let open = model.rows[row].terms.iter().filter(|(unit, by)| domains.taken[*unit].is_none() && *by > 0);
        // Who is in the fewest rows gets in the way of the fewest others, and who brings most comes first.
        let Some((unit, _)) = open.max_by_key(|(unit, by)| (*by, usize::MAX - model.rows_of[*unit].len())) else {
            return Feasible::No;
        };
        let unit = *unit;
        let mark = domains.mark();
        let mut unknown = false;
        if domains.decide(unit, true) {
            match self.step(domains) {
                Feasible::Yes(units) => return Feasible::Yes(units),
                Feasible::Unknown => unknown = true,
                Feasible::No => {}
            }
        }
        domains.back_to(mark);
        if unknown {
            return Feasible::Unknown;
        }
        // Without this one, those that could stand for it would do no better.
        let alike = (0..self.classes.len()).filter(|other| self.classes[*other] == self.classes[unit]);
        let alike: Vec<usize> = alike.filter(|other| domains.taken[*other].is_none()).collect();
        let possible = alike.into_iter().all(|other| domains.decide(other, false));
        let found = if possible { self.step(domains) } else { Feasible::No };
        domains.back_to(mark);
        found
    }
}

/// Wishes that cannot all hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// Places of the wishes; without any one of them, the others of the conflict can hold.
    pub wishes: Vec<ConflictWish>,
    /// False when for some of them it was not found out within the limit whether the rest could hold.
    pub proven_minimal: bool,
}

/// A wish of a conflict.
#[derive(Debug, Clone, PartialEq)]
pub struct ConflictWish {
    /// Place in [`Question::wishes`].
    pub wish: usize,
    /// Without it alone, all other wishes of the question can hold. None: not found out within the limit.
    pub frees_all: Option<bool>,
}

/// None when the hard wishes can hold, or nothing could be proven.
pub(super) fn conflict(question: &Question, related: &Related, mut go_on: impl FnMut() -> bool) -> Option<Conflict> {
    let hard: Vec<usize> = (0..question.wishes.len()).filter(|wish| question.wishes[*wish].soft.is_none()).collect();
    let can = |wishes: &[usize]| {
        let model = Model::new(question, related, |wish| wishes.binary_search(&wish).is_ok());
        decide(&model, question.seed)
    };
    let mut core = hard.clone();
    let mut proven = true;
    // Large parts first, then one by one: most wishes have nothing to do with the conflict.
    let mut chunk = core.len().div_ceil(2).max(1);
    let mut needed: Vec<usize> = Vec::new();
    loop {
        let mut at = 0;
        while at < core.len() {
            let end = (at + chunk).min(core.len());
            let dropped: Vec<usize> = core[at..end].iter().copied().filter(|wish| !needed.contains(wish)).collect();
            if dropped.is_empty() {
                at = end;
                continue;
            }
            let rest: Vec<usize> = core.iter().copied().filter(|wish| !dropped.contains(wish)).collect();
            let found = if go_on() { can(&rest) } else { Feasible::Unknown };
            match found {
                Feasible::No => core = rest,
                Feasible::Yes(_) | Feasible::Unknown => {
                    if chunk == 1 {
                        proven &= found != Feasible::Unknown;
                        needed.push(core[at]);
                    }
                    at = end;
                }
            }
        }
        if chunk == 1 {
            break;
        }
        chunk = chunk.div_ceil(2);
    }
    let frees = |wish: usize| -> Option<bool> {
        let others: Vec<usize> = hard.iter().copied().filter(|other| *other != wish).collect();
        match can(&others) {
            Feasible::Yes(_) => Some(true),
            Feasible::No => Some(false),
            Feasible::Unknown => None,
        }
    };
    let wishes =
        core.iter().map(|wish| ConflictWish { wish: *wish, frees_all: if go_on() { frees(*wish) } else { None } });
    Some(Conflict { wishes: wishes.collect(), proven_minimal: proven })
}
