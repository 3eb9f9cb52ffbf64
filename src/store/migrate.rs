//! Bringing a database up to date, under a lock, and filling its vocabularies.

use super::connection::Conn;
use super::{Database, concepts, connection, log, vocabulary};
use crate::error::{Error, Result};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Any number that no other program on the same PostgreSQL uses for its advisory lock.
const LOCK: i64 = 0x6d75_7375_6269;

/// Applies what is pending and gives the names of what was applied. Safe to call from several processes at once.
pub fn run(database: &Database) -> Result<Vec<String>> {
    database.bare(|conn| {
        if let Conn::Postgresql(conn) = conn {
            check_collation(conn)?;
            conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))?;
        }
        let applied = bring_up_to_date(conn);
        if let Conn::Postgresql(conn) = conn {
            conn.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})"))?;
        }
        applied
    })
}

/// Whether `run` would have something to do.
pub fn is_pending(database: &Database) -> Result<bool> {
    database.bare(|conn| match conn {
        Conn::Sqlite(conn) => conn.has_pending_migration(MIGRATIONS).map_err(Error::internal),
        Conn::Postgresql(conn) => conn.has_pending_migration(MIGRATIONS).map_err(Error::internal),
    })
}

fn bring_up_to_date(conn: &mut Conn) -> Result<Vec<String>> {
    let applied = match conn {
        Conn::Sqlite(conn) => pending(conn),
        Conn::Postgresql(conn) => pending(conn),
    }?;
    connection::exclusive(conn, |conn| {
        log::initialize(conn)?;
        vocabulary::seed(conn)?;
        concepts::seed(conn)
    })?;
    Ok(applied)
}

/// Undoes every migration: for tests of the way down.
pub fn revert_all(database: &Database) -> Result<()> {
    database.bare(|conn| match conn {
        Conn::Sqlite(conn) => conn.revert_all_migrations(MIGRATIONS).map(drop).map_err(Error::internal),
        Conn::Postgresql(conn) => conn.revert_all_migrations(MIGRATIONS).map(drop).map_err(Error::internal),
    })
}

fn pending<C, B>(conn: &mut C) -> Result<Vec<String>>
where
    B: diesel::backend::Backend,
    C: MigrationHarness<B>,
{
    let applied = conn.run_pending_migrations(MIGRATIONS).map_err(Error::internal)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// Keyset pages order text; SQLite orders by bytes, so PostgreSQL must, too. The name of the collation is not enough:
/// ICU can stand behind a database that calls itself C, so a few texts are sorted as well.
fn check_collation(conn: &mut PgConnection) -> Result<()> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        collation: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        sorted: String,
    }
    let row: Row = diesel::sql_query(
        "SELECT datcollate::text AS collation, \
         (SELECT string_agg(word, ' ' ORDER BY word) FROM unnest(ARRAY['a', 'B', 'a-c', 'ab', 'ア', 'あ', 'é']) AS word) \
         AS sorted FROM pg_database WHERE datname = current_database()",
    )
    .get_result(conn)?;
    if (row.collation == "C" || row.collation == "POSIX") && row.sorted == "B a a-c ab é あ ア" {
        return Ok(());
    }
    Err(Error::internal(format!(
        "this PostgreSQL database does not sort text by bytes (collation {}, sorted {:?}); create it with the C collation: \
         CREATE DATABASE musubi TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' (from PostgreSQL 15 on also LOCALE_PROVIDER libc)",
        row.collation, row.sorted
    )))
}
