//! Files made to do harm, or made by accident: each is refused or read rightly, in bounded memory, and nothing is half
//! written. They are made here; none is kept.

use crate::Place;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use musubi::domain::Kind;
use std::io::{Read, Write};

/// What should become of a file.
enum Expected {
    /// Refused as a whole, with this code; nothing is written.
    Refused(&'static str),
    /// Read: so many created, and the codes of the refusals.
    Read(u64, &'static [&'static str]),
}
use Expected::{Read as Taken, Refused};

struct Case {
    name: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    expected: Expected,
}

fn case(name: &'static str, file: &'static str, bytes: impl Into<Vec<u8>>, expected: Expected) -> Case {
    Case { name, file, bytes: bytes.into(), expected }
}

// ---- containers by hand ----------------------------------------------------------------------------------------

/// A part of a container and what is claimed of it.
#[derive(Clone)]
struct Part {
    name: String,
    packed: Vec<u8>,
    unpacked: u64,
    method: u16,
    flags: u16,
}

fn part(name: &str, content: impl AsRef<[u8]>) -> Part {
    let content = content.as_ref();
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("packing");
    let packed = encoder.finish().expect("packing");
    Part { name: name.to_owned(), packed, unpacked: content.len() as u64, method: 8, flags: 0 }
}

fn container(parts: &[Part]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for part in parts {
        let offset = bytes.len() as u32;
        let mut common = Vec::new();
        common.extend(20u16.to_le_bytes());
        common.extend(part.flags.to_le_bytes());
        common.extend(part.method.to_le_bytes());
        common.extend([0; 8]);
        common.extend((part.packed.len() as u32).to_le_bytes());
        common.extend((part.unpacked as u32).to_le_bytes());
        common.extend((part.name.len() as u16).to_le_bytes());
        common.extend(0u16.to_le_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(part.name.as_bytes());
        bytes.extend(&part.packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(part.name.as_bytes());
    }
    let start = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend((parts.len() as u16).to_le_bytes());
    bytes.extend((parts.len() as u16).to_le_bytes());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str =
    r#"<workbook xmlns:r="r"><workbookPr/><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELATIONS: &str = r#"<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://x/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="http://x/styles" Target="styles.xml"/></Relationships>"#;

fn parts(sheet: impl AsRef<[u8]>) -> Vec<Part> {
    vec![
        part("_rels/.rels", RELATIONS),
        part("xl/workbook.xml", BOOK),
        part("xl/_rels/workbook.xml.rels", BOOK_RELATIONS),
        part("xl/worksheets/sheet1.xml", sheet),
    ]
}

/// A book with this sheet.
fn book(rows: &str) -> Vec<u8> {
    container(&parts(format!("<worksheet><sheetData>{HEADINGS}{rows}</sheetData></worksheet>")))
}

const HEADINGS: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>名称</t></is></c><c r="B1" t="inlineStr"><is><t>設立</t></is></c></row>"#;

fn name_row(number: u32, name: &str) -> String {
    format!(r#"<row r="{number}"><c r="A{number}" t="inlineStr"><is><t>{name}</t></is></c></row>"#)
}

fn with_extra(extra: &[Part]) -> Vec<u8> {
    let sheet = format!("<worksheet><sheetData>{HEADINGS}{}</sheetData></worksheet>", name_row(2, "甲社"));
    let mut all = parts(sheet);
    all.extend_from_slice(extra);
    container(&all)
}

/// A part of a book, unpacked: for looking at what was written.
pub fn unpacked(bytes: &[u8], name: &str) -> String {
    let at = bytes
        .windows(4 + name.len() + 26)
        .position(|window| {
            window.starts_with(b"PK\x01\x02") || window.starts_with(b"PK\x03\x04") && window.ends_with(name.as_bytes())
        })
        .filter(|at| bytes[*at..].starts_with(b"PK\x03\x04"))
        .expect("the part");
    let extra = usize::from(u16::from_le_bytes([bytes[at + 28], bytes[at + 29]]));
    let mut text = String::new();
    DeflateDecoder::new(&bytes[at + 30 + name.len() + extra..]).read_to_string(&mut text).expect("a packed part");
    text
}

/// 512 MiB of blanks in half a megabyte, and an honest directory.
fn bomb(declared: Option<u64>) -> Vec<u8> {
    let start = format!("<worksheet><sheetData>{HEADINGS}{}<!--", name_row(2, "甲社"));
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(start.as_bytes()).expect("packing");
    let block = vec![b' '; 1 << 20];
    for _ in 0..512 {
        encoder.write_all(&block).expect("packing");
    }
    encoder.write_all(b"--></sheetData></worksheet>").expect("packing");
    let packed = encoder.finish().expect("packing");
    let unpacked = declared.unwrap_or(512 << 20);
    let mut all = parts("");
    all[3] = Part { name: "xl/worksheets/sheet1.xml".into(), packed, unpacked, method: 8, flags: 0 };
    container(&all)
}

// ---- the cases -------------------------------------------------------------------------------------------------

fn books() -> Vec<Case> {
    let long = "あ".repeat(120_000);
    let deep = format!("<worksheet>{}", "<a>".repeat(200_000));
    let many_strings = format!("<sst>{}</sst>", "<si/>".repeat(3_100_000));
    let strings = |text: &str| part("xl/sharedStrings.xml", text);
    let shared = |sheet: &str, text: &str| {
        let mut all = parts(format!("<worksheet><sheetData>{HEADINGS}{sheet}</sheetData></worksheet>"));
        all.push(strings(text));
        container(&all)
    };
    let dated = |from_1904: bool, serial: &str| {
        let mut all = parts(format!(
            r#"<worksheet><sheetData>{HEADINGS}<row r="2"><c r="A2" t="inlineStr"><is><t>甲社</t></is></c><c r="B2" s="1"><v>{serial}</v></c></row></sheetData></worksheet>"#
        ));
        if from_1904 {
            all[1] = part("xl/workbook.xml", BOOK.replace("<workbookPr/>", r#"<workbookPr date1904="1"/>"#));
        }
        all.push(part(
            "xl/styles.xml",
            r#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#,
        ));
        container(&all)
    };
    let cell =
        |cell: &str| book(&format!(r#"<row r="2"><c r="A2" t="inlineStr"><is><t>甲社</t></is></c>{cell}</row>"#));
    let mut truncated = book(&name_row(2, "甲社"));
    truncated.truncate(truncated.len() / 2);
    let mut flipped = book(&name_row(2, "甲社"));
    let middle = flipped.len() / 2;
    flipped[middle..middle + 40].fill(0xAA);
    let wide: String = (0..100_000).map(|_| "<c t=\"inlineStr\"><is><t>x</t></is></c>").collect();
    let encrypted = {
        let mut all = parts(HEADINGS);
        all[3].flags = 1;
        container(&all)
    };
    let twice = {
        let mut all = parts(HEADINGS);
        all.push(part("XL/Worksheets/Sheet1.xml", "<worksheet/>"));
        container(&all)
    };
    let stored = {
        let sheet = format!("<worksheet><sheetData>{HEADINGS}{}</sheetData></worksheet>", name_row(2, "甲社"));
        let mut all = parts("");
        all[3] = Part {
            name: "xl/worksheets/sheet1.xml".into(),
            unpacked: sheet.len() as u64,
            packed: sheet.into_bytes(),
            method: 0,
            flags: 0,
        };
        container(&all)
    };
    let cells_before_cells = |count: usize| -> String { "<c r=\"A2\"/>".repeat(count) };
    vec![
        case("nothing at all", "a.xlsx", "", Refused("file.empty")),
        case("not a container", "a.xlsx", "名称\n甲社\n", Refused("file.not_xlsx")),
        case(
            "old .xls or a password",
            "a.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest".to_vec(),
            Refused("file.encrypted"),
        ),
        case("encrypted part", "a.xlsx", encrypted, Refused("file.encrypted")),
        case(
            "a container without a book",
            "a.xlsx",
            container(&[part("hello.txt", "hello")]),
            Refused("file.not_xlsx"),
        ),
        case("cut in half", "a.xlsx", truncated, Refused("file.not_xlsx")),
        case("bytes flipped", "a.xlsx", flipped, Refused("file.not_xlsx")),
        case("two parts of one name", "a.xlsx", twice, Refused("file.not_xlsx")),
        case("512 MiB in half a megabyte", "a.xlsx", bomb(None), Refused("file.unpacks_too_large")),
        case("the same, declared small", "a.xlsx", bomb(Some(10_000)), Refused("file.unpacks_too_large")),
        case(
            "a directory that claims 60,000 files",
            "a.xlsx",
            container(&vec![part("a", ""); 60_000]),
            Refused("file.unpacks_too_large"),
        ),
        case("a path that climbs out", "a.xlsx", with_extra(&[part("../../../etc/cron.d/x", "harm")]), Taken(1, &[])),
        case("a path of Windows", "a.xlsx", with_extra(&[part("..\\..\\windows\\x.dll", "harm")]), Taken(1, &[])),
        case(
            "macros and pictures beside",
            "a.xlsx",
            with_extra(&[part("xl/vbaProject.bin", vec![0; 9_000])]),
            Taken(1, &[]),
        ),
        case("a part that is only stored", "a.xlsx", stored, Taken(1, &[])),
        case(
            "a billion laughs",
            "a.xlsx",
            container(&parts(format!(
                r#"<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet><sheetData>{HEADINGS}<row><c t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>"#
            ))),
            Refused("file.doctype"),
        ),
        case("an entity nobody declared", "a.xlsx", book(&name_row(2, "&xxe;")), Refused("file.not_xlsx")),
        case("tags 200,000 deep", "a.xlsx", container(&parts(&deep)), Refused("file.unpacks_too_large")),
        case(
            "tags that do not close",
            "a.xlsx",
            container(&parts(format!("<worksheet><sheetData>{HEADINGS}<row><c></row>"))),
            Refused("file.not_xlsx"),
        ),
        case(
            "a tag of two megabytes",
            "a.xlsx",
            book(&format!("<row a=\"{}\"></row>", "x".repeat(2 << 20))),
            Refused("file.unpacks_too_large"),
        ),
        case(
            "a text of two megabytes",
            "a.xlsx",
            book(&name_row(2, &"x".repeat(2 << 20))),
            Refused("file.unpacks_too_large"),
        ),
        case("a cell of 120,000 characters", "a.xlsx", book(&name_row(2, &long)), Taken(0, &["cell.too_long"])),
        case(
            "a row of many long cells",
            "a.xlsx",
            book(&format!(
                "<row r=\"2\">{}</row>{}",
                format!("<c t=\"inlineStr\"><is><t>{}</t></is></c>", "あ".repeat(30_000)).repeat(20),
                name_row(3, "乙社")
            )),
            Taken(1, &["row.too_long"]),
        ),
        case(
            "100,000 columns",
            "a.xlsx",
            book(&format!("<row r=\"2\">{wide}</row>{}", name_row(3, "乙社"))),
            Taken(1, &["row.too_many_columns"]),
        ),
        case(
            "100,000 headings",
            "a.xlsx",
            container(&parts(format!("<worksheet><sheetData><row r=\"1\">{wide}</row></sheetData></worksheet>"))),
            Refused("file.no_known_heading"),
        ),
        case(
            "a million empty cells",
            "a.xlsx",
            book(&format!("<row r=\"2\">{}</row>{}", cells_before_cells(1_000_000), name_row(3, "乙社"))),
            Taken(1, &[]),
        ),
        case("three million shared strings", "a.xlsx", shared("", &many_strings), Refused("file.unpacks_too_large")),
        case(
            "a shared string that is not there",
            "a.xlsx",
            shared("<row><c t=\"s\"><v>7</v></c></row>", "<sst><si><t>x</t></si></sst>"),
            Refused("file.not_xlsx"),
        ),
        case(
            "readings beside the text are no text",
            "a.xlsx",
            shared(
                "<row><c t=\"s\"><v>0</v></c></row>",
                "<sst><si><t>甲社</t><rPh sb=\"0\" eb=\"1\"><t>コウシャ</t></rPh></si></sst>",
            ),
            Taken(1, &[]),
        ),
        case(
            "rows that go backwards",
            "a.xlsx",
            book(&format!("{}{}", name_row(9, "甲社"), name_row(3, "乙社"))),
            Taken(2, &[]),
        ),
        case("a cell beyond the headings", "a.xlsx", cell(r#"<c r="Z2"><v>1</v></c>"#), Taken(0, &["row.columns"])),
        case(
            "a cell that shows an error",
            "a.xlsx",
            cell(r#"<c r="B2" t="e"><v>#REF!</v></c>"#),
            Taken(0, &["cell.error"]),
        ),
        case("a formula with its value", "a.xlsx", cell(r#"<c r="B2"><f>1+2020</f><v>2021</v></c>"#), Taken(1, &[])),
        case(
            "a formula without its value",
            "a.xlsx",
            cell(r#"<c r="B2"><f>TODAY()</f></c>"#),
            Taken(0, &["cell.formula_without_value"]),
        ),
        case(
            "a formula that calls out",
            "a.xlsx",
            cell(r#"<c r="B2" t="str"><f>WEBSERVICE("http://x")</f><v>2021</v></c>"#),
            Taken(1, &[]),
        ),
        case("29 February 1900", "a.xlsx", dated(false, "60"), Taken(0, &["date.form"])),
        case("a date of 1900", "a.xlsx", dated(false, "45383"), Taken(1, &[])),
        case("a date of 1904", "a.xlsx", dated(true, "43921"), Taken(1, &[])),
        case("a date beyond all calendars", "a.xlsx", dated(false, "1e308"), Taken(0, &["date.form"])),
        case("a date that is no number", "a.xlsx", dated(false, "NaN"), Taken(0, &["date.form"])),
        case("NUL as an escape", "a.xlsx", book(&name_row(2, "甲_x0000_社")), Taken(0, &["text.control_character"])),
        case("half a surrogate as an escape", "a.xlsx", book(&name_row(2, "甲_xD800_社")), Taken(1, &[])),
        case("NUL as a reference", "a.xlsx", book(&name_row(2, "甲&#0;社")), Refused("file.not_xlsx")),
        case(
            "bytes that are no UTF-8",
            "a.xlsx",
            {
                let mut sheet = format!("<worksheet><sheetData>{HEADINGS}").into_bytes();
                sheet.extend(b"<row><c t=\"inlineStr\"><is><t>\xff\xfe</t></is></c></row></sheetData></worksheet>");
                container(&parts(sheet))
            },
            Refused("file.not_xlsx"),
        ),
        case(
            "the same heading twice",
            "a.xlsx",
            container(&parts(
                "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>名称</t></is></c><c t=\"inlineStr\"><is><t>name_ja</t></is></c></row></sheetData></worksheet>",
            )),
            Refused("file.duplicate_heading"),
        ),
    ]
}

fn tables() -> Vec<Case> {
    let mut mixed = "名称\n甲社\n".as_bytes().to_vec();
    mixed.extend(musubi::exchange::cp932::encode("乙社\n").0);
    let mut one_line = b"name_ja\n".to_vec();
    one_line.resize(64 << 20, b'x');
    vec![
        case("nothing at all", "a.csv", "", Refused("file.empty")),
        case("only blanks", "a.csv", " \n\n \n", Refused("file.empty")),
        case("UTF-16", "a.csv", b"\xff\xfen\0a\0".to_vec(), Refused("file.utf16")),
        case("no known heading", "a.csv", "a,b\n1,2\n", Refused("file.no_known_heading")),
        case("the same heading twice", "a.csv", "名称,法人名\n甲,乙\n", Refused("file.duplicate_heading")),
        case("two encodings in one file", "a.csv", mixed, Taken(1, &["row.encoding"])),
        case("one line of 64 MiB", "a.csv", one_line, Taken(0, &["row.too_long"])),
        case("a quote that never closes", "a.csv", "名称\n\"甲社\n乙社\n", Taken(1, &["row.unclosed_quote"])),
        case(
            "100,000 columns",
            "a.csv",
            format!("名称\n{}\n乙社\n", ",".repeat(100_000)),
            Taken(1, &["row.too_many_columns"]),
        ),
        case("NUL", "a.csv", "名称\n甲\0社\n乙社\n", Taken(1, &["text.control_character"])),
        case("a formula", "a.csv", "名称\n=cmd|' /C calc'!A0\n", Taken(1, &[])),
        case(
            "wareki",
            "a.csv",
            "名称,設立\n甲社,令和6年4月1日\n乙社,R6.4.1\n丙社,令和元年5月\n丁社,㋿6年\n戊社,令和99年13月\n",
            Taken(4, &["date.form"]),
        ),
        case("a table that is a book", "a.csv", book(""), Refused("file.is_xlsx")),
        case("lone surrogate", "a.jsonl", r#"{"name_ja":"甲\ud800社"}"#, Taken(0, &["row.json"])),
        case("200,000 brackets", "a.jsonl", "[".repeat(200_000), Taken(0, &["row.json"])),
        case(
            "a number beyond all numbers",
            "a.jsonl",
            r#"{"name_ja":"甲社","employees":1e400}"#,
            Taken(0, &["row.json"]),
        ),
        case(
            "an object of 20,000 keys",
            "a.jsonl",
            format!("{{\"name_ja\":\"甲社\"{}}}", (0..20_000).map(|n| format!(",\"k{n}\":1")).collect::<String>()),
            Taken(1, &[]),
        ),
        case("a key twice", "a.jsonl", r#"{"name_ja":"甲社","name_ja":"乙社"}"#, Taken(1, &[])),
    ]
}

#[test]
fn sixty_hostile_files_are_refused_or_read_rightly() {
    let cases: Vec<Case> = books().into_iter().chain(tables()).collect();
    assert!(cases.len() >= 60, "{}", cases.len());
    let mut wrong = Vec::new();
    let place = Place::fresh();
    for (number, Case { name, file, bytes, expected }) in cases.into_iter().enumerate() {
        let before = place.things(Kind::Organization).len() as u64;
        let path = place.write(file, &bytes);
        // Each row is a firm of its own: the same name in a second file would be the same firm.
        let source = format!("case-{number}");
        let found =
            place.try_take(Kind::Organization, &path, &musubi::exchange::file::Reading::default(), Some(&source));
        let after = place.things(Kind::Organization).len() as u64;
        let outcome = match (&found, &expected) {
            (Err(code), Refused(expected)) if code == expected && before == after => None,
            (Ok(taken), Taken(rows, codes)) => {
                let report = taken.report.rows;
                let taken_in = report.created + report.updated + report.unchanged;
                (taken_in != *rows || taken.codes() != *codes).then(|| format!("{report:?} {:?}", taken.codes()))
            }
            (Err(code), _) => Some(format!("refused with {code}, {before} → {after}")),
            (Ok(taken), _) => Some(format!("read: {:?} {:?}", taken.report.rows, taken.codes())),
        };
        if let Some(outcome) = outcome {
            wrong.push(format!("{file} {name}: {outcome}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs in a process of its own, started by the test below.
#[test]
fn memory_child() {
    let Ok(file) = std::env::var("MUSUBI_HOSTILE_FILE") else { return };
    let place = Place::fresh();
    place.things(Kind::Organization);
    let rest = peak();
    let path = std::path::PathBuf::from(file);
    let _ = place.try_take(Kind::Organization, &path, &musubi::exchange::file::Reading::default(), None);
    println!("peak {}", peak().saturating_sub(rest));
}

/// The most memory that this process ever had, KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[test]
fn hostile_files_stay_within_64_mib_of_rest() {
    if peak() == 0 {
        eprintln!("skipped: this system does not tell a process its peak memory");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let heavy = [
        "512 MiB in half a megabyte",
        "the same, declared small",
        "three million shared strings",
        "a million empty cells",
        "one line of 64 MiB",
        "tags 200,000 deep",
        "100,000 columns",
        "a directory that claims 60,000 files",
    ];
    for case in books().into_iter().chain(tables()).filter(|case| heavy.contains(&case.name)) {
        let path = folder.path().join(case.file);
        std::fs::write(&path, &case.bytes).expect("a written file");
        let output = std::process::Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "hostile::memory_child", "--nocapture"])
            .env("MUSUBI_HOSTILE_FILE", &path)
            .output()
            .expect("a run");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let more: u64 = text
            .lines()
            .find_map(|line| line.split("peak ").nth(1)?.trim().parse().ok())
            .unwrap_or_else(|| panic!("{}: {text}", case.name));
        println!("{} ({}): {} MiB above rest", case.name, case.file, more / 1024);
        assert!(more < 64 * 1024, "{}: {more} KiB", case.name);
    }
}
