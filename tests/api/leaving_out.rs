//! What a free text leaves out: checked by fact where it can be, and said where it was not.

use crate::support::TestApp;
use musubi::api::matching;
use musubi::domain::Actor;
use serde_json::{Value, json};

struct Scene {
    app: TestApp,
    kuraji: String,
    large: String,
    silent: String,
    university: String,
    person: String,
}

fn scene() -> Scene {
    let app = TestApp::start();
    let party = |more: Value| {
        let mut body = json!({ "description_ja": "味噌の発酵を受託する。", "description_en": "Does fermentation." });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };
    let organization = |more: Value| app.create("organizations", party(more));
    let kuraji = organization(json!({ "organization_kind": "firm", "name_ja": "株式会社蔵路発酵工業",
        "name_en": "Kuraji Fermentation Co., Ltd.", "municipality": "062022", "employees": 20 }));
    let large = organization(
        json!({ "organization_kind": "firm", "name_ja": "大沼味噌", "municipality": "062014", "employees": 900 }),
    );
    let silent = organization(json!({ "organization_kind": "firm", "name_ja": "書かない味噌" }));
    let university =
        organization(json!({ "organization_kind": "university", "name_ja": "蔵王大学", "municipality": "062014" }));
    let person = app.create("people", party(json!({ "name_ja": "味噌 太郎" })));
    app.settle();
    Scene { app, kuraji, large, silent, university, person }
}

impl Scene {
    fn ask(&self, text: &str, towards: &str) -> Value {
        let answer = self.app.post("/api/v1/match", json!({ "from": { "text": text }, "towards": towards }));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Who of all is not in the list.
    fn missing(&self, text: &str) -> Vec<&str> {
        let answer = self.ask(text, "parties");
        let found: Vec<String> = found(&answer);
        let all = [&self.kuraji, &self.large, &self.silent, &self.university, &self.person];
        all.into_iter().filter(|id| !found.contains(id)).map(String::as_str).collect()
    }
}

fn found(answer: &Value) -> Vec<String> {
    let results = answer["results"].as_array().expect("results").iter();
    results.map(|one| one["party"]["id"].as_str().expect("an id").to_owned()).collect()
}

fn hint<'a>(answer: &'a Value, code: &str) -> Option<&'a Value> {
    answer["hints"].as_array()?.iter().find(|hint| hint["code"] == code)
}

#[test]
fn what_a_fact_can_tell_is_left_out() {
    let scene = scene();
    assert_eq!(scene.missing("発酵"), Vec::<&str>::new());
    let kuraji = [scene.kuraji.as_str()];
    for text in [
        "発酵、蔵路発酵工業は除く",
        "発酵。ただし株式会社蔵路発酵工業は除く。",
        "発酵、蔵路発酵工業株式会社さんは除く",
        "fermentation, except Kuraji Fermentation Co., Ltd.",
        "fermentation except Kuraji Fermentation",
        "発酵、米沢市は除く",
        "米沢市以外で発酵",
        "発酵（米沢は除く）",
        "fermentation except in Yonezawa",
        "発酵、従業員20人以下は除く",
    ] {
        assert_eq!(scene.missing(text), kuraji, "{text}");
    }
    for text in ["発酵、従業員100人以上は除く", "fermentation, except firms with more than 300 employees"] {
        assert_eq!(scene.missing(text), [scene.large.as_str()], "{text}");
    }
    for text in ["発酵、個人は除く", "fermentation except individuals"] {
        assert_eq!(scene.missing(text), [scene.person.as_str()], "{text}");
    }
    assert_eq!(scene.missing("発酵、味噌太郎は除く"), [scene.person.as_str()]);
    for text in [
        "発酵、大学は除く",
        "発酵（大学は除く）",
        "大学以外で発酵",
        "発酵、大学除く",
        "発酵は大学を除く",
        "fermentation except universities",
        "fermentation (except universities)",
        "Fermentation except for universities.",
        "fermentation, not universities",
        "fermentation without universities",
    ] {
        assert_eq!(scene.missing(text), [scene.university.as_str()], "{text}");
    }
    // Several at once, all of them checked.
    assert_eq!(scene.missing("発酵、米沢市と大学は除く"), [scene.kuraji.as_str(), scene.university.as_str()]);
    // Everybody in the prefecture who says so.
    let told = [scene.kuraji.as_str(), scene.large.as_str(), scene.university.as_str()];
    assert_eq!(scene.missing("発酵、山形県は除く"), told);
}

#[test]
fn what_is_not_left_out_stays() {
    let scene = scene();
    for text in [
        "発酵、大学は除きません",
        "発酵、大学を除く必要はない",
        "fermentation, not excluding universities",
        "研究機関は除かず発酵",
    ] {
        assert_eq!(scene.missing(text), Vec::<&str>::new(), "{text}");
        let answer = scene.ask(text, "parties");
        assert!(hint(&answer, "left_out").is_none() && hint(&answer, "left_out_unchecked").is_none(), "{answer}");
    }
    // Only universities are wanted; people have no kind.
    for text in ["発酵、大学以外を除く", "発酵、大学以外の機関は除いて", "発酵、大学以外は不要"]
    {
        assert_eq!(scene.missing(text), [&scene.kuraji, &scene.large, &scene.silent], "{text}");
    }
    // Of what has no opposite it is only said.
    for text in ["発酵、米沢市以外は除く", "fermentation, excluding everybody except universities"] {
        assert_eq!(scene.missing(text), Vec::<&str>::new(), "{text}");
        let answer = scene.ask(text, "parties");
        assert!(hint(&answer, "left_out_unchecked").is_some() && hint(&answer, "left_out").is_none(), "{answer}");
    }
}

#[test]
fn a_place_and_a_kind_hold_together() {
    let scene = scene();
    let institute = scene.app.create(
        "organizations",
        json!({ "organization_kind": "public_testing_institute", "name_ja": "米沢試験場", "municipality": "062022",
            "employees": 15, "description_ja": "味噌の発酵を受託する。", "description_en": "Does fermentation." }),
    );
    scene.app.settle();
    let stays = |text: &str| found(&scene.ask(text, "parties")).contains(&institute);
    for text in [
        "発酵、米沢市の会社は除く",
        "発酵、20人以下の会社は除く",
        "発酵、米沢市の20人以下の会社は除く",
        "fermentation, except firms in Yonezawa",
        "fermentation except firms in Yonezawa with fewer than 30 employees",
    ] {
        assert_eq!(scene.missing(text), [scene.kuraji.as_str()], "{text}");
        assert!(stays(text), "{text}");
        let answer = scene.ask(text, "parties");
        assert!(hint(&answer, "left_out_unchecked").is_none(), "{answer}");
    }
    assert!(!stays("発酵、米沢市の機関は除く") && !stays("発酵、米沢市は除く"));
    for text in ["発酵、従業員十人以上百人以下は除く", "発酵、従業員が10人から50人の会社は除く"]
    {
        assert_eq!(scene.missing(text), [scene.kuraji.as_str()], "{text}");
    }
    assert_eq!(scene.missing("発酵、山形市の大学は除く"), [scene.university.as_str()]);
}

#[test]
fn names_and_lists_are_read_as_people_write_them() {
    let app = TestApp::start();
    let make = |kind: &str, ja: &str, en: Option<&str>| {
        app.create(
            "organizations",
            json!({ "organization_kind": kind, "name_ja": ja, "name_en": en,
                "description_ja": "味噌の発酵を受託する。", "description_en": "Does fermentation." }),
        )
    };
    let school = make("university", "学校法人置賜学院 置賜工科大学", None);
    let national = make("university", "国立大学法人庄内大学", None);
    let other = make("university", "最上大学", None);
    let drop = make("firm", "雫発酵株式会社", Some("Shizuku Fermentation KK"));
    let coat = make("firm", "燈発酵株式会社", Some("Tomei Brewing Inc."));
    let bank = make("bank", "最上銀行", None);
    let all = [&school, &national, &other, &drop, &coat, &bank];
    app.settle();
    let ask = |text: &str| {
        let answer = app.post("/api/v1/match", json!({ "from": { "text": text }, "towards": "organizations" }));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let missing = |text: &str| -> Vec<&String> {
        let found = found(&ask(text));
        all.into_iter().filter(|id| !found.contains(id)).collect()
    };
    assert_eq!(missing("発酵"), Vec::<&String>::new());
    for text in ["発酵、置賜工科大学は除く", "置賜工科大学以外で発酵"] {
        assert_eq!(missing(text), [&school], "{text}");
    }
    assert_eq!(missing("発酵、庄内大学は除く"), [&national]);
    assert_eq!(missing("発酵、国立大学法人最上大学は除く"), [&other]);
    for text in [
        "fermentation except Shizuku Fermentation",
        "fermentation excluding Shizuku Fermentation K.K.",
        "発酵、雫発酵様は除く",
        "発酵、「雫発酵」は除く",
    ] {
        assert_eq!(missing(text), [&drop], "{text}");
    }
    for text in ["fermentation except the Tomei Brewing Inc.", "Fermentation, except Tomei Brewing, Inc."] {
        assert_eq!(missing(text), [&coat], "{text}");
    }
    let universities = [&school, &national, &other];
    assert_eq!(missing("fermentation except universities and Tomei Brewing Inc."), [&school, &national, &other, &coat]);
    for text in [
        "発酵、「大学」は除く",
        "発酵　※大学除く",
        "発酵。除く：大学",
        "発酵。大学はNG",
        "発酵。大学はお断り",
        "no universities please: fermentation",
        "大学除く個人除く発酵",
    ] {
        assert_eq!(missing(text), universities, "{text}");
    }
    // What of a list can be checked is applied; the rest is told.
    let text = "発酵、銀行・官公庁・団体は除く";
    let answer = ask(text);
    assert_eq!(missing(text), [&bank]);
    let told = hint(&answer, "left_out_unchecked").expect("told")["message"]["ja"].clone();
    assert!(told.as_str().is_some_and(|told| told.contains("「団体」") && !told.contains("銀行")), "{told}");
    // Work with somebody is nobody.
    for text in ["発酵、大学と共同研究する会社は除く", "発酵、大学・企業連携は除く"] {
        assert_eq!(missing(text), Vec::<&String>::new(), "{text}");
        assert!(hint(&ask(text), "left_out_unchecked").is_some(), "{text}");
    }
}

#[test]
fn places_are_read_with_those_who_are_there() {
    let scene = scene();
    for text in [
        "米沢市以外の発酵会社",
        "米沢市以外の発酵工場",
        "fermentation outside Yonezawa",
        "fermentation not from Yonezawa",
        "fermentation, not in Yonezawa",
    ] {
        assert_eq!(scene.missing(text), [scene.kuraji.as_str()], "{text}");
    }
    let told = [scene.kuraji.as_str(), scene.large.as_str(), scene.university.as_str()];
    assert_eq!(scene.missing("山形県以外の発酵会社"), told);
    // Of the rice, not of who ferments it; and somebody of whom the rest is not understood.
    for text in ["米沢市以外の米を発酵", "大学に属する人を除いた発酵", "fermentation except for work with universities"]
    {
        let answer = scene.ask(text, "parties");
        assert_eq!(scene.missing(text), Vec::<&str>::new(), "{text}");
        assert!(hint(&answer, "left_out_unchecked").is_some() && hint(&answer, "left_out").is_none(), "{answer}");
    }
}

#[test]
fn a_hint_says_what_was_applied_and_what_was_not_checked() {
    let scene = scene();
    let answer = scene.ask("発酵、大手企業は除く、蔵路発酵工業は除く、焼酎は除く", "parties");
    let applied = hint(&answer, "left_out").expect("applied")["message"].clone();
    assert!(applied["ja"].as_str().is_some_and(|text| text.contains("株式会社蔵路発酵工業")), "{applied}");
    assert!(!applied.to_string().contains("大手企業"), "{applied}");
    let unchecked = hint(&answer, "left_out_unchecked").expect("unchecked")["message"].clone();
    let ja = unchecked["ja"].as_str().expect("a message");
    assert!(ja.contains("「大手企業」、「焼酎」") && ja.contains("確かめられない"), "{ja}");
    assert!(unchecked["en"].as_str().is_some_and(|text| text.contains("nobody was left out")), "{unchecked}");
    assert!(!found(&answer).contains(&scene.kuraji));
    // The lines are these, the checked ones first: of who is somebody else, it is known.
    let lines = answer["results"][0]["lines"].as_array().expect("lines");
    let verdicts: Vec<&str> = lines.iter().map(|line| line["verdict"].as_str().expect("a verdict")).collect();
    assert_eq!(verdicts, ["unmet", "unknown", "unknown"]);

    // A place that may be two is not guessed, and wishes about the work are no exclusion of parties.
    for text in ["発酵、山形は除く", "発酵、県外は除く", "発酵、100人以上は除く"] {
        let answer = scene.ask(text, "parties");
        assert!(hint(&answer, "left_out_unchecked").is_some() && hint(&answer, "left_out").is_none(), "{answer}");
        assert_eq!(found(&answer).len(), 5, "{text}");
    }
    for text in ["溶剤以外も使える発酵", "fermentation without solvents", "大学以外も歓迎の発酵"] {
        let answer = scene.ask(text, "parties");
        assert!(answer["hints"].as_array().is_none_or(|hints| hints.is_empty()), "{text}: {answer}");
    }
    // Nothing is wanted: nothing is looked for, least of all what is not wanted.
    let answer = scene.ask("大学は除く", "parties");
    assert!(found(&answer).is_empty() && hint(&answer, "left_out").is_some(), "{answer}");
}

#[test]
fn single_things_of_those_left_out_are_left_out_too() {
    let scene = scene();
    for owner in [&scene.kuraji, &scene.large] {
        scene.app.create(
            "capabilities",
            json!({ "owner": owner, "capability_kind": "process", "name_ja": "味噌の発酵", "description_ja": "味噌の発酵を受託する。" }),
        );
    }
    scene.app.settle();
    assert_eq!(found(&scene.ask("味噌の発酵", "capabilities")).len(), 2);
    let left = found(&scene.ask("味噌の発酵、蔵路発酵工業は除く", "capabilities"));
    assert_eq!(left, std::slice::from_ref(&scene.large));
}

#[test]
fn a_name_that_the_reader_may_not_see_leaves_nobody_out() {
    let app = TestApp::start();
    let open = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "開いた味噌", "description_ja": "味噌の発酵を受託する。" }),
    );
    app.settle();
    let ask = || {
        let query = json!({ "from": { "text": "味噌の発酵、秘密味噌は除く" }, "towards": "organizations" });
        let query = serde_json::from_value(query).expect("a query");
        let answer = matching::answer(&app.app, &Actor::Visitor, query).expect("an answer");
        serde_json::to_string(&answer).expect("JSON")
    };
    let before = ask();
    app.create("organizations", json!({ "organization_kind": "firm", "name_ja": "秘密味噌", "visibility": "private" }));
    app.settle();
    assert_eq!(ask(), before);
    assert!(before.contains(&open) && before.contains("left_out_unchecked"));
}

#[test]
fn a_text_full_of_exclusions_is_read_within_bounds() {
    let scene = scene();
    for text in
        ["蔵路発酵工業以外で".repeat(500), "（大学は除く）".repeat(1_000), "発酵、名無しの会社は除く。".repeat(1_000)]
    {
        assert!(scene.ask(&text, "parties")["results"].is_array());
    }
}
