//! What a no changes: the demo's needs are matched, the first proposal of each is asked and says no with a reason, and the
//! same lists are asked for again. Prints what moved.

use crate::support::people::Person;
use crate::support::{Hands, TestApp, World, auth};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

const DAY: i64 = 86_400;
const REASONS: [(&str, bool); 4] =
    [("too_early", true), ("no_capacity", true), ("outside_field", false), ("has_partner", false)];

/// The first ten for a need.
fn list(app: &TestApp, person: Option<&Person>, need: &str) -> Vec<String> {
    let body = json!({ "from": { "kind": "need", "id": need }, "towards": "organizations", "limit": 10 });
    let answer = match person {
        Some(person) => app.post_as(person, "/api/v1/match", body),
        None => app.post("/api/v1/match", body),
    };
    assert_eq!(answer.status, 200, "{}", answer.body);
    let results = answer.json()["results"].as_array().expect("results").clone();
    results.iter().map(|result| result["party"]["id"].as_str().expect("a party").to_owned()).collect()
}

#[test]
fn a_no_takes_one_party_out_of_one_list_and_for_as_long_as_its_reason_says() {
    let (world, hands) = (Arc::new(World::new()), Hands::new());
    let settings = auth(&world);
    let app = TestApp::start_at(world, hands.clock(), settings);
    musubi::demo::load(&app.app.database).expect("the demo");
    let administrator = app.administrator();
    let coordinator = app.person(&administrator, "co@example.jp", &["coordinator"]);
    app.settle();
    let needs: Vec<String> = app.get_as(&coordinator, "/api/v1/needs?limit=40").json()["items"]
        .as_array()
        .expect("needs")
        .iter()
        .filter(|need| need["visibility"] == "public" && need["anonymous"] != true)
        .map(|need| need["id"].as_str().expect("an id").to_owned())
        .collect();
    let mut declined: Vec<(String, String, &str, bool, Vec<String>)> = Vec::new();
    for (place, need) in needs.iter().enumerate() {
        let (reason, returns) = REASONS[place % REASONS.len()];
        let before = list(&app, Some(&coordinator), need);
        let Some(first) = before.first() else { continue };
        let ask = json!({ "subject": need, "party": first, "message": "お話ししませんか。" });
        let asked = app.post_as(&coordinator, "/api/v1/introductions", ask);
        assert_eq!(asked.status, 201, "{}", asked.body);
        let path = format!("/api/v1/introductions/{}/events", asked.json()["id"].as_str().expect("an id"));
        let no = json!({ "event": "decline", "reason": reason, "side": "answering" });
        let answer = app.post_as(&coordinator, &path, no);
        assert_eq!(answer.status, 200, "{}", answer.body);
        declined.push((need.clone(), first.clone(), reason, returns, before));
    }
    assert!(declined.len() >= 20, "{}", declined.len());

    let (mut newcomers, mut reordered) = (0, 0);
    for (need, party, _, _, before) in &declined {
        let after = list(&app, Some(&coordinator), need);
        assert!(!after.contains(party), "who said no is not in the next list");
        // The parts of a score are shares of the best in the list: without the first the others may change places.
        let rest: Vec<&String> = before.iter().filter(|id| *id != party).collect();
        let kept: Vec<&String> = after.iter().filter(|id| before.contains(id)).collect();
        reordered += usize::from(kept != rest);
        newcomers += after.len() - kept.len();
        assert_eq!(
            list(&app, None, need).contains(party),
            before.contains(party),
            "a stranger's list tells nothing of it"
        );
    }
    hands.pass(181 * DAY);
    let coordinator = app.sign_in("co@example.jp");
    let mut back: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (need, party, reason, returns, _) in &declined {
        // Half a year later things may have gone stale; whoever is still proposed at all is compared.
        let there = list(&app, Some(&coordinator), need).contains(party);
        let could = list(&app, None, need).contains(party);
        let counted = back.entry(reason).or_default();
        counted.0 += usize::from(there);
        counted.1 += usize::from(could);
        assert_eq!(there, *returns && could, "{reason}");
    }
    println!(
        "{} declines; {newcomers} parties new in the first ten; {reordered} lists in another order",
        declined.len()
    );
    println!("after 181 days:");
    for (reason, (there, could)) in back {
        println!("  {reason}: {there} of {could} that a stranger is shown are proposed again");
    }
}
