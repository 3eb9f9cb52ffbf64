//! What was there once: how a history names a thing that was deleted, or a party that became part of another one.

use super::connection::{Conn, IN_LIST};
use super::merges;
use super::schema::{changes, disclosures, things, versions};
use super::things::{self as store, Card, Stored, of_kind};
use crate::domain::entry::Title;
use crate::domain::vocabulary::{Status, Visibility};
use crate::domain::{Kind, Scope, ThingId};
use crate::error::{Error, Result};
use diesel::prelude::*;
use std::collections::HashMap;

/// One line each for those of `ids` that are there no more: what a merged party became, and of what was deleted its last
/// title, for readers who could see it. Whose it was is not told. Persons who were erased have no name here either.
pub fn cards(conn: &mut Conn, scope: &Scope, ids: &[String]) -> Result<HashMap<String, Card>> {
    let mut there: Vec<String> = Vec::new();
    for ids in ids.chunks(IN_LIST) {
        there.extend(things::table.filter(things::id.eq_any(ids.to_vec())).select(things::id).load::<String>(conn)?);
    }
    let mut found = HashMap::new();
    for id in ids.iter().filter(|id| !there.contains(id)) {
        let gone = ThingId::from_stored(id.clone());
        if let Some(successor) = merges::successor(conn, scope, &gone)? {
            let cards = store::cards(conn, scope, &[successor.to_string()])?;
            found.extend(cards.into_values().map(|card| (id.clone(), card)));
        } else if let Some(card) = last_seen(conn, scope, &gone)? {
            found.insert(id.clone(), card);
        }
    }
    Ok(found)
}

fn last_seen(conn: &mut Conn, scope: &Scope, id: &ThingId) -> Result<Option<Card>> {
    let kind: Option<String> = changes::table
        .filter(changes::thing_id.eq(id.as_str()))
        .order((changes::seq.desc(), changes::line.desc()))
        .select(changes::kind)
        .first(conn)
        .optional()?;
    let last: Option<(i64, Option<String>, String)> = versions::table
        .filter(versions::thing_id.eq(id.as_str()).and(versions::snapshot.is_not_null()))
        .order(versions::version.desc())
        .select((versions::version, versions::snapshot, versions::status))
        .first(conn)
        .optional()?;
    let (Some(kind), Some((version, Some(snapshot), status))) = (kind.as_deref().and_then(Kind::from_code), last)
    else {
        return Ok(None);
    };
    let status = Status::from_code(&status).unwrap_or(Status::Draft);
    let (title, visibility, mut owners) = of_kind!(kind, E => read::<E>(&snapshot)?);
    if kind.is_party() {
        owners.push(id.clone());
    }
    if !scope.sees(visibility, status, &owners) && !was_opened(conn, scope, id)? {
        return Ok(None);
    }
    Ok(Some(Card { id: id.to_string(), kind, version, owner: None, title }))
}

fn read<E: Stored>(snapshot: &str) -> Result<(Title, Visibility, Vec<ThingId>)> {
    let entry: E = serde_json::from_str(snapshot).map_err(Error::internal)?;
    Ok((entry.title(), entry.visibility(), entry.owners()))
}

/// An introduction had opened it to a party of the reader.
fn was_opened(conn: &mut Conn, scope: &Scope, id: &ThingId) -> Result<bool> {
    let (Scope::Member { parties } | Scope::Coordinator { parties }) = scope else { return Ok(false) };
    let parties: Vec<String> = parties.iter().map(ToString::to_string).collect();
    let opened: i64 = disclosures::table
        .filter(disclosures::thing_id.eq(id.as_str()).and(disclosures::party_id.eq_any(parties)))
        .count()
        .get_result(conn)?;
    Ok(opened > 0)
}
