//! Where a text shows the terms of a query: spans to highlight, and the sentence that says most.
//!
//! Offsets are code points into the text as stored.

mod denied;
mod read;
mod sought;
mod texts;

pub use texts::{Asked, Texts};

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use sought::{Prepared, Sought, SoughtGram};

use crate::analysis::normalise::{Folded, normalise_with_sources};
use crate::analysis::segment::{Word, grams, words_in};
use crate::matching::lines::clauses_of;
use crate::taxonomy::{Mention, Taxonomy};

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
    spans_of(&find(text, terms))
}

fn spans_of(found: &[Found<'_>]) -> Vec<(usize, usize)> {
    merged(found.iter().map(|found| (found.start, found.end)).collect())
}

/// The sentence with the highest sum of distinct term weights (the first of equals); `None` if no term shows.
pub fn best_sentence(text: &str, terms: &Terms) -> Option<Sentence> {
    sentence_of(text, &find(text, terms), || sentences_of(text))
}

/// Ranges of code points.
type Sentences<'text> = Cow<'text, [(usize, usize)]>;

fn sentences_of(text: &str) -> Sentences<'static> {
    let characters: Vec<char> = text.chars().collect();
    pieces(&characters).into()
}

fn sentence_of<'read>(
    text: &str,
    found: &[Found<'_>],
    sentences: impl FnOnce() -> Sentences<'read>,
) -> Option<Sentence> {
    if found.is_empty() {
        return None;
    }
    let mut best: Option<Showing<'_, '_>> = None;
    for showing in showings(&sentences(), found) {
        if best.as_ref().is_none_or(|best| showing.weight > best.weight) {
            best = Some(showing);
        }
    }
    best.map(|best| best.sentence(text, |_| true))
}

/// What a text says for a query, and how much of what it shows it denies.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The sentence that states most of the query; none if the text only denies it.
    pub sentence: Option<Sentence>,
    /// What the best sentence shows, stated or denied: at least the weight of `sentence`.
    pub weight: f32,
    /// A text without such a sentence denies the very thing that was asked, or seeks it in others.
    pub denied: bool,
    /// Some of what it shows is what was asked, and not only a wider thing or a general word.
    pub names_it: bool,
}

/// As [`best_sentence`], but clauses that deny what they name (「封止はしていない」, "we do not coat") say nothing for the
/// query. `None` if no term shows.
pub fn best_statement(text: &str, terms: &Terms) -> Option<Statement> {
    statement_of(text, terms, &find(text, terms), || sentences_of(text))
}

fn statement_of<'read>(
    text: &str,
    terms: &Terms,
    found: &[Found<'_>],
    sentences: impl FnOnce() -> Sentences<'read>,
) -> Option<Statement> {
    if found.is_empty() {
        return None;
    }
    let mut showings: Vec<Showing<'_, '_>> = showings(&sentences(), found);
    showings.sort_by(|left, right| right.weight.total_cmp(&left.weight));
    let weight = showings.first()?.weight;
    let names_it = found.iter().any(|found| denied::tells(found, terms));
    let mut best: Option<Sentence> = None;
    let mut denied = false;
    for showing in showings {
        if best.as_ref().is_some_and(|best| best.weight >= showing.weight) {
            break;
        }
        let clauses = clauses_of(slice(text, showing.start, showing.end));
        denied = denied || denied::is_denied(&clauses, terms);
        let stated = match clauses.iter().any(|(_, denies)| *denies) {
            false => None,
            true => Some(stated_terms(&clauses, terms)),
        };
        let candidate = showing.sentence(text, |term| stated.as_ref().is_none_or(|stated| stated.contains(term)));
        if candidate.weight > best.as_ref().map_or(0.0, |best| best.weight) {
            best = Some(candidate);
        }
    }
    Some(Statement { denied: denied && best.is_none(), names_it, sentence: best, weight })
}

/// Code points `start..end` of a text.
fn slice(text: &str, start: usize, end: usize) -> &str {
    let mut places = text.char_indices().map(|(at, _)| at);
    let from = places.nth(start).unwrap_or(text.len());
    let to = if end > start { places.nth(end - start - 1).unwrap_or(text.len()) } else { from };
    &text[from..to]
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
    fn sentence(&self, text: &str, counts: impl Fn(&str) -> bool) -> Sentence {
        let counted = || self.found.iter().filter(|found| counts(found.term));
        // What is folded together with the white space before the sentence begins there.
        let within = |found: &&Found<'_>| self.start < found.end && found.end <= self.end;
        let inside = counted().filter(within).map(|found| (found.start.max(self.start), found.end)).collect();
        Sentence {
            start: self.start,
            end: self.end,
            text: slice(text, self.start, self.end).to_owned(),
            weight: distinct_weight(counted()),
            spans: merged(inside),
        }
    }
}

/// The sentences of a text in which terms were found, in order.
fn showings<'found, 'terms>(
    sentences: &[(usize, usize)],
    found: &'found [Found<'terms>],
) -> Vec<Showing<'found, 'terms>> {
    let mut next = 0;
    let showing = |&(start, end): &(usize, usize)| {
        let first = next;
        while next < found.len() && found[next].start < end {
            next += 1;
        }
        let found = &found[first..next];
        let weight = distinct_weight(found.iter());
        (weight > 0.0).then_some(Showing { start, end, found, weight })
    };
    sentences.iter().filter_map(showing).collect()
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
        let words = words_in(&folded.text, |run| terms.sought().may_show(run));
        word_places(&folded.text, words, |word, first, last| {
            if let Some((term, weight)) = terms.words.get_key_value(word.term.as_ref()) {
                let (start, end) = place.of(first, last);
                found.push(Found { start, end, term, weight: *weight });
            }
        });
    }
    find_grams(&folded, terms, &place, &mut found);
    find_concepts(&folded, terms, &place, &mut found);
    found.sort_by_key(|found| (found.start, found.end));
    found
}

/// Each word with its first character and one past its last, in the folded text.
fn word_places<'text>(folded: &str, words: Vec<Word<'text>>, mut each: impl FnMut(&Word<'text>, usize, usize)) {
    let (mut character, mut byte) = (0, 0);
    for word in words {
        if word.range.start < byte {
            (character, byte) = (0, 0);
        }
        character += folded[byte..word.range.start].chars().count();
        byte = word.range.start;
        let last = character + folded[word.range.clone()].chars().count();
        each(&word, character, last);
    }
}

fn find_grams<'terms>(folded: &Folded, terms: &'terms Terms, place: &Places<'_>, found: &mut Vec<Found<'terms>>) {
    if terms.grams.is_empty() {
        return;
    }
    let sought = terms.sought();
    let mut hits: Vec<(usize, &'terms SoughtGram)> = Vec::new();
    grams(&folded.text, |gram| hits.extend(sought.gram(gram.characters).map(|known| (gram.position, known))));
    push_grams(&hits, place, found);
}

/// 2-grams, in order of their places, count where at least two of them stand side by side, or where one is a whole run of
/// the query.
fn push_grams<'terms>(hits: &[(usize, &'terms SoughtGram)], place: &Places<'_>, found: &mut Vec<Found<'terms>>) {
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
    mention_places(&folded.text, taxonomy, |mention, first, last| {
        push_mention(taxonomy, &mention, place.of(first, last), terms, found);
    });
}

/// Each mention with its first character and one past its last, in the folded text.
fn mention_places(folded: &str, taxonomy: &Taxonomy, mut each: impl FnMut(Mention, usize, usize)) {
    let (mut character, mut byte) = (0, 0);
    for mention in taxonomy.find(folded) {
        character += folded[byte..mention.range.start].chars().count();
        byte = mention.range.start;
        let last = character + folded[mention.range.clone()].chars().count();
        each(mention, character, last);
    }
}

fn push_mention<'terms>(
    taxonomy: &Taxonomy,
    mention: &Mention,
    (start, end): (usize, usize),
    terms: &'terms Terms,
    found: &mut Vec<Found<'terms>>,
) {
    let named =
        mention.concepts.iter().flat_map(|concept| std::iter::once(concept).chain(taxonomy.ancestors(*concept)));
    let known = named.filter_map(|number| terms.sought().concept(*number));
    if let Some((term, weight)) = known.max_by(|left, right| left.1.total_cmp(&right.1)) {
        found.push(Found { start, end, term, weight });
    }
}

/// From characters of the folded text to code points of the stored one.
struct Places<'folded> {
    /// Empty where folding moved no character.
    sources: &'folded [u32],
    length: usize,
}

impl Places<'_> {
    fn new(folded: &Folded, length: usize) -> Places<'_> {
        Places { sources: &folded.sources, length }
    }

    fn of(&self, first: usize, end: usize) -> (usize, usize) {
        if self.sources.is_empty() {
            return (first.min(self.length), end.min(self.length));
        }
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
