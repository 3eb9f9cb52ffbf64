//! The only room that knows diesel. Two doors: [`Database::read`] and [`Database::write`].

pub mod check;
pub mod connection;
pub mod database;
pub mod idempotency;
pub mod log;
pub mod migrate;
pub mod page;
pub mod queue;
pub mod readings;
pub mod references;
pub mod schema;
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
