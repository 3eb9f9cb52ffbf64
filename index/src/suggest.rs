//! What a text that is being typed may become: names that begin with it, in kana, kanji, romaji and English, things that
//! are found with it, and concepts.

use std::collections::HashSet;

use tantivy::schema::IndexRecordOption;

use crate::analysis::names::name_key;
use crate::analysis::romaji::kana;
use crate::analysis::tokenizers::wider_term;
use crate::audience;
use crate::bits::Bits;
use crate::error::EngineError;
use crate::kernel::{Pool, open_postings};
use crate::request::{Hit, SearchRequest, SuggestAnswer, SuggestRequest};
use crate::schema::{TextField, fields};
use crate::search::{self, hit};
use crate::snapshot::{Segment, Snapshot, damaged};

/// Characters that are looked at.
const LONGEST_TEXT: usize = 64;
/// Names that begin with the text and show something are looked at up to this number, in each part of the index.
const MOST_NAMES: usize = 64;
/// Concepts that begin with the text and are looked for among what is shown.
const MOST_CONCEPTS: usize = 64;

pub(crate) fn run(snapshot: &Snapshot, pool: &Pool, request: &SuggestRequest) -> Result<SuggestAnswer, EngineError> {
    let text: String = request.text.chars().take(LONGEST_TEXT).collect();
    let key = name_key(&text);
    if key.is_empty() {
        return Ok(SuggestAnswer::default());
    }
    let mut keys = vec![key];
    keys.extend(kana(&keys[0]).filter(|kana| *kana != keys[0]));
    let mut named: Vec<(usize, Hit)> = Vec::new();
    let mut shown = Vec::with_capacity(snapshot.segments.len());
    for segment in &snapshot.segments {
        let visible = audience::allowed(segment, &request.reader, &request.filters)?;
        for key in &keys {
            add_names(segment, key, &visible, &mut named)?;
        }
        shown.push(visible);
    }
    // The shortest name first: the nearest to what was typed.
    named.sort_by(|left, right| left.0.cmp(&right.0).then_with(|| left.1.id.cmp(&right.1.id)));
    let mut seen = HashSet::new();
    let mut hits: Vec<Hit> = named.into_iter().map(|(_, hit)| hit).filter(|hit| seen.insert(hit.id.clone())).collect();
    hits.truncate(request.limit);
    if hits.len() < request.limit {
        let found = search::run(
            snapshot,
            pool,
            &SearchRequest {
                query: text.clone(),
                reader: request.reader.clone(),
                filters: request.filters.clone(),
                limit: request.limit,
                ..SearchRequest::default()
            },
        );
        // A text that is no query suggests nothing more.
        let found = match found {
            Ok(answer) if !answer.relaxed && !answer.nothing_asked && answer.corrected.is_none() => answer.hits,
            Ok(_) | Err(search::Refused::Query(_)) => Vec::new(),
            Err(search::Refused::Damaged) => return Err(EngineError::Damaged("while suggesting".to_string())),
        };
        hits.extend(found.into_iter().filter(|hit| seen.insert(hit.id.clone())));
        hits.truncate(request.limit);
    }
    let mut concepts = Vec::new();
    for code in snapshot.taxonomy.beginning_with(&text, MOST_CONCEPTS) {
        if concepts.len() < request.limit && is_named(snapshot, &shown, code)? {
            concepts.push(code.to_string());
        }
    }
    Ok(SuggestAnswer { hits, concepts })
}

/// Whether something that is shown names a concept, or a narrower one.
fn is_named(snapshot: &Snapshot, shown: &[Bits], code: &str) -> Result<bool, EngineError> {
    for term in [code, &wider_term(code)] {
        for field in [TextField::TitleConcepts, TextField::BodyConcepts] {
            let located = snapshot.locate(field, term)?;
            for ((segment, info), visible) in snapshot.segments.iter().zip(&located.infos).zip(shown) {
                let Some(info) = info else { continue };
                let mut postings = open_postings(segment, field, info, IndexRecordOption::Basic)?;
                while postings.block_len() > 0 {
                    if postings.docs().iter().any(|document| visible.contains(*document)) {
                        return Ok(true);
                    }
                    postings.advance();
                }
            }
        }
    }
    Ok(false)
}

fn add_names(segment: &Segment, key: &str, visible: &Bits, named: &mut Vec<(usize, Hit)>) -> Result<(), EngineError> {
    let inverted = segment.reader.inverted_index(fields().name)?;
    let mut stream = inverted.terms().range().ge(key.as_bytes()).into_stream().map_err(damaged)?;
    let mut shown = 0;
    while shown < MOST_NAMES && stream.advance() && stream.key().starts_with(key.as_bytes()) {
        let length = stream.key().len();
        let mut postings =
            inverted.read_block_postings_from_terminfo(stream.value(), IndexRecordOption::Basic).map_err(damaged)?;
        let before = named.len();
        while postings.block_len() > 0 {
            for document in postings.docs().iter().filter(|document| visible.contains(**document)) {
                named.push((length, hit(segment, *document, 0.0)?));
            }
            postings.advance();
        }
        // Names of hidden things do not use up the limit.
        shown += usize::from(named.len() > before);
    }
    Ok(())
}
