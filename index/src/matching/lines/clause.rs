//! A text cut into sentences and clauses, each with how it stands to what it names.
//!
//! A sentence ends only at its own mark (。！？, a line end, a Latin full stop before white space), so a sentence that
//! is taken out leaves every other one as it was.

use std::sync::{LazyLock, OnceLock};

use super::markers::{self, Stance};
use super::quantity::{self, Quantity};
use crate::analysis::normalise::normalise;
use crate::analysis::segment::word_term;

/// A text, read once and judged against many lines.
#[derive(Debug, Clone, Default)]
pub struct Passage {
    pub(super) sentences: Vec<Sentence>,
}

#[derive(Debug, Clone)]
pub(super) struct Sentence {
    /// Code points of the stored text.
    pub(super) start: usize,
    pub(super) end: usize,
    /// The whole sentence, folded, and its Latin words: enough to see that it has nothing to say about a line.
    pub(super) folded: String,
    latin: OnceLock<String>,
    parts: OnceLock<Parts>,
}

/// A sentence taken apart; most sentences never are.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) clauses: Vec<Clause>,
    /// Neighbouring clauses taken together: `joints[i]` is clause `i` with the next one.
    joints: Vec<OnceLock<Clause>>,
}

impl Sentence {
    pub(super) fn latin(&self) -> &str {
        self.latin.get_or_init(|| latin_words(&self.folded))
    }

    pub(super) fn parts(&self) -> &Parts {
        self.parts.get_or_init(|| {
            let clauses = clauses(self.folded.clone());
            let joints = vec![OnceLock::new(); clauses.len().saturating_sub(1)];
            Parts { clauses, joints }
        })
    }
}

impl Parts {
    pub(super) fn joint(&self, index: usize) -> &Clause {
        let pair = &self.clauses[index..index + 2];
        self.joints[index].get_or_init(|| {
            let between = if pair.iter().all(|clause| clause.text.is_ascii()) { ", " } else { "、" };
            read_clause([pair[0].text.as_str(), &pair[1].text].join(between))
        })
    }
}

#[derive(Debug, Clone)]
pub(super) struct Clause {
    /// Folded, katakana without last long vowel marks, no white space beside Japanese.
    pub(super) text: String,
    /// The Latin words, stemmed, each between two spaces: " thin film encapsul ".
    pub(super) latin: String,
    /// For each Latin word: its offset in `latin`, and the bytes of `text` it covers.
    latin_places: Vec<(usize, usize, usize)>,
    pub(super) quantities: Vec<Quantity>,
    /// A question, or the wish of a whole sentence.
    apart: bool,
    marks: OnceLock<Marks>,
}

/// The signs of how a clause stands to what it names; looked for only where that matters.
#[derive(Debug, Clone)]
struct Marks {
    denials: Vec<&'static str>,
    neutrals: Vec<&'static str>,
    /// Denied by its ending, whatever the line says.
    ends_denied: bool,
    somebody_elses: bool,
}

impl Passage {
    /// Cuts and folds a text.
    pub fn read(text: &str) -> Passage {
        let characters: Vec<char> = text.chars().collect();
        let mut sentences = Vec::new();
        let mut start = 0;
        for (index, character) in characters.iter().enumerate() {
            let ends = match character {
                '\n' | '\r' | '。' | '．' | '！' | '？' => true,
                '.' | '!' | '?' => characters.get(index + 1).is_none_or(|next| next.is_whitespace()),
                _ => false,
            };
            if ends {
                push_sentence(&characters, start, index + 1, &mut sentences);
                start = index + 1;
            }
        }
        push_sentence(&characters, start, characters.len(), &mut sentences);
        Passage { sentences }
    }
}

/// The clauses of a sentence, folded, each with whether it denies what it names.
pub(crate) fn clauses_of(sentence: &str) -> Vec<(String, bool)> {
    clauses(squash(sentence))
        .into_iter()
        .map(|clause| {
            let denies = clause.apart || clause.stance("", " ") == Stance::Denies;
            (clause.text, denies)
        })
        .collect()
}

fn push_sentence(characters: &[char], mut start: usize, mut end: usize, sentences: &mut Vec<Sentence>) {
    while start < end && characters[start].is_whitespace() {
        start += 1;
    }
    while end > start && characters[end - 1].is_whitespace() {
        end -= 1;
    }
    if start == end {
        return;
    }
    let stored: String = characters[start..end].iter().collect();
    let folded = squash(&stored);
    sentences.push(Sentence { start, end, folded, latin: OnceLock::new(), parts: OnceLock::new() });
}

/// Folds a text for comparison: one spelling of long vowels, no white space beside Japanese.
pub(super) fn squash(text: &str) -> String {
    let folded = quantity::with_arabic_numbers(normalise(text));
    let mut squashed = String::with_capacity(folded.len());
    let katakana = |character: char| matches!(character, '\u{30A1}'..='\u{30FA}' | 'ー');
    // Katakana characters in a row before this one.
    let mut run = 0;
    let mut characters = folded.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        if character.is_whitespace() {
            let beside = [squashed.chars().next_back(), next];
            if !beside.into_iter().flatten().any(|beside| !beside.is_ascii()) {
                squashed.push(' ');
            }
            run = 0;
            continue;
        }
        if character == 'ー' && run >= 3 && !next.is_some_and(katakana) {
            run = 0;
            continue;
        }
        run = if katakana(character) { run + 1 } else { 0 };
        squashed.push(character);
    }
    squashed
}

/// The Latin words of a folded text, stemmed, each between two spaces.
pub(super) fn latin_words(folded: &str) -> String {
    latin_words_with_places(folded).0
}

fn latin_words_with_places(folded: &str) -> (String, Vec<(usize, usize, usize)>) {
    let mut words = String::from(" ");
    let mut places = Vec::new();
    let mut start = None;
    for (at, character) in folded.char_indices().chain(std::iter::once((folded.len(), ' '))) {
        if character.is_ascii_alphanumeric() {
            start.get_or_insert(at);
        } else if let Some(first) = start.take() {
            places.push((words.len(), first, at));
            let before =
                places.iter().rev().nth(1).map_or("", |&(_, from, to): &(usize, usize, usize)| &folded[from..to]);
            words.push_str(&stem(&folded[first..at], before));
            words.push(' ');
        }
    }
    (words, places)
}

/// A word without its endings; a thing whose verb has the same stem keeps its own (a machine is not machining), unless
/// the word before makes it the verb (we machine).
pub(super) fn stem(word: &str, before: &str) -> String {
    const THINGS: &[&str] = &["machine", "plate", "mould", "mold", "engine"];
    const VERBS: &[&str] = &["we", "to", "can", "also", "they", "and", "or"];
    let one = word.strip_suffix('s').unwrap_or(word);
    let verb = one == word && VERBS.contains(&before);
    if THINGS.contains(&one) && !verb { format!("{one}s") } else { word_term(word).into_owned() }
}

const CONTRASTS: &[&str] =
    &["が、", "ものの、", "一方、", "一方で、", "けれど、", "けれども、", "けど、", "ただし、", "ただし", "しかし"];
const ENGLISH_CONTRASTS: &[&str] = &[
    ", but ",
    " but ",
    "; ",
    " however",
    ", although ",
    " although ",
    " though ",
    " while ",
    " whereas ",
    ", and we ",
    " - ",
    ", and our ",
    ", so ",
];

fn clauses(mut folded: String) -> Vec<Clause> {
    // Who does not deny it does not say it, either.
    let doubly_denied = markers::DOUBLE_DENIALS.iter().any(|phrase| folded.contains(phrase))
        || markers::NO_EQUIPMENT.iter().any(|phrase| folded.find(phrase).is_some_and(|at| !is_topic(&folded[..at])));
    for phrase in markers::HARMLESS {
        if folded.contains(phrase) {
            folded = folded.replace(phrase, "…");
        }
    }
    let question = folded.trim_end().ends_with(['?', '？']);
    let mut pieces: Vec<(String, bool)> = Vec::new();
    cut(&folded, &mut pieces);
    let mut clauses: Vec<Clause> = Vec::with_capacity(pieces.len());
    let mut contrasts = Vec::with_capacity(pieces.len());
    for (text, contrast) in pieces {
        let mut clause = read_clause(text);
        clause.apart |= question || doubly_denied;
        clauses.push(clause);
        contrasts.push(contrast);
    }
    // Whoever ends by seeking somebody asks for all of it, up to the last contrast.
    let seeks = clauses.last().is_some_and(|last| {
        markers::SEEKING.iter().any(|marker| last.text.contains(marker) || marker_in_latin(&last.latin, marker))
    });
    if seeks {
        for index in (0..clauses.len()).rev() {
            if index + 1 < clauses.len() && contrasts[index] {
                break;
            }
            clauses[index].apart = true;
        }
    }
    clauses
}

/// 「高周波焼入れは」, and nothing else that is said of it.
fn is_topic(before: &str) -> bool {
    before.ends_with(['は', 'も', 'の']) && !before.contains(['、', ',', 'が'])
}

/// Cuts a sentence into clauses, each with whether a contrast follows.
fn cut(folded: &str, pieces: &mut Vec<(String, bool)>) {
    let mut start = 0;
    let mut at = 0;
    let bytes = folded.len();
    while at < bytes {
        let rest = &folded[at..];
        let Some(character) = rest.chars().next() else { break };
        let so_far = &folded[start..at];
        if let Some(word) = ENGLISH_CONTRASTS.iter().find(|word| rest.starts_with(**word) && !leaves_out(so_far, word))
        {
            push_piece(so_far, true, pieces);
            at += word.len();
            start = at;
            continue;
        }
        if character == '、' || (character == ',' && so_far.ends_with(|before: char| !before.is_ascii())) {
            let whole = format!("{so_far}、");
            let contrast = CONTRASTS.iter().any(|word| whole.ends_with(word))
                || ["ので", "ため", "から", "のに"].iter().any(|word| so_far.ends_with(word));
            if contrast || ends_like_a_verb(so_far) {
                push_piece(so_far, contrast, pieces);
                at += character.len_utf8();
                start = at;
                continue;
            }
        }
        if character == 'が' && contrast_follows(so_far, rest) {
            push_piece(&format!("{so_far}が"), true, pieces);
            at += character.len_utf8();
            start = at;
            continue;
        }
        at += character.len_utf8();
    }
    push_piece(&folded[start..], false, pieces);
}

/// "everything but titanium" is one thing.
fn leaves_out(so_far: &str, word: &str) -> bool {
    const ALL: &[&str] = &["everything", "anything", "nothing", "all", "any", "none", "metals", "materials"];
    word.trim_matches([' ', ',']) == "but" && ALL.iter().any(|all| so_far.ends_with(all))
}

/// 「行うが冷蔵品は…」: a predicate, and no comma before what is set against it.
fn contrast_follows(so_far: &str, rest: &str) -> bool {
    const NOUNS: &[&str] =
        &["ほう", "よう", "ふう", "とう", "そう", "こう", "やり方", "づくり", "つくり", "もう", "きゅう"];
    const POLITE: &[&str] = &["ます", "です", "ない", "した", "った", "いた", "いだ", "んだ", "せん"];
    let next = rest.strip_prefix('が').and_then(|rest| rest.chars().next());
    if next.is_none_or(|next| matches!(next, '、' | ',')) || NOUNS.iter().any(|noun| so_far.ends_with(noun)) {
        return false;
    }
    let mut characters = so_far.chars().rev();
    let (Some(last), Some(before)) = (characters.next(), characters.next()) else { return false };
    let verb = matches!(last, 'う' | 'く' | 'す' | 'つ' | 'ぬ' | 'む' | 'る' | 'ぐ' | 'ぶ');
    let stem = matches!(before, '\u{4E00}'..='\u{9FFF}' | 'す' | 'き' | 'え' | 'け' | 'れ' | 'い' | 'あ' | 'め' | 'ら');
    (verb && stem) || POLITE.iter().any(|ending| so_far.ends_with(ending))
}

fn push_piece(text: &str, contrast: bool, pieces: &mut Vec<(String, bool)>) {
    let text = text.trim_matches([' ', '、', ',', '。', '.']);
    if !text.is_empty() {
        pieces.push((text.to_owned(), contrast));
    }
}

/// Before a comma: hiragana that ends a predicate and not a particle of a list or a topic.
fn ends_like_a_verb(text: &str) -> bool {
    const PARTICLES: &[&str] = &[
        "や",
        "など",
        "とか",
        "には",
        "では",
        "とは",
        "は",
        "も",
        "と",
        "に",
        "を",
        "へ",
        "まで",
        "より",
        "として",
        "について",
        "に対して",
        "によって",
        "において",
        "め",
        "にて",
        "から",
        "または",
        "および",
        "つ",
        "ら",
    ];
    let Some(last) = text.chars().next_back() else { return false };
    // 「焼入れ、」 and 「めっき、」 begin a list: a clause has a particle of its own, or its verb is done to a noun (開発し).
    let clause =
        ["を", "が", "は", "に", "で", "も", "と", "へ", "の", "て"].iter().any(|particle| text.contains(particle))
            || text.ends_with(['し', 'ず', 'く', 'い']);
    clause && matches!(last, '\u{3041}'..='\u{3096}') && !PARTICLES.iter().any(|particle| text.ends_with(particle))
}

static LATIN_DENIALS: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| latin_markers(markers::DENIAL));
static LATIN_NEUTRALS: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| latin_markers(markers::NEUTRAL));
static LATIN_OTHERS: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| latin_markers(markers::OTHERS_ENGLISH));

fn latin_markers(markers: &[&'static str]) -> Vec<(&'static str, String)> {
    markers.iter().filter(|marker| marker.is_ascii()).map(|marker| (*marker, latin_words(marker))).collect()
}

fn marker_in_latin(latin: &str, marker: &str) -> bool {
    marker.is_ascii() && latin.len() > 1 && latin.contains(&latin_words(marker))
}

fn read_clause(text: String) -> Clause {
    let (latin, latin_places) = latin_words_with_places(&text);
    let quantities = quantity::find(&text);
    Clause { text, latin, latin_places, quantities, apart: false, marks: OnceLock::new() }
}

fn marks(text: &str, latin: &str) -> Marks {
    let taken_in = markers::TAKEN_IN.iter().any(|word| text.contains(word));
    let mut denials: Vec<&'static str> = markers::DENIAL
        .iter()
        .filter(|marker| !marker.is_ascii() && text.contains(**marker) && !(taken_in && marker.contains("外")))
        .copied()
        .collect();
    let mut neutrals: Vec<&'static str> =
        markers::NEUTRAL.iter().filter(|marker| !marker.is_ascii() && text.contains(**marker)).copied().collect();
    if latin.len() > 1 {
        denials.extend(LATIN_DENIALS.iter().filter(|(_, words)| latin.contains(words)).map(|(marker, _)| *marker));
        neutrals.extend(LATIN_NEUTRALS.iter().filter(|(_, words)| latin.contains(words)).map(|(marker, _)| *marker));
    }
    if denials.is_empty() {
        const GIVEN: &[&str] = &[
            "に依頼し",
            "に委託し",
            "へ依頼し",
            "へ委託し",
            "にお願いし",
            "に任せ",
            "に発注し",
            "に頼む",
            "に頼ん",
            "へ頼",
        ];
        neutrals.extend(GIVEN.iter().filter(|marker| text.contains(**marker)));
        // 「熱処理は専門の会社に出し、…」
        neutrals.extend(["に出し", "へ出し"].iter().filter(|marker| text.ends_with(**marker)));
    }
    let ends_denied = ends_denied(text);
    let somebody_elses = somebody_elses(text, latin, &denials) || is_a_share(text);
    Marks { denials, neutrals, ends_denied, somebody_elses }
}

fn ends_denied(text: &str) -> bool {
    let mut rest = text.trim_end_matches(['。', '.', ')', '」', '!', ' ']);
    for _ in 0..4 {
        if markers::DENIAL_ENDS.iter().any(|end| rest.ends_with(end)) {
            return true;
        }
        if markers::OVER_ENDS.iter().any(|end| rest.ends_with(end)) && rest.len() < text.trim_end().len() {
            return true;
        }
        let Some(tail) =
            markers::CLAUSE_TAILS.iter().filter(|tail| rest.ends_with(**tail)).max_by_key(|tail| tail.len())
        else {
            return false;
        };
        rest = &rest[..rest.len() - tail.len()];
    }
    false
}

fn somebody_elses(text: &str, latin: &str, denials: &[&'static str]) -> bool {
    let given_away = |marker: &&str| {
        marker.contains("外")
            || marker.contains("依頼")
            || marker.contains("委託")
            || marker.contains("任せ")
            || marker.contains("出し")
    };
    if denials.iter().any(given_away) {
        return false;
    }
    let japanese = markers::OTHERS.iter().filter(|other| text.contains(**other)).any(|other| {
        text.match_indices(other).any(|(at, _)| {
            let own = text[..at]
                .chars()
                .next_back()
                .is_some_and(|before| markers::OWN.iter().any(|own| own.starts_with(before)));
            let after = &text[at + other.len()..];
            !own && markers::OTHERS_PARTICLES.iter().any(|particle| after.starts_with(particle))
        })
    });
    japanese
        || named_at_the_end(text)
        || done_together(text)
        || LATIN_OTHERS.iter().any(|(_, words)| latin.contains(words))
}

/// 「熱処理は協力会社。」: a topic, and who does it.
fn named_at_the_end(text: &str) -> bool {
    let text =
        ["です", "である", "だ", "になる", "になります"].iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text);
    let Some(before) = markers::OTHERS.iter().find_map(|other| text.strip_suffix(other)) else { return false };
    let Some((topic, between)) = before.rsplit_once('は') else { return false };
    let own = markers::OURSELVES.iter().any(|own| topic.ends_with(own));
    !own && (between.is_empty() || between.ends_with(['の', 'な', 'い']))
}

/// 「研究は大学と組む」
fn done_together(text: &str) -> bool {
    let before = markers::TOGETHER.iter().find_map(|end| text.strip_suffix(end));
    let topic = before.and_then(|before| markers::OTHERS.iter().find_map(|other| before.strip_suffix(other)));
    topic
        .and_then(|topic| topic.rsplit_once('は'))
        .is_some_and(|(_, between)| between.is_empty() || between.ends_with('の'))
}

/// 「94件、うち溶接が41件」: a share of a count tells of what was counted. Not 「うちは溶接が5人」.
fn is_a_share(text: &str) -> bool {
    const COUNTED: &[&str] = &["件", "社", "題", "%", "割"];
    const NUMERALS: &str = "0123456789一二三四五六七八九十百千";
    let Some((before, after)) = text.split_once("うち") else { return false };
    let begins =
        before.is_empty() || before.ends_with(['、', ',', '(']) || COUNTED.iter().any(|of| before.ends_with(of));
    let own = after.starts_with(['は', 'で', 'の', 'も', 'が']);
    let counted = |(at, _): (usize, char)| {
        let rest = after[at..].trim_start_matches(|digit: char| NUMERALS.contains(digit));
        rest.len() < after.len() - at && COUNTED.iter().any(|unit| rest.starts_with(unit))
    };
    begins && !own && after.char_indices().any(counted)
}

impl Clause {
    /// Sells what others make or do.
    pub(super) fn only_deals(&self, line: &str, line_latin: &str) -> bool {
        let holds = |list: &[&str], text: &str, latin: &str| {
            list.iter().any(|word| if word.is_ascii() { marker_in_latin(latin, word) } else { text.contains(word) })
        };
        holds(markers::DEALING, &self.text, &self.latin)
            && !holds(markers::MAKING, &self.text, &self.latin)
            && !holds(markers::ASKS_FOR_DEALING, line, line_latin)
    }

    /// A room, a machine or hands are lent: who lends the place does not do what is done there. Not so where the line asks
    /// for something to be used.
    pub(super) fn only_lends(&self, line: &str) -> bool {
        let lends = markers::LENDING.iter().any(|ending| self.text.ends_with(ending));
        lends && !markers::ASKS_FOR_LENDING.iter().any(|word| line.contains(word))
    }

    /// "no aluminium", "without any titanium": a word of lack shortly before this place of an English clause.
    pub(super) fn lacks_before(&self, at: usize) -> bool {
        let before = self.text[..at].rsplit(|mark: char| !mark.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let near: Vec<&str> = before.take(5).collect();
        // "no painting or welding": what is joined by "or" is lacking, too.
        let reach = if near.get(1) == Some(&"or") || near.first() == Some(&"or") { 5 } else { 3 };
        near.iter().take(reach).any(|word| markers::LACKING.contains(word))
            || near.get(1) == Some(&"apart")
            || near.first() == Some(&"non")
    }

    /// Where a range of `latin` stands in the text.
    pub(super) fn latin_range(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let mut inside = self.latin_places.iter().filter(|(at, _, _)| *at >= start && *at < end);
        let first = inside.next()?;
        Some((first.1, inside.next_back().unwrap_or(first).2))
    }

    /// How the clause stands to what it names. A marker that the line itself holds does not count against it.
    pub(super) fn stance(&self, line: &str, line_latin: &str) -> Stance {
        let marks = self.marks.get_or_init(|| marks(&self.text, &self.latin));
        if self.apart || marks.somebody_elses {
            return Stance::Neutral;
        }
        let foreign = |marker: &&&str| match marker.is_ascii() {
            true => !marker_in_latin(line_latin, marker),
            false => !line.contains(**marker),
        };
        if marks.neutrals.iter().any(|marker| foreign(&marker)) {
            return Stance::Neutral;
        }
        if marks.ends_denied || marks.denials.iter().any(|marker| foreign(&marker)) {
            return Stance::Denies;
        }
        Stance::States
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stances(text: &str) -> Vec<Stance> {
        Passage::read(text)
            .sentences
            .iter()
            .flat_map(|s| &s.parts().clauses)
            .map(|clause| clause.stance("", " "))
            .collect()
    }

    #[test]
    fn clauses_and_their_stance() {
        use Stance::*;
        assert_eq!(stances("切削を行っており、めっきは外注しています。"), [States, Denies]);
        assert_eq!(stances("切削はできるが、めっきはできない。"), [States, Denies]);
        assert_eq!(stances("封止ができる会社を探しています。"), [Neutral]);
        assert_eq!(stances("切削を行い、めっきもできる会社を探しています。"), [Neutral, Neutral]);
        assert_eq!(stances("協力会社でめっきを行う。"), [Neutral]);
        assert_eq!(stances("封止の研究会に参加。"), [Neutral]);
        assert_eq!(stances("切削だけでなく研磨も行う。"), [States]);
        assert_eq!(stances("We offer milling, but we do not offer plating."), [States, Denies]);
        assert_eq!(stances("We are looking for a partner for plating."), [Neutral]);
        assert_eq!(stances("鋳造は2015年に終了しました。"), [Denies]);
        assert_eq!(stances("外注加工を受託しています。"), [States]);
    }

    #[test]
    fn sentences_stand_alone() {
        let passage = Passage::read("切削。 研磨も。\nWe mill. It is 3.5 mm.");
        let places: Vec<(usize, usize)> = passage.sentences.iter().map(|s| (s.start, s.end)).collect();
        assert_eq!(places, [(0, 3), (4, 8), (9, 17), (18, 31)]);
    }
}
