//! From a call to a group that goes together, told by those who take part.

use crate::support::people::Person;
use crate::support::{Dice, Hands, PATIENCE, Response, TestApp, World, auth, wait_until};
use serde_json::{Value, json};
use std::sync::Arc;

const DAY: i64 = 86_400;

/// A fair in autumn, an office with two officers and a coordinator, and eight firms of which five have accounts.
pub struct Hall {
    pub app: TestApp,
    pub hands: Hands,
    pub administrator: Person,
    pub officer: Person,
    pub colleague: Person,
    pub coordinator: Person,
    pub firms: Vec<String>,
    pub members: Vec<Person>,
    pub fair: String,
}

const FIRMS: [(&str, &str, u32); 8] = [
    ("甲塗工", "スロットダイ塗布による有機薄膜の塗工", 12),
    ("乙印刷", "スロットダイ塗布とスクリーン印刷による塗工", 150),
    ("丙封止", "有機ELの封止と封止材の貼り合わせ", 18),
    ("丁計測", "水蒸気透過率の測定と信頼性評価", 900),
    ("戊フィルム", "バリアフィルムの製膜と封止", 60),
    ("己計器", "水蒸気透過率の測定装置の製造", 25),
    ("庚精機", "塗布装置の設計と製造", 45),
    ("辛木工", "木工家具の製造", 8),
];

impl Hall {
    pub fn open() -> Self {
        let world = Arc::new(World::new());
        let hands = Hands::new();
        let settings = auth(&world);
        let app = TestApp::start_at(world, hands.clock(), settings);
        let firm = |(name, does, employees): &(&str, &str, u32)| {
            let body = json!({ "organization_kind": "firm", "name_ja": name, "employees": employees });
            let id = app.create("organizations", body);
            let body = json!({ "owner": id, "capability_kind": "process", "name_ja": does });
            app.create("capabilities", body);
            id
        };
        let firms: Vec<String> = FIRMS.iter().map(firm).collect();
        let administrator = app.administrator();
        let officer = app.person(&administrator, "officer@example.jp", &["officer"]);
        let colleague = app.person(&administrator, "officer2@example.jp", &["officer"]);
        let coordinator = app.person(&administrator, "co@example.jp", &["coordinator"]);
        let member = |(place, firm): (usize, &String)| {
            app.member(&administrator, &format!("firm{place}@example.jp"), firm, "editor")
        };
        let members = firms.iter().take(5).enumerate().map(member).collect();
        let mut hall =
            Self { app, hands, administrator, officer, colleague, coordinator, firms, members, fair: String::new() };
        hall.fair = hall.does(&hall.officer, "exhibitions", fair())["id"].as_str().expect("an id").to_owned();
        hall.app.settle();
        hall
    }

    /// Something that must be taken.
    pub fn does(&self, person: &Person, path: &str, body: Value) -> Value {
        let response = self.tries(person, path, body);
        assert!(response.status == 200 || response.status == 201, "{path}: {} {}", response.status, response.body);
        response.json()
    }

    pub fn tries(&self, person: &Person, path: &str, body: Value) -> Response {
        self.app.post_as(person, &format!("/api/v1/{path}"), body)
    }

    /// An event of a group, at the version that stands.
    pub fn tries_now(&self, person: &Person, group: &str, body: Value) -> Response {
        let path = format!("/api/v1/groups/{group}");
        let read = self.app.get_as(&self.officer, &path);
        let etag = read.header("etag").unwrap_or_else(|| panic!("no ETag: {}", read.body)).to_owned();
        let headers = [("authorization", person.bearer()), ("if-match", etag)];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.app.post_with(&format!("{path}/events"), &headers, body)
    }

    pub fn reads(&self, person: &Person, path: &str) -> Value {
        let response = self.app.get_as(person, &format!("/api/v1/{path}"));
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        response.json()
    }

    pub fn status(&self, person: &Person, path: &str) -> u16 {
        self.app.get_as(person, &format!("/api/v1/{path}")).status
    }

    /// Days pass, and everybody signs in again.
    pub fn passes(&mut self, days: i64) {
        self.hands.pass(days * DAY);
        let again = |person: &Person| self.app.sign_in(&person.email);
        let (administrator, officer) = (again(&self.administrator), again(&self.officer));
        let (colleague, coordinator) = (again(&self.colleague), again(&self.coordinator));
        let members = self.members.iter().map(again).collect();
        (self.administrator, self.officer, self.colleague, self.coordinator, self.members) =
            (administrator, officer, colleague, coordinator, members);
    }

    /// Everybody with an account applies.
    pub fn everybody_applies(&self) -> Vec<String> {
        let path = format!("exhibitions/{}/applications", self.fair);
        let apply = |(member, firm): (&Person, &String)| {
            let form =
                json!({ "shows_ja": "当社の技術", "willing_to_lead": *firm == self.firms[1], "other_cost": 50_000 });
            let made = self.does(member, &path, json!({ "party": firm, "form": form }));
            made["id"].as_str().expect("an id").to_owned()
        };
        self.members.iter().zip(&self.firms).map(apply).collect()
    }

    pub fn composes(&self, body: Value) -> Value {
        self.does(&self.officer, &format!("exhibitions/{}/compositions", self.fair), body)
    }

    /// Nothing is being solved any more.
    pub fn solved(&self, composition: &str) -> Value {
        let path = format!("compositions/{composition}/solve");
        let going_on = |state: &Value| ["waiting", "running"].contains(&state.as_str().expect("a state"));
        let done = || !going_on(&self.reads(&self.officer, &path)["state"]);
        assert!(wait_until(PATIENCE, done), "it still solves");
        self.reads(&self.officer, &format!("compositions/{composition}"))
    }
}

fn fair() -> Value {
    json!({
        "exhibition_kind": "fair", "title_ja": "架空エレクトロニクス展", "venue_ja": "架空国際展示場",
        "begins_on": "2026-10-14", "ends_on": "2026-10-16", "apply_by": "2026-05-31", "answer_by": "2026-06-30",
        "theme": [
            { "text_ja": "スロットダイ塗布", "weight": 2 }, { "text_ja": "有機ELの封止" },
            { "text_ja": "水蒸気透過率の測定" },
        ],
        "price": 100_000, "subsidy_percent": 50, "subsidy_cap": 250_000, "subsidy_cap_each": 80_000,
        "booths": [{ "id": "A-1", "column": 0, "row": 0 }, { "id": "A-2", "column": 1, "row": 0 }],
    })
}

pub fn inside(composition: &Value) -> Vec<String> {
    let members = composition["result"]["group"]["members"].as_array().expect("members");
    members.iter().map(|member| member["party"]["id"].as_str().expect("an id").to_owned()).collect()
}

fn seat<'a>(group: &'a Value, party: &str) -> &'a Value {
    let members = group["members"].as_array().expect("members");
    members.iter().find(|member| member["party"]["id"] == party).unwrap_or_else(|| panic!("{party} in {group}"))
}

fn id(body: &Value) -> &str {
    body["id"].as_str().expect("an id")
}

/// The whole story, by role.
#[test]
fn a_call_applications_a_composition_invitations_a_withdrawal_and_its_substitute() {
    let mut hall = Hall::open();
    let applications = hall.everybody_applies();
    // A firm sees its own application, the office all.
    let path = format!("exhibitions/{}/applications", hall.fair);
    assert_eq!(hall.reads(&hall.members[0], &path)["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(hall.reads(&hall.officer, &path)["items"].as_array().map(Vec::len), Some(5));
    assert_eq!(hall.status(&hall.members[1], &format!("applications/{}", applications[0])), 404);

    // The office composes: an answer at once.
    let made = hall.composes(json!({
        "from": "applicants", "size": 3, "wishes": [{ "rule": { "kind": "somebody_leads" } }], "seconds": 2,
    }));
    let composition = id(&made).to_owned();
    assert_eq!((&made["state"], &made["version"]), (&json!("found"), &json!(1)));
    let group = &made["result"]["group"];
    assert_eq!(inside(&made).len(), 3);
    assert_eq!(group["lead"]["id"], hall.firms[1], "the one that is willing: {group}");
    assert_eq!(group["lead"]["name"]["ja"], "乙印刷");
    assert_eq!(made["result"]["candidates"], 5);
    assert!(made["result"]["outside"].as_array().is_some_and(|outside| outside.len() == 2), "{made}");
    hall.solved(&composition);

    // A pin and a ban, with their effect.
    let before = inside(&made);
    let banned = before.iter().find(|party| **party != hall.firms[1]).expect("somebody").clone();
    let pinned = hall.firms[..5].iter().find(|party| !before.contains(party)).expect("somebody").clone();
    let edit = json!({ "swap": [{ "out": banned, "into": pinned }] });
    let changed = hall.app.patch_as(&hall.officer, &format!("/api/v1/compositions/{composition}"), 1, edit);
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")), "{}", changed.body);
    let changed = changed.json();
    let now = inside(&changed);
    assert!(now.contains(&pinned) && !now.contains(&banned), "{changed}");
    let effect = &changed["effect"];
    assert!(effect["came_in"].as_array().expect("cards").iter().any(|card| card["id"] == pinned));
    assert!(effect["went_out"].as_array().expect("cards").iter().any(|card| card["id"] == banned));
    let origins: Vec<&str> =
        changed["wishes"].as_array().expect("wishes").iter().filter_map(|wish| wish["origin"].as_str()).collect();
    assert_eq!(origins, ["wish", "size", "pin", "ban"]);
    assert_eq!(effect["broken_before"], json!([2, 3]), "{effect}");
    assert!(effect["value_before"].is_number() && effect["value_after"].is_number());

    // The group, with shares under the rule and the cap of 250,000.
    let group = hall.does(&hall.officer, "groups", json!({ "title": "架空展の共同出展", "composition": composition }));
    let path = format!("groups/{}", id(&group));
    assert_eq!((&group["state"], &group["lead"]["id"]), (&json!("composing"), &json!(hall.firms[1])));
    assert_eq!(group["totals"], json!({ "members": 3, "cost": 450_000, "share": 225_000, "subsidy": 225_000 }));
    let places: Vec<usize> =
        now.iter().map(|party| hall.firms.iter().position(|firm| firm == party).expect("a firm")).collect();
    for place in &places {
        assert_eq!(hall.status(&hall.members[*place], &path), 404, "nobody is told of a plan");
    }
    let events = format!("{path}/events");
    hall.does(&hall.officer, &events, json!({ "event": "invite", "message": "ご一緒しませんか。" }));
    for place in &places {
        let notices = hall.reads(&hall.members[*place], "me/notices");
        assert_eq!(notices["items"][0]["event"], "invited", "{notices}");
    }
    let lead = &hall.members[1];
    hall.does(lead, &events, json!({ "event": "accept" }));
    let others: Vec<usize> = places.iter().copied().filter(|place| *place != 1).collect();
    hall.does(&hall.members[others[0]], &events, json!({ "event": "accept" }));
    hall.tries(&hall.officer, &events, json!({ "event": "confirm" })).problem(409, "not-ready");
    hall.tries(&hall.officer, &events, json!({ "event": "accept" })).problem(403, "forbidden");
    hall.does(&hall.members[others[1]], &events, json!({ "event": "accept" }));
    let confirmed = hall.does(&hall.officer, &events, json!({ "event": "confirm" }));
    assert_eq!(confirmed["state"], "confirmed");
    // A member sees who goes, and its own part of the cost only.
    let seen = hall.reads(&hall.members[others[0]], &path);
    assert_eq!(seat(&seen, &hall.firms[others[0]])["share"], 75_000);
    assert_eq!(seat(&seen, &hall.firms[others[1]])["share"], Value::Null);
    assert_eq!(seen["totals"], json!({ "members": 3, "cost": null, "share": null, "subsidy": null }));
    assert_eq!(seat(&hall.reads(lead, &path), &hall.firms[others[1]])["share"], 75_000, "the lead sees all");

    // One leaves; the best substitute is proposed and asked in its place.
    let gone = &hall.firms[others[1]];
    let body = json!({ "event": "withdraw", "reason": "no_capacity", "text": "担当者の異動" });
    let left = hall.does(&hall.members[others[1]], &events, body);
    assert_eq!(left["state"], "inviting");
    assert_eq!(seat(&left, gone)["state"], "withdrawn");
    let told = hall.reads(&hall.officer, "me/notices");
    assert_eq!(told["items"][0]["event"], "withdrew", "{told}");
    let proposed = hall.reads(&hall.officer, &format!("{path}/substitutes"));
    let substitute = proposed["best"]["party"]["id"].as_str().unwrap_or_else(|| panic!("{proposed}")).to_owned();
    assert!(
        substitute != *gone
            && substitute != banned
            && !places.contains(&hall.firms.iter().position(|firm| *firm == substitute).expect("a firm")),
        "{proposed}"
    );
    assert!(proposed["best"]["adds"]["coverage"].is_number());
    let asked = hall.does(&hall.officer, &events, json!({ "event": "add", "party": substitute, "replaces": gone }));
    assert_eq!(seat(&asked, &substitute)["replaces"]["id"], *gone);
    let newcomer = hall.firms.iter().position(|firm| *firm == substitute).expect("a firm");
    hall.does(&hall.members[newcomer], &events, json!({ "event": "accept" }));
    hall.does(&hall.officer, &events, json!({ "event": "confirm" }));
    // It counts for the year: the same firms are no first-timers any more, and over their number.
    let other = json!({ "title_ja": "架空秋季展", "begins_on": "2026-11-01", "theme": [{ "text_ja": "塗布" }] });
    let other = id(&hall.does(&hall.officer, "exhibitions", other)).to_owned();
    let ask = json!({
        "from": "listed", "parties": hall.firms, "size": 3, "seconds": 0,
        "wishes": [{ "rule": { "kind": "exhibitions_at_most", "count": 1 } }],
    });
    let made = hall.does(&hall.officer, &format!("exhibitions/{other}/compositions"), ask);
    let goes = [&hall.firms[1], &hall.firms[others[0]], &substitute];
    assert!(inside(&made).iter().all(|party| !goes.contains(&party)), "{made}");

    let days = crate::fair_days::prepare(&hall, id(&group));

    // The fair comes and goes; the group grows.
    hall.tries(&hall.officer, &events, json!({ "event": "exhibited" })).problem(409, "too-early");
    hall.passes(200);
    let lead = &hall.members[1];
    crate::fair_days::goes_on(&hall, &days);
    hall.does(&hall.officer, &events, json!({ "event": "exhibited" }));
    hall.does(lead, &events, json!({ "event": "report", "text": "名刺交換120件、見積依頼6件。" }));
    hall.does(lead, &events, json!({ "event": "mature", "to": "joint_order" }));
    let back = json!({ "event": "mature", "to": "joint_development" });
    let refused = hall.tries(lead, &events, back).problem(422, "invalid");
    assert_eq!(refused["errors"][0]["code"], "maturity.back");
    hall.does(lead, &events, json!({ "event": "mature", "to": "joint_development", "text": "量産前に戻った" }));
    let story = json!({ "event": "tell_story", "title": "三社で受注", "text": "共同で試作を受けた。", "public": true });
    let told = hall.does(lead, &events, story);
    assert_eq!((&told["state"], &told["maturity"]), (&json!("reported"), &json!("joint_development")));
    assert_eq!(told["growth"].as_array().map(Vec::len), Some(2));
    let stories = hall.app.get("/api/v1/stories").json();
    assert_eq!(stories["items"][0]["title"], "三社で受注");
    assert_eq!(stories["items"][0]["members"].as_array().map(Vec::len), Some(3));
    let figures = hall.reads(&hall.officer, "indicators?fiscal_year=2026")["groups"].clone();
    let expected = json!({ "formed": 1, "confirmed": 1, "exhibited": 1, "firms": 3, "joint_orders": 1 });
    assert_eq!(figures, expected);
    let figures = hall.reads(&hall.officer, "indicators?fiscal_year=2026")["meetings"].clone();
    let silent = figures["without_card"].as_i64().expect("a number");
    assert_eq!(figures["arranged"].as_i64(), Some(silent + 1), "{figures}");
    assert_eq!(
        (&figures["held"], &figures["cases"], &figures["outcomes"]),
        (&json!(1), &json!(1), &json!({ "quote": 1 }))
    );
    // The history as a file is in words, with the names.
    let file = hall.app.get_as(&hall.officer, &format!("/api/v1/{path}/history?format=csv")).body;
    for word in ["招待", "取下げ", "確定", "共同受注", "乙印刷", "自己負担"] {
        assert!(file.contains(word), "{word}: {file}");
    }
    assert!(!file.contains("party") && !file.contains("confirmed") && !file.contains(&hall.firms[1]), "{file}");
    // Every row follows from its events.
    let mut faults = Vec::new();
    musubi::store::check::check(&hall.app.app.database, &mut |fault| faults.push(format!("{fault:?}")))
        .expect("a check");
    assert_eq!(faults, [""; 0]);
}

#[test]
fn who_applies_when_for_whom_and_how_often() {
    let mut hall = Hall::open();
    let path = format!("exhibitions/{}/applications", hall.fair);
    let (own, other) = (hall.firms[0].clone(), hall.firms[1].clone());
    let apply = |hall: &Hall, party: &str, form: Value| {
        hall.tries(&hall.members[0], &path, json!({ "party": party, "form": form }))
    };
    assert_eq!(hall.app.post(&format!("/api/v1/{path}"), json!({ "party": own })).status, 401);
    apply(&hall, &other, json!({})).problem(403, "forbidden");
    apply(&hall, "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d", json!({})).problem(422, "invalid");
    // What is not its own is not shown; who is unknown is not named; nothing is negative.
    let capability = hall.reads(&hall.members[1], &format!("capabilities?owner={other}"))["items"][0]["id"].clone();
    for (form, pointer) in [
        (json!({ "things": [capability] }), "/form/things/0"),
        (json!({ "apart": [own] }), "/form/apart/0"),
        (json!({ "apart": [other], "together": [other] }), "/form/apart/0"),
        (json!({ "together": ["0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d"] }), "/form/together/0"),
        (json!({ "space": 0 }), "/form/space"),
        (json!({ "other_cost": -1 }), "/form/other_cost"),
        (json!({ "pays_at_most": -5 }), "/form/pays_at_most"),
        (json!({ "state": "accepted" }), "/form/state"),
    ] {
        let problem = apply(&hall, &own, form.clone()).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{form}: {problem}");
    }
    let made = apply(&hall, &own, json!({ "apart": [other] }));
    assert_eq!(made.status, 201, "{}", made.body);
    let application = format!("applications/{}", id(&made.json()));
    apply(&hall, &own, json!({})).problem(409, "already-applied");
    // An exhibition to which somebody applied stays.
    let bearer = hall.officer.bearer();
    let headers = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
    hall.app.delete(&format!("/api/v1/exhibitions/{}", hall.fair), &headers).problem(409, "referenced");
    // Whom a firm does not go with is between it and the office.
    assert_eq!(hall.status(&hall.members[1], &application), 404);
    hall.tries(&hall.members[1], &format!("{application}/events"), json!({ "event": "withdraw" }))
        .problem(404, "not-found");
    let events = format!("{application}/events");
    let out = hall.does(&hall.members[0], &events, json!({ "event": "withdraw", "text": "日程が合わない" }));
    assert_eq!(out["state"], "withdrawn");
    let again = hall.does(&hall.members[0], &events, json!({ "event": "change", "form": { "space": 2 } }));
    assert_eq!((&again["state"], &again["form"]["space"]), (&json!("applied"), &json!(2)));
    // Lists as files.
    for format in ["csv", "jsonl"] {
        let file = hall.app.get_as(&hall.officer, &format!("/api/v1/{path}?format={format}"));
        assert_eq!(file.status, 200, "{format}: {}", file.body);
        assert!(file.body.contains("甲塗工"), "{format}: {}", file.body);
    }
    // The office registers for a firm without an account.
    let for_it = json!({ "party": hall.firms[7], "form": { "note": "電話で受付" } });
    assert_eq!(hall.does(&hall.coordinator, &path, for_it)["party"]["id"], hall.firms[7]);
    // The day of the deadline is a day in Japan; after it everything is too late, for everybody.
    hall.passes(61);
    apply(&hall, &own, json!({})).problem(409, "deadline-passed");
    hall.tries(&hall.members[0], &events, json!({ "event": "withdraw" })).problem(409, "deadline-passed");
    hall.tries(&hall.members[0], &events, json!({ "event": "change", "form": {} })).problem(409, "deadline-passed");
    let late = json!({ "party": hall.firms[6], "form": {} });
    hall.tries(&hall.coordinator, &path, late.clone()).problem(409, "deadline-passed");
    // Who keeps the exhibition moves its date.
    let moved = hall.app.patch_as(
        &hall.officer,
        &format!("/api/v1/exhibitions/{}", hall.fair),
        1,
        json!({ "apply_by": "2026-06-15" }),
    );
    assert_eq!(moved.status, 200, "{}", moved.body);
    assert_eq!(hall.tries(&hall.coordinator, &path, late).status, 201);
    // No call, no application.
    let quiet = hall.does(&hall.officer, "exhibitions", json!({ "title_ja": "募集のない展示会" }));
    let path = format!("exhibitions/{}/applications", id(&quiet));
    hall.tries(&hall.members[0], &path, json!({ "party": own })).problem(409, "no-call");
}

#[test]
fn two_officers_at_once_and_wishes_that_cannot_be() {
    let hall = Hall::open();
    hall.everybody_applies();
    let compositions = format!("exhibitions/{}/compositions", hall.fair);
    let ask = |body: Value| hall.tries(&hall.officer, &compositions, body);
    let nobody = "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d";
    for (body, pointer) in [
        (json!({ "from": "applicants" }), "/size"),
        (json!({ "from": "applicants", "size": 1 }), "/size"),
        (json!({ "from": "listed", "size": 3 }), "/parties"),
        (json!({ "from": "listed", "parties": [nobody], "size": 3 }), "/parties/0"),
        (json!({ "from": "applicants", "size": 3, "pins": [nobody] }), "/pins/0"),
        (
            json!({ "from": "applicants", "size": 3, "wishes": [{ "rule": { "kind": "never", "candidate": nobody } }] }),
            "/wishes/0/rule/candidate",
        ),
        (
            json!({ "from": "applicants", "size": 3, "wishes": [{ "rule": { "kind": "subsidy_at_most", "amount": -1 } }] }),
            "/wishes/0/rule/amount",
        ),
        (json!({ "from": "applicants", "size": 3, "seconds": 3600 }), "/seconds"),
        (json!({ "from": "everybody", "size": 3 }), "/from"),
    ] {
        let problem = ask(body.clone()).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    // More than anybody wishes, or can name, is refused before it is solved.
    let wish = json!({ "rule": { "kind": "somebody_leads" } });
    let many = ask(json!({ "from": "applicants", "size": 3, "wishes": vec![wish; 10_000] }));
    assert!(matches!(many.status, 413 | 422), "{}", many.status);
    let many = ask(json!({ "from": "listed", "size": 3, "parties": vec![nobody; 100_000] }));
    assert!(matches!(many.status, 413 | 422), "{}", many.status);
    assert_eq!(hall.tries(&hall.members[0], &compositions, json!({ "from": "applicants", "size": 3 })).status, 403);

    // What cannot hold together is named, and each of it is needed.
    let wishes = json!([
        { "rule": { "kind": "somebody_leads" } },
        { "rule": { "kind": "never", "candidate": hall.firms[1] } },
    ]);
    let made = hall.composes(json!({ "from": "applicants", "size": 3, "wishes": wishes }));
    assert_eq!((&made["state"], &made["result"]["group"]), (&json!("conflict"), &Value::Null));
    let conflict = &made["result"]["conflict"];
    let places: Vec<i64> =
        conflict["wishes"].as_array().expect("wishes").iter().filter_map(|wish| wish["wish"].as_i64()).collect();
    assert_eq!((places, &conflict["proven_minimal"]), (vec![0, 1], &json!(true)), "{conflict}");
    let reason = conflict["reason"]["ja"].as_str().expect("a sentence");
    assert!(reason.contains("幹事になれる参加者がいる") && reason.contains("「乙印刷」は参加しない"), "{reason}");
    hall.tries(&hall.officer, "groups", json!({ "title": "無理", "composition": id(&made) })).problem(409, "no-group");

    // Sent twice, it is there once.
    let bearer = hall.officer.bearer();
    let sent = |body: Value| {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "the same")];
        hall.app.post_with(&format!("/api/v1/{compositions}"), &headers, body)
    };
    let body = json!({ "from": "applicants", "size": 2, "seconds": 0 });
    let (one, two) = (sent(body.clone()), sent(body));
    assert_eq!((one.status, one.header("location")), (201, two.header("location")));
    assert_eq!(sent(json!({ "from": "applicants", "size": 3 })).status, 422);

    // Two officers change one composition: the second reads again first.
    let made = hall.composes(json!({ "from": "registry", "size": 3, "seconds": 1, "alternatives": 1 }));
    assert!(made["result"]["candidates"].as_u64().is_some_and(|count| count >= 6), "{made}");
    let path = format!("/api/v1/compositions/{}", id(&made));
    let ban =
        |person: &Person, version: i64, firm: &str| hall.app.patch_as(person, &path, version, json!({ "ban": [firm] }));
    assert_eq!(ban(&hall.officer, 1, &hall.firms[0]).status, 200);
    let stale = ban(&hall.colleague, 1, &hall.firms[1]).problem(412, "stale");
    assert_eq!(stale["current_version"], 2, "{stale}");
    let second = ban(&hall.colleague, 2, &hall.firms[1]);
    assert_eq!(second.status, 200, "{}", second.body);
    let kept = hall.solved(id(&made));
    assert_eq!(kept["ask"]["bans"], json!([hall.firms[0], hall.firms[1]]), "nobody's change is lost");
    assert_eq!(hall.app.patch_with(&path, &[("authorization", &bearer)], json!({})).status, 428);
    let both = hall.app.patch_as(&hall.officer, &path, 3, json!({ "pin": [hall.firms[0]], "ban": [hall.firms[0]] }));
    assert_eq!(both.problem(422, "invalid")["errors"][0]["code"], "edit.both");
    let taken_back = hall.app.patch_as(&hall.officer, &path, 3, json!({ "unban": [hall.firms[0], hall.firms[1]] }));
    assert_eq!(taken_back.json()["ask"]["bans"], json!([]));
    let history = hall.reads(&hall.officer, &format!("compositions/{}/history", id(&made)));
    let people =
        history["items"].as_array().expect("events").iter().filter(|event| event["event"] == "changed").count();
    assert_eq!(people, 3);
    assert!(!history.to_string().contains("甲塗工"), "what is kept holds no names");
}

#[test]
fn a_long_solve_is_watched_and_stopped() {
    let mut hall = Hall::open();
    let topics = ["塗布", "封止", "測定", "印刷", "切削", "鋳造", "染色", "発酵", "通信", "制御", "溶接", "鍛造"];
    let theme: Vec<Value> = topics.iter().map(|topic| json!({ "text_ja": topic })).collect();
    let body = json!({ "title_ja": "広いテーマの展示会", "theme": theme });
    hall.fair = id(&hall.does(&hall.officer, "exhibitions", body)).to_owned();
    let mut dice = Dice::new(7);
    let mut firms = Vec::new();
    for place in 0..120 {
        let body = json!({ "organization_kind": "firm", "name_ja": format!("候補{place}") });
        let firm = hall.does(&hall.coordinator, "organizations", body);
        for _ in 0..2 {
            let does: Vec<&str> = (0..1 + dice.below(4)).map(|_| *dice.pick(&topics)).collect();
            let body = json!({ "owner": id(&firm), "capability_kind": "process", "name_ja": does.join("と") });
            hall.does(&hall.coordinator, "capabilities", body);
        }
        firms.push(id(&firm).to_owned());
    }
    hall.app.settle();
    // Wishes that pull in many directions take long to prove.
    let mut apart = || {
        let pair: std::collections::BTreeSet<&String> = (0..3).map(|_| dice.pick(&firms)).collect();
        json!({ "rule": { "kind": "apart", "candidates": pair }, "soft": 1.0 + dice.below(30) as f64 / 10.0 })
    };
    let wishes: Vec<Value> = (0..300)
        .map(|_| apart())
        .filter(|wish| wish["rule"]["candidates"].as_array().is_some_and(|list| list.len() > 1))
        .collect();
    // Another long computation has its turn: this one waits.
    let turn = hall.app.app.long_turn.try_take().expect("the turn");
    let began = std::time::Instant::now();
    let made = hall.composes(json!({ "from": "registry", "size": 30, "wishes": wishes, "seconds": 60 }));
    assert_eq!(made["state"], "found", "there is an answer at once: {made}");
    let path = format!("compositions/{}/solve", id(&made));
    println!(
        "the answer at once took {} ms with {} candidates",
        began.elapsed().as_millis(),
        made["result"]["candidates"]
    );
    println!("proven at once: {}", made["result"]["proven"]);
    if made["result"]["proven"] == false {
        assert_eq!(hall.reads(&hall.officer, &path)["state"], "waiting");
        drop(turn);
        let running = || hall.reads(&hall.officer, &path)["best"].is_number();
        assert!(wait_until(PATIENCE, running), "it does not begin");
        let progress = hall.reads(&hall.officer, &path);
        assert!(progress["bound"].as_f64() >= progress["best"].as_f64(), "{progress}");
    }
    let stop = || hall.app.delete(&format!("/api/v1/{path}"), &[("authorization", &hall.officer.bearer())]).status;
    assert_eq!(stop(), 204);
    let kept = hall.solved(id(&made));
    assert_eq!(kept["state"], "found");
    assert!(kept["result"]["group"]["value"].as_f64() >= made["result"]["group"]["value"].as_f64());
    assert_eq!(stop(), 204, "nothing to stop is as good");
    assert_eq!(hall.status(&hall.members[0], &path), 403);
}

#[test]
fn shares_keep_the_rule_and_who_pays_more_is_asked_again() {
    let hall = Hall::open();
    let body = json!({ "title": "四社で", "exhibition": hall.fair, "members": hall.firms[..4], "lead": hall.firms[0] });
    let group = hall.does(&hall.coordinator, "groups", body.clone());
    // Half of 100,000 each would be 200,000: under the cap of 250,000.
    assert_eq!(group["totals"]["subsidy"], 200_000);
    let events = format!("groups/{}/events", id(&group));
    let shares = |list: &[(usize, i64, i64)]| -> Vec<Value> {
        list.iter()
            .map(|(place, cost, share)| json!({ "party": hall.firms[*place], "cost": cost, "share": share }))
            .collect()
    };
    let set = |list: &[(usize, i64, i64)]| json!({ "event": "set_shares", "shares": shares(list) });
    let even = [(0, 100_000, 50_000), (1, 100_000, 50_000), (2, 100_000, 50_000), (3, 100_000, 50_000)];
    let with = |place: usize, cost: i64, share: i64| {
        let mut list = even;
        list[place] = (place, cost, share);
        set(&list)
    };
    for (body, code) in [
        (with(1, 100_000, -1), "yen.range"),
        (with(1, 100_000, 100_001), "share.range"),
        (with(1, 100_000, 49_999), "share.subsidy"),
        (with(1, 500_000, 400_000), "share.subsidy"),
        (set(&even[..3]), "shares.members"),
        (set(&[even[0], even[1], even[2], even[2]]), "shares.members"),
    ] {
        let problem = hall.tries_now(&hall.officer, id(&group), body.clone()).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["code"], code, "{body}: {problem}");
    }
    assert_eq!(hall.tries(&hall.members[0], &events, set(&even)).status, 404, "a plan is nobody's business");
    hall.does(&hall.officer, &events, json!({ "event": "invite" }));
    hall.tries(&hall.members[0], &events, set(&even)).problem(403, "forbidden");
    for place in [0, 1, 2] {
        hall.does(&hall.members[place], &events, json!({ "event": "accept" }));
    }
    let no = hall.does(&hall.members[3], &events, json!({ "event": "decline", "reason": "price" }));
    assert_eq!(seat(&no, &hall.firms[3])["reason"], "price", "it sees its own answer");
    let seen = hall.reads(&hall.members[2], &format!("groups/{}", id(&group)));
    assert_eq!(seen["members"].as_array().map(Vec::len), Some(3), "who said no is not told to the others");
    hall.does(&hall.officer, &events, json!({ "event": "confirm" }));
    // One is to pay more: it is asked again, with a date.
    let more = [(0, 100_000, 50_000), (1, 100_000, 60_000), (2, 100_000, 50_000)];
    hall.tries(&hall.officer, &events, set(&more)).problem(428, "precondition-required");
    let problem = hall.tries_now(&hall.officer, id(&group), set(&more)).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/answer_by");
    let mut dated = set(&more);
    dated["answer_by"] = json!("2026-06-20");
    let again = hall.tries_now(&hall.officer, id(&group), dated.clone()).json();
    // Who read the group before that is told, whatever it does.
    let bearer = hall.officer.bearer();
    let old = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
    for late in [dated, json!({ "event": "dissolve", "text": "中止" })] {
        hall.app.post_with(&format!("/api/v1/{events}"), &old, late).problem(412, "stale");
    }
    assert_eq!((&again["state"], &seat(&again, &hall.firms[1])["state"]), (&json!("inviting"), &json!("invited")));
    hall.does(&hall.members[1], &events, json!({ "event": "accept" }));
    hall.does(&hall.officer, &events, json!({ "event": "confirm" }));
    // One more, as much of the cap as is left: 250,000 − 140,000 is more than the rule gives.
    let added = hall.does(&hall.officer, &events, json!({ "event": "add", "party": hall.firms[4] }));
    assert_eq!(seat(&added, &hall.firms[4])["subsidy"], 50_000);
    hall.tries(&hall.officer, &events, json!({ "event": "add", "party": hall.firms[4] }))
        .problem(409, "already-member");
    let stranger = json!({ "event": "add", "party": "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d" });
    hall.tries(&hall.officer, &events, stranger).problem(422, "invalid");
    let reasons = hall.reads(&hall.officer, &format!("groups/{}/history", id(&group)));
    assert!(reasons.to_string().contains("price"));
    assert_eq!(hall.status(&hall.members[0], &format!("groups/{}/history", id(&group))), 403);
    for (change, status) in [
        (json!({ "members": [hall.firms[0]] }), 422),
        (json!({ "members": [hall.firms[0], hall.firms[0]] }), 422),
        (json!({ "lead": hall.firms[7] }), 422),
        (json!({ "exhibition": hall.firms[0] }), 422),
    ] {
        let mut body = body.clone();
        body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        assert_eq!(hall.tries(&hall.officer, "groups", body.clone()).status, status, "{body}");
    }
    assert_eq!(hall.tries(&hall.members[0], "groups", body).status, 403);
}

#[test]
fn nobody_answers_and_the_clock_says_so() {
    let mut hall = Hall::open();
    let body = json!({ "title": "二社で", "members": hall.firms[..2], "lead": hall.firms[0] });
    let group = hall.does(&hall.officer, "groups", body);
    let events = format!("groups/{}/events", id(&group));
    hall.does(&hall.officer, &events, json!({ "event": "invite" }));
    hall.does(&hall.members[0], &events, json!({ "event": "accept" }));
    hall.hands.pass(12 * DAY);
    let round = musubi::store::clocks::run(&hall.app.app.database).expect("a round");
    assert_eq!((round.reminded, round.lapsed), (1, 0));
    hall.passes(4);
    hall.tries(&hall.members[1], &events, json!({ "event": "accept" })).problem(409, "lapsed");
    let round = musubi::store::clocks::run(&hall.app.app.database).expect("a round");
    assert_eq!((round.reminded, round.lapsed), (0, 1));
    assert_eq!(musubi::store::clocks::run(&hall.app.app.database).expect("a round").lapsed, 0);
    let seen = hall.reads(&hall.officer, &format!("groups/{}", id(&group)));
    assert_eq!(seat(&seen, &hall.firms[1])["state"], "lapsed");
    let again = json!({ "event": "add", "party": hall.firms[1] });
    hall.does(&hall.officer, &events, again);
    hall.does(&hall.members[1], &events, json!({ "event": "accept" }));
    let confirmed = hall.does(&hall.officer, &events, json!({ "event": "confirm" }));
    assert_eq!(confirmed["state"], "confirmed");
    hall.tries(&hall.officer, &events, json!({ "event": "exhibited" })).problem(409, "not-confirmed");
}

/// The invented exhibition shows what composing is worth.
#[test]
fn the_exhibition_of_the_demo_is_composed() {
    let app = TestApp::start();
    musubi::demo::load(&app.app.database).expect("the demo");
    app.settle();
    let fairs = app.get("/api/v1/exhibitions").json()["items"].clone();
    let called = fairs.as_array().expect("exhibitions").iter().find(|fair| fair["apply_by"].is_string());
    let fair = called.expect("a call")["id"].as_str().expect("an id").to_owned();
    let ask = |from: &str, size: usize| {
        let wishes = json!([
            { "rule": { "kind": "somebody_leads" } },
            { "rule": { "kind": "rivals_apart" } },
            { "rule": { "kind": "size_at_least", "size": "small", "count": 2 } },
            { "rule": { "kind": "subsidy_at_most", "amount": 1_200_000 } },
        ]);
        let body = json!({ "from": from, "size": size, "wishes": wishes, "seconds": 0 });
        let answer = app.post(&format!("/api/v1/exhibitions/{fair}/compositions"), body);
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()
    };
    for (from, size) in [("applicants", 8), ("registry", 12)] {
        let made = ask(from, size);
        let result = &made["result"];
        println!("{from}: {} candidates, gap {}, proven {}", result["candidates"], result["gap"], result["proven"]);
        assert_eq!(inside(&made).len(), size, "{made}");
        let covered = result["group"]["theme"].as_array().expect("the theme");
        assert!(covered.iter().all(|sum| sum.as_f64().is_some_and(|sum| sum > 0.0)), "{covered:?}");
        let reasons = result["group"]["members"].as_array().expect("members");
        assert!(reasons.iter().all(|member| member["adds"]["coverage"].is_number()));
        assert!(result["outside"].as_array().is_some_and(|outside| !outside.is_empty()));
    }
    // Those that do not go together do not.
    let names: Vec<String> = ask("applicants", 8)["result"]["group"]["members"]
        .as_array()
        .expect("members")
        .iter()
        .filter_map(|member| member["party"]["name"]["ja"].as_str().map(str::to_owned))
        .collect();
    for [left, right] in
        [["燈明コーティング株式会社", "株式会社雪白塗工"], ["フウシテック株式会社", "結晶シール工業㈱"]]
    {
        assert!(!(names.iter().any(|name| name == left) && names.iter().any(|name| name == right)), "{names:?}");
    }
}

#[test]
fn the_office_answers_where_nobody_else_can_and_no_story_is_told_before_two_agree() {
    let hall = Hall::open();
    let [first, second, with_account] = [5, 6, 0].map(|number: usize| hall.firms[number].clone());
    let members = [&first, &second, &with_account];
    let body = json!({ "title": "電話で答える組", "exhibition": hall.fair, "members": members });
    let group = hall.does(&hall.officer, "groups", body);
    let events = format!("groups/{}/events", id(&group));
    hall.does(&hall.officer, &events, json!({ "event": "invite", "message": "ご一緒しませんか。" }));
    let story = json!({ "event": "tell_story", "title": "受注", "text": "まだ誰も承諾していない。", "public": true });
    hall.tries(&hall.officer, &events, story.clone()).problem(409, "nobody-agreed");
    let ripe = json!({ "event": "mature", "to": "joint_order" });
    hall.tries(&hall.officer, &events, ripe).problem(409, "nobody-agreed");
    let accept = |party: &str| json!({ "event": "accept", "party": party });
    hall.does(&hall.officer, &events, accept(&first));
    hall.does(&hall.coordinator, &events, accept(&second));
    // Who has an account answers for itself, and nobody answers for a stranger.
    hall.tries(&hall.officer, &events, accept(&with_account)).problem(403, "forbidden");
    hall.tries(&hall.officer, &events, accept(&hall.firms[7])).problem(403, "forbidden");
    hall.tries(&hall.members[1], &events, accept(&first)).problem(404, "not-found");
    hall.does(&hall.officer, &events, story);
}
