//! Who goes together to an exhibition, over HTTP.

use crate::support::TestApp;
use musubi::api::permit;
use musubi::domain::{AccountActor, Actor, Membership, Right, Role, ThingId};
use serde_json::{Value, json};

fn firm(app: &TestApp, name: &str, employees: u32, does: &str, visibility: &str) -> String {
    let id = app.create(
        "organizations",
        json!({
            "organization_kind": "firm", "name_ja": name, "employees": employees, "fields": [],
            "visibility": visibility,
        }),
    );
    app.create(
        "capabilities",
        json!({ "owner": id, "capability_kind": "process", "name_ja": does, "visibility": visibility }),
    );
    id
}

struct Scene {
    app: TestApp,
    coater: String,
    printer: String,
    sealer: String,
    tester: String,
    hidden: String,
}

fn scene() -> Scene {
    let app = TestApp::start();
    let coater = firm(&app, "塗る会社", 10, "スロットダイ塗布を行う", "public");
    let printer = firm(&app, "刷る会社", 200, "スロットダイ塗布と印刷を行う", "public");
    let sealer = firm(&app, "封じる会社", 15, "有機ELの封止を行う", "public");
    let tester = firm(&app, "測る会社", 5_000, "水蒸気透過率の測定を行う", "public");
    let hidden = firm(&app, "隠れた会社", 12, "有機ELの封止と水蒸気透過率の測定を行う", "private");
    app.create(
        "records",
        json!({
            "record_kind": "project", "title_ja": "有機ELの封止と水蒸気透過率の測定",
            "members": [{ "party": sealer }, { "party": tester }],
        }),
    );
    app.settle();
    Scene { app, coater, printer, sealer, tester, hidden }
}

fn theme() -> Value {
    json!([{ "text": "スロットダイ塗布" }, { "text": "有機ELの封止" }, { "text": "水蒸気透過率の測定", "weight": 0.5 }])
}

impl Scene {
    fn ask(&self, more: Value) -> Value {
        let mut body = json!({ "theme": theme() });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let answer = self.app.post("/api/v1/compose/group", body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    fn places(least: usize, most: usize) -> Value {
        json!({ "rule": { "kind": "places", "least": least, "most": most } })
    }
}

fn members(group: &Value) -> Vec<&str> {
    let members = group["members"].as_array().expect("members");
    members.iter().map(|member| member["party"]["id"].as_str().expect("an id")).collect()
}

#[test]
fn a_group_that_covers_the_theme_with_reasons() {
    let scene = scene();
    let answer = scene.ask(json!({ "wishes": [Scene::places(3, 3)] }));
    let group = &answer["group"];
    let inside = members(group);
    assert_eq!(inside.len(), 3);
    for id in [&scene.sealer, &scene.tester] {
        assert!(inside.contains(&id.as_str()), "{answer}");
    }
    assert_eq!(answer["proven"], true);
    assert_eq!(answer["gap"], 0.0);
    let covered = group["theme"].as_array().expect("the theme");
    assert!(covered.iter().all(|sum| sum.as_f64().expect("a sum") > 0.5), "{covered:?}");
    let sealer = group["members"].as_array().expect("members").iter().find(|one| one["party"]["id"] == scene.sealer);
    let sealer = sealer.expect("the sealer");
    assert_eq!(sealer["partners"][0]["id"], scene.tester, "they worked together: {sealer}");
    assert!(sealer["needed_by"].as_array().expect("wishes").contains(&json!(0)));
    // Whoever is outside is told why: full is full.
    let outside = answer["outside"].as_array().expect("outsiders");
    assert!(
        !outside.is_empty() && outside.iter().all(|one| one["breaks"].as_array().expect("wishes").contains(&json!(0)))
    );
}

#[test]
fn a_pin_a_ban_and_a_group_by_hand() {
    let scene = scene();
    let body = json!({
        "wishes": [
            Scene::places(2, 2),
            { "rule": { "kind": "must", "candidate": scene.printer } },
            { "rule": { "kind": "never", "candidate": scene.sealer } },
        ],
        "by_hand": [scene.coater, scene.sealer],
    });
    let answer = scene.ask(body);
    let inside = members(&answer["group"]);
    assert!(inside.contains(&scene.printer.as_str()) && !inside.contains(&scene.sealer.as_str()));
    assert_eq!(answer["by_hand"]["broken"], json!([1, 2]));
}

#[test]
fn wishes_that_stand_against_each_other_are_named_and_no_other() {
    let scene = scene();
    let answer = scene.ask(json!({
        "wishes": [
            Scene::places(1, 3),
            { "rule": { "kind": "size_at_least", "size": "large", "count": 1 } },
            { "rule": { "kind": "somebody_leads" } },
            { "rule": { "kind": "never", "candidate": scene.tester } },
        ],
    }));
    assert_eq!(answer["group"], Value::Null);
    let wishes: Vec<&Value> =
        answer["conflict"]["wishes"].as_array().expect("wishes").iter().map(|wish| &wish["wish"]).collect();
    assert_eq!(wishes, [1, 3]);
    assert_eq!(answer["conflict"]["wishes"][0]["frees_all"], true);
    assert_eq!(answer["conflict"]["proven_minimal"], true);
}

#[test]
fn applications_bring_shares_and_what_is_hidden_from_the_caller_does_not_exist() {
    let scene = scene();
    let apply =
        |id: &str, cost: i64, share: i64| json!({ "id": id, "cost": cost, "share": share, "willing_to_lead": true });
    let answer = scene.ask(json!({
        "candidates": [apply(&scene.coater, 300_000, 100_000), apply(&scene.sealer, 300_000, 250_000), apply(&scene.tester, 300_000, 290_000)],
        "wishes": [Scene::places(2, 3), { "rule": { "kind": "subsidy_at_most", "amount": 100_000 } }],
    }));
    assert_eq!(members(&answer["group"]).len(), 2);
    assert!(!members(&answer["group"]).contains(&scene.coater.as_str()));
    // The operator sees everything; a coordinator must not learn of what is private to others.
    let coordinator = Actor::Account(AccountActor {
        id: ThingId::new(),
        roles: vec![Role::Coordinator],
        memberships: Vec::new(),
        standing: None,
    });
    let ask = |body: Value| {
        let query = serde_json::from_value(body).expect("a question");
        musubi::api::compose::answer(&scene.app.app, &coordinator, query)
    };
    let answer = ask(json!({ "theme": theme(), "wishes": [Scene::places(1, 5)] })).expect("an answer");
    let text = serde_json::to_string(&answer).expect("text");
    assert!(!text.contains(&scene.hidden) && text.contains(&scene.sealer));
    let unknown = ThingId::new().to_string();
    let refused = |id: &str| {
        let refusal = ask(json!({ "theme": theme(), "candidates": [{ "id": id }] })).expect_err("a refusal");
        format!("{refusal:?}").replace(id, "")
    };
    assert_eq!(refused(&scene.hidden), refused(&unknown));
    let pinned = |id: &str| {
        let wishes = json!([{ "rule": { "kind": "must", "candidate": id } }]);
        let refusal = ask(json!({ "theme": theme(), "wishes": wishes })).expect_err("a refusal");
        format!("{refusal:?}").replace(id, "")
    };
    assert_eq!(pinned(&scene.hidden), pinned(&unknown));
}

#[test]
fn only_organisers_ask() {
    let member = |roles: Vec<Role>| {
        let memberships = vec![Membership { party: ThingId::new(), right: Right::Owner }];
        Actor::Account(AccountActor { id: ThingId::new(), roles, memberships, standing: None })
    };
    assert!(permit::organiser(&Actor::Visitor).is_err());
    assert!(permit::organiser(&member(Vec::new())).is_err());
    for role in [Role::Officer, Role::Coordinator, Role::Administrator] {
        assert!(permit::organiser(&member(vec![role])).is_ok());
    }
    assert!(permit::organiser(&Actor::Operator).is_ok());
}

#[test]
fn bad_questions_are_refused_with_their_place() {
    let scene = scene();
    let refused = |body: Value| {
        let problem = scene.app.post("/api/v1/compose/group", body).problem(422, "invalid");
        problem["errors"][0]["pointer"].as_str().expect("a pointer").to_owned()
    };
    let wish = |rule: Value| json!({ "theme": theme(), "wishes": [{ "rule": rule }] });
    assert_eq!(refused(json!({ "theme": [] })), "/theme");
    assert_eq!(refused(json!({ "theme": vec![json!({ "text": "封止" }); 13] })), "/theme");
    assert_eq!(refused(json!({ "theme": [{ "text": "封止", "weight": -1 }] })), "/theme/0/weight");
    assert_eq!(refused(json!({ "theme": theme(), "seconds": 60 })), "/seconds");
    assert_eq!(
        refused(wish(json!({ "kind": "must", "candidate": ThingId::new().to_string() }))),
        "/wishes/0/rule/candidate"
    );
    assert_eq!(refused(wish(json!({ "kind": "places", "least": 3, "most": 2 }))), "/wishes/0/rule/most");
    let share = json!({ "theme": theme(), "candidates": [{ "id": scene.coater, "share": -1 }] });
    assert_eq!(refused(share), "/candidates/0/share");
    let many = json!({ "theme": theme(), "wishes": vec![json!({ "rule": { "kind": "somebody_leads" } }); 1_001] });
    assert_eq!(refused(many), "/wishes");
    let wrong = scene.app.post("/api/v1/compose/group", wish(json!({ "kind": "dance" })));
    assert_eq!(wrong.status, 422, "{}", wrong.body);
    assert_eq!(scene.app.post("/api/v1/compose/group", json!({})).status, 422);
    assert_eq!(scene.app.get("/api/v1/compose/group").status, 405);
}
