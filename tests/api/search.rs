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
    let regions = app.get("/api/v1/search?facet=region&region=06-okitama").json();
    let shown = |at: usize| {
        let value = &regions["facets"]["region"][at];
        (value["value"].clone(), value["label"]["ja"].clone(), value["count"].clone(), value["chosen"].clone())
    };
    assert_eq!(shown(0), (json!("06-murayama"), json!("村山地域"), json!(2), json!(false)));
    assert_eq!(shown(1), (json!("06-okitama"), json!("置賜地域"), json!(1), json!(true)));
    assert_eq!(app.found(&format!("q={}", encoded("地域:村山"))).len(), 2);
    assert_eq!(app.get("/api/v1/search?region=06-nowhere").status, 422);
    assert_eq!(app.found("organization_kind=university").len(), 1);
    assert_eq!(app.found("kind=capability").len(), 0);
    assert_eq!(app.found("field=energy&kind=organization").len(), 3);
    let nothing = app.get("/api/v1/search?q=%22abcdefgh%22&kind=seed").json();
    assert_eq!(nothing["hints"][0]["code"], "other_words", "no filter stands in the way");
    let nothing = app.get("/api/v1/search?q=&kind=seed").json();
    assert_eq!(nothing["hints"][0]["filter"], "kind");
    // Neither of the two alone: both of them.
    let nothing = app.get("/api/v1/search?q=&kind=organization&field=food&municipality=062031").json();
    assert_eq!(
        (&nothing["hints"][0]["filter"], &nothing["hints"][0]["count"]),
        (&json!("municipality, field"), &json!(3))
    );
    let nobody = app.post("/api/v1/match", json!({ "from": { "text": "qzx" }, "towards": "parties" })).json();
    assert_eq!((&nobody["results"], &nobody["hints"][0]["code"]), (&json!([]), &json!("more_words")));
}

#[test]
fn certificates_count_once_and_are_known_as_people_write_them() {
    let app = TestApp::start();
    let owner = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "認証精機", "certificates": ["iso9001"] }),
    );
    app.create(
        "capabilities",
        json!({ "owner": owner, "capability_kind": "technology", "name_ja": "認証つき研削", "certificates": ["iso9001"] }),
    );
    app.settle();
    let answer = app.get("/api/v1/search?q=&facet=certificate").json();
    let counted = &answer["facets"]["certificate"][0];
    assert_eq!(
        (&counted["value"], &counted["count"], &counted["label"]["ja"]),
        (&json!("iso9001"), &json!(2), &json!("ISO 9001"))
    );
    for written in ["ISO 9001", "ISO9001", "iso-9001", "ＩＳＯ ９００１：２０１５"] {
        assert_eq!(app.found(&format!("certificate={}", encoded(written))).len(), 2, "{written}");
        assert_eq!(app.found(&format!("q={}", encoded(&format!("認証:\"{written}\"")))).len(), 2, "{written}");
    }
}

#[test]
fn what_must_not_be_there_is_said_with_any_minus_and_what_does_not_exist_is_refused() {
    let app = TestApp::start();
    app.firm("塗布蒸着工業");
    let wanted = app.firm("塗布工業");
    app.settle();
    for minus in ["-", "－", "−", "ー"] {
        let found = app.found(&format!("q={}", encoded(&format!("塗布　{minus}蒸着"))));
        assert_eq!(found, std::slice::from_ref(&wanted), "{minus}");
    }
    for (query, pointer) in
        [("readiness=12", "/readiness"), ("size_band=x", "/size_band"), ("sdg=18", "/sdg"), ("purpose=x", "/purpose")]
    {
        let problem = app.get(&format!("/api/v1/search?{query}"));
        assert_eq!(problem.status, 422, "{query}: {}", problem.body);
        assert_eq!(problem.json()["errors"][0]["pointer"], pointer, "{query}");
    }
    let facets =
        "kind,freshness,organization_kind,municipality,prefecture,field,purpose,sdg,size_band,industry,readiness";
    let many = app.get(&format!("/api/v1/search?facet={facets}"));
    assert!(many.status == 422 && many.body.contains("10"), "{}", many.body);
}

#[test]
fn old_characters_and_long_vowels_find_the_same() {
    let app = TestApp::start();
    let firms = [app.firm("上山繊維工業"), app.firm("最上溶接"), app.firm("Kessho Seal")];
    app.settle();
    for (typed, at) in [("纖維", 0), ("熔接", 1), ("Kesshō", 2), ("KESSHŌ seal", 2)] {
        assert_eq!(app.found(&format!("q={}", encoded(typed))), [firms[at].clone()], "{typed}");
    }
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
