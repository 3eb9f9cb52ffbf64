//! What the engine is measured against, on the same files: bare tantivy, and a plain accumulator over the same postings.
//! `cargo bench` and `musubi bench` run these jobs side by side; only the ratios of one run mean anything.

use std::fmt;
use std::path::Path;

use tantivy::aggregation::AggregationCollector;
use tantivy::aggregation::agg_req::Aggregations;
use tantivy::collector::{Count, TopDocs};
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::BlockSegmentPostings;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{Index, IndexReader, Searcher, Term};

use crate::analysis::tokenizers;
use crate::bench_corpus::BenchCorpus;
use crate::document::{Attribute, Document};
use crate::engine::{Engine, Settings};
use crate::error::EngineError;
use crate::evidence::Terms;
use crate::mark::Mark;
use crate::matching::recall::{self, Chosen};
use crate::matching::score::Weights;
use crate::request::{Filters, MatchRequest, Reader, SearchRequest, Sort};
use crate::schema::{TextField, fields};
use crate::taxonomy::Taxonomy;

/// One piece of work. The first of each group is the engine's, the others are what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Thirty queries of one to three words, top twenty with the exact count.
    Search,
    SearchTopDocs,
    SearchTopDocsAndCount,
    SearchAccumulator,
    /// The same with four facets counted.
    Facets,
    FacetsTantivy,
    /// Twenty whole profiles, top twenty parties with their score in parts and what speaks for them.
    Match,
    /// Without the two parts that read all documents of a party.
    MatchSingleDocuments,
    /// Only what the accumulator does too: the chosen terms looked up, every document scored, the best kept.
    MatchKernel,
    MatchAccumulator,
    MatchTopDocs,
}

impl Job {
    pub const SEARCH: [Job; 4] = [Job::Search, Job::SearchTopDocs, Job::SearchTopDocsAndCount, Job::SearchAccumulator];
    pub const FACETS: [Job; 2] = [Job::Facets, Job::FacetsTantivy];
    pub const MATCH: [Job; 5] =
        [Job::Match, Job::MatchSingleDocuments, Job::MatchKernel, Job::MatchAccumulator, Job::MatchTopDocs];

    /// How many questions one run answers.
    pub fn questions(self) -> usize {
        if Job::MATCH.contains(&self) { PROFILES } else { QUERIES }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Job::Search => "search: engine",
            Job::SearchTopDocs => "search: tantivy TopDocs",
            Job::SearchTopDocsAndCount => "search: tantivy TopDocs and Count",
            Job::SearchAccumulator => "search: accumulator",
            Job::Facets => "search with facets: engine",
            Job::FacetsTantivy => "search with facets: tantivy aggregations",
            Job::Match => "match: engine",
            Job::MatchSingleDocuments => "match: engine, single documents only",
            Job::MatchKernel => "match: engine, kernel only",
            Job::MatchAccumulator => "match: accumulator, same terms",
            Job::MatchTopDocs => "match: tantivy TopDocs, same terms",
        })
    }
}

const QUERIES: usize = 30;
const PROFILES: usize = 20;
const FACETS: [Attribute; 4] =
    [Attribute::OrganizationKind, Attribute::Municipality, Attribute::SizeBand, Attribute::CapabilityKind];

/// The engine with generated documents, bare tantivy on the same files, and the questions.
pub struct Comparison {
    engine: Engine,
    reader: IndexReader,
    short: Vec<SearchRequest>,
    short_terms: Vec<Terms>,
    long: Vec<MatchRequest>,
    long_terms: Vec<Terms>,
    long_chosen: Vec<Vec<Chosen>>,
    aggregations: Aggregations,
}

impl Comparison {
    /// Builds the engine's index of `size` generated documents in an empty folder. `progress` hears of each document.
    ///
    /// # Errors
    /// A folder that cannot be written, or a failure of the engine.
    pub fn build(folder: &Path, size: usize, progress: impl FnMut()) -> Result<Comparison, EngineError> {
        let engine = build_with_engine(folder, size, progress)?;
        let index = Index::open_in_dir(folder.join("generation-1"))?;
        let reader = index.reader()?;
        let frequent = BenchCorpus::new(1);
        let short: Vec<SearchRequest> = (0..QUERIES)
            .map(|round| {
                let words: Vec<&str> =
                    (0..round % 3 + 1).map(|word| frequent.frequent_word(3 + round * 7 + word)).collect();
                search_request(&words.join(" "))
            })
            .collect();
        let short_terms =
            short.iter().map(|request| engine.search(request).map(|answer| answer.terms).unwrap_or_default()).collect();
        let mut corpus = BenchCorpus::new(2);
        let long: Vec<MatchRequest> = (0..PROFILES).map(|_| match_request(&corpus.profile())).collect();
        let long_terms = long.iter().map(|request| engine.match_parties(request).terms).collect();
        let snapshot = engine.snapshot();
        let choose = |request: &MatchRequest| recall::choose(&snapshot, &request.texts, &Weights::default());
        let long_chosen = long.iter().map(choose).collect::<Result<_, _>>()?;
        let fields: Vec<String> = FACETS
            .iter()
            .map(|facet| format!("\"{0}\": {{\"terms\": {{\"field\": \"{0}\", \"size\": 100}}}}", facet.name()))
            .collect();
        let aggregations = serde_json::from_str(&format!("{{{}}}", fields.join(",")))
            .map_err(|error| EngineError::Writer(error.to_string()))?;
        Ok(Comparison { engine, reader, short, short_terms, long, long_terms, long_chosen, aggregations })
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The long question of this number.
    pub fn profile(&self, number: usize) -> &MatchRequest {
        &self.long[number % self.long.len()]
    }

    /// Does the work once. The number that comes back only keeps the work from being left out.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn run(&self, job: Job) -> Result<usize, EngineError> {
        let searcher = self.reader.searcher();
        let top = || TopDocs::with_limit(20).order_by_score();
        let mut sum = 0;
        match job {
            Job::Search => {
                for request in &self.short {
                    sum += self.search(request)?;
                }
            }
            Job::Facets => {
                for request in &self.short {
                    sum += self.search(&SearchRequest { facets: FACETS.to_vec(), ..request.clone() })?;
                }
            }
            Job::Match => {
                sum += self.long.iter().map(|request| self.engine.match_parties(request).parties.len()).sum::<usize>();
            }
            Job::MatchSingleDocuments => {
                let weights = Weights { breadth: 0.0, focus: 0.0, ..Weights::default() };
                for request in &self.long {
                    sum += self.engine.match_parties_with(request, &weights).parties.len();
                }
            }
            Job::MatchKernel => {
                let (snapshot, weights) = (self.engine.snapshot(), Weights::default());
                for (request, chosen) in self.long.iter().zip(&self.long_chosen) {
                    sum += recall::kernel(&snapshot, self.engine.pool(), request, &weights, chosen)?;
                }
            }
            Job::SearchTopDocs => {
                for query in self.short_terms.iter().map(any_of) {
                    sum += searcher.search(&query, &top())?.len();
                }
            }
            Job::MatchTopDocs => {
                for query in self.long_terms.iter().map(any_of) {
                    sum += searcher.search(&query, &top())?.len();
                }
            }
            Job::SearchTopDocsAndCount => {
                for query in self.short_terms.iter().map(any_of) {
                    sum += searcher.search(&query, &(top(), Count))?.1;
                }
            }
            Job::FacetsTantivy => {
                for query in self.short_terms.iter().map(any_of) {
                    let counts = AggregationCollector::from_aggs(self.aggregations.clone(), Default::default());
                    sum += searcher.search(&query, &(top(), counts))?.0.len();
                }
            }
            Job::SearchAccumulator => {
                for terms in &self.short_terms {
                    sum += accumulate(&searcher, terms)?;
                }
            }
            Job::MatchAccumulator => {
                for terms in &self.long_terms {
                    sum += accumulate(&searcher, terms)?;
                }
            }
        }
        Ok(sum)
    }

    fn search(&self, request: &SearchRequest) -> Result<usize, EngineError> {
        let answer = self.engine.search(request).map_err(|error| EngineError::Writer(error.to_string()))?;
        Ok(answer.total + answer.facets.len())
    }
}

/// The engine's own build, as a rebuild does it.
///
/// # Errors
/// A folder that cannot be written, or a failure of the engine.
pub fn build_with_engine(folder: &Path, size: usize, mut progress: impl FnMut()) -> Result<Engine, EngineError> {
    let (engine, _) = Engine::open(folder, Settings::default())?;
    let mut rebuild = engine.rebuild()?;
    for document in documents(size) {
        rebuild.add(document)?;
        progress();
    }
    rebuild.finish(&Mark::default())?;
    Ok(engine)
}

/// The same documents with the same fields, cut by the same analysis, by tantivy alone with its own merging.
///
/// # Errors
/// A folder that cannot be written.
pub fn build_with_tantivy(folder: &Path, size: usize, mut progress: impl FnMut()) -> Result<(), EngineError> {
    let settings = Settings::default();
    let index = Index::create_in_dir(folder, fields().schema.clone())?;
    tokenizers::register(index.tokenizers(), &Taxonomy::built_in());
    let mut writer: tantivy::IndexWriter =
        index.writer_with_num_threads(settings.writer_threads, settings.writer_memory)?;
    for document in documents(size) {
        writer.add_document(fields().flatten(&document))?;
        progress();
    }
    writer.commit()?;
    writer.wait_merging_threads()?;
    Ok(())
}

fn documents(size: usize) -> impl Iterator<Item = Document> {
    BenchCorpus::new(1).documents(size).flat_map(|organization| organization.documents())
}

fn search_request(query: &str) -> SearchRequest {
    SearchRequest {
        query: query.to_string(),
        reader: Reader::Visitor,
        filters: Filters::default(),
        facets: Vec::new(),
        sort: Sort::Relevance,
        offset: 0,
        limit: 20,
        ..SearchRequest::default()
    }
}

fn match_request(text: &str) -> MatchRequest {
    MatchRequest {
        texts: vec![(text.to_string(), 1.0)],
        reader: Reader::Visitor,
        filters: Filters::default(),
        party_filters: Filters::default(),
        without_parties: Vec::new(),
        seeker: None,
        today: None,
        limit: 20,
    }
}

/// Every term in both fields of its kind: what the engine looks up.
fn field_terms(terms: &Terms) -> Vec<Term> {
    let mut all = Vec::new();
    let mut add = |text: &str, field_pair: [TextField; 2]| {
        all.extend(field_pair.map(|field| Term::from_field_text(fields().text(field), text)));
    };
    for (word, _) in terms.words() {
        add(word, [TextField::TitleWords, TextField::BodyWords]);
    }
    for (gram, _) in terms.grams() {
        add(gram, [TextField::TitleGrams, TextField::BodyGrams]);
    }
    all
}

fn any_of(terms: &Terms) -> BooleanQuery {
    let clauses = field_terms(terms).into_iter().map(|term| {
        let query: Box<dyn Query> = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
        (Occur::Should, query)
    });
    BooleanQuery::new(clauses.collect())
}

/// The simplest thing over the same postings: no audience, no parties, no ids, one pass for the best twenty.
fn accumulate(searcher: &Searcher, terms: &Terms) -> tantivy::Result<usize> {
    let mut best = 0;
    for segment in searcher.segment_readers() {
        let mut scores = vec![0.0f32; segment.max_doc() as usize];
        for term in field_terms(terms) {
            let inverted = segment.inverted_index(term.field())?;
            let norms = segment.get_fieldnorms_reader(term.field())?;
            let lengths: [f32; 256] =
                std::array::from_fn(|norm| 0.3 + 0.9 * FieldNormReader::id_to_fieldnorm(norm as u8) as f32 / 50.0);
            let found: Option<BlockSegmentPostings> =
                inverted.read_block_postings(&term, IndexRecordOption::WithFreqs)?;
            let Some(mut postings) = found else { continue };
            let factor = (1.0 + segment.max_doc() as f32 / postings.doc_freq() as f32).ln();
            while postings.block_len() > 0 {
                for (document, frequency) in postings.docs().iter().zip(postings.freqs()) {
                    let frequency = *frequency as f32;
                    let length = lengths[norms.fieldnorm_id(*document) as usize];
                    scores[*document as usize] += factor * frequency / (frequency + length);
                }
                postings.advance();
            }
        }
        let mut top: Vec<(f32, u32)> = Vec::with_capacity(64);
        let mut least = 0.0;
        for (document, score) in scores.iter().enumerate() {
            if *score > least {
                top.push((*score, document as u32));
                if top.len() == 64 {
                    top.sort_by(|left, right| right.0.total_cmp(&left.0));
                    top.truncate(20);
                    least = top[19].0;
                }
            }
        }
        best += top.len();
    }
    Ok(best)
}
