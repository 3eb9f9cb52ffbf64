//! The place and the kind of the party behind a thing, as conditions of a list: the same rule by which the index is
//! filled (`feed/documents.rs`, `domain::access::lends`), so that lists and searches agree and neither tells where a
//! hidden party is.

use super::connection::Conn;
use super::schema::{exhibitions, needs, organizations, people, thing_links, things};
use crate::domain::access::{employer_lends, lends};
use crate::domain::vocabulary::{Status, Visibility};
use crate::domain::{Kind, Relation};
use diesel::expression::BoxableExpression;
use diesel::prelude::*;
use diesel::sql_types::Bool;

type Backend = <Conn as diesel::Connection>::Backend;
pub(super) type Condition = Box<dyn BoxableExpression<things::table, Backend, SqlType = Bool>>;

diesel::alias! {
    // The party that owns what is listed.
    const OWNERS: Alias<Owners> = things as owners;
    // The organisation that a person belongs to.
    const EMPLOYERS: Alias<Employers> = things as employers;
}

/// What is asked of the party behind a thing: one of the two.
#[derive(Debug)]
pub(super) struct Fact {
    municipalities: Vec<String>,
    /// Empty, which is the kind of no organisation, where it is not asked.
    organization_kind: String,
}

impl Fact {
    pub(super) fn municipality(municipalities: Vec<String>) -> Self {
        Self { municipalities, organization_kind: String::new() }
    }

    pub(super) fn organization_kind(kind: String) -> Self {
        Self { municipalities: Vec::new(), organization_kind: kind }
    }
}

/// The things of `kind` whose party has this fact and lends it to them. A party tells its own facts to whoever sees it.
pub(super) fn has(kind: Kind, fact: &Fact) -> Condition {
    let at = |level: Visibility| -> Condition {
        Box::new(things::visibility.eq(level.code()).and(at_level(kind, fact, level)))
    };
    let hidden = at(Visibility::Parties).or(at(Visibility::Private));
    let any = at(Visibility::Public).or(at(Visibility::Members)).or(hidden);
    match kind {
        // Nobody is told where the owner of an anonymous need is.
        Kind::Need => {
            let anonymous = needs::table.filter(needs::anonymous.eq(true)).select(needs::thing_id);
            Box::new(any.and(things::id.ne_all(anonymous)))
        }
        _ => Box::new(any),
    }
}

/// The same for things of one visibility. The parts are closures because their types have no names worth writing.
fn at_level(kind: Kind, fact: &Fact, level: Visibility) -> Condition {
    let telling_owners = || {
        OWNERS
            .filter(OWNERS.field(things::visibility).eq_any(telling(level, lends)))
            .filter(OWNERS.field(things::status).eq(Status::Published.code()))
            .select(OWNERS.field(things::id))
    };
    let telling_employers = || {
        EMPLOYERS
            .filter(EMPLOYERS.field(things::visibility).eq_any(telling(level, employer_lends)))
            .filter(EMPLOYERS.field(things::status).eq(Status::Published.code()))
            .select(EMPLOYERS.field(things::id))
    };
    let organizations = || {
        let stands = organizations::municipality.assume_not_null().eq_any(fact.municipalities.clone());
        organizations::table
            .filter(stands.or(organizations::organization_kind.eq(fact.organization_kind.clone())))
            .select(organizations::thing_id)
    };
    let people = || {
        // The first organisation they belong to.
        let employed = thing_links::table
            .filter(thing_links::relation.eq(Relation::Affiliation.code()).and(thing_links::position.eq(0)))
            .filter(
                thing_links::target_id
                    .eq_any(organizations().filter(organizations::thing_id.eq_any(telling_employers()))),
            )
            .select(thing_links::thing_id);
        let asks_kind = !fact.organization_kind.is_empty();
        let own = people::municipality.assume_not_null().eq_any(fact.municipalities.clone());
        let by_employer = people::municipality.is_null().or(asks_kind.into_sql::<Bool>());
        people::table.filter(own.or(by_employer.and(people::thing_id.eq_any(employed)))).select(people::thing_id)
    };
    match kind {
        Kind::Organization => Box::new(things::id.eq_any(organizations())),
        Kind::Person => Box::new(things::id.eq_any(people())),
        // Records of work are nobody's alone: they have no owner, and stand nowhere.
        Kind::Capability | Kind::Seed | Kind::Need | Kind::Record => {
            let owner = things::owner_party.assume_not_null();
            let firms = organizations().filter(organizations::thing_id.eq_any(telling_owners()));
            let persons = people().filter(people::thing_id.eq_any(telling_owners()));
            Box::new(owner.eq_any(firms).or(owner.eq_any(persons)))
        }
        // It stands where it is held, and is of no organisation.
        Kind::Exhibition => {
            let stands = exhibitions::municipality.assume_not_null().eq_any(fact.municipalities.clone());
            let held = exhibitions::municipality.is_not_null().and(stands);
            Box::new(things::id.eq_any(exhibitions::table.filter(held).select(exhibitions::thing_id)))
        }
    }
}

/// The visibilities of parties that tell something of themselves with a thing of this one.
fn telling(level: Visibility, rule: fn(Visibility, Status, Visibility) -> bool) -> Vec<&'static str> {
    let tells = |visibility: &&Visibility| rule(**visibility, Status::Published, level);
    Visibility::ALL.iter().filter(tells).map(|visibility| visibility.code()).collect()
}
