//! What a handler can reach: database, engine, feed, clock, limits. No globals.

use crate::Limits;
use crate::api::background::Background;
use crate::api::metrics::Metrics;
use crate::api::names::NamesMemory;
use crate::auth::Auth;
use crate::domain::{Actor, Clock, Defect};
use crate::error::{Error, Result};
use crate::exchange::jobs::Imports;
use crate::feed::{Feed, Watch};
use crate::store::{Conn, Database, Tx, Written};
use actix_web::web;
use musubi_index::Engine;
use musubi_index::evidence::Texts;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One for each service; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub database: Database,
    pub engine: Arc<Engine>,
    /// Where the texts of things are looked through for the words of a query.
    pub texts: Arc<Texts>,
    /// What places, fields and other values are called.
    pub names: Arc<NamesMemory>,
    pub feed: Arc<Feed>,
    /// Tells saved searches what is new.
    pub watch: Arc<Watch>,
    /// Turns for searches and matches, which keep a core busy each.
    pub turns: Arc<Semaphore>,
    /// The one turn for what keeps a core busy for seconds.
    pub long_turn: LongTurn,
    pub limits: Arc<Limits>,
    pub metrics: Metrics,
    pub auth: Arc<Auth>,
    pub imports: Arc<Imports>,
    /// Solves that go on in the background.
    pub background: Arc<Background>,
}

/// The one turn for what keeps a core busy for seconds; cheap to clone.
#[derive(Debug, Clone)]
pub struct LongTurn(Arc<Semaphore>);

impl Default for LongTurn {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl LongTurn {
    /// The turn, until it is dropped; none while another has it.
    pub fn try_take(&self) -> Option<OwnedSemaphorePermit> {
        self.0.clone().try_acquire_owned().ok()
    }
}

/// How long a search waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

impl App {
    pub fn clock(&self) -> &Clock {
        self.database.clock()
    }

    /// Whether people reach the service by HTTPS (`server.public_url` says so): browsers are told to keep to it.
    pub fn is_reached_by_https(&self) -> bool {
        self.auth.settings.mail.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// Reads off the actix workers.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let database = self.database.clone();
        self.blocking(move || database.read(work)).await
    }

    /// Writes off the actix workers.
    pub async fn write<T: Send + 'static>(
        &self,
        actor: Actor,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Written<T>> {
        let database = self.database.clone();
        self.blocking(move || database.write(&actor, work)).await
    }

    /// Searches and matches: like [`App::blocking`], but only so many at the same time.
    pub async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let turn = actix_web::rt::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(Error::Unavailable(Defect::new(
                "busy",
                "検索が混み合っています。少し待ってからもう一度お試しください。",
                "Too many searches are waiting. Please try again in a moment.",
            )));
        };
        self.blocking(work).await
    }

    /// What computes for seconds: one at a time, so that searches keep their cores. Refused while another runs.
    pub async fn alone<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let Some(_turn) = self.long_turn.try_take() else {
            return Err(Error::Unavailable(Defect::new(
                "busy",
                "ほかの計算が動いています。少し待ってからもう一度お試しください。",
                "Another long computation is running. Please try again in a moment.",
            )));
        };
        self.blocking(work).await
    }

    /// Anything that computes or waits: off the actix workers.
    pub async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        match web::block(work).await {
            Ok(result) => result,
            Err(_) => Err(Error::Unavailable(Defect::new(
                "stopping",
                "サービスを停止しています。少し待ってからもう一度お試しください。",
                "The service is stopping. Please try again in a moment.",
            ))),
        }
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "App({:?})", self.database)
    }
}
