//! Who may use the routes about accounts. For things there is the table in `domain/access.rs`.

use super::gate::{CallerAddress, too_many};
use crate::app::App;
use crate::auth::limits::Subjects;
use crate::auth::{Credential, Session};
use crate::domain::{AccountActor, Actor, Defect, Right, Role, ThingId};
use crate::error::{Error, Result};
use crate::store::accounts::{self, Account};
use actix_web::{HttpMessage, HttpRequest};
use std::net::{IpAddr, Ipv4Addr};

/// An account, however it came.
pub fn account(actor: &Actor) -> Result<&AccountActor> {
    match actor {
        Actor::Account(account) => Ok(account),
        Actor::Visitor => Err(Error::Unauthenticated),
        Actor::Operator | Actor::System => Err(Error::NotAllowed(Defect::new(
            "needs-account",
            "これはアカウントの機能です。`musubi create-admin` で最初のアカウントを作ってサインインしてください。",
            "This belongs to an account. Make the first one with `musubi create-admin` and sign in.",
        ))),
    }
}

/// A person who signed in, not a program with a token: for everything that touches credentials.
pub fn session(actor: &Actor, credential: Credential) -> Result<Session> {
    account(actor)?;
    match credential {
        Credential::Session(session) => Ok(session),
        Credential::ApiToken | Credential::None => Err(not_for_programs()),
    }
}

/// Who gets in, and what they may do, is said by people: a program's token that was stolen must not make accounts.
pub fn by_a_person(credential: &Credential) -> Result<()> {
    match credential {
        // Nobody, or the operator: the route says which.
        Credential::Session(_) | Credential::None => Ok(()),
        Credential::ApiToken => Err(not_for_programs()),
    }
}

fn not_for_programs() -> Error {
    Error::NotAllowed(Defect::new(
        "needs-sign-in",
        "API トークンではできません。サインインしてください。",
        "This cannot be done with an API token. Please sign in.",
    ))
}

pub fn administrator(actor: &Actor) -> Result<()> {
    match actor {
        Actor::Operator | Actor::System => Ok(()),
        Actor::Visitor => Err(Error::Unauthenticated),
        Actor::Account(account) if account.roles.contains(&Role::Administrator) => Ok(()),
        Actor::Account(_) => Err(Error::Forbidden),
    }
}

/// Whoever organises exhibitions for others: officers, coordinators, administrators.
pub fn organiser(actor: &Actor) -> Result<()> {
    match actor {
        Actor::Operator | Actor::System => Ok(()),
        Actor::Visitor => Err(Error::Unauthenticated),
        Actor::Account(account) if account.roles.is_empty() => Err(Error::Forbidden),
        Actor::Account(_) => Ok(()),
    }
}

/// May this actor say who belongs to the party?
pub fn manages(actor: &Actor, party: &ThingId) -> bool {
    administrator(actor).is_ok()
        || matches!(actor, Actor::Account(account) if account
            .memberships
            .iter()
            .any(|membership| &membership.party == party && membership.right == Right::Owner))
}

/// Whoever changes a credential shows the password again: a stolen token alone is not enough.
pub async fn password_again(app: &App, account: &ThingId, password: String, address: IpAddr) -> Result<Account> {
    let (id, auth, clock) = (account.clone(), app.auth.clone(), app.clock().clone());
    let found = app.read(move |conn| accounts::get(conn, &id)).await?;
    let subjects = Subjects::new(auth.keys.secret(), &found.email, address);
    let (database, attempted) = (app.database.clone(), subjects.clone());
    let now = clock.timestamp();
    let wait = app.blocking(move || database.housekeeping(|conn| attempted.attempt(conn, &now))).await?;
    if let Some(wait) = wait {
        return Err(too_many(wait));
    }
    if !app.auth.hasher.verify(password, Some(found.password_hash.clone())).await? {
        return Err(Error::invalid(
            "/password",
            Defect::new("password.wrong", "現在のパスワードが違います。", "This is not your present password."),
        ));
    }
    let database = app.database.clone();
    app.blocking(move || database.housekeeping(|conn| subjects.succeeded(conn))).await?;
    Ok(found)
}

/// One answer for unknown, used, expired and foreign codes.
pub fn bad_code() -> Error {
    Error::invalid(
        "/code",
        Defect::new(
            "code.invalid",
            "このコードは使えません（期限切れか、使用済みです）。もう一度はじめからお試しください。",
            "This code does not hold (it may have expired or been used). Please start again.",
        ),
    )
}

pub fn caller_address(request: &HttpRequest) -> IpAddr {
    request.extensions().get::<CallerAddress>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.0)
}
