//! Values that can be written and cannot be: an organisation that carries itself on, a name that nobody can see.

use crate::support::TestApp;
use serde_json::json;

#[test]
fn nobody_is_carried_on_by_itself() {
    let app = TestApp::start();
    let (one, two, three) = (app.firm("甲"), app.firm("乙"), app.firm("丙"));
    let successor = |id: &str, of: &str, version: i64| {
        app.patch(&format!("/api/v1/organizations/{id}"), &format!("\"{version}\""), json!({ "successor": of }))
    };
    let refused = |response: crate::support::Response| {
        let problem = response.problem(422, "invalid");
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!("/successor"), &json!("successor.circle"))
        );
    };
    refused(successor(&one, &one, 1));
    assert_eq!(successor(&one, &two, 1).status, 200);
    refused(successor(&two, &one, 1));
    assert_eq!(successor(&two, &three, 1).status, 200);
    refused(successor(&three, &one, 1));
    // Another field of one that has a successor.
    let path = format!("/api/v1/organizations/{one}");
    assert_eq!(app.patch(&path, "\"2\"", json!({ "employees": 3 })).status, 200);
}

#[test]
fn a_name_can_be_seen_and_a_foundation_lies_behind() {
    let app = TestApp::start();
    let refused = |body: serde_json::Value, pointer: &str, code: &str| {
        let problem = app.post("/api/v1/organizations", body).problem(422, "invalid");
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!(pointer), &json!(code)),
            "{problem}"
        );
    };
    let named = |name: &str| json!({ "organization_kind": "firm", "name_ja": name });
    refused(named("\u{200b}\u{2060}"), "/name_ja", "text.invisible");
    refused(named("\u{202e}\u{200b}"), "/name_ja", "text.direction");
    refused(named("最上\u{202e}電子\u{202c}"), "/name_ja", "text.direction");
    let aliases = json!({ "organization_kind": "firm", "name_ja": "甲", "aliases": ["乙", "\u{2067}丙"] });
    refused(aliases, "/aliases/1", "text.direction");
    let founded = |on: &str| json!({ "organization_kind": "firm", "name_ja": "甲", "founded": on });
    refused(founded("2026-04-02"), "/founded", "date.future");
    refused(founded("2027"), "/founded", "date.future");
    refused(founded("昭和64年1月8日"), "/founded", "date.era");
    for fine in ["2026-04-01", "2026", "令和8年4月1日", "明治元年"] {
        assert_eq!(app.post("/api/v1/organizations", founded(fine)).status, 201, "{fine}");
    }
    // A need says where its partner stands in either form.
    let owner = app.firm("甲");
    for written in [json!("06"), json!("060003"), json!(6)] {
        let line = json!({ "strength": "must", "condition": { "field": "prefecture", "operator": "any_of", "values": [written] } });
        let need = app.create("needs", json!({ "owner": owner, "title_ja": "求む", "lines": [line] }));
        let shown = app.get(&format!("/api/v1/needs/{need}")).json();
        assert_eq!(shown["lines"][0]["condition"]["values"], json!(["06"]));
    }
}
