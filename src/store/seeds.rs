//! How a seed lies in its table.

use super::connection::{Conn, IN_LIST};
use super::schema::seeds;
use super::things::Stored;
use super::values::Parts;
use crate::domain::codes::{FieldCode, PatentNumber};
use crate::domain::kinds::{Months, Readiness, Sdg, Yen};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::{PropertyStatus, SeedOffer};
use crate::domain::{Relation, Seed, ThingId};
use crate::error::Result;
use diesel::prelude::*;

#[derive(Debug, Queryable)]
pub struct SeedRow {
    thing_id: String,
    summary_ja: Option<String>,
    summary_en: Option<String>,
    novelty_ja: Option<String>,
    novelty_en: Option<String>,
    applications_ja: Option<String>,
    applications_en: Option<String>,
    partner_sought_ja: Option<String>,
    partner_sought_en: Option<String>,
    readiness: Option<i64>,
    property_status: Option<String>,
    cost_min: Option<i64>,
    cost_max: Option<i64>,
    time_scale_months: Option<i64>,
}

impl Stored for Seed {
    type Row = SeedRow;

    fn rows(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, Self::Row)>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IN_LIST) {
            let rows: Vec<SeedRow> = seeds::table.filter(seeds::thing_id.eq_any(ids)).load(conn)?;
            found.extend(rows.into_iter().map(|row| (row.thing_id.clone(), row)));
        }
        Ok(found)
    }

    fn assemble(row: Self::Row, parts: &mut Parts) -> Self {
        Seed {
            owner: parts.owner.take().map(ThingId::from_stored),
            title_ja: parts.title_ja.take().map(Line::from_stored),
            title_en: parts.title_en.take().map(Line::from_stored),
            summary_ja: row.summary_ja.map(Prose::from_stored),
            summary_en: row.summary_en.map(Prose::from_stored),
            novelty_ja: row.novelty_ja.map(Prose::from_stored),
            novelty_en: row.novelty_en.map(Prose::from_stored),
            applications_ja: row.applications_ja.map(Prose::from_stored),
            applications_en: row.applications_en.map(Prose::from_stored),
            partner_sought_ja: row.partner_sought_ja.map(Prose::from_stored),
            partner_sought_en: row.partner_sought_en.map(Prose::from_stored),
            readiness: row.readiness.map(Readiness::from_stored),
            property_status: row.property_status.as_deref().and_then(PropertyStatus::from_code),
            cost_min: row.cost_min.map(Yen::from_stored),
            cost_max: row.cost_max.map(Yen::from_stored),
            time_scale_months: row.time_scale_months.map(Months::from_stored),
            patents: parts.list("patents", PatentNumber::from_stored),
            offers: parts.list("offers", |code| SeedOffer::from_code(&code)).into_iter().flatten().collect(),
            fields: parts.list("fields", FieldCode::from_stored),
            sdgs: parts.numbers("sdgs", Sdg::from_stored),
            visibility: parts.visibility,
            contact: parts.target(Relation::Contact),
        }
    }

    fn insert_row(&self, conn: &mut Conn, id: &str) -> Result<()> {
        let row = (
            seeds::thing_id.eq(id),
            seeds::summary_ja.eq(self.summary_ja.as_ref().map(|value| value.as_str())),
            seeds::summary_en.eq(self.summary_en.as_ref().map(|value| value.as_str())),
            seeds::novelty_ja.eq(self.novelty_ja.as_ref().map(|value| value.as_str())),
            seeds::novelty_en.eq(self.novelty_en.as_ref().map(|value| value.as_str())),
            seeds::applications_ja.eq(self.applications_ja.as_ref().map(|value| value.as_str())),
            seeds::applications_en.eq(self.applications_en.as_ref().map(|value| value.as_str())),
            seeds::partner_sought_ja.eq(self.partner_sought_ja.as_ref().map(|value| value.as_str())),
            seeds::partner_sought_en.eq(self.partner_sought_en.as_ref().map(|value| value.as_str())),
            seeds::readiness.eq(self.readiness.map(|value| value.value())),
            seeds::property_status.eq(self.property_status.map(|value| value.code())),
            seeds::cost_min.eq(self.cost_min.map(|value| value.value())),
            seeds::cost_max.eq(self.cost_max.map(|value| value.value())),
            seeds::time_scale_months.eq(self.time_scale_months.map(|value| value.value())),
        );
        diesel::insert_into(seeds::table).values(row).execute(conn)?;
        Ok(())
    }

    fn delete_row(conn: &mut Conn, id: &str) -> Result<()> {
        diesel::delete(seeds::table.find(id)).execute(conn)?;
        Ok(())
    }

    fn lists(&self) -> Vec<(&'static str, Vec<String>)> {
        vec![
            ("patents", self.patents.iter().map(|value| value.as_str().to_owned()).collect()),
            ("offers", self.offers.iter().map(|value| value.code().to_owned()).collect()),
            ("fields", self.fields.iter().map(|value| value.as_str().to_owned()).collect()),
            ("sdgs", self.sdgs.iter().map(|value| value.value().to_string()).collect()),
        ]
    }
}
