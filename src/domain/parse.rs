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
            findings.push(Finding::new(pointer, defect_of(&text)));
        }
        return Err(findings);
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
    let shown: String = error_text.chars().take(300).collect();
    if shown.contains("unknown variant") {
        return Defect::new(
            "value.not_in_list",
            format!("決められた値ではありません（{shown}）。"),
            format!("This is not one of the allowed values ({shown})."),
        );
    }
    Defect::new(
        "value.type",
        format!("値の型が違います（{shown}）。"),
        format!("The value has the wrong type ({shown})."),
    )
}
