//! The timetable of a 商談会, over HTTP: from participants to meetings, result cards and cases.

use crate::support::people::Person;
use crate::support::{Hands, Response, TestApp, auth, wait_until};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

pub struct Fair {
    pub app: TestApp,
    pub hands: Hands,
    pub administrator: Person,
    pub officer: Person,
    pub exhibition: String,
    pub buyers: Vec<String>,
    pub suppliers: Vec<String>,
}

fn slot(number: usize) -> Value {
    let at = |minutes: usize| format!("2026-04-10T{:02}:{:02}:00+09:00", 10 + minutes / 60, minutes % 60);
    json!({ "start": at(20 * number), "end": at(20 * number + 15) })
}

fn frame(slots: usize, tables: usize) -> Value {
    json!({ "title": "春の商談会", "venue": "第1展示場", "slots": (0..slots).map(slot).collect::<Vec<Value>>(), "tables": tables })
}

pub fn fair(buyers: usize, suppliers: usize) -> Fair {
    let hands = Hands::new();
    let world = Arc::new(crate::support::World::new());
    let settings = auth(&world);
    let app = TestApp::start_at(world, hands.clock(), settings);
    let firm = |name: String, does: &str| {
        let id = app.firm(&name);
        app.create("capabilities", json!({ "owner": id, "capability_kind": "process", "name_ja": does }));
        id
    };
    let does = ["スロットダイ塗布", "有機ELの封止", "水蒸気透過率の測定"];
    let buyers = (0..buyers).map(|at| firm(format!("買う会社{at}"), does[at % 3])).collect();
    let suppliers = (0..suppliers).map(|at| firm(format!("出す会社{at}"), does[at % 3])).collect();
    let exhibition = app.create("exhibitions", json!({ "title_ja": "春の展示会" }));
    let administrator = app.administrator();
    let officer = app.person(&administrator, "officer@example.jp", &["officer"]);
    app.settle();
    Fair { app, hands, administrator, officer, exhibition, buyers, suppliers }
}

impl Fair {
    pub fn send(&self, who: &Person, method: &str, path: &str, version: Option<i64>, body: Value) -> Response {
        let bearer = who.bearer();
        let etag = format!("\"{}\"", version.unwrap_or_default());
        let mut headers = vec![("authorization", bearer.as_str())];
        if version.is_some() {
            headers.push(("if-match", etag.as_str()));
        }
        let path = format!("/api/v1{path}");
        match method {
            "post" => self.app.post_with(&path, &headers, body),
            "patch" => self.app.patch_with(&path, &headers, body),
            "delete" => self.app.delete(&path, &headers),
            _ => self.app.get_with(&path, &headers),
        }
    }

    pub fn get(&self, who: &Person, path: &str) -> Value {
        let answer = self.send(who, "get", path, None, Value::Null);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// An opened timetable with everybody in it; gives its path.
    pub fn timetable(&self, slots: usize, tables: usize, says: impl Fn(&str) -> Value) -> String {
        let path = format!("/exhibitions/{}/timetables", self.exhibition);
        let opened = self.send(&self.officer, "post", &path, None, frame(slots, tables));
        assert_eq!(opened.status, 201, "{}", opened.body);
        let id = opened.json()["id"].as_str().expect("an id").to_owned();
        let path = format!("/timetables/{id}");
        let one = |party: &String, side: &str| {
            let mut entry = says(party);
            entry["party"] = json!(party);
            entry["side"] = json!(side);
            entry
        };
        let all: Vec<Value> = (self.buyers.iter().map(|party| one(party, "buyer")))
            .chain(self.suppliers.iter().map(|party| one(party, "supplier")))
            .collect();
        let entered = self.organise(&path, "participants", json!({ "participants": all }));
        assert_eq!(entered.status, 200, "{}", entered.body);
        path
    }

    pub fn version(&self, path: &str) -> i64 {
        self.get(&self.officer, path)["organiser"]["version"].as_i64().expect("a version")
    }

    /// A POST by the officer at the version that stands.
    pub fn organise(&self, path: &str, what: &str, body: Value) -> Response {
        self.send(&self.officer, "post", &format!("{path}/{what}"), Some(self.version(path)), body)
    }

    pub fn solve(&self, path: &str) -> Value {
        let solved = self.organise(path, "solve", json!({ "seconds": 2 }));
        assert_eq!(solved.status, 200, "{}", solved.body);
        solved.json()
    }

    /// Meetings as `(slot, buyer, supplier)`.
    pub fn meetings(&self, path: &str) -> BTreeSet<(i64, String, String)> {
        let plan = self.get(&self.officer, &format!("{path}/meetings"));
        let id = |card: &Value| card["id"].as_str().expect("an id").to_owned();
        let items = plan["items"].as_array().expect("meetings").iter();
        items.map(|one| (one["slot"].as_i64().expect("a slot"), id(&one["buyer"]), id(&one["supplier"]))).collect()
    }

    pub fn change(&self, path: &str, party: &str, body: Value) -> Response {
        let path = format!("{path}/participants/{party}");
        let version = self.get(&self.officer, &path)["version"].as_i64();
        self.send(&self.officer, "patch", &path, version, body)
    }

    /// A firm that takes no part.
    fn stranger(&self, email: &str) -> Person {
        let body = json!({ "organization_kind": "firm", "name_ja": "ほかの会社" });
        let made = self.app.post_as(&self.administrator, "/api/v1/organizations", body);
        assert_eq!(made.status, 201, "{}", made.body);
        self.member(email, made.json()["id"].as_str().expect("an id"))
    }

    fn member(&self, email: &str, party: &str) -> Person {
        self.app.member(&self.administrator, email, party, "editor")
    }
}

fn path_of(fair: &Fair) -> String {
    format!("/exhibitions/{}/timetables", fair.exhibition)
}

fn refuse_clashes(meetings: &BTreeSet<(i64, String, String)>, tables: usize) {
    let (mut busy, mut used, mut pairs) = (BTreeSet::new(), BTreeMap::new(), BTreeSet::new());
    for (slot, buyer, supplier) in meetings {
        assert!(busy.insert((slot, buyer)) && busy.insert((slot, supplier)), "two places at once: {meetings:?}");
        assert!(pairs.insert((buyer, supplier)), "a pair meets twice: {meetings:?}");
        *used.entry(slot).or_insert(0) += 1;
    }
    assert!(used.values().all(|count| *count <= tables), "more meetings than tables: {used:?}");
}

fn going_on(solve: &Value) -> bool {
    ["waiting", "running"].contains(&solve["state"].as_str().expect("a state"))
}

pub fn nothing(_: &str) -> Value {
    json!({})
}

#[test]
fn from_wishes_to_a_case() {
    let fair = fair(3, 4);
    let (buyer, supplier) = (fair.buyers[0].clone(), fair.suppliers[1].clone());
    let path = fair.timetable(4, 3, nothing);
    let (mine, theirs) = (fair.member("buyer@example.jp", &buyer), fair.member("supplier@example.jp", &supplier));
    let outsider = fair.stranger("outside@example.jp");
    // A member enters wishes for its own party, at the version of its own entry.
    let own = format!("{path}/participants/{buyer}");
    let entry = fair.get(&mine, &own);
    assert_eq!(entry["says"]["wishes"], json!([]));
    let body = json!({ "wishes": [supplier], "never": [fair.suppliers[0]], "slots": [0, 1, 2] });
    let changed = fair.send(&mine, "patch", &own, entry["version"].as_i64(), body.clone());
    assert_eq!(changed.status, 200, "{}", changed.body);
    fair.send(&mine, "patch", &own, entry["version"].as_i64(), body).problem(412, "stale");
    // Whom it does not want to meet is told to nobody else.
    let list = fair.get(&theirs, &format!("{path}/participants"));
    assert_eq!(list["items"].as_array().expect("participants").len(), 7);
    let others = list["items"].as_array().expect("participants").iter().filter(|one| one["party"]["id"] != supplier);
    assert!(others.clone().all(|one| one["says"].is_null() && one["version"].is_null()), "{list}");
    assert_eq!(fair.send(&theirs, "get", &own, None, Value::Null).status, 403);
    assert_eq!(fair.send(&outsider, "get", &path, None, Value::Null).status, 404);
    assert!(fair.get(&theirs, &path)["organiser"].is_null());

    let must = json!({ "must": [[fair.buyers[1], fair.suppliers[2]]] });
    let framed = fair.send(&fair.officer, "patch", &path, Some(fair.version(&path)), must);
    assert_eq!(framed.status, 200, "{}", framed.body);
    let solved = fair.solve(&path);
    assert_eq!(solved["organiser"]["open_must"], json!([]));
    assert_eq!(solved["organiser"]["gap"], 0.0, "{solved}");
    let meetings = fair.meetings(&path);
    refuse_clashes(&meetings, 3);
    let has = |one: &str, other: &str| meetings.iter().any(|(_, buyer, supplier)| buyer == one && supplier == other);
    assert!(has(&buyer, &supplier) && has(&fair.buyers[1], &fair.suppliers[2]));
    assert!(!has(&buyer, &fair.suppliers[0]));
    assert!(meetings.iter().all(|(slot, who, _)| *who != buyer || *slot < 3));
    // Before it is published a party sees its own calendar, and no other.
    let draft = fair.get(&theirs, &format!("{path}/meetings"));
    let draft = draft["items"].as_array().expect("meetings");
    assert!(!draft.is_empty() && draft.iter().all(|one| one["supplier"]["id"] == supplier));
    let calendar = format!("{path}/calendar");
    fair.send(&mine, "get", &calendar, None, Value::Null).problem(409, "not-published");

    let published = fair.organise(&path, "publish", Value::Null);
    assert_eq!(published.status, 200, "{}", published.body);
    let told = fair.get(&mine, "/me/notices");
    let events: Vec<&str> =
        told["items"].as_array().expect("notices").iter().filter_map(|one| one["event"].as_str()).collect();
    assert!(events.contains(&"published"), "{told}");
    assert_eq!(fair.meetings(&path), meetings);
    let body = json!({ "slots": [0] });
    let version = fair.get(&mine, &own)["version"].as_i64();
    fair.send(&mine, "patch", &own, version, body).problem(409, "published");

    // The calendar of each participant.
    let text = fair.send(&mine, "get", &calendar, None, Value::Null);
    assert_eq!(text.status, 200, "{}", text.body);
    assert!(text.header("content-type").is_some_and(|kind| kind.starts_with("text/calendar")));
    let count = meetings.iter().filter(|(_, who, _)| *who == buyer).count();
    assert_eq!(text.body.matches("BEGIN:VEVENT").count(), count);
    assert!(text.body.contains("SEQUENCE:0") && text.body.contains("SUMMARY:商談: 出す会社1"), "{}", text.body);
    assert!(text.body.contains("DTSTART:20260410T01"), "{}", text.body);
    assert_eq!(fair.send(&theirs, "get", &format!("{calendar}?party={buyer}"), None, Value::Null).status, 403);

    // The result cards.
    let plan = fair.get(&mine, &format!("{path}/meetings"));
    let both = |one: &&Value| one["supplier"]["id"] == supplier.as_str();
    let meeting =
        plan["items"].as_array().expect("meetings").iter().find(both).expect("the meeting")["meeting"].clone();
    let meeting = format!("/meetings/{}", meeting.as_str().expect("an id"));
    let card = json!({ "card": { "outcome": "sample", "next_step": "試作品を送る", "note": "値段は高め" } });
    fair.send(&mine, "post", &format!("{meeting}/cards"), None, card.clone()).problem(409, "not-yet");
    let case = json!({ "title": "試作の相談", "meeting": meeting.trim_start_matches("/meetings/") });
    fair.hands.pass(11 * 24 * 3600);
    let (mine, theirs) = (fair.app.sign_in(&mine.email), fair.app.sign_in(&theirs.email));
    fair.send(&mine, "post", "/cases", None, case.clone()).problem(409, "no-result");
    let filed = fair.send(&mine, "post", &format!("{meeting}/cards"), None, card.clone());
    assert_eq!(filed.status, 201, "{}", filed.body);
    fair.send(&mine, "post", &format!("{meeting}/cards"), None, card).problem(409, "already-exists");
    // The other side reads what is to come of it, not the note.
    let read = fair.get(&theirs, &meeting);
    assert_eq!(read["cards"][0]["next_step"], "試作品を送る");
    assert!(read["cards"][0]["note"].is_null() && !read.to_string().contains("高め"), "{read}");
    assert_eq!(fair.get(&mine, &meeting)["cards"][0]["note"], "値段は高め");
    let own_card = format!("{meeting}/cards/buyer");
    let patch = json!({ "outcome": "quote" });
    assert_eq!(fair.send(&theirs, "patch", &own_card, Some(1), patch.clone()).status, 403);
    assert_eq!(fair.send(&mine, "patch", &own_card, Some(1), patch.clone()).json()["version"], 2);
    fair.send(&mine, "patch", &own_card, Some(1), patch).problem(412, "stale");

    // A result card that becomes a case.
    let opened = fair.send(&mine, "post", "/cases", None, case.clone());
    assert_eq!(opened.status, 201, "{}", opened.body);
    let opened = opened.json();
    assert_eq!(opened["stage"], "meeting");
    let parties: BTreeSet<&str> =
        opened["participants"].as_array().expect("parties").iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(parties, BTreeSet::from([buyer.as_str(), supplier.as_str()]));
    assert_eq!(fair.get(&theirs, &meeting)["case"], opened["id"]);
    fair.send(&theirs, "post", "/cases", None, case).problem(409, "already-exists");
}

#[test]
fn a_change_of_one_participant_moves_its_meetings_and_nobody_elses() {
    let fair = fair(4, 5);
    let path = fair.timetable(6, 4, |_| json!({ "least": 2 }));
    fair.solve(&path);
    assert_eq!(fair.organise(&path, "publish", Value::Null).status, 200);
    let before = fair.meetings(&path);
    let whose = fair.suppliers[0].clone();
    let uid = |text: &str| {
        let uids = text.split("UID:").skip(1).filter_map(|rest| rest.split("\r\n").next());
        uids.map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let officer = fair.officer.clone();
    let calendar = format!("{path}/calendar?party={whose}");
    let first = fair.send(&officer, "get", &calendar, None, Value::Null).body;
    // It can come for two slots only.
    let changed = fair.change(&path, &whose, json!({ "slots": [4, 5] }));
    assert_eq!(changed.status, 200, "{}", changed.body);
    let after = fair.meetings(&path);
    refuse_clashes(&after, 4);
    let others = |all: &BTreeSet<(i64, String, String)>| {
        all.iter()
            .filter(|(_, buyer, supplier)| *buyer != whose && *supplier != whose)
            .cloned()
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(others(&before), others(&after));
    assert!(after.iter().filter(|(_, _, supplier)| *supplier == whose).all(|(slot, _, _)| *slot >= 4));
    assert_ne!(before, after);
    // Calendar entries that stayed keep their UID; those that moved raise their SEQUENCE, those gone are cancelled.
    let second = fair.send(&officer, "get", &calendar, None, Value::Null).body;
    assert!(uid(&first).is_subset(&uid(&second)), "{first}\n{second}");
    assert!(second.contains("SEQUENCE:1"), "{second}");
    let gone = before.iter().filter(|(_, _, supplier)| *supplier == whose).count()
        - after
            .iter()
            .filter(|one| one.2 == whose && before.iter().any(|old| old.1 == one.1 && old.2 == whose))
            .count();
    assert_eq!(second.matches("STATUS:CANCELLED").count(), gone, "{second}");

    // Somebody withdraws: partners are told, and whoever has no meeting is listed.
    let partner = after.iter().find(|(_, _, supplier)| *supplier == whose).map(|(_, buyer, _)| buyer.clone());
    let partner = partner.expect("a partner");
    let person = fair.member("partner@example.jp", &partner);
    assert_eq!(fair.change(&path, &whose, json!({ "withdrawn": true })).status, 200);
    assert_eq!(others(&fair.meetings(&path)), others(&after));
    assert!(fair.meetings(&path).iter().all(|(_, _, supplier)| *supplier != whose));
    let told = fair.get(&person, "/me/notices").to_string();
    assert!(told.contains("取りやめ"), "{told}");
    // Back again: free places only, the others where they were.
    assert_eq!(fair.change(&path, &whose, json!({ "withdrawn": false })).status, 200);
    assert_eq!(others(&fair.meetings(&path)), others(&after));
    refuse_clashes(&fair.meetings(&path), 4);
    let faults = musubi::store::check::check(&fair.app.app.database, &mut |fault| panic!("{fault:?}"));
    assert!(faults.is_ok());
}

#[test]
fn who_has_no_meeting_is_listed_and_told() {
    let fair = fair(1, 3);
    let path = fair.timetable(1, 1, nothing);
    let left = fair.member("left@example.jp", &fair.suppliers[2]);
    let wish = fair.change(&path, &fair.buyers[0], json!({ "wishes": [fair.suppliers[0]] }));
    assert_eq!(wish.status, 200, "{}", wish.body);
    fair.organise(&path, "publish", Value::Null).problem(409, "no-meetings");
    let solved = fair.solve(&path);
    let idle = solved["organiser"]["without_meeting"].as_array().expect("a list");
    assert_eq!(idle.len(), 2, "{solved}");
    assert_eq!(fair.organise(&path, "publish", Value::Null).status, 200);
    let told = fair.get(&left, "/me/notices");
    assert_eq!(told["items"][0]["event"], "left_out", "{told}");
    // What a partner never wished for, the next solve fills in beside what stands.
    let frame = json!({ "title": "春の商談会（午前）" });
    assert_eq!(fair.send(&fair.officer, "patch", &path, Some(fair.version(&path)), frame).status, 200);
    let slots = json!({ "tables": 2 });
    fair.send(&fair.officer, "patch", &path, Some(fair.version(&path)), slots).problem(409, "published");
}

#[test]
fn what_did_not_fit_is_left_out_of_the_next_match_of_those_who_may_know() {
    let fair = fair(1, 1);
    let (buyer, supplier) = (fair.buyers[0].clone(), fair.suppliers[0].clone());
    let path = fair.timetable(1, 1, nothing);
    fair.solve(&path);
    assert_eq!(fair.organise(&path, "publish", Value::Null).status, 200);
    let proposed = |who: &Person, from: &str| {
        let body = json!({ "from": { "kind": "organization", "id": from }, "towards": "organizations" });
        let answer = fair.app.post_as(who, "/api/v1/match", body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    };
    let (mine, other) = (fair.member("buyer@example.jp", &buyer), fair.stranger("other@example.jp"));
    assert!(proposed(&mine, &buyer).contains(&supplier));
    fair.hands.pass(11 * 24 * 3600);
    let [mine, officer, other] = [&mine, &fair.officer, &other].map(|person| fair.app.sign_in(&person.email));
    let meetings = fair.get(&mine, "/meetings");
    let cards = format!("/meetings/{}/cards", meetings["items"][0]["id"].as_str().expect("an id"));
    let card = |card: Value| json!({ "side": "buyer", "card": card });
    let refused = fair.send(&officer, "post", &cards, None, card(json!({ "outcome": "no_fit" })));
    assert_eq!(refused.problem(422, "invalid")["errors"][0]["pointer"], "/card/reason");
    // The next day is not before the meeting.
    let early = card(json!({ "outcome": "follow_up", "next_on": "2026-04-09" }));
    let early = fair.send(&officer, "post", &cards, None, early).problem(422, "invalid");
    assert_eq!(early["errors"][0]["pointer"], "/card/next_on");
    let filed = fair.send(&officer, "post", &cards, None, card(json!({ "outcome": "no_fit", "reason": "rival" })));
    assert_eq!(filed.status, 201, "{}", filed.body);
    assert!(!proposed(&mine, &buyer).contains(&supplier));
    assert!(!proposed(&officer, &buyer).contains(&supplier));
    assert!(proposed(&other, &buyer).contains(&supplier), "who may not know of it sees no trace of it");
    // Next year they do not meet again before others do.
    assert_eq!(fair.get(&officer, "/meetings?state=reported")["items"].as_array().expect("items").len(), 1);
}

#[test]
fn a_long_solve_tells_its_progress_can_be_stopped_and_gives_way_to_who_was_faster() {
    let fair = fair(6, 8);
    let path = fair.timetable(8, 4, |_| json!({ "least": 1 }));
    let begun = fair.organise(&path, "solve", json!({ "background": true, "seconds": 60 }));
    assert_eq!(begun.status, 202, "{}", begun.body);
    let place = begun.header("location").expect("a place").trim_start_matches("/api/v1").to_owned();
    // The first answer is there at once.
    refuse_clashes(&fair.meetings(&path), 4);
    assert!(!fair.meetings(&path).is_empty());
    let stopped = fair.send(&fair.officer, "delete", &place, None, Value::Null);
    assert_eq!(stopped.status, 202, "{}", stopped.body);
    let ended = || ["done", "cancelled"].contains(&fair.get(&fair.officer, &place)["state"].as_str().unwrap_or(""));
    assert!(wait_until(Duration::from_secs(30), ended), "{}", fair.get(&fair.officer, &place));
    let end = fair.get(&fair.officer, &place);
    assert!(end["best"].as_f64() <= end["bound"].as_f64().map(|bound| bound + 1e-6), "{end}");
    assert_eq!(end["version"], fair.version(&path));
    let member = fair.member("member@example.jp", &fair.buyers[0]);
    assert_eq!(fair.send(&member, "get", &place, None, Value::Null).status, 403);
    // Two officers at once: the second has not read what the first did.
    let version = fair.version(&path);
    let first = fair.send(&fair.officer, "patch", &path, Some(version), json!({ "tables": 3 }));
    assert_eq!(first.status, 200, "{}", first.body);
    let solve = format!("{path}/solve");
    fair.send(&fair.officer, "post", &solve, Some(version), json!({ "seconds": 1 })).problem(412, "stale");
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let fair = fair(2, 2);
    let path = format!("/exhibitions/{}/timetables", fair.exhibition);
    let refused = |body: Value, pointer: &str| {
        let answer = fair.send(&fair.officer, "post", &path, None, body);
        let problem = answer.problem(422, "invalid");
        let pointers: Vec<&str> =
            problem["errors"].as_array().expect("errors").iter().filter_map(|one| one["pointer"].as_str()).collect();
        assert!(pointers.contains(&pointer), "{pointer}: {problem}");
    };
    let with = |name: &str, value: Value| {
        let mut body = frame(2, 1);
        body[name] = value;
        body
    };
    refused(with("slots", json!([])), "/slots");
    refused(with("slots", json!([slot(1), slot(0)])), "/slots/1");
    refused(with("slots", json!([{ "start": "10時", "end": "11時" }])), "/slots/0");
    refused(with("tables", json!(0)), "/tables");
    refused(with("fairness", json!(-1.0)), "/fairness");
    refused(with("must", json!([[fair.buyers[0], fair.buyers[0]]])), "/must/0");
    refused(with("never", json!([[fair.buyers[0], "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d"]])), "/never/0/1");
    let nowhere = "/exhibitions/0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d/timetables";
    assert_eq!(fair.send(&fair.officer, "post", nowhere, None, frame(1, 1)).status, 404);
    // A firm is no exhibition.
    let firm = format!("/exhibitions/{}/timetables", fair.buyers[0]);
    assert_eq!(fair.send(&fair.officer, "post", &firm, None, frame(1, 1)).status, 404);

    let path = fair.timetable(3, 2, nothing);
    let entry = |more: Value| {
        let mut one = json!({ "party": fair.buyers[0], "side": "buyer" });
        one.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({ "participants": [one] })
    };
    let refused = |body: Value, pointer: &str| {
        let problem = fair.organise(&path, "participants", body).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    };
    refused(json!({ "participants": [] }), "/participants");
    refused(entry(json!({ "side": "supplier" })), "/participants/0/side");
    refused(entry(json!({ "party": "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d" })), "/participants/0/party");
    refused(entry(json!({ "slots": [3] })), "/participants/0/slots");
    refused(entry(json!({ "slots": [], "least": 1 })), "/participants/0/slots");
    refused(entry(json!({ "least": 3, "most": 1 })), "/participants/0/most");
    refused(entry(json!({ "wishes": [fair.buyers[1]] })), "/participants/0/wishes/0");
    refused(entry(json!({ "wishes": [fair.suppliers[0]], "never": [fair.suppliers[0]] })), "/participants/0/wishes/0");
    refused(entry(json!({ "about": fair.suppliers[0] })), "/participants/0/about");
    refused(entry(json!({ "points": 3 })), "/participants/0/points");
    // 10,000 wishes: refused with their count, or too large to be read.
    let many: Vec<&String> = std::iter::repeat_n(&fair.suppliers[0], 10_000).collect();
    refused(entry(json!({ "wishes": many })), "/participants/0/wishes");
    let heap: Vec<&String> = std::iter::repeat_n(&fair.suppliers[0], 100_000).collect();
    assert_eq!(fair.organise(&path, "participants", entry(json!({ "wishes": heap }))).status, 413);
    // A pair that must meet and never does.
    let body = json!({ "must": [[fair.buyers[0], fair.suppliers[0]]], "never": [[fair.buyers[0], fair.suppliers[0]]] });
    let problem = fair.send(&fair.officer, "patch", &path, Some(fair.version(&path)), body).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/must/0");
    assert!(problem["errors"][0]["message"]["ja"].as_str().is_some_and(|ja| ja.contains("買う会社0")), "{problem}");
    // All of it at once.
    let mut body = frame(2, 1);
    (body["tables"], body["fairness"], body["must"]) =
        (json!(0), json!(-1.0), json!([[fair.buyers[0], fair.buyers[0]]]));
    let problem = fair.send(&fair.officer, "post", &path_of(&fair), None, body).problem(422, "invalid");
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(3), "{problem}");
    let mut body = frame(3, 0);
    (body["open"], body["slots"][0]["start"], body["slots"][2]["end"]) = (json!("yes"), json!(10), json!("11時"));
    let problem = fair.send(&fair.officer, "post", &path_of(&fair), None, body).problem(422, "invalid");
    let all = problem["errors"].as_array().expect("errors").iter();
    let mut all: Vec<&str> = all.filter_map(|error| error["pointer"].as_str()).collect();
    all.sort_unstable();
    assert_eq!(all, ["/open", "/slots/0/start", "/slots/2", "/tables"], "{problem}");
    let problem = fair.organise(&path, "solve", json!({ "seconds": 9 })).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/seconds");
    assert_eq!(fair.send(&fair.officer, "post", &format!("{path}/solve"), None, json!({})).status, 428);
}

#[test]
fn the_plan_as_a_file() {
    let fair = fair(2, 2);
    let path = fair.timetable(2, 2, nothing);
    fair.solve(&path);
    for (format, begins) in [("csv", "\u{feff}枠 / slot,"), ("jsonl", "{")] {
        let file = format!("{path}/meetings?format={format}");
        let answer = fair.app.get_with(&format!("/api/v1{file}"), &[("authorization", &fair.officer.bearer())]);
        assert_eq!(answer.status, 200);
        assert!(answer.body.starts_with(begins), "{format}: {}", &answer.body[..answer.body.len().min(200)]);
    }
    let csv = fair.send(&fair.officer, "get", &format!("{path}/meetings?format=csv"), None, Value::Null).body;
    assert_eq!(csv.lines().count(), 1 + fair.meetings(&path).len());
    assert!(csv.contains("2026-04-10 10:00"), "{csv}");
    assert_eq!(fair.send(&fair.officer, "get", &format!("{path}/meetings?format=pdf"), None, Value::Null).status, 422);
}

#[test]
fn many_enter_their_wishes_at_once_and_nobody_is_refused() {
    let fair = fair(4, 4);
    let path = fair.timetable(4, 4, nothing);
    fair.solve(&path);
    std::thread::scope(|scope| {
        for (at, buyer) in fair.buyers.iter().enumerate() {
            let (fair, path) = (&fair, &path);
            scope.spawn(move || {
                let entry = format!("{path}/participants/{buyer}");
                let version = fair.get(&fair.officer, &entry)["version"].as_i64();
                let body = json!({ "wishes": [fair.suppliers[at]], "slots": [at] });
                let changed = fair.send(&fair.officer, "patch", &entry, version, body);
                assert_eq!(changed.status, 200, "{}", changed.body);
            });
        }
    });
    let meetings = fair.meetings(&path);
    refuse_clashes(&meetings, 4);
    for (at, buyer) in fair.buyers.iter().enumerate() {
        assert!(meetings.iter().filter(|(_, who, _)| who == buyer).all(|(slot, _, _)| *slot == at as i64));
    }
    // Two officers arrange at the very same moment: one of them is told.
    let version = fair.version(&path);
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let one = || fair.send(&fair.officer, "post", &format!("{path}/solve"), Some(version), json!({ "seconds": 1 }));
        let both = [scope.spawn(one), scope.spawn(one)];
        both.map(|one| one.join().expect("an answer").status).into()
    });
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|status| [200, 412, 503].contains(status)), "{answers:?}");
}

/// A small fair each time; `MUSUBI_TEST_AMOUNT=release` takes the size of a real one and says how long each step took.
#[test]
fn a_whole_fair_with_wishes_on_both_sides() {
    let real = std::env::var("MUSUBI_TEST_AMOUNT").is_ok_and(|amount| amount == "release");
    let (buyers, suppliers, slots) = if real { (134, 323, 30) } else { (12, 20, 10) };
    let fair = fair(buyers, suppliers);
    let started = std::time::Instant::now();
    let step = |what: &str| println!("{what}: {:?}", started.elapsed());
    let mut dice = crate::support::Dice::new(8);
    let mut picks: BTreeMap<String, Value> = BTreeMap::new();
    for (one, others) in
        fair.buyers.iter().map(|one| (one, &fair.suppliers)).chain(fair.suppliers.iter().map(|one| (one, &fair.buyers)))
    {
        let wishes: BTreeSet<&String> = (0..5).map(|_| dice.pick(others)).collect();
        let never = dice.pick(others);
        let wishes: Vec<&&String> = wishes.iter().filter(|wish| **wish != never).collect();
        // Half of them are there for a part of the day.
        let first = dice.below(slots / 2);
        let there = dice.once_in(2).then(|| (first..first + slots / 2).collect::<Vec<usize>>());
        picks.insert(one.clone(), json!({ "wishes": wishes, "never": [never], "slots": there, "least": 1 }));
    }
    step("registered");
    let path = fair.timetable(slots, buyers * 9 / 10, |party| picks[party].clone());
    step("entered");
    // A solve that is stopped at once, while somebody else renames the timetable: what that one did stands.
    let begun = fair.organise(&path, "solve", json!({ "background": true, "seconds": 300 }));
    assert_eq!(begun.status, 202, "{}", begun.body);
    let place = begun.header("location").expect("a place").trim_start_matches("/api/v1").to_owned();
    let name = json!({ "title": "別の名前の商談会" });
    let named = || fair.send(&fair.officer, "patch", &path, Some(fair.version(&path)), name.clone()).status == 200;
    // The solve may be the faster one, once.
    assert!(named() || named());
    let named = fair.version(&path);
    assert_eq!(fair.send(&fair.officer, "delete", &place, None, Value::Null).status, 202);
    assert!(wait_until(Duration::from_secs(60), || !going_on(&fair.get(&fair.officer, &place))));
    let ended = fair.get(&fair.officer, &place);
    println!("stopped: {ended}");
    assert!(["cancelled", "done", "overtaken"].contains(&ended["state"].as_str().unwrap_or("")), "{ended}");
    assert_eq!((fair.version(&path), &fair.get(&fair.officer, &path)["title"]), (named, &json!("別の名前の商談会")));
    step("stopped");
    let begun = fair.organise(&path, "solve", json!({ "background": true, "seconds": 300 }));
    assert_eq!(begun.status, 202, "{}", begun.body);
    step("first answer");
    let place = begun.header("location").expect("a place").trim_start_matches("/api/v1").to_owned();
    let running = || going_on(&fair.get(&fair.officer, &place));
    assert!(wait_until(Duration::from_secs(400), || !running()));
    step("solved");
    let shown = fair.get(&fair.officer, &path)["organiser"].clone();
    println!("value {} bound {} gap {} meetings {}", shown["value"], shown["bound"], shown["gap"], shown["meetings"]);
    println!(
        "without {} short {}",
        shown["without_meeting"].as_array().map_or(0, Vec::len),
        shown["short"].as_array().map_or(0, Vec::len)
    );
    // The bound knows no slots, so it is loose where few are there at the same time.
    let most = if real { 0.03 } else { 0.1 };
    assert!(shown["gap"].as_f64().is_some_and(|gap| gap <= most), "{shown}");
    step("read");
    assert_eq!(fair.organise(&path, "publish", Value::Null).status, 200);
    step("published");
    let meetings = fair.meetings(&path);
    refuse_clashes(&meetings, buyers * 9 / 10);
    for (_, buyer, supplier) in &meetings {
        assert!(picks[buyer]["never"][0] != *supplier && picks[supplier]["never"][0] != *buyer);
    }
    step("plan read");
    let whose = fair.buyers[0].clone();
    assert_eq!(fair.change(&path, &whose, json!({ "slots": [1, 3, 5, 7] })).status, 200);
    step("one changed");
    let after = fair.meetings(&path);
    let others = |all: &BTreeSet<(i64, String, String)>| {
        all.iter().filter(|(_, buyer, _)| *buyer != whose).cloned().collect::<BTreeSet<_>>()
    };
    assert_eq!(others(&meetings), others(&after));
}

#[test]
fn who_met_last_year_lets_others_go_first() {
    let fair = fair(1, 2);
    let (first, second) = (&fair.suppliers[0], &fair.suppliers[1]);
    let meets = |next_year: bool| {
        let path = fair.timetable(1, 1, nothing);
        assert_eq!(fair.change(&path, &fair.buyers[0], json!({ "wishes": [first, second] })).status, 200);
        if next_year {
            let slots =
                json!({ "slots": [{ "start": "2027-04-09T10:00:00+09:00", "end": "2027-04-09T10:20:00+09:00" }] });
            assert_eq!(fair.send(&fair.officer, "patch", &path, Some(fair.version(&path)), slots).status, 200);
        }
        fair.solve(&path);
        assert_eq!(fair.organise(&path, "publish", Value::Null).status, 200);
        fair.meetings(&path).into_iter().map(|(_, _, supplier)| supplier).collect::<Vec<String>>()
    };
    assert_eq!(meets(false), std::slice::from_ref(first), "the dearest");
    assert_eq!(meets(true), std::slice::from_ref(second));
    // The exhibition of a timetable stays.
    let exhibition = format!("/exhibitions/{}", fair.exhibition);
    fair.send(&fair.administrator, "delete", &exhibition, Some(1), Value::Null).problem(409, "referenced");
}

#[test]
fn nothing_changed_is_no_version() {
    let fair = fair(2, 2);
    let path = fair.timetable(3, 2, |_| json!({}));
    let worth = fair.solve(&path)["organiser"]["value"].clone();
    let version = fair.version(&path);
    let patch = |body: Value| {
        let answer = fair.send(&fair.officer, "patch", &path, Some(fair.version(&path)), body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    patch(json!({}));
    patch(json!({ "title": "春の商談会", "tables": 2 }));
    assert_eq!(fair.version(&path), version);
    // Entered again just so, and arranged again just so.
    let party = &fair.buyers[0];
    let again = json!({ "participants": [{ "party": party, "side": "buyer" }] });
    assert_eq!(fair.organise(&path, "participants", again).status, 200);
    fair.change(&path, party, json!({}));
    fair.solve(&path);
    assert_eq!(fair.version(&path), version);
    // Another title is worth as much.
    let renamed = patch(json!({ "title": "春の大商談会" }));
    assert_eq!((&renamed["title"], &renamed["organiser"]["value"]), (&json!("春の大商談会"), &worth));
    assert_eq!(fair.version(&path), version + 1);
}
