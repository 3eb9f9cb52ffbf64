//! `POST /joint-orders`: a need split into lots that the members of a group cover together (共同受注): who can take which
//! lot, and with which evidence; the fewest members that cover all; and what nobody covers. Nothing is stored: it
//! follows what the members say of themselves, and what becomes of it is a case.

use super::coalition::{Judged, judge};
use super::lines::{LineBody, LineVerdict};
use super::matching::{self, FromThing, Party};
use super::matter;
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::Group;
use crate::domain::text::Line;
use crate::domain::vocabulary::{Kind, Strength};
use crate::domain::{Actor, Defect, Finding, ThingId};
use crate::error::{Error, Result};
use crate::store::{matters, things};
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::coalition::{self, Candidate, MOST_LINES, MOST_MEMBERS, Question};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// Members that are asked about.
const MEMBERS_MOST: usize = 200;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JointOrderQuery {
    /// The need.
    pub from: FromThing,
    /// The group that would take the order; its members are asked about.
    #[serde(default)]
    pub group: Option<ThingId>,
    /// Parties to ask about, with those of the group.
    #[serde(default)]
    pub members: Vec<ThingId>,
    /// Lots, 1 to 64. Absent: each must-line of the need is a lot.
    #[serde(default)]
    pub lots: Vec<LotQuery>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LotQuery {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub title: Option<Line>,
    /// Lines of the need by place, each in one lot. Who takes the lot meets all of them.
    pub lines: Vec<usize>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JointOrderBody {
    pub lots: Vec<LotBody>,
    /// Lots (by place) that no single member covers.
    pub nobody: Vec<usize>,
    /// Lines of the need that no member meets, so that nobody could help with them.
    pub unmet: Vec<usize>,
    /// The fewest members that cover every lot which somebody covers.
    pub team: Vec<Party>,
    /// No smaller team does. Only teams of up to five are proven.
    pub proven: bool,
    pub members: usize,
    pub stale: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LotBody {
    #[schema(value_type = Option<String>)]
    pub title: Option<Line>,
    pub lines: Vec<usize>,
    /// Who of the team takes it; null when nobody covers it.
    pub taken_by: Option<Party>,
    /// Everybody who covers it, plainest evidence first.
    pub covered_by: Vec<CoverBody>,
    /// Members that meet some of its lines only.
    pub partly: Vec<CoverBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CoverBody {
    pub party: Party,
    /// How plainly the weakest of its lines is shown, 0 to 1.
    pub strength: f32,
    pub lines: Vec<LineBody>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/joint-orders")
            .route(web::post().to(propose))
            .default_service(web::to(wire::method_not_allowed)),
    );
}

/// Split a need into lots and say who covers which.
#[utoipa::path(post, path = "/api/v1/joint-orders", tag = "match", request_body = JointOrderQuery, responses(
    (status = 200, body = JointOrderBody), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 503, body = ProblemBody),
), security(("bearer" = [])))]
async fn propose(app: web::Data<App>, Caller(actor): Caller, request: HttpRequest, body: web::Bytes) -> Answer {
    matter::sight(&actor)?;
    let query: JointOrderQuery = matching::read_tree(wire::json(&request, &body)?)?;
    let service = app.get_ref().clone();
    let body = app.in_turn(move || answer(&service, &actor, query)).await?;
    Ok(HttpResponse::Ok().json(body))
}

/// The answer that this reader may be shown.
pub fn answer(app: &App, actor: &Actor, query: JointOrderQuery) -> Result<JointOrderBody> {
    let scope = actor.scope();
    if query.from.kind != Kind::Need {
        let defect = Defect::new("joint_order.from", "ニーズから始めてください。", "A joint order starts from a need.");
        return Err(Error::invalid("/from/kind", defect));
    }
    let mark_before = app.engine.mark();
    let parties = members(app, actor, &query)?;
    let asking = matching::asking(app, &scope, &matching::From::Thing(query.from), None)?;
    let requirements: Vec<Strength> = asking.lines.iter().map(|line| line.requirement).collect();
    let lots = lots(query.lots, &requirements)?;
    let count = parties.len();
    let judged = judge(app, &scope, &asking.lines, parties.into_iter().map(|party| (party, Vec::new())).collect())?;
    let mut ids: Vec<&String> = judged.keys().collect();
    ids.sort();
    let covers: Vec<Vec<f32>> =
        ids.iter().map(|id| lots.iter().map(|lot| strength(&judged[*id], &lot.lines)).collect()).collect();
    let nobody: Vec<usize> =
        (0..lots.len()).filter(|lot| covers.iter().all(|strengths| strengths[*lot] <= 0.0)).collect();
    let (team, proven) = team(&ids, &covers, &nobody, lots.len());
    let taken = taken(&team, &covers, lots.len());
    let cover = |place: usize, lot: &LotQuery, strength: f32| {
        let judged = &judged[ids[place]];
        let lines = lot.lines.iter().filter_map(|line| judged.lines.get(*line));
        let shown = lines.filter(|line| line.verdict == LineVerdict::Met).cloned().collect();
        CoverBody { party: judged.party.clone(), strength, lines: shown }
    };
    let shown = |(at, lot): (usize, &LotQuery)| {
        let (mut covered_by, mut partly) = (Vec::new(), Vec::new());
        for (place, strengths) in covers.iter().enumerate() {
            let body = cover(place, lot, strengths[at]);
            match strengths[at] > 0.0 {
                true => covered_by.push(body),
                false if !body.lines.is_empty() => partly.push(body),
                false => {}
            }
        }
        covered_by
            .sort_by(|one, other| other.strength.total_cmp(&one.strength).then(one.party.id.cmp(&other.party.id)));
        LotBody {
            title: lot.title.clone(),
            lines: lot.lines.clone(),
            taken_by: taken[at].map(|place| judged[ids[place]].party.clone()),
            covered_by,
            partly,
        }
    };
    let met = |line: usize| judged.values().any(|judged| strength(judged, &[line]) > 0.0);
    let asked: BTreeSet<usize> = lots.iter().flat_map(|lot| lot.lines.iter().copied()).collect();
    Ok(JointOrderBody {
        lots: lots.iter().enumerate().map(shown).collect(),
        nobody,
        unmet: asked.into_iter().filter(|line| !met(*line)).collect(),
        team: team.iter().map(|place| judged[ids[*place]].party.clone()).collect(),
        proven,
        members: count,
        stale: mark_before.is_none() || app.feed.status().rebuilding,
    })
}

/// Who is asked about: parties that the caller may see, and the members of a group that the caller may see.
fn members(app: &App, actor: &Actor, query: &JointOrderQuery) -> Result<Vec<String>> {
    let mut ids: Vec<ThingId> = Vec::new();
    if let Some(group) = &query.group {
        let sight = matter::sight(actor)?;
        let kept = match app.database.read(|conn| matters::get::<Group>(conn, &sight, group)) {
            Ok(kept) => kept,
            Err(Error::NotFound) => return Err(matter::unknown("/group", group)),
            Err(error) => return Err(error),
        };
        ids.extend(kept.matter.members().cloned());
    }
    let cards = app.database.read(|conn| {
        let named: Vec<String> = query.members.iter().map(ToString::to_string).collect();
        things::cards(conn, &actor.scope(), &named)
    })?;
    for (at, id) in query.members.iter().enumerate() {
        if !cards.get(id.as_str()).is_some_and(|card| card.kind.is_party()) {
            return Err(matter::unknown(&format!("/members/{at}"), id));
        }
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    if !(1..=MEMBERS_MOST).contains(&ids.len()) {
        return Err(Error::invalid("/members", length(1, MEMBERS_MOST, ids.len())));
    }
    Ok(ids.into_iter().map(String::from).collect())
}

fn length(least: usize, most: usize, count: usize) -> Defect {
    Defect::new(
        "list.length",
        format!("{least}〜{most}件で指定してください（現在{count}件）。"),
        format!("This takes {least} to {most}; there are {count}."),
    )
}

fn lots(asked: Vec<LotQuery>, requirements: &[Strength]) -> Result<Vec<LotQuery>> {
    if asked.is_empty() {
        let must = (0..requirements.len()).filter(|line| requirements[*line] == Strength::Must);
        let lots: Vec<LotQuery> =
            must.take(MOST_LINES).map(|line| LotQuery { title: None, lines: vec![line] }).collect();
        if lots.is_empty() {
            let defect =
                Defect::new("coalition.no_must", "このニーズには必須の行がありません。", "This need has no must-line.");
            return Err(Error::invalid("/from/id", defect));
        }
        return Ok(lots);
    }
    let mut findings = Vec::new();
    if asked.len() > MOST_LINES {
        findings.push(Finding::new("/lots", length(1, MOST_LINES, asked.len())));
    }
    let mut seen = BTreeSet::new();
    for (at, lot) in asked.iter().enumerate().take(MOST_LINES) {
        let fits = |line: &usize| {
            requirements.get(*line).is_some_and(|requirement| *requirement != Strength::Exclude) && seen.insert(*line)
        };
        if lot.lines.is_empty() || !lot.lines.iter().all(fits) {
            let defect = Defect::new(
                "lot.lines",
                "ロットには、このニーズの行（除外でないもの）を番号で、それぞれ一度だけ入れてください。",
                "A lot takes lines of the need by place (none that excludes), each line once.",
            );
            findings.push(Finding::new(format!("/lots/{at}/lines"), defect));
        }
    }
    if findings.is_empty() { Ok(asked) } else { Err(Error::Invalid(findings)) }
}

/// How plainly the weakest of these lines is shown; 0 where one is not met.
fn strength(judged: &Judged, lines: &[usize]) -> f32 {
    let one = |line: &usize| match judged.lines.get(*line) {
        // Met, however faintly, is met.
        Some(line) if line.verdict == LineVerdict::Met => line.strength.max(0.001),
        _ => 0.0,
    };
    lines.iter().map(one).fold(1.0, f32::min)
}

/// The fewest members that cover every lot which somebody covers: proven up to five, beyond that one after another by what
/// each adds.
fn team(ids: &[&String], covers: &[Vec<f32>], nobody: &[usize], lots: usize) -> (Vec<usize>, bool) {
    let open: Vec<usize> = (0..lots).filter(|lot| !nobody.contains(lot)).collect();
    if open.is_empty() {
        return (Vec::new(), true);
    }
    let candidates = ids
        .iter()
        .zip(covers)
        .map(|(id, strengths)| Candidate {
            id: (*id).clone(),
            strengths: open.iter().map(|lot| strengths[*lot]).collect(),
        })
        .collect();
    let question =
        Question { candidates, at_least: 1, at_most: MOST_MEMBERS, limit: 1, ..Question::of_lines(open.len()) };
    let answer = coalition::find(&question);
    if let Some(set) = answer.sets.first() {
        let place: HashMap<&str, usize> = ids.iter().enumerate().map(|(place, id)| (id.as_str(), place)).collect();
        let members = set.members.iter().filter_map(|member| place.get(member.id.as_str()).copied());
        return (members.collect(), answer.proven);
    }
    let mut left: BTreeSet<usize> = open.into_iter().collect();
    let mut team = Vec::new();
    while !left.is_empty() {
        let adds = |place: &usize| left.iter().filter(|lot| covers[*place][**lot] > 0.0).count();
        let Some(best) = (0..ids.len()).max_by_key(|place| (adds(place), std::cmp::Reverse(*place))) else { break };
        if adds(&best) == 0 {
            break;
        }
        left.retain(|lot| covers[best][*lot] <= 0.0);
        team.push(best);
    }
    team.sort_unstable();
    (team, false)
}

/// Each lot goes to the member of the team with the plainest evidence; among equals to who has fewest so far.
fn taken(team: &[usize], covers: &[Vec<f32>], lots: usize) -> Vec<Option<usize>> {
    let mut load: HashMap<usize, usize> = HashMap::new();
    let mut take = |lot: usize| {
        let able = team.iter().copied().filter(|place| covers[*place][lot] > 0.0);
        let best = able.max_by(|one, other| {
            let load = |place: &usize| load.get(place).copied().unwrap_or(0);
            covers[*one][lot].total_cmp(&covers[*other][lot]).then(load(other).cmp(&load(one))).then(other.cmp(one))
        })?;
        *load.entry(best).or_insert(0) += 1;
        Some(best)
    };
    (0..lots).map(&mut take).collect()
}
