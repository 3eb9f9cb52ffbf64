//! Import, export and the command line, on SQLite and, where TEST_DATABASE_URL is set, on PostgreSQL.

mod support;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use musubi::domain::{Actor, Clock, Kind, Organization, Scope};
use musubi::exchange::export::{Format, export};
use musubi::exchange::planner::Planner;
use musubi::exchange::{
    Counts, ImportOptions, ImportReport, JsonLines, Listener, Notes, Outcome, Refusal, RowSource, Table, import,
};
use musubi::store::page::Page;
use musubi::store::things::{self, Filter};
use musubi::store::{Database, DatabaseSettings, Target, log, migrate};
use serde_json::{Value, json};
use std::io::{BufReader, Cursor, Read};
use std::path::Path;
use std::process::{Command, Output};

// ---- worlds ----------------------------------------------------------------------------------------------------

/// A fresh, migrated database.
struct World {
    database: Database,
    folder: tempfile::TempDir,
    /// PostgreSQL: the schema that goes with this world.
    schema: Option<String>,
}

impl Drop for World {
    fn drop(&mut self) {
        if let (Some(schema), Some(url)) = (&self.schema, support::test_database()) {
            support::postgresql(&url, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE"));
        }
    }
}

impl World {
    fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let target = Target::Sqlite(folder.path().join("musubi.db"));
        Self::open(target, folder, None)
    }

    fn open(target: Target, folder: tempfile::TempDir, schema: Option<String>) -> Self {
        let mut settings = DatabaseSettings::new(target);
        settings.connections = 2;
        let database = Database::open(settings, Clock::system()).expect("an open database");
        migrate::run(&database).expect("a migrated database");
        Self { database, folder, schema }
    }

    /// SQLite always; PostgreSQL in a schema of its own where there is one.
    fn all() -> Vec<Self> {
        let mut worlds = vec![Self::sqlite()];
        if let Some(url) = support::test_database() {
            let schema = format!("exchange_{}", uuid::Uuid::new_v4().simple());
            support::postgresql(&url, &format!("CREATE SCHEMA {schema}"));
            let mark = if url.contains('?') { '&' } else { '?' };
            let target = Target::Postgresql(format!("{url}{mark}options=-csearch_path%3D{schema}"));
            worlds.push(Self::open(target, tempfile::tempdir().expect("a temporary folder"), Some(schema)));
        }
        worlds
    }

    fn lines(&self, kind: Kind, text: &str, options: &ImportOptions) -> Taken {
        let rows = JsonLines::new(kind, Cursor::new(text.as_bytes().to_vec()));
        self.take(kind, rows, Notes::default(), options)
    }

    fn csv(&self, kind: Kind, bytes: impl AsRef<[u8]>) -> Taken {
        self.table(kind, bytes.as_ref(), &ImportOptions::default()).expect("a readable table")
    }

    fn table(&self, kind: Kind, bytes: &[u8], options: &ImportOptions) -> Result<Taken, musubi::error::Error> {
        let mut notes = Notes::default();
        let table = Table::open(Planner::new(kind), Cursor::new(bytes.to_vec()), b',', None, &mut notes)?;
        Ok(self.take(kind, table, notes, options))
    }

    fn take(&self, kind: Kind, mut rows: impl RowSource, notes: Notes, options: &ImportOptions) -> Taken {
        let mut heard = Heard::default();
        let report = import(&self.database, &Actor::Operator, kind, &mut rows, notes, options, &mut heard)
            .expect("an import that runs to its end");
        Taken { report, outcomes: heard.0 }
    }

    fn exported(&self, kind: Kind, format: Format) -> Vec<u8> {
        let mut output = Vec::new();
        export(&self.database, &Scope::Everything, kind, format, &mut output).expect("an export");
        output
    }

    /// Everything of a kind as JSON, header included.
    fn things(&self, kind: Kind) -> Vec<Value> {
        let text = String::from_utf8(self.exported(kind, Format::JsonLines)).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    fn thing(&self, kind: Kind, field: &str, value: &str) -> Value {
        let found: Vec<Value> = self.things(kind).into_iter().filter(|thing| thing[field] == value).collect();
        assert_eq!(found.len(), 1, "{field} = {value}: {found:?}");
        found.into_iter().next().expect("one thing")
    }

    fn seq(&self) -> i64 {
        self.database.read(log::head).expect("the head of the log").seq
    }

    fn faults(&self) -> Vec<&'static str> {
        let mut faults = Vec::new();
        musubi::store::check::check(&self.database, &mut |fault| faults.push(fault.code)).expect("a check");
        faults
    }
}

#[derive(Default)]
struct Heard(Vec<(u64, Outcome)>);

impl Listener for Heard {
    fn row(&mut self, line: u64, outcome: &Outcome) -> std::io::Result<()> {
        self.0.push((line, outcome.clone()));
        Ok(())
    }
    fn progress(&mut self, _bytes: u64, _counts: &Counts) {}
}

struct Taken {
    report: ImportReport,
    outcomes: Vec<(u64, Outcome)>,
}

impl Taken {
    /// created, updated, unchanged, refused
    fn counts(&self) -> (u64, u64, u64, u64) {
        let Counts { created, updated, unchanged, refused } = self.report.rows;
        (created, updated, unchanged, refused)
    }

    fn refusals(&self) -> Vec<&Refusal> {
        let mut found = Vec::new();
        for (_, outcome) in &self.outcomes {
            if let Outcome::Refused { refusals } = outcome {
                found.extend(refusals.iter());
            }
        }
        found
    }

    /// `(row, column, code)` of every refusal.
    fn codes(&self) -> Vec<(u64, &str, &str)> {
        self.refusals()
            .into_iter()
            .map(|refusal| (refusal.row, refusal.column.as_str(), refusal.code.as_str()))
            .collect()
    }

    fn notes(&self) -> Vec<&str> {
        self.report.notes.iter().map(|note| note.code.as_str()).collect()
    }
}

fn from(source: &str) -> ImportOptions {
    ImportOptions { source: Some(source.to_owned()), ..ImportOptions::default() }
}

fn plain() -> ImportOptions {
    ImportOptions::default()
}

// ---- real files ------------------------------------------------------------------------------------------------

#[test]
fn the_corporate_number_file_goes_in_whole_and_a_second_time_changes_nothing() {
    let Some(path) = support::shared("data/yamagata-corporations.csv") else { return };
    let bytes = std::fs::read(path).expect("the shared file");
    for world in World::all() {
        let first = world.csv(Kind::Organization, &bytes);
        assert_eq!(first.counts(), (4_232, 0, 0, 0), "{:?}", first.refusals().first());
        let seq = world.seq();
        let second = world.csv(Kind::Organization, &bytes);
        assert_eq!(second.counts(), (0, 0, 4_232, 0));
        assert_eq!(world.seq(), seq, "a second import leaves no trace in the log");
        let goto = world.thing(Kind::Organization, "corporate_number", "8390002001000");
        assert!(goto["name_ja"].as_str().expect("a name").contains("後藤アルミ"), "{goto}");
        assert!(goto["name_kana"].as_str().expect("a reading").contains("ゴトウアルミ"), "{goto}");
        assert_eq!(goto["organization_kind"], "firm");
        let things = world.things(Kind::Organization);
        assert!(things.iter().all(|thing| thing["municipality"].is_string()), "every municipality is resolved");
        assert!(things.iter().all(|thing| thing["address_ja"].as_str().is_some_and(|text| text.starts_with("山形県"))));
        assert_eq!(world.faults(), [""; 0]);
    }
}

#[test]
fn judged_records_find_their_members_by_the_ids_of_the_source() {
    let (Some(organizations), Some(records)) = (
        support::shared("eval/institution-ja/organizations.jsonl"),
        support::shared("eval/institution-ja/records.jsonl"),
    ) else {
        return;
    };
    let organizations = std::fs::read_to_string(organizations).expect("the shared file");
    let records = std::fs::read_to_string(records).expect("the shared file");
    // All of them with LONG_TESTS; a slice is enough for every day.
    let limit = if std::env::var_os("LONG_TESTS").is_some() { usize::MAX } else { 1_500 };
    let records: Vec<&str> = records.lines().take(limit).collect();
    for world in World::all() {
        assert_eq!(world.lines(Kind::Organization, &organizations, &from("kaken")).counts(), (534, 0, 0, 0));
        let first = world.lines(Kind::Record, &records.join("\n"), &from("kaken"));
        assert_eq!(first.counts(), (records.len() as u64, 0, 0, 0), "{:?}", first.refusals().first());
        let second = world.lines(Kind::Record, &records.join("\n"), &from("kaken"));
        assert_eq!(second.counts(), (0, 0, records.len() as u64, 0));
        let record = &world.things(Kind::Record)[0];
        assert_eq!(record["members"].as_array().expect("members").len(), 1);
        assert_eq!(record["happened_on"], "2021");
        let without = world.lines(Kind::Record, records[0], &plain());
        assert_eq!(without.codes(), [(1, "members", "reference.unknown")]);
        assert!(without.notes().contains(&"id.no_source"));
    }
}

// ---- what a row means ------------------------------------------------------------------------------------------

#[test]
fn every_kind_goes_in_and_refers_to_the_others() {
    for world in World::all() {
        let take = |kind: Kind, rows: &[Value]| {
            let text: Vec<String> = rows.iter().map(Value::to_string).collect();
            let first = world.lines(kind, &text.join("\n"), &from("demo"));
            assert_eq!(first.counts(), (rows.len() as u64, 0, 0, 0), "{kind:?}: {:?}", first.refusals());
            let second = world.lines(kind, &text.join("\n"), &from("demo"));
            assert_eq!(second.counts(), (0, 0, rows.len() as u64, 0), "{kind:?}");
        };
        take(
            Kind::Organization,
            &[
                json!({"id": "univ", "organization_kind": "university", "name_ja": "架空大学", "name_en": "Fictional University",
                   "corporate_number": "8390002001000"}),
                json!({"id": "old", "kind": "国立大学", "name": "旧架空大学", "successor": "univ", "municipality": "山形県山形市"}),
                json!({"id": "firm", "organization_kind": "firm", "name_ja": "架空製作所", "employees": 30, "capital": "5,000万円",
                   "fields": ["有機エレクトロニクス", "materials"], "certificates": ["ISO 9001"], "sdgs": [9]}),
            ],
        );
        take(
            Kind::Person,
            &[
                json!({"id": "p1", "name_ja": "架空 花子", "affiliations": ["univ"], "orcid": "0000-0002-1825-0097"}),
                json!({"id": "p2", "name": "Taro Fictional", "affiliations": ["source:demo:univ", "firm"]}),
            ],
        );
        take(
            Kind::Capability,
            &[
                json!({"id": "c1", "owner": "firm", "capability_kind": "process", "name_ja": "精密切削", "trial_use": true}),
                json!({"id": "c2", "owner": "corporate_number:8390002001000", "kind": "equipment", "name": "XPS"}),
            ],
        );
        take(
            Kind::Seed,
            &[json!({"id": "s1", "owner": "p1", "title": "有機薄膜", "contact": "orcid:0000-0002-1825-0097",
                                  "offers": ["licence", "共同研究"]})],
        );
        take(
            Kind::Need,
            &[json!({"id": "n1", "owner": "firm", "title_ja": "薄い膜がほしい", "purposes": ["共同研究"],
            "lines": [{"strength": "must", "text_ja": "厚さ1マイクロメートル"},
                      {"strength": "should", "condition": {"field": "municipality", "operator": "any_of", "values": ["062014"]}}]})],
        );
        take(
            Kind::Record,
            &[json!({"id": "r1", "record_kind": "project", "title": "共同研究", "date": "令和6年度",
                                    "members": [{"party": "univ", "role": "代表"}, "firm", "p1"]})],
        );
        take(
            Kind::Exhibition,
            &[
                json!({"id": "e1", "kind": "商談会", "title": "架空商談会", "初日": "令和9年2月3日", "ends_on": "2027-02-05",
                     "開催地": "山形県山形市", "theme": [{"text_ja": "封止", "weight": 2}], "補助率": "50",
                     "booths": [{"id": "A-1", "column": 0, "row": 0}, {"id": "A-2", "column": 1, "row": 0, "size": 2}],
                     "walls": [{"left": "A-1", "right": "A-2"}]}),
            ],
        );
        let university = world.thing(Kind::Organization, "name_ja", "架空大学");
        let fair = world.thing(Kind::Exhibition, "title_ja", "架空商談会");
        assert_eq!((&fair["begins_on"], &fair["municipality"]), (&json!("2027-02-03"), &json!("062014")));
        assert_eq!((&fair["subsidy_percent"], &fair["booths"][0]["size"]), (&json!(50), &json!(1)));
        let old = world.thing(Kind::Organization, "name_ja", "旧架空大学");
        assert_eq!(old["successor"], university["id"]);
        assert_eq!(old["organization_kind"], "university");
        assert_eq!(old["municipality"], "062014");
        let firm = world.thing(Kind::Organization, "name_ja", "架空製作所");
        assert_eq!(firm["capital"], 50_000_000);
        assert_eq!(firm["fields"], json!(["organic_electronics", "materials"]));
        assert_eq!(firm["certificates"], json!(["iso9001"]));
        let record = world.thing(Kind::Record, "title_ja", "共同研究");
        assert_eq!(record["happened_on"], "FY2024");
        assert_eq!(record["members"][0], json!({"party": university["id"], "role": "代表"}));
        assert_eq!(record["members"][1]["party"], firm["id"]);
        assert_eq!(world.faults(), [""; 0]);
    }
}

#[test]
fn absent_columns_and_empty_cells_stay_and_null_clears() {
    for world in World::all() {
        world.csv(
            Kind::Organization,
            "法人番号,名称,フリガナ,従業員数,資本金（万円）\n8390002001000,後藤アルミ,ゴトウアルミ,12人,\"1,000\"\n",
        );
        let taken = world.csv(Kind::Organization, "法人番号,従業員数,フリガナ\n8390002001000,15,\n");
        assert_eq!(taken.counts(), (0, 1, 0, 0), "{:?}", taken.refusals());
        let firm = world.thing(Kind::Organization, "corporate_number", "8390002001000");
        assert_eq!((&firm["employees"], &firm["name_kana"]), (&json!(15), &json!("ゴトウアルミ")));
        assert_eq!((&firm["capital"], &firm["version"]), (&json!(10_000_000), &json!(2)));
        let line = json!({"corporate_number": "8390002001000", "name_kana": null}).to_string();
        assert_eq!(world.lines(Kind::Organization, &line, &plain()).counts(), (0, 1, 0, 0));
        assert_eq!(world.thing(Kind::Organization, "corporate_number", "8390002001000")["name_kana"], Value::Null);
    }
}

#[test]
fn a_row_without_a_number_is_known_by_name_and_place() {
    for world in World::all() {
        let file =
            "名称,市区町村,従業員数\n中央工業株式会社,山形市,10\n中央工業株式会社,酒田市,20\n南工業株式会社,,5\n";
        assert_eq!(world.csv(Kind::Organization, file).counts(), (3, 0, 0, 0));
        assert_eq!(world.csv(Kind::Organization, file).counts(), (0, 0, 3, 0), "a second import changes nothing");
        // Full width, other white space: the same name.
        let taken = world.csv(
            Kind::Organization,
            "名称,市区町村,従業員数\n中央工業 株式会社,山形市,1\n中央工業株式会社　,山形県酒田市,21\n",
        );
        assert_eq!(taken.counts(), (1, 1, 0, 0), "white space inside a name makes another name");
        let unclear = world.csv(Kind::Organization, "名称,従業員数\n中央工業株式会社,11\n");
        assert_eq!(unclear.codes(), [(2, "", "identity.ambiguous")]);
        let taken = world.csv(Kind::Organization, "名称,従業員数\n南工業株式会社,6\n");
        assert_eq!(taken.counts(), (0, 1, 0, 0));
        // A reading that somebody adds later does not hide the thing from the next import.
        world.csv(Kind::Organization, "名称,フリガナ\n南工業株式会社,ミナミコウギョウ\n");
        assert_eq!(world.csv(Kind::Organization, "名称,従業員数\n南工業株式会社,6\n").counts(), (0, 0, 1, 0));
    }
}

#[test]
fn people_and_records_without_a_number_are_known_by_what_they_belong_to() {
    for world in World::all() {
        world.csv(Kind::Organization, "法人番号,名称\n8390002001000,後藤アルミ\n");
        let people = "氏名,所属\n佐藤 健,8390002001000\n佐藤 健,\n";
        assert_eq!(world.csv(Kind::Person, people).counts(), (2, 0, 0, 0));
        assert_eq!(world.csv(Kind::Person, people).counts(), (0, 0, 2, 0));
        let records = "題名,年度,参加者\n共同研究,令和5年度,8390002001000\n共同研究,令和6年度,8390002001000=代表\n";
        assert_eq!(world.csv(Kind::Record, records).counts(), (2, 0, 0, 0));
        assert_eq!(world.csv(Kind::Record, records).counts(), (0, 0, 2, 0));
        let capabilities = "法人番号,種別,名称,説明\n8390002001000,加工・工程,切削,精密\n";
        assert_eq!(world.csv(Kind::Capability, capabilities).counts(), (1, 0, 0, 0));
        assert_eq!(world.csv(Kind::Capability, capabilities).counts(), (0, 0, 1, 0));
    }
}

#[test]
fn two_rows_on_one_thing_that_differ_and_numbers_that_disagree_are_refused() {
    for world in World::all() {
        let file = "法人番号,名称\n8390002001000,甲社\n8390002001000,乙社\n8390002001000,甲社\n";
        let taken = world.csv(Kind::Organization, file);
        assert_eq!(taken.counts(), (1, 0, 1, 1));
        assert_eq!(taken.codes(), [(3, "", "row.repeated")]);
        assert_eq!(world.csv(Kind::Organization, file).counts(), (0, 0, 2, 1), "the second import changes nothing");
        world.lines(Kind::Organization, r#"{"name":"大学","ror":"00xy44n04","kind":"university"}"#, &plain());
        let both = r#"{"name":"大学","ror":"00xy44n04","corporate_number":"8390002001000"}"#;
        assert_eq!(world.lines(Kind::Organization, both, &plain()).codes(), [(1, "", "identity.conflict")]);
        // The id of a source is remembered on a thing that was known by its number.
        let linked = r#"{"id":"A1","name":"甲社","corporate_number":"8390002001000"}"#;
        assert_eq!(world.lines(Kind::Organization, linked, &from("crm")).counts(), (0, 1, 0, 0));
        assert_eq!(world.lines(Kind::Organization, linked, &from("crm")).counts(), (0, 0, 1, 0));
        let by_id = r#"{"id":"A1","employees":7}"#;
        assert_eq!(world.lines(Kind::Organization, by_id, &from("crm")).counts(), (0, 1, 0, 0));
        assert_eq!(world.faults(), [""; 0]);
    }
}

#[test]
fn capabilities_nested_in_an_organisation_become_its_own() {
    let world = World::sqlite();
    let line = r#"{"id":"B1","name":"架空製作所","kind":"firm","capabilities":[{"capability_kind":"process","name_ja":"切削"},{"name_ja":"種別なし"},7,{"kind":"process","name":"切削","description":"二つ目"}]}"#;
    let taken = world.lines(Kind::Organization, line, &from("bench"));
    assert_eq!(taken.counts(), (1, 0, 0, 0));
    assert_eq!((taken.report.nested.created, taken.report.nested.refused), (2, 2));
    assert_eq!(
        taken.codes(),
        [(1, "capabilities/1/capability_kind", "value.required"), (1, "capabilities/2/", "body.object")]
    );
    let again = world.lines(Kind::Organization, line, &from("bench"));
    assert_eq!((again.report.nested.unchanged, again.report.nested.created), (2, 0));
    let owner = world.thing(Kind::Organization, "name_ja", "架空製作所")["id"].clone();
    assert!(world.things(Kind::Capability).iter().all(|thing| thing["owner"] == owner && thing["name_ja"] == "切削"));
}

#[test]
fn refusals_name_row_heading_and_what_was_found() {
    let world = World::sqlite();
    let file = "法人番号,名称,市区町村,従業員数,郵便番号\n\
                8390002001001,甲社,山形市,10,990-8570\n\
                ,乙社,東京都千代田区,多数,12\n\
                ,,山形市,1,\n\
                ,丁社,山形市,1,\n";
    let taken = world.csv(Kind::Organization, file);
    assert_eq!(taken.counts(), (1, 0, 0, 3));
    assert_eq!(
        taken.codes(),
        [
            (2, "法人番号", "corporate_number.check_digit"),
            (3, "従業員数", "number.form"),
            (3, "市区町村", "municipality.unknown"),
            (3, "郵便番号", "postal_code.form"),
            (4, "名称", "language.one_required"),
        ]
    );
    let refusals = taken.refusals();
    assert_eq!(refusals[0].found, "8390002001001");
    assert!(refusals[2].message.ja.contains("東京都千代田区") && refusals[2].message.en.contains("東京都千代田区"));
}

#[test]
fn unknown_columns_are_named_once_with_the_nearest_known_one() {
    let world = World::sqlite();
    let taken = world.csv(Kind::Organization, "名称,好きな色,従業員教\n甲社,青,5\n乙社,赤,6\n");
    assert_eq!(taken.counts(), (2, 0, 0, 0));
    let unknown: Vec<_> = taken.report.notes.iter().filter(|note| note.code == "column.unknown").collect();
    assert_eq!(unknown.len(), 2);
    assert!(unknown[1].message.ja.contains("従業員数"), "{}", unknown[1].message.ja);
    let taken = world.lines(Kind::Organization, r#"{"name":"丙社","nme":1,"country":"JP"}"#, &plain());
    assert_eq!(taken.notes(), ["column.left_out", "column.unknown", "kind.by_name"]);
}

#[test]
fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    for world in World::all() {
        world.csv(Kind::Organization, "法人番号,名称\n8390002001000,甲社\n");
        let seq = world.seq();
        let mut file = String::from("法人番号,名称,従業員数\n8390002001000,甲社,5\n8390002001001,丙社,\n");
        for place in 0..2_500 {
            file.push_str(&format!(",会社{place},\n"));
        }
        file.push_str(",会社7,\n");
        let options = ImportOptions { dry_run: true, ..plain() };
        let dry = world.table(Kind::Organization, file.as_bytes(), &options).expect("a readable table");
        assert_eq!(world.seq(), seq);
        assert_eq!(world.things(Kind::Organization).len(), 1);
        let wet = world.csv(Kind::Organization, &file);
        assert_eq!(dry.counts(), wet.counts(), "rows of later batches know the earlier ones in both");
        assert_eq!(wet.counts(), (2_500, 1, 1, 1));
    }
}

// ---- encodings and hostile files -------------------------------------------------------------------------------

#[test]
fn encodings_are_guessed_for_the_whole_file_and_bad_bytes_are_named_by_row() {
    let world = World::sqlite();
    let text = "名称,フリガナ\n髙橋～工業①,タカハシ\n表計算ソ,ヒョウ\n";
    let (cp932, _, broken) = encoding_rs::SHIFT_JIS.encode(text);
    assert!(!broken);
    assert_eq!(world.csv(Kind::Organization, cp932.as_ref()).counts(), (2, 0, 0, 0));
    world.thing(Kind::Organization, "name_ja", "表計算ソ");
    let marked = [b"\xef\xbb\xbf".as_slice(), "名称\n目印つき\n".as_bytes()].concat();
    assert_eq!(world.csv(Kind::Organization, marked).counts(), (1, 0, 0, 0));
    // One line of CP932 in a file of UTF-8, and the other way round.
    let (one, _, _) = encoding_rs::SHIFT_JIS.encode("山形\n");
    let mixed = ["名称\n鶴岡\n酒田\n".as_bytes(), one.as_ref(), "新庄\n".as_bytes()].concat();
    let taken = world.csv(Kind::Organization, mixed);
    assert_eq!((taken.counts(), taken.codes()), ((3, 0, 0, 1), vec![(4, "名称", "row.encoding")]));
    let (other, _, _) = encoding_rs::SHIFT_JIS.encode("名称\n米沢\n長井\n南陽\n");
    let mixed = [other.as_ref(), b"\xe5\xb1\xb1\n".as_slice()].concat();
    let taken = world.csv(Kind::Organization, mixed);
    assert_eq!(taken.codes(), [(5, "名称", "row.encoding")]);
}

#[test]
fn files_that_cannot_be_tables_are_refused_before_any_row() {
    let world = World::sqlite();
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("名称\n甲\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let many = (0..1_001).map(|place| format!("列{place}")).collect::<Vec<_>>().join(",");
    let cases: [(&[u8], &str); 8] = [
        (b"", "file.empty"),
        (b"\n\n  \n", "file.empty"),
        (&utf16, "file.utf16"),
        ("名称,名称\n甲,乙\n".as_bytes(), "file.duplicate_heading"),
        ("名称,商号\n甲,乙\n".as_bytes(), "file.duplicate_heading"),
        ("甲社,山形市\n".as_bytes(), "file.no_known_heading"),
        ("\"名称,\n甲\n".as_bytes(), "row.unclosed_quote"),
        (many.as_bytes(), "row.too_many_columns"),
    ];
    for (bytes, code) in cases {
        let error = world.table(Kind::Organization, bytes, &plain()).err().expect("a refused file");
        assert_eq!(error.problem(), code);
    }
    assert_eq!(world.seq(), 0);
}

#[test]
fn hostile_rows_are_refused_one_by_one_and_the_rest_goes_in() {
    let world = World::sqlite();
    let long_cell = "あ".repeat(100_001);
    let long_row = "x".repeat(1 << 21);
    let file = format!(
        "名称,英語名,事業内容\n\
         甲社,A,よい\n\
         \"乙社,B,閉じない\n\
         丙社,C\n\
         丁社,D,よい,多い\n\
         戊社,E,\0\n\
         己社,F,{long_cell}\n\
         庚社,{long_row},\n\
         \"辛社\"x,H,\n\
         壬社,\u{1},\n\
         '=HYPERLINK(\"x\"),I,'-5\n\
         癸社,J,よい,,\n"
    );
    let taken = world.csv(Kind::Organization, &file);
    assert_eq!(
        taken.codes(),
        [
            (3, "", "row.unclosed_quote"),
            (4, "", "row.columns"),
            (5, "", "row.columns"),
            (6, "事業内容", "text.control_character"),
            (7, "事業内容", "cell.too_long"),
            (8, "", "row.too_long"),
            (9, "", "row.stray_quote"),
            (10, "英語名", "text.control_character"),
        ]
    );
    assert_eq!(taken.report.rows.created, 3);
    let guarded = world.thing(Kind::Organization, "name_en", "I");
    assert_eq!((&guarded["name_ja"], &guarded["description_ja"]), (&json!("=HYPERLINK(\"x\")"), &json!("-5")));
    assert_eq!(world.faults(), [""; 0]);
}

#[test]
fn hostile_json_lines_are_refused_one_by_one_and_the_rest_goes_in() {
    let world = World::sqlite();
    let deep = format!("{{\"name\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!("{{\"name\":{}1{}}}", "[".repeat(100), "]".repeat(100));
    let rows = [
        r#"{"name":"甲社"}"#,
        r#"{"name":"乙社""#,
        r#"{"name":"\ud800"}"#,
        &deep,
        &nested,
        r#"["name"]"#,
        "null",
        r#"{"name":"丙\u0000社"}"#,
        r#"{"name":{"ja":"丁社"}}"#,
        r#"{"name":"戊社","employees":"1e99","sdgs":["x"],"fields":7}"#,
        "",
        r#"{"id":{"a":1},"name":"己社"}"#,
        r#"{"name":"庚社","capabilities":"x"}"#,
        "\u{feff}{}",
        "{}",
        r#"{"name":"辛社"}"#,
    ]
    .join("\n");
    let mut bytes = rows.into_bytes();
    bytes.extend_from_slice(b"\n{\"name\":\"\xff\xfe\"}\n");
    let source = JsonLines::new(Kind::Organization, Cursor::new(bytes));
    let taken = world.take(Kind::Organization, source, Notes::default(), &plain());
    assert_eq!(taken.report.rows.created, 2, "{:?}", taken.codes());
    let rows: Vec<u64> = taken.codes().iter().map(|(row, _, _)| *row).collect();
    for row in [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 17] {
        assert!(rows.contains(&row), "row {row}: {:?}", taken.codes());
    }
    assert_eq!(world.faults(), [""; 0]);
}

#[test]
fn a_line_of_a_gigabyte_is_one_refused_row() {
    let world = World::sqlite();
    let head = b"{\"name\":\"".as_slice();
    let tail = b"\"}\n{\"name\":\"\xe7\x94\xb2\xe7\xa4\xbe\"}\n".as_slice();
    let reader = BufReader::with_capacity(1 << 16, head.chain(std::io::repeat(b'x').take(1 << 30)).chain(tail));
    let taken = world.take(Kind::Organization, JsonLines::new(Kind::Organization, reader), Notes::default(), &plain());
    assert_eq!(taken.codes(), [(1, "", "row.too_long")]);
    assert_eq!(taken.report.rows.created, 1);
}

#[test]
fn a_row_that_the_store_refuses_leaves_nothing_behind() {
    for world in World::all() {
        world.csv(Kind::Organization, "法人番号,名称\n8390002001000,甲社\n");
        // The field is only known to the database; the number of the second row belongs to another thing.
        let rows = [r#"{"id":"1","name":"乙社","fields":["no_such_field"]}"#, r#"{"id":"2","name":"丙社"}"#];
        let taken = world.lines(Kind::Organization, &rows.join("\n"), &from("x"));
        assert_eq!((taken.counts(), taken.codes()), ((1, 0, 0, 1), vec![(1, "fields", "field.unknown")]));
        let moved = r#"{"id":"2","corporate_number":"8390002001000"}"#;
        let taken = world.lines(Kind::Organization, moved, &from("x"));
        assert_eq!(taken.codes(), [(1, "", "identity.conflict")]);
        assert_eq!(world.things(Kind::Organization).len(), 2);
        assert_eq!(world.faults(), [""; 0]);
    }
}

#[test]
fn an_import_may_do_what_its_actor_may_do_over_rest() {
    use musubi::domain::access::{AccountActor, Membership, Right};
    for world in World::all() {
        world.csv(Kind::Organization, "法人番号,名称,公開範囲\n8390002001000,甲社,公開\n1011001060519,乙社,非公開\n");
        let party = world.thing(Kind::Organization, "name_ja", "甲社")["id"].as_str().expect("an id").to_owned();
        let party = musubi::domain::ThingId::parse(&party).expect("an id");
        let member = Actor::Account(AccountActor {
            id: musubi::domain::ThingId::new(),
            roles: Vec::new(),
            memberships: vec![Membership { party, right: Right::Editor }],
            standing: None,
        });
        let take = |kind: Kind, text: &str| {
            let mut notes = Notes::default();
            let mut table =
                Table::open(Planner::new(kind), Cursor::new(text.as_bytes().to_vec()), b',', None, &mut notes)
                    .expect("a table");
            let mut heard = Heard::default();
            let report =
                import(&world.database, &member, kind, &mut table, notes, &plain(), &mut heard).expect("an import");
            Taken { report, outcomes: heard.0 }
        };
        let seq = world.seq();
        let file = "法人番号,名称,従業員数\n8390002001000,甲社,5\n1011001060519,乙社,6\n1011102003459,丙社,7\n";
        assert_eq!(
            take(Kind::Organization, file).codes(),
            [(2, "", "forbidden"), (3, "", "already-exists"), (4, "", "forbidden")]
        );
        assert_eq!(world.seq(), seq);
        let file = "法人番号,種別,名称\n8390002001000,設備,旋盤\n1011001060519,設備,研磨機\n";
        let taken = take(Kind::Capability, file);
        assert_eq!((taken.counts(), taken.codes().len()), ((1, 0, 0, 1), 1), "{:?}", taken.codes());
    }
}

// ---- export ----------------------------------------------------------------------------------------------------

fn filled() -> World {
    let world = World::sqlite();
    world.lines(
        Kind::Organization,
        "{\"name\":\"=甲社\",\"kind\":\"firm\",\"aliases\":[\"a; b\",\"[c\"],\"description\":\"一行\\n'二行\",\"sdgs\":[7,9]}\n\
         {\"name\":\"乙大学\",\"name_en\":\"B, Univ. \\\"B\\\"\",\"kind\":\"university\",\"aliases\":[\"乙大\",\"B大\"],\"visibility\":\"members\"}",
        &from("first"),
    );
    let organization = world.things(Kind::Organization)[0]["id"].as_str().expect("an id").to_owned();
    let take = |kind: Kind, line: Value| {
        let taken = world.lines(kind, &line.to_string(), &from("first"));
        assert_eq!(taken.counts(), (1, 0, 0, 0), "{:?}", taken.refusals());
    };
    take(Kind::Person, json!({"name": "架空 花子", "affiliations": [organization]}));
    take(
        Kind::Capability,
        json!({"owner": organization, "kind": "process", "name": "-40℃の加工", "price_min": 0, "trial_use": false}),
    );
    take(
        Kind::Seed,
        json!({"owner": organization, "title": "種", "patents": ["特願2099-000123"], "offers": ["licence"]}),
    );
    take(
        Kind::Need,
        json!({"owner": organization, "title": "要る", "anonymous": true, "lines": [
        {"strength": "must", "text_ja": "薄い", "text_en": "thin"},
        {"strength": "exclude", "condition": {"field": "employees", "operator": "at_least", "values": ["300"]}}]}),
    );
    take(
        Kind::Record,
        json!({"title": "実績", "date": "FY2023", "members": [{"party": organization, "role": "代表"}]}),
    );
    take(
        Kind::Exhibition,
        json!({"title": "展示会", "begins_on": "2027-02-03", "theme": [{"text_ja": "封止; 塗布", "concepts": ["organic_el"]}],
               "booths": [{"id": "A-1", "column": 0, "row": 0, "price": 1000}], "price": 5}),
    );
    world
}

/// The fields that people typed, with ids of things replaced by the names they have.
fn domain_of(world: &World, kind: Kind) -> Vec<String> {
    let mut names: Vec<(String, String)> = Vec::new();
    for kind in Kind::ALL {
        for thing in world.things(*kind) {
            let title = ["name_ja", "title_ja"].iter().find_map(|field| thing[*field].as_str()).unwrap_or("");
            names.push((thing["id"].as_str().expect("an id").to_owned(), title.to_owned()));
        }
    }
    let mut domain: Vec<String> = world
        .things(kind)
        .into_iter()
        .map(|mut thing| {
            for header in ["id", "version", "created_at", "updated_at", "verified_on"] {
                thing.as_object_mut().expect("an object").remove(header);
            }
            names.iter().fold(thing.to_string(), |text, (id, name)| text.replace(id, name))
        })
        .collect();
    domain.sort();
    domain
}

#[test]
fn what_was_exported_imports_again_unchanged_and_into_an_empty_system() {
    for format in [Format::JsonLines, Format::Csv] {
        let world = filled();
        let seq = world.seq();
        for copy in World::all() {
            for kind in Kind::ALL {
                let bytes = world.exported(*kind, format);
                let take = |world: &World, options: &ImportOptions| match format {
                    Format::JsonLines => world.lines(*kind, std::str::from_utf8(&bytes).expect("UTF-8"), options),
                    Format::Csv | Format::CsvCp932 | Format::Xlsx => {
                        world.table(*kind, &bytes, options).expect("a readable table")
                    }
                };
                let again = take(&world, &plain());
                let count = again.report.rows.rows();
                assert_eq!(again.counts(), (0, 0, count, 0), "{kind:?} {format:?}: {:?}", again.refusals());
                let moved = take(&copy, &from("other-system"));
                assert_eq!(moved.counts(), (count, 0, 0, 0), "{kind:?} {format:?}: {:?}", moved.refusals());
                assert_eq!(domain_of(&world, *kind), domain_of(&copy, *kind), "{format:?}");
            }
            assert_eq!(copy.faults(), [""; 0]);
        }
        assert_eq!(world.seq(), seq);
    }
}

#[test]
fn cells_that_a_spreadsheet_would_run_are_inert() {
    let text = String::from_utf8(filled().exported(Kind::Organization, Format::Csv)).expect("UTF-8");
    assert!(text.starts_with("\u{feff}id,organization_kind,name_ja,name_en,name_kana,corporate_number,"), "{text}");
    assert!(text.contains(",'=甲社,"), "{text}");
    assert!(!text.contains(",=甲社"));
}

#[test]
fn pages_of_an_export_cover_everything_once() {
    let world = World::sqlite();
    let mut file = String::from("名称\n");
    for place in 0..1_234 {
        file.push_str(&format!("会社{place}\n"));
    }
    world.csv(Kind::Organization, &file);
    let mut ids: Vec<String> = world.things(Kind::Organization).iter().map(|thing| thing["id"].to_string()).collect();
    assert_eq!(ids.len(), 1_234);
    ids.dedup();
    assert_eq!(ids.len(), 1_234);
    let page = Page { limit: 5, ..Page::default() };
    let listed =
        world.database.read(|conn| things::list::<Organization>(conn, &Scope::Everything, &Filter::default(), &page));
    assert_eq!(listed.expect("a page").items.len(), 5);
    assert_eq!(world.database.read(|conn| things::count(conn, Kind::Person)).expect("a count"), 0);
}

// ---- check -----------------------------------------------------------------------------------------------------

#[test]
fn check_finds_what_was_altered_behind_the_service() {
    let sabotage: [(&str, &str); 7] = [
        ("UPDATE changes SET actor = 'nobody' WHERE seq = 1", "log.digest"),
        ("DELETE FROM changes WHERE seq = 1 AND line = 1", "log.chain"),
        ("DELETE FROM changes WHERE seq = (SELECT MAX(seq) FROM changes)", "log.head"),
        ("DELETE FROM people", "thing.row"),
        ("UPDATE things SET version = version + 1 WHERE kind = 'seed'", "thing.versions"),
        ("UPDATE things SET title_ja = 'other' WHERE kind = 'need'", "thing.snapshot"),
        ("DELETE FROM external_references WHERE scheme = 'corporate_number'", "thing.reference"),
    ];
    for (statement, code) in sabotage {
        let world = filled();
        world.lines(Kind::Organization, r#"{"name":"丙社","corporate_number":"8390002001000"}"#, &plain());
        assert_eq!(world.faults(), [""; 0]);
        let path = world.folder.path().join("musubi.db");
        let mut conn = SqliteConnection::establish(&path.to_string_lossy()).expect("a second connection");
        conn.batch_execute(statement).expect("an altered database");
        assert!(world.faults().contains(&code), "{statement}: {:?}", world.faults());
    }
}

// ---- the command line ------------------------------------------------------------------------------------------

fn musubi(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_musubi"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("MUSUBI_") || name == "DATABASE_URL" || name.starts_with("LC_") || name == "LANG" {
            command.env_remove(name.as_ref());
        }
    }
    command.current_dir(folder).env("LANG", "en_US.UTF-8").args(arguments).output().expect("a run of the program")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("JSON: {output:?}"))
}

#[test]
fn the_program_imports_exports_and_checks_with_its_exit_codes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let file = folder.join("firms.csv");
    std::fs::write(&file, "法人番号,名称\n8390002001000,甲社\n8390002001001,乙社\n").expect("a written file");

    let early = musubi(folder, &["export", "organizations"]);
    assert_eq!(code(&early), 3);
    assert!(error(&early).contains("musubi migrate"), "{}", error(&early));
    assert!(!folder.join("data").exists(), "a reading command creates nothing");

    let taken = musubi(folder, &["--json", "import", "organizations", "firms.csv", "--report", "report.csv"]);
    assert_eq!(code(&taken), 1, "{}", error(&taken));
    let report = json_of(&taken);
    assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)));
    assert_eq!(report["refusals"][0]["column"], "法人番号");
    assert_eq!(report["encoding"], "UTF-8");
    let lines = std::fs::read_to_string(folder.join("report.csv")).expect("a report");
    assert!(
        lines.contains("2,created,") && lines.contains("3,refused,,法人番号,corporate_number.check_digit"),
        "{lines}"
    );

    let japanese = musubi(folder, &["--lang", "ja", "import", "organizations", "firms.csv", "--dry-run"]);
    let shown = String::from_utf8_lossy(&japanese.stdout).into_owned();
    assert!(shown.contains("3行目「法人番号」") && shown.contains("変更なし1件"), "{shown}");

    let out = musubi(folder, &["--json", "export", "organizations", "--out", "all.jsonl"]);
    assert_eq!((code(&out), &json_of(&out)["rows"]), (0, &json!(1)));
    assert!(!folder.join("all.jsonl.part").exists());
    let again = musubi(folder, &["import", "organizations", "all.jsonl"]);
    assert_eq!(code(&again), 0);
    assert!(String::from_utf8_lossy(&again.stdout).contains("1 unchanged"));

    let checked = musubi(folder, &["--json", "check"]);
    assert_eq!((code(&checked), &json_of(&checked)["fault_count"]), (0, &json!(0)));
    let migrated = musubi(folder, &["--json", "migrate"]);
    assert_eq!((code(&migrated), &json_of(&migrated)["applied"]), (0, &json!([])));
    let version = musubi(folder, &["--json", "version"]);
    assert_eq!((code(&version), &json_of(&version)["name"]), (0, &json!("musubi")));
}

#[test]
fn the_generated_corpus_goes_in_with_its_capabilities() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let made = musubi(folder, &["--json", "bench-corpus", "300", "--seed", "7", "--out", "corpus.jsonl"]);
    assert_eq!(code(&made), 0, "{}", error(&made));
    let taken = musubi(folder, &["--json", "import", "organizations", "corpus.jsonl"]);
    assert_eq!(code(&taken), 0, "{}", error(&taken));
    let report = json_of(&taken);
    let documents = |report: &Value| {
        report["created"].as_u64().unwrap_or(0) + report["capabilities"]["created"].as_u64().unwrap_or(0)
    };
    assert_eq!(documents(&report), 300);
    assert_eq!(report["notes"], json!([]));
    let again = json_of(&musubi(folder, &["--json", "import", "organizations", "corpus.jsonl"]));
    assert_eq!((documents(&again), &again["updated"]), (0, &json!(0)));
}

#[test]
fn wrong_use_is_2_and_what_cannot_run_is_3() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    std::fs::write(folder.join("a.xlsx"), "").expect("a written file");
    std::fs::write(folder.join("a.ods"), "").expect("a written file");
    std::fs::write(folder.join("a.csv"), "").expect("a written file");
    std::fs::write(folder.join("musubi.toml"), "[server]\nlistn = \"x\"\n").expect("a written file");
    for (arguments, expected, word) in [
        (&[][..], 2, "Usage"),
        (&["import", "robots", "a.csv"], 2, "robots"),
        (&["import", "organizations", "a.ods"], 2, ".jsonl"),
        (&["import", "organizations", "a.xlsx"], 3, "empty"),
        (&["import", "organizations", "a.csv", "--mapping", "nobody's"], 2, "mapping"),
        (&["import", "organizations", "a.csv", "--map", "color=colour"], 2, "colour"),
        (&["import", "organizations", "."], 2, "format"),
        (&["import", "organizations", "a.csv", "--source", "a:b"], 2, "source name"),
        (&["--config", "musubi.toml", "check"], 2, "server.listen"),
        (&["import", "organizations", "absent.csv"], 3, "cannot be read"),
        (&["import", "organizations", "a.csv"], 3, "empty"),
        (&["check"], 3, "musubi migrate"),
    ] {
        let output = musubi(folder, arguments);
        assert_eq!(code(&output), expected, "{arguments:?}: {}", error(&output));
        assert!(error(&output).contains(word), "{arguments:?}: {}", error(&output));
    }
    let output = musubi(folder, &["--json", "check"]);
    let problem: Value = serde_json::from_slice(&output.stderr).expect("JSON");
    assert_eq!(problem["error"]["code"], "cannot-run");
    let help = musubi(folder, &["serve", "--help"]);
    assert_eq!(code(&help), 0);
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(help.contains("MUSUBI_SERVER_LISTEN") && help.contains("limits.body_bytes"), "{help}");
}

#[test]
fn the_name_of_a_file_says_its_form_and_a_long_list_says_how_much_more_there_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let rows: String = (0..25).map(|number| format!("𠮷野{number}号〜\n")).collect();
    std::fs::write(folder.join("a.csv"), format!("名称\n{rows}")).expect("a written file");
    std::fs::copy(folder.join("a.csv"), folder.join("a.txt")).expect("a copy");
    assert_eq!(code(&musubi(folder, &["import", "organizations", "a.csv"])), 0);
    for (name, begins) in [("x.csv", &b"\xef\xbb\xbfid,"[..]), ("x.xlsx", b"PK"), ("x.jsonl", b"{\""), ("x", b"{\"")] {
        let out = musubi(folder, &["export", "organizations", "--out", name]);
        assert_eq!(code(&out), 0, "{name}: {}", error(&out));
        assert!(std::fs::read(folder.join(name)).expect("a file").starts_with(begins), "{name}");
    }
    for (arguments, word) in [
        (&["export", "organizations", "--out", "y.csv", "--format", "xlsx"][..], "y.csv"),
        (&["export", "organizations", "--out", "y.ods"], "--format"),
        (&["import", "organizations", "a.csv", "--format", "xlsx"], "a.csv"),
        (&["import", "organizations", "a.txt"], "--format"),
    ] {
        let output = musubi(folder, arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", error(&output));
        assert!(error(&output).contains(word), "{arguments:?}: {}", error(&output));
    }
    assert!(!folder.join("y.csv").exists());
    let again = musubi(folder, &["import", "organizations", "a.txt", "--format", "csv"]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("25 unchanged"), "{}", error(&again));
    let lossy = musubi(folder, &["export", "organizations", "--out", "z.csv", "--format", "csv-cp932"]);
    let told = error(&lossy);
    assert!(told.contains("25 cell(s)") && told.contains("〜 → ～") && told.contains("𠮷 → &#134071;"), "{told}");
    assert!(told.contains("row 2, \"name_ja\"") && told.contains("and 5 more"), "{told}");
}

#[test]
fn a_held_folder_can_be_read_and_not_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    std::fs::write(folder.join("a.csv"), "名称\n甲社\n").expect("a written file");
    assert_eq!(code(&musubi(folder, &["import", "organizations", "a.csv"])), 0);
    let data = folder.join("data");
    let lock = musubi::commands::open::FolderLock::take(&data).expect("a lock file").expect("nobody holds it");
    for arguments in [&["import", "organizations", "a.csv"][..], &["migrate"]] {
        let output = musubi(folder, arguments);
        assert_eq!(code(&output), 3, "{arguments:?}");
        assert!(error(&output).contains("in use by another musubi"), "{}", error(&output));
    }
    assert!(
        error(&musubi(folder, &["import", "organizations", "a.csv"]))
            .contains("POST /api/v1/imports?kind=organizations")
    );
    for arguments in [&["export", "organizations"][..], &["check"]] {
        assert_eq!(code(&musubi(folder, arguments)), 0, "{arguments:?}");
    }
    drop(lock);
    assert_eq!(code(&musubi(folder, &["import", "organizations", "a.csv"])), 0);
}

#[test]
fn an_archive_a_backup_and_a_remembered_mapping_on_the_command_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    std::fs::write(folder.join("a.csv"), "カイシャ,備考\n甲社,x\n").expect("a written file");
    let first =
        ["import", "organizations", "a.csv", "--mapping", "ours", "--map", "カイシャ=name_ja", "--map", "備考="];
    let taken = musubi(folder, &[&["--json"], &first[..]].concat());
    assert_eq!(code(&taken), 0, "{}", error(&taken));
    assert_eq!(json_of(&taken)["notes"].as_array().map(Vec::len), Some(1), "only: the kind is read from the name");
    let again = musubi(folder, &["--lang", "ja", "import", "organizations", "a.csv", "--mapping", "ours", "--dry-run"]);
    let shown = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(shown.contains("カイシャ → name_ja") && shown.contains("変更なし1件"), "{shown} {}", error(&again));

    let book = musubi(folder, &["--json", "export", "organizations", "--format", "xlsx", "--out", "all.xlsx"]);
    assert_eq!((code(&book), &json_of(&book)["rows"]), (0, &json!(1)), "{}", error(&book));
    let taken = json_of(&musubi(folder, &["--json", "import", "organizations", "all.xlsx"]));
    assert_eq!(taken["unchanged"], 1, "{taken}");

    assert_eq!(code(&musubi(folder, &["export", "archive"])), 2);
    let archive = musubi(folder, &["--json", "export", "archive", "--out", "all.archive"]);
    assert_eq!(code(&archive), 0, "{}", error(&archive));
    let restored = musubi(folder, &["--json", "--data", "other", "restore", "all.archive"]);
    assert_eq!((code(&restored), &json_of(&restored)["rows"]), (0, &json_of(&archive)["rows"]), "{}", error(&restored));
    assert_eq!(code(&musubi(folder, &["--data", "other", "check"])), 0);
    let same = |data: &str| musubi(folder, &["--data", data, "export", "organizations"]).stdout;
    assert_eq!(same("data"), same("other"), "ids, versions and times are kept");
    assert_eq!(code(&musubi(folder, &["--data", "other", "restore", "all.archive"])), 3, "not into what is not empty");
    let whole = std::fs::read_to_string(folder.join("all.archive")).expect("the archive");
    let cut: Vec<&str> = whole.lines().take(whole.lines().count() - 1).collect();
    std::fs::write(folder.join("cut.archive"), cut.join("\n")).expect("a written file");
    assert_eq!(code(&musubi(folder, &["--data", "third", "restore", "cut.archive"])), 3);
    assert_eq!(musubi(folder, &["--data", "third", "export", "organizations"]).stdout, b"", "nothing is half restored");

    let backup = musubi(folder, &["backup", "copy.db"]);
    assert_eq!(code(&backup), 0, "{}", error(&backup));
    let url = ["--data", "fourth", "--database-url", "sqlite:copy.db"];
    let copied = musubi(folder, &[&url[..], &["export", "organizations"]].concat());
    assert_eq!(copied.stdout, same("data"));
    assert_eq!(code(&musubi(folder, &["backup", "copy.db"])), 2, "an existing file stays");
}
