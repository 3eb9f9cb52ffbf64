//! `cargo bench -p musubi-index`: the engine beside bare tantivy and beside a plain accumulator, on the same files.
//!
//! `MUSUBI_BENCH_DOCUMENTS` sets the size (10,000 unless said; up to 1,000,000). Read the ratios, not the times.

use std::sync::LazyLock;

use divan::Bencher;
use musubi_index::bench_corpus::BenchCorpus;
use musubi_index::reference::{Comparison, Job};
use musubi_index::{Change, Mark};

fn main() {
    println!("{} documents", WORLD.comparison.engine().documents());
    divan::main();
}

struct World {
    comparison: Comparison,
    _folder: tempfile::TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let comparison = Comparison::build(folder.path(), wanted(), || {}).expect("an index");
    World { comparison, _folder: folder }
});

fn wanted() -> usize {
    std::env::var("MUSUBI_BENCH_DOCUMENTS").ok().and_then(|size| size.parse().ok()).unwrap_or(10_000)
}

#[divan::bench(args = Job::SEARCH, sample_count = 10)]
fn search_short(bencher: Bencher, job: Job) {
    bencher.bench(|| WORLD.comparison.run(job).expect("an answer"));
}

#[divan::bench(args = Job::FACETS, sample_count = 10)]
fn search_with_facets(bencher: Bencher, job: Job) {
    bencher.bench(|| WORLD.comparison.run(job).expect("an answer"));
}

#[divan::bench(args = Job::MATCH, sample_count = 10)]
fn match_profile(bencher: Bencher, job: Job) {
    bencher.bench(|| WORLD.comparison.run(job).expect("an answer"));
}

/// Write to searchable: one change applied, committed, synced and served.
#[divan::bench_group(sample_count = 20)]
mod write_one {
    use super::*;

    #[divan::bench]
    fn apply(bencher: Bencher) {
        let world = &*WORLD;
        let mut corpus = BenchCorpus::new(3);
        bencher.with_inputs(|| Change::Put(corpus.organization().documents().remove(0))).bench_local_values(|change| {
            world.comparison.engine().apply(&[change], &Mark::default()).expect("a commit")
        });
    }

    #[divan::bench]
    fn apply_then_match(bencher: Bencher) {
        let world = &*WORLD;
        let mut corpus = BenchCorpus::new(4);
        bencher.with_inputs(|| Change::Put(corpus.organization().documents().remove(0))).bench_local_values(|change| {
            world.comparison.engine().apply(&[change], &Mark::default()).expect("a commit");
            world.comparison.engine().match_parties(world.comparison.profile(0)).parties.len()
        });
    }
}
