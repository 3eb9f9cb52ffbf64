//! Who goes together.

use crate::support::{brute_force, hard, keeps, name, random};
use musubi_index::composing::group::{Question, Rule, Wish, compose, evaluate};
use musubi_index::composing::{Progress, sample};
use proptest::prelude::*;

fn subset(question: &Question, members: &[musubi_index::composing::group::Member]) -> u32 {
    (0..question.candidates.len())
        .filter(|place| members.iter().any(|member| member.id == name(*place)))
        .fold(0, |subset, place| subset | 1 << place)
}

#[test]
fn the_best_of_all_groups_on_300_random_questions() {
    let mut groups = 0;
    for seed in 1..=300 {
        let question = random(seed, 4 + seed as usize % 15);
        let answer = compose(&question, &mut |_: Progress| true).expect("a question that can be worked with");
        let best = brute_force(&question);
        match (&answer.group, best) {
            (Some(group), Some(best)) => {
                assert!(answer.proven, "seed {seed}");
                assert!((group.value - best).abs() < 1e-6, "seed {seed}: {} is not {best}", group.value);
                assert!(keeps(&question, &hard(&question), subset(&question, &group.members)), "seed {seed}");
                assert!(group.broken.is_empty(), "seed {seed}");
                groups += 1;
            }
            (None, None) => assert!(answer.proven && answer.conflict.is_some(), "seed {seed}"),
            (group, best) => panic!("seed {seed}: {group:?} against {best:?}"),
        }
    }
    assert!(groups >= 150, "only {groups} questions have a group");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// However early it is stopped, whatever is answered keeps every hard wish and stays below its bound.
    #[test]
    fn no_hard_wish_is_ever_broken(seed in 1u64..1_000_000, firms in 4usize..30, looks in 0usize..20, alternatives in 0usize..4) {
        let mut question = random(seed, firms);
        question.alternatives = alternatives;
        let mut left = looks;
        let answer = compose(&question, &mut |_: Progress| {
            left = left.saturating_sub(1);
            left > 0
        });
        let answer = answer.expect("a question that can be worked with");
        for group in answer.group.iter().chain(&answer.alternatives) {
            prop_assert!(keeps(&question, &hard(&question), subset(&question, &group.members)));
            prop_assert!(group.broken.is_empty());
            prop_assert!(group.value <= answer.bound + 1e-6);
        }
    }
}

#[test]
fn a_pavilion_of_24_from_300_at_once_with_alternatives_and_reasons() {
    let question = sample::pavilion(1, 300, 24);
    let mut first = None;
    let mut last = f64::INFINITY;
    let mut looks = 0;
    let answer = compose(&question, &mut |progress: Progress| {
        first = first.or(progress.best);
        if progress.bound.is_finite() {
            assert!(progress.bound <= last, "the bound only falls");
            last = progress.bound;
        }
        looks += 1;
        looks < 400
    })
    .expect("a question that can be worked with");
    let group = answer.group.as_ref().expect("a group");
    assert!(first.is_some() && group.value >= first.expect("the first answer"));
    assert_eq!(group.members.len(), 24);
    assert!(group.lead.is_some() && group.broken.is_empty());
    assert!(
        group
            .members
            .iter()
            .all(|member| !member.topics.is_empty() || !member.needed_by.is_empty() || member.adds.total() > 0.0)
    );
    let pinned = group.members.iter().find(|member| member.id == "firm-0000").expect("the pinned firm");
    assert!(pinned.needed_by.contains(&5), "{:?}", pinned.needed_by);
    assert_eq!(answer.alternatives.len(), 2);
    for other in &answer.alternatives {
        let shared = other.members.iter().filter(|one| group.members.iter().any(|member| member.id == one.id)).count();
        assert!(shared <= 18, "{shared} of 24 are the same");
        assert!(other.value <= answer.bound + 1e-6);
    }
    assert_eq!(answer.outside.len(), 10);
    for outsider in &answer.outside {
        // Full is full: whoever joins breaks at least the number of places.
        assert!(outsider.breaks.contains(&0), "{outsider:?}");
    }
}

#[test]
fn a_change_by_hand_shows_its_effect() {
    let mut question = sample::pavilion(3, 60, 8);
    let mut enough = 0;
    let mut watch = |_: Progress| {
        enough += 1;
        enough < 300
    };
    let answer = compose(&question, &mut watch).expect("an answer");
    let group = answer.group.expect("a group");
    let members: Vec<String> = group.members.iter().map(|member| member.id.clone()).collect();
    let again = evaluate(&question, &members).expect("the same group");
    assert_eq!(again.value, group.value);
    // A swap that an outsider's line names changes the value by just what the line says.
    let outsider = answer.outside.iter().find(|outsider| outsider.instead_of.is_some()).expect("one that could come");
    let (leaves, change) = outsider.instead_of.clone().expect("somebody");
    let swapped: Vec<String> =
        members.iter().filter(|id| **id != leaves).cloned().chain([outsider.id.clone()]).collect();
    let effect = evaluate(&question, &swapped).expect("the swapped group");
    assert!((effect.value - group.value - change).abs() < 1e-6 && effect.broken.is_empty());
    // A ban and a pin hold.
    question.wishes.push(Wish::must(Rule::Never { candidate: leaves.clone() }));
    question.wishes.push(Wish::must(Rule::Must { candidate: outsider.id.clone() }));
    enough = 0;
    let mut watch = |_: Progress| {
        enough += 1;
        enough < 300
    };
    let other = compose(&question, &mut watch).expect("an answer").group.expect("a group");
    assert!(other.members.iter().any(|member| member.id == outsider.id));
    assert!(!other.members.iter().any(|member| member.id == leaves));
}

#[test]
fn the_same_question_gets_the_same_answer_in_any_order() {
    let question = (12..).map(|seed| random(seed, 14)).find(|question| brute_force(question).is_some()).expect("one");
    let mut turned = question.clone();
    turned.candidates.reverse();
    let [one, other] =
        [question, turned].map(|question| compose(&question, &mut |_: Progress| true).expect("an answer"));
    let value = |answer: &musubi_index::composing::group::Answer| answer.group.as_ref().map(|group| group.value);
    assert!((value(&one).expect("a value") - value(&other).expect("a value")).abs() < 1e-6);
}
