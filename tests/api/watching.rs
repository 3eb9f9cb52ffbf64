//! The watcher against an oracle of its own: exactly the right saved searches hear of exactly the right things, each
//! once, also when two watchers are at it and when one is lost in the middle of its work.
//!
//! 1,500 searches and 300 changes on each run; `MUSUBI_TEST_AMOUNT=release` takes 10,000 and 1,000.
//! `MUSUBI_WATCH_SEARCHES` and `MUSUBI_WATCH_CHANGES` say otherwise.

use crate::support::{Dice, World, entry, index_settings, number};
use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use musubi::api::names::NamesMemory;
use musubi::api::saved_searches::compiler;
use musubi::domain::vocabulary::Language;
use musubi::domain::vocabulary::desk::NoticeChoice;
use musubi::domain::{Actor, Email, MembershipState, Organization, Right, Role, Scope, Seed, ThingId};
use musubi::feed::{WatchSettings, Watcher};
use musubi::store::accounts::{self, NewAccount};
use musubi::store::saved_searches::{self, NewSavedSearch};
use musubi::store::{Database, memberships, things};
use musubi_index::Engine;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Words that no analysis joins, cuts or stems: `qwbc`, `qwbd` …
const WORDS: usize = 60;
const PLACES: [&str; 3] = ["062014", "062022", "062031"];
const VISIBILITIES: [&str; 4] = ["public", "members", "parties", "private"];

fn word(number: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjk";
    format!("qw{}{}", LETTERS[number / 8] as char, LETTERS[number % 8] as char)
}

fn words_of(mask: u64) -> String {
    (0..WORDS).filter(|number| mask >> number & 1 == 1).map(word).collect::<Vec<_>>().join(" ")
}

/// A thing, and what is true of it now.
#[derive(Debug, Clone)]
struct Planted {
    id: String,
    seed: bool,
    words: u64,
    visibility: usize,
    place: Option<usize>,
    owner: String,
}

/// An account as the oracle knows it.
struct Watching {
    id: ThingId,
    role: Option<Role>,
    party: Option<String>,
}

impl Watching {
    fn sees(&self, thing: &Planted) -> bool {
        if self.role == Some(Role::Administrator) || self.party.as_ref() == Some(&thing.owner) {
            return true;
        }
        match VISIBILITIES[thing.visibility] {
            "public" => true,
            "members" => self.role.is_some() || self.party.is_some(),
            "parties" => self.role.is_some(),
            _ => false,
        }
    }
}

/// One thing that a query asks for.
enum Asked {
    Word(usize),
    Not(usize),
    Either(usize, usize),
    Phrase(usize),
}

struct Saved {
    id: String,
    account: usize,
    asked: Vec<Asked>,
    kind: Option<bool>,
    place: Option<usize>,
}

impl Saved {
    fn random(dice: &mut Dice, account: usize) -> Self {
        let asked = (0..1 + dice.below(3)).map(|_| match dice.below(8) {
            0 => Asked::Not(dice.below(WORDS)),
            1 => Asked::Either(dice.below(WORDS), dice.below(WORDS)),
            2 => Asked::Phrase(dice.below(WORDS)),
            _ => Asked::Word(dice.below(WORDS)),
        });
        let asked = asked.collect();
        let kind = dice.once_in(3).then(|| dice.once_in(2));
        // Seeds here stand nowhere.
        let place = dice.once_in(5).then(|| dice.below(PLACES.len()));
        Self { id: String::new(), account, asked, kind, place }
    }

    fn query(&self) -> Value {
        let q = self.asked.iter().map(|asked| match asked {
            Asked::Word(one) => word(*one),
            Asked::Not(one) => format!("-{}", word(*one)),
            Asked::Either(one, other) => format!("({} OR {})", word(*one), word(*other)),
            Asked::Phrase(one) => format!("\"{}\"", word(*one)),
        });
        let mut query = json!({ "q": q.collect::<Vec<_>>().join(" ") });
        if let Some(seed) = self.kind {
            query["kind"] = json!(if seed { "seed" } else { "organization" });
        }
        if let Some(place) = self.place {
            query["municipality"] = json!(PLACES[place]);
        }
        query
    }

    fn finds(&self, thing: &Planted) -> bool {
        let holds = |word: &usize| thing.words >> word & 1 == 1;
        self.kind.is_none_or(|seed| seed == thing.seed)
            && self.place.is_none_or(|place| thing.place == Some(place))
            && self.asked.iter().all(|asked| match asked {
                Asked::Word(one) | Asked::Phrase(one) => holds(one),
                Asked::Not(one) => !holds(one),
                Asked::Either(one, other) => holds(one) || holds(other),
            })
    }
}

fn account(database: &Database, number: usize, role: Option<Role>, party: Option<&str>) -> Watching {
    let made = database.write(&Actor::System, |tx| {
        let email = Email::parse(&format!("watcher-{number}@example.jp")).expect("an address");
        let new =
            NewAccount { email, name: "見張り".to_owned(), language: Language::Ja, password_hash: String::new() };
        let id = accounts::create(tx, new)?;
        if let Some(role) = role {
            accounts::grant(tx, &id, &[role])?;
        }
        if let Some(party) = party {
            let row = memberships::accept(tx, &id, &ThingId::from_stored(party.to_owned()), Right::Reader)?;
            memberships::change(tx, &row.id, row.version, None, Some(MembershipState::Confirmed))?;
        }
        Ok(id)
    });
    Watching { id: made.expect("an account").value, role, party: party.map(str::to_owned) }
}

fn plant(database: &Database, dice: &mut Dice, parties: &[String]) -> Planted {
    let words = (0..2 + dice.below(5)).fold(0u64, |mask, _| mask | 1 << dice.below(WORDS));
    let (seed, visibility) = (dice.once_in(2), dice.below(VISIBILITIES.len()));
    let text = words_of(words);
    let (first, rest) = text.split_once(' ').unwrap_or((&text, &text));
    if seed {
        let owner = dice.pick(parties).clone();
        let body =
            json!({ "owner": owner, "title_en": first, "summary_en": rest, "visibility": VISIBILITIES[visibility] });
        let made = database.write(&Actor::System, |tx| things::create(tx, entry::<Seed>(body))).expect("a seed");
        let id = made.value.header.id.to_string();
        return Planted { id, seed, words, visibility, place: None, owner };
    }
    let place = dice.below(PLACES.len());
    let body = json!({ "organization_kind": "firm", "name_en": first, "description_en": rest,
        "municipality": PLACES[place], "visibility": VISIBILITIES[visibility] });
    let made = database.write(&Actor::System, |tx| things::create(tx, entry::<Organization>(body))).expect("a firm");
    let id = made.value.header.id.to_string();
    Planted { id: id.clone(), seed, words, visibility, place: Some(place), owner: id }
}

/// Other words, or another visibility.
fn change(database: &Database, dice: &mut Dice, thing: &mut Planted) {
    let id = ThingId::from_stored(thing.id.clone());
    thing.words = (0..2 + dice.below(5)).fold(0u64, |mask, _| mask | 1 << dice.below(WORDS));
    if dice.once_in(3) {
        thing.visibility = dice.below(VISIBILITIES.len());
    }
    let text = words_of(thing.words);
    let (first, rest) = text.split_once(' ').unwrap_or((&text, &text));
    let visibility = VISIBILITIES[thing.visibility];
    let changed = database.write(&Actor::System, |tx| {
        if thing.seed {
            let there = things::get::<Seed>(tx.conn(), &Scope::Everything, &id)?;
            let body = json!({ "owner": thing.owner, "title_en": first, "summary_en": rest, "visibility": visibility });
            let version = there.header.version;
            things::update(tx, there, version, entry::<Seed>(body)).map(drop)
        } else {
            let there = things::get::<Organization>(tx.conn(), &Scope::Everything, &id)?;
            let body = json!({ "organization_kind": "firm", "name_en": first, "description_en": rest,
                "municipality": PLACES[thing.place.expect("a place")], "visibility": visibility });
            let version = there.header.version;
            things::update(tx, there, version, entry::<Organization>(body)).map(drop)
        }
    });
    changed.expect("a change");
}

#[derive(diesel::QueryableByName)]
struct Told {
    #[diesel(sql_type = Text)]
    search_id: String,
    #[diesel(sql_type = Text)]
    thing_id: String,
}

fn told(database: &Database) -> BTreeSet<(String, String)> {
    let rows: Vec<Told> = database
        .read(|conn| Ok(diesel::sql_query("SELECT search_id, thing_id FROM saved_search_finds").load(conn)?))
        .expect("the finds");
    let count = rows.len();
    let all: BTreeSet<_> = rows.into_iter().map(|row| (row.search_id, row.thing_id)).collect();
    assert_eq!(all.len(), count, "each once");
    all
}

fn keep(database: &Database, watching: &[Watching], saved: &mut [Saved]) {
    for together in saved.chunks_mut(100) {
        let kept = database.write(&Actor::System, |tx| {
            for saved in together.iter_mut() {
                let (name, query) = ("見張り".to_owned(), saved.query().to_string());
                let new = NewSavedSearch { name, query, cadence: NoticeChoice::Never };
                saved.id = saved_searches::create(tx, &watching[saved.account].id, &new)?.id.to_string();
            }
            Ok(())
        });
        kept.expect("kept searches");
    }
}

#[test]
fn every_saved_search_hears_of_exactly_its_things_each_once() {
    let release = std::env::var("MUSUBI_TEST_AMOUNT").is_ok_and(|amount| amount == "release");
    let (searches, changes) = if release { (10_000, 1_000) } else { (1_500, 300) };
    let searches = number("MUSUBI_WATCH_SEARCHES", searches) as usize;
    let changes = number("MUSUBI_WATCH_CHANGES", changes) as usize;
    let seed = number("MUSUBI_TEST_SEED", 7);
    let mut dice = Dice::new(seed);
    let world = World::new();
    let database = world.database();
    let (engine, _) = Engine::open(&world.index_folder(), index_settings()).expect("an index");
    let engine = Arc::new(engine);
    let parties: Vec<String> = (0..4)
        .map(|number| {
            let body = json!({ "organization_kind": "firm", "name_en": format!("Party {number}") });
            let made = database.write(&Actor::System, |tx| things::create(tx, entry::<Organization>(body)));
            made.expect("a party").value.header.id.to_string()
        })
        .collect();
    let watching: Vec<Watching> = (0..searches.div_ceil(100))
        .map(|number| {
            let role = [None, None, None, Some(Role::Coordinator), Some(Role::Officer), Some(Role::Administrator)];
            let (role, member) = (role[number % 6], number % 6 == 1 || number % 6 == 2);
            account(&database, number, role, member.then(|| parties[number % 4].as_str()))
        })
        .collect();
    let mut planted: Vec<Planted> = (0..changes / 10).map(|_| plant(&database, &mut dice, &parties)).collect();
    let mut saved: Vec<Saved> = (0..searches).map(|number| Saved::random(&mut dice, number / 100)).collect();
    // A tenth is saved only half-way.
    let (early, late) = saved.split_at_mut(searches - searches / 10);
    keep(&database, &watching, early);
    let compile = compiler(Arc::new(NamesMemory::new(database.clone())));
    let settings = WatchSettings { compile, second_factor_for_administrators: false };
    let new_watcher = || Watcher::new(database.clone(), engine.clone(), settings.clone());
    let mut watchers = [new_watcher(), new_watcher()];
    let mut wanted: BTreeSet<(String, String)> = BTreeSet::new();
    let (mut done, mut asked, mut spent) = (0, 0, Duration::ZERO);
    let mut late_kept = false;
    while done < changes {
        // What changes together, each thing once: the oracle looks at the end of it.
        let mut touched = BTreeSet::new();
        for _ in 0..(1 + dice.below(120)).min(changes - done) {
            let again = !planted.is_empty() && dice.once_in(3);
            let place = if again { dice.below(planted.len()) } else { planted.len() };
            if !touched.insert(place) {
                continue;
            }
            if again {
                change(&database, &mut dice, &mut planted[place]);
            } else {
                planted.push(plant(&database, &mut dice, &parties));
            }
            done += 1;
        }
        for place in &touched {
            let thing = &planted[*place];
            let finds =
                |saved: &&Saved| !saved.id.is_empty() && saved.finds(thing) && watching[saved.account].sees(thing);
            wanted.extend(
                early.iter().chain(late.iter()).filter(finds).map(|saved| (saved.id.clone(), thing.id.clone())),
            );
        }
        if dice.once_in(4) {
            // Lost with everything it knew; another begins from the mark.
            watchers[0] = new_watcher();
        }
        let started = Instant::now();
        let both: Vec<usize> = std::thread::scope(|scope| {
            let threads: Vec<_> = watchers
                .iter_mut()
                .map(|watcher| {
                    scope.spawn(move || {
                        let mut asked = 0;
                        loop {
                            let step = watcher.step().expect("a step");
                            if step.idle {
                                return asked;
                            }
                            asked += step.asked;
                        }
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        spent += started.elapsed();
        asked += both.into_iter().max().unwrap_or(0);
        if !late_kept && done >= changes / 2 {
            keep(&database, &watching, late);
            late_kept = true;
        }
    }
    let found = told(&database);
    let missing: Vec<_> = wanted.difference(&found).take(3).collect();
    let wrong: Vec<_> = found.difference(&wanted).take(3).collect();
    assert!(missing.is_empty() && wrong.is_empty(), "seed {seed}: missing {missing:?}, too much {wrong:?}");
    assert!(!found.is_empty());
    println!(
        "{searches} saved searches, {done} changes (seed {seed}): {} tellings, each right and once; {asked} of {} \
         questions asked, in {spent:.1?}",
        found.len(),
        searches * done
    );
}
