//! The second half of the story of a fair: where the group stands, whom it meets, and what comes of it.

use crate::exhibitions::Hall;
use crate::support::people::Person;
use serde_json::{Value, json};

pub struct Days {
    /// The meeting of the lead.
    meeting: String,
}

/// Does something at the version that stands.
fn organises(hall: &Hall, person: &Person, path: &str, what: &str, body: Value) -> Value {
    let version = hall.reads(person, path)["organiser"]["version"].as_i64().expect("a version");
    let (bearer, etag) = (person.bearer(), format!("\"{version}\""));
    let headers = [("authorization", bearer.as_str()), ("if-match", etag.as_str())];
    let answer = hall.app.post_with(&format!("/api/v1/{path}/{what}"), &headers, body);
    assert_eq!(answer.status, 200, "{what}: {}", answer.body);
    answer.json()
}

/// Before the fair: the booth of the group, and the timetable of the 商談会.
pub fn prepare(hall: &Hall, group: &str) -> Days {
    let carpenter = &hall.firms[7];
    let body = json!({ "exhibitors": [{ "group": group, "name": "共同出展" }, { "parties": [carpenter] }] });
    let plan = hall.does(&hall.officer, &format!("exhibitions/{}/booth-plans", hall.fair), body);
    assert_eq!(plan["places"][0]["parties"].as_array().map(Vec::len), Some(3), "{plan}");
    let path = format!("booth-plans/{}", plan["id"].as_str().expect("an id"));
    assert_eq!(hall.status(&hall.members[1], &path), 404, "a draft");
    organises(hall, &hall.officer, &path, "publish", Value::Null);
    assert_eq!(hall.reads(&hall.members[1], &path)["places"][0]["name"], "共同出展");

    let slot = |minute: usize| json!({ "start": format!("2026-10-14T10:{minute:02}:00+09:00"), "end": format!("2026-10-14T10:{:02}:00+09:00", minute + 15) });
    let frame = json!({ "title": "展示会の商談会", "slots": [slot(0), slot(20), slot(40)], "tables": 2 });
    let made = hall.does(&hall.officer, &format!("exhibitions/{}/timetables", hall.fair), frame);
    let path = format!("timetables/{}", made["id"].as_str().expect("an id"));
    let mut all: Vec<Value> = plan["places"][0]["parties"]
        .as_array()
        .expect("members")
        .iter()
        .map(|party| json!({ "party": party["id"], "side": "supplier" }))
        .collect();
    all.push(json!({ "party": carpenter, "side": "buyer", "least": 2, "wishes": [hall.firms[1]] }));
    organises(hall, &hall.officer, &path, "participants", json!({ "participants": all }));
    // The other officer goes on from there.
    let solved = organises(hall, &hall.colleague, &path, "solve", json!({ "seconds": 1 }));
    assert_eq!(solved["organiser"]["short"], json!([]), "{solved}");
    organises(hall, &hall.colleague, &path, "publish", Value::Null);
    let own = hall.reads(&hall.members[1], &format!("{path}/meetings"));
    assert_eq!(own["items"].as_array().map(Vec::len), Some(1), "{own}");
    let calendar = hall.app.get_as(&hall.members[1], &format!("/api/v1/{path}/calendar"));
    assert!(calendar.body.contains("SUMMARY:商談: 辛木工"), "{}", calendar.body);
    Days { meeting: own["items"][0]["meeting"].as_str().expect("a meeting").to_owned() }
}

/// After the fair: a result card that becomes a case.
pub fn goes_on(hall: &Hall, days: &Days) {
    let lead = &hall.members[1];
    let card = json!({ "card": { "outcome": "quote", "next_step": "見積書を送る" } });
    hall.does(lead, &format!("meetings/{}/cards", days.meeting), card);
    let case = hall.does(lead, "cases", json!({ "title": "塗工の見積り", "meeting": days.meeting }));
    assert_eq!((&case["stage"], &case["meeting"]), (&json!("meeting"), &json!(days.meeting)));
    assert_eq!(hall.reads(&hall.officer, "meetings?state=reported")["items"][0]["case"], case["id"]);
}
