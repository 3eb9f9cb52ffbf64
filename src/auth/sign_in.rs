//! Signing in, staying in, going out.

use super::limits::{Subjects, Wait};
use super::{Auth, secrets, token, totp};
use crate::domain::{AccountState, Email, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::store::accounts::{self, Account};
use crate::store::sessions::{self, Refreshed};
use crate::store::{Database, outbox};
use chrono::TimeDelta;
use std::net::IpAddr;

/// A refresh token that is not used for so long ends.
const REFRESH_DAYS: i64 = 30;
/// However diligently refreshed, a sign-in ends after this.
const FAMILY_DAYS: i64 = 90;
/// A repeat of a refresh within this is benign: the answer was lost, or two tabs asked at once.
const GRACE_SECONDS: i64 = 10;

/// What somebody gets who is in.
#[derive(Debug, Clone)]
pub struct Issued {
    pub account: ThingId,
    pub access_token: String,
    pub refresh_token: String,
}

/// The first step: may it be tried now, and whose address is it? Counted as failed until [`finish`].
pub fn begin(auth: &Auth, database: &Database, email: &Email, address: IpAddr) -> Result<Result<Attempt, Wait>> {
    let subjects = Subjects::new(auth.keys.secret(), email, address);
    let now = database.clock().timestamp();
    let attempt = || database.housekeeping(|conn| subjects.attempt(conn, &now));
    // Two first failures at once: one of them finds the row of the other on its second try.
    let wait = match attempt() {
        Err(Error::Conflict(_)) => attempt()?,
        other => other?,
    };
    if let Some(wait) = wait {
        return Ok(Err(wait));
    }
    let account = database.read(|conn| accounts::by_email(conn, email))?;
    let account = account.filter(|account| account.state == AccountState::Active);
    Ok(Ok(Attempt { subjects, account }))
}

/// An attempt between its steps.
#[derive(Debug)]
pub struct Attempt {
    subjects: Subjects,
    pub account: Option<Account>,
}

/// How it ended, once the password was compared.
#[derive(Debug)]
pub enum Outcome {
    In(Issued),
    /// The password is right; a code of the second factor is wanted.
    SecondFactorWanted,
    Refused,
}

/// The last step. `rehashed`: the password under today's cost, if it was kept under another.
pub fn finish(
    auth: &Auth,
    database: &Database,
    attempt: Attempt,
    right_password: bool,
    code: Option<&str>,
    rehashed: Option<String>,
) -> Result<Outcome> {
    let Some(account) = attempt.account.filter(|_| right_password) else { return Ok(Outcome::Refused) };
    let now = database.clock().timestamp();
    let mut step = None;
    if account.totp_confirmed {
        let Some(code) = code else { return Ok(Outcome::SecondFactorWanted) };
        let secret = account.totp_secret.as_deref().and_then(|sealed| auth.keys.secret().open(sealed));
        step = secret.and_then(|secret| totp::step_of(&secret, code, seconds(&now)));
        if step.is_none() {
            return Ok(Outcome::Refused);
        }
    }
    let refresh_token = secrets::random_text()?;
    let family = database.housekeeping(|conn| {
        if let Some(step) = step
            && !accounts::use_totp_step(conn, &account.id, step)?
        {
            return Ok(None);
        }
        // It may have been suspended, or got another password, while we hashed.
        let still = accounts::get(conn, &account.id)?;
        if still.state != AccountState::Active || still.password_hash != account.password_hash {
            return Ok(None);
        }
        if let Some(hash) = &rehashed {
            accounts::rehash(conn, &account.id, &account.password_hash, hash)?;
        }
        attempt.subjects.succeeded(conn)?;
        let (token_ends, family_ends) = ends(&now);
        let hash = secrets::fingerprint(&refresh_token);
        sessions::begin(conn, &account.id, &hash, &now, &token_ends, &family_ends).map(Some)
    })?;
    let Some(family) = family else { return Ok(Outcome::Refused) };
    let access_token = token::issue(auth, account.id.as_str(), &family, seconds(&now))?;
    Ok(Outcome::In(Issued { account: account.id, access_token, refresh_token }))
}

/// Exchanges a refresh token. None: it does not hold, for whatever reason.
pub fn refresh(auth: &Auth, database: &Database, refresh_token: &str) -> Result<Option<Issued>> {
    let now = database.clock().timestamp();
    // Derived, not random: a benign repeat gets the same one.
    let successor = auth.keys.secret().derive("refresh", refresh_token);
    let (hash, successor_hash) = (secrets::fingerprint(refresh_token), secrets::fingerprint(&successor));
    let grace_began = now.plus(-TimeDelta::seconds(GRACE_SECONDS));
    let (token_ends, _) = ends(&now);
    let refreshed = database.housekeeping(|conn| {
        let refreshed = sessions::refresh(conn, &hash, &successor_hash, &now, &grace_began, &token_ends)?;
        if let Refreshed::Stolen { account } = &refreshed {
            // The person learns that somebody else held a token of theirs.
            let account = accounts::get(conn, account)?;
            outbox::put(conn, "session_stolen", &account.email, Some(account.language), None, &now)?;
        }
        Ok(refreshed)
    })?;
    match refreshed {
        Refreshed::Refused => Ok(None),
        Refreshed::Stolen { account } => {
            tracing::warn!(%account, "a refresh token was used again after its grace; the sign-in was ended");
            auth.post.wake();
            Ok(None)
        }
        Refreshed::Held { family, account } => {
            let rights = database.read(|conn| accounts::rights(conn, account.as_str(), false))?;
            if rights.is_none() {
                return Ok(None);
            }
            let access_token = token::issue(auth, account.as_str(), &family, seconds(&now))?;
            Ok(Some(Issued { account, access_token, refresh_token: successor }))
        }
    }
}

/// Ends this sign-in, or all of the account.
pub fn sign_out(database: &Database, account: &ThingId, family: &str, all: bool) -> Result<()> {
    let now = database.clock().timestamp();
    database.housekeeping(|conn| {
        if all {
            sessions::end_all(conn, account, &now, "signed out")?;
        } else {
            sessions::end(conn, family, &now, "signed out")?;
        }
        Ok(())
    })
}

pub fn seconds(at: &Timestamp) -> i64 {
    at.micros().div_euclid(1_000_000)
}

fn ends(now: &Timestamp) -> (Timestamp, Timestamp) {
    (now.plus(TimeDelta::days(REFRESH_DAYS)), now.plus(TimeDelta::days(FAMILY_DAYS)))
}
