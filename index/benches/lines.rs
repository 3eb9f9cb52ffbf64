//! `cargo bench -p musubi-index --bench lines`: the lines of a need judged for a page of parties, reading included.

use divan::Bencher;
use musubi_index::bench_corpus::BenchCorpus;
use musubi_index::lines::{Line, Passage, Verdict, closest, judge_read};

fn main() {
    divan::main();
}

const LINES: [&str; 6] = [
    "有機ELの薄膜封止ができること",
    "幅300mm以上のフィルムに塗布できる",
    "アルミの切削加工に対応可能",
    "ISO9001の認証を取得していること",
    "Experience with metabolomics of food samples",
    "無電解ニッケルめっきの設備を持つ会社",
];

fn lines() -> Vec<Line> {
    LINES.iter().map(|line| Line::read(&[line])).collect()
}

/// Eight for each of forty parties.
fn texts() -> Vec<String> {
    let mut corpus = BenchCorpus::new(7);
    (0..320).map(|_| corpus.profile()).collect()
}

/// Forty parties with eight texts each: what a page of twenty judges.
#[divan::bench]
fn six_lines_for_forty_parties(bencher: Bencher) {
    let (lines, texts) = (lines(), texts());
    bencher.bench(|| {
        let passages: Vec<Passage> = texts.iter().map(|text| Passage::read(text)).collect();
        let mut said = 0;
        for party in passages.chunks(8) {
            for line in &lines {
                said += usize::from(judge_read(line, party) != Verdict::Unknown);
            }
        }
        said
    });
}

/// The same with the closest sentence for each line that is unknown, as an answer shows it.
#[divan::bench]
fn six_lines_for_forty_parties_with_the_closest(bencher: Bencher) {
    let (lines, texts) = (lines(), texts());
    bencher.bench(|| {
        let passages: Vec<Passage> = texts.iter().map(|text| Passage::read(text)).collect();
        let mut shown = 0;
        for party in passages.chunks(8) {
            for line in &lines {
                let unknown = judge_read(line, party) == Verdict::Unknown;
                shown += usize::from(unknown && closest(line, party).is_some());
            }
        }
        shown
    });
}

/// The texts alone: folded and cut into sentences.
#[divan::bench]
fn reading_the_texts(bencher: Bencher) {
    let texts = texts();
    bencher.bench(|| texts.iter().map(|text| Passage::read(text)).collect::<Vec<Passage>>());
}

/// Reading the lines themselves.
#[divan::bench]
fn reading_six_lines() -> Vec<Line> {
    lines()
}
