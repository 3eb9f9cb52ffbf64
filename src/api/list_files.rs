//! A list as a file: CSV, XLSX or JSON Lines, read page by page.

use super::{file_answer, wire};
use crate::error::{Error, Result};
use crate::exchange::cells::with_guard;
use crate::exchange::export::Format;
use crate::exchange::layout::{Cell, Layout};
use crate::exchange::write::{CsvWriter, Lost, RowWriter, XlsxWriter};
use crate::store::page::{LIMIT_MOST, Page, Place};
use actix_web::HttpResponse;
use serde::Serialize;
use serde_json::Value;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};

/// The columns of a list as a file: heading, and JSON pointer into the answer.
pub type Columns = &'static [(&'static str, &'static str)];

/// The rows of a page as they are answered; none after the last page.
type Rows = Option<Vec<Value>>;

/// A list, written.
#[derive(Debug)]
pub struct ListFile {
    name: &'static str,
    format: Format,
    file: File,
    rows: u64,
    lost: (Vec<Lost>, u64),
}

/// The form that `format` asks for; none: the list is answered in pages of JSON.
pub fn asked(format: Option<&str>) -> Result<Option<Format>> {
    let form =
        |code| Format::from_code(code).ok_or_else(|| Error::invalid("/format", wire::not_one_of(code, Format::CODES)));
    format.map(form).transpose()
}

/// The rows (as answered) in a file of this form. Of JSON Lines each line is the answer itself.
pub fn write(name: &'static str, format: Format, columns: Columns, rows: Vec<Value>) -> Result<ListFile> {
    let mut rows = Some(rows);
    write_pages(name, format, columns, || Ok(rows.take()))
}

/// The whole of a list that is read in keyset pages: each in turn, so that a long one needs no more memory than a page.
pub fn write_all<T: Serialize>(
    name: &'static str,
    format: Format,
    columns: Columns,
    mut read: impl FnMut(&Page) -> Result<(Vec<T>, Option<Place>)>,
) -> Result<ListFile> {
    let mut page = Some(Page { limit: LIMIT_MOST, ..Page::default() });
    write_pages(name, format, columns, || {
        let Some(asked) = page.take() else { return Ok(None) };
        let (items, next) = read(&asked)?;
        page = next.map(|next| Page { after: Some(next), ..asked });
        Ok(Some(values(&items)?))
    })
}

/// As they are answered.
pub fn values<T: Serialize>(items: &[T]) -> Result<Vec<Value>> {
    items.iter().map(|item| serde_json::to_value(item).map_err(Error::internal)).collect()
}

fn write_pages(
    name: &'static str,
    format: Format,
    columns: Columns,
    mut next: impl FnMut() -> Result<Rows>,
) -> Result<ListFile> {
    let mut output = BufWriter::new(tempfile::tempfile().map_err(Error::internal)?);
    let layout = Layout::of_list(columns.iter().map(|(heading, _)| (*heading).to_owned()).collect());
    let mut rows = 0;
    let lost = match format {
        Format::JsonLines => {
            while let Some(page) = next()? {
                for row in &page {
                    serde_json::to_writer(&mut output, row).map_err(Error::internal)?;
                    output.write_all(b"\n").map_err(Error::internal)?;
                }
                rows += page.len() as u64;
            }
            (Vec::new(), 0)
        }
        Format::Csv | Format::CsvCp932 => {
            let mut writer = CsvWriter::new(&mut output, format == Format::CsvCp932).map_err(Error::internal)?;
            writer.headings(&layout).map_err(Error::internal)?;
            while let Some(page) = next()? {
                table(&mut writer, &layout, columns, &page)?;
                rows += page.len() as u64;
            }
            writer.finish().map_err(Error::internal)?
        }
        Format::Xlsx => {
            let mut book = XlsxWriter::new(&[Some(name)]).map_err(Error::internal)?;
            book.sheet(0).and_then(|mut sheet| sheet.headings(&layout)).map_err(Error::internal)?;
            while let Some(page) = next()? {
                table(&mut book.sheet(0).map_err(Error::internal)?, &layout, columns, &page)?;
                rows += page.len() as u64;
            }
            book.finish(&mut output).map_err(Error::internal)?
        }
    };
    let mut file = output.into_inner().map_err(|error| Error::internal(error.into_error()))?;
    file.rewind().map_err(Error::internal)?;
    Ok(ListFile { name, format, file, rows, lost })
}

impl ListFile {
    pub fn answer(self) -> Result<HttpResponse> {
        let (lost, lost_count) = self.lost;
        file_answer::answer(self.file, self.name, self.format, self.rows, (&lost, lost_count))
    }
}

fn table(writer: &mut dyn RowWriter, layout: &Layout, columns: Columns, rows: &[Value]) -> Result<()> {
    for row in rows {
        let cells: Vec<Cell> = columns.iter().map(|(_, pointer)| cell(row.pointer(pointer))).collect();
        let id = row.get("id").and_then(Value::as_str).unwrap_or("");
        writer.row(layout, id, &cells).map_err(Error::internal)?;
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
            // A card stands for its title, and who takes part for the party.
            let named =
                |item: &'_ Value| item.get("title").or_else(|| item.pointer("/party/title")).unwrap_or(item).clone();
            let texts: Vec<String> = items.iter().map(|item| plain(Some(&named(item)))).collect();
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
    use std::io::Read;

    #[test]
    fn every_form_holds_the_rows_and_no_cell_runs() {
        const COLUMNS: Columns = &[("題名", "/title"), ("費用", "/cost"), ("誰", "/members")];
        let rows = [json!({
            "id": "1", "title": "=1+1", "cost": 100, "members": [{ "title": { "ja": "甲" } }, { "title": { "ja": "乙" } }],
        })];
        let file = |format| {
            let mut bytes = Vec::new();
            write("groups", format, COLUMNS, rows.to_vec()).unwrap().file.read_to_end(&mut bytes).unwrap();
            bytes
        };
        let csv = String::from_utf8(file(Format::Csv)).unwrap();
        assert_eq!(csv, "\u{feff}題名,費用,誰\r\n'=1+1,100,甲; 乙\r\n");
        assert_eq!(file(Format::CsvCp932).first(), Some(&0x91));
        assert!(file(Format::Xlsx).starts_with(b"PK"));
        let line: Value = serde_json::from_slice(&file(Format::JsonLines)).unwrap();
        assert_eq!(line, rows[0]);
    }
}
