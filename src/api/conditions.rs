//! What the conditions of a query mean: 種別:シーズ, 市町村:山形市, TRL:>=4, 更新:令和6年度. Names in either language, codes,
//! several values separated by commas, ranges of numbers and dates. What cannot be understood is told with its place.

use super::names::Names;
use super::search::refused;
use super::search_words::{names_kind, names_organization_kind, place_codes};
use crate::domain::codes::IndustryCode;
use crate::domain::date::PartialDate;
use crate::domain::finding::Message;
use crate::domain::text::{canonical, fold};
use crate::domain::vocabulary::{Kind, OrganizationKind};
use crate::domain::{Defect, Scope, ThingId};
use crate::error::{Error, Result};
use crate::exchange::cells::certificate;
use crate::store::party_names::{self, Named};
use crate::store::{Conn, vocabulary};
use chrono::{Datelike, NaiveDate};
use musubi_index::{Attribute, Condition, ConditionField, Meaning, Meanings, conditions};
use std::collections::HashMap;

/// Values of one condition at most.
const MOST_VALUES: usize = 20;

/// Looks up every condition of a query; parties by the names that the reader may see.
pub(super) fn meanings(conn: &mut Conn, names: &Names, scope: &Scope, query: &str) -> Result<Meanings> {
    let mut meanings = Meanings::new();
    for condition in conditions(query).map_err(refused)? {
        let meaning = meaning(conn, names, scope, &condition)?;
        meanings.insert((condition.field, condition.value), meaning);
    }
    Ok(meanings)
}

fn meaning(conn: &mut Conn, names: &Names, scope: &Scope, condition: &Condition) -> Result<Meaning> {
    let values = values(&condition.value);
    if values.is_empty() {
        let place = condition.position + 1;
        return Err(Error::Malformed(Defect::new(
            "query.no_value",
            format!(
                "{place}文字目の条件に値がありません。「種別:シーズ」のように、コロンのすぐ後に空白を入れずに書いてください。"
            ),
            format!(
                "The condition at character {place} has no value. Write it right behind the colon, without a blank: kind:seed."
            ),
        )));
    }
    if values.len() > MOST_VALUES {
        return Err(wrong(
            condition,
            &format!("値は{MOST_VALUES}個までです"),
            &format!("at most {MOST_VALUES} values"),
        ));
    }
    match condition.field {
        ConditionField::Kind => {
            let names =
                Kind::ALL.iter().map(|kind| (kind.code().to_owned(), Message::new(kind.name_ja(), kind.name_en())));
            let values = as_words(&values, Kind::ALL, names_kind, Kind::code);
            named_codes(condition, &values, &names.collect(), |_| None).map(Meaning::Any)
        }
        ConditionField::Attribute(attribute @ (Attribute::Municipality | Attribute::Prefecture)) => {
            let mut codes = Vec::new();
            for value in &values {
                let called = place_codes(names, attribute, value);
                codes.extend(match called.is_empty() {
                    false => called,
                    true => named_codes(condition, std::slice::from_ref(value), names.labels(attribute), |code| {
                        names.reading(attribute, code)
                    })?,
                });
            }
            Ok(Meaning::Any(match attribute {
                Attribute::Municipality => vocabulary::with_their_municipalities(conn, &codes)?,
                _ => codes,
            }))
        }
        ConditionField::Attribute(Attribute::OrganizationKind) => {
            let values = as_words(&values, OrganizationKind::ALL, names_organization_kind, OrganizationKind::code);
            named_codes(condition, &values, names.labels(Attribute::OrganizationKind), |_| None).map(Meaning::Any)
        }
        ConditionField::Owner => owners(conn, scope, condition, &values),
        ConditionField::Attribute(Attribute::Industry) => {
            // Classes go deeper than our list of their names.
            let mut found = Vec::new();
            for value in &values {
                match IndustryCode::parse(value) {
                    Ok(code) => found.push(code.into()),
                    Err(_) => {
                        let classes = names.labels(Attribute::Industry);
                        found.extend(named_codes(condition, std::slice::from_ref(value), classes, |_| None)?);
                    }
                }
            }
            Ok(Meaning::Any(found))
        }
        ConditionField::Attribute(Attribute::Certificate) => {
            Ok(Meaning::Any(values.iter().map(|value| certificate(value)).collect()))
        }
        ConditionField::Attribute(Attribute::Readiness) => numbers(condition, 9),
        ConditionField::Attribute(Attribute::Sdg) => numbers(condition, 17),
        ConditionField::Attribute(attribute) => {
            named_codes(condition, &values, names.labels(attribute), |_| None).map(Meaning::Any)
        }
        ConditionField::Day => {
            let (from, to) = dates(condition)?;
            Ok(Meaning::Between(from.map(days), to.map(days)))
        }
        ConditionField::Updated => {
            let (from, to) = dates(condition)?;
            Ok(Meaning::Between(from.map(micros), to.map(micros)))
        }
    }
}

/// Parties by id, or by name.
fn owners(conn: &mut Conn, scope: &Scope, condition: &Condition, values: &[String]) -> Result<Meaning> {
    let mut owners = Vec::new();
    for value in values {
        if let Ok(id) = ThingId::parse(value) {
            owners.push(id.into());
            continue;
        }
        let shown: String = value.chars().take(60).collect();
        match party_names::named(conn, scope, value)? {
            Named::Parties(ids) => owners.extend(ids),
            Named::Several(names) => {
                return Err(wrong(
                    condition,
                    &format!(
                        "「{shown}」に当たる機関・人が複数あります（{}など）。名称をもっと詳しく書いてください",
                        names.join("、")
                    ),
                    &format!("\"{shown}\" may be several parties ({}). Write more of the name", names.join(", ")),
                ));
            }
            Named::Nobody => {
                return Err(wrong(
                    condition,
                    &format!("「{shown}」という機関・人は見つかりません。空白を含む名称は引用符で囲んでください"),
                    &format!("there is no party called \"{shown}\". Put a name with blanks between quotation marks"),
                ));
            }
        }
    }
    Ok(Meaning::Any(owners))
}

/// The query with the names of parties replaced by their ids, so that it goes on to mean them whoever reads it and
/// whatever they are called later.
pub(super) fn with_owners_by_id(conn: &mut Conn, scope: &Scope, query: &str) -> Result<String> {
    let mut written: Vec<char> = query.chars().collect();
    // From the end, so that the places before stay.
    for condition in conditions(query).map_err(refused)?.iter().rev() {
        let values = values(&condition.value);
        let named = values.iter().any(|value| ThingId::parse(value).is_err());
        if condition.field != ConditionField::Owner || !named || values.is_empty() {
            continue;
        }
        let Meaning::Any(ids) = owners(conn, scope, condition, &values)? else { continue };
        let place = condition.position..condition.position + condition.length;
        written.splice(place, format!("owner:{}", ids.join(",")).chars().collect::<Vec<_>>());
    }
    Ok(written.into_iter().collect())
}

/// The values, with the code of a kind where one is what people call it (シーズ, seeds, 会社).
fn as_words<K: Copy>(
    values: &[String],
    all: &[K],
    named: fn(K, &str) -> bool,
    code: fn(K) -> &'static str,
) -> Vec<String> {
    let kind = |value: &String| all.iter().find(|kind| named(**kind, &musubi_index::fold(value)));
    values.iter().map(|value| kind(value).map_or_else(|| value.clone(), |kind| code(*kind).to_owned())).collect()
}

fn values(text: &str) -> Vec<String> {
    let values = text.split([',', '、', '，']).map(canonical).filter(|value| !value.is_empty());
    values.take(MOST_VALUES + 1).collect()
}

/// The codes that the values name: as code or whole name, else as the beginning of names, else as a part of them.
fn named_codes<'a>(
    condition: &Condition,
    values: &[String],
    names: &'a HashMap<String, Message>,
    reading: impl Fn(&'a str) -> Option<&'a str>,
) -> Result<Vec<String>> {
    let mut codes = Vec::new();
    for value in values {
        let wanted = fold(value);
        let fits = |test: &dyn Fn(&str) -> bool| -> Vec<String> {
            let fitting = names.iter().filter(|(code, name)| {
                fold(code) == wanted
                    || test(&fold(&name.ja))
                    || test(&fold(&name.en))
                    || reading(code.as_str()).is_some_and(test)
            });
            fitting.map(|(code, _)| code.clone()).collect()
        };
        let mut found = fits(&|name| name == wanted);
        if found.is_empty() {
            found = fits(&|name| name.starts_with(&wanted));
            // Names of industries are long: what is meant stands anywhere in them.
            if found.is_empty() || condition.field == ConditionField::Attribute(Attribute::Industry) {
                found.extend(fits(&|name| name.contains(&wanted)));
            }
        }
        if found.is_empty() {
            let shown: String = value.chars().take(60).collect();
            let (ja, en) = known_values(condition, names);
            return Err(wrong(
                condition,
                &format!("「{shown}」という値はありません{ja}"),
                &format!("\"{shown}\" is not one of its values{en}"),
            ));
        }
        codes.extend(found);
    }
    codes.sort();
    codes.dedup();
    Ok(codes)
}

/// The values there are, where they are few enough to be read, or where they are listed.
fn known_values(condition: &Condition, names: &HashMap<String, Message>) -> (String, String) {
    const FEW: usize = 20;
    if condition.field == ConditionField::Attribute(Attribute::Industry) {
        return ("（GET /industries の一覧にあります）".to_owned(), " (GET /industries lists them)".to_owned());
    }
    if names.len() > FEW {
        return (String::new(), String::new());
    }
    let mut known: Vec<(&String, &Message)> = names.iter().collect();
    known.sort_by_key(|(code, _)| *code);
    let list = |name: fn(&Message) -> &str, mark: &str| -> String {
        known.iter().map(|(_, message)| name(message)).collect::<Vec<_>>().join(mark)
    };
    (
        format!("（{}のいずれか）", list(|message| &message.ja, "、")),
        format!(" (one of: {})", list(|message| &message.en, ", ")),
    )
}

/// The two ends of a range: `>=4`, `>4`, `<=6`, `<6`, `4..6`, `4`. Both ends are included.
struct Range<'text> {
    from: Option<(&'text str, bool)>,
    to: Option<(&'text str, bool)>,
}

fn range(text: &str) -> Range<'_> {
    let one = |from, to| Range { from, to };
    if let Some(rest) = text.strip_prefix(">=").or_else(|| text.strip_prefix('≧')) {
        return one(Some((rest, true)), None);
    }
    if let Some(rest) = text.strip_prefix("<=").or_else(|| text.strip_prefix('≦')) {
        return one(None, Some((rest, true)));
    }
    if let Some(rest) = text.strip_prefix('>') {
        return one(Some((rest, false)), None);
    }
    if let Some(rest) = text.strip_prefix('<') {
        return one(None, Some((rest, false)));
    }
    let end = |text: &'_ str| !text.is_empty();
    if let Some((from, to)) = text.split_once("..").or_else(|| text.split_once('~')).or_else(|| text.split_once('〜'))
    {
        return one(Some((from, true)).filter(|_| end(from)), Some((to, true)).filter(|_| end(to)));
    }
    one(Some((text, true)), Some((text, true)))
}

fn numbers(condition: &Condition, most: i64) -> Result<Meaning> {
    let not_a_number = || {
        wrong(
            condition,
            &format!("1〜{most}の数か、>=4 や 4..6 のような範囲を書いてください"),
            &format!("write a number from 1 to {most}, or a range like >=4 or 4..6"),
        )
    };
    let mut numbers = Vec::new();
    for value in values(&condition.value) {
        let range = range(&value);
        if range.from.is_none() && range.to.is_none() {
            return Err(not_a_number());
        }
        let read = |text: &str| {
            let number = text.trim().parse::<i64>().ok().filter(|number| (1..=most).contains(number));
            number.ok_or_else(not_a_number)
        };
        let from = match range.from {
            Some((text, included)) => read(text)? + i64::from(!included),
            None => 1,
        };
        let to = match range.to {
            Some((text, included)) => read(text)? - i64::from(!included),
            None => most,
        };
        if from > to {
            return Err(empty_range(condition));
        }
        numbers.extend((from..=to).map(|number| number.to_string()));
    }
    Ok(Meaning::Any(numbers))
}

/// From the first day to the day after the last one.
fn dates(condition: &Condition) -> Result<(Option<NaiveDate>, Option<NaiveDate>)> {
    let text = canonical(&condition.value);
    let range = range(&text);
    let no_date = || {
        wrong(
            condition,
            "日付は 2024、2024-04-01、令和6年度、>=R6.4.1、2023..2024 のように書いてください",
            "write a date as 2024, 2024-04-01, FY2024, >=2024-04-01 or 2023..2024",
        )
    };
    if range.from.is_none() && range.to.is_none() {
        return Err(no_date());
    }
    let span = |text: &str| span_of(text).ok_or_else(no_date);
    let from = match range.from {
        Some((text, included)) => Some(if included { span(text)?.0 } else { span(text)?.1 }),
        None => None,
    };
    let to = match range.to {
        Some((text, included)) => Some(if included { span(text)?.1 } else { span(text)?.0 }),
        None => None,
    };
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        return Err(empty_range(condition));
    }
    Ok((from, to))
}

/// 2026..2024, >9 where nine is the most: nothing lies between.
fn empty_range(condition: &Condition) -> Error {
    wrong(
        condition,
        "この範囲に入るものはありません。小さい方（早い方）を先に、2023..2024 のように書いてください",
        "nothing lies in this range. Write the smaller (earlier) end first, as in 2023..2024",
    )
}

/// The first day of a date, and the day after its last one.
fn span_of(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let date = PartialDate::parse(text).ok()?;
    let first = date.first_day()?;
    let parts = date.as_str().split('-').count();
    let after = match parts {
        1 => NaiveDate::from_ymd_opt(first.year() + 1, first.month(), 1)?,
        2 if first.month() == 12 => NaiveDate::from_ymd_opt(first.year() + 1, 1, 1)?,
        2 => NaiveDate::from_ymd_opt(first.year(), first.month() + 1, 1)?,
        _ => first.succ_opt()?,
    };
    Some((first, after))
}

fn days(day: NaiveDate) -> i64 {
    const DAY_OF_1970: i64 = 719_163;
    i64::from(day.num_days_from_ce()) - DAY_OF_1970
}

/// The beginning of a day in Japan.
fn micros(day: NaiveDate) -> i64 {
    (days(day) * 86_400 - 9 * 3_600) * 1_000_000
}

fn wrong(condition: &Condition, ja: &str, en: &str) -> Error {
    let shown: String = condition.value.chars().take(60).collect();
    let place = condition.position + 1;
    Error::Malformed(Defect::new(
        "query.bad_value",
        format!("{place}文字目の条件「{shown}」: {ja}。"),
        format!("The condition \"{shown}\" at character {place}: {en}."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(field: ConditionField, value: &str) -> Condition {
        Condition { field, value: value.to_owned(), position: 0, length: 0 }
    }

    #[test]
    fn ranges_of_numbers() {
        let read = |value: &str| numbers(&condition(ConditionField::Attribute(Attribute::Readiness), value), 9);
        let any = |numbers: &[&str]| Meaning::Any(numbers.iter().map(|number| (*number).to_owned()).collect());
        assert_eq!(read(">=7").unwrap(), any(&["7", "8", "9"]));
        assert_eq!(read("＞＝８").unwrap(), any(&["8", "9"]));
        assert_eq!(read("<3").unwrap(), any(&["1", "2"]));
        assert_eq!(read("4..6").unwrap(), any(&["4", "5", "6"]));
        assert_eq!(read("2,9").unwrap(), any(&["2", "9"]));
        for bad in ["x", ">=", "0", "10", "..", "4..x", "9223372036854775807", "9..3", ">9", "<1", "1,6..4"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dates_in_both_calendars() {
        let read = |value: &str| {
            let (from, to) = dates(&condition(ConditionField::Day, value)).unwrap();
            let text = |day: Option<NaiveDate>| day.map_or(String::new(), |day| day.to_string());
            (text(from), text(to))
        };
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(read("2024"), pair("2024-01-01", "2025-01-01"));
        assert_eq!(read("令和6年度"), pair("2024-04-01", "2025-04-01"));
        assert_eq!(read(">=R6.4.1"), pair("2024-04-01", ""));
        assert_eq!(read(">2024-02"), pair("2024-03-01", ""));
        assert_eq!(read("<=2024-12-31"), pair("", "2025-01-01"));
        assert_eq!(read("2023..令和6年"), pair("2023-01-01", "2025-01-01"));
        for bad in ["soon", "2026..2024", "令和6年度..2023", "2024-05-02..2024-05-01"] {
            assert!(dates(&condition(ConditionField::Day, bad)).is_err(), "{bad}");
        }
        assert_eq!(read("2024-05-01..2024-05-01"), pair("2024-05-01", "2024-05-02"));
    }
}
