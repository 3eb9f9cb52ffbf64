//! The audit trail: who did what to which thing, and when. For administrators.

use super::permit;
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::entry::Title;
use crate::domain::{Defect, Finding, Kind, Scope, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::store::log::{self, Action, AuditFilter, Change, Subject};
use crate::store::page::{Page, Place};
use crate::store::{Conn, history, things};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Clone, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Who: the id of an account, or `operator`, `system`, `visitor`, `erased`.
    pub actor: Option<String>,
    /// What was done: `create`, `update`, `delete`, `grant`, `suspend` …
    pub action: Option<String>,
    /// To what kind of thing: `organization` … or `account`, `membership`, `invitation`, `api_token`, `concept`.
    pub kind: Option<String>,
    /// To which thing (id).
    pub id: Option<String>,
    /// From this time (RFC 3339) …
    pub from: Option<String>,
    /// … to before this one.
    pub to: Option<String>,
    /// 1 to 100; 20 if absent.
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct AuditEntry {
    /// Place in the log; several entries of one change have the same.
    pub seq: i64,
    pub line: i32,
    pub at: String,
    /// Id of an account, or `operator`, `system`, `visitor`; `erased` for a person who is gone.
    pub actor: String,
    /// The name of the account.
    pub actor_name: Option<String>,
    pub action: String,
    pub kind: String,
    pub id: String,
    /// What the thing is called now, or the name of the account it speaks of, where the reader may see it.
    pub title: Option<Title>,
    /// SHA-256 over the chain before and the digest of this entry.
    pub chain: String,
}

#[derive(Serialize, ToSchema)]
pub struct AuditTrail {
    pub items: Vec<AuditEntry>,
    pub next: Option<String>,
}

/// Who does things without an account.
const NOT_PEOPLE: [&str; 4] = ["operator", "system", "visitor", log::FORGOTTEN];

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/audit").route(web::get().to(list)).default_service(web::to(wire::method_not_allowed)));
}

/// Changes, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "accounts", params(AuditQuery), responses(
    (status = 200, body = AuditTrail), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, caller: Caller) -> Answer {
    permit::administrator(&caller.0)?;
    let query: AuditQuery = wire::query(&request)?;
    let (filter, limit) = (read_filter(&query)?, Page::parse_limit(query.limit)?);
    let scope =
        serde_json::to_string(&AuditQuery { limit: None, after: None, ..query.clone() }).map_err(Error::internal)?;
    let scope = format!("audit {scope}");
    let before = query.after.as_deref().map(|cursor| read_place(cursor, &scope)).transpose()?;
    let sight = caller.0.scope();
    let (items, more) = app
        .read(move |conn| {
            let mut rows = log::audit(conn, &filter, before, limit + 1)?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            Ok((entries(conn, &sight, rows)?, more))
        })
        .await?;
    let next = items
        .last()
        .filter(|_| more)
        .map(|last| Place { key: last.seq.to_string(), id: last.line.to_string() }.cursor(&scope));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(AuditTrail { items, next }))
}

fn read_place(cursor: &str, scope: &str) -> Result<(i64, i32)> {
    let place = Place::from_cursor(cursor, scope)?;
    match (place.key.parse(), place.id.parse()) {
        (Ok(seq), Ok(line)) => Ok((seq, line)),
        _ => Err(Error::internal("a sealed cursor that does not read")),
    }
}

fn read_filter(query: &AuditQuery) -> Result<AuditFilter> {
    let time = |name: &str, text: &Option<String>| match text.as_deref().map(DateTime::parse_from_rfc3339) {
        None => Ok(None),
        Some(Ok(moment)) => Ok(Some(Timestamp::from_datetime(moment.to_utc()))),
        Some(Err(_)) => Err(Error::Invalid(vec![Finding::new(
            format!("/{name}"),
            Defect::new(
                "time.form",
                "時刻は 2026-04-01T00:00:00Z のように書いてください。",
                "Write a time like 2026-04-01T00:00:00Z.",
            ),
        )])),
    };
    let known = |name: &str, text: &Option<String>, codes: Vec<&str>| match text.as_deref() {
        Some(code) if !codes.contains(&code) => {
            let codes = codes.join(" ");
            Err(Error::Invalid(vec![Finding::new(
                format!("/{name}"),
                Defect::new(
                    "code.unknown",
                    format!("次のいずれかを指定してください: {codes}"),
                    format!("Write one of: {codes}"),
                ),
            )]))
        }
        _ => Ok(()),
    };
    known("action", &query.action, Action::codes().collect())?;
    known("kind", &query.kind, Subject::codes().collect())?;
    if query.actor.as_deref().is_some_and(|actor| !NOT_PEOPLE.contains(&actor) && ThingId::parse(actor).is_err()) {
        let defect = Defect::new(
            "actor.form",
            "アカウントの ID か、operator、system、visitor、erased を指定してください。",
            "Write the id of an account, or operator, system, visitor or erased.",
        );
        return Err(Error::invalid("/actor", defect));
    }
    Ok(AuditFilter {
        actor: query.actor.clone(),
        action: query.action.clone(),
        kind: query.kind.clone(),
        thing: query.id.clone(),
        from: time("from", &query.from)?,
        to: time("to", &query.to)?,
    })
}

/// The rows with the names of who did it and of what it was done to.
fn entries(conn: &mut Conn, scope: &Scope, rows: Vec<Change>) -> Result<Vec<AuditEntry>> {
    let mut people: Vec<String> = rows.iter().map(|row| row.actor.clone()).collect();
    people.extend(rows.iter().filter(|row| row.kind == Subject::Account.code()).map(|row| row.thing_id.clone()));
    let people = history::people(conn, &people)?;
    let name = |id: &str| people.get(id).map(|(name, _)| name.clone()).filter(|name| !name.is_empty());
    let of_things = rows.iter().filter(|row| Kind::from_code(&row.kind).is_some());
    let mut things: Vec<String> = of_things.map(|row| row.thing_id.clone()).collect();
    things.sort();
    things.dedup();
    let cards = things::cards(conn, scope, &things)?;
    let entry = |row: Change| {
        let title = match cards.get(&row.thing_id) {
            Some(card) => Some(card.title.clone()),
            None => name(&row.thing_id).map(|name| Title { ja: Some(name), en: None }),
        };
        AuditEntry {
            seq: row.seq,
            line: row.line,
            at: row.at,
            actor_name: name(&row.actor),
            actor: row.actor,
            action: row.action,
            kind: row.kind,
            id: row.thing_id,
            title,
            chain: row.chain,
        }
    };
    Ok(rows.into_iter().map(entry).collect())
}
