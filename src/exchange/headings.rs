//! The headings of a table: which row they are, what each column means, and what refuses the table as a whole.

use super::columns::{Column, Shape};
use super::planner::{Plan, Planner};
use super::rows::Notes;
use crate::domain::Defect;
use crate::error::{Error, Result};
use std::sync::Arc;

/// Rows that may stand above the headings: a title, a date, nothing.
const ABOVE_MOST: usize = 10;
/// Columns that are named as not used.
const UNUSED_SHOWN: usize = 30;

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
pub fn known(planner: &Planner, texts: &[String]) -> usize {
    let (mut planner, mut notes) = (planner.fresh(), Notes::default());
    let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    texts.filter(|text| is_taken(&planner.plan(text, &mut notes))).count()
}

/// Something becomes of the column.
fn is_taken(plan: &Plan) -> bool {
    plan.column.is_some_and(|column| !matches!(column.shape, Shape::LeftOut))
}

/// The meaning of each heading, in the order of the columns. Two headings for one field, and a table without a single
/// known heading, are refused.
pub fn plan(planner: &mut Planner, texts: &[String], notes: &mut Notes) -> Result<Vec<Arc<Plan>>> {
    let mut headings: Vec<Arc<Plan>> = Vec::with_capacity(texts.len());
    let mut unused: Vec<String> = Vec::new();
    for text in texts {
        let text = text.trim();
        if text.is_empty() {
            headings.push(Arc::new(Plan { heading: String::new(), column: None }));
            continue;
        }
        let mut plan = planner.plan_of_table(text, notes);
        if plan.column.is_some_and(|column| column.further && headings.iter().any(|other| also_further(other, column)))
        {
            // The first of them counts; the file is as good without this one.
            plan = Arc::new(Plan { heading: plan.heading.clone(), column: None });
            unused.push(plan.heading.clone());
        } else if !is_taken(&plan) && planner.is_left_out(text) {
            unused.push(plan.heading.clone());
        }
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
    if !unused.is_empty() {
        let shown: Vec<&str> = unused.iter().map(String::as_str).take(UNUSED_SHOWN).collect();
        let more = unused.len().saturating_sub(UNUSED_SHOWN);
        let (more_ja, more_en) = match more {
            0 => Default::default(),
            more => (format!(" ほか{more}列"), format!(" and {more} more")),
        };
        notes.add("columns not used", || {
            Defect::new(
                "column.left_out",
                format!("使わない列（入れる項目がありません）: {}{more_ja}", shown.join("、")),
                format!("Columns that are not used, there being no field for them: {}{more_en}", shown.join(", ")),
            )
        });
    }
    if !headings.iter().any(|plan| is_taken(plan)) {
        let shown = headings.iter().map(|plan| plan.heading.as_str()).filter(|heading| !heading.is_empty());
        let shown: Vec<&str> = shown.take(6).collect();
        let shown: String = shown.join(", ").chars().take(120).collect();
        return Err(refused(
            "file.no_known_heading",
            format!(
                "知っている見出しがひとつもありません（1行目: {shown}）。1行目に見出し（名称、法人番号、住所 など）があるか、取り込む種類（企業・機関、人 など）が合っているか確かめてください。"
            ),
            format!(
                "None of the headings is known (row 1: {shown}). Is row 1 the headings (name, address …), and is this the right kind of thing?"
            ),
        ));
    }
    Ok(headings)
}

/// A column that counts for the same field where nothing else does.
fn also_further(plan: &Plan, column: &Column) -> bool {
    plan.column.is_some_and(|other| other.further && other.field == column.field)
}

/// The same heading twice, or two headings for one field.
fn same_column(one: &Plan, other: &Plan) -> bool {
    let (heading, other_heading) = (&one.heading, &other.heading);
    match (one.column, other.column) {
        (Some(one), Some(other)) => {
            // A corporate number may stand beside the id that it explains, and texts are added to each other.
            let sort = |column: &Column| match column.shape {
                Shape::CorporateNumberReference => 1,
                Shape::Added => 2,
                Shape::LeftOut => 3,
                Shape::MoreLines(_) | Shape::MoreMembers => 5,
                Shape::NamePart(part) => 6 + part as i32,
                _ => i32::from(column.further) * 4,
            };
            let many = matches!(one.shape, Shape::Added | Shape::MoreLines(_) | Shape::MoreMembers);
            let differ = many && heading != other_heading;
            // Of what is not used there may be as many as there are.
            let unused = matches!(one.shape, Shape::LeftOut);
            one.field == other.field && sort(one) == sort(other) && !differ && !unused
        }
        _ => false,
    }
}

fn refused(code: &str, ja: impl Into<String>, en: impl Into<String>) -> Error {
    Error::Malformed(Defect::new(code, ja, en))
}
