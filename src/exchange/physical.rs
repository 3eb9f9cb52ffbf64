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
}

impl<R: BufRead> PhysicalLines<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, returned: VecDeque::new(), number: 0, bytes_read: 0 }
    }

    /// Bytes of the file so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    pub fn next_line(&mut self) -> io::Result<Option<Physical>> {
        if let Some(line) = self.returned.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        let read = (&mut self.reader).take(ROW_LIMIT as u64 + 1).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.bytes_read += read as u64;
        if read <= ROW_LIMIT {
            return Ok(Some(Physical::Line { number: self.number, bytes }));
        }
        if bytes.last() != Some(&b'\n') {
            self.skip_to_line_break()?;
        }
        Ok(Some(Physical::TooLong { number: self.number }))
    }

    /// Gives lines back, to be read next, in the order given.
    pub fn give_back(&mut self, lines: Vec<Physical>) {
        for line in lines.into_iter().rev() {
            self.returned.push_front(line);
        }
    }

    fn skip_to_line_break(&mut self) -> io::Result<()> {
        self.bytes_read += self.reader.skip_until(b'\n')? as u64;
        Ok(())
    }
}
