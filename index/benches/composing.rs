//! `cargo bench -p musubi-index --bench composing`: 24 firms from 300 under every sort of wish, on 20 committed questions.
//!
//! First a table: time to the first answer, value, bound and gap after `COMPOSING_SECONDS` (1 if not set; the figures of
//! docs/benchmarks.md are of 10). Then divan's own measurements.

use divan::Bencher;
use musubi_index::composing::group::compose;
use musubi_index::composing::timetable::{self, Meeting};
use musubi_index::composing::{Progress, sample};
use std::time::{Duration, Instant};

const QUESTIONS: u64 = 20;

fn main() {
    let seconds = std::env::var("COMPOSING_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let only = std::env::var("COMPOSING_ONLY").ok();
    if only.as_deref().is_none_or(|only| only == "group") {
        group(Duration::from_secs_f64(seconds));
    }
    if only.as_deref().is_none_or(|only| only == "timetable") {
        fair(Duration::from_secs_f64(3.0 * seconds));
    }
    if only.is_none() {
        divan::main();
    }
}

fn group(limit: Duration) {
    println!("24 of 300, {} s each", limit.as_secs_f64());
    println!(
        "{:>4} {:>9} {:>9} {:>9} {:>9} {:>7} {:>8}",
        "seed", "first ms", "first", "value", "bound", "gap %", "total s"
    );
    let (mut worst_first, mut worst_gap, mut gaps) = (0.0f64, 0.0f64, 0.0);
    for seed in 1..=QUESTIONS {
        let question = sample::pavilion(seed, 300, 24);
        let start = Instant::now();
        let mut first = None;
        let answer = compose(&question, &mut |progress: Progress| {
            if let Some(best) = progress.best {
                first.get_or_insert((start.elapsed(), best));
            }
            start.elapsed() < limit
        });
        let Ok(answer) = answer else { continue };
        let (Some(group), Some((at, value))) = (&answer.group, first) else { continue };
        let gap = 100.0 * answer.gap().unwrap_or(1.0);
        let at = at.as_secs_f64() * 1e3;
        println!(
            "{seed:>4} {at:>9.1} {value:>9.3} {:>9.3} {:>9.3} {gap:>7.2} {:>8.2}",
            group.value,
            answer.bound,
            start.elapsed().as_secs_f64()
        );
        worst_first = worst_first.max(at);
        worst_gap = worst_gap.max(gap);
        gaps += gap;
    }
    println!(
        "worst first answer {worst_first:.1} ms; gap {:.2} % on average, {worst_gap:.2} % at worst\n",
        gaps / QUESTIONS as f64
    );
}

/// Points of meetings and fairness; those who have fewer meetings than they should are counted beside it.
fn fair(limit: Duration) {
    println!(
        "134 buyers x 323 suppliers, 30 slots, {} s each; points (participants short of meetings)",
        limit.as_secs_f64()
    );
    println!(
        "{:>4} {:>15} {:>9} {:>7} {:>8} {:>10} {:>16} {:>16}",
        "seed", "points", "bound", "gap %", "total s", "musts open", "round robin", "by preference"
    );
    for seed in 1..=6 {
        let question = sample::fair(seed, 134, 323, 30);
        let start = Instant::now();
        let answer = timetable::arrange(&question, &mut |_: Progress| start.elapsed() < limit);
        let seconds = start.elapsed().as_secs_f64();
        let Ok(answer) = answer else { continue };
        let points = |meetings: &[Meeting]| {
            let mut plain = question.clone();
            plain.buyers.iter_mut().chain(&mut plain.suppliers).for_each(|one| one.least = 0);
            let mut short = 0;
            for (at, buyer) in question.buyers.iter().enumerate() {
                short += usize::from(meetings.iter().filter(|meeting| meeting.buyer == at).count() < buyer.least);
            }
            for (at, supplier) in question.suppliers.iter().enumerate() {
                short += usize::from(meetings.iter().filter(|meeting| meeting.supplier == at).count() < supplier.least);
            }
            format!("{:.0} ({short})", timetable::value_of(&plain, meetings).unwrap_or(f64::NAN))
        };
        println!(
            "{seed:>4} {:>15} {:>9.0} {:>7.3} {seconds:>8.2} {:>10} {:>16} {:>16}",
            points(&answer.meetings),
            answer.bound,
            100.0 * answer.gap(),
            answer.open.len(),
            points(&sample::round_robin(&question)),
            points(&sample::by_preference(&question)),
        );
    }
    println!();
}

/// From the question to the first answer, checks and model included.
#[divan::bench(args = [100, 300, 1_000], sample_count = 20, sample_size = 1)]
fn first_answer(bencher: Bencher, candidates: usize) {
    bencher
        .with_inputs(|| sample::pavilion(1, candidates, 24))
        .bench_values(|question| compose(&question, &mut |progress: Progress| progress.best.is_none()));
}

/// To the proven best.
#[divan::bench(args = [12, 18, 24, 40], sample_count = 10, sample_size = 1)]
fn proven(bencher: Bencher, candidates: usize) {
    bencher
        .with_inputs(|| sample::pavilion(1, candidates, candidates / 3))
        .bench_values(|question| compose(&question, &mut |_: Progress| true));
}
