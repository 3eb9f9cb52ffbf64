//! Whom they meet: the meetings of a 商談会, buyers and suppliers over slots and tables.
//!
//! The value of a timetable is what its meetings are worth, plus fairness (the n-th meeting of a participant adds a n-th of
//! it), minus a heavy charge for each meeting that somebody has too few. Slots aside this is a flow, solved to the end: no
//! timetable is worth more, which is the bound. The meetings of the flow are then put into slots, moved in chains where
//! two slots clash, and each slot is matched anew, given the others, as long as that gains.
//!
//! ```
//! use musubi_index::composing::timetable::{Pair, Participant, Question, arrange};
//!
//! let question = Question {
//!     slots: 2,
//!     tables: 1,
//!     buyers: vec![Participant::named("buyer", 2)],
//!     suppliers: vec![Participant::named("one", 2), Participant::named("other", 2)],
//!     pairs: vec![Pair { buyer: 0, supplier: 0, value: 5.0 }, Pair { buyer: 0, supplier: 1, value: 3.0 }],
//!     ..Question::default()
//! };
//! let answer = arrange(&question, &mut |_| true).map_err(|refusals| format!("{refusals:?}"))?;
//! assert_eq!(answer.meetings.len(), 2);
//! assert_ne!(answer.meetings[0].slot, answer.meetings[1].slot);
//! # Ok::<(), String>(())
//! ```

mod adjust;
mod flow;
mod plan;

pub use adjust::{Side, adjust};

use super::{Progress, Refusal, Watch};
use plan::Plan;
use std::collections::{BTreeSet, HashSet};

/// Participants of one side at most.
pub const MOST_PARTICIPANTS: usize = 1_000;
/// Pairs at most.
pub const MOST_PAIRS: usize = 200_000;
/// Slots that fit into a mask.
pub const MOST_SLOTS: usize = 64;
/// Rounds of matching every slot anew.
const ROUNDS: usize = 20;

/// A buyer or a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    pub id: String,
    /// A bit for each slot in which it can meet.
    pub available: u64,
    /// Meetings it should have, and may have.
    pub least: usize,
    pub most: usize,
}

impl Participant {
    /// Somebody who is there all the time.
    pub fn named(id: &str, slots: usize) -> Participant {
        Participant { id: id.to_string(), available: all(slots), least: 0, most: slots }
    }
}

/// A mask of `slots` ones.
pub fn all(slots: usize) -> u64 {
    if slots >= 64 { u64::MAX } else { (1 << slots) - 1 }
}

/// Two that may meet, by their places. Pairs that are not named do not meet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    pub buyer: usize,
    pub supplier: usize,
    /// What a meeting of them is worth, in points, 0 to 100.
    pub value: f64,
}

/// What a meeting is worth: the engine's score (0 to 1), doubled by a wish of one side and tripled by both; a third of that
/// when they met last year.
pub fn worth(score: f64, buyer_wishes: bool, supplier_wishes: bool, met_last_year: bool) -> f64 {
    let wishes = 1.0 + f64::from(buyer_wishes) + f64::from(supplier_wishes);
    10.0 * score.clamp(0.0, 1.0) * wishes * if met_last_year { 1.0 / 3.0 } else { 1.0 }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Question {
    pub slots: usize,
    /// Meetings at the same time at most.
    pub tables: usize,
    pub buyers: Vec<Participant>,
    pub suppliers: Vec<Participant>,
    pub pairs: Vec<Pair>,
    /// Must meet, by places (buyer, supplier).
    pub must: Vec<(usize, usize)>,
    pub never: Vec<(usize, usize)>,
    /// Meetings that stay where they are.
    pub confirmed: Vec<Meeting>,
    /// Points of the first meeting of each participant.
    pub fairness: f64,
}

/// A meeting, by places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Meeting {
    pub slot: usize,
    pub buyer: usize,
    pub supplier: usize,
}

/// A timetable.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// In order of slot, buyer.
    pub meetings: Vec<Meeting>,
    /// Points of meetings and fairness, minus what is missing.
    pub value: f64,
    /// No timetable is worth more.
    pub bound: f64,
    /// Pairs that must meet and for which no slot was found.
    pub open: Vec<(usize, usize)>,
    /// `(buyer, missing)` and `(supplier, missing)`: those with fewer meetings than they should have.
    pub short_buyers: Vec<(usize, usize)>,
    pub short_suppliers: Vec<(usize, usize)>,
}

impl Answer {
    /// How far the value may be below the best possible, as a share of the bound.
    pub fn gap(&self) -> f64 {
        ((self.bound - self.value) / self.bound.abs().max(1e-9)).max(0.0)
    }
}

impl Question {
    /// Every value that cannot be worked with, each with its JSON pointer.
    pub fn check(&self) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let mut add = |pointer: String, ja: &str, en: &str| {
            if refusals.len() < 50 {
                refusals.push(Refusal::new(pointer, ja, en));
            }
        };
        if self.slots == 0 || self.slots > MOST_SLOTS {
            add("/slots".into(), "時間枠は1〜64です。", "Slots are a number from 1 to 64.");
        }
        if self.tables == 0 {
            add("/tables".into(), "商談卓がありません。", "There is no table.");
        }
        if !(0.0..=1_000.0).contains(&self.fairness) {
            add("/fairness".into(), "0〜1000の数で指定してください。", "This is a number from 0 to 1000.");
        }
        let counts = [
            ("/buyers", self.buyers.len(), MOST_PARTICIPANTS),
            ("/suppliers", self.suppliers.len(), MOST_PARTICIPANTS),
            ("/pairs", self.pairs.len(), MOST_PAIRS),
            ("/must", self.must.len(), MOST_PAIRS),
            ("/never", self.never.len(), MOST_PAIRS),
            ("/confirmed", self.confirmed.len(), MOST_PAIRS),
        ];
        for (pointer, count, most) in counts {
            if count > most {
                add(
                    pointer.into(),
                    &format!("{most}件までです（現在{count}件）。"),
                    &format!("At most {most}; there are {count}."),
                );
            }
        }
        for (name, side) in [("buyers", &self.buyers), ("suppliers", &self.suppliers)] {
            let mut seen = HashSet::new();
            for (at, participant) in side.iter().enumerate() {
                if !seen.insert(participant.id.as_str()) {
                    add(format!("/{name}/{at}/id"), "同じ参加者が二度います。", "A participant stands twice.");
                }
                if participant.least > participant.most {
                    add(
                        format!("/{name}/{at}/most"),
                        "上限は下限以上にしてください。",
                        "The most must not be below the least.",
                    );
                }
            }
        }
        let known = |buyer: usize, supplier: usize| buyer < self.buyers.len() && supplier < self.suppliers.len();
        for (at, pair) in self.pairs.iter().enumerate() {
            if !known(pair.buyer, pair.supplier) || !(0.0..=100.0).contains(&pair.value) {
                add(
                    format!("/pairs/{at}"),
                    "参加者がいないか、値が0〜100ではありません。",
                    "Nobody there, or a value that is not from 0 to 100.",
                );
            }
        }
        for (name, list) in [("must", &self.must), ("never", &self.never)] {
            for (at, (buyer, supplier)) in list.iter().enumerate() {
                if !known(*buyer, *supplier) {
                    add(format!("/{name}/{at}"), "参加者がいません。", "There is no such participant.");
                }
            }
        }
        let never: HashSet<(usize, usize)> = self.never.iter().copied().collect();
        for (at, _) in self.must.iter().enumerate().filter(|(_, pair)| never.contains(pair)) {
            add(format!("/must/{at}"), "会わない組にも入っています。", "The same pair must never meet.");
        }
        if refusals.is_empty() { self.check_confirmed() } else { refusals }
    }

    fn check_confirmed(&self) -> Vec<Refusal> {
        let (mut busy_buyers, mut busy_suppliers) = (HashSet::new(), HashSet::new());
        let (mut met, mut used) = (BTreeSet::new(), vec![0; self.slots]);
        let mut refusals = Vec::new();
        for (at, meeting) in self.confirmed.iter().enumerate() {
            let Meeting { slot, buyer, supplier } = *meeting;
            let fits = slot < self.slots
                && buyer < self.buyers.len()
                && supplier < self.suppliers.len()
                && busy_buyers.insert((buyer, slot))
                && busy_suppliers.insert((supplier, slot))
                && met.insert((buyer, supplier))
                && used[slot] < self.tables;
            if fits {
                used[slot] += 1;
            } else if refusals.len() < 50 {
                refusals.push(Refusal::new(
                    format!("/confirmed/{at}"),
                    "確定済みの商談どうしが重なっています。",
                    "Confirmed meetings clash.",
                ));
            }
        }
        refusals
    }
}

/// What a timetable made elsewhere is worth; none when two of its meetings clash.
pub fn value_of(question: &Question, meetings: &[Meeting]) -> Option<f64> {
    let whole = Question { confirmed: meetings.to_vec(), ..question.clone() };
    whole.check().is_empty().then(|| Plan::new(&whole).value())
}

/// Makes a timetable.
pub fn arrange(question: &Question, watch: &mut dyn Watch) -> Result<Answer, Vec<Refusal>> {
    let refusals = question.check();
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let mut plan = Plan::new(question);
    plan.seat_musts();
    let simple = plan.simple_bound();
    plan.rematch_all();
    let mut on = watch.go_on(Progress { best: Some(plan.value()), bound: simple });
    let mut bound = simple;
    let mut best = plan.clone();
    if on {
        let value = best.value();
        let wanted = plan.wanted(|| watch.go_on(Progress { best: Some(value), bound: simple }));
        if let Some((most, wanted)) = wanted {
            bound = bound.min(most).max(value);
            let mut other = Plan::new(question);
            other.seat_musts();
            other.seat(&wanted);
            if other.value() > best.value() && other.open() <= best.open() {
                best = other;
            }
            on = watch.go_on(Progress { best: Some(best.value()), bound });
        } else {
            on = false;
        }
    }
    for _ in 0..ROUNDS {
        let before = best.value();
        for slot in 0..question.slots {
            on = on && best.value() < bound && {
                best.rematch(slot);
                watch.go_on(Progress { best: Some(best.value()), bound: bound.max(best.value()) })
            };
        }
        if !on || best.value() <= before + 1e-6 {
            break;
        }
    }
    Ok(best.answer(bound))
}
