//! Rows of an XLSX book: the sheet that holds the kind, and the sheet of its lines or members where there is one.

use super::cells;
use super::headings;
use super::import::RowSource;
use super::parts::{PartKind, Parts};
use super::planner::{Plan, Planner};
use super::rows::{Notes, RawRow, Refusal};
use super::workbook::package::Reopen;
use super::workbook::sheet::{Broken, Cell, Fault, Sheet, SheetRow};
use super::workbook::{Refused, SheetName, Workbook};
use crate::domain::{Defect, Kind};
use crate::error::{Error, Result};
use serde_json::Value;
use std::sync::Arc;

/// Reads the rows of a book.
#[derive(Debug)]
pub struct SheetRows {
    book: Workbook,
    sheet: Sheet,
    headings: Vec<Arc<Plan>>,
    rows: u64,
    done: u64,
}

impl From<Refused> for Error {
    fn from(Refused(defect): Refused) -> Self {
        Error::Malformed(defect)
    }
}

impl SheetRows {
    /// Opens a book and reads its sheet once to its end, so that what cannot be read is refused before any row is
    /// taken. Gives the rows, and the lines or members that stand in a sheet of their own.
    pub fn open(kind: Kind, mut planner: Planner, reopen: Reopen, notes: &mut Notes) -> Result<(Self, Option<Parts>)> {
        let mut book = Workbook::open(reopen)?;
        let part = part_sheet(kind, &book);
        let Chosen { sheet: main, headings: plans, row } = choose(kind, &mut book, &mut planner, part.as_ref(), notes)?;
        let parts = match (&part, PartKind::of(kind)) {
            (Some(part), Some(part_kind)) => Some(read_parts(&mut book, part, part_kind)?),
            _ => None,
        };
        let mut sheet = below(&mut book, &main, row)?;
        let mut rows = 0;
        while book.next_row(&mut sheet)?.is_some() {
            rows += 1;
        }
        let sheet = below(&mut book, &main, row)?;
        Ok((Self { book, sheet, headings: plans, rows, done: 0 }, parts))
    }

    /// Rows below the headings.
    pub fn row_count(&self) -> u64 {
        self.rows
    }

    /// The headings of the file and what each means.
    pub fn headings(&self) -> &[Arc<Plan>] {
        &self.headings
    }

    fn row(&self, row: SheetRow, notes: &mut Notes) -> std::result::Result<RawRow, Box<Refusal>> {
        if let Some(broken) = row.broken {
            let defect = match broken {
                Broken::TooManyColumns => super::delimited::too_many_columns(),
                Broken::TooLong => super::delimited::row_too_long(),
            };
            return Err(Box::new(Refusal::of_row(row.number, defect)));
        }
        let mut cells = Vec::with_capacity(row.cells.len());
        for cell in row.cells {
            let Some(plan) = self.headings.get(cell.column) else {
                return Err(Box::new(Refusal::of_row(row.number, beside_the_table())));
            };
            if plan.column.is_none() {
                continue;
            }
            if let Some(fault) = cell.fault {
                return Err(Box::new(refused_cell(row.number, plan, &cell, fault)));
            }
            if cell.formula {
                notes.add("formulas", || {
                    Defect::new(
                        "cell.formula",
                        "数式のセルは、保存されたときの計算結果の値で取り込みます。",
                        "Cells with formulas are taken with the value that they had when the file was saved.",
                    )
                });
            }
            cells.push((Arc::clone(plan), Value::String(cells::without_guard(&cell.text).to_owned())));
        }
        Ok(RawRow { line: row.number, cells })
    }
}

impl RowSource for SheetRows {
    fn next_row(&mut self, notes: &mut Notes) -> std::io::Result<Option<std::result::Result<RawRow, Box<Refusal>>>> {
        loop {
            let Some(row) = self.book.next_row(&mut self.sheet).map_err(std::io::Error::other)? else {
                return Ok(None);
            };
            self.done += 1;
            if row
                .cells
                .iter()
                .find(|cell| !cell.text.trim().is_empty())
                .is_some_and(|cell| super::rows::is_sum(&cell.text))
            {
                notes.add("sums", super::rows::sums);
                continue;
            }
            let row = self.row(row, notes);
            if row.as_ref().is_ok_and(RawRow::says_nothing) {
                notes.add("rows that say nothing", super::rows::nothing_said);
                continue;
            }
            return Ok(Some(row));
        }
    }

    fn bytes_read(&self) -> u64 {
        self.sheet.bytes_read()
    }
}

fn named(book: &Workbook, names: &[&str]) -> Option<SheetName> {
    let same = |sheet: &&SheetName| names.iter().any(|name| sheet.name.trim().eq_ignore_ascii_case(name));
    book.sheets().iter().find(same).cloned()
}

fn part_sheet(kind: Kind, book: &Workbook) -> Option<SheetName> {
    named(book, PartKind::of(kind)?.sheet_names())
}

/// The sheet that is taken.
struct Chosen {
    sheet: SheetName,
    headings: Vec<Arc<Plan>>,
    /// The row of the headings.
    row: u64,
}

/// The sheet from below this row on.
fn below(book: &mut Workbook, name: &SheetName, row: u64) -> Result<Sheet> {
    let mut sheet = book.sheet(name)?;
    while book.next_row(&mut sheet)?.is_some_and(|above| above.number < row) {}
    Ok(sheet)
}

/// The sheet named after the kind, else the first visible one that has a known heading: books of people often begin with
/// a page of explanations. Headings may stand below a title.
fn choose(
    kind: Kind,
    book: &mut Workbook,
    planner: &mut Planner,
    part: Option<&SheetName>,
    notes: &mut Notes,
) -> Result<Chosen> {
    let candidates: Vec<SheetName> = match named(book, &[kind.plural(), kind.code(), kind.name_ja()]) {
        Some(sheet) => vec![sheet],
        None => book.sheets().iter().filter(|sheet| !sheet.hidden && Some(*sheet) != part).cloned().collect(),
    };
    let mut refused = None;
    for main in candidates {
        let mut sheet = book.sheet(&main)?;
        let Some(first) = book.next_row(&mut sheet)? else { continue };
        let first = (first.number, texts_of(&first));
        // What is not known is noted of the sheet that is taken, not of those that were looked at.
        let mut above = Notes::default();
        let (row, texts) = headings::find(planner, first, &mut above, || {
            Ok(book.next_row(&mut sheet)?.map(|row| (row.number, texts_of(&row))))
        })?;
        if let Err(error) = headings::plan(&mut planner.fresh(), &texts, &mut Notes::default()) {
            refused.get_or_insert(error);
            continue;
        }
        for note in above.into_list() {
            notes.add(&note.code, || Defect { code: note.code.clone(), message: note.message });
        }
        let plans = headings::plan(planner, &texts, notes)?;
        for other in book.sheets().iter().filter(|other| **other != main && Some(*other) != part) {
            let shown: String = other.name.chars().take(60).collect();
            notes.add(&format!("sheet {shown}"), || {
                Defect::new(
                    "sheet.left_out",
                    format!("シート「{shown}」は取り込みません（取り込むのは「{}」）。", main.name),
                    format!("The sheet \"{shown}\" is left out; \"{}\" is taken.", main.name),
                )
            });
        }
        return Ok(Chosen { sheet: main, headings: plans, row });
    }
    Err(refused.unwrap_or_else(empty))
}

fn read_parts(book: &mut Workbook, name: &SheetName, kind: PartKind) -> Result<Parts> {
    let mut sheet = book.sheet(name)?;
    let Some(first) = book.next_row(&mut sheet)? else { return Ok(Parts::none(kind)) };
    let mut parts = Parts::begin(kind, &texts_of(&first))?;
    while let Some(row) = book.next_row(&mut sheet)? {
        if row.broken.is_some() || row.cells.iter().any(|cell| cell.fault.is_some()) {
            return Err(Error::Malformed(super::parts::broken_row(kind, row.number)));
        }
        parts.add(row.number, &texts_of(&row))?;
    }
    Ok(parts)
}

/// The cells of a row by their column, empty ones between.
fn texts_of(row: &SheetRow) -> Vec<String> {
    let mut texts = Vec::new();
    for cell in &row.cells {
        if texts.len() < cell.column {
            texts.resize(cell.column, String::new());
        }
        texts.push(cell.text.clone());
    }
    texts
}

fn refused_cell(row: u64, plan: &Plan, cell: &Cell, fault: Fault) -> Refusal {
    let defect = match fault {
        Fault::Error => Defect::new(
            "cell.error",
            "セルがエラーになっています。数式を直すか、値を入れてください。",
            "The cell shows an error. Mend its formula or write a value.",
        ),
        Fault::NoValue => Defect::new(
            "cell.formula_without_value",
            "数式の計算結果がファイルに保存されていません。Excel で開いて保存し直すか、値を入れてください。",
            "The file does not hold the value of this formula. Open and save it in a spreadsheet, or write the value.",
        ),
        Fault::NoDate => Defect::new(
            "date.form",
            "暦にない日付です。日付を確かめてください。",
            "This day is in no calendar. Please check the date.",
        ),
    };
    Refusal {
        row,
        column: plan.heading.clone(),
        code: defect.code,
        found: cell.text.chars().take(60).collect(),
        message: defect.message,
    }
}

fn beside_the_table() -> Defect {
    Defect::new(
        "row.columns",
        "見出しのない列に値があります。見出しをつけるか、値を消してください。",
        "There is a value in a column without a heading. Give it a heading or clear it.",
    )
}

fn empty() -> Error {
    Error::Malformed(Defect::new("file.empty", "ブックに行がありません。", "The book has no rows."))
}
