//! Failed sign-ins, counted for known and unknown addresses alike.

use super::connection::Conn;
use super::schema::sign_in_counters;
use crate::domain::Timestamp;
use crate::error::Result;
use diesel::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    pub failures: i64,
    pub last_at: Timestamp,
}

pub fn get(conn: &mut Conn, subject: &str) -> Result<Option<Counter>> {
    let found: Option<(i64, String)> = sign_in_counters::table
        .find(subject)
        .select((sign_in_counters::failures, sign_in_counters::last_at))
        .first(conn)
        .optional()?;
    Ok(found.map(|(failures, last_at)| Counter { failures, last_at: Timestamp::from_stored(last_at) }))
}

/// Counts one more; what was counted before `forget_before` no longer counts.
pub fn raise(conn: &mut Conn, subject: &str, now: &Timestamp, forget_before: &Timestamp) -> Result<()> {
    let fresh = sign_in_counters::table
        .filter(sign_in_counters::subject.eq(subject).and(sign_in_counters::last_at.ge(forget_before.as_str())));
    let raised = diesel::update(fresh)
        .set((
            sign_in_counters::failures.eq(sign_in_counters::failures + 1),
            sign_in_counters::last_at.eq(now.as_str()),
        ))
        .execute(conn)?;
    if raised == 0 {
        diesel::delete(sign_in_counters::table.find(subject)).execute(conn)?;
        diesel::insert_into(sign_in_counters::table)
            .values((
                sign_in_counters::subject.eq(subject),
                sign_in_counters::failures.eq(1_i64),
                sign_in_counters::last_at.eq(now.as_str()),
            ))
            .execute(conn)?;
    }
    Ok(())
}

pub fn clear(conn: &mut Conn, subject: &str) -> Result<()> {
    diesel::delete(sign_in_counters::table.find(subject)).execute(conn)?;
    Ok(())
}

pub fn sweep(conn: &mut Conn, before: &Timestamp) -> Result<usize> {
    Ok(diesel::delete(sign_in_counters::table.filter(sign_in_counters::last_at.lt(before.as_str()))).execute(conn)?)
}
