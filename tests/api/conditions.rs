//! What stands before and behind a colon in a query: names of parties, ranges, what lacks its value.

use crate::support::{TestApp, encoded};
use serde_json::json;

fn refused(app: &TestApp, query: &str) -> (String, String) {
    let problem = app.get(&format!("/api/v1/search?q={}", encoded(query)));
    assert_eq!(problem.status, 400, "{query}: {}", problem.body);
    let message = problem.json()["message"].clone();
    (message["ja"].as_str().expect("Japanese").to_owned(), message["en"].as_str().expect("English").to_owned())
}

#[test]
fn a_range_the_wrong_way_round_and_a_condition_without_a_value_are_told_with_their_place() {
    let app = TestApp::start();
    for query in
        ["封止 date:2026..2024", "封止 日付:令和8年..令和6年", "封止 TRL:9..3", "封止 更新:>=2026..x", "封止 SDGs:>17"]
    {
        let (ja, en) = refused(&app, query);
        assert!(ja.contains("4文字目") && en.contains("at character 4"), "{query}: {ja} {en}");
    }
    for query in ["封止 種別:", "封止 kind:\"\"", "封止 (市町村: OR x)", "-所有:", "分野: 食品", "TRL:,"]
    {
        let (ja, en) = refused(&app, query);
        assert!(ja.contains("値がありません") && en.contains("has no value"), "{query}: {ja} {en}");
    }
}

#[test]
fn an_owner_is_known_by_name() {
    let app = TestApp::start();
    let firm = |ja: &str, kana: &str, en: &str| {
        let body = json!({ "organization_kind": "firm", "name_ja": ja, "name_kana": kana, "name_en": en });
        app.create("organizations", body)
    };
    let own = |owner: &str, name: &str| {
        app.create("capabilities", json!({ "owner": owner, "capability_kind": "technology", "name_ja": name }))
    };
    let mogami = firm("株式会社最上精機", "モガミセイキ", "Mogami Seiki Co., Ltd.");
    let works = firm("最上精機販売有限会社", "モガミセイキハンバイ", "Mogami Seiki Sales");
    let odd = firm("百%_\\工房", "ヒャクコウボウ", "100% Studio");
    let person = app.create("people", json!({ "name_ja": "山田 太郎", "name_en": "YAMADA Taro" }));
    let (one, two) = (own(&mogami, "研削"), own(&works, "卸売"));
    let (three, four) = (own(&person, "測定"), own(&odd, "彫刻"));
    app.settle();
    let found = |query: &str| {
        let mut found = app.found(&format!("kind=capability&q={}", encoded(query)));
        found.sort();
        found
    };
    for name in [
        "株式会社最上精機",
        "（株）最上精機",
        "最上精機",
        "もがみせいき",
        "\"Mogami Seiki Co., Ltd.\"",
        "\"mogami seiki\"",
        &mogami,
    ] {
        assert_eq!(found(&format!("所有:{name}")), std::slice::from_ref(&one), "{name}");
    }
    assert_eq!(found("owner:最上精機販売"), std::slice::from_ref(&two));
    assert_eq!(found("owner:\"山田 太郎\""), std::slice::from_ref(&three));
    assert_eq!(found("owner:山田太郎"), std::slice::from_ref(&three));
    assert_eq!(found("owner:百%_"), std::slice::from_ref(&four));
    assert_eq!(found("owner:最上精機,山田太郎"), {
        let mut both = [one.clone(), three.clone()];
        both.sort();
        both
    });
    assert_eq!(found("-owner:最上精機").len(), 3);
    let (ja, en) = refused(&app, "研削 所有:最上");
    assert!(ja.contains("複数") && ja.contains("最上精機販売有限会社") && en.contains("several"), "{ja} {en}");
    for nobody in ["owner:どこにもない", "owner:百工", "owner:___", "owner:・"] {
        let (ja, en) = refused(&app, nobody);
        assert!(ja.contains("見つかりません") && en.contains("no party"), "{nobody}: {ja} {en}");
    }
}

#[test]
fn the_name_of_a_hidden_party_is_no_name() {
    let app = TestApp::start();
    let admin = app.administrator();
    let body = |visibility: &str, name: &str| json!({ "organization_kind": "firm", "name_ja": name, "visibility": visibility });
    app.made(&admin, "organizations", body("private", "秘密精機"));
    let shown = app.made(&admin, "organizations", body("members", "仲間精機"));
    app.settle();
    let (hidden, _) = refused(&app, "所有:秘密精機");
    let (absent, _) = refused(&app, "所有:不明精機");
    assert_eq!(hidden.replace("秘密", "不明"), absent);
    // Kept searches mean the party by its id, whoever reads them.
    let kept = app.post_as(
        &admin,
        "/api/v1/me/saved-searches",
        json!({ "name": "仲間", "query": { "q": "研削 所有:仲間精機", "region": "06-shonai" } }),
    );
    assert_eq!(kept.status, 201, "{}", kept.body);
    let id = shown.rsplit('/').next().expect("an id");
    assert_eq!(kept.json()["query"], json!({ "q": format!("研削 owner:{id}"), "region": "06-shonai" }));
    let refused =
        app.post_as(&admin, "/api/v1/me/saved-searches", json!({ "name": "だれ", "query": { "q": "所有:だれも" } }));
    assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &json!("/query/q")));
}
