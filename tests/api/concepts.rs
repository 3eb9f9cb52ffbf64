//! The concept tree: who edits it, what is refused, and that search follows.

use crate::support::{TestApp, encoded};
use serde_json::json;

const CONCEPTS: &str = "/api/v1/concepts";

#[test]
fn a_concept_joins_both_languages_and_an_edit_reaches_search() {
    let app = TestApp::start();
    app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "最上発光", "description_ja": "有機発光ダイオードの照明。" }),
    );
    app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "庄内さくさく", "description_ja": "さくさく揚げの量産。" }),
    );
    app.settle();
    let found = |query: &str| -> Vec<String> {
        let answer = app.get(&format!("/api/v1/search?q={}", encoded(query))).json();
        let hits = answer["hits"].as_array().expect("hits").clone();
        hits.iter().map(|hit| hit["title"]["ja"].as_str().unwrap_or("").to_owned()).collect()
    };
    for query in ["OLED", "organic light emitting diode", "有機EL", "oleds kind:organization"] {
        assert_eq!(found(query), ["最上発光"], "{query}");
    }
    // Where it stands is shown, although no word is the same.
    let answer = app.get("/api/v1/search?q=OLED").json();
    assert_eq!(answer["hits"][0]["highlights"][0]["text"], "有機発光ダイオードの照明。");
    assert_eq!(answer["hits"][0]["highlights"][0]["spans"], json!([[0, 9]]));
    // What is excluded is excluded by its words.
    assert_eq!(found("照明 -OLED"), ["最上発光"]);

    assert!(found("crunchies").is_empty());
    let body = json!({ "code": "crispy", "parent": "food", "name_ja": "さくさく揚げ", "name_en": "crunchies" });
    let created = app.post(CONCEPTS, body.clone());
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!(created.header("location"), Some("/api/v1/concepts/crispy"));
    app.settle();
    assert_eq!(found("crunchies"), ["庄内さくさく"]);
    assert!(found("foodstuffs").contains(&"庄内さくさく".to_owned()), "a wider concept finds what is narrower");
    app.post(CONCEPTS, body).problem(409, "concept-exists");

    let path = format!("{CONCEPTS}/crispy");
    app.patch(&path, "\"9\"", json!({ "name_en": "x" })).problem(412, "stale");
    let changed = app.patch(&path, "\"1\"", json!({ "name_en": "krispies", "synonyms_ja": ["さく揚げ", "さく揚げ"] }));
    assert_eq!((changed.status, changed.json()["version"].clone()), (200, json!(2)), "{}", changed.body);
    assert_eq!(changed.json()["synonyms_ja"], json!(["さく揚げ"]));
    app.settle();
    assert!(found("crunchies").is_empty());
    assert_eq!(found("krispies"), ["庄内さくさく"]);

    assert_eq!(app.delete(&path, &[("if-match", "\"2\"")]).status, 204);
    app.get(&path).problem(404, "not-found");
    app.settle();
    assert!(found("krispies").is_empty());
    let audit = app.get("/api/v1/audit?kind=concept").json();
    let actions: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["delete", "update", "create"]);
}

#[test]
fn what_would_break_the_tree_is_refused() {
    let app = TestApp::start();
    let new = |code: &str, parent: Option<&str>| json!({ "code": code, "parent": parent, "name_en": code });
    assert_eq!(app.post(CONCEPTS, new("upper", None)).status, 201);
    assert_eq!(app.post(CONCEPTS, new("lower", Some("upper"))).status, 201);
    let version = |code: &str| app.get(&format!("{CONCEPTS}/{code}")).header("etag").expect("an etag").to_owned();
    for (path, body) in [
        (format!("{CONCEPTS}/upper"), json!({ "parent": "lower" })),
        (format!("{CONCEPTS}/upper"), json!({ "parent": "upper" })),
        (format!("{CONCEPTS}/lower"), json!({ "parent": "nowhere" })),
        (format!("{CONCEPTS}/lower"), json!({ "name_en": null })),
        (format!("{CONCEPTS}/lower"), json!({ "code": "other" })),
        (format!("{CONCEPTS}/lower"), json!({ "synonyms_en": ["x".repeat(101)] })),
        (format!("{CONCEPTS}/lower"), json!({ "synonyms_en": vec!["x"; 51] })),
    ] {
        let code = path.rsplit('/').next().unwrap_or("");
        app.patch(&path, &version(code), body).problem(422, "invalid");
    }
    app.post(CONCEPTS, json!({ "code": "Not a code!", "name_en": "x" })).problem(422, "invalid");
    app.post(CONCEPTS, json!({ "code": "nameless" })).problem(422, "invalid");
    app.delete(&format!("{CONCEPTS}/upper"), &[("if-match", "\"1\"")]).problem(409, "concept-has-narrower");
    app.delete(&format!("{CONCEPTS}/upper"), &[]).problem(428, "precondition-required");
    app.get(&format!("{CONCEPTS}/%00")).problem(404, "not-found");
}

#[test]
fn anyone_reads_and_only_administrators_write() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let member = app.member(&administrator, "owner@example.jp", &firm, "owner");
    let mut after = String::new();
    let mut codes: Vec<String> = Vec::new();
    loop {
        let page = app.get(&format!("{CONCEPTS}?limit=100{after}"));
        assert_eq!(page.status, 200, "{}", page.body);
        let page = page.json();
        codes.extend(page["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert!(codes.len() >= 1_000 && codes.is_sorted(), "{}", codes.len());
    let below = app.get(&format!("{CONCEPTS}?parent=organic_electronics&limit=100")).json();
    assert!(below["items"].as_array().unwrap().iter().any(|item| item["code"] == "organic_el"));
    let body = json!({ "code": "mine", "name_en": "mine" });
    app.post_as(&member, CONCEPTS, body.clone()).problem(403, "forbidden");
    app.patch_as(&member, &format!("{CONCEPTS}/organic_el"), 1, json!({ "name_en": "x" })).problem(403, "forbidden");
    app.get_as(&member, &format!("{CONCEPTS}/nothing")).problem(404, "not-found");
    assert_eq!(app.post_as(&administrator, CONCEPTS, body).status, 201);
}
