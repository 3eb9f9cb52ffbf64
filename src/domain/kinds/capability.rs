use crate::domain::codes::{CertificateCode, FieldCode};
use crate::domain::entry::{self, Entry, TextField, Texts, Title};
use crate::domain::finding::Finding;
use crate::domain::id::ThingId;
use crate::domain::kinds::{Readiness, Sdg, Yen};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::{CapabilityKind, Kind, Visibility};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// 技術・設備・サービス: what a party can do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Capability {
    /// The organisation or person that offers it.
    pub owner: Option<ThingId>,
    pub capability_kind: Option<CapabilityKind>,
    pub name_ja: Option<Line>,
    pub name_en: Option<Line>,
    pub description_ja: Option<Prose>,
    pub description_en: Option<Prose>,
    /// What shows that it works: results, deliveries, figures.
    pub evidence_ja: Option<Prose>,
    pub evidence_en: Option<Prose>,
    pub readiness: Option<Readiness>,
    /// Others may come and use it (設備の試用・開放).
    pub trial_use: Option<bool>,
    /// Price band, yen.
    pub price_min: Option<Yen>,
    pub price_max: Option<Yen>,
    pub certificates: Vec<CertificateCode>,
    pub fields: Vec<FieldCode>,
    pub sdgs: Vec<Sdg>,
    pub visibility: Visibility,
}

impl Entry for Capability {
    const KIND: Kind = Kind::Capability;

    fn check(&self) -> Vec<Finding> {
        [
            entry::require("owner", &self.owner),
            entry::require("capability_kind", &self.capability_kind),
            entry::require_one_language("name", &self.title()),
            entry::require_order(
                ("price_min", "price_max"),
                self.price_min.map(Yen::value),
                self.price_max.map(Yen::value),
            ),
            entry::refuse_many("certificates", self.certificates.len(), 50),
            entry::refuse_many("fields", self.fields.len(), 30),
            entry::refuse_repeats("certificates", &self.certificates),
            entry::refuse_repeats("fields", &self.fields),
            entry::refuse_repeats("sdgs", &self.sdgs),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn title(&self) -> Title {
        Title { ja: self.name_ja.clone().map(String::from), en: self.name_en.clone().map(String::from) }
    }

    fn sort_text(&self) -> &str {
        self.name_ja.as_ref().or(self.name_en.as_ref()).map_or("", |name| name.as_str())
    }

    fn visibility(&self) -> Visibility {
        self.visibility
    }

    fn owner(&self) -> Option<&ThingId> {
        self.owner.as_ref()
    }

    fn replace_party(&mut self, _own: &ThingId, from: &ThingId, into: &ThingId) {
        entry::replace_in(&mut self.owner, from, into);
    }

    fn texts(&self) -> Vec<TextField<'_>> {
        Texts::default()
            .title("name", &self.name_ja, &self.name_en)
            .body("description", &self.description_ja, &self.description_en)
            .body("evidence", &self.evidence_ja, &self.evidence_en)
            .list()
    }
}
