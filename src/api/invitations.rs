//! Invitations: the only way in. Owners invite to their party, administrators to anything.

use super::permit::{self, bad_code};
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::{Caller, Credential, invite, mail, password, secrets};
use crate::domain::text::Line;
use crate::domain::vocabulary::Language;
use crate::domain::{
    AccountState, Actor, Defect, Email, Finding, InvitationState, Kind, MembershipState, Right, Role, ThingId,
    Timestamp,
};
use crate::error::{Error, Result};
use crate::store::accounts::{self, NewAccount};
use crate::store::invitations::{self, Invitation};
use crate::store::page::{Page, Place};
use crate::store::{Conn, memberships, outbox, things};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const LIST: &str = "invitations";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    pub email: Email,
    /// The organisation or person to act for.
    #[serde(default)]
    pub party: Option<ThingId>,
    /// What the member may do for it; needed with `party`.
    #[serde(default)]
    pub right: Option<Right>,
    /// For the cluster as a whole. Only administrators give roles.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Of the letter, and of the new account.
    #[serde(default = "japanese")]
    pub language: Language,
    /// Send no letter, but answer with the code, to hand over in person. Only for administrators.
    #[serde(default)]
    pub hand_over: bool,
}

fn japanese() -> Language {
    Language::Ja
}

/// Says the same whether or not the address has an account.
#[derive(Serialize, ToSchema)]
pub struct InvitationShown {
    pub id: ThingId,
    pub email: Email,
    pub party: Option<ThingId>,
    pub right: Option<Right>,
    pub roles: Vec<Role>,
    pub language: Language,
    pub state: InvitationState,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Shown once, and only with `hand_over`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same as a link, where the service knows its public address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Invitations {
    pub items: Vec<InvitationShown>,
    pub next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvitationsQuery {
    /// 1 to 100; 20 if absent.
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    pub code: String,
    /// For a new account.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub name: Option<Line>,
    /// For a new account: 12 to 256 characters, not a common one.
    #[serde(default)]
    pub password: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Accepted {
    pub account: ThingId,
    pub membership: Option<AcceptedMembership>,
}

#[derive(Serialize, ToSchema)]
pub struct AcceptedMembership {
    pub id: ThingId,
    pub party: ThingId,
    pub right: Right,
    /// `accepted`: an owner of the party or an administrator has yet to confirm.
    pub state: MembershipState,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/invitations").route(web::get().to(list)).route(web::post().to(create)))
        .service(at("/invitations/accept").route(web::post().to(accept)))
        .service(at("/invitations/{id}").route(web::delete().to(withdraw)));
}

/// Open invitations: those of the own parties, or all for administrators.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "accounts", params(InvitationsQuery), responses(
    (status = 200, body = Invitations), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, caller: Caller) -> Answer {
    let parties = owned(&caller.0)?;
    let query: InvitationsQuery = wire::query(&request)?;
    let limit = Page::parse_limit(query.limit)?;
    let after = query.after.as_deref().map(|cursor| Place::from_cursor(cursor, LIST)).transpose()?;
    let (items, next) =
        app.read(move |conn| invitations::list(conn, parties.as_deref(), after.as_ref(), limit)).await?;
    let next = next.map(|place| place.cursor(LIST));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(Invitations { items: items.into_iter().map(shown).collect(), next }))
}

/// Invites somebody by letter, or (administrators) by a code to hand over.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "accounts", request_body = NewInvitation, responses(
    (status = 201, body = InvitationShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
), security(("bearer" = [])))]
async fn create(
    app: web::Data<App>,
    request: HttpRequest,
    caller: Caller,
    credential: Credential,
    body: web::Bytes,
) -> Answer {
    owned(&caller.0)?;
    permit::by_a_person(&credential)?;
    let new: NewInvitation = wire::typed(&request, &body)?;
    let party = read_party(&new)?;
    let for_administrators = !new.roles.is_empty() || new.hand_over || party.is_none();
    if for_administrators {
        permit::administrator(&caller.0)?;
    }
    match &party {
        Some((party, _)) if permit::manages(&caller.0, party) => {}
        // Whoever belongs to it knows that it is there; only its owners invite.
        Some((party, _)) if caller.0.belongs_to(party) => return Err(Error::Forbidden.into()),
        Some(_) => return Err(no_such_party().into()),
        None => {}
    }
    let (id, secret) = (ThingId::new(), app.auth.keys.secret());
    let code = mail::invitation_code(secret, &id);
    let hand_over = new.hand_over;
    let invitation = invitations::NewInvitation {
        id,
        email: new.email,
        party,
        roles: new.roles,
        language: new.language,
        code_hash: secrets::fingerprint(&code),
        expires_at: invite::ends(&app.clock().timestamp()),
    };
    let written = app
        .write(caller.0, move |tx| {
            if let Some((party, _)) = &invitation.party {
                match things::kind_of(tx.conn(), party)? {
                    Some(Kind::Organization | Kind::Person) => {}
                    Some(Kind::Capability | Kind::Seed | Kind::Need | Kind::Record | Kind::Exhibition) | None => {
                        return Err(no_such_party());
                    }
                }
            }
            let invitation = invitations::create(tx, invitation)?;
            if !hand_over {
                let (now, reference) = (tx.at().clone(), invitation.id.to_string());
                let language = Some(invitation.language);
                outbox::put(tx.conn(), "invitation", &invitation.email, language, Some(&reference), &now)?;
            }
            Ok(invitation)
        })
        .await?;
    app.auth.post.wake();
    let mut body = shown(written.value);
    if hand_over {
        let url = app.auth.settings.mail.public_url.as_deref();
        body.link = url.map(|url| format!("{}/accept#{code}", url.trim_end_matches('/')));
        body.code = Some(code);
    }
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(body))
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "accounts", params(("id" = String, Path)), responses(
    (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn withdraw(app: web::Data<App>, caller: Caller, credential: Credential, id: web::Path<String>) -> Answer {
    owned(&caller.0)?;
    permit::by_a_person(&credential)?;
    let id = ThingId::parse(&id).map_err(|_| Error::NotFound)?;
    app.write(caller.0, move |tx| {
        let invitation = invitations::get(tx.conn(), &id)?;
        let party = invitation.party.as_ref().map(|(party, _)| party);
        let may = match party {
            Some(party) => permit::manages(tx.actor(), party),
            None => permit::administrator(tx.actor()).is_ok(),
        };
        if !may {
            return Err(Error::NotFound);
        }
        invitations::end(tx, &id, InvitationState::Withdrawn)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes an invitation up. Somebody new sends a name and a password, too; somebody with an account sends neither.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "accounts", request_body = Acceptance, responses(
    (status = 200, body = Accepted), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
))]
async fn accept(app: web::Data<App>, request: HttpRequest, body: web::Bytes) -> Answer {
    let Acceptance { code, name, password } = wire::typed(&request, &body)?;
    let digest = secrets::fingerprint(&code);
    let (asked, now) = (digest.clone(), app.clock().timestamp());
    let (invitation, known) = app
        .read(move |conn| {
            let invitation = invitations::by_code(conn, &asked, &now)?.ok_or_else(bad_code)?;
            let account = accounts::by_email(conn, &invitation.email)?;
            Ok((invitation, account.is_some()))
        })
        .await?;
    let new = if known {
        refuse_words(&name, &password)?;
        None
    } else {
        let (name, password) = required_words(name, password)?;
        password::check(&password, &[invitation.email.as_str(), &name])
            .map_err(|defect| Error::invalid("/password", defect))?;
        let password_hash = app.auth.hasher.hash(password).await?;
        let Invitation { email, language, .. } = invitation.clone();
        Some(NewAccount { email, name: name.into(), language, password_hash })
    };
    let written = app.write(Actor::System, move |tx| take_up(tx, &digest, new)).await?;
    app.auth.post.wake();
    Ok(HttpResponse::Ok().json(written.value))
}

fn take_up(tx: &mut crate::store::Tx<'_>, digest: &str, new: Option<NewAccount>) -> Result<Accepted> {
    let now = tx.at().clone();
    let invitation = invitations::by_code(tx.conn(), digest, &now)?.ok_or_else(bad_code)?;
    if !still_may_invite(tx.conn(), &invitation)? {
        return Err(bad_code());
    }
    invitations::end(tx, &invitation.id, InvitationState::Accepted)?;
    let account = match new {
        Some(new) => accounts::create(tx, new)?,
        None => {
            let account = accounts::by_email(tx.conn(), &invitation.email)?.ok_or_else(bad_code)?;
            if account.state != AccountState::Active {
                return Err(bad_code());
            }
            account.id
        }
    };
    accounts::grant(tx, &account, &invitation.roles)?;
    let mut membership = None;
    if let Some((party, right)) = &invitation.party {
        let row = memberships::accept(tx, &account, party, *right)?;
        for (email, language) in memberships::owners(tx.conn(), party)? {
            let (email, language) = (Email::from_stored(email), Language::from_code(&language));
            outbox::put(tx.conn(), "membership_accepted", &email, language, Some(row.id.as_str()), &now)?;
        }
        membership = Some(AcceptedMembership { id: row.id, party: row.party, right: row.right, state: row.state });
    }
    Ok(Accepted { account, membership })
}

/// Whoever invited must still be allowed to: an administrator who was suspended leaves no doors open.
fn still_may_invite(conn: &mut Conn, invitation: &Invitation) -> Result<bool> {
    if invitation.invited_by == Actor::Operator.name() || invitation.invited_by == Actor::System.name() {
        return Ok(true);
    }
    let Some(inviter) = accounts::rights(conn, &invitation.invited_by, false)? else { return Ok(false) };
    let inviter = Actor::Account(inviter);
    let needs_administrator = !invitation.roles.is_empty() || invitation.party.is_none();
    let manages = invitation.party.as_ref().is_none_or(|(party, _)| permit::manages(&inviter, party));
    Ok(manages && (!needs_administrator || permit::administrator(&inviter).is_ok()))
}

/// Parties the caller invites to; `None`: all.
fn owned(actor: &Actor) -> Result<Option<Vec<ThingId>>> {
    match actor {
        Actor::Visitor => Err(Error::Unauthenticated),
        _ if permit::administrator(actor).is_ok() => Ok(None),
        Actor::Operator | Actor::System => Ok(None),
        Actor::Account(account) => {
            let owned = account.memberships.iter().filter(|membership| membership.right == Right::Owner);
            Ok(Some(owned.map(|membership| membership.party.clone()).collect()))
        }
    }
}

fn read_party(new: &NewInvitation) -> Result<Option<(ThingId, Right)>> {
    let required =
        || Defect::new("value.required", "party と right は一緒に送ってください。", "Send party and right together.");
    match (&new.party, new.right) {
        (Some(party), Some(right)) => Ok(Some((party.clone(), right))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(Error::invalid("/right", required())),
        (None, Some(_)) => Err(Error::invalid("/party", required())),
    }
}

/// Not there, or not theirs: the same.
fn no_such_party() -> Error {
    Error::invalid(
        "/party",
        Defect::new(
            "reference.missing",
            "招待先の機関・企業（または人）が見つかりません。",
            "There is no such organisation (or person) to invite to.",
        ),
    )
}

fn required_words(name: Option<Line>, password: Option<String>) -> Result<(Line, String)> {
    let required = |pointer: &str| {
        Finding::new(pointer, Defect::new("value.required", "この項目は必須です。", "This field is required."))
    };
    match (name, password) {
        (Some(name), Some(password)) => Ok((name, password)),
        (name, password) => {
            let name = name.is_none().then(|| required("/name"));
            let password = password.is_none().then(|| required("/password"));
            Err(Error::Invalid(name.into_iter().chain(password).collect()))
        }
    }
}

/// An invitation never changes the account of somebody who has one.
fn refuse_words(name: &Option<Line>, password: &Option<String>) -> Result<()> {
    let pointer = match (name, password) {
        (_, Some(_)) => "/password",
        (Some(_), None) => "/name",
        (None, None) => return Ok(()),
    };
    Err(Error::invalid(
        pointer,
        Defect::new(
            "account.exists",
            "このアドレスのアカウントはすでにあります。コードだけを送ってください。パスワードは今のままです。",
            "There is an account with this address already. Send the code only; the password stays.",
        ),
    ))
}

fn shown(invitation: Invitation) -> InvitationShown {
    let (party, right) = invitation.party.unzip();
    InvitationShown {
        id: invitation.id,
        email: invitation.email,
        party,
        right,
        roles: invitation.roles,
        language: invitation.language,
        state: invitation.state,
        created_at: invitation.created_at,
        expires_at: invitation.expires_at,
        code: None,
        link: None,
    }
}
