//! Up to where the index has followed the change log.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A place in the change log of one database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Random id of the database; every restore changes it.
    pub epoch: String,
    /// Sequence number of the last change that is in the index.
    pub seq: i64,
    /// Hash of the log chain at `seq`, hexadecimal.
    pub chain: String,
}

/// What a commit carries: the mark, the engine's fingerprint and a hash of both against flipped bits.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Payload {
    mark: Mark,
    pub(crate) fingerprint: String,
    check: String,
}

impl Payload {
    pub(crate) fn new(mark: &Mark, fingerprint: String) -> Payload {
        let check = check(mark, &fingerprint);
        Payload { mark: mark.clone(), fingerprint, check }
    }

    pub(crate) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The payload if it is whole.
    pub(crate) fn read(text: &str) -> Option<Payload> {
        let payload: Payload = serde_json::from_str(text).ok()?;
        (payload.check == check(&payload.mark, &payload.fingerprint)).then_some(payload)
    }

    pub(crate) fn into_mark(self) -> Mark {
        self.mark
    }
}

fn check(mark: &Mark, fingerprint: &str) -> String {
    let mut hash = Sha256::new();
    for part in [mark.epoch.as_str(), &mark.seq.to_string(), &mark.chain, fingerprint] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
