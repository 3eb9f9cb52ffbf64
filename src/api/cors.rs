//! Pages of other origins: none, unless a setting names them. Tokens travel in a header, never in a cookie, so nothing is
//! sent along by itself (no `Access-Control-Allow-Credentials`).

use crate::app::App;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};

const METHODS: &str = "GET, POST, PATCH, DELETE";
const HEADERS: &str = "authorization, content-type, if-match, if-none-match, idempotency-key, accept-language";
const EXPOSED: &str = "etag, link, location, musubi-sequence, retry-after, x-request-id";
/// How long a browser may remember the answer, seconds.
const REMEMBERED: &str = "600";

/// The origin of the request, if the setting names it.
pub fn allowed(request: &ServiceRequest) -> Option<HeaderValue> {
    let app = request.app_data::<web::Data<App>>()?;
    let origin = request.headers().get(header::ORIGIN)?;
    let text = origin.to_str().ok()?;
    app.auth.settings.allowed_origins.iter().any(|allowed| allowed == text).then(|| origin.clone())
}

/// The answer to a browser that asks before it asks.
pub fn preflight(request: &ServiceRequest) -> Option<HttpResponse> {
    let asks = request.method() == Method::OPTIONS && request.headers().contains_key("access-control-request-method");
    asks.then(|| {
        HttpResponse::build(StatusCode::NO_CONTENT)
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, REMEMBERED))
            .finish()
    })
}

/// Says that pages of this origin may read the answer.
pub fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}
