//! musubi (結び): matchmaking for a regional industry cluster.
//!
//! The rooms, and what each may use, are in ARCHITECTURE.md. [`build`] puts them together.

pub mod api;
pub mod app;
pub mod auth;
pub mod domain;
pub mod error;
pub mod feed;
pub mod store;

use crate::app::App;
use crate::auth::{Auth, AuthSettings};
use crate::error::{Error, Result};
use crate::feed::Feed;
use crate::store::Database;
use actix_web::dev::Server;
use actix_web::{HttpServer, web};
use musubi_index::{Engine, Settings};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Bodies are at most this long, bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// Opens the index, starts to follow the log of a migrated database, and opens the gate.
pub fn build(database: Database, index_folder: &Path, settings: Settings, auth: AuthSettings) -> Result<App> {
    let (engine, opened) = Engine::open(index_folder, settings).map_err(Error::internal)?;
    tracing::info!(?opened, "index");
    let engine = Arc::new(engine);
    let feed = Arc::new(Feed::start(database.clone(), engine.clone())?);
    let auth = Auth::start(auth, database.clone())?;
    Ok(App { database, engine, feed, auth })
}

/// The server on a listening socket. Stops cleanly: accepted requests are answered first.
pub fn server(app: App, listener: TcpListener, workers: usize) -> Result<Server> {
    let loopback = listener.local_addr().map_err(Error::internal)?.ip().is_loopback();
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(web::Data::new(app.clone()))
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .app_data(api::gate::Listening { loopback })
            // The last is the outermost.
            .wrap(actix_web::middleware::from_fn(api::gate::admit))
            .wrap(actix_web::middleware::from_fn(api::middleware::around))
            .configure(api::routes)
    })
    .workers(workers)
    .client_request_timeout(Duration::from_secs(10))
    .shutdown_timeout(8)
    .listen(listener)
    .map_err(Error::internal)?;
    Ok(server.run())
}
