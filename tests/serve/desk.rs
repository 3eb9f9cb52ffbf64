//! kill -9 between a yes and its notice: two sides say yes to many introductions, each of them more than once, while the
//! service is killed. Afterwards every acknowledged yes stands, each side said it once, everybody has one notice of the
//! mutual interest, and each notice one letter, sent or waiting.
//! 12 rounds, on PostgreSQL 5; `MUSUBI_KILL_ROUNDS` says otherwise.

use crate::process::Process;
use crate::support::people::Person;
use crate::support::{Dice, TestApp, World, auth, number};
use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Text};
use musubi::domain::Clock;
use musubi::store::Database;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Introductions that are answered in one round.
const A_ROUND: usize = 6;

#[derive(diesel::QueryableByName)]
struct Notices {
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    matter: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

/// The firm that asks, the one that answers, and who speaks for them.
struct Cast {
    coordinator: Person,
    buyer: Person,
    maker: Person,
    introductions: Vec<String>,
}

fn set(world: &Arc<World>, count: usize) -> Cast {
    let app = TestApp::start_at(world.clone(), Clock::system(), auth(world));
    let party = |name: &str| app.create("organizations", json!({ "organization_kind": "firm", "name_ja": name }));
    let (firm, maker_firm) = (party("最上電子"), party("置賜コーティング"));
    let administrator = app.administrator();
    let coordinator = app.person(&administrator, "co@example.jp", &["coordinator"]);
    for party in [&firm, &maker_firm] {
        let path = format!("/api/v1/organizations/{party}/trust");
        app.put_with(&path, &[("authorization", &coordinator.bearer())]);
    }
    let buyer = app.member(&administrator, "buyer@example.jp", &firm, "editor");
    let maker = app.member(&administrator, "maker@example.jp", &maker_firm, "editor");
    let made = |person: &Person, plural: &str, body| {
        let response = app.post_as(person, &format!("/api/v1/{plural}"), body);
        assert_eq!(response.status, 201, "{}", response.body);
        response.json()["id"].as_str().expect("an id").to_owned()
    };
    let introductions = (0..count)
        .map(|number| {
            let need = json!({ "owner": firm, "title_ja": format!("封止の相手 {number}"), "visibility": "members",
                               "lines": [{ "strength": "must", "text_ja": "封止ができる" }] });
            let need = made(&buyer, "needs", need);
            made(
                &coordinator,
                "introductions",
                json!({ "subject": need, "party": maker_firm, "message": "お話ししませんか。" }),
            )
        })
        .collect();
    Cast { coordinator, buyer, maker, introductions }
}

/// Says yes, and notes who was told that it counts. False: the service is gone.
fn accept(process: &Process, person: &Person, introduction: &str, heard: &Mutex<BTreeSet<(String, String)>>) -> bool {
    let path = format!("/api/v1/introductions/{introduction}/events");
    let body = json!({ "event": "accept" });
    match process.send("POST", &path, &[("authorization", &person.bearer())], Some(&body)) {
        None => false,
        Some(response) => {
            assert_eq!(response.status, 200, "{}", response.body);
            heard.lock().expect("the list").insert((introduction.to_owned(), person.email.clone()));
            true
        }
    }
}

fn ids(database: &Database, sql: &'static str) -> BTreeSet<String> {
    let rows: Vec<Id> = database.read(|conn| Ok(diesel::sql_query(sql).load(conn)?)).expect("ids");
    rows.into_iter().map(|row| row.id).collect()
}

#[test]
fn a_yes_is_told_once_whenever_the_service_is_killed() {
    let world = Arc::new(World::new());
    let usual = if world.is_postgresql() { 5 } else { 12 };
    let (rounds, seed) = (number("MUSUBI_KILL_ROUNDS", usual) as usize, number("MUSUBI_TEST_SEED", 0));
    let data = world.folder.path().to_owned();
    let mut dice = Dice::new(seed);
    let cast = set(&world, rounds * A_ROUND);
    let heard = Mutex::new(BTreeSet::new());
    let mut cut = 0;
    for introductions in cast.introductions.chunks(A_ROUND) {
        let process = Process::start(&data, &world);
        let moment = Duration::from_millis(5 + dice.below(140) as u64);
        let unheard = std::thread::scope(|scope| {
            // Each side says it, and the buyer from two windows at once.
            let threads = [&cast.buyer, &cast.maker, &cast.buyer].map(|person| {
                let (process, heard) = (&process, &heard);
                scope.spawn(move || introductions.iter().take_while(|id| accept(process, person, id, heard)).count())
            });
            std::thread::sleep(moment);
            process.kill();
            threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|count| *count < A_ROUND).count()
        });
        cut += unheard;
    }
    let process = Process::start(&data, &world);
    let bearer = cast.coordinator.bearer();
    let auth = [("authorization", bearer.as_str())];
    let before = heard.lock().expect("the list").clone();
    for (number, introduction) in cast.introductions.iter().enumerate() {
        let what = format!("seed {seed}, introduction {number}");
        let shown = process.send("GET", &format!("/api/v1/introductions/{introduction}"), &auth, None);
        let shown = shown.expect("an answer").json();
        for (side, person) in [("seeking", &cast.buyer), ("answering", &cast.maker)] {
            let said = shown["yes"].as_array().expect("sides").iter().any(|yes| *yes == side);
            let acknowledged = before.contains(&(introduction.clone(), person.email.clone()));
            assert!(said || !acknowledged, "{what}: the yes of {} is lost: {shown}", person.email);
            // Whoever got no answer says it again; whoever did may have forgotten.
            assert!(accept(&process, person, introduction, &heard), "{what}");
        }
        let history = process.send("GET", &format!("/api/v1/introductions/{introduction}/history"), &auth, None);
        let history = history.expect("an answer").json();
        let events = history["items"].as_array().expect("events").iter().map(|item| item["event"].as_str());
        let yes = events.filter(|event| *event == Some("accepted")).count();
        assert_eq!(yes, 2, "{what}: {history}");
    }
    drop(process);

    let database = world.database_at(Clock::system());
    let told: Vec<Notices> = database
        .read(|conn| {
            let all = "SELECT a.email AS email, n.matter_id AS matter, count(*) AS count FROM notices n \
                       JOIN accounts a ON a.id = n.account_id WHERE n.event = 'accepted' AND n.number = \
                       (SELECT max(m.number) FROM notices m WHERE m.matter_id = n.matter_id AND m.event = 'accepted') \
                       GROUP BY a.email, n.matter_id";
            Ok(diesel::sql_query(all).load(conn)?)
        })
        .expect("the notices");
    for introduction in &cast.introductions {
        let mut to: Vec<&str> =
            told.iter().filter(|row| row.matter == *introduction).map(|row| row.email.as_str()).collect();
        to.sort_unstable();
        // The coordinator who asked has it on the desk; whoever said the last yes is not told of it.
        let other = if to.contains(&"buyer@example.jp") { "buyer@example.jp" } else { "maker@example.jp" };
        let mut expected = [other, "co@example.jp"];
        expected.sort_unstable();
        assert_eq!(to, expected, "seed {seed}: {introduction}");
    }
    assert!(told.iter().all(|row| row.count == 1), "seed {seed}: told twice");
    // A letter is named by its row in the outbox, so one that was written but not crossed out is not sent twice.
    let waiting = ids(&database, "SELECT id FROM mail_outbox");
    let files = std::fs::read_dir(world.folder.path().join("mail")).into_iter().flatten().flatten();
    let sent: BTreeSet<String> = files
        .filter_map(|file| file.file_name().to_str().and_then(|name| name.strip_suffix(".eml")).map(str::to_owned))
        .collect();
    let notices = ids(&database, "SELECT id FROM notices");
    let letters = sent.union(&waiting).count();
    // Two more told the members of their membership.
    assert_eq!(letters, notices.len() + 2, "seed {seed}: {} sent, {} wait", sent.len(), waiting.len());
    println!(
        "{rounds} kills (seed {seed}): {} introductions, {} answers of three clients cut short, {} notices, {} letters \
         sent, {} waiting",
        cast.introductions.len(),
        cut,
        notices.len(),
        sent.len(),
        waiting.len()
    );
    assert!(cut >= rounds / 2, "seed {seed}: the kills came too late to cut anything");
}
