//! The counts beside the hits of a search: each facet without its own filter, a chosen value always there.

use super::names::Names;
use super::search::{SearchQuery, typed};
use super::wire;
use crate::domain::Defect;
use crate::domain::codes::certificate_name;
use crate::domain::finding::Message;
use crate::domain::vocabulary::Kind;
use musubi_index::{Attribute, Freshness, SearchAnswer, SearchRequest};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// What can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Facet {
    Kind,
    Freshness,
    Attribute(Attribute),
}

/// How these are asked for; attributes have names of their own.
const KIND: &str = "kind";
pub(super) const FRESHNESS: &str = "freshness";

impl Facet {
    pub(super) fn read(text: &str) -> Result<Self, Defect> {
        if text == KIND {
            return Ok(Facet::Kind);
        }
        if text == FRESHNESS {
            return Ok(Facet::Freshness);
        }
        let attribute = Attribute::ALL.into_iter().find(|attribute| attribute.name() == text);
        let known = || [KIND, FRESHNESS].into_iter().chain(Attribute::ALL.iter().map(|attribute| attribute.name()));
        attribute.map(Facet::Attribute).ok_or_else(|| wire::not_one_of(text, known()))
    }

    pub(super) fn attribute(self) -> Option<Attribute> {
        match self {
            Facet::Attribute(attribute) => Some(attribute),
            Facet::Kind | Facet::Freshness => None,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FacetValue {
    pub value: String,
    pub label: Message,
    pub count: usize,
    pub chosen: bool,
    /// The value above it, in a tree (fields, classes of industry).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// The counts of an answer: for each facet, by its name, the values.
#[derive(Debug)]
pub struct FacetBodies(Vec<(&'static str, Vec<FacetValue>)>);

impl Serialize for FacetBodies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, values)| (name, values)))
    }
}

pub(super) fn bodies(names: &Names, answer: &SearchAnswer, query: &SearchQuery, asked: &SearchRequest) -> FacetBodies {
    let mut bodies = Vec::with_capacity(answer.facets.len() + 2);
    if asked.count_kinds {
        let name = |code: &str| Kind::from_code(code).map(|kind| Message::new(kind.name_ja(), kind.name_en()));
        let values = facet_values(&answer.kinds, &asked.filters.kinds, &asked.filters.kinds, name);
        bodies.push((KIND, values));
    }
    if asked.count_freshness {
        let value = |(freshness, count): &(Freshness, usize)| FacetValue {
            value: freshness.name().to_owned(),
            label: freshness_label(*freshness),
            count: *count,
            chosen: asked.filters.freshness.contains(freshness),
            parent: None,
        };
        // All four: it is a scale, and a gap in it says something, too.
        bodies.push((FRESHNESS, answer.freshness.iter().map(value).collect()));
    }
    for (attribute, counts) in &answer.facets {
        let filters = asked.filters.attributes.iter().find(|(other, _)| other == attribute);
        let chosen = filters.map_or(&[] as &[String], |(_, values)| values);
        // A prefecture stands for its municipalities: what was typed is what may not vanish.
        let kept: Vec<String> = typed(query.filter(*attribute))
            .filter(|value| chosen.iter().any(|one| one == value))
            .map(str::to_owned)
            .collect();
        let mut values = facet_values(counts, chosen, &kept, |value| match attribute {
            Attribute::Certificate => Some(Message::new(certificate_name(value), certificate_name(value))),
            _ => names.label(*attribute, value),
        });
        for value in &mut values {
            value.parent = names.wider(*attribute, &value.value);
        }
        bodies.push((attribute.name(), values));
    }
    FacetBodies(bodies)
}

fn freshness_label(freshness: Freshness) -> Message {
    match freshness {
        Freshness::WithinYear => Message::new("1年以内に確認", "Verified within a year"),
        Freshness::WithinTwoYears => Message::new("1〜2年前に確認", "Verified one to two years ago"),
        Freshness::Older => Message::new("2年より前に確認", "Verified more than two years ago"),
        Freshness::Never => Message::new("未確認", "Never verified"),
    }
}

/// The counted values, and those of `kept` that were not counted, with 0.
fn facet_values(
    counts: &[(String, usize)],
    chosen: &[String],
    kept: &[String],
    name: impl Fn(&str) -> Option<Message>,
) -> Vec<FacetValue> {
    let uncounted = kept.iter().filter(|value| counts.iter().all(|(counted, _)| counted != *value));
    let all = counts.iter().cloned().chain(uncounted.map(|value| (value.clone(), 0)));
    all.map(|(value, count)| FacetValue {
        label: name(&value).unwrap_or_else(|| Message::new(&value, &value)),
        chosen: chosen.contains(&value),
        value,
        count,
        parent: None,
    })
    .collect()
}
