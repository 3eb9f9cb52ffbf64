//! Exports: a list or the hits of a search as a file, with what the caller may see and nothing else.

use super::file_answer::{self, FileBytes};
use super::problem::{Answer, ProblemBody};
use super::resource::{self, ListQuery};
use super::search::{self, SearchQuery};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::vocabulary::Kind;
use crate::domain::{Capability, Defect, Exhibition, Finding, Need, Organization, Person, Record, Seed};
use crate::error::{Error, Result};
use crate::exchange::export::{ExportError, Exported, Format, PartsPlace, Which, export_some};
use crate::exchange::parts::PartKind;
use crate::exchange::write::Lost;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::io::{BufWriter, Seek, Write};
use utoipa::{IntoParams, ToSchema};

/// What to write out, and how.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// What to write out, by its plural.
    #[param(schema_with = super::wire::plurals)]
    pub kind: String,
    /// `csv` (UTF-8 with byte order mark), `csv-cp932`, `xlsx` or `jsonl`; `jsonl` if absent.
    pub format: Option<String>,
    /// CSV of needs and records: `things` leaves the lines or members out, `lines` or `members` writes nothing else;
    /// absent: they stand in a cell as JSON. XLSX has a sheet for them.
    pub part: Option<String>,
    /// true: not the file but what it cannot hold as it is, as JSON: each cell with its row and heading, what was found and what is
    /// written instead.
    pub report: Option<bool>,
    /// The hits of this search, best first, instead of a list.
    pub q: Option<String>,
    /// Things of this party (id).
    pub owner: Option<String>,
    /// Municipality or prefecture codes, separated by commas.
    pub municipality: Option<String>,
    /// Field of the cluster (code).
    pub field: Option<String>,
    /// Kind of the organisation behind the thing.
    pub organization_kind: Option<String>,
    /// Records of work in which this party took part (id); not with `q`.
    pub member: Option<String>,
    /// `name` (by reading; the default) or `updated`; not with `q`.
    pub sort: Option<String>,
}

/// What an export says of itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportReport {
    /// Rows of the file, without that of the headings.
    pub rows: u64,
    /// Cells that the format cannot hold as they are …
    pub lost_count: u64,
    /// … and the first thousand of them.
    pub lost: Vec<Lost>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/exports").route(web::get().to(export)).default_service(web::to(wire::method_not_allowed)),
    );
}

/// A list or the hits of a search as a file.
#[utoipa::path(get, path = "/api/v1/exports", tag = "exports", params(ExportQuery), responses(
    (status = 200, content(
        (FileBytes = "text/csv"),
        (FileBytes = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (FileBytes = "application/jsonl"),
        (ExportReport = "application/json"),
    ), headers(
        ("Musubi-Rows" = u64, description = "Rows of the file, without that of the headings."),
        ("Musubi-Lost" = u64, description = "Cells that the format could not hold as they are (CP932: a twin or &#…; is \
            written instead; XLSX: too long). Where there are any, Link (rel=describedby) leads to the report of them."),
        ("Musubi-Lost-Characters" = String, description = "CP932: the characters that it lacks and what stands for them, \
            U+301C=U+FF5E, U+20BB7=&#134071; …; fifty at most."),
        ("Content-Disposition" = String, description = "Name of the file."),
    ), description = "The file; with report=true what it cannot hold, as JSON."),
    (status = 400, body = ProblemBody), (status = 422, body = ProblemBody), (status = 503, body = ProblemBody),
), security((), ("bearer" = [])))]
async fn export(app: web::Data<App>, Caller(actor): Caller, request: HttpRequest) -> Answer {
    let query: ExportQuery = wire::query(&request)?;
    let Plan { kind, format, parts, name } = plan(&query)?;
    let report = query.report.unwrap_or(false);
    let service = app.get_ref().clone();
    // Written whole before the first byte is sent: what cannot be written is an answer, not half a file.
    let (exported, file) = app
        .in_turn(move || {
            let which = which(&service, &actor, kind, &query)?;
            let mut output = BufWriter::new(tempfile::tempfile().map_err(Error::internal)?);
            let exported = export_some(&service.database, &actor.scope(), kind, format, &which, parts, &mut output)
                .map_err(|error| match error {
                    ExportError::Store(error) => error,
                    ExportError::Output(error) => Error::internal(error),
                })?;
            output.flush().map_err(Error::internal)?;
            let mut file = output.into_inner().map_err(|error| Error::internal(error.into_error()))?;
            file.rewind().map_err(Error::internal)?;
            Ok((exported, file))
        })
        .await?;
    let Exported { rows, lost_count, lost } = exported;
    if report {
        return Ok(HttpResponse::Ok().json(ExportReport { rows, lost_count, lost }));
    }
    let mut answer = file_answer::answer(file, &name, format, rows, (&lost, lost_count))?;
    if lost_count > 0 {
        let query: Vec<&str> =
            request.query_string().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("report=")).collect();
        let link = format!("<{}?{}&report=true>; rel=\"describedby\"", request.path(), query.join("&"));
        if let Ok(link) = HeaderValue::from_str(&link) {
            answer.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(answer)
}

struct Plan {
    kind: Kind,
    format: Format,
    parts: PartsPlace,
    /// Of the file, without its ending.
    name: String,
}

fn plan(query: &ExportQuery) -> Result<Plan> {
    let mut findings = Vec::new();
    let kind = Kind::ALL.iter().copied().find(|kind| kind.plural() == query.kind);
    let code = query.format.as_deref().unwrap_or("jsonl");
    let format = Format::from_code(code);
    let own_part = kind.and_then(PartKind::of).map(PartKind::field);
    let parts = match query.part.as_deref() {
        None => Some(PartsPlace::Within),
        Some("things") => Some(PartsPlace::LeftOut),
        Some(part) if own_part == Some(part) => Some(PartsPlace::Alone),
        Some(_) => None,
    };
    let mut refuse = |name: &str, text: &str| findings.push(Finding::new(format!("/{name}"), wire::not_in_list(text)));
    if kind.is_none() {
        refuse("kind", &query.kind);
    }
    if format.is_none() {
        refuse("format", code);
    }
    if parts.is_none() {
        refuse("part", query.part.as_deref().unwrap_or(""));
    }
    if query.q.is_some() && (query.member.is_some() || query.sort.is_some()) {
        findings.push(Finding::new(
            "/q",
            Defect::new(
                "export.search",
                "q と一緒に member と sort は使えません。検索結果は合う順に書き出します。",
                "member and sort do not go with q: hits are written best first.",
            ),
        ));
    }
    let (Some(kind), Some(format), Some(parts), true) = (kind, format, parts, findings.is_empty()) else {
        return Err(Error::Invalid(findings));
    };
    let part = if parts == PartsPlace::Alone {
        own_part.map(|part| format!("-{part}")).unwrap_or_default()
    } else {
        String::new()
    };
    let name = format!("{}{part}", kind.plural());
    Ok(Plan { kind, format, parts, name })
}

fn which(app: &App, actor: &crate::domain::Actor, kind: Kind, query: &ExportQuery) -> Result<Which> {
    if let Some(q) = &query.q {
        let asked = SearchQuery {
            q: q.clone(),
            kind: Some(kind.code().to_owned()),
            owner: query.owner.clone(),
            municipality: query.municipality.clone(),
            field: query.field.clone(),
            organization_kind: query.organization_kind.clone(),
            ..SearchQuery::default()
        };
        return Ok(Which::Ids(search::ids(app, actor, &asked)?));
    }
    let list = ListQuery {
        owner: query.owner.clone(),
        municipality: query.municipality.clone(),
        field: query.field.clone(),
        organization_kind: query.organization_kind.clone(),
        member: query.member.clone(),
        sort: query.sort.clone(),
        limit: None,
        after: None,
    };
    let (filter, page, _) = match kind {
        Kind::Organization => resource::read_list_query::<Organization>(&list)?,
        Kind::Person => resource::read_list_query::<Person>(&list)?,
        Kind::Capability => resource::read_list_query::<Capability>(&list)?,
        Kind::Seed => resource::read_list_query::<Seed>(&list)?,
        Kind::Need => resource::read_list_query::<Need>(&list)?,
        Kind::Record => resource::read_list_query::<Record>(&list)?,
        Kind::Exhibition => resource::read_list_query::<Exhibition>(&list)?,
    };
    Ok(Which::Filtered(filter, page.order))
}
