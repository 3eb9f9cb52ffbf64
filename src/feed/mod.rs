//! Readers of the change log. One thread owns the index: it takes the changes after the mark in one snapshot, reads the
//! rows again, and commits documents and mark together. Any part can be repeated without harm; the index can be
//! deleted at any moment. Another tells saved searches what is new.

mod compare;
mod concepts;
mod documents;
mod indexer;
mod watcher;

pub use compare::{Comparison, compare};
pub use concepts::taxonomy;
pub use indexer::{Feed, Pace, Progress, Status, catch_up, rebuild};
pub use watcher::{Compile, Step, Watch, WatchSettings, Watcher, reader_of, still_found};
