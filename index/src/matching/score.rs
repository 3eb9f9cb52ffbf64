//! The score of a party: parts between 0 and 1 and one table of weights. Pure.

use crate::document::Source;
use crate::kernel::FieldWeights;
use crate::matching::recall::{Evidence, Recalled};

/// Every number that decides a match. One table, the same for every deployment and every judged set.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// BM25 by field.
    pub fields: FieldWeights,
    /// What the text of a question weighs beside its title.
    pub question_text: f32,
    /// How much a repeated word of the query counts: `1 + repetition · ln(count)`.
    pub repetition: f32,
    /// Power of the inverse frequency of a term.
    pub rarity: f32,
    /// What a narrower concept counts beside the one that was named.
    pub narrower: f32,
    /// What a wider concept counts beside the one below it.
    pub wider: f32,
    /// Whether concepts count for breadth and focus.
    pub broad_concepts: bool,
    /// Terms of the query that are looked up at most.
    pub chosen_terms: usize,
    /// Documents that may speak at most.
    pub documents: usize,
    /// Documents that speak for one party at most, by source.
    pub voices: usize,
    /// What each further document of a party counts beside the one before it, 0 to 1.
    pub decay: f32,
    /// Power of a document's score beside the best one: more than 1 lets near matches speak louder.
    pub sharpness: f32,
    /// Power of the number of members by which a shared record's voice is divided.
    pub sharing: f32,
    /// Years after which a record counts half.
    pub half_life: f32,
    /// Postings that are read for the breadth of parties at most; the terms that say most come first.
    pub breadth_postings: u64,
    /// Power of a term's inverse frequency among parties, beside the one among documents.
    pub party_rarity: f32,
    /// Saturation and weight of length when all documents of a party are taken as one.
    pub breadth_saturation: f32,
    pub breadth_length: f32,
    /// The same for the focus of a party.
    pub focus_saturation: f32,
    pub focus_length: f32,
    /// Words that every party is taken to have beside its own, so that a party with little text is not called focused.
    pub focus_prior: f32,
    /// How much more a common record counts that is near the text.
    pub partners_topic: f32,
    /// Power of the other members by which a common record is divided.
    pub partners_sharing: f32,
    /// Weights of the parts.
    pub profile: f32,
    pub offer: f32,
    pub record: f32,
    pub breadth: f32,
    pub focus: f32,
    pub partners: f32,
    pub activity: f32,
    /// Added to the weight of activity where the seeker has a past: who has worked together keeps to who does so often.
    pub activity_with_past: f32,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights {
            fields: FieldWeights {
                weights: [1.0, 1.6, 0.18, 0.09, 0.35, 0.2],
                length: [0.7, 0.4, 0.7, 0.4, 0.7, 0.3],
                ..FieldWeights::default()
            },
            question_text: 0.5,
            repetition: 0.7,
            rarity: 1.2,
            narrower: 0.1,
            wider: 0.5,
            broad_concepts: true,
            chosen_terms: 64,
            documents: 2_000,
            voices: 7,
            decay: 0.7,
            sharpness: 2.6,
            sharing: 0.0,
            half_life: 14.0,
            breadth_postings: 50_000,
            party_rarity: 0.5,
            breadth_saturation: 0.3,
            breadth_length: 1.0,
            focus_saturation: 6.2,
            focus_length: 1.0,
            focus_prior: 130.0,
            partners_topic: 15.0,
            partners_sharing: 0.5,
            profile: 1.6,
            offer: 1.0,
            record: 0.8,
            breadth: 0.8,
            focus: 1.3,
            partners: 1.5,
            activity: 0.1,
            activity_with_past: 0.9,
        }
    }
}

/// Names of the parts, in the order of the answer.
pub const PARTS: [&str; PART_COUNT] = ["profile", "offers", "records", "breadth", "focus", "partners", "activity"];

const PART_COUNT: usize = 7;
/// The first of them are made of single documents.
const VOICE_PARTS: usize = 3;

/// One party with its total and its parts.
pub(crate) struct Scored {
    pub(crate) party: u32,
    pub(crate) total: f32,
    pub(crate) parts: [(&'static str, f32); PART_COUNT],
}

/// Scores every recalled party. Each part is divided by the largest of the answer, so it lies between 0 and 1;
/// totals compare within one answer only.
pub(crate) fn score(recalled: &Recalled, weights: &Weights) -> Vec<Scored> {
    let loudest =
        recalled.parties.iter().flat_map(|(_, evidence)| &evidence.voices).map(|voice| voice.score).fold(0.0, f32::max);
    let mut buffer = Vec::new();
    let mut raw: Vec<(u32, [f32; PART_COUNT])> = recalled
        .parties
        .iter()
        .map(|(party, evidence)| (party, parts(evidence, loudest, weights, &mut buffer)))
        .collect();
    raw.sort_unstable_by_key(|(party, _)| *party);
    let mut largest = [0.0f32; PART_COUNT];
    for (_, parts) in &raw {
        for (largest, part) in largest.iter_mut().zip(parts) {
            *largest = largest.max(*part);
        }
    }
    // What single documents say is on one scale, whatever their source: a party's name that shares two letters with the
    // question does not weigh like the best record of work because no other name shares three.
    let loudest_part = largest[..VOICE_PARTS].iter().copied().fold(0.0, f32::max);
    largest[..VOICE_PARTS].fill(loudest_part);
    let table = [
        weights.profile,
        weights.offer,
        weights.record,
        weights.breadth,
        weights.focus,
        weights.partners,
        weights.activity + if recalled.past { weights.activity_with_past } else { 0.0 },
    ];
    raw.into_iter()
        .map(|(party, raw)| {
            let mut total = 0.0;
            let mut parts = [("", 0.0); PART_COUNT];
            for index in 0..PART_COUNT {
                let part = if largest[index] > 0.0 { raw[index] / largest[index] } else { 0.0 };
                parts[index] = (PARTS[index], part);
                total += table[index] * part;
            }
            Scored { party, total, parts }
        })
        .collect()
}

fn parts(evidence: &Evidence, loudest: f32, weights: &Weights, buffer: &mut Vec<f32>) -> [f32; PART_COUNT] {
    let mut collect = |source| collect(evidence, source, loudest, weights, buffer);
    [
        collect(Source::Profile),
        collect(Source::Offer),
        collect(Source::Record),
        evidence.breadth,
        evidence.focus,
        (1.0 + evidence.past).ln(),
        (1.0 + evidence.records as f32).ln(),
    ]
}

/// The capped sum of the best documents of one source: `Σ decayⁱ · (score / loudest)^sharpness`, best first.
fn collect(evidence: &Evidence, source: Source, loudest: f32, weights: &Weights, voices: &mut Vec<f32>) -> f32 {
    if loudest <= 0.0 {
        return 0.0;
    }
    voices.clear();
    for voice in evidence.voices.iter().filter(|voice| voice.source == source) {
        let mut loudness = (voice.score / loudest).powf(weights.sharpness);
        if source == Source::Record {
            loudness /= (voice.members.max(1) as f32).powf(weights.sharing);
            if let Some(age) = voice.age {
                loudness *= 0.5f32.powf(age / weights.half_life);
            }
        }
        voices.push(loudness);
    }
    voices.sort_unstable_by(|left, right| right.total_cmp(left));
    let mut share = 1.0;
    let mut sum = 0.0;
    for voice in voices.iter().take(weights.voices) {
        sum += share * voice;
        share *= weights.decay;
    }
    sum
}
