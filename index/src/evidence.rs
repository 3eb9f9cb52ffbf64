//! Where a text shows the terms of a query: spans to highlight, and the sentence that says most.
//!
//! Offsets are code points into the text as stored.

mod sought;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use sought::{Prepared, Sought, SoughtGram};

use crate::analysis::normalise::{Folded, normalise_with_sources};
use crate::analysis::segment::{grams, words_in};
use crate::matching::lines::clauses_of;
use crate::taxonomy::Taxonomy;

/// The analysed terms of a query with their weights.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Terms {
    words: FxHashMap<String, f32>,
    grams: HashMap<String, f32>,
    /// 2-grams that are a whole run of the query: they count alone.
    wholes: HashSet<String>,
    /// Concepts by code, and the tree that says how they are named.
    concepts: HashMap<String, f32>,
    taxonomy: Known,
    prepared: Prepared,
}

/// The tree that the query was understood with. Terms are compared by what they look for.
#[derive(Debug, Clone, Default)]
struct Known(Option<Arc<Taxonomy>>);

impl PartialEq for Known {
    fn eq(&self, other: &Known) -> bool {
        self.0.as_ref().map(|tree| tree.digest()) == other.0.as_ref().map(|tree| tree.digest())
    }
}

impl Terms {
    pub(crate) fn add_word(&mut self, term: &str, weight: f32) {
        self.prepared.forget();
        let entry = self.words.entry(term.to_string()).or_default();
        *entry = entry.max(weight);
    }

    pub(crate) fn add_gram(&mut self, term: &str, weight: f32, whole: bool) {
        self.prepared.forget();
        let entry = self.grams.entry(term.to_string()).or_default();
        *entry = entry.max(weight);
        if whole {
            self.wholes.insert(term.to_string());
        }
    }

    /// A concept shows wherever a text names it or a narrower one.
    pub(crate) fn add_concept(&mut self, taxonomy: &Arc<Taxonomy>, code: &str, weight: f32) {
        self.prepared.forget();
        let entry = self.concepts.entry(code.to_string()).or_default();
        *entry = entry.max(weight);
        if self.taxonomy.0.is_none() {
            self.taxonomy = Known(Some(Arc::clone(taxonomy)));
        }
    }

    /// The words with their weights, in order of the words.
    pub fn words(&self) -> Vec<(&str, f32)> {
        sorted(&self.words)
    }

    /// The 2-grams with their weights, in order of the 2-grams.
    pub fn grams(&self) -> Vec<(&str, f32)> {
        sorted(&self.grams)
    }

    /// The same, ready to be looked for in texts; made once.
    fn sought(&self) -> &Sought {
        self.prepared.get(|| Sought::new(self))
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.grams.is_empty() && self.concepts.is_empty()
    }
}

fn sorted<S>(terms: &HashMap<String, f32, S>) -> Vec<(&str, f32)> {
    let mut sorted: Vec<(&str, f32)> = terms.iter().map(|(term, weight)| (term.as_str(), *weight)).collect();
    sorted.sort_by(|left, right| left.0.cmp(right.0));
    sorted
}

/// The sentence of a text that shows most of a query.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sentence {
    /// First code point, and one past the last, in the stored text.
    pub start: usize,
    pub end: usize,
    pub text: String,
    /// Sum of the weights of the distinct terms it shows; comparable within one query only.
    pub weight: f32,
    /// What to highlight, code points into the stored text (not into the sentence).
    pub spans: Vec<(usize, usize)>,
}

/// Longest sentence that is answered, in code points; longer ones are cut at a window around the hits.
const LONGEST_SENTENCE: usize = 200;
/// A 2-gram says less than a word.
const GRAM_SHARE: f32 = 0.3;

/// One place that shows a term.
struct Found<'terms> {
    start: usize,
    end: usize,
    term: &'terms str,
    weight: f32,
}

/// The spans of a text that show terms of the query: sorted, merged, never overlapping.
pub fn spans(text: &str, terms: &Terms) -> Vec<(usize, usize)> {
    merged(find(text, terms).iter().map(|found| (found.start, found.end)).collect())
}

/// The sentence with the highest sum of distinct term weights (the first of equals); `None` if no term shows.
pub fn best_sentence(text: &str, terms: &Terms) -> Option<Sentence> {
    let found = find(text, terms);
    let characters: Vec<char> = text.chars().collect();
    let mut best: Option<Showing<'_, '_>> = None;
    for showing in showings(&characters, &found) {
        if best.as_ref().is_none_or(|best| showing.weight > best.weight) {
            best = Some(showing);
        }
    }
    best.map(|best| best.sentence(&characters, |_| true))
}

/// What a text says for a query, and how much of what it shows it denies.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The sentence that states most of the query; none if the text only denies it.
    pub sentence: Option<Sentence>,
    /// What the best sentence shows, stated or denied: at least the weight of `sentence`.
    pub weight: f32,
}

/// As [`best_sentence`], but clauses that deny what they name (「封止はしていない」, "we do not coat") say nothing for the
/// query. `None` if no term shows.
pub fn best_statement(text: &str, terms: &Terms) -> Option<Statement> {
    let found = find(text, terms);
    let characters: Vec<char> = text.chars().collect();
    let mut showings: Vec<Showing<'_, '_>> = showings(&characters, &found).collect();
    showings.sort_by(|left, right| right.weight.total_cmp(&left.weight));
    let weight = showings.first()?.weight;
    let mut best: Option<Sentence> = None;
    for showing in showings {
        if best.as_ref().is_some_and(|best| best.weight >= showing.weight) {
            break;
        }
        let sentence: String = characters[showing.start..showing.end].iter().collect();
        let clauses = clauses_of(&sentence);
        let stated = match clauses.iter().any(|(_, denies)| *denies) {
            false => None,
            true => Some(stated_terms(&clauses, terms)),
        };
        let candidate =
            showing.sentence(&characters, |term| stated.as_ref().is_none_or(|stated| stated.contains(term)));
        if candidate.weight > best.as_ref().map_or(0.0, |best| best.weight) {
            best = Some(candidate);
        }
    }
    Some(Statement { sentence: best, weight })
}

/// The terms in the clauses that do not deny.
fn stated_terms<'terms>(clauses: &[(String, bool)], terms: &'terms Terms) -> HashSet<&'terms str> {
    let stated = clauses.iter().filter(|(_, denies)| !denies);
    stated.flat_map(|(text, _)| find(text, terms)).map(|found| found.term).collect()
}

/// A sentence that shows terms.
struct Showing<'found, 'terms> {
    start: usize,
    end: usize,
    found: &'found [Found<'terms>],
    weight: f32,
}

impl Showing<'_, '_> {
    fn sentence(&self, characters: &[char], counts: impl Fn(&str) -> bool) -> Sentence {
        let counted = || self.found.iter().filter(|found| counts(found.term));
        let inside = counted().filter(|found| found.end <= self.end).map(|found| (found.start, found.end)).collect();
        Sentence {
            start: self.start,
            end: self.end,
            text: characters[self.start..self.end].iter().collect(),
            weight: distinct_weight(counted()),
            spans: merged(inside),
        }
    }
}

/// The sentences of a text in which terms were found, in order.
fn showings<'found, 'terms>(
    characters: &[char],
    found: &'found [Found<'terms>],
) -> impl Iterator<Item = Showing<'found, 'terms>> {
    let mut next = 0;
    let pieces = if found.is_empty() { Vec::new() } else { pieces(characters) };
    pieces.into_iter().filter_map(move |(start, end)| {
        let first = next;
        while next < found.len() && found[next].start < end {
            next += 1;
        }
        let found = &found[first..next];
        let weight = distinct_weight(found.iter());
        (weight > 0.0).then_some(Showing { start, end, found, weight })
    })
}

fn distinct_weight<'found, 'terms: 'found>(found: impl Iterator<Item = &'found Found<'terms>>) -> f32 {
    let mut seen = FxHashSet::default();
    found.filter(|found| seen.insert(found.term)).map(|found| found.weight).sum()
}

/// Sentences as ranges of code points, without the white space around them, none longer than the limit.
fn pieces(characters: &[char]) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (index, character) in characters.iter().enumerate() {
        let next_is_space = characters.get(index + 1).is_none_or(|next| next.is_whitespace());
        let ends = match character {
            '\n' | '\r' | '。' | '．' | '！' | '？' => true,
            '.' | '!' | '?' => next_is_space,
            // A long sentence is cut at the comma nearest before the limit, or at the limit.
            '、' | '，' | ',' | ';' | ' ' | '\u{3000}' => index + 1 - start > LONGEST_SENTENCE * 2 / 3,
            _ => index + 1 - start >= LONGEST_SENTENCE,
        };
        if ends {
            push_piece(characters, start, index + 1, &mut pieces);
            start = index + 1;
        }
    }
    push_piece(characters, start, characters.len(), &mut pieces);
    pieces
}

fn push_piece(characters: &[char], mut start: usize, mut end: usize, pieces: &mut Vec<(usize, usize)>) {
    while start < end && characters[start].is_whitespace() {
        start += 1;
    }
    while end > start && characters[end - 1].is_whitespace() {
        end -= 1;
    }
    if start < end {
        pieces.push((start, end));
    }
}

fn find<'terms>(text: &str, terms: &'terms Terms) -> Vec<Found<'terms>> {
    if terms.is_empty() {
        return Vec::new();
    }
    let length = text.chars().count();
    let folded = normalise_with_sources(text);
    let place = Places::new(&folded, length);
    let mut found = Vec::new();
    if !terms.words.is_empty() {
        let mut character = 0;
        let mut byte = 0;
        for word in words_in(&folded.text, |run| terms.sought().may_show(run)) {
            let Some((term, weight)) = terms.words.get_key_value(word.term.as_ref()) else { continue };
            if word.range.start < byte {
                (character, byte) = (0, 0);
            }
            character += folded.text[byte..word.range.start].chars().count();
            byte = word.range.start;
            let last = character + folded.text[word.range.clone()].chars().count();
            let (start, end) = place.of(character, last);
            found.push(Found { start, end, term, weight: *weight });
        }
    }
    find_grams(&folded, terms, &place, &mut found);
    find_concepts(&folded, terms, &place, &mut found);
    found.sort_by_key(|found| (found.start, found.end));
    found
}

/// 2-grams count where at least two of them stand side by side, or where one is a whole run of the query.
fn find_grams<'terms>(folded: &Folded, terms: &'terms Terms, place: &Places<'_>, found: &mut Vec<Found<'terms>>) {
    if terms.grams.is_empty() {
        return;
    }
    let sought = terms.sought();
    let mut hits: Vec<(usize, &'terms SoughtGram)> = Vec::new();
    grams(&folded.text, |gram| hits.extend(sought.gram(gram.characters).map(|known| (gram.position, known))));
    for (index, (position, gram)) in hits.iter().enumerate() {
        let beside = index.checked_sub(1).is_some_and(|before| hits[before].0 + 1 == *position)
            || hits.get(index + 1).is_some_and(|after| after.0 == position + 1);
        if beside || gram.whole {
            let (start, end) = place.of(*position, position + gram.term.chars().count());
            found.push(Found { start, end, term: &gram.term, weight: gram.weight * GRAM_SHARE });
        }
    }
}

/// Where the text names a concept of the query or a narrower one.
fn find_concepts<'terms>(folded: &Folded, terms: &'terms Terms, place: &Places<'_>, found: &mut Vec<Found<'terms>>) {
    let Some(taxonomy) = terms.taxonomy.0.as_deref().filter(|_| !terms.concepts.is_empty()) else { return };
    let sought = terms.sought();
    let (mut character, mut byte) = (0, 0);
    for mention in taxonomy.find(&folded.text) {
        character += folded.text[byte..mention.range.start].chars().count();
        byte = mention.range.start;
        let last = character + folded.text[mention.range.clone()].chars().count();
        let named =
            mention.concepts.iter().flat_map(|concept| std::iter::once(concept).chain(taxonomy.ancestors(*concept)));
        let known = named.filter_map(|number| sought.concept(*number));
        if let Some((term, weight)) = known.max_by(|left, right| left.1.total_cmp(&right.1)) {
            let (start, end) = place.of(character, last);
            found.push(Found { start, end, term, weight });
        }
    }
}

/// From characters of the folded text to code points of the stored one.
struct Places<'folded> {
    sources: &'folded [u32],
    length: usize,
}

impl Places<'_> {
    fn new(folded: &Folded, length: usize) -> Places<'_> {
        Places { sources: &folded.sources, length }
    }

    fn of(&self, first: usize, end: usize) -> (usize, usize) {
        let start = self.sources.get(first).map_or(self.length, |source| *source as usize);
        let Some(last) = self.sources.get(end.saturating_sub(1)) else { return (start.min(self.length), self.length) };
        let after = self.sources[end.min(self.sources.len())..].iter().find(|source| *source > last);
        (start, after.map_or(self.length, |source| *source as usize))
    }
}

fn merged(mut spans: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    spans.sort_unstable();
    let mut result: Vec<(usize, usize)> = Vec::with_capacity(spans.len());
    for (start, end) in spans {
        match result.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => result.push((start, end)),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(words: &[&str], grams: &[&str]) -> Terms {
        let mut terms = Terms::default();
        for word in words {
            terms.add_word(word, 1.0);
        }
        for gram in grams {
            terms.add_gram(gram, 1.0, false);
        }
        terms
    }

    #[test]
    fn spans_are_in_the_stored_text() {
        assert_eq!(spans("㈱ＳＩＬＫ照明", &terms(&["silk"], &[])), [(1, 5)]);
        assert_eq!(spans("薄膜の封止膜", &terms(&[], &["封止", "止膜"])), [(3, 6)]);
        assert_eq!(spans("止膜だけ", &terms(&[], &["封止", "止膜"])), []);
    }

    #[test]
    fn the_sentence_that_says_most() {
        let text = "会社の紹介です。薄膜の封止と評価を受託します。お問い合わせください。";
        let sentence = best_sentence(text, &terms(&["封止", "評価"], &[])).unwrap();
        assert_eq!(sentence.text, "薄膜の封止と評価を受託します。");
        assert_eq!((sentence.start, sentence.spans.len()), (8, 2));
        assert!(best_sentence(text, &terms(&["発酵"], &[])).is_none());
    }

    #[test]
    fn what_is_denied_says_nothing_for_a_query() {
        let query = terms(&["太陽電池", "塗布", "封止"], &[]);
        let says = |text: &str| best_statement(text, &query).unwrap();
        let denied = says("太陽電池と塗布の仕事はしていない。");
        assert!(denied.sentence.is_none() && denied.weight > 0.0, "{denied:?}");
        let half = says("太陽電池の封止を行うが、塗布はできない。");
        let sentence = half.sentence.unwrap();
        assert!(sentence.weight < half.weight, "{sentence:?}");
        assert_eq!(sentence.spans, [(0, 4), (5, 7)]);
        let elsewhere = says("封止は外注している。塗布を受託します。");
        assert_eq!(elsewhere.sentence.unwrap().text, "塗布を受託します。");
        assert!(best_statement("発酵のみ。", &query).is_none());
    }
}
