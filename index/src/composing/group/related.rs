//! Who goes well with whom, and who offers the same: from offers and asks, and from what is declared.

use super::question::{Candidate, Question, Rule};
use crate::composing::Refusal;
use std::collections::{BTreeMap, HashMap};

/// Pairs that one firm is counted in at most: only the strongest tell something.
const STRONGEST: usize = 3;
/// Steps of comparing candidates at most.
const MOST_STEPS: usize = 20_000_000;
/// Pairs of rivals at most.
const MOST_RIVALS: usize = 100_000;

/// Pairs by place of the candidates, the lower place first.
#[derive(Debug, Clone, Default)]
pub(super) struct Related {
    /// Complementary pairs that count, with their strength, 0 to 1.
    pub pairs: Vec<(usize, usize, f64)>,
    /// Declared rivals, overlap 2, and pairs whose offers overlap, 0 to 1.
    pub rivals: Vec<(usize, usize, f64)>,
}

impl Related {
    /// Refused when so many offers are alike that a comparison would take too long.
    pub fn of(question: &Question) -> Result<Related, Refusal> {
        let places: HashMap<&str, usize> =
            question.candidates.iter().enumerate().map(|(place, candidate)| (candidate.id.as_str(), place)).collect();
        Ok(Related { pairs: pairs(question, &places), rivals: rivals(question, &places)? })
    }
}

fn ordered(left: usize, right: usize) -> (usize, usize) {
    (left.min(right), left.max(right))
}

/// Without the last digits, which differ with the order of a sum and must not decide who is kept.
fn settled(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

/// Concept → who has it, with the weight.
fn holders<'a>(
    candidates: &'a [Candidate],
    list: impl Fn(&'a Candidate) -> &'a [(String, f64)],
) -> BTreeMap<&'a str, Vec<(usize, f64)>> {
    let mut holders: BTreeMap<&str, Vec<(usize, f64)>> = BTreeMap::new();
    for (place, candidate) in candidates.iter().enumerate() {
        for (concept, weight) in list(candidate) {
            holders.entry(concept).or_default().push((place, *weight));
        }
    }
    holders
}

fn pairs(question: &Question, places: &HashMap<&str, usize>) -> Vec<(usize, usize, f64)> {
    let candidates = &question.candidates;
    let offers = holders(candidates, |candidate| &candidate.offers);
    let mut asked: Vec<(&str, Vec<(usize, f64)>)> =
        holders(candidates, |candidate| &candidate.asks).into_iter().collect();
    // What few offer says most; what is left when the steps are spent is what everybody offers.
    asked.sort_by_key(|(concept, askers)| offers.get(concept).map_or(0, |offers| offers.len() * askers.len()));
    let wanted: Vec<f64> =
        candidates.iter().map(|candidate| candidate.asks.iter().map(|(_, weight)| weight).sum()).collect();
    let mut strength: HashMap<(usize, usize), f64> = HashMap::new();
    let mut steps = 0;
    for (concept, askers) in asked {
        let Some(offers) = offers.get(concept) else { continue };
        steps += offers.len() * askers.len();
        if steps > MOST_STEPS / 10 {
            break;
        }
        for (asker, ask) in askers {
            for (offerer, offer) in offers.iter().filter(|(offerer, _)| *offerer != asker) {
                if wanted[asker] > 0.0 {
                    *strength.entry(ordered(asker, *offerer)).or_default() += 0.5 * ask.min(*offer) / wanted[asker];
                }
            }
        }
    }
    for (left, right, value) in &question.partners {
        if let (Some(left), Some(right)) = (places.get(left.as_str()), places.get(right.as_str())) {
            *strength.entry(ordered(*left, *right)).or_default() += value;
        }
    }
    let mut all: Vec<(usize, usize, f64)> =
        strength.into_iter().map(|((left, right), value)| (left, right, settled(value.min(1.0)))).collect();
    all.retain(|(_, _, value)| *value > 0.0);
    all.sort_by(|one, other| other.2.total_cmp(&one.2).then((one.0, one.1).cmp(&(other.0, other.1))));
    let mut partners = vec![0usize; candidates.len()];
    all.retain(|(left, right, _)| {
        let kept = partners[*left] < STRONGEST && partners[*right] < STRONGEST;
        if kept {
            partners[*left] += 1;
            partners[*right] += 1;
        }
        kept
    });
    all
}

fn rivals(question: &Question, places: &HashMap<&str, usize>) -> Result<Vec<(usize, usize, f64)>, Refusal> {
    let mut rivals: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    let lowest = question
        .wishes
        .iter()
        .enumerate()
        .filter_map(|(place, wish)| match wish.rule {
            Rule::RivalsApart { overlap: Some(overlap) } => Some((overlap, place)),
            _ => None,
        })
        .min_by(|one, other| one.0.total_cmp(&other.0));
    if let Some((lowest, place)) = lowest {
        let refused = || {
            Refusal::new(
                format!("/wishes/{place}/overlap"),
                "競合が多すぎます。重なりの基準を上げるか、候補を絞ってください。",
                "Too many offers are alike. Ask for more overlap, or name fewer candidates.",
            )
        };
        let offers = holders(&question.candidates, |candidate| &candidate.offers);
        let steps: usize = offers.values().map(|holders| holders.len() * holders.len() / 2).sum();
        if steps > MOST_STEPS {
            return Err(refused());
        }
        let total: Vec<f64> = question
            .candidates
            .iter()
            .map(|candidate| candidate.offers.iter().map(|(_, weight)| weight).sum())
            .collect();
        let mut shared: HashMap<(usize, usize), f64> = HashMap::new();
        for holders in offers.values() {
            for (at, (left, one)) in holders.iter().enumerate() {
                for (right, other) in &holders[at + 1..] {
                    if left != right {
                        *shared.entry(ordered(*left, *right)).or_default() += one.min(*other);
                    }
                }
            }
        }
        for ((left, right), shared) in shared {
            let overlap = settled((shared / (total[left] + total[right] - shared).max(1e-9)).min(1.0));
            if overlap >= lowest {
                rivals.insert((left, right), overlap);
            }
        }
        if rivals.len() > MOST_RIVALS {
            return Err(refused());
        }
    }
    for (left, right) in &question.rivals {
        if let (Some(left), Some(right)) = (places.get(left.as_str()), places.get(right.as_str())) {
            rivals.insert(ordered(*left, *right), 2.0);
        }
    }
    Ok(rivals.into_iter().map(|((left, right), overlap)| (left, right, overlap)).collect())
}
