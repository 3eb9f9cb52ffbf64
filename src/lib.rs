//! musubi: matchmaking for a regional industry cluster.

pub mod commands;
pub mod config;
pub mod domain;
pub mod error;
pub mod exchange;
pub mod store;
