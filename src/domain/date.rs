//! Dates of facts, as precise as they are known: a year, a fiscal year, a month or a day.

use super::finding::Defect;
use super::text::canonical;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `2021`, `FY2021` (年度, April to March), `2021-04` or `2021-04-01`.
///
/// Also read: `2021/4/1`, `2021年4月1日`, `2021年度`, `令和3年4月1日`, `R3.4.1`, `令和3年度`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "2021-04-01")]
pub struct PartialDate(String);

impl PartialDate {
    pub fn parse(text: &str) -> Result<Self, Defect> {
        read(&canonical(text)).map(Self).ok_or_else(|| {
            Defect::new(
                "date.form",
                "日付は 2021、FY2021、2021-04、2021-04-01、令和3年4月1日 のように書いてください。",
                "Write a date as 2021, FY2021, 2021-04 or 2021-04-01.",
            )
        })
    }

    /// For values read back from our own database.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first day it can mean.
    pub fn first_day(&self) -> Option<NaiveDate> {
        if let Some(year) = self.0.strip_prefix("FY") {
            return NaiveDate::from_ymd_opt(year.parse().ok()?, 4, 1);
        }
        let mut parts = self.0.split('-');
        let year = parts.next()?.parse().ok()?;
        let month = parts.next().map_or(Some(1), |month| month.parse().ok())?;
        let day = parts.next().map_or(Some(1), |day| day.parse().ok())?;
        NaiveDate::from_ymd_opt(year, month, day)
    }

    /// Days from 1970-01-01 to the first day.
    pub fn days(&self) -> Option<i32> {
        const DAY_OF_1970: i32 = 719_163;
        self.first_day().map(|day| day.num_days_from_ce() - DAY_OF_1970)
    }
}

impl TryFrom<String> for PartialDate {
    type Error = Defect;
    fn try_from(text: String) -> Result<Self, Defect> {
        Self::parse(&text)
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> String {
        date.0
    }
}

fn read(text: &str) -> Option<String> {
    if text.len() > 40 {
        return None;
    }
    let upper = text.to_uppercase();
    let (text, fiscal) = match upper.strip_prefix("FY") {
        Some(rest) => (rest.trim().to_owned(), true),
        None => match upper.strip_suffix("年度") {
            Some(rest) => (rest.to_owned(), true),
            None => (upper, false),
        },
    };
    let (era_start, rest) = era(&text);
    let parts: Vec<&str> =
        rest.split(|character: char| "年月日/-. ".contains(character)).filter(|part| !part.is_empty()).collect();
    let number = |part: &str| part.parse::<u32>().ok();
    let year = match (*parts.first()?, era_start) {
        ("元", Some(start)) => start + 1,
        (part, Some(start)) => start + number(part).filter(|year| (1..=99).contains(year))?,
        (part, None) => number(part)?,
    };
    if !(1600..=2200).contains(&year) {
        return None;
    }
    if fiscal {
        return (parts.len() == 1).then(|| format!("FY{year}"));
    }
    match parts.as_slice() {
        [_] => Some(year.to_string()),
        [_, month] => {
            let month = number(month).filter(|month| (1..=12).contains(month))?;
            Some(format!("{year}-{month:02}"))
        }
        [_, month, day] => {
            let (month, day) = (number(month)?, number(day)?);
            NaiveDate::from_ymd_opt(year as i32, month, day)?;
            Some(format!("{year}-{month:02}-{day:02}"))
        }
        _ => None,
    }
}

/// The year before the first of the era, and the text after its name.
fn era(text: &str) -> (Option<u32>, &str) {
    const ERAS: [(&str, u32); 10] = [
        ("令和", 2018),
        ("平成", 1988),
        ("昭和", 1925),
        ("大正", 1911),
        ("明治", 1867),
        ("R", 2018),
        ("H", 1988),
        ("S", 1925),
        ("T", 1911),
        ("M", 1867),
    ];
    for (name, before) in ERAS {
        if let Some(rest) = text.strip_prefix(name) {
            return (Some(before), rest);
        }
    }
    (None, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_calendars_are_read() {
        let read = |text: &str| PartialDate::parse(text).map(|date| date.as_str().to_owned()).ok();
        assert_eq!(read("令和6年4月1日").as_deref(), Some("2024-04-01"));
        assert_eq!(read("R6.4.1").as_deref(), Some("2024-04-01"));
        assert_eq!(read("令和元年度").as_deref(), Some("FY2019"));
        assert_eq!(read("２０２１年度").as_deref(), Some("FY2021"));
        assert_eq!(read("2021/4/1").as_deref(), Some("2021-04-01"));
        assert_eq!(read("2021-04").as_deref(), Some("2021-04"));
        assert_eq!(read("2021").as_deref(), Some("2021"));
        assert_eq!(read("2021-02-30"), None);
        assert_eq!(read("2021-13"), None);
        assert_eq!(read("-"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn a_fiscal_year_begins_in_april() {
        assert_eq!(PartialDate::parse("FY2021").unwrap().first_day(), NaiveDate::from_ymd_opt(2021, 4, 1));
        assert_eq!(PartialDate::parse("1970-01-02").unwrap().days(), Some(1));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_safe_and_what_is_read_reads_again(text in "\\PC{0,50}") {
            if let Ok(date) = PartialDate::parse(&text) {
                proptest::prop_assert_eq!(PartialDate::parse(date.as_str()).unwrap(), date);
            }
        }
    }
}
