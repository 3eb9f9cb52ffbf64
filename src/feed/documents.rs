//! How search sees each kind: one document per published thing, flattened with the facts of its owner.

use crate::domain::access::{employer_lends, lends};
use crate::domain::date::PartialDate;
use crate::domain::entry::TextPlace;
use crate::domain::regions::region_of;
use crate::domain::vocabulary::{OrganizationKind, SizeBand, Status, Visibility};
use crate::domain::{
    Capability, Entry, Exhibition, Header, Kind, Need, Organization, Person, Record, Scope, Seed, Thing, ThingId,
};
use crate::error::Result;
use crate::store::Conn;
use crate::store::things::{self, Stored};
use crate::store::{disclosures, vocabulary};
use musubi_index::{Attribute, Audience, Document, Source};
use std::collections::HashMap;

/// The documents of `ids`, which are of one kind. What is gone gives none.
pub fn of(conn: &mut Conn, kind: Kind, ids: &[String]) -> Result<Vec<Document>> {
    let mut documents = of_kind(conn, kind, ids)?;
    let wider = vocabulary::wider_fields(conn)?;
    let sections = vocabulary::sections_of_divisions(conn)?;
    for document in &mut documents {
        add_wider_fields(document, &wider);
        add_wider_industries(document, &sections);
    }
    let opened = disclosures::readers(conn, ids)?;
    for document in &mut documents {
        if let (Some(parties), Audience::Parties(readers) | Audience::Private(readers)) =
            (opened.get(&document.id), &mut document.audience)
        {
            readers.extend(parties.iter().cloned());
        }
    }
    Ok(documents)
}

/// A thing of a field is also of the fields above it: it is found and counted there, once.
fn add_wider_fields(document: &mut Document, wider: &HashMap<String, Vec<String>>) {
    let own: Vec<String> = document
        .attributes
        .iter()
        .filter(|(attribute, _)| *attribute == Attribute::Field)
        .map(|(_, code)| code.clone())
        .collect();
    for code in own.iter().filter_map(|code| wider.get(code)).flatten() {
        let value = (Attribute::Field, code.clone());
        if !document.attributes.contains(&value) {
            document.attributes.push(value);
        }
    }
}

/// A class of industry is also its group (three digits), its division (two) and its section (a letter).
fn add_wider_industries(document: &mut Document, sections: &HashMap<String, String>) {
    let own = document.attributes.iter().find(|(attribute, _)| *attribute == Attribute::Industry);
    let Some((_, code)) = own.cloned() else { return };
    let shorter = (2..code.len()).rev().filter_map(|length| code.get(..length).map(str::to_owned));
    let section = code.get(..2).and_then(|division| sections.get(division)).cloned();
    list(document, Attribute::Industry, shorter.chain(section));
}

fn of_kind(conn: &mut Conn, kind: Kind, ids: &[String]) -> Result<Vec<Document>> {
    match kind {
        Kind::Organization => {
            let organizations = things::get_many::<Organization>(conn, &Scope::Everything, ids)?;
            Ok(organizations.iter().map(organization).collect())
        }
        Kind::Person => {
            let people = things::get_many::<Person>(conn, &Scope::Everything, ids)?;
            let employers = people.iter().filter_map(|person| person.entry.affiliations.first());
            let facts = Facts::of_parties(conn, employers)?;
            Ok(people.iter().map(|thing| person(thing, &facts)).collect())
        }
        Kind::Capability => owned::<Capability>(conn, ids, capability),
        Kind::Seed => owned::<Seed>(conn, ids, seed),
        Kind::Need => owned::<Need>(conn, ids, need),
        Kind::Record => {
            let records = things::get_many::<Record>(conn, &Scope::Everything, ids)?;
            Ok(records.iter().map(record).collect())
        }
        Kind::Exhibition => {
            let exhibitions = things::get_many::<Exhibition>(conn, &Scope::Everything, ids)?;
            Ok(exhibitions.iter().map(exhibition).collect())
        }
    }
}

fn owned<E: Stored>(
    conn: &mut Conn,
    ids: &[String],
    document: impl Fn(&Thing<E>, &Facts) -> Document,
) -> Result<Vec<Document>> {
    let things = things::get_many::<E>(conn, &Scope::Everything, ids)?;
    let facts = Facts::of_parties(conn, things.iter().filter_map(|thing| thing.entry.owner()))?;
    Ok(things.iter().map(|thing| document(thing, &facts)).collect())
}

fn organization(thing: &Thing<Organization>) -> Document {
    let entry = &thing.entry;
    let id = thing.header.id.to_string();
    let mut document = base(&thing.header, entry, Some(&id), Source::Profile);
    document.parties = vec![id];
    document.day = verified_day(&thing.header);
    document.codes = entry.references().into_iter().map(|(_, value)| value).collect();
    place_and_kind(&mut document, &Told::of(entry));
    list(&mut document, Attribute::Field, entry.fields.iter().map(|code| code.as_str().to_owned()));
    list(&mut document, Attribute::Sdg, entry.sdgs.iter().map(|goal| goal.value().to_string()));
    document
}

fn person(thing: &Thing<Person>, facts: &Facts) -> Document {
    let entry = &thing.entry;
    let id = thing.header.id.to_string();
    let mut document = base(&thing.header, entry, Some(&id), Source::Profile);
    document.parties = vec![id];
    document.day = verified_day(&thing.header);
    document.codes = entry.references().into_iter().map(|(_, value)| value).collect();
    let own = Told { municipality: entry.municipality.clone().map(String::from), ..Told::default() };
    let employer = entry.affiliations.first().map(ThingId::as_str);
    place_and_kind(&mut document, &facts.with_employer(&own, employer, entry.visibility));
    list(&mut document, Attribute::Field, entry.fields.iter().map(|code| code.as_str().to_owned()));
    list(&mut document, Attribute::Sdg, entry.sdgs.iter().map(|goal| goal.value().to_string()));
    document
}

fn capability(thing: &Thing<Capability>, facts: &Facts) -> Document {
    let entry = &thing.entry;
    let mut document = of_owner(&thing.header, entry, Source::Offer, facts);
    document.day = verified_day(&thing.header);
    list(&mut document, Attribute::CapabilityKind, entry.capability_kind.iter().map(|kind| kind.code().to_owned()));
    list(&mut document, Attribute::Readiness, entry.readiness.iter().map(|level| level.value().to_string()));
    list(&mut document, Attribute::Certificate, entry.certificates.iter().map(|code| code.as_str().to_owned()));
    list(&mut document, Attribute::Field, entry.fields.iter().map(|code| code.as_str().to_owned()));
    list(&mut document, Attribute::Sdg, entry.sdgs.iter().map(|goal| goal.value().to_string()));
    document
}

fn seed(thing: &Thing<Seed>, facts: &Facts) -> Document {
    let entry = &thing.entry;
    let mut document = of_owner(&thing.header, entry, Source::Offer, facts);
    document.day = verified_day(&thing.header);
    document.codes = entry.patents.iter().map(|number| number.as_str().to_owned()).collect();
    list(&mut document, Attribute::Readiness, entry.readiness.iter().map(|level| level.value().to_string()));
    list(&mut document, Attribute::Field, entry.fields.iter().map(|code| code.as_str().to_owned()));
    list(&mut document, Attribute::Sdg, entry.sdgs.iter().map(|goal| goal.value().to_string()));
    document
}

fn need(thing: &Thing<Need>, facts: &Facts) -> Document {
    let entry = &thing.entry;
    let mut document = if entry.anonymous {
        // Neither the owner nor anything inherited from it.
        base(&thing.header, entry, None, Source::Request)
    } else {
        of_owner(&thing.header, entry, Source::Request, facts)
    };
    document.day = entry.deadline.as_ref().and_then(|date| date.days());
    list(&mut document, Attribute::Purpose, entry.purposes.iter().map(|purpose| purpose.code().to_owned()));
    list(&mut document, Attribute::Field, entry.fields.iter().map(|code| code.as_str().to_owned()));
    list(&mut document, Attribute::Sdg, entry.sdgs.iter().map(|goal| goal.value().to_string()));
    document
}

fn record(thing: &Thing<Record>) -> Document {
    let entry = &thing.entry;
    let mut document = base(&thing.header, entry, None, Source::Record);
    document.parties = entry.members.iter().map(|member| member.party.to_string()).collect();
    // It belongs to those who took part.
    if let Audience::Parties(readers) | Audience::Private(readers) = &mut document.audience {
        readers.clone_from(&document.parties);
    }
    document.day = entry.happened_on.as_ref().and_then(|date| date.days());
    let (number, kaken, patent) = (&entry.number, &entry.kaken, &entry.patent);
    document.codes.extend(number.iter().map(|number| number.as_str().to_owned()));
    document.codes.extend(kaken.iter().map(|number| number.as_str().to_owned()));
    document.codes.extend(patent.iter().map(|number| number.as_str().to_owned()));
    list(&mut document, Attribute::Field, entry.fields.iter().map(|code| code.as_str().to_owned()));
    document
}

/// Nobody's, so it speaks for no party; it is found where it is held.
fn exhibition(thing: &Thing<Exhibition>) -> Document {
    let entry = &thing.entry;
    let mut document = base(&thing.header, entry, None, Source::Request);
    document.day = entry.begins_on.as_ref().and_then(|day| PartialDate::from_stored(day.as_str().to_owned()).days());
    let place = Told { municipality: entry.municipality.clone().map(String::from), ..Told::default() };
    place_and_kind(&mut document, &place);
    list(&mut document, Attribute::Field, entry.fields.iter().map(|code| code.as_str().to_owned()));
    list(&mut document, Attribute::Sdg, entry.sdgs.iter().map(|goal| goal.value().to_string()));
    document
}

/// The day on which it was last verified: a match weighs what was confirmed long ago less.
fn verified_day(header: &Header) -> Option<i32> {
    let text = header.verified_on.clone()?;
    PartialDate::from_stored(text).days()
}

/// A thing with the facts of the party that owns it; a researcher's things count for the employer, too.
fn of_owner<E: Entry>(header: &Header, entry: &E, source: Source, facts: &Facts) -> Document {
    let owner = entry.owner();
    let mut document = base(header, entry, owner.map(ThingId::as_str), source);
    if let Some(owner) = owner {
        document.parties.push(owner.to_string());
        if let Some((told, employer)) = facts.lent(owner, entry.visibility()) {
            document.parties.extend(employer);
            place_and_kind(&mut document, &told);
        }
    }
    document
}

fn base<E: Entry>(header: &Header, entry: &E, owner: Option<&str>, source: Source) -> Document {
    let mut titles = Vec::new();
    let mut bodies = Vec::new();
    for text in entry.texts() {
        match text.place {
            TextPlace::Title | TextPlace::Alias => titles.push(text.text.to_owned()),
            TextPlace::Body | TextPlace::Unwanted => bodies.push(text.text.to_owned()),
        }
    }
    // The owner of an anonymous need stays its reader, although the document does not name it.
    let reader = owner.or(entry.owner().map(ThingId::as_str));
    let readers: Vec<String> = reader.map(str::to_owned).into_iter().collect();
    Document {
        id: header.id.to_string(),
        kind: E::KIND.code().to_owned(),
        version: header.version as u64,
        owner: owner.map(str::to_owned),
        parties: Vec::new(),
        source,
        audience: match entry.visibility() {
            Visibility::Public => Audience::Public,
            Visibility::Members => Audience::Members,
            Visibility::Parties => Audience::Parties(readers),
            Visibility::Private => Audience::Private(readers),
        },
        published: header.status == Status::Published,
        verified: verified_day(header),
        titles,
        bodies,
        updated_at: header.updated_at.micros(),
        sort_key: crate::domain::text::fold(entry.sort_text()),
        ..Document::default()
    }
}

fn list(document: &mut Document, attribute: Attribute, values: impl Iterator<Item = String>) {
    // What a thing has and what its party lends it may be the same: it counts once.
    for value in values.map(|value| (attribute, value)) {
        if !document.attributes.contains(&value) {
            document.attributes.push(value);
        }
    }
}

/// What is found, counted and filtered by with the things of a party.
#[derive(Debug, Clone, Default)]
struct Told {
    kind: Option<OrganizationKind>,
    municipality: Option<String>,
    employees: Option<i64>,
    industry: Option<String>,
    certificates: Vec<String>,
}

impl Told {
    fn of(entry: &Organization) -> Self {
        Self {
            kind: entry.organization_kind,
            municipality: entry.municipality.clone().map(String::from),
            employees: entry.employees.map(|count| count.value()),
            industry: entry.industry.clone().map(String::from),
            certificates: entry.certificates.iter().map(|code| code.as_str().to_owned()).collect(),
        }
    }
}

/// What a party lends to the things it owns, and to whom it may be told.
#[derive(Debug)]
struct PartyFacts {
    told: Told,
    visibility: Visibility,
    status: Status,
    /// For a person: the organisation that employs them.
    employer: Option<String>,
}

struct Facts(HashMap<String, PartyFacts>);

impl Facts {
    fn of_parties<'a>(conn: &mut Conn, parties: impl Iterator<Item = &'a ThingId>) -> Result<Self> {
        let mut ids: Vec<String> = parties.map(ToString::to_string).collect();
        ids.sort();
        ids.dedup();
        let people = things::get_many::<Person>(conn, &Scope::Everything, &ids)?;
        let employers = people.iter().filter_map(|person| person.entry.affiliations.first());
        ids.extend(employers.map(ToString::to_string));
        ids.sort();
        ids.dedup();
        let organizations = things::get_many::<Organization>(conn, &Scope::Everything, &ids)?;
        let of_organization = |Thing { header, entry }: &Thing<Organization>| {
            let facts = PartyFacts {
                told: Told::of(entry),
                visibility: entry.visibility,
                status: header.status,
                employer: None,
            };
            (header.id.to_string(), facts)
        };
        let of_person = |Thing { header, entry }: &Thing<Person>| {
            let facts = PartyFacts {
                told: Told { municipality: entry.municipality.clone().map(String::from), ..Told::default() },
                visibility: entry.visibility,
                status: header.status,
                employer: entry.affiliations.first().map(ToString::to_string),
            };
            (header.id.to_string(), facts)
        };
        Ok(Self(organizations.iter().map(of_organization).chain(people.iter().map(of_person)).collect()))
    }

    /// What may be told of a party with a thing of this visibility that it owns, and its employer. None: the party may
    /// be hidden from somebody who sees the thing.
    fn lent(&self, party: &ThingId, visibility: Visibility) -> Option<(Told, Option<String>)> {
        let facts = self.0.get(party.as_str()).filter(|facts| lends(facts.visibility, facts.status, visibility))?;
        let told = self.with_employer(&facts.told, facts.employer.as_deref(), visibility);
        Some((told, facts.employer.clone()))
    }

    /// The facts of a person, and where there are none, those of the employer.
    fn with_employer(&self, own: &Told, employer: Option<&str>, visibility: Visibility) -> Told {
        let employer = employer.and_then(|employer| self.0.get(employer));
        match employer.filter(|facts| employer_lends(facts.visibility, facts.status, visibility)) {
            None => own.clone(),
            Some(facts) => Told {
                municipality: own.municipality.clone().or_else(|| facts.told.municipality.clone()),
                ..facts.told.clone()
            },
        }
    }
}

fn place_and_kind(document: &mut Document, facts: &Told) {
    list(document, Attribute::OrganizationKind, facts.kind.iter().map(|kind| kind.code().to_owned()));
    list(document, Attribute::Municipality, facts.municipality.iter().cloned());
    list(document, Attribute::Prefecture, facts.municipality.iter().map(|code| code[..2].to_owned()));
    list(document, Attribute::Region, facts.municipality.iter().map(|code| region_of(code).to_owned()));
    list(document, Attribute::SizeBand, facts.employees.iter().map(|&count| SizeBand::of(count).code().to_owned()));
    list(document, Attribute::Industry, facts.industry.iter().cloned());
    list(document, Attribute::Certificate, facts.certificates.iter().cloned());
}
