//! Before every route: who is asking (once for each request), and how often they may.
//!
//! Here and not in `auth`, because refusals are answers of the API.

use super::problem::Problem;
use crate::app::App;
use crate::auth::caller::API_TOKEN_PREFIX;
use crate::auth::limits::{Class, Wait};
use crate::auth::rights::{Holder, Name};
use crate::auth::{Caller, Credential, OperatorRule, Session, network, secrets, sign_in, token};
use crate::domain::{Actor, Defect, ThingId, TokenScope};
use crate::error::{Error, Result};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};
use std::net::{IpAddr, Ipv4Addr};

/// Routes where credentials are in the body: a stale header is not looked at, so that a client can get a new token.
pub(super) const NO_CREDENTIALS: [&str; 5] = [
    "/api/v1/auth/sign-in",
    "/api/v1/auth/refresh",
    "/api/v1/auth/password-reset",
    "/api/v1/auth/password-reset/confirm",
    "/api/v1/invitations/accept",
];
/// Asked with POST because the question is long; nothing is changed.
pub(super) const QUESTIONS: [&str; 4] =
    ["/api/v1/match", "/api/v1/match/coalition", "/api/v1/similar", "/api/v1/compose/group"];

/// Whether the socket can be reached from this machine only.
#[derive(Debug, Clone, Copy)]
pub struct Listening {
    pub loopback: bool,
}

/// The caller's address, as far as we believe it.
#[derive(Debug, Clone, Copy)]
pub struct CallerAddress(pub IpAddr);

pub async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match who(&request).await {
        Ok((caller, credential, address)) => {
            {
                let mut extensions = request.extensions_mut();
                extensions.insert(caller);
                extensions.insert(credential);
                extensions.insert(CallerAddress(address));
            }
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        // As a response, not as an error: the headers around every answer belong to this one, too.
        Err(error) => Ok(request.error_response(Problem::from(error)).map_into_boxed_body()),
    }
}

async fn who(request: &ServiceRequest) -> Result<(Caller, Credential, IpAddr)> {
    let app = request.app_data::<web::Data<App>>().ok_or_else(|| Error::internal("no service"))?.clone();
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let forwarded: Vec<&str> =
        request.headers().get_all("x-forwarded-for").map(|value| value.to_str().unwrap_or("")).collect();
    let address = network::caller(peer, &forwarded, &app.auth.settings.trusted_proxies);
    if is_operator(request, &app, peer).await {
        return Ok((Caller(Actor::Operator), Credential::None, address));
    }
    let class = class_of(request.method(), request.path());
    app.auth.limits.admit_address(address, class).map_err(too_many)?;
    if NO_CREDENTIALS.contains(&request.path()) {
        return Ok((Caller(Actor::Visitor), Credential::None, address));
    }
    let Some(text) = bearer(request)? else {
        return Ok((Caller(Actor::Visitor), Credential::None, address));
    };
    let now = app.clock().timestamp();
    let (name, session) = if text.starts_with(API_TOKEN_PREFIX) {
        (Name::ApiToken(secrets::fingerprint(text)), None)
    } else {
        let claims = token::verify(&app.auth, text, sign_in::seconds(&now)).ok_or(Error::Unauthenticated)?;
        let account = ThingId::from_stored(claims.sub.clone());
        let session = Session { account, family: claims.sid.clone() };
        (Name::Session { account: claims.sub, family: claims.sid }, Some(session))
    };
    let holder = match app.auth.rights.at_hand(&app.database, &name, &now) {
        Some(holder) => holder,
        None => {
            let (auth, database) = (app.auth.clone(), app.database.clone());
            app.blocking(move || auth.rights.look(&database, &name, &now)).await?
        }
    };
    let Holder { actor, scope, .. } = holder.ok_or(Error::Unauthenticated)?;
    app.auth.limits.admit_account(actor.id.as_str()).map_err(too_many)?;
    if scope == Some(TokenScope::Read) && !only_asks(request.method(), request.path()) {
        return Err(Error::NotAllowed(Defect::new(
            "token-scope",
            "この API トークンでは読み取りだけができます。",
            "This API token may only read.",
        )));
    }
    let credential = session.map_or(Credential::ApiToken, Credential::Session);
    Ok((Caller(Actor::Account(actor)), credential, address))
}

/// The person at the machine: on a socket that only this machine reaches, asked for by a name of this machine,
/// through no proxy, with no credentials, and where the rule says so. See docs/decisions.
async fn is_operator(request: &ServiceRequest, app: &App, peer: IpAddr) -> bool {
    let rule = app.auth.settings.operator;
    let listening = request.app_data::<Listening>().is_some_and(|listening| listening.loopback);
    if rule == OperatorRule::Never || !listening || !peer.to_canonical().is_loopback() {
        return false;
    }
    let headers = request.headers();
    let credentials = headers.contains_key(header::AUTHORIZATION);
    let proxied = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"]
        .iter()
        .any(|name| headers.contains_key(*name));
    if credentials || proxied || !is_local_name(request) || is_foreign_origin(request) {
        return false;
    }
    match rule {
        OperatorRule::Never => false,
        OperatorRule::Always => true,
        OperatorRule::WhileNoAccount => {
            let (auth, database) = (app.auth.clone(), app.database.clone());
            match auth.rights.known_no_account(&database) {
                Some(known) => known,
                None => app.blocking(move || auth.rights.no_account_yet(&database)).await.unwrap_or(false),
            }
        }
    }
}

/// A page elsewhere whose name was made to point here sends its own name.
fn is_local_name(request: &ServiceRequest) -> bool {
    let mut hosts = request.headers().get_all(header::HOST);
    let (host, more) = (hosts.next().and_then(|host| host.to_str().ok()).unwrap_or(""), hosts.next().is_some());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    !more && ["localhost", "127.0.0.1", "[::1]"].contains(&name.to_ascii_lowercase().as_str())
}

/// A page of another origin asks through the browser of the person at the machine.
fn is_foreign_origin(request: &ServiceRequest) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    let origin = request.headers().get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or(""));
    let site = request.headers().get("sec-fetch-site").map(|site| site.to_str().unwrap_or(""));
    origin.is_some_and(|origin| origin != format!("http://{host}") && origin != format!("https://{host}"))
        || site.is_some_and(|site| site == "cross-site" || site == "same-site")
}

/// The token in the one Authorization header. None: there is no such header. Anything else is no credential.
fn bearer(request: &ServiceRequest) -> Result<Option<&str>> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Error::Unauthenticated);
    }
    let text = value.to_str().map_err(|_| Error::Unauthenticated)?;
    let (scheme, token) = text.split_once(' ').ok_or(Error::Unauthenticated)?;
    let good = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || !good {
        return Err(Error::Unauthenticated);
    }
    Ok(Some(token))
}

fn class_of(method: &Method, path: &str) -> Class {
    if only_asks(method, path) {
        return Class::Read;
    }
    let credentials = ["/api/v1/auth/sign-in", "/api/v1/auth/password-reset", "/api/v1/invitations", "/api/v1/me"];
    // Under /me, but nothing about who gets in.
    let plain = path.starts_with("/api/v1/me/saved-searches");
    if !plain && credentials.iter().any(|prefix| path.starts_with(prefix)) { Class::Credentials } else { Class::Write }
}

/// Whether a request only asks, so that there is nothing it could save.
pub(super) fn only_asks(method: &Method, path: &str) -> bool {
    method.is_safe() || (method == Method::POST && QUESTIONS.contains(&path))
}

pub(super) fn too_many(Wait(seconds): Wait) -> Error {
    let defect = Defect::new(
        "too-many-requests",
        format!("要求が多すぎます。{seconds}秒後にもう一度お試しください。"),
        format!("Too many requests. Please try again in {seconds} seconds."),
    );
    Error::TooMany { defect, seconds }
}
