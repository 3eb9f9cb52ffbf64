//! Figures of groups by fiscal year, counted from their events and from nothing else.

use super::indicators::Question;
use super::{Event, Group, GroupDeed, known_at, replay};
use crate::domain::id::ThingId;
use crate::domain::vocabulary::desk::Maturity;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What groups did in a year. Each group counts once in each figure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupFigures {
    pub formed: u64,
    pub confirmed: u64,
    /// Groups that exhibited together (共同出展).
    pub exhibited: u64,
    /// Firms that were in one of them, each once.
    pub firms: u64,
    /// Groups that came as far as 共同受注.
    pub joint_orders: u64,
}

pub fn figures<'a>(groups: impl Iterator<Item = &'a [Event<GroupDeed>]>, question: &Question) -> GroupFigures {
    let mut figures = GroupFigures::default();
    let mut firms: BTreeSet<ThingId> = BTreeSet::new();
    for events in groups {
        let known = known_at(events, &question.as_of);
        let in_the_year = |event: &&Event<GroupDeed>| event.happened_on.fiscal_year() == question.fiscal_year;
        let did =
            |deed: fn(&GroupDeed) -> bool| u64::from(known.iter().filter(in_the_year).any(|event| deed(&event.deed)));
        figures.formed += did(|deed| matches!(deed, GroupDeed::Formed(_)));
        figures.confirmed += did(|deed| matches!(deed, GroupDeed::Confirmed));
        figures.joint_orders += did(|deed| matches!(deed, GroupDeed::Matured { to: Maturity::JointOrder, .. }));
        let exhibited = |event: &Event<GroupDeed>| matches!(event.deed, GroupDeed::Exhibited) && in_the_year(&event);
        if let Some(place) = known.iter().position(exhibited) {
            figures.exhibited += 1;
            // Those who were there, whatever came after.
            let then = replay::<Group>(&known[..=place]);
            firms.extend(then.iter().flat_map(Group::members).cloned());
        }
    }
    figures.firms = firms.len() as u64;
    figures
}
