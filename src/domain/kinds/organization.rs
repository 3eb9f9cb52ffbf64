use crate::domain::codes::{
    CertificateCode, CorporateNumber, FieldCode, IndustryCode, InvoiceNumber, MunicipalityCode, PostalCode, Ror,
    WebAddress,
};
use crate::domain::date::PartialDate;
use crate::domain::entry::{self, Entry, Link, Relation, TextField, Texts, Title};
use crate::domain::finding::{Defect, Finding};
use crate::domain::id::ThingId;
use crate::domain::kinds::{Headcount, Sdg, Yen};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::{Kind, OrganizationKind, Visibility};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// 機関・企業: a firm, university, institute, support organisation …
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Organization {
    pub organization_kind: Option<OrganizationKind>,
    pub name_ja: Option<Line>,
    pub name_en: Option<Line>,
    /// Reading (フリガナ).
    pub name_kana: Option<Line>,
    pub corporate_number: Option<CorporateNumber>,
    /// 適格請求書発行事業者登録番号.
    pub invoice_number: Option<InvoiceNumber>,
    pub ror: Option<Ror>,
    pub municipality: Option<MunicipalityCode>,
    pub postal_code: Option<PostalCode>,
    pub address_ja: Option<Line>,
    pub address_en: Option<Line>,
    pub website: Option<WebAddress>,
    pub founded: Option<PartialDate>,
    pub employees: Option<Headcount>,
    /// 資本金, yen.
    pub capital: Option<Yen>,
    /// JSIC class.
    pub industry: Option<IndustryCode>,
    pub fields: Vec<FieldCode>,
    pub sdgs: Vec<Sdg>,
    pub certificates: Vec<CertificateCode>,
    pub description_ja: Option<Prose>,
    pub description_en: Option<Prose>,
    pub aliases: Vec<Line>,
    pub former_names: Vec<Line>,
    /// The organisation that carries on for this one.
    pub successor: Option<ThingId>,
    pub visibility: Visibility,
}

impl Organization {
    /// A corporation's invoice number is T and its 法人番号.
    fn invoice_of_another(&self) -> Option<Finding> {
        let (number, invoice) = (self.corporate_number.as_ref()?, self.invoice_number.as_ref()?);
        (invoice.digits() != number.as_str()).then(|| {
            Finding::new(
                "/invoice_number",
                Defect::new(
                    "invoice_number.other",
                    format!("法人の登録番号は「T」と法人番号です（T{}）。", number.as_str()),
                    format!(
                        "The invoice number of a corporation is T and its corporate number (T{}).",
                        number.as_str()
                    ),
                ),
            )
        })
    }
}

impl Entry for Organization {
    const KIND: Kind = Kind::Organization;

    fn check(&self) -> Vec<Finding> {
        [
            entry::require("organization_kind", &self.organization_kind),
            entry::require_one_language("name", &self.title()),
            entry::refuse_many("fields", self.fields.len(), 30),
            entry::refuse_many("certificates", self.certificates.len(), 50),
            entry::refuse_many("aliases", self.aliases.len(), 50),
            entry::refuse_many("former_names", self.former_names.len(), 50),
            entry::refuse_repeats("fields", &self.fields),
            entry::refuse_repeats("sdgs", &self.sdgs),
            entry::refuse_repeats("certificates", &self.certificates),
        ]
        .into_iter()
        .chain([self.invoice_of_another()])
        .flatten()
        .collect()
    }

    fn title(&self) -> Title {
        Title { ja: self.name_ja.clone().map(String::from), en: self.name_en.clone().map(String::from) }
    }

    fn sort_text(&self) -> &str {
        self.name_kana.as_ref().or(self.name_ja.as_ref()).or(self.name_en.as_ref()).map_or("", |name| name.as_str())
    }

    fn visibility(&self) -> Visibility {
        self.visibility
    }

    fn owner(&self) -> Option<&ThingId> {
        None
    }

    fn references(&self) -> Vec<(&'static str, String)> {
        let number = self.corporate_number.clone().map(|number| ("corporate_number", number.into()));
        let invoice = self.invoice_number.clone().map(|number| ("invoice_number", number.into()));
        let ror = self.ror.clone().map(|ror| ("ror", ror.into()));
        number.into_iter().chain(invoice).chain(ror).collect()
    }

    fn links(&self) -> Vec<Link> {
        let successor = self.successor.clone();
        successor.map(|target| Link { relation: Relation::Successor, target, role: None }).into_iter().collect()
    }

    fn replace_party(&mut self, own: &ThingId, from: &ThingId, into: &ThingId) {
        entry::replace_in(&mut self.successor, from, into);
        if self.successor.as_ref() == Some(own) {
            self.successor = None;
        }
    }

    fn texts(&self) -> Vec<TextField<'_>> {
        let mut texts = Texts::default()
            .title("name", &self.name_ja, &self.name_en)
            .alias("name_kana", self.name_kana.as_deref())
            .body("description", &self.description_ja, &self.description_en);
        for name in self.aliases.iter().chain(&self.former_names) {
            texts = texts.alias("aliases", Some(name));
        }
        texts.list()
    }
}
