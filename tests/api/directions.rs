//! Matches in both directions: single things, what the other side asks for, purposes, fair exposure.

use crate::support::TestApp;
use musubi::api::matching;
use musubi::domain::Actor;
use serde_json::{Value, json};

fn results(app: &TestApp, body: Value) -> Vec<Value> {
    let answer = app.post("/api/v1/match", body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["results"].as_array().expect("results").clone()
}

fn thing<'a>(results: &'a [Value], id: &str) -> &'a Value {
    results.iter().find(|result| result["thing"]["id"] == id).expect("the thing is proposed")
}

fn party<'a>(results: &'a [Value], id: &str) -> &'a Value {
    results.iter().find(|result| result["party"]["id"] == id).expect("the party is proposed")
}

fn capability(app: &TestApp, owner: &str, name: &str, text: &str) -> String {
    app.create(
        "capabilities",
        json!({ "owner": owner, "capability_kind": "process", "name_ja": name, "description_ja": text }),
    )
}

#[test]
fn single_things_are_proposed_with_their_owner() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let sealer = app.firm("最上シール");
    let sealing = capability(&app, &sealer, "有機太陽電池の封止", "有機太陽電池を水蒸気から守る封止を行う。");
    let seed = app.create(
        "seeds",
        json!({ "owner": sealer, "title_ja": "有機太陽電池の封止膜", "readiness": 5,
                "summary_ja": "水蒸気を通さない封止膜の研究。", "partner_sought_ja": "フィルムに塗布できる会社" }),
    );
    capability(&app, &sealer, "食パンの焼成", "国産小麦を使う。");
    let need = app.create(
        "needs",
        json!({ "owner": seeker, "title_ja": "有機太陽電池の封止", "purposes": ["joint_research"],
                "lines": [{ "strength": "must", "text_ja": "有機太陽電池の封止ができること" }] }),
    );
    app.settle();
    let found = results(&app, json!({ "from": { "kind": "need", "id": need }, "towards": "capabilities" }));
    let sealing = thing(&found, &sealing);
    assert_eq!(sealing["thing"]["kind"], "capability");
    assert_eq!(sealing["party"]["id"], sealer.as_str());
    assert_eq!(sealing["lines"][0]["verdict"], "met");
    assert!(sealing["parts"]["text"].as_f64().expect("a part") > 0.9);
    assert!(!sealing["evidence"].as_array().expect("evidence").is_empty());

    let found = results(&app, json!({ "from": { "kind": "need", "id": need }, "towards": "seeds" }));
    let seed = thing(&found, &seed);
    assert_eq!((seed["thing"]["kind"].as_str(), seed["parts"]["stage"].as_f64()), (Some("seed"), Some(1.0)));

    // The same question with another purpose: level 5 is far from supply.
    let supply =
        results(&app, json!({ "from": { "kind": "need", "id": need }, "towards": "seeds", "purpose": "supply" }));
    assert!(supply[0]["parts"]["stage"].as_f64().expect("a part") < 1.0);
    assert!(supply[0]["score"].as_f64() < seed["score"].as_f64());

    // From what one can do to who asks for it: the need's own lines, as one stands with them oneself.
    let found = results(&app, json!({ "from": { "kind": "organization", "id": sealer }, "towards": "needs" }));
    let asked = thing(&found, &need);
    assert_eq!(
        (asked["lines"][0]["verdict"].as_str(), asked["lines"][0]["requirement"].as_str()),
        (Some("met"), Some("must"))
    );
    assert!(asked["reverse_score"].as_f64().expect("a number") > 0.5, "{asked}");
}

#[test]
fn swapping_the_sides_changes_what_should_change() {
    let app = TestApp::start();
    let maker = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "作る会社", "fields": ["organic_electronics", "materials"],
                "description_ja": "有機太陽電池の封止と評価を行う。", "municipality": "062014", "employees": 30 }),
    );
    let asker = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "頼む会社", "fields": ["organic_electronics"],
                "description_ja": "有機太陽電池を企画する。", "municipality": "062014", "employees": 30 }),
    );
    app.create("needs", json!({ "owner": asker, "title_ja": "有機太陽電池の封止と評価" }));
    app.settle();
    let of = |from: &str, to: &str| {
        let found = results(
            &app,
            json!({ "from": { "kind": "organization", "id": from }, "towards": "organizations", "purpose": "joint_order" }),
        );
        party(&found, to).clone()
    };
    let (towards_asker, towards_maker) = (of(&maker, &asker), of(&asker, &maker));
    // The maker answers what the asker asks for; the maker asks for nothing.
    assert!(towards_asker["reverse_score"].as_f64().expect("a number") > 0.5, "{towards_asker}");
    assert!(towards_maker["reverse_score"].is_null(), "{towards_maker}");
    // What the other adds depends on the side; how near they are does not.
    assert_eq!(towards_maker["parts"]["complementarity"], 0.5);
    assert_eq!(towards_asker["parts"]["complementarity"], 0.0);
    for name in ["place", "size"] {
        assert_eq!(towards_maker["parts"][name], towards_asker["parts"][name], "{name}");
    }
    for proposal in [&towards_asker, &towards_maker] {
        for (name, value) in proposal["parts"].as_object().expect("parts") {
            let value = value.as_f64().expect("a number");
            assert!((0.0..=1.0).contains(&value), "{name} {value}");
        }
    }
}

#[test]
fn who_is_little_known_gains_a_little_and_no_more() {
    let app = TestApp::start();
    let known = app.firm("知られた会社");
    let quiet = app.firm("静かな会社");
    for owner in [&known, &quiet] {
        capability(&app, owner, "精密研磨", "光学部品の精密研磨を行う。");
    }
    for year in 2020..2024 {
        app.create(
            "records",
            json!({ "title_ja": format!("祭りの提灯の寄贈 {year}"), "members": [{ "party": known }], "happened_on": year.to_string() }),
        );
    }
    app.settle();
    let found = results(&app, json!({ "from": { "text": "光学部品の精密研磨" }, "towards": "organizations" }));
    let exposure = |id: &str| party(&found, id)["parts"]["exposure"].as_f64().expect("a part");
    assert!(exposure(&quiet) > exposure(&known));
    let score = |id: &str| party(&found, id)["score"].as_f64().expect("a score");
    assert!(score(&known) / score(&quiet) < 1.5 && score(&quiet) / score(&known) < 1.5);
}

#[test]
fn an_anonymous_need_is_proposed_without_its_owner_and_hidden_asks_do_not_count() {
    let app = TestApp::start();
    let asker = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "名乗らない会社", "municipality": "062014", "employees": 20 }),
    );
    let maker = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "作る会社", "municipality": "062014", "employees": 20 }),
    );
    capability(&app, &maker, "歯車の研削", "小さな歯車の研削を行う。");
    capability(&app, &asker, "歯車の組立", "歯車を組み立てる。");
    let need = app.create(
        "needs",
        json!({ "owner": asker, "title_ja": "歯車の研削", "anonymous": true,
                "lines": [{ "strength": "must", "text_ja": "歯車の研削ができること" }] }),
    );
    app.settle();
    let ask = |body: Value| {
        let query = serde_json::from_value(body).expect("a query");
        serde_json::to_value(matching::answer(&app.app, &Actor::Visitor, query).expect("an answer")).expect("JSON")
    };
    let towards_needs = || ask(json!({ "from": { "kind": "organization", "id": maker }, "towards": "needs" }));
    let towards_parties =
        || ask(json!({ "from": { "kind": "organization", "id": maker }, "towards": "organizations" }));
    let found = towards_needs();
    let anonymous = thing(found["results"].as_array().expect("results"), &need).clone();
    assert!(
        anonymous["party"].is_null() && anonymous["parts"]["place"].is_null() && anonymous["parts"]["size"].is_null()
    );
    assert_eq!(anonymous["lines"][0]["verdict"], "met");
    assert!(!found.to_string().contains(&asker));
    // A filter by place would tell where the owner is.
    let near = ask(json!({ "from": { "kind": "organization", "id": maker }, "towards": "needs",
                           "filters": { "municipality": ["062014"] } }));
    assert_eq!(near["results"], json!([]));
    // What it asks anonymously is not held to its name.
    let parties = towards_parties();
    assert!(party(parties["results"].as_array().expect("results"), &asker)["reverse_score"].is_null());

    let before = (towards_needs(), towards_parties());
    for visibility in ["private", "members", "parties"] {
        app.create(
            "needs",
            json!({ "owner": asker, "title_ja": "カナリアの歯車の研削", "visibility": visibility,
                    "lines": [{ "strength": "must", "text_ja": "カナリアの研削" }] }),
        );
        app.create(
            "seeds",
            json!({ "owner": asker, "title_ja": "カナリアの歯車", "partner_sought_ja": "歯車の研削", "visibility": visibility }),
        );
        app.create(
            "capabilities",
            json!({ "owner": maker, "capability_kind": "process", "name_ja": "カナリアの研削", "visibility": visibility,
                    "readiness": 9, "fields": ["materials"] }),
        );
    }
    app.settle();
    assert_eq!(before, (towards_needs(), towards_parties()));
}
