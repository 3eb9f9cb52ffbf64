//! Work at the desk: whose it is, who answers where nobody can, when a pair is asked again, and who reads what of a case.

use crate::desk::Stage;
use crate::support::people::Person;
use serde_json::{Value, json};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

fn ids(list: &Value) -> Vec<String> {
    list["items"].as_array().expect("items").iter().map(|item| text(&item["id"])).collect()
}

#[test]
fn what_somebody_works_on_is_on_a_desk_and_what_members_ask_reaches_one() {
    let mut stage = Stage::set();
    let need = stage.need(false);
    stage.capability(&stage.maker, &stage.maker_firm, "public", "封止加工");
    stage.app.settle();
    let run = stage.does(&stage.coordinator, "matches/standing", json!({}));
    let proposal = text(&run["proposed"][0]);
    assert!(stage.reads(&stage.coordinator, &format!("matches/{proposal}"))["desk"].is_null());
    let path = format!("matches/{proposal}/events");
    let shown = stage.does(&stage.coordinator, &path, json!({ "event": "shortlist" }));
    assert_eq!(shown["desk"]["id"], stage.coordinator.id.as_str(), "{shown}");
    assert_eq!(ids(&stage.reads(&stage.coordinator, "matches?desk=mine")), std::slice::from_ref(&proposal));
    stage.tries(&stage.colleague, &path, json!({ "event": "take" })).problem(409, "on-a-desk");

    // A member asks: every coordinator hears of it, one takes it.
    let body = json!({ "subject": need, "party": stage.maker_firm, "message": "封止ならお任せください。" });
    let asked = text(&stage.does(&stage.maker, "introductions", body)["id"]);
    for person in [&stage.coordinator, &stage.colleague] {
        assert_eq!(stage.notices(person), [(asked.clone(), "unattended".to_owned())]);
    }
    assert!(stage.notices(&stage.officer).is_empty());
    let events = format!("introductions/{asked}/events");
    for person in [&stage.buyer, &stage.maker, &stage.officer] {
        stage.tries(person, &events, json!({ "event": "take" })).problem(403, "forbidden");
    }
    stage.does(&stage.coordinator, &events, json!({ "event": "take" }));
    stage.does(&stage.coordinator, &events, json!({ "event": "take" }));
    stage.tries(&stage.colleague, &events, json!({ "event": "take" })).problem(409, "on-a-desk");
    assert_eq!(ids(&stage.reads(&stage.coordinator, "introductions?desk=mine")), std::slice::from_ref(&asked));
    stage.does(&stage.buyer, &events, json!({ "event": "accept" }));
    let case = json!({ "introduction": asked, "title": "封止の試作" });
    let case = text(&stage.does(&stage.coordinator, "cases", case)["id"]);

    // The desk goes over whole: the proposal, the case, and the introduction that it came of.
    stage.days_pass(1);
    stage.does(&stage.coordinator, "desk/hand-over", json!({ "to": stage.colleague.id, "note": "内輪の話" }));
    assert_eq!(ids(&stage.reads(&stage.colleague, "cases?desk=mine")), std::slice::from_ref(&case));
    assert_eq!(ids(&stage.reads(&stage.colleague, "introductions?desk=mine")), std::slice::from_ref(&asked));
    for path in [format!("cases/{case}"), format!("introductions/{asked}")] {
        let history = stage.app.get_as(&stage.buyer, &format!("/api/v1/{path}/history"));
        assert!(history.body.contains("handed_over") && !history.body.contains("内輪"), "{}", history.body);
        assert_eq!(stage.reads(&stage.buyer, &path)["desk"]["id"], stage.colleague.id.as_str());
    }
}

#[test]
fn where_nobody_can_answer_a_coordinator_is_told_and_answers() {
    let stage = Stage::set();
    let need = stage.need(true);
    let empty = stage.registers(
        &stage.coordinator,
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "庄内精機", "municipality": "062014" }),
    );
    let body = json!({ "subject": need, "party": empty, "message": "お話ししませんか。" });
    let asked = stage.does(&stage.coordinator, "introductions", body);
    let id = text(&asked["id"]);
    assert_eq!(
        (&asked["warnings"][0]["code"], &asked["warnings"][0]["side"]),
        (&json!("party.nobody"), &json!("answering"))
    );
    let path = format!("introductions/{id}/events");
    // Only for the side that has nobody, named, and only a desk.
    stage.tries(&stage.coordinator, &path, json!({ "event": "accept" })).problem(403, "forbidden");
    stage.tries(&stage.coordinator, &path, json!({ "event": "accept", "side": "seeking" })).problem(403, "forbidden");
    stage.tries(&stage.buyer, &path, json!({ "event": "accept", "side": "answering" })).problem(403, "forbidden");
    stage.tries(&stage.officer, &path, json!({ "event": "accept", "side": "answering" })).problem(403, "forbidden");
    let shown = stage.does(&stage.coordinator, &path, json!({ "event": "accept", "side": "answering" }));
    assert_eq!((&shown["yes"], shown.get("warnings")), (&json!(["answering"]), None));
    stage.does(&stage.buyer, &path, json!({ "event": "accept" }));

    // Nothing comes of it: a desk ends it, with a coded reason that both read.
    for person in [&stage.buyer, &stage.officer] {
        stage.tries(person, &path, json!({ "event": "end", "reason": "too_early" })).problem(403, "forbidden");
    }
    stage.tries(&stage.coordinator, &path, json!({ "event": "end" })).problem(422, "invalid");
    stage.tries(&stage.coordinator, &path, json!({ "event": "end", "reason": "other" })).problem(422, "invalid");
    stage.does(&stage.coordinator, &path, json!({ "event": "end", "reason": "no_capacity" }));
    let ended = stage.reads(&stage.buyer, &format!("introductions/{id}"));
    assert_eq!((&ended["state"], &ended["ended"]["reason"]), (&json!("ended"), &json!("no_capacity")));
    stage
        .tries(&stage.coordinator, "cases", json!({ "introduction": id, "title": "x" }))
        .problem(409, "introduction-ended");
    assert_eq!(stage.notices(&stage.buyer).iter().filter(|(_, event)| event == "ended").count(), 1);
    let figures = stage.reads(&stage.officer, "indicators?fiscal_year=2026&by=stage");
    let of = |name: &str| figures["introductions"][name].as_u64();
    assert_eq!((of("asked"), of("accepted"), of("ended")), (Some(1), Some(1), Some(1)), "{figures}");
    // The pair is free again.
    let body = json!({ "subject": need, "party": empty, "message": "改めて。" });
    stage.does(&stage.coordinator, "introductions", body);
}

#[test]
fn after_a_no_a_pair_is_left_in_peace_for_a_while() {
    let mut stage = Stage::set();
    let need = stage.need(false);
    let ask = |stage: &Stage, person: &Person, more: Value| {
        let mut body = json!({ "subject": need, "party": stage.maker_firm, "message": "お話ししませんか。" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stage.tries(person, "introductions", body)
    };
    let no = |stage: &Stage, id: &str| {
        let body = json!({ "event": "decline", "reason": "too_early" });
        stage.does(&stage.maker, &format!("introductions/{id}/events"), body)
    };
    let first = stage.asks(&stage.coordinator, &need, &stage.maker_firm);
    no(&stage, &first);
    for person in [&stage.coordinator, &stage.buyer] {
        let problem = ask(&stage, person, json!({})).problem(409, "declined-lately");
        assert!(text(&problem["detail"]).contains("2026-06-30"), "{problem}");
    }
    ask(&stage, &stage.buyer, json!({ "reason": "どうしても" })).problem(409, "declined-lately");
    // Another party, or another subject, is another matter.
    stage.asks(&stage.coordinator, &need, &stage.other_firm);
    // A desk says why; both sides read it.
    let again = ask(&stage, &stage.coordinator, json!({ "reason": "先方の事情が変わった" }));
    assert_eq!(again.status, 201, "{}", again.body);
    let second = text(&again.json()["id"]);
    let history = stage.app.get_as(&stage.maker, &format!("/api/v1/introductions/{second}/history"));
    assert!(history.body.contains("先方の事情が変わった"), "{}", history.body);
    no(&stage, &second);
    // Who said no may think again.
    let changed = ask(&stage, &stage.maker, json!({}));
    assert_eq!(changed.status, 201, "{}", changed.body);
    no(&stage, &text(&changed.json()["id"]));
    stage.days_pass(90);
    assert_eq!(ask(&stage, &stage.buyer, json!({})).status, 201);
}

#[test]
fn who_joins_reads_on_from_there_and_who_left_up_to_then() {
    let mut stage = Stage::set();
    let body = json!({ "title": "勉強会", "parties": [stage.firm, stage.maker_firm] });
    let case = text(&stage.does(&stage.coordinator, "cases", body)["id"]);
    let path = format!("cases/{case}/events");
    let note = |stage: &Stage, words: &str| {
        stage.does(&stage.buyer, &path, json!({ "event": "note", "text": words }));
        let link = format!("https://example.jp/{words}");
        stage.does(&stage.buyer, &path, json!({ "event": "document", "title": words, "link": link }));
        stage.does(&stage.buyer, &path, json!({ "event": "next_action", "what": words, "on": "2026-08-01" }));
    };
    let reads = |stage: &Stage, person: &Person| {
        let whole = stage.app.get_as(person, &format!("/api/v1/cases/{case}"));
        let history = stage.app.get_as(person, &format!("/api/v1/cases/{case}/history"));
        assert_eq!((whole.status, history.status), (200, 200), "{}", whole.body);
        format!("{} {}", whole.body, history.body)
    };
    note(&stage, "初めの資料");
    stage.does(&stage.buyer, &path, json!({ "event": "stage", "to": "introduction" }));
    stage.days_pass(1);
    stage.does(&stage.coordinator, &path, json!({ "event": "join", "party": stage.other_firm }));
    let seen = reads(&stage, &stage.other);
    assert!(!seen.contains("初めの資料") && seen.contains("introduction"), "{seen}");
    assert_eq!(stage.status(&stage.other, &format!("cases/{case}?as_of=2026-04-01")), 200);
    let before = stage.app.get_as(&stage.other, &format!("/api/v1/cases/{case}?as_of=2026-04-01")).body;
    assert!(!before.contains("初めの資料"), "{before}");
    assert!(reads(&stage, &stage.maker).contains("初めの資料"));
    note(&stage, "次の資料");
    assert!(reads(&stage, &stage.other).contains("次の資料"));

    // Joining with what was written before.
    stage.does(&stage.coordinator, &path, json!({ "event": "join", "party": stage.university, "share": true }));
    assert!(reads(&stage, &stage.researcher).contains("初めの資料"));

    // Who left reads what it was, and nothing that came after.
    stage.does(&stage.coordinator, &path, json!({ "event": "leave", "party": stage.maker_firm, "reason": "都合" }));
    stage.days_pass(1);
    note(&stage, "後の資料");
    stage.does(&stage.buyer, &path, json!({ "event": "stage", "to": "meeting" }));
    let seen = reads(&stage, &stage.maker);
    assert!(seen.contains("次の資料") && !seen.contains("後の資料") && !seen.contains(":\"meeting\""), "{seen}");
    assert_eq!(ids(&stage.reads(&stage.maker, "cases")), Vec::<String>::new(), "it is in its list no more");
    assert_eq!(ids(&stage.reads(&stage.maker, "cases?state=meeting")), Vec::<String>::new());
    stage.tries(&stage.maker, &path, json!({ "event": "note", "text": "まだ" })).problem(403, "forbidden");
    // Somebody stays.
    for party in [&stage.other_firm, &stage.university] {
        stage.does(&stage.coordinator, &path, json!({ "event": "leave", "party": party, "reason": "都合" }));
    }
    let last = json!({ "event": "leave", "party": stage.firm, "reason": "都合" });
    stage.tries(&stage.coordinator, &path, last).problem(409, "last-participant");
}

#[test]
fn nobody_is_proposed_to_the_own_house() {
    let stage = Stage::set();
    let person = stage.registers(
        &stage.coordinator,
        "people",
        json!({ "name_ja": "研究 花子", "affiliations": [stage.university] }),
    );
    let seed = stage.registers(
        &stage.coordinator,
        "seeds",
        json!({ "owner": person, "title_ja": "有機太陽電池の封止材料",
                "summary_ja": "有機太陽電池の封止に使う水蒸気バリアフィルムの新しい材料。" }),
    );
    stage.capability(&stage.researcher, &stage.university, "public", "封止の評価");
    stage.capability(&stage.maker, &stage.maker_firm, "public", "封止加工");
    let need = stage.registers(
        &stage.researcher,
        "needs",
        json!({ "owner": stage.university, "title_ja": "有機太陽電池の封止の相手",
                "lines": [{ "strength": "should", "text_ja": "水蒸気バリアフィルムを扱う" }] }),
    );
    stage.app.settle();
    let parties = |kind: &str, id: &str, towards: &str| -> Vec<String> {
        let body = json!({ "from": { "kind": kind, "id": id }, "towards": towards });
        let answer = stage.app.post_as(&stage.coordinator, "/api/v1/match", body).json();
        answer["results"].as_array().expect("results").iter().map(|result| text(&result["party"]["id"])).collect()
    };
    let of_seed = parties("seed", &seed, "organizations");
    assert!(of_seed.contains(&stage.maker_firm) && !of_seed.contains(&stage.university), "{of_seed:?}");
    assert!(!parties("need", &need, "people").contains(&person));
    let run = stage.does(&stage.coordinator, "matches/standing", json!({}));
    assert!(!run["proposed"].as_array().expect("proposals").is_empty());
    let all = stage.reads(&stage.coordinator, "matches?limit=100");
    for item in all["items"].as_array().expect("items") {
        let pair = (text(&item["from"]["id"]), text(&item["party"]["id"]));
        assert!(pair != (seed.clone(), stage.university.clone()) && pair != (need.clone(), person.clone()), "{item}");
    }
}
