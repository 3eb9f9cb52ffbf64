//! Kept searches against changed documents: exactly what the same search finds, and nothing else.

use std::collections::BTreeSet;

use crate::support::*;
use musubi_index::*;

/// Throws that come again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}

const WORDS: [&str; 24] = [
    "有機EL",
    "封止",
    "OLED",
    "照明",
    "腸内細菌",
    "代謝物解析",
    "メタボローム解析",
    "鋳物",
    "センサ",
    "センサー",
    "日本酒",
    "発酵",
    "roll-to-roll",
    "coating",
    "photovoltaic",
    "機械学習",
    "予知保全",
    "株式会社後藤",
    "後藤アルミ",
    "膜",
    "metabolomics",
    "organic light emitting diode",
    "JP2020-123456",
    "バリア",
];
const PLACES: [&str; 3] = ["062014", "062022", "062031"];
const KINDS: [&str; 3] = ["seed", "capability", "organization"];

fn some_document(dice: &mut Dice, number: usize) -> Document {
    let mut text = |most: usize| -> String {
        (0..1 + dice.below(most)).map(|_| dice.pick(&WORDS)).collect::<Vec<_>>().join(["", " ", "の"][dice.below(3)])
    };
    let (title, body) = (text(3), text(8));
    let audience = match dice.below(5) {
        0 => Audience::Members,
        1 => Audience::Parties(vec![format!("party-{}", dice.below(3))]),
        2 => Audience::Private(vec![format!("party-{}", dice.below(3))]),
        _ => Audience::Public,
    };
    Document {
        kind: dice.pick(&KINDS).to_string(),
        owner: Some(format!("party-{}", dice.below(3))),
        audience,
        published: dice.below(6) > 0,
        codes: if dice.below(4) == 0 { vec!["JP2020-123456".to_string()] } else { vec![] },
        attributes: vec![
            (Attribute::Municipality, dice.pick(&PLACES).to_string()),
            (Attribute::Readiness, (1 + dice.below(9)).to_string()),
        ],
        day: (dice.below(3) > 0).then(|| dice.below(100) as i32),
        ..document(&format!("{number:05}"), &title, &body)
    }
}

fn some_query(dice: &mut Dice) -> String {
    let mut parts = Vec::new();
    for _ in 0..1 + dice.below(3) {
        let word = dice.pick(&WORDS);
        parts.push(match dice.below(12) {
            0 => format!("\"{word}\""),
            1 => format!("-{word}"),
            2 => format!("({word} OR {})", dice.pick(&WORDS)),
            3 => format!("種別:{}", dice.pick(&KINDS)),
            4 => format!("TRL:{}", 1 + dice.below(9)),
            5 => word.chars().take(1 + dice.below(3)).collect(),
            6 => format!("日付:{}", dice.below(100)),
            7 => "OR".to_string(),
            _ => word.to_string(),
        });
    }
    if dice.below(20) == 0 { String::new() } else { parts.join(" ") }
}

fn some_request(dice: &mut Dice) -> SearchRequest {
    let mut filters = Filters::default();
    if dice.below(3) == 0 {
        filters.attributes.push((Attribute::Municipality, vec![dice.pick(&PLACES).to_string()]));
    }
    if dice.below(5) == 0 {
        filters.kinds = vec![dice.pick(&KINDS).to_string()];
    }
    if dice.below(9) == 0 {
        filters.owners = vec![format!("party-{}", dice.below(3))];
    }
    let query = some_query(dice);
    let day = |value: &str| -> Option<Meaning> {
        let day = value.parse().ok()?;
        Some(Meaning::Between(Some(day), Some(day + 30)))
    };
    let meanings = conditions(&query).unwrap().into_iter().filter_map(|condition| match condition.field {
        ConditionField::Day => Some(((condition.field, condition.value.clone()), day(&condition.value)?)),
        _ => None,
    });
    SearchRequest { meanings: meanings.collect(), filters, ..request(&query) }
}

fn some_reader(dice: &mut Dice) -> Reader {
    let parties = vec![format!("party-{}", dice.below(3))];
    match dice.below(4) {
        0 => Reader::Visitor,
        1 => Reader::Member { parties },
        2 => Reader::Coordinator { parties },
        _ => Reader::Everything,
    }
}

/// What the search itself finds, without the help it gives to people who find nothing.
fn found_by_search(engine: &Engine, request: &SearchRequest, reader: &Reader) -> BTreeSet<String> {
    let asked = SearchRequest { reader: reader.clone(), limit: 10_000, ..request.clone() };
    let answer = engine.search(&asked).unwrap();
    if answer.relaxed || answer.corrected.is_some() {
        return BTreeSet::new();
    }
    answer.hits.into_iter().map(|hit| hit.id).collect()
}

#[test]
fn standing_queries_find_what_searches_find() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 1..=6u64 {
        let mut dice = Dice(seed * 0x9e37_79b9);
        let documents: Vec<Document> = (0..60).map(|number| some_document(&mut dice, number)).collect();
        let engine = built(&folder.path().join(seed.to_string()), &documents);
        let mut standing = Standing::new(engine.taxonomy());
        let mut kept = Vec::new();
        for number in 0..150 {
            let (name, request, reader) = (format!("{number}"), some_request(&mut dice), some_reader(&mut dice));
            standing.put(&name, request.clone(), &engine).unwrap();
            kept.push((name, request, reader));
        }
        // Some are replaced, some withdrawn.
        for (name, request, _) in kept.iter_mut().take(20) {
            *request = some_request(&mut dice);
            standing.put(name, request.clone(), &engine).unwrap();
        }
        for (name, ..) in kept.drain(140..) {
            standing.remove(&name);
            assert!(!standing.contains(&name));
        }
        let reader_of = |name: &str| Some(kept[name.parse::<usize>().unwrap()].2.clone());
        // However the changes are cut into batches.
        for size in [1, 7, 60] {
            let mut told: Vec<BTreeSet<String>> = vec![BTreeSet::new(); kept.len()];
            for batch in documents.chunks(size) {
                let answer = standing.ask(batch, reader_of).unwrap();
                assert!(answer.failed.is_empty());
                for (name, id) in answer.found {
                    assert!(told[name.parse::<usize>().unwrap()].insert(id), "each once");
                }
            }
            for ((_, request, reader), told) in kept.iter().zip(&told) {
                assert_eq!(
                    told,
                    &found_by_search(&engine, request, reader),
                    "seed {seed}, batches of {size}: {:?} {:?} {reader:?}",
                    request.query,
                    request.filters
                );
            }
        }
        assert!(standing.ask(&documents, |_| None).unwrap().found.is_empty(), "nobody asks, nothing is found");
    }
}

#[test]
fn only_queries_that_can_find_something_are_asked() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let mut standing = Standing::new(engine.taxonomy());
    for number in 0..500 {
        standing.put(&format!("word {number}"), request(&format!("語{number}語 照明")), &engine).unwrap();
    }
    standing.put("everything", request(""), &engine).unwrap();
    standing.put("light", request("照明 有機EL"), &engine).unwrap();
    let answer = standing.ask(&sample(), |_| Some(Reader::Visitor)).unwrap();
    assert_eq!(answer.asked, 2, "the word that nothing holds is what a query is filed under");
    assert_eq!(answer.found.iter().filter(|(name, _)| name == "light").count(), 1);
    // The last of several with one id counts.
    let twice = [document("a", "照明 有機EL", ""), document("a", "鋳物", "")];
    let answer = standing.ask(&twice, |_| Some(Reader::Visitor)).unwrap();
    assert_eq!(answer.found, [("everything".to_string(), "a".to_string())]);
    assert!(standing.put("long", request(&"a ".repeat(600)), &engine).is_err());
}
