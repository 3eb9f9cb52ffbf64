//! Conditions of a need checked against the stated facts of a party. What is not stated is unknown, never unmet.

use super::id::ThingId;
use super::kinds::need::Condition;
use super::vocabulary::{ConditionField, ConditionOperator, Kind, OrganizationKind};
use super::{Header, Organization, Person, Thing};
use std::collections::HashSet;

/// What a party has stated, each fact with the thing that states it (a person's employer speaks for kind and size).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartyFacts {
    /// Whether it is a person, no organisation.
    pub person: bool,
    pub organization_kind: Option<Stated<OrganizationKind>>,
    pub municipality: Option<Stated<String>>,
    pub employees: Option<Stated<i64>>,
    pub industry: Option<Stated<String>>,
    pub certificates: Vec<Stated<String>>,
    pub fields: Vec<Stated<String>>,
}

/// A fact and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated<T> {
    pub value: T,
    pub kind: Kind,
    pub by: ThingId,
    pub version: i64,
}

/// How a condition stands with a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Met,
    Unmet,
    Unknown,
}

/// The outcome and the fact that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub outcome: Outcome,
    /// Name of the field of the party.
    pub field: &'static str,
    /// The stated value; none when nothing is stated.
    pub fact: Option<Stated<String>>,
}

impl PartyFacts {
    pub fn of_organization(thing: &Thing<Organization>) -> Self {
        let entry = &thing.entry;
        Self {
            person: false,
            organization_kind: entry.organization_kind.map(|kind| stated(&thing.header, Kind::Organization, kind)),
            municipality: entry.municipality.clone().map(|code| by_organization(thing, code.as_str())),
            employees: entry.employees.map(|count| stated(&thing.header, Kind::Organization, count.value())),
            industry: entry.industry.clone().map(|code| by_organization(thing, code.as_str())),
            certificates: entry.certificates.iter().map(|code| by_organization(thing, code.as_str())).collect(),
            fields: entry.fields.iter().map(|code| by_organization(thing, code.as_str())).collect(),
        }
    }

    /// A person's own facts before those of the employer (the first affiliation that the reader may see).
    pub fn of_person(thing: &Thing<Person>, employer: Option<&PartyFacts>) -> Self {
        let mut facts = PartyFacts { person: true, ..employer.cloned().unwrap_or_default() };
        let by = |value: &str| stated(&thing.header, Kind::Person, value.to_owned());
        if let Some(code) = &thing.entry.municipality {
            facts.municipality = Some(by(code.as_str()));
        }
        if !thing.entry.fields.is_empty() {
            facts.fields = thing.entry.fields.iter().map(|code| by(code.as_str())).collect();
        }
        facts
    }
}

fn stated<T>(header: &Header, kind: Kind, value: T) -> Stated<T> {
    Stated { value, kind, by: header.id.clone(), version: header.version }
}

fn by_organization(thing: &Thing<Organization>, value: &str) -> Stated<String> {
    stated(&thing.header, Kind::Organization, value.to_owned())
}

/// Checks one condition. A list that is stated (certificates, fields) is taken as whole; an empty one states nothing.
pub fn check(condition: &Condition, facts: &PartyFacts) -> Checked {
    let wanted: HashSet<&str> = condition.values.iter().map(String::as_str).collect();
    let one = |field: &'static str, fact: Option<Stated<String>>, fits: &dyn Fn(&str) -> bool| {
        let outcome = match &fact {
            None => Outcome::Unknown,
            Some(fact) if fits(&fact.value) => Outcome::Met,
            Some(_) => Outcome::Unmet,
        };
        Checked { outcome, field, fact }
    };
    match condition.field {
        ConditionField::Municipality => {
            one("municipality", facts.municipality.clone(), &|code| wanted.iter().any(|wanted| lies_in(code, wanted)))
        }
        ConditionField::Prefecture => one("municipality", facts.municipality.clone(), &|code| {
            code.get(..2).is_some_and(|prefecture| wanted.contains(prefecture))
        }),
        ConditionField::OrganizationKind => {
            let fact = facts.organization_kind.as_ref();
            one("organization_kind", fact.map(|fact| fact.with(fact.value.code().to_owned())), &|kind| {
                wanted.contains(kind)
            })
        }
        ConditionField::Employees => {
            let bound = condition.values.first().and_then(|value| value.parse::<i64>().ok());
            let fact = facts.employees.as_ref().map(|fact| fact.with(fact.value.to_string()));
            one("employees", fact, &|count| match (count.parse::<i64>(), bound, condition.operator) {
                (Ok(count), Some(bound), ConditionOperator::AtLeast) => count >= bound,
                (Ok(count), Some(bound), ConditionOperator::AtMost) => count <= bound,
                _ => wanted.contains(count),
            })
        }
        ConditionField::Certificate => any_of("certificates", &facts.certificates, &wanted),
        ConditionField::Field => any_of("fields", &facts.fields, &wanted),
    }
}

fn any_of(field: &'static str, stated: &[Stated<String>], wanted: &HashSet<&str>) -> Checked {
    if let Some(fact) = stated.iter().find(|fact| wanted.contains(fact.value.as_str())) {
        return Checked { outcome: Outcome::Met, field, fact: Some(fact.clone()) };
    }
    match stated.first() {
        None => Checked { outcome: Outcome::Unknown, field, fact: None },
        Some(first) => {
            let all: Vec<&str> = stated.iter().map(|fact| fact.value.as_str()).collect();
            Checked { outcome: Outcome::Unmet, field, fact: Some(first.with(all.join(", "))) }
        }
    }
}

impl<T> Stated<T> {
    fn with(&self, value: String) -> Stated<String> {
        Stated { value, kind: self.kind, by: self.by.clone(), version: self.version }
    }
}

/// The municipality itself, or one of the wanted prefecture (whose code has 000 after its two digits).
fn lies_in(code: &str, wanted: &str) -> bool {
    code == wanted || (wanted.get(2..5) == Some("000") && code.get(..2) == wanted.get(..2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated<T>(value: T) -> Stated<T> {
        Stated { value, kind: Kind::Organization, by: ThingId::new(), version: 1 }
    }

    fn outcome(field: ConditionField, operator: ConditionOperator, values: &[&str], facts: &PartyFacts) -> Outcome {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        check(&Condition { field, operator, values }, facts).outcome
    }

    #[test]
    fn stated_facts_decide_and_silence_is_unknown() {
        use ConditionField as F;
        use ConditionOperator::{AnyOf, AtLeast, AtMost};
        let facts = PartyFacts {
            organization_kind: Some(stated(OrganizationKind::Firm)),
            municipality: Some(stated("062014".to_owned())),
            employees: Some(stated(42)),
            certificates: vec![stated("iso9001".to_owned())],
            ..PartyFacts::default()
        };
        assert_eq!(outcome(F::Municipality, AnyOf, &["062014"], &facts), Outcome::Met);
        assert_eq!(outcome(F::Municipality, AnyOf, &["060003"], &facts), Outcome::Met);
        assert_eq!(outcome(F::Municipality, AnyOf, &["062031"], &facts), Outcome::Unmet);
        assert_eq!(outcome(F::Prefecture, AnyOf, &["06"], &facts), Outcome::Met);
        assert_eq!(outcome(F::Prefecture, AnyOf, &["04", "05"], &facts), Outcome::Unmet);
        assert_eq!(outcome(F::OrganizationKind, AnyOf, &["firm", "university"], &facts), Outcome::Met);
        assert_eq!(outcome(F::Employees, AtMost, &["300"], &facts), Outcome::Met);
        assert_eq!(outcome(F::Employees, AtLeast, &["43"], &facts), Outcome::Unmet);
        assert_eq!(outcome(F::Certificate, AnyOf, &["iso9001"], &facts), Outcome::Met);
        assert_eq!(outcome(F::Certificate, AnyOf, &["iso14001"], &facts), Outcome::Unmet);
        assert_eq!(outcome(F::Field, AnyOf, &["food"], &facts), Outcome::Unknown);
        let silent = PartyFacts::default();
        for field in ConditionField::ALL {
            assert_eq!(outcome(*field, AnyOf, &["06"], &silent), Outcome::Unknown);
        }
    }
}
