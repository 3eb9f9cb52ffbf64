//! What changes when something has happened already: firms that left, meetings that began, groups that stand.

use crate::exhibitions::{Hall, inside};
use crate::merged_fairs::id;
use crate::support::Response;
use crate::timetables::fair;
use chrono::DateTime;
use serde_json::{Value, json};

#[test]
fn who_left_is_out_and_a_member_counts_without_an_application() {
    let hall = Hall::open();
    let applications = hall.everybody_applies();
    let made = hall.composes(json!({
        "from": "applicants", "size": 2, "seconds": 0, "pins": [hall.firms[0], hall.firms[1]],
        "wishes": [{ "rule": { "kind": "apart", "candidates": [hall.firms[0], hall.firms[2], hall.firms[3]] }, "soft": 1.0 }],
    }));
    let body = json!({ "title": "二社で", "composition": id(&made), "lead": hall.firms[1] });
    let group = hall.does(&hall.officer, "groups", body);
    let path = format!("groups/{}", id(&group));
    let events = format!("{path}/events");
    hall.does(&hall.officer, &events, json!({ "event": "invite" }));
    // One that never applied is added; one leaves, and takes its application back; so does one that was in no group.
    hall.does(&hall.officer, &events, json!({ "event": "add", "party": hall.firms[6] }));
    hall.does(&hall.members[0], &events, json!({ "event": "decline", "reason": "no_capacity" }));
    for place in [0, 3] {
        let path = format!("applications/{}/events", applications[place]);
        hall.does(&hall.members[place], &path, json!({ "event": "withdraw" }));
    }
    for from in ["?from=applicants", "?from=registry", ""] {
        let proposed = hall.reads(&hall.officer, &format!("{path}/substitutes{from}"));
        let best = proposed["best"]["party"]["id"].as_str().unwrap_or_else(|| panic!("{from}: {proposed}")).to_owned();
        assert!(![0, 1, 6].map(|place| hall.firms[place].clone()).contains(&best), "{proposed}");
        let next = proposed["next"].as_array().expect("others").iter();
        assert!(next.clone().all(|one| one["party"]["id"] != hall.firms[0]), "{proposed}");
        if from != "?from=registry" {
            assert!([&hall.firms[2], &hall.firms[4]].contains(&&best), "who applies still: {proposed}");
            assert_eq!(proposed["candidates"], 4, "two applicants and the two members: {proposed}");
        }
    }
}

#[test]
fn what_has_begun_stays_and_slots_that_are_over_take_nothing_new() {
    let fair = fair(2, 2);
    let path = fair.timetable(4, 2, |_| json!({ "least": 1 }));
    let frame = |body: Value| {
        let framed = fair.send(&fair.officer, "patch", &path, Some(fair.version(&path)), body);
        assert_eq!(framed.status, 200, "{}", framed.body);
    };
    frame(json!({ "never": [[fair.buyers[1], fair.suppliers[1]]] }));
    fair.solve(&path);
    assert_eq!(fair.organise(&path, "publish", Value::Null).status, 200);
    let before = fair.meetings(&path);
    assert_eq!(before.len(), 3, "{before:?}");
    // The second slot has begun.
    let moment = DateTime::parse_from_rfc3339("2026-04-10T10:25:00+09:00").expect("a moment").to_utc();
    fair.hands.pass((moment - fair.hands.now()).num_seconds());
    let again = fair.app.sign_in(&fair.officer.email);
    let fair = crate::timetables::Fair { officer: again, ..fair };
    let begun = |meetings: &std::collections::BTreeSet<(i64, String, String)>| {
        meetings.iter().filter(|(slot, _, _)| *slot < 2).cloned().collect::<Vec<_>>()
    };
    let stood = begun(&before);
    assert!(!stood.is_empty(), "{before:?}");
    let plan = fair.get(&fair.officer, &format!("{path}/meetings"));
    let of_buyer = |one: &&Value| one["buyer"]["id"] == fair.buyers[0] && one["slot"].as_i64() < Some(2);
    let held = plan["items"].as_array().expect("meetings").iter().find(of_buyer).expect("a meeting")["meeting"].clone();
    let held = format!("/meetings/{}", held.as_str().expect("an id"));
    let card = json!({ "side": "buyer", "card": { "outcome": "quote", "next_step": "見積り" } });
    let filed = fair.send(&fair.officer, "post", &format!("{held}/cards"), None, card);
    assert_eq!(filed.status, 201, "{}", filed.body);

    // A pair that may meet now meets in what is left of the day.
    let frame = |body: Value| {
        let framed = fair.send(&fair.officer, "patch", &path, Some(fair.version(&path)), body);
        assert_eq!(framed.status, 200, "{}", framed.body);
    };
    frame(json!({ "never": [] }));
    let solved = fair.solve(&path);
    let now = fair.meetings(&path);
    assert!(now.is_superset(&before), "{before:?} {now:?}");
    assert_eq!(now.len(), 4, "{now:?}");
    assert!(now.difference(&before).all(|(slot, _, _)| *slot >= 2), "{now:?}");
    assert!(solved["organiser"]["bound"].as_f64() >= solved["organiser"]["value"].as_f64(), "{solved}");
    // Only there in the last slot, only one meeting, never one of them, gone altogether: what has begun stays.
    for body in [
        json!({ "slots": [3] }),
        json!({ "slots": [3], "most": 1 }),
        json!({ "never": [fair.suppliers[0], fair.suppliers[1]] }),
        json!({ "withdrawn": true }),
    ] {
        for party in [&fair.buyers[0], &fair.suppliers[0]] {
            if body["never"].is_array() && *party == fair.suppliers[0] {
                continue;
            }
            let changed = fair.change(&path, party, body.clone());
            assert_eq!(changed.status, 200, "{body}: {}", changed.body);
            let now = fair.meetings(&path);
            assert_eq!(begun(&now), stood, "{body}");
        }
    }
    assert_eq!(fair.get(&fair.officer, &held)["state"], "reported");
    assert!(fair.meetings(&path).iter().all(|(slot, buyer, _)| *slot < 2 || *buyer != fair.buyers[0]));
}

/// A change of a composition at the version that stands.
fn change(hall: &Hall, composition: &Value, body: Value) -> Response {
    let path = format!("compositions/{}", id(composition));
    let version = hall.reads(&hall.officer, &path)["version"].as_i64().expect("a version");
    hall.app.patch_as(&hall.officer, &format!("/api/v1/{path}"), version, body)
}

fn error(problem: &Value) -> (&str, &str) {
    let error = &problem["errors"][0];
    (error["pointer"].as_str().expect("a pointer"), error["message"]["ja"].as_str().expect("a sentence"))
}

#[test]
fn who_goes_in_another_group_is_no_candidate() {
    let hall = Hall::open();
    hall.everybody_applies();
    let drawn =
        hall.composes(json!({ "from": "applicants", "size": 2, "seconds": 0, "pins": [hall.firms[0], hall.firms[1]] }));
    let group = hall.does(&hall.officer, "groups", json!({ "title": "先の二社", "composition": id(&drawn) }));
    hall.does(&hall.officer, &format!("groups/{}/events", id(&group)), json!({ "event": "invite" }));
    for from in ["applicants", "registry"] {
        let made = hall.composes(json!({ "from": from, "size": 3, "seconds": 0 }));
        let chosen = inside(&made);
        assert_eq!(chosen.len(), 3, "{made}");
        assert!(!chosen.contains(&hall.firms[0]) && !chosen.contains(&hall.firms[1]), "{made}");
        let remarks = made["result"]["remarks"].to_string();
        assert!(remarks.contains("2社") && remarks.contains("甲塗工") && remarks.contains("乙印刷"), "{remarks}");
    }
    // One that is wished for is named with its group; one that is banned is out anyway.
    let compositions = format!("exhibitions/{}/compositions", hall.fair);
    for from in ["applicants", "registry"] {
        let body = json!({ "from": from, "size": 3, "pins": [hall.firms[2], hall.firms[0]] });
        let problem = hall.tries(&hall.officer, &compositions, body).problem(422, "invalid");
        let (pointer, ja) = error(&problem);
        assert!(pointer == "/pins/1" && ja.contains("甲塗工") && ja.contains("先の二社"), "{problem}");
        hall.composes(json!({ "from": from, "size": 3, "seconds": 0, "bans": [hall.firms[0]] }));
    }
    // What the group was formed of can be changed still.
    let changed = change(&hall, &drawn, json!({ "size": 3 }));
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert!(inside(&changed.json()).contains(&hall.firms[0]), "{}", changed.body);
}

#[test]
fn a_swap_is_of_a_member_and_of_somebody_else() {
    let hall = Hall::open();
    hall.everybody_applies();
    let made = hall.composes(json!({ "from": "applicants", "size": 2, "seconds": 0 }));
    let chosen = inside(&made);
    let others: Vec<&String> = hall.firms[..5].iter().filter(|firm| !chosen.contains(firm)).collect();
    for (swap, pointer) in [
        (json!({ "out": others[0], "into": others[1] }), "/swap/0/out"),
        (json!({ "out": chosen[0], "into": chosen[1] }), "/swap/0/into"),
    ] {
        let problem = change(&hall, &made, json!({ "swap": [swap] })).problem(422, "invalid");
        assert_eq!(error(&problem).0, pointer, "{problem}");
    }
    let swapped = change(&hall, &made, json!({ "swap": [{ "out": chosen[0], "into": others[0] }], "anew": true }));
    assert_eq!(swapped.status, 200, "{}", swapped.body);
    let file = hall.app.get_as(&hall.officer, &format!("/api/v1/compositions/{}/history?format=csv", id(&made))).body;
    assert!(file.contains("入れる") && file.contains("計算し直し はい"), "{file}");
    assert!(!file.contains("統合先") && !file.contains("anew"), "{file}");
}

#[test]
fn what_is_amiss_is_said_in_words() {
    let hall = Hall::open();
    hall.everybody_applies();
    let slot = json!({ "start": "2026-10-14T10:00:00+09:00", "end": "2026-10-14T10:15:00+09:00" });
    for pair in [&hall.firms[..3], &hall.firms[..1]] {
        let body = json!({ "title": "会", "slots": [slot], "tables": 1, "must": [pair] });
        let path = format!("exhibitions/{}/timetables", hall.fair);
        let problem = hall.tries(&hall.officer, &path, body).problem(422, "invalid");
        assert!(error(&problem).0.starts_with("/must/0") && error(&problem).1.contains("2件"), "{problem}");
    }
    let body =
        json!({ "exhibitors": [{ "parties": [hall.firms[0]] }], "pins": [{ "party": hall.firms[1], "booth": "A-1" }] });
    let plans = format!("exhibitions/{}/booth-plans", hall.fair);
    let problem = hall.tries(&hall.officer, &plans, body).problem(422, "invalid");
    assert!(error(&problem).0 == "/pins/0/party" && error(&problem).1.contains("出展者"), "{problem}");
    // One wish alone, with why; the second applies to lead, the first does not.
    let reason = |ask: Value| {
        let made = hall.composes(ask);
        made["result"]["conflict"]["reason"]["ja"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    };
    let lead = json!([{ "rule": { "kind": "lead", "candidate": hall.firms[0] } }]);
    let said = reason(json!({ "from": "applicants", "size": 2, "seconds": 0, "wishes": lead }));
    assert_eq!(said, "この条件は満たせません: 幹事は「甲塗工」（幹事を希望していません）。");
    let said = reason(json!({ "from": "applicants", "size": 6, "seconds": 0 }));
    assert_eq!(said, "この条件は満たせません: 参加は6社（候補は5社だけです）。");
    // Two conflicts at once: without one wish of the first the second is there still.
    let never = |place: usize| json!({ "rule": { "kind": "never", "candidate": hall.firms[place] } });
    let wishes = json!([
        { "rule": { "kind": "somebody_leads" } }, never(1),
        { "rule": { "kind": "size_at_least", "size": "large", "count": 1 } }, never(3),
    ]);
    let said = reason(json!({ "from": "applicants", "size": 2, "seconds": 0, "wishes": wishes }));
    assert!(said.contains("さらに") && !said.contains("ほかは満たせます"), "{said}");
}

#[test]
fn whoever_takes_its_application_back_is_named() {
    let hall = Hall::open();
    let applications = hall.everybody_applies();
    let made = hall.composes(json!({
        "from": "applicants", "size": 3, "seconds": 0, "pins": [hall.firms[1], hall.firms[0]], "bans": [hall.firms[4]],
    }));
    for place in [0, 4] {
        let path = format!("applications/{}/events", applications[place]);
        hall.does(&hall.members[place], &path, json!({ "event": "withdraw" }));
    }
    let body = json!({ "title": "三社で", "composition": id(&made) });
    let refused = hall.tries(&hall.officer, "groups", body.clone()).problem(409, "application-withdrawn");
    assert!(refused["message"]["ja"].as_str().is_some_and(|ja| ja.contains("甲塗工")), "{refused}");
    let problem = change(&hall, &made, json!({ "alternatives": 1 })).problem(422, "invalid");
    let (pointer, ja) = error(&problem);
    assert!(pointer == "/pins/1" && ja.contains("甲塗工") && ja.contains("unpin"), "{problem}");
    let ban = problem["errors"][1]["message"]["ja"].as_str().expect("the other one");
    assert!(ban.contains("戊フィルム") && ban.contains("unban"), "{problem}");
    let changed = change(&hall, &made, json!({ "unpin": [hall.firms[0]], "unban": [hall.firms[4]] }));
    assert_eq!(changed.status, 200, "{}", changed.body);
    hall.does(&hall.officer, "groups", body);
    // It may come back, by its own application.
    let again = json!({ "party": hall.firms[0], "form": {} });
    let path = format!("exhibitions/{}/applications", hall.fair);
    let refused = hall.tries(&hall.members[0], &path, again).problem(409, "already-applied");
    assert!(refused["message"]["ja"].as_str().is_some_and(|ja| ja.contains("change で再開")), "{refused}");
}
