//! What a row says of where its thing stands, and the numbers by which it is known in whatever spelling.

use crate::Place;
use musubi::domain::Kind;
use musubi::exchange::export::{Format, PartsPlace};
use musubi::exchange::file::{self, FileFormat, Reading};
use musubi::exchange::{ImportOptions, Notes, import};
use serde_json::Value;

fn named(place: &Place, name: &str) -> Value {
    let found: Vec<Value> =
        place.things(Kind::Organization).into_iter().filter(|thing| thing["name_ja"] == name).collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found[0].clone()
}

#[test]
fn what_is_not_published_comes_in_as_a_draft_and_what_is_stale_stays_so() {
    let place = Place::fresh();
    let text = "名称,状態,確認日\n下社,下書き,\n切社,期限切れ,2023-04-01\n退社,withdrawn,令和5年4月\n掲社,掲載中,2024年7月15日\n先社,,2199-01-01\n今社,稼働中,\n無社,,きのう\n";
    let taken = place.take(Kind::Organization, &place.write("firms.csv", text), None);
    assert_eq!(taken.counts(), (6, 0, 0, 1), "{:?}", taken.refusals);
    assert_eq!(taken.refusals[0].column, "確認日");
    let note = taken.report.notes.iter().find(|note| note.code == "status.draft").expect("a note");
    assert_eq!(note.rows, 3, "{note:?}");
    assert!(taken.notes().contains(&"status.unknown"), "{:?}", taken.notes());
    let today = named(&place, "今社")["verified_on"].as_str().expect("a day").to_owned();
    let standing = [
        ("下社", "draft", today.as_str()),
        ("切社", "draft", "2023-04-01"),
        ("退社", "draft", "2023-04-01"),
        ("掲社", "published", "2024-07-15"),
        ("先社", "published", today.as_str()),
        ("今社", "published", today.as_str()),
    ];
    for (name, status, verified_on) in standing {
        let thing = named(&place, name);
        assert_eq!((&thing["status"], &thing["verified_on"]), (&status.into(), &verified_on.into()), "{name}");
    }

    // What it was exported as is what it becomes elsewhere; a draft that was never published is none of the less.
    for format in [Format::JsonLines, Format::Csv, Format::Xlsx] {
        let other = Place::fresh();
        let name = format!("firms.{}", format.extension());
        let (path, _) = place.put_out(Kind::Organization, format, PartsPlace::Within, &name);
        assert_eq!(other.take(Kind::Organization, &path, None).counts(), (6, 0, 0, 0));
        for (name, status, verified_on) in standing {
            let thing = named(&other, name);
            assert_eq!((&thing["status"], &thing["verified_on"]), (&status.into(), &verified_on.into()), "{name}");
        }
        assert_eq!(other.take(Kind::Organization, &path, None).counts(), (0, 0, 6, 0), "{format:?}");
    }

    // What is there keeps its status, and gets neither an older day nor one that the row does not give.
    let change = "名称,status,verified_on,従業員数\n掲社,withdrawn,2024-01-01,5\n下社,published,2024-02-02,6\n切社,,2024-03-03,7\n";
    let taken = place.take(Kind::Organization, &place.write("more.csv", change), None);
    assert_eq!(taken.counts(), (0, 3, 0, 0), "{:?}", taken.refusals);
    for (name, status, verified_on) in
        [("掲社", "published", "2024-07-15"), ("下社", "draft", today.as_str()), ("切社", "draft", "2024-03-03")]
    {
        let thing = named(&place, name);
        assert_eq!((&thing["status"], &thing["verified_on"]), (&status.into(), &verified_on.into()), "{name}");
    }
}

#[test]
fn an_invoice_number_is_a_corporate_number() {
    let place = Place::fresh();
    let csv = |name: &str, text: &str| place.take(Kind::Organization, &place.write(name, text), None);
    assert_eq!(csv("one.csv", "法人番号,名称\n8390002001000,甲社\n").counts(), (1, 0, 0, 0));
    assert_eq!(csv("two.csv", "登録番号,名称\nT8390002001000,甲社（改）\n").counts(), (0, 1, 0, 0));
    let firm = named(&place, "甲社（改）");
    assert_eq!(
        (&firm["corporate_number"], &firm["invoice_number"]),
        (&"8390002001000".into(), &"T8390002001000".into())
    );
    // The other way round: known by its invoice number alone.
    assert_eq!(csv("three.csv", "登録番号,名称\nＴ２０１０００１０００００５,乙社\n").counts().0, 1);
    assert_eq!(csv("four.csv", "法人番号,名称\n2010001000005,乙社（改）\n").counts(), (0, 1, 0, 0));
    assert_eq!(place.things(Kind::Organization).len(), 2);
    let mut faults = Vec::new();
    musubi::store::check::check(&place.database, &mut |fault| faults.push(fault.code)).expect("a check");
    assert!(faults.is_empty(), "{faults:?}");
}

/// Counts and codes of a preview.
fn previewed(place: &Place, kind: Kind, text: &str) -> (u64, u64, Vec<String>) {
    let path = place.write("tried.csv", text);
    let mut notes = Notes::default();
    let mut opened = file::open(kind, &path, FileFormat::Csv, &Reading::default(), &mut notes).expect("a table");
    let options = ImportOptions { trial: true, ..ImportOptions::default() };
    let mut heard = crate::Heard::default();
    let actor = musubi::domain::Actor::Operator;
    let report = import(&place.database, &actor, kind, opened.rows.as_mut(), notes, &options, &mut heard);
    let rows = report.expect("a preview").rows;
    (rows.created, rows.unchanged, heard.0.into_iter().map(|refusal| refusal.code).collect())
}

#[test]
fn one_number_in_two_spellings_is_one_thing() {
    let place = Place::fresh();
    let cases = [
        (Kind::Organization, "法人番号", "8390002001000", "８３９０００２００１０００"),
        (Kind::Organization, "法人番号", "8390002001000", "8390-0020-01000"),
        (Kind::Organization, "ror", "00xy44n04", "https://ror.org/00xy44n04"),
        (Kind::Person, "orcid", "0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097"),
        (Kind::Person, "orcid", "0000-0002-1825-0097", "０００００００２１８２５００９７"),
    ];
    for (kind, heading, one, other) in cases {
        let differ = format!("{heading},名称\n{one},架空 甲\n{other},架空 乙\n").replace("名称", "name_ja");
        let agree = format!("{heading},name_ja\n{one},架空 甲\n{other},架空 甲\n");
        // Also where the second is in a later transaction of the preview.
        let between: String = (0..300).map(|number| format!(",架空 第{number}\n")).collect();
        let later = |second: &str| format!("{heading},name_ja\n{one},架空 甲\n{between}{other},架空 {second}\n");
        assert_eq!(previewed(&place, kind, &differ), (1, 0, vec!["row.repeated".to_owned()]), "{heading} {other}");
        assert_eq!(previewed(&place, kind, &agree), (1, 1, Vec::new()), "{heading} {other}");
        assert_eq!(previewed(&place, kind, &later("乙")), (301, 0, vec!["row.repeated".to_owned()]), "{other}");
        assert_eq!(previewed(&place, kind, &later("甲")), (301, 1, Vec::new()), "{heading} {other}");
    }
}

#[test]
fn what_a_spreadsheet_does_to_cells_and_files_is_said() {
    let place = Place::fresh();
    let text = "名称,従業員数,概要\n甲社,#REF!,\n乙社,#N/A,\n#VALUE!,,\n\"丙社\n本店\",,\n丁社,,\"一行\n二行\"\n所在地,山形市,\n従業員数,30,\n";
    let taken = place.take(Kind::Organization, &place.write("firms.csv", text), None);
    assert_eq!(taken.codes(), ["cell.error", "cell.error", "cell.error", "text.control_character", "number.form"]);
    assert!(taken.refusals[3].message.ja.contains("改行"), "{:?}", taken.refusals[3]);
    assert!(taken.notes().contains(&"row.heading_as_name"), "{:?}", taken.notes());
    let work = place.take(Kind::Record, &place.write("work.csv", "事業名,会社名\n試作の支援,丁社\n"), None);
    assert_eq!(work.counts(), (1, 0, 0, 0), "{:?}", work.refusals);
    let both = "事業名,題名,会社名\n支援事業,塗装の試作,丁社\n";
    assert_eq!(place.take(Kind::Record, &place.write("both.csv", both), None).counts(), (1, 0, 0, 0));
    assert!(place.things(Kind::Record).iter().any(|record| record["title_ja"] == "塗装の試作"));

    let pdf = place.write("list.csv", "%PDF-1.7\n");
    let refused = file::open(Kind::Organization, &pdf, FileFormat::Csv, &Reading::default(), &mut Notes::default());
    assert!(refused.is_err_and(|error| error.message().ja.contains(".xlsx")));
    for name in ["list.xls", "list.PDF", "list.docx"] {
        let defect = file::unreadable_by_name(std::path::Path::new(name)).expect("a known form");
        assert!(defect.message.ja.contains("CSV"), "{name}");
    }
    assert!(file::unreadable_by_name(std::path::Path::new("list.csv")).is_none());
}
