//! What somebody would try who reads the sources: each of these was, or could have been, a hole.

use crate::cast::Someone;
use crate::matrix::send;
use crate::scene::{KINDS, Scene, with_words};
use crate::support::people::PASSWORD;
use crate::support::{TestApp, World};
use musubi::auth::AuthSettings;
use musubi::store::check;
use serde_json::{Value, json};
use std::sync::Arc;

/// Every writable route of things × names that only the service sets.
#[test]
fn nobody_sends_what_the_service_sets_of_a_thing() {
    let scene = Scene::new(1);
    let owned = [
        "id",
        "kind",
        "status",
        "version",
        "verified_on",
        "created_at",
        "updated_at",
        "parent_id",
        "owner_party",
        "sort_key",
        "name_key",
        "title",
        "actor",
        "change_seq",
        "epoch",
        "members_only",
        "__proto__",
    ];
    let mut cells = 0;
    let seq = |scene: &Scene| {
        scene.app.get_as(&scene.administrator, "/api/v1/audit?limit=1").json()["items"][0]["seq"].clone()
    };
    let before = seq(&scene);
    for someone in ["Administrator", "Coordinator", "Confirmed Owner"].map(|name| scene.as_someone(name)) {
        // Nobody has an exhibition of their own.
        for kind in KINDS.into_iter().filter(|kind| *kind != "exhibitions") {
            let thing =
                scene.things.iter().find(|thing| thing.kind == kind && thing.own && !thing.anonymous).expect("a thing");
            for name in owned {
                let facts = match kind {
                    "records" => json!({ "members": [{ "party": scene.own[0] }] }),
                    "organizations" | "people" => json!({}),
                    _ => json!({ "owner": scene.own[0] }),
                };
                let mut body = with_words(kind, "qnothingq", facts);
                body[name] = json!("x");
                let made = send(&scene.app, someone, "post", &format!("/api/v1/{kind}"), &[], body);
                let path = format!("/api/v1/{kind}/{}", thing.id);
                let changed = send(&scene.app, someone, "patch", &path, &[("if-match", "\"1\"")], json!({ name: "x" }));
                for answer in [made, changed] {
                    let problem = answer.problem(422, "invalid");
                    assert_eq!(problem["errors"][0]["pointer"], format!("/{name}"), "{kind} {name}: {}", answer.body);
                    cells += 1;
                }
            }
        }
    }
    assert_eq!(seq(&scene), before, "nothing changed");
    println!("{cells} fields of things refused");
}

/// An id in a body is looked at like an id in a path, and nothing moves to where the caller could not have put it.
#[test]
fn nothing_is_given_to_others_or_taken_from_them() {
    let scene = Scene::new(1);
    let editor = scene.as_someone("Confirmed Editor");
    let (own, other) = (&scene.own[0], &scene.other[0]);
    let patch = |someone: &Someone, kind: &str, id: &str, body: Value| {
        send(&scene.app, someone, "patch", &format!("/api/v1/{kind}/{id}"), &[("if-match", "\"1\"")], body)
    };
    for kind in ["capabilities", "seeds", "needs"] {
        let mine = scene.things.iter().find(|thing| thing.kind == kind && thing.own).expect("a thing");
        let theirs = scene.things.iter().find(|thing| thing.kind == kind && !thing.own && thing.visibility == "public");
        let theirs = theirs.expect("a thing");
        patch(editor, kind, &mine.id, json!({ "owner": other })).problem(403, "forbidden");
        patch(editor, kind, &theirs.id, json!({ "owner": own })).problem(403, "forbidden");
        let body = with_words(kind, "qnothingq", json!({ "owner": other }));
        send(&scene.app, editor, "post", &format!("/api/v1/{kind}"), &[], body).problem(403, "forbidden");
    }
    let record = scene.things.iter().find(|thing| thing.kind == "records" && thing.own).expect("a record");
    patch(editor, "records", &record.id, json!({ "members": [{ "party": other }] })).problem(403, "forbidden");
    patch(editor, "records", &record.id, json!({ "members": [] })).problem(403, "forbidden");
    // A party that may not be seen is no reference, whatever is said of it.
    let hidden = scene.things.iter().find(|thing| {
        thing.kind == "organizations" && !thing.own && thing.visibility == "private" && thing.status == "published"
    });
    let hidden = &hidden.expect("an organisation").id;
    let nobody = "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d";
    let ask = |id: &str| {
        let members = json!([{ "party": own }, { "party": id }]);
        let answer = patch(editor, "records", &record.id, json!({ "members": members }));
        (answer.status, answer.body.replace(id, "ID"))
    };
    assert_eq!(ask(hidden), ask(nobody), "a hidden party and none at all are the same");
    assert_eq!(ask(hidden).0, 422);
    let from = |id: &str| {
        let body = json!({ "from": { "kind": "organization", "id": id }, "towards": "parties" });
        let answer = send(&scene.app, editor, "post", "/api/v1/match", &[], body);
        (answer.status, answer.body.replace(id, "ID"))
    };
    assert_eq!(from(hidden), from(nobody));
}

#[test]
fn a_search_that_asks_for_what_nobody_wrote_does_not_wait() {
    let app = TestApp::start();
    let written = app.post("/api/v1/organizations", json!({ "organization_kind": "firm", "name_ja": "会社" }));
    let token = written.header("musubi-sequence").expect("a sequence");
    let (epoch, _) = token.split_once('-').expect("a token");
    app.settle();
    app.app.feed.pause(true);
    let answer = app.get(&format!("/api/v1/search?min_seq={epoch}-7fffffff")).json();
    assert_eq!(answer["stale"], true);
}

#[test]
fn a_person_may_take_their_profile_with_them() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let fields = json!({ "name_ja": "去る 人", "orcid": "0000-0002-1825-0097", "description_ja": "去る人の研究", "affiliations": [firm] });
    let (alone, shared) = (app.create("people", fields), app.create("people", json!({ "name_ja": "二人で持つ" })));
    let seed = app.create("seeds", json!({ "owner": alone, "title_ja": "残るシーズ" }));
    let administrator = app.administrator();
    let leaver = app.member(&administrator, "leaver@example.jp", &alone, "owner");
    app.member(&administrator, "other@example.jp", &shared, "owner");
    let code = app.invited(&administrator, json!({ "email": "leaver@example.jp", "party": shared, "right": "owner" }));
    let accepted = app.post("/api/v1/invitations/accept", json!({ "code": code }));
    let path = format!("/api/v1/memberships/{}", accepted.json()["membership"]["id"].as_str().expect("an id"));
    assert_eq!(app.patch_as(&administrator, &path, 1, json!({ "state": "confirmed" })).status, 200);

    let data = app.get_as(&leaver, "/api/v1/me/data").json();
    let profiles = data["profiles"].as_array().expect("profiles");
    assert_eq!(profiles.len(), 1, "the one that nobody else speaks for: {profiles:?}");
    assert_eq!((&profiles[0]["id"], &profiles[0]["name_ja"]), (&json!(alone), &json!("去る 人")));

    let bearer = leaver.bearer();
    let body = json!({ "password": PASSWORD, "erase_profile": true });
    assert_eq!(app.delete_with_body("/api/v1/me", &[("authorization", &bearer)], body).status, 204);
    app.settle();
    assert_eq!(app.get(&format!("/api/v1/people/{alone}")).status, 404, "nobody finds it");
    let left = app.get_as(&administrator, &format!("/api/v1/people/{alone}"));
    assert!(left.status == 200 && !left.body.contains("去る"), "{}", left.body);
    assert_eq!(app.get(&format!("/api/v1/seeds/{seed}")).json()["owner"], json!(alone), "what stays, stays whole");
    assert_eq!(app.get(&format!("/api/v1/people/{shared}")).json()["name_ja"], "二人で持つ");
    assert_eq!(app.found(&format!("q={}", crate::support::encoded("去る人の研究"))), Vec::<String>::new());
    // The number is free again, and no history remembers.
    let next = json!({ "name_ja": "次の人", "orcid": "0000-0002-1825-0097" });
    assert_eq!(app.post_as(&administrator, "/api/v1/people", next).status, 201);
    let mut faults = Vec::new();
    check::check(&app.app.database, &mut |fault| faults.push(fault)).expect("a check");
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn pages_of_other_origins_may_ask_only_where_a_setting_names_them() {
    let world = Arc::new(World::new());
    let auth =
        AuthSettings { allowed_origins: vec!["https://app.example.jp".to_owned()], ..crate::support::auth(&world) };
    let app = TestApp::start_at(world, musubi::domain::Clock::fixed(crate::support::now()), auth);
    let firm = app.firm("最上めっき");
    app.administrator();
    let path = format!("/api/v1/organizations/{firm}");
    let named = app.get_with(&path, &[("origin", "https://app.example.jp")]);
    assert_eq!(named.header("access-control-allow-origin"), Some("https://app.example.jp"));
    assert!(named.header("vary").is_some_and(|vary| vary.contains("Origin")));
    assert_eq!(named.header("access-control-allow-credentials"), None, "nothing is sent along by itself");
    // Refusals can be read, too.
    let refused = app.get_with("/api/v1/me", &[("origin", "https://app.example.jp")]);
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, Some("https://app.example.jp")));
    for other in ["https://app.example.jp.evil.example", "http://app.example.jp", "null", "https://APP.example.jp", "*"]
    {
        let answer = app.get_with(&path, &[("origin", other)]);
        assert!(
            !answer.headers.iter().any(|(name, _)| name.starts_with("access-control-")),
            "{other}: {:?}",
            answer.headers
        );
    }
    let asks = |origin: &str| app.options(&path, &[("origin", origin), ("access-control-request-method", "PATCH")]);
    let before = asks("https://app.example.jp");
    assert_eq!(before.status, 204);
    assert!(before.header("access-control-allow-methods").is_some_and(|methods| methods.contains("PATCH")));
    assert!(before.header("access-control-allow-headers").is_some_and(|headers| headers.contains("authorization")));
    let foreign = asks("https://evil.example");
    assert_eq!((foreign.status, foreign.header("access-control-allow-methods")), (405, None));
}

/// What one reader was shown is kept by a browser under its tag; the next reader must not be told that it still holds.
#[test]
fn a_tag_belongs_to_one_view() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let coordinator = app.person(&administrator, "coordinator@example.jp", &["coordinator"]);
    let need = json!({ "owner": firm, "title_ja": "めっき", "purposes": ["supply"], "anonymous": true });
    let made = app.post_as(&administrator, "/api/v1/needs", need);
    assert_eq!(made.status, 201, "{}", made.body);
    let path = made.header("location").expect("a place").to_owned();
    let (seen, unseen) = (app.get_as(&coordinator, &path), app.get(&path));
    assert_eq!((seen.json()["owner"].as_str(), &unseen.json()["owner"]), (Some(firm.as_str()), &Value::Null));
    for view in [&seen, &unseen] {
        assert!(view.header("vary").is_some_and(|vary| vary.to_lowercase().contains("authorization")));
    }
    let (tag, other) = (seen.header("etag").expect("a tag"), unseen.header("etag").expect("a tag"));
    assert_ne!(tag, other);
    let bearer = coordinator.bearer();
    let asks = |tag: &str, signed_in: bool| {
        let mut headers = vec![("if-none-match", tag)];
        headers.extend(signed_in.then_some(("authorization", bearer.as_str())));
        app.get_with(&path, &headers).status
    };
    assert_eq!([asks(tag, true), asks(tag, false), asks(other, true), asks(other, false)], [304, 200, 200, 304]);
}
