//! Standing matches: what counts as new, and how far one request goes.

use crate::desk::Stage;
use crate::support::people::Person;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A firm whose things are reviewed, with a member.
fn newcomer(stage: &Stage, name: &str, email: &str) -> (String, Person) {
    let firm = stage.registers(
        &stage.coordinator,
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": name, "municipality": "062014" }),
    );
    let member = stage.app.member(&stage.administrator, email, &firm, "editor");
    (firm, member)
}

fn run(stage: &Stage, body: Value) -> Value {
    stage.app.settle();
    stage.does(&stage.coordinator, "matches/standing", body)
}

fn asked(stage: &Stage) -> u64 {
    run(stage, json!({}))["asked"].as_u64().expect("a number")
}

#[test]
fn what_becomes_published_after_a_run_is_new_and_what_is_hidden_never() {
    let mut stage = Stage::set();
    let (firm, member) = newcomer(&stage, "庄内精機", "shonai@example.jp");
    stage.capability(&stage.maker, &stage.maker_firm, "public", "封止加工");
    let seed = stage.app.made(
        &member,
        "seeds",
        json!({ "owner": firm, "title_ja": "有機太陽電池の封止材料",
                "summary_ja": "有機太陽電池の封止に使う水蒸気バリアフィルムの新しい材料。" }),
    );
    assert_eq!(asked(&stage), 0, "a draft asks nothing");
    stage.app.stepped(&member, &seed, "submit", json!({}));
    assert_eq!(asked(&stage), 0, "nor does what waits for a review");
    stage.app.stepped(&stage.coordinator, &seed, "publish", json!({}));
    let first = run(&stage, json!({}));
    assert_eq!(first["asked"], 1, "{first}");
    assert!(!first["proposed"].as_array().expect("proposals").is_empty(), "{first}");
    assert_eq!(asked(&stage), 0);

    // Taken out and put in again: new once more, and no pair twice.
    stage.app.stepped(&member, &seed, "withdraw", json!({}));
    assert_eq!(asked(&stage), 0);
    stage.app.stepped(&member, &seed, "reopen", json!({}));
    assert_eq!(asked(&stage), 0);
    // Whose first thing was let through needs no second look.
    stage.app.stepped(&member, &seed, "submit", json!({}));
    let again = run(&stage, json!({}));
    assert_eq!((&again["asked"], &again["proposed"]), (&json!(1), &json!([])), "{again}");
    // Somebody says, another day, that it is still true.
    stage.days_pass(1);
    let member = stage.app.sign_in(&member.email);
    stage.app.stepped(&member, &seed, "verify", json!({}));
    assert_eq!(asked(&stage), 1);

    // An offer that appears reaches the need that waits.
    let need = stage.need(false);
    assert_eq!(asked(&stage), 1);
    let (other, second) = newcomer(&stage, "鶴岡鋳造", "tsuruoka@example.jp");
    let offer = stage.app.made(
        &second,
        "capabilities",
        json!({ "owner": other, "capability_kind": "process", "name_ja": "封止",
                "description_ja": "有機太陽電池の封止を水蒸気バリアフィルムで行う。試作を小ロットで受ける。" }),
    );
    assert_eq!(run(&stage, json!({}))["waiting"], 0);
    stage.app.stepped(&second, &offer, "submit", json!({}));
    stage.app.stepped(&stage.coordinator, &offer, "publish", json!({}));
    let reached = run(&stage, json!({}));
    assert_eq!(reached["waiting"], 1, "{reached}");
    let of_need = stage.reads(&stage.coordinator, &format!("matches?subject={need}&limit=100"));
    let parties: Vec<&Value> = of_need["items"].as_array().unwrap().iter().map(|item| &item["party"]["id"]).collect();
    assert!(parties.contains(&&json!(other)), "{of_need}");
}

#[test]
fn a_run_that_one_request_does_not_finish_goes_on_and_comes_to_the_same() {
    let proposals = |most: usize| {
        let stage = Stage::set();
        let needs: Vec<String> = (0..3).map(|_| stage.need(false)).collect();
        // The needs have asked; now they wait.
        let mut requests = vec![run(&stage, json!({}))];
        stage.capability(&stage.maker, &stage.maker_firm, "public", "封止加工");
        stage.registers(
            &stage.researcher,
            "seeds",
            json!({ "owner": stage.university, "title_ja": "有機太陽電池の封止材料",
                    "summary_ja": "有機太陽電池の封止に使う水蒸気バリアフィルムの新しい材料。" }),
        );
        loop {
            let done = run(&stage, json!({ "most": most }));
            assert_eq!(done["more"], done["remaining"] != 0, "{done}");
            let asks = done["asked"].as_u64().unwrap() + done["waiting"].as_u64().unwrap();
            assert!(asks as usize <= most, "{done}");
            let more = done["more"] == true;
            requests.push(done);
            if !more {
                break;
            }
            assert!(requests.len() < 20, "it ends");
        }
        let sum = |name: &str| requests.iter().map(|done| done[name].as_u64().unwrap()).sum::<u64>();
        assert_eq!((sum("asked"), sum("waiting")), (4, 3), "{requests:?}");
        assert_eq!(asked(&stage), 0);
        let all = stage.reads(&stage.coordinator, "matches?limit=100");
        let party = |id: &Value| if *id == json!(stage.maker_firm) { 1 } else { 2 };
        let pairs: BTreeSet<(usize, i32)> = all["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| {
                let from = needs.iter().position(|need| item["from"]["id"] == json!(need)).unwrap_or(9);
                (from, party(&item["party"]["id"]))
            })
            .collect();
        (requests.len(), pairs)
    };
    let (at_once, small) = (proposals(200), proposals(1));
    assert_eq!((at_once.0, small.0), (2, 5));
    assert_eq!(at_once.1, small.1);
    let stage = Stage::set();
    for most in [0, 201] {
        stage.tries(&stage.coordinator, "matches/standing", json!({ "most": most })).problem(422, "invalid");
    }
}
