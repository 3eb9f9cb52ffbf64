//! The terms of a query made ready for looking at many texts: most runs of a text show none of them, and are then not cut
//! into words at all.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::Terms;
use crate::analysis::segment::{Script, script};

/// What a text is looked through for.
#[derive(Debug, Clone)]
pub(super) struct Sought {
    /// By first character: how words that are sought begin.
    beginnings: FxHashMap<char, Vec<String>>,
    grams: FxHashMap<(char, Option<char>), SoughtGram>,
    /// By the number of the concept in its tree: its code.
    concepts: FxHashMap<u32, (String, f32)>,
}

#[derive(Debug, Clone)]
pub(super) struct SoughtGram {
    pub(super) term: String,
    pub(super) weight: f32,
    /// It is a whole run of the query, and counts alone.
    pub(super) whole: bool,
}

impl Sought {
    pub(super) fn new(terms: &Terms) -> Self {
        let mut beginnings: FxHashMap<char, Vec<String>> = FxHashMap::default();
        for word in terms.words.keys() {
            let beginning = beginning(word);
            if let Some(first) = beginning.chars().next() {
                beginnings.entry(first).or_default().push(beginning.to_owned());
            }
        }
        let gram = |(term, weight): (&String, &f32)| {
            let mut characters = term.chars();
            let key = (characters.next()?, characters.next());
            Some((key, SoughtGram { term: term.clone(), weight: *weight, whole: terms.wholes.contains(term) }))
        };
        let concept = |(code, weight): (&String, &f32)| {
            let number = terms.taxonomy.0.as_deref()?.number(code)?;
            Some((number, (code.clone(), *weight)))
        };
        Self {
            beginnings,
            grams: terms.grams.iter().filter_map(gram).collect(),
            concepts: terms.concepts.iter().filter_map(concept).collect(),
        }
    }

    /// Whether a run of a folded text can show a word that is sought. A Latin run is one word; a Japanese one holds words
    /// anywhere.
    pub(super) fn may_show(&self, run: &str) -> bool {
        let begins = |(at, first): (usize, char)| {
            self.beginnings
                .get(&first)
                .is_some_and(|known| known.iter().any(|word| run[at..].starts_with(word.as_str())))
        };
        match run.chars().next().map(script) {
            Some(Script::Japanese) => run.char_indices().any(begins),
            Some(_) => run.char_indices().next().is_some_and(begins),
            None => false,
        }
    }

    pub(super) fn concept(&self, number: u32) -> Option<(&str, f32)> {
        self.concepts.get(&number).map(|(code, weight)| (code.as_str(), *weight))
    }

    pub(super) fn grams(&self) -> impl Iterator<Item = (&(char, Option<char>), &SoughtGram)> {
        self.grams.iter()
    }

    pub(super) fn gram(&self, characters: (char, Option<char>)) -> Option<&SoughtGram> {
        self.grams.get(&characters)
    }
}

/// What every word with this term begins with. A stem keeps its word but for the last two letters; the three irregular
/// verbs (dying, lying, tying) keep one.
fn beginning(term: &str) -> &str {
    if !term.is_ascii() {
        return term;
    }
    match term {
        "die" | "lie" | "tie" => &term[..1],
        _ => &term[..term.len().saturating_sub(2).max(term.len().min(2))],
    }
}

/// Something made once from the terms; how they compare does not hang on it.
#[derive(Debug, Clone, Default)]
pub(super) struct Prepared(OnceLock<Box<Sought>>);

impl Prepared {
    pub(super) fn get(&self, make: impl FnOnce() -> Sought) -> &Sought {
        self.0.get_or_init(|| Box::new(make()))
    }

    pub(super) fn forget(&mut self) {
        self.0 = OnceLock::new();
    }
}

impl PartialEq for Prepared {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::normalise::normalise;
    use crate::analysis::segment::{words, words_in};
    use crate::bench_corpus::BenchCorpus;
    use std::collections::HashSet;

    fn sought(terms: &[String]) -> Sought {
        let mut sought = Terms::default();
        terms.iter().for_each(|term| sought.add_word(term, 1.0));
        Sought::new(&sought)
    }

    /// Each word of a text, looked for by itself, is found in every place where cutting the whole text finds it.
    #[test]
    fn no_word_is_passed_over() {
        let mut corpus = BenchCorpus::new(5);
        let mut texts: Vec<String> = (0..40).map(|_| corpus.profile()).collect();
        texts.push(
            "Dying skies, lying and tying; news of hoping, happy relational activation: sensibility, singly early. \
             Ai and AIs, an IoT of LEDs; 有機ELのディスプレイ、5G通信とセンサーのコーディネーター、AI画像解析。AIとIoT"
                .to_owned(),
        );
        for text in texts {
            let folded = normalise(&text);
            let all = words(&folded);
            for term in all.iter().map(|word| word.term.to_string()).collect::<HashSet<String>>() {
                let sought = sought(std::slice::from_ref(&term));
                let places = |words: Vec<crate::analysis::segment::Word>| -> Vec<std::ops::Range<usize>> {
                    words.into_iter().filter(|word| word.term == term).map(|word| word.range).collect()
                };
                let (expected, found) = (places(all.clone()), places(words_in(&folded, |run| sought.may_show(run))));
                assert_eq!(found, expected, "{term}");
            }
        }
    }

    /// The stemmer changes no more of a word than [`beginning`] allows for.
    #[test]
    fn a_stem_keeps_how_its_word_begins() {
        let endings = [
            "", "s", "es", "ies", "ied", "ed", "edly", "ing", "ingly", "ational", "tional", "enci", "ency", "anci",
            "ancy", "abli", "ably", "entli", "ently", "izer", "ization", "ation", "ator", "alism", "aliti", "ality",
            "alli", "ally", "fulness", "ousli", "ously", "ousness", "iveness", "iviti", "ivity", "biliti", "bility",
            "bly", "ogi", "ogy", "fulli", "fully", "lessli", "lessly", "ly", "icate", "iciti", "icity", "ical", "ness",
            "ement", "ment", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "sion", "tion", "al", "er", "ic", "able",
            "ible", "ant", "e", "l", "y",
        ];
        let roots = [
            "d", "l", "t", "sk", "n", "hop", "happ", "cr", "rel", "activ", "sens", "gener", "commun", "arsen", "inn",
            "outing", "cann", "herr", "earr", "proceed", "exceed", "succeed", "ugl", "earl", "onl", "singl", "gentl",
            "idl", "bias", "andes", "atlas", "cosmos", "howe", "photo", "nano", "bio", "agr", "str", "y", "b", "a",
            "ai", "iot", "polym",
        ];
        for root in roots {
            for ending in endings {
                let word = format!("{root}{ending}");
                let term = crate::analysis::segment::word_term(&word);
                assert!(word.starts_with(beginning(&term)), "{word} -> {term}");
            }
        }
    }
}
