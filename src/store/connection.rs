//! One connection type over both databases, and how each is opened.

use crate::error::Error;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ManageConnection, R2D2Connection};
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(diesel::MultiConnection)]
pub enum Conn {
    Sqlite(diesel::SqliteConnection),
    Postgresql(diesel::PgConnection),
}

/// Where the truth lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Sqlite(PathBuf),
    Postgresql(String),
}

impl Target {
    /// `postgres://…` or `postgresql://…`; `sqlite:PATH` or a path for SQLite.
    pub fn parse(url: &str) -> Self {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Target::Postgresql(url.to_owned());
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
        Target::Sqlite(PathBuf::from(path))
    }

    /// The name people may see: never a password.
    pub fn name(&self) -> String {
        match self {
            Target::Sqlite(path) => format!("SQLite {}", path.display()),
            Target::Postgresql(_) => "PostgreSQL".to_owned(),
        }
    }
}

/// A connection of the pool, and when it was last asked whether it is alive.
pub struct Line {
    pub conn: Conn,
    alive_at: Instant,
}

impl std::ops::Deref for Line {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl std::ops::DerefMut for Line {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// A connection that answered so recently is not asked again: that would be one more round trip for each request.
const ALIVE_FOR: Duration = Duration::from_secs(1);

/// Opens connections for the pool.
#[derive(Debug)]
pub struct Manager {
    pub target: Target,
    pub statement_timeout: Duration,
    /// Reading connections cannot write.
    pub read_only: bool,
}

impl ManageConnection for Manager {
    type Connection = Line;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Line, Self::Error> {
        let conn = open(&self.target, self.statement_timeout, self.read_only)?;
        Ok(Line { conn, alive_at: Instant::now() })
    }

    fn is_valid(&self, line: &mut Line) -> Result<(), Self::Error> {
        if let Conn::Postgresql(conn) = &mut line.conn
            && line.alive_at.elapsed() > ALIVE_FOR
        {
            conn.ping().map_err(diesel::r2d2::Error::QueryError)?;
            line.alive_at = Instant::now();
        }
        Ok(())
    }

    fn has_broken(&self, line: &mut Line) -> bool {
        match &mut line.conn {
            Conn::Sqlite(conn) => R2D2Connection::is_broken(conn),
            Conn::Postgresql(conn) => R2D2Connection::is_broken(conn),
        }
    }
}

fn open(target: &Target, statement_timeout: Duration, read_only: bool) -> Result<Conn, diesel::r2d2::Error> {
    use diesel::r2d2::Error::{ConnectionError, QueryError};
    match target {
        Target::Sqlite(path) => {
            let mut conn = SqliteConnection::establish(&path.to_string_lossy()).map_err(ConnectionError)?;
            // One PRAGMA for each statement: a failing one in a batch would go unnoticed.
            for pragma in [
                "PRAGMA busy_timeout = 10000",
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = FULL",
                "PRAGMA foreign_keys = ON",
                "PRAGMA temp_store = MEMORY",
                // What is deleted is gone from the file: people may be erased.
                "PRAGMA secure_delete = ON",
                "PRAGMA cache_size = -16000",
            ] {
                conn.batch_execute(pragma).map_err(QueryError)?;
            }
            if read_only {
                conn.batch_execute("PRAGMA query_only = ON").map_err(QueryError)?;
            }
            Ok(Conn::Sqlite(conn))
        }
        Target::Postgresql(url) => {
            let mut conn = PgConnection::establish(url).map_err(ConnectionError)?;
            let milliseconds = statement_timeout.as_millis();
            for setting in [
                format!("SET statement_timeout = {milliseconds}"),
                format!("SET lock_timeout = {milliseconds}"),
                format!("SET idle_in_transaction_session_timeout = {}", 4 * milliseconds),
                "SET timezone = 'UTC'".to_owned(),
                "SET client_encoding = 'UTF8'".to_owned(),
            ] {
                conn.batch_execute(&setting).map_err(QueryError)?;
            }
            Ok(Conn::Postgresql(conn))
        }
    }
}

/// Reads see one moment: everything in the closure comes from the same snapshot.
pub fn snapshot<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
    begin(conn, "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work)
}

/// Writes take the lock up front (SQLite) or with their first statement, the head of the log (PostgreSQL).
pub fn exclusive<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
    begin(conn, "BEGIN IMMEDIATE", "BEGIN", work)
}

fn begin<T>(
    conn: &mut Conn,
    sqlite: &str,
    postgresql: &str,
    work: impl FnOnce(&mut Conn) -> Result<T, Error>,
) -> Result<T, Error> {
    use diesel::connection::{AnsiTransactionManager, TransactionManager};
    match conn {
        Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, sqlite)?,
        Conn::Postgresql(conn) => AnsiTransactionManager::begin_transaction_sql(conn, postgresql)?,
    }
    let result = work(conn);
    let ended = match (&result, &mut *conn) {
        (Ok(_), Conn::Sqlite(conn)) => AnsiTransactionManager::commit_transaction(conn),
        (Ok(_), Conn::Postgresql(conn)) => AnsiTransactionManager::commit_transaction(conn),
        (Err(_), Conn::Sqlite(conn)) => AnsiTransactionManager::rollback_transaction(conn),
        (Err(_), Conn::Postgresql(conn)) => AnsiTransactionManager::rollback_transaction(conn),
    };
    match result {
        Ok(value) => ended.map(|()| value).map_err(Error::from),
        Err(error) => {
            if let Err(failure) = ended {
                tracing::warn!(%failure, "rolling back failed; the connection will be replaced");
            }
            Err(error)
        }
    }
}

/// `IN (…)` lists are cut into pieces of this size: SQLite binds at most 32,766 values.
pub const IN_LIST: usize = 900;
