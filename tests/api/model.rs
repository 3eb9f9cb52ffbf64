//! Search equals database, whatever was done in whatever order: random writes on every kind, with the index following
//! at random moments, closed, reopened and rebuilt; then every document is compared with its row, both ways, and
//! searches with what the rows say they must find.
//!
//! `MUSUBI_TEST_SEEDS` says how many (200), `MUSUBI_TEST_SEED` which comes first (0). Seeds share a world by twenties:
//! to see a failure again, start with the first of its twenty.

use crate::support::{self, Dice, World, entry, firm, number};
use musubi::domain::vocabulary::{Status, Visibility};
use musubi::domain::{
    Actor, Capability, Entry, Exhibition, Kind, Need, Organization, Person, Record, Scope, Seed, Thing, ThingId,
};
use musubi::error::Error;
use musubi::store::things::{self, Stored};
use musubi::store::{Conn, Database, Tx};
use musubi_index::{Attribute, Engine, Filters, Opened, Reader, SearchRequest, Sort};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;

const SEEDS_IN_A_WORLD: u64 = 20;
/// Nonsense, so that neither stems nor concepts come between.
const WORDS: [&str; 8] = ["qazu", "wesx", "rofv", "tigb", "yahn", "ujum", "ikol", "pexo"];
const PLACES: [&str; 5] = ["062014", "062022", "062031", "130001", "040002"];
const VISIBILITIES: [&str; 4] = ["public", "members", "parties", "private"];

#[test]
fn search_equals_the_database_whatever_was_done_in_whatever_order() {
    let (first, seeds) = (number("MUSUBI_TEST_SEED", 0), number("MUSUBI_TEST_SEEDS", 200));
    let worlds = Mutex::new((first..first + seeds).step_by(SEEDS_IN_A_WORLD as usize));
    let tally = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(start) = worlds.lock().expect("the worlds").next() else { break };
                    let end = (start + SEEDS_IN_A_WORLD).min(first + seeds);
                    let done = Shelf::new().go_through(start, end);
                    tally.lock().expect("the tally").add(done);
                }
            });
        }
    });
    let tally = tally.into_inner().expect("the tally");
    println!("{seeds} seeds from {first}: {tally:?}, 0 divergences");
    assert!(tally.compared as u64 >= seeds * 10, "too little was compared: {tally:?}");
    assert!(tally.searched as u64 >= seeds * 10, "too little was searched: {tally:?}");
}

#[derive(Debug, Default)]
struct Tally {
    writes: usize,
    refused: usize,
    rebuilds: usize,
    reopened: usize,
    compared: usize,
    searched: usize,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.writes += other.writes;
        self.refused += other.refused;
        self.rebuilds += other.rebuilds;
        self.reopened += other.reopened;
        self.compared += other.compared;
        self.searched += other.searched;
    }
}

/// A database and an index that follows when told to.
struct Shelf {
    database: Database,
    engine: Option<Engine>,
    folder: PathBuf,
    /// What was registered and not deleted, oldest first: what the dice choose from.
    known: Vec<(Kind, ThingId)>,
    tally: Tally,
    _world: World,
}

impl Shelf {
    fn new() -> Self {
        let world = World::new();
        let (database, folder) = (world.database(), world.index_folder());
        let (engine, _) = Engine::open(&folder, support::index_settings()).expect("an index folder");
        Self { database, engine: Some(engine), folder, known: Vec::new(), tally: Tally::default(), _world: world }
    }

    fn go_through(mut self, start: u64, end: u64) -> Tally {
        for seed in start..end {
            let name = format!("seed {seed} (MUSUBI_TEST_SEED={start} MUSUBI_TEST_SEEDS={SEEDS_IN_A_WORLD})");
            let mut dice = Dice::new(seed);
            for _ in 0..6 + dice.below(10) {
                match dice.below(12) {
                    0 | 1 => self.follow(&name),
                    2 => self.reopen(&name),
                    3 if dice.once_in(6) => {
                        musubi::feed::rebuild(&self.database, self.engine(), |_| {}).expect(&name);
                        self.tally.rebuilds += 1;
                    }
                    _ => self.write(&mut dice, &name),
                }
            }
            self.follow(&name);
            self.compare(&mut dice, &name);
        }
        self.tally
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("an open engine")
    }

    /// Only the very first time is everything built; a later rebuild would hide what went wrong.
    fn follow(&self, name: &str) {
        let first = self.engine().mark().is_none();
        let rebuilds = musubi::feed::catch_up(&self.database, self.engine()).expect(name);
        assert_eq!(rebuilds, u64::from(first), "{name}: the index had to be mended");
    }

    fn reopen(&mut self, name: &str) {
        let before = self.engine().mark();
        self.engine = None;
        let (engine, opened) = Engine::open(&self.folder, support::index_settings()).expect("an index folder");
        match (before, opened) {
            (Some(before), Opened::Ready { mark }) => assert_eq!(mark, before, "{name}"),
            (None, Opened::Empty { .. }) => {}
            (before, opened) => panic!("{name}: closed at {before:?}, opened as {opened:?}"),
        }
        self.engine = Some(engine);
        self.tally.reopened += 1;
    }

    /// One transaction of one to four changes; now and then one that is given up.
    fn write(&mut self, dice: &mut Dice, name: &str) {
        let changes = 1 + dice.below(4);
        let given_up = dice.once_in(10);
        let mut known = self.known.clone();
        let mut refused = 0;
        let mut plan = dice.clone();
        let result = self.database.write(&Actor::Operator, |tx| {
            let mut any = false;
            for _ in 0..changes {
                // Each change may fail alone, as in an import.
                match tx.attempt(|tx| change(tx, &mut plan, &mut known)) {
                    Ok(changed) => any |= changed,
                    Err(Error::Conflict(_)) => refused += 1,
                    Err(error) => panic!("{name}: {error}"),
                }
            }
            if !any {
                tx.unchanged();
            }
            if given_up { Err(Error::NotFound) } else { Ok(()) }
        });
        *dice = plan;
        match result {
            Ok(_) => self.known = known,
            Err(Error::NotFound) if given_up => {}
            Err(error) => panic!("{name}: {error}"),
        }
        self.tally.writes += 1;
        self.tally.refused += refused;
    }

    fn compare(&mut self, dice: &mut Dice, name: &str) {
        let rows = self.database.read(every_row).expect("the rows");
        let wanted: BTreeMap<&str, u64> = rows.iter().map(|row| (row.id.as_str(), row.version)).collect();
        let versions = self.engine().versions().expect("the index can be read");
        let found: BTreeMap<&str, u64> = versions.iter().map(|(id, version)| (id.as_str(), *version)).collect();
        assert_eq!(found.len(), versions.len(), "{name}: a thing is in the index twice");
        assert_eq!(found, wanted, "{name}: (id, version) in the index and in the database");
        let log = self.database.read(support::first_broken_link).expect("the log");
        assert_eq!(log, None, "{name}: the chain of the log");
        self.tally.compared += rows.len();

        let parties: Vec<&Row> = rows.iter().filter(|row| row.kind.is_party()).collect();
        for _ in 0..12 {
            let own = parties.get(dice.below(parties.len().max(1))).map(|row| row.id.clone());
            let own: Vec<String> = own.into_iter().collect();
            let ids = || own.iter().map(|id| ThingId::from_stored(id.clone())).collect();
            let (reader, scope) = match dice.below(4) {
                0 => (Reader::Visitor, Scope::Public),
                1 => (Reader::Member { parties: own.clone() }, Scope::Member { parties: ids() }),
                2 => (Reader::Coordinator { parties: own.clone() }, Scope::Coordinator { parties: ids() }),
                _ => (Reader::Everything, Scope::Everything),
            };
            let word = dice.once_in(2).then(|| *dice.pick(&WORDS));
            let kind = dice.once_in(3).then(|| *dice.pick(Kind::ALL));
            let place = dice.once_in(3).then(|| *dice.pick(&PLACES));
            let owner = dice.once_in(4).then(|| own.first().cloned()).flatten();
            let request = SearchRequest {
                query: word.unwrap_or_default().to_owned(),
                reader,
                filters: Filters {
                    kinds: kind.iter().map(|kind| kind.code().to_owned()).collect(),
                    owners: owner.iter().cloned().collect(),
                    attributes: place
                        .iter()
                        .map(|place| (Attribute::Municipality, vec![(*place).to_owned()]))
                        .collect(),
                    ..Filters::default()
                },
                facets: vec![Attribute::Municipality],
                sort: Sort::Relevance,
                offset: 0,
                limit: 1_000,
                ..SearchRequest::default()
            };
            let answer = self.engine().search(&request).expect("an answer");
            let wanted: Vec<&Row> = rows
                .iter()
                .filter(|row| scope.sees(row.visibility, Status::Published, &row.owners))
                .filter(|row| word.is_none_or(|word| row.text.contains(word)))
                .filter(|row| kind.is_none_or(|kind| row.kind == kind))
                .filter(|row| place.is_none_or(|place| row.place.as_deref() == Some(place)))
                .filter(|row| owner.as_ref().is_none_or(|owner| row.shown_owner() == Some(owner.as_str())))
                .collect();
            let found: BTreeSet<&str> = answer.hits.iter().map(|hit| hit.id.as_str()).collect();
            let ids: BTreeSet<&str> = wanted.iter().map(|row| row.id.as_str()).collect();
            assert_eq!(found, ids, "{name}: {request:?}");
            assert_eq!((answer.hits.len(), answer.total), (ids.len(), ids.len()), "{name}: {request:?}");
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for place in wanted.iter().filter_map(|row| row.place.clone()) {
                *counts.entry(place).or_default() += 1;
            }
            if place.is_none() {
                let facet: BTreeMap<String, usize> = answer.facets[0].1.iter().cloned().collect();
                assert_eq!(facet, counts, "{name}: {request:?}");
            }
            self.tally.searched += 1;
        }
    }
}

/// One random change. False: it found nothing to do.
fn change(tx: &mut Tx<'_>, dice: &mut Dice, known: &mut Vec<(Kind, ThingId)>) -> Result<bool, Error> {
    if known.len() < 4 || dice.below(10) < 4 {
        let kind = if known.len() < 4 { Kind::Organization } else { *dice.pick(Kind::ALL) };
        let id = match kind {
            Kind::Organization => create::<Organization>(tx, fields(kind, dice, known))?,
            Kind::Person => create::<Person>(tx, fields(kind, dice, known))?,
            Kind::Capability => create::<Capability>(tx, fields(kind, dice, known))?,
            Kind::Seed => create::<Seed>(tx, fields(kind, dice, known))?,
            Kind::Need => create::<Need>(tx, fields(kind, dice, known))?,
            Kind::Record => create::<Record>(tx, fields(kind, dice, known))?,
            Kind::Exhibition => create::<Exhibition>(tx, fields(kind, dice, known))?,
        };
        known.push((kind, id));
        return Ok(true);
    }
    let place = dice.below(known.len());
    let (kind, id) = known[place].clone();
    if dice.once_in(4) {
        match kind {
            Kind::Organization => delete::<Organization>(tx, &id)?,
            Kind::Person => delete::<Person>(tx, &id)?,
            Kind::Capability => delete::<Capability>(tx, &id)?,
            Kind::Seed => delete::<Seed>(tx, &id)?,
            Kind::Need => delete::<Need>(tx, &id)?,
            Kind::Record => delete::<Record>(tx, &id)?,
            Kind::Exhibition => delete::<Exhibition>(tx, &id)?,
        }
        known.remove(place);
        return Ok(true);
    }
    let patch = patch(kind, dice, known);
    match kind {
        Kind::Organization => update::<Organization>(tx, &id, &patch),
        Kind::Person => update::<Person>(tx, &id, &patch),
        Kind::Capability => update::<Capability>(tx, &id, &patch),
        Kind::Seed => update::<Seed>(tx, &id, &patch),
        Kind::Need => update::<Need>(tx, &id, &patch),
        Kind::Record => update::<Record>(tx, &id, &patch),
        Kind::Exhibition => update::<Exhibition>(tx, &id, &patch),
    }
}

fn create<E: Stored>(tx: &mut Tx<'_>, fields: Value) -> Result<ThingId, Error> {
    Ok(things::create::<E>(tx, entry(fields))?.header.id)
}

fn delete<E: Stored>(tx: &mut Tx<'_>, id: &ThingId) -> Result<(), Error> {
    let thing = things::get::<E>(tx.conn(), &Scope::Everything, id)?;
    let version = thing.header.version;
    things::delete(tx, thing, version)
}

fn update<E: Stored>(tx: &mut Tx<'_>, id: &ThingId, patch: &Value) -> Result<bool, Error> {
    let thing = things::get::<E>(tx.conn(), &Scope::Everything, id)?;
    let mut fields = serde_json::to_value(&thing.entry).expect("JSON");
    musubi::domain::parse::merge_patch(&mut fields, patch);
    let version = thing.header.version;
    Ok(things::update(tx, thing, version, entry(fields))?.header.version > version)
}

fn text(dice: &mut Dice) -> String {
    format!("{} {}", dice.pick(&WORDS), dice.pick(&WORDS))
}

fn a(kinds: &[Kind], dice: &mut Dice, known: &[(Kind, ThingId)]) -> Option<String> {
    let fitting: Vec<&ThingId> = known.iter().filter(|(kind, _)| kinds.contains(kind)).map(|(_, id)| id).collect();
    (!fitting.is_empty()).then(|| dice.pick(&fitting).to_string())
}

fn fields(kind: Kind, dice: &mut Dice, known: &[(Kind, ThingId)]) -> Value {
    let mut fields = match kind {
        Kind::Organization => json!({ "organization_kind": "firm", "name_en": text(dice) }),
        Kind::Person => json!({ "name_en": text(dice) }),
        Kind::Capability => json!({ "capability_kind": "process", "name_en": text(dice) }),
        Kind::Seed | Kind::Need | Kind::Record | Kind::Exhibition => json!({ "title_en": text(dice) }),
    };
    for _ in 0..3 {
        musubi::domain::parse::merge_patch(&mut fields, &patch(kind, dice, known));
    }
    if let Kind::Capability | Kind::Seed | Kind::Need = kind {
        fields["owner"] = json!(a(&[Kind::Organization, Kind::Person], dice, known));
    }
    fields
}

/// What could be changed of a thing of this kind.
fn patch(kind: Kind, dice: &mut Dice, known: &[(Kind, ThingId)]) -> Value {
    let title = match kind {
        Kind::Organization | Kind::Person | Kind::Capability => "name_en",
        Kind::Seed | Kind::Need | Kind::Record | Kind::Exhibition => "title_en",
    };
    let body = match kind {
        Kind::Organization | Kind::Person | Kind::Capability | Kind::Exhibition => "description_en",
        Kind::Seed | Kind::Need => "summary_en",
        Kind::Record => "text_en",
    };
    match (dice.below(7), kind) {
        (0, _) => json!({ title: text(dice) }),
        (1, _) => json!({ body: text(dice) }),
        (2, _) => json!({ body: null }),
        (3, _) => json!({ "visibility": dice.pick(&VISIBILITIES) }),
        (4, Kind::Organization | Kind::Person | Kind::Exhibition) => json!({ "municipality": dice.pick(&PLACES) }),
        (5, Kind::Organization) => json!({ "employees": dice.below(400) }),
        (5 | 6, Kind::Person) => {
            let employer = a(&[Kind::Organization], dice, known).filter(|_| !dice.once_in(4));
            let employers: Vec<String> = employer.into_iter().collect();
            json!({ "municipality": null, "affiliations": employers })
        }
        (4 | 5, Kind::Capability | Kind::Seed | Kind::Need) => {
            json!({ "owner": a(&[Kind::Organization, Kind::Person], dice, known) })
        }
        (6, Kind::Need) => json!({ "anonymous": dice.once_in(2) }),
        (4 | 5, Kind::Record) => {
            let mut members: Vec<String> =
                (0..dice.below(3)).filter_map(|_| a(&[Kind::Organization, Kind::Person], dice, known)).collect();
            members.dedup();
            json!({ "members": members.iter().map(|id| json!({ "party": id })).collect::<Vec<_>>() })
        }
        _ => json!({ title: text(dice) }),
    }
}

/// What a row says that a search must find.
struct Row {
    id: String,
    kind: Kind,
    version: u64,
    visibility: Visibility,
    /// The party that owns it.
    owner: Option<ThingId>,
    /// The parties behind it: the owner, or those who took part.
    owners: Vec<ThingId>,
    /// That party may be shown.
    open: bool,
    /// Where it stands: its own place, or the owner's, or the employer's, if whoever may see it may see them.
    place: Option<String>,
    text: String,
}

impl Row {
    fn shown_owner(&self) -> Option<&str> {
        self.owner.as_ref().filter(|_| self.open).map(ThingId::as_str)
    }
}

fn every_row(conn: &mut Conn) -> Result<Vec<Row>, Error> {
    let mut ids: Vec<String> = Vec::new();
    loop {
        let after = ids.last().cloned().unwrap_or_default();
        let some = things::versions_after(conn, &after, 500)?;
        if some.is_empty() {
            break;
        }
        ids.extend(some.into_iter().map(|(id, _)| id));
    }
    let organizations = things::get_many::<Organization>(conn, &Scope::Everything, &ids)?;
    let people = things::get_many::<Person>(conn, &Scope::Everything, &ids)?;
    let mut places: Places = BTreeMap::new();
    for Thing { header, entry } in &organizations {
        let place = entry.municipality.clone().map(String::from);
        places.insert(header.id.to_string(), Standing { place, visibility: entry.visibility, employer: None });
    }
    for Thing { header, entry } in &people {
        let place = entry.municipality.clone().map(String::from);
        let employer = entry.affiliations.first().map(ToString::to_string);
        places.insert(header.id.to_string(), Standing { place, visibility: entry.visibility, employer });
    }
    let mut rows = Vec::new();
    collect(&mut rows, organizations, &places, |_| true);
    collect(&mut rows, people, &places, |_| true);
    collect(&mut rows, things::get_many::<Capability>(conn, &Scope::Everything, &ids)?, &places, |_| true);
    collect(&mut rows, things::get_many::<Seed>(conn, &Scope::Everything, &ids)?, &places, |_| true);
    collect(&mut rows, things::get_many::<Need>(conn, &Scope::Everything, &ids)?, &places, |need| !need.anonymous);
    collect(&mut rows, things::get_many::<Record>(conn, &Scope::Everything, &ids)?, &places, |_| true);
    let exhibitions = things::get_many::<Exhibition>(conn, &Scope::Everything, &ids)?;
    let held: BTreeMap<String, Option<String>> = exhibitions
        .iter()
        .map(|thing| (thing.header.id.to_string(), thing.entry.municipality.clone().map(String::from)))
        .collect();
    collect(&mut rows, exhibitions, &places, |_| true);
    for row in &mut rows {
        if let Some(place) = held.get(&row.id) {
            // Nobody's: it stands where it is held.
            row.place = place.clone();
        }
    }
    assert_eq!(rows.len(), ids.len(), "every header has its row");
    Ok(rows)
}

/// Where a party stands, and who may know.
struct Standing {
    place: Option<String>,
    visibility: Visibility,
    employer: Option<String>,
}

type Places = BTreeMap<String, Standing>;

/// Where a thing stands that everybody finds who may see `thing`.
fn place_of(owner: &str, thing: Visibility, places: &Places) -> Option<String> {
    let owner = places.get(owner).filter(|owner| owner.visibility <= thing)?;
    let employer = owner.employer.as_ref().and_then(|employer| places.get(employer));
    // Whoever may see a thing of the person is not for that of the employer's confidence.
    let told = employer.filter(|employer| match employer.visibility {
        Visibility::Public => true,
        Visibility::Members => thing != Visibility::Public,
        Visibility::Parties | Visibility::Private => false,
    });
    owner.place.clone().or_else(|| told.and_then(|employer| employer.place.clone()))
}

fn collect<E: Entry>(rows: &mut Vec<Row>, things: Vec<Thing<E>>, places: &Places, open: impl Fn(&E) -> bool) {
    for Thing { header, entry } in things {
        let owner = if E::KIND.is_party() { Some(header.id.clone()) } else { entry.owner().cloned() };
        let open = open(&entry);
        let shown = owner.as_ref().filter(|_| open);
        let place = shown.and_then(|owner| place_of(owner.as_str(), entry.visibility(), places));
        let owners = if E::KIND.is_party() { vec![header.id.clone()] } else { entry.owners() };
        let text = entry.texts().iter().map(|text| text.text.to_owned()).collect::<Vec<_>>().join(" ");
        rows.push(Row {
            id: header.id.to_string(),
            kind: E::KIND,
            version: header.version as u64,
            visibility: entry.visibility(),
            owner,
            owners,
            open,
            place,
            text,
        });
    }
}

#[test]
fn the_comparison_itself_notices_a_document_too_many_or_too_old() {
    let world = World::new();
    let database = world.database();
    let mut shelf = Shelf {
        engine: Some(Engine::open(&world.index_folder(), support::index_settings()).expect("an index folder").0),
        folder: world.index_folder(),
        database,
        known: Vec::new(),
        tally: Tally::default(),
        _world: world,
    };
    let written = shelf.database.write(&Actor::Operator, |tx| things::create(tx, firm("qazu"))).expect("a write");
    shelf.follow("as it should be");
    shelf.compare(&mut Dice::new(1), "as it should be");
    let id = written.value.header.id;
    let deleted = shelf.database.write(&Actor::Operator, |tx| delete::<Organization>(tx, &id)).expect("a deletion");
    // An index that went on without the deletion: the mark moved, the document stayed.
    let head = shelf.database.read(musubi::store::log::head).expect("the log");
    let position = deleted.position.expect("a place in the log");
    let mark = musubi_index::Mark { epoch: position.epoch, seq: position.seq, chain: head.chain };
    shelf.engine().apply(&[], &mark).expect("a commit");
    let noticed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        shelf.compare(&mut Dice::new(1), "one delete skipped");
    }));
    assert!(noticed.is_err());
}
