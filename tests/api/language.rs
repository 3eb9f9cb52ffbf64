//! The query language, facets, hints, suggestions and likeness, as a user meets them.

use crate::support::{Dice, TestApp, encoded};
use serde_json::{Value, json};

fn titles(answer: &Value) -> Vec<String> {
    let hits = answer["hits"].as_array().expect("hits");
    let mut titles: Vec<String> = hits.iter().map(|hit| hit["title"]["ja"].as_str().unwrap_or("").to_owned()).collect();
    titles.sort();
    titles
}

fn cluster() -> TestApp {
    let app = TestApp::start();
    let firm = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "最上薄膜", "name_kana": "モガミハクマク", "name_en": "Mogami Films",
                "municipality": "062014", "employees": 12, "fields": ["organic_electronics"],
                "description_ja": "水蒸気バリアフィルムの量産。", "description_en": "Photovoltaic encapsulation." }),
    );
    app.create(
        "organizations",
        json!({ "organization_kind": "university", "name_ja": "庄内大学", "municipality": "062031", "employees": 400 }),
    );
    for (title, readiness) in [("バリア膜の封止", 3), ("スピンコートの評価", 6)] {
        let body = json!({ "owner": firm, "title_ja": title, "summary_ja": "有機ELの寿命を延ばす膜の研究。",
                           "readiness": readiness });
        app.create("seeds", body);
    }
    let record = json!({ "record_kind": "project", "title_ja": "バリア膜の共同研究", "happened_on": "2024-05-01",
                         "members": [{ "party": firm }] });
    app.create("records", record);
    app.settle();
    app
}

#[test]
fn conditions_by_name_in_both_languages_ranges_and_dates() {
    let app = cluster();
    let found = |query: &str| {
        let answer = app.get(&format!("/api/v1/search?q={}", encoded(query)));
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        titles(&answer.json())
    };
    assert_eq!(found("種別:シーズ"), ["スピンコートの評価", "バリア膜の封止"]);
    assert_eq!(found("kind:seed TRL:>=4"), ["スピンコートの評価"]);
    assert_eq!(found("種別：研究シーズ ＴＲＬ:1..5"), ["バリア膜の封止"]);
    assert_eq!(found("種別:機関,ニーズ 市町村:山形市"), ["最上薄膜"]);
    assert_eq!(found("種別:機関 市町村:山形県"), ["庄内大学", "最上薄膜"]);
    assert_eq!(found("種別:機関 分野:有機エレクトロニクス"), ["最上薄膜"]);
    assert_eq!(found("organization_kind:university"), ["庄内大学"]);
    assert_eq!(found("機関種別:大学 OR 日付:2024"), ["バリア膜の共同研究", "庄内大学"]);
    assert_eq!(found("日付:令和6年度"), ["バリア膜の共同研究"]);
    assert_eq!(found("日付:令和5年度"), Vec::<String>::new());
    assert_eq!(found("膜 -種別:シーズ -種別:機関"), ["バリア膜の共同研究"]);
    assert_eq!(found("更新:<2000"), Vec::<String>::new());
    for (query, place) in
        [("封止 種別:ほげ", "4"), ("TRL:>=12", "1"), ("a b 日付:いつか", "5"), ("市町村:存在しない市", "1")]
    {
        let problem = app.get(&format!("/api/v1/search?q={}", encoded(query))).problem(400, "query.bad_value");
        assert!(problem["detail"].as_str().unwrap_or("").contains(&format!("{place}文字目")), "{query}: {problem}");
    }
}

#[test]
fn a_chosen_value_stays_and_kinds_are_counted_without_their_own_filter() {
    let app = cluster();
    let answer = app.get("/api/v1/search?q=&facet=kind,municipality,readiness&kind=seed&municipality=062022").json();
    assert_eq!(answer["total"]["value"], 0);
    let kinds = answer["facets"]["kind"].as_array().unwrap();
    assert_eq!(kinds[0]["value"], "seed", "{answer}");
    assert_eq!((&kinds[0]["count"], &kinds[0]["chosen"]), (&json!(0), &json!(true)));
    let places = answer["facets"]["municipality"].as_array().unwrap();
    let chosen = places.iter().find(|place| place["value"] == "062022").expect("the chosen one");
    assert_eq!((&chosen["count"], &chosen["chosen"]), (&json!(0), &json!(true)));
    let rival = places.iter().find(|place| place["value"] == "062014").expect("its rival");
    assert_eq!(rival["count"], 2);
    let answer = app.get("/api/v1/search?facet=kind&kind=seed").json();
    let counts: Vec<(String, Value)> = answer["facets"]["kind"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| (kind["value"].as_str().unwrap().to_owned(), kind["count"].clone()))
        .collect();
    assert_eq!(counts, [("organization".into(), json!(2)), ("seed".into(), json!(2)), ("record".into(), json!(1))]);
    assert_eq!(app.found("size_band=6-20&kind=organization").len(), 1);
    assert_eq!(app.found("readiness=3,6").len(), 2);
}

#[test]
fn no_empty_page_without_a_way_on() {
    let app = cluster();
    // One wrong letter.
    let answer = app.get("/api/v1/search?q=photovoltiac").json();
    assert_eq!(titles(&answer), ["最上薄膜"]);
    assert_eq!(answer["hints"][0]["code"], "did_you_mean");
    assert_eq!(answer["hints"][0]["query"], "photovoltaic");
    // The filter that stands in the way, the smallest step first.
    let query = "kind=organization&municipality=062014&organization_kind=university";
    let answer = app.get(&format!("/api/v1/search?{query}")).json();
    assert_eq!(answer["hints"][0]["code"], "drop_filter");
    assert!(["municipality", "organization_kind"].contains(&answer["hints"][0]["filter"].as_str().unwrap()));
    assert_eq!(answer["hints"][0]["count"], 1);
    let answer = app.get("/api/v1/search?q=zzzzqqqq").json();
    assert_eq!(answer["hints"][0]["code"], "other_words");
    // So is a condition of the query itself.
    let query = encoded("最上薄膜 機関種別:大学");
    let answer = app.get(&format!("/api/v1/search?q={query}")).json();
    assert_eq!(answer["hints"][0]["code"], "drop_filter", "{answer}");
    assert_eq!((&answer["hints"][0]["filter"], &answer["hints"][0]["count"]), (&json!("機関種別:大学"), &json!(1)));
    // A condition that there is not is text, and said to be.
    let answer = app.get(&format!("/api/v1/search?q={}", encoded("社長:最上"))).json();
    assert_eq!(answer["hints"][0]["code"], "unknown_name", "{answer}");
}

#[test]
fn suggestions_in_every_script_under_the_callers_rights() {
    let app = cluster();
    let names = |query: &str| -> Vec<String> {
        let answer = app.get(&format!("/api/v1/suggest?q={}", encoded(query)));
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        let things = answer.json()["things"].as_array().expect("things").clone();
        things.iter().map(|thing| thing["title"]["ja"].as_str().unwrap_or("").to_owned()).collect()
    };
    for query in ["最上", "もがみ", "モガミ", "ﾓｶﾞﾐ", "mogami", "Mogami F", "mogamih"] {
        assert_eq!(names(query).first().map(String::as_str), Some("最上薄膜"), "{query}");
    }
    let concepts = app.get(&format!("/api/v1/suggest?q={}", encoded("有機EL"))).json()["concepts"].clone();
    assert_eq!(concepts[0]["code"], "organic_el", "{concepts}");
    assert!(names("").is_empty());
    app.get("/api/v1/suggest?q=a&limit=0").problem(400, "page-limit");
    app.create("organizations", json!({ "organization_kind": "firm", "name_ja": "秘密精機", "description_ja": "醸造。", "visibility": "private" }));
    app.settle();
    let administrator = app.administrator();
    let member = app.person(&administrator, "member@example.jp", &[]);
    let seen = |person| app.get_as(person, &format!("/api/v1/suggest?q={}", encoded("秘密"))).json()["things"].clone();
    assert_eq!(seen(&member), json!([]));
    assert_eq!(seen(&administrator).as_array().map(Vec::len), Some(1));
    // A concept is suggested to who finds something of it.
    let concepts =
        |person| app.get_as(person, &format!("/api/v1/suggest?q={}", encoded("醸造"))).json()["concepts"].clone();
    assert_eq!(concepts(&member), json!([]));
    assert_eq!(concepts(&administrator).as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_similar_for_every_kind() {
    let app = cluster();
    for kind in ["organization", "seed", "record"] {
        let answer = app.get(&format!("/api/v1/search?q=&kind={kind}")).json();
        let id = answer["hits"][0]["id"].as_str().expect("an id").to_owned();
        let body = json!({ "from": { "kind": kind, "id": id }, "kinds": ["organization", "seed", "record"] });
        let answer = app.post("/api/v1/similar", body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let hits = answer.json()["hits"].as_array().expect("hits").clone();
        assert!(hits.iter().all(|hit| hit["id"] != id.as_str()), "{kind}: not itself");
    }
    let seed = app.get(&format!("/api/v1/search?q={}&kind=seed", encoded("封止"))).json()["hits"][0]["id"].clone();
    let answer = app.post("/api/v1/similar", json!({ "from": { "kind": "seed", "id": seed } })).json();
    assert_eq!(titles(&answer), ["スピンコートの評価"]);
    let unknown = json!({ "from": { "kind": "need", "id": seed } });
    app.post("/api/v1/similar", unknown).problem(422, "invalid");
}

#[test]
fn hostile_queries_are_answered_or_refused() {
    let app = cluster();
    let mut dice = Dice::new(0x6d75_7375);
    let pieces = [
        "種別:", "TRL:", ">=", "..", "\"", "(", ")", "-", "OR", " ", "令和", "%00", "\u{202e}", "㍿", "🧵", ":", "a",
        "膜",
    ];
    let ask = |query: &str| {
        let answer = app.get(&format!("/api/v1/search?q={}&facet=kind&limit=1", encoded(query)));
        assert!([200, 400].contains(&answer.status), "{query:?}: {} {}", answer.status, answer.body);
        let answer = app.get(&format!("/api/v1/suggest?q={}", encoded(query)));
        assert_eq!(answer.status, 200, "{query:?}: {}", answer.body);
    };
    for _ in 0..300 {
        let query: String = (0..1 + dice.below(24)).map(|_| *dice.pick(&pieces)).collect();
        ask(&query);
    }
    for query in [
        "a OR ".repeat(500),
        format!("{}a b{}", "(".repeat(60), ")".repeat(60)),
        "-".repeat(400),
        "TRL:>=".to_owned(),
        "日付:9999999999".to_owned(),
        "市町村:,,,,".to_owned(),
        format!("種別:{}", "シーズ,".repeat(100)),
        "kind:\"".to_owned(),
    ] {
        ask(&query);
    }
}
