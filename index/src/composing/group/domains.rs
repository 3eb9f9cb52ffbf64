//! What the hard wishes leave open: units decided so far, and what follows from them.

use super::model::Model;
use std::collections::HashMap;

#[derive(Debug, Clone)]
pub(super) struct Domains<'a> {
    pub model: &'a Model,
    /// None while open.
    pub taken: Vec<Option<bool>>,
    /// Least and most that each row can still sum to.
    pub least: Vec<i64>,
    pub most: Vec<i64>,
    /// Largest coefficient of each row.
    widest: Vec<i64>,
    trail: Vec<usize>,
}

impl<'a> Domains<'a> {
    /// None when the hard wishes contradict each other at once.
    pub fn new(model: &'a Model) -> Option<Domains<'a>> {
        let positive = |row: &super::model::Row| row.terms.iter().map(|(_, by)| (*by).max(0)).sum();
        let negative = |row: &super::model::Row| row.terms.iter().map(|(_, by)| (*by).min(0)).sum();
        let mut domains = Domains {
            model,
            taken: vec![None; model.units.len()],
            least: model.rows.iter().map(negative).collect(),
            most: model.rows.iter().map(positive).collect(),
            widest: model.rows.iter().map(|row| row.terms.iter().map(|(_, by)| by.abs()).max().unwrap_or(0)).collect(),
            trail: Vec::new(),
        };
        let rows: Vec<usize> = (0..model.rows.len()).collect();
        domains.follow(rows).then_some(domains)
    }

    /// A place to come back to.
    pub fn mark(&self) -> usize {
        self.trail.len()
    }

    pub fn back_to(&mut self, mark: usize) {
        while self.trail.len() > mark {
            let Some(unit) = self.trail.pop() else { return };
            let Some(taken) = self.taken[unit].take() else { continue };
            self.shift(unit, taken, -1);
        }
    }

    /// Decides a unit and everything that follows; false when a hard wish can no longer hold.
    pub fn decide(&mut self, unit: usize, taken: bool) -> bool {
        match self.taken[unit] {
            Some(known) => known == taken,
            None => {
                self.set(unit, taken);
                let rows = self.model.rows_of[unit].iter().map(|(row, _)| *row).collect();
                self.follow(rows)
            }
        }
    }

    fn set(&mut self, unit: usize, taken: bool) {
        self.taken[unit] = Some(taken);
        self.trail.push(unit);
        self.shift(unit, taken, 1);
    }

    fn shift(&mut self, unit: usize, taken: bool, way: i64) {
        for (row, by) in &self.model.rows_of[unit] {
            if taken == (*by > 0) {
                // Taken with a positive coefficient, or left with a negative one: the least rises.
                self.least[*row] += way * by.abs();
            } else {
                self.most[*row] -= way * by.abs();
            }
        }
    }

    fn follow(&mut self, mut rows: Vec<usize>) -> bool {
        let model = self.model;
        let mut at = 0;
        while at < rows.len() {
            let place = rows[at];
            at += 1;
            let row = &model.rows[place];
            if row.soft.is_some() {
                continue;
            }
            if self.least[place] > row.high || self.most[place] < row.low {
                return false;
            }
            let widest = self.widest[place];
            if self.least[place] + widest <= row.high && self.most[place] - widest >= row.low {
                continue;
            }
            for (unit, by) in &row.terms {
                if self.taken[*unit].is_some() {
                    continue;
                }
                let too_much = self.least[place] + by.abs() > row.high;
                let too_little = self.most[place] - by.abs() < row.low;
                if too_much && too_little {
                    return false;
                }
                if too_much || too_little {
                    self.set(*unit, too_little == (*by > 0));
                    rows.extend(model.rows_of[*unit].iter().map(|(row, _)| *row));
                }
            }
        }
        true
    }

    pub fn taken_units(&self) -> Vec<usize> {
        (0..self.taken.len()).filter(|unit| self.taken[*unit] == Some(true)).collect()
    }
}

/// For each unit the number of its class: units with the same coefficients in every hard row can stand for one another
/// as far as hard wishes go.
pub(super) fn classes(model: &Model) -> Vec<usize> {
    let mut known: HashMap<Vec<(usize, i64)>, usize> = HashMap::new();
    let mut classes = Vec::with_capacity(model.units.len());
    for rows in &model.rows_of {
        let hard: Vec<(usize, i64)> = rows.iter().filter(|(row, _)| model.rows[*row].soft.is_none()).copied().collect();
        let next = known.len();
        classes.push(*known.entry(hard).or_insert(next));
    }
    classes
}
