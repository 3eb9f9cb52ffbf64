//! What was decided, as a judged folder for fitting weights.

use crate::desk::Stage;
use musubi::exchange::decisions::{self, Written};
use musubi_index::Weights;
use musubi_index::evaluation::JudgedSet;
use musubi_index::fitting::{self, Plan};
use serde_json::{Value, json};
use std::fs;

#[test]
fn yes_and_no_become_judgements_and_what_is_not_public_stays_out() {
    let stage = Stage::set();
    let need = |title: &str, visibility: &str| {
        let body = json!({ "owner": stage.firm, "title_ja": title, "visibility": visibility, "summary_ja": "フィルムの封止を頼みたい。",
                           "lines": [{ "strength": "exclude", "text_ja": "真空蒸着の会社" }] });
        stage.registers(&stage.buyer, "needs", body)
    };
    let open = need("有機太陽電池の封止の相手", "public");
    let hidden = need("カナリアの封止の相手", "members");
    let unwanted = need("誰も選ばれないニーズ", "public");
    stage.capability(&stage.maker, &stage.maker_firm, "public", "封止加工");
    stage.capability(&stage.maker, &stage.maker_firm, "private", "カナリアの配合比");
    stage.capability(&stage.other, &stage.other_firm, "public", "フィルム封止");
    let asks = |need: &str, party: &str| stage.asks(&stage.coordinator, need, party);
    let answers = |person, introduction: &str, event: Value| {
        stage.does(person, &format!("introductions/{introduction}/events"), event);
    };
    let (yes, no) = (json!({ "event": "accept" }), json!({ "event": "decline", "reason": "price" }));
    let wanted = asks(&open, &stage.maker_firm);
    answers(&stage.maker, &wanted, yes.clone());
    answers(&stage.buyer, &wanted, yes.clone());
    answers(&stage.other, &asks(&open, &stage.other_firm), no.clone());
    // Nobody has answered: that says nothing yet.
    asks(&open, &stage.university);
    let secret = asks(&hidden, &stage.maker_firm);
    answers(&stage.maker, &secret, yes.clone());
    answers(&stage.buyer, &secret, yes);
    answers(&stage.other, &asks(&unwanted, &stage.other_firm), no);

    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("decisions");
    let now = stage.app.app.clock().timestamp();
    let written = stage.app.app.database.read(|conn| decisions::write(conn, &folder, &now)).expect("a folder");
    assert_eq!(written, Written { queries: 1, judgements: 2, left_out: 2 });
    let file = |name: &str| fs::read_to_string(folder.join(name)).expect("a file");
    let mut judged: Vec<String> = file("qrels.tsv").lines().map(str::to_owned).collect();
    judged.sort();
    let mut expected = vec![format!("{open}\t{}\t2", stage.maker_firm), format!("{open}\t{}\t0", stage.other_firm)];
    expected.sort();
    assert_eq!(judged, expected);
    let query: Value = serde_json::from_str(file("queries.jsonl").trim()).expect("JSON");
    assert_eq!((&query["id"], &query["seeker"]), (&json!(open), &json!(stage.firm)));
    assert!(!query["text"].as_str().expect("a text").contains("真空蒸着"), "{query}");
    let records: Vec<Value> =
        file("records.jsonl").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(records.iter().any(|one| one["title"] == "封止加工" && one["members"] == json!([stage.maker_firm])));
    for name in ["organizations.jsonl", "records.jsonl", "queries.jsonl", "qrels.tsv"] {
        assert!(!file(name).contains("カナリア"), "{name}");
    }

    // It is a folder like the judged ones.
    let set = JudgedSet::index(&folder, &place.path().join("index"), &mut |_| {}).expect("a set");
    let plan = Plan { rounds: 1, names: vec!["profile".to_owned()], ..Plan::default() };
    let proposal = fitting::fit(&[set], &Weights::default(), &plan, &mut || {}).expect("a proposal");
    assert_eq!(proposal.folders.len(), 1);
    assert!(!proposal.is_better(), "one decision shows nothing");
}

#[test]
fn without_decisions_nothing_is_asked() {
    let stage = Stage::set();
    let place = tempfile::tempdir().expect("a folder");
    let now = stage.app.app.clock().timestamp();
    let written = stage.app.app.database.read(|conn| decisions::write(conn, place.path(), &now)).expect("a folder");
    assert_eq!(written, Written::default());
    assert_eq!(fs::read_to_string(place.path().join("qrels.tsv")).expect("a file"), "");
}
