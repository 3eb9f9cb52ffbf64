//! The lines of a need in a match: met, unmet, unknown, with what shows it.

use crate::support::TestApp;
use musubi::api::matching;
use musubi::domain::Actor;
use serde_json::{Value, json};

fn capability(app: &TestApp, owner: &str, name: &str, text: &str) -> String {
    app.create(
        "capabilities",
        json!({ "owner": owner, "capability_kind": "process", "name_ja": name, "description_ja": text }),
    )
}

fn matched(app: &TestApp, need: &str) -> Vec<Value> {
    let answer =
        app.post("/api/v1/match", json!({ "from": { "kind": "need", "id": need }, "towards": "organizations" }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["results"].as_array().expect("results").clone()
}

fn of<'a>(results: &'a [Value], id: &str) -> &'a Value {
    results.iter().find(|result| result["party"]["id"] == id).expect("proposed")
}

fn verdicts(result: &Value) -> Vec<&str> {
    let lines = result["lines"].as_array().expect("lines");
    lines.iter().map(|line| line["verdict"].as_str().expect("a verdict")).collect()
}

#[test]
fn every_line_comes_back_with_the_sentence_that_shows_it() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let sealer = app.firm("最上シール");
    let cutter = app.firm("置賜切削");
    let sealing = capability(&app, &sealer, "有機ELの薄膜封止", "創業は古い。フィルムへの塗布は幅200mmまで。");
    capability(&app, &cutter, "有機EL部材の切削", "切削を行っており、有機ELの封止は行っていません。");
    let need = app.create(
        "needs",
        json!({
            "owner": seeker, "title_ja": "有機ELの封止とフィルム塗布",
            "lines": [
                { "strength": "must", "text_ja": "有機ELの封止ができること" },
                { "strength": "should", "text_ja": "幅300mm以上のフィルムに塗布できる" },
                { "strength": "should", "text_en": "ISO 14001 certified" },
            ],
        }),
    );
    app.settle();
    let results = matched(&app, &need);
    let first = of(&results, &sealer);
    assert_eq!(verdicts(first), ["met", "unmet", "unknown"]);
    let met = &first["lines"][0];
    assert_eq!((met["index"].as_u64(), met["requirement"].as_str()), (Some(0), Some("must")));
    assert_eq!(met["evidence"]["id"], sealing.as_str());
    assert_eq!((met["evidence"]["field"].as_str(), met["evidence"]["lang"].as_str()), (Some("name"), Some("ja")));
    assert!(met["strength"].as_f64().expect("a number") > 0.5 && met["would_fit"].is_null());
    let unmet = &first["lines"][1];
    assert_eq!(unmet["evidence"]["text"], "フィルムへの塗布は幅200mmまで。");
    assert_eq!((unmet["evidence"]["start"].as_u64(), unmet["evidence"]["end"].as_u64()), (Some(6), Some(24)));
    assert!(unmet["would_fit"]["ja"].as_str().expect("a sentence").contains("300mm以上"), "{unmet}");
    let unknown = &first["lines"][2];
    assert!(unknown["evidence"].is_null() && unknown["strength"] == 0.0, "{unknown}");
    assert!(unknown["would_fit"]["en"].as_str().expect("a sentence").contains("ISO 14001"));
    // Nothing speaks of it, and only an unknown line has something that merely comes near.
    assert!([met, unmet, unknown].iter().all(|line| line["closest"].is_null()), "{first}");

    let second = of(&results, &cutter);
    assert_eq!(verdicts(second)[0], "unmet");
    assert_eq!(second["lines"][0]["evidence"]["text"], "切削を行っており、有機ELの封止は行っていません。");
    let place = |id: &str| results.iter().position(|result| result["party"]["id"] == id).expect("proposed");
    assert!(place(&sealer) < place(&cutter), "who meets the must comes first");

    let text = app.post("/api/v1/match", json!({ "from": { "text": "有機ELの封止" }, "towards": "organizations" }));
    assert!(text.json()["results"].as_array().expect("results").iter().all(|result| result["lines"] == json!([])));
}

#[test]
fn conditions_filter_and_say_what_is_not_stated() {
    let app = TestApp::start();
    let firm = |name: &str, more: Value| {
        let mut body = json!({ "organization_kind": "firm", "name_ja": name });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let id = app.create("organizations", body);
        capability(&app, &id, "精密切削加工", "精密切削を行う。");
        id
    };
    let seeker = app.firm("探す会社");
    let near = firm("近い小社", json!({ "municipality": "062014", "employees": 42 }));
    let far = firm("遠い会社", json!({ "municipality": "130001", "employees": 42 }));
    let large = firm("大きな会社", json!({ "municipality": "062014", "employees": 900 }));
    let silent = firm("書かない会社", json!({}));
    let need = app.create(
        "needs",
        json!({
            "owner": seeker, "title_ja": "精密切削加工の外注先",
            "lines": [
                { "strength": "must", "condition": { "field": "prefecture", "operator": "any_of", "values": ["06"] } },
                { "strength": "exclude", "condition": { "field": "employees", "operator": "at_least", "values": ["300"] } },
                { "strength": "must", "text_ja": "精密切削ができること" },
                { "strength": "should", "condition": { "field": "certificate", "operator": "any_of", "values": ["iso9001"] } },
            ],
        }),
    );
    app.settle();
    let results = matched(&app, &need);
    let proposed: Vec<&str> = results.iter().map(|result| result["party"]["id"].as_str().expect("an id")).collect();
    assert!(!proposed.contains(&far.as_str()) && !proposed.contains(&large.as_str()), "{proposed:?}");
    let known = of(&results, &near);
    assert_eq!(verdicts(known), ["met", "unmet", "met", "unknown"]);
    let evidence = &known["lines"][0]["evidence"];
    assert_eq!(
        (evidence["kind"].as_str(), evidence["field"].as_str(), evidence["text"].as_str()),
        (Some("organization"), Some("municipality"), Some("062014"))
    );
    assert!(evidence["lang"].is_null());
    let quiet = of(&results, &silent);
    assert_eq!(verdicts(quiet), ["unknown", "unknown", "met", "unknown"]);
    assert!(quiet["lines"][0]["would_fit"]["ja"].as_str().expect("a sentence").contains("登録されていません"));
}

#[test]
fn a_certificate_in_words_is_met_by_who_states_it() {
    let app = TestApp::start();
    let firm = |name: &str, certificates: &[&str]| {
        let body = json!({ "organization_kind": "firm", "name_ja": name, "certificates": certificates });
        let id = app.create("organizations", body);
        capability(&app, &id, "精密切削加工", "精密切削を行う。");
        id
    };
    let seeker = app.firm("探す会社");
    let certified = firm("認証の会社", &["haccp", "iso9001"]);
    let other = firm("別の認証の会社", &["iso14001"]);
    let lines = json!([
        { "strength": "must", "text_ja": "精密切削ができること" },
        { "strength": "must", "text_ja": "ISO 9001の認証を取得していること", "text_en": "ISO 9001 certified" },
        { "strength": "should", "text_ja": "ISO 9001に沿って治具を設計できること" },
    ]);
    let need = app.create("needs", json!({ "owner": seeker, "title_ja": "精密切削", "lines": lines }));
    app.settle();
    let results = matched(&app, &need);
    let line = |id: &str| of(&results, id)["lines"][1].clone();
    assert_eq!(verdicts(of(&results, &certified)), ["met", "met", "unknown"]);
    let evidence = &line(&certified)["evidence"];
    assert_eq!((&evidence["field"], &evidence["text"]), (&json!("certificates"), &json!("iso9001")), "{evidence}");
    // Nobody is left out by what is only asked in words.
    assert_eq!(verdicts(of(&results, &other)), ["met", "unknown", "unknown"]);
    assert!(
        line(&other)["would_fit"]["en"].as_str().is_some_and(|text| text.starts_with("Ask them about")),
        "{results:?}"
    );
}

#[test]
fn what_is_excluded_in_words_is_shown_and_ranked_down() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let clean = app.firm("甲社");
    let other = app.firm("乙社");
    capability(&app, &clean, "精密めっき", "ニッケルめっきを行う。");
    capability(&app, &other, "精密めっき", "ニッケルめっきを行う。クロムめっきも行う。");
    let need = app.create(
        "needs",
        json!({
            "owner": seeker, "title_ja": "精密めっきの外注先",
            "lines": [
                { "strength": "must", "text_ja": "ニッケルめっきができること" },
                { "strength": "exclude", "text_ja": "クロムめっきを行う会社" },
            ],
        }),
    );
    app.settle();
    let results = matched(&app, &need);
    assert_eq!(results[0]["party"]["id"], clean.as_str());
    assert_eq!(verdicts(&results[0]), ["met", "unknown"]);
    assert!(results[0]["lines"][1]["would_fit"].is_null());
    let excluded = of(&results, &other);
    assert_eq!(verdicts(excluded), ["met", "met"]);
    assert_eq!(excluded["lines"][1]["evidence"]["text"], "クロムめっきも行う。");
    assert!(excluded["lines"][1]["would_fit"].is_object());
}

#[test]
fn what_others_keep_private_neither_shows_nor_counts() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let plater = app.firm("甲めっき");
    let other = app.firm("乙めっき");
    capability(&app, &plater, "亜鉛めっき", "亜鉛めっきを行う。");
    capability(&app, &other, "亜鉛めっき", "亜鉛めっきを行う。");
    let need = app.create(
        "needs",
        json!({ "owner": seeker, "title_ja": "亜鉛めっきと塗装", "lines": [
            { "strength": "must", "text_ja": "亜鉛めっきができる" }, { "strength": "must", "text_ja": "粉体塗装ができる" },
            { "strength": "should", "text_ja": "納期は3日以内" }] }),
    );
    app.settle();
    let ask = |actor: &Actor| {
        let query = json!({ "from": { "kind": "need", "id": need }, "towards": "organizations" });
        let query = serde_json::from_value(query).expect("a query");
        serde_json::to_string(&matching::answer(&app.app, actor, query).expect("an answer")).expect("JSON")
    };
    let before = ask(&Actor::Visitor);
    for visibility in ["private", "members", "parties"] {
        app.create(
            "capabilities",
            json!({ "owner": plater, "capability_kind": "process", "name_ja": "カナリア", "visibility": visibility,
                    "description_ja": "カナリアの粉体塗装を行う。納期は2日。" }),
        );
    }
    app.settle();
    let after = ask(&Actor::Visitor);
    assert_eq!(before, after);
    assert!(!after.contains("カナリア"));
    assert!(ask(&Actor::Operator).contains("カナリア"));
}

#[test]
fn an_unknown_line_brings_the_sentence_that_comes_nearest_and_counts_nothing() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let joiner = app.create("organizations", json!({ "organization_kind": "firm", "name_ja": "木工の会社" }));
    let own = capability(&app, &joiner, "家具の仕上げ", "木工を行う。粉体塗装ができる会社を探しています。");
    let prefecture = json!({ "field": "prefecture", "operator": "any_of", "values": ["06"] });
    let need = app.create(
        "needs",
        json!({ "owner": seeker, "title_ja": "木工の粉体塗装", "lines": [
            { "strength": "must", "text_ja": "アルミの粉体塗装ができること" },
            { "strength": "should", "text_ja": "木工を行うこと", "condition": prefecture },
            { "strength": "should", "text_ja": "唾液の性能試験ができること" }] }),
    );
    app.settle();
    let ask = |actor: &Actor| {
        let query = json!({ "from": { "kind": "need", "id": need }, "towards": "organizations" });
        let query = serde_json::from_value(query).expect("a query");
        serde_json::to_string(&matching::answer(&app.app, actor, query).expect("an answer")).expect("JSON")
    };
    let before = ask(&Actor::Visitor);
    let answer: Value = serde_json::from_str(&before).expect("JSON");
    let lines = &of(answer["results"].as_array().expect("results"), &joiner)["lines"];
    for line in lines.as_array().expect("lines") {
        assert_eq!((line["verdict"].as_str(), line["strength"].as_f64()), (Some("unknown"), Some(0.0)), "{line}");
        assert!(line["evidence"].is_null() && line["would_fit"].is_object(), "{line}");
    }
    let wish = &lines[0]["closest"];
    assert_eq!((wish["id"].as_str(), wish["field"].as_str()), (Some(own.as_str()), Some("description")), "{wish}");
    assert_eq!((wish["start"].as_u64(), wish["end"].as_u64()), (Some(6), Some(24)));
    assert_eq!(wish["text"], "粉体塗装ができる会社を探しています。");
    // The words are there, but not the fact.
    assert_eq!(lines[1]["closest"]["text"], "木工を行う。");
    assert!(lines[2]["closest"].is_null());

    let nearer = "カナリア。アルミの粉体塗装の研究会に参加。唾液の性能試験を見学した。";
    for visibility in ["private", "members", "parties"] {
        app.create(
            "capabilities",
            json!({ "owner": joiner, "capability_kind": "process", "name_ja": "木工の見学", "visibility": visibility,
                    "description_ja": nearer }),
        );
    }
    app.settle();
    assert_eq!(ask(&Actor::Visitor), before, "what one may not read comes near nothing");
    assert!(ask(&Actor::Operator).contains("アルミの粉体塗装の研究会に参加。"));
}

#[test]
fn words_of_an_excluded_line_attract_nobody_and_cost_nothing_unknown() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let [clean, user] = ["甲社", "乙社"].map(|name| app.firm(name));
    capability(&app, &clean, "真珠の養殖を行う", "真珠の養殖を行う。");
    capability(&app, &user, "真珠の養殖を行う", "殺虫剤を使う。");
    let need = |exclude: &str| {
        let lines = json!([{ "strength": "must", "text_ja": "真珠の養殖ができること" },
                           { "strength": "exclude", "text_ja": exclude }]);
        app.create("needs", json!({ "owner": seeker, "title_ja": "養殖の相手", "lines": lines }))
    };
    let needs = ["殺虫剤を使うもの", "殺虫剤を使う会社", "殺虫剤の使用"].map(need);
    app.settle();
    for need in needs {
        let results = matched(&app, &need);
        assert_eq!(results[0]["party"]["id"], clean.as_str());
        assert_eq!(verdicts(&results[0]), ["met", "unknown"]);
        assert!(results[0]["parts"]["lines"].as_f64().expect("a part") > 0.9, "an unknown exclusion costs nothing");
        let found = of(&results, &user);
        assert_eq!(verdicts(found), ["met", "met"]);
        let cited: Vec<&Value> = found["evidence"].as_array().expect("evidence").iter().map(|e| &e["text"]).collect();
        assert!(cited.iter().all(|text| *text != "殺虫剤を使う。"), "{cited:?}");
        let body = json!({ "from": { "kind": "need", "id": need } });
        let together = app.post("/api/v1/match/coalition", body).json();
        assert_eq!((together["excluded"].as_u64(), together["alone_total"].as_u64()), (Some(1), Some(1)), "{together}");
        assert_eq!(together["alone"][0]["id"], clean.as_str());
    }
}

#[test]
fn with_words_and_a_condition_both_must_hold() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let [doer, other] = ["試験の会社", "木工の会社"].map(|name| app.firm(name));
    capability(&app, &doer, "唾液の試験", "唾液の性能試験を行う。");
    capability(&app, &other, "木工と試験", "木工を行う。");
    let kind = json!({ "field": "organization_kind", "operator": "any_of", "values": ["firm"] });
    let need = app.create(
        "needs",
        json!({ "owner": seeker, "title_ja": "唾液の試験の相手", "lines": [
            { "strength": "must", "text_ja": "唾液の性能試験ができること", "condition": kind },
            { "strength": "should", "text_ja": "会社であること", "condition": kind }] }),
    );
    app.settle();
    let results = matched(&app, &need);
    assert_eq!(verdicts(of(&results, &doer)), ["met", "met"]);
    assert_eq!(verdicts(of(&results, &other)), ["unknown", "met"]);
    let name = &of(&results, &other)["lines"][1]["evidence"]["name"];
    assert!(name["ja"] != "firm" && name["ja"].is_string() && name["en"].is_string(), "{name}");
}

#[test]
fn who_is_asked_for_by_kind_must_be_of_that_kind() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let party = |name: &str, kind: &str| {
        let body = json!({ "organization_kind": kind, "name_ja": name, "municipality": "062014" });
        let id = app.create("organizations", body);
        capability(&app, &id, "部品のめっき", "部品のめっきを行う。");
        id
    };
    let firm = party("めっきの会社", "firm");
    let university = party("めっきの大学", "university");
    let bank = party("めっきの銀行", "bank");
    let circle = party("めっきの集まり", "other");
    let inside = json!({ "field": "prefecture", "operator": "any_of", "values": ["06"] });
    let need = app.create(
        "needs",
        json!({ "owner": seeker, "title_ja": "部品のめっき", "lines": [
            { "strength": "must", "text_ja": "県内の企業", "condition": inside },
            { "strength": "should", "text_ja": "めっきができる会社" },
            { "strength": "should", "text_ja": "めっきができること" },
            { "strength": "should", "text_ja": "大学または研究機関", "text_en": "University or research institute" },
            { "strength": "exclude", "text_ja": "めっきができる大学" }] }),
    );
    app.settle();
    let results = matched(&app, &need);
    assert_eq!(verdicts(of(&results, &firm)), ["met", "met", "met", "unmet", "unmet"]);
    assert_eq!(verdicts(of(&results, &university)), ["unmet", "unmet", "met", "met", "met"]);
    assert_eq!(verdicts(of(&results, &bank)), ["unknown", "unknown", "met", "unmet", "unmet"]);
    // Another kind than any that is listed may be any.
    assert_eq!(verdicts(of(&results, &circle)), ["unknown", "unknown", "met", "unknown", "unknown"]);

    let line = |party: &str, index: usize| of(&results, party)["lines"][index].clone();
    let refused = line(&university, 1);
    assert_eq!(refused["evidence"]["field"], "organization_kind", "{refused}");
    assert_eq!(refused["evidence"]["name"]["ja"], "大学");
    assert!(refused["would_fit"]["ja"].as_str().expect("a sentence").contains("企業"), "{refused}");
    let asked = line(&bank, 1);
    assert!(asked["evidence"].is_null() && asked["closest"]["text"].as_str().is_some(), "{asked}");
    assert!(asked["would_fit"]["en"].as_str().expect("a sentence").contains("Bank"), "{asked}");
    assert!(line(&bank, 0)["closest"].is_null());

    // Nobody knows where a person without an employer belongs: the place alone does not make a firm.
    let person = app.create("people", json!({ "name_ja": "架空 花子", "municipality": "062014" }));
    capability(&app, &person, "部品のめっき", "部品のめっきを行う。");
    app.settle();
    let answer = app.post("/api/v1/match", json!({ "from": { "kind": "need", "id": need }, "towards": "people" }));
    let people = answer.json()["results"].as_array().expect("results").clone();
    assert_eq!(verdicts(of(&people, &person)), ["unknown", "met", "met", "unknown", "met"]);
    let label = &of(&people, &person)["lines"][0];
    assert!(label["would_fit"]["ja"].as_str().expect("a sentence").contains("登録されていません"), "{label}");
}

#[test]
fn a_record_of_several_members_shows_what_each_did_only_by_its_role() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let [printer, brewer] = ["刷る会社", "醸す会社"].map(|name| app.firm(name));
    for owner in [&printer, &brewer] {
        capability(&app, owner, "電極の相談", "電極の相談に乗る。");
    }
    let members = json!([{ "party": printer, "role": "電極の印刷" }, { "party": brewer, "role": "試用" }]);
    app.create(
        "records",
        json!({ "record_kind": "project", "title_ja": "酒の温度計", "text_ja": "電極の印刷を行う。", "members": members }),
    );
    let need = app.create(
        "needs",
        json!({ "owner": seeker, "title_ja": "電極", "lines": [{ "strength": "must", "text_ja": "電極の印刷ができること" }] }),
    );
    app.settle();
    let results = matched(&app, &need);
    let met = of(&results, &printer);
    assert_eq!(verdicts(met), ["met"]);
    assert_eq!(met["lines"][0]["evidence"]["field"], "members/0/role");
    assert_eq!(verdicts(of(&results, &brewer)), ["unknown"]);
}
