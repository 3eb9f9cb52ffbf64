//! When the wishes cannot all hold: which of them stand against each other.

use crate::support::{hard, keeps, random};
use musubi_index::composing::Progress;
use musubi_index::composing::group::{Question, Rule, Size, Wish, compose};
use musubi_index::composing::sample;

fn any_group(question: &Question, wishes: &[usize]) -> bool {
    (0u32..1 << question.candidates.len()).any(|subset| keeps(question, wishes, subset))
}

/// Small ones against every group there is.
#[test]
fn conflicts_of_120_small_questions_are_minimal() {
    let (mut seen, mut unproven) = (0, 0);
    for seed in 10_000.. {
        let question = random(seed, 6 + seed as usize % 8);
        if any_group(&question, &hard(&question)) {
            continue;
        }
        let answer = compose(&question, &mut |_: Progress| true).expect("a question that can be worked with");
        let conflict = answer.conflict.unwrap_or_else(|| panic!("seed {seed}: no conflict named"));
        let wishes: Vec<usize> = conflict.wishes.iter().map(|wish| wish.wish).collect();
        assert!(answer.group.is_none() && !wishes.is_empty());
        assert!(!any_group(&question, &wishes), "seed {seed}: {wishes:?} can hold");
        if !conflict.proven_minimal {
            unproven += 1;
        } else {
            for wish in &conflict.wishes {
                let rest: Vec<usize> = wishes.iter().copied().filter(|other| *other != wish.wish).collect();
                assert!(any_group(&question, &rest), "seed {seed}: {wishes:?} is not minimal");
                let others: Vec<usize> = hard(&question).into_iter().filter(|other| *other != wish.wish).collect();
                if let Some(frees) = wish.frees_all {
                    assert_eq!(frees, any_group(&question, &others), "seed {seed}");
                }
            }
        }
        seen += 1;
        if seen == 120 {
            break;
        }
    }
    assert!(unproven <= 3, "{unproven} of 120 are not proven");
}

/// Large ones: a sound pavilion with one conflict put in, of a known set of wishes at most.
#[test]
fn conflicts_of_80_pavilions_are_minimal() {
    let (mut seen, mut unproven) = (0, 0);
    for seed in 1u64.. {
        let mut question = sample::pavilion(seed, 120, 12);
        let places = question.wishes.len();
        match seed % 8 {
            0 => question.wishes.push(Wish::must(Rule::Never { candidate: "firm-0000".into() })),
            1 => question.wishes.push(Wish::must(Rule::SizeAtMost { size: Size::Small, count: 3 })),
            2 => {
                question.wishes.push(Wish::must(Rule::SizeAtMost { size: Size::Small, count: 4 }));
                question.wishes.push(Wish::must(Rule::SizeAtMost { size: Size::Medium, count: 4 }));
                question.wishes.push(Wish::must(Rule::SizeAtMost { size: Size::Large, count: 3 }));
            }
            3 => {
                question.wishes.push(Wish::must(Rule::Must { candidate: "firm-0004".into() }));
                question.wishes.push(Wish::must(Rule::Must { candidate: "firm-0005".into() }));
            }
            4 => question.wishes.push(Wish::must(Rule::SharesAtLeast { amount: 12_000_000 })),
            5 => {
                for firm in &question.candidates {
                    if firm.willing_to_lead && firm.exhibitions < 3 {
                        question.wishes.push(Wish::must(Rule::Never { candidate: firm.id.clone() }));
                    }
                }
            }
            6 => {
                // One of each of the nine fields at most, and every firm has one: twelve do not fit.
                question.wishes.push(Wish::must(Rule::FieldAtMost { field: None, count: 1 }));
            }
            _ => question.wishes.push(Wish::must(Rule::SubsidyAtMost { amount: 0 })),
        }
        if seed % 8 == 7 {
            question.wishes.push(Wish::must(Rule::FirstTimersAtLeast { count: 12 }));
        }
        let answer = compose(&question, &mut |_: Progress| true).expect("a question that can be worked with");
        let Some(conflict) = answer.conflict else {
            // What was put in was not enough, or nothing could be told.
            assert!(answer.group.is_some() || !answer.proven, "seed {seed}");
            unproven += usize::from(answer.group.is_none());
            continue;
        };
        seen += 1;
        unproven += usize::from(!conflict.proven_minimal);
        let wishes: Vec<usize> = conflict.wishes.iter().map(|wish| wish.wish).collect();
        assert!(wishes.iter().any(|wish| *wish >= places), "seed {seed}: {wishes:?} holds without what was put in");
        // Each of them dropped, the others can hold: shown by a group.
        for dropped in wishes.iter().filter(|_| conflict.proven_minimal) {
            let rest = wishes.iter().filter(|wish| *wish != dropped).map(|wish| question.wishes[*wish].clone());
            let relaxed = Question { wishes: rest.collect(), alternatives: 0, ..question.clone() };
            let shown = compose(&relaxed, &mut |progress: Progress| progress.best.is_none()).expect("an answer");
            let group = shown.group.unwrap_or_else(|| panic!("seed {seed}: {wishes:?} without {dropped}"));
            assert!(group.broken.is_empty());
        }
        if seen == 80 {
            break;
        }
    }
    assert!(unproven <= 2, "{unproven} of 80 are not proven");
}
