//! Coalitions: who together meets every must-line.

use crate::support::TestApp;
use musubi::api::coalition;
use musubi::domain::Actor;
use serde_json::{Value, json};

fn capability(app: &TestApp, owner: &str, name: &str, visibility: &str) -> String {
    app.create(
        "capabilities",
        json!({ "owner": owner, "capability_kind": "process", "name_ja": name, "visibility": visibility }),
    )
}

struct Scene {
    app: TestApp,
    need: String,
    coater: String,
    sealer: String,
    tester: String,
    all_round: String,
}

/// A need with three must-lines; nobody meets all of them.
fn scene() -> Scene {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let [coater, sealer, tester, all_round] =
        ["塗る会社", "封じる会社", "測る会社", "両方の会社"].map(|name| app.firm(name));
    capability(&app, &coater, "スロットダイ塗布を行う", "public");
    capability(&app, &sealer, "有機ELの封止を行う", "public");
    capability(&app, &tester, "水蒸気透過率の測定を行う", "public");
    capability(&app, &all_round, "有機ELの封止を行う", "public");
    capability(&app, &all_round, "水蒸気透過率の測定を行う", "public");
    let need = app.create(
        "needs",
        json!({
            "owner": seeker, "title_ja": "有機ELの塗布、封止、水蒸気透過率の測定",
            "lines": [
                { "strength": "should", "text_ja": "短納期" },
                { "strength": "must", "text_ja": "スロットダイで塗布できること" },
                { "strength": "must", "text_ja": "有機ELの封止ができること" },
                { "strength": "must", "text_ja": "水蒸気透過率を測定できること" },
            ],
        }),
    );
    app.settle();
    Scene { app, need, coater, sealer, tester, all_round }
}

impl Scene {
    fn ask(&self, more: Value) -> Value {
        let mut body = json!({ "from": { "kind": "need", "id": self.need } });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let answer = self.app.post("/api/v1/match/coalition", body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }
}

fn members(set: &Value) -> Vec<&str> {
    let mut ids: Vec<&str> = set["members"]
        .as_array()
        .expect("members")
        .iter()
        .map(|member| member["party"]["id"].as_str().expect("an id"))
        .collect();
    ids.sort_unstable();
    ids
}

fn sorted<const N: usize>(ids: [&str; N]) -> Vec<&str> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids
}

#[test]
fn the_smallest_set_that_meets_every_must() {
    let scene = scene();
    let answer = scene.ask(json!({}));
    let best = &answer["coalitions"][0];
    assert_eq!(members(best), sorted([&scene.coater, &scene.all_round]), "{answer}");
    assert_eq!(answer["proven"], true);
    assert_eq!(answer["nobody"], json!([]));
    assert_eq!(answer["alone"], json!([]));
    assert_eq!(answer["candidates"], 4);
    let member = best["members"].as_array().expect("members").iter();
    for member in member {
        let expected = if member["party"]["id"] == scene.coater.as_str() { json!([1]) } else { json!([2, 3]) };
        assert_eq!(member["alone"], expected);
        for line in member["lines"].as_array().expect("lines") {
            assert_eq!(line["verdict"], "met");
            assert!(line["evidence"]["text"].is_string());
        }
    }

    let apart = scene.ask(json!({ "apart": [[scene.coater, scene.all_round]] }));
    assert_eq!(members(&apart["coalitions"][0]), sorted([&scene.coater, &scene.sealer, &scene.tester]));
    // Somebody meets each line, but they may not stand together: that is what stands in the way, not a missing party.
    let others = [&scene.all_round, &scene.sealer, &scene.tester];
    let pairs: Vec<[&str; 2]> = others.iter().map(|other| [scene.coater.as_str(), other.as_str()]).collect();
    let never = scene.ask(json!({ "apart": pairs }));
    assert_eq!((&never["coalitions"], &never["nobody"]), (&json!([]), &json!([])));
    let help = never["partial"]["would_fit"]["en"].as_str().expect("a message");
    assert!(help.contains("Loosen one of these"), "{help}");
    let together = scene.ask(json!({ "together": [[scene.coater, scene.sealer]] }));
    let sets = together["coalitions"].as_array().expect("sets");
    assert!(!sets.is_empty());
    for set in sets {
        let members = members(set);
        assert!(members.contains(&scene.coater.as_str()) && members.contains(&scene.sealer.as_str()), "{members:?}");
    }
}

#[test]
fn what_nobody_can_do_is_named_with_the_best_partial_set() {
    let scene = scene();
    let tag = scene.app.get(&format!("/api/v1/needs/{}", scene.need));
    let etag = tag.header("etag").expect("an etag").to_owned();
    let mut lines = tag.json()["lines"].as_array().expect("lines").clone();
    lines.push(json!({ "strength": "must", "text_ja": "クモ糸タンパク質の紡糸" }));
    let changed = scene.app.patch(&format!("/api/v1/needs/{}", scene.need), &etag, json!({ "lines": lines }));
    assert_eq!(changed.status, 200, "{}", changed.body);
    scene.app.settle();
    let answer = scene.ask(json!({}));
    assert_eq!(answer["coalitions"], json!([]));
    assert_eq!(answer["nobody"], json!([4]));
    assert_eq!(answer["partial"]["open"], json!([4]));
    let help = answer["partial"]["would_fit"]["en"].as_str().expect("a message");
    assert!(help.starts_with("Look for somebody"), "{help}");
    assert_eq!(members(&answer["partial"]["coalition"]), sorted([&scene.coater, &scene.all_round]));
}

#[test]
fn sets_are_taken_along_as_a_file() {
    let scene = scene();
    let asked = json!({ "from": { "kind": "need", "id": scene.need } });
    let file = |form: &str| scene.app.post(&format!("/api/v1/match/coalition?format={form}"), asked.clone());
    let csv = file("csv");
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"coalitions.csv\""));
    let set = scene.ask(json!({}))["coalitions"].clone();
    let members = set.as_array().expect("sets").iter().map(|set| set["members"].as_array().expect("members").len());
    assert!(csv.body.contains("組合せ,1,両方の会社,機関・企業,"), "{}", csv.body);
    assert!(
        csv.body.contains("4 必須「水蒸気透過率を測定できること」満たす: 水蒸気透過率の測定を行う"),
        "{}",
        csv.body
    );
    let lines: Vec<Value> = file("jsonl").body.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), members.sum::<usize>());
    assert_eq!(lines[0]["party"], set[0]["members"][0]["party"]);
    assert_eq!((&lines[0]["row"], &lines[0]["set"]), (&json!("coalition"), &json!(1)));
    assert_eq!(
        scene.app.try_post_bytes("/api/v1/match/coalition?format=xlsx", asked.to_string().as_bytes()),
        Some(200)
    );
    let english = [("accept-language", "en")];
    let csv = scene.app.post_with("/api/v1/match/coalition?format=csv", &english, asked.clone());
    assert!(csv.body.contains("4 Must \"\"水蒸気透過率を測定できること\"\" met: "), "{}", csv.body);
    file("pdf").problem(422, "invalid");
    scene.app.post("/api/v1/match/coalition?form=csv", asked).problem(400, "query-parameter");
}

#[test]
fn equal_sets_stand_in_the_order_of_their_members() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    for (name, skill) in [("甲", "亜鉛めっき"), ("乙", "亜鉛めっき"), ("丙", "レーザー溶接"), ("丁", "レーザー溶接")]
    {
        capability(&app, &app.firm(name), skill, "public");
    }
    for name in ["戊", "己"] {
        let firm = app.firm(name);
        capability(&app, &firm, "亜鉛めっき", "public");
        capability(&app, &firm, "レーザー溶接", "public");
    }
    let need = app.create(
        "needs",
        json!({ "owner": seeker, "title_ja": "亜鉛めっきとレーザー溶接", "lines": [
            { "strength": "must", "text_ja": "亜鉛めっき" }, { "strength": "must", "text_ja": "レーザー溶接" }] }),
    );
    app.settle();
    let body = json!({ "from": { "kind": "need", "id": need }, "limit": 20 });
    let answer = app.post("/api/v1/match/coalition", body.clone()).json();
    let sets = answer["coalitions"].as_array().expect("sets");
    let ids: Vec<Vec<&str>> = sets
        .iter()
        .map(|set| {
            set["members"].as_array().expect("members").iter().map(|one| one["party"]["id"].as_str().unwrap()).collect()
        })
        .collect();
    assert_eq!(ids.len(), 4, "{answer}");
    assert!(sets.iter().all(|set| set["strength"] == sets[0]["strength"]), "{answer}");
    assert!(ids.is_sorted() && ids.iter().all(|ids| ids.is_sorted()), "{ids:?}");
    let alone: Vec<&str> =
        answer["alone"].as_array().expect("parties").iter().map(|party| party["id"].as_str().unwrap()).collect();
    assert!(alone.len() == 2 && alone.is_sorted(), "{alone:?}");
    assert_eq!(app.post("/api/v1/match/coalition", body).json(), answer);
}

#[test]
fn rivals_of_one_industry_stay_apart() {
    let app = TestApp::start();
    let seeker = app.firm("探す会社");
    let firm = |name: &str, industry: &str, skill: &str| {
        let id =
            app.create("organizations", json!({ "organization_kind": "firm", "name_ja": name, "industry": industry }));
        capability(&app, &id, skill, "public");
        id
    };
    let plater = firm("甲めっき", "24", "亜鉛めっきを行う");
    let rival = firm("乙溶接", "24", "レーザー溶接を行う");
    let other = firm("丙溶接", "31", "レーザー溶接を行う");
    let need = app.create(
        "needs",
        json!({ "owner": seeker, "title_ja": "亜鉛めっきとレーザー溶接", "lines": [
            { "strength": "must", "text_ja": "亜鉛めっきができる" }, { "strength": "must", "text_ja": "レーザー溶接ができる" }] }),
    );
    app.settle();
    let ask = |rivals: bool| {
        let body = json!({ "from": { "kind": "need", "id": need }, "rivals": rivals });
        app.post("/api/v1/match/coalition", body).json()["coalitions"].clone()
    };
    assert_eq!(ask(false).as_array().expect("sets").len(), 2);
    let sets = ask(true);
    assert_eq!(sets.as_array().expect("sets").len(), 1);
    assert_eq!(members(&sets[0]), sorted([&plater, &other]));
    assert!(!members(&sets[0]).contains(&rival.as_str()));
}

#[test]
fn what_others_keep_private_is_never_cited_and_changes_nothing() {
    let scene = scene();
    let ask = |actor: &Actor| {
        let query = json!({ "from": { "kind": "need", "id": scene.need }, "limit": 20 });
        let query = serde_json::from_value(query).expect("a query");
        let body = coalition::answer(&scene.app.app, actor, query).expect("an answer");
        serde_json::to_string(&body).expect("JSON")
    };
    let before = ask(&Actor::Visitor);
    // One private text that would do everything, and one that only members may read.
    for (visibility, name) in [("private", "カナリア秘密"), ("members", "カナリア会員"), ("parties", "カナリア当事者")]
    {
        let owner = &scene.coater;
        let text = "有機ELの封止を行う。水蒸気透過率の測定を行う。";
        let body = json!({ "owner": owner, "capability_kind": "process", "name_ja": name, "description_ja": text, "visibility": visibility });
        scene.app.create("capabilities", body);
    }
    scene.app.settle();
    let after = ask(&Actor::Visitor);
    assert_eq!(before, after);
    assert!(!after.contains("カナリア"));
    let operator = ask(&Actor::Operator);
    assert_ne!(operator, before, "who may read it is shown more");
}

#[test]
fn bad_questions_are_refused_clearly() {
    let scene = scene();
    let refused = |body: Value, pointer: &str| {
        let problem = scene.app.post("/api/v1/match/coalition", body).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    };
    let need = json!({ "kind": "need", "id": scene.need });
    let nobody = "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d";
    refused(json!({ "from": { "kind": "organization", "id": scene.coater } }), "/from/kind");
    refused(json!({ "from": { "kind": "need", "id": nobody } }), "/from/id");
    refused(json!({ "from": { "kind": "need", "id": "x" } }), "/from/id");
    refused(json!({ "from": need, "apart": [[scene.coater, scene.coater]] }), "/apart/0");
    refused(json!({ "from": need, "together": [[scene.coater, nobody]] }), "/together/0/1");
    refused(json!({ "from": need, "together": [[scene.need, scene.coater]] }), "/together/0/0");
    refused(json!({ "from": need, "limit": 21 }), "/limit");
    refused(json!({ "from": need, "filters": { "municipality": ["1"] } }), "/filters/municipality/0");
    let problem = scene.app.post("/api/v1/match/coalition", json!({ "from": need, "apart": [[scene.coater, "x"]] }));
    let errors = problem.problem(422, "invalid")["errors"].clone();
    assert_eq!((errors.as_array().map(Vec::len), &errors[0]["pointer"]), (Some(1), &json!("/apart/0/1")), "{errors}");
    let pairs: Vec<[&str; 2]> = vec![[&scene.coater, &scene.sealer]; 51];
    refused(json!({ "from": need, "apart": pairs }), "/apart");
    let missing = scene.app.post("/api/v1/match/coalition", json!({}));
    assert_eq!(missing.status, 422, "{}", missing.body);
    let without = scene.app.create("needs", json!({ "owner": scene.coater, "title_ja": "行のないニーズ" }));
    refused(json!({ "from": { "kind": "need", "id": without } }), "/from/id");
    scene.app.post_bytes("/api/v1/match/coalition", &[], b"{").problem(400, "json");
    assert_eq!(scene.app.get("/api/v1/match/coalition").status, 405);
}
