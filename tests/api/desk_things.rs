//! The desk and what it speaks of: parties that merge, things that are deleted, and what a history still names.

use crate::desk::Stage;
use crate::support::people::Person;
use musubi::store::check;
use serde_json::{Value, json};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

fn is_whole(stage: &Stage) {
    let mut faults = Vec::new();
    check::check(&stage.app.app.database, &mut |fault| faults.push(fault)).expect("a check");
    assert!(faults.is_empty(), "{faults:?}");
}

fn version(stage: &Stage, path: &str) -> i64 {
    stage.reads(&stage.administrator, path)["version"].as_i64().expect("a version")
}

fn merges(stage: &Stage, from: &str, into: &str) -> Value {
    let path = format!("/api/v1/organizations/{from}");
    let merged = stage.app.step(
        &stage.administrator,
        &path,
        "merge",
        version(stage, &format!("organizations/{from}")),
        json!({ "into": into }),
    );
    assert_eq!(merged.status, 200, "{}", merged.body);
    merged.json()
}

fn deletes(stage: &Stage, path: &str) -> crate::support::Response {
    let etag = format!("\"{}\"", version(stage, path));
    let bearer = stage.administrator.bearer();
    stage.app.delete(&format!("/api/v1/{path}"), &[("authorization", &bearer), ("if-match", &etag)])
}

fn participants(case: &Value) -> Vec<String> {
    case["participants"].as_array().expect("participants").iter().map(|card| text(&card["id"])).collect()
}

fn ids(list: &Value) -> Vec<String> {
    list["items"].as_array().expect("items").iter().map(|item| text(&item["id"])).collect()
}

/// An introduction of both sides, and the case that came of it.
fn case_of(stage: &Stage, need: &str, party: &str, person: &Person) -> (String, String) {
    let introduction = stage.asks(&stage.coordinator, need, party);
    let path = format!("introductions/{introduction}/events");
    stage.does(person, &path, json!({ "event": "accept" }));
    stage.does(&stage.buyer, &path, json!({ "event": "accept" }));
    let case = stage.does(&stage.coordinator, "cases", json!({ "introduction": introduction, "title": "封止の試作" }));
    (introduction, text(&case["id"]))
}

#[test]
fn what_a_merged_party_was_in_the_other_one_is_in_and_back() {
    let mut stage = Stage::set();
    let need = stage.need(false);
    let secret = stage.capability(&stage.maker, &stage.maker_firm, "parties", "未公開の封止条件");
    let kept = json!({ "from": { "kind": "need", "id": need }, "party": stage.maker_firm });
    let proposal = text(&stage.does(&stage.coordinator, "matches", kept)["id"]);
    let introduction = stage.asks(&stage.coordinator, &need, &stage.maker_firm);
    let path = format!("introductions/{introduction}/events");
    stage.does(&stage.buyer, &path, json!({ "event": "add_part", "thing": need, "opens": "interest" }));
    stage.does(&stage.maker, &path, json!({ "event": "add_part", "thing": secret, "opens": "interest" }));
    stage.does(&stage.maker, &path, json!({ "event": "accept" }));
    stage.does(&stage.buyer, &path, json!({ "event": "accept" }));
    let case = stage.does(&stage.coordinator, "cases", json!({ "introduction": introduction, "title": "封止の試作" }));
    let case = text(&case["id"]);
    // One in which both take part already.
    let shared = json!({ "title": "勉強会", "parties": [stage.maker_firm, stage.other_firm] });
    let shared = text(&stage.does(&stage.coordinator, "cases", shared)["id"]);
    stage.days_pass(2);
    let answer = merges(&stage, &stage.maker_firm, &stage.other_firm);
    assert_eq!(answer["matters"], 4, "{answer}");
    is_whole(&stage);

    let now = stage.reads(&stage.coordinator, &format!("cases/{case}"));
    assert_eq!(participants(&now), [stage.firm.clone(), stage.other_firm.clone()]);
    assert_eq!(
        participants(&stage.reads(&stage.coordinator, &format!("cases/{shared}"))),
        std::slice::from_ref(&stage.other_firm)
    );
    let answering =
        |path: &str| text(&stage.reads(&stage.coordinator, &format!("{path}/{introduction}"))["answering"]["id"]);
    assert_eq!(answering("introductions"), stage.other_firm);
    let party = text(&stage.reads(&stage.coordinator, &format!("matches/{proposal}"))["party"]["id"]);
    assert_eq!(party, stage.other_firm);
    let cases = stage.reads(&stage.coordinator, &format!("cases?party={}", stage.other_firm));
    assert_eq!(ids(&cases).len(), 2, "{cases}");
    // Members of both read on, and act.
    for person in [&stage.maker, &stage.other] {
        assert_eq!(ids(&stage.reads(person, "cases")).len(), 2);
        assert_eq!(ids(&stage.reads(person, "introductions")), std::slice::from_ref(&introduction));
        stage.does(person, &format!("cases/{case}/events"), json!({ "event": "note", "text": "続けます。" }));
    }
    // There is one introduction of the pair, not a second one.
    stage
        .tries(
            &stage.coordinator,
            "introductions",
            json!({ "subject": need, "party": stage.other_firm, "message": "改めて" }),
        )
        .problem(409, "already-exists");
    // As of before, it is named by what it became; the history says both.
    let before = stage.reads(&stage.buyer, &format!("cases/{case}?as_of=2026-04-01"));
    assert_eq!(participants(&before), [stage.firm.clone(), stage.other_firm.clone()]);
    let history = stage.reads(&stage.buyer, &format!("cases/{case}/history"));
    let merged = history["items"].as_array().unwrap().iter().find(|item| item["event"] == "merged").expect("told");
    assert_eq!(
        (text(&merged["deed"]["from"]), text(&merged["deed"]["into"])),
        (stage.maker_firm.clone(), stage.other_firm.clone())
    );

    let undone = stage.does(&stage.administrator, &format!("organizations/{}/unmerge", stage.maker_firm), json!({}));
    assert_eq!(undone["matters"], 4, "{undone}");
    is_whole(&stage);
    assert_eq!(
        participants(&stage.reads(&stage.coordinator, &format!("cases/{case}"))),
        [stage.firm.clone(), stage.maker_firm.clone()]
    );
    assert_eq!(
        participants(&stage.reads(&stage.coordinator, &format!("cases/{shared}"))),
        [stage.other_firm.clone(), stage.maker_firm.clone()]
    );
    assert_eq!(ids(&stage.reads(&stage.other, "introductions")), Vec::<String>::new());
    assert_eq!(ids(&stage.reads(&stage.maker, "introductions")), std::slice::from_ref(&introduction));
    assert_eq!(stage.status(&stage.other, &format!("capabilities/{secret}")), 404);
}

#[test]
fn a_merge_leaves_one_open_introduction_of_a_pair_and_none_of_a_party_with_itself() {
    let stage = Stage::set();
    let need = stage.need(true);
    let one = stage.asks(&stage.coordinator, &need, &stage.maker_firm);
    let two = stage.asks(&stage.coordinator, &need, &stage.other_firm);
    let keep = |party: &str| {
        let body = json!({ "from": { "kind": "need", "id": need }, "party": party });
        text(&stage.does(&stage.coordinator, "matches", body)["id"])
    };
    let (first, second) = (keep(&stage.maker_firm), keep(&stage.other_firm));
    merges(&stage, &stage.maker_firm, &stage.other_firm);
    is_whole(&stage);
    let state = |id: &str| text(&stage.reads(&stage.coordinator, &format!("introductions/{id}"))["state"]);
    assert_eq!((state(&one), state(&two)), ("lapsed".into(), "asked".into()), "one of the pair goes on");
    let accept = json!({ "event": "accept" });
    stage.tries(&stage.other, &format!("introductions/{one}/events"), accept.clone()).problem(409, "closed");
    stage
        .tries(&stage.coordinator, &format!("matches/{first}/events"), json!({ "event": "shortlist" }))
        .problem(409, "closed");
    stage.does(&stage.coordinator, &format!("matches/{second}/events"), json!({ "event": "shortlist" }));
    // The seeker becomes the asked one: nobody is introduced to itself.
    merges(&stage, &stage.firm, &stage.other_firm);
    is_whole(&stage);
    assert_eq!((state(&one), state(&two)), ("lapsed".into(), "lapsed".into()));
    // And back, the last one first.
    for party in [&stage.firm, &stage.maker_firm] {
        stage.does(&stage.administrator, &format!("organizations/{party}/unmerge"), json!({}));
        is_whole(&stage);
    }
    assert_eq!((state(&one), state(&two)), ("asked".into(), "asked".into()));
    // Who seeks is still not told to those who are asked.
    let told = stage.app.get_as(&stage.maker, &format!("/api/v1/introductions/{one}/history"));
    assert!(told.status == 200 && !told.body.contains(&stage.firm), "{}", told.body);
    let shown = stage.app.get_as(&stage.other, &format!("/api/v1/introductions/{two}"));
    assert!(shown.json()["seeking"].is_null() && !shown.body.contains(&stage.firm), "{}", shown.body);
    stage.does(&stage.maker, &format!("introductions/{one}/events"), accept);
}

#[test]
fn what_is_under_way_keeps_its_things_and_what_has_ended_its_names() {
    let mut stage = Stage::set();
    let need = stage.need(false);
    let kept = json!({ "from": { "kind": "need", "id": need }, "party": stage.other_firm });
    let proposal = text(&stage.does(&stage.coordinator, "matches", kept)["id"]);
    let (introduction, case) = case_of(&stage, &need, &stage.maker_firm, &stage.maker);
    let need_path = format!("needs/{need}");
    let problem = deletes(&stage, &need_path).problem(409, "referenced");
    let detail = text(&problem["detail"]);
    assert!(detail.contains("マッチング候補1件") && detail.contains("案件1件"), "{detail}");
    assert!(text(&problem["message"]["en"]).contains("1 proposed match, 1 case"), "{problem}");
    // One after another they end.
    let path = format!("cases/{case}/events");
    stage.does(&stage.coordinator, &path, json!({ "event": "outcome", "outcome": "ordered" }));
    deletes(&stage, &need_path).problem(409, "referenced");
    stage.does(
        &stage.coordinator,
        &format!("matches/{proposal}/events"),
        json!({ "event": "dismiss", "reason": "rival" }),
    );
    stage.days_pass(1);
    assert_eq!(deletes(&stage, &need_path).status, 204);
    is_whole(&stage);
    for person in [&stage.buyer, &stage.maker, &stage.coordinator] {
        let shown = stage.reads(person, &format!("cases/{case}"));
        assert_eq!(shown["subject"]["title"]["ja"], "有機太陽電池の封止の相手", "{shown}");
        assert_eq!((&shown["subject"]["gone"], shown["subject"]["owner"].is_null()), (&json!(true), true));
        let before = stage.reads(person, &format!("introductions/{introduction}?as_of=2026-04-01"));
        assert_eq!(before["subject"]["title"]["ja"], "有機太陽電池の封止の相手", "{before}");
    }
    let dismissed = stage.reads(&stage.coordinator, &format!("matches/{proposal}"));
    assert_eq!(dismissed["from"]["title"]["ja"], "有機太陽電池の封止の相手", "{dismissed}");
    // What is gone cannot be asked about.
    let body = json!({ "subject": need, "party": stage.other_firm, "message": "x" });
    stage.tries(&stage.coordinator, "introductions", body).problem(422, "invalid");

    // A private thing that somebody had a right to is not told to others because it is gone.
    let hidden = stage.registers(
        &stage.buyer,
        "needs",
        json!({ "owner": stage.firm, "title_ja": "秘密の用件", "visibility": "private" }),
    );
    let asked = json!({ "subject": hidden, "party": stage.maker_firm, "message": "お話ししませんか。" });
    let asked = text(&stage.does(&stage.buyer, "introductions", asked)["id"]);
    deletes(&stage, &format!("needs/{hidden}")).problem(409, "referenced");
    let no = json!({ "event": "decline", "reason": "too_early" });
    stage.does(&stage.maker, &format!("introductions/{asked}/events"), no);
    assert_eq!(deletes(&stage, &format!("needs/{hidden}")).status, 204);
    let other_side = stage.app.get_as(&stage.maker, &format!("/api/v1/introductions/{asked}"));
    assert!(other_side.status == 200 && !other_side.body.contains("秘密の用件"), "{}", other_side.body);
    assert_eq!(stage.reads(&stage.buyer, &format!("introductions/{asked}"))["subject"]["title"]["ja"], "秘密の用件");
}

#[test]
fn a_party_that_is_in_something_open_is_not_deleted() {
    let stage = Stage::set();
    let stray = stage.registers(
        &stage.coordinator,
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "庄内精機", "municipality": "062014" }),
    );
    let body = json!({ "title": "相談", "parties": [stray, stage.firm] });
    let case = text(&stage.does(&stage.coordinator, "cases", body)["id"]);
    let path = format!("organizations/{stray}");
    deletes(&stage, &path).problem(409, "referenced");
    let events = format!("cases/{case}/events");
    stage.does(&stage.coordinator, &events, json!({ "event": "leave", "party": stray, "reason": "都合" }));
    assert_eq!(deletes(&stage, &path).status, 204);
    let before = stage.reads(&stage.buyer, &format!("cases/{case}?as_of=2026-04-01"));
    assert_eq!(participants(&before), std::slice::from_ref(&stage.firm), "{before}");
    is_whole(&stage);
}

#[test]
fn a_case_that_begins_further_on_says_why_and_its_title_can_be_corrected() {
    let stage = Stage::set();
    let body = |at: &str, reason: Option<&str>| {
        let mut body = json!({ "title": "相談", "parties": [stage.firm], "stage": at });
        if let Some(reason) = reason {
            body["reason"] = json!(reason);
        }
        body
    };
    for far in ["joint_research", "prototype", "market"] {
        let problem = stage.tries(&stage.coordinator, "cases", body(far, None)).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/reason", "{problem}");
    }
    let case = stage.does(&stage.coordinator, "cases", body("market", Some("既製品の改良")));
    let case = text(&case["id"]);
    let history = stage.reads(&stage.buyer, &format!("cases/{case}/history"));
    assert_eq!(history["items"][0]["deed"]["reason"], "既製品の改良");
    for near in ["consultation", "introduction", "meeting"] {
        stage.does(&stage.coordinator, "cases", body(near, None));
    }
    // 相談 → 面談 is the way of the policy: nothing is skipped.
    let talk = text(&stage.does(&stage.coordinator, "cases", body("consultation", None))["id"]);
    let path = format!("cases/{talk}/events");
    stage.does(&stage.coordinator, &path, json!({ "event": "stage", "to": "meeting" }));
    stage.tries(&stage.coordinator, &path, json!({ "event": "stage", "to": "introduction" })).problem(422, "invalid");

    let title = json!({ "event": "title", "title": "封止の相談（訂正）" });
    assert_eq!(stage.does(&stage.buyer, &path, title.clone())["title"], "封止の相談（訂正）");
    stage.tries(&stage.maker, &path, title).problem(404, "not-found");
    let events = stage.reads(&stage.buyer, &format!("cases/{talk}/history"));
    let kinds: Vec<String> = events["items"].as_array().unwrap().iter().map(|item| text(&item["event"])).collect();
    assert_eq!(kinds, ["opened", "stage", "retitled"]);
    assert_eq!(events["items"][0]["deed"]["title"], "相談", "what it was called stays");
}

#[test]
fn a_refused_value_of_an_event_is_pointed_at_in_words_for_people() {
    let stage = Stage::set();
    let need = stage.need(false);
    let kept = json!({ "from": { "kind": "need", "id": need }, "party": stage.maker_firm });
    let proposal = text(&stage.does(&stage.coordinator, "matches", kept)["id"]);
    let introduction = stage.asks(&stage.coordinator, &need, &stage.maker_firm);
    let case =
        text(&stage.does(&stage.coordinator, "cases", json!({ "title": "相談", "parties": [stage.firm] }))["id"]);
    let refused = |path: &str, body: Value, pointer: &str| {
        let problem = stage.tries(&stage.coordinator, path, body.clone()).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
        let ja = text(&problem["errors"][0]["message"]["ja"]);
        for english in ["expected", "invalid", "variant", "missing"] {
            assert!(!ja.contains(english), "{ja}");
        }
        problem
    };
    let path = format!("matches/{proposal}/events");
    refused(&path, json!({ "event": "dismiss", "reason": "no" }), "/reason");
    refused(&path, json!({ "event": "dismiss", "reason": 3 }), "/reason");
    refused(&path, json!({ "event": "note", "text": 3 }), "/text");
    refused(&path, json!({ "event": "note", "text": "" }), "/text");
    refused(&path, json!({ "event": "fly" }), "/event");
    refused(&path, json!({ "text": "x" }), "/event");
    let path = format!("introductions/{introduction}/events");
    refused(&path, json!({ "event": "accept", "side": "left" }), "/side");
    refused(&path, json!({ "event": "accept", "side": ["seeking"] }), "/side");
    refused(&path, json!({ "event": "nda_noted", "signed_on": "someday" }), "/signed_on");
    let path = format!("cases/{case}/events");
    refused(&path, json!({ "event": "stage", "to": "moon" }), "/to");
    refused(&path, json!({ "event": "stage", "to": "market", "reason": {} }), "/reason");
    refused(&path, json!({ "event": "measures", "measures": ["a", 3] }), "/measures/1");
    refused(&path, json!({ "event": "join", "party": "x" }), "/party");
    // A date out of range says so.
    let far = json!({ "subject": need, "party": stage.other_firm, "message": "x", "answer_by": "2999-01-01" });
    let problem = refused("introductions", far, "/answer_by");
    assert_eq!(problem["errors"][0]["code"], "date.range", "{problem}");
    let later = json!({ "subject": need, "party": stage.other_firm, "message": "x", "answer_by": "2200-01-01" });
    assert_eq!(refused("introductions", later, "/answer_by")["errors"][0]["code"], "answer_by.range");
}
