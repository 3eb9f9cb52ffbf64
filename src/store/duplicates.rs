//! Organisations that may be the same: they meet under a key, a number or a name without its legal form.

use super::connection::Conn;
use super::page::{Page, Paged, Place};
use super::schema::likenesses;
use super::things;
use crate::domain::{Organization, Scope, Thing};
use crate::error::Result;
use diesel::dsl::count_star;
use diesel::prelude::*;
use std::collections::HashSet;

/// Organisations that share a key and that nothing tells apart.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// `number` or `name`.
    pub scheme: String,
    pub value: String,
    pub organizations: Vec<Thing<Organization>>,
}

/// Keys looked at for one page.
const KEYS_MOST: usize = 500;
/// Organisations shown under one key.
const SHOWN_MOST: i64 = 20;

pub(super) fn insert(conn: &mut Conn, id: &str, keys: &[(&'static str, String)]) -> Result<()> {
    for (scheme, value) in keys {
        diesel::insert_into(likenesses::table)
            .values((likenesses::scheme.eq(scheme), likenesses::value.eq(value), likenesses::thing_id.eq(id)))
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn delete(conn: &mut Conn, id: &str) -> Result<()> {
    diesel::delete(likenesses::table.filter(likenesses::thing_id.eq(id))).execute(conn)?;
    Ok(())
}

/// Suggestions in the order of their keys. A page may hold fewer than its limit and still have a next one: only so
/// many keys are looked at for it.
pub fn suggest(conn: &mut Conn, scope: &Scope, page: &Page) -> Result<Paged<Suggestion>> {
    let keys = shared_keys(conn, page.after.as_ref(), KEYS_MOST as i64)?;
    let all_seen = keys.len() < KEYS_MOST;
    let mut seen: HashSet<Vec<String>> = HashSet::new();
    let mut items = Vec::new();
    let mut last = None;
    let count = keys.len();
    for (place, (scheme, value)) in keys.into_iter().enumerate() {
        let organizations = alike(conn, scope, &scheme, &value)?;
        last = Some(Place { key: scheme.clone(), id: value.clone() });
        let mut ids: Vec<String> = organizations.iter().map(|thing| thing.header.id.to_string()).collect();
        ids.sort();
        // The same ones meet under their Japanese and their English name.
        if organizations.len() > 1 && seen.insert(ids) {
            items.push(Suggestion { scheme, value, organizations });
        }
        if items.len() == page.limit {
            let more = place + 1 < count || !all_seen;
            return Ok(Paged { items, next: last.filter(|_| more) });
        }
    }
    Ok(Paged { items, next: last.filter(|_| !all_seen) })
}

/// Keys under which more than one thing stands.
fn shared_keys(conn: &mut Conn, after: Option<&Place>, limit: i64) -> Result<Vec<(String, String)>> {
    let (scheme, value) = after.map_or(("", ""), |place| (place.key.as_str(), place.id.as_str()));
    Ok(likenesses::table
        .filter(likenesses::scheme.ge(scheme))
        .filter(likenesses::scheme.gt(scheme).or(likenesses::value.gt(value)))
        .group_by((likenesses::scheme, likenesses::value))
        .having(count_star().gt(1))
        .order((likenesses::scheme, likenesses::value))
        .limit(limit)
        .select((likenesses::scheme, likenesses::value))
        .load(conn)?)
}

/// What stands under a key and may be the same as something else there.
fn alike(conn: &mut Conn, scope: &Scope, scheme: &str, value: &str) -> Result<Vec<Thing<Organization>>> {
    let ids: Vec<String> = likenesses::table
        .filter(likenesses::scheme.eq(scheme).and(likenesses::value.eq(value)))
        .order(likenesses::thing_id)
        .limit(SHOWN_MOST)
        .select(likenesses::thing_id)
        .load(conn)?;
    let mut all = things::get_many::<Organization>(conn, scope, &ids)?;
    all.sort_by(|one, other| one.header.id.cmp(&other.header.id));
    if scheme == "number" {
        return Ok(all);
    }
    let may_be = |one: &Thing<Organization>| {
        all.iter().any(|other| one.header.id != other.header.id && may_be_same(&one.entry, &other.entry))
    };
    Ok(all.iter().filter(|one| may_be(one)).cloned().collect())
}

/// Two of the same name: not the same if their numbers or their places differ.
fn may_be_same(one: &Organization, other: &Organization) -> bool {
    fn agree<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
        match (one, other) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }
    agree(&one.corporate_number, &other.corporate_number) && agree(&one.municipality, &other.municipality)
}
