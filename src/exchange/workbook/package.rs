//! The container of a workbook (ZIP), read so that what it claims costs nothing: the directory is bounded before it is
//! read, sizes are bounded before anything is unpacked, and what unpacks to more than it declared is refused.

use super::{Refused, refused};
use flate2::read::DeflateDecoder;
use std::collections::HashMap;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Opens the file again, from its beginning: the parts of a workbook are read side by side.
pub type Reopen = Box<dyn Fn() -> io::Result<Box<dyn ReadSeek>> + Send>;

/// What a workbook is read from.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// Bytes of a whole workbook as it lies on disk.
const FILE_LIMIT: u64 = 128 << 20;
/// Files in the container. Excel writes about ten and one for each sheet and picture.
const ENTRY_LIMIT: u16 = 2_000;
/// Bytes of the directory.
const DIRECTORY_LIMIT: u64 = 1 << 20;
/// Bytes of one part, unpacked.
const PART_LIMIT: u64 = 400 << 20;
/// Unpacked over packed size. Sheets reach about 30; a bomb needs about 1,000.
const RATIO_LIMIT: u64 = 150;
/// Parts below this size may be packed as well as they like.
const RATIO_FREE: u64 = 4 << 20;

/// A file in the container.
#[derive(Debug, Clone)]
struct Entry {
    packed: u64,
    unpacked: u64,
    offset: u64,
    deflated: bool,
}

/// The directory of a workbook.
pub struct Package {
    reopen: Reopen,
    /// By name in lower case.
    entries: HashMap<String, Entry>,
}

impl std::fmt::Debug for Package {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Package({} entries)", self.entries.len())
    }
}

impl Package {
    pub fn open(reopen: Reopen) -> Result<Self, Refused> {
        let mut file = reopen()?;
        let size = file.seek(SeekFrom::End(0))?;
        if size > FILE_LIMIT {
            return Err(refused(
                "file.too_large",
                "XLSX のファイルは128MiBまでです。行を分けて保存するか、CSV で取り込んでください。",
                "An XLSX file may have at most 128 MiB. Split its rows, or import a CSV file.",
            ));
        }
        let mut start = [0; 8];
        file.rewind()?;
        let read = read_up_to(&mut file, &mut start)?;
        if read == 0 {
            return Err(refused("file.empty", "ファイルが空です。", "The file is empty."));
        }
        if start.starts_with(b"\xd0\xcf\x11\xe0") {
            return Err(refused(
                "file.encrypted",
                "パスワードつきか、古い形式（.xls）のファイルです。パスワードを外して .xlsx で保存してください。",
                "The file has a password or is an old .xls. Save it as .xlsx without a password.",
            ));
        }
        let entries = directory(&mut file, size)?;
        Ok(Self { reopen, entries })
    }

    pub fn has(&self, name: &str) -> bool {
        self.entries.contains_key(&name.to_lowercase())
    }

    /// A part, unpacked while it is read.
    pub fn part(&self, name: &str) -> Result<impl Read + Send + use<>, Refused> {
        let entry = self.entries.get(&name.to_lowercase()).ok_or_else(not_a_workbook)?;
        let too_dense = entry.unpacked > RATIO_FREE && entry.unpacked / entry.packed.max(1) > RATIO_LIMIT;
        if entry.unpacked > PART_LIMIT || too_dense {
            return Err(too_much());
        }
        let mut file = (self.reopen)()?;
        file.seek(SeekFrom::Start(entry.offset))?;
        let mut header = [0; 30];
        file.read_exact(&mut header).map_err(|_| not_a_workbook())?;
        if &header[..4] != b"PK\x03\x04" {
            return Err(not_a_workbook());
        }
        let data = entry.offset + 30 + u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
        file.seek(SeekFrom::Start(data))?;
        let packed = BufReader::with_capacity(1 << 15, file.take(entry.packed));
        let content: Box<dyn Read + Send> = match entry.deflated {
            true => Box::new(DeflateDecoder::new(packed)),
            false => Box::new(packed),
        };
        Ok(Declared { content, left: entry.unpacked })
    }
}

/// Gives no more bytes than were declared.
struct Declared {
    content: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Declared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other(too_much()))?;
        Ok(read)
    }
}

fn directory(file: &mut dyn ReadSeek, size: u64) -> Result<HashMap<String, Entry>, Refused> {
    // The end record is followed by a comment of at most 64 KiB.
    let tail_size = size.min(22 + 65_535);
    file.seek(SeekFrom::Start(size - tail_size))?;
    let mut tail = vec![0; tail_size as usize];
    file.read_exact(&mut tail)?;
    let end = tail.windows(4).rposition(|bytes| bytes == b"PK\x05\x06").ok_or_else(not_a_workbook)?;
    let record = tail.get(end..end + 22).ok_or_else(not_a_workbook)?;
    let (count, length, start) = (u16_at(record, 10), u64::from(u32_at(record, 12)), u64::from(u32_at(record, 16)));
    if count > ENTRY_LIMIT || length > DIRECTORY_LIMIT {
        return Err(too_much());
    }
    if start + length > size {
        return Err(not_a_workbook());
    }
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes)?;
    let mut rest = bytes.as_slice();
    let mut entries = HashMap::with_capacity(usize::from(count));
    for _ in 0..count {
        let header = rest.get(..46).filter(|header| header.starts_with(b"PK\x01\x02")).ok_or_else(not_a_workbook)?;
        let (name, extra, comment) =
            (usize::from(u16_at(header, 28)), usize::from(u16_at(header, 30)), usize::from(u16_at(header, 32)));
        let name_bytes = rest.get(46..46 + name).ok_or_else(not_a_workbook)?;
        let extra_bytes = rest.get(46 + name..46 + name + extra).ok_or_else(not_a_workbook)?;
        let (flags, method) = (u16_at(header, 8), u16_at(header, 10));
        if flags & 1 != 0 {
            return Err(refused(
                "file.encrypted",
                "暗号化された ZIP です。パスワードを外して .xlsx で保存してください。",
                "The container is encrypted. Save the file as .xlsx without a password.",
            ));
        }
        let mut entry = Entry {
            packed: u64::from(u32_at(header, 20)),
            unpacked: u64::from(u32_at(header, 24)),
            offset: u64::from(u32_at(header, 42)),
            deflated: method == 8,
        };
        wide_sizes(&mut entry, extra_bytes);
        let known_method = method == 0 || method == 8;
        let inside = entry.offset.saturating_add(entry.packed) <= size;
        if known_method && inside {
            // Names are looked up, never written to: a path that climbs out is only a name that nobody asks for.
            let name = String::from_utf8_lossy(name_bytes).replace('\\', "/").to_lowercase();
            if entries.insert(name, entry).is_some() {
                // Two files of one name: readers differ in which they take.
                return Err(not_a_workbook());
            }
        }
        rest = rest.get(46 + name + extra + comment..).ok_or_else(not_a_workbook)?;
    }
    Ok(entries)
}

/// Sizes of 64 bits (ZIP64), where the field of 32 bits says so.
fn wide_sizes(entry: &mut Entry, mut extra: &[u8]) {
    const WIDE: u64 = u32::MAX as u64;
    while extra.len() >= 4 {
        let (id, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let Some(mut data) = extra.get(4..4 + length) else { return };
        if id == 1 {
            for field in [&mut entry.unpacked, &mut entry.packed, &mut entry.offset] {
                if *field == WIDE
                    && let Some((value, rest)) = data.split_first_chunk::<8>()
                {
                    *field = u64::from_le_bytes(*value);
                    data = rest;
                }
            }
        }
        extra = &extra[4 + length..];
    }
}

fn read_up_to(file: &mut dyn ReadSeek, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read(&mut buffer[read..])? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |pair| u16::from_le_bytes([pair[0], pair[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

pub fn not_a_workbook() -> Refused {
    refused(
        "file.not_xlsx",
        "XLSX として読めません。ファイルが壊れているか、別の形式です。Excel で開いて .xlsx で保存し直してください。",
        "This is not a readable XLSX file. Open it in a spreadsheet and save it as .xlsx again.",
    )
}

pub fn too_much() -> Refused {
    refused(
        "file.unpacks_too_large",
        "展開すると大きすぎるファイルです。必要な列と行だけを新しいブックに写して保存してください。",
        "The file unpacks to more than is taken. Copy the rows and columns you need to a new workbook.",
    )
}
