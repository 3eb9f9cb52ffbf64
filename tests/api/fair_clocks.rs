//! What the clock reminds of before and after a 商談会, and what is read of it later: versions, histories, moments.

use crate::exhibitions::Hall;
use crate::merged_fairs::{id, organise};
use crate::support::people::Person;
use musubi::store::clocks;
use serde_json::{Value, json};

const HOUR: i64 = 3_600;

fn told(hall: &Hall, person: &Person, event: &str) -> usize {
    let items = hall.reads(person, "me/notices")["items"].clone();
    items.as_array().map_or(0, |items| items.iter().filter(|notice| notice["event"] == event).count())
}

fn round(hall: &Hall) -> usize {
    clocks::run(&hall.app.app.database).expect("a round").reminded
}

/// Hours pass, and everybody signs in again.
fn passes(hall: &mut Hall, hours: i64) {
    hall.hands.pass(hours * HOUR);
    hall.passes(0);
}

/// A published timetable on 10 April: the buyer (firm 4) meets firm 0, and firm 1 meets nobody.
fn fair() -> (Hall, String) {
    let hall = Hall::open();
    let frame = json!({ "title": "商談会", "tables": 1, "never": [[hall.firms[4], hall.firms[1]]],
        "slots": [{ "start": "2026-04-10T10:00:00+09:00", "end": "2026-04-10T10:20:00+09:00" }] });
    let made = hall.does(&hall.officer, &format!("exhibitions/{}/timetables", hall.fair), frame);
    let timetable = format!("timetables/{}", id(&made));
    let entry = |place: usize, side: &str| json!({ "party": hall.firms[place], "side": side, "least": 1 });
    let all = json!({ "participants": [entry(4, "buyer"), entry(0, "supplier"), entry(1, "supplier")] });
    organise(&hall, &timetable, "participants", all);
    organise(&hall, &timetable, "solve", json!({ "seconds": 1 }));
    organise(&hall, &timetable, "publish", Value::Null);
    (hall, timetable)
}

#[test]
fn who_has_no_meeting_and_whose_card_is_missing_is_reminded_once() {
    let (mut hall, timetable) = fair();
    assert_eq!(
        (told(&hall, &hall.members[1], "left_out"), round(&hall)),
        (1, 0),
        "told on publication, not again at once"
    );
    // Three days before: whoever still has none, and the desk.
    passes(&mut hall, 6 * 24);
    assert_eq!(round(&hall), 0);
    passes(&mut hall, 24);
    assert_eq!((round(&hall), round(&hall)), (1, 0));
    assert_eq!(told(&hall, &hall.members[1], "reminded"), 1);
    assert_eq!(told(&hall, &hall.officer, "reminded"), 1);
    assert_eq!(told(&hall, &hall.members[0], "reminded"), 0);
    // The meeting is over; one side has said what came of it.
    passes(&mut hall, 3 * 24);
    let meeting = id(&hall.reads(&hall.officer, "meetings")["items"][0]);
    let card = json!({ "card": { "outcome": "quote", "note": "内輪の話" } });
    hall.does(&hall.members[0], &format!("meetings/{meeting}/cards"), card);
    assert_eq!(round(&hall), 0);
    passes(&mut hall, 48);
    assert_eq!((round(&hall), round(&hall)), (1, 0));
    for (place, count) in [(4, 1), (0, 0), (1, 0)] {
        assert_eq!(told(&hall, &hall.members[place], "cards_asked"), count, "{place}");
    }
    assert_eq!(told(&hall, &hall.officer, "cards_asked"), 1);
    let history = hall.reads(&hall.officer, &format!("{timetable}/history"));
    let events: Vec<&str> =
        history["items"].as_array().expect("events").iter().filter_map(|event| event["event"].as_str()).collect();
    let expected = ["opened", "entered", "arranged", "published", "left_out", "reminded", "cards_asked"];
    assert_eq!(events, expected, "{history}");
    assert_eq!(history["items"][2]["deed"]["meetings"], 1);
    assert_eq!(history["items"][6]["deed"]["parties"], json!([hall.firms[4]]));
}

#[test]
fn nobody_is_reminded_of_what_is_well_or_too_late() {
    // Everybody has a meeting, and everybody says what came of it: nothing to remind of.
    let (mut hall, timetable) = fair();
    let own = format!("{timetable}/participants/{}", hall.firms[1]);
    let version = hall.reads(&hall.officer, &own)["version"].as_i64().expect("a version");
    let out = hall.app.patch_as(&hall.officer, &format!("/api/v1/{own}"), version, json!({ "withdrawn": true }));
    assert_eq!(out.status, 200, "{}", out.body);
    passes(&mut hall, 10 * 24);
    let meeting = id(&hall.reads(&hall.officer, "meetings")["items"][0]);
    for place in [0, 4] {
        hall.does(
            &hall.members[place],
            &format!("meetings/{meeting}/cards"),
            json!({ "card": { "outcome": "sample" } }),
        );
    }
    passes(&mut hall, 10 * 24);
    round(&hall);
    for person in [&hall.officer, &hall.members[0], &hall.members[1], &hall.members[4]] {
        assert_eq!((told(&hall, person, "reminded"), told(&hall, person, "cards_asked")), (0, 0));
    }
    // The service slept over the fair: who had no meeting is not told of it afterwards.
    let (mut hall, _) = fair();
    passes(&mut hall, 20 * 24);
    round(&hall);
    assert_eq!(told(&hall, &hall.members[1], "reminded"), 0);
    assert_eq!(told(&hall, &hall.members[0], "cards_asked"), 1);
    assert_eq!(round(&hall), 0);
}

#[test]
fn what_was_is_read_as_of_then_by_whoever_may() {
    let (mut hall, timetable) = fair();
    let meeting = format!("meetings/{}", id(&hall.reads(&hall.officer, "meetings")["items"][0]));
    passes(&mut hall, 10 * 24);
    let card = json!({ "card": { "outcome": "quote", "note": "内輪の話" } });
    hall.does(&hall.members[0], &format!("{meeting}/cards"), card);
    // Cards as of before there were any; a moment before the meeting was planned knows none.
    assert_eq!(hall.reads(&hall.members[0], &format!("{meeting}?as_of=2026-04-05"))["cards"], json!([]));
    assert_eq!(hall.reads(&hall.members[0], &meeting)["cards"][0]["outcome"], "quote");
    assert_eq!(hall.status(&hall.members[0], &format!("{meeting}?as_of=2026-03-01")), 404);
    assert_eq!(hall.status(&hall.members[0], &format!("{meeting}?as_of=gestern")), 422);
    assert_eq!(hall.status(&hall.members[2], &format!("{meeting}?as_of=2026-04-05")), 404);
    // The note of one side is not in the history of the other.
    let history = |person: &Person| hall.reads(person, &format!("{meeting}/history")).to_string();
    assert!(history(&hall.members[0]).contains("内輪の話") && history(&hall.officer).contains("内輪の話"));
    let other = history(&hall.members[4]);
    assert!(other.contains("quote") && !other.contains("内輪の話") && !other.contains("\"name\""), "{other}");
    assert_eq!(hall.status(&hall.members[2], &format!("{meeting}/history")), 404);
    assert_eq!(hall.app.get(&format!("/api/v1/{meeting}/history")).status, 401);
    // A timetable: its frame, its plan and its history.
    let renamed = json!({ "title": "改名した商談会" });
    let version = hall.reads(&hall.officer, &timetable)["organiser"]["version"].as_i64().expect("a version");
    let answer = hall.app.patch_as(&hall.officer, &format!("/api/v1/{timetable}"), version, renamed);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let then = hall.app.get_as(&hall.officer, &format!("/api/v1/{timetable}?as_of=2026-04-05"));
    assert_eq!((&then.json()["title"], then.header("etag")), (&json!("商談会"), None));
    assert_eq!(hall.reads(&hall.officer, &timetable)["title"], "改名した商談会");
    let plan = hall.reads(&hall.officer, &format!("{timetable}/meetings?as_of=2026-04-05"));
    assert_eq!(plan["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(hall.status(&hall.officer, &format!("{timetable}/meetings?as_of=2026-03-01")), 404);
    assert_eq!(hall.status(&hall.members[0], &format!("{timetable}/history")), 403);
    assert_eq!(hall.reads(&hall.members[0], &format!("{timetable}?as_of=2026-04-05"))["organiser"], Value::Null);
}
