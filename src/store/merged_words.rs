//! The words of a merged organisation: its names become further names of the one that stays, what that one lacks is filled
//! in, and what both say differently is named to whoever merged them. Undoing takes back what was given, and nothing else.

use super::database::Tx;
use super::log::Action;
use super::merges::{read, snapshot};
use super::schema::{merges, versions};
use super::things as store;
use crate::domain::text::fold;
use crate::domain::vocabulary::Status;
use crate::domain::{Entry, Organization, Thing, ThingId};
use crate::error::{Error, Result};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Further names of one kind, at most: what an organisation may have.
const NAMES_MOST: usize = 50;
/// Fields that hold names.
const NAMES: [&str; 5] = ["name_ja", "name_en", "name_kana", "aliases", "former_names"];
/// Never filled in: numbers lead to the one that stays without being its own, and the rest is its own affair.
const OWN: [&str; 5] = ["corporate_number", "invoice_number", "ror", "successor", "visibility"];
/// Taken together or not at all: the postal code of one place says nothing of another.
const PLACE: [&str; 4] = ["municipality", "postal_code", "address_ja", "address_en"];

/// What the one that stays was given.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Given {
    /// Its version before and after.
    before: i64,
    after: i64,
    /// It named the merged one (as its successor).
    named: bool,
    aliases: Vec<String>,
    former_names: Vec<String>,
    /// Fields that it had not.
    filled: Map<String, Value>,
    /// Every name that the merged one had, given or there before.
    offered: Vec<String>,
}

/// What the merged one said and the one that stays does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftField {
    pub field: String,
    pub merged: Value,
    pub survivor: Value,
}

/// Gives `into` the words of `from`. Where `from` was seen by fewer people, it gives nothing and all of it is left.
pub(super) fn carry(
    tx: &mut Tx<'_>,
    from: &Thing<Organization>,
    into: &ThingId,
    named: bool,
) -> Result<(Given, Vec<LeftField>)> {
    let current = read::<Organization>(tx.conn(), into)?.ok_or(Error::NotFound)?;
    let mut given = Given { before: current.header.version, named, ..Given::default() };
    let mut entry = current.entry.clone();
    entry.replace_party(into, &from.header.id, into);
    let (said, mut fields) = (object(&from.entry)?, object(&entry)?);
    let hidden = from.entry.visibility > entry.visibility
        || (from.header.status != Status::Published && current.header.status == Status::Published);
    let mut left = Vec::new();
    for name in NAMES {
        let place = if name == "former_names" { name } else { "aliases" };
        let mut without_room = Vec::new();
        for text in texts(&said[name]) {
            if has_name(&fields, &text) {
                given.offered.push(text);
            } else if !hidden && add(&mut fields, place, &text) {
                given.offered.push(text.clone());
                if place == "aliases" { given.aliases.push(text) } else { given.former_names.push(text) }
            } else {
                without_room.push(text);
            }
        }
        if !without_room.is_empty() {
            let merged = if said[name].is_array() { Value::from(without_room) } else { said[name].clone() };
            left.push(LeftField { field: name.to_owned(), merged, survivor: fields[name].clone() });
        }
    }
    let has_place = PLACE.iter().any(|name| !is_empty(&fields[*name]));
    for (name, merged) in said.iter().filter(|(name, merged)| !NAMES.contains(&name.as_str()) && !is_empty(merged)) {
        let name = name.as_str();
        let survivor = &fields[name];
        let points_here = name == "successor" && merged.as_str() == Some(into.as_str());
        if says(survivor, merged) || points_here {
            continue;
        }
        let kept_apart = hidden || OWN.contains(&name) || (PLACE.contains(&name) && has_place);
        if is_empty(survivor) && !kept_apart {
            given.filled.insert(name.to_owned(), merged.clone());
        } else {
            left.push(LeftField { field: name.to_owned(), merged: merged.clone(), survivor: survivor.clone() });
        }
    }
    fields.extend(given.filled.clone());
    given.after = write(tx, current, entry_of(fields)?, Action::Merge)?;
    Ok((given, left))
}

/// Takes back what the one that stays was given, as far as it stands there ever since. `None`: it named the merged one and was
/// changed since, so nobody can tell. Gives whether it names the merged one again.
pub(super) fn give_back(tx: &mut Tx<'_>, given: &Given, merged: &ThingId, into: &ThingId) -> Result<Option<bool>> {
    let current = read::<Organization>(tx.conn(), into)?.ok_or(Error::NotFound)?;
    if given.after == 0 {
        return Ok(Some(false));
    }
    if current.header.version == given.after {
        let entry = snapshot::<Organization>(tx.conn(), into, given.before)?;
        write(tx, current, entry, Action::Unmerge)?;
        return Ok(Some(given.named));
    }
    let mut still = given.clone();
    let since: Vec<Option<String>> = versions::table
        .filter(versions::thing_id.eq(into.as_str()).and(versions::version.ge(given.after)))
        .order(versions::version)
        .select(versions::snapshot)
        .load(tx.conn())?;
    for text in since.iter().flatten() {
        let then: Map<String, Value> = serde_json::from_str(text).map_err(Error::internal)?;
        still.aliases.retain(|name| texts(&then["aliases"]).contains(name));
        still.former_names.retain(|name| texts(&then["former_names"]).contains(name));
        still.filled.retain(|name, value| then.get(name) == Some(&*value));
    }
    leave_to_others(tx, &mut still, merged, into)?;
    let mut fields = object(&current.entry)?;
    for (name, taken) in [("aliases", &still.aliases), ("former_names", &still.former_names)] {
        let rest: Vec<String> = texts(&fields[name]).into_iter().filter(|text| !taken.contains(text)).collect();
        fields.insert(name.to_owned(), rest.into());
    }
    for name in still.filled.keys() {
        // Absent is empty, whatever the field.
        fields.remove(name);
    }
    write(tx, current, entry_of(fields)?, Action::Unmerge)?;
    Ok((!given.named).then_some(false))
}

/// A name that another merge into the same one brought, too, stays, and goes with that one.
fn leave_to_others(tx: &mut Tx<'_>, still: &mut Given, merged: &ThingId, into: &ThingId) -> Result<()> {
    let others: Vec<(String, String)> = merges::table
        .filter(merges::into_id.eq(into.as_str()).and(merges::undone_at.is_null()))
        .filter(merges::merged_id.ne(merged.as_str()))
        .order(merges::id)
        .select((merges::id, merges::carried))
        .load(tx.conn())?;
    for (id, text) in others {
        let mut carried: Value = serde_json::from_str(&text).map_err(Error::internal)?;
        let mut other: Given = serde_json::from_value(carried["given"].take()).unwrap_or_default();
        let offers = |name: &String| other.offered.contains(name);
        let (aliases, former): (Vec<String>, Vec<String>) =
            (still.aliases.extract_if(.., |name| offers(name)).collect(), {
                still.former_names.extract_if(.., |name| offers(name)).collect()
            });
        if aliases.is_empty() && former.is_empty() {
            continue;
        }
        other.aliases.extend(aliases);
        other.former_names.extend(former);
        carried["given"] = serde_json::to_value(&other).map_err(Error::internal)?;
        diesel::update(merges::table.find(id)).set(merges::carried.eq(carried.to_string())).execute(tx.conn())?;
    }
    Ok(())
}

/// Writes the entry, if it is another one; gives the version that the thing has then.
fn write(tx: &mut Tx<'_>, current: Thing<Organization>, entry: Organization, action: Action) -> Result<i64> {
    if current.entry == entry {
        tx.record(action, Organization::KIND, &current.header.id, false)?;
        return Ok(current.header.version);
    }
    let (status, verified_on) = (current.header.status, current.header.verified_on.clone());
    Ok(store::rewrite(tx, current, entry, status, verified_on, action)?.header.version)
}

fn object(entry: &Organization) -> Result<Map<String, Value>> {
    match serde_json::to_value(entry).map_err(Error::internal)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(Error::internal("an organisation that is no object")),
    }
}

fn entry_of(fields: Map<String, Value>) -> Result<Organization> {
    serde_json::from_value(Value::Object(fields)).map_err(Error::internal)
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Whether `survivor` says all that `merged` says.
fn says(survivor: &Value, merged: &Value) -> bool {
    match (survivor, merged) {
        (Value::Array(survivor), Value::Array(merged)) => merged.iter().all(|item| survivor.contains(item)),
        _ => survivor == merged,
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn has_name(fields: &Map<String, Value>, name: &str) -> bool {
    let name = fold(name);
    NAMES.iter().any(|field| texts(&fields[*field]).iter().any(|known| fold(known) == name))
}

/// False: there is no room.
fn add(fields: &mut Map<String, Value>, place: &str, name: &str) -> bool {
    match fields.get_mut(place) {
        Some(Value::Array(list)) if list.len() < NAMES_MOST => {
            list.push(name.into());
            true
        }
        _ => false,
    }
}
