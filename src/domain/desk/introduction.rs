//! An introduction: asked → accepted by both sides | declined (coded reason) | lapsed.
//!
//! Each side says yes for itself; whoever asks for their own side has said it. Confidential parts open in stages: some
//! on mutual interest, the rest once an NDA is noted.

use super::{Day, Event, Facts, Matter, Mergeable, Refusal, Step, Told, closed, needs_text};
use crate::domain::finding::Defect;
use crate::domain::id::{ThingId, Timestamp};
use crate::domain::text::Prose;
use crate::domain::vocabulary::desk::{DeclineReason, IntroductionState, MatterKind, OpensOn, Side};
use crate::domain::vocabulary::{Kind, Purpose};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An answer is asked for within this many days.
pub const ANSWER_DAYS_MOST: u64 = 90;
/// Asked for when nobody says otherwise.
pub const ANSWER_DAYS: u64 = 14;
/// A reminder goes to whoever has not answered so many days before.
pub const REMIND_DAYS: u64 = 3;
const PARTS_MOST: usize = 50;
/// How the desk is told of a yes that is the only one; `accepted` is told when both sides agreed.
pub const ONE_YES: &str = "one_yes";

/// The standard questions of an expression of interest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Questions {
    /// 何を実現したいか: what it is for.
    #[schema(value_type = Option<String>)]
    pub goal: Option<Prose>,
    /// 何を提供できるか: what the asking side brings.
    #[schema(value_type = Option<String>)]
    pub offer: Option<Prose>,
    /// いつまでに: by when.
    #[schema(value_type = Option<String>)]
    pub schedule: Option<Prose>,
    /// 費用の見込み: about what cost.
    #[schema(value_type = Option<String>)]
    pub cost: Option<Prose>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum IntroductionDeed {
    Asked(Box<Asked>),
    Accepted {
        side: Side,
    },
    Declined {
        side: Side,
        reason: DeclineReason,
        text: Option<Prose>,
    },
    Lapsed,
    Reminded,
    NdaNoted {
        signed_on: Day,
    },
    PartAdded {
        side: Side,
        kind: Kind,
        thing: ThingId,
        opens: OpensOn,
    },
    PartWithdrawn {
        side: Side,
        thing: ThingId,
    },
    HandedOver {
        to: ThingId,
        note: Option<Prose>,
    },
    CaseOpened {
        case: ThingId,
    },
    /// The case that came of it ended. `keeps`: the two go on together, and what was opened stays open; else it closes.
    CaseClosed {
        case: ThingId,
        keeps: bool,
    },
    /// The case goes on, and what it had closed opens again.
    CaseReopened {
        case: ThingId,
    },
    /// A desk ends it: nobody answers, or nothing comes of it.
    Ended {
        reason: DeclineReason,
        text: Option<Prose>,
    },
    /// A party of these sides became part of another one.
    Merged {
        sides: Vec<Side>,
        from: ThingId,
        into: ThingId,
        ends: bool,
    },
    /// The party is parted from it again.
    Parted {
        sides: Vec<Side>,
        party: ThingId,
    },
}

/// What a merge changed, for the way back.
#[derive(Debug, Clone, PartialEq)]
pub struct Merging {
    pub party: ThingId,
    pub sides: Vec<Side>,
    pub was_subject: bool,
    /// Where it stood when the merge ended it.
    pub ended: Option<(IntroductionState, Option<Day>)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The proposal it comes from.
    pub proposal: Option<ThingId>,
    pub subject_kind: Kind,
    /// The need, seed … it is about; the seeking side owns it.
    pub subject: ThingId,
    /// The seeking side is not named to the other until both agree.
    pub anonymous: bool,
    /// The subject opens with mutual interest; what is private opens only when its owner adds it as a part.
    pub subject_opens: bool,
    pub seeking: ThingId,
    pub answering: ThingId,
    pub purpose: Option<Purpose>,
    pub message: Prose,
    pub questions: Questions,
    pub answer_by: Day,
    /// The side that asks for itself, and so has said yes; none when a coordinator asks both.
    pub willing: Option<Side>,
    pub desk: Option<ThingId>,
    /// Why it is asked again so soon after a no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Prose>,
}

/// A confidential thing of one side that opens to the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Part {
    pub side: Side,
    pub kind: Kind,
    pub thing: ThingId,
    pub opens: OpensOn,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Introduction {
    pub asked: Asked,
    pub asked_on: Day,
    pub state: IntroductionState,
    /// Sides that said yes.
    pub yes: Vec<Side>,
    pub declined: Option<Declined>,
    /// Why a desk ended it, and on which day.
    pub ended: Option<(DeclineReason, Option<Prose>, Day)>,
    pub closed_on: Option<Day>,
    pub desk: Option<ThingId>,
    pub parts: Vec<Part>,
    pub nda_signed_on: Option<Day>,
    pub reminded: bool,
    pub case: Option<ThingId>,
    /// The case has ended; whether it keeps open what was opened.
    pub case_closed: Option<bool>,
    pub merges: Vec<Merging>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Declined {
    pub side: Side,
    pub reason: DeclineReason,
    #[schema(value_type = Option<String>)]
    pub text: Option<Prose>,
}

impl Introduction {
    /// One open introduction for each pair.
    pub fn pair(subject: &ThingId, answering: &ThingId) -> String {
        format!("introduction {subject} {answering}")
    }

    pub fn party(&self, side: Side) -> &ThingId {
        match side {
            Side::Seeking => &self.asked.seeking,
            Side::Answering => &self.asked.answering,
        }
    }

    /// Both sides said yes.
    pub fn is_mutual(&self) -> bool {
        self.state == IntroductionState::Accepted
    }

    /// May the answering side know who seeks?
    pub fn names_the_seeker(&self) -> bool {
        !self.asked.anonymous || self.is_mutual()
    }

    /// The day to answer by is over, whether or not the clock was looked at since: an answer is refused.
    pub fn is_overdue(&self, now: &Timestamp) -> bool {
        self.waits() && *now >= self.asked.answer_by.end()
    }

    /// Nothing came of it in the end, and what was opened is closed.
    fn is_shut(&self) -> bool {
        self.case_closed == Some(false)
    }

    /// What is open now, and to which side. The subject opens with mutual interest; all closes when a case comes to nothing.
    pub fn opened(&self) -> Vec<(ThingId, Side)> {
        if !self.is_mutual() || self.is_shut() {
            return Vec::new();
        }
        let mut open = Vec::new();
        if self.asked.subject_opens {
            open.push((self.asked.subject.clone(), Side::Answering));
        }
        for part in &self.parts {
            let now = match part.opens {
                OpensOn::Interest => true,
                OpensOn::Nda => self.nda_signed_on.is_some(),
            };
            let opened = (part.thing.clone(), part.side.other());
            if now && !open.contains(&opened) {
                open.push(opened);
            }
        }
        open
    }

    /// What somebody of these sides may know of what happened: not a yes of the other side while it is the only one, and
    /// not what the other side keeps for later.
    pub fn seen_by(&self, events: &[Event<IntroductionDeed>], sides: &[Side]) -> Vec<Event<IntroductionDeed>> {
        let opened = self.opened();
        let seen = |event: &&Event<IntroductionDeed>| match &event.deed {
            IntroductionDeed::Accepted { side } => sides.contains(side) || self.is_mutual(),
            IntroductionDeed::PartAdded { side, thing, .. } => {
                sides.contains(side) || opened.iter().any(|(open, to)| open == thing && sides.contains(to))
            }
            IntroductionDeed::PartWithdrawn { side, .. } => sides.contains(side),
            // Who seeks is not told by who it became.
            IntroductionDeed::Merged { sides: whose, .. } | IntroductionDeed::Parted { sides: whose, .. } => {
                self.names_the_seeker() || sides.contains(&Side::Seeking) || !whose.contains(&Side::Seeking)
            }
            IntroductionDeed::Asked(_)
            | IntroductionDeed::HandedOver { .. }
            | IntroductionDeed::Ended { .. }
            | IntroductionDeed::Declined { .. }
            | IntroductionDeed::Lapsed
            | IntroductionDeed::Reminded
            | IntroductionDeed::NdaNoted { .. }
            | IntroductionDeed::CaseOpened { .. }
            | IntroductionDeed::CaseClosed { .. }
            | IntroductionDeed::CaseReopened { .. } => true,
        };
        events.iter().filter(seen).cloned().collect()
    }

    /// A merge left nothing to happen: both sides are one party, or there is another one of this pair.
    fn is_moot(&self) -> bool {
        self.merges.iter().any(|merging| merging.ended.is_some())
    }

    fn sides_of(&self, party: &ThingId) -> Vec<Side> {
        Side::ALL.iter().copied().filter(|side| self.party(*side) == party).collect()
    }

    fn put_party(&mut self, side: Side, party: ThingId) {
        match side {
            Side::Seeking => self.asked.seeking = party,
            Side::Answering => self.asked.answering = party,
        }
    }

    fn waits(&self) -> bool {
        self.state == IntroductionState::Asked
    }

    fn waiting_sides(&self) -> impl Iterator<Item = Side> {
        Side::ALL.iter().copied().filter(|side| !self.yes.contains(side))
    }

    /// What needs the yes of both: without it, or after it counts no more, the reason is said.
    fn refuse_unless_mutual(&self) -> Result<(), Refusal> {
        match self.state {
            IntroductionState::Accepted if self.is_shut() => Err(closed()),
            IntroductionState::Accepted => Ok(()),
            IntroductionState::Asked => Err(not_mutual()),
            IntroductionState::Ended => Err(Refusal::Conflict(Defect::new(
                "introduction-ended",
                "この紹介は打ち切られています。進めるには改めて紹介を申し込んでください。",
                "This introduction was ended. Ask for a new one to go on.",
            ))),
            IntroductionState::Declined | IntroductionState::Lapsed => Err(closed()),
        }
    }

    /// Once the day is over, an answer comes too late, whether or not the clock has been looked at since.
    fn refuse_late(&self, now: &Timestamp) -> Result<(), Refusal> {
        if self.state == IntroductionState::Lapsed || self.is_overdue(now) {
            let day = self.asked.answer_by.as_str();
            return Err(Refusal::Conflict(Defect::new(
                "lapsed",
                format!("回答期限（{day}）を過ぎています。改めて紹介を申し込んでください。"),
                format!("The answer was due by {day}. Please ask again."),
            )));
        }
        Ok(())
    }
}

impl Matter for Introduction {
    const KIND: MatterKind = MatterKind::Introduction;
    type Deed = IntroductionDeed;

    fn begin(event: &Event<IntroductionDeed>) -> Option<Self> {
        let IntroductionDeed::Asked(asked) = &event.deed else { return None };
        Some(Self {
            asked: (**asked).clone(),
            asked_on: event.happened_on.clone(),
            state: IntroductionState::Asked,
            yes: asked.willing.into_iter().collect(),
            declined: None,
            ended: None,
            closed_on: None,
            desk: asked.desk.clone(),
            parts: Vec::new(),
            nda_signed_on: None,
            reminded: false,
            case: None,
            case_closed: None,
            merges: Vec::new(),
        })
    }

    fn consider(&self, deed: &IntroductionDeed, happened_on: &Day, now: &Timestamp) -> Result<Step, Refusal> {
        match deed {
            IntroductionDeed::Asked(_) => Ok(Step::Already),
            IntroductionDeed::Merged { sides, from, .. } => {
                let there = sides.iter().any(|side| self.party(*side) == from);
                Ok(if there { Step::Take } else { Step::Already })
            }
            IntroductionDeed::Parted { party, .. } => {
                let there = self.merges.iter().any(|merging| merging.party == *party);
                Ok(if there { Step::Take } else { Step::Already })
            }
            IntroductionDeed::Accepted { .. } | IntroductionDeed::Declined { .. } if self.is_moot() => Err(closed()),
            IntroductionDeed::Accepted { side } => {
                if self.yes.contains(side) && self.state != IntroductionState::Declined {
                    return Ok(Step::Already);
                }
                self.refuse_late(now)?;
                if self.waits() { Ok(Step::Take) } else { Err(closed()) }
            }
            IntroductionDeed::Declined { side, reason, text } => {
                needs_text(*reason, text)?;
                let same = Declined { side: *side, reason: *reason, text: text.clone() };
                if self.declined.as_ref() == Some(&same) {
                    return Ok(Step::Already);
                }
                self.refuse_late(now)?;
                if self.waits() { Ok(Step::Take) } else { Err(closed()) }
            }
            IntroductionDeed::Ended { reason, text } => {
                needs_text(*reason, text)?;
                if self.ended.is_some() {
                    return Ok(Step::Already);
                }
                match &self.case {
                    _ if self.is_moot() || !(self.waits() || self.is_mutual()) => Err(closed()),
                    Some(case) if self.case_closed.is_none() => Err(goes_on(case)),
                    Some(_) | None => Ok(Step::Take),
                }
            }
            IntroductionDeed::Lapsed => Ok(if self.is_overdue(now) { Step::Take } else { Step::Already }),
            IntroductionDeed::Reminded => Ok(if self.waits() && !self.reminded { Step::Take } else { Step::Already }),
            IntroductionDeed::NdaNoted { signed_on } => {
                self.refuse_unless_mutual()?;
                if *signed_on > *happened_on {
                    return Err(Refusal::Invalid(
                        "/signed_on",
                        Defect::new(
                            "day.future",
                            "締結日は今日までの日付です。",
                            "The day of signing is not in the future.",
                        ),
                    ));
                }
                Ok(if self.nda_signed_on.is_some() { Step::Already } else { Step::Take })
            }
            IntroductionDeed::PartAdded { side, kind, thing, opens } => {
                if !(self.waits() || self.is_mutual()) || self.is_shut() {
                    return Err(closed());
                }
                let part = Part { side: *side, kind: *kind, thing: thing.clone(), opens: *opens };
                if self.parts.contains(&part) {
                    return Ok(Step::Already);
                }
                if self.parts.len() >= PARTS_MOST {
                    return Err(Refusal::Invalid(
                        "/thing",
                        Defect::new("list.too_long", "50件までです。", "At most 50 parts."),
                    ));
                }
                Ok(Step::Take)
            }
            IntroductionDeed::PartWithdrawn { side, thing } => {
                let there = self.parts.iter().any(|part| part.side == *side && part.thing == *thing);
                Ok(if there { Step::Take } else { Step::Already })
            }
            IntroductionDeed::HandedOver { to, .. } => {
                Ok(if self.desk.as_ref() == Some(to) { Step::Already } else { Step::Take })
            }
            IntroductionDeed::CaseOpened { case } => match &self.case {
                Some(there) if there == case => Ok(Step::Already),
                Some(_) => Err(Refusal::Conflict(Defect::new(
                    "case-open",
                    "この紹介の案件はすでにあります。",
                    "There is a case of this introduction already.",
                ))),
                None if self.is_moot() => Err(closed()),
                None => self.refuse_unless_mutual().map(|()| Step::Take),
            },
            IntroductionDeed::CaseClosed { case, keeps } => {
                let is_new = self.case.as_ref() == Some(case) && self.case_closed != Some(*keeps);
                Ok(if is_new { Step::Take } else { Step::Already })
            }
            IntroductionDeed::CaseReopened { case } => {
                let was_closed = self.case.as_ref() == Some(case) && self.case_closed.is_some();
                Ok(if was_closed { Step::Take } else { Step::Already })
            }
        }
    }

    fn add(&mut self, event: &Event<IntroductionDeed>) {
        match event.deed.clone() {
            IntroductionDeed::Asked(_) => {}
            IntroductionDeed::Accepted { side } => {
                if !self.yes.contains(&side) {
                    self.yes.push(side);
                }
                if self.yes.len() == Side::ALL.len() {
                    self.state = IntroductionState::Accepted;
                    self.closed_on = Some(event.happened_on.clone());
                }
            }
            IntroductionDeed::Declined { side, reason, text } => {
                self.state = IntroductionState::Declined;
                self.closed_on = Some(event.happened_on.clone());
                self.declined = Some(Declined { side, reason, text });
            }
            IntroductionDeed::Ended { reason, text } => {
                self.state = IntroductionState::Ended;
                // The day on which both agreed stays what it is.
                self.closed_on.get_or_insert_with(|| event.happened_on.clone());
                self.ended = Some((reason, text, event.happened_on.clone()));
            }
            IntroductionDeed::Lapsed => {
                self.state = IntroductionState::Lapsed;
                self.closed_on = Some(event.happened_on.clone());
            }
            IntroductionDeed::Reminded => self.reminded = true,
            IntroductionDeed::NdaNoted { signed_on } => self.nda_signed_on = Some(signed_on),
            IntroductionDeed::PartAdded { side, kind, thing, opens } => {
                self.parts.retain(|part| part.thing != thing);
                self.parts.push(Part { side, kind, thing, opens });
            }
            IntroductionDeed::PartWithdrawn { side, thing } => {
                self.parts.retain(|part| part.side != side || part.thing != thing);
            }
            IntroductionDeed::HandedOver { to, .. } => self.desk = Some(to),
            IntroductionDeed::CaseOpened { case } => self.case = Some(case),
            IntroductionDeed::CaseClosed { keeps, .. } => self.case_closed = Some(keeps),
            IntroductionDeed::CaseReopened { .. } => self.case_closed = None,
            IntroductionDeed::Merged { sides, from, into, ends } => {
                let ended = ends.then(|| (self.state, self.closed_on.clone()));
                if ends && self.waits() {
                    (self.state, self.closed_on) = (IntroductionState::Lapsed, Some(event.happened_on.clone()));
                }
                let was_subject = self.asked.subject == from;
                if was_subject {
                    self.asked.subject = into.clone();
                }
                for side in &sides {
                    self.put_party(*side, into.clone());
                }
                self.merges.push(Merging { party: from, sides, was_subject, ended });
            }
            IntroductionDeed::Parted { party, .. } => {
                let Some(place) = self.merges.iter().rposition(|merging| merging.party == party) else { return };
                let merging = self.merges.remove(place);
                for side in merging.sides {
                    self.put_party(side, party.clone());
                }
                if merging.was_subject {
                    self.asked.subject = party;
                }
                if let Some(ended) = merging.ended {
                    (self.state, self.closed_on) = ended;
                }
            }
        }
    }

    fn facts(&self) -> Facts {
        let reminder = || Day::of_date(self.asked.answer_by.date() - chrono::TimeDelta::days(REMIND_DAYS as i64)).end();
        let due_at = match (self.waits(), self.reminded) {
            (false, _) => None,
            (true, true) => Some(self.asked.answer_by.end()),
            (true, false) => Some(reminder()),
        };
        let ended = self.is_moot()
            || matches!(self.state, IntroductionState::Declined | IntroductionState::Lapsed | IntroductionState::Ended);
        let mut parties = vec![(self.asked.seeking.clone(), Some(Side::Seeking))];
        if self.asked.answering != self.asked.seeking {
            parties.push((self.asked.answering.clone(), Some(Side::Answering)));
        }
        Facts {
            state: self.state.code(),
            desk: self.desk.clone(),
            subject: Some(self.asked.subject.clone()),
            purpose: self.asked.purpose,
            due_at,
            // After a no or a lapse the pair may be asked again.
            pair: (!ended).then(|| Self::pair(&self.asked.subject, &self.asked.answering)),
            parties,
            former: Vec::new(),
            closed: ended || self.case.is_some(),
        }
    }

    fn name(deed: &IntroductionDeed) -> &'static str {
        match deed {
            IntroductionDeed::Asked(_) => "asked",
            IntroductionDeed::Accepted { .. } => "accepted",
            IntroductionDeed::Declined { .. } => "declined",
            IntroductionDeed::Lapsed => "lapsed",
            IntroductionDeed::Reminded => "reminded",
            IntroductionDeed::NdaNoted { .. } => "nda_noted",
            IntroductionDeed::PartAdded { .. } => "part_added",
            IntroductionDeed::PartWithdrawn { .. } => "part_withdrawn",
            IntroductionDeed::HandedOver { .. } => "handed_over",
            IntroductionDeed::CaseOpened { .. } => "case_opened",
            IntroductionDeed::CaseClosed { .. } => "case_closed",
            IntroductionDeed::CaseReopened { .. } => "case_reopened",
            IntroductionDeed::Ended { .. } => "ended",
            IntroductionDeed::Merged { .. } => "merged",
            IntroductionDeed::Parted { .. } => "parted",
        }
    }

    fn told(&self, deed: &IntroductionDeed) -> Vec<Told> {
        let sides = |sides: &[Side]| sides.iter().map(|side| Told::Party(self.party(*side).clone())).collect();
        let all =
            || vec![Told::Party(self.asked.seeking.clone()), Told::Party(self.asked.answering.clone()), Told::Desk];
        match deed {
            IntroductionDeed::Asked(_) | IntroductionDeed::Reminded => {
                let mut told: Vec<Told> = sides(&self.waiting_sides().collect::<Vec<Side>>());
                // What members ask of each other is on no desk until a coordinator takes it.
                if matches!(deed, IntroductionDeed::Asked(_)) && self.desk.is_none() {
                    told.push(Told::Coordinators);
                }
                told
            }
            // One yes is not told to the other side: nobody is pressed. Mutual interest is told to both at once.
            IntroductionDeed::Accepted { .. } if !self.is_mutual() => vec![Told::Desk],
            IntroductionDeed::Accepted { .. }
            | IntroductionDeed::Lapsed
            | IntroductionDeed::Ended { .. }
            | IntroductionDeed::NdaNoted { .. } => all(),
            IntroductionDeed::Declined { side, .. } => {
                vec![Told::Party(self.party(side.other()).clone()), Told::Desk]
            }
            IntroductionDeed::PartAdded { side, .. } if self.is_mutual() => sides(&[side.other()]),
            IntroductionDeed::HandedOver { .. } => vec![Told::Desk],
            // Whoever still waited for an answer hears that none will come.
            IntroductionDeed::Merged { ends: true, .. }
                if self.merges.last().and_then(|merging| merging.ended.as_ref()).map(|(state, _)| *state)
                    == Some(IntroductionState::Asked) =>
            {
                all()
            }
            IntroductionDeed::PartAdded { .. }
            | IntroductionDeed::PartWithdrawn { .. }
            | IntroductionDeed::CaseOpened { .. }
            // The case itself tells of it.
            | IntroductionDeed::CaseClosed { .. }
            | IntroductionDeed::CaseReopened { .. }
            | IntroductionDeed::Merged { .. }
            | IntroductionDeed::Parted { .. } => Vec::new(),
        }
    }

    fn told_as(&self, deed: &IntroductionDeed) -> &'static str {
        match deed {
            IntroductionDeed::Accepted { .. } if !self.is_mutual() => ONE_YES,
            _ => Self::name(deed),
        }
    }

    fn opens(&self) -> Vec<(ThingId, ThingId)> {
        self.opened().into_iter().map(|(thing, side)| (thing, self.party(side).clone())).collect()
    }

    fn hand_over(to: ThingId, note: Option<Prose>) -> Option<IntroductionDeed> {
        Some(IntroductionDeed::HandedOver { to, note })
    }
}

impl Mergeable for Introduction {
    fn merge(&self, from: ThingId, into: ThingId, ends: bool) -> IntroductionDeed {
        IntroductionDeed::Merged { sides: self.sides_of(&from), from, into, ends }
    }

    fn part(&self, party: ThingId) -> IntroductionDeed {
        let merging = self.merges.iter().rev().find(|merging| merging.party == party);
        IntroductionDeed::Parted { sides: merging.map(|merging| merging.sides.clone()).unwrap_or_default(), party }
    }

    fn is_with_itself(&self, _: Option<&ThingId>) -> bool {
        self.asked.seeking == self.asked.answering
    }
}

fn not_mutual() -> Refusal {
    Refusal::Conflict(Defect::new(
        "not-mutual",
        "双方の合意がまだありません。",
        "The two sides have not both agreed yet.",
    ))
}

fn goes_on(case: &ThingId) -> Refusal {
    Refusal::Conflict(Defect::new(
        "case-open",
        format!("この紹介から始まった案件（{case}）が続いています。先に案件の成果（中止など）を記録してください。"),
        format!("The case that came of it ({case}) goes on. Record its outcome first (discontinued, for example)."),
    ))
}
