//! What a handler can reach: database, engine, feed, clock, limits. No globals.

use crate::auth::Auth;
use crate::domain::{Actor, Clock, Defect};
use crate::error::{Error, Result};
use crate::feed::Feed;
use crate::store::{Conn, Database, Tx, Written};
use actix_web::web;
use musubi_index::Engine;
use std::sync::Arc;

/// One for each service; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub database: Database,
    pub engine: Arc<Engine>,
    pub feed: Arc<Feed>,
    pub auth: Arc<Auth>,
}

impl App {
    pub fn clock(&self) -> &Clock {
        self.database.clock()
    }

    /// Who is asking. Until accounts exist, whoever reaches the loopback address is the operator.
    pub fn actor(&self) -> Actor {
        Actor::Operator
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
