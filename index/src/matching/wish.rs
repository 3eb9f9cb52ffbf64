//! A wish in free words, divided: what is wanted, and what is expressly not. The words of what is not wanted would find it.

/// What a sentence wants, and what it leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The text without what it leaves out. Where nothing else would be left: nothing if all of it can be checked, else
    /// the whole text.
    pub wanted: String,
    /// What is not wanted, without the words that say so.
    pub unwanted: Vec<String>,
    /// Clauses of what is wanted that hold a word of leaving out which was not read.
    pub unread: Vec<Unread>,
}

/// A clause with a word of leaving out (除く, except) that may leave out somebody, and may as well say something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    pub clause: String,
    /// What stands where the word would name what it leaves out.
    pub near: String,
}

/// How a clause ends that leaves out what it names.
const LEAVES_OUT: &[&str] = &[
    "は除く",
    "を除く",
    "は除き",
    "を除き",
    "は除いて",
    "を除いて",
    "は除きます",
    "を除きます",
    "は除外します",
    "を除外します",
    "は除外",
    "を除外",
    "は除外する",
    "を除外する",
    "は不要",
    "は要らない",
    "はいらない",
    "は要りません",
    "はいりません",
    "は必要ない",
    "は必要ありません",
    "は対象外",
    "は避けたい",
    "以外",
];

/// The same where it names what can be checked: 溶剤は不可 is a wish about the work.
const LEAVES_OUT_KNOWN: &[&str] = &[
    "はお断りします",
    "はお断りしています",
    "はお断り",
    "お断り",
    "はＮＧ",
    "はNG",
    "ＮＧ",
    "NG",
    "は不可",
    "不可",
    "はご遠慮",
    "はだめ",
    "は駄目",
];

/// How a clause ends that wants somebody who does not do what it names.
const DOES_NOT: &[&str] = &["はしない", "をしない", "を行わない", "は行わない", "をやらない", "はやらない"];

const SOMEBODY: &[&str] = &["会社", "企業", "ところ", "所", "相手", "メーカー", "事業者", "方"];

/// What goes before or after without changing what is said.
const ASIDE: &[&str] = &["ただし", "但し", "ただ", "なお", "また", "but ", "and "];
const POLITE: &[&str] = &[
    "でお願いします",
    "をお願いします",
    "してください",
    "ください",
    "下さい",
    "です",
    "とする",
    "とします",
    "でよい",
    "で",
];

/// How an English clause begins that leaves out what follows.
const EXCEPT: &[&str] = &[
    "except for ",
    "except ",
    "excluding ",
    "not including ",
    "other than ",
    "apart from ",
    "but not ",
    "but no ",
    "no need for ",
];

/// The same of a clause that leaves out a kind of party, or a party: of anything else it may mean the work itself
/// (without solvents).
const NONE_OF: &[&str] = &["not ", "no ", "without "];

/// The same of a place, too.
const NOT_OF_A_PLACE: &[&str] =
    &["outside of ", "outside ", "not from ", "not in ", "not based in ", "not located in ", "not outside "];

/// What stands in the middle of an English clause that goes on to leave out what can be checked.
const MID_EXCEPT: &[&str] = &[
    " except for ",
    " except ",
    " excluding ",
    " not including ",
    " other than ",
    " apart from ",
    " but not ",
    " but no ",
];
/// The same for kinds of parties, and parties.
const MID_NONE_OF: &[&str] = &[" without ", " not ", " and no ", " no "];
const MID_NOT_OF_A_PLACE: &[&str] =
    &[" outside of ", " outside ", " not from ", " not in ", " not based in ", " not located in "];
/// What turns a word of leaving out behind it into its opposite, or into something else.
const TURNED: &[&str] = &[
    "not",
    "n't",
    "without",
    "never",
    "nobody",
    "no one",
    "none",
    "nothing",
    "no other",
    "no others",
    "need for",
    "all",
    "everything",
];
/// English words of leaving out, wherever they stand.
const LEAVING: &[&str] =
    &["except", "exclud", "not including", "other than", "apart from", "without", "outside", "not from", "all but"];
const EXCLUDED: &[&str] = &[" are excluded", " is excluded", " excluded"];

/// 「除く」 behind a name without a particle, and in the middle of a clause.
const BARE_ENDS: &[&str] = &["除きます", "除く", "除き", "除いて", "除外", "抜き"];
const MID_ENDS: &[&str] =
    &["を除いた", "を除いて", "を除き", "を除く", "は除いて", "は除き", "は除く", "除いた", "除く", "以外"];
/// What follows 「以外」 where it takes in instead of leaving out: 大学以外も, 大学以外にも.
const TAKES_IN: &[&str] = &["も", "にも", "でも", "とも", "からも", "のも"];
/// What joins 「以外」 to what is wanted.
const JOINTS: &[&str] = &["での", "で", "に", "から", "なら", "が", "を", "の", "、"];
/// Behind these a name may begin. Not の: 山形の大学 is not every university.
const BEFORE_A_NAME: &[char] = &['を', 'は', 'で', 'に', '、', ' ', '\u{3000}', '※', '＊', '*', '：', ':', '／', '/'];
/// Marks before a remark, which go with it.
const REMARKS: &[char] = &['※', '＊', '*', ' ', '\u{3000}'];
/// Before a colon these leave out what follows: 除く：大学.
const HEADINGS: &[&str] = &["除く", "除外", "対象外", "NG", "ＮＧ", "不可", "お断り"];
/// Japanese words of leaving out, wherever they stand.
const LEAVING_JA: &[&str] = &["除く", "除き", "除い", "除外", "以外", "抜き", "お断り", "対象外", "不可", "NG", "ＮＧ"];
/// 「染色会社」: somebody, and nothing about the work.
const ENDS_AS_SOMEBODY: &[&str] = &[
    "会社",
    "企業",
    "工場",
    "メーカー",
    "業者",
    "事業者",
    "研究所",
    "機関",
    "工房",
    "製作所",
    "商社",
    "相手",
    "ところ",
];
const PARTICLES: &[char] = &['を', 'が', 'で', 'に', 'の', 'は', 'へ', 'と', 'も'];

const BRACKETS: &[(char, char)] = &[('（', '）'), ('(', ')'), ('［', '］'), ('[', ']')];
/// Behind these a full stop ends no sentence.
const SHORTENED: &[&str] =
    &["co", "ltd", "inc", "corp", "k.k", "dr", "mr", "ms", "prof", "st", "e.g", "i.e", "vs", "etc"];

/// Clauses that leave something out, at most: the rest is read as it stands.
const MOST: usize = 50;
/// Exclusions of one clause, at most; and places of one word in it that are looked at.
const MOST_OF_A_CLAUSE: usize = 5;
/// Clauses that are told as not read, at most.
const MOST_UNREAD: usize = 5;

/// What the caller can check of what a clause names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checkable {
    /// A party, or a kind of parties (大学).
    Party,
    /// Something else that parties state: a place, a size.
    Fact,
}

/// Tells what can be checked of a name; none where nothing can.
type Known<'k> = &'k mut dyn FnMut(&str) -> Option<Checkable>;

impl Wish {
    /// Reads what needs no knowledge of parties and places: clauses that do nothing but leave out.
    pub fn read(text: &str) -> Wish {
        Wish::read_knowing(text, &mut |_| None)
    }

    /// Reads also what leaves out only where it names a party, a kind of parties or what they state (大学以外で発酵,
    /// fermentation without universities, but not without solvents).
    pub fn read_knowing(text: &str, known: Known<'_>) -> Wish {
        let mut unwanted = Vec::new();
        let text = without_brackets(text, known, &mut unwanted);
        let mut wanted = String::with_capacity(text.len());
        // 「except universities, banks」: the list goes on.
        let mut listing = false;
        for piece in pieces(&text) {
            let clause = piece.trim_end_matches(ends).trim().trim_end_matches('.');
            let read = if unwanted.len() < MOST { left_out(clause, known) } else { None };
            let listed = ["and ", "or ", ""].iter().find_map(|joint| strip_start(clause, joint)).unwrap_or(clause);
            match read {
                Some((rest, what)) => {
                    listing = clause.is_ascii() || (rest.is_empty() && clause.contains([':', '：']));
                    wanted.push_str(&rest);
                    if !rest.is_empty() {
                        wanted.extend(piece.chars().last().filter(|last| ends(*last)));
                    }
                    unwanted.extend(what);
                    unwanted.truncate(MOST);
                }
                None if listing && unwanted.len() < MOST && known(listed) == Some(Checkable::Party) => {
                    unwanted.push(listed.to_owned());
                }
                None => {
                    listing = false;
                    wanted.push_str(piece);
                }
            }
        }
        let unread = |wanted: &str| -> Vec<Unread> {
            pieces(wanted).into_iter().filter_map(may_leave_out).take(MOST_UNREAD).collect()
        };
        if wanted.chars().any(char::is_alphanumeric) {
            return Wish { unread: unread(&wanted), wanted, unwanted };
        }
        // Nothing but what is not wanted. What can be checked is no word to look for.
        match !unwanted.is_empty() && unwanted.iter().all(|what| known(what).is_some()) {
            true => Wish { wanted: String::new(), unwanted, unread: Vec::new() },
            false => Wish { unread: unread(&text), wanted: text, unwanted: Vec::new() },
        }
    }
}

fn ends(character: char) -> bool {
    matches!(character, '。' | '、' | '，' | ',' | '.' | ';' | '；' | '\n' | '！' | '!' | '．')
}

/// The clauses, each with what ends it. A comma in a number, and the marks of a legal form (Co., Ltd.), end none.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut from) = (Vec::new(), 0);
    for (at, character) in text.char_indices().filter(|(_, character)| ends(*character)) {
        let (before, after) = (&text[..at], &text[at + character.len_utf8()..]);
        let digit = |one: Option<char>| one.is_some_and(|one| one.is_numeric());
        let inside = match character {
            ',' | '，' | '．' => digit(before.chars().last()) && digit(after.chars().next()),
            '.' => {
                let word = before.rsplit(|one: char| one.is_whitespace() || one == ',').next().unwrap_or("");
                let shortened = SHORTENED.contains(&word.to_ascii_lowercase().as_str());
                shortened || after.chars().next().is_some_and(|next| !next.is_whitespace())
            }
            _ => false,
        };
        let legal_form = || ["ltd", "inc", "llc"].iter().any(|form| strip_start(after.trim_start(), form).is_some());
        if inside || (character == ',' && legal_form()) {
            continue;
        }
        pieces.push(&text[from..text.len() - after.len()]);
        from = text.len() - after.len();
    }
    pieces.push(&text[from..]);
    pieces
}

/// The text without the brackets that leave something out: 発酵（大学は除く）.
fn without_brackets(text: &str, known: Known<'_>, unwanted: &mut Vec<String>) -> String {
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((at, open)) = rest.char_indices().find(|(_, one)| BRACKETS.iter().any(|(open, _)| open == one)) {
        let inside = &rest[at + open.len_utf8()..];
        let close = BRACKETS.iter().find(|(own, _)| *own == open).map_or(open, |(_, close)| *close);
        let end = inside.find(close).filter(|end| !inside[..*end].contains(open));
        let read = end.filter(|_| unwanted.len() < MOST).and_then(|end| {
            let clause = inside[..end].trim().trim_end_matches(ends);
            left_out(clause, known)
                .filter(|(rest, _)| rest.trim_matches(REMARKS).is_empty())
                .map(|(_, what)| (end, what))
        });
        match read {
            Some((end, what)) => {
                kept.push_str(&rest[..at]);
                unwanted.extend(what);
                unwanted.truncate(MOST);
                rest = &inside[end + close.len_utf8()..];
            }
            None => {
                kept.push_str(&rest[..at + open.len_utf8()]);
                rest = inside;
            }
        }
    }
    kept + rest
}

/// What a clause leaves out, behind what it wants beside.
fn left_out(clause: &str, known: Known<'_>) -> Option<(String, Vec<String>)> {
    let (mut rest, mut names) = (clause.to_owned(), Vec::new());
    while names.len() < MOST_OF_A_CLAUSE {
        let Some((left, name)) = one_left_out(&rest, known) else { break };
        rest = left;
        names.push(name);
    }
    (!names.is_empty()).then_some((rest, names))
}

/// One thing that a clause leaves out, behind what the clause says beside.
fn one_left_out(clause: &str, known: Known<'_>) -> Option<(String, String)> {
    let (kept, after) = clause.split_at(kept_until(clause));
    if !kept.is_empty() {
        return one_left_out(after, known).map(|(rest, what)| (format!("{kept}{rest}"), what));
    }
    let clause = ASIDE.iter().find_map(|aside| clause.strip_prefix(aside)).unwrap_or(clause);
    let clause = clause.trim_start_matches(REMARKS);
    let whole = |what: &str| {
        let what = what.trim();
        // Out of what is left out, something is left out again.
        (!what.is_empty() && !leaves_out_again(what)).then(|| (String::new(), what.to_owned()))
    };
    let clause = strip_end(clause, " please").unwrap_or(clause);
    if let Some(found) = by_a_colon(clause, known) {
        return Some(found);
    }
    if let Some(what) = EXCEPT.iter().find_map(|except| strip_start(clause, except)) {
        return match known_until(what, known) {
            Some((end, _)) => Some((what[end..].to_owned(), what[..end].trim().to_owned())),
            None => whole(what),
        };
    }
    let none_of = NONE_OF.iter().find_map(|none| strip_start(clause, none));
    let none_of = none_of.or_else(|| EXCLUDED.iter().find_map(|excluded| strip_end(clause, excluded)));
    if let Some(what) = none_of.filter(|what| known(what.trim()) == Some(Checkable::Party)) {
        return whole(what);
    }
    let place = NOT_OF_A_PLACE.iter().find_map(|mark| strip_start(clause, mark));
    if let Some(what) = place.filter(|what| known(what.trim()).is_some()) {
        return whole(what);
    }
    if let Some(found) = in_the_middle(clause, known) {
        return Some(found);
    }
    let bare = without_politeness(clause);
    let strip = |text: &'_ str, list: &[&str]| list.iter().find_map(|end| text.strip_suffix(end).map(str::len));
    let length = strip(bare, LEAVES_OUT).or_else(|| {
        let somebody = SOMEBODY.iter().find_map(|somebody| bare.strip_suffix(somebody))?;
        strip(somebody, DOES_NOT)
    });
    if let Some(length) = length {
        let what = bare[..length].trim();
        return name_at_the_end(what, known).map(|(rest, name, _)| (rest, name)).or_else(|| whole(what));
    }
    let length = strip(bare, LEAVES_OUT_KNOWN).or_else(|| strip(bare, BARE_ENDS))?;
    name_at_the_end(&bare[..length], known).map(|(rest, name, _)| (rest, name))
}

fn without_politeness(clause: &str) -> &str {
    POLITE.iter().find_map(|polite| clause.strip_suffix(polite)).unwrap_or(clause)
}

/// 「除く：大学」, and "no universities please: coating".
fn by_a_colon(clause: &str, known: Known<'_>) -> Option<(String, String)> {
    let at = clause.find([':', '：'])?;
    let (head, tail) = (clause[..at].trim_end(), clause[at..].trim_start_matches([':', '：']).trim());
    if tail.is_empty() {
        return None;
    }
    if let Some(before) = HEADINGS.iter().find_map(|heading| head.strip_suffix(heading)) {
        let alone = before.is_empty() || before.ends_with(REMARKS);
        return (alone && known(tail).is_some())
            .then(|| (before.trim_end_matches(REMARKS).to_owned(), tail.to_owned()));
    }
    // Only what is told by its first words: a colon in a name is rare, and a second one no heading.
    let begins = EXCEPT.iter().chain(NONE_OF).chain(NOT_OF_A_PLACE).any(|word| strip_start(head, word).is_some());
    if !begins {
        return None;
    }
    one_left_out(head, known)
        .filter(|(rest, what)| rest.is_empty() && known(what).is_some())
        .map(|(_, what)| (tail.to_owned(), what))
}

/// Up to where a clause keeps somebody in instead of leaving out: 大学は除きません, 大学を除く必要はない; 0 where it does not.
fn kept_until(clause: &str) -> usize {
    const BETWEEN: &[&str] = &[
        "必要",
        "つもり",
        "わけ",
        "こと",
        "もの",
        "べき",
        "予定",
        "ほしく",
        "欲しく",
        "外",
        "く",
        "き",
        "か",
        "い",
        "て",
        "で",
        "の",
        "は",
        "が",
        "も",
        "を",
        "に",
        "し",
        "せ",
        "さ",
        "れ",
        "ま",
    ];
    const NOT: &[&str] = &[
        "ありません",
        "ません",
        "ない",
        "なく",
        "無い",
        "無く",
        "不要",
        "要りません",
        "いりません",
        "要らない",
        "ず",
        "ぬ",
        "んで",
    ];
    let one = |(at, word): (usize, &str)| {
        let mut end = at + word.len();
        for _ in 0..10 {
            let rest = &clause[end..];
            if let Some(not) = NOT.iter().find(|not| rest.starts_with(**not)) {
                return Some(end + not.len());
            }
            end += BETWEEN.iter().find(|between| rest.starts_with(**between))?.len();
        }
        None
    };
    clause.match_indices('除').filter_map(one).max().unwrap_or(0)
}

/// Whether what is left out leaves out something itself: everybody except universities, 大学以外.
fn leaves_out_again(what: &str) -> bool {
    let lower = what.to_ascii_lowercase();
    LEAVING.iter().any(|word| lower.contains(word)) || ["以外", "除"].iter().any(|word| what.contains(word))
}

/// Whether the words before turn what leaves out into something else: not excluding, nobody other than, no solvents except.
fn is_turned(before: &str) -> bool {
    let lower = before.trim().to_ascii_lowercase();
    let ends = |word: &str| {
        let rest = lower.strip_suffix(word);
        rest.is_some_and(|rest| word == "n't" || !rest.ends_with(|one: char| one.is_ascii_alphanumeric()))
    };
    TURNED.iter().any(|word| ends(word)) || LEAVING.iter().any(|word| lower.contains(word))
}

/// A clause that was not read, though it holds a word that may leave somebody out.
fn may_leave_out(piece: &str) -> Option<Unread> {
    let clause = piece.trim_end_matches(ends).trim();
    let kept = kept_until(clause);
    let of = |near: &str| Some(Unread { clause: clause.to_owned(), near: near.trim().to_owned() });
    for word in LEAVING_JA {
        let mut found = clause.match_indices(word).take(MOST_OF_A_CLAUSE).filter(|(at, _)| *at >= kept);
        let meant = found.find(|(at, _)| {
            let after = &clause[at + word.len()..];
            let takes_in = *word == "以外" && TAKES_IN.iter().any(|more| after.starts_with(more));
            let denied =
                ["ではな", "じゃな", "ではあ", "しません", "しない", "しておら"].iter().any(|no| after.starts_with(no));
            !takes_in && !denied
        });
        if let Some((at, _)) = meant {
            let from = clause[..at].char_indices().rev().nth(13).map_or(0, |(from, _)| from);
            let after = &clause[at + word.len()..];
            let heading = after.starts_with([':', '：']);
            return of(if heading { after.trim_start_matches([':', '：']) } else { &clause[from..at] });
        }
    }
    let lower = clause.to_ascii_lowercase();
    for word in LEAVING {
        let Some(at) = lower.find(word) else { continue };
        // "Not excluding" leaves nobody out, and needs no word about it; "except" behind another one does.
        let plain = ["not", "n't", "without", "never", "need to", "need for"];
        if !plain.iter().any(|no| lower[..at].trim_end().ends_with(no)) {
            return of(&clause[at + word.len()..]);
        }
    }
    None
}

/// Up to where a text names what can be checked: all of it, else its first sentence.
fn known_until(text: &str, known: Known<'_>) -> Option<(usize, Checkable)> {
    let sentences = text.match_indices(". ").take(MOST_OF_A_CLAUSE).map(|(at, _)| at);
    for end in std::iter::once(text.len()).chain(sentences) {
        let name = text[..end].trim();
        if let Some(what) = Some(name).filter(|name| !name.is_empty()).and_then(&mut *known) {
            return Some((end, what));
        }
    }
    None
}

fn strip_start<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let head = text.get(..start.len())?;
    head.eq_ignore_ascii_case(start).then(|| &text[start.len()..])
}

fn strip_end<'t>(text: &'t str, end: &str) -> Option<&'t str> {
    let at = text.len().checked_sub(end.len())?;
    text.get(at..)?.eq_ignore_ascii_case(end).then(|| &text[..at])
}

/// What a clause leaves out that goes on before it, or behind it: only what can be checked.
fn in_the_middle(clause: &str, known: Known<'_>) -> Option<(String, String)> {
    let lower = clause.to_ascii_lowercase();
    let english = MID_EXCEPT.iter().chain(MID_NOT_OF_A_PLACE).map(|mark| (mark, false));
    for (mark, parties_only) in english.chain(MID_NONE_OF.iter().map(|mark| (mark, true))) {
        let Some(at) = lower.find(mark) else { continue };
        if is_turned(&clause[..at]) {
            continue;
        }
        let what = &clause[at + mark.len()..];
        match known_until(what, known) {
            Some((_, Checkable::Fact)) if parties_only => {}
            Some((end, _)) => {
                return Some((format!("{}{}", &clause[..at], &what[end..]), what[..end].trim().to_owned()));
            }
            None => {}
        }
    }
    let bare = without_politeness(clause);
    let ends_so = [LEAVES_OUT, LEAVES_OUT_KNOWN, BARE_ENDS].concat();
    // 大学以外は除く: only universities are wanted.
    let twice = ends_so.iter().any(|end| *end != "以外" && bare.ends_with(end));
    for (mark, at) in MID_ENDS
        .iter()
        .flat_map(|mark| clause.match_indices(mark).take(MOST_OF_A_CLAUSE).map(move |(at, _)| (*mark, at)))
    {
        let after = &clause[at + mark.len()..];
        let polite = after.starts_with("ます") || POLITE.contains(&after);
        if after.is_empty() || polite || TAKES_IN.iter().any(|more| after.starts_with(more)) {
            continue;
        }
        let again = after.trim_start_matches(['を', 'は', 'も']);
        if mark == "以外" && (twice || again.starts_with("除") || again.starts_with("不要")) {
            continue;
        }
        let Some((before, name, what)) = name_at_the_end(&clause[..at], known) else { continue };
        let joint = JOINTS.iter().find(|joint| after.starts_with(**joint));
        let rest = joint.map_or(after, |joint| &after[joint.len()..]);
        // 山形県以外の米: not where the partner is.
        let one_word = rest.chars().count() <= 16 && !rest.contains(PARTICLES);
        let of_somebody = SOMEBODY.iter().any(|somebody| rest.starts_with(somebody))
            || (one_word && ENDS_AS_SOMEBODY.iter().any(|somebody| rest.ends_with(somebody)));
        let of_a_thing = joint == Some(&"の") && what == Checkable::Fact && !of_somebody;
        if mark == "以外" && (of_a_thing || (joint.is_none() && !of_somebody)) {
            continue;
        }
        return Some((format!("{before}{rest}"), name));
    }
    None
}

/// The longest name at the end that can be checked, with what stands before it.
fn name_at_the_end(text: &str, known: Known<'_>) -> Option<(String, String, Checkable)> {
    // Kyoto University is one name, not every university.
    let inside = |at: usize| text[..at].ends_with(|one: char| one.is_ascii_alphanumeric());
    let begins = text.char_indices().filter(|(at, one)| BEFORE_A_NAME.contains(one) && !(*one == ' ' && inside(*at)));
    let starts = std::iter::once(0).chain(begins.map(|(at, one)| at + one.len_utf8()));
    let mut starts: Vec<usize> = starts.collect();
    // A name is short: of a long clause only the end is looked at.
    let first = starts.len().saturating_sub(5);
    for start in starts.drain(first..) {
        let name = text[start..].trim();
        if let Some(what) = Some(name).filter(|name| !name.is_empty()).and_then(&mut *known) {
            let before = text[..start].trim_end_matches(['※', '＊', '*', '：', ':', '／', '/']);
            return Some((before.to_owned(), name.to_owned(), what));
        }
    }
    None
}

#[cfg(test)]
mod tests;
