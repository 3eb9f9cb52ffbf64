//! Who acts for a party: for its owners and for administrators. A membership begins by accepting an invitation and
//! counts once it is confirmed.

use super::permit;
use super::problem::{Answer, ProblemBody};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::{Caller, Credential};
use crate::domain::{Actor, Defect, Email, MembershipState, Right, ThingId, Timestamp, parse};
use crate::error::{Error, Result};
use crate::store::memberships::{self, MembershipRow, Of};
use crate::store::{Tx, accounts, outbox};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Serialize, ToSchema)]
pub struct MembershipShown {
    pub id: ThingId,
    pub account: ThingId,
    pub name: String,
    pub email: Email,
    pub party: ThingId,
    pub right: Right,
    pub state: MembershipState,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub struct Memberships {
    pub items: Vec<MembershipShown>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembershipsQuery {
    /// The organisation or person (id).
    pub party: String,
}

/// Absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MembershipPatch {
    #[serde(default, deserialize_with = "parse::present")]
    pub right: Option<Right>,
    /// `confirmed` or `suspended`.
    #[serde(default, deserialize_with = "parse::present")]
    pub state: Option<MembershipState>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config.service(at("/memberships").route(web::get().to(list))).service(
        at("/memberships/{id}")
            .route(web::get().to(read))
            .route(web::patch().to(change))
            .route(web::delete().to(delete)),
    );
}

/// The members of a party. For its owners and for administrators.
#[utoipa::path(get, path = "/api/v1/memberships", tag = "accounts", params(MembershipsQuery), responses(
    (status = 200, body = Memberships), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, caller: Caller) -> Answer {
    refuse_visitor(&caller.0)?;
    let query: MembershipsQuery = wire::query(&request)?;
    let party = ThingId::parse(&query.party).map_err(|_| Error::NotFound)?;
    if !permit::manages(&caller.0, &party) {
        return Err(Error::NotFound.into());
    }
    let rows = app.read(move |conn| memberships::read(conn, Of::Party(&party))).await?;
    Ok(HttpResponse::Ok().json(Memberships { items: rows.into_iter().map(shown).collect() }))
}

/// One membership: for its holder, the owners of the party, and administrators.
#[utoipa::path(get, path = "/api/v1/memberships/{id}", tag = "accounts", params(("id" = String, Path)), responses(
    (status = 200, body = MembershipShown), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, caller: Caller, id: web::Path<String>) -> Answer {
    refuse_visitor(&caller.0)?;
    let id = ThingId::parse(&id).map_err(|_| Error::NotFound)?;
    let row = app.read(move |conn| memberships::get(conn, &id)).await?;
    if !permit::manages(&caller.0, &row.party) && !holds(&caller.0, &row) {
        return Err(Error::NotFound.into());
    }
    Ok(answer(row))
}

/// Confirms or suspends a membership, or changes its right. It acts on the next request of the member.
#[utoipa::path(patch, path = "/api/v1/memberships/{id}", tag = "accounts", request_body = MembershipPatch, params(
    ("id" = String, Path),
    ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 200, body = MembershipShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody, description = "It is the last owner."),
    (status = 412, body = ProblemBody), (status = 422, body = ProblemBody), (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn change(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    credential: Credential,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    refuse_visitor(&caller.0)?;
    permit::by_a_person(&credential)?;
    let id = ThingId::parse(&id).map_err(|_| Error::NotFound)?;
    let expected = Revision::required(&request)?;
    let MembershipPatch { right, state } = wire::typed(&request, &body)?;
    if state == Some(MembershipState::Accepted) {
        return Err(Error::invalid(
            "/state",
            Defect::new("value.not_in_list", "confirmed か suspended です。", "It is confirmed or suspended."),
        )
        .into());
    }
    let written = app
        .write(caller.0, move |tx| {
            let current = memberships::get(tx.conn(), &id)?;
            if !permit::manages(tx.actor(), &current.party) {
                return Err(Error::NotFound);
            }
            let stays = right.unwrap_or(current.right) == Right::Owner && state != Some(MembershipState::Suspended);
            if !stays {
                refuse_last_owner(tx, &current)?;
            }
            let row = memberships::change(tx, &id, expected.0, right, state)?;
            if row.state == MembershipState::Confirmed && current.state == MembershipState::Accepted {
                let (account, now) = (accounts::get(tx.conn(), &row.account)?, tx.at().clone());
                let (language, reference) = (Some(account.language), Some(row.id.as_str()));
                outbox::put(tx.conn(), "membership_confirmed", &account.email, language, reference, &now)?;
            }
            Ok(row)
        })
        .await?;
    app.auth.post.wake();
    Ok(answer(written.value))
}

/// Ends a membership for good: by the member, an owner of the party, or an administrator.
#[utoipa::path(delete, path = "/api/v1/memberships/{id}", tag = "accounts", params(
    ("id" = String, Path),
    ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody, description = "It is the last owner."),
    (status = 412, body = ProblemBody), (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn delete(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    credential: Credential,
    id: web::Path<String>,
) -> Answer {
    refuse_visitor(&caller.0)?;
    permit::by_a_person(&credential)?;
    let id = ThingId::parse(&id).map_err(|_| Error::NotFound)?;
    let expected = Revision::required(&request)?;
    app.write(caller.0, move |tx| {
        let current = memberships::get(tx.conn(), &id)?;
        if !permit::manages(tx.actor(), &current.party) && !holds(tx.actor(), &current) {
            return Err(Error::NotFound);
        }
        refuse_last_owner(tx, &current)?;
        memberships::delete(tx, &id, expected.0)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A party that loses its last owner is nobody's: only an administrator may do that.
fn refuse_last_owner(tx: &mut Tx<'_>, membership: &MembershipRow) -> Result<()> {
    let owner = membership.right == Right::Owner && membership.state == MembershipState::Confirmed;
    if !owner || permit::administrator(tx.actor()).is_ok() {
        return Ok(());
    }
    if memberships::owners(tx.conn(), &membership.party)?.len() > 1 {
        return Ok(());
    }
    Err(Error::Conflict(Defect::new(
        "membership.last_owner",
        "最後の所有者です。先に別の所有者を決めるか、管理者に依頼してください。",
        "This is the last owner. Name another owner first, or ask an administrator.",
    )))
}

fn refuse_visitor(actor: &Actor) -> Result<()> {
    if *actor == Actor::Visitor { Err(Error::Unauthenticated) } else { Ok(()) }
}

fn holds(actor: &Actor, row: &MembershipRow) -> bool {
    matches!(actor, Actor::Account(account) if account.id == row.account)
}

fn answer(row: MembershipRow) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::ETAG, Revision(row.version).etag())).json(shown(row))
}

fn shown(row: MembershipRow) -> MembershipShown {
    MembershipShown {
        id: row.id,
        account: row.account,
        name: row.name,
        email: row.email,
        party: row.party,
        right: row.right,
        state: row.state,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
