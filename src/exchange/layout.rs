//! The columns of an export and what stands in their cells: the same for CSV and XLSX.

use super::cells;
use super::columns::{self, Column, Item, Shape};
use super::parts::PartKind;
use crate::domain::parse;
use crate::store::things::Stored;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Empty,
    /// Text and codes, inert already.
    Text(String),
    Number(i64),
    Truth(bool),
}

impl Cell {
    fn text(text: &str) -> Self {
        if text.is_empty() { Cell::Empty } else { Cell::Text(cells::with_guard(text).into_owned()) }
    }

    /// As CSV writes it.
    pub fn plain(&self) -> Cow<'_, str> {
        match self {
            Cell::Empty => Cow::Borrowed(""),
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Number(number) => Cow::Owned(number.to_string()),
            Cell::Truth(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
        }
    }
}

/// The headings of a sheet or file.
#[derive(Debug, Clone)]
pub struct Layout {
    pub headings: Vec<String>,
    /// Columns in which a spreadsheet keeps as text whatever is typed, the zeros of a code among it.
    texts: Vec<bool>,
}

impl Layout {
    /// The fields of a kind, without its parts where they stand elsewhere.
    pub fn of_kind<E: Stored>(without: Option<PartKind>) -> Self {
        let mut headings = vec!["id".to_owned()];
        headings.extend(names_in_order::<E>());
        headings.extend(["status", "verified_on", "version", "created_at", "updated_at"].map(str::to_owned));
        headings.retain(|name| without.is_none_or(|part| part.field() != name));
        let is_number = |name: &String| {
            let number = |column: &Column| matches!(column.shape, Shape::Number | Shape::Yen(_) | Shape::Truth);
            name == "version" || columns::columns(E::KIND).any(|column| column.field == name && number(column))
        };
        let texts = headings.iter().map(|name| !is_number(name)).collect();
        Self { headings, texts }
    }

    /// Of a list: numbers, words and sums side by side.
    pub fn of_list(headings: Vec<String>) -> Self {
        Self { texts: vec![false; headings.len()], headings }
    }

    pub fn is_text(&self, column: usize) -> bool {
        self.texts.get(column).copied().unwrap_or(false)
    }

    pub fn of_parts(part: PartKind) -> Self {
        let headings: Vec<String> = part.headings().iter().map(|name| (*name).to_owned()).collect();
        Self { texts: vec![true; headings.len()], headings }
    }

    /// The cells of a thing, given as JSON.
    pub fn cells(&self, fields: &Value) -> Vec<Cell> {
        self.headings.iter().map(|name| fields.get(name).map_or(Cell::Empty, cell)).collect()
    }
}

/// One row for each line of a need or member of a record.
pub fn part_rows(part: PartKind, fields: &Value) -> Vec<Vec<Cell>> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map_or(Cell::Empty, Cell::text);
    let title = match text(fields, "title_ja") {
        Cell::Empty => text(fields, "title_en"),
        title => title,
    };
    let head = [text(fields, "id"), title];
    let list = fields.get(part.field()).and_then(Value::as_array);
    let row = |item: &Value| {
        let own = match part {
            PartKind::Lines => {
                let condition = item.get("condition").unwrap_or(&Value::Null);
                let values = condition.get("values").and_then(Value::as_array);
                let values: Vec<&str> = values.into_iter().flatten().filter_map(Value::as_str).collect();
                vec![
                    text(item, "strength"),
                    text(item, "text_ja"),
                    text(item, "text_en"),
                    text(condition, "field"),
                    text(condition, "operator"),
                    Cell::text(&values.join("; ")),
                ]
            }
            PartKind::Members => vec![text(item, "party"), text(item, "role")],
        };
        head.iter().cloned().chain(own).collect()
    };
    list.into_iter().flatten().map(row).collect()
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

/// A value as a cell that [`super::rows`] reads back.
fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::Bool(truth) => Cell::Truth(*truth),
        Value::Number(number) => number.as_i64().map_or_else(|| Cell::Text(number.to_string()), Cell::Number),
        Value::String(text) => Cell::text(text),
        Value::Array(list) if list.is_empty() => Cell::Empty,
        Value::Array(list) => Cell::Text(simple_list(list).unwrap_or_else(|| value.to_string())),
        Value::Object(_) => Cell::Text(value.to_string()),
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
