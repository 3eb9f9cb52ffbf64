//! Lists that are only read, as files: what waits, what may be the same, figures, vocabularies, and one organisation as a whole.

use crate::support::people::Person;
use crate::support::{Hands, Response, TestApp, World, auth};
use serde_json::{Value, json};
use std::sync::Arc;

fn lines(file: &Response) -> Vec<Value> {
    file.body.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// The list in every form: JSON Lines says what the pages say, a table has `rows` rows; a form that there is not is refused.
fn in_every_form(app: &TestApp, reader: &Person, path: &str, rows: usize) -> String {
    let (mut items, mut after) = (Vec::new(), String::new());
    let and = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = app.get_as(reader, &format!("{path}{after}")).json();
        let list = ["cells", "items"].iter().find_map(|name| page[*name].as_array()).expect("a list").clone();
        items.extend(list);
        let Some(next) = page["next"].as_str() else { break };
        after = format!("{and}after={next}");
    }
    let file = |format: &str| app.get_as(reader, &format!("{path}{and}format={format}"));
    let written = file("jsonl");
    assert_eq!(written.status, 200, "{path}: {}", written.body);
    for (line, item) in lines(&written).iter().zip(&items) {
        for (name, value) in item.as_object().expect("an object") {
            assert_eq!(&line[name], value, "{path}");
        }
    }
    assert_eq!(lines(&written).len(), items.len(), "{path}");
    let table = file("csv");
    assert_eq!(table.header("musubi-rows"), Some(rows.to_string().as_str()), "{path}: {}", table.body);
    assert!(table.body.starts_with('\u{feff}'), "{path}");
    assert!(table.header("content-disposition").is_some_and(|text| text.ends_with(".csv\"")), "{path}");
    let read = csv::Reader::from_reader(table.body.trim_start_matches('\u{feff}').as_bytes()).into_records().count();
    assert_eq!(read, rows, "{path}: {}", table.body);
    assert_eq!(file("csv-cp932").header("content-type"), Some("text/csv; charset=Shift_JIS"), "{path}");
    let book = file("xlsx");
    assert!(book.header("content-type").is_some_and(|kind| kind.ends_with("spreadsheetml.sheet")), "{path}");
    file("pdf").problem(422, "invalid");
    table.body
}

#[test]
fn every_list_that_is_only_read_can_be_had_as_a_file() {
    let app = TestApp::start();
    let firm = app.firm("=最上めっき");
    app.firm("（株）=最上めっき");
    let partner = app.firm("庄内鋳造");
    for number in 0..3 {
        app.firm(&format!("𠮷村製作所 {number}"));
    }
    let administrator = app.administrator();
    let coordinator = app.person(&administrator, "coordinator@example.jp", &["coordinator"]);
    let editor = app.member(&administrator, "editor@example.jp", &firm, "editor");
    for number in 0..3 {
        let need =
            app.post_as(&editor, "/api/v1/needs", json!({ "owner": firm, "title_ja": format!("求む {number}") }));
        let path = need.header("location").expect("a place").to_owned();
        assert_eq!(app.step(&editor, &path, "submit", 1, json!({})).status, 200);
    }
    let case =
        app.post_as(&administrator, "/api/v1/cases", json!({ "title": "塗布の相談", "parties": [firm, partner] }));
    assert_eq!(case.status, 201, "{}", case.body);

    let waiting = in_every_form(&app, &coordinator, "/api/v1/reviews?limit=2", 3);
    // Nothing in a cell runs.
    assert!(waiting.contains(",'=最上めっき,") && waiting.contains("求む 2"), "{waiting}");
    in_every_form(&app, &editor, "/api/v1/reviews", 3);
    in_every_form(&app, &coordinator, "/api/v1/verifications", 0);
    let twice = in_every_form(&app, &coordinator, "/api/v1/duplicates?limit=1", 2);
    assert_eq!(twice.matches("\r\n1,name,最上メッキ,").count(), 2, "{twice}");
    in_every_form(&app, &coordinator, "/api/v1/indicators", 1);
    let stage = app.get_as(&coordinator, "/api/v1/indicators").json()["cells"][0]["value"].clone();
    let cell = format!("/api/v1/indicators?value={}&format=jsonl", stage.as_str().expect("a stage"));
    assert_eq!(lines(&app.get_as(&coordinator, &cell))[0]["title"], "塗布の相談");
    for (path, rows) in [("/api/v1/municipalities?prefecture=060003", 36), ("/api/v1/concepts?limit=100", 1_028)] {
        in_every_form(&app, &editor, path, rows);
    }
    for path in ["/api/v1/municipalities", "/api/v1/fields", "/api/v1/industries"] {
        let rows = app.get(path).json()["items"].as_array().expect("items").len();
        in_every_form(&app, &editor, path, rows);
    }
    // Who may not read the list does not read the file.
    for path in ["reviews", "verifications", "duplicates", "indicators"] {
        app.get(&format!("/api/v1/{path}?format=csv")).problem(401, "unauthenticated");
    }
    app.get_as(&editor, "/api/v1/duplicates?format=jsonl").problem(403, "forbidden");
    // What CP932 lacks is counted, as in other exports.
    let twin = json!({ "organization_kind": "firm", "name_ja": "㈱𠮷村製作所 0" });
    assert_eq!(app.post_as(&administrator, "/api/v1/organizations", twin).status, 201);
    let lossy = app.get_as(&coordinator, "/api/v1/duplicates?format=csv-cp932");
    assert_eq!((lossy.header("musubi-rows"), lossy.header("musubi-lost")), (Some("4"), Some("4")));
    assert_eq!(lossy.header("musubi-lost-characters"), Some("U+20BB7=&#134071;"));
}

#[test]
fn places_have_their_prefectures_and_both_names() {
    let app = TestApp::start();
    let all = app.get("/api/v1/municipalities").json()["items"].as_array().expect("items").clone();
    let prefectures = all.iter().filter(|place| place["prefecture"].is_null());
    assert_eq!(prefectures.count(), 47);
    for place in &all {
        for name in ["code", "name_ja", "name_kana", "name_en"] {
            assert!(place[name].as_str().is_some_and(|text| !text.is_empty()), "{place}");
        }
    }
    let of_yamagata = app.get("/api/v1/municipalities?prefecture=060003").json();
    assert_eq!(of_yamagata["items"][0]["name_ja"], "山形県");
    app.get("/api/v1/municipalities?prefecture=x").problem(400, "query-parameter");
}

#[test]
fn the_archive_of_an_organisation_holds_what_its_reader_may_see_with_its_history() {
    let app = TestApp::start();
    let (firm, other) = (app.firm("最上めっき"), app.firm("庄内鋳造"));
    app.create("seeds", json!({ "owner": firm, "title_ja": "公開の膜" }));
    app.create("seeds", json!({ "owner": firm, "title_ja": "秘密の膜", "visibility": "private" }));
    app.create("seeds", json!({ "owner": other, "title_ja": "他社の膜" }));
    app.create("people", json!({ "name_ja": "甲", "affiliations": [firm] }));
    let members = json!([{ "party": firm, "role": "代表" }, { "party": other, "role": "分担" }]);
    app.create("records", json!({ "title_ja": "共同", "members": members }));
    app.create("needs", json!({ "owner": firm, "title_ja": "匿名の求め", "anonymous": true }));
    let administrator = app.administrator();
    let owner = app.member(&administrator, "owner@example.jp", &firm, "owner");
    let stranger = app.member(&administrator, "stranger@example.jp", &other, "owner");
    let path = format!("/api/v1/organizations/{firm}");
    assert_eq!(app.patch_as(&owner, &path, 1, json!({ "employees": 30 })).status, 200);
    let of = |reader: Option<&Person>| {
        let path = format!("{path}/archive");
        let file = reader.map_or_else(|| app.get(&path), |person| app.get_as(person, &path));
        assert_eq!(file.status, 200, "{}", file.body);
        assert!(file.header("content-type").is_some_and(|kind| kind.starts_with("application/jsonl")));
        (lines(&file), file.body)
    };
    let (whole, text) = of(Some(&owner));
    assert_eq!((&whole[0]["musubi_organization"], &whole[0]["id"]), (&json!(1), &json!(firm)));
    assert_eq!(whole.last(), Some(&json!({ "end": 6 })));
    let kinds: Vec<&str> = whole.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert_eq!(kinds, ["organization", "person", "seed", "seed", "need", "record"]);
    let versions: Vec<(&Value, &Value)> = whole[1]["versions"]
        .as_array()
        .expect("versions")
        .iter()
        .map(|version| (&version["version"], &version["content"]["employees"]))
        .collect();
    assert_eq!(versions, [(&json!(2), &json!(30)), (&json!(1), &Value::Null)]);
    assert!(text.contains("秘密の膜") && text.contains("匿名の求め") && !text.contains("他社の膜"));
    for reader in [Some(&stranger), None] {
        let (seen, text) = of(reader);
        assert_eq!(seen.last(), Some(&json!({ "end": 4 })), "{text}");
        assert!(!text.contains("秘密の膜") && !text.contains("匿名の求め"), "{text}");
        assert!(!text.contains("owner@example.jp"), "who did it is told by role only: {text}");
    }
    assert_eq!(app.patch_as(&owner, &path, 2, json!({ "visibility": "private" })).status, 200);
    app.get_as(&stranger, &format!("{path}/archive")).problem(404, "not-found");
}

/// Every page of a list, so many items at a time.
fn in_pages(app: &TestApp, path: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/api/v1/{path}?limit={limit}{after}"));
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        items.extend(page.json()["items"].as_array().expect("items").iter().cloned());
        let Some(next) = page.json()["next"].as_str().map(str::to_owned) else { return items };
        after = format!("&after={next}");
    }
}

#[test]
fn small_pages_hold_what_one_large_page_holds_also_where_many_share_a_day_or_a_transaction() {
    let hands = Hands::new();
    let world = Arc::new(World::new());
    let settings = auth(&world);
    let app = TestApp::start_at(world, hands.clock(), settings);
    // Two days, and some of the first day expired: after a year they are asked about, after ninety days more they go.
    let early: Vec<String> = (0..7).map(|number| app.firm(&format!("早い{number}"))).collect();
    hands.pass(86_400);
    (0..5).for_each(|number| drop(app.firm(&format!("遅い{number}"))));
    // Names that meet: suggestions by name on several pages.
    for _ in 0..2 {
        (0..5).for_each(|number| drop(app.firm(&format!("同名{number}"))));
    }
    for number in 0..5 {
        let name = format!("設備{number}");
        app.create("capabilities", json!({ "owner": early[0], "capability_kind": "process", "name_ja": name }));
    }
    // One transaction of several lines: what it owns follows where it stands.
    let path = format!("/api/v1/organizations/{}", early[0]);
    assert_eq!(app.patch(&path, "\"1\"", json!({ "municipality": "062014" })).status, 200);
    hands.pass(370 * 86_400);
    for path in ["verifications", "duplicates", "audit"] {
        let whole = in_pages(&app, path, 100);
        assert!(whole.len() >= 5, "{path}: {whole:?}");
        for limit in [1, 2, 3] {
            assert_eq!(in_pages(&app, path, limit), whole, "{path}, {limit} at a time");
        }
    }
    let mut days: Vec<Value> = in_pages(&app, "verifications", 4).iter().map(|it| it["verified_on"].clone()).collect();
    assert_eq!(days.len(), 27, "{days:?}");
    days.dedup();
    assert_eq!(days.len(), 2, "the longest unverified first: {days:?}");
}
