//! One line of a need in words, judged against what a candidate has written: met, unmet or unknown, with the sentence
//! that shows it. Pure.
//!
//! The verdict is a maximum over sentences of a function of that sentence alone, and the sentence is what is cited. So
//! taking the cited sentence out never raises a line and always lowers it (DECISIONS 17): *met* comes before *unmet*,
//! and every further sentence that says the same adds a little to the strength.
//!
//! ```
//! use musubi_index::lines::{Text, Verdict, judge};
//!
//! let texts = [Text { id: "c1", field: "description", lang: "ja", text: "創業は古い。有機ELの薄膜封止を行う。" }];
//! let Verdict::Met { place, .. } = judge(&["OLEDの封止ができること"], &texts) else { panic!() };
//! assert_eq!((place.start, place.end), (6, 19));
//! let texts = [Text { text: "有機ELの封止ができる会社を探している。", ..texts[0] }];
//! assert_eq!(judge(&["OLEDの封止ができること"], &texts), Verdict::Unknown);
//! ```

mod clause;
mod closest;
mod denial;
mod markers;
mod quantity;
mod requirement;
mod residue;
mod sense;
mod shown;
mod statement;
mod verbatim;

pub use clause::Passage;
pub(crate) use clause::clauses_of;
use clause::{Clause, Sentence};
pub use closest::closest;
use denial::{VERY_WORDS, denial};
use markers::Stance;
use requirement::{Form, SPECIFIC, Unit};
use shown::{Shown, shown};
use statement::{limit_of_it, statement};
use std::borrow::Borrow;
use verbatim::Wording;

/// A text of the candidate that may be cited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    /// The thing it belongs to.
    pub id: &'a str,
    pub field: &'a str,
    pub lang: &'a str,
    pub text: &'a str,
}

/// A sentence: which text, and code points `[start, end)` into it as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Index into the texts that were judged.
    pub text: usize,
    pub start: usize,
    pub end: usize,
}

/// What the texts say about a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The cited sentence says that the candidate does, has or did it. Strength between 0 and 1.
    Met {
        place: Place,
        strength: f32,
    },
    /// The cited sentence denies it, or states a number that contradicts the asked one.
    Unmet {
        place: Place,
        strength: f32,
        numbers: Option<Numbers>,
    },
    Unknown,
}

/// An asked and a stated quantity that exclude each other, as written (folded).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    pub asked: String,
    pub stated: String,
}

/// A line, read once and judged against many candidates.
#[derive(Debug, Clone)]
pub struct Line {
    forms: Vec<Form>,
    /// What each language asks for, word for word.
    wordings: Vec<Wording>,
}

impl Line {
    /// The line in its languages, each on its own a full statement of it.
    pub fn read(given: &[&str]) -> Line {
        let read: Vec<Form> = given.iter().map(|form| Form::read(form)).collect();
        let full = |form: &&Form| !form.units.is_empty() || !form.quantities.is_empty();
        let whole = |form: &&Form| !read.iter().any(|other| form.shortens(other));
        let forms = read.iter().filter(full).filter(whole).cloned().collect();
        Line { forms, wordings: given.iter().filter_map(|form| Wording::read(form)).collect() }
    }

    /// Whether the line names anything that could be found.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty() && self.wordings.is_empty()
    }
}

/// Whether a line says anything beside these words (and beside numbers, if they are `numbers`): of a line with a checked
/// condition, whether its words only name the condition.
pub fn says_more(line: &str, known: &[&str], numbers: bool) -> bool {
    let mut left = clause::squash(line);
    let mut known: Vec<String> = known.iter().map(|word| clause::squash(word)).collect();
    known.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in known.iter().filter(|word| !word.is_empty()) {
        left = without(&left, word);
    }
    let form = Form::read(&left);
    let more = form.units.iter().any(|unit| unit.weight >= SPECIFIC || (unit.verb && !unit.japanese.is_empty()));
    more || (!numbers && !form.quantities.is_empty())
}

/// A Latin word is taken out whole (not the firm of confirm).
fn without(text: &str, word: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let inside = word.is_ascii()
            && (before.ends_with(|last: char| last.is_ascii_alphanumeric())
                || after.starts_with(|next: char| next.is_ascii_alphanumeric()));
        left.push_str(before);
        left.push_str(if inside { word } else { " " });
        rest = after;
    }
    left.push_str(rest);
    left
}

/// Judges one line, given in one or two languages, against the texts of one candidate.
pub fn judge(line: &[&str], texts: &[Text<'_>]) -> Verdict {
    let passages: Vec<Passage> = texts.iter().map(|text| Passage::read(text.text)).collect();
    judge_read(&Line::read(line), &passages)
}

/// What one sentence says about a line.
#[derive(Debug, Clone, PartialEq)]
enum Voice {
    States(f32),
    Denies(f32, Option<Numbers>),
}

/// Most that one sentence can show.
const STRONGEST: f32 = 0.95;

/// Share of what is missing to 1 that further sentences can add.
const FURTHER: f32 = 0.2;

/// The same for a line and passages that were read before; `Place::text` is an index into the passages.
pub fn judge_read<P: Borrow<Passage>>(line: &Line, passages: &[P]) -> Verdict {
    let mut stated: Best<()> = Best::default();
    let mut denied: Best<Option<Numbers>> = Best::default();
    // Whether the very words of the line are said, and denied.
    let (mut own, mut turned_down) = (false, false);
    for (text, passage) in passages.iter().enumerate() {
        for sentence in &passage.borrow().sentences {
            let place = Place { text, start: sentence.start, end: sentence.end };
            let Some(heard) = hear(line, sentence) else { continue };
            own |= heard.own;
            turned_down |= heard.turned_down;
            match heard.voice {
                // 「シリコーンは成形するが、ゴムはやらない」
                Voice::States(_) if heard.turned_down && !heard.own => {}
                Voice::States(strength) => stated.add(strength, place, ()),
                Voice::Denies(strength, numbers) => denied.add(strength, place, numbers),
            }
        }
    }
    match stated.finish() {
        // What is stated by another or a narrower name, and denied by its own, stays open. Nothing is cited.
        Some(_) if turned_down && !own => return Verdict::Unknown,
        Some((place, strength, ())) => return Verdict::Met { place, strength },
        None => {}
    }
    match denied.finish() {
        Some((place, strength, numbers)) => Verdict::Unmet { place, strength, numbers },
        None => Verdict::Unknown,
    }
}

/// The strongest sentence (the first of equals), and how much the others add.
struct Best<T> {
    best: Option<(f32, Place, T)>,
    sum: f32,
}

impl<T> Default for Best<T> {
    fn default() -> Self {
        Best { best: None, sum: 0.0 }
    }
}

impl<T> Best<T> {
    fn add(&mut self, strength: f32, place: Place, detail: T) {
        self.sum += strength;
        if self.best.as_ref().is_none_or(|(known, _, _)| strength > *known) {
            self.best = Some((strength, place, detail));
        }
    }

    fn finish(self) -> Option<(Place, f32, T)> {
        let (best, place, detail) = self.best?;
        let others = (self.sum - best).max(0.0);
        let strength = best + (1.0 - best) * FURTHER * (others / (1.0 + others));
        Some((place, strength, detail))
    }
}

/// What one sentence says, and by which words.
struct Heard {
    voice: Voice,
    /// The line is stated in its own words.
    own: bool,
    /// It is denied in its own words.
    turned_down: bool,
}

fn hear(line: &Line, sentence: &Sentence) -> Option<Heard> {
    if line.wordings.iter().any(|wording| wording.is_stated(sentence)) {
        return Some(Heard { voice: Voice::States(STRONGEST), own: true, turned_down: false });
    }
    let mut stated: Option<f32> = None;
    let mut denied: Option<(f32, Option<Numbers>)> = None;
    let (mut own, mut turned_down) = (false, false);
    // In two languages, each form answers for its own: a short English gloss does not stand for the Japanese line.
    let both = line.forms.iter().any(|form| form.head_last) && line.forms.iter().any(|form| !form.head_last);
    let answers = |form: &&Form| !both || form.head_last != sentence.folded.is_ascii();
    for form in line.forms.iter().filter(answers).filter(|form| may_speak(form, sentence)) {
        let parts = sentence.parts();
        let shows: Vec<Shown> = parts.clauses.iter().map(|clause| shown(form, clause)).collect();
        let single = parts.clauses.iter().zip(&shows).map(|(clause, shown)| {
            let voice = hear_clause(form, clause, shown)?;
            Some((voice, shown.in_its_own_words(form, clause)))
        });
        let joint = (1..parts.clauses.len()).map(|second| {
            let pair = [second - 1, second];
            let both = pair.iter().all(|clause| {
                shows[*clause].covered > 0.0 && parts.clauses[*clause].stance(&form.text, &form.latin) == Stance::States
            });
            if !both {
                return None;
            }
            let joint = parts.joint(second - 1);
            let shown = shown(form, joint);
            match statement(form, joint, &shown) {
                Some(Voice::States(strength)) => {
                    Some((Voice::States(strength * JOINT), shown.in_its_own_words(form, joint)))
                }
                _ => None,
            }
        });
        let limits = (1..parts.clauses.len()).map(|second| {
            let (deed, limit) = (&parts.clauses[second - 1], &parts.clauses[second]);
            let states = |clause: &Clause| clause.stance(&form.text, &form.latin) == Stance::States;
            let spoken = shows[second - 1].covered > 0.0 && !form.negated && states(deed) && states(limit);
            let voice = spoken.then(|| limit_of_it(form, deed, limit, parts.joint(second - 1))).flatten();
            voice.map(|voice| (voice, false))
        });
        for (voice, words) in single.chain(joint).chain(limits).flatten() {
            match voice {
                Voice::States(strength) => {
                    own |= words;
                    stated = Some(stated.map_or(strength, |known| known.max(strength)));
                }
                Voice::Denies(strength, numbers) => {
                    turned_down |= words && numbers.is_none() && strength >= VERY_WORDS;
                    if denied.as_ref().is_none_or(|(known, _)| strength > *known) {
                        denied = Some((strength, numbers));
                    }
                }
            }
        }
    }
    let denies = || denied.map(|(strength, numbers)| Voice::Denies(strength, numbers));
    stated.map(Voice::States).or_else(denies).map(|voice| Heard { voice, own, turned_down })
}

/// A sentence without anything the line names has nothing to say about it.
fn may_speak(form: &Form, sentence: &Sentence) -> bool {
    if !form.quantities.is_empty() && sentence.folded.bytes().any(|byte| byte.is_ascii_digit()) {
        return true;
    }
    let shows = |unit: &Unit| {
        unit.japanese.iter().any(|name| sentence.folded.contains(name.as_str()))
            || unit.latin.iter().any(|name| {
                // The first letters tell whether stemming its words is worth it.
                let first = name.trim_start().get(..2).unwrap_or("");
                sentence.folded.contains(first) && sentence.latin().contains(name.as_str())
            })
    };
    form.units.iter().filter(|unit| unit.weight >= SPECIFIC).any(shows)
}

/// Whether a word says nothing in a line (会社, 可能).
pub(crate) fn says_nothing(word: &str) -> bool {
    requirement::is_empty_word(word)
}

/// Whether a clause that denies something denies what stands at these bytes, and not a kind or a part of it.
pub(crate) fn is_what_is_denied(clause: &str, start: usize, end: usize) -> bool {
    !denial::narrowed_before(clause, start) && denial::is_object(clause, end)
}

/// What two clauses show together is worth this much of what one shows.
const JOINT: f32 = 0.9;

fn hear_clause(form: &Form, clause: &Clause, shown: &Shown) -> Option<Voice> {
    if shown.covered <= 0.0 || form.negated {
        return None;
    }
    match clause.stance(&form.text, &form.latin) {
        Stance::Neutral => None,
        Stance::Denies if form.negative.is_some() => None,
        Stance::Denies => denial(form, clause, shown).map(|strength| Voice::Denies(strength, None)),
        Stance::States => statement(form, clause, shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str, text: &str) -> &'static str {
        let texts = [Text { id: "c", field: "description", lang: "ja", text }];
        match judge(&[line], &texts) {
            Verdict::Met { .. } => "met",
            Verdict::Unmet { .. } => "unmet",
            Verdict::Unknown => "unknown",
        }
    }

    #[test]
    fn met_when_a_sentence_says_so() {
        assert_eq!(said("有機ELの封止ができること", "OLEDの封止を受託しています。"), "met");
        assert_eq!(said("封止ができること", "薄膜封止の量産ラインがあります。"), "met");
        assert_eq!(said("アルミの切削加工に対応可能", "アルミニウムの旋盤加工を行っています。"), "met");
        assert_eq!(said("Experience in OLED encapsulation", "有機ELの封止を行う。"), "met");
        assert_eq!(said("スロットダイで塗布できること", "スロットダイ塗布を行う"), "met");
        assert_eq!(said("ISO9001の認証を取得していること", "ISO 9001:2015 認証取得済み。"), "met");
        assert_eq!(said("幅300mm以上のフィルムに塗布できる", "フィルムへの塗布は幅600mmまで対応。"), "met");
    }

    #[test]
    fn unmet_when_it_is_denied() {
        assert_eq!(said("めっきができること", "切削を行っており、めっきは外注しています。"), "unmet");
        assert_eq!(said("めっきができること", "めっきには対応していません。"), "unmet");
        assert_eq!(said("plating in house", "We do not offer plating."), "unmet");
        assert_eq!(said("幅300mm以上のフィルムに塗布できる", "フィルムの塗布幅は最大200mmです。"), "unmet");
        assert_eq!(said("めっきができること", "大型品のめっきはできません。"), "unknown");
        assert_eq!(said("めっきができること", "めっきの評価はできません。"), "unknown");
    }

    #[test]
    fn unknown_when_it_is_only_spoken_of() {
        assert_eq!(said("めっきができること", "めっきができる会社を探しています。"), "unknown");
        assert_eq!(said("めっきができること", "めっき研究会に参加しています。"), "unknown");
        assert_eq!(said("めっきができること", "めっきは協力会社が行います。"), "unknown");
        assert_eq!(said("めっきができること", "めっきの相談を受けることもあるが、設備はない。"), "unknown");
        assert_eq!(said("めっきができること", "めっきが可能か、お問い合わせください。"), "unknown");
        assert_eq!(said("封止ができること", "封止装置を販売している。"), "unknown");
        assert_ne!(said("めっきができること", "めっきを断ることはない。"), "unmet");
        assert_eq!(said("めっきができること", "めっき業界の動向に詳しい。"), "unknown");
        assert_eq!(said("アルミのめっきができること", "めっきを行う。"), "unknown");
        assert_eq!(said("二か月でできること", "賞味は四か月。"), "unknown");
        assert_eq!(said("治具の設計と製作ができること", "治具の設計だけを行う。"), "unknown");
        assert_eq!(said("発電と気象を記録できること", "発電はしていない。"), "unknown");
    }

    #[test]
    fn a_statement_goes_before_a_denial() {
        let text = "めっきを行っています。めっきはできません。";
        assert_eq!(said("めっきができること", text), "met");
    }
}
