//! Figures of the meetings of 商談会 by fiscal year, counted from their events and from nothing else.

use super::indicators::Question;
use super::{Day, Event, Meeting, MeetingDeed, known_at, replay};
use crate::domain::vocabulary::desk::MeetingOutcome;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Meetings of a year, by the day for which they stand in the timetable; what was cancelled does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct MeetingFigures {
    pub arranged: u64,
    /// Held, as a result card of either side says.
    pub held: u64,
    /// Over, without a result card of either side.
    pub without_card: u64,
    /// By the result that goes furthest of its cards; each meeting once.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Meetings that led to a case.
    pub cases: u64,
}

/// Of two cards the one that goes further counts.
const FURTHEST_FIRST: [MeetingOutcome; 6] = [
    MeetingOutcome::Order,
    MeetingOutcome::Quote,
    MeetingOutcome::Sample,
    MeetingOutcome::FollowUp,
    MeetingOutcome::NoFit,
    MeetingOutcome::NotHeld,
];

pub fn figures<'a>(meetings: impl Iterator<Item = &'a [Event<MeetingDeed>]>, question: &Question) -> MeetingFigures {
    let mut figures = MeetingFigures::default();
    for events in meetings {
        let Some(meeting) = replay::<Meeting>(&known_at(events, &question.as_of)) else { continue };
        if meeting.cancelled || Day::at(&meeting.at.start).fiscal_year() != question.fiscal_year {
            continue;
        }
        figures.arranged += 1;
        figures.cases += u64::from(meeting.case.is_some());
        let said = |outcome: &&MeetingOutcome| meeting.cards.iter().any(|filed| filed.card.outcome == **outcome);
        match FURTHEST_FIRST.iter().find(said) {
            Some(outcome) => {
                figures.held += u64::from(!outcome.was_not_held());
                *figures.outcomes.entry(outcome.code()).or_default() += 1;
            }
            None => figures.without_card += u64::from(meeting.at.end <= question.as_of),
        }
    }
    figures
}
