//! Numbers with a unit and a comparison word: 幅300mm以上, up to 200 mm, ロット10個から.

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
    /// What is measured, in one word: 幅, 厚, 精度 … "" when it is not said.
    pub(super) attribute: &'static str,
    pub(super) text: String,
}

/// How a stated quantity answers an asked one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Satisfies,
    Contradicts,
    Silent,
}

/// Longest first where one begins another.
const UNITS: &[(&str, Family, f64)] = &[
    ("立方センチ", Family::Volume, 0.001),
    ("平方メートル", Family::Area, 1.0),
    ("マイクロメートル", Family::Length, 1e-6),
    ("ミリメートル", Family::Length, 1e-3),
    ("センチメートル", Family::Length, 1e-2),
    ("ナノメートル", Family::Length, 1e-9),
    ("メートル", Family::Length, 1.0),
    ("キログラム", Family::Mass, 1.0),
    ("ミクロン", Family::Length, 1e-6),
    ("micrometers", Family::Length, 1e-6),
    ("microns", Family::Length, 1e-6),
    ("micron", Family::Length, 1e-6),
    ("millimeters", Family::Length, 1e-3),
    ("millimetres", Family::Length, 1e-3),
    ("センチ", Family::Length, 1e-2),
    ("ミリ", Family::Length, 1e-3),
    ("リットル", Family::Volume, 1.0),
    ("グラム", Family::Mass, 1e-3),
    ("トン", Family::Mass, 1e3),
    ("インチ", Family::Length, 0.0254),
    ("inches", Family::Length, 0.0254),
    ("inch", Family::Length, 0.0254),
    ("kg", Family::Mass, 1.0),
    ("mg", Family::Mass, 1e-6),
    ("tons", Family::Mass, 1e3),
    ("ton", Family::Mass, 1e3),
    ("nm", Family::Length, 1e-9),
    ("μm", Family::Length, 1e-6),
    ("um", Family::Length, 1e-6),
    ("mm", Family::Length, 1e-3),
    ("cm", Family::Length, 1e-2),
    ("m2", Family::Area, 1.0),
    ("m3", Family::Volume, 1e3),
    ("kn", Family::Force, 1e3),
    ("mpa", Family::Pressure, 1e6),
    ("kpa", Family::Pressure, 1e3),
    ("pa", Family::Pressure, 1.0),
    ("ghz", Family::Frequency, 1e9),
    ("mhz", Family::Frequency, 1e6),
    ("khz", Family::Frequency, 1e3),
    ("hz", Family::Frequency, 1.0),
    ("kw", Family::Power, 1e3),
    ("kv", Family::Voltage, 1e3),
    ("ml", Family::Volume, 1e-3),
    ("kl", Family::Volume, 1e3),
    ("°c", Family::Temperature, 1.0),
    ("℃", Family::Temperature, 1.0),
    ("degrees c", Family::Temperature, 1.0),
    ("度", Family::Temperature, 1.0),
    ("パーセント", Family::Share, 1.0),
    ("percent", Family::Share, 1.0),
    ("%", Family::Share, 1.0),
    ("pieces", Family::Pieces, 1.0),
    ("piece", Family::Pieces, 1.0),
    ("pcs", Family::Pieces, 1.0),
    ("units", Family::Pieces, 1.0),
    ("ロット", Family::Pieces, 1.0),
    ("枚", Family::Pieces, 1.0),
    ("個", Family::Pieces, 1.0),
    ("本", Family::Pieces, 1.0),
    ("点", Family::Pieces, 1.0),
    ("台", Family::Pieces, 1.0),
    ("着", Family::Pieces, 1.0),
    ("袋", Family::Pieces, 1.0),
    ("食", Family::Pieces, 1.0),
    ("件", Family::Pieces, 1.0),
    ("社", Family::Pieces, 1.0),
    ("people", Family::People, 1.0),
    ("employees", Family::People, 1.0),
    ("名", Family::People, 1.0),
    ("人", Family::People, 1.0),
    ("営業日", Family::Days, 1.4),
    ("business days", Family::Days, 1.4),
    ("working days", Family::Days, 1.4),
    ("時間", Family::Days, 1.0 / 24.0),
    ("hours", Family::Days, 1.0 / 24.0),
    ("日", Family::Days, 1.0),
    ("days", Family::Days, 1.0),
    ("day", Family::Days, 1.0),
    ("週間", Family::Days, 7.0),
    ("weeks", Family::Days, 7.0),
    ("week", Family::Days, 7.0),
    ("か月", Family::Days, 30.0),
    ("カ月", Family::Days, 30.0),
    ("ケ月", Family::Days, 30.0),
    ("ヶ月", Family::Days, 30.0),
    ("months", Family::Days, 30.0),
    ("month", Family::Days, 30.0),
    ("年", Family::Years, 1.0),
    ("years", Family::Years, 1.0),
    ("year", Family::Years, 1.0),
    ("円", Family::Money, 1.0),
    ("yen", Family::Money, 1.0),
    ("クラス", Family::Class, 1.0),
    ("t", Family::Mass, 1e3),
    ("g", Family::Mass, 1e-3),
    ("l", Family::Volume, 1.0),
    ("m", Family::Length, 1.0),
    ("v", Family::Voltage, 1.0),
    ("w", Family::Power, 1.0),
    ("n", Family::Force, 1.0),
];

const ATTRIBUTES: &[(&str, &str)] = &[
    ("幅", "width"),
    ("width", "width"),
    ("wide", "width"),
    ("厚", "thickness"),
    ("thick", "thickness"),
    ("直径", "diameter"),
    ("外径", "diameter"),
    ("内径", "inner diameter"),
    ("穴径", "hole"),
    ("径", "diameter"),
    ("φ", "diameter"),
    ("diameter", "diameter"),
    ("長さ", "length"),
    ("全長", "length"),
    ("length", "length"),
    ("高さ", "height"),
    ("height", "height"),
    ("深さ", "depth"),
    ("depth", "depth"),
    ("精度", "accuracy"),
    ("公差", "accuracy"),
    ("誤差", "accuracy"),
    ("accuracy", "accuracy"),
    ("tolerance", "accuracy"),
    ("precision", "accuracy"),
    ("純度", "purity"),
    ("purity", "purity"),
    ("納期", "delivery"),
    ("リードタイム", "delivery"),
    ("納品", "delivery"),
    ("delivery", "delivery"),
    ("lead time", "delivery"),
    ("型締", "clamping"),
    ("clamping", "clamping"),
    ("従業員", "staff"),
    ("社員", "staff"),
    ("月に", "monthly"),
    ("月間", "monthly"),
    ("荷重", "load"),
    ("加振力", "vibration force"),
    ("線幅", "line width"),
    ("板厚", "thickness"),
    ("employees", "staff"),
    ("価格", "price"),
    ("単価", "price"),
    ("費用", "price"),
    ("料金", "price"),
    ("price", "price"),
    ("歩留", "yield"),
    ("最小ロット", "lot"),
    ("最低ロット", "lot"),
    ("ロット", "lot"),
    ("lot", "lot"),
    ("batch", "lot"),
    ("order", "lot"),
    ("平面度", "flatness"),
    ("真円度", "roundness"),
    ("flatness", "flatness"),
    ("粗さ", "roughness"),
    ("重量", "weight"),
    ("容量", "capacity"),
    ("温度", "temperature"),
    ("temperature", "temperature"),
    ("月産", "monthly"),
    ("生産能力", "monthly"),
    ("経験", "experience"),
    ("experience", "experience"),
    ("膜厚", "film thickness"),
];

/// Measures where the whole stated range must lie within the asked one; elsewhere reaching the asked bound is enough.
const QUALITIES: &[&str] = &["accuracy", "purity", "delivery", "price", "yield", "roughness", "flatness", "roundness"];

/// Measures whose plain number is the whole truth: 従業員 900人, 納期 6週間.
const PLAIN: &[&str] = &[
    "accuracy",
    "purity",
    "delivery",
    "price",
    "yield",
    "roughness",
    "flatness",
    "roundness",
    "staff",
    "clamping",
    "vibration force",
];

/// Words before a number, with the side they bound: -1 from below, 1 from above, 2 a plain ±.
const BEFORE: &[(&str, i8)] = &[
    ("最大", 1),
    ("最長", 1),
    ("最高", 1),
    ("上限", 1),
    ("maximum", 1),
    ("max", 1),
    ("up to", 1),
    ("at most", 1),
    ("no wider than", 1),
    ("no longer than", 1),
    ("no larger than", 1),
    ("not exceeding", 1),
    ("earlier than", -1),
    ("as long as", 1),
    ("no more than", 1),
    ("less than", 1),
    ("under", 1),
    ("within", 1),
    ("below", 1),
    ("最小", -1),
    ("最低", -1),
    ("最短", -1),
    ("最薄", -1),
    ("下限", -1),
    ("minimum", -1),
    ("min", -1),
    ("at least", -1),
    ("more than", -1),
    ("over", -1),
    ("from", -1),
    ("above", -1),
    ("no less than", -1),
    ("limited to", 1),
    ("as small as", -1),
    ("down to", -1),
    ("as low as", -1),
    ("as few as", -1),
];
const AFTER: &[(&str, i8)] = &[
    ("が限度", 1),
    ("を限度", 1),
    ("に限", 0),
    ("以上", -1),
    ("超", -1),
    ("を超え", -1),
    ("から", -1),
    ("より", -1),
    ("or more", -1),
    ("or larger", -1),
    ("or wider", -1),
    ("and up", -1),
    ("or above", -1),
    ("以下", 1),
    ("未満", 1),
    ("以内", 1),
    ("まで", 1),
    ("が上限", 1),
    ("が最大", 1),
    ("が限界", 1),
    ("が限度", 1),
    ("or less", 1),
    ("or fewer", 1),
    ("or below", 1),
    ("or thinner", 1),
    ("が下限", -1),
    ("が最小", -1),
    ("が最低", -1),
    ("maximum", 1),
    ("max", 1),
    ("minimum", -1),
    ("or smaller", 1),
    ("でも", -1),
    ("程度まで", 1),
    ("角まで", 1),
    ("程度が上限", 1),
    ("単位まで", 1),
    ("ほどで", 0),
];

/// Signs of a temperature below zero, before its number.
const MINUS: &[&str] = &["マイナス", "氷点下", "零下", "minus", "-", "\u{2212}", "\u{2010}", "\u{2013}"];

/// So many in a time: before the number, after its unit, and the measure. A plain one is what can be done: who does 500
/// a month does 300.
const RATES: &[(&[&str], &[&str], &str)] = &[
    (&["月", "毎月", "月に", "月間", "月産"], &["/月", "/month", " a month", " per month", " monthly"], "monthly"),
    (&["週", "毎週", "週に", "週間"], &["/週", "/week", " a week", " per week", " weekly"], "weekly"),
    (&["日に", "毎日", "日産", "1日"], &["/日", "/day", " a day", " per day", " daily"], "daily"),
    (&["年", "年に", "年間", "年産", "毎年"], &["/年", "/year", " a year", " per year", " yearly"], "yearly"),
];

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

/// All quantities of a folded text, from the left.
pub(super) fn find(text: &str) -> Vec<Quantity> {
    let mut found: Vec<Quantity> = Vec::new();
    let mut at = 0;
    while let Some(step) = text[at..].find(|character: char| character.is_ascii_digit()) {
        let start = at + step;
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
        let rate = rate_at(text, start, end);
        end = rate.map_or(end, |(_, end)| end);
        let head = text[..start].trim_end_matches([' ', '±', 'φ', ':', '約', '各']);
        let tail = text[end..].trim_start();
        let side_before = side(BEFORE, |word| head.ends_with(word) || head.ends_with(&format!("{word} ")));
        let side_after = side(AFTER, |word| tail.starts_with(word));
        // 「最大加振力は8kN」
        let side_before = side_before.or_else(|| {
            let near = head.char_indices().rev().nth(9).map_or(head, |(at, _)| &head[at..]);
            let near = near.rsplit(['、', ',', '。']).next().unwrap_or(near);
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
        match side_after.or(side_before).map(|(_, side)| side) {
            _ if values.1.is_some() => {}
            // 「マイナス40 ℃まで」 goes down.
            Some(1) if minus.is_some() && side_after.is_some_and(|(word, _)| word.ends_with("まで")) => {
                (high, bound) = (f64::INFINITY, true);
            }
            Some(-1) => (high, bound) = (f64::INFINITY, true),
            Some(1) => (low, bound) = (f64::NEG_INFINITY, true),
            _ if open_above => (high, bound) = (f64::INFINITY, true),
            _ => {}
        }
        let attribute = match (attribute_of(text, range.start, range.end), family) {
            (_, Family::Pieces | Family::Mass | Family::Volume | Family::Area | Family::Length) if rate.is_some() => {
                rate.map_or("", |(name, _)| name)
            }
            ("", Family::Pieces) if values.0 <= 100.0 && matches!(side_after, Some(("から" | "より" | "でも", _))) => {
                "lot"
            }
            ("", Family::Pieces) if lot_is_near(text, range.end) => "lot",
            ("", Family::Mass) => "weight",
            ("", Family::Temperature) => "temperature",
            (attribute, _) => attribute,
        };
        let text_of = text[range.clone()].trim().to_owned();
        if let Some(last) = found.last_mut()
            && last.family == family
            && last.high == f64::INFINITY
            && low == f64::NEG_INFINITY
            && last.low <= high
            && start.saturating_sub(last.range.end) <= 3
        {
            (last.high, last.range.end) = (high, range.end);
            last.text = text[last.range.clone()].trim().to_owned();
        } else {
            found.push(Quantity { range: range.clone(), family, low, high, bound, attribute, text: text_of });
        }
        at = range.end.max(end);
    }
    found
}

/// Words of a count: kanji numbers before them are read as numbers (二か月, 十五枚), elsewhere they are part of a word.
const COUNTED: &[&str] = &[
    "か月",
    "ヶ月",
    "カ月",
    "ケ月",
    "週間",
    "日間",
    "日以",
    "営業日",
    "時間",
    "年間",
    "年以",
    "年の",
    "年を",
    "枚",
    "個",
    "台",
    "名",
    "人以",
    "人の",
    "人で",
    "社",
    "件",
    "食",
    "頭",
    "円",
    "%",
    "パーセント",
    "割",
    "回",
    "種類",
];

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
        let inside_a_word = kanji && !of_a_time;
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

/// 「80個の小ロット」
fn lot_is_near(text: &str, end: usize) -> bool {
    ["の小ロット", "の少量", "の試作"].iter().any(|word| text[end..].starts_with(word))
}

/// Whether numbers say enough without any other word (従業員50人以下).
pub(super) fn tells_alone(asked: &[Quantity]) -> bool {
    asked.iter().all(|quantity| PLAIN.contains(&quantity.attribute) || quantity.attribute == "lot")
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

/// Whether a measure is so many in a time.
pub(super) fn is_rate(attribute: &str) -> bool {
    RATES.iter().any(|(_, _, name)| *name == attribute)
}

/// Whether a word names a measure.
pub(super) fn names(word: &str, attribute: &str) -> bool {
    !attribute.is_empty() && ATTRIBUTES.iter().any(|(spelling, name)| *name == attribute && word.contains(spelling))
}

/// Whether a stated quantity meets an asked one.
pub(super) fn answer(asked: &Quantity, stated: &Quantity) -> Answer {
    let comparable = asked.family == stated.family
        && (asked.attribute == stated.attribute || asked.attribute.is_empty() || stated.attribute.is_empty());
    if !comparable {
        return Answer::Silent;
    }
    let same_measure = asked.attribute == stated.attribute && !asked.attribute.is_empty();
    // So many in a time are no plain number.
    if !same_measure && (is_rate(asked.attribute) || is_rate(stated.attribute)) {
        return Answer::Silent;
    }
    if is_rate(asked.attribute) && !asked.bound && (stated.low == f64::NEG_INFINITY || !stated.bound) {
        let enough = Quantity { high: f64::INFINITY, bound: true, ..asked.clone() };
        return answer(&enough, stated);
    }
    let apart = stated.high < asked.low || stated.low > asked.high;
    if apart {
        return if asked.bound && (stated.bound || (same_measure && PLAIN.contains(&asked.attribute))) {
            Answer::Contradicts
        } else {
            Answer::Silent
        };
    }
    let measure = if asked.attribute.is_empty() { stated.attribute } else { asked.attribute };
    let within = stated.low >= asked.low && stated.high <= asked.high;
    if QUALITIES.contains(&measure) {
        // ±5 μm when ±3 μm at most is asked: the stated bound is looser.
        let looser = asked.low == f64::NEG_INFINITY && stated.low == f64::NEG_INFINITY && stated.high > asked.high;
        return match (within, looser && same_measure) {
            (true, _) => Answer::Satisfies,
            (false, true) => Answer::Contradicts,
            _ => Answer::Silent,
        };
    }
    // 「直径5 mmまで」 does not tell whether 1 mm at most is reached.
    let larger = asked.low == f64::NEG_INFINITY && stated.low == f64::NEG_INFINITY && stated.high > asked.high;
    if larger && asked.family == Family::Length {
        return Answer::Silent;
    }
    let reaches = [asked.low, asked.high]
        .into_iter()
        .filter(|bound| bound.is_finite())
        .all(|bound| stated.low <= bound && bound <= stated.high);
    if reaches || within { Answer::Satisfies } else { Answer::Silent }
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
