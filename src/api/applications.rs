//! `/applications`: firms apply to an exhibition, until the deadline of its call.

use super::matter::{self, CardShown, Cards, Done, History, HistoryQuery, MatterQuery, MomentQuery, allow, unknown};
use super::problem::{Answer, ProblemBody};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::application::{ApplicationForm, Applied, NAMED_MOST, refuse_late};
use crate::domain::desk::{Application, ApplicationDeed, Group};
use crate::domain::text::Prose;
use crate::domain::vocabulary::desk::{ApplicationState, GroupState};
use crate::domain::vocabulary::{Kind, Status};
use crate::domain::{Actor, Defect, Exhibition, Finding, Scope, Thing, ThingId, Timestamp, parse};
use crate::error::{Error, Result};
use crate::store::matters::{self, Kept, Sight};
use crate::store::{Conn, Tx, things};
use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApplication {
    /// The organisation that applies: one for which the caller acts, or any for the office.
    pub party: ThingId,
    #[serde(default)]
    pub form: ApplicationForm,
}

#[derive(Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum ApplicationEvent {
    /// What is named of the form takes the place of what was, null clears (a merge patch). After a withdrawal this applies
    /// again, with what was said before.
    Change {
        #[schema(value_type = ApplicationForm)]
        form: Value,
    },
    Withdraw {
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        text: Option<Prose>,
    },
}

#[derive(Serialize, ToSchema)]
pub struct ApplicationShown {
    pub id: ThingId,
    pub state: ApplicationState,
    pub exhibition: Option<CardShown>,
    pub party: Option<CardShown>,
    pub form: ApplicationForm,
    /// What is named in the form, as far as the reader may see it.
    pub things: Vec<CardShown>,
    pub together: Vec<CardShown>,
    pub apart: Vec<CardShown>,
    #[schema(value_type = Option<String>)]
    pub withdrawn_because: Option<Prose>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Of the list as a file.
const COLUMNS: matter::Columns = &[
    ("ID", "/id"),
    ("状態 / state", "/state"),
    ("展示会 / exhibition", "/exhibition/title"),
    ("申込者 / party", "/party/title"),
    ("出展内容 / shows", "/form/shows_ja"),
    ("出展内容（英語） / shows (en)", "/form/shows_en"),
    ("出展する技術 / things", "/things"),
    ("幹事可 / willing to lead", "/form/willing_to_lead"),
    ("広さ / space", "/form/space"),
    ("その他の費用 / other cost", "/form/other_cost"),
    ("負担上限 / pays at most", "/form/pays_at_most"),
    ("一緒に / together", "/together"),
    ("離す / apart", "/apart"),
    ("備考 / note", "/form/note"),
    ("申込み / created", "/created_at"),
    ("更新 / updated", "/updated_at"),
];

#[derive(Serialize, ToSchema)]
pub struct ApplicationsShown {
    pub items: Vec<ApplicationShown>,
    pub next: Option<String>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(
            at("/exhibitions/{id}/applications").route(web::get().to(list_of_exhibition)).route(web::post().to(create)),
        )
        .service(at("/applications").route(web::get().to(list)))
        .service(at("/applications/{id}").route(web::get().to(read)))
        .service(at("/applications/{id}/history").route(web::get().to(history)))
        .service(at("/applications/{id}/events").route(web::post().to(act)));
}

/// Applications of the own parties to every exhibition, or all for the office; newest first.
#[utoipa::path(get, path = "/api/v1/applications", tag = "exhibitions", params(MatterQuery), responses(
    (status = 200, body = ApplicationsShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller) -> Answer {
    let states: Vec<&str> = ApplicationState::ALL.iter().map(|state| state.code()).collect();
    matter::list::<Application, ApplicationShown>(&app, &request, actor, &states, COLUMNS, show_page).await
}

/// Applications to one exhibition: the own, or all for the office; newest first.
#[utoipa::path(get, path = "/api/v1/exhibitions/{id}/applications", tag = "exhibitions",
    params(("id" = String, Path), MatterQuery), responses(
    (status = 200, body = ApplicationsShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn list_of_exhibition(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
) -> Answer {
    matter::sight(&actor)?;
    let (id, scope) = (wire::known_id(&id)?, actor.scope());
    let exhibition = app.read(move |conn| things::get::<Exhibition>(conn, &scope, &id)).await?;
    let states: Vec<&str> = ApplicationState::ALL.iter().map(|state| state.code()).collect();
    let about = Some(exhibition.header.id);
    matter::list_about::<Application, ApplicationShown>(&app, &request, actor, about, &states, COLUMNS, show_page).await
}

/// Applies for a party, once, until the deadline.
#[utoipa::path(post, path = "/api/v1/exhibitions/{id}/applications", tag = "exhibitions", request_body = NewApplication,
    params(("id" = String, Path),
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 201, body = ApplicationShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn create(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    allow(&actor, actor != Actor::Visitor)?;
    let id = wire::known_id(&id)?;
    let read = parse::read::<NewApplication>(wire::json(&request, &body)?);
    let Some(NewApplication { party, form }) = read.value.clone() else {
        return Err(Error::Invalid(read.findings).into());
    };
    matter::once(&app, &request, actor, &body, "applications", move |tx| {
        let scope = tx.actor().scope();
        let exhibition = things::get::<Exhibition>(tx.conn(), &scope, &id)?;
        check_applicant(tx, &party)?;
        refuse_closed(tx, &exhibition)?;
        let refused = check_form(tx, &party, &form)?.into_iter().map(in_form).collect();
        let refused = read.and(refused);
        if !refused.is_empty() {
            return Err(Error::Invalid(refused));
        }
        if let Some(there) = matters::of_pair(tx.conn(), &Application::pair(&id, &party))? {
            let withdrawn = matters::get::<Application>(tx.conn(), &Sight::All, &there)?.matter.state
                == ApplicationState::Withdrawn;
            let (ja, en) = if withdrawn {
                (
                    format!("この申込みは取り下げられています（{there}）。change で再開できます。"),
                    format!("This party withdrew its application ({there}). A change takes it up again."),
                )
            } else {
                (
                    format!("すでに申し込んでいます（{there}）。内容はその申込みで変更できます。"),
                    format!("This party has applied already ({there}). Change that application instead."),
                )
            };
            let defect = Defect::new("already-applied", ja, en);
            return Err(Error::Conflict(defect));
        }
        let applied = Applied { exhibition: id, party, form };
        let kept = matters::open::<Application>(tx, ApplicationDeed::Applied(Box::new(applied)), None)?;
        done(tx, &kept, true)
    })
    .await
}

/// One application, now or as of a moment.
#[utoipa::path(get, path = "/api/v1/applications/{id}", tag = "exhibitions", params(("id" = String, Path), MomentQuery),
    responses(
    (status = 200, body = ApplicationShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    matter::read::<Application, _>(&app, &request, actor, &id, show).await
}

/// Everything that happened to an application.
#[utoipa::path(get, path = "/api/v1/applications/{id}/history", tag = "exhibitions", params(("id" = String, Path), HistoryQuery),
    responses(
    (status = 200, body = History), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn history(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let sight = matter::sight(&actor)?;
    let (id, format) = (wire::known_id(&id)?, matter::history_form(&request)?);
    let scope = actor.scope();
    let history = app
        .read(move |conn| {
            let kept = matters::get::<Application>(conn, &sight, &id)?;
            matter::history::<Application>(conn, &kept.events, actor.reads_the_desk(), |deed| {
                serde_json::to_value(deed).map_err(Error::internal)
            })
        })
        .await?;
    matter::answer_history::<Application>(&app, scope, format, history).await
}

/// Changes or withdraws an application, until the deadline. Done twice, it counts once.
#[utoipa::path(post, path = "/api/v1/applications/{id}/events", tag = "exhibitions", request_body = ApplicationEvent,
    params(("id" = String, Path),
    ("If-Match" = Option<String>, Header, description = "The ETag that was read, with its quotes."),
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 200, body = ApplicationShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 412, body = ProblemBody),
    (status = 422, body = ProblemBody),
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
    let event: ApplicationEvent = wire::typed(&request, &body)?;
    let expected = Revision::given(&request)?;
    matter::once(&app, &request, actor, &body, "applications", move |tx| {
        let mut kept = matters::get::<Application>(tx.conn(), &sight, &id)?;
        matter::refuse_stale(&kept, expected)?;
        let party = kept.matter.party.clone();
        let actor = tx.actor().clone();
        allow(&actor, actor.speaks_for(&party) || actor.reads_the_desk())?;
        let exhibition = things::get::<Exhibition>(tx.conn(), &Scope::Everything, &kept.matter.exhibition)?;
        refuse_closed(tx, &exhibition)?;
        let deed = match event {
            ApplicationEvent::Change { form } => {
                let form = changed(tx, &party, &kept.matter.form, &form)?;
                ApplicationDeed::Changed { form: Box::new(form) }
            }
            ApplicationEvent::Withdraw { text } => {
                if kept.matter.state == ApplicationState::Applied {
                    refuse_members(tx, &kept.matter)?;
                }
                ApplicationDeed::Withdrawn { text }
            }
        };
        matters::add(tx, &mut kept, deed, None)?;
        done(tx, &kept, false)
    })
    .await
}

/// The caller acts for the party, which is an organisation that they see.
fn check_applicant(tx: &mut Tx<'_>, party: &ThingId) -> Result<()> {
    let actor = tx.actor().clone();
    let cards = Cards::read(tx.conn(), &actor.scope(), [party.clone()])?;
    if cards.get(party).is_none_or(|card| card.kind != Kind::Organization) {
        return Err(unknown("/party", party));
    }
    allow(&actor, actor.speaks_for(party) || actor.reads_the_desk())
}

fn refuse_closed(tx: &Tx<'_>, exhibition: &Thing<Exhibition>) -> Result<()> {
    if exhibition.header.status != Status::Published {
        return Ok(refuse_late(None, tx.at())?);
    }
    Ok(refuse_late(exhibition.entry.apply_by.as_ref(), tx.at())?)
}

/// The form with what a change names.
fn changed(tx: &mut Tx<'_>, party: &ThingId, form: &ApplicationForm, change: &Value) -> Result<ApplicationForm> {
    if !change.is_object() {
        let defect = Defect::new("body.object", "JSON オブジェクトを送ってください。", "Send a JSON object.");
        return Err(Error::invalid("/form", defect));
    }
    let mut fields = serde_json::to_value(form).map_err(Error::internal)?;
    parse::merge_patch(&mut fields, change);
    let read = parse::read::<ApplicationForm>(fields);
    let form = read.value.clone();
    let more = form.as_ref().map(|form| check_form(tx, party, form)).transpose()?.unwrap_or_default();
    let refused = read.and(more);
    match form {
        Some(form) if refused.is_empty() => Ok(form),
        Some(_) | None => Err(Error::Invalid(refused.into_iter().map(in_form).collect())),
    }
}

fn in_form(finding: Finding) -> Finding {
    Finding { pointer: format!("/form{}", finding.pointer), ..finding }
}

/// Who said yes to a group of the exhibition leaves that first: the others of the group, and the office, hear of it.
fn refuse_members(tx: &mut Tx<'_>, application: &Application) -> Result<()> {
    let groups = matters::about::<Group>(tx.conn(), &application.exhibition)?;
    let joined = groups.iter().find(|kept| {
        kept.matter.state != GroupState::Dissolved && kept.matter.members().any(|party| *party == application.party)
    });
    match joined {
        None => Ok(()),
        Some(kept) => {
            let title = kept.matter.formed.title.as_str();
            Err(Error::Conflict(Defect::new(
                "in-a-group",
                format!(
                    "グループ「{title}」（{}）に参加しています。先にそのグループへの参加を取り下げて（withdraw）ください。",
                    kept.id
                ),
                format!("It takes part in the group \"{title}\" ({}). Withdraw from that group first.", kept.id),
            )))
        }
    }
}

/// What of a form is refused. What is named is looked at with the eyes of who names it: own things, and organisations that
/// there are.
fn check_form(tx: &mut Tx<'_>, party: &ThingId, form: &ApplicationForm) -> Result<Vec<Finding>> {
    let mut findings = form.check(party);
    // What is far too much is counted, not read.
    let lists = [&form.things, &form.together, &form.apart];
    if lists.iter().any(|list| list.len() > NAMED_MOST) {
        return Ok(findings);
    }
    let scope = tx.actor().scope();
    let named = lists.into_iter().flatten().cloned();
    let cards = Cards::read(tx.conn(), &scope, named)?;
    let mut refuse = |pointer: String, id: &ThingId| {
        if let Error::Invalid(more) = unknown(&pointer, id) {
            findings.extend(more);
        }
    };
    for (place, id) in form.things.iter().enumerate() {
        let own = cards.get(id).is_some_and(|card| {
            matches!(card.kind, Kind::Capability | Kind::Seed) && card.owner.as_deref() == Some(party.as_str())
        });
        if !own {
            refuse(format!("/things/{place}"), id);
        }
    }
    for (name, list) in [("together", &form.together), ("apart", &form.apart)] {
        for (place, id) in list.iter().enumerate() {
            if cards.get(id).is_none_or(|card| card.kind != Kind::Organization) {
                refuse(format!("/{name}/{place}"), id);
            }
        }
    }
    Ok(findings)
}

fn done(tx: &mut Tx<'_>, kept: &Kept<Application>, begun: bool) -> Result<Done> {
    let actor = tx.actor().clone();
    Done::new(&kept.id, begun, &show(tx.conn(), &actor, kept)?)
}

fn show_page(conn: &mut Conn, actor: &Actor, page: Vec<Kept<Application>>) -> Result<Vec<ApplicationShown>> {
    page.iter().map(|kept| show(conn, actor, kept)).collect()
}

fn show(conn: &mut Conn, actor: &Actor, kept: &Kept<Application>) -> Result<ApplicationShown> {
    let matter = &kept.matter;
    let form = matter.form.clone();
    let named = form.things.iter().chain(&form.together).chain(&form.apart);
    let named = named.chain([&matter.party, &matter.exhibition]).cloned();
    let cards = Cards::with_gone(conn, &actor.scope(), named)?;
    Ok(ApplicationShown {
        id: kept.id.clone(),
        state: matter.state,
        exhibition: cards.get(&matter.exhibition),
        party: cards.get(&matter.party),
        things: cards.some(&form.things),
        together: cards.some(&form.together),
        apart: cards.some(&form.apart),
        withdrawn_because: matter.withdrawn_because.clone(),
        form,
        version: kept.version(),
        created_at: kept.created_at.clone(),
        updated_at: kept.updated_at.clone(),
    })
}
