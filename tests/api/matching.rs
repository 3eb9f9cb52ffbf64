//! Proposals, and the sentences that show why.

use crate::support::TestApp;
use serde_json::json;

#[test]
fn a_text_names_parties_with_the_sentences_that_show_why() {
    let app = TestApp::start();
    let coater = app.firm("置賜コーティング");
    let sealer = app.firm("最上シール");
    let baker = app.firm("月山製パン");
    let skill = |owner: &str, name: &str, text: &str| {
        app.create(
            "capabilities",
            json!({ "owner": owner, "capability_kind": "process", "name_ja": name, "description_ja": text }),
        )
    };
    skill(&coater, "スリット塗布", "有機太陽電池の塗布を行う。幅は300mmまで。");
    let sealing = skill(&sealer, "バリアフィルム封止", "創業は古い。有機太陽電池を水蒸気から守る封止ができる。");
    skill(&baker, "食パンの焼成", "国産小麦を使う。");
    let university =
        app.create("organizations", json!({ "organization_kind": "university", "name_ja": "蔵王工科大学" }));
    let record = app.create(
        "records",
        json!({ "title_ja": "有機太陽電池の封止に関する共同研究", "members": [{ "party": university }], "happened_on": "2024" }),
    );
    app.settle();

    let answer = app.post(
        "/api/v1/match",
        json!({ "from": { "text": "有機太陽電池の封止ができる会社" }, "towards": "organizations" }),
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    let results = answer.json()["results"].as_array().expect("results").clone();
    let proposed: Vec<&str> = results.iter().map(|result| result["party"]["id"].as_str().unwrap()).collect();
    assert_eq!(proposed.len(), 3, "{proposed:?}");
    assert!(!proposed.contains(&baker.as_str()));
    let of = |id: &str| results.iter().find(|result| result["party"]["id"] == id).expect("proposed");
    let evidence = &of(&sealer)["evidence"][0];
    assert_eq!((evidence["kind"].as_str(), evidence["id"].as_str()), (Some("capability"), Some(sealing.as_str())));
    assert_eq!(evidence["text"], "有機太陽電池を水蒸気から守る封止ができる。");
    assert_eq!((evidence["start"].as_u64(), evidence["end"].as_u64()), (Some(6), Some(27)));
    assert_eq!(of(&university)["evidence"][0]["id"], record.as_str(), "a past item votes for its member");
    assert!(of(&university)["parts"]["records"].as_f64().expect("a part") > 0.0);

    let firms = app.post(
        "/api/v1/match",
        json!({ "from": { "text": "有機太陽電池の封止" }, "towards": "organizations",
                "filters": { "organization_kind": ["firm"] }, "limit": 1 }),
    );
    assert_eq!(firms.json()["results"].as_array().expect("results").len(), 1);
}

#[test]
fn a_need_is_not_matched_with_its_own_owner() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let other = app.firm("応える会社");
    for owner in [&seeker, &other] {
        app.create("capabilities", json!({ "owner": owner, "capability_kind": "process", "name_ja": "精密切削加工" }));
    }
    let need = app.create(
        "needs",
        json!({ "owner": seeker, "title_ja": "精密切削の外注先", "lines": [{ "strength": "must", "text_ja": "精密切削ができる" }] }),
    );
    app.settle();
    let answer =
        app.post("/api/v1/match", json!({ "from": { "kind": "need", "id": need }, "towards": "parties" })).json();
    let proposed: Vec<&str> = answer["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|result| result["party"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(proposed, [other]);
}

#[test]
fn bad_questions_are_refused_clearly() {
    let app = TestApp::start();
    app.settle();
    let refused = |body: serde_json::Value, pointer: &str| {
        let problem = app.post("/api/v1/match", body).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    };
    refused(json!({ "from": {}, "towards": "organizations" }), "/from");
    refused(json!({ "from": { "text": "" }, "towards": "organizations" }), "/from/text");
    refused(json!({ "from": { "text": "x".repeat(20_001) }, "towards": "organizations" }), "/from/text");
    refused(json!({ "from": { "text": "x" }, "towards": "planets" }), "/towards");
    refused(
        json!({ "from": { "text": "x" }, "towards": "people", "filters": { "municipality": ["1"] } }),
        "/filters/municipality/0",
    );
    refused(
        json!({ "from": { "kind": "seed", "id": "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d" }, "towards": "people" }),
        "/from/id",
    );
    // A text as long as may be, with its characters sent as escapes, one or two for each.
    for character in ["\\u767a", "\\ud83d\\ude00"] {
        let body = |count: usize| {
            let text = character.repeat(count);
            format!("{{\"from\":{{\"text\":\"{text}\"}},\"towards\":\"organizations\"}}").into_bytes()
        };
        assert_eq!(app.post_bytes("/api/v1/match", &[], &body(20_000)).status, 200, "{character}");
        app.post_bytes("/api/v1/match", &[], &body(20_001)).problem(422, "invalid");
    }
    let large = app.post_bytes("/api/v1/match", &[], &vec![b' '; 300 * 1_024]).problem(413, "too-large");
    let advice = large["message"]["en"].as_str().expect("a message");
    assert!(advice.contains("256 KiB") && advice.contains("shorter text"), "{advice}");
    // Each refusal where it belongs, once, in both languages.
    let from = |from: serde_json::Value, pointer: &str, ja: &str, en: &str| {
        let problem = app.post("/api/v1/match", json!({ "from": from, "towards": "people" })).problem(422, "invalid");
        let errors = problem["errors"].as_array().expect("errors");
        assert_eq!((errors.len(), errors[0]["pointer"].as_str()), (1, Some(pointer)), "{problem}");
        let message = &errors[0]["message"];
        assert!(message["ja"].as_str().is_some_and(|text| text.contains(ja)), "{problem}");
        assert!(message["en"].as_str().is_some_and(|text| text.contains(en)), "{problem}");
    };
    let id = "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d";
    from(json!({ "kind": "need", "id": "abc" }), "/from/id", "ID", "id");
    from(json!({ "kind": "planet", "id": id }), "/from/kind", "planet", "planet");
    from(json!({ "kind": "need" }), "/from", "kind", "kind");
    from(json!({ "id": id }), "/from", "kind", "kind");
    from(json!({ "text": 5 }), "/from/text", "文字列", "a text");
    from(json!({ "text": "x", "extra": 1 }), "/from/extra", "extra", "extra");
    from(json!("x"), "/from", "オブジェクト", "an object");
    for both in [json!({ "text": "x", "kind": "need", "id": id }), json!({ "text": "x", "id": id })] {
        let problem = app.post("/api/v1/match", json!({ "from": both, "towards": "people" })).problem(422, "invalid");
        let message = problem["errors"][0]["message"]["en"].as_str().expect("a message");
        assert!(message.contains("not both"), "{problem}");
        assert_eq!(problem["errors"].as_array().map(Vec::len), Some(1), "{problem}");
    }
    let filter = |filters: serde_json::Value, pointer: &str| {
        refused(json!({ "from": { "text": "x" }, "towards": "organizations", "filters": filters }), pointer);
    };
    filter(json!({ "field": ["food", "nosuch"] }), "/filters/field/1");
    filter(json!({ "municipality": ["060003", "999997"] }), "/filters/municipality/1");
    filter(json!({ "prefecture": ["06", "99"] }), "/filters/prefecture/1");
    filter(json!({ "prefecture": ["00"] }), "/filters/prefecture/0");
    filter(json!({ "prefecture": ["Yamagata"] }), "/filters/prefecture/0");
    filter(json!({ "prefecture": ["062014"] }), "/filters/prefecture/0");
    // Before the first index stands nobody can be matched.
    app.settle();
    let empty = app.post("/api/v1/match", json!({ "from": { "text": "何か" }, "towards": "people" }));
    assert_eq!(empty.json()["results"], json!([]), "{}", empty.body);
}

#[test]
fn what_a_party_denies_or_seeks_in_others_does_not_speak_for_it() {
    let app = TestApp::start();
    let described = |name: &str, text: &str| {
        let firm = json!({ "organization_kind": "firm", "name_ja": name, "description_ja": text });
        app.create("organizations", firm)
    };
    let sealer = described("最上シール", "創業は古い。有機太陽電池の封止を行う。");
    let denier = described("宵パネル", "照明を作る。有機太陽電池の封止はしていない。");
    let half = described("村山フィルム", "有機太陽電池のフィルムを作るが、封止はできない。");
    let seeker = described("蔵王発電", "発電所を営む。");
    let seed =
        json!({ "owner": seeker, "title_ja": "雪の下の発電", "partner_sought_ja": "有機太陽電池の封止をする会社。" });
    app.create("seeds", seed);
    let namesake = app.create("people", json!({ "name_ja": "封止 太陽", "description_ja": "山の地図を描く。" }));
    app.settle();

    let ask = |from: serde_json::Value| {
        let answer = app.post("/api/v1/match", json!({ "from": from, "towards": "organizations" }));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["results"].as_array().expect("results").clone()
    };
    let answer = app.post(
        "/api/v1/match",
        json!({ "from": { "text": "有機太陽電池の封止ができる会社" }, "towards": "organizations" }),
    );
    // Whoever was found and denies it, or seeks it, is not passed over in silence.
    let hint = &answer.json()["hints"][0];
    assert_eq!((&hint["code"], &hint["count"]), (&json!("denied"), &json!(2)), "{}", answer.body);
    let said = hint["message"]["ja"].as_str().expect("a message");
    assert!(said.contains("「宵パネル」") && said.contains("「蔵王発電」"), "{said}");
    let one =
        app.post("/api/v1/match", json!({ "from": { "text": "有機太陽電池の封止ができる会社" }, "towards": "seeds" }));
    assert_eq!((&one.json()["results"], &one.json()["hints"][1]["count"]), (&json!([]), &json!(1)), "{}", one.body);
    let results = ask(json!({ "text": "有機太陽電池の封止ができる会社" }));
    let proposed: Vec<&str> = results.iter().map(|result| result["party"]["id"].as_str().unwrap()).collect();
    assert_eq!(proposed, [&sealer, &half], "{results:?}");
    assert!(!proposed.contains(&denier.as_str()));
    let people = app.post("/api/v1/match", json!({ "from": { "text": "封止と太陽" }, "towards": "people" }));
    assert_eq!(people.json()["results"], json!([]), "a name is no evidence: {namesake}");
    assert_eq!(people.json()["hints"].as_array().map(Vec::len), Some(1), "a name denies nothing: {}", people.body);
    assert!(results[0]["parts"].get("unclaimed").is_none());
    let unclaimed = results[1]["parts"]["unclaimed"].as_f64().expect("a part");
    assert!(0.0 < unclaimed && unclaimed < 1.0, "{unclaimed}");

    // For a party that offers something, what others seek is just the reason.
    let results = ask(json!({ "kind": "organization", "id": sealer }));
    let of_seeker = results.iter().find(|result| result["party"]["id"] == seeker.as_str()).expect("proposed");
    assert_eq!(of_seeker["evidence"][0]["field"], "partner_sought");
}

#[test]
fn a_list_of_proposals_is_taken_along_as_a_file() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let sealer = app.firm("=最上シール");
    app.create(
        "capabilities",
        json!({ "owner": sealer, "capability_kind": "process", "name_ja": "封止", "description_ja": "有機太陽電池の封止ができる。" }),
    );
    let need = json!({ "owner": seeker, "title_ja": "封止の相手",
                       "lines": [{ "strength": "must", "text_ja": "有機太陽電池の封止ができる" },
                                 { "strength": "should", "text_ja": "海外の展示会に出る" }] });
    let need = app.create("needs", need);
    app.settle();
    let asked = json!({ "from": { "kind": "need", "id": need }, "towards": "organizations" });
    let file = |format: &str| app.post(&format!("/api/v1/match?format={format}"), asked.clone());
    let csv = file("csv");
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"matches.csv\""));
    let row = csv.body.lines().nth(1).expect("a row");
    assert!(row.starts_with("1,'=最上シール,機関・企業,,"), "no cell runs: {row}");
    assert!(
        csv.body.contains("1 必須「有機太陽電池の封止ができる」満たす: 有機太陽電池の封止ができる。"),
        "{}",
        csv.body
    );
    assert!(csv.body.contains("2 希望「海外の展示会に出る」不明: "), "{}", csv.body);
    assert!(csv.body.contains("提供するもの 1.000") && !csv.body.contains("offers"), "{}", csv.body);
    let english = app.post_with("/api/v1/match?format=csv", &[("accept-language", "en")], asked.clone());
    assert!(english.body.contains("offers 1.000") && english.body.contains(",Organisation,"), "{}", english.body);
    let line: serde_json::Value =
        serde_json::from_str(file("jsonl").body.lines().next().expect("a line")).expect("JSON");
    assert_eq!(line, app.post("/api/v1/match", asked.clone()).json()["results"][0]);
    let book = app.try_post_bytes("/api/v1/match?format=xlsx", asked.to_string().as_bytes());
    assert_eq!(book, Some(200));
    let refused = file("pdf").problem(422, "invalid")["errors"][0]["message"].clone();
    for language in ["ja", "en"] {
        assert!(
            refused[language].as_str().is_some_and(|text| text.contains("csv, csv-cp932, xlsx, jsonl")),
            "{refused}"
        );
    }
    app.post("/api/v1/match?form=csv", asked).problem(400, "query-parameter");
}

#[test]
fn a_free_text_may_say_what_it_does_not_want() {
    let app = TestApp::start();
    let firm = |name: &str, text: &str| {
        app.create("organizations", json!({ "organization_kind": "firm", "name_ja": name, "description_ja": text }))
    };
    let coats = firm("塗布工業", "有機太陽電池の塗布を受託する。");
    let seals = firm("封止工業", "有機太陽電池の封止を受託する。");
    app.settle();
    let ask = |text: &str| app.post("/api/v1/match", json!({ "from": { "text": text }, "towards": "parties" })).json();
    let found = |answer: &serde_json::Value| -> Vec<String> {
        let results = answer["results"].as_array().expect("results").iter();
        results.map(|one| one["party"]["id"].as_str().expect("an id").to_owned()).collect()
    };
    let both = ask("有機太陽電池を手がける会社");
    assert_eq!(found(&both).len(), 2, "{both}");
    assert!(both["hints"].is_null(), "{both}");
    let one = ask("有機太陽電池を手がける会社。ただし有機太陽電池の封止は除く。");
    // Far behind, with the sentence that shows why.
    assert_eq!(found(&one), [coats, seals], "{one}");
    let last = &one["results"][1];
    assert_eq!((&last["lines"][0]["requirement"], &last["lines"][0]["verdict"]), (&json!("exclude"), &json!("met")));
    assert!(2.0 * last["score"].as_f64().expect("a score") < one["results"][0]["score"].as_f64().expect("a score"));
    assert_eq!(one["hints"][0]["code"], "left_out_unchecked");
    assert!(one["hints"][0]["message"]["ja"].as_str().is_some_and(|text| text.contains("有機太陽電池の封止")), "{one}");
    let none = ask("有機太陽電池を手がける相手。大学は除く。");
    assert_eq!(found(&none).len(), 2, "{none}");
    let university = json!({ "organization_kind": "university", "name_ja": "蔵王工科大学", "description_ja": "有機太陽電池の研究を行う。" });
    let university = app.create("organizations", university);
    app.settle();
    assert!(found(&ask("有機太陽電池を手がける相手")).contains(&university));
    // What an organisation is, it states: that is checked, and not looked for in words.
    for text in ["有機太陽電池を手がける相手。大学は除く。", "organic solar cells 有機太陽電池, except universities"]
    {
        let none = ask(text);
        assert!(found(&none).len() == 2 && !found(&none).contains(&university), "{none}");
    }
    let firms = ask("有機太陽電池を手がける相手。企業は除く。");
    assert_eq!(found(&firms), [university]);
}

#[test]
fn a_place_that_is_only_words_is_told_of() {
    let app = TestApp::start();
    let firm = json!({ "organization_kind": "firm", "name_ja": "封止工業", "description_ja": "有機太陽電池の封止を受託する。" });
    app.create("organizations", firm);
    app.settle();
    let hints = |body: serde_json::Value| app.post("/api/v1/match", body).json()["hints"].clone();
    let text = "県内で有機太陽電池の封止ができる会社";
    let told = hints(json!({ "from": { "text": text }, "towards": "organizations" }));
    assert_eq!(told[0]["code"], "place_in_words", "{told}");
    assert!(told[0]["message"]["ja"].as_str().is_some_and(|message| message.starts_with("「県内」")), "{told}");
    let checked = json!({ "from": { "text": text }, "towards": "organizations", "filters": { "prefecture": ["06"] } });
    let told = hints(checked);
    assert!(told.as_array().is_none_or(|told| told.iter().all(|hint| hint["code"] != "place_in_words")), "{told}");
}
