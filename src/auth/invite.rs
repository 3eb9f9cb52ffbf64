//! The first administrator: invited from the command line, by a code shown once.

use super::keys::Keys;
use super::{AuthSettings, mail, secrets};
use crate::domain::vocabulary::Language;
use crate::domain::{Actor, Email, Role, ThingId, Timestamp};
use crate::error::Result;
use crate::store::Database;
use crate::store::invitations::{self, Invitation, NewInvitation};
use chrono::TimeDelta;

/// How long an invitation holds.
const DAYS: i64 = 7;

pub fn ends(now: &Timestamp) -> Timestamp {
    now.plus(TimeDelta::days(DAYS))
}

/// Invites an administrator; gives the invitation and its code, which is kept nowhere.
pub fn administrator(
    settings: &AuthSettings,
    database: &Database,
    email: Email,
    language: Language,
) -> Result<(Invitation, String)> {
    let keys = Keys::open(&settings.keys, database.clock().clone())?;
    let id = ThingId::new();
    let code = mail::invitation_code(keys.secret(), &id);
    let new = NewInvitation {
        id,
        email,
        party: None,
        roles: vec![Role::Administrator],
        language,
        code_hash: secrets::fingerprint(&code),
        expires_at: database.clock().timestamp().plus(TimeDelta::days(1)),
    };
    let written = database.write(&Actor::Operator, |tx| invitations::create(tx, new))?;
    Ok((written.value, code))
}
