//! What two parties come together for decides what counts: one reviewed table of weights, and the parts of a fit that
//! are facts and not text. Pure; every part lies between 0 and 1, and a part that nothing tells of is left out.

use crate::matching::score::Weights;

/// What a match is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    JointResearch,
    TechnologyTransfer,
    Supply,
    TrialManufacture,
    Iot,
    JointOrder,
    JointExhibition,
}

impl Purpose {
    pub const ALL: [Purpose; 7] = [
        Purpose::JointResearch,
        Purpose::TechnologyTransfer,
        Purpose::Supply,
        Purpose::TrialManufacture,
        Purpose::Iot,
        Purpose::JointOrder,
        Purpose::JointExhibition,
    ];

    /// `joint_research` …
    pub fn code(self) -> &'static str {
        match self {
            Purpose::JointResearch => "joint_research",
            Purpose::TechnologyTransfer => "technology_transfer",
            Purpose::Supply => "supply",
            Purpose::TrialManufacture => "trial_manufacture",
            Purpose::Iot => "iot",
            Purpose::JointOrder => "joint_order",
            Purpose::JointExhibition => "joint_exhibition",
        }
    }

    pub fn from_code(code: &str) -> Option<Purpose> {
        Purpose::ALL.into_iter().find(|purpose| purpose.code() == code)
    }
}

/// Names of the factual parts, in the order of [`Row::facts`].
pub const FACTS: [&str; FACT_COUNT] = ["place", "size", "stage", "complementarity", "freshness"];
const FACT_COUNT: usize = 5;

/// One purpose's row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// What the parts from text are multiplied with: profile, offers, records, partners, activity.
    pub text: [f32; 5],
    /// How far each factual part moves a score up or down, as a share of it, in the order of [`FACTS`].
    pub facts: [f32; FACT_COUNT],
    /// Readiness levels that suit the purpose.
    pub readiness: (i64, i64),
}

/// The row of a purpose; without one, text alone decides but for small steps.
pub fn row(purpose: Option<Purpose>) -> Row {
    match purpose {
        None => Row { text: [1.0; 5], facts: [0.03, 0.0, 0.0, 0.0, 0.03], readiness: (1, 9) },
        // Past work and past partners say most about who researches together; distance hardly counts, size not at all.
        Some(Purpose::JointResearch) => {
            Row { text: [1.0, 1.0, 1.2, 1.3, 1.0], facts: [0.02, 0.0, 0.04, 0.05, 0.03], readiness: (1, 6) }
        }
        // A result is taken up by who makes things, when it is far enough to be taken up.
        Some(Purpose::TechnologyTransfer) => {
            Row { text: [1.0, 1.2, 1.0, 0.8, 1.0], facts: [0.02, 0.0, 0.08, 0.04, 0.03], readiness: (4, 8) }
        }
        // What is on offer now and nearby; a firm of one's own size takes an order seriously.
        Some(Purpose::Supply) => {
            Row { text: [1.0, 1.3, 1.0, 0.6, 1.0], facts: [0.06, 0.03, 0.06, 0.0, 0.05], readiness: (8, 9) }
        }
        // Trials go back and forth between the two, so that near is worth more than anywhere else.
        Some(Purpose::TrialManufacture) => {
            Row { text: [1.0, 1.3, 1.0, 0.6, 0.5], facts: [0.09, 0.04, 0.04, 0.0, 0.04], readiness: (4, 9) }
        }
        // Vendors show what they have put into use; they come to the factory, and offers age fast.
        Some(Purpose::Iot) => {
            Row { text: [0.9, 1.2, 1.3, 0.6, 0.8], facts: [0.07, 0.02, 0.05, 0.03, 0.07], readiness: (7, 9) }
        }
        // Firms that take an order together are near, alike in size, and differ in what they do.
        Some(Purpose::JointOrder) => {
            Row { text: [1.0, 1.2, 0.9, 1.2, 0.8], facts: [0.08, 0.07, 0.04, 0.09, 0.03], readiness: (7, 9) }
        }
        // A stand shows different things of one theme; size and fame count least.
        Some(Purpose::JointExhibition) => {
            Row { text: [1.1, 1.2, 0.8, 1.0, 0.3], facts: [0.07, 0.03, 0.04, 0.10, 0.05], readiness: (6, 9) }
        }
    }
}

impl Row {
    /// The table of weights with this row applied.
    pub fn applied(&self, weights: &Weights) -> Weights {
        let [profile, offer, record, partners, activity] = self.text;
        let mut applied = weights.clone();
        applied.profile *= profile;
        applied.offer *= offer;
        applied.record *= record;
        applied.partners *= partners;
        applied.activity *= activity;
        applied
    }

    /// What a score is multiplied with for facts: 1 where nothing is known or everything is middling.
    pub fn factor(&self, facts: &[Option<f32>; FACT_COUNT]) -> f32 {
        let moved =
            self.facts.iter().zip(facts).filter_map(|(weight, fact)| fact.map(|fact| weight * (2.0 * fact - 1.0)));
        1.0 + moved.sum::<f32>()
    }
}

/// Two municipality codes: 1 the same, 0.7 the same prefecture, 0 elsewhere.
pub fn place(left: &str, right: &str) -> f32 {
    if left == right {
        1.0
    } else if left.get(..2).is_some() && left.get(..2) == right.get(..2) {
        0.7
    } else {
        0.0
    }
}

/// Two head counts: 1 when equal, 0 from a factor of a thousand on.
pub fn size(left: i64, right: i64) -> f32 {
    let ratio = (left.max(1) as f32 / right.max(1) as f32).log10().abs();
    (1.0 - ratio / 3.0).clamp(0.0, 1.0)
}

/// A readiness level against the levels that suit: 1 inside, less for each level outside.
pub fn stage(level: i64, suits: (i64, i64)) -> f32 {
    let outside = (suits.0 - level).max(level - suits.1).max(0);
    (1.0 - outside as f32 / 4.0).max(0.0)
}

/// Share of the other's fields that one does not have oneself; absent where one side states none. It changes when the
/// sides are swapped.
pub fn complementarity(own: &[&str], other: &[&str]) -> Option<f32> {
    if own.is_empty() || other.is_empty() {
        return None;
    }
    let new = other.iter().filter(|field| !own.contains(field)).count();
    Some(new as f32 / other.len() as f32)
}

/// Years since somebody confirmed it: half after two.
pub fn freshness(days: i64) -> f32 {
    0.5f32.powf(days.max(0) as f32 / 730.0)
}

/// How far fair exposure moves a score at most, as a share of it. So nobody is passed by a party whose score without it
/// is less than 1 / (1 + this) of theirs: that is its whole cost in relevance.
pub const EXPOSURE: f32 = 0.04;

/// Fair exposure: 1 for who has hardly any record of work and waits for a year or more, 0 for the best known of the
/// answer with something new. `activity` is the part of that name; `waited` are the days since its offer stands here.
pub fn exposure(activity: f32, waited: Option<i64>) -> f32 {
    let quiet = 1.0 - activity.clamp(0.0, 1.0);
    let waiting = waited.map_or(0.0, |days| (days.max(0) as f32 / 365.0).min(1.0));
    0.7 * quiet + 0.3 * waiting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_move_a_score_by_less_than_a_third() {
        for purpose in Purpose::ALL.into_iter().map(Some).chain([None]) {
            let row = row(purpose);
            assert!(row.facts.iter().sum::<f32>() < 0.33, "{purpose:?}");
            assert!((row.factor(&[None; FACT_COUNT]) - 1.0).abs() < 1e-6);
            assert!(row.factor(&[Some(0.0); FACT_COUNT]) > 0.66);
            assert!(row.readiness.0 <= row.readiness.1);
        }
        assert!(Purpose::ALL.into_iter().all(|purpose| Purpose::from_code(purpose.code()) == Some(purpose)));
    }

    #[test]
    fn facts_lie_between_nothing_and_all() {
        assert_eq!((place("062014", "062014"), place("062014", "062022"), place("062014", "131016")), (1.0, 0.7, 0.0));
        assert_eq!(size(30, 30), 1.0);
        assert!(size(10, 100) > size(10, 1_000) && size(1, 10_000_000) == 0.0);
        assert_eq!((stage(5, (4, 8)), stage(2, (8, 9))), (1.0, 0.0));
        assert_eq!(complementarity(&["a", "b"], &["b", "c"]), Some(0.5));
        assert_ne!(complementarity(&["a"], &["a", "b", "c"]), complementarity(&["a", "b", "c"], &["a"]));
        assert!(freshness(0) == 1.0 && freshness(730) == 0.5);
        assert_eq!((exposure(1.0, None), exposure(0.0, Some(1_000))), (0.0, 1.0));
    }
}
