//! The law of truth and index, as far as the engine holds it.

use crate::support::*;
use musubi_index::*;

#[test]
fn an_empty_folder_serves_nothing_until_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, opened) = Engine::open(&folder.path().join("not/yet/there"), small()).unwrap();
    assert_eq!(opened, Opened::Empty { why: Why::First });
    assert_eq!(ids(&engine, "有機EL"), Vec::<String>::new());
    assert!(engine.match_parties(&match_request("有機EL")).parties.is_empty());
    assert_eq!(engine.mark(), None);
    assert!(matches!(engine.apply(&[], &mark(1)), Err(EngineError::NotBuilt)));
}

#[test]
fn applying_twice_is_applying_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let changes = [
        Change::Put(document("f", "炭素繊維の巻取", "複合材料を成形します。")),
        Change::Remove("b".to_string()),
        Change::Put(document("a", "有機EL照明パネルの量産", "封止まで一貫して行います。")),
    ];
    engine.apply(&changes, &mark(2)).unwrap();
    let once = engine.search(&request("封止")).unwrap();
    let mut versions = engine.versions().unwrap();
    engine.apply(&changes, &mark(2)).unwrap();
    let twice = engine.search(&request("封止")).unwrap();
    let mut again = engine.versions().unwrap();
    versions.sort();
    again.sort();
    assert_eq!(once.hits, twice.hits);
    assert_eq!(versions, again);
    assert_eq!(engine.documents(), 5);
    assert_eq!(ids(&engine, "organic"), Vec::<String>::new());
    assert_eq!(ids(&engine, "炭素繊維"), ["f"]);
}

#[test]
fn the_last_change_of_an_id_in_a_batch_stands() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let changes = [
        Change::Put(document("g", "一番目", "")),
        Change::Put(document("g", "二番目の漆器", "")),
        Change::Put(document("h", "三番目", "")),
        Change::Remove("h".to_string()),
    ];
    engine.apply(&changes, &mark(2)).unwrap();
    assert_eq!(ids(&engine, "漆器"), ["g"]);
    assert_eq!(engine.documents(), 6);
}

#[test]
fn the_mark_survives_closing_and_merging() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    for seq in 2..30 {
        engine.apply(&[Change::Put(document(&format!("x{seq}"), "試作", "量産"))], &mark(seq)).unwrap();
        assert_eq!(engine.mark(), Some(mark(seq)));
    }
    let before = engine.search(&request("試作")).unwrap();
    drop(engine);
    let (engine, opened) = Engine::open(folder.path(), small()).unwrap();
    assert_eq!(opened, Opened::Ready { mark: mark(29) });
    assert_eq!(engine.search(&request("試作")).unwrap().hits, before.hits);
    assert_eq!(engine.documents(), 33);
}

#[test]
fn a_rebuild_is_invisible_until_it_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let mut rebuild = engine.rebuild().unwrap();
    rebuild.add(document("z", "漆器", "")).unwrap();
    engine.apply(&[Change::Put(document("y", "絨毯", ""))], &mark(2)).unwrap();
    assert_eq!(ids(&engine, "絨毯"), ["y"]);
    assert_eq!(ids(&engine, "漆器"), Vec::<String>::new());

    // A crash in the middle of the rebuild leaves the old generation.
    let crashed = copied(folder.path());
    let (survivor, opened) = Engine::open(crashed.path(), small()).unwrap();
    assert_eq!(opened, Opened::Ready { mark: mark(2) });
    assert_eq!(ids(&survivor, "絨毯"), ["y"]);
    let mut other = survivor.rebuild().unwrap();
    other.add(document("w", "家具", "")).unwrap();
    other.finish(&mark(3)).unwrap();
    assert_eq!(ids(&survivor, "家具"), ["w"]);

    rebuild.remove("z").unwrap();
    rebuild.add(document("z", "鉄器", "")).unwrap();
    rebuild.finish(&mark(9)).unwrap();
    assert_eq!(engine.mark(), Some(mark(9)));
    assert_eq!(ids(&engine, "鉄器"), ["z"]);
    assert_eq!(ids(&engine, "絨毯"), Vec::<String>::new());
    let generations = std::fs::read_dir(folder.path()).unwrap().flatten().filter(|entry| entry.path().is_dir()).count();
    assert_eq!(generations, 1);
}

#[test]
fn a_dropped_rebuild_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    let mut rebuild = engine.rebuild().unwrap();
    rebuild.add(document("z", "漆器", "")).unwrap();
    drop(rebuild);
    engine.apply(&[Change::Put(document("y", "絨毯", ""))], &mark(2)).unwrap();
    drop(engine);
    let (engine, opened) = Engine::open(folder.path(), small()).unwrap();
    assert_eq!(opened, Opened::Ready { mark: mark(2) });
    assert_eq!(engine.documents(), 6);
}

#[test]
fn a_crash_between_two_commits_keeps_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    engine.apply(&[Change::Put(document("y", "絨毯", ""))], &mark(2)).unwrap();
    let crashed = copied(folder.path());
    engine.apply(&[Change::Remove("y".to_string())], &mark(3)).unwrap();
    let (survivor, opened) = Engine::open(crashed.path(), small()).unwrap();
    assert_eq!(opened, Opened::Ready { mark: mark(2) });
    survivor.apply(&[Change::Remove("y".to_string())], &mark(3)).unwrap();
    let mut left = survivor.versions().unwrap();
    let mut right = engine.versions().unwrap();
    left.sort();
    right.sort();
    assert_eq!(left, right);
}

#[test]
fn statistics_do_not_depend_on_the_merge_state() {
    let one = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let at_once = built(one.path(), &sample());
    let in_pieces = built(other.path(), &[]);
    for (seq, document) in sample().into_iter().enumerate() {
        // Written twice, so deleted copies lie about.
        in_pieces.apply(&[Change::Put(document.clone())], &mark(seq as i64 + 2)).unwrap();
        in_pieces.apply(&[Change::Put(document)], &mark(seq as i64 + 2)).unwrap();
    }
    for query in ["封止", "センサ", "organic", "腸内細菌 解析", "発酵の監視"] {
        let left = at_once.search(&request(query)).unwrap();
        let right = in_pieces.search(&request(query)).unwrap();
        assert_eq!(left.hits, right.hits, "{query}");
        let left = at_once.match_parties(&match_request(query));
        let right = in_pieces.match_parties(&match_request(query));
        assert_eq!(format!("{:?}", left.parties), format!("{:?}", right.parties), "{query}");
    }
}

#[test]
fn many_readers_while_one_writes() {
    let folder = tempfile::tempdir().unwrap();
    let engine = built(folder.path(), &sample());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..100 {
                    assert_eq!(ids(&engine, "腸内細菌"), ["c"]);
                }
            });
        }
        scope.spawn(|| {
            for seq in 2..20 {
                engine.apply(&[Change::Put(document("y", &format!("絨毯{seq}"), ""))], &mark(seq)).unwrap();
            }
            let mut rebuild = engine.rebuild().unwrap();
            for document in sample() {
                rebuild.add(document).unwrap();
            }
            rebuild.finish(&mark(50)).unwrap();
        });
    });
    assert!(!engine.damaged());
}
