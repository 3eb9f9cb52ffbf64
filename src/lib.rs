//! musubi: matchmaking for a regional industry cluster.

pub mod domain;
pub mod error;
pub mod store;
