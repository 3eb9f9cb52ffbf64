//! One sheet, row by row.

use super::Refused;
use super::package::too_much;
use super::strings::SharedStrings;
use super::styles::{self, NumberForm, Styles};
use super::xml::{Attributes, Step, Xml};
use crate::exchange::delimited::COLUMN_LIMIT;
use crate::exchange::physical::ROW_LIMIT;

/// Bytes of the text of one cell: 100,000 characters of four bytes.
pub const CELL_BYTES: usize = 400_000;

/// A cell that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// From 0.
    pub column: usize,
    pub text: String,
    /// The value that a formula had when the book was saved.
    pub formula: bool,
    pub fault: Option<Fault>,
}

/// A cell whose value cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `#REF!`, `#N/A` …
    Error,
    /// A formula without the value that it had.
    NoValue,
    /// A date that is none (29 February 1900).
    NoDate,
}

/// A row with at least one cell that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRow {
    /// As the spreadsheet shows it, from 1.
    pub number: u64,
    pub cells: Vec<Cell>,
    pub broken: Option<Broken>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    TooManyColumns,
    TooLong,
}

/// Reads the rows of a sheet.
#[derive(Debug)]
pub struct Sheet {
    xml: Xml,
    from_1904: bool,
    number: u64,
}

#[derive(Debug, Default)]
struct OpenCell {
    column: usize,
    form: NumberForm,
    kind: String,
    value: Option<String>,
    formula: bool,
}

impl Sheet {
    pub fn new(xml: Xml, from_1904: bool) -> Self {
        Self { xml, from_1904, number: 0 }
    }

    pub fn bytes_read(&self) -> u64 {
        self.xml.bytes_read()
    }

    /// The next row that is not blank.
    pub fn next_row(&mut self, strings: &mut SharedStrings, styles: &Styles) -> Result<Option<SheetRow>, Refused> {
        loop {
            match self.xml.next()? {
                Step::Open(name, attributes) if name == "row" => {
                    let stated = attributes.get("r").and_then(|number| number.parse().ok());
                    // Rows only ever follow one another; a book that says otherwise does not set us back.
                    self.number = stated.filter(|number| *number > self.number).unwrap_or(self.number + 1);
                    let row = self.row(strings, styles)?;
                    if !row.cells.is_empty() || row.broken.is_some() {
                        return Ok(Some(row));
                    }
                }
                Step::Close(name) if name == "sheetData" => return Ok(None),
                Step::End => return Ok(None),
                Step::Open(..) | Step::Close(_) | Step::Text(_) => {}
            }
        }
    }

    fn row(&mut self, strings: &mut SharedStrings, styles: &Styles) -> Result<SheetRow, Refused> {
        let mut row = SheetRow { number: self.number, cells: Vec::new(), broken: None };
        let mut size = 0;
        let mut next_column = 0;
        loop {
            match self.xml.next()? {
                Step::Open(name, attributes) if name == "c" => {
                    let column = attributes.get("r").and_then(column_of).unwrap_or(next_column);
                    next_column = column.saturating_add(1);
                    let open = OpenCell {
                        column,
                        form: styles.form(attributes.get("s")),
                        kind: attributes.get("t").unwrap_or("n").to_owned(),
                        ..OpenCell::default()
                    };
                    let Some(cell) = self.cell(open, strings)? else { continue };
                    size += cell.text.len();
                    if cell.column >= COLUMN_LIMIT {
                        row.broken = Some(Broken::TooManyColumns);
                    } else if size > ROW_LIMIT {
                        row.broken = Some(Broken::TooLong);
                    }
                    match row.broken {
                        Some(_) => row.cells.clear(),
                        None => row.cells.push(cell),
                    }
                }
                Step::Close(name) if name == "row" => return Ok(row),
                Step::End => return Ok(row),
                Step::Open(..) | Step::Close(_) | Step::Text(_) => {}
            }
        }
    }

    fn cell(&mut self, mut open: OpenCell, strings: &mut SharedStrings) -> Result<Option<Cell>, Refused> {
        let mut within: Vec<String> = Vec::new();
        loop {
            match self.xml.next()? {
                Step::Open(name, attributes) => {
                    note_formula(&mut open, &name, &attributes);
                    if within.len() > 20 {
                        return Err(too_much());
                    }
                    within.push(name);
                }
                Step::Close(name) if name == "c" => return self.finished(open, strings),
                Step::Close(_) => {
                    within.pop();
                }
                Step::Text(text) => {
                    let reading = within.iter().any(|name| name == "rPh");
                    let is_value = matches!(within.last().map(String::as_str), Some("v" | "t")) && !reading;
                    if is_value {
                        let value = open.value.get_or_insert_default();
                        if value.len() + text.len() > CELL_BYTES {
                            return Err(too_much());
                        }
                        value.push_str(&text);
                    }
                }
                Step::End => return Ok(None),
            }
        }
    }

    fn finished(&self, open: OpenCell, strings: &mut SharedStrings) -> Result<Option<Cell>, Refused> {
        let OpenCell { column, form, kind, value, formula } = open;
        let cell = |text: String, fault| Some(Cell { column, text, formula, fault });
        let Some(value) = value else {
            return Ok(if formula { cell(String::new(), Some(Fault::NoValue)) } else { None });
        };
        let (text, fault) = match kind.as_str() {
            "s" => {
                let number = value.trim().parse().unwrap_or(usize::MAX);
                (strings.get(number)?.ok_or_else(super::package::not_a_workbook)?, None)
            }
            "str" | "inlineStr" => (without_escapes(&value), None),
            "b" => (if value.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned(), None),
            "e" => (value, Some(Fault::Error)),
            // A date as text (ISO 8601): the day is what matters.
            "d" => (value.split('T').next().unwrap_or("").to_owned(), None),
            _ => self.number_text(value.trim(), form),
        };
        Ok(if text.trim().is_empty() && fault.is_none() { None } else { cell(text, fault) })
    }

    fn number_text(&self, value: &str, form: NumberForm) -> (String, Option<Fault>) {
        let Ok(number) = value.parse::<f64>() else { return (value.to_owned(), None) };
        match form {
            NumberForm::Plain | NumberForm::Time => (plain_number(value, number), None),
            NumberForm::Day | NumberForm::Month | NumberForm::Year => {
                match styles::date(number, form, self.from_1904) {
                    Some(date) => (date, None),
                    None => (value.to_owned(), Some(Fault::NoDate)),
                }
            }
        }
    }
}

fn note_formula(open: &mut OpenCell, name: &str, _attributes: &Attributes) {
    open.formula |= name == "f";
}

/// A number as people see it: codes of thirteen digits are stored as 1.011001060519E12, sums as 0.30000000000000004.
fn plain_number(written: &str, number: f64) -> String {
    let whole = number.fract() == 0.0 && number.abs() < 9.0e15;
    if whole {
        return format!("{}", number as i64);
    }
    if written.contains(['e', 'E']) { format!("{number}") } else { written.to_owned() }
}

/// `AB12` → 27.
fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let mut column = 0usize;
    let mut count = 0;
    for letter in letters {
        count += 1;
        if count > 3 {
            return None;
        }
        column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
    }
    column.checked_sub(1)
}

/// Characters that XML cannot hold are written `_x000D_`; a text that looks like it, `_x005F_x000D_`.
pub fn without_escapes(text: &str) -> String {
    if !text.contains("_x") {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, found) = rest.split_at(at);
        plain.push_str(before);
        let code = found.get(2..6).filter(|_| found.as_bytes().get(6) == Some(&b'_'));
        let character = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        match character {
            Some(character) => {
                plain.push(character);
                rest = &found[7..];
            }
            None => {
                plain.push_str("_x");
                rest = &found[2..];
            }
        }
    }
    plain.push_str(rest);
    // A line break in a cell of Windows is two characters; one is meant.
    plain.replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_numbers_and_escapes_are_read() {
        assert_eq!(column_of("A1"), Some(0));
        assert_eq!(column_of("XFD1048576"), Some(16_383));
        assert_eq!(column_of("ABCD1"), None);
        assert_eq!(column_of("12"), None);
        assert_eq!(plain_number("1.011001060519E12", 1.011001060519e12), "1011001060519");
        assert_eq!(plain_number("12.5", 12.5), "12.5");
        assert_eq!(without_escapes("a_x000D_\nb_x005F_x000D_"), "a\nb_x000D_");
        assert_eq!(without_escapes("_xyz_ _x12"), "_xyz_ _x12");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_safe(text in "\\PC{0,40}") {
            let _ = (without_escapes(&text), column_of(&text));
        }
    }
}
