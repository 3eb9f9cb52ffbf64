//! Rows of CSV and TSV: headings first, then cells in the encoding of the file.

use super::cells;
use super::columns::{Column, Shape};
use super::delimited::{DelimitedReader, DelimitedRow};
use super::encoding::{self, Encoding, Guess, UTF8_MARK};
use super::import::RowSource;
use super::rows::{Notes, Plan, Planner, RawRow, Refusal};
use crate::domain::{Defect, Kind};
use crate::error::{Error, Result};
use serde_json::Value;
use std::io::{BufRead, Seek};
use std::sync::Arc;

/// Reads a table with headings.
#[derive(Debug)]
pub struct Table<R> {
    reader: DelimitedReader<R>,
    encoding: Encoding,
    headings: Vec<Arc<Plan>>,
}

impl<R: BufRead + Seek> Table<R> {
    /// Reads the whole file once to find its encoding, then its headings. A file that cannot be a table is refused
    /// before any row.
    pub fn open(kind: Kind, mut reader: R, separator: u8, notes: &mut Notes) -> Result<Self> {
        let guess = encoding::guess(&mut reader).map_err(Error::internal)?;
        reader.rewind().map_err(Error::internal)?;
        let encoding = match guess {
            Guess::Text(encoding) => encoding,
            Guess::Empty => return Err(refused("file.empty", "ファイルが空です。", "The file is empty.")),
            Guess::Utf16 => {
                return Err(refused(
                    "file.utf16",
                    "UTF-16 のファイルは読めません。「CSV UTF-8」の形式で保存してください。",
                    "The file is in UTF-16. Save it as \"CSV UTF-8\".",
                ));
            }
        };
        let mut reader = DelimitedReader::new(reader, separator);
        let first = match reader.next_row().map_err(Error::internal)? {
            None => return Err(refused("file.empty", "ファイルが空です。", "The file is empty.")),
            Some(Err(broken)) => return Err(Error::Malformed(broken.defect)),
            Some(Ok(row)) => row,
        };
        let headings = read_headings(kind, &first, encoding, notes)?;
        Ok(Self { reader, encoding, headings })
    }

    pub fn encoding(&self) -> Encoding {
        self.encoding
    }
}

fn read_headings(kind: Kind, row: &DelimitedRow, encoding: Encoding, notes: &mut Notes) -> Result<Vec<Arc<Plan>>> {
    let mut planner = Planner::new(kind);
    let mut headings: Vec<Arc<Plan>> = Vec::with_capacity(row.cells.len());
    for (place, cell) in row.cells.iter().enumerate() {
        let bytes = cell.strip_prefix(UTF8_MARK).filter(|_| place == 0).unwrap_or(cell);
        let Some(text) = encoding.decode(bytes) else {
            return Err(refused(
                "file.encoding",
                format!(
                    "見出しの文字コードが {} として読めません。UTF-8 か CP932 で保存し直してください。",
                    encoding.name()
                ),
                format!("The headings are not {}. Save the file again as UTF-8 or CP932.", encoding.name()),
            ));
        };
        let text = text.trim();
        if text.is_empty() {
            headings.push(Arc::new(Plan { heading: String::new(), column: None }));
            continue;
        }
        let plan = planner.plan(text, notes);
        if let Some(other) = headings.iter().find(|other| same_column(other, &plan)) {
            return Err(refused(
                "file.duplicate_heading",
                format!(
                    "見出し「{}」と「{}」が同じ項目を指しています。どちらか一方にしてください。",
                    other.heading, plan.heading
                ),
                format!(
                    "The headings \"{}\" and \"{}\" mean the same field. Keep one of them.",
                    other.heading, plan.heading
                ),
            ));
        }
        headings.push(plan);
    }
    if headings.iter().all(|plan| plan.column.is_none()) {
        let shown: Vec<&str> = headings.iter().map(|plan| plan.heading.as_str()).take(6).collect();
        let shown: String = shown.join(", ").chars().take(120).collect();
        return Err(refused(
            "file.no_known_heading",
            format!(
                "知っている見出しがひとつもありません（1行目: {shown}）。1行目に見出しがあるか、種類（KIND）が正しいか確かめてください。"
            ),
            format!("None of the headings is known (row 1: {shown}). Is row 1 the headings, and is KIND right?"),
        ));
    }
    Ok(headings)
}

/// The same heading twice, or two headings for one field.
fn same_column(one: &Plan, other: &Plan) -> bool {
    match (one.column, other.column) {
        (Some(one), Some(other)) => {
            // A corporate number may stand beside the id that it explains.
            let number = |column: &Column| matches!(column.shape, Shape::CorporateNumberReference);
            one.field == other.field && number(one) == number(other)
        }
        (None, None) => !one.heading.is_empty() && one.heading == other.heading,
        _ => false,
    }
}

fn refused(code: &str, ja: impl Into<String>, en: impl Into<String>) -> Error {
    Error::Malformed(Defect::new(code, ja, en))
}

impl<R: BufRead> RowSource for Table<R> {
    fn next_row(&mut self, _notes: &mut Notes) -> std::io::Result<Option<std::result::Result<RawRow, Box<Refusal>>>> {
        loop {
            let row = match self.reader.next_row()? {
                None => return Ok(None),
                Some(Err(broken)) => return Ok(Some(Err(Box::new(Refusal::of_row(broken.line, broken.defect))))),
                Some(Ok(row)) => row,
            };
            if row.cells.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace)) {
                continue;
            }
            return Ok(Some(self.row(row)));
        }
    }

    fn bytes_read(&self) -> u64 {
        self.reader.bytes_read()
    }
}

impl<R: BufRead> Table<R> {
    fn row(&self, row: DelimitedRow) -> std::result::Result<RawRow, Box<Refusal>> {
        let (expected, found) = (self.headings.len(), row.cells.len());
        // Spreadsheets leave empty cells behind the last column.
        let surplus = row.cells.iter().skip(expected).any(|cell| !cell.is_empty());
        if found < expected || surplus {
            return Err(Box::new(Refusal::of_row(
                row.line,
                Defect::new(
                    "row.columns",
                    format!(
                        "列の数が見出しと合いません（見出し{expected}列、この行{found}列）。引用符や区切り文字を確かめてください。"
                    ),
                    format!(
                        "The row has {found} columns, the headings {expected}. Please check quotes and separators."
                    ),
                ),
            )));
        }
        let mut cells = Vec::with_capacity(expected);
        for (plan, cell) in self.headings.iter().zip(&row.cells) {
            let Some(text) = self.encoding.decode(cell) else {
                return Err(Box::new(Refusal {
                    row: row.line,
                    column: plan.heading.clone(),
                    code: "row.encoding".to_owned(),
                    found: String::from_utf8_lossy(cell).chars().take(60).collect(),
                    message: Defect::new(
                        "row.encoding",
                        format!("この行に {} として読めないバイトがあります。", self.encoding.name()),
                        format!("The row holds bytes that are not {}.", self.encoding.name()),
                    )
                    .message,
                }));
            };
            // An empty cell says nothing: what is there stays.
            if plan.column.is_some() && !text.trim().is_empty() {
                cells.push((Arc::clone(plan), Value::String(cells::without_guard(&text).to_owned())));
            }
        }
        Ok(RawRow { line: row.line, cells })
    }
}
