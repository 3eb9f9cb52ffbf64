//! What a need, a match and its file say of conditions: codes that do not exist, limits, what is counted as missing.

use crate::support::TestApp;
use serde_json::{Value, json};

fn need(owner: &str, lines: Value) -> Value {
    json!({ "owner": owner, "title_ja": "味噌の発酵の委託先", "summary_ja": "味噌の発酵を任せたい。", "lines": lines })
}

fn condition(field: &str, values: &[&str]) -> Value {
    json!({ "strength": "must", "condition": { "field": field, "operator": "any_of", "values": values } })
}

#[test]
fn a_condition_names_what_there_is() {
    let app = TestApp::start();
    let owner = app.create("organizations", json!({ "organization_kind": "firm", "name_ja": "味噌屋" }));
    let refused = |lines: Value| {
        let answer = app.post("/api/v1/needs", need(&owner, lines));
        assert_eq!(answer.status, 422, "{}", answer.body);
        let error = answer.json()["errors"][0].clone();
        let text = |at: &str| error.pointer(at).and_then(Value::as_str).unwrap_or("").to_owned();
        (text("/pointer"), text("/message/ja"), text("/message/en"))
    };
    for (field, values) in [
        ("prefecture", ["06", "99"]),
        ("prefecture", ["06", "00"]),
        ("field", ["nope-1", "nope"]),
        ("municipality", ["062014", "999997"]),
    ] {
        let (pointer, ja, en) = refused(json!([condition("employees", &[]), condition(field, &values)]));
        assert!(!pointer.is_empty() && !ja.is_empty() && !en.is_empty(), "{field}");
        let (pointer, ja, en) = refused(json!([condition(field, &values)]));
        let at = if field == "field" { 0 } else { 1 };
        let by_form = pointer == "/lines/0/condition";
        assert!(by_form || pointer == format!("/lines/0/condition/values/{at}"), "{field}: {pointer}");
        assert!(ja.contains(values[at]) && en.contains(values[at]), "{ja} {en}");
    }
    let (pointer, ja, en) = refused(json!([condition("organization_kind", &["company"])]));
    assert_eq!(pointer, "/lines/0/condition");
    assert!(ja.contains("firm, university") && en.contains("firm, university"), "{ja} {en}");
    let (_, ja, en) = refused(json!([condition("municipality", &["山形市"])]));
    assert!(ja.contains("山形市") && ja.contains("桁") && en.contains("digits"), "{ja} {en}");
    // What there is, is taken.
    let lines = json!([condition("prefecture", &["06"]), condition("municipality", &["062014", "060003"])]);
    let id = app.create("needs", need(&owner, lines));
    assert_eq!(app.get(&format!("/api/v1/needs/{id}")).status, 200);
}

#[test]
fn a_question_that_is_refused_says_nothing_of_saving() {
    let app = TestApp::start();
    for (path, body) in [
        ("/api/v1/match", json!({ "from": { "text": "発酵" }, "towards": "parties", "limit": 0 })),
        ("/api/v1/match", json!({ "from": { "text": "発酵" }, "towards": "parties", "limit": 101 })),
        (
            "/api/v1/match/coalition",
            json!({ "from": { "kind": "need", "id": "01900000-0000-7000-8000-000000000000" }, "limit": 0 }),
        ),
        (
            "/api/v1/similar",
            json!({ "from": { "kind": "need", "id": "01900000-0000-7000-8000-000000000000" }, "limit": 101 }),
        ),
    ] {
        let answer = app.post(path, body);
        assert_eq!(answer.status, 422, "{path}: {}", answer.body);
        let problem = answer.json();
        assert_eq!(problem["errors"][0]["pointer"], "/limit", "{path}: {problem}");
        assert!(!answer.body.contains("Nothing was saved") && !answer.body.contains("保存"), "{path}: {}", answer.body);
    }
    let code = json!({ "from": { "text": "発酵" }, "towards": "parties", "filters": { "prefecture": ["99"] } });
    let answer = app.post("/api/v1/match", code);
    assert!(answer.status == 422 && !answer.body.contains("47"), "{}", answer.body);
    // What would have saved says that it did not.
    let answer = app.post("/api/v1/needs", json!({}));
    assert!(answer.status == 422 && answer.body.contains("Nothing was saved"), "{}", answer.body);
}

#[test]
fn who_is_not_what_is_excluded_lacks_nothing() {
    let app = TestApp::start();
    let owner = app.create("organizations", json!({ "organization_kind": "firm", "name_ja": "味噌屋" }));
    let other = json!({ "organization_kind": "firm", "name_ja": "糀屋", "description_ja": "味噌の発酵を受託する。" });
    app.create("organizations", other);
    let exclude = json!({ "strength": "exclude", "text_ja": "大学",
        "condition": { "field": "organization_kind", "operator": "any_of", "values": ["university"] } });
    let id = app.create("needs", need(&owner, json!([exclude])));
    app.settle();
    let query = json!({ "from": { "kind": "need", "id": id }, "towards": "organizations" });
    let answer = app.post("/api/v1/match?format=csv", query);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let mut rows = answer.body.lines();
    let heads: Vec<&str> = rows.next().expect("a heading").split(',').collect();
    let cells: Vec<&str> = rows.next().expect("a row").split(',').collect();
    let cell = |name: &str| heads.iter().position(|head| head.contains(name)).map(|at| cells[at].trim_matches('"'));
    assert_eq!((cell("unmet"), cell("excluded")), (Some("0"), Some("0")), "{}", answer.body);
    assert!(answer.body.contains("除外「大学」該当しない"), "{}", answer.body);
}
