//! `cargo bench -p musubi-index --bench evidence`: what the texts of twenty hits show of a query, as a page of a search
//! and a page of a match ask for it.

use std::sync::LazyLock;

use divan::Bencher;
use musubi_index::bench_corpus::BenchCorpus;
use musubi_index::evidence::Texts;
use musubi_index::reference::Comparison;
use musubi_index::{SearchRequest, Terms, evidence};

fn main() {
    divan::main();
}

const DOCUMENTS: usize = 1_000;
/// Twenty hits with four texts each.
const TEXTS: usize = 80;

struct World {
    texts: Vec<String>,
    /// One word, and a sentence.
    short: Terms,
    long: Terms,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let comparison = Comparison::build(folder.path(), DOCUMENTS, || {}).expect("an index");
    let engine = comparison.engine();
    let mut corpus = BenchCorpus::new(7);
    let texts = (0..TEXTS).map(|_| corpus.profile()).collect();
    let query = corpus.frequent_word(3).to_owned();
    let short =
        engine.search(&SearchRequest { query, limit: 20, ..SearchRequest::default() }).expect("an answer").terms;
    let long = engine.match_parties(comparison.profile(0)).terms;
    World { texts, short, long }
});

#[divan::bench(args = ["short", "long"])]
fn sentences_of_twenty_hits(bencher: Bencher, query: &str) {
    let terms = if query == "short" { &WORLD.short } else { &WORLD.long };
    bencher.bench(|| {
        let shown = WORLD.texts.iter().filter_map(|text| evidence::best_sentence(text, terms));
        shown.map(|sentence| sentence.spans.len()).sum::<usize>()
    });
}

/// The same texts, looked at for the third time and later.
#[divan::bench(args = ["short", "long"])]
fn sentences_of_texts_remembered(bencher: Bencher, query: &str) {
    let terms = if query == "short" { &WORLD.short } else { &WORLD.long };
    let remembered = Texts::new(64 << 20);
    let asked = remembered.asked(terms);
    let shown = || {
        let shown = WORLD.texts.iter().filter_map(|text| asked.best_sentence(text));
        shown.map(|sentence| sentence.spans.len()).sum::<usize>()
    };
    (0..2).for_each(|_| _ = shown());
    bencher.bench(shown);
}

#[divan::bench(args = ["short", "long"])]
fn statements_of_twenty_hits(bencher: Bencher, query: &str) {
    let terms = if query == "short" { &WORLD.short } else { &WORLD.long };
    bencher.bench(|| WORLD.texts.iter().filter_map(|text| evidence::best_statement(text, terms)).count());
}
