//! The law of truth and index: the database is the only truth, the index can be deleted, damaged or swapped at any
//! moment, and what stands in it equals the rows.

use crate::support::{self, PATIENCE, TestApp, World, encoded, wait_until};
use musubi::domain::Actor;
use musubi::store::{log, things};
use musubi_index::{Engine, Mark};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// After settling: every document is its row, and every row its document.
pub(crate) fn assert_index_equals_database(app: &TestApp, what: &str) {
    app.settle();
    let rows = app.app.database.read(|conn| things::versions_after(conn, "", 10_000)).expect("the rows");
    let rows: BTreeMap<String, i64> = rows.into_iter().collect();
    let versions = app.app.engine.versions().expect("the index can be read");
    let documents: BTreeMap<String, i64> = versions.iter().map(|(id, version)| (id.clone(), *version as i64)).collect();
    assert_eq!(documents.len(), versions.len(), "{what}: a thing is in the index twice");
    assert_eq!(documents, rows, "{what}");
    let total = app.get("/api/v1/search?limit=1").json()["total"].clone();
    assert_eq!(total, json!({ "value": rows.len(), "exact": true }), "{what}");
}

// Restarts

#[test]
fn a_restart_finds_the_mark_and_builds_nothing() {
    let app = TestApp::start();
    let names: Vec<String> = (0..10).map(|number| format!("再開{number}精機")).collect();
    for name in &names {
        app.firm(name);
    }
    app.settle();
    let mark = app.app.engine.mark();
    let world = app.stop();
    for _ in 0..3 {
        let app = TestApp::start_in(world.clone());
        assert!(wait_until(PATIENCE, || app.app.feed.status().mark.is_some()));
        let status = app.app.feed.status();
        assert_eq!((status.rebuilds, status.commits), (0, 0));
        assert_eq!(app.app.engine.mark(), mark);
        assert_eq!(app.found(&format!("q={}", encoded("精機"))).len(), 10);
        assert_index_equals_database(&app, "after a restart");
    }
}

#[test]
fn what_was_written_while_the_index_stood_still_is_followed_after_a_restart() {
    let app = TestApp::start();
    let kept = app.firm("残る会社");
    let gone = app.firm("消える会社");
    app.settle();
    app.app.feed.pause(true);
    app.firm("加わる会社");
    assert_eq!(
        app.patch(&format!("/api/v1/organizations/{kept}"), "\"1\"", json!({ "name_ja": "変わる会社" })).status,
        200
    );
    assert_eq!(app.delete(&format!("/api/v1/organizations/{gone}"), &[("if-match", "\"1\"")]).status, 204);
    let world = app.stop();
    let app = TestApp::start_in(world);
    assert_index_equals_database(&app, "after a restart");
    assert_eq!(app.app.feed.status().rebuilds, 0, "followed, not rebuilt");
    assert_eq!(app.found(&format!("q={}", encoded("変わる会社")))[0], kept);
}

#[test]
fn a_database_that_was_copied_back_is_noticed_and_the_index_follows_it() {
    let app = TestApp::start();
    for number in 0..5 {
        app.firm(&format!("qazu {number}"));
    }
    app.settle();
    let world = app.stop();
    world.backup();
    let app = TestApp::start_in(world);
    for number in 0..4 {
        app.firm(&format!("wesx {number}"));
    }
    app.settle();
    let world = app.stop();

    // The mark is ahead of the log.
    world.restore();
    let app = TestApp::start_in(world);
    assert_index_equals_database(&app, "copied back");
    assert_eq!(app.app.feed.status().rebuilds, 1);
    assert!(app.found("q=wesx").is_empty());
    for number in 0..4 {
        app.firm(&format!("rofv {number}"));
    }
    app.settle();
    let world = app.stop();

    // The log grew again to the same length, with other rows.
    world.restore();
    let database = world.database();
    for number in 0..4 {
        let write = database.write(&Actor::Operator, |tx| things::create(tx, support::firm(&format!("tigb {number}"))));
        write.expect("a write");
    }
    drop(database);
    let app = TestApp::start_in(world);
    assert_index_equals_database(&app, "regrown");
    assert_eq!(app.app.feed.status().rebuilds, 1);
    assert_eq!((app.found("q=tigb").len(), app.found("q=rofv").len()), (4, 0));
}

#[test]
fn a_token_from_before_a_restore_says_stale_and_never_that_all_is_well() {
    let app = TestApp::start();
    app.firm("前の会社");
    app.settle();
    let world = app.stop();
    world.backup();
    let app = TestApp::start_in(world);
    let mut token = String::new();
    for number in 0..3 {
        let body = json!({ "organization_kind": "firm", "name_ja": format!("失われる会社{number}") });
        let written = app.post("/api/v1/organizations", body);
        token = written.header("musubi-sequence").expect("a sequence").to_owned();
    }
    let search = |app: &TestApp, token: &str| app.get(&format!("/api/v1/search?min_seq={token}")).json();
    assert_eq!(search(&app, &token)["stale"], false);
    app.settle();
    let world = app.stop();

    // Copied back: the same epoch, a sequence that is not reached.
    world.restore();
    let app = TestApp::start_in(world);
    let answer = search(&app, &token);
    assert_eq!(answer["stale"], true, "{answer}");
    // Restored: another epoch.
    app.app.feed.pause(true);
    app.world.change_epoch(&app.app.database);
    let before = app.app.feed.status().rebuilds;
    app.app.feed.pause(false);
    assert!(wait_until(PATIENCE, || app.app.feed.status().rebuilds > before));
    let answer = search(&app, &token);
    assert_eq!(answer["stale"], true, "{answer}");
    for number in 0..6 {
        app.firm(&format!("後の会社{number}"));
    }
    let answer = search(&app, &token);
    assert_eq!(answer["stale"], true, "past the number, but of another log: {answer}");
    assert_index_equals_database(&app, "restored");
}

#[test]
fn a_need_that_becomes_anonymous_is_not_counted_under_its_owner_from_that_moment() {
    let app = TestApp::start();
    let firm = json!({ "organization_kind": "firm", "name_ja": "探す会社", "municipality": "062014" });
    let owner = app.create("organizations", firm);
    let other = app.firm("別の会社");
    let need = app.create("needs", json!({ "owner": owner, "title_ja": "探しもの" }));
    let moved = app.create("needs", json!({ "owner": owner, "title_ja": "移されるもの" }));
    app.settle();
    let count = |query: &str| app.get(&format!("/api/v1/search?kind=need&{query}")).json()["total"]["value"].clone();
    let by_owner = format!("owner={owner}");
    assert_eq!((count(&by_owner), count("municipality=062014")), (json!(2), json!(2)));

    // The index stands still, and does not know yet.
    app.app.feed.pause(true);
    let path = format!("/api/v1/needs/{need}");
    assert_eq!(app.patch(&path, "\"1\"", json!({ "anonymous": true })).status, 200);
    assert_eq!((count(&by_owner), count("municipality=062014")), (json!(1), json!(1)));
    let path = format!("/api/v1/needs/{moved}");
    assert_eq!(app.patch(&path, "\"1\"", json!({ "owner": other })).status, 200);
    assert_eq!((count(&by_owner), count("municipality=062014")), (json!(0), json!(0)));

    app.app.feed.pause(false);
    app.settle();
    assert_eq!((count(&by_owner), count("")), (json!(0), json!(2)));
}

// Under load

#[test]
fn a_rebuild_under_load_is_not_seen() {
    let app = TestApp::start();
    for number in 0..60 {
        app.firm(&format!("qazu wesx{number}"));
    }
    app.settle();
    let searching = AtomicBool::new(true);
    let answers = AtomicUsize::new(0);
    let before = app.app.feed.status().rebuilds;
    let kept: usize = std::thread::scope(|scope| {
        for searcher in 0..3 {
            let (app, searching, answers) = (&app, &searching, &answers);
            scope.spawn(move || {
                let paths = [
                    "/api/v1/search?q=qazu&limit=100",
                    "/api/v1/search?q=qazu&limit=100&facet=organization_kind&kind=organization",
                    "/api/v1/search?q=qazu&limit=100&sort=name",
                ];
                while searching.load(Ordering::SeqCst) {
                    let answer = app.get(paths[searcher]);
                    assert_eq!(answer.status, 200, "{}", answer.body);
                    let body = answer.json();
                    assert_eq!(body["hits"].as_array().expect("hits").len(), 60, "{body}");
                    assert_eq!(body["total"], json!({ "value": 60, "exact": true }));
                    if searcher == 1 {
                        assert_eq!(body["facets"]["organization_kind"][0]["count"], 60, "{body}");
                    }
                    answers.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        // What changes while a rebuild reads must not be lost to it: new, changed and deleted things, all the time.
        let writer = scope.spawn(|| {
            let mut kept = 0;
            for number in 0.. {
                if !searching.load(Ordering::SeqCst) {
                    break;
                }
                let id = app.firm(&format!("tigb {number}"));
                let path = format!("/api/v1/organizations/{id}");
                if number % 3 == 0 {
                    assert_eq!(app.delete(&path, &[("if-match", "\"1\"")]).status, 204);
                } else {
                    assert_eq!(app.patch(&path, "\"1\"", json!({ "name_ja": "tigb yahn" })).status, 200);
                    kept += 1;
                }
            }
            kept
        });
        let stop = StopWhenDropped(&searching);
        for round in 1..=10 {
            app.app.feed.rebuild_soon();
            let done = wait_until(PATIENCE, || app.app.feed.status().rebuilds >= before + round);
            assert!(done, "{:?}", app.app.feed.status());
        }
        drop(stop);
        writer.join().expect("no panic")
    });
    assert_index_equals_database(&app, "after ten rebuilds");
    let found = app.get("/api/v1/search?q=yahn&limit=1").json();
    assert_eq!(found["total"], json!({ "value": kept, "exact": true }));
    let answers = answers.load(Ordering::SeqCst);
    println!("{answers} answers during 10 rebuilds with {kept} writes: 0 failed, 0 partial");
    assert!(answers >= 15, "{answers}");
}

/// Lets the other threads end when this one fails, too.
struct StopWhenDropped<'a>(&'a AtomicBool);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[test]
fn when_the_index_cannot_be_written_search_goes_on_and_the_lag_is_seen_until_it_can() {
    let app = TestApp::start();
    let before = app.firm("qazu");
    app.settle();
    let (folder, away) = (app.world.index_folder(), app.world.folder.path().join("away"));
    fs::rename(&folder, &away).expect("moved away");
    fs::write(&folder, "no folder").expect("a file in its place");

    let body = json!({ "organization_kind": "firm", "name_ja": "qazu wesx" });
    let written = app.post("/api/v1/organizations", body);
    assert_eq!(written.status, 201, "the truth takes the write: {}", written.body);
    let token = written.header("musubi-sequence").expect("a sequence").to_owned();
    let failing = || app.get("/health/ready").json()["index"]["failing"] == true;
    assert!(wait_until(PATIENCE, failing), "{:?}", app.app.feed.status());
    let ready = app.get("/health/ready");
    assert_eq!(ready.status, 200, "it serves: {}", ready.body);
    assert_eq!(ready.json()["index"]["lag"], 1, "{}", ready.body);
    assert_eq!(app.found("q=qazu"), std::slice::from_ref(&before), "the last reader goes on");
    let answer = app.get(&format!("/api/v1/search?q=qazu&min_seq={token}")).json();
    assert_eq!(answer["stale"], true, "{answer}");
    // Failing again and again: nothing changes for readers.
    assert!(wait_until(PATIENCE, || app.app.feed.status().failure.is_some_and(|text| text.contains("folder"))));
    assert_eq!(app.found("q=qazu"), [before]);

    fs::remove_file(&folder).expect("the disk is well again");
    assert_index_equals_database(&app, "recovered");
    assert_eq!(app.found("q=wesx").len(), 1);
    let ready = app.get("/health/ready").json();
    assert_eq!((&ready["index"]["failing"], &ready["index"]["lag"]), (&json!(false), &json!(0)), "{ready}");
}

#[test]
fn an_index_folder_that_vanishes_under_a_running_service_comes_back_with_everything() {
    let app = TestApp::start();
    for number in 0..8 {
        app.firm(&format!("qazu {number}"));
    }
    app.settle();
    fs::remove_dir_all(app.world.index_folder()).expect("deleted");
    assert_eq!(app.found("q=qazu").len(), 8, "the last reader goes on");
    app.firm("qazu 8");
    assert_index_equals_database(&app, "built again");
    let world = app.stop();
    let app = TestApp::start_in(world);
    assert_index_equals_database(&app, "after a restart");
    assert_eq!(app.app.feed.status().rebuilds, 0, "what was built is durable");
}

#[test]
fn what_changes_while_a_rebuild_reads_is_followed_afterwards() {
    use musubi::domain::{Organization, Scope, ThingId};
    let world = World::new();
    let database = world.database();
    let create = |name: &str| {
        let written = database.write(&Actor::Operator, |tx| things::create(tx, support::firm(name)));
        written.expect("a write").value.header.id
    };
    let known: Vec<ThingId> = (0..6).map(|number| create(&format!("qazu {number}"))).collect();
    let (engine, _) = Engine::open(&world.index_folder(), support::index_settings()).expect("an index folder");
    let mut pages = 0;
    musubi::feed::rebuild(&database, &engine, |_| {
        // The firms were read; the rest was not. Now one is changed, one deleted, one added.
        if pages == 0 {
            let changed = database.write(&Actor::Operator, |tx| {
                let thing = things::get::<Organization>(tx.conn(), &Scope::Everything, &known[0])?;
                let entry = Organization { name_ja: support::firm("wesx").name_ja, ..thing.entry.clone() };
                things::update(tx, thing, 1, entry)
            });
            changed.expect("a change");
            let deleted = database.write(&Actor::Operator, |tx| {
                let thing = things::get::<Organization>(tx.conn(), &Scope::Everything, &known[1])?;
                things::delete(tx, thing, 1)
            });
            deleted.expect("a deletion");
            create("late");
        }
        pages += 1;
    })
    .expect("a rebuild");
    assert!(pages > 0);
    assert_eq!(musubi::feed::catch_up(&database, &engine).expect("it follows"), 0, "followed, not rebuilt");
    let comparison = musubi::feed::compare(&database, &engine).expect("a comparison");
    assert_eq!((comparison.missing, comparison.outdated, comparison.left_over), (0, 0, 0), "{comparison:?}");
    assert_eq!((comparison.things, comparison.behind), (6, 0));
}

#[test]
fn what_a_rebuild_has_read_ahead_of_its_mark_is_not_doubled_when_the_log_is_followed() {
    let world = World::new();
    let database = world.database();
    let write = |name: &str| {
        let written = database.write(&Actor::Operator, |tx| things::create(tx, support::firm(name)));
        written.expect("a write").value.header.id
    };
    for number in 0..7 {
        write(&format!("qazu {number}"));
    }
    let before = database.read(log::head).expect("the log");
    let gone = write("qazu gone");
    write("qazu late");
    // A rebuild that began before the last two writes and read them all the same.
    let (engine, _) = Engine::open(&world.index_folder(), support::index_settings()).expect("an index folder");
    musubi::feed::rebuild(&database, &engine, |_| {}).expect("a rebuild");
    engine.apply(&[], &Mark { epoch: before.epoch, seq: before.seq, chain: before.chain }).expect("an older mark");
    let deleted = database.write(&Actor::Operator, |tx| {
        let thing = things::get::<musubi::domain::Organization>(tx.conn(), &musubi::domain::Scope::Everything, &gone)?;
        things::delete(tx, thing, 1)
    });
    deleted.expect("a deletion");
    assert_eq!(musubi::feed::catch_up(&database, &engine).expect("it follows"), 0, "followed, not rebuilt");
    let mut ids: Vec<String> = engine.versions().expect("the index").into_iter().map(|(id, _)| id).collect();
    ids.sort();
    let rows = database.read(|conn| things::versions_after(conn, "", 100)).expect("the rows");
    assert_eq!(ids, rows.into_iter().map(|(id, _)| id).collect::<Vec<_>>());
}

// Many at once

#[test]
fn sixty_four_clients_who_read_change_and_write_lose_no_update() {
    const CLIENTS: usize = 64;
    const TRIES: usize = 5;
    let app = TestApp::start();
    let id = app.create("organizations", json!({ "organization_kind": "firm", "name_ja": "計数器", "employees": 0 }));
    let path = format!("/api/v1/organizations/{id}");
    let (succeeded, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let all = Barrier::new(CLIENTS);
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                all.wait();
                for _ in 0..TRIES {
                    let read = app.get(&path);
                    let count = read.json()["employees"].as_u64().expect("a count");
                    let etag = read.header("etag").expect("an ETag").to_owned();
                    let answer = app.patch(&path, &etag, json!({ "employees": count + 1 }));
                    match answer.status {
                        200 => {
                            assert_eq!(answer.json()["employees"], count + 1);
                            succeeded.fetch_add(1, Ordering::SeqCst)
                        }
                        412 => refused.fetch_add(1, Ordering::SeqCst),
                        other => panic!("{other}: {}", answer.body),
                    };
                }
            });
        }
    });
    let (succeeded, refused) = (succeeded.into_inner(), refused.into_inner());
    println!("{CLIENTS} clients: {succeeded} changes, {refused} refused as stale, 0 others");
    assert_eq!(succeeded + refused, CLIENTS * TRIES);
    let now = app.get(&path).json();
    assert_eq!(now["employees"], succeeded, "successes equal the counter");
    assert_eq!(now["version"], succeeded + 1);
    assert!(succeeded > 0, "somebody always wins");
    assert_index_equals_database(&app, "after all");
}

#[test]
fn twenty_posts_with_one_key_make_one_thing() {
    const POSTS: usize = 20;
    let app = TestApp::start();
    for round in 0..3 {
        let key = format!("key {round}");
        let body = json!({ "organization_kind": "firm", "name_ja": format!("一度だけ{round}") });
        let all = Barrier::new(POSTS);
        let answers: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..POSTS)
                .map(|_| {
                    scope.spawn(|| {
                        all.wait();
                        app.post_with("/api/v1/organizations", &[("idempotency-key", key.as_str())], body.clone())
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        for answer in &answers {
            assert_eq!(answer.status, 201, "{}", answer.body);
            assert_eq!(answer.body, answers[0].body, "everyone gets the same answer");
            assert_eq!(answer.header("musubi-sequence"), answers[0].header("musubi-sequence"));
        }
        let other = json!({ "organization_kind": "firm", "name_ja": "別のもの" });
        app.post_with("/api/v1/organizations", &[("idempotency-key", key.as_str())], other).problem(422, "invalid");
    }
    assert_eq!(app.get("/api/v1/organizations").json()["items"].as_array().expect("items").len(), 3);
    assert_eq!(app.app.database.read(log::head).expect("the log").seq, 3);
    let counted = app.app.database.read(|conn| things::ids_after(conn, musubi::domain::Kind::Organization, "", 100));
    assert_eq!(counted.expect("ids").len(), 3);
    assert_eq!(app.app.database.read(support::first_broken_link).expect("the log"), None);
}

#[test]
fn a_write_is_found_within_two_seconds_without_asking_for_it() {
    // The limit is the promise for searches that name no sequence; what is measured here is far below it.
    let app = TestApp::start();
    app.firm("qazu");
    assert!(wait_until(Duration::from_secs(2), || app.found("q=qazu").len() == 1));
}
