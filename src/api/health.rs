//! `/health/live`: the process answers. `/health/ready`: database and index are there, and how far behind the index is.

use super::permit;
use super::problem::Answer;
use crate::app::App;
use crate::auth::Caller;
use crate::store::log;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    pub ready: bool,
    pub database: bool,
    pub index: IndexState,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct IndexState {
    /// Documents in the index. For administrators and the operator only: it counts what is hidden, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<usize>,
    /// Transactions that the index has not followed yet.
    pub lag: i64,
    pub rebuilding: bool,
    /// The last attempt to follow failed; search goes on with what there is.
    pub failing: bool,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/health/live", web::get().to(live)).route("/health/ready", web::get().to(ready));
}

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, body = Object)))]
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "live": true }))
}

/// Whether requests should come here: 200 once the database answers and an index is served, 503 otherwise.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses((status = 200, body = Ready), (status = 503, body = Ready)))]
async fn ready(app: web::Data<App>, caller: Caller) -> Answer {
    let head = app.read(log::head).await;
    let status = app.feed.status();
    let lag = match (&head, &status.mark) {
        (Ok(head), Some(mark)) => (head.seq - mark.seq).max(0),
        (Ok(head), None) => head.seq,
        (Err(_), _) => status.lag(),
    };
    let body = Ready {
        ready: head.is_ok() && status.mark.is_some(),
        database: head.is_ok(),
        index: IndexState {
            documents: permit::administrator(&caller.0).is_ok().then(|| app.engine.documents()),
            lag,
            rebuilding: status.rebuilding,
            failing: status.failure.is_some(),
        },
    };
    let mut response = if body.ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    Ok(response.json(body))
}
