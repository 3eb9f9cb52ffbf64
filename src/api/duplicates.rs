//! Duplicates: what may be the same, making two registrations one, and parting them again.

use super::list_files::{self, Columns, ListFile};
use super::problem::{Answer, ProblemBody};
use super::resource::{permit, seen_and_permitted};
use super::shown::PageOrFileQuery;
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::access::Action;
use crate::domain::entry::{Entry, Title};
use crate::domain::{Kind, Organization, Scope, Thing, ThingId};
use crate::error::Result;
use crate::exchange::export::Format;
use crate::store::Conn;
use crate::store::duplicates::{self, Suggestion};
use crate::store::merged_words::LeftField;
use crate::store::merges::{self, Moved};
use crate::store::page::{Page, Place};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Organisations that may be the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct Duplicates {
    /// What they share: `number` (法人番号 or invoice number) or `name` (without its legal form, at no other place).
    pub reason: String,
    pub shared: String,
    pub organizations: Vec<Alike>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Alike {
    pub id: ThingId,
    pub version: i64,
    pub name: Title,
    pub municipality: Option<String>,
    pub corporate_number: Option<String>,
}

/// A page. It may hold fewer than `limit` and still have a next one.
#[derive(Debug, Serialize, ToSchema)]
pub struct DuplicatesPage {
    pub items: Vec<Duplicates>,
    pub next: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeBody {
    /// The organisation that stays.
    pub into: ThingId,
}

/// What was carried over.
#[derive(Debug, Serialize, ToSchema)]
pub struct MergeAnswer {
    pub merged: ThingId,
    pub into: ThingId,
    pub things: usize,
    pub memberships: usize,
    pub references: usize,
    /// Proposals, introductions and cases that name it.
    pub matters: usize,
    /// What the merged one said and the one that stays does not: to be taken over by hand, where it is true. Its names are
    /// further names of the one that stays, and what that one lacked was filled in.
    pub left: Vec<LeftOver>,
}

/// A field with what both say (said).
#[derive(Debug, Serialize, ToSchema)]
pub struct LeftOver {
    /// As in the organisation.
    pub field: String,
    #[schema(value_type = Object)]
    pub merged: Value,
    /// null: it says nothing there.
    #[schema(value_type = Option<Object>)]
    pub survivor: Value,
}

/// What was carried back.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnmergeAnswer {
    /// The one that is back.
    pub merged: ThingId,
    pub things: usize,
    pub memberships: usize,
    pub references: usize,
    /// Proposals, introductions and cases that name it.
    pub matters: usize,
    /// Things that were changed meanwhile so that nobody can tell whose they are: they stay where they are.
    pub left: Vec<ThingId>,
}

/// Of the suggestions as a file: a row for each organisation.
const COLUMNS: Columns = &[
    ("組 / number", "/number"),
    ("理由 / reason", "/reason"),
    ("共通の値 / shared", "/shared"),
    ("ID", "/id"),
    ("名称 / name", "/name"),
    ("市区町村 / municipality", "/municipality"),
    ("法人番号 / corporate number", "/corporate_number"),
    ("版 / version", "/version"),
];

pub fn routes(config: &mut web::ServiceConfig) {
    let not_allowed = || web::to(wire::method_not_allowed);
    config
        .service(web::resource("/duplicates").route(web::get().to(list)).default_service(not_allowed()))
        .service(web::resource("/organizations/{id}/merge").route(web::post().to(merge)).default_service(not_allowed()))
        .service(
            web::resource("/organizations/{id}/unmerge").route(web::post().to(unmerge)).default_service(not_allowed()),
        );
}

/// Organisations that may be registered twice. For coordinators and administrators. With `format`: all of them as a file; a
/// table has a row for each organisation, and those of one suggestion have the same number.
#[utoipa::path(get, path = "/api/v1/duplicates", tag = "lifecycle", params(PageOrFileQuery), responses(
    (status = 200, body = DuplicatesPage), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, Caller(actor): Caller, request: HttpRequest) -> Answer {
    permit(&actor, Action::Review, Kind::Organization, &[])?;
    let query: PageOrFileQuery = wire::query(&request)?;
    let after = query.after.as_deref().map(|after| Place::from_cursor(after, "duplicates")).transpose()?;
    let page = Page { limit: Page::parse_limit(query.limit)?, after, ..Page::default() };
    if let Some(format) = list_files::asked(query.format.as_deref())? {
        let written = app.read(move |conn| file(conn, &actor.scope(), format)).await?;
        return Ok(written.answer()?);
    }
    let found = app.read(move |conn| duplicates::suggest(conn, &actor.scope(), &page)).await?;
    let next = found.next.map(|place| place.cursor("duplicates"));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(DuplicatesPage { items: found.items.into_iter().map(shown).collect(), next }))
}

/// A line of JSON Lines is a suggestion; a table has a row for each organisation of it, numbered by suggestion.
fn file(conn: &mut Conn, scope: &Scope, format: Format) -> Result<ListFile> {
    let mut number = 0;
    list_files::write_all("duplicates", format, COLUMNS, |page| {
        let found = duplicates::suggest(conn, scope, page)?;
        let suggestions = list_files::values(&found.items.into_iter().map(shown).collect::<Vec<_>>())?;
        if format == Format::JsonLines {
            return Ok((suggestions, found.next));
        }
        let mut rows = Vec::new();
        for suggestion in suggestions {
            number += 1;
            for row in suggestion["organizations"].as_array().into_iter().flatten() {
                let mut row = row.clone();
                row["number"] = json!(number);
                row["reason"] = suggestion["reason"].clone();
                row["shared"] = suggestion["shared"].clone();
                rows.push(row);
            }
        }
        Ok((rows, found.next))
    })
}

fn shown(suggestion: Suggestion) -> Duplicates {
    let alike = |thing: Thing<Organization>| Alike {
        id: thing.header.id,
        version: thing.header.version,
        name: thing.entry.title(),
        municipality: thing.entry.municipality.map(String::from),
        corporate_number: thing.entry.corporate_number.map(String::from),
    };
    Duplicates {
        reason: suggestion.scheme,
        shared: suggestion.value,
        organizations: suggestion.organizations.into_iter().map(alike).collect(),
    }
}

/// Makes this organisation part of another one: everything that names it names the other one from now on, and its names are
/// names of the other one. For
/// administrators, because its members become members of the other one. GET on it then answers 410.
#[utoipa::path(post, path = "/api/v1/organizations/{id}/merge", tag = "lifecycle", request_body = MergeBody, params(
    ("id" = String, Path),
    ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 200, body = MergeAnswer), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
    (status = 412, body = ProblemBody), (status = 422, body = ProblemBody), (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn merge(
    app: web::Data<App>,
    Caller(actor): Caller,
    request: HttpRequest,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let id = wire::known_id(&id)?;
    let expected = Revision::required(&request)?;
    let MergeBody { into } = wire::typed(&request, &body)?;
    let (merged, target) = (id.clone(), into.clone());
    let written = app
        .write(actor, move |tx| {
            let from = seen_and_permitted::<Organization>(tx, Action::Merge, &id)?;
            merges::merge(tx, from, expected.0, &into)
        })
        .await?;
    let mut response = HttpResponse::Ok();
    if let Some(position) = written.position {
        response.insert_header((wire::SEQUENCE, position.token()));
    }
    let Moved { things, memberships, references, matters, unsaid, left: _ } = written.value;
    let left = unsaid.into_iter().map(|LeftField { field, merged, survivor }| LeftOver { field, merged, survivor });
    Ok(response.json(MergeAnswer {
        merged,
        into: target,
        things,
        memberships,
        references,
        matters,
        left: left.collect(),
    }))
}

/// Parts a merged organisation again: it comes back, with what was carried over, as far as nobody moved it elsewhere.
#[utoipa::path(post, path = "/api/v1/organizations/{id}/unmerge", tag = "lifecycle", params(("id" = String, Path)), responses(
    (status = 200, body = UnmergeAnswer), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
), security(("bearer" = [])))]
async fn unmerge(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let id = wire::known_id(&id)?;
    permit(&actor, Action::Merge, Kind::Organization, &[])?;
    let written = app.write(actor, move |tx| merges::unmerge(tx, &id)).await?;
    let (thing, moved) = written.value;
    let mut response = HttpResponse::Ok();
    if let Some(position) = written.position {
        response.insert_header((wire::SEQUENCE, position.token()));
    }
    response.insert_header((header::ETAG, Revision(thing.header.version).etag()));
    let Moved { things, memberships, references, matters, left, unsaid: _ } = moved;
    Ok(response.json(UnmergeAnswer { merged: thing.header.id, things, memberships, references, matters, left }))
}
