//! How a person lies in its table.

use super::connection::{Conn, IN_LIST};
use super::schema::people;
use super::things::Stored;
use super::values::Parts;
use crate::domain::codes::{EradNumber, FieldCode, MunicipalityCode, Orcid, ResearchmapId, WebAddress};
use crate::domain::kinds::Sdg;
use crate::domain::text::{Line, Prose};
use crate::domain::{Person, Relation};
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
