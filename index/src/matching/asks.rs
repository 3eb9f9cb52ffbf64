//! The other direction: how much of what one side asks for do the texts of the other side speak of? Pure but for the
//! rarity of terms, which comes from public documents.

use std::collections::HashSet;

use crate::analysis::normalise::normalise;
use crate::analysis::segment;
use crate::error::EngineError;
use crate::matching::recall::choose;
use crate::matching::score::Weights;
use crate::snapshot::Snapshot;

/// Texts of one side, read once and compared with many asks.
#[derive(Debug, Clone, Default)]
pub struct Spoken {
    words: HashSet<String>,
    grams: HashSet<String>,
}

impl Spoken {
    pub fn read<'text>(texts: impl IntoIterator<Item = &'text str>) -> Spoken {
        let mut spoken = Spoken::default();
        let mut term = String::new();
        for text in texts {
            let folded = normalise(text);
            spoken.words.extend(segment::words(&folded).into_iter().map(|word| word.term));
            segment::grams(&folded, |gram| {
                if !gram.weak {
                    gram.write(&mut term);
                    if !spoken.grams.contains(&term) {
                        spoken.grams.insert(term.clone());
                    }
                }
            });
        }
        spoken
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
    for chosen in choose(snapshot, ask, weights)? {
        let weight = chosen.term.weight * chosen.inverse[0].max(chosen.inverse[1]);
        let there = if chosen.term.grams { &spoken.grams } else { &spoken.words }.contains(&chosen.term.text);
        sum += weight;
        shown += if there { weight } else { 0.0 };
    }
    Ok(if sum > 0.0 { shown / sum } else { 0.0 })
}
