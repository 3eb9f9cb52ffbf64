//! A damaged folder never stops the start and never answers wrong.

use std::path::{Path, PathBuf};

use crate::support::*;
use musubi_index::*;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// Opens a damaged copy: it must say so, or serve exactly what the whole one serves; a rebuild must heal it.
fn survives(folder: &Path, expected: &[Hit], what: &str) {
    let (engine, opened) = Engine::open(folder, small()).unwrap_or_else(|error| panic!("{what}: {error}"));
    match opened {
        Opened::Ready { mark: found } => {
            assert_eq!(found, mark(3), "{what}");
            assert_eq!(engine.search(&request("センサ")).unwrap().hits, expected, "{what}");
        }
        Opened::Empty { .. } => {
            assert!(engine.search(&request("センサ")).unwrap().hits.is_empty(), "{what}");
            let mut rebuild = engine.rebuild().unwrap_or_else(|error| panic!("{what}: {error}"));
            for document in sample() {
                rebuild.add(document).unwrap();
            }
            rebuild.finish(&mark(4)).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(ids(&engine, "センサ").len(), 2, "{what}");
            drop(engine);
            let (_, again) = Engine::open(folder, small()).unwrap();
            assert_eq!(again, Opened::Ready { mark: mark(4) }, "{what}");
        }
    }
}

#[test]
fn every_file_deleted_cut_and_flipped() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    engine.apply(&[Change::Put(document("f", "温度センサの校正", ""))], &mark(2)).unwrap();
    engine.apply(&[Change::Remove("f".to_string())], &mark(3)).unwrap();
    let expected = engine.search(&request("センサ")).unwrap().hits;
    assert_eq!(expected.len(), 2);
    drop(engine);
    let rounds: usize = std::env::var("MUSUBI_DAMAGE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
    for file in files(folder.path()) {
        let name = file.strip_prefix(folder.path()).unwrap().to_path_buf();
        let length = std::fs::metadata(&file).unwrap().len() as usize;

        let deleted = copied(folder.path());
        std::fs::remove_file(deleted.path().join(&name)).unwrap();
        survives(deleted.path(), &expected, &format!("{} deleted", name.display()));

        for kept in [0, length / 2, length.saturating_sub(1)] {
            let cut = copied(folder.path());
            let bytes = std::fs::read(&file).unwrap();
            std::fs::write(cut.path().join(&name), &bytes[..kept.min(bytes.len())]).unwrap();
            survives(cut.path(), &expected, &format!("{} cut to {kept}", name.display()));
        }
        for round in 0..rounds {
            let flipped = copied(folder.path());
            let mut bytes = std::fs::read(&file).unwrap();
            if bytes.is_empty() {
                continue;
            }
            let place = (round * 7919 + 13) * 31 % bytes.len();
            bytes[place] ^= 1 << (round % 8);
            std::fs::write(flipped.path().join(&name), bytes).unwrap();
            survives(flipped.path(), &expected, &format!("{} flipped at {place}", name.display()));
        }
    }
}

#[test]
fn the_pointer_may_hold_anything() {
    let folder = tempfile::tempdir().unwrap();
    drop(built(folder.path(), &sample()));
    for content in
        [&b""[..], b"generation-", b"generation-999", b"../../etc", b"\xff\xfe\x00", b"generation-1\ngeneration-2"]
    {
        let copy = copied(folder.path());
        std::fs::write(copy.path().join("CURRENT"), content).unwrap();
        let (_, opened) = Engine::open(copy.path(), small()).unwrap();
        assert!(matches!(opened, Opened::Empty { why: Why::Damaged(_) }), "{content:?}");
    }
}

#[test]
fn another_fingerprint_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let fingerprint = built(folder.path(), &sample()).fingerprint();
    let meta = folder.path().join("generation-1/meta.json");
    let text = std::fs::read_to_string(&meta).unwrap();
    assert!(text.contains(&fingerprint));
    // The hash over the payload no longer fits: told as damage, never served.
    std::fs::write(&meta, text.replace(&fingerprint, "0123456789abcdef01234567")).unwrap();
    let (_, opened) = Engine::open(folder.path(), small()).unwrap();
    assert!(matches!(opened, Opened::Empty { .. }));
}

#[test]
fn another_concept_tree_means_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let concept =
        Concept { code: "x".into(), name_en: "x".into(), name_ja: "エックス".into(), ..Concept::default() };
    let other = std::sync::Arc::new(Taxonomy::new(vec![concept]));
    assert!(engine.set_taxonomy(other.clone()), "a rebuild is due");
    // Until then changes follow as before, and what was written can be opened with the tree it was written with.
    engine.apply(&[Change::Remove("a".to_string())], &mark(2)).unwrap();
    drop(engine);
    let (engine, opened) = Engine::open(folder.path(), small()).unwrap();
    assert_eq!(opened, Opened::Ready { mark: mark(2) });
    drop(engine);
    let (engine, opened) = Engine::open_with(folder.path(), small(), other).unwrap();
    assert_eq!(opened, Opened::Empty { why: Why::OtherFingerprint });
    assert_eq!(engine.documents(), 0);
}

#[test]
fn stale_locks_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    drop(built(folder.path(), &sample()));
    std::fs::write(folder.path().join("generation-1/.tantivy-writer.lock"), "").unwrap();
    std::fs::write(folder.path().join("generation-1/.tantivy-meta.lock"), "").unwrap();
    let (engine, opened) = Engine::open(folder.path(), small()).unwrap();
    assert_eq!(opened, Opened::Ready { mark: mark(1) });
    engine.apply(&[Change::Remove("a".to_string())], &mark(2)).unwrap();
    assert_eq!(engine.documents(), 4);
}
