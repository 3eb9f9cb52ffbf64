//! What waits: for review, and to be verified. Members see their own, coordinators everything that they may see.

use super::list_files::{self, Columns};
use super::problem::{Answer, ProblemBody};
use super::shown::PageOrFileQuery;
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::entry::Title;
use crate::domain::vocabulary::{Kind, Status};
use crate::domain::{Actor, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::store::page::{Page, Paged, Place};
use crate::store::things::{self, Summary};
use crate::store::{Conn, lifecycle, yearly};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

/// A thing in a queue. Its steps are at `/api/v1/{kind}/{id}/…`, with `version` as If-Match.
#[derive(Debug, Serialize, ToSchema)]
pub struct Waiting {
    pub kind: Kind,
    pub id: ThingId,
    pub version: i64,
    pub status: Status,
    pub title: Title,
    /// The party behind it; null for records of work and where it is not shown.
    pub owner: Option<WaitingOwner>,
    pub verified_on: Option<String>,
    pub updated_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingOwner {
    pub id: ThingId,
    pub name: Title,
}

/// A page, what came first first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Queue {
    pub items: Vec<Waiting>,
    pub next: Option<String>,
}

/// Of a queue as a file.
const COLUMNS: Columns = &[
    ("種類 / kind", "/kind"),
    ("ID", "/id"),
    ("名称 / title", "/title"),
    ("所有者 / owner", "/owner/name"),
    ("所有者の ID / owner id", "/owner/id"),
    ("状態 / status", "/status"),
    ("確認日 / verified on", "/verified_on"),
    ("版 / version", "/version"),
    ("更新 / updated", "/updated_at"),
];

pub fn routes(config: &mut web::ServiceConfig) {
    let not_allowed = || web::to(wire::method_not_allowed);
    config
        .service(web::resource("/reviews").route(web::get().to(reviews)).default_service(not_allowed()))
        .service(web::resource("/verifications").route(web::get().to(verifications)).default_service(not_allowed()));
}

/// What was submitted and waits for review. With `format`: the whole queue as a file.
#[utoipa::path(get, path = "/api/v1/reviews", tag = "lifecycle", params(PageOrFileQuery), responses(
    (status = 200, body = Queue), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
), security(("bearer" = [])))]
async fn reviews(app: web::Data<App>, caller: Caller, request: HttpRequest) -> Answer {
    queue(app, caller, request, "reviews", |conn, actor, _, page| lifecycle::waiting(conn, &actor.scope(), page)).await
}

/// What was not verified for a year, or soon will not have been. With `format`: all of it as a file.
#[utoipa::path(get, path = "/api/v1/verifications", tag = "lifecycle", params(PageOrFileQuery), responses(
    (status = 200, body = Queue), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
), security(("bearer" = [])))]
async fn verifications(app: web::Data<App>, caller: Caller, request: HttpRequest) -> Answer {
    let list = |conn: &mut Conn, actor: &Actor, now: &Timestamp, page: &Page| {
        yearly::to_verify(conn, &actor.scope(), now, page)
    };
    queue(app, caller, request, "verifications", list).await
}

async fn queue(
    app: web::Data<App>,
    Caller(actor): Caller,
    request: HttpRequest,
    name: &'static str,
    list: impl Fn(&mut Conn, &Actor, &Timestamp, &Page) -> Result<Paged<String>> + Send + 'static,
) -> Answer {
    if actor == Actor::Visitor {
        return Err(Error::Unauthenticated.into());
    }
    let query: PageOrFileQuery = wire::query(&request)?;
    let after = query.after.as_deref().map(|after| Place::from_cursor(after, name)).transpose()?;
    let page = Page { limit: Page::parse_limit(query.limit)?, after, ..Page::default() };
    let now = app.clock().timestamp();
    let read = move |conn: &mut Conn, page: &Page| {
        let Paged { items, next } = list(conn, &actor, &now, page)?;
        Ok((described(conn, &actor, &items)?, next))
    };
    if let Some(format) = list_files::asked(query.format.as_deref())? {
        let written =
            app.read(move |conn| list_files::write_all(name, format, COLUMNS, |page| read(conn, page))).await?;
        return Ok(written.answer()?);
    }
    let (items, next) = app.read(move |conn| read(conn, &page)).await?;
    let next = next.map(|place| place.cursor(name));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(Queue { items, next }))
}

/// In the order of `ids`.
fn described(conn: &mut Conn, actor: &Actor, ids: &[String]) -> Result<Vec<Waiting>> {
    let scope = actor.scope();
    let mut summaries = things::summaries(conn, &scope, ids)?;
    let owners: Vec<String> = summaries.values().filter_map(|summary| summary.card.owner.clone()).collect();
    let named = things::cards(conn, &scope, &owners)?;
    let waiting = |Summary { card, status, verified_on, updated_at }: Summary| {
        let owner = card.owner.as_ref().and_then(|owner| named.get(owner));
        Waiting {
            kind: card.kind,
            id: ThingId::from_stored(card.id.clone()),
            version: card.version,
            status,
            title: card.title,
            owner: owner
                .map(|owner| WaitingOwner { id: ThingId::from_stored(owner.id.clone()), name: owner.title.clone() }),
            verified_on,
            updated_at,
        }
    };
    Ok(ids.iter().filter_map(|id| summaries.remove(id)).map(waiting).collect())
}
