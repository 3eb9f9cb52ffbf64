//! Small questions to the end: take a unit or leave it, cut off by what the rest could still add.

use super::domains::Domains;
use super::model::Model;
use super::state::State;

/// Nodes between two looks at the watch.
const BREATH: usize = 256;
const NOISE: f64 = 1e-9;

pub(super) struct Exact<'a, G> {
    domains: Domains<'a>,
    state: State<'a>,
    pub best: Option<(f64, Vec<usize>)>,
    pub finished: bool,
    nodes: usize,
    most_nodes: usize,
    go_on: G,
    places: Vec<usize>,
}

impl<'a, G: FnMut(Option<&(f64, Vec<usize>)>) -> bool> Exact<'a, G> {
    /// `domains` as the hard wishes leave them; `best` the answer to beat.
    pub fn new(
        model: &'a Model,
        domains: Domains<'a>,
        best: Option<(f64, Vec<usize>)>,
        most_nodes: usize,
        go_on: G,
    ) -> Self {
        let places = (0..model.rows.len())
            .filter(|row| {
                let row = &model.rows[*row];
                row.soft.is_none() && row.terms.len() == model.units.len() && row.terms.iter().all(|(_, by)| *by > 0)
            })
            .collect();
        let state = State::of(model, &domains.taken_units());
        Exact { domains, state, best, finished: true, nodes: 0, most_nodes, go_on, places }
    }

    pub fn run(&mut self) {
        self.step();
    }

    fn step(&mut self) {
        self.nodes += 1;
        if self.nodes > self.most_nodes || (self.nodes.is_multiple_of(BREATH) && !(self.go_on)(self.best.as_ref())) {
            self.finished = false;
        }
        if !self.finished {
            return;
        }
        let (bound, next) = self.look();
        if self.best.as_ref().is_some_and(|(best, _)| bound <= best + NOISE) {
            return;
        }
        let Some(unit) = next else {
            if self.state.keeps_all() {
                self.best = Some((self.state.value(), self.state.units()));
            }
            return;
        };
        for taken in [true, false] {
            let mark = self.domains.mark();
            let before = self.domains.taken.clone();
            if self.domains.decide(unit, taken) {
                let joined: Vec<usize> = (0..before.len())
                    .filter(|unit| before[*unit].is_none() && self.domains.taken[*unit] == Some(true))
                    .collect();
                joined.iter().for_each(|unit| self.state.put(*unit));
                self.step();
                joined.iter().for_each(|unit| self.state.take(*unit));
            }
            self.domains.back_to(mark);
        }
    }

    /// The most that is still possible, and the open unit to decide next: the one that adds most.
    fn look(&self) -> (f64, Option<usize>) {
        let model = self.state.model;
        let parts = self.state.parts();
        let mut bound = parts.coverage + parts.complementarity + parts.chances + parts.members;
        let mut lead = parts.lead;
        let mut worths = Vec::new();
        for unit in (0..self.domains.taken.len()).filter(|unit| self.domains.taken[*unit].is_none()) {
            let open = model.partners[unit].iter().filter(|(other, _)| self.domains.taken[*other].is_none());
            let pairs: f64 = open.map(|(_, points)| points).sum();
            worths.push((self.state.worth(unit) + 0.5 * pairs, unit));
            lead = lead.max(model.hub[unit].unwrap_or(0.0));
        }
        worths.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        let left = self
            .places
            .iter()
            .map(|row| {
                let narrowest = model.rows[*row].terms.iter().map(|(_, by)| *by).min().unwrap_or(1).max(1);
                (model.rows[*row].high - self.domains.least[*row]) / narrowest
            })
            .min()
            .unwrap_or(i64::MAX);
        let left = usize::try_from(left).unwrap_or(0);
        bound += worths.iter().take(left).map(|(worth, _)| worth.max(0.0)).sum::<f64>() + lead;
        for (place, row) in model.rows.iter().enumerate() {
            if let Some(points) = row.soft {
                let short = (row.low - self.domains.most[place]).max(0) as f64;
                let over = (self.domains.least[place] - row.high).max(0) as f64;
                bound -= points * short.max(over) / row.unit;
            }
        }
        (bound, worths.first().map(|(_, unit)| *unit))
    }
}
