//! A list that is no kind of thing, as a file: the same formats, the same inert cells as every export.

use super::export::Format;
use super::layout::{Cell, Layout};
use super::write::{CsvWriter, Lost, RowWriter, XlsxWriter};
use serde_json::Value;
use std::io::{self, Write};

/// Writes rows under their headings; JSON Lines as objects with the headings as names. `sheet` names the sheet of a book.
/// Gives the cells that the format could not hold, and how many there are.
pub fn write(
    format: Format,
    sheet: &str,
    headings: &[&str],
    rows: &[Vec<Value>],
    output: &mut (dyn Write + Send),
) -> io::Result<(Vec<Lost>, u64)> {
    let layout = Layout { headings: headings.iter().map(|heading| (*heading).to_owned()).collect() };
    match format {
        Format::JsonLines => {
            for row in rows {
                let object: serde_json::Map<String, Value> =
                    layout.headings.iter().cloned().zip(row.iter().cloned()).collect();
                serde_json::to_writer(&mut *output, &object).map_err(io::Error::from)?;
                output.write_all(b"\n")?;
            }
            Ok((Vec::new(), 0))
        }
        Format::Csv | Format::CsvCp932 => {
            let mut writer = CsvWriter::new(output, format == Format::CsvCp932)?;
            fill(&mut writer, &layout, rows)?;
            writer.finish()
        }
        Format::Xlsx => {
            let mut book = XlsxWriter::new(&[Some(sheet)])?;
            fill(&mut book.sheet(0)?, &layout, rows)?;
            book.finish(output)
        }
    }
}

fn fill(writer: &mut dyn RowWriter, layout: &Layout, rows: &[Vec<Value>]) -> io::Result<()> {
    writer.headings(layout)?;
    for row in rows {
        let cells: Vec<Cell> = row.iter().map(Cell::of).collect();
        writer.row(layout, "", &cells)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_inert_and_numbers_stay_numbers() {
        let rows = vec![vec![json!(1), json!("=1+1"), Value::Null]];
        let mut csv = Vec::new();
        write(Format::Csv, "list", &["number", "name", "note"], &rows, &mut csv).unwrap();
        assert_eq!(String::from_utf8(csv).unwrap(), "\u{feff}number,name,note\r\n1,'=1+1,\r\n");
        let mut lines = Vec::new();
        write(Format::JsonLines, "list", &["number", "name", "note"], &rows, &mut lines).unwrap();
        let line: Value = serde_json::from_slice(&lines).unwrap();
        assert_eq!(line, json!({ "number": 1, "name": "=1+1", "note": null }));
        let mut book = Vec::new();
        write(Format::Xlsx, "list", &["number", "name", "note"], &rows, &mut book).unwrap();
        assert!(book.starts_with(b"PK"));
    }
}
