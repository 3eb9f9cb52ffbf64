//! Random values, digests, values derived from the service's own secret, and sealing.

use crate::error::{Error, Result};
use crate::store::log::hex;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::path::Path;
use std::sync::Arc;

/// Bytes of every secret we hand out: 256 bits.
pub const SECRET_BYTES: usize = 32;

pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Error::internal("no random numbers"))?;
    Ok(bytes)
}

/// 256 random bits as URL-safe text of 43 characters.
pub fn random_text() -> Result<String> {
    Ok(encode(&random::<SECRET_BYTES>()?))
}

pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// What is kept of a secret that somebody else holds. Those have 256 bits, so a plain digest is enough.
pub fn fingerprint(secret: &str) -> String {
    hex(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref())
}

/// Equal, in a time that does not tell where they differ.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left, right).is_ok()
}

/// A new file that only its owner can read, safely on disk.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A folder that only its owner can look into.
pub fn restrict(folder: &Path) -> std::io::Result<()> {
    give_mode(folder, 0o700)
}

/// Whether others on the machine may look into the folder.
pub fn is_open_to_others(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        false
    }
}

/// A file that only its owner can read.
pub fn restrict_file(file: &Path) -> std::io::Result<()> {
    give_mode(file, 0o600)
}

#[cfg(unix)]
fn give_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn give_mode(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

/// The secret of the service: never in the database, so the database alone opens nothing.
#[derive(Clone)]
pub struct Secret {
    derive: hmac::Key,
    seal: Arc<LessSafeKey>,
}

impl Secret {
    pub fn new(bytes: &[u8; SECRET_BYTES]) -> Result<Self> {
        let root = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let sealing = hmac::sign(&root, b"musubi sealing key");
        let key = UnboundKey::new(&AES_256_GCM, sealing.as_ref()).map_err(|_| Error::internal("no sealing key"))?;
        Ok(Self { derive: root, seal: Arc::new(LessSafeKey::new(key)) })
    }

    /// A value that follows from `text`, and that nobody without the secret can know. `purpose` keeps uses apart.
    pub fn derive(&self, purpose: &str, text: &str) -> String {
        let mut context = hmac::Context::with_key(&self.derive);
        context.update(&(purpose.len() as u64).to_be_bytes());
        context.update(purpose.as_bytes());
        context.update(text.as_bytes());
        encode(context.sign().as_ref())
    }

    /// Encrypts a value to keep in the database.
    pub fn seal(&self, plain: &[u8]) -> Result<String> {
        let nonce = random::<NONCE_LEN>()?;
        let mut bytes = plain.to_vec();
        self.seal
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes)
            .map_err(|_| Error::internal("sealing failed"))?;
        Ok(format!("{}.{}", encode(&nonce), encode(&bytes)))
    }

    pub fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let (nonce, bytes) = sealed.split_once('.')?;
        let nonce: [u8; NONCE_LEN] = decode(nonce)?.try_into().ok()?;
        let mut bytes = decode(bytes)?;
        let plain = self.seal.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes).ok()?;
        Some(plain.to_vec())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_again_and_only_with_the_same_secret() {
        let (one, two) = (Secret::new(&[1; 32]).unwrap(), Secret::new(&[2; 32]).unwrap());
        let sealed = one.seal(b"twenty bytes of seed").unwrap();
        assert_eq!(one.open(&sealed).unwrap(), b"twenty bytes of seed");
        assert!(two.open(&sealed).is_none());
        assert!(one.open(&sealed[1..]).is_none());
        assert_ne!(sealed, one.seal(b"twenty bytes of seed").unwrap());
    }

    #[test]
    fn purposes_do_not_mix() {
        let secret = Secret::new(&[1; 32]).unwrap();
        assert_ne!(secret.derive("ab", "c"), secret.derive("a", "bc"));
        assert_eq!(secret.derive("a", "b"), secret.derive("a", "b"));
        assert_eq!(random_text().unwrap().len(), 43);
    }
}
