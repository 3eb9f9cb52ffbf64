//! From the answer to the change that hides a thing, nobody finds or counts it: fifty clients search meanwhile, and
//! the index stands still.

use crate::support::{TestApp, encoded};
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const CLIENTS: usize = 50;
const ROUNDS: usize = 6;

#[test]
fn what_is_hidden_is_gone_from_the_next_answer_though_the_index_stands_still() {
    let app = TestApp::start();
    let firm = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "隠れる会社", "municipality": "062031", "description_ja": "qhiddenq を行う" }),
    );
    let things: Vec<(String, i64)> = (0..ROUNDS)
        .map(|number| {
            let body = json!({ "owner": firm, "capability_kind": "process", "name_ja": format!("qhiddenq {number}"),
                "description_ja": "qhiddenq の封止", "visibility": "public" });
            (app.create("capabilities", body), 1)
        })
        .collect();
    let record = app.create("records", json!({ "title_ja": "qhiddenq の実績", "members": [{ "party": firm }] }));
    app.administrator();
    app.settle();
    app.app.feed.pause(true);

    let hidden = AtomicUsize::new(0);
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let owner = app.sign_in("admin@example.jp");
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (app, things, hidden, done, asked) = (&app, &things, &hidden, &done, &asked);
            scope.spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    // What was hidden when this question was asked.
                    let gone = hidden.load(Ordering::SeqCst);
                    ask(app, client, &things[..gone], ROUNDS - gone);
                    asked.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let visitors_have_asked = |more: usize| {
            let before = asked.load(Ordering::SeqCst);
            assert!(crate::support::wait_until(crate::support::PATIENCE, || {
                asked.load(Ordering::SeqCst) >= before + more
            }));
        };
        for (number, (id, version)) in things.iter().enumerate() {
            visitors_have_asked(CLIENTS);
            let body = json!({ "visibility": "private" });
            let answer = app.patch_as(&owner, &format!("/api/v1/capabilities/{id}"), *version, body);
            assert_eq!(answer.status, 200, "{}", answer.body);
            // From now on.
            hidden.store(number + 1, Ordering::SeqCst);
        }
        visitors_have_asked(2 * CLIENTS);
        done.store(true, Ordering::SeqCst);
    });
    println!("{} answers to {CLIENTS} clients, nothing hidden in them", asked.into_inner());

    // The party itself: neither it, nor the place of what it owns, nor what it took part in with others.
    let answer = app.patch_as(&owner, &format!("/api/v1/organizations/{firm}"), 1, json!({ "visibility": "private" }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let found = app.get(&format!("/api/v1/search?q={}&facet=municipality", encoded("qhiddenq"))).json();
    assert_eq!(found["facets"]["municipality"], json!([]), "{found}");
    assert!(!found["hits"].to_string().contains(&firm), "{found}");
    assert_eq!(app.get("/api/v1/search?municipality=062031").json()["total"]["value"], 0);
    let answer = app.patch_as(&owner, &format!("/api/v1/records/{record}"), 1, json!({ "visibility": "parties" }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let proposed = app.post("/api/v1/match", json!({ "from": { "text": "qhiddenq の封止" }, "towards": "parties" }));
    assert_eq!(proposed.json()["results"], json!([]), "{}", proposed.body);
    app.app.feed.pause(false);
    app.settle();
    assert_eq!(app.get(&format!("/api/v1/search?q={}", encoded("qhiddenq"))).json()["total"]["value"], 0);
}

/// One question of a visitor. `gone` was hidden before it was asked; at most `left` may be counted.
fn ask(app: &TestApp, client: usize, gone: &[(String, i64)], left: usize) {
    let holds_none = |body: &str| gone.iter().all(|(id, _)| !body.contains(id.as_str()));
    match client % 4 {
        0 | 1 => {
            let sort = if client.is_multiple_of(2) { "relevance" } else { "updated" };
            let path =
                format!("/api/v1/search?q=qhiddenq&kind=capability&facet=municipality,capability_kind&sort={sort}");
            let answer = app.get(&path);
            let body = answer.json();
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert!(holds_none(&answer.body), "{}", answer.body);
            assert!(
                body["total"]["value"].as_u64().is_none_or(|total| total as usize <= left),
                "{left}: {}",
                answer.body
            );
            for facet in ["municipality", "capability_kind"] {
                let count = body["facets"][facet][0]["count"].as_u64().unwrap_or(0);
                assert!(count as usize <= left, "{left}: {}", answer.body);
            }
        }
        2 => {
            let answer = app.get("/api/v1/capabilities?limit=100&municipality=062031");
            assert!(answer.status == 200 && holds_none(&answer.body), "{}", answer.body);
            assert!(answer.json()["items"].as_array().expect("items").len() <= left);
        }
        _ => {
            let answer =
                app.post("/api/v1/match", json!({ "from": { "text": "qhiddenq の封止" }, "towards": "parties" }));
            assert!([200, 503].contains(&answer.status) && holds_none(&answer.body), "{}", answer.body);
        }
    }
}
