//! Everything of an organisation that the caller may see, in one answer: the data of a page that can be printed.

use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::entry::Title;
use crate::domain::{Capability, Kind, Need, Organization, Person, Record, Scope, Seed, Thing, ThingId, Timestamp};
use crate::error::Result;
use crate::store::Conn;
use crate::store::page::{Order, Page};
use crate::store::things::{self, Filter, Stored};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// Things of one kind that a profile holds, at most; `more` says whether there are others.
const SHOWN_MOST: usize = 100;

/// A profile. The things are those of the REST lists, as the caller may see them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Profile {
    /// When it was put together.
    pub as_of: Timestamp,
    #[schema(value_type = Object)]
    pub organization: Thing<Organization>,
    #[schema(value_type = Object)]
    pub people: Part<Person>,
    #[schema(value_type = Object)]
    pub capabilities: Part<Capability>,
    #[schema(value_type = Object)]
    pub seeds: Part<Seed>,
    #[schema(value_type = Object)]
    pub needs: Part<Need>,
    /// Newest first.
    #[schema(value_type = Object)]
    pub records: Part<Record>,
    /// Organisations and people it shares records of work with, the most frequent first.
    pub partners: Vec<Partner>,
}

/// Things of one kind.
#[derive(Debug, Serialize)]
pub struct Part<E> {
    pub items: Vec<Thing<E>>,
    /// There are others.
    pub more: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Partner {
    pub kind: Kind,
    pub id: ThingId,
    pub name: Title,
    /// Shared records among those shown.
    pub records: usize,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/organizations/{id}/profile")
            .route(web::get().to(read))
            .default_service(web::to(super::wire::method_not_allowed)),
    );
}

/// An organisation with its published people, capabilities, seeds, needs and records of work, and its partners: what a
/// printed page shows.
#[utoipa::path(get, path = "/api/v1/organizations/{id}/profile", tag = "organizations", params(("id" = String, Path)), responses(
    (status = 200, body = Profile), (status = 404, body = ProblemBody),
))]
async fn read(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let id = wire::known_id(&id)?;
    let as_of = app.clock().timestamp();
    let profile = app.read(move |conn| profile(conn, &actor.scope(), &id, as_of)).await?;
    Ok(HttpResponse::Ok().json(profile))
}

fn profile(conn: &mut Conn, scope: &Scope, id: &ThingId, as_of: Timestamp) -> Result<Profile> {
    let organization = things::get::<Organization>(conn, scope, id)?;
    let owned = Filter { owner: Some(id.clone()), published: true, ..Filter::default() };
    let employed = Filter { affiliation: Some(id.clone()), published: true, ..Filter::default() };
    let worked = Filter { member: Some(id.clone()), published: true, ..Filter::default() };
    let mut records = part::<Record>(conn, scope, &worked)?;
    let day = |record: &Thing<Record>| record.entry.happened_on.as_ref().and_then(|date| date.days());
    records.items.sort_by(|one, other| day(other).cmp(&day(one)).then(one.header.id.cmp(&other.header.id)));
    let partners = partners(conn, scope, id, &records.items)?;
    Ok(Profile {
        as_of,
        organization,
        people: part(conn, scope, &employed)?,
        capabilities: part(conn, scope, &owned)?,
        seeds: part(conn, scope, &owned)?,
        needs: part(conn, scope, &owned)?,
        records,
        partners,
    })
}

fn part<E: Stored>(conn: &mut Conn, scope: &Scope, filter: &Filter) -> Result<Part<E>> {
    let page = Page { limit: SHOWN_MOST, order: Order::Updated, after: None };
    let found = things::list::<E>(conn, scope, filter, &page)?;
    Ok(Part { items: found.items, more: found.next.is_some() })
}

fn partners(conn: &mut Conn, scope: &Scope, id: &ThingId, records: &[Thing<Record>]) -> Result<Vec<Partner>> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for member in records.iter().flat_map(|record| &record.entry.members).filter(|member| &member.party != id) {
        *counts.entry(member.party.to_string()).or_default() += 1;
    }
    let ids: Vec<String> = counts.keys().cloned().collect();
    let cards = things::cards(conn, scope, &ids)?;
    let mut partners: Vec<Partner> = cards
        .into_values()
        .map(|card| Partner {
            kind: card.kind,
            records: counts.get(&card.id).copied().unwrap_or(0),
            id: ThingId::from_stored(card.id),
            name: card.title,
        })
        .collect();
    partners.sort_by(|one, other| other.records.cmp(&one.records).then(one.id.cmp(&other.id)));
    partners.truncate(SHOWN_MOST);
    Ok(partners)
}
