//! From a tree of JSON to a value that is valid, with every defect found in one pass.

use super::entry::Entry;
use super::finding::{Defect, Finding};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How many defects are collected before parsing gives up.
const FINDING_LIMIT: usize = 50;

/// The names of the header: read, never sent.
const SET_BY_THE_SERVICE: [&str; 6] = ["id", "status", "verified_on", "version", "created_at", "updated_at"];

/// Reads an entry from JSON. Unknown names, wrong types and refused values are all reported, each with its pointer.
pub fn entry<E: Entry>(value: Value) -> Result<E, Vec<Finding>> {
    let Value::Object(mut object) = value else {
        return Err(vec![Finding::new(
            "",
            Defect::new("body.object", "JSON オブジェクトを送ってください。", "Send a JSON object."),
        )]);
    };
    let mut findings = remove_unknown_names::<E>(&mut object);
    let mut rest = Rest::of(Value::Object(object));
    let parsed = loop {
        match serde_path_to_error::deserialize::<_, E>(&rest.tree) {
            Ok(parsed) => break Some(parsed),
            Err(error) => {
                let pointer = pointer_of(error.path());
                findings.push(Finding::new(rest.sent(&pointer), defect_of(&error.into_inner().to_string())));
                if findings.len() >= FINDING_LIMIT || !rest.remove(&pointer) {
                    break None;
                }
            }
        }
    };
    let Some(parsed) = parsed else { return Err(findings) };
    let refused: Vec<String> = findings.iter().map(|finding| finding.pointer.clone()).collect();
    findings.extend(
        parsed
            .check()
            .into_iter()
            // A value that was just refused is not also reported as missing.
            .filter(|finding| !refused.iter().any(|pointer| pointer.starts_with(&finding.pointer))),
    );
    if findings.is_empty() { Ok(parsed) } else { Err(findings) }
}

/// Reads the body of a request that is not an entry: every unknown name and every refused value is reported, and the first
/// that is missing. `T` refuses unknown names (`deny_unknown_fields`).
pub fn body<T: DeserializeOwned>(value: Value) -> Result<T, Vec<Finding>> {
    let Read { value, findings, .. } = read(value);
    match value {
        Some(value) if findings.is_empty() => Ok(value),
        Some(_) | None => Err(findings),
    }
}

/// A body as far as it could be read.
pub struct Read<T> {
    /// Without the refused values; none: nothing can be made of the rest.
    pub value: Option<T>,
    pub findings: Vec<Finding>,
    rest: Rest,
}

impl<T> Read<T> {
    /// What was refused when it was read, and what a check of the rest refuses, each where it stands in what was sent.
    pub fn and(self, more: Vec<Finding>) -> Vec<Finding> {
        let Self { mut findings, rest, .. } = self;
        let refused: Vec<String> = findings.iter().map(|finding| finding.pointer.clone()).collect();
        let more = more.into_iter().map(|finding| Finding { pointer: rest.sent(&finding.pointer), ..finding });
        // A value that was just refused is not also reported as missing.
        let inside = |pointer: &String, of: &str| pointer == of || pointer.starts_with(&format!("{of}/"));
        let new = more.filter(|finding| !refused.iter().any(|pointer| inside(pointer, &finding.pointer)));
        findings.extend(new);
        findings.truncate(FINDING_LIMIT);
        findings
    }
}

/// As [`body`], and what could be read all the same, so that one look shows everything.
pub fn read<T: DeserializeOwned>(value: Value) -> Read<T> {
    let mut rest = Rest::of(value);
    let mut findings: Vec<Finding> = Vec::new();
    if !rest.tree.is_object() {
        let defect = Defect::new("body.object", "JSON オブジェクトを送ってください。", "Send a JSON object.");
        return Read { value: None, findings: vec![Finding::new("", defect)], rest };
    }
    while findings.len() < FINDING_LIMIT {
        let error = match serde_path_to_error::deserialize::<_, T>(&rest.tree) {
            Ok(parsed) => return Read { value: Some(parsed), findings, rest },
            Err(error) => error,
        };
        let pointer = pointer_of(error.path());
        let text = error.into_inner().to_string();
        let quoted = |what: &str| text.strip_prefix(what).and_then(|rest| rest.split('`').next()).map(str::to_owned);
        let (pointer, defect) = if let Some(name) = quoted("unknown field `") {
            let last = format!("/{}", escape(&name));
            let pointer = if pointer.ends_with(&last) { pointer } else { pointer + &last };
            (pointer, unknown_name(&name))
        } else if let Some(name) = quoted("missing field `") {
            let defect = Defect::new("value.required", "この項目は必須です。", "This field is required.");
            (format!("{pointer}/{}", escape(&name)), defect)
        } else {
            (offender::<T>(&rest.tree, pointer, &text), defect_of(&text))
        };
        let sent = rest.sent(&pointer);
        // A value that was just refused is not also reported as missing, nor is what holds it as incomplete.
        let inside = format!("{sent}/");
        let incomplete = ["invalid length ", "missing field "].iter().any(|what| text.starts_with(what))
            || Defect::from_error_text(&text).is_some();
        let told = |finding: &Finding| finding.pointer == sent || (incomplete && finding.pointer.starts_with(&inside));
        if !findings.iter().any(told) {
            findings.push(Finding::new(sent, defect));
        }
        if !rest.remove(&pointer) && !rest.remove_item(&pointer) {
            break;
        }
    }
    Read { value: None, findings, rest }
}

/// What is still to be read of a body: the rest without the refused values, so that one look shows everything.
struct Rest {
    tree: Value,
    /// For each list (its pointer as sent) the places that were taken out of it, in order.
    gone: BTreeMap<String, Vec<usize>>,
}

impl Rest {
    fn of(tree: Value) -> Self {
        Self { tree, gone: BTreeMap::new() }
    }

    /// A pointer into the rest as a pointer into what was sent: items that follow a removed one have moved up.
    fn sent(&self, pointer: &str) -> String {
        let mut sent = String::new();
        for name in pointer.split('/').skip(1) {
            let place = self.gone.get(&sent).and_then(|gone| {
                let place = name.parse::<usize>().ok()?;
                // Each removed place at or before it moves it on by one.
                Some(gone.iter().fold(place, |place, gone| if *gone <= place { place + 1 } else { place }))
            });
            match place {
                Some(place) => sent.push_str(&format!("/{place}")),
                None => sent.push_str(&format!("/{name}")),
            }
        }
        sent
    }

    fn remove(&mut self, pointer: &str) -> bool {
        let sent = self.sent(pointer);
        let in_list =
            pointer.rsplit_once('/').and_then(|(list, _)| self.tree.pointer(list)).is_some_and(Value::is_array);
        if !remove(&mut self.tree, pointer) {
            return false;
        }
        if let (true, Some((list, place))) = (in_list, sent.rsplit_once('/')) {
            let gone = self.gone.entry(list.to_owned()).or_default();
            gone.extend(place.parse::<usize>());
            gone.sort_unstable();
        }
        true
    }

    /// Removes the item of a list in which something is missing: without it the rest can still be read.
    fn remove_item(&mut self, pointer: &str) -> bool {
        let mut at = pointer;
        while let Some((parent, _)) = at.rsplit_once('/') {
            if self.tree.pointer(parent).is_some_and(Value::is_array) {
                return self.remove(at);
            }
            at = parent;
        }
        false
    }
}

/// The names by which bodies say what they are.
const TAGS: [&str; 2] = ["event", "kind"];

/// Where the value stands that was refused with `text`, at `pointer` or in it. What says by a tag what it is loses the way to
/// it, so it is found by trying: without it, something else is wrong, or nothing.
fn offender<T: DeserializeOwned>(tree: &Value, pointer: String, text: &str) -> String {
    let Some(Value::Object(fields)) = tree.pointer(&pointer) else { return pointer };
    // The tag itself last: without it everything else is wrong, too.
    let mut names: Vec<&String> = fields.keys().take(FINDING_LIMIT).collect();
    names.sort_by_key(|name| TAGS.contains(&name.as_str()));
    let still = |without: &Value| T::deserialize(without).err().is_some_and(|error| error.to_string() == text);
    let mut trial = tree.clone();
    for name in names {
        let inside = format!("{pointer}/{}", escape(name));
        let Some(value) = take(&mut trial, &inside) else { continue };
        let elsewhere = still(&trial);
        if elsewhere {
            put(&mut trial, &inside, value);
            continue;
        }
        let Value::Array(items) = value else { return inside };
        let item = (0..items.len().min(FINDING_LIMIT)).find(|place| {
            let mut others = items.clone();
            others.remove(*place);
            put(&mut trial, &inside, Value::Array(others));
            !still(&trial)
        });
        return item.map_or(inside.clone(), |place| format!("{inside}/{place}"));
    }
    pointer
}

fn take(tree: &mut Value, pointer: &str) -> Option<Value> {
    let value = tree.pointer_mut(pointer).map(Value::take);
    remove(tree, pointer).then_some(value).flatten()
}

/// Puts a field where it was taken.
fn put(tree: &mut Value, pointer: &str, value: Value) {
    let Some((parent, last)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(object)) = tree.pointer_mut(parent) {
        object.insert(last.replace("~1", "/").replace("~0", "~"), value);
    }
}

/// For a field of a patch: absent is `None`, null is refused.
pub fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

fn unknown_name(name: &str) -> Defect {
    let shown: String = name.chars().take(60).collect();
    if SET_BY_THE_SERVICE.contains(&name) {
        return Defect::new(
            "name.set_by_service",
            format!("「{shown}」はサービスが管理する項目なので、送れません。"),
            format!("\"{shown}\" is kept by the service and cannot be sent."),
        );
    }
    Defect::new(
        "name.unknown",
        format!("「{shown}」という項目はありません。項目名を確かめてください。"),
        format!("There is no field \"{shown}\". Please check the name."),
    )
}

/// JSON merge patch (RFC 7396) on the fields of an entry: a name that is absent stays, null clears, a value replaces.
pub fn merge_patch(current: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *current = patch.clone();
        return;
    };
    if !current.is_object() {
        *current = Value::Object(Map::new());
    }
    let Value::Object(target) = current else { return };
    for (name, change) in changes {
        match change {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(_) => merge_patch(target.entry(name.clone()).or_insert(Value::Null), change),
            other => {
                target.insert(name.clone(), other.clone());
            }
        }
    }
}

/// The names an entry has, in the order of its definition.
pub fn names<E: Entry>() -> Vec<String> {
    match serde_json::to_value(E::default()) {
        Ok(Value::Object(object)) => object.into_iter().map(|(name, _)| name).collect(),
        _ => Vec::new(),
    }
}

fn remove_unknown_names<E: Entry>(object: &mut Map<String, Value>) -> Vec<Finding> {
    let known = names::<E>();
    let unknown: Vec<String> = object.keys().filter(|name| !known.contains(name)).cloned().collect();
    unknown
        .into_iter()
        .map(|name| {
            object.remove(&name);
            Finding::new(format!("/{}", escape(&name)), unknown_name(&name))
        })
        .take(FINDING_LIMIT)
        .collect()
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Map { key } => pointer.push_str(&format!("/{}", escape(key))),
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

fn remove(tree: &mut Value, pointer: &str) -> bool {
    let Some((parent, last)) = pointer.rsplit_once('/') else { return false };
    match tree.pointer_mut(parent) {
        Some(Value::Object(object)) => object.remove(&last.replace("~1", "/").replace("~0", "~")).is_some(),
        Some(Value::Array(array)) => match last.parse::<usize>() {
            Ok(index) if index < array.len() => {
                array.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn defect_of(error_text: &str) -> Defect {
    if let Some(defect) = Defect::from_error_text(error_text) {
        return defect;
    }
    if let Some(rest) = error_text.strip_prefix("unknown variant `") {
        return not_a_variant(rest);
    }
    if let Some(rest) = error_text.strip_prefix("invalid type: ").or(error_text.strip_prefix("invalid value: "))
        && let Some((found, expected)) = rest.split_once(", expected ")
    {
        let ((found_ja, found_en), (expected_ja, expected_en)) = (found_words(found), expected_words(expected));
        return Defect::new(
            "value.type",
            format!("値の型が違います。{expected_ja}を送ってください（送られたもの: {found_ja}）。"),
            format!("The value has the wrong type: {expected_en} is expected, this is {found_en}."),
        );
    }
    if let Some((found, expected)) =
        error_text.strip_prefix("invalid length ").and_then(|rest| rest.split_once(", expected "))
    {
        // Of a pair that is too long the reader does not say how long it should be.
        let number = |text: &str| text.chars().filter(char::is_ascii_digit).take(10).collect::<String>();
        let (found, expected) = (number(found), number(expected));
        if expected.is_empty() {
            return Defect::new(
                "list.length",
                format!("配列の要素が多すぎます（送られたもの: {found}件）。"),
                format!("The list is too long; there are {found}."),
            );
        }
        return Defect::new(
            "list.length",
            format!("{expected}件の配列を送ってください（送られたもの: {found}件）。"),
            format!("A list of {expected} is expected; there are {found}."),
        );
    }
    let shown: String = error_text.chars().take(300).collect();
    Defect::new("value.type", "値の型か形が違います。", format!("The value has the wrong type or form ({shown})."))
}

/// `fly`, expected one of `stage`, `note`
fn not_a_variant(rest: &str) -> Defect {
    let (found, allowed) = rest.split_once('`').unwrap_or((rest, ""));
    let found: String = found.chars().take(60).collect();
    let allowed: Vec<&str> = allowed.split('`').skip(1).step_by(2).take(40).collect();
    let allowed = allowed.join(", ");
    Defect::new(
        "value.not_in_list",
        format!("「{found}」は決められた値ではありません（使える値: {allowed}）。"),
        format!("\"{found}\" is not one of the allowed values ({allowed})."),
    )
}

/// What was sent, in both languages; `found` is serde's word for it.
fn found_words(found: &str) -> (String, String) {
    let kinds = [
        ("string", "文字列", "a text"),
        ("integer", "数値", "a number"),
        ("floating point", "小数", "a number with a fraction"),
        ("boolean", "真偽値", "true or false"),
        ("null", "null", "null"),
        ("unit", "null", "null"),
        ("map", "オブジェクト", "an object"),
        ("sequence", "配列", "a list"),
    ];
    let known = kinds.iter().find(|(word, _, _)| found.starts_with(word));
    let (ja, en) = known.map_or(("別の型", "something else"), |(_, ja, en)| (*ja, *en));
    // The value itself, where serde shows it.
    let value: String = found.split(['`', '"']).nth(1).unwrap_or("").chars().take(60).collect();
    if value.is_empty() {
        return (ja.to_owned(), en.to_owned());
    }
    (format!("{ja} {value}"), format!("{en}, {value}"))
}

/// What should have been sent.
fn expected_words(expected: &str) -> (&'static str, &'static str) {
    let integers = ["i8", "i16", "i32", "i64"];
    let counts = ["u8", "u16", "u32", "u64", "usize"];
    match expected {
        "a string or a whole number" => ("文字列か整数", "a text or a whole number"),
        "a boolean" => ("true か false", "true or false"),
        "f64" | "f32" => ("数値", "a number"),
        text if integers.contains(&text) => ("整数", "a whole number"),
        text if counts.contains(&text) => ("0以上の整数", "a whole number from 0 on"),
        text if text.contains("sequence") || text.contains("array") => ("配列", "a list"),
        text if text.contains("string") || text.contains("identifier") => ("文字列", "a text"),
        _ => ("オブジェクト", "an object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[serde(default)]
        items: Vec<Item>,
        #[serde(default)]
        note: Option<String>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        kind: What,
        #[serde(default)]
        count: u32,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
    enum What {
        Bolt { long: u32 },
        Nut {},
    }

    #[test]
    fn what_follows_a_refused_item_is_named_by_its_place_in_what_was_sent() {
        let nut = json!({ "kind": { "kind": "nut" } });
        let sent = json!({ "note": 7, "items": [
            { "kind": { "kind": "bolt", "long": "x" } }, nut, { "count": 1 }, { "kind": { "kind": "screw" } },
            { "kind": { "kind": "nut" }, "count": -1 }, { "kind": { "kind": "bolt", "long": 3, "wide": 1 } },
        ]});
        let read = read::<Order>(sent);
        let pointers: Vec<&str> = read.findings.iter().map(|finding| finding.pointer.as_str()).collect();
        let expected = [
            "/items/0/kind/long",
            "/items/2/kind",
            "/items/3/kind/kind",
            "/items/4/count",
            "/items/5/kind/wide",
            "/note",
        ];
        assert_eq!(pointers, expected);
        let order = read.value.as_ref().expect("the rest");
        assert_eq!((order.items.len(), &order.note), (3, &None));
        assert_eq!((order.items[2].kind.long(), order.items[1].count), (Some(3), 0));
        // What a check of the rest says stands where it was sent; what was refused is not also missing.
        let defect = || Defect::new("test", "試験", "A test.");
        let more = ["/items/1/count", "/items/2/kind/long", "/note"].map(|pointer| Finding::new(pointer, defect()));
        let all = read.and(more.into());
        let new: Vec<&str> = all[expected.len()..].iter().map(|finding| finding.pointer.as_str()).collect();
        assert_eq!(new, ["/items/5/kind/long"]);
    }

    #[test]
    fn a_pair_of_which_one_was_refused_is_not_also_too_short() {
        #[derive(Debug, serde::Deserialize)]
        struct Pairs {
            pairs: Vec<[u32; 2]>,
        }
        let pointers = |sent: Value| -> Vec<String> {
            let Err(findings) = body::<Pairs>(sent).map(|read| read.pairs) else { return Vec::new() };
            findings.into_iter().map(|finding| finding.pointer).collect()
        };
        assert_eq!(pointers(json!({ "pairs": [[1, "x"], [2, 3], [4]] })), ["/pairs/0/1", "/pairs/2"]);
        assert_eq!(pointers(json!({ "pairs": [[1, 2]] })), Vec::<String>::new());
    }

    impl What {
        fn long(&self) -> Option<u32> {
            match self {
                What::Bolt { long } => Some(*long),
                What::Nut {} => None,
            }
        }
    }
}
