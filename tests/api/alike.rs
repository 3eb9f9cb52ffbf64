//! What is being registered may be there already: it is said to who registers it, of what they may see, and nothing is refused.

use crate::support::people::Person;
use crate::support::{PATIENCE, TestApp, wait_until};
use serde_json::{Value, json};

fn firm(name: &str) -> Value {
    json!({ "organization_kind": "firm", "name_ja": name })
}

/// Registers it and gives its id and what it is said to be like.
fn registered(app: &TestApp, person: &Person, plural: &str, body: Value) -> (String, Vec<Value>) {
    let answer = app.post_as(person, &format!("/api/v1/{plural}"), body);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let answer = answer.json();
    let alike = answer["possible_duplicates"].as_array().cloned().unwrap_or_default();
    (answer["id"].as_str().expect("an id").to_owned(), alike)
}

fn ids(alike: &[Value]) -> Vec<&str> {
    alike.iter().map(|one| one["id"].as_str().expect("an id")).collect()
}

#[test]
fn who_registers_an_organisation_hears_of_those_like_it() {
    let app = TestApp::start();
    let administrator = app.administrator();
    let placed = |name: &str, place: &str| {
        let mut body = firm(name);
        body["municipality"] = json!(place);
        body
    };
    let (first, none) = registered(&app, &administrator, "organizations", placed("株式会社 山形精機", "062014"));
    assert!(none.is_empty());
    let (same, alike) = registered(&app, &administrator, "organizations", placed("山形精機（株）", "062014"));
    assert_eq!(ids(&alike), [&first]);
    assert_eq!(alike[0]["name"], json!({ "ja": "株式会社 山形精機", "en": null }));
    assert_eq!((&alike[0]["reason"], &alike[0]["shared"]), (&json!("name"), &json!("山形精機")));
    // Of the same name at another place: somebody else. Without a place it may be either.
    let (elsewhere, none) = registered(&app, &administrator, "organizations", placed("山形精機", "062022"));
    assert!(none.is_empty(), "{none:?}");
    let mut anywhere = [first.as_str(), same.as_str(), elsewhere.as_str()];
    anywhere.sort_unstable();
    assert_eq!(ids(&registered(&app, &administrator, "organizations", firm("山形精機")).1), anywhere);
    // A former name, and a number.
    let mut renamed = firm("新庄工業");
    renamed["former_names"] = json!(["有限会社 旧庄内"]);
    let (renamed, _) = registered(&app, &administrator, "organizations", renamed);
    assert_eq!(ids(&registered(&app, &administrator, "organizations", firm("旧庄内")).1), [&renamed]);
    let mut invoiced = firm("甲");
    invoiced["invoice_number"] = json!("T1390001000018");
    let (invoiced, _) = registered(&app, &administrator, "organizations", invoiced);
    let mut numbered = firm("乙");
    numbered["corporate_number"] = json!("1390001000018");
    let (_, alike) = registered(&app, &administrator, "organizations", numbered);
    assert_eq!((ids(&alike), &alike[0]["reason"]), (vec![invoiced.as_str()], &json!("number")));
    // Reading it again does not tell it again, and a repeated request gets the first answer.
    assert!(app.get(&format!("/api/v1/organizations/{same}")).json().get("possible_duplicates").is_none());
}

#[test]
fn what_the_one_who_registers_may_not_see_is_neither_named_nor_counted() {
    let app = TestApp::start();
    let own = app.firm("酒田化成");
    let administrator = app.administrator();
    let owner = app.member(&administrator, "owner@example.jp", &own, "owner");
    let coordinator = app.person(&administrator, "coordinator@example.jp", &["coordinator"]);
    let hidden = |visibility: &str| {
        let mut body = firm("株式会社隠れ里");
        body["visibility"] = json!(visibility);
        registered(&app, &administrator, "organizations", body).0
    };
    // More hidden ones than are looked at, before the one that everybody sees.
    for _ in 0..25 {
        hidden("private");
    }
    let for_parties = hidden("parties");
    let alone = registered(&app, &coordinator, "organizations", firm("（有）隠れ里"));
    assert_eq!(ids(&alone.1), [&for_parties]);
    assert_eq!(ids(&registered(&app, &administrator, "organizations", firm("隠れ里")).1).len(), 5);
    let person = json!({ "name_ja": "隠 れ人", "visibility": "private" });
    let (secret, _) = registered(&app, &administrator, "people", person);
    let (_, alike) = registered(&app, &coordinator, "people", json!({ "name_ja": "隠れ人" }));
    assert!(alike.is_empty(), "{alike:?}");
    let mine = registered(&app, &administrator, "people", json!({ "name_ja": "隠れ人" }));
    assert!(ids(&mine.1).contains(&secret.as_str()));
    // Who may register nothing learns nothing.
    let refused = app.post_as(&owner, "/api/v1/organizations", firm("隠れ里"));
    assert!(refused.status == 403 || !refused.body.contains(&for_parties), "{}", refused.body);
}

#[test]
fn who_registers_a_person_hears_of_namesakes_at_the_same_place() {
    let app = TestApp::start();
    let (one, other) = (app.firm("最上大学"), app.firm("庄内大学"));
    let administrator = app.administrator();
    let made = |body: Value| registered(&app, &administrator, "people", body);
    let (first, _) = made(json!({ "name_ja": "最上 塗子", "name_en": "Mogami Nuriko", "affiliations": [one] }));
    assert_eq!(ids(&made(json!({ "name_ja": "最上塗子", "affiliations": [one] })).1), [&first]);
    assert!(made(json!({ "name_ja": "最上　塗子", "affiliations": [other] })).1.is_empty());
    let (_, alike) = made(json!({ "name_en": "Nuriko MOGAMI" }));
    assert_eq!(ids(&alike), [&first]);
    let (_, alike) = made(json!({ "name_en": "Nuriko Shonai" }));
    assert!(alike.is_empty());
    // People are not organisations: they are no suggestion to merge.
    assert!(app.get_as(&administrator, "/api/v1/duplicates").json()["items"].as_array().is_some_and(Vec::is_empty));
}

#[test]
fn a_preview_says_which_rows_look_like_what_is_there() {
    let app = TestApp::start();
    let there = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "株式会社山形精機", "municipality": "062014" }),
    );
    app.create("organizations", json!({ "organization_kind": "firm", "name_ja": "隠れ里", "visibility": "private" }));
    let administrator = app.administrator();
    let coordinator = app.person(&administrator, "coordinator@example.jp", &["coordinator"]);
    // With a number that nobody knows; in another spelling; twice in the file; hidden; nobody like it.
    let text = "法人番号,名称,市区町村\n8390002001000,山形精機（株）,062014\n,山形精機,\n,新庄工業,062014\n,株式会社新庄工業,062014\n,（株）隠れ里,\n";
    let bearer = coordinator.bearer();
    let headers = [("content-type", "application/octet-stream"), ("authorization", bearer.as_str())];
    let sent = app.post_bytes("/api/v1/imports?kind=organizations&format=csv", &headers, text.as_bytes());
    assert_eq!(sent.status, 202, "{}", sent.body);
    let path = format!("/api/v1/imports/{}", sent.json()["id"].as_str().expect("an id"));
    let mut found = Value::Null;
    let come = wait_until(PATIENCE, || {
        found = app.get_as(&coordinator, &path).json();
        found["state"] == "previewed"
    });
    assert!(come, "{found}");
    assert_eq!(found["preview"]["rows"]["created"], 5, "nothing is refused for it: {found}");
    let notes = found["preview"]["notes"].as_array().expect("notes");
    let alike = notes.iter().find(|note| note["code"] == "row.alike").expect("a note");
    assert_eq!(alike["rows"], 2, "{found}");
    let rows = app.get_as(&coordinator, &format!("{path}/rows?alike=true")).json();
    let rows = rows["items"].as_array().expect("rows");
    let told: Vec<(&Value, &Value)> = rows.iter().map(|row| (&row["row"], &row["alike"][0]["id"])).collect();
    assert_eq!(told, [(&json!(2), &json!(there)), (&json!(3), &json!(there))]);
    let all = app.get_as(&coordinator, &format!("{path}/rows")).body;
    assert!(!all.contains("\"name\":\"隠れ里\""), "{all}");
}
