//! What changes when something has happened already: firms that left, meetings that began, groups that stand.

use crate::exhibitions::{Hall, inside};
use crate::merged_fairs::id;
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
