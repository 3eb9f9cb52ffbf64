//! Taking rows in: read and shaped outside of any transaction, written in batches, each row for itself.

use super::about::About;
use super::cp932;
use super::identity::{self, Identity, Resolver};
use super::places::Places;
use super::rows::{self, Draft, Note, Notes, RawRow, Refusal, Vocabularies};
use super::trial::Trial;
use super::workbook::Refused;
use crate::domain::text::fold;
use crate::domain::{
    Actor, Capability, Defect, Entry, Exhibition, Finding, Kind, Need, Organization, Person, Record, Scope, Seed,
    Thing, ThingId, parse,
};
use crate::error::{Error, Result};
use crate::store::log::Action;
use crate::store::things::{self, Stored};
use crate::store::{Database, Tx, imports, references, vocabulary};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

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
        "--source の名前は文字、数字、「-」「_」「.」で、60文字以内です。",
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
struct Session {
    vocabularies: Vocabularies,
    resolver: Resolver,
    scope: Scope,
    /// Things that rows of this file spoke of, by the bits of their id, and the line.
    spoken_of: HashMap<u128, u64>,
    notes: Notes,
    /// Headings of the capabilities nested in organisations.
    nested_planner: rows::Planner,
    cp932: bool,
    trial: Option<Trial>,
    job: Option<ThingId>,
    /// Of the row that is being taken.
    about: About,
}

/// What is told of a row, or of a capability nested in it.
struct Told {
    line: u64,
    outcome: Outcome,
    nested: bool,
    about: About,
}

/// A row on its way: shaped, or refused before it got that far.
enum Shaped {
    Draft(Box<Draft>),
    Refused(Refusal),
}

impl Shaped {
    fn line(&self) -> u64 {
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
    let (municipalities, fields) =
        database.read(|conn| Ok((vocabulary::all_municipalities(conn)?, vocabulary::all_fields(conn)?)))?;
    let mut session = Session {
        vocabularies: Vocabularies::new(Places::new(municipalities), fields),
        resolver: Resolver::new(options.source.clone()),
        scope: actor.scope(),
        spoken_of: HashMap::new(),
        notes,
        nested_planner: rows::Planner::new(Kind::Capability),
        cp932: rows.is_cp932(),
        trial: options.trial.then(Trial::default),
        job: options.job.as_ref().map(|job| job.id.clone()),
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
            "識別子の列は使いません。元のシステムの識別子として覚えるには --source 名前 を付けてください。",
            "The ids are not used. Add --source NAME to remember them as ids of that system.",
        )
    });
}

fn cannot_read(error: std::io::Error) -> Error {
    if let Some(refused) = error.get_ref().and_then(|inner| inner.downcast_ref::<Refused>()) {
        return Error::Malformed(refused.0.clone());
    }
    Error::internal(format!("reading the file stopped: {error}"))
}

/// Takes a batch in. A row that is refused leaves the others alone; an error here undoes the whole batch.
fn take_in<E: Stored>(tx: &mut Tx<'_>, batch: Vec<Shaped>, session: &mut Session) -> Result<Vec<Told>> {
    let scheme = session.resolver.scheme();
    // Most rows of a second import are known: they are read together.
    let mut known: HashMap<ThingId, Thing<E>> = HashMap::new();
    let mut identities = Vec::with_capacity(batch.len());
    let mut batch = batch;
    for shaped in &mut batch {
        identities.push(match shaped {
            Shaped::Draft(draft) if draft.refusals.is_empty() => {
                match session.resolver.resolve(tx.conn(), draft)?.is_empty() {
                    true => Some(identity::identify::<E>(tx.conn(), &session.scope, draft, scheme.as_deref())?),
                    false => None,
                }
            }
            Shaped::Draft(_) | Shaped::Refused(_) => None,
        });
    }
    let ids: HashSet<String> = identities
        .iter()
        .filter_map(|identity| match identity {
            Some(Identity::Known(id)) => Some(id.to_string()),
            _ => None,
        })
        .collect();
    for thing in things::get_many::<E>(tx.conn(), &session.scope, &ids.into_iter().collect::<Vec<_>>())? {
        known.insert(thing.header.id.clone(), thing);
    }
    let mut touched: HashSet<String> = HashSet::new();
    let mut outcomes = Vec::with_capacity(batch.len());
    for (shaped, identity) in batch.into_iter().zip(identities) {
        let line = shaped.line();
        let (mut nested, mut about) = (Vec::new(), About::default());
        session.about = About::default();
        let outcome = match shaped {
            Shaped::Refused(refusal) => Outcome::Refused { refusals: vec![refusal] },
            Shaped::Draft(mut draft) if !draft.refusals.is_empty() => {
                session.about.name = super::about::name_of(E::KIND, &draft);
                let (resolver, scope) = (&mut session.resolver, &session.scope);
                let refusals =
                    super::about::all_that_is_wrong::<E>(tx, &mut draft, resolver, scope, scheme.as_deref())?;
                Outcome::Refused { refusals }
            }
            Shaped::Draft(mut draft) => {
                session.about.name = super::about::name_of(E::KIND, &draft);
                let keys = identity::keys(E::KIND, &draft);
                let tried = session.trial.as_ref().and_then(|trial| trial.earlier(E::KIND, &draft, scheme.as_deref()));
                if let Some(outcome) = tried {
                    outcomes.push(Told { line, outcome, nested: false, about: std::mem::take(&mut session.about) });
                    continue;
                }
                // What an earlier row of this batch wrote was not there when the identities were looked up.
                let identity = match identity {
                    Some(identity) if !keys.iter().any(|key| touched.contains(key)) => Ok(identity),
                    _ => identify_again::<E>(tx, &mut draft, session, scheme.as_deref())?,
                };
                let outcome = match identity {
                    Err(refusals) => Outcome::Refused { refusals },
                    Ok(identity) => take_row::<E>(tx, &draft, identity, &mut known, session, scheme.as_deref())?,
                };
                if let Outcome::Created { id } | Outcome::Updated { id } = &outcome {
                    touched.extend(keys);
                    if let Some(trial) = &mut session.trial {
                        trial.note(E::KIND, &draft, scheme.as_deref(), id);
                    }
                }
                about = std::mem::take(&mut session.about);
                nested = capabilities(tx, &draft, &outcome, session)?;
                outcome
            }
        };
        let about = about.or(std::mem::take(&mut session.about));
        outcomes.push(Told { line, outcome, nested: false, about });
        let told = |outcome| Told { line, outcome, nested: true, about: About::default() };
        outcomes.extend(nested.into_iter().map(told));
    }
    Ok(outcomes)
}

fn identify_again<E: Stored>(
    tx: &mut Tx<'_>,
    draft: &mut Draft,
    session: &mut Session,
    scheme: Option<&str>,
) -> Result<std::result::Result<Identity, Vec<Refusal>>> {
    let refusals = session.resolver.resolve(tx.conn(), draft)?;
    if !refusals.is_empty() {
        return Ok(Err(refusals));
    }
    Ok(Ok(identity::identify::<E>(tx.conn(), &session.scope, draft, scheme)?))
}

fn take_row<E: Stored>(
    tx: &mut Tx<'_>,
    draft: &Draft,
    identity: Identity,
    known: &mut HashMap<ThingId, Thing<E>>,
    session: &mut Session,
    scheme: Option<&str>,
) -> Result<Outcome> {
    let line = draft.raw.line;
    let current = match identity {
        Identity::Unclear(defect) => {
            return Ok(Outcome::Refused { refusals: vec![Refusal::of_row(line, defect)] });
        }
        Identity::New => None,
        Identity::Known(id) => match known.remove(&id) {
            Some(thing) => Some(thing),
            None => match things::get::<E>(tx.conn(), &session.scope, &id) {
                Ok(thing) => Some(thing),
                Err(Error::NotFound) => return Ok(Outcome::Refused { refusals: vec![Refusal::of_row(line, taken())] }),
                Err(error) => return Err(error),
            },
        },
    };
    let mut tree = match &current {
        Some(thing) => serde_json::to_value(&thing.entry).map_err(Error::internal)?,
        None => Value::Object(Map::new()),
    };
    let before = session.cp932.then(|| tree.clone());
    parse::merge_patch(&mut tree, &draft.patch);
    if let Some(before) = before {
        cp932::keep_what_looks_the_same(&before, &mut tree);
    }
    if let Value::Object(fields) = &mut tree {
        for (name, value) in &draft.defaults {
            let place = fields.entry(name.clone()).or_insert(Value::Null);
            if place.is_null() {
                *place = value.clone();
            }
        }
    }
    let entry: E = match parse::entry(tree) {
        Ok(entry) => entry,
        Err(findings) => return Ok(refused(draft, findings)),
    };
    if !is_permitted(tx.actor(), current.as_ref(), &entry) {
        return Ok(Outcome::Refused { refusals: vec![Refusal::of_row(line, forbidden())] });
    }
    let at_source = draft.id.as_deref().zip(scheme);
    match current {
        None => {
            let created = tx.attempt(|tx| {
                let thing = things::create(tx, entry)?;
                if let Some((id, scheme)) = at_source {
                    references::add(tx, E::KIND, scheme, id, &thing.header.id)?;
                }
                Ok(thing)
            });
            match created {
                Ok(thing) => {
                    let id = thing.header.id;
                    session.spoken_of.insert(bits(&id), line);
                    Ok(Outcome::Created { id })
                }
                Err(error) => refused_or_stop(draft, error),
            }
        }
        Some(thing) => {
            let id = thing.header.id.clone();
            let changes = thing.entry != entry;
            if let (true, Some(earlier)) = (changes, session.spoken_of.get(&bits(&id))) {
                return Ok(Outcome::Refused { refusals: vec![Refusal::of_row(line, repeated(*earlier))] });
            }
            session.spoken_of.insert(bits(&id), line);
            let is_named = match at_source {
                Some((own, scheme)) => references::find(tx.conn(), E::KIND, scheme, own)?.is_some(),
                None => true,
            };
            if !changes && is_named {
                known.insert(id.clone(), thing);
                return Ok(Outcome::Unchanged { id });
            }
            if session.trial.is_some() {
                session.about.changes = super::about::changes(&thing.entry, &entry)?;
            }
            let version = thing.header.version;
            let updated = tx.attempt(|tx| {
                let thing = things::update(tx, thing, version, entry)?;
                if let (Some((own, scheme)), false) = (at_source, is_named) {
                    references::add(tx, E::KIND, scheme, own, &id)?;
                    if let Some(job) = &session.job {
                        imports::keep_reference(tx.conn(), job, E::KIND, scheme, own)?;
                    }
                    if !changes {
                        // The thing is what it was, but is known by one more name.
                        tx.record(Action::Follow, E::KIND, &id, false)?;
                    }
                }
                Ok(thing)
            });
            match updated {
                Ok(thing) => {
                    known.insert(id.clone(), thing);
                    Ok(Outcome::Updated { id })
                }
                Err(error) => refused_or_stop(draft, error),
            }
        }
    }
}

/// The capabilities that stand inside an organisation, owned by it. One that is refused refuses nothing else.
fn capabilities(tx: &mut Tx<'_>, draft: &Draft, outcome: &Outcome, session: &mut Session) -> Result<Vec<Outcome>> {
    let owner = match outcome {
        Outcome::Refused { .. } => return Ok(Vec::new()),
        Outcome::Created { id } | Outcome::Updated { id } | Outcome::Unchanged { id } => id,
    };
    let scheme = session.resolver.scheme();
    let mut outcomes = Vec::with_capacity(draft.capabilities.len());
    // Two of one name in one list are two: the first is the first of that name again next time.
    let mut names: HashMap<String, usize> = HashMap::new();
    for (place, value) in draft.capabilities.iter().enumerate() {
        let mut outcome = capability(tx, draft.raw.line, owner, value, &mut names, session, scheme.as_deref())?;
        if let Outcome::Refused { refusals } = &mut outcome {
            for refusal in refusals {
                refusal.column = format!("capabilities/{place}/{}", refusal.column);
            }
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn capability(
    tx: &mut Tx<'_>,
    line: u64,
    owner: &ThingId,
    value: &Value,
    names: &mut HashMap<String, usize>,
    session: &mut Session,
    scheme: Option<&str>,
) -> Result<Outcome> {
    let Value::Object(fields) = value else {
        let defect = Defect::new("body.object", "オブジェクトを書いてください。", "Write an object.");
        return Ok(Outcome::Refused { refusals: vec![Refusal::of_row(line, defect)] });
    };
    let (planner, notes) = (&mut session.nested_planner, &mut session.notes);
    let mut cells: Vec<_> = fields.iter().map(|(name, value)| (planner.plan(name, notes), value.clone())).collect();
    cells.push((planner.plan("owner", notes), Value::String(owner.to_string())));
    let raw = RawRow { line, cells };
    let mut draft = rows::read(Kind::Capability, raw, &session.vocabularies, &mut session.notes);
    if !draft.refusals.is_empty() {
        return Ok(Outcome::Refused { refusals: draft.refusals });
    }
    let refusals = session.resolver.resolve(tx.conn(), &mut draft)?;
    if !refusals.is_empty() {
        return Ok(Outcome::Refused { refusals });
    }
    let by_name = draft.id.is_none() || scheme.is_none();
    let identity = match identity::title_of(Kind::Capability, &draft) {
        Some(title) if by_name => {
            let earlier = names.entry(fold(title)).or_default();
            *earlier += 1;
            identity::nth_of_title::<Capability>(tx.conn(), &session.scope, title, owner, *earlier - 1)?
        }
        _ => identity::identify::<Capability>(tx.conn(), &session.scope, &draft, scheme)?,
    };
    take_row::<Capability>(tx, &draft, identity, &mut HashMap::new(), session, scheme)
}

fn refused(draft: &Draft, findings: Vec<Finding>) -> Outcome {
    Outcome::Refused { refusals: findings.into_iter().map(|finding| draft.refusal_of(finding)).collect() }
}

/// The same rule as over REST: who stands behind the thing as it is, and as it would be.
fn is_permitted<E: Stored>(actor: &Actor, current: Option<&Thing<E>>, entry: &E) -> bool {
    use crate::domain::access::Action;
    let Some(current) = current else { return actor.may(Action::Create, E::KIND, &entry.owners()) };
    let owners = |entry: &E| if E::KIND.is_party() { vec![current.header.id.clone()] } else { entry.owners() };
    actor.may(Action::Change, E::KIND, &owners(&current.entry)) && actor.may(Action::Change, E::KIND, &owners(entry))
}

/// For a number whose thing the importer may not see: no more than that it is taken.
fn taken() -> Defect {
    Defect::new(
        "already-exists",
        "同じ番号のものがすでに登録されています。",
        "Something with the same number is already registered.",
    )
}

fn forbidden() -> Defect {
    Defect::new("forbidden", "これを登録・変更する権限がありません。", "You may not register or change this.")
}

/// What the store says against one row refuses the row; what it says of itself stops the import.
fn refused_or_stop(draft: &Draft, error: Error) -> Result<Outcome> {
    match error {
        Error::Invalid(findings) => Ok(refused(draft, findings)),
        Error::Malformed(defect) | Error::Conflict(defect) | Error::TooLarge(defect) => {
            Ok(Outcome::Refused { refusals: vec![Refusal::of_row(draft.raw.line, defect)] })
        }
        Error::Unauthenticated
        | Error::SignIn(_)
        | Error::NotAllowed(_)
        | Error::TooMany { .. }
        | Error::Forbidden
        | Error::NotFound
        | Error::UnsupportedMedia
        | Error::PreconditionRequired
        | Error::Stale { .. }
        | Error::Unavailable(_)
        | Error::Internal(_) => Err(error),
    }
}

pub(super) fn repeated(earlier: u64) -> Defect {
    Defect::new(
        "row.repeated",
        format!("{earlier}行目と同じものについての行ですが、内容が違います。どちらか一方にしてください。"),
        format!("Row {earlier} speaks of the same thing and says otherwise. Keep one of the two."),
    )
}

/// An id in sixteen bytes: a million of them are to fit in memory.
fn bits(id: &ThingId) -> u128 {
    uuid::Uuid::try_parse(id.as_str()).map_or(0, |uuid| uuid.as_u128())
}
