//! Taking a whole import back: what it created is deleted, what it changed says again what it said before. What somebody
//! changed since, or what others refer to by now, is listed and not touched. The log keeps both, the import and its undo.

use crate::domain::finding::Message;
use crate::domain::{
    Actor, Capability, Exhibition, Kind, Need, Organization, Person, Record, Scope, Seed, Thing, ThingId,
};
use crate::error::{Error, Result};
use crate::store::log::{self, Action, Change};
use crate::store::things::{self, Stored};
use crate::store::{Database, Tx, imports, merges};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// Things that were not touched and are named.
const KEPT_LIMIT: usize = 1_000;

/// Why something was kept: it is part of something else now.
const MERGED: &str = "merged";

/// What an undo did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Undone {
    /// Created by the import, deleted now.
    pub deleted: u64,
    /// Changed by the import, as before now.
    pub restored: u64,
    /// Left as they are.
    pub kept_count: u64,
    /// The first of them.
    pub kept: Vec<Kept>,
    /// What whoever asked can do about them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Message>,
    /// Ids that an undo, asked for again, looks at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(ignore)]
    again: Vec<String>,
}

impl Undone {
    /// What is left to be taken back when it is asked for again: what was kept and is named.
    fn again(self) -> Self {
        let ids: Vec<String> = self.kept.iter().map(|kept| kept.id.clone()).collect();
        let kept_count = self.kept_count.saturating_sub(ids.len() as u64);
        Undone { kept_count, kept: Vec::new(), hint: None, again: ids, ..self }
    }

    /// All batches were gone through.
    fn ended(mut self) -> Self {
        self.again.clear();
        self.hint = (self.kept_count > 0).then(|| {
            Message::new(
                "残したもの（kept）があります。changed_since: 取り込みのあとで誰かが変えたものです。履歴（history）から前の版に戻す（restore）か、要らなければ削除してください。referenced: ほかのものから参照されています。参照を直してから、もう一度取り消し（undo）てください。merged: ほかのものに統合されています（into）。統合を取り消してから、もう一度取り消し（undo）てください。refused: 前の内容が今の規則に合いません。直接書き直してください。",
                "Some things were kept. changed_since: somebody changed it after the import; go back to an earlier version in its history (restore), or delete it. referenced: something else names it; change that and ask for the undo again. merged: it is part of something else now (into); undo the merge and ask for the undo again. refused: what it said before is no longer allowed; write it anew.",
            )
        });
        self
    }
}

/// A thing that was not touched, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kept {
    pub kind: String,
    pub id: String,
    /// What it is called, as far as whoever asked may read it.
    #[serde(default)]
    pub name: Option<String>,
    /// `changed_since`, `referenced`, `merged`, or `refused` (what it said before is no longer allowed).
    pub reason: String,
    /// What it was merged into, as far as whoever asked may know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<MergedInto>,
}

/// What a thing became part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MergedInto {
    pub id: String,
    pub name: Option<String>,
}

enum Step {
    Deleted,
    Restored,
    /// It is gone already, or nothing of it was the import's.
    Nothing,
    Kept(&'static str),
}

/// Takes back every batch of an import, last first, each in a transaction. `hear` is told how many things are done and
/// answers whether to go on; an undo that was stopped goes on when it is asked for again.
pub fn undo(
    database: &Database,
    actor: &Actor,
    import: &ThingId,
    hear: &mut dyn FnMut(u64) -> bool,
) -> Result<(Undone, bool)> {
    let (text, reached) = database.read(|conn| imports::undone_so_far(conn, import))?;
    let earlier: Undone =
        text.map_or(Ok(Undone::default()), |text| serde_json::from_str(&text)).map_err(Error::internal)?;
    // One that was stopped goes on; one that had ended looks again at what it had kept.
    let mut undone = if reached.is_some() { earlier } else { earlier.again() };
    let mut ours: HashSet<String> = HashSet::new();
    let mut done = 0;
    for seq in database.read(|conn| imports::batches(conn, import))? {
        let changes = database.read(|conn| log::of_transaction(conn, seq))?;
        if reached.is_some_and(|reached| seq >= reached) {
            // An undo that was stopped took this one back.
            done += changes.len() as u64;
            ours.extend(changes.into_iter().map(|change| change.thing_id));
            for kept in &undone.kept {
                ours.remove(&kept.id);
            }
            continue;
        }
        let before = undone.clone();
        let written = database.write(actor, |tx| {
            let mut batch = before;
            let mut touched = Vec::new();
            let mut kept = Vec::new();
            for change in &changes {
                let Some(kind) = Kind::from_code(&change.kind) else { continue };
                if !batch.again.is_empty() && !batch.again.contains(&change.thing_id) {
                    continue;
                }
                match take_back(tx, kind, change, import, &ours)? {
                    Step::Deleted => batch.deleted += 1,
                    Step::Restored => batch.restored += 1,
                    Step::Nothing => {}
                    Step::Kept(reason) => {
                        batch.kept_count += 1;
                        if batch.kept.len() + kept.len() < KEPT_LIMIT {
                            let (kind, id) = (change.kind.clone(), change.thing_id.clone());
                            kept.push(Kept { kind, id, name: None, reason: reason.to_owned(), into: None });
                        }
                        continue;
                    }
                }
                touched.push(change.thing_id.clone());
            }
            let ids: Vec<String> = kept.iter().map(|kept| kept.id.clone()).collect();
            let scope = tx.actor().scope();
            let cards = things::cards(tx.conn(), &scope, &ids)?;
            for kept in &mut kept {
                kept.name = cards.get(&kept.id).map(|card| card.title.any().to_owned());
                if kept.reason == MERGED {
                    tell_where_it_went(tx, &scope, kept)?;
                }
            }
            batch.kept.extend(kept);
            let text = serde_json::to_string(&batch).map_err(Error::internal)?;
            imports::keep_undone(tx, import, &text, seq)?;
            tx.unchanged();
            Ok((batch, touched))
        })?;
        let (batch, touched) = written.value;
        undone = batch;
        done += changes.len() as u64;
        ours.extend(touched);
        if !hear(done) {
            return Ok((undone, false));
        }
    }
    Ok((undone.ended(), true))
}

/// What a merged thing was called and where it went, for those who may know.
fn tell_where_it_went(tx: &mut Tx<'_>, scope: &Scope, kept: &mut Kept) -> Result<()> {
    let id = ThingId::from_stored(kept.id.clone());
    let Some((name, into)) = merges::told(tx.conn(), scope, &id)? else { return Ok(()) };
    let card = things::cards(tx.conn(), scope, &[into.to_string()])?.remove(into.as_str());
    kept.name = Some(name);
    kept.into = Some(MergedInto { id: into.to_string(), name: card.map(|card| card.title.any().to_owned()) });
    Ok(())
}

fn take_back(tx: &mut Tx<'_>, kind: Kind, change: &Change, import: &ThingId, ours: &HashSet<String>) -> Result<Step> {
    match kind {
        Kind::Organization => one::<Organization>(tx, change, import, ours),
        Kind::Person => one::<Person>(tx, change, import, ours),
        Kind::Capability => one::<Capability>(tx, change, import, ours),
        Kind::Seed => one::<Seed>(tx, change, import, ours),
        Kind::Need => one::<Need>(tx, change, import, ours),
        Kind::Record => one::<Record>(tx, change, import, ours),
        Kind::Exhibition => one::<Exhibition>(tx, change, import, ours),
    }
}

fn one<E: Stored>(tx: &mut Tx<'_>, change: &Change, import: &ThingId, ours: &HashSet<String>) -> Result<Step> {
    let id = ThingId::from_stored(change.thing_id.clone());
    let created = change.action == Action::Create.code();
    let updated = change.action == Action::Update.code();
    let current = match things::get::<E>(tx.conn(), &Scope::Everything, &id) {
        Ok(thing) => thing,
        Err(Error::NotFound) => {
            let merged = (created || updated) && !merges::survivors(tx.conn(), [id])?.is_empty();
            return Ok(if merged { Step::Kept(MERGED) } else { Step::Nothing });
        }
        Err(error) => return Err(error),
    };
    if !created && imports::take_back_references(tx.conn(), import, &id)? {
        tx.record(Action::Follow, E::KIND, &id, false)?;
    }
    if !created && !updated {
        return Ok(Step::Nothing);
    }
    let version = current.header.version;
    let made_by = things::version::<E>(tx.conn(), &id, version)?.map(|(seq, _)| seq);
    let by_import =
        made_by == Some(change.seq) || ours.contains(id.as_str()) || is_as_imported(tx, &current, change.seq)?;
    if !by_import {
        // An undo that was stopped has put some things back already: they say what they said before the import.
        let before = if updated { before::<E>(tx, &id, change.seq)? } else { None };
        return Ok(if before.is_some_and(|entry| entry == current.entry) {
            Step::Nothing
        } else {
            Step::Kept("changed_since")
        });
    }
    let result = if created {
        tx.attempt(|tx| things::delete(tx, current, version)).map(|()| Step::Deleted)
    } else {
        let Some(entry) = before::<E>(tx, &id, change.seq)? else { return Ok(Step::Kept("changed_since")) };
        tx.attempt(|tx| things::update(tx, current, version, entry)).map(|_| Step::Restored)
    };
    match result {
        Ok(step) => Ok(step),
        Err(Error::Conflict(_)) if created => Ok(Step::Kept("referenced")),
        Err(Error::Conflict(_) | Error::Invalid(_) | Error::Malformed(_)) => Ok(Step::Kept("refused")),
        Err(error) => Err(error),
    }
}

/// A thing that was merged, and parted again, says what the import made it say, and nobody else had a hand in it.
fn is_as_imported<E: Stored>(tx: &mut Tx<'_>, current: &Thing<E>, seq: i64) -> Result<bool> {
    let id = &current.header.id;
    let Some(version) = things::version_of(tx.conn(), id, seq)? else { return Ok(false) };
    if !merges::only_merged_since(tx.conn(), id, version)? {
        return Ok(false);
    }
    let imported = things::version::<E>(tx.conn(), id, version)?.and_then(|(_, entry)| entry);
    Ok(imported.is_some_and(|entry| entry == current.entry))
}

/// What a thing said before the transaction `seq` changed it.
fn before<E: Stored>(tx: &mut Tx<'_>, id: &ThingId, seq: i64) -> Result<Option<E>> {
    let Some(version) = things::version_of(tx.conn(), id, seq)? else { return Ok(None) };
    Ok(things::version::<E>(tx.conn(), id, version - 1)?.and_then(|(_, entry)| entry))
}
