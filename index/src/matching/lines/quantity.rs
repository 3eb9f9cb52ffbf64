//! Numbers with a unit and a comparison word: 幅300mm以上, up to 200 mm, ロット10個から.

mod answer;
mod grade;
mod words;

pub(super) use answer::{Answer, answer};
pub(super) use words::MINUS;
use words::*;

/// What a unit measures. Only quantities of one family are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Length,
    Area,
    Mass,
    Temperature,
    Force,
    Share,
    Pieces,
    People,
    Days,
    Years,
    Money,
    Volume,
    Frequency,
    Power,
    Voltage,
    Class,
    Pressure,
    /// A grade by name and number (クラス100, IP67).
    Grade,
}

/// A stated range. A plain number is a range of one point and not a bound.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quantity {
    /// Bytes of the folded text, comparison words included.
    pub(super) range: std::ops::Range<usize>,
    pub(super) family: Family,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) bound: bool,
    /// How far it goes (最小線幅20 μm, 300 mmまで), and not what it must keep to (30 ℃以下): who asks for it asks for
    /// the very end.
    pub(super) end: bool,
    /// What is measured, in one word: 幅, 厚, 精度 … "" when it is not said.
    pub(super) attribute: &'static str,
    pub(super) text: String,
}

/// The time that a number is a rate of, and where its words end.
fn rate_at(text: &str, start: usize, end: usize) -> Option<(&'static str, usize)> {
    let head = text[..start].trim_end_matches([' ', '約']);
    RATES.iter().find_map(|(before, after, name)| {
        if let Some(word) = after.iter().find(|word| text[end..].starts_with(**word)) {
            return Some((*name, end + word.len()));
        }
        // 「2025年300個」 and 「3か月300個」 are no rates.
        let leads = before.iter().any(|word| {
            head.strip_suffix(*word).is_some_and(|left| {
                !left.ends_with(|last: char| {
                    last.is_ascii_digit() || matches!(last, 'か' | 'カ' | 'ヶ' | 'ケ' | '半' | '数')
                })
            })
        });
        leads.then_some((*name, end))
    })
}

/// The measure of 「200 mm角」.
const SQUARE: &str = "square";

/// Where 角 or 四方 after a length ends, if it is no other word (角材, 角度).
fn square_at(text: &str, end: usize) -> Option<usize> {
    let rest = text[end..].trim_start();
    let after = ["角", "四方"].iter().find_map(|word| rest.strip_prefix(word))?;
    let goes_on = after.starts_with(|next: char| matches!(next, '\u{4E00}'..='\u{9FFF}'));
    let compared = AFTER.iter().any(|(word, _)| after.starts_with(word));
    (!goes_on || compared).then_some(text.len() - after.len())
}

/// All quantities of a folded text, from the left.
pub(super) fn find(text: &str) -> Vec<Quantity> {
    let mut found: Vec<Quantity> = Vec::new();
    let mut at = 0;
    while let Some(step) = text[at..].find(|character: char| character.is_ascii_digit()) {
        let start = at + step;
        if let Some(grade) = grade::at(text, start) {
            at = grade.range.end;
            found.push(grade);
            continue;
        }
        let before = text[..start].chars().next_back();
        if before.is_some_and(|character| character.is_ascii_alphabetic()) && !ends_with_word(&text[..start]) {
            at = skip_digits(text, start);
            continue;
        }
        let (mut first, first_end) = number(text, start);
        let minus = MINUS.iter().find(|sign| text[..start].trim_end().ends_with(**sign)).copied();
        let mut end = first_end;
        let mut values = (first, None);
        let (mut unit, mut unit_end) = unit_at(text, end).map_or((None, end), |(unit, end)| (Some(unit), end));
        // A range: 10〜100 mm, 10mm〜100mm, 10-100 mm.
        let rest = text[unit_end..].trim_start();
        let gap = text.len() - unit_end - rest.len();
        let mark = rest.chars().next().filter(|mark| matches!(mark, '~' | '-' | '～'));
        let mut open_above = false;
        if let Some(mark) = mark {
            let second_start = unit_end + gap + mark.len_utf8();
            let skipped = text[second_start..].len() - text[second_start..].trim_start().len();
            if text[second_start + skipped..].starts_with(|character: char| character.is_ascii_digit()) {
                let (second, second_end) = number(text, second_start + skipped);
                if let Some((second_unit, second_unit_end)) = unit_at(text, second_end) {
                    values.1 = Some(second);
                    (unit, unit_end) = (unit.or(Some(second_unit)), second_unit_end);
                    if unit.map(|unit| unit.0) != Some(second_unit.0) {
                        values.1 = None;
                    }
                    let scale = second_unit.1 / unit.map_or(1.0, |unit| unit.1);
                    values.1 = values.1.map(|second| second * scale);
                }
            } else if mark == '~' && unit.is_some() {
                open_above = true;
            }
        }
        end = end.max(unit_end);
        let Some((family, factor)) = unit else {
            at = skip_digits(text, start).max(first_end);
            continue;
        };
        // Below zero: only degrees are, and only where the sign is not the middle of a range.
        let minus = minus.filter(|sign| {
            let before = text[..start].trim_end().strip_suffix(sign).and_then(|before| before.chars().next_back());
            let joins =
                before.is_some_and(|before| before.is_ascii_alphanumeric() || matches!(before, '℃' | '度' | '%'));
            family == Family::Temperature && (sign.len() > 3 || !joins)
        });
        if minus.is_some() {
            first = -first;
            values = (first, values.1);
        }
        // 年 as a date, 度 as a count of times.
        if family == Family::Years && first >= 1000.0 {
            at = end;
            continue;
        }
        let start = minus.map_or(start, |sign| text[..start].trim_end().len() - sign.len());
        // 「200 mm角」 is so long and so wide.
        let square = if family == Family::Length { square_at(text, end) } else { None };
        end = square.unwrap_or(end);
        let rate = rate_at(text, start, end);
        end = rate.map_or(end, |(_, end)| end);
        let head = text[..start].trim_end_matches([' ', '±', 'φ', ':', '約', '各']);
        let tail = text[end..].trim_start();
        let side_before = side(BEFORE, |word| head.ends_with(word) || head.ends_with(&format!("{word} ")));
        let side_after = side(AFTER, |word| tail.starts_with(word));
        // 「最大加振力は8kN」
        let near = head.char_indices().rev().nth(9).map_or(head, |(at, _)| &head[at..]);
        let near = near.rsplit(['、', ',', '。']).next().unwrap_or(near);
        let side_before = side_before.or_else(|| {
            let word = ["最大", "最高", "上限", "最小", "最低", "下限"].into_iter().find(|word| near.contains(word))?;
            Some((word, if matches!(word, "最大" | "最高" | "上限") { 1 } else { -1 }))
        });
        let mut range = start..end;
        if let Some((word, _)) = side_before {
            range.start = head.rfind(word).unwrap_or(start);
        } else if text[..start].ends_with(['±', 'φ']) {
            range.start = head.len();
        }
        if let Some((word, _)) = side_after {
            range.end = text.len() - tail.len() + word.len();
        }
        // 「10mmから100mmまで」
        let mut low = values.0 * factor;
        let mut high = values.1.map_or(low, |second| second * factor);
        let mut bound = values.1.is_some();
        let up_to = side_after.is_some_and(|(word, _)| word.ends_with("まで"));
        match side_after.or(side_before).map(|(_, side)| side) {
            _ if values.1.is_some() => {}
            // 「マイナス40 ℃まで」 goes down.
            Some(1) if minus.is_some() && up_to => {
                (high, bound) = (f64::INFINITY, true);
            }
            // 「開口は80 μmまで」, 「薄肉は0.6 mmまで」: so small, and no smaller.
            Some(1) if family == Family::Length && up_to && square.is_none() && gets_smaller(near, low) => {
                (high, bound) = (f64::INFINITY, true);
            }
            Some(-1) => (high, bound) = (f64::INFINITY, true),
            Some(1) => (low, bound) = (f64::NEG_INFINITY, true),
            _ if open_above => (high, bound) = (f64::INFINITY, true),
            _ => {}
        }
        // 「困りごと百件から」 counts no goods.
        let goods =
            !["件", "社", "点"].iter().any(|counter| text[first_end..unit_end].trim_start().starts_with(counter));
        let attribute = match (attribute_of(text, start, range.end), family) {
            // 「1ロット30点」 tells of what is done to a lot, not how large it is.
            ("lot", Family::Pieces) if head.strip_suffix("ロット").is_some_and(ends_with_digit) => "",
            (_, Family::Length) if square.is_some() => SQUARE,
            ("", Family::Length) if text[..start].ends_with('±') => "accuracy",
            (_, Family::Pieces | Family::Mass | Family::Volume | Family::Area | Family::Length) if rate.is_some() => {
                rate.map_or("", |(name, _)| name)
            }
            ("", Family::Pieces)
                if goods && values.0 <= 100.0 && matches!(side_after, Some(("から" | "より" | "でも", _))) =>
            {
                "lot"
            }
            ("", Family::Pieces) if lot_is_near(text, range.end) => "lot",
            ("", Family::Mass) => "weight",
            ("", Family::Temperature) => "temperature",
            (attribute, _) => attribute,
        };
        let names_the_end = side_after.or(side_before).is_some_and(|(word, _)| ENDS.contains(&word));
        let end_of_it = values.1.is_none()
            && names_the_end
            && !matches!(family, Family::Days | Family::Years | Family::Money | Family::People)
            && !QUALITIES.contains(&attribute)
            && !["lot", "staff"].contains(&attribute);
        let text_of = text[range.clone()].trim().to_owned();
        if let Some(last) = found.last_mut()
            && last.family == family
            && last.high == f64::INFINITY
            && low == f64::NEG_INFINITY
            && last.low <= high
            && start.saturating_sub(last.range.end) <= 3
        {
            (last.high, last.range.end, last.end) = (high, range.end, false);
            last.text = text[last.range.clone()].trim().to_owned();
        } else {
            found.push(Quantity {
                range: range.clone(),
                family,
                low,
                high,
                bound,
                end: end_of_it,
                attribute,
                text: text_of,
            });
        }
        at = range.end.max(end);
    }
    found
}

/// The text with its kanji numbers before a word of count in digits.
pub(super) fn with_arabic_numbers(text: String) -> String {
    if !text.contains(is_kanji_digit) {
        return text;
    }
    let mut written = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(is_kanji_digit) {
        let (before, from) = rest.split_at(at);
        written.push_str(before);
        let end = from.find(|character| !is_kanji_digit(character)).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        let of_a_time = written.ends_with(['月', '週', '約', '毎', '各']);
        let kanji = written.chars().next_back().is_some_and(|last| matches!(last, '\u{4E00}'..='\u{9FFF}'));
        let after_a_word = || {
            let words = ATTRIBUTES.iter().map(|(word, _)| word).chain(BEFORE.iter().map(|(word, _)| word));
            words.filter(|word| !word.is_ascii()).any(|word| written.ends_with(*word))
        };
        let inside_a_word = kanji && !of_a_time && !after_a_word();
        match kanji_number(digits) {
            Some(number) if !inside_a_word && COUNTED.iter().any(|word| after.starts_with(word)) => {
                written.push_str(&number.to_string());
            }
            _ => written.push_str(digits),
        }
        rest = after;
    }
    written.push_str(rest);
    written
}

fn ends_with_digit(text: &str) -> bool {
    text.trim_end().ends_with(|last: char| last.is_ascii_digit())
}

fn is_kanji_digit(character: char) -> bool {
    "一二三四五六七八九十百千".contains(character)
}

/// 三 is 3, 十五 is 15, 二百 is 200; `None` for what is no number (三三).
fn kanji_number(digits: &str) -> Option<u32> {
    let (mut sum, mut last) = (0, None);
    for character in digits.chars() {
        let value = "一二三四五六七八九".chars().position(|digit| digit == character);
        match (value, last) {
            (Some(value), None) => last = Some(value as u32 + 1),
            (Some(_), Some(_)) => return None,
            (None, _) => {
                let step = match character {
                    '十' => 10,
                    '百' => 100,
                    _ => 1_000,
                };
                sum += last.take().unwrap_or(1) * step;
            }
        }
    }
    Some(sum + last.unwrap_or(0))
}

fn ends_with_word(before: &str) -> bool {
    // "max200mm", "φ3": a word of comparison glued to its number.
    BEFORE.iter().any(|(word, _)| before.ends_with(word))
}

fn side(words: &[(&'static str, i8)], is_there: impl Fn(&str) -> bool) -> Option<(&'static str, i8)> {
    words.iter().filter(|(word, _)| is_there(word)).max_by_key(|(word, _)| word.len()).copied()
}

fn skip_digits(text: &str, start: usize) -> usize {
    text[start..].find(|character: char| !character.is_ascii_digit()).map_or(text.len(), |length| start + length)
}

/// A number with its multiplier (万, 億, 千), and where it ends.
fn number(text: &str, start: usize) -> (f64, usize) {
    let mut digits = String::new();
    let mut end = start;
    let characters: Vec<(usize, char)> = text[start..].char_indices().collect();
    for (index, (at, character)) in characters.iter().enumerate() {
        let next_is_digit = characters.get(index + 1).is_some_and(|(_, next)| next.is_ascii_digit());
        match character {
            '0'..='9' => digits.push(*character),
            '.' if next_is_digit && !digits.contains('.') => digits.push('.'),
            ',' if next_is_digit => {}
            _ => break,
        }
        end = start + at + character.len_utf8();
    }
    let mut value: f64 = digits.parse().unwrap_or(0.0);
    let rest = &text[end..];
    for (word, factor) in [("万", 1e4), ("億", 1e8), ("千", 1e3)] {
        if rest.starts_with(word) {
            value *= factor;
            end += word.len();
            break;
        }
    }
    (value, end)
}

fn unit_at(text: &str, end: usize) -> Option<((Family, f64), usize)> {
    let rest = &text[end..];
    let skipped = rest.len() - rest.trim_start_matches([' ', '-']).len();
    let rest = &rest[skipped..];
    let (word, family, factor) = UNITS
        .iter()
        .filter(|(word, _, _)| rest.starts_with(word))
        .filter(|(word, _, _)| {
            // A rate (m/min) is not what it is a rate of, but so many in a month are; a Latin unit is a word of its own.
            let in_a_time =
                RATES.iter().any(|(_, after, _)| after.iter().any(|time| rest[word.len()..].starts_with(time)));
            if rest[word.len()..].starts_with(['/', '·']) && !in_a_time {
                return false;
            }
            let ends = rest[word.len()..].chars().next().is_none_or(|next| !next.is_ascii_alphabetic());
            ends || !word.ends_with(|last: char| last.is_ascii_alphabetic())
        })
        .max_by_key(|(word, _, _)| word.len())?;
    Some(((*family, *factor), end + skipped + word.len()))
}

/// The word of measure nearest before the number, else just after it.
fn attribute_of(text: &str, start: usize, end: usize) -> &'static str {
    let mut from = start.saturating_sub(48);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = &text[from..start.max(from)];
    let mut to = (end + 16).min(text.len());
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    let near = ATTRIBUTES
        .iter()
        .filter_map(|(word, name)| before.rfind(word).map(|at| (at + word.len(), word.len(), *name)))
        .max_by_key(|(at, length, _)| (*at, *length));
    if let Some((_, _, name)) = near {
        return name;
    }
    let after = &text[end.min(to)..to];
    ATTRIBUTES
        .iter()
        .filter_map(|(word, name)| after.find(word).map(|at| (at, *name)))
        .min_by_key(|(at, _)| *at)
        .map_or("", |(_, name)| name)
}

/// Whether what is spoken of is the better the smaller it is. Anything may be thin: only a small number tells so.
fn gets_smaller(near: &str, value: f64) -> bool {
    const FINE: f64 = 0.01;
    // 「薄い板を幅300 mmまで」
    let own = |sign: &&str| {
        near.rfind(*sign).is_some_and(|at| {
            let between = &near[at + sign.len()..];
            !ATTRIBUTES.iter().any(|(word, _)| between.contains(word))
        })
    };
    SMALLER.iter().any(own) || (value < FINE && THIN.iter().any(own))
}

/// 「80個の小ロット」
fn lot_is_near(text: &str, end: usize) -> bool {
    ["の小ロット", "の少量", "の試作"].iter().any(|word| text[end..].starts_with(word))
}

/// Whether numbers say enough without any other word (従業員50人以下).
pub(super) fn tells_alone(asked: &[Quantity]) -> bool {
    asked.iter().all(|quantity| {
        PLAIN.contains(&quantity.attribute) || quantity.attribute == "lot" || quantity.family == Family::Grade
    })
}

/// The length of the name of a measure that a text begins with (幅, 納期).
pub(super) fn measure_at(text: &str) -> Option<usize> {
    ATTRIBUTES
        .iter()
        .map(|(spelling, _)| spelling)
        .filter(|spelling| text.starts_with(**spelling))
        .map(|s| s.len())
        .max()
}

/// Whether a text with these quantities tells nothing but how much or how large: 「量は月に300枚が限度」.
pub(super) fn only_measures(text: &str, quantities: &[Quantity]) -> bool {
    const PLAIN_WORDS: &[&str] = &[
        "数量", "枚数", "個数", "台数", "本数", "生産", "処理", "能力", "最大", "上限", "程度", "可能", "対応", "合計",
    ];
    const PLAIN_SIGNS: &str = "量数月年週日大小";
    if !quantities.iter().any(|quantity| quantity.bound) {
        return false;
    }
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        let inside = quantities.iter().find(|quantity| quantity.range.contains(&at)).map(|quantity| quantity.range.end);
        let word = || PLAIN_WORDS.iter().chain(SIZES).find(|word| rest.starts_with(**word)).map(|word| at + word.len());
        let known = inside.or_else(|| measure_at(rest).map(|length| at + length)).or_else(word);
        let content = next.is_ascii_alphabetic()
            || matches!(next, '\u{30A1}'..='\u{30FA}' | 'ー' | '\u{4E00}'..='\u{9FFF}' | '々');
        at = match known {
            Some(end) => end,
            None if content && !PLAIN_SIGNS.contains(next) => return false,
            None => at + next.len_utf8(),
        };
    }
    true
}

/// What is large or small, and not a thing of its own.
pub(super) const SIZES: &[&str] =
    &["サイズ", "大きさ", "寸法", "面積", "重さ", "量", "数", "能力", "最大", "最小", "上限", "下限"];

/// Whether a measure is so many in a time.
pub(super) fn is_rate(attribute: &str) -> bool {
    RATES.iter().any(|(_, _, name)| *name == attribute)
}

/// Whether a word names a measure.
pub(super) fn names(word: &str, attribute: &str) -> bool {
    !attribute.is_empty() && ATTRIBUTES.iter().any(|(spelling, name)| *name == attribute && word.contains(spelling))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Quantity {
        find(text).remove(0)
    }

    #[test]
    fn numbers_units_and_bounds() {
        let asked = one("幅300mm以上のフィルム");
        assert_eq!((asked.low, asked.high, asked.attribute), (0.3, f64::INFINITY, "width"));
        assert_eq!(answer(&asked, &one("幅は最大200mmです")), Answer::Contradicts);
        assert_eq!(answer(&asked, &one("幅600 mmまで")), Answer::Satisfies);
        assert_eq!(answer(&asked, &one("幅20cmまで")), Answer::Contradicts);
        assert_eq!(answer(&asked, &one("最大10kg")), Answer::Silent);
        assert_eq!(answer(&one("ロット10個以下"), &one("1個から対応")), Answer::Satisfies);
        assert_eq!(answer(&one("納期は1週間以内"), &one("納期は3日")), Answer::Satisfies);
        assert_eq!(answer(&one("width of at least 300 mm"), &one("up to 250 mm wide")), Answer::Contradicts);
        assert_eq!(answer(&one("厚さ50μm以下"), &one("厚さ10~100μm")), Answer::Satisfies);
        assert_eq!(with_arabic_numbers("十五枚を二か月で一貫して第三者が".into()), "15枚を2か月で一貫して第三者が");
        let money = one("5万円以下");
        assert_eq!(money.high, 50_000.0);
    }
}
