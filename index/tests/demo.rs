//! The lines of the demo's needs against what its parties write: what is said word for word is met, and a good part of
//! the needs finds somebody, or some together.

use musubi_index::lines::{Line, Passage, Text, Verdict, judge, judge_read};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn read(name: &str) -> Vec<Value> {
    let path = format!("{}/../src/demo/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read_to_string(path).expect("a file of the demo");
    file.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn words<'a>(thing: &'a Value, field: &str) -> Vec<(&'static str, &'a str)> {
    let of = |lang: &'static str| Some((lang, thing[format!("{field}_{lang}")].as_str()?));
    ["ja", "en"].into_iter().filter_map(of).collect()
}

fn is_met(line: &str, text: &str) -> bool {
    let texts = [Text { id: "t", field: "name", lang: "ja", text }];
    matches!(judge(&[line], &texts), Verdict::Met { .. })
}

#[test]
fn the_name_of_an_offer_is_met_by_that_offer() {
    let mut names = 0;
    let mut missed = Vec::new();
    for (things, field) in [("capabilities", "name"), ("seeds", "title")] {
        for thing in read(things) {
            for (lang, name) in words(&thing, field) {
                names += 1;
                let asked =
                    if lang == "ja" { format!("{name}ができること") } else { format!("experience in {name}") };
                let lines = [name.to_owned(), asked];
                missed.extend(lines.into_iter().filter(|line| !is_met(line, name)));
            }
        }
    }
    assert!(names > 400, "only {names} names");
    assert!(missed.is_empty(), "{} of {names} names not met: {missed:#?}", missed.len());
}

#[test]
fn a_sentence_that_states_something_meets_a_line_of_the_same_words() {
    let denies = ["ない", "ません", "ず、", "外注", "探し", "求め", "?", "？", "ほしい", "外に"];
    let (mut sentences, mut met) = (0, 0);
    for thing in read("capabilities") {
        for (_, text) in words(&thing, "description").into_iter().filter(|(lang, _)| *lang == "ja") {
            for sentence in text.split_inclusive('。').filter(|sentence| sentence.chars().count() > 8) {
                if denies.iter().any(|sign| text.contains(sign)) {
                    continue;
                }
                sentences += 1;
                met += usize::from(is_met(sentence, text));
            }
        }
    }
    println!("{met} of {sentences} sentences");
    assert!(sentences > 200 && met == sentences, "{met} of {sentences}");
}

/// What each party writes of itself; of a record of several members nobody knows who did what.
fn texts_of_parties() -> BTreeMap<String, Vec<Passage>> {
    let mut texts: BTreeMap<String, Vec<Passage>> = BTreeMap::new();
    let mut add = |party: &Value, thing: &Value, fields: &[&str]| {
        let own = texts.entry(party.as_str().expect("an id").to_owned()).or_default();
        let read = fields.iter().flat_map(|field| words(thing, field)).map(|(_, text)| Passage::read(text));
        own.extend(read);
    };
    for party in read("organizations") {
        add(&party["id"], &party, &["description"]);
    }
    for offer in read("capabilities") {
        add(&offer["owner"], &offer, &["name", "description", "evidence"]);
    }
    for record in read("records").iter().filter(|record| record["members"].as_array().is_some_and(|all| all.len() == 1))
    {
        add(&record["members"][0]["party"], record, &["title", "text"]);
    }
    texts
}

#[test]
fn a_third_of_the_needs_finds_somebody_and_many_find_a_team() {
    let parties = texts_of_parties();
    let (mut needs, mut some, mut all, mut alone) = (0, 0, 0, 0);
    for need in read("needs") {
        let worded = |line: &&Value| line["strength"] == "must" && line["condition"].is_null();
        let lines: Vec<&Value> = need["lines"].as_array().into_iter().flatten().filter(worded).collect();
        let meets = |line: &&Value| -> BTreeSet<&String> {
            let forms: Vec<&str> = words(line, "text").into_iter().map(|(_, text)| text).collect();
            let line = Line::read(&forms);
            let others = parties.iter().filter(|(party, _)| Some(party.as_str()) != need["owner"].as_str());
            let met = others.filter(|(_, texts)| matches!(judge_read(&line, texts), Verdict::Met { .. }));
            met.map(|(party, _)| party).collect()
        };
        let covered: Vec<BTreeSet<&String>> = lines.iter().map(meets).collect();
        needs += 1;
        some += usize::from(covered.iter().any(|who| !who.is_empty()));
        if !covered.is_empty() && covered.iter().all(|who| !who.is_empty()) {
            all += 1;
            let first = covered.iter().skip(1).fold(covered[0].clone(), |both, who| &both & who);
            alone += usize::from(!first.is_empty());
        }
    }
    println!("{needs} needs: {some} find somebody for a must line, {all} for each, {alone} one party for all");
    assert!(some * 3 >= needs, "{some} of {needs} needs find somebody");
    assert!(all - alone >= 12, "{} needs find a team", all - alone);
}
