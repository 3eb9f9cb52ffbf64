//! `/booth-plans`: groups and firms on the grid of an exhibition, so that those who complement each other are neighbours and
//! rivals are not. Drawn up and changed by those who organise; once published, exhibitors read where everybody stands.

use super::list_files;
use super::matter::{self, CardShown, Cards, Done, MatterQuery, PersonShown, people, unknown};
use super::neighbours::{self, Hall};
use super::permit;
use super::problem::{Answer, ProblemBody};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::booth_plan::{
    BoothsAsked, EXHIBITORS_MOST, Neighbours, NeighboursWhy, PAIRS_MOST, Placed, SHARING_MOST,
};
use crate::domain::desk::{BoothPlan, BoothPlanDeed, Group};
use crate::domain::vocabulary::desk::BoothPlanState;
use crate::domain::{Actor, Defect, Exhibition, Finding, ThingId, Timestamp, parse};
use crate::error::{Error, Result};
use crate::exchange::export::Format;
use crate::store::log::Position;
use crate::store::matters::{self, Kept, Sight};
use crate::store::{Conn, things};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::composing::booths::{self, Booth, Exhibitor, Question};
use musubi_index::composing::{Progress, Refusal};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};
use utoipa::{IntoParams, ToSchema};

/// How long a placement is improved.
const LIMIT: Duration = Duration::from_secs(5);
/// Bytes of a plan that is asked for.
const ASKED_BYTES: usize = 1 << 20;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlacesQuery {
    /// `csv`, `csv-cp932`, `xlsx` or `jsonl`; `jsonl` if absent.
    pub format: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BoothPlanShown {
    pub id: ThingId,
    pub exhibition: Option<CardShown>,
    pub state: BoothPlanState,
    /// In the order of the exhibitors.
    pub places: Vec<PlaceShown>,
    pub created_at: Timestamp,
    /// For those who organise.
    pub organiser: Option<BoothPlanOrganiser>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceShown {
    pub booth: String,
    pub name: Option<String>,
    /// Parties that the caller may see.
    pub parties: Vec<CardShown>,
    pub size: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BoothPlanOrganiser {
    pub version: i64,
    pub updated_at: Timestamp,
    pub desk: Option<PersonShown>,
    pub asked: BoothsAsked,
    /// Who stands beside whom (by place), what it is worth and why; those that say nothing of each other are left out.
    pub neighbours: Vec<Neighbours>,
    /// Sum over neighbours, rivals side by side aside.
    pub value: f64,
    /// No placement with as few rivals side by side is worth more.
    pub bound: f64,
    pub proven: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BoothPlansShown {
    pub items: Vec<BoothPlanShown>,
    pub next: Option<String>,
}

const COLUMNS: matter::Columns = &[
    ("ID", "/id"),
    ("展示会 / exhibition", "/exhibition/title"),
    ("状態 / state", "/state"),
    ("作成 / created", "/created_at"),
];

const PLACES: matter::Columns =
    &[("小間 / booth", "/booth"), ("名称 / name", "/name"), ("出展者 / parties", "/parties"), ("広さ / size", "/size")];

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    let large = || web::PayloadConfig::new(ASKED_BYTES);
    config
        .service(at("/exhibitions/{id}/booth-plans").app_data(large()).route(web::post().to(create)))
        .service(at("/booth-plans").route(web::get().to(list)))
        .service(at("/booth-plans/{id}").app_data(large()).route(web::get().to(read)).route(web::patch().to(change)))
        .service(at("/booth-plans/{id}/publish").route(web::post().to(publish)))
        .service(at("/booth-plans/{id}/places").route(web::get().to(places)));
}

/// Booth plans: all for those who organise, published ones of the own parties for everybody else. `subject` is the exhibition.
#[utoipa::path(get, path = "/api/v1/booth-plans", tag = "exhibitions", params(MatterQuery), responses(
    (status = 200, body = BoothPlansShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller) -> Answer {
    let states: Vec<&str> = BoothPlanState::ALL.iter().map(|state| state.code()).collect();
    matter::list::<BoothPlan, BoothPlanShown>(&app, &request, actor, &states, COLUMNS, |conn, actor, page| {
        page.iter().map(|kept| show(conn, actor, kept)).collect()
    })
    .await
}

/// Places exhibitors on the booths of the exhibition.
#[utoipa::path(post, path = "/api/v1/exhibitions/{id}/booth-plans", tag = "exhibitions", request_body = BoothsAsked, params(
    ("id" = String, Path, description = "The exhibition."),
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 201, body = BoothPlanShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 413, body = ProblemBody), (status = 422, body = ProblemBody),
    (status = 503, body = ProblemBody),
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
    let asked: BoothsAsked = wire::typed(&request, &body)?;
    let placed = solved(&app, &actor, exhibition, asked, actor.account().cloned()).await?;
    matter::once(&app, &request, actor, &body, "booth-plans", move |tx| {
        let kept = matters::open::<BoothPlan>(tx, BoothPlanDeed::Placed(Box::new(placed)), None)?;
        let actor = tx.actor().clone();
        let shown = show(tx.conn(), &actor, &kept)?;
        Done::new(&kept.id, true, &shown)
    })
    .await
}

/// One booth plan.
#[utoipa::path(get, path = "/api/v1/booth-plans/{id}", tag = "exhibitions", params(("id" = String, Path)), responses(
    (status = 200, body = BoothPlanShown), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let (sight, id) = (matter::sight(&actor)?, wire::known_id(&id)?);
    let shown = app
        .read(move |conn| {
            let kept = matters::get::<BoothPlan>(conn, &sight, &id)?;
            show(conn, &actor, &kept)
        })
        .await?;
    Ok(answer(StatusCode::OK, shown, None))
}

/// Changes what is asked (a merge patch: pins, exhibitors, rivals …) and places everybody anew.
#[utoipa::path(patch, path = "/api/v1/booth-plans/{id}", tag = "exhibitions", request_body = BoothsAsked, params(
    ("id" = String, Path), ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 200, body = BoothPlanShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 412, body = ProblemBody), (status = 413, body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 428, body = ProblemBody), (status = 503, body = ProblemBody),
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
    let plan = id.clone();
    let kept = app.read(move |conn| current(conn, &plan, expected)).await?;
    let mut fields = serde_json::to_value(&kept.matter.placed.asked).map_err(Error::internal)?;
    parse::merge_patch(&mut fields, &patch);
    let asked: BoothsAsked = parse::body(fields).map_err(Error::Invalid)?;
    let before = kept.matter.placed;
    let placed = solved(&app, &actor, before.exhibition, asked, before.desk).await?;
    let written = app
        .write(actor, move |tx| {
            let mut kept = current(tx.conn(), &id, expected)?;
            matters::add(tx, &mut kept, BoothPlanDeed::Placed(Box::new(placed)), None)?;
            let actor = tx.actor().clone();
            show(tx.conn(), &actor, &kept)
        })
        .await?;
    app.auth.post.wake();
    Ok(answer(StatusCode::OK, written.value, written.position))
}

/// Shows the plan to its exhibitors, and tells them.
#[utoipa::path(post, path = "/api/v1/booth-plans/{id}/publish", tag = "exhibitions", params(
    ("id" = String, Path), ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 200, body = BoothPlanShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 412, body = ProblemBody), (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn publish(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let (id, expected) = (wire::known_id(&id)?, Revision::required(&request)?);
    let written = app
        .write(actor, move |tx| {
            let mut kept = current(tx.conn(), &id, expected)?;
            matters::add(tx, &mut kept, BoothPlanDeed::Published, None)?;
            let actor = tx.actor().clone();
            show(tx.conn(), &actor, &kept)
        })
        .await?;
    app.auth.post.wake();
    Ok(answer(StatusCode::OK, written.value, written.position))
}

/// Who stands where, as a file.
#[utoipa::path(get, path = "/api/v1/booth-plans/{id}/places", tag = "exhibitions", params(("id" = String, Path), PlacesQuery),
    responses(
    (status = 200, body = super::file_answer::FileBytes, content_type = "application/octet-stream"), (status = 400, body = ProblemBody),
    (status = 401, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn places(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let (sight, id) = (matter::sight(&actor)?, wire::known_id(&id)?);
    let query: PlacesQuery = wire::query(&request)?;
    let code = query.format.as_deref().unwrap_or("jsonl");
    let format = Format::from_code(code).ok_or_else(|| Error::invalid("/format", wire::not_in_list(code)))?;
    let rows = app
        .read(move |conn| {
            let kept = matters::get::<BoothPlan>(conn, &sight, &id)?;
            let shown = show(conn, &actor, &kept)?;
            let row = |place: &PlaceShown| serde_json::to_value(place).map_err(Error::internal);
            shown.places.iter().map(row).collect::<Result<Vec<serde_json::Value>>>()
        })
        .await?;
    let written = app.blocking(move || list_files::write("booths", format, PLACES, rows)).await?;
    Ok(written.answer()?)
}

fn current(conn: &mut Conn, id: &ThingId, expected: Revision) -> Result<Kept<BoothPlan>> {
    let kept = matters::get::<BoothPlan>(conn, &Sight::All, id)?;
    if kept.version() == expected.0 { Ok(kept) } else { Err(Error::Stale { current: kept.version() }) }
}

fn answer(status: StatusCode, shown: BoothPlanShown, position: Option<Position>) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if let Some(organiser) = &shown.organiser {
        response.insert_header((header::ETAG, Revision(organiser.version).etag()));
    }
    if let Some(position) = position {
        response.insert_header((wire::SEQUENCE, position.token()));
    }
    response.json(shown)
}

// Solving

async fn solved(
    app: &App,
    actor: &Actor,
    exhibition: ThingId,
    mut asked: BoothsAsked,
    desk: Option<ThingId>,
) -> Result<Placed> {
    let (service, asker) = (app.clone(), actor.clone());
    let (asked, exhibition, grid, hall) = app
        .in_turn(move || {
            let scope = asker.scope();
            let grid = service.database.read(|conn| {
                let grid = things::get::<Exhibition>(conn, &scope, &exhibition)?.entry;
                fill_groups(conn, &mut asked)?;
                check(conn, &asker, &asked)?;
                Ok(grid)
            })?;
            let hall = neighbours::hall(&service, &asker, &asked)?;
            Ok((asked, exhibition, grid, hall))
        })
        .await?;
    app.alone(move || {
        let question = question(&asked, &grid, &hall);
        let started = Instant::now();
        let answer = booths::place(&question, &mut |_: Progress| started.elapsed() < LIMIT).map_err(refused)?;
        let stands: HashMap<String, String> = answer.places.into_iter().collect();
        let booths: Vec<String> = (0..asked.exhibitors.len())
            .map(|place| stands.get(&place.to_string()).cloned().unwrap_or_default())
            .collect();
        let neighbours = beside(&booths, &grid, &hall);
        let (value, bound, proven) = (answer.value, answer.bound, answer.proven);
        Ok(Placed { exhibition, asked, booths, neighbours, value, bound, proven, desk })
    })
    .await
}

/// A group stands with its members.
fn fill_groups(conn: &mut Conn, asked: &mut BoothsAsked) -> Result<()> {
    for (at, exhibitor) in asked.exhibitors.iter_mut().enumerate().take(EXHIBITORS_MOST) {
        let Some(group) = &exhibitor.group else { continue };
        match matters::get::<Group>(conn, &Sight::All, group) {
            Ok(kept) => exhibitor.parties = kept.matter.members().cloned().collect(),
            Err(Error::NotFound) => return Err(unknown(&format!("/exhibitors/{at}/group"), group)),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn question(asked: &BoothsAsked, grid: &Exhibition, hall: &Hall) -> Question {
    let place_of = |party: &ThingId| asked.exhibitors.iter().position(|one| one.parties.contains(party));
    Question {
        booths: grid
            .booths
            .iter()
            .map(|booth| Booth {
                id: booth.id.as_str().to_owned(),
                column: booth.column,
                row: booth.row,
                size: booth.size,
            })
            .collect(),
        walls: grid.walls.iter().map(|wall| (wall.left.to_string(), wall.right.to_string())).collect(),
        exhibitors: asked
            .exhibitors
            .iter()
            .enumerate()
            .map(|(place, one)| Exhibitor { id: place.to_string(), size: one.size })
            .collect(),
        pairs: hall
            .related
            .iter()
            .map(|((left, right), (value, _))| (left.to_string(), right.to_string(), *value))
            .collect(),
        rivals: hall.rivals.iter().map(|(left, right)| (left.to_string(), right.to_string())).collect(),
        pinned: asked
            .pins
            .iter()
            .filter_map(|pin| Some((place_of(&pin.party)?.to_string(), pin.booth.as_str().to_owned())))
            .collect(),
        seed: 0,
    }
}

/// Exhibitors side by side that mean something to each other.
fn beside(booths: &[String], grid: &Exhibition, hall: &Hall) -> Vec<Neighbours> {
    let walls: BTreeSet<(&str, &str)> =
        grid.walls.iter().map(|wall| (wall.left.as_str(), wall.right.as_str())).collect();
    let spot: HashMap<&str, (i32, i32)> =
        grid.booths.iter().map(|booth| (booth.id.as_str(), (booth.column, booth.row))).collect();
    let next_to = |one: &str, other: &str| {
        let (Some(left), Some(right)) = (spot.get(one), spot.get(other)) else { return false };
        let near = left.0.abs_diff(right.0) + left.1.abs_diff(right.1) == 1;
        near && !walls.contains(&(one, other)) && !walls.contains(&(other, one))
    };
    let pairs: BTreeSet<(usize, usize)> = hall.related.keys().chain(&hall.rivals).copied().collect();
    let mut found = Vec::new();
    for (left, right) in pairs {
        if !next_to(&booths[left], &booths[right]) {
            continue;
        }
        let rivals = hall.rivals.contains(&(left, right));
        let (value, mut why) = hall.related.get(&(left, right)).cloned().unwrap_or_default();
        if rivals {
            why.insert(NeighboursWhy::Rivals);
        }
        let value = if rivals { 0.0 } else { value };
        found.push(Neighbours { left, right, value, why: why.into_iter().collect() });
    }
    found
}

fn refused(refusals: Vec<Refusal>) -> Error {
    let finding = |refusal: Refusal| {
        let pointer = refusal.pointer.replace("/pinned", "/pins");
        Finding::new(pointer, Defect::new("booths.value", refusal.message.ja, refusal.message.en))
    };
    Error::Invalid(refusals.into_iter().map(finding).collect())
}

fn check(conn: &mut Conn, actor: &Actor, asked: &BoothsAsked) -> Result<()> {
    let mut findings = Vec::new();
    let mut range = |pointer: String, least: usize, most: usize, count: usize| {
        if !(least..=most).contains(&count) && findings.len() < 50 {
            let defect = Defect::new(
                "list.length",
                format!("{least}〜{most}件で指定してください（現在{count}件）。"),
                format!("This takes {least} to {most}; there are {count}."),
            );
            findings.push(Finding::new(pointer, defect));
        }
    };
    range("/exhibitors".to_owned(), 1, EXHIBITORS_MOST, asked.exhibitors.len());
    range("/rivals".to_owned(), 0, PAIRS_MOST, asked.rivals.len());
    range("/pairs".to_owned(), 0, PAIRS_MOST, asked.pairs.len());
    range("/pins".to_owned(), 0, EXHIBITORS_MOST, asked.pins.len());
    for (at, exhibitor) in asked.exhibitors.iter().enumerate().take(EXHIBITORS_MOST) {
        range(format!("/exhibitors/{at}/parties"), 1, SHARING_MOST, exhibitor.parties.len());
    }
    let mut number = |pointer: String, low: f64, high: f64, value: f64| {
        if !(low..=high).contains(&value) && findings.len() < 50 {
            let defect = Defect::new(
                "number.range",
                format!("{low}〜{high}の数です。"),
                format!("This is a number from {low} to {high}."),
            );
            findings.push(Finding::new(pointer, defect));
        }
    };
    if let Some(overlap) = asked.overlap {
        number("/overlap".to_owned(), 0.05, 1.0, overlap);
    }
    for (at, pair) in asked.pairs.iter().enumerate() {
        number(format!("/pairs/{at}/value"), -1.0, 1.0, pair.value);
    }
    if !findings.is_empty() {
        return Err(Error::Invalid(findings));
    }
    check_parties(conn, actor, asked)
}

fn check_parties(conn: &mut Conn, actor: &Actor, asked: &BoothsAsked) -> Result<()> {
    let mut findings = Vec::new();
    let all = asked.exhibitors.iter().flat_map(|exhibitor| exhibitor.parties.iter().cloned());
    let cards = Cards::read(conn, &actor.scope(), all)?;
    let mut there: BTreeSet<&ThingId> = BTreeSet::new();
    let mut refuse = |error: Error| {
        if let (true, Error::Invalid(more)) = (findings.len() < 50, error) {
            findings.extend(more);
        }
    };
    for (at, exhibitor) in asked.exhibitors.iter().enumerate() {
        for (place, party) in exhibitor.parties.iter().enumerate() {
            let pointer = format!("/exhibitors/{at}/parties/{place}");
            if cards.get(party).is_none_or(|card| !card.kind.is_party()) {
                refuse(unknown(&pointer, party));
            } else if !there.insert(party) {
                let defect =
                    Defect::new("exhibitor.repeated", "同じ出展者が二度あります。", "An exhibitor stands twice.");
                refuse(Error::invalid(&pointer, defect));
            }
        }
    }
    let pairs = asked.pairs.iter().enumerate().map(|(at, pair)| (format!("/pairs/{at}"), [&pair.left, &pair.right]));
    let rivals = asked.rivals.iter().enumerate().map(|(at, pair)| (format!("/rivals/{at}"), [&pair[0], &pair[1]]));
    let pins = asked.pins.iter().enumerate().map(|(at, pin)| (format!("/pins/{at}"), [&pin.party, &pin.party]));
    for (pointer, parties) in pairs.chain(rivals).chain(pins) {
        if let Some(party) = parties.into_iter().find(|party| !there.contains(*party)) {
            refuse(unknown(&pointer, party));
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Invalid(findings)) }
}

fn show(conn: &mut Conn, actor: &Actor, kept: &Kept<BoothPlan>) -> Result<BoothPlanShown> {
    let placed = &kept.matter.placed;
    let parties = placed.asked.exhibitors.iter().flat_map(|exhibitor| exhibitor.parties.iter().cloned());
    let cards = Cards::with_gone(conn, &actor.scope(), parties.chain([placed.exhibition.clone()]))?;
    let place = |(at, exhibitor): (usize, &crate::domain::desk::booth_plan::Exhibitor)| PlaceShown {
        booth: placed.booths.get(at).cloned().unwrap_or_default(),
        name: exhibitor.name.as_ref().map(|name| name.as_str().to_owned()),
        parties: cards.some(&exhibitor.parties),
        size: exhibitor.size,
    };
    let organiser = match permit::organiser(actor) {
        Err(_) => None,
        Ok(()) => {
            let desk = people(conn, kept.matter.desk.iter().map(ToString::to_string))?;
            Some(BoothPlanOrganiser {
                version: kept.version(),
                updated_at: kept.updated_at.clone(),
                desk: kept.matter.desk.as_ref().and_then(|id| desk.get(id.as_str()).cloned()),
                asked: placed.asked.clone(),
                neighbours: placed.neighbours.clone(),
                value: placed.value,
                bound: placed.bound,
                proven: placed.proven,
            })
        }
    };
    Ok(BoothPlanShown {
        id: kept.id.clone(),
        exhibition: cards.get(&placed.exhibition),
        state: kept.matter.state,
        places: placed.asked.exhibitors.iter().enumerate().map(place).collect(),
        created_at: kept.created_at.clone(),
        organiser,
    })
}
