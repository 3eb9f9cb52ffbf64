//! A wish in free words, divided: what is wanted, and what is expressly not. The words of what is not wanted would find it.

/// What a sentence wants, and what it leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The text without what it leaves out. Where nothing else would be left: nothing if all of it can be checked, else
    /// the whole text.
    pub wanted: String,
    /// What is not wanted, without the words that say so.
    pub unwanted: Vec<String>,
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

/// How a clause ends that wants somebody who does not do what it names.
const DOES_NOT: &[&str] = &["はしない", "をしない", "を行わない", "は行わない", "をやらない", "はやらない"];

const SOMEBODY: &[&str] = &["会社", "企業", "ところ", "所", "相手", "メーカー", "事業者", "方"];

/// What goes before or after without changing what is said.
const ASIDE: &[&str] = &["ただし", "但し", "ただ", "なお", "また", "but ", "and "];
const POLITE: &[&str] =
    &["でお願いします", "をお願いします", "してください", "です", "とする", "とします", "でよい", "で"];

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
const BEFORE_A_NAME: &[char] = &['を', 'は', 'で', 'に', '、', ' ', '\u{3000}'];

const BRACKETS: &[(char, char)] = &[('（', '）'), ('(', ')'), ('［', '］'), ('[', ']')];
/// Behind these a full stop ends no sentence.
const SHORTENED: &[&str] = &["co", "ltd", "inc", "corp", "dr", "mr", "ms", "prof", "st", "e.g", "i.e", "vs", "etc"];

/// Clauses that leave something out, at most: the rest is read as it stands.
const MOST: usize = 50;

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
                    listing = clause.is_ascii();
                    wanted.push_str(&rest);
                    if !rest.is_empty() {
                        wanted.extend(piece.chars().last().filter(|last| ends(*last)));
                    }
                    unwanted.push(what);
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
        if wanted.chars().any(char::is_alphanumeric) {
            return Wish { wanted, unwanted };
        }
        // Nothing but what is not wanted. What can be checked is no word to look for.
        match !unwanted.is_empty() && unwanted.iter().all(|what| known(what).is_some()) {
            true => Wish { wanted: String::new(), unwanted },
            false => Wish { wanted: text.to_owned(), unwanted: Vec::new() },
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
            left_out(clause, known).filter(|(rest, _)| rest.is_empty()).map(|(_, what)| (end, what))
        });
        match read {
            Some((end, what)) => {
                kept.push_str(&rest[..at]);
                unwanted.push(what);
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
fn left_out(clause: &str, known: Known<'_>) -> Option<(String, String)> {
    let clause = ASIDE.iter().find_map(|aside| clause.strip_prefix(aside)).unwrap_or(clause).trim_start();
    let whole = |what: &str| Some((String::new(), what.trim().to_owned())).filter(|(_, what)| !what.is_empty());
    let clause = strip_end(clause, " please").unwrap_or(clause);
    if let Some(what) = EXCEPT.iter().find_map(|except| strip_start(clause, except)) {
        return whole(what);
    }
    let none_of = NONE_OF.iter().find_map(|none| strip_start(clause, none));
    let none_of = none_of.or_else(|| EXCLUDED.iter().find_map(|excluded| strip_end(clause, excluded)));
    if let Some(what) = none_of.filter(|what| known(what.trim()) == Some(Checkable::Party)) {
        return whole(what);
    }
    if let Some(found) = in_the_middle(clause, known) {
        return Some(found);
    }
    let bare = POLITE.iter().find_map(|polite| clause.strip_suffix(polite)).unwrap_or(clause);
    let strip = |text: &'_ str, list: &[&str]| list.iter().find_map(|end| text.strip_suffix(end).map(str::len));
    let length = strip(bare, LEAVES_OUT).or_else(|| {
        let somebody = SOMEBODY.iter().find_map(|somebody| bare.strip_suffix(somebody))?;
        strip(somebody, DOES_NOT)
    });
    if let Some(length) = length {
        let what = bare[..length].trim();
        return name_at_the_end(what, known).map(|(rest, name, _)| (rest, name)).or_else(|| whole(what));
    }
    let length = strip(bare, BARE_ENDS)?;
    name_at_the_end(&bare[..length], known).map(|(rest, name, _)| (rest, name))
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
    let english = MID_EXCEPT.iter().map(|mark| (mark, false)).chain(MID_NONE_OF.iter().map(|mark| (mark, true)));
    for (mark, parties_only) in english {
        let Some(at) = lower.find(mark) else { continue };
        let what = clause[at + mark.len()..].trim();
        match known(what) {
            Some(Checkable::Fact) if parties_only => {}
            Some(_) => return Some((clause[..at].to_owned(), what.to_owned())),
            None => {}
        }
    }
    for mark in MID_ENDS {
        let Some(at) = clause.find(mark) else { continue };
        let after = &clause[at + mark.len()..];
        if after.is_empty() || after.starts_with("ます") || TAKES_IN.iter().any(|more| after.starts_with(more)) {
            continue;
        }
        let Some((before, name, what)) = name_at_the_end(&clause[..at], known) else { continue };
        let joint = JOINTS.iter().find(|joint| after.starts_with(**joint));
        let rest = joint.map_or(after, |joint| &after[joint.len()..]);
        // 山形県以外の米: not where the partner is.
        let of_somebody = SOMEBODY.iter().any(|somebody| rest.starts_with(somebody));
        let of_a_thing = joint == Some(&"の") && what == Checkable::Fact && !of_somebody;
        if *mark == "以外" && (of_a_thing || (joint.is_none() && !of_somebody)) {
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
            return Some((text[..start].to_owned(), name.to_owned(), what));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unwanted(text: &str) -> (String, Vec<String>) {
        let wish = Wish::read(text);
        (wish.wanted, wish.unwanted)
    }

    #[test]
    fn what_is_left_out_is_no_part_of_what_is_wanted() {
        let whole = |text: &str| (text.to_owned(), Vec::<String>::new());
        assert_eq!(
            unwanted("有機太陽電池を封止できる会社。ただし真空蒸着の会社は除く。"),
            ("有機太陽電池を封止できる会社。".into(), vec!["真空蒸着の会社".into()])
        );
        assert_eq!(unwanted("封止は不要、塗布ができる会社"), ("塗布ができる会社".into(), vec!["封止".into()]));
        assert_eq!(unwanted("印刷の会社、蒸着はしない会社"), ("印刷の会社、".into(), vec!["蒸着".into()]));
        assert_eq!(
            unwanted("firms that coat film, except for dealers."),
            ("firms that coat film,".into(), vec!["dealers".into()])
        );
        // Nothing else would be left, or nothing is left out.
        assert_eq!(unwanted("封止は不要"), whole("封止は不要"));
        for text in ["めっきは外注している、社内で行いたい", "ほこりを除く装置", "溶剤を使わない塗布"]
        {
            assert_eq!(unwanted(text), whole(text));
        }
    }

    fn knowing(text: &str) -> (String, Vec<String>) {
        let wish = Wish::read_knowing(text, &mut |name| match name.to_lowercase().trim_start_matches("a ") {
            "大学" | "研究機関" | "universities" | "university" | "banks" | "蔵路発酵工業" | "yamada co., ltd" => {
                Some(Checkable::Party)
            }
            "冴川市" | "従業員1,000人以上" | "yonezawa" => Some(Checkable::Fact),
            _ => None,
        });
        (wish.wanted, wish.unwanted)
    }

    #[test]
    fn ordinary_exclusions_of_parties_are_read_without_a_comma() {
        let read = |text: &str, wanted: &str, unwanted: &[&str]| {
            let expected = (wanted.to_owned(), unwanted.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
            assert_eq!(knowing(text), expected, "{text}");
        };
        read("fermentation except universities", "fermentation", &["universities"]);
        read("Fermentation except for universities.", "Fermentation.", &["universities"]);
        read("fermentation (except universities)", "fermentation ", &["universities"]);
        read("fermentation, not universities", "fermentation,", &["universities"]);
        read("fermentation without universities", "fermentation", &["universities"]);
        read("Fermentation. Not a university please.", "Fermentation.", &["a university"]);
        read("fermentation, universities excluded", "fermentation,", &["universities"]);
        read("fermentation, except universities, banks", "fermentation,", &["universities", "banks"]);
        read("fermentation, except Yamada Co., Ltd.", "fermentation,", &["Yamada Co., Ltd"]);
        read("fermentation except Yonezawa", "fermentation", &["Yonezawa"]);
        read("発酵（大学は除く）", "発酵", &["大学"]);
        read("発酵（大学以外）", "発酵", &["大学"]);
        read("大学以外で発酵", "発酵", &["大学"]);
        read("発酵を大学以外で", "発酵を", &["大学"]);
        read("大学以外の発酵に強い会社", "発酵に強い会社", &["大学"]);
        read("発酵、大学除く", "発酵、", &["大学"]);
        read("発酵 大学は除く", "発酵 ", &["大学"]);
        read("大学を除く発酵の会社", "発酵の会社", &["大学"]);
        read("大学は除く", "", &["大学"]);
        read("発酵の会社。ただし大学は除きます。", "発酵の会社。", &["大学"]);
        read("発酵、蔵路発酵工業は除く", "発酵、", &["蔵路発酵工業"]);
        read("発酵、Kyoto Universityは除く", "発酵、", &["Kyoto University"]);
        read("冴川市以外で発酵", "発酵", &["冴川市"]);
        read("発酵、従業員1,000人以上は除く", "発酵、", &["従業員1,000人以上"]);
    }

    #[test]
    fn other_senses_of_the_same_words_leave_nothing_out() {
        for text in [
            "溶剤以外も使える塗布",
            "大学以外も歓迎、発酵",
            "大学以外にも声をかけたい発酵",
            "without solvents",
            "coating without solvents",
            "coating not only of film",
            "no universities of applied things",
            "山形の大学以外で発酵",
            "冴川市以外の米を発酵",
            "ほこりを除く装置",
            "油分を除いた水",
            "（株）蔵路発酵工業の発酵",
            "山形にある大学以外で発酵",
            "発酵（大学も可）",
            "amounts of 1,000 pieces",
        ] {
            assert_eq!(knowing(text), (text.to_owned(), Vec::new()), "{text}");
        }
    }

    #[test]
    fn any_text_is_read_and_only_so_many_exclusions() {
        for text in
            ["（", "(except ", "以外", "除く", "）（", "not ", " except ", ".", "、、、", "（大学は除く", "Co., Ltd."]
        {
            let _ = knowing(text);
        }
        let many = Wish::read_knowing(&"大学は除く。".repeat(3_000), &mut |_| Some(Checkable::Party));
        assert_eq!(many.unwanted.len(), MOST);
    }
}
