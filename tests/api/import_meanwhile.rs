//! What others do between the preview of an import and its commit, and between the commit and its undo.

use crate::imports::{self, path, step, wait};
use crate::support::TestApp;
use serde_json::{Value, json};

fn send(app: &TestApp, query: &str, text: &str) -> Value {
    wait(app, &imports::send(app, &format!("format=csv&{query}"), text.as_bytes()), "previewed")
}

#[test]
fn what_others_wrote_after_the_preview_is_not_overwritten() {
    let app = TestApp::start();
    let firm = |name: &str, number: Option<&str>| {
        let body = json!({ "organization_kind": "firm", "name_ja": name, "corporate_number": number, "employees": 1 });
        app.create("organizations", body)
    };
    let (edited, left) = (firm("甲社", Some("8390002001000")), firm("乙社", None));
    let text = "法人番号,名称,従業員数\n8390002001000,甲社,30\n,乙社,12\n2010001000005,丙社,7\n,丁社,8\n";
    let import = send(&app, "kind=organizations", text);
    assert_eq!(import["preview"]["rows"], json!({ "created": 2, "updated": 2, "unchanged": 0, "refused": 0 }));
    assert_eq!(import["preview"]["seen"], Value::Null, "for the commit alone");

    // One was there and is changed; another is registered by hand.
    let at = format!("/api/v1/organizations/{edited}");
    assert_eq!(app.patch(&at, "\"1\"", json!({ "employees": 31 })).status, 200);
    let by_hand = firm("丙社", Some("2010001000005"));
    let done = step(&app, &import, "commit", "committed");
    assert_eq!(done["result"]["rows"], json!({ "created": 1, "updated": 1, "unchanged": 0, "refused": 2 }), "{done}");
    assert_eq!(done["result"]["groups"][0]["code"], "row.changed_since", "{done}");
    let employees = |id: &str| app.get(&format!("/api/v1/organizations/{id}")).json()["employees"].clone();
    assert_eq!([employees(&edited), employees(&left), employees(&by_hand)], [json!(31), json!(12), json!(1)]);
    let rejected = app.get(&path(&import, "/rejected.csv")).body;
    assert!(rejected.contains("8390002001000,甲社,30,2,") && rejected.contains("プレビュー"), "{rejected}");
    assert!(!rejected.contains("乙社"), "{rejected}");

    // A new preview has seen it.
    let again = send(&app, "kind=organizations", text);
    assert_eq!(again["preview"]["rows"], json!({ "created": 0, "updated": 2, "unchanged": 2, "refused": 0 }));
    let done = step(&app, &again, "commit", "committed");
    assert_eq!(done["result"]["rows"], json!({ "created": 0, "updated": 2, "unchanged": 2, "refused": 0 }), "{done}");
    assert_eq!(employees(&edited), 30);
}

#[test]
fn what_was_merged_is_kept_and_named_and_goes_when_it_is_parted_again() {
    let app = TestApp::start();
    let stays = app.create("organizations", json!({ "organization_kind": "firm", "name_ja": "残る会社" }));
    let import = send(&app, "kind=organizations", "名称,概要\n来た会社,来ました\n別の会社,別です\n");
    step(&app, &import, "commit", "committed");
    let items = app.get("/api/v1/organizations").json()["items"].as_array().expect("items").clone();
    let came = items.iter().find(|item| item["name_ja"] == "来た会社").expect("a firm");
    let came = came["id"].as_str().expect("an id").to_owned();
    let to_merge = format!("/api/v1/organizations/{came}/merge");
    let merged = app.post_with(&to_merge, &[("if-match", "\"1\"")], json!({ "into": stays }));
    assert_eq!(merged.status, 200, "{}", merged.body);

    let undone = step(&app, &import, "undo", "undone")["undone"].clone();
    assert_eq!((&undone["deleted"], &undone["kept_count"]), (&json!(1), &json!(1)), "{undone}");
    let kept = &undone["kept"][0];
    assert_eq!((&kept["reason"], &kept["id"], &kept["name"]), (&json!("merged"), &json!(came), &json!("来た会社")));
    assert_eq!(kept["into"], json!({ "id": stays, "name": "残る会社" }), "{undone}");
    let again = step(&app, &import, "undo", "undone")["undone"].clone();
    assert_eq!((&again["deleted"], &again["kept_count"]), (&json!(1), &json!(1)), "{again}");

    assert_eq!(app.post(&format!("/api/v1/organizations/{came}/unmerge"), json!({})).status, 200);
    let last = step(&app, &import, "undo", "undone")["undone"].clone();
    assert_eq!((&last["deleted"], &last["kept_count"]), (&json!(2), &json!(0)), "{last}");
    assert_eq!(app.get(&format!("/api/v1/organizations/{came}")).status, 404);
    let names = app.get("/api/v1/organizations").json();
    assert_eq!(names["items"].as_array().map(Vec::len), Some(1), "{names}");
}
