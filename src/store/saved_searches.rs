//! Searches that an account keeps, and what they found since. What finds is in `feed`, how far it has come in
//! [`super::watch`].

use super::connection::Conn;
use super::database::Tx;
use super::log::{Action, Subject};
use super::page::Place;
use super::schema::{accounts, saved_search_finds as finds, saved_searches, watch_head};
use super::things::{self, Card};
use crate::domain::vocabulary::desk::NoticeChoice;
use crate::domain::vocabulary::{Language, Status};
use crate::domain::{Defect, Scope, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;

/// Searches that one account may keep.
pub const MOST: i64 = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSearch {
    pub id: ThingId,
    pub account: ThingId,
    pub name: String,
    /// JSON of query and filters, as they were checked when it was saved.
    pub query: String,
    pub cadence: NoticeChoice,
    /// It has a feed under a secret address.
    pub feed: bool,
    pub looked_at: Timestamp,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

type Row = (String, String, String, String, String, Option<String>, String, i64, String, String);

const COLUMNS: (
    saved_searches::id,
    saved_searches::account_id,
    saved_searches::name,
    saved_searches::query,
    saved_searches::cadence,
    saved_searches::feed_hash,
    saved_searches::looked_at,
    saved_searches::version,
    saved_searches::created_at,
    saved_searches::updated_at,
) = (
    saved_searches::id,
    saved_searches::account_id,
    saved_searches::name,
    saved_searches::query,
    saved_searches::cadence,
    saved_searches::feed_hash,
    saved_searches::looked_at,
    saved_searches::version,
    saved_searches::created_at,
    saved_searches::updated_at,
);

fn assemble(row: Row) -> SavedSearch {
    let (id, account, name, query, cadence, feed, looked_at, version, created_at, updated_at) = row;
    SavedSearch {
        id: ThingId::from_stored(id),
        account: ThingId::from_stored(account),
        name,
        query,
        cadence: NoticeChoice::from_code(&cadence).unwrap_or(NoticeChoice::Never),
        feed: feed.is_some(),
        looked_at: Timestamp::from_stored(looked_at),
        version,
        created_at: Timestamp::from_stored(created_at),
        updated_at: Timestamp::from_stored(updated_at),
    }
}

/// What somebody saves.
#[derive(Debug, Clone)]
pub struct NewSavedSearch {
    pub name: String,
    pub query: String,
    pub cadence: NoticeChoice,
}

/// Keeps a search; what happens from now on is news to it.
pub fn create(tx: &mut Tx<'_>, account: &ThingId, new: &NewSavedSearch) -> Result<SavedSearch> {
    let kept: i64 =
        saved_searches::table.filter(saved_searches::account_id.eq(account.as_str())).count().get_result(tx.conn())?;
    if kept >= MOST {
        return Err(Error::Conflict(Defect::new(
            "too-many-saved-searches",
            format!("保存できる検索は{MOST}件までです。使わないものを削除してください。"),
            format!("At most {MOST} searches can be saved. Delete one that is not in use."),
        )));
    }
    let (id, at, seq) = (ThingId::new(), tx.at().clone(), tx.position().seq);
    // The first letter that gathers comes when the first day or week is over.
    let mailed_at = Some(at.as_str()).filter(|_| new.cadence != NoticeChoice::AtOnce);
    diesel::insert_into(saved_searches::table)
        .values((
            saved_searches::id.eq(id.as_str()),
            saved_searches::account_id.eq(account.as_str()),
            saved_searches::name.eq(&new.name),
            saved_searches::query.eq(&new.query),
            saved_searches::cadence.eq(new.cadence.code()),
            saved_searches::from_seq.eq(seq),
            saved_searches::looked_seq.eq(seq),
            saved_searches::looked_at.eq(at.as_str()),
            saved_searches::mailed_seq.eq(seq),
            saved_searches::mailed_at.eq(mailed_at),
            saved_searches::version.eq(1_i64),
            saved_searches::created_at.eq(at.as_str()),
            saved_searches::updated_at.eq(at.as_str()),
        ))
        .execute(tx.conn())?;
    others_are_kept(tx.conn())?;
    tx.record(Action::Create, Subject::SavedSearch, &id, false)?;
    of_account(tx.conn(), account, &id)
}

/// Says that a search came or went: whoever keeps them in memory looks again.
fn others_are_kept(conn: &mut Conn) -> Result<()> {
    diesel::update(watch_head::table).set(watch_head::generation.eq(watch_head::generation + 1)).execute(conn)?;
    Ok(())
}

/// One of this account; anybody else's is not there.
pub fn of_account(conn: &mut Conn, account: &ThingId, id: &ThingId) -> Result<SavedSearch> {
    let own = saved_searches::id.eq(id.as_str()).and(saved_searches::account_id.eq(account.as_str()));
    let row: Row = saved_searches::table.filter(own).select(COLUMNS).first(conn)?;
    Ok(assemble(row))
}

/// Those of an account, newest first.
pub fn list(
    conn: &mut Conn,
    account: &ThingId,
    after: Option<&Place>,
    limit: usize,
) -> Result<(Vec<SavedSearch>, Option<Place>)> {
    let mut query = saved_searches::table.filter(saved_searches::account_id.eq(account.to_string())).into_boxed();
    if let Some(after) = after {
        query = query.filter(saved_searches::id.lt(after.id.clone()));
    }
    let rows = query.order(saved_searches::id.desc()).limit(limit as i64 + 1).select(COLUMNS);
    let mut rows: Vec<Row> = rows.load(conn)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Place { key: String::new(), id: row.0.clone() });
    Ok((rows.into_iter().map(assemble).collect(), next))
}

/// All those of an account; there are at most [`MOST`].
pub fn all(conn: &mut Conn, account: &ThingId) -> Result<Vec<SavedSearch>> {
    Ok(list(conn, account, None, MOST as usize)?.0)
}

/// What may change; absent stays.
#[derive(Debug, Clone, Default)]
pub struct SavedSearchChange {
    pub name: Option<String>,
    pub cadence: Option<NoticeChoice>,
}

/// Changes one that still is at version `expected`.
pub fn change(
    tx: &mut Tx<'_>,
    account: &ThingId,
    id: &ThingId,
    expected: i64,
    change: SavedSearchChange,
) -> Result<SavedSearch> {
    let current = at_version(tx.conn(), account, id, expected)?;
    let name = change.name.unwrap_or_else(|| current.name.clone());
    let cadence = change.cadence.unwrap_or(current.cadence);
    if name == current.name && cadence == current.cadence {
        tx.unchanged();
        return Ok(current);
    }
    let at = tx.at().clone();
    diesel::update(saved_searches::table.find(id.as_str()))
        .set((
            saved_searches::name.eq(&name),
            saved_searches::cadence.eq(cadence.code()),
            saved_searches::version.eq(current.version + 1),
            saved_searches::updated_at.eq(at.as_str()),
        ))
        .execute(tx.conn())?;
    if cadence != current.cadence {
        // Letters tell of what comes from now on.
        let seq = super::watch::head(tx.conn())?.seq;
        let mailed_at = Some(at.as_str()).filter(|_| cadence != NoticeChoice::AtOnce);
        diesel::update(saved_searches::table.find(id.as_str()))
            .set((saved_searches::mailed_seq.eq(seq), saved_searches::mailed_at.eq(mailed_at)))
            .execute(tx.conn())?;
    }
    tx.record(Action::Update, Subject::SavedSearch, id, false)?;
    of_account(tx.conn(), account, id)
}

fn at_version(conn: &mut Conn, account: &ThingId, id: &ThingId, expected: i64) -> Result<SavedSearch> {
    let current = of_account(conn, account, id)?;
    if current.version == expected { Ok(current) } else { Err(Error::Stale { current: current.version }) }
}

pub fn delete(tx: &mut Tx<'_>, account: &ThingId, id: &ThingId, expected: i64) -> Result<()> {
    at_version(tx.conn(), account, id, expected)?;
    diesel::delete(finds::table.filter(finds::search_id.eq(id.as_str()))).execute(tx.conn())?;
    diesel::delete(saved_searches::table.find(id.as_str())).execute(tx.conn())?;
    others_are_kept(tx.conn())?;
    tx.record(Action::Delete, Subject::SavedSearch, id, false)
}

/// Gives the search a feed under another secret, of which only the digest is kept, or (`None`) takes the feed away.
pub fn set_feed(tx: &mut Tx<'_>, account: &ThingId, id: &ThingId, hash: Option<&str>) -> Result<()> {
    let current = of_account(tx.conn(), account, id)?;
    if !current.feed && hash.is_none() {
        tx.unchanged();
        return Ok(());
    }
    diesel::update(saved_searches::table.find(id.as_str()))
        .set(saved_searches::feed_hash.eq(hash))
        .execute(tx.conn())?;
    tx.record(Action::Credential, Subject::SavedSearch, id, false)
}

/// The search of a feed, and the language of its owner.
pub fn of_feed(conn: &mut Conn, hash: &str) -> Result<Option<(SavedSearch, Language)>> {
    let row: Option<(Row, String)> = saved_searches::table
        .inner_join(accounts::table)
        .filter(saved_searches::feed_hash.eq(hash))
        .select((COLUMNS, accounts::language))
        .first(conn)
        .optional()?;
    Ok(row.map(|(row, language)| (assemble(row), Language::from_code(&language).unwrap_or(Language::Ja))))
}

/// One by its id, whoever keeps it.
pub fn get(conn: &mut Conn, id: &ThingId) -> Result<Option<SavedSearch>> {
    let row: Option<Row> = saved_searches::table.find(id.as_str()).select(COLUMNS).first(conn).optional()?;
    Ok(row.map(assemble))
}

/// Something that a search found.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Find {
    pub thing: String,
    pub seq: i64,
    pub at: String,
}

/// Which finds of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// All that are known.
    Ever,
    /// Those after the last look.
    Looked,
    /// Those after a place in the log.
    Seq(i64),
}

/// Finds of a search, newest first, after a place (`key` is the sequence). The caller sees to it that they may be seen.
pub fn found(
    conn: &mut Conn,
    search: &ThingId,
    since: Since,
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<Find>> {
    let since = match since {
        Since::Ever => 0,
        Since::Looked => saved_searches::table.find(search.as_str()).select(saved_searches::looked_seq).first(conn)?,
        Since::Seq(seq) => seq,
    };
    let mut query = finds::table
        .filter(finds::search_id.eq(search.to_string()).and(finds::seq.gt(since)))
        .order((finds::seq.desc(), finds::thing_id.desc()))
        .into_boxed();
    if let Some(after) = after {
        let seq: i64 = after.key.parse().map_err(Error::internal)?;
        // The index is entered here, whatever stands before.
        query = query.filter(finds::seq.le(seq));
        query = query.filter(finds::seq.lt(seq).or(finds::thing_id.lt(after.id.clone())));
    }
    Ok(query.limit(limit as i64).select((finds::thing_id, finds::seq, finds::at)).load(conn)?)
}

/// Everything found up to `seq` was looked at. It never goes back.
pub fn looked(conn: &mut Conn, account: &ThingId, id: &ThingId, seq: i64, at: &Timestamp) -> Result<SavedSearch> {
    of_account(conn, account, id)?;
    diesel::update(saved_searches::table.find(id.as_str()))
        .set(saved_searches::looked_at.eq(at.as_str()))
        .execute(conn)?;
    diesel::update(
        saved_searches::table.filter(saved_searches::id.eq(id.as_str()).and(saved_searches::looked_seq.lt(seq))),
    )
    .set(saved_searches::looked_seq.eq(seq))
    .execute(conn)?;
    of_account(conn, account, id)
}

/// Takes everything of an account away. Gives the ids that the log may name.
pub(super) fn forget(conn: &mut Conn, account: &ThingId) -> Result<Vec<String>> {
    let own = saved_searches::table.filter(saved_searches::account_id.eq(account.as_str()));
    let ids: Vec<String> = own.select(saved_searches::id).load(conn)?;
    if ids.is_empty() {
        return Ok(ids);
    }
    diesel::delete(finds::table.filter(finds::search_id.eq_any(ids.clone()))).execute(conn)?;
    diesel::delete(own).execute(conn)?;
    others_are_kept(conn)?;
    Ok(ids)
}

/// A find as its owner may see it now.
#[derive(Debug, Clone)]
pub struct Shown {
    pub card: Card,
    pub found_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Finds that are still published and that the reader may see now, newest first, and the place after which the next page
/// begins. What is gone or hidden leaves no gap.
pub fn shown(
    conn: &mut Conn,
    scope: &Scope,
    search: &ThingId,
    since: Since,
    after: Option<&Place>,
    limit: usize,
) -> Result<(Vec<Shown>, Option<Place>)> {
    let (mut shown, mut after) = (Vec::with_capacity(limit), after.cloned());
    let mut at = after.clone();
    loop {
        let finds = found(conn, search, since, at.as_ref(), TOGETHER)?;
        let more = finds.len() == TOGETHER;
        at = finds.last().map(|find| Place { key: find.seq.to_string(), id: find.thing.clone() });
        let ids: Vec<String> = finds.iter().map(|find| find.thing.clone()).collect();
        let mut seen = things::summaries(conn, scope, &ids)?;
        for find in finds {
            let Some(summary) = seen.remove(&find.thing).filter(|summary| summary.status == Status::Published) else {
                continue;
            };
            if shown.len() == limit {
                // One more is there: the page ends before it.
                return Ok((shown, after));
            }
            after = Some(Place { key: find.seq.to_string(), id: find.thing });
            let found_at = Timestamp::from_stored(find.at);
            shown.push(Shown { card: summary.card, found_at, updated_at: summary.updated_at });
        }
        if !more {
            return Ok((shown, None));
        }
    }
}

/// Finds that are read together.
const TOGETHER: usize = 200;
