//! Matching: who could answer this text? Recall gathers what documents say for parties, score weighs it.

pub mod asks;
pub mod coalition;
pub mod lines;
mod named;
pub mod purpose;
pub(crate) mod recall;
pub mod score;
pub mod wish;

use crate::error::EngineError;
use crate::kernel::Pool;
use crate::matching::score::Weights;
use crate::request::{MatchAnswer, MatchRequest, PartyScore, SimilarAnswer, SimilarRequest, ThingsAnswer};
use crate::search::hit_at;
use crate::snapshot::Snapshot;

/// Documents named for each party.
const THINGS_FOR_A_PARTY: usize = 5;

pub(crate) fn run(
    snapshot: &Snapshot,
    pool: &Pool,
    request: &MatchRequest,
    weights: &Weights,
) -> Result<MatchAnswer, EngineError> {
    let recalled = recall::recall(snapshot, pool, request, weights)?;
    let scored = score::score(&recalled, weights);
    // Only who can be among the first is looked up by name; equals at the edge all are.
    let mut best: Vec<(f32, usize)> = scored.iter().enumerate().map(|(index, scored)| (scored.total, index)).collect();
    best.retain(|(total, _)| *total > 0.0);
    if request.limit > 0 && best.len() > request.limit {
        best.select_nth_unstable_by(request.limit - 1, |left, right| right.0.total_cmp(&left.0));
        let edge = best[request.limit - 1].0;
        best.retain(|(total, _)| *total >= edge);
    }
    let names = snapshot.parties.names(best.iter().map(|(_, index)| scored[*index].party));
    let mut ranked: Vec<(f32, std::sync::Arc<str>, usize)> = Vec::with_capacity(best.len());
    for ((total, index), name) in best.into_iter().zip(names) {
        ranked.extend(name.map(|name| (total, name, index)));
    }
    ranked.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
    ranked.truncate(request.limit);
    let mut parties = Vec::with_capacity(ranked.len());
    for (total, name, index) in ranked {
        let scored = &scored[index];
        let mut things = Vec::new();
        for (address, score) in recalled.things(scored.party, THINGS_FOR_A_PARTY) {
            things.push(hit_at(snapshot, address, score)?);
        }
        parties.push(PartyScore { party: name.to_string(), score: total, parts: scored.parts.to_vec(), things });
    }
    Ok(MatchAnswer { parties, terms: recalled.terms })
}

/// The best single things for a text, each score divided by the best one's.
pub(crate) fn things(
    snapshot: &Snapshot,
    pool: &Pool,
    request: &MatchRequest,
    weights: &Weights,
) -> Result<ThingsAnswer, EngineError> {
    let (mut documents, terms) = recall::things(snapshot, pool, request, weights)?;
    documents.truncate(request.limit);
    let best = documents.first().map_or(1.0, |(_, score)| *score);
    let mut things = Vec::with_capacity(documents.len());
    for (address, score) in documents {
        things.push(hit_at(snapshot, address, score / best)?);
    }
    Ok(ThingsAnswer { things, terms })
}

/// Documents like some texts, by the same terms and the same scorer as a match.
pub(crate) fn similar(
    snapshot: &Snapshot,
    pool: &Pool,
    request: &SimilarRequest,
) -> Result<SimilarAnswer, EngineError> {
    let weights = Weights { documents: request.limit, ..Weights::default() };
    let (documents, terms) =
        recall::alike(snapshot, pool, &request.texts, &request.reader, &request.filters, &weights)?;
    let mut hits = Vec::with_capacity(documents.len());
    for (address, score) in documents {
        hits.push(hit_at(snapshot, address, score)?);
    }
    Ok(SimilarAnswer { hits, terms })
}
