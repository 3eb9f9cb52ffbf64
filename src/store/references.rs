//! Numbers by which others know a thing: 法人番号, ROR, ORCID, the ids of an import source.

use super::connection::{Conn, IN_LIST};
use super::database::Tx;
use super::schema::external_references;
use super::things;
use crate::domain::vocabulary::Kind;
use crate::domain::{Defect, ThingId};
use crate::error::{Error, Result};
use diesel::prelude::*;
use std::collections::HashMap;

/// The scheme of an import source: its own ids, apart from everyone else's.
pub fn source_scheme(source: &str) -> String {
    format!("source:{source}")
}

pub fn find(conn: &mut Conn, kind: Kind, scheme: &str, value: &str) -> Result<Option<ThingId>> {
    let id: Option<String> = external_references::table
        .find((kind.code(), scheme, value))
        .select(external_references::thing_id)
        .first(conn)
        .optional()?;
    Ok(id.map(ThingId::from_stored))
}

/// The party (organisation or person) that a source knows by `value`.
pub fn find_party(conn: &mut Conn, scheme: &str, value: &str) -> Result<Option<ThingId>> {
    if let Some(id) = find(conn, Kind::Organization, scheme, value)? {
        return Ok(Some(id));
    }
    find(conn, Kind::Person, scheme, value)
}

/// Every reference of the given things: `thing → [(scheme, value)]`.
pub fn of_things(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, Vec<(String, String)>>> {
    let mut found: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for ids in ids.chunks(IN_LIST) {
        let rows: Vec<(String, String, String)> = external_references::table
            .filter(external_references::thing_id.eq_any(ids))
            .order((external_references::scheme, external_references::value))
            .select((external_references::thing_id, external_references::scheme, external_references::value))
            .load(conn)?;
        for (id, scheme, value) in rows {
            found.entry(id).or_default().push((scheme, value));
        }
    }
    Ok(found)
}

/// Gives a thing another name at a source. The same name for another thing is refused.
pub fn add(tx: &mut Tx<'_>, kind: Kind, scheme: &str, value: &str, thing: &ThingId) -> Result<()> {
    match find(tx.conn(), kind, scheme, value)? {
        Some(known) if known == *thing => Ok(()),
        Some(known) => Err(taken(tx, scheme, value, &known)?),
        None => insert(tx.conn(), kind, scheme, value, thing),
    }
}

pub(super) fn insert(conn: &mut Conn, kind: Kind, scheme: &str, value: &str, thing: &ThingId) -> Result<()> {
    diesel::insert_into(external_references::table)
        .values((
            external_references::kind.eq(kind.code()),
            external_references::scheme.eq(scheme),
            external_references::value.eq(value),
            external_references::thing_id.eq(thing.as_str()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Makes the entry's own numbers those given; what sources call the thing, and what came with a merge, stays.
pub(super) fn replace_own(
    tx: &mut Tx<'_>,
    kind: Kind,
    thing: &ThingId,
    before: &[(&'static str, String)],
    after: &[(&'static str, String)],
) -> Result<()> {
    for (scheme, value) in before.iter().filter(|reference| !after.contains(reference)) {
        diesel::delete(
            external_references::table
                .find((kind.code(), *scheme, value.as_str()))
                .filter(external_references::thing_id.eq(thing.as_str())),
        )
        .execute(tx.conn())?;
    }
    for (scheme, value) in after.iter().filter(|reference| !before.contains(reference)) {
        add(tx, kind, scheme, value, thing)?;
    }
    Ok(())
}

pub(super) fn delete_all(conn: &mut Conn, thing: &ThingId) -> Result<()> {
    diesel::delete(external_references::table.filter(external_references::thing_id.eq(thing.as_str())))
        .execute(conn)?;
    Ok(())
}

/// The refusal of a number that something else has; names that thing only to those who may see it.
fn taken(tx: &mut Tx<'_>, scheme: &str, value: &str, known: &ThingId) -> Result<Error> {
    let scope = tx.actor().scope();
    let card = things::cards(tx.conn(), &scope, &[known.to_string()])?.remove(known.as_str());
    let (ja, en) = match card {
        Some(card) => {
            let title = card.title.any().to_owned();
            (format!("「{title}」（{known}）として"), format!(" as \"{title}\" ({known})"))
        }
        None => Default::default(),
    };
    Ok(Error::Conflict(Defect::new(
        "already-exists",
        format!("{scheme} {value} は{ja}すでに登録されています。"),
        format!("{scheme} {value} is already registered{en}."),
    )))
}
