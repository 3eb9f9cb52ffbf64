//! Words that stand in hidden things only: no answer holds one for somebody who may not know it, in body or header, and
//! no count tells of it.

use crate::cast::Someone;
use crate::matrix::{in_parallel, send};
use crate::rules;
use crate::scene::{KINDS, Knowledge, Planted, Scene, VISIBILITIES, word, words_in};
use crate::support::{Dice, Response, encoded};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A request of somebody, with what it says in capitals where stored texts are small: an echo is not a leak.
struct Request {
    method: &'static str,
    path: String,
    body: Value,
    headers: Vec<(&'static str, &'static str)>,
    /// The whole query is the word of this thing.
    only: Option<usize>,
}

#[test]
fn no_answer_holds_a_word_that_its_reader_may_not_know() {
    let wanted = crate::amount("MUSUBI_CANARY_RESPONSES", 5_000, 1_000_000);
    let first = crate::support::number("MUSUBI_TEST_SEED", 0);
    let scene = Scene::new(2);
    let knowledge = Knowledge::of(&scene);
    let (answers, shown) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let seeds: Vec<u64> = (first..first + wanted).collect();
    let wrong = in_parallel(&seeds, |seed| {
        let mut dice = Dice::new(*seed);
        let someone = dice.pick(&scene.cast);
        let request = request(&scene, &mut dice);
        let answer = send(&scene.app, someone, request.method, &request.path, &request.headers, request.body.clone());
        answers.fetch_add(1, Ordering::SeqCst);
        let what = || format!("seed {seed}: {}: {} {} {}", someone.name, request.method, request.path, request.body);
        let found = leaks(&knowledge, someone, &answer);
        shown.fetch_add(found.0, Ordering::SeqCst);
        if let Some(word) = found.1 {
            return Err(format!("{} tells {word}: {}", what(), answer.body));
        }
        if answer.status >= 500 {
            return Err(format!("{}: {}", what(), answer.body));
        }
        counts_tell_nothing(&scene, someone, &request, &answer).map_err(|told| format!("{}: {told}", what()))?;
        owners_stay_behind(&scene, someone, &answer).map_err(|told| format!("{}: {told}", what()))
    });
    let shown = shown.into_inner();
    println!(
        "{} answers, {} words in them that their readers may know, {} leaks",
        answers.into_inner(),
        shown,
        wrong.len()
    );
    let some: Vec<String> = wrong.iter().take(8).map(|text| text.chars().take(900).collect()).collect();
    assert!(wrong.is_empty(), "{} leaks, for example {some:#?}", wrong.len());
    assert!(shown as u64 > wanted, "the words are seen where they may be: {shown}");
}

/// How many words the answer holds, and one that it should not.
fn leaks(knowledge: &Knowledge<'_>, someone: &Someone, answer: &Response) -> (usize, Option<String>) {
    let mut count = 0;
    let texts = answer.headers.iter().map(|(_, value)| value.as_str()).chain([answer.body.as_str()]);
    for text in texts {
        let cursors = cursors_of(text);
        for word in words_in(text).chain(cursors.iter().flat_map(|text| words_in(text))) {
            count += 1;
            if word != "qnothingq" && !knowledge.may_know(someone, word) {
                return (count, Some(word.to_owned()));
            }
        }
    }
    (count, None)
}

/// Cursors are texts in hexadecimal.
fn cursors_of(text: &str) -> Vec<String> {
    text.split(|character: char| !character.is_ascii_hexdigit())
        .filter(|run| run.len() > 40 && run.len() % 2 == 0)
        .map(|run| {
            let bytes = (0..run.len()).step_by(2).filter_map(|at| u8::from_str_radix(&run[at..at + 2], 16).ok());
            String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
        })
        .collect()
}

/// A search for one word finds its thing, or nothing at all.
fn counts_tell_nothing(scene: &Scene, someone: &Someone, request: &Request, answer: &Response) -> Result<(), String> {
    let Some(thing) = request.only.map(|at| &scene.things[at]).filter(|_| answer.status == 200) else { return Ok(()) };
    let body = answer.json();
    let found = rules::sees(someone, thing) && thing.status == "published";
    let counts: Vec<&Value> = body["facets"].as_object().into_iter().flat_map(|facets| facets.values()).collect();
    let counted: u64 =
        counts.iter().flat_map(|facet| facet.as_array()).flatten().filter_map(|value| value["count"].as_u64()).sum();
    let total = body["total"]["value"].as_u64();
    let hits = body["hits"].as_array().map_or(0, Vec::len);
    let right = match found {
        true => total == Some(1) && hits == 1,
        false => total == Some(0) && hits == 0 && counted == 0,
    };
    if right { Ok(()) } else { Err(format!("{thing:?} is counted: {}", answer.body)) }
}

/// Nobody is told whose an anonymous need is, who may not know.
fn owners_stay_behind(scene: &Scene, someone: &Someone, answer: &Response) -> Result<(), String> {
    let hidden = |thing: &&Planted| thing.anonymous && !rules::sees_owner(someone, thing);
    let json = answer.header("content-type").is_some_and(|kind| kind.contains("json"));
    if !json {
        return Ok(());
    }
    if !answer.body.contains("\"anonymous\":true") && !answer.body.contains("\"hits\"") {
        return Ok(());
    }
    // An answer is a page, a thing, or a file with one thing on each line.
    let mut items: Vec<Value> = Vec::new();
    for part in serde_json::Deserializer::from_str(&answer.body).into_iter::<Value>() {
        let part = part.map_err(|error| format!("{error}: {}", answer.body))?;
        match part["items"].as_array().or(part["hits"].as_array()) {
            Some(listed) => items.extend(listed.iter().cloned()),
            None => items.push(part),
        }
    }
    for item in items {
        let need = scene.things.iter().filter(hidden).find(|thing| item["id"] == thing.id.as_str());
        if need.is_some() && !item["owner"].is_null() {
            return Err(format!("tells whose need it is: {item}"));
        }
    }
    Ok(())
}

fn request(scene: &Scene, dice: &mut Dice) -> Request {
    let at = dice.below(scene.things.len());
    let thing = &scene.things[at];
    let word = thing.canary.to_uppercase();
    let get = |path: String| Request { method: "get", path, body: Value::Null, headers: Vec::new(), only: None };
    let post = |path: &str, body: Value| Request { method: "post", body, ..get(path.to_owned()) };
    match dice.below(32) {
        0 => get(format!("/api/v1/{}/{}", thing.kind, thing.id)),
        1 => {
            Request { headers: vec![("if-none-match", "\"1\"")], ..get(format!("/api/v1/{}/{}", thing.kind, thing.id)) }
        }
        2..=4 => get(list(scene, dice)),
        5..=7 => get(search(scene, dice)),
        8..=10 => {
            let form = match dice.below(4) {
                0 => word,
                1 => word.chars().filter_map(|c| char::from_u32(c as u32 - 'A' as u32 + 'Ａ' as u32)).collect(),
                2 => format!("\"{word}\""),
                _ => format!("{word} -qnothingq"),
            };
            let facets = "facet=municipality,organization_kind,field,prefecture,region,capability_kind";
            Request { only: Some(at), ..get(format!("/api/v1/search?q={}&{facets}", encoded(&form))) }
        }
        11 | 12 => {
            let other = dice.pick(&scene.things).canary.to_uppercase();
            let text = format!("有機エレクトロニクスの封止と {word} と {other}");
            post(
                "/api/v1/match",
                json!({ "from": { "text": text }, "towards": towards(dice), "limit": 1 + dice.below(60) }),
            )
        }
        13 => {
            let from = json!({ "kind": kind_of(thing), "id": thing.id });
            post("/api/v1/match", json!({ "from": from, "towards": towards(dice), "filters": filters(dice) }))
        }
        14 => {
            let needs: Vec<&Planted> = scene.things.iter().filter(|thing| thing.kind == "needs").collect();
            let parties: Vec<&Planted> = scene.things.iter().filter(|thing| thing.kind == "organizations").collect();
            let pair = [&dice.pick(&parties).id, &dice.pick(&parties).id];
            let mut body = json!({ "from": { "kind": "need", "id": dice.pick(&needs).id }, "towards": towards(dice) });
            if dice.once_in(2) {
                body[if dice.once_in(2) { "together" } else { "apart" }] = json!([pair]);
            }
            post("/api/v1/match/coalition", body)
        }
        15 => {
            // A reference to something hidden, and a value that is refused.
            let body = json!({ "owner": thing.id, "capability_kind": "process", "name_en": word, "fields": [word.to_lowercase()],
                "title_en": word, "members": [{ "party": thing.id }], "affiliations": [thing.id], "contact": thing.id });
            let kind = *dice.pick(&KINDS);
            let mut body = body;
            let foreign: &[&str] = match kind {
                "capabilities" => &["title_en", "members", "affiliations", "contact"],
                "seeds" => &["capability_kind", "name_en", "members", "affiliations"],
                "needs" => &["capability_kind", "name_en", "members", "affiliations", "contact"],
                "records" => &["owner", "capability_kind", "name_en", "affiliations", "contact"],
                _ => &["owner", "capability_kind", "title_en", "members", "contact"],
            };
            foreign.iter().for_each(|name| drop(body.as_object_mut().expect("an object").remove(*name)));
            // A field that there is not: nothing is made.
            body["fields"] = json!(["no_such_field"]);
            post(&format!("/api/v1/{kind}"), body)
        }
        16 => {
            let body = json!({ "visibility": dice.pick(&VISIBILITIES) });
            let path = format!("/api/v1/{}/{}", thing.kind, thing.id);
            Request { method: "patch", path, body, headers: vec![("if-match", "\"999999\"")], only: None }
        }
        17 => {
            let path = format!("/api/v1/{}/{}", thing.kind, thing.id);
            Request { method: "delete", path, body: Value::Null, headers: vec![("if-match", "\"999999\"")], only: None }
        }
        18 => {
            get((*dice.pick(&["/api/v1/me", "/api/v1/me/data", "/api/v1/me/sessions", "/api/v1/me/tokens"])).to_owned())
        }
        19 => {
            let party = dice.pick(&[&scene.own[0], &scene.other[0]]).as_str();
            let member = scene.cast.iter().filter_map(|someone| someone.membership.as_deref());
            let members: Vec<&str> = member.chain([scene.foreign_membership.as_str()]).collect();
            let account = &dice.pick(&scene.cast).account;
            get(match dice.below(6) {
                0 => format!("/api/v1/memberships?party={party}"),
                1 => format!("/api/v1/memberships/{}", dice.pick(&members)),
                2 => "/api/v1/accounts?limit=50".to_owned(),
                3 => format!("/api/v1/accounts/{account}"),
                4 => "/api/v1/invitations?limit=50".to_owned(),
                _ => format!("/api/v1/audit?limit=50&id={}", thing.id),
            })
        }
        22 | 23 => get(format!("/api/v1/suggest?limit=20&q={}", encoded(&word[..2 + dice.below(word.len() - 2)]))),
        24 | 25 => {
            let mut query = vec![format!("kind={}", dice.pick(&KINDS))];
            query.push(format!("format={}", dice.pick(&["jsonl", "csv"])));
            match dice.below(4) {
                0 => query.push(format!("owner={}", thing.owner.as_deref().unwrap_or(&thing.id))),
                1 => query.push(format!("q={}", encoded(&word))),
                2 => query.push(format!("municipality={}", dice.pick(&["062014", "062022", "062031", "060003"]))),
                _ => {}
            }
            get(format!("/api/v1/exports?{}", query.join("&")))
        }
        26 | 27 => {
            let parts = ["history", "history", "versions/1", "reviews", "trust", "profile", "archive"];
            get(format!("/api/v1/{}/{}/{}", thing.kind, thing.id, dice.pick(&parts)))
        }
        28 => {
            let from = json!({ "kind": kind_of(thing), "id": thing.id });
            let kinds = ["organization", "person", "capability", "seed", "need", "record"];
            post("/api/v1/similar", json!({ "from": from, "kinds": kinds, "limit": 1 + dice.below(60) }))
        }
        29 => {
            let step = dice.pick(&["submit", "publish", "withdraw", "reopen", "verify"]);
            let path = format!("/api/v1/{}/{}/{step}", thing.kind, thing.id);
            let headers = vec![("if-match", "\"999999\"")];
            Request { method: "post", path, body: json!({}), headers, only: None }
        }
        30 => {
            let matter = dice.pick(&scene.matters);
            let one = format!("/api/v1/{}/{}", matter.kind, matter.id);
            get(match dice.below(4) {
                0 => one,
                1 => format!("{one}/history"),
                2 => format!("/api/v1/{}?limit=100", matter.kind),
                _ => format!("/api/v1/{}?format=csv", matter.kind),
            })
        }
        31 => {
            let lists = ["reviews", "verifications", "duplicates", "indicators"];
            get(match dice.below(3) {
                0 => format!("/api/v1/{}", dice.pick(&["imports", "me/notices"])),
                1 => format!("/api/v1/{}", dice.pick(&lists)),
                _ => format!("/api/v1/{}?format={}", dice.pick(&lists), dice.pick(&["csv", "jsonl"])),
            })
        }
        20 => {
            let paths =
                ["/openapi.json", "/health/ready", "/health/live", "/docs/", "/.well-known/jwks.json", "/metrics"];
            let words = ["/api/v1/municipalities", "/api/v1/fields", "/api/v1/vocabularies", "/api/v1/nothing"];
            let choices: Vec<&str> = paths.into_iter().chain(words).collect();
            get((*dice.pick(&choices)).to_owned())
        }
        _ => {
            let email = format!("{}@example.jp", dice.pick(&scene.cast).canary.to_uppercase());
            match dice.below(2) {
                0 => post("/api/v1/auth/password-reset", json!({ "email": email })),
                _ => post("/api/v1/invitations/accept", json!({ "code": word, "name": word })),
            }
        }
    }
}

fn kind_of(thing: &Planted) -> &'static str {
    match thing.kind {
        "organizations" => "organization",
        "people" => "person",
        "capabilities" => "capability",
        "seeds" => "seed",
        "needs" => "need",
        _ => "record",
    }
}

fn towards(dice: &mut Dice) -> &'static str {
    ["organizations", "people", "parties"][dice.below(3)]
}

fn filters(dice: &mut Dice) -> Value {
    match dice.below(3) {
        0 => json!({}),
        1 => json!({ "municipality": [dice.pick(&["062014", "062022", "062031", "060003"])] }),
        _ => json!({ "field": ["organic_electronics"], "organization_kind": ["firm"] }),
    }
}

fn list(scene: &Scene, dice: &mut Dice) -> String {
    let kind = *dice.pick(&KINDS);
    let mut query = vec![format!("limit={}", 1 + dice.below(100))];
    let thing = dice.pick(&scene.things);
    match dice.below(6) {
        0 => query.push(format!("owner={}", thing.owner.as_deref().unwrap_or(&thing.id))),
        1 => query.push(format!("municipality={}", dice.pick(&["062014", "062022", "062031", "060003"]))),
        2 => query.push("organization_kind=firm".to_owned()),
        3 => query.push(format!("member={}", thing.members.first().unwrap_or(&thing.id))),
        4 => query.push("sort=updated".to_owned()),
        _ => {}
    }
    format!("/api/v1/{kind}?{}", query.join("&"))
}

fn search(scene: &Scene, dice: &mut Dice) -> String {
    let words = ["", "封止", "有機エレクトロニクス", "試験", "coating", "シケン", "kind:seed", "塗布 OR 測定", "旧"];
    let mut query =
        vec![format!("q={}", encoded(words[dice.below(words.len())])), format!("limit={}", 1 + dice.below(100))];
    if dice.once_in(3) {
        query.push(format!("kind={}", kind_of(dice.pick(&scene.things))));
    }
    if dice.once_in(4) {
        let thing = dice.pick(&scene.things);
        query.push(format!("owner={}", thing.owner.as_deref().unwrap_or(&thing.id)));
    }
    if dice.once_in(4) {
        query.push(format!("municipality={}", dice.pick(&["062014", "062022", "062031", "060003"])));
    }
    if dice.once_in(3) {
        query.push(format!("sort={}", dice.pick(&["updated", "name", "relevance"])));
    }
    if dice.once_in(2) {
        query.push("facet=municipality,organization_kind,field,prefecture,capability_kind".to_owned());
    }
    format!("/api/v1/search?{}", query.join("&"))
}

#[test]
fn the_words_of_the_test_are_found_where_they_stand() {
    let (one, other) = (word(23), word(4_100));
    let text = format!("x {one} y q{other} {}x 試{one}試", &one[..25]);
    let found: Vec<&str> = words_in(&text).collect();
    assert_eq!(found, [one.as_str(), &other, &one]);
}
