//! From a tree of JSON to a value that is valid, with every defect found in one pass.

use super::entry::Entry;
use super::finding::{Defect, Finding};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

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
    let mut tree = Value::Object(object);
    let parsed = loop {
        match serde_path_to_error::deserialize::<_, E>(tree.clone()) {
            Ok(parsed) => break Some(parsed),
            Err(error) => {
                let pointer = pointer_of(error.path());
                findings.push(Finding::new(pointer.clone(), defect_of(&error.into_inner().to_string())));
                // The rest is read without the refused value, so that one look shows everything.
                if findings.len() >= FINDING_LIMIT || !remove(&mut tree, &pointer) {
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

/// Reads the body of a request that is not an entry: every unknown name is reported, else the first refused value.
/// `T` refuses unknown names (`deny_unknown_fields`).
pub fn body<T: DeserializeOwned>(value: Value) -> Result<T, Vec<Finding>> {
    if !value.is_object() {
        return Err(vec![Finding::new(
            "",
            Defect::new("body.object", "JSON オブジェクトを送ってください。", "Send a JSON object."),
        )]);
    }
    let mut tree = value;
    let mut findings = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(tree.clone()) {
            Ok(parsed) if findings.is_empty() => return Ok(parsed),
            Ok(_) => return Err(findings),
            Err(error) => error,
        };
        let pointer = pointer_of(error.path());
        let text = error.into_inner().to_string();
        let quoted = |what: &str| text.strip_prefix(what).and_then(|rest| rest.split('`').next()).map(str::to_owned);
        if let Some(name) = quoted("unknown field `") {
            let pointer =
                if pointer.ends_with(&escape(&name)) { pointer } else { format!("{pointer}/{}", escape(&name)) };
            findings.push(Finding::new(pointer.clone(), unknown_name(&name)));
            if findings.len() < FINDING_LIMIT && remove(&mut tree, &pointer) {
                continue;
            }
        } else if let Some(name) = quoted("missing field `") {
            let defect = Defect::new("value.required", "この項目は必須です。", "This field is required.");
            findings.push(Finding::new(format!("{pointer}/{name}"), defect));
        } else {
            let pointer = if pointer.is_empty() { offender::<T>(&tree, &text) } else { pointer };
            findings.push(Finding::new(pointer, defect_of(&text)));
        }
        return Err(findings);
    }
}

/// The name by which bodies say what happened.
const TAG: &str = "event";

/// Where the value stands that was refused with `text`. A body that says by a tag what it is loses the way to it, so it is
/// found by trying: without it, something else is wrong, or nothing.
fn offender<T: DeserializeOwned>(tree: &Value, text: &str) -> String {
    let tells = |without: &Value| serde_json::from_value::<T>(without.clone()).err().map(|error| error.to_string());
    let Value::Object(fields) = tree else { return String::new() };
    // The tag itself last: without it everything else is wrong, too.
    let mut names: Vec<&String> = fields.keys().take(FINDING_LIMIT).collect();
    names.sort_by_key(|name| name.as_str() == TAG);
    for name in names {
        let mut without = tree.clone();
        let pointer = format!("/{}", escape(name));
        let Some(value) = without.pointer(&pointer).cloned() else { continue };
        if !remove(&mut without, &pointer) || tells(&without).as_deref() == Some(text) {
            continue;
        }
        let Value::Array(items) = value else { return pointer };
        let item = (0..items.len().min(FINDING_LIMIT)).find(|place| {
            let mut without = tree.clone();
            remove(&mut without, &format!("{pointer}/{place}")) && tells(&without).as_deref() != Some(text)
        });
        return item.map_or(pointer.clone(), |place| format!("{pointer}/{place}"));
    }
    String::new()
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
        let number = |text: &str| text.chars().filter(char::is_ascii_digit).take(10).collect::<String>();
        let (found, expected) = (number(found), number(expected));
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
