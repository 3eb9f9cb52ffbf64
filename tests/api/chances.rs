//! What visiting buyers look for counts in a composition, as far as it may be read.

use crate::exhibitions::{Hall, inside};
use serde_json::{Value, json};

const NEED: &str = "バリアフィルムの製膜を頼みたい";

/// A buyer with a published need, and the need.
fn buyer(hall: &Hall, name: &str, title: &str) -> (String, String) {
    let buyer = made(hall, "organizations", json!({ "organization_kind": "firm", "name_ja": name }));
    let need = made(hall, "needs", json!({ "owner": buyer, "title_ja": title }));
    hall.app.settle();
    (buyer, need)
}

fn made(hall: &Hall, plural: &str, body: Value) -> String {
    hall.does(&hall.coordinator, plural, body)["id"].as_str().expect("an id").to_owned()
}

fn version(hall: &Hall, path: &str) -> i64 {
    hall.reads(&hall.administrator, path)["version"].as_i64().expect("a version")
}

fn come(hall: &Hall, visitors: Value) -> crate::support::Response {
    let path = format!("exhibitions/{}", hall.fair);
    let body = json!({ "visitors": visitors });
    hall.app.patch_as(&hall.officer, &format!("/api/v1/{path}"), version(hall, &path), body)
}

fn ask(pins: &[&String]) -> Value {
    json!({ "from": "applicants", "size": 3, "seconds": 0, "pins": pins, "chance_points": 5.0 })
}

fn member<'a>(composition: &'a Value, party: &str) -> &'a Value {
    let members = composition["result"]["group"]["members"].as_array().expect("members");
    members.iter().find(|member| member["party"]["id"] == party).unwrap_or_else(|| panic!("{party}: {composition}"))
}

/// What does not hold for two compositions of the same question: their own names.
fn substance(composition: &Value) -> Value {
    json!([
        composition["state"],
        composition["result"]["group"],
        composition["result"]["outside"],
        composition["result"]["alternatives"],
        composition["result"]["visitor_needs"]
    ])
}

#[test]
fn what_a_visitor_looks_for_is_a_reason_with_points() {
    let hall = Hall::open();
    hall.everybody_applies();
    let film = &hall.firms[4];
    let quiet = hall.composes(ask(&[film]));
    assert_eq!(quiet["result"]["group"]["parts"]["chances"], 0.0);
    assert_eq!(quiet["result"]["visitor_needs"], 0);

    let (visitor, need) = buyer(&hall, "架空電機", NEED);
    assert_eq!(come(&hall, json!([visitor])).status, 200);
    let made = hall.composes(ask(&[film]));
    assert_eq!(made["result"]["visitor_needs"], 1);
    let chance = &member(&made, film)["chances"][0];
    assert_eq!((&chance["need"]["id"], &chance["visitor"]["id"]), (&json!(need), &json!(visitor)));
    assert!(chance["fit"].as_f64().is_some_and(|fit| (0.4..=1.0).contains(&fit)), "{chance}");
    let reason = chance["reason"]["ja"].as_str().expect("a reason");
    assert!(reason.contains(NEED) && reason.contains("架空電機"), "{reason}");
    assert!(chance["reason"]["en"].as_str().is_some_and(|reason| reason.starts_with("It answers the need")));
    // Parts and points say the same, and the value is the sum of its parts.
    let parts = &made["result"]["group"]["parts"];
    let number = |value: &Value| value.as_f64().expect("a number");
    let points: f64 = made["result"]["group"]["members"]
        .as_array()
        .expect("members")
        .iter()
        .flat_map(|member| member["chances"].as_array().expect("chances"))
        .map(|chance| number(&chance["points"]))
        .sum();
    assert!(points > 0.0 && (number(&parts["chances"]) - points).abs() < 1e-9, "{parts} {points}");
    assert!((number(&member(&made, film)["adds"]["chances"]) - number(&chance["points"])).abs() < 1e-9);
    let sum: f64 =
        ["coverage", "complementarity", "chances", "members", "lead"].iter().map(|name| number(&parts[*name])).sum();
    assert!((number(&made["result"]["group"]["value"]) - (sum - number(&parts["missed"]))).abs() < 1e-9, "{parts}");
    // Enough points bring in who answers it.
    let mut dear = ask(&[]);
    dear["chance_points"] = json!(20.0);
    assert!(inside(&hall.composes(dear)).contains(film));
    // Who stays outside has the same reason.
    let out = hall.composes(json!({ "from": "applicants", "size": 3, "seconds": 0, "bans": [film] }));
    let outside = out["result"]["outside"].as_array().expect("outside").iter();
    let found = outside.filter(|one| one["party"]["id"] == **film).flat_map(|one| one["chances"].as_array().unwrap());
    assert_eq!(found.map(|chance| chance["need"]["id"].clone()).collect::<Vec<Value>>(), [json!(need)], "{out}");

    // A buyer of a timetable is a visitor, too.
    assert_eq!(come(&hall, json!([])).status, 200);
    let frame = json!({ "title": "商談会", "tables": 2,
        "slots": [{ "start": "2026-10-14T10:00:00+09:00", "end": "2026-10-14T10:20:00+09:00" }] });
    let timetable = hall.does(&hall.officer, &format!("exhibitions/{}/timetables", hall.fair), frame);
    let path = format!("/api/v1/timetables/{}/participants", timetable["id"].as_str().expect("an id"));
    let bearer = hall.officer.bearer();
    let headers = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
    let body = json!({ "participants": [{ "party": visitor, "side": "buyer" }] });
    assert_eq!(hall.app.post_with(&path, &headers, body).status, 200);
    assert_eq!(substance(&hall.composes(ask(&[film]))), substance(&made));
}

#[test]
fn what_is_hidden_counts_for_nothing_and_is_not_told() {
    let hall = Hall::open();
    hall.everybody_applies();
    let film = &hall.firms[4];
    let (visitor, need) = buyer(&hall, "架空電機", NEED);
    assert_eq!(come(&hall, json!([visitor])).status, 200);
    let made = hall.composes(ask(&[film]));
    assert!(made.to_string().contains(NEED));
    let kept = format!("compositions/{}", made["id"].as_str().expect("an id"));

    // Nobody but those who organise is told who comes; a visitor knows of itself.
    let path = format!("exhibitions/{}", hall.fair);
    assert_eq!(hall.reads(&hall.colleague, &path)["visitors"], json!([visitor]));
    assert_eq!(hall.reads(&hall.members[0], &path)["visitors"], json!([]));
    assert_eq!(hall.app.get(&format!("/api/v1/{path}")).json()["visitors"], json!([]));
    let own = hall.app.member(&hall.administrator, "visitor@example.jp", &visitor, "editor");
    assert_eq!(hall.reads(&own, &path)["visitors"], json!([visitor]));
    for who in [&hall.members[0], &own] {
        let told = hall.app.get_as(who, &format!("/api/v1/{path}/history")).body;
        assert!(!told.contains(&visitor) || who.email == own.email, "{told}");
    }

    // An anonymous need keeps its owner from members; the office knows, and may use it.
    let body = json!({ "anonymous": true });
    let anonymous = hall.app.patch_as(&own, &format!("/api/v1/needs/{need}"), 1, body);
    assert_eq!(anonymous.status, 200, "{}", anonymous.body);
    // From now on nobody but its owner reads it: not even the office, and not in what was found before.
    let body = json!({ "visibility": "private" });
    let version = anonymous.json()["version"].as_i64().expect("a version");
    assert_eq!(hall.app.patch_as(&own, &format!("/api/v1/needs/{need}"), version, body).status, 200);
    hall.app.settle();
    let again = hall.composes(ask(&[film]));
    assert_eq!(again["result"]["visitor_needs"], 0);
    for who in [&hall.officer, &hall.coordinator] {
        let read = hall.reads(who, &kept);
        assert!(!read.to_string().contains(NEED) && !read.to_string().contains(&need), "{read}");
    }
    assert_eq!(hall.status(&own, &kept), 403);
    // An officer who belongs to the visitor asks with the eyes of the office all the same.
    let code = hall
        .app
        .invited(&hall.administrator, json!({ "email": hall.colleague.email, "party": visitor, "right": "reader" }));
    hall.app.post("/api/v1/invitations/accept", json!({ "code": code }));
    let by_colleague = hall.does(&hall.colleague, &format!("{path}/compositions"), ask(&[film]));
    assert_eq!(substance(&by_colleague), substance(&again));
    // The same in a world without the need.
    let own = hall.app.sign_in(&own.email);
    let path = format!("/api/v1/needs/{need}");
    let etag = hall.app.get_as(&own, &path).header("etag").expect("an etag").to_owned();
    let bearer = own.bearer();
    assert_eq!(hall.app.delete(&path, &[("authorization", &bearer), ("if-match", &etag)]).status, 204);
    hall.app.settle();
    assert_eq!(substance(&hall.composes(ask(&[film]))), substance(&again), "two worlds that differ in what is hidden");
}

#[test]
fn who_cannot_visit_and_points_that_are_none_are_refused() {
    let hall = Hall::open();
    hall.everybody_applies();
    let nobody = "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d";
    let capability =
        hall.app.get(&format!("/api/v1/capabilities?owner={}", hall.firms[0])).json()["items"][0]["id"].clone();
    let twice = [&hall.firms[0], &hall.firms[0]];
    for (visitors, pointer) in [
        (json!([hall.firms[0], nobody]), "/visitors/1"),
        (json!([capability]), "/visitors/0"),
        (json!(twice), "/visitors/1"),
        (json!(["nobody"]), "/visitors/0"),
        (json!(vec![nobody; 501]), "/visitors"),
    ] {
        let problem = come(&hall, visitors.clone()).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    for points in [json!(-1), json!(20.5), json!(1e300), json!("many")] {
        let body = json!({ "from": "applicants", "size": 3, "chance_points": points });
        let problem = hall.tries(&hall.officer, &format!("exhibitions/{}/compositions", hall.fair), body);
        assert_eq!(problem.problem(422, "invalid")["errors"][0]["pointer"], "/chance_points");
    }
    // A candidate that comes to buy is no answer to its own need.
    let own = made(&hall, "needs", json!({ "owner": hall.firms[4], "title_ja": NEED }));
    hall.app.settle();
    assert_eq!(come(&hall, json!([hall.firms[4]])).status, 200);
    let made = hall.composes(ask(&[&hall.firms[4]]));
    assert_eq!(made["result"]["visitor_needs"], 1);
    assert!(!member(&made, &hall.firms[4]).to_string().contains(&own), "{made}");
    // Points are changed by hand like wishes.
    let path = format!("/api/v1/compositions/{}", made["id"].as_str().expect("an id"));
    let changed = hall.app.patch_as(&hall.officer, &path, 1, json!({ "chance_points": 0 }));
    assert_eq!((changed.status, &changed.json()["ask"]["chance_points"]), (200, &json!(0.0)));
    assert_eq!(changed.json()["result"]["group"]["parts"]["chances"], 0.0);
}
