//! One meeting of a published timetable: where and when, what each side says came of it, and the case it led to. A pair
//! meets once in a timetable; when it is moved, or cancelled and arranged again, it is the same meeting.

use super::{Day, Event, Facts, Matter, Merges, Refusal, Renaming, Step, Told, needs_text, required};
use crate::domain::finding::Defect;
use crate::domain::id::{ThingId, Timestamp};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::desk::{DeclineReason, MatterKind, MeetingOutcome, MeetingSide, MeetingState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum MeetingDeed {
    Planned(Box<Planned>),
    Moved {
        at: Seat,
    },
    Cancelled,
    Carded {
        side: MeetingSide,
        card: Box<Card>,
    },
    CaseOpened {
        case: ThingId,
    },
    /// A side became part of another party, or was parted from it again. `listed_as_before`: the timetable goes on naming it
    /// as it did, because the other one takes part in it, too.
    Merged {
        from: ThingId,
        into: ThingId,
        listed_as_before: bool,
    },
    Parted {
        party: ThingId,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    pub timetable: ThingId,
    pub exhibition: ThingId,
    pub buyer: ThingId,
    pub supplier: ThingId,
    /// What each side is there for.
    pub buyer_about: Option<ThingId>,
    pub supplier_about: Option<ThingId>,
    pub at: Seat,
    /// Added after the timetable was published: both sides are told of it by itself.
    pub late: bool,
}

/// When, and at which table (from 1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seat {
    pub start: Timestamp,
    pub end: Timestamp,
    pub table: usize,
}

/// What one side says came of it (結果票).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Card {
    pub outcome: MeetingOutcome,
    /// Why not, for `no_fit`. The other side reads it, and the next match follows it.
    #[serde(default)]
    pub reason: Option<DeclineReason>,
    /// The reason in words; required for `other`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub text: Option<Prose>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub next_step: Option<Line>,
    #[serde(default)]
    pub next_on: Option<Day>,
    /// For the own side and those who run the desk; the other side does not read it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub note: Option<Prose>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Meeting {
    pub planned: Planned,
    pub at: Seat,
    pub cancelled: bool,
    /// How often it was moved, cancelled or put back: SEQUENCE of its calendar entry.
    pub moves: i64,
    pub cards: Vec<Filed>,
    pub case: Option<ThingId>,
    /// Buyer and supplier as the timetable names them.
    pub listed: [ThingId; 2],
    pub merges: Merges,
}

/// A card as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    pub side: MeetingSide,
    pub card: Card,
    pub filed_on: Day,
    /// How often it was written.
    pub revision: i64,
}

impl Meeting {
    /// A pair meets once in a timetable.
    pub fn pair(timetable: &ThingId, buyer: &ThingId, supplier: &ThingId) -> String {
        format!("meeting {timetable} {buyer} {supplier}")
    }

    pub fn party(&self, side: MeetingSide) -> &ThingId {
        match side {
            MeetingSide::Buyer => &self.planned.buyer,
            MeetingSide::Supplier => &self.planned.supplier,
        }
    }

    pub fn about(&self, side: MeetingSide) -> Option<&ThingId> {
        match side {
            MeetingSide::Buyer => self.planned.buyer_about.as_ref(),
            MeetingSide::Supplier => self.planned.supplier_about.as_ref(),
        }
    }

    pub fn card(&self, side: MeetingSide) -> Option<&Filed> {
        self.cards.iter().find(|filed| filed.side == side)
    }

    pub fn state(&self) -> MeetingState {
        match (self.cancelled, self.cards.is_empty()) {
            (true, _) => MeetingState::Cancelled,
            (false, true) => MeetingState::Planned,
            (false, false) => MeetingState::Reported,
        }
    }

    /// Something is to come of it, as at least one side says.
    pub fn goes_on(&self) -> bool {
        self.cards.iter().any(|filed| filed.card.outcome.goes_on())
    }

    /// The two do not fit, and the reason still holds on this day.
    pub fn rests(&self, today: &Day) -> bool {
        self.cards.iter().any(|filed| match (filed.card.outcome, filed.card.reason) {
            (MeetingOutcome::NoFit, Some(reason)) => {
                reason.rests_for_days().is_none_or(|days| filed.filed_on.plus_days(days as u64) > *today)
            }
            _ => false,
        })
    }
}

impl Matter for Meeting {
    const KIND: MatterKind = MatterKind::Meeting;
    type Deed = MeetingDeed;

    fn begin(event: &Event<MeetingDeed>) -> Option<Self> {
        let MeetingDeed::Planned(planned) = &event.deed else { return None };
        Some(Self {
            at: planned.at.clone(),
            planned: (**planned).clone(),
            cancelled: false,
            moves: 0,
            cards: Vec::new(),
            case: None,
            listed: [planned.buyer.clone(), planned.supplier.clone()],
            merges: Merges::default(),
        })
    }

    fn consider(&self, deed: &MeetingDeed, _: &Day, now: &Timestamp) -> Result<Step, Refusal> {
        match deed {
            MeetingDeed::Planned(_) => Ok(Step::Already),
            MeetingDeed::Moved { at } => Ok(if self.at == *at && !self.cancelled { Step::Already } else { Step::Take }),
            MeetingDeed::Cancelled => Ok(if self.cancelled { Step::Already } else { Step::Take }),
            MeetingDeed::Carded { side, card } => {
                if self.cancelled {
                    return Err(super::closed());
                }
                if *now < self.at.start {
                    return Err(Refusal::Conflict(Defect::new(
                        "not-yet",
                        "商談の開始前です。終わってから結果票を出してください。",
                        "The meeting has not begun. Please file the card afterwards.",
                    )));
                }
                check(card)?;
                let day = Day::at(&self.at.start);
                if card.next_on.as_ref().is_some_and(|next| *next < day) {
                    let day = day.as_str();
                    let defect = Defect::new(
                        "next_on.past",
                        format!("次の予定日は商談の日（{day}）以降にしてください。"),
                        format!("The next day is not before the day of the meeting ({day})."),
                    );
                    return Err(Refusal::Invalid("/next_on", defect));
                }
                Ok(if self.card(*side).is_some_and(|filed| filed.card == **card) { Step::Already } else { Step::Take })
            }
            MeetingDeed::Merged { from, into, .. } => Ok(self.consider_merging(from, into)),
            MeetingDeed::Parted { party } => Ok(self.consider_parting(party)),
            MeetingDeed::CaseOpened { case } => match &self.case {
                Some(there) if there == case => Ok(Step::Already),
                Some(_) => Err(Refusal::Conflict(Defect::new(
                    "case-open",
                    "この商談の案件はすでにあります。",
                    "There is a case of this meeting already.",
                ))),
                None if self.goes_on() => Ok(Step::Take),
                None => Err(Refusal::Conflict(Defect::new(
                    "no-result",
                    "続きのある結果票がまだありません。先に結果票を出してください。",
                    "No result card says that something is to come of it. File one first.",
                ))),
            },
        }
    }

    fn add(&mut self, event: &Event<MeetingDeed>) {
        match event.deed.clone() {
            MeetingDeed::Planned(_) => {}
            MeetingDeed::Moved { at } => {
                (self.at, self.cancelled) = (at, false);
                self.moves += 1;
            }
            MeetingDeed::Cancelled => {
                self.cancelled = true;
                self.moves += 1;
            }
            MeetingDeed::Carded { side, card } => {
                let revision = self.card(side).map_or(0, |filed| filed.revision) + 1;
                self.cards.retain(|filed| filed.side != side);
                self.cards.push(Filed { side, card: *card, filed_on: event.happened_on.clone(), revision });
                self.cards.sort_by_key(|filed| filed.side);
            }
            MeetingDeed::CaseOpened { case } => self.case = Some(case),
            MeetingDeed::Merged { from, into, listed_as_before } => {
                let listed = self.listed.clone();
                self.merge(from, into);
                if listed_as_before {
                    self.listed = listed;
                }
            }
            MeetingDeed::Parted { party } => self.part(&party),
        }
    }

    fn facts(&self) -> Facts {
        let planned = &self.planned;
        Facts {
            state: self.state().code(),
            desk: None,
            subject: Some(planned.timetable.clone()),
            purpose: None,
            due_at: None,
            pair: Some(Self::pair(&planned.timetable, &self.listed[0], &self.listed[1])),
            parties: [MeetingSide::Buyer, MeetingSide::Supplier]
                .into_iter()
                .map(|side| (self.party(side).clone(), Some(side.side())))
                .collect(),
            former: Vec::new(),
            closed: self.cancelled || self.case.is_some(),
        }
    }

    fn name(deed: &MeetingDeed) -> &'static str {
        match deed {
            MeetingDeed::Planned(_) => "planned",
            MeetingDeed::Moved { .. } => "moved",
            MeetingDeed::Cancelled => "cancelled",
            MeetingDeed::Carded { .. } => "carded",
            MeetingDeed::CaseOpened { .. } => "case_opened",
            MeetingDeed::Merged { .. } => "merged",
            MeetingDeed::Parted { .. } => "parted",
        }
    }

    fn told(&self, deed: &MeetingDeed) -> Vec<Told> {
        let both = || [MeetingSide::Buyer, MeetingSide::Supplier].map(|side| Told::Party(self.party(side).clone()));
        match deed {
            // The publication of the timetable tells of all meetings at once.
            MeetingDeed::Planned(planned) if !planned.late => Vec::new(),
            MeetingDeed::Planned(_) | MeetingDeed::Moved { .. } | MeetingDeed::Cancelled => both().into(),
            MeetingDeed::Carded { side, .. } => vec![Told::Party(self.party(side.other()).clone())],
            MeetingDeed::CaseOpened { .. } | MeetingDeed::Merged { .. } | MeetingDeed::Parted { .. } => Vec::new(),
        }
    }
}

impl Renaming for Meeting {
    fn each_party(&mut self, hear: &mut dyn FnMut(&mut ThingId)) {
        hear(&mut self.planned.buyer);
        hear(&mut self.planned.supplier);
        self.listed.iter_mut().for_each(hear);
    }

    fn merges(&mut self) -> &mut Merges {
        &mut self.merges
    }

    fn merged(from: ThingId, into: ThingId) -> MeetingDeed {
        MeetingDeed::Merged { from, into, listed_as_before: false }
    }

    fn parted(party: ThingId) -> MeetingDeed {
        MeetingDeed::Parted { party }
    }
}

fn check(card: &Card) -> Result<(), Refusal> {
    match (card.outcome, card.reason) {
        (MeetingOutcome::NoFit, None) => Err(required("/reason")),
        (MeetingOutcome::NoFit, Some(reason)) => needs_text(reason, &card.text),
        (_, Some(_)) => Err(Refusal::Invalid(
            "/reason",
            Defect::new("card.reason", "理由は「見送り」のときだけです。", "A reason goes with \"no fit\" only."),
        )),
        (_, None) => Ok(()),
    }
}
