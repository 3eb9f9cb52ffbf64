//! Proposals of parties.

use crate::support::*;
use musubi_index::*;

fn record(id: &str, title: &str, members: &[&str]) -> Document {
    Document {
        parties: members.iter().map(|member| member.to_string()).collect(),
        kind: "record".to_string(),
        source: Source::Record,
        owner: None,
        ..document(id, title, "")
    }
}

#[test]
fn offers_and_past_work_name_the_party_with_its_things() {
    let folder = tempfile::tempdir().unwrap();
    let mut documents = sample();
    documents.push(record("r1", "有機ELの水蒸気バリア評価", &["university", "party-a"]));
    documents.push(record("r2", "鋳造工程のデータ収集", &["party-d"]));
    let engine = built(folder.path(), &documents);
    let answer = engine.match_parties(&match_request("有機ELパネルの封止とバリア膜の評価ができる相手"));
    assert_eq!(answer.parties[0].party, "party-a");
    assert_eq!(answer.parties[0].things[0].id, "a");
    assert!(answer.parties.iter().any(|party| party.party == "university"));
    for party in &answer.parties {
        assert_eq!(party.parts.iter().map(|(name, _)| *name).collect::<Vec<_>>(), PARTS);
        assert!(party.parts.iter().all(|(_, value)| (0.0..=1.0).contains(value)), "{:?}", party.parts);
        assert!(party.things.len() <= 5);
    }
    assert!(!answer.terms.is_empty());
}

#[test]
fn the_seeker_and_those_left_out_are_not_proposed() {
    let folder = tempfile::tempdir().unwrap();
    let engine =
        built(folder.path(), &[record("r1", "漆器の塗装", &["one", "two"]), record("r2", "漆器の木地", &["three"])]);
    let answer = engine.match_parties(&MatchRequest { seeker: Some("one".to_string()), ..match_request("漆器") });
    let parties: Vec<&str> = answer.parties.iter().map(|party| party.party.as_str()).collect();
    assert_eq!(parties, ["two", "three"]);
    let without =
        MatchRequest { without_parties: vec!["two".to_string(), "one".to_string()], ..match_request("漆器") };
    assert_eq!(engine.match_parties(&without).parties.len(), 1);
}

#[test]
fn conditions_on_things_and_on_the_party() {
    let folder = tempfile::tempdir().unwrap();
    let mut documents = sample();
    for (party, place) in [("party-d", "062022"), ("party-e", "062014")] {
        documents.push(Document {
            kind: "organization".to_string(),
            source: Source::Profile,
            parties: vec![party.to_string()],
            attributes: vec![(Attribute::Municipality, place.to_string())],
            ..document(&format!("profile-{party}"), party, "")
        });
    }
    let engine = built(folder.path(), &documents);
    let here =
        Filters { attributes: vec![(Attribute::Municipality, vec!["062022".to_string()])], ..Filters::default() };
    let answer = engine.match_parties(&MatchRequest { party_filters: here, ..match_request("センサで監視") });
    assert_eq!(answer.parties.iter().map(|party| party.party.as_str()).collect::<Vec<_>>(), ["party-d"]);
    let needs = Filters { kinds: vec!["need".to_string()], ..Filters::default() };
    assert!(engine.match_parties(&MatchRequest { filters: needs, ..match_request("センサで監視") }).parties.is_empty());
}

#[test]
fn equal_parties_come_in_order_of_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let documents: Vec<Document> =
        ["c", "a", "b"].iter().map(|id| document(id, "漆器の塗装", "同じ本文です。")).collect();
    let engine = built(folder.path(), &documents);
    let parties: Vec<String> =
        engine.match_parties(&match_request("漆器")).parties.into_iter().map(|party| party.party).collect();
    assert_eq!(parties, ["party-a", "party-b", "party-c"]);
    assert_eq!(ids(&engine, "漆器"), ["a", "b", "c"]);
}
