//! What follows the things that a line names: words of doing them, or of something else.

use super::clause::Clause;
use super::requirement::Form;
use super::shown::Shown;
use super::{markers, quantity};

pub(super) fn is_kanji_or_katakana(character: char) -> bool {
    matches!(character, '\u{30A1}'..='\u{30FA}' | 'ー' | '\u{4E00}'..='\u{9FFF}' | '々')
}

/// Whether what follows the words of a line makes them the name of another thing (…に使う油, …の会社).
pub(super) fn other_thing(after: &str, line: &str) -> bool {
    let starts = |list: &[&str]| list.iter().any(|word| after.starts_with(word) && !line.contains(word));
    starts(markers::OTHER_HEADS) || after_the_deed(after) || product_of_it(after, line)
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
    unexplained(clause, end, &form.text)
}

/// The same where it is denied: the words of the denial explain themselves, a list does not.
pub(super) fn denied_residue(form: &Form, clause: &Clause, shown: &Shown) -> usize {
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
pub(super) fn unexplained(clause: &Clause, end: usize, line: &str) -> usize {
    let after = &clause.text[end..];
    let listed = ["、", "・", "と", "や", "および", "及び", "から", "も", ",", "/", "("];
    if listed.iter().any(|mark| after.starts_with(mark)) {
        return 0;
    }
    left_over(clause, end, line, |_| None)
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
pub(super) fn has_for_it(text: &str) -> Option<usize> {
    let name = text.find(|character| !is_kanji_or_katakana(character)).filter(|length| *length > 0)?;
    let marked = text[name..].strip_prefix(['を', 'が', 'も'])?;
    let thing = markers::INSTRUMENTS.iter().any(|ending| text[..name].ends_with(ending));
    let had = markers::HAVING.iter().find(|having| marked.starts_with(**having))?;
    thing.then_some(text.len() - marked.len() + had.len())
}
