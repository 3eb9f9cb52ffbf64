//! Invitations: the only way in. Kept by address, so that making one never tells whether the address has an account.

use super::connection::Conn;
use super::database::Tx;
use super::log::{Action, Subject};
use super::page::Place;
use super::schema::invitations;
use crate::domain::vocabulary::Language;
use crate::domain::{Email, InvitationState, Right, Role, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;

#[derive(Debug, Clone)]
pub struct Invitation {
    pub id: ThingId,
    pub email: Email,
    pub party: Option<(ThingId, Right)>,
    pub roles: Vec<Role>,
    pub language: Language,
    pub invited_by: String,
    pub state: InvitationState,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = invitations)]
struct Row {
    id: String,
    email: String,
    party_id: Option<String>,
    party_right: Option<String>,
    roles: String,
    language: String,
    invited_by: String,
    state: String,
    created_at: String,
    expires_at: String,
}

fn assemble(row: Row) -> Invitation {
    let right = row.party_right.as_deref().and_then(Right::from_code);
    Invitation {
        id: ThingId::from_stored(row.id),
        email: Email::from_stored(row.email),
        party: row.party_id.map(ThingId::from_stored).zip(right),
        roles: row.roles.split(',').filter_map(Role::from_code).collect(),
        language: Language::from_code(&row.language).unwrap_or(Language::Ja),
        invited_by: row.invited_by,
        state: InvitationState::from_code(&row.state).unwrap_or(InvitationState::Withdrawn),
        created_at: Timestamp::from_stored(row.created_at),
        expires_at: Timestamp::from_stored(row.expires_at),
    }
}

/// What an invitation begins with. The id comes from outside: the code is derived from it.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    pub id: ThingId,
    pub email: Email,
    pub party: Option<(ThingId, Right)>,
    pub roles: Vec<Role>,
    pub language: Language,
    pub code_hash: String,
    pub expires_at: Timestamp,
}

pub fn create(tx: &mut Tx<'_>, new: NewInvitation) -> Result<Invitation> {
    let at = tx.at().clone();
    let invited_by = tx.actor().name().to_owned();
    let roles: Vec<&str> = new.roles.iter().map(|role| role.code()).collect();
    diesel::insert_into(invitations::table)
        .values((
            invitations::id.eq(new.id.as_str()),
            invitations::email.eq(new.email.as_str()),
            invitations::party_id.eq(new.party.as_ref().map(|(party, _)| party.as_str())),
            invitations::party_right.eq(new.party.as_ref().map(|(_, right)| right.code())),
            invitations::roles.eq(roles.join(",")),
            invitations::language.eq(new.language.code()),
            invitations::invited_by.eq(&invited_by),
            invitations::code_hash.eq(&new.code_hash),
            invitations::state.eq(InvitationState::Pending.code()),
            invitations::created_at.eq(at.as_str()),
            invitations::expires_at.eq(new.expires_at.as_str()),
        ))
        .execute(tx.conn())?;
    tx.record(Action::Create, Subject::Invitation, &new.id, false)?;
    get(tx.conn(), &new.id)
}

pub fn get(conn: &mut Conn, id: &ThingId) -> Result<Invitation> {
    let row: Row = invitations::table.find(id.as_str()).select(Row::as_select()).first(conn)?;
    Ok(assemble(row))
}

/// The invitation behind a code, if it can still be taken up.
pub fn by_code(conn: &mut Conn, code_hash: &str, now: &Timestamp) -> Result<Option<Invitation>> {
    let row: Option<Row> = invitations::table
        .filter(invitations::code_hash.eq(code_hash))
        .filter(invitations::state.eq(InvitationState::Pending.code()))
        .filter(invitations::expires_at.gt(now.as_str()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(assemble))
}

/// Invitations that are open, newest first; of one party, or all.
pub fn list(
    conn: &mut Conn,
    parties: Option<&[ThingId]>,
    after: Option<&Place>,
    limit: usize,
) -> Result<(Vec<Invitation>, Option<Place>)> {
    let mut rows = invitations::table.filter(invitations::state.eq(InvitationState::Pending.code())).into_boxed();
    if let Some(parties) = parties {
        let parties: Vec<String> = parties.iter().map(ToString::to_string).collect();
        rows = rows
            .filter(invitations::party_id.is_not_null().and(invitations::party_id.assume_not_null().eq_any(parties)));
    }
    if let Some(after) = after {
        rows = rows.filter(invitations::id.lt(after.id.clone()));
    }
    let mut rows: Vec<Row> =
        rows.order(invitations::id.desc()).limit(limit as i64 + 1).select(Row::as_select()).load(conn)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Place { key: String::new(), id: row.id.clone() });
    Ok((rows.into_iter().map(assemble).collect(), next))
}

/// Ends an open invitation, one way or the other; the address is no longer needed and goes. Only one of many can win.
pub fn end(tx: &mut Tx<'_>, id: &ThingId, state: InvitationState) -> Result<()> {
    let ended = diesel::update(
        invitations::table
            .filter(invitations::id.eq(id.as_str()).and(invitations::state.eq(InvitationState::Pending.code()))),
    )
    .set((invitations::state.eq(state.code()), invitations::email.eq("")))
    .execute(tx.conn())?;
    if ended == 0 {
        return Err(Error::NotFound);
    }
    let action = if state == InvitationState::Accepted { Action::Accept } else { Action::Delete };
    tx.record(action, Subject::Invitation, id, false)
}

/// Forgets invitations that expired before `before`, and those that ended as long ago.
pub fn sweep(conn: &mut Conn, before: &Timestamp) -> Result<usize> {
    Ok(diesel::delete(invitations::table.filter(invitations::expires_at.lt(before.as_str()))).execute(conn)?)
}
