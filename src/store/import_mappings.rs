//! What the headings of a file mean, remembered by the name of the mapping. A table that is not a thing.

use super::connection::Conn;
use super::schema::import_mappings;
use crate::domain::vocabulary::Kind;
use crate::error::Result;
use diesel::prelude::*;

/// Headings and fields.
pub type Headings = Vec<(String, String)>;

pub fn find(conn: &mut Conn, kind: Kind, name: &str) -> Result<Option<Headings>> {
    let rows: Headings = import_mappings::table
        .filter(import_mappings::kind.eq(kind.code()).and(import_mappings::name.eq(name)))
        .order(import_mappings::position)
        .select((import_mappings::heading, import_mappings::field))
        .load(conn)?;
    Ok((!rows.is_empty()).then_some(rows))
}

/// Every mapping: kind, name, headings.
pub fn list(conn: &mut Conn) -> Result<Vec<(String, String, Headings)>> {
    let rows: Vec<(String, String, String, String)> = import_mappings::table
        .order((import_mappings::kind, import_mappings::name, import_mappings::position))
        .select((import_mappings::kind, import_mappings::name, import_mappings::heading, import_mappings::field))
        .load(conn)?;
    let mut found: Vec<(String, String, Headings)> = Vec::new();
    for (kind, name, heading, field) in rows {
        match found.last_mut() {
            Some((last_kind, last_name, headings)) if *last_kind == kind && *last_name == name => {
                headings.push((heading, field));
            }
            _ => found.push((kind, name, vec![(heading, field)])),
        }
    }
    Ok(found)
}

/// Keeps a mapping in place of the one of that name.
pub fn keep(conn: &mut Conn, kind: Kind, name: &str, headings: &[(String, String)]) -> Result<()> {
    diesel::delete(
        import_mappings::table.filter(import_mappings::kind.eq(kind.code()).and(import_mappings::name.eq(name))),
    )
    .execute(conn)?;
    for (position, (heading, field)) in (0i32..).zip(headings) {
        diesel::insert_into(import_mappings::table)
            .values((
                import_mappings::kind.eq(kind.code()),
                import_mappings::name.eq(name),
                import_mappings::position.eq(position),
                import_mappings::heading.eq(heading),
                import_mappings::field.eq(field),
            ))
            .execute(conn)?;
    }
    Ok(())
}
