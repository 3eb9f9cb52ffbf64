//! Sign-ins: a family of refresh tokens each, of which only digests are kept. Counters, not things: no log rows.

use super::accounts::rights_changed;
use super::connection::Conn;
use super::schema::{refresh_tokens, session_families};
use crate::domain::{ThingId, Timestamp};
use crate::error::Result;
use diesel::prelude::*;

/// A sign-in, as its owner sees it.
#[derive(Debug, Clone, Queryable)]
pub struct Family {
    pub id: String,
    pub account_id: String,
    pub created_at: String,
    pub last_used_at: String,
    pub expires_at: String,
    pub ended_at: Option<String>,
    pub end_reason: Option<String>,
}

/// Begins a family with its first token.
pub fn begin(
    conn: &mut Conn,
    account: &ThingId,
    token_hash: &str,
    at: &Timestamp,
    token_ends: &Timestamp,
    family_ends: &Timestamp,
) -> Result<String> {
    let id = ThingId::new().to_string();
    diesel::insert_into(session_families::table)
        .values((
            session_families::id.eq(&id),
            session_families::account_id.eq(account.as_str()),
            session_families::created_at.eq(at.as_str()),
            session_families::last_used_at.eq(at.as_str()),
            session_families::expires_at.eq(family_ends.as_str()),
        ))
        .execute(conn)?;
    insert_token(conn, &id, token_hash, at, token_ends)?;
    Ok(id)
}

fn insert_token(conn: &mut Conn, family: &str, hash: &str, at: &Timestamp, ends: &Timestamp) -> Result<()> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(hash),
            refresh_tokens::family_id.eq(family),
            refresh_tokens::created_at.eq(at.as_str()),
            refresh_tokens::expires_at.eq(ends.as_str()),
        ))
        .execute(conn)?;
    Ok(())
}

/// What became of a refresh token that was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// The successor holds: now made, or made a moment ago by a benign repeat.
    Held { family: String, account: ThingId },
    /// Unknown, expired, or of a family that has ended.
    Refused,
    /// It was used long before: somebody else has it. The family has ended.
    Stolen { account: ThingId },
}

/// Exchanges a token for its successor. A repeat within the grace is benign and finds the same successor.
pub fn refresh(
    conn: &mut Conn,
    hash: &str,
    successor_hash: &str,
    now: &Timestamp,
    grace_began: &Timestamp,
    token_ends: &Timestamp,
) -> Result<Refreshed> {
    // First of all the one statement that only one of many can win.
    let won = diesel::update(
        refresh_tokens::table.filter(refresh_tokens::token_hash.eq(hash).and(refresh_tokens::used_at.is_null())),
    )
    .set(refresh_tokens::used_at.eq(now.as_str()))
    .execute(conn)?
        == 1;
    // Of the token: family, expiry, use; of the family: account, expiry, end.
    type Found = (String, String, Option<String>, String, String, Option<String>);
    let found: Option<Found> = refresh_tokens::table
        .inner_join(session_families::table.on(session_families::id.eq(refresh_tokens::family_id)))
        .filter(refresh_tokens::token_hash.eq(hash))
        .select((
            refresh_tokens::family_id,
            refresh_tokens::expires_at,
            refresh_tokens::used_at,
            session_families::account_id,
            session_families::expires_at,
            session_families::ended_at,
        ))
        .first(conn)
        .optional()?;
    let Some((family, expires, used, account, family_expires, ended)) = found else { return Ok(Refreshed::Refused) };
    let over = ended.is_some() || expires.as_str() <= now.as_str() || family_expires.as_str() <= now.as_str();
    if over {
        return Ok(Refreshed::Refused);
    }
    let account = ThingId::from_stored(account);
    if won {
        let ends = if family_expires.as_str() < token_ends.as_str() {
            Timestamp::from_stored(family_expires)
        } else {
            token_ends.clone()
        };
        insert_token(conn, &family, successor_hash, now, &ends)?;
        diesel::update(session_families::table.find(&family))
            .set(session_families::last_used_at.eq(now.as_str()))
            .execute(conn)?;
        return Ok(Refreshed::Held { family, account });
    }
    if used.is_some_and(|used| used.as_str() >= grace_began.as_str()) {
        return Ok(Refreshed::Held { family, account });
    }
    end(conn, &family, now, "theft")?;
    Ok(Refreshed::Stolen { account })
}

/// Until when the family of this account lives; none if it does not.
pub fn live_until(conn: &mut Conn, family: &str, account: &str, now: &Timestamp) -> Result<Option<Timestamp>> {
    let until: Option<String> = session_families::table
        .filter(session_families::id.eq(family).and(session_families::account_id.eq(account)))
        .filter(session_families::ended_at.is_null().and(session_families::expires_at.gt(now.as_str())))
        .select(session_families::expires_at)
        .first(conn)
        .optional()?;
    Ok(until.map(Timestamp::from_stored))
}

/// The families of an account that are alive, newest first.
pub fn live_of(conn: &mut Conn, account: &ThingId, now: &Timestamp) -> Result<Vec<Family>> {
    Ok(session_families::table
        .filter(session_families::account_id.eq(account.as_str()))
        .filter(session_families::ended_at.is_null().and(session_families::expires_at.gt(now.as_str())))
        .order(session_families::id.desc())
        .load(conn)?)
}

/// Ends one family; everything issued under it is refused from the next request on.
pub fn end(conn: &mut Conn, family: &str, at: &Timestamp, reason: &str) -> Result<bool> {
    let ended = diesel::update(
        session_families::table.filter(session_families::id.eq(family).and(session_families::ended_at.is_null())),
    )
    .set((session_families::ended_at.eq(at.as_str()), session_families::end_reason.eq(reason)))
    .execute(conn)?;
    rights_changed(conn)?;
    Ok(ended == 1)
}

pub fn end_all(conn: &mut Conn, account: &ThingId, at: &Timestamp, reason: &str) -> Result<usize> {
    let live = session_families::table
        .filter(session_families::account_id.eq(account.as_str()).and(session_families::ended_at.is_null()));
    let ended = diesel::update(live)
        .set((session_families::ended_at.eq(at.as_str()), session_families::end_reason.eq(reason)))
        .execute(conn)?;
    rights_changed(conn)?;
    Ok(ended)
}

/// Forgets families that ended or expired before `before`, with their tokens.
pub fn sweep(conn: &mut Conn, before: &Timestamp) -> Result<usize> {
    let old = || {
        session_families::table
            .filter(
                session_families::expires_at
                    .lt(before.as_str())
                    .or(session_families::ended_at.assume_not_null().lt(before.as_str())),
            )
            .select(session_families::id)
    };
    let ids: Vec<String> = old().limit(super::connection::IN_LIST as i64).load(conn)?;
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::family_id.eq_any(ids.clone()))).execute(conn)?;
    Ok(diesel::delete(session_families::table.filter(session_families::id.eq_any(ids))).execute(conn)?)
}
