use crate::domain::codes::{FieldCode, PatentNumber};
use crate::domain::entry::{self, Entry, Link, Relation, TextField, Texts, Title};
use crate::domain::finding::Finding;
use crate::domain::id::ThingId;
use crate::domain::kinds::{Months, Readiness, Sdg, Yen};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::{Kind, PropertyStatus, SeedOffer, Visibility};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// 研究シーズ: a result of research offered for commercialisation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// The researcher or organisation that holds it.
    pub owner: Option<ThingId>,
    pub title_ja: Option<Line>,
    pub title_en: Option<Line>,
    pub summary_ja: Option<Prose>,
    pub summary_en: Option<Prose>,
    /// What is new.
    pub novelty_ja: Option<Prose>,
    pub novelty_en: Option<Prose>,
    pub applications_ja: Option<Prose>,
    pub applications_en: Option<Prose>,
    /// The partner that is sought.
    pub partner_sought_ja: Option<Prose>,
    pub partner_sought_en: Option<Prose>,
    pub readiness: Option<Readiness>,
    pub property_status: Option<PropertyStatus>,
    /// Patent and application numbers.
    pub patents: Vec<PatentNumber>,
    pub offers: Vec<SeedOffer>,
    /// Cost band to take it up, yen.
    pub cost_min: Option<Yen>,
    pub cost_max: Option<Yen>,
    pub time_scale_months: Option<Months>,
    /// The person to talk to.
    pub contact: Option<ThingId>,
    pub fields: Vec<FieldCode>,
    pub sdgs: Vec<Sdg>,
    pub visibility: Visibility,
}

impl Entry for Seed {
    const KIND: Kind = Kind::Seed;

    fn check(&self) -> Vec<Finding> {
        [
            entry::require("owner", &self.owner),
            entry::require_one_language("title", &self.title()),
            entry::require_order(
                ("cost_min", "cost_max"),
                self.cost_min.map(Yen::value),
                self.cost_max.map(Yen::value),
            ),
            entry::refuse_many("patents", self.patents.len(), 100),
            entry::refuse_many("fields", self.fields.len(), 30),
            entry::refuse_repeats("patents", &self.patents),
            entry::refuse_repeats("offers", &self.offers),
            entry::refuse_repeats("fields", &self.fields),
            entry::refuse_repeats("sdgs", &self.sdgs),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn title(&self) -> Title {
        Title { ja: self.title_ja.clone().map(String::from), en: self.title_en.clone().map(String::from) }
    }

    fn sort_text(&self) -> &str {
        self.title_ja.as_ref().or(self.title_en.as_ref()).map_or("", |title| title.as_str())
    }

    fn visibility(&self) -> Visibility {
        self.visibility
    }

    fn owner(&self) -> Option<&ThingId> {
        self.owner.as_ref()
    }

    fn links(&self) -> Vec<Link> {
        let contact = self.contact.clone();
        contact.map(|target| Link { relation: Relation::Contact, target, role: None }).into_iter().collect()
    }

    fn replace_party(&mut self, _own: &ThingId, from: &ThingId, into: &ThingId) {
        entry::replace_in(&mut self.owner, from, into);
    }

    fn texts(&self) -> Vec<TextField<'_>> {
        Texts::default()
            .title("title", &self.title_ja, &self.title_en)
            .body("summary", &self.summary_ja, &self.summary_en)
            .body("novelty", &self.novelty_ja, &self.novelty_en)
            .body("applications", &self.applications_ja, &self.applications_en)
            .body("partner_sought", &self.partner_sought_ja, &self.partner_sought_en)
            .list()
    }
}
