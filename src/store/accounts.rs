//! Accounts and roles, and the rights that follow from them.

use super::connection::Conn;
use super::database::Tx;
use super::log::{self, Action, Subject};
use super::page::Place;
use super::schema::{
    account_roles, accounts, api_tokens, idempotency_keys, invitations, mail_outbox, memberships, one_time_codes,
    refresh_tokens, rights_head, session_families,
};
use super::sessions;
use crate::domain::access::HeldBy;
use crate::domain::vocabulary::Language;
use crate::domain::{
    AccountActor, AccountState, Actor, Defect, Email, Membership, MembershipState, Right, Role, ThingId, Timestamp,
};
use crate::error::{Error, Result};
use diesel::prelude::*;

/// An account with its secrets: never leaves the service as it is.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: ThingId,
    pub email: Email,
    pub name: String,
    pub language: Language,
    pub state: AccountState,
    pub password_hash: String,
    /// Sealed.
    pub totp_secret: Option<String>,
    pub totp_confirmed: bool,
    pub totp_step: i64,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub roles: Vec<Role>,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = accounts)]
struct Row {
    id: String,
    email: String,
    name: String,
    language: String,
    state: String,
    password_hash: String,
    totp_secret: Option<String>,
    totp_confirmed: bool,
    totp_step: i64,
    version: i64,
    created_at: String,
    updated_at: String,
}

fn assemble(conn: &mut Conn, row: Row) -> Result<Account> {
    let roles = roles_of(conn, &row.id)?;
    Ok(Account {
        id: ThingId::from_stored(row.id),
        email: Email::from_stored(row.email),
        name: row.name,
        language: Language::from_code(&row.language).unwrap_or(Language::Ja),
        // What cannot be read does not get in.
        state: AccountState::from_code(&row.state).unwrap_or(AccountState::Suspended),
        password_hash: row.password_hash,
        totp_secret: row.totp_secret,
        totp_confirmed: row.totp_confirmed,
        totp_step: row.totp_step,
        version: row.version,
        created_at: Timestamp::from_stored(row.created_at),
        updated_at: Timestamp::from_stored(row.updated_at),
        roles,
    })
}

fn roles_of(conn: &mut Conn, id: &str) -> Result<Vec<Role>> {
    let codes: Vec<String> = account_roles::table
        .filter(account_roles::account_id.eq(id))
        .select(account_roles::role)
        .order(account_roles::role)
        .load(conn)?;
    Ok(codes.iter().filter_map(|code| Role::from_code(code)).collect())
}

pub fn get(conn: &mut Conn, id: &ThingId) -> Result<Account> {
    let row: Row = accounts::table.find(id.as_str()).select(Row::as_select()).first(conn)?;
    assemble(conn, row)
}

/// Whoever has this address and is not erased.
pub fn by_email(conn: &mut Conn, email: &Email) -> Result<Option<Account>> {
    let row: Option<Row> =
        accounts::table.filter(accounts::email.eq(email.as_str())).select(Row::as_select()).first(conn).optional()?;
    row.map(|row| assemble(conn, row)).transpose()
}

/// Is there any account at all? Until there is, the person at the machine is the operator.
pub fn any(conn: &mut Conn) -> Result<bool> {
    let first: Option<String> = accounts::table.select(accounts::id).limit(1).first(conn).optional()?;
    Ok(first.is_some())
}

/// A page of accounts by address, erased ones left out.
pub fn list(conn: &mut Conn, after: Option<&Place>, limit: usize) -> Result<(Vec<Account>, Option<Place>)> {
    let mut rows = accounts::table.filter(accounts::state.ne(AccountState::Erased.code())).into_boxed();
    if let Some(after) = after {
        rows = rows.filter(accounts::email.gt(after.key.clone()));
    }
    let mut rows: Vec<Row> = rows.order(accounts::email).limit(limit as i64 + 1).select(Row::as_select()).load(conn)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Place { key: row.email.clone(), id: row.id.clone() });
    let accounts = rows.into_iter().map(|row| assemble(conn, row)).collect::<Result<_>>()?;
    Ok((accounts, next))
}

/// What the account may do now: none if it may do nothing. `second_factor_for_administrators`: without a confirmed
/// second factor the role of administrator does not count.
pub fn rights(conn: &mut Conn, id: &str, second_factor_for_administrators: bool) -> Result<Option<AccountActor>> {
    let found: Option<(String, bool)> =
        accounts::table.find(id).select((accounts::state, accounts::totp_confirmed)).first(conn).optional()?;
    let Some((state, second_factor)) = found else { return Ok(None) };
    if AccountState::from_code(&state) != Some(AccountState::Active) {
        return Ok(None);
    }
    let mut roles = roles_of(conn, id)?;
    if second_factor_for_administrators && !second_factor {
        roles.retain(|&role| role != Role::Administrator);
    }
    let memberships: Vec<(String, String)> = memberships::table
        .filter(memberships::account_id.eq(id).and(memberships::state.eq(MembershipState::Confirmed.code())))
        .select((memberships::party_id, memberships::party_right))
        .order(memberships::party_id)
        .load(conn)?;
    let memberships = memberships
        .into_iter()
        .filter_map(|(party, right)| {
            Some(Membership { party: ThingId::from_stored(party), right: Right::from_code(&right)? })
        })
        .collect();
    Ok(Some(AccountActor { id: ThingId::from_stored(id.to_owned()), roles, memberships, standing: None }))
}

/// Refuses a write in the name of an account whose rights are no longer those it began with. Called in the write's own
/// transaction, so nothing can change after the look.
pub(super) fn refuse_lost_rights(conn: &mut Conn, actor: &Actor, now: &Timestamp) -> Result<()> {
    let Actor::Account(AccountActor { id, roles, memberships, standing: Some(standing) }) = actor else {
        return Ok(());
    };
    if generation(conn)? == standing.generation {
        return Ok(());
    }
    let holds = match &standing.credential {
        None => true,
        Some(HeldBy::SignIn(family)) => sessions::live_until(conn, family, id.as_str(), now)?.is_some(),
        Some(HeldBy::ApiToken(digest)) => {
            super::api_tokens::find(conn, digest)?.is_some_and(|token| token.expires_at > *now)
        }
    };
    let current = match holds {
        true => rights(conn, id.as_str(), standing.second_factor_for_administrators)?,
        false => None,
    };
    let Some(current) = current else { return Err(Error::Unauthenticated) };
    if current.roles == *roles && current.memberships == *memberships {
        return Ok(());
    }
    Err(Error::NotAllowed(Defect::new(
        "rights-changed",
        "この要求の途中で権限が変わりました。何も保存されていません。もう一度お試しください。",
        "Your rights changed while this was under way. Nothing was saved; please try again.",
    )))
}

/// The number that rises with every change of rights.
pub fn generation(conn: &mut Conn) -> Result<i64> {
    Ok(rights_head::table.select(rights_head::generation).first(conn)?)
}

/// Says that somebody's rights changed: copies made before are void.
pub(super) fn rights_changed(conn: &mut Conn) -> Result<()> {
    diesel::update(rights_head::table).set(rights_head::generation.eq(rights_head::generation + 1)).execute(conn)?;
    Ok(())
}

/// What a new account begins with.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub email: Email,
    pub name: String,
    pub language: Language,
    pub password_hash: String,
}

pub fn create(tx: &mut Tx<'_>, new: NewAccount) -> Result<ThingId> {
    let (id, at) = (ThingId::new(), tx.at().clone());
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(id.as_str()),
            accounts::email.eq(new.email.as_str()),
            accounts::name.eq(&new.name),
            accounts::language.eq(new.language.code()),
            accounts::state.eq(AccountState::Active.code()),
            accounts::password_hash.eq(&new.password_hash),
            accounts::totp_confirmed.eq(false),
            accounts::totp_step.eq(0_i64),
            accounts::version.eq(1_i64),
            accounts::created_at.eq(at.as_str()),
            accounts::updated_at.eq(at.as_str()),
        ))
        .execute(tx.conn())?;
    rights_changed(tx.conn())?;
    tx.record(Action::Create, Subject::Account, &id, false)?;
    Ok(id)
}

/// What may change of an account; absent stays.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    pub name: Option<String>,
    pub language: Option<Language>,
    pub state: Option<AccountState>,
    pub roles: Option<Vec<Role>>,
}

/// Changes an account that still is at version `expected`. Losing a role or being suspended ends all its sessions.
pub fn change(tx: &mut Tx<'_>, id: &ThingId, expected: i64, change: AccountChange) -> Result<Account> {
    let current = get(tx.conn(), id)?;
    if current.state == AccountState::Erased {
        return Err(Error::NotFound);
    }
    if current.version != expected {
        return Err(Error::Stale { current: current.version });
    }
    let at = tx.at().clone();
    let name = change.name.unwrap_or_else(|| current.name.clone());
    let language = change.language.unwrap_or(current.language);
    let state = change.state.unwrap_or(current.state);
    let mut roles = change.roles.unwrap_or_else(|| current.roles.clone());
    roles.sort();
    roles.dedup();
    let same_state = state == current.state;
    let same_roles = roles == current.roles;
    let same_words = name == current.name && language == current.language;
    if same_state && same_roles && same_words {
        tx.unchanged();
        return Ok(current);
    }
    diesel::update(accounts::table.find(id.as_str()))
        .set((
            accounts::name.eq(&name),
            accounts::language.eq(language.code()),
            accounts::state.eq(state.code()),
            accounts::version.eq(current.version + 1),
            accounts::updated_at.eq(at.as_str()),
        ))
        .execute(tx.conn())?;
    if !same_words {
        tx.record(Action::Update, Subject::Account, id, false)?;
    }
    if !same_roles {
        set_roles(tx.conn(), id, &roles)?;
        tx.record(Action::Grant, Subject::Account, id, false)?;
    }
    if !same_state {
        let action = if state == AccountState::Active { Action::Resume } else { Action::Suspend };
        tx.record(action, Subject::Account, id, false)?;
    }
    if !same_roles || !same_state {
        keep_an_administrator(tx.conn())?;
        rights_changed(tx.conn())?;
    }
    let lost_a_role = current.roles.iter().any(|role| !roles.contains(role));
    if lost_a_role || (!same_state && state != AccountState::Active) {
        sessions::end_all(tx.conn(), id, &at, "rights")?;
    }
    get(tx.conn(), id)
}

fn set_roles(conn: &mut Conn, id: &ThingId, roles: &[Role]) -> Result<()> {
    diesel::delete(account_roles::table.filter(account_roles::account_id.eq(id.as_str()))).execute(conn)?;
    for role in roles {
        diesel::insert_into(account_roles::table)
            .values((account_roles::account_id.eq(id.as_str()), account_roles::role.eq(role.code())))
            .execute(conn)?;
    }
    Ok(())
}

/// Adds roles to those that are there.
pub fn grant(tx: &mut Tx<'_>, id: &ThingId, roles: &[Role]) -> Result<()> {
    let mut all = roles_of(tx.conn(), id.as_str())?;
    let before = all.len();
    all.extend(roles);
    all.sort();
    all.dedup();
    if all.len() > before {
        set_roles(tx.conn(), id, &all)?;
        rights_changed(tx.conn())?;
        tx.record(Action::Grant, Subject::Account, id, false)?;
    }
    Ok(())
}

/// The last administrator stays: otherwise nobody could let anybody in.
fn keep_an_administrator(conn: &mut Conn) -> Result<()> {
    let left: i64 = account_roles::table
        .inner_join(accounts::table.on(accounts::id.eq(account_roles::account_id)))
        .filter(account_roles::role.eq(Role::Administrator.code()))
        .filter(accounts::state.eq(AccountState::Active.code()))
        .count()
        .get_result(conn)?;
    if left > 0 {
        return Ok(());
    }
    Err(Error::Conflict(Defect::new(
        "last-administrator",
        "最後の管理者です。先に別の管理者を決めてください。",
        "This is the last administrator. Make somebody else administrator first.",
    )))
}

/// A new password: every session ends.
pub fn set_password(tx: &mut Tx<'_>, id: &ThingId, hash: &str) -> Result<()> {
    let at = tx.at().clone();
    diesel::update(accounts::table.find(id.as_str()))
        .set((accounts::password_hash.eq(hash), accounts::updated_at.eq(at.as_str())))
        .execute(tx.conn())?;
    sessions::end_all(tx.conn(), id, &at, "password")?;
    rights_changed(tx.conn())?;
    tx.record(Action::Credential, Subject::Account, id, false)
}

/// The same password under today's cost: nothing that anybody would notice.
pub fn rehash(conn: &mut Conn, id: &ThingId, old: &str, new: &str) -> Result<()> {
    diesel::update(accounts::table.filter(accounts::id.eq(id.as_str()).and(accounts::password_hash.eq(old))))
        .set(accounts::password_hash.eq(new))
        .execute(conn)?;
    Ok(())
}

pub fn set_email(tx: &mut Tx<'_>, id: &ThingId, email: &Email) -> Result<()> {
    let at = tx.at().clone();
    diesel::update(accounts::table.find(id.as_str()))
        .set((
            accounts::email.eq(email.as_str()),
            accounts::version.eq(accounts::version + 1),
            accounts::updated_at.eq(at.as_str()),
        ))
        .execute(tx.conn())?;
    tx.record(Action::Credential, Subject::Account, id, false)
}

/// Sets the second factor aside (`None`) or begins it with a sealed secret, not yet confirmed.
pub fn set_totp(tx: &mut Tx<'_>, id: &ThingId, sealed: Option<&str>) -> Result<()> {
    diesel::update(accounts::table.find(id.as_str()))
        .set((accounts::totp_secret.eq(sealed), accounts::totp_confirmed.eq(false), accounts::totp_step.eq(0_i64)))
        .execute(tx.conn())?;
    rights_changed(tx.conn())?;
    tx.record(Action::Credential, Subject::Account, id, false)
}

pub fn confirm_totp(tx: &mut Tx<'_>, id: &ThingId, step: i64) -> Result<()> {
    diesel::update(accounts::table.find(id.as_str()))
        .set((accounts::totp_confirmed.eq(true), accounts::totp_step.eq(step)))
        .execute(tx.conn())?;
    rights_changed(tx.conn())?;
    tx.record(Action::Credential, Subject::Account, id, false)
}

/// Uses a time step up. False if it, or a later one, was used before.
pub fn use_totp_step(conn: &mut Conn, id: &ThingId, step: i64) -> Result<bool> {
    let used = diesel::update(accounts::table.filter(accounts::id.eq(id.as_str()).and(accounts::totp_step.lt(step))))
        .set(accounts::totp_step.eq(step))
        .execute(conn)?;
    Ok(used == 1)
}

/// Erases a person: the account keeps its id only, sessions, tokens and memberships go, and the log forgets who it
/// was. What they registered belongs to their party and stays. Write it as the system: the row must not name them.
pub fn erase(tx: &mut Tx<'_>, id: &ThingId) -> Result<()> {
    let account = get(tx.conn(), id)?;
    let at = tx.at().clone();
    let text = id.as_str();
    let was_administrator = account.roles.contains(&Role::Administrator);
    let conn = tx.conn();
    let mut about: Vec<String> =
        memberships::table.filter(memberships::account_id.eq(text)).select(memberships::id).load(conn)?;
    let of_tokens: Vec<String> =
        api_tokens::table.filter(api_tokens::account_id.eq(text)).select(api_tokens::id).load(conn)?;
    let of_invitations: Vec<String> =
        invitations::table.filter(invitations::email.eq(account.email.as_str())).select(invitations::id).load(conn)?;
    about.push(text.to_owned());
    about.extend(super::saved_searches::forget(conn, id)?);
    about.extend(of_tokens);
    about.extend(of_invitations);

    let families = session_families::table.filter(session_families::account_id.eq(text)).select(session_families::id);
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::family_id.eq_any(families))).execute(conn)?;
    diesel::delete(session_families::table.filter(session_families::account_id.eq(text))).execute(conn)?;
    diesel::delete(api_tokens::table.filter(api_tokens::account_id.eq(text))).execute(conn)?;
    diesel::delete(one_time_codes::table.filter(one_time_codes::account_id.eq(text))).execute(conn)?;
    diesel::delete(memberships::table.filter(memberships::account_id.eq(text))).execute(conn)?;
    diesel::delete(account_roles::table.filter(account_roles::account_id.eq(text))).execute(conn)?;
    diesel::delete(invitations::table.filter(invitations::email.eq(account.email.as_str()))).execute(conn)?;
    diesel::delete(mail_outbox::table.filter(mail_outbox::email.eq(account.email.as_str()))).execute(conn)?;
    super::notices::forget(conn, id)?;
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::caller.eq(text))).execute(conn)?;
    diesel::update(invitations::table.filter(invitations::invited_by.eq(text)))
        .set(invitations::invited_by.eq(log::FORGOTTEN))
        .execute(conn)?;
    diesel::update(accounts::table.find(text))
        .set((
            // Not an address: nobody can sign in with it, and the next person may have the old one.
            accounts::email.eq(text),
            accounts::name.eq(""),
            accounts::state.eq(AccountState::Erased.code()),
            accounts::password_hash.eq(""),
            accounts::totp_secret.eq(None::<String>),
            accounts::totp_confirmed.eq(false),
            accounts::created_at.eq(at.as_str()),
            accounts::updated_at.eq(at.as_str()),
        ))
        .execute(conn)?;
    if was_administrator {
        keep_an_administrator(conn)?;
    }
    log::forget(conn, id, &about)?;
    rights_changed(conn)?;
    tx.record(Action::Erase, Subject::Account, &ThingId::from_stored(log::FORGOTTEN.to_owned()), false)
}
