//! Two registrations of one organisation: suggested, made one with everything that names them, and parted again.

use crate::support::people::Person;
use crate::support::{Dice, TestApp, encoded, number};
use musubi::store::check;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const KINDS: [&str; 6] = ["organizations", "people", "capabilities", "seeds", "needs", "records"];

/// Everything, without what every write moves on.
fn world(app: &TestApp, administrator: &Person) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for plural in KINDS {
        for mut item in app.get_as(administrator, &format!("/api/v1/{plural}?limit=100")).json()["items"]
            .as_array()
            .expect("items")
            .clone()
        {
            let fields = item.as_object_mut().expect("fields");
            fields.remove("version");
            fields.remove("updated_at");
            all.insert(fields["id"].as_str().expect("an id").to_owned(), item);
        }
    }
    all
}

fn is_whole(app: &TestApp) {
    let mut faults = Vec::new();
    check::check(&app.app.database, &mut |fault| faults.push(fault)).expect("a check");
    assert!(faults.is_empty(), "{faults:?}");
    app.is_index_whole();
}

fn merge(app: &TestApp, person: &Person, from: &str, into: &str) -> crate::support::Response {
    let path = format!("/api/v1/organizations/{from}");
    let version = app.get_as(person, &path).json()["version"].as_i64().unwrap_or(1);
    app.step(person, &path, "merge", version, json!({ "into": into }))
}

fn unmerge(app: &TestApp, person: &Person, id: &str) -> crate::support::Response {
    app.post_as(person, &format!("/api/v1/organizations/{id}/unmerge"), json!({}))
}

#[test]
fn everything_that_names_the_one_names_the_other_and_back() {
    let app = TestApp::start();
    let one = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "（株）最上めっき", "corporate_number": "8390002001000" }),
    );
    let two = app.firm("最上めっき株式会社");
    let third =
        app.create("organizations", json!({ "organization_kind": "firm", "name_ja": "旧最上", "successor": one }));
    let capability =
        app.create("capabilities", json!({ "owner": one, "capability_kind": "process", "name_ja": "qazuplating" }));
    let seed = app.create("seeds", json!({ "owner": one, "title_ja": "膜" }));
    let need = app.create("needs", json!({ "owner": one, "title_ja": "求む", "anonymous": true }));
    let employee = app.create("people", json!({ "name_ja": "甲", "affiliations": [one] }));
    let between = app.create("people", json!({ "name_ja": "乙", "affiliations": [two, one] }));
    let alone = json!({ "title_ja": "単独", "members": [{ "party": one, "role": "代表" }] });
    let alone = app.create("records", alone);
    let shared =
        json!({ "title_ja": "共同", "members": [{ "party": one, "role": "代表" }, { "party": two, "role": "分担" }] });
    let shared = app.create("records", shared);
    let administrator = app.administrator();
    let coordinator = app.person(&administrator, "coordinator@example.jp", &["coordinator"]);
    let owner = app.member(&administrator, "owner@example.jp", &one, "owner");
    let both = app.member(&administrator, "both@example.jp", &two, "reader");
    let code = app.invited(&administrator, json!({ "email": "both@example.jp", "party": one, "right": "editor" }));
    app.post("/api/v1/invitations/accept", json!({ "code": code }));
    app.invited(&administrator, json!({ "email": "late@example.jp", "party": one, "right": "reader" }));
    app.put_as(&coordinator, &format!("/api/v1/organizations/{one}/trust"));
    let before = world(&app, &administrator);
    let path = format!("/api/v1/organizations/{one}");

    // They are suggested, to those who can do something about it.
    let suggested = app.get_as(&coordinator, "/api/v1/duplicates").json();
    assert_eq!(suggested["items"].as_array().unwrap().len(), 1, "{suggested}");
    assert_eq!(suggested["items"][0]["reason"], "name");
    app.get("/api/v1/duplicates").problem(401, "unauthenticated");
    app.get_as(&owner, "/api/v1/duplicates").problem(403, "forbidden");

    for person in [&coordinator, &owner, &both] {
        merge(&app, person, &one, &two).problem(403, "forbidden");
        unmerge(&app, person, &one).problem(403, "forbidden");
    }
    unmerge(&app, &administrator, &one).problem(404, "not-found");
    app.step(&administrator, &path, "merge", 9, json!({ "into": two })).problem(412, "stale");
    for wrong in [&one, &capability, &"0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d".to_owned()] {
        merge(&app, &administrator, &one, wrong).problem(422, "invalid");
    }
    assert_eq!(world(&app, &administrator), before);

    let merged = merge(&app, &administrator, &one, &two);
    assert_eq!(merged.status, 200, "{}", merged.body);
    let counts = merged.json();
    assert_eq!((&counts["things"], &counts["memberships"], &counts["references"]), (&json!(8), &json!(2), &json!(1)));
    let gone = app.get(&path);
    gone.problem(410, "merged");
    assert_eq!(gone.header("location"), Some(format!("/api/v1/organizations/{two}").as_str()));
    let get = |plural: &str, id: &str| app.get_as(&administrator, &format!("/api/v1/{plural}/{id}")).json();
    for (plural, id) in [("capabilities", &capability), ("seeds", &seed), ("needs", &need)] {
        assert_eq!(get(plural, id)["owner"], json!(two));
    }
    assert_eq!(app.get(&format!("/api/v1/needs/{need}")).json()["owner"], Value::Null, "still anonymous");
    assert_eq!(get("people", &employee)["affiliations"], json!([two]));
    assert_eq!(get("people", &between)["affiliations"], json!([two]));
    assert_eq!(get("records", &alone)["members"], json!([{ "party": two, "role": "代表" }]));
    assert_eq!(get("records", &shared)["members"], json!([{ "party": two, "role": "分担" }]));
    assert_eq!(get("organizations", &third)["successor"], json!(two));
    // The number leads to the one that stayed, and nobody else can take it.
    let taken = json!({ "organization_kind": "firm", "name_ja": "別", "corporate_number": "8390002001000" });
    app.post_as(&administrator, "/api/v1/organizations", taken).problem(409, "already-exists");
    // Members act for it at once; whoever was a member of both is what they were there.
    assert_eq!(
        app.get_as(&owner, "/api/v1/me").json()["memberships"][0]["party"]["id"]
            .as_str()
            .or(app.get_as(&owner, "/api/v1/me").json()["memberships"][0]["party"].as_str()),
        Some(two.as_str())
    );
    assert_eq!(app.get_as(&owner, &format!("/api/v1/needs/{need}")).json()["owner"], json!(two));
    let memberships = app.get_as(&both, "/api/v1/me").json()["memberships"].clone();
    assert_eq!(memberships.as_array().unwrap().len(), 1, "{memberships}");
    assert_eq!(memberships[0]["right"], "reader");
    is_whole(&app);
    app.settle();
    assert_eq!(app.found(&format!("q=qazuplating&owner={two}")), std::slice::from_ref(&capability));

    let parted = unmerge(&app, &administrator, &one);
    assert_eq!(parted.status, 200, "{}", parted.body);
    assert_eq!(parted.json()["left"], json!([]));
    assert_eq!(world(&app, &administrator), before, "as if nothing had been");
    assert_eq!(app.get(&path).status, 200);
    assert_eq!(app.get_as(&owner, &format!("{path}/trust")).json()["trusted"], true);
    assert_eq!(app.get_as(&both, "/api/v1/me").json()["memberships"].as_array().unwrap().len(), 2);
    let invitations = app.get_as(&administrator, "/api/v1/invitations").body;
    assert!(invitations.contains(&one), "{invitations}");
    unmerge(&app, &administrator, &one).problem(404, "not-found");
    let history = app.get(&format!("{path}/history")).json();
    assert_eq!(history["items"][0]["action"], "unmerge");
    is_whole(&app);
    assert_eq!(app.app.database.read(crate::support::first_broken_link).expect("the log"), None);
}

#[test]
fn what_was_changed_meanwhile_keeps_its_change() {
    let app = TestApp::start();
    let (one, two, third) = (app.firm("甲"), app.firm("乙"), app.firm("丙"));
    let capability =
        |name: &str| app.create("capabilities", json!({ "owner": one, "capability_kind": "process", "name_ja": name }));
    let (kept, moved, deleted) = (capability("残る"), capability("移る"), capability("消える"));
    let shared = json!({ "title_ja": "共同", "members": [{ "party": one }, { "party": two }] });
    let shared = app.create("records", shared);
    let administrator = app.administrator();
    assert_eq!(merge(&app, &administrator, &one, &two).status, 200);
    let path = |id: &str| format!("/api/v1/capabilities/{id}");
    assert_eq!(app.patch_as(&administrator, &path(&kept), 2, json!({ "name_en": "Kept" })).status, 200);
    assert_eq!(app.patch_as(&administrator, &path(&moved), 2, json!({ "owner": third })).status, 200);
    let headers = [("authorization", administrator.bearer()), ("if-match", "\"2\"".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(app.delete(&path(&deleted), &headers).status, 204);
    let record = format!("/api/v1/records/{shared}");
    assert_eq!(app.patch_as(&administrator, &record, 2, json!({ "title_en": "Joint" })).status, 200);
    let parted = unmerge(&app, &administrator, &one);
    let mut left: Vec<String> = serde_json::from_value(parted.json()["left"].clone()).expect("ids");
    left.sort();
    let mut expected = vec![moved.clone(), shared.clone()];
    expected.sort();
    assert_eq!(left, expected, "{}", parted.body);
    let get = |path: &str| app.get_as(&administrator, path).json();
    assert_eq!((&get(&path(&kept))["owner"], &get(&path(&kept))["name_en"]), (&json!(one), &json!("Kept")));
    assert_eq!(get(&path(&moved))["owner"], json!(third));
    assert_eq!(get(&record)["members"].as_array().unwrap().len(), 1, "nobody can tell: it says so and leaves it");
    is_whole(&app);
}

#[test]
fn the_way_to_what_is_left_leads_over_every_merge_and_tells_nothing_hidden() {
    let app = TestApp::start();
    let (one, two, three) = (app.firm("甲"), app.firm("乙"), app.firm("丙"));
    let hidden = json!({ "organization_kind": "firm", "name_ja": "隠", "visibility": "private" });
    let hidden = app.create("organizations", hidden);
    let administrator = app.administrator();
    assert_eq!(merge(&app, &administrator, &one, &two).status, 200);
    assert_eq!(merge(&app, &administrator, &two, &three).status, 200);
    let address = |id: &str| app.get(&format!("/api/v1/organizations/{id}")).header("location").map(str::to_owned);
    assert_eq!(address(&one), Some(format!("/api/v1/organizations/{three}")));
    assert_eq!(address(&two), Some(format!("/api/v1/organizations/{three}")));
    // Undone in the order of the last first.
    unmerge(&app, &administrator, &one).problem(409, "merge.moved_on");
    assert_eq!(unmerge(&app, &administrator, &two).status, 200);
    assert_eq!(address(&one), Some(format!("/api/v1/organizations/{two}")));
    assert_eq!(unmerge(&app, &administrator, &one).status, 200);
    // A private one that was merged: nobody else hears that it was, nor where it went.
    assert_eq!(merge(&app, &administrator, &hidden, &three).status, 200);
    app.get(&format!("/api/v1/organizations/{hidden}")).problem(404, "not-found");
    assert_eq!(unmerge(&app, &administrator, &hidden).status, 200);
    // Nor does a public one lead to a private one.
    assert_eq!(merge(&app, &administrator, &one, &hidden).status, 200);
    app.get(&format!("/api/v1/organizations/{one}")).problem(404, "not-found");
    app.get_as(&administrator, &format!("/api/v1/organizations/{one}")).problem(410, "merged");
    is_whole(&app);
}

/// What is left of a field after a merge: what the merged one said, and what the other one says.
fn left_of(answer: &Value, field: &str) -> Option<(Value, Value)> {
    let left = answer["left"].as_array().expect("left").iter().find(|left| left["field"] == field)?;
    Some((left["merged"].clone(), left["survivor"].clone()))
}

#[test]
fn names_of_the_merged_one_are_names_of_the_other_and_what_both_say_is_told() {
    let app = TestApp::start();
    let one = app.create(
        "organizations",
        json!({
            "organization_kind": "firm", "name_ja": "最上鍍金工業所", "name_en": "Qazmogami Plating", "name_kana": "モガミメッキ",
            "aliases": ["もがみ工房", "両方の別名"], "former_names": ["旧最上屋"], "corporate_number": "8390002001000",
            "description_ja": "片方だけの説明", "founded": "1950", "employees": 12, "municipality": "062014",
            "fields": ["food"],
        }),
    );
    let two = app.create(
        "organizations",
        json!({
            "organization_kind": "firm", "name_ja": "最上めっき", "aliases": ["両方の別名"], "employees": 30, "postal_code": "990-8570",
            "visibility": "public",
        }),
    );
    let administrator = app.administrator();
    let before = world(&app, &administrator);
    let merged = merge(&app, &administrator, &one, &two);
    assert_eq!(merged.status, 200, "{}", merged.body);
    let path = format!("/api/v1/organizations/{two}");
    let now = app.get(&path).json();
    assert_eq!(
        now["aliases"],
        json!(["両方の別名", "最上鍍金工業所", "Qazmogami Plating", "モガミメッキ", "もがみ工房"])
    );
    assert_eq!(now["former_names"], json!(["旧最上屋"]));
    // What it lacked was filled in; what both say, numbers, and half of an address are told instead.
    assert_eq!(
        (&now["description_ja"], &now["founded"], &now["fields"]),
        (&json!("片方だけの説明"), &json!("1950"), &json!(["food"]))
    );
    let answer = merged.json();
    assert_eq!(left_of(&answer, "employees"), Some((json!(12), json!(30))), "{answer}");
    assert_eq!(left_of(&answer, "corporate_number"), Some((json!("8390002001000"), Value::Null)), "{answer}");
    assert_eq!(left_of(&answer, "municipality"), Some((json!("062014"), Value::Null)), "{answer}");
    assert_eq!(answer["left"].as_array().unwrap().len(), 3, "{answer}");
    app.settle();
    for name in ["qazmogami", "最上鍍金工業所", "旧最上屋"] {
        assert_eq!(app.found(&format!("q={}", encoded(name))).first(), Some(&two), "{name}");
    }
    is_whole(&app);
    assert_eq!(unmerge(&app, &administrator, &one).status, 200);
    assert_eq!(world(&app, &administrator), before);
    app.settle();
    assert_eq!(app.found("q=qazmogami"), std::slice::from_ref(&one));
    is_whole(&app);
}

#[test]
fn parting_takes_back_what_was_given_and_nothing_else() {
    let app = TestApp::start();
    let firm = |name: &str, more: Value| {
        let mut body = json!({ "organization_kind": "firm", "name_ja": name });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        app.create("organizations", body)
    };
    let one = firm("甲商店", json!({ "aliases": ["共通名", "再び"], "description_ja": "甲の説明", "capital": 5 }));
    let two = firm("乙商店", json!({}));
    let third = firm("丙商店", json!({ "aliases": ["共通名"], "former_names": ["旧丙"] }));
    let hidden = firm("隠商店", json!({ "visibility": "private", "description_en": "canaryhidden" }));
    let administrator = app.administrator();
    let path = format!("/api/v1/organizations/{two}");
    let now = || app.get_as(&administrator, &path).json();
    let write = |body: Value| {
        let version = now()["version"].as_i64().unwrap();
        assert_eq!(app.patch_as(&administrator, &path, version, body).status, 200);
    };
    assert_eq!(merge(&app, &administrator, &one, &two).status, 200);
    assert_eq!(merge(&app, &administrator, &third, &two).status, 200);
    assert_eq!(now()["aliases"], json!(["甲商店", "共通名", "再び", "丙商店"]));
    // Somebody takes one away and gives it again: it is theirs now, as is the description that they mended.
    write(json!({ "aliases": ["甲商店", "共通名", "丙商店"], "description_ja": "直した説明" }));
    write(json!({ "aliases": ["甲商店", "共通名", "丙商店", "再び", "新しい"] }));
    // What fewer people could see is not spread by a merge.
    let merged = merge(&app, &administrator, &hidden, &two);
    assert!(left_of(&merged.json(), "name_ja").is_some() && left_of(&merged.json(), "description_en").is_some());
    assert!(!now().to_string().contains("隠商店") && !now().to_string().contains("canaryhidden"));
    assert_eq!(unmerge(&app, &administrator, &hidden).status, 200);

    assert_eq!(unmerge(&app, &administrator, &one).status, 200);
    assert_eq!(now()["aliases"], json!(["共通名", "丙商店", "再び", "新しい"]), "the other merge brought one, too");
    assert_eq!((&now()["description_ja"], &now()["capital"]), (&json!("直した説明"), &Value::Null));
    assert_eq!(unmerge(&app, &administrator, &third).status, 200);
    assert_eq!((&now()["aliases"], &now()["former_names"]), (&json!(["再び", "新しい"]), &json!([])));
    is_whole(&app);
}

/// In worlds thrown together at random, merging and parting again changes nothing.
#[test]
fn merging_and_parting_is_no_change_in_any_world() {
    let first = number("MERGE_SEED", 1);
    for seed in first..first + number("MERGE_SEEDS", 4) {
        let app = TestApp::start();
        let mut dice = Dice::new(seed);
        let mut firms: Vec<String> = Vec::new();
        for place in 0..4 {
            let successor = if firms.is_empty() || dice.once_in(2) { Value::Null } else { json!(dice.pick(&firms)) };
            let body = json!({ "organization_kind": "firm", "name_ja": format!("{place}社"), "successor": successor });
            firms.push(app.create("organizations", body));
        }
        for place in 0..14 {
            let some = |dice: &mut Dice| -> Vec<String> {
                let count = 1 + dice.below(3);
                let mut some: Vec<String> = (0..count).map(|_| dice.pick(&firms).clone()).collect();
                some.sort();
                some.dedup();
                some
            };
            let owner = dice.pick(&firms).clone();
            match dice.below(4) {
                0 => app.create("needs", json!({ "owner": owner, "title_ja": format!("求む{place}") })),
                1 => app.create(
                    "seeds",
                    json!({ "owner": owner, "title_ja": format!("種{place}"), "visibility": "private" }),
                ),
                2 => app.create("people", json!({ "name_ja": format!("人{place}"), "affiliations": some(&mut dice) })),
                _ => {
                    let members: Vec<Value> =
                        some(&mut dice).into_iter().map(|party| json!({ "party": party })).collect();
                    app.create("records", json!({ "title_ja": format!("実績{place}"), "members": members }))
                }
            };
        }
        let administrator = app.administrator();
        let before = world(&app, &administrator);
        let (one, other) = (dice.pick(&firms).clone(), dice.pick(&firms).clone());
        if one == other {
            continue;
        }
        assert_eq!(merge(&app, &administrator, &one, &other).status, 200, "seed {seed}");
        let names_it = world(&app, &administrator).values().any(|thing| thing.to_string().contains(&one));
        assert!(!names_it, "seed {seed}");
        is_whole(&app);
        let parted = unmerge(&app, &administrator, &one);
        assert_eq!(parted.status, 200, "seed {seed}: {}", parted.body);
        assert_eq!(world(&app, &administrator), before, "seed {seed}");
        is_whole(&app);
    }
}

#[test]
fn duplicates_are_suggested_by_number_and_by_name_where_nothing_tells_them_apart() {
    let app = TestApp::start();
    let make = |body: Value| {
        let mut body = body;
        body["organization_kind"] = json!("firm");
        app.create("organizations", body)
    };
    let same = [
        make(json!({ "name_ja": "株式会社 山形精機", "municipality": "062014" })),
        make(json!({ "name_ja": "山形精機（株）" })),
    ];
    // Another place, another number: others of the same name.
    make(json!({ "name_ja": "山形精機", "municipality": "062022", "corporate_number": "8390002001000" }));
    let numbers = [
        make(json!({ "name_ja": "甲", "invoice_number": "T1390001000018" })),
        make(json!({ "name_ja": "乙", "corporate_number": "1390001000018" })),
    ];
    make(json!({ "name_ja": "丙", "corporate_number": "3390005000061" }));
    let names = [make(json!({ "name_ja": "丁", "former_names": ["有限会社戊"] })), make(json!({ "name_ja": "戊" }))];
    let page = app.get("/api/v1/duplicates?limit=100").json();
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for item in page["items"].as_array().unwrap() {
        let organizations = item["organizations"].as_array().unwrap().iter();
        let mut ids: Vec<String> = organizations.map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        found.push((item["reason"].as_str().unwrap().to_owned(), ids));
    }
    let sorted = |reason: &str, ids: &[String]| {
        let mut ids = ids.to_vec();
        ids.sort();
        (reason.to_owned(), ids)
    };
    assert!(found.contains(&sorted("number", &numbers)), "{page}");
    assert!(found.contains(&sorted("name", &names)), "{page}");
    let yamagata: Vec<_> = found.iter().filter(|(_, ids)| ids.contains(&same[0])).collect();
    assert_eq!(yamagata.len(), 1, "{page}");
    assert!(yamagata[0].1.contains(&same[1]), "{page}");
    // One at a time is the same list.
    let mut one_by_one = 0;
    let mut next = "/api/v1/duplicates?limit=1".to_owned();
    loop {
        let page = app.get(&next).json();
        one_by_one += page["items"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(cursor) => next = format!("/api/v1/duplicates?limit=1&after={cursor}"),
            None => break,
        }
    }
    assert_eq!(one_by_one, found.len());
    // A corrected name is no duplicate any more.
    let path = format!("/api/v1/organizations/{}", names[1]);
    assert_eq!(app.patch(&path, "\"1\"", json!({ "name_ja": "己" })).status, 200);
    assert_eq!(app.get("/api/v1/duplicates?limit=100").json()["items"].as_array().unwrap().len(), found.len() - 1);
}

#[test]
fn a_profile_holds_what_the_caller_may_see() {
    let app = TestApp::start();
    let (firm, partner) = (app.firm("最上めっき"), app.firm("庄内鋳造"));
    let hidden = json!({ "organization_kind": "firm", "name_ja": "隠れた相手", "visibility": "private" });
    let hidden = app.create("organizations", hidden);
    app.create("capabilities", json!({ "owner": firm, "capability_kind": "process", "name_ja": "めっき" }));
    app.create("seeds", json!({ "owner": firm, "title_ja": "canaryseed", "visibility": "private" }));
    app.create("needs", json!({ "owner": firm, "title_ja": "canaryneed", "anonymous": true }));
    app.create("people", json!({ "name_ja": "甲", "affiliations": [firm] }));
    let members = json!([{ "party": firm }, { "party": partner }, { "party": hidden }]);
    for (title, day) in [("古い", "2019"), ("新しい", "2023-04")] {
        app.create("records", json!({ "title_ja": title, "happened_on": day, "members": members }));
    }
    let path = format!("/api/v1/organizations/{firm}/profile");
    let administrator = app.administrator();
    let owner = app.member(&administrator, "owner@example.jp", &firm, "owner");
    let public = app.get(&path);
    assert_eq!(public.status, 200, "{}", public.body);
    assert!(!public.body.contains("canary") && !public.body.contains("隠れた相手"), "{}", public.body);
    let profile = public.json();
    let titles = |part: &str| profile[part]["items"].as_array().expect("items").len();
    assert_eq!((titles("capabilities"), titles("people"), titles("seeds"), titles("needs")), (1, 1, 0, 0));
    assert_eq!(profile["records"]["items"][0]["title_ja"], "新しい");
    assert_eq!(profile["partners"].as_array().unwrap().len(), 1, "{profile}");
    assert_eq!((&profile["partners"][0]["id"], &profile["partners"][0]["records"]), (&json!(partner), &json!(2)));
    let own = app.get_as(&owner, &path);
    assert!(own.body.contains("canaryseed") && own.body.contains("canaryneed"), "{}", own.body);
    app.get(&format!("/api/v1/organizations/{hidden}/profile")).problem(404, "not-found");
}
