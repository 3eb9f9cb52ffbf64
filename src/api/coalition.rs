//! `POST /match/coalition`: the smallest sets of two to five parties that together meet every must-line of a need.
//! Nothing is stored.

use super::lines::{self, LineBody, LineVerdict, Ready, Shelf};
use super::match_hints::MatchHint;
use super::matching::{self, FromThing, MatchFilters, Party, Towards};
use super::nobody::{self, Pool, Unmet};
use super::problem::{Answer, ProblemBody, prefers_english};
use super::shown::FileQuery;
use super::{coalition_files, list_files, wire};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::conditions::PartyFacts;
use crate::domain::entry::Title;
use crate::domain::finding::Message;
use crate::domain::vocabulary::{Kind, Language, OrganizationKind, Strength};
use crate::domain::{Actor, Defect, Finding, Scope, ThingId};
use crate::error::{Error, Result};
use crate::store::page::Page;
use crate::store::things;
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::PartyScore;
use musubi_index::coalition::{self, Candidate, Question, Set};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// Parties of the match whose lines are judged.
const POOL: usize = 300;
/// Offers, and records of work, of each of them that are read beside what the match found.
const OWN_THINGS: i64 = 10;
/// Pairs that must or may not be together.
const PAIRS_MOST: usize = 50;
/// Sets answered when nothing is said.
const LIMIT: usize = 3;
const LIMIT_MOST: usize = 20;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoalitionQuery {
    /// The need.
    pub from: FromThing,
    /// `organizations` if absent.
    #[serde(default)]
    pub towards: Option<Towards>,
    #[serde(default)]
    pub filters: MatchFilters,
    /// Sets, 1 to 20; 3 if absent.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Pairs of parties: whoever takes one takes both.
    #[serde(default)]
    pub together: Vec<[ThingId; 2]>,
    /// Pairs of parties that never stand in one set.
    #[serde(default)]
    pub apart: Vec<[ThingId; 2]>,
    /// Also keep firms of the same industry class apart.
    #[serde(default)]
    pub rivals: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CoalitionBody {
    /// Best first: fewest parties, then the plainest evidence (`strength`), and of equal sets the one whose members' ids come
    /// first. Members stand in the order of their ids.
    pub coalitions: Vec<CoalitionSet>,
    /// Parties that meet every must-line alone, at most `limit`, the plainest evidence first, then by id; they stand in no set, since nobody would add anything.
    pub alone: Vec<Party>,
    /// The must-lines of each of these with the evidence, for lists that are read without asking again.
    #[serde(skip)]
    pub(super) alone_lines: Vec<Vec<LineBody>>,
    /// How many of these there are in all.
    pub alone_total: usize,
    /// Parties left out since they do, or are, what the need excludes.
    pub excluded: usize,
    /// Whether the first set is proven the best, or the lack of any set proven, among the candidates.
    pub proven: bool,
    /// The must-lines, each with how many candidates meet it.
    pub lines: Vec<CoalitionLine>,
    /// Must-lines (by index in the need) that nobody meets whom the match finds, be it without the filters. A line that
    /// somebody meets whom a condition, an exclusion or a filter keeps out is not among them: see `hints`.
    pub nobody: Vec<usize>,
    /// What keeps out everybody who meets a line: conditions and exclusions of the need (`leaves_nobody`, with `lines`), or
    /// a filter (`drop_filter`, with `filter`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<MatchHint>,
    /// When no set meets every must-line: the one that meets most, and the lines it leaves open.
    pub partial: Option<PartialCoalition>,
    /// Parties that meet at least one must-line.
    pub candidates: usize,
    /// The index was still being built, so the answer may lack something.
    pub stale: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CoalitionSet {
    pub members: Vec<CoalitionMember>,
    /// Sum over the must-lines of the plainest evidence of a member, each from 0 to 1.
    pub strength: f32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CoalitionMember {
    pub party: Party,
    /// What it adds: the must-lines that nobody else in the set meets.
    pub alone: Vec<usize>,
    /// The must-lines it meets, with the evidence.
    pub lines: Vec<LineBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CoalitionLine {
    /// Place of the line in the need, from 0.
    pub index: usize,
    pub candidates: usize,
    /// What it asks, for lists that are read without the need at hand.
    #[serde(skip)]
    pub(super) asked: Title,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PartialCoalition {
    pub coalition: CoalitionSet,
    /// Must-lines that stay open.
    pub open: Vec<usize>,
    /// What would help.
    pub would_fit: Message,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/match/coalition")
            .route(web::post().to(propose))
            .default_service(web::to(wire::method_not_allowed)),
    );
}

/// Propose coalitions.
#[utoipa::path(
    post, path = "/api/v1/match/coalition", tag = "match", params(FileQuery), request_body = CoalitionQuery,
    responses((status = 200, body = CoalitionBody), (status = 400, body = ProblemBody), (status = 422, body = ProblemBody), (status = 503, body = ProblemBody))
)]
async fn propose(app: web::Data<App>, Caller(actor): Caller, request: HttpRequest, body: web::Bytes) -> Answer {
    let FileQuery { format } = wire::query(&request)?;
    let format = list_files::asked(format.as_deref())?;
    let query: CoalitionQuery = matching::read_tree(wire::json(&request, &body)?)?;
    let service = app.get_ref().clone();
    let body = app.in_turn(move || answer(&service, &actor, query)).await?;
    let Some(format) = format else { return Ok(HttpResponse::Ok().json(body)) };
    let language = if prefers_english(&request) { Language::En } else { Language::Ja };
    Ok(app.blocking(move || coalition_files::write(format, language, &body)).await?.answer()?)
}

/// The coalitions that this reader may be shown.
pub fn answer(app: &App, actor: &Actor, query: CoalitionQuery) -> Result<CoalitionBody> {
    let scope = actor.scope();
    check(&query)?;
    let asking = matching::asking(app, &scope, &matching::From::Thing(query.from), None)?;
    let must: Vec<usize> =
        (0..asking.lines.len()).filter(|index| asking.lines[*index].requirement == Strength::Must).collect();
    if must.is_empty() {
        return Err(Error::invalid(
            "/from/id",
            Defect::new("coalition.no_must", "このニーズには必須の行がありません。", "This need has no must-line."),
        ));
    }
    let mark_before = app.engine.mark();
    let towards = query.towards.unwrap_or(Towards::Organizations);
    let filters = app.database.read(|conn| matching::party_filters(conn, towards, &query.filters))?;
    let found = matching::ask(app, actor, &asking, filters, POOL)?;
    // What the match found is read again under the caller's rights; what is gone or hidden drops out there.
    let mut parties = with_their_things(found.parties);
    let bound = bound_parties(app, &scope, &query.together, &query.apart)?;
    for id in bound {
        let known = parties.iter().any(|(party, _)| *party == id) || asking.seeker.as_ref() == Some(&id);
        if !known {
            parties.push((id, Vec::new()));
        }
    }
    let mut judged = judge(app, &scope, &asking.lines, parties.clone())?;
    let all = judged.len();
    judged.retain(|_, judged| !judged.lines.iter().any(lines::is_excluded));
    let excluded = all - judged.len();
    let candidates = candidates(&judged, &must);
    let meets_all = |candidate: &Candidate| candidate.strengths.iter().all(|strength| *strength > 0.0);
    let mut able: Vec<&Candidate> = candidates.iter().filter(|candidate| meets_all(candidate)).collect();
    let plainness = |candidate: &Candidate| candidate.strengths.iter().sum::<f32>();
    // Equals stay in the order of their ids.
    able.sort_by(|left, right| plainness(right).total_cmp(&plainness(left)));
    let alone_total = able.len();
    let limit = query.limit.unwrap_or(LIMIT);
    let shown: Vec<&Judged> = able.iter().take(limit).filter_map(|candidate| judged.get(&candidate.id)).collect();
    let alone: Vec<Party> = shown.iter().map(|judged| judged.party.clone()).collect();
    let musts = |judged: &&Judged| must.iter().filter_map(|line| judged.lines.get(*line).cloned()).collect();
    let alone_lines: Vec<Vec<LineBody>> = shown.iter().map(musts).collect();
    let meeting = |at: usize| candidates.iter().filter(|candidate| candidate.strengths[at] > 0.0).count();
    let line = |(at, line): (usize, &usize)| {
        let asked = asking.lines[*line].asked.clone();
        CoalitionLine { index: *line, candidates: meeting(at), asked }
    };
    let met_by: Vec<CoalitionLine> = must.iter().enumerate().map(line).collect();
    let useful =
        candidates.iter().filter(|candidate| candidate.strengths.iter().any(|strength| *strength > 0.0)).count();
    // Beside who meets everything nobody adds anything, so they stand in sets only where the caller binds them.
    let is_bound = |id: &str| query.together.iter().flatten().any(|bound| bound.as_str() == id);
    let met_by_none: Vec<usize> = (0..must.len()).filter(|at| meeting(*at) == 0).map(|at| must[at]).collect();
    let pool = Pool { app, actor, asking: &asking, towards, filters: &query.filters, limit: POOL };
    let Unmet { nobody, hints } = nobody::of_coalition(&pool, parties, &met_by_none)?;
    let candidates: Vec<Candidate> =
        candidates.into_iter().filter(|candidate| is_bound(&candidate.id) || !meets_all(candidate)).collect();
    let mut apart = pairs(&query.apart);
    if query.rivals {
        apart.extend(rivals(&judged));
    }
    let lacking = match (nobody.is_empty(), met_by_none.is_empty()) {
        (false, _) => Lacking::Somebody,
        (true, false) => Lacking::KeptOut,
        (true, true) => Lacking::Room,
    };
    let bound = query.rivals || !query.apart.is_empty() || !query.together.is_empty();
    let question =
        Question { candidates, together: pairs(&query.together), apart, limit, ..Question::of_lines(must.len()) };
    let solved = coalition::find(&question);
    let index = |lines: &[usize]| -> Vec<usize> { lines.iter().map(|line| must[*line]).collect() };
    let set = |set: &Set| set_body(set, &judged, &must);
    Ok(CoalitionBody {
        coalitions: solved.sets.iter().map(set).collect(),
        alone,
        alone_lines,
        alone_total,
        excluded,
        proven: solved.proven,
        lines: met_by,
        nobody,
        hints,
        partial: solved.partial.as_ref().filter(|_| alone_total == 0).map(|(partial, open)| PartialCoalition {
            coalition: set(partial),
            open: index(open),
            would_fit: what_would_help(lacking, bound),
        }),
        candidates: useful,
        stale: mark_before.is_none() || app.feed.status().rebuilding,
    })
}

/// Why no set meets everything.
#[derive(Clone, Copy)]
enum Lacking {
    /// Nobody meets a line.
    Somebody,
    /// Whoever meets a line is kept out.
    KeptOut,
    /// Those who meet the lines may not stand together, or are too many.
    Room,
}

/// What to do where no set meets everything: nobody meets a line, or those who do may not stand together.
fn what_would_help(lacking: Lacking, bound: bool) -> Message {
    match (lacking, bound) {
        (Lacking::Somebody, _) => Message::new(
            "残りの行ができる相手を探すか、条件を見直してください。",
            "Look for somebody who meets the open lines, or change them.",
        ),
        (Lacking::KeptOut, _) => Message::new(
            "残りの行にできる相手はいますが、条件・除外・絞り込みで外れています。hints が示すものを見直してください。",
            "Somebody meets the open lines, but a condition, an exclusion or a filter keeps them out. Look again at what hints names.",
        ),
        (Lacking::Room, true) => Message::new(
            "どの行にもできる相手はいますが、apart・together・rivals の条件のもとでは五者までに収まりません。その条件を緩めてください。",
            "Each line has somebody who meets it, but not within five parties under apart, together and rivals. Loosen one of these.",
        ),
        (Lacking::Room, false) => Message::new(
            "どの行にもできる相手はいますが、五者までに収まりません。ニーズを分けるか、必須の行を減らしてください。",
            "Each line has somebody who meets it, but it takes more than five parties. Divide the need, or ask for fewer must-lines.",
        ),
    }
}

fn check(query: &CoalitionQuery) -> Result<()> {
    if query.from.kind != Kind::Need {
        return Err(Error::invalid(
            "/from/kind",
            Defect::new("coalition.from", "ニーズから始めてください。", "A coalition starts from a need."),
        ));
    }
    if query.towards.is_some_and(|towards| towards.things().is_some()) {
        return Err(Error::invalid(
            "/towards",
            Defect::new(
                "coalition.towards",
                "組合せは organizations、people、parties からつくれます。",
                "A coalition is made of organizations, people or parties.",
            ),
        ));
    }
    Page::limit_in_body(query.limit, LIMIT, LIMIT_MOST)?;
    let mut findings = Vec::new();
    for (name, pairs) in [("together", &query.together), ("apart", &query.apart)] {
        if pairs.len() > PAIRS_MOST {
            let defect = Defect::new("list.too_long", "組は50件までです。", "At most 50 pairs.");
            findings.push(Finding::new(format!("/{name}"), defect));
        }
        for (place, _) in pairs.iter().enumerate().filter(|(_, pair)| pair[0] == pair[1]) {
            let defect = Defect::new(
                "coalition.pair",
                "同じ相手どうしは組にできません。",
                "A pair takes two different parties.",
            );
            findings.push(Finding::new(format!("/{name}/{place}"), defect));
        }
    }
    let same = |one: &[ThingId; 2], other: &[ThingId; 2]| one.iter().all(|party| other.contains(party));
    for (place, pair) in query.together.iter().enumerate() {
        if let Some(against) = query.apart.iter().position(|other| same(pair, other)) {
            let defect = Defect::new(
                "coalition.contradiction",
                format!("同じ組が apart の{}件目にもあります。どちらかを外してください。", against + 1),
                format!("The same pair stands in apart, too (number {}). Take one of them out.", against + 1),
            );
            findings.push(Finding::new(format!("/together/{place}"), defect));
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Invalid(findings)) }
}

/// The parties that pairs name. Each must be a party that the caller may see; those of `together` are candidates too.
fn bound_parties(app: &App, scope: &Scope, together: &[[ThingId; 2]], apart: &[[ThingId; 2]]) -> Result<Vec<String>> {
    let named: Vec<String> = together.iter().chain(apart).flatten().map(ToString::to_string).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let cards = app.database.read(|conn| things::cards(conn, scope, &named))?;
    let mut findings = Vec::new();
    for (name, pairs) in [("together", together), ("apart", apart)] {
        for (place, pair) in pairs.iter().enumerate() {
            for (side, id) in pair.iter().enumerate() {
                if !cards.get(id.as_str()).is_some_and(|card| card.kind.is_party()) {
                    findings.push(Finding::new(
                        format!("/{name}/{place}/{side}"),
                        Defect::new("reference.unknown", "その相手は見つかりません。", "There is no such party."),
                    ));
                }
            }
        }
    }
    if !findings.is_empty() {
        return Err(Error::Invalid(findings));
    }
    Ok(together.iter().flatten().map(ToString::to_string).collect())
}

/// The found parties with the things that speak for them.
pub(super) fn with_their_things(found: Vec<PartyScore>) -> Vec<(String, Vec<String>)> {
    let things = |party: PartyScore| (party.party, party.things.into_iter().map(|thing| thing.id).collect());
    found.into_iter().map(things).collect()
}

/// A party with its judged lines.
pub(super) struct Judged {
    pub(super) party: Party,
    pub(super) facts: PartyFacts,
    pub(super) lines: Vec<LineBody>,
}

pub(super) fn judge(
    app: &App,
    scope: &Scope,
    ready: &[Ready],
    parties: Vec<(String, Vec<String>)>,
) -> Result<HashMap<String, Judged>> {
    let dossiers = app.database.read(|conn| {
        let ids: Vec<String> = parties.iter().map(|(party, _)| party.clone()).collect();
        let kept = lines::keep_admitted(conn, scope, ready, &ids)?;
        let parties: Vec<(String, Vec<String>)> =
            parties.into_iter().filter(|(party, _)| kept.contains(party)).collect();
        lines::dossiers(conn, scope, &parties, OWN_THINGS)
    })?;
    Ok(judged(ready, dossiers))
}

/// Also those whom a condition keeps out.
pub(super) fn judge_all(
    app: &App,
    scope: &Scope,
    ready: &[Ready],
    parties: &[(String, Vec<String>)],
) -> Result<HashMap<String, Judged>> {
    let dossiers = app.database.read(|conn| lines::dossiers(conn, scope, parties, OWN_THINGS))?;
    Ok(judged(ready, dossiers))
}

fn judged(ready: &[Ready], (dossiers, readings): lines::Dossiers) -> HashMap<String, Judged> {
    let shelf = Shelf::new(&readings);
    let mut judged = HashMap::with_capacity(dossiers.len());
    for (id, dossier) in dossiers {
        let Some(card) = readings.get(&id).map(|reading| &reading.card) else { continue };
        let party = Party { kind: card.kind, id: id.clone(), name: card.title.clone() };
        let lines = lines::judge(ready, &dossier, &shelf);
        judged.insert(id, Judged { party, facts: dossier.facts, lines });
    }
    judged
}

fn candidates(judged: &HashMap<String, Judged>, must: &[usize]) -> Vec<Candidate> {
    let strength = |line: &LineBody| if line.verdict == LineVerdict::Met { line.strength } else { 0.0 };
    let mut candidates: Vec<Candidate> = judged
        .iter()
        .map(|(id, judged)| Candidate {
            id: id.clone(),
            strengths: must.iter().map(|line| judged.lines.get(*line).map_or(0.0, strength)).collect(),
        })
        .collect();
    candidates.sort_by(|left, right| left.id.cmp(&right.id));
    candidates
}

fn pairs(pairs: &[[ThingId; 2]]) -> Vec<(String, String)> {
    pairs.iter().map(|[left, right]| (left.to_string(), right.to_string())).collect()
}

/// Firms that state the same industry class.
fn rivals(judged: &HashMap<String, Judged>) -> Vec<(String, String)> {
    let mut by_industry: HashMap<&str, Vec<&String>> = HashMap::new();
    for (id, judged) in judged {
        let firm = judged.facts.organization_kind.as_ref().is_some_and(|kind| kind.value == OrganizationKind::Firm);
        if let Some(industry) = judged.facts.industry.as_ref().filter(|_| firm) {
            by_industry.entry(&industry.value).or_default().push(id);
        }
    }
    let mut rivals = Vec::new();
    for firms in by_industry.values() {
        for (at, left) in firms.iter().enumerate() {
            rivals.extend(firms[at + 1..].iter().map(|right| ((*left).clone(), (*right).clone())));
        }
    }
    rivals
}

fn set_body(set: &Set, judged: &HashMap<String, Judged>, must: &[usize]) -> CoalitionSet {
    let members = set
        .members
        .iter()
        .filter_map(|member| {
            let judged = judged.get(&member.id)?;
            Some(CoalitionMember {
                party: judged.party.clone(),
                alone: member.alone.iter().map(|line| must[*line]).collect(),
                lines: member.meets.iter().filter_map(|line| judged.lines.get(must[*line]).cloned()).collect(),
            })
        })
        .collect();
    CoalitionSet { members, strength: set.strength }
}
