//! Opening a file of rows, whatever its format: the one place that knows which reader goes with which name.

use super::columns::Shape;
use super::cp932;
use super::delimited::DelimitedReader;
use super::encoding::{self, Encoding, Guess, UTF8_MARK};
use super::import::RowSource;
use super::lines::JsonLines;
use super::mapping::{Mapping, ReadyMade};
use super::parts::{PartKind, Parts, WithParts};
use super::planner::{Plan, Planner};
use super::rows::{Notes, RawRow, Refusal};
use super::sheets::SheetRows;
use super::tables::Table;
use super::workbook::package::ReadSeek;
use crate::domain::{Defect, Kind};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The format of a file of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    Csv,
    Tsv,
    Xlsx,
    Jsonl,
}

impl FileFormat {
    pub const ALL: [FileFormat; 4] = [FileFormat::Csv, FileFormat::Tsv, FileFormat::Xlsx, FileFormat::Jsonl];

    pub fn code(self) -> &'static str {
        match self {
            FileFormat::Csv => "csv",
            FileFormat::Tsv => "tsv",
            FileFormat::Xlsx => "xlsx",
            FileFormat::Jsonl => "jsonl",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }

    /// By the end of a file's name.
    pub fn of_name(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_string_lossy().to_lowercase();
        match extension.as_str() {
            "ndjson" => Some(FileFormat::Jsonl),
            other => Self::from_code(other),
        }
    }
}

/// What is said about a file besides its bytes.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Against the guess.
    pub encoding: Option<Encoding>,
    pub mapping: Option<Mapping>,
    pub ready_made: Option<&'static ReadyMade>,
    /// Lines or members in a CSV file of their own.
    pub parts: Option<PathBuf>,
}

/// An open file of rows.
pub struct Opened {
    pub rows: Box<dyn RowSource>,
    /// Of what `bytes_read` counts: a progress bar's whole. 0 where it is not known.
    pub size: u64,
    pub encoding: Option<Encoding>,
    /// The headings, and the field that each means; for JSON Lines none, where each row has its own.
    pub headings: Vec<HeadingMeaning>,
}

/// A heading of the file, and the field that it means; `None`: it is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HeadingMeaning {
    pub heading: String,
    pub field: Option<String>,
}

/// Opens a file. What cannot be rows at all is refused before any.
pub fn open(kind: Kind, path: &Path, format: FileFormat, reading: &Reading, notes: &mut Notes) -> Result<Opened> {
    let size = std::fs::metadata(path).map_err(Error::internal)?.len();
    let mapping = match (&reading.mapping, reading.ready_made) {
        (Some(mapping), _) => Some(mapping.clone()),
        (None, Some(ready_made)) => Some(ready_made.mapping()),
        (None, None) => None,
    };
    let planner = mapping.as_ref().map_or_else(|| Planner::new(kind), |mapping| Planner::with_mapping(kind, mapping));
    let planner = if reading.mapping.is_none() { planner.telling_what_is_left_out() } else { planner };
    let parts = match &reading.parts {
        Some(path) => Some(read_parts(kind, path, reading.encoding)?),
        None => None,
    };
    if format != FileFormat::Xlsx {
        refuse_books(path)?;
    }
    let opened = match format {
        FileFormat::Csv | FileFormat::Tsv => {
            let separator = if format == FileFormat::Csv { b',' } else { b'\t' };
            let first_row = reading.ready_made.and_then(|ready_made| ready_made.first_row);
            let reader = with_first_row(path, first_row, separator, reading.encoding)?;
            let table = Table::open(planner, reader, separator, reading.encoding, notes)?;
            let (encoding, headings) = (Some(table.encoding()), meanings(table.headings()));
            Opened { rows: with_cells(reading, table), size, encoding, headings }
        }
        FileFormat::Jsonl => {
            let mut lines = JsonLines::with_planner(planner, BufReader::with_capacity(1 << 16, open_file(path)?));
            if let Some(reshape) = reading.ready_made.and_then(|ready_made| ready_made.reshape) {
                lines = lines.reshaped(reshape);
            }
            Opened { rows: Box::new(lines), size, encoding: None, headings: Vec::new() }
        }
        FileFormat::Xlsx => {
            let path = path.to_owned();
            let reopen = move || Ok(Box::new(File::open(&path)?) as Box<dyn ReadSeek>);
            let (rows, sheet_parts) = SheetRows::open(kind, planner, Box::new(reopen), notes)?;
            let headings = meanings(rows.headings());
            let rows = with_cells(reading, rows);
            let rows = match sheet_parts {
                Some(parts) => Box::new(WithParts::new(kind, rows, parts)) as Box<dyn RowSource>,
                None => rows,
            };
            Opened { rows, size: 0, encoding: None, headings }
        }
    };
    Ok(match parts {
        Some(parts) => Opened { rows: Box::new(WithParts::new(kind, opened.rows, parts)), ..opened },
        None => opened,
    })
}

/// A book under the name of a text file.
fn refuse_books(path: &Path) -> Result<()> {
    let mut first = Vec::new();
    open_file(path)?.take(8).read_to_end(&mut first).map_err(Error::internal)?;
    if first.starts_with(b"PK\x03\x04") {
        return Err(Error::Malformed(Defect::new(
            "file.is_xlsx",
            "これは Excel ブック（.xlsx）です。形式を xlsx にして送ってください。",
            "This is an Excel workbook (.xlsx). Send it as xlsx.",
        )));
    }
    if first == [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] {
        return Err(old_book());
    }
    if first.starts_with(b"%PDF-") {
        return Err(Error::Malformed(no_table("PDF")));
    }
    Ok(())
}

/// A name of a file that people take for a table and that cannot be read as one, with what to do.
pub fn unreadable_by_name(path: &Path) -> Option<Defect> {
    let extension = path.extension()?.to_string_lossy().to_lowercase();
    let shown = match extension.as_str() {
        "xls" | "xlsm" | "xlsb" | "xlt" => "Excel（.xlsx のほか）",
        "pdf" => "PDF",
        "doc" | "docx" => "Word",
        _ => return None,
    };
    Some(no_table(shown))
}

fn no_table(shown: &str) -> Defect {
    Defect::new(
        "file.no_table",
        format!(
            "{shown} のファイルは読めません。表を Excel で開き（または表にし）、「Excel ブック（.xlsx）」か「CSV UTF-8」で保存し直してください。"
        ),
        format!(
            "A file of this form ({shown}) cannot be read. Open the table in a spreadsheet and save it as .xlsx or as CSV (UTF-8)."
        ),
    )
}

/// A book of Excel 97 to 2003, or one with a password.
fn old_book() -> Error {
    Error::Malformed(Defect::new(
        "file.old_excel",
        "古い形式（.xls）かパスワードつきの Excel ブックは読めません。Excel で開き、パスワードを外して「Excel ブック（.xlsx）」で保存し直してください。",
        "This is an Excel workbook in the old form (.xls) or with a password. Open it, take the password off and save it as .xlsx.",
    ))
}

fn open_file(path: &Path) -> Result<File> {
    File::open(path).map_err(Error::internal)
}

fn meanings(plans: &[Arc<Plan>]) -> Vec<HeadingMeaning> {
    let meaning = |plan: &Arc<Plan>| HeadingMeaning {
        heading: plan.heading.clone(),
        field: plan
            .column
            .filter(|column| !matches!(column.shape, Shape::LeftOut))
            .map(|column| column.field.to_owned()),
    };
    plans.iter().filter(|plan| !plan.heading.is_empty()).map(meaning).collect()
}

/// A file whose mapping knows the headings that it lacks reads as if they stood there.
fn with_first_row(
    path: &Path,
    first_row: Option<&[&str]>,
    separator: u8,
    stated: Option<Encoding>,
) -> Result<Prefixed> {
    let mut reader = BufReader::with_capacity(1 << 16, open_file(path)?);
    let Some(first_row) = first_row else { return Ok(Prefixed::new(Vec::new(), reader)) };
    let encoding = match (stated, encoding::guess(&mut reader).map_err(Error::internal)?) {
        (Some(stated), _) => stated,
        (None, Guess::Text(encoding)) => encoding,
        (None, Guess::Utf16 | Guess::Empty) => Encoding::Utf8,
    };
    reader.rewind().map_err(Error::internal)?;
    let mut rows = DelimitedReader::new(&mut reader, separator);
    let stands_there = match rows.next_row().map_err(Error::internal)? {
        Some(Ok(row)) => row.cells.iter().any(|cell| {
            let cell = cell.strip_prefix(UTF8_MARK).unwrap_or(cell);
            encoding.decode(cell).is_some_and(|text| first_row.contains(&text.trim()))
        }),
        // Whatever is wrong is said when the rows are read.
        Some(Err(_)) | None => true,
    };
    reader.rewind().map_err(Error::internal)?;
    if stands_there {
        return Ok(Prefixed::new(Vec::new(), reader));
    }
    let joined = first_row.join(&char::from(separator).to_string());
    let mut line = match encoding {
        Encoding::Utf8 => joined.into_bytes(),
        Encoding::Cp932 => cp932::encode(&joined).0,
    };
    line.push(b'\n');
    Ok(Prefixed::new(line, reader))
}

/// Bytes before a file.
#[derive(Debug)]
struct Prefixed {
    prefix: Vec<u8>,
    given: usize,
    rest: BufReader<File>,
}

impl Prefixed {
    fn new(prefix: Vec<u8>, rest: BufReader<File>) -> Self {
        Self { prefix, given: 0, rest }
    }
}

impl Read for Prefixed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use std::io::BufRead;
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl io::BufRead for Prefixed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.given < self.prefix.len() { Ok(&self.prefix[self.given..]) } else { self.rest.fill_buf() }
    }

    fn consume(&mut self, amount: usize) {
        if self.given < self.prefix.len() {
            self.given += amount;
        } else {
            self.rest.consume(amount);
        }
    }
}

impl Seek for Prefixed {
    /// Only to the beginning, which is all that a reader of tables does.
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        if to != io::SeekFrom::Start(0) {
            return Err(io::Error::from(io::ErrorKind::Unsupported));
        }
        self.given = 0;
        self.rest.rewind()?;
        Ok(0)
    }
}

fn with_cells(reading: &Reading, rows: impl RowSource + 'static) -> Box<dyn RowSource> {
    match reading.ready_made.and_then(|ready_made| ready_made.cell) {
        Some(cell) => Box::new(InOurWords { rows, cell }),
        None => Box::new(rows),
    }
}

/// Rows whose cells a mapping reads.
struct InOurWords<S> {
    rows: S,
    cell: super::mapping::ReadCell,
}

impl<S: RowSource> RowSource for InOurWords<S> {
    fn next_row(&mut self, notes: &mut Notes) -> io::Result<Option<std::result::Result<RawRow, Box<Refusal>>>> {
        let mut row = self.rows.next_row(notes)?;
        if let Some(Ok(row)) = &mut row {
            for (plan, value) in &mut row.cells {
                let read = match (plan.column, &*value) {
                    (Some(column), Value::String(text)) => (self.cell)(column.field, text),
                    _ => None,
                };
                if let Some(read) = read {
                    *value = Value::String(read);
                }
            }
        }
        Ok(row)
    }

    fn bytes_read(&self) -> u64 {
        self.rows.bytes_read()
    }

    fn is_cp932(&self) -> bool {
        self.rows.is_cp932()
    }

    fn is_of_a_program(&self) -> bool {
        self.rows.is_of_a_program()
    }
}

fn read_parts(kind: Kind, path: &Path, stated: Option<Encoding>) -> Result<Parts> {
    let Some(part) = PartKind::of(kind) else {
        return Err(Error::Malformed(Defect::new(
            "parts.kind",
            "別ファイルの行があるのは needs（要件）と records（構成員）だけです。",
            "Only needs (lines) and records (members) have parts in a file of their own.",
        )));
    };
    let mut reader = BufReader::with_capacity(1 << 16, open_file(path)?);
    let guess = encoding::guess(&mut reader).map_err(Error::internal)?;
    reader.rewind().map_err(Error::internal)?;
    let encoding = match (stated, guess) {
        (Some(stated), _) => stated,
        (None, Guess::Text(encoding)) => encoding,
        (None, Guess::Utf16 | Guess::Empty) => Encoding::Utf8,
    };
    let mut rows = DelimitedReader::new(reader, b',');
    let mut parts: Option<Parts> = None;
    while let Some(row) = rows.next_row().map_err(Error::internal)? {
        let row = row.map_err(|broken| Error::Malformed(broken.defect))?;
        let text = |cell: &Vec<u8>| {
            let cell = cell.strip_prefix(UTF8_MARK).unwrap_or(cell);
            let text = encoding.decode(cell)?;
            Some(match encoding {
                Encoding::Utf8 => text.into_owned(),
                Encoding::Cp932 => cp932::without_references(Cow::Owned(text.into_owned())).into_owned(),
            })
        };
        let cells: Option<Vec<String>> = row.cells.iter().map(text).collect();
        let cells = cells.ok_or_else(|| Error::Malformed(super::parts::broken_row(part, row.line)))?;
        match &mut parts {
            None => parts = Some(Parts::begin(part, &cells)?),
            Some(parts) => parts.add(row.line, &cells)?,
        }
    }
    Ok(parts.unwrap_or_else(|| Parts::none(part)))
}
