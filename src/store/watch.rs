//! How far the saved searches have followed the log, and the tellings: mark and finds move in one transaction, so that
//! whatever dies in between, each thing is told to each search once.

use super::connection::{Conn, IN_LIST};
use super::schema::{accounts, saved_search_finds as finds, saved_searches, watch_head};
use super::{notices, outbox};
use crate::domain::vocabulary::Language;
use crate::domain::vocabulary::desk::NoticeChoice;
use crate::domain::{AccountState, Email, ThingId, Timestamp};
use crate::error::Result;
use chrono::TimeDelta;
use diesel::prelude::*;

/// The letter about what a saved search found.
pub const LETTER: &str = "saved_search";
/// Rows written by one statement.
const TOGETHER: usize = 400;
/// Letters "at once" come at most this often for one search: an import would send hundreds.
const AT_ONCE_MINUTES: i64 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Head {
    pub seq: i64,
    /// Rises when a search comes or goes.
    pub generation: i64,
}

pub fn head(conn: &mut Conn) -> Result<Head> {
    Ok(watch_head::table.select((watch_head::seq, watch_head::generation)).first(conn)?)
}

/// A search that waits.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Waiting {
    pub id: String,
    pub account: String,
    pub from_seq: i64,
}

/// Every search that is kept.
pub fn waiting(conn: &mut Conn) -> Result<Vec<Waiting>> {
    Ok(saved_searches::table
        .order(saved_searches::id)
        .select((saved_searches::id, saved_searches::account_id, saved_searches::from_seq))
        .load(conn)?)
}

/// The queries of some, as JSON.
pub fn queries(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, String)>> {
    let mut queries = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IN_LIST) {
        let rows = saved_searches::table.filter(saved_searches::id.eq_any(ids.to_vec()));
        queries.extend(rows.select((saved_searches::id, saved_searches::query)).load::<(String, String)>(conn)?);
    }
    Ok(queries)
}

/// What one stretch of the log, from `from` to `to`, brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tellings {
    pub from: i64,
    pub to: i64,
    /// Search and thing.
    pub found: Vec<(String, String)>,
    /// Things that are no more.
    pub gone: Vec<String>,
}

impl Tellings {
    /// A stretch that brought nothing.
    pub fn nothing(from: i64, to: i64) -> Self {
        Self { from, to, ..Self::default() }
    }
}

/// Tells, and moves the mark, if it still stands where the log was read from. False: somebody else was faster, and
/// nothing was told.
pub fn tell(conn: &mut Conn, tellings: &Tellings, now: &Timestamp) -> Result<bool> {
    let moved = diesel::update(watch_head::table.filter(watch_head::seq.eq(tellings.from)))
        .set(watch_head::seq.eq(tellings.to))
        .execute(conn)?;
    if moved == 0 {
        return Ok(false);
    }
    for gone in tellings.gone.chunks(IN_LIST) {
        diesel::delete(finds::table.filter(finds::thing_id.eq_any(gone.to_vec()))).execute(conn)?;
    }
    for found in tellings.found.chunks(TOGETHER) {
        let rows: Vec<String> = found
            .iter()
            .filter(|(search, thing)| is_id(search) && is_id(thing))
            .map(|(search, thing)| format!("('{search}', '{thing}')"))
            .collect();
        if rows.is_empty() {
            continue;
        }
        // Ids of our own only (see `is_id`). A search may have been deleted since it was asked.
        let text = format!(
            "INSERT INTO saved_search_finds (search_id, thing_id, seq, at) \
             SELECT v.column1, v.column2, {}, '{}' FROM (VALUES {}) AS v \
             WHERE EXISTS (SELECT 1 FROM saved_searches s WHERE s.id = v.column1) ON CONFLICT DO NOTHING",
            tellings.to,
            now.as_str(),
            rows.join(", ")
        );
        diesel::sql_query(text).execute(conn)?;
    }
    Ok(true)
}

/// Letters, digits and hyphens: nothing that could end a text in SQL.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Puts a letter into the outbox for every search with this cadence that found something its owner was not told of and
/// did not look at, if the last letter is old enough. Gives how many. Safe to repeat.
pub fn write_letters(conn: &mut Conn, cadence: NoticeChoice, now: &Timestamp) -> Result<usize> {
    let pause = match cadence {
        NoticeChoice::Never => return Ok(0),
        NoticeChoice::AtOnce => TimeDelta::minutes(AT_ONCE_MINUTES),
        NoticeChoice::Daily => TimeDelta::days(1),
        NoticeChoice::Weekly => TimeDelta::days(7),
    };
    let oldest = now.plus(-pause);
    let untold = finds::table
        .filter(finds::search_id.eq(saved_searches::id))
        .filter(finds::seq.gt(saved_searches::mailed_seq).and(finds::seq.gt(saved_searches::looked_seq)))
        .select(finds::thing_id);
    let due = saved_searches::mailed_at.is_null().or(saved_searches::mailed_at.le(Some(oldest.as_str().to_owned())));
    let rows: Vec<(String, i64, String, String, String)> = saved_searches::table
        .inner_join(accounts::table)
        .filter(saved_searches::cadence.eq(cadence.code()))
        .filter(due.assume_not_null())
        .filter(accounts::state.eq(AccountState::Active.code()))
        .filter(diesel::dsl::exists(untold))
        .order(saved_searches::id)
        .select((saved_searches::id, saved_searches::mailed_seq, accounts::id, accounts::email, accounts::language))
        .load(conn)?;
    let to = head(conn)?.seq;
    let mut letters = 0;
    for (search, from, account, email, language) in rows {
        diesel::update(saved_searches::table.find(&search))
            .set((saved_searches::mailed_seq.eq(to), saved_searches::mailed_at.eq(Some(now.as_str()))))
            .execute(conn)?;
        // Whoever wants no letters at all gets none.
        if notices::choice(conn, &ThingId::from_stored(account))? == NoticeChoice::Never {
            continue;
        }
        let reference = format!("{search} {from}");
        let language = Language::from_code(&language);
        outbox::put(conn, LETTER, &Email::from_stored(email), language, Some(&reference), now)?;
        letters += 1;
    }
    Ok(letters)
}
