//! Reading hits again: whatever the index found is shown from here, under the caller's rights.

use super::connection::Conn;
use super::things::{self, Card, Stored};
use crate::domain::entry::TextPlace;
use crate::domain::vocabulary::Language;
use crate::domain::{Capability, Entry, Exhibition, Kind, Need, Organization, Person, Record, Scope, Seed};
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
    let cards = things::cards(conn, scope, ids)?;
    let mut by_kind: HashMap<Kind, Vec<String>> = HashMap::new();
    for card in cards.values() {
        by_kind.entry(card.kind).or_default().push(card.id.clone());
    }
    let mut texts = HashMap::with_capacity(cards.len());
    for (kind, ids) in by_kind {
        match kind {
            Kind::Organization => collect::<Organization>(conn, scope, &ids, &mut texts)?,
            Kind::Person => collect::<Person>(conn, scope, &ids, &mut texts)?,
            Kind::Capability => collect::<Capability>(conn, scope, &ids, &mut texts)?,
            Kind::Seed => collect::<Seed>(conn, scope, &ids, &mut texts)?,
            Kind::Need => collect::<Need>(conn, scope, &ids, &mut texts)?,
            Kind::Record => collect::<Record>(conn, scope, &ids, &mut texts)?,
            Kind::Exhibition => collect::<Exhibition>(conn, scope, &ids, &mut texts)?,
        }
    }
    Ok(cards
        .into_iter()
        .map(|(id, card)| {
            let texts = texts.remove(&id).unwrap_or_default();
            (id, Reading { card, texts })
        })
        .collect())
}

fn collect<E: Stored>(
    conn: &mut Conn,
    scope: &Scope,
    ids: &[String],
    found: &mut HashMap<String, Vec<Text>>,
) -> Result<()> {
    for thing in things::get_many::<E>(conn, scope, ids)? {
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
