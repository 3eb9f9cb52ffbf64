//! Who works a desk, who reads it, and who acts for a side.
//!
//! | | desk (matches) | introductions, cases of the own party | of others | indicators |
//! |---|---|---|---|---|
//! | visitor | – | – | – | – |
//! | member, reader | – | read | – | – |
//! | member, editor or owner | – | read, answer for the party | – | – |
//! | officer | read | read | read | read |
//! | coordinator, administrator | work | work | work | read |

use crate::domain::access::{Actor, Right, Role};
use crate::domain::id::ThingId;

impl Actor {
    /// Works the desk: proposals, introductions and cases of everybody.
    pub fn works_the_desk(&self) -> bool {
        match self {
            Actor::Operator | Actor::System => true,
            Actor::Visitor => false,
            Actor::Account(account) => {
                account.roles.iter().any(|role| matches!(role, Role::Coordinator | Role::Administrator))
            }
        }
    }

    /// Reads what is on every desk, and the indicators.
    pub fn reads_the_desk(&self) -> bool {
        match self {
            Actor::Account(account) => self.works_the_desk() || account.roles.contains(&Role::Officer),
            Actor::Operator | Actor::System | Actor::Visitor => self.works_the_desk(),
        }
    }

    /// Says yes and no for the party, and opens what is its own. A coordinator does not: that is for the party.
    pub fn speaks_for(&self, party: &ThingId) -> bool {
        match self {
            Actor::Operator | Actor::System => true,
            Actor::Visitor => false,
            Actor::Account(account) => account
                .memberships
                .iter()
                .any(|membership| membership.party == *party && membership.right >= Right::Editor),
        }
    }

    pub fn belongs_to(&self, party: &ThingId) -> bool {
        match self {
            Actor::Operator | Actor::System | Actor::Visitor => false,
            Actor::Account(account) => account.memberships.iter().any(|membership| membership.party == *party),
        }
    }

    /// The account, where there is one: whose desk something lands on.
    pub fn account(&self) -> Option<&ThingId> {
        match self {
            Actor::Account(account) => Some(&account.id),
            Actor::Operator | Actor::System | Actor::Visitor => None,
        }
    }
}
