//! The service over HTTP, in the words of its users.

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod auth;
mod coalition;
mod contract;
mod directions;
mod health;
mod law;
mod lines;
mod matching;
mod measure;
mod model;
mod resources;
mod search;
mod tokens;
