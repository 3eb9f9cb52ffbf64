//! The steps of a thing's life as actions: `POST /{kind}/{id}/submit`, `publish`, `return`, `withdraw`, `reopen`,
//! `verify`; what was said with them; and which parties are trusted.

use super::problem::Answer;
use super::resource::{answer_thing, owners_of, seen_and_permitted};
use super::shown::{Shown, ShownActor, concerned};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::access::Action;
use crate::domain::lifecycle::Step;
use crate::domain::text::Prose;
use crate::domain::{Actor, Capability, Defect, Exhibition, Need, Organization, Person, Record, Seed, Timestamp};
use crate::error::Error;
use crate::store::lifecycle::{self, Review};
use crate::store::things::{self, Stored};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is said with a step.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepBody {
    /// For the author and whoever reviews; required when something is returned.
    #[serde(default)]
    pub comment: Option<Prose>,
}

/// What was said of a thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewShown {
    /// `submit`, `publish`, `return` or `withdraw`.
    pub step: String,
    /// The version that came of it.
    pub version: i64,
    pub at: Timestamp,
    pub by: ShownActor,
    /// Done by somebody who may review.
    pub by_reviewer: bool,
    pub comment: Option<String>,
}

/// Newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reviews {
    pub items: Vec<ReviewShown>,
}

/// Whether the things of a party are published without review.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trust {
    pub trusted: bool,
    pub since: Option<Timestamp>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    steps_of::<Organization>(config);
    steps_of::<Person>(config);
    steps_of::<Capability>(config);
    steps_of::<Seed>(config);
    steps_of::<Need>(config);
    steps_of::<Record>(config);
    steps_of::<Exhibition>(config);
    trust_of::<Organization>(config);
    trust_of::<Person>(config);
}

fn steps_of<E: Stored>(config: &mut web::ServiceConfig) {
    let plural = E::KIND.plural();
    for step in Step::BY_PEOPLE {
        let handler = move |app, caller, request, id, body| take::<E>(step, app, caller, request, id, body);
        config.service(
            web::resource(format!("/{plural}/{{id}}/{}", step.code()))
                .route(web::post().to(handler))
                .default_service(web::to(wire::method_not_allowed)),
        );
    }
    config.service(
        web::resource(format!("/{plural}/{{id}}/reviews"))
            .route(web::get().to(said::<E>))
            .default_service(web::to(wire::method_not_allowed)),
    );
}

fn trust_of<E: Stored>(config: &mut web::ServiceConfig) {
    config.service(
        web::resource(format!("/{}/{{id}}/trust", E::KIND.plural()))
            .route(web::get().to(trusted::<E>))
            .route(web::put().to(trust::<E>))
            .route(web::delete().to(distrust::<E>))
            .default_service(web::to(wire::method_not_allowed)),
    );
}

/// What the caller must be allowed to do for a step.
fn action_of(step: Step) -> Action {
    match step {
        Step::Publish | Step::Return => Action::Review,
        Step::Submit | Step::Withdraw | Step::Reopen | Step::Verify | Step::Expire => Action::Change,
    }
}

async fn take<E: Stored>(
    step: Step,
    app: web::Data<App>,
    Caller(actor): Caller,
    request: HttpRequest,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let id = wire::known_id(&id)?;
    let expected = Revision::required(&request)?;
    // Without a body there is nothing to say.
    let StepBody { comment } = if body.is_empty() { StepBody::default() } else { wire::typed(&request, &body)? };
    let comment = comment.filter(|comment| !comment.as_str().is_empty());
    if step == Step::Return && comment.is_none() {
        return Err(Error::invalid(
            "/comment",
            Defect::new(
                "value.required",
                "差し戻すときは、何を直せばよいかを comment に書いてください。",
                "Say in comment what is to be mended.",
            ),
        )
        .into());
    }
    let written = app
        .write(actor, move |tx| {
            let current = seen_and_permitted::<E>(tx, action_of(step), &id)?;
            let owners = owners_of(&current.header, &current.entry);
            lifecycle::step(tx, current, expected.0, &owners, step, comment.as_ref())
        })
        .await?;
    answer_thing(StatusCode::OK, written.value, written.position)
}

async fn said<E: Stored>(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let id = wire::known_id(&id)?;
    let answer = app
        .read(move |conn| {
            let thing = things::get::<E>(conn, &actor.scope(), &id)?;
            if !concerned(&actor, &thing) {
                return Err(if actor == Actor::Visitor { Error::Unauthenticated } else { Error::Forbidden });
            }
            let reviews = lifecycle::reviews_of(conn, &id)?;
            let shown = Shown::of(conn, reviews.iter().map(|review| review.actor.as_str()), true)?;
            Ok(Reviews { items: reviews.into_iter().map(|review| shown_review(review, &shown)).collect() })
        })
        .await?;
    Ok(HttpResponse::Ok().json(answer))
}

fn shown_review(review: Review, shown: &Shown) -> ReviewShown {
    ReviewShown {
        step: review.step,
        version: review.version,
        at: review.at,
        by: shown.actor(&review.actor),
        by_reviewer: review.by_reviewer,
        comment: review.comment,
    }
}

async fn trusted<E: Stored>(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let id = wire::known_id(&id)?;
    let since = app
        .read(move |conn| {
            let thing = things::get::<E>(conn, &actor.scope(), &id)?;
            if !concerned(&actor, &thing) {
                return Err(if actor == Actor::Visitor { Error::Unauthenticated } else { Error::Forbidden });
            }
            lifecycle::trusted_since(conn, &id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(Trust { trusted: since.is_some(), since }))
}

async fn trust<E: Stored>(app: web::Data<App>, caller: Caller, id: web::Path<String>) -> Answer {
    set_trust::<E>(app, caller, &id, true).await
}

async fn distrust<E: Stored>(app: web::Data<App>, caller: Caller, id: web::Path<String>) -> Answer {
    set_trust::<E>(app, caller, &id, false).await
}

async fn set_trust<E: Stored>(app: web::Data<App>, Caller(actor): Caller, id: &str, value: bool) -> Answer {
    let id = wire::known_id(id)?;
    let written = app
        .write(actor, move |tx| {
            seen_and_permitted::<E>(tx, Action::Review, &id)?;
            lifecycle::trust(tx, E::KIND, &id, value)?;
            lifecycle::trusted_since(tx.conn(), &id)
        })
        .await?;
    let since = written.value;
    Ok(HttpResponse::Ok().json(Trust { trusted: since.is_some(), since }))
}
