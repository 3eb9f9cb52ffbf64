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
use crate::error::Result;
use crate::store::Database;
use std::sync::Arc;

/// Everything that decides who gets in. One for each service.
pub struct Auth {
    pub settings: AuthSettings,
    pub keys: keys::Keys,
    pub hasher: password::Hasher,
    pub limits: limits::Limits,
    pub rights: rights::Rights,
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
        let post = mail::Post::start(&settings.mail, database, keys.secret().clone())?;
        Ok(Arc::new(Self { settings, keys, hasher, limits, rights, post }))
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Auth")
    }
}
