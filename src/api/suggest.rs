//! `GET /suggest`: what a text that is being typed may become, under the caller's rights.

use super::problem::{Answer, ProblemBody};
use super::search::{narrowed, read_again, reader};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::entry::Title;
use crate::domain::finding::Message;
use crate::domain::text::fold;
use crate::domain::vocabulary::Kind;
use crate::domain::{Actor, Defect, ThingId};
use crate::error::{Error, Result};
use crate::store::{Conn, concepts, saved_searches};
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::{Filters, SuggestRequest};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const LIMIT_DEFAULT: usize = 8;
const LIMIT_MOST: usize = 20;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuggestQuery {
    /// What was typed so far: kana, kanji, romaji or English. The first 64 characters count.
    pub q: String,
    /// 1 to 20 of each; 8 if absent.
    pub limit: Option<usize>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestBody {
    /// Things, the nearest name first. Null while what is served does not follow the database.
    pub things: Option<Vec<SuggestedThing>>,
    pub concepts: Vec<SuggestedConcept>,
    /// Of the caller's own saved searches, those whose name or query begins with the text, or holds it.
    pub searches: Vec<SuggestedSearch>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestedSearch {
    pub id: ThingId,
    pub name: String,
    /// Its words; empty if it only filters.
    pub q: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestedThing {
    pub kind: Kind,
    pub id: String,
    pub title: Title,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestedConcept {
    pub code: String,
    pub name: Message,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/suggest").route(web::get().to(suggest)).default_service(web::to(wire::method_not_allowed)),
    );
}

/// What a text that is being typed may become.
#[utoipa::path(
    get, path = "/api/v1/suggest", tag = "search", params(SuggestQuery),
    responses((status = 200, body = SuggestBody), (status = 400, body = ProblemBody))
)]
async fn suggest(app: web::Data<App>, Caller(actor): Caller, request: HttpRequest) -> Answer {
    let query: SuggestQuery = wire::query(&request)?;
    let service = app.get_ref().clone();
    let body = app.in_turn(move || run(&service, &actor, &query)).await?;
    Ok(HttpResponse::Ok().json(body))
}

fn run(app: &App, actor: &Actor, query: &SuggestQuery) -> Result<SuggestBody> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MOST).contains(&limit) {
        return Err(Error::Malformed(Defect::new(
            "page-limit",
            format!("limit は1〜{LIMIT_MOST}です。"),
            format!("limit is from 1 to {LIMIT_MOST}."),
        )));
    }
    let narrowed = narrowed(app)?;
    let follows = narrowed.is_some();
    let answer = app.engine.suggest(&SuggestRequest {
        text: query.q.clone(),
        reader: reader(actor),
        filters: Filters { excluded_ids: narrowed.unwrap_or_default(), ..Filters::default() },
        limit,
    });
    let ids: Vec<String> = answer.hits.iter().map(|hit| hit.id.clone()).collect();
    let codes = answer.concepts;
    app.database.read(|conn| {
        let (readings, _) = read_again(conn, &actor.scope(), &ids)?;
        let things = answer.hits.iter().filter_map(|hit| {
            let card = &readings.get(&hit.id).filter(|reading| reading.card.version as u64 == hit.version)?.card;
            Some(SuggestedThing { kind: card.kind, id: card.id.clone(), title: card.title.clone() })
        });
        let things = follows.then(|| things.collect());
        let mut named = Vec::with_capacity(codes.len());
        for code in &codes {
            // The tree may have changed since the index was built.
            let concept = match concepts::get(conn, code) {
                Ok(concept) => concept,
                Err(Error::NotFound) => continue,
                Err(error) => return Err(error),
            };
            let either = |one: &Option<String>, other: &Option<String>| {
                one.clone().or_else(|| other.clone()).unwrap_or_default()
            };
            let names = &concept.names;
            let name = Message::new(either(&names.name_ja, &names.name_en), either(&names.name_en, &names.name_ja));
            named.push(SuggestedConcept { code: concept.code, name });
        }
        let searches = own_searches(conn, actor, &query.q, limit)?;
        Ok(SuggestBody { things, concepts: named, searches })
    })
}

/// What others search for says something of them, so only the caller's own are suggested.
fn own_searches(conn: &mut Conn, actor: &Actor, text: &str, limit: usize) -> Result<Vec<SuggestedSearch>> {
    let (Actor::Account(account), typed) = (actor, fold(text)) else { return Ok(Vec::new()) };
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    let mut fitting = Vec::new();
    for saved in saved_searches::all(conn, &account.id)? {
        let stored: serde_json::Value = serde_json::from_str(&saved.query).map_err(Error::internal)?;
        let q = stored["q"].as_str().unwrap_or_default().to_owned();
        let (name, words) = (fold(&saved.name), fold(&q));
        let rank = match () {
            () if name.starts_with(&typed) || words.starts_with(&typed) => 0,
            () if name.contains(&typed) || words.contains(&typed) => 1,
            () => continue,
        };
        fitting.push((rank, SuggestedSearch { id: saved.id, name: saved.name, q }));
    }
    // Newest first among equals, as they come.
    fitting.sort_by_key(|(rank, _)| *rank);
    Ok(fitting.into_iter().map(|(_, search)| search).take(limit).collect())
}
