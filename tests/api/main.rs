//! The service over HTTP, in the words of its users.

#[path = "../support/mod.rs"]
mod support;

mod coalition;
mod health;
mod lines;
mod matching;
mod resources;
mod search;
