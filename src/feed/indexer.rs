//! The index follows the log.
//!
//! First start, damage, upgrade and restore are one path: a mark that is missing, of another epoch, ahead of the log,
//! or with another chain means rebuild, into a new generation beside the one that serves.

use super::{concepts, documents};
use crate::domain::Kind;
use crate::error::{Error, Result};
use crate::store::log::{self, Change as LogRow, Head};
use crate::store::{Conn, Database, Target, things};
use musubi_index::{Change, Engine, EngineError, Mark};
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the index commits.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Rows of the log in one commit, about (a transaction is never cut).
    pub rows: i64,
    /// Commits come at most this often: writes in between travel together.
    pub between: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rows: 1_000, between: Duration::from_millis(200) }
    }
}

/// Things read at once while building anew.
const PAGE: i64 = 1_000;
/// Other processes write to the same PostgreSQL: look even when nothing rang here.
const POLL_SHARED: Duration = Duration::from_millis(500);
const POLL_ALONE: Duration = Duration::from_secs(1);
const BACK_OFF_FIRST: Duration = Duration::from_millis(100);
const BACK_OFF_MOST: Duration = Duration::from_secs(5);
/// After this many failures of the writer in a row the generation itself is suspected, and built anew elsewhere.
const FAILURES_BEFORE_REBUILD: u32 = 3;

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The index is where the log is.
    Idle,
    /// This many things were read again.
    Followed(usize),
    /// Everything was built anew: this many documents.
    Rebuilt(usize),
}

/// How far the index is, for health, metrics and waiting searches.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// The mark that is served, once it is known to be a place in this log; none before the first build, and none
    /// while what is served follows another log (after a restore, say).
    pub mark: Option<Mark>,
    /// Head of the log when last seen.
    pub head_seq: i64,
    pub rebuilding: bool,
    pub rebuilds: u64,
    pub commits: u64,
    /// The last failure, until a step succeeds.
    pub failure: Option<String>,
}

impl Status {
    /// Transactions that the index has not followed yet, as far as known.
    pub fn lag(&self) -> i64 {
        self.head_seq - self.mark.as_ref().map_or(0, |mark| mark.seq)
    }
}

/// The thread that follows, and what it tells.
#[derive(Debug)]
pub struct Feed {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    database: Database,
}

#[derive(Debug, Default)]
struct Shared {
    status: Mutex<Status>,
    moved: Condvar,
    stop: AtomicBool,
    paused: AtomicBool,
    rebuild_wanted: AtomicBool,
    /// The documents were counted against the rows, once for each start.
    counted: AtomicBool,
    /// Times in a row that the writer failed.
    failures: AtomicU32,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.lock());
        self.moved.notify_all();
    }
}

impl Feed {
    pub fn start(database: Database, engine: Arc<Engine>, pace: Pace) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new()
            .name("indexer".to_owned())
            .spawn({
                let (database, shared) = (database.clone(), shared.clone());
                move || follow(&database, &engine, &shared, pace)
            })
            .map_err(Error::internal)?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)), database })
    }

    pub fn status(&self) -> Status {
        self.shared.lock().clone()
    }

    /// Waits until the index has followed the log to `seq`. False if it has not within `patience`.
    pub fn wait_for(&self, seq: i64, patience: Duration) -> bool {
        let behind = |status: &mut Status| status.mark.as_ref().is_none_or(|mark| mark.seq < seq);
        let status = self.shared.lock();
        let (mut status, _) =
            self.shared.moved.wait_timeout_while(status, patience, behind).unwrap_or_else(PoisonError::into_inner);
        !behind(&mut status)
    }

    /// Holds the indexer still, or lets it go on: for tests of what readers see meanwhile.
    pub fn pause(&self, paused: bool) {
        self.shared.paused.store(paused, Ordering::SeqCst);
        self.database.bell().ring();
    }

    /// Asks for the whole index to be built anew; what is there serves until then.
    pub fn rebuild_soon(&self) {
        self.shared.rebuild_wanted.store(true, Ordering::SeqCst);
        self.database.bell().ring();
    }

    /// Ends the thread after the step it is in.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.database.bell().ring();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(_)) = thread.map(JoinHandle::join) {
            tracing::error!("the indexer ended in a panic");
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.stop();
    }
}

fn follow(database: &Database, engine: &Engine, shared: &Shared, pace: Pace) {
    let poll = match database.target() {
        Target::Sqlite(_) => POLL_ALONE,
        Target::Postgresql(_) => POLL_SHARED,
    };
    let mut seen = 0;
    let mut back_off = BACK_OFF_FIRST;
    while !shared.stop.load(Ordering::SeqCst) {
        if shared.paused.load(Ordering::SeqCst) {
            seen = database.bell().wait(seen, poll);
            continue;
        }
        let started = Instant::now();
        match step(database, engine, shared, pace.rows) {
            Ok(progress) => {
                back_off = BACK_OFF_FIRST;
                let wait = match progress {
                    Progress::Idle => {
                        seen = database.bell().wait(seen, poll);
                        Duration::ZERO
                    }
                    Progress::Followed(_) => pace.between.saturating_sub(started.elapsed()),
                    Progress::Rebuilt(_) => Duration::ZERO,
                };
                std::thread::sleep(wait);
            }
            Err(error) => {
                tracing::warn!(%error, "the index could not follow; trying again");
                shared.tell(|status| status.failure = Some(error.to_string()));
                std::thread::sleep(back_off);
                back_off = (2 * back_off).min(BACK_OFF_MOST);
            }
        }
    }
}

fn step(database: &Database, engine: &Engine, shared: &Shared, batch: i64) -> Result<Progress> {
    let counted = shared.counted.load(Ordering::SeqCst);
    let mut work = database.read(|conn| next_work(conn, engine.mark().as_ref(), batch, counted))?;
    let ours = !matches!(work.what, What::Rebuild(why) if why != TREE_CHANGED);
    shared.tell(|status| {
        status.head_seq = work.head.seq;
        // Nobody takes the mark of another log, or of an index that lost something, for a place in this log.
        status.mark = engine.mark().filter(|_| ours && counted);
    });
    if engine.damaged() {
        work.what = What::Rebuild("a query met damaged files");
    } else if shared.rebuild_wanted.load(Ordering::SeqCst) {
        work.what = What::Rebuild("it was asked for, or following failed again and again");
    }
    let mut progress = match work.what {
        What::Nothing => Progress::Idle,
        What::Follow { changes, mark } => follow_changes(database, engine, shared, &changes, &mark)?,
        What::Rebuild(why) => rebuild_told(database, engine, shared, why)?,
    };
    if let (Some(rows), Progress::Idle | Progress::Followed(_)) = (work.rows, progress) {
        if rows != engine.documents() as i64 {
            progress = rebuild_told(database, engine, shared, "its documents are not as many as the rows")?;
        }
        shared.counted.store(true, Ordering::SeqCst);
    }
    let counted = shared.counted.load(Ordering::SeqCst);
    shared.tell(|status| {
        status.mark = engine.mark().filter(|_| counted);
        status.failure = None;
        if progress != Progress::Idle {
            status.commits += 1;
        }
    });
    Ok(progress)
}

fn follow_changes(
    database: &Database,
    engine: &Engine,
    shared: &Shared,
    changes: &[Change],
    mark: &Mark,
) -> Result<Progress> {
    match engine.apply(changes, mark) {
        Ok(()) => {
            shared.failures.store(0, Ordering::SeqCst);
            Ok(Progress::Followed(changes.len()))
        }
        Err(error @ (EngineError::Damaged(_) | EngineError::NotBuilt)) => {
            rebuild_told(database, engine, shared, &error.to_string())
        }
        Err(error) => {
            // Its folder may be gone, which trying again does not mend.
            if shared.failures.fetch_add(1, Ordering::SeqCst) + 1 >= FAILURES_BEFORE_REBUILD {
                shared.rebuild_wanted.store(true, Ordering::SeqCst);
            }
            Err(Error::internal(error))
        }
    }
}

fn rebuild_told(database: &Database, engine: &Engine, shared: &Shared, why: &str) -> Result<Progress> {
    tracing::info!(why, "building the index");
    shared.tell(|status| status.rebuilding = true);
    // Whoever asks while it runs is served by another one. If it fails (a full disk, say), following is tried again
    // before the next.
    shared.rebuild_wanted.store(false, Ordering::SeqCst);
    shared.failures.store(0, Ordering::SeqCst);
    let rebuilt = rebuild(database, engine, |_| {});
    shared.tell(|status| {
        status.rebuilding = false;
        status.rebuilds += u64::from(rebuilt.is_ok());
    });
    shared.counted.fetch_or(rebuilt.is_ok(), Ordering::SeqCst);
    rebuilt.map(Progress::Rebuilt)
}

/// Follows until there is nothing left to follow: for commands without a thread. Says how often everything had to be
/// built anew for it.
pub fn catch_up(database: &Database, engine: &Engine) -> Result<u64> {
    let shared = Shared::default();
    while step(database, engine, &shared, Pace::default().rows)? != Progress::Idle {}
    let rebuilds = shared.lock().rebuilds;
    Ok(rebuilds)
}

struct Work {
    head: Head,
    what: What,
    /// Rows at this moment, if the work ends at the head of the log and they are to be counted.
    rows: Option<i64>,
}

/// What is served then follows this log as before, with the tree it was written with.
const TREE_CHANGED: &str = "the concept tree changed";

enum What {
    Nothing,
    Follow { changes: Vec<Change>, mark: Mark },
    Rebuild(&'static str),
}

/// What the index has to do, read in one snapshot.
///
/// Until it was counted once, its documents are to be counted against the rows: tantivy keeps no checksum of its list
/// of segments, and one that is missing there would never be noticed.
fn next_work(conn: &mut Conn, mark: Option<&Mark>, batch: i64, counted: bool) -> Result<Work> {
    let head = log::head(conn)?;
    let what = match mark {
        None => What::Rebuild("there is none"),
        Some(mark) if mark.epoch != head.epoch => What::Rebuild("it belongs to another database"),
        Some(mark) if mark.seq > head.seq => What::Rebuild("it is ahead of the log"),
        Some(mark) if log::chain_at(conn, mark.seq)?.as_deref() != Some(mark.chain.as_str()) => {
            What::Rebuild("the log is not the one it followed")
        }
        Some(mark) if mark.seq == head.seq => What::Nothing,
        Some(mark) => {
            let rows = log::after(conn, mark.seq, batch)?;
            match rows.last() {
                None => What::Nothing,
                Some(_) if rows.iter().any(|row| row.kind == log::CONCEPT) => What::Rebuild(TREE_CHANGED),
                Some(last) => {
                    let mark = Mark { epoch: head.epoch.clone(), seq: last.seq, chain: last.chain.clone() };
                    What::Follow { changes: changes_of(conn, &rows)?, mark }
                }
            }
        }
    };
    let ends_at_head = match &what {
        What::Nothing => true,
        What::Follow { mark, .. } => mark.seq == head.seq,
        What::Rebuild(_) => false,
    };
    let rows = if ends_at_head && !counted { Some(things::count_all(conn)?) } else { None };
    Ok(Work { head, what, rows })
}

/// Each thing once, as it is now: rows that are there are put, the others removed.
pub(super) fn changes_of(conn: &mut Conn, rows: &[LogRow]) -> Result<Vec<Change>> {
    let mut touched: BTreeMap<&str, Kind> = BTreeMap::new();
    for row in rows {
        if let Some(kind) = Kind::from_code(&row.kind) {
            touched.insert(&row.thing_id, kind);
        }
    }
    let mut changes = Vec::with_capacity(touched.len());
    for &kind in Kind::ALL {
        let ids: Vec<String> =
            touched.iter().filter(|(_, other)| **other == kind).map(|(id, _)| (*id).to_owned()).collect();
        if ids.is_empty() {
            continue;
        }
        let documents = documents::of(conn, kind, &ids)?;
        let there: HashSet<&str> = documents.iter().map(|document| document.id.as_str()).collect();
        let gone = ids.iter().filter(|id| !there.contains(id.as_str()));
        changes.extend(gone.cloned().map(Change::Remove));
        changes.extend(documents.into_iter().map(Change::Put));
    }
    Ok(changes)
}

/// Builds the whole index anew, in short snapshots; what changes meanwhile is in the log after the mark and is
/// followed next. `told` hears the number of documents so far.
pub fn rebuild(database: &Database, engine: &Engine, mut told: impl FnMut(usize)) -> Result<usize> {
    let (head, taxonomy) = database.read(|conn| Ok((log::head(conn)?, concepts::taxonomy(conn)?)))?;
    engine.set_taxonomy(taxonomy);
    let mut rebuild = engine.rebuild().map_err(Error::internal)?;
    let mut count = 0;
    for &kind in Kind::ALL {
        let mut after = String::new();
        loop {
            let (ids, documents) = database.read(|conn| {
                let ids = things::ids_after(conn, kind, &after, PAGE)?;
                let documents = documents::of(conn, kind, &ids)?;
                Ok((ids, documents))
            })?;
            let Some(last) = ids.last() else { break };
            after = last.clone();
            count += documents.len();
            for document in documents {
                rebuild.add(document).map_err(Error::internal)?;
            }
            told(count);
        }
    }
    let mark = Mark { epoch: head.epoch, seq: head.seq, chain: head.chain };
    rebuild.finish(&mark).map_err(Error::internal)?;
    Ok(count)
}
