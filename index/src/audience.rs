//! Who may find what, and the other conditions, as sets of documents.

use crate::bits::Bits;
use crate::document::Attribute;
use crate::error::EngineError;
use crate::freshness::fresh;
use crate::request::{Filters, Reader};
use crate::schema::fields;
use crate::snapshot::Segment;

/// The documents of a segment that the reader may find: the first condition of every query.
///
/// Drafts, expired and withdrawn things come only when asked for, to the office, to their owner and to the parties
/// they name; never to a visitor, whatever their audience says.
pub(crate) fn visible(segment: &Segment, reader: &Reader, unpublished: bool) -> Result<Bits, EngineError> {
    let documents = segment.documents();
    let tables = &segment.tables;
    let (mut bits, parties): (Bits, &[String]) = match reader {
        Reader::Visitor => return Ok(segment.open.clone().unwrap_or_else(|| Bits::full(documents))),
        Reader::Member { parties } => (joined(&tables.tiers[..2]), parties),
        Reader::Coordinator { parties } => (joined(&tables.tiers[..3]), parties),
        Reader::Everything => (Bits::full(documents), &[]),
    };
    let office = !matches!(reader, Reader::Member { .. });
    if !(unpublished && office) {
        bits.and(&tables.published);
    }
    let mut named = Bits::empty(documents);
    for party in parties {
        segment.documents_with(fields().reader, party, &mut named)?;
        if unpublished {
            let mut own = Bits::empty(documents);
            segment.documents_with(fields().owner, party, &mut own)?;
            own.and_not(&tables.published);
            own.and(&joined(&tables.tiers));
            named.or(&own);
        }
    }
    if !unpublished {
        named.and(&tables.published);
    }
    bits.or(&named);
    if let Some(alive) = &segment.alive {
        bits.and(alive);
    }
    Ok(bits)
}

fn joined(tiers: &[Bits]) -> Bits {
    let mut all = tiers[0].clone();
    for tier in &tiers[1..] {
        all.or(tier);
    }
    all
}

/// The visible documents that also meet kinds, owners and exclusions, but not yet the attributes.
pub(crate) fn base(segment: &Segment, reader: &Reader, filters: &Filters) -> Result<Bits, EngineError> {
    let mut bits = visible(segment, reader, filters.unpublished)?;
    if !filters.kinds.is_empty() {
        bits.and(&any_of(segment, fields().kind, &filters.kinds)?);
    }
    if !filters.owners.is_empty() {
        bits.and(&any_of(segment, fields().owner, &filters.owners)?);
    }
    if !filters.excluded_ids.is_empty() {
        bits.and_not(&any_of(segment, fields().id, &filters.excluded_ids)?);
    }
    Ok(bits)
}

/// One set for each attribute condition.
pub(crate) fn attributes(segment: &Segment, filters: &Filters) -> Result<Vec<(Attribute, Bits)>, EngineError> {
    let chosen = filters.attributes.iter().filter(|(_, values)| !values.is_empty());
    chosen
        .map(|(attribute, values)| Ok((*attribute, any_of(segment, fields().attribute(*attribute), values)?)))
        .collect()
}

/// Everything that filters ask.
pub(crate) fn allowed(segment: &Segment, reader: &Reader, filters: &Filters) -> Result<Bits, EngineError> {
    let mut bits = base(segment, reader, filters)?;
    for (_, condition) in attributes(segment, filters)? {
        bits.and(&condition);
    }
    if let Some(fresh) = fresh(segment, &filters.freshness, filters.today) {
        bits.and(&fresh);
    }
    Ok(bits)
}

pub(crate) fn any_of(segment: &Segment, field: tantivy::schema::Field, values: &[String]) -> Result<Bits, EngineError> {
    let mut bits = Bits::empty(segment.documents());
    for value in values {
        segment.documents_with(field, value, &mut bits)?;
    }
    Ok(bits)
}
