//! Rows of CSV and TSV: headings first, then cells in the encoding of the file.

use super::delimited::{DelimitedReader, DelimitedRow};
use super::encoding::{self, Encoding, Guess, UTF8_MARK};
use super::headings;
use super::import::RowSource;
use super::planner::{Plan, Planner};
use super::rows::{Notes, RawRow, Refusal};
use super::{cells, cp932};
use crate::domain::Defect;
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
    /// Reads the whole file once to find its encoding (unless `stated` says it), then its headings. A file that cannot
    /// be a table is refused before any row.
    pub fn open(
        mut planner: Planner,
        mut reader: R,
        separator: u8,
        stated: Option<Encoding>,
        notes: &mut Notes,
    ) -> Result<Self> {
        let guess = encoding::guess(&mut reader).map_err(Error::internal)?;
        reader.rewind().map_err(Error::internal)?;
        let encoding = match (guess, stated) {
            (Guess::Empty, _) => return Err(refused("file.empty", "ファイルが空です。", "The file is empty.")),
            (_, Some(stated)) => stated,
            (Guess::Text(encoding), None) => encoding,
            (Guess::Utf16, None) => {
                return Err(refused(
                    "file.utf16",
                    "UTF-16 のファイルは読めません。「CSV UTF-8」の形式で保存してください。",
                    "The file is in UTF-16. Save it as \"CSV UTF-8\".",
                ));
            }
        };
        let separator = separator_of(&planner, &mut reader, separator, encoding, notes)?;
        let mut reader = DelimitedReader::new(reader, separator);
        let first = match reader.next_row().map_err(Error::internal)? {
            None => return Err(refused("file.empty", "ファイルが空です。", "The file is empty.")),
            Some(Err(broken)) => return Err(Error::Malformed(broken.defect)),
            Some(Ok(row)) => row,
        };
        let first = (first.line, heading_texts(&first, encoding)?);
        let (_, texts) =
            headings::find(&planner, first, notes, || match reader.next_row().map_err(Error::internal)? {
                Some(Ok(row)) => Ok(heading_texts(&row, encoding).ok().map(|texts| (row.line, texts))),
                Some(Err(_)) | None => Ok(None),
            })?;
        let headings = headings::plan(&mut planner, &texts, notes)?;
        Ok(Self { reader, encoding, headings })
    }

    /// The headings of the file and what each means.
    pub fn headings(&self) -> &[Arc<Plan>] {
        &self.headings
    }

    pub fn encoding(&self) -> Encoding {
        self.encoding
    }
}

/// What stands between the cells: the stated one, unless nothing is known of the first row with it and something is with
/// another, as when a table of tabs or semicolons is called CSV.
fn separator_of<R: BufRead + Seek>(
    planner: &Planner,
    reader: &mut R,
    stated: u8,
    encoding: Encoding,
    notes: &mut Notes,
) -> Result<u8> {
    const OTHERS: [(u8, &str, &str); 3] =
        [(b'\t', "タブ", "a tab"), (b';', "セミコロン（;）", "a semicolon"), (b',', "コンマ", "a comma")];
    let mut known = |separator: u8| -> Result<(usize, usize)> {
        let row = DelimitedReader::new(&mut *reader, separator).next_row().map_err(Error::internal)?;
        reader.rewind().map_err(Error::internal)?;
        let Some(Ok(row)) = row else { return Ok((0, 0)) };
        // Whatever is wrong is said when the headings are read.
        let texts = heading_texts(&row, encoding).unwrap_or_default();
        Ok((headings::known(planner, &texts), texts.len()))
    };
    if known(stated)?.0 > 0 {
        return Ok(stated);
    }
    for (separator, ja, en) in OTHERS.into_iter().filter(|(separator, ..)| *separator != stated) {
        let (count, columns) = known(separator)?;
        if count > 0 && columns > 1 {
            notes.add("separator", || {
                Defect::new(
                    "file.separator",
                    format!("セルの区切りは{ja}として読みました。"),
                    format!("The cells were read as separated by {en}."),
                )
            });
            return Ok(separator);
        }
    }
    Ok(stated)
}

fn heading_texts(row: &DelimitedRow, encoding: Encoding) -> Result<Vec<String>> {
    let text = |(place, cell): (usize, &Vec<u8>)| {
        let bytes = cell.strip_prefix(UTF8_MARK).filter(|_| place == 0).unwrap_or(cell);
        encoding.decode(bytes).map(|text| text.into_owned()).ok_or_else(|| {
            refused(
                "file.encoding",
                format!(
                    "見出しの文字コードが {} として読めません。UTF-8 か CP932 で保存し直してください。",
                    encoding.name()
                ),
                format!("The headings are not {}. Save the file again as UTF-8 or CP932.", encoding.name()),
            )
        })
    };
    row.cells.iter().enumerate().map(text).collect()
}

fn refused(code: &str, ja: impl Into<String>, en: impl Into<String>) -> Error {
    Error::Malformed(Defect::new(code, ja, en))
}

impl<R: BufRead> RowSource for Table<R> {
    fn next_row(&mut self, notes: &mut Notes) -> std::io::Result<Option<std::result::Result<RawRow, Box<Refusal>>>> {
        loop {
            let row = match self.reader.next_row()? {
                None => return Ok(None),
                Some(Err(broken)) => return Ok(Some(Err(Box::new(Refusal::of_row(broken.line, broken.defect))))),
                Some(Ok(row)) => row,
            };
            if row.cells.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace)) {
                continue;
            }
            let first = row.cells.iter().find(|cell| !cell.iter().all(u8::is_ascii_whitespace));
            if first.and_then(|cell| self.encoding.decode(cell)).is_some_and(|text| super::rows::is_sum(&text)) {
                notes.add("sums", super::rows::sums);
                continue;
            }
            let row = self.row(row);
            if row.as_ref().is_ok_and(RawRow::says_nothing) {
                notes.add("rows that say nothing", super::rows::nothing_said);
                continue;
            }
            return Ok(Some(row));
        }
    }

    fn bytes_read(&self) -> u64 {
        self.reader.bytes_read()
    }

    fn is_cp932(&self) -> bool {
        self.encoding == Encoding::Cp932
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
                        format!(
                            "この行に {} として読めない文字があります。表を Excel で開き、文字を入れ直して「CSV UTF-8」で保存するか、文字コード（encoding）を指定してください。",
                            self.encoding.name()
                        ),
                        format!(
                            "The row holds bytes that are not {}. Open the table, write the text anew and save it as CSV UTF-8, or name the encoding.",
                            self.encoding.name()
                        ),
                    )
                    .message,
                }));
            };
            // An empty cell says nothing: what is there stays.
            if plan.column.is_some() && !text.trim().is_empty() {
                let text = match self.encoding {
                    Encoding::Utf8 => text,
                    Encoding::Cp932 => cp932::without_references(text),
                };
                cells.push((Arc::clone(plan), Value::String(cells::without_guard(&text).to_owned())));
            }
        }
        Ok(RawRow { line: row.line, cells })
    }
}
