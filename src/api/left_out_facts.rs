//! What parties state, as a free text names it: kinds of organisations, places, numbers of employees, and these together
//! (燈沢市の大学, 20人以下の会社, firms in Yonezawa with more than 50 employees).

use super::line_kinds::kinds_named;
use super::names::Names;
use crate::domain::kinds::need::Condition;
use crate::domain::text::canonical;
use crate::domain::vocabulary::{ConditionField, ConditionOperator, OrganizationKind};
use ConditionOperator::{AtLeast, AtMost};
use musubi_index::fold;

/// Whoever they are: no condition of its own.
const ANYBODY: &[&str] = &["事業者", "相手", "機関", "組織", "ところ", "所", "方", "者"];
const ANYBODY_EN: &[&str] =
    &["those", "parties", "organisations", "organizations", "anyone", "anybody", "everyone", "partners", "ones"];

/// The conditions that words state together; none where any of the words states nothing. Without names, of kinds and sizes.
pub(super) fn stated(names: Option<&Names>, words: &str) -> Option<Vec<Condition>> {
    let text = canonical(words);
    let facts = Facts { names };
    if text.is_ascii() { facts.english(&fold(&text)) } else { facts.japanese(&text) }
}

/// 大学以外, as what is left out: every other kind of organisation.
pub(super) fn all_but(words: &str) -> Option<Vec<Condition>> {
    let text = canonical(words);
    let text = ANYBODY.iter().chain(&["会社", "企業"]).find_map(|tail| text.strip_suffix(tail)).unwrap_or(&text);
    let kept = kinds_named(text.strip_suffix('の').unwrap_or(text).strip_suffix("以外")?)?;
    let others = OrganizationKind::ALL.iter().map(|kind| kind.code().to_owned());
    let values = others.filter(|code| !kept.values.contains(code)).collect();
    Some(vec![Condition { values, ..kept }])
}

struct Facts<'n> {
    names: Option<&'n Names>,
}

impl Facts<'_> {
    fn japanese(&self, text: &str) -> Option<Vec<Condition>> {
        if let Some(kinds) = kinds_named(text) {
            return Some(vec![kinds]);
        }
        if let Some((sizes, rest, plain)) = japanese_size(text) {
            let rest = rest.strip_prefix('の').unwrap_or(&rest);
            let more = self.rest(rest)?;
            // 「100人以上」 alone may be the guests of a fair.
            return (plain || !rest.is_empty()).then(|| [sizes, more].concat());
        }
        if let Some(place) = self.place(text.strip_suffix('内').unwrap_or(text)) {
            return Some(vec![place]);
        }
        for joint in ["にある", "に所在する", "に本社がある", "所在の", "内の", "の"] {
            for (at, _) in text.match_indices(joint) {
                let Some(place) = self.place(&text[..at]) else { continue };
                if let Some(more) = self.rest(&text[at + joint.len()..]) {
                    return Some([vec![place], more].concat());
                }
            }
        }
        None
    }

    fn rest(&self, text: &str) -> Option<Vec<Condition>> {
        if text.is_empty() || ANYBODY.contains(&text) { Some(Vec::new()) } else { self.japanese(text) }
    }

    fn english(&self, text: &str) -> Option<Vec<Condition>> {
        let text = ["the ", "any ", "all "].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text).trim();
        if let Some(kinds) = kinds_named(text) {
            return Some(vec![kinds]);
        }
        if let Some(size) = english_size(text) {
            return Some(vec![size]);
        }
        let of_place = ["based in ", "located in ", "in ", "from "].iter().find_map(|word| text.strip_prefix(word));
        if let Some(place) = self.place(of_place.unwrap_or(text)) {
            return Some(vec![place]);
        }
        let head = |text: &str| if ANYBODY_EN.contains(&text) { Some(Vec::new()) } else { self.english(text) };
        for joint in [" with ", " having ", " that have ", " of "] {
            let Some((who, size)) = text.split_once(joint) else { continue };
            if let Some((who, size)) = head(who.trim()).zip(english_size(size)) {
                return Some([who, vec![size]].concat());
            }
        }
        for joint in [" based in ", " located in ", " in ", " from ", " of "] {
            let Some((who, place)) = text.rsplit_once(joint) else { continue };
            if let Some((who, place)) = head(who.trim()).zip(self.place(place)) {
                return Some([who, vec![place]].concat());
            }
        }
        // Yonezawa companies.
        let (place, kind) = text.rsplit_once(' ')?;
        let (place, kind) = self.place(place).zip(kinds_named(kind))?;
        Some(vec![place, kind])
    }

    /// A place by its whole name, or the only one that the name can mean (東京 for 東京都; 山形 may be two).
    fn place(&self, name: &str) -> Option<Condition> {
        let place = name.trim();
        let folded = fold(place);
        let kinds = [(" prefecture", true), (" city", false), (" town", false), (" village", false)];
        let (latin, wants_prefecture) = kinds
            .iter()
            .find_map(|(tail, prefecture)| Some((folded.strip_suffix(tail)?, Some(*prefecture))))
            .unwrap_or((&folded, None));
        let mut ways = vec![place.to_owned(), latin.to_owned()];
        if !place.is_ascii() {
            ways.extend(["県", "府", "都", "市"].iter().map(|kind| format!("{place}{kind}")));
        }
        let found = self.names?.places_called(ways.iter());
        let fits = |prefecture: bool| wants_prefecture.is_none_or(|wanted| wanted == prefecture);
        let mut fitting = found.iter().filter(|place| fits(place.prefecture.is_none()));
        let (only, more) = (fitting.next()?, fitting.next());
        let values = vec![only.code.clone()];
        let operator = ConditionOperator::AnyOf;
        more.is_none().then_some(Condition { field: ConditionField::Municipality, operator, values })
    }
}

fn employees(operator: ConditionOperator, bound: i64) -> Condition {
    Condition { field: ConditionField::Employees, operator, values: vec![bound.to_string()] }
}

/// A number at the beginning, and what follows.
fn number(text: &str) -> Option<(i64, &str)> {
    let length = text.find(|one: char| !one.is_ascii_digit() && one != ',').unwrap_or(text.len());
    let number = text[..length].replace(',', "").parse().ok().filter(|number| *number < 10_000_000)?;
    Some((number, &text[length..]))
}

/// A number of employees with its bounds at the beginning of a text, what follows, and whether it says that it is one:
/// 従業員100人以上, 社員が50人から100人.
fn japanese_size(text: &str) -> Option<(Vec<Condition>, String, bool)> {
    const OF_EMPLOYEES: &[&str] = &["従業員数", "従業員", "社員数", "社員", "職員数", "職員"];
    let text = with_digits(&canonical(text).to_lowercase());
    let named = OF_EMPLOYEES.iter().find_map(|word| text.strip_prefix(word));
    let rest = named.map_or(text.as_str(), |rest| rest.strip_prefix(['が', 'は', 'の']).unwrap_or(rest)).trim_start();
    let people = |text: &'_ str| text.strip_prefix('人').or_else(|| text.strip_prefix('名')).map(str::len);
    let (first, after) = number(rest)?;
    let counted = people(after).map(|length| &after[after.len() - length..]);
    if let Some((last, less, rest)) = up_to(counted.unwrap_or(after)) {
        let bounds = vec![employees(AtLeast, first), employees(AtMost, last - less)];
        return (first <= last - less).then(|| (bounds, rest.to_owned(), named.is_some()));
    }
    const BOUNDS: &[(&str, ConditionOperator, i64)] = &[
        ("以上", AtLeast, 0),
        ("を超える", AtLeast, 1),
        ("超", AtLeast, 1),
        ("以下", AtMost, 0),
        ("まで", AtMost, 0),
        ("未満", AtMost, -1),
    ];
    let after = counted?;
    let (operator, bound, rest) = BOUNDS
        .iter()
        .find_map(|(words, operator, more)| Some((*operator, first + more, after.strip_prefix(words)?)))?;
    Some((vec![employees(operator, bound)], rest.to_owned(), named.is_some()))
}

/// The upper end of a range behind its lower one (から100人, 以上100人未満), how much below it ends, and what follows.
fn up_to(text: &str) -> Option<(i64, i64, &str)> {
    let text = ["から", "以上", "〜", "~", "-"].iter().find_map(|word| text.strip_prefix(word))?;
    let (last, rest) = number(text.trim_start_matches('、'))?;
    let rest = rest.strip_prefix('人').or_else(|| rest.strip_prefix('名'))?;
    if let Some(rest) = rest.strip_prefix("未満") {
        return Some((last, 1, rest));
    }
    let rest = ["まで", "以下", "の間"].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    Some((last, 0, rest))
}

/// The text with its numbers of people in digits: 十人 as 10人.
fn with_digits(text: &str) -> String {
    let digit = |one: char| "〇一二三四五六七八九".chars().position(|other| other == one).map(|digit| digit as i64);
    let unit = |one: char| match one {
        '十' => Some(10),
        '百' => Some(100),
        '千' => Some(1_000),
        _ => None,
    };
    let is_number = |one: char| one == '万' || digit(one).is_some() || unit(one).is_some();
    let (mut written, mut run) = (String::with_capacity(text.len()), String::new());
    for one in text.chars() {
        if is_number(one) {
            run.push(one);
            continue;
        }
        if !run.is_empty() && matches!(one, '人' | '名') && run.chars().count() <= 12 {
            let (mut whole, mut part, mut last) = (0_i64, 0_i64, None);
            for number in run.chars() {
                match (digit(number), unit(number)) {
                    (Some(digit), _) => last = Some(last.unwrap_or(0) * 10 + digit),
                    (None, Some(unit)) => part += last.take().unwrap_or(1) * unit,
                    (None, None) => {
                        whole += (part + last.take().unwrap_or(0)).max(1) * 10_000;
                        part = 0;
                    }
                }
            }
            written.push_str(&(whole + part + last.unwrap_or(0)).to_string());
        } else {
            written.push_str(&run);
        }
        run.clear();
        written.push(one);
    }
    written + &run
}

/// A number of employees with its bound: more than 300 employees.
fn english_size(text: &str) -> Option<Condition> {
    let has = ["with ", "of ", "that have ", "having "];
    let text = has.iter().find_map(|has| text.strip_prefix(has)).unwrap_or(text);
    let first = text.find(|one: char| one.is_ascii_digit())?;
    let (number, after) = number(&text[first..])?;
    let after = ["employees", "staff", "workers", "people"].iter().find_map(|staff| after.strip_suffix(staff))?.trim();
    let (operator, bound) = match (text[..first].trim(), after) {
        ("more than" | "over", "") => (AtLeast, number + 1),
        ("at least", "") | ("", "or more") => (AtLeast, number),
        ("less than" | "fewer than" | "under", "") => (AtMost, number - 1),
        ("at most" | "up to", "") | ("", "or fewer" | "or less") => (AtMost, number),
        _ => return None,
    };
    Some(employees(operator, bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> String {
        let one = |condition: &Condition| {
            let sign = match condition.operator {
                AtLeast => ">=",
                AtMost => "<=",
                ConditionOperator::AnyOf => "",
            };
            format!("{sign}{}", condition.values.join("|"))
        };
        stated(None, words).map_or(String::new(), |all| all.iter().map(one).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn numbers_of_employees_with_their_bounds() {
        for (words, conditions) in [
            ("従業員100人以上", ">=100"),
            ("従業員数が１，０００名を超える企業", ">=1001 firm"),
            ("社員20人未満の会社", "<=19 firm"),
            ("300人以上の企業", ">=300 firm"),
            ("300人以上の事業者", ">=300"),
            ("従業員十人以上", ">=10"),
            ("従業員三百五十人以下", "<=350"),
            ("従業員二〇人以下", "<=20"),
            ("従業員一万人以上の大学", ">=10000 university"),
            ("従業員が50人から100人の会社", ">=50 <=100 firm"),
            ("社員50〜100人の会社", ">=50 <=100 firm"),
            ("従業員50人以上100人未満", ">=50 <=99"),
            ("firms with more than 300 employees", "firm >=301"),
            ("those with more than 300 employees", ">=301"),
            ("1,000 or more employees", ">=1000"),
            ("under 20 staff", "<=19"),
        ] {
            assert_eq!(read(words), conditions, "{words}");
        }
        for words in [
            "100人以上",
            "従業員100人",
            "従業員100人から50人",
            "300mm以上の会社",
            "定員100人以上",
            "十分な会社",
            "more than 300 parts",
            "従業員",
            "",
            "の",
            "従業員99999999999999999999人以上",
            "従業員九九九九九九九九九九九九人以上",
        ] {
            assert_eq!(read(words), "", "{words}");
        }
    }

    #[test]
    fn all_kinds_but_one() {
        let others = all_but("大学以外の機関").expect("a condition").remove(0).values;
        assert!(others.contains(&"firm".to_owned()) && !others.contains(&"university".to_owned()), "{others:?}");
        for words in ["大学", "以外", "大手以外", "個人以外"] {
            assert_eq!(all_but(words), None, "{words}");
        }
    }
}
