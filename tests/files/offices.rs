//! Sheets as offices fill them in: their headings, their words, and what a spreadsheet did to them.

use crate::Place;
use musubi::domain::Kind;
use musubi::exchange::export::{Format, PartsPlace};
use musubi::exchange::file::Reading;
use serde_json::json;

#[test]
fn headings_that_offices_write_are_known() {
    let place = Place::fresh();
    let text = "No.,【必須】会社の名前,社名フリガナ,英文名,〒,住所,電話番号,ホームページURL,業種名,分野,従業員数（名）,法人番号（13桁）,登録番号（T+13桁）,強み,主要製品,備考\n\
        1,株式会社架空精機,カクウセイキ,Kakuu Seiki,９９０ー８５７０,山形県山形市架空町1-2,023-000-0000,https://example.jp/,食料品製造業,食品、材料,35名,８３９０００２－００１０００,T8390002001000,薄い板の深絞り,架空部品,特になし\n\
        2,架空商事,,,990-8570,,,,製造業,有機EL;IT,,,,早い見積り,,\n";
    let path = place.write("名簿.csv", text);
    let taken = place.take(Kind::Organization, &path, None);
    assert_eq!(taken.counts(), (2, 0, 0, 0), "{:?}", taken.refusals);
    let things = place.things(Kind::Organization);
    let first = &things[0];
    for (field, value) in [
        ("name_ja", json!("株式会社架空精機")),
        ("name_kana", json!("カクウセイキ")),
        ("name_en", json!("Kakuu Seiki")),
        ("postal_code", json!("990-8570")),
        ("municipality", json!("062014")),
        ("website", json!("https://example.jp/")),
        ("industry", json!("09")),
        ("fields", json!(["food", "materials"])),
        ("employees", json!(35)),
        ("corporate_number", json!("8390002001000")),
        ("invoice_number", json!("T8390002001000")),
        ("description_ja", json!("【強み】薄い板の深絞り\n【主要製品】架空部品")),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    assert_eq!(
        (&things[1]["industry"], &things[1]["fields"]),
        (&json!("E"), &json!(["organic_electronics", "iot_ai"]))
    );
    assert_eq!(things[1]["description_ja"], "早い見積り", "alone it is the text");
    // What has no field is named as not used, all together, without a guess.
    let unused = taken.report.notes.iter().find(|note| note.code == "column.left_out").expect("a note");
    assert!(["No.", "電話番号", "備考"].iter().all(|name| unused.message.ja.contains(name)), "{}", unused.message.ja);
    assert!(!taken.notes().contains(&"column.unknown"), "{:?}", taken.report.notes);
    assert_eq!(place.take(Kind::Organization, &path, None).counts(), (0, 0, 2, 0));
}

#[test]
fn parties_are_named_as_people_name_them() {
    let place = Place::fresh();
    let firms = place.write(
        "firms.csv",
        "社名,市区町村,法人番号\n株式会社架空精機,山形市,8390002001000\n双子社,山形市,\n双子社,米沢市,\n",
    );
    assert_eq!(place.take(Kind::Organization, &firms, None).counts(), (3, 0, 0, 0));
    let people = place.write("people.csv", "氏名,所属,肩書,専門分野\n架空 太郎,（株）架空精機,部長,塗装\n");
    let taken = place.take(Kind::Person, &people, None);
    assert_eq!(taken.counts(), (1, 0, 0, 0), "{:?}", taken.refusals);
    let firm = place.things(Kind::Organization).into_iter().find(|firm| firm["name_ja"] == "株式会社架空精機");
    let firm = firm.expect("the firm")["id"].clone();
    let person = &place.things(Kind::Person)[0];
    assert_eq!((&person["affiliations"], &person["description_ja"]), (&json!([firm]), &json!("塗装")));
    let file = "所有者,設備名,種別,メーカー,型式\n架空精機,五軸加工機,設備,架空機械,K-1\n双子社,研磨機,設備,,\n無い社,旋盤,設備,,\n";
    let path = place.write("machines.csv", file);
    let taken = place.take(Kind::Capability, &path, None);
    assert_eq!(taken.codes(), ["reference.ambiguous", "reference.unknown"], "{:?}", taken.refusals);
    assert!(taken.refusals.iter().all(|refusal| refusal.column == "所有者"), "{:?}", taken.refusals);
    let machine = &place.things(Kind::Capability)[0];
    assert_eq!((&machine["owner"], &machine["description_ja"]), (&firm, &json!("【メーカー】架空機械\n【型式】K-1")));
    // A number is more exact than a name beside it.
    let both = place.write("both.csv", "会社名,法人番号,技術名\n双子社,8390002001000,めっき\n");
    let taken = place.take(Kind::Capability, &both, None);
    assert_eq!(taken.counts(), (1, 0, 0, 0), "{:?}", taken.refusals);
    let plating =
        place.things(Kind::Capability).into_iter().find(|one| one["name_ja"] == "めっき").expect("it is there");
    assert_eq!(plating["owner"], firm);
}

#[test]
fn refusals_speak_of_headings_and_cells_and_know_what_a_spreadsheet_does() {
    let place = Place::fresh();
    let text = "機関種別,社名,英語社名,法人番号,設立,〒,分野,産業分類,従業員数\n\
        民間,甲社,,8.39E+12,45383,60001,食,機械,多数\n\
        企業,,,123,20240401,,,,\n\
        企業,乙社,,,20241332,,,09 食料品製造業,\n";
    let path = place.write("firms.csv", text);
    let taken = place.take(Kind::Organization, &path, None);
    let said = |row: u64, column: &str| -> String {
        let refusal = taken.refusals.iter().find(|refusal| refusal.row == row && refusal.column == column);
        refusal.unwrap_or_else(|| panic!("{row} {column}: {:?}", taken.refusals)).message.ja.clone()
    };
    for (row, column, words) in [
        (2, "機関種別", &["民間", "企業、大学"][..]),
        (2, "法人番号", &["8.39E+12", "文字列"]),
        (2, "設立", &["2024-04-01"]),
        (2, "〒", &["先頭の 0"]),
        (2, "分野", &["食品・農業"]),
        (2, "産業分類", &["機械", "生産用機械器具製造業"]),
        (2, "従業員数", &["整数"]),
        (3, "名称", &["名称", "英語名"]),
        (3, "法人番号", &["13桁", "3桁"]),
        (4, "設立", &["令和3年4月1日"]),
    ] {
        let message = said(row, column);
        assert!(words.iter().all(|word| message.contains(word)), "{row} {column}: {message}");
    }
    for refusal in &taken.refusals {
        let message = &refusal.message.ja;
        let foreign = ["name_ja", "name_en", "organization_kind", "--", "corporate_number", "expected", "firm"];
        assert!(!foreign.iter().any(|word| message.contains(word) || refusal.column.contains(word)), "{refusal:?}");
    }
    // A program that writes JSON Lines is answered in its own words.
    let lines = place.write("firms.jsonl", "{\"name\":\"丙社\",\"organization_kind\":\"民間\"}\n{}\n");
    let taken = place.take(Kind::Organization, &lines, None);
    let columns: Vec<&str> = taken.refusals.iter().map(|refusal| refusal.column.as_str()).collect();
    assert_eq!(columns, ["organization_kind", "organization_kind", "name_ja"]);
}

#[test]
fn other_separators_and_books_under_another_name_are_seen() {
    let place = Place::fresh();
    for (name, text) in [
        ("tab.csv", "社名\t市区町村\n甲社\t山形市\n"),
        ("semicolon.csv", "社名;市区町村\n乙社;山形市\n"),
        ("comma.tsv", "社名,市区町村\n丙社,山形市\n"),
    ] {
        let path = place.write(name, text);
        let taken = place.take(Kind::Organization, &path, None);
        assert_eq!(taken.counts(), (1, 0, 0, 0), "{name}: {:?}", taken.refusals);
        assert!(taken.notes().contains(&"file.separator"), "{name}");
    }
    let plain = place.write("plain.csv", "社名\n丁;社\t\n");
    assert!(!place.take(Kind::Organization, &plain, None).notes().contains(&"file.separator"));
    for (name, bytes, code) in [
        ("book.csv", &b"PK\x03\x04rest"[..], "file.is_xlsx"),
        ("book.jsonl", b"PK\x03\x04rest", "file.is_xlsx"),
        ("old.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "file.old_excel"),
    ] {
        let path = place.write(name, bytes);
        let refused = place.try_take(Kind::Organization, &path, &Reading::default(), None);
        assert_eq!(refused.err().as_deref(), Some(code), "{name}");
    }
}

#[test]
fn columns_that_mean_nothing_here_get_no_silly_hint() {
    let place = Place::fresh();
    let path = place.write(
        "Kihonjoho.csv",
        "法人番号,法人名,法人代表者名,創業年,企業規模詳細(男性),資格等級,社員教\n8390002001000,甲社,乙,1960,20,[],5\n",
    );
    let taken = place.take(Kind::Organization, &path, None);
    assert_eq!(taken.counts(), (1, 0, 0, 0), "{:?}", taken.refusals);
    let unknown: Vec<&str> = taken
        .report
        .notes
        .iter()
        .filter(|note| note.code == "column.unknown")
        .map(|note| note.message.ja.as_str())
        .collect();
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert!(unknown[0].contains("社員教") && unknown[0].contains("社員数"), "{unknown:?}");
    let unused = taken.report.notes.iter().find(|note| note.code == "column.left_out").expect("a note");
    assert!(
        unused.message.ja.contains("法人代表者名") && unused.message.ja.contains("資格等級"),
        "{}",
        unused.message.ja
    );
    assert_eq!(place.things(Kind::Organization)[0]["founded"], "1960");
}

/// A list as an association keeps it: a title above, marks for nothing, trades of its own, a line kept free.
#[test]
fn a_list_of_members_goes_in_as_it_is_kept() {
    let place = Place::fresh();
    let text = "令和6年度 会員名簿,,,,,,,\n,,,,,,,\n番号,会員名,〒,URL,資本金,従業員,業種,ＰＲ\n\
        1,(株)架空製作所,990-0001,www.example.jp,約1000万円,約30名,金属加工,精密板金\n\
        2,Kakuu Foods Inc.,,なし,－,不明,食料品製造業,-\n\
        3,架空大学,,,-,-,,\n\
        4,,,,,,,\n\
        合計,3社,,,,30,,\n";
    let path = place.write("名簿.csv", text);
    let taken = place.take(Kind::Organization, &path, None);
    assert_eq!(taken.counts(), (3, 0, 0, 0), "{:?}", taken.refusals);
    for note in ["cell.nothing", "row.nothing", "row.sum", "industry.free_form", "file.rows_above"] {
        assert!(taken.notes().contains(&note), "{note}: {:?}", taken.notes());
    }
    let things = place.things(Kind::Organization);
    let first = &things[0];
    assert_eq!((&first["website"], &first["capital"]), (&json!("https://www.example.jp"), &json!(10_000_000)));
    assert_eq!((&first["employees"], &first["industry"]), (&json!(30), &json!(null)));
    let said = first["description_ja"].as_str().expect("a text");
    assert!(said.contains("【業種】金属加工") && said.contains("【ＰＲ】精密板金"), "{said}");
    assert_eq!((&things[1]["organization_kind"], &things[1]["industry"]), (&json!("firm"), &json!("09")));
    assert_eq!((&things[2]["organization_kind"], &things[2]["capital"]), (&json!("university"), &json!(null)));
    assert_eq!(place.take(Kind::Organization, &path, None).counts(), (0, 0, 3, 0));
    // Columns that mean nothing may stand there twice, and names in two columns.
    let twice = "姓,名,セイ,メイ,所属,備考,備考,色,色\n架空,三郎,カクウ,サブロウ,架空大学,a,b,c,d\n";
    let twice = place.write("twice.csv", twice);
    assert_eq!(place.take(Kind::Person, &twice, None).counts(), (1, 0, 0, 0));
    let person = &place.things(Kind::Person)[0];
    assert_eq!((&person["name_ja"], &person["name_kana"]), (&json!("架空 三郎"), &json!("カクウ サブロウ")));
    // People, needs and records of work of these.
    let people = "氏名,所属,researchmap URL\n架空 花子,架空大学 工学部,https://researchmap.jp/kakuu\n架空 次郎,架空大学大学院,\n";
    let people = place.write("people.csv", people);
    let taken = place.take(Kind::Person, &people, None);
    assert_eq!(taken.counts(), (2, 0, 0, 0), "{:?}", taken.refusals);
    let university = &things[2]["id"];
    assert!(place.things(Kind::Person).iter().all(|person| person["affiliations"] == json!([university])));
    let needs = "企業名,タイトル,必須条件,希望条件,予算,納期,匿名希望\n架空製作所,速くしたい,\"・薄い板\n・量産\",県内,100万円程度,2025年3月末,する\n";
    let needs = place.write("needs.csv", needs);
    let taken = place.take(Kind::Need, &needs, None);
    assert_eq!(taken.counts(), (1, 0, 0, 0), "{:?}", taken.refusals);
    let need = &place.things(Kind::Need)[0];
    let lines: Vec<(&str, &str)> = need["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| (line["strength"].as_str().expect("a strength"), line["text_ja"].as_str().expect("a text")))
        .collect();
    assert_eq!(lines, [("must", "薄い板"), ("must", "量産"), ("should", "県内")]);
    assert_eq!(
        (&need["budget_max"], &need["deadline"], &need["anonymous"]),
        (&json!(1_000_000), &json!("2025-03"), &json!(true))
    );
    let records = "年度,件名,企業名,大学名,種別\nR5,架空の共同研究,(株)架空製作所,架空大学,共同研究\n2023,架空の補助,架空製作所,,補助事業\n";
    let records = place.write("records.csv", records);
    let taken = place.take(Kind::Record, &records, None);
    assert_eq!(taken.counts(), (2, 0, 0, 0), "{:?}", taken.refusals);
    let records = place.things(Kind::Record);
    let joint = records.iter().find(|record| record["title_ja"] == "架空の共同研究").expect("a record");
    assert_eq!(
        joint["members"],
        json!([{ "party": first["id"], "role": null }, { "party": university, "role": null }])
    );
    assert_eq!(records.iter().filter(|record| record["record_kind"] == "grant").count(), 1);
}

/// What an office would mean by a mark is not what an export wrote: under our own headings it stays.
#[test]
fn marks_under_our_own_headings_are_texts() {
    let place = Place::fresh();
    let path = place.write(
        "firms.jsonl",
        r#"{"name_ja":"…","organization_kind":"firm","description_ja":"なし","description_en":"-"}"#,
    );
    assert_eq!(place.take(Kind::Organization, &path, None).counts(), (1, 0, 0, 0));
    for (format, name) in [(Format::Csv, "out.csv"), (Format::Xlsx, "out.xlsx"), (Format::JsonLines, "out.jsonl")] {
        let (path, _) = place.put_out(Kind::Organization, format, PartsPlace::Within, name);
        let other = Place::fresh();
        assert_eq!(other.take(Kind::Organization, &path, None).counts(), (1, 0, 0, 0), "{name}");
        let thing = &other.things(Kind::Organization)[0];
        assert_eq!(
            (&thing["name_ja"], &thing["description_ja"], &thing["description_en"]),
            (&json!("…"), &json!("なし"), &json!("-"))
        );
    }
}
