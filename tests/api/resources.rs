//! What is the same for every kind: register, read, change, delete, list.

use crate::support::TestApp;
use serde_json::{Value, json};

/// A body of each kind with every field filled, for a party and a person that are there.
fn full_bodies(firm: &str, person: &str) -> Vec<(&'static str, Value)> {
    vec![
        (
            "organizations",
            json!({
                "organization_kind": "university", "name_ja": "蔵王工科大学", "name_en": "Zao Institute of Technology",
                "name_kana": "ザオウコウカダイガク", "corporate_number": "8390002001000", "invoice_number": "T8390002001000", "ror": "00xy44n04",
                "municipality": "062014", "postal_code": "990-8570", "address_ja": "山形市一丁目", "address_en": "1 Yamagata",
                "website": "https://zao.example.jp/", "founded": "1949-05-31", "employees": 250, "capital": 10_000_000,
                "industry": "81", "fields": ["organic_electronics", "iot_ai"], "sdgs": [7, 9], "certificates": ["iso9001"],
                "description_ja": "有機エレクトロニクスの研究。\n印刷で作る太陽電池。", "description_en": "Organic electronics.",
                "aliases": ["蔵王工大"], "former_names": ["蔵王高等工業学校"], "successor": firm, "visibility": "members"
            }),
        ),
        (
            "people",
            json!({
                "name_ja": "最上 塗子", "name_en": "Mogami Nuriko", "name_kana": "モガミ ヌリコ",
                "orcid": "0000-0002-1825-0097", "researchmap": "nuriko", "erad": "70123456", "affiliations": [firm],
                "position_ja": "教授", "position_en": "Professor", "municipality": "062022",
                "website": "https://nuriko.example.jp/", "fields": ["organic_electronics"], "sdgs": [9],
                "description_ja": "塗布プロセス", "description_en": "Coating", "aliases": ["塗子"], "visibility": "public"
            }),
        ),
        (
            "capabilities",
            json!({
                "owner": firm, "capability_kind": "equipment", "name_ja": "スリットコーター", "name_en": "Slit coater",
                "description_ja": "幅300mmまで", "description_en": "Up to 300 mm", "evidence_ja": "納入12件",
                "evidence_en": "12 deliveries", "readiness": 8, "trial_use": true, "price_min": 50_000,
                "price_max": 300_000, "certificates": ["iso9001"], "fields": ["organic_electronics"], "sdgs": [9],
                "visibility": "parties"
            }),
        ),
        (
            "seeds",
            json!({
                "owner": person, "title_ja": "塗布型有機太陽電池", "title_en": "Printed organic solar cells",
                "summary_ja": "要約", "summary_en": "Summary", "novelty_ja": "新規性", "novelty_en": "Novelty",
                "applications_ja": "用途", "applications_en": "Applications", "partner_sought_ja": "封止ができる企業",
                "partner_sought_en": "An encapsulation firm", "readiness": 4, "property_status": "filed",
                "patents": ["特願2099-000001"], "offers": ["joint_research", "licence"], "cost_min": 0,
                "cost_max": 5_000_000, "time_scale_months": 18, "contact": person, "fields": ["energy"], "sdgs": [7],
                "visibility": "private"
            }),
        ),
        (
            "needs",
            json!({
                "owner": firm, "title_ja": "屋外で試したい", "title_en": "Outdoor trial", "summary_ja": "要約",
                "summary_en": "Summary", "purposes": ["joint_research", "trial_manufacture"],
                "lines": [
                    { "strength": "must", "text_ja": "封止ができる", "text_en": "Can encapsulate", "condition": null },
                    { "strength": "must", "text_ja": null, "text_en": null,
                      "condition": { "field": "municipality", "operator": "any_of", "values": ["062014"] } },
                    { "strength": "exclude", "text_ja": null, "text_en": null,
                      "condition": { "field": "employees", "operator": "at_least", "values": ["300"] } }
                ],
                "budget_min": 100_000, "budget_max": 200_000, "deadline": "2027-03", "anonymous": true,
                "fields": ["energy"], "sdgs": [7], "visibility": "public"
            }),
        ),
        (
            "records",
            json!({
                "record_kind": "grant", "title_ja": "共同研究の記録", "title_en": "A record", "text_ja": "本文",
                "text_en": "Text", "happened_on": "FY2024",
                "members": [{ "party": firm, "role": "代表" }, { "party": person, "role": null }],
                "amount": 3_000_000, "number": "99K00001", "kaken": "99K00001", "patent": "特許第99000017号", "website": "https://record.example.jp/",
                "fields": ["energy"], "visibility": "public"
            }),
        ),
    ]
}

fn with_party_and_person(app: &TestApp) -> (String, String) {
    let firm = app.firm("置賜塗装");
    let person = app.create("people", json!({ "name_ja": "白鷹 花子" }));
    (firm, person)
}

#[test]
fn every_field_of_every_kind_comes_back_as_it_was_sent() {
    let app = TestApp::start();
    let (firm, person) = with_party_and_person(&app);
    for (plural, body) in full_bodies(&firm, &person) {
        let created = app.post(&format!("/api/v1/{plural}"), body.clone());
        assert_eq!(created.status, 201, "{plural}: {}", created.body);
        let location = created.header("location").expect("a location").to_owned();
        let read = app.get(&location);
        assert_eq!(read.body, created.body, "{plural}");
        assert_eq!(read.header("etag"), Some("\"1\""));
        let read = read.json();
        for (name, value) in body.as_object().expect("an object") {
            assert_eq!(&read[name], value, "{plural} {name}");
        }
        let sent = body.as_object().expect("an object").len();
        assert_eq!(read.as_object().expect("an object").len(), sent + 6, "{plural}: every field was sent");
        assert_eq!(read["status"], "published");
        assert_eq!(app.get_with(&location, &[("if-none-match", "\"1\"")]).status, 304);
    }
}

#[test]
fn a_patch_tells_absent_from_null_from_a_value() {
    let app = TestApp::start();
    let (firm, person) = with_party_and_person(&app);
    for (plural, body) in full_bodies(&firm, &person) {
        let id = app.create(plural, body.clone());
        let path = format!("/api/v1/{plural}/{id}");
        let before = app.get(&path).json();
        let title = if body.get("title_en").is_some() { "title_en" } else { "name_en" };

        let same = app.patch(&path, "\"1\"", json!({}));
        assert_eq!((same.status, same.header("etag")), (200, Some("\"1\"")), "{plural}: nothing changed");

        let changed = app.patch(&path, "\"1\"", json!({ (title): "Changed" }));
        assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")), "{}", changed.body);
        let after = changed.json();
        assert_eq!(after[title], "Changed");

        let mistyped = app.patch(&path, "\"2\"", json!({ "no_such_name": null }));
        assert_eq!(mistyped.problem(422, "invalid")["errors"][0]["pointer"], "/no_such_name", "{plural}");
        let cleared = app.patch(&path, "\"2\"", json!({ (title): null }));
        assert_eq!(cleared.json()[title], Value::Null, "{plural}");
        for (name, value) in before.as_object().expect("an object") {
            if ![title, "version", "updated_at"].contains(&name.as_str()) {
                assert_eq!(&cleared.json()[name], value, "{plural} {name} stays");
            }
        }
        assert_eq!(app.get(&path).body, cleared.body);
    }
}

#[test]
fn a_change_needs_the_version_that_was_read() {
    let app = TestApp::start();
    let path = format!("/api/v1/organizations/{}", app.firm("長井精機"));
    app.patch_with(&path, &[], json!({ "employees": 3 })).problem(428, "precondition-required");
    assert_eq!(app.patch(&path, "\"1\"", json!({ "employees": 3 })).status, 200);
    let late = app.patch(&path, "\"1\"", json!({ "employees": 4 })).problem(412, "stale");
    assert_eq!(late["current_version"], 2);
    app.patch(&path, "1", json!({ "employees": 4 })).problem(400, "if-match");
    app.delete(&path, &[]).problem(428, "precondition-required");
    app.delete(&path, &[("if-match", "\"1\"")]).problem(412, "stale");
    assert_eq!(app.get(&path).json()["employees"], 3);
    assert_eq!(app.delete(&path, &[("if-match", "\"2\"")]).status, 204);
    app.get(&path).problem(404, "not-found");
    app.delete(&path, &[("if-match", "\"3\"")]).problem(404, "not-found");
}

#[test]
fn what_others_refer_to_cannot_be_deleted() {
    let app = TestApp::start();
    let firm = app.firm("庄内めっき");
    let capability = app.create(
        "capabilities",
        json!({ "owner": firm, "capability_kind": "process", "name_ja": "無電解ニッケルめっき" }),
    );
    let path = format!("/api/v1/organizations/{firm}");
    app.delete(&path, &[("if-match", "\"1\"")]).problem(409, "referenced");
    assert_eq!(app.delete(&format!("/api/v1/capabilities/{capability}"), &[("if-match", "\"1\"")]).status, 204);
    assert_eq!(app.delete(&path, &[("if-match", "\"1\"")]).status, 204);
}

#[test]
fn a_creation_under_a_key_happens_once() {
    let app = TestApp::start();
    let body = json!({ "organization_kind": "firm", "name_ja": "一度だけ" });
    let first = app.post_with("/api/v1/organizations", &[("idempotency-key", "k1")], body.clone());
    let again = app.post_with("/api/v1/organizations", &[("idempotency-key", "k1")], body.clone());
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("musubi-sequence"), first.header("musubi-sequence"));
    assert_eq!(again.header("location"), first.header("location"));
    let other = json!({ "organization_kind": "firm", "name_ja": "別の会社" });
    let refused = app.post_with("/api/v1/organizations", &[("idempotency-key", "k1")], other);
    assert_eq!(refused.problem(422, "invalid")["errors"][0]["code"], "idempotency.other_body");
    assert_eq!(app.post_with("/api/v1/organizations", &[("idempotency-key", "k2")], body).status, 201);
    assert_eq!(app.get("/api/v1/organizations").json()["items"].as_array().expect("items").len(), 2);
    app.post_with("/api/v1/organizations", &[("idempotency-key", "")], json!({})).problem(422, "invalid");
}

#[test]
fn every_refused_value_is_named_at_once_and_nothing_is_saved() {
    let app = TestApp::start();
    let refused = app.post(
        "/api/v1/organizations",
        json!({
            "organization_kind": "shop", "name_ja": "", "corporate_number": "8390002001001", "municipality": "062015",
            "employees": -1, "sdgs": [1, 18], "colour": "red", "version": 7, "fields": ["organic_electronics"]
        }),
    );
    let body = refused.problem(422, "invalid");
    let mut found: Vec<(String, String)> = body["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| (error["pointer"].as_str().unwrap().to_owned(), error["code"].as_str().unwrap().to_owned()))
        .collect();
    found.sort();
    let expected = [
        ("/colour", "name.unknown"),
        ("/corporate_number", "corporate_number.check_digit"),
        ("/employees", "headcount.range"),
        ("/municipality", "municipality.check_digit"),
        ("/name_ja", "text.empty"),
        ("/organization_kind", "value.not_in_list"),
        ("/sdgs/1", "sdg.range"),
        ("/version", "name.set_by_service"),
    ];
    assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));

    let unknown = json!({ "organization_kind": "firm", "name_ja": "x", "municipality": "132012", "fields": ["magic"] });
    let body = app.post("/api/v1/organizations", unknown).problem(422, "invalid");
    assert_eq!(body["errors"][0]["code"], "municipality.unknown");
    assert_eq!(body["errors"][1]["pointer"], "/fields/0");
    let nobody = json!({
        "owner": "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d", "capability_kind": "process", "name_ja": "x"
    });
    let body = app.post("/api/v1/capabilities", nobody).problem(422, "invalid");
    assert_eq!(body["errors"][0]["pointer"], "/owner");
    assert!(app.get("/api/v1/organizations").json()["items"].as_array().expect("items").is_empty());
}

#[test]
fn hostile_bodies_are_refused_and_the_service_lives() {
    let app = TestApp::start();
    let path = "/api/v1/organizations";
    app.post_bytes(path, &[], b"{\"name_ja\": \"\xff\xfe\"}").problem(400, "json");
    app.post_bytes(path, &[], b"{").problem(400, "json");
    app.post_bytes(path, &[], b"").problem(400, "json");
    app.post_bytes(path, &[], b"[]").problem(422, "invalid");
    app.post_bytes(path, &[], "[".repeat(60_000).as_bytes()).problem(400, "json");
    app.post_bytes(path, &[("content-type", "text/plain")], b"{}").problem(415, "unsupported-media-type");
    app.post_bytes(path, &[], &vec![b' '; 10 * 1024 * 1024]).problem(413, "too-large");
    let nul = json!({ "organization_kind": "firm", "name_ja": "a\u{0}b" });
    assert_eq!(app.post(path, nul).problem(422, "invalid")["errors"][0]["code"], "text.control_character");
    app.post_bytes(path, &[], br#"{"organization_kind": "firm", "name_ja": "\ud800"}"#).problem(400, "json");
    app.get("/api/v1/organizations/../../etc").problem(404, "not-found");
    app.get("/api/v1/organizations/%00").problem(404, "not-found");
    app.get("/nothing").problem(404, "not-found");
    app.get("/api/v1/nothing").problem(404, "not-found");
    app.delete("/api/v1/organizations", &[]).problem(405, "method-not-allowed");
    assert!(app.get(path).json()["items"].as_array().expect("items").is_empty());
    assert_eq!(app.get("/health/live").status, 200);
}

#[test]
fn a_problem_speaks_the_language_of_its_reader() {
    let app = TestApp::start();
    let problem = |languages: &str| {
        app.get_with("/api/v1/organizations/x", &[("accept-language", languages)]).problem(404, "not-found")["detail"]
            .clone()
    };
    assert_eq!(problem("en-GB,en;q=0.9,ja;q=0.2"), "There is no such thing.");
    assert_eq!(problem("ja,en;q=0.5"), "見つかりません。");
    assert_eq!(problem("fr"), "見つかりません。");
}

#[test]
fn lists_come_in_keyset_pages_by_reading() {
    let app = TestApp::start();
    let names: Vec<String> = (0..25).map(|number| format!("会社{number:02}")).collect();
    for name in names.iter().rev() {
        app.create(
            "organizations",
            json!({ "organization_kind": "firm", "name_ja": format!("株式会社 {name}"), "name_kana": name }),
        );
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/organizations?limit=10".to_owned();
    loop {
        let page = app.get(&path);
        let body = page.json();
        seen.extend(body["items"].as_array().expect("items").iter().map(|item| item["name_kana"].clone()));
        match body["next"].as_str() {
            None => {
                assert!(page.header("link").is_none());
                break;
            }
            Some(next) => {
                let link = page.header("link").expect("a link");
                path = link[1..link.find('>').expect("an end")].to_owned();
                assert!(path.ends_with(&format!("after={next}")) && link.ends_with("rel=\"next\""), "{link}");
            }
        }
    }
    assert_eq!(seen, names, "each once, in order of the reading");

    let first = app.get("/api/v1/organizations?limit=1").json();
    let cursor = first["next"].as_str().expect("a cursor");
    app.get(&format!("/api/v1/organizations?sort=updated&after={cursor}")).problem(400, "cursor");
    app.get(&format!("/api/v1/organizations?after={}0", &cursor[..cursor.len() - 1])).problem(400, "cursor");
    app.get("/api/v1/organizations?after=%E3%81%82").problem(400, "cursor");
    app.get("/api/v1/organizations?limit=0").problem(400, "page-limit");
    app.get("/api/v1/organizations?limit=101").problem(400, "page-limit");
    app.get("/api/v1/organizations?limit=many").problem(400, "query-parameter");
    app.get("/api/v1/organizations?color=red").problem(400, "query-parameter");
    app.get("/api/v1/organizations?sort=size").problem(422, "invalid");
}

#[test]
fn lists_are_narrowed_by_owner_place_field_and_kind() {
    let app = TestApp::start();
    let here = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "山形の会社", "municipality": "062014", "fields": ["food"] }),
    );
    let there = app.create(
        "organizations",
        json!({ "organization_kind": "university", "name_ja": "東京の大学", "municipality": "130001" }),
    );
    let skill = |owner: &str| {
        app.create("capabilities", json!({ "owner": owner, "capability_kind": "process", "name_ja": "発酵" }))
    };
    let (of_here, of_there) = (skill(&here), skill(&there));
    let record = app.create("records", json!({ "title_ja": "共同開発", "members": [{ "party": there }] }));
    let ids = |path: &str| -> Vec<String> {
        let body = app.get(path).json();
        body["items"].as_array().expect("items").iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&format!("/api/v1/capabilities?owner={here}")), std::slice::from_ref(&of_here));
    assert_eq!(
        ids("/api/v1/capabilities?municipality=060003"),
        std::slice::from_ref(&of_here),
        "a prefecture takes in its cities"
    );
    assert_eq!(ids("/api/v1/capabilities?organization_kind=university"), [of_there]);
    assert_eq!(ids("/api/v1/organizations?field=food"), std::slice::from_ref(&here));
    assert_eq!(ids("/api/v1/organizations?municipality=062014,130001").len(), 2);
    assert_eq!(ids(&format!("/api/v1/records?member={there}")), [record]);
    assert!(ids(&format!("/api/v1/records?member={here}")).is_empty());
}

#[test]
fn a_registered_number_is_not_registered_twice() {
    let app = TestApp::start();
    let body = json!({ "organization_kind": "firm", "name_ja": "元の会社", "corporate_number": "8390002001000" });
    let first = app.create("organizations", body.clone());
    let refused = app.post("/api/v1/organizations", body).problem(409, "already-exists");
    assert!(refused["detail"].as_str().expect("text").contains("元の会社"), "{refused}");
    let path = format!("/api/v1/organizations/{first}");
    assert_eq!(app.patch(&path, "\"1\"", json!({ "corporate_number": null })).status, 200);
    assert_eq!(app.patch(&path, "\"2\"", json!({ "corporate_number": "8390002001000" })).status, 200);
}
