//! Who acts, what they may see, and what they may do. One table, role × action × kind; list queries use the same rule
//! as SQL ([`Scope`]), the index as an audience.

use super::id::ThingId;
use super::vocabulary::{Kind, Status, Visibility};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who does something. Every write names one; the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// No account.
    Visitor,
    /// Somebody signed in.
    Account(AccountActor),
    /// The person at the machine: the command line, and REST on loopback while accounts are switched off.
    Operator,
    /// The service itself (demo data, vocabularies).
    System,
}

/// A signed-in account, with its rights as they are now: read for each request, never kept in a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountActor {
    pub id: ThingId,
    pub roles: Vec<Role>,
    /// Confirmed memberships only.
    pub memberships: Vec<Membership>,
    /// When this was read, and from what; none if the service itself speaks for the account.
    pub standing: Option<Standing>,
}

/// How an account comes to its rights. Rights are read when a request begins; a write that commits later reads them again
/// if anybody's rights changed in between, so that nobody writes with rights that were taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The count of changes of rights, of anybody, at the reading.
    pub generation: i64,
    /// What must still hold; none for work that goes on after a sign-out.
    pub credential: Option<HeldBy>,
    /// Whether the role of administrator needs a second factor.
    pub second_factor_for_administrators: bool,
}

/// What the account was recognised by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldBy {
    /// The id of the family of sign-in tokens.
    SignIn(String),
    /// The digest of the API token.
    ApiToken(String),
}

impl AccountActor {
    /// The same account for work that goes on after the request: a sign-out does not end it, the loss of a right does.
    pub fn beyond_the_request(mut self) -> Self {
        if let Some(standing) = &mut self.standing {
            standing.credential = None;
        }
        self
    }
}

/// What an account may do for the cluster as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Coordinator,
    Officer,
    Administrator,
}

/// An account acts for a party (an organisation, or a person: the researcher's own profile).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub party: ThingId,
    pub right: Right,
}

/// What a member may do for the party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Sees what the party sees.
    Reader,
    /// Registers and changes what the party owns.
    Editor,
    /// Also invites members and changes the party itself.
    Owner,
}

impl Actor {
    /// The same actor for work that goes on after the request: see [`AccountActor::beyond_the_request`].
    pub fn beyond_the_request(self) -> Self {
        match self {
            Actor::Account(account) => Actor::Account(account.beyond_the_request()),
            other => other,
        }
    }

    /// The name in the log: an id, never an address.
    pub fn name(&self) -> &str {
        match self {
            Actor::Visitor => "visitor",
            Actor::Account(account) => account.id.as_str(),
            Actor::Operator => "operator",
            Actor::System => "system",
        }
    }

    pub fn scope(&self) -> Scope {
        match self {
            Actor::Visitor => Scope::Public,
            Actor::Operator | Actor::System => Scope::Everything,
            Actor::Account(account) => {
                let parties: Vec<_> = account.memberships.iter().map(|membership| membership.party.clone()).collect();
                if account.roles.contains(&Role::Administrator) {
                    Scope::Everything
                } else if account.roles.contains(&Role::Coordinator) || account.roles.contains(&Role::Officer) {
                    Scope::Coordinator { parties }
                } else if parties.is_empty() {
                    // Nobody has confirmed yet (or any longer) that this account belongs to anybody here.
                    Scope::Public
                } else {
                    Scope::Member { parties }
                }
            }
        }
    }
}

/// What a reader may see: where every list query starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Public things only.
    Public,
    /// Also what is open to members, and everything of the own parties.
    Member {
        parties: Vec<ThingId>,
    },
    /// Also what is open to the parties of a matter; not what is private to others.
    Coordinator {
        parties: Vec<ThingId>,
    },
    Everything,
}

impl Scope {
    /// The rule, for one thing. `store::things` says the same in SQL, the index as an audience; both also show what an
    /// introduction opened to one of the reader's parties, which only the database knows. `owners` are the parties
    /// behind the thing: itself for a party, its owner, the members of a record of work.
    pub fn sees(&self, visibility: Visibility, status: Status, owners: &[ThingId]) -> bool {
        let open = status == Status::Published;
        let own = |parties: &[ThingId]| owners.iter().any(|owner| parties.contains(owner));
        match self {
            Scope::Everything => true,
            Scope::Public => open && visibility == Visibility::Public,
            Scope::Member { parties } => own(parties) || (open && visibility <= Visibility::Members),
            Scope::Coordinator { parties } => own(parties) || visibility <= Visibility::Parties,
        }
    }

    /// May the reader know who stands behind an anonymous need?
    pub fn sees_behind(&self, owner: Option<&ThingId>) -> bool {
        match self {
            Scope::Everything | Scope::Coordinator { .. } => true,
            Scope::Public => false,
            Scope::Member { parties } => owner.is_some_and(|owner| parties.contains(owner)),
        }
    }
}

/// Whether a fact of a party (its place, kind, size …) may be found, counted or filtered by with a thing that the party
/// owns: only where whoever may see the thing may see the party, too.
pub fn lends(party: Visibility, status: Status, thing: Visibility) -> bool {
    status == Status::Published && party <= thing
}

/// The same for the employer of a person, who is another party: its confidants are not those of the person.
pub fn employer_lends(employer: Visibility, status: Status, thing: Visibility) -> bool {
    lends(employer, status, thing.min(Visibility::Members))
}

/// What somebody wants to do with a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Create,
    Change,
    Delete,
    /// Lets a thing appear, or gives it back; says which parties are trusted.
    Review,
    /// Makes two of the same into one, and back.
    Merge,
}

impl Actor {
    /// The one table. `owners` are the parties behind the thing: itself for a party, its owner, the members of a
    /// record of work. Whether the thing can be seen at all is asked first, by [`Scope`].
    pub fn may(&self, action: Action, kind: Kind, owners: &[ThingId]) -> bool {
        match self {
            Actor::Operator | Actor::System => true,
            Actor::Visitor => false,
            Actor::Account(account) => {
                account.roles.iter().any(|role| role.may(action, kind))
                    || account
                        .memberships
                        .iter()
                        .filter(|membership| owners.contains(&membership.party))
                        .any(|membership| membership.right.may(action, kind))
            }
        }
    }
}

impl Role {
    /// For the whole cluster, whoever owns the thing.
    fn may(self, action: Action, kind: Kind) -> bool {
        match (self, kind, action) {
            (Role::Administrator, _, _) => true,
            // A coordinator registers and mends on behalf of others, but takes nothing away from them.
            (Role::Coordinator, _, Action::Create | Action::Change | Action::Review) => true,
            // Exhibitions belong to no party: the office keeps them.
            (Role::Coordinator, Kind::Record | Kind::Exhibition, Action::Delete) => true,
            (Role::Officer, Kind::Exhibition, Action::Create | Action::Change | Action::Delete) => true,
            // A merge hands everything one party has to the members of another.
            (Role::Coordinator, _, Action::Delete | Action::Merge) => false,
            (Role::Officer, _, _) => false,
        }
    }
}

impl Right {
    /// For the things of the party.
    fn may(self, action: Action, kind: Kind) -> bool {
        match (self, kind, action) {
            (Right::Reader, _, _) | (_, _, Action::Review | Action::Merge) => false,
            (Right::Editor, Kind::Organization | Kind::Person, _) => false,
            (Right::Owner, Kind::Organization | Kind::Person, Action::Change) => true,
            (Right::Owner, Kind::Organization | Kind::Person, Action::Create | Action::Delete) => false,
            (_, Kind::Exhibition, _) => false,
            (Right::Editor | Right::Owner, Kind::Capability | Kind::Seed | Kind::Need | Kind::Record, _) => true,
        }
    }
}
