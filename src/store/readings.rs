//! Reading hits again: whatever the index found is shown from here, under the caller's rights.

use super::connection::Conn;
use super::things::{self, Card, Stored, ThingRow, of_kind};
use super::values::{self, Parts};
use crate::domain::entry::TextPlace;
use crate::domain::vocabulary::Language;
use crate::domain::{Entry, Kind, Scope};
use crate::error::Result;
use std::collections::HashMap;

/// A thing with every text of it that can be shown as a highlight or as evidence.
#[derive(Debug, Clone)]
pub struct Reading {
    pub card: Card,
    pub texts: Vec<Text>,
}

#[derive(Debug, Clone)]
pub struct Text {
    /// Name of the field without the language.
    pub field: String,
    pub language: Language,
    pub text: String,
    pub place: TextPlace,
}

/// Reads `ids` again in one go; what is gone or hidden is left out.
pub fn read(conn: &mut Conn, scope: &Scope, ids: &[String]) -> Result<HashMap<String, Reading>> {
    let rows = things::headers(conn, scope, ids)?;
    let cards = things::cards_of(conn, scope, &rows)?;
    let seen: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut parts = values::load(conn, &seen)?;
    let mut by_kind: HashMap<Kind, Vec<ThingRow>> = HashMap::new();
    for row in rows {
        if let Some(kind) = Kind::from_code(&row.kind) {
            by_kind.entry(kind).or_default().push(row);
        }
    }
    let mut texts = HashMap::with_capacity(cards.len());
    for (kind, rows) in by_kind {
        of_kind!(kind, E => collect::<E>(conn, scope, rows, &mut parts, &mut texts))?;
    }
    let reading = |card: Card| {
        let texts = texts.remove(&card.id).unwrap_or_default();
        (card.id.clone(), Reading { card, texts })
    };
    Ok(cards.into_iter().map(reading).collect())
}

fn collect<E: Stored>(
    conn: &mut Conn,
    scope: &Scope,
    rows: Vec<ThingRow>,
    parts: &mut HashMap<String, Parts>,
    found: &mut HashMap<String, Vec<Text>>,
) -> Result<()> {
    for thing in things::assemble_with::<E>(conn, scope, rows, parts)? {
        let texts = texts_of(&thing.entry);
        found.insert(thing.header.id.to_string(), texts);
    }
    Ok(())
}

fn texts_of<E: Entry>(entry: &E) -> Vec<Text> {
    let text = |text: crate::domain::entry::TextField<'_>| Text {
        field: text.field,
        language: text.language,
        text: text.text.to_owned(),
        place: text.place,
    };
    entry.texts().into_iter().map(text).collect()
}
