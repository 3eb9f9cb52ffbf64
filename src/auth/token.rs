//! Access tokens: JWT, EdDSA (Ed25519) only, ten minutes. They say who and which sign-in, never what for: rights are
//! read for each request.

use super::Auth;
use super::keys::Keys;
use crate::error::{Error, Result};
use jsonwebtoken::{Algorithm, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Seconds that an access token holds.
pub const LIFETIME: i64 = 600;
/// Seconds that clocks of several nodes may differ.
const LEEWAY: i64 = 5;
const TYPE: &str = "at+jwt";
/// No token of ours is longer.
const LONGEST: usize = 2_048;

/// All of them are required, and no others are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    /// The account.
    pub sub: String,
    /// The sign-in: ends, and its tokens with it.
    pub sid: String,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
}

/// The header as we write it. Anything more (`jku`, `jwk`, `crit`, `x5u` …) is not ours.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OurHeader {
    typ: String,
    alg: String,
    kid: String,
}

pub fn issue(auth: &Auth, account: &str, family: &str, now: i64) -> Result<String> {
    let claims = Claims {
        iss: auth.settings.issuer.clone(),
        aud: auth.settings.audience.clone(),
        sub: account.to_owned(),
        sid: family.to_owned(),
        iat: now,
        nbf: now,
        exp: now + LIFETIME,
    };
    auth.keys.signing(|kid, key| {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(kid.to_owned());
        encode(&header, &claims, key).map_err(|error| Error::internal(format!("no token: {error}")))
    })
}

/// The claims of a token of ours that holds now.
pub fn verify(auth: &Auth, token: &str, now: i64) -> Option<Claims> {
    if token.len() > LONGEST {
        return None;
    }
    let claims = auth.verified.claims(token, &auth.keys, || signed_claims(auth, token))?;
    let in_time = claims.exp > now - LEEWAY
        && claims.nbf <= now + LEEWAY
        && claims.iat <= now + LEEWAY
        && claims.exp.checked_sub(claims.iat).is_some_and(|span| (0..=LIFETIME).contains(&span));
    let ours = claims.iss == auth.settings.issuer && claims.aud == auth.settings.audience;
    (in_time && ours).then_some(claims)
}

/// The claims of a token that one of our keys signed, and the id of that key. Times are the caller's to compare.
fn signed_claims(auth: &Auth, token: &str) -> Option<(String, Claims)> {
    let header = token.split('.').next()?;
    let header: OurHeader = serde_json::from_slice(&super::secrets::decode(header)?).ok()?;
    if header.typ != TYPE || header.alg != "EdDSA" {
        return None;
    }
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    validation.set_issuer(&[&auth.settings.issuer]);
    validation.set_audience(&[&auth.settings.audience]);
    // Times are compared by the caller: by the clock of the service, which a test may set.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = auth.keys.verifying(&header.kid, |key| decode::<Claims>(token, key, &validation).ok())??.claims;
    Some((header.kid, claims))
}

/// Tokens whose signature was found good, by digest, so that it is computed once. Whether they hold now (time, key,
/// sign-in, rights) is asked each time.
#[derive(Debug, Default)]
pub struct Verified(Mutex<HashMap<String, (String, Claims)>>);

/// When there are more, all are forgotten and verified again.
const VERIFIED_MOST: usize = 20_000;

impl Verified {
    fn claims(&self, token: &str, keys: &Keys, verify: impl FnOnce() -> Option<(String, Claims)>) -> Option<Claims> {
        let digest = super::secrets::fingerprint(token);
        let known = self.lock().get(&digest).cloned();
        if let Some((kid, claims)) = known {
            // A key that is gone takes its tokens with it.
            return keys.verifying(&kid, |_| claims);
        }
        let (kid, claims) = verify()?;
        let mut verified = self.lock();
        if verified.len() >= VERIFIED_MOST {
            verified.clear();
        }
        verified.insert(digest, (kid, claims.clone()));
        Some(claims)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (String, Claims)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
