//! What is wrong with a value, in both languages, with a code that programs can rely on.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// A sentence in Japanese and English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    pub ja: String,
    pub en: String,
}

impl Message {
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ja: ja.into(), en: en.into() }
    }
}

/// Why one value was refused. Travels through serde as an error and is taken apart again by [`crate::domain::parse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    pub code: String,
    pub message: Message,
}

const SEPARATOR: char = '\u{1f}';

impl Defect {
    pub fn new(code: &str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: Message::new(ja, en) }
    }

    /// Reads a defect back from the text of a serde error, if it carries one.
    pub fn from_error_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, SEPARATOR);
        let (code, ja, en) = (parts.next()?, parts.next()?, parts.next()?);
        // serde_json appends " at line 1 column 2"; values parsed from a tree carry no position.
        Some(Self::new(code, ja, en))
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{SEPARATOR}{}{SEPARATOR}{}", self.code, self.message.ja, self.message.en)
    }
}

impl std::error::Error for Defect {}

/// A defect and where it stands: a JSON pointer into what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    /// JSON pointer (RFC 6901) of the refused value.
    pub pointer: String,
    /// Stable code.
    pub code: String,
    pub message: Message,
}

impl Finding {
    pub fn new(pointer: impl Into<String>, defect: Defect) -> Self {
        Self { pointer: pointer.into(), code: defect.code, message: defect.message }
    }
}
