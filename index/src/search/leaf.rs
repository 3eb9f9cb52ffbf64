//! One run of text in the index: the documents with its words, or with its 2-grams.

use tantivy::postings::Postings;
use tantivy::schema::{IndexRecordOption, Term};
use tantivy::{DocSet, TERMINATED};

use crate::bits::Bits;
use crate::error::EngineError;
use crate::query::plan::{Leaf, PhrasePlan, Planned};
use crate::schema::{TextField, fields};
use crate::snapshot::{Segment, Snapshot, damaged};

/// Added to a document whose code is the word.
const CODE_BONUS: f32 = 200.0;

/// The documents that name a concept or a narrower one.
pub(super) fn of_concept(
    snapshot: &Snapshot,
    number: usize,
    planned: &[Planned; 2],
    scores: &mut [f32],
) -> Result<Bits, EngineError> {
    let mut seen = Bits::empty(snapshot.segments[number].documents());
    for planned in planned {
        for place in 0..planned.located.len() {
            add(snapshot, number, planned, place, scores, &mut seen)?;
        }
    }
    Ok(seen)
}

/// The documents with all the words, or with all the 2-grams and those words that no 2-gram holds; relaxed, those with
/// one of the words, which for a longer Japanese word means all of its 2-grams.
pub(super) fn documents(
    snapshot: &Snapshot,
    number: usize,
    leaf: &Leaf,
    relaxed: bool,
    scores: &mut [f32],
) -> Result<Bits, EngineError> {
    let segment = &snapshot.segments[number];
    let documents = segment.documents();
    let mut any = Bits::empty(documents);
    let mut by_words: Option<Bits> = None;
    let mut apart: Option<Bits> = None;
    for planned in &leaf.words {
        let mut seen = Bits::empty(documents);
        for place in 0..planned.located.len() {
            add(snapshot, number, planned, place, scores, &mut seen)?;
        }
        if relaxed {
            any.or(&seen);
        }
        if planned.apart {
            intersect(&mut apart, seen.clone());
        }
        if !planned.optional {
            intersect(&mut by_words, seen);
        }
    }
    let mut by_grams: [Option<Bits>; 2] = [None, None];
    // By place and word.
    let mut within: Vec<((usize, usize), Option<Bits>)> = Vec::new();
    for planned in &leaf.grams {
        for (place, by_grams) in by_grams.iter_mut().enumerate() {
            let mut seen = Bits::empty(documents);
            add(snapshot, number, planned, place, scores, &mut seen)?;
            if relaxed && planned.factors[place] > 0.0 {
                match planned.within {
                    None => any.or(&seen),
                    Some(word) => {
                        let key = (place, word);
                        let at = within.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
                            within.push((key, None));
                            within.len() - 1
                        });
                        intersect(&mut within[at].1, seen.clone());
                    }
                }
            }
            intersect(by_grams, seen);
        }
    }
    for whole in within.into_iter().filter_map(|(_, whole)| whole) {
        any.or(&whole);
    }
    let mut selected = if let Some(phrase) = &leaf.phrase {
        phrase_bits(segment, phrase)?
    } else if relaxed {
        any
    } else {
        let mut selected = by_words.unwrap_or_else(|| Bits::empty(documents));
        for mut bits in by_grams.into_iter().flatten() {
            if let Some(apart) = &apart {
                bits.and(apart);
            }
            selected.or(&bits);
        }
        selected
    };
    if let Some(single) = &leaf.single {
        add_beginnings(segment, single, &mut selected)?;
    }
    if let Some(code) = &leaf.code {
        let mut coded = Bits::empty(documents);
        segment.documents_with(fields().code, code, &mut coded)?;
        for document in coded.iter() {
            scores[document as usize] += CODE_BONUS;
        }
        selected.or(&coded);
    }
    Ok(selected)
}

/// Adds the documents with a term in its title field (place 0) or its body field (1), and raises their scores.
fn add(
    snapshot: &Snapshot,
    number: usize,
    planned: &Planned,
    place: usize,
    scores: &mut [f32],
    seen: &mut Bits,
) -> Result<(), EngineError> {
    let located = &planned.located[place];
    let Some(info) = &located.infos[number] else { return Ok(()) };
    let factor = planned.factors[place];
    snapshot.lengths.add(&snapshot.segments[number], located.field, info, factor, scores, Some(seen))
}

pub(super) fn intersect(all: &mut Option<Bits>, bits: Bits) {
    match all.as_mut() {
        Some(all) => all.and(&bits),
        None => *all = Some(bits),
    }
}

/// Adds the documents with a 2-gram that begins with this character.
fn add_beginnings(segment: &Segment, character: &str, selected: &mut Bits) -> Result<(), EngineError> {
    for field in [TextField::TitleGrams, TextField::BodyGrams] {
        let inverted = segment.text(field);
        let mut stream = inverted.terms().range().ge(character).into_stream().map_err(damaged)?;
        // As many as there are second characters: no limit is needed.
        while stream.advance() && stream.key().starts_with(character.as_bytes()) {
            let mut postings = inverted
                .read_block_postings_from_terminfo(stream.value(), IndexRecordOption::Basic)
                .map_err(damaged)?;
            while postings.block_len() > 0 {
                selected.insert_all(postings.docs());
                postings.advance();
            }
        }
    }
    Ok(())
}

/// Documents where the Latin words of the phrase follow each other and its 2-grams stand at their distances, both in
/// titles or both in bodies. 2-grams stand at character places, so this is the exact text of the folded phrase.
fn phrase_bits(segment: &Segment, phrase: &PhrasePlan) -> Result<Bits, EngineError> {
    let mut all = Bits::empty(segment.documents());
    for (word_field, gram_field) in
        [(TextField::TitleWords, TextField::TitleGrams), (TextField::BodyWords, TextField::BodyGrams)]
    {
        let mut here: Option<Bits> = None;
        if !phrase.words.is_empty() {
            intersect(&mut here, adjacent(segment, word_field, &phrase.words)?);
        }
        if !phrase.grams.is_empty() {
            intersect(&mut here, adjacent(segment, gram_field, &phrase.grams)?);
        }
        if let Some(here) = here {
            all.or(&here);
        }
    }
    Ok(all)
}

fn adjacent(segment: &Segment, field: TextField, terms: &[(String, u32)]) -> Result<Bits, EngineError> {
    let mut bits = Bits::empty(segment.documents());
    let inverted = segment.text(field);
    let mut postings = Vec::with_capacity(terms.len());
    for (term, place) in terms {
        let term = Term::from_field_text(fields().text(field), term);
        let Some(found) = inverted.read_postings(&term, IndexRecordOption::WithFreqsAndPositions).map_err(damaged)?
        else {
            return Ok(bits);
        };
        postings.push((found, *place));
    }
    // The rarest term leads.
    postings.sort_by_key(|(postings, _)| postings.doc_freq());
    let Some(((leader, leader_place), others)) = postings.split_first_mut() else { return Ok(bits) };
    let (mut starts, mut positions) = (Vec::new(), Vec::new());
    let mut document = leader.doc();
    'documents: while document != TERMINATED {
        for (other, _) in others.iter_mut() {
            if other.doc() < document {
                other.seek(document);
            }
            if other.doc() != document {
                document = leader.advance();
                continue 'documents;
            }
        }
        leader.positions(&mut starts);
        let base = i64::from(*leader_place);
        let mut places: Vec<i64> = starts.iter().map(|position| i64::from(*position) - base).collect();
        for (other, place) in others.iter_mut() {
            other.positions(&mut positions);
            places.retain(|start| {
                u32::try_from(start + i64::from(*place)).is_ok_and(|wanted| positions.binary_search(&wanted).is_ok())
            });
            if places.is_empty() {
                break;
            }
        }
        if !places.is_empty() {
            bits.insert(document);
        }
        document = leader.advance();
    }
    Ok(bits)
}
