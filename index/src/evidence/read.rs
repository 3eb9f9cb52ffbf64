//! A text as it was read once: every word, 2-gram, concept and sentence of it, ready to be asked for the terms of any
//! query. Reading costs more than looking for one query; asking costs next to nothing.

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use super::{Found, Places, Terms, mention_places, pieces, push_grams, push_mention, word_places};
use crate::analysis::normalise::normalise_with_sources;
use crate::analysis::segment::{grams, words};
use crate::taxonomy::{Mention, Taxonomy};

/// What a text says, without the text.
#[derive(Debug)]
pub(super) struct ReadText {
    /// Code points of the stored text.
    length: usize,
    /// Where each character of the folded text comes from; empty where folding moved none.
    sources: Box<[u32]>,
    /// In order of their terms. Two terms are told apart by 64 bits.
    words: Box<[ReadWord]>,
    /// In order of their characters, then of their places.
    grams: Box<[(GramKey, u32)]>,
    /// In order of their places; ranges in characters of the folded text.
    mentions: Box<[(u32, u32, Mention)]>,
    pub(super) sentences: Box<[(usize, usize)]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ReadWord {
    term: u64,
    /// First character, and one past the last, in the folded text.
    first: u32,
    last: u32,
}

/// Both characters of a 2-gram in one number: 21 bits each; a lone character has no second one.
type GramKey = u64;

fn gram_key(first: char, second: Option<char>) -> GramKey {
    (u64::from(u32::from(first)) << 21) | second.map_or(0, |second| u64::from(u32::from(second)))
}

fn word_key(term: &str) -> u64 {
    FxBuildHasher.hash_one(term)
}

impl ReadText {
    pub(super) fn new(text: &str, taxonomy: &Taxonomy) -> ReadText {
        let characters: Vec<char> = text.chars().collect();
        let folded = normalise_with_sources(text);
        let mut found_words = Vec::new();
        word_places(&folded.text, words(&folded.text), |word, first, last| {
            found_words.push(ReadWord { term: word_key(&word.term), first: first as u32, last: last as u32 });
        });
        found_words.sort_unstable();
        let mut found_grams = Vec::new();
        grams(&folded.text, |gram| {
            let (first, second) = gram.characters;
            found_grams.push((gram_key(first, second), gram.position as u32));
        });
        found_grams.sort_unstable();
        let mut mentions = Vec::new();
        mention_places(&folded.text, taxonomy, |mention, first, last| {
            mentions.push((first as u32, last as u32, mention));
        });
        let moved = folded.sources.iter().enumerate().any(|(at, source)| at != *source as usize)
            || folded.sources.len() != characters.len();
        ReadText {
            length: characters.len(),
            sources: if moved { folded.sources.into() } else { Box::default() },
            words: found_words.into(),
            grams: found_grams.into(),
            mentions: mentions.into(),
            sentences: pieces(&characters).into(),
        }
    }

    /// Memory it takes, bytes, about.
    pub(super) fn size(&self) -> usize {
        let of_mentions: usize = self.mentions.iter().map(|(_, _, mention)| 4 * mention.concepts.capacity()).sum();
        size_of::<ReadText>()
            + size_of_val(&*self.sources)
            + size_of_val(&*self.words)
            + size_of_val(&*self.grams)
            + size_of_val(&*self.mentions)
            + size_of_val(&*self.sentences)
            + of_mentions
    }

    /// As [`super::find`] in the text itself.
    pub(super) fn find<'terms>(&self, terms: &'terms Terms) -> Vec<Found<'terms>> {
        let place = Places { sources: &self.sources, length: self.length };
        let mut found = Vec::new();
        let mut hits: Vec<(u32, u32, &'terms str, f32)> = Vec::new();
        for (term, weight) in &terms.words {
            let key = word_key(term);
            let from = self.words.partition_point(|word| word.term < key);
            let same = self.words[from..].iter().take_while(|word| word.term == key);
            hits.extend(same.map(|word| (word.first, word.last, term.as_str(), *weight)));
        }
        hits.sort_unstable_by_key(|(first, last, ..)| (*first, *last));
        for (first, last, term, weight) in hits {
            let (start, end) = place.of(first as usize, last as usize);
            found.push(Found { start, end, term, weight });
        }
        self.find_grams(terms, &place, &mut found);
        if let Some(taxonomy) = terms.taxonomy.0.as_deref().filter(|_| !terms.concepts.is_empty()) {
            for (first, last, mention) in &self.mentions {
                push_mention(taxonomy, mention, place.of(*first as usize, *last as usize), terms, &mut found);
            }
        }
        found.sort_by_key(|found| (found.start, found.end));
        found
    }

    fn find_grams<'terms>(&self, terms: &'terms Terms, place: &Places<'_>, found: &mut Vec<Found<'terms>>) {
        let mut hits = Vec::new();
        for ((first, second), gram) in terms.sought().grams() {
            let key = gram_key(*first, *second);
            let from = self.grams.partition_point(|(known, _)| *known < key);
            let same = self.grams[from..].iter().take_while(|(known, _)| *known == key);
            hits.extend(same.map(|(_, position)| (*position as usize, gram)));
        }
        hits.sort_unstable_by_key(|(position, _)| *position);
        push_grams(&hits, place, found);
    }
}
