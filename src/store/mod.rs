//! The only room that knows diesel. Two doors: [`Database::read`] and [`Database::write`].

pub mod accounts;
pub mod api_tokens;
pub mod archive;
pub mod check;
pub mod codes;
pub mod concepts;
pub mod connection;
pub mod database;
pub mod duplicates;
pub mod history;
pub mod idempotency;
pub mod import_mappings;
pub mod imports;
pub mod invitations;
mod lent;
pub mod lifecycle;
pub mod log;
pub mod memberships;
pub mod merges;
pub mod migrate;
pub mod outbox;
pub mod page;
pub mod people;
pub mod queue;
pub mod readings;
pub mod references;
pub mod schema;
pub mod sessions;
pub mod sign_in_counters;
pub mod things;
pub mod vocabulary;
pub mod yearly;

mod bonds;
mod capabilities;
mod needs;
mod organizations;
mod records;
mod seeds;
mod values;

pub use connection::{Conn, Target};
pub use database::{Database, DatabaseSettings, Tx, Written};
