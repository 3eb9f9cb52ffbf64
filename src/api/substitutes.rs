//! `GET /groups/{id}/substitutes`: who best takes the place of a member that left, and why.

use super::compose::{ConflictBody, MemberBody, OutsideBody, PartsBody, RuleQuery, WishQuery, answered, refused};
use super::composition_ask::{CompositionAsk, Source, Whose, applicants, question, read_ask};
use super::matter::Cards;
use super::permit;
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::Group;
use crate::domain::vocabulary::Kind;
use crate::domain::{Defect, Exhibition, Scope, ThingId};
use crate::error::{Error, Result};
use crate::store::matters::{self, Sight};
use crate::store::{Conn, fairs, things};
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::composing::Progress;
use musubi_index::composing::group;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use utoipa::{IntoParams, ToSchema};

/// One open place is soon decided.
const LIMIT: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SubstituteQuery {
    /// `applicants` or `registry`; where the composition had its candidates from if absent.
    pub from: Option<Source>,
}

#[derive(Serialize, ToSchema)]
pub struct SubstitutesShown {
    /// Who adds most to the members that are left, under the wishes of the composition; null when nobody keeps them.
    pub best: Option<MemberBody>,
    /// What the group is worth with it, in points.
    pub value: Option<f64>,
    pub parts: Option<PartsBody>,
    /// Those who come next: what they would add, what keeps them out.
    pub next: Vec<OutsideBody>,
    /// Wishes that cannot all hold with one more member.
    pub conflict: Option<ConflictBody>,
    /// The wishes as they were solved; answers name them by place.
    pub wishes: Vec<WishQuery>,
    /// The candidates that were looked at, members included.
    pub candidates: usize,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/groups/{id}/substitutes")
            .route(web::get().to(propose))
            .default_service(web::to(wire::method_not_allowed)),
    );
}

/// Proposes who could take the place of a member that left. The members that are left stay.
#[utoipa::path(get, path = "/api/v1/groups/{id}/substitutes", tag = "exhibitions",
    params(("id" = String, Path), SubstituteQuery), responses(
    (status = 200, body = SubstitutesShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
    (status = 503, body = ProblemBody),
), security(("bearer" = [])))]
async fn propose(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let (id, query) = (wire::known_id(&id)?, wire::query::<SubstituteQuery>(&request)?);
    let scope = actor.scope();
    let service = app.get_ref().clone();
    let shown = app
        .in_turn(move || {
            let (group, exhibition, ask) = service.database.read(|conn| {
                let group = matters::get::<Group>(conn, &Sight::All, &id)?.matter;
                let Some(exhibition) = &group.formed.exhibition else {
                    return Err(Error::Conflict(Defect::new(
                        "no-exhibition",
                        "展示会のないグループには候補を提案できません。",
                        "Nobody is proposed for a group without an exhibition.",
                    )));
                };
                let exhibition = things::get::<Exhibition>(conn, &scope, exhibition)?;
                let asked = match &group.formed.composition {
                    Some(id) => Some(read_ask(&fairs::composition(conn, id)?)?),
                    None => None,
                };
                let mut ask = with_one_more(&group, asked, query.from);
                among(conn, &exhibition.header.id, &id, &mut ask)?;
                Ok((group, exhibition, ask))
            })?;
            let gathered = question(&service, &exhibition, &ask, Whose::Group(&id))?;
            let began = Instant::now();
            let mut watch = |_: Progress| began.elapsed() < LIMIT;
            let answer = group::compose(&gathered.question, &mut watch).map_err(refused)?;
            let count = gathered.question.candidates.len();
            let mut found = answered(&answer, &gathered.known, None, count, gathered.stale);
            let wishes = ask.listed_wishes();
            let asked: Vec<&WishQuery> = wishes.iter().map(|listed| &listed.wish).collect();
            gathered.known.words.say(&mut found, &asked);
            let staying: BTreeSet<&str> = group.active().map(|seat| seat.planned.party.as_str()).collect();
            let (value, parts, members) = match found.group {
                Some(group) => (Some(group.value), Some(group.parts), group.members),
                None => (None, None, Vec::new()),
            };
            Ok(SubstitutesShown {
                best: members.into_iter().find(|member| !staying.contains(member.party.id.as_str())),
                value,
                parts,
                next: found.outside.into_iter().filter(|one| !is_banned(&ask, &one.party.id)).collect(),
                conflict: found.conflict,
                wishes: wishes.into_iter().map(|listed| listed.wish).collect(),
                candidates: count,
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(shown))
}

fn is_banned(ask: &CompositionAsk, id: &str) -> bool {
    ask.bans.iter().any(|ban| ban.as_str() == id)
}

/// Members are candidates, whether they applied or not, and who left is none: candidates that are listed become exactly
/// those, and what the composition said of anybody else is over.
fn among(conn: &mut Conn, exhibition: &ThingId, own: &ThingId, ask: &mut CompositionAsk) -> Result<()> {
    let mut listed = match ask.from {
        Source::Registry => return known(conn, exhibition, own, ask),
        Source::Listed => std::mem::take(&mut ask.parties),
        Source::Applicants => applicants(conn, exhibition)?,
    };
    listed.retain(|id| !ask.pins.contains(id) && !ask.bans.contains(id));
    listed.extend(ask.pins.iter().cloned());
    ask.bans.clear();
    (ask.from, ask.parties) = (Source::Listed, listed);
    known(conn, exhibition, own, ask)
}

/// Whoever was deleted or hidden since, or goes in another group, is neither asked nor named.
fn known(conn: &mut Conn, exhibition: &ThingId, own: &ThingId, ask: &mut CompositionAsk) -> Result<()> {
    let named = ask.wishes.iter().flat_map(|wish| wish.rule.named());
    let all: Vec<ThingId> = named.chain(&ask.parties).chain(&ask.pins).chain(&ask.bans).cloned().collect();
    let cards = Cards::read(conn, &Scope::Everything, all)?;
    let taken = fairs::taken(conn, exhibition, |kept| kept.id == *own)?;
    let candidate = |id: &ThingId| {
        !taken.iter().any(|taken| taken.party == *id)
            && cards.get(id).is_some_and(|card| card.kind == Kind::Organization)
            && (ask.from == Source::Registry || ask.parties.contains(id))
    };
    let wishes = ask.wishes.iter().filter_map(|wish| {
        let mut wish = wish.clone();
        if let RuleQuery::Apart { candidates } = &mut wish.rule {
            candidates.retain(candidate);
            return (candidates.len() > 1).then_some(wish);
        }
        wish.rule.named().iter().all(|id| candidate(id)).then_some(wish)
    });
    let wishes = wishes.collect();
    let kept = |list: &[ThingId]| list.iter().filter(|id| candidate(id)).cloned().collect::<Vec<_>>();
    (ask.pins, ask.bans, ask.parties) = (kept(&ask.pins), kept(&ask.bans), kept(&ask.parties));
    ask.wishes = wishes;
    ask.size = Some(ask.pins.len() + 1);
    Ok(())
}

/// The wishes of the composition for the members that are left and one more. Whoever left is not asked again, and wishes
/// that were about them are over; so is the number of places.
fn with_one_more(group: &Group, asked: Option<CompositionAsk>, from: Option<Source>) -> CompositionAsk {
    let staying: Vec<ThingId> = group.active().map(|seat| seat.planned.party.clone()).collect();
    let gone: Vec<ThingId> =
        group.seats.iter().map(|seat| seat.planned.party.clone()).filter(|party| !staying.contains(party)).collect();
    let asked = asked.unwrap_or_else(|| CompositionAsk::plain(Source::Registry));
    let about_others = |wish: &&WishQuery| match &wish.rule {
        RuleQuery::Places { .. } => false,
        RuleQuery::Apart { .. } | RuleQuery::Never { .. } => true,
        rule => !rule.named().iter().any(|id| gone.contains(*id)),
    };
    let mut bans: Vec<ThingId> = asked.bans.iter().filter(|id| !staying.contains(id)).cloned().collect();
    bans.extend(gone.iter().cloned());
    bans.sort();
    bans.dedup();
    CompositionAsk {
        from: from.unwrap_or(asked.from),
        wishes: asked.wishes.iter().filter(about_others).cloned().collect(),
        size: Some(staying.len() + 1),
        alternatives: Some(0),
        pins: staying,
        bans,
        ..asked
    }
}
