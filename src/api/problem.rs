//! Errors on the wire: RFC 9457 problem+json, in the reader's language, without inner detail.

use crate::domain::Finding;
use crate::domain::finding::Message;
use crate::error::Error;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// Problem details (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Stable path under `/problems/`.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What happened and what to do, in the language of Accept-Language (ja unless en is preferred).
    pub detail: String,
    pub message: Message,
    /// One entry for each refused value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Finding>,
    /// The version that is there now, when a change came too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_version: Option<i64>,
}

/// An error on its way out of a handler.
///
/// Its body here is Japanese; `middleware` puts it into the reader's language.
#[derive(Debug)]
pub struct Problem(Error);

pub type Answer = Result<HttpResponse, Problem>;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl Problem {
    /// The body for a status that actix itself decided (404, 405 …).
    pub fn plain(status: u16, code: &str, message: Message, english: bool) -> ProblemBody {
        let detail = if english { message.en.clone() } else { message.ja.clone() };
        ProblemBody {
            kind: format!("/problems/{code}"),
            title: title(status).to_owned(),
            status,
            detail,
            message,
            errors: Vec::new(),
            current_version: None,
        }
    }

    /// `reading`: the request only asks, so there is nothing that could have been saved.
    pub fn body_in(&self, english: bool, reading: bool) -> ProblemBody {
        let mut message = self.0.message();
        if matches!(self.0, Error::Invalid(_)) && !reading {
            message.ja.push_str("何も保存されていません。");
            message.en.push_str(" Nothing was saved.");
        }
        let mut body = Self::plain(self.0.status(), self.0.problem(), message, english);
        match &self.0 {
            Error::Invalid(findings) => body.errors = findings.clone(),
            Error::Stale { current } => body.current_version = Some(*current),
            _ => {}
        }
        body
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        if let Error::Internal(detail) = &self.0 {
            tracing::error!(detail, "internal error");
        }
        let mut response = HttpResponse::build(self.status_code());
        if matches!(self.0, Error::Unavailable(_)) {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        if let Error::TooMany { seconds, .. } = &self.0 {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if self.0.status() == 401 {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"musubi\""));
        }
        response.content_type("application/problem+json").json(self.body_in(false, false))
    }
}

/// Does the reader prefer English? Japanese unless Accept-Language names English first.
pub fn prefers_english(request: &HttpRequest) -> bool {
    let header = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let weight = |language: &str| {
        header
            .split(',')
            .filter_map(|range| {
                let (tag, quality) = range.split_once(";q=").unwrap_or((range, "1"));
                let tag = tag.trim().to_ascii_lowercase();
                (tag == language || tag.starts_with(&format!("{language}-")))
                    .then(|| quality.trim().parse::<f32>().unwrap_or(0.0))
            })
            .fold(0.0, f32::max)
    };
    weight("en") > weight("ja")
}

/// Reason phrases (RFC 9110).
fn title(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
}
