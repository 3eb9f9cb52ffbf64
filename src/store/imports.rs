//! Imports over REST: state and what was found. Tables that are not things, kept by [`super::Database::housekeeping`];
//! only a batch is written with its rows, in their transaction.

use super::connection::{Conn, IN_LIST};
use super::database::Tx;
use super::schema::{external_references, import_batches, import_references, imports};
use crate::domain::vocabulary::Kind;
use crate::domain::{ThingId, Timestamp};
use crate::error::Result;
use diesel::prelude::*;
use std::collections::HashMap;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportState {
    /// The file is here and waits for its preview.
    Received,
    Previewing,
    /// Everything was tried and nothing written: commit or cancel.
    Previewed,
    Committing,
    Committed,
    /// Stopped on the way by a restart; what was written is in its result. Commit goes on, undo takes back.
    Interrupted,
    Undoing,
    /// An undo that stopped on the way, by a restart or an error: ask for it again, it goes on where it was.
    UndoInterrupted,
    Undone,
    /// Stopped by somebody; what was written can be undone.
    Cancelled,
    /// The file could not be read; nothing was written.
    Failed,
}

impl ImportState {
    pub const ALL: [ImportState; 11] = [
        ImportState::Received,
        ImportState::Previewing,
        ImportState::Previewed,
        ImportState::Committing,
        ImportState::Committed,
        ImportState::Interrupted,
        ImportState::Undoing,
        ImportState::UndoInterrupted,
        ImportState::Undone,
        ImportState::Cancelled,
        ImportState::Failed,
    ];

    pub fn code(self) -> &'static str {
        match self {
            ImportState::Received => "received",
            ImportState::Previewing => "previewing",
            ImportState::Previewed => "previewed",
            ImportState::Committing => "committing",
            ImportState::Committed => "committed",
            ImportState::Interrupted => "interrupted",
            ImportState::Undoing => "undoing",
            ImportState::UndoInterrupted => "undo_interrupted",
            ImportState::Undone => "undone",
            ImportState::Cancelled => "cancelled",
            ImportState::Failed => "failed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// An import as it is kept.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = imports)]
pub struct Import {
    pub id: String,
    pub node: String,
    pub kind: String,
    pub format: String,
    pub source: Option<String>,
    pub mapping: Option<String>,
    pub encoding: Option<String>,
    pub file_name: Option<String>,
    pub bytes: i64,
    pub state: String,
    pub created_by: String,
    pub created_at: String,
    pub updated_at: String,
    pub rows_done: i64,
    pub rows_total: Option<i64>,
    pub preview: Option<String>,
    pub result: Option<String>,
    pub undone: Option<String>,
    pub failure: Option<String>,
    pub undone_to: Option<i64>,
}

impl Import {
    pub fn state(&self) -> ImportState {
        ImportState::from_code(&self.state).unwrap_or(ImportState::Failed)
    }
}

/// What is known when the file has arrived.
#[derive(Debug, Clone)]
pub struct NewImport {
    pub id: ThingId,
    pub node: String,
    pub kind: Kind,
    pub format: String,
    pub source: Option<String>,
    pub mapping: Option<String>,
    pub encoding: Option<String>,
    pub file_name: Option<String>,
    pub bytes: i64,
    pub created_by: String,
}

pub fn create(conn: &mut Conn, new: &NewImport, at: &Timestamp) -> Result<()> {
    diesel::insert_into(imports::table)
        .values((
            imports::id.eq(new.id.as_str()),
            imports::node.eq(&new.node),
            imports::kind.eq(new.kind.code()),
            imports::format.eq(&new.format),
            imports::source.eq(&new.source),
            imports::mapping.eq(&new.mapping),
            imports::encoding.eq(&new.encoding),
            imports::file_name.eq(&new.file_name),
            imports::bytes.eq(new.bytes),
            imports::state.eq(ImportState::Received.code()),
            imports::created_by.eq(&new.created_by),
            imports::created_at.eq(at.as_str()),
            imports::updated_at.eq(at.as_str()),
            imports::rows_done.eq(0_i64),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn get(conn: &mut Conn, id: &ThingId) -> Result<Import> {
    Ok(imports::table.find(id.as_str()).select(Import::as_select()).first(conn)?)
}

/// Newest first: those before `before` (id), of one person where one is named.
pub fn list(conn: &mut Conn, created_by: Option<&str>, before: Option<&str>, limit: usize) -> Result<Vec<Import>> {
    let mut rows = imports::table.into_boxed();
    if let Some(name) = created_by {
        rows = rows.filter(imports::created_by.eq(name.to_owned()));
    }
    if let Some(before) = before {
        rows = rows.filter(imports::id.lt(before.to_owned()));
    }
    Ok(rows.order(imports::id.desc()).limit(limit as i64).select(Import::as_select()).load(conn)?)
}

/// Moves an import from one of these states to another. False: it was in none of them.
pub fn change_state(
    conn: &mut Conn,
    id: &ThingId,
    from: &[ImportState],
    to: ImportState,
    at: &Timestamp,
) -> Result<bool> {
    let codes: Vec<&str> = from.iter().map(|state| state.code()).collect();
    let changed = diesel::update(imports::table.find(id.as_str()).filter(imports::state.eq_any(codes)))
        .set((imports::state.eq(to.code()), imports::updated_at.eq(at.as_str())))
        .execute(conn)?;
    if changed == 1 && matches!(to, ImportState::Committing | ImportState::Undoing) {
        // Another step begins: what the one before went through is not what this one has.
        progress(conn, id, 0, at)?;
    }
    Ok(changed == 1)
}

/// How many rows the running step has gone through.
pub fn progress(conn: &mut Conn, id: &ThingId, rows: u64, at: &Timestamp) -> Result<()> {
    diesel::update(imports::table.find(id.as_str()))
        .set((imports::rows_done.eq(rows as i64), imports::updated_at.eq(at.as_str())))
        .execute(conn)?;
    Ok(())
}

/// What a step ended with: JSON.
#[derive(Debug, Clone)]
pub enum Finding {
    Preview { text: String, rows: u64 },
    Result(String),
    Undone(String),
    Failure(String),
}

/// Keeps what a step found and moves the import on.
pub fn finish(conn: &mut Conn, id: &ThingId, finding: &Finding, to: ImportState, at: &Timestamp) -> Result<()> {
    let row = imports::table.find(id.as_str());
    match finding {
        Finding::Preview { text, rows } => diesel::update(row)
            .set((imports::preview.eq(text), imports::rows_total.eq(*rows as i64), imports::rows_done.eq(*rows as i64)))
            .execute(conn)?,
        Finding::Result(text) => diesel::update(row).set(imports::result.eq(text)).execute(conn)?,
        Finding::Undone(text) => diesel::update(row).set(imports::undone.eq(text)).execute(conn)?,
        Finding::Failure(text) => diesel::update(row).set(imports::failure.eq(text)).execute(conn)?,
    };
    diesel::update(imports::table.find(id.as_str()))
        .set((imports::state.eq(to.code()), imports::updated_at.eq(at.as_str())))
        .execute(conn)?;
    Ok(())
}

/// After a start: what this node was doing is no longer being done. Gives how many were.
pub fn interrupt(conn: &mut Conn, node: &str, at: &Timestamp) -> Result<usize> {
    let moves = [
        (ImportState::Committing, ImportState::Interrupted),
        (ImportState::Undoing, ImportState::UndoInterrupted),
        (ImportState::Received, ImportState::Cancelled),
        (ImportState::Previewing, ImportState::Cancelled),
    ];
    let mut moved = 0;
    for (from, to) in moves {
        moved += diesel::update(imports::table.filter(imports::node.eq(node).and(imports::state.eq(from.code()))))
            .set((imports::state.eq(to.code()), imports::updated_at.eq(at.as_str())))
            .execute(conn)?;
    }
    Ok(moved)
}

/// Ids of this node's imports that nobody has touched since `before`: their files may go.
pub fn untouched_since(conn: &mut Conn, node: &str, before: &Timestamp) -> Result<Vec<String>> {
    Ok(imports::table
        .filter(imports::node.eq(node).and(imports::updated_at.lt(before.as_str())))
        .select(imports::id)
        .load(conn)?)
}

/// Says, with the rows of a batch, that the import has come this far. `counts` is JSON.
pub fn add_batch(tx: &mut Tx<'_>, import: &ThingId, last_line: u64, counts: &str) -> Result<()> {
    let seq = tx.position().seq;
    diesel::insert_into(import_batches::table)
        .values((
            import_batches::import_id.eq(import.as_str()),
            import_batches::seq.eq(seq),
            import_batches::last_line.eq(last_line as i64),
            import_batches::counts.eq(counts),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The imports that transactions were batches of, by transaction.
pub fn of_transactions(conn: &mut Conn, seqs: &[i64]) -> Result<HashMap<i64, String>> {
    let mut found = HashMap::new();
    for seqs in seqs.chunks(IN_LIST) {
        let rows: Vec<(i64, String)> = import_batches::table
            .filter(import_batches::seq.eq_any(seqs.to_vec()))
            .select((import_batches::seq, import_batches::import_id))
            .load(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The last line that is certainly written, and the counts up to it.
pub fn last_batch(conn: &mut Conn, import: &ThingId) -> Result<Option<(u64, String)>> {
    let found: Option<(i64, String)> = import_batches::table
        .filter(import_batches::import_id.eq(import.as_str()))
        .order(import_batches::last_line.desc())
        .select((import_batches::last_line, import_batches::counts))
        .first(conn)
        .optional()?;
    Ok(found.map(|(line, counts)| (line as u64, counts)))
}

/// The transactions of an import, last first.
pub fn batches(conn: &mut Conn, import: &ThingId) -> Result<Vec<i64>> {
    Ok(import_batches::table
        .filter(import_batches::import_id.eq(import.as_str()))
        .order(import_batches::seq.desc())
        .select(import_batches::seq)
        .load(conn)?)
}

/// How far an undo has come: what it did (JSON), and the last transaction it took back.
pub fn undone_so_far(conn: &mut Conn, import: &ThingId) -> Result<(Option<String>, Option<i64>)> {
    Ok(imports::table.find(import.as_str()).select((imports::undone, imports::undone_to)).first(conn)?)
}

/// An undo is asked for again: it goes through every transaction once more.
pub fn undo_again(conn: &mut Conn, import: &ThingId) -> Result<()> {
    diesel::update(imports::table.find(import.as_str())).set(imports::undone_to.eq(None::<i64>)).execute(conn)?;
    Ok(())
}

/// Says, with what was taken back of a transaction, that the undo has come this far.
pub fn keep_undone(tx: &mut Tx<'_>, import: &ThingId, undone: &str, seq: i64) -> Result<()> {
    diesel::update(imports::table.find(import.as_str()))
        .set((imports::undone.eq(undone), imports::undone_to.eq(seq)))
        .execute(tx.conn())?;
    Ok(())
}

/// Remembers that this import gave a thing that was there before another name.
pub fn keep_reference(conn: &mut Conn, import: &ThingId, kind: Kind, scheme: &str, value: &str) -> Result<()> {
    diesel::insert_into(import_references::table)
        .values((
            import_references::import_id.eq(import.as_str()),
            import_references::kind.eq(kind.code()),
            import_references::scheme.eq(scheme),
            import_references::value.eq(value),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes back a name that the import gave to this thing. Gives whether there was one.
pub fn take_back_references(conn: &mut Conn, import: &ThingId, thing: &ThingId) -> Result<bool> {
    let names: Vec<(String, String, String)> = external_references::table
        .filter(external_references::thing_id.eq(thing.as_str()))
        .select((external_references::kind, external_references::scheme, external_references::value))
        .load(conn)?;
    let mut taken = false;
    for (kind, scheme, value) in names {
        let key = (import.as_str(), kind.as_str(), scheme.as_str(), value.as_str());
        if diesel::delete(import_references::table.find(key)).execute(conn)? == 1 {
            diesel::delete(external_references::table.find((&kind, &scheme, &value))).execute(conn)?;
            taken = true;
        }
    }
    Ok(taken)
}
