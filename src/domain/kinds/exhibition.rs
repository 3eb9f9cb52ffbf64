use crate::domain::access::Scope;
use crate::domain::codes::{ConceptCode, FieldCode, MunicipalityCode, WebAddress};
use crate::domain::desk::Day;
use crate::domain::entry::{self, Entry, Link, Relation, TextField, TextPlace, Texts, Title};
use crate::domain::finding::{Defect, Finding};
use crate::domain::id::ThingId;
use crate::domain::kinds::{Percent, Sdg, Weight, Yen};
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::{ExhibitionKind, Kind, Visibility};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// 展示会・商談会: a fair to go to together. It belongs to no party; coordinators and officers keep it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Exhibition {
    pub exhibition_kind: Option<ExhibitionKind>,
    pub title_ja: Option<Line>,
    pub title_en: Option<Line>,
    /// 主催者.
    pub organizer: Option<Line>,
    pub description_ja: Option<Prose>,
    pub description_en: Option<Prose>,
    /// The call for participation (出展募集).
    pub call_ja: Option<Prose>,
    pub call_en: Option<Prose>,
    pub venue_ja: Option<Line>,
    pub venue_en: Option<Line>,
    pub municipality: Option<MunicipalityCode>,
    pub website: Option<WebAddress>,
    pub begins_on: Option<Day>,
    pub ends_on: Option<Day>,
    /// Firms apply until the end of this day in Japan. Absent: there is no call.
    pub apply_by: Option<Day>,
    /// Those invited into a group answer by then, unless the invitation says otherwise.
    pub answer_by: Option<Day>,
    /// Parties that come to buy, so far as they are known: what they look for counts in compositions. For those who organise;
    /// anybody else sees only parties of their own in it.
    pub visitors: Vec<ThingId>,
    /// What it is about, topic by topic.
    pub theme: Vec<Topic>,
    /// The grid of booths.
    pub booths: Vec<Booth>,
    /// Neighbouring booths that a wall parts.
    pub walls: Vec<Wall>,
    /// 出展料: what a firm pays for each unit of space.
    pub price: Option<Yen>,
    /// 補助率: the share of the cost that the subsidy carries.
    pub subsidy_percent: Option<Percent>,
    /// 補助上限額 for a group as a whole.
    pub subsidy_cap: Option<Yen>,
    /// 補助上限額 for each firm.
    pub subsidy_cap_each: Option<Yen>,
    pub fields: Vec<FieldCode>,
    pub sdgs: Vec<Sdg>,
    pub visibility: Visibility,
}

/// A topic of the theme: in words, or concepts of the tree, or both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    #[serde(default)]
    pub text_ja: Option<Line>,
    #[serde(default)]
    pub text_en: Option<Line>,
    #[serde(default)]
    pub concepts: Vec<ConceptCode>,
    /// Against the other topics; 1 if absent.
    #[serde(default)]
    pub weight: Option<Weight>,
}

/// A booth (小間) on the grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Booth {
    /// As it stands on the plan (`A-12`).
    pub id: Line,
    pub column: i32,
    pub row: i32,
    /// Units of space, 1 to 100; 1 if absent.
    #[serde(default = "one")]
    pub size: u32,
    /// Yen; the price of the exhibition times its size if absent.
    #[serde(default)]
    pub price: Option<Yen>,
}

/// A wall between two booths that are side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wall {
    pub left: Line,
    pub right: Line,
}

fn one() -> u32 {
    1
}

pub const TOPICS_MOST: usize = 12;
pub const BOOTHS_MOST: usize = 500;
const VISITORS_MOST: usize = 500;
const WALLS_MOST: usize = 1_000;
const CONCEPTS_MOST: usize = 20;
/// The grid reaches so far in each direction.
const FAR: i32 = 1_000;

impl Entry for Exhibition {
    const KIND: Kind = Kind::Exhibition;

    fn check(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = [
            entry::require_one_language("title", &self.title()),
            entry::refuse_many("theme", self.theme.len(), TOPICS_MOST),
            entry::refuse_many("booths", self.booths.len(), BOOTHS_MOST),
            entry::refuse_many("walls", self.walls.len(), WALLS_MOST),
            entry::refuse_many("visitors", self.visitors.len(), VISITORS_MOST),
            entry::refuse_repeats("visitors", &self.visitors),
            entry::refuse_many("fields", self.fields.len(), 30),
            entry::refuse_repeats("fields", &self.fields),
            entry::refuse_repeats("sdgs", &self.sdgs),
            in_order(("begins_on", "ends_on"), &self.begins_on, &self.ends_on),
            in_order(("apply_by", "ends_on"), &self.apply_by, &self.ends_on),
            in_order(("apply_by", "answer_by"), &self.apply_by, &self.answer_by),
        ]
        .into_iter()
        .flatten()
        .collect();
        if findings.is_empty() {
            findings.extend(self.theme.iter().enumerate().filter_map(|(place, topic)| check_topic(place, topic)));
            findings.extend(check_grid(&self.booths, &self.walls));
        }
        findings
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
        let link = |visitor: &ThingId| Link { relation: Relation::Visitor, target: visitor.clone(), role: None };
        self.visitors.iter().map(link).collect()
    }

    fn mask(&mut self, scope: &Scope) {
        match scope {
            Scope::Everything | Scope::Coordinator { .. } => {}
            Scope::Member { parties } => self.visitors.retain(|visitor| parties.contains(visitor)),
            Scope::Public => self.visitors.clear(),
        }
    }

    fn replace_party(&mut self, _own: &ThingId, from: &ThingId, into: &ThingId) {
        crate::domain::desk::replace_once(&mut self.visitors, from, into);
    }

    fn texts(&self) -> Vec<TextField<'_>> {
        let (venue_ja, venue_en) = (self.venue_ja.as_deref(), self.venue_en.as_deref());
        let mut texts = Texts::default()
            .title("title", &self.title_ja, &self.title_en)
            .body("description", &self.description_ja, &self.description_en)
            .body("call", &self.call_ja, &self.call_en)
            .add("venue", TextPlace::Body, venue_ja, venue_en);
        for (place, topic) in self.theme.iter().enumerate() {
            let (ja, en) = (topic.text_ja.as_deref(), topic.text_en.as_deref());
            texts = texts.add(&format!("theme/{place}"), TextPlace::Body, ja, en);
        }
        texts.list()
    }
}

fn in_order(fields: (&str, &str), first: &Option<Day>, second: &Option<Day>) -> Option<Finding> {
    let (Some(first), Some(second)) = (first, second) else { return None };
    (first > second).then(|| {
        Finding::new(
            format!("/{}", fields.1),
            Defect::new(
                "range.order",
                format!("{} は {} 以降の日にしてください。", fields.1, fields.0),
                format!("{} must not be before {}.", fields.1, fields.0),
            ),
        )
    })
}

fn check_topic(place: usize, topic: &Topic) -> Option<Finding> {
    let pointer = format!("/theme/{place}");
    if topic.text_ja.is_none() && topic.text_en.is_none() && topic.concepts.is_empty() {
        let defect = Defect::new(
            "topic.empty",
            "テーマの項目には文か概念が必要です。",
            "A topic of the theme needs words or a concept.",
        );
        return Some(Finding::new(pointer, defect));
    }
    let concepts = entry::refuse_many("concepts", topic.concepts.len(), CONCEPTS_MOST)
        .or_else(|| entry::refuse_repeats("concepts", &topic.concepts));
    concepts.map(|finding| Finding { pointer: format!("{pointer}{}", finding.pointer), ..finding })
}

fn check_grid(booths: &[Booth], walls: &[Wall]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut refuse = |pointer: String, code: &str, ja: &str, en: &str| {
        if findings.len() < 50 {
            findings.push(Finding::new(pointer, Defect::new(code, ja, en)));
        }
    };
    let mut places: BTreeMap<&str, (i32, i32)> = BTreeMap::new();
    let mut spots = BTreeSet::new();
    for (at, booth) in booths.iter().enumerate() {
        let far = |place: i32| !(-FAR..=FAR).contains(&place);
        if far(booth.column) || far(booth.row) {
            let (ja, en) = ("列と行は−1,000〜1,000です。", "Columns and rows are from -1,000 to 1,000.");
            refuse(format!("/booths/{at}"), "booth.place", ja, en);
        }
        if !(1..=100).contains(&booth.size) {
            let (ja, en) = ("小間の広さは1〜100です。", "The size of a booth is from 1 to 100.");
            refuse(format!("/booths/{at}/size"), "booth.size", ja, en);
        }
        if places.insert(booth.id.as_str(), (booth.column, booth.row)).is_some() {
            let (ja, en) = ("同じ番号の小間が二つあります。", "Two booths have this id.");
            refuse(format!("/booths/{at}/id"), "booth.repeated", ja, en);
        }
        if !spots.insert((booth.column, booth.row)) {
            let (ja, en) = ("同じ場所に小間が二つあります。", "Two booths stand in this place.");
            refuse(format!("/booths/{at}"), "booth.repeated", ja, en);
        }
    }
    for (at, wall) in walls.iter().enumerate() {
        let between = match (places.get(wall.left.as_str()), places.get(wall.right.as_str())) {
            (Some(left), Some(right)) => left.0.abs_diff(right.0) + left.1.abs_diff(right.1) == 1,
            _ => false,
        };
        if !between {
            let (ja, en) = ("壁は隣り合う二つの小間の間に立てます。", "A wall stands between two booths side by side.");
            refuse(format!("/walls/{at}"), "wall.place", ja, en);
        }
    }
    findings
}
