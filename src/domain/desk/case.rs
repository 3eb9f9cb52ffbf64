//! A case: 相談 → 紹介 → 面談 → 共同研究 → 試作 → 量産 → 市場, from the first talk to the outcome. Nothing of it is
//! overwritten: what was true on a day is read back as of that day.

use super::{Day, Event, Facts, Matter, Mergeable, Refusal, Step, Told, closed, replace_once, required};
use crate::domain::codes::{FieldCode, MunicipalityCode};
use crate::domain::finding::Defect;
use crate::domain::id::{ThingId, Timestamp};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::Purpose;
use crate::domain::vocabulary::desk::{CaseOutcome, CaseStage, MatterKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const PARTICIPANTS_MOST: usize = 50;
pub const MEASURES_MOST: usize = 20;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum CaseDeed {
    Opened(Box<Opened>),
    Stage {
        to: CaseStage,
        reason: Option<Prose>,
    },
    /// Another title; the history keeps the earlier one.
    Retitled {
        title: Line,
    },
    Noted {
        text: Prose,
    },
    Document {
        title: Line,
        link: Line,
    },
    NextAction {
        what: Line,
        on: Day,
    },
    ActionDone {
        text: Option<Prose>,
    },
    /// The day of the next action came.
    Reminded,
    Joined {
        party: ThingId,
        /// It reads what was written before, too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        share: bool,
    },
    Left {
        party: ThingId,
        reason: Option<Prose>,
    },
    /// The measures (施策) that list the case, all of them.
    Measures {
        measures: Vec<Line>,
    },
    Outcome {
        outcome: CaseOutcome,
        text: Option<Prose>,
    },
    Reopened {
        reason: Option<Prose>,
    },
    HandedOver {
        to: ThingId,
        note: Option<Prose>,
    },
    /// A participant became part of another party.
    Merged {
        from: ThingId,
        into: ThingId,
    },
    /// It is parted from it again.
    Parted {
        party: ThingId,
    },
}

/// What a merge changed, for the way back.
#[derive(Debug, Clone, PartialEq)]
pub struct Merging {
    pub party: ThingId,
    pub into: ThingId,
    pub took_part: bool,
    /// The other one took part already.
    pub doubled: bool,
    pub was_former: bool,
    pub was_subject: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    pub title: Line,
    pub introduction: Option<ThingId>,
    /// The meeting of a 商談会 it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<ThingId>,
    pub subject: Option<ThingId>,
    pub parties: Vec<ThingId>,
    pub purpose: Option<Purpose>,
    pub fields: Vec<FieldCode>,
    pub municipality: Option<MunicipalityCode>,
    pub measures: Vec<Line>,
    pub stage: CaseStage,
    /// Why it begins further on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Prose>,
    pub desk: Option<ThingId>,
}

/// A document stays where it is; the case knows its address. It is never fetched.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Document {
    #[schema(value_type = String)]
    pub title: Line,
    #[schema(value_type = String)]
    pub link: Line,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NextAction {
    #[schema(value_type = String)]
    pub what: Line,
    pub on: Day,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub opened: Opened,
    pub title: Line,
    pub opened_on: Day,
    pub stage: CaseStage,
    /// The day from which the stage counts.
    pub stage_since: Day,
    /// The day of the last stage, outcome or reopening: the next one is not before it.
    pub moved_on: Day,
    pub participants: Vec<ThingId>,
    /// Parties that were once in it.
    pub former: Vec<ThingId>,
    pub measures: Vec<Line>,
    pub documents: Vec<Document>,
    pub next_action: Option<NextAction>,
    pub reminded: bool,
    pub outcome: Option<(CaseOutcome, Option<Prose>, Day)>,
    pub desk: Option<ThingId>,
    pub merges: Vec<Merging>,
}

impl Case {
    /// One case for each introduction, and for each meeting.
    pub fn pair(origin: &ThingId) -> String {
        format!("case {origin}")
    }

    /// The events that somebody of these parties may know of. While a party takes part it reads everything; of what was before,
    /// or between leaving and coming back, it reads what the case is (stages, participants, measures), and what was written
    /// (notes, documents, actions) only where its joining shared that. After it left, nothing more.
    pub fn seen_by(&self, events: &[Event<CaseDeed>], parties: &[ThingId]) -> Vec<Event<CaseDeed>> {
        let is_own = |party: &ThingId| parties.contains(&self.now(party));
        let (mut so_far, mut shared, mut inside) = (None::<Case>, 0, Vec::with_capacity(events.len()));
        for (place, event) in events.iter().enumerate() {
            let takes_part = |case: &Option<Case>| case.iter().flat_map(|case| &case.participants).any(is_own);
            let before = takes_part(&so_far);
            match &mut so_far {
                None => so_far = Case::begin(event),
                Some(case) => case.add(event),
            }
            inside.push(before || takes_part(&so_far));
            if matches!(&event.deed, CaseDeed::Joined { party, share: true } if is_own(party)) {
                shared = place;
            }
        }
        let end = inside.iter().rposition(|inside| *inside).map_or(0, |last| last + 1);
        let seen = |(place, event): (usize, &Event<CaseDeed>)| {
            (inside[place] || place < shared || !is_written(&event.deed)).then(|| event.clone())
        };
        events[..end].iter().enumerate().filter_map(seen).collect()
    }

    /// What a party is called now, after every merge.
    fn now(&self, party: &ThingId) -> ThingId {
        let mut party = party.clone();
        for _ in 0..self.merges.len() {
            match self.merges.iter().find(|merging| merging.party == party) {
                Some(merging) => party = merging.into.clone(),
                None => break,
            }
        }
        party
    }

    fn check_stage(&self, to: CaseStage, reason: &Option<Prose>) -> Result<Step, Refusal> {
        if to == self.stage {
            return Ok(Step::Already);
        }
        check_way(self.stage, to, reason)?;
        Ok(Step::Take)
    }
}

/// Words and links that participants leave for each other.
fn is_written(deed: &CaseDeed) -> bool {
    match deed {
        CaseDeed::Noted { .. }
        | CaseDeed::Document { .. }
        | CaseDeed::NextAction { .. }
        | CaseDeed::ActionDone { .. }
        | CaseDeed::Reminded => true,
        CaseDeed::Opened(_)
        | CaseDeed::Stage { .. }
        | CaseDeed::Retitled { .. }
        | CaseDeed::Joined { .. }
        | CaseDeed::Left { .. }
        | CaseDeed::Measures { .. }
        | CaseDeed::Outcome { .. }
        | CaseDeed::Reopened { .. }
        | CaseDeed::HandedOver { .. }
        | CaseDeed::Merged { .. }
        | CaseDeed::Parted { .. } => false,
    }
}

/// One step on needs no reason; a skip or a step back does. 紹介 is how two parties come to meet: a first talk that leads to a
/// meeting without it skips nothing.
pub fn check_way(from: CaseStage, to: CaseStage, reason: &Option<Prose>) -> Result<(), Refusal> {
    let place = |stage: CaseStage| CaseStage::ALL.iter().position(|known| *known == stage).unwrap_or(0);
    let is_next = place(to) == place(from) + 1;
    let meets = (from, to) == (CaseStage::Consultation, CaseStage::Meeting);
    if to == from || is_next || meets || reason.is_some() {
        return Ok(());
    }
    Err(Refusal::Invalid(
        "/reason",
        Defect::new(
            "stage.reason",
            "段階を飛ばすとき、戻すときは理由を書いてください。",
            "Please say why a stage is skipped or walked back.",
        ),
    ))
}

impl Matter for Case {
    const KIND: MatterKind = MatterKind::Case;
    type Deed = CaseDeed;

    fn begin(event: &Event<CaseDeed>) -> Option<Self> {
        let CaseDeed::Opened(opened) = &event.deed else { return None };
        Some(Self {
            opened: (**opened).clone(),
            title: opened.title.clone(),
            opened_on: event.happened_on.clone(),
            stage: opened.stage,
            stage_since: event.happened_on.clone(),
            moved_on: event.happened_on.clone(),
            participants: opened.parties.clone(),
            former: Vec::new(),
            measures: opened.measures.clone(),
            documents: Vec::new(),
            next_action: None,
            reminded: false,
            outcome: None,
            desk: opened.desk.clone(),
            merges: Vec::new(),
        })
    }

    fn consider(&self, deed: &CaseDeed, happened_on: &Day, now: &Timestamp) -> Result<Step, Refusal> {
        if *happened_on > Day::at(now) {
            return Err(Refusal::Invalid(
                "/happened_on",
                Defect::new("day.future", "今日までの日付を入れてください。", "The day is not in the future."),
            ));
        }
        let moves = matches!(deed, CaseDeed::Stage { .. } | CaseDeed::Outcome { .. } | CaseDeed::Reopened { .. });
        let last = if moves { &self.moved_on } else { &self.opened_on };
        if happened_on < last {
            let day = last.as_str();
            return Err(Refusal::Invalid(
                "/happened_on",
                Defect::new(
                    "day.order",
                    format!("前の段階（{day}）より前の日付にはできません。"),
                    format!("It cannot lie before the stage it follows ({day})."),
                ),
            ));
        }
        let is_over = self.outcome.is_some();
        match deed {
            CaseDeed::Opened(_) => Ok(Step::Already),
            CaseDeed::Stage { .. } | CaseDeed::NextAction { .. } | CaseDeed::Joined { .. } if is_over => Err(closed()),
            CaseDeed::Stage { to, reason } => self.check_stage(*to, reason),
            CaseDeed::Retitled { title } => Ok(if self.title == *title { Step::Already } else { Step::Take }),
            CaseDeed::Noted { .. } => Ok(Step::Take),
            CaseDeed::Document { title, link } => {
                let there = self.documents.iter().any(|known| known.title == *title && known.link == *link);
                Ok(if there { Step::Already } else { Step::Take })
            }
            CaseDeed::NextAction { what, on } => {
                if *on < Day::at(now) {
                    return Err(Refusal::Invalid(
                        "/on",
                        Defect::new(
                            "day.past",
                            "今日以降の日付を入れてください。",
                            "The day of an action is not in the past.",
                        ),
                    ));
                }
                let same = NextAction { what: what.clone(), on: on.clone() };
                Ok(if self.next_action.as_ref() == Some(&same) { Step::Already } else { Step::Take })
            }
            CaseDeed::ActionDone { .. } => Ok(if self.next_action.is_some() { Step::Take } else { Step::Already }),
            CaseDeed::Reminded => {
                let due = self.next_action.as_ref().is_some_and(|action| action.on <= Day::at(now));
                Ok(if due && !self.reminded && !is_over { Step::Take } else { Step::Already })
            }
            CaseDeed::Joined { party, .. } => {
                if self.participants.contains(party) {
                    return Ok(Step::Already);
                }
                if self.participants.len() >= PARTICIPANTS_MOST {
                    return Err(Refusal::Invalid(
                        "/party",
                        Defect::new("list.too_long", "参加者は50件までです。", "At most 50 participants."),
                    ));
                }
                Ok(Step::Take)
            }
            CaseDeed::Left { party, reason } => {
                if self.former.contains(party) && !self.participants.contains(party) {
                    return Ok(Step::Already);
                }
                if !self.participants.contains(party) {
                    return Err(Refusal::Invalid(
                        "/party",
                        Defect::new(
                            "party.not_there",
                            "この案件に参加していない機関・企業・研究者です。",
                            "This party does not take part in the case.",
                        ),
                    ));
                }
                if reason.is_none() {
                    return Err(required("/reason"));
                }
                if self.participants.len() == 1 {
                    return Err(Refusal::Conflict(Defect::new(
                        "last-participant",
                        "最後の参加者です。案件を終えるときは成果（outcome）を記録してください。",
                        "It is the last participant. To end the case, record its outcome.",
                    )));
                }
                Ok(Step::Take)
            }
            CaseDeed::Measures { measures } => Ok(if self.measures == *measures { Step::Already } else { Step::Take }),
            CaseDeed::Outcome { outcome, text } => match &self.outcome {
                Some((known, said, _)) if known == outcome && said == text => Ok(Step::Already),
                Some(_) => Err(closed()),
                None => Ok(Step::Take),
            },
            CaseDeed::Reopened { reason } => match (is_over, reason) {
                (false, _) => Ok(Step::Already),
                (true, None) => Err(required("/reason")),
                (true, Some(_)) => Ok(Step::Take),
            },
            CaseDeed::HandedOver { to, .. } => {
                Ok(if self.desk.as_ref() == Some(to) { Step::Already } else { Step::Take })
            }
            CaseDeed::Merged { from, .. } => {
                let there = self.participants.contains(from)
                    || self.former.contains(from)
                    || self.opened.subject.as_ref() == Some(from);
                Ok(if there { Step::Take } else { Step::Already })
            }
            CaseDeed::Parted { party } => {
                let there = self.merges.iter().any(|merging| merging.party == *party);
                Ok(if there { Step::Take } else { Step::Already })
            }
        }
    }

    fn add(&mut self, event: &Event<CaseDeed>) {
        match event.deed.clone() {
            CaseDeed::Opened(_) | CaseDeed::Noted { .. } => {}
            CaseDeed::Retitled { title } => self.title = title,
            CaseDeed::Stage { to, .. } => {
                self.stage = to;
                self.stage_since = event.happened_on.clone();
                self.moved_on = event.happened_on.clone();
            }
            CaseDeed::Document { title, link } => self.documents.push(Document { title, link }),
            CaseDeed::NextAction { what, on } => {
                self.next_action = Some(NextAction { what, on });
                self.reminded = false;
            }
            CaseDeed::ActionDone { .. } => self.next_action = None,
            CaseDeed::Reminded => self.reminded = true,
            CaseDeed::Joined { party, .. } => {
                self.former.retain(|known| *known != party);
                self.participants.push(party);
            }
            CaseDeed::Left { party, .. } => {
                self.participants.retain(|known| *known != party);
                self.former.push(party);
            }
            CaseDeed::Measures { measures } => self.measures = measures,
            CaseDeed::Outcome { outcome, text } => {
                self.outcome = Some((outcome, text, event.happened_on.clone()));
                self.next_action = None;
                self.moved_on = event.happened_on.clone();
            }
            CaseDeed::Reopened { .. } => {
                self.outcome = None;
                self.moved_on = event.happened_on.clone();
            }
            CaseDeed::HandedOver { to, .. } => self.desk = Some(to),
            CaseDeed::Merged { from, into } => {
                let merging = Merging {
                    took_part: self.participants.contains(&from),
                    doubled: self.participants.contains(&into),
                    was_former: self.former.contains(&from),
                    was_subject: self.opened.subject.as_ref() == Some(&from),
                    party: from.clone(),
                    into: into.clone(),
                };
                replace_once(&mut self.participants, &from, &into);
                replace_once(&mut self.former, &from, &into);
                if merging.was_subject {
                    self.opened.subject = Some(into);
                }
                self.merges.push(merging);
            }
            CaseDeed::Parted { party } => {
                let Some(place) = self.merges.iter().rposition(|merging| merging.party == party) else { return };
                let Merging { into, took_part, doubled, was_former, was_subject, .. } = self.merges.remove(place);
                match (took_part, doubled) {
                    (true, true) => self.participants.push(party.clone()),
                    // Whoever left meanwhile has left.
                    (true, false) if !self.participants.contains(&into) => {
                        replace_once(&mut self.former, &into, &party);
                    }
                    (true, false) => replace_once(&mut self.participants, &into, &party),
                    (false, _) if was_former => replace_once(&mut self.former, &into, &party),
                    (false, _) => {}
                }
                if was_subject {
                    self.opened.subject = Some(party);
                }
            }
        }
    }

    fn facts(&self) -> Facts {
        let action = self.next_action.as_ref().filter(|_| !self.reminded && self.outcome.is_none());
        Facts {
            state: self.stage.code(),
            desk: self.desk.clone(),
            subject: self.opened.subject.clone(),
            purpose: self.opened.purpose,
            // From the morning of the day.
            due_at: action.map(|action| Day::of_date(action.on.date() - chrono::TimeDelta::days(1)).end()),
            pair: self.opened.introduction.as_ref().or(self.opened.meeting.as_ref()).map(Self::pair),
            parties: self.participants.iter().map(|party| (party.clone(), None)).collect(),
            former: self.former.iter().filter(|party| !self.participants.contains(party)).cloned().collect(),
            closed: self.outcome.is_some(),
        }
    }

    fn name(deed: &CaseDeed) -> &'static str {
        match deed {
            CaseDeed::Opened(_) => "opened",
            CaseDeed::Stage { .. } => "stage",
            CaseDeed::Retitled { .. } => "retitled",
            CaseDeed::Noted { .. } => "noted",
            CaseDeed::Document { .. } => "document",
            CaseDeed::NextAction { .. } => "next_action",
            CaseDeed::ActionDone { .. } => "action_done",
            CaseDeed::Reminded => "reminded",
            CaseDeed::Joined { .. } => "joined",
            CaseDeed::Left { .. } => "left",
            CaseDeed::Measures { .. } => "measures",
            CaseDeed::Outcome { .. } => "outcome",
            CaseDeed::Reopened { .. } => "reopened",
            CaseDeed::HandedOver { .. } => "handed_over",
            CaseDeed::Merged { .. } => "merged",
            CaseDeed::Parted { .. } => "parted",
        }
    }

    fn told(&self, deed: &CaseDeed) -> Vec<Told> {
        match deed {
            CaseDeed::Opened(_)
            | CaseDeed::Stage { .. }
            | CaseDeed::Noted { .. }
            | CaseDeed::Document { .. }
            | CaseDeed::NextAction { .. }
            | CaseDeed::ActionDone { .. }
            | CaseDeed::Reminded
            | CaseDeed::Joined { .. }
            | CaseDeed::Outcome { .. }
            | CaseDeed::Reopened { .. } => {
                let mut told: Vec<Told> = self.participants.iter().cloned().map(Told::Party).collect();
                told.push(Told::Desk);
                told
            }
            CaseDeed::Left { party, .. } => vec![Told::Party(party.clone()), Told::Desk],
            CaseDeed::HandedOver { .. } => vec![Told::Desk],
            CaseDeed::Retitled { .. }
            | CaseDeed::Measures { .. }
            | CaseDeed::Merged { .. }
            | CaseDeed::Parted { .. } => Vec::new(),
        }
    }

    fn hand_over(to: ThingId, note: Option<Prose>) -> Option<CaseDeed> {
        Some(CaseDeed::HandedOver { to, note })
    }
}

impl Mergeable for Case {
    fn merge(&self, from: ThingId, into: ThingId, _: bool) -> CaseDeed {
        CaseDeed::Merged { from, into }
    }

    fn part(&self, party: ThingId) -> CaseDeed {
        CaseDeed::Parted { party }
    }

    fn is_with_itself(&self, _: Option<&ThingId>) -> bool {
        false
    }
}
