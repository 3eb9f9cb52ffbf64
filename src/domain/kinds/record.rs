use crate::domain::codes::{FieldCode, KakenNumber, PatentNumber, WebAddress};
use crate::domain::date::PartialDate;
use crate::domain::entry::{self, Entry, Link, Relation, TextField, Texts, Title};
use crate::domain::finding::Finding;
use crate::domain::id::ThingId;
use crate::domain::kinds::Yen;
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::{Kind, RecordKind, Visibility};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// 実績: a project, grant, contract, paper, patent or award, and who took part.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Record {
    pub record_kind: Option<RecordKind>,
    pub title_ja: Option<Line>,
    pub title_en: Option<Line>,
    pub text_ja: Option<Prose>,
    pub text_en: Option<Prose>,
    pub happened_on: Option<PartialDate>,
    /// The organisations and persons that took part.
    pub members: Vec<Member>,
    /// Amount, yen.
    pub amount: Option<Yen>,
    /// Number at the source: grant, contract or patent number.
    pub number: Option<Line>,
    /// 科研費の課題番号.
    pub kaken: Option<KakenNumber>,
    /// Patent or application number.
    pub patent: Option<PatentNumber>,
    pub website: Option<WebAddress>,
    pub fields: Vec<FieldCode>,
    pub visibility: Visibility,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub party: ThingId,
    /// Role in words (代表, 分担, 受注者 …).
    #[serde(default)]
    pub role: Option<Line>,
}

impl Entry for Record {
    const KIND: Kind = Kind::Record;

    fn check(&self) -> Vec<Finding> {
        let parties: Vec<&ThingId> = self.members.iter().map(|member| &member.party).collect();
        [
            entry::require_one_language("title", &self.title()),
            entry::refuse_many("members", self.members.len(), 500),
            entry::refuse_many("fields", self.fields.len(), 30),
            entry::refuse_repeats("members", &parties),
            entry::refuse_repeats("fields", &self.fields),
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
        None
    }

    fn links(&self) -> Vec<Link> {
        let link = |member: &Member| Link {
            relation: Relation::Member,
            target: member.party.clone(),
            role: member.role.clone().map(String::from),
        };
        self.members.iter().map(link).collect()
    }

    fn owners(&self) -> Vec<ThingId> {
        self.members.iter().map(|member| member.party.clone()).collect()
    }

    fn narrows_from(&self, before: &Self) -> bool {
        // Whoever no longer took part no longer sees what only those who did may see.
        let left = before.members.iter().any(|one| self.members.iter().all(|other| other.party != one.party));
        left || self.visibility() > before.visibility()
    }

    fn replace_party(&mut self, _own: &ThingId, from: &ThingId, into: &ThingId) {
        if self.members.iter().any(|member| &member.party == into) {
            self.members.retain(|member| &member.party != from);
        }
        for member in self.members.iter_mut().filter(|member| &member.party == from) {
            member.party = into.clone();
        }
    }

    fn texts(&self) -> Vec<TextField<'_>> {
        Texts::default()
            .title("title", &self.title_ja, &self.title_en)
            .body("text", &self.text_ja, &self.text_en)
            .list()
    }
}
