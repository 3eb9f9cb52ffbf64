//! Who stands in which booth of an exhibition: a plan that is drawn up, changed by pins, and published.

use super::{Day, Event, Facts, Matter, Merges, Refusal, Renaming, Step, Told};
use crate::domain::id::{ThingId, Timestamp};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::desk::{BoothPlanState, MatterKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

pub const EXHIBITORS_MOST: usize = 500;
/// Parties that share a booth.
pub const SHARING_MOST: usize = 50;
/// Pairs and pins at most, of each sort.
pub const PAIRS_MOST: usize = 2_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum BoothPlanDeed {
    Placed(Box<Placed>),
    Published,
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

/// What was asked, and who stands where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    pub exhibition: ThingId,
    pub asked: BoothsAsked,
    /// The booth of each exhibitor, in their order.
    pub booths: Vec<String>,
    pub neighbours: Vec<Neighbours>,
    /// Sum of what neighbours are to each other; no placement with as few rivals side by side is worth more than the bound.
    pub value: f64,
    pub bound: f64,
    pub proven: bool,
    pub desk: Option<ThingId>,
    /// Parties that stand elsewhere than before, came, or are there no more: who is told of a published plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<ThingId>,
}

impl Placed {
    /// Where an exhibitor stands: the same group, else whoever shares a party with it.
    pub fn booth_of(&self, exhibitor: &Exhibitor) -> Option<&str> {
        let all = &self.asked.exhibitors;
        let same_group = |one: &Exhibitor| one.group.is_some() && one.group == exhibitor.group;
        let shares = |one: &Exhibitor| one.parties.iter().any(|party| exhibitor.parties.contains(party));
        let place = all.iter().position(same_group).or_else(|| all.iter().position(shares))?;
        self.booths.get(place).map(String::as_str)
    }

    /// The booth of each party.
    pub fn booths_by_party(&self) -> BTreeMap<&ThingId, &str> {
        let places = self.asked.exhibitors.iter().zip(&self.booths);
        places.flat_map(|(one, booth)| one.parties.iter().map(move |party| (party, booth.as_str()))).collect()
    }

    /// The same plan, whoever was told of it.
    fn says_the_same_as(&self, other: &Self) -> bool {
        *self == Self { moved: self.moved.clone(), ..other.clone() }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoothsAsked {
    pub exhibitors: Vec<Exhibitor>,
    /// Pairs of parties that do not stand side by side if it can be avoided.
    #[serde(default)]
    pub rivals: Vec<[ThingId; 2]>,
    /// Also firms whose stated fields and industry overlap at least so much, 0.05 to 1; absent: only who is named.
    #[serde(default)]
    pub overlap: Option<f64>,
    /// What two are to each other, where the organiser knows better: −1 to 1.
    #[serde(default)]
    pub pairs: Vec<PairAsked>,
    /// Booths that are decided.
    #[serde(default)]
    pub pins: Vec<Pin>,
}

/// A firm, or a group that shares a booth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Exhibitor {
    /// The group that shares the booth: its members are the parties, as they are when the plan is drawn up.
    #[serde(default)]
    pub group: Option<ThingId>,
    /// 1 to 50; absent for a group.
    #[serde(default)]
    pub parties: Vec<ThingId>,
    /// The name over the booth.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub name: Option<Line>,
    /// Units of space; 1 if absent.
    #[serde(default = "one")]
    pub size: u32,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PairAsked {
    pub left: ThingId,
    pub right: ThingId,
    pub value: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// One of the parties of the exhibitor.
    pub party: ThingId,
    #[schema(value_type = String)]
    pub booth: Line,
}

/// Two exhibitors side by side, by their places, and what they are to each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Neighbours {
    pub left: usize,
    pub right: usize,
    pub value: f64,
    pub why: Vec<NeighboursWhy>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NeighboursWhy {
    /// They stand in one record of work.
    WorkedTogether,
    /// One looks for what the other offers.
    Complement,
    /// The organiser said so.
    ByHand,
    /// Rivals side by side all the same.
    Rivals,
}

#[derive(Debug, Clone, PartialEq)]
pub struct BoothPlan {
    pub placed: Placed,
    pub state: BoothPlanState,
    pub desk: Option<ThingId>,
    pub merges: Merges,
}

impl BoothPlan {
    fn parties(&self) -> Vec<ThingId> {
        self.placed.asked.exhibitors.iter().flat_map(|exhibitor| exhibitor.parties.iter().cloned()).collect()
    }
}

impl Matter for BoothPlan {
    const KIND: MatterKind = MatterKind::BoothPlan;
    type Deed = BoothPlanDeed;

    fn begin(event: &Event<BoothPlanDeed>) -> Option<Self> {
        let BoothPlanDeed::Placed(placed) = &event.deed else { return None };
        let merges = Merges::default();
        Some(Self { desk: placed.desk.clone(), placed: (**placed).clone(), state: BoothPlanState::Draft, merges })
    }

    fn consider(&self, deed: &BoothPlanDeed, _: &Day, _: &Timestamp) -> Result<Step, Refusal> {
        Ok(match deed {
            BoothPlanDeed::Placed(placed) if placed.says_the_same_as(&self.placed) => Step::Already,
            BoothPlanDeed::Published if self.state == BoothPlanState::Published => Step::Already,
            BoothPlanDeed::HandedOver { to, .. } if self.desk.as_ref() == Some(to) => Step::Already,
            BoothPlanDeed::Merged { from, into } => self.consider_merging(from, into),
            BoothPlanDeed::Parted { party } => self.consider_parting(party),
            BoothPlanDeed::Placed(_) | BoothPlanDeed::Published | BoothPlanDeed::HandedOver { .. } => Step::Take,
        })
    }

    fn add(&mut self, event: &Event<BoothPlanDeed>) {
        match event.deed.clone() {
            BoothPlanDeed::Placed(placed) => self.placed = *placed,
            BoothPlanDeed::Published => self.state = BoothPlanState::Published,
            BoothPlanDeed::HandedOver { to, .. } => self.desk = Some(to),
            BoothPlanDeed::Merged { from, into } => self.merge(from, into),
            BoothPlanDeed::Parted { party } => self.part(&party),
        }
    }

    fn facts(&self) -> Facts {
        // A draft is nobody's but the organiser's.
        let parties = match self.state {
            BoothPlanState::Draft => Vec::new(),
            BoothPlanState::Published => self.parties().into_iter().map(|party| (party, None)).collect(),
        };
        Facts {
            state: self.state.code(),
            desk: self.desk.clone(),
            subject: Some(self.placed.exhibition.clone()),
            parties,
            ..Facts::default()
        }
    }

    fn name(deed: &BoothPlanDeed) -> &'static str {
        match deed {
            BoothPlanDeed::Placed(_) => "placed",
            BoothPlanDeed::Published => "published",
            BoothPlanDeed::HandedOver { .. } => "handed_over",
            BoothPlanDeed::Merged { .. } => "merged",
            BoothPlanDeed::Parted { .. } => "parted",
        }
    }

    fn told(&self, deed: &BoothPlanDeed) -> Vec<Told> {
        match deed {
            BoothPlanDeed::Placed(_) if self.state == BoothPlanState::Draft => Vec::new(),
            BoothPlanDeed::Placed(placed) => placed.moved.iter().cloned().map(Told::Party).collect(),
            BoothPlanDeed::Published => self.parties().into_iter().map(Told::Party).collect(),
            BoothPlanDeed::HandedOver { .. } => vec![Told::Desk],
            BoothPlanDeed::Merged { .. } | BoothPlanDeed::Parted { .. } => Vec::new(),
        }
    }

    fn hand_over(to: ThingId, note: Option<Prose>) -> Option<BoothPlanDeed> {
        Some(BoothPlanDeed::HandedOver { to, note })
    }
}

impl Renaming for BoothPlan {
    fn each_party(&mut self, hear: &mut dyn FnMut(&mut ThingId)) {
        let BoothsAsked { exhibitors, rivals, pairs, pins, .. } = &mut self.placed.asked;
        exhibitors.iter_mut().flat_map(|exhibitor| &mut exhibitor.parties).for_each(&mut *hear);
        rivals.iter_mut().flatten().for_each(&mut *hear);
        for pair in pairs {
            hear(&mut pair.left);
            hear(&mut pair.right);
        }
        pins.iter_mut().for_each(|pin| hear(&mut pin.party));
    }

    fn merges(&mut self) -> &mut Merges {
        &mut self.merges
    }

    fn merged(from: ThingId, into: ThingId) -> BoothPlanDeed {
        BoothPlanDeed::Merged { from, into }
    }

    fn parted(party: ThingId) -> BoothPlanDeed {
        BoothPlanDeed::Parted { party }
    }
}
