//! Writing everything of one kind out: in pages by id, so that memory stays small and page 1,000 costs what page 1
//! costs. What is written imports again.

use super::cells;
use super::columns::Item;
use crate::domain::{Capability, Kind, Need, Organization, Person, Record, Scope, Seed, Thing, parse};
use crate::error::Error;
use crate::store::Database;
use crate::store::things::{self, Stored};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
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
}

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] Error),
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// Writes every thing of `kind` that `scope` may see; gives their number.
pub fn export(
    database: &Database,
    scope: &Scope,
    kind: Kind,
    format: Format,
    output: &mut dyn Write,
) -> Result<u64, ExportError> {
    match kind {
        Kind::Organization => run::<Organization>(database, scope, format, output),
        Kind::Person => run::<Person>(database, scope, format, output),
        Kind::Capability => run::<Capability>(database, scope, format, output),
        Kind::Seed => run::<Seed>(database, scope, format, output),
        Kind::Need => run::<Need>(database, scope, format, output),
        Kind::Record => run::<Record>(database, scope, format, output),
    }
}

fn run<E: Stored>(
    database: &Database,
    scope: &Scope,
    format: Format,
    output: &mut dyn Write,
) -> Result<u64, ExportError> {
    match format {
        Format::JsonLines => each_thing::<E>(database, scope, |thing| {
            serde_json::to_writer(&mut *output, &thing).map_err(io::Error::from)?;
            output.write_all(b"\n")
        }),
        Format::Csv => {
            output.write_all(super::encoding::UTF8_MARK)?;
            let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(output);
            let headings = headings::<E>();
            writer.write_record(&headings).map_err(io::Error::from)?;
            let count = each_thing::<E>(database, scope, |thing| {
                let fields = serde_json::to_value(&thing).map_err(io::Error::from)?;
                let cells = headings.iter().map(|name| fields.get(name).map_or_else(String::new, cell));
                writer.write_record(cells).map_err(io::Error::from)
            })?;
            writer.flush()?;
            Ok(count)
        }
    }
}

fn headings<E: Stored>() -> Vec<String> {
    let mut headings = vec!["id".to_owned()];
    headings.extend(names_in_order::<E>());
    headings.extend(["status", "verified_on", "version", "created_at", "updated_at"].map(str::to_owned));
    headings
}

/// The names of a kind's fields as they are defined: a spreadsheet is read from left to right.
fn names_in_order<E: Stored>() -> Vec<String> {
    struct Names(Vec<String>);
    impl<'de> Deserialize<'de> for Names {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Keys;
            impl<'de> Visitor<'de> for Keys {
                type Value = Names;
                fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str("an object")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                    let mut names = Vec::new();
                    while let Some((name, IgnoredAny)) = map.next_entry()? {
                        names.push(name);
                    }
                    Ok(Names(names))
                }
            }
            deserializer.deserialize_map(Keys)
        }
    }
    let names = serde_json::to_string(&E::default()).ok().and_then(|text| serde_json::from_str::<Names>(&text).ok());
    names.map_or_else(parse::names::<E>, |Names(names)| names)
}

fn each_thing<E: Stored>(
    database: &Database,
    scope: &Scope,
    mut write: impl FnMut(Thing<E>) -> io::Result<()>,
) -> Result<u64, ExportError> {
    let mut after = String::new();
    let mut count = 0;
    loop {
        let (ids, mut page) = database.read(|conn| {
            let ids = things::ids_after(conn, E::KIND, &after, PAGE)?;
            let page = things::get_many::<E>(conn, scope, &ids)?;
            Ok((ids, page))
        })?;
        let Some(last) = ids.into_iter().next_back() else { return Ok(count) };
        after = last;
        page.sort_by(|one, other| one.header.id.cmp(&other.header.id));
        for thing in page {
            write(thing)?;
            count += 1;
        }
    }
}

/// A value as a cell that [`super::rows`] reads back.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => cells::with_guard(text).into_owned(),
        Value::Array(list) if list.is_empty() => String::new(),
        Value::Array(list) => simple_list(list).unwrap_or_else(|| value.to_string()),
        Value::Object(_) => value.to_string(),
    }
}

/// `a; b; c`, if that reads back as the same list.
fn simple_list(list: &[Value]) -> Option<String> {
    let words: Option<Vec<String>> = list
        .iter()
        .map(|item| match item {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
        .collect();
    let words = words?;
    let joined = words.join("; ");
    let again = cells::split(&joined, Item::Number).ok()?;
    let same = again.len() == words.len() && again.iter().zip(&words).all(|(one, other)| one == other.as_str());
    same.then(|| cells::with_guard(&joined).into_owned())
}
