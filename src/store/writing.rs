//! Writing things: each with its header, its own table, lists and links, references, keys of likeness, version and log row, in the
//! transaction of the caller.

use super::bonds::{check_against_database, followers, refuse_if_referenced, refuse_succession_to_itself};
use super::connection::Conn;
use super::database::Tx;
use super::log::Action;
use super::schema::{need_lines, things, versions};
use super::things::{Stored, name_key};
use super::{duplicates, lifecycle, references, values};
use crate::domain::text::fold;
use crate::domain::vocabulary::Status;
use crate::domain::{Entry, Header, Thing, ThingId};
use crate::error::{Error, Result};
use diesel::prelude::*;

/// What a file says of where a thing stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// It is not published there.
    pub unpublished: bool,
    /// The day on which it was last verified, `2026-04-01`.
    pub verified_on: Option<String>,
}

/// Registers a thing: published at once, or a draft where its author's things are reviewed.
pub fn create<E: Stored>(tx: &mut Tx<'_>, entry: E) -> Result<Thing<E>> {
    create_as(tx, entry, &Standing::default())
}

/// As [`create`]: no more public, and verified no later, than `said`.
pub fn create_as<E: Stored>(tx: &mut Tx<'_>, entry: E, said: &Standing) -> Result<Thing<E>> {
    check_against_database(tx, &entry)?;
    let hand = lifecycle::hand_of_new(tx, E::KIND, &entry.owners())?;
    let today = today(tx);
    let header = Header {
        id: ThingId::new(),
        status: if said.unpublished { Status::Draft } else { crate::domain::lifecycle::first(hand) },
        verified_on: Some(said.verified_on.clone().map_or(today.clone(), |day| day.min(today))),
        version: 1,
        created_at: tx.at().clone(),
        updated_at: tx.at().clone(),
    };
    insert(tx, header, entry, Action::Create)
}

/// Writes the rows of a thing that is not there.
pub(super) fn insert<E: Stored>(tx: &mut Tx<'_>, header: Header, entry: E, action: Action) -> Result<Thing<E>> {
    let id = header.id.as_str();
    let title = entry.title();
    diesel::insert_into(things::table)
        .values((
            things::id.eq(id),
            things::kind.eq(E::KIND.code()),
            things::owner_party.eq(owner_of(&header.id, &entry)),
            things::visibility.eq(entry.visibility().code()),
            things::status.eq(header.status.code()),
            things::verified_on.eq(&header.verified_on),
            things::version.eq(header.version),
            things::created_at.eq(header.created_at.as_str()),
            things::updated_at.eq(header.updated_at.as_str()),
            things::title_ja.eq(&title.ja),
            things::title_en.eq(&title.en),
            things::sort_key.eq(sort_key(&entry)),
            things::name_key.eq(name_key(title.any())),
        ))
        .execute(tx.conn())?;
    entry.insert_row(tx.conn(), id)?;
    values::insert(tx.conn(), id, &entry.lists(), &entry.links())?;
    duplicates::insert(tx.conn(), id, &entry.likeness())?;
    for (scheme, value) in entry.references() {
        references::add(tx, E::KIND, scheme, &value, &header.id)?;
    }
    keep_version(tx, &header, Some(&entry))?;
    tx.record(action, E::KIND, &header.id, false)?;
    Ok(Thing { header, entry })
}

/// Changes a thing, if its version is still `expected`. What equals what is there changes nothing.
pub fn update<E: Stored>(tx: &mut Tx<'_>, current: Thing<E>, expected: i64, entry: E) -> Result<Thing<E>> {
    update_as(tx, current, expected, entry, Action::Update)
}

/// As [`update`], with the day of verification that a file gives, but neither later than today nor earlier than what is known. A thing
/// that was expired stays so unless that day is news.
pub fn update_verified<E: Stored>(
    tx: &mut Tx<'_>,
    current: Thing<E>,
    expected: i64,
    entry: E,
    said: &Standing,
) -> Result<Thing<E>> {
    let Some(day) = said.verified_on.clone() else { return update(tx, current, expected, entry) };
    let (was, known) = (current.header.status, current.header.verified_on.clone());
    let verified_on = Some(day.min(today(tx))).max(known.clone());
    let status = if verified_on == known { was } else { crate::domain::lifecycle::after_change(was) };
    change(tx, current, expected, entry, (status, verified_on), Action::Update)
}

/// As [`update`], under another name in the log.
pub(super) fn update_as<E: Stored>(
    tx: &mut Tx<'_>,
    current: Thing<E>,
    expected: i64,
    entry: E,
    action: Action,
) -> Result<Thing<E>> {
    let status = crate::domain::lifecycle::after_change(current.header.status);
    let verified_on = Some(today(tx));
    change(tx, current, expected, entry, (status, verified_on), action)
}

fn change<E: Stored>(
    tx: &mut Tx<'_>,
    current: Thing<E>,
    expected: i64,
    entry: E,
    (status, verified_on): (Status, Option<String>),
    action: Action,
) -> Result<Thing<E>> {
    if current.header.version != expected {
        return Err(Error::Stale { current: current.header.version });
    }
    if current.entry == entry {
        tx.unchanged();
        return Ok(current);
    }
    check_against_database(tx, &entry)?;
    refuse_succession_to_itself(tx.conn(), &current.header.id, &entry.links())?;
    rewrite(tx, current, entry, status, verified_on, action)
}

/// The next version of a thing: its fields, its status, and when it was last verified. Nothing is checked.
pub(super) fn rewrite<E: Stored>(
    tx: &mut Tx<'_>,
    current: Thing<E>,
    entry: E,
    status: Status,
    verified_on: Option<String>,
    action: Action,
) -> Result<Thing<E>> {
    let (mut header, before) = (current.header, current.entry);
    let (expected, was) = (header.version, header.status);
    let left = was == Status::Published && status != Status::Published;
    header.version += 1;
    header.updated_at = tx.at().clone();
    (header.status, header.verified_on) = (status, verified_on);
    let id = header.id.clone();
    let title = entry.title();
    let changed = diesel::update(things::table.find(id.as_str()).filter(things::version.eq(expected)))
        .set((
            things::owner_party.eq(owner_of(&id, &entry)),
            things::visibility.eq(entry.visibility().code()),
            things::status.eq(header.status.code()),
            things::verified_on.eq(&header.verified_on),
            things::version.eq(header.version),
            things::updated_at.eq(header.updated_at.as_str()),
            things::title_ja.eq(&title.ja),
            things::title_en.eq(&title.en),
            things::sort_key.eq(sort_key(&entry)),
            things::name_key.eq(name_key(title.any())),
        ))
        .execute(tx.conn())?;
    if changed != 1 {
        return Err(Error::internal("a version moved under an open write"));
    }
    if before != entry {
        E::delete_row(tx.conn(), id.as_str())?;
        entry.insert_row(tx.conn(), id.as_str())?;
        values::delete(tx.conn(), id.as_str())?;
        values::insert(tx.conn(), id.as_str(), &entry.lists(), &entry.links())?;
    }
    if before.likeness() != entry.likeness() {
        duplicates::delete(tx.conn(), id.as_str())?;
        duplicates::insert(tx.conn(), id.as_str(), &entry.likeness())?;
    }
    references::replace_own(tx, E::KIND, &id, &before.references(), &entry.references())?;
    keep_version(tx, &header, Some(&entry))?;
    let narrows = left || entry.narrows_from(&before);
    tx.record(action, E::KIND, &id, narrows)?;
    let moved = (was == Status::Published) != (status == Status::Published);
    if moved || before.shared_facts() != entry.shared_facts() {
        // A party that hides takes its facts out of the counts of what it owns, from this moment.
        let hides = left || entry.visibility() > before.visibility();
        for (kind, follower) in followers(tx.conn(), &id)? {
            tx.record(Action::Follow, kind, &follower, hides)?;
        }
    }
    Ok(Thing { header, entry })
}

/// The day of the write, as `verified_on` keeps it.
pub(super) fn today(tx: &Tx<'_>) -> String {
    tx.at().as_str()[..10].to_owned()
}

/// Deletes a thing that nothing else refers to. Its history stays.
pub fn delete<E: Stored>(tx: &mut Tx<'_>, current: Thing<E>, expected: i64) -> Result<()> {
    remove(tx, current, expected, Action::Delete)
}

pub(super) fn remove<E: Stored>(tx: &mut Tx<'_>, current: Thing<E>, expected: i64, action: Action) -> Result<()> {
    let mut header = current.header;
    if header.version != expected {
        return Err(Error::Stale { current: header.version });
    }
    let id = &header.id.clone();
    refuse_if_referenced(tx.conn(), id)?;
    E::delete_row(tx.conn(), id.as_str())?;
    values::delete(tx.conn(), id.as_str())?;
    references::delete_all(tx.conn(), id)?;
    duplicates::delete(tx.conn(), id.as_str())?;
    lifecycle::forget(tx.conn(), id)?;
    diesel::delete(things::table.find(id.as_str())).execute(tx.conn())?;
    header.version += 1;
    keep_version::<E>(tx, &header, None)?;
    tx.record(action, E::KIND, id, true)
}

fn owner_of<E: Entry>(id: &ThingId, entry: &E) -> Option<String> {
    if E::KIND.is_party() { Some(id.to_string()) } else { entry.owner().map(ToString::to_string) }
}

/// Folded and short enough for an index row.
fn sort_key<E: Entry>(entry: &E) -> String {
    fold(entry.sort_text()).chars().take(200).collect()
}

fn keep_version<E: Stored>(tx: &mut Tx<'_>, header: &Header, entry: Option<&E>) -> Result<()> {
    let snapshot = entry.map(serde_json::to_string).transpose().map_err(Error::internal)?;
    let (seq, at, actor) = (tx.position().seq, tx.at().clone(), tx.actor().name().to_owned());
    diesel::insert_into(versions::table)
        .values((
            versions::thing_id.eq(header.id.as_str()),
            versions::version.eq(header.version),
            versions::change_seq.eq(seq),
            versions::at.eq(at.as_str()),
            versions::actor.eq(actor),
            versions::snapshot.eq(snapshot),
            versions::status.eq(header.status.code()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Removes the lines of a need before its row.
pub(super) fn delete_need_lines(conn: &mut Conn, id: &str) -> Result<()> {
    diesel::delete(need_lines::table.filter(need_lines::need_id.eq(id))).execute(conn)?;
    Ok(())
}
