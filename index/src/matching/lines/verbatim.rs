//! What a line asks for, word for word: where a sentence says the same words, nothing has to be understood.

use super::clause::{Clause, Sentence, squash};
use super::markers::{self, Stance};
use super::residue;

/// A line without the words that only ask (〜ができること, 〜の会社, experience in …), folded.
#[derive(Debug, Clone)]
pub(super) struct Wording {
    words: String,
    /// Without the verb that has several forms: what every sentence that says the same holds.
    stem: String,
    /// The whole line, for how a clause stands to it.
    line: String,
    latin: String,
}

/// The shortest wording that counts inside a longer clause, in characters.
const TELLING: usize = 4;

impl Wording {
    /// `None` where nothing is left.
    pub(super) fn read(line: &str) -> Option<Wording> {
        let line = squash(line);
        let words = bare(&line);
        let latin = super::clause::latin_words(&line);
        (words.chars().count() > 1).then(|| Wording {
            stem: words.strip_suffix(USE).unwrap_or(&words).to_owned(),
            words,
            line,
            latin,
        })
    }

    /// Whether the sentence is these words and nothing else, or a clause of it says that they are done.
    pub(super) fn is_stated(&self, sentence: &Sentence) -> bool {
        if !sentence.folded.contains(&self.stem) {
            return false;
        }
        let seeks = || markers::SEEKING.iter().any(|marker| sentence.folded.contains(marker.trim()));
        if bare(&sentence.folded) == self.words {
            return !sentence.folded.ends_with(['?', '？']) && !seeks();
        }
        self.words.chars().count() >= TELLING
            && sentence
                .parts()
                .clauses
                .iter()
                .filter(|clause| !clause.only_deals(&self.line, &self.latin))
                .any(|clause| clause.stance(&self.line, &self.latin) == Stance::States && self.is_done(clause))
    }

    fn is_done(&self, clause: &Clause) -> bool {
        if bare(&clause.text) == self.words {
            return true;
        }
        clause.text.match_indices(self.words.as_str()).any(|(start, words)| {
            let end = start + words.len();
            let (before, after) = (&clause.text[..start], &clause.text[end..]);
            if !is_japanese(&self.words) {
                return !is_japanese(&clause.text)
                    && markers::LEADS.iter().any(|lead| before.trim_end() == *lead)
                    && after.trim_start().is_empty();
            }
            let cuts = |left: Option<char>, right: Option<char>| {
                left.zip(right).is_some_and(|(left, right)| same_script(left, right))
            };
            let inside = cuts(before.chars().next_back(), words.chars().next());
            !inside
                && !another_number(before, words, after)
                && !residue::other_thing(after, &self.line)
                && residue::unexplained(clause, end, &self.line, true) == 0
        })
    }
}

/// 「5 ℃以下」 is not in 「15 ℃以下」 or 「マイナス5 ℃以下」, nor クラス100 in クラス1000.
fn another_number(before: &str, words: &str, after: &str) -> bool {
    let digit = |one: Option<char>| one.is_some_and(|one| one.is_ascii_digit());
    let goes_on = |text: &str| digit(text.trim_start_matches(['.', ',']).chars().next());
    let begun = digit(before.trim_end_matches(['.', ',']).chars().next_back())
        || super::quantity::MINUS.iter().any(|sign| before.ends_with(sign));
    (digit(words.chars().next()) && begun) || (digit(words.chars().next_back()) && goes_on(after))
}

fn is_japanese(text: &str) -> bool {
    text.chars().any(|character| matches!(character, '\u{3040}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}'))
}

/// Two characters that may belong to one word.
fn same_script(left: char, right: char) -> bool {
    let kanji = |character: char| matches!(character, '\u{4E00}'..='\u{9FFF}' | '々');
    let katakana = |character: char| matches!(character, '\u{30A1}'..='\u{30FA}' | 'ー');
    (kanji(left) && kanji(right)) || (katakana(left) && katakana(right))
}

/// A folded text without what only asks or offers, at its end and its beginning.
fn bare(text: &str) -> String {
    let mut rest = text.trim_matches(MARKS);
    if !is_japanese(rest) {
        for lead in markers::LEADS {
            let cut = rest.strip_prefix(lead).filter(|cut| cut.starts_with(' '));
            rest = cut.map_or(rest, str::trim_start);
        }
        return rest.to_owned();
    }
    for lead in markers::OWN_LEADS {
        rest = rest.strip_prefix(lead).unwrap_or(rest);
    }
    loop {
        let tail = markers::ASKING_TAILS.iter().filter(|tail| rest.ends_with(**tail)).max_by_key(|tail| tail.len());
        match tail.map(|tail| rest[..rest.len() - tail.len()].trim_end_matches(MARKS)) {
            Some(shorter) if shorter.chars().count() > 1 => rest = shorter,
            _ => break,
        }
    }
    match USES.iter().find_map(|using| rest.strip_suffix(using)) {
        Some(thing) => format!("{thing}{USE}"),
        None => rest.to_owned(),
    }
}

/// The ways to say that something is used, and the one they are compared by.
const USES: &[&str] = &["の使用", "を使用", "を用い", "を用いる", "を使って", "を使っている", "の利用", "を利用"];
const USE: &str = "を使う";

const MARKS: &[char] = &[' ', '、', ',', '。', '.', '．', '!', '！', '「', '」'];
