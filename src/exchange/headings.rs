//! The first row of a table: what each column means, and what refuses the table as a whole.

use super::columns::{Column, Shape};
use super::rows::{Notes, Plan, Planner};
use crate::domain::Defect;
use crate::error::{Error, Result};
use std::sync::Arc;

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
        let shown: Vec<&str> = headings.iter().map(|plan| plan.heading.as_str()).take(6).collect();
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
