//! Groups and applications of one exhibition: who is in which, and what a change of the one means for the other.

use crate::exhibitions::Hall;
use crate::merged_fairs::id;
use serde_json::{Value, json};

fn two(hall: &Hall, title: &str, members: &[usize]) -> Value {
    let members: Vec<&String> = members.iter().map(|place| &hall.firms[*place]).collect();
    json!({ "title": title, "exhibition": hall.fair, "members": members, "lead": members[0] })
}

#[test]
fn a_change_of_an_application_changes_what_it_names() {
    let hall = Hall::open();
    let path = format!("exhibitions/{}/applications", hall.fair);
    let form = json!({ "shows_ja": "塗工の実演", "space": 2, "together": [hall.firms[1]], "pays_at_most": 90_000 });
    let made = hall.does(&hall.members[0], &path, json!({ "party": hall.firms[0], "form": form }));
    let events = format!("applications/{}/events", id(&made));
    let change = |form: Value| hall.tries(&hall.members[0], &events, json!({ "event": "change", "form": form }));
    let changed = change(json!({ "space": 3, "pays_at_most": null })).json();
    let form = &changed["form"];
    assert_eq!(
        (&form["space"], &form["shows_ja"], &form["pays_at_most"]),
        (&json!(3), &json!("塗工の実演"), &Value::Null)
    );
    assert_eq!(form["together"], json!([hall.firms[1]]));
    // Nothing named, nothing changed.
    assert_eq!(change(json!({})).json()["version"], changed["version"]);
    // Everything that is amiss at once, read or not.
    let pointers = |form: Value| -> Vec<String> {
        let problem = change(form).problem(422, "invalid");
        let all = problem["errors"].as_array().expect("errors").iter();
        let mut all: Vec<String> = all.map(|error| error["pointer"].as_str().expect("a pointer").to_owned()).collect();
        all.sort();
        all
    };
    let unread = json!({ "space": "big", "other_cost": -1, "state": "x" });
    assert_eq!(pointers(unread), ["/form/other_cost", "/form/space", "/form/state"]);
    let refused = json!({ "space": 0, "things": [hall.firms[0]], "apart": [hall.firms[0], hall.firms[1]] });
    assert_eq!(pointers(refused), ["/form/apart/0", "/form/apart/1", "/form/space", "/form/things/0"]);
    // The one and the other at once.
    let both = json!({ "other_cost": -1, "space": 0, "things": [7, hall.firms[0]], "apart": [hall.firms[1]] });
    assert_eq!(
        pointers(both),
        ["/form/apart/0", "/form/other_cost", "/form/space", "/form/things/0", "/form/things/1"]
    );
    assert_eq!(pointers(json!(7)), ["/form"]);
    // Who decided on an older version is told.
    let bearer = hall.members[0].bearer();
    let old = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
    let body = json!({ "event": "change", "form": { "space": 4 } });
    hall.app.post_with(&format!("/api/v1/{events}"), &old, body).problem(412, "stale");
}

#[test]
fn a_member_of_a_group_leaves_the_group_first() {
    let hall = Hall::open();
    let applications = hall.everybody_applies();
    let group = hall.does(&hall.officer, "groups", two(&hall, "二社で", &[0, 1]));
    let events = format!("groups/{}/events", id(&group));
    let withdraw = |place: usize| {
        let path = format!("applications/{}/events", applications[place]);
        hall.tries(&hall.members[place], &path, json!({ "event": "withdraw" }))
    };
    hall.does(&hall.officer, &events, json!({ "event": "invite" }));
    for place in [0, 1] {
        hall.does(&hall.members[place], &events, json!({ "event": "accept" }));
    }
    hall.does(&hall.officer, &events, json!({ "event": "confirm" }));
    let exhibitors = json!([{ "group": id(&group) }, { "parties": [hall.firms[5]] }]);
    let plans = format!("exhibitions/{}/booth-plans", hall.fair);
    let plan = hall.does(&hall.officer, &plans, json!({ "exhibitors": exhibitors }));
    assert_eq!(plan["organiser"]["warnings"], json!([]), "{plan}");
    let refused = withdraw(1).problem(409, "in-a-group");
    assert!(refused["message"]["ja"].as_str().is_some_and(|ja| ja.contains("二社で")), "{refused}");
    // Through the group: the lead and the office hear of it.
    let body = json!({ "event": "withdraw", "reason": "no_capacity" });
    hall.does(&hall.members[1], &events, body);
    let told = hall.reads(&hall.members[0], "me/notices");
    assert_eq!(told["items"][0]["event"], "withdrew", "{told}");
    assert_eq!(withdraw(1).status, 200);
    // The plan of the booths says that the group is another one by now, and takes it as it is when it is sent again.
    let path = format!("booth-plans/{}", id(&plan));
    let warnings = hall.reads(&hall.officer, &path)["organiser"]["warnings"].clone();
    assert_eq!((&warnings[0]["code"], &warnings[0]["places"]), (&json!("group_changed"), &json!([0])), "{warnings}");
    let body = json!({ "exhibitors": exhibitors });
    let plan = hall.app.patch_as(&hall.officer, &format!("/api/v1/{path}"), 1, body).json();
    assert_eq!(plan["organiser"]["warnings"], json!([]), "{plan}");
    assert_eq!(plan["places"][0]["parties"].as_array().map(Vec::len), Some(1));
    assert_eq!(withdraw(2).status, 200, "who is in no group withdraws");
}

#[test]
fn a_firm_goes_in_one_group_and_a_second_invitation_gives_more_time() {
    let hall = Hall::open();
    hall.everybody_applies();
    let group = hall.does(&hall.officer, "groups", two(&hall, "一つ目", &[0, 1]));
    let path = format!("groups/{}", id(&group));
    let events = format!("{path}/events");
    // Another plan with the same firm may be drawn up, until one of them is asked.
    let other = hall.does(&hall.officer, "groups", two(&hall, "二つ目", &[1, 2]));
    hall.does(&hall.officer, &events, json!({ "event": "invite", "answer_by": "2026-05-10", "message": "ご一緒に" }));
    for (path, body) in [
        ("groups".to_owned(), two(&hall, "三つ目", &[0, 3])),
        (format!("groups/{}/events", id(&other)), json!({ "event": "invite" })),
        (format!("groups/{}/events", id(&other)), json!({ "event": "add", "party": hall.firms[0] })),
    ] {
        let refused = hall.tries(&hall.officer, &path, body.clone()).problem(409, "in-another-group");
        assert!(refused["message"]["ja"].as_str().is_some_and(|ja| ja.contains("一つ目")), "{body}: {refused}");
    }
    let days = || -> Vec<Value> {
        let members = hall.reads(&hall.officer, &path)["members"].as_array().expect("members").clone();
        members.iter().map(|seat| seat["answer_by"].clone()).collect()
    };
    hall.does(&hall.members[0], &events, json!({ "event": "accept" }));
    // Asked again without a day nothing changes; with one, who has not answered has until then.
    let version = hall.reads(&hall.officer, &path)["version"].clone();
    assert_eq!(hall.does(&hall.officer, &events, json!({ "event": "invite" }))["version"], version);
    let again = hall.does(&hall.officer, &events, json!({ "event": "invite", "answer_by": "2026-05-20" }));
    assert_eq!(days(), [json!("2026-05-10"), json!("2026-05-20")]);
    assert_eq!(again["message"], "ご一緒に", "what was written stays");
    let notices = hall.reads(&hall.members[1], "me/notices");
    assert_eq!(notices["items"].as_array().map(Vec::len), Some(2), "asked, asked again: {notices}");
    // It declines: another group may ask it.
    hall.does(&hall.members[1], &events, json!({ "event": "decline", "reason": "price" }));
    hall.does(&hall.officer, &format!("groups/{}/events", id(&other)), json!({ "event": "invite" }));
}

#[test]
fn a_composition_says_who_is_in_and_lists_are_in_words() {
    let hall = Hall::open();
    hall.everybody_applies();
    let made = hall.composes(json!({ "from": "applicants", "size": 2, "seconds": 0 }));
    let inside = crate::exhibitions::inside(&made);
    let other = hall.firms[..5].iter().find(|firm| !inside.contains(firm)).expect("somebody");
    let body = |more: Value| {
        let mut body = json!({ "title": "共同出展", "composition": id(&made) });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };
    let refused = |more: Value| {
        let problem = hall.tries(&hall.officer, "groups", body(more)).problem(422, "invalid");
        problem["errors"][0]["pointer"].as_str().expect("a pointer").to_owned()
    };
    assert_eq!(refused(json!({ "members": [inside[0], other] })), "/members");
    let another = id(&hall.does(&hall.officer, "exhibitions", json!({ "title_ja": "別の展示会" })));
    assert_eq!(refused(json!({ "exhibition": another })), "/exhibition");
    // Said again as it is, it is no contradiction.
    let bearer = hall.officer.bearer();
    let made = hall.app.post_with("/api/v1/groups", &[("authorization", &bearer)], body(json!({ "members": inside })));
    assert_eq!((made.status, made.header("etag")), (201, Some("\"1\"")), "{}", made.body);

    let file = hall.app.get_as(&hall.officer, "/api/v1/groups?format=csv").body;
    let row = file.lines().nth(1).unwrap_or_default();
    for word in ["編成中", "composing", "勉強会", "study_group", "甲塗工"] {
        assert!(row.contains(word) || (word == "甲塗工" && !inside.contains(&hall.firms[0])), "{word}: {file}");
    }
    assert!(!row.contains('{'), "{row}");
    let line = hall.app.get_as(&hall.officer, "/api/v1/groups?format=jsonl").json();
    assert_eq!((&line["state"], &line["maturity"]), (&json!("composing"), &json!("study_group")));
}

#[test]
fn the_contract_says_that_a_change_names_what_it_changes_and_creation_answers_an_etag() {
    let hall = Hall::open();
    let contract = hall.app.get("/openapi.json").json();
    for path in [
        "timetables/{id}",
        "booth-plans/{id}",
        "compositions/{id}",
        "meetings/{id}/cards/{side}",
        "timetables/{id}/participants/{party}",
    ] {
        let pointer = format!("/paths/{}/patch", format!("/api/v1/{path}").replace('/', "~1"));
        let operation = contract.pointer(&pointer).unwrap_or_else(|| panic!("{pointer}"));
        let schema =
            operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str().expect("a schema");
        let schema = contract.pointer(schema.trim_start_matches('#')).expect("a body");
        assert!(schema["required"].as_array().is_none_or(Vec::is_empty), "{path}: {schema}");
    }
    hall.everybody_applies();
    let bearer = hall.officer.bearer();
    let slot = json!({ "start": "2026-10-14T10:00:00+09:00", "end": "2026-10-14T10:15:00+09:00" });
    let fair = format!("exhibitions/{}", hall.fair);
    for (path, body) in [
        (format!("{fair}/applications"), json!({ "party": hall.firms[6] })),
        (format!("{fair}/compositions"), json!({ "from": "applicants", "size": 2, "seconds": 0 })),
        (format!("{fair}/booth-plans"), json!({ "exhibitors": [{ "parties": [hall.firms[0]] }] })),
        (format!("{fair}/timetables"), json!({ "title": "会", "slots": [slot], "tables": 1 })),
        ("groups".to_owned(), two(&hall, "二社で", &[0, 1])),
    ] {
        let made = hall.app.post_with(&format!("/api/v1/{path}"), &[("authorization", &bearer)], body);
        assert_eq!((made.status, made.header("etag")), (201, Some("\"1\"")), "{path}: {}", made.body);
        let place = made.header("location").expect("a place").to_owned();
        assert_eq!(hall.app.get_as(&hall.officer, &place).header("etag"), Some("\"1\""), "{place}");
    }
}
