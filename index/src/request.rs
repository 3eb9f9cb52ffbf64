//! What is asked of the engine and what it answers: ids, versions and scores, never text.

use std::collections::HashMap;

use crate::document::Attribute;
use crate::freshness::Freshness;

/// Who is asking. The engine applies it as a required clause, so counts never include the invisible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reader {
    /// No account: public things only.
    #[default]
    Visitor,
    /// A confirmed account that acts for these parties.
    Member { parties: Vec<String> },
    /// Coordinators and officers: everything but what is private to others.
    Coordinator { parties: Vec<String> },
    /// Administrators and the operator of the machine: everything.
    Everything,
}

/// Conditions that a hit must meet. Values of one attribute are alternatives; attributes are joined by *and*.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filters {
    pub kinds: Vec<String>,
    pub owners: Vec<String>,
    pub attributes: Vec<(Attribute, Vec<String>)>,
    /// Verified so long ago, any of these, as seen on `today`.
    pub freshness: Vec<Freshness>,
    /// "Now" for freshness, days since 1970-01-01. Time arrives as an argument.
    pub today: i32,
    /// Also drafts, expired and withdrawn things the reader may see.
    pub unpublished: bool,
    /// Things that a change still ahead of the mark hides or deletes: left out before counting.
    pub excluded_ids: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Relevance,
    /// Newest change first.
    Updated,
    /// Last confirmed first, by day; what nobody confirmed comes last.
    Freshness,
    /// By folded reading or name.
    Name,
}

/// A condition as it stands in a query, `市町村:山形市` say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    pub field: ConditionField,
    /// What stands after the colon.
    pub value: String,
    /// Where it begins, in code points from the start of the query.
    pub position: usize,
    /// How many characters it takes there.
    pub length: usize,
}

/// What can stand before the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConditionField {
    Kind,
    Owner,
    Attribute(Attribute),
    /// The day of the fact.
    Day,
    /// The day of the last change.
    Updated,
}

/// What a condition means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// One of these values.
    Any(Vec<String>),
    /// From one number to before another: days since 1970-01-01 for [`ConditionField::Day`], microseconds since
    /// 1970-01-01 UTC for [`ConditionField::Updated`].
    Between(Option<i64>, Option<i64>),
}

/// Meanings by field and value.
pub type Meanings = HashMap<(ConditionField, String), Meaning>;

/// Places that a word may name: attributes with their values, any of which is meant.
pub type PlaceWays = Vec<(Attribute, Vec<String>)>;

/// Places by the folded word that names them (see [`place_words`]).
///
/// [`place_words`]: crate::place_words
pub type Places = HashMap<String, PlaceWays>;

/// Things like some texts.
#[derive(Debug, Clone)]
pub struct SimilarRequest {
    /// The pieces of the text with their weight, title first.
    pub texts: Vec<(String, f32)>,
    pub reader: Reader,
    pub filters: Filters,
    pub limit: usize,
}

#[derive(Debug, Clone, Default)]
pub struct SimilarAnswer {
    /// Best first, ties by id.
    pub hits: Vec<Hit>,
    pub terms: crate::evidence::Terms,
}

/// What somebody begins to type.
#[derive(Debug, Clone)]
pub struct SuggestRequest {
    pub text: String,
    pub reader: Reader,
    pub filters: Filters,
    /// Things and concepts at most, each.
    pub limit: usize,
}

#[derive(Debug, Clone, Default)]
pub struct SuggestAnswer {
    /// Things whose name, reading or alias begins with the text (also as kana, when it is typed in Latin letters), then
    /// things that are found with it.
    pub hits: Vec<Hit>,
    /// Codes of concepts with a name that begins with the text.
    pub concepts: Vec<String>,
}

/// A search: the user's own text in the small query language, filters, a page.
#[derive(Debug, Clone, Default)]
pub struct SearchRequest {
    pub query: String,
    /// What the conditions in the query mean, as far as the caller looked them up (see [`conditions`]). A condition
    /// without a meaning asks for its value as it stands.
    ///
    /// [`conditions`]: crate::conditions
    pub meanings: Meanings,
    /// Words of the query that name a place: what is there is found by them, too.
    pub places: Places,
    pub reader: Reader,
    pub filters: Filters,
    pub facets: Vec<Attribute>,
    /// Also count the kinds, without the filter by kind.
    pub count_kinds: bool,
    /// Also count how long ago the things were verified, without that filter.
    pub count_freshness: bool,
    pub sort: Sort,
    /// Hits to skip and to return. `offset + limit` is at most 10,000.
    pub offset: usize,
    pub limit: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub id: String,
    pub kind: String,
    pub version: u64,
    pub score: f32,
}

#[derive(Debug, Clone, Default)]
pub struct SearchAnswer {
    pub hits: Vec<Hit>,
    /// Number of documents that match, exact.
    pub total: usize,
    /// Per asked attribute: value and count, most frequent first, ties by value.
    pub facets: Vec<(Attribute, Vec<(String, usize)>)>,
    /// Kinds and their counts, if asked for; as `facets`.
    pub kinds: Vec<(String, usize)>,
    /// How long ago they were verified, if asked for: freshest first, all four.
    pub freshness: Vec<(Freshness, usize)>,
    /// Nothing was found for the query as it was typed; this one, with one letter of a Latin word mended, was answered.
    pub corrected: Option<String>,
    /// The query with such letters mended wherever nothing holds every word of it, whether it was answered or not: who
    /// knows more of its words (places) may ask for it.
    pub mended: Option<String>,
    /// Words that were also read as other words, with those: 太陽電池 for たいようでんち.
    pub readings: Vec<(String, Vec<String>)>,
    /// The query is not empty, but holds nothing to look for (signs, の): everything was answered.
    pub nothing_asked: bool,
    /// No document held every word, so those that hold some were answered.
    pub relaxed: bool,
    /// What to highlight.
    pub terms: crate::evidence::Terms,
}

/// A match: a text (a need, a seed, a profile) towards parties.
#[derive(Debug, Clone)]
pub struct MatchRequest {
    /// The pieces of the asking text with their weight, title first: `(text, weight)`.
    pub texts: Vec<(String, f32)>,
    pub reader: Reader,
    /// What may speak for a party: kinds, place, fields … applied to documents before scoring.
    pub filters: Filters,
    /// Conditions on the party itself (its profile document): kinds of party, place.
    pub party_filters: Filters,
    /// Parties left out of the answer (the seeker and its own).
    pub without_parties: Vec<String>,
    /// The party that asks, if known: its past partners are one source.
    pub seeker: Option<String>,
    /// "Now" for freshness, days since 1970-01-01. Time arrives as an argument.
    pub today: Option<i32>,
    pub limit: usize,
}

/// One proposed party.
#[derive(Debug, Clone)]
pub struct PartyScore {
    pub party: String,
    /// Total; comparable within one answer only.
    pub score: f32,
    /// The parts of the total, each between 0 and 1, in a fixed order: `(name, value)`.
    pub parts: Vec<(&'static str, f32)>,
    /// The documents that speak for the party, strongest first (at most five).
    pub things: Vec<Hit>,
}

#[derive(Debug, Clone, Default)]
pub struct MatchAnswer {
    pub parties: Vec<PartyScore>,
    /// The chosen terms of the query with their weights: what the evidence sentences are looked for with.
    pub terms: crate::evidence::Terms,
}

/// Single things that answer a text.
#[derive(Debug, Clone, Default)]
pub struct ThingsAnswer {
    /// Best first, ties by id; the score of the best is 1.
    pub things: Vec<Hit>,
    /// As in [`MatchAnswer`].
    pub terms: crate::evidence::Terms,
}
