//! Imports: a file is sent, previewed row by row, then committed or cancelled, and may be undone as a whole. For
//! coordinators and administrators; a coordinator sees their own.

use super::file_answer::FileBytes;
use super::permit;
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::vocabulary::Kind;
use crate::domain::{Actor, Defect, Finding, Role, ThingId};
use crate::error::{Error, Result};
use crate::exchange::file::{FileFormat, unreadable_by_name};
use crate::exchange::import::check_source;
use crate::exchange::jobs::{FILE_LIMIT, Order, Step, encoding_of};
use crate::exchange::mapping::{Mapping, check_name, ready_made};
use crate::exchange::undo::Undone;
use crate::store::import_mappings;
use crate::store::imports::{self, Import};
use crate::store::page::{Page, Place};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;
use utoipa::{IntoParams, ToSchema};

/// How a file is to be read.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// What the rows are, by its plural.
    #[param(schema_with = super::wire::plurals)]
    pub kind: String,
    /// `csv`, `tsv`, `xlsx` or `jsonl`; that of `name` if absent.
    pub format: Option<String>,
    /// Name of the system the file comes from: its own ids are remembered under this name.
    pub source: Option<String>,
    /// `utf8` or `cp932`, against the guess.
    pub encoding: Option<String>,
    /// A ready-made mapping of headings (`corporate-numbers`, `gbizinfo`, `researchmap`, `kaken`) or one of your own.
    pub mapping: Option<String>,
    /// Name of the file, for people.
    pub name: Option<String>,
}

#[derive(Clone, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportsQuery {
    /// 1 to 100; 20 if absent.
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
}

#[derive(Clone, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RowsQuery {
    /// `create`, `update`, `unchanged` or `refused`.
    pub verdict: Option<String>,
    /// true: only rows of a preview that would create something and look like what is there already.
    pub alike: Option<bool>,
    /// 1 to 100; 20 if absent.
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
}

/// An import and how far it is.
#[derive(Serialize, ToSchema)]
pub struct ImportShown {
    pub id: String,
    pub kind: String,
    pub format: String,
    pub source: Option<String>,
    pub mapping: Option<String>,
    pub encoding: Option<String>,
    pub file_name: Option<String>,
    pub bytes: i64,
    /// `received`, `previewing`, `previewed`, `committing`, `committed`, `interrupted`, `undoing`,
    /// `undo_interrupted`, `undone`, `cancelled` or `failed`.
    pub state: String,
    pub created_by: String,
    pub created_at: String,
    pub updated_at: String,
    /// Rows that the running step has gone through …
    pub rows_done: i64,
    /// … of so many; null until the preview has counted them.
    pub rows_total: Option<i64>,
    /// What would become of the rows: encoding, meaning of the headings, counts, notes, refusals in groups.
    #[schema(value_type = Option<Object>)]
    pub preview: Option<serde_json::Value>,
    /// What became of them; likewise.
    #[schema(value_type = Option<Object>)]
    pub result: Option<serde_json::Value>,
    /// What the undo did: deleted, restored, and what was kept and why, by name, with what can be done about it.
    #[schema(value_type = Option<Undone>)]
    pub undone: Option<serde_json::Value>,
    /// Why the last step stopped: code and message.
    #[schema(value_type = Option<Object>)]
    pub failure: Option<serde_json::Value>,
}

#[derive(Serialize, ToSchema)]
pub struct ImportsShown {
    pub items: Vec<ImportShown>,
    pub next: Option<String>,
}

/// Rows and what became of them.
#[derive(Serialize, ToSchema)]
pub struct ImportRows {
    /// `{row, verdict, id, name, changes: [{field, from, to}], alike: [{id, name}], refusals: [{row, column, code, found, message}]}`;
    /// `changes` in the preview of an update, at most twenty; `alike` in the preview of a row that would create what may be there
    /// already, at most five.
    #[schema(value_type = Vec<Object>)]
    pub items: Vec<serde_json::Value>,
    pub next: Option<String>,
}

/// What the headings of a file mean.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingBody {
    /// Plural of the kind, as in `/imports?kind=…`.
    pub kind: String,
    pub name: String,
    pub headings: Vec<MappedHeading>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedHeading {
    pub heading: String,
    /// A field of the kind; empty: the column is left out.
    pub field: String,
}

#[derive(Serialize, ToSchema)]
pub struct Mappings {
    pub items: Vec<MappingBody>,
    /// Those that come with the service, by name and kind.
    pub ready_made: Vec<ReadyMadeShown>,
}

#[derive(Serialize, ToSchema)]
pub struct ReadyMadeShown {
    pub name: &'static str,
    pub kind: &'static str,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/imports").route(web::get().to(list)).route(web::post().to(create)))
        .service(at("/imports/{id}").route(web::get().to(read)))
        .service(at("/imports/{id}/rows").route(web::get().to(rows)))
        .service(at("/imports/{id}/rejected.csv").route(web::get().to(rejected)))
        .service(at("/imports/{id}/commit").route(web::post().to(commit)))
        .service(at("/imports/{id}/cancel").route(web::post().to(cancel)))
        .service(at("/imports/{id}/undo").route(web::post().to(undo)))
        .service(at("/import-mappings").route(web::get().to(mappings)).route(web::post().to(keep_mapping)));
}

/// Who may import: coordinators, administrators, the person at the machine.
fn importer(actor: &Actor) -> Result<()> {
    match actor {
        Actor::Account(account) if account.roles.contains(&Role::Coordinator) => Ok(()),
        other => permit::administrator(other),
    }
}

/// The import, if the caller may know of it: its own, or any for an administrator.
async fn known(app: &App, actor: &Actor, id: &str) -> Result<Import> {
    importer(actor)?;
    let id = ThingId::parse(id).map_err(|_| Error::NotFound)?;
    let import = app.read(move |conn| imports::get(conn, &id)).await?;
    if import.created_by == actor.name() || permit::administrator(actor).is_ok() {
        return Ok(import);
    }
    Err(Error::NotFound)
}

/// Send a file: it is staged and previewed; nothing is written yet.
#[utoipa::path(post, path = "/api/v1/imports", tag = "imports", params(ImportQuery),
    request_body(content(
        (FileBytes = "text/csv"), (FileBytes = "text/tab-separated-values"), (FileBytes = "application/jsonl"),
        (FileBytes = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (FileBytes = "application/octet-stream"),
    ), description = "The file as it is, at most 256 MiB. `format` says how it is read, whatever its Content-Type."),
    responses(
        (status = 202, body = ImportShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
        (status = 403, body = ProblemBody), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody),
    ), security(("bearer" = [])))]
async fn create(app: web::Data<App>, request: HttpRequest, caller: Caller, body: web::Payload) -> Answer {
    importer(&caller.0)?;
    let query: ImportQuery = wire::query(&request)?;
    let order = read_order(query)?;
    let id = order.id.clone();
    if let Err(error) = receive(&app, &id, body).await {
        app.imports.unstage(&id);
        return Err(error.into());
    }
    let (imports, actor) = (app.imports.clone(), caller.0);
    let received = app.blocking(move || imports.receive(order, actor)).await;
    if received.is_err() {
        app.imports.unstage(&id);
    }
    Ok(accepted(received?))
}

/// Writes the body to its place as it arrives.
async fn receive(app: &App, id: &ThingId, mut body: web::Payload) -> Result<()> {
    let mut file = {
        let (imports, id) = (app.imports.clone(), id.clone());
        app.blocking(move || imports.stage(&id).map_err(Error::internal)).await?
    };
    let (mut size, mut waiting) = (0u64, Vec::new());
    loop {
        let chunk = std::future::poll_fn(|context| next_chunk(&mut body, context)).await;
        let ended = chunk.is_none();
        if let Some(chunk) = chunk {
            let chunk = chunk.map_err(|_| broken_upload())?;
            size += chunk.len() as u64;
            if size > FILE_LIMIT {
                return Err(too_large());
            }
            waiting.extend_from_slice(&chunk);
        }
        if waiting.len() >= 1 << 20 || ended {
            let bytes = std::mem::take(&mut waiting);
            file = app
                .blocking(move || {
                    file.write_all(&bytes)
                        .and_then(|()| if ended { file.sync_all() } else { Ok(()) })
                        .map_err(Error::internal)?;
                    Ok(file)
                })
                .await?;
        }
        if ended {
            return Ok(());
        }
    }
}

type Chunk = std::result::Result<web::Bytes, actix_web::error::PayloadError>;

fn next_chunk(body: &mut web::Payload, context: &mut std::task::Context<'_>) -> std::task::Poll<Option<Chunk>> {
    futures_core::Stream::poll_next(std::pin::Pin::new(body), context)
}

fn read_order(query: ImportQuery) -> Result<Order> {
    let mut findings = Vec::new();
    let kind = kind_of(&query.kind);
    let named = query.name.as_deref().and_then(|name| FileFormat::of_name(Path::new(name)));
    let format = query.format.as_deref().map_or(named, FileFormat::from_code);
    let encoding = query.encoding.as_deref().map(encoding_of);
    if kind.is_none() {
        findings.push(Finding::new("/kind", wire::not_in_list(&query.kind)));
    }
    match (&query.format, format, named) {
        (Some(code), None, _) => {
            let known = unreadable_by_name(&Path::new("file").with_extension(code));
            findings.push(Finding::new("/format", known.unwrap_or_else(|| wire::not_in_list(code))));
        }
        (None, None, _) => {
            let known = query.name.as_deref().and_then(|name| unreadable_by_name(Path::new(name)));
            findings.push(Finding::new("/format", known.unwrap_or_else(no_format)));
        }
        (Some(_), Some(format), Some(named)) if format != named => {
            findings.push(Finding::new("/format", another_format(format, named)));
        }
        _ => {}
    }
    if encoding == Some(None) {
        findings.push(Finding::new("/encoding", wire::not_in_list(query.encoding.as_deref().unwrap_or(""))));
    }
    if let Some(Err(defect)) = query.source.as_deref().map(check_source) {
        findings.push(Finding::new("/source", defect));
    }
    let (Some(kind), Some(format), true) = (kind, format, findings.is_empty()) else {
        return Err(Error::Invalid(findings));
    };
    let name = |text: String| text.chars().filter(|character| !character.is_control()).take(200).collect();
    Ok(Order {
        id: ThingId::new(),
        kind,
        format,
        source: query.source,
        mapping: query.mapping,
        encoding: encoding.flatten(),
        file_name: query.name.map(name),
    })
}

fn no_format() -> Defect {
    Defect::new(
        "import.format",
        "形式が分かりません。format（csv、tsv、xlsx、jsonl）か、.csv などで終わる name を付けてください。",
        "The format is not known. Add format (csv, tsv, xlsx or jsonl), or a name that ends in .csv or the like.",
    )
}

fn another_format(format: FileFormat, named: FileFormat) -> Defect {
    let (format, named) = (format.code(), named.code());
    Defect::new(
        "import.format",
        format!("format は {format} ですが、ファイルの名前は {named} です。どちらかに合わせてください。"),
        format!("format says {format}, the name of the file says {named}. Make them agree."),
    )
}

pub(super) fn kind_of(plural: &str) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| kind.plural() == plural)
}

/// The imports, newest first.
#[utoipa::path(get, path = "/api/v1/imports", tag = "imports", params(ImportsQuery), responses(
    (status = 200, body = ImportsShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, caller: Caller) -> Answer {
    importer(&caller.0)?;
    let query: ImportsQuery = wire::query(&request)?;
    let limit = Page::parse_limit(query.limit)?;
    let own = permit::administrator(&caller.0).is_err().then(|| caller.0.name().to_owned());
    let scope = format!("imports {}", own.as_deref().unwrap_or(""));
    let before = query.after.as_deref().map(|cursor| Place::from_cursor(cursor, &scope)).transpose()?;
    let mut rows = app
        .read(move |conn| {
            imports::list(conn, own.as_deref(), before.as_ref().map(|place| place.id.as_str()), limit + 1)
        })
        .await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Place { key: String::new(), id: row.id.clone() }.cursor(&scope));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(ImportsShown { items: rows.into_iter().map(shown).collect(), next }))
}

/// One import: state, progress, what was found.
#[utoipa::path(get, path = "/api/v1/imports/{id}", tag = "imports", params(("id" = String, Path)), responses(
    (status = 200, body = ImportShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, caller: Caller, id: web::Path<String>) -> Answer {
    Ok(HttpResponse::Ok().json(shown(known(&app, &caller.0, &id).await?)))
}

/// What becomes (after the preview) or became (after the commit) of each row.
#[utoipa::path(get, path = "/api/v1/imports/{id}/rows", tag = "imports", params(("id" = String, Path), RowsQuery), responses(
    (status = 200, body = ImportRows), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn rows(app: web::Data<App>, request: HttpRequest, caller: Caller, id: web::Path<String>) -> Answer {
    let import = known(&app, &caller.0, &id).await?;
    let query: RowsQuery = wire::query(&request)?;
    let limit = Page::parse_limit(query.limit)?;
    if let Some(verdict) = &query.verdict
        && !["create", "update", "unchanged", "refused"].contains(&verdict.as_str())
    {
        return Err(Error::invalid("/verdict", wire::not_in_list(verdict)).into());
    }
    let step = if import.result.is_some() { "commit" } else { "preview" };
    let alike = query.alike.unwrap_or(false);
    let scope = format!("import rows {} {step} {} {alike}", import.id, query.verdict.as_deref().unwrap_or(""));
    let offset = match query.after.as_deref() {
        Some(cursor) => Place::from_cursor(cursor, &scope)?.key.parse().map_err(Error::internal)?,
        None => 0,
    };
    let (imports, verdict) = (app.imports.clone(), query.verdict);
    let which = move |row: &serde_json::Value| {
        verdict.as_deref().is_none_or(|verdict| row["verdict"] == verdict) && (!alike || row["alike"].is_array())
    };
    let (items, next) = app.blocking(move || imports.rows(&import, which, offset, limit)).await?;
    let next = next.map(|offset| Place { key: offset.to_string(), id: String::new() }.cursor(&scope));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(ImportRows { items, next }))
}

/// The refused rows as CSV (UTF-8 with byte order mark): as in the file, with the reason, to be mended and sent again.
#[utoipa::path(get, path = "/api/v1/imports/{id}/rejected.csv", tag = "imports", params(("id" = String, Path)), responses(
    (status = 200, body = String, content_type = "text/csv"), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
), security(("bearer" = [])))]
async fn rejected(app: web::Data<App>, caller: Caller, id: web::Path<String>) -> Answer {
    let import = known(&app, &caller.0, &id).await?;
    let imports = app.imports.clone();
    let csv = app.blocking(move || imports.rejected(&import)).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"rejected.csv\""))
        .body(csv))
}

/// Write the rows. Also goes on with an import that a restart interrupted.
#[utoipa::path(post, path = "/api/v1/imports/{id}/commit", tag = "imports", params(("id" = String, Path)), responses(
    (status = 202, body = ImportShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
), security(("bearer" = [])))]
async fn commit(app: web::Data<App>, caller: Caller, id: web::Path<String>) -> Answer {
    ask(&app, caller, &id, Step::Commit).await
}

/// Stop: at once before the commit, after the running batch during it (what was written can be undone).
#[utoipa::path(post, path = "/api/v1/imports/{id}/cancel", tag = "imports", params(("id" = String, Path)), responses(
    (status = 202, body = ImportShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
), security(("bearer" = [])))]
async fn cancel(app: web::Data<App>, caller: Caller, id: web::Path<String>) -> Answer {
    let import = known(&app, &caller.0, &id).await?;
    let imports = app.imports.clone();
    let import = app.blocking(move || imports.cancel(&ThingId::from_stored(import.id))).await?;
    Ok(accepted(import))
}

/// Take the whole import back. What somebody changed since, or what others refer to by now, is listed and not touched; asked for
/// again, it looks at these again.
#[utoipa::path(post, path = "/api/v1/imports/{id}/undo", tag = "imports", params(("id" = String, Path)), responses(
    (status = 202, body = ImportShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
), security(("bearer" = [])))]
async fn undo(app: web::Data<App>, caller: Caller, id: web::Path<String>) -> Answer {
    ask(&app, caller, &id, Step::Undo).await
}

async fn ask(app: &web::Data<App>, caller: Caller, id: &str, step: Step) -> Answer {
    let import = known(app, &caller.0, id).await?;
    let (imports, actor) = (app.imports.clone(), caller.0);
    let import = app.blocking(move || imports.ask(&ThingId::from_stored(import.id), step, actor)).await?;
    Ok(accepted(import))
}

/// The mappings of headings: those that were kept, and those that come with the service.
#[utoipa::path(get, path = "/api/v1/import-mappings", tag = "imports", responses(
    (status = 200, body = Mappings), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
), security(("bearer" = [])))]
async fn mappings(app: web::Data<App>, caller: Caller) -> Answer {
    importer(&caller.0)?;
    let kept = app.read(import_mappings::list).await?;
    let body = |(kind, name, headings): (String, String, import_mappings::Headings)| MappingBody {
        kind: Kind::from_code(&kind).map_or(kind, |kind| kind.plural().to_owned()),
        name,
        headings: headings.into_iter().map(|(heading, field)| MappedHeading { heading, field }).collect(),
    };
    let ready_made = ready_made().iter().map(|known| ReadyMadeShown { name: known.name, kind: known.kind.plural() });
    Ok(HttpResponse::Ok()
        .json(Mappings { items: kept.into_iter().map(body).collect(), ready_made: ready_made.collect() }))
}

/// Keep a mapping of headings under its name, in place of the one that was there.
#[utoipa::path(post, path = "/api/v1/import-mappings", tag = "imports", request_body = MappingBody, responses(
    (status = 200, body = MappingBody), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 415, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn keep_mapping(app: web::Data<App>, request: HttpRequest, caller: Caller, body: web::Bytes) -> Answer {
    importer(&caller.0)?;
    let body: MappingBody = wire::typed(&request, &body)?;
    let mut findings = Vec::new();
    let kind = kind_of(&body.kind);
    if let Err(defect) = check_name(&body.name) {
        findings.push(Finding::new("/name", defect));
    }
    let mut mapping = Mapping::default();
    if let Some(kind) = kind {
        for (place, MappedHeading { heading, field }) in body.headings.iter().enumerate() {
            if let Err(defect) = mapping.set(kind, heading.trim(), field.trim()) {
                findings.push(Finding::new(format!("/headings/{place}"), defect));
            }
        }
    } else {
        findings.push(Finding::new("/kind", wire::not_in_list(&body.kind)));
    }
    let (Some(kind), true) = (kind, findings.is_empty()) else { return Err(Error::Invalid(findings).into()) };
    let (database, name) = (app.database.clone(), body.name.clone());
    app.blocking(move || {
        database.housekeeping_for(&caller.0, |conn| import_mappings::keep(conn, kind, &name, &mapping.headings))
    })
    .await?;
    Ok(HttpResponse::Ok().json(body))
}

fn accepted(import: Import) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/api/v1/imports/{}", import.id)))
        .json(shown(import))
}

fn shown(import: Import) -> ImportShown {
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    ImportShown {
        kind: Kind::from_code(&import.kind).map_or_else(|| import.kind.clone(), |kind| kind.plural().to_owned()),
        id: import.id,
        format: import.format,
        source: import.source,
        mapping: import.mapping,
        encoding: import.encoding,
        file_name: import.file_name,
        bytes: import.bytes,
        state: import.state,
        created_by: import.created_by,
        created_at: import.created_at,
        updated_at: import.updated_at,
        rows_done: import.rows_done,
        rows_total: import.rows_total,
        preview: json(import.preview).map(without_what_the_commit_needs),
        result: json(import.result),
        undone: json(import.undone),
        failure: json(import.failure),
    }
}

fn without_what_the_commit_needs(mut preview: serde_json::Value) -> serde_json::Value {
    if let Some(fields) = preview.as_object_mut() {
        fields.remove("seen");
    }
    preview
}

fn broken_upload() -> Error {
    Error::Malformed(Defect::new(
        "upload-broken",
        "ファイルが途中で切れました。もう一度送ってください。",
        "The file broke off. Please send it again.",
    ))
}

fn too_large() -> Error {
    Error::TooLarge(Defect::new(
        "import-too-large",
        "ファイルは256MiBまでです。分けて送ってください。",
        "A file may have at most 256 MiB. Send it in parts.",
    ))
}
