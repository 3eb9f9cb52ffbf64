//! Why nobody is found: the condition, the exclusion or the filter that leaves nobody is named, and no line that somebody
//! can meet.

use crate::support::TestApp;
use serde_json::{Value, json};

struct Scene {
    app: TestApp,
    seeker: String,
}

/// A small welder of Yamagata, a large one of Tokyo, and a painter of whom nothing is known.
fn scene() -> Scene {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let does = |owner: &str, skill: &str| {
        app.create("capabilities", json!({ "owner": owner, "capability_kind": "process", "name_ja": skill }))
    };
    let firm = |name: &str, municipality: &str, employees: u32| {
        app.create(
            "organizations",
            json!({ "organization_kind": "firm", "name_ja": name, "municipality": municipality, "employees": employees }),
        )
    };
    does(&firm("小さな溶接", "062014", 10), "レーザー溶接を行う");
    does(&firm("大きな溶接", "130001", 500), "レーザー溶接を行う");
    does(
        &app.create("organizations", json!({ "organization_kind": "university", "name_ja": "塗装大学" })),
        "粉体塗装を行う",
    );
    app.settle();
    Scene { app, seeker }
}

impl Scene {
    fn need(&self, lines: Value) -> String {
        let body = json!({ "owner": self.seeker, "title_ja": "レーザー溶接と粉体塗装", "lines": lines });
        let need = self.app.create("needs", body);
        self.app.settle();
        need
    }

    fn coalition(&self, lines: Value, filters: Value) -> Value {
        let from = json!({ "kind": "need", "id": self.need(lines) });
        let answer = self.app.post("/api/v1/match/coalition", json!({ "from": from, "filters": filters }));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    fn matched(&self, from: Value, filters: Value) -> Value {
        let body = json!({ "from": from, "towards": "organizations", "filters": filters });
        let answer = self.app.post("/api/v1/match", body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }
}

fn must(text: &str) -> Value {
    json!({ "strength": "must", "text_ja": text })
}

fn employees(strength: &str, operator: &str, bound: &str) -> Value {
    json!({ "strength": strength, "condition": { "field": "employees", "operator": operator, "values": [bound] } })
}

fn said(hint: &Value, ja: &[&str], en: &[&str]) {
    let (told_ja, told_en) = (hint["message"]["ja"].as_str().expect("ja"), hint["message"]["en"].as_str().expect("en"));
    assert!(ja.iter().all(|word| told_ja.contains(word)), "{told_ja}");
    assert!(en.iter().all(|word| told_en.contains(word)), "{told_en}");
}

#[test]
fn a_condition_is_blamed_and_not_the_line_that_somebody_meets() {
    let scene = scene();
    let welding = || must("レーザー溶接ができること");
    let answer = scene.coalition(json!([welding(), employees("must", "at_least", "100000")]), json!({}));
    // The university states no number, so the condition stays unknown for it.
    assert_eq!(answer["nobody"], json!([1]), "{answer}");
    let hint = &answer["hints"][0];
    assert_eq!((&hint["code"], &hint["lines"]), (&json!("leaves_nobody"), &json!([1])), "{answer}");
    said(
        hint,
        &["1行目の必須「レーザー溶接ができること」", "2行目", "100000人以上"],
        &["line 1", "line 2", "at least 100000"],
    );
    assert_eq!(answer["hints"].as_array().map(Vec::len), Some(1), "{answer}");

    // Small ones by one, large ones by the other.
    let both = json!([welding(), employees("must", "at_most", "20"), employees("must", "at_least", "300")]);
    let answer = scene.coalition(both, json!({}));
    assert!(!answer["nobody"].as_array().expect("lines").contains(&json!(0)), "{answer}");
    let named: Vec<&Value> = answer["hints"].as_array().expect("hints").iter().map(|hint| &hint["lines"]).collect();
    assert!(named.contains(&&json!([1, 2])), "{answer}");

    // What the need itself excludes, by a fact and by words.
    let firms = json!({ "field": "organization_kind", "operator": "any_of", "values": ["firm"] });
    for exclude in [
        json!({ "strength": "exclude", "condition": firms }),
        json!({ "strength": "exclude", "text_ja": "レーザー溶接" }),
    ] {
        let answer = scene.coalition(json!([welding(), must("粉体塗装ができること"), exclude]), json!({}));
        assert_eq!(answer["nobody"], json!([]), "{answer}");
        assert_eq!(answer["hints"][0]["lines"], json!([2]), "{answer}");
        said(&answer["hints"][0], &["3行目の除外"], &["line 3"]);
        let help = answer["partial"]["would_fit"]["en"].as_str().expect("a message");
        assert!(answer["partial"]["open"] == json!([0]) && help.contains("keeps them out"), "{answer}");
    }

    // Nobody at all: the line is named, and nothing else.
    let answer = scene.coalition(json!([welding(), must("クモ糸タンパク質の紡糸")]), json!({}));
    assert_eq!((&answer["nobody"], &answer["hints"]), (&json!([1]), &Value::Null), "{answer}");
}

#[test]
fn a_filter_that_keeps_everybody_out_of_a_coalition_is_named() {
    let scene = scene();
    let lines = json!([must("レーザー溶接ができること"), must("粉体塗装ができること")]);
    let answer = scene.coalition(lines.clone(), json!({ "prefecture": ["47"] }));
    assert_eq!(answer["nobody"], json!([]), "{answer}");
    assert_eq!(
        (&answer["hints"][0]["code"], &answer["hints"][0]["filter"]),
        (&json!("drop_filter"), &json!("prefecture"))
    );
    said(&answer["hints"][0], &["絞り込み「都道府県」"], &["the filter prefecture"]);
    let filters = json!({ "prefecture": ["06"], "organization_kind": ["university"] });
    let answer = scene.coalition(json!([must("レーザー溶接ができること")]), filters);
    assert_eq!(
        (&answer["nobody"], &answer["hints"][0]["filter"]),
        (&json!([]), &json!("organization_kind")),
        "{answer}"
    );
    // Nobody meets it without the filter, either.
    let lines = json!([must("レーザー溶接ができること"), must("クモ糸タンパク質の紡糸")]);
    let answer = scene.coalition(lines, json!({ "prefecture": ["06"] }));
    assert_eq!((&answer["nobody"], &answer["hints"]), (&json!([1]), &Value::Null), "{answer}");
}

#[test]
fn conditions_that_leave_nobody_of_a_match_are_named() {
    let scene = scene();
    let kind = json!({ "strength": "must", "condition": { "field": "organization_kind", "operator": "any_of", "values": ["firm"] } });
    let lines = json!([
        must("レーザー溶接ができること"),
        kind,
        employees("must", "at_most", "20"),
        employees("must", "at_least", "300")
    ]);
    let need = json!({ "kind": "need", "id": scene.need(lines) });
    let answer = scene.matched(need.clone(), json!({}));
    assert_eq!(answer["results"], json!([]), "{answer}");
    let hints = answer["hints"].as_array().expect("hints");
    assert_eq!((hints.len(), &hints[0]["code"], &hints[0]["lines"]), (1, &json!("leaves_nobody"), &json!([1, 2, 3])));
    said(&hints[0], &["20人以下", "300人以上", "合わせる"], &["at most 20", "at least 300", "together"]);

    // A place by its name, whoever is found.
    let place = json!({ "field": "municipality", "operator": "any_of", "values": ["062022"] });
    let lines = json!([must("レーザー溶接ができること"), kind, { "strength": "must", "condition": place }]);
    let answer =
        scene.matched(json!({ "kind": "need", "id": scene.need(lines) }), json!({ "organization_kind": ["firm"] }));
    said(&answer["hints"][0], &["米沢市", "だけで"], &["Yonezawa"]);

    // An exclusion in a free text.
    let answer = scene.matched(json!({ "text": "レーザー溶接、企業は除く" }), json!({ "organization_kind": ["firm"] }));
    assert_eq!(answer["hints"][0]["code"], "leaves_nobody", "{answer}");
    said(&answer["hints"][0], &["「企業」"], &["企業"]);
}

#[test]
fn the_filter_without_which_somebody_is_found_is_named() {
    let scene = scene();
    let ask = |filters: Value| scene.matched(json!({ "text": "レーザー溶接" }), filters)["hints"].clone();
    let one = ask(json!({ "prefecture": ["０６"], "organization_kind": ["university"] }));
    assert_eq!((&one[0]["code"], &one[0]["filter"]), (&json!("drop_filter"), &json!("organization_kind")), "{one}");
    let both = ask(json!({ "prefecture": ["47"], "organization_kind": ["university"] }));
    assert_eq!((&both[0]["code"], &both[0]["filter"]), (&json!("drop_filter"), &Value::Null), "{both}");
    let things =
        json!({ "from": { "text": "レーザー溶接" }, "towards": "capabilities", "filters": { "prefecture": ["47"] } });
    let things = scene.app.post("/api/v1/match", things).json();
    assert_eq!(things["hints"][0]["filter"], "prefecture", "{things}");
    let none = scene.matched(json!({ "text": "量子重力波" }), json!({ "prefecture": ["06"] }));
    assert_eq!(none["hints"][0]["code"], "more_words", "no filter is to blame: {none}");
    // 山形県 in full-width digits.
    assert_eq!(
        scene.matched(json!({ "text": "レーザー溶接" }), json!({ "prefecture": ["０６"] }))["results"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let text = scene.matched(json!({ "text": "大学は除く" }), json!({}));
    said(&text["hints"][0], &["除く条件だけ"], &["What to leave out is not enough"]);
}

#[test]
fn a_file_says_facts_in_words_and_shows_who_meets_everything_alone() {
    let scene = scene();
    let place = json!({ "field": "municipality", "operator": "any_of", "values": ["062014"] });
    let lines = json!([must("レーザー溶接ができること"), { "strength": "must", "condition": place }]);
    let from = json!({ "kind": "need", "id": scene.need(lines) });
    let file = |path: &str, language: &str, more: Value| {
        let mut body = json!({ "from": from });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        scene.app.post_with(path, &[("accept-language", language)], body).body
    };
    let towards = json!({ "towards": "organizations" });
    let csv = file("/api/v1/match?format=csv", "ja", towards.clone());
    assert!(csv.contains("2 必須「市区町村 山形市」満たす: 山形市") && !csv.contains("062014"), "{csv}");
    let csv = file("/api/v1/match?format=csv", "en", towards);
    assert!(csv.contains("met: Yamagata") && !csv.contains("062014"), "{csv}");
    let csv = file("/api/v1/match/coalition?format=csv", "ja", json!({}));
    assert!(csv.contains("単独で満たす,,小さな溶接,機関・企業,"), "{csv}");
    assert!(
        csv.contains("1 必須「レーザー溶接ができること」満たす: レーザー溶接を行う") && csv.contains("満たす: 山形市"),
        "{csv}"
    );
    let row = file("/api/v1/match/coalition?format=jsonl", "ja", json!({}));
    let row: Value = serde_json::from_str(row.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&row["row"], row["lines"].as_array().map(Vec::len)), (&json!("alone"), Some(2)), "{row}");
    assert_eq!(row["lines"][0]["evidence"]["text"], "レーザー溶接を行う", "{row}");
}
