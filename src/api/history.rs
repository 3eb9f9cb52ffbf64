//! The history of a thing: its versions, one of them, and back to one of them.

use super::problem::Answer;
use super::resource::{answer_thing, owners_of, permit, seen_and_permitted};
use super::shown::{PageQuery, Shown, ShownActor, concerned};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::access::Action;
use crate::domain::vocabulary::Status;
use crate::domain::{
    Capability, Defect, Entry, Exhibition, Need, Organization, Person, Record, Scope, Seed, Timestamp,
};
use crate::error::{Error, Result};
use crate::store::Conn;
use crate::store::history::{self, Version};
use crate::store::imports;
use crate::store::page::{Page, Place};
use crate::store::things::{self, Stored};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// One version, without its content.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionShown {
    pub version: i64,
    /// Opaque place in the log, for those who may change the thing or review it: to everybody else the places between
    /// two versions would tell how much happened elsewhere.
    pub sequence: Option<String>,
    pub at: Timestamp,
    pub actor: ShownActor,
    /// `create`, `update`, `submit`, `publish`, `restore` …
    pub action: Option<String>,
    pub status: Status,
    /// Fields that differ from the version before it that the caller may read.
    pub changed: Vec<String>,
    /// The import that made it, for those who see `sequence`; whoever sent it and administrators read it at `/imports/{id}`.
    pub import: Option<ImportNamed>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportNamed {
    pub id: String,
    pub href: String,
}

/// Newest first. Versions that the caller could not have read are not here.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    pub items: Vec<VersionShown>,
    pub next: Option<String>,
}

#[derive(Debug, Serialize)]
struct VersionWhole<E> {
    #[serde(flatten)]
    version: VersionShown,
    content: E,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreBody {
    /// The version to go back to.
    pub version: i64,
}

pub fn routes(config: &mut web::ServiceConfig) {
    routes_of::<Organization>(config);
    routes_of::<Person>(config);
    routes_of::<Capability>(config);
    routes_of::<Seed>(config);
    routes_of::<Need>(config);
    routes_of::<Record>(config);
    routes_of::<Exhibition>(config);
}

fn routes_of<E: Stored>(config: &mut web::ServiceConfig) {
    let plural = E::KIND.plural();
    let not_allowed = || web::to(wire::method_not_allowed);
    config
        .service(
            web::resource(format!("/{plural}/{{id}}/history"))
                .route(web::get().to(list::<E>))
                .default_service(not_allowed()),
        )
        .service(
            web::resource(format!("/{plural}/{{id}}/versions/{{version}}"))
                .route(web::get().to(read::<E>))
                .default_service(not_allowed()),
        )
        .service(
            web::resource(format!("/{plural}/{{id}}/restore"))
                .route(web::post().to(restore::<E>))
                .default_service(not_allowed()),
        );
}

async fn list<E: Stored>(
    app: web::Data<App>,
    Caller(actor): Caller,
    request: HttpRequest,
    id: web::Path<String>,
) -> Answer {
    let id = wire::known_id(&id)?;
    let query: PageQuery = wire::query(&request)?;
    let limit = Page::parse_limit(query.limit)?;
    let cursor = format!("history {id}");
    let before = query.after.as_deref().map(|after| Place::from_cursor(after, &cursor)).transpose()?;
    let before = before.map(|place| place.key.parse().map_err(Error::internal)).transpose()?;
    let (items, more) = app
        .read(move |conn| {
            let scope = actor.scope();
            let thing = things::get::<E>(conn, &scope, &id)?;
            let (versions, more) = history::list::<E>(conn, &scope, &id, before, limit)?;
            let shown =
                Shown::of(conn, versions.iter().map(|version| version.actor.as_str()), concerned(&actor, &thing))?;
            let by = imports_of(conn, &shown, &versions)?;
            Ok((versions.iter().map(|version| shown_version(&shown, &by, version)).collect::<Vec<_>>(), more))
        })
        .await?;
    let next = items
        .last()
        .filter(|_| more)
        .map(|item: &VersionShown| Place { key: item.version.to_string(), id: String::new() }.cursor(&cursor));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(History { items, next }))
}

async fn read<E: Stored>(app: web::Data<App>, Caller(actor): Caller, place: web::Path<(String, String)>) -> Answer {
    let (id, version) = place.into_inner();
    let id = wire::known_id(&id)?;
    let version: i64 = version.parse().map_err(|_| Error::NotFound)?;
    let whole = app
        .read(move |conn| {
            let scope = actor.scope();
            let thing = things::get::<E>(conn, &scope, &id)?;
            let found = history::get::<E>(conn, &scope, &id, version)?;
            let shown = Shown::of(conn, std::iter::once(found.actor.as_str()), concerned(&actor, &thing))?;
            let by = imports_of(conn, &shown, std::slice::from_ref(&found))?;
            Ok(VersionWhole { version: shown_version(&shown, &by, &found), content: found.entry })
        })
        .await?;
    Ok(HttpResponse::Ok().json(whole))
}

async fn restore<E: Stored>(
    app: web::Data<App>,
    Caller(actor): Caller,
    request: HttpRequest,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let id = wire::known_id(&id)?;
    let expected = Revision::required(&request)?;
    let RestoreBody { version } = wire::typed(&request, &body)?;
    let written = app
        .write(actor, move |tx| {
            let current = seen_and_permitted::<E>(tx, Action::Change, &id)?;
            if current.header.version != expected.0 {
                return Err(Error::Stale { current: current.header.version });
            }
            let scope: Scope = tx.actor().scope();
            let earlier = history::get::<E>(tx.conn(), &scope, &id, version).map_err(|error| match error {
                Error::NotFound => Error::invalid(
                    "/version",
                    Defect::new(
                        "version.unknown",
                        format!("版 {version} はありません。"),
                        format!("There is no version {version}."),
                    ),
                ),
                other => other,
            })?;
            permit(tx.actor(), Action::Change, E::KIND, &owners_of(&current.header, &earlier.entry))?;
            history::restore(tx, current, expected.0, earlier.entry)
        })
        .await?;
    answer_thing(StatusCode::OK, written.value, written.position)
}

/// The imports by which versions came, by transaction, for those who see places in the log.
fn imports_of<E>(conn: &mut Conn, shown: &Shown, versions: &[Version<E>]) -> Result<HashMap<i64, String>> {
    if !shown.tells_who() {
        return Ok(HashMap::new());
    }
    let seqs: Vec<i64> = versions.iter().map(|version| version.position.seq).collect();
    imports::of_transactions(conn, &seqs)
}

fn shown_version<E: Entry>(shown: &Shown, by: &HashMap<i64, String>, version: &Version<E>) -> VersionShown {
    VersionShown {
        version: version.version,
        sequence: shown.tells_who().then(|| version.position.token()),
        at: version.at.clone(),
        actor: shown.actor(&version.actor),
        action: version.action.clone(),
        status: version.status,
        changed: version.changed.clone(),
        import: by
            .get(&version.position.seq)
            .map(|id| ImportNamed { href: format!("/api/v1/imports/{id}"), id: id.clone() }),
    }
}
