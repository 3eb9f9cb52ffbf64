//! `/me/saved-searches`: searches that an account keeps, and what is new for them since the last look.

use super::conditions::with_owners_by_id;
use super::names::{Names, NamesMemory};
use super::permit;
use super::problem::{Answer, ProblemBody};
use super::search::{SearchQuery, engine_request, read_owners};
use super::shown::PageQuery;
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::{Caller, Credential, secrets};
use crate::domain::entry::Title;
use crate::domain::text::Line;
use crate::domain::vocabulary::Kind;
use crate::domain::vocabulary::desk::NoticeChoice;
use crate::domain::{Actor, Defect, Finding, Scope, ThingId, Timestamp, parse};
use crate::error::{Error, Result};
use crate::feed::{Compile, still_found};
use crate::store::page::{Page, Place};
use crate::store::saved_searches::{self as store, NewSavedSearch, SavedSearch, SavedSearchChange, Since};
use crate::store::{Conn, watch};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::SearchRequest;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Longest list of values of one filter, in characters.
const LONGEST_FILTER: usize = 1_000;

/// What is searched for: the query and the filters of `GET /search`, by the same names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SavedQuery {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub municipality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefecture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_band: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capability_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freshness: Option<String>,
}

impl SavedQuery {
    fn search(&self) -> SearchQuery {
        SearchQuery {
            q: self.q.clone(),
            kind: self.kind.clone(),
            owner: self.owner.clone(),
            municipality: self.municipality.clone(),
            field: self.field.clone(),
            organization_kind: self.organization_kind.clone(),
            prefecture: self.prefecture.clone(),
            region: self.region.clone(),
            purpose: self.purpose.clone(),
            sdg: self.sdg.clone(),
            size_band: self.size_band.clone(),
            industry: self.industry.clone(),
            readiness: self.readiness.clone(),
            capability_kind: self.capability_kind.clone(),
            certificate: self.certificate.clone(),
            freshness: self.freshness.clone(),
            ..SearchQuery::default()
        }
    }

    fn filters(&self) -> [(&'static str, &Option<String>); 15] {
        [
            ("kind", &self.kind),
            ("owner", &self.owner),
            ("municipality", &self.municipality),
            ("field", &self.field),
            ("organization_kind", &self.organization_kind),
            ("prefecture", &self.prefecture),
            ("region", &self.region),
            ("purpose", &self.purpose),
            ("sdg", &self.sdg),
            ("size_band", &self.size_band),
            ("industry", &self.industry),
            ("readiness", &self.readiness),
            ("capability_kind", &self.capability_kind),
            ("certificate", &self.certificate),
            ("freshness", &self.freshness),
        ]
    }

    /// Refuses what the search route would refuse, and says where. Parties are kept by their ids: the question stays the
    /// same whatever they are called later.
    fn checked(mut self, conn: &mut Conn, names: &Names, scope: &Scope) -> Result<Self> {
        let mut findings = Vec::new();
        for (name, value) in self.filters() {
            if value.as_ref().is_some_and(|value| value.chars().count() > LONGEST_FILTER) {
                let defect = Defect::new(
                    "text.too_long",
                    format!("{LONGEST_FILTER}文字までです。"),
                    format!("At most {LONGEST_FILTER} characters."),
                );
                findings.push(Finding::new(format!("/query/{name}"), defect));
            }
        }
        let blank = |text: &str| text.split(',').all(|part| part.trim().is_empty());
        if self.q.trim().is_empty() && self.filters().iter().all(|(_, value)| value.as_deref().is_none_or(blank)) {
            let defect = Defect::new(
                "saved-search.empty",
                "検索語か絞り込みを1つ以上指定してください。",
                "Give at least one word or filter.",
            );
            findings.push(Finding::new("/query", defect));
        }
        if !findings.is_empty() {
            return Err(Error::Invalid(findings));
        }
        let within = |error| match error {
            // The place within the query is in the message.
            Error::Malformed(defect) => Error::invalid("/query/q", defect),
            Error::Invalid(findings) => Error::Invalid(findings.into_iter().map(below_query).collect()),
            other => other,
        };
        self.q = with_owners_by_id(conn, scope, &self.q).map_err(within)?;
        // Which day it is changes nothing about what can be read.
        engine_request(conn, names, &Actor::Visitor, &self.search(), 0).map_err(within)?;
        Ok(self)
    }
}

fn below_query(mut finding: Finding) -> Finding {
    finding.pointer = format!("/query{}", finding.pointer);
    finding
}

/// Finds of a search that its owner may see now, and that it would find now.
pub(super) fn finds(
    conn: &mut Conn,
    app: &App,
    scope: &Scope,
    search: &SavedSearch,
    since: Since,
    after: Option<&Place>,
    limit: usize,
) -> Result<(Vec<store::Shown>, Option<Place>)> {
    let question = match compile(conn, &app.names, &search.query, app.clock().today()) {
        Ok(question) => question,
        // It was understood when it was saved; a value of a vocabulary may be gone since, and finds nothing.
        Err(Error::Invalid(_) | Error::Malformed(_)) => return Ok((Vec::new(), None)),
        Err(error) => return Err(error),
    };
    let reader = crate::feed::reader_of(scope);
    store::shown(conn, scope, &search.id, since, after, limit, |conn, cards| {
        let things: Vec<(Kind, String)> = cards.iter().map(|card| (card.kind, card.id.clone())).collect();
        still_found(conn, &app.engine, &question, &reader, &things)
    })
}

/// How saved searches are read by who tells them what is new.
pub fn compiler(names: Arc<NamesMemory>) -> Compile {
    Arc::new(move |conn, stored, today| compile(conn, &names, stored, today))
}

/// The stored form of a saved search as the engine takes it on a day; whose eyes it is asked with is said later.
fn compile(conn: &mut Conn, names: &NamesMemory, stored: &str, today: i32) -> Result<SearchRequest> {
    let query: SavedQuery = serde_json::from_str(stored).map_err(Error::internal)?;
    let names = names.within(conn)?;
    engine_request(conn, &names, &Actor::Visitor, &query.search(), today)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedSearchBody {
    #[schema(value_type = String)]
    pub name: Line,
    pub query: SavedQuery,
    /// How often letters come; `none` if absent.
    #[serde(default)]
    pub cadence: Option<NoticeChoice>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedSearchPatch {
    #[serde(default, deserialize_with = "parse::present")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Line>,
    #[serde(default, deserialize_with = "parse::present")]
    pub cadence: Option<NoticeChoice>,
}

#[derive(Serialize, ToSchema)]
pub struct SavedSearchShown {
    pub id: ThingId,
    pub name: String,
    pub query: SavedQuery,
    pub cadence: NoticeChoice,
    /// It has a feed under a secret address.
    pub feed: bool,
    pub looked_at: Timestamp,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub struct SavedSearchesShown {
    pub items: Vec<SavedSearchShown>,
    pub next: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NewQuery {
    /// 1 to 100; 20 if absent.
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
    /// The `Musubi-Sequence` of a write that must be taken into account: waits up to two seconds for it.
    pub min_seq: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct NewShown {
    pub items: Vec<NewThing>,
    pub next: Option<String>,
    /// For `POST …/looked`: everything up to this answer.
    pub until: String,
    /// `min_seq` was not reached in time.
    pub stale: bool,
}

#[derive(Serialize, ToSchema)]
pub struct NewThing {
    pub kind: Kind,
    pub id: String,
    pub version: i64,
    pub title: Title,
    pub owner: Option<super::search::OwnerBody>,
    pub found_at: Timestamp,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Looked {
    /// `until` of the answer that was looked at; everything found so far if absent.
    #[serde(default)]
    pub until: Option<String>,
}

/// The only time that the address is shown.
#[derive(Serialize, ToSchema)]
pub struct FeedMade {
    /// Whoever knows it reads the feed. Only a digest is kept.
    pub address: String,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/me/saved-searches").route(web::get().to(list)).route(web::post().to(create)))
        .service(
            at("/me/saved-searches/{id}")
                .route(web::get().to(read))
                .route(web::patch().to(change))
                .route(web::delete().to(remove)),
        )
        .service(at("/me/saved-searches/{id}/new").route(web::get().to(new)))
        .service(at("/me/saved-searches/{id}/looked").route(web::post().to(looked)))
        .service(at("/me/saved-searches/{id}/feed").route(web::post().to(make_feed)).route(web::delete().to(end_feed)));
}

/// The caller's saved searches, newest first.
#[utoipa::path(get, path = "/api/v1/me/saved-searches", tag = "saved-searches", params(PageQuery), responses(
    (status = 200, body = SavedSearchesShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller) -> Answer {
    let account = permit::account(&actor)?.id.clone();
    let query: PageQuery = wire::query(&request)?;
    let limit = Page::parse_limit(query.limit)?;
    let scope = format!("saved searches {account}");
    let after = query.after.as_deref().map(|cursor| Place::from_cursor(cursor, &scope)).transpose()?;
    let (items, next) = app.read(move |conn| store::list(conn, &account, after.as_ref(), limit)).await?;
    let next = next.map(|place| place.cursor(&scope));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    let items = items.into_iter().map(shown).collect::<Result<_>>()?;
    Ok(response.json(SavedSearchesShown { items, next }))
}

/// Saves a search. What appears or changes from now on is new for it.
#[utoipa::path(post, path = "/api/v1/me/saved-searches", tag = "saved-searches", request_body = SavedSearchBody, responses(
    (status = 201, body = SavedSearchShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 409, body = ProblemBody, description = "There are 100 already."), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn create(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, body: web::Bytes) -> Answer {
    let account = permit::account(&actor)?.id.clone();
    let SavedSearchBody { name, query, cadence } = wire::typed(&request, &body)?;
    let (service, scope) = (app.get_ref().clone(), actor.scope());
    let written = app
        .write(actor, move |tx| {
            let names = service.names.within(tx.conn())?;
            let query = query.checked(tx.conn(), &names, &scope)?;
            let new = NewSavedSearch {
                name: name.into(),
                query: serde_json::to_string(&query).map_err(Error::internal)?,
                cadence: cadence.unwrap_or(NoticeChoice::Never),
            };
            store::create(tx, &account, &new)
        })
        .await?;
    let saved = shown(written.value)?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/api/v1/me/saved-searches/{}", saved.id)))
        .insert_header((header::ETAG, Revision(saved.version).etag()))
        .json(saved))
}

/// One of the caller's saved searches.
#[utoipa::path(get, path = "/api/v1/me/saved-searches/{id}", tag = "saved-searches", params(("id" = String, Path)), responses(
    (status = 200, body = SavedSearchShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let account = permit::account(&actor)?.id.clone();
    let id = wire::known_id(&id)?;
    answer(app.read(move |conn| store::of_account(conn, &account, &id)).await?)
}

/// Changes name or cadence. What is searched for stays: save another search instead.
#[utoipa::path(patch, path = "/api/v1/me/saved-searches/{id}", tag = "saved-searches", params(("id" = String, Path)),
    request_body = SavedSearchPatch, responses(
    (status = 200, body = SavedSearchShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 412, body = ProblemBody), (status = 422, body = ProblemBody),
    (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn change(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let account = permit::account(&actor)?.id.clone();
    let id = wire::known_id(&id)?;
    // Somebody else's is not there, whatever was sent with the question.
    let (own, of) = (id.clone(), account.clone());
    app.read(move |conn| store::of_account(conn, &of, &own)).await?;
    let Revision(expected) = Revision::required(&request)?;
    let SavedSearchPatch { name, cadence } = wire::typed(&request, &body)?;
    let change = SavedSearchChange { name: name.map(String::from), cadence };
    let written = app.write(actor, move |tx| store::change(tx, &account, &id, expected, change)).await?;
    answer(written.value)
}

/// Deletes a saved search, what it found, and its feed.
#[utoipa::path(delete, path = "/api/v1/me/saved-searches/{id}", tag = "saved-searches", params(("id" = String, Path)), responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 412, body = ProblemBody), (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn remove(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let account = permit::account(&actor)?.id.clone();
    let id = wire::known_id(&id)?;
    let (own, of) = (id.clone(), account.clone());
    app.read(move |conn| store::of_account(conn, &of, &own)).await?;
    let Revision(expected) = Revision::required(&request)?;
    app.write(actor, move |tx| store::delete(tx, &account, &id, expected)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What is new since the last look, newest first: each thing once, as far as the caller may see it, and the search finds
/// it, now.
#[utoipa::path(get, path = "/api/v1/me/saved-searches/{id}/new", tag = "saved-searches", params(("id" = String, Path), NewQuery), responses(
    (status = 200, body = NewShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn new(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let account = permit::account(&actor)?.id.clone();
    let id = wire::known_id(&id)?;
    let query: NewQuery = wire::query(&request)?;
    let limit = Page::parse_limit(query.limit)?;
    let list = format!("new for {id}");
    let after = query.after.as_deref().map(|cursor| Place::from_cursor(cursor, &list)).transpose()?;
    let (service, scope) = (app.get_ref().clone(), actor.scope());
    let body = app
        .blocking(move || {
            let search = service.database.read(|conn| store::of_account(conn, &account, &id))?;
            let stale = super::search::wait_until_watched(&service, query.min_seq.as_deref())?;
            service.database.read(|conn| {
                let until = watch::head(conn)?.seq;
                let (finds, next) = finds(conn, &service, &scope, &search, Since::Looked, after.as_ref(), limit)?;
                let items = things_shown(conn, &scope, finds)?;
                let until = Place { key: until.to_string(), id: String::new() }.cursor(&looked_scope(&id));
                Ok(NewShown { items, next: next.map(|place| place.cursor(&list)), until, stale })
            })
        })
        .await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = &body.next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(body))
}

fn looked_scope(id: &ThingId) -> String {
    format!("looked at {id}")
}

fn things_shown(conn: &mut Conn, scope: &Scope, finds: Vec<store::Shown>) -> Result<Vec<NewThing>> {
    let owners = read_owners(conn, scope, finds.iter().filter_map(|find| find.card.owner.clone()).collect())?;
    let thing = |find: store::Shown| NewThing {
        owner: find.card.owner.filter(|owner| *owner != find.card.id).and_then(|owner| owners.get(&owner).cloned()),
        kind: find.card.kind,
        id: find.card.id,
        version: find.card.version,
        title: find.card.title,
        found_at: find.found_at,
    };
    Ok(finds.into_iter().map(thing).collect())
}

/// Says that what was found was looked at.
#[utoipa::path(post, path = "/api/v1/me/saved-searches/{id}/looked", tag = "saved-searches", params(("id" = String, Path)),
    request_body = Looked, responses(
    (status = 200, body = SavedSearchShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn looked(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let account = permit::account(&actor)?.id.clone();
    let id = wire::known_id(&id)?;
    let (own, of) = (id.clone(), account.clone());
    app.read(move |conn| store::of_account(conn, &of, &own)).await?;
    let Looked { until } = wire::typed(&request, &body)?;
    let place = until.map(|until| Place::from_cursor(&until, &looked_scope(&id))).transpose()?;
    let until: Option<i64> = place.map(|place| place.key.parse().map_err(Error::internal)).transpose()?;
    let (database, now) = (app.database.clone(), app.clock().timestamp());
    let saved = app
        .blocking(move || {
            database.housekeeping(|conn| {
                let head = watch::head(conn)?.seq;
                store::looked(conn, &account, &id, until.unwrap_or(head).min(head), &now)
            })
        })
        .await?;
    answer(saved)
}

/// Makes a feed under a secret address; an earlier address no longer works. Asked by a person: an address outlives a
/// token.
#[utoipa::path(post, path = "/api/v1/me/saved-searches/{id}/feed", tag = "saved-searches", params(("id" = String, Path)), responses(
    (status = 201, body = FeedMade), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn make_feed(
    app: web::Data<App>,
    Caller(actor): Caller,
    credential: Credential,
    id: web::Path<String>,
) -> Answer {
    let session = permit::session(&actor, credential)?;
    let id = wire::known_id(&id)?;
    let secret = secrets::random_text()?;
    let hash = secrets::fingerprint(&secret);
    app.write(actor, move |tx| store::set_feed(tx, &session.account, &id, Some(&hash))).await?;
    let base = app.auth.settings.mail.public_url.as_deref().unwrap_or("").trim_end_matches('/');
    let address = format!("{base}/api/v1/feeds/{secret}.atom");
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(FeedMade { address }))
}

/// Ends the feed: its address answers 404 from now on.
#[utoipa::path(delete, path = "/api/v1/me/saved-searches/{id}/feed", tag = "saved-searches", params(("id" = String, Path)), responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn end_feed(app: web::Data<App>, Caller(actor): Caller, credential: Credential, id: web::Path<String>) -> Answer {
    let session = permit::session(&actor, credential)?;
    let id = wire::known_id(&id)?;
    app.write(actor, move |tx| store::set_feed(tx, &session.account, &id, None)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn answer(saved: SavedSearch) -> Answer {
    let saved = shown(saved)?;
    Ok(HttpResponse::Ok().insert_header((header::ETAG, Revision(saved.version).etag())).json(saved))
}

fn shown(saved: SavedSearch) -> Result<SavedSearchShown> {
    Ok(SavedSearchShown {
        id: saved.id,
        name: saved.name,
        query: serde_json::from_str(&saved.query).map_err(Error::internal)?,
        cadence: saved.cadence,
        feed: saved.feed,
        looked_at: saved.looked_at,
        version: saved.version,
        created_at: saved.created_at,
        updated_at: saved.updated_at,
    })
}
