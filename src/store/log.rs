//! The log of changes: audit trail, and the feed that the index follows.
//!
//! Each row carries a salted digest of itself, and the chain: SHA-256 over the chain before it and the digest. A person can be
//! erased from a row (text and salt go, the digest stays) and the chain still verifies.

use super::connection::Conn;
use super::schema::{changes, log_head, matter_events, merges, reviews, trusted_parties, versions};
use crate::domain::lifecycle::Step;
use crate::domain::vocabulary::desk::MatterKind;
use crate::domain::{Kind, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;
use diesel::sql_types::{SingleValue, SqlType};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Create,
    Update,
    Delete,
    /// Nothing of the thing itself changed, but a fact that is indexed with it did (its owner's place, say).
    Follow,
    /// An invitation or a membership was taken up.
    Accept,
    /// A membership counts from now on.
    Confirm,
    Suspend,
    Resume,
    /// Roles or a right were given or taken.
    Grant,
    /// A password, an address or a second factor was changed.
    Credential,
    /// The person was removed from the log and from the account.
    Erase,
    /// A step of a thing's life: see `domain::lifecycle`.
    Step(Step),
    /// An earlier version was made the present one.
    Restore,
    /// One thing became part of another, or was parted from it again.
    Merge,
    Unmerge,
}

/// What a row of the log speaks of: a thing, or something about who gets in. The index follows things only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Thing(Kind),
    Account,
    Membership,
    Invitation,
    ApiToken,
    SavedSearch,
    /// A concept of the tree: every index is to be built anew with it.
    Concept,
    /// A proposed match, an introduction or a case.
    Matter(MatterKind),
}

impl Subject {
    /// Every code that a row can have.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        let others = [
            Subject::Account,
            Subject::Membership,
            Subject::Invitation,
            Subject::ApiToken,
            Subject::SavedSearch,
            Subject::Concept,
        ];
        let things = Kind::ALL.iter().map(|&kind| Subject::Thing(kind));
        let matters = MatterKind::ALL.iter().map(|&kind| Subject::Matter(kind));
        things.chain(matters).chain(others).map(Subject::code)
    }

    pub fn code(self) -> &'static str {
        match self {
            Subject::Thing(kind) => kind.code(),
            Subject::Account => "account",
            Subject::Membership => "membership",
            Subject::Invitation => "invitation",
            Subject::ApiToken => "api_token",
            Subject::SavedSearch => "saved_search",
            Subject::Concept => CONCEPT,
            Subject::Matter(kind) => kind.code(),
        }
    }
}

/// How a row of the log that speaks of a concept calls it.
pub const CONCEPT: &str = "concept";

impl From<Kind> for Subject {
    fn from(kind: Kind) -> Self {
        Subject::Thing(kind)
    }
}

impl Action {
    /// Every code that a row can have.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        let others = [
            Action::Create,
            Action::Update,
            Action::Delete,
            Action::Follow,
            Action::Accept,
            Action::Confirm,
            Action::Suspend,
            Action::Resume,
            Action::Grant,
            Action::Credential,
            Action::Erase,
            Action::Restore,
            Action::Merge,
            Action::Unmerge,
        ];
        others.into_iter().chain(Step::ALL.map(Action::Step)).map(Action::code)
    }

    pub fn code(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
            Action::Follow => "follow",
            Action::Accept => "accept",
            Action::Confirm => "confirm",
            Action::Suspend => "suspend",
            Action::Resume => "resume",
            Action::Grant => "grant",
            Action::Credential => "credential",
            Action::Erase => "erase",
            Action::Step(step) => step.code(),
            Action::Restore => "restore",
            Action::Merge => "merge",
            Action::Unmerge => "unmerge",
        }
    }
}

/// A place in the log of one database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Position {
    pub epoch: String,
    pub seq: i64,
}

impl Position {
    /// The opaque text that clients get and send back.
    pub fn token(&self) -> String {
        format!("{}-{:x}", epoch_mark(&self.epoch), self.seq)
    }

    /// The sequence in a token, if it speaks of this database. A token of another epoch (before a restore) is `None`.
    pub fn seq_of_token(token: &str, epoch: &str) -> Result<Option<i64>, NoToken> {
        let (mark, seq) = token.split_once('-').ok_or(NoToken)?;
        let seq = i64::from_str_radix(seq, 16).map_err(|_| NoToken)?;
        if mark.len() != 8 || !mark.bytes().all(|byte| byte.is_ascii_hexdigit()) || seq < 0 {
            return Err(NoToken);
        }
        Ok((mark == epoch_mark(epoch)).then_some(seq))
    }
}

/// Not a text that [`Position::token`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoToken;

fn epoch_mark(epoch: &str) -> String {
    hex(&Sha256::digest(epoch.as_bytes()))[..8].to_owned()
}

/// The head of the log.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Head {
    pub epoch: String,
    pub seq: i64,
    pub chain: String,
}

/// A row of the log as readers see it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Change {
    pub seq: i64,
    pub line: i32,
    pub at: String,
    pub actor: String,
    pub action: String,
    pub kind: String,
    pub thing_id: String,
    pub narrows: bool,
    pub salt: String,
    pub digest: String,
    pub chain: String,
}

/// A row about to be written.
#[derive(Debug)]
pub struct NewChange<'a> {
    pub seq: i64,
    pub line: i32,
    pub at: &'a str,
    pub actor: &'a str,
    pub action: Action,
    pub subject: Subject,
    pub thing: &'a ThingId,
    pub narrows: bool,
}

/// Starts a log: one row, a new epoch. Does nothing where there is one.
pub fn initialize(conn: &mut Conn) -> Result<()> {
    let rows: i64 = log_head::table.count().get_result(conn)?;
    if rows == 0 {
        let epoch = Uuid::new_v4().simple().to_string();
        diesel::insert_into(log_head::table)
            .values((
                log_head::id.eq(1),
                log_head::epoch.eq(&epoch),
                log_head::seq.eq(0),
                log_head::chain.eq(genesis(&epoch)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The chain before the first row.
pub fn genesis(epoch: &str) -> String {
    hex(&Sha256::digest(format!("musubi log {epoch}").as_bytes()))
}

pub fn head(conn: &mut Conn) -> Result<Head> {
    Ok(log_head::table.select((log_head::epoch, log_head::seq, log_head::chain)).first(conn)?)
}

/// The first statement of every write: takes the next sequence number, and with it the place in line.
pub(super) fn raise(conn: &mut Conn) -> Result<Head> {
    let raised = diesel::update(log_head::table).set(log_head::seq.eq(log_head::seq + 1)).execute(conn)?;
    if raised != 1 {
        return Err(Error::internal("the log has no head; run `musubi migrate`"));
    }
    head(conn)
}

pub(super) fn set_chain(conn: &mut Conn, chain: &str) -> Result<()> {
    diesel::update(log_head::table).set(log_head::chain.eq(chain)).execute(conn)?;
    Ok(())
}

/// Sets the whole head: for a restored log only.
pub(super) fn set_head(conn: &mut Conn, epoch: &str, seq: i64, chain: &str) -> Result<()> {
    diesel::update(log_head::table)
        .set((log_head::epoch.eq(epoch), log_head::seq.eq(seq), log_head::chain.eq(chain)))
        .execute(conn)?;
    Ok(())
}

/// Writes a row; gives the chain after it.
pub(super) fn append(conn: &mut Conn, before: &str, change: NewChange<'_>) -> Result<String> {
    let salt = Uuid::new_v4().simple().to_string();
    let row = Change {
        seq: change.seq,
        line: change.line,
        at: change.at.to_owned(),
        actor: change.actor.to_owned(),
        action: change.action.code().to_owned(),
        kind: change.subject.code().to_owned(),
        thing_id: change.thing.to_string(),
        narrows: change.narrows,
        salt,
        digest: String::new(),
        chain: String::new(),
    };
    let digest = digest_of(&row);
    let chain = chain_after(before, &digest);
    diesel::insert_into(changes::table)
        .values((
            changes::seq.eq(row.seq),
            changes::line.eq(row.line),
            changes::at.eq(&row.at),
            changes::actor.eq(&row.actor),
            changes::action.eq(&row.action),
            changes::kind.eq(&row.kind),
            changes::thing_id.eq(&row.thing_id),
            changes::narrows.eq(row.narrows),
            changes::salt.eq(&row.salt),
            changes::digest.eq(&digest),
            changes::chain.eq(&chain),
        ))
        .execute(conn)?;
    Ok(chain)
}

/// What the digest of a row should be. Fields are length-prefixed, so no two rows write the same bytes.
pub fn digest_of(row: &Change) -> String {
    let mut hasher = Sha256::new();
    let (seq, line) = (row.seq.to_string(), row.line.to_string());
    let narrows = if row.narrows { "narrows" } else { "" };
    for part in
        [&row.salt, &seq, &line, &row.at, &row.actor, &row.action, &row.kind, &row.thing_id, &narrows.to_owned()]
    {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hex(&hasher.finalize())
}

pub fn chain_after(before: &str, digest: &str) -> String {
    hex(&Sha256::digest(format!("{before}{digest}").as_bytes()))
}

/// Rows after `seq`, whole transactions, in order: at most about `limit` rows (a transaction is never cut).
pub fn after(conn: &mut Conn, seq: i64, limit: i64) -> Result<Vec<Change>> {
    let mut rows: Vec<Change> =
        changes::table.filter(changes::seq.gt(seq)).order((changes::seq, changes::line)).limit(limit).load(conn)?;
    if rows.len() as i64 == limit {
        let last = rows.last().map_or(seq, |row| row.seq);
        let from = rows.last().map_or(0, |row| row.line);
        let rest: Vec<Change> =
            changes::table.filter(changes::seq.eq(last).and(changes::line.gt(from))).order(changes::line).load(conn)?;
        rows.extend(rest);
    }
    Ok(rows)
}

/// The rows of one transaction, last first.
pub fn of_transaction(conn: &mut Conn, seq: i64) -> Result<Vec<Change>> {
    Ok(changes::table.filter(changes::seq.eq(seq)).order(changes::line.desc()).load(conn)?)
}

/// The chain at the end of a transaction; `None` if the log has no such sequence.
pub fn chain_at(conn: &mut Conn, seq: i64) -> Result<Option<String>> {
    if seq == 0 {
        return Ok(Some(genesis(&head(conn)?.epoch)));
    }
    Ok(changes::table
        .filter(changes::seq.eq(seq))
        .order(changes::line.desc())
        .select(changes::chain)
        .first(conn)
        .optional()?)
}

diesel::define_sql_function! {
    /// The value, hidden from SQLite's planner: it prepares a statement anew for each value that it weighs its figures by,
    /// which takes longer than this one does.
    fn coalesce<T: SqlType + SingleValue>(value: T, same: T) -> T;
}

/// Things that a change after `seq` hides or deletes. `None` if there are more than `limit`.
pub fn narrowed_after(conn: &mut Conn, seq: i64, limit: usize) -> Result<Option<Vec<String>>> {
    let ids: Vec<String> = changes::table
        .filter(changes::narrows.eq(coalesce(true, true)).and(changes::seq.gt(coalesce(seq, seq))))
        .select(changes::thing_id)
        .distinct()
        .limit(limit as i64 + 1)
        .load(conn)?;
    Ok((ids.len() <= limit).then_some(ids))
}

/// What a reader of the audit trail looks for. All given parts must fit.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub kind: Option<String>,
    pub thing: Option<String>,
    /// From this moment …
    pub from: Option<Timestamp>,
    /// … to before this one.
    pub to: Option<Timestamp>,
}

/// The audit trail, newest first: at most `limit` rows before (seq, line).
pub fn audit(conn: &mut Conn, filter: &AuditFilter, before: Option<(i64, i32)>, limit: usize) -> Result<Vec<Change>> {
    let mut rows = changes::table.into_boxed();
    if let Some(actor) = &filter.actor {
        rows = rows.filter(changes::actor.eq(actor.clone()));
    }
    if let Some(action) = &filter.action {
        rows = rows.filter(changes::action.eq(action.clone()));
    }
    if let Some(kind) = &filter.kind {
        rows = rows.filter(changes::kind.eq(kind.clone()));
    }
    if let Some(thing) = &filter.thing {
        rows = rows.filter(changes::thing_id.eq(thing.clone()));
    }
    if let Some(from) = &filter.from {
        rows = rows.filter(changes::at.ge(from.as_str().to_owned()));
    }
    if let Some(to) = &filter.to {
        rows = rows.filter(changes::at.lt(to.as_str().to_owned()));
    }
    if let Some((seq, line)) = before {
        // The first of the two looks superfluous: it is what the index is entered by, so that no page reads those before it.
        rows = rows.filter(changes::seq.le(seq));
        rows = rows.filter(changes::seq.lt(seq).or(changes::line.lt(line)));
    }
    Ok(rows.order((changes::seq.desc(), changes::line.desc())).limit(limit as i64).load(conn)?)
}

/// Takes a person out of the log: the name goes from what they did, the id from what was done to their account, and
/// with them the salt, so that nobody can find by trying what stood there. Digests and chain stay.
pub(super) fn forget(conn: &mut Conn, person: &ThingId, about: &[String]) -> Result<()> {
    diesel::update(changes::table.filter(changes::actor.eq(person.as_str())))
        .set((changes::actor.eq(FORGOTTEN), changes::salt.eq("")))
        .execute(conn)?;
    for ids in about.chunks(super::connection::IN_LIST) {
        diesel::update(changes::table.filter(changes::thing_id.eq_any(ids.to_vec())))
            .set((changes::thing_id.eq(FORGOTTEN), changes::salt.eq("")))
            .execute(conn)?;
    }
    diesel::update(versions::table.filter(versions::actor.eq(person.as_str())))
        .set(versions::actor.eq(FORGOTTEN))
        .execute(conn)?;
    diesel::update(reviews::table.filter(reviews::actor.eq(person.as_str())))
        .set(reviews::actor.eq(FORGOTTEN))
        .execute(conn)?;
    diesel::update(reviews::table.filter(reviews::author.eq(person.as_str())))
        .set(reviews::author.eq(FORGOTTEN))
        .execute(conn)?;
    diesel::update(trusted_parties::table.filter(trusted_parties::actor.eq(person.as_str())))
        .set(trusted_parties::actor.eq(FORGOTTEN))
        .execute(conn)?;
    diesel::update(merges::table.filter(merges::actor.eq(person.as_str())))
        .set(merges::actor.eq(FORGOTTEN))
        .execute(conn)?;
    diesel::update(matter_events::table.filter(matter_events::actor.eq(person.as_str())))
        .set(matter_events::actor.eq(FORGOTTEN))
        .execute(conn)?;
    Ok(())
}

/// Stands where a person was.
pub const FORGOTTEN: &str = "erased";

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_and_a_foreign_or_broken_one_does_not() {
        let position = Position { epoch: "one".into(), seq: 4711 };
        assert_eq!(Position::seq_of_token(&position.token(), "one"), Ok(Some(4711)));
        assert_eq!(Position::seq_of_token(&position.token(), "two"), Ok(None));
        for broken in ["", "-", "4711", "zzzzzzzz-1", "01234567--1", "0123456-1", "01234567-99999999999999999"] {
            assert_eq!(Position::seq_of_token(broken, "one"), Err(NoToken), "{broken}");
        }
    }
}
