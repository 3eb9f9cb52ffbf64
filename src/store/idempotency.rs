//! A creation under a key happens once: the key is written in the same transaction as the thing.

use super::database::Tx;
use super::log;
use super::schema::idempotency_keys;
use crate::domain::{Clock, Defect, Finding, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;
use sha2::{Digest, Sha256};

/// How long a key is remembered.
const HOURS: i64 = 24;

/// What the caller sent along: a key of its own, and the body it belongs to.
#[derive(Debug, Clone)]
pub struct Key {
    caller: String,
    key: String,
    digest: String,
}

/// An answer that was given before.
#[derive(Debug, Clone)]
pub struct Earlier {
    pub thing: ThingId,
    pub seq: i64,
    /// The body of the answer.
    pub response: String,
}

impl Key {
    /// `subject` tells apart what was asked for (the resource); `body` is compared by digest.
    pub fn new(caller: &str, key: &str, subject: &str, body: &[u8]) -> Result<Self> {
        if key.is_empty() || key.len() > 200 || !key.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return Err(Error::Malformed(Defect::new(
                "idempotency-key",
                "Idempotency-Key は印字できるASCII文字で1〜200文字です。",
                "An Idempotency-Key has 1 to 200 printable ASCII characters.",
            )));
        }
        let mut hasher = Sha256::new();
        hasher.update(subject.as_bytes());
        hasher.update([0]);
        hasher.update(body);
        let digest = log::hex(&hasher.finalize());
        Ok(Self { caller: caller.to_owned(), key: key.to_owned(), digest })
    }
}

/// The answer given under this key within the last day, if any. Another body under the same key is refused.
pub fn find(tx: &mut Tx<'_>, clock: &Clock, key: &Key) -> Result<Option<Earlier>> {
    let oldest = Timestamp::from_datetime(clock.now() - chrono::TimeDelta::hours(HOURS));
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.lt(oldest.as_str())))
        .execute(tx.conn())?;
    let found: Option<(String, String, i64, String)> = idempotency_keys::table
        .find((&key.caller, &key.key))
        .select((
            idempotency_keys::request_digest,
            idempotency_keys::thing_id,
            idempotency_keys::change_seq,
            idempotency_keys::response,
        ))
        .first(tx.conn())
        .optional()?;
    let Some((digest, thing, seq, response)) = found else { return Ok(None) };
    if digest != key.digest {
        return Err(Error::Invalid(vec![Finding::new(
            "",
            Defect::new(
                "idempotency.other_body",
                "この Idempotency-Key は別の内容ですでに使われています。新しいキーを使ってください。",
                "This Idempotency-Key was used with another body. Use a new key.",
            ),
        )]));
    }
    Ok(Some(Earlier { thing: ThingId::from_stored(thing), seq, response }))
}

/// Remembers the answer.
pub fn keep(tx: &mut Tx<'_>, key: &Key, thing: &ThingId, response: &str) -> Result<()> {
    let (seq, at) = (tx.position().seq, tx.at().clone());
    diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::caller.eq(&key.caller),
            idempotency_keys::key.eq(&key.key),
            idempotency_keys::request_digest.eq(&key.digest),
            idempotency_keys::thing_id.eq(thing.as_str()),
            idempotency_keys::change_seq.eq(seq),
            idempotency_keys::response.eq(response),
            idempotency_keys::created_at.eq(at.as_str()),
        ))
        .execute(tx.conn())?;
    Ok(())
}
