//! The engine: a folder of generations, one writer, one served snapshot.
//!
//! `FOLDER/CURRENT` names the generation that is served, `FOLDER/generation-<n>/` holds it. A rebuild fills the next
//! generation while the old one serves, then switches the name atomically.

use std::fs::{self, File};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use tantivy::indexer::{LogMergePolicy, NoMergePolicy};
use tantivy::schema::Term;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy};

use crate::analysis::tokenizers;
use crate::document::Document;
use crate::error::{EngineError, QueryError, QueryErrorKind};
use crate::kernel::Pool;
use crate::mark::{Mark, Payload};
use crate::matching::asks::{self, Spoken};
use crate::matching::score::Weights;
use crate::request::{
    MatchAnswer, MatchRequest, SearchAnswer, SearchRequest, SimilarAnswer, SimilarRequest, SuggestAnswer,
    SuggestRequest, ThingsAnswer,
};
use crate::schema::{self, fields};
use crate::snapshot::{KnownTables, Parties, Snapshot, lock, read, write};
use crate::taxonomy::Taxonomy;
use crate::{matching, search, suggest};

/// How much the writer may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Memory of the writer before it flushes a segment, bytes; at least 15 MiB for each thread.
    pub writer_memory: usize,
    /// Indexing threads.
    pub writer_threads: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { writer_memory: 100 * 1024 * 1024, writer_threads: 1 }
    }
}

const LEAST_MEMORY_FOR_A_THREAD: usize = 15 * 1024 * 1024 + 1;

/// One change that the index follows.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every change is a document")]
pub enum Change {
    /// The document as it is now; replaces the one with the same id.
    Put(Document),
    /// The id of a document that is gone.
    Remove(String),
}

/// How an index folder was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// It serves, up to this mark. Whether the mark belongs to the database at hand is for the caller to check.
    Ready { mark: Mark },
    /// It serves nothing until a rebuild.
    Empty { why: Why },
}

/// Why a folder serves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There was no index.
    First,
    /// There was one, and this is wrong with it.
    Damaged(String),
    /// It was written under another schema, analysis or version.
    OtherFingerprint,
}

/// Index, reader and writer of one generation.
struct Generation {
    folder: PathBuf,
    index: Index,
    reader: IndexReader,
    writer: Option<IndexWriter>,
    /// What its documents were analysed with.
    taxonomy: Arc<Taxonomy>,
}

impl Drop for Generation {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            let _ = writer.wait_merging_threads();
        }
    }
}

/// The search and matching engine over one folder. Share it by `Arc`; every call may run in parallel with any other.
pub struct Engine {
    folder: PathBuf,
    settings: Settings,
    generation: Mutex<Option<Generation>>,
    served: RwLock<Arc<Snapshot>>,
    damaged: AtomicBool,
    pool: Pool,
    /// What the next rebuild analyses with.
    taxonomy: RwLock<Arc<Taxonomy>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Engine")
            .field("folder", &self.folder)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens an index folder, creating it if missing. Damaged or foreign content never fails: the engine then serves
    /// empty answers and says [`Opened::Empty`], and the caller rebuilds. Every file's checksum is verified.
    ///
    /// # Errors
    /// [`EngineError::Folder`] when the folder itself cannot be created.
    pub fn open(folder: &Path, settings: Settings) -> Result<(Engine, Opened), EngineError> {
        Engine::open_with(folder, settings, Taxonomy::built_in())
    }

    /// The same with a concept tree of the caller's. An index that was written with another tree serves nothing until a
    /// rebuild, like one of another version.
    ///
    /// # Errors
    /// [`EngineError::Folder`] when the folder itself cannot be created.
    pub fn open_with(
        folder: &Path,
        settings: Settings,
        taxonomy: Arc<Taxonomy>,
    ) -> Result<(Engine, Opened), EngineError> {
        fs::create_dir_all(folder).map_err(|source| EngineError::folder(folder, source))?;
        let (generation, snapshot, opened) = match find_generation(folder) {
            Found::None => (None, Snapshot::empty(&taxonomy), Opened::Empty { why: Why::First }),
            Found::Broken(why) => (None, Snapshot::empty(&taxonomy), Opened::Empty { why: Why::Damaged(why) }),
            Found::At(path) => match open_quietly(&path, &taxonomy) {
                Ok((generation, snapshot, mark)) => (Some(generation), snapshot, Opened::Ready { mark }),
                Err(why) => (None, Snapshot::empty(&taxonomy), Opened::Empty { why }),
            },
        };
        let engine = Engine {
            folder: folder.to_path_buf(),
            settings,
            generation: Mutex::new(generation),
            served: RwLock::new(Arc::new(snapshot)),
            damaged: AtomicBool::new(false),
            pool: Pool::default(),
            taxonomy: RwLock::new(taxonomy),
        };
        Ok((engine, opened))
    }

    /// Everything that decides what is in the fields (schema, analysis, word lists, concept tree, versions), as a short
    /// hash. It is kept with every commit; another one at [`Engine::open`] means rebuild.
    pub fn fingerprint(&self) -> String {
        schema::fingerprint(&self.taxonomy())
    }

    /// The concept tree that the next rebuild analyses with.
    pub fn taxonomy(&self) -> Arc<Taxonomy> {
        Arc::clone(&read(&self.taxonomy))
    }

    /// Takes another concept tree. What is served keeps the one it was written with until the next rebuild is finished.
    /// True if the tree is another one than what is served was written with, so that a rebuild is due.
    pub fn set_taxonomy(&self, taxonomy: Arc<Taxonomy>) -> bool {
        let other = taxonomy.digest() != self.snapshot().taxonomy.digest();
        *write(&self.taxonomy) = taxonomy;
        other
    }

    /// The mark of the served state; absent before the first build.
    pub fn mark(&self) -> Option<Mark> {
        self.snapshot().mark.clone()
    }

    /// Number of documents served.
    pub fn documents(&self) -> usize {
        self.snapshot().alive_documents()
    }

    /// Whether a query met damaged data: the caller rebuilds. A rebuild clears it.
    pub fn damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire)
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&read(&self.served))
    }

    /// Applies changes in order, commits them with the mark, and serves the result. Repeating a call is harmless.
    ///
    /// # Errors
    /// [`EngineError::NotBuilt`] before the first build; [`EngineError::Writer`] when the writer failed: nothing
    /// new is served, the writer was dropped, the same call may be tried again.
    pub fn apply(&self, changes: &[Change], mark: &Mark) -> Result<(), EngineError> {
        let mut guard = lock(&self.generation);
        let Some(generation) = guard.as_mut() else { return Err(EngineError::NotBuilt) };
        let result = caught(|| write_changes(generation, &self.settings, changes, mark));
        if let Err(error) = result {
            generation.writer = None;
            return Err(error);
        }
        self.serve(generation, mark)
    }

    fn serve(&self, generation: &Generation, mark: &Mark) -> Result<(), EngineError> {
        let before = self.snapshot();
        let snapshot = caught(|| {
            generation.reader.reload()?;
            Snapshot::load(
                &generation.reader.searcher(),
                Some(mark.clone()),
                &generation.taxonomy,
                &before.parties,
                &before.tables(),
            )
        })?;
        *write(&self.served) = Arc::new(snapshot);
        Ok(())
    }

    /// Starts a rebuild in a new generation; the old one goes on serving, and [`Engine::apply`] goes on to it.
    ///
    /// # Errors
    /// [`EngineError::Folder`] or [`EngineError::Writer`] when the new generation cannot be created.
    pub fn rebuild(&self) -> Result<Rebuild<'_>, EngineError> {
        let number = highest_generation(&self.folder) + 1;
        let folder = self.folder.join(format!("generation-{number}"));
        fs::create_dir_all(&folder).map_err(|source| EngineError::folder(&folder, source))?;
        let index = Index::create_in_dir(&folder, fields().schema.clone())?;
        let taxonomy = self.taxonomy();
        tokenizers::register(index.tokenizers(), &taxonomy);
        let writer = open_writer(&index, &self.settings)?;
        // One merge at the end costs less than merging on the way, and leaves one segment to look terms up in.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        let reader = open_reader(&index)?;
        Ok(Rebuild {
            engine: self,
            generation: Some(Generation { folder, index, reader, writer: Some(writer), taxonomy }),
        })
    }

    /// Answers a search.
    ///
    /// # Errors
    /// A query beyond the limits, or [`QueryErrorKind::Damaged`] when the files turned out to be damaged.
    pub fn search(&self, request: &SearchRequest) -> Result<SearchAnswer, QueryError> {
        let snapshot = self.snapshot();
        match catch_unwind(AssertUnwindSafe(|| search::run(&snapshot, &self.pool, request))) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(search::Refused::Query(error))) => Err(error),
            Ok(Err(search::Refused::Damaged)) | Err(_) => {
                self.damaged.store(true, Ordering::Release);
                Err(QueryError::new(QueryErrorKind::Damaged, 0))
            }
        }
    }

    /// Proposes parties for a text. On damaged data the answer is empty and [`Engine::damaged`] turns true.
    pub fn match_parties(&self, request: &MatchRequest) -> MatchAnswer {
        self.match_parties_with(request, &Weights::default())
    }

    /// The same with another table of weights, for fitting and ablation.
    pub fn match_parties_with(&self, request: &MatchRequest, weights: &Weights) -> MatchAnswer {
        let snapshot = self.snapshot();
        match catch_unwind(AssertUnwindSafe(|| matching::run(&snapshot, &self.pool, request, weights))) {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => {
                self.damaged.store(true, Ordering::Release);
                MatchAnswer::default()
            }
        }
    }

    /// Proposes single things of the kinds in `filters` for a text, anonymous ones among them. `party_filters` then leave
    /// out what names no party.
    pub fn match_things(&self, request: &MatchRequest, weights: &Weights) -> ThingsAnswer {
        self.guarded(|snapshot| matching::things(snapshot, &self.pool, request, weights))
    }

    /// What texts of one side speak of, to be compared with many asks.
    pub fn spoken<'text>(&self, texts: impl IntoIterator<Item = &'text str>) -> Spoken {
        Spoken::read(&self.snapshot().taxonomy, texts)
    }

    /// How much of what is asked (weighted texts, as in a match) the other side's texts speak of, 0 to 1.
    pub fn spoken_share(&self, ask: &[(String, f32)], spoken: &Spoken) -> f32 {
        self.guarded(|snapshot| asks::spoken_share(snapshot, ask, spoken, &Weights::default()))
    }

    /// Things whose texts are like these. On damaged data the answer is empty and [`Engine::damaged`] turns true.
    pub fn similar(&self, request: &SimilarRequest) -> SimilarAnswer {
        self.guarded(|snapshot| matching::similar(snapshot, &self.pool, request))
    }

    /// What a text that is being typed may become. On damaged data the answer is empty and [`Engine::damaged`] turns
    /// true.
    pub fn suggest(&self, request: &SuggestRequest) -> SuggestAnswer {
        self.guarded(|snapshot| suggest::run(snapshot, &self.pool, request))
    }

    fn guarded<T: Default>(&self, answer: impl FnOnce(&Snapshot) -> Result<T, EngineError>) -> T {
        let snapshot = self.snapshot();
        match catch_unwind(AssertUnwindSafe(|| answer(&snapshot))) {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => {
                self.damaged.store(true, Ordering::Release);
                T::default()
            }
        }
    }

    /// Id and row version of every document served, in no order, to compare with the database.
    ///
    /// # Errors
    /// [`EngineError::Damaged`] when the files cannot be read.
    pub fn versions(&self) -> Result<Vec<(String, u64)>, EngineError> {
        let snapshot = self.snapshot();
        caught(|| {
            let mut versions = Vec::with_capacity(snapshot.alive_documents());
            for segment in &snapshot.segments {
                for document in 0..segment.documents() {
                    if segment.alive.as_ref().is_none_or(|alive| alive.contains(document)) {
                        versions.push((segment.id(document)?, segment.version(document)));
                    }
                }
            }
            Ok(versions)
        })
    }
}

/// A rebuild under way. Dropping it leaves what is served as it was.
pub struct Rebuild<'engine> {
    engine: &'engine Engine,
    generation: Option<Generation>,
}

impl Rebuild<'_> {
    /// Adds a document. Each id comes once; use [`Rebuild::remove`] first to replace one.
    ///
    /// # Errors
    /// [`EngineError::Writer`]: the rebuild is lost, start another.
    pub fn add(&mut self, document: Document) -> Result<(), EngineError> {
        let writer = self.writer()?;
        caught(|| Ok(writer.add_document(fields().flatten(&document)).map(|_| ())?))
    }

    /// Takes out the document with this id, if it was added.
    ///
    /// # Errors
    /// [`EngineError::Writer`]: the rebuild is lost, start another.
    pub fn remove(&mut self, id: &str) -> Result<(), EngineError> {
        self.writer()?.delete_term(Term::from_field_text(fields().id, id));
        Ok(())
    }

    fn writer(&mut self) -> Result<&mut IndexWriter, EngineError> {
        let writer = self.generation.as_mut().and_then(|generation| generation.writer.as_mut());
        writer.ok_or_else(|| EngineError::Writer("the rebuild has ended".to_string()))
    }

    /// Commits, makes it durable, serves it, and removes the old generation. The caller may then replay the log.
    ///
    /// # Errors
    /// [`EngineError::Writer`] or [`EngineError::Folder`]: the old generation still serves.
    pub fn finish(mut self, mark: &Mark) -> Result<(), EngineError> {
        let Some(mut generation) = self.generation.take() else {
            return Err(EngineError::Writer("the rebuild has ended".to_string()));
        };
        let result = self.switch_to(&mut generation, mark);
        match result {
            Ok(snapshot) => {
                let engine = self.engine;
                let mut guard = lock(&engine.generation);
                let old = guard.replace(generation);
                *write(&engine.served) = Arc::new(snapshot);
                engine.damaged.store(false, Ordering::Release);
                drop(old);
                remove_other_generations(&engine.folder);
                Ok(())
            }
            Err(error) => {
                let folder = generation.folder.clone();
                drop(generation);
                let _ = fs::remove_dir_all(folder);
                Err(error)
            }
        }
    }

    fn switch_to(&self, generation: &mut Generation, mark: &Mark) -> Result<Snapshot, EngineError> {
        let Some(mut writer) = generation.writer.take() else {
            return Err(EngineError::Writer("the rebuild has ended".to_string()));
        };
        let snapshot = caught(|| {
            commit(&mut writer, &generation.folder, mark, &generation.taxonomy)?;
            let segments = generation.index.searchable_segment_ids()?;
            if segments.len() > 1 {
                writer.merge(&segments).wait()?;
            }
            writer.wait_merging_threads()?;
            sync_folder(&generation.folder)?;
            generation.reader.reload()?;
            Snapshot::load(
                &generation.reader.searcher(),
                Some(mark.clone()),
                &generation.taxonomy,
                &Arc::new(Parties::default()),
                &KnownTables::new(),
            )
        })?;
        point_to(&self.engine.folder, &generation.folder)?;
        Ok(snapshot)
    }
}

impl Drop for Rebuild<'_> {
    fn drop(&mut self) {
        if let Some(generation) = self.generation.take() {
            let folder = generation.folder.clone();
            drop(generation);
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Runs a step and turns a panic inside tantivy into an error.
pub(crate) fn caught<T>(step: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(result) => result,
        Err(panic) => Err(EngineError::Writer(panic_text(panic.as_ref()))),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        return (*text).to_string();
    }
    panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "panic".to_string())
}

fn write_changes(
    generation: &mut Generation,
    settings: &Settings,
    changes: &[Change],
    mark: &Mark,
) -> Result<(), EngineError> {
    if generation.writer.is_none() {
        let writer = open_writer(&generation.index, settings)?;
        // Files that a killed process, or a commit that failed, had written before its commit: tantivy gives them the
        // same names again, and refuses to write over them.
        writer.garbage_collect_files().wait()?;
        generation.writer = Some(writer);
    }
    let Some(writer) = generation.writer.as_mut() else { return Err(EngineError::Writer("no writer".to_string())) };
    for change in changes {
        match change {
            Change::Put(document) => {
                writer.delete_term(Term::from_field_text(fields().id, &document.id));
                writer.add_document(fields().flatten(document))?;
            }
            Change::Remove(id) => {
                writer.delete_term(Term::from_field_text(fields().id, id));
            }
        }
    }
    commit(writer, &generation.folder, mark, &generation.taxonomy)
}

fn commit(writer: &mut IndexWriter, folder: &Path, mark: &Mark, taxonomy: &Taxonomy) -> Result<(), EngineError> {
    let mut prepared = writer.prepare_commit()?;
    prepared.set_payload(&Payload::new(mark, schema::fingerprint(taxonomy)).write());
    prepared.commit()?;
    // tantivy renames meta.json into place without syncing the folder afterwards.
    sync_folder(folder)
}

fn sync_folder(folder: &Path) -> Result<(), EngineError> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(|source| EngineError::folder(folder, source))
}

fn open_writer(index: &Index, settings: &Settings) -> Result<IndexWriter, EngineError> {
    let threads = settings.writer_threads.max(1);
    let memory = settings.writer_memory.max(threads * LEAST_MEMORY_FOR_A_THREAD);
    let writer = index.writer_with_num_threads(threads, memory)?;
    let mut policy = LogMergePolicy::default();
    policy.set_min_num_segments(5);
    policy.set_del_docs_ratio_before_merge(0.3);
    writer.set_merge_policy(Box::new(policy));
    Ok(writer)
}

fn open_reader(index: &Index) -> Result<IndexReader, EngineError> {
    Ok(index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?)
}

enum Found {
    None,
    Broken(String),
    At(PathBuf),
}

fn find_generation(folder: &Path) -> Found {
    let name = match fs::read(folder.join("CURRENT")) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).trim().to_string(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && highest_generation(folder) == 0 => {
            return Found::None;
        }
        Err(error) => return Found::Broken(format!("CURRENT: {error}")),
    };
    let number = name.strip_prefix("generation-").and_then(|number| number.parse::<u64>().ok());
    match number {
        Some(number) if folder.join(format!("generation-{number}")).is_dir() => {
            Found::At(folder.join(format!("generation-{number}")))
        }
        _ => Found::Broken("CURRENT names no generation".to_string()),
    }
}

fn highest_generation(folder: &Path) -> u64 {
    generations(folder).into_iter().map(|(number, _)| number).max().unwrap_or(0)
}

fn generations(folder: &Path) -> Vec<(u64, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let number = name.strip_prefix("generation-")?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect()
}

fn remove_other_generations(folder: &Path) {
    let Found::At(current) = find_generation(folder) else { return };
    for (_, path) in generations(folder) {
        if path != current {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// Writes the name of the served generation: a new file, synced, renamed over the old one, the folder synced.
fn point_to(folder: &Path, generation: &Path) -> Result<(), EngineError> {
    let name = generation.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let temporary = folder.join("CURRENT.new");
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(name.as_bytes())?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&temporary, folder.join("CURRENT")))
        .map_err(|source| EngineError::folder(folder, source))?;
    sync_folder(folder)
}

fn open_quietly(path: &Path, taxonomy: &Arc<Taxonomy>) -> Result<(Generation, Snapshot, Mark), Why> {
    match catch_unwind(AssertUnwindSafe(|| open_generation(path, taxonomy))) {
        Ok(result) => result,
        Err(panic) => Err(Why::Damaged(panic_text(panic.as_ref()))),
    }
}

fn open_generation(path: &Path, taxonomy: &Arc<Taxonomy>) -> Result<(Generation, Snapshot, Mark), Why> {
    let broken = |error: &dyn std::fmt::Display| Why::Damaged(error.to_string());
    if !path.join(".managed.json").is_file() {
        return Err(Why::Damaged("the list of files is missing".to_string()));
    }
    let index = Index::open_in_dir(path).map_err(|error| broken(&error))?;
    let metas = index.load_metas().map_err(|error| broken(&error))?;
    let Some(payload) = metas.payload.as_deref().and_then(Payload::read) else {
        return Err(Why::Damaged("the mark cannot be read".to_string()));
    };
    if payload.fingerprint != schema::fingerprint(taxonomy) || index.schema() != fields().schema {
        return Err(Why::OtherFingerprint);
    }
    let present: Vec<PathBuf> =
        metas.list_segment_files().into_iter().filter(|file| path.join(file).is_file()).collect();
    for file in present {
        let whole = index.directory().validate_checksum(&file).map_err(|error| broken(&error))?;
        if !whole {
            return Err(Why::Damaged(format!("{} has a wrong checksum", file.display())));
        }
    }
    tokenizers::register(index.tokenizers(), taxonomy);
    let reader = open_reader(&index).map_err(|error| broken(&error))?;
    for segment in &metas.segments {
        let opened = reader.searcher().segment_readers().iter().any(|reader| {
            reader.segment_id() == segment.id()
                && reader.max_doc() == segment.max_doc()
                && reader.num_docs() == segment.num_docs()
        });
        if !opened {
            return Err(Why::Damaged("a segment has another size than meta.json says".to_string()));
        }
    }
    let mark = payload.into_mark();
    let snapshot = Snapshot::load(
        &reader.searcher(),
        Some(mark.clone()),
        taxonomy,
        &Arc::new(Parties::default()),
        &KnownTables::new(),
    )
    .map_err(|error| broken(&error))?;
    let taxonomy = Arc::clone(taxonomy);
    Ok((Generation { folder: path.to_path_buf(), index, reader, writer: None, taxonomy }, snapshot, mark))
}
