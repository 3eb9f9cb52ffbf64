//! `cargo bench -p musubi-index`: the engine beside bare tantivy and beside a plain accumulator, on the same files.
//!
//! `MUSUBI_BENCH_DOCUMENTS` sets the size (10,000 unless said; up to 1,000,000). Read the ratios, not the times.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Instant;

use divan::Bencher;
use musubi_index::bench_corpus::BenchCorpus;
use musubi_index::{
    Attribute, Change, Engine, Filters, Mark, MatchRequest, Reader, SearchRequest, Settings, Sort, Terms, Weights,
};
use tantivy::aggregation::AggregationCollector;
use tantivy::aggregation::agg_req::Aggregations;
use tantivy::collector::{Count, TopDocs};
use tantivy::postings::BlockSegmentPostings;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{Index, IndexReader, Searcher, Term};

fn main() {
    println!("{} documents", WORLD.engine.documents());
    divan::main();
}

struct World {
    engine: Engine,
    reader: IndexReader,
    short: Vec<SearchRequest>,
    short_terms: Vec<Terms>,
    long: Vec<MatchRequest>,
    long_terms: Vec<Terms>,
    _folder: tempfile::TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(World::build);

fn wanted() -> usize {
    std::env::var("MUSUBI_BENCH_DOCUMENTS").ok().and_then(|size| size.parse().ok()).unwrap_or(10_000)
}

const FACETS: [Attribute; 4] =
    [Attribute::OrganizationKind, Attribute::Municipality, Attribute::SizeBand, Attribute::CapabilityKind];

impl World {
    fn build() -> World {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (engine, _) = Engine::open(folder.path(), Settings::default()).expect("an engine");
        let start = Instant::now();
        let mut rebuild = engine.rebuild().expect("a rebuild");
        for organization in BenchCorpus::new(1).documents(wanted()) {
            for document in organization.documents() {
                rebuild.add(document).expect("a document");
            }
        }
        rebuild.finish(&Mark::default()).expect("a commit");
        let seconds = start.elapsed().as_secs_f64();
        println!("built in {seconds:.1} s, {:.0} documents/s", wanted() as f64 / seconds);
        let generation: PathBuf = folder.path().join("generation-1");
        let index = Index::open_in_dir(generation).expect("the same files");
        let reader = index.reader().expect("a reader");
        let mut corpus = BenchCorpus::new(2);
        let frequent = BenchCorpus::new(1);
        let short: Vec<SearchRequest> = (0..30)
            .map(|round| {
                let words: Vec<&str> =
                    (0..round % 3 + 1).map(|word| frequent.frequent_word(3 + round * 7 + word)).collect();
                search_request(&words.join(" "), &[])
            })
            .collect();
        let short_terms = short.iter().map(|request| engine.search(request).expect("an answer").terms).collect();
        let long: Vec<MatchRequest> = (0..20).map(|_| match_request(&corpus.profile())).collect();
        let long_terms = long.iter().map(|request| engine.match_parties(request).terms).collect();
        World { engine, reader, short, short_terms, long, long_terms, _folder: folder }
    }
}

fn search_request(query: &str, facets: &[Attribute]) -> SearchRequest {
    SearchRequest {
        query: query.to_string(),
        reader: Reader::Visitor,
        filters: Filters::default(),
        facets: facets.to_vec(),
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
fn field_terms(searcher: &Searcher, terms: &Terms) -> Vec<Term> {
    let schema = searcher.schema();
    let field = |name: &str| schema.get_field(name).expect("a field");
    let mut all = Vec::new();
    for (word, _) in terms.words() {
        all.push(Term::from_field_text(field("title_words"), word));
        all.push(Term::from_field_text(field("body_words"), word));
    }
    for (gram, _) in terms.grams() {
        all.push(Term::from_field_text(field("title_grams"), gram));
        all.push(Term::from_field_text(field("body_grams"), gram));
    }
    all
}

fn any_of(searcher: &Searcher, terms: &Terms) -> BooleanQuery {
    let clauses = field_terms(searcher, terms).into_iter().map(|term| {
        let query: Box<dyn Query> = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
        (Occur::Should, query)
    });
    BooleanQuery::new(clauses.collect())
}

/// The simplest thing over the same postings: no audience, no parties, no ids, one pass for the best twenty.
fn accumulate(searcher: &Searcher, terms: &Terms) -> usize {
    let mut best = 0;
    for segment in searcher.segment_readers() {
        let mut scores = vec![0.0f32; segment.max_doc() as usize];
        for term in field_terms(searcher, terms) {
            let inverted = segment.inverted_index(term.field()).expect("an inverted index");
            let norms = segment.get_fieldnorms_reader(term.field()).expect("norms");
            let lengths: [f32; 256] = std::array::from_fn(|norm| {
                0.3 + 0.9 * tantivy::fieldnorm::FieldNormReader::id_to_fieldnorm(norm as u8) as f32 / 50.0
            });
            let found: Option<BlockSegmentPostings> =
                inverted.read_block_postings(&term, IndexRecordOption::WithFreqs).expect("postings");
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
    best
}

#[divan::bench_group(sample_count = 10)]
mod search_short {
    use super::*;

    #[divan::bench]
    fn engine(bencher: Bencher) {
        let world = &*WORLD;
        bencher.bench(|| {
            world.short.iter().map(|request| world.engine.search(request).expect("an answer").total).sum::<usize>()
        });
    }

    #[divan::bench]
    fn tantivy_top_docs(bencher: Bencher) {
        let world = &*WORLD;
        let searcher = world.reader.searcher();
        bencher.bench(|| {
            for terms in &world.short_terms {
                let query = any_of(&searcher, terms);
                divan::black_box(searcher.search(&query, &TopDocs::with_limit(20).order_by_score()).expect("hits"));
            }
        });
    }

    #[divan::bench]
    fn tantivy_top_docs_and_count(bencher: Bencher) {
        let world = &*WORLD;
        let searcher = world.reader.searcher();
        bencher.bench(|| {
            for terms in &world.short_terms {
                let query = any_of(&searcher, terms);
                let collectors = (TopDocs::with_limit(20).order_by_score(), Count);
                divan::black_box(searcher.search(&query, &collectors).expect("hits"));
            }
        });
    }

    #[divan::bench]
    fn accumulator(bencher: Bencher) {
        let world = &*WORLD;
        let searcher = world.reader.searcher();
        bencher.bench(|| world.short_terms.iter().map(|terms| accumulate(&searcher, terms)).sum::<usize>());
    }
}

#[divan::bench_group(sample_count = 10)]
mod search_with_facets {
    use super::*;

    #[divan::bench]
    fn engine(bencher: Bencher) {
        let world = &*WORLD;
        let requests: Vec<SearchRequest> =
            world.short.iter().map(|request| search_request(&request.query, &FACETS)).collect();
        bencher.bench(|| {
            requests.iter().map(|request| world.engine.search(request).expect("an answer").facets.len()).sum::<usize>()
        });
    }

    #[divan::bench]
    fn tantivy_collector(bencher: Bencher) {
        let world = &*WORLD;
        let searcher = world.reader.searcher();
        let fields: Vec<String> = FACETS
            .iter()
            .map(|facet| format!("\"{0}\": {{\"terms\": {{\"field\": \"{0}\", \"size\": 100}}}}", facet.name()))
            .collect();
        let aggregations: Aggregations =
            serde_json::from_str(&format!("{{{}}}", fields.join(","))).expect("aggregations");
        bencher.bench(|| {
            for terms in &world.short_terms {
                let query = any_of(&searcher, terms);
                let counts = AggregationCollector::from_aggs(aggregations.clone(), Default::default());
                let collectors = (TopDocs::with_limit(20).order_by_score(), counts);
                divan::black_box(searcher.search(&query, &collectors).expect("hits"));
            }
        });
    }
}

#[divan::bench_group(sample_count = 10)]
mod match_profile {
    use super::*;

    #[divan::bench]
    fn engine(bencher: Bencher) {
        let world = &*WORLD;
        bencher.bench(|| {
            world.long.iter().map(|request| world.engine.match_parties(request).parties.len()).sum::<usize>()
        });
    }

    /// The same without the collection over all documents of a party.
    #[divan::bench]
    fn engine_without_breadth(bencher: Bencher) {
        let world = &*WORLD;
        let weights = Weights { breadth: 0.0, focus: 0.0, ..Weights::default() };
        bencher.bench(|| {
            world
                .long
                .iter()
                .map(|request| world.engine.match_parties_with(request, &weights).parties.len())
                .sum::<usize>()
        });
    }

    #[divan::bench]
    fn accumulator_same_terms(bencher: Bencher) {
        let world = &*WORLD;
        let searcher = world.reader.searcher();
        bencher.bench(|| world.long_terms.iter().map(|terms| accumulate(&searcher, terms)).sum::<usize>());
    }

    #[divan::bench]
    fn tantivy_top_docs_same_terms(bencher: Bencher) {
        let world = &*WORLD;
        let searcher = world.reader.searcher();
        bencher.bench(|| {
            for terms in &world.long_terms {
                let query = any_of(&searcher, terms);
                divan::black_box(searcher.search(&query, &TopDocs::with_limit(20).order_by_score()).expect("hits"));
            }
        });
    }
}

/// Write to searchable: one change applied, committed, synced and served.
#[divan::bench_group(sample_count = 20)]
mod write_one {
    use super::*;

    #[divan::bench]
    fn apply(bencher: Bencher) {
        let world = &*WORLD;
        let mut corpus = BenchCorpus::new(3);
        bencher
            .with_inputs(|| Change::Put(corpus.organization().documents().remove(0)))
            .bench_local_values(|change| world.engine.apply(&[change], &Mark::default()).expect("a commit"));
    }

    #[divan::bench]
    fn apply_then_match(bencher: Bencher) {
        let world = &*WORLD;
        let mut corpus = BenchCorpus::new(4);
        bencher.with_inputs(|| Change::Put(corpus.organization().documents().remove(0))).bench_local_values(|change| {
            world.engine.apply(&[change], &Mark::default()).expect("a commit");
            world.engine.match_parties(&world.long[0]).parties.len()
        });
    }
}
