//! The real program as a process of its own: killed at any moment, beside another on the same database, refused where
//! it must not run.

#[path = "../support/mod.rs"]
mod support;

mod crash;
mod demo;
mod desk;
mod many;
mod nodes;
mod process;
mod watch;
