//! What happens between a match and a product: proposals, introductions and cases.
//!
//! Each is the sum of its events, in their order. The same pure code decides what may come next, replays what came,
//! and tells what stood at any past moment.

pub mod application;
pub mod booth_plan;
pub mod case;
pub mod composition;
pub mod day;
pub mod group;
pub mod group_figures;
mod group_seats;
pub mod indicators;
pub mod introduction;
pub mod meeting;
pub mod meeting_figures;
pub mod proposal;
pub mod rights;
pub mod shares;
pub mod timetable;
pub mod words;

pub use application::{Application, ApplicationDeed};
pub use booth_plan::{BoothPlan, BoothPlanDeed};
pub use case::{Case, CaseDeed};
pub use composition::{Composition, CompositionDeed};
pub use day::Day;
pub use group::{Group, GroupDeed};
pub use introduction::{Introduction, IntroductionDeed};
pub use meeting::{Meeting, MeetingDeed};
pub use proposal::{Proposal, ProposalDeed};
pub use timetable::{Timetable, TimetableDeed};

use super::finding::Defect;
use super::id::{ThingId, Timestamp};
use super::vocabulary::Purpose;
use super::vocabulary::desk::{MatterKind, Side};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Something that happened, and when it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<D> {
    /// Counts from 1 within its matter.
    pub number: i64,
    /// When it was recorded: decides what was known as of a moment.
    pub at: Timestamp,
    /// The name of the actor, as in the log.
    pub actor: String,
    /// The day it counts for: decides the fiscal year.
    pub happened_on: Day,
    pub deed: D,
}

/// Why a deed is refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// It does not fit where the matter stands.
    Conflict(Defect),
    /// Something sent with it is missing or wrong: JSON pointer and defect.
    Invalid(&'static str, Defect),
}

/// What a deed would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is to be recorded.
    Take,
    /// It is so already: nothing is to be recorded, and nobody told.
    Already,
}

/// Who is told of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Whoever acts for the party.
    Party(ThingId),
    /// Whose desk the matter is on.
    Desk,
    /// All coordinators: it is on nobody's desk.
    Coordinators,
}

/// What lists and clocks need to know of a matter without replaying it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub state: &'static str,
    /// The account whose desk it is on.
    pub desk: Option<ThingId>,
    /// The thing it is about.
    pub subject: Option<ThingId>,
    pub purpose: Option<Purpose>,
    /// When its clock runs out; none: no clock runs.
    pub due_at: Option<Timestamp>,
    /// Only one open matter of its kind may have this key.
    pub pair: Option<String>,
    pub parties: Vec<(ThingId, Option<Side>)>,
    /// Parties that were in it and read on up to when they left.
    pub former: Vec<ThingId>,
    /// Nothing more is expected to happen.
    pub closed: bool,
}

/// The sum of its events.
pub trait Matter: Sized + Clone + PartialEq + std::fmt::Debug + Send + 'static {
    const KIND: MatterKind;
    type Deed: Serialize + DeserializeOwned + Clone + PartialEq + std::fmt::Debug + Send + 'static;

    /// The matter that this first event begins; none if a matter cannot begin so.
    fn begin(event: &Event<Self::Deed>) -> Option<Self>;
    /// Whether the deed may come next, at this moment.
    fn consider(&self, deed: &Self::Deed, happened_on: &Day, now: &Timestamp) -> Result<Step, Refusal>;
    /// Adds an event that was considered.
    fn add(&mut self, event: &Event<Self::Deed>);
    fn facts(&self) -> Facts;
    /// Stable name of the deed.
    fn name(deed: &Self::Deed) -> &'static str;
    /// Who hears of the deed, once it is recorded.
    fn told(&self, deed: &Self::Deed) -> Vec<Told>;
    /// What a notice calls the deed, once it is recorded.
    fn told_as(&self, deed: &Self::Deed) -> &'static str {
        Self::name(deed)
    }
    /// What is open now, to which party.
    fn opens(&self) -> Vec<(ThingId, ThingId)> {
        Vec::new()
    }
    /// Another desk takes over; none: it is on no desk.
    fn hand_over(_to: ThingId, _note: Option<super::text::Prose>) -> Option<Self::Deed> {
        None
    }
}

/// A matter that follows its parties when one of them becomes part of another.
pub trait Mergeable: Matter {
    /// The party `from` became part of `into`. `ends`: nothing is left to happen, see [`Mergeable::is_with_itself`].
    fn merge(&self, from: ThingId, into: ThingId, ends: bool) -> Self::Deed;
    /// `party` is parted again from the one it became part of.
    fn part(&self, party: ThingId) -> Self::Deed;
    /// Whether it brings nobody together: both sides are one party. `owner` owns what it is about.
    fn is_with_itself(&self, owner: Option<&ThingId>) -> bool;
}

/// Parties of a matter that became part of others, for the way back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merges(Vec<(ThingId, ThingId)>);

/// A matter in which a party that became part of another goes on under its name. Where both stand in it already, each keeps
/// its place; only what is shown says that they are one.
pub trait Renaming: Matter {
    /// Hears every party that is named in it, and may change it.
    fn each_party(&mut self, hear: &mut dyn FnMut(&mut ThingId));
    fn merges(&mut self) -> &mut Merges;
    fn merged(from: ThingId, into: ThingId) -> Self::Deed;
    fn parted(party: ThingId) -> Self::Deed;

    /// Whether the party is named in it.
    fn names(&self, party: &ThingId) -> bool {
        let mut named = false;
        self.clone().each_party(&mut |one| named |= one == party);
        named
    }

    fn consider_merging(&self, from: &ThingId, into: &ThingId) -> Step {
        if self.names(from) && !self.names(into) { Step::Take } else { Step::Already }
    }

    fn consider_parting(&self, party: &ThingId) -> Step {
        let there = self.clone().merges().0.iter().any(|(from, _)| from == party);
        if there { Step::Take } else { Step::Already }
    }

    fn merge(&mut self, from: ThingId, into: ThingId) {
        self.rename(&from, &into);
        self.merges().0.push((from, into));
    }

    fn part(&mut self, party: &ThingId) {
        let Some(place) = self.merges().0.iter().rposition(|(from, _)| from == party) else { return };
        let (from, into) = self.merges().0.remove(place);
        self.rename(&into, &from);
    }

    fn rename(&mut self, from: &ThingId, into: &ThingId) {
        self.each_party(&mut |party| {
            if party == from {
                *party = into.clone();
            }
        });
    }
}

/// Puts `into` in the place of `from`, once.
pub(crate) fn replace_once(parties: &mut Vec<ThingId>, from: &ThingId, into: &ThingId) {
    if parties.contains(into) {
        parties.retain(|party| party != from);
    } else if let Some(place) = parties.iter_mut().find(|party| *party == from) {
        *place = into.clone();
    }
}

/// The matter after all of its events; none before the first.
pub fn replay<M: Matter>(events: &[Event<M::Deed>]) -> Option<M> {
    let (first, rest) = events.split_first()?;
    let mut matter = M::begin(first)?;
    for event in rest {
        matter.add(event);
    }
    Some(matter)
}

/// The events that were recorded by a moment.
pub fn known_at<D: Clone>(events: &[Event<D>], as_of: &Timestamp) -> Vec<Event<D>> {
    events.iter().filter(|event| event.at <= *as_of).cloned().collect()
}

pub(crate) fn closed() -> Refusal {
    Refusal::Conflict(Defect::new(
        "closed",
        "すでに終了しているため、この操作はできません。",
        "It has ended already, so this cannot be done.",
    ))
}

pub(crate) fn required(pointer: &'static str) -> Refusal {
    Refusal::Invalid(pointer, Defect::new("value.required", "この項目は必須です。", "This field is required."))
}

/// "Other" says nothing by itself.
pub(crate) fn needs_text(
    reason: super::vocabulary::desk::DeclineReason,
    text: &Option<super::text::Prose>,
) -> Result<(), Refusal> {
    if reason == super::vocabulary::desk::DeclineReason::Other && text.is_none() {
        return Err(Refusal::Invalid(
            "/text",
            Defect::new(
                "reason.text",
                "「その他」のときは理由を書いてください。",
                "Please say why when the reason is \"other\".",
            ),
        ));
    }
    Ok(())
}
