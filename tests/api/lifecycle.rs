//! Draft, submitted, published, expired, withdrawn: who may lead a thing where, what is said with it, and the yearly
//! question.

use crate::auth::with_hands;
use crate::support::people::Person;
use crate::support::{Dice, PATIENCE, Response, TestApp, number, wait_until};
use musubi::domain::Kind;
use musubi::feed;
use musubi::store::yearly::{self, Swept};
use serde_json::{Value, json};

impl TestApp {
    /// Takes a step with a thing at a version.
    pub fn step(&self, person: &Person, path: &str, step: &str, version: i64, body: Value) -> Response {
        let etag = format!("\"{version}\"");
        self.post_with(&format!("{path}/{step}"), &[("authorization", &person.bearer()), ("if-match", &etag)], body)
    }

    /// Takes a step that must be allowed; gives the thing.
    pub fn stepped(&self, person: &Person, path: &str, step: &str, body: Value) -> Value {
        let version = self.get_as(person, path).json()["version"].as_i64().expect("a version");
        let response = self.step(person, path, step, version, body);
        assert_eq!(response.status, 200, "{step}: {}", response.body);
        response.json()
    }

    /// Registers something that must be accepted; gives its path.
    pub fn made(&self, person: &Person, plural: &str, body: Value) -> String {
        let response = self.post_as(person, &format!("/api/v1/{plural}"), body);
        assert_eq!(response.status, 201, "{}", response.body);
        format!("/api/v1/{plural}/{}", response.json()["id"].as_str().expect("an id"))
    }

    pub fn put_as(&self, person: &Person, path: &str) -> Response {
        self.put_with(path, &[("authorization", &person.bearer())])
    }

    pub fn is_index_whole(&self) {
        self.settle();
        let compared = feed::compare(&self.app.database, &self.app.engine).expect("a comparison");
        assert!(compared.named.is_empty() && compared.behind == 0, "{:?}", compared.named);
    }
}

fn capability(owner: &str, name: &str) -> Value {
    json!({ "owner": owner, "capability_kind": "process", "name_ja": name, "description_ja": "薄膜を塗布する" })
}

fn status(app: &TestApp, person: &Person, path: &str) -> String {
    app.get_as(person, path).json()["status"].as_str().unwrap_or("hidden").to_owned()
}

fn ids(response: &Response) -> Vec<String> {
    let items = response.json()["items"].as_array().expect("items").clone();
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_first_time_author_is_reviewed_and_known_from_then_on() {
    let app = TestApp::start();
    let (firm, rival) = (app.firm("最上めっき"), app.firm("庄内鋳造"));
    let administrator = app.administrator();
    let coordinator = app.person(&administrator, "coordinator@example.jp", &["coordinator"]);
    let editor = app.member(&administrator, "editor@example.jp", &firm, "editor");
    let reader = app.member(&administrator, "reader@example.jp", &firm, "reader");
    let other = app.member(&administrator, "other@example.jp", &rival, "owner");

    let path = app.made(&editor, "capabilities", capability(&firm, "qazuplating"));
    let id = path.rsplit('/').next().unwrap().to_owned();
    assert_eq!(status(&app, &editor, &path), "draft");
    app.get(&path).problem(404, "not-found");
    app.get_as(&other, &path).problem(404, "not-found");
    app.settle();
    assert!(app.found("q=qazuplating").is_empty());
    // The status is the service's, for everybody.
    for person in [&editor, &administrator] {
        let refused = app.patch_as(person, &path, 1, json!({ "status": "published" })).problem(422, "invalid");
        assert_eq!(refused["errors"][0]["code"], "name.set_by_service");
    }

    // Who may not, may not; and nothing goes without the version that was read.
    app.step(&editor, &path, "publish", 1, json!({})).problem(403, "forbidden");
    app.step(&reader, &path, "submit", 1, json!({})).problem(403, "forbidden");
    app.step(&other, &path, "submit", 1, json!({})).problem(404, "not-found");
    app.post(&format!("{path}/submit"), json!({})).problem(428, "precondition-required");
    app.post_as(&editor, &format!("{path}/submit"), json!({})).problem(428, "precondition-required");
    app.step(&editor, &path, "submit", 7, json!({})).problem(412, "stale");
    app.step(&editor, &path, "submit", 1, json!({ "commend": "x" })).problem(422, "invalid");
    app.step(&coordinator, &path, "publish", 1, json!({})).problem(409, "transition");

    assert_eq!(
        app.stepped(&editor, &path, "submit", json!({ "comment": "よろしくお願いします" }))["status"],
        "submitted"
    );
    app.step(&editor, &path, "submit", 2, json!({})).problem(409, "transition");
    for person in [&editor, &coordinator, &administrator] {
        assert_eq!(ids(&app.get_as(person, "/api/v1/reviews")), std::slice::from_ref(&id));
    }
    assert!(ids(&app.get_as(&other, "/api/v1/reviews")).is_empty());
    app.get("/api/v1/reviews").problem(401, "unauthenticated");

    // Back, with a reason that the author's side reads and nobody else.
    let refused = app.step(&coordinator, &path, "return", 2, json!({ "comment": "" })).problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/comment");
    app.step(&editor, &path, "return", 2, json!({ "comment": "x" })).problem(403, "forbidden");
    assert_eq!(
        app.stepped(&coordinator, &path, "return", json!({ "comment": "qazureason: 寸法は？" }))["status"],
        "draft"
    );
    let said = app.get_as(&editor, &format!("{path}/reviews"));
    let items = said.json()["items"].clone();
    assert_eq!(items[0]["comment"], "qazureason: 寸法は？");
    assert_eq!((&items[0]["step"], &items[0]["by"]["role"]), (&json!("return"), &json!("coordinator")));
    assert_eq!(items[1]["comment"], "よろしくお願いします");
    app.get_as(&reader, &format!("{path}/reviews")).problem(403, "forbidden");
    app.get_as(&other, &format!("{path}/reviews")).problem(404, "not-found");

    // What is published is what was read: a change in between is noticed.
    app.stepped(&editor, &path, "submit", json!({}));
    let read = app.get_as(&coordinator, &path).json()["version"].as_i64().unwrap();
    assert_eq!(app.patch_as(&editor, &path, read, json!({ "description_ja": "直しました" })).status, 200);
    assert_eq!(status(&app, &editor, &path), "submitted");
    app.step(&coordinator, &path, "publish", read, json!({})).problem(412, "stale");
    assert_eq!(app.stepped(&coordinator, &path, "publish", json!({}))["status"], "published");
    assert_eq!(app.get(&path).status, 200);
    app.settle();
    assert_eq!(app.found("q=qazuplating"), [id]);
    app.get(&format!("{path}/reviews")).problem(401, "unauthenticated");
    app.get_as(&other, &format!("{path}/reviews")).problem(403, "forbidden");
    assert!(!app.get(&format!("{path}/history")).body.contains("qazureason"));

    // From now on the author is known, for this party.
    let second = app.made(&editor, "capabilities", capability(&firm, "二つ目"));
    assert_eq!(status(&app, &editor, &second), "published");
    // But what a reviewer took out is reviewed again.
    app.stepped(&coordinator, &second, "withdraw", json!({ "comment": "確認中" }));
    app.get(&second).problem(404, "not-found");
    app.stepped(&editor, &second, "reopen", json!({}));
    assert_eq!(app.stepped(&editor, &second, "submit", json!({}))["status"], "submitted");
    assert_eq!(app.stepped(&coordinator, &second, "publish", json!({}))["status"], "published");
    // What the author takes out comes back without.
    app.stepped(&editor, &second, "withdraw", json!({}));
    app.stepped(&editor, &second, "reopen", json!({}));
    assert_eq!(app.stepped(&editor, &second, "submit", json!({}))["status"], "published");
    // Another author of the same party is not known.
    let owner = app.member(&administrator, "owner@example.jp", &firm, "owner");
    let third = app.made(&owner, "capabilities", capability(&firm, "三つ目"));
    assert_eq!(status(&app, &owner, &third), "draft");
    app.is_index_whole();
}

#[test]
fn a_trusted_party_publishes_by_itself() {
    let app = TestApp::start();
    let (firm, rival) = (app.firm("最上めっき"), app.firm("庄内鋳造"));
    let administrator = app.administrator();
    let coordinator = app.person(&administrator, "coordinator@example.jp", &["coordinator"]);
    let officer = app.person(&administrator, "officer@example.jp", &["officer"]);
    let editor = app.member(&administrator, "editor@example.jp", &firm, "editor");
    let owner = app.member(&administrator, "owner@example.jp", &firm, "owner");
    let trust = format!("/api/v1/organizations/{firm}/trust");
    app.put_with(&trust, &[]).problem(401, "unauthenticated");
    for person in [&editor, &owner, &officer] {
        app.put_as(person, &trust).problem(403, "forbidden");
    }
    app.get(&trust).problem(401, "unauthenticated");
    app.get_as(&officer, &trust).problem(403, "forbidden");
    let draft = app.made(&editor, "capabilities", capability(&firm, "下書き"));
    assert_eq!(app.put_as(&coordinator, &trust).json()["trusted"], true);
    assert_eq!(app.put_as(&coordinator, &trust).status, 200, "again is the same");
    assert_eq!(app.get_as(&owner, &trust).json()["trusted"], true);
    assert_eq!(app.stepped(&editor, &draft, "submit", json!({}))["status"], "published");
    let seed = app.made(&editor, "seeds", json!({ "owner": firm, "title_ja": "シーズ" }));
    assert_eq!(status(&app, &editor, &seed), "published");
    // A record of work belongs to nobody alone: it is not reviewed. What their own party owns is.
    let stranger = app.member(&administrator, "stranger@example.jp", &rival, "editor");
    let record = json!({ "title_ja": "共同", "members": [{ "party": rival }, { "party": firm }] });
    let record = app.made(&stranger, "records", record);
    assert_eq!(status(&app, &stranger, &record), "published");
    let theirs = app.made(&stranger, "capabilities", capability(&rival, "鋳造"));
    assert_eq!(status(&app, &stranger, &theirs), "draft");
    let headers = [("authorization", coordinator.bearer())];
    assert_eq!(app.delete(&trust, &[(headers[0].0, &headers[0].1)]).json()["trusted"], false);
    let other = app.made(&owner, "capabilities", capability(&firm, "別"));
    assert_eq!(status(&app, &owner, &other), "draft");
    let audit = app.get_as(&administrator, &format!("/api/v1/audit?action=grant&id={firm}"));
    assert_eq!(audit.json()["items"].as_array().unwrap().len(), 2, "{}", audit.body);
}

#[test]
fn what_nobody_could_review_is_not_submitted() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let editor = app.member(&administrator, "editor@example.jp", &firm, "editor");
    let mut body = capability(&firm, "秘密");
    body["visibility"] = json!("private");
    let path = app.made(&editor, "capabilities", body);
    let refused = app.step(&editor, &path, "submit", 1, json!({})).problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/visibility");
    // Nor does what was published as private become public unseen: it never was published.
    assert_eq!(app.patch_as(&editor, &path, 1, json!({ "visibility": "public" })).status, 200);
    assert_eq!(status(&app, &editor, &path), "draft");
    app.get(&path).problem(404, "not-found");
}

/// Whatever an unreviewed author does, in any order, with a reviewer who only ever returns: the public never sees it.
#[test]
fn an_author_cannot_wander_into_publication() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let coordinator = app.person(&administrator, "coordinator@example.jp", &["coordinator"]);
    let editor = app.member(&administrator, "editor@example.jp", &firm, "editor");
    let seed = number("WANDER_SEED", 1);
    let mut dice = Dice::new(seed);
    let mut path = app.made(&editor, "needs", json!({ "owner": firm, "title_ja": "qazuneed" }));
    let mut allowed = 0;
    for turn in 0..number("WANDER_TURNS", 120) {
        let now = app.get_as(&editor, &path).json();
        let version = now["version"].as_i64().unwrap();
        let answer = match dice.below(8) {
            0 => app.step(&coordinator, &path, "return", version, json!({ "comment": "まだ" })),
            1 => app.patch_as(&editor, &path, version, json!({ "summary_ja": format!("{turn}") })),
            2 => {
                let visibility = dice.pick(&["public", "members", "parties", "private"]);
                app.patch_as(&editor, &path, version, json!({ "visibility": visibility }))
            }
            3 if dice.once_in(4) => {
                path = app.made(&editor, "needs", json!({ "owner": firm, "title_ja": "qazuneed" }));
                continue;
            }
            4 => {
                let earlier = 1 + dice.below(version as usize) as i64;
                app.step(&editor, &path, "restore", version, json!({ "version": earlier }))
            }
            _ => {
                let step = dice.pick(&["submit", "publish", "withdraw", "reopen", "verify", "submit"]);
                app.step(&editor, &path, step, version, json!({}))
            }
        };
        assert!([200, 403, 404, 409, 422].contains(&answer.status), "{seed} {turn}: {}", answer.body);
        allowed += u32::from(answer.status == 200);
        assert_eq!(app.get(&path).status, 404, "{seed} {turn}: {}", answer.body);
        assert!(app.get("/api/v1/needs").json()["items"].as_array().unwrap().is_empty(), "{seed} {turn}");
    }
    assert!(allowed > 20, "the walk went somewhere: {allowed}");
    app.settle();
    assert!(app.found("q=qazuneed").is_empty());
    app.is_index_whole();
}

#[test]
fn what_stays_unanswered_for_a_quarter_drops_out_and_one_verification_brings_it_back() {
    const DAY: i64 = 86_400;
    let (app, hands) = with_hands();
    let (firm, rival) = (app.firm("最上めっき"), app.firm("庄内鋳造"));
    let capability_id = app.create("capabilities", capability(&firm, "qazuplating"));
    let path = format!("/api/v1/capabilities/{capability_id}");
    let record = app.create("records", json!({ "title_ja": "共同開発", "members": [{ "party": firm }] }));
    let administrator = app.administrator();
    app.member(&administrator, "owner@example.jp", &firm, "owner");
    app.member(&administrator, "other@example.jp", &rival, "owner");
    app.person(&administrator, "coordinator@example.jp", &["coordinator"]);
    let again = |email: &str| app.sign_in(email);
    let sweep = || yearly::sweep(&app.app.database).expect("a sweep");
    assert_eq!(sweep(), Swept::default());
    let owner = again("owner@example.jp");
    assert!(ids(&app.get_as(&owner, "/api/v1/verifications")).is_empty());
    // Verifying today what was verified today changes nothing.
    assert_eq!(app.stepped(&owner, &path, "verify", json!({}))["version"], 1);

    hands.pass(365 * DAY);
    let swept = sweep();
    assert_eq!((swept.asked, swept.letters, swept.expired), (3, 2, 0), "both firms and the capability");
    assert_eq!(sweep(), Swept::default(), "asked once");
    app.app.auth.post.wake();
    let asking = || app.letters("owner@example.jp").into_iter().find(|letter| letter.contains("2 of your entries"));
    assert!(wait_until(PATIENCE, || asking().is_some()), "{:?}", app.letters("owner@example.jp"));
    let letter = asking().expect("a letter");
    assert!(letter.contains("2件") && !letter.contains("qazuplating"), "a letter names nothing: {letter}");
    let (owner, other) = (again("owner@example.jp"), again("other@example.jp"));
    let mut due = ids(&app.get_as(&owner, "/api/v1/verifications"));
    due.sort();
    let mut expected = vec![firm.clone(), capability_id.clone()];
    expected.sort();
    assert_eq!(due, expected);
    assert_eq!(ids(&app.get_as(&other, "/api/v1/verifications")), std::slice::from_ref(&rival));
    assert_eq!(ids(&app.get_as(&again("coordinator@example.jp"), "/api/v1/verifications")).len(), 3);
    app.get("/api/v1/verifications").problem(401, "unauthenticated");
    // The owner answers for the firm, not for the capability.
    assert_eq!(app.stepped(&owner, &format!("/api/v1/organizations/{firm}"), "verify", json!({}))["version"], 2);

    hands.pass(89 * DAY);
    assert_eq!(sweep(), Swept::default(), "there are ninety days to answer");
    app.settle();
    assert_eq!(app.found("q=qazuplating"), std::slice::from_ref(&capability_id));
    hands.pass(DAY);
    assert_eq!(sweep().expired, 2, "the capability and the other firm");
    assert_eq!(sweep(), Swept::default());
    app.get(&path).problem(404, "not-found");
    app.settle();
    assert!(app.found("q=qazuplating").is_empty());
    let text = json!({ "from": { "text": "薄膜を塗布する" }, "towards": "organizations" });
    assert_eq!(app.post("/api/v1/match", text.clone()).json()["results"], json!([]), "out of matching");
    assert_eq!(app.get(&format!("/api/v1/records/{record}")).status, 200, "a record is a fact of its day");
    assert_eq!(app.get(&format!("/api/v1/organizations/{firm}")).status, 200);

    let (owner, other) = (again("owner@example.jp"), again("other@example.jp"));
    app.step(&other, &path, "verify", 2, json!({})).problem(404, "not-found");
    let back = app.stepped(&owner, &path, "verify", json!({}));
    assert_eq!((&back["status"], &back["version"]), (&json!("published"), &json!(3)));
    assert_eq!(app.get(&path).status, 200);
    app.settle();
    assert_eq!(app.found("q=qazuplating"), [capability_id]);
    assert_eq!(app.post("/api/v1/match", text).json()["results"][0]["party"]["id"], json!(firm));
    // Correcting what expired is an answer, too.
    let rival = format!("/api/v1/organizations/{rival}");
    assert_eq!(app.get_as(&other, &rival).json()["status"], "expired");
    assert_eq!(app.patch_as(&other, &rival, 2, json!({ "employees": 12 })).json()["status"], "published");
    assert_eq!(sweep(), Swept::default());
    // And the next year asks again.
    hands.pass(365 * DAY);
    assert_eq!(sweep().asked, 3);
    app.is_index_whole();
}

#[test]
fn nothing_drops_out_unasked_however_old_it_is() {
    let (app, hands) = with_hands();
    let firm = app.firm("最上めっき");
    hands.pass(5 * 365 * 86_400);
    let sweep = || yearly::sweep(&app.app.database).expect("a sweep");
    assert_eq!(sweep(), Swept { asked: 1, letters: 0, expired: 0 });
    hands.pass(90 * 86_400);
    assert_eq!(sweep(), Swept { asked: 0, letters: 0, expired: 1 });
    let found = app.get(&format!("/api/v1/organizations/{firm}")).json();
    assert_eq!(found["status"], "expired", "the person at the machine sees it");
    assert_eq!(app.app.database.read(crate::support::first_broken_link).expect("the log"), None);
}

#[test]
fn each_step_is_refused_where_the_table_says_so() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let path = app.made(&administrator, "capabilities", capability(&firm, "めっき"));
    let mut version = 1;
    let mut refused = 0;
    // (steps that are allowed now, the one that is taken)
    for (allowed, taken) in [
        (vec!["withdraw", "verify"], "withdraw"),
        (vec!["reopen"], "reopen"),
        (vec!["submit"], "submit"),
        (vec!["withdraw", "verify"], "withdraw"),
    ] {
        for step in ["submit", "publish", "return", "withdraw", "reopen", "verify"] {
            if !allowed.contains(&step) {
                let body = app.step(&administrator, &path, step, version, json!({ "comment": "x" }));
                let problem = body.problem(409, "transition");
                assert!(allowed.iter().all(|step| problem["message"]["en"].as_str().unwrap().contains(step)));
                refused += 1;
            }
        }
        let answer = app.step(&administrator, &path, taken, version, json!({}));
        assert_eq!(answer.status, 200, "{taken}: {}", answer.body);
        version += 1;
        assert_eq!(answer.json()["version"], version);
    }
    assert_eq!(refused, 18);
    // Without a body there is nothing to say; with one that is no JSON, something is wrong.
    let headers = [("authorization", administrator.bearer()), ("if-match", format!("\"{version}\""))];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(app.post_bytes(&format!("{path}/reopen"), &headers, b"").status, 200);
    app.post_bytes(&format!("{path}/submit"), &headers, b"{").problem(400, "json");
    for kind in Kind::ALL {
        let path = format!("/api/v1/{}/0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d", kind.plural());
        app.step(&administrator, &path, "verify", 1, json!({})).problem(404, "not-found");
    }
}
