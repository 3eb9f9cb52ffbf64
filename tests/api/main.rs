//! The service over HTTP, in the words of its users.

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod auth;
mod coalition;
mod compose;
mod concepts;
mod contract;
mod desk;
mod desk_things;
mod desk_work;
mod directions;
mod figures;
mod health;
mod history;
mod imports;
mod language;
mod law;
mod lifecycle;
mod lines;
mod matching;
mod measure;
mod merges;
mod model;
mod resources;
mod search;
mod sense;
mod tokens;
