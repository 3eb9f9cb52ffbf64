//! A group of firms (企業間グループ): formed for an exhibition (共同出展) or by itself, invited, confirmed, exhibited,
//! reported; and its maturity from 勉強会 to 共同受注, step by step.

use super::introduction::REMIND_DAYS;
use super::shares::{Part, SubsidyRule};
use super::{Day, Event, Facts, Matter, Merges, Refusal, Renaming, Step, Told, closed, needs_text, required};
use crate::domain::finding::Defect;
use crate::domain::id::{ThingId, Timestamp};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::desk::{DeclineReason, GroupState, MatterKind, Maturity, SeatState};
use serde::{Deserialize, Serialize};

/// Members of one group at most, with those who left.
pub const SEATS_MOST: usize = 200;
const STORIES_MOST: usize = 50;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum GroupDeed {
    Formed(Box<Formed>),
    /// Everybody who has not been asked yet is asked.
    Invited {
        answer_by: Day,
        message: Option<Prose>,
    },
    /// One more is asked, in somebody's place or not.
    SeatAdded {
        seat: Planned,
        replaces: Option<ThingId>,
        answer_by: Day,
        message: Option<Prose>,
    },
    Accepted {
        party: ThingId,
    },
    Declined {
        party: ThingId,
        reason: DeclineReason,
        text: Option<Prose>,
    },
    /// A member that had said yes leaves.
    Withdrew {
        party: ThingId,
        reason: DeclineReason,
        text: Option<Prose>,
    },
    /// The office takes somebody out.
    Released {
        party: ThingId,
        text: Prose,
    },
    /// Nobody answered for some by the date.
    Lapsed,
    Reminded,
    LeadSet {
        party: ThingId,
    },
    /// Whoever is to pay more than they agreed to is asked again.
    SharesSet {
        shares: Vec<Planned>,
        answer_by: Option<Day>,
    },
    Confirmed,
    Exhibited,
    Reported {
        report: Prose,
    },
    Dissolved {
        text: Prose,
    },
    Matured {
        to: Maturity,
        text: Option<Prose>,
    },
    StoryTold {
        title: Line,
        text: Prose,
        public: bool,
    },
    HandedOver {
        to: ThingId,
        note: Option<Prose>,
    },
    /// A member became part of another organisation, or was parted from it again.
    Merged {
        from: ThingId,
        into: ThingId,
    },
    Parted {
        party: ThingId,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Formed {
    pub exhibition: Option<ThingId>,
    pub composition: Option<ThingId>,
    pub title: Line,
    pub rule: SubsidyRule,
    pub members: Vec<Planned>,
    pub lead: Option<ThingId>,
    pub desk: Option<ThingId>,
}

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
    fn new(planned: Planned) -> Self {
        Self { planned, state: SeatState::Planned, answer_by: None, reminded: false, replaces: None, because: None }
    }

    /// Takes part, or may yet.
    pub fn is_active(&self) -> bool {
        matches!(self.state, SeatState::Planned | SeatState::Invited | SeatState::Accepted)
    }

    fn waits(&self) -> bool {
        self.state == SeatState::Invited
    }

    fn is_over(&self, now: &Timestamp) -> bool {
        self.waits() && self.answer_by.as_ref().is_some_and(|day| *now >= day.end())
    }

    fn reminder(&self) -> Option<Timestamp> {
        let day = self.answer_by.as_ref().filter(|_| self.waits() && !self.reminded)?;
        Some(Day::of_date(day.date() - chrono::TimeDelta::days(REMIND_DAYS as i64)).end())
    }
}

/// A step of the group's maturity.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    pub to: Maturity,
    pub on: Day,
    pub text: Option<Prose>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    pub title: Line,
    pub text: Prose,
    pub public: bool,
    pub on: Day,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub formed: Formed,
    pub state: GroupState,
    pub seats: Vec<Seat>,
    pub lead: Option<ThingId>,
    pub message: Option<Prose>,
    pub report: Option<Prose>,
    pub maturity: Maturity,
    pub growth: Vec<Growth>,
    pub stories: Vec<Story>,
    pub desk: Option<ThingId>,
    pub merges: Merges,
}

impl Group {
    pub fn seat(&self, party: &ThingId) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.planned.party == *party)
    }

    pub fn active(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|seat| seat.is_active())
    }

    /// Said yes and is still there.
    pub fn members(&self) -> impl Iterator<Item = &ThingId> {
        self.seats.iter().filter(|seat| seat.state == SeatState::Accepted).map(|seat| &seat.planned.party)
    }

    /// The lead, once it has said yes.
    pub fn leader(&self) -> Option<&ThingId> {
        self.lead.as_ref().filter(|lead| self.members().any(|party| party == *lead))
    }

    /// It goes, or went, to its exhibition: the members' part counts for the year.
    pub fn goes(&self) -> bool {
        matches!(self.state, GroupState::Confirmed | GroupState::Exhibited | GroupState::Reported)
    }

    /// What is left of the subsidy's cap for one more; none: no cap.
    pub fn left_of_cap(&self, without: Option<&ThingId>) -> Option<i64> {
        let cap = self.formed.rule.cap?.value();
        let others = self.active().filter(|seat| Some(&seat.planned.party) != without);
        Some(cap - others.map(|seat| seat.planned.part().subsidy()).sum::<i64>())
    }

    fn seat_mut(&mut self, party: &ThingId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.planned.party == *party)
    }

    /// Before the fair is over, members come and go.
    fn is_open(&self) -> Result<(), Refusal> {
        match self.state {
            GroupState::Composing | GroupState::Inviting | GroupState::Confirmed => Ok(()),
            GroupState::Exhibited | GroupState::Reported | GroupState::Dissolved => Err(closed()),
        }
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

    fn consider_confirming(&self) -> Result<Step, Refusal> {
        let refuse = |ja: &str, en: &str| Err(Refusal::Conflict(Defect::new("not-ready", ja, en)));
        if matches!(self.state, GroupState::Confirmed) {
            return Ok(Step::Already);
        }
        self.is_open()?;
        if self.active().any(|seat| seat.state != SeatState::Accepted) {
            return refuse("回答していないメンバーがいます。", "Some members have not answered.");
        }
        if self.members().count() < 2 {
            return refuse("グループには2社以上が必要です。", "A group takes two members or more.");
        }
        if !self.lead.as_ref().is_some_and(|lead| self.members().any(|party| party == lead)) {
            return refuse(
                "幹事が決まっていません。参加するメンバーから選んでください。",
                "Nobody leads. Choose one of those who take part.",
            );
        }
        Ok(Step::Take)
    }

    /// There is no group yet before two have said yes: nothing ripens, and nothing can be told of it.
    fn has_agreed(&self) -> Result<(), Refusal> {
        if self.members().count() >= 2 {
            return Ok(());
        }
        Err(Refusal::Conflict(Defect::new(
            "nobody-agreed",
            "参加を承諾したメンバーが2社以上になってから行ってください。",
            "This takes two members who have said yes.",
        )))
    }

    fn consider_shares(&self, shares: &[Planned], answer_by: &Option<Day>, now: &Timestamp) -> Result<Step, Refusal> {
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

fn refuse_past(day: &Day, now: &Timestamp) -> Result<(), Refusal> {
    if *now < day.end() {
        return Ok(());
    }
    let defect = Defect::new("answer_by.past", "回答期限は今日以降の日にしてください。", "The date is past.");
    Err(Refusal::Invalid("/answer_by", defect))
}

impl Renaming for Group {
    fn each_party(&mut self, hear: &mut dyn FnMut(&mut ThingId)) {
        self.formed.members.iter_mut().for_each(|planned| hear(&mut planned.party));
        self.formed.lead.iter_mut().chain(&mut self.lead).for_each(&mut *hear);
        for seat in &mut self.seats {
            hear(&mut seat.planned.party);
            seat.replaces.iter_mut().for_each(&mut *hear);
        }
    }

    fn merges(&mut self) -> &mut Merges {
        &mut self.merges
    }

    fn merged(from: ThingId, into: ThingId) -> GroupDeed {
        GroupDeed::Merged { from, into }
    }

    fn parted(party: ThingId) -> GroupDeed {
        GroupDeed::Parted { party }
    }
}

impl Matter for Group {
    const KIND: MatterKind = MatterKind::Group;
    type Deed = GroupDeed;

    fn begin(event: &Event<GroupDeed>) -> Option<Self> {
        let GroupDeed::Formed(formed) = &event.deed else { return None };
        Some(Self {
            state: GroupState::Composing,
            seats: formed.members.iter().cloned().map(Seat::new).collect(),
            lead: formed.lead.clone(),
            message: None,
            report: None,
            maturity: Maturity::StudyGroup,
            growth: Vec::new(),
            stories: Vec::new(),
            merges: Merges::default(),
            desk: formed.desk.clone(),
            formed: (**formed).clone(),
        })
    }

    fn consider(&self, deed: &GroupDeed, _: &Day, now: &Timestamp) -> Result<Step, Refusal> {
        match deed {
            GroupDeed::Formed(_) => Ok(Step::Already),
            GroupDeed::Invited { answer_by, .. } => {
                self.is_open()?;
                refuse_past(answer_by, now)?;
                let waiting = self.seats.iter().any(|seat| seat.state == SeatState::Planned);
                Ok(if waiting { Step::Take } else { Step::Already })
            }
            GroupDeed::SeatAdded { seat, replaces, answer_by, .. } => {
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
            GroupDeed::Accepted { party } => {
                if self.known(party, "/party")?.state == SeatState::Accepted {
                    return Ok(Step::Already);
                }
                self.consider_answer(party, now)?;
                Ok(Step::Take)
            }
            GroupDeed::Declined { party, reason, text } => {
                needs_text(*reason, text)?;
                let same =
                    |seat: &Seat| seat.state == SeatState::Declined && seat.because == Some((*reason, text.clone()));
                if self.seat(party).is_some_and(same) {
                    return Ok(Step::Already);
                }
                self.consider_answer(party, now)?;
                Ok(Step::Take)
            }
            GroupDeed::Withdrew { party, reason, text } => {
                needs_text(*reason, text)?;
                let seat = self.known(party, "/party")?;
                self.is_open()?;
                match seat.state {
                    SeatState::Accepted => Ok(Step::Take),
                    SeatState::Withdrawn => Ok(Step::Already),
                    SeatState::Planned
                    | SeatState::Invited
                    | SeatState::Declined
                    | SeatState::Lapsed
                    | SeatState::Released => Err(Refusal::Conflict(Defect::new(
                        "not-accepted",
                        "参加を承諾したメンバーだけが辞退（取り下げ）できます。招待には decline で答えてください。",
                        "Only who said yes withdraws. Answer an invitation with decline.",
                    ))),
                }
            }
            GroupDeed::Released { party, .. } => {
                let active = self.known(party, "/party")?.is_active();
                self.is_open()?;
                Ok(if active { Step::Take } else { Step::Already })
            }
            GroupDeed::Lapsed => {
                Ok(if self.seats.iter().any(|seat| seat.is_over(now)) { Step::Take } else { Step::Already })
            }
            GroupDeed::Reminded => {
                let due = |seat: &Seat| seat.reminder().is_some_and(|at| *now >= at);
                Ok(if self.seats.iter().any(due) { Step::Take } else { Step::Already })
            }
            GroupDeed::LeadSet { party } => {
                self.is_open()?;
                if !self.known(party, "/party")?.is_active() {
                    return Err(closed());
                }
                Ok(if self.lead.as_ref() == Some(party) { Step::Already } else { Step::Take })
            }
            GroupDeed::SharesSet { shares, answer_by } => self.consider_shares(shares, answer_by, now),
            GroupDeed::Confirmed => self.consider_confirming(),
            GroupDeed::Exhibited => match self.state {
                GroupState::Confirmed if self.formed.exhibition.is_some() => Ok(Step::Take),
                GroupState::Exhibited | GroupState::Reported => Ok(Step::Already),
                GroupState::Confirmed | GroupState::Composing | GroupState::Inviting | GroupState::Dissolved => {
                    Err(Refusal::Conflict(Defect::new(
                        "not-confirmed",
                        "展示会に向けて確定したグループだけが出展できます。",
                        "Only a group that was confirmed for an exhibition exhibits.",
                    )))
                }
            },
            GroupDeed::Reported { report } => match self.state {
                GroupState::Exhibited => Ok(Step::Take),
                GroupState::Reported if self.report.as_ref() == Some(report) => Ok(Step::Already),
                GroupState::Reported => Ok(Step::Take),
                GroupState::Composing | GroupState::Inviting | GroupState::Confirmed | GroupState::Dissolved => {
                    Err(Refusal::Conflict(Defect::new(
                        "not-exhibited",
                        "報告は出展の後にします。",
                        "A group reports after it has exhibited.",
                    )))
                }
            },
            GroupDeed::Dissolved { .. } => {
                Ok(if self.state == GroupState::Dissolved { Step::Already } else { Step::Take })
            }
            GroupDeed::Matured { to, text } => {
                if self.state == GroupState::Dissolved {
                    return Err(closed());
                }
                if *to > self.maturity {
                    self.has_agreed()?;
                }
                if *to < self.maturity && text.is_none() {
                    return Err(Refusal::Invalid(
                        "/text",
                        Defect::new(
                            "maturity.back",
                            "段階を戻すときは理由を書いてください。",
                            "Please say why the group goes a step back.",
                        ),
                    ));
                }
                Ok(if *to == self.maturity { Step::Already } else { Step::Take })
            }
            GroupDeed::StoryTold { title, text, public } => {
                let same = |story: &Story| story.title == *title && story.text == *text && story.public == *public;
                if self.stories.iter().any(same) {
                    return Ok(Step::Already);
                }
                self.has_agreed()?;
                if self.stories.len() >= STORIES_MOST {
                    let defect = Defect::new("list.too_long", "事例は50件までです。", "At most 50 stories.");
                    return Err(Refusal::Invalid("/text", defect));
                }
                Ok(Step::Take)
            }
            GroupDeed::HandedOver { to, .. } => {
                Ok(if self.desk.as_ref() == Some(to) { Step::Already } else { Step::Take })
            }
            GroupDeed::Merged { from, into } => Ok(self.consider_merging(from, into)),
            GroupDeed::Parted { party } => Ok(self.consider_parting(party)),
        }
    }

    fn add(&mut self, event: &Event<GroupDeed>) {
        let on = event.happened_on.clone();
        // Whoever leaves leaves a gap: the rest is to be confirmed anew.
        let leave = |group: &mut Group, party: &ThingId, state, because| {
            if let Some(seat) = group.seat_mut(party) {
                seat.state = state;
                seat.because = because;
            }
            if group.lead.as_ref() == Some(party) {
                group.lead = None;
            }
            if group.state == GroupState::Confirmed {
                group.state = GroupState::Inviting;
            }
        };
        match event.deed.clone() {
            GroupDeed::Formed(_) => {}
            GroupDeed::Invited { answer_by, message } => {
                self.state = GroupState::Inviting;
                self.message = message;
                for seat in self.seats.iter_mut().filter(|seat| seat.state == SeatState::Planned) {
                    seat.state = SeatState::Invited;
                    seat.answer_by = Some(answer_by.clone());
                }
            }
            GroupDeed::SeatAdded { seat, replaces, answer_by, message } => {
                self.state = GroupState::Inviting;
                self.message = message.or(self.message.take());
                self.seats.retain(|other| other.planned.party != seat.party);
                let asked = Seat { state: SeatState::Invited, answer_by: Some(answer_by), replaces, ..Seat::new(seat) };
                self.seats.push(asked);
            }
            GroupDeed::Accepted { party } => {
                if let Some(seat) = self.seat_mut(&party) {
                    seat.state = SeatState::Accepted;
                }
            }
            GroupDeed::Declined { party, reason, text } => {
                leave(self, &party, SeatState::Declined, Some((reason, text)));
            }
            GroupDeed::Withdrew { party, reason, text } => {
                leave(self, &party, SeatState::Withdrawn, Some((reason, text)));
            }
            GroupDeed::Released { party, text } => {
                leave(self, &party, SeatState::Released, Some((DeclineReason::Other, Some(text))));
            }
            GroupDeed::Lapsed => {
                for seat in self.seats.iter_mut().filter(|seat| seat.is_over(&event.at)) {
                    seat.state = SeatState::Lapsed;
                }
            }
            GroupDeed::Reminded => {
                for seat in &mut self.seats {
                    seat.reminded |= seat.reminder().is_some_and(|at| event.at >= at);
                }
            }
            GroupDeed::LeadSet { party } => self.lead = Some(party),
            GroupDeed::SharesSet { shares, answer_by } => {
                for planned in shares {
                    let again = self.rises(&planned);
                    let Some(seat) = self.seat_mut(&planned.party) else { continue };
                    seat.planned = planned;
                    if again {
                        seat.state = SeatState::Invited;
                        seat.reminded = false;
                        seat.answer_by.clone_from(&answer_by);
                        self.state = GroupState::Inviting;
                    }
                }
            }
            GroupDeed::Confirmed => self.state = GroupState::Confirmed,
            GroupDeed::Exhibited => self.state = GroupState::Exhibited,
            GroupDeed::Reported { report } => {
                self.state = GroupState::Reported;
                self.report = Some(report);
            }
            GroupDeed::Dissolved { .. } => self.state = GroupState::Dissolved,
            GroupDeed::Matured { to, text } => {
                self.maturity = to;
                self.growth.push(Growth { to, on, text });
            }
            GroupDeed::StoryTold { title, text, public } => self.stories.push(Story { title, text, public, on }),
            GroupDeed::HandedOver { to, .. } => self.desk = Some(to),
            GroupDeed::Merged { from, into } => self.merge(from, into),
            GroupDeed::Parted { party } => self.part(&party),
        }
    }

    fn facts(&self) -> Facts {
        let open = self.is_open().is_ok();
        let clocks = self.seats.iter().filter(|seat| seat.waits());
        let due = |seat: &Seat| seat.reminder().or_else(|| seat.answer_by.as_ref().map(Day::end));
        Facts {
            state: self.state.code(),
            desk: self.desk.clone(),
            subject: self.formed.exhibition.clone(),
            due_at: if open { clocks.filter_map(due).min() } else { None },
            // A composition becomes one group.
            pair: self
                .formed
                .composition
                .as_ref()
                .filter(|_| self.state != GroupState::Dissolved)
                .map(|composition| format!("group {composition}")),
            // Nobody is told of a plan.
            parties: self
                .seats
                .iter()
                .filter(|seat| seat.state != SeatState::Planned)
                .map(|seat| (seat.planned.party.clone(), None))
                .collect(),
            closed: matches!(self.state, GroupState::Reported | GroupState::Dissolved),
            ..Facts::default()
        }
    }

    fn name(deed: &GroupDeed) -> &'static str {
        match deed {
            GroupDeed::Formed(_) => "formed",
            GroupDeed::Invited { .. } => "invited",
            GroupDeed::SeatAdded { .. } => "seat_added",
            GroupDeed::Accepted { .. } => "accepted",
            GroupDeed::Declined { .. } => "declined",
            GroupDeed::Withdrew { .. } => "withdrew",
            GroupDeed::Released { .. } => "released",
            GroupDeed::Lapsed => "lapsed",
            GroupDeed::Reminded => "reminded",
            GroupDeed::LeadSet { .. } => "lead_set",
            GroupDeed::SharesSet { .. } => "shares_set",
            GroupDeed::Confirmed => "confirmed",
            GroupDeed::Exhibited => "exhibited",
            GroupDeed::Reported { .. } => "reported",
            GroupDeed::Dissolved { .. } => "dissolved",
            GroupDeed::Matured { .. } => "matured",
            GroupDeed::StoryTold { .. } => "story_told",
            GroupDeed::HandedOver { .. } => "handed_over",
            GroupDeed::Merged { .. } => "merged",
            GroupDeed::Parted { .. } => "parted",
        }
    }

    fn told(&self, deed: &GroupDeed) -> Vec<Told> {
        let party = |party: &ThingId| Told::Party(party.clone());
        let of = |states: &[SeatState]| -> Vec<Told> {
            self.seats
                .iter()
                .filter(|seat| states.contains(&seat.state))
                .map(|seat| party(&seat.planned.party))
                .collect()
        };
        let taking_part = || of(&[SeatState::Invited, SeatState::Accepted]);
        match deed {
            GroupDeed::Formed(_)
            | GroupDeed::StoryTold { .. }
            | GroupDeed::Merged { .. }
            | GroupDeed::Parted { .. } => Vec::new(),
            GroupDeed::Invited { .. } | GroupDeed::Reminded => of(&[SeatState::Invited]),
            GroupDeed::SeatAdded { seat, .. } => vec![party(&seat.party)],
            GroupDeed::Accepted { .. } | GroupDeed::Declined { .. } | GroupDeed::HandedOver { .. } => vec![Told::Desk],
            GroupDeed::Withdrew { .. } => self.lead.iter().map(party).chain([Told::Desk]).collect(),
            GroupDeed::Released { party: released, .. } => vec![party(released)],
            GroupDeed::Lapsed => of(&[SeatState::Lapsed]).into_iter().chain([Told::Desk]).collect(),
            GroupDeed::LeadSet { .. } | GroupDeed::SharesSet { .. } | GroupDeed::Matured { .. } => taking_part(),
            GroupDeed::Confirmed | GroupDeed::Exhibited | GroupDeed::Reported { .. } | GroupDeed::Dissolved { .. } => {
                taking_part().into_iter().chain([Told::Desk]).collect()
            }
        }
    }

    fn hand_over(to: ThingId, note: Option<Prose>) -> Option<GroupDeed> {
        Some(GroupDeed::HandedOver { to, note })
    }
}
