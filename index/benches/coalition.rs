//! `cargo bench -p musubi-index --bench coalition`: 5,000 parties against up to 50 lines. The goal is a p95 of 300 ms.

use std::sync::atomic::{AtomicU64, Ordering};

use divan::Bencher;
use musubi_index::coalition::{Candidate, Question, find};

fn main() {
    divan::main();
}

/// A seeded pool: each party meets each line with one chance in `sparse`.
fn pool(lines: usize, sparse: u64, seed: u64) -> Question {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut strengths =
        || (0..lines).map(|_| if next(sparse) == 0 { (50 + next(46)) as f32 / 100.0 } else { 0.0 }).collect();
    let candidates = (0..5_000).map(|index| Candidate { id: format!("{index:05}"), strengths: strengths() }).collect();
    Question { candidates, ..Question::of_lines(lines) }
}

#[divan::bench(args = [(5, 8), (10, 6), (20, 4), (20, 30), (50, 3), (50, 20)], sample_count = 40, sample_size = 1)]
fn five_thousand_parties(bencher: Bencher, (lines, sparse): (usize, u64)) {
    let seed = AtomicU64::new(0);
    bencher
        .with_inputs(|| pool(lines, sparse, 1 + seed.fetch_add(1, Ordering::Relaxed)))
        .bench_values(|question| find(&question));
}
