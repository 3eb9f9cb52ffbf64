//! Who may see and do what, in the words of the product: PRODUCT.md "Who may see what", TRUST.md "Who gets in".
//!
//! Nothing here asks the service, or reads its rules: when the two differ, one of them is wrong.

use crate::cast::{Means, Role, Someone};
use crate::desk::Matter;
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
    // Nobody's: the office keeps them.
    if kind == "exhibitions" {
        return office(someone);
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

/// Whoever reads a desk: "officers read".
pub fn reads_desks(someone: &Someone) -> bool {
    office(someone) || someone.is(Role::Administrator)
}

/// Coordinators work the desks; administrators may everything.
pub fn works_desks(someone: &Someone) -> bool {
    someone.is(Role::Coordinator) || someone.is(Role::Administrator)
}

/// "A coordinator reviews what a first-time author submits": lets it appear or gives it back, and says whom to trust.
pub fn reviews(someone: &Someone) -> bool {
    works_desks(someone) && someone.means != Means::ReadToken
}

/// What was said of a thing is for the author's side and for those who review, by whatever means they read.
pub fn concerned(someone: &Someone, kind: &str, own: bool) -> bool {
    let party = kind == "organizations" || kind == "people";
    works_desks(someone)
        || (kind == "exhibitions" && office(someone))
        || match someone.confirmed().filter(|_| own) {
            None | Some(Right::Reader) => false,
            Some(Right::Editor) => !party,
            Some(Right::Owner) => true,
        }
}

/// An introduction or a case is known to the desks and to its parties; a proposal to the desks only.
pub fn sees_matter(someone: &Someone, matter: &Matter) -> bool {
    reads_desks(someone) || (matter.kind != "matches" && matter.own && someone.confirmed().is_some())
}

/// Who speaks for a party of the matter.
pub fn speaks(someone: &Someone, matter: &Matter) -> bool {
    matter.own && someone.confirmed().is_some_and(|right| right != Right::Reader)
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
    /// Its history, one of its versions, its profile: of whoever sees it.
    ReadAbout,
    /// What was said of it, and whether its party is trusted: see [`concerned`].
    ReadSaid,
    /// A step of its life: of whoever may change it.
    Step,
    /// A step that is for those who review: see [`reviews`].
    Review,
    /// Says whom to trust.
    Trust,
    /// Makes two parties into one: administrators, because it hands over memberships.
    Merge,
    /// What desks read.
    ReadDesks(u16),
    /// What desks do.
    WorkDesks(u16),
    /// One proposal, introduction or case: see [`sees_matter`].
    ReadMatter,
    /// Something happens to it.
    MatterEvent,
    /// A case is opened by a desk; by others only from their own introduction.
    OpenCase,
    /// Coordinators hand over their own desk, administrators any.
    HandOver,
    /// Exhibitions are organised by the office.
    Organise(u16),
    /// One import: of whoever sent it, and of administrators.
    ReadImport,
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
    const KINDS: [&str; 7] = ["organizations", "people", "capabilities", "seeds", "needs", "records", "exhibitions"];
    const PARTIES: [&str; 2] = ["organizations", "people"];
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let (first, rest) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    if KINDS.contains(&first) {
        return match (method, rest) {
            ("get", "") => Some(ListOfThings),
            ("post", "") => Some(CreateThing),
            ("get", "{id}") => Some(ReadThing),
            ("patch", "{id}") => Some(ChangeThing),
            ("delete", "{id}") => Some(DeleteThing),
            ("get", "{id}/history" | "{id}/versions/{version}") => Some(ReadAbout),
            ("get", "{id}/reviews") => Some(ReadSaid),
            ("post", "{id}/submit" | "{id}/withdraw" | "{id}/reopen" | "{id}/verify" | "{id}/restore") => Some(Step),
            ("post", "{id}/publish" | "{id}/return") => Some(Review),
            ("get", "{id}/trust") if PARTIES.contains(&first) => Some(ReadSaid),
            ("put" | "delete", "{id}/trust") if PARTIES.contains(&first) => Some(Trust),
            ("get", "{id}/profile" | "{id}/archive") if first == "organizations" => Some(ReadAbout),
            ("post", "{id}/merge") if first == "organizations" => Some(Merge),
            // Of an exhibition that there is not; what is asked is read first.
            ("get", "{id}/applications") if first == "exhibitions" => Some(SignedIn(404)),
            ("post", "{id}/applications") if first == "exhibitions" => Some(SignedIn(422)),
            ("get", "{id}/compositions") if first == "exhibitions" => Some(Organise(404)),
            ("post", "{id}/compositions") if first == "exhibitions" => Some(Organise(422)),
            // Of what was never merged.
            ("post", "{id}/unmerge") if first == "organizations" => Some(Administrator(404)),
            // What is said is read before it is asked of which exhibition.
            ("post", "{id}/timetables" | "{id}/booth-plans") if first == "exhibitions" => Some(Organise(422)),
            _ => None,
        };
    }
    Some(match (method, path) {
        ("get", "/health/live" | "/health/ready") => Anyone(200),
        ("get", "/.well-known/jwks.json") => Anyone(200),
        ("get", "/municipalities" | "/fields" | "/industries" | "/vocabularies") => Anyone(200),
        ("get", "/concepts" | "/concepts/{code}") => Anyone(200),
        ("post", "/concepts") => Administrator(422),
        ("patch" | "delete", "/concepts/{code}") => Administrator(428),
        ("get", "/search" | "/suggest" | "/exports") => Finding,
        ("post", "/match" | "/match/coalition" | "/similar") => Finding,
        // What waits, of what the caller sees: see `desk::queues_agree`.
        ("get", "/reviews" | "/verifications") => SignedIn(200),
        ("get", "/duplicates") => WorkDesks(200),
        ("get", "/matches" | "/indicators") => ReadDesks(200),
        ("post", "/matches" | "/matches/standing") => WorkDesks(422),
        ("get", "/matches/{id}" | "/introductions/{id}" | "/cases/{id}") => ReadMatter,
        ("get", "/matches/{id}/history" | "/introductions/{id}/history" | "/cases/{id}/history") => ReadMatter,
        ("post", "/matches/{id}/events" | "/introductions/{id}/events" | "/cases/{id}/events") => MatterEvent,
        // Their own; see `desk::lists_agree`.
        ("get", "/introductions" | "/cases") => SignedIn(200),
        // What is said is read before it is asked who says it.
        ("post", "/introductions") => SignedIn(422),
        ("post", "/cases") => OpenCase,
        ("post", "/desk/hand-over") => HandOver,
        ("post", "/compose/group") => Organise(422),
        // Their own; see `desk::lists_agree`.
        ("get", "/timetables" | "/meetings" | "/booth-plans") => SignedIn(200),
        ("get", "/timetables/{id}" | "/timetables/{id}/participants" | "/timetables/{id}/meetings") => ReadMatter,
        ("get", "/meetings/{id}") => ReadMatter,
        // Of a timetable, a meeting and a plan that there are not.
        ("get", "/timetables/{id}/participants/{party}" | "/timetables/{id}/calendar") => SignedIn(404),
        ("get", "/meetings/{id}/cards/{side}") => SignedIn(404),
        ("get", "/booth-plans/{id}" | "/booth-plans/{id}/places") => SignedIn(404),
        ("get" | "delete", "/timetables/{id}/solves/{solve}") => Organise(404),
        // Without a version.
        ("patch", "/timetables/{id}" | "/booth-plans/{id}") => Organise(428),
        ("post", "/timetables/{id}/participants" | "/timetables/{id}/solve" | "/timetables/{id}/publish") => {
            Organise(428)
        }
        ("post", "/booth-plans/{id}/publish") => Organise(428),
        ("patch", "/timetables/{id}/participants/{party}" | "/meetings/{id}/cards/{side}") => SignedIn(428),
        ("post", "/meetings/{id}/cards" | "/joint-orders") => SignedIn(422),
        ("get", "/applications" | "/groups") => SignedIn(200),
        ("get", "/applications/{id}" | "/applications/{id}/history" | "/groups/{id}") => ReadMatter,
        ("post", "/applications/{id}/events" | "/groups/{id}/events") => MatterEvent,
        ("post", "/groups") => Organise(422),
        // Of what there is not.
        ("get", "/groups/{id}/history") => SignedIn(404),
        ("get", "/groups/{id}/substitutes") => Organise(404),
        ("get", "/compositions/{id}" | "/compositions/{id}/history" | "/compositions/{id}/solve") => Organise(404),
        ("delete", "/compositions/{id}/solve") => Organise(404),
        ("patch", "/compositions/{id}") => Organise(428),
        ("get", "/stories") => Anyone(200),
        ("get", "/imports" | "/import-mappings") => WorkDesks(200),
        ("post", "/imports") => WorkDesks(400),
        ("post", "/import-mappings") => WorkDesks(422),
        ("get", "/imports/{id}") => ReadImport,
        // Of an import that there is not.
        ("get", "/imports/{id}/rows" | "/imports/{id}/rejected.csv") => WorkDesks(404),
        ("post", "/imports/{id}/commit" | "/imports/{id}/cancel" | "/imports/{id}/undo") => WorkDesks(404),
        ("get", "/me/notices" | "/me/notice-choice") => SignedIn(200),
        ("post", "/me/notices/read") => SignedIn(200),
        ("patch", "/me/notice-choice") => SignedIn(422),
        ("get", "/me/saved-searches") => SignedIn(200),
        ("post", "/me/saved-searches") => SignedIn(422),
        // Of somebody else: as if it were not there.
        ("get" | "patch" | "delete", "/me/saved-searches/{id}") => SignedIn(404),
        ("get", "/me/saved-searches/{id}/new") => SignedIn(404),
        ("post", "/me/saved-searches/{id}/looked") => SignedIn(404),
        ("post" | "delete", "/me/saved-searches/{id}/feed") => Person(404),
        // The address is the right; nobody has this one.
        ("get", "/feeds/{secret}.atom") => Anyone(404),
        // The letter is the right; this one is not signed.
        ("get" | "post", "/notices/stop") => Anyone(404),
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
