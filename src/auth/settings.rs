//! What can be chosen about getting in.

use super::keys::KeySource;
use super::limits::LimitSettings;
use super::mail::{MailSettings, Transport};
use super::network::Network;
use super::password::Cost;
use std::path::Path;

/// Is a caller without credentials, on the loopback address, the operator?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorRule {
    Never,
    /// Only until the first account is made: so that a new service can be tried and filled.
    WhileNoAccount,
    Always,
}

#[derive(Debug, Clone)]
pub struct AuthSettings {
    pub keys: KeySource,
    /// `iss` of our tokens; tokens of another issuer are refused.
    pub issuer: String,
    /// `aud` of our tokens.
    pub audience: String,
    pub password_cost: Cost,
    /// Passwords hashed at the same time; each takes 19 MiB.
    pub hashes_at_once: usize,
    /// Requests that may wait for that; more are sent away at once.
    pub hashes_waiting: usize,
    pub operator: OperatorRule,
    /// Without a confirmed second factor, the role of administrator does not count.
    pub second_factor_for_administrators: bool,
    pub limits: LimitSettings,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<Network>,
    /// Origins whose pages may ask (CORS); none by default.
    pub allowed_origins: Vec<String>,
    pub mail: MailSettings,
}

impl AuthSettings {
    /// The defaults, with keys and letters in the data folder.
    pub fn in_folder(data: &Path) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            keys: KeySource::Folder(data.join("keys")),
            issuer: "musubi".to_owned(),
            audience: "musubi-api".to_owned(),
            password_cost: Cost::default(),
            hashes_at_once: cores,
            hashes_waiting: 64,
            operator: OperatorRule::WhileNoAccount,
            second_factor_for_administrators: false,
            limits: LimitSettings::default(),
            trusted_proxies: Vec::new(),
            allowed_origins: Vec::new(),
            mail: MailSettings { transport: Transport::Folder(data.join("mail")), ..MailSettings::default() },
        }
    }
}
