//! `/desk/hand-over`: the open work of a coordinator goes to a colleague, with its clocks.

use super::matter::{allow, worker_of_desks};
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::{BoothPlan, Case, Group, Introduction, Matter, Proposal, Timetable};
use crate::domain::text::Prose;
use crate::domain::{Defect, Role, ThingId};
use crate::error::{Error, Result};
use crate::store::matters::Sight;
use crate::store::{Tx, accounts, matters};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// The colleague: an active coordinator or administrator.
    pub to: ThingId,
    /// Whose desk; the caller's own if absent. Others' desks are handed over by administrators.
    #[serde(default)]
    pub from: Option<ThingId>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub note: Option<Prose>,
}

/// How much went over.
#[derive(Serialize, ToSchema)]
pub struct HandedOver {
    pub matches: usize,
    pub introductions: usize,
    pub cases: usize,
    pub timetables: usize,
    pub booth_plans: usize,
    pub groups: usize,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/desk/hand-over")
            .route(web::post().to(hand_over))
            .default_service(web::to(wire::method_not_allowed)),
    );
}

/// Hands everything open on a desk over to a colleague. Dates stay as they are; reminders go to the new desk.
#[utoipa::path(post, path = "/api/v1/desk/hand-over", tag = "desk", request_body = HandOver, responses(
    (status = 200, body = HandedOver), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn hand_over(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, body: web::Bytes) -> Answer {
    worker_of_desks(&actor)?;
    let HandOver { to, from, note } = wire::typed(&request, &body)?;
    let own = actor.account().cloned();
    let from = match from.or_else(|| own.clone()) {
        Some(from) => from,
        None => {
            let defect = Defect::new("value.required", "誰の机かを指定してください。", "Please say whose desk.");
            return Err(Error::invalid("/from", defect).into());
        }
    };
    allow(&actor, own.as_ref() == Some(&from) || super::permit::administrator(&actor).is_ok())?;
    let written = app
        .write(actor, move |tx| {
            refuse_stranger(tx, &to)?;
            tx.unchanged();
            let (cases, of_cases) = give_cases(tx, &from, &to, &note)?;
            Ok(HandedOver {
                matches: give::<Proposal>(tx, &from, &to, &note)?,
                introductions: of_cases + give::<Introduction>(tx, &from, &to, &note)?,
                cases,
                timetables: give::<Timetable>(tx, &from, &to, &note)?,
                booth_plans: give::<BoothPlan>(tx, &from, &to, &note)?,
                groups: give::<Group>(tx, &from, &to, &note)?,
            })
        })
        .await?;
    app.auth.post.wake();
    Ok(HttpResponse::Ok().json(written.value))
}

/// Cases, and the introductions that they came of: who looks after the one looks after the other. How many of each.
fn give_cases(tx: &mut Tx<'_>, from: &ThingId, to: &ThingId, note: &Option<Prose>) -> Result<(usize, usize)> {
    let (mut given, mut introductions) = (0, 0);
    for mut case in matters::on_desk::<Case>(tx.conn(), from)? {
        if let Some(deed) = Case::hand_over(to.clone(), note.clone()) {
            given += usize::from(matters::add(tx, &mut case, deed, None)?);
        }
        let Some(id) = &case.matter.opened.introduction else { continue };
        let mut introduction = matters::get::<Introduction>(tx.conn(), &Sight::All, id)?;
        if introduction.matter.desk.as_ref() == Some(from)
            && let Some(deed) = Introduction::hand_over(to.clone(), note.clone())
        {
            introductions += usize::from(matters::add(tx, &mut introduction, deed, None)?);
        }
    }
    Ok((given, introductions))
}

fn give<M: Matter>(tx: &mut Tx<'_>, from: &ThingId, to: &ThingId, note: &Option<Prose>) -> Result<usize> {
    let mut given = 0;
    for mut kept in matters::on_desk::<M>(tx.conn(), from)? {
        let Some(deed) = M::hand_over(to.clone(), note.clone()) else { continue };
        given += usize::from(matters::add(tx, &mut kept, deed, None)?);
    }
    Ok(given)
}

/// Only who can work a desk gets one.
fn refuse_stranger(tx: &mut Tx<'_>, to: &ThingId) -> Result<()> {
    let rights = accounts::rights(tx.conn(), to.as_str(), false)?;
    let works = rights
        .is_some_and(|actor| actor.roles.iter().any(|role| matches!(role, Role::Coordinator | Role::Administrator)));
    if works {
        return Ok(());
    }
    let defect = Defect::new(
        "desk.stranger",
        "引き継ぐ相手は、有効なコーディネーターか管理者です。",
        "A desk goes to an active coordinator or administrator.",
    );
    Err(Error::invalid("/to", defect))
}
