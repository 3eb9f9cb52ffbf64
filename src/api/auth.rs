//! Signing in and out, staying in, and setting a new password; the public keys.

use super::gate::too_many;
use super::permit::{self, bad_code, caller_address};
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::sign_in::{self, Issued, Outcome};
use crate::auth::{Caller, Credential, password, secrets, token};
use crate::domain::{AccountState, Actor, Defect, Email};
use crate::error::Error;
use crate::store::codes::{self, Purpose};
use crate::store::{accounts, api_tokens, outbox};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub email: Email,
    pub password: String,
    /// Six digits of the second factor, where the account has one.
    #[serde(default)]
    pub code: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    pub refresh_token: String,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SignOut {
    /// End every sign-in of the account, not this one only.
    pub all: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetAsked {
    pub email: Email,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetDone {
    /// From the letter.
    pub code: String,
    /// 12 to 256 characters, not a common one.
    pub password: String,
}

/// Send `access_token` as `Authorization: Bearer …`; exchange `refresh_token` for new ones before it has expired.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds that the access token holds.
    pub expires_in: i64,
    /// Works once; a repeat within ten seconds gets the same answer, a later one ends the sign-in.
    pub refresh_token: String,
    /// Id of the account.
    pub account: String,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let not_allowed = || web::to(wire::method_not_allowed);
    let post = |path: &str| web::resource(path.to_owned()).default_service(not_allowed());
    config
        .service(post("/auth/sign-in").route(web::post().to(sign_in)))
        .service(post("/auth/refresh").route(web::post().to(refresh)))
        .service(post("/auth/sign-out").route(web::post().to(sign_out)))
        .service(post("/auth/password-reset").route(web::post().to(ask_reset)))
        .service(post("/auth/password-reset/confirm").route(web::post().to(reset)));
}

pub fn key_routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/.well-known/jwks.json")
            .route(web::get().to(keys))
            .default_service(web::to(wire::method_not_allowed)),
    );
}

/// Signs in. A wrong address and a wrong password get the same answer.
#[utoipa::path(post, path = "/api/v1/auth/sign-in", tag = "auth", request_body = SignIn, responses(
    (status = 200, body = Tokens),
    (status = 401, body = ProblemBody, description = "Address or password is wrong, or a second factor is wanted."),
    (status = 422, body = ProblemBody),
    (status = 429, body = ProblemBody, description = "Too often; see Retry-After."),
))]
async fn sign_in(app: web::Data<App>, request: HttpRequest, body: web::Bytes) -> Answer {
    let SignIn { email, password, code } = wire::typed(&request, &body)?;
    let address = caller_address(&request);
    let service = app.get_ref().clone();
    let begun = app.blocking(move || sign_in::begin(&service.auth, &service.database, &email, address)).await?;
    let attempt = begun.map_err(too_many)?;
    let hash = attempt.account.as_ref().map(|account| account.password_hash.clone());
    let right = app.auth.hasher.verify(password.clone(), hash.clone()).await?;
    let rehashed = match hash.filter(|hash| right && app.auth.hasher.is_old(hash)) {
        Some(_) => Some(app.auth.hasher.hash(password).await?),
        None => None,
    };
    let service = app.get_ref().clone();
    let outcome = app
        .blocking(move || sign_in::finish(&service.auth, &service.database, attempt, right, code.as_deref(), rehashed))
        .await?;
    match outcome {
        Outcome::In(issued) => Ok(tokens(issued)),
        Outcome::SecondFactorWanted => Err(Error::SignIn(Defect::new(
            "second-factor-required",
            "認証アプリに表示される6桁のコード（code）も送ってください。",
            "Also send the six digits of your authenticator app (code).",
        ))
        .into()),
        Outcome::Refused => Err(Error::SignIn(Defect::new(
            "sign-in-failed",
            "サインインできませんでした。メールアドレスとパスワードを確かめてください。",
            "Signing in did not work. Please check the address and the password.",
        ))
        .into()),
    }
}

/// Exchanges a refresh token for a new pair.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", request_body = Refresh, responses(
    (status = 200, body = Tokens), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody),
))]
async fn refresh(app: web::Data<App>, request: HttpRequest, body: web::Bytes) -> Answer {
    let Refresh { refresh_token } = wire::typed(&request, &body)?;
    let service = app.get_ref().clone();
    let issued = app.blocking(move || sign_in::refresh(&service.auth, &service.database, &refresh_token)).await?;
    Ok(tokens(issued.ok_or(Error::Unauthenticated)?))
}

/// Ends this sign-in, or all of the account.
#[utoipa::path(post, path = "/api/v1/auth/sign-out", tag = "auth", request_body = Option<SignOut>, responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
), security(("bearer" = [])))]
async fn sign_out(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    credential: Credential,
    body: web::Bytes,
) -> Answer {
    let session = permit::session(&caller.0, credential)?;
    let SignOut { all } = if body.is_empty() { SignOut::default() } else { wire::typed(&request, &body)? };
    let database = app.database.clone();
    app.blocking(move || sign_in::sign_out(&database, &session.account, &session.family, all)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Asks for a code to set a new password. The answer is the same whether or not the address has an account.
#[utoipa::path(post, path = "/api/v1/auth/password-reset", tag = "auth", request_body = ResetAsked, responses(
    (status = 202, description = "If the address has an account, a letter is on its way."),
    (status = 422, body = ProblemBody),
))]
async fn ask_reset(app: web::Data<App>, request: HttpRequest, body: web::Bytes) -> Answer {
    let ResetAsked { email } = wire::typed(&request, &body)?;
    // One row, whoever it is: the post looks the address up when it writes the letter.
    let (database, now) = (app.database.clone(), app.clock().timestamp());
    app.blocking(move || database.housekeeping(|conn| outbox::put(conn, "reset_asked", &email, None, None, &now)))
        .await?;
    app.auth.post.wake();
    Ok(HttpResponse::Accepted().finish())
}

/// Sets a new password with the code of the letter. Every sign-in and every API token of the account ends.
#[utoipa::path(post, path = "/api/v1/auth/password-reset/confirm", tag = "auth", request_body = ResetDone, responses(
    (status = 204), (status = 422, body = ProblemBody, description = "The code does not hold, or the password is refused."),
))]
async fn reset(app: web::Data<App>, request: HttpRequest, body: web::Bytes) -> Answer {
    let ResetDone { code, password: new } = wire::typed(&request, &body)?;
    let digest = secrets::fingerprint(&code);
    // An invented code costs no hash.
    let (asked, now) = (digest.clone(), app.clock().timestamp());
    let found = app
        .read(move |conn| {
            let account = codes::look(conn, Purpose::Reset, &asked, &now)?.ok_or_else(bad_code)?;
            accounts::get(conn, &account)
        })
        .await?;
    password::check(&new, &[found.email.as_str(), &found.name])
        .map_err(|defect| Error::invalid("/password", defect))?;
    let hash = app.auth.hasher.hash(new).await?;
    let written = app
        .write(Actor::System, move |tx| {
            let now = tx.at().clone();
            let (account, _) = codes::take(tx.conn(), Purpose::Reset, &digest, &now)?.ok_or_else(bad_code)?;
            let found = accounts::get(tx.conn(), &account)?;
            if found.state != AccountState::Active {
                return Err(bad_code());
            }
            codes::end_all(tx.conn(), &account, &now)?;
            accounts::set_password(tx, &account, &hash)?;
            api_tokens::delete_all(tx, &account)?;
            outbox::put(tx.conn(), "password_changed", &found.email, Some(found.language), None, &now)
        })
        .await;
    app.auth.post.wake();
    written?;
    Ok(HttpResponse::NoContent().finish())
}

/// The public keys of access tokens (RFC 7517): the next, the current and retired ones.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "auth", responses((status = 200, body = Object)))]
async fn keys(app: web::Data<App>) -> Answer {
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .content_type("application/jwk-set+json")
        .body(app.auth.keys.published()))
}

fn tokens(issued: Issued) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Tokens {
        access_token: issued.access_token,
        token_type: "Bearer",
        expires_in: token::LIFETIME,
        refresh_token: issued.refresh_token,
        account: issued.account.to_string(),
    })
}
