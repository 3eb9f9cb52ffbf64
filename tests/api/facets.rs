//! Counts beside the hits: how long ago something was verified, and fields with everything below them.

use crate::support::{Hands, TestApp, World, auth, encoded};
use diesel::connection::SimpleConnection;
use musubi::feed;
use serde_json::{Value, json};

fn counts(answer: &Value, facet: &str) -> Vec<(String, u64, bool)> {
    let values = answer["facets"][facet].as_array().expect("a facet");
    let value = |value: &Value| {
        let chosen = value["chosen"].as_bool().expect("a truth");
        (value["value"].as_str().expect("a value").to_owned(), value["count"].as_u64().expect("a count"), chosen)
    };
    values.iter().map(value).collect()
}

fn sql(app: &TestApp, text: &str) {
    app.app.database.housekeeping(|conn| Ok(conn.batch_execute(text)?)).expect("SQL");
}

#[test]
fn freshness_is_a_filter_and_a_facet_without_its_own_filter() {
    let (world, hands) = (World::new(), Hands::new());
    let auth = auth(&world);
    let app = TestApp::start_at(world.into(), hands.clock(), auth);
    let old = app.firm("確認精機い");
    hands.pass(400 * 86_400);
    let middle = app.firm("確認精機ろ");
    hands.pass(364 * 86_400);
    let new = app.firm("確認精機は");
    let never = app.firm("確認精機に");
    // Nobody verified this one: it came from an archive of long ago, say.
    sql(&app, &format!("UPDATE things SET verified_on = NULL WHERE id = '{never}'"));
    let before = app.app.feed.status().rebuilds;
    app.app.feed.rebuild_soon();
    assert!(crate::support::wait_until(crate::support::PATIENCE, || app.app.feed.status().rebuilds > before));
    app.settle();
    let word = encoded("確認精機");
    let ask = |more: &str| app.get(&format!("/api/v1/search?q={word}&facet=freshness,kind{more}")).json();
    let scale = |counts: [u64; 4], chosen: [bool; 4]| {
        let names = ["within_year", "within_two_years", "older", "never"];
        let one = |place: usize| (names[place].to_owned(), counts[place], chosen[place]);
        (0..4).map(one).collect::<Vec<_>>()
    };
    let all = ask("");
    assert_eq!(counts(&all, "freshness"), scale([2, 0, 1, 1], [false; 4]));
    let twice = app.get(&format!("/api/v1/search?q={word}&facet=kind,freshness,kind"));
    assert_eq!(twice.body.matches("\"kind\":[").count(), 1, "{}", twice.body);
    assert_eq!(all["facets"]["freshness"][3]["label"], json!({ "ja": "未確認", "en": "Never verified" }));
    let found = |more: &str| {
        let mut found = app.found(&format!("q={word}&{more}"));
        found.sort();
        found
    };
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(found("freshness=within_year"), sorted(vec![middle.clone(), new.clone()]));
    assert_eq!(found("freshness=older,never"), sorted(vec![old.clone(), never.clone()]));
    // Its own filter does not change it; the other facets follow it.
    let chosen = ask("&freshness=within_two_years");
    assert_eq!(counts(&chosen, "freshness"), scale([2, 0, 1, 1], [false, true, false, false]));
    assert_eq!((chosen["total"]["value"].as_u64(), counts(&chosen, "kind").len()), (Some(0), 0));
    assert_eq!(chosen["hints"][0]["filter"], "freshness");
    // A day makes the year full; verifying begins it again.
    hands.pass(86_400);
    assert_eq!(counts(&ask(""), "freshness"), scale([1, 1, 1, 1], [false; 4]));
    let verified = app.post_with(&format!("/api/v1/organizations/{old}/verify"), &[("if-match", "\"1\"")], json!({}));
    assert_eq!(verified.status, 200, "{}", verified.body);
    app.settle();
    assert_eq!(counts(&ask(""), "freshness"), scale([2, 1, 0, 1], [false; 4]));
    app.get("/api/v1/search?freshness=yesterday").problem(422, "invalid");
}

#[test]
fn a_field_counts_with_everything_below_it_and_nothing_twice() {
    let app = TestApp::start();
    // materials and energy lie below manufacturing, measurement below materials.
    sql(
        &app,
        "UPDATE fields SET parent = 'manufacturing' WHERE code IN ('materials', 'energy');
         UPDATE fields SET parent = 'materials' WHERE code = 'measurement';",
    );
    let make = |name: &str, fields: &[&str]| {
        let body = json!({ "organization_kind": "firm", "name_ja": name, "fields": fields });
        app.create("organizations", body)
    };
    let deep = make("計測社", &["measurement"]);
    let two = make("素材環境社", &["materials", "energy"]);
    let top = make("加工社", &["manufacturing", "materials"]);
    let other = make("食品社", &["food"]);
    app.settle();
    let answer = app.get("/api/v1/search?facet=field").json();
    let mut found = counts(&answer, "field");
    found.sort();
    let count = |name: &str, count: u64| (name.to_owned(), count, false);
    assert_eq!(
        found,
        [
            count("energy", 1),
            count("food", 1),
            count("manufacturing", 3),
            count("materials", 3),
            count("measurement", 1)
        ],
        "each thing once at each height"
    );
    let parents: Vec<(&str, &Value)> = answer["facets"]["field"]
        .as_array()
        .expect("values")
        .iter()
        .map(|value| (value["value"].as_str().expect("a value"), &value["parent"]))
        .collect();
    assert!(parents.contains(&("measurement", &json!("materials"))) && parents.contains(&("food", &Value::Null)));
    // The filter takes in what is below, here and in lists; the facet does not follow its own filter.
    let listed = |field: &str| {
        let items = app.get(&format!("/api/v1/organizations?field={field}")).json()["items"].clone();
        let mut ids: Vec<String> = items
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item["id"].as_str().expect("an id").to_owned())
            .collect();
        ids.sort();
        ids
    };
    for (field, wanted) in [
        ("manufacturing", vec![&deep, &two, &top]),
        ("materials", vec![&deep, &two, &top]),
        ("measurement", vec![&deep]),
        ("energy", vec![&two]),
        ("food", vec![&other]),
        ("design", vec![]),
    ] {
        let mut wanted: Vec<String> = wanted.into_iter().cloned().collect();
        wanted.sort();
        let mut found = app.found(&format!("field={field}"));
        found.sort();
        assert_eq!((&found, &listed(field)), (&wanted, &wanted), "{field}");
    }
    let chosen = app.get("/api/v1/search?facet=field&field=design").json();
    let counted = counts(&chosen, "field");
    assert!(counted.contains(&("design".to_owned(), 0, true)), "a chosen value never vanishes: {counted:?}");
    assert!(counted.contains(&("manufacturing".to_owned(), 3, false)));
    assert!(feed::compare(&app.app.database, &app.app.engine).expect("a comparison").is_equal());
}

#[test]
fn own_saved_searches_are_suggested_and_nobody_elses() {
    let app = TestApp::start();
    let admin = app.administrator();
    let other = app.person(&admin, "other@example.jp", &["administrator"]);
    for (name, q) in [("封止の相手", "封止 TRL:>=4"), ("山形の食品", "発酵 封止"), ("ほか", "鋳物")]
    {
        let body = json!({ "name": name, "query": { "q": q } });
        assert_eq!(app.post_as(&admin, "/api/v1/me/saved-searches", body).status, 201);
    }
    let suggested = |bearer: Option<&str>, text: &str| -> Vec<String> {
        let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("authorization", *bearer)).collect();
        let answer = app.get_with(&format!("/api/v1/suggest?q={}", encoded(text)), &headers);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let searches = answer.json()["searches"].as_array().expect("searches").clone();
        searches.iter().map(|search| search["name"].as_str().expect("a name").to_owned()).collect()
    };
    let own = admin.bearer();
    assert_eq!(suggested(Some(&own), "封"), ["封止の相手", "山形の食品"], "what begins with it first");
    assert_eq!(suggested(Some(&own), "ｔｒｌ"), ["封止の相手"]);
    assert!(suggested(Some(&own), "有機").is_empty() && suggested(Some(&own), "").is_empty());
    assert!(suggested(Some(&other.bearer()), "封").is_empty());
    assert!(suggested(None, "封").is_empty());
}
