//! Earlier versions of a thing: for those who may read it now and could have read that version then.

use super::connection::{Conn, IN_LIST};
use super::database::Tx;
use super::log::{Action, Position, head};
use super::schema::{account_roles, accounts, changes, versions};
use super::things::{self, Stored};
use crate::domain::vocabulary::Status;
use crate::domain::{Entry, Role, Scope, Thing, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;
use std::collections::HashMap;

/// A thing as it once was.
#[derive(Debug, Clone)]
pub struct Version<E> {
    pub version: i64,
    pub position: Position,
    pub at: Timestamp,
    /// Id of an account, or `operator`, `system`, `erased`.
    pub actor: String,
    /// What was done, as the log calls it.
    pub action: Option<String>,
    pub status: Status,
    pub entry: E,
    /// Names of the fields that differ from the version before it that the reader may see.
    pub changed: Vec<String>,
}

#[derive(Queryable)]
struct Row {
    version: i64,
    change_seq: i64,
    at: String,
    actor: String,
    snapshot: Option<String>,
    status: String,
}

/// Versions read at once.
const BATCH: i64 = 100;

/// Versions below `before`, newest first, at most `limit`; and whether there are more.
pub fn list<E: Stored>(
    conn: &mut Conn,
    scope: &Scope,
    id: &ThingId,
    before: Option<i64>,
    limit: usize,
) -> Result<(Vec<Version<E>>, bool)> {
    let now = present::<E>(conn, scope, id)?;
    let mut found: Vec<Version<E>> = Vec::with_capacity(limit + 1);
    let mut before = before.unwrap_or(i64::MAX);
    // One more than is asked for: what the last one differs from.
    while found.len() <= limit {
        let rows = rows_before(conn, id, before, BATCH)?;
        let Some(last) = rows.last() else { break };
        before = last.version;
        let readable = rows.into_iter().filter_map(|row| readable(scope, id, &now.entry, row));
        found.extend(readable.take(limit + 1 - found.len()));
    }
    for place in 0..found.len() {
        let changed = match found.get(place + 1) {
            Some(older) => changed(older, &found[place])?,
            None => Vec::new(),
        };
        found[place].changed = changed;
    }
    let more = found.len() > limit;
    found.truncate(limit);
    complete(conn, id, &mut found)?;
    Ok((found, more))
}

/// One version.
pub fn get<E: Stored>(conn: &mut Conn, scope: &Scope, id: &ThingId, version: i64) -> Result<Version<E>> {
    let before = version.checked_add(1).ok_or(Error::NotFound)?;
    let (found, _) = list::<E>(conn, scope, id, Some(before), 1)?;
    found.into_iter().find(|found| found.version == version).ok_or(Error::NotFound)
}

/// Makes an earlier version the present one, as a new version. `earlier` was read for the actor.
pub fn restore<E: Stored>(tx: &mut Tx<'_>, current: Thing<E>, expected: i64, earlier: E) -> Result<Thing<E>> {
    let findings = earlier.check();
    if !findings.is_empty() {
        return Err(Error::Invalid(findings));
    }
    things::update_as(tx, current, expected, earlier, Action::Restore)
}

/// The thing as it is now, unmasked, if the reader may see it.
fn present<E: Stored>(conn: &mut Conn, scope: &Scope, id: &ThingId) -> Result<Thing<E>> {
    if !things::is_visible(conn, scope, id)? {
        return Err(Error::NotFound);
    }
    things::get::<E>(conn, &Scope::Everything, id)
}

fn rows_before(conn: &mut Conn, id: &ThingId, before: i64, limit: i64) -> Result<Vec<Row>> {
    Ok(versions::table
        .filter(versions::thing_id.eq(id.as_str()).and(versions::version.lt(before)))
        .order(versions::version.desc())
        .limit(limit)
        .select((
            versions::version,
            versions::change_seq,
            versions::at,
            versions::actor,
            versions::snapshot,
            versions::status,
        ))
        .load(conn)?)
}

/// A version, if the reader could have read it, without what they may not know today.
fn readable<E: Entry>(scope: &Scope, id: &ThingId, now: &E, row: Row) -> Option<Version<E>> {
    let mut entry: E = serde_json::from_str(&row.snapshot?).ok()?;
    let status = Status::from_code(&row.status)?;
    let owners = if E::KIND.is_party() { vec![id.clone()] } else { entry.owners() };
    if !scope.sees(entry.visibility(), status, &owners) {
        return None;
    }
    entry.mask_earlier(now, scope);
    Some(Version {
        version: row.version,
        position: Position { epoch: String::new(), seq: row.change_seq },
        at: Timestamp::from_stored(row.at),
        actor: row.actor,
        action: None,
        status,
        entry,
        changed: Vec::new(),
    })
}

fn changed<E: Entry>(older: &Version<E>, newer: &Version<E>) -> Result<Vec<String>> {
    let older_fields = serde_json::to_value(&older.entry).map_err(Error::internal)?;
    let newer_fields = serde_json::to_value(&newer.entry).map_err(Error::internal)?;
    let mut names = Vec::new();
    if older.status != newer.status {
        names.push("status".to_owned());
    }
    if let Some(fields) = newer_fields.as_object() {
        let differs = |name: &&String| older_fields.get(name.as_str()) != newer_fields.get(name.as_str());
        names.extend(fields.keys().filter(differs).cloned());
    }
    Ok(names)
}

/// Adds what the log says.
fn complete<E>(conn: &mut Conn, id: &ThingId, found: &mut [Version<E>]) -> Result<()> {
    let epoch = head(conn)?.epoch;
    let seqs: Vec<i64> = found.iter().map(|version| version.position.seq).collect();
    let mut actions: HashMap<i64, String> = HashMap::new();
    for seqs in seqs.chunks(IN_LIST) {
        let rows: Vec<(i64, String)> = changes::table
            .filter(changes::thing_id.eq(id.as_str()).and(changes::seq.eq_any(seqs.to_vec())))
            .filter(changes::action.ne(Action::Follow.code()))
            .order((changes::seq, changes::line))
            .select((changes::seq, changes::action))
            .load(conn)?;
        for (seq, action) in rows {
            actions.entry(seq).or_insert(action);
        }
    }
    for version in found {
        version.position.epoch.clone_from(&epoch);
        version.action = actions.get(&version.position.seq).cloned();
    }
    Ok(())
}

/// Name and roles of accounts, for those who may know who did something.
pub fn people(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, (String, Vec<Role>)>> {
    let mut found: HashMap<String, (String, Vec<Role>)> = HashMap::new();
    for ids in ids.chunks(IN_LIST) {
        let names: Vec<(String, String)> = accounts::table
            .filter(accounts::id.eq_any(ids.to_vec()))
            .select((accounts::id, accounts::name))
            .load(conn)?;
        found.extend(names.into_iter().map(|(id, name)| (id, (name, Vec::new()))));
        let roles: Vec<(String, String)> = account_roles::table
            .filter(account_roles::account_id.eq_any(ids.to_vec()))
            .select((account_roles::account_id, account_roles::role))
            .load(conn)?;
        for (id, role) in roles {
            if let (Some((_, roles)), Some(role)) = (found.get_mut(&id), Role::from_code(&role)) {
                roles.push(role);
            }
        }
    }
    Ok(found)
}
