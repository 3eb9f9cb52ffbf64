//! `cargo bench -p musubi-index --bench lines`: the lines of a need judged for a page of parties, reading included.

use divan::Bencher;
use musubi_index::bench_corpus::BenchCorpus;
use musubi_index::lines::{Line, Passage, judge_read};

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

/// Forty parties with eight texts each: what a page of twenty judges.
#[divan::bench]
fn six_lines_for_forty_parties(bencher: Bencher) {
    let lines: Vec<Line> = LINES.iter().map(|line| Line::read(&[line])).collect();
    let mut corpus = BenchCorpus::new(7);
    let texts: Vec<String> = (0..320).map(|_| corpus.profile()).collect();
    bencher.bench(|| {
        let passages: Vec<Passage> = texts.iter().map(|text| Passage::read(text)).collect();
        let mut said = 0;
        for party in passages.chunks(8) {
            for line in &lines {
                said += usize::from(judge_read(line, party) != musubi_index::lines::Verdict::Unknown);
            }
        }
        said
    });
}

/// The texts alone: folded and cut into sentences.
#[divan::bench]
fn reading_the_texts(bencher: Bencher) {
    let mut corpus = BenchCorpus::new(7);
    let texts: Vec<String> = (0..320).map(|_| corpus.profile()).collect();
    bencher.bench(|| texts.iter().map(|text| Passage::read(text)).collect::<Vec<Passage>>());
}

/// Reading the lines themselves.
#[divan::bench]
fn reading_six_lines() -> Vec<Line> {
    LINES.iter().map(|line| Line::read(&[line])).collect()
}
