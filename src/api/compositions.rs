//! `/compositions`: who goes together to an exhibition, kept. An answer at once, a better one in the background, changes by
//! hand with their effect.

use super::candidates::{Deriving, Gathered, gather};
use super::compose::{
    CANDIDATES_MOST, CandidateQuery, GroupAnswer, GroupQuery, MatchFilters, Party, RuleQuery, TopicQuery, WishQuery,
    answered, read_tree, refused,
};
use super::matter::{self, CardShown, Cards, History, MatterQuery, known_id};
use super::permit;
use super::problem::Answer;
use super::problem::ProblemBody;
use super::solves::{Job, SolveShown, found_deed};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::shares::{SubsidyRule, part_cost};
use crate::domain::desk::{Application, Composition, CompositionDeed, Day};
use crate::domain::vocabulary::desk::{ApplicationState, CompositionState};
use crate::domain::{AccountActor, Actor, Defect, Exhibition, Finding, Role, Thing, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::store::matters::{self, Kept, Sight};
use crate::store::{Conn, concepts, things};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::composing::Progress;
use musubi_index::composing::group;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// Seconds for the solver in the background, unless asked otherwise, and at most.
const SECONDS: u64 = 10;
const SECONDS_MOST: u64 = 60;
/// The answer at once: at the first that keeps every hard wish after so long; without one, after so long.
const AT_ONCE: Duration = Duration::from_millis(150);
const AT_ONCE_MOST: Duration = Duration::from_secs(3);
/// Other groups, unless asked otherwise.
const ALTERNATIVES: usize = 3;
/// Pins and bans at most.
const BY_HAND_MOST: usize = 200;

/// Where candidates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Who applied and did not withdraw.
    Applicants,
    /// The 300 organisations that the theme finds, and whoever the wishes name.
    Registry,
    /// Those listed in `parties`.
    Listed,
}

/// What is asked. Its answer is kept with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompositionAsk {
    pub from: Source,
    /// For `listed`: up to 1,000 organisations.
    #[serde(default)]
    pub parties: Vec<ThingId>,
    /// For `registry`: conditions on organisations.
    #[serde(default)]
    pub filters: MatchFilters,
    #[serde(default)]
    pub wishes: Vec<WishQuery>,
    /// So many members; or use the wish `places`.
    #[serde(default)]
    pub size: Option<usize>,
    /// For the solver in the background: 0 (only the answer at once) to 60; 10 if absent.
    #[serde(default)]
    pub seconds: Option<u64>,
    /// Clearly different other groups, 0 to 10; 3 if absent.
    #[serde(default)]
    pub alternatives: Option<usize>,
    /// Parties that take part whatever the rest says.
    #[serde(default)]
    pub pins: Vec<ThingId>,
    /// Parties that do not.
    #[serde(default)]
    pub bans: Vec<ThingId>,
}

/// A change by hand.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CompositionEdit {
    pub pin: Vec<ThingId>,
    pub unpin: Vec<ThingId>,
    pub ban: Vec<ThingId>,
    pub unban: Vec<ThingId>,
    /// Bans one and pins another.
    pub swap: Vec<Swap>,
    /// Instead of the wishes so far.
    pub wishes: Option<Vec<WishQuery>>,
    pub size: Option<usize>,
    pub seconds: Option<u64>,
    pub alternatives: Option<usize>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Swap {
    pub out: ThingId,
    pub into: ThingId,
}

/// A wish as it was solved; answers name wishes by their place in this list.
#[derive(Debug, Serialize, ToSchema)]
pub struct WishShown {
    /// `wish`, `size`, `pin` or `ban`.
    pub origin: &'static str,
    pub wish: WishQuery,
}

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
    pub solve: SolveShown,
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
    let (id, scope) = (known_id(&id)?, actor.scope());
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
    params(("id" = String, Path)), responses(
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
    let id = known_id(&id)?;
    let ask: CompositionAsk = read_tree(wire::json(&request, &body)?)?;
    let scope = actor.scope();
    let exhibition = app.read(move |conn| things::get::<Exhibition>(conn, &scope, &id)).await?;
    let first = first(&app, exhibition.clone(), ask.clone(), None).await?;
    let stored = serde_json::to_value(&ask).map_err(Error::internal)?;
    let found = first.found.clone();
    let written = app
        .write(actor.clone(), move |tx| {
            let asked = CompositionDeed::Asked { exhibition: exhibition.header.id, ask: stored };
            let mut kept = matters::open::<Composition>(tx, asked, None)?;
            matters::add(tx, &mut kept, found_deed(1, found, None)?, None)?;
            Ok(kept)
        })
        .await?;
    go_on(&app, &written.value, &ask, first);
    let id = written.value.id.clone();
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, format!("/api/v1/compositions/{id}")));
    answer(&app, actor, written.value, response).await
}

/// One composition with the best answer so far.
#[utoipa::path(get, path = "/api/v1/compositions/{id}", tag = "exhibitions", params(("id" = String, Path)), responses(
    (status = 200, body = CompositionShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let id = known_id(&id)?;
    let kept = app.read(move |conn| matters::get::<Composition>(conn, &Sight::All, &id)).await?;
    answer(&app, actor, kept, HttpResponse::Ok()).await
}

/// Pins, bans, swaps, or other wishes: solved again, with the effect. Nobody's change is lost: If-Match.
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
    let id = known_id(&id)?;
    let expected = Revision::required(&request)?.0;
    let edit: CompositionEdit = read_tree(wire::json(&request, &body)?)?;
    let scope = actor.scope();
    let (kept, exhibition) = app
        .read(move |conn| {
            let kept = matters::get::<Composition>(conn, &Sight::All, &id)?;
            let exhibition = things::get::<Exhibition>(conn, &scope, &kept.matter.exhibition)?;
            Ok((kept, exhibition))
        })
        .await?;
    refuse_stale(&kept, expected)?;
    let before = read_ask(&kept)?;
    let ask = edited(before, &edit)?;
    let members: Vec<String> = GroupAnswer::kept(&kept.matter)
        .and_then(|result| result.group)
        .map_or_else(Vec::new, |group| group.members.into_iter().map(|member| member.party.id).collect());
    let first = first(&app, exhibition, ask.clone(), Some(members)).await?;
    let (stored, edit) =
        (serde_json::to_value(&ask).map_err(Error::internal)?, serde_json::to_value(&edit).map_err(Error::internal)?);
    let (found, effect, id) = (first.found.clone(), first.effect.clone(), kept.id);
    let written = app
        .write(actor.clone(), move |tx| {
            let mut kept = matters::get::<Composition>(tx.conn(), &Sight::All, &id)?;
            refuse_stale(&kept, expected)?;
            matters::add(tx, &mut kept, CompositionDeed::Changed { edit, ask: stored }, None)?;
            let revision = kept.matter.revision;
            matters::add(tx, &mut kept, found_deed(revision, found, effect)?, None)?;
            Ok(kept)
        })
        .await?;
    // What answers the question of before is of no use any more.
    app.solves.stop(&written.value.id);
    go_on(&app, &written.value, &ask, first);
    answer(&app, actor, written.value, HttpResponse::Ok()).await
}

/// Everything that was asked and found, with who asked it.
#[utoipa::path(get, path = "/api/v1/compositions/{id}/history", tag = "exhibitions", params(("id" = String, Path)),
    responses(
    (status = 200, body = History), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn history(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let id = known_id(&id)?;
    let history = app
        .read(move |conn| {
            let kept = matters::get::<Composition>(conn, &Sight::All, &id)?;
            matter::history::<Composition>(conn, &kept.events, true, |deed| {
                serde_json::to_value(deed).map_err(Error::internal)
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(history))
}

/// How far the solver in the background is.
#[utoipa::path(get, path = "/api/v1/compositions/{id}/solve", tag = "exhibitions", params(("id" = String, Path)),
    responses(
    (status = 200, body = SolveShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn solve(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let id = known_id(&id)?;
    let kept = app.read(move |conn| matters::get::<Composition>(conn, &Sight::All, &id)).await?;
    Ok(HttpResponse::Ok().json(app.solves.shown(&kept.id)))
}

/// Stops the solver; the best answer until then stays. Nothing to stop is as good.
#[utoipa::path(delete, path = "/api/v1/compositions/{id}/solve", tag = "exhibitions", params(("id" = String, Path)),
    responses(
    (status = 204, description = "It stops, or nothing was being solved."), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn stop(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let id = known_id(&id)?;
    let kept = app.read(move |conn| matters::get::<Composition>(conn, &Sight::All, &id)).await?;
    if let Some(revision) = app.solves.stop(&kept.id) {
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

pub(super) fn read_ask(kept: &Kept<Composition>) -> Result<CompositionAsk> {
    serde_json::from_value(kept.matter.ask.clone()).map_err(Error::internal)
}

/// What is asked after a change by hand.
fn edited(mut ask: CompositionAsk, edit: &CompositionEdit) -> Result<CompositionAsk> {
    let pinned: BTreeSet<&ThingId> = edit.pin.iter().chain(edit.swap.iter().map(|swap| &swap.into)).collect();
    let banned: BTreeSet<&ThingId> = edit.ban.iter().chain(edit.swap.iter().map(|swap| &swap.out)).collect();
    if let Some(both) = pinned.intersection(&banned).next() {
        let defect = Defect::new(
            "edit.both",
            format!("{both} を同時に固定と除外にはできません。"),
            format!("{both} cannot be pinned and banned at once."),
        );
        return Err(Error::invalid("/pin", defect));
    }
    ask.pins.retain(|id| !edit.unpin.contains(id) && !banned.contains(id) && !pinned.contains(id));
    ask.bans.retain(|id| !edit.unban.contains(id) && !pinned.contains(id) && !banned.contains(id));
    ask.pins.extend(pinned.into_iter().cloned());
    ask.bans.extend(banned.into_iter().cloned());
    if let Some(wishes) = &edit.wishes {
        ask.wishes.clone_from(wishes);
    }
    ask.size = edit.size.or(ask.size);
    ask.seconds = edit.seconds.or(ask.seconds);
    ask.alternatives = edit.alternatives.or(ask.alternatives);
    Ok(ask)
}

impl CompositionAsk {
    /// Nothing is wished.
    pub(super) fn plain(from: Source) -> Self {
        Self {
            from,
            parties: Vec::new(),
            filters: MatchFilters::default(),
            wishes: Vec::new(),
            size: None,
            seconds: None,
            alternatives: None,
            pins: Vec::new(),
            bans: Vec::new(),
        }
    }

    /// The wishes in the order in which answers name them.
    pub(super) fn listed_wishes(&self) -> Vec<WishShown> {
        let must = |origin, rule| WishShown { origin, wish: WishQuery { rule, soft: None } };
        let asked = self.wishes.iter().map(|wish| WishShown { origin: "wish", wish: wish.clone() });
        let size = self.size.map(|size| must("size", RuleQuery::Places { least: size, most: size }));
        let pins = self.pins.iter().map(|id| must("pin", RuleQuery::Must { candidate: id.clone() }));
        let bans = self.bans.iter().map(|id| must("ban", RuleQuery::Never { candidate: id.clone() }));
        asked.chain(size).chain(pins).chain(bans).collect()
    }

    fn check(&self) -> Result<()> {
        let mut findings = Vec::new();
        let mut refuse = |pointer: &str, code: &str, ja: String, en: String| {
            findings.push(Finding::new(pointer, Defect::new(code, ja, en)));
        };
        let mut range = |pointer: &str, count: usize, least: usize, most: usize| {
            if !(least..=most).contains(&count) {
                let ja = format!("{least}〜{most}で指定してください（現在{count}）。");
                refuse(pointer, "list.length", ja, format!("This takes {least} to {most}; here it is {count}."));
            }
        };
        range("/wishes", self.wishes.len(), 0, group::MOST_WISHES - 2 * BY_HAND_MOST - 1);
        range("/pins", self.pins.len(), 0, BY_HAND_MOST);
        range("/bans", self.bans.len(), 0, BY_HAND_MOST);
        range("/alternatives", self.alternatives.unwrap_or(0), 0, 10);
        range("/seconds", self.seconds.unwrap_or(0) as usize, 0, SECONDS_MOST as usize);
        range("/size", self.size.unwrap_or(2), 2, CANDIDATES_MOST);
        let (least, most) = if self.from == Source::Listed { (1, CANDIDATES_MOST) } else { (0, 0) };
        range("/parties", self.parties.len(), least, most);
        let places = |wish: &WishQuery| matches!(wish.rule, RuleQuery::Places { .. }) && wish.soft.is_none();
        if self.size.is_none() && !self.wishes.iter().any(places) {
            let ja = "人数を size か、条件 places で指定してください。".to_owned();
            refuse("/size", "value.required", ja, "Say how many with size, or with the wish places.".to_owned());
        }
        if findings.is_empty() { Ok(()) } else { Err(Error::Invalid(findings)) }
    }
}

/// The answer at once, and what goes on from it.
struct First {
    found: GroupAnswer,
    effect: Option<serde_json::Value>,
    gathered: Gathered,
}

/// Gathers the candidates and answers at once. `before`: the members before a change by hand.
async fn first(
    app: &web::Data<App>,
    exhibition: Thing<Exhibition>,
    ask: CompositionAsk,
    before: Option<Vec<String>>,
) -> Result<First> {
    ask.check()?;
    let service = app.get_ref().clone();
    app.in_turn(move || {
        let gathered = question(&service, &exhibition, &ask)?;
        let began = Instant::now();
        let mut watch = |progress: Progress| {
            let passed = began.elapsed();
            passed < AT_ONCE || (progress.best.is_none() && passed < AT_ONCE_MOST)
        };
        let answer =
            group::compose(&gathered.question, &mut watch).map_err(|refusals| in_our_words(refused(refusals), &ask))?;
        let found = answered(&answer, &gathered.names, None, gathered.question.candidates.len(), gathered.stale);
        let effect = before.map(|members| effect(&gathered, &members)).transpose()?;
        Ok(First { found, effect, gathered })
    })
    .await
}

/// What the group before a change is worth now. Who is no candidate any more is left out.
fn effect(gathered: &Gathered, members: &[String]) -> Result<serde_json::Value> {
    let still: Vec<String> = members.iter().filter(|id| gathered.names.contains_key(*id)).cloned().collect();
    let judged = group::evaluate(&gathered.question, &still).map_err(refused)?;
    Ok(json!({ "members": members, "value": judged.value, "broken": judged.broken }))
}

/// A longer solve in the background, where it may find or prove more.
fn go_on(app: &App, kept: &Kept<Composition>, ask: &CompositionAsk, first: First) {
    let seconds = ask.seconds.unwrap_or(SECONDS);
    if seconds == 0 || first.found.proven {
        return;
    }
    let Gathered { question, names, stale } = first.gathered;
    let job = Job {
        composition: kept.id.clone(),
        revision: kept.matter.revision,
        question,
        names,
        seconds,
        stale,
        effect: first.effect,
    };
    if !app.solves.begin(job) {
        tracing::warn!(composition = %kept.id, "too many compositions wait for the solver");
    }
}

/// What the whole office may know: an officer's own memberships open nothing to the others.
fn office() -> Actor {
    let id = ThingId::from_stored("office".to_owned());
    Actor::Account(AccountActor { id, roles: vec![Role::Officer], memberships: Vec::new() })
}

/// The question with every candidate that there is.
pub(super) fn question(app: &App, exhibition: &Thing<Exhibition>, ask: &CompositionAsk) -> Result<Gathered> {
    let office = office();
    let scope = office.scope();
    let today = Day::at(&app.clock().timestamp());
    let (theme, applications) = app.database.read(|conn| {
        let theme = theme(conn, &exhibition.entry)?;
        Ok((theme, matters::about::<Application>(conn, &exhibition.header.id)?))
    })?;
    let applied: Vec<&Application> = applications
        .iter()
        .map(|kept| &kept.matter)
        .filter(|application| application.state == ApplicationState::Applied)
        .collect();
    let listed: Option<Vec<ThingId>> = match ask.from {
        Source::Registry => None,
        Source::Listed => Some(ask.parties.clone()),
        Source::Applicants => {
            // Who was hidden or deleted since is no candidate.
            let ids: Vec<ThingId> = applied.iter().map(|application| application.party.clone()).collect();
            let cards = app.database.read(|conn| Cards::read(conn, &scope, ids.iter().cloned()))?;
            Some(ids.into_iter().filter(|id| cards.get(id).is_some()).collect())
        }
    };
    if let Some(listed) = &listed
        && !(1..=CANDIDATES_MOST).contains(&listed.len())
    {
        let defect = Defect::new(
            "candidates.count",
            format!("候補は1〜{CANDIDATES_MOST}社です（現在{}社）。", listed.len()),
            format!("There must be 1 to {CANDIDATES_MOST} candidates; there are {}.", listed.len()),
        );
        return Err(Error::invalid("/from", defect));
    }
    let candidates = listed.as_ref().map(|listed| {
        let candidate = |id: &ThingId| candidate(&exhibition.entry, id, &applied);
        listed.iter().map(candidate).collect::<Vec<CandidateQuery>>()
    });
    let named: Option<BTreeSet<&ThingId>> = listed.as_ref().map(|listed| listed.iter().collect());
    let pairs = |list: fn(&Application) -> &[ThingId]| -> Vec<[ThingId; 2]> {
        let Some(named) = &named else { return Vec::new() };
        let of = |application: &&Application| {
            let others = list(application).iter().filter(|other| named.contains(*other));
            others.map(|other| [application.party.clone(), other.clone()]).collect::<Vec<_>>()
        };
        let from = applied.iter().filter(|application| named.contains(&application.party));
        from.flat_map(of).collect()
    };
    let query = GroupQuery {
        theme,
        candidates,
        filters: ask.filters.clone(),
        wishes: ask.listed_wishes().into_iter().map(|listed| listed.wish).collect(),
        rivals: pairs(|application| &application.form.apart),
        bonds: pairs(|application| &application.form.together),
        alternatives: ask.alternatives.unwrap_or(ALTERNATIVES),
        deriving: Some(Deriving {
            fiscal_year: exhibition.entry.begins_on.as_ref().unwrap_or(&today).fiscal_year(),
            exhibition: exhibition.header.id.clone(),
        }),
        ..GroupQuery::default()
    };
    gather(app, &office, &query).map_err(|error| in_our_words(error, ask))
}

/// What was refused of the question, where it stands in what was asked.
fn in_our_words(error: Error, ask: &CompositionAsk) -> Error {
    let Error::Invalid(mut findings) = error else { return error };
    for finding in &mut findings {
        let place = finding.pointer.strip_prefix("/wishes/").and_then(|rest| rest.split('/').next()?.parse().ok());
        if let Some(listed) = place.and_then(|place: usize| ask.listed_wishes().into_iter().nth(place))
            && listed.origin != "wish"
        {
            finding.pointer = format!("/{}", listed.origin);
        }
        if let Some(rest) = finding.pointer.strip_prefix("/candidates") {
            finding.pointer = format!("/parties{}", rest.strip_suffix("/id").unwrap_or(rest));
        }
    }
    Error::Invalid(findings)
}

/// What its application says of a candidate. Who did not apply may be asked to lead, like everybody.
fn candidate(exhibition: &Exhibition, id: &ThingId, applied: &[&Application]) -> CandidateQuery {
    let form = applied.iter().find(|application| application.party == *id).map(|application| &application.form);
    let cost = part_cost(exhibition, form);
    let rule = SubsidyRule::of(exhibition);
    let share = cost - rule.most_of(cost);
    let most = form.and_then(|form| form.pays_at_most).map_or(share, |most| most.value());
    CandidateQuery {
        id: id.clone(),
        willing_to_lead: form.is_none_or(|form| form.willing_to_lead),
        first_timer: false,
        exhibitions: 0,
        cost,
        share: share.min(most),
    }
}

/// The theme as questions: words in both languages, and the names of its concepts.
fn theme(conn: &mut Conn, exhibition: &Exhibition) -> Result<Vec<TopicQuery>> {
    if exhibition.theme.is_empty() {
        return Err(Error::Conflict(Defect::new(
            "no-theme",
            "展示会のテーマがありません。先にテーマを登録してください。",
            "The exhibition has no theme. Give it one first.",
        )));
    }
    let names: Vec<concepts::Concept> =
        if exhibition.theme.iter().all(|topic| topic.concepts.is_empty()) { Vec::new() } else { concepts::all(conn)? };
    let topic = |topic: &crate::domain::kinds::exhibition::Topic| {
        let words = topic.text_ja.iter().chain(&topic.text_en).map(|line| line.as_str().to_owned());
        let named = names.iter().filter(|known| topic.concepts.iter().any(|code| code.as_str() == known.code));
        let named = named.flat_map(|concept| concept.names.name_ja.iter().chain(&concept.names.name_en)).cloned();
        let text: Vec<String> = words.chain(named).collect();
        TopicQuery { text: text.join(" "), weight: topic.weight.map(|weight| weight.value() as f64) }
    };
    Ok(exhibition.theme.iter().map(topic).collect())
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
    let ask = read_ask(kept)?;
    let mut result = GroupAnswer::kept(&kept.matter);
    let mut ids = vec![kept.matter.exhibition.clone()];
    let mut hear = |party: &mut Party| ids.push(ThingId::from_stored(party.id.clone()));
    if let Some(result) = &mut result {
        result.each_party(&mut hear);
    }
    let before: Vec<ThingId> = members_before(kept);
    ids.extend(before.iter().cloned());
    let cards = Cards::read(conn, &actor.scope(), ids)?;
    if let Some(result) = &mut result {
        result.each_party(&mut |party| {
            if let Some(card) = cards.get(&ThingId::from_stored(party.id.clone())) {
                party.name = card.title;
            }
        });
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
        wishes: ask.listed_wishes(),
        ask,
        result,
        effect,
        solve: app.solves.shown(&kept.id),
        version: kept.matter.revision,
        created_at: kept.created_at.clone(),
        updated_at: kept.updated_at.clone(),
    })
}

fn members_before(kept: &Kept<Composition>) -> Vec<ThingId> {
    let members = kept.matter.effect.as_ref().and_then(|effect| effect["members"].as_array());
    members.into_iter().flatten().filter_map(|id| id.as_str()).map(|id| ThingId::from_stored(id.to_owned())).collect()
}
