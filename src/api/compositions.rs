//! `/compositions`: who goes together to an exhibition, kept. An answer at once, a better one in the background, changes by
//! hand with their effect.

use super::background::{Run, RunShown};
use super::candidates::Gathered;
use super::compose::{GroupAnswer, Party, WishQuery, answered, read_tree, refused};
use super::compose_words::Words;
use super::composition_ask::{
    CompositionAsk, CompositionEdit, SECONDS, Whose, WishShown, edited, in_our_words, in_words_of_edit, question,
    read_ask,
};
use super::matter::{self, CardShown, Cards, History, HistoryQuery, MatterQuery};
use super::permit;
use super::problem::{Answer, ProblemBody};
use super::solves::{Job, found_deed};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::{Composition, CompositionDeed};
use crate::domain::entry::Title;
use crate::domain::vocabulary::desk::CompositionState;
use crate::domain::{Actor, Defect, Exhibition, Finding, Thing, ThingId, Timestamp, parse};
use crate::error::{Error, Result};
use crate::store::matters::{self, Kept, Sight};
use crate::store::{Conn, fairs, idempotency, things, vocabulary};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::composing::Progress;
use musubi_index::composing::group;
use serde::Serialize;
use serde_json::json;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// The answer at once: at the first that keeps every hard wish after so long; without one, after so long.
const AT_ONCE: Duration = Duration::from_millis(150);
const AT_ONCE_MOST: Duration = Duration::from_secs(3);

/// What the last change by hand did.
#[derive(Debug, Serialize, ToSchema)]
pub struct EffectShown {
    /// What the group before it is worth under what is asked now.
    pub value_before: f64,
    /// Places of the wishes that the group before it breaks.
    pub broken_before: Vec<usize>,
    pub value_after: Option<f64>,
    pub came_in: Vec<CardShown>,
    pub went_out: Vec<CardShown>,
}

#[derive(Serialize, ToSchema)]
pub struct CompositionShown {
    pub id: ThingId,
    pub state: CompositionState,
    pub exhibition: Option<CardShown>,
    /// What is asked now.
    pub ask: CompositionAsk,
    pub wishes: Vec<WishShown>,
    /// The best answer so far; parties that the reader may not see are left without a name.
    pub result: Option<GroupAnswer>,
    pub effect: Option<EffectShown>,
    /// Whether a better answer is being looked for.
    pub solve: RunShown,
    /// Counts what people asked; the ETag is made of it.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub struct CompositionsShown {
    pub items: Vec<CompositionShown>,
    pub next: Option<String>,
}

/// Of the list as a file.
const COLUMNS: matter::Columns = &[
    ("ID", "/id"),
    ("状態 / state", "/state"),
    ("展示会 / exhibition", "/exhibition/title"),
    ("候補 / candidates", "/result/candidates"),
    ("価値 / value", "/result/group/value"),
    ("上界 / bound", "/result/bound"),
    ("版 / version", "/version"),
    ("作成 / created", "/created_at"),
    ("更新 / updated", "/updated_at"),
];

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/exhibitions/{id}/compositions").route(web::get().to(list)).route(web::post().to(create)))
        .service(at("/compositions/{id}").route(web::get().to(read)).route(web::patch().to(change)))
        .service(at("/compositions/{id}/history").route(web::get().to(history)))
        .service(at("/compositions/{id}/solve").route(web::get().to(solve)).route(web::delete().to(stop)));
}

/// Compositions of one exhibition, newest first.
#[utoipa::path(get, path = "/api/v1/exhibitions/{id}/compositions", tag = "exhibitions",
    params(("id" = String, Path), MatterQuery), responses(
    (status = 200, body = CompositionsShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let (id, scope) = (wire::known_id(&id)?, actor.scope());
    let exhibition = app.read(move |conn| things::get::<Exhibition>(conn, &scope, &id)).await?;
    let states: Vec<&str> = CompositionState::ALL.iter().map(|state| state.code()).collect();
    let service = app.get_ref().clone();
    let show = move |conn: &mut Conn, actor: &Actor, page: Vec<Kept<Composition>>| {
        page.iter().map(|kept| show(&service, conn, actor, kept)).collect()
    };
    let about = Some(exhibition.header.id);
    matter::list_about::<Composition, CompositionShown>(&app, &request, actor, about, &states, COLUMNS, show).await
}

/// Composes a group: an answer at once, and a better one in the background.
#[utoipa::path(post, path = "/api/v1/exhibitions/{id}/compositions", tag = "exhibitions", request_body = CompositionAsk,
    params(("id" = String, Path),
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again within 24 hours makes no second one."),
), responses(
    (status = 201, body = CompositionShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
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
    let id = wire::known_id(&id)?;
    let read = parse::read::<CompositionAsk>(wire::json(&request, &body)?);
    let Some(ask) = read.value.clone() else { return Err(Error::Invalid(read.findings).into()) };
    let scope = actor.scope();
    let exhibition = app.read(move |conn| things::get::<Exhibition>(conn, &scope, &id)).await?;
    let first = match first(&app, exhibition.clone(), ask.clone(), None, None).await {
        Ok(first) if read.findings.is_empty() => first,
        Ok(_) => return Err(Error::Invalid(read.findings).into()),
        Err(Error::Invalid(more)) => return Err(Error::Invalid(read.and(more)).into()),
        Err(_) if !read.findings.is_empty() => return Err(Error::Invalid(read.findings).into()),
        Err(error) => return Err(error.into()),
    };
    let key = match wire::header_text(&request, "idempotency-key")? {
        Some(key) => Some(idempotency::Key::new(actor.name(), key, request.path(), &body)?),
        None => None,
    };
    let stored = serde_json::to_value(&ask).map_err(Error::internal)?;
    let (found, clock) = (first.found.clone(), app.clock().clone());
    let written = app
        .write(actor.clone(), move |tx| {
            if let Some(key) = &key
                && let Some(earlier) = idempotency::find(tx, &clock, key)?
            {
                tx.unchanged();
                return Ok((matters::get::<Composition>(tx.conn(), &Sight::All, &earlier.thing)?, false));
            }
            let asked = CompositionDeed::Asked { exhibition: exhibition.header.id, ask: stored };
            let mut kept = matters::open::<Composition>(tx, asked, None)?;
            matters::add(tx, &mut kept, found_deed(1, found, None)?, None)?;
            if let Some(key) = &key {
                // The answer to a repeat is the composition as it stands: it gets better by itself.
                idempotency::keep(tx, key, &kept.id, "")?;
            }
            Ok((kept, true))
        })
        .await?;
    let (kept, begun) = written.value;
    if begun {
        go_on(&app, &kept, &ask, first);
    }
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, format!("/api/v1/compositions/{}", kept.id)));
    answer(&app, actor, kept, response).await
}

/// One composition with the best answer so far.
#[utoipa::path(get, path = "/api/v1/compositions/{id}", tag = "exhibitions", params(("id" = String, Path)), responses(
    (status = 200, body = CompositionShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let id = wire::known_id(&id)?;
    let kept = app.read(move |conn| matters::get::<Composition>(conn, &Sight::All, &id)).await?;
    answer(&app, actor, kept, HttpResponse::Ok()).await
}

/// Pins, bans, swaps, or other wishes: solved again, with the effect. Nobody's change is lost: If-Match. Where nothing else is
/// asked, nothing happens, unless `anew` says so.
#[utoipa::path(patch, path = "/api/v1/compositions/{id}", tag = "exhibitions", request_body = CompositionEdit,
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The ETag that was read, with its quotes.")),
    responses(
    (status = 200, body = CompositionShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 412, body = ProblemBody), (status = 422, body = ProblemBody),
    (status = 428, body = ProblemBody), (status = 503, body = ProblemBody),
), security(("bearer" = [])))]
async fn change(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    permit::organiser(&actor)?;
    let id = wire::known_id(&id)?;
    let expected = Revision::required(&request)?.0;
    let edit: CompositionEdit = read_tree(wire::json(&request, &body)?)?;
    let scope = actor.scope();
    let (kept, exhibition) = app
        .read(move |conn| {
            let kept = fairs::composition(conn, &id)?;
            let exhibition = things::get::<Exhibition>(conn, &scope, &kept.matter.exhibition)?;
            Ok((kept, exhibition))
        })
        .await?;
    refuse_stale(&kept, expected)?;
    let before = read_ask(&kept)?;
    let ask = edited(before.clone(), &edit)?;
    if ask == before && !edit.anew {
        return answer(&app, actor, kept, HttpResponse::Ok()).await;
    }
    let members: Vec<String> = GroupAnswer::kept(&kept.matter)
        .and_then(|result| result.group)
        .map_or_else(Vec::new, |group| group.members.into_iter().map(|member| member.party.id).collect());
    check_swaps(&edit, &before, &members)?;
    let first = first(&app, exhibition, ask.clone(), Some(kept.id.clone()), Some(members)).await;
    let first = first.map_err(|error| in_words_of_edit(error, &ask, &edit))?;
    let (stored, edit) =
        (serde_json::to_value(&ask).map_err(Error::internal)?, serde_json::to_value(&edit).map_err(Error::internal)?);
    let (found, effect, id) = (first.found.clone(), first.effect.clone(), kept.id);
    let written = app
        .write(actor.clone(), move |tx| {
            let mut kept = fairs::composition(tx.conn(), &id)?;
            refuse_stale(&kept, expected)?;
            matters::add(tx, &mut kept, CompositionDeed::Changed { edit, ask: stored }, None)?;
            let revision = kept.matter.revision;
            matters::add(tx, &mut kept, found_deed(revision, found, effect)?, None)?;
            Ok(kept)
        })
        .await?;
    // What answers the question of before is of no use any more.
    app.background.drop_all_of(&written.value.id);
    go_on(&app, &written.value, &ask, first);
    answer(&app, actor, written.value, HttpResponse::Ok()).await
}

/// Everything that was asked and found, with who asked it.
#[utoipa::path(get, path = "/api/v1/compositions/{id}/history", tag = "exhibitions", params(("id" = String, Path), HistoryQuery),
    responses(
    (status = 200, body = History), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn history(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let (id, format) = (wire::known_id(&id)?, matter::history_form(&request)?);
    let scope = actor.scope();
    let history = app
        .read(move |conn| {
            let kept = matters::get::<Composition>(conn, &Sight::All, &id)?;
            matter::history::<Composition>(conn, &kept.events, true, |deed| {
                serde_json::to_value(deed).map_err(Error::internal)
            })
        })
        .await?;
    matter::answer_history::<Composition>(&app, scope, format, history).await
}

/// How far the solver in the background is.
#[utoipa::path(get, path = "/api/v1/compositions/{id}/solve", tag = "exhibitions", params(("id" = String, Path)),
    responses(
    (status = 200, body = RunShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn solve(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let id = wire::known_id(&id)?;
    let kept = app.read(move |conn| matters::get::<Composition>(conn, &Sight::All, &id)).await?;
    Ok(HttpResponse::Ok().json(app.background.shown(&kept.id)))
}

/// Stops the solver; the best answer until then stays. Nothing to stop is as good.
#[utoipa::path(delete, path = "/api/v1/compositions/{id}/solve", tag = "exhibitions", params(("id" = String, Path)),
    responses(
    (status = 204, description = "It stops, or nothing was being solved."), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn stop(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let id = wire::known_id(&id)?;
    let kept = app.read(move |conn| matters::get::<Composition>(conn, &Sight::All, &id)).await?;
    if let Some(revision) = app.background.stop(&kept.id) {
        app.write(actor, move |tx| {
            let mut kept = matters::get::<Composition>(tx.conn(), &Sight::All, &kept.id)?;
            matters::add(tx, &mut kept, CompositionDeed::Stopped { revision }, None)
        })
        .await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

fn refuse_stale(kept: &Kept<Composition>, expected: i64) -> Result<()> {
    if kept.matter.revision == expected { Ok(()) } else { Err(Error::Stale { current: kept.matter.revision }) }
}

/// The answer at once, and what goes on from it.
struct First {
    found: GroupAnswer,
    effect: Option<serde_json::Value>,
    gathered: Gathered,
}

/// Gathers the candidates and answers at once. `own`: the composition that is changed; `before`: its members until then.
async fn first(
    app: &web::Data<App>,
    exhibition: Thing<Exhibition>,
    ask: CompositionAsk,
    own: Option<ThingId>,
    before: Option<Vec<String>>,
) -> Result<First> {
    let mut refused_yet = ask.check();
    // What is far too much is counted, not read.
    let lists = ["/wishes", "/pins", "/bans", "/parties"];
    if refused_yet.iter().any(|finding| lists.contains(&finding.pointer.as_str())) {
        return Err(Error::Invalid(refused_yet));
    }
    let service = app.get_ref().clone();
    app.in_turn(move || {
        let whose = own.as_ref().map_or(Whose::Nobody, Whose::Composition);
        let gathered = match question(&service, &exhibition, &ask, whose) {
            Ok(gathered) if refused_yet.is_empty() => gathered,
            Ok(_) => return Err(Error::Invalid(refused_yet)),
            Err(Error::Invalid(more)) => {
                refused_yet.extend(more);
                return Err(Error::Invalid(refused_yet));
            }
            Err(error) => return Err(error),
        };
        let began = Instant::now();
        let mut watch = |progress: Progress| {
            let passed = began.elapsed();
            passed < AT_ONCE || (progress.best.is_none() && passed < AT_ONCE_MOST)
        };
        let answer =
            group::compose(&gathered.question, &mut watch).map_err(|refusals| in_our_words(refused(refusals), &ask))?;
        let found = answered(&answer, &gathered.known, None, gathered.question.candidates.len(), gathered.stale);
        let effect = before.map(|members| effect(&gathered, &members)).transpose()?;
        Ok(First { found, effect, gathered })
    })
    .await
}

/// A swap takes a member out and somebody else in. Without a group nobody is a member but by a pin.
fn check_swaps(edit: &CompositionEdit, before: &CompositionAsk, members: &[String]) -> Result<()> {
    let mut findings = Vec::new();
    let is_member = |id: &ThingId| match members {
        [] => before.pins.contains(id),
        members => members.iter().any(|member| member == id.as_str()),
    };
    for (at, swap) in edit.swap.iter().enumerate() {
        if !is_member(&swap.out) {
            let ja = "外す企業は、いまの案のメンバーではありません。";
            let defect = Defect::new("swap.out", ja, "Who is to go out is no member of the group.");
            findings.push(Finding::new(format!("/swap/{at}/out"), defect));
        }
        if is_member(&swap.into) {
            let ja = "入れる企業は、すでにいまの案のメンバーです。";
            let defect = Defect::new("swap.into", ja, "Who is to come in is a member of the group already.");
            findings.push(Finding::new(format!("/swap/{at}/into"), defect));
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Invalid(findings)) }
}

/// What the group before a change is worth now. Who is no candidate any more is left out.
fn effect(gathered: &Gathered, members: &[String]) -> Result<serde_json::Value> {
    let still: Vec<String> = members.iter().filter(|id| gathered.known.names.contains_key(*id)).cloned().collect();
    let judged = group::evaluate(&gathered.question, &still).map_err(refused)?;
    Ok(json!({ "members": members, "value": judged.value, "broken": judged.broken }))
}

/// A longer solve in the background, where it may find or prove more.
fn go_on(app: &App, kept: &Kept<Composition>, ask: &CompositionAsk, first: First) {
    let seconds = ask.seconds.unwrap_or(SECONDS);
    if seconds == 0 || first.found.proven {
        return;
    }
    let Gathered { question, known, stale } = first.gathered;
    let job = Job {
        composition: kept.id.clone(),
        revision: kept.matter.revision,
        question,
        known,
        stale,
        effect: first.effect,
    };
    let database = app.database.clone();
    let work = move |run: &Run| job.solve(&database, run);
    // The answer that stands has to do where too many wait.
    if let Err(error) = app.background.begin(&kept.id, kept.matter.revision, seconds, app.clock().timestamp(), work) {
        tracing::warn!(composition = %kept.id, %error, "a composition is not solved on");
    }
}

async fn answer(
    app: &web::Data<App>,
    actor: Actor,
    kept: Kept<Composition>,
    mut response: actix_web::HttpResponseBuilder,
) -> Answer {
    response.insert_header((header::ETAG, Revision(kept.matter.revision).etag()));
    let service = app.get_ref().clone();
    let shown = app.read(move |conn| show(&service, conn, &actor, &kept)).await?;
    Ok(response.json(shown))
}

fn show(app: &App, conn: &mut Conn, actor: &Actor, kept: &Kept<Composition>) -> Result<CompositionShown> {
    let mut kept = kept.clone();
    fairs::follow(conn, &mut kept.matter)?;
    let kept = &kept;
    let ask = read_ask(kept)?;
    let mut result = GroupAnswer::kept(&kept.matter);
    let mut ids = vec![kept.matter.exhibition.clone()];
    let mut hear = |party: &mut Party| ids.push(ThingId::from_stored(party.id.clone()));
    if let Some(result) = &mut result {
        result.each_party(&mut hear);
    }
    let before: Vec<ThingId> = members_before(kept);
    ids.extend(before.iter().cloned());
    let wishes = ask.listed_wishes();
    ids.extend(wishes.iter().flat_map(|listed| listed.wish.rule.named()).cloned());
    let cards = Cards::read(conn, &actor.scope(), ids)?;
    if let Some(result) = &mut result {
        result.each_party(&mut |party| {
            if let Some(card) = cards.get(&ThingId::from_stored(party.id.clone())) {
                party.name = card.title;
            }
        });
        result.each_chance(&mut |chances| {
            // A need that the reader may not see, or no longer see as that of this visitor, is not spoken of.
            chances.retain_mut(|chance| {
                let need = cards.get(&ThingId::from_stored(chance.need.id.clone()));
                let theirs = need.is_some_and(|need| need.owner.as_deref() == Some(chance.visitor.id.as_str()));
                chance.say();
                theirs && cards.get(&ThingId::from_stored(chance.visitor.id.clone())).is_some()
            });
        });
        let asked: Vec<&WishQuery> = wishes.iter().map(|listed| &listed.wish).collect();
        words(conn, &cards, &asked)?.say(result, &asked);
    }
    let now: Vec<ThingId> = result
        .iter()
        .flat_map(|result| &result.group)
        .flat_map(|group| &group.members)
        .map(|member| ThingId::from_stored(member.party.id.clone()))
        .collect();
    let effect = kept.matter.effect.as_ref().map(|effect| EffectShown {
        value_before: effect["value"].as_f64().unwrap_or_default(),
        broken_before: serde_json::from_value(effect["broken"].clone()).unwrap_or_default(),
        value_after: result.as_ref().and_then(|result| result.group.as_ref()).map(|group| group.value),
        came_in: cards.some(&now.iter().filter(|id| !before.contains(id)).cloned().collect::<Vec<_>>()),
        went_out: cards.some(&before.iter().filter(|id| !now.contains(id)).cloned().collect::<Vec<_>>()),
    });
    Ok(CompositionShown {
        id: kept.id.clone(),
        state: kept.matter.state,
        exhibition: cards.get(&kept.matter.exhibition),
        wishes,
        ask,
        result,
        effect,
        solve: app.background.shown(&kept.id),
        version: kept.matter.revision,
        created_at: kept.created_at.clone(),
        updated_at: kept.updated_at.clone(),
    })
}

/// What those whom wishes name, and fields, are called.
fn words(conn: &mut Conn, cards: &Cards, wishes: &[&WishQuery]) -> Result<Words> {
    let named = wishes.iter().flat_map(|wish| wish.rule.named());
    let parties = named.filter_map(|id| Some((id.to_string(), cards.get(id)?.title))).collect();
    let title = |field: vocabulary::Field| Title { ja: Some(field.name_ja), en: Some(field.name_en) };
    let fields = vocabulary::all_fields(conn)?.into_iter().map(|field| (field.code.clone(), title(field))).collect();
    Ok(Words { parties, fields })
}

fn members_before(kept: &Kept<Composition>) -> Vec<ThingId> {
    let members = kept.matter.effect.as_ref().and_then(|effect| effect["members"].as_array());
    members.into_iter().flatten().filter_map(|id| id.as_str()).map(|id| ThingId::from_stored(id.to_owned())).collect()
}
