//! The shared strings of a workbook. Excel keeps every text of a book there, so they may be many: beyond some megabytes
//! they lie in a temporary file, and memory holds only where each begins.

use super::Refused;
use super::package::too_much;
use super::sheet::{CELL_BYTES, without_escapes};
use super::xml::{Step, Xml};
use std::io::{Read, Seek, SeekFrom, Write};
use tempfile::SpooledTempFile;

/// Bytes of strings that stay in memory.
const IN_MEMORY: usize = 8 << 20;
/// Strings of one book.
const COUNT_LIMIT: usize = 3_000_000;

/// Text by number.
pub struct SharedStrings {
    /// Where each string ends; it begins where the one before ends.
    ends: Vec<u64>,
    text: SpooledTempFile,
}

impl std::fmt::Debug for SharedStrings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SharedStrings({})", self.ends.len())
    }
}

impl SharedStrings {
    pub fn none() -> Self {
        Self { ends: Vec::new(), text: SpooledTempFile::new(IN_MEMORY) }
    }

    pub fn read(mut xml: Xml) -> Result<Self, Refused> {
        let mut strings = Self::none();
        let mut end = 0u64;
        let mut text = String::new();
        // Readings (rPh) stand beside the text they belong to and are no part of it.
        let (mut in_text, mut reading) = (false, 0u32);
        loop {
            match xml.next()? {
                Step::Open(name, _) => match name.as_str() {
                    "si" => text.clear(),
                    "rPh" => reading += 1,
                    "t" => in_text = true,
                    _ => {}
                },
                Step::Text(part) if in_text && reading == 0 => {
                    if text.len() + part.len() > CELL_BYTES {
                        return Err(too_much());
                    }
                    text.push_str(&part);
                }
                Step::Text(_) => {}
                Step::Close(name) => match name.as_str() {
                    "t" => in_text = false,
                    "rPh" => reading = reading.saturating_sub(1),
                    "si" => {
                        let text = without_escapes(&text);
                        strings.text.write_all(text.as_bytes())?;
                        end += text.len() as u64;
                        strings.ends.push(end);
                        if strings.ends.len() > COUNT_LIMIT {
                            return Err(too_much());
                        }
                    }
                    _ => {}
                },
                Step::End => return Ok(strings),
            }
        }
    }

    pub fn get(&mut self, number: usize) -> std::io::Result<Option<String>> {
        let Some(&end) = self.ends.get(number) else { return Ok(None) };
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        let mut bytes = vec![0; (end - start) as usize];
        self.text.seek(SeekFrom::Start(start))?;
        self.text.read_exact(&mut bytes)?;
        Ok(String::from_utf8(bytes).ok())
    }
}
