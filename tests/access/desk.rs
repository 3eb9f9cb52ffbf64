//! Proposals, introductions and cases of the seeded world, and what everybody may read of them; queues and names that
//! are found while they are typed.

use crate::cast::Someone;
use crate::matrix::{Cell, every_page, same, simple};
use crate::rules::{self, Rule};
use crate::scene::{Planted, Scene};
use crate::support::people::Person;
use crate::support::{TestApp, encoded};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A proposal, introduction or case, with a word of its own.
#[derive(Debug, Clone)]
pub struct Matter {
    pub kind: &'static str,
    pub id: String,
    /// Between a party of the own side and one of the other; else among others.
    pub own: bool,
    pub canary: String,
}

/// One of each, of both sides; made by a desk. `parties`: the public organisation and person of the own side, and of
/// the other.
pub fn matters(
    app: &TestApp,
    by: &Person,
    things: &[Planted],
    parties: [&[String]; 2],
    canary: &mut dyn FnMut() -> String,
) -> Vec<Matter> {
    let made = |path: &str, body: Value| {
        let answer = app.post_as(by, &format!("/api/v1/{path}"), body);
        assert!(matches!(answer.status, 200 | 201), "{path}: {}", answer.body);
        answer.json()["id"].as_str().expect("an id").to_owned()
    };
    let others = parties[1];
    let mut all = Vec::new();
    for (own, partner) in [(true, &others[0]), (false, &others[1])] {
        let open = |thing: &&Planted| {
            thing.kind == "needs"
                && thing.own == own
                && thing.visibility == "public"
                && thing.status == "published"
                && !thing.anonymous
        };
        let need = things.iter().find(open).expect("a public need");
        let owner = need.owner.clone().expect("an owner");
        let mut add = |kind, id, canary| all.push(Matter { kind, id, own, canary });
        let word = canary();
        let id = made("matches", json!({ "from": { "kind": "need", "id": need.id }, "party": partner }));
        made(&format!("matches/{id}/events"), json!({ "event": "note", "text": word }));
        add("matches", id, word);
        let word = canary();
        let body = json!({ "subject": need.id, "party": partner, "message": word, "questions": { "goal": word } });
        add("introductions", made("introductions", body), word);
        let word = canary();
        let body = json!({ "title": word, "parties": [owner, partner], "subject": need.id, "measures": [word] });
        let id = made("cases", body);
        made(&format!("cases/{id}/events"), json!({ "event": "note", "text": word }));
        add("cases", id, word);
        let public = |thing: &&Planted| thing.visibility == "public" && thing.status == "published";
        let fair = things.iter().filter(public).find(|thing| thing.kind == "exhibitions").expect("an exhibition");
        let applicant = if own { &parties[0][0] } else { &others[0] };
        let word = canary();
        let body = json!({ "party": applicant, "form": { "note": word, "apart": [partner_firm(things, applicant)] } });
        add("applications", made(&format!("exhibitions/{}/applications", fair.id), body), word);
        let word = canary();
        let members = [applicant.clone(), partner_firm(things, applicant)];
        // A firm goes to an exhibition in one group only.
        let exhibition = own.then_some(&fair.id);
        let id = made("groups", json!({ "title": word, "exhibition": exhibition, "members": members }));
        made(&format!("groups/{id}/events"), json!({ "event": "invite", "message": word }));
        add("groups", id, word);
        let words = [canary(), canary()];
        let ids = meeting(app, by, &fair.id, [&owner, partner], &words);
        let [timetable, held] = words;
        add("timetables", ids[0].clone(), timetable);
        add("meetings", ids[1].clone(), held);
    }
    all
}

/// A published timetable of one meeting that is over, with what came of it: the ids of both. `words`: what the timetable is
/// called, and what is to come of the meeting.
fn meeting(
    app: &TestApp,
    by: &Person,
    exhibition: &str,
    [buyer, supplier]: [&String; 2],
    words: &[String; 2],
) -> [String; 2] {
    let bearer = by.bearer();
    let slot = json!({ "start": "2026-03-01T10:00:00+09:00", "end": "2026-03-01T10:20:00+09:00" });
    let frame = json!({ "title": words[0], "slots": [slot], "tables": 1, "must": [[buyer, supplier]] });
    let opened = app.post_as(by, &format!("/api/v1/exhibitions/{exhibition}/timetables"), frame);
    assert_eq!(opened.status, 201, "{}", opened.body);
    let id = opened.json()["id"].as_str().expect("an id").to_owned();
    let mut version = 1;
    let sides = [(buyer, "buyer"), (supplier, "supplier")];
    let there: Vec<Value> = sides.map(|(party, side)| json!({ "party": party, "side": side })).into();
    for (what, body) in [
        ("participants", json!({ "participants": there })),
        ("solve", json!({ "seconds": 1 })),
        ("publish", Value::Null),
    ] {
        let etag = format!("\"{version}\"");
        let headers = [("authorization", bearer.as_str()), ("if-match", etag.as_str())];
        let answer = app.post_with(&format!("/api/v1/timetables/{id}/{what}"), &headers, body);
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
        version = answer.json()["organiser"]["version"].as_i64().expect("a version");
    }
    let held = app.get_as(by, &format!("/api/v1/meetings?subject={id}")).json()["items"][0]["id"].clone();
    let held = held.as_str().expect("a meeting").to_owned();
    let card = json!({ "side": "buyer", "card": { "outcome": "follow_up", "next_step": words[1] } });
    let filed = app.post_as(by, &format!("/api/v1/meetings/{held}/cards"), card);
    assert_eq!(filed.status, 201, "{}", filed.body);
    [id, held]
}

/// A public firm of the other side that is not this one.
fn partner_firm(things: &[Planted], not: &str) -> String {
    let open = |thing: &&Planted| {
        thing.kind == "organizations" && !thing.own && thing.visibility == "public" && thing.status == "published"
    };
    things.iter().filter(open).find(|thing| thing.id != not).expect("a public firm").id.clone()
}

/// A file that somebody sent.
pub fn import(app: &TestApp, by: &Person, canary: &str) -> String {
    let bearer = by.bearer();
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/octet-stream")];
    let path = format!("/api/v1/imports?kind=organizations&format=csv&name={canary}.csv");
    let sent = app.post_bytes(&path, &headers, format!("name_ja\n{canary}\n").as_bytes());
    assert_eq!(sent.status, 202, "{}", sent.body);
    sent.json()["id"].as_str().expect("an id").to_owned()
}

/// One matter, and what may happen to it.
pub fn matter_cells<'a>(
    cells: &mut Vec<Cell<'a>>,
    scene: &'a Scene,
    someone: &'a Someone,
    method: &'static str,
    path: &str,
    rule: Rule,
) {
    let told = |status: u16| if someone.signed_in() { status } else { 401 };
    for matter in scene.matters.iter().filter(|matter| path.starts_with(&format!("/api/v1/{}/", matter.kind))) {
        let path = path.replace("{id}", &matter.id);
        let mut push = |expected: u16, body: Value| {
            cells.push(Cell { body, ..simple(someone, method, path.clone(), told(expected)) })
        };
        let (sees, desk, speaks) =
            (rules::sees_matter(someone, matter), rules::works_desks(someone), rules::speaks(someone, matter));
        // Of others: as if it were not there. Of what only desks have, nobody else is told that there are any.
        let hidden = if matter.kind == "matches" { 403 } else { 404 };
        let may = |may: bool, status: u16| match (sees, may) {
            (false, _) => hidden,
            (true, true) => status,
            (true, false) => 403,
        };
        if rule == Rule::ReadMatter {
            push(may(true, 200), Value::Null);
            continue;
        }
        match matter.kind {
            "matches" => {
                push(may(desk, 200), json!({ "event": "note", "text": "電話で確認した。" }));
                // It has led to an introduction.
                push(may(desk, 409), json!({ "event": "shortlist" }));
            }
            "introductions" => {
                push(422, json!({}));
                // Not at this stage; a yes is for the parties, whoever runs the desk.
                push(may(desk, 409), json!({ "event": "nda_noted", "signed_on": "2026-01-15" }));
                if !matter.own {
                    push(may(false, 200), json!({ "event": "accept" }));
                }
            }
            "applications" => {
                push(422, json!({}));
                let office = rules::reads_desks(someone);
                push(may(office || speaks, 200), json!({ "event": "withdraw" }));
            }
            "groups" => {
                push(422, json!({}));
                // Nobody has confirmed it: some have not answered.
                push(may(rules::reads_desks(someone), 409), json!({ "event": "confirm" }));
                // A yes is for the parties, whoever keeps the exhibition.
                push(may(speaks, 200), json!({ "event": "accept" }));
            }
            _ => {
                push(422, json!({}));
                push(may(desk || speaks, 200), json!({ "event": "note", "text": "電話で確認した。" }));
                // It is open: nothing happens.
                push(may(desk, 200), json!({ "event": "reopen", "reason": "続ける。" }));
            }
        }
    }
}

/// Lists of introductions and cases hold the own ones, and for desks all.
pub fn lists_agree(scene: &Scene, someone: &Someone) -> Result<(), String> {
    if !someone.signed_in() {
        return Ok(());
    }
    for kind in ["introductions", "cases", "applications", "groups", "matches", "timetables", "meetings"] {
        if kind == "matches" && !rules::reads_desks(someone) {
            continue;
        }
        let (found, _) = every_page(&scene.app, someone, &format!("/api/v1/{kind}?"), "items")?;
        for matter in scene.matters.iter().filter(|matter| matter.kind == kind) {
            if found.contains(&matter.id) != rules::sees_matter(someone, matter) {
                return Err(format!("{}: list of {kind}: {matter:?} in {found:?}", someone.name));
            }
        }
        // Those that were opened meanwhile are of the own side, too.
        if !rules::reads_desks(someone) && someone.confirmed().is_none() && !found.is_empty() {
            return Err(format!("{}: list of {kind}: {found:?}", someone.name));
        }
    }
    Ok(())
}

/// What waits for review, of what the caller sees; and nothing hidden among what is to be verified.
pub fn queues_agree(scene: &Scene, someone: &Someone) -> Result<(), String> {
    if !someone.signed_in() {
        return Ok(());
    }
    let seen = || scene.things.iter().filter(|thing| rules::sees(someone, thing));
    let wanted: BTreeSet<&str> = seen().filter(|thing| thing.status == "submitted").map(|it| it.id.as_str()).collect();
    let (found, _) = every_page(&scene.app, someone, "/api/v1/reviews?", "items")?;
    same(&found, &wanted, &format!("{}: what waits for review", someone.name))?;
    let file = scene.app.get_with("/api/v1/reviews?format=jsonl", &someone.headers(&[]));
    let rows = file.body.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let written: Vec<String> = rows.filter_map(|row| Some(row["id"].as_str()?.to_owned())).collect();
    same(&written, &wanted, &format!("{}: what waits for review, as a file", someone.name))?;
    let (found, _) = every_page(&scene.app, someone, "/api/v1/verifications?", "items")?;
    match found.iter().find(|id| !seen().any(|thing| thing.id == **id)) {
        Some(hidden) => Err(format!("{}: to verify: {hidden}", someone.name)),
        None => Ok(()),
    }
}

/// The ids in an export of a list.
pub fn exported(app: &TestApp, someone: &Someone, kind: &str, query: &str) -> Result<Vec<String>, String> {
    let path = format!("/api/v1/exports?kind={kind}&format=jsonl&{query}");
    let answer = app.get_with(&path, &someone.headers(&[]));
    if answer.status != 200 {
        return Err(format!("{}: {path}: {}", someone.name, answer.body));
    }
    let id = |line: &str| -> Option<String> {
        let row: Value = serde_json::from_str(line).ok()?;
        row["id"].as_str().map(str::to_owned)
    };
    answer.body.lines().map(|line| id(line).ok_or_else(|| format!("{path}: {line}"))).collect()
}

/// A word that is typed proposes what has it, if it may be seen, and nothing else.
pub fn names_are_seen(scene: &Scene, someone: &Someone) -> Result<(), String> {
    for thing in &scene.things {
        let path = format!("/api/v1/suggest?limit=20&q={}", encoded(&thing.canary));
        let answer = scene.app.get_with(&path, &someone.headers(&[]));
        let body = answer.json();
        let found: Vec<&str> =
            body["things"].as_array().into_iter().flatten().filter_map(|thing| thing["id"].as_str()).collect();
        let has = found.contains(&thing.id.as_str());
        if has != (rules::sees(someone, thing) && thing.status == "published") {
            return Err(format!("{}: {path}: {thing:?} in {}", someone.name, answer.body));
        }
        let hidden =
            scene.things.iter().find(|other| found.contains(&other.id.as_str()) && !rules::sees(someone, other));
        if let Some(hidden) = hidden {
            return Err(format!("{}: {path} names {hidden:?}", someone.name));
        }
    }
    Ok(())
}
