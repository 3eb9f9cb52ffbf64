//! The seats of a group: who is asked, who said what, who leaves, and what each pays.

use super::introduction::REMIND_DAYS;
use super::shares::Part;
use super::{Day, Group, Refusal, Step, closed, needs_text, required};
use crate::domain::finding::Defect;
use crate::domain::id::{ThingId, Timestamp};
use crate::domain::text::Prose;
use crate::domain::vocabulary::desk::{DeclineReason, GroupState, SeatState};
use serde::{Deserialize, Serialize};

/// Members of one group at most, with those who left.
pub const SEATS_MOST: usize = 200;

/// A member and what its part costs and what it pays itself, in yen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    pub party: ThingId,
    pub cost: i64,
    pub share: i64,
}

impl Planned {
    pub fn part(&self) -> Part {
        Part { cost: self.cost, share: self.share }
    }
}

/// A place in the group.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    pub planned: Planned,
    pub state: SeatState,
    pub answer_by: Option<Day>,
    pub reminded: bool,
    pub replaces: Option<ThingId>,
    pub because: Option<(DeclineReason, Option<Prose>)>,
}

impl Seat {
    pub(super) fn new(planned: Planned) -> Self {
        Self { planned, state: SeatState::Planned, answer_by: None, reminded: false, replaces: None, because: None }
    }

    /// Takes part, or may yet.
    pub fn is_active(&self) -> bool {
        matches!(self.state, SeatState::Planned | SeatState::Invited | SeatState::Accepted)
    }

    pub(super) fn waits(&self) -> bool {
        self.state == SeatState::Invited
    }

    fn is_over(&self, now: &Timestamp) -> bool {
        self.waits() && self.answer_by.as_ref().is_some_and(|day| *now >= day.end())
    }

    pub(super) fn reminder(&self) -> Option<Timestamp> {
        let day = self.answer_by.as_ref().filter(|_| self.waits() && !self.reminded)?;
        Some(Day::of_date(day.date() - chrono::TimeDelta::days(REMIND_DAYS as i64)).end())
    }
}

/// What may come next.
impl Group {
    fn takes(take: bool) -> Step {
        if take { Step::Take } else { Step::Already }
    }

    /// Seats that say they do not know the party.
    fn known(&self, party: &ThingId, pointer: &'static str) -> Result<&Seat, Refusal> {
        self.seat(party).ok_or_else(|| {
            let defect = Defect::new(
                "member.unknown",
                "このグループのメンバーではありません。",
                "This is no member of the group.",
            );
            Refusal::Invalid(pointer, defect)
        })
    }

    fn consider_answer(&self, party: &ThingId, now: &Timestamp) -> Result<(), Refusal> {
        let seat = self.known(party, "/party")?;
        self.is_open()?;
        if seat.state == SeatState::Lapsed || seat.is_over(now) {
            let day = seat.answer_by.as_ref().map_or("", Day::as_str);
            return Err(Refusal::Conflict(Defect::new(
                "lapsed",
                format!("回答期限（{day}）を過ぎています。担当者にご連絡ください。"),
                format!("The answer was due by {day}. Please ask the organising office."),
            )));
        }
        if seat.waits() { Ok(()) } else { Err(closed()) }
    }

    /// Who was not asked yet is asked; with `again`, who waits has until the new day, too.
    pub(super) fn consider_inviting(
        &self,
        answer_by: &Day,
        message: &Option<Prose>,
        again: bool,
        now: &Timestamp,
    ) -> Result<Step, Refusal> {
        self.is_open()?;
        refuse_past(answer_by, now)?;
        let planned = self.seats.iter().any(|seat| seat.state == SeatState::Planned);
        let waiting = || self.seats.iter().filter(|seat| seat.waits());
        let other_day = again && waiting().any(|seat| seat.answer_by.as_ref() != Some(answer_by));
        let other_words = message.is_some() && *message != self.message && waiting().next().is_some();
        Ok(Self::takes(planned || other_words || other_day))
    }

    pub(super) fn consider_adding(
        &self,
        seat: &Planned,
        replaces: Option<&ThingId>,
        answer_by: &Day,
        now: &Timestamp,
    ) -> Result<Step, Refusal> {
        self.is_open()?;
        refuse_past(answer_by, now)?;
        if self.seats.len() >= SEATS_MOST {
            let defect = Defect::new("list.too_long", "200社までです。", "At most 200 members.");
            return Err(Refusal::Invalid("/party", defect));
        }
        if self.seat(&seat.party).is_some_and(Seat::is_active) {
            return Err(Refusal::Conflict(Defect::new(
                "already-member",
                "すでにグループにいるか、回答を待っています。",
                "It is a member already, or has been asked.",
            )));
        }
        if let Some(replaced) = replaces
            && self.known(replaced, "/replaces")?.is_active()
        {
            return Err(Refusal::Invalid(
                "/replaces",
                Defect::new(
                    "member.active",
                    "まだ参加しているメンバーの代わりは招けません。",
                    "It still takes part; nobody is asked in its place.",
                ),
            ));
        }
        Ok(Step::Take)
    }

    pub(super) fn consider_accepting(&self, party: &ThingId, now: &Timestamp) -> Result<Step, Refusal> {
        if self.known(party, "/party")?.state == SeatState::Accepted {
            return Ok(Step::Already);
        }
        self.consider_answer(party, now)?;
        Ok(Step::Take)
    }

    pub(super) fn consider_declining(
        &self,
        party: &ThingId,
        reason: DeclineReason,
        text: &Option<Prose>,
        now: &Timestamp,
    ) -> Result<Step, Refusal> {
        needs_text(reason, text)?;
        let same = |seat: &Seat| seat.state == SeatState::Declined && seat.because == Some((reason, text.clone()));
        if self.seat(party).is_some_and(same) {
            return Ok(Step::Already);
        }
        self.consider_answer(party, now)?;
        Ok(Step::Take)
    }

    pub(super) fn consider_withdrawing(
        &self,
        party: &ThingId,
        reason: DeclineReason,
        text: &Option<Prose>,
    ) -> Result<Step, Refusal> {
        needs_text(reason, text)?;
        let seat = self.known(party, "/party")?;
        self.is_open()?;
        match seat.state {
            SeatState::Accepted => Ok(Step::Take),
            SeatState::Withdrawn => Ok(Step::Already),
            SeatState::Planned | SeatState::Invited | SeatState::Declined | SeatState::Lapsed | SeatState::Released => {
                Err(Refusal::Conflict(Defect::new(
                    "not-accepted",
                    "参加を承諾したメンバーだけが辞退（取り下げ）できます。招待には decline で答えてください。",
                    "Only who said yes withdraws. Answer an invitation with decline.",
                )))
            }
        }
    }

    pub(super) fn consider_releasing(&self, party: &ThingId) -> Result<Step, Refusal> {
        let active = self.known(party, "/party")?.is_active();
        self.is_open()?;
        Ok(Self::takes(active))
    }

    pub(super) fn consider_lapsing(&self, now: &Timestamp) -> Step {
        Self::takes(self.seats.iter().any(|seat| seat.is_over(now)))
    }

    pub(super) fn consider_reminding(&self, now: &Timestamp) -> Step {
        Self::takes(self.seats.iter().any(|seat| seat.reminder().is_some_and(|at| *now >= at)))
    }

    pub(super) fn consider_leading(&self, party: &ThingId) -> Result<Step, Refusal> {
        self.is_open()?;
        if !self.known(party, "/party")?.is_active() {
            return Err(closed());
        }
        Ok(Self::takes(self.lead.as_ref() != Some(party)))
    }

    pub(super) fn consider_shares(
        &self,
        shares: &[Planned],
        answer_by: &Option<Day>,
        now: &Timestamp,
    ) -> Result<Step, Refusal> {
        self.is_open()?;
        let mut named: Vec<&ThingId> = shares.iter().map(|planned| &planned.party).collect();
        let mut active: Vec<&ThingId> = self.active().map(|seat| &seat.planned.party).collect();
        named.sort();
        active.sort();
        if named != active {
            return Err(Refusal::Invalid(
                "/shares",
                Defect::new(
                    "shares.members",
                    "参加するメンバー全員を一度ずつ挙げてください。",
                    "Name every member that takes part, each once.",
                ),
            ));
        }
        let same = |planned: &Planned| self.seat(&planned.party).is_some_and(|seat| seat.planned == *planned);
        if shares.iter().all(same) {
            return Ok(Step::Already);
        }
        if shares.iter().any(|planned| self.rises(planned)) {
            refuse_past(answer_by.as_ref().ok_or_else(|| required("/answer_by"))?, now)?;
        }
        Ok(Step::Take)
    }

    /// A member that said yes would pay more than it agreed to.
    fn rises(&self, planned: &Planned) -> bool {
        self.seat(&planned.party)
            .is_some_and(|seat| seat.state == SeatState::Accepted && planned.share > seat.planned.share)
    }
}

/// What came.
impl Group {
    /// What is left of the subsidy's cap for one more; none: no cap.
    pub fn left_of_cap(&self, without: Option<&ThingId>) -> Option<i64> {
        let cap = self.formed.rule.cap?.value();
        let others = self.active().filter(|seat| Some(&seat.planned.party) != without);
        Some(cap - others.map(|seat| seat.planned.part().subsidy()).sum::<i64>())
    }

    pub(super) fn seat_mut(&mut self, party: &ThingId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.planned.party == *party)
    }

    pub(super) fn invite(&mut self, answer_by: &Day, message: Option<Prose>, again: bool) {
        self.state = GroupState::Inviting;
        self.message = message.or(self.message.take());
        for seat in &mut self.seats {
            if seat.state == SeatState::Planned || (again && seat.waits()) {
                seat.state = SeatState::Invited;
                seat.reminded = false;
                seat.answer_by = Some(answer_by.clone());
            }
        }
    }

    pub(super) fn add_seat(
        &mut self,
        seat: Planned,
        replaces: Option<ThingId>,
        answer_by: Day,
        message: Option<Prose>,
    ) {
        self.state = GroupState::Inviting;
        self.message = message.or(self.message.take());
        self.seats.retain(|other| other.planned.party != seat.party);
        let asked = Seat { state: SeatState::Invited, answer_by: Some(answer_by), replaces, ..Seat::new(seat) };
        self.seats.push(asked);
    }

    /// Whoever leaves leaves a gap: the rest is to be confirmed anew.
    pub(super) fn leave(&mut self, party: &ThingId, state: SeatState, because: (DeclineReason, Option<Prose>)) {
        if let Some(seat) = self.seat_mut(party) {
            seat.state = state;
            seat.because = Some(because);
        }
        if self.lead.as_ref() == Some(party) {
            self.lead = None;
        }
        if self.state == GroupState::Confirmed {
            self.state = GroupState::Inviting;
        }
    }

    pub(super) fn lapse(&mut self, at: &Timestamp) {
        for seat in self.seats.iter_mut().filter(|seat| seat.is_over(at)) {
            seat.state = SeatState::Lapsed;
        }
    }

    pub(super) fn remind(&mut self, now: &Timestamp) {
        for seat in &mut self.seats {
            seat.reminded |= seat.reminder().is_some_and(|at| *now >= at);
        }
    }

    pub(super) fn set_shares(&mut self, shares: Vec<Planned>, answer_by: Option<&Day>) {
        for planned in shares {
            let again = self.rises(&planned);
            let Some(seat) = self.seat_mut(&planned.party) else { continue };
            seat.planned = planned;
            if again {
                seat.state = SeatState::Invited;
                seat.reminded = false;
                seat.answer_by = answer_by.cloned();
                self.state = GroupState::Inviting;
            }
        }
    }
}

fn refuse_past(day: &Day, now: &Timestamp) -> Result<(), Refusal> {
    if *now < day.end() {
        return Ok(());
    }
    let defect = Defect::new("answer_by.past", "回答期限は今日以降の日にしてください。", "The date is past.");
    Err(Refusal::Invalid("/answer_by", defect))
}
