//! How a organization lies in its table.

use super::connection::{Conn, IN_LIST};
use super::duplicates::agree;
use super::schema::organizations;
use super::things::Stored;
use super::values::Parts;
use crate::domain::codes::{
    CertificateCode, CorporateNumber, FieldCode, IndustryCode, InvoiceNumber, MunicipalityCode, PostalCode, Ror,
    WebAddress,
};
use crate::domain::date::PartialDate;
use crate::domain::kinds::{Headcount, Sdg, Yen};
use crate::domain::text::{Line, Prose, bare_name};
use crate::domain::vocabulary::OrganizationKind;
use crate::domain::{Organization, Relation};
use crate::error::Result;
use diesel::prelude::*;

#[derive(Debug, Queryable)]
pub struct OrganizationRow {
    thing_id: String,
    organization_kind: String,
    name_kana: Option<String>,
    corporate_number: Option<String>,
    ror: Option<String>,
    municipality: Option<String>,
    postal_code: Option<String>,
    address_ja: Option<String>,
    address_en: Option<String>,
    website: Option<String>,
    founded: Option<String>,
    employees: Option<i64>,
    capital: Option<i64>,
    industry: Option<String>,
    description_ja: Option<String>,
    description_en: Option<String>,
    invoice_number: Option<String>,
}

impl Stored for Organization {
    type Row = OrganizationRow;

    fn rows(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, Self::Row)>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IN_LIST) {
            let rows: Vec<OrganizationRow> =
                organizations::table.filter(organizations::thing_id.eq_any(ids)).load(conn)?;
            found.extend(rows.into_iter().map(|row| (row.thing_id.clone(), row)));
        }
        Ok(found)
    }

    fn assemble(row: Self::Row, parts: &mut Parts) -> Self {
        Organization {
            name_ja: parts.title_ja.take().map(Line::from_stored),
            name_en: parts.title_en.take().map(Line::from_stored),
            organization_kind: OrganizationKind::from_code(&row.organization_kind),
            name_kana: row.name_kana.map(Line::from_stored),
            corporate_number: row.corporate_number.map(CorporateNumber::from_stored),
            invoice_number: row.invoice_number.map(InvoiceNumber::from_stored),
            ror: row.ror.map(Ror::from_stored),
            municipality: row.municipality.map(MunicipalityCode::from_stored),
            postal_code: row.postal_code.map(PostalCode::from_stored),
            address_ja: row.address_ja.map(Line::from_stored),
            address_en: row.address_en.map(Line::from_stored),
            website: row.website.map(WebAddress::from_stored),
            founded: row.founded.map(PartialDate::from_stored),
            employees: row.employees.map(Headcount::from_stored),
            capital: row.capital.map(Yen::from_stored),
            industry: row.industry.map(IndustryCode::from_stored),
            description_ja: row.description_ja.map(Prose::from_stored),
            description_en: row.description_en.map(Prose::from_stored),
            fields: parts.list("fields", FieldCode::from_stored),
            sdgs: parts.numbers("sdgs", Sdg::from_stored),
            certificates: parts.list("certificates", CertificateCode::from_stored),
            aliases: parts.list("aliases", Line::from_stored),
            former_names: parts.list("former_names", Line::from_stored),
            visibility: parts.visibility,
            successor: parts.target(Relation::Successor),
        }
    }

    fn insert_row(&self, conn: &mut Conn, id: &str) -> Result<()> {
        let row = (
            organizations::thing_id.eq(id),
            organizations::organization_kind.eq(self.organization_kind.map(|kind| kind.code()).unwrap_or_default()),
            organizations::name_kana.eq(self.name_kana.as_ref().map(|value| value.as_str())),
            organizations::corporate_number.eq(self.corporate_number.as_ref().map(|value| value.as_str())),
            organizations::invoice_number.eq(self.invoice_number.as_ref().map(|value| value.as_str())),
            organizations::ror.eq(self.ror.as_ref().map(|value| value.as_str())),
            organizations::municipality.eq(self.municipality.as_ref().map(|value| value.as_str())),
            organizations::postal_code.eq(self.postal_code.as_ref().map(|value| value.as_str())),
            organizations::address_ja.eq(self.address_ja.as_ref().map(|value| value.as_str())),
            organizations::address_en.eq(self.address_en.as_ref().map(|value| value.as_str())),
            organizations::website.eq(self.website.as_ref().map(|value| value.as_str())),
            organizations::founded.eq(self.founded.as_ref().map(|value| value.as_str())),
            organizations::employees.eq(self.employees.map(|value| value.value())),
            organizations::capital.eq(self.capital.map(|value| value.value())),
            organizations::industry.eq(self.industry.as_ref().map(|value| value.as_str())),
            organizations::description_ja.eq(self.description_ja.as_ref().map(|value| value.as_str())),
            organizations::description_en.eq(self.description_en.as_ref().map(|value| value.as_str())),
        );
        diesel::insert_into(organizations::table).values(row).execute(conn)?;
        Ok(())
    }

    fn delete_row(conn: &mut Conn, id: &str) -> Result<()> {
        diesel::delete(organizations::table.find(id)).execute(conn)?;
        Ok(())
    }

    fn lists(&self) -> Vec<(&'static str, Vec<String>)> {
        vec![
            ("fields", self.fields.iter().map(|value| value.as_str().to_owned()).collect()),
            ("sdgs", self.sdgs.iter().map(|value| value.value().to_string()).collect()),
            ("certificates", self.certificates.iter().map(|value| value.as_str().to_owned()).collect()),
            ("aliases", self.aliases.iter().map(|value| value.as_str().to_owned()).collect()),
            ("former_names", self.former_names.iter().map(|value| value.as_str().to_owned()).collect()),
        ]
    }

    fn shared_facts(&self) -> String {
        let kind = self.organization_kind.map(|kind| kind.code());
        let place = self.municipality.as_ref().map(|code| code.as_str());
        let industry = self.industry.as_ref().map(|code| code.as_str());
        let certificates: Vec<&str> = self.certificates.iter().map(|code| code.as_str()).collect();
        // Who may see the organisation decides whether its facts are lent at all.
        format!("{kind:?} {place:?} {industry:?} {:?} {certificates:?} {:?}", self.employees, self.visibility)
    }

    fn likeness(&self) -> Vec<(&'static str, String)> {
        let numbers = self.corporate_number.iter().map(|number| number.as_str());
        let invoices = self.invoice_number.iter().map(|number| number.digits());
        let names = self.name_ja.iter().chain(&self.name_en).chain(&self.aliases).chain(&self.former_names);
        let mut keys: Vec<(&'static str, String)> =
            numbers.chain(invoices).map(|number| ("number", number.to_owned())).collect();
        keys.extend(names.filter_map(|name| bare_name(name.as_str())).map(|name| ("name", name)));
        keys.sort();
        keys.dedup();
        keys
    }

    /// Of the same name: another one if its number or its place differs.
    fn may_be(&self, other: &Self) -> bool {
        agree(&self.corporate_number, &other.corporate_number) && agree(&self.municipality, &other.municipality)
    }

    fn past_dates(&self) -> Vec<(&'static str, &PartialDate)> {
        self.founded.iter().map(|date| ("founded", date)).collect()
    }

    fn municipality(&self) -> Option<&str> {
        self.municipality.as_ref().map(|code| code.as_str())
    }
}
