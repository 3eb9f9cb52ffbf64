//! `/indicators`: figures by fiscal year, as of any day, each cell opening to its cases.

use super::file_words::Words;
use super::list_files::{self, Columns, ListFile};
use super::matter::{moment, reader_of_desks};
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::group_figures::{self, GroupFigures};
use crate::domain::desk::indicators::{self, IntroductionFigures, Question, Table};
use crate::domain::desk::meeting_figures::{self, MeetingFigures};
use crate::domain::desk::{Case, Day, Group, Introduction, Meeting, known_at, replay};
use crate::domain::finding::Message;
use crate::domain::vocabulary::desk::{CaseOutcome, CaseStage, CountedBy, MatterKind};
use crate::domain::{Defect, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::exchange::export::Format;
use crate::store::{Conn, matters, vocabulary};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IndicatorQuery {
    /// 2026 for 2026年度 (April 2026 to March 2027); the present one if absent.
    pub fiscal_year: Option<i32>,
    /// What was known by this moment (RFC 3339) or by the end of this day; now if absent.
    pub as_of: Option<String>,
    /// `stage` (the default), `outcome`, `field`, `municipality` or `programme`.
    pub by: Option<String>,
    /// Only this cell: the answer then lists its cases.
    pub value: Option<String>,
    /// `csv`, `csv-cp932`, `xlsx`, `jsonl`: the cells as a file; with `value` the cases of that cell.
    pub format: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct IndicatorsShown {
    pub fiscal_year: i32,
    pub as_of: Timestamp,
    pub by: CountedBy,
    /// Introductions of the year.
    pub introductions: IntroductionFigures,
    /// Groups of the year.
    pub groups: GroupFigures,
    /// Meetings of 商談会 of the year.
    pub meetings: MeetingFigures,
    pub cells: Vec<Cell>,
    /// Cases, each once however many cells list it.
    pub total: u64,
    /// Listings beyond the first (再掲).
    pub relisted: u64,
    /// The cases of the cell that was asked for; null without `value`.
    pub cases: Option<Vec<CellCase>>,
}

#[derive(Serialize, ToSchema)]
pub struct Cell {
    /// A code, the name of a measure, or `none`.
    pub value: String,
    pub label: Message,
    pub count: u64,
    /// Where the cases of this cell are listed.
    pub open: String,
}

/// A case as it stood then.
#[derive(Serialize, ToSchema)]
pub struct CellCase {
    pub id: ThingId,
    pub title: String,
    pub stage: CaseStage,
    pub outcome: Option<CaseOutcome>,
}

/// Of the cells as a file.
const CELLS: Columns = &[
    ("年度 / fiscal year", "/fiscal_year"),
    ("時点 / as of", "/as_of"),
    ("区分 / by", "/by"),
    ("値 / value", "/value"),
    ("名称 / label", "/label"),
    ("件数 / count", "/count"),
];

/// Of the cases of one cell.
const CASES: Columns =
    &[("ID", "/id"), ("案件名 / title", "/title"), ("段階 / stage", "/stage"), ("成果 / outcome", "/outcome")];

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/indicators").route(web::get().to(read)).default_service(web::to(wire::method_not_allowed)),
    );
}

/// Figures of a fiscal year: introductions, groups, meetings of 商談会, and cases by stage, outcome, field, municipality or programme. With `format`: the
/// cells as a file.
#[utoipa::path(get, path = "/api/v1/indicators", tag = "desk", params(IndicatorQuery), responses(
    (status = 200, body = IndicatorsShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller) -> Answer {
    reader_of_desks(&actor)?;
    let query: IndicatorQuery = wire::query(&request)?;
    let now = app.clock().timestamp();
    let question = read_question(&query, &now)?;
    let format = list_files::asked(query.format.as_deref())?;
    let value = query.value;
    let shown = app.read(move |conn| answer(conn, question, value)).await?;
    match format {
        None => Ok(HttpResponse::Ok().json(shown)),
        Some(format) => Ok(app.blocking(move || file(format, &shown)).await?.answer()?),
    }
}

/// The cells, each with the year and the day it was asked for; or the cases of the one that was asked for.
fn file(format: Format, shown: &IndicatorsShown) -> Result<ListFile> {
    if let Some(cases) = &shown.cases {
        let mut rows = list_files::values(cases)?;
        if format != Format::JsonLines {
            rows.iter_mut().for_each(|row| Words::default().put(CASES, MatterKind::Case, row));
        }
        return list_files::write("indicator-cases", format, CASES, rows);
    }
    let mut rows = list_files::values(&shown.cells)?;
    for row in &mut rows {
        row["fiscal_year"] = json!(shown.fiscal_year);
        row["as_of"] = json!(shown.as_of);
        row["by"] = json!(shown.by);
        if format != Format::JsonLines {
            Words::default().put(CELLS, MatterKind::Case, row);
        }
    }
    list_files::write("indicators", format, CELLS, rows)
}

fn read_question(query: &IndicatorQuery, now: &Timestamp) -> Result<Question> {
    let fiscal_year = query.fiscal_year.unwrap_or_else(|| Day::at(now).fiscal_year());
    if !(1900..=2200).contains(&fiscal_year) {
        let defect = Defect::new("range", "年度は西暦4桁です（例 2026）。", "A fiscal year is like 2026.");
        return Err(Error::invalid("/fiscal_year", defect));
    }
    let by = match query.by.as_deref() {
        None => CountedBy::Stage,
        Some(text) => CountedBy::from_code(text).ok_or_else(|| Error::invalid("/by", wire::not_in_list(text)))?,
    };
    let as_of = moment(query.as_of.as_deref())?.unwrap_or_else(|| now.clone());
    Ok(Question { fiscal_year, as_of, by })
}

fn answer(conn: &mut Conn, question: Question, value: Option<String>) -> Result<IndicatorsShown> {
    let cases = matters::all::<Case>(conn, &question.as_of)?;
    let introductions = matters::all::<Introduction>(conn, &question.as_of)?;
    let groups = matters::all::<Group>(conn, &question.as_of)?;
    let meetings = matters::all::<Meeting>(conn, &question.as_of)?;
    let Table { cells, total, relisted } =
        indicators::table(cases.iter().map(|(id, events)| (id, events.as_slice())), &question);
    let labels = labels(conn, question.by)?;
    // A measure is called what somebody calls it; of the others every value is known.
    if let Some(value) = value.as_deref().filter(|_| question.by != CountedBy::Programme)
        && value != indicators::NONE
        && !labels.contains_key(value)
    {
        return Err(Error::invalid("/value", wire::not_in_list(value)));
    }
    let asked = match &value {
        None => None,
        Some(value) => {
            let ids = cells.get(value).cloned().unwrap_or_default();
            let stood = |id: ThingId| {
                let case = replay::<Case>(&known_at(cases.get(&id)?, &question.as_of))?;
                Some(CellCase {
                    id,
                    title: case.title.into(),
                    stage: case.stage,
                    outcome: case.outcome.map(|(outcome, _, _)| outcome),
                })
            };
            Some(ids.into_iter().filter_map(stood).collect())
        }
    };
    let cells = cells.into_iter().map(|(value, ids)| Cell {
        label: labels.get(&value).cloned().unwrap_or_else(|| label_of_none(&value)),
        count: ids.len() as u64,
        open: format!(
            "/api/v1/indicators?fiscal_year={}&as_of={}&by={}&value={}",
            question.fiscal_year,
            question.as_of.as_str(),
            question.by.code(),
            encoded(&value)
        ),
        value,
    });
    Ok(IndicatorsShown {
        fiscal_year: question.fiscal_year,
        as_of: question.as_of.clone(),
        by: question.by,
        introductions: indicators::introductions(introductions.values().map(Vec::as_slice), &question),
        groups: group_figures::figures(groups.values().map(Vec::as_slice), &question),
        meetings: meeting_figures::figures(meetings.values().map(Vec::as_slice), &question),
        cells: cells.collect(),
        total,
        relisted,
        cases: asked,
    })
}

fn label_of_none(value: &str) -> Message {
    if value == indicators::NONE { Message::new("なし", "None") } else { Message::new(value, value) }
}

fn labels(conn: &mut Conn, by: CountedBy) -> Result<HashMap<String, Message>> {
    Ok(match by {
        CountedBy::Stage => CaseStage::ALL
            .iter()
            .map(|stage| (stage.code().to_owned(), Message::new(stage.name_ja(), stage.name_en())))
            .collect(),
        CountedBy::Outcome => CaseOutcome::ALL
            .iter()
            .map(|outcome| (outcome.code().to_owned(), Message::new(outcome.name_ja(), outcome.name_en())))
            .collect(),
        CountedBy::Field => vocabulary::all_fields(conn)?
            .into_iter()
            .map(|field| (field.code, Message::new(field.name_ja, field.name_en)))
            .collect(),
        CountedBy::Municipality => vocabulary::all_municipalities(conn)?
            .into_iter()
            .map(|place| (place.code, Message::new(place.name_ja, place.name_en)))
            .collect(),
        CountedBy::Programme => HashMap::new(),
    })
}

/// For a query string.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
        encoded
    })
}
