//! Whether a sign-in or token is alive, and what its account may do: read from the database for each request, or
//! copied from a reading that is known to be current.
//!
//! A copy holds as long as nobody's rights changed. On SQLite only this process writes, so it holds while nothing was
//! committed here; otherwise, and on PostgreSQL always, one number (`rights_head`) is read and compared. A change of
//! rights therefore acts on the first request after its answer.

use crate::domain::access::{HeldBy, Standing};
use crate::domain::{AccountActor, Timestamp, TokenScope};
use crate::error::Result;
use crate::store::{Conn, Database, Target, accounts, api_tokens, sessions};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Copies kept; when there are more, all are dropped and made again.
const COPIES_MOST: usize = 20_000;

/// Under which name rights are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// Account and sign-in of an access token that verified.
    Session { account: String, family: String },
    /// Digest of an API token.
    ApiToken(String),
}

/// What stands behind a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub actor: AccountActor,
    /// None for a session, which may do everything.
    pub scope: Option<TokenScope>,
    /// From then on it no longer holds, whatever happens.
    until: Timestamp,
}

#[derive(Debug)]
struct Copy {
    /// `None`: not alive.
    holder: Option<Holder>,
    generation: i64,
    commits: u64,
}

#[derive(Debug)]
pub struct Rights {
    second_factor_for_administrators: bool,
    copies: Mutex<HashMap<Name, Copy>>,
    /// At how many commits there was no account; none once there is one.
    no_account: Mutex<NoAccount>,
}

#[derive(Debug)]
enum NoAccount {
    Unknown,
    AtCommits(u64),
    ThereIsOne,
}

impl Rights {
    pub fn new(second_factor_for_administrators: bool) -> Self {
        Self { second_factor_for_administrators, copies: Mutex::default(), no_account: Mutex::new(NoAccount::Unknown) }
    }

    /// A copy that needs no look at the database; `None` if one is needed.
    pub fn at_hand(&self, database: &Database, name: &Name, now: &Timestamp) -> Option<Option<Holder>> {
        if !matches!(database.target(), Target::Sqlite(_)) {
            return None;
        }
        let commits = database.commits();
        let copies = self.lock();
        let copy = copies.get(name).filter(|copy| copy.commits == commits)?;
        Some(copy.holder.clone().filter(|holder| holder.until > *now))
    }

    /// Looks at the database: one number if there is a copy, everything otherwise.
    pub fn look(&self, database: &Database, name: &Name, now: &Timestamp) -> Result<Option<Holder>> {
        // Before the reading: what is committed from now on makes the copy old.
        let commits = database.commits();
        let generation = database.glance(accounts::generation)?;
        if let Some(copy) = self.lock().get_mut(name).filter(|copy| copy.generation == generation) {
            copy.commits = commits;
            return Ok(copy.holder.clone().filter(|holder| holder.until > *now));
        }
        database.read(|conn| {
            let generation = accounts::generation(conn)?;
            let holder = self.read(conn, name, now, generation)?;
            if holder.is_none() && matches!(name, Name::ApiToken(_)) {
                // Invented tokens must not push real ones out.
                return Ok(None);
            }
            let mut copies = self.lock();
            if copies.len() >= COPIES_MOST {
                copies.clear();
            }
            copies.insert(name.clone(), Copy { holder: holder.clone(), generation, commits });
            Ok(holder)
        })
    }

    fn read(&self, conn: &mut Conn, name: &Name, now: &Timestamp, generation: i64) -> Result<Option<Holder>> {
        let credential = Some(match name {
            Name::Session { family, .. } => HeldBy::SignIn(family.clone()),
            Name::ApiToken(digest) => HeldBy::ApiToken(digest.clone()),
        });
        let (account, scope, until) = match name {
            Name::Session { account, family } => match sessions::live_until(conn, family, account, now)? {
                Some(until) => (account.clone(), None, until),
                None => return Ok(None),
            },
            Name::ApiToken(digest) => match api_tokens::find(conn, digest)? {
                Some(token) if token.expires_at > *now => {
                    (token.account.to_string(), Some(token.scope), token.expires_at)
                }
                _ => return Ok(None),
            },
        };
        let second_factor_for_administrators = self.second_factor_for_administrators;
        let standing = Some(Standing { generation, credential, second_factor_for_administrators });
        let actor = accounts::rights(conn, &account, second_factor_for_administrators)?;
        Ok(actor.map(|actor| Holder { actor: AccountActor { standing, ..actor }, scope, until }))
    }

    /// What is known without a look at the database of whether there is no account yet.
    pub fn known_no_account(&self, database: &Database) -> Option<bool> {
        let alone = matches!(database.target(), Target::Sqlite(_));
        match *self.no_account_state() {
            NoAccount::ThereIsOne => Some(false),
            NoAccount::AtCommits(seen) if alone && seen == database.commits() => Some(true),
            NoAccount::AtCommits(_) | NoAccount::Unknown => None,
        }
    }

    /// Is there no account yet? Once there is one, there always is (an erased one remains).
    pub fn no_account_yet(&self, database: &Database) -> Result<bool> {
        let commits = database.commits();
        let any = database.read(accounts::any)?;
        *self.no_account_state() = if any { NoAccount::ThereIsOne } else { NoAccount::AtCommits(commits) };
        Ok(!any)
    }

    fn no_account_state(&self) -> MutexGuard<'_, NoAccount> {
        self.no_account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Copy>> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
