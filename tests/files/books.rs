//! Books as people make them.

use crate::Place;
use musubi::domain::Kind;
use musubi::exchange::export::{Format, PartsPlace};
use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Formula, Workbook};
use serde_json::json;

#[test]
fn codes_dates_formulas_and_both_calendars_are_read_rightly() {
    let place = Place::fresh();
    let mut book = Workbook::new();
    book.add_worksheet().set_name("はじめに").expect("a name").write(0, 0, "この表の使い方").expect("a cell");
    let sheet = book.add_worksheet();
    sheet.set_name("企業・機関").expect("a name");
    for (column, heading) in
        (0u16..).zip(["法人番号", "名称", "設立", "従業員数", "資本金（千円）", "郵便番号", "好きな色"])
    {
        sheet.write(0, column, heading).expect("a cell");
    }
    // A number of thirteen digits, as Excel keeps it.
    sheet.write(1, 0, 8_390_002_001_000_f64).expect("a cell");
    let rich = [(&CellFormat::new(), "甲"), (&CellFormat::new().set_bold(), "社")];
    sheet.write_rich_string(1, 1, &rich).expect("a cell");
    let day = CellFormat::new().set_num_format("yyyy/m/d");
    sheet.write_with_format(1, 2, ExcelDateTime::from_ymd(1987, 4, 1).expect("a date"), &day).expect("a cell");
    sheet.write(1, 3, Formula::new("=10+20").set_result("30")).expect("a cell");
    sheet.write(1, 4, 5_000).expect("a cell");
    sheet.write(1, 5, "９９０−８５７０".replace('−', "-")).expect("a cell");
    sheet.write(1, 6, "列は取り込まれない").expect("a cell");
    sheet.write(2, 1, "乙社_x000D_").expect("a cell");
    let month = CellFormat::new().set_num_format("[$-411]yyyy\"年\"m\"月\"");
    sheet.write_with_format(2, 2, ExcelDateTime::from_ymd(2021, 4, 1).expect("a date"), &month).expect("a cell");
    sheet.write(3, 1, "丙社").expect("a cell");
    sheet.write(3, 2, "令和6年4月1日").expect("a cell");
    sheet.write(4, 1, "丁社").expect("a cell");
    sheet.write(4, 2, "R6.4.1").expect("a cell");
    // Ten empty rows, and one that is only styled.
    sheet.write_blank(14, 1, &day).expect("a cell");
    sheet.write(15, 1, "戊社").expect("a cell");
    sheet.write(15, 2, 2001).expect("a cell");
    let path = place.path("firms.xlsx");
    book.save(&path).expect("a book");
    let taken = place.take(Kind::Organization, &path, None);
    assert_eq!(taken.counts(), (5, 0, 0, 0), "{:?}", taken.refusals);
    for code in ["cell.formula", "column.unknown", "sheet.left_out"] {
        assert!(taken.notes().contains(&code), "{code}: {:?}", taken.notes());
    }
    let things = place.things(Kind::Organization);
    assert_eq!(things[0]["corporate_number"], "8390002001000");
    assert_eq!((&things[0]["name_ja"], &things[1]["name_ja"]), (&json!("甲社"), &json!("乙社_x000D_")));
    assert_eq!((&things[0]["employees"], &things[0]["capital"]), (&json!(30), &json!(5_000_000)));
    let founded: Vec<_> = things.iter().map(|thing| thing["founded"].as_str().unwrap_or("")).collect();
    assert_eq!(founded, ["1987-04-01", "2021-04", "2024-04-01", "2024-04-01", "2001"]);
    assert_eq!(place.take(Kind::Organization, &path, None).counts(), (0, 0, 5, 0));
}

#[test]
fn the_exported_book_has_text_codes_a_frozen_heading_a_filter_and_inert_cells() {
    let place = Place::fresh();
    let file = place.write("firms.csv", "名称,郵便番号,事業内容\n=HYPERLINK(\"x\")社,0990123,+1\n");
    assert_eq!(place.take(Kind::Organization, &file, None).counts(), (1, 0, 0, 0));
    let (path, _) = place.put_out(Kind::Organization, Format::Xlsx, PartsPlace::Within, "firms.xlsx");
    let sheet = crate::hostile::unpacked(&std::fs::read(&path).expect("the book"), "xl/worksheets/sheet1.xml");
    for expected in ["state=\"frozen\"", "<autoFilter ref=\"A1:", "'=HYPERLINK", "'+1", "099-0123"] {
        assert!(sheet.contains(expected), "{expected}: {}", &sheet[..sheet.len().min(2_000)]);
    }
    assert!(!sheet.contains("<f>"));
}

#[test]
fn what_is_typed_into_an_exported_book_stays_as_it_is_typed() {
    let place = Place::fresh();
    let path = place.write("firms.csv", "名称,従業員数\n甲社,5\n");
    assert_eq!(place.take(Kind::Organization, &path, None).counts(), (1, 0, 0, 0));
    let (path, _) = place.put_out(Kind::Organization, Format::Xlsx, PartsPlace::Within, "firms.xlsx");
    let mut book = zip_parts(&path);
    let sheet = book.remove("xl/worksheets/sheet1.xml").expect("a sheet");
    let styles = book.remove("xl/styles.xml").expect("styles");
    // Every column but those of numbers has the format of its texts (49 is @), so that empty cells have it, too.
    let styled = |column: usize| -> Option<usize> {
        sheet.split("<col ").skip(1).find_map(|tag| {
            let tag = tag.split('>').next()?;
            let number = |name: &str| tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.parse::<usize>().ok();
            (number("min")? <= column && column <= number("max")?).then(|| number("style")).flatten()
        })
    };
    let formats = styles.split("<cellXfs").nth(1).and_then(|part| part.split("</cellXfs").next()).expect("formats");
    let formats: Vec<&str> = formats.split("<xf ").skip(1).collect();
    let headings = ["id", "organization_kind", "name_ja", "name_en", "name_kana", "corporate_number"];
    for (place, heading) in headings.iter().enumerate() {
        let style = styled(place + 1).unwrap_or_else(|| panic!("{heading}"));
        let format =
            formats[style].split("numFmtId=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a format");
        let is_text = format == "49" || styles.contains(&format!("numFmtId=\"{format}\" formatCode=\"@\""));
        assert!(is_text, "{heading}: {}", formats[style]);
    }
    let columns = sheet.split("<col ").count() - 1;
    assert!(columns > 1, "{sheet}");
}

/// The parts of a container by their names.
fn zip_parts(path: &std::path::Path) -> std::collections::HashMap<String, String> {
    let bytes = std::fs::read(path).expect("a book");
    let number = |at: usize, length: usize| {
        bytes[at..at + length].iter().rev().fold(0usize, |number, byte| (number << 8) | usize::from(*byte))
    };
    let mut parts = std::collections::HashMap::new();
    for at in (0..bytes.len() - 46).filter(|at| bytes[*at..].starts_with(b"PK\x01\x02")) {
        let name = String::from_utf8_lossy(&bytes[at + 46..at + 46 + number(at + 28, 2)]).into_owned();
        let (size, local) = (number(at + 20, 4), number(at + 42, 4));
        let data = local + 30 + number(local + 26, 2) + number(local + 28, 2);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::DeflateDecoder::new(&bytes[data..data + size]), &mut text)
            .expect("UTF-8");
        parts.insert(name, text);
    }
    parts
}

#[test]
fn lines_of_needs_have_a_sheet_of_their_own_and_may_be_sorted_there() {
    let place = Place::fresh();
    let owner = place.write("firms.csv", "名称,法人番号\n甲社,8390002001000\n");
    place.take(Kind::Organization, &owner, None);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, text) in (0u16..).zip(["法人番号", "題名"]) {
        sheet.write(0, column, text).expect("a cell");
    }
    for (row, title) in (1u32..).zip(["溶接の相手を探す", "検査の相手を探す"]) {
        sheet.write(row, 0, "8390002001000").expect("a cell");
        sheet.write(row, 1, title).expect("a cell");
    }
    let lines = book.add_worksheet();
    lines.set_name("要件").expect("a name");
    for (row, cells) in (0u32..).zip([
        ["題名", "区分", "要件", "条件の項目", "条件の値"],
        ["検査の相手を探す", "必須", "0.1 mmの傷", "", ""],
        ["溶接の相手を探す", "希望", "", "prefecture", "06; 04"],
        ["検査の相手を探す", "除外", "外注", "", ""],
        ["どこにもない題名", "除外", "外注", "", ""],
    ]) {
        for (column, text) in (0u16..).zip(cells) {
            lines.write(row, column, text).expect("a cell");
        }
    }
    let path = place.path("needs.xlsx");
    book.save(&path).expect("a book");
    let taken = place.take(Kind::Need, &path, None);
    assert_eq!(taken.counts(), (2, 0, 0, 0), "{:?}", taken.refusals);
    assert!(taken.notes().contains(&"parts.unmatched"));
    let needs = place.things(Kind::Need);
    assert_eq!(needs[0]["lines"][0]["condition"]["values"], json!(["06", "04"]));
    assert_eq!(needs[1]["lines"][0]["strength"], "must");
    assert_eq!(needs[1]["lines"][1]["strength"], "exclude");
    assert_eq!(place.take(Kind::Need, &path, None).counts(), (0, 0, 2, 0));
}

#[test]
fn headings_below_a_title_are_found_in_tables_and_books() {
    let place = Place::fresh();
    let rows = [
        vec!["取引先一覧（2024年4月1日現在）"],
        vec![],
        vec!["", "", "作成：総務課"],
        vec!["会社名", "ふりがな", "所在地", "従業員数"],
        vec!["最上めっき株式会社", "もがみめっき", "山形県新庄市沖の町1-1", "35名"],
        vec!["庄内鋳造", "", "", "多数"],
    ];
    let text: String = rows.iter().map(|row| row.join(",") + "\r\n").collect();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (number, row) in (0u32..).zip(&rows) {
        for (column, cell) in (0u16..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write(number, column, *cell).expect("a cell");
        }
    }
    let path = place.path("list.xlsx");
    book.save(&path).expect("a book");
    for (file, created) in [(place.write("list.csv", text), 1), (path, 0)] {
        let taken = place.take(Kind::Organization, &file, None);
        assert_eq!(taken.counts(), (created, 0, 1 - created, 1), "{:?} {:?}", taken.refusals, taken.notes());
        assert!(taken.notes().contains(&"file.rows_above"), "{:?}", taken.notes());
        assert_eq!((taken.refusals[0].row, taken.refusals[0].column.as_str()), (6, "従業員数"));
    }
    let firm = &place.things(Kind::Organization)[0];
    assert_eq!((&firm["name_kana"], &firm["municipality"]), (&json!("もがみめっき"), &json!("062057")));
    // One known word further down is chance.
    let file = place.write("odd.csv", "あ,い\nう,名称\n甲,乙\n");
    assert!(place.try_take(Kind::Organization, &file, &Default::default(), None).is_err());
}
