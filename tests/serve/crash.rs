//! kill -9 at random moments under mixed load. The journal of what was acknowledged lies outside, with the clients; after
//! each restart the database and the index are held against it: every acknowledged write is there and is found, none
//! is there by half or twice.
//!
//! On SQLite 30 rounds, on PostgreSQL (`TEST_DATABASE_URL`) 10; `MUSUBI_KILL_ROUNDS` says otherwise,
//! `MUSUBI_TEST_SEED` where the dice begin. `tests/sabotage/run` proves that a broken build is caught here.

use crate::process::{Process, musubi};
use crate::support::{Dice, PATIENCE, Response, World, first_broken_link, number, wait_until};
use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use musubi::store::things;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const CLIENTS: usize = 4;

/// What was registered, without what is only said with it once: which others may be the same.
fn thing_of(answer: &Response) -> Value {
    let mut body = answer.json();
    body.as_object_mut().expect("a thing").remove("possible_duplicates");
    body
}

#[test]
fn every_acknowledged_write_survives_kill_9_once_whole_and_findable() {
    let world = World::new();
    let usual = if world.is_postgresql() { 10 } else { 30 };
    let (rounds, seed) = (number("MUSUBI_KILL_ROUNDS", usual), number("MUSUBI_TEST_SEED", 0));
    let data = world.folder.path().to_owned();
    let mut journal = Journal::default();
    let mut dice = Dice::new(seed);
    let mut process = Process::start(&data, &world);
    for round in 0..rounds {
        let what = format!("seed {seed}, round {round}");
        journal.load(&process, &mut dice);
        if dice.once_in(6) {
            // What was lost with the index is in the database.
            std::fs::remove_dir_all(data.join("index")).expect("the index goes");
        }
        for _ in 0..dice.below(3) {
            // Killed again before it was up, or while it built the index.
            let mut child = Process::spawn(&data, &world);
            std::thread::sleep(Duration::from_millis(dice.below(150) as u64));
            child.kill().expect("killed");
            child.wait().expect("gone");
            journal.kills += 1;
        }
        process = Process::start(&data, &world);
        journal.settle_what_was_under_way(&process, &what);
        journal.verify(&process, &world, &what);
    }
    // Half of a commit that a kill left behind must not stand in the way of the next.
    let log = std::fs::read_to_string(world.folder.path().join("stderr.log")).expect("the log of the processes");
    let failures: Vec<&str> = log.lines().filter(|line| line.contains("could not follow")).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    // And no kill must leave an index that a restart has to mend: it would hide what this test is for.
    let mended: Vec<&str> = log.lines().filter(|line| line.contains("not as many as the rows")).collect();
    assert!(mended.is_empty(), "{mended:#?}");
    // The command says the same as this test.
    process.kill();
    let checked = musubi(&data, &world).arg("check").output().expect("the program");
    assert!(checked.status.success(), "{checked:?}");
    println!(
        "{} kills in {rounds} rounds (seed {seed}): {} writes acknowledged, {} under way when killed ({} of them were \
         in); 0 lost, 0 by half, 0 doubled, 0 not found",
        journal.kills,
        journal.acknowledged.load(Ordering::SeqCst),
        journal.under_way,
        journal.were_in
    );
    assert!(journal.acknowledged.into_inner() as u64 >= rounds, "there was load");
}

/// What the clients know.
#[derive(Default)]
struct Journal {
    /// What stands in the service, as its last acknowledgement said: path → body.
    things: BTreeMap<String, Value>,
    /// Without an answer when the service was killed.
    open: Vec<Open>,
    /// The newest place in the log that was acknowledged.
    sequence: Option<(u64, String)>,
    counter: AtomicUsize,
    acknowledged: AtomicUsize,
    kills: usize,
    under_way: usize,
    were_in: usize,
}

/// A request whose answer never came.
#[derive(Clone)]
struct Open {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

/// One client: it changes only its own things, one after the other.
struct Client<'a> {
    process: &'a Process,
    dice: Dice,
    things: BTreeMap<String, Value>,
    sequence: Option<(u64, String)>,
    counter: &'a AtomicUsize,
    acknowledged: &'a AtomicUsize,
}

impl Journal {
    /// Clients write for a random while, then the service is killed under them.
    fn load(&mut self, process: &Process, dice: &mut Dice) {
        let moment = Duration::from_millis(10 + dice.below(250) as u64);
        let mut shares: Vec<BTreeMap<String, Value>> = vec![BTreeMap::new(); CLIENTS];
        for (number, (path, body)) in std::mem::take(&mut self.things).into_iter().enumerate() {
            // A firm and what it owns stay with one client.
            let owner = body["owner"].as_str().or(body["id"].as_str()).unwrap_or_default();
            let share = owner.bytes().map(usize::from).sum::<usize>() % CLIENTS;
            shares[if body["members"].is_array() { number % CLIENTS } else { share }].insert(path, body);
        }
        let dices: Vec<Dice> = (0..CLIENTS).map(|_| Dice::new(dice.next())).collect();
        let (counter, acknowledged) = (&self.counter, &self.acknowledged);
        let clients: Vec<(Client<'_>, Option<Open>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = shares
                .into_iter()
                .zip(dices)
                .map(|(things, dice)| {
                    let client = Client { process, dice, things, sequence: None, counter, acknowledged };
                    scope.spawn(move || client.run())
                })
                .collect();
            std::thread::sleep(moment);
            process.kill();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        self.kills += 1;
        for (client, open) in clients {
            self.things.extend(client.things);
            self.sequence = self.sequence.take().max(client.sequence);
            self.open.extend(open);
        }
    }

    /// Asks what became of the requests whose answer never came, and finishes them.
    fn settle_what_was_under_way(&mut self, process: &Process, what: &str) {
        for open in std::mem::take(&mut self.open) {
            self.under_way += 1;
            let what = format!("{what}: {} {}", open.method, open.path);
            let headers: Vec<(&str, &str)> = open.headers.iter().map(|(name, text)| (*name, text.as_str())).collect();
            if open.method == "POST" {
                // Sent again under the same key: created now, or answered as it was then.
                let there = self.ids_in_list(process, &open.path);
                let answer = process.send("POST", &open.path, &headers, open.body.as_ref()).expect("an answer");
                assert_eq!(answer.status, 201, "{what}: {}", answer.body);
                let body = thing_of(&answer);
                let path = format!("{}/{}", open.path, body["id"].as_str().expect("an id"));
                self.were_in += usize::from(there.contains(&path));
                self.note(&answer);
                self.things.insert(path, body);
                continue;
            }
            let before = self.things.remove(&open.path).expect("it was known");
            let now = process.get(&open.path).expect("an answer");
            if open.method == "DELETE" {
                match now.status {
                    404 => self.were_in += 1,
                    _ => {
                        assert_eq!(now.json(), before, "{what}: neither deleted nor left alone");
                        self.things.insert(open.path, before);
                    }
                }
                continue;
            }
            let body = now.json();
            if body["version"] == before["version"] {
                assert_eq!(body, before, "{what}: the version of before, but not its fields");
            } else {
                let mut after = before.clone();
                musubi::domain::parse::merge_patch(&mut after, open.body.as_ref().expect("a patch"));
                after["version"] = json!(before["version"].as_i64().expect("a version") + 1);
                for set_by_service in ["updated_at", "verified_on"] {
                    after[set_by_service] = body[set_by_service].clone();
                }
                assert_eq!(body, after, "{what}: changed by half");
                self.were_in += 1;
                // Sent again, it is refused: it was in.
                let again = process.send("PATCH", &open.path, &headers, open.body.as_ref()).expect("an answer");
                assert_eq!(again.status, 412, "{what}: {}", again.body);
            }
            self.things.insert(open.path, body);
        }
    }

    /// Holds database and index against the journal.
    fn verify(&self, process: &Process, world: &World, what: &str) {
        // Everything acknowledged is there as it was acknowledged, and nothing else.
        for (path, body) in &self.things {
            let now = process.get(path).expect("an answer");
            assert_eq!(now.status, 200, "{what}: {path} was acknowledged and is lost: {}", now.body);
            assert_eq!(&now.json(), body, "{what}: {path}");
        }
        let wanted: BTreeMap<String, i64> = self
            .things
            .values()
            .map(|body| (body["id"].as_str().expect("an id").to_owned(), body["version"].as_i64().expect("a version")))
            .collect();
        let database = world.database();
        let rows = database.read(|conn| things::versions_after(conn, "", 1_000_000)).expect("the rows");
        assert_eq!(rows.into_iter().collect::<BTreeMap<_, _>>(), wanted, "{what}: rows and journal");
        assert_eq!(database.read(first_broken_link).expect("the log"), None, "{what}: the chain of the log");
        let torn = database.read(|conn| Ok(diesel::sql_query(TORN).get_result::<Count>(conn)?.count));
        assert_eq!(torn.expect("a count"), 0, "{what}: history, log and rows do not fit");
        drop(database);

        // And it is found, in the version that was acknowledged, each once.
        if let Some((_, token)) = &self.sequence {
            let reached = || {
                let answer = process.get(&format!("/api/v1/search?limit=1&min_seq={token}")).expect("an answer");
                assert_eq!(answer.status, 200, "{what}: {}", answer.body);
                answer.json()["stale"] == false
            };
            assert!(wait_until(PATIENCE, reached), "{what}: the index does not reach {token}");
        }
        let counted = || process.get("/health/ready").is_some_and(|ready| ready.json()["index"]["lag"] == 0);
        assert!(wait_until(PATIENCE, counted), "{what}: the index lags");
        let mut found = BTreeMap::new();
        let mut path = "/api/v1/search?sort=name&limit=100".to_owned();
        loop {
            let answer = process.get(&path).expect("an answer");
            assert_eq!(answer.status, 200, "{what}: {}", answer.body);
            let body = answer.json();
            let total = json!({ "value": wanted.len(), "exact": true });
            assert_eq!(body["total"], total, "{what}: documents and journal; {}", tell(process, world));
            for hit in body["hits"].as_array().expect("hits") {
                let id = hit["id"].as_str().expect("an id").to_owned();
                let twice = found.insert(id, hit["version"].as_i64().expect("a version"));
                assert_eq!(twice, None, "{what}: found twice: {hit}");
            }
            let Some(link) = answer.header("link") else { break };
            path = link[1..link.find('>').expect("an end")].to_owned();
        }
        assert_eq!(found, wanted, "{what}: what is found and what was acknowledged");
    }

    fn ids_in_list(&self, process: &Process, path: &str) -> Vec<String> {
        let mut ids = Vec::new();
        let mut next = format!("{path}?limit=100");
        loop {
            let page = process.get(&next).expect("an answer");
            let items = page.json()["items"].as_array().expect("items").clone();
            ids.extend(items.iter().map(|item| format!("{path}/{}", item["id"].as_str().expect("an id"))));
            let Some(link) = page.header("link") else { return ids };
            next = link[1..link.find('>').expect("an end")].to_owned();
        }
    }

    fn note(&mut self, answer: &crate::support::Response) {
        self.sequence = self.sequence.take().max(sequence_of(answer));
    }
}

impl Client<'_> {
    /// Writes until no answer comes; gives what was under way then.
    fn run(mut self) -> (Self, Option<Open>) {
        loop {
            let open = self.next_request();
            let headers: Vec<(&str, &str)> = open.headers.iter().map(|(name, text)| (*name, text.as_str())).collect();
            let Some(answer) = self.process.send(open.method, &open.path, &headers, open.body.as_ref()) else {
                return (self, Some(open));
            };
            match (open.method, answer.status) {
                ("POST", 201) => {
                    let body = thing_of(&answer);
                    let path = format!("{}/{}", open.path, body["id"].as_str().expect("an id"));
                    self.things.insert(path, body);
                }
                ("PATCH", 200) => {
                    self.things.insert(open.path, answer.json());
                }
                ("DELETE", 204) => {
                    self.things.remove(&open.path);
                }
                // A firm that owns something stays.
                ("DELETE", 409) => continue,
                (method, status) => panic!("{method} {}: {status} {}", open.path, answer.body),
            }
            self.sequence = self.sequence.take().max(sequence_of(&answer));
            self.acknowledged.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn next_request(&mut self) -> Open {
        let number = self.counter.fetch_add(1, Ordering::SeqCst);
        let firms: Vec<String> = self
            .things
            .iter()
            .filter(|(path, _)| path.contains("/organizations/"))
            .map(|(_, body)| body["id"].as_str().expect("an id").to_owned())
            .collect();
        if firms.is_empty() || self.things.len() < 3 || self.dice.below(10) < 4 {
            let (path, body) = self.new_thing(number, &firms);
            let key = format!("key {number}");
            let path = format!("/api/v1/{path}");
            return Open { method: "POST", path, headers: vec![("idempotency-key", key)], body: Some(body) };
        }
        let paths: Vec<&String> = self.things.keys().collect();
        let path = (*self.dice.pick(&paths)).clone();
        let thing = &self.things[&path];
        let headers = vec![("if-match", format!("\"{}\"", thing["version"]))];
        if self.dice.below(10) < 4 {
            return Open { method: "DELETE", path, headers, body: None };
        }
        // Header, own table and lists, all in one change.
        let fields = if self.dice.once_in(2) { json!(["food", "energy"]) } else { json!([]) };
        let body = if path.contains("/organizations/") {
            let place = *self.dice.pick(&["062014", "062022", "062031"]);
            json!({ "name_ja": format!("変更{number}"), "employees": number, "municipality": place, "fields": fields })
        } else if path.contains("/needs/") {
            let lines =
                json!([{ "strength": "must", "text_ja": format!("要件{number}"), "text_en": null, "condition": null }]);
            json!({ "title_ja": format!("変更{number}"), "lines": lines, "fields": fields })
        } else {
            json!({ "title_ja": format!("変更{number}"), "fields": fields })
        };
        Open { method: "PATCH", path, headers, body: Some(body) }
    }

    fn new_thing(&mut self, number: usize, firms: &[String]) -> (&'static str, Value) {
        let kinds = if firms.is_empty() { 1 } else { 3 };
        match self.dice.below(kinds) {
            0 => (
                "organizations",
                json!({ "organization_kind": "firm", "name_ja": format!("会社{number}"), "fields": ["food"],
                        "aliases": [format!("別名{number}"), "もうひとつ"] }),
            ),
            1 => (
                "needs",
                json!({ "owner": self.dice.pick(firms), "title_ja": format!("探しもの{number}"), "lines": [
                    { "strength": "must", "text_ja": "一" }, { "strength": "should", "text_ja": "二" }] }),
            ),
            _ => (
                "seeds",
                json!({ "owner": self.dice.pick(firms), "title_ja": format!("シーズ{number}"), "fields": ["food"] }),
            ),
        }
    }
}

/// The number behind a token, to compare, and the token.
fn sequence_of(answer: &crate::support::Response) -> Option<(u64, String)> {
    let token = answer.header("musubi-sequence")?;
    let number = token.split_once('-').and_then(|(_, number)| u64::from_str_radix(number, 16).ok());
    Some((number.expect("a place in the log"), token.to_owned()))
}

/// What the service says of itself when something is wrong.
fn tell(process: &Process, world: &World) -> String {
    let ready = process.get("/health/ready").map(|ready| ready.body).unwrap_or_default();
    let log = std::fs::read_to_string(world.folder.path().join("stderr.log")).unwrap_or_default();
    let last: Vec<&str> = log.lines().rev().take(40).collect();
    format!("{ready}\n{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"))
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Rows of one table that miss their partner in another.
const TORN: &str = "SELECT \
    (SELECT count(*) FROM versions v LEFT JOIN changes c ON c.thing_id = v.thing_id AND c.seq = v.change_seq WHERE c.seq IS NULL) \
  + (SELECT count(*) FROM changes c LEFT JOIN versions v ON c.thing_id = v.thing_id AND c.seq = v.change_seq WHERE v.thing_id IS NULL AND c.action <> 'follow') \
  + (SELECT count(*) FROM things t LEFT JOIN versions v ON v.thing_id = t.id AND v.version = t.version WHERE v.thing_id IS NULL OR v.snapshot IS NULL) \
  + (SELECT count(*) FROM versions v LEFT JOIN versions b ON b.thing_id = v.thing_id AND b.version = v.version - 1 WHERE v.version > 1 AND b.version IS NULL) \
  + (SELECT count(*) FROM things t WHERE NOT EXISTS (SELECT 1 FROM organizations o WHERE o.thing_id = t.id) \
       AND NOT EXISTS (SELECT 1 FROM needs n WHERE n.thing_id = t.id) AND NOT EXISTS (SELECT 1 FROM seeds s WHERE s.thing_id = t.id)) \
  + (SELECT count(*) FROM idempotency_keys k LEFT JOIN versions v ON v.thing_id = k.thing_id AND v.version = 1 WHERE v.thing_id IS NULL) \
  AS count";
