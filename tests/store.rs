//! What the store promises: the same schema on both databases, two doors, one log without gaps, one moment for a
//! read, one turn for a write. With `TEST_DATABASE_URL` all of it runs on PostgreSQL.

mod support;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl};
use musubi::domain::{Actor, Clock, Kind, Organization, Scope, ThingId};
use musubi::error::{Error, Result};
use musubi::store::log::{self, Action};
use musubi::store::{Conn, Database, DatabaseSettings, Target, Tx, migrate, things};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, mpsc};
use std::time::Duration;
use support::{World, firm, first_broken_link};

// The schema

#[test]
fn migrations_go_up_down_and_up_again() {
    let world = World::bare();
    let database = Database::open(world.settings(), Clock::fixed(support::now())).expect("a database");
    let applied = migrate::run(&database).expect("the way up");
    assert!(!applied.is_empty());
    let (schema, epoch) = (schema_of(&database), epoch_of(&database));
    assert!(migrate::run(&database).expect("nothing to do").is_empty());
    assert_eq!(epoch_of(&database), epoch, "a second run starts no other log");

    migrate::revert_all(&database).expect("the way down");
    assert!(schema_of(&database).is_empty(), "{:?}", schema_of(&database).keys());

    assert_eq!(migrate::run(&database).expect("up again"), applied);
    assert_eq!(schema_of(&database), schema);
    assert_ne!(epoch_of(&database), epoch, "another log, another epoch");
    write(&database, "再出発");
}

#[test]
fn several_processes_may_bring_one_database_up_to_date_at_once() {
    let world = World::bare();
    // SQLite: opening creates the file; who migrates it holds the lock of its folder.
    let processes = if world.is_postgresql() { 6 } else { 1 };
    let applied: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..processes)
            .map(|_| {
                scope.spawn(|| {
                    let database = Database::open(world.settings(), Clock::fixed(support::now())).expect("a database");
                    migrate::run(&database).expect("a migrated database").len()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(applied.iter().filter(|&&applied| applied > 0).count(), 1, "one did it, the others found it done");
    write(&world.database(), "ひとつ");
}

#[test]
fn the_schema_in_the_code_is_the_schema_of_the_database() {
    let world = World::new();
    let declared = declared_schema(include_str!("../src/store/schema.rs"));
    let found = schema_of(&world.database());
    assert!(declared.len() >= 17, "{:?}", declared.keys());
    assert_eq!(declared.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
    for (table, columns) in &declared {
        assert_eq!(columns, &found[table], "table {table}");
    }
}

/// One column: name, type in the words of the migrations, may it be null.
type Column = (String, String, bool);

/// The `diesel::table!` blocks of schema.rs: table → columns in order.
fn declared_schema(source: &str) -> BTreeMap<String, Vec<Column>> {
    let mut tables = BTreeMap::new();
    for block in source.split("diesel::table!").skip(1) {
        let block = block.split_once('{').expect("a block").1;
        let (head, rest) = block.split_once('{').expect("columns");
        let body = rest.split_once('}').expect("an end").0;
        let table = head.split('(').next().expect("a name").trim().to_owned();
        let columns = body.split(',').filter(|column| !column.trim().is_empty()).map(|column| {
            let (name, kind) = column.split_once("->").expect("name -> Type");
            let kind = kind.trim();
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            let word = match inner.unwrap_or(kind) {
                "Text" => "text",
                "BigInt" => "bigint",
                "Integer" => "integer",
                "Bool" => "boolean",
                "Double" => "double precision",
                other => panic!("{table}: {other} is not one of the portable types"),
            };
            (name.trim().to_owned(), word.to_owned(), inner.is_some())
        });
        let columns = columns.collect();
        tables.insert(table, columns);
    }
    tables
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Described {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    required: i64,
}

fn schema_of(database: &Database) -> BTreeMap<String, Vec<Column>> {
    let read = |conn: &mut Conn| -> Result<BTreeMap<String, Vec<Column>>> {
        let (tables, columns) = match conn {
            Conn::Sqlite(_) => (
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
                "SELECT name, lower(type) AS kind, \"notnull\" AS required FROM pragma_table_info('TABLE') ORDER BY cid",
            ),
            Conn::Postgresql(_) => (
                "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = current_schema()",
                "SELECT column_name::text AS name, data_type::text AS kind, \
                 CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END::bigint AS required FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = 'TABLE' ORDER BY ordinal_position",
            ),
        };
        let mut schema = BTreeMap::new();
        for Named { name: table } in diesel::sql_query(tables).load::<Named>(conn)? {
            if table == "__diesel_schema_migrations" {
                continue;
            }
            let rows: Vec<Described> = diesel::sql_query(columns.replace("TABLE", &table)).load(conn)?;
            let columns = rows.into_iter().map(|row| {
                (
                    row.name,
                    row.kind.replace("double", "double precision").replace("precision precision", "precision"),
                    row.required == 0,
                )
            });
            schema.insert(table, columns.collect());
        }
        Ok(schema)
    };
    database.read(read).expect("the schema")
}

fn epoch_of(database: &Database) -> String {
    database.read(log::head).expect("the log").epoch
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Page 1,000 costs what page 1 costs only while the index gives the order and the place to begin.
#[test]
fn a_page_begins_where_its_index_says_and_sorts_nothing() {
    let world = World::new();
    let database = world.database();
    if world.is_postgresql() {
        // Its planner goes by statistics, which a small table does not have.
        return;
    }
    for (key, ascending, index) in [("sort_key", true, "things_by_name"), ("updated_at", false, "things_by_time")] {
        let (compare, order) = if ascending { (">", "ASC") } else { ("<", "DESC") };
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT * FROM things WHERE visibility = 'public' AND status = 'published' \
             AND kind = 'organization' AND {key} {compare}= 'x' AND ({key} {compare} 'x' OR id {compare} 'y') \
             ORDER BY {key} {order}, id {order} LIMIT 21"
        );
        let plan: Vec<Plan> = database.read(|conn| Ok(diesel::sql_query(&sql).load(conn)?)).expect("a plan");
        let plan: Vec<String> = plan.into_iter().map(|step| step.detail).collect();
        let first = sql.replace(&format!("AND {key} {compare}= 'x' AND ({key} {compare} 'x' OR id {compare} 'y')"), "");
        let first: Vec<Plan> = database.read(|conn| Ok(diesel::sql_query(&first).load(conn)?)).expect("a plan");
        assert_eq!(first.len(), 1, "no sort on the first page either: {}", first.len());
        assert!(first[0].detail.contains(index), "{}", first[0].detail);
        let expected = format!("SEARCH things USING INDEX {index} (kind=? AND {key}{compare}?)");
        assert_eq!(plan, [expected], "one search, no sort");
    }
}

/// An import asks for each row who has its title: not by reading all things of the kind in the order that is wanted.
#[test]
fn a_title_is_found_by_the_index_of_titles() {
    let world = World::new();
    if world.is_postgresql() {
        return;
    }
    let sql = "EXPLAIN QUERY PLAN SELECT id FROM things WHERE kind = 'capability' AND name_key IN ('x', 'y') \
               AND owner_party = 'z' ORDER BY (id || '') LIMIT 50";
    let plan: Vec<Plan> = world.database().read(|conn| Ok(diesel::sql_query(sql).load(conn)?)).expect("a plan");
    let index = "USING INDEX things_by_title (kind=? AND name_key=? AND owner_party=?)";
    assert!(plan.iter().any(|step| step.detail.contains(index)), "{}", plan[0].detail);
}

// The connections

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

fn setting(conn: &mut Conn, sql: &str) -> String {
    diesel::sql_query(sql).get_result::<Setting>(conn).expect("a setting").value
}

#[test]
fn every_connection_is_set_for_safety() {
    let world = World::new();
    let database = world.database();
    let check = |conn: &mut Conn| -> Result<()> {
        match conn {
            Conn::Sqlite(_) => {
                let mut pragma =
                    |name: &str| setting(conn, &format!("SELECT CAST({name} AS TEXT) AS value FROM pragma_{name}"));
                assert_eq!(pragma("foreign_keys"), "1");
                assert_eq!(pragma("synchronous"), "2", "FULL: a commit is on the disk before it is answered");
                assert_eq!(pragma("journal_mode"), "wal");
                let timeout = setting(conn, "SELECT CAST(timeout AS TEXT) AS value FROM pragma_busy_timeout");
                assert!(timeout.parse::<u32>().expect("milliseconds") >= 5_000, "{timeout}");
            }
            Conn::Postgresql(_) => {
                for name in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] {
                    assert_ne!(setting(conn, &format!("SELECT current_setting('{name}') AS value")), "0", "{name}");
                }
                let synchronous = setting(conn, "SELECT current_setting('synchronous_commit') AS value");
                assert_eq!(synchronous, "on", "a commit is on the disk before it is answered");
                assert_eq!(setting(conn, "SELECT current_setting('timezone') AS value"), "UTC");
                assert_eq!(setting(conn, "SELECT current_setting('client_encoding') AS value"), "UTF8");
            }
        }
        Ok(())
    };
    // All reading connections at once, so that none is looked at twice.
    let all = Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                database.read(|conn| {
                    all.wait();
                    check(conn)
                })
            });
        }
    });
    database.housekeeping(check).expect("the writing connection");
}

#[test]
fn readers_cannot_write() {
    let world = World::new();
    let database = world.database();
    write(&database, "山形精機");
    for statement in [
        "UPDATE log_head SET seq = 0",
        "DELETE FROM things",
        "INSERT INTO fields (code, name_ja, name_en) VALUES ('x', 'x', 'x')",
        "CREATE TABLE more (id INTEGER)",
    ] {
        let result = database.read(|conn| Ok(conn.batch_execute(statement)?));
        assert!(matches!(result, Err(Error::Internal(_))), "{statement}: {result:?}");
    }
    assert_eq!(count(&database), 1);
    assert_eq!(head(&database), 1);
}

#[test]
fn a_row_cannot_refer_to_what_is_not_there() {
    let world = World::new();
    let database = world.database();
    let result = database.housekeeping(|conn| {
        Ok(conn.batch_execute("INSERT INTO organizations (thing_id, organization_kind) VALUES ('nobody', 'firm')")?)
    });
    assert!(matches!(result, Err(Error::Conflict(_))), "{result:?}");
}

#[test]
fn a_postgresql_database_that_sorts_otherwise_is_refused() {
    let Some(url) = support::test_database() else {
        eprintln!("skipped: TEST_DATABASE_URL is not set");
        return;
    };
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    // Whatever this server knows besides C: a locale of the system, or ICU behind a database that calls itself C.
    let creations = [
        format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'en_US.utf8' LC_CTYPE 'en_US.utf8'"
        ),
        format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.utf8' LC_CTYPE 'C.utf8'"),
        format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LC_COLLATE 'C' LC_CTYPE 'C'"
        ),
    ];
    let mut tried = 0;
    for creation in creations {
        let created = catch_unwind(AssertUnwindSafe(|| support::postgresql(&url, &creation)));
        if created.is_err() {
            eprintln!("skipped: this server cannot {creation}");
            continue;
        }
        tried += 1;
        let other =
            url.rsplit_once('/').map(|(server, _)| format!("{server}/{name}")).expect("a database in the address");
        let database = Database::open(
            DatabaseSettings { connections: 1, ..DatabaseSettings::new(Target::parse(&other)) },
            Clock::system(),
        )
        .expect("it can be opened");
        let refused = migrate::run(&database);
        drop(database);
        support::postgresql(&url, &format!("DROP DATABASE {name} WITH (FORCE)"));
        let message = refused.expect_err(&creation).to_string();
        assert!(message.contains("C collation") && message.contains("CREATE DATABASE"), "{message}");
    }
    if tried == 0 {
        eprintln!("skipped: this server knows no other collation");
    }
}

// The two doors

#[test]
fn a_write_that_records_nothing_does_not_commit() {
    let world = World::new();
    let database = world.database();
    let result = database
        .write(&Actor::System, |tx| Ok(tx.conn().batch_execute("UPDATE municipalities SET name_en = 'Nowhere'")?));
    assert!(matches!(result, Err(Error::Internal(_))), "{result:?}");
    let names = database.read(|conn| {
        let sql = "SELECT name_en AS name FROM municipalities WHERE name_en = 'Nowhere'";
        Ok(diesel::sql_query(sql).load::<Named>(conn)?.into_iter().map(|row| row.name).collect::<Vec<_>>())
    });
    assert!(names.expect("names").is_empty());
    assert_eq!(head(&database), 0, "not even the sequence moved");
}

#[test]
fn unchanged_leaves_no_trace() {
    let world = World::new();
    let database = world.database();
    write(&database, "はじめ");
    let before = database.read(log::head).expect("the log");
    let written = database
        .write(&Actor::Operator, |tx| {
            tx.unchanged();
            Ok(tx.position().seq)
        })
        .expect("nothing to do");
    assert_eq!((written.value, written.position), (2, None));
    assert_eq!(database.read(log::head).expect("the log"), before);
    assert_eq!(write(&database, "つぎ"), 2, "the sequence has no gap");
    assert_eq!(database.read(first_broken_link).expect("the log"), None);
}

#[test]
fn an_attempt_that_fails_is_undone_alone_with_its_lines_in_the_log() {
    let world = World::new();
    let database = world.database();
    let written = database
        .write(&Actor::Operator, |tx| {
            things::create(tx, firm("残る一"))?;
            let refused: Result<()> = tx.attempt(|tx| {
                things::create(tx, firm("消える"))?;
                let inner = tx.attempt(|tx| things::create(tx, firm("これも消える")));
                assert!(inner.is_ok());
                Err(Error::NotFound)
            });
            assert!(matches!(refused, Err(Error::NotFound)));
            // A statement that the database itself refuses must not spoil the rest, either.
            let broken = tx.attempt(|tx| Ok(tx.conn().batch_execute("INSERT INTO nowhere VALUES (1)")?));
            assert!(broken.is_err());
            tx.attempt(|tx| things::create(tx, firm("残る二")))?;
            Ok(())
        })
        .expect("a commit");
    assert_eq!(written.position.expect("a place in the log").seq, 1);
    let names = names(&database);
    assert_eq!(names, ["残る一", "残る二"]);
    let rows = database.read(|conn| log::after(conn, 0, 100)).expect("the log");
    assert_eq!(rows.iter().map(|row| (row.seq, row.line)).collect::<Vec<_>>(), [(1, 1), (1, 2)]);
    assert_eq!(database.read(first_broken_link).expect("the log"), None);
}

#[test]
fn a_panic_in_a_write_leaves_nothing_behind_and_the_door_open() {
    let world = World::new();
    let database = world.database();
    for round in 0..6 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            database.write(&Actor::Operator, |tx| -> Result<()> {
                things::create(tx, firm("途中"))?;
                panic!("on purpose, round {round}");
            })
        }));
        assert!(panicked.is_err());
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            database.read(|conn| -> Result<()> {
                log::head(conn)?;
                panic!("on purpose, reading, round {round}");
            })
        }));
        assert!(panicked.is_err());
    }
    assert_eq!(count(&database), 0);
    assert_eq!(write(&database, "その後"), 1);
    assert_eq!(count(&database), 1);
}

// The log

#[test]
fn the_chain_holds_over_the_whole_log_and_any_changed_row_breaks_it() {
    let world = World::new();
    let database = world.database();
    for number in 0..12 {
        let id = write_id(&database, &format!("会社{number}"));
        if number % 3 == 0 {
            database
                .write(&Actor::Operator, |tx| {
                    let thing = things::get::<Organization>(tx.conn(), &Scope::Everything, &id)?;
                    let mut entry = thing.entry.clone();
                    entry.name_ja = firm("改名").name_ja;
                    things::update(tx, thing, 1, entry)
                })
                .expect("a change");
        }
        if number % 4 == 0 {
            let version = if number % 3 == 0 { 2 } else { 1 };
            database.write(&Actor::System, |tx| remove(tx, &id, version)).expect("a deletion");
        }
    }
    let seq = head(&database);
    assert_eq!(seq, 12 + 4 + 3);
    assert_eq!(database.read(first_broken_link).expect("the log"), None);

    // Each thing that somebody could alter is noticed, at the row where it was altered.
    let alterations = [
        ("UPDATE changes SET actor = 'somebody' WHERE seq = 7", 7),
        ("UPDATE changes SET at = '2026-03-31T00:00:00.000000Z' WHERE seq = 3", 3),
        ("UPDATE changes SET action = 'update' WHERE seq = 1", 1),
        ("UPDATE changes SET kind = 'person' WHERE seq = 9", 9),
        ("UPDATE changes SET thing_id = 'another' WHERE seq = 2", 2),
        ("UPDATE changes SET narrows = NOT narrows WHERE seq = 4", 4),
        ("UPDATE changes SET digest = chain WHERE seq = 11", 11),
        ("UPDATE changes SET line = 2 WHERE seq = 5", 5),
        ("DELETE FROM changes WHERE seq = 6", 7),
        ("DELETE FROM changes WHERE seq = (SELECT seq FROM log_head)", seq),
        ("UPDATE log_head SET chain = 'x'", seq),
        ("UPDATE log_head SET seq = seq + 1", seq + 1),
        ("UPDATE log_head SET epoch = 'x'", 1),
    ];
    for (statement, place) in alterations {
        let mut noticed = None;
        let undone: Result<()> = database.housekeeping(|conn| {
            conn.batch_execute(statement)?;
            noticed = first_broken_link(conn)?;
            Err(Error::NotFound)
        });
        assert!(matches!(undone, Err(Error::NotFound)), "{undone:?}");
        assert_eq!(noticed, Some(place), "{statement}");
    }
    assert_eq!(database.read(first_broken_link).expect("the log"), None, "every alteration was undone");
}

#[test]
fn sixty_four_writers_at_once_meet_no_lock_and_leave_no_gap() {
    const WRITERS: usize = 64;
    const EACH: usize = 8;
    let world = World::new();
    let database = world.database();
    let all = Barrier::new(WRITERS);
    let given: Vec<Result<Vec<i64>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (database, all) = (&database, &all);
                scope.spawn(move || {
                    all.wait();
                    (0..EACH)
                        .map(|number| {
                            let written = database.write(&Actor::Operator, |tx| {
                                // Read first, write then: where a plain BEGIN would fail.
                                things::count(tx.conn(), Kind::Organization)?;
                                things::create(tx, firm(&format!("{writer}の{number}")))
                            })?;
                            Ok(written.position.expect("a place in the log").seq)
                        })
                        .collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let mut seqs = Vec::new();
    for given in given {
        let given = given.expect("0 locked, 0 busy, 0 serialisation errors");
        assert!(given.is_sorted(), "each writer's own writes stand in their order");
        seqs.extend(given);
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=(WRITERS * EACH) as i64).collect::<Vec<_>>(), "without gap or repeat");
    assert_eq!(count(&database), (WRITERS * EACH) as i64);
    assert_eq!(database.read(first_broken_link).expect("the log"), None);
}

#[test]
fn a_reader_that_follows_the_log_never_skips_a_late_commit() {
    let world = World::new();
    let database = world.database();
    let writing = AtomicBool::new(true);
    const WRITERS: usize = 8;
    const EACH: usize = 25;
    let seen = std::thread::scope(|scope| {
        let follower = scope.spawn(|| {
            let (mut seen, mut last) = (Vec::new(), 0);
            loop {
                let more = writing.load(Ordering::SeqCst);
                let rows = database.read(|conn| log::after(conn, last, 7)).expect("the log");
                last = rows.last().map_or(last, |row| row.seq);
                let idle = rows.is_empty();
                seen.extend(rows.into_iter().map(|row| (row.seq, row.line)));
                if idle && !more {
                    return seen;
                }
            }
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let database = &database;
                scope.spawn(move || {
                    for number in 0..EACH {
                        database
                            .write(&Actor::Operator, |tx| {
                                // Long and short transactions mixed, so that some would overtake if they could.
                                for part in 0..=(writer + number) % 4 {
                                    things::create(tx, firm(&format!("{writer}の{number}の{part}")))?;
                                }
                                Ok(())
                            })
                            .expect("a write");
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().expect("no panic");
        }
        writing.store(false, Ordering::SeqCst);
        follower.join().expect("no panic")
    });
    let all = database.read(|conn| log::after(conn, 0, i64::MAX)).expect("the log");
    assert_eq!(seen, all.iter().map(|row| (row.seq, row.line)).collect::<Vec<_>>());
    assert_eq!(head(&database), (WRITERS * EACH) as i64);
}

#[test]
fn a_read_sees_one_moment_whatever_is_written_meanwhile() {
    let world = World::new();
    let database = world.database();
    let changed = write_id(&database, "はじめの名前");
    let deleted = write_id(&database, "消される");
    let (ask, asked) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let database = &database;
        let (for_writer, also_deleted) = (changed.clone(), deleted.clone());
        scope.spawn(move || {
            asked.recv().expect("the reader has read once");
            database
                .write(&Actor::Operator, |tx| {
                    let thing = things::get::<Organization>(tx.conn(), &Scope::Everything, &for_writer)?;
                    let mut entry = thing.entry.clone();
                    entry.name_ja = firm("あとの名前").name_ja;
                    things::update(tx, thing, 1, entry)?;
                    remove(tx, &also_deleted, 1)?;
                    things::create(tx, firm("新しい"))
                })
                .expect("a write beside an open read");
            tell.send(()).expect("the reader waits");
        });
        let look = |conn: &mut Conn| -> Result<(i64, i64, i64, bool)> {
            let thing = things::get::<Organization>(conn, &Scope::Everything, &changed)?;
            let there = things::kind_of(conn, &deleted)?.is_some();
            Ok((log::head(conn)?.seq, things::count(conn, Kind::Organization)?, thing.header.version, there))
        };
        let (first, second) = database
            .read(|conn| {
                let first = look(conn)?;
                ask.send(()).expect("the writer waits");
                told.recv_timeout(Duration::from_secs(30)).expect("the write went through while we read");
                Ok((first, look(conn)?))
            })
            .expect("a read");
        assert_eq!(first, (2, 2, 1, true));
        assert_eq!(second, first, "the same moment");
        assert_eq!(database.read(look).expect("a new read"), (3, 2, 2, false), "the next read sees it");
    });
}

#[test]
fn a_log_row_never_stands_without_its_version_nor_a_version_without_its_row() {
    let world = World::new();
    let database = world.database();
    for number in 0..5 {
        let id = write_id(&database, &format!("会社{number}"));
        // A change that is refused half way leaves neither.
        let refused: Result<_> = database.write(&Actor::Operator, |tx| {
            let thing = things::get::<Organization>(tx.conn(), &Scope::Everything, &id)?;
            let mut entry = thing.entry.clone();
            entry.name_ja = firm("半分").name_ja;
            things::update(tx, thing, 1, entry)?;
            tx.record(Action::Follow, Kind::Organization, &ThingId::new(), false)?;
            Err::<(), _>(Error::NotFound)
        });
        assert!(refused.is_err());
    }
    let orphans = "SELECT c.thing_id AS name FROM changes c LEFT JOIN versions v ON v.thing_id = c.thing_id \
                   AND v.change_seq = c.seq WHERE v.thing_id IS NULL AND c.action <> 'follow' \
                   UNION ALL SELECT v.thing_id AS name FROM versions v LEFT JOIN changes c ON c.thing_id = v.thing_id \
                   AND c.seq = v.change_seq WHERE c.thing_id IS NULL \
                   UNION ALL SELECT t.id AS name FROM things t LEFT JOIN versions v ON v.thing_id = t.id \
                   AND v.version = t.version WHERE v.thing_id IS NULL";
    let found = database.read(|conn| Ok(diesel::sql_query(orphans).load::<Named>(conn)?));
    assert!(found.expect("rows").is_empty());
    assert_eq!(head(&database), 5);
}

// Small words

fn write(database: &Database, name: &str) -> i64 {
    let written = database.write(&Actor::Operator, |tx| things::create(tx, firm(name))).expect("a write");
    written.position.expect("a place in the log").seq
}

fn write_id(database: &Database, name: &str) -> ThingId {
    database.write(&Actor::Operator, |tx| things::create(tx, firm(name))).expect("a write").value.header.id
}

fn remove(tx: &mut Tx<'_>, id: &ThingId, version: i64) -> Result<()> {
    let thing = things::get::<Organization>(tx.conn(), &Scope::Everything, id)?;
    things::delete(tx, thing, version)
}

fn head(database: &Database) -> i64 {
    database.read(log::head).expect("the log").seq
}

fn count(database: &Database) -> i64 {
    database.read(|conn| things::count(conn, Kind::Organization)).expect("a count")
}

fn names(database: &Database) -> Vec<String> {
    let rows = database.read(|conn| {
        Ok(diesel::sql_query("SELECT title_ja AS name FROM things ORDER BY title_ja").load::<Named>(conn)?)
    });
    let mut names: Vec<String> = rows.expect("names").into_iter().map(|row| row.name).collect();
    names.sort();
    names
}
