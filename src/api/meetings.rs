//! Meetings of a timetable: as a list, as a file, as a calendar; and what came of each, on a result card of either side.

use super::list_files::{self, ListFile};
use super::matter::{self, CardShown, Cards, Done, History, MatterQuery, MomentQuery, allow};
use super::participants::knows;
use super::permit;
use super::problem::{Answer, Problem, ProblemBody, prefers_english};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::meeting::{Card, Filed, Seat};
use crate::domain::desk::timetable::Sitting;
use crate::domain::desk::{Day, Meeting, MeetingDeed, Timetable};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::desk::{DeclineReason, MeetingOutcome, MeetingSide, MeetingState};
use crate::domain::{Actor, Defect, ThingId, Timestamp, parse};
use crate::error::{Error, Result};
use crate::exchange::calendar::{self, Appointment};
use crate::exchange::export::Format;
use crate::store::matters::{self, Kept};
use crate::store::{Conn, meetings};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlanQuery {
    /// Of this participant (id) only.
    pub party: Option<String>,
    /// A file instead: `csv`, `csv-cp932`, `xlsx` or `jsonl`.
    pub format: Option<String>,
    /// As it was known at this moment (RFC 3339), or at the end of this day in Japan (`2026-04-01`).
    pub as_of: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CalendarQuery {
    /// Whose calendar (id); may be absent for members whose one party takes part.
    pub party: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TimetablePlanShown {
    /// In order of time and table.
    pub items: Vec<SittingShown>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SittingShown {
    /// Place of the slot, from 0.
    pub slot: usize,
    pub start: Timestamp,
    pub end: Timestamp,
    pub table: usize,
    /// Null where the caller may not see the party.
    pub buyer: Option<CardShown>,
    pub supplier: Option<CardShown>,
    /// The meeting, once the timetable is published; for its two sides and for those who organise.
    pub meeting: Option<ThingId>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MeetingShown {
    pub id: ThingId,
    pub timetable: ThingId,
    pub exhibition: Option<CardShown>,
    pub state: MeetingState,
    #[serde(flatten)]
    pub at: Seat,
    /// Null where the caller may not see the party.
    pub buyer: Option<CardShown>,
    pub supplier: Option<CardShown>,
    /// What each side is there for, where the caller may see it.
    pub buyer_about: Option<CardShown>,
    pub supplier_about: Option<CardShown>,
    /// Sides for which the caller speaks.
    pub yours: Vec<MeetingSide>,
    /// Result cards, at most one of each side.
    pub cards: Vec<FiledShown>,
    pub case: Option<ThingId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FiledShown {
    pub side: MeetingSide,
    pub outcome: MeetingOutcome,
    pub reason: Option<DeclineReason>,
    #[schema(value_type = Option<String>)]
    pub text: Option<Prose>,
    #[schema(value_type = Option<String>)]
    pub next_step: Option<Line>,
    pub next_on: Option<Day>,
    /// For the own side and for those who organise.
    #[schema(value_type = Option<String>)]
    pub note: Option<Prose>,
    pub filed_on: Day,
    /// The ETag of the card.
    pub version: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MeetingsShown {
    pub items: Vec<MeetingShown>,
    pub next: Option<String>,
}

/// A result card.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCard {
    /// Whose card it is; may be absent for who speaks for one side.
    #[serde(default)]
    pub side: Option<MeetingSide>,
    pub card: Card,
}

/// A change of a result card (a merge patch): what is named takes the place of what was, null clears.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CardEdit {
    pub outcome: Option<MeetingOutcome>,
    pub reason: Option<DeclineReason>,
    #[schema(value_type = Option<String>)]
    pub text: Option<Prose>,
    #[schema(value_type = Option<String>)]
    pub next_step: Option<Line>,
    pub next_on: Option<Day>,
    #[schema(value_type = Option<String>)]
    pub note: Option<Prose>,
}

const COLUMNS: matter::Columns = &[
    ("ID", "/id"),
    ("開始 / start", "/start"),
    ("終了 / end", "/end"),
    ("卓 / table", "/table"),
    ("バイヤー / buyer", "/buyer/title"),
    ("出展者 / supplier", "/supplier/title"),
    ("状態 / state", "/state"),
    ("結果票1 / card 1", "/cards/0/side"),
    ("結果1 / outcome 1", "/cards/0/outcome"),
    ("理由1 / reason 1", "/cards/0/reason"),
    ("次の一手1 / next step 1", "/cards/0/next_step"),
    ("次の日1 / next day 1", "/cards/0/next_on"),
    ("結果票2 / card 2", "/cards/1/side"),
    ("結果2 / outcome 2", "/cards/1/outcome"),
    ("理由2 / reason 2", "/cards/1/reason"),
    ("次の一手2 / next step 2", "/cards/1/next_step"),
    ("次の日2 / next day 2", "/cards/1/next_on"),
    ("案件 / case", "/case"),
];

const PLAN: matter::Columns = &[
    ("枠 / slot", "/number"),
    ("開始 / start", "/from"),
    ("終了 / end", "/until"),
    ("卓 / table", "/table"),
    ("バイヤーID / buyer id", "/buyer/id"),
    ("バイヤー / buyer", "/buyer/title"),
    ("出展者ID / supplier id", "/supplier/id"),
    ("出展者 / supplier", "/supplier/title"),
    ("商談 / meeting", "/meeting"),
];

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/timetables/{id}/meetings").route(web::get().to(plan)))
        .service(at("/timetables/{id}/calendar").route(web::get().to(calendar)))
        .service(at("/meetings").route(web::get().to(list)))
        .service(at("/meetings/{id}").route(web::get().to(read)))
        .service(at("/meetings/{id}/history").route(web::get().to(history)))
        .service(at("/meetings/{id}/cards").route(web::post().to(file)))
        .service(at("/meetings/{id}/cards/{side}").route(web::get().to(card)).route(web::patch().to(change_card)));
}

/// Who meets whom, when, at which table. Organisers see all; a participant its own meetings, also while it is a draft, and all
/// of a published timetable that is open.
#[utoipa::path(get, path = "/api/v1/timetables/{id}/meetings", tag = "timetables", params(("id" = String, Path), PlanQuery), responses(
    (status = 200, body = TimetablePlanShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn plan(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let (sight, id) = (matter::sight(&actor)?, wire::known_id(&id)?);
    let query: PlanQuery = wire::query(&request)?;
    let party = query.party.as_deref().map(ThingId::parse).transpose();
    let party = party.map_err(|defect| Error::invalid("/party", defect))?;
    let as_of = matter::moment(query.as_of.as_deref())?;
    let format = match query.format.as_deref() {
        None => None,
        Some(code) => Some(
            Format::from_code(code).ok_or_else(|| Error::invalid("/format", wire::not_one_of(code, Format::CODES)))?,
        ),
    };
    let items = app
        .read(move |conn| {
            let kept = matter::read_at::<Timetable>(conn, &sight, &id, as_of.as_ref())?;
            sittings(conn, &actor, &kept, party.as_ref())
        })
        .await?;
    match format {
        None => Ok(HttpResponse::Ok().json(TimetablePlanShown { items })),
        Some(format) => {
            let written = app.blocking(move || written(format, &items)).await?;
            Ok(written.answer()?)
        }
    }
}

fn sittings(
    conn: &mut Conn,
    actor: &Actor,
    kept: &Kept<Timetable>,
    party: Option<&ThingId>,
) -> Result<Vec<SittingShown>> {
    let timetable = &kept.matter;
    let who = |place: usize| &timetable.participants[place].party;
    let organises = permit::organiser(actor).is_ok();
    let own = |sitting: &Sitting| knows(actor, who(sitting.buyer)) || knows(actor, who(sitting.supplier));
    let all = organises || (timetable.is_published() && timetable.frame.open);
    let wanted = |sitting: &&Sitting| {
        let of_party = party.is_none_or(|party| who(sitting.buyer) == party || who(sitting.supplier) == party);
        of_party && (all || own(sitting))
    };
    let sittings: Vec<&Sitting> = timetable.meetings.iter().filter(wanted).collect();
    let ids = sittings.iter().flat_map(|sitting| [who(sitting.buyer).clone(), who(sitting.supplier).clone()]);
    let cards = Cards::with_gone(conn, &actor.scope(), ids)?;
    let held = if timetable.is_published() { meetings::of_timetable(conn, &kept.id)? } else { Default::default() };
    let shown = |sitting: &Sitting| {
        let (buyer, supplier) = (who(sitting.buyer).clone(), who(sitting.supplier).clone());
        let slot = &timetable.frame.slots[sitting.slot];
        SittingShown {
            slot: sitting.slot,
            start: slot.start.clone(),
            end: slot.end.clone(),
            table: sitting.table,
            buyer: cards.get(&buyer),
            supplier: cards.get(&supplier),
            meeting: held.get(&(buyer, supplier)).map(|kept| kept.id.clone()).filter(|_| own(sitting)),
        }
    };
    Ok(sittings.into_iter().map(shown).collect())
}

/// The rows of a file also say the times as the clock on the wall does.
fn written(format: Format, items: &[SittingShown]) -> Result<ListFile> {
    let row = |shown: &SittingShown| {
        let mut row = serde_json::to_value(shown).map_err(Error::internal)?;
        row["number"] = json!(shown.slot + 1);
        row["from"] = json!(in_japan(&shown.start));
        row["until"] = json!(in_japan(&shown.end));
        Ok(row)
    };
    let rows = items.iter().map(row).collect::<Result<Vec<serde_json::Value>>>()?;
    list_files::write("meetings", format, PLAN, rows)
}

/// `2026-09-10 10:00`, as the clock on the wall says.
fn in_japan(moment: &Timestamp) -> String {
    let local = moment.plus(chrono::TimeDelta::hours(9));
    local.as_str().get(..16).unwrap_or_default().replace('T', " ")
}

/// The calendar (iCalendar) of a participant, once the timetable is published. A meeting that moves keeps its UID and
/// raises its SEQUENCE; one that is cancelled stays and says so.
#[utoipa::path(get, path = "/api/v1/timetables/{id}/calendar", tag = "timetables", params(("id" = String, Path), CalendarQuery),
    responses(
    (status = 200, body = String, content_type = "text/calendar"), (status = 400, body = ProblemBody),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn calendar(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let (sight, id) = (matter::sight(&actor)?, wire::known_id(&id)?);
    let query: CalendarQuery = wire::query(&request)?;
    let english = prefers_english(&request);
    let text = app
        .read(move |conn| {
            let kept = matters::get::<Timetable>(conn, &sight, &id)?;
            let party = whose(&actor, &kept.matter, query.party.as_deref())?;
            if !kept.matter.is_published() {
                return Err(Error::Conflict(Defect::new(
                    "not-published",
                    "時間割はまだ公開されていません。",
                    "The timetable is not published yet.",
                )));
            }
            appointments(conn, &actor, &kept, &party, english)
        })
        .await?;
    Ok(HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"meetings.ics\""))
        .body(text))
}

fn whose(actor: &Actor, timetable: &Timetable, asked: Option<&str>) -> Result<ThingId> {
    if let Some(party) = asked {
        let party = ThingId::parse(party).map_err(|defect| Error::invalid("/party", defect))?;
        allow(actor, knows(actor, &party))?;
        return if timetable.place_of(&party).is_some() { Ok(party) } else { Err(Error::NotFound) };
    }
    let own: Vec<&ThingId> =
        timetable.participants.iter().map(|one| &one.party).filter(|party| actor.belongs_to(party)).collect();
    match own.as_slice() {
        [one] => Ok((*one).clone()),
        _ => Err(Error::invalid(
            "/party",
            Defect::new("value.required", "どの参加者の予定かを指定してください。", "Please say whose calendar."),
        )),
    }
}

fn appointments(
    conn: &mut Conn,
    actor: &Actor,
    kept: &Kept<Timetable>,
    party: &ThingId,
    english: bool,
) -> Result<String> {
    let frame = &kept.matter.frame;
    let mut own: Vec<Kept<Meeting>> = meetings::of_timetable(conn, &kept.id)?
        .into_values()
        .filter(|kept| kept.matter.planned.buyer == *party || kept.matter.planned.supplier == *party)
        .collect();
    own.sort_by(|one, other| one.matter.at.start.cmp(&other.matter.at.start).then(one.id.cmp(&other.id)));
    let other = |meeting: &Meeting| {
        let side = if meeting.planned.buyer == *party { MeetingSide::Supplier } else { MeetingSide::Buyer };
        meeting.party(side).clone()
    };
    let cards = Cards::with_gone(conn, &actor.scope(), own.iter().map(|kept| other(&kept.matter)))?;
    let appointment = |kept: &Kept<Meeting>| {
        let meeting = &kept.matter;
        let nameless = if english { "a party that is not shown" } else { "非公開の相手" };
        let name = cards.get(&other(meeting)).map(|card| {
            let title = if english { card.title.en.clone().or(card.title.ja) } else { card.title.ja.or(card.title.en) };
            title.unwrap_or_default()
        });
        let name = name.unwrap_or_else(|| nameless.to_owned());
        let table = meeting.at.table;
        let venue = frame.venue.as_ref().map(|venue| format!("{} ", venue.as_str())).unwrap_or_default();
        // Result cards are no change of the appointment.
        let changed = kept.events.iter().rev().find(|event| moves(&event.deed)).map(|event| event.at.clone());
        Appointment {
            uid: format!("{}@musubi", kept.id),
            sequence: meeting.moves,
            changed: changed.unwrap_or_else(|| kept.created_at.clone()),
            start: meeting.at.start.clone(),
            end: meeting.at.end.clone(),
            summary: if english { format!("Meeting: {name}") } else { format!("商談: {name}") },
            place: Some(if english { format!("{venue}table {table}") } else { format!("{venue}卓{table}") }),
            description: Some(frame.title.as_str().to_owned()),
            cancelled: meeting.cancelled,
        }
    };
    let all: Vec<Appointment> = own.iter().map(appointment).collect();
    Ok(calendar::write(frame.title.as_str(), &all))
}

fn moves(deed: &MeetingDeed) -> bool {
    matches!(deed, MeetingDeed::Planned(_) | MeetingDeed::Moved { .. } | MeetingDeed::Cancelled)
}

/// Meetings of the own parties, or all for those who organise; newest first. `subject` is the timetable.
#[utoipa::path(get, path = "/api/v1/meetings", tag = "timetables", params(MatterQuery), responses(
    (status = 200, body = MeetingsShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller) -> Answer {
    let states: Vec<&str> = MeetingState::ALL.iter().map(|state| state.code()).collect();
    matter::list::<Meeting, MeetingShown>(&app, &request, actor, &states, COLUMNS, |conn, actor, page| {
        let cards = cards_of(conn, actor, &page)?;
        Ok(page.iter().map(|kept| show(actor, kept, &cards)).collect())
    })
    .await
}

/// One meeting, with the result cards of its two sides, now or as of a moment.
#[utoipa::path(get, path = "/api/v1/meetings/{id}", tag = "timetables", params(("id" = String, Path), MomentQuery), responses(
    (status = 200, body = MeetingShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    matter::read::<Meeting, MeetingShown>(&app, &request, actor, &id, |conn, actor, kept| {
        let cards = cards_of(conn, actor, std::slice::from_ref(kept))?;
        Ok(show(actor, kept, &cards))
    })
    .await
}

/// Everything that happened to it: planned, moved, cancelled, and each writing of a result card, without the note of the
/// other side. Who did it is for those who organise.
#[utoipa::path(get, path = "/api/v1/meetings/{id}/history", tag = "timetables", params(("id" = String, Path)), responses(
    (status = 200, body = History), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn history(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let (sight, id) = (matter::sight(&actor)?, wire::known_id(&id)?);
    let history = app
        .read(move |conn| {
            let kept = matters::get::<Meeting>(conn, &sight, &id)?;
            let named = permit::organiser(&actor).is_ok();
            matter::history::<Meeting>(conn, &kept.events, named, |deed| told(&actor, &kept.matter, deed))
        })
        .await?;
    Ok(HttpResponse::Ok().json(history))
}

/// A deed as this reader may know it.
fn told(actor: &Actor, meeting: &Meeting, deed: &MeetingDeed) -> Result<serde_json::Value> {
    let mut deed = deed.clone();
    if let MeetingDeed::Carded { side, card } = &mut deed
        && !knows(actor, meeting.party(*side))
    {
        card.note = None;
    }
    serde_json::to_value(deed).map_err(Error::internal)
}

/// Files the result card of a side: its own people, or those who organise. Once; after that it is changed.
#[utoipa::path(post, path = "/api/v1/meetings/{id}/cards", tag = "timetables", request_body = NewCard, params(
    ("id" = String, Path),
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 201, body = FiledShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn file(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let (sight, id) = (matter::sight(&actor)?, wire::known_id(&id)?);
    let new: NewCard = wire::typed(&request, &body)?;
    matter::once(&app, &request, actor, &body, "meetings", move |tx| {
        let mut kept = matters::get::<Meeting>(tx.conn(), &sight, &id)?;
        let side = speaking_for(tx.actor(), &kept.matter, new.side)?;
        if kept.matter.card(side).is_some() {
            return Err(Error::Conflict(Defect::new(
                "already-exists",
                "この側の結果票はすでにあります。内容は変更できます。",
                "This side has filed its card. It can be changed.",
            )));
        }
        let deed = MeetingDeed::Carded { side, card: Box::new(new.card) };
        matters::add(tx, &mut kept, deed, None).map_err(in_card)?;
        let filed = kept.matter.card(side).ok_or_else(|| Error::internal("a card that was not filed"))?;
        Done::new(&kept.id, true, &filed_shown(filed, true))
    })
    .await
}

/// What is refused of a card, where it stands in what was sent.
fn in_card(error: Error) -> Error {
    let Error::Invalid(mut findings) = error else { return error };
    findings.iter_mut().for_each(|finding| finding.pointer.insert_str(0, "/card"));
    Error::Invalid(findings)
}

/// The result card of a side.
#[utoipa::path(get, path = "/api/v1/meetings/{id}/cards/{side}", tag = "timetables", params(
    ("id" = String, Path), ("side" = MeetingSide, Path),
), responses(
    (status = 200, body = FiledShown), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn card(app: web::Data<App>, Caller(actor): Caller, path: web::Path<(String, String)>) -> Answer {
    let (sight, id, side) = (matter::sight(&actor)?, wire::known_id(&path.0)?, known_side(&path.1)?);
    let shown = app
        .read(move |conn| {
            let kept = matters::get::<Meeting>(conn, &sight, &id)?;
            let own = knows(&actor, kept.matter.party(side));
            kept.matter.card(side).map(|filed| filed_shown(filed, own)).ok_or(Error::NotFound)
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header((header::ETAG, Revision(shown.version).etag())).json(shown))
}

/// Changes the result card of a side.
#[utoipa::path(patch, path = "/api/v1/meetings/{id}/cards/{side}", tag = "timetables", request_body = CardEdit, params(
    ("id" = String, Path), ("side" = MeetingSide, Path),
    ("If-Match" = String, Header, description = "The ETag of the card, with its quotes."),
), responses(
    (status = 200, body = FiledShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 412, body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn change_card(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    path: web::Path<(String, String)>,
    body: web::Bytes,
) -> Answer {
    let (sight, id, side) = (matter::sight(&actor)?, wire::known_id(&path.0)?, known_side(&path.1)?);
    let expected = Revision::required(&request)?;
    let patch = wire::json(&request, &body)?;
    let written = app
        .write(actor, move |tx| {
            let mut kept = matters::get::<Meeting>(tx.conn(), &sight, &id)?;
            let side = speaking_for(tx.actor(), &kept.matter, Some(side))?;
            let filed = kept.matter.card(side).ok_or(Error::NotFound)?;
            if filed.revision != expected.0 {
                return Err(Error::Stale { current: filed.revision });
            }
            let mut fields = serde_json::to_value(&filed.card).map_err(Error::internal)?;
            parse::merge_patch(&mut fields, &patch);
            let card: Card = parse::body(fields).map_err(Error::Invalid)?;
            matters::add(tx, &mut kept, MeetingDeed::Carded { side, card: Box::new(card) }, None)?;
            kept.matter.card(side).map(|filed| filed_shown(filed, true)).ok_or(Error::NotFound)
        })
        .await?;
    app.auth.post.wake();
    let mut response = HttpResponse::Ok();
    response.insert_header((header::ETAG, Revision(written.value.version).etag()));
    if let Some(position) = written.position {
        response.insert_header((wire::SEQUENCE, position.token()));
    }
    Ok(response.json(written.value))
}

fn known_side(text: &str) -> Result<MeetingSide, Problem> {
    MeetingSide::from_code(text).ok_or_else(|| Error::NotFound.into())
}

/// The side whose card the caller files.
fn speaking_for(actor: &Actor, meeting: &Meeting, asked: Option<MeetingSide>) -> Result<MeetingSide> {
    let organises = permit::organiser(actor).is_ok();
    let own: Vec<MeetingSide> =
        MeetingSide::ALL.iter().copied().filter(|side| actor.speaks_for(meeting.party(*side))).collect();
    match (asked, own.as_slice()) {
        (Some(side), own) if organises || own.contains(&side) => Ok(side),
        (None, [side]) => Ok(*side),
        (None, own) if organises || own.len() > 1 => Err(Error::invalid(
            "/side",
            Defect::new("value.required", "どちらの側の結果票かを選んでください。", "Please say whose card it is."),
        )),
        _ => Err(Error::Forbidden),
    }
}

fn cards_of(conn: &mut Conn, actor: &Actor, page: &[Kept<Meeting>]) -> Result<Cards> {
    let ids = page.iter().flat_map(|kept| {
        let planned = &kept.matter.planned;
        let sides = [&planned.exhibition, &planned.buyer, &planned.supplier].map(Clone::clone);
        sides.into_iter().chain(planned.buyer_about.clone()).chain(planned.supplier_about.clone())
    });
    Cards::with_gone(conn, &actor.scope(), ids)
}

fn show(actor: &Actor, kept: &Kept<Meeting>, cards: &Cards) -> MeetingShown {
    let meeting = &kept.matter;
    let planned = &meeting.planned;
    let about = |about: &Option<ThingId>| about.as_ref().and_then(|about| cards.get(about));
    let yours = |side: &MeetingSide| actor.account().is_some() && actor.speaks_for(meeting.party(*side));
    MeetingShown {
        id: kept.id.clone(),
        timetable: planned.timetable.clone(),
        exhibition: cards.get(&planned.exhibition),
        state: meeting.state(),
        at: meeting.at.clone(),
        buyer: cards.get(&planned.buyer),
        supplier: cards.get(&planned.supplier),
        buyer_about: about(&planned.buyer_about),
        supplier_about: about(&planned.supplier_about),
        yours: MeetingSide::ALL.iter().copied().filter(yours).collect(),
        cards: meeting.cards.iter().map(|filed| filed_shown(filed, knows(actor, meeting.party(filed.side)))).collect(),
        case: meeting.case.clone(),
        created_at: kept.created_at.clone(),
        updated_at: kept.updated_at.clone(),
    }
}

fn filed_shown(filed: &Filed, own: bool) -> FiledShown {
    let Card { outcome, reason, text, next_step, next_on, note } = filed.card.clone();
    FiledShown {
        side: filed.side,
        outcome,
        reason,
        text,
        next_step,
        next_on,
        note: note.filter(|_| own),
        filed_on: filed.filed_on.clone(),
        version: filed.revision,
    }
}
