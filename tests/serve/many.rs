//! An import of very many organisations into a service that has others: previewed, committed, found, taken back without a trace.
//! A few hundred rows every day; `LONG_TESTS=1` takes a hundred thousand, and page 1 beside page 1,000 of the lists:
//!
//! LONG_TESTS=1 cargo test --release --test serve many_organizations -- --nocapture
//!
//! Times are printed, not judged. Memory is: 500 MiB at most (in release; the figure of a debug build says nothing).

use crate::process::{Process, musubi};
use crate::support::{PATIENCE, World, wait_until};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};

const MEMORY_MOST: u64 = 500;
/// Organisations that are there before.
const BEFORE: usize = 60;

#[test]
fn many_organizations_come_are_found_and_go_without_a_trace() {
    let long = std::env::var_os("LONG_TESTS").is_some();
    let rows = if long { 100_000 } else { 300 };
    let world = World::new();
    let data = world.folder.path().to_owned();
    let process = Process::start(&data, &world);
    let patience = if long { Duration::from_secs(7_200) } else { PATIENCE };
    let service = Service { process: &process, patience };

    let first = service.sent(&organizations(0..BEFORE, "旧"));
    service.step(&first, "commit", "committed");
    service.settle();
    let before = service.seen();

    // Some of the rows change what is there.
    let bytes =
        organizations(0..BEFORE / 2, "新") + organizations(BEFORE..rows, "新").split_once('\n').expect("rows").1;
    let begun = Instant::now();
    let import = service.sent(&bytes);
    say("preview", rows, begun, &process);
    let begun = Instant::now();
    let done = service.step(&import, "commit", "committed");
    say("commit", rows, begun, &process);
    let counts = json!({ "created": rows - BEFORE, "updated": BEFORE / 2, "unchanged": 0, "refused": 0 });
    assert_eq!(done["result"]["rows"], counts);
    service.settle();
    say("index", rows, begun, &process);
    for number in [BEFORE, rows / 2, rows - 1] {
        let found = service.get(&format!("/api/v1/search?q=qazu{number:06}"));
        assert_eq!(found["total"]["value"], 1, "{found}");
    }
    if long {
        for path in ["organizations", "organizations?sort=updated", "organizations?organization_kind=firm", "audit"] {
            service.compare_pages(&format!("/api/v1/{path}"));
        }
        for path in ["organizations?municipality=060003", "organizations?field=energy"] {
            service.compare_pages(&format!("/api/v1/{path}"));
        }
        service.compare_pages(&format!("{import}/rows"));
    }
    let begun = Instant::now();
    let undone = service.step(&import, "undo", "undone");
    say("undo", rows, begun, &process);
    let counts = json!({ "deleted": rows - BEFORE, "restored": BEFORE / 2, "kept_count": 0, "kept": [] });
    assert_eq!(undone["undone"], counts);
    service.settle();
    let after = service.seen();
    for ((path, before), (_, after)) in before.iter().zip(&after) {
        assert_eq!(before, after, "{path}");
    }
    if long && !cfg!(debug_assertions) {
        assert!(process.peak_memory().is_none_or(|peak| peak < MEMORY_MOST));
    }
    process.kill();
    let checked = musubi(&data, &world).arg("check").output().expect("the program");
    assert!(checked.status.success(), "{checked:?}");
}

fn say(what: &str, rows: usize, begun: Instant, process: &Process) {
    let memory = process.peak_memory().map_or_else(|| "?".to_owned(), |peak| peak.to_string());
    println!("{what} of {rows} rows: {:.1} s, peak memory so far {memory} MiB", begun.elapsed().as_secs_f32());
}

/// A file of organisations, each known again by its number.
fn organizations(numbers: std::ops::Range<usize>, word: &str) -> String {
    let mut text = "法人番号,名称,市区町村,丁目番地等,従業員数,分野,概要\n".to_owned();
    for number in numbers {
        let place = ["山形市", "米沢市", "鶴岡市", "酒田市", "新庄市"][number % 5];
        let field = ["organic_electronics", "energy", ""][number % 3];
        let own = corporate_number(700_100_000_000 + number as u64);
        let employees = number % 900 + 1;
        let _ = writeln!(
            text,
            "{own},第{number}製作所株式会社,山形県{place},{number}番地,{employees},{field},{word} qazu{number:06} 精密部品の切削と組立。"
        );
    }
    text
}

/// Twelve digits with their check digit before them.
fn corporate_number(body: u64) -> String {
    let digits = format!("{body:012}");
    let weighed = digits.bytes().rev().enumerate();
    let sum: u64 = weighed.map(|(place, digit)| u64::from(digit - b'0') * (1 + place as u64 % 2)).sum();
    format!("{}{digits}", 9 - sum % 9)
}

struct Service<'a> {
    process: &'a Process,
    patience: Duration,
}

impl Service<'_> {
    fn get(&self, path: &str) -> Value {
        let answer = self.process.get(path).expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// Sends a file, waits for its preview and gives the address of the import.
    fn sent(&self, text: &str) -> String {
        let sent = self.process.send_file("/api/v1/imports?kind=organizations&format=csv", text.as_bytes());
        let sent = sent.expect("an answer");
        assert_eq!(sent.status, 202, "{}", sent.body);
        let import = format!("/api/v1/imports/{}", sent.json()["id"].as_str().expect("an id"));
        self.wait(&import, "previewed");
        import
    }

    fn step(&self, import: &str, step: &str, state: &str) -> Value {
        let asked = self.process.send("POST", &format!("{import}/{step}"), &[], Some(&json!({}))).expect("an answer");
        assert_eq!(asked.status, 202, "{}", asked.body);
        self.wait(import, state)
    }

    fn wait(&self, import: &str, state: &str) -> Value {
        let mut found = Value::Null;
        let come = wait_until(self.patience, || {
            found = self.get(import);
            assert!(!["failed", "interrupted"].iter().any(|end| found["state"] == *end), "{found}");
            found["state"] == state
        });
        assert!(come, "{state}: {found}");
        found
    }

    /// Until the index has followed.
    fn settle(&self) {
        let followed = wait_until(self.patience, || self.get("/health/ready")["index"]["lag"] == 0);
        assert!(followed, "the index follows");
    }

    /// What anybody sees: lists, suggestions, searches with facets; without what every write moves on.
    fn seen(&self) -> Vec<(String, Value)> {
        let mut seen = Vec::new();
        for path in ["organizations?limit=100", "organizations?limit=100&municipality=062014", "duplicates?limit=100"] {
            let mut items = self.get(&format!("/api/v1/{path}"))["items"].clone();
            for item in items.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
                item.remove("version");
                item.remove("updated_at");
            }
            seen.push((path.to_owned(), items));
        }
        for query in ["", "qazu000007", "%E6%96%B0", "%E7%B2%BE%E5%AF%86"] {
            let facets = "facet=municipality,prefecture,field,organization_kind,freshness";
            let found = self.get(&format!("/api/v1/search?q={query}&limit=100&{facets}"));
            let hits = found["hits"].as_array().expect("hits").iter();
            let mut ids: Vec<&str> = hits.filter_map(|hit| hit["id"].as_str()).collect();
            ids.sort_unstable();
            seen.push((format!("q={query}"), json!([found["total"], found["facets"], ids])));
        }
        seen
    }

    /// Prints what page 1 and the last of at most a thousand pages cost, taking turns.
    fn compare_pages(&self, path: &str) {
        let and = if path.contains('?') { '&' } else { '?' };
        let first = format!("{path}{and}limit=100");
        let (mut last, mut pages) = (first.clone(), 1);
        while pages < 1_000 {
            let Some(next) = self.get(&last)["next"].as_str().map(str::to_owned) else { break };
            last = format!("{first}&after={next}");
            pages += 1;
        }
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..40 {
            for (path, times) in [&first, &last].into_iter().zip(&mut times) {
                let begun = Instant::now();
                self.get(path);
                times.push(begun.elapsed());
            }
        }
        let [first, last] = times.map(|mut times| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64() * 1_000.0
        });
        println!("{path}: page 1 {first:.2} ms, page {pages} {last:.2} ms, ratio {:.2}", last / first);
    }
}
