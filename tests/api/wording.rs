//! What people type and how it is written in the texts: readings, other spellings, places as plain words.

use crate::support::{TestApp, encoded};
use musubi::store::Target;
use musubi::store::vocabulary::{Municipality, put_municipality};
use serde_json::{Value, json};

impl TestApp {
    fn asked(&self, query: &str) -> Value {
        let answer = self.get(&format!("/api/v1/search?limit=50&q={}", encoded(query)));
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        answer.json()
    }

    /// Whether the query finds the thing, as it stands and not only some of its words.
    fn finds(&self, query: &str, id: &str) -> bool {
        let answer = self.asked(query);
        let relaxed = answer["hints"].as_array().expect("hints").iter().any(|hint| hint["code"] == "relaxed");
        !relaxed && answer["hits"].as_array().expect("hits").iter().any(|hit| hit["id"] == id)
    }

    fn hints_of(&self, query: &str, code: &str) -> Vec<Value> {
        let hints = self.asked(query)["hints"].as_array().expect("hints").clone();
        hints.into_iter().filter(|hint| hint["code"] == code).collect()
    }

    fn skilled(&self, name: &str, text: &str) -> String {
        let owner = self.firm(&format!("{name}の会社"));
        self.create(
            "capabilities",
            json!({ "owner": owner, "capability_kind": "technology", "name_ja": name, "description_ja": text }),
        )
    }
}

#[test]
fn words_of_the_cluster_are_found_by_their_reading() {
    let app = TestApp::start();
    let cell = app.skilled("評価装置", "太陽電池の効率を測る。");
    let oled = app.skilled("面光源", "有機ELの封止。");
    let yeast = app.skilled("仕込み", "発酵の条件を決める。");
    let light = app.skilled("調合", "発光材料を作る。");
    let paper = app.skilled("帳票", "証明書を発行する。");
    let rice = app.skilled("米沢の織り", "米沢で織る。");
    app.settle();
    for typed in [
        "たいようでんち",
        "タイヨウデンチ",
        "ﾀｲﾖｳﾃﾞﾝﾁ",
        "たいよーでんち",
        "taiyoudenchi",
        "taiyodenchi",
        "taiyo denchi",
        "たいよう でんち",
    ] {
        assert!(app.finds(typed, &cell), "{typed}");
    }
    for typed in [
        "ゆうきいーえる",
        "ゆうきEL",
        "ゆうきＥＬ",
        "有機いーえる",
        "ふうし",
        "フウシ",
        "fuushi",
        "ゆうきいーえるのふうし",
        "ゆうきいーえる ふうし",
    ] {
        assert!(app.finds(typed, &oled), "{typed}");
    }
    // Words that read alike are all meant, and told; everyday ones are no words of the cluster.
    assert!(app.finds("はっこう", &yeast) && !app.finds("はっこう", &paper));
    assert!(app.finds("はっこうざいりょう", &light) && !app.finds("はっこうざいりょう", &yeast));
    assert!(!app.finds("はっこうする", &yeast));
    assert!(!app.finds("こめ", &rice), "one kanji is a part of many words");
    // What is excluded is excluded by its letters.
    assert!(app.finds("評価装置 -たいようでんち", &cell));
    let hint = &app.hints_of("はっこう", "read_as")[0];
    assert_eq!((&hint["query"], &hint["count"]), (&json!("発酵"), &json!(1)));
    assert!(hint["message"]["ja"].as_str().expect("Japanese").contains("「発酵」としても"), "{hint}");
    assert_eq!(app.hints_of("太陽電池", "read_as"), [] as [Value; 0]);
    assert_eq!(app.hints_of("taiyoudenchi", "read_as")[0]["query"], "太陽電池");
    // As one types.
    for typed in ["たいようでん", "taiyoud", "taiyode", "太陽電", "solar ce", "タイヨウデ"] {
        let answer = app.get(&format!("/api/v1/suggest?q={}", encoded(typed))).json();
        let codes: Vec<&str> =
            answer["concepts"].as_array().expect("concepts").iter().filter_map(|one| one["code"].as_str()).collect();
        assert!(codes.contains(&"photovoltaic"), "{typed}: {answer}");
    }
}

#[test]
fn one_word_is_found_in_each_of_its_spellings() {
    let app = TestApp::start();
    let both = |one: &str, other: &str| {
        [app.skilled("甲", &format!("{one}の装置。")), app.skilled("乙", &format!("{other}の装置。"))]
    };
    let groups: [(&[&str], [String; 2]); 4] = [
        (
            &["inkjet", "ink-jet", "ink jet", "Ink Jet", "インクジェット", "インク・ジェット", "インク ジェット"],
            both("ink-jet", "インクジェット"),
        ),
        (
            &["roll-to-roll", "roll to roll", "R2R", "ロールツーロール", "ロール・ツー・ロール"],
            both("roll-to-roll", "ロール・ツー・ロール"),
        ),
        (&["carbon fibre", "carbon fiber", "carbon-fibre"], both("carbon fiber", "carbon fibre")),
        (&["sulfur", "sulphur"], both("sulfur", "sulphur")),
    ];
    app.settle();
    for (typed, ids) in &groups {
        for typed in *typed {
            for id in ids {
                assert!(app.finds(typed, id), "{typed}");
            }
        }
    }
    let american = app.skilled("丙", "anodized aluminum, color analyzer");
    let british = app.skilled("丁", "anodised aluminium, colour analyser");
    app.settle();
    for typed in ["anodised", "anodized", "aluminium", "aluminum", "colour", "color", "analyser", "analyzer", "Colour"]
    {
        assert!(app.finds(typed, &american) && app.finds(typed, &british), "{typed}");
    }
    assert!(!app.finds("line", &american));
    for nothing in ["we-re", "wh-at", "th-is"] {
        assert!(!app.finds(nothing, &american), "{nothing}");
    }
}

#[test]
fn a_place_is_met_by_the_text_or_by_the_place() {
    let app = TestApp::start();
    let firm = |name: &str, place: &str| {
        let body = json!({ "organization_kind": "firm", "name_ja": name, "municipality": place });
        app.create("organizations", body)
    };
    let skill = |owner: &str, name: &str, text: &str| {
        let body = json!({ "owner": owner, "capability_kind": "technology", "name_ja": name, "description_ja": text, "description_en": "fermentation" });
        app.create("capabilities", body)
    };
    let tsuruoka = skill(&firm("甲工業", "062031"), "発酵その一", "発酵食品を作る。");
    let sakata = skill(&firm("乙工業", "062049"), "発酵その二", "発酵食品を作る。");
    let named = skill(&firm("丙工業", "130001"), "発酵その三", "鶴岡市の米で発酵食品を作る。");
    let other = skill(&firm("丁工業", "130001"), "発酵その四", "発酵食品を作る。");
    app.settle();
    for query in [
        "鶴岡市 発酵",
        "発酵 鶴岡",
        "つるおか 発酵",
        "つるおかし 発酵",
        "Tsuruoka fermentation",
        "fermentation in Tsuruoka City",
        "鶴岡市の発酵食品",
        "鶴岡市の発酵",
        "(鶴岡市 OR 酒田市) 発酵",
    ] {
        assert!(app.finds(query, &tsuruoka), "{query}");
        assert!(!app.finds(query, &other), "{query}");
    }
    assert!(app.finds("鶴岡市 発酵", &named), "the text, too");
    for query in [
        "庄内 発酵",
        "庄内地域 発酵",
        "Shonai fermentation",
        "Shonai area fermentation",
        "山形県 発酵",
        "Yamagata fermentation",
    ] {
        assert!(app.finds(query, &tsuruoka) && app.finds(query, &sakata) && !app.finds(query, &other), "{query}");
    }
    // The text alone where the words are one phrase, or excluded.
    assert!(!app.finds("\"鶴岡市\" 発酵", &tsuruoka) && app.finds("発酵 -鶴岡市", &tsuruoka));
    let hint = &app.hints_of("鶴岡市 発酵", "place")[0];
    assert_eq!((&hint["query"], &hint["count"]), (&json!("市町村:鶴岡市 発酵"), &json!(1)));
    assert!(app.finds("市町村:鶴岡市 発酵", &tsuruoka) && !app.finds("市町村:鶴岡市 発酵", &named));
    let hint = &app.hints_of("Shonai fermentation", "place")[0];
    assert_eq!((&hint["query"], &hint["count"]), (&json!("region:06-shonai fermentation"), &json!(2)));
    let hint = &app.hints_of("\"酒田市\"", "without_quotes")[0];
    assert_eq!((&hint["query"], &hint["count"]), (&json!("酒田市"), &app.asked("酒田市")["total"]["value"]));
    // Nothing stands there: nothing to offer.
    assert_eq!(app.hints_of("米沢市 発酵", "place"), [] as [Value; 0]);
}

/// An anonymous need shows neither owner nor place, whoever asks with the name of the place.
#[test]
fn a_need_without_a_name_is_not_told_by_its_place() {
    let app = TestApp::start();
    let admin = app.administrator();
    let firm = json!({ "organization_kind": "firm", "name_ja": "匿名工業", "municipality": "062031" });
    let owner = app.made(&admin, "organizations", firm);
    let owner = owner.rsplit('/').next().expect("an id");
    let need = |anonymous: bool, title: &str| {
        let body = json!({ "owner": owner, "title_ja": title, "anonymous": anonymous,
            "lines": [{ "strength": "must", "text_ja": "発酵槽" }] });
        app.made(&admin, "needs", body).rsplit('/').next().expect("an id").to_owned()
    };
    let (hidden, open) = (need(true, "発酵槽を探す"), need(false, "発酵タンクを探す"));
    app.settle();
    for query in ["鶴岡市 発酵", "庄内 発酵", "鶴岡市の発酵槽", "Tsuruoka 発酵"] {
        assert!(!app.finds(query, &hidden) && app.finds(query, &open), "{query}");
    }
}

#[test]
fn certificates_and_kinds_are_known_as_plain_words() {
    let app = TestApp::start();
    let firm = |kind: &str, name: &str, certificates: Value| {
        let body = json!({ "organization_kind": kind, "name_ja": name, "certificates": certificates });
        app.create("organizations", body)
    };
    let certified = firm("firm", "認証つき精機", json!(["iso9001"]));
    let other = firm("university", "研削工科", json!([]));
    app.create("seeds", json!({ "owner": other, "title_ja": "研削の砥石" }));
    app.settle();
    for query in ["ISO9001", "ISO 9001", "iso-9001", "ＩＳＯ９００１", "ISO9001 精機"] {
        assert!(app.finds(query, &certified) && !app.finds(query, &other), "{query}");
    }
    let hint = &app.hints_of("ISO9001 精機", "condition")[0];
    assert_eq!((&hint["query"], &hint["count"]), (&json!("認証:ISO9001 精機"), &json!(1)));
    for (query, better) in [
        ("研削 シーズ", "研削 種別:研究シーズ"),
        ("seeds 研削", "kind:seed 研削"),
        ("研削　大学", "研削 機関種別:大学"),
        ("大学 研削 シーズ", "機関種別:大学 研削 種別:研究シーズ"),
    ] {
        let hints = app.hints_of(query, "condition");
        assert_eq!(hints.len(), 1, "{query}: {hints:?}");
        assert_eq!(hints[0]["query"], better, "{query}");
        let answer = app.asked(better);
        assert_eq!(answer["total"]["value"], hints[0]["count"], "{better}");
    }
    // Nothing is offered that finds nothing.
    assert_eq!(app.hints_of("研削 ニーズ", "condition"), [] as [Value; 0]);
    for signs in ["💡", "…", "???", "*", "\"\"", "-", "the", "()"] {
        assert_eq!(app.hints_of(signs, "no_words").len(), 1, "{signs}");
        let things = app.get(&format!("/api/v1/suggest?q={}", encoded(signs))).json()["things"].clone();
        assert_eq!(things, json!([]), "{signs}");
    }
    assert_eq!(app.hints_of("", "no_words"), [] as [Value; 0]);
    assert_eq!(app.hints_of("SDGs", "did_you_mean"), [] as [Value; 0]);
    // What the concept tree knows is no slip, whatever the texts hold.
    app.firm("Startup farming");
    app.settle();
    assert_eq!(app.hints_of("smart farming", "did_you_mean"), [] as [Value; 0]);
    let hint = &app.hints_of("\"砥石 研削\"", "without_quotes")[0];
    assert_eq!((&hint["query"], &hint["count"]), (&json!("砥石 研削"), &json!(1)));
}

#[test]
fn a_place_that_gets_another_name_is_known_by_it_at_once() {
    let app = TestApp::start();
    let body = json!({ "organization_kind": "firm", "name_ja": "架空精機", "municipality": "062014" });
    let firm = app.create("organizations", body);
    app.settle();
    let label = |query: &str| {
        let path = format!("/api/v1/search?facet=municipality,region&q={}", encoded(query));
        app.get(&path).json()["facets"]["municipality"][0]["label"]["ja"].clone()
    };
    assert!(app.finds("山形市", &firm));
    assert_eq!(label("架空精機"), "山形市");
    // PostgreSQL serves several processes; SQLite one.
    let database = match app.app.database.target() {
        Target::Sqlite(_) => app.app.database.clone(),
        Target::Postgresql(_) => app.world.database(),
    };
    let place = Municipality {
        code: "062014".to_owned(),
        prefecture: Some("060003".to_owned()),
        name_ja: "結城野市".to_owned(),
        name_kana: "ユウキノシ".to_owned(),
        name_en: "Yukino".to_owned(),
    };
    database.housekeeping(|conn| put_municipality(conn, &place, false)).expect("another name");
    assert_eq!(label("架空精機"), "結城野市");
    for name in ["結城野市", "ゆうきの", "Yukino City", "市町村:結城野市"] {
        assert!(app.finds(name, &firm), "{name}");
    }
    assert!(!app.finds("山形市", &firm));
}

#[test]
fn a_number_and_its_unit_old_and_new_letters_and_what_an_input_method_writes() {
    let app = TestApp::start();
    let near = app.skilled("大型基板", "300 mm角の基板に発酵由来の樹脂を射出成形する。型番はYP-100。");
    let joined = app.skilled("小型基板", "250mm角の硝子基板を研磨する。");
    let seed =
        app.create("seeds", json!({ "owner": app.firm("種"), "title_ja": "発酵の種", "summary_ja": "麹の話。" }));
    app.settle();
    for query in ["300mm", "３００ｍｍ", "300 mm", "射出成型", "醗酵 樹脂", "YP100", "yp-100"] {
        assert!(app.finds(query, &near), "{query}");
    }
    for query in ["250mm", "250 mm", "ガラス基板", "研摩"] {
        assert!(app.finds(query, &joined), "{query}");
    }
    assert!(!app.finds("300mm", &joined) && app.finds("糀", &seed));
    let hits = app.asked("（発酵 OR 研磨） 種別:シーズ")["hits"].as_array().expect("hits").clone();
    assert!(!hits.is_empty() && hits.iter().all(|hit| hit["kind"] == "seed"), "{hits:?}");
    // The hint repeats what was typed, and names filters in the language it speaks.
    let path = format!("/api/v1/search?kind=need&q={}", encoded("射出成形"));
    let hint = app.get(&path).json()["hints"][0].clone();
    assert_eq!(hint["code"], "drop_filter");
    assert!(hint["message"]["ja"].as_str().expect("Japanese").contains("絞り込み（種別）"), "{hint}");
}

#[test]
fn classes_of_industry_by_name_and_with_what_is_below_them() {
    let app = TestApp::start();
    let firm = |name: &str, industry: &str| {
        app.create("organizations", json!({ "organization_kind": "firm", "name_ja": name, "industry": industry }))
    };
    let (software, chemicals, machines) = (firm("架空ソフト", "3911"), firm("架空化学", "16"), firm("架空機械", "E"));
    app.settle();
    for (query, wanted) in [
        ("industry:39", vec![&software]),
        ("industry:391", vec![&software]),
        ("industry:3911", vec![&software]),
        ("業種:情報サービス業", vec![&software]),
        ("業種:化学", vec![&chemicals]),
        ("industry:e", vec![&chemicals, &machines]),
        ("業種:製造業", vec![&chemicals, &machines]),
    ] {
        let answer = app.asked(query);
        let found: Vec<&str> =
            answer["hits"].as_array().expect("hits").iter().filter_map(|hit| hit["id"].as_str()).collect();
        assert_eq!(found.len(), wanted.len(), "{query}: {answer}");
        assert!(wanted.iter().all(|id| found.contains(&id.as_str())), "{query}");
    }
    let facet = app.get("/api/v1/search?facet=industry&industry=391").json()["facets"]["industry"].clone();
    let value = |code: &str| {
        let values = facet.as_array().expect("values");
        values.iter().find(|value| value["value"] == code).unwrap_or_else(|| panic!("{code}: {facet}")).clone()
    };
    assert_eq!((&value("3911")["count"], &value("3911")["parent"]), (&json!(1), &json!("391")));
    assert_eq!((&value("391")["chosen"], &value("391")["parent"]), (&json!(true), &json!("39")));
    assert_eq!(value("39")["parent"], "G");
    assert_eq!(value("391")["label"]["ja"], "情報サービス業（391）");
    for query in ["業種:無い産業", "industry:nothing"] {
        let answer = app.get(&format!("/api/v1/search?q={}", encoded(query)));
        assert_eq!(answer.status, 400, "{query}: {}", answer.body);
    }
}

#[test]
fn some_of_the_words_are_whole_words_and_slips_beside_others_are_mended() {
    let app = TestApp::start();
    let cell = app.skilled("有機ELの封止", "OLEDの端面をガラスで封止する。");
    let other = app.skilled("バッチ式の塗布", "ギャラリーの照明向けに有機材料をバッチで塗る。");
    app.settle();
    // Neither a pair of letters of a longer word nor the Japanese part alone is the word.
    assert!(!app.finds("バッテリー", &other));
    for query in ["有機ELxyz", "PVDF・封止"] {
        assert_eq!(app.hints_of(query, "relaxed").len(), 1, "{query}");
    }
    assert!(app.finds("OLED・封止", &cell) && app.hints_of("OLED・封止", "relaxed").is_empty());
    for (query, mended) in [("OLEDD 封止", "oled 封止"), ("OLEDD", "oled"), ("OLEDD 無い語句", "oled 無い語句")]
    {
        let hints = app.hints_of(query, "did_you_mean");
        assert_eq!(hints.len(), 1, "{query}");
        assert_eq!(hints[0]["query"], mended);
        let hits = app.asked(query)["hits"].clone();
        assert!(hits.as_array().expect("hits").iter().any(|hit| hit["id"] == cell), "{query}");
    }
}

#[test]
fn places_by_their_reading_and_kinds_of_organisations_by_what_people_call_them() {
    let app = TestApp::start();
    let firm = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "架空硝子", "municipality": "062014", "description_ja": "硝子を研磨する。" }),
    );
    app.settle();
    for query in ["市町村:やまがたし", "市町村:ヤマガタ", "municipality:yamagata", "市町村:山形市"]
    {
        assert!(app.finds(query, &firm), "{query}");
    }
    for (query, better) in [
        ("研磨 企業", "研磨 機関種別:企業"),
        ("研磨 会社", "研磨 機関種別:企業"),
        ("硝子 companies", "硝子 organization_kind:firm"),
    ] {
        let hints = app.hints_of(query, "condition");
        assert_eq!(hints.first().map(|hint| &hint["query"]), Some(&json!(better)), "{query}");
    }
    // A refusal names what there is, and speaks of saving only where something could have been saved.
    for (path, known) in [
        ("search?sort=newest", "relevance, updated, freshness, name"),
        ("search?kind=firm", "organization, person"),
        ("search?organization_kind=ngo", "firm, university"),
        ("search?facet=size", "kind, freshness"),
        ("search?size_band=huge", "使える値"),
        ("organizations?sort=newest", "name, updated"),
    ] {
        let answer = app.get(&format!("/api/v1/{path}"));
        assert_eq!(answer.status, 422, "{path}: {}", answer.body);
        assert!(answer.body.contains(known) && !answer.body.contains("保存"), "{path}: {}", answer.body);
    }
}

#[test]
fn slips_in_names_of_places_and_certificates_mean_what_they_would_mean() {
    let app = TestApp::start();
    let firm = |name: &str, en: &str, more: Value| {
        let mut body = json!({ "organization_kind": "firm", "name_ja": name, "name_en": en });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        app.create("organizations", body)
    };
    let named = firm("名前だけ", "Yamagata Haccp Foods", json!({ "description_en": "We write manuals." }));
    let there =
        firm("そこの会社", "Somewhere", json!({ "municipality": "062014", "description_en": "Fermentation of rice." }));
    let sure = firm("認証の会社", "Safe Foods", json!({ "certificates": ["HACCP"] }));
    app.settle();
    for (query, mended, ids) in [
        ("yamagatta", "yamagata", vec![&named, &there]),
        ("YAMAGTA fermentation", "yamagata fermentation", vec![&there]),
        ("HACCPP", "haccp", vec![&named, &sure]),
    ] {
        let hints = app.hints_of(query, "did_you_mean");
        assert_eq!(hints.first().map(|hint| &hint["query"]), Some(&json!(mended.to_lowercase())), "{query}");
        for id in ids {
            assert!(app.finds(query, id), "{query}");
        }
        assert_eq!(app.asked(query)["total"], app.asked(mended)["total"], "{query}");
    }
}

#[test]
fn conditions_take_what_words_take() {
    let app = TestApp::start();
    let firm = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "架空組立", "municipality": "062014", "industry": "26" }),
    );
    let thick = app.skilled("厚板", "厚さ300 kgの荷を0.3 mmの精度で置く。");
    let wide = app.skilled("広板", "幅300 mmの板を切る。");
    app.settle();
    for query in [
        "市町村:山形県山形市",
        "municipality:\"Yamagata City\"",
        "municipality:yamagata-shi",
        "都道府県:やまがた",
        "prefecture:\"Yamagata Prefecture\"",
        "機関種別:会社",
        "種別:organizations 機関種別:companies",
        "業種:生産用機械",
        "業種:機械",
    ] {
        assert!(app.finds(query, &firm), "{query}");
    }
    assert!(app.finds("300 mm", &wide) && app.finds("300mm", &wide));
    assert!(!app.finds("300 mm", &thick), "a quantity is not two words");
    // A digit is no class, and the minus goes with what stands in the way.
    let refused = app.get(&format!("/api/v1/search?q={}", encoded("業種:7")));
    assert!(refused.status == 400 && refused.body.contains("/industries"), "{}", refused.body);
    for path in ["industry=製造業", "industry=zz", "industry=7", "industry=E,XX"] {
        let (name, value) = path.split_once('=').expect("a pair");
        let answer = app.get(&format!("/api/v1/search?{name}={}", encoded(value)));
        assert_eq!(answer.status, 422, "{path}: {}", answer.body);
        assert!(answer.body.contains("/industries"), "{}", answer.body);
    }
    assert_eq!(app.get("/api/v1/search?industry=e").json()["total"]["value"], 1);
    for query in ["市町村:山形市 -業種:製造業", "市町村:山形市 NOT 業種:製造業"] {
        let hint = app.hints_of(query, "drop_filter")[0].clone();
        assert_eq!(hint["filter"], "-業種:製造業", "{query}");
    }
}

#[test]
fn what_no_list_knows_is_refused_in_filters_too_and_no_character_breaks_a_search() {
    let app = TestApp::start();
    for path in ["municipality=999997", "field=nothing"] {
        let answer = app.get(&format!("/api/v1/search?{path}"));
        assert_eq!(answer.status, 422, "{path}: {}", answer.body);
    }
    for path in ["search?q=%00", "search?q=a%00%e5%b8%82", "suggest?q=%00", "organizations?q=%00", "search?owner=%00"] {
        let answer = app.get(&format!("/api/v1/{path}"));
        assert!([400, 422].contains(&answer.status), "{path}: {} {}", answer.status, answer.body);
    }
    let admin = app.administrator();
    let body = json!({ "name": "x", "query": { "q": "所有:a\u{0}b" } });
    let saved = app.post_as(&admin, "/api/v1/me/saved-searches", body);
    assert!([400, 422].contains(&saved.status), "{}", saved.body);
}
