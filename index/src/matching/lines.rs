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
mod markers;
mod quantity;
mod requirement;
mod verbatim;

use std::borrow::Borrow;

pub use clause::Passage;
pub(crate) use clause::clauses_of;
use clause::{Clause, Sentence};
use markers::Stance;
use quantity::Answer;
use requirement::{Form, SPECIFIC, Unit, whole_katakana};
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
    for (text, passage) in passages.iter().enumerate() {
        for sentence in &passage.borrow().sentences {
            let place = Place { text, start: sentence.start, end: sentence.end };
            match hear(line, sentence) {
                Some(Voice::States(strength)) => stated.add(strength, place, ()),
                Some(Voice::Denies(strength, numbers)) => denied.add(strength, place, numbers),
                None => {}
            }
        }
    }
    if let Some((place, strength, ())) = stated.finish() {
        return Verdict::Met { place, strength };
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

fn hear(line: &Line, sentence: &Sentence) -> Option<Voice> {
    if line.wordings.iter().any(|wording| wording.is_stated(sentence)) {
        return Some(Voice::States(STRONGEST));
    }
    let mut stated: Option<f32> = None;
    let mut denied: Option<(f32, Option<Numbers>)> = None;
    // In two languages, each form answers for its own: a short English gloss does not stand for the Japanese line.
    let both = line.forms.iter().any(|form| form.head_last) && line.forms.iter().any(|form| !form.head_last);
    let answers = |form: &&Form| !both || form.head_last != sentence.folded.is_ascii();
    for form in line.forms.iter().filter(answers).filter(|form| may_speak(form, sentence)) {
        let parts = sentence.parts();
        let shows: Vec<Shown> = parts.clauses.iter().map(|clause| shown(form, clause)).collect();
        let single = parts.clauses.iter().zip(&shows).map(|(clause, shown)| hear_clause(form, clause, shown));
        let joint = (1..parts.clauses.len()).map(|second| {
            let pair = [second - 1, second];
            let both = pair.iter().all(|clause| {
                shows[*clause].covered > 0.0 && parts.clauses[*clause].stance(&form.text, &form.latin) == Stance::States
            });
            if !both {
                return None;
            }
            let joint = parts.joint(second - 1);
            match statement(form, joint, &shown(form, joint)) {
                Some(Voice::States(strength)) => Some(Voice::States(strength * JOINT)),
                _ => None,
            }
        });
        for voice in single.chain(joint) {
            match voice {
                Some(Voice::States(strength)) if stated.is_none_or(|known| strength > known) => stated = Some(strength),
                Some(Voice::Denies(strength, numbers))
                    if denied.as_ref().is_none_or(|(known, _)| strength > *known) =>
                {
                    denied = Some((strength, numbers));
                }
                _ => {}
            }
        }
    }
    stated.map(Voice::States).or_else(|| denied.map(|(strength, numbers)| Voice::Denies(strength, numbers)))
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

/// Share of the line's weight that a clause must show.
const COVERED: f32 = 0.7;
const COVERED_ALONE: f32 = 0.9;
/// The same for a Japanese line and clause, where one of three things may be said otherwise.
const COVERED_JAPANESE: f32 = 0.6;
/// The same where a number of the same measure answers the line's own.
const COVERED_WITH_NUMBER: f32 = 0.4;
/// Characters between the first and the last unit in Japanese; further apart they hardly belong together.
const WINDOW: usize = 45;

/// What two clauses show together is worth this much of what one shows.
const JOINT: f32 = 0.9;

/// What a clause shows of a line.
struct Shown {
    /// For each unit where it stands in the clause, in bytes of its text.
    at: Vec<Option<Hit>>,
    covered: f32,
}

#[derive(Debug, Clone, Copy)]
struct Hit {
    start: usize,
    end: usize,
    latin: bool,
}

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

fn shown(form: &Form, clause: &Clause) -> Shown {
    let total = form.total();
    let mut covered = 0.0;
    let mut at: Vec<Option<Hit>> = Vec::with_capacity(form.units.len());
    for (index, unit) in form.units.iter().enumerate() {
        // One word does not show two things (教える講座 by 教える), unless it is made of both (スロットダイ塗布).
        let hit = find_unit(unit, clause).or_else(|| find_part(form, index, clause));
        let own = &form.text[unit.at..unit.end];
        let taken = hit.is_some_and(|hit| at.iter().flatten().any(|other| other.start == hit.start))
            && !clause.text.contains(own);
        let hit = hit.filter(|_| !taken);
        if hit.is_some() {
            covered += unit.weight;
        }
        at.push(hit);
    }
    Shown { at, covered: if total > 0.0 { covered / total } else { 1.0 } }
}

/// A plain word of one character: 端 is not in 端末.
fn lone(unit: &Unit, name: &str) -> bool {
    unit.japanese.len() == 1 && unit.latin.is_empty() && name.chars().count() == 1
}

fn stands_alone(text: &str, start: usize, name: &str) -> bool {
    let kanji = |character: char| matches!(character, '\u{4E00}'..='\u{9FFF}');
    !text[..start].chars().next_back().is_some_and(kanji)
        && !text[start + name.len()..].chars().next().is_some_and(kanji)
}

fn find_unit(unit: &Unit, clause: &Clause) -> Option<Hit> {
    // The longest spelling that is there says most exactly what it is.
    let mut best: Option<Hit> = None;
    for name in &unit.japanese {
        for (start, _) in clause.text.match_indices(name.as_str()) {
            if lone(unit, name) && !stands_alone(&clause.text, start, name) {
                continue;
            }
            let longer = best.is_none_or(|best| name.len() > best.end - best.start);
            if longer && whole_katakana(&clause.text, start, name) {
                best = Some(Hit { start, end: start + name.len(), latin: false });
            }
        }
    }
    best.or_else(|| unit.japanese.iter().find_map(|name| in_a_list(name, &clause.text))).or_else(|| {
        unit.latin.iter().find_map(|name| {
            let at = clause.latin.find(name.as_str())?;
            let (start, end) = clause.latin_range(at, at + name.len())?;
            Some(Hit { start, end, latin: true })
        })
    })
}

/// One character of a compound word (the 材 of 基材) beside the other part of it.
fn find_part(form: &Form, index: usize, clause: &Clause) -> Option<Hit> {
    let unit = &form.units[index];
    let name = unit.japanese.first().filter(|name| lone(unit, name))?;
    let surface = |unit: &Unit| form.text[unit.at..unit.end].to_owned();
    let before = (unit.joined && index > 0).then(|| surface(&form.units[index - 1]));
    let after = form.units.get(index + 1).filter(|next| next.joined).map(surface);
    clause.text.match_indices(name.as_str()).find_map(|(start, _)| {
        let end = start + name.len();
        let left = before.as_ref().is_some_and(|before| clause.text[..start].ends_with(before.as_str()));
        let right = after.as_ref().is_some_and(|after| clause.text[end..].starts_with(after.as_str()));
        (left || right).then_some(Hit { start, end, latin: false })
    })
}

/// 「引張・圧縮・曲げの試験」 is a 引張試験, too: the end of a name that a list shares.
fn in_a_list(name: &str, text: &str) -> Option<Hit> {
    const SHARED: &[&str] =
        &["試験", "加工", "測定", "検査", "分析", "解析", "めっき", "溶接", "塗装", "印刷", "成形", "研削", "処理"];
    const FURTHEST: usize = 24;
    let tail = SHARED.iter().find(|tail| name.ends_with(**tail))?;
    let begins = name.strip_suffix(tail).filter(|begins| begins.chars().count() > 1)?;
    text.match_indices(begins).find_map(|(start, _)| {
        let after = &text[start + begins.len()..];
        if !after.starts_with(['・', '、', 'と', 'や']) {
            return None;
        }
        let near = after.char_indices().nth(FURTHEST).map_or(after, |(end, _)| &after[..end]);
        let list = near.find(['を', 'が', 'は', '。']).map_or(near, |end| &near[..end]);
        let end = start + begins.len() + list.find(tail)? + tail.len();
        Some(Hit { start, end, latin: false })
    })
}

/// Characters that may stand between the parts of a compound word.
const COMPOUND_GAP: usize = 5;

/// Every compound word of the line stands together in the clause, in its order.
fn compounds_hold(form: &Form, clause: &Clause, shown: &Shown) -> bool {
    (1..form.units.len()).filter(|index| form.units[*index].joined).all(|index| {
        let (Some(before), Some(this)) = (shown.at[index - 1], shown.at[index]) else { return true };
        if before.latin || this.latin {
            return true;
        }
        let firsts = places(&form.units[index - 1], clause);
        let seconds = places(&form.units[index], clause);
        firsts.iter().any(|first| {
            seconds
                .iter()
                .any(|second| second.0 == first.0 || (second.0 >= first.1 && second.0 - first.1 <= COMPOUND_GAP * 3))
        })
    })
}

fn places(unit: &Unit, clause: &Clause) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    for name in &unit.japanese {
        places.extend(clause.text.match_indices(name.as_str()).map(|(start, _)| (start, start + name.len())));
    }
    places
}

fn statement(form: &Form, clause: &Clause, shown: &Shown) -> Option<Voice> {
    let numbers = answer_numbers(form, clause);
    let head_there = form.head().is_none_or(|head| shown.at[head].is_some());
    if let Numbering::Contradicted(numbers, same_measure) = &numbers {
        let enough = *same_measure || (shown.covered >= COVERED_WITH_NUMBER && head_there && !form.units.is_empty());
        return enough.then(|| Voice::Denies(0.85, Some(numbers.clone())));
    }
    if let Some(sign) = form.negative {
        let lacks = clause.text.contains(sign)
            || clause.text.contains("不使用")
            || clause.text.contains("フリー")
            || clause.latin.contains(" free ")
            || clause.latin.contains(" without ");
        if !lacks {
            return None;
        }
    }
    if clause.only_deals(&form.text, &form.latin) {
        return None;
    }
    if form.uses
        && !["使", "用い", "利用"].iter().any(|word| clause.text.contains(word))
        && !clause.latin.contains(" use ")
    {
        return None;
    }
    let japanese = form.head_last && !clause.text.is_ascii();
    let same_measure = matches!(numbers, Numbering::Satisfied(true));
    let specific = form.units.iter().filter(|unit| unit.weight >= SPECIFIC).count();
    let wanted = match numbers {
        Numbering::Open => return None,
        _ if same_measure => COVERED_WITH_NUMBER,
        // One telling word alone must come with everything else.
        _ if specific < 2 => COVERED_ALONE,
        _ if japanese => COVERED_JAPANESE,
        _ => COVERED,
    };
    // Half a compound word is another word.
    let part = |index: usize| form.units[index].joined || form.units.get(index + 1).is_some_and(|next| next.joined);
    let says = |index: usize| form.units[index].weight >= SPECIFIC;
    let half = (0..form.units.len()).any(|index| part(index) && says(index) && shown.at[index].is_none());
    let missing = form.units.iter().zip(&shown.at).filter(|(unit, at)| unit.weight >= SPECIFIC && at.is_none()).count();
    let whole = form.units.iter().zip(&shown.at).filter(|(unit, at)| unit.weight >= 1.0 && at.is_none()).count();
    let may_miss = match specific {
        3.. if same_measure => 1,
        // One character (前, 端) may be said otherwise.
        4.. if japanese && whole == 0 => 1,
        5.. => 1,
        _ => 0,
    };
    // 「設計だけを行う」 leaves out what it does not name.
    let only = ["だけを", "のみを", "だけで", "だけの"].iter().any(|word| clause.text.contains(word));
    let only = only || clause.latin.contains(" onli ");
    if only && !form.text.contains("だけ") && shown.at.iter().any(Option::is_none) {
        return None;
    }
    if !deed_there(form, clause, shown, specific) {
        return None;
    }
    if shown.covered < wanted
        || missing > may_miss
        || half
        || !(head_there || (same_measure && quantity::tells_alone(&form.quantities)))
    {
        return None;
    }
    // A line of nothing but general words shows nothing.
    let measured = same_measure && quantity::tells_alone(&form.quantities);
    if specific == 0 && !measured {
        return None;
    }
    // 「従業員15人から120人の会社で41件」 tells of customers.
    if specific == 0 && ["の会社", "の企業", "の工場"].iter().any(|others| clause.text.contains(others)) {
        return None;
    }
    if let Some(head) = form.head()
        && let Some(hit) = shown.at[head].filter(|hit| !hit.latin)
        && !somewhere_itself(&form.units[head], hit, form, clause)
    {
        return None;
    }
    if !compounds_hold(form, clause, shown) {
        return None;
    }
    // After what is named, only words of doing, having or offering it: else it is about something else.
    if residue(form, clause, shown) > 0 {
        return None;
    }
    if clause.text.is_ascii() && shown.at.iter().flatten().any(|hit| clause.lacks_before(hit.start)) {
        return None;
    }
    let spread = spread(shown, clause);
    if spread > WINDOW * 2 {
        return None;
    }
    let mut strength = 0.5 + 0.45 * shown.covered * shown.covered;
    if spread > WINDOW {
        strength *= 0.85;
    }
    Some(Voice::States(strength.min(STRONGEST)))
}

/// The verb that ends the line is said, too, unless three things or more that it names stand there; and where the line
/// asks for something by its head, the clause speaks of it in the same way.
fn deed_there(form: &Form, clause: &Clause, shown: &Shown, specific: usize) -> bool {
    if let Some(verb) = form.verb()
        && shown.at[verb].is_none()
        && specific < 3
    {
        return false;
    }
    match (form.through, form.head()) {
        (Some(particle), Some(head)) => {
            shown.at[head].is_some_and(|hit| hit.latin || specific >= 3 || clause.text[hit.end..].starts_with(particle))
        }
        _ => true,
    }
}

/// Characters from the first to the last unit found in the Japanese text.
fn spread(shown: &Shown, clause: &Clause) -> usize {
    let hits: Vec<Hit> = shown.at.iter().flatten().copied().collect();
    let (Some(start), Some(end)) = (hits.iter().map(|hit| hit.start).min(), hits.iter().map(|hit| hit.end).max())
    else {
        return 0;
    };
    clause.text[start..end].chars().count()
}

/// Whether the clause names the thing itself somewhere, and not only a trade, a market or a machine called after it.
fn somewhere_itself(unit: &Unit, hit: Hit, form: &Form, clause: &Clause) -> bool {
    let trades = markers::TRADES.iter().any(|trade| clause.text.contains(trade) && !form.text.contains(trade));
    let itself = |end: usize| {
        let after = &clause.text[end..];
        let other = markers::OTHER_HEADS.iter().any(|word| after.starts_with(word) && !form.text.contains(word));
        let machine = markers::MACHINES.iter().any(|word| after.starts_with(word) && !form.text.contains(word));
        let allowed = |list: &[&str]| list.iter().any(|word| after.starts_with(word));
        let inside = clause.text[..end].chars().next_back().is_some_and(is_kanji_or_katakana);
        let goes_on = inside && after.chars().next().is_some_and(is_kanji_or_katakana);
        let another =
            goes_on && !allowed(markers::SAME_HEAD_TAILS) && !form.units.iter().any(|unit| begins(unit, after));
        // 「アプリから申し込める」: by it, not it.
        let by_it = after.starts_with("から") && !after.contains("まで");
        !(other || by_it || another || (machine && trades) || after_the_deed(after))
    };
    itself(hit.end)
        || unit
            .japanese
            .iter()
            .any(|name| clause.text.match_indices(name.as_str()).any(|(start, _)| itself(start + name.len())))
}

fn is_kanji_or_katakana(character: char) -> bool {
    matches!(character, '\u{30A1}'..='\u{30FA}' | 'ー' | '\u{4E00}'..='\u{9FFF}' | '々')
}

fn begins(unit: &Unit, text: &str) -> bool {
    unit.japanese.iter().any(|name| text.starts_with(name.as_str()))
}

/// Whether what follows the words of a line makes them the name of another thing (…に使う油, …の会社).
fn other_thing(after: &str, line: &str) -> bool {
    let starts = |list: &[&str]| list.iter().any(|word| after.starts_with(word) && !line.contains(word));
    starts(markers::OTHER_HEADS) || after_the_deed(after)
}

/// 「めっきした部品を…」 speaks of the part.
fn after_the_deed(after: &str) -> bool {
    ["した", "された", "して ある", "してある"]
        .iter()
        .filter_map(|ending| after.strip_prefix(ending))
        .any(|rest| rest.chars().next().is_some_and(is_kanji_or_katakana))
}

/// Content after the last unit found that no predicate of doing explains.
fn residue(form: &Form, clause: &Clause, shown: &Shown) -> usize {
    if clause.text.is_ascii() {
        return 0;
    }
    let Some(end) = shown.at.iter().flatten().map(|hit| hit.end).max() else { return 0 };
    unexplained(clause, end, &form.text)
}

/// The same where it is denied: the words of the denial explain themselves, a list does not.
fn denied_residue(form: &Form, clause: &Clause, shown: &Shown) -> usize {
    if clause.text.is_ascii() {
        return 0;
    }
    let Some(end) = shown.at.iter().flatten().map(|hit| hit.end).max() else { return 0 };
    let denials = [markers::DENIAL, markers::OVER_ENDS, markers::DENIAL_ENDS, markers::DENYING];
    left_over(clause, end, &form.text, |rest| {
        let known =
            denials.iter().flat_map(|list| list.iter()).filter(|word| !word.is_ascii() && rest.starts_with(**word));
        known.map(|word| word.len()).max()
    })
}

/// Characters of content from `end` on that neither a predicate of doing, a number nor the line itself explains.
fn unexplained(clause: &Clause, end: usize, line: &str) -> usize {
    let after = &clause.text[end..];
    let listed = ["、", "・", "と", "や", "および", "及び", "から", "も", ",", "/", "("];
    if listed.iter().any(|mark| after.starts_with(mark)) {
        return 0;
    }
    left_over(clause, end, line, |_| None)
}

/// The same without regard to lists; `more` may explain further words by their length.
fn left_over(clause: &Clause, end: usize, line: &str, more: impl Fn(&str) -> Option<usize>) -> usize {
    let after = &clause.text[end..];
    let mut count = 0;
    let mut at = 0;
    while let Some(character) = after[at..].chars().next() {
        let rest = &after[at..];
        if let Some(quantity) = clause.quantities.iter().find(|quantity| quantity.range.contains(&(end + at))) {
            at = quantity.range.end - end;
            continue;
        }
        if character == '('
            && let Some(closed) = rest.find(')')
        {
            at += closed + 1;
            continue;
        }
        let known = markers::PREDICATES.iter().filter(|word| rest.starts_with(**word)).map(|word| word.len()).max();
        let two = rest.char_indices().nth(2).map_or(rest, |(two, _)| &rest[..two]);
        let content = is_kanji_or_katakana(character);
        let own = (content && two.len() > character.len_utf8() && line.contains(two)).then_some(two.len());
        if let Some(length) = known.or(own).or_else(|| quantity::measure_at(rest)).or_else(|| more(rest)) {
            at += length;
            continue;
        }
        if let Some(length) = has_for_it(rest) {
            at += length;
            continue;
        }
        count += usize::from(content);
        at += character.len_utf8();
    }
    count
}

/// 「冷凍車を持つ」: who has the thing that does it, does it. How long the words are.
fn has_for_it(text: &str) -> Option<usize> {
    let name = text.find(|character| !is_kanji_or_katakana(character)).filter(|length| *length > 0)?;
    let marked = text[name..].strip_prefix(['を', 'が', 'も'])?;
    let thing = markers::INSTRUMENTS.iter().any(|ending| text[..name].ends_with(ending));
    let had = markers::HAVING.iter().find(|having| marked.starts_with(**having))?;
    thing.then_some(text.len() - marked.len() + had.len())
}

enum Numbering {
    /// The line asks for no number.
    None,
    /// Every asked number is answered; whether of the same named measure.
    Satisfied(bool),
    /// Whether both name the same measure (幅, 納期).
    Contradicted(Numbers, bool),
    /// A number is asked that the clause does not tell.
    Open,
}

fn answer_numbers(form: &Form, clause: &Clause) -> Numbering {
    if form.quantities.is_empty() {
        return Numbering::None;
    }
    let mut open = false;
    let mut same = true;
    for asked in &form.quantities {
        let mut answered = false;
        for stated in &clause.quantities {
            match quantity::answer(asked, stated) {
                Answer::Satisfies => {
                    answered = true;
                    same &= asked.attribute == stated.attribute && !asked.attribute.is_empty();
                }
                Answer::Contradicts if !answered => {
                    let others = clause.quantities.iter().any(|q| quantity::answer(asked, q) == Answer::Satisfies);
                    if !others {
                        let numbers = Numbers { asked: asked.text.clone(), stated: stated.text.clone() };
                        let same = asked.attribute == stated.attribute
                            && !asked.attribute.is_empty()
                            && !quantity::is_rate(asked.attribute);
                        return Numbering::Contradicted(numbers, same);
                    }
                }
                _ => {}
            }
        }
        open |= !answered;
    }
    if open { Numbering::Open } else { Numbering::Satisfied(same) }
}

/// A denial of the very thing: the whole line, or its head without anything that narrows it. A denied part says nothing
/// about the whole: who does not generate power may well measure it.
fn denial(form: &Form, clause: &Clause, shown: &Shown) -> Option<f32> {
    let specific: Vec<usize> = (0..form.units.len()).filter(|index| form.units[*index].weight >= SPECIFIC).collect();
    let found = specific.iter().filter(|index| shown.at[**index].is_some()).count();
    if specific.is_empty() || found == 0 {
        return None;
    }
    let all = found == specific.len();
    if clause.text.is_ascii() {
        let last = specific.iter().filter_map(|index| shown.at[*index]).map(|hit| hit.end).max()?;
        return (all && ends_in_english(&clause.text[last..])).then_some(0.85);
    }
    if form.verb().is_some_and(|verb| shown.at[verb].is_none()) || form.through.is_some() {
        return None;
    }
    // Who does not generate power may know materials for it; and what is denied stands at the end.
    if form.head().is_some_and(|head| is_part_of_a_word(&form.text[form.units[head].end..]))
        || denied_residue(form, clause, shown) > 0
    {
        return None;
    }
    let hits: Vec<Hit> = specific.iter().filter_map(|index| shown.at[*index]).collect();
    let first = hits.iter().map(|hit| hit.start).min()?;
    let last = hits.iter().map(|hit| hit.end).max()?;
    if all && !narrowed_before(&clause.text, first) && is_object(&clause.text, last) {
        return Some(0.9);
    }
    let head = form.head();
    // 「測る装置はない」 denies measuring, but not everything that is measured; one character is hardly a head.
    // Most of the line must be there: who does not guarantee a film may well guarantee a size.
    if found * 2 < specific.len() {
        return None;
    }
    let telling = |head: &usize| found > 1 || (!form.units[*head].broad && form.units[*head].weight >= 1.0);
    let head_is_last = head.filter(telling).and_then(|head| shown.at[head]).is_some_and(|hit| hit.end == last);
    (head_is_last && !narrowed_before(&clause.text, first) && is_object(&clause.text, last)).then_some(0.7)
}

/// A word goes on that is more than a way to say the same (発電材料, but 封止加工).
fn is_part_of_a_word(after: &str) -> bool {
    after.chars().next().is_some_and(is_kanji_or_katakana)
        && !markers::GENERIC_TAILS
            .iter()
            .chain(markers::PREDICATES)
            .any(|tail| after.starts_with(tail) && *tail != "材料")
}

/// The denied English thing is not the beginning of another one (no university hospital).
fn ends_in_english(after: &str) -> bool {
    const MAY_FOLLOW: &str = "in on at by for with from to of or and as any here yet our ourselves services service work \
        equipment facilities capability processing is are was were has have can";
    let word = after.trim_start().split(|mark: char| !mark.is_ascii_alphanumeric()).next().unwrap_or("");
    let cut = !after.starts_with([' ', '-']);
    (cut && !after.starts_with(|next: char| next.is_ascii_alphanumeric()))
        || word.is_empty()
        || MAY_FOLLOW.split_whitespace().any(|known| known == word)
}

/// Something before the denied thing makes it a narrower one: 大型の…, クロム….
fn narrowed_before(text: &str, start: usize) -> bool {
    let before = &text[..start];
    if before.ends_with("社の") || before.ends_with("社で") || before.ends_with("本体の") {
        return false;
    }
    before.chars().next_back().is_some_and(|last| {
        matches!(last, 'の' | 'な' | 'い' | 'た' | 'る' | 'き' | 'を')
            || matches!(last, '\u{30A1}'..='\u{30FA}' | 'ー' | '\u{4E00}'..='\u{9FFF}')
            || last.is_ascii_alphanumeric()
    })
}

/// The denied thing is what the particle after it marks, not a part of another thing (めっきの評価).
fn is_object(text: &str, end: usize) -> bool {
    let mut rest = &text[end..];
    for _ in 0..3 {
        let Some(tail) =
            markers::GENERIC_TAILS.iter().filter(|tail| rest.starts_with(**tail)).max_by_key(|tail| tail.len())
        else {
            break;
        };
        rest = &rest[tail.len()..];
    }
    rest.is_empty() || markers::DENIED_PARTICLES.iter().any(|particle| rest.starts_with(particle))
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
#[cfg(test)]
mod dbg {
    use super::*;
    #[test]
    fn dbg() {
        let (l, t) = (std::env::var("L").unwrap_or_default(), std::env::var("T").unwrap_or_default());
        let line = Line::read(&[&l]);
        for f in &line.forms {
            println!("FORM {f:?}");
        }
        for s in &Passage::read(&t).sentences {
            for c in &s.parts().clauses {
                println!("CLAUSE {:?} {:?} {:?}", c.text, c.stance(&squash_(&l), " "), c.quantities);
                for f in &line.forms {
                    let sh = shown(f, c);
                    println!(
                        "  {:?} cov {} res {} -> {:?}",
                        sh.at,
                        sh.covered,
                        residue(f, c, &sh),
                        hear_clause(f, c, &sh)
                    );
                }
            }
        }
    }
    fn squash_(t: &str) -> String {
        clause::squash(t)
    }
}
