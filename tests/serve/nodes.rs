//! Several processes: two on one PostgreSQL find each other's writes; two on one SQLite folder must not be.

use crate::process::Process;
use crate::support::{PATIENCE, Response, World, wait_until};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[test]
fn a_write_through_one_node_is_found_through_the_other_within_two_seconds() {
    let world = World::new();
    if !world.is_postgresql() {
        eprintln!("skipped: two nodes share a PostgreSQL; set TEST_DATABASE_URL");
        return;
    }
    let folders = ["one", "other"].map(|name| world.folder.path().join(name));
    // Both at once: the migrations find a lock, each builds its own index.
    let children = folders.each_ref().map(|folder| Process::spawn(folder, &world));
    let nodes = children.map(Process::spawned);
    for node in &nodes {
        assert!(wait_until(PATIENCE, || node.get("/health/ready").is_some_and(|ready| ready.status == 200)));
    }
    let mut slowest = Duration::ZERO;
    for round in 0..10 {
        let (writer, reader) = (&nodes[round % 2], &nodes[(round + 1) % 2]);
        let body = json!({ "organization_kind": "firm", "name_en": format!("qazu{round}") });
        let written = writer.send("POST", "/api/v1/organizations", &[], Some(&body)).expect("an answer");
        assert_eq!(written.status, 201, "{}", written.body);
        let id = written.json()["id"].clone();
        let from = Instant::now();
        // The promise of issue 2: two seconds, asserted as it stands.
        let found = wait_until(Duration::from_secs(2), || ids(reader, &format!("q=qazu{round}")) == [id.clone()]);
        assert!(found, "round {round}: not found through the other node within 2 s");
        slowest = slowest.max(from.elapsed());

        // With the sequence of the write the other node waits by itself.
        let body = json!({ "name_en": format!("wesx{round}") });
        let path = format!("/api/v1/organizations/{}", id.as_str().expect("an id"));
        let changed = writer.send("PATCH", &path, &[("if-match", "\"1\"")], Some(&body)).expect("an answer");
        let token = changed.header("musubi-sequence").expect("a sequence").to_owned();
        let answer = search(reader, &format!("q=wesx{round}&min_seq={token}")).json();
        assert_eq!(answer["stale"], false, "{answer}");
        assert_eq!(answer["hits"][0]["id"], id, "{answer}");
    }
    println!("10 writes found through the other node, the slowest after {slowest:?}");
}

#[test]
fn a_node_that_was_killed_catches_up_with_what_the_other_wrote() {
    let world = World::new();
    if !world.is_postgresql() {
        eprintln!("skipped: two nodes share a PostgreSQL; set TEST_DATABASE_URL");
        return;
    }
    let folders = ["one", "other"].map(|name| world.folder.path().join(name));
    let [one, other] = folders.each_ref().map(|folder| Process::start(folder, &world));
    create(&one, "qazu before");
    assert!(wait_until(PATIENCE, || ids(&other, "q=qazu").len() == 1));
    other.kill();
    for number in 0..5 {
        create(&one, &format!("qazu {number}"));
    }
    let other = Process::start(&folders[1], &world);
    assert!(wait_until(PATIENCE, || ids(&other, "q=qazu").len() == 6));
}

#[test]
fn a_second_serve_on_one_data_folder_refuses_to_start_and_says_why() {
    let world = World::new();
    let data = world.folder.path().join("data");
    std::fs::create_dir_all(&data).expect("a folder");
    let first = Process::start(&data, &world);
    create(&first, "qazu");
    for _ in 0..2 {
        let refused = Process::refused(&data, &world);
        assert_eq!(refused.status.code(), Some(3), "{refused:?}");
        assert!(refused.stdout.is_empty(), "it never listened: {refused:?}");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        let problem: Value = said.lines().find_map(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        for (language, words) in [("en", "in use by another musubi"), ("ja", "使用中")] {
            let message = problem["error"]["message"][language].as_str().unwrap_or_default();
            assert!(message.contains(words), "{language}: {said}");
        }
    }
    // The first never noticed; and a lock does not outlive its process.
    assert!(wait_until(PATIENCE, || ids(&first, "q=qazu").len() == 1));
    first.kill();
    let again = Process::start(&data, &world);
    assert!(wait_until(PATIENCE, || ids(&again, "q=qazu").len() == 1));
}

fn create(node: &Process, name: &str) {
    let body = json!({ "organization_kind": "firm", "name_en": name });
    let written = node.send("POST", "/api/v1/organizations", &[], Some(&body)).expect("an answer");
    assert_eq!(written.status, 201, "{}", written.body);
}

fn search(node: &Process, query: &str) -> Response {
    let answer = node.get(&format!("/api/v1/search?{query}")).expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer
}

fn ids(node: &Process, query: &str) -> Vec<Value> {
    search(node, query).json()["hits"].as_array().expect("hits").iter().map(|hit| hit["id"].clone()).collect()
}
