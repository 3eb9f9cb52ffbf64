//! `/timetables`: the timetable of a 商談会, from its slots and participants to the meetings of everybody. Who organises
//! sees all of it; a participant its own entry and its own meetings.

use super::matter::{self, CardShown, Cards, Done, History, MatterQuery, MomentQuery, PersonShown, people, unknown};
use super::permit;
use super::problem::{Answer, ProblemBody};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::timetable::{Frame, PAIRS_MOST, PARTICIPANTS_MOST, SLOTS_MOST, Slot};
use crate::domain::desk::{Matter, Timetable, TimetableDeed};
use crate::domain::parse::Read;
use crate::domain::text::Line;
use crate::domain::vocabulary::Kind;
use crate::domain::vocabulary::desk::{MeetingSide, TimetableState};
use crate::domain::{Actor, Defect, Finding, ThingId, Timestamp, parse};
use crate::error::{Error, Result};
use crate::store::log::Position;
use crate::store::matters::{self, Kept};
use crate::store::{Conn, Tx, things};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// The longest slot.
const SLOT_HOURS: i64 = 12;
/// Points of a first meeting, when nobody says otherwise: a little less than a good one.
const FAIRNESS: f64 = 5.0;

/// Where and when. Times are RFC 3339 with their offset (`2026-09-10T10:00:00+09:00`).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimetableFields {
    #[schema(value_type = String)]
    pub title: Line,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub venue: Option<Line>,
    /// 1 to 64, in order of time; they do not overlap.
    pub slots: Vec<SlotFields>,
    /// Meetings at the same time at most, 1 to 1,000.
    pub tables: usize,
    /// Points of the first meeting of each participant, the n-th adds a n-th of it; 0 to 1,000, 5 if absent.
    #[serde(default = "fairness")]
    pub fairness: f64,
    /// Participants see the whole published timetable, not only their own meetings.
    #[serde(default)]
    pub open: bool,
    /// Pairs (buyer, supplier) that must meet, and that never do; for organisers only.
    #[serde(default)]
    pub must: Vec<[ThingId; 2]>,
    #[serde(default)]
    pub never: Vec<[ThingId; 2]>,
}

/// A change of the frame (a merge patch): what is named takes the place of what was.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TimetableEdit {
    #[schema(value_type = Option<String>)]
    pub title: Option<Line>,
    #[schema(value_type = Option<String>)]
    pub venue: Option<Line>,
    pub slots: Option<Vec<SlotFields>>,
    pub tables: Option<usize>,
    pub fairness: Option<f64>,
    pub open: Option<bool>,
    pub must: Option<Vec<[ThingId; 2]>>,
    pub never: Option<Vec<[ThingId; 2]>>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlotFields {
    pub start: String,
    pub end: String,
}

fn fairness() -> f64 {
    FAIRNESS
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TimetableShown {
    pub id: ThingId,
    pub exhibition: Option<CardShown>,
    #[schema(value_type = String)]
    pub title: Line,
    #[schema(value_type = Option<String>)]
    pub venue: Option<Line>,
    pub state: TimetableState,
    pub slots: Vec<Slot>,
    pub tables: usize,
    pub open: bool,
    pub buyers: usize,
    pub suppliers: usize,
    /// The caller's own parties that take part.
    pub yours: Vec<ThingId>,
    pub created_at: Timestamp,
    /// For those who organise.
    pub organiser: Option<OrganiserShown>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OrganiserShown {
    pub version: i64,
    pub updated_at: Timestamp,
    pub desk: Option<PersonShown>,
    pub fairness: f64,
    pub must: Vec<[ThingId; 2]>,
    pub never: Vec<[ThingId; 2]>,
    pub meetings: usize,
    /// Pairs that must meet and do not.
    pub open_must: Vec<[ThingId; 2]>,
    /// Participants without any meeting.
    pub without_meeting: Vec<CardShown>,
    /// Participants with fewer meetings than they should have.
    pub short: Vec<ShortShown>,
    /// Points of the last arrangement; no timetable is worth more than the bound. Null since something was changed by hand.
    pub value: Option<f64>,
    pub bound: Option<f64>,
    /// How far it may be below the best, as a share of the bound.
    pub gap: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ShortShown {
    pub party: ThingId,
    pub missing: usize,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TimetablesShown {
    pub items: Vec<TimetableShown>,
    pub next: Option<String>,
}

const COLUMNS: matter::Columns = &[
    ("ID", "/id"),
    ("名称 / title", "/title"),
    ("展示会 / exhibition", "/exhibition/title"),
    ("状態 / state", "/state"),
    ("卓数 / tables", "/tables"),
    ("バイヤー / buyers", "/buyers"),
    ("出展者 / suppliers", "/suppliers"),
];

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/exhibitions/{id}/timetables").route(web::post().to(create)))
        .service(at("/timetables").route(web::get().to(list)))
        .service(at("/timetables/{id}").route(web::get().to(read)).route(web::patch().to(change)))
        .service(at("/timetables/{id}/history").route(web::get().to(history)));
}

/// The timetables that the caller organises or takes part in; `subject` is the exhibition.
#[utoipa::path(get, path = "/api/v1/timetables", tag = "timetables", params(MatterQuery), responses(
    (status = 200, body = TimetablesShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller) -> Answer {
    let states: Vec<&str> = TimetableState::ALL.iter().map(|state| state.code()).collect();
    matter::list::<Timetable, TimetableShown>(&app, &request, actor, &states, COLUMNS, |conn, actor, page| {
        page.iter().map(|kept| show(conn, actor, kept)).collect()
    })
    .await
}

/// Opens a timetable for an exhibition; it may have several, for several days or rooms.
#[utoipa::path(post, path = "/api/v1/exhibitions/{id}/timetables", tag = "timetables", request_body = TimetableFields, params(
    ("id" = String, Path, description = "The exhibition."),
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 201, body = TimetableShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn create(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    permit::organiser(&actor)?;
    let exhibition = wire::known_id(&id)?;
    let read = parse::read::<TimetableFields>(wire::json(&request, &body)?);
    if read.value.is_none() {
        return Err(Error::Invalid(read.findings).into());
    }
    matter::once(&app, &request, actor, &body, "timetables", move |tx| {
        let scope = tx.actor().scope();
        let card = things::cards(tx.conn(), &scope, &[exhibition.to_string()])?.remove(exhibition.as_str());
        if card.is_none_or(|card| card.kind != Kind::Exhibition) {
            return Err(Error::NotFound);
        }
        let desk = tx.actor().account().cloned();
        let frame = frame(tx, read, exhibition, desk)?;
        let kept = matters::open::<Timetable>(tx, TimetableDeed::Opened(Box::new(frame)), None)?;
        let actor = tx.actor().clone();
        let shown = show(tx.conn(), &actor, &kept)?;
        Done::new(&kept.id, true, &shown)
    })
    .await
}

/// One timetable, now or as of a moment.
#[utoipa::path(get, path = "/api/v1/timetables/{id}", tag = "timetables", params(("id" = String, Path), MomentQuery), responses(
    (status = 200, body = TimetableShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let (sight, id) = (matter::sight(&actor)?, wire::known_id(&id)?);
    let query: MomentQuery = wire::query(&request)?;
    let as_of = matter::moment(query.as_of.as_deref())?;
    let now = as_of.is_none();
    let shown = app
        .read(move |conn| {
            let kept = matter::read_at::<Timetable>(conn, &sight, &id, as_of.as_ref())?;
            show(conn, &actor, &kept)
        })
        .await?;
    let mut response = HttpResponse::Ok();
    // What was is not changed.
    if let Some(organiser) = shown.organiser.as_ref().filter(|_| now) {
        response.insert_header((header::ETAG, Revision(organiser.version).etag()));
    }
    Ok(response.json(shown))
}

/// Everything that happened to it, with who did it: for those who organise. Of an arrangement its size and worth; who met whom
/// at a moment is the plan as of then.
#[utoipa::path(get, path = "/api/v1/timetables/{id}/history", tag = "timetables", params(("id" = String, Path)), responses(
    (status = 200, body = History), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn history(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let id = wire::known_id(&id)?;
    let history = app
        .read(move |conn| {
            let kept = matters::get::<Timetable>(conn, &matters::Sight::All, &id)?;
            matter::history::<Timetable>(conn, &kept.events, true, told)
        })
        .await?;
    Ok(HttpResponse::Ok().json(history))
}

/// A deed in a line: thousands of meetings are counted.
fn told(deed: &TimetableDeed) -> Result<serde_json::Value> {
    let event = Timetable::name(deed);
    Ok(match deed {
        TimetableDeed::Arranged(arranged) => json!({
            "event": event, "meetings": arranged.meetings.len(), "value": arranged.value, "bound": arranged.bound,
        }),
        TimetableDeed::Entered { participants, invited } => {
            let parties: Vec<&ThingId> = participants.iter().map(|participant| &participant.party).collect();
            json!({ "event": event, "participants": parties, "invited": invited })
        }
        TimetableDeed::Adjusted { participant, gone, come } => {
            json!({ "event": event, "participant": participant, "gone": gone.len(), "come": come.len() })
        }
        other => serde_json::to_value(other).map_err(Error::internal)?,
    })
}

/// Changes the frame; where nothing changes, nothing happens. Other slots or tables let the meetings of a draft go, and are refused once it is published.
#[utoipa::path(patch, path = "/api/v1/timetables/{id}", tag = "timetables", request_body = TimetableEdit, params(
    ("id" = String, Path), ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 200, body = TimetableShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 412, body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn change(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    permit::organiser(&actor)?;
    let (id, expected) = (wire::known_id(&id)?, Revision::required(&request)?);
    let patch = wire::json(&request, &body)?;
    let written = app
        .write(actor, move |tx| {
            let mut kept = current(tx, &id, expected)?;
            let mut fields = serde_json::to_value(fields_of(&kept.matter.frame)).map_err(Error::internal)?;
            parse::merge_patch(&mut fields, &patch);
            let before = kept.matter.frame.clone();
            let frame = frame(tx, parse::read(fields), before.exhibition, before.desk)?;
            matters::add(tx, &mut kept, TimetableDeed::Framed(Box::new(frame)), None)?;
            shown(tx, &kept)
        })
        .await?;
    Ok(answer(StatusCode::OK, written.value, written.position))
}

/// The timetable at the version that was read.
pub(super) fn current(tx: &mut Tx<'_>, id: &ThingId, expected: Revision) -> Result<Kept<Timetable>> {
    let kept = matters::get::<Timetable>(tx.conn(), &matters::Sight::All, id)?;
    refuse_stale(&kept, expected)?;
    Ok(kept)
}

pub(super) fn refuse_stale(kept: &Kept<Timetable>, expected: Revision) -> Result<()> {
    if kept.version() == expected.0 { Ok(()) } else { Err(Error::Stale { current: kept.version() }) }
}

pub(super) fn shown(tx: &mut Tx<'_>, kept: &Kept<Timetable>) -> Result<TimetableShown> {
    let actor = tx.actor().clone();
    show(tx.conn(), &actor, kept)
}

pub(super) fn answer(status: StatusCode, shown: TimetableShown, position: Option<Position>) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if let Some(organiser) = &shown.organiser {
        response.insert_header((header::ETAG, Revision(organiser.version).etag()));
    }
    if let Some(position) = position {
        response.insert_header((wire::SEQUENCE, position.token()));
    }
    response.json(shown)
}

// Checks

pub(super) fn length(least: usize, most: usize, count: usize) -> Defect {
    Defect::new(
        "list.length",
        format!("{least}〜{most}件で指定してください（現在{count}件）。"),
        format!("This takes {least} to {most}; there are {count}."),
    )
}

/// The frame that these fields make; everything that is refused of them at once.
fn frame(tx: &mut Tx<'_>, read: Read<TimetableFields>, exhibition: ThingId, desk: Option<ThingId>) -> Result<Frame> {
    let Some(fields) = read.value.clone() else { return Err(Error::Invalid(read.findings)) };
    let mut findings = Vec::new();
    let slots = slots(&fields.slots, &mut findings);
    check_numbers(&fields, &mut findings);
    check_pairs(tx, &fields, &mut findings)?;
    let mut refused = read.and(findings);
    refused.iter_mut().for_each(say_pair);
    if !refused.is_empty() {
        return Err(Error::Invalid(refused));
    }
    let TimetableFields { title, venue, tables, fairness, open, must, never, .. } = fields;
    Ok(Frame { exhibition, title, venue, slots, tables, fairness, open, must, never, desk })
}

/// A pair of which one is missing, or with somebody more.
fn say_pair(finding: &mut Finding) {
    let of_pairs = finding.pointer.starts_with("/must/") || finding.pointer.starts_with("/never/");
    if of_pairs && finding.code == "list.length" {
        let ja = "一組は、買い手と売り手の2件の配列です。";
        *finding = Finding::new(finding.pointer.clone(), Defect::new("list.length", ja, "A pair is a list of 2."));
    }
}

fn check_numbers(fields: &TimetableFields, findings: &mut Vec<Finding>) {
    if !(1..=PARTICIPANTS_MOST).contains(&fields.tables) {
        findings.push(Finding::new("/tables", length(1, PARTICIPANTS_MOST, fields.tables)));
    }
    if !(0.0..=1_000.0).contains(&fields.fairness) {
        let defect = Defect::new("fairness.range", "0〜1000の数です。", "This is a number from 0 to 1,000.");
        findings.push(Finding::new("/fairness", defect));
    }
    for (name, pairs) in [("must", &fields.must), ("never", &fields.never)] {
        if pairs.len() > PAIRS_MOST {
            findings.push(Finding::new(format!("/{name}"), length(0, PAIRS_MOST, pairs.len())));
        }
    }
}

/// Pairs are of two parties that the caller sees; one that must meet is not also kept apart.
fn check_pairs(tx: &mut Tx<'_>, fields: &TimetableFields, findings: &mut Vec<Finding>) -> Result<()> {
    let lists = [("must", &fields.must), ("never", &fields.never)];
    if lists.iter().any(|(_, pairs)| pairs.len() > PAIRS_MOST) {
        return Ok(());
    }
    let scope = tx.actor().scope();
    let named = fields.must.iter().chain(&fields.never).flatten().cloned();
    let cards = Cards::read(tx.conn(), &scope, named)?;
    for (name, pairs) in lists {
        for (at, pair) in pairs.iter().enumerate() {
            for (side, id) in pair.iter().enumerate() {
                if cards.get(id).is_none_or(|card| !card.kind.is_party())
                    && let Error::Invalid(more) = unknown(&format!("/{name}/{at}/{side}"), id)
                {
                    findings.extend(more);
                }
            }
            if pair[0] == pair[1] {
                let defect = Defect::new("pair.same", "同じ相手どうしの組です。", "This is a pair of one with itself.");
                findings.push(Finding::new(format!("/{name}/{at}"), defect));
            }
        }
    }
    let apart: BTreeMap<[&ThingId; 2], usize> =
        fields.never.iter().enumerate().map(|(at, pair)| (unordered(pair), at)).collect();
    for (at, pair) in fields.must.iter().enumerate() {
        if let Some(never) = apart.get(&unordered(pair)) {
            let title = |id: &ThingId| cards.get(id).map(|card| card.title.any().to_owned()).unwrap_or_default();
            let (one, other) = (title(&pair[0]), title(&pair[1]));
            let defect = Defect::new(
                "timetable.must_never",
                format!(
                    "「{one}」と「{other}」は、必ず会う組（must/{at}）にも会わない組（never/{never}）にも入っています。"
                ),
                format!("\"{one}\" and \"{other}\" must meet (must/{at}) and never meet (never/{never})."),
            );
            findings.push(Finding::new(format!("/must/{at}"), defect));
        }
    }
    Ok(())
}

fn unordered(pair: &[ThingId; 2]) -> [&ThingId; 2] {
    let [one, other] = pair;
    if one <= other { [one, other] } else { [other, one] }
}

fn slots(sent: &[SlotFields], findings: &mut Vec<Finding>) -> Vec<Slot> {
    if !(1..=SLOTS_MOST).contains(&sent.len()) {
        findings.push(Finding::new("/slots", length(1, SLOTS_MOST, sent.len())));
        return Vec::new();
    }
    let moment = |text: &str| DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc());
    let mut slots: Vec<Slot> = Vec::with_capacity(sent.len());
    for (at, slot) in sent.iter().enumerate() {
        let (Some(start), Some(end)) = (moment(&slot.start), moment(&slot.end)) else {
            let defect = Defect::new(
                "time.form",
                "時刻は 2026-09-10T10:00:00+09:00 のように書いてください。",
                "Write a time as 2026-09-10T10:00:00+09:00.",
            );
            findings.push(Finding::new(format!("/slots/{at}"), defect));
            continue;
        };
        let slot = Slot { start: Timestamp::from_datetime(start), end: Timestamp::from_datetime(end) };
        let follows = slots.last().is_none_or(|before| before.end <= slot.start);
        if start >= end || end - start > TimeDelta::hours(SLOT_HOURS) || !follows {
            let defect = Defect::new(
                "slot.order",
                "時間枠は開始から終了まで12時間以内で、前の枠と重ならない時刻順にしてください。",
                "A slot ends after it begins, within 12 hours, and follows the one before it.",
            );
            findings.push(Finding::new(format!("/slots/{at}"), defect));
        }
        slots.push(slot);
    }
    slots
}

// What is shown

fn fields_of(frame: &Frame) -> TimetableFields {
    let Frame { title, venue, slots, tables, fairness, open, must, never, .. } = frame.clone();
    let text = |moment: Timestamp| moment.as_str().to_owned();
    let slots = slots.into_iter().map(|slot| SlotFields { start: text(slot.start), end: text(slot.end) }).collect();
    TimetableFields { title, venue, slots, tables, fairness, open, must, never }
}

pub(super) fn show(conn: &mut Conn, actor: &Actor, kept: &Kept<Timetable>) -> Result<TimetableShown> {
    let matter = &kept.matter;
    let frame = matter.frame.clone();
    let cards = Cards::with_gone(conn, &actor.scope(), [frame.exhibition.clone()])?;
    let count = |side: MeetingSide| matter.participants.iter().filter(|one| one.side == side && !one.withdrawn).count();
    let organiser = match permit::organiser(actor) {
        Ok(()) => Some(organiser_shown(conn, actor, kept)?),
        Err(_) => None,
    };
    Ok(TimetableShown {
        id: kept.id.clone(),
        exhibition: cards.get(&frame.exhibition),
        title: frame.title,
        venue: frame.venue,
        state: matter.state,
        slots: frame.slots,
        tables: frame.tables,
        open: frame.open,
        buyers: count(MeetingSide::Buyer),
        suppliers: count(MeetingSide::Supplier),
        yours: matter
            .participants
            .iter()
            .map(|participant| participant.party.clone())
            .filter(|party| actor.belongs_to(party))
            .collect(),
        created_at: kept.created_at.clone(),
        organiser,
    })
}

fn organiser_shown(conn: &mut Conn, actor: &Actor, kept: &Kept<Timetable>) -> Result<OrganiserShown> {
    let matter = &kept.matter;
    let idle = matter.without_meeting();
    let cards = Cards::with_gone(conn, &actor.scope(), idle.iter().cloned())?;
    let desk = people(conn, matter.desk.iter().map(ToString::to_string))?;
    let mut held = vec![0; matter.participants.len()];
    let mut pairs = BTreeSet::new();
    for sitting in &matter.meetings {
        held[sitting.buyer] += 1;
        held[sitting.supplier] += 1;
        pairs.insert([
            matter.participants[sitting.buyer].party.clone(),
            matter.participants[sitting.supplier].party.clone(),
        ]);
    }
    let short = matter.participants.iter().zip(&held).filter(|(one, held)| !one.withdrawn && one.least > **held);
    Ok(OrganiserShown {
        version: kept.version(),
        updated_at: kept.updated_at.clone(),
        desk: matter.desk.as_ref().and_then(|id| desk.get(id.as_str()).cloned()),
        fairness: matter.frame.fairness,
        must: matter.frame.must.clone(),
        never: matter.frame.never.clone(),
        meetings: matter.meetings.len(),
        open_must: matter.frame.must.iter().filter(|pair| !pairs.contains(*pair)).cloned().collect(),
        without_meeting: cards.some(&idle),
        short: short.map(|(one, held)| ShortShown { party: one.party.clone(), missing: one.least - held }).collect(),
        value: matter.worth.map(|(value, _)| value),
        bound: matter.worth.map(|(_, bound)| bound),
        gap: matter.worth.map(|(value, bound)| ((bound - value) / bound.abs().max(1e-9)).max(0.0)),
    })
}
