//! Database against index, both ways: every thing is found with its version, and nothing else is.

use crate::error::{Error, Result};
use crate::store::{Database, log, things};
use musubi_index::Engine;
use serde::Serialize;
use std::collections::HashMap;

/// Things named in a comparison at most.
const NAMED_MOST: usize = 20;

/// What the comparison found. Everything zero: search equals database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    pub things: usize,
    /// In the database, not in the index.
    pub missing: usize,
    /// In both, in another version.
    pub outdated: usize,
    /// In the index, not in the database.
    pub left_over: usize,
    /// Transactions that the index has not followed yet; the other numbers then mean little.
    pub behind: i64,
    /// The first few ids of each.
    pub named: Vec<String>,
}

impl Comparison {
    pub fn is_equal(&self) -> bool {
        self.missing + self.outdated + self.left_over == 0 && self.behind == 0
    }

    fn name(&mut self, what: &str, id: &str) {
        if self.named.len() < NAMED_MOST {
            self.named.push(format!("{what} {id}"));
        }
    }
}

/// Compares a database with what the engine serves.
pub fn compare(database: &Database, engine: &Engine) -> Result<Comparison> {
    const PAGE: i64 = 10_000;
    let mut indexed: HashMap<String, u64> = engine.versions().map_err(Error::internal)?.into_iter().collect();
    let head = database.read(log::head)?;
    let followed = engine.mark().filter(|mark| mark.epoch == head.epoch).map_or(0, |mark| mark.seq);
    let mut comparison = Comparison { behind: head.seq - followed, ..Comparison::default() };
    let mut after = String::new();
    loop {
        let page = database.read(|conn| things::versions_after(conn, &after, PAGE))?;
        let Some((last, _)) = page.last() else { break };
        after = last.clone();
        for (id, version) in page {
            comparison.things += 1;
            match indexed.remove(&id) {
                None => {
                    comparison.missing += 1;
                    comparison.name("missing", &id);
                }
                Some(known) if known != version as u64 => {
                    comparison.outdated += 1;
                    comparison.name("outdated", &id);
                }
                Some(_) => {}
            }
        }
    }
    comparison.left_over = indexed.len();
    for id in indexed.keys().take(NAMED_MOST) {
        comparison.name("left over", id);
    }
    Ok(comparison)
}
