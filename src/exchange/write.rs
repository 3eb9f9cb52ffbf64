//! Writers of rows: CSV in two encodings, and XLSX.

use super::cp932::{self, Swap};
use super::encoding::UTF8_MARK;
use super::layout::{Cell, Layout};
use rust_xlsxwriter::{Color, Format as CellFormat, Workbook, Worksheet, XlsxError};
use serde::Serialize;
use std::io::{self, Seek, Write};
use utoipa::ToSchema;

/// Cells that an export names as not held; the rest is counted.
pub const LOST_LIMIT: usize = 1_000;
/// Characters of a cell of XLSX, in units of UTF-16.
const XLSX_CELL: usize = 32_767;
/// Rows of a sheet.
const XLSX_ROWS: u32 = 1_048_576;

/// A cell that the format cannot hold as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Lost {
    /// Of the file, the headings being row 1.
    pub row: u64,
    /// The thing.
    pub id: String,
    pub heading: String,
    /// CP932: the characters that it does not have, and what stands in the file for them. None: the text is longer than a
    /// cell of XLSX may be, and the cell was left empty.
    pub characters: Vec<Swap>,
}

/// Takes rows.
pub trait RowWriter {
    fn headings(&mut self, layout: &Layout) -> io::Result<()>;
    /// `id` of the thing that the row is of, for the report.
    fn row(&mut self, layout: &Layout, id: &str, cells: &[Cell]) -> io::Result<()>;
}

/// CSV (RFC 4180, CRLF).
pub struct CsvWriter<'a> {
    writer: csv::Writer<&'a mut (dyn Write + Send)>,
    cp932: bool,
    /// Rows written so far, with that of the headings.
    rows: u64,
    lost: Vec<Lost>,
    lost_count: u64,
}

impl<'a> CsvWriter<'a> {
    pub fn new(output: &'a mut (dyn Write + Send), cp932: bool) -> io::Result<Self> {
        if !cp932 {
            output.write_all(UTF8_MARK)?;
        }
        let writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(output);
        Ok(Self { writer, cp932, rows: 0, lost: Vec::new(), lost_count: 0 })
    }

    pub fn finish(mut self) -> io::Result<(Vec<Lost>, u64)> {
        self.writer.flush()?;
        Ok((self.lost, self.lost_count))
    }
}

impl RowWriter for CsvWriter<'_> {
    fn headings(&mut self, layout: &Layout) -> io::Result<()> {
        let headings = layout.headings.iter();
        self.rows += 1;
        if self.cp932 {
            return self.writer.write_record(headings.map(|text| cp932::encode(text).0)).map_err(io::Error::from);
        }
        self.writer.write_record(headings).map_err(io::Error::from)
    }

    fn row(&mut self, layout: &Layout, id: &str, cells: &[Cell]) -> io::Result<()> {
        self.rows += 1;
        for (heading, cell) in layout.headings.iter().zip(cells) {
            let text = cell.plain();
            if !self.cp932 {
                self.writer.write_field(text.as_bytes()).map_err(io::Error::from)?;
                continue;
            }
            let (bytes, characters) = cp932::encode(&text);
            if !characters.is_empty() {
                self.lost_count += 1;
                if self.lost.len() < LOST_LIMIT {
                    self.lost.push(Lost { row: self.rows, id: id.to_owned(), heading: heading.clone(), characters });
                }
            }
            self.writer.write_field(&bytes).map_err(io::Error::from)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(io::Error::from)
    }
}

/// A book, written row by row: a hundred thousand rows cost no more memory than ten.
pub struct XlsxWriter {
    book: Workbook,
    sheets: Vec<SheetState>,
    text: CellFormat,
    heading: CellFormat,
    lost: Vec<Lost>,
    lost_count: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct SheetState {
    next_row: u32,
    columns: u16,
}

impl XlsxWriter {
    /// With a sheet of each name.
    pub fn new(names: &[Option<&str>]) -> io::Result<Self> {
        let mut book = Workbook::new();
        let mut sheets = Vec::new();
        for name in names.iter().flatten() {
            let sheet = book.add_worksheet_with_constant_memory().map_err(failed)?;
            sheet.set_name(*name).map_err(failed)?;
            sheets.push(SheetState::default());
        }
        Ok(Self {
            book,
            sheets,
            text: CellFormat::new().set_num_format("@"),
            heading: CellFormat::new().set_bold().set_num_format("@").set_background_color(Color::RGB(0x00E8_EEF4)),
            lost: Vec::new(),
            lost_count: 0,
        })
    }

    /// The sheet of this place, to be written to.
    pub fn sheet(&mut self, place: usize) -> io::Result<SheetWriter<'_>> {
        let (Ok(sheet), Some(state)) = (self.book.worksheet_from_index(place), self.sheets.get_mut(place)) else {
            return Err(io::Error::other("a sheet that was not made"));
        };
        Ok(SheetWriter {
            sheet,
            state,
            text: &self.text,
            heading: &self.heading,
            lost: &mut self.lost,
            lost_count: &mut self.lost_count,
        })
    }

    pub fn finish(mut self, output: &mut (dyn Write + Send)) -> io::Result<(Vec<Lost>, u64)> {
        for (place, state) in self.sheets.iter().enumerate() {
            if let (Ok(sheet), Some(last)) = (self.book.worksheet_from_index(place), state.columns.checked_sub(1)) {
                sheet.autofilter(0, 0, state.next_row.saturating_sub(1), last).map_err(failed)?;
            }
        }
        // The container is put together in a file: it needs to go back and forth.
        let mut file = tempfile::tempfile()?;
        self.book.save_to_writer(&mut file).map_err(failed)?;
        file.rewind()?;
        io::copy(&mut file, output)?;
        output.flush()?;
        Ok((self.lost, self.lost_count))
    }
}

/// One sheet of a book.
pub struct SheetWriter<'a> {
    sheet: &'a mut Worksheet,
    state: &'a mut SheetState,
    text: &'a CellFormat,
    heading: &'a CellFormat,
    lost: &'a mut Vec<Lost>,
    lost_count: &'a mut u64,
}

impl RowWriter for SheetWriter<'_> {
    fn headings(&mut self, layout: &Layout) -> io::Result<()> {
        self.sheet.set_freeze_panes(1, 0).map_err(failed)?;
        for (column, heading) in (0u16..).zip(&layout.headings) {
            self.sheet.set_column_width(column, 18).map_err(failed)?;
            if layout.is_text(usize::from(column)) {
                // Cells that are empty, and rows that somebody adds below: 012 typed there stays 012.
                self.sheet.set_column_format(column, self.text).map_err(failed)?;
            }
            self.sheet.write_string_with_format(0, column, heading, self.heading).map_err(failed)?;
        }
        *self.state = SheetState { next_row: 1, columns: layout.headings.len() as u16 };
        Ok(())
    }

    fn row(&mut self, layout: &Layout, id: &str, cells: &[Cell]) -> io::Result<()> {
        let row = self.state.next_row;
        if row >= XLSX_ROWS {
            return Err(io::Error::other("an XLSX sheet holds 1,048,576 rows; export as CSV or JSON Lines"));
        }
        for (column, cell) in (0u16..).zip(cells) {
            match cell {
                Cell::Empty => {}
                Cell::Text(text) if text.encode_utf16().count() > XLSX_CELL => {
                    *self.lost_count += 1;
                    if self.lost.len() < LOST_LIMIT {
                        let heading = layout.headings.get(usize::from(column)).cloned().unwrap_or_default();
                        let row = u64::from(row) + 1;
                        self.lost.push(Lost { row, id: id.to_owned(), heading, characters: Vec::new() });
                    }
                }
                Cell::Text(text) => {
                    self.sheet.write_string_with_format(row, column, text, self.text).map_err(failed)?;
                }
                Cell::Number(number) => {
                    self.sheet.write_number(row, column, *number as f64).map_err(failed)?;
                }
                Cell::Truth(truth) => {
                    self.sheet.write_boolean(row, column, *truth).map_err(failed)?;
                }
            }
        }
        self.state.next_row = row + 1;
        Ok(())
    }
}

fn failed(error: XlsxError) -> io::Error {
    io::Error::other(error)
}
