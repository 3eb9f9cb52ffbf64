//! Earlier versions: read by those who may read the thing and could have read the version; made present again.

use crate::support::{Dice, TestApp, number};
use serde_json::{Value, json};

fn versions(history: &Value) -> Vec<i64> {
    history["items"].as_array().expect("items").iter().map(|item| item["version"].as_i64().expect("a number")).collect()
}

#[test]
fn a_version_that_was_hidden_stays_hidden() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let elsewhere = app.firm("庄内フィルム");
    let administrator = app.administrator();
    let owner = app.member(&administrator, "owner@example.jp", &firm, "owner");
    let coordinator = app.person(&administrator, "coordinator@example.jp", &["coordinator"]);
    // Confirmed somewhere else: an account that belongs nowhere reads what visitors read.
    let reader = app.member(&administrator, "reader@example.jp", &elsewhere, "reader");
    app.put_as(&coordinator, &format!("/api/v1/organizations/{firm}/trust"));
    let body = json!({ "owner": firm, "title_ja": "新しい膜", "summary_ja": "canaryprivate", "visibility": "private" });
    let path = app.made(&owner, "seeds", body);
    for (version, change) in [
        (1, json!({ "summary_ja": "canaryparties", "visibility": "parties" })),
        (2, json!({ "summary_ja": "canarymembers", "visibility": "members" })),
        (3, json!({ "summary_ja": "膜です", "visibility": "public" })),
        (4, json!({ "title_en": "A new film" })),
    ] {
        assert_eq!(app.patch_as(&owner, &path, version, change).status, 200);
    }
    let history = format!("{path}/history");
    for (who, expected) in [
        (None, vec![5, 4]),
        (Some(&reader), vec![5, 4, 3]),
        (Some(&coordinator), vec![5, 4, 3, 2]),
        (Some(&owner), vec![5, 4, 3, 2, 1]),
        (Some(&administrator), vec![5, 4, 3, 2, 1]),
    ] {
        let get = |path: &str| who.map_or_else(|| app.get(path), |who| app.get_as(who, path));
        let answer = get(&history);
        assert_eq!(versions(&answer.json()), expected);
        for version in 1..=6 {
            let answer = get(&format!("{path}/versions/{version}"));
            if expected.contains(&version) {
                assert_eq!(answer.json()["version"], version, "{}", answer.body);
            } else {
                answer.problem(404, "not-found");
            }
        }
        // Against the version before that the caller may read; against none, nothing is said.
        let items = answer.json()["items"].clone();
        assert_eq!(items[0]["changed"], json!(["title_en"]));
        let last = items.as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["changed"], json!([]));
        let canaries = [("canaryprivate", 1), ("canaryparties", 2), ("canarymembers", 3)];
        for (canary, version) in canaries {
            let content = get(&format!("{path}/versions/{version}")).body;
            assert_eq!(content.contains(canary), expected.contains(&version), "{canary}");
        }
        // Names are for the own side and for those who review.
        let named = who.is_some_and(|who| who.id != reader.id);
        assert_eq!(items[0]["actor"]["name"].is_string(), named, "{items}");
        assert_eq!(items[0]["actor"]["role"], "member");
    }
    // Hidden again: there is nothing to read any more, and nothing of it is in an error.
    assert_eq!(app.patch_as(&owner, &path, 5, json!({ "visibility": "private" })).status, 200);
    app.get(&history).problem(404, "not-found");
    app.get_as(&coordinator, &format!("{path}/versions/4")).problem(404, "not-found");
    assert_eq!(app.get(&format!("{path}/versions/4")).body, app.get(&format!("{path}/versions/99")).body);
}

#[test]
fn drafts_are_not_in_the_history_that_visitors_read() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let editor = app.member(&administrator, "editor@example.jp", &firm, "editor");
    let coordinator = app.person(&administrator, "coordinator@example.jp", &["coordinator"]);
    let path = app.made(&editor, "needs", json!({ "owner": firm, "title_ja": "求む", "summary_ja": "canarydraft" }));
    assert_eq!(app.patch_as(&editor, &path, 1, json!({ "summary_ja": "書き直し" })).status, 200);
    app.stepped(&editor, &path, "submit", json!({}));
    app.stepped(&coordinator, &path, "publish", json!({}));
    let seen = app.get(&format!("{path}/history")).json();
    assert_eq!(versions(&seen), [4]);
    assert_eq!((&seen["items"][0]["action"], &seen["items"][0]["status"]), (&json!("publish"), &json!("published")));
    assert_eq!(seen["items"][0]["actor"], json!({ "role": "coordinator", "id": null, "name": null }));
    app.get(&format!("{path}/versions/1")).problem(404, "not-found");
    let own = app.get_as(&editor, &format!("{path}/history")).json();
    assert_eq!(versions(&own), [4, 3, 2, 1]);
    assert_eq!(own["items"][0]["changed"], json!(["status"]));
    assert_eq!(own["items"][0]["actor"]["name"], "試験 太郎");
    // Withdrawn versions are the owner's alone, too.
    app.stepped(&editor, &path, "withdraw", json!({}));
    app.get(&format!("{path}/history")).problem(404, "not-found");
}

#[test]
fn the_owner_of_an_anonymous_need_is_hidden_in_its_history() {
    let app = TestApp::start();
    let firm = app.firm("canaryfirm");
    let need = app.create("needs", json!({ "owner": firm, "title_ja": "求む", "visibility": "public" }));
    let path = format!("/api/v1/needs/{need}");
    let administrator = app.administrator();
    let owner = app.member(&administrator, "owner@example.jp", &firm, "owner");
    let reader = app.person(&administrator, "reader@example.jp", &[]);
    // Named yesterday, anonymous today: yesterday is masked, too.
    assert_eq!(app.patch_as(&owner, &path, 1, json!({ "anonymous": true })).status, 200);
    assert_eq!(app.patch_as(&owner, &path, 2, json!({ "summary_ja": "急ぎ" })).status, 200);
    for who in [None, Some(&reader)] {
        let get = |path: &str| who.map_or_else(|| app.get(path), |who| app.get_as(who, path));
        let history = get(&format!("{path}/history"));
        assert_eq!(versions(&history.json()), [3, 2, 1]);
        let mut all = history.body;
        for version in 1..=3 {
            let whole = get(&format!("{path}/versions/{version}"));
            assert_eq!(whole.json()["content"]["owner"], Value::Null, "{}", whole.body);
            all += &whole.body;
        }
        assert!(!all.contains(&firm) && !all.contains("canaryfirm") && !all.contains(&owner.id), "{all}");
        assert!(!all.contains("\"owner\"]"), "{all}");
    }
    assert_eq!(app.get_as(&owner, &format!("{path}/versions/1")).json()["content"]["owner"], json!(firm));
    // Named again: what was anonymous then stays so.
    assert_eq!(app.patch_as(&owner, &path, 3, json!({ "anonymous": false })).status, 200);
    assert_eq!(app.get(&format!("{path}/versions/2")).json()["content"]["owner"], Value::Null);
    assert_eq!(app.get(&format!("{path}/versions/1")).json()["content"]["owner"], json!(firm));
}

#[test]
fn an_earlier_version_is_made_present_again() {
    let app = TestApp::start();
    let (firm, rival) = (app.firm("最上めっき"), app.firm("庄内鋳造"));
    let administrator = app.administrator();
    let owner = app.member(&administrator, "owner@example.jp", &firm, "owner");
    let other = app.member(&administrator, "other@example.jp", &rival, "owner");
    let path = format!("/api/v1/organizations/{firm}");
    let change = json!({ "name_ja": "最上表面処理", "employees": 40, "corporate_number": "8390002001000" });
    assert_eq!(app.patch_as(&owner, &path, 1, change).status, 200);
    let restore =
        |person, expected, version: Value| app.step(person, &path, "restore", expected, json!({ "version": version }));
    app.post(&format!("{path}/restore"), json!({ "version": 1 })).problem(428, "precondition-required");
    app.post_with(&format!("{path}/restore"), &[("if-match", "\"2\"")], json!({ "version": 1 }))
        .problem(401, "unauthenticated");
    restore(&other, 2, json!(1)).problem(403, "forbidden");
    restore(&owner, 1, json!(1)).problem(412, "stale");
    restore(&owner, 2, json!(9)).problem(422, "invalid");
    restore(&owner, 2, json!(-1)).problem(422, "invalid");
    restore(&owner, 2, json!("1")).problem(422, "invalid");
    restore(&owner, 2, json!(i64::MAX)).problem(422, "invalid");
    let back = restore(&owner, 2, json!(1));
    assert_eq!(back.status, 200, "{}", back.body);
    let back = back.json();
    assert_eq!(
        (&back["version"], &back["name_ja"], &back["employees"]),
        (&json!(3), &json!("最上めっき"), &Value::Null)
    );
    let history = app.get(&format!("{path}/history")).json();
    assert_eq!(history["items"][0]["action"], "restore");
    assert_eq!(history["items"][0]["changed"], history["items"][1]["changed"]);
    // The number is free again; taken by somebody else, the version with it cannot come back.
    let rival = format!("/api/v1/organizations/{rival}");
    let number = json!({ "corporate_number": "8390002001000" });
    assert_eq!(app.patch_as(&other, &rival, 1, number).status, 200);
    restore(&owner, 3, json!(2)).problem(409, "already-exists");
    // What is there already is no change.
    assert_eq!(restore(&owner, 3, json!(1)).json()["version"], 3);
    app.settle();
    assert_eq!(app.found(&format!("q={}", crate::support::encoded("最上めっき"))), [firm]);
    app.is_index_whole();
}

#[test]
fn a_long_history_is_read_in_pages_and_every_version_comes_back_as_it_was() {
    let app = TestApp::start();
    let mut dice = Dice::new(number("HISTORY_SEED", 3));
    let id = app.firm("計数器");
    let path = format!("/api/v1/organizations/{id}");
    let mut told = vec![app.get(&path).json()];
    for version in 1..45 {
        let change = match dice.below(3) {
            0 => json!({ "employees": version }),
            1 => json!({ "name_en": format!("Counter {version}") }),
            _ => json!({ "aliases": [format!("別名{version}")] }),
        };
        let answer = app.patch(&path, &format!("\"{version}\""), change);
        assert_eq!(answer.status, 200, "{}", answer.body);
        told.push(answer.json());
    }
    let mut seen = Vec::new();
    let mut next = format!("{path}/history?limit=7");
    loop {
        let page = app.get(&next);
        let json = page.json();
        seen.extend(json["items"].as_array().unwrap().clone());
        let Some(cursor) = json["next"].as_str() else { break };
        assert!(page.header("link").unwrap().contains(cursor));
        next = format!("{path}/history?limit=7&after={cursor}");
    }
    assert_eq!(seen.len(), 45);
    for (place, item) in seen.iter().enumerate() {
        let version = 45 - place;
        assert_eq!(item["version"], version);
        let whole = app.get(&format!("{path}/versions/{version}")).json();
        let then = &told[version - 1];
        for (name, value) in whole["content"].as_object().unwrap() {
            assert_eq!(value, &then[name], "{version} {name}");
        }
        if version > 1 {
            let before = &told[version - 2];
            let differs: Vec<&String> =
                whole["content"].as_object().unwrap().keys().filter(|name| before[*name] != then[*name]).collect();
            assert_eq!(item["changed"], json!(differs), "across pages, too: {version}");
        }
    }
    let cursor = app.get(&format!("{path}/history?limit=7")).json()["next"].as_str().unwrap().to_owned();
    let other = app.firm("ほか");
    app.get(&format!("/api/v1/organizations/{other}/history?after={cursor}")).problem(400, "cursor");
}

#[test]
fn who_is_erased_has_no_name_in_histories() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let coordinator = app.person(&administrator, "coordinator@example.jp", &["coordinator"]);
    let editor = app.member(&administrator, "editor@example.jp", &firm, "editor");
    let path = app.made(&editor, "needs", json!({ "owner": firm, "title_ja": "求む" }));
    app.stepped(&editor, &path, "submit", json!({ "comment": "見てください" }));
    app.stepped(&coordinator, &path, "publish", json!({}));
    let body = json!({ "password": crate::support::people::PASSWORD });
    let headers = [("authorization", editor.bearer())];
    let erased = app.delete_with_body("/api/v1/me", &[(headers[0].0, &headers[0].1)], body);
    assert_eq!(erased.status, 204, "{}", erased.body);
    let history = app.get_as(&coordinator, &format!("{path}/history"));
    let reviews = app.get_as(&coordinator, &format!("{path}/reviews"));
    assert!(!history.body.contains(&editor.id) && !reviews.body.contains(&editor.id));
    assert_eq!(history.json()["items"][2]["actor"], json!({ "role": "erased", "id": null, "name": null }));
}
