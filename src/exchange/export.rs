//! Writing things out: in pages by id, so that memory stays small and page 1,000 costs what page 1 costs. What is
//! written imports again.

use super::layout::{self, Cell, Layout};
use super::parts::PartKind;
use super::write::{CsvWriter, Lost, RowWriter, XlsxWriter};
use crate::domain::{Capability, Exhibition, Kind, Need, Organization, Person, Record, Scope, Seed, Thing};
use crate::error::Error;
use crate::store::Database;
use crate::store::page::{Order, Page};
use crate::store::things::{self, Filter, Stored};
use serde_json::Value;
use std::io::{self, Write};

/// Things that are read at once.
const PAGE: i64 = 500;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One object a line, field names as in the API.
    JsonLines,
    /// UTF-8 with a byte order mark; field names as headings; text cells that a spreadsheet would run are made inert.
    Csv,
    /// The same in CP932, with a report of what it cannot hold.
    CsvCp932,
    /// A book: codes as text, the headings frozen and with a filter, lines and members in a sheet of their own.
    Xlsx,
}

impl Format {
    pub const CODES: [&'static str; 4] = ["jsonl", "csv", "csv-cp932", "xlsx"];

    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "jsonl" => Some(Format::JsonLines),
            "csv" => Some(Format::Csv),
            "csv-cp932" => Some(Format::CsvCp932),
            "xlsx" => Some(Format::Xlsx),
            _ => None,
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Format::JsonLines => "jsonl",
            Format::Csv | Format::CsvCp932 => "csv",
            Format::Xlsx => "xlsx",
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Format::JsonLines => "application/jsonl; charset=utf-8",
            Format::Csv => "text/csv; charset=utf-8",
            Format::CsvCp932 => "text/csv; charset=Shift_JIS",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// Which things are written, among those that the reader may see.
#[derive(Debug, Clone, Default)]
pub enum Which {
    /// Everything of the kind.
    #[default]
    All,
    /// What the list with this filter shows, in its order.
    Filtered(Filter, Order),
    /// These, in this order: the hits of a search.
    Ids(Vec<String>),
}

/// Where lines and members go in CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PartsPlace {
    /// In a cell of the row, as a JSON array.
    #[default]
    Within,
    /// Not in this file.
    LeftOut,
    /// Nothing but them.
    Alone,
}

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] Error),
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// What was written.
#[derive(Debug, Clone, Default)]
pub struct Exported {
    /// Things, or rows of parts where only they were asked for.
    pub rows: u64,
    /// Cells that the format could not hold as they are: the first [`super::write::LOST_LIMIT`].
    pub lost: Vec<Lost>,
    pub lost_count: u64,
}

/// Writes every thing of `kind` that `scope` may see; gives their number.
pub fn export(
    database: &Database,
    scope: &Scope,
    kind: Kind,
    format: Format,
    output: &mut (dyn Write + Send),
) -> Result<u64, ExportError> {
    Ok(export_some(database, scope, kind, format, &Which::All, PartsPlace::Within, output)?.rows)
}

/// Writes the things of `kind` among `which` that `scope` may see.
pub fn export_some(
    database: &Database,
    scope: &Scope,
    kind: Kind,
    format: Format,
    which: &Which,
    parts: PartsPlace,
    output: &mut (dyn Write + Send),
) -> Result<Exported, ExportError> {
    match kind {
        Kind::Organization => run::<Organization>(database, scope, format, which, parts, output),
        Kind::Person => run::<Person>(database, scope, format, which, parts, output),
        Kind::Capability => run::<Capability>(database, scope, format, which, parts, output),
        Kind::Seed => run::<Seed>(database, scope, format, which, parts, output),
        Kind::Need => run::<Need>(database, scope, format, which, parts, output),
        Kind::Record => run::<Record>(database, scope, format, which, parts, output),
        Kind::Exhibition => run::<Exhibition>(database, scope, format, which, parts, output),
    }
}

fn run<E: Stored>(
    database: &Database,
    scope: &Scope,
    format: Format,
    which: &Which,
    parts: PartsPlace,
    output: &mut (dyn Write + Send),
) -> Result<Exported, ExportError> {
    match format {
        Format::JsonLines => {
            let rows = each_thing::<E>(database, scope, which, |thing| {
                serde_json::to_writer(&mut *output, &thing).map_err(io::Error::from)?;
                output.write_all(b"\n")
            })?;
            Ok(Exported { rows, ..Exported::default() })
        }
        Format::Csv | Format::CsvCp932 => {
            let mut writer = CsvWriter::new(output, format == Format::CsvCp932)?;
            let mut exported = match (parts, PartKind::of(E::KIND)) {
                (PartsPlace::Alone, Some(part)) => {
                    let layout = Layout::of_parts(part);
                    writer.headings(&layout)?;
                    let mut rows = 0;
                    each_thing::<E>(database, scope, which, |thing| {
                        let fields = serde_json::to_value(&thing).map_err(io::Error::from)?;
                        layout::part_rows(part, &fields).into_iter().try_for_each(|row| {
                            rows += 1;
                            writer.row(&layout, thing.header.id.as_str(), &row)
                        })
                    })?;
                    Exported { rows, ..Exported::default() }
                }
                (place, part) => {
                    let without = part.filter(|_| place == PartsPlace::LeftOut);
                    things_to::<E>(database, scope, which, without, &mut |_| Ok(()), &mut writer)?
                }
            };
            let (lost, lost_count) = writer.finish()?;
            (exported.lost, exported.lost_count) = (lost, lost_count);
            Ok(exported)
        }
        Format::Xlsx => {
            let part = PartKind::of(E::KIND);
            let mut book = XlsxWriter::new(&[Some(E::KIND.plural()), part.map(PartKind::field)])?;
            let mut exported = {
                let part_layout = part.map(|part| (part, Layout::of_parts(part)));
                let main = Layout::of_kind::<E>(part);
                book.sheet(0)?.headings(&main)?;
                if let Some((_, layout)) = &part_layout {
                    book.sheet(1)?.headings(layout)?;
                }
                let rows = each_thing::<E>(database, scope, which, |thing| {
                    let fields = serde_json::to_value(&thing).map_err(io::Error::from)?;
                    book.sheet(0)?.row(&main, thing.header.id.as_str(), &main.cells(&fields))?;
                    if let Some((part, layout)) = &part_layout {
                        for row in layout::part_rows(*part, &fields) {
                            book.sheet(1)?.row(layout, thing.header.id.as_str(), &row)?;
                        }
                    }
                    Ok(())
                })?;
                Exported { rows, ..Exported::default() }
            };
            let (lost, lost_count) = book.finish(output)?;
            (exported.lost, exported.lost_count) = (lost, lost_count);
            Ok(exported)
        }
    }
}

fn things_to<E: Stored>(
    database: &Database,
    scope: &Scope,
    which: &Which,
    without: Option<PartKind>,
    also: &mut dyn FnMut(&Value) -> io::Result<()>,
    writer: &mut dyn RowWriter,
) -> Result<Exported, ExportError> {
    let layout = Layout::of_kind::<E>(without);
    writer.headings(&layout)?;
    let rows = each_thing::<E>(database, scope, which, |thing| {
        let fields = serde_json::to_value(&thing).map_err(io::Error::from)?;
        also(&fields)?;
        let cells: Vec<Cell> = layout.cells(&fields);
        writer.row(&layout, thing.header.id.as_str(), &cells)
    })?;
    Ok(Exported { rows, ..Exported::default() })
}

fn each_thing<E: Stored>(
    database: &Database,
    scope: &Scope,
    which: &Which,
    mut write: impl FnMut(Thing<E>) -> io::Result<()>,
) -> Result<u64, ExportError> {
    let mut count = 0;
    let mut each = |page: Vec<Thing<E>>| -> Result<(), ExportError> {
        for thing in page {
            write(thing)?;
            count += 1;
        }
        Ok(())
    };
    match which {
        Which::All => {
            let mut after = String::new();
            loop {
                let (ids, mut page) = database.read(|conn| {
                    let ids = things::ids_after(conn, E::KIND, &after, PAGE)?;
                    let page = things::get_many::<E>(conn, scope, &ids)?;
                    Ok((ids, page))
                })?;
                let Some(last) = ids.into_iter().next_back() else { break };
                after = last;
                page.sort_by(|one, other| one.header.id.cmp(&other.header.id));
                each(page)?;
            }
        }
        Which::Filtered(filter, order) => {
            let mut page = Page { limit: PAGE as usize, order: *order, after: None };
            loop {
                let found = database.read(|conn| things::list::<E>(conn, scope, filter, &page))?;
                each(found.items)?;
                page.after = found.next;
                if page.after.is_none() {
                    break;
                }
            }
        }
        Which::Ids(ids) => {
            for ids in ids.chunks(PAGE as usize) {
                let mut page = database.read(|conn| things::get_many::<E>(conn, scope, ids))?;
                let place = |thing: &Thing<E>| ids.iter().position(|id| id == thing.header.id.as_str());
                page.sort_by_key(place);
                each(page)?;
            }
        }
    }
    Ok(count)
}
