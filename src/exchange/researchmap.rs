//! researchmap: achievements as its API (v2) gives them, one a line. The texts stand by language, the kind in `@type`,
//! the researcher in `@id`.

use serde_json::{Map, Value, json};

/// Title, text, date and number of each kind of achievement, by the names that it gives them.
const TITLES: [&str; 8] = [
    "paper_title",
    "research_project_title",
    "award_name",
    "industrial_property_right_title",
    "book_title",
    "presentation_title",
    "work_title",
    "title",
];
const TEXTS: [&str; 2] = ["description", "summary"];
const DATES: [&str; 7] = [
    "publication_date",
    "award_date",
    "from_date",
    "application_date",
    "registration_date",
    "date_of_issue",
    "from_event_date",
];

/// An achievement as a record of work.
pub fn record(object: Map<String, Value>) -> Map<String, Value> {
    let mut record = Map::new();
    let address = object.get("@id").and_then(Value::as_str).unwrap_or("");
    let mut parts = address.trim_start_matches("https://api.researchmap.jp/").split('/');
    let researcher = parts.next().unwrap_or("").to_owned();
    let kind = object.get("@type").and_then(Value::as_str).or_else(|| parts.next()).unwrap_or("").to_owned();
    if let Some(id) = object.get("rm:id").cloned().or_else(|| (!address.is_empty()).then(|| address.into())) {
        record.insert("id".into(), id);
    }
    let code = match kind.as_str() {
        "published_papers" | "misc" | "books_etc" | "presentations" => Some("paper"),
        "awards" => Some("award"),
        "industrial_property_rights" => Some("patent"),
        "research_projects" => Some("grant"),
        _ => None,
    };
    if let Some(code) = code {
        record.insert("record_kind".into(), code.into());
    }
    in_languages(&object, &TITLES, "title", &mut record);
    in_languages(&object, &TEXTS, "text", &mut record);
    if let Some(date) = DATES.iter().find_map(|name| object.get(*name)?.as_str()) {
        record.insert("happened_on".into(), date.into());
    }
    let identifier = |name: &str| object.get("identifiers")?.get(name)?.get(0);
    let number = identifier("doi")
        .or_else(|| identifier("grant_number"))
        .or_else(|| object.get("patent_number"))
        .or_else(|| object.get("application_number"));
    if let Some(Value::String(number)) = number {
        record.insert("number".into(), number.as_str().into());
    }
    let role = if kind == "research_projects" { "研究者" } else { "著者" };
    if !researcher.is_empty() && !researcher.contains(':') {
        record.insert("members".into(), json!([{ "party": format!("researchmap:{researcher}"), "role": role }]));
    }
    let link = object.get("see_also").and_then(Value::as_array).into_iter().flatten();
    let link = link.filter_map(|link| link.get("@id")?.as_str()).find(|link| link.starts_with("https://"));
    if let Some(link) = link {
        record.insert("website".into(), link.into());
    }
    record
}

/// The first field of `names` that is there, by its languages: `{"ja": …, "en": …}` or a plain text.
fn in_languages(object: &Map<String, Value>, names: &[&str], field: &str, record: &mut Map<String, Value>) {
    match names.iter().find_map(|name| object.get(*name)) {
        Some(Value::Object(texts)) => {
            for language in ["ja", "en"] {
                if let Some(text) = texts.get(language) {
                    record.insert(format!("{field}_{language}"), text.clone());
                }
            }
        }
        Some(text @ Value::String(_)) => {
            record.insert(field.to_owned(), text.clone());
        }
        _ => {}
    }
}
