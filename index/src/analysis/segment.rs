//! Step two: a folded text cut into words, and into 2-grams.
//!
//! Runs of Japanese are cut by the dictionary of `icu_segmenter`; a word of the domain list is added whole at the
//! place of its first part, so that 有機太陽電池 is found as itself, as 太陽電池 and as 電池. Latin words are stemmed.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::LazyLock;

use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};
use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHashMap;

use super::normalise::{normalise, to_katakana};
use super::stop_words::{is_hiragana, is_stop_word};

pub(crate) const DOMAIN_WORDS: &str = include_str!("domain_words.txt");

static DICTIONARY: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));
static ENGLISH: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));
static DOMAIN: LazyLock<DomainWords> = LazyLock::new(DomainWords::read);

/// Longest word that is indexed, in bytes of the folded text; longer ones are cut off at a character.
const LONGEST_WORD: usize = 120;

/// One word of a folded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'text> {
    /// What is indexed and looked up: folded, without its last long vowel mark, stemmed.
    pub term: Cow<'text, str>,
    /// Bytes of the folded text it covers.
    pub range: Range<usize>,
    /// Ordinal of the word; a domain word shares it with its first part.
    pub position: usize,
    /// A domain word that was laid over its parts.
    pub compound: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    Japanese,
    Latin,
    Digit,
    Other,
}

pub(crate) fn script(character: char) -> Script {
    match character {
        '0'..='9' => Script::Digit,
        'a'..='z' | 'A'..='Z' => Script::Latin,
        '\u{3041}'..='\u{3096}'
        | '\u{30A1}'..='\u{30FA}'
        | 'ー'
        | '々'
        | '〆'
        | '〇'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' => Script::Japanese,
        '\u{20000}'..='\u{3FFFF}' => Script::Japanese,
        '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '・' => Script::Other,
        other if other.is_numeric() => Script::Digit,
        other if other.is_alphabetic() => Script::Latin,
        _ => Script::Other,
    }
}

pub(crate) fn is_katakana(character: char) -> bool {
    matches!(character, '\u{30A1}'..='\u{30FA}' | 'ー')
}

/// The words of a folded text, stop words left out (their positions stay).
pub fn words(folded: &str) -> Vec<Word<'_>> {
    let mut words = Vec::with_capacity(folded.len() / 4 + 1);
    cut(folded, |_| true, &mut words);
    words
}

/// The words in the runs that are wanted: the others are not cut, which is what takes the time. A run is Japanese, or
/// Latin letters and digits, or a word that mixes them. Positions count what was cut.
pub(crate) fn words_in(folded: &str, wanted: impl Fn(&str) -> bool) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    cut(folded, wanted, &mut words);
    words
}

fn cut<'text>(folded: &'text str, wanted: impl Fn(&str) -> bool, words: &mut Vec<Word<'text>>) {
    let mut position = 0;
    // Where the run before ends, and whether two scripts touch anywhere.
    let (mut before, mut mixes) = (None, false);
    let mut rest = folded.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        let kind = script(first);
        if kind == Script::Other {
            continue;
        }
        let mut end = start + first.len_utf8();
        if kind == Script::Japanese {
            while let Some((at, next)) = rest.next_if(|(_, next)| script(*next) == Script::Japanese) {
                end = at + next.len_utf8();
            }
            if wanted(&folded[start..end]) {
                cut_japanese(folded, start..end, &mut position, words);
            }
            mixes |= before.replace(end) == Some(start);
            continue;
        }
        while let Some((at, next)) = rest.next_if(|(_, next)| matches!(script(*next), Script::Latin | Script::Digit)) {
            end = at + next.len_utf8();
        }
        if wanted(&folded[start..end]) {
            push_word(folded, start..end, position, false, words);
            position += 1;
        }
        mixes |= before.replace(end) == Some(start);
    }
    if mixes {
        overlay_mixed(folded, wanted, words);
    }
}

fn cut_japanese<'text>(folded: &'text str, range: Range<usize>, position: &mut usize, words: &mut Vec<Word<'text>>) {
    let run = &folded[range.clone()];
    let first_word = words.len();
    let mut previous = 0;
    for boundary in DICTIONARY.segment_str(run) {
        if boundary > previous {
            push_word(folded, range.start + previous..range.start + boundary, *position, false, words);
            *position += 1;
        }
        previous = boundary;
    }
    let mut compounds = Vec::new();
    for found in DOMAIN.find(run) {
        let covered = range.start + found.start..range.start + found.end;
        let exact = words[first_word..].iter().any(|word| word.range == covered);
        if exact {
            continue;
        }
        let position = words[first_word..]
            .iter()
            .find(|word| word.range.end > covered.start)
            .map_or(*position, |word| word.position);
        push_word(folded, covered, position, true, &mut compounds);
    }
    if !compounds.is_empty() {
        words.extend(compounds);
        words[first_word..].sort_by_key(|word| (word.position, word.compound));
    }
}

/// Domain words that mix scripts (有機el) are laid over the runs they cross.
fn overlay_mixed<'text>(folded: &'text str, wanted: impl Fn(&str) -> bool, words: &mut Vec<Word<'text>>) {
    let mut compounds = Vec::new();
    for text in DOMAIN.mixed.iter().filter(|text| wanted(text)) {
        for (start, _) in folded.match_indices(text.as_str()) {
            let covered = start..start + text.len();
            if folded[covered.end..].starts_with(|next: char| next.is_ascii_alphanumeric()) {
                continue;
            }
            let position = words.iter().find(|word| word.range.end > covered.start).map_or(0, |word| word.position);
            push_word(folded, covered, position, true, &mut compounds);
        }
    }
    if !compounds.is_empty() {
        words.extend(compounds);
        words.sort_by_key(|word| (word.position, word.compound));
    }
}

fn push_word<'text>(
    folded: &'text str,
    range: Range<usize>,
    position: usize,
    compound: bool,
    words: &mut Vec<Word<'text>>,
) {
    let text = &folded[range.clone()];
    if is_stop_word(text) {
        return;
    }
    words.push(Word { term: word_term(text), range, position, compound });
}

/// The indexed form of one folded word.
pub(crate) fn word_term(text: &str) -> Cow<'_, str> {
    let mut end = text.len().min(LONGEST_WORD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    if text.is_ascii() {
        return Cow::Owned(stem(text));
    }
    Cow::Borrowed(without_long_vowel(text))
}

thread_local! {
    /// Stems of words met lately: a text says the same few words over and over, and a stem takes longer than its word.
    static STEMS: RefCell<FxHashMap<String, String>> = RefCell::default();
}

/// When there are more, all are forgotten and made again.
const STEMS_MOST: usize = 8_192;

fn stem(word: &str) -> String {
    STEMS.with_borrow_mut(|stems| {
        if let Some(known) = stems.get(word) {
            return known.clone();
        }
        let made = ENGLISH.stem(word).into_owned();
        if stems.len() >= STEMS_MOST {
            stems.clear();
        }
        stems.insert(word.to_owned(), made.clone());
        made
    })
}

/// Drops the last ー of a katakana word of four characters or more (コーディネーター = コーディネータ).
fn without_long_vowel(word: &str) -> &str {
    let Some(shorter) = word.strip_suffix('ー') else { return word };
    let long_enough = word.chars().count() >= 4 && word.chars().all(is_katakana);
    if long_enough { shorter } else { word }
}

/// One 2-gram (or a lone character) of a folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gram {
    /// First and second character; the second is absent for a run of one character.
    pub characters: (char, Option<char>),
    /// Index of the first character in the folded text, in characters; also its position in the index.
    pub position: usize,
    /// Only hiragana: holds phrases together, means nothing alone.
    pub weak: bool,
}

impl Gram {
    pub(crate) fn write(&self, term: &mut String) {
        term.clear();
        term.push(self.characters.0);
        if let Some(second) = self.characters.1 {
            term.push(second);
        }
    }
}

/// Latin letters and digits beside Japanese take part in 2-grams up to this length of their run (有機EL, 5G通信).
const SHORT_LATIN: usize = 3;

/// Whether the 2-grams of a text hold the word at this place: Japanese, or a short Latin run beside Japanese.
pub(crate) fn in_grams(folded: &str, word: &Range<usize>) -> bool {
    let japanese = |character: Option<char>| character.is_some_and(|character| script(character) == Script::Japanese);
    let (before, text, after) = (&folded[..word.start], &folded[word.clone()], &folded[word.end..]);
    japanese(text.chars().next())
        || (text.chars().nth(SHORT_LATIN).is_none()
            && (japanese(before.chars().next_back()) || japanese(after.chars().next())))
}

/// The 2-grams of the Japanese runs of a folded text, hiragana as katakana. A trailing ー of a katakana run is dropped
/// as in words, so that both spellings share all their grams.
pub fn grams(folded: &str, mut emit: impl FnMut(Gram)) {
    let characters: Vec<char> = folded.chars().collect();
    let mut start = 0;
    while start < characters.len() {
        if script(characters[start]) == Script::Other {
            start += 1;
            continue;
        }
        let mut end = start;
        while end < characters.len() && script(characters[end]) != Script::Other {
            end += 1;
        }
        grams_of_run(&characters, start..end, &mut emit);
        start = end;
    }
}

fn grams_of_run(characters: &[char], run: Range<usize>, emit: &mut impl FnMut(Gram)) {
    if !characters[run.clone()].iter().any(|character| script(*character) == Script::Japanese) {
        return;
    }
    let mut start = run.start;
    while start < run.end {
        // A piece: Japanese with short Latin runs inside; a long Latin run ends it.
        let mut end = start;
        let mut next_start = None;
        while end < run.end {
            if script(characters[end]) == Script::Japanese {
                end += 1;
                continue;
            }
            let mut latin_end = end;
            while latin_end < run.end && script(characters[latin_end]) != Script::Japanese {
                latin_end += 1;
            }
            if latin_end - end > SHORT_LATIN {
                next_start = Some(latin_end);
                break;
            }
            end = latin_end;
        }
        grams_of_piece(characters, start..end, emit);
        start = next_start.unwrap_or(run.end);
    }
}

fn grams_of_piece(characters: &[char], piece: Range<usize>, emit: &mut impl FnMut(Gram)) {
    let ends_katakana_word = |at: usize| {
        characters[at] == 'ー'
            && (at + 1 == piece.end || !is_katakana(characters[at + 1]))
            && at >= piece.start + 3
            && characters[at - 3..at].iter().all(|character| is_katakana(*character))
    };
    let kept: Vec<usize> = piece.clone().filter(|at| !ends_katakana_word(*at)).collect();
    if let [only] = kept[..] {
        let character = characters[only];
        emit(Gram { characters: (to_katakana(character), None), position: only, weak: is_hiragana(character) });
        return;
    }
    for pair in kept.windows(2) {
        let (first, second) = (characters[pair[0]], characters[pair[1]]);
        let weak = is_hiragana(first) && is_hiragana(second);
        emit(Gram { characters: (to_katakana(first), Some(to_katakana(second))), position: pair[0], weak });
    }
}

/// The domain list, searched by longest match.
struct DomainWords {
    by_start: FxHashMap<char, Vec<String>>,
    mixed: Vec<String>,
}

impl DomainWords {
    fn read() -> DomainWords {
        let mut by_start: FxHashMap<char, Vec<String>> = FxHashMap::default();
        let mut mixed = Vec::new();
        for line in DOMAIN_WORDS.lines() {
            let word = normalise(line.trim());
            if word.is_empty() || word.starts_with('#') {
                continue;
            }
            if word.chars().any(|character| script(character) != Script::Japanese) {
                mixed.push(word);
            } else if let Some(first) = word.chars().next() {
                by_start.entry(first).or_default().push(word);
            }
        }
        for words in by_start.values_mut() {
            words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        }
        DomainWords { by_start, mixed }
    }

    /// Places of listed words in a run, longest first from the left, not overlapping.
    fn find(&self, run: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut skip_to = 0;
        for (start, first) in run.char_indices() {
            if start < skip_to {
                continue;
            }
            let Some(candidates) = self.by_start.get(&first) else { continue };
            if let Some(word) = candidates.iter().find(|word| run[start..].starts_with(word.as_str())) {
                skip_to = start + word.len();
                found.push(start..skip_to);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        words(&normalise(text)).into_iter().map(|word| word.term.into_owned()).collect()
    }

    fn pairs(text: &str) -> Vec<String> {
        let mut result = Vec::new();
        grams(&normalise(text), |gram| {
            let mut term = String::new();
            gram.write(&mut term);
            result.push(term);
        });
        result
    }

    #[test]
    fn japanese_and_english_words() {
        assert!(terms("有機太陽電池の封止").contains(&"有機太陽電池".to_string()));
        assert!(terms("有機太陽電池の封止").contains(&"太陽電池".to_string()));
        assert!(terms("有機EL照明").contains(&"有機el".to_string()));
        assert_eq!(terms("organic solar cells"), ["organ", "solar", "cell"]);
        assert_eq!(terms("コーディネーター"), terms("コーディネータ"));
    }

    #[test]
    fn grams_of_japanese_runs() {
        assert_eq!(pairs("有機EL"), ["有機", "機e", "el"]);
        assert_eq!(pairs("organic"), Vec::<String>::new());
        assert_eq!(pairs("センター"), pairs("センタ"));
        assert_eq!(pairs("ひかり"), pairs("ヒカリ"));
        assert_eq!(pairs("米"), ["米"]);
    }
}
