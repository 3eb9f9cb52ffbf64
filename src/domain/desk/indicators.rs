//! Figures by fiscal year (年度), counted from the histories and from nothing else.
//!
//! A figure is a question about events: which were recorded by `as_of`, and happened by the end of the year. So the
//! same question about the past has the same answer for ever. A case counts once, however many measures list it.

use super::{Case, CaseDeed, Day, Event, Introduction, IntroductionDeed, known_at, replay};
use crate::domain::id::{ThingId, Timestamp};
use crate::domain::vocabulary::desk::{CountedBy, IntroductionState, Side};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// The question.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// 2026 for 2026年度 (April 2026 to March 2027).
    pub fiscal_year: i32,
    pub as_of: Timestamp,
    pub by: CountedBy,
}

/// The value of a cell for cases that have none.
pub const NONE: &str = "none";

/// The cells of a case in the year: several where several measures or fields list it, none where it does not count.
///
/// It counts when something of it happened in the year; it stands where it stood at the end of the year, as known.
pub fn cells(events: &[Event<CaseDeed>], question: &Question) -> BTreeSet<String> {
    let Some((_, last)) = Day::of_fiscal_year(question.fiscal_year) else { return BTreeSet::new() };
    let known = known_at(events, &question.as_of);
    let in_the_year = |event: &&Event<CaseDeed>| event.happened_on.fiscal_year() == question.fiscal_year;
    let by_then: Vec<Event<CaseDeed>> = known.iter().filter(|event| event.happened_on <= last).cloned().collect();
    if !known.iter().filter(|event| !matches!(event.deed, CaseDeed::Reminded)).any(|event| in_the_year(&event)) {
        return BTreeSet::new();
    }
    let Some(case) = replay::<Case>(&by_then) else { return BTreeSet::new() };
    let several = |values: Vec<String>| {
        if values.is_empty() { BTreeSet::from([NONE.to_owned()]) } else { values.into_iter().collect() }
    };
    match question.by {
        CountedBy::Stage => BTreeSet::from([case.stage.code().to_owned()]),
        CountedBy::Outcome => {
            let outcome = case.outcome.filter(|(_, _, on)| on.fiscal_year() == question.fiscal_year);
            BTreeSet::from([outcome.map_or(NONE, |(outcome, _, _)| outcome.code()).to_owned()])
        }
        CountedBy::Field => several(case.opened.fields.iter().map(|code| code.as_str().to_owned()).collect()),
        CountedBy::Municipality => {
            several(case.opened.municipality.iter().map(|code| code.as_str().to_owned()).collect())
        }
        CountedBy::Programme => several(case.measures.iter().map(|measure| measure.as_str().to_owned()).collect()),
    }
}

/// Counts of cases: each cell with its cases, and the total in which each case is there once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub cells: BTreeMap<String, Vec<ThingId>>,
    pub total: u64,
    /// Listings beyond the first (再掲).
    pub relisted: u64,
}

pub fn table<'a>(cases: impl Iterator<Item = (&'a ThingId, &'a [Event<CaseDeed>])>, question: &Question) -> Table {
    let mut table = Table::default();
    for (id, events) in cases {
        let cells = cells(events, question);
        if cells.is_empty() {
            continue;
        }
        table.total += 1;
        table.relisted += cells.len() as u64 - 1;
        for cell in cells {
            table.cells.entry(cell).or_default().push(id.clone());
        }
    }
    for ids in table.cells.values_mut() {
        ids.sort();
    }
    table
}

/// Introductions of a year: asked in it, and how those that were closed in it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct IntroductionFigures {
    pub asked: u64,
    pub accepted: u64,
    pub declined: u64,
    pub lapsed: u64,
    /// Ended by a desk, before or after both sides agreed.
    pub ended: u64,
    /// Declines by reason.
    #[schema(value_type = Object)]
    pub declined_by_reason: BTreeMap<String, u64>,
}

pub fn introductions<'a>(
    all: impl Iterator<Item = &'a [Event<IntroductionDeed>]>,
    question: &Question,
) -> IntroductionFigures {
    let mut figures = IntroductionFigures::default();
    for events in all {
        let Some(introduction) = replay::<Introduction>(&known_at(events, &question.as_of)) else { continue };
        let in_the_year = |day: &Day| day.fiscal_year() == question.fiscal_year;
        figures.asked += u64::from(in_the_year(&introduction.asked_on));
        if let Some((_, _, on)) = &introduction.ended {
            figures.ended += u64::from(in_the_year(on));
        }
        if !introduction.closed_on.as_ref().is_some_and(in_the_year) {
            continue;
        }
        match introduction.state {
            IntroductionState::Asked => {}
            IntroductionState::Accepted => figures.accepted += 1,
            IntroductionState::Lapsed => figures.lapsed += 1,
            // Both had agreed before nothing came of it.
            IntroductionState::Ended => figures.accepted += u64::from(introduction.yes.len() == Side::ALL.len()),
            IntroductionState::Declined => {
                figures.declined += 1;
                if let Some(declined) = introduction.declined {
                    *figures.declined_by_reason.entry(declined.reason.code().to_owned()).or_default() += 1;
                }
            }
        }
    }
    figures
}
