//! The database against itself: is the log whole, does every thing have its row, its history and what it refers to?

use super::bonds::kinds_of;
use super::connection::{Conn, IN_LIST};
use super::database::Database;
use super::schema::{external_references, things, versions};
use super::things::{Stored, get_many, ids_after};
use super::{log, matters, references};
use crate::domain::desk::{
    Application, BoothPlan, Case, Composition, Group, Introduction, Matter, Meeting, Proposal, Timetable,
};
use crate::domain::finding::Message;
use crate::domain::{Capability, Exhibition, Kind, Need, Organization, Person, Record, Relation, Scope, Seed, Thing};
use crate::error::{Error, Result};
use diesel::prelude::*;
use serde::Serialize;
use std::collections::HashMap;

/// Rows that are looked at in one snapshot.
const PAGE: i64 = 500;

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub code: &'static str,
    /// The thing, or the place in the log (`seq/line`).
    pub place: String,
    pub message: Message,
}

impl Fault {
    pub fn new(code: &'static str, place: impl ToString, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, place: place.to_string(), message: Message::new(ja, en) }
    }
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    pub changes: u64,
    pub things: u64,
}

/// Checks everything; `fault` hears of what does not fit. Works beside a running service.
pub fn check(database: &Database, fault: &mut dyn FnMut(Fault)) -> Result<Checked> {
    let mut checked = Checked { changes: check_log(database, fault)?, things: 0 };
    for kind in Kind::ALL {
        checked.things += match kind {
            Kind::Organization => check_kind::<Organization>(database, fault)?,
            Kind::Person => check_kind::<Person>(database, fault)?,
            Kind::Capability => check_kind::<Capability>(database, fault)?,
            Kind::Seed => check_kind::<Seed>(database, fault)?,
            Kind::Need => check_kind::<Need>(database, fault)?,
            Kind::Record => check_kind::<Record>(database, fault)?,
            Kind::Exhibition => check_kind::<Exhibition>(database, fault)?,
        };
    }
    database.read(|conn| check_strays(conn, fault))?;
    check_matters::<Proposal>(database, fault)?;
    check_matters::<Introduction>(database, fault)?;
    check_matters::<Case>(database, fault)?;
    check_matters::<Timetable>(database, fault)?;
    check_matters::<Meeting>(database, fault)?;
    check_matters::<BoothPlan>(database, fault)?;
    check_matters::<Application>(database, fault)?;
    check_matters::<Composition>(database, fault)?;
    check_matters::<Group>(database, fault)?;
    Ok(checked)
}

/// Does every row of the desk say what its events say?
fn check_matters<M: Matter>(database: &Database, fault: &mut dyn FnMut(Fault)) -> Result<()> {
    let mut after = String::new();
    loop {
        let page = database.read(|conn| matters::rows_after::<M>(conn, &after, PAGE))?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after.clone_from(last);
        for (id, _) in page.iter().filter(|(_, fits)| !fits) {
            fault(Fault::new(
                "matter.row",
                id,
                format!("{} の行が、その履歴と合いません。", M::KIND.name_ja()),
                format!("The row of a {} does not follow from its events.", M::KIND.code()),
            ));
        }
    }
}

/// Follows the chain from the first row to the head.
fn check_log(database: &Database, fault: &mut dyn FnMut(Fault)) -> Result<u64> {
    let head = database.read(log::head)?;
    let mut chain = log::genesis(&head.epoch);
    let (mut seq, mut count) = (0, 0);
    loop {
        let rows = database.read(|conn| log::after(conn, seq, 10 * PAGE))?;
        let Some(last) = rows.last() else { break };
        let next = last.seq;
        // What was written since the head was read is not ours to judge.
        for row in rows.iter().filter(|row| row.seq <= head.seq) {
            count += 1;
            let place = format!("{}/{}", row.seq, row.line);
            // An erased row has no salt and no text; its digest stands for it.
            if !row.salt.is_empty() && log::digest_of(row) != row.digest {
                fault(Fault::new(
                    "log.digest",
                    &place,
                    "変更記録の行が書き換えられています。",
                    "A row of the change log was altered.",
                ));
            }
            chain = log::chain_after(&chain, &row.digest);
            if chain != row.chain {
                fault(Fault::new(
                    "log.chain",
                    &place,
                    "変更記録の鎖がここで切れています（行の欠落、挿入、書き換え）。",
                    "The chain of the change log breaks here (a row is missing, inserted or altered).",
                ));
                // One break is one fault.
                chain.clone_from(&row.chain);
            }
        }
        seq = next;
        if seq >= head.seq {
            break;
        }
    }
    if seq < head.seq || chain != head.chain {
        fault(Fault::new(
            "log.head",
            head.seq,
            "変更記録の終わりが、記録された末尾と合いません（末尾の行の欠落）。",
            "The end of the change log is not where its head says (rows are missing at the end).",
        ));
    }
    Ok(count)
}

fn check_kind<E: Stored>(database: &Database, fault: &mut dyn FnMut(Fault)) -> Result<u64> {
    let mut after = String::new();
    let mut count = 0;
    loop {
        let last = database.read(|conn| {
            let ids = ids_after(conn, E::KIND, &after, PAGE)?;
            check_page::<E>(conn, &ids, fault)?;
            count += ids.len() as u64;
            Ok(ids.into_iter().next_back())
        })?;
        match last {
            Some(last) => after = last,
            None => return Ok(count),
        }
    }
}

fn check_page<E: Stored>(conn: &mut Conn, ids: &[String], fault: &mut dyn FnMut(Fault)) -> Result<()> {
    let rows: HashMap<String, E::Row> = E::rows(conn, ids)?.into_iter().collect();
    let (whole, bare): (Vec<String>, Vec<String>) = ids.iter().cloned().partition(|id| rows.contains_key(id));
    for id in bare {
        fault(Fault::new(
            "thing.row",
            id,
            format!("{} の見出しはありますが、中身の行がありません。", E::KIND.name_ja()),
            format!("A {} has its header but no row of its own.", E::KIND.code()),
        ));
    }
    let page = get_many::<E>(conn, &Scope::Everything, &whole)?;
    let mut wanted: Vec<String> = Vec::new();
    for thing in &page {
        wanted.extend(thing.entry.owner().map(ToString::to_string));
        wanted.extend(thing.entry.links().into_iter().map(|link| link.target.to_string()));
    }
    let kinds = kinds_of(conn, &Scope::Everything, wanted)?;
    let history = history_of(conn, &whole)?;
    let numbers = references::of_things(conn, &whole)?;
    for thing in &page {
        check_history(thing, history.get(thing.header.id.as_str()), fault);
        check_targets(thing, &kinds, fault);
        let known = numbers.get(thing.header.id.as_str()).map_or(&[][..], Vec::as_slice);
        for (scheme, value) in thing.entry.references() {
            if !known.iter().any(|(known, other)| known == scheme && *other == value) {
                fault(Fault::new(
                    "thing.reference",
                    &thing.header.id,
                    format!("{scheme} {value} が番号の表にありません。"),
                    format!("{scheme} {value} is not in the table of numbers."),
                ));
            }
        }
    }
    Ok(())
}

/// Of each thing: how many versions it has, the highest, and what that one says.
type History = (i64, i64, Option<String>);

fn history_of(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, History>> {
    let mut found: HashMap<String, History> = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(IN_LIST) {
        let rows: Vec<(String, i64, Option<String>)> = versions::table
            .filter(versions::thing_id.eq_any(ids))
            .order((versions::thing_id, versions::version))
            .select((versions::thing_id, versions::version, versions::snapshot))
            .load(conn)?;
        for (id, version, snapshot) in rows {
            let count = found.get(&id).map_or(0, |(count, _, _)| *count);
            found.insert(id, (count + 1, version, snapshot));
        }
    }
    Ok(found)
}

fn check_history<E: Stored>(thing: &Thing<E>, history: Option<&History>, fault: &mut dyn FnMut(Fault)) {
    let version = thing.header.version;
    let (count, highest, snapshot) = history.cloned().unwrap_or_default();
    if count != version || highest != version {
        fault(Fault::new(
            "thing.versions",
            &thing.header.id,
            format!("版は{version}ですが、履歴は{count}件、最後の版は{highest}です。"),
            format!("Its version is {version}, but the history has {count} and ends at {highest}."),
        ));
        return;
    }
    let kept = snapshot.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    if kept != serde_json::to_value(&thing.entry).ok() {
        fault(Fault::new(
            "thing.snapshot",
            &thing.header.id,
            "履歴の最後の版と今の中身が違います。",
            "The last version of the history is not what the thing says now.",
        ));
    }
}

fn check_targets<E: Stored>(thing: &Thing<E>, kinds: &HashMap<String, Kind>, fault: &mut dyn FnMut(Fault)) {
    let mut targets: Vec<(&str, String, &[Kind])> = Vec::new();
    if let Some(owner) = thing.entry.owner() {
        targets.push(("owner", owner.to_string(), &[Kind::Organization, Kind::Person]));
    }
    for link in thing.entry.links() {
        let relation: Relation = link.relation;
        targets.push((relation.code(), link.target.to_string(), relation.targets()));
    }
    for (name, target, allowed) in targets {
        if !kinds.get(&target).is_some_and(|kind| allowed.contains(kind)) {
            fault(Fault::new(
                "thing.dangling",
                &thing.header.id,
                format!("{name} の参照先 {target} がないか、種別が違います。"),
                format!("Its {name} {target} is not there, or of another kind."),
            ));
        }
    }
}

/// What no page of any kind would show.
fn check_strays(conn: &mut Conn, fault: &mut dyn FnMut(Fault)) -> Result<()> {
    let codes: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
    let foreign: Vec<(String, String)> =
        things::table.filter(things::kind.ne_all(codes)).select((things::id, things::kind)).limit(100).load(conn)?;
    for (id, kind) in foreign {
        fault(Fault::new(
            "thing.kind",
            id,
            format!("知らない種別「{kind}」です。新しい版で作られた可能性があります。"),
            format!("Its kind \"{kind}\" is not known here; a newer version may have made it."),
        ));
    }
    let dangling: Vec<(String, String, String)> = external_references::table
        .filter(external_references::thing_id.ne_all(things::table.select(things::id)))
        .select((external_references::scheme, external_references::value, external_references::thing_id))
        .limit(100)
        .load(conn)?;
    for (scheme, value, id) in dangling {
        fault(Fault::new(
            "reference.dangling",
            id,
            format!("{scheme} {value} の指すものがありません。"),
            format!("{scheme} {value} names something that is not there."),
        ));
    }
    let Conn::Sqlite(conn) = conn else { return Ok(()) };
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        quick_check: String,
    }
    let rows: Vec<Row> = diesel::sql_query("PRAGMA quick_check").load(conn).map_err(Error::from)?;
    for row in rows.into_iter().filter(|row| row.quick_check != "ok") {
        let found = row.quick_check;
        fault(Fault::new(
            "file.damaged",
            "SQLite",
            format!("データベースのファイルが壊れています: {found}"),
            format!("The database file is damaged: {found}"),
        ));
    }
    Ok(())
}
