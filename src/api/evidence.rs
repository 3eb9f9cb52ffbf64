//! The sentence of a thing that shows why it was found.

use super::search::OwnerBody;
use crate::domain::entry::{TextPlace, Title};
use crate::domain::vocabulary::{Kind, Language};
use crate::store::readings::Reading;
use musubi_index::evidence::Asked;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// A sentence of the text is worth this much more than the title, which is shown anyway.
const SENTENCE_BONUS: f32 = 2.0;

/// A sentence of a thing that the caller may read.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceBody {
    pub kind: Kind,
    pub id: String,
    pub version: i64,
    pub title: Title,
    pub owner: Option<OwnerBody>,
    pub field: String,
    pub lang: Language,
    /// Code points `[start, end)` into the stored text.
    pub start: usize,
    pub end: usize,
    pub text: String,
    /// Code points into `text`: the words in common.
    pub spans: Vec<[usize; 2]>,
}

/// What a thing says for a question.
#[derive(Debug)]
pub(super) struct Shown {
    /// The sentence that says most; none if the thing claims nothing of what was asked.
    pub(super) sentence: Option<EvidenceBody>,
    /// How much of what it shows it claims for its party, 0 to 1: a firm that writes that it does no coating, or that it
    /// looks for a coater, shows the word and is no coater.
    pub(super) claimed: f32,
    /// The thing asked for is denied, or sought in others: what a party is called is neither.
    pub(super) turned_down: bool,
}

/// Fields in which a seed speaks of others: whom it looks for, and who could use it.
pub(super) fn is_asked(field: &str) -> bool {
    matches!(field, "partner_sought" | "applications")
}

/// What a thing says for a question; none if nothing of it shows. What a thing says of others speaks for it only where the
/// question offers something, too.
pub(super) fn shown(
    reading: &Reading,
    owners: &HashMap<String, OwnerBody>,
    asked: Asked<'_>,
    asks_too: bool,
) -> Option<Shown> {
    let card = &reading.card;
    let (mut all, mut claimed) = (0.0_f32, 0.0_f32);
    let mut turned_down = false;
    let mut best = None;
    for text in &reading.texts {
        let bonus = match text.place {
            TextPlace::Alias | TextPlace::Unwanted => continue,
            TextPlace::Title => 1.0,
            TextPlace::Body => SENTENCE_BONUS,
        };
        // Whoever seeks says what it cannot do: that is what the need is about.
        let statement = match card.kind {
            Kind::Need => {
                let sentence = asked.best_sentence(&text.text);
                sentence.map(|sentence| (sentence.weight, Some(sentence), false, true))
            }
            _ => {
                let said = asked.best_statement(&text.text);
                said.map(|said| (said.weight, said.sentence, said.denied, said.names_it))
            }
        };
        let Some((weight, sentence, denied, names_it)) = statement else { continue };
        all = all.max(bonus * weight);
        // What a person is called says nothing about what the person does (藍, "Ai").
        let named = card.kind == Kind::Person && text.place == TextPlace::Title;
        let of_others = is_asked(&text.field) && !asks_too;
        turned_down |= (of_others && names_it) || (!named && denied);
        let Some(sentence) = sentence.filter(|_| !named && !of_others) else { continue };
        let worth = bonus * sentence.weight;
        if worth > claimed {
            claimed = worth;
            best = Some((text, sentence));
        }
    }
    if all <= 0.0 {
        return None;
    }
    let sentence = best.map(|(text, sentence)| EvidenceBody {
        kind: card.kind,
        id: card.id.clone(),
        version: card.version,
        title: card.title.clone(),
        owner: card.owner.as_ref().filter(|owner| **owner != card.id).and_then(|owner| owners.get(owner)).cloned(),
        field: text.field.clone(),
        lang: text.language,
        spans: sentence.spans.iter().map(|&(start, end)| [start - sentence.start, end - sentence.start]).collect(),
        start: sentence.start,
        end: sentence.end,
        text: sentence.text,
    });
    Some(Shown { sentence, claimed: claimed / all, turned_down })
}
