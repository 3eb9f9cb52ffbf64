//! From a text to what the documents say for each party: chosen terms, scored documents, collected by party.

use std::collections::HashMap;

use tantivy::schema::IndexRecordOption;

use crate::analysis::normalise::normalise;
use crate::analysis::segment;
use crate::analysis::tokenizers::{WIDER, wider_term};
use crate::audience;
use crate::bits::Bits;
use crate::document::Source;
use crate::error::EngineError;
use crate::evidence::Terms;
use crate::kernel::{
    Address, Best, LengthTables, Pool, Scores, TermKind, WeightedTerm, inverse_frequency, open_postings, ordered,
};
use crate::matching::score::Weights;
use crate::request::{Filters, MatchRequest, Reader};
use crate::schema::{SOURCE_RECORD, TextField, fields};
use crate::snapshot::{Located, Snapshot};
use crate::taxonomy::Taxonomy;

/// One document that speaks for a party.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice {
    pub(crate) address: Address,
    pub(crate) source: Source,
    /// BM25 of the document for the chosen terms.
    pub(crate) score: f32,
    /// Parties that share the document.
    pub(crate) members: u32,
    /// Age of the fact in years at the time of the question; absent when unknown.
    pub(crate) age: Option<f32>,
}

/// Everything that scoring a party needs.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) voices: Vec<Voice>,
    /// Shared past with the seeker: sum over common records of 1 / √(members − 1).
    pub(crate) past: f32,
    /// BM25 of all its documents taken as one.
    pub(crate) breadth: f32,
    /// The same with hardly any saturation and full weight of length: how much of its work is in the field.
    pub(crate) focus: f32,
    /// Public records of work.
    pub(crate) records: u32,
}

/// The parties that anything speaks for, by their dense number.
pub(crate) struct Parties {
    /// Place in `list` by number; `NOWHERE` for the others.
    slots: Vec<u32>,
    list: Vec<(u32, Evidence)>,
}

const NOWHERE: u32 = u32::MAX;

impl Parties {
    fn new(count: usize) -> Parties {
        Parties { slots: vec![NOWHERE; count], list: Vec::new() }
    }

    /// The evidence of a party, empty at first; none for a party that is newer than the snapshot.
    fn of(&mut self, party: u32) -> Option<&mut Evidence> {
        let slot = self.slots.get_mut(party as usize)?;
        if *slot == NOWHERE {
            *slot = self.list.len() as u32;
            self.list.push((party, Evidence::default()));
        }
        self.list.get_mut(*slot as usize).map(|(_, evidence)| evidence)
    }

    fn get(&self, party: u32) -> Option<&Evidence> {
        let slot = self.slots.get(party as usize)?;
        self.list.get(*slot as usize).map(|(_, evidence)| evidence)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Evidence)> {
        self.list.iter().map(|(party, evidence)| (*party, evidence))
    }
}

pub(crate) struct Recalled {
    pub(crate) parties: Parties,
    pub(crate) terms: Terms,
    /// Whether the seeker has worked with anybody before.
    pub(crate) past: bool,
}

impl Recalled {
    /// The documents that say most for a party, strongest first.
    pub(crate) fn things(&self, party: u32, most: usize) -> Vec<(Address, f32)> {
        let Some(evidence) = self.parties.get(party) else { return Vec::new() };
        evidence.voices.iter().take(most).map(|voice| (voice.address, voice.score)).collect()
    }
}

pub(crate) fn recall(
    snapshot: &Snapshot,
    pool: &Pool,
    request: &MatchRequest,
    weights: &Weights,
) -> Result<Recalled, EngineError> {
    let chosen = choose(snapshot, &request.texts, weights)?;
    let terms = shown(snapshot, &chosen, weights);
    let allowed = allowed(snapshot, &request.reader, &request.filters)?;
    let documents = best_documents(snapshot, pool, weights, &chosen, &allowed, Speakers::Parties)?;
    let admitted = admitted_parties(snapshot, request)?;
    let without = without(snapshot, request);
    let admits =
        |party: u32| !without.contains(&party) && admitted.as_ref().is_none_or(|admitted| admitted.contains(party));

    let past = match request.seeker.as_deref() {
        Some(seeker) => past_partners(snapshot, seeker, &request.filters.excluded_ids, &documents, weights)?,
        None => HashMap::new(),
    };
    let mut parties = Parties::new(snapshot.parties.count());
    for (address, score) in documents {
        let tables = &snapshot.segments[address.segment].tables;
        let members = tables.parties.of(address.document);
        let day = tables.days.as_ref().and_then(|days| days.first(address.document));
        let age = request.today.zip(day).map(|(today, day)| ((i64::from(today) - day) as f32 / 365.25).max(0.0));
        let voice = Voice {
            address,
            source: source_of(tables.sources[address.document as usize]),
            score,
            members: members.len() as u32,
            age,
        };
        for party in members.iter().copied().filter(|party| admits(*party)) {
            if let Some(evidence) = parties.of(party) {
                evidence.voices.push(voice);
            }
        }
    }
    let has_past = !past.is_empty();
    for (party, past) in past {
        if admits(party)
            && let Some(evidence) = parties.of(party)
        {
            evidence.past = past;
        }
    }
    let whole = weights.breadth > 0.0 || weights.focus > 0.0;
    let broad = if whole { breadth(snapshot, weights, &chosen, &allowed)? } else { Vec::new() };
    for (party, breadth, focus) in broad {
        if admits(party)
            && let Some(evidence) = parties.of(party)
        {
            (evidence.breadth, evidence.focus) = (breadth, focus);
        }
    }
    let facts = snapshot.party_facts();
    for (party, evidence) in &mut parties.list {
        evidence.records = facts.records.get(*party as usize).copied().unwrap_or(0);
    }
    Ok(Recalled { parties, terms, past: has_past })
}

/// Single things of the asked kinds, best first: the ones that say most of the text, whoever owns them.
pub(crate) fn things(
    snapshot: &Snapshot,
    pool: &Pool,
    request: &MatchRequest,
    weights: &Weights,
) -> Result<(Vec<(Address, f32)>, Terms), EngineError> {
    let chosen = choose(snapshot, &request.texts, weights)?;
    let allowed = allowed(snapshot, &request.reader, &request.filters)?;
    let admitted = admitted_parties(snapshot, request)?;
    let without = without(snapshot, request);
    let mut documents = best_documents(snapshot, pool, weights, &chosen, &allowed, Speakers::Anybody)?;
    documents.retain(|(address, _)| {
        let parties = snapshot.segments[address.segment].tables.parties.of(address.document);
        let own = parties.iter().any(|party| without.contains(party));
        // What names no party meets no condition on its party.
        let fits = admitted.as_ref().is_none_or(|admitted| parties.iter().any(|party| admitted.contains(*party)));
        !own && fits
    });
    Ok((documents, shown(snapshot, &chosen, weights)))
}

/// The documents of each segment that this reader may see and that fit.
fn allowed(snapshot: &Snapshot, reader: &Reader, filters: &Filters) -> Result<Vec<Bits>, EngineError> {
    snapshot.segments.iter().map(|segment| audience::allowed(segment, reader, filters)).collect()
}

/// The seeker and whoever else is left out.
fn without(snapshot: &Snapshot, request: &MatchRequest) -> Vec<u32> {
    let named = request.without_parties.iter().chain(&request.seeker);
    named.filter_map(|party| snapshot.parties.find(party)).collect()
}

/// Whose documents are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speakers {
    /// Documents that speak for a party.
    Parties,
    /// Any document, an anonymous need among them.
    Anybody,
}

fn source_of(number: u8) -> Source {
    match number {
        0 => Source::Profile,
        1 => Source::Offer,
        2 => Source::Request,
        _ => Source::Record,
    }
}

/// The chosen terms as what to look for in texts.
fn shown(snapshot: &Snapshot, chosen: &[Chosen], weights: &Weights) -> Terms {
    let mut terms = Terms::default();
    for term in chosen {
        let weight = term.term.weight * term.inverse[0].max(term.inverse[1]);
        match term.term.kind {
            TermKind::Word => terms.add_word(&term.term.text, weight),
            TermKind::Gram => terms.add_gram(&term.term.text, weight, false),
            TermKind::Concept => {
                let share = weights.fields.weights[TextField::TitleConcepts as usize];
                terms.add_concept(&snapshot.taxonomy, term.term.text.trim_start_matches(WIDER), weight * share);
            }
        }
    }
    terms
}

/// The documents that are most like some texts, best first, ties by id, and what they were looked for with.
pub(crate) fn alike(
    snapshot: &Snapshot,
    pool: &Pool,
    texts: &[(String, f32)],
    reader: &Reader,
    filters: &Filters,
    weights: &Weights,
) -> Result<(Vec<(Address, f32)>, Terms), EngineError> {
    let chosen = choose(snapshot, texts, weights)?;
    let allowed = allowed(snapshot, reader, filters)?;
    let documents = best_documents(snapshot, pool, weights, &chosen, &allowed, Speakers::Anybody)?;
    Ok((documents, shown(snapshot, &chosen, weights)))
}

/// A term of the query with its inverse frequency in the title and the body field of its kind.
pub(crate) struct Chosen {
    pub(crate) term: WeightedTerm,
    pub(crate) inverse: [f32; 2],
    located: Vec<Located>,
}

/// The kernel of a match alone, for measuring: looks chosen terms up again, scores every document that the reader may see,
/// and keeps the best. Gives how many.
pub(crate) fn kernel(
    snapshot: &Snapshot,
    pool: &Pool,
    request: &MatchRequest,
    weights: &Weights,
    chosen: &[Chosen],
) -> Result<usize, EngineError> {
    let look_up = |chosen: &Chosen| {
        let located = chosen.term.fields().map(|field| snapshot.locate(field, &chosen.term.text));
        let located = located.into_iter().collect::<Result<_, EngineError>>()?;
        Ok(Chosen { term: chosen.term.clone(), inverse: chosen.inverse, located })
    };
    let chosen = chosen.iter().map(look_up).collect::<Result<Vec<Chosen>, EngineError>>()?;
    let allowed = allowed(snapshot, &request.reader, &request.filters)?;
    Ok(best_documents(snapshot, pool, weights, &chosen, &allowed, Speakers::Parties)?.len())
}

/// The terms that say most: weight in the query times rarity, the best of them (DECISIONS 16).
pub(crate) fn choose(
    snapshot: &Snapshot,
    texts: &[(String, f32)],
    weights: &Weights,
) -> Result<Vec<Chosen>, EngineError> {
    let mut gathered: HashMap<(TermKind, String), f32> = HashMap::new();
    for (text, weight) in texts {
        let mut counts: HashMap<(TermKind, String), u32> = HashMap::new();
        let folded = normalise(text);
        for word in segment::words(&folded) {
            *counts.entry((TermKind::Word, word.term.into_owned())).or_default() += 1;
        }
        let mut term = String::new();
        segment::grams(&folded, |gram| {
            if !gram.weak {
                gram.write(&mut term);
                *counts.entry((TermKind::Gram, term.clone())).or_default() += 1;
            }
        });
        for (key, count) in counts {
            *gathered.entry(key).or_default() += weight * (1.0 + (count as f32).ln() * weights.repetition);
        }
        for (term, share) in concepts(&snapshot.taxonomy, &folded, weights) {
            *gathered.entry((TermKind::Concept, term)).or_default() += weight * share;
        }
    }
    let mut chosen = Vec::with_capacity(gathered.len());
    for ((kind, text), weight) in gathered {
        let term = WeightedTerm { text, kind, weight };
        let mut inverse = [0.0; 2];
        let mut importance = 0.0f32;
        let mut located = Vec::with_capacity(2);
        for (inverse, field) in inverse.iter_mut().zip(term.fields()) {
            let found = snapshot.locate(field, &term.text)?;
            *inverse = inverse_frequency(snapshot.documents, found.frequency).powf(weights.rarity);
            if found.frequency > 0 {
                importance = importance.max(*inverse * weights.fields.weights[field as usize]);
            }
            located.push(found);
        }
        if importance > 0.0 {
            chosen.push((importance * term.weight, Chosen { term, inverse, located }));
        }
    }
    chosen.sort_by(|(left, left_term), (right, right_term)| {
        right.total_cmp(left).then_with(|| {
            (left_term.term.kind, &left_term.term.text).cmp(&(right_term.term.kind, &right_term.term.text))
        })
    });
    chosen.truncate(weights.chosen_terms);
    Ok(chosen.into_iter().map(|(_, chosen)| chosen).collect())
}

/// The terms of the concepts that a text names: the concept itself, what is narrower, and, the less the farther up, what
/// is wider.
fn concepts(taxonomy: &Taxonomy, folded: &str, weights: &Weights) -> HashMap<String, f32> {
    let mut terms: HashMap<String, f32> = HashMap::new();
    let mut add = |term: String, weight: f32| {
        if weight > 0.0 {
            let entry = terms.entry(term).or_default();
            *entry = entry.max(weight);
        }
    };
    for mention in taxonomy.find(folded) {
        let ambiguous = mention.concepts.len() as f32;
        for concept in mention.concepts {
            let mut share = 1.0 / ambiguous;
            add(taxonomy.code(concept).to_string(), share);
            add(wider_term(taxonomy.code(concept)), share * weights.narrower);
            for wider in taxonomy.ancestors(concept) {
                share *= weights.wider;
                add(taxonomy.code(*wider).to_string(), share);
                add(wider_term(taxonomy.code(*wider)), share * weights.narrower);
            }
        }
    }
    terms
}

/// Scores every allowed document (only those that speak for a party, if so asked) and keeps the best, best first, ties
/// by id.
fn best_documents(
    snapshot: &Snapshot,
    pool: &Pool,
    weights: &Weights,
    chosen: &[Chosen],
    allowed: &[Bits],
    speakers: Speakers,
) -> Result<Vec<(Address, f32)>, EngineError> {
    let lengths = LengthTables::new(&snapshot.mean_lengths, &weights.fields);
    let mut best = Vec::new();
    for (number, segment) in snapshot.segments.iter().enumerate() {
        let allowed = &allowed[number];
        if allowed.is_empty() {
            continue;
        }
        let mut scores = Scores::new(pool, segment);
        for chosen in chosen {
            for (inverse, located) in chosen.inverse.into_iter().zip(&chosen.located) {
                if let Some(info) = &located.infos[number] {
                    let factor = inverse * chosen.term.weight;
                    lengths.add(segment, located.field, info, factor, &mut scores.values, None)?;
                }
            }
        }
        let mut top = Best::new(weights.documents);
        allowed.for_each(|document| {
            let score = scores.values[document as usize];
            let speaks = || speakers == Speakers::Anybody || !segment.tables.parties.of(document).is_empty();
            if score > 0.0 && top.wants(ordered(score)) && speaks() {
                top.offer(ordered(score), document, segment);
            }
        });
        for document in top.finish() {
            best.push((Address { segment: number, document }, scores.values[document as usize]));
        }
    }
    if snapshot.segments.len() > 1 {
        let mut named = Vec::with_capacity(best.len());
        for (address, score) in best {
            named.push((score, snapshot.segments[address.segment].id(address.document)?, address));
        }
        named.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
        named.truncate(weights.documents);
        best = named.into_iter().map(|(score, _, address)| (address, score)).collect();
    }
    Ok(best)
}

/// The parties whose profile meets the conditions on the party; `None` when there are none.
fn admitted_parties(snapshot: &Snapshot, request: &MatchRequest) -> Result<Option<Bits>, EngineError> {
    if request.party_filters == Filters::default() {
        return Ok(None);
    }
    let mut admitted = Bits::empty(snapshot.parties.count() as u32);
    for segment in &snapshot.segments {
        for document in audience::allowed(segment, &request.reader, &request.party_filters)?.iter() {
            if source_of(segment.tables.sources[document as usize]) == Source::Profile {
                for party in segment.tables.parties.of(document) {
                    admitted.insert(*party);
                }
            }
        }
    }
    Ok(Some(admitted))
}

/// Parties named by breadth alone at most.
const MOST_BROAD_PARTIES: usize = 1_000;

/// What all documents of a party say together: BM25 over the party as if its documents were one, where a term counts
/// once for each document. It finds the party that works in the field without one document that says it all.
fn breadth(
    snapshot: &Snapshot,
    weights: &Weights,
    chosen: &[Chosen],
    allowed: &[Bits],
) -> Result<Vec<(u32, f32, f32)>, EngineError> {
    let facts = snapshot.party_facts();
    let mut sums = vec![[0.0f32; 2]; facts.sizes.len()];
    let mut counts = vec![0.0f32; facts.sizes.len()];
    let mut touched: Vec<u32> = Vec::new();
    // The number of the last term that a public document of the party held.
    let mut public: Vec<u32> = vec![0; facts.sizes.len()];
    let mut everyone: Vec<u32> = Vec::new();
    let mut postings_left = weights.breadth_postings;
    // (words + prior) / (mean + prior), with the words as a multiple of the mean.
    let sure_share = facts.mean_words / (facts.mean_words + weights.focus_prior);
    let broad = |chosen: &&Chosen| chosen.term.kind != TermKind::Concept || weights.broad_concepts;
    for (number_of_term, chosen) in (1u32..).zip(chosen.iter().filter(broad)) {
        touched.clear();
        let mut public_parties = 0u64;
        // Decided by the public frequency, so that neither hidden documents nor the merge state have a say.
        let postings: u64 = chosen.located.iter().map(|located| located.frequency).sum();
        if postings > postings_left {
            continue;
        }
        postings_left -= postings;
        for located in &chosen.located {
            let step = weights.fields.weights[located.field as usize];
            for (number, (segment, allowed)) in snapshot.segments.iter().zip(allowed).enumerate() {
                let Some(info) = &located.infos[number] else { continue };
                let mut postings = open_postings(segment, located.field, info, IndexRecordOption::Basic)?;
                while postings.block_len() > 0 {
                    for document in postings.docs().iter().filter(|document| allowed.contains(**document)) {
                        let open = segment.open.as_ref().is_none_or(|open| open.contains(*document));
                        for party in segment.tables.parties.of(*document) {
                            let index = *party as usize;
                            let (Some(count), Some(last)) = (counts.get_mut(index), public.get_mut(index)) else {
                                continue;
                            };
                            if open && *last != number_of_term {
                                *last = number_of_term;
                                public_parties += 1;
                            }
                            if *count == 0.0 {
                                touched.push(*party);
                            }
                            *count += step;
                        }
                    }
                    postings.advance();
                }
            }
        }
        // Rare among documents, and rare among parties: what many documents of few parties say tells them apart.
        let rare = inverse_frequency(facts.speaking, public_parties).powf(weights.party_rarity);
        let factor = chosen.term.weight * chosen.inverse[0].max(chosen.inverse[1]) * rare;
        for party in &touched {
            let index = *party as usize;
            let size = facts.sizes[index];
            let length = weights.breadth_saturation * (1.0 - weights.breadth_length + weights.breadth_length * size);
            let sure = sure_share * size + (1.0 - sure_share);
            let full_length = weights.focus_saturation * (1.0 - weights.focus_length + weights.focus_length * sure);
            let count = counts[index];
            if sums[index][0] == 0.0 {
                everyone.push(*party);
            }
            sums[index][0] += factor * count / (count + length);
            sums[index][1] += factor * count / (count + full_length);
            counts[index] = 0.0;
        }
    }
    let mut broad: Vec<(u32, f32, f32)> =
        everyone.into_iter().map(|party| (party, sums[party as usize][0], sums[party as usize][1])).collect();
    if broad.len() > MOST_BROAD_PARTIES {
        // Those above the first one too many: equals at the edge go together, whatever their numbers.
        broad.select_nth_unstable_by(MOST_BROAD_PARTIES, |left, right| right.1.total_cmp(&left.1));
        let edge = broad[MOST_BROAD_PARTIES].1;
        broad.retain(|(_, breadth, _)| *breadth > edge);
    }
    Ok(broad)
}

/// Parties that stand with the seeker in public records of work.
fn past_partners(
    snapshot: &Snapshot,
    seeker: &str,
    excluded: &[String],
    documents: &[(Address, f32)],
    weights: &Weights,
) -> Result<HashMap<u32, f32>, EngineError> {
    let relevance: HashMap<(usize, u32), f32> =
        documents.iter().map(|(address, score)| ((address.segment, address.document), *score)).collect();
    let loudest = relevance.values().copied().fold(f32::MIN_POSITIVE, f32::max);
    // Whole numbers, so that the sum does not depend on the order of the records.
    let mut past: HashMap<u32, u64> = HashMap::new();
    for (number, segment) in snapshot.segments.iter().enumerate() {
        let mut records = Bits::empty(segment.documents());
        segment.documents_with(fields().party, seeker, &mut records)?;
        if let Some(open) = &segment.open {
            records.and(open);
        }
        if !excluded.is_empty() {
            records.and_not(&audience::any_of(segment, fields().id, excluded)?);
        }
        for document in records.iter() {
            if segment.tables.sources[document as usize] != SOURCE_RECORD {
                continue;
            }
            let members = segment.tables.parties.of(document);
            let near = relevance.get(&(number, document)).copied().unwrap_or(0.0) / loudest;
            let share = (1.0 + weights.partners_topic * near)
                / (members.len().max(2) as f32 - 1.0).powf(weights.partners_sharing);
            for party in members {
                *past.entry(*party).or_default() += (f64::from(share) * PAST_UNIT) as u64;
            }
        }
    }
    Ok(past.into_iter().map(|(party, sum)| (party, (sum as f64 / PAST_UNIT) as f32)).collect())
}

/// Parts of one in the sum over common records.
const PAST_UNIT: f64 = 4_294_967_296.0;
