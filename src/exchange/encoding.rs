//! Which encoding a CSV file is in: UTF-8 (with or without byte order mark) or CP932 (Windows-31J, what Excel in
//! Japan writes). Judged on the whole file, a line at a time, so that memory stays small.

use super::physical::{Physical, PhysicalLines};
use encoding_rs::SHIFT_JIS;
use std::borrow::Cow;
use std::io::{self, BufRead};

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Cp932,
}

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Cp932 => "CP932 (Shift_JIS)",
        }
    }

    /// The text of some bytes; `None` if they are not of this encoding.
    pub fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Encoding::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            // encoding_rs calls the Windows variant of Shift_JIS by that name, as the Encoding Standard does.
            Encoding::Cp932 if is_japanese_utf8(bytes) => None,
            Encoding::Cp932 => SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes),
        }
    }
}

/// Japanese in UTF-8 is often valid CP932, too, and reads as 蜻ｱ: rare kanji and half-width kana. Nobody means that.
fn is_japanese_utf8(bytes: &[u8]) -> bool {
    !bytes.is_ascii()
        && std::str::from_utf8(bytes)
            .is_ok_and(|text| text.chars().all(|character| character.is_ascii() || character.len_utf8() == 3))
}

/// What the bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guess {
    /// The encoding under which fewer lines are broken; UTF-8 when both do.
    Text(Encoding),
    /// UTF-16, by its byte order mark.
    Utf16,
    /// Not one byte.
    Empty,
}

pub const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a whole file to guess its encoding.
pub fn guess(reader: impl BufRead) -> io::Result<Guess> {
    let mut lines = PhysicalLines::new(reader);
    let (mut not_utf8, mut not_cp932) = (0u64, 0u64);
    while let Some(line) = lines.next_line()? {
        let Physical::Line { number, bytes } = line else { continue };
        if number == 1 {
            if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
                return Ok(Guess::Utf16);
            }
            if bytes.starts_with(UTF8_MARK) {
                return Ok(Guess::Text(Encoding::Utf8));
            }
        }
        if bytes.is_ascii() {
            continue;
        }
        not_utf8 += u64::from(Encoding::Utf8.decode(&bytes).is_none());
        not_cp932 += u64::from(Encoding::Cp932.decode(&bytes).is_none());
    }
    if lines.bytes_read() == 0 {
        return Ok(Guess::Empty);
    }
    Ok(Guess::Text(if not_utf8 > not_cp932 { Encoding::Cp932 } else { Encoding::Utf8 }))
}
