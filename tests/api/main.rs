//! The service over HTTP, in the words of its users.

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod auth;
mod health;
mod matching;
mod measure;
mod resources;
mod search;
mod tokens;
