//! How the text of one cell is read: amounts, numbers, yes and no, lists, members, lines of needs.

use super::columns::Item;
use crate::domain::Defect;
use crate::domain::text::canonical;
use crate::domain::vocabulary::Strength;
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::borrow::Cow;

/// Takes off the one apostrophe that an export put before a cell that a spreadsheet would run as a formula.
pub fn without_guard(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(GUARDED) => rest,
        _ => text,
    }
}

/// Puts an apostrophe before a text that a spreadsheet would run as a formula.
pub fn with_guard(text: &str) -> Cow<'_, str> {
    if text.starts_with(GUARDED) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// What a text cell must not begin with in a file for spreadsheets.
pub const GUARDED: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// Whether a text holds kana or kanji.
pub fn is_japanese(text: &str) -> bool {
    text.chars().any(|character| {
        matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
            | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}' | '々' | '〆')
    })
}

/// A whole number: 1,200, ３５人, TRL4, 12.0, 目標7.
pub fn number(text: &str) -> Result<i64, Defect> {
    let plain: String = canonical(text).chars().filter(|character| !matches!(character, ',' | ' ')).collect();
    let start = plain.trim_start_matches(|character: char| character.is_alphabetic() || character == ':');
    let end = start.trim_end_matches(|character: char| character.is_alphabetic());
    // A spreadsheet's way to write a whole number.
    let whole = end.strip_suffix(".0").unwrap_or(end);
    whole.parse().map_err(|_| {
        Defect::new("number.form", "整数で書いてください（例: 1,200）。", "Write a whole number, such as 1,200.")
    })
}

/// An amount in yen: 50000000, 5,000万円, 1億2,000万円, ￥1,000, 1.5億; `unit` for columns in 千円, 万円 …
pub fn yen(text: &str, unit: i64) -> Result<i64, Defect> {
    read_yen(text, unit).ok_or_else(|| {
        Defect::new(
            "yen.form",
            "金額は 50000000、5,000万円、1億2,000万円 のように書いてください。",
            "Write an amount as 50000000, 5,000万円 or 1億2,000万円.",
        )
    })
}

fn read_yen(text: &str, unit: i64) -> Option<i64> {
    const UNITS: [(&str, i64); 8] = [
        ("兆", 1_000_000_000_000),
        ("億", 100_000_000),
        ("千万", 10_000_000),
        ("百万", 1_000_000),
        ("十万", 100_000),
        ("万", 10_000),
        ("千", 1_000),
        ("百", 100),
    ];
    let plain: String = canonical(text).chars().filter(|character| !matches!(character, ',' | ' ' | '¥')).collect();
    // 約100万円程度, 50万円以内（税込）
    const ABOUT: [&str; 12] =
        ["程度", "前後", "以内", "以下", "まで", "くらい", "ぐらい", "位", "(税込)", "(税抜)", "(税別)", "前後の予定"];
    let mut plain = plain.trim_start_matches("約");
    while let Some(rest) = ABOUT.iter().find_map(|word| plain.strip_suffix(word)) {
        plain = rest;
    }
    let plain = plain.trim_end_matches("円").trim_end_matches("JPY").trim_end_matches("yen");
    if plain.is_empty() {
        return None;
    }
    let has_unit = plain.contains(['兆', '億', '万', '千', '百']);
    let mut rest = plain;
    let mut total = 0f64;
    while !rest.is_empty() {
        let end = rest.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(rest.len());
        let value: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let (word, times) = UNITS.into_iter().find(|(word, _)| rest.starts_with(word)).unwrap_or(("", 1));
        rest = &rest[word.len()..];
        if word.is_empty() && !rest.is_empty() {
            return None;
        }
        total += value * times as f64;
    }
    let amount = if has_unit { total } else { total * unit as f64 };
    // Whole numbers up to 2^53 are exact.
    (amount.fract() == 0.0 && amount <= 9.0e15).then_some(amount as i64)
}

/// A date as it is to be read: `20240401` becomes `2024-04-01`, `202404` a month. The number under which a spreadsheet keeps a day
/// (45383) is refused with the day it means, because it may as well be a slip.
pub fn date(text: &str) -> Result<String, Defect> {
    let plain = canonical(text);
    let plain =
        plain.split_once([' ', 'T']).filter(|(_, time)| is_midnight(time)).map_or(plain.as_str(), |(day, _)| day);
    // 3月末, 3月中旬, 春頃: as precise as the month that stands there.
    const ABOUT: [&str; 9] = ["月末", "月中", "月頃", "月ごろ", "月上旬", "月中旬", "月下旬", "月初旬", "月初"];
    if let Some(month) = ABOUT.iter().find_map(|about| plain.strip_suffix(about)) {
        return Ok(format!("{month}月"));
    }
    if !plain.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(if plain.len() < text.len() { plain.to_owned() } else { text.to_owned() });
    }
    let number =
        |range: std::ops::Range<usize>| plain.get(range).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    let (year, month) = (number(0..4), number(4..6));
    let is_year = (1600..=2200).contains(&year);
    match plain.len() {
        8 if is_year && NaiveDate::from_ymd_opt(year as i32, month, number(6..8)).is_some() => {
            Ok(format!("{year}-{month:02}-{:02}", number(6..8)))
        }
        6 if is_year && (1..=12).contains(&month) => Ok(format!("{year}-{month:02}")),
        5 => {
            let day = NaiveDate::from_ymd_opt(1899, 12, 30)
                .and_then(|first| first.checked_add_days(chrono::Days::new(u64::from(number(0..5)))))
                .unwrap_or_default();
            Err(Defect::new(
                "date.serial",
                format!(
                    "「{plain}」は Excel の中の日付の番号のようです（{day} にあたります）。セルの書式を日付にするか、{day} のように書いてください。"
                ),
                format!(
                    "{plain} seems to be a spreadsheet's number for a day ({day}). Format the cell as a date, or write {day}."
                ),
            ))
        }
        _ => Ok(text.to_owned()),
    }
}

/// `0:00`, `00:00:00`: a day with a time that says nothing.
fn is_midnight(time: &str) -> bool {
    time.contains(':') && time.chars().all(|character| matches!(character, '0' | ':' | '.' | 'Z'))
}

/// Yes or no.
pub fn truth(text: &str) -> Result<bool, Defect> {
    match canonical(text).to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "する" | "希望" | "希望する" | "要" | "レ" | "✓" | "✔" | "●" | "◎" | "はい"
        | "有" | "有り" | "あり" | "可" | "可能" | "○" | "〇" | "◯" | "匿名" => Ok(true),
        "false" | "no" | "n" | "0" | "しない" | "希望しない" | "不要" | "いいえ" | "無" | "無し" | "なし" | "不可"
        | "×" | "✕" | "x" => Ok(false),
        _ => Err(Defect::new(
            "truth.form",
            "はい・いいえ、有・無、true・false のどれかで書いてください。",
            "Write yes or no, true or false.",
        )),
    }
}

/// The parts of a list cell: `;`, `、`, `|` and line breaks stand between them, commas too where no part can hold
/// one. A cell that begins with `[` is a JSON array.
pub fn split(text: &str, item: Item) -> Result<Vec<Value>, Defect> {
    if let Some(list) = json_array(text)? {
        return Ok(list);
    }
    let commas = !matches!(item, Item::Text);
    let between = |character: char| {
        matches!(character, ';' | '；' | '、' | '|' | '｜' | '\n' | '\r')
            || commas && matches!(character, ',' | '，' | '､')
    };
    Ok(text.split(between).map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect())
}

fn json_array(text: &str) -> Result<Option<Vec<Value>>, Defect> {
    if !text.trim_start().starts_with('[') {
        return Ok(None);
    }
    match serde_json::from_str(text) {
        Ok(Value::Array(list)) => Ok(Some(list)),
        _ => Err(Defect::new(
            "list.form",
            "「[」で始まるセルは JSON の配列として読みます。形を確かめてください。",
            "A cell that begins with [ is read as a JSON array. Please check its form.",
        )),
    }
}

/// A certificate as its code: `ISO 9001:2015` → `iso9001`, `JIS Q 9100` → `jis_q_9100`.
pub fn certificate(text: &str) -> String {
    let text = canonical(text).to_lowercase();
    let text = text.split(':').next().unwrap_or("").trim();
    let code: String = text
        .chars()
        .map(|character| if matches!(character, ' ' | '-' | '/' | '.') { '_' } else { character })
        .collect();
    match code.strip_prefix("iso_").or_else(|| code.strip_prefix("iatf_")) {
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => code.replacen('_', "", 1),
        _ => code,
    }
}

/// Members: `[{"party": …, "role": …}]`, a list of ids, or in a cell `ID; ID=役割`. Gives the list with empty
/// places, and what stands at each place: `(pointer, text)`.
pub fn members(value: &Value) -> Result<(Value, Vec<(String, String)>), Defect> {
    let form = || {
        Defect::new(
            "members.form",
            "構成員は識別子の列（例: A-001; A-002=代表）か、party と role をもつ配列で書いてください。",
            "Write members as ids (A-001; A-002=lead), or as an array with party and role.",
        )
    };
    let parts = match value {
        Value::Null => return Ok((json!([]), Vec::new())),
        Value::Array(list) => list.clone(),
        Value::String(text) => match split(text, Item::Reference)? {
            parts if text.trim_start().starts_with('[') => parts,
            parts => parts.into_iter().map(|part| member_in_words(part.as_str().unwrap_or(""))).collect(),
        },
        _ => return Err(form()),
    };
    let (mut list, mut slots) = (Vec::with_capacity(parts.len()), Vec::with_capacity(parts.len()));
    for (place, part) in parts.into_iter().enumerate() {
        let mut member = match part {
            Value::String(text) => json!({ "party": text }),
            Value::Number(number) => json!({ "party": number.to_string() }),
            Value::Object(member) => Value::Object(member),
            _ => return Err(form()),
        };
        let party = match member.get("party") {
            Some(Value::String(text)) if !text.trim().is_empty() => text.trim().to_owned(),
            _ => return Err(form()),
        };
        member["party"] = Value::Null;
        slots.push((format!("/members/{place}/party"), party));
        list.push(member);
    }
    Ok((Value::Array(list), slots))
}

fn member_in_words(text: &str) -> Value {
    match text.rsplit_once('=') {
        Some((party, role)) if !role.trim().is_empty() => json!({ "party": party.trim(), "role": role.trim() }),
        _ => json!({ "party": text.trim_end_matches('=') }),
    }
}

/// Lines of a need: an array as in the API, or in a cell one requirement a line, 必須: / 希望: / 除外: before it
/// (`must:`, `should:`, `exclude:`), 希望 when nothing is said.
pub fn lines(value: &Value) -> Result<Value, Defect> {
    let text = match value {
        Value::Null => return Ok(json!([])),
        Value::String(text) => text,
        other => return Ok(other.clone()),
    };
    if let Some(list) = json_array(text)? {
        return Ok(Value::Array(list));
    }
    let line = |line: &str| {
        let marked = line.split_once([':', '：']).and_then(|(mark, rest)| Some((Strength::read(mark)?, rest.trim())));
        let (strength, words) = marked.unwrap_or((Strength::Should, line));
        let language = if is_japanese(words) { "text_ja" } else { "text_en" };
        json!({ "strength": strength.code(), language: words })
    };
    Ok(text.lines().map(str::trim).filter(|text| !text.is_empty()).map(line).collect())
}

/// Requirements of one strength, one a line or part.
pub fn lines_of(strength: Strength, text: &str) -> Vec<Value> {
    let line = |line: &str| {
        let language = if is_japanese(line) { "text_ja" } else { "text_en" };
        json!({ "strength": strength.code(), language: line })
    };
    let marks: &[char] = &['\n', '\r', ';', '；'];
    text.split(marks)
        .map(|line| line.trim().trim_start_matches(['・', '•', '-']))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(line)
        .collect()
}

/// A web address as people write it: without its scheme it is taken for https.
pub fn web_address(text: &str) -> String {
    let plain = canonical(text);
    let host = plain.split(['/', '?', '#']).next().unwrap_or("");
    let is_host =
        host.is_ascii() && host.contains('.') && !host.contains([':', '@', ' ', '<']) && !host.starts_with('.');
    if is_host { format!("https://{plain}") } else { text.to_owned() }
}

/// A list of objects: an array as in the API, or its JSON in a cell. Its form is looked at with the entry.
pub fn objects(value: &Value) -> Result<Value, Defect> {
    let text = match value {
        Value::Null => return Ok(json!([])),
        Value::String(text) => text,
        other => return Ok(other.clone()),
    };
    match json_array(text)? {
        Some(list) => Ok(Value::Array(list)),
        None => Err(Defect::new(
            "cell.objects",
            "この列は API と同じ JSON の配列で書きます（[{…}, {…}]）。",
            "Write this column as a JSON array, as the API does ([{…}, {…}]).",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let read = |text: &str| yen(text, 1).ok();
        assert_eq!(read("５，０００万円"), Some(50_000_000));
        assert_eq!(read("1億2,000万円"), Some(120_000_000));
        assert_eq!(read("1.5億"), Some(150_000_000));
        assert_eq!(read("3百万円"), Some(3_000_000));
        assert_eq!(read("約100万円程度"), Some(1_000_000));
        assert_eq!(read("50万円以内（税込）"), Some(500_000));
        assert_eq!(read("￥10,000,000"), Some(10_000_000));
        assert_eq!(read("300 万円"), Some(3_000_000));
        assert_eq!(yen("5,000", 10_000).ok(), Some(50_000_000));
        assert_eq!(yen("5,000万円", 1_000).ok(), Some(50_000_000), "a unit in the cell beats the heading's");
        for broken in ["", "円", "非公開", "100〜500万円", "1..2", "-5", "1億x"] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }

    #[test]
    fn numbers_truths_and_lists_are_read() {
        assert_eq!(number("３５人").ok(), Some(35));
        assert_eq!(number("1,200").ok(), Some(1_200));
        assert_eq!(number("TRL4").ok(), Some(4));
        assert_eq!(number("12.0").ok(), Some(12));
        assert!(number("約30").is_ok_and(|number| number == 30));
        assert!(number("多数").is_err());
        assert!(number("").is_err());
        assert_eq!(truth("あり").ok(), Some(true));
        assert_eq!(truth("×").ok(), Some(false));
        assert_eq!(split("a、b; c", Item::Text).unwrap(), ["a", "b", "c"]);
        assert_eq!(split("Smith, Ltd.", Item::Text).unwrap(), ["Smith, Ltd."]);
        assert_eq!(split("7,9", Item::Number).unwrap(), ["7", "9"]);
        assert!(split("[1,", Item::Number).is_err());
        assert_eq!(certificate("ISO 9001:2015"), "iso9001");
        assert_eq!(certificate("JIS Q 9100"), "jis_q_9100");
    }

    #[test]
    fn dates_of_spreadsheets_are_read_or_explained() {
        let read = |text: &str| date(text).map_err(|defect| defect.message.ja);
        assert_eq!(read("20240401").as_deref(), Ok("2024-04-01"));
        assert_eq!(read("２０２４０４").as_deref(), Ok("2024-04"));
        assert_eq!(read("2024/04/01 0:00").as_deref(), Ok("2024/04/01"));
        for text in ["2024", "令和6年4月1日", "R6.4.1", "20241332", "2024-04-01 9:30", "FY2024"] {
            assert_eq!(read(text).as_deref(), Ok(text));
        }
        assert_eq!(read("2025年3月末").as_deref(), Ok("2025年3月"));
        assert_eq!(web_address("www.example.jp/a"), "https://www.example.jp/a");
        for text in ["http://example.jp", "なし", "a@example.jp", "例.jp"] {
            assert_eq!(web_address(text), text);
        }
        assert!(read("45383").expect_err("a number").contains("2024-04-01"));
    }

    #[test]
    fn members_and_lines_are_read_from_a_cell() {
        let (list, slots) = members(&"K1; K2=代表".into()).unwrap();
        assert_eq!(list, json!([{ "party": null }, { "party": null, "role": "代表" }]));
        assert_eq!(slots, [("/members/0/party".into(), "K1".into()), ("/members/1/party".into(), "K2".into())]);
        assert!(members(&json!([{ "role": "代表" }])).is_err());
        assert_eq!(
            lines(&"必須：板厚0.1mm\nshould: English support\n試作できる".into()).unwrap(),
            json!([
                { "strength": "must", "text_ja": "板厚0.1mm" },
                { "strength": "should", "text_en": "English support" },
                { "strength": "should", "text_ja": "試作できる" },
            ])
        );
    }

    #[test]
    fn exactly_one_guard_is_taken_off() {
        assert_eq!(without_guard("'=1+1"), "=1+1");
        assert_eq!(without_guard("''quoted"), "'quoted");
        assert_eq!(without_guard("'90s"), "'90s");
        for text in ["=1+1", "'quoted", "'90s", "", "普通", "-5", "''"] {
            assert_eq!(without_guard(&with_guard(text)), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_safe(text in "\\PC*") {
            let _ = (number(&text), yen(&text, 1_000), truth(&text), certificate(&text));
            let _ = (split(&text, Item::Text), members(&text.as_str().into()), lines(&text.as_str().into()));
        }
    }
}
