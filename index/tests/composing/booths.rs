//! Who stands where.

use crate::support::{Dice, name};
use musubi_index::composing::Progress;
use musubi_index::composing::booths::{Answer, Booth, Exhibitor, Question, place};

fn hall(seed: u64, columns: i32, rows: i32, firms: usize) -> Question {
    let mut dice = Dice::new(seed);
    let mut booths: Vec<Booth> = (0..columns * rows)
        .map(|at| Booth {
            id: format!("b{at}"),
            column: at % columns,
            row: at / columns,
            size: 1 + u32::from(dice.below(3) == 0),
        })
        .collect();
    booths[0].size = 2;
    let large = booths.iter().filter(|booth| booth.size == 2).count().min(firms / 2);
    let exhibitors =
        (0..firms).map(|number| Exhibitor { id: name(number), size: if number < large { 2 } else { 1 } }).collect();
    let mut pair = || {
        let left = dice.below(firms);
        let right = (left + 1 + dice.below(firms - 1)) % firms;
        (name(left), name(right), dice.tenth())
    };
    let pairs: Vec<(String, String, f64)> = (0..firms * 2).map(|_| pair()).collect();
    let rivals = (0..firms / 3).map(|_| pair()).map(|(left, right, _)| (left, right)).collect();
    Question { booths, exhibitors, pairs, rivals, walls: vec![("b0".into(), "b1".into())], seed, ..Question::default() }
}

/// Value and rivals side by side, by the words of the question.
fn judged(question: &Question, seats: &[(usize, usize)]) -> (f64, usize) {
    let (mut value, mut amiss) = (0.0, 0);
    for (at, (left, here)) in seats.iter().enumerate() {
        for (right, there) in &seats[at + 1..] {
            let (here, there) = (&question.booths[*here], &question.booths[*there]);
            let beside = (here.column - there.column).abs() + (here.row - there.row).abs() == 1;
            let named = |one: &String, other: &String, first: &String, second: &String| {
                (one == first && other == second) || (one == second && other == first)
            };
            let wall = question.walls.iter().any(|(one, other)| named(one, other, &here.id, &there.id));
            if !beside || wall {
                continue;
            }
            let (left, right) = (&question.exhibitors[*left].id, &question.exhibitors[*right].id);
            if question.rivals.iter().any(|(one, other)| named(one, other, left, right)) {
                amiss += 1;
            } else if let Some(pair) = question.pairs.iter().rev().find(|pair| named(&pair.0, &pair.1, left, right)) {
                value += pair.2;
            }
        }
    }
    (value, amiss)
}

fn seats(question: &Question, answer: &Answer) -> Vec<(usize, usize)> {
    answer
        .places
        .iter()
        .map(|(exhibitor, booth)| {
            let exhibitor = question.exhibitors.iter().position(|one| one.id == *exhibitor).expect("an exhibitor");
            let booth = question.booths.iter().position(|one| one.id == *booth).expect("a booth");
            assert!(question.exhibitors[exhibitor].size <= question.booths[booth].size);
            (exhibitor, booth)
        })
        .collect()
}

fn every(question: &Question, seats: &mut Vec<(usize, usize)>, best: &mut f64) {
    let exhibitor = seats.len();
    if exhibitor == question.exhibitors.len() {
        let (value, amiss) = judged(question, seats);
        *best = best.max(value - 10.0 * amiss as f64);
        return;
    }
    for booth in 0..question.booths.len() {
        if question.booths[booth].size >= question.exhibitors[exhibitor].size
            && !seats.iter().any(|(_, taken)| *taken == booth)
        {
            seats.push((exhibitor, booth));
            every(question, seats, best);
            seats.pop();
        }
    }
}

#[test]
fn the_best_of_all_placements_on_60_small_grids() {
    for seed in 1..=60 {
        let question = hall(seed, 2 + seed as i32 % 2, 3, 3 + seed as usize % 3);
        let answer = place(&question, &mut |_: Progress| true).expect("a placement");
        let (value, amiss) = judged(&question, &seats(&question, &answer));
        assert!((value - answer.value).abs() < 1e-9 && amiss == answer.rivals_beside.len(), "seed {seed}");
        let mut best = f64::NEG_INFINITY;
        every(&question, &mut Vec::new(), &mut best);
        assert!(
            answer.proven && (value - 10.0 * amiss as f64 - best).abs() < 1e-9,
            "seed {seed}: {value} {amiss} {best}"
        );
    }
}

#[test]
fn better_than_a_thousand_draws_and_below_its_bound() {
    for seed in 1..=10 {
        let question = hall(seed, 8, 4, 24);
        let answer = place(&question, &mut |_: Progress| true).expect("a placement");
        let placed = seats(&question, &answer);
        assert_eq!(placed.len(), 24);
        assert!(answer.value <= answer.bound + 1e-9 && answer.rivals_beside.is_empty());
        let mut dice = Dice::new(seed + 100);
        let mut best = f64::NEG_INFINITY;
        for _ in 0..1_000 {
            let mut free: Vec<usize> = (0..question.booths.len()).collect();
            let mut drawn = Vec::new();
            for exhibitor in 0..24 {
                let fitting: Vec<usize> = free
                    .iter()
                    .copied()
                    .filter(|booth| question.booths[*booth].size >= question.exhibitors[exhibitor].size)
                    .collect();
                let Some(booth) = fitting.get(dice.below(fitting.len())) else { break };
                free.retain(|other| other != booth);
                drawn.push((exhibitor, *booth));
            }
            if drawn.len() == 24 {
                let (value, amiss) = judged(&question, &drawn);
                best = best.max(value - 10.0 * amiss as f64);
            }
        }
        assert!(answer.value > best, "seed {seed}: {} against {best}", answer.value);
    }
}

#[test]
fn pins_hold_and_bad_grids_are_refused() {
    let mut question = hall(4, 4, 3, 8);
    let small = question.booths.iter().find(|booth| booth.size == 1).expect("a small booth").id.clone();
    question.pinned = vec![(name(7), small.clone())];
    let answer = place(&question, &mut |_: Progress| true).expect("a placement");
    assert!(answer.places.contains(&(name(7), small.clone())));
    let refused = |change: &dyn Fn(&mut Question)| {
        let mut question = Question { pinned: Vec::new(), ..question.clone() };
        change(&mut question);
        place(&question, &mut |_: Progress| true).expect_err("a refusal")[0].pointer.clone()
    };
    assert_eq!(refused(&|question| question.booths.clear()), "/booths");
    assert_eq!(refused(&|question| question.booths[1].id = "b0".into()), "/booths");
    assert_eq!(refused(&|question| question.booths.truncate(5)), "/exhibitors");
    assert_eq!(refused(&|question| question.pinned = vec![(name(0), small.clone())]), "/pinned/0");
    assert_eq!(refused(&|question| question.pinned = vec![("nobody".into(), "b0".into())]), "/pinned/0");
    assert_eq!(refused(&|question| question.pairs = vec![(name(0), name(1), f64::NAN)]), "/pairs/0");
    assert_eq!(refused(&|question| question.exhibitors.iter_mut().for_each(|one| one.size = 2)), "/exhibitors");
    let crowd = |question: &mut Question| {
        question.booths = (0..100_000).map(|at| Booth { id: format!("{at}"), column: at, row: 0, size: 1 }).collect();
    };
    assert_eq!(refused(&crowd), "/booths");
}

#[test]
fn a_full_hall_stops_when_told() {
    let question = hall(2, 20, 20, 400);
    let mut looks = 0;
    let answer = place(&question, &mut |_: Progress| {
        looks += 1;
        looks < 3
    });
    assert_eq!(answer.expect("a placement").places.len(), 400);
    assert_eq!(looks, 3);
}
