//! Accounts, for administrators. They are made by accepting an invitation: see `invitations`.

use super::permit;
use super::problem::{Answer, ProblemBody};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::{Caller, Credential};
use crate::domain::text::Line;
use crate::domain::vocabulary::Language;
use crate::domain::{AccountState, Defect, Email, Role, ThingId, Timestamp, parse};
use crate::error::Error;
use crate::store::accounts::{self, Account, AccountChange};
use crate::store::page::{Page, Place};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const LIST: &str = "accounts";

#[derive(Serialize, ToSchema)]
pub struct AccountShown {
    pub id: ThingId,
    pub email: Email,
    pub name: String,
    pub language: Language,
    pub state: AccountState,
    pub roles: Vec<Role>,
    pub second_factor: bool,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub struct Accounts {
    pub items: Vec<AccountShown>,
    pub next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountsQuery {
    /// 1 to 100; 20 if absent.
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
}

/// Absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountPatch {
    #[serde(default, deserialize_with = "parse::present")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Line>,
    #[serde(default, deserialize_with = "parse::present")]
    pub language: Option<Language>,
    /// `active` or `suspended`.
    #[serde(default, deserialize_with = "parse::present")]
    pub state: Option<AccountState>,
    /// All of them; what is not named is taken away.
    #[serde(default, deserialize_with = "parse::present")]
    pub roles: Option<Vec<Role>>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/accounts").route(web::get().to(list)))
        .service(at("/accounts/{id}").route(web::get().to(read)).route(web::patch().to(change)));
}

/// Accounts by address. For administrators.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", params(AccountsQuery), responses(
    (status = 200, body = Accounts), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 403, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, caller: Caller) -> Answer {
    permit::administrator(&caller.0)?;
    let query: AccountsQuery = wire::query(&request)?;
    let limit = Page::parse_limit(query.limit)?;
    let after = query.after.as_deref().map(|cursor| Place::from_cursor(cursor, LIST)).transpose()?;
    let (items, next) = app.read(move |conn| accounts::list(conn, after.as_ref(), limit)).await?;
    let next = next.map(|place| place.cursor(LIST));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(Accounts { items: items.into_iter().map(shown).collect(), next }))
}

/// One account. For administrators.
#[utoipa::path(get, path = "/api/v1/accounts/{id}", tag = "accounts", params(("id" = String, Path)), responses(
    (status = 200, body = AccountShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, caller: Caller, id: web::Path<String>) -> Answer {
    permit::administrator(&caller.0)?;
    let id = wire::known_id(&id)?;
    let account = app.read(move |conn| accounts::get(conn, &id)).await?;
    if account.state == AccountState::Erased {
        return Err(Error::NotFound.into());
    }
    Ok(answer(account))
}

/// Suspends or resumes an account, gives and takes roles. Losing anything ends all sign-ins of the account at once.
#[utoipa::path(patch, path = "/api/v1/accounts/{id}", tag = "accounts", request_body = AccountPatch, params(
    ("id" = String, Path),
    ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 200, body = AccountShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody, description = "The last administrator stays."),
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
    permit::administrator(&caller.0)?;
    permit::by_a_person(&credential)?;
    let id = wire::known_id(&id)?;
    let expected = Revision::required(&request)?;
    let AccountPatch { name, language, state, roles } = wire::typed(&request, &body)?;
    if state == Some(AccountState::Erased) {
        return Err(Error::invalid(
            "/state",
            Defect::new(
                "value.not_in_list",
                "active か suspended です。消去は本人が行います（DELETE /me）。",
                "It is active or suspended. Only the person erases an account (DELETE /me).",
            ),
        )
        .into());
    }
    let change = AccountChange { name: name.map(String::from), language, state, roles };
    let written = app.write(caller.0, move |tx| accounts::change(tx, &id, expected.0, change)).await?;
    Ok(answer(written.value))
}

fn answer(account: Account) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::ETAG, Revision(account.version).etag())).json(shown(account))
}

fn shown(account: Account) -> AccountShown {
    AccountShown {
        id: account.id,
        email: account.email,
        name: account.name,
        language: account.language,
        state: account.state,
        roles: account.roles,
        second_factor: account.totp_confirmed,
        version: account.version,
        created_at: account.created_at,
        updated_at: account.updated_at,
    }
}
