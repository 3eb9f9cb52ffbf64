//! Searching, and the law of truth and index as a user meets it.

use crate::support::{TestApp, encoded};
use serde_json::json;

#[test]
fn a_write_is_found_by_a_search_that_asks_for_it() {
    let app = TestApp::start();
    let created = app.post(
        "/api/v1/organizations",
        json!({ "organization_kind": "firm", "name_ja": "株式会社最上アルミ", "name_kana": "モガミアルミ",
                "corporate_number": "8390002001000", "description_ja": "アルミ鋳物。\n有機ELの封止も行う。" }),
    );
    let token = created.header("musubi-sequence").expect("a sequence").to_owned();
    let id = created.json()["id"].as_str().expect("an id").to_owned();
    for query in
        ["最上アルミ", "モガミアルミ", "もがみあるみ", "8390002001000", "８３９０００２００１０００", "有機ＥＬ 封止"]
    {
        let answer = app.get(&format!("/api/v1/search?q={}&min_seq={token}", encoded(query))).json();
        assert_eq!(answer["hits"][0]["id"], id.as_str(), "{query}: {answer}");
        assert_eq!(answer["stale"], false);
        assert_eq!(answer["total"], json!({ "value": 1, "exact": true }));
    }
    let answer = app.get(&format!("/api/v1/search?q={}", encoded("封止"))).json();
    let highlight = &answer["hits"][0]["highlights"][0];
    assert_eq!(highlight["text"], "有機ELの封止も行う。");
    assert_eq!(highlight["spans"], json!([[5, 7]]));
    assert_eq!(highlight["start"], 7);
}

#[test]
fn filters_narrow_and_facets_count() {
    let app = TestApp::start();
    for (name, place, kind) in [("甲", "062014", "firm"), ("乙", "062022", "firm"), ("丙", "062014", "university")] {
        app.create(
            "organizations",
            json!({ "organization_kind": kind, "name_ja": format!("{name}研究"), "municipality": place,
                    "fields": ["energy"] }),
        );
    }
    app.settle();
    let answer = app.get("/api/v1/search?facet=municipality,organization_kind&municipality=062014").json();
    assert_eq!(answer["total"]["value"], 2);
    let yamagata = &answer["facets"]["municipality"][0];
    assert_eq!(yamagata["value"], "062014");
    assert_eq!(yamagata["label"], json!({ "ja": "山形市", "en": "Yamagata" }));
    assert_eq!(yamagata["chosen"], true);
    assert_eq!(app.found("municipality=060003").len(), 3);
    assert_eq!(app.found("organization_kind=university").len(), 1);
    assert_eq!(app.found("kind=capability").len(), 0);
    assert_eq!(app.found("field=energy&kind=organization").len(), 3);
    let nothing = app.get("/api/v1/search?q=%22abcdefgh%22&kind=seed").json();
    assert_eq!(nothing["hints"][0]["code"], "other_words", "no filter stands in the way");
    let nothing = app.get("/api/v1/search?q=&kind=seed").json();
    assert_eq!(nothing["hints"][0]["filter"], "kind");
}

#[test]
fn pages_of_a_search_join_without_gap_or_repeat() {
    let app = TestApp::start();
    for number in 0..23 {
        app.firm(&format!("検索精機{number}"));
    }
    app.settle();
    let mut seen = Vec::new();
    let mut path = format!("/api/v1/search?q={}&limit=5", encoded("検索精機"));
    loop {
        let page = app.get(&path);
        let body = page.json();
        seen.extend(body["hits"].as_array().expect("hits").iter().map(|hit| hit["id"].as_str().unwrap().to_owned()));
        let Some(link) = page.header("link") else { break };
        path = link[1..link.find('>').expect("an end")].to_owned();
    }
    assert_eq!(seen.len(), 23);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 23);
}

#[test]
fn what_is_hidden_or_deleted_is_gone_at_once_even_before_the_index_knows() {
    let app = TestApp::start();
    let deleted = app.firm("消える精機");
    let changed = app.firm("変わる精機");
    app.settle();
    app.app.feed.pause(true);
    let query = format!("q={}&facet=organization_kind", encoded("精機"));
    assert_eq!(app.found(&query).len(), 2);
    assert_eq!(app.delete(&format!("/api/v1/organizations/{deleted}"), &[("if-match", "\"1\"")]).status, 204);
    let answer = app.get(&format!("/api/v1/search?{query}")).json();
    assert_eq!(answer["total"]["value"], 1, "the count knows, too: {answer}");
    assert_eq!(answer["facets"]["organization_kind"][0]["count"], 1);
    let path = format!("/api/v1/organizations/{changed}");
    let written = app.patch(&path, "\"1\"", json!({ "name_ja": "別の名前" }));
    let token = written.header("musubi-sequence").expect("a sequence");
    assert!(app.found(&query).is_empty(), "a hit of an old version is not shown");
    let late = app.get(&format!("/api/v1/search?{query}&min_seq={token}")).json();
    assert_eq!(late["stale"], true);
    app.app.feed.pause(false);
    app.settle();
    assert_eq!(app.found(&format!("q={}", encoded("別の名前"))), [changed]);
}

#[test]
fn hostile_queries_are_answered_or_refused() {
    let app = TestApp::start();
    app.firm("普通の会社");
    app.settle();
    let parentheses = encoded(&"(".repeat(9_000));
    assert_eq!(app.get(&format!("/api/v1/search?q={parentheses}")).status, 400);
    let many: String = "a OR ".repeat(60);
    assert!([200, 400].contains(&app.get(&format!("/api/v1/search?q={}", encoded(&many))).status));
    for query in ["\"", "((", "-", "OR OR", "kind:", "a:b:c", "\\", "*", "%", "\u{0}", "'; DROP TABLE things; --"] {
        let answer = app.get(&format!("/api/v1/search?q={}", encoded(query)));
        assert!([200, 400].contains(&answer.status), "{query}: {}", answer.body);
    }
    assert_eq!(app.get("/api/v1/search?q=%ff%fe").status, 400);
    app.get("/api/v1/search?min_seq=latest").problem(400, "min-seq");
    app.get("/api/v1/search?kind=planet").problem(422, "invalid");
    app.get("/api/v1/search?facet=colour").problem(422, "invalid");
    app.get("/api/v1/search?after=00").problem(400, "cursor");
    assert_eq!(app.found("q=").len(), 1, "no words: everything");
}
