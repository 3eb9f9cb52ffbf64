//! Who the caller is: passwords, tokens, sessions, second factors, limits. Knows HTTP only by its values; the routes
//! and the middleware are in `api`.

pub mod caller;
pub mod invite;
pub mod keys;
pub mod limits;
pub mod mail;
pub mod network;
pub mod password;
pub mod rights;
pub mod secrets;
pub mod settings;
pub mod sign_in;
pub mod token;
pub mod totp;

pub use caller::{Caller, Credential, Session};
pub use settings::{AuthSettings, OperatorRule};

use crate::domain::Clock;
use crate::error::{Error, Result};
use crate::store::{Database, codes, invitations, sessions};
use chrono::TimeDelta;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Everything that decides who gets in. One for each service.
pub struct Auth {
    pub settings: AuthSettings,
    pub keys: keys::Keys,
    pub hasher: password::Hasher,
    pub limits: limits::Limits,
    pub rights: rights::Rights,
    pub verified: token::Verified,
    pub post: mail::Post,
}

impl Auth {
    /// Reads or makes the keys, and starts to send letters.
    pub fn start(settings: AuthSettings, database: Database) -> Result<Arc<Self>> {
        let clock: Clock = database.clock().clone();
        let keys = keys::Keys::open(&settings.keys, clock)?;
        let hasher = password::Hasher::new(settings.password_cost, settings.hashes_at_once, settings.hashes_waiting)?;
        let limits = limits::Limits::new(&settings.limits);
        let rights = rights::Rights::new(settings.second_factor_for_administrators);
        let post = mail::Post::start(&settings.mail, database.clone(), keys.secret().clone())?;
        let auth =
            Arc::new(Self { settings, keys, hasher, limits, rights, verified: token::Verified::default(), post });
        let weak = Arc::downgrade(&auth);
        std::thread::Builder::new()
            .name("keeper".to_owned())
            .spawn(move || keep(&weak, &database))
            .map_err(Error::internal)?;
        Ok(auth)
    }

    /// Forgets what no longer counts, and turns the keys when they are due.
    pub fn sweep(&self, database: &Database) -> Result<()> {
        self.limits.sweep();
        if self.keys.rotate_when_older_than(TimeDelta::days(ROTATE_DAYS))? {
            tracing::info!("the signing key was turned");
        }
        let now = database.clock().timestamp();
        let month_ago = now.plus(-TimeDelta::days(KEPT_DAYS));
        database.housekeeping(|conn| {
            limits::sweep_counters(conn, &now)?;
            codes::sweep(conn, &month_ago)?;
            invitations::sweep(conn, &month_ago)?;
            sessions::sweep(conn, &month_ago)?;
            Ok(())
        })
    }
}

/// A signing key serves for so long.
const ROTATE_DAYS: i64 = 90;
/// Sign-ins that ended and codes that expired are kept for so long.
const KEPT_DAYS: i64 = 30;
const SWEEP: Duration = Duration::from_secs(600);

/// Sweeps now and then, for as long as the service is there.
fn keep(auth: &Weak<Auth>, database: &Database) {
    const STEP: Duration = Duration::from_millis(500);
    let mut waited = Duration::ZERO;
    loop {
        std::thread::sleep(STEP);
        waited += STEP;
        let Some(auth) = auth.upgrade() else { return };
        if waited >= SWEEP {
            waited = Duration::ZERO;
            if let Err(error) = auth.sweep(database) {
                tracing::warn!(%error, "sweeping failed; trying again later");
            }
        }
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Auth")
    }
}
