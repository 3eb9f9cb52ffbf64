//! A world for each test: its own database, its own index, its own server on a free port of the loopback address.
//!
//! SQLite by default; with `TEST_DATABASE_URL` (a PostgreSQL database with the C collation) every test gets a schema
//! of its own there.
#![allow(dead_code)]

pub mod people;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use musubi::app::App;
use musubi::auth::AuthSettings;
use musubi::auth::limits::LimitSettings;
use musubi::auth::password::Cost;
use musubi::domain::{Clock, Entry, Organization};
use musubi::error::Error;
use musubi::store::{Conn, Database, DatabaseSettings, Target, log, migrate};
use serde_json::Value;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use uuid::Uuid;

/// The moment at which every test happens.
pub fn now() -> DateTime<Utc> {
    "2026-04-01T00:00:00Z".parse().expect("a time")
}

/// The real rows beside the project, if they are there; otherwise says so, and the test passes without them.
pub fn shared(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("MUSUBI_SHARED")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    let file = folder.join(path);
    if file.exists() {
        return Some(file);
    }
    eprintln!("skipped: {} is not here (set MUSUBI_SHARED to the folder that holds it)", file.display());
    None
}

/// A migrated, empty database that ends with the value.
pub struct World {
    pub folder: TempDir,
    pub url: String,
    schema: Option<String>,
}

impl World {
    pub fn new() -> Self {
        let world = Self::bare();
        if !world.is_postgresql() {
            std::fs::copy(template(), &world.url).expect("a copy of the template");
        }
        world
    }

    /// With nothing in it, not even tables.
    pub fn bare() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        match test_database() {
            Some(url) => {
                let schema = format!("test_{}", Uuid::new_v4().simple());
                postgresql(&url, &format!("CREATE SCHEMA {schema}"));
                let separator = if url.contains('?') { '&' } else { '?' };
                let url = format!("{url}{separator}options=-csearch_path%3D{schema}");
                Self { folder, url, schema: Some(schema) }
            }
            None => {
                let url = folder.path().join("musubi.db").to_string_lossy().into_owned();
                Self { folder, url, schema: None }
            }
        }
    }

    /// The PostgreSQL schema of this world.
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    pub fn is_postgresql(&self) -> bool {
        self.schema.is_some()
    }

    pub fn settings(&self) -> DatabaseSettings {
        DatabaseSettings { connections: 4, ..DatabaseSettings::new(Target::parse(&self.url)) }
    }

    pub fn database(&self) -> Database {
        self.database_at(Clock::fixed(now()))
    }

    pub fn database_at(&self, clock: Clock) -> Database {
        let database = Database::open(self.settings(), clock).expect("a database");
        migrate::run(&database).expect("a migrated database");
        database
    }

    pub fn index_folder(&self) -> PathBuf {
        self.folder.path().join("index")
    }

    /// Keeps the database as it is now, for [`World::restore`]. Nobody may be writing.
    pub fn backup(&self) {
        match (&self.schema, test_database()) {
            (Some(schema), Some(url)) => postgresql(
                &url,
                &format!(
                    "DROP SCHEMA IF EXISTS {schema}_kept CASCADE; CREATE SCHEMA {schema}_kept; DO $$ DECLARE name text; BEGIN \
                     FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' LOOP EXECUTE \
                     format('CREATE TABLE {schema}_kept.%I AS TABLE {schema}.%I', name, name); END LOOP; END $$"
                ),
            ),
            _ => {
                let mut conn = diesel::SqliteConnection::establish(&self.url).expect("the database");
                conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").expect("one file");
                std::fs::copy(&self.url, self.folder.path().join("kept.db")).expect("a copy");
            }
        }
    }

    /// Puts back what [`World::backup`] kept, as a file that somebody copied back would be. Nobody may have it open.
    pub fn restore(&self) {
        match (&self.schema, test_database()) {
            (Some(schema), Some(url)) => postgresql(
                &url,
                &format!(
                    "BEGIN; SET LOCAL session_replication_role = replica; DO $$ DECLARE name text; BEGIN \
                     FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' LOOP \
                     EXECUTE format('DELETE FROM {schema}.%I', name); EXECUTE \
                     format('INSERT INTO {schema}.%I SELECT * FROM {schema}_kept.%I', name, name); END LOOP; END $$; COMMIT"
                ),
            ),
            _ => {
                // The last connection to close takes the log along; one that closed later would write what it knows over
                // the copy.
                wait_until(Duration::from_secs(10), || !Path::new(&format!("{}-wal", self.url)).exists());
                for more in ["-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{more}", self.url));
                }
                std::fs::copy(self.folder.path().join("kept.db"), &self.url).expect("a copy");
            }
        }
    }

    /// Gives the log another epoch, as restoring does.
    pub fn change_epoch(&self, database: &Database) {
        let epoch = Uuid::new_v4().simple();
        database
            .housekeeping(|conn| Ok(conn.batch_execute(&format!("UPDATE log_head SET epoch = '{epoch}'"))?))
            .expect("another epoch");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let (Some(schema), Some(url)) = (&self.schema, test_database()) {
            postgresql(&url, &format!("DROP SCHEMA IF EXISTS {schema}, {schema}_kept CASCADE"));
        }
    }
}

/// The PostgreSQL database for tests, if there is one: then the same tests run there instead of on SQLite.
pub fn test_database() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

pub fn postgresql(url: &str, sql: &str) {
    let mut conn = PgConnection::establish(url).expect("TEST_DATABASE_URL answers");
    // A service that was just stopped may still hold what is dropped: PostgreSQL then ends one of the two, at random.
    for _ in 0..20 {
        match conn.batch_execute(sql) {
            Ok(()) => return,
            Err(error) if error.to_string().contains("deadlock detected") => {
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            Err(error) => panic!("{sql}: {error}"),
        }
    }
    panic!("{sql}: a deadlock each time");
}

/// A migrated SQLite file, made once for each run.
fn template() -> &'static Path {
    static TEMPLATE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, file) = TEMPLATE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("template.db");
        let settings = DatabaseSettings::new(Target::Sqlite(file.clone()));
        let database = Database::open(settings, Clock::fixed(now())).expect("a database");
        migrate::run(&database).expect("a migrated database");
        database
            .housekeeping(|conn| {
                let Conn::Sqlite(conn) = conn else { return Ok(()) };
                // A log of its own for each copy.
                Ok(conn.batch_execute("DELETE FROM log_head")?)
            })
            .expect("an empty log");
        drop(database);
        let mut conn = diesel::SqliteConnection::establish(&file.to_string_lossy()).expect("the template");
        conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").expect("one file");
        (folder, file)
    });
    file
}

/// A clock that a test moves on.
#[derive(Clone)]
pub struct Hands(Arc<std::sync::Mutex<DateTime<Utc>>>);

impl Hands {
    pub fn new() -> Self {
        Self(Arc::new(std::sync::Mutex::new(now())))
    }

    pub fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::reading(move || hands.now())
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("the hands")
    }

    pub fn pass(&self, seconds: i64) {
        *self.0.lock().expect("the hands") += chrono::TimeDelta::seconds(seconds);
    }
}

/// The service, running.
pub struct TestApp {
    pub app: App,
    pub address: String,
    handle: actix_web::dev::ServerHandle,
    thread: Option<JoinHandle<()>>,
    client: ureq::Agent,
    // Last: the folder goes when everything else has stopped.
    pub world: Arc<World>,
}

impl TestApp {
    pub fn start() -> Self {
        Self::start_in(World::new())
    }

    pub fn start_in(world: impl Into<Arc<World>>) -> Self {
        let world = world.into();
        let auth = auth(&world);
        Self::start_at(world, Clock::fixed(now()), auth)
    }

    pub fn start_at(world: Arc<World>, clock: Clock, auth: AuthSettings) -> Self {
        let database = world.database_at(clock);
        let app = musubi::build(database, &world.index_folder(), index_settings(), pace(), limits(), auth)
            .expect("the service");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (sender, receiver) = std::sync::mpsc::channel();
        let service = app.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = musubi::server(service, listener).expect("a server");
                sender.send(server.handle()).expect("somebody waits");
                server.await.expect("the server ends well");
            });
        });
        let handle = receiver.recv().expect("the server starts");
        let client = ureq::Agent::new_with_config(
            ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(Duration::from_secs(60)))
                // Less than the service keeps an idle connection: what is sent into one that just closed is lost.
                .max_idle_age(Duration::from_secs(2))
                .build(),
        );
        Self { app, address, handle, thread: Some(thread), client, world }
    }

    /// Stops the service; its database and its index stay.
    pub fn stop(self) -> Arc<World> {
        self.world.clone()
    }

    /// Waits until the index has followed everything written so far.
    pub fn settle(&self) {
        let head = self.app.database.read(log::head).expect("the log");
        assert!(self.app.feed.wait_for(head.seq, PATIENCE), "the index did not follow");
    }

    pub fn get(&self, path: &str) -> Response {
        Response::of(self.client.get(format!("{}{path}", self.address)).call())
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.get(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Response::of(request.call())
    }

    pub fn post(&self, path: &str, body: Value) -> Response {
        self.post_with(path, &[], body)
    }

    pub fn post_with(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Response {
        self.post_bytes(path, headers, body.to_string().as_bytes())
    }

    pub fn post_bytes(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let mut request = self.client.post(format!("{}{path}", self.address));
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Response::of(request.send(body))
    }

    /// None: the connection was closed before everything was sent.
    pub fn try_post_bytes(&self, path: &str, body: &[u8]) -> Option<u16> {
        let request = self.client.post(format!("{}{path}", self.address)).header("content-type", "application/json");
        request.send(body).ok().map(|response| response.status().as_u16())
    }

    pub fn patch(&self, path: &str, etag: &str, body: Value) -> Response {
        self.patch_with(path, &[("if-match", etag)], body)
    }

    pub fn patch_with(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Response {
        let mut request =
            self.client.patch(format!("{}{path}", self.address)).header("content-type", "application/merge-patch+json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Response::of(request.send(body.to_string().as_bytes()))
    }

    pub fn put_with(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.put(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Response::of(request.send_empty())
    }

    pub fn delete(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.delete(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Response::of(request.call())
    }

    pub fn options(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.options(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Response::of(request.call())
    }

    pub fn delete_with_body(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Response {
        let mut request =
            self.client.delete(format!("{}{path}", self.address)).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Response::of(request.force_send_body().send(body.to_string().as_bytes()))
    }

    /// Registers something that must be accepted; gives its id.
    pub fn create(&self, plural: &str, body: Value) -> String {
        let response = self.post(&format!("/api/v1/{plural}"), body);
        assert_eq!(response.status, 201, "{}", response.body);
        response.json()["id"].as_str().expect("an id").to_owned()
    }

    pub fn firm(&self, name: &str) -> String {
        self.create("organizations", serde_json::json!({ "organization_kind": "firm", "name_ja": name }))
    }

    /// Ids that a search finds, best first.
    pub fn found(&self, query: &str) -> Vec<String> {
        let response = self.get(&format!("/api/v1/search?{query}"));
        assert_eq!(response.status, 200, "{}", response.body);
        let hits = response.json()["hits"].as_array().expect("hits").clone();
        hits.iter().map(|hit| hit["id"].as_str().expect("an id").to_owned()).collect()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.app.feed.stop();
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Keys and letters in the folder of the world, cheap passwords, no limits.
pub fn auth(world: &World) -> AuthSettings {
    AuthSettings {
        password_cost: Cost { memory_kibibytes: 64, passes: 1, lanes: 1 },
        hashes_waiting: 1_000,
        limits: LimitSettings::none(),
        ..AuthSettings::in_folder(world.folder.path())
    }
}

pub fn index_settings() -> musubi_index::Settings {
    musubi_index::Settings { writer_memory: 20 * 1024 * 1024, ..musubi_index::Settings::default() }
}

/// Tests do not wait for others to travel along.
pub fn pace() -> musubi::feed::Pace {
    musubi::feed::Pace { between: Duration::from_millis(20), ..musubi::feed::Pace::default() }
}

pub fn limits() -> musubi::Limits {
    musubi::Limits { workers: 1, shutdown: Duration::from_secs(1), ..musubi::Limits::default() }
}

/// An answer, read whole; bytes that are no UTF-8 (books, CP932) as they may be.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    fn of(result: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Self {
        Self::read(result.expect("an answer")).expect("text")
    }

    /// Fails if the answer breaks off.
    pub fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let status = response.status().as_u16();
        let bytes = response.body_mut().with_config().limit(50_000_000).read_to_vec()?;
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Self { status, headers, body })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Asserts a problem of this status and type, and gives it.
    pub fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.body);
        let body = self.json();
        assert_eq!(body["type"], format!("/problems/{kind}"), "{}", self.body);
        assert!(body["message"]["ja"].is_string() && body["message"]["en"].is_string(), "{}", self.body);
        body
    }
}

/// For text in a query string.
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte as char),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
        encoded
    })
}

/// Waits for something to come true; false if it has not within `limit`.
pub fn wait_until(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while !holds() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// How long to wait for what must come, on a slow machine, too.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Throws that come again with the same seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// 0 to `sides - 1`.
    pub fn below(&mut self, sides: usize) -> usize {
        (self.next() % sides as u64) as usize
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

/// A number from the environment: how often, how many, from which seed.
pub fn number(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} takes a number, not {text:?}")),
        Err(_) => otherwise,
    }
}

/// A firm with this name, ready to be registered.
pub fn firm(name: &str) -> Organization {
    entry(serde_json::json!({ "organization_kind": "firm", "name_ja": name }))
}

/// Something that the door of parsing lets in.
pub fn entry<E: Entry>(fields: Value) -> E {
    musubi::domain::parse::entry(fields).unwrap_or_else(|findings| panic!("{findings:?}"))
}

/// Reads the whole log again and does its sums: which sequence is the first that does not fit?
///
/// Written apart from the code that writes the log, except for the two hash functions.
pub fn first_broken_link(conn: &mut Conn) -> Result<Option<i64>, Error> {
    let head = log::head(conn)?;
    let rows = log::after(conn, 0, i64::MAX)?;
    let mut chain = log::genesis(&head.epoch);
    let (mut seq, mut line) = (0, 0);
    for row in &rows {
        let follows = if row.seq == seq { row.line == line + 1 } else { row.seq == seq + 1 && row.line == 1 };
        chain = log::chain_after(&chain, &row.digest);
        if !follows || log::digest_of(row) != row.digest || chain != row.chain {
            return Ok(Some(row.seq));
        }
        (seq, line) = (row.seq, row.line);
    }
    Ok((head.seq != seq || head.chain != chain).then_some(head.seq))
}
