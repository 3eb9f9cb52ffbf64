//! `/me/notices`: what moved, for the caller; how often letters come; and the one click that stops them.

use super::permit;
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::{Caller, notice_letters};
use crate::domain::desk::words;
use crate::domain::finding::Message;
use crate::domain::vocabulary::desk::{MatterKind, NoticeChoice};
use crate::domain::{ThingId, Timestamp};
use crate::error::Error;
use crate::store::notices;
use crate::store::page::{Page, Place};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Clone, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticeQuery {
    /// Only what has not been read.
    pub unread: Option<bool>,
    /// 1 to 100; 20 if absent.
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct NoticeShown {
    pub id: ThingId,
    /// What it is about.
    pub kind: MatterKind,
    pub matter: ThingId,
    pub event: String,
    pub message: Message,
    pub at: Timestamp,
    pub read_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
pub struct NoticesShown {
    pub items: Vec<NoticeShown>,
    pub unread: i64,
    pub next: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// These notices; all if absent.
    #[serde(default)]
    pub ids: Option<Vec<ThingId>>,
}

#[derive(Serialize, ToSchema)]
pub struct Marked {
    pub marked: usize,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// How often letters come. Notices in the service come always.
    pub mail: NoticeChoice,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StopQuery {
    /// From the letter.
    pub token: Option<String>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/me/notices").route(web::get().to(list)))
        .service(at("/me/notices/read").route(web::post().to(mark_read)))
        .service(at("/me/notice-choice").route(web::get().to(choice)).route(web::patch().to(choose)))
        .service(at("/notices/stop").route(web::get().to(ask_to_stop)).route(web::post().to(stop)));
}

/// Notices, newest first.
#[utoipa::path(get, path = "/api/v1/me/notices", tag = "me", params(NoticeQuery), responses(
    (status = 200, body = NoticesShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller) -> Answer {
    let account = permit::account(&actor)?.id.clone();
    let query: NoticeQuery = wire::query(&request)?;
    let limit = Page::parse_limit(query.limit)?;
    let unread = query.unread == Some(true);
    let scope = format!("notices {account} {unread}");
    let after = query.after.as_deref().map(|cursor| Place::from_cursor(cursor, &scope)).transpose()?;
    let (items, next, unread) = app
        .read(move |conn| {
            let (items, next) = notices::list(conn, &account, unread, after.as_ref(), limit)?;
            Ok((items, next, notices::unread(conn, &account)?))
        })
        .await?;
    let next = next.map(|place| place.cursor(&scope));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    let shown = |notice: notices::Notice| NoticeShown {
        message: words::sentence(notice.kind, &notice.event),
        id: notice.id,
        kind: notice.kind,
        matter: notice.matter,
        event: notice.event,
        at: notice.at,
        read_at: notice.read_at,
    };
    Ok(response.json(NoticesShown { items: items.into_iter().map(shown).collect(), unread, next }))
}

/// Marks notices as read.
#[utoipa::path(post, path = "/api/v1/me/notices/read", tag = "me", request_body = Read, responses(
    (status = 200, body = Marked), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn mark_read(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, body: web::Bytes) -> Answer {
    let account = permit::account(&actor)?.id.clone();
    let Read { ids } = wire::typed(&request, &body)?;
    let (database, now) = (app.database.clone(), app.clock().timestamp());
    let marked = app
        .blocking(move || database.housekeeping(|conn| notices::mark_read(conn, &account, ids.as_deref(), &now)))
        .await?;
    Ok(HttpResponse::Ok().json(Marked { marked }))
}

/// How often letters come.
#[utoipa::path(get, path = "/api/v1/me/notice-choice", tag = "me", responses(
    (status = 200, body = Choice), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
), security(("bearer" = [])))]
async fn choice(app: web::Data<App>, Caller(actor): Caller) -> Answer {
    let account = permit::account(&actor)?.id.clone();
    let mail = app.read(move |conn| notices::choice(conn, &account)).await?;
    Ok(HttpResponse::Ok().json(Choice { mail }))
}

/// Sets how often letters come: at once, daily, weekly, none.
#[utoipa::path(patch, path = "/api/v1/me/notice-choice", tag = "me", request_body = Choice, responses(
    (status = 200, body = Choice), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn choose(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, body: web::Bytes) -> Answer {
    let account = permit::account(&actor)?.id.clone();
    let Choice { mail } = wire::typed(&request, &body)?;
    let (database, now) = (app.database.clone(), app.clock().timestamp());
    app.blocking(move || database.housekeeping(|conn| notices::choose(conn, &account, mail, &now))).await?;
    Ok(HttpResponse::Ok().json(Choice { mail }))
}

/// What the link in a letter opens. Programs that look at links in letters stop nothing: the button does.
#[utoipa::path(get, path = "/api/v1/notices/stop", tag = "me", params(StopQuery), responses(
    (status = 200, description = "A page with one button."), (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
async fn ask_to_stop(app: web::Data<App>, request: HttpRequest) -> Answer {
    stopped_account(&app, &request)?;
    Ok(page("<form method=\"post\"><button>お知らせメールを止める / Stop these letters</button></form>"))
}

/// Stops the letters of the account that the token speaks of (also RFC 8058, one click).
#[utoipa::path(post, path = "/api/v1/notices/stop", tag = "me", params(StopQuery), responses(
    (status = 200, description = "No more letters about what moved."), (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
async fn stop(app: web::Data<App>, request: HttpRequest) -> Answer {
    let account = stopped_account(&app, &request)?;
    let (database, now) = (app.database.clone(), app.clock().timestamp());
    app.blocking(move || {
        database.housekeeping(|conn| notices::choose(conn, &account, NoticeChoice::Never, &now)).map_err(|error| {
            match error {
                // The account is gone: there is nothing to stop.
                Error::Conflict(_) => Error::NotFound,
                other => other,
            }
        })
    })
    .await?;
    Ok(page("<p>お知らせメールを止めました。 / The letters are stopped.</p>"))
}

fn stopped_account(app: &App, request: &HttpRequest) -> crate::error::Result<ThingId> {
    let StopQuery { token } = wire::query(request)?;
    notice_letters::account_of_token(app.auth.keys.secret(), token.as_deref().unwrap_or("")).ok_or(Error::NotFound)
}

fn page(body: &str) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(format!(
        "<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>musubi</title><body>{body}</body></html>"
    ))
}
