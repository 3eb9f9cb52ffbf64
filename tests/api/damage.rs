//! Whatever happens to the files of the index: the service starts, answers, and finds what the database holds.

use crate::law::assert_index_equals_database;
use crate::support::{self, Dice, PATIENCE, TestApp, World, number, wait_until};
use musubi_index::{Engine, Mark};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn no_damage_to_the_index_stops_the_start_or_changes_what_is_found() {
    let (first, damages) = (number("MUSUBI_TEST_SEED", 0), number("MUSUBI_TEST_DAMAGES", 40));
    let world = Arc::new(World::new());
    fill(&world);
    let pristine = world.folder.path().join("pristine");
    copy_folder(&world.index_folder(), &pristine);
    let stranger = World::new();
    {
        let app = TestApp::start_in(stranger);
        app.firm("よその精機");
        app.settle();
        let stranger = app.stop();
        copy_folder(&stranger.index_folder(), &world.folder.path().join("stranger"));
    }
    let (mut rebuilt, mut served) = (0, 0);
    for seed in first..first + damages {
        let folder = world.index_folder();
        fs::remove_dir_all(&folder).expect("the index goes");
        copy_folder(&pristine, &folder);
        let mut dice = Dice::new(seed);
        let damage = format!("seed {seed}: {}", damage(&world, &folder, seed, &mut dice));
        let app = TestApp::start_in(world.clone());
        assert_eq!(app.get("/health/live").status, 200, "{damage}");
        let at_once = app.get("/api/v1/search?q=qazu&limit=100");
        assert_eq!(at_once.status, 200, "{damage}: {}", at_once.body);
        assert_eq!(app.get("/api/v1/organizations").status, 200, "{damage}");
        assert_index_equals_database(&app, &damage);
        for (word, count) in [("qazu", 30), ("wesx", 10), ("rofv", 0), ("ujum", 5)] {
            let found = app.found(&format!("q={word}&limit=100"));
            assert_eq!(found.len(), count, "{damage}: {word}");
        }
        let ready = app.get("/health/ready");
        assert_eq!(ready.status, 200, "{damage}: {}", ready.body);
        assert_eq!(ready.json()["index"]["failing"], false, "{damage}: {}", ready.body);
        // And it goes on following.
        let id = app.firm("rofv");
        app.settle();
        assert_eq!(app.found("q=rofv"), std::slice::from_ref(&id), "{damage}");
        assert_eq!(app.delete(&format!("/api/v1/organizations/{id}"), &[("if-match", "\"1\"")]).status, 204);
        app.settle();
        served += 1;
        rebuilt += app.app.feed.status().rebuilds;
        assert!(app.app.feed.status().rebuilds <= 1, "{damage}");
    }
    println!("{damages} damages from seed {first}: {served} served at once and searched right, {rebuilt} by a rebuild");
}

/// Thirty things with one word, some changed, some deleted, in several segments.
fn fill(world: &Arc<World>) {
    let app = TestApp::start_in(world.clone());
    let mut ids = Vec::new();
    for number in 0..32 {
        let word = if number % 3 == 0 { "wesx" } else { "tigb" };
        ids.push(app.firm(&format!("qazu {word} {number}")));
        if number % 4 == 3 {
            app.settle();
        }
    }
    for id in &ids[..5] {
        let patched = app.patch(&format!("/api/v1/organizations/{id}"), "\"1\"", json!({ "description_en": "ujum" }));
        assert_eq!(patched.status, 200, "{}", patched.body);
    }
    app.settle();
    // The last two: one of each word.
    for id in &ids[30..] {
        assert_eq!(app.delete(&format!("/api/v1/organizations/{id}"), &[("if-match", "\"1\"")]).status, 204);
    }
    assert_index_equals_database(&app, "as it should be");
    assert_eq!((app.found("q=qazu&limit=100").len(), app.found("q=wesx&limit=100").len()), (30, 10));
}

/// Does one kind of harm; says what it did.
fn damage(world: &World, folder: &Path, seed: u64, dice: &mut Dice) -> String {
    let generation = the_generation(folder);
    let files = files_in(folder);
    let file = dice.pick(&files).clone();
    let name = file.strip_prefix(folder).expect("inside").display().to_string();
    let bytes = fs::read(&file).expect("a file");
    let meta = generation.join("meta.json");
    match seed % 20 {
        0..=2 => {
            let mut flipped = bytes;
            if flipped.is_empty() {
                flipped.push(1);
            }
            let (place, bit) = (dice.below(flipped.len()), dice.below(8));
            flipped[place] ^= 1 << bit;
            fs::write(&file, flipped).expect("written");
            format!("bit {bit} of byte {place} of {name} flipped")
        }
        3 => {
            for file in &files {
                let mut flipped = fs::read(file).expect("a file");
                if !flipped.is_empty() {
                    let place = dice.below(flipped.len());
                    flipped[place] ^= 0x10;
                    fs::write(file, flipped).expect("written");
                }
            }
            "a bit flipped in every file".to_owned()
        }
        4 => {
            let length = dice.below(bytes.len().max(1));
            fs::write(&file, &bytes[..length]).expect("written");
            format!("{name} cut to {length} bytes")
        }
        5 => {
            fs::remove_file(&file).expect("removed");
            format!("{name} deleted")
        }
        6 => {
            fs::write(&file, b"").expect("written");
            format!("{name} emptied")
        }
        7 => {
            fs::write(&file, [bytes.as_slice(), b"more"].concat()).expect("written");
            format!("{name} grown by four bytes")
        }
        8 => {
            let text =
                *dice.pick(&["", "generation-99", "../../..", "\0\0\0", "generation-", "generation-1\ngeneration-2"]);
            fs::write(folder.join("CURRENT"), text).expect("written");
            format!("CURRENT says {text:?}")
        }
        9 => {
            fs::remove_dir_all(folder).expect("removed");
            "the folder deleted".to_owned()
        }
        10 => {
            let text = fs::read(&meta).expect("meta.json");
            let length = dice.below(text.len());
            fs::write(&meta, &text[..length]).expect("written");
            format!("meta.json cut to {length} bytes")
        }
        11 => {
            let text = *dice.pick(&["{}", "[]", "null", "", "\u{feff}", "{\"segments\":[]}"]);
            fs::write(&meta, text).expect("written");
            format!("meta.json says {text:?}")
        }
        12 => {
            fs::remove_dir_all(&generation).expect("removed");
            if dice.once_in(2) {
                fs::write(&generation, "a file").expect("written");
            }
            "the generation deleted, CURRENT left".to_owned()
        }
        13 => {
            // A mark from the future, of another log, or of a log that grew otherwise.
            let (engine, _) = Engine::open(folder, support::index_settings()).expect("the index");
            let mark = engine.mark().expect("a mark");
            let mark = match dice.below(3) {
                0 => Mark { seq: mark.seq + 1_000, ..mark },
                1 => Mark { epoch: "another".to_owned(), ..mark },
                _ => Mark { chain: "another".to_owned(), ..mark },
            };
            engine.apply(&[], &mark).expect("a commit");
            format!("{mark:?}")
        }
        14 => {
            alter_fingerprint(&meta);
            "another fingerprint".to_owned()
        }
        15 => {
            let other = dice.pick(&files).clone();
            let others = fs::read(&other).expect("a file");
            fs::write(&file, others).expect("written");
            fs::write(&other, bytes).expect("written");
            format!("{name} and {} swapped", other.display())
        }
        16 => {
            let text = fs::read_to_string(&meta).expect("meta.json");
            let mut value: Value = serde_json::from_str(&text).expect("JSON");
            value["schema"][0]["name"] = json!("another");
            fs::write(&meta, value.to_string()).expect("written");
            "another schema".to_owned()
        }
        17 => {
            // What a rebuild leaves that was killed: half a generation, half a switch.
            copy_folder(&generation, &folder.join("generation-41"));
            fs::remove_file(folder.join("generation-41/meta.json")).expect("removed");
            fs::write(folder.join("CURRENT.new"), "generation-4").expect("written");
            fs::write(folder.join("something else"), "x").expect("written");
            "a rebuild that was killed".to_owned()
        }
        18 => {
            fs::remove_dir_all(folder).expect("removed");
            copy_folder(&world.folder.path().join("stranger"), folder);
            "the index of another database".to_owned()
        }
        _ => {
            let mut value: Value = serde_json::from_slice(&fs::read(&meta).expect("meta.json")).expect("JSON");
            if let Some(segments) = value["segments"].as_array_mut() {
                segments.pop();
            }
            fs::write(&meta, value.to_string()).expect("written");
            "one segment taken out of meta.json".to_owned()
        }
    }
}

/// As an older version of the engine would have left it: whole, but with another fingerprint.
fn alter_fingerprint(meta: &Path) {
    let mut value: Value = serde_json::from_slice(&fs::read(meta).expect("meta.json")).expect("JSON");
    let mut payload: Value = serde_json::from_str(value["payload"].as_str().expect("a payload")).expect("JSON");
    payload["fingerprint"] = json!("0123456789abcdef");
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mark = &payload["mark"];
    let mut hash = Sha256::new();
    for part in [&mark["epoch"], &mark["seq"], &mark["chain"], &payload["fingerprint"]].map(text) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let check: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    payload["check"] = json!(check);
    value["payload"] = json!(payload.to_string());
    fs::write(meta, value.to_string()).expect("written");
    let folder = meta.parent().and_then(Path::parent).expect("the index folder");
    let (_, opened) = Engine::open(folder, support::index_settings()).expect("the folder");
    let musubi_index::Opened::Empty { why: musubi_index::Why::OtherFingerprint } = opened else {
        panic!("the test writes payloads as the engine reads them: {opened:?}");
    };
}

fn the_generation(folder: &Path) -> PathBuf {
    folder.join(fs::read_to_string(folder.join("CURRENT")).expect("CURRENT").trim())
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(files_in(&path)) } else { files.push(path) }
    }
    // Names of segments are random; sizes and endings are not.
    files.sort_by_key(|path| (path.extension().map(ToOwned::to_owned), path.clone()));
    files
}

/// A merge that is still under way takes files away while they are copied: then all of it is copied once more.
fn copy_folder(from: &Path, to: &Path) {
    let whole = wait_until(PATIENCE, || match try_to_copy(from, to) {
        Ok(()) => true,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::remove_dir_all(to).expect("removed");
            false
        }
        Err(error) => panic!("a copy of {}: {error}", from.display()),
    });
    assert!(whole, "files of {} go on vanishing", from.display());
}

fn try_to_copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            try_to_copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// Terms and postings only, and only of files that are still there.
fn turn_to_noise(generation: &Path) {
    let Ok(entries) = fs::read_dir(generation) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|ending| ending == "term" || ending == "idx")
            && let Ok(mut file) = fs::OpenOptions::new().write(true).open(&path)
        {
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            std::io::Write::write_all(&mut file, &vec![0xff; length as usize]).expect("written");
        }
    }
}

#[test]
fn damage_that_a_query_meets_is_mended_by_a_rebuild() {
    let app = TestApp::start();
    for number in 0..40 {
        app.firm(&format!("qazu wesx{number}"));
    }
    app.settle();
    let before = app.app.feed.status().rebuilds;
    // The files turn to noise under the running service, as on a dying disk; also those that a merge writes meanwhile.
    let generation = the_generation(&app.world.index_folder());
    let met = wait_until(Duration::from_secs(20), || {
        turn_to_noise(&generation);
        let answer = app.get("/api/v1/search?q=qazu");
        assert!([200, 503].contains(&answer.status), "{}", answer.body);
        answer.status == 503 || app.app.feed.status().rebuilds > before
    });
    assert!(met, "no query noticed");
    assert!(wait_until(PATIENCE, || app.app.feed.status().rebuilds > before), "{:?}", app.app.feed.status());
    assert_index_equals_database(&app, "rebuilt");
    assert_eq!(app.found("q=qazu&limit=100").len(), 40);
    assert!(!app.app.engine.damaged());
}

#[test]
fn files_that_took_each_others_place_are_noticed_before_anybody_asks() {
    let world = Arc::new(World::new());
    fill(&world);
    let pristine = world.folder.path().join("pristine");
    copy_folder(&world.index_folder(), &pristine);
    let ending = |file: &Path| file.extension().map(|ending| ending.to_owned());
    let inside = |file: &std::path::PathBuf| file.strip_prefix(&pristine).expect("inside").to_owned();
    let files: Vec<_> = files_in(&the_generation(&pristine)).iter().map(inside).collect();
    let dice = &mut Dice::new(number("MUSUBI_TEST_SEED", 0));
    let mut swaps = Vec::new();
    for (place, one) in files.iter().enumerate() {
        let others = files[place + 1..].iter().filter(|other| ending(one) != ending(other));
        swaps.extend(others.map(|other| (one.clone(), other.clone())));
    }
    let most = number("MUSUBI_TEST_SWAPS", 20) as usize;
    while swaps.len() > most {
        swaps.swap_remove(dice.below(swaps.len()));
    }
    for (one, other) in swaps {
        let folder = world.index_folder();
        fs::remove_dir_all(&folder).expect("the index goes");
        copy_folder(&pristine, &folder);
        let (first, second) =
            (fs::read(folder.join(&one)).expect("a file"), fs::read(folder.join(&other)).expect("a file"));
        fs::write(folder.join(&one), &second).expect("written");
        fs::write(folder.join(&other), &first).expect("written");
        let app = TestApp::start_in(world.clone());
        let swap = format!("{} and {}", one.display(), other.display());
        let answer = app.get("/api/v1/search?q=qazu&limit=100");
        assert_eq!(answer.status, 200, "{swap}: {}", answer.body);
        assert_index_equals_database(&app, &swap);
        assert_eq!(app.found("q=qazu&limit=100").len(), 30, "{swap}");
    }
}
