//! The timetable of a 商談会: who takes part and when, what each side wishes, and who meets whom in which slot at which
//! table. Draft → published. A change of one participant moves that participant's meetings and nobody else's.

use super::{Day, Event, Facts, Matter, Merges, Refusal, Renaming, Step, Told};
use crate::domain::finding::Defect;
use crate::domain::id::{ThingId, Timestamp};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::desk::{MatterKind, MeetingSide, TimetableState};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Slots of one timetable at most.
pub const SLOTS_MOST: usize = 64;
/// Participants of one side at most.
pub const PARTICIPANTS_MOST: usize = 1_000;
/// Wishes, and parties never to be met, of one participant at most.
pub const WISHES_MOST: usize = 200;
/// Pairs of the organiser (must, never) at most, of each sort.
pub const PAIRS_MOST: usize = 2_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum TimetableDeed {
    Opened(Box<Frame>),
    /// Another frame; what was arranged is arranged anew.
    Framed(Box<Frame>),
    /// Participants that came, or are replaced. `invited`: those who were not there before.
    Entered {
        participants: Vec<Participant>,
        invited: Vec<ThingId>,
    },
    /// All meetings, arranged by the solver.
    Arranged(Arranged),
    /// One participant changed: meetings that go, and meetings that come.
    Adjusted {
        participant: Box<Participant>,
        gone: Vec<Sitting>,
        come: Vec<Sitting>,
    },
    Published,
    /// Parties that have no meeting, and are told so.
    LeftOut {
        parties: Vec<ThingId>,
    },
    /// Some days before the first meeting: who still has none.
    Reminded {
        parties: Vec<ThingId>,
    },
    /// Some days after the last meeting: whose result cards are missing.
    CardsAsked {
        parties: Vec<ThingId>,
    },
    HandedOver {
        to: ThingId,
        note: Option<Prose>,
    },
    /// A party became part of another one, or was parted from it again.
    Merged {
        from: ThingId,
        into: ThingId,
    },
    Parted {
        party: ThingId,
    },
}

/// Days before the first meeting, and after the last, on which is reminded; and hours after whoever has no meeting was told so.
const REMIND_BEFORE_DAYS: i64 = 3;
const ASK_CARDS_AFTER_DAYS: i64 = 2;
const TOLD_LATELY_HOURS: i64 = 24;

/// Where and when, and what the organiser decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub exhibition: ThingId,
    pub title: Line,
    pub venue: Option<Line>,
    /// In order of time; they do not overlap.
    pub slots: Vec<Slot>,
    /// Meetings at the same time at most.
    pub tables: usize,
    /// Points of the first meeting of each participant; the n-th adds a n-th of it.
    pub fairness: f64,
    /// Participants see the whole timetable once it is published, not only their own meetings.
    pub open: bool,
    /// Pairs (buyer, supplier) that must meet, and that never do.
    pub must: Vec<[ThingId; 2]>,
    pub never: Vec<[ThingId; 2]>,
    pub desk: Option<ThingId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Slot {
    pub start: Timestamp,
    pub end: Timestamp,
}

/// A buyer or a supplier with what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    pub party: ThingId,
    pub side: MeetingSide,
    /// The need, capability or seed of the party that it is about; none: the party as a whole.
    pub about: Option<ThingId>,
    /// Slots (by place) in which it can meet; none: in all.
    pub slots: Option<Vec<usize>>,
    /// Meetings it should have, and may have (none: as many as there are slots).
    pub least: usize,
    pub most: Option<usize>,
    /// Whom it wishes to meet, dearest first.
    pub wishes: Vec<ThingId>,
    /// Whom it does not want to meet: for the party itself and for those who organise.
    pub never: Vec<ThingId>,
    pub withdrawn: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arranged {
    pub meetings: Vec<Sitting>,
    /// Points, and what no timetable can exceed.
    pub value: f64,
    pub bound: f64,
}

/// A meeting: its slot, its table (from 1), and the places of buyer and supplier among the participants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(usize, usize, usize, usize)", into = "(usize, usize, usize, usize)")]
pub struct Sitting {
    pub slot: usize,
    pub table: usize,
    pub buyer: usize,
    pub supplier: usize,
}

impl From<(usize, usize, usize, usize)> for Sitting {
    fn from((slot, table, buyer, supplier): (usize, usize, usize, usize)) -> Self {
        Self { slot, table, buyer, supplier }
    }
}

impl From<Sitting> for (usize, usize, usize, usize) {
    fn from(sitting: Sitting) -> Self {
        (sitting.slot, sitting.table, sitting.buyer, sitting.supplier)
    }
}

impl Sitting {
    /// Whether the participant at this place takes part in it.
    pub fn has(&self, place: usize) -> bool {
        self.buyer == place || self.supplier == place
    }

    pub fn pair(&self) -> (usize, usize) {
        (self.buyer, self.supplier)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Timetable {
    pub frame: Frame,
    pub state: TimetableState,
    /// Nobody is ever taken out of the list: meetings name places in it.
    pub participants: Vec<Participant>,
    /// How often each was entered or changed.
    pub revisions: Vec<i64>,
    /// In order of slot and table.
    pub meetings: Vec<Sitting>,
    /// Points and bound of the last arrangement; none since something was changed by hand.
    pub worth: Option<(f64, f64)>,
    pub desk: Option<ThingId>,
    /// When those without a meeting were last told so, and what was reminded of.
    pub told_idle_at: Option<Timestamp>,
    pub reminded: bool,
    pub cards_asked: bool,
    pub merges: Merges,
}

impl Timetable {
    pub fn place_of(&self, party: &ThingId) -> Option<usize> {
        self.participants.iter().position(|participant| participant.party == *party)
    }

    pub fn is_published(&self) -> bool {
        self.state == TimetableState::Published
    }

    /// Participants who are in it and meet nobody.
    pub fn without_meeting(&self) -> Vec<ThingId> {
        let busy: BTreeSet<usize> =
            self.meetings.iter().flat_map(|sitting| [sitting.buyer, sitting.supplier]).collect();
        let idle = |(place, participant): &(usize, &Participant)| !participant.withdrawn && !busy.contains(place);
        self.participants.iter().enumerate().filter(idle).map(|(_, participant)| participant.party.clone()).collect()
    }

    /// Whether the first meeting has begun.
    pub fn has_begun(&self, now: &Timestamp) -> bool {
        self.frame.slots.first().is_some_and(|slot| slot.start <= *now)
    }

    /// A slot of a published timetable that has begun: its meetings stay as they are, and it takes no more.
    pub fn is_over(&self, slot: usize, now: &Timestamp) -> bool {
        self.is_published() && self.frame.slots.get(slot).is_some_and(|slot| slot.start <= *now)
    }

    /// When those who have no meeting are to be reminded; none: there is nobody, or it is too late.
    pub fn reminds_at(&self) -> Option<Timestamp> {
        let first = &self.frame.slots.first()?.start;
        if !self.is_published() || self.reminded || self.without_meeting().is_empty() {
            return None;
        }
        let usual = first.plus(-TimeDelta::days(REMIND_BEFORE_DAYS));
        let told = self.told_idle_at.as_ref().map(|at| at.plus(TimeDelta::hours(TOLD_LATELY_HOURS)));
        Some(told.map_or(usual.clone(), |told| told.max(usual))).filter(|at| at < first)
    }

    /// When missing result cards are to be asked for.
    pub fn asks_cards_at(&self) -> Option<Timestamp> {
        let last = &self.frame.slots.last()?.end;
        let asks = self.is_published() && !self.cards_asked;
        asks.then(|| last.plus(TimeDelta::days(ASK_CARDS_AFTER_DAYS)))
    }

    /// As it would be with this participant, new or changed.
    pub fn with(&self, participant: Participant) -> Self {
        let mut after = self.clone();
        after.put(participant);
        after
    }

    /// As it would be without some meetings and with others.
    pub fn with_meetings(mut self, gone: &[Sitting], come: &[Sitting]) -> Self {
        self.meetings.retain(|sitting| !gone.contains(sitting));
        self.meetings.extend_from_slice(come);
        self.meetings.sort_unstable();
        self
    }

    /// It is entered just so.
    fn stands(&self, participant: &Participant) -> bool {
        self.place_of(&participant.party).is_some_and(|place| self.participants[place] == *participant)
    }

    fn is_arranged_so(&self, arranged: &Arranged) -> bool {
        let mut meetings = arranged.meetings.clone();
        meetings.sort_unstable();
        meetings == self.meetings && self.worth == Some((arranged.value, arranged.bound))
    }

    fn put(&mut self, participant: Participant) {
        match self.place_of(&participant.party) {
            Some(place) => {
                self.participants[place] = participant;
                self.revisions[place] += 1;
            }
            None => {
                self.participants.push(participant);
                self.revisions.push(1);
            }
        }
    }
}

impl Renaming for Timetable {
    fn each_party(&mut self, hear: &mut dyn FnMut(&mut ThingId)) {
        for participant in &mut self.participants {
            hear(&mut participant.party);
            participant.wishes.iter_mut().chain(&mut participant.never).for_each(&mut *hear);
        }
        self.frame.must.iter_mut().chain(&mut self.frame.never).flatten().for_each(&mut *hear);
    }

    fn merges(&mut self) -> &mut Merges {
        &mut self.merges
    }

    fn merged(from: ThingId, into: ThingId) -> TimetableDeed {
        TimetableDeed::Merged { from, into }
    }

    fn parted(party: ThingId) -> TimetableDeed {
        TimetableDeed::Parted { party }
    }
}

impl Matter for Timetable {
    const KIND: MatterKind = MatterKind::Timetable;
    type Deed = TimetableDeed;

    fn begin(event: &Event<TimetableDeed>) -> Option<Self> {
        let TimetableDeed::Opened(frame) = &event.deed else { return None };
        Some(Self {
            desk: frame.desk.clone(),
            frame: (**frame).clone(),
            state: TimetableState::Draft,
            participants: Vec::new(),
            revisions: Vec::new(),
            meetings: Vec::new(),
            worth: None,
            told_idle_at: None,
            reminded: false,
            cards_asked: false,
            merges: Merges::default(),
        })
    }

    fn consider(&self, deed: &TimetableDeed, _: &Day, now: &Timestamp) -> Result<Step, Refusal> {
        let due = |at: Option<Timestamp>| if at.is_some_and(|at| at <= *now) { Step::Take } else { Step::Already };
        match deed {
            TimetableDeed::Reminded { .. } => Ok(due(self.reminds_at())),
            TimetableDeed::CardsAsked { .. } => Ok(due(self.asks_cards_at())),
            TimetableDeed::Opened(_) => Ok(Step::Already),
            TimetableDeed::Framed(frame) if **frame == self.frame => Ok(Step::Already),
            TimetableDeed::Framed(frame) if self.is_published() && !same_hours(frame, &self.frame) => Err(published()),
            TimetableDeed::Entered { participants, .. } if participants.iter().all(|one| self.stands(one)) => {
                Ok(Step::Already)
            }
            TimetableDeed::Arranged(arranged) if self.is_arranged_so(arranged) => Ok(Step::Already),
            TimetableDeed::Published if self.is_published() => Ok(Step::Already),
            TimetableDeed::Published if self.meetings.is_empty() => Err(Refusal::Conflict(Defect::new(
                "no-meetings",
                "商談がまだ一つも組まれていません。先に編成してください。",
                "There is no meeting yet. Arrange them first.",
            ))),
            TimetableDeed::HandedOver { to, .. } if self.desk.as_ref() == Some(to) => Ok(Step::Already),
            TimetableDeed::LeftOut { parties } if parties.is_empty() => Ok(Step::Already),
            TimetableDeed::Merged { from, into } => Ok(self.consider_merging(from, into)),
            TimetableDeed::Parted { party } => Ok(self.consider_parting(party)),
            TimetableDeed::Framed(_)
            | TimetableDeed::Entered { .. }
            | TimetableDeed::Arranged(_)
            | TimetableDeed::Adjusted { .. }
            | TimetableDeed::Published
            | TimetableDeed::LeftOut { .. }
            | TimetableDeed::HandedOver { .. } => Ok(Step::Take),
        }
    }

    fn add(&mut self, event: &Event<TimetableDeed>) {
        match event.deed.clone() {
            TimetableDeed::Opened(_) => {}
            TimetableDeed::LeftOut { .. } => self.told_idle_at = Some(event.at.clone()),
            TimetableDeed::Reminded { .. } => self.reminded = true,
            TimetableDeed::CardsAsked { .. } => self.cards_asked = true,
            TimetableDeed::Framed(frame) => {
                if !same_hours(&frame, &self.frame) {
                    self.meetings.clear();
                }
                // Another title is worth as much.
                if !same_question(&frame, &self.frame) {
                    self.worth = None;
                }
                self.frame = *frame;
            }
            TimetableDeed::Entered { participants, .. } => {
                for participant in participants {
                    // What was arranged for somebody who is replaced no longer holds.
                    if let Some(place) = self.place_of(&participant.party).filter(|_| !self.is_published()) {
                        self.meetings.retain(|sitting| !sitting.has(place));
                    }
                    self.put(participant);
                }
                self.worth = None;
            }
            TimetableDeed::Arranged(arranged) => {
                self.meetings = arranged.meetings;
                self.meetings.sort_unstable();
                self.worth = Some((arranged.value, arranged.bound));
            }
            TimetableDeed::Adjusted { participant, gone, come } => {
                self.put(*participant);
                self.meetings.retain(|sitting| !gone.contains(sitting));
                self.meetings.extend(come);
                self.meetings.sort_unstable();
                self.worth = None;
            }
            TimetableDeed::Published => self.state = TimetableState::Published,
            TimetableDeed::HandedOver { to, .. } => self.desk = Some(to),
            TimetableDeed::Merged { from, into } => self.merge(from, into),
            TimetableDeed::Parted { party } => self.part(&party),
        }
    }

    fn facts(&self) -> Facts {
        Facts {
            state: self.state.code(),
            desk: self.desk.clone(),
            subject: Some(self.frame.exhibition.clone()),
            purpose: None,
            due_at: self.reminds_at().into_iter().chain(self.asks_cards_at()).min(),
            pair: None,
            parties: self
                .participants
                .iter()
                .map(|participant| (participant.party.clone(), Some(participant.side.side())))
                .collect(),
            former: Vec::new(),
            closed: false,
        }
    }

    fn name(deed: &TimetableDeed) -> &'static str {
        match deed {
            TimetableDeed::Opened(_) => "opened",
            TimetableDeed::Framed(_) => "framed",
            TimetableDeed::Entered { .. } => "entered",
            TimetableDeed::Arranged(_) => "arranged",
            TimetableDeed::Adjusted { .. } => "adjusted",
            TimetableDeed::Published => "published",
            TimetableDeed::LeftOut { .. } => "left_out",
            TimetableDeed::Reminded { .. } => "reminded",
            TimetableDeed::CardsAsked { .. } => "cards_asked",
            TimetableDeed::HandedOver { .. } => "handed_over",
            TimetableDeed::Merged { .. } => "merged",
            TimetableDeed::Parted { .. } => "parted",
        }
    }

    fn told(&self, deed: &TimetableDeed) -> Vec<Told> {
        let parties = |parties: &[ThingId]| parties.iter().cloned().map(Told::Party).collect::<Vec<Told>>();
        match deed {
            TimetableDeed::Entered { invited, .. } => parties(invited),
            TimetableDeed::Published => {
                let idle = self.without_meeting();
                let mut told = Vec::new();
                for participant in &self.participants {
                    if !participant.withdrawn && !idle.contains(&participant.party) {
                        told.push(Told::Party(participant.party.clone()));
                    }
                }
                told.push(Told::Desk);
                told
            }
            TimetableDeed::LeftOut { parties: left }
            | TimetableDeed::Reminded { parties: left }
            | TimetableDeed::CardsAsked { parties: left } => {
                if left.is_empty() {
                    return Vec::new();
                }
                let mut told = parties(left);
                told.push(Told::Desk);
                told
            }
            // Partners hear of their own meetings, each by itself.
            TimetableDeed::Adjusted { participant, .. } => vec![Told::Party(participant.party.clone()), Told::Desk],
            TimetableDeed::HandedOver { .. } => vec![Told::Desk],
            TimetableDeed::Opened(_)
            | TimetableDeed::Framed(_)
            | TimetableDeed::Arranged(_)
            | TimetableDeed::Merged { .. }
            | TimetableDeed::Parted { .. } => Vec::new(),
        }
    }

    fn hand_over(to: ThingId, note: Option<Prose>) -> Option<TimetableDeed> {
        Some(TimetableDeed::HandedOver { to, note })
    }
}

/// What meetings stand on: a frame that differs in other things only leaves them where they are.
fn same_hours(one: &Frame, other: &Frame) -> bool {
    one.slots == other.slots && one.tables == other.tables
}

/// What the worth of an arrangement stands on.
fn same_question(one: &Frame, other: &Frame) -> bool {
    let pairs = one.must == other.must && one.never == other.never;
    same_hours(one, other) && pairs && one.fairness.total_cmp(&other.fairness).is_eq()
}

fn published() -> Refusal {
    Refusal::Conflict(Defect::new(
        "published",
        "公開した時間割の時間枠と商談卓は変えられません。",
        "The slots and tables of a published timetable do not change.",
    ))
}
