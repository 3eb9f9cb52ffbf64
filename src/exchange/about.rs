//! What is told of a row besides its verdict: what it is called, what it would change, and everything that is wrong with it.

use super::identity::{self, Identity, Resolver};
use super::rows::{Draft, Refusal};
use crate::domain::{Entry, Kind, Scope, Thing, ThingId, parse};
use crate::error::{Error, Result};
use crate::store::things::{self, Stored};
use crate::store::{Tx, duplicates};
use serde::Serialize;
use serde_json::{Map, Value};

/// Fields of a row whose change is shown.
const CHANGES_MOST: usize = 20;
/// Characters of a name or a value that are shown.
const SHOWN_MOST: usize = 120;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    pub name: Option<String>,
    /// In a preview, of a row that updates something.
    pub changes: Vec<Change>,
    /// In a preview, of a row that creates something: what is there already and may be the same.
    pub alike: Vec<Alike>,
}

/// Something that is there already and may be what a row is about to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alike {
    pub id: ThingId,
    pub name: String,
}

impl About {
    pub fn or(self, other: About) -> About {
        if self == About::default() { other } else { self }
    }
}

/// A field that a row changes. Texts are cut short; what was or will be empty is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub field: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// What a row calls its thing.
pub fn name_of(kind: Kind, draft: &Draft) -> Option<String> {
    identity::title_of(kind, draft).map(cut)
}

fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The fields in which two entries differ.
pub fn changes<E: Entry>(before: &E, after: &E) -> Result<Vec<Change>> {
    let tree = |entry: &E| serde_json::to_value(entry).map_err(Error::internal);
    let (Value::Object(before), Value::Object(after)) = (tree(before)?, tree(after)?) else { return Ok(Vec::new()) };
    let shown = |value: Option<&Value>| match value {
        None | Some(Value::Null) => None,
        Some(Value::Array(items)) if items.is_empty() => None,
        Some(Value::String(text)) => Some(cut(text)),
        Some(other) => Some(cut(&other.to_string())),
    };
    let differs = |(field, value): (&String, &Value)| {
        let was = before.get(field);
        (was != Some(value)).then(|| Change { field: field.clone(), from: shown(was), to: shown(Some(value)) })
    };
    Ok(after.iter().filter_map(differs).take(CHANGES_MOST).collect())
}

/// What is there and may be the same as `created`, among what the importer may see; what rows of the file speak of is left out.
pub fn alike<E: Stored>(
    tx: &mut Tx<'_>,
    scope: &Scope,
    created: &Thing<E>,
    spoken: impl Fn(&ThingId) -> bool,
) -> Result<Vec<Alike>> {
    let found = duplicates::likely::<E>(tx.conn(), scope, &created.entry, &created.header.id)?;
    let others = found.into_iter().map(|alike| alike.thing).filter(|thing| !spoken(&thing.header.id));
    Ok(others.map(|thing| Alike { name: cut(thing.entry.title().any()), id: thing.header.id }).collect())
}

/// A row some cells of which were refused: looks at the rest of it, too, so that it is mended in one go. What was refused is not
/// also reported as missing.
pub fn all_that_is_wrong<E: Stored>(
    tx: &mut Tx<'_>,
    draft: &mut Draft,
    resolver: &mut Resolver,
    scope: &Scope,
    scheme: Option<&str>,
) -> Result<Vec<Refusal>> {
    let mut refusals = std::mem::take(&mut draft.refusals);
    let add = |refusals: &mut Vec<Refusal>, more: Vec<Refusal>| {
        for refusal in more {
            if !refusals.iter().any(|known| known.column == refusal.column) {
                refusals.push(refusal);
            }
        }
    };
    let unresolved = resolver.resolve(tx.conn(), scope, draft)?;
    let whole = unresolved.is_empty();
    add(&mut refusals, unresolved);
    let mut tree = Value::Object(Map::new());
    if whole && let Identity::Known(id) = identity::identify::<E>(tx.conn(), scope, draft, scheme)? {
        match things::get::<E>(tx.conn(), scope, &id) {
            Ok(thing) => tree = serde_json::to_value(&thing.entry).map_err(Error::internal)?,
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    parse::merge_patch(&mut tree, &draft.patch);
    if let Value::Object(fields) = &mut tree {
        for (name, value) in &draft.defaults {
            fields.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    if let Err(findings) = parse::entry::<E>(tree) {
        // What was refused is no part of the tree, nor what follows from it: nothing of it is missing.
        let missing = ["value.required", "language.one_required"];
        let wrong = findings.into_iter().filter(|finding| !missing.contains(&finding.code.as_str()));
        let more = wrong.map(|finding| draft.refusal_of(finding)).collect();
        add(&mut refusals, more);
    }
    Ok(refusals)
}
