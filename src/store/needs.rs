//! How a need lies in its table.

use super::connection::{Conn, IN_LIST};
use super::schema::{need_lines, needs};
use super::things::{Stored, delete_need_lines};
use super::values::Parts;
use crate::domain::codes::FieldCode;
use crate::domain::date::PartialDate;
use crate::domain::kinds::need::{Condition, NeedLine};
use crate::domain::kinds::{Sdg, Yen};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::{ConditionField, ConditionOperator, Purpose, Strength};
use crate::domain::{Need, ThingId};
use crate::error::Result;
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Debug, Queryable)]
pub struct NeedRow {
    thing_id: String,
    summary_ja: Option<String>,
    summary_en: Option<String>,
    budget_min: Option<i64>,
    budget_max: Option<i64>,
    deadline: Option<String>,
    anonymous: bool,
}

impl Stored for Need {
    type Row = (NeedRow, Vec<NeedLine>);

    fn conditions(&self) -> Vec<(String, &Condition)> {
        let lines = self.lines.iter().enumerate();
        lines.filter_map(|(at, line)| Some((format!("/lines/{at}/condition"), line.condition.as_ref()?))).collect()
    }

    fn rows(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, Self::Row)>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IN_LIST) {
            let mut lines = lines_of(conn, ids)?;
            let rows: Vec<NeedRow> = needs::table.filter(needs::thing_id.eq_any(ids)).load(conn)?;
            found.extend(rows.into_iter().map(|row| {
                let lines = lines.remove(&row.thing_id).unwrap_or_default();
                (row.thing_id.clone(), (row, lines))
            }));
        }
        Ok(found)
    }

    fn assemble((row, lines): Self::Row, parts: &mut Parts) -> Self {
        Need {
            owner: parts.owner.take().map(ThingId::from_stored),
            title_ja: parts.title_ja.take().map(Line::from_stored),
            title_en: parts.title_en.take().map(Line::from_stored),
            summary_ja: row.summary_ja.map(Prose::from_stored),
            summary_en: row.summary_en.map(Prose::from_stored),
            budget_min: row.budget_min.map(Yen::from_stored),
            budget_max: row.budget_max.map(Yen::from_stored),
            deadline: row.deadline.map(PartialDate::from_stored),
            anonymous: row.anonymous,
            purposes: parts.list("purposes", |code| Purpose::from_code(&code)).into_iter().flatten().collect(),
            fields: parts.list("fields", FieldCode::from_stored),
            sdgs: parts.numbers("sdgs", Sdg::from_stored),
            visibility: parts.visibility,
            lines,
        }
    }

    fn insert_row(&self, conn: &mut Conn, id: &str) -> Result<()> {
        let row = (
            needs::thing_id.eq(id),
            needs::summary_ja.eq(self.summary_ja.as_ref().map(|value| value.as_str())),
            needs::summary_en.eq(self.summary_en.as_ref().map(|value| value.as_str())),
            needs::budget_min.eq(self.budget_min.map(|value| value.value())),
            needs::budget_max.eq(self.budget_max.map(|value| value.value())),
            needs::deadline.eq(self.deadline.as_ref().map(|value| value.as_str())),
            needs::anonymous.eq(self.anonymous),
        );
        diesel::insert_into(needs::table).values(row).execute(conn)?;
        for (position, line) in self.lines.iter().enumerate() {
            insert_line(conn, id, position, line)?;
        }
        Ok(())
    }

    fn delete_row(conn: &mut Conn, id: &str) -> Result<()> {
        delete_need_lines(conn, id)?;
        diesel::delete(needs::table.find(id)).execute(conn)?;
        Ok(())
    }

    fn lists(&self) -> Vec<(&'static str, Vec<String>)> {
        vec![
            ("purposes", self.purposes.iter().map(|value| value.code().to_owned()).collect()),
            ("fields", self.fields.iter().map(|value| value.as_str().to_owned()).collect()),
            ("sdgs", self.sdgs.iter().map(|value| value.value().to_string()).collect()),
        ]
    }
}

#[derive(Debug, Queryable)]
struct LineRow {
    need_id: String,
    _position: i32,
    strength: String,
    text_ja: Option<String>,
    text_en: Option<String>,
    condition_field: Option<String>,
    condition_operator: Option<String>,
    condition_values: Option<String>,
}

fn lines_of(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, Vec<NeedLine>>> {
    let rows: Vec<LineRow> = need_lines::table
        .filter(need_lines::need_id.eq_any(ids))
        .order((need_lines::need_id, need_lines::position))
        .load(conn)?;
    let mut lines: HashMap<String, Vec<NeedLine>> = HashMap::new();
    for row in rows {
        let field = row.condition_field.as_deref().and_then(ConditionField::from_code);
        let operator = row.condition_operator.as_deref().and_then(ConditionOperator::from_code);
        let values = row.condition_values.as_deref().and_then(|values| serde_json::from_str(values).ok());
        let condition = match (field, operator, values) {
            (Some(field), Some(operator), Some(values)) => Some(Condition { field, operator, values }),
            _ => None,
        };
        let line = NeedLine {
            strength: Strength::from_code(&row.strength).unwrap_or(Strength::Should),
            text_ja: row.text_ja.map(Line::from_stored),
            text_en: row.text_en.map(Line::from_stored),
            condition,
        };
        lines.entry(row.need_id).or_default().push(line);
    }
    Ok(lines)
}

fn insert_line(conn: &mut Conn, need: &str, position: usize, line: &NeedLine) -> Result<()> {
    let condition = line.condition.as_ref();
    let values = condition.map(|condition| serde_json::to_string(&condition.values));
    diesel::insert_into(need_lines::table)
        .values((
            need_lines::need_id.eq(need),
            need_lines::position.eq(position as i32),
            need_lines::strength.eq(line.strength.code()),
            need_lines::text_ja.eq(line.text_ja.as_ref().map(|text| text.as_str())),
            need_lines::text_en.eq(line.text_en.as_ref().map(|text| text.as_str())),
            need_lines::condition_field.eq(condition.map(|condition| condition.field.code())),
            need_lines::condition_operator.eq(condition.map(|condition| condition.operator.code())),
            need_lines::condition_values.eq(values.transpose().map_err(crate::error::Error::internal)?),
        ))
        .execute(conn)?;
    Ok(())
}
