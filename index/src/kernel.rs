//! The one scorer: term at a time over tantivy's postings, BM25 for each field, into one `f32` for each document.
//!
//! BM25 (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework"): a term with public frequency `n` in a
//! field adds `w · ln(1 + (N − n + ½)/(n + ½)) · tf·(k₁+1) / (tf + k₁·(1 − b + b·length/mean))`.
//! Short queries, long queries and *similar* all go through here; nothing goes through tantivy's own collectors.

use std::sync::Mutex;

use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;

use crate::bits::Bits;
use crate::error::EngineError;
use crate::schema::{TEXT_FIELDS, TextField};
use crate::snapshot::{Segment, damaged, lock};

/// Saturation of term frequency and weight of length, by field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldWeights {
    /// Weights of title words, body words, title 2-grams, body 2-grams, title concepts, body concepts.
    pub weights: [f32; 6],
    /// `k₁`, the same for all fields.
    pub saturation: f32,
    /// `b` for each field, 0 to 1.
    pub length: [f32; 6],
}

impl Default for FieldWeights {
    fn default() -> FieldWeights {
        FieldWeights {
            weights: [1.0, 1.0, 0.15, 0.15, 0.3, 0.3],
            saturation: 1.4,
            length: [0.7, 0.3, 0.7, 0.3, 0.7, 0.3],
        }
    }
}

/// What a term is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum TermKind {
    Word,
    Gram,
    Concept,
}

/// A term to look up in the fields of its kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WeightedTerm {
    pub(crate) text: String,
    pub(crate) kind: TermKind,
    pub(crate) weight: f32,
}

impl WeightedTerm {
    pub(crate) fn fields(&self) -> [TextField; 2] {
        match self.kind {
            TermKind::Word => [TextField::TitleWords, TextField::BodyWords],
            TermKind::Gram => [TextField::TitleGrams, TextField::BodyGrams],
            TermKind::Concept => [TextField::TitleConcepts, TextField::BodyConcepts],
        }
    }
}

/// Inverse document frequency: `ln(1 + (N − n + ½)/(n + ½))`, never negative.
pub(crate) fn inverse_frequency(documents: u64, frequency: u64) -> f32 {
    let frequency = frequency.min(documents) as f64;
    (1.0 + (documents as f64 - frequency + 0.5) / (frequency + 0.5)).ln() as f32
}

/// Score buffers, kept between queries.
#[derive(Default)]
pub(crate) struct Pool {
    buffers: Mutex<Vec<Vec<f32>>>,
}

/// Buffers kept at most; beyond that they are freed.
const KEPT_BUFFERS: usize = 64;

impl Pool {
    fn take(&self, length: usize) -> Vec<f32> {
        let mut buffer = {
            let mut buffers = lock(&self.buffers);
            let fitting =
                buffers.iter().position(|buffer| buffer.capacity() >= length && buffer.capacity() <= 2 * length + 1024);
            fitting.map(|index| buffers.swap_remove(index)).unwrap_or_default()
        };
        buffer.clear();
        buffer.resize(length, 0.0);
        buffer
    }
}

/// The scores of one segment's documents.
pub(crate) struct Scores<'pool> {
    pub(crate) values: Vec<f32>,
    pool: &'pool Pool,
}

impl Drop for Scores<'_> {
    fn drop(&mut self) {
        let mut buffers = lock(&self.pool.buffers);
        if buffers.len() < KEPT_BUFFERS {
            buffers.push(std::mem::take(&mut self.values));
        }
    }
}

impl<'pool> Scores<'pool> {
    pub(crate) fn new(pool: &'pool Pool, segment: &Segment) -> Scores<'pool> {
        Scores { values: pool.take(segment.documents() as usize), pool }
    }
}

/// The part of BM25 that is fixed for a field of a snapshot: `k₁·(1 − b + b·length/mean)` for each norm number.
pub(crate) struct LengthTables {
    tables: [[f32; 256]; TEXT_FIELDS],
    weights: FieldWeights,
}

impl LengthTables {
    pub(crate) fn new(mean_lengths: &[f32; TEXT_FIELDS], weights: &FieldWeights) -> LengthTables {
        let mut tables = [[0.0; 256]; TEXT_FIELDS];
        for (field, table) in tables.iter_mut().enumerate() {
            for (norm, entry) in table.iter_mut().enumerate() {
                let length = tantivy::fieldnorm::FieldNormReader::id_to_fieldnorm(norm as u8) as f32;
                let share = weights.length[field];
                *entry = weights.saturation * (1.0 - share + share * length / mean_lengths[field]);
            }
        }
        LengthTables { tables, weights: *weights }
    }

    /// Adds one term's scores of one field to every document of a segment that holds it, and marks them in `seen`.
    ///
    /// `factor` is the term's weight times its inverse frequency in the field.
    pub(crate) fn add(
        &self,
        segment: &Segment,
        field: TextField,
        info: &TermInfo,
        factor: f32,
        scores: &mut [f32],
        mut seen: Option<&mut Bits>,
    ) -> Result<(), EngineError> {
        if factor == 0.0 {
            return mark(segment, field, info, seen);
        }
        let mut postings = open_postings(segment, field, info, IndexRecordOption::WithFreqs)?;
        let factor = factor * self.weights.weights[field as usize] * (self.weights.saturation + 1.0);
        let table = &self.tables[field as usize];
        let norms = segment.tables.norms[field as usize].as_slice();
        while postings.block_len() > 0 {
            let documents = postings.docs();
            for (document, frequency) in documents.iter().zip(postings.freqs()) {
                let index = *document as usize;
                let (Some(score), Some(norm)) = (scores.get_mut(index), norms.get(index)) else { continue };
                let frequency = *frequency as f32;
                *score += factor * frequency / (frequency + table[*norm as usize]);
            }
            if let Some(seen) = seen.as_deref_mut() {
                seen.insert_all(documents);
            }
            postings.advance();
        }
        Ok(())
    }
}

/// A term that selects and adds nothing: its frequencies are not read.
fn mark(segment: &Segment, field: TextField, info: &TermInfo, seen: Option<&mut Bits>) -> Result<(), EngineError> {
    let Some(seen) = seen else { return Ok(()) };
    let mut postings = open_postings(segment, field, info, IndexRecordOption::Basic)?;
    while postings.block_len() > 0 {
        seen.insert_all(postings.docs());
        postings.advance();
    }
    Ok(())
}

pub(crate) fn open_postings(
    segment: &Segment,
    field: TextField,
    info: &TermInfo,
    option: IndexRecordOption,
) -> Result<BlockSegmentPostings, EngineError> {
    segment.text(field).read_block_postings_from_terminfo(info, option).map_err(damaged)
}

/// A place in the index: segment and document of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) segment: usize,
    pub(crate) document: u32,
}

/// A number that orders like the score.
pub(crate) fn ordered(score: f32) -> i64 {
    let bits = score.to_bits() as i32;
    i64::from(bits ^ (((bits >> 31) as u32) >> 1) as i32)
}

/// Keeps the best `limit` of one segment by a key, ties by the smaller id (ordinals of a segment follow the ids).
pub(crate) struct Best {
    limit: usize,
    entries: Vec<(i64, u32, u32)>,
    threshold: i64,
}

impl Best {
    pub(crate) fn new(limit: usize) -> Best {
        Best { limit, entries: Vec::new(), threshold: i64::MIN }
    }

    #[inline]
    pub(crate) fn offer(&mut self, key: i64, document: u32, segment: &Segment) {
        if key < self.threshold || self.limit == 0 {
            return;
        }
        let ordinal = segment.tables.id_ordinals[document as usize];
        self.entries.push((key, ordinal, document));
        // The list grows to twice the limit, then the worse half goes: cheaper than a heap for large limits.
        if self.entries.len() >= self.limit * 2 + 16 {
            self.shrink();
        }
    }

    /// Whether a document with this key could be kept.
    #[inline]
    pub(crate) fn wants(&self, key: i64) -> bool {
        key >= self.threshold
    }

    fn shrink(&mut self) {
        if self.entries.len() > self.limit {
            self.entries.select_nth_unstable_by(self.limit - 1, order);
            self.entries.truncate(self.limit);
            self.threshold = self.entries[self.limit - 1].0;
        }
    }

    /// The kept documents, best first.
    pub(crate) fn finish(mut self) -> Vec<u32> {
        if self.limit == 0 {
            return Vec::new();
        }
        self.shrink();
        self.entries.sort_unstable_by(order);
        self.entries.into_iter().map(|(_, _, document)| document).collect()
    }
}

fn order(left: &(i64, u32, u32), right: &(i64, u32, u32)) -> std::cmp::Ordering {
    right.0.cmp(&left.0).then(left.1.cmp(&right.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordered_follows_the_score() {
        let scores = [-2.0, -0.5, -0.0, 0.0, 0.1, 7.5, 100.0];
        assert!(scores.windows(2).all(|pair| ordered(pair[0]) <= ordered(pair[1])));
    }

    #[test]
    fn inverse_frequency_never_negative() {
        assert!(inverse_frequency(10, 10) >= 0.0);
        assert!(inverse_frequency(10, 99) >= 0.0);
        assert!(inverse_frequency(0, 0) >= 0.0);
    }
}
