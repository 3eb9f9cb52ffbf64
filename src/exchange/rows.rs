//! From a row of a file to the fields it speaks of, whatever the format.

use super::cells;
use super::columns::{self, Column, Item, Shape};
use super::guesses;
use super::planner::Plan;
use super::said;
use super::standing;
use super::words::Vocabularies;
use crate::domain::finding::{Defect, Finding, Message};
use crate::domain::vocabulary::Kind;
use crate::store::things::Standing;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// The longest cell, characters.
pub const CELL_LIMIT: usize = 100_000;
/// The longest id of a source, characters.
const ID_LIMIT: usize = 200;
/// How many notes an import keeps.
const NOTE_LIMIT: usize = 100;

/// A row as the file has it: only the cells that say something.
#[derive(Debug)]
pub struct RawRow {
    /// The line of the file it begins on, from 1.
    pub line: u64,
    pub cells: Vec<(Arc<Plan>, Value)>,
}

impl RawRow {
    /// Nothing stands in a column that is taken: a line kept free, or its number alone.
    pub fn says_nothing(&self) -> bool {
        let taken = |plan: &Plan| plan.column.is_some_and(|column| !column.shape.is_of_the_service());
        !self.cells.iter().any(|(plan, _)| taken(plan))
    }
}

/// A row of sums begins so; no list begins a thing's row with one of these words.
pub fn is_sum(first: &str) -> bool {
    matches!(first.trim(), "合計" | "計" | "小計" | "総計" | "平均" | "合　計" | "合 計")
}

/// Rows of sums were passed over.
pub fn sums() -> Defect {
    Defect::new(
        "row.sum",
        "「合計」「計」などで始まる行は取り込みません。",
        "Rows that begin with a word for a sum (合計, 計 …) are not taken.",
    )
}

/// Rows that were passed over.
pub fn nothing_said() -> Defect {
    Defect::new(
        "row.nothing",
        "取り込む列がすべて空の行は飛ばしました。",
        "Rows with nothing in the columns that are taken were passed over.",
    )
}

/// Why a row was refused: where, what was found, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Line of the file, from 1.
    pub row: u64,
    /// Heading as in the file; where no column stands for the field, what its heading would be (in JSON Lines the field's name);
    /// empty for the row as a whole.
    pub column: String,
    pub code: String,
    /// At most 60 characters.
    pub found: String,
    pub message: Message,
}

impl Refusal {
    pub fn of_row(row: u64, defect: Defect) -> Self {
        Self { row, column: String::new(), code: defect.code, found: String::new(), message: defect.message }
    }
}

/// Something worth knowing about the file as a whole, said once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    pub code: String,
    pub message: Message,
    /// How many rows it was true of.
    pub rows: u64,
}

/// Notes by what they say, in the order in which they came up.
#[derive(Debug, Default)]
pub struct Notes {
    order: Vec<Note>,
    places: HashMap<String, usize>,
}

impl Notes {
    /// Counts a row for the note of this key; the words are made the first time only.
    pub fn add(&mut self, key: &str, words: impl FnOnce() -> Defect) {
        if let Some(&place) = self.places.get(key) {
            self.order[place].rows += 1;
        } else if self.order.len() < NOTE_LIMIT {
            let defect = words();
            self.places.insert(key.to_owned(), self.order.len());
            self.order.push(Note { code: defect.code, message: defect.message, rows: 1 });
        }
    }

    /// The notes so far.
    pub fn list(&self) -> &[Note] {
        &self.order
    }

    pub fn into_list(self) -> Vec<Note> {
        self.order
    }
}

/// A reference in a row that is still in the file's words.
#[derive(Debug)]
pub struct Slot {
    /// Where in the patch the id will stand.
    pub pointer: String,
    pub text: String,
}

/// What a row says, ready to meet the database.
#[derive(Debug)]
pub struct Draft {
    pub raw: RawRow,
    /// The file's own id.
    pub id: Option<String>,
    /// Fields that the row names; null clears.
    pub patch: Value,
    /// Fields that count only where nothing else says anything.
    pub defaults: Map<String, Value>,
    pub slots: Vec<Slot>,
    pub refusals: Vec<Refusal>,
    /// Where the thing stands.
    pub said: Standing,
    /// Which cell a field came from.
    pub(super) origins: Vec<(String, usize)>,
    /// Capabilities nested in an organisation.
    pub capabilities: Vec<Value>,
    pub kind: Kind,
    /// The file is of a program: it is told in the words of the API, and people in those of their sheet.
    pub of_a_program: bool,
    /// Parts of a name: `(field, which, text, place)`.
    name_parts: Vec<(&'static str, usize, String, usize)>,
    /// Texts to be added to a field: `(field, heading, text, place)`.
    added: Vec<(&'static str, String, String, usize)>,
}

/// The parts of an address, put together when the whole row was seen.
#[derive(Default)]
struct Address<'a> {
    prefecture: Option<(&'a str, usize)>,
    municipality: Option<(&'a str, usize)>,
    street: Option<(&'a str, usize)>,
    whole: Option<&'a str>,
}

/// Reads a row. Nothing of the database is needed but its vocabularies, so this runs outside of any transaction.
pub fn read(kind: Kind, raw: RawRow, vocabularies: &Vocabularies, notes: &mut Notes) -> Draft {
    let mut draft = Draft {
        id: None,
        patch: Value::Object(Map::new()),
        defaults: Map::new(),
        slots: Vec::new(),
        refusals: Vec::new(),
        said: Standing::default(),
        origins: Vec::new(),
        capabilities: Vec::new(),
        kind,
        of_a_program: vocabularies.of_a_program,
        name_parts: Vec::new(),
        added: Vec::new(),
        raw: RawRow { line: raw.line, cells: Vec::new() },
    };
    let mut address = Address::default();
    let mut columns: Vec<(usize, &'static Column, &Value)> = Vec::with_capacity(raw.cells.len());
    columns
        .extend(raw.cells.iter().enumerate().filter_map(|(place, (plan, value))| Some((place, plan.column?, value))));
    // What is most exact first: a number before a name, and before both the column of the field itself.
    columns.sort_by_key(|(_, column, _)| match column.shape {
        _ if column.further => 2,
        Shape::MoreLines(_) | Shape::MoreMembers => 2,
        Shape::CorporateNumberReference => 1,
        _ => 0,
    });
    for (place, column, value) in columns {
        if column.further && draft.patch.get(column.field).is_some() {
            continue;
        }
        if let Err(defect) = check_cell(value) {
            draft.refuse(&raw, place, defect);
            continue;
        }
        read_cell(&mut draft, &raw, place, column, value, &mut address, vocabularies, notes);
    }
    draft.put_names_together();
    draft.add_texts();
    put_address_together(&mut draft, &raw, &address, vocabularies);
    if kind == Kind::Organization {
        guesses::organization_kind(&mut draft, notes);
        guesses::sheet_on_its_side(&draft, notes);
    }
    if kind == Kind::Capability && !draft.of_a_program {
        guesses::capability_kind(&mut draft, &raw, notes);
    }
    draft.raw = raw;
    draft
}

#[allow(clippy::too_many_arguments)]
fn read_cell<'a>(
    draft: &mut Draft,
    raw: &'a RawRow,
    place: usize,
    column: &Column,
    value: &'a Value,
    address: &mut Address<'a>,
    vocabularies: &Vocabularies,
    notes: &mut Notes,
) {
    let text = value.as_str();
    if let Some(defect) = text.and_then(|text| said::damaged(column, text)) {
        return draft.refuse(raw, place, defect);
    }
    // Under a heading of ours stands what an export wrote: a text may be a mark.
    let of_people = !draft.of_a_program && raw.cells[place].0.heading != column.field;
    if let Some(defect) = text.filter(|_| of_people).and_then(said::failed) {
        return draft.refuse(raw, place, defect);
    }
    if of_people && text.is_some_and(|text| said::says_nothing(column, text)) {
        return notes.add("cells that say nothing", || {
            Defect::new(
                "cell.nothing",
                "「-」「なし」「不明」などのセルは、空のセルとして読みました。",
                "Cells that say -, none or unknown were read as empty ones.",
            )
        });
    }
    let set = |draft: &mut Draft, field: &str, value: Value| draft.set(field, value, place);
    match column.shape {
        Shape::Ours | Shape::LeftOut => {}
        Shape::Status => standing::status(draft, text, notes),
        Shape::VerifiedOn => match text.map(standing::day) {
            None => {}
            Some(Ok(day)) => draft.said.verified_on = Some(day),
            Some(Err(defect)) => draft.refuse(raw, place, defect),
        },
        Shape::Identity => match identity_text(value) {
            Ok(id) => draft.id = id,
            Err(defect) => draft.refuse(raw, place, defect),
        },
        Shape::Text if column.field == "website" && !draft.of_a_program => {
            let address = text.map(cells::web_address);
            set(draft, column.field, address.map_or(value.clone(), Value::from));
        }
        Shape::Text => match value {
            // Numbers where a text is meant: codes and years that a spreadsheet or a program wrote as numbers.
            Value::Number(number) => set(draft, column.field, Value::String(number.to_string())),
            _ => set(draft, column.field, value.clone()),
        },
        Shape::ByScript => {
            let language = if text.is_some_and(cells::is_japanese) { "ja" } else { "en" };
            set(draft, &format!("{}_{language}", column.field), value.clone());
        }
        Shape::NamePart(which) => {
            if let Some(text) = text {
                draft.name_parts.push((column.field, which, text.trim().to_owned(), place));
            }
        }
        Shape::Added => {
            if let Some(text) = text {
                let heading = raw.cells[place].0.heading.clone();
                draft.added.push((column.field, heading, text.trim().to_owned(), place));
            }
        }
        Shape::MoreLines(strength) => {
            let Some(text) = text else { return };
            let more = cells::lines_of(strength, text);
            draft.append("lines", more, place);
        }
        Shape::MoreMembers => match cells::members(value) {
            Ok((Value::Array(more), slots)) => {
                let before = draft.patch.get("members").and_then(Value::as_array).map_or(0, Vec::len);
                let slots = slots.into_iter().enumerate();
                draft.slots.extend(
                    slots.map(|(at, (_, text))| Slot { pointer: format!("/members/{}/party", before + at), text }),
                );
                draft.append("members", more, place);
            }
            Ok(_) => {}
            Err(defect) => draft.refuse(raw, place, defect),
        },
        Shape::Trade => match text.map(|text| (text, vocabularies.industry(text))) {
            None => set(draft, column.field, value.clone()),
            Some((_, Ok(code))) => set(draft, column.field, code.into()),
            Some((text, Err(_))) => {
                let heading = raw.cells[place].0.heading.clone();
                draft.added.push(("description_ja", heading, text.trim().to_owned(), place));
                notes.add("trades without a class", || {
                    let shown: String = text.trim().chars().take(60).collect();
                    Defect::new(
                        "industry.free_form",
                        format!("日本標準産業分類にない業種（「{shown}」など）は、説明に書き加えます。分類するには名前（食料品製造業 など）かコードで書いてください。"),
                        format!("A trade that is no class of the JSIC (such as \"{shown}\") is added to the description. Write the name or code of a class to have it classified."),
                    )
                });
            }
        },
        Shape::Date => match text.map(cells::date) {
            None => set(draft, column.field, value.clone()),
            Some(Ok(date)) => set(draft, column.field, date.into()),
            Some(Err(defect)) => draft.refuse(raw, place, defect),
        },
        Shape::Industry => match text.map(|text| vocabularies.industry(text)) {
            None => set(draft, column.field, value.as_u64().map_or(value.clone(), |code| code.to_string().into())),
            Some(Ok(code)) => set(draft, column.field, code.into()),
            Some(Err(defect)) => draft.refuse(raw, place, defect),
        },
        Shape::Number => match text.map(cells::number) {
            None => set(draft, column.field, value.clone()),
            Some(Ok(number)) => set(draft, column.field, number.into()),
            Some(Err(defect)) => draft.refuse(raw, place, defect),
        },
        Shape::Yen(unit) => match text.map(|text| cells::yen(text, unit)) {
            None => {
                let amount = value.as_i64().map(|number| Value::from(number.saturating_mul(unit)));
                set(draft, column.field, amount.unwrap_or_else(|| value.clone()));
            }
            Some(Ok(amount)) => set(draft, column.field, amount.into()),
            Some(Err(defect)) => draft.refuse(raw, place, defect),
        },
        Shape::Truth => match text.map(cells::truth) {
            None => set(draft, column.field, value.clone()),
            Some(Ok(truth)) => set(draft, column.field, truth.into()),
            Some(Err(defect)) => draft.refuse(raw, place, defect),
        },
        Shape::Choice(read) => {
            let code = text.and_then(|text| read(text.trim())).map(Value::from);
            match (code, text, columns::choices(column.field)) {
                (None, Some(text), Some(words)) if !draft.of_a_program => {
                    let label = columns::label(draft.kind, column.field);
                    draft.refuse(raw, place, said::not_a_choice(text, label, &words));
                }
                (code, _, _) => set(draft, column.field, code.unwrap_or_else(|| value.clone())),
            }
        }
        Shape::FreeChoice { field, read, otherwise } => {
            let Some(text) = text else { return };
            match read(text.trim()) {
                Some(code) => set(draft, field, code.into()),
                None => {
                    let shown: String = text.chars().take(60).collect();
                    notes.add(&format!("kind {shown}"), || {
                        let (ja, en) = match otherwise {
                            Some(code) => (format!("{code} として取り込みます"), format!("it is taken as {code}")),
                            None => ("空のままにします".to_owned(), "it is left empty".to_owned()),
                        };
                        Defect::new(
                            "kind.free_form",
                            format!("種別「{shown}」は決められた値にないため、{ja}。"),
                            format!("The kind \"{shown}\" is not one of ours; {en}."),
                        )
                    });
                    if let Some(code) = otherwise {
                        draft.defaults.insert(field.to_owned(), code.into());
                    }
                }
            }
        }
        Shape::Many(item) => read_many(draft, raw, place, column.field, item, value, vocabularies),
        Shape::Reference => match value {
            Value::Null => set(draft, column.field, Value::Null),
            _ => match identity_text(value) {
                Ok(Some(text)) => {
                    let pointer = format!("/{}", column.field);
                    draft.slots.retain(|slot| slot.pointer != pointer);
                    draft.slots.push(Slot { pointer, text });
                    set(draft, column.field, Value::Null);
                }
                Ok(None) => {}
                Err(defect) => draft.refuse(raw, place, defect),
            },
        },
        Shape::CorporateNumberReference => {
            // An id in the field's own column is more exact.
            if draft.patch.get(column.field).is_some() {
                return;
            }
            let Ok(Some(text)) = identity_text(value) else { return };
            let text = format!("corporate_number:{}", text.trim_start_matches("corporate_number:"));
            if column.field == "members" {
                draft.slots.push(Slot { pointer: "/members/0/party".to_owned(), text });
                set(draft, "members", serde_json::json!([{ "party": null }]));
            } else {
                draft.slots.push(Slot { pointer: format!("/{}", column.field), text });
                set(draft, column.field, Value::Null);
            }
        }
        Shape::Members => match cells::members(value) {
            Ok((members, slots)) => {
                draft.slots.retain(|slot| !slot.pointer.starts_with("/members/"));
                draft.slots.extend(slots.into_iter().map(|(pointer, text)| Slot { pointer, text }));
                set(draft, column.field, members);
            }
            Err(defect) => draft.refuse(raw, place, defect),
        },
        Shape::Lines => match cells::lines(value) {
            Ok(lines) => set(draft, column.field, lines),
            Err(defect) => draft.refuse(raw, place, defect),
        },
        Shape::Objects => match cells::objects(value) {
            Ok(list) => set(draft, column.field, list),
            Err(defect) => draft.refuse(raw, place, defect),
        },
        Shape::Municipality => match value {
            Value::Null => set(draft, "municipality", Value::Null),
            Value::String(text) => address.municipality = Some((text, place)),
            _ => set(draft, "municipality", value.clone()),
        },
        Shape::Prefecture => {
            if let Some(text) = text {
                address.prefecture = Some((text, place));
            }
        }
        Shape::Street => {
            if let Some(text) = text {
                address.street = Some((text, place));
            }
        }
        Shape::Address => {
            address.whole = text;
            set(draft, column.field, value.clone());
        }
        Shape::Capabilities => match value {
            Value::Array(list) => draft.capabilities = list.clone(),
            Value::Null => {}
            _ => draft.refuse(
                raw,
                place,
                Defect::new("value.type", "capabilities は配列にしてください。", "capabilities must be an array."),
            ),
        },
    }
}

fn read_many(
    draft: &mut Draft,
    raw: &RawRow,
    place: usize,
    field: &str,
    item: Item,
    value: &Value,
    vocabularies: &Vocabularies,
) {
    let parts = match value {
        Value::Null => return draft.set(field, Value::Array(Vec::new()), place),
        Value::String(text) => match cells::split(text, item) {
            Ok(parts) => parts,
            Err(defect) => return draft.refuse(raw, place, defect),
        },
        Value::Array(list) => list.clone(),
        other => vec![other.clone()],
    };
    let mut list = Vec::with_capacity(parts.len());
    for (index, part) in parts.into_iter().enumerate() {
        let Some(text) = part.as_str() else {
            list.push(part);
            continue;
        };
        list.push(match item {
            Item::Text => part,
            Item::Number => match cells::number(text) {
                Ok(number) => number.into(),
                Err(defect) => return draft.refuse(raw, place, defect),
            },
            Item::Choice(read) => match (read(text.trim()), columns::choices(field)) {
                (None, Some(words)) if !draft.of_a_program => {
                    let label = columns::label(draft.kind, field);
                    return draft.refuse(raw, place, said::not_a_choice(text, label, &words));
                }
                (code, _) => code.map_or(part.clone(), Value::from),
            },
            Item::Field => match vocabularies.field(text) {
                None if !draft.of_a_program => return draft.refuse(raw, place, vocabularies.no_field(text)),
                code => code.map_or(part.clone(), Value::from),
            },
            Item::Certificate => cells::certificate(text).into(),
            Item::Reference => {
                draft.slots.push(Slot { pointer: format!("/{field}/{index}"), text: text.trim().to_owned() });
                Value::Null
            }
        });
    }
    draft.set(field, Value::Array(list), place);
}

fn put_address_together(draft: &mut Draft, raw: &RawRow, address: &Address<'_>, vocabularies: &Vocabularies) {
    let prefecture = address.prefecture.map(|(text, _)| text.trim());
    match (address.municipality, address.prefecture) {
        (Some((text, place)), _) => match vocabularies.places.resolve(text, prefecture) {
            Ok(code) => draft.set("municipality", code.into(), place),
            Err(defect) => draft.refuse(raw, place, defect),
        },
        // A country's word for a region that is not a prefecture says nothing to us.
        (None, Some((text, place))) => {
            if let Ok(code) = vocabularies.places.resolve(text, None) {
                draft.set("municipality", code.into(), place);
            }
        }
        (None, None) => {
            let code = address.whole.and_then(|whole| vocabularies.places.of_address(whole));
            if let Some(code) = code {
                draft.defaults.insert("municipality".to_owned(), code.into());
            }
        }
    }
    if let (Some((street, place)), None) = (address.street, address.whole) {
        let municipality = address.municipality.map_or("", |(text, _)| text.trim());
        // A code is no part of an address.
        let municipality = if municipality.chars().all(char::is_numeric) { "" } else { municipality };
        let before = prefecture.filter(|prefecture| !municipality.starts_with(prefecture)).unwrap_or("");
        draft.set("address_ja", format!("{before}{municipality}{}", street.trim()).into(), place);
    }
}

impl Draft {
    fn set(&mut self, field: &str, value: Value, place: usize) {
        if let Value::Object(patch) = &mut self.patch {
            patch.insert(field.to_owned(), value);
        }
        self.origins.push((field.to_owned(), place));
    }

    /// 架空 and 太郎 in two columns are 架空 太郎, unless a column holds the whole name.
    fn put_names_together(&mut self) {
        let mut parts = std::mem::take(&mut self.name_parts);
        parts.sort_by_key(|(field, which, ..)| (*field, *which));
        for of_field in parts.chunk_by(|one, other| one.0 == other.0) {
            let (field, _, _, place) = of_field[0];
            if self.patch.get(field).is_none() {
                let words: Vec<&str> = of_field.iter().map(|(_, _, text, _)| text.as_str()).collect();
                self.set(field, words.join(" ").into(), place);
            }
        }
    }

    /// Adds items to a list that other columns of the row have begun.
    fn append(&mut self, field: &str, more: Vec<Value>, place: usize) {
        let mut list = self.patch.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
        list.extend(more);
        self.set(field, Value::Array(list), place);
    }

    /// Puts the texts of further columns behind the one they belong to; each under its heading, unless it stands alone.
    fn add_texts(&mut self) {
        let added = std::mem::take(&mut self.added);
        for (field, _, _, place) in &added {
            let of_field: Vec<_> = added.iter().filter(|(other, ..)| other == field).collect();
            if self.origins.iter().any(|(name, from)| name == field && of_field.iter().any(|(_, _, _, at)| at == from))
            {
                continue;
            }
            let own = self.patch.get(*field).and_then(Value::as_str).map(|text| text.trim_end().to_owned());
            let text = match (own, of_field.as_slice()) {
                (None, [(_, heading, text, _)]) if !heading.contains("業") => text.clone(),
                (own, parts) => {
                    let parts = parts.iter().map(|(_, heading, text, _)| format!("【{heading}】{text}"));
                    own.into_iter().chain(parts).collect::<Vec<_>>().join("\n")
                }
            };
            self.set(field, text.into(), *place);
        }
    }

    fn refuse(&mut self, raw: &RawRow, place: usize, defect: Defect) {
        let (plan, value) = &raw.cells[place];
        self.refusals.push(Refusal {
            row: raw.line,
            column: plan.heading.clone(),
            code: defect.code,
            found: shown(value),
            message: defect.message,
        });
    }

    /// A finding of the domain or the store, in the words of the file.
    pub fn refusal_of(&self, finding: Finding) -> Refusal {
        let field = finding.pointer.split('/').nth(1).unwrap_or("");
        let origin = self.origins.iter().rev().find(|(name, _)| name == field).and_then(|(_, place)| {
            let (plan, value) = self.raw.cells.get(*place)?;
            Some((plan.heading.clone(), shown(value)))
        });
        if self.of_a_program {
            let (column, found) = origin.unwrap_or_else(|| (field.to_owned(), String::new()));
            return Refusal { row: self.raw.line, column, code: finding.code, found, message: finding.message };
        }
        let label = columns::label(self.kind, field);
        let (column, found) = origin.unwrap_or_else(|| (label.to_owned(), String::new()));
        let message = said::in_words(self.kind, field, &column, &found, &finding);
        Refusal { row: self.raw.line, column, code: finding.code, found, message }
    }

    /// A refused reference.
    pub fn refuse_slot(&self, slot: &Slot, defect: Defect) -> Refusal {
        let mut refusal = self.refusal_of(Finding::new(slot.pointer.clone(), defect));
        refusal.found = slot.text.chars().take(60).collect();
        refusal
    }
}

/// A value as found, at most 60 characters.
pub fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.chars().take(61).collect(),
        other => other.to_string(),
    };
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(59).chain(['…']).collect()
}

/// An id in a cell: text, or a whole number as some programs write it.
fn identity_text(value: &Value) -> Result<Option<String>, Defect> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return Err(Defect::new("id.form", "識別子は文字列で書いてください。", "An id must be a text.")),
    };
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().count() > ID_LIMIT || text.chars().any(char::is_control) {
        return Err(Defect::new(
            "id.form",
            format!("識別子は{ID_LIMIT}文字以内で、制御文字は使えません。"),
            format!("An id has at most {ID_LIMIT} characters and no control characters."),
        ));
    }
    Ok(Some(text))
}

/// What no cell may hold, whatever its column: NUL, and more than fits.
fn check_cell(value: &Value) -> Result<(), Defect> {
    match value {
        Value::String(text) => {
            if text.contains('\0') {
                return Err(Defect::new(
                    "text.control_character",
                    "使えない制御文字（U+0000）が含まれています。",
                    "The text holds a control character (U+0000) that cannot be kept.",
                ));
            }
            if text.len() > CELL_LIMIT && text.chars().count() > CELL_LIMIT {
                return Err(Defect::new(
                    "cell.too_long",
                    format!("セルは{CELL_LIMIT}文字以内です。"),
                    format!("A cell has at most {CELL_LIMIT} characters."),
                ));
            }
            Ok(())
        }
        Value::Array(list) => list.iter().try_for_each(check_cell),
        Value::Object(object) => object.values().try_for_each(check_cell),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}
