//! Around every request: an id, the log line, security headers, and problem+json in the reader's language for every
//! error, whoever raised it.

use super::cors;
use super::problem::{Problem, ProblemBody, prefers_english};
use crate::app::App;
use crate::domain::finding::Message;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};
use std::time::Instant;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-cache"),
];

pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = Uuid::now_v7().to_string();
    let (method, path) = (request.method().clone(), loggable(request.path()).to_owned());
    let english = prefers_english(request.request());
    let origin = cors::allowed(&request);
    let mut response = match origin.as_ref().and_then(|_| cors::preflight(&request)) {
        Some(answer) => request.into_response(answer).map_into_boxed_body(),
        None => next.call(request).await?.map_into_boxed_body(),
    };
    if let Some(body) = problem_of(&response, english) {
        let headers = response.headers().clone();
        let status = response.status();
        let mut replaced =
            response.into_response(HttpResponse::build(status).content_type("application/problem+json").json(body));
        for name in [header::RETRY_AFTER, header::ALLOW, header::WWW_AUTHENTICATE] {
            if let Some(value) = headers.get(&name) {
                replaced.headers_mut().insert(name, value.clone());
            }
        }
        response = replaced.map_into_boxed_body();
    }
    let status = response.status().as_u16();
    let by_https = response.request().app_data::<web::Data<App>>().is_some_and(|app| app.is_reached_by_https());
    if let Some(app) = response.request().app_data::<web::Data<App>>() {
        app.metrics.answered(method.as_str(), status, started.elapsed().as_secs_f64());
    }
    tracing::info!(%id, %method, path, status, milliseconds = started.elapsed().as_millis() as u64, "answered");
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if by_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if let Some(origin) = origin {
        cors::allow(headers, origin);
    }
    vary_by_caller(headers);
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    Ok(response)
}

/// What is answered depends on who asks, beside whatever else it depends on.
fn vary_by_caller(headers: &mut HeaderMap) {
    let mut names: Vec<String> =
        headers.get_all(header::VARY).filter_map(|name| name.to_str().ok()).map(str::to_owned).collect();
    names.push("Authorization".to_owned());
    if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
        headers.insert(header::VARY, value);
    }
}

/// Bytes of a body that is one long text, where a route takes more than the common limit.
#[derive(Debug, Clone, Copy)]
pub struct LongText(pub usize);

/// A path without the secret that some addresses hold.
fn loggable(path: &str) -> &str {
    const FEEDS: &str = "/api/v1/feeds/";
    if path.starts_with(FEEDS) { FEEDS } else { path }
}

/// The problem to send instead of the response: ours in the reader's language, or one for an error of the framework.
fn problem_of(response: &ServiceResponse<BoxBody>, english: bool) -> Option<ProblemBody> {
    let error = response.response().error();
    if let Some(problem) = error.and_then(|error| error.as_error::<Problem>()) {
        let request = response.request();
        return Some(problem.body_in(english, super::gate::only_asks(request.method(), request.path())));
    }
    let status = response.status();
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/problem+json"));
    // Whatever body a framework error has, it is not for people.
    let ours = is_problem
        || response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !(status.is_client_error() || status.is_server_error()) || ours {
        return None;
    }
    let own_limit = response.request().app_data::<LongText>().map(|limit| limit.0 / 1_024);
    let (code, message) = match (status.as_u16(), own_limit) {
        (413, Some(most)) => (
            "too-large",
            Message::new(
                format!("送られた内容が大きすぎます（上限 {most} KiB）。文を短くしてください。"),
                format!("The body is too large ({most} KiB at most). Write a shorter text."),
            ),
        ),
        (413, None) => (
            "too-large",
            Message::new(
                "送られた内容が大きすぎます（上限 64 KiB）。分けて送るか、取り込み（musubi import）を使ってください。",
                "The body is too large (64 KiB at most). Send less at once, or use an import.",
            ),
        ),
        (408, _) => ("timeout", Message::new("受信に時間がかかりすぎました。", "Receiving the request took too long.")),
        (status, _) if status < 500 => {
            ("malformed", Message::new("要求を読み取れませんでした。", "The request could not be read."))
        }
        _ => ("internal", Message::new("サーバー内部の問題です。", "Something went wrong on our side.")),
    };
    Some(Problem::plain(status.as_u16(), code, message, english))
}
