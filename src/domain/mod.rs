//! Values and rules, no I/O. A value that exists is valid.

pub mod access;
pub mod account;
pub mod codes;
pub mod conditions;
pub mod date;
pub mod desk;
pub mod entry;
pub mod finding;
pub mod id;
pub mod kinds;
pub mod lifecycle;
pub mod linked;
pub mod parse;
pub mod regions;
pub mod text;
pub mod vocabulary;

pub use access::{AccountActor, Action, Actor, Membership, Right, Role, Scope};
pub use account::{AccountState, Email, InvitationState, MembershipState, TokenScope};
pub use entry::{Entry, Header, Link, Relation, Thing};
pub use finding::{Defect, Finding};
pub use id::{Clock, ThingId, Timestamp};
pub use kinds::{
    capability::Capability, exhibition::Exhibition, need::Need, organization::Organization, person::Person,
    record::Record, seed::Seed,
};
pub use vocabulary::Kind;
