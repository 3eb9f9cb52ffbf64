//! musubi: matchmaking for a regional industry cluster.

pub mod domain;
