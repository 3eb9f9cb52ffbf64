//! Imports over REST: a file is staged, previewed, committed or cancelled, and may be undone. One worker does them one after
//! another, in short transactions, so that everybody else goes on writing. State lies in the database; the staged file and
//! what became of each row lie in a folder of the import, on the machine that took the file.

use super::about::About;
use super::encoding::Encoding;
use super::file::{self, FileFormat, HeadingMeaning, Opened, Reading};
use super::groups::{Group, Groups};
use super::import::{Counts, ImportOptions, Job, JobCounts, Listener, Outcome, import};
use super::mapping::{Mapping, find_ready_made};
use super::rows::{Note, Notes, Refusal};
use super::undo::{Undone, undo};
use crate::domain::finding::Message;
use crate::domain::{Actor, Defect, Kind, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::store::imports::{self, Finding, Import, ImportState, NewImport};
use crate::store::{Database, import_mappings, log};
use serde::Serialize;
use serde_json::json;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

/// Bytes of a file that is sent.
pub const FILE_LIMIT: u64 = 256 << 20;
/// Days after which the files of an import that nobody touched are removed.
const KEEP_DAYS: i64 = 30;
/// Lines of a report that one page looks through.
const PAGE_LINES: usize = 200_000;

/// A step that somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Preview,
    Commit,
    Undo,
}

struct Work {
    id: ThingId,
    step: Step,
    actor: Actor,
}

/// What the worker and the handlers share.
struct Shared {
    database: Database,
    folder: PathBuf,
    node: String,
    /// Imports that somebody asked to stop.
    stop: Mutex<HashSet<String>>,
    ending: AtomicBool,
}

/// The imports of a service.
pub struct Imports {
    shared: Arc<Shared>,
    queue: Option<mpsc::Sender<Work>>,
    worker: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Imports {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Imports({})", self.shared.folder.display())
    }
}

impl Drop for Imports {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::SeqCst);
        self.queue = None;
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

/// What the file was sent with.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: ThingId,
    pub kind: Kind,
    pub format: FileFormat,
    pub source: Option<String>,
    pub mapping: Option<String>,
    pub encoding: Option<Encoding>,
    pub file_name: Option<String>,
}

/// What a preview or a commit found, as it is kept and answered.
#[derive(Debug, Serialize)]
struct Found<'a> {
    /// Of a preview: the transaction up to which it saw everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<i64>,
    encoding: Option<&'static str>,
    headings: &'a [HeadingMeaning],
    rows: Counts,
    nested: Counts,
    notes: &'a [Note],
    groups: &'a [Group],
}

impl Imports {
    /// Starts the worker. What was going on when the service last ended is marked as interrupted.
    pub fn start(database: Database, folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).map_err(Error::internal)?;
        let node = node_of(&folder).map_err(Error::internal)?;
        let now = database.clock().timestamp();
        let oldest = Timestamp::from_datetime(database.clock().now() - chrono::TimeDelta::days(KEEP_DAYS));
        let interrupted = database.housekeeping(|conn| imports::interrupt(conn, &node, &now))?;
        if interrupted > 0 {
            tracing::warn!(interrupted, "imports were interrupted by the last stop");
        }
        for id in database.read(|conn| imports::untouched_since(conn, &node, &oldest))? {
            // Gone already is as good.
            let _ = fs::remove_dir_all(folder.join(id));
        }
        let shared = Arc::new(Shared {
            database,
            folder,
            node,
            stop: Mutex::new(HashSet::new()),
            ending: AtomicBool::new(false),
        });
        let (queue, works) = mpsc::channel::<Work>();
        let own = Arc::clone(&shared);
        let worker = std::thread::Builder::new()
            .name("imports".to_owned())
            .spawn(move || {
                while let Ok(work) = works.recv() {
                    if own.ending.load(Ordering::SeqCst) {
                        return;
                    }
                    own.run(&work);
                }
            })
            .map_err(Error::internal)?;
        Ok(Self { shared, queue: Some(queue), worker: Some(worker) })
    }

    /// A place for the bytes of a file that is arriving.
    pub fn stage(&self, id: &ThingId) -> std::io::Result<File> {
        let folder = self.shared.folder_of(id);
        fs::create_dir_all(&folder)?;
        File::create(folder.join("file"))
    }

    /// The file did not arrive whole: nothing of it stays.
    pub fn unstage(&self, id: &ThingId) {
        let _ = fs::remove_dir_all(self.shared.folder_of(id));
    }

    /// The file is here: registers the import and asks for its preview.
    pub fn receive(&self, order: Order, actor: Actor) -> Result<Import> {
        let bytes = fs::metadata(self.shared.folder_of(&order.id).join("file")).map_err(Error::internal)?.len();
        let database = &self.shared.database;
        if let Some(name) = &order.mapping
            && find_ready_made(name, order.kind).is_none()
            && database.read(|conn| import_mappings::find(conn, order.kind, name))?.is_none()
        {
            return Err(Error::invalid("/mapping", super::mapping::unknown(name, order.kind)));
        }
        let new = NewImport {
            id: order.id.clone(),
            node: self.shared.node.clone(),
            kind: order.kind,
            format: order.format.code().to_owned(),
            source: order.source,
            mapping: order.mapping,
            encoding: order.encoding.map(|encoding| code_of(encoding).to_owned()),
            file_name: order.file_name,
            bytes: bytes as i64,
            created_by: actor.name().to_owned(),
        };
        database.housekeeping(|conn| imports::create(conn, &new, &database.clock().timestamp()))?;
        self.send(Work { id: order.id.clone(), step: Step::Preview, actor: actor.beyond_the_request() })?;
        database.read(|conn| imports::get(conn, &order.id))
    }

    /// Asks for a step. Refused where the state of the import does not allow it.
    pub fn ask(&self, id: &ThingId, step: Step, actor: Actor) -> Result<Import> {
        let database = &self.shared.database;
        let import = database.read(|conn| imports::get(conn, id))?;
        self.refuse_other_node(&import)?;
        let (from, to): (&[ImportState], _) = match step {
            Step::Preview => (&[ImportState::Received], ImportState::Previewing),
            Step::Commit => (&[ImportState::Previewed, ImportState::Interrupted], ImportState::Committing),
            Step::Undo => {
                const FROM: &[ImportState] = &[
                    ImportState::Committed,
                    ImportState::Interrupted,
                    ImportState::Cancelled,
                    ImportState::UndoInterrupted,
                ];
                (FROM, ImportState::Undoing)
            }
        };
        let now = database.clock().timestamp();
        // What an undo had to keep may be free by now.
        let again = step == Step::Undo && import.state() == ImportState::Undone && has_kept(&import);
        let from = if again { &[ImportState::Undone][..] } else { from };
        let changed = database.housekeeping(|conn| {
            let changed = imports::change_state(conn, id, from, to, &now)?;
            if changed && again {
                imports::undo_again(conn, id)?;
            }
            Ok(changed)
        })?;
        if !changed {
            return Err(wrong_state(&import));
        }
        self.shared.allow(id);
        self.send(Work { id: id.clone(), step, actor: actor.beyond_the_request() })?;
        database.read(|conn| imports::get(conn, id))
    }

    /// Stops an import: at once where it waits, after the running batch where it writes.
    pub fn cancel(&self, id: &ThingId) -> Result<Import> {
        let database = &self.shared.database;
        let import = database.read(|conn| imports::get(conn, id))?;
        self.refuse_other_node(&import)?;
        let now = database.clock().timestamp();
        let waiting = [ImportState::Received, ImportState::Previewed];
        let ended =
            database.housekeeping(|conn| imports::change_state(conn, id, &waiting, ImportState::Cancelled, &now))?;
        if !ended {
            if ![ImportState::Previewing, ImportState::Committing].contains(&import.state()) {
                return Err(wrong_state(&import));
            }
            self.shared.stop.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_string());
        }
        database.read(|conn| imports::get(conn, id))
    }

    /// What became of rows, from `offset` of the report: at most `limit` lines, each JSON, those that `which` is true of;
    /// and where the next page begins.
    pub fn rows(
        &self,
        import: &Import,
        which: impl Fn(&serde_json::Value) -> bool,
        offset: u64,
        limit: usize,
    ) -> Result<(Vec<serde_json::Value>, Option<u64>)> {
        self.refuse_other_node(import)?;
        let id = ThingId::from_stored(import.id.clone());
        let name = if import.result.is_some() { "commit.jsonl" } else { "preview.jsonl" };
        let Ok(file) = File::open(self.shared.folder_of(&id).join(name)) else { return Ok((Vec::new(), None)) };
        let mut reader = BufReader::with_capacity(1 << 16, file);
        reader.seek(SeekFrom::Start(offset)).map_err(Error::internal)?;
        let (mut at, mut found, mut line) = (offset, Vec::new(), String::new());
        for _ in 0..PAGE_LINES {
            line.clear();
            let read = reader.read_line(&mut line).map_err(Error::internal)?;
            if read == 0 {
                return Ok((found, None));
            }
            at += read as u64;
            // A line that is being written has no end yet.
            let Ok(row) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
            if which(&row) {
                found.push(row);
            }
            if found.len() == limit {
                return Ok((found, Some(at)));
            }
        }
        Ok((found, Some(at)))
    }

    /// The refused rows as CSV: as they stood in the file, with what was wrong with them, to be mended and sent again.
    pub fn rejected(&self, import: &Import) -> Result<Vec<u8>> {
        self.refuse_other_node(import)?;
        self.shared.rejected(import)
    }

    fn refuse_other_node(&self, import: &Import) -> Result<()> {
        if import.node == self.shared.node {
            return Ok(());
        }
        Err(Error::Conflict(Defect::new(
            "import-elsewhere",
            "この取り込みのファイルは別のサーバーにあります。そのサーバーで操作してください。",
            "The file of this import lies on another server. Ask that one.",
        )))
    }

    fn send(&self, work: Work) -> Result<()> {
        let sent = self.queue.as_ref().is_some_and(|queue| queue.send(work).is_ok());
        if sent { Ok(()) } else { Err(Error::internal("the worker of imports has ended")) }
    }
}

impl Shared {
    fn folder_of(&self, id: &ThingId) -> PathBuf {
        self.folder.join(id.as_str())
    }

    fn now(&self) -> Timestamp {
        self.database.clock().timestamp()
    }

    fn allow(&self, id: &ThingId) {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).remove(id.as_str());
    }

    fn is_stopped(&self, id: &ThingId) -> bool {
        self.ending.load(Ordering::SeqCst)
            || self.stop.lock().unwrap_or_else(PoisonError::into_inner).contains(id.as_str())
    }

    fn run(&self, work: &Work) {
        let result = match work.step {
            Step::Preview => self.preview(work),
            Step::Commit => self.commit(work),
            Step::Undo => self.undo(work),
        };
        if let Err(error) = result {
            tracing::warn!(%error, import = %work.id, "an import stopped");
            let text = json!({ "code": error.problem(), "message": error.message() }).to_string();
            // Nothing was written by a preview; what a commit or an undo wrote stays and is told.
            let state = match work.step {
                Step::Preview => ImportState::Failed,
                Step::Commit => ImportState::Interrupted,
                Step::Undo => ImportState::UndoInterrupted,
            };
            if let Err(error) = self.finish(&work.id, &Finding::Failure(text), state) {
                tracing::error!(%error, import = %work.id, "the state of an import could not be kept");
            }
        }
    }

    fn finish(&self, id: &ThingId, finding: &Finding, state: ImportState) -> Result<()> {
        self.database.housekeeping(|conn| imports::finish(conn, id, finding, state, &self.now()))
    }

    fn preview(&self, work: &Work) -> Result<()> {
        let id = &work.id;
        let from = [ImportState::Received];
        let ours = self
            .database
            .housekeeping(|conn| imports::change_state(conn, id, &from, ImportState::Previewing, &self.now()))?;
        if !ours {
            return Ok(());
        }
        let import = self.database.read(|conn| imports::get(conn, id))?;
        let (text, rows, stopped) = self.go_through(&import, work, None)?;
        let state = if stopped { ImportState::Cancelled } else { ImportState::Previewed };
        self.finish(id, &Finding::Preview { text, rows }, state)
    }

    fn commit(&self, work: &Work) -> Result<()> {
        let id = &work.id;
        let import = self.database.read(|conn| imports::get(conn, id))?;
        let earlier = self.database.read(|conn| imports::last_batch(conn, id))?;
        let (after_line, counts) = match earlier {
            Some((line, text)) => (line, serde_json::from_str::<JobCounts>(&text).map_err(Error::internal)?),
            None => (0, JobCounts::default()),
        };
        let job = Job { id: id.clone(), after_line, counts, seen: seen_by_preview(&import) };
        let (text, _, stopped) = self.go_through(&import, work, Some(job))?;
        self.database.learn_shape()?;
        let state = match (stopped, self.ending.load(Ordering::SeqCst)) {
            (false, _) => ImportState::Committed,
            (true, true) => ImportState::Interrupted,
            (true, false) => ImportState::Cancelled,
        };
        self.finish(id, &Finding::Result(text), state)
    }

    fn undo(&self, work: &Work) -> Result<()> {
        let id = &work.id;
        let mut hear = |done: u64| {
            if let Err(error) = self.database.housekeeping(|conn| imports::progress(conn, id, done, &self.now())) {
                tracing::warn!(%error, "the progress of an undo could not be kept");
            }
            !self.ending.load(Ordering::SeqCst)
        };
        let (undone, whole): (Undone, bool) = undo(&self.database, &work.actor, id, &mut hear)?;
        let text = serde_json::to_string(&undone).map_err(Error::internal)?;
        let state = if whole { ImportState::Undone } else { ImportState::UndoInterrupted };
        self.finish(id, &Finding::Undone(text), state)
    }

    /// Tries (without a job) or writes (with one) every row. Gives what was found as JSON, the rows, and whether it was
    /// stopped.
    fn go_through(&self, import: &Import, work: &Work, job: Option<Job>) -> Result<(String, u64, bool)> {
        let id = &work.id;
        let (kind, mut notes) = (kind_of(import)?, Notes::default());
        let Opened { mut rows, encoding, headings, .. } = self.open(import, &mut notes)?;
        let name = if job.is_some() { "commit.jsonl" } else { "preview.jsonl" };
        // What is written while the preview runs may be missed by it.
        let seen = match job {
            Some(_) => None,
            None => Some(self.database.read(log::head)?.seq),
        };
        let goes_on = job.as_ref().is_some_and(|job| job.after_line > 0);
        let path = self.folder_of(id).join(name);
        let file = File::options().create(true).write(true).append(goes_on).truncate(!goes_on).open(path);
        let mut told = Told {
            shared: self,
            id: id.clone(),
            preview: job.is_none(),
            report: BufWriter::new(file.map_err(Error::internal)?),
            groups: Groups::default(),
            about: About::default(),
        };
        let options = ImportOptions { source: import.source.clone(), dry_run: false, trial: job.is_none(), job };
        let report = import_rows(&self.database, work, kind, rows.as_mut(), notes, &options, &mut told)?;
        told.report.flush().map_err(Error::internal)?;
        let groups = told.groups.list();
        let found = Found {
            seen,
            encoding: encoding.map(Encoding::name),
            headings: &headings,
            rows: report.rows,
            nested: report.nested,
            notes: &report.notes,
            groups: &groups,
        };
        Ok((serde_json::to_string(&found).map_err(Error::internal)?, report.rows.rows(), report.stopped))
    }

    fn open(&self, import: &Import, notes: &mut Notes) -> Result<Opened> {
        let kind = kind_of(import)?;
        let id = ThingId::from_stored(import.id.clone());
        let mut reading = Reading { encoding: import.encoding.as_deref().and_then(encoding_of), ..Reading::default() };
        if let Some(name) = &import.mapping {
            reading.ready_made = find_ready_made(name, kind);
            let kept = self.database.read(|conn| import_mappings::find(conn, kind, name))?;
            reading.mapping = kept.map(|headings| Mapping { headings });
        }
        let format =
            FileFormat::from_code(&import.format).ok_or_else(|| Error::internal("a format of another time"))?;
        let path = self.folder_of(&id).join("file");
        if !path.exists() {
            return Err(Error::Conflict(Defect::new(
                "import-file-gone",
                "ファイルはもう残っていません。もう一度送ってください。",
                "The file is no longer kept. Please send it again.",
            )));
        }
        file::open(kind, &path, format, &reading, notes)
    }

    fn rejected(&self, import: &Import) -> Result<Vec<u8>> {
        let id = ThingId::from_stored(import.id.clone());
        let refused = refusals_by_row(&self.folder_of(&id), import.result.is_some())?;
        let mut notes = Notes::default();
        let mut opened = self.open(import, &mut notes)?;
        let known: Vec<&str> = opened
            .headings
            .iter()
            .filter(|meaning| meaning.field.is_some())
            .map(|meaning| meaning.heading.as_str())
            .collect();
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let own = ["元の行", "受け付けなかった理由"];
        writer.write_record(known.iter().copied().chain(own)).map_err(Error::internal)?;
        while let Some(row) = opened.rows.next_row(&mut notes).map_err(Error::internal)? {
            let (line, cells) = match row {
                Ok(raw) => (raw.line, raw.cells),
                Err(refusal) => (refusal.row, Vec::new()),
            };
            let Some(reason) = refused.get(&line) else { continue };
            let text = |heading: &&str| {
                let cell = cells.iter().find(|(plan, _)| plan.heading == **heading);
                let text = cell.map_or_else(String::new, |(_, value)| match value {
                    serde_json::Value::String(text) => text.clone(),
                    serde_json::Value::Null => String::new(),
                    other => other.to_string(),
                });
                super::cells::with_guard(&text).into_owned()
            };
            let line = line.to_string();
            let tail = [line, super::cells::with_guard(reason).into_owned()];
            writer.write_record(known.iter().map(text).chain(tail)).map_err(Error::internal)?;
        }
        let rows = writer.into_inner().map_err(Error::internal)?;
        Ok([super::encoding::UTF8_MARK, &rows].concat())
    }
}

fn import_rows(
    database: &Database,
    work: &Work,
    kind: Kind,
    rows: &mut dyn super::RowSource,
    notes: Notes,
    options: &ImportOptions,
    told: &mut Told<'_>,
) -> Result<super::ImportReport> {
    import(database, &work.actor, kind, rows, notes, options, told)
}

/// Row → why it was refused, in both languages.
fn refusals_by_row(folder: &Path, committed: bool) -> Result<std::collections::HashMap<u64, String>> {
    let name = if committed { "commit.jsonl" } else { "preview.jsonl" };
    let mut found = std::collections::HashMap::new();
    let Ok(file) = File::open(folder.join(name)) else { return Ok(found) };
    for line in BufReader::new(file).lines() {
        let line = line.map_err(Error::internal)?;
        if !line.contains("\"refused\"") {
            continue;
        }
        let Ok(row) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
        let (Some(number), Some(refusals)) = (row["row"].as_u64(), row["refusals"].as_array()) else { continue };
        let reason = |refusal: &serde_json::Value| {
            let column = refusal["column"].as_str().unwrap_or("");
            format!("{column}: {}", refusal["message"]["ja"].as_str().unwrap_or(""))
        };
        let reasons: Vec<String> = refusals.iter().map(reason).collect();
        found.insert(number, reasons.join(" / "));
    }
    Ok(found)
}

/// Writes the report, groups refusals, keeps the progress.
struct Told<'a> {
    shared: &'a Shared,
    id: ThingId,
    preview: bool,
    report: BufWriter<File>,
    groups: Groups,
    about: About,
}

impl Listener for Told<'_> {
    fn row(&mut self, line: u64, outcome: &Outcome) -> std::io::Result<()> {
        let (verdict, id, refusals): (_, Option<&ThingId>, &[Refusal]) = match outcome {
            // What a preview created is gone again; its id says nothing.
            Outcome::Created { id } => ("create", Some(id).filter(|_| !self.preview), &[]),
            Outcome::Updated { id } => ("update", Some(id), &[]),
            Outcome::Unchanged { id } => ("unchanged", Some(id).filter(|_| !self.preview), &[]),
            Outcome::Refused { refusals } => ("refused", None, refusals),
        };
        refusals.iter().for_each(|refusal| self.groups.add(refusal));
        let About { name, changes, alike } = std::mem::take(&mut self.about);
        let mut row = json!({ "row": line, "verdict": verdict, "id": id, "name": name, "refusals": refusals });
        if !changes.is_empty() {
            row["changes"] = json!(changes);
        }
        if !alike.is_empty() {
            row["alike"] = json!(alike);
        }
        writeln!(self.report, "{row}")
    }

    fn about(&mut self, about: &About) {
        self.about = about.clone();
    }

    fn progress(&mut self, _bytes: u64, counts: &Counts) {
        let kept = self.report.flush().map_err(Error::internal).and_then(|()| {
            let (rows, now) = (counts.rows(), self.shared.now());
            self.shared.database.housekeeping(|conn| imports::progress(conn, &self.id, rows, &now))
        });
        if let Err(error) = kept {
            tracing::warn!(%error, "the progress of an import could not be kept");
        }
    }

    fn stop(&self) -> bool {
        self.shared.is_stopped(&self.id)
    }
}

/// Its undo left something where it was.
fn has_kept(import: &Import) -> bool {
    let undone: Option<Undone> = import.undone.as_deref().and_then(|text| serde_json::from_str(text).ok());
    undone.is_some_and(|undone| !undone.kept.is_empty())
}

fn seen_by_preview(import: &Import) -> Option<i64> {
    let preview: serde_json::Value = serde_json::from_str(import.preview.as_deref()?).ok()?;
    preview["seen"].as_i64()
}

fn kind_of(import: &Import) -> Result<Kind> {
    Kind::from_code(&import.kind).ok_or_else(|| Error::internal("a kind of another time"))
}

pub fn code_of(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "utf8",
        Encoding::Cp932 => "cp932",
    }
}

pub fn encoding_of(code: &str) -> Option<Encoding> {
    [Encoding::Utf8, Encoding::Cp932].into_iter().find(|encoding| code_of(*encoding) == code)
}

/// The name of this data folder, made once: another node of the same database has another.
fn node_of(folder: &Path) -> std::io::Result<String> {
    let path = folder.join("node");
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        _ => {
            let node = ThingId::new().to_string();
            fs::write(&path, &node)?;
            Ok(node)
        }
    }
}

fn wrong_state(import: &Import) -> Error {
    let state = import.state().code();
    let words = Message::new(
        format!("この取り込みは今「{state}」のため、その操作はできません。"),
        format!("This import is {state}, so that cannot be done with it."),
    );
    Error::Conflict(Defect { code: "import-state".to_owned(), message: words })
}
