//! Parties that may be the same: organisations meet under a key, a number or a name without its legal form; people under
//! their name.

use super::connection::Conn;
use super::page::{Page, Paged, Place};
use super::schema::{likenesses, things as thing_rows};
use super::things::{self, Stored};
use crate::domain::text::{bare_name, fold, personal_name};
use crate::domain::{Organization, Scope, Thing, ThingId};
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

/// Something registered that may be the same as what is being registered.
#[derive(Debug, Clone)]
pub struct Alike<E> {
    /// The key under which they met: `number`, `name` or `person`, and what it is.
    pub scheme: &'static str,
    pub value: String,
    pub thing: Thing<E>,
}

/// Schemes of keys under which organisations meet, in their order.
const OF_ORGANIZATIONS: [&str; 2] = ["name", "number"];
/// Keys of one thing that are looked up: a name and its aliases.
const OWN_KEYS_MOST: usize = 20;
/// Things that are told to be like one.
const ALIKE_MOST: usize = 5;
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

/// What `scope` may see and may be the same as `entry`, which is registered as `own`: at most five, those of the same number
/// first. What it may not see is neither told nor counted.
pub fn likely<E: Stored>(conn: &mut Conn, scope: &Scope, entry: &E, own: &ThingId) -> Result<Vec<Alike<E>>> {
    let mut keys = entry.likeness();
    // A number says more than a name.
    keys.sort_by_key(|(scheme, _)| *scheme != "number");
    let mut found: Vec<Alike<E>> = Vec::new();
    for (scheme, value) in keys.into_iter().take(OWN_KEYS_MOST) {
        let under = likenesses::table
            .filter(likenesses::scheme.eq(scheme).and(likenesses::value.eq(value.clone())))
            .select(likenesses::thing_id);
        let ids: Vec<String> = things::visible(scope)
            .filter(thing_rows::kind.eq(E::KIND.code()).and(thing_rows::id.ne(own.to_string())))
            .filter(thing_rows::id.eq_any(under))
            .order(thing_rows::id)
            .limit(SHOWN_MOST)
            .select(thing_rows::id)
            .load(conn)?;
        let mut things = things::get_many::<E>(conn, scope, &ids)?;
        things.sort_by(|one, other| one.header.id.cmp(&other.header.id));
        for thing in things {
            let told = found.iter().any(|alike| alike.thing.header.id == thing.header.id);
            if !told && (scheme == "number" || entry.may_be(&thing.entry)) {
                found.push(Alike { scheme, value: value.clone(), thing });
            }
            if found.len() == ALIKE_MOST {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// The organisations, else the people, that `scope` may see and that are called so (with or without the legal form, by an alias,
/// too); where one of them is called exactly so, only that one. At most five.
pub fn named(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Vec<ThingId>> {
    let organizations = named_organizations(conn, scope, name)?;
    if !organizations.is_empty() {
        return Ok(organizations);
    }
    let key = personal_name(name);
    if key.is_empty() { Ok(Vec::new()) } else { under_name(conn, scope, name, "person", key) }
}

/// As [`named`], of organisations only.
pub fn named_organizations(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Vec<ThingId>> {
    bare_name(name).map_or(Ok(Vec::new()), |key| under_name(conn, scope, name, "name", key))
}

fn under_name(conn: &mut Conn, scope: &Scope, name: &str, scheme: &str, key: String) -> Result<Vec<ThingId>> {
    let under = likenesses::table
        .filter(likenesses::scheme.eq(scheme).and(likenesses::value.eq(key)))
        .select(likenesses::thing_id);
    let found: Vec<(String, Option<String>, Option<String>)> = things::visible(scope)
        .filter(thing_rows::id.eq_any(under))
        .order(thing_rows::id)
        .limit(SHOWN_MOST)
        .select((thing_rows::id, thing_rows::title_ja, thing_rows::title_en))
        .load(conn)?;
    let exactly = |title: &Option<String>| title.as_deref().is_some_and(|title| fold(title) == fold(name));
    let exact: Vec<&String> =
        found.iter().filter(|(_, ja, en)| exactly(ja) || exactly(en)).map(|(id, _, _)| id).collect();
    let ids = match exact.as_slice() {
        [one] => vec![(*one).clone()],
        _ => found.iter().map(|(id, _, _)| id.clone()).take(ALIKE_MOST).collect(),
    };
    Ok(ids.into_iter().map(ThingId::from_stored).collect())
}

/// Keys under which more than one organisation stands, in order. One scheme after the other, so that the index is entered where
/// the page begins.
fn shared_keys(conn: &mut Conn, after: Option<&Place>, limit: i64) -> Result<Vec<(String, String)>> {
    let mut keys: Vec<(String, String)> = Vec::new();
    for scheme in OF_ORGANIZATIONS {
        let from = match after {
            Some(place) if place.key.as_str() > scheme => continue,
            Some(place) if place.key == scheme => place.id.as_str(),
            _ => "",
        };
        let values: Vec<String> = likenesses::table
            .filter(likenesses::scheme.eq(scheme).and(likenesses::value.gt(from)))
            .group_by(likenesses::value)
            .having(count_star().gt(1))
            .order(likenesses::value)
            .limit(limit - keys.len() as i64)
            .select(likenesses::value)
            .load(conn)?;
        keys.extend(values.into_iter().map(|value| (scheme.to_owned(), value)));
    }
    Ok(keys)
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
        all.iter().any(|other| one.header.id != other.header.id && one.entry.may_be(&other.entry))
    };
    Ok(all.iter().filter(|one| may_be(one)).cloned().collect())
}

/// Whether two values do not speak against being of one thing: they are the same, or one of them is not stated.
pub(super) fn agree<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}
