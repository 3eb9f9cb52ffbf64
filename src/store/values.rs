//! Lists of values and named references: the same two tables for every kind.

use super::connection::{Conn, IN_LIST};
use super::schema::{thing_links, thing_values};
use crate::domain::{Link, Relation, ThingId};
use crate::error::Result;
use diesel::prelude::*;
use std::collections::HashMap;

/// What of one thing stands outside its own table.
#[derive(Debug, Default)]
pub struct Parts {
    pub title_ja: Option<String>,
    pub title_en: Option<String>,
    pub owner: Option<String>,
    pub visibility: crate::domain::vocabulary::Visibility,
    lists: HashMap<String, Vec<String>>,
    links: HashMap<String, Vec<(String, Option<String>)>>,
}

impl Parts {
    /// Takes a list, each value read by `read`.
    pub fn list<T>(&mut self, name: &str, read: impl Fn(String) -> T) -> Vec<T> {
        self.lists.remove(name).unwrap_or_default().into_iter().map(read).collect()
    }

    /// Takes a list of numbers.
    pub fn numbers<T>(&mut self, name: &str, read: impl Fn(i64) -> T) -> Vec<T> {
        let values = self.lists.remove(name).unwrap_or_default();
        values.into_iter().filter_map(|value| value.parse().ok()).map(read).collect()
    }

    pub fn targets(&mut self, relation: Relation) -> Vec<(ThingId, Option<String>)> {
        let links = self.links.remove(relation.code()).unwrap_or_default();
        links.into_iter().map(|(target, role)| (ThingId::from_stored(target), role)).collect()
    }

    pub fn target(&mut self, relation: Relation) -> Option<ThingId> {
        self.targets(relation).into_iter().next().map(|(target, _)| target)
    }
}

pub fn load(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, Parts>> {
    let mut parts: HashMap<String, Parts> = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(IN_LIST) {
        let values: Vec<(String, String, String)> = thing_values::table
            .filter(thing_values::thing_id.eq_any(ids))
            .order((thing_values::thing_id, thing_values::list, thing_values::position))
            .select((thing_values::thing_id, thing_values::list, thing_values::value))
            .load(conn)?;
        for (id, list, value) in values {
            parts.entry(id).or_default().lists.entry(list).or_default().push(value);
        }
        let links: Vec<(String, String, String, Option<String>)> = thing_links::table
            .filter(thing_links::thing_id.eq_any(ids))
            .order((thing_links::thing_id, thing_links::relation, thing_links::position))
            .select((thing_links::thing_id, thing_links::relation, thing_links::target_id, thing_links::role))
            .load(conn)?;
        for (id, relation, target, role) in links {
            parts.entry(id).or_default().links.entry(relation).or_default().push((target, role));
        }
    }
    Ok(parts)
}

pub fn insert(conn: &mut Conn, id: &str, lists: &[(&str, Vec<String>)], links: &[Link]) -> Result<()> {
    for (list, values) in lists {
        for (position, value) in values.iter().enumerate() {
            diesel::insert_into(thing_values::table)
                .values((
                    thing_values::thing_id.eq(id),
                    thing_values::list.eq(list),
                    thing_values::position.eq(position as i32),
                    thing_values::value.eq(value),
                ))
                .execute(conn)?;
        }
    }
    for (position, link) in links.iter().enumerate() {
        diesel::insert_into(thing_links::table)
            .values((
                thing_links::thing_id.eq(id),
                thing_links::relation.eq(link.relation.code()),
                thing_links::position.eq(position as i32),
                thing_links::target_id.eq(link.target.as_str()),
                thing_links::role.eq(&link.role),
            ))
            .execute(conn)?;
    }
    Ok(())
}

pub fn delete(conn: &mut Conn, id: &str) -> Result<()> {
    diesel::delete(thing_values::table.filter(thing_values::thing_id.eq(id))).execute(conn)?;
    diesel::delete(thing_links::table.filter(thing_links::thing_id.eq(id))).execute(conn)?;
    Ok(())
}
