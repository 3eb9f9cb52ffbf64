//! Letters to send, written in the same transaction as what they tell of.

use super::connection::Conn;
use super::schema::mail_outbox;
use crate::domain::vocabulary::Language;
use crate::domain::{Email, ThingId, Timestamp};
use crate::error::Result;
use diesel::prelude::*;

/// A letter in the outbox. It holds no secret: codes are derived again when it is written.
#[derive(Debug, Clone)]
pub struct Letter {
    pub id: ThingId,
    /// Which one: see `auth::mail`.
    pub letter: String,
    pub email: Email,
    pub language: Option<Language>,
    pub reference: Option<String>,
    pub attempts: i64,
}

pub fn put(
    conn: &mut Conn,
    letter: &str,
    email: &Email,
    language: Option<Language>,
    reference: Option<&str>,
    at: &Timestamp,
) -> Result<()> {
    diesel::insert_into(mail_outbox::table)
        .values((
            mail_outbox::id.eq(ThingId::new().as_str()),
            mail_outbox::letter.eq(letter),
            mail_outbox::email.eq(email.as_str()),
            mail_outbox::language.eq(language.map(Language::code)),
            mail_outbox::reference.eq(reference),
            mail_outbox::created_at.eq(at.as_str()),
            mail_outbox::due_at.eq(at.as_str()),
            mail_outbox::attempts.eq(0_i64),
        ))
        .execute(conn)?;
    Ok(())
}

/// Letters that are due, oldest first.
pub fn due(conn: &mut Conn, now: &Timestamp, limit: i64) -> Result<Vec<Letter>> {
    type Row = (String, String, String, Option<String>, Option<String>, i64);
    let rows: Vec<Row> = mail_outbox::table
        .filter(mail_outbox::due_at.le(now.as_str()))
        .order((mail_outbox::due_at, mail_outbox::id))
        .limit(limit)
        .select((
            mail_outbox::id,
            mail_outbox::letter,
            mail_outbox::email,
            mail_outbox::language,
            mail_outbox::reference,
            mail_outbox::attempts,
        ))
        .load(conn)?;
    let letters = rows.into_iter().map(|(id, letter, email, language, reference, attempts)| Letter {
        id: ThingId::from_stored(id),
        letter,
        email: Email::from_stored(email),
        language: language.as_deref().and_then(Language::from_code),
        reference,
        attempts,
    });
    Ok(letters.collect())
}

/// Takes a letter for sending: it is due again only later, so that no other node sends it, too. False if one did.
pub fn take(conn: &mut Conn, letter: &Letter, again_at: &Timestamp) -> Result<bool> {
    let taken = diesel::update(
        mail_outbox::table
            .filter(mail_outbox::id.eq(letter.id.as_str()).and(mail_outbox::attempts.eq(letter.attempts))),
    )
    .set((mail_outbox::attempts.eq(letter.attempts + 1), mail_outbox::due_at.eq(again_at.as_str())))
    .execute(conn)?;
    Ok(taken == 1)
}

pub fn done(conn: &mut Conn, id: &ThingId) -> Result<()> {
    diesel::delete(mail_outbox::table.find(id.as_str())).execute(conn)?;
    Ok(())
}
