//! Standing queries: kept searches that wait for documents. A batch of documents becomes a small index in memory, and
//! each query that could find one of them is asked there, by the same analysis, plan and audience as any search: the two
//! agree by construction.
//!
//! Which queries could? A query that requires a word is filed under it, so only the terms of the batch are looked up. Of
//! all that a query requires, the rarest condition in the served index is the one it is filed under.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tantivy::directory::RamDirectory;
use tantivy::schema::{Field, Term};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{Index, ReloadPolicy};

use crate::analysis::tokenizers;
use crate::document::Document;
use crate::engine::{Engine, caught};
use crate::error::{EngineError, QueryError};
use crate::kernel::Pool;
use crate::query::parse::parse;
use crate::query::plan::{Leaf, Plan, Planned, plan};
use crate::request::{ConditionField, Meaning, Reader, SearchRequest};
use crate::schema::{TextField, fields};
use crate::search::{self, whole_name};
use crate::snapshot::{KnownTables, Parties, Snapshot};
use crate::taxonomy::Taxonomy;

/// Memory of the writer of one batch, bytes.
const BATCH_MEMORY: usize = 50_000_000;

/// Kept searches, each under a name of the caller's. They are asked as far as they hold words and filters; page, order
/// and facets mean nothing here, and nothing is relaxed or corrected.
pub struct Standing {
    taxonomy: Arc<Taxonomy>,
    pool: Pool,
    slots: Vec<Option<Kept>>,
    numbers: HashMap<String, u32>,
    /// By field and term, the queries that need it, or one of several.
    by_term: HashMap<Field, HashMap<Box<[u8]>, Vec<u32>>>,
    /// By the beginning of a name that the whole query is.
    by_name: HashMap<String, Vec<u32>>,
    /// Queries that require no term: everything, dates, exclusions.
    always: BTreeSet<u32>,
}

struct Kept {
    name: String,
    request: SearchRequest,
    filed: Vec<Key>,
}

/// What a query is filed under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Term(Field, String),
    NameBegins(String),
}

/// What one batch found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StandingAnswer {
    /// Query and document, each pair once, in the order of the queries' names.
    pub found: Vec<(String, String)>,
    /// Queries that were asked, because the batch held what they require.
    pub asked: usize,
    /// Queries that could not be answered.
    pub failed: Vec<String>,
}

impl std::fmt::Debug for Standing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Standing").field("queries", &self.numbers.len()).finish_non_exhaustive()
    }
}

impl Standing {
    /// None yet. Queries and documents are read with this concept tree.
    pub fn new(taxonomy: Arc<Taxonomy>) -> Standing {
        Standing {
            taxonomy,
            pool: Pool::default(),
            slots: Vec::new(),
            numbers: HashMap::new(),
            by_term: HashMap::new(),
            by_name: HashMap::new(),
            always: BTreeSet::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    pub fn contains(&self, name: &str) -> bool {
        self.numbers.contains_key(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.numbers.keys().map(String::as_str)
    }

    /// Keeps a query; one of the same name is replaced. `served` says which of its terms are rare, nothing else.
    ///
    /// # Errors
    /// A query beyond the limits.
    pub fn put(&mut self, name: &str, request: SearchRequest, served: &Engine) -> Result<(), QueryError> {
        let tree = parse(&request.query)?;
        self.remove(name);
        let nowhere = Snapshot::empty(&self.taxonomy);
        // Without segments nothing is looked up, so nothing can be damaged.
        let plan = plan(&nowhere, &request.places, &tree).ok().map(|planning| planning.plan);
        let snapshot = served.snapshot();
        let filing = Filing { snapshot: &snapshot, request: &request };
        let mut required = plan.as_ref().and_then(|plan| filing.required(plan));
        if let (Some(required), Some(begins)) = (&mut required, whole_name(&tree, &request.query)) {
            required.keys.push(Key::NameBegins(begins));
        }
        let rarest = filing.filters().into_iter().chain(required).min_by_key(|required| required.documents);
        let number = self.slots.len() as u32;
        let mut filed = rarest.as_ref().map(|required| required.keys.clone()).unwrap_or_default();
        filed.sort_unstable_by(|left, right| format!("{left:?}").cmp(&format!("{right:?}")));
        filed.dedup();
        for key in &filed {
            self.list(key).push(number);
        }
        if rarest.is_none() {
            self.always.insert(number);
        }
        self.numbers.insert(name.to_string(), number);
        self.slots.push(Some(Kept { name: name.to_string(), request, filed }));
        Ok(())
    }

    fn list(&mut self, key: &Key) -> &mut Vec<u32> {
        match key {
            Key::Term(field, text) => {
                self.by_term.entry(*field).or_default().entry(text.as_bytes().into()).or_default()
            }
            Key::NameBegins(name) => self.by_name.entry(name.clone()).or_default(),
        }
    }

    pub fn remove(&mut self, name: &str) {
        let Some(number) = self.numbers.remove(name) else { return };
        self.always.remove(&number);
        let Some(kept) = self.slots.get_mut(number as usize).and_then(Option::take) else { return };
        for key in &kept.filed {
            self.list(key).retain(|other| *other != number);
        }
    }

    /// Which query finds which of these documents. `reader` says under whose eyes a query is asked; a query without a
    /// reader finds nothing. Of several documents with one id, the last counts.
    ///
    /// # Errors
    /// [`EngineError`] when the batch cannot be indexed; nothing was asked then.
    pub fn ask(
        &self,
        documents: &[Document],
        mut reader: impl FnMut(&str) -> Option<Reader>,
    ) -> Result<StandingAnswer, EngineError> {
        let mut answer = StandingAnswer::default();
        if documents.is_empty() || self.is_empty() {
            return Ok(answer);
        }
        let batch = caught(|| self.batch(documents))?;
        let mut candidates: Vec<&Kept> = caught(|| self.candidates(&batch))?
            .into_iter()
            .filter_map(|number| self.slots.get(number as usize)?.as_ref())
            .collect();
        candidates.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        for kept in candidates {
            let Some(reader) = reader(&kept.name) else { continue };
            let request = SearchRequest { reader, ..kept.request.clone() };
            answer.asked += 1;
            match caught(|| search::selected(&batch, &self.pool, &request)) {
                Ok(ids) => answer.found.extend(ids.into_iter().map(|id| (kept.name.clone(), id))),
                Err(_) => answer.failed.push(kept.name.clone()),
            }
        }
        Ok(answer)
    }

    fn batch(&self, documents: &[Document]) -> Result<Snapshot, EngineError> {
        let tokenizer = TokenizerManager::default();
        tokenizers::register(&tokenizer, &self.taxonomy);
        let builder = Index::builder().schema(fields().schema.clone()).tokenizers(tokenizer);
        let mut writer = builder.single_segment_index_writer(RamDirectory::create(), BATCH_MEMORY)?;
        let mut last: HashMap<&str, usize> = HashMap::with_capacity(documents.len());
        last.extend(documents.iter().enumerate().map(|(place, document)| (document.id.as_str(), place)));
        for (place, document) in documents.iter().enumerate() {
            if last.get(document.id.as_str()) == Some(&place) {
                writer.add_document(fields().flatten(document))?;
            }
        }
        let index = writer.finalize()?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Snapshot::load(&reader.searcher(), None, &self.taxonomy, &Arc::new(Parties::default()), &KnownTables::new())
    }

    /// The queries that could find something in the batch.
    fn candidates(&self, batch: &Snapshot) -> Result<BTreeSet<u32>, EngineError> {
        let mut candidates = self.always.clone();
        for segment in &batch.segments {
            for (field, by_term) in &self.by_term {
                let inverted = segment.reader.inverted_index(*field)?;
                let mut terms = inverted.terms().stream().map_err(crate::snapshot::damaged)?;
                while terms.advance() {
                    if let Some(queries) = by_term.get(terms.key()) {
                        candidates.extend(queries);
                    }
                }
            }
            if self.by_name.is_empty() {
                continue;
            }
            let inverted = segment.reader.inverted_index(fields().name)?;
            let mut names = inverted.terms().stream().map_err(crate::snapshot::damaged)?;
            while names.advance() {
                let Ok(name) = std::str::from_utf8(names.key()) else { continue };
                let ends = name.char_indices().map(|(start, _)| start).skip(1).chain([name.len()]);
                for end in ends {
                    candidates.extend(self.by_name.get(&name[..end]).into_iter().flatten());
                }
            }
        }
        Ok(candidates)
    }
}

/// Terms of which a document must hold one to be found, and how many documents hold one.
struct Required {
    keys: Vec<Key>,
    documents: u64,
}

/// Works out what a query requires. `None` stands for "nothing that is a term". What is named here must be all that
/// `search` lets in: a way in that is forgotten would be a document that is never told of.
struct Filing<'filing> {
    snapshot: &'filing Snapshot,
    request: &'filing SearchRequest,
}

impl Filing<'_> {
    fn required(&self, plan: &Plan) -> Option<Required> {
        match plan {
            Plan::Leaf(leaf) => self.leaf(leaf),
            Plan::Concept(planned) => {
                let fields = [TextField::TitleConcepts, TextField::BodyConcepts];
                Some(self.any(planned.iter().flat_map(|planned| fields.map(|field| text_key(field, &planned.text)))))
            }
            Plan::Condition(field, value) => self.condition(*field, value),
            Plan::Place { ways, .. } => {
                let mut all = Required { keys: Vec::new(), documents: 0 };
                for (attribute, values) in ways {
                    all.add(self.raw(fields().attribute(*attribute), values));
                }
                Some(all)
            }
            Plan::Not(_) => None,
            Plan::Or(plans) => {
                let mut all = Required { keys: Vec::new(), documents: 0 };
                for plan in plans {
                    all.add(self.required(plan)?);
                }
                Some(all)
            }
            Plan::And(plans) => {
                plans.iter().filter_map(|plan| self.required(plan)).min_by_key(|required| required.documents)
            }
        }
    }

    /// A leaf is found by all its words, by all its 2-grams in titles, by all of them in bodies, or as a code.
    fn leaf(&self, leaf: &Leaf) -> Option<Required> {
        // One character alone begins 2-grams: there is no term of its own.
        if leaf.is_empty() || leaf.single.is_some() {
            return None;
        }
        let titles_and_bodies =
            |fields: [TextField; 2], text: &str| self.any(fields.map(|field| text_key(field, text)));
        let word_fields = [TextField::TitleWords, TextField::BodyWords];
        let gram_fields = [TextField::TitleGrams, TextField::BodyGrams];
        if let Some(phrase) = &leaf.phrase {
            let words = phrase.words.iter().map(|(text, _)| titles_and_bodies(word_fields, text));
            let grams = phrase.grams.iter().map(|(text, _)| titles_and_bodies(gram_fields, text));
            let rarest = words.chain(grams).min_by_key(|required| required.documents);
            return Some(rarest.unwrap_or(Required { keys: Vec::new(), documents: 0 }));
        }
        let rarest = |planned: &mut dyn Iterator<Item = &Planned>, fields: &[TextField]| {
            planned
                .map(|planned| self.any(fields.iter().map(|field| text_key(*field, &planned.text))))
                .min_by_key(|required| required.documents)
        };
        let mut ways = Required { keys: Vec::new(), documents: 0 };
        let words = rarest(&mut leaf.words.iter().filter(|planned| !planned.optional), &word_fields);
        let grams = gram_fields.map(|field| rarest(&mut leaf.grams.iter(), &[field]));
        for way in [words].into_iter().chain(grams).flatten() {
            ways.add(way);
        }
        if let Some(code) = &leaf.code {
            ways.add(self.any([Key::Term(fields().code, code.clone())]));
        }
        Some(ways)
    }

    fn condition(&self, field: ConditionField, value: &str) -> Option<Required> {
        let raw = match field {
            ConditionField::Kind => fields().kind,
            ConditionField::Owner => fields().owner,
            ConditionField::Attribute(attribute) => fields().attribute(attribute),
            ConditionField::Day | ConditionField::Updated => return None,
        };
        let as_it_stands = [value.to_string()];
        let values = match self.request.meanings.get(&(field, value.to_string())) {
            Some(Meaning::Any(values)) => values.as_slice(),
            _ => &as_it_stands,
        };
        Some(self.raw(raw, values))
    }

    fn filters(&self) -> Vec<Required> {
        let filters = &self.request.filters;
        let attributes =
            filters.attributes.iter().map(|(attribute, values)| (fields().attribute(*attribute), values.as_slice()));
        let all = [(fields().kind, filters.kinds.as_slice()), (fields().owner, filters.owners.as_slice())];
        let set = all.into_iter().chain(attributes).filter(|(_, values)| !values.is_empty());
        set.map(|(field, values)| self.raw(field, values)).collect()
    }

    fn raw(&self, field: Field, values: &[String]) -> Required {
        self.any(values.iter().map(|value| Key::Term(field, value.clone())))
    }

    fn any(&self, keys: impl IntoIterator<Item = Key>) -> Required {
        let keys: Vec<Key> = keys.into_iter().collect();
        let documents = keys.iter().map(|key| self.documents_with(key)).sum();
        Required { keys, documents }
    }

    /// How many documents of the served index hold it. Only for choosing: what cannot be read is rare.
    fn documents_with(&self, key: &Key) -> u64 {
        let Key::Term(field, text) = key else { return 0 };
        let term = Term::from_field_text(*field, text);
        let frequency = |segment: &crate::snapshot::Segment| {
            let inverted = segment.reader.inverted_index(*field).ok()?;
            inverted.doc_freq(&term).ok().map(u64::from)
        };
        self.snapshot.segments.iter().filter_map(frequency).sum()
    }
}

impl Required {
    fn add(&mut self, other: Required) {
        self.keys.extend(other.keys);
        self.documents += other.documents;
    }
}

fn text_key(field: TextField, text: &str) -> Key {
    Key::Term(fields().text(field), text.to_string())
}
