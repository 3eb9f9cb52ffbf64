//! Identity and time.

use super::finding::Defect;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use utoipa::ToSchema;
use uuid::Uuid;

/// Identity of a thing: UUIDv7 text, lower case with hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = "uuid", example = "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d")]
pub struct ThingId(String);

impl ThingId {
    pub fn new() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    pub fn parse(text: &str) -> Result<Self, Defect> {
        match Uuid::try_parse(text.trim()) {
            Ok(uuid) => Ok(Self(uuid.hyphenated().to_string())),
            Err(_) => {
                Err(Defect::new("id.form", "識別子（UUID）の形式ではありません。", "This is not an identifier (UUID)."))
            }
        }
    }

    /// For values read back from our own database.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ThingId {
    fn default() -> Self {
        Self::new()
    }
}

impl TryFrom<String> for ThingId {
    type Error = Defect;
    fn try_from(text: String) -> Result<Self, Defect> {
        Self::parse(&text)
    }
}

impl From<ThingId> for String {
    fn from(id: ThingId) -> String {
        id.0
    }
}

impl fmt::Display for ThingId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A moment in UTC, kept as fixed-width text (`2026-04-01T00:00:00.000000Z`) so that text order is time order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = "date-time", example = "2026-04-01T00:00:00.000000Z")]
pub struct Timestamp(String);

impl Timestamp {
    pub fn from_datetime(moment: DateTime<Utc>) -> Self {
        Self(moment.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
    }

    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The time that lies so much later, or earlier.
    pub fn plus(&self, span: chrono::TimeDelta) -> Self {
        let moment = DateTime::<Utc>::from_timestamp_micros(self.micros()).unwrap_or_default();
        Self::from_datetime(moment + span)
    }

    /// Microseconds since 1970-01-01 UTC; 0 for text that is no time.
    pub fn micros(&self) -> i64 {
        DateTime::parse_from_rfc3339(&self.0).map(|moment| moment.timestamp_micros()).unwrap_or(0)
    }
}

/// Where "now" comes from: the system, or a time that a test sets.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    pub fn system() -> Self {
        Self(Arc::new(Utc::now))
    }

    pub fn fixed(moment: DateTime<Utc>) -> Self {
        Self(Arc::new(move || moment))
    }

    /// Whatever `read` says: for tests that let time pass.
    pub fn reading(read: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }

    pub fn timestamp(&self) -> Timestamp {
        Timestamp::from_datetime(self.now())
    }

    /// Today in Japan, as days since 1970-01-01.
    pub fn today(&self) -> i32 {
        const JAPAN_SECONDS: i64 = 9 * 3600;
        ((self.now().timestamp() + JAPAN_SECONDS).div_euclid(86_400)) as i32
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}
