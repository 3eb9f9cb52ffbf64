//! How things end at the desk: time that passed while nobody was there, cases that come to nothing, and what is said of it.

use crate::desk::Stage;
use crate::support::people::Person;
use crate::support::{TestApp, auth, wait_until};
use serde_json::{Value, json};
use std::time::Duration;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

/// Ends the service, lets days pass, and starts it again.
fn down_for(stage: Stage, days: i64) -> Stage {
    let Stage { app, hands, .. } = stage;
    let world = app.stop();
    hands.pass(days * 86_400);
    let settings = auth(&world);
    let app = TestApp::start_at(world, hands.clock(), settings);
    let again = |person: &Person| app.sign_in(&person.email);
    Stage {
        administrator: again(&stage.administrator),
        coordinator: again(&stage.coordinator),
        colleague: again(&stage.colleague),
        officer: again(&stage.officer),
        researcher: again(&stage.researcher),
        buyer: again(&stage.buyer),
        maker: again(&stage.maker),
        other: again(&stage.other),
        app,
        hands,
        ..stage
    }
}

#[test]
fn what_fell_due_while_the_service_was_down_comes_when_it_starts() {
    let stage = Stage::set();
    let (one, two) = (stage.need(false), stage.need(false));
    let ask = |subject: &str, answer_by: &str| {
        let body = json!({ "subject": subject, "party": stage.maker_firm, "message": "お話ししませんか。",
                           "answer_by": answer_by });
        text(&stage.does(&stage.coordinator, "introductions", body)["id"])
    };
    let (late, soon) = (ask(&one, "2026-04-10"), ask(&two, "2026-04-20"));
    let stage = down_for(stage, 17);
    // Nobody sweeps here but the service itself.
    let told = |event: &str, id: &str| {
        stage.notices(&stage.maker).iter().filter(|(matter, told)| matter == id && told == event).count()
    };
    let came = wait_until(Duration::from_secs(30), || told("lapsed", &late) == 1 && told("reminded", &soon) == 1);
    assert!(came, "{:?}", stage.notices(&stage.maker));
    assert_eq!(stage.reads(&stage.buyer, &format!("introductions/{late}"))["state"], "lapsed");
    assert_eq!(stage.reads(&stage.buyer, &format!("introductions/{soon}"))["state"], "asked");
}

#[test]
fn who_reads_an_overdue_introduction_reads_what_an_answer_would_be_told() {
    let mut stage = Stage::set();
    let need = stage.need(false);
    let id = stage.asks(&stage.coordinator, &need, &stage.maker_firm);
    let path = format!("introductions/{id}");
    assert_eq!(stage.reads(&stage.maker, &path)["overdue"], false);
    stage.days_pass(20);
    for (path, shown) in [
        (&path, stage.reads(&stage.maker, &path)),
        (&path, stage.reads(&stage.maker, "introductions")["items"][0].clone()),
    ] {
        assert_eq!((&shown["state"], &shown["overdue"]), (&json!("asked"), &json!(true)), "{path}");
    }
    assert_eq!(stage.reads(&stage.maker, &format!("{path}?as_of=2026-04-05"))["overdue"], false);
    stage.tries(&stage.maker, &format!("{path}/events"), json!({ "event": "accept" })).problem(409, "lapsed");
    stage.sweeps();
    let shown = stage.reads(&stage.maker, &path);
    assert_eq!((&shown["state"], &shown["overdue"]), (&json!("lapsed"), &json!(false)));
}

/// An accepted introduction with a part that is open, and its case.
fn under_way(stage: &Stage) -> (String, String, String) {
    let need = stage.need(true);
    let secret = stage.capability(&stage.maker, &stage.maker_firm, "parties", "未公開の封止条件");
    let id = stage.asks(&stage.coordinator, &need, &stage.maker_firm);
    let events = format!("introductions/{id}/events");
    stage.does(&stage.maker, &events, json!({ "event": "add_part", "thing": secret, "opens": "interest" }));
    stage.does(&stage.maker, &events, json!({ "event": "accept" }));
    stage.does(&stage.buyer, &events, json!({ "event": "accept" }));
    let case = stage.does(&stage.coordinator, "cases", json!({ "introduction": id, "title": "封止の試作" }));
    (id, secret, text(&case["id"]))
}

#[test]
fn a_case_that_comes_to_nothing_closes_what_was_opened_and_a_desk_can_close_the_rest() {
    let mut stage = Stage::set();
    let (id, secret, case) = under_way(&stage);
    let reads = |stage: &Stage| stage.status(&stage.buyer, &format!("capabilities/{secret}"));
    let end = json!({ "event": "end", "reason": "too_early" });
    let (of_introduction, of_case) = (format!("introductions/{id}/events"), format!("cases/{case}/events"));
    assert_eq!(reads(&stage), 200);
    let refused = stage.tries(&stage.coordinator, &of_introduction, end.clone()).problem(409, "case-open");
    assert!(text(&refused["detail"]).contains(&case), "{refused}");

    stage.days_pass(1);
    stage.does(&stage.coordinator, &of_case, json!({ "event": "outcome", "outcome": "discontinued" }));
    assert_eq!(reads(&stage), 404);
    stage.app.settle();
    let found = stage.app.get_as(&stage.buyer, "/api/v1/search?q=%E6%9C%AA%E5%85%AC%E9%96%8B").body;
    assert!(!found.contains(&secret), "{found}");
    let part = |stage: &Stage, as_of: &str| {
        let shown = stage.reads(&stage.maker, &format!("introductions/{id}?as_of={as_of}"));
        shown["parts"][0]["open"].clone()
    };
    assert_eq!((part(&stage, "2026-04-01"), part(&stage, "2026-04-02")), (json!(true), json!(false)));
    let history = stage.app.get_as(&stage.buyer, &format!("/api/v1/introductions/{id}/history"));
    assert!(history.body.contains("case_closed") && !history.body.contains(&secret), "{}", history.body);
    let body = json!({ "event": "add_part", "thing": secret, "opens": "interest" });
    stage.tries(&stage.maker, &of_introduction, body).problem(409, "closed");

    // It goes on after all, and in the end well: what is open stays open, until a desk ends it.
    stage.does(&stage.coordinator, &of_case, json!({ "event": "reopen", "reason": "予算が付いた" }));
    assert_eq!(reads(&stage), 200);
    stage.tries(&stage.coordinator, &of_introduction, end.clone()).problem(409, "case-open");
    stage.does(&stage.coordinator, &of_case, json!({ "event": "outcome", "outcome": "ordered" }));
    assert_eq!(reads(&stage), 200);
    stage.does(&stage.coordinator, &of_introduction, end.clone());
    stage.does(&stage.coordinator, &of_introduction, end);
    assert_eq!(reads(&stage), 404);
    let shown = stage.reads(&stage.buyer, &format!("introductions/{id}"));
    assert_eq!((&shown["state"], &shown["ended"]["reason"]), (&json!("ended"), &json!("too_early")));
    // Nothing opens again by the case.
    stage.does(&stage.coordinator, &of_case, json!({ "event": "reopen", "reason": "続ける" }));
    assert_eq!(reads(&stage), 404);
}

#[test]
fn small_deeds_are_answered_as_they_are_meant() {
    let mut stage = Stage::set();
    let (id, secret, case) = under_way(&stage);
    let of_case = format!("cases/{case}/events");
    let withdraw = json!({ "event": "withdraw_part", "thing": secret });
    for _ in 0..2 {
        stage.does(&stage.maker, &format!("introductions/{id}/events"), withdraw.clone());
    }
    stage.tries(&stage.buyer, &format!("introductions/{id}/events"), withdraw).problem(422, "invalid");
    // Who never took part cannot leave; who left has left.
    let leave = |party: &str| json!({ "event": "leave", "party": party, "reason": "都合" });
    let stranger = stage.tries(&stage.coordinator, &of_case, leave(&stage.university)).problem(422, "invalid");
    assert_eq!(stranger["errors"][0]["pointer"], "/party");
    for _ in 0..2 {
        stage.does(&stage.coordinator, &of_case, leave(&stage.maker_firm));
    }
    // A stage lasts on through an end and a new beginning; no step is before the one it follows.
    stage.days_pass(3);
    stage.does(&stage.coordinator, &of_case, json!({ "event": "stage", "to": "meeting" }));
    stage.days_pass(3);
    stage.does(&stage.coordinator, &of_case, json!({ "event": "outcome", "outcome": "learned" }));
    stage.days_pass(3);
    let again = stage.does(&stage.coordinator, &of_case, json!({ "event": "reopen", "reason": "続ける" }));
    assert_eq!(again["stage_since"], "2026-04-04", "{again}");
    let step = |on: &str| json!({ "event": "stage", "to": "joint_research", "happened_on": on });
    stage.tries(&stage.coordinator, &of_case, step("2026-04-09")).problem(422, "invalid");
    stage.does(&stage.coordinator, &of_case, step("2026-04-10"));

    // A thing is of its own kind, also where the pair is there already.
    let need = stage.need(false);
    let pair = |kind: &str| json!({ "from": { "kind": kind, "id": need }, "party": stage.other_firm });
    stage.tries(&stage.coordinator, "matches", pair("seed")).problem(422, "invalid");
    stage.does(&stage.coordinator, "matches", pair("need"));
    stage.tries(&stage.coordinator, "matches", pair("seed")).problem(422, "invalid");

    // Cells that there are not; a case is called what it was called then.
    for by in ["stage", "outcome", "field", "municipality"] {
        let path = format!("/api/v1/indicators?by={by}&value=zzz");
        stage.app.get_as(&stage.officer, &path).problem(422, "invalid");
        assert_eq!(stage.status(&stage.officer, &format!("indicators?by={by}&value=none")), 200);
    }
    stage.does(&stage.coordinator, &of_case, json!({ "event": "title", "title": "封止の共同研究" }));
    let title = |as_of: &str, stage_then: &str| {
        let path = format!("indicators?fiscal_year=2026&by=stage&value={stage_then}{as_of}");
        stage.reads(&stage.officer, &path)["cases"][0]["title"].clone()
    };
    assert_eq!(title("", "joint_research"), "封止の共同研究");
    assert_eq!(title("&as_of=2026-04-05", "meeting"), "封止の試作");
}

#[test]
fn a_hand_over_counts_everything_that_it_moved() {
    let stage = Stage::set();
    under_way(&stage);
    let need = stage.need(false);
    stage.asks(&stage.coordinator, &need, &stage.other_firm);
    let over = stage.does(&stage.coordinator, "desk/hand-over", json!({ "to": stage.colleague.id }));
    assert_eq!((&over["introductions"], &over["cases"]), (&json!(2), &json!(1)), "{over}");
    let mine = stage.reads(&stage.colleague, "introductions?desk=mine");
    assert_eq!(mine["items"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_notice_says_what_it_is_about_as_far_as_its_reader_may_know() {
    let stage = Stage::set();
    let need = stage.need(true);
    let newest = |person: &Person| stage.reads(person, "me/notices?limit=1")["items"][0].clone();
    let id = stage.asks(&stage.coordinator, &need, &stage.maker_firm);
    let events = format!("introductions/{id}/events");
    let seen = newest(&stage.maker);
    assert_eq!(seen["subject"]["id"], need.as_str(), "{seen}");
    assert!(!seen.to_string().contains(&stage.firm) && seen["subject"]["owner"].is_null(), "{seen}");
    assert_eq!(newest(&stage.buyer)["parties"][0]["id"], stage.maker_firm.as_str());

    // One yes is told to the desk, and reads unlike the agreement of both.
    stage.does(&stage.maker, &events, json!({ "event": "accept" }));
    let one = newest(&stage.coordinator);
    stage.does(&stage.buyer, &events, json!({ "event": "accept" }));
    let both = newest(&stage.coordinator);
    assert_eq!((&one["event"], &both["event"]), (&json!("one_yes"), &json!("accepted")));
    for language in ["ja", "en"] {
        assert_ne!(one["message"][language], both["message"][language]);
    }
    let parties: Vec<&Value> = both["parties"].as_array().unwrap().iter().map(|card| &card["id"]).collect();
    assert_eq!(parties, [&json!(stage.firm), &json!(stage.maker_firm)]);
    assert_eq!(newest(&stage.maker)["parties"][0]["id"], stage.firm.as_str(), "now it may know");

    // What is hidden since has no title; a case has a name of its own.
    let case = stage.does(&stage.coordinator, "cases", json!({ "introduction": id, "title": "封止の試作" }));
    assert_eq!(newest(&stage.maker)["title"], "封止の試作");
    let leave = json!({ "event": "leave", "party": stage.maker_firm, "reason": "都合" });
    stage.does(&stage.coordinator, &format!("cases/{}/events", text(&case["id"])), leave);
    let membership = stage.app.membership(&stage.maker);
    let path = format!("/api/v1/memberships/{}", text(&membership["id"]));
    let version = membership["version"].as_i64().unwrap_or(2);
    let gone = stage.app.patch_as(&stage.administrator, &path, version, json!({ "state": "suspended" }));
    assert_eq!(gone.status, 200, "{}", gone.body);
    let all = stage.app.get_as(&stage.maker, "/api/v1/me/notices?limit=100").body;
    assert!(!all.contains("封止の試作") && !all.contains(&need) && !all.contains(&stage.firm), "{all}");

    // As a file.
    let file = stage.app.get_as(&stage.coordinator, "/api/v1/me/notices?format=csv");
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(file.body.contains("紹介は双方が合意しました。") && file.body.contains(",紹介,"), "{}", file.body);
    stage.app.get_as(&stage.coordinator, "/api/v1/me/notices?format=pdf").problem(422, "invalid");
}

#[test]
fn cells_hold_words_and_histories_are_files() {
    let stage = Stage::set();
    let (id, _, case) = under_way(&stage);
    let no = stage.asks(&stage.coordinator, &stage.need(false), &stage.other_firm);
    let decline = json!({ "event": "decline", "reason": "no_capacity" });
    stage.does(&stage.other, &format!("introductions/{no}/events"), decline);
    let of_case = format!("cases/{case}/events");
    stage.does(&stage.coordinator, &of_case, json!({ "event": "outcome", "outcome": "ordered" }));
    let get = |path: &str| {
        let answer = stage.app.get_as(&stage.coordinator, &format!("/api/v1/{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    };
    let cases = get("cases?format=csv");
    for word in ["紹介", "山形市", "受注・契約", "有機エレクトロニクス"] {
        assert!(cases.contains(word), "{word}: {cases}");
    }
    assert!(!cases.contains("062014") && !cases.contains("ordered") && !cases.contains("organic"), "{cases}");
    let introductions = get("introductions?format=csv");
    assert!(introductions.contains("余力がない") && introductions.contains("双方合意"), "{introductions}");
    assert!(get("introductions?format=jsonl").contains("no_capacity"), "codes stay in JSON Lines");
    let cell = get("indicators?by=stage&value=introduction&format=csv");
    assert!(cell.contains("受注・契約"), "{cell}");

    let history = get(&format!("cases/{case}/history?format=csv"));
    assert!(history.contains("成果: 受注・契約") && !history.contains("ordered"), "{history}");
    let lines = get(&format!("introductions/{id}/history?format=jsonl"));
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["event"], "asked");
    for path in [format!("cases/{case}"), format!("introductions/{id}")] {
        let get = |query: &str| stage.app.get_as(&stage.coordinator, &format!("/api/v1/{path}/history?{query}"));
        get("format=pdf").problem(422, "invalid");
        get("formt=csv").problem(400, "query-parameter");
    }
}

#[test]
fn a_parameter_that_cannot_be_read_is_named_in_both_languages() {
    let stage = Stage::set();
    for (query, name, ja, en) in [
        ("closed=maybe", "closed", "true か false", "true or false"),
        ("closed=true&limit=many", "limit", "整数", "whole number"),
        ("colour=red", "colour", "ありません", "no parameter"),
        ("limit=1&limit=2", "limit", "一度", "once"),
    ] {
        for (language, word) in [("ja", ja), ("en", en)] {
            let path = format!("/api/v1/cases?{query}");
            let headers = [("authorization", stage.officer.bearer()), ("accept-language", language.to_owned())];
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let problem = stage.app.get_with(&path, &headers).problem(400, "query-parameter");
            let detail = text(&problem["detail"]);
            assert!(detail.contains(name) && detail.contains(word), "{query}: {detail}");
            assert!(!detail.contains("deserialize"), "{detail}");
        }
    }
}
