//! Imports and exports over REST: staged, previewed, committed, undone; only by those who may.

use crate::support::people::Person;
use crate::support::{PATIENCE, Response, TestApp, encoded, wait_until};
use musubi::store::imports::ImportState;
use serde_json::{Value, json};

pub(crate) fn send(app: &TestApp, query: &str, bytes: &[u8]) -> Value {
    let response =
        app.post_bytes(&format!("/api/v1/imports?{query}"), &[("content-type", "application/octet-stream")], bytes);
    assert_eq!(response.status, 202, "{}", response.body);
    response.json()
}

pub(crate) fn path(import: &Value, rest: &str) -> String {
    format!("/api/v1/imports/{}{rest}", import["id"].as_str().expect("an id"))
}

/// Waits until an import is in this state, and gives it.
pub(crate) fn wait(app: &TestApp, import: &Value, state: &str) -> Value {
    let mut found = Value::Null;
    let come = wait_until(PATIENCE, || {
        found = app.get(&path(import, "")).json();
        found["state"] == state
    });
    assert!(come, "{state}: {found}");
    found
}

pub(crate) fn step(app: &TestApp, import: &Value, step: &str, state: &str) -> Value {
    let asked = app.post(&path(import, &format!("/{step}")), json!({}));
    assert_eq!(asked.status, 202, "{}", asked.body);
    wait(app, import, state)
}

fn names(response: &Response) -> Vec<String> {
    let items = response.json()["items"].as_array().expect("items").clone();
    items.iter().map(|item| item["name_ja"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn a_file_is_previewed_committed_and_undone_without_a_trace() {
    let app = TestApp::start();
    let kept = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "旧社名", "corporate_number": "8390002001000" }),
    );
    let text = "法人番号,名称,従業員数\n8390002001000,甲社,30\n,乙社,12\n,丙社,多数\n,乙社,12\n";
    let import = send(&app, "kind=organizations&format=csv&name=firms.csv", text.as_bytes());
    let seen = wait(&app, &import, "previewed");
    let preview = &seen["preview"];
    assert_eq!(preview["encoding"], "UTF-8");
    assert_eq!(preview["headings"][0], json!({ "heading": "法人番号", "field": "corporate_number" }));
    assert_eq!(preview["rows"], json!({ "created": 1, "updated": 1, "unchanged": 1, "refused": 1 }));
    assert_eq!((&preview["groups"][0]["column"], &preview["groups"][0]["first_row"]), (&json!("従業員数"), &json!(4)));
    assert_eq!(app.get(&format!("/api/v1/organizations/{kept}")).json()["name_ja"], "旧社名", "nothing is written yet");

    let rows = app.get(&path(&import, "/rows")).json();
    let verdicts: Vec<&str> =
        rows["items"].as_array().expect("rows").iter().map(|row| row["verdict"].as_str().expect("a verdict")).collect();
    assert_eq!(verdicts, ["update", "create", "refused", "unchanged"]);
    let refused = app.get(&path(&import, "/rows?verdict=refused&limit=1")).json();
    assert_eq!(refused["items"][0]["refusals"][0]["found"], "多数");
    let rejected = app.get(&path(&import, "/rejected.csv"));
    assert!(rejected.body.contains("丙社,多数,4,"), "{}", rejected.body);
    let first = app.get(&path(&import, "/rows?limit=1")).json();
    let next = first["next"].as_str().expect("a cursor");
    assert_eq!(app.get(&path(&import, &format!("/rows?limit=1&after={next}"))).json()["items"][0]["row"], 3);
    app.get(&path(&import, "/rows?verdict=odd")).problem(422, "invalid");
    app.post(&path(&import, "/undo"), json!({})).problem(409, "import-state");

    let done = step(&app, &import, "commit", "committed");
    assert_eq!(done["result"]["rows"], json!({ "created": 1, "updated": 1, "unchanged": 1, "refused": 1 }));
    assert_eq!(names(&app.get("/api/v1/organizations")), ["乙社", "甲社"]);
    // A thing's history names the import by which a version came, to those who see who made it.
    let history = app.get(&format!("/api/v1/organizations/{kept}/history")).json();
    let href = history["items"][0]["import"]["href"].as_str().expect("an import").to_owned();
    assert_eq!(
        (href.as_str(), &history["items"][1]["import"]),
        (path(&import, "").as_str(), &Value::Null),
        "{history}"
    );
    assert_eq!(app.get(&href).status, 200);
    app.post(&path(&import, "/commit"), json!({})).problem(409, "import-state");
    app.settle();
    assert_eq!(app.found(&format!("q={}", encoded("乙社"))).len(), 1);

    let undone = step(&app, &import, "undo", "undone");
    assert_eq!(undone["undone"], json!({ "deleted": 1, "restored": 1, "kept_count": 0, "kept": [] }));
    assert_eq!(names(&app.get("/api/v1/organizations")), ["旧社名"]);
    app.settle();
    assert!(app.found(&format!("q={}", encoded("乙社"))).is_empty());
    assert_eq!(app.get("/api/v1/imports").json()["items"].as_array().map(Vec::len), Some(1));
    app.administrator();
    let public = app.get(&format!("/api/v1/organizations/{kept}/history")).json();
    let told: Vec<&Value> = public["items"].as_array().expect("versions").iter().map(|item| &item["import"]).collect();
    assert!(told.len() == 3 && told.iter().all(|import| import.is_null()), "{public}");
}

#[test]
fn a_preview_names_rows_shows_changes_and_says_all_that_is_wrong_at_once() {
    let app = TestApp::start();
    app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "旧社名", "corporate_number": "8390002001000", "employees": 10 }),
    );
    // Old spreadsheets end lines with a return alone.
    let text = "法人番号,名称,従業員数,市区町村,設立\r8390002001000,甲社,30,,\r8390002001001,乙社,多数,無い町,昭和64年1月8日\r,丙社,多数,無い町,\r8390002001000,\u{202e}丁社,多数,,\r";
    let import = send(&app, "kind=organizations&format=csv", text.as_bytes());
    wait(&app, &import, "previewed");
    let rows = app.get(&path(&import, "/rows")).json()["items"].as_array().expect("rows").clone();
    assert_eq!((&rows[0]["name"], &rows[0]["verdict"]), (&json!("甲社"), &json!("update")));
    let changes = [("name_ja", "旧社名", "甲社"), ("employees", "10", "30")];
    for (field, from, to) in changes {
        let shown = json!({ "field": field, "from": from, "to": to });
        assert!(rows[0]["changes"].as_array().expect("changes").contains(&shown), "{}", rows[0]);
    }
    assert_eq!(rows[0]["changes"].as_array().map(Vec::len), Some(2));
    let columns = |row: &Value| -> Vec<String> {
        let refusals = row["refusals"].as_array().expect("refusals");
        refusals.iter().map(|refusal| refusal["column"].as_str().expect("a column").to_owned()).collect()
    };
    // The number (check digit), the size, the place and the date, each with its column; nothing twice.
    assert_eq!((rows[1]["name"].as_str(), columns(&rows[1]).len()), (Some("乙社"), 4), "{}", rows[1]);
    assert_eq!(columns(&rows[2]), ["従業員数", "市区町村"], "{}", rows[2]);
    assert!(columns(&rows[3]).contains(&"名称".to_owned()) && columns(&rows[3]).len() == 2, "{}", rows[3]);

    for (format, empty) in [("csv", "名称,従業員数\n"), ("csv", "名称,従業員数\r")] {
        let import = send(&app, &format!("kind=organizations&format={format}"), empty.as_bytes());
        let seen = wait(&app, &import, "previewed");
        assert_eq!(seen["preview"]["notes"][0]["code"], "file.no_rows", "{seen}");
    }
}

#[test]
fn an_undo_leaves_what_somebody_changed_or_refers_to() {
    let app = TestApp::start();
    let import = send(&app, "kind=organizations&format=csv&source=x", "id,名称\n1,甲社\n2,乙社\n3,丙社\n".as_bytes());
    wait(&app, &import, "previewed");
    step(&app, &import, "commit", "committed");
    let items = app.get("/api/v1/organizations").json()["items"].as_array().expect("items").clone();
    let id = |name: &str| {
        items.iter().find(|item| item["name_ja"] == name).expect("a firm")["id"].as_str().expect("an id").to_owned()
    };
    let changed = app.patch(&format!("/api/v1/organizations/{}", id("甲社")), "\"1\"", json!({ "employees": 3 }));
    assert_eq!(changed.status, 200);
    app.create("capabilities", json!({ "owner": id("乙社"), "capability_kind": "process", "name_ja": "切削" }));
    let undone = step(&app, &import, "undo", "undone");
    assert_eq!((&undone["undone"]["deleted"], &undone["undone"]["kept_count"]), (&json!(1), &json!(2)));
    let mut reasons: Vec<&str> = undone["undone"]["kept"]
        .as_array()
        .expect("kept")
        .iter()
        .map(|kept| kept["reason"].as_str().expect("a reason"))
        .collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["changed_since", "referenced"]);
    assert_eq!(names(&app.get("/api/v1/organizations")), ["乙社", "甲社"]);
    // They are named, with what can be done; and what is free by now goes when the undo is asked for again.
    let named: Vec<&str> =
        undone["undone"]["kept"].as_array().expect("kept").iter().filter_map(|kept| kept["name"].as_str()).collect();
    assert!(named.contains(&"甲社") && named.contains(&"乙社"), "{undone}");
    assert!(undone["undone"]["hint"]["ja"].as_str().is_some_and(|hint| hint.contains("履歴")), "{undone}");
    let milling = app.get("/api/v1/capabilities").json()["items"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(app.delete(&format!("/api/v1/capabilities/{milling}"), &[("if-match", "\"1\"")]).status, 204);
    let again = step(&app, &import, "undo", "undone");
    assert_eq!((&again["undone"]["deleted"], &again["undone"]["kept_count"]), (&json!(2), &json!(1)), "{again}");
    assert_eq!(again["undone"]["kept"][0]["name"], "甲社");
    assert_eq!(names(&app.get("/api/v1/organizations")), ["甲社"]);
}

#[test]
fn an_undo_that_is_killed_goes_on_and_counts_the_whole() {
    let app = TestApp::start();
    let mut text = String::from("id,名称,従業員数\n");
    for number in 0..1_300 {
        text.push_str(&format!("F{number},架空工業{number},{number}\n"));
    }
    let import = send(&app, "kind=organizations&format=csv&source=x", text.as_bytes());
    wait(&app, &import, "previewed");
    step(&app, &import, "commit", "committed");
    let id = musubi::domain::ThingId::from_stored(import["id"].as_str().expect("an id").to_owned());
    // What a process that dies leaves behind: the state, and the batches that were taken back.
    let dies_after = |app: &TestApp, batches: u32| {
        let database = &app.app.database;
        let (from, to) = ([ImportState::Committed, ImportState::UndoInterrupted], ImportState::Undoing);
        let moved = database.housekeeping(|conn| {
            musubi::store::imports::change_state(conn, &id, &from, to, &database.clock().timestamp())
        });
        assert!(moved.expect("a state"));
        let mut left = batches;
        let mut hear = |_: u64| {
            left -= 1;
            left > 0
        };
        let actor = musubi::domain::Actor::Operator;
        musubi::exchange::undo::undo(database, &actor, &id, &mut hear).expect("a part of an undo").0.deleted
    };
    let first = dies_after(&app, 1);
    assert!(first > 0 && first < 1_300);
    let app = TestApp::start_in(app.stop());
    assert_eq!(app.get(&path(&import, "")).json()["state"], "undo_interrupted");
    app.post(&path(&import, "/commit"), json!({})).problem(409, "import-state");
    let undone = step(&app, &import, "undo", "undone");
    assert_eq!(undone["undone"], json!({ "deleted": 1_300, "restored": 0, "kept_count": 0, "kept": [] }));
    assert!(names(&app.get("/api/v1/organizations")).is_empty());
}

#[test]
fn names_at_a_source_are_taken_back_too() {
    let app = TestApp::start();
    app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "甲社", "corporate_number": "8390002001000" }),
    );
    let text = "id,法人番号,名称\nK-1,8390002001000,甲社\n";
    let import = send(&app, "kind=organizations&format=csv&source=x", text.as_bytes());
    wait(&app, &import, "previewed");
    step(&app, &import, "commit", "committed");
    step(&app, &import, "undo", "undone");
    let mut conn_faults = Vec::new();
    musubi::store::check::check(&app.app.database, &mut |fault| conn_faults.push(fault.code)).expect("a check");
    assert!(conn_faults.is_empty(), "{conn_faults:?}");
    let again = send(&app, "kind=capabilities&format=csv&source=x", "保有者,名称\nK-1,切削\n".as_bytes());
    let seen = wait(&app, &again, "previewed");
    assert_eq!(seen["preview"]["rows"]["refused"], 1, "nobody is called K-1 any more: {seen}");
}

#[test]
fn a_preview_of_many_batches_says_what_the_commit_will_do() {
    let app = TestApp::start();
    let mut text = String::from("id,名称,承継先\n");
    for number in 0..700 {
        text.push_str(&format!("F{number},架空工業{number},{}\n", if number > 300 { "F1" } else { "" }));
    }
    // Far from the rows that they repeat: one says the same, one says otherwise.
    text.push_str("F5,架空工業5,\nF6,別の名,\n");
    let import = send(&app, "kind=organizations&format=csv&source=big", text.as_bytes());
    let seen = wait(&app, &import, "previewed");
    let counts = json!({ "created": 700, "updated": 0, "unchanged": 1, "refused": 1 });
    assert_eq!(
        (&seen["preview"]["rows"], &seen["rows_total"]),
        (&counts, &json!(702)),
        "{}",
        seen["preview"]["groups"]
    );
    assert_eq!(step(&app, &import, "commit", "committed")["result"]["rows"], counts);
    let again = send(&app, "kind=organizations&format=csv&source=big", text.as_bytes());
    wait(&app, &again, "previewed");
    assert_eq!(app.post(&path(&again, "/cancel"), json!({})).json()["state"], "cancelled");
    assert_eq!(step(&app, &import, "undo", "undone")["undone"]["deleted"], 700);
}

#[test]
fn what_cannot_be_read_fails_with_its_reason_and_what_is_sent_wrongly_is_refused() {
    let app = TestApp::start();
    let import = send(&app, "kind=organizations&format=xlsx", b"no book");
    let failed = wait(&app, &import, "failed");
    assert_eq!(failed["failure"]["code"], "file.not_xlsx");
    app.post(&path(&import, "/commit"), json!({})).problem(409, "import-state");
    for query in [
        "kind=robots&format=csv",
        "kind=people&format=ods",
        "kind=people&format=csv&encoding=utf16",
        "kind=people&format=csv&source=a:b",
        "kind=people&format=csv&mapping=nobodys",
    ] {
        app.post_bytes(&format!("/api/v1/imports?{query}"), &[], b"x").problem(422, "invalid");
    }
    app.post_bytes("/api/v1/imports?format=csv", &[], b"x").problem(400, "query-parameter");
}

#[test]
fn a_mapping_is_kept_and_used_by_its_name() {
    let app = TestApp::start();
    let body =
        json!({ "kind": "organizations", "name": "ours", "headings": [{ "heading": "カイシャ", "field": "name_ja" }] });
    assert_eq!(app.post("/api/v1/import-mappings", body.clone()).status, 200);
    assert_eq!(app.get("/api/v1/import-mappings").json()["items"], json!([body]));
    let wrong =
        json!({ "kind": "organizations", "name": "gbizinfo", "headings": [{ "heading": "x", "field": "colour" }] });
    assert_eq!(
        app.post("/api/v1/import-mappings", wrong).problem(422, "invalid")["errors"].as_array().map(Vec::len),
        Some(2)
    );
    let import = send(&app, "kind=organizations&format=csv&mapping=ours", "カイシャ\n甲社\n".as_bytes());
    assert_eq!(wait(&app, &import, "previewed")["preview"]["rows"]["created"], 1);
}

#[test]
fn imports_are_for_coordinators_and_administrators_and_rows_are_judged_like_requests() {
    let app = TestApp::start();
    let administrator = app.administrator();
    let coordinator = app.person(&administrator, "co@example.jp", &["coordinator"]);
    let other = app.person(&administrator, "other@example.jp", &["coordinator"]);
    let officer = app.person(&administrator, "officer@example.jp", &["officer"]);
    let firm = app.post_as(&administrator, "/api/v1/organizations", json!({ "organization_kind": "firm", "name_ja": "秘社", "corporate_number": "8390002001000", "visibility": "private" }));
    assert_eq!(firm.status, 201);
    let send_as = |person: &Person, text: &str| {
        let headers = [("authorization", person.bearer()), ("content-type", "application/octet-stream".to_owned())];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        app.post_bytes("/api/v1/imports?kind=organizations&format=csv", &headers, text.as_bytes())
    };
    send_as(&officer, "名称\n甲社\n").problem(403, "forbidden");
    app.post_bytes("/api/v1/imports?kind=organizations&format=csv", &[], b"x").problem(401, "unauthenticated");
    let sent = send_as(&coordinator, "法人番号,名称\n8390002001000,公社\n,甲社\n");
    assert_eq!(sent.status, 202, "{}", sent.body);
    let import = sent.json();
    let mut seen = Value::Null;
    assert!(wait_until(PATIENCE, || {
        seen = app.get_as(&coordinator, &path(&import, "")).json();
        seen["state"] == "previewed"
    }));
    assert_eq!(seen["preview"]["rows"], json!({ "created": 1, "updated": 0, "unchanged": 0, "refused": 1 }));
    assert!(!seen.to_string().contains("秘社"), "{seen}");
    for rest in ["", "/rows", "/rejected.csv"] {
        app.get_as(&other, &path(&import, rest)).problem(404, "not-found");
        app.get_as(&officer, &path(&import, rest)).problem(403, "forbidden");
        assert_eq!(app.get_as(&administrator, &path(&import, rest)).status, 200);
    }
    for rest in ["/commit", "/cancel", "/undo"] {
        app.post_as(&other, &path(&import, rest), json!({})).problem(404, "not-found");
        app.post_as(&officer, &path(&import, rest), json!({})).problem(403, "forbidden");
    }
    assert_eq!(app.get_as(&other, "/api/v1/imports").json()["items"], json!([]));
}

#[test]
fn exports_hold_what_the_caller_sees_and_go_in_again() {
    let app = TestApp::start();
    app.create("organizations", json!({ "organization_kind": "firm", "name_ja": "甲社", "municipality": "062014", "description_ja": "溶接の会社" }));
    app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "乙社", "description_ja": "塗装の会社" }),
    );
    let all = app.get("/api/v1/exports?kind=organizations&format=csv");
    assert_eq!((all.status, all.header("musubi-rows")), (200, Some("2")), "{}", all.body);
    assert!(all.header("content-disposition").is_some_and(|text| text.contains("organizations.csv")));
    let one = app.get("/api/v1/exports?kind=organizations&municipality=060003");
    assert!(one.body.contains("甲社") && !one.body.contains("乙社"));
    app.settle();
    let found = app.get(&format!("/api/v1/exports?kind=organizations&q={}", encoded("塗装")));
    assert_eq!(
        (found.status, found.body.contains("乙社"), found.body.contains("甲社")),
        (200, true, false),
        "{}",
        found.body
    );
    let import = send(&app, "kind=organizations&format=csv", all.body.as_bytes());
    assert_eq!(wait(&app, &import, "previewed")["preview"]["rows"]["unchanged"], 2);
    for query in ["kind=robots", "kind=people&format=pdf", "kind=people&part=lines", "kind=people&q=a&sort=name"] {
        app.get(&format!("/api/v1/exports?{query}")).problem(422, "invalid");
    }
    let administrator = app.administrator();
    let hidden = json!({ "organization_kind": "firm", "name_ja": "秘社", "visibility": "private" });
    assert_eq!(app.post_as(&administrator, "/api/v1/organizations", hidden).status, 201);
    let outside = app.get("/api/v1/exports?kind=organizations");
    assert!(outside.status == 200 && !outside.body.contains("秘社"), "{}", outside.body);
    assert!(app.get_as(&administrator, "/api/v1/exports?kind=organizations").body.contains("秘社"));
}

#[test]
fn an_organisation_is_linked_data_when_asked_for_it() {
    let app = TestApp::start();
    let id = app.create(
        "organizations",
        json!({ "organization_kind": "university", "name_ja": "架空大学", "corporate_number": "8390002001000", "employees": 30 }),
    );
    let path = format!("/api/v1/organizations/{id}");
    let linked = app.get_with(&path, &[("accept", "application/ld+json")]);
    assert_eq!((linked.status, linked.header("content-type")), (200, Some("application/ld+json")));
    let linked = linked.json();
    assert_eq!((&linked["@type"], &linked["@id"]), (&json!("CollegeOrUniversity"), &json!(format!("urn:uuid:{id}"))));
    assert_eq!(linked["name"][0], json!({ "@language": "ja", "@value": "架空大学" }));
    assert_eq!(linked["identifier"]["value"], "8390002001000");
    assert_eq!(app.get_with(&path, &[("accept", "*/*")]).json()["name_ja"], "架空大学");
    let person = app.create("people", json!({ "name_ja": "架空 花子" }));
    let other = app.get_with(&format!("/api/v1/people/{person}"), &[("accept", "application/ld+json")]);
    assert_eq!(other.json()["name_ja"], "架空 花子", "other kinds have no such form");
}

#[test]
fn an_id_that_was_merged_is_refused_and_one_that_is_hidden_is_like_none() {
    let app = TestApp::start();
    let firm = |name: &str, visibility: &str| {
        app.create("organizations", json!({ "organization_kind": "firm", "name_ja": name, "visibility": visibility }))
    };
    let (stays, goes, hidden) = (firm("残る会社", "public"), firm("統合元の会社", "public"), firm("秘社", "private"));
    let administrator = app.administrator();
    let coordinator = app.person(&administrator, "co@example.jp", &["coordinator"]);
    let merged =
        app.step(&administrator, &format!("/api/v1/organizations/{goes}"), "merge", 1, json!({ "into": stays }));
    assert_eq!(merged.status, 200, "{}", merged.body);
    // A file from before the merge, and ids that somebody heard of or made up.
    let unknown = "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d";
    let file = format!("id,名称,概要\n{goes},統合元の会社,前の概要\n{hidden},甲社,甲\n{unknown},乙社,乙\n");
    let headers = [("authorization", coordinator.bearer()), ("content-type", "application/octet-stream".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sent = app.post_bytes("/api/v1/imports?kind=organizations&format=csv", &headers, file.as_bytes());
    let import = sent.json();
    assert!(wait_until(PATIENCE, || { app.get_as(&coordinator, &path(&import, "")).json()["state"] == "previewed" }));
    let rows = app.get_as(&coordinator, &path(&import, "/rows?limit=10")).json();
    let outcomes: Vec<&str> =
        rows["items"].as_array().expect("rows").iter().map(|row| row["verdict"].as_str().expect("a verdict")).collect();
    assert_eq!(outcomes, ["refused", "create", "create"], "{rows}");
    let refusal = rows["items"][0].to_string();
    assert!(refusal.contains("identity.merged") && refusal.contains(&stays), "{refusal}");
}

#[test]
fn what_an_export_cannot_hold_is_told_cell_by_cell() {
    let app = TestApp::start();
    let id = app.firm("𠮷野〜商店");
    app.firm("普通の店");
    let file = app.get("/api/v1/exports?kind=organizations&format=csv-cp932");
    assert_eq!((file.header("musubi-lost"), file.header("musubi-rows")), (Some("1"), Some("2")));
    assert_eq!(file.header("musubi-lost-characters"), Some("U+301C=U+FF5E, U+20BB7=&#134071;"));
    let link = file.header("link").expect("a way to the report").to_owned();
    assert!(link.ends_with("; rel=\"describedby\""), "{link}");
    let address = link.trim_start_matches('<').split('>').next().expect("an address").to_owned();
    let report = app.get(&address).json();
    assert_eq!((&report["rows"], &report["lost_count"]), (&json!(2), &json!(1)), "{report}");
    let lost = &report["lost"][0];
    assert_eq!((&lost["id"], &lost["heading"]), (&json!(id), &json!("name_ja")));
    assert!(lost["row"] == 2 || lost["row"] == 3, "{lost}");
    assert_eq!(
        lost["characters"],
        json!([
            { "found": "〜", "written_as": "～", "comes_back": false },
            { "found": "𠮷", "written_as": "&#134071;", "comes_back": true },
        ])
    );
    let whole = app.get("/api/v1/exports?kind=organizations&format=csv");
    assert_eq!((whole.header("musubi-lost"), whole.header("link")), (Some("0"), None));
}

#[test]
fn the_name_of_a_file_tells_its_form() {
    let app = TestApp::start();
    let import = send(&app, "kind=organizations&name=firms.CSV", "名称\n甲社\n".as_bytes());
    assert_eq!(wait(&app, &import, "previewed")["format"], "csv");
    let refused = |query: &str| app.post_bytes(&format!("/api/v1/imports?kind=organizations&{query}"), &[], b"x");
    for query in ["", "name=firms", "name=firms.xlsx&format=csv", "format=ods"] {
        refused(query).problem(422, "invalid");
    }
}
