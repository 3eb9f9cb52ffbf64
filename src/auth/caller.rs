//! Who is asking, as handlers get it: `Caller(actor): Caller` in a handler's arguments.

use crate::domain::{Actor, ThingId};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::convert::Infallible;
use std::future::{Ready, ready};

/// Tokens of programs begin with this, so that people and scanners know one when they see it.
pub const API_TOKEN_PREFIX: &str = "mus_";

/// The actor of this request, with its rights as they are now. The gate (`api/gate.rs`) puts it there; where there is
/// no gate, everybody is a visitor.
#[derive(Debug, Clone)]
pub struct Caller(pub Actor);

impl FromRequest for Caller {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request.extensions().get::<Caller>().cloned().unwrap_or(Caller(Actor::Visitor))))
    }
}

/// How the caller showed who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Not at all.
    None,
    Session(Session),
    ApiToken,
}

/// A sign-in: a person, not a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub account: ThingId,
    pub family: String,
}

impl FromRequest for Credential {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request.extensions().get::<Credential>().cloned().unwrap_or(Credential::None)))
    }
}
