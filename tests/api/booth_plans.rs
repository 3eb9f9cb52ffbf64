//! Booths of an exhibition, and orders that a group takes together, over HTTP.

use crate::support::TestApp;
use crate::support::people::Person;
use serde_json::{Value, json};

struct Hall {
    app: TestApp,
    administrator: Person,
    officer: Person,
    exhibition: String,
    /// One looks for what the second does; the third and the fourth have worked together; the last does what the first does.
    firms: Vec<String>,
}

/// A grid of booths in rows of `columns`.
fn grid(columns: usize, rows: usize) -> Value {
    let booth = |at: usize| json!({ "id": format!("A{at}"), "column": at % columns, "row": at / columns });
    (0..columns * rows).map(booth).collect()
}

fn hall(columns: usize, rows: usize) -> Hall {
    let app = TestApp::start();
    let does = ["筐体の設計", "水蒸気透過率の測定", "スロットダイ塗布", "有機ELの封止", "筐体の設計と製作"];
    let firm = |at: usize| {
        let industry = if at == 0 || at == 4 { json!("E29") } else { Value::Null };
        let firm = json!({ "organization_kind": "firm", "name_ja": format!("会社{at}"), "industry": industry });
        let made = app.post("/api/v1/organizations", firm);
        let id = match made.status {
            201 => made.json()["id"].as_str().expect("an id").to_owned(),
            _ => app.firm(&format!("会社{at}")),
        };
        app.create("capabilities", json!({ "owner": id, "capability_kind": "process", "name_ja": does[at] }));
        id
    };
    let firms: Vec<String> = (0..does.len()).map(firm).collect();
    let lines = json!([{ "strength": "must", "text_ja": "水蒸気透過率の測定" }]);
    app.create("needs", json!({ "owner": firms[0], "title_ja": "水蒸気透過率の測定を頼みたい", "lines": lines }));
    let members = json!([{ "party": firms[2] }, { "party": firms[3] }]);
    app.create("records", json!({ "record_kind": "project", "title_ja": "塗布と封止の共同開発", "members": members }));
    let exhibition = app.create("exhibitions", json!({ "title_ja": "春の展示会", "booths": grid(columns, rows) }));
    let administrator = app.administrator();
    let officer = app.person(&administrator, "officer@example.jp", &["officer"]);
    app.settle();
    Hall { app, administrator, officer, exhibition, firms }
}

impl Hall {
    fn plans(&self) -> String {
        format!("/api/v1/exhibitions/{}/booth-plans", self.exhibition)
    }

    fn exhibitors(&self) -> Value {
        self.firms.iter().map(|firm| json!({ "parties": [firm] })).collect()
    }

    fn place_of(&self, plan: &Value, firm: &str) -> (i64, i64) {
        let places = plan["places"].as_array().expect("places");
        let place = places.iter().find(|place| place["parties"][0]["id"] == firm).expect("a place");
        let number: i64 = place["booth"].as_str().expect("a booth")[1..].parse().expect("a number");
        (number % 5, number / 5)
    }

    fn beside(&self, plan: &Value, one: usize, other: usize) -> bool {
        let (one, other) = (self.place_of(plan, &self.firms[one]), self.place_of(plan, &self.firms[other]));
        (one.0 - other.0).abs() + (one.1 - other.1).abs() == 1
    }
}

#[test]
fn who_complements_stands_together_and_rivals_apart() {
    let hall = hall(5, 1);
    let body = json!({ "exhibitors": hall.exhibitors(), "rivals": [[hall.firms[0], hall.firms[4]]] });
    let made = hall.app.post_as(&hall.officer, &hall.plans(), body);
    assert_eq!(made.status, 201, "{}", made.body);
    let plan = made.json();
    assert!(hall.beside(&plan, 0, 1), "who looks for what the other does: {plan}");
    assert!(hall.beside(&plan, 2, 3), "who worked together: {plan}");
    assert!(!hall.beside(&plan, 0, 4), "rivals: {plan}");
    assert_eq!(plan["organiser"]["proven"], true);
    let why = plan["organiser"]["neighbours"].to_string();
    assert!(why.contains("worked_together") && why.contains("complement") && !why.contains("rivals"), "{why}");

    // A pin: placed anew around it; two officers at once: the second is told.
    let path = format!("/api/v1/booth-plans/{}", plan["id"].as_str().expect("an id"));
    let pins = json!({ "pins": [{ "party": hall.firms[1], "booth": "A4" }] });
    let changed = hall.app.patch_as(&hall.officer, &path, 1, pins.clone());
    assert_eq!(changed.status, 200, "{}", changed.body);
    let plan = changed.json();
    assert_eq!(hall.place_of(&plan, &hall.firms[1]), (4, 0));
    assert!(hall.beside(&plan, 0, 1) && !hall.beside(&plan, 0, 4), "{plan}");
    hall.app.patch_as(&hall.officer, &path, 1, pins).problem(412, "stale");

    // Exhibitors read it once it is published.
    let member = hall.app.member(&hall.administrator, "member@example.jp", &hall.firms[0], "editor");
    assert_eq!(hall.app.get_as(&member, &path).status, 404);
    assert_eq!(hall.app.get_as(&member, "/api/v1/booth-plans").json()["items"], json!([]));
    let bearer = hall.officer.bearer();
    let headers = [("authorization", bearer.as_str()), ("if-match", "\"2\"")];
    let published = hall.app.post_with(&format!("{path}/publish"), &headers, Value::Null);
    assert_eq!(published.status, 200, "{}", published.body);
    let seen = hall.app.get_as(&member, &path).json();
    assert_eq!(seen["places"].as_array().expect("places").len(), 5);
    assert!(seen["organiser"].is_null());
    let told = hall.app.get_as(&member, "/api/v1/me/notices").json();
    assert_eq!(told["items"][0]["event"], "published", "{told}");
    let file = hall.app.get_as(&hall.officer, &format!("{path}/places?format=csv"));
    assert_eq!(file.body.lines().count(), 6, "{}", file.body);
    assert_eq!(hall.app.get_as(&hall.officer, &format!("{path}/places?format=pdf")).status, 422);
}

#[test]
fn what_has_no_place_is_refused_with_its_place() {
    let hall = hall(2, 2);
    let refused = |body: Value, pointer: &str| {
        let problem = hall.app.post_as(&hall.officer, &hall.plans(), body).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    };
    let one = |more: Value| {
        let mut body = json!({ "exhibitors": [{ "parties": [hall.firms[0]] }] });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };
    let nobody = "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d";
    refused(json!({ "exhibitors": [] }), "/exhibitors");
    refused(json!({ "exhibitors": hall.exhibitors() }), "/exhibitors");
    refused(one(json!({ "exhibitors": [{ "parties": [nobody] }] })), "/exhibitors/0/parties/0");
    refused(one(json!({ "exhibitors": [{ "group": nobody }] })), "/exhibitors/0/group");
    refused(
        one(json!({ "exhibitors": [{ "parties": [hall.firms[0]] }, { "parties": [hall.firms[0]] }] })),
        "/exhibitors/1/parties/0",
    );
    refused(one(json!({ "exhibitors": [{ "parties": [hall.firms[0]], "size": 2 }] })), "/exhibitors");
    refused(one(json!({ "rivals": [[hall.firms[0], hall.firms[1]]] })), "/rivals/0/1");
    refused(one(json!({ "pins": [{ "party": hall.firms[0], "booth": "Z9" }] })), "/pins/0/booth");
    refused(one(json!({ "overlap": 0.0 })), "/overlap");
    refused(
        one(json!({ "pairs": [{ "left": hall.firms[0], "right": hall.firms[0], "value": 7.0 }] })),
        "/pairs/0/value",
    );
    let many: Vec<Value> = (0..10_000).map(|_| json!([hall.firms[0], hall.firms[0]])).collect();
    refused(one(json!({ "rivals": many })), "/rivals");
    // A grid with no booth.
    let bearer = hall.officer.bearer();
    let body = json!({ "title_ja": "小間のない展示会" });
    let bare = hall.app.post_with("/api/v1/exhibitions", &[("authorization", &bearer)], body);
    assert_eq!(bare.status, 201, "{}", bare.body);
    let path = format!("/api/v1/exhibitions/{}/booth-plans", bare.json()["id"].as_str().expect("an id"));
    let problem = hall.app.post_as(&hall.officer, &path, one(json!({}))).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/booths", "{problem}");
    let path = format!("/api/v1/exhibitions/{nobody}/booth-plans");
    assert_eq!(hall.app.post_as(&hall.officer, &path, one(json!({}))).status, 404);
    let member = hall.app.member(&hall.administrator, "member@example.jp", &hall.firms[0], "owner");
    assert_eq!(hall.app.post_as(&member, &hall.plans(), one(json!({}))).status, 403);
}

fn booths(plan: &Value) -> Vec<String> {
    let places = plan["places"].as_array().expect("places");
    places.iter().map(|place| place["booth"].as_str().expect("a booth").to_owned()).collect()
}

#[test]
fn a_published_plan_keeps_its_places_and_only_who_was_moved_is_told() {
    let hall = hall(5, 2);
    let made = hall.app.post_as(&hall.officer, &hall.plans(), json!({ "exhibitors": hall.exhibitors() }));
    assert_eq!((made.status, made.header("etag")), (201, Some("\"1\"")), "{}", made.body);
    let path = format!("/api/v1/booth-plans/{}", made.json()["id"].as_str().expect("an id"));
    // Nothing is asked, nothing happens: also while it is a draft.
    for nothing in [json!({}), json!({ "rivals": [] }), json!({ "anew": false })] {
        let same = hall.app.patch_as(&hall.officer, &path, 1, nothing.clone());
        assert_eq!((same.status, same.header("etag")), (200, Some("\"1\"")), "{nothing}: {}", same.body);
    }
    hall.app.patch_as(&hall.officer, &path, 1, json!({ "anew": "yes" })).problem(422, "invalid");
    let bearer = hall.officer.bearer();
    let headers = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
    let before = booths(&hall.app.post_with(&format!("{path}/publish"), &headers, Value::Null).json());
    let members: Vec<Person> = hall
        .firms
        .iter()
        .enumerate()
        .map(|(at, firm)| hall.app.member(&hall.administrator, &format!("m{at}@example.jp"), firm, "editor"))
        .collect();
    let told = |at: usize| hall.app.get_as(&members[at], "/api/v1/me/notices").json()["items"].as_array().map(Vec::len);
    let counts: Vec<Option<usize>> = (0..5).map(told).collect();

    // Two that stand side by side become rivals: nobody moves, and it is said, with what would help.
    let (one, other) = (before[2].clone(), before[3].clone());
    let body = json!({ "rivals": [[hall.firms[2], hall.firms[3]]] });
    let changed = hall.app.patch_as(&hall.officer, &path, 2, body);
    assert_eq!(changed.status, 200, "{}", changed.body);
    let plan = changed.json();
    assert_eq!(booths(&plan), before, "a published plan stays");
    let warning = &plan["organiser"]["warnings"][0];
    assert_eq!((&warning["code"], &warning["places"]), (&json!("rivals_beside"), &json!([2, 3])), "{plan}");
    let (ja, en) = (warning["message"]["ja"].as_str().expect("ja"), warning["message"]["en"].as_str().expect("en"));
    assert!(ja.contains("会社2") && ja.contains(&one) && ja.contains(&other) && ja.contains("anew"), "{ja}");
    assert!(en.contains("会社3") && en.contains("side by side"), "{en}");
    assert_eq!((0..5).map(told).collect::<Vec<_>>(), counts, "nobody moved, nobody is told");

    // One is moved by hand to a free booth: only it is told.
    let free = (0..10).map(|at| format!("A{at}")).find(|booth| !before.contains(booth)).expect("a free booth");
    let pins = json!({ "pins": [{ "party": hall.firms[3], "booth": free }] });
    let plan = hall.app.patch_as(&hall.officer, &path, 3, pins).json();
    let mut expected = before.clone();
    expected[3] = free;
    assert_eq!(booths(&plan), expected);
    let more = |at: usize| if at == 3 { counts[at].map(|count| count + 1) } else { counts[at] };
    assert_eq!((0..5).map(told).collect::<Vec<_>>(), (0..5).map(more).collect::<Vec<_>>());

    // A booth leaves the grid: the plan says so, and only who stood there moves.
    let mut grid = grid(5, 2).as_array().expect("booths").clone();
    grid.retain(|booth| booth["id"] != expected[0]);
    let edited = hall.app.patch_as(
        &hall.officer,
        &format!("/api/v1/exhibitions/{}", hall.exhibition),
        1,
        json!({ "booths": grid }),
    );
    assert_eq!(edited.status, 200, "{}", edited.body);
    let plan = hall.app.get_as(&hall.officer, &path).json();
    let warnings = plan["organiser"]["warnings"].as_array().expect("warnings");
    assert!(warnings.iter().any(|one| one["code"] == "booth_gone" && one["places"] == json!([0])), "{plan}");
    let plan = hall.app.patch_as(&hall.officer, &path, 4, json!({ "rivals": [] })).json();
    assert_eq!(booths(&plan)[1..], expected[1..], "{plan}");
    assert!(booths(&plan)[0] != expected[0] && plan["organiser"]["warnings"] == json!([]), "{plan}");
    // Everybody anew is for who asks for it.
    let anew = hall.app.patch_as(&hall.officer, &path, 5, json!({ "anew": true }));
    assert_eq!(anew.status, 200, "{}", anew.body);
}

#[test]
fn rivals_that_the_grid_forces_side_by_side_are_named() {
    let hall = hall(2, 1);
    let exhibitors = json!([{ "parties": [hall.firms[0]], "name": "甲の小間" }, { "parties": [hall.firms[4]] }]);
    let body = json!({ "exhibitors": exhibitors, "rivals": [[hall.firms[0], hall.firms[4]]] });
    let plan = hall.app.post_as(&hall.officer, &hall.plans(), body).json();
    let warning = &plan["organiser"]["warnings"][0];
    let ja = warning["message"]["ja"].as_str().unwrap_or_else(|| panic!("{plan}"));
    assert!(ja.contains("甲の小間") && ja.contains("会社4") && ja.contains("小間を増やす"), "{ja}");
}

#[test]
fn everything_that_is_amiss_is_said_at_once() {
    let hall = hall(2, 2);
    let body = json!({
        "exhibitors": [{ "parties": [hall.firms[0]] }, { "parties": [hall.firms[0]] }],
        "rivals": [[hall.firms[0], hall.firms[1]]], "overlap": 7.0,
        "pins": [{ "party": hall.firms[0], "booth": "Z9" }, { "party": hall.firms[2], "booth": "A0" }],
    });
    let pointers = |body: Value| -> Vec<String> {
        let problem = hall.app.post_as(&hall.officer, &hall.plans(), body).problem(422, "invalid");
        let errors = problem["errors"].as_array().expect("errors").iter();
        errors.map(|error| error["pointer"].as_str().expect("a pointer").to_owned()).collect()
    };
    let mut found = pointers(body);
    found.sort();
    assert_eq!(found, ["/exhibitors/1/parties/0", "/overlap", "/pins/0/booth", "/pins/1/party", "/rivals/0/1"]);
    // The same of values that cannot be read: each at its place, also after one before it in its list.
    let body = json!({
        "exhibitors": [{ "parties": [7] }, { "parties": [hall.firms[0]], "size": "big" }, { "parties": [8] }],
        "pairs": [{ "left": hall.firms[0] }, { "left": 3, "right": hall.firms[0], "value": "much" }], "wish": 1,
    });
    let mut found = pointers(body);
    found.sort();
    let expected = [
        "/exhibitors/0/parties/0",
        "/exhibitors/1/size",
        "/exhibitors/2/parties/0",
        "/pairs/0/right",
        "/pairs/1/left",
        "/pairs/1/value",
        "/wish",
    ];
    assert_eq!(found, expected);
    // Read or not, at once, and each at its place.
    let body = json!({
        "exhibitors": [{ "parties": [hall.firms[0]] }], "overlap": 9.0,
        "pins": [{ "party": 7, "booth": "A0" }, { "party": hall.firms[0], "booth": "Z9" }],
    });
    let mut found = pointers(body);
    found.sort();
    assert_eq!(found, ["/overlap", "/pins/0/party", "/pins/1/booth"]);
}

#[test]
fn a_group_covers_an_order_lot_by_lot() {
    let hall = hall(2, 1);
    let lines = json!([
        { "strength": "must", "text_ja": "スロットダイ塗布" },
        { "strength": "must", "text_ja": "有機ELの封止" },
        { "strength": "must", "text_ja": "宇宙用の耐放射線試験" },
        { "strength": "should", "text_ja": "水蒸気透過率の測定" },
        { "strength": "exclude", "text_ja": "海外での生産" },
    ]);
    let need = json!({ "owner": hall.firms[0], "title_ja": "有機ELパネルの一括発注", "lines": lines });
    let made = hall.app.post_as(&hall.administrator, "/api/v1/needs", need);
    assert_eq!(made.status, 201, "{}", made.body);
    hall.app.settle();
    let from = json!({ "kind": "need", "id": made.json()["id"] });
    let ask = |more: Value| {
        let mut body = json!({ "from": from, "members": hall.firms[1..4] });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        hall.app.post_as(&hall.officer, "/api/v1/joint-orders", body)
    };
    let answer = ask(json!({}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    assert_eq!(answer["lots"].as_array().expect("lots").len(), 3);
    assert_eq!(answer["lots"][0]["taken_by"]["id"], hall.firms[2], "{answer}");
    assert_eq!(answer["lots"][1]["taken_by"]["id"], hall.firms[3], "{answer}");
    assert!(answer["lots"][0]["covered_by"][0]["lines"][0]["evidence"]["text"].is_string(), "{answer}");
    assert_eq!((&answer["nobody"], &answer["unmet"]), (&json!([2]), &json!([2])));
    assert_eq!(answer["team"].as_array().expect("a team").len(), 2);
    assert_eq!(answer["proven"], true);
    // A lot of two lines that nobody meets alone: partly is not covered.
    let lots = json!({ "lots": [{ "title": "成膜", "lines": [0, 1] }, { "lines": [3] }] });
    let answer = ask(lots).json();
    assert_eq!((&answer["nobody"], &answer["unmet"]), (&json!([0]), &json!([])));
    assert_eq!(answer["lots"][0]["partly"].as_array().expect("some").len(), 2);
    assert!(answer["lots"][0]["taken_by"].is_null());
    assert_eq!(answer["lots"][1]["taken_by"]["id"], hall.firms[1]);

    let refused = |more: Value, pointer: &str| {
        let problem = ask(more).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    };
    refused(json!({ "lots": [{ "lines": [9] }] }), "/lots/0/lines");
    refused(json!({ "lots": [{ "lines": [4] }] }), "/lots/0/lines");
    refused(json!({ "lots": [{ "lines": [0] }, { "lines": [0] }] }), "/lots/1/lines");
    refused(json!({ "lots": [{ "lines": [] }] }), "/lots/0/lines");
    refused(json!({ "members": [] }), "/members");
    refused(json!({ "members": ["0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d"] }), "/members/0");
    refused(json!({ "group": "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d" }), "/group");
    refused(json!({ "from": { "kind": "organization", "id": hall.firms[0] } }), "/from/kind");
    let body = json!({ "from": from, "members": hall.firms[1..4] });
    assert_eq!(hall.app.post_with("/api/v1/joint-orders", &[("authorization", "")], body).status, 401);
}
