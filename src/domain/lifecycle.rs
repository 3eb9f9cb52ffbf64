//! Where a thing stands and where it may go: draft → submitted → published → expired or withdrawn. One table, role ×
//! step × from; and the rule of the yearly question.

use super::finding::Defect;
use super::vocabulary::{Kind, Status};

/// What is done with a thing as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// 申請: the author is ready.
    Submit,
    /// 掲載: a reviewer lets it appear.
    Publish,
    /// 差し戻し: a reviewer gives it back, with a comment.
    Return,
    /// 取り下げ: it is taken out.
    Withdraw,
    /// 再開: what was withdrawn becomes a draft again.
    Reopen,
    /// 確認: somebody says that it is still true.
    Verify,
    /// 期限切れ: nobody answered the yearly question.
    Expire,
}

impl Step {
    pub const ALL: [Step; 7] =
        [Step::Submit, Step::Publish, Step::Return, Step::Withdraw, Step::Reopen, Step::Verify, Step::Expire];

    /// Those that people take, each with a route; things expire by themselves.
    pub const BY_PEOPLE: [Step; 6] =
        [Step::Submit, Step::Publish, Step::Return, Step::Withdraw, Step::Reopen, Step::Verify];

    /// The last part of its route, and its code in the history of reviews.
    pub fn code(self) -> &'static str {
        match self {
            Step::Submit => "submit",
            Step::Publish => "publish",
            Step::Return => "return",
            Step::Withdraw => "withdraw",
            Step::Reopen => "reopen",
            Step::Verify => "verify",
            Step::Expire => "expire",
        }
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Step::Submit => ("申請", "submit it"),
            Step::Publish => ("掲載", "publish it"),
            Step::Return => ("差し戻し", "return it"),
            Step::Withdraw => ("取り下げ", "withdraw it"),
            Step::Reopen => ("再開", "reopen it"),
            Step::Verify => ("確認", "verify it"),
            Step::Expire => ("期限切れの処理", "let it expire"),
        }
    }
}

/// Whose hand it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hand {
    /// Somebody who may change the thing and whose submissions are reviewed: a first-time author.
    Author,
    /// Somebody who may change the thing and is known, or acts for a trusted party.
    Trusted,
    /// A coordinator, an administrator, the operator.
    Reviewer,
    /// The service itself.
    Service,
}

/// The status that a step leads to; `None` if it is not allowed. The one table.
pub fn after(step: Step, from: Status, hand: Hand) -> Option<Status> {
    match (hand, step, from) {
        (Hand::Service, Step::Expire, Status::Published) => Some(Status::Expired),
        (Hand::Service, _, _) | (_, Step::Expire, _) => None,

        (Hand::Author, Step::Submit, Status::Draft) => Some(Status::Submitted),
        (Hand::Trusted | Hand::Reviewer, Step::Submit, Status::Draft) => Some(Status::Published),
        (_, Step::Submit, _) => None,

        (Hand::Reviewer, Step::Publish, Status::Submitted) => Some(Status::Published),
        (_, Step::Publish, _) => None,

        (Hand::Reviewer, Step::Return, Status::Submitted) => Some(Status::Draft),
        (_, Step::Return, _) => None,

        (_, Step::Withdraw, Status::Submitted | Status::Published | Status::Expired) => Some(Status::Withdrawn),
        (_, Step::Withdraw, _) => None,

        (_, Step::Reopen, Status::Withdrawn) => Some(Status::Draft),
        (_, Step::Reopen, _) => None,

        // It had been let in before; one answer brings it back.
        (_, Step::Verify, Status::Published | Status::Expired) => Some(Status::Published),
        (_, Step::Verify, _) => None,
    }
}

/// Do authors have it reviewed? A record of work belongs to nobody alone, so nobody but a coordinator would see its draft;
/// an exhibition to no party at all.
pub fn reviewed(kind: Kind) -> bool {
    match kind {
        Kind::Organization | Kind::Person | Kind::Capability | Kind::Seed | Kind::Need => true,
        Kind::Record | Kind::Exhibition => false,
    }
}

/// Where a new thing stands.
pub fn first(hand: Hand) -> Status {
    match hand {
        Hand::Author => Status::Draft,
        Hand::Trusted | Hand::Reviewer | Hand::Service => Status::Published,
    }
}

/// Where a thing stands after its fields were changed: whoever corrects it has looked at it, which answers the yearly
/// question. Everything else only moves by a step.
pub fn after_change(status: Status) -> Status {
    match status {
        Status::Expired => Status::Published,
        Status::Draft | Status::Submitted | Status::Published | Status::Withdrawn => status,
    }
}

/// The refusal of a step, with what is possible instead.
pub fn refusal(step: Step, from: Status, hand: Hand) -> Defect {
    let possible: Vec<&str> =
        Step::ALL.into_iter().filter(|&step| after(step, from, hand).is_some()).map(Step::code).collect();
    let (possible_ja, possible_en) = match possible.is_empty() {
        true => ("ありません".to_owned(), "nothing".to_owned()),
        false => (possible.join("、"), possible.join(", ")),
    };
    let (ja, en) = step.names();
    Defect::new(
        "transition",
        format!("「{}」の状態では{ja}はできません。今できる操作: {possible_ja}。", from.name_ja()),
        format!(
            "While it is {}, you cannot {en}. What you can do now: {possible_en}.",
            from.name_en().to_ascii_lowercase()
        ),
    )
}

/// Days after which somebody is asked whether a thing is still true.
pub const ASK_AFTER_DAYS: i64 = 365;
/// Days there are to answer, before it drops out.
pub const ANSWER_WITHIN_DAYS: i64 = 90;
/// What falls due within so many days is asked about in the same letter.
pub const ASK_TOGETHER_DAYS: i64 = 30;

/// What the calendar says of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// It was verified within a year.
    NotYet,
    /// It is to be verified.
    Due,
    /// The question stayed unanswered.
    Unanswered,
}

/// `age`: days since somebody last verified the thing. `asked`: days since that question went out, if it did: nothing
/// drops out unasked, however old it is.
pub fn question(kind: Kind, age: i64, asked: Option<i64>) -> Question {
    if !asked_yearly(kind) || age < ASK_AFTER_DAYS {
        return Question::NotYet;
    }
    match asked {
        Some(days) if days >= ANSWER_WITHIN_DAYS => Question::Unanswered,
        Some(_) | None => Question::Due,
    }
}

/// Is it asked about every year? A record of work is a fact of its day: it does not become untrue. An
/// exhibition has its days.
pub fn asked_yearly(kind: Kind) -> bool {
    match kind {
        Kind::Organization | Kind::Person | Kind::Capability | Kind::Seed | Kind::Need => true,
        Kind::Record | Kind::Exhibition => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDS: [Hand; 4] = [Hand::Author, Hand::Trusted, Hand::Reviewer, Hand::Service];

    /// The table once more, written as what is allowed, against every combination.
    #[test]
    fn exactly_these_steps_are_allowed() {
        use Hand::{Author, Reviewer, Service, Trusted};
        use Status::{Draft, Expired, Published, Submitted, Withdrawn};
        let mut allowed = vec![
            (Service, Step::Expire, Published, Expired),
            (Author, Step::Submit, Draft, Submitted),
            (Trusted, Step::Submit, Draft, Published),
            (Reviewer, Step::Submit, Draft, Published),
            (Reviewer, Step::Publish, Submitted, Published),
            (Reviewer, Step::Return, Submitted, Draft),
        ];
        for hand in [Author, Trusted, Reviewer] {
            allowed.extend([Submitted, Published, Expired].map(|from| (hand, Step::Withdraw, from, Withdrawn)));
            allowed.push((hand, Step::Reopen, Withdrawn, Draft));
            allowed.extend([Published, Expired].map(|from| (hand, Step::Verify, from, Published)));
        }
        let mut found = 0;
        for hand in HANDS {
            for step in Step::ALL {
                for &from in Status::ALL {
                    let expected = allowed
                        .iter()
                        .find(|(other, its_step, its_from, _)| (*other, *its_step, *its_from) == (hand, step, from))
                        .map(|(.., to)| *to);
                    assert_eq!(after(step, from, hand), expected, "{hand:?} {step:?} {from:?}");
                    found += usize::from(expected.is_some());
                }
            }
        }
        assert_eq!(found, allowed.len());
    }

    /// Whatever an author does, in whatever order: without a reviewer, nothing appears that had not appeared before.
    #[test]
    fn an_author_alone_publishes_nothing() {
        let mut reached = vec![first(Hand::Author)];
        let mut at = 0;
        while let Some(&from) = reached.get(at) {
            at += 1;
            for step in Step::ALL {
                let next = after(step, from, Hand::Author).into_iter().chain([after_change(from)]);
                for to in next {
                    if !reached.contains(&to) {
                        reached.push(to);
                    }
                }
            }
        }
        assert!(!reached.contains(&Status::Published) && !reached.contains(&Status::Expired), "{reached:?}");
    }

    #[test]
    fn the_question_comes_after_a_year_and_nothing_drops_out_unasked() {
        for (age, asked, expected) in [
            (-1, None, Question::NotYet),
            (364, Some(400), Question::NotYet),
            (365, None, Question::Due),
            (365, Some(89), Question::Due),
            (365, Some(90), Question::Unanswered),
            (454, Some(89), Question::Due),
            (100_000, None, Question::Due),
        ] {
            assert_eq!(question(Kind::Capability, age, asked), expected, "{age} {asked:?}");
            assert_eq!(question(Kind::Record, age, asked), Question::NotYet);
        }
    }
}
