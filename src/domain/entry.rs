//! What all kinds of things share: a header, and the face that store, feed and exchange work with.

use super::access::Scope;
use super::finding::{Defect, Finding};
use super::id::{ThingId, Timestamp};
use super::text::Prose;
use super::vocabulary::{Kind, Language, Status, Visibility};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

/// The part of a thing that the service keeps by itself. Nobody sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Header {
    pub id: ThingId,
    pub status: Status,
    /// Day on which somebody last confirmed that the thing is true (`YYYY-MM-DD`).
    pub verified_on: Option<String>,
    /// Counts the changes; the ETag is made of it.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A thing as it is read: header and fields side by side.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Thing<E> {
    #[serde(flatten)]
    pub header: Header,
    #[serde(flatten)]
    pub entry: E,
}

/// Title in both languages; at least one is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Title {
    pub ja: Option<String>,
    pub en: Option<String>,
}

impl Title {
    /// The Japanese title, else the English one.
    pub fn any(&self) -> &str {
        self.ja.as_deref().or(self.en.as_deref()).unwrap_or("")
    }
}

/// A named reference to another thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub relation: Relation,
    pub target: ThingId,
    pub role: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// A party that took part in a record of work.
    Member,
    /// An organisation a person belongs to.
    Affiliation,
    /// The organisation that carries on for a closed or merged one.
    Successor,
    /// The person to talk to about a seed.
    Contact,
    /// A party that comes to an exhibition to buy.
    Visitor,
}

impl Relation {
    pub fn code(self) -> &'static str {
        match self {
            Relation::Member => "member",
            Relation::Affiliation => "affiliation",
            Relation::Successor => "successor",
            Relation::Contact => "contact",
            Relation::Visitor => "visitor",
        }
    }

    /// The field of the entry, as a JSON pointer, for errors.
    pub fn pointer(self) -> &'static str {
        match self {
            Relation::Member => "/members",
            Relation::Affiliation => "/affiliations",
            Relation::Successor => "/successor",
            Relation::Contact => "/contact",
            Relation::Visitor => "/visitors",
        }
    }

    /// The kinds a reference of this relation may point at.
    pub fn targets(self) -> &'static [Kind] {
        match self {
            Relation::Member | Relation::Visitor => &[Kind::Organization, Kind::Person],
            Relation::Affiliation | Relation::Successor => &[Kind::Organization],
            Relation::Contact => &[Kind::Person],
        }
    }
}

/// Puts `into` in the place of `from`.
pub(crate) fn replace_in(place: &mut Option<ThingId>, from: &ThingId, into: &ThingId) {
    if place.as_ref() == Some(from) {
        *place = Some(into.clone());
    }
}

/// A text of an entry that can be found, highlighted and cited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextField<'a> {
    /// Name of the field without the language (`description`), or `lines/0` for the first line of a need.
    pub field: String,
    pub language: Language,
    pub text: &'a str,
    pub place: TextPlace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextPlace {
    /// Names and titles.
    Title,
    /// Readings, aliases: found like titles, never cited.
    Alias,
    Body,
    /// What is not wanted: found by search, but nobody is asked for it, and it speaks for nobody.
    Unwanted,
}

/// The face of a kind: what store, feed, exchange and api need to know of it, and nothing else.
///
/// The serde form of an entry is its only form: REST, JSON Lines, history snapshots and CSV columns are all made of it.
pub trait Entry:
    Serialize + DeserializeOwned + Default + Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static
{
    const KIND: Kind;

    /// Rules across fields.
    fn check(&self) -> Vec<Finding>;
    fn title(&self) -> Title;
    /// What it is sorted by: the reading, else the name.
    fn sort_text(&self) -> &str;
    fn visibility(&self) -> Visibility;
    /// The party it belongs to; none for parties themselves (they own themselves) and for records of work.
    fn owner(&self) -> Option<&ThingId>;
    /// Numbers by which others know it: `(scheme, value)`, each unique within its kind.
    fn references(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    fn links(&self) -> Vec<Link> {
        Vec::new()
    }
    /// The parties behind it, for the question who may change it: the owner, or the members of a record of work. A
    /// party stands behind itself, which only its header can tell.
    fn owners(&self) -> Vec<ThingId> {
        self.owner().cloned().into_iter().collect()
    }
    /// Takes out what the reader may not know although they see the thing.
    fn mask(&mut self, _scope: &Scope) {}
    /// [`Entry::mask`] for an earlier version of what is now `now`: what is hidden today was not shown yesterday.
    fn mask_earlier(&mut self, _now: &Self, scope: &Scope) {
        self.mask(scope);
    }
    /// Puts `into` wherever the party `from` stands, once. `own` is the id of the thing itself.
    fn replace_party(&mut self, own: &ThingId, from: &ThingId, into: &ThingId);
    /// Whether somebody who could find it as it was, or find it in a certain way, may not find it so any more: until the
    /// index has followed, it is left out of counts.
    fn narrows_from(&self, before: &Self) -> bool {
        self.visibility() > before.visibility() || self.owner() != before.owner()
    }
    /// Everything that can be searched and cited.
    fn texts(&self) -> Vec<TextField<'_>>;
}

/// Collects the texts of an entry.
#[derive(Debug, Default)]
pub struct Texts<'a>(Vec<TextField<'a>>);

impl<'a> Texts<'a> {
    pub fn title(self, field: &str, ja: &'a Option<super::text::Line>, en: &'a Option<super::text::Line>) -> Self {
        let ja = ja.as_ref().map(|line| line.as_str());
        let en = en.as_ref().map(|line| line.as_str());
        self.add(field, TextPlace::Title, ja, en)
    }

    pub fn body(self, field: &str, ja: &'a Option<Prose>, en: &'a Option<Prose>) -> Self {
        let ja = ja.as_ref().map(|prose| prose.as_str());
        let en = en.as_ref().map(|prose| prose.as_str());
        self.add(field, TextPlace::Body, ja, en)
    }

    pub fn alias(self, field: &str, text: Option<&'a str>) -> Self {
        self.add(field, TextPlace::Alias, text, None)
    }

    pub fn add(mut self, field: &str, place: TextPlace, ja: Option<&'a str>, en: Option<&'a str>) -> Self {
        for (language, text) in [(Language::Ja, ja), (Language::En, en)] {
            if let Some(text) = text {
                self.0.push(TextField { field: field.to_owned(), language, text, place });
            }
        }
        self
    }

    pub fn list(self) -> Vec<TextField<'a>> {
        self.0
    }
}

/// One of two languages is required.
pub(crate) fn require_one_language(field: &str, title: &Title) -> Option<Finding> {
    if title.ja.is_some() || title.en.is_some() {
        return None;
    }
    Some(Finding::new(
        format!("/{field}_ja"),
        Defect::new(
            "language.one_required",
            format!("{field}_ja か {field}_en のどちらかを入力してください。"),
            format!("Fill in {field}_ja or {field}_en."),
        ),
    ))
}

pub(crate) fn require<T>(field: &str, value: &Option<T>) -> Option<Finding> {
    if value.is_some() {
        return None;
    }
    Some(Finding::new(
        format!("/{field}"),
        Defect::new("value.required", format!("{field} は必須です。"), format!("{field} is required.")),
    ))
}

pub(crate) fn require_order(fields: (&str, &str), low: Option<i64>, high: Option<i64>) -> Option<Finding> {
    match (low, high) {
        (Some(low), Some(high)) if low > high => Some(Finding::new(
            format!("/{}", fields.1),
            Defect::new(
                "range.order",
                format!("{} は {} 以上にしてください。", fields.1, fields.0),
                format!("{} must not be below {}.", fields.1, fields.0),
            ),
        )),
        _ => None,
    }
}

pub(crate) fn refuse_many(field: &str, count: usize, limit: usize) -> Option<Finding> {
    (count > limit).then(|| {
        Finding::new(
            format!("/{field}"),
            Defect::new(
                "list.too_long",
                format!("{field} は{limit}件までです（現在{count}件）。"),
                format!("{field} takes at most {limit} items; there are {count}."),
            ),
        )
    })
}

pub(crate) fn refuse_repeats<T: PartialEq>(field: &str, list: &[T]) -> Option<Finding> {
    let repeat = list.iter().enumerate().find(|(place, item)| list[..*place].contains(item));
    repeat.map(|(place, _)| {
        Finding::new(
            format!("/{field}/{place}"),
            Defect::new("list.repeated", "同じ値が二度あります。", "The same value stands twice."),
        )
    })
}
