//! A list of matters as a file: CSV, XLSX or JSON Lines.

use super::matter::Columns;
use crate::error::{Error, Result};
use crate::exchange::cells::with_guard;
use crate::exchange::export::Format;
use crate::exchange::layout::{Cell, Layout};
use crate::exchange::write::{CsvWriter, RowWriter, XlsxWriter};
use serde_json::Value;
use std::io;

/// The rows (as answered) in a file of this form. Of JSON Lines each line is the answer itself.
pub fn write(format: Format, sheet: &str, columns: Columns, rows: &[Value]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match format {
        Format::JsonLines => {
            for row in rows {
                serde_json::to_writer(&mut bytes, row).map_err(Error::internal)?;
                bytes.push(b'\n');
            }
        }
        Format::Csv | Format::CsvCp932 => {
            let mut writer = CsvWriter::new(&mut bytes, format == Format::CsvCp932).map_err(Error::internal)?;
            table(&mut writer, columns, rows).map_err(Error::internal)?;
            writer.finish().map_err(Error::internal)?;
        }
        Format::Xlsx => {
            let mut book = XlsxWriter::new(&[Some(sheet)]).map_err(Error::internal)?;
            table(&mut book.sheet(0).map_err(Error::internal)?, columns, rows).map_err(Error::internal)?;
            book.finish(&mut bytes).map_err(Error::internal)?;
        }
    }
    Ok(bytes)
}

fn table(writer: &mut dyn RowWriter, columns: Columns, rows: &[Value]) -> io::Result<()> {
    let layout = Layout { headings: columns.iter().map(|(heading, _)| (*heading).to_owned()).collect() };
    writer.headings(&layout)?;
    for row in rows {
        let cells: Vec<Cell> = columns.iter().map(|(_, pointer)| cell(row.pointer(pointer))).collect();
        writer.row(&layout, row.get("id").and_then(Value::as_str).unwrap_or(""), &cells)?;
    }
    Ok(())
}

fn cell(value: Option<&Value>) -> Cell {
    match value {
        Some(Value::Number(number)) if number.is_i64() => Cell::Number(number.as_i64().unwrap_or_default()),
        Some(Value::Bool(truth)) => Cell::Truth(*truth),
        other => match plain(other) {
            text if text.is_empty() => Cell::Empty,
            text => Cell::Text(with_guard(&text).into_owned()),
        },
    }
}

fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            // A card stands for its title.
            let texts: Vec<String> = items.iter().map(|item| plain(Some(item.get("title").unwrap_or(item)))).collect();
            texts.join("; ")
        }
        Some(Value::Object(fields)) => {
            let title = ["ja", "en"].iter().filter_map(|language| fields.get(*language)).find_map(Value::as_str);
            title.map_or_else(|| Value::Object(fields.clone()).to_string(), str::to_owned)
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_form_holds_the_rows_and_no_cell_runs() {
        const COLUMNS: Columns = &[("題名", "/title"), ("費用", "/cost"), ("誰", "/members")];
        let rows = [json!({
            "id": "1", "title": "=1+1", "cost": 100, "members": [{ "title": { "ja": "甲" } }, { "title": { "ja": "乙" } }],
        })];
        let file = |format| write(format, "groups", COLUMNS, &rows).unwrap();
        let csv = String::from_utf8(file(Format::Csv)).unwrap();
        assert_eq!(csv, "\u{feff}題名,費用,誰\r\n'=1+1,100,甲; 乙\r\n");
        assert_eq!(file(Format::CsvCp932).first(), Some(&0x91));
        assert!(file(Format::Xlsx).starts_with(b"PK"));
        let line: Value = serde_json::from_slice(&file(Format::JsonLines)).unwrap();
        assert_eq!(line, rows[0]);
    }
}
