use crate::domain::codes::{EradNumber, FieldCode, MunicipalityCode, Orcid, ResearchmapId, WebAddress};
use crate::domain::entry::{self, Entry, Link, Relation, TextField, Texts, Title};
use crate::domain::finding::Finding;
use crate::domain::id::ThingId;
use crate::domain::kinds::Sdg;
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::{Kind, Visibility};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// 人: a researcher or another person who is found and matched by what they know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Person {
    pub name_ja: Option<Line>,
    pub name_en: Option<Line>,
    pub name_kana: Option<Line>,
    pub orcid: Option<Orcid>,
    pub researchmap: Option<ResearchmapId>,
    /// e-Rad 研究者番号.
    pub erad: Option<EradNumber>,
    /// Organisations the person belongs to, the main one first.
    pub affiliations: Vec<ThingId>,
    pub position_ja: Option<Line>,
    pub position_en: Option<Line>,
    pub municipality: Option<MunicipalityCode>,
    pub website: Option<WebAddress>,
    pub fields: Vec<FieldCode>,
    pub sdgs: Vec<Sdg>,
    /// What the person works on.
    pub description_ja: Option<Prose>,
    pub description_en: Option<Prose>,
    pub aliases: Vec<Line>,
    pub visibility: Visibility,
}

impl Entry for Person {
    const KIND: Kind = Kind::Person;

    fn check(&self) -> Vec<Finding> {
        [
            entry::require_one_language("name", &self.title()),
            entry::refuse_many("affiliations", self.affiliations.len(), 20),
            entry::refuse_many("fields", self.fields.len(), 30),
            entry::refuse_many("aliases", self.aliases.len(), 50),
            entry::refuse_repeats("affiliations", &self.affiliations),
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
        self.name_kana.as_ref().or(self.name_ja.as_ref()).or(self.name_en.as_ref()).map_or("", |name| name.as_str())
    }

    fn visibility(&self) -> Visibility {
        self.visibility
    }

    fn owner(&self) -> Option<&ThingId> {
        None
    }

    fn references(&self) -> Vec<(&'static str, String)> {
        let orcid = self.orcid.clone().map(|orcid| ("orcid", orcid.into()));
        let researchmap = self.researchmap.clone().map(|id| ("researchmap", id.into()));
        let erad = self.erad.clone().map(|number| ("erad", number.into()));
        orcid.into_iter().chain(researchmap).chain(erad).collect()
    }

    fn links(&self) -> Vec<Link> {
        let link = |target: &ThingId| Link { relation: Relation::Affiliation, target: target.clone(), role: None };
        self.affiliations.iter().map(link).collect()
    }

    fn replace_party(&mut self, _own: &ThingId, from: &ThingId, into: &ThingId) {
        if self.affiliations.contains(into) {
            self.affiliations.retain(|party| party != from);
        }
        for party in self.affiliations.iter_mut().filter(|party| *party == from) {
            *party = into.clone();
        }
    }

    fn texts(&self) -> Vec<TextField<'_>> {
        let mut texts = Texts::default()
            .title("name", &self.name_ja, &self.name_en)
            .alias("name_kana", self.name_kana.as_deref())
            .body("description", &self.description_ja, &self.description_en);
        for name in &self.aliases {
            texts = texts.alias("aliases", Some(name));
        }
        texts.list()
    }
}
