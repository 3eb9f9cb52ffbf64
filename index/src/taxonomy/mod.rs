//! The concept tree: what joins 有機EL, OLED and organic light emitting diode, and both with their field.
//!
//! The engine receives a tree as a value. `concepts.tsv` beside this file is the one that a new deployment begins with;
//! after that the database is the truth. Names are found by longest match over the folded text: Japanese ones as
//! characters (hiragana as katakana), Latin ones as stemmed words.

mod names;
mod readings;
pub(crate) mod spellings;

use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use sha2::{Digest, Sha256};

use names::{JapaneseNames, LatinNames};
use readings::WrittenForms;

use crate::analysis::normalise::{normalise, to_katakana};
use crate::analysis::romaji;

/// `code name_ja …`, separated by tabs, with a heading; synonyms are separated by `|`.
const FIRST_TREE: &str = include_str!("concepts.tsv");

/// Deepest place in the tree that is followed.
const DEEPEST: usize = 12;

/// One concept: a stable code, its place in the tree, its names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Concept {
    /// Stable; what is indexed.
    pub code: String,
    /// Code of the wider concept; none at the top.
    pub parent: Option<String>,
    pub name_ja: String,
    pub name_en: String,
    pub synonyms_ja: Vec<String>,
    pub synonyms_en: Vec<String>,
}

impl Concept {
    /// Every name in either language, the own names first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.name_ja, &self.name_en]
            .into_iter()
            .chain(&self.synonyms_ja)
            .chain(&self.synonyms_en)
            .map(String::as_str)
            .filter(|name| !name.is_empty())
    }
}

/// A place in a folded text that names one or several concepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    /// Bytes of the folded text.
    pub(crate) range: Range<usize>,
    /// Numbers of the concepts with this name.
    pub(crate) concepts: Vec<u32>,
}

/// A tree, ready to be looked for in texts.
#[derive(Debug, Default)]
pub struct Taxonomy {
    concepts: Vec<Concept>,
    /// Wider concepts of each, the nearest first.
    ancestors: Vec<Vec<u32>>,
    japanese: JapaneseNames,
    latin: LatinNames,
    /// Every name, and how it reads, as it is compared while somebody types, in order.
    keys: Vec<(String, u32)>,
    written: WrittenForms,
    digest: String,
}

static BUILT_IN: LazyLock<Arc<Taxonomy>> = LazyLock::new(|| Arc::new(Taxonomy::new(Taxonomy::first_concepts())));

impl Taxonomy {
    /// Prepares a tree. A parent that is not there, or a circle, ends the way up.
    pub fn new(mut concepts: Vec<Concept>) -> Taxonomy {
        concepts.sort_by(|left, right| left.code.cmp(&right.code));
        concepts.dedup_by(|later, earlier| later.code == earlier.code);
        let digest = digest(&concepts);
        let numbers: HashMap<String, u32> =
            concepts.iter().enumerate().map(|(number, concept)| (concept.code.clone(), number as u32)).collect();
        let parents: Vec<Option<u32>> = concepts
            .iter()
            .map(|concept| concept.parent.as_ref().and_then(|parent| numbers.get(parent)).copied())
            .collect();
        let ancestors = (0..concepts.len() as u32).map(|number| way_up(number, &parents)).collect();
        let (mut japanese, mut latin) = (JapaneseNames::default(), LatinNames::default());
        let mut keys = Vec::new();
        let mut written = if concepts.is_empty() { WrittenForms::default() } else { WrittenForms::new() };
        for (number, concept) in concepts.iter().enumerate() {
            for name in concept.names() {
                let folded = normalise(name.trim());
                keys.push((key(&folded), number as u32));
                if let Some(reading) = read_name(name, &folded) {
                    written.add(name.trim(), &reading);
                    keys.push((readings::loose(&reading), number as u32));
                    keys.push((reading, number as u32));
                }
                if names::is_latin(&folded) {
                    latin.add(&folded, number as u32);
                } else {
                    japanese.add(&folded, number as u32);
                }
            }
        }
        keys.sort();
        keys.dedup();
        Taxonomy { concepts, ancestors, japanese, latin, keys, written, digest }
    }

    /// No concepts: texts are words only.
    pub fn empty() -> Taxonomy {
        Taxonomy::new(Vec::new())
    }

    /// The tree that a new deployment begins with.
    pub fn built_in() -> Arc<Taxonomy> {
        Arc::clone(&BUILT_IN)
    }

    /// The concepts of [`Taxonomy::built_in`], wider ones before narrower ones.
    pub fn first_concepts() -> Vec<Concept> {
        let list = |text: &str| text.split('|').filter(|name| !name.is_empty()).map(str::to_string).collect();
        FIRST_TREE
            .lines()
            .skip(1)
            .filter_map(|line| {
                let columns: Vec<&str> = line.split('\t').collect();
                let [code, parent, name_ja, name_en, synonyms_ja, synonyms_en] = columns[..] else { return None };
                Some(Concept {
                    code: code.to_string(),
                    parent: (!parent.is_empty()).then(|| parent.to_string()),
                    name_ja: name_ja.to_string(),
                    name_en: name_en.to_string(),
                    synonyms_ja: list(synonyms_ja),
                    synonyms_en: list(synonyms_en),
                })
            })
            .collect()
    }

    /// Every concept, by code.
    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }

    /// What tells two trees apart, as a short hash.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The codes of the concepts that a text names, each once, in order of their places.
    pub fn named_in(&self, text: &str) -> Vec<&str> {
        let mut codes: Vec<&str> = Vec::new();
        for mention in self.find(&normalise(text)) {
            for concept in mention.concepts {
                let code = self.code(concept);
                if !codes.contains(&code) {
                    codes.push(code);
                }
            }
        }
        codes
    }

    /// Codes of concepts with a name that begins with the text, or reads as it does (kana, or Latin letters), the shortest
    /// name first.
    pub fn beginning_with(&self, text: &str, limit: usize) -> Vec<&str> {
        let folded = normalise(text);
        let typed = key(&folded);
        let mut codes: Vec<&str> = Vec::new();
        let mut ways = vec![typed.clone()];
        for read in [readings::reading(&folded), romaji::kana(&typed)].into_iter().flatten() {
            let loose = readings::loose(&read);
            ways.extend([read, loose]);
        }
        for (place, typed) in ways.iter().enumerate() {
            if typed.is_empty() || ways[..place].contains(typed) {
                continue;
            }
            let first = self.keys.partition_point(|(name, _)| name < typed);
            let mut found: Vec<&(String, u32)> =
                self.keys[first..].iter().take_while(|(name, _)| name.starts_with(typed.as_str())).collect();
            found.sort_by_key(|(name, _)| name.chars().count());
            for (_, number) in found {
                let code = self.code(*number);
                if codes.len() < limit && !codes.contains(&code) {
                    codes.push(code);
                }
            }
        }
        codes
    }

    /// What a folded word of a query may be the reading of: written forms, words apart where it is several of them.
    pub(crate) fn written(&self, folded: &str) -> Vec<String> {
        self.written.of(folded)
    }

    /// As [`Taxonomy::written`], for words that follow each other: single written forms only.
    pub(crate) fn written_as_one(&self, folded: &str) -> Vec<String> {
        self.written.single(folded)
    }

    /// Whether a stem stands in an English name.
    pub(crate) fn has_stem(&self, stem: &str) -> bool {
        self.latin.has(stem)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }

    /// The number of a concept in this tree.
    pub(crate) fn number(&self, code: &str) -> Option<u32> {
        self.concepts.binary_search_by(|concept| concept.code.as_str().cmp(code)).ok().map(|number| number as u32)
    }

    pub(crate) fn code(&self, number: u32) -> &str {
        self.concepts.get(number as usize).map_or("", |concept| &concept.code)
    }

    /// The wider concepts, the nearest first.
    pub(crate) fn ancestors(&self, number: u32) -> &[u32] {
        self.ancestors.get(number as usize).map_or(&[], Vec::as_slice)
    }

    /// Where a folded text names concepts: sorted, never overlapping.
    pub(crate) fn find(&self, folded: &str) -> Vec<Mention> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut found = self.japanese.find(folded);
        let japanese = found.len();
        self.latin.find(folded, &mut found);
        if japanese > 0 && found.len() > japanese {
            // 有機EL is one name; its EL is not another.
            let (whole, latin) = found.split_at(japanese);
            let apart: Vec<Mention> = latin
                .iter()
                .filter(|mention| {
                    let after = whole.partition_point(|other| other.range.end <= mention.range.start);
                    whole.get(after).is_none_or(|other| other.range.start >= mention.range.end)
                })
                .cloned()
                .collect();
            found.truncate(japanese);
            found.extend(apart);
            found.sort_by_key(|mention| mention.range.start);
        }
        found
    }
}

/// A folded name as it is compared while somebody types: hiragana as katakana, without white space.
fn key(folded: &str) -> String {
    folded.chars().filter(|character| !character.is_whitespace()).map(to_katakana).collect()
}

/// How a name reads: Japanese, or capitals that are read one by one (OLED).
fn read_name(name: &str, folded: &str) -> Option<String> {
    let capitals = name.len() >= 2 && name.len() <= 5 && name.bytes().all(|byte| byte.is_ascii_uppercase());
    (capitals || !names::is_latin(folded)).then(|| readings::reading(folded)).flatten()
}

fn way_up(number: u32, parents: &[Option<u32>]) -> Vec<u32> {
    let mut way = Vec::new();
    let mut at = number;
    while let Some(parent) = parents[at as usize] {
        if parent == number || way.contains(&parent) || way.len() == DEEPEST {
            break;
        }
        way.push(parent);
        at = parent;
    }
    way
}

fn digest(concepts: &[Concept]) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    for concept in concepts {
        part(&concept.code);
        part(concept.parent.as_deref().unwrap_or(""));
        for name in concept.names() {
            part(name);
        }
        part("");
    }
    let mut text = String::new();
    for byte in hash.finalize().iter().take(12) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        let taxonomy: &'static Taxonomy = &BUILT_IN;
        taxonomy.named_in(text)
    }

    #[test]
    fn one_concept_in_both_languages() {
        for text in ["有機ＥＬ照明の封止", "OLED lighting, encapsulation"] {
            assert_eq!(codes(text), ["oled_lighting", "encapsulation"], "{text}");
        }
        for text in ["有機EL", "OLEDs", "有機発光ダイオード", "organic light-emitting diodes"] {
            assert_eq!(codes(text), ["organic_el"], "{text}");
        }
        for text in ["メタボローム解析", "metabolomics", "代謝物解析"] {
            assert_eq!(codes(text), ["metabolomics"], "{text}");
        }
    }

    #[test]
    fn names_end_where_words_end() {
        assert_eq!(codes("パンフレット"), Vec::<&str>::new());
        assert_eq!(codes("パンの製造"), ["bread", "manufacture"]);
        assert_eq!(codes("網羅する"), Vec::<&str>::new());
        assert_eq!(codes("breadth of scope"), Vec::<&str>::new());
        assert_eq!(codes("センサーの開発"), codes("センサの開発"));
    }

    #[test]
    fn every_parent_is_there_and_every_code_once() {
        let concepts = Taxonomy::first_concepts();
        assert!(concepts.len() >= 1_000, "{}", concepts.len());
        let mut seen = std::collections::HashSet::new();
        for concept in &concepts {
            assert!(concept.parent.as_ref().is_none_or(|parent| seen.contains(parent)), "{}", concept.code);
            assert!(seen.insert(concept.code.clone()), "{}", concept.code);
            assert!(!concept.name_ja.is_empty() && !concept.name_en.is_empty(), "{}", concept.code);
        }
    }

    #[test]
    fn circles_and_unknown_parents_end_the_way_up() {
        let concept = |code: &str, parent: &str| Concept {
            code: code.into(),
            parent: Some(parent.into()),
            name_en: code.into(),
            ..Concept::default()
        };
        let taxonomy = Taxonomy::new(vec![concept("a", "b"), concept("b", "a"), concept("c", "nowhere")]);
        assert_eq!(taxonomy.ancestors(0), [1]);
        assert_eq!(taxonomy.ancestors(2), [] as [u32; 0]);
        assert_ne!(taxonomy.digest(), Taxonomy::empty().digest());
    }
}
