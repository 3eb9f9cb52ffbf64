//! How an exhibition lies in its table.

use super::connection::{Conn, IN_LIST};
use super::schema::exhibitions;
use super::things::Stored;
use super::values::Parts;
use crate::domain::codes::{ConceptCode, FieldCode, MunicipalityCode, WebAddress};
use crate::domain::desk::Day;
use crate::domain::kinds::exhibition::Topic;
use crate::domain::kinds::{Percent, Sdg, Yen};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::ExhibitionKind;
use crate::domain::{Exhibition, Relation};
use crate::error::{Error, Result};
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

#[derive(Debug, Queryable)]
pub struct ExhibitionRow {
    thing_id: String,
    exhibition_kind: Option<String>,
    organizer: Option<String>,
    description_ja: Option<String>,
    description_en: Option<String>,
    call_ja: Option<String>,
    call_en: Option<String>,
    venue_ja: Option<String>,
    venue_en: Option<String>,
    municipality: Option<String>,
    website: Option<String>,
    begins_on: Option<String>,
    ends_on: Option<String>,
    apply_by: Option<String>,
    answer_by: Option<String>,
    theme: String,
    booths: String,
    walls: String,
    price: Option<i64>,
    subsidy_percent: Option<i64>,
    subsidy_cap: Option<i64>,
    subsidy_cap_each: Option<i64>,
}

impl Stored for Exhibition {
    type Row = ExhibitionRow;

    fn rows(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, Self::Row)>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IN_LIST) {
            let rows: Vec<ExhibitionRow> = exhibitions::table.filter(exhibitions::thing_id.eq_any(ids)).load(conn)?;
            found.extend(rows.into_iter().map(|row| (row.thing_id.clone(), row)));
        }
        Ok(found)
    }

    fn assemble(row: Self::Row, parts: &mut Parts) -> Self {
        Exhibition {
            exhibition_kind: row.exhibition_kind.as_deref().and_then(ExhibitionKind::from_code),
            title_ja: parts.title_ja.take().map(Line::from_stored),
            title_en: parts.title_en.take().map(Line::from_stored),
            organizer: row.organizer.map(Line::from_stored),
            description_ja: row.description_ja.map(Prose::from_stored),
            description_en: row.description_en.map(Prose::from_stored),
            call_ja: row.call_ja.map(Prose::from_stored),
            call_en: row.call_en.map(Prose::from_stored),
            venue_ja: row.venue_ja.map(Line::from_stored),
            venue_en: row.venue_en.map(Line::from_stored),
            municipality: row.municipality.map(MunicipalityCode::from_stored),
            website: row.website.map(WebAddress::from_stored),
            begins_on: row.begins_on.map(Day::from_stored),
            ends_on: row.ends_on.map(Day::from_stored),
            apply_by: row.apply_by.map(Day::from_stored),
            answer_by: row.answer_by.map(Day::from_stored),
            visitors: parts.targets(Relation::Visitor).into_iter().map(|(party, _)| party).collect(),
            theme: listed(&row.theme),
            booths: listed(&row.booths),
            walls: listed(&row.walls),
            price: row.price.map(Yen::from_stored),
            subsidy_percent: row.subsidy_percent.map(Percent::from_stored),
            subsidy_cap: row.subsidy_cap.map(Yen::from_stored),
            subsidy_cap_each: row.subsidy_cap_each.map(Yen::from_stored),
            fields: parts.list("fields", FieldCode::from_stored),
            sdgs: parts.numbers("sdgs", Sdg::from_stored),
            visibility: parts.visibility,
        }
    }

    fn insert_row(&self, conn: &mut Conn, id: &str) -> Result<()> {
        let row = (
            exhibitions::thing_id.eq(id),
            exhibitions::exhibition_kind.eq(self.exhibition_kind.map(|value| value.code())),
            exhibitions::organizer.eq(self.organizer.as_deref()),
            exhibitions::description_ja.eq(self.description_ja.as_ref().map(|value| value.as_str())),
            exhibitions::description_en.eq(self.description_en.as_ref().map(|value| value.as_str())),
            exhibitions::call_ja.eq(self.call_ja.as_ref().map(|value| value.as_str())),
            exhibitions::call_en.eq(self.call_en.as_ref().map(|value| value.as_str())),
            exhibitions::venue_ja.eq(self.venue_ja.as_deref()),
            exhibitions::venue_en.eq(self.venue_en.as_deref()),
            exhibitions::municipality.eq(self.municipality.as_ref().map(|value| value.as_str())),
            exhibitions::website.eq(self.website.as_ref().map(|value| value.as_str())),
            exhibitions::begins_on.eq(self.begins_on.as_ref().map(|value| value.as_str())),
            exhibitions::ends_on.eq(self.ends_on.as_ref().map(|value| value.as_str())),
            exhibitions::apply_by.eq(self.apply_by.as_ref().map(|value| value.as_str())),
            exhibitions::answer_by.eq(self.answer_by.as_ref().map(|value| value.as_str())),
            exhibitions::theme.eq(json(&self.theme)?),
            exhibitions::booths.eq(json(&self.booths)?),
            exhibitions::walls.eq(json(&self.walls)?),
            exhibitions::price.eq(self.price.map(|value| value.value())),
            exhibitions::subsidy_percent.eq(self.subsidy_percent.map(|value| value.value())),
            exhibitions::subsidy_cap.eq(self.subsidy_cap.map(|value| value.value())),
            exhibitions::subsidy_cap_each.eq(self.subsidy_cap_each.map(|value| value.value())),
        );
        diesel::insert_into(exhibitions::table).values(row).execute(conn)?;
        Ok(())
    }

    fn delete_row(conn: &mut Conn, id: &str) -> Result<()> {
        diesel::delete(exhibitions::table.find(id)).execute(conn)?;
        Ok(())
    }

    fn lists(&self) -> Vec<(&'static str, Vec<String>)> {
        vec![
            ("fields", self.fields.iter().map(|value| value.as_str().to_owned()).collect()),
            ("sdgs", self.sdgs.iter().map(|value| value.value().to_string()).collect()),
        ]
    }

    fn concepts(&self) -> Vec<(String, String)> {
        let of_topic = |(place, topic): (usize, &Topic)| {
            let code = move |(at, code): (usize, &ConceptCode)| {
                (format!("/theme/{place}/concepts/{at}"), code.as_str().to_owned())
            };
            topic.concepts.iter().enumerate().map(code).collect::<Vec<_>>()
        };
        self.theme.iter().enumerate().flat_map(of_topic).collect()
    }

    fn municipality(&self) -> Option<&str> {
        self.municipality.as_ref().map(|code| code.as_str())
    }
}

fn listed<T: DeserializeOwned>(text: &str) -> Vec<T> {
    serde_json::from_str(text).unwrap_or_default()
}

fn json<T: Serialize>(list: &[T]) -> Result<String> {
    serde_json::to_string(list).map_err(Error::internal)
}
