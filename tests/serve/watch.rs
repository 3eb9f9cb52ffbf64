//! kill -9 while saved searches are told of what is new: nothing is lost, nothing told twice, no letter written twice.
//! 12 rounds, on PostgreSQL 6; `MUSUBI_KILL_ROUNDS` says otherwise.

use crate::process::{Process, musubi};
use crate::support::{Dice, PATIENCE, World, number, wait_until};
use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Text};
use musubi::domain::vocabulary::Language;
use musubi::domain::vocabulary::desk::NoticeChoice;
use musubi::domain::{Actor, Email, Organization, Scope};
use musubi::store::accounts::{self, NewAccount};
use musubi::store::saved_searches::{self, NewSavedSearch};
use musubi::store::{Database, log, things, watch};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

const WORDS: [&str; 8] = ["封止", "鋳物", "発酵", "照明", "切削", "塗装", "木工", "染色"];

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    search_id: String,
    #[diesel(sql_type = Text)]
    thing_id: String,
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The service for whoever is at the machine, although there are accounts.
fn spawn(data: &Path, world: &World) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(world.folder.path().join("stderr.log"));
    musubi(data, world)
        .env("MUSUBI_SERVER_OPERATOR_ON_LOOPBACK", "always")
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(std::process::Stdio::piped())
        .stderr(log.expect("a log"))
        .spawn()
        .expect("the program")
}

/// Searches for one word each, some with letters at once; gives word by id.
fn keep(database: &Database) -> BTreeMap<String, &'static str> {
    let kept = database.write(&Actor::System, |tx| {
        let new = NewAccount {
            email: Email::parse("watcher@example.jp").expect("an address"),
            name: "見張り".to_owned(),
            language: Language::Ja,
            password_hash: String::new(),
        };
        let account = accounts::create(tx, new)?;
        let mut kept = BTreeMap::new();
        for word in WORDS {
            let (name, query) = (word.to_owned(), json!({ "q": word, "kind": "organization" }).to_string());
            let new = NewSavedSearch { name, query, cadence: NoticeChoice::AtOnce };
            kept.insert(saved_searches::create(tx, &account, &new)?.id.to_string(), word);
        }
        Ok(kept)
    });
    kept.expect("kept searches").value
}

#[test]
fn what_is_new_is_told_once_whenever_the_service_is_killed() {
    let world = World::new();
    let usual = if world.is_postgresql() { 6 } else { 12 };
    let (rounds, seed) = (number("MUSUBI_KILL_ROUNDS", usual), number("MUSUBI_TEST_SEED", 0));
    let mut dice = Dice::new(seed);
    let data = world.folder.path().to_owned();
    let kept = keep(&world.database());
    let mut kills = 0;
    for _ in 0..rounds {
        let process = Process::spawned(spawn(&data, &world));
        let moment = Duration::from_millis(20 + dice.below(300) as u64);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let (process, mut dice) = (&process, Dice::new(dice.next()));
                scope.spawn(move || {
                    loop {
                        let name = format!("{}{}工業", dice.pick(&WORDS), dice.pick(&WORDS));
                        let body = json!({ "organization_kind": "firm", "name_ja": name });
                        if process.send("POST", "/api/v1/organizations", &[], Some(&body)).is_none() {
                            return;
                        }
                    }
                });
            }
            std::thread::sleep(moment);
            process.kill();
        });
        kills += 1;
        for _ in 0..dice.below(3) {
            // Killed again while it catches up.
            let mut child = spawn(&data, &world);
            std::thread::sleep(Duration::from_millis(dice.below(200) as u64));
            child.kill().expect("killed");
            child.wait().expect("gone");
            kills += 1;
        }
    }
    let process = Process::spawned(spawn(&data, &world));
    let database = world.database();
    let reached = || {
        let (watched, head) = database.read(|conn| Ok((watch::head(conn)?.seq, log::head(conn)?.seq))).expect("marks");
        watched == head
    };
    assert!(wait_until(PATIENCE, reached), "seed {seed}: the saved searches do not follow");
    drop(process);

    let things = database.read(|conn| {
        let ids = things::versions_after(conn, "", 1_000_000)?.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        things::get_many::<Organization>(conn, &Scope::Everything, &ids)
    });
    let things = things.expect("the firms");
    let mut wanted: Vec<(String, String)> = Vec::new();
    for thing in &things {
        let name = thing.entry.name_ja.clone().map(String::from).unwrap_or_default();
        let fitting = kept.iter().filter(|(_, word)| name.contains(**word));
        wanted.extend(fitting.map(|(search, _)| (search.clone(), thing.header.id.to_string())));
    }
    wanted.sort();
    let rows: Vec<Row> = database
        .read(|conn| {
            let order = "SELECT search_id, thing_id FROM saved_search_finds ORDER BY search_id, thing_id";
            Ok(diesel::sql_query(order).load(conn)?)
        })
        .expect("the finds");
    let found: Vec<(String, String)> = rows.into_iter().map(|row| (row.search_id, row.thing_id)).collect();
    assert_eq!(found, wanted, "seed {seed}");
    // One letter for each search within the hour: written with the telling, or not at all.
    let letters = world.folder.path().join("mail");
    let sent = std::fs::read_dir(letters).map_or(0, |files| files.flatten().filter(is_letter).count());
    let count: Count = database
        .read(|conn| {
            let waiting = "SELECT count(*) AS count FROM mail_outbox WHERE letter = 'saved_search'";
            Ok(diesel::sql_query(waiting).get_result(conn)?)
        })
        .expect("the outbox");
    assert!(sent + count.count as usize >= 1, "seed {seed}: no letter");
    assert!(count.count as usize <= WORDS.len(), "seed {seed}: {} letters wait", count.count);
    println!(
        "{kills} kills (seed {seed}): {} firms, {} tellings, each once; {sent} letters",
        things.len(),
        found.len()
    );
    assert!(things.len() as u64 >= rounds, "there was load");
}

fn is_letter(file: &std::fs::DirEntry) -> bool {
    file.path().extension().is_some_and(|extension| extension == "eml")
}
