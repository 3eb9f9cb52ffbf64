//! `/booth-plans`: groups and firms on the grid of an exhibition, so that those who complement each other are neighbours and
//! rivals are not. Drawn up and changed by those who organise; once published, exhibitors read where everybody stands.

use super::booth_placing::{Before, placed, refusals};
use super::list_files;
use super::matter::{self, CardShown, Cards, Done, MatterQuery, PersonShown, people};
use super::permit;
use super::problem::{Answer, ProblemBody};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::booth_plan::{BoothsAsked, Exhibitor, Neighbours, NeighboursWhy, PairAsked, Pin, Placed};
use crate::domain::desk::{BoothPlan, BoothPlanDeed, Group};
use crate::domain::finding::Message;
use crate::domain::vocabulary::desk::BoothPlanState;
use crate::domain::{Actor, Defect, Exhibition, Scope, ThingId, Timestamp, parse};
use crate::error::{Error, Result};
use crate::exchange::export::Format;
use crate::store::log::Position;
use crate::store::matters::{self, Kept, Sight};
use crate::store::{Conn, things};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use utoipa::{IntoParams, ToSchema};

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

/// A change of what is asked (a merge patch): what is named takes the place of what was. Of a published plan everybody
/// keeps the booth, but for whoever is moved by a pin, or has to make room for one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BoothsEdit {
    pub exhibitors: Option<Vec<Exhibitor>>,
    pub rivals: Option<Vec<[ThingId; 2]>>,
    pub overlap: Option<f64>,
    pub pairs: Option<Vec<PairAsked>>,
    pub pins: Option<Vec<Pin>>,
    /// Place everybody anew (the pins aside), also in a published plan.
    pub anew: Option<bool>,
}

/// What is amiss with a plan, in words, and what would help.
#[derive(Debug, Serialize, ToSchema)]
pub struct Warning {
    /// `rivals_beside`, `booth_gone`, `booth_small`, or `group_changed`: its members are others by now.
    pub code: &'static str,
    /// Places of the exhibitors.
    pub places: Vec<usize>,
    #[schema(value_type = Object)]
    pub message: Message,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BoothPlanOrganiser {
    pub version: i64,
    pub updated_at: Timestamp,
    pub desk: Option<PersonShown>,
    pub asked: BoothsAsked,
    /// Who stands beside whom (by place), what it is worth and why; those that say nothing of each other are left out.
    pub neighbours: Vec<Neighbours>,
    /// Rivals side by side all the same; booths that the grid of the exhibition no longer has, or that are too small now.
    pub warnings: Vec<Warning>,
    /// Sum over neighbours, rivals side by side aside.
    pub value: f64,
    /// No placement with as few rivals side by side is worth more; of those that keep what was kept.
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
    let sent = wire::json(&request, &body)?;
    let asked = asked(&app, &actor, &exhibition, sent).await?;
    let placed = placed(&app, &actor, exhibition, asked, actor.account().cloned(), None).await?;
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

/// Changes what is asked (a merge patch: pins, exhibitors, rivals …). A draft is placed anew; in a published plan everybody keeps
/// the booth, but for whoever is moved by hand, and only they are told. Nothing changed: nothing happens.
#[utoipa::path(patch, path = "/api/v1/booth-plans/{id}", tag = "exhibitions", request_body = BoothsEdit, params(
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
    let mut patch = wire::json(&request, &body)?;
    let anew = anew(&mut patch)?;
    let plan = id.clone();
    let kept = app.read(move |conn| current(conn, &plan, expected)).await?;
    let mut fields = serde_json::to_value(&kept.matter.placed.asked).map_err(Error::internal)?;
    parse::merge_patch(&mut fields, &patch);
    let asked = asked(&app, &actor, &kept.matter.placed.exhibition, fields).await?;
    if asked == kept.matter.placed.asked && !anew {
        let shown = app.read(move |conn| show(conn, &actor, &kept)).await?;
        return Ok(answer(StatusCode::OK, shown, None));
    }
    let published = kept.matter.state == BoothPlanState::Published;
    let (exhibition, desk) = (kept.matter.placed.exhibition.clone(), kept.matter.placed.desk.clone());
    let before = Before { placed: kept.matter.placed, keeps: published && !anew };
    let placed = placed(&app, &actor, exhibition, asked, desk, Some(before)).await?;
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

/// What is asked. Where some of it cannot be read, the rest is checked all the same: one look shows everything.
async fn asked(app: &App, actor: &Actor, exhibition: &ThingId, sent: serde_json::Value) -> Result<BoothsAsked> {
    let read = parse::read::<BoothsAsked>(sent);
    match read.value.clone() {
        Some(asked) if read.findings.is_empty() => Ok(asked),
        Some(asked) => {
            let (actor, exhibition) = (actor.clone(), exhibition.clone());
            let more = app.read(move |conn| refusals(conn, &actor, &exhibition, asked)).await?;
            Err(Error::Invalid(read.and(more)))
        }
        None => Err(Error::Invalid(read.findings)),
    }
}

/// Takes `anew` out of a patch: it is no part of what is asked.
fn anew(patch: &mut serde_json::Value) -> Result<bool> {
    match patch.as_object_mut().and_then(|fields| fields.remove("anew")) {
        None => Ok(false),
        Some(serde_json::Value::Bool(anew)) => Ok(anew),
        Some(_) => {
            let defect = Defect::new("value.type", "true か false を送ってください。", "This is true or false.");
            Err(Error::invalid("/anew", defect))
        }
    }
}

/// Shows the plan to its exhibitors, and tells them.
#[utoipa::path(post, path = "/api/v1/booth-plans/{id}/publish", tag = "exhibitions", params(
    ("id" = String, Path), ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 200, body = BoothPlanShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 412, body = ProblemBody),
    (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn publish(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let (id, expected) = (wire::known_id(&id)?, Revision::required(&request)?);
    let written = app
        .write(actor, move |tx| {
            let mut kept = current(tx.conn(), &id, expected)?;
            refuse_without_booth(tx.conn(), &kept.matter.placed)?;
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
    let format =
        Format::from_code(code).ok_or_else(|| Error::invalid("/format", wire::not_one_of(code, Format::CODES)))?;
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

/// The exhibition as it is now; none: it is there no more.
fn grid(conn: &mut Conn, exhibition: &ThingId) -> Result<Option<Exhibition>> {
    let found = things::get_many::<Exhibition>(conn, &Scope::Everything, &[exhibition.to_string()])?;
    Ok(found.into_iter().next().map(|thing| thing.entry))
}

/// What is shown to exhibitors has to be there.
fn refuse_without_booth(conn: &mut Conn, placed: &Placed) -> Result<()> {
    let Some(grid) = grid(conn, &placed.exhibition)? else { return Ok(()) };
    let there = |booth: &&String| grid.booths.iter().any(|one| one.id.as_str() == booth.as_str());
    match placed.booths.iter().find(|booth| !there(booth)) {
        None => Ok(()),
        Some(gone) => Err(Error::Conflict(Defect::new(
            "booth-gone",
            format!("小間 {gone} は会場の小間からなくなっています。anew を true にして配置し直してください。"),
            format!("Booth {gone} is no longer on the grid. Place everybody anew with anew: true."),
        ))),
    }
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
            let grid = grid(conn, &placed.exhibition)?;
            Some(BoothPlanOrganiser {
                version: kept.version(),
                updated_at: kept.updated_at.clone(),
                desk: kept.matter.desk.as_ref().and_then(|id| desk.get(id.as_str()).cloned()),
                asked: placed.asked.clone(),
                neighbours: placed.neighbours.clone(),
                warnings: {
                    let mut warnings = warnings(&kept.matter, &cards, grid.as_ref());
                    warnings.extend(changed_groups(conn, placed)?);
                    warnings
                },
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

/// Groups whose members are no longer those that stand in the plan.
fn changed_groups(conn: &mut Conn, placed: &Placed) -> Result<Vec<Warning>> {
    let mut warnings = Vec::new();
    for (place, exhibitor) in placed.asked.exhibitors.iter().enumerate() {
        let Some(group) = &exhibitor.group else { continue };
        let kept = match matters::get::<Group>(conn, &Sight::All, group) {
            Ok(kept) => kept,
            Err(Error::NotFound) => continue,
            Err(error) => return Err(error),
        };
        let now: BTreeSet<&ThingId> = kept.matter.members().collect();
        if now != exhibitor.parties.iter().collect() {
            let (title, booth) =
                (kept.matter.formed.title.as_str(), placed.booths.get(place).map_or("", String::as_str));
            let message = Message::new(
                format!(
                    "グループ「{title}」（小間 {booth}）の参加者が変わりました。exhibitors に group だけを書いて送り直すと、今の参加者になります。"
                ),
                format!(
                    "The members of the group \"{title}\" (booth {booth}) have changed. Send exhibitors again with the group alone, and they are those of today."
                ),
            );
            warnings.push(Warning { code: "group_changed", places: vec![place], message });
        }
    }
    Ok(warnings)
}

/// What is amiss with the plan as it stands on the grid of today.
fn warnings(plan: &BoothPlan, cards: &Cards, grid: Option<&Exhibition>) -> Vec<Warning> {
    let placed = &plan.placed;
    let who = |place: usize| {
        let exhibitor = &placed.asked.exhibitors[place];
        let title =
            exhibitor.parties.first().and_then(|party| cards.get(party)).map(|card| card.title.any().to_owned());
        exhibitor.name.as_ref().map(|name| name.as_str().to_owned()).or(title).unwrap_or_default()
    };
    let booth = |place: usize| placed.booths.get(place).map_or("", String::as_str);
    let pinned =
        |place: usize| placed.asked.pins.iter().any(|pin| placed.asked.exhibitors[place].parties.contains(&pin.party));
    let mut warnings = Vec::new();
    for pair in placed.neighbours.iter().filter(|pair| pair.why.contains(&NeighboursWhy::Rivals)) {
        let (why_ja, why_en) = if pinned(pair.left) && pinned(pair.right) {
            (
                "どちらの小間も固定されているためです。固定を外すか、間に壁を立ててください。",
                "Both booths are pinned. Take a pin away, or put a wall between them.",
            )
        } else if plan.state == BoothPlanState::Published {
            (
                "公開した小間割りでは、ほかの出展者の小間を動かしません。固定（pins）で移すか、anew を true にして配置し直してください。",
                "In a published plan nobody else moves. Move one of them by a pin, or place everybody anew with anew: true.",
            )
        } else if placed.proven {
            (
                "この会場の小間では離せません。小間を増やすか、間に壁を立てるか、固定を見直してください。",
                "This grid does not let them stand apart. Add booths, put a wall between them, or look at the pins again.",
            )
        } else {
            (
                "離れた配置は時間内に見つかりませんでした。小間を増やすか、間に壁を立てるか、固定を見直してください。",
                "No placement that keeps them apart was found in time. Add booths, put a wall between them, or look at the pins again.",
            )
        };
        let (one, other) = (pair.left, pair.right);
        let message = Message::new(
            format!(
                "競合する「{}」（{}）と「{}」（{}）が隣り合っています。{why_ja}",
                who(one),
                booth(one),
                who(other),
                booth(other)
            ),
            format!(
                "The rivals \"{}\" ({}) and \"{}\" ({}) stand side by side. {why_en}",
                who(one),
                booth(one),
                who(other),
                booth(other)
            ),
        );
        warnings.push(Warning { code: "rivals_beside", places: vec![one, other], message });
    }
    let Some(grid) = grid else { return warnings };
    let sizes: HashMap<&str, u32> = grid.booths.iter().map(|booth| (booth.id.as_str(), booth.size)).collect();
    for (place, exhibitor) in placed.asked.exhibitors.iter().enumerate() {
        let (code, ja, en) = match sizes.get(booth(place)) {
            None => ("booth_gone", "は会場の小間からなくなっています", "is no longer on the grid"),
            Some(size) if *size < exhibitor.size => ("booth_small", "は狭くなりました", "is too small now"),
            Some(_) => continue,
        };
        let message = Message::new(
            format!(
                "「{}」の小間 {} {ja}。別の小間に固定するか、anew を true にして配置し直してください。",
                who(place),
                booth(place)
            ),
            format!(
                "Booth {} of \"{}\" {en}. Pin it to another booth, or place everybody anew with anew: true.",
                booth(place),
                who(place)
            ),
        );
        warnings.push(Warning { code, places: vec![place], message });
    }
    warnings
}
