//! Readers of the change log. One thread owns the index: it takes the changes after the mark in one snapshot, reads the
//! rows again, and commits documents and mark together. Any part can be repeated without harm; the index can be
//! deleted at any moment.

mod compare;
mod concepts;
mod documents;
mod indexer;

pub use compare::{Comparison, compare};
pub use concepts::taxonomy;
pub use indexer::{Feed, Pace, Progress, Status, catch_up, rebuild};
