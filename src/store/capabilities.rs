//! How a capability lies in its table.

use super::connection::{Conn, IN_LIST};
use super::schema::capabilities;
use super::things::Stored;
use super::values::Parts;
use crate::domain::codes::{CertificateCode, FieldCode};
use crate::domain::kinds::{Readiness, Sdg, Yen};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::CapabilityKind;
use crate::domain::{Capability, ThingId};
use crate::error::Result;
use diesel::prelude::*;

#[derive(Debug, Queryable)]
pub struct CapabilityRow {
    thing_id: String,
    capability_kind: String,
    description_ja: Option<String>,
    description_en: Option<String>,
    evidence_ja: Option<String>,
    evidence_en: Option<String>,
    readiness: Option<i64>,
    trial_use: Option<bool>,
    price_min: Option<i64>,
    price_max: Option<i64>,
}

impl Stored for Capability {
    type Row = CapabilityRow;

    fn rows(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, Self::Row)>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IN_LIST) {
            let rows: Vec<CapabilityRow> = capabilities::table.filter(capabilities::thing_id.eq_any(ids)).load(conn)?;
            found.extend(rows.into_iter().map(|row| (row.thing_id.clone(), row)));
        }
        Ok(found)
    }

    fn assemble(row: Self::Row, parts: &mut Parts) -> Self {
        Capability {
            owner: parts.owner.take().map(ThingId::from_stored),
            name_ja: parts.title_ja.take().map(Line::from_stored),
            name_en: parts.title_en.take().map(Line::from_stored),
            capability_kind: CapabilityKind::from_code(&row.capability_kind),
            description_ja: row.description_ja.map(Prose::from_stored),
            description_en: row.description_en.map(Prose::from_stored),
            evidence_ja: row.evidence_ja.map(Prose::from_stored),
            evidence_en: row.evidence_en.map(Prose::from_stored),
            readiness: row.readiness.map(Readiness::from_stored),
            trial_use: row.trial_use,
            price_min: row.price_min.map(Yen::from_stored),
            price_max: row.price_max.map(Yen::from_stored),
            certificates: parts.list("certificates", CertificateCode::from_stored),
            fields: parts.list("fields", FieldCode::from_stored),
            sdgs: parts.numbers("sdgs", Sdg::from_stored),
            visibility: parts.visibility,
        }
    }

    fn insert_row(&self, conn: &mut Conn, id: &str) -> Result<()> {
        let row = (
            capabilities::thing_id.eq(id),
            capabilities::capability_kind.eq(self.capability_kind.map(|kind| kind.code()).unwrap_or_default()),
            capabilities::description_ja.eq(self.description_ja.as_ref().map(|value| value.as_str())),
            capabilities::description_en.eq(self.description_en.as_ref().map(|value| value.as_str())),
            capabilities::evidence_ja.eq(self.evidence_ja.as_ref().map(|value| value.as_str())),
            capabilities::evidence_en.eq(self.evidence_en.as_ref().map(|value| value.as_str())),
            capabilities::readiness.eq(self.readiness.map(|value| value.value())),
            capabilities::trial_use.eq(self.trial_use),
            capabilities::price_min.eq(self.price_min.map(|value| value.value())),
            capabilities::price_max.eq(self.price_max.map(|value| value.value())),
        );
        diesel::insert_into(capabilities::table).values(row).execute(conn)?;
        Ok(())
    }

    fn delete_row(conn: &mut Conn, id: &str) -> Result<()> {
        diesel::delete(capabilities::table.find(id)).execute(conn)?;
        Ok(())
    }

    fn lists(&self) -> Vec<(&'static str, Vec<String>)> {
        vec![
            ("certificates", self.certificates.iter().map(|value| value.as_str().to_owned()).collect()),
            ("fields", self.fields.iter().map(|value| value.as_str().to_owned()).collect()),
            ("sdgs", self.sdgs.iter().map(|value| value.value().to_string()).collect()),
        ]
    }
}
