//! One-time codes: resets and changes of address. Only digests are kept.

use super::connection::Conn;
use super::schema::one_time_codes;
use crate::domain::{Email, ThingId, Timestamp};
use crate::error::Result;
use diesel::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Reset,
    ChangeEmail,
}

impl Purpose {
    pub fn code(self) -> &'static str {
        match self {
            Purpose::Reset => "reset",
            Purpose::ChangeEmail => "change_email",
        }
    }
}

pub fn create(
    conn: &mut Conn,
    purpose: Purpose,
    account: &ThingId,
    email: Option<&Email>,
    hash: &str,
    at: &Timestamp,
    expires_at: &Timestamp,
) -> Result<()> {
    diesel::insert_into(one_time_codes::table)
        .values((
            one_time_codes::code_hash.eq(hash),
            one_time_codes::purpose.eq(purpose.code()),
            one_time_codes::account_id.eq(account.as_str()),
            one_time_codes::email.eq(email.map(Email::as_str)),
            one_time_codes::created_at.eq(at.as_str()),
            one_time_codes::expires_at.eq(expires_at.as_str()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whose code this is, if it still holds. Does not use it up.
pub fn look(conn: &mut Conn, purpose: Purpose, hash: &str, now: &Timestamp) -> Result<Option<ThingId>> {
    let account: Option<String> = one_time_codes::table
        .filter(one_time_codes::code_hash.eq(hash).and(one_time_codes::purpose.eq(purpose.code())))
        .filter(one_time_codes::used_at.is_null().and(one_time_codes::expires_at.gt(now.as_str())))
        .select(one_time_codes::account_id)
        .first(conn)
        .optional()?;
    Ok(account.map(ThingId::from_stored))
}

/// Uses a code up. None if there is no such code, or it was used or has expired.
pub fn take(
    conn: &mut Conn,
    purpose: Purpose,
    hash: &str,
    now: &Timestamp,
) -> Result<Option<(ThingId, Option<Email>)>> {
    let taken = diesel::update(
        one_time_codes::table
            .filter(one_time_codes::code_hash.eq(hash).and(one_time_codes::purpose.eq(purpose.code())))
            .filter(one_time_codes::used_at.is_null().and(one_time_codes::expires_at.gt(now.as_str()))),
    )
    .set(one_time_codes::used_at.eq(now.as_str()))
    .execute(conn)?;
    if taken == 0 {
        return Ok(None);
    }
    let (account, email): (String, Option<String>) =
        one_time_codes::table.find(hash).select((one_time_codes::account_id, one_time_codes::email)).first(conn)?;
    Ok(Some((ThingId::from_stored(account), email.map(Email::from_stored))))
}

/// All open codes of an account end: with a new password, nothing mailed before holds.
pub fn end_all(conn: &mut Conn, account: &ThingId, now: &Timestamp) -> Result<()> {
    diesel::update(
        one_time_codes::table
            .filter(one_time_codes::account_id.eq(account.as_str()).and(one_time_codes::used_at.is_null())),
    )
    .set(one_time_codes::used_at.eq(now.as_str()))
    .execute(conn)?;
    Ok(())
}

pub fn sweep(conn: &mut Conn, before: &Timestamp) -> Result<usize> {
    Ok(diesel::delete(one_time_codes::table.filter(one_time_codes::expires_at.lt(before.as_str()))).execute(conn)?)
}

/// Was this code made?
pub fn exists(conn: &mut Conn, hash: &str) -> Result<bool> {
    let found: Option<String> =
        one_time_codes::table.find(hash).select(one_time_codes::code_hash).first(conn).optional()?;
    Ok(found.is_some())
}

/// Codes made for an account since a moment.
pub fn count_since(conn: &mut Conn, purpose: Purpose, account: &ThingId, since: &Timestamp) -> Result<i64> {
    Ok(one_time_codes::table
        .filter(one_time_codes::account_id.eq(account.as_str()).and(one_time_codes::purpose.eq(purpose.code())))
        .filter(one_time_codes::created_at.ge(since.as_str()))
        .count()
        .get_result(conn)?)
}
