//! From a match to a case, told by those who take part.

use crate::support::people::Person;
use crate::support::{Hands, Response, TestApp, World, auth};
use serde_json::{Value, json};
use std::sync::Arc;

const DAY: i64 = 86_400;

/// A cluster with a university, firms, coordinators, and a clock that the test moves on.
pub struct Stage {
    pub app: TestApp,
    pub hands: Hands,
    pub administrator: Person,
    pub coordinator: Person,
    pub colleague: Person,
    pub officer: Person,
    pub university: String,
    pub researcher: Person,
    pub firm: String,
    pub buyer: Person,
    pub maker_firm: String,
    pub maker: Person,
    pub other_firm: String,
    pub other: Person,
}

impl Stage {
    pub fn set() -> Self {
        let world = Arc::new(World::new());
        let hands = Hands::new();
        let mut settings = auth(&world);
        settings.mail.public_url = Some("https://musubi.example.jp".to_owned());
        let app = TestApp::start_at(world, hands.clock(), settings);
        // Before there is an account, the person at the machine registers the parties.
        let party = |kind: &str, name: &str| {
            app.create("organizations", json!({ "organization_kind": kind, "name_ja": name, "municipality": "062014" }))
        };
        let university = party("university", "蔵王工科大学");
        let firm = party("firm", "最上電子");
        let maker_firm = party("firm", "置賜コーティング");
        let other_firm = party("firm", "月山フィルム");
        let administrator = app.administrator();
        let coordinator = app.person(&administrator, "co@example.jp", &["coordinator"]);
        // What they register needs no review.
        for party in [&university, &firm, &maker_firm, &other_firm] {
            app.put_as(&coordinator, &format!("/api/v1/organizations/{party}/trust"));
        }
        let colleague = app.person(&administrator, "co2@example.jp", &["coordinator"]);
        let officer = app.person(&administrator, "officer@example.jp", &["officer"]);
        let researcher = app.member(&administrator, "lab@example.jp", &university, "editor");
        let buyer = app.member(&administrator, "buyer@example.jp", &firm, "editor");
        let maker = app.member(&administrator, "maker@example.jp", &maker_firm, "editor");
        let other = app.member(&administrator, "other@example.jp", &other_firm, "owner");
        Self {
            app,
            hands,
            administrator,
            coordinator,
            colleague,
            officer,
            university,
            researcher,
            firm,
            buyer,
            maker_firm,
            maker,
            other_firm,
            other,
        }
    }

    /// Registers something as somebody; gives its id.
    pub fn registers(&self, person: &Person, plural: &str, body: Value) -> String {
        let response = self.app.post_as(person, &format!("/api/v1/{plural}"), body);
        assert_eq!(response.status, 201, "{}", response.body);
        response.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Something that must be taken.
    pub fn does(&self, person: &Person, path: &str, body: Value) -> Value {
        let response = self.app.post_as(person, &format!("/api/v1/{path}"), body);
        assert!(response.status == 200 || response.status == 201, "{} {}", response.status, response.body);
        response.json()
    }

    pub fn tries(&self, person: &Person, path: &str, body: Value) -> Response {
        self.app.post_as(person, &format!("/api/v1/{path}"), body)
    }

    pub fn reads(&self, person: &Person, path: &str) -> Value {
        let response = self.app.get_as(person, &format!("/api/v1/{path}"));
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        response.json()
    }

    pub fn status(&self, person: &Person, path: &str) -> u16 {
        self.app.get_as(person, &format!("/api/v1/{path}")).status
    }

    /// A need of the firm with seven lines.
    pub fn need(&self, anonymous: bool) -> String {
        let line = |text: &str| json!({ "strength": "should", "text_ja": text });
        let lines: Vec<Value> = [
            "有機太陽電池の封止ができる",
            "水蒸気バリアフィルムを扱う",
            "幅300mm以上の塗布ができる",
            "試作を小ロットで受ける",
            "評価データを出せる",
            "三か月以内に始められる",
            "山形県内にある",
        ]
        .map(line)
        .to_vec();
        self.registers(
            &self.buyer,
            "needs",
            json!({ "owner": self.firm, "title_ja": "有機太陽電池の封止の相手", "lines": lines, "anonymous": anonymous,
                    "purposes": ["trial_manufacture"], "fields": ["organic_electronics"], "visibility": "members" }),
        )
    }

    pub fn capability(&self, person: &Person, owner: &str, visibility: &str, name: &str) -> String {
        self.registers(
            person,
            "capabilities",
            json!({ "owner": owner, "capability_kind": "process", "name_ja": name, "visibility": visibility,
                    "description_ja": "有機太陽電池の封止を水蒸気バリアフィルムで行う。試作を小ロットで受ける。" }),
        )
    }

    /// Asks as a coordinator, from a subject.
    pub fn asks(&self, person: &Person, subject: &str, party: &str) -> String {
        let asked = self.does(
            person,
            "introductions",
            json!({ "subject": subject, "party": party, "message": "封止の試作についてお話ししませんか。",
                    "questions": { "goal": "耐久性の評価" } }),
        );
        asked["id"].as_str().expect("an id").to_owned()
    }

    pub fn sweeps(&self) {
        // People who sign in again later: their tokens are ten minutes old at most.
        self.app.app.auth.sweep(&self.app.app.database).expect("a sweep");
    }

    /// Lets days pass; everybody signs in again.
    pub fn days_pass(&mut self, days: i64) {
        self.hands.pass(days * DAY);
        for person in [
            &mut self.administrator,
            &mut self.coordinator,
            &mut self.colleague,
            &mut self.officer,
            &mut self.researcher,
            &mut self.buyer,
            &mut self.maker,
            &mut self.other,
        ] {
            *person = self.app.sign_in(&person.email.clone());
        }
    }

    pub fn notices(&self, person: &Person) -> Vec<(String, String)> {
        let answer = self.reads(person, "me/notices?limit=100");
        let items = answer["items"].as_array().expect("items").clone();
        items
            .iter()
            .map(|item| (item["matter"].as_str().unwrap().to_owned(), item["event"].as_str().unwrap().to_owned()))
            .collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

#[test]
fn the_whole_story_from_a_seed_and_a_need_to_a_prototype() {
    let mut stage = Stage::set();
    // A researcher posts a seed, a firm a need with seven lines.
    let seed = stage.registers(
        &stage.researcher,
        "seeds",
        json!({ "owner": stage.university, "title_ja": "有機太陽電池の封止材料",
                "summary_ja": "有機太陽電池の封止に使う水蒸気バリアフィルムの新しい材料。" }),
    );
    let need = stage.need(true);
    stage.capability(&stage.maker, &stage.maker_firm, "public", "封止加工");
    let secret = stage.capability(&stage.maker, &stage.maker_firm, "parties", "未公開の封止条件");
    let recipe = stage.capability(&stage.maker, &stage.maker_firm, "private", "配合比");
    stage.capability(&stage.other, &stage.other_firm, "public", "フィルム封止");
    stage.app.settle();

    // The system proposes; each pair once.
    let run = stage.does(&stage.coordinator, "matches/standing", json!({}));
    assert_eq!(run["asked"], 2, "{run}");
    let proposed = run["proposed"].as_array().expect("proposals").len();
    assert!(proposed >= 2, "{run}");
    let again = stage.does(&stage.coordinator, "matches/standing", json!({}));
    assert_eq!((again["asked"].as_u64(), again["proposed"].as_array().map(Vec::len)), (Some(0), Some(0)));
    let of_need = stage.reads(&stage.coordinator, &format!("matches?subject={need}&limit=100"));
    let find = |party: &str| {
        let items = of_need["items"].as_array().expect("items");
        let found = items.iter().find(|item| item["party"]["id"] == party).expect("proposed");
        assert_eq!((text(&found["state"]), text(&found["origin"])), ("proposed".into(), "standing".into()));
        assert!(!found["evidence"].as_array().expect("evidence").is_empty());
        text(&found["id"])
    };
    let (first, second) = (find(&stage.other_firm), find(&stage.maker_firm));

    // The coordinator shortlists both and asks the first.
    for id in [&first, &second] {
        let shown = stage.does(&stage.coordinator, &format!("matches/{id}/events"), json!({ "event": "shortlist" }));
        assert_eq!(shown["state"], "shortlisted");
    }
    let asked =
        |id: &str| json!({ "match": id, "message": "封止の試作についてお話ししませんか。", "answer_by": "2026-04-10" });
    let one = stage.does(&stage.coordinator, "introductions", asked(&first));
    let one = text(&one["id"]);
    assert_eq!(stage.reads(&stage.coordinator, &format!("matches/{first}"))["state"], "introduced");

    // The asked side reads the need, but not who seeks.
    let seen = stage.app.get_as(&stage.other, &format!("/api/v1/introductions/{one}"));
    let shown = seen.json();
    assert!(shown["seeking"].is_null() && shown["subject"]["owner"].is_null(), "{shown}");
    assert_eq!(shown["yours"], json!(["answering"]));
    assert!(!seen.body.contains(&stage.firm));
    let history = stage.app.get_as(&stage.other, &format!("/api/v1/introductions/{one}/history"));
    assert!(!history.body.contains(&stage.firm), "{}", history.body);
    let guess = |path: &str| stage.status(&stage.other, &format!("{path}?party={}", stage.firm));
    assert_eq!((guess("introductions"), guess("cases")), (422, 422), "a filter tells nothing of the seeker");
    // Nobody else knows of it.
    assert_eq!(stage.status(&stage.maker, &format!("introductions/{one}")), 404);
    assert_eq!(stage.status(&stage.officer, &format!("introductions/{one}")), 200);

    // One side declines with a reason; the other side reads it, and the next list changes.
    let list = |person: &Person| -> Vec<String> {
        let answer = stage.app.post_as(
            person,
            "/api/v1/match",
            json!({ "from": { "kind": "need", "id": need }, "towards": "organizations" }),
        );
        let results = answer.json()["results"].as_array().expect("results").clone();
        results.iter().map(|result| text(&result["party"]["id"])).collect()
    };
    assert!(list(&stage.buyer).contains(&stage.other_firm));
    let path = format!("introductions/{one}/events");
    stage.tries(&stage.other, &path, json!({ "event": "decline" })).problem(422, "invalid");
    stage.tries(&stage.other, &path, json!({ "event": "decline", "reason": "other" })).problem(422, "invalid");
    let no = json!({ "event": "decline", "reason": "has_partner", "text": "別の会社と進めています。" });
    stage.does(&stage.other, &path, no.clone());
    stage.does(&stage.other, &path, no);
    let read = stage.reads(&stage.buyer, &format!("introductions/{one}"));
    assert_eq!((text(&read["state"]), text(&read["declined"]["reason"])), ("declined".into(), "has_partner".into()));
    assert!(!list(&stage.buyer).contains(&stage.other_firm), "the seeking side");
    assert!(!list(&stage.coordinator).contains(&stage.other_firm), "the desk");
    assert!(list(&stage.researcher).contains(&stage.other_firm), "nobody else learns of it");
    assert_eq!(stage.notices(&stage.buyer).iter().filter(|(_, event)| event == "declined").count(), 1);

    // Another accepts; both hear of mutual interest at once, and parts open in stages.
    stage.days_pass(2);
    let two = stage.does(&stage.coordinator, "introductions", asked(&second));
    let two = text(&two["id"]);
    let path = format!("introductions/{two}/events");
    stage.does(&stage.maker, &path, json!({ "event": "add_part", "thing": secret, "opens": "interest" }));
    stage.does(&stage.maker, &path, json!({ "event": "add_part", "thing": recipe, "opens": "nda" }));
    stage
        .tries(&stage.buyer, &path, json!({ "event": "add_part", "thing": recipe, "opens": "interest" }))
        .problem(422, "invalid");
    stage.tries(&stage.coordinator, &path, json!({ "event": "accept" })).problem(403, "forbidden");
    stage.does(&stage.maker, &path, json!({ "event": "accept" }));
    let still = stage.reads(&stage.buyer, &format!("introductions/{two}"));
    assert_eq!((&still["yes"], &still["parts"]), (&json!([]), &json!([])), "a single yes is not told");
    assert_eq!(still["version"], 1);
    for closed in [&secret, &recipe] {
        assert_eq!(stage.status(&stage.buyer, &format!("capabilities/{closed}")), 404);
    }
    stage.does(&stage.buyer, &path, json!({ "event": "accept" }));
    let mutual = stage.reads(&stage.maker, &format!("introductions/{two}"));
    assert_eq!((text(&mutual["state"]), text(&mutual["seeking"]["id"])), ("accepted".into(), stage.firm.clone()));
    for person in [&stage.maker, &stage.coordinator] {
        let told = stage.notices(person);
        assert!(told.contains(&(two.clone(), "accepted".to_owned())), "{told:?}");
    }
    assert_eq!(stage.status(&stage.buyer, &format!("capabilities/{secret}")), 200);
    assert_eq!(stage.status(&stage.buyer, &format!("capabilities/{recipe}")), 404);
    assert_eq!(stage.reads(&stage.maker, &format!("needs/{need}"))["owner"], stage.firm.as_str());
    assert!(stage.reads(&stage.other, &format!("needs/{need}"))["owner"].is_null());
    // The index follows what was opened.
    stage.app.settle();
    let search = |person: &Person| stage.app.get_as(person, "/api/v1/search?q=%E6%9C%AA%E5%85%AC%E9%96%8B").body;
    assert!(search(&stage.buyer).contains(&secret));
    assert!(!search(&stage.other).contains(&secret));
    stage
        .tries(&stage.buyer, &path, json!({ "event": "nda_noted", "signed_on": "2026-04-03" }))
        .problem(403, "forbidden");
    stage.does(&stage.coordinator, &path, json!({ "event": "nda_noted", "signed_on": "2026-04-03" }));
    assert_eq!(stage.status(&stage.buyer, &format!("capabilities/{recipe}")), 200);
    assert_eq!(stage.status(&stage.other, &format!("capabilities/{recipe}")), 404);

    // What is withdrawn is gone at once, whatever the index still holds.
    stage.tries(&stage.buyer, &path, json!({ "event": "withdraw_part", "thing": secret })).problem(422, "invalid");
    stage.does(&stage.maker, &path, json!({ "event": "withdraw_part", "thing": secret }));
    assert!(!search(&stage.buyer).contains(&secret));
    assert_eq!(stage.status(&stage.buyer, &format!("capabilities/{secret}")), 404);

    // The case reaches 試作.
    let body = json!({ "introduction": two, "title": "封止の試作", "measures": ["有機EL産業集積", "共同研究支援"] });
    let case = stage.does(&stage.coordinator, "cases", body.clone());
    stage.tries(&stage.buyer, "cases", body).problem(409, "already-exists");
    let case_id = text(&case["id"]);
    assert_eq!((text(&case["stage"]), text(&case["municipality"])), ("introduction".into(), "062014".into()));
    let path = format!("cases/{case_id}/events");
    stage.days_pass(10);
    stage.does(&stage.buyer, &path, json!({ "event": "stage", "to": "meeting" }));
    stage.days_pass(10);
    stage.tries(&stage.buyer, &path, json!({ "event": "stage", "to": "prototype" })).problem(422, "invalid");
    let skip = json!({ "event": "stage", "to": "prototype", "reason": "材料はすでに評価済み" });
    stage.does(&stage.buyer, &path, skip.clone());
    stage.does(&stage.buyer, &path, skip);
    stage.does(
        &stage.maker,
        &path,
        json!({ "event": "document", "title": "試験結果", "link": "https://example.jp/a.pdf" }),
    );
    stage.does(&stage.maker, &path, json!({ "event": "next_action", "what": "試作品の受け渡し", "on": "2026-05-01" }));
    let shown = stage.reads(&stage.maker, &format!("cases/{case_id}"));
    assert_eq!((text(&shown["stage"]), shown["documents"].as_array().map(Vec::len)), ("prototype".into(), Some(1)));

    // The desk is handed over, with its clocks.
    let over = stage.does(
        &stage.coordinator,
        "desk/hand-over",
        json!({ "to": stage.colleague.id, "note": "よろしくお願いします。" }),
    );
    assert_eq!(over["cases"], 1, "{over}");
    assert_eq!(stage.reads(&stage.colleague, "cases?desk=mine")["items"][0]["id"], case_id.as_str());
    let before = stage.notices(&stage.coordinator).len();
    stage.days_pass(8);
    stage.sweeps();
    stage.sweeps();
    let reminded = |person: &Person| {
        stage.notices(person).iter().filter(|(matter, event)| *matter == case_id && event == "reminded").count()
    };
    assert_eq!((reminded(&stage.colleague), reminded(&stage.maker), reminded(&stage.coordinator)), (1, 1, 0));
    assert_eq!(stage.notices(&stage.coordinator).len(), before);

    // History reads back as of any date.
    let as_of = |day: &str| stage.app.get_as(&stage.buyer, &format!("/api/v1/cases/{case_id}?as_of={day}"));
    assert_eq!(as_of("2026-04-02").status, 404);
    for (day, expected) in [("2026-04-03", "introduction"), ("2026-04-13", "meeting"), ("2026-04-23", "prototype")] {
        assert_eq!(as_of(day).json()["stage"], expected, "{day}");
    }
    let history = stage.reads(&stage.buyer, &format!("cases/{case_id}/history"));
    assert!(!history.to_string().contains("よろしく"), "what one desk writes to the next");
    let events: Vec<String> = history["items"].as_array().unwrap().iter().map(|item| text(&item["event"])).collect();
    assert_eq!(events, ["opened", "stage", "stage", "document", "next_action", "handed_over", "reminded"]);

    // The figures: one case, listed twice.
    let figures = stage.reads(&stage.officer, "indicators?fiscal_year=2026&by=programme");
    assert_eq!((figures["total"].as_u64(), figures["relisted"].as_u64()), (Some(1), Some(1)), "{figures}");
    let cells = figures["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 2);
    for cell in cells {
        let open = stage.app.get_as(&stage.officer, &text(&cell["open"])).json();
        assert_eq!(open["cases"][0]["id"], case_id.as_str(), "{open}");
    }
    assert_eq!(figures["introductions"]["declined_by_reason"]["has_partner"], 1, "{figures}");
    let earlier = stage.reads(&stage.officer, "indicators?fiscal_year=2026&by=stage&as_of=2026-04-13");
    assert_eq!(earlier["cells"][0]["value"], "meeting");
    assert_eq!(stage.status(&stage.buyer, "indicators"), 403);
    assert_eq!(seed.len(), 36);
}

#[test]
fn members_see_their_own_side_only_and_the_desk_is_not_theirs() {
    let stage = Stage::set();
    let need = stage.need(false);
    let (buyer, maker) = (&stage.buyer, &stage.maker);
    for (method, path) in
        [("get", "matches"), ("post", "matches"), ("post", "matches/standing"), ("post", "desk/hand-over")]
    {
        let answer = |person: &Person| match method {
            "get" => stage.app.get_as(person, &format!("/api/v1/{path}")),
            _ => stage.tries(person, path, json!({})),
        };
        assert_eq!(answer(buyer).status, 403, "{method} {path}");
        assert_eq!(stage.app.get("/api/v1/matches").status, 401);
        if method == "post" {
            assert_eq!(answer(&stage.officer).status, 403, "{method} {path}");
        }
    }
    // A member expresses interest for the own party, and for no other.
    let body = |party: &str| json!({ "subject": need, "party": party, "message": "封止ならお任せください。" });
    stage.tries(maker, "introductions", body(&stage.other_firm)).problem(403, "forbidden");
    let asked = stage.does(maker, "introductions", body(&stage.maker_firm));
    let id = text(&asked["id"]);
    assert_eq!((&asked["yes"], asked["desk"].is_null()), (&json!(["answering"]), true));
    stage
        .tries(&stage.other, &format!("introductions/{id}/events"), json!({ "event": "accept" }))
        .problem(404, "not-found");
    let shown = stage.does(buyer, &format!("introductions/{id}/events"), json!({ "event": "accept" }));
    assert_eq!(shown["state"], "accepted");
    // Its sides may open the case themselves, but not run somebody else's.
    let case = stage.does(buyer, "cases", json!({ "introduction": id, "title": "封止の相談" }));
    let path = format!("cases/{}/events", text(&case["id"]));
    stage.tries(buyer, &path, json!({ "event": "outcome", "outcome": "ordered" })).problem(403, "forbidden");
    stage.tries(buyer, &path, json!({ "event": "join", "party": stage.other_firm })).problem(403, "forbidden");
    stage.tries(&stage.other, &path, json!({ "event": "note", "text": "?" })).problem(404, "not-found");
    stage.tries(&stage.officer, &path, json!({ "event": "note", "text": "?" })).problem(403, "forbidden");
    stage.tries(buyer, "cases", json!({ "title": "勝手な案件", "parties": [stage.firm] })).problem(403, "forbidden");
    assert_eq!(stage.reads(&stage.other, "introductions")["items"], json!([]));
    assert_eq!(stage.reads(&stage.other, "cases")["items"], json!([]));
    assert_eq!(stage.app.get("/api/v1/introductions").status, 401);
    // Who loses the membership loses the case at once.
    let membership = stage.app.membership(maker);
    let removed = stage.app.patch_as(
        &stage.administrator,
        &format!("/api/v1/memberships/{}", text(&membership["id"])),
        membership["version"].as_i64().unwrap(),
        json!({ "state": "suspended" }),
    );
    assert_eq!(removed.status, 200, "{}", removed.body);
    let maker = stage.app.sign_in(&maker.email);
    stage.tries(&maker, &path, json!({ "event": "note", "text": "まだいます" })).problem(404, "not-found");
    assert_eq!(stage.status(&maker, &format!("introductions/{id}")), 404);
    let history = stage.reads(buyer, &format!("cases/{}/history", text(&case["id"])));
    assert_eq!(history["items"].as_array().map(Vec::len), Some(1), "the history is whole");
}

#[test]
fn answers_come_in_time_or_not_at_all() {
    let mut stage = Stage::set();
    let need = stage.need(false);
    let id = stage.asks(&stage.coordinator, &need, &stage.maker_firm);
    stage.days_pass(12);
    stage.sweeps();
    stage.sweeps();
    let told = |person: &Person, event: &str| stage.notices(person).iter().filter(|(_, known)| known == event).count();
    assert_eq!((told(&stage.maker, "reminded"), told(&stage.buyer, "reminded")), (1, 1));
    // The day after, before anybody looked at the clock.
    stage.days_pass(3);
    let path = format!("introductions/{id}/events");
    stage.tries(&stage.maker, &path, json!({ "event": "accept" })).problem(409, "lapsed");
    stage.sweeps();
    stage.sweeps();
    let told = |person: &Person, event: &str| stage.notices(person).iter().filter(|(_, known)| known == event).count();
    assert_eq!(
        (told(&stage.maker, "lapsed"), told(&stage.buyer, "lapsed"), told(&stage.coordinator, "lapsed")),
        (1, 1, 1)
    );
    stage.tries(&stage.maker, &path, json!({ "event": "accept" })).problem(409, "lapsed");
    assert_eq!(stage.reads(&stage.buyer, &format!("introductions/{id}"))["state"], "lapsed");
    // It may be asked again.
    stage.asks(&stage.coordinator, &need, &stage.maker_firm);
}

#[test]
fn the_same_thing_twice_and_two_coordinators_at_once_make_one() {
    let stage = Stage::set();
    let need = stage.need(false);
    let body = json!({ "from": { "kind": "need", "id": need }, "party": stage.maker_firm });
    let results: Vec<Response> = std::thread::scope(|scope| {
        let threads: Vec<_> = [&stage.coordinator, &stage.colleague, &stage.coordinator, &stage.colleague]
            .into_iter()
            .map(|person| {
                let (stage, body) = (&stage, body.clone());
                scope.spawn(move || stage.tries(person, "matches", body))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let ids: std::collections::HashSet<String> = results.iter().map(|answer| text(&answer.json()["id"])).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(results.iter().filter(|answer| answer.status == 201).count(), 1);

    let body = json!({ "subject": need, "party": stage.maker_firm, "message": "お会いしませんか。" });
    let results: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = [&stage.coordinator, &stage.colleague, &stage.coordinator, &stage.colleague]
            .into_iter()
            .map(|person| {
                let (stage, body) = (&stage, body.clone());
                scope.spawn(move || stage.tries(person, "introductions", body).status)
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(results.iter().filter(|status| **status == 201).count(), 1, "{results:?}");
    assert_eq!(results.iter().filter(|status| **status == 409).count(), 3, "{results:?}");
    let all = stage.reads(&stage.coordinator, "introductions");
    let id = text(&all["items"][0]["id"]);
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(stage.notices(&stage.maker), [(id.clone(), "asked".to_owned())]);

    // Both sides answer at the same time, several times each: one acceptance, one notice of it each.
    let path = format!("introductions/{id}/events");
    std::thread::scope(|scope| {
        for person in [&stage.maker, &stage.buyer, &stage.maker, &stage.buyer, &stage.maker, &stage.buyer] {
            let (stage, path) = (&stage, path.clone());
            scope.spawn(move || stage.does(person, &path, json!({ "event": "accept" })));
        }
    });
    let history = stage.reads(&stage.coordinator, &format!("introductions/{id}/history"));
    let accepted = history["items"].as_array().unwrap().iter().filter(|item| item["event"] == "accepted").count();
    assert_eq!(accepted, 2, "one for each side");
    let told = stage.notices(&stage.maker).len() + stage.notices(&stage.buyer).len();
    assert_eq!(told, 3, "asked twice, and the second yes told to the first");

    // A repeat under the same key gets the same answer, another body under it is refused.
    let keyed = |body: Value| {
        let bearer = stage.coordinator.bearer();
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "once")];
        stage.app.post_with("/api/v1/cases", &headers, body)
    };
    let body = json!({ "introduction": id, "title": "一度だけ" });
    let (first, again) = (keyed(body.clone()), keyed(body));
    assert_eq!((first.status, again.status, &first.body), (201, 201, &again.body));
    keyed(json!({ "introduction": id, "title": "別の題" })).problem(422, "invalid");
    assert_eq!(stage.reads(&stage.coordinator, "cases")["items"].as_array().map(Vec::len), Some(1));
}

#[test]
fn bad_input_is_refused_and_the_history_stays_whole() {
    let stage = Stage::set();
    let need = stage.need(false);
    let nobody = "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d";
    let refused = |path: &str, body: Value, pointer: &str| {
        let problem = stage.tries(&stage.coordinator, path, body).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    };
    let from = |kind: &str, id: &str, party: &str| json!({ "from": { "kind": kind, "id": id }, "party": party });
    refused("matches", from("need", nobody, &stage.firm), "/from/id");
    refused("matches", from("seed", &need, &stage.maker_firm), "/from/id");
    refused("matches", from("need", &need, nobody), "/party");
    refused("matches", from("need", &need, &need), "/party");
    refused("matches", from("need", &need, &stage.firm), "/party");
    let kept = stage.does(&stage.coordinator, "matches", from("need", &need, &stage.maker_firm));
    let path = format!("matches/{}/events", text(&kept["id"]));
    refused(&path, json!({ "event": "dismiss" }), "/reason");
    stage.tries(&stage.coordinator, &path, json!({ "event": "dismiss", "reason": "no" })).problem(422, "invalid");
    refused(&path, json!({ "event": "dismiss", "reason": "other" }), "/text");
    stage.does(&stage.coordinator, &path, json!({ "event": "dismiss", "reason": "rival" }));
    let introduction = |more: Value| {
        let mut body = json!({ "subject": need, "party": stage.maker_firm, "message": "こんにちは" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    refused("introductions", json!({ "message": "x" }), "/subject");
    refused("introductions", introduction(json!({ "answer_by": "2026-03-31" })), "/answer_by");
    refused("introductions", introduction(json!({ "answer_by": "2027-04-01" })), "/answer_by");
    refused("introductions", introduction(json!({ "answer_by": "someday" })), "/answer_by");
    refused("introductions", introduction(json!({ "party": stage.firm })), "/party");
    refused("introductions", introduction(json!({ "match": nobody })), "/match");
    refused("introductions", introduction(json!({ "state": "accepted" })), "/state");
    stage
        .tries(&stage.coordinator, "introductions", json!({ "match": text(&kept["id"]), "message": "x" }))
        .problem(409, "dismissed");
    refused("cases", json!({ "title": "誰もいない" }), "/parties");
    refused("cases", json!({ "title": "x", "parties": [need] }), "/parties");
    refused("cases", json!({ "title": "x", "parties": [stage.firm], "happened_on": "2026-04-02" }), "/happened_on");
    refused("cases", json!({ "title": "x", "parties": [stage.firm], "measures": ["a", "a"] }), "/measures");
    let case = stage.does(&stage.coordinator, "cases", json!({ "title": "相談", "parties": [stage.firm] }));
    assert_eq!(case["stage"], "consultation");
    let path = format!("cases/{}/events", text(&case["id"]));
    let early = json!({ "event": "stage", "to": "introduction", "happened_on": "2026-03-01" });
    refused(&path, early, "/happened_on");
    refused(&path, json!({ "event": "stage", "to": "market" }), "/reason");
    refused(&path, json!({ "event": "stage" }), "/to");
    refused(&path, json!({ "event": "stage", "to": "introduction", "happened_on": 3 }), "/happened_on");
    refused(&path, json!({ "event": "document", "title": "x", "link": "javascript:alert(1)" }), "/link");
    refused(&path, json!({ "event": "next_action", "what": "x", "on": "2026-03-31" }), "/on");
    refused(&path, json!({ "event": "leave", "party": stage.firm }), "/reason");
    stage.tries(&stage.coordinator, &path, json!({ "event": "fly" })).problem(422, "invalid");
    stage.tries(&stage.coordinator, &path, json!({ "event": "note", "text": "x", "by": "y" })).problem(422, "invalid");
    stage.does(&stage.coordinator, &path, json!({ "event": "stage", "to": "market", "reason": "既製品を買った" }));
    refused(&path, json!({ "event": "stage", "to": "meeting" }), "/reason");
    stage.does(&stage.coordinator, &path, json!({ "event": "outcome", "outcome": "ordered" }));
    stage
        .tries(&stage.coordinator, &path, json!({ "event": "stage", "to": "meeting", "reason": "戻す" }))
        .problem(409, "closed");
    refused(&path, json!({ "event": "reopen" }), "/reason");
    let history = stage.reads(&stage.coordinator, &format!("cases/{}/history", text(&case["id"])));
    assert_eq!(history["items"].as_array().map(Vec::len), Some(3), "{history}");
    // Every list is a file, too; no cell of it is a formula.
    let body = json!({ "title": "=cmd|'/c calc'!A1, \"x\"", "parties": [stage.firm] });
    stage.does(&stage.coordinator, "cases", body);
    let file = stage.app.get_as(&stage.coordinator, "/api/v1/cases?format=csv");
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        file.body.starts_with('\u{feff}') && file.body.contains(",\"'=cmd|'/c calc'!A1, \"\"x\"\"\","),
        "{}",
        file.body
    );
    assert_eq!(file.body.lines().count(), 3, "{}", file.body);
    assert_eq!(stage.app.get_as(&stage.buyer, "/api/v1/matches?format=csv").status, 403);
    assert_eq!(stage.status(&stage.coordinator, "introductions?format=pdf"), 422);
    for path in
        ["matches?state=gone", "introductions?desk=x", "cases?party=1", "indicators?by=mood", "indicators?as_of=x"]
    {
        assert_eq!(stage.status(&stage.coordinator, path), 422, "{path}");
    }
    for path in ["matches?after=x", "cases?nothing=1", "indicators?fiscal_year=x"] {
        assert_eq!(stage.status(&stage.coordinator, path), 400, "{path}");
    }
}

#[test]
fn another_agency_in_touch_within_thirty_days_is_warned_of() {
    let mut stage = Stage::set();
    let need = stage.need(false);
    let seed = stage.registers(
        &stage.researcher,
        "seeds",
        json!({ "owner": stage.university, "title_ja": "封止材料", "summary_ja": "新しい材料" }),
    );
    stage.asks(&stage.coordinator, &need, &stage.maker_firm);
    let keep = |person: &Person| {
        stage.does(person, "matches", json!({ "from": { "kind": "seed", "id": seed }, "party": stage.maker_firm }))
    };
    let kept = keep(&stage.colleague);
    assert_eq!(kept["contacts"][0]["desk"]["id"], stage.coordinator.id.as_str(), "{kept}");
    let id = text(&kept["id"]);
    stage.days_pass(31);
    assert_eq!(stage.reads(&stage.colleague, &format!("matches/{id}"))["contacts"], json!([]));
}

#[test]
fn letters_come_as_often_as_somebody_wants_and_one_click_stops_them() {
    let mut stage = Stage::set();
    let need = stage.need(false);
    let sent = |stage: &Stage, email: &str| {
        let letters = stage.app.letters(email);
        letters.into_iter().filter(|letter| letter.contains("/introductions/")).collect::<Vec<String>>()
    };
    let choose = |stage: &Stage, person: &Person, mail: &str| {
        let answer = stage.app.patch_as(person, "/api/v1/me/notice-choice", 1, json!({ "mail": mail }));
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    choose(&stage, &stage.buyer, "daily");
    choose(&stage, &stage.maker, "none");
    let before = stage.app.letters("other@example.jp").len();
    stage.asks(&stage.coordinator, &need, &stage.other_firm);
    stage.asks(&stage.coordinator, &need, &stage.maker_firm);
    // At once.
    stage.app.wait_for_letters("other@example.jp", before + 1);
    // A letter of before may have come after it was counted.
    assert!(crate::support::wait_until(crate::support::PATIENCE, || !sent(&stage, "other@example.jp").is_empty()));
    let letters = sent(&stage, "other@example.jp");
    assert_eq!(letters.len(), 1);
    assert!(!letters[0].contains("封止"), "no words of the matter travel in a letter");
    let link = letters[0].lines().find_map(|line| line.strip_prefix("List-Unsubscribe: <")).expect("a way to stop");
    assert!(letters[0].contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
    // Daily: gathered, once.
    stage.days_pass(1);
    let before = stage.app.letters("buyer@example.jp").len();
    stage.sweeps();
    stage.sweeps();
    stage.app.wait_for_letters("buyer@example.jp", before + 1);
    let gathered = sent(&stage, "buyer@example.jp");
    assert_eq!(gathered.len(), 1, "{gathered:?}");
    assert!(gathered[0].contains("お知らせ 2件") || gathered[0].matches("/introductions/").count() >= 2);
    // Nothing new: no letter.
    stage.days_pass(1);
    stage.sweeps();
    assert_eq!(stage.app.letters("buyer@example.jp").len(), before + 1);
    assert!(sent(&stage, "maker@example.jp").is_empty());
    assert_eq!(stage.notices(&stage.maker).len(), 1, "in the service they come all the same");

    // One click, without signing in; a look does not stop anything.
    let path = link.trim_end_matches('>').trim_end_matches(['\r']).trim_end_matches('>');
    let path = path.strip_prefix("https://musubi.example.jp").expect("our address").to_owned();
    assert_eq!(stage.app.get(&path).status, 200);
    let choice = |stage: &Stage| text(&stage.reads(&stage.other, "me/notice-choice")["mail"]);
    assert_eq!(choice(&stage), "at_once");
    assert_eq!(
        stage
            .app
            .post_bytes(&path, &[("content-type", "application/x-www-form-urlencoded")], b"List-Unsubscribe=One-Click")
            .status,
        200
    );
    assert_eq!(choice(&stage), "none");
    assert_eq!(stage.app.post(&format!("{path}x"), json!({})).status, 404);
    // Read once, read for good.
    let marked = stage.does(&stage.maker, "me/notices/read", json!({}));
    assert_eq!(marked["marked"], 1);
    assert_eq!(stage.reads(&stage.maker, "me/notices?unread=true")["items"], json!([]));
}
