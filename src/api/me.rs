//! The caller's own account: words, credentials, sign-ins, tokens, data, and the way out.

use super::permit::{self, bad_code, caller_address};
use super::problem::{Answer, ProblemBody};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::caller::API_TOKEN_PREFIX;
use crate::auth::{Caller, Credential, password, secrets, sign_in, totp};
use crate::domain::text::Line;
use crate::domain::vocabulary::Language;
use crate::domain::{
    Actor, Defect, Email, Finding, MembershipState, Right, Role, ThingId, Timestamp, TokenScope, parse,
};
use crate::error::{Error, Result};
use crate::store::accounts::{self, Account, AccountChange};
use crate::store::api_tokens::{self, ApiToken};
use crate::store::codes::{self, Purpose};
use crate::store::log::{self, AuditFilter};
use crate::store::memberships::{self, MembershipRow, Of};
use crate::store::saved_searches::{self, SavedSearch};
use crate::store::{Conn, notices, outbox, people, sessions};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a code to confirm an address holds.
const CONFIRM_HOURS: i64 = 1;
const TOKEN_DAYS_MOST: i64 = 366;
const TOKENS_MOST: usize = 50;
/// Rows of the log in an export of one's own data.
const ROWS_MOST: usize = 10_000;

#[derive(Serialize, ToSchema)]
pub struct Me {
    pub id: ThingId,
    pub email: Email,
    pub name: String,
    pub language: Language,
    /// What the account may do for the cluster as a whole.
    pub roles: Vec<Role>,
    pub memberships: Vec<MyMembership>,
    /// A second factor is set up.
    pub second_factor: bool,
    /// Roles that do not count until a second factor is set up.
    pub waiting_for_second_factor: Vec<Role>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub struct MyMembership {
    pub id: ThingId,
    /// The organisation or person.
    pub party: ThingId,
    pub right: Right,
    pub state: MembershipState,
    pub version: i64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeChange {
    #[serde(default, deserialize_with = "parse::present")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Line>,
    #[serde(default, deserialize_with = "parse::present")]
    pub language: Option<Language>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The present one.
    pub password: String,
    /// 12 to 256 characters, not a common one.
    pub new_password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailChange {
    pub password: String,
    /// The new address.
    pub email: Email,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    pub code: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordAgain {
    pub password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    pub password: String,
    /// Also take the person out of their own profile (a person that no other account speaks for): words, numbers and
    /// history go, and a private profile that says nothing stays behind what others wrote.
    #[serde(default)]
    pub erase_profile: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    pub password: String,
    /// What it is for.
    #[schema(value_type = String)]
    pub name: Line,
    pub scope: TokenScope,
    /// 1 to 366.
    pub days: i64,
}

#[derive(Serialize, ToSchema)]
pub struct TokenShown {
    pub id: ThingId,
    pub name: String,
    pub scope: TokenScope,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// The only time that the token itself is shown.
#[derive(Serialize, ToSchema)]
pub struct TokenMade {
    #[serde(flatten)]
    pub shown: TokenShown,
    /// Send it as `Authorization: Bearer mus_…`. Only a digest is kept.
    pub token: String,
}

#[derive(Serialize, ToSchema)]
pub struct Tokens {
    pub items: Vec<TokenShown>,
}

#[derive(Serialize, ToSchema)]
pub struct SessionShown {
    pub id: String,
    pub created_at: String,
    pub last_used_at: String,
    pub expires_at: String,
    /// This is the one that asks.
    pub current: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Sessions {
    pub items: Vec<SessionShown>,
}

#[derive(Serialize, ToSchema)]
pub struct SecondFactor {
    /// For typing into an app (base32).
    pub secret: String,
    /// For a QR code.
    pub address: String,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/me").route(web::get().to(read)).route(web::patch().to(change)).route(web::delete().to(erase)))
        .service(at("/me/password").route(web::post().to(change_password)))
        .service(at("/me/email").route(web::post().to(change_email)))
        .service(at("/me/email/confirm").route(web::post().to(confirm_email)))
        .service(at("/me/totp").route(web::post().to(begin_totp)))
        .service(at("/me/totp/confirm").route(web::post().to(confirm_totp)))
        .service(at("/me/totp/remove").route(web::post().to(remove_totp)))
        .service(at("/me/tokens").route(web::get().to(list_tokens)).route(web::post().to(make_token)))
        .service(at("/me/tokens/{id}").route(web::delete().to(delete_token)))
        .service(at("/me/sessions").route(web::get().to(list_sessions)))
        .service(at("/me/sessions/{id}").route(web::delete().to(end_session)))
        .service(at("/me/data").route(web::get().to(data)));
}

/// The caller's account, and what it may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "me", responses(
    (status = 200, body = Me), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, caller: Caller) -> Answer {
    let id = permit::account(&caller.0)?.id.clone();
    let needs = app.auth.settings.second_factor_for_administrators;
    let me = app.read(move |conn| me(conn, &id, needs)).await?;
    Ok(answer(me))
}

/// Changes name or language.
#[utoipa::path(patch, path = "/api/v1/me", tag = "me", request_body = MeChange, params(
    ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 200, body = Me), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 412, body = ProblemBody), (status = 422, body = ProblemBody), (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn change(app: web::Data<App>, request: HttpRequest, caller: Caller, body: web::Bytes) -> Answer {
    let id = permit::account(&caller.0)?.id.clone();
    let expected = Revision::required(&request)?;
    let MeChange { name, language } = wire::typed(&request, &body)?;
    let change = AccountChange { name: name.map(String::from), language, ..AccountChange::default() };
    let needs = app.auth.settings.second_factor_for_administrators;
    let written = app
        .write(caller.0, move |tx| {
            accounts::change(tx, &id, expected.0, change)?;
            me(tx.conn(), &id, needs)
        })
        .await?;
    Ok(answer(written.value))
}

/// Sets a new password. Every sign-in of the account ends, this one too.
#[utoipa::path(post, path = "/api/v1/me/password", tag = "me", request_body = PasswordChange, responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
), security(("bearer" = [])))]
async fn change_password(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    credential: Credential,
    body: web::Bytes,
) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let PasswordChange { password: old, new_password: new } = wire::typed(&request, &body)?;
    let account = permit::password_again(&app, &session.account, old, caller_address(&request)).await?;
    password::check(&new, &[account.email.as_str(), &account.name])
        .map_err(|defect| Error::invalid("/new_password", defect))?;
    let hash = app.auth.hasher.hash(new).await?;
    app.write(caller.0, move |tx| {
        let now = tx.at().clone();
        codes::end_all(tx.conn(), &account.id, &now)?;
        accounts::set_password(tx, &account.id, &hash)?;
        outbox::put(tx.conn(), "password_changed", &account.email, Some(account.language), None, &now)
    })
    .await?;
    app.auth.post.wake();
    Ok(HttpResponse::NoContent().finish())
}

/// Asks for another address: a letter goes there, and the address changes when its code is sent back.
#[utoipa::path(post, path = "/api/v1/me/email", tag = "me", request_body = EmailChange, responses(
    (status = 202, description = "Unless somebody has the address already, a letter is on its way."),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody),
    (status = 429, body = ProblemBody),
), security(("bearer" = [])))]
async fn change_email(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    credential: Credential,
    body: web::Bytes,
) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let EmailChange { password, email } = wire::typed(&request, &body)?;
    let account = permit::password_again(&app, &session.account, password, caller_address(&request)).await?;
    let reference = ThingId::new();
    let digest = secrets::fingerprint(&app.auth.keys.secret().derive("change_email", reference.as_str()));
    let (database, now) = (app.database.clone(), app.clock().timestamp());
    app.blocking(move || {
        database.housekeeping_for(&caller.0, |conn| {
            let ends = now.plus(TimeDelta::hours(CONFIRM_HOURS));
            codes::create(conn, Purpose::ChangeEmail, &account.id, Some(&email), &digest, &now, &ends)?;
            let language = Some(account.language);
            outbox::put(conn, "change_email", &email, language, Some(reference.as_str()), &now)?;
            outbox::put(conn, "email_change_asked", &account.email, language, None, &now)
        })
    })
    .await?;
    app.auth.post.wake();
    Ok(HttpResponse::Accepted().finish())
}

/// Takes the new address with the code of the letter.
#[utoipa::path(post, path = "/api/v1/me/email/confirm", tag = "me", request_body = Code, responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn confirm_email(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    credential: Credential,
    body: web::Bytes,
) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let Code { code } = wire::typed(&request, &body)?;
    let digest = secrets::fingerprint(&code);
    app.write(caller.0, move |tx| {
        let now = tx.at().clone();
        let taken = codes::take(tx.conn(), Purpose::ChangeEmail, &digest, &now)?;
        let (account, email) = taken.ok_or_else(bad_code)?;
        let email = email.filter(|_| account == session.account).ok_or_else(bad_code)?;
        codes::end_all(tx.conn(), &account, &now)?;
        accounts::set_email(tx, &account, &email)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Begins a second factor: it counts once a code of it was sent to `/me/totp/confirm`.
#[utoipa::path(post, path = "/api/v1/me/totp", tag = "me", request_body = PasswordAgain, responses(
    (status = 200, body = SecondFactor), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 409, body = ProblemBody), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
), security(("bearer" = [])))]
async fn begin_totp(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    credential: Credential,
    body: web::Bytes,
) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let PasswordAgain { password } = wire::typed(&request, &body)?;
    let account = permit::password_again(&app, &session.account, password, caller_address(&request)).await?;
    let secret = totp::new_secret()?;
    let sealed = app.auth.keys.secret().seal(&secret)?;
    let id = account.id.clone();
    app.write(caller.0, move |tx| {
        if accounts::get(tx.conn(), &id)?.totp_confirmed {
            return Err(Error::Conflict(Defect::new(
                "second-factor-exists",
                "二要素認証は設定済みです。変更するには、先に /me/totp/remove で外してください。",
                "There is a second factor already. Remove it first (/me/totp/remove).",
            )));
        }
        accounts::set_totp(tx, &id, Some(&sealed))
    })
    .await?;
    let secret = totp::base32(&secret);
    let address = totp::address(&app.auth.settings.issuer, account.email.as_str(), &secret);
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(SecondFactor { secret, address }))
}

/// Confirms the second factor with a code of it: it is asked for from the next sign-in on.
#[utoipa::path(post, path = "/api/v1/me/totp/confirm", tag = "me", request_body = Code, responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn confirm_totp(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    credential: Credential,
    body: web::Bytes,
) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let Code { code } = wire::typed(&request, &body)?;
    let auth = app.auth.clone();
    app.write(caller.0, move |tx| {
        let now = sign_in::seconds(tx.at());
        let account = accounts::get(tx.conn(), &session.account)?;
        let secret = account.totp_secret.filter(|_| !account.totp_confirmed);
        let secret = secret.as_deref().and_then(|sealed| auth.keys.secret().open(sealed)).ok_or_else(bad_code)?;
        let step = totp::step_of(&secret, &code, now).ok_or_else(bad_code)?;
        accounts::confirm_totp(tx, &session.account, step)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes the second factor away.
#[utoipa::path(post, path = "/api/v1/me/totp/remove", tag = "me", request_body = PasswordAgain, responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
), security(("bearer" = [])))]
async fn remove_totp(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    credential: Credential,
    body: web::Bytes,
) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let PasswordAgain { password } = wire::typed(&request, &body)?;
    let account = permit::password_again(&app, &session.account, password, caller_address(&request)).await?;
    app.write(caller.0, move |tx| accounts::set_totp(tx, &account.id, None)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The tokens for programs; the tokens themselves are not kept.
#[utoipa::path(get, path = "/api/v1/me/tokens", tag = "me", responses(
    (status = 200, body = Tokens), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
), security(("bearer" = [])))]
async fn list_tokens(app: web::Data<App>, caller: Caller, credential: Credential) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let tokens = app.read(move |conn| api_tokens::of(conn, &session.account)).await?;
    Ok(HttpResponse::Ok().json(Tokens { items: tokens.into_iter().map(shown).collect() }))
}

/// Makes a token for a program. It can do what the account can do, within its scope, and nothing with credentials.
#[utoipa::path(post, path = "/api/v1/me/tokens", tag = "me", request_body = NewToken, responses(
    (status = 201, body = TokenMade), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 409, body = ProblemBody), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
), security(("bearer" = [])))]
async fn make_token(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    credential: Credential,
    body: web::Bytes,
) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let NewToken { password, name, scope, days } = wire::typed(&request, &body)?;
    if !(1..=TOKEN_DAYS_MOST).contains(&days) {
        return Err(Error::Invalid(vec![Finding::new(
            "/days",
            Defect::new(
                "number.range",
                format!("1〜{TOKEN_DAYS_MOST}日で指定してください。"),
                format!("From 1 to {TOKEN_DAYS_MOST} days."),
            ),
        )])
        .into());
    }
    let account = permit::password_again(&app, &session.account, password, caller_address(&request)).await?;
    let token = format!("{API_TOKEN_PREFIX}{}", secrets::random_text()?);
    let digest = secrets::fingerprint(&token);
    let written = app
        .write(caller.0, move |tx| {
            if api_tokens::of(tx.conn(), &account.id)?.len() >= TOKENS_MOST {
                return Err(Error::Conflict(Defect::new(
                    "too-many-tokens",
                    format!("トークンは{TOKENS_MOST}個までです。使わないものを削除してください。"),
                    format!("At most {TOKENS_MOST} tokens. Delete one that is not in use."),
                )));
            }
            let expires = tx.at().plus(TimeDelta::days(days));
            api_tokens::create(tx, &account.id, &name, &digest, scope, &expires)
        })
        .await?;
    let shown = shown(written.value);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/api/v1/me/tokens/{}", shown.id)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(TokenMade { shown, token }))
}

/// Withdraws a token: it is refused from the next request on.
#[utoipa::path(delete, path = "/api/v1/me/tokens/{id}", tag = "me", params(("id" = String, Path)), responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn delete_token(app: web::Data<App>, caller: Caller, credential: Credential, id: web::Path<String>) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let id = ThingId::parse(&id).map_err(|_| Error::NotFound)?;
    app.write(caller.0, move |tx| api_tokens::delete(tx, &session.account, &id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Where the account is signed in.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "me", responses(
    (status = 200, body = Sessions), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
), security(("bearer" = [])))]
async fn list_sessions(app: web::Data<App>, caller: Caller, credential: Credential) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let now = app.clock().timestamp();
    let items = app.read(move |conn| shown_sessions(conn, &session.account, &session.family, &now)).await?;
    Ok(HttpResponse::Ok().json(Sessions { items }))
}

/// Ends one sign-in.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "me", params(("id" = String, Path)), responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn end_session(app: web::Data<App>, caller: Caller, credential: Credential, id: web::Path<String>) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let (database, now) = (app.database.clone(), app.clock().timestamp());
    app.blocking(move || {
        database.housekeeping(|conn| {
            let own = sessions::live_of(conn, &session.account, &now)?.into_iter().any(|family| family.id == *id);
            if !own {
                return Err(Error::NotFound);
            }
            sessions::end(conn, &id, &now, "signed out").map(drop)
        })
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Everything that is kept of the person: account, memberships, sign-ins, tokens, their own profile, and what the log
/// says of them.
#[utoipa::path(get, path = "/api/v1/me/data", tag = "me", responses(
    (status = 200, body = Object), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
), security(("bearer" = [])))]
async fn data(app: web::Data<App>, caller: Caller, credential: Credential) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let (needs, now) = (app.auth.settings.second_factor_for_administrators, app.clock().timestamp());
    let data = app
        .read(move |conn| {
            let me = me(conn, &session.account, needs)?;
            let sessions = shown_sessions(conn, &session.account, &session.family, &now)?;
            let tokens: Vec<TokenShown> = api_tokens::of(conn, &session.account)?.into_iter().map(shown).collect();
            let profiles = people::profiles_of(conn, &session.account)?;
            let id = Some(session.account.to_string());
            let done = AuditFilter { actor: id.clone(), ..AuditFilter::default() };
            let about = AuditFilter { thing: id, ..AuditFilter::default() };
            let done = log::audit(conn, &done, None, ROWS_MOST + 1)?;
            let about = log::audit(conn, &about, None, ROWS_MOST)?;
            let (told, _) = notices::list(conn, &session.account, false, None, ROWS_MOST)?;
            Ok(serde_json::json!({
                "exported_at": now,
                "account": me,
                "sessions": sessions,
                "tokens": tokens,
                "saved_searches": saved_searches::all(conn, &session.account)?.iter().map(saved).collect::<Vec<_>>(),
                "profiles": profiles,
                "notice_choice": notices::choice(conn, &session.account)?,
                "notices": told.iter().map(notice).collect::<Vec<_>>(),
                "done": done.iter().take(ROWS_MOST).map(entry).collect::<Vec<_>>(),
                "done_is_complete": done.len() <= ROWS_MOST,
                "about": about.iter().map(entry).collect::<Vec<_>>(),
            }))
        })
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"musubi-my-data.json\""))
        .json(data))
}

/// Erases the person: account, sign-ins, tokens and memberships go, and the log forgets who it was. What they
/// registered belongs to their organisation and stays; their own profile goes with them if they say so. This cannot be
/// undone.
#[utoipa::path(delete, path = "/api/v1/me", tag = "me", request_body = Erasure, responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 409, body = ProblemBody, description = "The last administrator stays."),
    (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
), security(("bearer" = [])))]
async fn erase(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    credential: Credential,
    body: web::Bytes,
) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let Erasure { password, erase_profile } = wire::typed(&request, &body)?;
    let account = permit::password_again(&app, &session.account, password, caller_address(&request)).await?;
    let email = account.email.clone();
    // In the name of the service: a row that named the person would outlive them.
    app.write(Actor::System, move |tx| {
        if erase_profile {
            for profile in people::profiles_of(tx.conn(), &account.id)? {
                people::erase(tx, profile)?;
            }
        }
        accounts::erase(tx, &account.id)
    })
    .await?;
    let auth = app.auth.clone();
    let database = app.database.clone();
    app.blocking(move || {
        database.forget_what_was_written()?;
        auth.post.forget(&email)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn me(conn: &mut Conn, id: &ThingId, second_factor_for_administrators: bool) -> Result<Me> {
    let account: Account = accounts::get(conn, id)?;
    let waits = second_factor_for_administrators && !account.totp_confirmed;
    let memberships = memberships::read(conn, Of::Account(id))?.into_iter().map(membership).collect();
    let (waiting, counting) = account.roles.into_iter().partition(|&role| waits && role == Role::Administrator);
    Ok(Me {
        id: account.id,
        email: account.email,
        name: account.name,
        language: account.language,
        roles: counting,
        memberships,
        second_factor: account.totp_confirmed,
        waiting_for_second_factor: waiting,
        version: account.version,
        created_at: account.created_at,
        updated_at: account.updated_at,
    })
}

fn answer(me: Me) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::ETAG, Revision(me.version).etag()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(me)
}

fn membership(row: MembershipRow) -> MyMembership {
    MyMembership { id: row.id, party: row.party, right: row.right, state: row.state, version: row.version }
}

fn shown(token: ApiToken) -> TokenShown {
    TokenShown {
        id: token.id,
        name: token.name,
        scope: token.scope,
        created_at: token.created_at,
        expires_at: token.expires_at,
    }
}

fn shown_sessions(conn: &mut Conn, account: &ThingId, current: &str, now: &Timestamp) -> Result<Vec<SessionShown>> {
    let families = sessions::live_of(conn, account, now)?;
    let shown = families.into_iter().map(|family| SessionShown {
        current: family.id == current,
        id: family.id,
        created_at: family.created_at,
        last_used_at: family.last_used_at,
        expires_at: family.expires_at,
    });
    Ok(shown.collect())
}

fn saved(search: &SavedSearch) -> serde_json::Value {
    let query: serde_json::Value = serde_json::from_str(&search.query).unwrap_or_default();
    serde_json::json!({ "id": search.id, "name": search.name, "query": query, "created_at": search.created_at })
}

fn notice(notice: &notices::Notice) -> serde_json::Value {
    serde_json::json!({ "id": notice.id, "kind": notice.kind.code(), "matter": notice.matter, "event": notice.event,
        "at": notice.at, "read_at": notice.read_at })
}

fn entry(row: &log::Change) -> serde_json::Value {
    serde_json::json!({ "at": row.at, "action": row.action, "kind": row.kind, "id": row.thing_id })
}
