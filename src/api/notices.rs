//! `/me/notices`: what moved, for the caller; how often letters come; and the one click that stops them.

use super::file_words::Words;
use super::list_files::{self, Columns};
use super::matter::{self, CardShown, Cards, Named};
use super::permit;
use super::problem::{Answer, ProblemBody};
use super::{cases, introductions, wire};
use crate::app::App;
use crate::auth::{Caller, notice_letters};
use crate::domain::desk::{Group, Timetable, words};
use crate::domain::finding::Message;
use crate::domain::vocabulary::desk::{MatterKind, NoticeChoice};
use crate::domain::{Actor, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::exchange::export::Format;
use crate::store::page::{Page, Place};
use crate::store::{Conn, matters, notices};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
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
    /// `csv`, `csv-cp932`, `xlsx`, `jsonl`: all of them as a file, without pages.
    pub format: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct NoticeShown {
    pub id: ThingId,
    /// What it is about.
    pub kind: MatterKind,
    pub matter: ThingId,
    /// The need, seed … that it is about, as far as the reader may see it now.
    pub subject: Option<CardShown>,
    /// Who takes part, as far as the reader may know now; not the reader's own side.
    pub parties: Vec<CardShown>,
    /// What a case, a group or a timetable is called.
    pub title: Option<String>,
    pub event: String,
    pub message: Message,
    pub at: Timestamp,
    pub read_at: Option<Timestamp>,
}

/// Of the list as a file.
const COLUMNS: Columns = &[
    ("日時 / at", "/at"),
    ("種別 / kind", "/kind"),
    ("お知らせ / message", "/message"),
    ("対象 / subject", "/subject/title"),
    ("相手 / parties", "/parties"),
    ("案件名 / title", "/title"),
    ("既読 / read", "/read_at"),
    ("ID", "/id"),
    ("対象のID / matter", "/matter"),
];

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
    let now = app.clock().timestamp();
    if let Some(format) = list_files::asked(query.format.as_deref())? {
        let written = app
            .read(move |conn| {
                list_files::write_all("notices", format, COLUMNS, |page| {
                    let (items, next) = notices::list(conn, &account, unread, page.after.as_ref(), page.limit)?;
                    let mut rows = list_files::values(&shown(conn, &actor, &now, items)?)?;
                    if format != Format::JsonLines {
                        // A kind is of no kind of matter itself: any will do.
                        rows.iter_mut().for_each(|row| Words::default().put(COLUMNS, MatterKind::Match, row));
                    }
                    Ok((rows, next))
                })
            })
            .await?;
        return Ok(written.answer()?);
    }
    let scope = format!("notices {account} {unread}");
    let after = query.after.as_deref().map(|cursor| Place::from_cursor(cursor, &scope)).transpose()?;
    let (items, next, unread) = app
        .read(move |conn| {
            let (items, next) = notices::list(conn, &account, unread, after.as_ref(), limit)?;
            Ok((shown(conn, &actor, &now, items)?, next, notices::unread(conn, &account)?))
        })
        .await?;
    let next = next.map(|place| place.cursor(&scope));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(NoticesShown { items, unread, next }))
}

/// Notices with what they are about, as the reader may see it today, whatever it was when they were written.
fn shown(conn: &mut Conn, actor: &Actor, now: &Timestamp, items: Vec<notices::Notice>) -> Result<Vec<NoticeShown>> {
    let mut known: HashMap<ThingId, Named> = HashMap::new();
    let mut rows = Vec::with_capacity(items.len());
    for notice in items {
        let named = match known.get(&notice.matter) {
            Some(named) => named.clone(),
            None => {
                let named = named(conn, actor, now, &notice)?;
                known.insert(notice.matter.clone(), named.clone());
                named
            }
        };
        rows.push(NoticeShown {
            message: words::sentence(notice.kind, &notice.event),
            id: notice.id,
            kind: notice.kind,
            matter: notice.matter,
            subject: named.subject,
            parties: named.parties,
            title: named.title,
            event: notice.event,
            at: notice.at,
            read_at: notice.read_at,
        });
    }
    Ok(rows)
}

/// What the matter of a notice is called; nothing where the reader does not see it any more.
fn named(conn: &mut Conn, actor: &Actor, now: &Timestamp, notice: &notices::Notice) -> Result<Named> {
    let read = match notice.kind {
        MatterKind::Introduction => introductions::named(conn, actor, now, &notice.matter),
        MatterKind::Case => cases::named(conn, actor, &notice.matter),
        // Who else is in it is told by the matter itself, where it tells that.
        MatterKind::Match
        | MatterKind::Application
        | MatterKind::Composition
        | MatterKind::Group
        | MatterKind::Timetable
        | MatterKind::BoothPlan
        | MatterKind::Meeting => named_by_row(conn, actor, notice),
    };
    let mut named = match read {
        Ok(named) => named,
        Err(Error::NotFound) => Named::default(),
        Err(error) => return Err(error),
    };
    named.parties.retain(|card| !actor.belongs_to(&ThingId::from_stored(card.id.clone())));
    Ok(named)
}

fn named_by_row(conn: &mut Conn, actor: &Actor, notice: &notices::Notice) -> Result<Named> {
    let sight = matter::sight(actor)?;
    let found = matters::about_and_with(conn, notice.kind, &sight, &notice.matter)?.ok_or(Error::NotFound)?;
    let (subject, mut parties) = found;
    if notice.kind != MatterKind::Match || !actor.reads_the_desk() {
        parties.clear();
    }
    let cards = Cards::with_gone(conn, &actor.scope(), subject.iter().chain(&parties).cloned())?;
    let title = match notice.kind {
        MatterKind::Group => Some(matters::get::<Group>(conn, &sight, &notice.matter)?.matter.formed.title),
        MatterKind::Timetable => Some(matters::get::<Timetable>(conn, &sight, &notice.matter)?.matter.frame.title),
        MatterKind::Match
        | MatterKind::Introduction
        | MatterKind::Case
        | MatterKind::Application
        | MatterKind::Composition
        | MatterKind::BoothPlan
        | MatterKind::Meeting => None,
    };
    let subject = subject.and_then(|subject| cards.get(&subject));
    Ok(Named { title: title.map(String::from), subject, parties: cards.some(&parties) })
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

fn stopped_account(app: &App, request: &HttpRequest) -> Result<ThingId> {
    let StopQuery { token } = wire::query(request)?;
    notice_letters::account_of_token(app.auth.keys.secret(), token.as_deref().unwrap_or("")).ok_or(Error::NotFound)
}

fn page(body: &str) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(format!(
        "<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>musubi</title><body>{body}</body></html>"
    ))
}
