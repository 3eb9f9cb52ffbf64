//! Lines of needs and members of records in a sheet (XLSX) or file (CSV) of their own: one row for each, with the id or the
//! title of what it belongs to.

use super::cells;
use super::columns::heading_key;
use super::import::RowSource;
use super::planner::{Plan, Planner};
use super::rows::{Notes, RawRow, Refusal};
use crate::domain::text::fold;
use crate::domain::vocabulary::Strength;
use crate::domain::{Defect, Kind};
use crate::error::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Rows of parts that one file may bring.
const LIMIT: usize = 300_000;
/// Bytes of their texts.
const BYTES: usize = 48 << 20;

/// What stands in a sheet of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    Lines,
    Members,
}

impl PartKind {
    pub fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Need => Some(PartKind::Lines),
            Kind::Record => Some(PartKind::Members),
            Kind::Organization | Kind::Person | Kind::Capability | Kind::Seed | Kind::Exhibition => None,
        }
    }

    /// The field of the kind, and the name of its sheet.
    pub fn field(self) -> &'static str {
        match self {
            PartKind::Lines => "lines",
            PartKind::Members => "members",
        }
    }

    pub fn sheet_names(self) -> &'static [&'static str] {
        match self {
            PartKind::Lines => &["lines", "要件", "要件の行"],
            PartKind::Members => &["members", "構成員", "参加者"],
        }
    }

    /// The headings of an export.
    pub fn headings(self) -> &'static [&'static str] {
        match self {
            PartKind::Lines => &[
                "id",
                "title",
                "strength",
                "text_ja",
                "text_en",
                "condition_field",
                "condition_operator",
                "condition_values",
            ],
            PartKind::Members => &["id", "title", "party", "role"],
        }
    }

    fn read_heading(self, text: &str) -> Option<&'static str> {
        let others: &[(&str, &[&str])] = &[
            ("id", &["ID", "識別子"]),
            ("title", &["題名", "ニーズ名", "件名", "title_ja"]),
            ("strength", &["必須・希望", "区分"]),
            ("text_ja", &["要件", "文", "内容"]),
            ("text_en", &["要件（英語）"]),
            ("condition_field", &["条件の項目"]),
            ("condition_operator", &["条件の比べ方"]),
            ("condition_values", &["条件の値"]),
            ("party", &["参加者", "機関・人", "member"]),
            ("role", &["役割"]),
        ];
        let key = heading_key(text);
        self.headings().iter().copied().find(|name| {
            let more = others.iter().find(|(known, _)| known == name).map_or(&[][..], |(_, more)| more);
            heading_key(name) == key || more.iter().any(|other| heading_key(other) == key)
        })
    }
}

/// Parts by what they belong to.
#[derive(Debug)]
pub struct Parts {
    kind: PartKind,
    columns: Vec<Option<&'static str>>,
    /// By `id …` or `title …`.
    lists: HashMap<String, Vec<Value>>,
    count: usize,
    bytes: usize,
}

impl Parts {
    pub fn none(kind: PartKind) -> Self {
        Self { kind, columns: Vec::new(), lists: HashMap::new(), count: 0, bytes: 0 }
    }

    pub fn begin(kind: PartKind, headings: &[String]) -> Result<Self> {
        let columns: Vec<_> = headings.iter().map(|text| kind.read_heading(text)).collect();
        let has = |name: &str| columns.contains(&Some(name));
        let content = match kind {
            PartKind::Lines => has("text_ja") || has("text_en") || has("condition_field"),
            PartKind::Members => has("party"),
        };
        if !(has("id") || has("title")) || !content {
            return Err(Error::Malformed(Defect::new(
                "parts.headings",
                format!("{} の見出しは {} です。", kind.field(), kind.headings().join("、")),
                format!("The headings of {} are {}.", kind.field(), kind.headings().join(", ")),
            )));
        }
        Ok(Self { columns, ..Self::none(kind) })
    }

    /// Takes one row in. A row that belongs to nothing refuses the file: nobody could say where it went.
    pub fn add(&mut self, row: u64, cells: &[String]) -> Result<()> {
        let mut fields: HashMap<&str, &str> = HashMap::new();
        for (name, text) in self.columns.iter().zip(cells) {
            if let (Some(name), false) = (name, text.trim().is_empty()) {
                fields.insert(name, cells::without_guard(text).trim());
            }
        }
        if fields.is_empty() {
            return Ok(());
        }
        let key = match (fields.get("id"), fields.get("title")) {
            (Some(id), _) => id_key(id),
            (None, Some(title)) => title_key(title),
            (None, None) => return Err(Error::Malformed(broken_row(self.kind, row))),
        };
        self.count += 1;
        self.bytes += cells.iter().map(String::len).sum::<usize>();
        if self.count > LIMIT || self.bytes > BYTES {
            return Err(Error::Malformed(Defect::new(
                "parts.too_many",
                format!("{} の行が多すぎます（{LIMIT}行まで）。ファイルを分けてください。", self.kind.field()),
                format!("There are too many rows of {} (at most {LIMIT}). Split the file.", self.kind.field()),
            )));
        }
        let part = match self.kind {
            PartKind::Lines => line(&fields),
            PartKind::Members => member(&fields),
        };
        self.lists.entry(key).or_default().push(part);
        Ok(())
    }

    /// The parts of a row, by its id or its title.
    fn take(&mut self, row: &RawRow) -> Vec<Value> {
        let text = |field: &str| {
            let cell = row.cells.iter().find(|(plan, _)| plan.column.is_some_and(|column| column.field == field));
            cell.and_then(|(_, value)| value.as_str())
        };
        let id = text("id").map(|id| id_key(id.trim()));
        let titles = ["title_ja", "title_en", "title"].into_iter().filter_map(text).map(title_key);
        id.into_iter().chain(titles).find_map(|key| self.lists.remove(&key)).unwrap_or_default()
    }
}

fn id_key(id: &str) -> String {
    format!("id {id}")
}

fn title_key(title: &str) -> String {
    format!("title {}", fold(title))
}

fn line(fields: &HashMap<&str, &str>) -> Value {
    let mut line = Map::new();
    let strength = fields.get("strength").copied().unwrap_or("should");
    let code = Strength::read(strength).map(Strength::code).unwrap_or(strength);
    line.insert("strength".into(), code.into());
    for language in ["text_ja", "text_en"] {
        if let Some(text) = fields.get(language) {
            line.insert(language.into(), (*text).into());
        }
    }
    if let Some(field) = fields.get("condition_field") {
        let values = fields.get("condition_values").copied().unwrap_or("");
        let values: Vec<&str> =
            values.split([';', '；', '、', ',']).map(str::trim).filter(|text| !text.is_empty()).collect();
        let operator = fields.get("condition_operator").copied().unwrap_or("any_of");
        line.insert("condition".into(), json!({ "field": field, "operator": operator, "values": values }));
    }
    Value::Object(line)
}

fn member(fields: &HashMap<&str, &str>) -> Value {
    let mut member = Map::new();
    member.insert("party".into(), fields.get("party").copied().unwrap_or("").into());
    if let Some(role) = fields.get("role") {
        member.insert("role".into(), (*role).into());
    }
    Value::Object(member)
}

pub fn broken_row(kind: PartKind, row: u64) -> Defect {
    Defect::new(
        "parts.row",
        format!("{} の{row}行目が読めません。id か title と、値を確かめてください。", kind.field()),
        format!("Row {row} of {} cannot be read. Please check its id or title, and its values.", kind.field()),
    )
}

/// Rows with their parts put in place.
pub struct WithParts<S> {
    rows: S,
    parts: Parts,
    plan: Arc<Plan>,
    told: bool,
}

impl<S> std::fmt::Debug for WithParts<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "WithParts({:?})", self.parts.kind)
    }
}

impl<S: RowSource> WithParts<S> {
    pub fn new(kind: Kind, rows: S, parts: Parts) -> Self {
        let plan = Planner::new(kind).plan(parts.kind.field(), &mut Notes::default());
        Self { rows, parts, plan, told: false }
    }
}

impl<S: RowSource> RowSource for WithParts<S> {
    fn next_row(&mut self, notes: &mut Notes) -> std::io::Result<Option<std::result::Result<RawRow, Box<Refusal>>>> {
        let row = self.rows.next_row(notes)?;
        let field = self.parts.kind.field();
        match row {
            Some(Ok(mut row)) => {
                let list = self.parts.take(&row);
                row.cells.retain(|(plan, _)| plan.column.is_none_or(|column| column.field != field));
                row.cells.push((Arc::clone(&self.plan), Value::Array(list)));
                Ok(Some(Ok(row)))
            }
            None => {
                if !self.parts.lists.is_empty() && !self.told {
                    self.told = true;
                    for _ in 0..self.parts.lists.len() {
                        notes.add("parts unmatched", || {
                            Defect::new(
                                "parts.unmatched",
                                format!("{field} に、どの行にも当たらない id または title があります。"),
                                format!("There are rows of {field} whose id or title is on no row."),
                            )
                        });
                    }
                }
                Ok(None)
            }
            refused => Ok(refused),
        }
    }

    fn bytes_read(&self) -> u64 {
        self.rows.bytes_read()
    }

    fn is_cp932(&self) -> bool {
        self.rows.is_cp932()
    }

    fn is_of_a_program(&self) -> bool {
        self.rows.is_of_a_program()
    }
}
