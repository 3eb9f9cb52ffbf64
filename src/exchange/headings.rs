//! The headings of a table: which row they are, what each column means, and what refuses the table as a whole.

use super::columns::{Column, Shape};
use super::rows::{Notes, Plan, Planner};
use crate::domain::Defect;
use crate::error::{Error, Result};
use std::sync::Arc;

/// Rows that may stand above the headings: a title, a date, nothing.
const ABOVE_MOST: usize = 10;

/// The row of the headings among the first ones: the first row if anything in it is known, else one of the next ten in which at least
/// two are (a single word may be chance), else the first. `next` gives rows, each with its number; `None` ends the search.
pub fn find(
    planner: &Planner,
    first: (u64, Vec<String>),
    notes: &mut Notes,
    mut next: impl FnMut() -> Result<Option<(u64, Vec<String>)>>,
) -> Result<(u64, Vec<String>)> {
    if known(planner, &first.1) > 0 {
        return Ok(first);
    }
    for _ in 0..ABOVE_MOST {
        let Some((number, texts)) = next()? else { break };
        if known(planner, &texts) < 2 {
            continue;
        }
        notes.add("rows above", || {
            Defect::new(
                "file.rows_above",
                format!("見出しは{number}行目です。その上の行は取り込みません。"),
                format!("The headings are row {number}. The rows above them are left out."),
            )
        });
        return Ok((number, texts));
    }
    Ok(first)
}

/// How many of these are known headings.
fn known(planner: &Planner, texts: &[String]) -> usize {
    let (mut planner, mut notes) = (planner.fresh(), Notes::default());
    let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    texts.filter(|text| planner.plan(text, &mut notes).column.is_some()).count()
}

/// The meaning of each heading, in the order of the columns. Two headings for one field, and a table without a single
/// known heading, are refused.
pub fn plan(planner: &mut Planner, texts: &[String], notes: &mut Notes) -> Result<Vec<Arc<Plan>>> {
    let mut headings: Vec<Arc<Plan>> = Vec::with_capacity(texts.len());
    for text in texts {
        let text = text.trim();
        if text.is_empty() {
            headings.push(Arc::new(Plan { heading: String::new(), column: None }));
            continue;
        }
        let plan = planner.plan(text, notes);
        if let Some(other) = headings.iter().find(|other| same_column(other, &plan)) {
            return Err(refused(
                "file.duplicate_heading",
                format!(
                    "見出し「{}」と「{}」が同じ項目を指しています。どちらか一方にしてください。",
                    other.heading, plan.heading
                ),
                format!(
                    "The headings \"{}\" and \"{}\" mean the same field. Keep one of them.",
                    other.heading, plan.heading
                ),
            ));
        }
        headings.push(plan);
    }
    if headings.iter().all(|plan| plan.column.is_none()) {
        let shown = headings.iter().map(|plan| plan.heading.as_str()).filter(|heading| !heading.is_empty());
        let shown: Vec<&str> = shown.take(6).collect();
        let shown: String = shown.join(", ").chars().take(120).collect();
        return Err(refused(
            "file.no_known_heading",
            format!(
                "知っている見出しがひとつもありません（1行目: {shown}）。1行目に見出しがあるか、種類（KIND）が正しいか確かめてください。"
            ),
            format!("None of the headings is known (row 1: {shown}). Is row 1 the headings, and is KIND right?"),
        ));
    }
    Ok(headings)
}

/// The same heading twice, or two headings for one field.
fn same_column(one: &Plan, other: &Plan) -> bool {
    match (one.column, other.column) {
        (Some(one), Some(other)) => {
            // A corporate number may stand beside the id that it explains.
            let number = |column: &Column| matches!(column.shape, Shape::CorporateNumberReference);
            one.field == other.field && number(one) == number(other)
        }
        (None, None) => !one.heading.is_empty() && one.heading == other.heading,
        _ => false,
    }
}

fn refused(code: &str, ja: impl Into<String>, en: impl Into<String>) -> Error {
    Error::Malformed(Defect::new(code, ja, en))
}
