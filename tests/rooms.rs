//! Who may use what: the rooms of the house, read from the sources. The table below is HOUSE.md's; where a room uses
//! more than that, the reason stands beside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A room of `src/`: which other rooms and which packages its code may name.
struct Room {
    name: &'static str,
    rooms: &'static [&'static str],
    packages: &'static [&'static str],
}

/// Used everywhere without a word: serialising, time, identity, logging, error types.
const EVERYWHERE: &[&str] = &["std", "core", "serde", "serde_json", "chrono", "uuid", "tracing", "thiserror"];

const ROOMS: &[Room] = &[
    Room {
        name: "domain",
        rooms: &[],
        packages: &[
            // The contract is derived from the same structs; a second set would drift.
            "utoipa",
            // Folding for sort keys, and the pointer to the value that could not be read.
            "icu_normalizer",
            "serde_path_to_error",
        ],
    },
    Room {
        // The findings of the domain travel in it; a row that is not there becomes NotFound in one place only.
        name: "error",
        rooms: &["domain"],
        packages: &["diesel"],
    },
    Room {
        name: "store",
        rooms: &["domain", "error"],
        packages: &[
            "diesel",
            "diesel_migrations",
            // The chain of the log and the seal of cursors.
            "sha2",
            // The vocabulary files.
            "csv",
            // Municipalities and fields are answered as they are stored.
            "utoipa",
        ],
    },
    Room { name: "feed", rooms: &["store", "domain", "error"], packages: &["musubi_index"] },
    Room {
        name: "exchange",
        // The same "did you mean" for columns as for settings.
        rooms: &["store", "domain", "error", "config"],
        packages: &[
            "csv",
            "encoding_rs",
            "indicatif",
            // XLSX: the container, the XML, the writer, and texts of a book that do not fit in memory.
            "flate2",
            "quick_xml",
            "rust_xlsxwriter",
            "tempfile",
            // What a preview found is answered as it is.
            "utoipa",
        ],
    },
    Room {
        name: "auth",
        rooms: &["domain", "error", "store", "app"],
        packages: &[
            "actix_web",
            "jsonwebtoken",
            "argon2",
            "governor",
            "sha2",
            "utoipa",
            // Keys, random values and one-time codes; the same library that signs.
            "aws_lc_rs",
            "base64",
            // A password typed full-width is the same password.
            "icu_normalizer",
            // Turns for the memory of password hashing.
            "tokio",
            // Letters.
            "lettre",
        ],
    },
    Room {
        name: "api",
        // Handlers reach the others through `app`; health and metrics read the state of the feed there.
        // Imports and exports are asked for here and done in `exchange`.
        rooms: &["app", "auth", "domain", "store", "error", "feed", "exchange"],
        packages: &[
            "actix_web",
            "musubi_index",
            "utoipa",
            "utoipa_swagger_ui",
            "prometheus",
            // The body of an upload as it arrives, and a file while it is sent.
            "futures_core",
            "tempfile",
            // The pointer to the value of a match that could not be read.
            "serde_path_to_error",
        ],
    },
    Room {
        // What a handler can reach. `web::block` is the way off the workers, so actix is named here, too.
        name: "app",
        rooms: &["domain", "error", "exchange", "feed", "store", "api", "auth", "Limits"],
        packages: &["actix_web", "musubi_index", "tokio"],
    },
    Room {
        // The settings of sign-in are read into auth's own values.
        name: "config",
        rooms: &["domain", "error", "store", "auth"],
        packages: &["toml", "clap"],
    },
    // Fictional data, through the same doors as everyone.
    Room { name: "demo", rooms: &["domain", "error", "store", "exchange"], packages: &[] },
];

/// These wire the rooms together and may name all of them; diesel stays behind the store even so.
const WIRING: &[&str] = &["lib", "main", "commands"];

#[test]
fn every_room_uses_only_what_it_may() {
    let mut wrong = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&root) {
        let room = room_of(&root, &file);
        let wiring = WIRING.contains(&room.as_str());
        let known = ROOMS.iter().find(|other| other.name == room);
        if known.is_none() && !wiring {
            wrong.push(format!("{}: the room {room} is not in the table of tests/rooms.rs", file.display()));
            continue;
        }
        for (line, used) in uses(&product_lines(&file)) {
            let place = || format!("{}:{line}", file.strip_prefix(&root).unwrap_or(&file).display());
            match (&used, known) {
                (Used::Room(other), Some(known)) => {
                    if other != &room && !known.rooms.contains(&other.as_str()) {
                        wrong.push(format!("{}: {room} may not use the room {other}", place()));
                    }
                }
                (Used::Package(name), Some(known)) => {
                    if !EVERYWHERE.contains(&name.as_str()) && !known.packages.contains(&name.as_str()) {
                        wrong.push(format!("{}: {room} may not use {name}", place()));
                    }
                }
                (Used::Package(name), None) if name == "diesel" || name == "tantivy" => {
                    wrong.push(format!("{}: {room} may not use {name}", place()));
                }
                (_, None) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_resource_of_the_api_uses_the_file_of_another() {
    // Shared by all, by name: they are no resources.
    let common = [
        "problem",
        "wire",
        "resource",
        "middleware",
        "cors",
        "openapi",
        "search",
        "mod",
        "metrics",
        "gate",
        "permit",
        "lines",
        "evidence",
        "shown",
        "matter",
        "list_files",
        "file_words",
        "file_answer",
        // The words of a composition, who may be in it, and what a group looks like to each reader.
        "compose",
        "composition_ask",
        "candidates",
        "group_wire",
        "fit",
        // What places, fields and other values are called.
        "names",
    ];
    // Resources in several files.
    let one_resource: [&[&str]; 5] = [
        &["search", "facets", "search_hints", "search_words", "conditions"],
        // A match, of parties, of things or of sets: what is asked and left out, who leaves nobody, hints and files.
        &[
            "matching",
            "thing_matches",
            "match_filters",
            "match_hints",
            "match_files",
            "left_out",
            "left_out_facts",
            "nobody",
            "coalition",
            "coalition_files",
        ],
        // What a line says, the facts, the kinds and the questions.
        &["lines", "line_facts", "line_kinds", "line_questions"],
        // The frame of a timetable, those who take part, how it is arranged, and its meetings.
        &["timetables", "arranging", "participants", "solving", "meetings"],
        // What a plan of booths shows, how it is placed, and what neighbours are to each other.
        &["booth_plans", "booth_placing", "neighbours"],
    ];
    let agreed = [
        ("names", "vocabularies"),
        // A search that is kept is read like one that is asked; a feed is one, read by its address.
        ("saved_searches", "conditions"),
        ("feeds", "saved_searches"),
        // What is left out is a line, with its kinds and its facts.
        ("left_out_facts", "line_kinds"),
        ("nobody", "line_facts"),
        // What is similar is asked for like a match; a standing match is one, and each topic of an exhibition, the score
        // of participants and the weight of neighbours, too.
        ("similar", "matching"),
        ("standing", "matching"),
        ("compose", "matching"),
        ("candidates", "matching"),
        ("arranging", "matching"),
        ("neighbours", "matching"),
        // What visitors look for is a match for each of their needs.
        ("candidates", "chances"),
        ("composition_ask", "chances"),
        ("chances", "matching"),
        // A joint order asks the members of a group as a coalition asks everybody.
        ("joint_orders", "coalition"),
        ("joint_orders", "matching"),
        // The same answer in words.
        ("compose", "compose_words"),
        ("compositions", "compose_words"),
        ("candidates", "compose_words"),
        // What goes on after the answer at once.
        ("compositions", "solves"),
        ("compositions", "background"),
        ("solves", "background"),
        ("solving", "background"),
        // A notice names what it is about, in the words of the matter and under its rules.
        ("notices", "cases"),
        ("notices", "introductions"),
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    let mut wrong = Vec::new();
    let stems: Vec<String> = sources(&root).iter().map(|file| stem(file)).collect();
    for file in sources(&root) {
        let own = stem(&file);
        // These put the others together.
        if own == "mod" || own == "openapi" || own == "openapi_life" {
            continue;
        }
        for (number, line) in product_lines(&file) {
            for other in stems.iter().filter(|other| **other != own && !common.contains(&other.as_str())) {
                let named = line.contains(&format!("super::{other}")) || line.contains(&format!("crate::api::{other}"));
                let agreed =
                    one_resource.iter().any(|files| files.contains(&own.as_str()) && files.contains(&other.as_str()))
                        || agreed.contains(&(own.as_str(), other.as_str()));
                if named && !agreed {
                    wrong.push(format!("api/{own}.rs:{number} uses api/{other}.rs: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_engine_knows_no_service_no_database_no_environment_and_no_clock() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("index/src");
    let never = [
        "musubi::",
        "diesel",
        "actix",
        "std::env",
        "env::var",
        "SystemTime",
        "Instant::now",
        "Utc::now",
        "Local::now",
        "std::net",
        "reqwest",
        "ureq",
        "option_env!",
    ];
    let mut wrong = Vec::new();
    for file in sources(&root) {
        for (number, line) in product_lines(&file) {
            for word in never.iter().filter(|word| line.contains(**word)) {
                wrong.push(format!("{}:{number}: the engine may not use {word}", file.display()));
            }
        }
    }
    let manifest = fs::read_to_string(root.join("../Cargo.toml")).expect("its manifest");
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or("").split("\n[").next().unwrap_or("");
    for never in ["musubi ", "diesel", "actix", "chrono", "tokio", "reqwest"] {
        if dependencies.lines().any(|line| line.starts_with(never)) {
            wrong.push(format!("index/Cargo.toml depends on {never}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `(file, how many, why)`: reviewed places that may panic, because what they say cannot be otherwise.
const MAY_PANIC: &[(&str, usize, &str)] = &[];

#[test]
fn no_code_that_runs_in_service_panics_on_purpose() {
    let mut counted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["src", "index/src"] {
        for file in sources(&root.join(folder)) {
            for (number, line) in product_lines(&file) {
                let words = [".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!(", "unimplemented!("];
                if words.iter().any(|word| line.contains(word)) {
                    let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
                    counted.entry(name).or_default().push(format!("{number}: {}", line.trim()));
                }
            }
        }
    }
    let mut wrong = Vec::new();
    for (file, lines) in &counted {
        let allowed = MAY_PANIC.iter().find(|(name, _, _)| name == file).map_or(0, |(_, count, _)| *count);
        if lines.len() != allowed {
            wrong.push(format!(
                "{file}: {} places may panic, {allowed} are reviewed\n  {}",
                lines.len(),
                lines.join("\n  ")
            ));
        }
    }
    for (file, _, _) in MAY_PANIC {
        if !counted.contains_key(*file) {
            wrong.push(format!("{file} no longer panics: take it from the list"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_unsafe() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("the manifest");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    for member in ["Cargo.toml", "index/Cargo.toml"] {
        let manifest = fs::read_to_string(root.join(member)).expect("a manifest");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{member} takes the lints of the workspace");
    }
    for folder in ["src", "index/src"] {
        for file in sources(&root.join(folder)) {
            for (number, line) in product_lines(&file) {
                let opens = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe trait", "unsafe extern", "allow(unsafe"];
                assert!(!opens.iter().any(|words| line.contains(words)), "{}:{number}: {line}", file.display());
            }
        }
    }
}

#[test]
fn only_the_doors_open_transactions() {
    // A write outside the door would leave no row in the log, and the index would never hear of it.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // A calendar begins, too.
    let allowed = ["store/connection.rs", "store/database.rs", "exchange/calendar.rs"];
    let mut wrong = Vec::new();
    for file in sources(&root) {
        let name = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        for (number, line) in product_lines(&file) {
            let opens =
                ["begin_transaction", ".transaction(", "BEGIN", "COMMIT"].iter().any(|word| line.contains(word));
            if opens && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{name}:{number}: {}", line.trim()));
            }
            let keeps_house = line.contains(".housekeeping(");
            if keeps_house && !name.starts_with("store/") && !HOUSEKEEPERS.contains(&name.as_str()) {
                wrong.push(format!("{name}:{number} writes without a log row: {}", line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Files outside the store that write tables which are not things.
const HOUSEKEEPERS: &[&str] = &[
    // The municipalities of the invented prefectures.
    "demo/mod.rs",
    // The table of places from a file: vocabulary, at the machine.
    "exchange/municipalities.rs",
    // Sign-ins, codes, counters of attempts and letters waiting to be sent.
    "api/auth.rs",
    "api/me.rs",
    "api/permit.rs",
    // What somebody has read, and how often letters come.
    "api/notices.rs",
    // What was looked at, and how far the watcher has come, with what it told.
    "api/saved_searches.rs",
    "feed/watcher.rs",
    // How far standing matches have followed the log.
    "api/standing.rs",
    "auth/mail.rs",
    "auth/mod.rs",
    "auth/sign_in.rs",
    // How far an import is, and what the headings of files mean. The rows themselves go through the write door.
    "api/imports.rs",
    "commands/import.rs",
    "exchange/jobs.rs",
];

// Reading the sources

#[test]
fn the_reading_itself_finds_what_is_used() {
    let lines = [
        "use crate::store::{things, log};",
        "    let value: crate::feed::Status = diesel::sql_query(text);",
        "use crate::{api::wire, app::App};",
        "use actix_web::{web, HttpRequest};",
        "    let own = my_diesel::nothing(super::serde_json::x);",
    ];
    let lines: Vec<(usize, String)> = lines.iter().map(|line| (1, (*line).to_owned())).collect();
    let mut found: Vec<String> = uses(&lines)
        .into_iter()
        .map(|(_, used)| match used {
            Used::Room(name) => format!("room {name}"),
            Used::Package(name) => name,
        })
        .collect();
    found.sort();
    assert_eq!(found, ["actix_web", "diesel", "room api", "room app", "room feed", "room store"]);
}

enum Used {
    Room(String),
    Package(String),
}

/// `crate::room` and `package::` anywhere in the code; local modules and types are neither.
fn uses(lines: &[(usize, String)]) -> Vec<(usize, Used)> {
    let packages = packages();
    let mut found = Vec::new();
    for (number, line) in lines {
        let mut rest = line.as_str();
        while let Some(at) = rest.find("crate::") {
            let after = &rest[at + "crate::".len()..];
            if let Some(group) = after.strip_prefix('{') {
                for name in group.split('}').next().unwrap_or("").split(',') {
                    let name = word(name.trim());
                    if !name.is_empty() {
                        found.push((*number, Used::Room(name)));
                    }
                }
            } else {
                let name = word(after);
                if !name.is_empty() {
                    found.push((*number, Used::Room(name)));
                }
            }
            rest = after;
        }
        for package in &packages {
            let mut from = 0;
            while let Some(at) = line[from..].find(package.as_str()) {
                let start = from + at;
                let end = start + package.len();
                let before = line[..start].chars().next_back();
                let whole = before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_' && letter != ':');
                let after = &line[end..];
                let named =
                    after.starts_with("::") || (line.trim_start().starts_with("use ") && after.starts_with(';'));
                if whole && named {
                    found.push((*number, Used::Package(package.clone())));
                }
                from = end;
            }
        }
    }
    found
}

/// Packages of the manifest, as the code writes them.
fn packages() -> Vec<String> {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("the manifest");
    let dependencies =
        manifest.split("\n[dependencies]").nth(1).and_then(|rest| rest.split("\n[").next()).expect("them");
    let names = dependencies
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['=', '.', ' ']).next());
    names.filter(|name| !name.is_empty()).map(|name| name.replace('-', "_")).chain(["tantivy".to_owned()]).collect()
}

fn word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

fn room_of(root: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(root).expect("a file of the root");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Numbered lines without comments and without the tests at the end of the file.
fn product_lines(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).expect("a source file");
    let product = text.split("\n#[cfg(test)]").next().unwrap_or("");
    let lines = product.lines().enumerate().map(|(number, line)| (number + 1, line.to_owned()));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
}
