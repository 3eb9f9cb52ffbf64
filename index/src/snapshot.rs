//! What one commit serves: segments with the tables that scoring needs, and the public statistics of ranking.
//!
//! Statistics come from public, published, alive documents only, and are exact whatever the merge state: two worlds
//! that differ only in hidden documents have the same numbers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use tantivy::columnar::{Column, StrColumn};
use tantivy::index::{InvertedIndexReader, SegmentId};
use tantivy::postings::TermInfo;
use tantivy::schema::{IndexRecordOption, Term};
use tantivy::{Searcher, SegmentReader};

use crate::bits::Bits;
use crate::document::Attribute;
use crate::error::EngineError;
use crate::kernel::{FieldWeights, LengthTables};
use crate::mark::Mark;
use crate::schema::{self, SOURCE_RECORD, TEXT_FIELDS, TextField, fields};
use crate::taxonomy::Taxonomy;

/// Length of a field in tokens for each of tantivy's 256 norm numbers.
fn length_of(norm: u8) -> u32 {
    tantivy::fieldnorm::FieldNormReader::id_to_fieldnorm(norm)
}

/// Parties seen by this engine, each with a dense number. Numbers are never reused and never kept on disk.
#[derive(Default)]
pub(crate) struct Parties {
    inner: RwLock<PartyTable>,
}

#[derive(Default)]
struct PartyTable {
    numbers: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

impl Parties {
    fn number(&self, name: &str) -> u32 {
        let mut table = write(&self.inner);
        if let Some(number) = table.numbers.get(name) {
            return *number;
        }
        let number = table.names.len() as u32;
        let shared: Arc<str> = Arc::from(name);
        table.names.push(Arc::clone(&shared));
        table.numbers.insert(shared, number);
        number
    }

    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        read(&self.inner).numbers.get(name).copied()
    }

    /// The names of some parties, in their order.
    pub(crate) fn names(&self, numbers: impl Iterator<Item = u32>) -> Vec<Option<Arc<str>>> {
        let table = read(&self.inner);
        numbers.map(|number| table.names.get(number as usize).cloned()).collect()
    }

    pub(crate) fn count(&self) -> usize {
        read(&self.inner).names.len()
    }
}

pub(crate) fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

pub(crate) fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Values of a multi-valued column, flat: the values of document `d` are `values[offsets[d]..offsets[d + 1]]`.
pub(crate) struct Lists {
    offsets: Vec<u32>,
    values: Vec<u32>,
}

impl Lists {
    fn read(column: Option<&Column<u64>>, documents: u32, mut map: impl FnMut(u64) -> u32) -> Lists {
        let mut offsets = Vec::with_capacity(documents as usize + 1);
        let mut values = Vec::new();
        offsets.push(0);
        for document in 0..documents {
            if let Some(column) = column {
                values.extend(column.values_for_doc(document).map(&mut map));
            }
            offsets.push(values.len() as u32);
        }
        values.shrink_to_fit();
        Lists { offsets, values }
    }

    #[inline]
    pub(crate) fn of(&self, document: u32) -> &[u32] {
        &self.values[self.offsets[document as usize] as usize..self.offsets[document as usize + 1] as usize]
    }
}

/// The values of a column in their order, in memory: reading one from tantivy's dictionary unpacks a whole block.
struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// The values, and for each document the number of its first value; `u32::MAX` when it has none.
    fn read(column: Option<&StrColumn>, documents: u32) -> Result<(Strings, Vec<u32>), EngineError> {
        let mut strings = Strings { text: String::new(), ends: Vec::new() };
        let Some(column) = column else { return Ok((strings, vec![u32::MAX; documents as usize])) };
        let mut stream = column.dictionary().stream().map_err(damaged)?;
        while stream.advance() {
            strings.text.push_str(&String::from_utf8_lossy(stream.key()));
            strings.ends.push(strings.text.len() as u32);
        }
        strings.text.shrink_to_fit();
        let first = |document| column.ords().first(document).map_or(u32::MAX, |ordinal| ordinal as u32);
        Ok((strings, (0..documents).map(first).collect()))
    }

    fn get(&self, ordinal: u32) -> Option<&str> {
        let end = *self.ends.get(ordinal as usize)? as usize;
        let start = if ordinal == 0 { 0 } else { self.ends[ordinal as usize - 1] as usize };
        self.text.get(start..end)
    }
}

/// A facet column: ordinals of the values of every document.
pub(crate) struct FacetColumn {
    pub(crate) ordinals: FacetOrdinals,
    column: Option<StrColumn>,
    pub(crate) values: usize,
}

pub(crate) enum FacetOrdinals {
    /// At most one value for each document, of fewer than [`NARROW`]; [`NOTHING`] for none.
    Narrow(Vec<u8>),
    /// At most one value for each document; `u32::MAX` for none.
    Single(Vec<u32>),
    Many(Lists),
}

/// Values that fit into a byte, beside the number for none.
const NARROW: usize = NOTHING as usize;
const NOTHING: u8 = u8::MAX;

/// How often each number occurs.
pub(crate) type NarrowCounts = [u32; NARROW + 1];

/// Counts several narrow columns in one pass over the documents: they share the reading of the set, and their additions do
/// not wait for each other.
pub(crate) fn count_together(columns: &[&[u8]], documents: &Bits) -> Vec<NarrowCounts> {
    let mut tables = vec![[0; NARROW + 1]; columns.len()];
    documents.for_each(|document| {
        for (table, ordinals) in tables.iter_mut().zip(columns) {
            if let Some(ordinal) = ordinals.get(document as usize) {
                table[usize::from(*ordinal)] += 1;
            }
        }
    });
    tables
}

impl FacetColumn {
    pub(crate) fn value(&self, ordinal: u32) -> Result<String, EngineError> {
        string_at(self.column.as_ref(), u64::from(ordinal))
    }
}

fn string_at(column: Option<&StrColumn>, ordinal: u64) -> Result<String, EngineError> {
    let mut text = String::new();
    if let Some(column) = column {
        column.ord_to_str(ordinal, &mut text).map_err(|error| EngineError::Damaged(error.to_string()))?;
    }
    Ok(text)
}

/// What never changes in a segment.
pub(crate) struct SegmentTables {
    pub(crate) documents: u32,
    /// Who may find a document: by tier 0 public, 1 members, 2 parties; private is the rest.
    pub(crate) tiers: [Bits; 3],
    pub(crate) published: Bits,
    /// Norm numbers (coded lengths) by text field.
    pub(crate) norms: [Vec<u8>; TEXT_FIELDS],
    /// By text field; none where the field holds nothing.
    witnesses: [Option<Witness>; TEXT_FIELDS],
    pub(crate) parties: Lists,
    pub(crate) sources: Vec<u8>,
    /// Public and published, alive or not; absent when that is every document.
    open: Option<Bits>,
    open_totals: Totals,
    facets: [OnceLock<Arc<FacetColumn>>; Attribute::ALL.len()],
    /// Ids in their order, and for each document the number of its id; `u32::MAX` when it has none.
    ids: Strings,
    pub(crate) id_ordinals: Vec<u32>,
    kinds: Strings,
    kind_ordinals: Vec<u32>,
    pub(crate) sort_keys: Option<StrColumn>,
    versions: Column<u64>,
    pub(crate) updated: Column<i64>,
    pub(crate) days: Option<Column<i64>>,
    pub(crate) verified: Option<Column<i64>>,
}

/// The first term of a field, as it was when the segment was read.
struct Witness {
    term: Vec<u8>,
    info: TermInfo,
}

/// Number of documents, and by text field the number of documents that have it and the sum of its lengths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Totals {
    documents: u64,
    with_field: [u64; TEXT_FIELDS],
    lengths: [u64; TEXT_FIELDS],
}

impl Totals {
    fn count(&mut self, norms: &[Vec<u8>; TEXT_FIELDS], document: u32) {
        self.documents += 1;
        for (field, norms) in norms.iter().enumerate() {
            let length = u64::from(length_of(norms[document as usize]));
            self.lengths[field] += length;
            self.with_field[field] += u64::from(length > 0);
        }
    }

    fn add(&mut self, other: &Totals) {
        self.documents += other.documents;
        for field in 0..TEXT_FIELDS {
            self.with_field[field] += other.with_field[field];
            self.lengths[field] += other.lengths[field];
        }
    }

    fn subtract(&mut self, other: &Totals) {
        self.documents -= other.documents;
        for field in 0..TEXT_FIELDS {
            self.with_field[field] -= other.with_field[field];
            self.lengths[field] -= other.lengths[field];
        }
    }
}

impl SegmentTables {
    fn load(reader: &SegmentReader, parties: &Parties) -> Result<SegmentTables, EngineError> {
        let documents = reader.max_doc();
        let columns = reader.fast_fields();
        let tier_column = columns.u64(schema::TIER)?;
        let published_column = columns.u64(schema::PUBLISHED)?;
        let source_column = columns.u64(schema::SOURCE)?;
        if tier_column.num_docs() != documents {
            return Err(EngineError::Damaged("a column has another length than its segment".to_string()));
        }
        let mut tiers = [Bits::empty(documents), Bits::empty(documents), Bits::empty(documents)];
        let mut published = Bits::empty(documents);
        let mut sources = Vec::with_capacity(documents as usize);
        for document in 0..documents {
            let tier = tier_column.first(document).unwrap_or(3);
            if let Some(bits) = tiers.get_mut(tier as usize) {
                bits.insert(document);
            }
            if published_column.first(document) == Some(1) {
                published.insert(document);
            }
            sources.push(source_column.first(document).unwrap_or(0) as u8);
        }
        // Files that took each other's place are whole, each by itself: only opening every field tells.
        for (field, entry) in reader.schema().fields() {
            if entry.is_indexed() {
                reader.inverted_index(field)?;
            }
        }
        let mut witnesses: [Option<Witness>; TEXT_FIELDS] = Default::default();
        for field in TextField::ALL {
            let inverted = reader.inverted_index(fields().text(field))?;
            let mut terms = inverted.terms().stream().map_err(damaged)?;
            witnesses[field as usize] =
                terms.advance().then(|| Witness { term: terms.key().to_vec(), info: terms.value().clone() });
        }
        let mut norms: [Vec<u8>; TEXT_FIELDS] = Default::default();
        for field in TextField::ALL {
            norms[field as usize] = match reader.fieldnorms_readers().get_field(fields().text(field))? {
                Some(norm_reader) => (0..documents).map(|document| norm_reader.fieldnorm_id(document)).collect(),
                None => vec![0; documents as usize],
            };
        }
        let party_column = columns.str(schema::PARTY)?;
        let mut numbers = Vec::new();
        if let Some(column) = &party_column {
            let mut stream = column.dictionary().stream().map_err(|error| EngineError::Damaged(error.to_string()))?;
            while stream.advance() {
                numbers.push(parties.number(&String::from_utf8_lossy(stream.key())));
            }
        }
        let party_lists = Lists::read(party_column.as_ref().map(|column| column.ords()), documents, |ordinal| {
            numbers.get(ordinal as usize).copied().unwrap_or(u32::MAX)
        });
        let mut open = tiers[0].clone();
        open.and(&published);
        let mut open_totals = Totals::default();
        for document in open.iter() {
            open_totals.count(&norms, document);
        }
        let open = (open.count() != documents).then_some(open);
        let (ids, id_ordinals) = Strings::read(columns.str(schema::ID)?.as_ref(), documents)?;
        let (kinds, kind_ordinals) = Strings::read(columns.str(schema::KIND)?.as_ref(), documents)?;
        Ok(SegmentTables {
            documents,
            tiers,
            published,
            norms,
            witnesses,
            parties: party_lists,
            sources,
            open,
            open_totals,
            facets: Default::default(),
            ids,
            id_ordinals,
            kinds,
            kind_ordinals,
            sort_keys: columns.str(schema::SORT_KEY)?,
            versions: columns.u64(schema::VERSION)?,
            updated: columns.i64(schema::UPDATED_AT)?,
            days: columns.column_opt::<i64>(schema::DAY)?,
            verified: columns.column_opt::<i64>(schema::VERIFIED)?,
        })
    }
}

/// A segment as one commit sees it.
pub(crate) struct Segment {
    pub(crate) reader: SegmentReader,
    pub(crate) tables: Arc<SegmentTables>,
    /// Not deleted; absent when every document is alive.
    pub(crate) alive: Option<Bits>,
    /// Public, published and alive; absent when that is every document.
    pub(crate) open: Option<Bits>,
    totals: Totals,
    text: [Arc<InvertedIndexReader>; TEXT_FIELDS],
    frequencies: Mutex<HashMap<(TextField, String), u32>>,
}

/// Remembered document frequencies for each segment.
const REMEMBERED_FREQUENCIES: usize = 50_000;

impl Segment {
    fn open(reader: &SegmentReader, tables: Arc<SegmentTables>) -> Result<Segment, EngineError> {
        let documents = tables.documents;
        let mut totals = tables.open_totals;
        let mut alive = None;
        let mut open = tables.open.clone();
        if let Some(bitset) = reader.alive_bitset().filter(|_| reader.has_deletes()) {
            let mut bits = Bits::empty(documents);
            let mut deleted_totals = Totals::default();
            for document in 0..documents {
                if bitset.is_alive(document) {
                    bits.insert(document);
                } else if tables.open.as_ref().is_none_or(|open| open.contains(document)) {
                    deleted_totals.count(&tables.norms, document);
                }
            }
            totals.subtract(&deleted_totals);
            let mut both = open.unwrap_or_else(|| Bits::full(documents));
            both.and(&bits);
            open = Some(both);
            alive = Some(bits);
        }
        let text = |field| reader.inverted_index(fields().text(field));
        Ok(Segment {
            reader: reader.clone(),
            tables,
            alive,
            open,
            totals,
            text: [
                text(TextField::TitleWords)?,
                text(TextField::BodyWords)?,
                text(TextField::TitleGrams)?,
                text(TextField::BodyGrams)?,
                text(TextField::TitleConcepts)?,
                text(TextField::BodyConcepts)?,
            ],
            frequencies: Mutex::default(),
        })
    }

    pub(crate) fn documents(&self) -> u32 {
        self.tables.documents
    }

    pub(crate) fn text(&self, field: TextField) -> &InvertedIndexReader {
        &self.text[field as usize]
    }

    /// Number of public, published, alive documents of this segment that hold the term.
    fn frequency(&self, field: TextField, term: &str, info: &TermInfo) -> Result<u32, EngineError> {
        let Some(open) = &self.open else { return Ok(info.doc_freq) };
        let key = (field, term.to_string());
        if let Some(known) = lock(&self.frequencies).get(&key) {
            return Ok(*known);
        }
        let mut postings =
            self.text(field).read_block_postings_from_terminfo(info, IndexRecordOption::Basic).map_err(damaged)?;
        let mut count = 0;
        while postings.block_len() > 0 {
            count += postings.docs().iter().filter(|document| open.contains(**document)).count() as u32;
            postings.advance();
        }
        let mut known = lock(&self.frequencies);
        if known.len() >= REMEMBERED_FREQUENCIES {
            known.clear();
        }
        known.insert(key, count);
        Ok(count)
    }

    /// A dictionary whose pages turned to noise knows no term any more, which looks like a term that nobody wrote: one
    /// that was there when the segment was read must still be.
    fn hear_witness(&self, field: TextField) -> Result<(), EngineError> {
        let Some(witness) = &self.tables.witnesses[field as usize] else { return Ok(()) };
        let info = self.text(field).terms().get(&witness.term).map_err(damaged)?;
        if info.as_ref() == Some(&witness.info) {
            return Ok(());
        }
        Err(EngineError::Damaged("a dictionary of terms lost what it held".to_string()))
    }

    /// Documents with one raw value.
    pub(crate) fn documents_with(
        &self,
        field: tantivy::schema::Field,
        value: &str,
        into: &mut Bits,
    ) -> Result<(), EngineError> {
        let inverted = self.reader.inverted_index(field)?;
        let term = Term::from_field_text(field, value);
        let Some(mut postings) = inverted.read_block_postings(&term, IndexRecordOption::Basic).map_err(damaged)? else {
            return Ok(());
        };
        while postings.block_len() > 0 {
            into.insert_all(postings.docs());
            postings.advance();
        }
        Ok(())
    }

    pub(crate) fn id(&self, document: u32) -> Result<String, EngineError> {
        let id = self.tables.ids.get(self.tables.id_ordinals[document as usize]);
        id.map(str::to_string).ok_or_else(|| EngineError::Damaged("a document without id".to_string()))
    }

    pub(crate) fn kind(&self, document: u32) -> String {
        self.kind_of_ordinal(self.kind_ordinal(document)).to_string()
    }

    pub(crate) fn kind_ordinal(&self, document: u32) -> u32 {
        self.tables.kind_ordinals[document as usize]
    }

    pub(crate) fn kind_of_ordinal(&self, ordinal: u32) -> &str {
        self.tables.kinds.get(ordinal).unwrap_or_default()
    }

    pub(crate) fn version(&self, document: u32) -> u64 {
        self.tables.versions.first(document).unwrap_or(0)
    }

    pub(crate) fn facet(&self, attribute: Attribute) -> Result<Arc<FacetColumn>, EngineError> {
        let slot = &self.tables.facets[attribute as usize];
        if let Some(column) = slot.get() {
            return Ok(Arc::clone(column));
        }
        let column = self.reader.fast_fields().str(attribute.name())?;
        let documents = self.documents();
        let lists = Lists::read(column.as_ref().map(|column| column.ords()), documents, |ordinal| ordinal as u32);
        let single = (0..documents).all(|document| lists.of(document).len() <= 1);
        let values = column.as_ref().map_or(0, |column| column.dictionary().num_terms());
        let first = |document| lists.of(document).first().copied();
        let ordinals = if single && values < NARROW {
            let narrow = |document| first(document).map_or(NOTHING, |ordinal| ordinal as u8);
            FacetOrdinals::Narrow((0..documents).map(narrow).collect())
        } else if single {
            FacetOrdinals::Single((0..documents).map(|document| first(document).unwrap_or(u32::MAX)).collect())
        } else {
            FacetOrdinals::Many(lists)
        };
        let loaded = Arc::new(FacetColumn { ordinals, column, values });
        Ok(Arc::clone(slot.get_or_init(|| loaded)))
    }
}

pub(crate) fn damaged(error: std::io::Error) -> EngineError {
    EngineError::Damaged(error.to_string())
}

/// One served state of the index.
pub(crate) struct Snapshot {
    pub(crate) mark: Option<Mark>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) parties: Arc<Parties>,
    /// The concept tree that these documents were analysed with.
    pub(crate) taxonomy: Arc<Taxonomy>,
    /// Public documents.
    pub(crate) documents: u64,
    /// Mean length of each text field over the public documents that have it, in tokens; at least 1.
    pub(crate) mean_lengths: [f32; TEXT_FIELDS],
    /// What a search scores by.
    pub(crate) lengths: LengthTables,
    party_facts: OnceLock<PartyFacts>,
}

/// Where a term of a field stands in each segment, and in how many public documents.
pub(crate) struct Located {
    pub(crate) field: TextField,
    /// By segment, in the order of the snapshot.
    pub(crate) infos: Vec<Option<TermInfo>>,
    /// At most the number of public documents.
    pub(crate) frequency: u64,
}

/// The immutable tables of segments, kept from one snapshot to the next.
pub(crate) type KnownTables = HashMap<SegmentId, Arc<SegmentTables>>;

impl Snapshot {
    pub(crate) fn empty(taxonomy: &Arc<Taxonomy>) -> Snapshot {
        Snapshot {
            mark: None,
            segments: Vec::new(),
            parties: Arc::default(),
            taxonomy: Arc::clone(taxonomy),
            documents: 0,
            mean_lengths: [1.0; TEXT_FIELDS],
            lengths: LengthTables::new(&[1.0; TEXT_FIELDS], &FieldWeights::default()),
            party_facts: OnceLock::new(),
        }
    }

    /// Reads the tables of the segments that `before` does not know yet.
    pub(crate) fn load(
        searcher: &Searcher,
        mark: Option<Mark>,
        taxonomy: &Arc<Taxonomy>,
        parties: &Arc<Parties>,
        before: &KnownTables,
    ) -> Result<Snapshot, EngineError> {
        let mut segments = Vec::new();
        let mut totals = Totals::default();
        for reader in searcher.segment_readers() {
            let tables = match before.get(&reader.segment_id()) {
                Some(tables) => Arc::clone(tables),
                None => Arc::new(SegmentTables::load(reader, parties)?),
            };
            let segment = Segment::open(reader, tables)?;
            totals.add(&segment.totals);
            segments.push(segment);
        }
        let mut mean_lengths = [1.0; TEXT_FIELDS];
        for (field, mean) in mean_lengths.iter_mut().enumerate() {
            if totals.with_field[field] > 0 {
                *mean = (totals.lengths[field] as f64 / totals.with_field[field] as f64).max(1.0) as f32;
            }
        }
        Ok(Snapshot {
            mark,
            segments,
            parties: Arc::clone(parties),
            taxonomy: Arc::clone(taxonomy),
            documents: totals.documents,
            mean_lengths,
            lengths: LengthTables::new(&mean_lengths, &FieldWeights::default()),
            party_facts: OnceLock::new(),
        })
    }

    pub(crate) fn tables(&self) -> KnownTables {
        self.segments.iter().map(|segment| (segment.reader.segment_id(), Arc::clone(&segment.tables))).collect()
    }

    pub(crate) fn alive_documents(&self) -> usize {
        self.segments.iter().map(|segment| segment.reader.num_docs() as usize).sum()
    }

    /// Looks a term up in every segment, once for all that is done with it.
    pub(crate) fn locate(&self, field: TextField, term: &str) -> Result<Located, EngineError> {
        let key = Term::from_field_text(fields().text(field), term);
        let mut located = Located { field, infos: Vec::with_capacity(self.segments.len()), frequency: 0 };
        for segment in &self.segments {
            let info = segment.text(field).get_term_info(&key).map_err(damaged)?;
            match &info {
                Some(info) => located.frequency += u64::from(segment.frequency(field, term, info)?),
                None => segment.hear_witness(field)?,
            }
            located.infos.push(info);
        }
        located.frequency = located.frequency.min(self.documents);
        Ok(located)
    }

    /// What the public documents say of every party, by party number; computed once for each snapshot.
    pub(crate) fn party_facts(&self) -> &PartyFacts {
        self.party_facts.get_or_init(|| {
            let parties = self.parties.count();
            let mut facts = PartyFacts {
                records: vec![0; parties],
                words: vec![0; parties],
                sizes: Vec::new(),
                mean_words: 1.0,
                speaking: 0,
            };
            for segment in &self.segments {
                for document in 0..segment.documents() {
                    if !segment.open.as_ref().is_none_or(|open| open.contains(document)) {
                        continue;
                    }
                    let tables = &segment.tables;
                    let words =
                        length_of(tables.norms[0][document as usize]) + length_of(tables.norms[1][document as usize]);
                    let record = u32::from(tables.sources[document as usize] == SOURCE_RECORD);
                    for party in tables.parties.of(document) {
                        let Some(count) = facts.records.get_mut(*party as usize) else { continue };
                        *count += record;
                        facts.words[*party as usize] += u64::from(words);
                    }
                }
            }
            let (mut speaking, mut sum) = (0u64, 0f64);
            for words in facts.words.iter().filter(|words| **words > 0) {
                speaking += 1;
                sum += *words as f64;
            }
            let mean = (sum / speaking.max(1) as f64).max(1.0);
            facts.mean_words = mean as f32;
            facts.speaking = speaking;
            facts.sizes = facts.words.iter().map(|words| (*words as f64 / mean) as f32).collect();
            facts.words = Vec::new();
            facts
        })
    }
}

/// Sums over the public documents of each party.
pub(crate) struct PartyFacts {
    /// Records of work.
    pub(crate) records: Vec<u32>,
    /// Words in all its documents, while counting.
    words: Vec<u64>,
    /// Words in all its documents, as a multiple of the mean.
    pub(crate) sizes: Vec<f32>,
    /// Mean number of words over the parties that have any.
    pub(crate) mean_words: f32,
    /// Parties that public documents speak for.
    pub(crate) speaking: u64,
}

impl FacetColumn {
    /// Adds the values of these documents to the counts by ordinal.
    pub(crate) fn count(&self, documents: &Bits, counts: &mut [u32]) {
        match &self.ordinals {
            FacetOrdinals::Narrow(ordinals) => {
                for table in count_together(&[ordinals.as_slice()], documents) {
                    for (count, more) in counts.iter_mut().zip(table) {
                        *count += more;
                    }
                }
            }
            FacetOrdinals::Single(ordinals) => {
                documents.for_each(|document| {
                    if let Some(count) = counts.get_mut(ordinals[document as usize] as usize) {
                        *count += 1;
                    }
                });
            }
            FacetOrdinals::Many(lists) => {
                documents.for_each(|document| {
                    for ordinal in lists.of(document) {
                        if let Some(count) = counts.get_mut(*ordinal as usize) {
                            *count += 1;
                        }
                    }
                });
            }
        }
    }
}
