//! The only room with JSON handlers and wire types. The routes, in one place.

pub mod accounts;
pub mod audit;
pub mod auth;
pub mod coalition;
pub mod fit;
pub mod gate;
pub mod health;
pub mod invitations;
pub mod lines;
pub mod matching;
pub mod me;
pub mod memberships;
pub mod metrics;
pub mod middleware;
pub mod openapi;
pub mod permit;
pub mod problem;
pub mod resource;
pub mod search;
pub mod thing_matches;
pub mod vocabularies;
pub mod wire;

use crate::domain::{Capability, Need, Organization, Person, Record, Seed};
use actix_web::web;

/// Everything under the service's address.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::scope("/api/v1")
                .configure(resource::routes::<Organization>)
                .configure(resource::routes::<Person>)
                .configure(resource::routes::<Capability>)
                .configure(resource::routes::<Seed>)
                .configure(resource::routes::<Need>)
                .configure(resource::routes::<Record>)
                .configure(search::routes)
                .configure(coalition::routes)
                .configure(matching::routes)
                .configure(vocabularies::routes)
                .configure(auth::routes)
                .configure(me::routes)
                .configure(accounts::routes)
                .configure(memberships::routes)
                .configure(invitations::routes)
                .configure(audit::routes)
                .default_service(web::to(wire::no_such_route)),
        )
        .configure(auth::key_routes)
        .configure(health::routes)
        .configure(openapi::routes)
        .default_service(web::to(wire::no_such_route));
}
