//! Saved searches follow the log: what is new or changed is held against all of them, under the rights that each owner
//! has at that moment, and each thing is told to each search once.
//!
//! The mark lies in the database and moves in the transaction that tells. So a kill, and a second node on the same
//! database, neither lose nor double anything.

use super::documents;
use super::indexer::changes_of;
use crate::domain::vocabulary::Kind;
use crate::domain::vocabulary::desk::NoticeChoice;
use crate::domain::{Actor, Scope, Timestamp};
use crate::error::{Error, Result};
use crate::store::watch::{self, Head, Tellings, Waiting};
use crate::store::{Conn, Database, Target, accounts, log};
use musubi_index::{Change, Engine, Reader, SearchRequest, Standing};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Rows of the log that are held against the searches together, about.
const BATCH: i64 = 1_000;
/// The mark in the database stays at most so far behind what was read …
const MARK_BEHIND: i64 = 500;
/// … and, when all is quiet, so long.
const MARK_PAUSE: Duration = Duration::from_secs(2);
const POLL_SHARED: Duration = Duration::from_millis(500);
const POLL_ALONE: Duration = Duration::from_secs(1);
const BACK_OFF_FIRST: Duration = Duration::from_millis(100);
const BACK_OFF_MOST: Duration = Duration::from_secs(5);

/// How the stored form of a saved search is read, on a day (days since 1970-01-01): the search route's own reading of
/// query and filters.
pub type Compile = Arc<dyn Fn(&mut Conn, &str, i32) -> Result<SearchRequest> + Send + Sync>;

/// What the searches are asked with.
#[derive(Clone)]
pub struct WatchSettings {
    pub compile: Compile,
    /// Without a confirmed second factor the role of administrator does not count.
    pub second_factor_for_administrators: bool,
}

impl std::fmt::Debug for WatchSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let second_factor = &self.second_factor_for_administrators;
        let mut shown = formatter.debug_struct("WatchSettings");
        shown.field("second_factor_for_administrators", second_factor).finish_non_exhaustive()
    }
}

/// The thread that tells.
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    database: Database,
}

#[derive(Debug, Default)]
struct Shared {
    reached: Mutex<i64>,
    moved: Condvar,
    stop: AtomicBool,
}

impl Watch {
    pub fn start(database: Database, engine: Arc<Engine>, settings: WatchSettings) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new()
            .name("watcher".to_owned())
            .spawn({
                let (shared, watcher) = (shared.clone(), Watcher::new(database.clone(), engine, settings));
                move || follow(watcher, &shared)
            })
            .map_err(Error::internal)?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)), database })
    }

    /// How far the log was held against the saved searches, as far as this process knows.
    pub fn reached(&self) -> i64 {
        *self.shared.lock()
    }

    /// Waits until everything up to `seq` was told. False if it was not within `patience`.
    pub fn wait_for(&self, seq: i64, patience: Duration) -> bool {
        let reached = self.shared.lock();
        let waited = self.shared.moved.wait_timeout_while(reached, patience, |reached| *reached < seq);
        let (reached, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *reached >= seq
    }

    /// Ends the thread after the step it is in.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.database.bell().ring();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(_)) = thread.map(JoinHandle::join) {
            tracing::error!("the watcher ended in a panic");
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, i64> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn follow(mut watcher: Watcher, shared: &Shared) {
    let poll = match watcher.database.target() {
        Target::Sqlite(_) => POLL_ALONE,
        Target::Postgresql(_) => POLL_SHARED,
    };
    let mut seen = 0;
    let mut back_off = BACK_OFF_FIRST;
    while !shared.stop.load(Ordering::SeqCst) {
        match watcher.step() {
            Ok(step) => {
                back_off = BACK_OFF_FIRST;
                *shared.lock() = step.reached;
                shared.moved.notify_all();
                if step.idle {
                    seen = watcher.database.bell().wait(seen, poll);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the saved searches could not follow; trying again");
                std::thread::sleep(back_off);
                back_off = (2 * back_off).min(BACK_OFF_MOST);
            }
        }
    }
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Everything up to here was told.
    pub reached: i64,
    /// There was nothing to do.
    pub idle: bool,
    /// Things that were held against the searches, and searches that were asked.
    pub things: usize,
    pub asked: usize,
    pub found: usize,
}

/// The saved searches in memory, and one step along the log at a time.
#[derive(Debug)]
pub struct Watcher {
    database: Database,
    engine: Arc<Engine>,
    settings: WatchSettings,
    standing: Standing,
    waiting: HashMap<String, Waiting>,
    /// What `standing` was made of: generation of the searches, concept tree, and day (a filter may speak of today).
    made_of: Option<(i64, String, i32)>,
    /// Up to here was read and nothing found: the mark in the database may stay behind, for a while. It is moved with the
    /// next find, and now and then, so that writes that concern nobody cost no write of ours.
    ahead: i64,
    marked: Instant,
    /// Readers by account, as of one state of everybody's rights.
    readers: (i64, HashMap<String, Option<Reader>>),
}

/// What there is to do.
enum Work {
    Nothing {
        mark: i64,
        reached: i64,
    },
    /// Nobody waits for what happened up to here.
    Skip {
        from: i64,
        to: i64,
    },
    Ask {
        tellings: Tellings,
        found: usize,
        things: usize,
        asked: usize,
    },
}

impl Watcher {
    pub fn new(database: Database, engine: Arc<Engine>, settings: WatchSettings) -> Self {
        let standing = Standing::new(engine.taxonomy());
        let (waiting, readers) = (HashMap::new(), (-1, HashMap::new()));
        let (ahead, marked) = (0, Instant::now());
        Self { database, engine, settings, standing, waiting, made_of: None, ahead, marked, readers }
    }

    /// Holds the next stretch of the log against the searches, and tells.
    pub fn step(&mut self) -> Result<Step> {
        let (database, now) = (self.database.clone(), self.database.clock().timestamp());
        let work = database.read(|conn| self.next_work(conn))?;
        let (tellings, things, asked, found) = match work {
            Work::Nothing { mark, reached } => {
                if reached > mark && self.marked.elapsed() > MARK_PAUSE {
                    database.housekeeping(|conn| told(conn, &Tellings::nothing(mark, reached), &now))?;
                    self.marked = Instant::now();
                }
                return Ok(Step { reached, idle: true, things: 0, asked: 0, found: 0 });
            }
            Work::Skip { from, to } => (Tellings::nothing(from, to), 0, 0, 0),
            Work::Ask { tellings, things, asked, found } => (tellings, things, asked, found),
        };
        let silent = tellings.found.is_empty() && tellings.gone.is_empty();
        if silent && tellings.to - tellings.from < MARK_BEHIND {
            self.ahead = tellings.to;
            return Ok(Step { reached: tellings.to, idle: false, things, asked, found });
        }
        let told = database.housekeeping(|conn| told(conn, &tellings, &now))?;
        self.marked = Instant::now();
        let reached = if told { tellings.to } else { tellings.from };
        self.ahead = reached;
        Ok(Step { reached, idle: false, things, asked, found })
    }

    fn next_work(&mut self, conn: &mut Conn) -> Result<Work> {
        let (head, log_head) = (watch::head(conn)?, log::head(conn)?);
        let start = head.seq.max(self.ahead);
        if start >= log_head.seq {
            return Ok(Work::Nothing { mark: head.seq, reached: start });
        }
        self.keep_up(conn, &head)?;
        // Before the first search was saved there is nobody to tell.
        let first = self.waiting.values().map(|waiting| waiting.from_seq).min().unwrap_or(i64::MAX);
        if first > start {
            return Ok(Work::Skip { from: head.seq, to: first.min(log_head.seq) });
        }
        let rows = log::after(conn, start, BATCH)?;
        let Some(to) = rows.last().map(|row| row.seq) else {
            return Ok(Work::Skip { from: head.seq, to: log_head.seq });
        };
        let mut changed_at: HashMap<String, i64> = HashMap::new();
        for row in &rows {
            changed_at.insert(row.thing_id.clone(), row.seq);
        }
        let (mut documents, mut gone) = (Vec::new(), Vec::new());
        for change in changes_of(conn, &rows)? {
            match change {
                Change::Put(document) => documents.push(document),
                Change::Remove(id) => gone.push(id),
            }
        }
        let readers = self.readers(conn)?;
        let waiting = &self.waiting;
        let of =
            |search: &str| waiting.get(search).and_then(|waiting| readers.get(&waiting.account).cloned().flatten());
        let answer = self.standing.ask(&documents, of).map_err(Error::internal)?;
        for search in &answer.failed {
            tracing::warn!(search, "a saved search could not be asked");
        }
        let mut found = answer.found;
        // What changed before a search was saved is no news to it.
        found.retain(|(search, thing)| {
            waiting.get(search).is_some_and(|waiting| changed_at.get(thing).is_some_and(|at| *at > waiting.from_seq))
        });
        let (things, count) = (documents.len(), found.len());
        let tellings = Tellings { from: head.seq, to, found, gone };
        Ok(Work::Ask { tellings, things, asked: answer.asked, found: count })
    }

    /// Takes in searches that came, and lets go of those that went.
    fn keep_up(&mut self, conn: &mut Conn, head: &Head) -> Result<()> {
        let taxonomy = self.engine.taxonomy();
        let today = self.database.clock().today();
        let made_of = (head.generation, taxonomy.digest().to_string(), today);
        if self.made_of.as_ref() == Some(&made_of) {
            return Ok(());
        }
        let same_words = self.made_of.as_ref().is_some_and(|old| (&old.1, old.2) == (&made_of.1, made_of.2));
        if !same_words {
            self.standing = Standing::new(taxonomy);
        }
        self.made_of = None;
        let waiting = watch::waiting(conn)?;
        let kept: HashSet<&str> = waiting.iter().map(|waiting| waiting.id.as_str()).collect();
        let went: Vec<String> = self.standing.names().filter(|id| !kept.contains(id)).map(str::to_owned).collect();
        for id in went {
            self.standing.remove(&id);
        }
        let came: Vec<String> = waiting
            .iter()
            .filter(|waiting| !self.standing.contains(&waiting.id))
            .map(|waiting| waiting.id.clone())
            .collect();
        for (id, query) in watch::queries(conn, &came)? {
            match (self.settings.compile)(conn, &query, today) {
                Ok(request) => self.standing.put(&id, request, &self.engine).map_err(Error::internal)?,
                // It was understood when it was saved; a value of a vocabulary may be gone since.
                Err(error @ (Error::Invalid(_) | Error::Malformed(_))) => {
                    tracing::warn!(search = id, %error, "a saved search can no longer be read");
                }
                Err(error) => return Err(error),
            }
        }
        self.waiting = waiting.into_iter().map(|waiting| (waiting.id.clone(), waiting)).collect();
        self.made_of = Some(made_of);
        Ok(())
    }

    /// What each account that waits may see now. None: it is suspended or erased.
    fn readers(&mut self, conn: &mut Conn) -> Result<HashMap<String, Option<Reader>>> {
        let generation = accounts::generation(conn)?;
        if self.readers.0 != generation {
            self.readers = (generation, HashMap::new());
        }
        for waiting in self.waiting.values() {
            if !self.readers.1.contains_key(&waiting.account) {
                let needs = self.settings.second_factor_for_administrators;
                let actor = accounts::rights(conn, &waiting.account, needs)?.map(Actor::Account);
                self.readers.1.insert(waiting.account.clone(), actor.map(|actor| reader_of(&actor.scope())));
            }
        }
        Ok(self.readers.1.clone())
    }
}

/// Which of these things a saved search finds as they are now, by the same reading that told of them. It does not depend
/// on how far the index is.
pub fn still_found(
    conn: &mut Conn,
    engine: &Engine,
    question: &SearchRequest,
    reader: &Reader,
    things: &[(Kind, String)],
) -> Result<HashSet<String>> {
    let mut documents = Vec::with_capacity(things.len());
    for &kind in Kind::ALL {
        let of_kind = things.iter().filter(|(other, _)| *other == kind);
        let ids: Vec<String> = of_kind.map(|(_, id)| id.clone()).collect();
        if !ids.is_empty() {
            documents.extend(documents::of(conn, kind, &ids)?);
        }
    }
    let mut standing = Standing::new(engine.taxonomy());
    standing.put("", question.clone(), engine).map_err(Error::internal)?;
    let answer = standing.ask(&documents, |_| Some(reader.clone())).map_err(Error::internal)?;
    Ok(answer.found.into_iter().map(|(_, thing)| thing).collect())
}

fn told(conn: &mut Conn, tellings: &Tellings, now: &Timestamp) -> Result<bool> {
    let told = watch::tell(conn, tellings, now)?;
    if told && !tellings.found.is_empty() {
        watch::write_letters(conn, NoticeChoice::AtOnce, now)?;
    }
    Ok(told)
}

/// What somebody may see, as the engine takes it.
pub fn reader_of(scope: &Scope) -> Reader {
    let names = |parties: &[crate::domain::ThingId]| parties.iter().map(ToString::to_string).collect();
    match scope {
        Scope::Everything => Reader::Everything,
        Scope::Public => Reader::Visitor,
        Scope::Member { parties } => Reader::Member { parties: names(parties) },
        Scope::Coordinator { parties } => Reader::Coordinator { parties: names(parties) },
    }
}
