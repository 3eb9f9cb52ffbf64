//! Proposed coalitions as a file: one row for each member of each set, with what it meets and adds in words.

use super::coalition::{CoalitionBody, CoalitionLine, CoalitionSet};
use super::lines::LineBody;
use super::list_files::{self, Columns, ListFile};
use super::match_files::{as_answered, asked_in_words, in_words, party_in_words, short};
use super::matching::Party;
use crate::domain::vocabulary::Language;
use crate::error::Result;
use crate::exchange::export::Format;
use serde::Serialize;
use serde_json::{Value, json};

const COLUMNS: Columns = &[
    ("区分 / row", "/row"),
    ("組 / set", "/set"),
    ("名称 / name", "/party/name"),
    ("種別 / kind", "/party/kind"),
    ("満たす行 / lines", "/lines"),
    ("ほかに満たす者のない行 / adds", "/adds"),
    ("残る行 / open", "/open"),
    ("組の強さ / strength", "/strength"),
    ("ID", "/party/id"),
];

/// One party of the answer, as a line of JSON Lines has it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    /// `coalition`, `partial`, or `alone`: a party that meets every must-line by itself.
    row: &'static str,
    /// Place of its set in the answer, from 1; null for who stands alone.
    set: Option<usize>,
    party: &'a Party,
    lines: &'a [LineBody],
    alone: &'a [usize],
    open: &'a [usize],
    strength: Option<f32>,
}

/// The answer in a file of this form: the sets, or what comes nearest to one, then who needs nobody else.
pub(super) fn write(format: Format, language: Language, answer: &CoalitionBody) -> Result<ListFile> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (place, set) in answer.coalitions.iter().enumerate() {
        rows.extend(members("coalition", place + 1, set, &[]));
    }
    if let Some(partial) = &answer.partial {
        rows.extend(members("partial", 1, &partial.coalition, &partial.open));
    }
    let alone = |(place, party)| Row {
        row: "alone",
        set: None,
        party,
        lines: answer.alone_lines.get(place).map(Vec::as_slice).unwrap_or_default(),
        alone: &[],
        open: &[],
        strength: None,
    };
    rows.extend(answer.alone.iter().enumerate().map(alone));
    let rows = match format {
        Format::JsonLines => rows.iter().map(as_answered).collect::<Result<_>>()?,
        Format::Csv | Format::CsvCp932 | Format::Xlsx => {
            rows.iter().map(|row| in_cells(row, &answer.lines, language)).collect()
        }
    };
    list_files::write("coalitions", format, COLUMNS, rows)
}

fn members<'a>(
    row: &'static str,
    place: usize,
    set: &'a CoalitionSet,
    open: &'a [usize],
) -> impl Iterator<Item = Row<'a>> {
    set.members.iter().map(move |member| Row {
        row,
        set: Some(place),
        party: &member.party,
        lines: &member.lines,
        alone: &member.alone,
        open,
        strength: Some(set.strength),
    })
}

fn in_cells(row: &Row<'_>, musts: &[CoalitionLine], language: Language) -> Value {
    let named = |indexes: &[usize]| -> String {
        let one = |index: &usize| {
            let line = musts.iter().find(|line| line.index == *index);
            let asked = line.map(|line| asked_in_words(&line.asked, language)).unwrap_or_default();
            format!("{} {asked}", index + 1)
        };
        indexes.iter().map(one).collect::<Vec<_>>().join("\n")
    };
    let (ja, en) = match row.row {
        "coalition" => ("組合せ", "set"),
        "partial" => ("一部のみの組合せ", "partial set"),
        _ => ("単独で満たす", "alone"),
    };
    json!({
        "row": match language { Language::Ja => ja, Language::En => en },
        "set": row.set,
        "party": party_in_words(row.party, language),
        "lines": row.lines.iter().map(|line| in_words(line, language)).collect::<Vec<_>>().join("\n"),
        "adds": named(row.alone),
        "open": named(row.open),
        "strength": row.strength.map(short),
    })
}
