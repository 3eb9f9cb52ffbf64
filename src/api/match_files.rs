//! A list of proposed partners as a file: one row for each, with its lines and its sentences in words.

use super::lines::{LineBody, LineVerdict, is_excluded};
use super::list_files::{self, Columns, ListFile};
use super::matching::{MatchBody, Party, Proposal};
use crate::domain::entry::Title;
use crate::domain::vocabulary::{Language, Strength};
use crate::error::{Error, Result};
use crate::exchange::export::Format;
use serde::Serialize;
use serde_json::{Value, json};

const COLUMNS: Columns = &[
    ("順位 / rank", "/rank"),
    ("名称 / name", "/party/name"),
    ("種別 / kind", "/party/kind"),
    ("もの / thing", "/thing/title"),
    ("点 / score", "/score"),
    ("逆方向 / reverse", "/reverse_score"),
    ("満たす / met", "/met"),
    ("満たさない / unmet", "/unmet"),
    ("不明 / unknown", "/unknown"),
    ("除外に該当 / excluded", "/excluded"),
    ("条件ごと / lines", "/lines"),
    ("根拠 / evidence", "/evidence"),
    ("点の内訳 / parts", "/parts"),
    ("ID", "/party/id"),
    ("もののID / thing ID", "/thing/id"),
];

/// The answer in a file of this form. Of JSON Lines each line is a proposal as it is answered.
pub(super) fn write(format: Format, language: Language, answer: &MatchBody) -> Result<ListFile> {
    let rows: Vec<Value> = match format {
        Format::JsonLines => answer.results.iter().map(as_answered).collect::<Result<_>>()?,
        Format::Csv | Format::CsvCp932 | Format::Xlsx => {
            answer.results.iter().enumerate().map(|(at, proposal)| row(at + 1, proposal, language)).collect()
        }
    };
    list_files::write("matches", format, COLUMNS, rows)
}

/// By way of the text: a short number would turn into a long one otherwise.
pub(super) fn as_answered(row: &impl Serialize) -> Result<Value> {
    let text = serde_json::to_string(row).map_err(Error::internal)?;
    serde_json::from_str(&text).map_err(Error::internal)
}

pub(super) fn short(number: f32) -> f64 {
    (f64::from(number) * 1_000.0).round() / 1_000.0
}

fn row(rank: usize, proposal: &Proposal, language: Language) -> Value {
    // Not to be what is excluded is no fault.
    let wanted = |line: &&LineBody| line.requirement != Strength::Exclude;
    let count = |verdict| proposal.lines.iter().filter(wanted).filter(|line| line.verdict == verdict).count();
    let sentences = proposal.evidence.iter().map(|sentence| format!("{}: {}", sentence.title.any(), sentence.text));
    let parts = proposal.parts.iter().filter_map(|(name, value)| {
        // Parts are shares; what counts nothing is left out.
        value
            .as_f64()
            .filter(|value| *value != 0.0)
            .map(|value| format!("{} {value:.3}", part_in_words(name, language)))
    });
    json!({
        "rank": rank,
        "party": proposal.party.as_ref().map(|party| party_in_words(party, language)),
        "thing": proposal.thing,
        "score": short(proposal.score),
        "reverse_score": proposal.reverse_score.map(short),
        "met": count(LineVerdict::Met),
        "unmet": count(LineVerdict::Unmet),
        "unknown": count(LineVerdict::Unknown),
        "excluded": proposal.lines.iter().filter(|line| is_excluded(line)).count(),
        "lines": proposal.lines.iter().map(|line| in_words(line, language)).collect::<Vec<_>>().join("\n"),
        "evidence": sentences.collect::<Vec<_>>().join("\n"),
        "parts": parts.collect::<Vec<_>>().join("; "),
    })
}

/// `1 必須「封止ができること」満たす: 薄膜の封止を行う。`
pub(super) fn in_words(line: &LineBody, language: Language) -> String {
    let (ja, en) = verdict_in_words(line);
    let (requirement, verdict) = match language {
        Language::Ja => (line.requirement.name_ja(), ja),
        Language::En => (line.requirement.name_en(), en),
    };
    // The text of a stated fact is a code.
    let shown = line.evidence.as_ref().map(|evidence| match (&evidence.name, language) {
        (Some(name), Language::Ja) => name.ja.clone(),
        (Some(name), Language::En) => name.en.clone(),
        (None, _) => evidence.text.clone(),
    });
    let open = line.would_fit.as_ref().map(|message| match language {
        Language::Ja => message.ja.clone(),
        Language::En => message.en.clone(),
    });
    let reason = shown.or(open).map(|text| format!(": {text}")).unwrap_or_default();
    let asked = asked_in_words(&line.asked, language);
    match language {
        Language::Ja => format!("{} {requirement}{asked}{verdict}{reason}", line.index + 1),
        Language::En => format!("{} {requirement} {asked} {verdict}{reason}", line.index + 1),
    }
}

/// A party with its kind in words.
pub(super) fn party_in_words(party: &Party, language: Language) -> Value {
    let kind = match language {
        Language::Ja => party.kind.name_ja(),
        Language::En => party.kind.name_en(),
    };
    json!({ "id": party.id, "name": party.name, "kind": kind })
}

/// What a part of the score is called; its name in the answer where it has no other.
fn part_in_words(part: &str, language: Language) -> &str {
    let (ja, en) = match part {
        "profile" => ("紹介文", "profile"),
        "offers" => ("提供するもの", "offers"),
        "records" => ("実績", "records of work"),
        "breadth" => ("実績の広がり", "breadth of records"),
        "focus" => ("実績の集中", "focus of records"),
        "partners" => ("過去の連携先", "past partners"),
        "activity" => ("活動量", "activity"),
        "text" => ("文の一致", "text"),
        "place" => ("所在地の近さ", "place"),
        "size" => ("規模の近さ", "size"),
        "stage" => ("成熟度", "stage"),
        "complementarity" => ("補い合い", "complementarity"),
        "freshness" => ("新しさ", "freshness"),
        "lines" => ("条件の一致", "lines"),
        "unclaimed" => ("自らは行わない分", "unclaimed"),
        "exposure" => ("紹介の公平", "fair exposure"),
        other => (other, other),
    };
    match language {
        Language::Ja => ja,
        Language::En => en,
    }
}

/// What a line asks, in the language of the file where it is written in it.
pub(super) fn asked_in_words(asked: &Title, language: Language) -> String {
    match language {
        Language::Ja => format!("「{}」", asked.any()),
        Language::En => format!("\"{}\"", asked.en.as_deref().unwrap_or(asked.any())),
    }
}

fn verdict_in_words(line: &LineBody) -> (&'static str, &'static str) {
    match line.verdict {
        LineVerdict::Met if line.requirement == Strength::Exclude => ("該当する", "applies"),
        LineVerdict::Unmet if line.requirement == Strength::Exclude => ("該当しない", "does not apply"),
        LineVerdict::Met => ("満たす", "met"),
        LineVerdict::Unmet => ("満たさない", "unmet"),
        LineVerdict::Unknown => ("不明", "unknown"),
    }
}
