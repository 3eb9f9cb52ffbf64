//! What follows the things that a line names: words of doing them, or of something else.

use super::clause::Clause;
use super::requirement::{BACK, Form, SPECIFIC};
use super::shown::Shown;
use super::{markers, quantity};

pub(super) fn is_kanji_or_katakana(character: char) -> bool {
    matches!(character, '\u{30A1}'..='\u{30FA}' | 'ー' | '\u{4E00}'..='\u{9FFF}' | '々')
}

/// Whether what follows the words of a line makes them the name of another thing (…に使う油, …の会社).
pub(super) fn other_thing(after: &str, line: &str) -> bool {
    let starts = |list: &[&str]| list.iter().any(|word| after.starts_with(word) && !line.contains(word));
    starts(markers::OTHER_HEADS) || after_the_deed(after) || product_of_it(after, line) || only_spoken_of(after, line)
}

/// 「金型がいらない」, 「木工3で運用中」, 「試作へ進んだ41件」, 「検査を受けて」, 「封止の検査」: not needed, a number of customers, how far
/// something came, done to somebody, or looked at when it is done.
pub(super) fn only_spoken_of(after: &str, line: &str) -> bool {
    not_needed(after)
        || so_many(after)
        || markers::BECAME_IT.iter().any(|words| after.starts_with(words) && !line.contains(words))
        || looked_at(after, line)
        || (undergone(after) && !markers::CONFERRED.iter().any(|right| line.contains(right)))
}

/// What somebody does without: neither done nor denied.
pub(super) fn not_needed(after: &str) -> bool {
    let rest = after.strip_prefix(['が', 'は', 'も', 'を', 'の']).unwrap_or(after);
    markers::NOT_NEEDED.iter().any(|words| rest.starts_with(words))
}

/// 「食品工場9、木工3で運用中」 counts those who use it; machines are counted otherwise (切削5台).
fn so_many(after: &str) -> bool {
    const COUNTED: &[&str] = &["で", "に", "社", "軒", "か所", "箇所", "ヶ所", "校", "者", "店", "病院", "施設", "、"];
    let rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
    rest.len() < after.len() && (rest.is_empty() || COUNTED.iter().any(|counted| rest.starts_with(counted)))
}

/// Who inspects what is sealed does not seal.
fn looked_at(after: &str, line: &str) -> bool {
    const LOOKING: &[&str] = &["検査", "評価", "測定", "分析", "解析", "診断"];
    after
        .strip_prefix('の')
        .is_some_and(|rest| LOOKING.iter().any(|deed| rest.starts_with(deed) && !line.contains(deed)))
}

/// 「検査を受けて出荷する」, 「発電を受け、電池に貯める」: done by others, and taken in. Not 「試作を受けている」.
fn undergone(after: &str) -> bool {
    let Some(rest) = after.strip_prefix("を受け").or_else(|| after.strip_prefix("をもら")) else { return false };
    let rest = rest.strip_prefix('、').unwrap_or(rest);
    rest.is_empty()
        || rest.strip_prefix(['て', 'い', 'っ']).is_some_and(|rest| !rest.starts_with(['い', 'お', 'き', 'も']))
}

/// 「射出成形品を組み立てる」: what is made so, and not the making.
pub(super) fn product_of_it(after: &str, line: &str) -> bool {
    let product = ["品", "部品", "製品", "材", "板"]
        .iter()
        .find_map(|name| after.strip_prefix(name).filter(|_| !line.contains(*name)));
    let Some(object) = product.and_then(|rest| rest.strip_prefix(['を', 'に', 'へ'])) else { return false };
    !markers::MAKING_OF_IT.iter().any(|made| object.starts_with(made))
}

/// 「めっきした部品を…」 speaks of the part.
pub(super) fn after_the_deed(after: &str) -> bool {
    ["した", "された", "して ある", "してある"]
        .iter()
        .filter_map(|ending| after.strip_prefix(ending))
        .any(|rest| rest.chars().next().is_some_and(is_kanji_or_katakana))
}

/// Content after the last unit found that no predicate of doing explains.
pub(super) fn residue(form: &Form, clause: &Clause, shown: &Shown) -> usize {
    if clause.text.is_ascii() {
        return 0;
    }
    let Some(end) = shown.at.iter().flatten().map(|hit| hit.end).max() else { return 0 };
    let alone = form.units.iter().filter(|unit| unit.weight >= SPECIFIC).count() < 2;
    unexplained(clause, end, &form.text, alone)
}

/// The same where it is denied: the words of the denial explain themselves, a list does not.
pub(super) fn denied_residue(form: &Form, clause: &Clause, shown: &Shown) -> usize {
    if clause.text.is_ascii() {
        return 0;
    }
    let Some(end) = shown.at.iter().flatten().map(|hit| hit.end).max() else { return 0 };
    let denials = [markers::DENIAL, markers::OVER_ENDS, markers::DENIAL_ENDS, markers::DENYING];
    let end = end + denied_list(&clause.text[end..]);
    left_over(clause, end, &form.text, |rest| {
        let known =
            denials.iter().flat_map(|list| list.iter()).filter(|word| !word.is_ascii() && rest.starts_with(**word));
        known.map(|word| word.len()).max()
    })
}

/// 「缶詰と瓶詰は扱わない」: how long the rest of a list is that is denied as one.
fn denied_list(after: &str) -> usize {
    let mut at = 0;
    while let Some(mark) = LIST_MARKS.iter().filter(|mark| after[at..].starts_with(**mark)).map(|mark| mark.len()).max()
    {
        let item = &after[at + mark..];
        let ends = |character: char| !is_kanji_or_katakana(character) && !"れりめきけしげみ".contains(character);
        let name = item.find(ends).unwrap_or(item.len());
        if name == 0 {
            return 0;
        }
        at += mark + name;
    }
    if at > 0 && after[at..].starts_with(['は', 'も']) { at } else { 0 }
}

/// How a line calls those whom it asks, two characters each.
const WHO: &[&str] = &["会社", "企業", "業者", "相手", "農家", "職人"];

/// Characters of content from `end` on that neither a predicate of doing, a number nor the line itself explains. `alone`:
/// one word was all that the line names, so that a list it stands in must be one of deeds.
pub(super) fn unexplained(clause: &Clause, end: usize, line: &str, alone: bool) -> usize {
    let after = &clause.text[end..];
    // 「夜間も入退室できる」 is no list.
    let listed: &[&str] = if alone { &["から", "("] } else { &["から", "も", "("] };
    if LIST_MARKS.iter().chain(listed).any(|mark| after.starts_with(mark)) {
        return match owner_of_the_list(after) {
            _ if !alone => 0,
            Owner::None => 0,
            // 「鋳造、豆腐の釜など29か所」
            Owner::Counted => 1,
            Owner::At(at) => left_over(clause, end + at, line, |_| None),
        };
    }
    left_over(clause, end, line, |_| None)
}

const LIST_MARKS: &[&str] = &["、", "・", "と", "や", "および", "及び", ",", "/"];

/// What the things of a list belong to.
enum Owner {
    None,
    /// So many of something, of which they are examples, or something that is done elsewhere.
    Counted,
    /// A thing, or what is done to them: where its words begin, with の or を.
    At(usize),
}

/// 「蒸着や塗工の膜の厚さを測る」 speaks of the film; 「封止、端子の取り出し、検査を行う」 of three deeds; and 「アルマイトや塗装の処理」 of
/// the deeds themselves. `after` begins where the first thing of the list ends.
fn owner_of_the_list(after: &str) -> Owner {
    const ENDS: &[&str] = &["を", "が", "は", "に", "で", "も", "へ"];
    let mark = |rest: &str| LIST_MARKS.iter().filter(|mark| rest.starts_with(**mark)).map(|mark| mark.len()).max();
    // Where a name ends: at a particle, a mark or "など".
    let name = |rest: &str, of_too: bool| -> usize {
        let ends = |at: &usize| {
            let rest = &rest[*at..];
            mark(rest).is_some()
                || rest.starts_with("など")
                || (of_too && rest.starts_with('の'))
                || ENDS.iter().any(|end| rest.starts_with(end))
        };
        rest.char_indices().map(|(at, _)| at).find(ends).unwrap_or(rest.len())
    };
    let mut at = 0;
    while let Some(length) = mark(&after[at..]) {
        at += length;
        let item = &after[at..];
        at += name(item, true);
        let rest = &after[at..];
        // 「乾燥・粉砕装置の製造」: who makes the machine does neither.
        let things = || markers::MACHINES.iter().chain(markers::INSTRUMENTS);
        let machine = things().any(|machine| item[..item.len() - rest.len()].ends_with(machine));
        if machine && markers::MAKING_MACHINES.iter().any(|made| rest.starts_with(['の', 'を']) && rest.contains(made))
        {
            return Owner::Counted;
        }
        if let Some(examples) = rest.strip_prefix("など") {
            return match examples.starts_with(|next: char| next.is_ascii_digit()) {
                true => Owner::Counted,
                false => Owner::None,
            };
        }
        // 「染めと菓子に回す」 is about where something goes.
        if rest.starts_with('を') {
            return Owner::At(at);
        }
        if rest.starts_with('に') && !BACK.iter().any(|back| rest.starts_with(back)) {
            return Owner::Counted;
        }
        let Some(owner) = rest.strip_prefix('の') else { continue };
        let length = name(owner, false);
        if length == owner.len() {
            // 「腸内・発酵・土の菌の配列解析」
            return if owner.contains('の') { Owner::At(at) } else { Owner::None };
        }
        // An item of the list, or a deed in general.
        if mark(&owner[length..]).is_some() {
            at += 'の'.len_utf8() + length;
        } else if markers::GENERAL_DEEDS.iter().any(|deed| owner[..length].ends_with(deed)) {
            return Owner::None;
        } else {
            return Owner::At(at);
        }
    }
    Owner::None
}

/// The same without regard to lists; `more` may explain further words by their length.
pub(super) fn left_over(clause: &Clause, end: usize, line: &str, more: impl Fn(&str) -> Option<usize>) -> usize {
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
        // Who is asked is no part of what is done: 「菓子の会社に売る」.
        let own = content && two.len() > character.len_utf8() && !WHO.contains(&two) && line.contains(two);
        let own = own.then_some(two.len());
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
pub(super) fn has_for_it(text: &str) -> Option<usize> {
    let name = text.find(|character| !is_kanji_or_katakana(character)).filter(|length| *length > 0)?;
    let marked = text[name..].strip_prefix(['を', 'が', 'も'])?;
    let thing = markers::INSTRUMENTS.iter().any(|ending| text[..name].ends_with(ending));
    let had = markers::HAVING.iter().find(|having| marked.starts_with(**having))?;
    thing.then_some(text.len() - marked.len() + had.len())
}
