//! The five routes that every kind of thing has: list, create, read, change, delete. Written once; the kinds differ
//! in their fields (`domain/kinds`), in their tables (`store`), and in the filters of their list.

use super::problem::{Answer, Problem, prefers_english};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::codes::{FieldCode, MunicipalityCode};
use crate::domain::entry::Title;
use crate::domain::finding::Message;
use crate::domain::vocabulary::{Kind, OrganizationKind};
use crate::domain::{Action, Actor, Defect, Finding, Header, Thing, ThingId, linked, parse};
use crate::error::{Error, Result};
use crate::store::duplicates::{self, Alike};
use crate::store::log::Position;
use crate::store::page::{Order, Page, Place};
use crate::store::things::{self, Filter, Stored};
use crate::store::{Tx, idempotency, merges};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Filters and page of a list.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Things of this party (id).
    pub owner: Option<String>,
    /// Municipality or prefecture code; several are separated by commas.
    pub municipality: Option<String>,
    /// Field of the cluster (code).
    pub field: Option<String>,
    /// Kind of the organisation behind the thing.
    pub organization_kind: Option<String>,
    /// Records of work in which this party took part (id).
    pub member: Option<String>,
    /// `name` (by reading; the default) or `updated` (newest change first).
    pub sort: Option<String>,
    /// 1 to 100; 20 if absent.
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
}

/// A page of things.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListAnswer<T> {
    pub items: Vec<T>,
    /// Cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// What the registration of a thing answers.
#[derive(Serialize)]
struct Created<'a, E> {
    #[serde(flatten)]
    thing: &'a Thing<E>,
    /// Absent where nothing is like it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    possible_duplicates: Vec<PossibleDuplicate>,
}

/// Something registered already that may be the same, among what the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct PossibleDuplicate {
    pub id: ThingId,
    pub name: Title,
    /// What they share: `number`, or `name` (of an organisation without its legal form).
    pub reason: &'static str,
    pub shared: String,
}

impl PossibleDuplicate {
    fn of<E: Stored>(alike: Alike<E>) -> Self {
        let reason = if alike.scheme == "number" { "number" } else { "name" };
        Self { id: alike.thing.header.id, name: alike.thing.entry.title(), reason, shared: alike.value }
    }
}

/// The routes of one kind, for `/api/v1/{plural}`.
pub fn routes<E: Stored>(config: &mut web::ServiceConfig) {
    let plural = E::KIND.plural();
    config
        .service(
            web::resource(format!("/{plural}"))
                .route(web::get().to(list::<E>))
                .route(web::post().to(create::<E>))
                .default_service(web::to(wire::method_not_allowed)),
        )
        .service(
            web::resource(format!("/{plural}/{{id}}"))
                .route(web::get().to(read::<E>))
                .route(web::patch().to(change::<E>))
                .route(web::delete().to(delete::<E>))
                .default_service(web::to(wire::method_not_allowed)),
        );
}

async fn list<E: Stored>(app: web::Data<App>, Caller(caller): Caller, request: HttpRequest) -> Answer {
    let query: ListQuery = wire::query(&request)?;
    let scope = caller.scope();
    let (filter, page, list) = read_list_query::<E>(&query)?;
    let paged = app.read(move |conn| things::list::<E>(conn, &scope, &filter, &page)).await?;
    let next = paged.next.map(|place| place.cursor(&list));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(ListAnswer { items: paged.items, next }))
}

async fn create<E: Stored>(
    app: web::Data<App>,
    Caller(actor): Caller,
    request: HttpRequest,
    body: web::Bytes,
) -> Answer {
    let entry: E = parse::entry(wire::json(&request, &body)?).map_err(Error::Invalid)?;
    let key = match wire::header_text(&request, "idempotency-key")? {
        Some(key) => Some(idempotency::Key::new(actor.name(), key, E::KIND.plural(), &body)?),
        None => None,
    };
    permit(&actor, Action::Create, E::KIND, &entry.owners())?;
    let clock = app.clock().clone();
    let written = app
        .write(actor, move |tx| {
            if let Some(key) = &key
                && let Some(earlier) = idempotency::find(tx, &clock, key)?
            {
                tx.unchanged();
                let position = Position { seq: earlier.seq, ..tx.position() };
                return Ok((earlier.thing, earlier.response, position));
            }
            let thing = things::create(tx, entry)?;
            let scope = tx.actor().scope();
            let alike = duplicates::likely::<E>(tx.conn(), &scope, &thing.entry, &thing.header.id)?;
            let possible_duplicates = alike.into_iter().map(PossibleDuplicate::of).collect();
            let created = Created { thing: &thing, possible_duplicates };
            let answer = serde_json::to_string(&created).map_err(Error::internal)?;
            if let Some(key) = &key {
                idempotency::keep(tx, key, &thing.header.id, &answer)?;
            }
            Ok((thing.header.id, answer, tx.position()))
        })
        .await?;
    let (id, answer, position) = written.value;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/api/v1/{}/{id}", E::KIND.plural())))
        .insert_header((header::ETAG, Revision(1).etag()))
        .insert_header((wire::SEQUENCE, position.token()))
        .content_type("application/json")
        .body(answer))
}

async fn read<E: Stored>(
    app: web::Data<App>,
    Caller(caller): Caller,
    request: HttpRequest,
    id: web::Path<String>,
) -> Answer {
    let id = wire::known_id(&id)?;
    let scope = caller.scope();
    let found = app
        .read(move |conn| match things::get::<E>(conn, &scope, &id) {
            Err(Error::NotFound) if E::KIND == Kind::Organization => match merges::successor(conn, &scope, &id)? {
                Some(into) => Ok(Err(into)),
                None => Err(Error::NotFound),
            },
            thing => Ok(Ok(thing?)),
        })
        .await?;
    let thing = match found {
        Ok(thing) => thing,
        Err(into) => return Ok(merged_into(E::KIND, &into, prefers_english(&request))),
    };
    let body = serde_json::to_string(&thing).map_err(Error::internal)?;
    let revision = Revision(thing.header.version);
    // Who may change it sees the whole of it; for anybody else the tag is that of their view.
    let etag = match caller.may(Action::Change, E::KIND, &owners_of(&thing.header, &thing.entry)) {
        true => revision.etag(),
        false => revision.etag_of_view(&body),
    };
    if asks_for_linked_data(&request)
        && let Some(linked) = linked::json_ld(E::KIND, &serde_json::to_value(&thing).map_err(Error::internal)?)
    {
        return Ok(HttpResponse::Ok()
            .insert_header((header::VARY, "accept"))
            .content_type("application/ld+json")
            .body(linked.to_string()));
    }
    if wire::header_text(&request, "if-none-match")? == Some(etag.as_str()) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish());
    }
    Ok(HttpResponse::Ok().insert_header((header::ETAG, etag)).content_type("application/json").body(body))
}

/// Linked data is asked for by its name; `*/*` means our own form.
fn asks_for_linked_data(request: &HttpRequest) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    accepted.flat_map(|text| text.split(',')).any(|text| text.trim().starts_with("application/ld+json"))
}

async fn change<E: Stored>(
    app: web::Data<App>,
    Caller(actor): Caller,
    request: HttpRequest,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let id = wire::known_id(&id)?;
    let expected = Revision::required(&request)?;
    let patch = wire::json(&request, &body)?;
    if !patch.is_object() {
        return Err(Error::Malformed(Defect::new(
            "body.object",
            "変更する項目だけを持つ JSON オブジェクトを送ってください。",
            "Send a JSON object with the fields to change.",
        ))
        .into());
    }
    let written = app
        .write(actor, move |tx| {
            let current = seen_and_permitted::<E>(tx, Action::Change, &id)?;
            if current.header.version != expected.0 {
                return Err(Error::Stale { current: current.header.version });
            }
            let entry = patched(&current, &patch)?;
            // Nothing is moved to where the caller could not have put it.
            permit(tx.actor(), Action::Change, E::KIND, &owners_of(&current.header, &entry))?;
            things::update(tx, current, expected.0, entry)
        })
        .await?;
    answer_thing(StatusCode::OK, written.value, written.position)
}

async fn delete<E: Stored>(
    app: web::Data<App>,
    Caller(actor): Caller,
    request: HttpRequest,
    id: web::Path<String>,
) -> Answer {
    let id = wire::known_id(&id)?;
    let expected = Revision::required(&request)?;
    let written = app
        .write(actor, move |tx| {
            let current = seen_and_permitted::<E>(tx, Action::Delete, &id)?;
            things::delete(tx, current, expected.0)
        })
        .await?;
    let mut response = HttpResponse::NoContent();
    if let Some(position) = written.position {
        response.insert_header((wire::SEQUENCE, position.token()));
    }
    Ok(response.finish())
}

/// The thing, if the caller may see it (404 otherwise) and may do this with it (403 otherwise).
pub(super) fn seen_and_permitted<E: Stored>(tx: &mut Tx<'_>, action: Action, id: &ThingId) -> Result<Thing<E>> {
    let scope = tx.actor().scope();
    let current = things::get::<E>(tx.conn(), &scope, id)?;
    permit(tx.actor(), action, E::KIND, &owners_of(&current.header, &current.entry))?;
    Ok(current)
}

pub(super) fn owners_of<E: Stored>(header: &Header, entry: &E) -> Vec<ThingId> {
    if E::KIND.is_party() { vec![header.id.clone()] } else { entry.owners() }
}

pub(super) fn permit(actor: &Actor, action: Action, kind: Kind, owners: &[ThingId]) -> Result<()> {
    if actor.may(action, kind, owners) {
        return Ok(());
    }
    Err(if *actor == Actor::Visitor { Error::Unauthenticated } else { Error::Forbidden })
}

/// 410: it became part of another one, which Location names.
fn merged_into(kind: Kind, into: &ThingId, english: bool) -> HttpResponse {
    let address = format!("/api/v1/{}/{into}", kind.plural());
    let message = Message::new(
        format!("別の登録に統合されました。{address} をご覧ください。"),
        format!("It was merged into another registration: see {address}."),
    );
    HttpResponse::Gone()
        .insert_header((header::LOCATION, address))
        .content_type("application/problem+json")
        .json(Problem::plain(410, "merged", message, english))
}

/// The current fields with the patch merged in, checked like a new entry.
fn patched<E: Stored>(current: &Thing<E>, patch: &serde_json::Value) -> Result<E> {
    let mut fields = serde_json::to_value(&current.entry).map_err(Error::internal)?;
    parse::merge_patch(&mut fields, patch);
    // A name that there is not would be cleared without a word.
    if let (Some(fields), Some(changes)) = (fields.as_object_mut(), patch.as_object()) {
        let known = parse::names::<E>();
        let unknown = changes.iter().filter(|(name, change)| change.is_null() && !known.contains(name));
        fields.extend(unknown.map(|(name, change)| (name.clone(), change.clone())));
    }
    parse::entry(fields).map_err(Error::Invalid)
}

pub(super) fn answer_thing<E: Stored>(status: StatusCode, thing: Thing<E>, position: Option<Position>) -> Answer {
    let mut response = HttpResponse::build(status);
    response.insert_header((header::ETAG, Revision(thing.header.version).etag()));
    if let Some(position) = position {
        response.insert_header((wire::SEQUENCE, position.token()));
    }
    Ok(response.json(thing))
}

pub(super) fn read_list_query<E: Stored>(query: &ListQuery) -> Result<(Filter, Page, String)> {
    let mut findings = Vec::new();
    let mut refuse = |name: &str, defect: Defect| findings.push(Finding::new(format!("/{name}"), defect));
    let id = |text: &Option<String>| text.as_deref().map(ThingId::parse).transpose();
    let mut filter = Filter::default();
    match id(&query.owner) {
        Ok(owner) => filter.owner = owner,
        Err(defect) => refuse("owner", defect),
    }
    match id(&query.member) {
        Ok(member) => filter.member = member,
        Err(defect) => refuse("member", defect),
    }
    for code in query.municipality.iter().flat_map(|codes| codes.split(',')) {
        match MunicipalityCode::parse(code) {
            Ok(code) => filter.municipalities.push(code.into()),
            Err(defect) => refuse("municipality", defect),
        }
    }
    match query.field.as_deref().map(FieldCode::parse).transpose() {
        Ok(field) => filter.field = field.map(String::from),
        Err(defect) => refuse("field", defect),
    }
    match query.organization_kind.as_deref().map(|text| (text, OrganizationKind::read(text))) {
        None => {}
        Some((_, Some(kind))) => filter.organization_kind = Some(kind.code().to_owned()),
        Some((text, None)) => {
            refuse("organization_kind", wire::not_one_of(text, OrganizationKind::ALL.iter().map(|kind| kind.code())))
        }
    }
    let order = match query.sort.as_deref() {
        None | Some("name") => Order::Name,
        Some("updated") => Order::Updated,
        Some(other) => {
            refuse("sort", wire::not_one_of(other, ["name", "updated"]));
            Order::Name
        }
    };
    if !findings.is_empty() {
        return Err(Error::Invalid(findings));
    }
    let limit = Page::parse_limit(query.limit)?;
    // The cursor belongs to this list: kind, order and filters, not the size of the page.
    let scope = ListQuery { limit: None, after: None, ..query.clone() };
    let list = format!("{} {}", E::KIND.code(), serde_json::to_string(&scope).map_err(Error::internal)?);
    let after = query.after.as_deref().map(|cursor| Place::from_cursor(cursor, &list)).transpose()?;
    Ok((filter, Page { limit, order, after }, list))
}
