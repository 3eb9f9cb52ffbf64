//! musubi (結び): matchmaking for a regional industry cluster.
//!
//! The rooms, and what each may use, are in ARCHITECTURE.md. [`build`] puts them together.

pub mod api;
pub mod app;
pub mod auth;
pub mod commands;
pub mod config;
pub mod demo;
pub mod domain;
pub mod error;
pub mod exchange;
pub mod feed;
pub mod store;

use crate::api::background::Background;
use crate::api::metrics::Metrics;
use crate::api::names::NamesMemory;
use crate::app::{App, LongTurn};
use crate::auth::{Auth, AuthSettings};
use crate::error::{Error, Result};
use crate::exchange::jobs::Imports;
use crate::feed::{Feed, Pace, Watch, WatchSettings};
use crate::store::Database;
use actix_web::dev::Server;
use actix_web::{HttpServer, web};
use musubi_index::evidence::Texts;
use musubi_index::{Engine, Settings};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What the service may use of the machine.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest request body, bytes.
    pub body_bytes: usize,
    /// Searches and matches at the same time; more wait in line.
    pub searches_at_once: usize,
    /// Threads that accept and parse requests.
    pub workers: usize,
    /// Time that accepted requests have to finish after a stop signal.
    pub shutdown: Duration,
    /// Memory for texts that were shown lately, as they were read; 0: none.
    pub texts_memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            body_bytes: 64 * 1024,
            searches_at_once: 2 * cores,
            workers: cores,
            shutdown: Duration::from_secs(8),
            texts_memory: 64 * 1024 * 1024,
        }
    }
}

/// Opens the index, starts to follow the log of a migrated database, and opens the gate.
pub fn build(
    database: Database,
    index_folder: &Path,
    index: Settings,
    pace: Pace,
    limits: Limits,
    auth: AuthSettings,
) -> Result<App> {
    let taxonomy = database.read(feed::taxonomy)?;
    let (engine, opened) = Engine::open_with(index_folder, index, taxonomy).map_err(Error::internal)?;
    tracing::info!(?opened, "index");
    let engine = Arc::new(engine);
    let feed = Arc::new(Feed::start(database.clone(), engine.clone(), pace)?);
    let names = Arc::new(NamesMemory::new(database.clone()));
    let watch = WatchSettings {
        compile: api::saved_searches::compiler(names.clone()),
        second_factor_for_administrators: auth.second_factor_for_administrators,
    };
    let watch = Arc::new(Watch::start(database.clone(), engine.clone(), watch)?);
    let texts = Arc::new(Texts::new(limits.texts_memory));
    let turns = Arc::new(Semaphore::new(limits.searches_at_once));
    let metrics = Metrics::new().map_err(Error::internal)?;
    let auth = Auth::start(auth, database.clone())?;
    // Staged files lie beside the index, in the data folder.
    let imports = Arc::new(Imports::start(database.clone(), index_folder.with_file_name("imports"))?);
    let long_turn = LongTurn::default();
    let (limits, background) = (Arc::new(limits), Arc::new(Background::start(long_turn.clone())));
    Ok(App {
        database,
        engine,
        texts,
        names,
        feed,
        watch,
        turns,
        long_turn,
        limits,
        metrics,
        auth,
        imports,
        background,
    })
}

/// The server on a listening socket. Stops cleanly: accepted requests are answered first.
pub fn server(app: App, listener: TcpListener) -> Result<Server> {
    let limits = app.limits.clone();
    let body_bytes = limits.body_bytes;
    let loopback = listener.local_addr().map_err(Error::internal)?.ip().is_loopback();
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(web::Data::new(app.clone()))
            .app_data(web::PayloadConfig::new(body_bytes))
            .app_data(api::gate::Listening { loopback })
            // The last is the outermost.
            .wrap(actix_web::middleware::from_fn(api::gate::admit))
            .wrap(actix_web::middleware::from_fn(api::middleware::around))
            .configure(api::routes)
    })
    .workers(limits.workers)
    .client_request_timeout(Duration::from_secs(10))
    .shutdown_timeout(limits.shutdown.as_secs())
    .listen(listener)
    .map_err(Error::internal)?;
    Ok(server.run())
}

/// The numbers of the service, on a listening socket of their own: they are for the operator, not for callers.
pub fn metrics_server(app: App, listener: TcpListener) -> Result<Server> {
    let server = HttpServer::new(move || {
        actix_web::App::new().app_data(web::Data::new(app.clone())).configure(api::metrics::routes)
    })
    .workers(1)
    .disable_signals()
    .listen(listener)
    .map_err(Error::internal)?;
    Ok(server.run())
}
