//! What can be indexed: plain structs, already flattened.

use serde::{Deserialize, Serialize};

/// One findable thing: an organisation, person, capability, seed, need, record of work, exhibition …
///
/// The engine keeps no text: titles, sentences and snippets are made from the database row again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Identity of the thing; unique in the index, kept raw.
    pub id: String,
    /// Kind of the thing in the service's words (`organization`, `seed`, …); free form for the engine.
    pub kind: String,
    /// Row version; search answers it so that the caller can tell a stale hit.
    pub version: u64,
    /// The party that owns the thing, as a filter. Absent for an anonymous need.
    pub owner: Option<String>,
    /// The parties that collect this document's score in a match: the party itself, the owner of a
    /// capability, every member of a record of work. Empty: found by search, never collected.
    pub parties: Vec<String>,
    /// How a match weighs the document.
    pub source: Source,
    /// Who may find it.
    pub audience: Audience,
    /// Published and alive, or not (draft, submitted, expired, withdrawn). Matching uses published things only;
    /// search shows the rest to readers whose audience allows it and who ask for them.
    pub published: bool,
    /// Identifiers found by exact form: 法人番号, ORCID, ROR, patent numbers … (folded by the engine).
    pub codes: Vec<String>,
    /// Names and titles in any language, readings, aliases, former names. Weighs more than `body`.
    pub titles: Vec<String>,
    /// Everything else that is text.
    pub bodies: Vec<String>,
    /// Values for filters and facets.
    pub attributes: Vec<(Attribute, String)>,
    /// Day of the fact (days since 1970-01-01), for freshness and date ranges.
    pub day: Option<i32>,
    /// Day on which somebody last confirmed that it is true (days since 1970-01-01).
    pub verified: Option<i32>,
    /// Time of the last change, microseconds since 1970-01-01 UTC, for sorting by freshness.
    pub updated_at: i64,
    /// Folded reading or name, for sorting by name.
    pub sort_key: String,
}

/// What a document is to a match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Source {
    /// The description of a party itself (organisation or person).
    #[default]
    Profile,
    /// Something a party offers: capability, seed.
    Offer,
    /// Something a party asks for: need.
    Request,
    /// A past item that votes for its members: record of work.
    Record,
}

/// Who may find a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audience {
    /// Anyone. Only these documents feed the statistics of ranking.
    #[default]
    Public,
    /// Any confirmed account.
    Members,
    /// Coordinators, and the named parties (the owner and those it was disclosed to).
    Parties(Vec<String>),
    /// Administrators, and the named party (the owner).
    Private(Vec<String>),
}

/// A value that filters and facets know. One column each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Attribute {
    /// firm, university, public_testing_institute … (of the party behind the thing).
    OrganizationKind,
    /// 全国地方公共団体コード, six digits.
    Municipality,
    /// First two digits of it.
    Prefecture,
    /// Field of the cluster (concept id); ancestors are listed by the caller.
    Field,
    /// joint_research, supply, … (DECISIONS: purposes).
    Purpose,
    /// SDG number 1 to 17.
    Sdg,
    /// Size band by employees.
    SizeBand,
    /// JSIC code.
    Industry,
    /// Readiness level 1 to 9.
    Readiness,
    /// Kind of a capability: technology, equipment, evaluation …
    CapabilityKind,
    /// Certificates held (iso9001 …).
    Certificate,
    /// Part of a prefecture, larger than a municipality.
    Region,
}

impl Attribute {
    /// Every attribute, in column order.
    pub const ALL: [Attribute; 12] = [
        Attribute::OrganizationKind,
        Attribute::Municipality,
        Attribute::Prefecture,
        Attribute::Field,
        Attribute::Purpose,
        Attribute::Sdg,
        Attribute::SizeBand,
        Attribute::Industry,
        Attribute::Readiness,
        Attribute::CapabilityKind,
        Attribute::Certificate,
        Attribute::Region,
    ];

    /// The name used in filters, facets and the schema.
    pub fn name(self) -> &'static str {
        match self {
            Attribute::OrganizationKind => "organization_kind",
            Attribute::Municipality => "municipality",
            Attribute::Prefecture => "prefecture",
            Attribute::Field => "field",
            Attribute::Purpose => "purpose",
            Attribute::Sdg => "sdg",
            Attribute::SizeBand => "size_band",
            Attribute::Industry => "industry",
            Attribute::Readiness => "readiness",
            Attribute::CapabilityKind => "capability_kind",
            Attribute::Certificate => "certificate",
            Attribute::Region => "region",
        }
    }
}
