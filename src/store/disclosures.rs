//! What introductions opened to whom: the parties that `parties` and `private` things were disclosed to, and those who
//! may know the owner of an anonymous need.

use super::connection::{Conn, IN_LIST};
use super::database::Tx;
use super::log::Action;
use super::schema::{disclosures, organizations, people, thing_values, things};
use crate::domain::codes::{FieldCode, MunicipalityCode};
use crate::domain::vocabulary::Visibility;
use crate::domain::{Kind, Scope, ThingId};
use crate::error::Result;
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// Brings what a matter opened to what it should have opened. Each change is a row of the log, so that the index follows; what
/// closes narrows.
pub fn follow(tx: &mut Tx<'_>, matter: &ThingId, open: &[(ThingId, ThingId)]) -> Result<()> {
    let there: Vec<(String, String)> = disclosures::table
        .filter(disclosures::matter_id.eq(matter.as_str()))
        .select((disclosures::thing_id, disclosures::party_id))
        .load(tx.conn())?;
    if there.is_empty() && open.is_empty() {
        return Ok(());
    }
    let at = tx.at().clone();
    for (thing, party) in open {
        if there.iter().any(|(known, to)| known == thing.as_str() && to == party.as_str()) {
            continue;
        }
        let Some(kind) = kind_of(tx.conn(), thing)? else { continue };
        diesel::insert_into(disclosures::table)
            .values((
                disclosures::thing_id.eq(thing.as_str()),
                disclosures::party_id.eq(party.as_str()),
                disclosures::matter_id.eq(matter.as_str()),
                disclosures::granted_at.eq(at.as_str()),
            ))
            .execute(tx.conn())?;
        tx.record(Action::Follow, kind, thing, false)?;
    }
    for (thing, party) in there {
        if open.iter().any(|(known, to)| known.as_str() == thing && to.as_str() == party) {
            continue;
        }
        diesel::delete(disclosures::table.find((&thing, &party, matter.as_str()))).execute(tx.conn())?;
        let thing = ThingId::from_stored(thing);
        if let Some(kind) = kind_of(tx.conn(), &thing)? {
            tx.record(Action::Follow, kind, &thing, true)?;
        }
    }
    Ok(())
}

fn kind_of(conn: &mut Conn, thing: &ThingId) -> Result<Option<Kind>> {
    let kind: Option<String> = things::table.find(thing.as_str()).select(things::kind).first(conn).optional()?;
    Ok(kind.as_deref().and_then(Kind::from_code))
}

/// Owner and visibility of a thing, whoever may see it; none if it is gone.
pub fn owner_and_visibility(conn: &mut Conn, thing: &ThingId) -> Result<Option<(Option<ThingId>, Visibility)>> {
    let row: Option<(Option<String>, String)> =
        things::table.find(thing.as_str()).select((things::owner_party, things::visibility)).first(conn).optional()?;
    Ok(row.map(|(owner, visibility)| {
        (owner.map(ThingId::from_stored), Visibility::from_code(&visibility).unwrap_or(Visibility::Private))
    }))
}

/// The parties that each of these things is open to.
pub fn readers(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, Vec<String>>> {
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for ids in ids.chunks(IN_LIST) {
        let rows: Vec<(String, String)> = disclosures::table
            .filter(disclosures::thing_id.eq_any(ids.to_vec()))
            .order((disclosures::thing_id, disclosures::party_id))
            .select((disclosures::thing_id, disclosures::party_id))
            .distinct()
            .load(conn)?;
        for (thing, party) in rows {
            found.entry(thing).or_default().push(party);
        }
    }
    Ok(found)
}

/// Those of `ids` that were opened to a party of the reader.
pub fn opened_to(conn: &mut Conn, scope: &Scope, ids: &[String]) -> Result<HashSet<String>> {
    let parties = match scope {
        Scope::Member { parties } | Scope::Coordinator { parties } if !parties.is_empty() => parties,
        Scope::Member { .. } | Scope::Coordinator { .. } | Scope::Public | Scope::Everything => {
            return Ok(HashSet::new());
        }
    };
    let parties: Vec<String> = parties.iter().map(ToString::to_string).collect();
    let mut found = HashSet::new();
    for ids in ids.chunks(IN_LIST) {
        let rows: Vec<String> = disclosures::table
            .filter(disclosures::thing_id.eq_any(ids.to_vec()).and(disclosures::party_id.eq_any(parties.clone())))
            .select(disclosures::thing_id)
            .load(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The fields of a thing, whoever may see it: what a case begins with.
pub fn fields_of(conn: &mut Conn, thing: &ThingId) -> Result<Vec<FieldCode>> {
    let codes: Vec<String> = thing_values::table
        .filter(thing_values::thing_id.eq(thing.as_str()).and(thing_values::list.eq("fields")))
        .order(thing_values::position)
        .select(thing_values::value)
        .load(conn)?;
    Ok(codes.iter().filter_map(|code| FieldCode::parse(code).ok()).collect())
}

/// Where a party stands.
pub fn municipality_of(conn: &mut Conn, party: &ThingId) -> Result<Option<MunicipalityCode>> {
    let of_organization: Option<Option<String>> =
        organizations::table.find(party.as_str()).select(organizations::municipality).first(conn).optional()?;
    let code = match of_organization {
        Some(code) => code,
        None => people::table.find(party.as_str()).select(people::municipality).first(conn).optional()?.flatten(),
    };
    Ok(code.and_then(|code: String| MunicipalityCode::parse(&code).ok()))
}
