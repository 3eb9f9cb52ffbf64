//! Who acts for which party. Only confirmed memberships count.

use super::accounts::rights_changed;
use super::connection::Conn;
use super::database::Tx;
use super::log::{Action, Subject};
use super::schema::{accounts, memberships};
use super::sessions;
use crate::domain::{Email, MembershipState, Right, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;

#[derive(Debug, Clone)]
pub struct MembershipRow {
    pub id: ThingId,
    pub account: ThingId,
    /// Name and address of the person, for those who may manage the party.
    pub name: String,
    pub email: Email,
    pub party: ThingId,
    pub right: Right,
    pub state: MembershipState,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

type Row = (String, String, String, String, String, String, String, i64, String, String);

fn assemble(row: Row) -> MembershipRow {
    let (id, account, name, email, party, right, state, version, created_at, updated_at) = row;
    MembershipRow {
        id: ThingId::from_stored(id),
        account: ThingId::from_stored(account),
        name,
        email: Email::from_stored(email),
        party: ThingId::from_stored(party),
        right: Right::from_code(&right).unwrap_or(Right::Reader),
        state: MembershipState::from_code(&state).unwrap_or(MembershipState::Suspended),
        version,
        created_at: Timestamp::from_stored(created_at),
        updated_at: Timestamp::from_stored(updated_at),
    }
}

/// Which memberships to read.
#[derive(Debug, Clone)]
pub enum Of<'a> {
    Party(&'a ThingId),
    Account(&'a ThingId),
    Id(&'a ThingId),
}

pub fn read(conn: &mut Conn, of: Of<'_>) -> Result<Vec<MembershipRow>> {
    let rows = memberships::table.inner_join(accounts::table).into_boxed();
    let rows = match of {
        Of::Party(id) => rows.filter(memberships::party_id.eq(id.to_string())),
        Of::Account(id) => rows.filter(memberships::account_id.eq(id.to_string())),
        Of::Id(id) => rows.filter(memberships::id.eq(id.to_string())),
    };
    let rows: Vec<Row> = rows
        .order(memberships::id)
        .select((
            memberships::id,
            memberships::account_id,
            accounts::name,
            accounts::email,
            memberships::party_id,
            memberships::party_right,
            memberships::state,
            memberships::version,
            memberships::created_at,
            memberships::updated_at,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(assemble).collect())
}

pub fn get(conn: &mut Conn, id: &ThingId) -> Result<MembershipRow> {
    read(conn, Of::Id(id))?.pop().ok_or(Error::NotFound)
}

/// Takes an invitation to a party up: accepted, not yet confirmed. Somebody who is a member already stays as they are.
pub fn accept(tx: &mut Tx<'_>, account: &ThingId, party: &ThingId, right: Right) -> Result<MembershipRow> {
    if let Some(there) = read(tx.conn(), Of::Account(account))?.into_iter().find(|row| &row.party == party) {
        return Ok(there);
    }
    let (id, at) = (ThingId::new(), tx.at().clone());
    diesel::insert_into(memberships::table)
        .values((
            memberships::id.eq(id.as_str()),
            memberships::account_id.eq(account.as_str()),
            memberships::party_id.eq(party.as_str()),
            memberships::party_right.eq(right.code()),
            memberships::state.eq(MembershipState::Accepted.code()),
            memberships::version.eq(1_i64),
            memberships::created_at.eq(at.as_str()),
            memberships::updated_at.eq(at.as_str()),
        ))
        .execute(tx.conn())?;
    tx.record(Action::Accept, Subject::Membership, &id, false)?;
    get(tx.conn(), &id)
}

/// Changes right or state of a membership that still is at version `expected`. Losing something ends the sessions.
pub fn change(
    tx: &mut Tx<'_>,
    id: &ThingId,
    expected: i64,
    right: Option<Right>,
    state: Option<MembershipState>,
) -> Result<MembershipRow> {
    let current = get(tx.conn(), id)?;
    if current.version != expected {
        return Err(Error::Stale { current: current.version });
    }
    let (right, state) = (right.unwrap_or(current.right), state.unwrap_or(current.state));
    if right == current.right && state == current.state {
        tx.unchanged();
        return Ok(current);
    }
    let at = tx.at().clone();
    diesel::update(memberships::table.find(id.as_str()))
        .set((
            memberships::party_right.eq(right.code()),
            memberships::state.eq(state.code()),
            memberships::version.eq(current.version + 1),
            memberships::updated_at.eq(at.as_str()),
        ))
        .execute(tx.conn())?;
    if right != current.right {
        tx.record(Action::Grant, Subject::Membership, id, false)?;
    }
    if state != current.state {
        let action = match state {
            MembershipState::Confirmed => Action::Confirm,
            MembershipState::Suspended => Action::Suspend,
            MembershipState::Accepted => Action::Update,
        };
        tx.record(action, Subject::Membership, id, false)?;
    }
    rights_changed(tx.conn())?;
    let lost =
        current.state == MembershipState::Confirmed && (state != MembershipState::Confirmed || right < current.right);
    if lost {
        sessions::end_all(tx.conn(), &current.account, &at, "rights")?;
    }
    get(tx.conn(), id)
}

/// Ends a membership for good.
pub fn delete(tx: &mut Tx<'_>, id: &ThingId, expected: i64) -> Result<()> {
    let current = get(tx.conn(), id)?;
    if current.version != expected {
        return Err(Error::Stale { current: current.version });
    }
    let at = tx.at().clone();
    diesel::delete(memberships::table.find(id.as_str())).execute(tx.conn())?;
    rights_changed(tx.conn())?;
    if current.state == MembershipState::Confirmed {
        sessions::end_all(tx.conn(), &current.account, &at, "rights")?;
    }
    tx.record(Action::Delete, Subject::Membership, id, false)
}

/// Address and language of the confirmed owners of a party.
pub fn owners(conn: &mut Conn, party: &ThingId) -> Result<Vec<(String, String)>> {
    Ok(memberships::table
        .inner_join(accounts::table)
        .filter(memberships::party_id.eq(party.as_str()))
        .filter(memberships::state.eq(MembershipState::Confirmed.code()))
        .filter(memberships::party_right.eq(Right::Owner.code()))
        .select((accounts::email, accounts::language))
        .load(conn)?)
}
