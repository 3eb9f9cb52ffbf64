//! Proposes new weights from judged folders: a coordinate search, with cross-validation by halves of the queries. It only
//! proposes; the table in `matching/score.rs` is changed by a person who has read what would change.
//!
//! Every folder counts alike, however many queries it has: the aim is one table for all of them.

use crate::evaluation::{EvaluationError, JudgedSet};
use crate::matching::score::Weights;

/// How a fit goes about it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Passes over all weights at most; it ends earlier when a pass changes nothing.
    pub rounds: usize,
    /// Names of the weights that may change; see [`Weights::NAMES`].
    pub names: Vec<String>,
    /// A step is kept if the mean nDCG@10 of the folders rises by at least this much.
    pub least_gain: f64,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan { rounds: 2, names: Weights::NAMES.iter().map(|name| (*name).to_owned()).collect(), least_gain: 0.0005 }
    }
}

/// What a fit found.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Weights that would change: name, present, proposed. Fitted on all queries.
    pub changes: Vec<(&'static str, f32, f32)>,
    /// For each folder, in order.
    pub folders: Vec<Folder>,
}

/// nDCG@10 of one folder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Folder {
    pub present: f64,
    /// With the proposed weights, on the queries they were fitted on: flattering.
    pub proposed: f64,
    /// Gain on the queries of each half with weights fitted on the other half: what to expect. With the 95 % interval of
    /// the paired differences.
    pub expected: f64,
    pub least: f64,
    pub most: f64,
}

impl Proposal {
    /// Whether the expected gain is above zero beyond chance somewhere, and below it nowhere.
    pub fn is_better(&self) -> bool {
        self.folders.iter().any(|folder| folder.least > 0.0) && self.folders.iter().all(|folder| folder.most >= 0.0)
    }
}

/// Which queries count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Even,
    Odd,
}

impl Part {
    fn holds(self, query: usize) -> bool {
        match self {
            Part::All => true,
            Part::Even => query.is_multiple_of(2),
            Part::Odd => !query.is_multiple_of(2),
        }
    }
}

/// Fits the weights to judged sets. `progress` is told after each evaluation.
///
/// # Errors
/// A file that cannot be read.
pub fn fit(
    sets: &[JudgedSet],
    start: &Weights,
    plan: &Plan,
    progress: &mut impl FnMut(),
) -> Result<Proposal, EvaluationError> {
    let scores = |weights: &Weights, progress: &mut dyn FnMut()| -> Result<Vec<Vec<f64>>, EvaluationError> {
        let mut all = Vec::with_capacity(sets.len());
        for set in sets {
            all.push(set.per_query(weights)?);
        }
        progress();
        Ok(all)
    };
    let present = scores(start, progress)?;
    let mut search = |part: Part| climb(start, &present, plan, part, &mut |weights| scores(weights, progress));
    let (whole, whole_scores) = search(Part::All)?;
    let (_, by_even) = search(Part::Even)?;
    let (_, by_odd) = search(Part::Odd)?;
    let changes = Weights::NAMES
        .iter()
        .filter_map(|name| {
            let (before, after) = (start.get(name)?, whole.get(name)?);
            (before != after).then_some((*name, before, after))
        })
        .collect();
    let folders = (0..sets.len())
        .map(|set| {
            let gains: Vec<f64> = (0..present[set].len())
                // Each query is answered by the weights that have not seen it.
                .map(|query| {
                    let fitted = if Part::Even.holds(query) { &by_odd } else { &by_even };
                    fitted[set][query] - present[set][query]
                })
                .collect();
            let (expected, half) = mean_and_half_interval(&gains);
            Folder {
                present: mean(&present[set], Part::All),
                proposed: mean(&whole_scores[set], Part::All),
                expected,
                least: expected - half,
                most: expected + half,
            }
        })
        .collect();
    Ok(Proposal { changes, folders })
}

/// Steps that are tried on a weight; one that is zero is tried at a small value.
const STEPS: [f32; 4] = [0.7, 1.4, 0.9, 1.1];
const FROM_ZERO: f32 = 0.1;

type Scores = Vec<Vec<f64>>;

fn climb(
    start: &Weights,
    present: &Scores,
    plan: &Plan,
    part: Part,
    scores: &mut impl FnMut(&Weights) -> Result<Scores, EvaluationError>,
) -> Result<(Weights, Scores), EvaluationError> {
    let mut best = (start.clone(), present.clone());
    let mut height = aim(present, part);
    for _ in 0..plan.rounds {
        let before = height;
        for name in &plan.names {
            let Some(value) = best.0.get(name) else { continue };
            let tried: Vec<f32> =
                if value == 0.0 { vec![FROM_ZERO] } else { STEPS.iter().map(|step| value * step).collect() };
            for value in tried {
                let mut weights = best.0.clone();
                if !weights.set(name, value) {
                    continue;
                }
                let found = scores(&weights)?;
                let own = aim(&found, part);
                if own >= height + plan.least_gain {
                    (best, height) = ((weights, found), own);
                    break;
                }
            }
        }
        if height <= before {
            break;
        }
    }
    Ok(best)
}

/// The mean over folders of their mean over queries.
fn aim(scores: &Scores, part: Part) -> f64 {
    scores.iter().map(|set| mean(set, part)).sum::<f64>() / scores.len().max(1) as f64
}

fn mean(values: &[f64], part: Part) -> f64 {
    let kept: Vec<f64> = values.iter().enumerate().filter(|(at, _)| part.holds(*at)).map(|(_, value)| *value).collect();
    kept.iter().sum::<f64>() / kept.len().max(1) as f64
}

/// Mean, and half the 95 % interval by the normal approximation.
fn mean_and_half_interval(values: &[f64]) -> (f64, f64) {
    if values.len() < 2 {
        // One query tells nothing of the next.
        return (values.iter().sum(), f64::INFINITY);
    }
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    (mean, 1.96 * (variance / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_and_writes_its_weight() {
        for name in Weights::NAMES {
            let mut weights = Weights::default();
            let value = weights.get(name).unwrap_or_else(|| panic!("{name} cannot be read"));
            assert!(weights.set(name, value + 1.0), "{name} cannot be written");
            assert_eq!(weights.get(name), Some(value + 1.0), "{name}");
            assert_ne!(weights, Weights::default());
        }
        assert!(Weights::default().get("fame").is_none() && !Weights::default().set("fame", 1.0));
        assert!(!Weights::default().set("record", f32::NAN) && !Weights::default().set("record", -1.0));
    }

    #[test]
    fn climbing_finds_the_top_and_leaves_what_does_not_matter() {
        // The best value of "record" is 2; nothing else matters.
        let height = |weights: &Weights| vec![vec![1.0 - f64::from((weights.record - 2.0).abs()) / 10.0; 4]];
        let start = Weights::default();
        let plan = Plan { rounds: 5, ..Plan::default() };
        let found = climb(&start, &height(&start), &plan, Part::All, &mut |weights| Ok(height(weights)));
        let (weights, _) = found.expect("nothing to read");
        assert!((weights.record - 2.0).abs() < 0.15, "{}", weights.record);
        assert_eq!(Weights { record: start.record, ..weights }, start);
    }
}
