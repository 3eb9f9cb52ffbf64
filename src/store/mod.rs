//! The only room that knows diesel. Two doors: [`Database::read`] and [`Database::write`].

pub mod accounts;
pub mod api_tokens;
pub mod check;
pub mod clocks;
pub mod codes;
pub mod connection;
pub mod database;
pub mod disclosures;
pub mod idempotency;
pub mod invitations;
pub mod log;
pub mod matters;
pub mod memberships;
pub mod migrate;
pub mod notices;
pub mod outbox;
pub mod page;
pub mod queue;
pub mod readings;
pub mod references;
pub mod schema;
pub mod sessions;
pub mod sign_in_counters;
pub mod standing;
pub mod things;
pub mod vocabulary;

mod capabilities;
mod needs;
mod organizations;
mod people;
mod records;
mod seeds;
mod values;

pub use connection::{Conn, Target};
pub use database::{Database, DatabaseSettings, Tx, Written};
