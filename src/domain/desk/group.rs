//! A group of firms (企業間グループ): formed for an exhibition (共同出展) or by itself, invited, confirmed, exhibited,
//! reported; and its maturity from 勉強会 to 共同受注, step by step.

pub use super::group_seats::{Planned, SEATS_MOST, Seat};
use super::shares::SubsidyRule;
use super::{Day, Event, Facts, Matter, Merges, Refusal, Renaming, Step, Told, closed};
use crate::domain::finding::Defect;
use crate::domain::id::{ThingId, Timestamp};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::desk::{DeclineReason, GroupState, MatterKind, Maturity, SeatState};
use serde::{Deserialize, Serialize};

const STORIES_MOST: usize = 50;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum GroupDeed {
    Formed(Box<Formed>),
    /// Everybody who has not been asked yet is asked. `again`: who was asked and has not answered has until then, too.
    Invited {
        answer_by: Day,
        message: Option<Prose>,
        #[serde(default)]
        again: bool,
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

    /// Before the fair is over, members come and go.
    pub(super) fn is_open(&self) -> Result<(), Refusal> {
        match self.state {
            GroupState::Composing | GroupState::Inviting | GroupState::Confirmed => Ok(()),
            GroupState::Exhibited | GroupState::Reported | GroupState::Dissolved => Err(closed()),
        }
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
            GroupDeed::Invited { answer_by, message, again } => self.consider_inviting(answer_by, message, *again, now),
            GroupDeed::SeatAdded { seat, replaces, answer_by, .. } => {
                self.consider_adding(seat, replaces.as_ref(), answer_by, now)
            }
            GroupDeed::Accepted { party } => self.consider_accepting(party, now),
            GroupDeed::Declined { party, reason, text } => self.consider_declining(party, *reason, text, now),
            GroupDeed::Withdrew { party, reason, text } => self.consider_withdrawing(party, *reason, text),
            GroupDeed::Released { party, .. } => self.consider_releasing(party),
            GroupDeed::Lapsed => Ok(self.consider_lapsing(now)),
            GroupDeed::Reminded => Ok(self.consider_reminding(now)),
            GroupDeed::LeadSet { party } => self.consider_leading(party),
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
        match event.deed.clone() {
            GroupDeed::Formed(_) => {}
            GroupDeed::Invited { answer_by, message, again } => self.invite(&answer_by, message, again),
            GroupDeed::SeatAdded { seat, replaces, answer_by, message } => {
                self.add_seat(seat, replaces, answer_by, message);
            }
            GroupDeed::Accepted { party } => {
                if let Some(seat) = self.seat_mut(&party) {
                    seat.state = SeatState::Accepted;
                }
            }
            GroupDeed::Declined { party, reason, text } => {
                self.leave(&party, SeatState::Declined, (reason, text));
            }
            GroupDeed::Withdrew { party, reason, text } => {
                self.leave(&party, SeatState::Withdrawn, (reason, text));
            }
            GroupDeed::Released { party, text } => {
                self.leave(&party, SeatState::Released, (DeclineReason::Other, Some(text)));
            }
            GroupDeed::Lapsed => self.lapse(&event.at),
            GroupDeed::Reminded => self.remind(&event.at),
            GroupDeed::LeadSet { party } => self.lead = Some(party),
            GroupDeed::SharesSet { shares, answer_by } => self.set_shares(shares, answer_by.as_ref()),
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
