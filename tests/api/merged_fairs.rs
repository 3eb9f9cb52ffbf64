//! What is arranged for an exhibition goes on under the name of the organisation that another one was merged into, and goes
//! back when the two are parted.

use crate::exhibitions::Hall;
use crate::support::Response;
use serde_json::{Value, json};

fn merge(hall: &Hall, from: &str, into: &str) -> Response {
    let path = format!("/api/v1/organizations/{from}");
    let version = hall.app.get_as(&hall.administrator, &path).json()["version"].as_i64().expect("a version");
    hall.app.step(&hall.administrator, &path, "merge", version, json!({ "into": into }))
}

pub fn id(body: &Value) -> String {
    body["id"].as_str().expect("an id").to_owned()
}

pub fn organise(hall: &Hall, path: &str, what: &str, body: Value) -> Value {
    let version = hall.reads(&hall.officer, path)["organiser"]["version"].as_i64().expect("a version");
    let bearer = hall.officer.bearer();
    let etag = format!("\"{version}\"");
    let headers = [("authorization", bearer.as_str()), ("if-match", etag.as_str())];
    let answer = hall.app.post_with(&format!("/api/v1/{path}/{what}"), &headers, body);
    assert!((200..300).contains(&answer.status), "{path}/{what}: {} {}", answer.status, answer.body);
    answer.json()
}

/// Everything of the fair that is shown to the office, without what every write moves on.
fn arrangements(hall: &Hall, paths: &[String]) -> Vec<Value> {
    let read = |path: &String| {
        let mut shown = hall.reads(&hall.officer, path);
        strip(&mut shown);
        shown
    };
    paths.iter().map(read).collect()
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in ["version", "updated_at", "elapsed_ms", "verified_on"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}

#[test]
fn all_of_it_follows_and_goes_back() {
    let hall = Hall::open();
    let applications = hall.everybody_applies();
    let old = hall.firms[0].clone();
    let new = id(&hall.does(
        &hall.coordinator,
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "甲塗工株式会社（新）" }),
    ));
    let fair = format!("exhibitions/{}", hall.fair);
    let visits = json!({ "visitors": [old, hall.firms[6]] });
    assert_eq!(hall.app.patch_as(&hall.officer, &format!("/api/v1/{fair}"), 1, visits).status, 200);
    let composition = id(&hall.composes(json!({
        "from": "applicants", "size": 3, "seconds": 0, "pins": [old],
        "wishes": [{ "rule": { "kind": "apart", "candidates": [old, hall.firms[3]] } }],
    })));
    // Of a second one more is asked afterwards.
    let second = id(&hall.composes(json!({ "from": "applicants", "size": 3, "seconds": 0, "pins": [old] })));
    let group = id(&hall.does(&hall.officer, "groups", json!({ "title": "共同出展", "composition": composition })));
    hall.does(&hall.officer, &format!("groups/{group}/events"), json!({ "event": "invite" }));
    let exhibitors = json!({ "exhibitors": [{ "parties": [old] }, { "parties": [hall.firms[1]] }],
        "pins": [{ "party": old, "booth": "A-2" }] });
    let plan = id(&hall.does(&hall.officer, &format!("{fair}/booth-plans"), exhibitors));
    let frame = json!({ "title": "商談会", "tables": 2, "slots": [
        { "start": "2026-04-10T10:00:00+09:00", "end": "2026-04-10T10:20:00+09:00" },
        { "start": "2026-04-10T10:20:00+09:00", "end": "2026-04-10T10:40:00+09:00" },
        { "start": "2026-04-10T10:40:00+09:00", "end": "2026-04-10T11:00:00+09:00" },
    ] });
    let timetable = format!("timetables/{}", id(&hall.does(&hall.officer, &format!("{fair}/timetables"), frame)));
    let participants = json!({ "participants": [
        { "party": hall.firms[6], "side": "buyer" },
        { "party": old, "side": "supplier", "wishes": [hall.firms[6]], "least": 1 },
        { "party": hall.firms[1], "side": "supplier" },
    ] });
    organise(&hall, &timetable, "participants", participants);
    organise(&hall, &timetable, "solve", json!({ "seconds": 1 }));
    organise(&hall, &timetable, "publish", Value::Null);
    let meetings = hall.reads(&hall.officer, &format!("meetings?party={old}"))["items"].clone();
    let meeting = id(&meetings[0]);
    let paths = [
        fair,
        format!("applications/{}", applications[0]),
        format!("compositions/{composition}"),
        format!("groups/{group}"),
        format!("booth-plans/{plan}"),
        format!("{timetable}/participants"),
        format!("{timetable}/meetings"),
        format!("meetings/{meeting}"),
    ];
    let before = arrangements(&hall, &paths);
    for (path, shown) in paths.iter().zip(&before) {
        assert!(shown.to_string().contains(&old), "{path}: {shown}");
    }

    let merged = merge(&hall, &old, &new);
    assert_eq!(merged.status, 200, "{}", merged.body);
    for (path, shown) in paths.iter().zip(arrangements(&hall, &paths)) {
        let text = shown.to_string();
        assert!(!text.contains(&old) && text.contains(&new), "{path}: {text}");
        assert!(text.contains("（新）") || path.starts_with("exhibitions"), "{path}: {text}");
    }
    // Its people are people of the other one now, and go on where they were.
    let member = hall.app.sign_in(&hall.members[0].email);
    hall.does(&member, &format!("groups/{group}/events"), json!({ "event": "accept" }));
    assert_eq!(hall.reads(&member, &format!("{timetable}/meetings"))["items"].as_array().map(Vec::len), Some(1));
    assert!(hall.app.get_as(&member, &format!("/api/v1/{timetable}/calendar")).body.contains("BEGIN:VEVENT"));
    // What was asked is asked anew without a word of the one that is gone.
    let path = format!("/api/v1/compositions/{second}");
    let refused = hall.app.patch_as(&hall.officer, &path, 1, json!({ "size": 2 }));
    assert_eq!(refused.status, 422, "it goes in the group: {}", refused.body);
    let pin = &refused.json()["errors"][0];
    assert_eq!((&pin["pointer"], &pin["code"]), (&json!("/pins/0"), &json!("candidate.taken")));
    assert!(pin["message"]["ja"].as_str().is_some_and(|text| text.contains("（新）")), "{pin}");
    let again = hall.app.patch_as(&hall.officer, &path, 1, json!({ "size": 2, "unpin": [new] }));
    assert_eq!(again.status, 200, "{}", again.body);
    assert!(!crate::exhibitions::inside(&again.json()).contains(&new) && !again.body.contains(&old), "{}", again.body);
    // Its meetings move when it changes, as the same meetings.
    let own = format!("{timetable}/participants/{new}");
    let version = hall.reads(&hall.officer, &own)["version"].as_i64().expect("a version");
    let plan = hall.reads(&hall.officer, &format!("{timetable}/meetings"))["items"].clone();
    let taken = |slot: &i64| plan.as_array().expect("meetings").iter().any(|one| one["slot"] == *slot);
    let free = (0..3).find(|slot| !taken(slot)).expect("a free slot");
    let moved = hall.app.patch_as(&hall.officer, &format!("/api/v1/{own}"), version, json!({ "slots": [free] }));
    assert_eq!(moved.status, 200, "{}", moved.body);
    let list = hall.reads(&hall.officer, &format!("meetings?party={new}"))["items"].clone();
    assert_eq!((list.as_array().map(Vec::len), id(&list[0])), (Some(1), meeting));

    let parted = hall.app.post_as(&hall.administrator, &format!("/api/v1/organizations/{old}/unmerge"), json!({}));
    assert_eq!(parted.status, 200, "{}", parted.body);
    for (path, shown) in paths.iter().zip(arrangements(&hall, &paths)) {
        let text = shown.to_string();
        assert!(!text.contains(&new) && text.contains(&old), "{path}: {text}");
    }
    is_whole(&hall);
}

#[test]
fn two_that_take_part_already_keep_their_places() {
    let hall = Hall::open();
    hall.everybody_applies();
    let (old, new, buyer) = (hall.firms[0].clone(), hall.firms[1].clone(), hall.firms[6].clone());
    let frame = json!({ "title": "商談会", "tables": 3, "slots": [
        { "start": "2026-04-10T10:00:00+09:00", "end": "2026-04-10T10:20:00+09:00" },
        { "start": "2026-04-10T10:20:00+09:00", "end": "2026-04-10T10:40:00+09:00" },
    ] });
    let path = format!("exhibitions/{}/timetables", hall.fair);
    let timetable = format!("timetables/{}", id(&hall.does(&hall.officer, &path, frame)));
    let entry = |party: &str, side: &str| json!({ "party": party, "side": side, "least": 1 });
    let all = json!({ "participants": [entry(&buyer, "buyer"), entry(&old, "supplier"), entry(&new, "supplier")] });
    organise(&hall, &timetable, "participants", all);
    organise(&hall, &timetable, "solve", json!({ "seconds": 1 }));
    organise(&hall, &timetable, "publish", Value::Null);
    let count = |party: &str| {
        let list = hall.reads(&hall.officer, &format!("meetings?party={party}"))["items"].clone();
        list.as_array().map_or(0, Vec::len)
    };
    assert_eq!((count(&old), count(&new)), (1, 1));
    let merged = merge(&hall, &old, &new);
    assert_eq!(merged.status, 200, "{}", merged.body);
    // Both meetings are the other one's now, and everything still fits together.
    assert_eq!(count(&new), 2);
    let plan = hall.reads(&hall.officer, &format!("{timetable}/meetings"))["items"].clone();
    let suppliers: Vec<&Value> = plan.as_array().expect("meetings").iter().map(|one| &one["supplier"]["id"]).collect();
    assert_eq!(suppliers, [&json!(new), &json!(new)], "{plan}");
    assert!(
        plan.as_array().expect("meetings").iter().all(|one| one["meeting"].is_null() || one["meeting"].is_string())
    );
    // The applications of both stand; only one is a candidate's.
    let made = hall.composes(json!({ "from": "applicants", "size": 2, "seconds": 0 }));
    assert_eq!(made["result"]["candidates"], 4, "{made}");
    // The office takes the doubled one out; its meeting is cancelled, not somebody else's.
    let own = format!("{timetable}/participants/{old}");
    let version = hall.reads(&hall.officer, &own)["version"].as_i64().expect("a version");
    let out = hall.app.patch_as(&hall.officer, &format!("/api/v1/{own}"), version, json!({ "withdrawn": true }));
    assert_eq!(out.status, 200, "{}", out.body);
    let states = hall.reads(&hall.officer, &format!("meetings?party={new}"))["items"].clone();
    let states: Vec<&str> =
        states.as_array().expect("meetings").iter().filter_map(|meeting| meeting["state"].as_str()).collect();
    assert_eq!(states.iter().filter(|state| **state == "cancelled").count(), 1, "{states:?}");
    let parted = hall.app.post_as(&hall.administrator, &format!("/api/v1/organizations/{old}/unmerge"), json!({}));
    assert_eq!(parted.status, 200, "{}", parted.body);
    assert_eq!((count(&old), count(&new)), (1, 1));
    is_whole(&hall);
}

fn is_whole(hall: &Hall) {
    let mut faults = Vec::new();
    musubi::store::check::check(&hall.app.app.database, &mut |fault| faults.push(format!("{fault:?}")))
        .expect("a check");
    assert_eq!(faults, [""; 0]);
}
