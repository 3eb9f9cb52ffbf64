//! An invented cluster to try things on: no real firm, no real person, a prefecture that does not exist.

mod arrangements;
mod fairs;
pub mod sign_ins;

pub use arrangements::arrange;

use crate::domain::{Actor, Kind};
use crate::error::{Error, Result};
use crate::exchange::import::{ImportOptions, import};
use crate::exchange::lines::JsonLines;
use crate::exchange::rows::Notes;
use crate::store::{Database, accounts, references, things, vocabulary};

/// The name under which the demo's own ids are remembered.
const SOURCE: &str = "demo";

const MUNICIPALITIES: &str = include_str!("municipalities.csv");

/// Each kind and its rows, parties before what they own, records last.
const FILES: [(Kind, &str); 6] = [
    (Kind::Organization, include_str!("organizations.jsonl")),
    (Kind::Person, include_str!("people.jsonl")),
    (Kind::Capability, include_str!("capabilities.jsonl")),
    (Kind::Seed, include_str!("seeds.jsonl")),
    (Kind::Need, include_str!("needs.jsonl")),
    (Kind::Record, include_str!("records.jsonl")),
];

/// Whether nothing is in the database but the demo: invented data and real data are not mixed.
pub fn is_free(database: &Database) -> Result<bool> {
    database.read(|conn| {
        let (scheme, first) = (references::source_scheme(SOURCE), "org-miori-univ");
        let ours = references::find(conn, Kind::Organization, &scheme, first)?.is_some();
        Ok(ours || (things::count_all(conn)? == 0 && !accounts::any(conn)?))
    })
}

/// Fills an empty database; does nothing where something is registered. Gives the number of things.
pub fn load(database: &Database) -> Result<u64> {
    if database.read(|conn| things::count(conn, Kind::Organization))? > 0 {
        return Ok(0);
    }
    database.housekeeping(|conn| vocabulary::add_municipalities(conn, MUNICIPALITIES))?;
    let mut created = 0;
    for (kind, text) in FILES {
        let mut rows = JsonLines::new(kind, text.as_bytes());
        let options = ImportOptions { source: Some(SOURCE.to_owned()), ..ImportOptions::default() };
        let report = import(database, &Actor::System, kind, &mut rows, Notes::default(), &options, &mut ())?;
        if report.rows.refused > 0 {
            return Err(Error::internal(format!("{} demo {} were refused", report.rows.refused, kind.plural())));
        }
        created += report.rows.created;
    }
    Ok(created + fairs::load(database)?)
}
