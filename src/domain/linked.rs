//! Public profiles as linked data: JSON-LD in the words of schema.org.

use super::vocabulary::Kind;
use serde_json::{Map, Value, json};

/// An organisation (given as its JSON) in the words of schema.org; `None` for kinds that have no such form.
pub fn json_ld(kind: Kind, thing: &Value) -> Option<Value> {
    if kind != Kind::Organization {
        return None;
    }
    let text = |name: &str| thing.get(name).and_then(Value::as_str);
    let mut linked = Map::new();
    linked.insert("@context".into(), "https://schema.org".into());
    let class = match text("organization_kind") {
        Some("university") => "CollegeOrUniversity",
        Some("research_institute" | "public_testing_institute") => "ResearchOrganization",
        Some("bank") => "BankOrCreditUnion",
        Some("government") => "GovernmentOrganization",
        Some("firm") => "Corporation",
        _ => "Organization",
    };
    linked.insert("@type".into(), class.into());
    if let Some(id) = text("id") {
        linked.insert("@id".into(), format!("urn:uuid:{id}").into());
    }
    if let Some(name) = in_languages(text("name_ja"), text("name_en")) {
        linked.insert("name".into(), name);
    }
    if let Some(description) = in_languages(text("description_ja"), text("description_en")) {
        linked.insert("description".into(), description);
    }
    let names = ["aliases", "former_names"].into_iter().filter_map(|field| thing.get(field)?.as_array());
    let names: Vec<Value> = names.flatten().cloned().collect();
    if !names.is_empty() {
        linked.insert("alternateName".into(), names.into());
    }
    for (field, property) in [("website", "url"), ("founded", "foundingDate")] {
        if let Some(value) = text(field) {
            linked.insert(property.into(), value.into());
        }
    }
    if let Some(count) = thing.get("employees").and_then(Value::as_i64) {
        linked.insert("numberOfEmployees".into(), json!({ "@type": "QuantitativeValue", "value": count }));
    }
    let street = in_languages(text("address_ja"), text("address_en"));
    if street.is_some() || text("postal_code").is_some() {
        let mut address = Map::new();
        address.insert("@type".into(), "PostalAddress".into());
        address.insert("addressCountry".into(), "JP".into());
        if let Some(street) = street {
            address.insert("streetAddress".into(), street);
        }
        if let Some(code) = text("postal_code") {
            address.insert("postalCode".into(), code.into());
        }
        linked.insert("address".into(), Value::Object(address));
    }
    if let Some(number) = text("corporate_number") {
        let identifier = json!({ "@type": "PropertyValue", "propertyID": "法人番号", "value": number });
        linked.insert("identifier".into(), identifier);
    }
    if let Some(ror) = text("ror") {
        let address = if ror.starts_with("https://") { ror.to_owned() } else { format!("https://ror.org/{ror}") };
        linked.insert("sameAs".into(), address.into());
    }
    Some(Value::Object(linked))
}

fn in_languages(ja: Option<&str>, en: Option<&str>) -> Option<Value> {
    let texts: Vec<Value> = [("ja", ja), ("en", en)]
        .into_iter()
        .filter_map(|(language, text)| Some(json!({ "@language": language, "@value": text? })))
        .collect();
    (!texts.is_empty()).then_some(Value::Array(texts))
}
