//! `/matches`: proposals kept on a desk. For coordinators; officers read.

use super::matter::{
    self, CardShown, Cards, Done, History, HistoryQuery, MatterQuery, MomentQuery, PersonShown, people,
    reader_of_desks, unknown, worker_of_desks,
};
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::{Proposal, ProposalDeed};
use crate::domain::text::Prose;
use crate::domain::vocabulary::desk::{DeclineReason, MatterKind, ProposalOrigin, ProposalState};
use crate::domain::vocabulary::{Kind, Purpose};
use crate::domain::{Actor, Defect, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::store::matters::{self, Kept, Sight};
use crate::store::{Conn, Tx, disclosures};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A contact by another desk within so many days is warned of.
const CONTACT_DAYS: i64 = 30;
const EVIDENCE_MOST: usize = 10;

/// A proposal of a match answer, to keep on one's desk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMatch {
    pub from: MatchFrom,
    /// The proposed organisation or person.
    pub party: ThingId,
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// Things of the party that speak for it, at most ten.
    #[serde(default)]
    pub evidence: Vec<ThingId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchFrom {
    pub kind: Kind,
    pub id: ThingId,
}

/// What to do with a proposal.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum MatchEvent {
    /// Also puts it on the own desk, if it is on none.
    Shortlist,
    /// Puts it on the own desk, if it is on none.
    Take,
    Dismiss {
        reason: DeclineReason,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        text: Option<Prose>,
    },
    Note {
        #[schema(value_type = String)]
        text: Prose,
    },
}

#[derive(Serialize, ToSchema)]
pub struct MatchShown {
    pub id: ThingId,
    pub state: ProposalState,
    pub origin: ProposalOrigin,
    /// What asks, as far as the reader may see it.
    pub from: Option<CardShown>,
    pub party: Option<CardShown>,
    pub purpose: Option<Purpose>,
    pub evidence: Vec<CardShown>,
    pub desk: Option<PersonShown>,
    /// Why it was dismissed.
    pub reason: Option<DeclineReason>,
    #[schema(value_type = Option<String>)]
    pub text: Option<Prose>,
    pub notes: Vec<NoteShown>,
    pub introduction: Option<ThingId>,
    /// Another desk was in touch with the party within 30 days.
    pub contacts: Vec<ContactShown>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub struct NoteShown {
    pub at: Timestamp,
    pub by: Option<PersonShown>,
    #[schema(value_type = String)]
    pub text: Prose,
}

#[derive(Serialize, ToSchema)]
pub struct ContactShown {
    pub kind: MatterKind,
    pub id: ThingId,
    pub desk: Option<PersonShown>,
    pub at: Timestamp,
}

/// Of the list as a file.
const COLUMNS: matter::Columns = &[
    ("ID", "/id"),
    ("状態 / state", "/state"),
    ("求める側 / from", "/from/title"),
    ("相手 / party", "/party/title"),
    ("目的 / purpose", "/purpose"),
    ("担当 / desk", "/desk/name"),
    ("理由 / reason", "/reason"),
    ("登録 / created", "/created_at"),
    ("更新 / updated", "/updated_at"),
];

#[derive(Serialize, ToSchema)]
pub struct MatchesShown {
    pub items: Vec<MatchShown>,
    pub next: Option<String>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/matches").route(web::get().to(list)).route(web::post().to(create)))
        .service(at("/matches/{id}").route(web::get().to(read)))
        .service(at("/matches/{id}/history").route(web::get().to(history)))
        .service(at("/matches/{id}/events").route(web::post().to(act)));
}

/// Proposals on the desks, newest first.
#[utoipa::path(get, path = "/api/v1/matches", tag = "desk", params(MatterQuery), responses(
    (status = 200, body = MatchesShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller) -> Answer {
    reader_of_desks(&actor)?;
    let states: Vec<&str> = ProposalState::ALL.iter().map(|state| state.code()).collect();
    let now = app.clock().timestamp();
    matter::list::<Proposal, MatchShown>(&app, &request, actor, &states, COLUMNS, move |conn, actor, page| {
        page.iter().map(|kept| show(conn, actor, &now, kept)).collect()
    })
    .await
}

/// Keeps a proposal. A pair that is there already is answered with what is there (200).
#[utoipa::path(post, path = "/api/v1/matches", tag = "desk", request_body = NewMatch, params(
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 201, body = MatchShown), (status = 200, body = MatchShown), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn create(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, body: web::Bytes) -> Answer {
    worker_of_desks(&actor)?;
    let new: NewMatch = wire::typed(&request, &body)?;
    matter::once(&app, &request, actor, &body, "matches", move |tx| {
        check_kind(tx, &new.from)?;
        let pair = Proposal::pair(&new.from.id, &new.party);
        if let Some(there) = matters::of_pair(tx.conn(), &pair)? {
            tx.unchanged();
            let kept = matters::get::<Proposal>(tx.conn(), &Sight::All, &there)?;
            return done(tx, &kept, false);
        }
        check(tx, &new)?;
        let desk = tx.actor().account().cloned();
        let deed = ProposalDeed::Proposed {
            from_kind: new.from.kind,
            from: new.from.id,
            party: new.party,
            purpose: new.purpose,
            origin: ProposalOrigin::ByHand,
            evidence: new.evidence,
            desk,
        };
        let kept = matters::open::<Proposal>(tx, deed, None)?;
        done(tx, &kept, true)
    })
    .await
}

/// One proposal, now or as of a moment.
#[utoipa::path(get, path = "/api/v1/matches/{id}", tag = "desk", params(("id" = String, Path), MomentQuery), responses(
    (status = 200, body = MatchShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    reader_of_desks(&actor)?;
    let (id, query) = (wire::known_id(&id)?, wire::query::<MomentQuery>(&request)?);
    let as_of = matter::moment(query.as_of.as_deref())?;
    let now = as_of.clone().unwrap_or_else(|| app.clock().timestamp());
    let shown = app
        .read(move |conn| {
            let kept = matter::read_at::<Proposal>(conn, &Sight::All, &id, as_of.as_ref())?;
            show(conn, &actor, &now, &kept)
        })
        .await?;
    Ok(HttpResponse::Ok().json(shown))
}

/// Everything that happened to a proposal.
#[utoipa::path(get, path = "/api/v1/matches/{id}/history", tag = "desk", params(("id" = String, Path), HistoryQuery), responses(
    (status = 200, body = History), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn history(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    reader_of_desks(&actor)?;
    let (id, format) = (wire::known_id(&id)?, matter::history_form(&request)?);
    let scope = actor.scope();
    let history = app
        .read(move |conn| {
            let kept = matters::get::<Proposal>(conn, &Sight::All, &id)?;
            matter::history::<Proposal>(conn, &kept.events, true, |deed| {
                serde_json::to_value(deed).map_err(Error::internal)
            })
        })
        .await?;
    matter::answer_history::<Proposal>(&app, scope, format, history).await
}

/// Shortlists, dismisses (with a reason) or notes. Done twice, it counts once.
#[utoipa::path(post, path = "/api/v1/matches/{id}/events", tag = "desk", request_body = MatchEvent, params(
    ("id" = String, Path),
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 200, body = MatchShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn act(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    worker_of_desks(&actor)?;
    let id = wire::known_id(&id)?;
    let event: MatchEvent = wire::typed(&request, &body)?;
    matter::once(&app, &request, actor, &body, "matches", move |tx| {
        let mut kept = matters::get::<Proposal>(tx.conn(), &Sight::All, &id)?;
        let deed = match event {
            MatchEvent::Shortlist => ProposalDeed::Shortlisted { desk: tx.actor().account().cloned() },
            MatchEvent::Take => matter::take(tx.actor(), &kept)?,
            MatchEvent::Dismiss { reason, text } => ProposalDeed::Dismissed { reason, text },
            MatchEvent::Note { text } => ProposalDeed::Noted { text },
        };
        matters::add(tx, &mut kept, deed, None)?;
        done(tx, &kept, false)
    })
    .await
}

/// Nobody looks for a partner with a record of work, or with an exhibition.
fn may_begin(kind: Kind) -> bool {
    match kind {
        Kind::Organization | Kind::Person | Kind::Capability | Kind::Seed | Kind::Need => true,
        Kind::Record | Kind::Exhibition => false,
    }
}

/// What is sent is the thing that is meant, also where the pair is there already.
fn check_kind(tx: &mut Tx<'_>, from: &MatchFrom) -> Result<()> {
    let scope = tx.actor().scope();
    match Cards::read(tx.conn(), &scope, [from.id.clone()])?.get(&from.id) {
        Some(card) if card.kind != from.kind => Err(unknown("/from/id", &from.id)),
        Some(_) | None => Ok(()),
    }
}

/// Ids in a body are looked at with the same eyes as ids in a path.
fn check(tx: &mut Tx<'_>, new: &NewMatch) -> Result<()> {
    if new.evidence.len() > EVIDENCE_MOST {
        let defect = Defect::new("list.too_long", "evidence は10件までです。", "evidence takes at most ten things.");
        return Err(Error::invalid("/evidence", defect));
    }
    let scope = tx.actor().scope();
    let named = [new.from.id.clone(), new.party.clone()].into_iter().chain(new.evidence.iter().cloned());
    let cards = Cards::read(tx.conn(), &scope, named)?;
    if cards.get(&new.from.id).is_none_or(|card| card.kind != new.from.kind || !may_begin(card.kind)) {
        return Err(unknown("/from/id", &new.from.id));
    }
    if cards.get(&new.party).is_none_or(|card| !card.kind.is_party()) {
        return Err(unknown("/party", &new.party));
    }
    if let Some(missing) = new.evidence.iter().find(|id| cards.get(id).is_none()) {
        return Err(unknown("/evidence", missing));
    }
    let owner = disclosures::owner_and_visibility(tx.conn(), &new.from.id)?.and_then(|(owner, _)| owner);
    if owner.as_ref() == Some(&new.party) {
        let defect = Defect::new(
            "party.own",
            "自分自身を相手にすることはできません。",
            "A party cannot be matched with what is its own.",
        );
        return Err(Error::invalid("/party", defect));
    }
    Ok(())
}

fn done(tx: &mut Tx<'_>, kept: &Kept<Proposal>, begun: bool) -> Result<Done> {
    let (actor, now) = (tx.actor().clone(), tx.at().clone());
    let shown = show(tx.conn(), &actor, &now, kept)?;
    Done::new(&kept.id, begun, &shown)
}

fn show(conn: &mut Conn, actor: &Actor, now: &Timestamp, kept: &Kept<Proposal>) -> Result<MatchShown> {
    let matter = kept.matter.clone();
    let named = [matter.from.clone(), matter.party.clone()].into_iter().chain(matter.evidence.iter().cloned());
    let cards = Cards::with_gone(conn, &actor.scope(), named)?;
    let since = now.plus(-TimeDelta::days(CONTACT_DAYS));
    let contacts = matters::contacts(conn, &matter.party, &since, matter.desk.as_ref())?;
    let accounts = matter
        .desk
        .iter()
        .map(ToString::to_string)
        .chain(matter.notes.iter().map(|(_, by, _)| by.clone()))
        .chain(contacts.iter().map(|contact| contact.desk.to_string()));
    let people = people(conn, accounts)?;
    let person = |id: &str| people.get(id).cloned();
    let notes = matter.notes.into_iter().map(|(at, by, text)| NoteShown { at, by: person(&by), text });
    Ok(MatchShown {
        id: kept.id.clone(),
        state: matter.state,
        origin: matter.origin,
        from: cards.get(&matter.from),
        party: cards.get(&matter.party),
        purpose: matter.purpose,
        evidence: cards.some(&matter.evidence),
        desk: matter.desk.as_ref().and_then(|desk| person(desk.as_str())),
        reason: matter.reason,
        text: matter.text,
        notes: notes.collect(),
        introduction: matter.introduction,
        contacts: contacts
            .into_iter()
            .map(|contact| ContactShown {
                kind: contact.kind,
                id: contact.matter,
                desk: person(contact.desk.as_str()),
                at: contact.at,
            })
            .collect(),
        version: kept.version(),
        created_at: kept.created_at.clone(),
        updated_at: kept.updated_at.clone(),
    })
}
