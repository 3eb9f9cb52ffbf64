//! Taking a file in: rows are read and shaped outside of any transaction and written in batches, each row for itself (see
//! `exchange/taking.rs`); or tried, and taken back.

use super::about::About;
use super::identity::Resolver;
use super::places::Places;
use super::planner::Planner;
use super::rows::{self, Draft, Note, Notes, RawRow, Refusal};
use super::taking::{bits, take_in};
use super::trial::Trial;
use super::words::Vocabularies;
use super::workbook::Refused;
use crate::domain::{
    Actor, Capability, Defect, Entry, Exhibition, Kind, Need, Organization, Person, Record, Scope, Seed, Thing, ThingId,
};
use crate::error::{Error, Result};
use crate::store::things::{self, Stored};
use crate::store::{Database, Tx, imports, vocabulary};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Rows that are written in one transaction at most.
pub const BATCH_ROWS: usize = 1_000;
/// Bytes of rows that wait for one transaction at most, so that large rows do not pile up.
const BATCH_BYTES: usize = 8 << 20;
/// Rows that are tried in one transaction at most: others wait for so long.
const TRIAL_ROWS: usize = 250;

/// What an import is told besides its rows.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The system the file comes from; see [`check_source`].
    pub source: Option<String>,
    /// Everything is tried in one transaction and undone: exact, and the only writer for as long as it takes.
    pub dry_run: bool,
    /// Everything is tried in short transactions, each undone, so that others write in between.
    pub trial: bool,
    /// The import whose batches are kept for its undo, and where it goes on.
    pub job: Option<Job>,
}

/// An import that is kept.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: ThingId,
    /// Lines up to this one are written already.
    pub after_line: u64,
    /// What they became.
    pub counts: JobCounts,
    /// The transaction up to which its preview saw everything: what others wrote since is not overwritten.
    pub seen: Option<i64>,
}

/// How many rows, and capabilities nested in them, became what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCounts {
    pub rows: Counts,
    pub nested: Counts,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Created { id: ThingId },
    Updated { id: ThingId },
    Unchanged { id: ThingId },
    Refused { refusals: Vec<Refusal> },
}

/// How many rows became what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub refused: u64,
}

impl Counts {
    pub fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Created { .. } => self.created += 1,
            Outcome::Updated { .. } => self.updated += 1,
            Outcome::Unchanged { .. } => self.unchanged += 1,
            Outcome::Refused { .. } => self.refused += 1,
        }
    }

    pub fn rows(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.refused
    }
}

/// What an import did.
#[derive(Debug, Clone, Serialize)]
pub struct ImportReport {
    pub rows: Counts,
    /// Capabilities that stood inside organisations.
    pub nested: Counts,
    pub notes: Vec<Note>,
    /// The listener asked to stop before the end.
    pub stopped: bool,
}

/// Where rows come from.
pub trait RowSource {
    /// The next row: as read, or refused as it stands. `None` at the end.
    fn next_row(&mut self, notes: &mut Notes) -> std::io::Result<Option<std::result::Result<RawRow, Box<Refusal>>>>;
    /// Bytes of the file so far, for a progress bar.
    fn bytes_read(&self) -> u64;
    /// Whether the file is in CP932, where 〜 and ～ are one character: what differs in nothing else is unchanged.
    fn is_cp932(&self) -> bool {
        false
    }
    /// Whether a program wrote it (JSON Lines): it is answered in the words of the API.
    fn is_of_a_program(&self) -> bool {
        false
    }
}

impl<S: RowSource + ?Sized> RowSource for Box<S> {
    fn next_row(&mut self, notes: &mut Notes) -> std::io::Result<Option<std::result::Result<RawRow, Box<Refusal>>>> {
        (**self).next_row(notes)
    }
    fn bytes_read(&self) -> u64 {
        (**self).bytes_read()
    }
    fn is_cp932(&self) -> bool {
        (**self).is_cp932()
    }
    fn is_of_a_program(&self) -> bool {
        (**self).is_of_a_program()
    }
}

/// Hears of each row once it is certain.
pub trait Listener {
    /// `line` of the file, and what became of the row.
    fn row(&mut self, line: u64, outcome: &Outcome) -> std::io::Result<()>;
    /// What the next row that is told of is called, and what would change.
    fn about(&mut self, _about: &About) {}
    /// After each batch: bytes of the file so far.
    fn progress(&mut self, bytes: u64, counts: &Counts);
    /// Asked after each batch: true ends the import there.
    fn stop(&self) -> bool {
        false
    }
}

/// Listens to nothing.
impl Listener for () {
    fn row(&mut self, _line: u64, _outcome: &Outcome) -> std::io::Result<()> {
        Ok(())
    }
    fn progress(&mut self, _bytes: u64, _counts: &Counts) {}
}

/// The name of a source: letters, digits, `-`, `_` and `.`, at most 60 characters.
pub fn check_source(name: &str) -> std::result::Result<(), Defect> {
    let form = !name.is_empty()
        && name.chars().count() <= 60
        && name.chars().all(|character| character.is_alphanumeric() || "-_.".contains(character));
    if form {
        return Ok(());
    }
    Err(Defect::new(
        "source.form",
        "元のシステムの名前（source）は文字、数字、「-」「_」「.」で、60文字以内です。",
        "A source name is letters, digits, '-', '_' and '.', at most 60 characters.",
    ))
}

/// Imports every row of a source as things of `kind`. `notes` are those of opening the file.
pub fn import(
    database: &Database,
    actor: &Actor,
    kind: Kind,
    rows: &mut dyn RowSource,
    notes: Notes,
    options: &ImportOptions,
    listener: &mut dyn Listener,
) -> Result<ImportReport> {
    match kind {
        Kind::Organization => run::<Organization>(database, actor, rows, notes, options, listener),
        Kind::Person => run::<Person>(database, actor, rows, notes, options, listener),
        Kind::Capability => run::<Capability>(database, actor, rows, notes, options, listener),
        Kind::Seed => run::<Seed>(database, actor, rows, notes, options, listener),
        Kind::Need => run::<Need>(database, actor, rows, notes, options, listener),
        Kind::Record => run::<Record>(database, actor, rows, notes, options, listener),
        Kind::Exhibition => run::<Exhibition>(database, actor, rows, notes, options, listener),
    }
}

/// What goes on from row to row.
pub(super) struct Session {
    pub(super) vocabularies: Vocabularies,
    pub(super) resolver: Resolver,
    pub(super) scope: Scope,
    /// Things that rows of this file spoke of, by the bits of their id, and the line.
    pub(super) spoken_of: HashMap<u128, u64>,
    pub(super) notes: Notes,
    /// Headings of the capabilities nested in organisations.
    pub(super) nested_planner: Planner,
    pub(super) cp932: bool,
    pub(super) trial: Option<Trial>,
    /// Everything is taken back: people look at what would become of it.
    pub(super) only_tried: bool,
    pub(super) job: Option<ThingId>,
    /// As in [`Job`].
    pub(super) seen: Option<i64>,
    /// Of the row that is being taken.
    pub(super) about: About,
}

impl Session {
    /// Somebody else wrote what a thing says now after this import was previewed.
    pub(super) fn was_changed_since<E: Stored>(&self, tx: &mut Tx<'_>, thing: &Thing<E>) -> Result<bool> {
        let Some(seen) = self.seen else { return Ok(false) };
        let written = things::made_by(tx.conn(), &thing.header.id, thing.header.version)?;
        let Some(written) = written.filter(|seq| *seq > seen && *seq != tx.position().seq) else { return Ok(false) };
        let by = imports::of_transactions(tx.conn(), &[written])?.remove(&written);
        Ok(by.as_deref() != self.job.as_ref().map(ThingId::as_str))
    }

    /// A row would create what may be there already: it is said, and nothing is refused.
    pub(super) fn note_alike<E: Stored>(&mut self, tx: &mut Tx<'_>, created: &Thing<E>) -> Result<()> {
        let Self { scope, spoken_of, .. } = self;
        let alike = super::about::alike(tx, scope, created, |id| spoken_of.contains_key(&bits(id)))?;
        if alike.is_empty() {
            return Ok(());
        }
        self.notes.add("alike", || {
            Defect::new(
                "row.alike",
                "すでに登録されているものに似た新規の行があります（プレビューの alike）。同じものなら、番号か id を加えてください。",
                "Rows that would create something look like what is there already (alike in the preview). Where it is the same, add its number or id.",
            )
        });
        self.about.alike = alike;
        Ok(())
    }
}

/// What is told of a row, or of a capability nested in it.
pub(super) struct Told {
    pub(super) line: u64,
    pub(super) outcome: Outcome,
    pub(super) nested: bool,
    pub(super) about: About,
}

/// A row on its way: shaped, or refused before it got that far.
pub(super) enum Shaped {
    Draft(Box<Draft>),
    Refused(Refusal),
}

impl Shaped {
    pub(super) fn line(&self) -> u64 {
        match self {
            Shaped::Draft(draft) => draft.raw.line,
            Shaped::Refused(refusal) => refusal.row,
        }
    }
}

fn run<E: Stored>(
    database: &Database,
    actor: &Actor,
    rows: &mut dyn RowSource,
    notes: Notes,
    options: &ImportOptions,
    listener: &mut dyn Listener,
) -> Result<ImportReport> {
    let (municipalities, fields, industries) = database.read(|conn| {
        let places = vocabulary::all_municipalities(conn)?;
        Ok((places, vocabulary::all_fields(conn)?, vocabulary::all_industries(conn)?))
    })?;
    let mut vocabularies = Vocabularies::new(Places::new(municipalities), fields, industries);
    vocabularies.of_a_program = rows.is_of_a_program();
    let mut session = Session {
        vocabularies,
        resolver: Resolver::new(options.source.clone()),
        scope: actor.scope(),
        spoken_of: HashMap::new(),
        notes,
        nested_planner: Planner::new(Kind::Capability),
        cp932: rows.is_cp932(),
        trial: options.trial.then(Trial::default),
        only_tried: options.trial || options.dry_run,
        job: options.job.as_ref().map(|job| job.id.clone()),
        seen: options.job.as_ref().and_then(|job| job.seen),
        about: About::default(),
    };
    let (after_line, earlier) = options.job.as_ref().map_or_else(Default::default, |job| (job.after_line, job.counts));
    let mut told = Teller { counts: earlier.rows, nested: earlier.nested, listener };
    let mut stopped = false;
    if options.dry_run {
        let mut finished = false;
        let result = database.write(actor, |tx| {
            while let Some(batch) = next_batch::<E>(rows, &mut session, BATCH_ROWS, after_line)? {
                let outcomes = take_in::<E>(tx, batch, &mut session)?;
                told.tell(outcomes, rows.bytes_read())?;
            }
            finished = true;
            // The truest way to write nothing: do it all and take it back.
            Err::<(), Error>(Error::internal("rolled back: a dry run"))
        });
        if let (Err(error), false) = (result, finished) {
            return Err(error);
        }
    } else {
        let size = if options.trial { TRIAL_ROWS } else { BATCH_ROWS };
        while let Some(batch) = next_batch::<E>(rows, &mut session, size, after_line)? {
            let outcomes = match options.trial {
                true => try_out::<E>(database, actor, batch, &mut session)?,
                false => write_batch::<E>(database, actor, batch, &mut session, &told)?,
            };
            if told.tell(outcomes, rows.bytes_read())? {
                stopped = true;
                break;
            }
        }
    }
    let (rows, nested) = (told.counts, told.nested);
    if rows.rows() == 0 && !stopped {
        session.notes.add("no rows", || {
            Defect::new(
                "file.no_rows",
                "見出しのほかに行がありません。何も取り込まれていません。",
                "There are no rows besides the headings. Nothing was taken in.",
            )
        });
    }
    Ok(ImportReport { rows, nested, notes: session.notes.into_list(), stopped })
}

/// Counts, and passes on what became of rows.
struct Teller<'a> {
    counts: Counts,
    nested: Counts,
    listener: &'a mut dyn Listener,
}

impl Teller<'_> {
    /// Gives whether the listener asks to stop.
    fn tell(&mut self, outcomes: Vec<Told>, bytes: u64) -> Result<bool> {
        for told in &outcomes {
            if told.nested {
                self.nested.add(&told.outcome)
            } else {
                self.counts.add(&told.outcome)
            }
            if !told.nested || matches!(told.outcome, Outcome::Refused { .. }) {
                self.listener.about(&told.about);
                self.listener.row(told.line, &told.outcome).map_err(Error::internal)?;
            }
        }
        self.listener.progress(bytes, &self.counts);
        Ok(self.listener.stop())
    }

    /// The counts as they will be after these.
    fn after(&self, outcomes: &[Told]) -> JobCounts {
        let mut counts = JobCounts { rows: self.counts, nested: self.nested };
        for told in outcomes {
            if told.nested { counts.nested.add(&told.outcome) } else { counts.rows.add(&told.outcome) }
        }
        counts
    }
}

fn write_batch<E: Stored>(
    database: &Database,
    actor: &Actor,
    batch: Vec<Shaped>,
    session: &mut Session,
    told: &Teller<'_>,
) -> Result<Vec<Told>> {
    let written = database.write(actor, |tx| {
        let outcomes = take_in::<E>(tx, batch, session)?;
        if let (Some(job), Some(last)) = (session.job.clone(), outcomes.last()) {
            let counts = serde_json::to_string(&told.after(&outcomes)).map_err(Error::internal)?;
            imports::add_batch(tx, &job, last.line, &counts)?;
        }
        tx.unchanged();
        Ok(outcomes)
    })?;
    Ok(written.value)
}

/// Does a batch and takes it back.
fn try_out<E: Stored>(
    database: &Database,
    actor: &Actor,
    batch: Vec<Shaped>,
    session: &mut Session,
) -> Result<Vec<Told>> {
    let mut outcomes = None;
    let undone = database.write(actor, |tx| {
        outcomes = Some(take_in::<E>(tx, batch, session)?);
        Err::<(), Error>(Error::internal("rolled back: a trial"))
    });
    let Some(outcomes) = outcomes else {
        return Err(undone.err().unwrap_or_else(|| Error::internal("a trial that ended without an outcome")));
    };
    // What was looked up may have been made by this batch, and is gone again.
    session.resolver.forget();
    if let Some(trial) = &mut session.trial {
        trial.end_of_batch(&mut session.resolver);
    }
    Ok(outcomes)
}

/// Reads and shapes rows until a batch is full. `None` at the end of the file.
fn next_batch<E: Entry>(
    rows: &mut dyn RowSource,
    session: &mut Session,
    size: usize,
    after_line: u64,
) -> Result<Option<Vec<Shaped>>> {
    let before = rows.bytes_read();
    let mut batch = Vec::new();
    while batch.len() < size && rows.bytes_read() - before < BATCH_BYTES as u64 {
        let Some(row) = rows.next_row(&mut session.notes).map_err(cannot_read)? else { break };
        let line = row.as_ref().map_or_else(|refusal| refusal.row, |raw| raw.line);
        if line <= after_line {
            continue;
        }
        batch.push(match row {
            Ok(raw) => {
                let draft = rows::read(E::KIND, raw, &session.vocabularies, &mut session.notes);
                note_unused_id(&draft, session);
                Shaped::Draft(Box::new(draft))
            }
            Err(refusal) => Shaped::Refused(*refusal),
        });
    }
    Ok((!batch.is_empty()).then_some(batch))
}

/// The file's own ids mean nothing without the name of the system they come from.
fn note_unused_id(draft: &Draft, session: &mut Session) {
    let ours = draft.id.as_deref().is_none_or(|id| ThingId::parse(id).is_ok());
    if ours || session.resolver.scheme().is_some() {
        return;
    }
    session.notes.add("id without source", || {
        Defect::new(
            "id.no_source",
            "識別子の列は使いません。元のシステムの識別子として覚えるには、そのシステムの名前（source）を付けて取り込んでください。",
            "The ids are not used. Import with the name of the system they come from (source) to remember them.",
        )
    });
}

fn cannot_read(error: std::io::Error) -> Error {
    if let Some(refused) = error.get_ref().and_then(|inner| inner.downcast_ref::<Refused>()) {
        return Error::Malformed(refused.0.clone());
    }
    Error::internal(format!("reading the file stopped: {error}"))
}
