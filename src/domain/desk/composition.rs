//! A composition that is kept: what was asked, what was found, and each change by hand with its effect.
//!
//! What is asked and found is JSON of the API's own forms: only ids of parties, no names, so that each reader is shown
//! the names that they may see.

use super::{Day, Event, Facts, Matter, Refusal, Step, Told};
use crate::domain::id::{ThingId, Timestamp};
use crate::domain::vocabulary::desk::{CompositionState, MatterKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum CompositionDeed {
    Asked {
        exhibition: ThingId,
        ask: Value,
    },
    /// By hand: what changed, and what is asked from now on.
    Changed {
        edit: Value,
        ask: Value,
    },
    /// An answer to what was asked in that revision; a better one may follow.
    Found {
        revision: i64,
        outcome: CompositionState,
        result: Value,
        #[serde(default)]
        effect: Option<Value>,
    },
    /// Somebody had the solving stopped.
    Stopped {
        revision: i64,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Composition {
    pub exhibition: ThingId,
    pub state: CompositionState,
    /// Counts what people asked: 1, and one more for each change by hand. The ETag is made of it, so that the solver,
    /// which only makes the answer better, gets in nobody's way.
    pub revision: i64,
    pub ask: Value,
    pub result: Option<Value>,
    /// What the last change by hand did.
    pub effect: Option<Value>,
}

impl Composition {
    /// Every id in what was asked and found.
    pub fn ids(&self) -> BTreeSet<ThingId> {
        let mut ids = BTreeSet::new();
        let all = [Some(&self.ask), self.result.as_ref(), self.effect.as_ref()];
        all.into_iter().flatten().for_each(|value| collect(value, &mut ids));
        ids
    }

    /// Names parties by what they became.
    pub fn rename(&mut self, names: &HashMap<ThingId, ThingId>) {
        let all = [Some(&mut self.ask), self.result.as_mut(), self.effect.as_mut()];
        all.into_iter().flatten().for_each(|value| rename(value, names));
    }
}

fn collect(value: &Value, ids: &mut BTreeSet<ThingId>) {
    match value {
        Value::String(text) => ids.extend(ThingId::parse(text)),
        Value::Array(list) => list.iter().for_each(|value| collect(value, ids)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, ids)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A list in which two became one names it once.
fn rename(value: &mut Value, names: &HashMap<ThingId, ThingId>) {
    match value {
        Value::String(text) => {
            let into = ThingId::parse(text).ok().and_then(|id| names.get(&id));
            if let Some(into) = into {
                *text = into.to_string();
            }
        }
        Value::Array(list) => {
            list.iter_mut().for_each(|value| rename(value, names));
            let mut seen = BTreeSet::new();
            let id = |value: &Value| {
                let named = value.pointer("/party/id").unwrap_or(value).as_str()?;
                ThingId::parse(named).ok()
            };
            list.retain(|value| id(value).is_none_or(|id| seen.insert(id)));
        }
        Value::Object(fields) => fields.values_mut().for_each(|value| rename(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Matter for Composition {
    const KIND: MatterKind = MatterKind::Composition;
    type Deed = CompositionDeed;

    fn begin(event: &Event<CompositionDeed>) -> Option<Self> {
        let CompositionDeed::Asked { exhibition, ask } = &event.deed else { return None };
        Some(Self {
            exhibition: exhibition.clone(),
            state: CompositionState::Asked,
            revision: 1,
            ask: ask.clone(),
            result: None,
            effect: None,
        })
    }

    fn consider(&self, deed: &CompositionDeed, _: &Day, _: &Timestamp) -> Result<Step, Refusal> {
        Ok(match deed {
            CompositionDeed::Asked { .. } => Step::Already,
            CompositionDeed::Changed { .. } => Step::Take,
            // Something else is asked by now.
            CompositionDeed::Found { revision, .. } | CompositionDeed::Stopped { revision }
                if *revision != self.revision =>
            {
                Step::Already
            }
            CompositionDeed::Found { result, .. } if self.result.as_ref() == Some(result) => Step::Already,
            CompositionDeed::Found { .. } | CompositionDeed::Stopped { .. } => Step::Take,
        })
    }

    fn add(&mut self, event: &Event<CompositionDeed>) {
        match event.deed.clone() {
            CompositionDeed::Asked { .. } | CompositionDeed::Stopped { .. } => {}
            CompositionDeed::Changed { ask, .. } => {
                self.revision += 1;
                self.ask = ask;
            }
            CompositionDeed::Found { outcome, result, effect, .. } => {
                self.state = outcome;
                self.result = Some(result);
                self.effect = effect;
            }
        }
    }

    fn facts(&self) -> Facts {
        Facts { state: self.state.code(), subject: Some(self.exhibition.clone()), ..Facts::default() }
    }

    fn name(deed: &CompositionDeed) -> &'static str {
        match deed {
            CompositionDeed::Asked { .. } => "asked",
            CompositionDeed::Changed { .. } => "changed",
            CompositionDeed::Found { .. } => "found",
            CompositionDeed::Stopped { .. } => "stopped",
        }
    }

    fn told(&self, _: &CompositionDeed) -> Vec<Told> {
        Vec::new()
    }
}
