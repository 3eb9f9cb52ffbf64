//! Who may find what, and the other conditions, as sets of documents.

use crate::bits::Bits;
use crate::document::Attribute;
use crate::error::EngineError;
use crate::request::{Filters, Reader};
use crate::schema::fields;
use crate::snapshot::Segment;

/// The documents of a segment that the reader may find: the first condition of every query.
pub(crate) fn visible(segment: &Segment, reader: &Reader, unpublished: bool) -> Result<Bits, EngineError> {
    let documents = segment.documents();
    if !unpublished && matches!(reader, Reader::Visitor) {
        return Ok(segment.open.clone().unwrap_or_else(|| Bits::full(documents)));
    }
    let tiers = &segment.tables.tiers;
    let mut bits = match reader {
        Reader::Visitor => tiers[0].clone(),
        Reader::Member { .. } => joined(&tiers[..2]),
        Reader::Coordinator { .. } => joined(&tiers[..3]),
        Reader::Everything => Bits::full(documents),
    };
    if let Reader::Member { parties } | Reader::Coordinator { parties } = reader {
        for party in parties {
            segment.documents_with(fields().reader, party, &mut bits)?;
        }
    }
    if !unpublished {
        bits.and(&segment.tables.published);
    }
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
    Ok(bits)
}

pub(crate) fn any_of(segment: &Segment, field: tantivy::schema::Field, values: &[String]) -> Result<Bits, EngineError> {
    let mut bits = Bits::empty(segment.documents());
    for value in values {
        segment.documents_with(field, value, &mut bits)?;
    }
    Ok(bits)
}
