//! The fields, and a fingerprint of everything that decides what is in them. Nobody else names a field.

use std::fmt::Write;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};
use tantivy::TantivyDocument;
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};

use crate::analysis::names::name_key;
use crate::analysis::normalise::{KANJI_VARIANTS, normalise};
use crate::analysis::{fold_code, segment, stop_words, tokenizers};
use crate::document::{Attribute, Audience, Document, Source};
use crate::taxonomy::Taxonomy;

/// Raise it when the analysis changes in a way its word lists do not show.
const ANALYSIS_VERSION: u32 = 5;

/// The analysed fields: what kind of term, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum TextField {
    TitleWords = 0,
    BodyWords = 1,
    TitleGrams = 2,
    BodyGrams = 3,
    TitleConcepts = 4,
    BodyConcepts = 5,
}

pub(crate) const TEXT_FIELDS: usize = 6;

impl TextField {
    pub(crate) const ALL: [TextField; TEXT_FIELDS] = [
        TextField::TitleWords,
        TextField::BodyWords,
        TextField::TitleGrams,
        TextField::BodyGrams,
        TextField::TitleConcepts,
        TextField::BodyConcepts,
    ];
}

/// Longest name that is looked up whole, in characters.
const LONGEST_NAME: usize = 64;
/// tantivy refuses raw terms of more than 65,530 bytes; ours are cut far earlier.
const LONGEST_RAW: usize = 512;

pub(crate) const ID: &str = "id";
pub(crate) const KIND: &str = "kind";
pub(crate) const PARTY: &str = "party";
pub(crate) const TIER: &str = "tier";
pub(crate) const PUBLISHED: &str = "published";
pub(crate) const SOURCE: &str = "source";
pub(crate) const VERSION: &str = "version";
pub(crate) const DAY: &str = "day";
pub(crate) const VERIFIED: &str = "verified";
pub(crate) const UPDATED_AT: &str = "updated_at";
pub(crate) const SORT_KEY: &str = "sort_key";

pub(crate) struct Fields {
    pub(crate) schema: Schema,
    pub(crate) id: Field,
    pub(crate) kind: Field,
    pub(crate) owner: Field,
    pub(crate) party: Field,
    pub(crate) reader: Field,
    pub(crate) code: Field,
    pub(crate) name: Field,
    tier: Field,
    published: Field,
    source: Field,
    version: Field,
    day: Field,
    verified: Field,
    updated_at: Field,
    sort_key: Field,
    attributes: Vec<Field>,
    text: [Field; TEXT_FIELDS],
}

static FIELDS: LazyLock<Fields> = LazyLock::new(Fields::build);

pub(crate) fn fields() -> &'static Fields {
    &FIELDS
}

impl Fields {
    fn build() -> Fields {
        let mut builder = Schema::builder();
        let raw_indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic);
        let raw = TextOptions::default().set_indexing_options(raw_indexing);
        let raw_fast = raw.clone().set_fast("raw");
        let indexed = |tokenizer, option| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default().set_tokenizer(tokenizer).set_fieldnorms(true).set_index_option(option),
            )
        };
        let analysed = |tokenizer| indexed(tokenizer, IndexRecordOption::WithFreqsAndPositions);
        let concepts = indexed(tokenizers::CONCEPTS, IndexRecordOption::WithFreqs);
        let id = builder.add_text_field(ID, raw_fast.clone());
        let kind = builder.add_text_field(KIND, raw_fast.clone());
        let owner = builder.add_text_field("owner", raw.clone());
        let party = builder.add_text_field(PARTY, raw_fast.clone());
        let reader = builder.add_text_field("reader", raw.clone());
        let code = builder.add_text_field("code", raw.clone());
        let name = builder.add_text_field("name", raw);
        let tier = builder.add_u64_field(TIER, FAST);
        let published = builder.add_u64_field(PUBLISHED, FAST);
        let source = builder.add_u64_field(SOURCE, FAST);
        let version = builder.add_u64_field(VERSION, FAST);
        let day = builder.add_i64_field(DAY, FAST);
        let verified = builder.add_i64_field(VERIFIED, FAST);
        let updated_at = builder.add_i64_field(UPDATED_AT, FAST);
        let sort_key = builder.add_text_field(SORT_KEY, TextOptions::default().set_fast("raw"));
        let attributes =
            Attribute::ALL.iter().map(|attribute| builder.add_text_field(attribute.name(), raw_fast.clone())).collect();
        let text = [
            builder.add_text_field("title_words", analysed(tokenizers::WORDS)),
            builder.add_text_field("body_words", analysed(tokenizers::WORDS)),
            builder.add_text_field("title_grams", analysed(tokenizers::GRAMS)),
            builder.add_text_field("body_grams", analysed(tokenizers::GRAMS)),
            builder.add_text_field("title_concepts", concepts.clone()),
            builder.add_text_field("body_concepts", concepts),
        ];
        Fields {
            schema: builder.build(),
            id,
            kind,
            owner,
            party,
            reader,
            code,
            name,
            tier,
            published,
            source,
            version,
            day,
            verified,
            updated_at,
            sort_key,
            attributes,
            text,
        }
    }

    pub(crate) fn text(&self, field: TextField) -> Field {
        self.text[field as usize]
    }

    pub(crate) fn attribute(&self, attribute: Attribute) -> Field {
        self.attributes[attribute as usize]
    }

    /// The document as tantivy takes it: folded texts, raw values.
    pub(crate) fn flatten(&self, document: &Document) -> TantivyDocument {
        let mut flat = TantivyDocument::default();
        flat.add_text(self.id, &document.id);
        flat.add_text(self.kind, cut(&document.kind, LONGEST_RAW));
        if let Some(owner) = &document.owner {
            flat.add_text(self.owner, cut(owner, LONGEST_RAW));
        }
        let mut parties: Vec<&str> = document.parties.iter().map(String::as_str).collect();
        parties.sort_unstable();
        parties.dedup();
        for party in parties {
            flat.add_text(self.party, cut(party, LONGEST_RAW));
        }
        let (tier, readers): (u64, &[String]) = match &document.audience {
            Audience::Public => (0, &[]),
            Audience::Members => (1, &[]),
            Audience::Parties(readers) => (2, readers),
            Audience::Private(readers) => (3, readers),
        };
        flat.add_u64(self.tier, tier);
        for reader in readers {
            flat.add_text(self.reader, cut(reader, LONGEST_RAW));
        }
        flat.add_u64(self.published, u64::from(document.published));
        flat.add_u64(self.source, source_number(document.source));
        flat.add_u64(self.version, document.version);
        if let Some(day) = document.day {
            flat.add_i64(self.day, i64::from(day));
        }
        if let Some(verified) = document.verified {
            flat.add_i64(self.verified, i64::from(verified));
        }
        flat.add_i64(self.updated_at, document.updated_at);
        flat.add_text(self.sort_key, cut(&document.sort_key, LONGEST_RAW));
        for (attribute, value) in &document.attributes {
            flat.add_text(self.attribute(*attribute), cut(value, LONGEST_RAW));
        }
        for code in &document.codes {
            let folded = fold_code(code);
            if !folded.is_empty() {
                flat.add_text(self.code, cut(&folded, LONGEST_RAW));
            }
        }
        for title in &document.titles {
            let folded = normalise(title);
            if title.chars().count() <= LONGEST_NAME {
                flat.add_text(self.name, name_key(title));
            }
            flat.add_text(self.text(TextField::TitleWords), &folded);
            flat.add_text(self.text(TextField::TitleGrams), &folded);
            flat.add_text(self.text(TextField::TitleConcepts), &folded);
        }
        for body in &document.bodies {
            let folded = normalise(body);
            flat.add_text(self.text(TextField::BodyWords), &folded);
            flat.add_text(self.text(TextField::BodyGrams), &folded);
            flat.add_text(self.text(TextField::BodyConcepts), &folded);
        }
        flat
    }
}

pub(crate) fn source_number(source: Source) -> u64 {
    match source {
        Source::Profile => 0,
        Source::Offer => 1,
        Source::Request => 2,
        Source::Record => 3,
    }
}

pub(crate) const SOURCE_RECORD: u8 = 3;

fn cut(text: &str, longest: usize) -> &str {
    let mut end = text.len().min(longest);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

static FINGERPRINT: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(ANALYSIS_VERSION.to_le_bytes());
    hash.update(tantivy::version_string());
    hash.update(serde_json::to_string(&fields().schema).unwrap_or_default());
    hash.update(segment::DOMAIN_WORDS);
    for list in stop_words::listed() {
        hash.update(list);
    }
    for (old, new) in KANJI_VARIANTS {
        hash.update(format!("{old}{new}"));
    }
    // A sample shows a change of the dictionary or of the stemmer that no version above tells.
    for word in segment::words(&normalise(
        "有機エレクトロニクスの封止技術と腸内細菌の代謝物解析をものづくり現場で活用するcollaborations",
    )) {
        hash.update(word.term.as_bytes());
    }
    let mut text = String::new();
    for byte in hash.finalize().iter().take(12) {
        let _ = write!(text, "{byte:02x}");
    }
    text
});

/// What decides the content of the fields, the concept tree included, as a short hash.
pub(crate) fn fingerprint(taxonomy: &Taxonomy) -> String {
    format!("{}-{}", *FINGERPRINT, taxonomy.digest())
}
