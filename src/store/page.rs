//! Keyset pages: a cursor names the last row seen, so page 1,000 costs what page 1 costs.

use crate::domain::Defect;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub const LIMIT_DEFAULT: usize = 20;
pub const LIMIT_MOST: usize = 100;

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By reading, else name.
    #[default]
    Name,
    /// Newest change first.
    Updated,
}

/// Which page of a list.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub limit: usize,
    pub order: Order,
    pub after: Option<Place>,
}

/// The last row of the page before: the value it is sorted by, and its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub key: String,
    pub id: String,
}

/// A page, and the place after which the next one begins.
#[derive(Debug, Clone)]
pub struct Paged<T> {
    pub items: Vec<T>,
    pub next: Option<Place>,
}

impl Page {
    /// Of a question in a body: refused with its place, as everything in a body is.
    pub fn limit_in_body(limit: Option<usize>, default: usize, most: usize) -> Result<usize> {
        match limit.unwrap_or(default) {
            limit if (1..=most).contains(&limit) => Ok(limit),
            _ => Err(Error::invalid(
                "/limit",
                Defect::new(
                    "limit.range",
                    format!("limit は1〜{most}です。"),
                    format!("limit is a number from 1 to {most}."),
                ),
            )),
        }
    }

    pub fn parse_limit(limit: Option<usize>) -> Result<usize> {
        match limit {
            None => Ok(LIMIT_DEFAULT),
            Some(limit @ 1..=LIMIT_MOST) => Ok(limit),
            Some(_) => Err(Error::Malformed(Defect::new(
                "page-limit",
                format!("limit は1〜{LIMIT_MOST}です。"),
                format!("limit is from 1 to {LIMIT_MOST}."),
            ))),
        }
    }
}

impl Place {
    /// The cursor that a client gets. `scope` is everything else that decides the list: order and filters.
    pub fn cursor(&self, scope: &str) -> String {
        let body = serde_json::to_string(self).unwrap_or_default();
        let mut text = seal(scope, &body);
        for byte in body.bytes() {
            text.push_str(&format!("{byte:02x}"));
        }
        text
    }

    /// Reads a cursor back. One that was edited, or belongs to another list, is refused.
    pub fn from_cursor(cursor: &str, scope: &str) -> Result<Self> {
        Self::read(cursor, scope).ok_or_else(|| {
            Error::Malformed(Defect::new(
                "cursor",
                "カーソル（after）が正しくありません。最初のページから読み直してください。",
                "The cursor (after) is not one of this list. Start again from the first page.",
            ))
        })
    }

    fn read(cursor: &str, scope: &str) -> Option<Self> {
        if !cursor.is_ascii() || cursor.len() < SEAL || cursor.len() % 2 == 1 || cursor.len() > 16_384 {
            return None;
        }
        let (mark, body) = cursor.split_at(SEAL);
        let bytes: Option<Vec<u8>> =
            (0..body.len()).step_by(2).map(|at| u8::from_str_radix(&body[at..at + 2], 16).ok()).collect();
        let body = String::from_utf8(bytes?).ok()?;
        (seal(scope, &body) == mark).then(|| serde_json::from_str(&body).ok()).flatten()
    }
}

const SEAL: usize = 16;

fn seal(scope: &str, body: &str) -> String {
    super::log::hex(&Sha256::digest(format!("musubi cursor\n{scope}\n{body}").as_bytes()))[..SEAL].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_fits_its_own_list_only() {
        let place = Place { key: "ゴトウ".into(), id: "1".into() };
        let cursor = place.cursor("name");
        assert_eq!(Place::from_cursor(&cursor, "name").unwrap(), place);
        assert!(Place::from_cursor(&cursor, "updated").is_err());
        for at in 0..cursor.len() {
            let mut edited: Vec<u8> = cursor.clone().into_bytes();
            edited[at] = if edited[at] == b'0' { b'1' } else { b'0' };
            assert!(Place::from_cursor(&String::from_utf8(edited).unwrap(), "name").is_err());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_safe(text in "\\PC*") {
            proptest::prop_assert!(Place::from_cursor(&text, "name").is_err());
        }
    }
}
