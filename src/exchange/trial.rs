//! A preview in short transactions: each is undone, so what earlier rows of the file would have made is not there when
//! later rows are tried. This remembers it, by what the rows are recognised by.

use super::identity::{self, Resolver};
use super::import::Outcome;
use super::rows::{Draft, Refusal};
use crate::domain::text::fold;
use crate::domain::{Kind, ThingId};
use serde_json::Value;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What earlier batches of a file would have written.
#[derive(Debug, Default)]
pub struct Trial {
    seen: HashMap<u64, Earlier>,
    /// Of the running batch: there the transaction itself remembers.
    fresh: Vec<(u64, Earlier)>,
    names: Vec<String>,
}

#[derive(Debug, Clone)]
struct Earlier {
    line: u64,
    content: u64,
    id: ThingId,
}

impl Trial {
    /// What becomes of a row that speaks of the same thing as a row of an earlier batch.
    pub fn earlier(&self, kind: Kind, draft: &Draft, scheme: Option<&str>) -> Option<Outcome> {
        let found = keys(kind, draft, scheme).into_iter().find_map(|key| self.seen.get(&key))?;
        if found.content == content(kind, draft) {
            return Some(Outcome::Unchanged { id: found.id.clone() });
        }
        let refusal = Refusal::of_row(draft.raw.line, super::taking::repeated(found.line));
        Some(Outcome::Refused { refusals: vec![refusal] })
    }

    pub fn note(&mut self, kind: Kind, draft: &Draft, scheme: Option<&str>, id: &ThingId) {
        let earlier = Earlier { line: draft.raw.line, content: content(kind, draft), id: id.clone() };
        self.fresh.extend(keys(kind, draft, scheme).into_iter().map(|key| (key, earlier.clone())));
        if kind.is_party() {
            self.names.extend(names(kind, draft, scheme));
        }
    }

    pub fn end_of_batch(&mut self, resolver: &mut Resolver) {
        self.seen.extend(self.fresh.drain(..));
        self.names.drain(..).for_each(|name| resolver.promise(name));
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// What a row says; the same number in another spelling says the same.
fn content(kind: Kind, draft: &Draft) -> u64 {
    let mut patch = draft.patch.clone();
    for field in identity::number_fields(kind) {
        if let Some(place) = patch.get_mut(*field)
            && let Some((_, value)) = place.as_str().and_then(|text| identity::number(field, text))
        {
            *place = Value::String(value);
        }
    }
    hash(&patch.to_string())
}

/// By its id at the source and its numbers; a row without any by its titles and what stands beside them.
fn keys(kind: Kind, draft: &Draft, scheme: Option<&str>) -> Vec<u64> {
    let mut keys: Vec<u64> =
        identity::numbers(kind, draft).into_iter().map(|(scheme, value)| hash(&format!("{scheme} {value}"))).collect();
    if let (Some(id), Some(scheme)) = (&draft.id, scheme) {
        keys.push(hash(&format!("id {scheme} {id}")));
    }
    if !keys.is_empty() {
        return keys;
    }
    let text = |field: &str| draft.patch.get(field).map(Value::to_string).unwrap_or_default();
    let beside = ["municipality", "owner", "affiliations", "happened_on", "members"].map(text).join("\n");
    identity::title_of(kind, draft).map(|title| hash(&format!("title {}\n{beside}", fold(title)))).into_iter().collect()
}

/// How other rows of the file may refer to the thing.
fn names(kind: Kind, draft: &Draft, scheme: Option<&str>) -> Vec<String> {
    let mut names = Vec::new();
    for (scheme, value) in identity::numbers(kind, draft) {
        names.push(format!("{scheme}:{value}"));
        names.push(value);
    }
    if let (Some(id), Some(scheme)) = (&draft.id, scheme) {
        names.push(id.clone());
        names.push(format!("{scheme}:{id}"));
    }
    names
}
