//! The two doors. `read` shows one moment; `write` is one transaction with an actor and at least one change recorded.

use super::accounts;
use super::connection::{self, Conn, Manager, Target};
use super::log::{self, Action, Position, Subject};
use super::queue::{Queue, Turn};
use crate::domain::{Actor, Clock, Defect, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::connection::SimpleConnection;
use diesel::r2d2::{Pool, PooledConnection};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    pub target: Target,
    /// Reading connections (PostgreSQL: all connections).
    pub connections: u32,
    /// How long to wait for a connection or a turn to write.
    pub patience: Duration,
    /// How long one statement may run (PostgreSQL).
    pub statement_timeout: Duration,
    /// Writers that may wait in line (SQLite).
    pub writers_waiting: usize,
}

impl DatabaseSettings {
    pub fn new(target: Target) -> Self {
        Self {
            target,
            connections: 8,
            patience: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            writers_waiting: 256,
        }
    }
}

/// The way to the truth. Cheap to clone.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    target: Target,
    readers: Pool<Manager>,
    /// SQLite has one writer, served in order; PostgreSQL writes through `readers` and orders by the head of the log.
    writer: Option<(Pool<Manager>, Queue)>,
    clock: Clock,
    bell: Bell,
    commits: AtomicU64,
}

/// What a write gave, and its place in the log (none if nothing was recorded).
#[derive(Debug, Clone)]
pub struct Written<T> {
    pub value: T,
    pub position: Option<Position>,
}

impl Database {
    /// Opens the pools. Does not migrate: see [`super::migrate`].
    pub fn open(settings: DatabaseSettings, clock: Clock) -> Result<Self> {
        let pool = |size: u32, read_only: bool| {
            let manager =
                Manager { target: settings.target.clone(), statement_timeout: settings.statement_timeout, read_only };
            Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .connection_timeout(settings.patience)
                .build(manager)
                .map_err(|error| Error::internal(format!("cannot open {}: {error}", settings.target.name())))
        };
        let inner = match settings.target {
            Target::Sqlite(_) => {
                // The writer comes first: it creates the file.
                let writer = pool(1, false)?;
                let queue = Queue::new(settings.writers_waiting, settings.patience);
                // Before the readers open: they learn the shape of the data then.
                learn_shape(&mut *get(&writer)?);
                let readers = pool(settings.connections, true)?;
                Inner {
                    target: settings.target,
                    readers,
                    writer: Some((writer, queue)),
                    clock,
                    bell: Bell::default(),
                    commits: AtomicU64::new(0),
                }
            }
            Target::Postgresql(_) => {
                let readers = pool(settings.connections, false)?;
                Inner {
                    target: settings.target,
                    readers,
                    writer: None,
                    clock,
                    bell: Bell::default(),
                    commits: AtomicU64::new(0),
                }
            }
        };
        Ok(Self(Arc::new(inner)))
    }

    pub fn target(&self) -> &Target {
        &self.0.target
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Rings after each commit of this process.
    pub fn bell(&self) -> &Bell {
        &self.0.bell
    }

    /// Reads; everything in `work` sees the same moment.
    pub fn read<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = get(&self.0.readers)?;
        connection::snapshot(&mut conn, work)
    }

    /// Statements each by itself: no transaction around them, so a round trip less at each end. For one statement, or for
    /// tables that hardly change (vocabularies).
    pub fn glance<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        work(&mut *get(&self.0.readers)?)
    }

    /// Writes in one transaction, in the name of `actor`. Commits only if `work` recorded a change; an explicit
    /// [`Tx::unchanged`] ends it without one.
    pub fn write<T>(&self, actor: &Actor, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<Written<T>> {
        let (mut conn, _turn) = self.writing_connection()?;
        let mut unchanged = None;
        let result = connection::exclusive(&mut conn, |conn| {
            let mut tx = Tx::begin(conn, actor.clone(), self.0.clock.timestamp())?;
            let value = work(&mut tx)?;
            match tx.end()? {
                Some(position) => Ok(Written { value, position: Some(position) }),
                None => {
                    unchanged = Some(value);
                    Err(Error::internal("rolled back: nothing was recorded"))
                }
            }
        });
        match (result, unchanged) {
            (Ok(written), _) => {
                self.0.commits.fetch_add(1, Ordering::SeqCst);
                self.0.bell.ring();
                Ok(written)
            }
            (Err(_), Some(value)) => Ok(Written { value, position: None }),
            (Err(error), None) => Err(error),
        }
    }

    /// For tables that are not things (vocabularies, counters): a transaction without a log row.
    pub fn housekeeping<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let (mut conn, _turn) = self.writing_connection()?;
        let done = connection::exclusive(&mut conn, work);
        self.0.commits.fetch_add(1, Ordering::SeqCst);
        done
    }

    /// As [`Database::housekeeping`], in the name of somebody whose rights must still be those the request began with.
    pub fn housekeeping_for<T>(&self, actor: &Actor, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let now = self.0.clock.timestamp();
        self.housekeeping(|conn| {
            accounts::refuse_lost_rights(conn, actor, &now)?;
            work(conn)
        })
    }

    /// After much has been written: the planner learns how the data is spread. Connections that are open learn it when they
    /// are renewed. PostgreSQL does this by itself.
    pub fn learn_shape(&self) -> Result<()> {
        let (mut conn, _turn) = self.writing_connection()?;
        learn_shape(&mut conn);
        Ok(())
    }

    /// After somebody was erased: what SQLite's write-ahead file still holds of them goes too. Best effort: readers that
    /// are busy keep it until the next time.
    pub fn forget_what_was_written(&self) -> Result<()> {
        self.bare(|conn| match conn {
            Conn::Sqlite(conn) => Ok(conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?),
            Conn::Postgresql(_) => Ok(()),
        })
    }

    /// How often this process has committed: while it stays the same, what was read from SQLite still holds.
    pub fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::SeqCst)
    }

    /// A bare connection for migrations, which bring their own transactions.
    pub(super) fn bare<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let (mut conn, _turn) = self.writing_connection()?;
        work(&mut conn)
    }

    fn writing_connection(&self) -> Result<(PooledConnection<Manager>, Option<Turn<'_>>)> {
        match &self.0.writer {
            Some((pool, queue)) => {
                let turn = queue.wait().map_err(|_| busy())?;
                Ok((get(pool)?, Some(turn)))
            }
            None => Ok((get(&self.0.readers)?, None)),
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Database({})", self.0.target.name())
    }
}

fn get(pool: &Pool<Manager>) -> Result<PooledConnection<Manager>> {
    pool.get().map_err(|error| {
        tracing::warn!(%error, "no database connection");
        busy()
    })
}

/// Without figures SQLite takes "published" for as rare as an owner, and reads a million rows to find three. Counts a sample
/// only, and only where the figures are missing or long past; what fails here costs speed, never an answer.
fn learn_shape(conn: &mut Conn) {
    use diesel::connection::SimpleConnection;
    let Conn::Sqlite(conn) = conn else { return };
    let learnt = ["PRAGMA analysis_limit = 1000", "PRAGMA optimize = 0x10002"]
        .iter()
        .try_for_each(|statement| conn.batch_execute(statement));
    if let Err(error) = learnt {
        tracing::warn!(%error, "the figures for the planner were not renewed");
    }
}

fn busy() -> Error {
    Error::Unavailable(Defect::new(
        "busy",
        "ただいま混み合っています。少し待ってからもう一度お試しください。",
        "The service is busy. Please wait a moment and try again.",
    ))
}

/// Wakes whoever follows the log, as soon as something was committed here.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Mutex<u64>,
    changed: Condvar,
}

impl Bell {
    pub fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// Waits until the bell rang since `seen`, or for `patience`. Gives the count to remember.
    pub fn wait(&self, seen: u64, patience: Duration) -> u64 {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let (rung, _) = self
            .changed
            .wait_timeout_while(rung, patience, |rung| *rung == seen)
            .unwrap_or_else(PoisonError::into_inner);
        *rung
    }
}

/// An open write transaction: who writes, when, and its place in the log.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    actor: Actor,
    at: Timestamp,
    head: log::Head,
    lines: i32,
    unchanged: bool,
}

impl<'a> Tx<'a> {
    fn begin(conn: &'a mut Conn, actor: Actor, at: Timestamp) -> Result<Self> {
        let head = log::raise(conn)?;
        accounts::refuse_lost_rights(conn, &actor, &at)?;
        Ok(Self { conn, actor, at, head, lines: 0, unchanged: false })
    }

    /// Reading inside a write.
    pub fn conn(&mut self) -> &mut Conn {
        self.conn
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn at(&self) -> &Timestamp {
        &self.at
    }

    pub fn position(&self) -> Position {
        Position { epoch: self.head.epoch.clone(), seq: self.head.seq }
    }

    /// Adds a row to the log: what to read again, never what it said.
    pub fn record(
        &mut self,
        action: Action,
        subject: impl Into<Subject>,
        thing: &ThingId,
        narrows: bool,
    ) -> Result<()> {
        self.lines += 1;
        let line = log::NewChange {
            seq: self.head.seq,
            line: self.lines,
            at: self.at.as_str(),
            actor: self.actor.name(),
            action,
            subject: subject.into(),
            thing,
            narrows,
        };
        self.head.chain = log::append(self.conn, &self.head.chain, line)?;
        Ok(())
    }

    /// Says that nothing changed and nothing is to be recorded.
    pub fn unchanged(&mut self) {
        self.unchanged = true;
    }

    /// A part of the work that can fail alone: what it wrote is undone, the rest stays.
    pub fn attempt<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        use diesel::connection::TransactionManager;
        let (lines, chain) = (self.lines, self.head.chain.clone());
        Conn::begin_transaction(self.conn)?;
        match work(self) {
            Ok(value) => {
                Conn::commit_transaction(self.conn)?;
                Ok(value)
            }
            Err(error) => {
                Conn::rollback_transaction(self.conn)?;
                (self.lines, self.head.chain) = (lines, chain);
                Err(error)
            }
        }
    }

    fn end(self) -> Result<Option<Position>> {
        if self.lines > 0 {
            log::set_chain(self.conn, &self.head.chain)?;
            return Ok(Some(Position { epoch: self.head.epoch, seq: self.head.seq }));
        }
        if self.unchanged {
            return Ok(None);
        }
        Err(Error::internal("a write recorded no change"))
    }
}
