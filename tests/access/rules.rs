//! Who may see and do what, in the words of the product: PRODUCT.md "Who may see what", TRUST.md "Who gets in".
//!
//! Nothing here asks the service, or reads its rules: when the two differ, one of them is wrong.

use crate::cast::{Means, Role, Someone};
use crate::scene::Planted;
use musubi::domain::Right;

/// Coordinators and officers of every agency.
pub fn office(someone: &Someone) -> bool {
    someone.is(Role::Coordinator) || someone.is(Role::Officer)
}

/// "A right counts only while the membership is confirmed": for the things of the party, and as the sign that somebody
/// belongs here at all.
pub fn belongs(someone: &Someone) -> bool {
    someone.signed_in() && (someone.role.is_some() || someone.confirmed().is_some())
}

/// May they see the thing?
pub fn sees(someone: &Someone, thing: &Planted) -> bool {
    if someone.is(Role::Administrator) {
        return true;
    }
    // Everything of the own party, hidden or not, finished or not.
    if thing.own && someone.confirmed().is_some() {
        return true;
    }
    let published = thing.status == "published";
    match thing.visibility {
        // What is not published is seen by the office, which reviews it, and by nobody else outside the party.
        "public" => published || office(someone),
        "members" => (published && belongs(someone)) || office(someone),
        "parties" => office(someone),
        "private" => false,
        other => panic!("there is no visibility {other}"),
    }
}

/// May they know whose need it is?
pub fn sees_owner(someone: &Someone, thing: &Planted) -> bool {
    !thing.anonymous
        || someone.is(Role::Administrator)
        || office(someone)
        || (thing.own && someone.confirmed().is_some())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Create,
    Change,
    Delete,
}

/// May they do this to a thing that they see? `own`: it is, or would be, of the own party.
pub fn may(someone: &Someone, deed: Deed, kind: &str, own: bool) -> bool {
    if !someone.signed_in() || someone.means == Means::ReadToken {
        return false;
    }
    if someone.is(Role::Administrator) {
        return true;
    }
    let is_party = kind == "organizations" || kind == "people";
    // Registers and mends on behalf of others, but takes nothing away from them; records are nobody's alone.
    if someone.is(Role::Coordinator) && (deed != Deed::Delete || kind == "records") {
        return true;
    }
    match someone.confirmed().filter(|_| own) {
        None | Some(Right::Reader) => false,
        Some(Right::Editor) => !is_party,
        // Parties come and go through the office only.
        Some(Right::Owner) => !is_party || deed == Deed::Change,
    }
}

/// Who says who belongs to the own party (`own`), or to another.
pub fn manages(someone: &Someone, own: bool) -> bool {
    someone.is(Role::Administrator) || (own && someone.confirmed() == Some(Right::Owner))
}

/// What the contract expects of a caller, by route. Every route of the contract stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Anyone, whatever they show or do not show: the answer is this.
    WithoutLooking(u16),
    /// Anyone, with or without an account.
    Anyone(u16),
    /// Whoever signed in, programs too.
    SignedIn(u16),
    /// A person who signed in: programs do not touch credentials.
    Person(u16),
    /// Administrators.
    Administrator(u16),
    /// By what the thing is, and whose: see [`sees`] and [`may`].
    ListOfThings,
    CreateThing,
    ReadThing,
    ChangeThing,
    DeleteThing,
    /// Only what may be seen is found, counted, proposed or cited.
    Finding,
    /// For those who manage the party, and (`holder`) for whose membership it is.
    Membership {
        holder: bool,
    },
    MembershipsOfParty,
    Invite,
    WithdrawInvitation,
}

pub fn rule(method: &str, path: &str) -> Option<Rule> {
    use Rule::*;
    const KINDS: [&str; 6] = ["organizations", "people", "capabilities", "seeds", "needs", "records"];
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let (first, rest) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    if KINDS.contains(&first) {
        return match (method, rest) {
            ("get", "") => Some(ListOfThings),
            ("post", "") => Some(CreateThing),
            ("get", "{id}") => Some(ReadThing),
            ("patch", "{id}") => Some(ChangeThing),
            ("delete", "{id}") => Some(DeleteThing),
            _ => None,
        };
    }
    Some(match (method, path) {
        ("get", "/health/live" | "/health/ready") => Anyone(200),
        ("get", "/.well-known/jwks.json") => Anyone(200),
        ("get", "/municipalities" | "/fields" | "/vocabularies") => Anyone(200),
        ("get", "/search") => Finding,
        ("post", "/match" | "/match/coalition") => Finding,
        ("post", "/auth/sign-in" | "/auth/refresh") => WithoutLooking(401),
        ("post", "/auth/password-reset") => WithoutLooking(202),
        ("post", "/auth/password-reset/confirm" | "/invitations/accept") => WithoutLooking(422),
        ("post", "/auth/sign-out") => Person(422),
        ("get", "/me") => SignedIn(200),
        ("patch", "/me") => SignedIn(428),
        ("delete", "/me") => Person(422),
        ("post", "/me/password" | "/me/email" | "/me/email/confirm") => Person(422),
        ("post", "/me/totp" | "/me/totp/confirm" | "/me/totp/remove") => Person(422),
        ("get", "/me/tokens" | "/me/sessions" | "/me/data") => Person(200),
        ("post", "/me/tokens") => Person(422),
        // Of somebody else: as if it were not there.
        ("delete", "/me/tokens/{id}" | "/me/sessions/{id}") => Person(404),
        ("get", "/accounts" | "/accounts/{id}" | "/audit") => Administrator(200),
        ("patch", "/accounts/{id}") => Administrator(428),
        ("get", "/memberships") => MembershipsOfParty,
        ("get" | "delete", "/memberships/{id}") => Membership { holder: true },
        ("patch", "/memberships/{id}") => Membership { holder: false },
        ("get", "/invitations") => SignedIn(200),
        ("post", "/invitations") => Invite,
        ("delete", "/invitations/{id}") => WithdrawInvitation,
        _ => return None,
    })
}
