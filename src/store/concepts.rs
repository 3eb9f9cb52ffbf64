//! The concept tree as administrators keep it. Each change is a row of the log, so every index follows it.

use super::connection::Conn;
use super::database::Tx;
use super::log::{Action, Subject};
use super::page::Place;
use super::schema::concepts;
use crate::domain::codes::ConceptCode;
use crate::domain::finding::Message;
use crate::domain::vocabulary::CONCEPTS;
use crate::domain::{Defect, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;

/// A concept, its place in the tree and its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concept {
    pub id: ThingId,
    pub code: String,
    /// Code of the wider concept; none at the top.
    pub parent: Option<String>,
    pub names: Names,
    pub version: i64,
    pub updated_at: Timestamp,
}

/// What people may write of a concept. At least one name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    pub name_ja: Option<String>,
    pub name_en: Option<String>,
    pub synonyms_ja: Vec<String>,
    pub synonyms_en: Vec<String>,
}

/// Steps up to the top at most.
const DEEPEST: usize = 12;
/// Rows in one insert when the tree is filled.
const ROWS: usize = 100;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = concepts)]
struct Row {
    id: String,
    code: String,
    parent: Option<String>,
    name_ja: Option<String>,
    name_en: Option<String>,
    synonyms_ja: String,
    synonyms_en: String,
    version: i64,
    updated_at: String,
}

impl From<Row> for Concept {
    fn from(row: Row) -> Concept {
        let list = |text: &str| text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Concept {
            id: ThingId::from_stored(row.id),
            code: row.code,
            parent: row.parent,
            names: Names {
                name_ja: row.name_ja,
                name_en: row.name_en,
                synonyms_ja: list(&row.synonyms_ja),
                synonyms_en: list(&row.synonyms_en),
            },
            version: row.version,
            updated_at: Timestamp::from_stored(row.updated_at),
        }
    }
}

#[derive(serde::Deserialize)]
struct FileRow {
    code: String,
    parent: Option<String>,
    name_ja: Option<String>,
    name_en: Option<String>,
    synonyms_ja: String,
    synonyms_en: String,
}

/// Fills the empty table from the file.
pub(super) fn seed(conn: &mut Conn) -> Result<()> {
    if concepts::table.count().get_result::<i64>(conn)? > 0 {
        return Ok(());
    }
    let mut rows = Vec::new();
    let mut file = csv::ReaderBuilder::new().delimiter(b'\t').quoting(false).from_reader(CONCEPTS.as_bytes());
    for row in file.deserialize() {
        let row: FileRow = row.map_err(|error| Error::internal(format!("concept file: {error}")))?;
        rows.push(Row {
            id: ThingId::new().into(),
            code: row.code,
            parent: row.parent,
            name_ja: row.name_ja,
            name_en: row.name_en,
            synonyms_ja: row.synonyms_ja.replace('|', "\n"),
            synonyms_en: row.synonyms_en.replace('|', "\n"),
            version: 1,
            // The tree of a new database is older than anything in it.
            updated_at: NEVER.to_owned(),
        });
    }
    for rows in rows.chunks(ROWS) {
        let insert = diesel::insert_into(concepts::table);
        match conn {
            Conn::Sqlite(conn) => insert.values(rows).execute(conn)?,
            Conn::Postgresql(conn) => insert.values(rows).execute(conn)?,
        };
    }
    Ok(())
}

/// When the tree of a new database was changed last: never.
const NEVER: &str = "1970-01-01T00:00:00.000000Z";

impl Concept {
    /// Somebody has written it; it is not what came with the service.
    pub fn has_changed(&self) -> bool {
        self.updated_at.as_str() != NEVER
    }
}

/// The whole tree, by code.
pub fn all(conn: &mut Conn) -> Result<Vec<Concept>> {
    let rows: Vec<Row> = concepts::table.order(concepts::code).select(Row::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Concept::from).collect())
}

pub fn get(conn: &mut Conn, code: &str) -> Result<Concept> {
    let row: Row = concepts::table.filter(concepts::code.eq(code)).select(Row::as_select()).first(conn)?;
    Ok(row.into())
}

/// A page by code: all concepts, or those right below `parent`.
pub fn list(
    conn: &mut Conn,
    parent: Option<&str>,
    after: Option<&Place>,
    limit: usize,
) -> Result<(Vec<Concept>, Option<Place>)> {
    let mut rows = concepts::table.into_boxed();
    if let Some(parent) = parent {
        rows = rows.filter(concepts::parent.eq(parent.to_owned()));
    }
    if let Some(after) = after {
        rows = rows.filter(concepts::code.gt(after.key.clone()));
    }
    let mut rows: Vec<Row> = rows.order(concepts::code).limit(limit as i64 + 1).select(Row::as_select()).load(conn)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Place { key: row.code.clone(), id: row.id.clone() });
    Ok((rows.into_iter().map(Concept::from).collect(), next))
}

/// Adds a concept.
pub fn create(tx: &mut Tx<'_>, code: &ConceptCode, parent: Option<&ConceptCode>, names: Names) -> Result<Concept> {
    let code = code.as_str();
    let taken: i64 = concepts::table.filter(concepts::code.eq(code)).count().get_result(tx.conn())?;
    if taken > 0 {
        return Err(Error::Conflict(Defect::new(
            "concept-exists",
            format!("コード「{code}」の概念はすでにあります。"),
            format!("There is a concept with the code \"{code}\" already."),
        )));
    }
    check_parent(tx.conn(), code, parent.map(ConceptCode::as_str))?;
    check_names(&names)?;
    let row = Row {
        id: ThingId::new().into(),
        code: code.to_owned(),
        parent: parent.map(|parent| parent.as_str().to_owned()),
        name_ja: names.name_ja,
        name_en: names.name_en,
        synonyms_ja: names.synonyms_ja.join("\n"),
        synonyms_en: names.synonyms_en.join("\n"),
        version: 1,
        updated_at: tx.at().as_str().to_owned(),
    };
    diesel::insert_into(concepts::table).values(&row).execute(tx.conn())?;
    let concept = Concept::from(row);
    tx.record(Action::Create, Subject::Concept, &concept.id, false)?;
    Ok(concept)
}

/// Changes a concept that still is at version `expected`.
pub fn change(
    tx: &mut Tx<'_>,
    code: &str,
    expected: i64,
    change: impl FnOnce(Concept) -> Result<Concept>,
) -> Result<Concept> {
    let current = get(tx.conn(), code)?;
    if current.version != expected {
        return Err(Error::Stale { current: current.version });
    }
    let changed = change(current.clone())?;
    if changed == current {
        tx.unchanged();
        return Ok(current);
    }
    check_parent(tx.conn(), code, changed.parent.as_deref())?;
    check_names(&changed.names)?;
    diesel::update(concepts::table.filter(concepts::code.eq(code)))
        .set((
            concepts::parent.eq(&changed.parent),
            concepts::name_ja.eq(&changed.names.name_ja),
            concepts::name_en.eq(&changed.names.name_en),
            concepts::synonyms_ja.eq(changed.names.synonyms_ja.join("\n")),
            concepts::synonyms_en.eq(changed.names.synonyms_en.join("\n")),
            concepts::version.eq(current.version + 1),
            concepts::updated_at.eq(tx.at().as_str().to_owned()),
        ))
        .execute(tx.conn())?;
    tx.record(Action::Update, Subject::Concept, &current.id, false)?;
    get(tx.conn(), code)
}

/// Takes a concept out that has none below it.
pub fn remove(tx: &mut Tx<'_>, code: &str, expected: i64) -> Result<()> {
    let current = get(tx.conn(), code)?;
    if current.version != expected {
        return Err(Error::Stale { current: current.version });
    }
    let below: i64 = concepts::table.filter(concepts::parent.eq(code)).count().get_result(tx.conn())?;
    if below > 0 {
        return Err(Error::Conflict(Defect::new(
            "concept-has-narrower",
            format!("下位の概念が{below}件あります。先に移すか削除してください。"),
            format!("{below} concept(s) stand below this one. Move or delete them first."),
        )));
    }
    diesel::delete(concepts::table.filter(concepts::code.eq(code))).execute(tx.conn())?;
    tx.record(Action::Delete, Subject::Concept, &current.id, false)
}

fn check_names(names: &Names) -> Result<()> {
    if names.name_ja.is_some() || names.name_en.is_some() {
        return Ok(());
    }
    let message = Message::new("日本語か英語の名称が必要です。", "A name in Japanese or English is needed.");
    Err(Error::invalid("/name_ja", Defect::new("name.missing", message.ja, message.en)))
}

/// The wider concept is there, and is neither this one nor below it.
fn check_parent(conn: &mut Conn, code: &str, parent: Option<&str>) -> Result<()> {
    let mut at = parent.map(str::to_owned);
    for _ in 0..DEEPEST {
        let Some(wider) = at.take() else { return Ok(()) };
        if wider == code {
            return Err(circle());
        }
        let found: Option<Option<String>> =
            concepts::table.filter(concepts::code.eq(&wider)).select(concepts::parent).first(conn).optional()?;
        let Some(next) = found else {
            return Err(Error::invalid(
                "/parent",
                Defect::new("reference.unknown", "その概念はありません。", "There is no such concept."),
            ));
        };
        at = next;
    }
    if at.is_none() { Ok(()) } else { Err(circle()) }
}

fn circle() -> Error {
    Error::invalid(
        "/parent",
        Defect::new(
            "concept.circle",
            format!("自分自身や下位の概念の下には置けません（深さは{DEEPEST}段まで）。"),
            format!("A concept cannot stand below itself or what is below it (at most {DEEPEST} deep)."),
        ),
    )
}
