//! The only room with JSON handlers and wire types. The routes, in one place.

pub mod accounts;
pub mod applications;
mod arranging;
pub mod audit;
pub mod auth;
pub mod background;
mod booth_placing;
pub mod booth_plans;
pub mod candidates;
pub mod cases;
mod chances;
pub mod coalition;
mod coalition_files;
pub mod compose;
mod compose_words;
pub mod composition_ask;
pub mod compositions;
pub mod concepts;
pub mod conditions;
pub mod cors;
pub mod desk;
pub mod duplicates;
mod evidence;
pub mod exports;
pub mod facets;
pub mod feeds;
mod file_answer;
mod file_words;
pub mod fit;
pub mod gate;
pub mod group_wire;
pub mod groups;
pub mod health;
pub mod history;
pub mod imports;
pub mod indicators;
pub mod introductions;
pub mod invitations;
pub mod joint_orders;
mod left_out;
mod left_out_facts;
pub mod lifecycle;
pub mod line_facts;
pub mod line_kinds;
mod line_questions;
mod lines;
mod list_files;
mod match_files;
mod match_filters;
mod match_hints;
pub mod matches;
pub mod matching;
pub mod matter;
pub mod me;
pub mod meetings;
pub mod memberships;
pub mod metrics;
pub mod middleware;
pub mod names;
mod neighbours;
mod nobody;
pub mod notices;
pub mod openapi;
mod openapi_life;
mod openapi_tidy;
pub mod organization_archive;
pub mod participants;
pub mod permit;
pub mod problem;
pub mod profile;
pub mod resource;
pub mod reviews;
pub mod saved_searches;
pub mod search;
pub mod search_hints;
mod search_words;
pub mod shown;
pub mod similar;
pub mod solves;
pub mod solving;
pub mod standing;
pub mod stories;
pub mod substitutes;
pub mod suggest;
pub mod thing_matches;
pub mod timetables;
pub mod vocabularies;
pub mod wire;

use crate::domain::{Capability, Exhibition, Need, Organization, Person, Record, Seed};
use actix_web::web;

/// Everything under the service's address.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::scope("/api/v1")
                // Routes are tried in this order: what is asked most comes first.
                .configure(search::routes)
                .configure(resource::routes::<Organization>)
                .configure(resource::routes::<Person>)
                .configure(resource::routes::<Capability>)
                .configure(resource::routes::<Seed>)
                .configure(resource::routes::<Need>)
                .configure(resource::routes::<Record>)
                .configure(resource::routes::<Exhibition>)
                .configure(lifecycle::routes)
                .configure(history::routes)
                .configure(reviews::routes)
                .configure(duplicates::routes)
                .configure(profile::routes)
                .configure(organization_archive::routes)
                .configure(suggest::routes)
                .configure(similar::routes)
                .configure(coalition::routes)
                .configure(compose::routes)
                .configure(matching::routes)
                .configure(vocabularies::routes)
                .configure(concepts::routes)
                .configure(auth::routes)
                .configure(me::routes)
                .configure(accounts::routes)
                .configure(memberships::routes)
                .configure(invitations::routes)
                .configure(audit::routes)
                .configure(imports::routes)
                .configure(exports::routes)
                .configure(standing::routes)
                .configure(matches::routes)
                .configure(introductions::routes)
                .configure(cases::routes)
                .configure(timetables::routes)
                .configure(participants::routes)
                .configure(solving::routes)
                .configure(meetings::routes)
                .configure(booth_plans::routes)
                .configure(joint_orders::routes)
                .configure(applications::routes)
                .configure(compositions::routes)
                .configure(groups::routes)
                .configure(substitutes::routes)
                .configure(stories::routes)
                .configure(desk::routes)
                .configure(indicators::routes)
                .configure(notices::routes)
                .configure(saved_searches::routes)
                .configure(feeds::routes)
                .default_service(web::to(wire::no_such_route)),
        )
        .configure(auth::key_routes)
        .configure(health::routes)
        .configure(openapi::routes)
        .default_service(web::to(wire::no_such_route));
}
