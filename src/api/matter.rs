//! What proposals, introductions and cases have in common over HTTP: lists, moments, histories, and deeds that happen once.

use super::file_words::{self, Words};
use super::problem::Answer;
use super::wire::Revision;
use super::{list_files, wire};
use crate::app::App;
use crate::domain::desk::{Day, Event, Matter};
use crate::domain::entry::Title;
use crate::domain::vocabulary::Kind;
use crate::domain::{AccountState, Actor, Defect, Scope, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::exchange::export::Format;
use crate::store::log::Position;
use crate::store::matters::{self, Filter, Kept, Sight};
use crate::store::page::{LIMIT_MOST, Page, Place};
use crate::store::{Conn, Tx, accounts, gone, idempotency, things};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

/// Filters and page of a list; newest first.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MatterQuery {
    /// A state (for a case, its stage).
    pub state: Option<String>,
    /// true: only what has ended; false: only what has not.
    pub closed: Option<bool>,
    /// On this desk: the id of an account, `mine`, or `none`.
    pub desk: Option<String>,
    /// In which this party takes part (id); members name their own.
    pub party: Option<String>,
    /// About this thing (id).
    pub subject: Option<String>,
    /// 1 to 100; 20 if absent.
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
    /// `csv`, `csv-cp932`, `xlsx`, `jsonl`: the whole list as a file, without pages; at most 10,000 rows.
    pub format: Option<String>,
}

pub use super::list_files::Columns;

/// Rows of a file at most.
const ROWS_MOST: usize = 10_000;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MomentQuery {
    /// As it was known at this moment (RFC 3339), or at the end of this day in Japan (`2026-04-01`).
    pub as_of: Option<String>,
}

/// How a history is answered.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// `csv`, `csv-cp932`, `xlsx`, `jsonl`: the history as a file.
    pub format: Option<String>,
}

/// Of a history as a file.
const HISTORY: Columns = &[
    ("番号 / number", "/number"),
    ("記録 / recorded", "/at"),
    ("日付 / happened on", "/happened_on"),
    ("出来事 / event", "/event"),
    ("記録者 / by", "/by/name"),
    ("内容 / deed", "/deed"),
];

/// A thing in one line, as the reader may see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CardShown {
    pub kind: Kind,
    pub id: String,
    pub title: Title,
    /// The party behind it, where the reader may know it.
    pub owner: Option<String>,
    /// It was deleted; the title is its last one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

/// What a matter is called where it is only mentioned.
#[derive(Debug, Clone, Default)]
pub struct Named {
    pub title: Option<String>,
    pub subject: Option<CardShown>,
    pub parties: Vec<CardShown>,
}

/// An account in one line.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonShown {
    pub id: String,
    pub name: String,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventShown {
    /// Order within the history.
    pub number: i64,
    pub event: String,
    /// When it was recorded.
    pub at: Timestamp,
    /// The day it counts for.
    pub happened_on: Day,
    /// Who did it, where the reader may know.
    pub by: Option<PersonShown>,
    /// What was recorded.
    #[schema(value_type = Object)]
    pub deed: serde_json::Value,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    pub items: Vec<EventShown>,
}

/// Whose matters the caller may see.
pub fn sight(actor: &Actor) -> Result<Sight> {
    match actor {
        Actor::Visitor => Err(Error::Unauthenticated),
        actor if actor.reads_the_desk() => Ok(Sight::All),
        Actor::Account(account) => {
            Ok(Sight::Parties(account.memberships.iter().map(|membership| membership.party.clone()).collect()))
        }
        Actor::Operator | Actor::System => Ok(Sight::All),
    }
}

/// For what only desks see.
pub fn reader_of_desks(actor: &Actor) -> Result<()> {
    allow(actor, actor.reads_the_desk())
}

pub fn worker_of_desks(actor: &Actor) -> Result<()> {
    allow(actor, actor.works_the_desk())
}

pub fn allow(actor: &Actor, may: bool) -> Result<()> {
    match actor {
        _ if may => Ok(()),
        Actor::Visitor => Err(Error::Unauthenticated),
        Actor::Account(_) | Actor::Operator | Actor::System => Err(Error::Forbidden),
    }
}

/// The filter of a list. `states` are the words that `state` may be.
pub fn read_filter(actor: &Actor, query: &MatterQuery, states: &[&str]) -> Result<Filter> {
    let id = |pointer: &str, text: &Option<String>| {
        text.as_deref().map(ThingId::parse).transpose().map_err(|defect| Error::invalid(pointer, defect))
    };
    let state = match query.state.as_deref() {
        None => None,
        Some(state) if states.contains(&state) => Some(state.to_owned()),
        Some(other) => return Err(Error::invalid("/state", wire::not_in_list(other))),
    };
    let desk = match query.desk.as_deref() {
        None => None,
        Some("none") => Some(None),
        Some("mine") => Some(Some(actor.name().to_owned())),
        Some(other) => Some(Some(ThingId::parse(other).map_err(|defect| Error::invalid("/desk", defect))?.to_string())),
    };
    let party = id("/party", &query.party)?;
    // Otherwise the filter would tell who stands behind an anonymous need.
    if party.as_ref().is_some_and(|party| !actor.reads_the_desk() && !actor.belongs_to(party)) {
        let defect = Defect::new(
            "party.foreign",
            "所属する機関・企業だけで絞り込めます。",
            "You can filter by your own organisations only.",
        );
        return Err(Error::invalid("/party", defect));
    }
    Ok(Filter { state, closed: query.closed, desk, party, subject: id("/subject", &query.subject)? })
}

/// Answers a list: `show` turns a page of matters into what the caller may see of it.
pub async fn list<M: Matter, S: Serialize + Send + 'static>(
    app: &App,
    request: &HttpRequest,
    actor: Actor,
    states: &[&str],
    columns: Columns,
    show: impl Fn(&mut Conn, &Actor, Vec<Kept<M>>) -> Result<Vec<S>> + Send + 'static,
) -> Answer {
    list_about(app, request, actor, None, states, columns, show).await
}

/// As [`list`], of those about one thing, whatever the query says.
pub async fn list_about<M: Matter, S: Serialize + Send + 'static>(
    app: &App,
    request: &HttpRequest,
    actor: Actor,
    subject: Option<ThingId>,
    states: &[&str],
    columns: Columns,
    show: impl Fn(&mut Conn, &Actor, Vec<Kept<M>>) -> Result<Vec<S>> + Send + 'static,
) -> Answer {
    let sight = sight(&actor)?;
    let mut query: MatterQuery = wire::query(request)?;
    if let Some(subject) = subject {
        query.subject = Some(subject.to_string());
    }
    let filter = read_filter(&actor, &query, states)?;
    let limit = Page::parse_limit(query.limit)?;
    if let Some(format) = list_files::asked(query.format.as_deref())? {
        let written = app
            .read(move |conn| {
                let mut rows = every_row::<M, S>(conn, &actor, &sight, &filter, show)?;
                if format != Format::JsonLines {
                    let words = Words::read(conn)?;
                    rows.iter_mut().for_each(|row| words.put(columns, M::KIND, row));
                }
                list_files::write(M::KIND.plural(), format, columns, rows)
            })
            .await?;
        return Ok(written.answer()?);
    }
    let scope = MatterQuery { limit: None, after: None, ..query.clone() };
    let list = format!("{} {}", M::KIND.code(), serde_json::to_string(&scope).map_err(Error::internal)?);
    let after = query.after.as_deref().map(|cursor| Place::from_cursor(cursor, &list)).transpose()?;
    let (items, next) = app
        .read(move |conn| {
            let page = matters::list::<M>(conn, &sight, &filter, after.as_ref(), limit)?;
            Ok((show(conn, &actor, page.items)?, page.next))
        })
        .await?;
    let next = next.map(|place| place.cursor(&list));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(request, next)));
    }
    Ok(response.json(serde_json::json!({ "items": items, "next": next })))
}

/// The whole list, as it is answered.
fn every_row<M: Matter, S: Serialize>(
    conn: &mut Conn,
    actor: &Actor,
    sight: &Sight,
    filter: &Filter,
    show: impl Fn(&mut Conn, &Actor, Vec<Kept<M>>) -> Result<Vec<S>>,
) -> Result<Vec<serde_json::Value>> {
    let (mut after, mut rows) = (None, Vec::new());
    loop {
        let page = matters::list::<M>(conn, sight, filter, after.as_ref(), LIMIT_MOST)?;
        for shown in show(conn, actor, page.items)? {
            rows.push(serde_json::to_value(shown).map_err(Error::internal)?);
        }
        after = page.next;
        if after.is_none() || rows.len() >= ROWS_MOST {
            return Ok(rows);
        }
    }
}

/// The moment that was asked for.
pub fn moment(text: Option<&str>) -> Result<Option<Timestamp>> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(Some(Timestamp::from_datetime(moment.to_utc())));
    }
    // The end of the day belongs to the next one.
    let day = Day::parse(text).map_err(|_| {
        Error::invalid(
            "/as_of",
            Defect::new(
                "time.form",
                "時点は 2026-04-01 か 2026-04-01T00:00:00Z のように書いてください。",
                "Write a moment as 2026-04-01 or 2026-04-01T00:00:00Z.",
            ),
        )
    })?;
    Ok(Some(day.end().plus(-chrono::TimeDelta::microseconds(1))))
}

/// Reads one matter as of the asked moment.
pub fn read_at<M: Matter>(conn: &mut Conn, sight: &Sight, id: &ThingId, as_of: Option<&Timestamp>) -> Result<Kept<M>> {
    let kept = matters::get::<M>(conn, sight, id)?;
    match as_of {
        None => Ok(kept),
        Some(as_of) => kept.at(as_of).ok_or(Error::NotFound),
    }
}

/// Answers one matter, now or as of the moment that was asked for, as far as the caller may see it.
pub async fn read<M: Matter, S: Serialize + Send + 'static>(
    app: &App,
    request: &HttpRequest,
    actor: Actor,
    id: &str,
    show: impl FnOnce(&mut Conn, &Actor, &Kept<M>) -> Result<S> + Send + 'static,
) -> Answer {
    let sight = sight(&actor)?;
    let (id, query) = (wire::known_id(id)?, wire::query::<MomentQuery>(request)?);
    let as_of = moment(query.as_of.as_deref())?;
    let shown = app
        .read(move |conn| {
            let kept = read_at::<M>(conn, &sight, &id, as_of.as_ref())?;
            serde_json::to_string(&show(conn, &actor, &kept)?).map_err(Error::internal)
        })
        .await?;
    let mut response = HttpResponse::Ok();
    // What was is not changed.
    if let (None, Some(revision)) = (query.as_of, revision_in(&shown)) {
        response.insert_header((header::ETAG, revision.etag()));
    }
    Ok(response.content_type("application/json").body(shown))
}

/// The version that an answer names, where the reader may know it.
fn revision_in(body: &str) -> Option<Revision> {
    #[derive(Deserialize)]
    struct Versioned {
        version: Option<i64>,
        organiser: Option<Organiser>,
    }
    #[derive(Deserialize)]
    struct Organiser {
        version: i64,
    }
    let versioned: Versioned = serde_json::from_str(body).ok()?;
    versioned.version.or(versioned.organiser.map(|organiser| organiser.version)).map(Revision)
}

/// Refuses what was decided on an older version, where the caller says which one it read.
pub fn refuse_stale<M: Matter>(kept: &Kept<M>, expected: Option<Revision>) -> Result<()> {
    match expected {
        Some(expected) if expected.0 != kept.version() => Err(Error::Stale { current: kept.version() }),
        Some(_) | None => Ok(()),
    }
}

/// What a deed gave: the matter, the answer, and whether it began one.
pub struct Done {
    pub id: ThingId,
    pub begun: bool,
    pub body: String,
}

impl Done {
    pub fn new(id: &ThingId, begun: bool, shown: &impl Serialize) -> Result<Self> {
        Ok(Self { id: id.clone(), begun, body: serde_json::to_string(shown).map_err(Error::internal)? })
    }
}

/// Does something once: a repeat under the same Idempotency-Key gets the first answer. Wakes the post afterwards.
pub async fn once(
    app: &App,
    request: &HttpRequest,
    actor: Actor,
    body: &[u8],
    plural: &'static str,
    work: impl FnOnce(&mut Tx<'_>) -> Result<Done> + Send + 'static,
) -> Answer {
    let key = match wire::header_text(request, "idempotency-key")? {
        Some(key) => Some(idempotency::Key::new(actor.name(), key, request.path(), body)?),
        None => None,
    };
    let creates = !request.path().ends_with("/events");
    let clock = app.clock().clone();
    let written = app
        .write(actor, move |tx| {
            if let Some(key) = &key
                && let Some(earlier) = idempotency::find(tx, &clock, key)?
            {
                tx.unchanged();
                let position = Position { seq: earlier.seq, ..tx.position() };
                return Ok((Done { id: earlier.thing, begun: creates, body: earlier.response }, position));
            }
            let done = work(tx)?;
            if let Some(key) = &key {
                idempotency::keep(tx, key, &done.id, &done.body)?;
            }
            Ok((done, tx.position()))
        })
        .await?;
    app.auth.post.wake();
    let (done, position) = written.value;
    let mut response = if done.begun {
        let mut created = HttpResponse::Created();
        created.insert_header((header::LOCATION, format!("/api/v1/{plural}/{}", done.id)));
        created
    } else {
        HttpResponse::Ok()
    };
    if written.position.is_some() {
        response.insert_header((wire::SEQUENCE, position.token()));
    }
    if let Some(revision) = revision_in(&done.body) {
        response.insert_header((header::ETAG, revision.etag()));
    }
    Ok(response.content_type("application/json").body(done.body))
}

/// One line for each thing, as the caller may see it.
pub struct Cards(HashMap<String, CardShown>);

impl Cards {
    pub fn read(conn: &mut Conn, scope: &Scope, ids: impl IntoIterator<Item = ThingId>) -> Result<Self> {
        let mut ids: Vec<String> = ids.into_iter().map(String::from).collect();
        ids.sort();
        ids.dedup();
        Ok(Self(things::cards(conn, scope, &ids)?.into_iter().map(|(id, card)| (id, shown(card, false))).collect()))
    }

    /// As [`Cards::read`], for showing only: also of what is there no more, so that a history goes on naming it.
    pub fn with_gone(conn: &mut Conn, scope: &Scope, ids: impl IntoIterator<Item = ThingId>) -> Result<Self> {
        let ids: Vec<ThingId> = ids.into_iter().collect();
        let mut cards = Self::read(conn, scope, ids.clone())?;
        let missing: Vec<String> = ids.into_iter().filter(|id| cards.get(id).is_none()).map(String::from).collect();
        for (id, card) in gone::cards(conn, scope, &missing)? {
            // A merged party is shown as what it became.
            let deleted = card.id == id;
            cards.0.insert(id, shown(card, deleted));
        }
        Ok(cards)
    }

    pub fn get(&self, id: &ThingId) -> Option<CardShown> {
        self.0.get(id.as_str()).cloned()
    }

    pub fn some(&self, ids: &[ThingId]) -> Vec<CardShown> {
        ids.iter().filter_map(|id| self.get(id)).collect()
    }
}

fn shown(card: things::Card, gone: bool) -> CardShown {
    let owner = card.owner.filter(|owner| *owner != card.id);
    CardShown { kind: card.kind, id: card.id, title: card.title, owner, gone }
}

/// The names of accounts; whoever was erased has none.
pub fn people(conn: &mut Conn, ids: impl IntoIterator<Item = String>) -> Result<HashMap<String, PersonShown>> {
    let mut found = HashMap::new();
    for id in ids {
        if found.contains_key(&id) || ThingId::parse(&id).is_err() {
            continue;
        }
        match accounts::get(conn, &ThingId::from_stored(id.clone())) {
            Ok(account) if account.state != AccountState::Erased => {
                found.insert(id.clone(), PersonShown { id, name: account.name });
            }
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The history, with who did what where `named` says so.
pub fn history<M: Matter>(
    conn: &mut Conn,
    events: &[Event<M::Deed>],
    named: bool,
    told: impl Fn(&M::Deed) -> Result<serde_json::Value>,
) -> Result<History> {
    let people = if named { people(conn, events.iter().map(|event| event.actor.clone()))? } else { HashMap::new() };
    let shown = |(at, event): (usize, &Event<M::Deed>)| {
        Ok(EventShown {
            // Counted anew: a gap would tell that something is not shown.
            number: at as i64 + 1,
            event: M::name(&event.deed).to_owned(),
            at: event.at.clone(),
            happened_on: event.happened_on.clone(),
            by: people.get(&event.actor).cloned(),
            deed: told(&event.deed)?,
        })
    };
    Ok(History { items: events.iter().enumerate().map(shown).collect::<Result<_>>()? })
}

/// The form of a history that the request asks for; whatever else it asks is refused.
pub fn history_form(request: &HttpRequest) -> Result<Option<Format>> {
    list_files::asked(wire::query::<HistoryQuery>(request)?.format.as_deref())
}

/// A history as it is answered: JSON, or a file of its own form, which names what this reader may see.
pub async fn answer_history<M: Matter>(app: &App, scope: Scope, format: Option<Format>, history: History) -> Answer {
    let Some(format) = format else { return Ok(HttpResponse::Ok().json(history)) };
    let written = app
        .read(move |conn| {
            let mut rows = list_files::values(&history.items)?;
            if format != Format::JsonLines {
                let mut words = Words::read(conn)?;
                let ids = file_words::ids_in(rows.iter().map(|row| &row["deed"]));
                let cards = Cards::with_gone(conn, &scope, ids.iter().cloned())?;
                for (id, card) in ids.iter().filter_map(|id| Some((id, cards.get(id)?))) {
                    words.name(id, card.title.any());
                }
                for (id, person) in people(conn, ids.iter().map(ToString::to_string))? {
                    words.name(&ThingId::from_stored(id), &person.name);
                }
                for row in &mut rows {
                    row["deed"] = file_words::deed_in_words(&words, M::KIND, &row["deed"]).into();
                    row["event"] = file_words::event_ja(M::KIND, row["event"].as_str().unwrap_or_default()).into();
                }
            }
            list_files::write("history", format, HISTORY, rows)
        })
        .await?;
    Ok(written.answer()?)
}

/// Takes what is on nobody's desk. What is on a colleague's is handed over, not taken.
pub fn take<M: Matter>(actor: &Actor, kept: &Kept<M>) -> Result<M::Deed> {
    worker_of_desks(actor)?;
    let own = actor.account().ok_or(Error::Forbidden)?;
    match kept.matter.facts().desk {
        Some(desk) if desk != *own => Err(Error::Conflict(Defect::new(
            "on-a-desk",
            "すでに担当者がいます。担当を替えるときは引き継ぎ（hand-over）を使ってください。",
            "It is on somebody's desk already. To change that, the desk is handed over.",
        ))),
        Some(_) | None => M::hand_over(own.clone(), None).ok_or_else(|| Error::internal("it is on no desk")),
    }
}

/// Not there, or not for the caller: the same.
pub fn unknown(pointer: &str, id: &ThingId) -> Error {
    Error::invalid(
        pointer,
        Defect::new(
            "reference.unknown",
            format!("{id} は登録されていないか、ここで使える種別ではありません。"),
            format!("{id} is not registered, or not of a kind that can stand here."),
        ),
    )
}
