//! `POST /matches/standing`: what is new is matched against everything that waits, and each pair is proposed once.

use super::matching::{self, From, FromThing, MatchFilters, MatchQuery, Towards};
use super::matter::worker_of_desks;
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::{Proposal, ProposalDeed};
use crate::domain::vocabulary::Kind;
use crate::domain::vocabulary::desk::ProposalOrigin;
use crate::domain::{AccountActor, Actor, Defect, Need, Role, Scope, ThingId};
use crate::error::{Error, Result};
use crate::store::standing::Waiting;
use crate::store::{log, matters, standing, things};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// Parties proposed for one new need or seed, if nobody says otherwise.
const EACH: usize = 5;
const EACH_MOST: usize = 20;
/// A new offer reaches a waiting need when it is among its best so many.
const REACH: usize = 10;
/// Waiting needs that new offers are held against, newest first.
const WAITING_MOST: usize = 500;
/// One request asks so many times, and begins no other question after so long: the next one goes on from there.
const ASKS_MOST: usize = 200;
const TIME: Duration = Duration::from_secs(5);
/// How long to wait for the index.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingQuery {
    /// Parties proposed for each new need or seed: 1 to 20; 5 if absent.
    #[serde(default)]
    pub each: Option<usize>,
    /// Questions asked in this request at most: 1 to 200; 200 if absent. It also ends after some seconds.
    #[serde(default)]
    pub most: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct StandingDone {
    /// New or changed needs and seeds that asked in this request.
    pub asked: usize,
    /// Waiting needs that new offers were held against in this request, and how many are left out altogether.
    pub waiting: usize,
    pub waiting_left_out: i64,
    /// Proposals that are new on the desks.
    pub proposed: Vec<ThingId>,
    /// There is more to do: ask again, and it goes on from here.
    pub more: bool,
    /// Of what this request began: needs and seeds, and waiting needs, that are still to ask.
    pub remaining: usize,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/matches/standing")
            .route(web::post().to(run))
            .default_service(web::to(wire::method_not_allowed)),
    );
}

/// Matches what is new since the last time, for some seconds: while `more` is true, the next request goes on. Run twice, it
/// proposes nothing twice.
#[utoipa::path(post, path = "/api/v1/matches/standing", tag = "desk", request_body = StandingQuery, responses(
    (status = 200, body = StandingDone), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 503, body = ProblemBody),
), security(("bearer" = [])))]
async fn run(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, body: web::Bytes) -> Answer {
    worker_of_desks(&actor)?;
    let query: StandingQuery = wire::typed(&request, &body)?;
    let each = query.each.unwrap_or(EACH);
    if !(1..=EACH_MOST).contains(&each) {
        let defect =
            Defect::new("range", format!("each は1〜{EACH_MOST}です。"), format!("each is from 1 to {EACH_MOST}."));
        return Err(Error::invalid("/each", defect).into());
    }
    let most = query.most.unwrap_or(ASKS_MOST);
    if !(1..=ASKS_MOST).contains(&most) {
        let defect =
            Defect::new("range", format!("most は1〜{ASKS_MOST}です。"), format!("most is from 1 to {ASKS_MOST}."));
        return Err(Error::invalid("/most", defect).into());
    }
    let service = app.get_ref().clone();
    let done = app.in_turn(move || propose(&service, &actor, each, most)).await?;
    Ok(HttpResponse::Ok().json(done))
}

/// A proposal that is to be kept.
struct Found {
    from_kind: Kind,
    from: ThingId,
    party: ThingId,
    evidence: Vec<ThingId>,
}

/// What any desk may see decides what is proposed, whoever runs it.
fn office() -> Actor {
    let id = ThingId::from_stored(Actor::System.name().to_owned());
    Actor::Account(AccountActor { id, roles: vec![Role::Coordinator], memberships: Vec::new(), standing: None })
}

fn propose(app: &App, actor: &Actor, each: usize, most: usize) -> Result<StandingDone> {
    let (news, head) = app.database.read(|conn| Ok((standing::news(conn)?, log::head(conn)?)))?;
    if !app.feed.wait_for(head.seq, PATIENCE) {
        return Err(Error::Unavailable(Defect::new(
            "index-behind",
            "索引が変更に追いつくまで少しお待ちください。",
            "The index is catching up with changes. Please try again shortly.",
        )));
    }
    let office = office();
    let mut found = Vec::new();
    let mut turn = Turn { began: Instant::now(), asks: 0, most };
    let mut progress = news.progress.clone();
    let done = |id: &ThingId| progress.asked.as_ref().is_some_and(|last| id <= last);
    let asking: Vec<&(Kind, ThingId)> = news.asking.iter().filter(|(_, id)| !done(id)).collect();
    let mut asked = 0;
    for (kind, id) in asking.iter().take_while(|_| turn.may_ask()) {
        found.extend(ask(app, &office, *kind, id, each)?);
        progress.asked = Some(id.clone());
        asked += 1;
    }
    let mut remaining = asking.len() - asked;
    let (mut waiting, mut left_out) = (0, 0);
    if !news.offering.is_empty() {
        let most = WAITING_MOST.saturating_sub(progress.waiting);
        let after = progress.waited.clone();
        let (needs, all) = app.database.read(|conn| standing::waiting(conn, after.as_ref(), most as i64))?;
        left_out = (all - WAITING_MOST as i64).max(0);
        let asks: HashSet<&ThingId> = news.asking.iter().map(|(_, id)| id).collect();
        let mut rest = needs.into_iter();
        // Only when whoever is new has asked.
        while let Some(need) = rest.as_slice().first().cloned().filter(|_| remaining == 0) {
            if !asks.contains(&need.id) {
                if !turn.may_ask() {
                    break;
                }
                let answers = ask(app, &office, Kind::Need, &need.id, REACH)?;
                found.extend(answers.into_iter().filter(|found| news.offering.contains(&found.party.to_string())));
                waiting += 1;
            }
            progress.waited = rest.next();
            progress.waiting += 1;
        }
        remaining += rest.filter(|need: &Waiting| !asks.contains(&need.id)).count();
    }
    let written = app.database.write(actor, |tx| {
        tx.unchanged();
        let mut proposed = Vec::new();
        for found in found {
            if matters::of_pair(tx.conn(), &Proposal::pair(&found.from, &found.party))?.is_some() {
                continue;
            }
            let purpose = match found.from_kind {
                Kind::Need => {
                    let need = things::get_many::<Need>(tx.conn(), &Scope::Everything, &[found.from.to_string()])?;
                    need.first().and_then(|need| need.entry.purposes.first().copied())
                }
                _ => None,
            };
            let deed = ProposalDeed::Proposed {
                from_kind: found.from_kind,
                from: found.from,
                party: found.party,
                purpose,
                origin: ProposalOrigin::Standing,
                evidence: found.evidence,
                desk: None,
            };
            proposed.push(matters::open::<Proposal>(tx, deed, None)?.id);
        }
        Ok(proposed)
    })?;
    // After the proposals: a run that is cut off here finds its pairs there the next time.
    app.database.housekeeping(|conn| match remaining {
        0 => standing::reached(conn, news.to),
        _ => standing::came(conn, news.from, &progress),
    })?;
    Ok(StandingDone {
        asked,
        waiting,
        waiting_left_out: left_out,
        proposed: written.value,
        more: news.more || remaining > 0,
        remaining,
    })
}

/// What one request may still do. It asks at least once, so that every request comes further.
struct Turn {
    began: Instant,
    asks: usize,
    most: usize,
}

impl Turn {
    fn may_ask(&mut self) -> bool {
        let may = self.asks == 0 || (self.asks < self.most && self.began.elapsed() < TIME);
        self.asks += usize::from(may);
        may
    }
}

fn ask(app: &App, office: &Actor, kind: Kind, id: &ThingId, limit: usize) -> Result<Vec<Found>> {
    let query = MatchQuery {
        from: From::Thing(FromThing { kind, id: id.clone() }),
        towards: Towards::Parties,
        filters: MatchFilters::default(),
        min_seq: None,
        limit: Some(limit),
        purpose: None,
    };
    let answer = match matching::answer(app, office, query) {
        Ok(answer) => answer,
        // Gone or hidden since the log was read.
        Err(Error::Invalid(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let found = answer.results.into_iter().filter_map(|proposal| {
        let mut evidence: Vec<ThingId> =
            proposal.evidence.into_iter().map(|evidence| ThingId::from_stored(evidence.id)).collect();
        let mut seen = HashSet::new();
        evidence.retain(|id| seen.insert(id.clone()));
        let party = ThingId::from_stored(proposal.party?.id);
        Some(Found { from_kind: kind, from: id.clone(), party, evidence })
    });
    Ok(found.collect())
}
