//! What cannot be worked with is refused, with the place; what is large is bounded.

use crate::support::random;
use musubi_index::composing::group::{
    Candidate, MOST_CANDIDATES, MOST_WISHES, Question, Rule, Wish, compose, evaluate,
};
use musubi_index::composing::{Progress, sample};

fn refused(question: &Question) -> Vec<String> {
    let refusals = compose(question, &mut |_: Progress| true).expect_err("a refusal");
    refusals.into_iter().map(|refusal| refusal.pointer).collect()
}

#[test]
fn bad_values_are_refused_with_their_place() {
    let good = random(5, 10);
    let with = |change: &dyn Fn(&mut Question)| {
        let mut question = good.clone();
        change(&mut question);
        refused(&question)
    };
    assert_eq!(with(&|question| question.candidates[3].share = -1), ["/candidates/3/share"]);
    assert_eq!(with(&|question| question.candidates[3].cost = i64::MAX), ["/candidates/3/cost"]);
    assert_eq!(with(&|question| question.candidates[2].chance = f64::NAN), ["/candidates/2/chance"]);
    assert_eq!(with(&|question| question.candidates[2].covers = vec![(99, 0.5)]), ["/candidates/2/covers"]);
    assert_eq!(with(&|question| question.candidates[1].id = question.candidates[0].id.clone())[0], "/candidates/1/id");
    assert_eq!(
        with(&|question| question.wishes = vec![Wish::must(Rule::Must { candidate: "nobody".into() })]),
        ["/wishes/0/candidate"]
    );
    assert_eq!(
        with(&|question| question.wishes = vec![Wish::must(Rule::Places { least: 5, most: 4 })]),
        ["/wishes/0/most"]
    );
    assert_eq!(
        with(&|question| question.wishes = vec![Wish::must(Rule::SubsidyAtMost { amount: -5 })]),
        ["/wishes/0/amount"]
    );
    assert_eq!(
        with(&|question| question.wishes = vec![Wish::better(Rule::SomebodyLeads, f64::INFINITY)]),
        ["/wishes/0/soft"]
    );
    assert_eq!(with(&|question| question.topics[0].weight = 0.0), ["/topics/0/weight"]);
    assert_eq!(with(&|question| question.rivals = vec![("f001".into(), "f001".into())]), ["/rivals/0"]);
    assert_eq!(with(&|question| question.wishes = vec![Wish::must(Rule::SomebodyLeads); MOST_WISHES + 1]), ["/wishes"]);
    assert_eq!(with(&|question| question.wishes = vec![Wish::must(Rule::SomebodyLeads); 10_000]), ["/wishes"]);
    let crowd = |count: usize| (0..count).map(|number| Candidate::named(&format!("n{number}"))).collect();
    assert_eq!(with(&|question| question.candidates = crowd(100_000)), ["/candidates"]);
    assert!(evaluate(&good, &["nobody".into()]).is_err());
}

#[test]
fn nothing_at_all_is_a_question_too() {
    let answer = compose(&Question::default(), &mut |_: Progress| true).expect("an answer");
    assert!(answer.group.is_some_and(|group| group.members.is_empty()) && answer.proven);
    let places = vec![Wish::must(Rule::Places { least: usize::MAX, most: usize::MAX })];
    let answer =
        compose(&Question { wishes: places, ..Question::default() }, &mut |_: Progress| true).expect("an answer");
    assert!(answer.group.is_none() && answer.conflict.is_some_and(|conflict| conflict.wishes.len() == 1));
}

#[test]
fn as_many_as_are_allowed_stop_when_told() {
    let mut question = sample::pavilion(9, MOST_CANDIDATES, 24);
    // So many firms with so few concepts are all alike.
    question.wishes.retain(|wish| !matches!(wish.rule, Rule::RivalsApart { .. }));
    let mut looks = 0;
    let answer = compose(&question, &mut |_: Progress| {
        looks += 1;
        looks < 5
    })
    .expect("an answer");
    assert!(looks < 40, "{looks} looks after it was told to stop");
    assert!(answer.group.is_none_or(|group| group.broken.is_empty()));
}

#[test]
fn a_thousand_wishes_are_answered_or_named() {
    let mut question = random(7, 18);
    let extra = (0..MOST_WISHES - question.wishes.len()).map(|number| match number % 3 {
        0 => Wish::must(Rule::Apart {
            candidates: vec![format!("f{:03}", number % 18), format!("f{:03}", (number + 7) % 18)],
        }),
        1 => Wish::better(Rule::Must { candidate: format!("f{:03}", number % 18) }, 0.1),
        _ => Wish::must(Rule::FieldAtMost { field: None, count: 3 }),
    });
    question.wishes.extend(extra.collect::<Vec<_>>());
    let answer = compose(&question, &mut |_: Progress| true).expect("an answer");
    assert!(answer.group.is_some() || answer.conflict.is_some());
}
