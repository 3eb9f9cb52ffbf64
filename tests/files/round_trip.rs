//! What is exported imports again: unchanged where it came from, identical in an empty system.

use crate::{Place, support};
use musubi::domain::Kind;
use musubi::exchange::export::{Format, PartsPlace};
use musubi::exchange::file::Reading;
use musubi::exchange::municipalities;
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;

const FORMATS: [Format; 4] = [Format::JsonLines, Format::Csv, Format::CsvCp932, Format::Xlsx];

fn demo() -> Place {
    let place = Place::fresh();
    assert!(musubi::demo::load(&place.database).expect("demo data") > 800);
    place
}

/// The file of a kind and, for CSV, the file of its lines or members.
fn files(place: &Place, kind: Kind, format: Format, parts_apart: bool) -> (PathBuf, Reading) {
    let name = format!("{}.{}", kind.plural(), format.extension());
    if !parts_apart {
        return (place.put_out(kind, format, PartsPlace::Within, &name).0, Reading::default());
    }
    let (main, _) = place.put_out(kind, format, PartsPlace::LeftOut, &name);
    let (parts, _) = place.put_out(kind, format, PartsPlace::Alone, &format!("parts-{name}"));
    (main, Reading { parts: Some(parts), ..Reading::default() })
}

/// What people wrote, with ids of the one system put in the words of the other.
fn domain(things: Vec<Value>, ids: &HashMap<String, String>) -> Vec<String> {
    let mut texts: Vec<String> = things
        .into_iter()
        .map(|mut thing| {
            for header in ["id", "status", "verified_on", "version", "created_at", "updated_at"] {
                thing.as_object_mut().expect("an object").remove(header);
            }
            put_ids(&mut thing, ids);
            thing.to_string()
        })
        .collect();
    texts.sort();
    texts
}

fn put_ids(value: &mut Value, ids: &HashMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(other) = ids.get(text) {
                *text = other.clone();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put_ids(item, ids)),
        Value::Object(fields) => fields.values_mut().for_each(|field| put_ids(field, ids)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Everything of one system, kind by kind, into another one that has its places and nothing else: what people wrote is the same.
fn becomes_the_same(place: &Place, other: &Place, format: Format) {
    let mut ids = HashMap::new();
    for kind in Kind::ALL {
        let parts_apart = matches!(format, Format::Csv) && matches!(kind, Kind::Need | Kind::Record);
        let (path, reading) = files(place, *kind, format, parts_apart);
        let taken = other.try_take(*kind, &path, &reading, Some("old")).expect("a readable file");
        let ours = place.things(*kind);
        assert_eq!(taken.counts(), (ours.len() as u64, 0, 0, 0), "{format:?} {kind:?}: {:?}", taken.refusals.first());
        let theirs = other.things(*kind);
        // Rows go in in the order of the file, which is the order of ids.
        for (one, two) in ours.iter().zip(&theirs) {
            ids.insert(two["id"].as_str().expect("an id").to_owned(), one["id"].as_str().expect("an id").to_owned());
        }
        let (ours, theirs) = (domain(ours, &HashMap::new()), domain(theirs, &ids));
        if format == Format::CsvCp932 {
            let looks = |texts: Vec<String>| -> Vec<String> {
                texts.iter().map(|text| musubi::exchange::cp932::form(text).into_owned()).collect()
            };
            assert_eq!(looks(ours), looks(theirs), "{kind:?}");
        } else {
            assert_eq!(ours, theirs, "{format:?} {kind:?}");
        }
    }
}

#[test]
fn every_kind_in_every_format_comes_back_unchanged_where_it_came_from() {
    let place = demo();
    for format in FORMATS {
        for kind in Kind::ALL {
            for parts_apart in [false, true] {
                let csv = matches!(format, Format::Csv | Format::CsvCp932);
                let has_parts = matches!(kind, Kind::Need | Kind::Record);
                if parts_apart && !(csv && has_parts) {
                    continue;
                }
                let (path, reading) = files(&place, *kind, format, parts_apart);
                let taken = place.try_take(*kind, &path, &reading, None).expect("a readable file");
                let (created, updated, unchanged, refused) = taken.counts();
                assert_eq!((created, updated, refused), (0, 0, 0), "{format:?} {kind:?}: {:?}", taken.refusals.first());
                let least = if *kind == Kind::Exhibition { 1 } else { 31 };
                assert!(unchanged >= least, "{format:?} {kind:?}");
            }
        }
    }
}

/// The table of places of one system, into another one. Gives how many were new.
fn take_places(from: &Place, into: &Place, json: bool) -> u64 {
    let mut bytes = Vec::new();
    let rows = municipalities::export(&from.database, json, &mut bytes).expect("the places");
    let (tried, _) = municipalities::import(&into.database, &bytes, json, true).expect("a dry run");
    let (counts, refusals) = municipalities::import(&into.database, &bytes, json, false).expect("the places");
    assert_eq!((refusals.as_slice(), counts.rows()), (&[][..], rows));
    assert_eq!(tried, counts, "a dry run says what will be");
    let all = |place: &Place| place.database.read(musubi::store::vocabulary::all_municipalities).expect("places");
    assert_eq!(all(from), all(into));
    counts.created
}

#[test]
fn places_are_checked_and_go_from_one_system_to_the_next() {
    let (place, other) = (demo(), Place::fresh());
    let file = place.put_out(Kind::Organization, Format::JsonLines, PartsPlace::Within, "organizations.jsonl").0;
    let refused = other.take(Kind::Organization, &file, Some("old"));
    assert!(refused.counts().3 > 0 && refused.codes().contains(&"municipality.unknown"), "{:?}", refused.counts());
    assert!(take_places(&place, &other, false) > 5);
    assert_eq!(take_places(&place, &other, true), 0, "a second time nothing is new");
    assert_eq!(other.take(Kind::Organization, &file, Some("old")).counts().3, 0);
    // A code is checked like every code, a place stands in its prefecture, and nothing is taken away.
    let bad = "団体コード,都道府県コード,名称,カナ,英語名\n062015,060003,X市,エックスシ,X\n062014,130001,山形市,ヤマガタシ,Yamagata\n062022,060003,,,\n999997,,,,\n０６２０１４,060003,山形市,ヤマガタシ,Yamagata City\n";
    let (counts, refusals) = municipalities::import(&other.database, bad.as_bytes(), false, false).expect("rows");
    assert_eq!((counts.updated, counts.refused), (1, 4), "{refusals:?}");
    assert!(refusals.iter().any(|refusal| refusal.code == "municipality.check_digit" && refusal.row == 2));
    assert!(refusals.iter().any(|refusal| refusal.code == "municipality.prefecture" && refusal.row == 3));
    assert_eq!(refusals.iter().filter(|refusal| refusal.row == 4).count(), 3, "all that is wrong with a row");
    for unreadable in [&b"name\nx\n"[..], b"", b"code,prefecture\n", b"\xff\xfec\0o\0d\0e\0", b"{\"code\""] {
        let json = unreadable.starts_with(b"{");
        assert!(municipalities::import(&other.database, unreadable, json, false).is_err());
    }
}

#[test]
fn an_empty_system_becomes_the_same_in_every_format() {
    let place = demo();
    for format in FORMATS {
        let other = Place::fresh();
        // The places first: those of the demo are in no table but its own.
        take_places(&place, &other, format == Format::JsonLines);
        becomes_the_same(&place, &other, format);
    }
}

/// The real rows: a few by default, all of them with LONG_TESTS.
#[test]
fn real_rows_come_back_unchanged() {
    let (Some(firms), Some(organizations), Some(records)) = (
        support::shared("data/yamagata-corporations.csv"),
        support::shared("eval/institution-ja/organizations.jsonl"),
        support::shared("eval/institution-ja/records.jsonl"),
    ) else {
        return;
    };
    let limit = if std::env::var_os("LONG_TESTS").is_some() { usize::MAX } else { 400 };
    let place = Place::fresh();
    let cut = |path: PathBuf, name: &str| {
        let text = std::fs::read_to_string(path).expect("the shared file");
        let lines: Vec<&str> = text.lines().take(limit.saturating_add(1)).collect();
        place.write(name, lines.join("\n"))
    };
    let firms = place.take(Kind::Organization, &cut(firms, "firms.csv"), None);
    let institutions = place.take(Kind::Organization, &cut(organizations, "institutions.jsonl"), Some("kaken"));
    let works = place.take(Kind::Record, &cut(records, "works.jsonl"), Some("kaken"));
    println!("{:?} {:?} {:?}", firms.counts(), institutions.counts(), works.counts());
    for kind in [Kind::Organization, Kind::Record] {
        for format in FORMATS {
            let (path, reading) = files(&place, kind, format, false);
            let taken = place.try_take(kind, &path, &reading, None).expect("a readable file");
            let (created, updated, unchanged, refused) = taken.counts();
            assert_eq!((created, updated, refused), (0, 0, 0), "{format:?} {kind:?}: {:?}", taken.refusals.first());
            println!("{kind:?} {format:?}: {unchanged} unchanged");
        }
    }
    for format in FORMATS {
        becomes_the_same(&place, &Place::fresh(), format);
        println!("{format:?}: the same in an empty system");
    }
}

#[test]
fn what_cp932_lacks_is_reported_and_comes_back() {
    let place = Place::fresh();
    let file = place
        .write("firms.csv", "名称,事業内容,市区町村\n𠮷野家 – é商店,10〜20 — ‖ ¥5 &#65;,山形県山形市\n=1+1社,-5,\n");
    assert_eq!(place.take(Kind::Organization, &file, None).counts(), (2, 0, 0, 0));
    let (path, exported) = place.put_out(Kind::Organization, Format::CsvCp932, PartsPlace::Within, "firms-932.csv");
    // Every cell that is not what it was: by its row of the file, its heading, what was found and what stands there.
    let swaps = |place: usize| -> Vec<(char, String, bool)> {
        let characters = exported.lost[place].characters.iter();
        characters.map(|swap| (swap.found, swap.written_as.clone(), swap.comes_back)).collect()
    };
    assert_eq!(exported.lost_count, 2, "{:?}", exported.lost);
    assert_eq!((exported.lost[0].row, exported.lost[0].heading.as_str()), (2, "name_ja"));
    let reference = |character: char| (character, format!("&#{};", u32::from(character)), true);
    assert_eq!(swaps(0), [reference('𠮷'), reference('–'), reference('é')]);
    assert_eq!((exported.lost[1].row, exported.lost[1].heading.as_str()), (2, "description_ja"));
    let twin = |ours: char, theirs: &str| (ours, theirs.to_owned(), false);
    assert_eq!(swaps(1), [twin('〜', "～"), twin('—', "―"), twin('‖', "∥"), twin('¥', "￥")]);
    let bytes = std::fs::read(&path).expect("the file");
    assert!(bytes.windows(9).any(|bytes| bytes == b"&#134071;"));
    assert!(bytes.windows(5).any(|bytes| bytes == b"'=1+1") && bytes.windows(3).any(|bytes| bytes == b"'-5"));
    assert_eq!(place.take(Kind::Organization, &path, None).counts(), (0, 0, 2, 0));
}

/// The rows of an archive, by table, without what a restore makes anew.
fn archived(place: &Place) -> Vec<String> {
    let mut rows = Vec::new();
    musubi::store::archive::read(&place.database, &mut |table, row| {
        rows.push(format!("{table} {row}"));
        Ok(())
    })
    .expect("an archive");
    rows
}

#[test]
fn an_archive_keeps_ids_versions_times_and_history() {
    let place = demo();
    // Something with a history: changed, and deleted.
    let file = place.write("more.csv", "法人番号,名称\n8390002001000,旧社名\n");
    place.take(Kind::Organization, &file, None);
    let file = place.write("more.csv", "法人番号,名称\n8390002001000,新社名\n");
    assert_eq!(place.take(Kind::Organization, &file, None).counts(), (0, 1, 0, 0));
    let rows = archived(&place);
    let other = Place::fresh();
    let mut next = rows.iter();
    let restored = musubi::store::archive::restore(&other.database, &mut || {
        Ok(next.next().map(|line| {
            let (table, row) = line.split_once(' ').expect("a table and a row");
            (table.to_owned(), serde_json::from_str(row).expect("JSON"))
        }))
    });
    assert_eq!(restored.expect("a restored archive"), rows.len() as u64);
    assert_eq!(archived(&other), rows);
    let mut faults = Vec::new();
    musubi::store::check::check(&other.database, &mut |fault| faults.push(fault.code)).expect("a check");
    assert!(faults.is_empty(), "{faults:?}");
    let epoch = |place: &Place| place.database.read(musubi::store::log::head).expect("a head").epoch;
    assert_ne!(epoch(&place), epoch(&other));
    // Into what is not empty: refused, and nothing is touched.
    assert!(musubi::store::archive::restore(&other.database, &mut || Ok(None)).is_err());
    assert_eq!(archived(&other), rows);
}
