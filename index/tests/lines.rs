//! Lines of needs against texts of candidates: the rules of proof on generated pairs, and the quality on pairs written
//! independently by hand (`tests/data/line_pairs.jsonl`).

use musubi_index::lines::{Text, Verdict, judge};
use serde::Deserialize;

#[derive(Deserialize)]
struct Pair {
    id: String,
    line: String,
    profile: Vec<ProfileText>,
    verdict: String,
    evidence: String,
}

#[derive(Deserialize)]
struct ProfileText {
    field: String,
    lang: String,
    text: String,
}

fn pairs() -> Vec<Pair> {
    let lines = include_str!("data/line_pairs.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).expect("a pair")).collect()
}

fn texts(pair: &Pair) -> Vec<Text<'_>> {
    let mut texts = Vec::with_capacity(pair.profile.len());
    for ProfileText { field, lang, text } in &pair.profile {
        texts.push(Text { id: &pair.id, field, lang, text });
    }
    texts
}

fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Met { .. } => "met",
        Verdict::Unmet { .. } => "unmet",
        Verdict::Unknown => "unknown",
    }
}

/// Precision and recall of one verdict.
#[derive(Default)]
struct Measure {
    right: usize,
    said: usize,
    there: usize,
}

impl Measure {
    fn add(&mut self, said: bool, there: bool) {
        self.said += usize::from(said);
        self.there += usize::from(there);
        self.right += usize::from(said && there);
    }

    fn precision(&self) -> f64 {
        self.right as f64 / self.said.max(1) as f64
    }

    fn recall(&self) -> f64 {
        self.right as f64 / self.there.max(1) as f64
    }
}

/// Even ids were looked at while the judge was made, odd ids were not: the floor holds for both.
#[test]
fn quality_on_pairs_judged_by_hand() {
    let show = std::env::var("MUSUBI_SHOW_PAIRS").is_ok();
    for (half, parity) in [("even", 0), ("odd", 1)] {
        let (mut met, mut unmet, mut cited, mut number) = (Measure::default(), Measure::default(), 0, 0);
        for pair in pairs() {
            let digits: usize = pair.id.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number");
            if digits % 2 != parity {
                continue;
            }
            number += 1;
            let texts = texts(&pair);
            let verdict = judge(&[&pair.line], &texts);
            let said = name(&verdict);
            met.add(said == "met", pair.verdict == "met");
            unmet.add(said == "unmet", pair.verdict == "unmet");
            if let Verdict::Met { place, .. } = &verdict
                && pair.verdict == "met"
            {
                let sentence: String =
                    texts[place.text].text.chars().skip(place.start).take(place.end - place.start).collect();
                cited += usize::from(sentence.contains(pair.evidence.trim()) || pair.evidence.contains(sentence.trim()));
            }
            if show && said != pair.verdict {
                let text: Vec<&str> = pair.profile.iter().map(|text| text.text.as_str()).collect();
                println!("{} {} for {} | {} | {} | {}", pair.id, said, pair.verdict, pair.line, text.join(" / "), pair.evidence);
            }
        }
        println!(
            "{half}: {number} pairs; met precision {:.3} ({}/{}), recall {:.3} (of {}), cites the sentence {:.3}; unmet precision {:.3} ({}/{}), recall {:.3} (of {})",
            met.precision(),
            met.right,
            met.said,
            met.recall(),
            met.there,
            cited as f64 / met.right.max(1) as f64,
            unmet.precision(),
            unmet.right,
            unmet.said,
            unmet.recall(),
            unmet.there,
        );
    }
}
