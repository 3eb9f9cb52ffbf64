//! Names of concepts, looked for in folded texts.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Mention;
use crate::analysis::normalise::to_katakana;
use crate::analysis::segment::{Script, is_katakana, script, word_term};
use crate::analysis::stop_words::is_stop_word;

/// Whether a folded name has no Japanese in it: it is then compared as stemmed words.
pub(super) fn is_latin(folded: &str) -> bool {
    !folded.chars().any(|character| script(character) == Script::Japanese)
}

/// Names with Japanese characters, as a tree of characters.
#[derive(Debug, Default)]
pub(super) struct JapaneseNames {
    nodes: FxHashMap<(u32, char), u32>,
    /// By node: the concepts whose name ends here.
    ends: FxHashMap<u32, Vec<u32>>,
    count: u32,
}

/// A katakana name of this many characters is also found inside a longer katakana word.
const SURE_KATAKANA: usize = 4;
/// A hiragana name has at least this many characters.
const SURE_HIRAGANA: usize = 3;

impl JapaneseNames {
    pub(super) fn add(&mut self, folded: &str, concept: u32) {
        let name: String = folded.split_whitespace().collect();
        self.add_spelling(&name, concept);
        if let Some(shorter) = name.strip_suffix('ー').filter(|shorter| shorter.chars().count() >= 3) {
            self.add_spelling(shorter, concept);
        }
    }

    fn add_spelling(&mut self, name: &str, concept: u32) {
        if name.is_empty() {
            return;
        }
        let mut node = 0;
        for character in name.chars().map(to_katakana) {
            let next = self.count + 1;
            node = *self.nodes.entry((node, character)).or_insert(next);
            self.count = self.count.max(node);
        }
        let concepts = self.ends.entry(node).or_default();
        if !concepts.contains(&concept) {
            concepts.push(concept);
        }
    }

    /// From the left, the longest name that may stand at its place.
    pub(super) fn find(&self, folded: &str) -> Vec<Mention> {
        let characters: Vec<(usize, char)> = folded.char_indices().collect();
        let mut found = Vec::new();
        let mut at = 0;
        while at < characters.len() {
            match self.longest(&characters, at) {
                Some((end, concepts)) => {
                    let last = characters.get(end).map_or(folded.len(), |(byte, _)| *byte);
                    found.push(Mention { range: characters[at].0..last, concepts: concepts.clone() });
                    at = end;
                }
                None => at += 1,
            }
        }
        found
    }

    fn longest(&self, characters: &[(usize, char)], start: usize) -> Option<(usize, &Vec<u32>)> {
        let mut node = 0;
        let mut best = None;
        for (end, (_, character)) in characters.iter().enumerate().skip(start) {
            let Some(next) = self.nodes.get(&(node, to_katakana(*character))) else { break };
            node = *next;
            if let Some(concepts) = self.ends.get(&node).filter(|_| may_stand(characters, start, end + 1)) {
                best = Some((end + 1, concepts));
            }
        }
        best
    }
}

/// Whether a name may stand at `start..end`: パン is not in パンフレット, 網 not in 網羅, el not in electric.
fn may_stand(characters: &[(usize, char)], start: usize, end: usize) -> bool {
    let at = |index: usize| characters.get(index).map_or(' ', |(_, character)| *character);
    let before = if start == 0 { ' ' } else { at(start - 1) };
    // センサ before ー is センサー.
    let after = if at(end) == 'ー' && is_katakana(at(end - 1)) { at(end + 1) } else { at(end) };
    let (first, last) = (at(start), at(end - 1));
    let length = end - start;
    let is_kanji = |character: char| script(character) == Script::Japanese && !is_kana(character);
    if length == 1 {
        return is_kanji(first) && !is_kanji(before) && !is_kanji(after);
    }
    let word_goes_on = |inside: char, outside: char| {
        (inside.is_ascii_alphanumeric() && outside.is_ascii_alphanumeric())
            || (is_katakana(inside) && is_katakana(outside) && length < SURE_KATAKANA)
    };
    if word_goes_on(first, before) || word_goes_on(last, after) {
        return false;
    }
    let only_hiragana = (start..end).all(|index| is_kana(at(index)) && !is_katakana(at(index)));
    !only_hiragana || length >= SURE_HIRAGANA
}

fn is_kana(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{3096}') || is_katakana(character)
}

/// Names of Latin words and digits, as sequences of stems.
#[derive(Debug, Default)]
pub(super) struct LatinNames {
    /// By first stem: the stems that follow and the concepts, longest first.
    by_first: FxHashMap<String, Vec<LatinName>>,
    /// Every stem of a name.
    stems: FxHashSet<String>,
}

#[derive(Debug)]
struct LatinName {
    following: Vec<String>,
    concepts: Vec<u32>,
}

/// One Latin word of a text.
struct Stem {
    term: String,
    start: usize,
    end: usize,
    /// Nothing but space, punctuation and stop words lies between the word before and this one.
    follows: bool,
}

impl LatinNames {
    pub(super) fn add(&mut self, folded: &str, concept: u32) {
        let stems: Vec<String> = stems(folded).into_iter().map(|stem| stem.term).collect();
        self.stems.extend(stems.iter().cloned());
        let mut stems = stems.into_iter();
        let Some(first) = stems.next() else { return };
        let following: Vec<String> = stems.collect();
        let names = self.by_first.entry(first).or_default();
        match names.iter_mut().find(|name| name.following == following) {
            Some(name) if name.concepts.contains(&concept) => {}
            Some(name) => name.concepts.push(concept),
            None => {
                let place = names.partition_point(|name| name.following.len() > following.len());
                names.insert(place, LatinName { following, concepts: vec![concept] });
            }
        }
    }

    pub(super) fn has(&self, stem: &str) -> bool {
        self.stems.contains(stem)
    }

    pub(super) fn find(&self, folded: &str, found: &mut Vec<Mention>) {
        let stems = stems(folded);
        let mut at = 0;
        while at < stems.len() {
            let name = self.by_first.get(&stems[at].term).and_then(|names| {
                names.iter().find(|name| {
                    let rest = stems.get(at + 1..at + 1 + name.following.len());
                    rest.is_some_and(|rest| {
                        rest.iter().zip(&name.following).all(|(stem, term)| stem.follows && stem.term == *term)
                    })
                })
            });
            let length = 1 + name.map_or(0, |name| name.following.len());
            if let Some(name) = name {
                let range = stems[at].start..stems[at + length - 1].end;
                found.push(Mention { range, concepts: name.concepts.clone() });
            }
            at += length;
        }
    }
}

/// The Latin words of a folded text, without stop words.
fn stems(folded: &str) -> Vec<Stem> {
    let mut stems = Vec::new();
    let mut follows = true;
    let mut rest = folded.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        match script(first) {
            Script::Other => continue,
            Script::Japanese => {
                follows = false;
                continue;
            }
            Script::Latin | Script::Digit => {}
        }
        let mut end = start + first.len_utf8();
        while let Some((at, next)) = rest.next_if(|(_, next)| matches!(script(*next), Script::Latin | Script::Digit)) {
            end = at + next.len_utf8();
        }
        let word = &folded[start..end];
        if !is_stop_word(word) {
            stems.push(Stem { term: word_term(word).into_owned(), start, end, follows });
            follows = true;
        }
    }
    stems
}
