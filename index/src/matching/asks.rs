//! The other direction: how much of what one side asks for do the texts of the other side speak of? Pure but for the
//! rarity of terms, which comes from public documents.

use std::collections::HashSet;

use crate::analysis::normalise::normalise;
use crate::analysis::segment;
use crate::error::EngineError;
use crate::kernel::TermKind;
use crate::matching::recall::choose;
use crate::matching::score::Weights;
use crate::snapshot::Snapshot;
use crate::taxonomy::Taxonomy;

/// Texts of one side, read once and compared with many asks.
#[derive(Debug, Clone, Default)]
pub struct Spoken {
    words: HashSet<String>,
    grams: HashSet<String>,
    /// The concepts that are named, and what is wider: who speaks of the narrower speaks of the wider.
    concepts: HashSet<String>,
}

impl Spoken {
    pub(crate) fn read<'text>(taxonomy: &Taxonomy, texts: impl IntoIterator<Item = &'text str>) -> Spoken {
        let mut spoken = Spoken::default();
        let mut term = String::new();
        for text in texts {
            let folded = normalise(text);
            spoken.words.extend(segment::words(&folded).into_iter().map(|word| word.term.into_owned()));
            segment::grams(&folded, |gram| {
                if !gram.weak {
                    gram.write(&mut term);
                    if !spoken.grams.contains(&term) {
                        spoken.grams.insert(term.clone());
                    }
                }
            });
            for concept in taxonomy.find(&folded).into_iter().flat_map(|mention| mention.concepts) {
                let with_wider = std::iter::once(&concept).chain(taxonomy.ancestors(concept));
                spoken.concepts.extend(with_wider.map(|concept| taxonomy.code(*concept).to_string()));
            }
        }
        spoken
    }

    fn holds(&self, kind: TermKind, term: &str) -> bool {
        match kind {
            TermKind::Word => self.words.contains(term),
            TermKind::Gram => self.grams.contains(term),
            TermKind::Concept => self.concepts.contains(term),
        }
    }
}

/// Share of the weight of what is asked that is spoken of, 0 to 1: weight in the ask times rarity, over its chosen terms.
pub(crate) fn spoken_share(
    snapshot: &Snapshot,
    ask: &[(String, f32)],
    spoken: &Spoken,
    weights: &Weights,
) -> Result<f32, EngineError> {
    let (mut sum, mut shown) = (0.0f32, 0.0f32);
    // What the ask does not name itself is not asked.
    let weights = Weights { narrower: 0.0, wider: 0.0, ..weights.clone() };
    for chosen in choose(snapshot, ask, &weights)? {
        let weight = chosen.term.weight * chosen.inverse[0].max(chosen.inverse[1]);
        let there = spoken.holds(chosen.term.kind, &chosen.term.text);
        sum += weight;
        shown += if there { weight } else { 0.0 };
    }
    Ok(if sum > 0.0 { shown / sum } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_speaks_of_the_narrower_speaks_of_the_wider_in_the_other_language_too() {
        let spoken = Spoken::read(&Taxonomy::built_in(), ["有機EL照明の試作"]);
        assert!(spoken.holds(TermKind::Concept, "oled_lighting") && spoken.holds(TermKind::Concept, "organic_el"));
        let wide = Spoken::read(&Taxonomy::built_in(), ["organic EL"]);
        assert!(!wide.holds(TermKind::Concept, "oled_lighting"));
    }
}
