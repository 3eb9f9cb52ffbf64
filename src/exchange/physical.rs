//! Lines as they lie in a file, bounded: a line of a gigabyte costs no more memory than one at the limit.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

/// The longest row of a file, bytes.
pub const ROW_LIMIT: usize = 1 << 20;

/// One physical line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Physical {
    /// With its line break, if it has one.
    Line { number: u64, bytes: Vec<u8> },
    /// Over [`ROW_LIMIT`]; what it said was skipped.
    TooLong { number: u64 },
}

/// Reads physical lines, and takes lines back that are to be read again.
#[derive(Debug)]
pub struct PhysicalLines<R> {
    reader: R,
    returned: VecDeque<Physical>,
    number: u64,
    bytes_read: u64,
    /// Whether a carriage return alone ends a line, as old spreadsheets write; known from the first line on.
    breaks_at_return: Option<bool>,
}

impl<R: BufRead> PhysicalLines<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, returned: VecDeque::new(), number: 0, bytes_read: 0, breaks_at_return: None }
    }

    /// Bytes of the file so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    pub fn next_line(&mut self) -> io::Result<Option<Physical>> {
        if let Some(line) = self.returned.pop_front() {
            return Ok(Some(line));
        }
        let at_return = match self.breaks_at_return {
            Some(known) => known,
            None => *self.breaks_at_return.insert(breaks_at_return(self.reader.fill_buf()?)),
        };
        let mut bytes = Vec::new();
        let mut bounded = (&mut self.reader).take(ROW_LIMIT as u64 + 1);
        let read =
            if at_return { read_to_break(&mut bounded, &mut bytes)? } else { bounded.read_until(b'\n', &mut bytes)? };
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.bytes_read += read as u64;
        if read <= ROW_LIMIT {
            return Ok(Some(Physical::Line { number: self.number, bytes }));
        }
        if bytes.last() != Some(&b'\n') && !(at_return && bytes.last() == Some(&b'\r')) {
            self.skip_to_line_break(at_return)?;
        }
        Ok(Some(Physical::TooLong { number: self.number }))
    }

    /// Gives lines back, to be read next, in the order given.
    pub fn give_back(&mut self, lines: Vec<Physical>) {
        for line in lines.into_iter().rev() {
            self.returned.push_front(line);
        }
    }

    fn skip_to_line_break(&mut self, at_return: bool) -> io::Result<()> {
        if !at_return {
            self.bytes_read += self.reader.skip_until(b'\n')? as u64;
            return Ok(());
        }
        loop {
            let mut skipped = Vec::new();
            let read = read_to_break(&mut (&mut self.reader).take(1 << 16), &mut skipped)?;
            self.bytes_read += read as u64;
            if read == 0 || matches!(skipped.last(), Some(b'\n' | b'\r')) {
                return Ok(());
            }
        }
    }
}

/// Whether the first line break outside quotes is a return without a line feed, and no line feed follows in sight.
fn breaks_at_return(start: &[u8]) -> bool {
    let (mut quoted, mut found) = (false, false);
    for (place, byte) in start.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => return false,
            // The last byte in sight may be the first half of a break.
            b'\r' if !quoted && !matches!(start.get(place + 1), None | Some(b'\n')) => found = true,
            _ => {}
        }
    }
    found
}

/// Reads up to and with a return or a line feed.
fn read_to_break(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let before = bytes.len();
    loop {
        let seen = reader.fill_buf()?;
        let end = seen.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map(|place| place + 1);
        let taken = end.unwrap_or(seen.len());
        bytes.extend_from_slice(&seen[..taken]);
        reader.consume(taken);
        if end.is_some() || taken == 0 {
            return Ok(bytes.len() - before);
        }
    }
}
