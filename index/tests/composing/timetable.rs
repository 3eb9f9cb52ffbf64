//! Whom they meet.

use crate::support::Dice;
use musubi_index::composing::timetable::{
    Answer, Meeting, Pair, Participant, Question, Side, adjust, all, arrange, value_of,
};
use musubi_index::composing::{Progress, sample};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

fn random(seed: u64, buyers: usize, suppliers: usize, slots: usize) -> Question {
    let mut dice = Dice::new(seed);
    let mut side = |name: &str, count: usize| -> Vec<Participant> {
        (0..count)
            .map(|at| {
                let available = (0..slots).filter(|_| dice.below(4) > 0).fold(0, |mask, slot| mask | 1 << slot);
                let least = dice.below(2);
                Participant { id: format!("{name}{at}"), available, least, most: least + dice.below(slots + 1) }
            })
            .collect()
    };
    let (buying, supplying) = (side("b", buyers), side("s", suppliers));
    let mut pairs = Vec::new();
    for buyer in 0..buyers {
        for supplier in 0..suppliers {
            if dice.below(4) > 0 {
                pairs.push(Pair { buyer, supplier, value: 10.0 * dice.tenth() });
            }
        }
    }
    let mut some = |most: usize| -> Vec<(usize, usize)> {
        (0..dice.below(most + 1)).map(|_| (dice.below(buyers), dice.below(suppliers))).collect()
    };
    let never = some(3);
    let must: Vec<(usize, usize)> = some(1).into_iter().filter(|pair| !never.contains(pair)).collect();
    let tables = 1 + dice.below(buyers);
    Question {
        slots,
        tables,
        buyers: buying,
        suppliers: supplying,
        pairs,
        must,
        never,
        confirmed: Vec::new(),
        fairness: 2.0,
    }
}

/// The law of a timetable, by the words of the question.
fn lawful(question: &Question, meetings: &[Meeting]) {
    let mut seen = HashSet::new();
    let mut tables: HashMap<usize, usize> = HashMap::new();
    let (mut of_buyer, mut of_supplier): (HashMap<usize, usize>, HashMap<usize, usize>) = Default::default();
    for Meeting { slot, buyer, supplier } in meetings.iter().copied() {
        let (one, other) = (&question.buyers[buyer], &question.suppliers[supplier]);
        assert!(one.available & other.available & (1 << slot) != 0, "somebody is not there");
        assert!(seen.insert(("buyer", buyer, slot)) && seen.insert(("supplier", supplier, slot)), "a clash");
        assert!(seen.insert(("pair", buyer, supplier)), "they meet twice");
        assert!(!question.never.contains(&(buyer, supplier)), "they must not meet");
        let named = question.pairs.iter().any(|pair| (pair.buyer, pair.supplier) == (buyer, supplier));
        assert!(named || question.must.contains(&(buyer, supplier)), "nobody asked for this");
        *tables.entry(slot).or_default() += 1;
        *of_buyer.entry(buyer).or_default() += 1;
        *of_supplier.entry(supplier).or_default() += 1;
    }
    assert!(tables.values().all(|used| *used <= question.tables), "more meetings than tables");
    assert!(of_buyer.iter().all(|(at, held)| *held <= question.buyers[*at].most), "too many meetings");
    assert!(of_supplier.iter().all(|(at, held)| *held <= question.suppliers[*at].most), "too many meetings");
}

/// The best of all timetables that hold every must; none if there is none.
fn every(question: &Question) -> Option<f64> {
    fn step(question: &Question, at: usize, meetings: &mut Vec<Meeting>, best: &mut Option<f64>) {
        let (buyer, slot) = (at / question.slots, at % question.slots);
        if buyer == question.buyers.len() {
            let met = |pair: &(usize, usize)| meetings.iter().any(|one| (one.buyer, one.supplier) == *pair);
            if question.must.iter().all(met) {
                let value = value_of(question, meetings).expect("no clash");
                *best = Some(best.map_or(value, |known| known.max(value)));
            }
            return;
        }
        step(question, at + 1, meetings, best);
        for supplier in 0..question.suppliers.len() {
            let (one, other) = (&question.buyers[buyer], &question.suppliers[supplier]);
            let pair = (buyer, supplier);
            let count = |holds: &dyn Fn(&Meeting) -> bool| meetings.iter().filter(|meeting| holds(meeting)).count();
            let asked = question.must.contains(&pair)
                || question.pairs.iter().any(|pair| (pair.buyer, pair.supplier) == (buyer, supplier));
            let fits = asked
                && one.available & other.available & (1 << slot) != 0
                && !question.never.contains(&pair)
                && count(&|meeting| meeting.supplier == supplier && meeting.slot == slot) == 0
                && count(&|meeting| (meeting.buyer, meeting.supplier) == pair) == 0
                && count(&|meeting| meeting.slot == slot) < question.tables
                && count(&|meeting| meeting.buyer == buyer) < one.most
                && count(&|meeting| meeting.supplier == supplier) < other.most;
            if fits {
                meetings.push(Meeting { slot, buyer, supplier });
                step(question, at + 1, meetings, best);
                meetings.pop();
            }
        }
    }
    let mut best = None;
    step(question, 0, &mut Vec::new(), &mut best);
    best
}

#[test]
fn near_the_best_of_all_timetables_and_never_above_the_bound() {
    let (mut same, mut all_of_them) = (0, 0);
    for seed in 1..=120 {
        let question = random(seed, 2 + seed as usize % 2, 3, 3);
        let answer = arrange(&question, &mut |_: Progress| true).expect("a timetable");
        lawful(&question, &answer.meetings);
        let Some(best) = every(&question) else {
            assert!(!answer.open.is_empty(), "seed {seed}");
            continue;
        };
        assert!(answer.open.is_empty(), "seed {seed}: a must is open although it can be held");
        assert!(best <= answer.bound + 1e-6, "seed {seed}: {best} is above the bound {}", answer.bound);
        assert!(answer.value <= best + 1e-6, "seed {seed}");
        all_of_them += 1;
        same += usize::from(answer.value > best - 1e-6);
    }
    assert!(same * 100 >= all_of_them * 85, "{same} of {all_of_them} are the best");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// However early it is stopped.
    #[test]
    fn every_timetable_is_lawful(seed in 1u64..1_000_000, buyers in 1usize..12, suppliers in 1usize..12, slots in 1usize..10, looks in 0usize..6) {
        let question = random(seed, buyers, suppliers, slots);
        let mut left = looks;
        let answer = arrange(&question, &mut |_: Progress| { left = left.saturating_sub(1); left > 0 }).expect("a timetable");
        lawful(&question, &answer.meetings);
        prop_assert!(answer.value <= answer.bound + 1e-6);
    }

    /// A change of one participant moves only that participant's meetings.
    #[test]
    fn a_change_moves_only_the_meetings_of_who_changed(seed in 1u64..1_000_000, who in 0usize..20, mask in any::<u64>()) {
        let mut question = random(seed, 8, 12, 8);
        let held = arrange(&question, &mut |_: Progress| true).expect("a timetable").meetings;
        let buyer = who < 8;
        let whose = if buyer { Side::Buyer(who) } else { Side::Supplier(who - 8) };
        let mine = |meeting: &&Meeting| if buyer { meeting.buyer == who } else { meeting.supplier == who - 8 };
        let available = if buyer { &mut question.buyers[who].available } else { &mut question.suppliers[who - 8].available };
        *available = mask & all(8);
        let answer: Answer = adjust(&question, &held, whose).expect("a timetable");
        lawful(&question, &answer.meetings);
        let others = |meetings: &[Meeting]| -> HashSet<Meeting> {
            meetings.iter().filter(|meeting| !mine(meeting)).copied().collect()
        };
        prop_assert_eq!(others(&held), others(&answer.meetings));
        // Whatever of its own can stay does, where no must takes its slot.
        let musts = question.must.iter().any(|(one, other)| if buyer { *one == who } else { *other == who - 8 });
        if musts {
            return Ok(());
        }
        let kept = held.iter().filter(mine).filter(|meeting| mask & (1 << meeting.slot) != 0);
        for meeting in kept {
            prop_assert!(answer.meetings.contains(meeting));
        }
    }
}

#[test]
fn a_fair_is_filled_better_than_by_hand() {
    let question = sample::fair(2, 40, 90, 12);
    let answer = arrange(&question, &mut |_: Progress| true).expect("a timetable");
    lawful(&question, &answer.meetings);
    assert!(answer.open.is_empty() && answer.gap() < 0.03, "{}", answer.gap());
    for plain in [sample::round_robin(&question), sample::by_preference(&question)] {
        lawful(&question, &plain);
        assert!(answer.value > value_of(&question, &plain).expect("no clash"));
    }
    assert_eq!(value_of(&question, &answer.meetings), Some(answer.value));
    // What is confirmed stays, whatever else changes.
    let mut later = question.clone();
    later.confirmed = answer.meetings.iter().copied().step_by(3).collect();
    later.tables += 3;
    let again = arrange(&later, &mut |_: Progress| true).expect("a timetable");
    assert!(later.confirmed.iter().all(|meeting| again.meetings.contains(meeting)));
}

#[test]
fn bad_timetables_are_refused() {
    let good = random(3, 4, 5, 4);
    let refused = |change: &dyn Fn(&mut Question)| {
        let mut question = good.clone();
        change(&mut question);
        arrange(&question, &mut |_: Progress| true).expect_err("a refusal")[0].pointer.clone()
    };
    assert_eq!(refused(&|question| question.slots = 0), "/slots");
    assert_eq!(refused(&|question| question.slots = 65), "/slots");
    assert_eq!(refused(&|question| question.tables = 0), "/tables");
    assert_eq!(refused(&|question| question.fairness = f64::NAN), "/fairness");
    assert_eq!(refused(&|question| question.pairs[0].value = -1.0), "/pairs/0");
    assert_eq!(refused(&|question| question.pairs[0].buyer = 99), "/pairs/0");
    assert_eq!(refused(&|question| question.must = vec![(0, 99)]), "/must/0");
    assert_eq!(refused(&|question| (question.must, question.never) = (vec![(0, 0)], vec![(0, 0)])), "/must/0");
    assert_eq!(refused(&|question| question.buyers[1].id = question.buyers[0].id.clone()), "/buyers/1/id");
    assert_eq!(refused(&|question| (question.buyers[0].least, question.buyers[0].most) = (3, 2)), "/buyers/0/most");
    let twice = vec![Meeting { slot: 0, buyer: 0, supplier: 0 }, Meeting { slot: 0, buyer: 0, supplier: 1 }];
    assert_eq!(refused(&|question| question.confirmed = twice.clone()), "/confirmed/1");
    let crowd = |question: &mut Question| {
        question.suppliers = (0..100_000).map(|at| Participant::named(&format!("{at}"), 4)).collect()
    };
    assert_eq!(refused(&crowd), "/suppliers");
    assert!(arrange(&Question { slots: 1, tables: 1, ..Question::default() }, &mut |_: Progress| true).is_ok());
}
