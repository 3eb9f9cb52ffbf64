//! The keys that sign access tokens: next, current, retired. On disk (one file, 0600) or from the environment.
//!
//! `next` is published before it signs, so that whoever keeps a copy of our key set knows it in time; a retired key
//! still verifies until everything it signed has expired.

use super::secrets::{self, SECRET_BYTES, Secret};
use crate::domain::{Clock, Timestamp};
use crate::error::{Error, Result};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use chrono::TimeDelta;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// How long a retired key is kept: far longer than a token lives.
const RETIRED_HOURS: i64 = 1;
const FILE: &str = "keys.json";

/// Where keys come from.
#[derive(Clone)]
pub enum KeySource {
    /// A folder of ours; made if it is not there. Several nodes share it, or use `Text`.
    Folder(PathBuf),
    /// The content of a key file, from the environment. Not rotated by us.
    Text(String),
}

impl std::fmt::Debug for KeySource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            KeySource::Folder(folder) => write!(formatter, "Folder({})", folder.display()),
            KeySource::Text(_) => formatter.write_str("Text"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Next,
    Current,
    Retired,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    kid: String,
    state: State,
    /// Since when it is in this state.
    since: Timestamp,
    /// PKCS #8, base64url.
    private: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RingFile {
    /// From which codes, successors and the sealing key are derived. Never rotated: what hangs on it is short-lived,
    /// except second factors.
    secret: String,
    keys: Vec<KeyFile>,
}

/// The keys at one moment.
struct Ring {
    file: RingFile,
    current: (String, EncodingKey),
    verifying: HashMap<String, DecodingKey>,
    /// For people who verify our tokens elsewhere.
    published: String,
}

pub struct Keys {
    ring: RwLock<Arc<Ring>>,
    secret: Secret,
    folder: Option<PathBuf>,
    rotating: Mutex<()>,
    clock: Clock,
}

impl Keys {
    pub fn open(source: &KeySource, clock: Clock) -> Result<Self> {
        let (file, folder) = match source {
            KeySource::Text(text) => (read_ring(text)?, None),
            KeySource::Folder(folder) => {
                let path = folder.join(FILE);
                let file = match std::fs::read_to_string(&path) {
                    Ok(text) => read_ring(&text)?,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                        let at = clock.timestamp();
                        let file = RingFile {
                            secret: secrets::random_text()?,
                            keys: vec![new_key(State::Current, &at)?, new_key(State::Next, &at)?],
                        };
                        write_ring(folder, &file)?;
                        file
                    }
                    Err(error) => return Err(Error::internal(format!("cannot read {}: {error}", path.display()))),
                };
                (file, Some(folder.clone()))
            }
        };
        let secret: Option<[u8; SECRET_BYTES]> = secrets::decode(&file.secret).and_then(|bytes| bytes.try_into().ok());
        let secret = Secret::new(&secret.ok_or_else(|| Error::internal("the key file holds no secret"))?)?;
        let ring = RwLock::new(Arc::new(Ring::of(file)?));
        Ok(Self { ring, secret, folder, rotating: Mutex::default(), clock })
    }

    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The key that signs now, and its id.
    pub fn signing<T>(&self, sign: impl FnOnce(&str, &EncodingKey) -> T) -> T {
        let ring = self.ring();
        sign(&ring.current.0, &ring.current.1)
    }

    /// The key of this id, if it is one of ours.
    pub fn verifying<T>(&self, kid: &str, verify: impl FnOnce(&DecodingKey) -> T) -> Option<T> {
        self.ring().verifying.get(kid).map(verify)
    }

    /// The key set (RFC 7517) as JSON.
    pub fn published(&self) -> String {
        self.ring().published.clone()
    }

    /// next → current → retired, and a new next. Tokens signed before keep their validity.
    pub fn rotate(&self) -> Result<()> {
        let Some(folder) = &self.folder else {
            return Err(Error::internal("keys from the environment are rotated where they are kept"));
        };
        let _one_at_a_time = self.rotating.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.clock.timestamp();
        let oldest = at.plus(-TimeDelta::hours(RETIRED_HOURS));
        let mut file = self.ring().file.clone();
        file.keys.retain(|key| key.state != State::Retired || key.since >= oldest);
        for key in &mut file.keys {
            match key.state {
                State::Current => (key.state, key.since) = (State::Retired, at.clone()),
                State::Next => (key.state, key.since) = (State::Current, at.clone()),
                State::Retired => {}
            }
        }
        file.keys.push(new_key(State::Next, &at)?);
        let ring = Arc::new(Ring::of(file)?);
        // Kept first: a token is never signed by a key that a restart would not know.
        write_ring(folder, &ring.file)?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    /// Rotates if the current key has signed for longer than `age`. True if it did.
    pub fn rotate_when_older_than(&self, age: TimeDelta) -> Result<bool> {
        let oldest = self.clock.timestamp().plus(-age);
        let due = self.ring().file.keys.iter().any(|key| key.state == State::Current && key.since < oldest);
        if self.folder.is_some() && due {
            self.rotate()?;
            return Ok(true);
        }
        Ok(false)
    }

    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keys")
    }
}

impl Ring {
    fn of(file: RingFile) -> Result<Self> {
        let broken = |detail: &str| Error::internal(format!("the key file is broken: {detail}"));
        let mut current = None;
        let mut verifying = HashMap::new();
        let mut published = Vec::new();
        for key in &file.keys {
            let private = secrets::decode(&key.private).ok_or_else(|| broken("a key is not base64url"))?;
            let pair = Ed25519KeyPair::from_pkcs8(&private).map_err(|_| broken("a key is not Ed25519"))?;
            let public = pair.public_key().as_ref();
            if key.kid != kid_of(public) {
                return Err(broken("a key has another key's id"));
            }
            verifying.insert(key.kid.clone(), DecodingKey::from_ed_der(public));
            published.push(serde_json::json!({
                "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
                "kid": key.kid, "x": secrets::encode(public),
            }));
            if key.state == State::Current {
                current = Some((key.kid.clone(), EncodingKey::from_ed_der(&private)));
            }
        }
        let current = current.ok_or_else(|| broken("there is no current key"))?;
        let published = serde_json::json!({ "keys": published }).to_string();
        Ok(Self { file, current, verifying, published })
    }
}

fn new_key(state: State, at: &Timestamp) -> Result<KeyFile> {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let private = Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| Error::internal("no new key"))?;
    let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).map_err(|_| Error::internal("no new key"))?;
    Ok(KeyFile {
        kid: kid_of(pair.public_key().as_ref()),
        state,
        since: at.clone(),
        private: secrets::encode(private.as_ref()),
    })
}

/// The id of a key follows from its public half.
fn kid_of(public: &[u8]) -> String {
    secrets::fingerprint(&secrets::encode(public))[..32].to_owned()
}

fn read_ring(text: &str) -> Result<RingFile> {
    // The error of serde would tell what stands in the file.
    serde_json::from_str(text).map_err(|_| Error::internal("the keys cannot be read: this is not a key file"))
}

/// Writes beside, then renames: the file is always whole. Readable by its owner only.
fn write_ring(folder: &Path, file: &RingFile) -> Result<()> {
    let failed = |error: std::io::Error| Error::internal(format!("cannot keep keys in {}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    secrets::restrict(folder).map_err(failed)?;
    let text = serde_json::to_string_pretty(file).map_err(Error::internal)?;
    let beside = folder.join(format!(".{FILE}.{}", uuid::Uuid::new_v4().simple()));
    secrets::write_private(&beside, text.as_bytes()).map_err(failed)?;
    std::fs::rename(&beside, folder.join(FILE)).map_err(failed)?;
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::fixed("2026-04-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn keys_are_kept_privately_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::Folder(folder.path().join("keys"));
        let first = Keys::open(&source, clock()).unwrap();
        let again = Keys::open(&source, clock()).unwrap();
        assert_eq!(first.published(), again.published());
        assert_eq!(first.secret().derive("a", "b"), again.secret().derive("a", "b"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.path().join("keys").join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let text = std::fs::read_to_string(folder.path().join("keys").join(FILE)).unwrap();
        let given = Keys::open(&KeySource::Text(text.clone()), clock()).unwrap();
        assert_eq!(given.published(), first.published());
        assert!(given.rotate().is_err());
        let error = Keys::open(&KeySource::Text(text.replace("current", "next")), clock()).unwrap_err();
        assert!(!error.to_string().contains("private"), "{error}");
    }

    #[test]
    fn next_becomes_current_and_then_retires() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&KeySource::Folder(folder.path().to_owned()), clock()).unwrap();
        let current = || keys.signing(|kid, _| kid.to_owned());
        let first = current();
        keys.rotate().unwrap();
        let second = current();
        assert_ne!(first, second);
        assert!(keys.verifying(&first, |_| ()).is_some(), "a retired key still verifies");
        assert!(keys.published().contains(&first));
        assert!(keys.verifying("../keys.json", |_| ()).is_none());
    }
}
