//! The question as a mixed-integer programme for `microlp`: proves how good an answer is, and sometimes finds a better one.

use super::model::{Model, STEPS, steps};
use microlp::{
    ComparisonOp, Error, LinearExpr, OptimizationDirection, Problem, ResumeOptions, SolveOptions, SolveOutcome,
};
use microlp::{TerminationReason, Variable};
use std::time::Duration;

/// How long the solver runs before the caller is asked whether to go on.
const SLICE: Duration = Duration::from_millis(100);
/// How long it looks for any answer at all.
const FEASIBLE: Duration = Duration::from_secs(2);
/// Against the tolerance of the solver's sums.
const MARGIN: f64 = 1e-6;

/// How a programme ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Optimal,
    Infeasible,
    /// Stopped, or the solver gave up.
    Open,
}

struct Programme {
    problem: Problem,
    units: Vec<Variable>,
    /// A full assignment for the group it starts from.
    start: Vec<(Variable, f64)>,
}

impl Programme {
    /// `start`: units of a known answer. Without `value` only the hard wishes are asked.
    fn new(model: &Model, fixed: &[Option<bool>], whole: bool, value: bool, start: Option<&[usize]>) -> Programme {
        let mut problem = Problem::new(OptimizationDirection::Maximize);
        let inside = |unit: usize| if start.is_some_and(|start| start.contains(&unit)) { 1.0 } else { 0.0 };
        let mut assignment = Vec::new();
        let mut units = Vec::with_capacity(fixed.len());
        for (unit, decided) in fixed.iter().enumerate() {
            let points = if value { model.linear[unit] } else { 0.0 };
            let (low, high) = match decided {
                Some(true) => (1, 1),
                Some(false) => (0, 0),
                None => (0, 1),
            };
            let variable = if whole {
                problem.add_integer_var(points, (low, high))
            } else {
                problem.add_var(points, (f64::from(low), f64::from(high)))
            };
            assignment.push((variable, inside(unit)));
            units.push(variable);
        }
        let mut programme = Programme { problem, units, start: assignment };
        programme.rows(model, value, &inside);
        if value {
            programme.coverage(model, &inside);
            programme.partners(model, &inside);
            programme.lead(model, &inside);
        }
        programme
    }

    fn rows(&mut self, model: &Model, value: bool, inside: &dyn Fn(usize) -> f64) {
        for row in &model.rows {
            if row.soft.is_some() && !value {
                continue;
            }
            let most: i64 = row.terms.iter().map(|(_, by)| (*by).max(0)).sum();
            let least: i64 = row.terms.iter().map(|(_, by)| (*by).min(0)).sum();
            let sum: f64 = row.terms.iter().map(|(unit, by)| inside(*unit) * *by as f64).sum();
            let mut bound = |low: bool, limit: i64| {
                let mut expression = LinearExpr::empty();
                for (unit, by) in &row.terms {
                    expression.add(self.units[*unit], *by as f64 / row.unit);
                }
                if let Some(points) = row.soft {
                    let slack = self.problem.add_var(-points, (0.0, f64::INFINITY));
                    let missed = if low { limit as f64 - sum } else { sum - limit as f64 };
                    self.start.push((slack, missed.max(0.0) / row.unit));
                    expression.add(slack, if low { 1.0 } else { -1.0 });
                }
                let way = if low { ComparisonOp::Ge } else { ComparisonOp::Le };
                self.problem.add_constraint(expression, way, limit as f64 / row.unit);
            };
            if row.low > least {
                bound(true, row.low);
            }
            if row.high < most {
                bound(false, row.high);
            }
        }
    }

    fn coverage(&mut self, model: &Model, inside: &dyn Fn(usize) -> f64) {
        let mut covering: Vec<Vec<(usize, f64)>> = vec![Vec::new(); model.topics.len()];
        for (unit, covers) in model.covers.iter().enumerate() {
            covers.iter().for_each(|(topic, weight)| covering[*topic].push((unit, *weight)));
        }
        for (topic, covering) in covering.iter().enumerate().filter(|(_, covering)| !covering.is_empty()) {
            let sum: f64 = covering.iter().map(|(unit, weight)| inside(*unit) * weight).sum();
            let mut expression = LinearExpr::empty();
            for (step, slope) in STEPS.iter().enumerate() {
                let part = self.problem.add_var(model.topics[topic] * slope, (0.0, 1.0));
                self.start.push((part, (sum - step as f64).clamp(0.0, 1.0)));
                expression.add(part, 1.0);
            }
            for (unit, weight) in covering {
                expression.add(self.units[*unit], -weight);
            }
            self.problem.add_constraint(expression, ComparisonOp::Le, 0.0);
        }
    }

    fn partners(&mut self, model: &Model, inside: &dyn Fn(usize) -> f64) {
        for (unit, partners) in model.partners.iter().enumerate() {
            for (other, points) in partners.iter().filter(|(other, _)| *other > unit) {
                let both = self.problem.add_var(*points, (0.0, 1.0));
                self.start.push((both, inside(unit).min(inside(*other))));
                for one in [unit, *other] {
                    self.problem.add_constraint([(both, 1.0), (self.units[one], -1.0)], ComparisonOp::Le, 0.0);
                }
            }
        }
    }

    fn lead(&mut self, model: &Model, inside: &dyn Fn(usize) -> f64) {
        let mut one = LinearExpr::empty();
        let hubs: Vec<(usize, f64)> =
            model.hub.iter().enumerate().filter_map(|(unit, points)| points.map(|points| (unit, points))).collect();
        let best = hubs
            .iter()
            .filter(|(unit, _)| inside(*unit) > 0.5)
            .max_by(|left, right| left.1.total_cmp(&right.1))
            .map(|(unit, _)| *unit);
        for (unit, points) in &hubs {
            let leads = self.problem.add_var(*points, (0.0, 1.0));
            self.start.push((leads, if best == Some(*unit) { 1.0 } else { 0.0 }));
            one.add(leads, 1.0);
            self.problem.add_constraint([(leads, 1.0), (self.units[*unit], -1.0)], ComparisonOp::Le, 0.0);
        }
        if !hubs.is_empty() {
            self.problem.add_constraint(one, ComparisonOp::Le, 1.0);
        }
    }
}

/// Runs the programme in slices. After each, `go_on` hears the bound, and the units of the solver's answer.
pub(super) fn tighten(
    model: &Model,
    fixed: &[Option<bool>],
    start: &[usize],
    mut go_on: impl FnMut(Option<f64>, Option<Vec<usize>>) -> bool,
) -> End {
    let programme = Programme::new(model, fixed, true, true, Some(start));
    let mut options = SolveOptions::default();
    options.time_limit = Some(SLICE);
    options.warm_start = Some(programme.start.clone());
    let mut outcome = programme.problem.solve_with(options);
    loop {
        let solved = match outcome {
            Ok(solved) => solved,
            Err(Error::Infeasible) => return End::Infeasible,
            Err(_) => return End::Open,
        };
        let bound = solved.stats().best_bound.map(|bound| bound + MARGIN);
        let optimal = solved.is_optimal();
        if !go_on(bound, units(&programme, &solved)) {
            return if optimal { End::Optimal } else { End::Open };
        }
        if optimal {
            return End::Optimal;
        }
        if !matches!(solved.termination_reason(), TerminationReason::TimeLimit | TerminationReason::NodeLimit) {
            return End::Open;
        }
        let mut options = ResumeOptions::default();
        options.time_limit = Some(SLICE);
        outcome = solved.resume_with(options);
    }
}

fn units(programme: &Programme, solved: &SolveOutcome) -> Option<Vec<usize>> {
    let solution = solved.solution()?;
    Some((0..programme.units.len()).filter(|unit| solution.var_value(programme.units[*unit]) > 0.5).collect())
}

/// Whether the hard wishes can hold: with fractions of firms, or with whole ones within `nodes`.
pub(super) fn feasible(model: &Model, fixed: &[Option<bool>], nodes: Option<u64>) -> (End, Option<Vec<usize>>) {
    let programme = Programme::new(model, fixed, nodes.is_some(), false, None);
    let mut options = SolveOptions::default();
    options.node_limit = nodes;
    options.time_limit = Some(FEASIBLE);
    match programme.problem.solve_with(options) {
        Ok(solved) => (if solved.is_optimal() { End::Optimal } else { End::Open }, units(&programme, &solved)),
        Err(Error::Infeasible) => (End::Infeasible, None),
        Err(_) => (End::Open, None),
    }
}

/// A bound that needs no solver: every topic covered by all, every pair, the best lead, nothing missed, and as many
/// members of the most own value as the places allow.
pub(super) fn simple_bound(model: &Model, fixed: &[Option<bool>]) -> f64 {
    let open = |unit: usize| fixed[unit] != Some(false);
    let mut cover = vec![0.0; model.topics.len()];
    for (_, covers) in model.covers.iter().enumerate().filter(|(unit, _)| open(*unit)) {
        covers.iter().for_each(|(topic, weight)| cover[*topic] += weight);
    }
    let coverage: f64 = cover.iter().zip(&model.topics).map(|(sum, points)| points * steps(*sum)).sum();
    let all = model.rows.iter().filter(|row| row.soft.is_none() && row.terms.len() == model.units.len());
    let most = all.map(|row| row.high).min().unwrap_or(i64::MAX).max(0);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut own: Vec<f64> = (0..model.units.len())
        .filter(|unit| open(*unit))
        .map(|unit| model.linear[unit] + 0.5 * model.partners[unit].iter().map(|(_, points)| points).sum::<f64>())
        .collect();
    own.sort_by(|one, other| other.total_cmp(one));
    let lead = model.hub.iter().flatten().copied().fold(0.0, f64::max);
    coverage + own.into_iter().take(most).filter(|points| *points > 0.0).sum::<f64>() + lead
}
