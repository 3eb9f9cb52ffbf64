//! `POST /similar`: things like this one, by the scorer of a match.

use super::matching::{self, From, FromThing, read_tree};
use super::problem::{Answer, ProblemBody};
use super::search::{HitBody, filled, reader, unfinished};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::Actor;
use crate::domain::vocabulary::Kind;
use crate::error::Result;
use crate::store::page::{LIMIT_DEFAULT, LIMIT_MOST, Page};
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::{Filters, SimilarRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Hits asked for beyond the limit, for those that are gone or hidden since.
const SPARE: usize = 10;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimilarQuery {
    /// The thing to start from.
    pub from: FromThing,
    /// Kinds to look among; the kind of the thing if absent.
    #[serde(default)]
    pub kinds: Option<Vec<Kind>>,
    /// 1 to 100; 20 if absent.
    #[serde(default)]
    pub limit: Option<usize>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SimilarBody {
    /// Best first; ties by id. Never the thing itself.
    pub hits: Vec<HitBody>,
    /// The index was still being built, so the answer may lack something.
    pub stale: bool,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/similar").route(web::post().to(similar)).default_service(web::to(wire::method_not_allowed)),
    );
}

/// Things like this one, of any kind.
#[utoipa::path(
    post, path = "/api/v1/similar", tag = "match", request_body = SimilarQuery,
    responses((status = 200, body = SimilarBody), (status = 400, body = ProblemBody), (status = 422, body = ProblemBody))
)]
async fn similar(app: web::Data<App>, Caller(actor): Caller, request: HttpRequest, body: web::Bytes) -> Answer {
    let wire::NoQuery {} = wire::query(&request)?;
    let query: SimilarQuery = read_tree(wire::json(&request, &body)?)?;
    let service = app.get_ref().clone();
    let body = app.in_turn(move || answer(&service, &actor, query)).await?;
    Ok(HttpResponse::Ok().json(body))
}

fn answer(app: &App, actor: &Actor, query: SimilarQuery) -> Result<SimilarBody> {
    let limit = Page::limit_in_body(query.limit, LIMIT_DEFAULT, LIMIT_MOST)?;
    let scope = actor.scope();
    let (itself, kind) = (query.from.id.to_string(), query.from.kind);
    let asking = matching::asking(app, &scope, &From::Thing(query.from), None)?;
    let mut excluded_ids = matching::narrowed_ids(app)?;
    excluded_ids.push(itself);
    let kinds = query.kinds.unwrap_or_else(|| vec![kind]);
    let answer = app.engine.similar(&SimilarRequest {
        texts: asking.texts,
        reader: reader(actor),
        filters: Filters {
            kinds: kinds.iter().map(|kind| kind.code().to_owned()).collect(),
            excluded_ids,
            ..Filters::default()
        },
        limit: limit + SPARE,
    });
    let mut hits = filled(app, &scope, &answer.hits, &answer.terms)?;
    hits.truncate(limit);
    Ok(SimilarBody { hits, stale: unfinished(app) })
}
