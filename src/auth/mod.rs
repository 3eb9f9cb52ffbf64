//! Who the caller is: passwords, tokens, sessions, second factors, limits. Knows HTTP only by its values; the routes
//! and the middleware are in `api`.

pub mod caller;
pub mod invite;
pub mod keys;
pub mod limits;
pub mod mail;
mod membership_letters;
pub mod network;

pub mod notice_letters;
pub mod password;
pub mod rights;
pub mod search_letters;
pub mod secrets;
pub mod settings;
pub mod sign_in;
pub mod token;
pub mod totp;

pub use caller::{Caller, Credential, Session};
pub use settings::{AuthSettings, OperatorRule};

use crate::domain::Clock;
use crate::error::{Error, Result};
use crate::store::{Database, clocks, codes, invitations, sessions, yearly};
use chrono::TimeDelta;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::JoinHandle;
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
    keeper: OnceLock<Keeper>,
}

impl Auth {
    /// Reads or makes the keys, and starts to send letters.
    pub fn start(settings: AuthSettings, database: Database) -> Result<Arc<Self>> {
        let clock: Clock = database.clock().clone();
        let keys = keys::Keys::open(&settings.keys, clock)?;
        let hasher = password::Hasher::new(settings.password_cost, settings.hashes_at_once, settings.hashes_waiting)?;
        let limits = limits::Limits::new(&settings.limits);
        let rights = rights::Rights::new(settings.second_factor_for_administrators);
        let post = mail::Post::start(
            &settings.mail,
            database.clone(),
            keys.secret().clone(),
            settings.second_factor_for_administrators,
        )?;
        let verified = token::Verified::default();
        let keeper = OnceLock::new();
        let auth = Arc::new(Self { settings, keys, hasher, limits, rights, verified, post, keeper });
        let _ = auth.keeper.set(Keeper::start(Arc::downgrade(&auth), database)?);
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
        })?;
        // The yearly question writes letters, and the keeper is the one who comes by.
        yearly::sweep(database)?;
        // Answers that are due, actions of today, and letters that gather a day: the keeper is the one who has a clock.
        clocks::run(database)?;
        self.post.wake();
        Ok(())
    }
}

/// A signing key serves for so long.
const ROTATE_DAYS: i64 = 90;
/// Sign-ins that ended and codes that expired are kept for so long.
const KEPT_DAYS: i64 = 30;
const SWEEP: Duration = Duration::from_secs(600);

/// The thread that sweeps now and then. It ends with the service, and the service with it: nothing of it holds the
/// database afterwards.
struct Keeper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    fn start(auth: Weak<Auth>, database: Database) -> Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("keeper".to_owned())
            .spawn(move || keep(&auth, &database, &stopped))
            .map_err(Error::internal)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.stop.take());
        // The last to hold the service may be the sweep itself.
        let other = self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id());
        if other.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the keeper ended in a panic");
        }
    }
}

fn keep(auth: &Weak<Auth>, database: &Database, stopped: &Receiver<()>) {
    // At once when the service starts: what fell due while it was down is not left for later.
    let mut wait = Duration::ZERO;
    while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        wait = SWEEP;
        let Some(auth) = auth.upgrade() else { return };
        if let Err(error) = auth.sweep(database) {
            tracing::warn!(%error, "sweeping failed; trying again later");
        }
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Auth")
    }
}
