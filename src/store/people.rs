//! How a person lies in its table.

use super::connection::{Conn, IN_LIST};
use super::database::Tx;
use super::duplicates::agree;
use super::memberships::{self, Of};
use super::references;
use super::schema::{idempotency_keys, people, thing_links, versions};
use super::things::{self, Stored};
use super::values::Parts;
use crate::domain::codes::{EradNumber, FieldCode, MunicipalityCode, Orcid, ResearchmapId, WebAddress};
use crate::domain::kinds::Sdg;
use crate::domain::text::{Line, Prose, personal_name};
use crate::domain::vocabulary::{Kind, Visibility};
use crate::domain::{MembershipState, Person, Relation, Right, Scope, Thing, ThingId};
use crate::error::Result;
use diesel::prelude::*;

#[derive(Debug, Queryable)]
pub struct PersonRow {
    thing_id: String,
    name_kana: Option<String>,
    orcid: Option<String>,
    researchmap: Option<String>,
    position_ja: Option<String>,
    position_en: Option<String>,
    municipality: Option<String>,
    website: Option<String>,
    description_ja: Option<String>,
    description_en: Option<String>,
    erad: Option<String>,
}

impl Stored for Person {
    type Row = PersonRow;

    fn rows(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, Self::Row)>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IN_LIST) {
            let rows: Vec<PersonRow> = people::table.filter(people::thing_id.eq_any(ids)).load(conn)?;
            found.extend(rows.into_iter().map(|row| (row.thing_id.clone(), row)));
        }
        Ok(found)
    }

    fn assemble(row: Self::Row, parts: &mut Parts) -> Self {
        Person {
            name_ja: parts.title_ja.take().map(Line::from_stored),
            name_en: parts.title_en.take().map(Line::from_stored),
            name_kana: row.name_kana.map(Line::from_stored),
            orcid: row.orcid.map(Orcid::from_stored),
            researchmap: row.researchmap.map(ResearchmapId::from_stored),
            erad: row.erad.map(EradNumber::from_stored),
            position_ja: row.position_ja.map(Line::from_stored),
            position_en: row.position_en.map(Line::from_stored),
            municipality: row.municipality.map(MunicipalityCode::from_stored),
            website: row.website.map(WebAddress::from_stored),
            description_ja: row.description_ja.map(Prose::from_stored),
            description_en: row.description_en.map(Prose::from_stored),
            fields: parts.list("fields", FieldCode::from_stored),
            sdgs: parts.numbers("sdgs", Sdg::from_stored),
            aliases: parts.list("aliases", Line::from_stored),
            visibility: parts.visibility,
            affiliations: parts.targets(Relation::Affiliation).into_iter().map(|(target, _)| target).collect(),
        }
    }

    fn insert_row(&self, conn: &mut Conn, id: &str) -> Result<()> {
        let row = (
            people::thing_id.eq(id),
            people::name_kana.eq(self.name_kana.as_ref().map(|value| value.as_str())),
            people::orcid.eq(self.orcid.as_ref().map(|value| value.as_str())),
            people::researchmap.eq(self.researchmap.as_ref().map(|value| value.as_str())),
            people::erad.eq(self.erad.as_ref().map(|value| value.as_str())),
            people::position_ja.eq(self.position_ja.as_ref().map(|value| value.as_str())),
            people::position_en.eq(self.position_en.as_ref().map(|value| value.as_str())),
            people::municipality.eq(self.municipality.as_ref().map(|value| value.as_str())),
            people::website.eq(self.website.as_ref().map(|value| value.as_str())),
            people::description_ja.eq(self.description_ja.as_ref().map(|value| value.as_str())),
            people::description_en.eq(self.description_en.as_ref().map(|value| value.as_str())),
        );
        diesel::insert_into(people::table).values(row).execute(conn)?;
        Ok(())
    }

    fn delete_row(conn: &mut Conn, id: &str) -> Result<()> {
        diesel::delete(people::table.find(id)).execute(conn)?;
        Ok(())
    }

    fn likeness(&self) -> Vec<(&'static str, String)> {
        let names = self.name_ja.iter().chain(&self.name_en).chain(&self.aliases);
        let names = names.map(|name| personal_name(name.as_str())).filter(|name| !name.is_empty());
        let mut keys: Vec<_> = names.map(|name| ("person", name)).collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// Of the same name: somebody else if a number differs or they work at different places.
    fn may_be(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.affiliations, &other.affiliations);
        let same_place = ours.is_empty() || theirs.is_empty() || ours.iter().any(|party| theirs.contains(party));
        same_place
            && agree(&self.orcid, &other.orcid)
            && agree(&self.researchmap, &other.researchmap)
            && agree(&self.erad, &other.erad)
    }

    fn lists(&self) -> Vec<(&'static str, Vec<String>)> {
        vec![
            ("fields", self.fields.iter().map(|value| value.as_str().to_owned()).collect()),
            ("sdgs", self.sdgs.iter().map(|value| value.value().to_string()).collect()),
            ("aliases", self.aliases.iter().map(|value| value.as_str().to_owned()).collect()),
        ]
    }

    fn shared_facts(&self) -> String {
        let place = self.municipality.as_ref().map(|code| code.as_str());
        format!("{place:?} {:?} {:?}", self.affiliations.first(), self.visibility)
    }

    fn municipality(&self) -> Option<&str> {
        self.municipality.as_ref().map(|code| code.as_str())
    }
}

/// The profiles that are of this account alone: it speaks for the person, and no other account does.
pub fn profiles_of(conn: &mut Conn, account: &ThingId) -> Result<Vec<Thing<Person>>> {
    let mut found = Vec::new();
    for row in memberships::read(conn, Of::Account(account))? {
        let speaks = row.state == MembershipState::Confirmed && row.right == Right::Owner;
        let person = speaks && things::kind_of(conn, &row.party)? == Some(Kind::Person);
        if person && memberships::owners(conn, &row.party)?.len() == 1 {
            found.push(things::get::<Person>(conn, &Scope::Everything, &row.party)?);
        }
    }
    Ok(found)
}

/// Who is of one house with a party, as far as the reader may see: the organisations of a person, the people of an organisation. Of a
/// party that is hidden nothing is told, not even by who is missing from an answer.
pub fn kin(conn: &mut Conn, scope: &Scope, party: &str) -> Result<Vec<String>> {
    if !things::is_visible(conn, scope, &ThingId::from_stored(party.to_owned()))? {
        return Ok(Vec::new());
    }
    let own = thing_links::table
        .filter(thing_links::relation.eq(Relation::Affiliation.code()).and(thing_links::thing_id.eq(party)))
        .select(thing_links::target_id);
    let people = thing_links::table
        .filter(thing_links::relation.eq(Relation::Affiliation.code()).and(thing_links::target_id.eq(party)))
        .select(thing_links::thing_id);
    let ids: Vec<String> = own.load::<String>(conn)?.into_iter().chain(people.load::<String>(conn)?).collect();
    Ok(things::cards(conn, scope, &ids)?.into_keys().collect())
}

/// Takes the person out of a profile: words, numbers and history go. What others wrote that names it still does, and
/// finds a private profile that says nothing.
pub fn erase(tx: &mut Tx<'_>, profile: Thing<Person>) -> Result<()> {
    let (id, version) = (profile.header.id.clone(), profile.header.version);
    let nobody = Person {
        name_ja: Some(Line::from_stored("消去された人".to_owned())),
        name_en: Some(Line::from_stored("Erased person".to_owned())),
        visibility: Visibility::Private,
        ..Person::default()
    };
    things::update(tx, profile, version, nobody)?;
    references::delete_all(tx.conn(), &id)?;
    let before = versions::table.filter(versions::thing_id.eq(id.as_str()).and(versions::version.le(version)));
    diesel::update(before).set(versions::snapshot.eq(None::<String>)).execute(tx.conn())?;
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::thing_id.eq(id.as_str()))).execute(tx.conn())?;
    Ok(())
}
