//! A group in the making: units in and out, with its value and what it breaks kept up to date.

use super::model::{Model, steps};

/// One broken unit of a hard wish weighs more than any value.
const BROKEN: f64 = 1e9;

/// The value of a group in its parts, in points.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Parts {
    pub coverage: f64,
    pub complementarity: f64,
    /// Needs of visitors that members answer.
    pub chances: f64,
    /// Fairness.
    pub members: f64,
    pub lead: f64,
    /// What missed soft wishes cost; subtracted.
    pub missed: f64,
}

impl Parts {
    pub fn total(&self) -> f64 {
        self.coverage + self.complementarity + self.chances + self.members + self.lead - self.missed
    }
}

#[derive(Debug, Clone)]
pub(super) struct State<'a> {
    pub model: &'a Model,
    pub inside: Vec<bool>,
    pub sums: Vec<i64>,
    cover: Vec<f64>,
    /// Rows of hard wishes that are broken now.
    pub broken_rows: usize,
    broken: f64,
    parts: Parts,
}

impl<'a> State<'a> {
    pub fn empty(model: &'a Model) -> State<'a> {
        let mut state = State {
            model,
            inside: vec![false; model.units.len()],
            sums: vec![0; model.rows.len()],
            cover: vec![0.0; model.topics.len()],
            broken_rows: 0,
            broken: 0.0,
            parts: Parts::default(),
        };
        for row in &model.rows {
            state.count(row.soft, row.missed(0), 1.0);
        }
        state
    }

    /// Summed in order of the units, so that equal groups have equal values whichever way they were found.
    pub fn of(model: &'a Model, units: &[usize]) -> State<'a> {
        let mut units = units.to_vec();
        units.sort_unstable();
        let mut state = State::empty(model);
        units.into_iter().for_each(|unit| state.put(unit));
        state
    }

    fn count(&mut self, soft: Option<f64>, missed: f64, sign: f64) {
        match soft {
            Some(points) => self.parts.missed += sign * points * missed,
            None => {
                self.broken += sign * missed;
                if missed > 0.0 {
                    self.broken_rows = if sign > 0.0 { self.broken_rows + 1 } else { self.broken_rows - 1 };
                }
            }
        }
    }

    pub fn units(&self) -> Vec<usize> {
        (0..self.inside.len()).filter(|unit| self.inside[*unit]).collect()
    }

    pub fn parts(&self) -> Parts {
        self.parts
    }

    pub fn value(&self) -> f64 {
        self.parts.total()
    }

    pub fn keeps_all(&self) -> bool {
        self.broken_rows == 0
    }

    /// Value, with what is broken far below everything.
    pub fn score(&self) -> f64 {
        let broken = if self.broken_rows == 0 { 0.0 } else { self.broken.max(1e-6) };
        self.parts.total() - BROKEN * broken
    }

    pub fn put(&mut self, unit: usize) {
        self.turn(unit, 1);
    }

    pub fn take(&mut self, unit: usize) {
        self.turn(unit, -1);
    }

    fn turn(&mut self, unit: usize, way: i64) {
        let model = self.model;
        self.inside[unit] = way > 0;
        for (row, coefficient) in &model.rows_of[unit] {
            let before = self.sums[*row];
            let after = before + way * coefficient;
            self.sums[*row] = after;
            let row = &model.rows[*row];
            self.count(row.soft, row.missed(before), -1.0);
            self.count(row.soft, row.missed(after), 1.0);
        }
        let sign = way as f64;
        for (topic, weight) in &model.covers[unit] {
            let before = self.cover[*topic];
            let after = before + sign * weight;
            self.cover[*topic] = after;
            self.parts.coverage += model.topics[*topic] * (steps(after) - steps(before));
        }
        self.parts.chances += sign * model.chances[unit];
        self.parts.members += sign * (model.linear[unit] - model.chances[unit]);
        for (other, points) in &model.partners[unit] {
            if self.inside[*other] {
                self.parts.complementarity += sign * points;
            }
        }
        if let Some(points) = model.hub[unit] {
            if way > 0 {
                self.parts.lead = self.parts.lead.max(points);
            } else if points >= self.parts.lead {
                let hubs = (0..self.inside.len()).filter(|unit| self.inside[*unit]);
                self.parts.lead = hubs.filter_map(|unit| model.hub[unit]).fold(0.0, f64::max);
            }
        }
    }

    /// What the score becomes more by putting `unit` in.
    pub fn gain(&self, unit: usize) -> f64 {
        let model = self.model;
        let mut gain = model.linear[unit];
        let mut broken = 0.0;
        for (row, coefficient) in &model.rows_of[unit] {
            let before = self.sums[*row];
            let row = &model.rows[*row];
            let more = row.missed(before + coefficient) - row.missed(before);
            match row.soft {
                Some(points) => gain -= points * more,
                None => broken += more,
            }
        }
        for (topic, weight) in &model.covers[unit] {
            let before = self.cover[*topic];
            gain += model.topics[*topic] * (steps(before + weight) - steps(before));
        }
        for (other, points) in &model.partners[unit] {
            if self.inside[*other] {
                gain += points;
            }
        }
        if let Some(points) = model.hub[unit] {
            gain += (points - self.parts.lead).max(0.0);
        }
        gain - BROKEN * broken
    }

    /// Points of coverage, pairs with members and own value that `unit` would add: an upper bound of its gain where no
    /// wish pays for it.
    pub fn worth(&self, unit: usize) -> f64 {
        let model = self.model;
        let mut worth = model.linear[unit];
        for (topic, weight) in &model.covers[unit] {
            let before = self.cover[*topic];
            worth += model.topics[*topic] * (steps(before + weight) - steps(before));
        }
        for (other, points) in &model.partners[unit] {
            if self.inside[*other] {
                worth += points;
            }
        }
        worth
    }

    pub fn cover(&self) -> &[f64] {
        &self.cover
    }
}
