//! How long ago somebody confirmed that a thing is true: a filter, and a facet.

use crate::bits::Bits;
use crate::snapshot::Segment;

/// Days of a year, as the yearly question counts them.
const YEAR: i64 = 365;

/// How long ago a thing was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Freshness {
    /// Less than a year ago.
    WithinYear,
    /// One to two years ago.
    WithinTwoYears,
    /// Longer ago.
    Older,
    Never,
}

impl Freshness {
    /// Freshest first.
    pub const ALL: [Freshness; 4] =
        [Freshness::WithinYear, Freshness::WithinTwoYears, Freshness::Older, Freshness::Never];

    /// As seen on a day, both in days since 1970-01-01.
    pub fn of(verified: Option<i64>, today: i32) -> Freshness {
        let Some(verified) = verified else { return Freshness::Never };
        match i64::from(today) - verified {
            age if age < YEAR => Freshness::WithinYear,
            age if age < 2 * YEAR => Freshness::WithinTwoYears,
            _ => Freshness::Older,
        }
    }

    /// The name used in filters and facets.
    pub fn name(self) -> &'static str {
        match self {
            Freshness::WithinYear => "within_year",
            Freshness::WithinTwoYears => "within_two_years",
            Freshness::Older => "older",
            Freshness::Never => "never",
        }
    }
}

fn freshness_in(segment: &Segment, document: u32, today: i32) -> Freshness {
    Freshness::of(segment.tables.verified.as_ref().and_then(|column| column.first(document)), today)
}

/// The documents that were verified so long ago; `None` when nothing is asked.
pub(crate) fn fresh(segment: &Segment, wanted: &[Freshness], today: i32) -> Option<Bits> {
    if wanted.is_empty() {
        return None;
    }
    let mut bits = Bits::empty(segment.documents());
    for document in 0..segment.documents() {
        if wanted.contains(&freshness_in(segment, document, today)) {
            bits.insert(document);
        }
    }
    Some(bits)
}

/// Adds the documents to the counts, in the order of [`Freshness::ALL`].
pub(crate) fn count(segment: &Segment, documents: &Bits, today: i32, counts: &mut [usize; 4]) {
    documents.for_each(|document| counts[freshness_in(segment, document, today) as usize] += 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_has_365_days() {
        let of = |age: i64| Freshness::of(Some(20_000 - age), 20_000);
        assert_eq!([of(-3), of(0), of(364)], [Freshness::WithinYear; 3]);
        assert_eq!([of(365), of(729)], [Freshness::WithinTwoYears; 2]);
        assert_eq!(of(730), Freshness::Older);
        assert_eq!(Freshness::of(None, 20_000), Freshness::Never);
        assert!(Freshness::ALL.iter().enumerate().all(|(place, one)| *one as usize == place));
    }
}
