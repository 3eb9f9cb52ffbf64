//! `/cases`: what became of a meeting, stage by stage, with a history that nobody overwrites.

use super::matter::{
    self, CardShown, Cards, Done, History, HistoryQuery, MatterQuery, MomentQuery, Named, PersonShown, allow, people,
    unknown,
};
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::codes::{FieldCode, MunicipalityCode};
use crate::domain::desk::case::{Document, MEASURES_MOST, NextAction, Opened, PARTICIPANTS_MOST, check_way};
use crate::domain::desk::{Case, CaseDeed, Day, Introduction, IntroductionDeed, Meeting, MeetingDeed};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::Purpose;
use crate::domain::vocabulary::desk::{CaseOutcome, CaseStage, MeetingSide, Side};
use crate::domain::{Actor, Defect, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::store::matters::{self, Kept, Sight};
use crate::store::{Conn, Tx, disclosures, vocabulary};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A case from an accepted introduction, from a meeting with a result card, or (for desks) from a first talk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    #[schema(value_type = String)]
    pub title: Line,
    #[serde(default)]
    pub introduction: Option<ThingId>,
    /// The meeting of a 商談会 it comes from; not together with `introduction`.
    #[serde(default)]
    pub meeting: Option<ThingId>,
    /// What it is about; of an introduction, its subject.
    #[serde(default)]
    pub subject: Option<ThingId>,
    /// Besides the two sides of the introduction.
    #[serde(default)]
    pub parties: Vec<ThingId>,
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// Absent: those of the subject.
    #[serde(default)]
    pub fields: Option<Vec<FieldCode>>,
    /// Absent: that of the seeking party.
    #[serde(default)]
    pub municipality: Option<MunicipalityCode>,
    /// The measures (施策) that list it.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub measures: Vec<Line>,
    /// `introduction` after an introduction, `meeting` after a meeting, else `consultation`. Further on: with a reason, as
    /// for a stage that is skipped.
    #[serde(default)]
    pub stage: Option<CaseStage>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Prose>,
    /// Today if absent.
    #[serde(default)]
    pub happened_on: Option<Day>,
}

/// What happened to a case. `happened_on` is today if absent. (The contract; [`read_event`] reads it.)
#[derive(Serialize, ToSchema)]
pub struct CaseEvent {
    pub happened_on: Option<Day>,
    #[serde(flatten)]
    pub what: CaseHappening,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum CaseHappening {
    /// To another stage; skipping or walking back needs a reason.
    Stage {
        to: CaseStage,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        reason: Option<Prose>,
    },
    Note {
        #[schema(value_type = String)]
        text: Prose,
    },
    /// Corrects the title. The history keeps the earlier one.
    Title {
        #[schema(value_type = String)]
        title: Line,
    },
    /// A document that is kept elsewhere: an http(s) address, never fetched.
    Document {
        #[schema(value_type = String)]
        title: Line,
        #[schema(value_type = String)]
        link: Line,
    },
    NextAction {
        #[schema(value_type = String)]
        what: Line,
        on: Day,
    },
    ActionDone {
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        text: Option<Prose>,
    },
    /// A party that joins reads on from there: earlier notes, documents and actions only with `share`.
    Join {
        party: ThingId,
        #[serde(default)]
        share: bool,
    },
    /// Puts it on the own desk, if it is on none.
    Take,
    Leave {
        party: ThingId,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        reason: Option<Prose>,
    },
    /// All measures that list it, instead of those there are.
    Measures {
        #[schema(value_type = Vec<String>)]
        measures: Vec<Line>,
    },
    Outcome {
        outcome: CaseOutcome,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        text: Option<Prose>,
    },
    Reopen {
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        reason: Option<Prose>,
    },
}

#[derive(Serialize, ToSchema)]
pub struct CaseShown {
    pub id: ThingId,
    #[schema(value_type = String)]
    pub title: Line,
    pub stage: CaseStage,
    pub stage_since: Day,
    pub opened_on: Day,
    pub introduction: Option<ThingId>,
    pub meeting: Option<ThingId>,
    pub subject: Option<CardShown>,
    pub participants: Vec<CardShown>,
    pub purpose: Option<Purpose>,
    pub fields: Vec<FieldCode>,
    pub municipality: Option<MunicipalityCode>,
    #[schema(value_type = Vec<String>)]
    pub measures: Vec<Line>,
    pub documents: Vec<Document>,
    pub next_action: Option<NextAction>,
    pub outcome: Option<OutcomeShown>,
    pub desk: Option<PersonShown>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub struct OutcomeShown {
    pub outcome: CaseOutcome,
    #[schema(value_type = Option<String>)]
    pub text: Option<Prose>,
    pub on: Day,
}

/// Of the list as a file.
const COLUMNS: matter::Columns = &[
    ("ID", "/id"),
    ("案件名 / title", "/title"),
    ("段階 / stage", "/stage"),
    ("段階の開始 / since", "/stage_since"),
    ("参加者 / participants", "/participants"),
    ("目的 / purpose", "/purpose"),
    ("分野 / fields", "/fields"),
    ("市区町村 / municipality", "/municipality"),
    ("施策 / measures", "/measures"),
    ("次の予定 / next action", "/next_action/what"),
    ("予定日 / on", "/next_action/on"),
    ("成果 / outcome", "/outcome/outcome"),
    ("担当 / desk", "/desk/name"),
    ("開始 / opened", "/opened_on"),
    ("更新 / updated", "/updated_at"),
];

#[derive(Serialize, ToSchema)]
pub struct CasesShown {
    pub items: Vec<CaseShown>,
    pub next: Option<String>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/cases").route(web::get().to(list)).route(web::post().to(create)))
        .service(at("/cases/{id}").route(web::get().to(read)))
        .service(at("/cases/{id}/history").route(web::get().to(history)))
        .service(at("/cases/{id}/events").route(web::post().to(act)));
}

/// Cases of the own parties, or all for desks; newest first.
#[utoipa::path(get, path = "/api/v1/cases", tag = "desk", params(MatterQuery), responses(
    (status = 200, body = CasesShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller) -> Answer {
    let states: Vec<&str> = CaseStage::ALL.iter().map(|stage| stage.code()).collect();
    matter::list::<Case, CaseShown>(&app, &request, actor, &states, COLUMNS, |conn, actor, page| {
        page.iter().map(|kept| show(conn, actor, &known_to(actor, kept)?)).collect()
    })
    .await
}

/// Opens a case: coordinators, and whoever speaks for a side of an accepted introduction or of a meeting of which something is
/// to come.
#[utoipa::path(post, path = "/api/v1/cases", tag = "desk", request_body = NewCase, params(
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 201, body = CaseShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn create(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, body: web::Bytes) -> Answer {
    let sight = matter::sight(&actor)?;
    let new: NewCase = wire::typed(&request, &body)?;
    matter::once(&app, &request, actor, &body, "cases", move |tx| {
        let mut introduction = match &new.introduction {
            None => None,
            Some(id) => match matters::get::<Introduction>(tx.conn(), &sight, id) {
                Ok(introduction) => Some(introduction),
                Err(Error::NotFound) => return Err(unknown("/introduction", id)),
                Err(error) => return Err(error),
            },
        };
        let mut meeting = meeting_of(tx, &sight, &new)?;
        let speaks = introduction.as_ref().is_some_and(|introduction| {
            Side::ALL.iter().any(|side| tx.actor().speaks_for(introduction.matter.party(*side)))
        }) || meeting.as_ref().is_some_and(|meeting| {
            MeetingSide::ALL.iter().any(|side| tx.actor().speaks_for(meeting.matter.party(*side)))
        });
        allow(tx.actor(), tx.actor().works_the_desk() || speaks)?;
        let happened_on = new.happened_on.clone();
        let today = Day::at(tx.at());
        if happened_on.as_ref().is_some_and(|day| *day > today) {
            let defect = Defect::new("day.future", "今日までの日付を入れてください。", "The day is not in the future.");
            return Err(Error::invalid("/happened_on", defect));
        }
        let opened = opened(tx, new, introduction.as_ref(), meeting.as_ref())?;
        let kept = matters::open::<Case>(tx, CaseDeed::Opened(Box::new(opened)), happened_on)?;
        if let Some(introduction) = &mut introduction {
            let case = kept.id.clone();
            matters::add(tx, introduction, IntroductionDeed::CaseOpened { case }, None)?;
        }
        if let Some(meeting) = &mut meeting {
            matters::add(tx, meeting, MeetingDeed::CaseOpened { case: kept.id.clone() }, None)?;
        }
        done(tx, &kept, true)
    })
    .await
}

/// One case, now or as of a moment.
#[utoipa::path(get, path = "/api/v1/cases/{id}", tag = "desk", params(("id" = String, Path), MomentQuery), responses(
    (status = 200, body = CaseShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let sight = matter::sight(&actor)?;
    let (id, query) = (wire::known_id(&id)?, wire::query::<MomentQuery>(&request)?);
    let as_of = matter::moment(query.as_of.as_deref())?;
    let shown = app
        .read(move |conn| {
            let known = known_to(&actor, &matters::get::<Case>(conn, &sight, &id)?)?;
            let kept = match &as_of {
                None => known,
                Some(as_of) => known.at(as_of).ok_or(Error::NotFound)?,
            };
            show(conn, &actor, &kept)
        })
        .await?;
    Ok(HttpResponse::Ok().json(shown))
}

/// Everything that happened to a case, with who recorded it.
#[utoipa::path(get, path = "/api/v1/cases/{id}/history", tag = "desk", params(("id" = String, Path), HistoryQuery), responses(
    (status = 200, body = History), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn history(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let sight = matter::sight(&actor)?;
    let (id, format) = (wire::known_id(&id)?, matter::history_form(&request)?);
    let scope = actor.scope();
    let history = app
        .read(move |conn| {
            let kept = known_to(&actor, &matters::get::<Case>(conn, &sight, &id)?)?;
            let desk = actor.reads_the_desk();
            matter::history::<Case>(conn, &kept.events, true, |deed| {
                let mut told = serde_json::to_value(deed).map_err(Error::internal)?;
                if let (false, CaseDeed::HandedOver { .. }, Some(fields)) = (desk, deed, told.as_object_mut()) {
                    // What one desk writes to the next is theirs.
                    fields.remove("note");
                }
                Ok(told)
            })
        })
        .await?;
    matter::answer_history::<Case>(&app, scope, format, history).await
}

/// Adds what happened. Desks add everything; who speaks for a participant adds stages, notes, documents and actions.
#[utoipa::path(post, path = "/api/v1/cases/{id}/events", tag = "desk", request_body = CaseEvent, params(
    ("id" = String, Path),
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 200, body = CaseShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn act(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let sight = matter::sight(&actor)?;
    let id = wire::known_id(&id)?;
    let (happened_on, what) = read_event(&request, &body)?;
    matter::once(&app, &request, actor, &body, "cases", move |tx| {
        let mut kept = matters::get::<Case>(tx.conn(), &sight, &id)?;
        let deed = deed_of(tx, &kept, what)?;
        let turns = matches!(deed, CaseDeed::Outcome { .. } | CaseDeed::Reopened { .. });
        if matters::add(tx, &mut kept, deed, happened_on)? && turns {
            tell_introduction(tx, &kept)?;
        }
        done(tx, &kept, false)
    })
    .await
}

/// The introduction that a case came of follows its end: what was opened closes, unless the two go on together.
fn tell_introduction(tx: &mut Tx<'_>, case: &Kept<Case>) -> Result<()> {
    let Some(id) = &case.matter.opened.introduction else { return Ok(()) };
    let mut introduction = matters::get::<Introduction>(tx.conn(), &Sight::All, id)?;
    let deed = match &case.matter.outcome {
        Some((outcome, _, _)) => IntroductionDeed::CaseClosed { case: case.id.clone(), keeps: outcome.goes_on() },
        None => IntroductionDeed::CaseReopened { case: case.id.clone() },
    };
    matters::add(tx, &mut introduction, deed, None)?;
    Ok(())
}

/// The day stands beside what happened; each is read by itself, so that every unknown name is refused.
fn read_event(request: &HttpRequest, body: &[u8]) -> Result<(Option<Day>, CaseHappening)> {
    let mut tree = wire::json(request, body)?;
    let day = tree.as_object_mut().and_then(|fields| fields.remove("happened_on"));
    let happened_on = match day {
        None | Some(serde_json::Value::Null) => None,
        Some(day) => {
            let day = day.as_str().map(Day::parse).unwrap_or_else(|| Day::parse(""));
            Some(day.map_err(|defect| Error::invalid("/happened_on", defect))?)
        }
    };
    let what = crate::domain::parse::body(tree).map_err(Error::Invalid)?;
    Ok((happened_on, what))
}

fn deed_of(tx: &mut Tx<'_>, kept: &Kept<Case>, what: CaseHappening) -> Result<CaseDeed> {
    let desk = tx.actor().works_the_desk();
    let speaks = kept.matter.participants.iter().any(|party| tx.actor().speaks_for(party));
    let members = match what {
        CaseHappening::Stage { .. }
        | CaseHappening::Note { .. }
        | CaseHappening::Title { .. }
        | CaseHappening::Document { .. }
        | CaseHappening::NextAction { .. }
        | CaseHappening::ActionDone { .. } => true,
        CaseHappening::Join { .. }
        | CaseHappening::Take
        | CaseHappening::Leave { .. }
        | CaseHappening::Measures { .. }
        | CaseHappening::Outcome { .. }
        | CaseHappening::Reopen { .. } => false,
    };
    allow(tx.actor(), desk || (members && speaks))?;
    Ok(match what {
        CaseHappening::Stage { to, reason } => CaseDeed::Stage { to, reason },
        CaseHappening::Note { text } => CaseDeed::Noted { text },
        CaseHappening::Title { title } => CaseDeed::Retitled { title },
        CaseHappening::Document { title, link } => {
            check_link(&link)?;
            CaseDeed::Document { title, link }
        }
        CaseHappening::NextAction { what, on } => CaseDeed::NextAction { what, on },
        CaseHappening::ActionDone { text } => CaseDeed::ActionDone { text },
        CaseHappening::Join { party, share } => {
            check_parties(tx, "/party", std::slice::from_ref(&party))?;
            CaseDeed::Joined { party, share }
        }
        CaseHappening::Take => matter::take(tx.actor(), kept)?,
        CaseHappening::Leave { party, reason } => CaseDeed::Left { party, reason },
        CaseHappening::Measures { measures } => CaseDeed::Measures { measures: check_measures(measures)? },
        CaseHappening::Outcome { outcome, text } => CaseDeed::Outcome { outcome, text },
        CaseHappening::Reopen { reason } => CaseDeed::Reopened { reason },
    })
}

/// The meeting it comes from, if one is named that the caller may see.
fn meeting_of(tx: &mut Tx<'_>, sight: &Sight, new: &NewCase) -> Result<Option<Kept<Meeting>>> {
    let Some(id) = &new.meeting else { return Ok(None) };
    if new.introduction.is_some() {
        let defect = Defect::new(
            "case.origin",
            "紹介と商談のどちらか一方だけを指定してください。",
            "Name an introduction or a meeting, not both.",
        );
        return Err(Error::invalid("/meeting", defect));
    }
    match matters::get::<Meeting>(tx.conn(), sight, id) {
        Ok(meeting) => Ok(Some(meeting)),
        Err(Error::NotFound) => Err(unknown("/meeting", id)),
        Err(error) => Err(error),
    }
}

fn opened(
    tx: &mut Tx<'_>,
    new: NewCase,
    introduction: Option<&Kept<Introduction>>,
    meeting: Option<&Kept<Meeting>>,
) -> Result<Opened> {
    let matter = introduction.map(|introduction| &introduction.matter);
    let met =
        meeting.iter().flat_map(|meeting| MeetingSide::ALL.iter().map(|side| meeting.matter.party(*side).clone()));
    let mut parties: Vec<ThingId> = matter
        .iter()
        .flat_map(|matter| [matter.asked.seeking.clone(), matter.asked.answering.clone()])
        .chain(met)
        .chain(new.parties.iter().cloned())
        .collect();
    let mut seen = std::collections::HashSet::new();
    parties.retain(|party| seen.insert(party.clone()));
    check_parties(tx, "/parties", &new.parties)?;
    if parties.is_empty() || parties.len() > PARTICIPANTS_MOST {
        let defect = Defect::new("list.length", "参加者は1〜50件です。", "A case has 1 to 50 participants.");
        return Err(Error::invalid("/parties", defect));
    }
    let subject = matter.map(|matter| matter.asked.subject.clone()).or(new.subject);
    if let Some(subject) = subject.as_ref().filter(|_| matter.is_none()) {
        let scope = tx.actor().scope();
        if Cards::read(tx.conn(), &scope, [subject.clone()])?.get(subject).is_none() {
            return Err(unknown("/subject", subject));
        }
    }
    let fields = match (new.fields, &subject) {
        (Some(fields), _) => {
            let codes: Vec<String> = fields.iter().map(|code| code.as_str().to_owned()).collect();
            if !vocabulary::unknown(tx.conn(), vocabulary::Listed::Field, &codes)?.is_empty() {
                return Err(Error::invalid(
                    "/fields",
                    Defect::new("field.unknown", "登録されていない分野です。", "There is no such field."),
                ));
            }
            fields
        }
        (None, Some(subject)) => disclosures::fields_of(tx.conn(), subject)?,
        (None, None) => Vec::new(),
    };
    let municipality = match new.municipality {
        Some(code) if vocabulary::has_municipality(tx.conn(), code.as_str())? => Some(code),
        Some(_) => {
            let defect =
                Defect::new("municipality.unknown", "登録されていない市区町村です。", "There is no such municipality.");
            return Err(Error::invalid("/municipality", defect));
        }
        None => parties.first().map(|party| disclosures::municipality_of(tx.conn(), party)).transpose()?.flatten(),
    };
    let desk = match (tx.actor().works_the_desk(), matter) {
        (true, _) => tx.actor().account().cloned(),
        (false, Some(matter)) => matter.desk.clone(),
        (false, None) => None,
    };
    let first = match (matter, meeting) {
        (Some(_), _) => CaseStage::Introduction,
        (None, Some(_)) => CaseStage::Meeting,
        (None, None) => CaseStage::Consultation,
    };
    let stage = new.stage.unwrap_or(first);
    check_way(first, stage, &new.reason)?;
    Ok(Opened {
        title: new.title,
        introduction: introduction.map(|introduction| introduction.id.clone()),
        meeting: meeting.map(|meeting| meeting.id.clone()),
        subject,
        parties,
        purpose: new.purpose.or_else(|| matter.and_then(|matter| matter.asked.purpose)),
        fields,
        municipality,
        measures: check_measures(new.measures)?,
        stage,
        reason: new.reason,
        desk,
    })
}

fn check_parties(tx: &mut Tx<'_>, pointer: &str, parties: &[ThingId]) -> Result<()> {
    let scope = tx.actor().scope();
    let cards = Cards::read(tx.conn(), &scope, parties.iter().cloned())?;
    match parties.iter().find(|id| cards.get(id).is_none_or(|card| !card.kind.is_party())) {
        None => Ok(()),
        Some(id) => Err(unknown(pointer, id)),
    }
}

fn check_measures(measures: Vec<Line>) -> Result<Vec<Line>> {
    let repeated = measures.iter().enumerate().any(|(at, measure)| measures[..at].contains(measure));
    if measures.len() > MEASURES_MOST || repeated {
        let defect =
            Defect::new("list.measures", "施策は20件まで、それぞれ一度だけです。", "At most 20 measures, each once.");
        return Err(Error::invalid("/measures", defect));
    }
    Ok(measures)
}

fn check_link(link: &Line) -> Result<()> {
    let lower = link.as_str().to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    if rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace)) {
        return Ok(());
    }
    let defect = Defect::new(
        "link.form",
        "リンクは https:// か http:// で始めてください。",
        "A link begins with https:// or http://.",
    );
    Err(Error::invalid("/link", defect))
}

fn done(tx: &mut Tx<'_>, kept: &Kept<Case>, begun: bool) -> Result<Done> {
    let actor = tx.actor().clone();
    let shown = show(tx.conn(), &actor, &known_to(&actor, kept)?)?;
    Done::new(&kept.id, begun, &shown)
}

/// The case as the caller may know it: the sum of the events that the caller's parties may know of.
fn known_to(actor: &Actor, kept: &Kept<Case>) -> Result<Kept<Case>> {
    if actor.reads_the_desk() {
        return Ok(kept.clone());
    }
    let parties: Vec<ThingId> = match actor {
        Actor::Account(account) => account.memberships.iter().map(|membership| membership.party.clone()).collect(),
        Actor::Operator | Actor::System | Actor::Visitor => Vec::new(),
    };
    kept.with(kept.matter.seen_by(&kept.events, &parties)).ok_or(Error::NotFound)
}

fn show(conn: &mut Conn, actor: &Actor, kept: &Kept<Case>) -> Result<CaseShown> {
    let matter = kept.matter.clone();
    let ids = matter.participants.iter().chain(&matter.opened.subject).cloned();
    let cards = Cards::with_gone(conn, &actor.scope(), ids)?;
    let people = people(conn, matter.desk.iter().map(ToString::to_string))?;
    Ok(CaseShown {
        id: kept.id.clone(),
        title: matter.title,
        stage: matter.stage,
        stage_since: matter.stage_since,
        opened_on: matter.opened_on,
        introduction: matter.opened.introduction,
        meeting: matter.opened.meeting,
        subject: matter.opened.subject.as_ref().and_then(|subject| cards.get(subject)),
        participants: cards.some(&matter.participants),
        purpose: matter.opened.purpose,
        fields: matter.opened.fields,
        municipality: matter.opened.municipality,
        measures: matter.measures,
        documents: matter.documents,
        next_action: matter.next_action,
        outcome: matter.outcome.map(|(outcome, text, on)| OutcomeShown { outcome, text, on }),
        desk: matter.desk.as_ref().and_then(|desk| people.get(desk.as_str()).cloned()),
        version: kept.version(),
        created_at: kept.created_at.clone(),
        updated_at: kept.updated_at.clone(),
    })
}

/// What a notice about a case names, as far as the reader may know it now.
pub(super) fn named(conn: &mut Conn, actor: &Actor, id: &ThingId) -> Result<Named> {
    let kept = known_to(actor, &matters::get::<Case>(conn, &matter::sight(actor)?, id)?)?;
    let shown = show(conn, actor, &kept)?;
    Ok(Named { title: Some(shown.title.into()), subject: shown.subject, parties: shown.participants })
}
