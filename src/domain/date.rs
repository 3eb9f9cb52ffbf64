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
        let unread = || {
            Defect::new(
                "date.form",
                "日付は 2021、FY2021、2021-04、2021-04-01、令和3年4月1日 のように書いてください。",
                "Write a date as 2021, FY2021, 2021-04 or 2021-04-01.",
            )
        };
        let (date, era) = read(&canonical(text)).ok_or_else(unread)?;
        if !YEARS.contains(&date.year()) {
            return Err(Defect::new(
                "date.range",
                format!("年は西暦{}年から{}年までです。", YEARS.start(), YEARS.end()),
                format!("The year lies between {} and {}.", YEARS.start(), YEARS.end()),
            ));
        }
        match era {
            Some(era) if !date.lies_in(era) => Err(date.of_another_era(era)),
            Some(_) | None => Ok(date),
        }
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

/// Years that a date may have.
const YEARS: std::ops::RangeInclusive<u32> = 1600..=2200;

/// An era: its names, the year before its first, and its first day; it lasts to the day before the next one.
struct Era {
    name: &'static str,
    letter: &'static str,
    before: u32,
    first: (i32, u32, u32),
}

/// Newest first.
const ERAS: [Era; 5] = [
    Era { name: "令和", letter: "R", before: 2018, first: (2019, 5, 1) },
    Era { name: "平成", letter: "H", before: 1988, first: (1989, 1, 8) },
    Era { name: "昭和", letter: "S", before: 1925, first: (1926, 12, 25) },
    Era { name: "大正", letter: "T", before: 1911, first: (1912, 7, 30) },
    Era { name: "明治", letter: "M", before: 1867, first: (1868, 1, 25) },
];

impl Era {
    fn first_day(&self) -> NaiveDate {
        let (year, month, day) = self.first;
        NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
    }
}

impl PartialDate {
    /// The last day it can mean.
    fn last_day(&self) -> Option<NaiveDate> {
        let first = self.first_day()?;
        let months = match (self.0.starts_with("FY"), self.0.len()) {
            (true, _) | (false, 4) => 12,
            (false, 7) => 1,
            (false, _) => return Some(first),
        };
        first.checked_add_months(chrono::Months::new(months))?.pred_opt()
    }

    fn year(&self) -> u32 {
        self.0.trim_start_matches("FY").get(..4).and_then(|year| year.parse().ok()).unwrap_or(0)
    }

    /// Whether some day it can mean lies in this era (by its place in the list).
    fn lies_in(&self, era: usize) -> bool {
        let (Some(first), Some(last)) = (self.first_day(), self.last_day()) else { return false };
        let next = era.checked_sub(1).map(|next| ERAS[next].first_day());
        last >= ERAS[era].first_day() && next.is_none_or(|next| first < next)
    }

    fn of_another_era(&self, written: usize) -> Defect {
        let name = ERAS[written].name;
        let right = self.first_day().and_then(|day| ERAS.iter().find(|era| day >= era.first_day()));
        let year = self.year();
        let (hint_ja, hint_en) = match right {
            Some(era) => {
                let number = year.saturating_sub(era.before);
                let number = if number == 1 { "元".to_owned() } else { number.to_string() };
                let text = format!("{}{number}年", era.name);
                (format!("{text}（西暦{year}年）ではありませんか。"), format!("Do you mean {text} ({year})?"))
            }
            None => (format!("西暦{year}年と書いてください。"), format!("Write {year}.")),
        };
        Defect::new(
            "date.era",
            format!("{name}にその日付はありません。{hint_ja}"),
            format!("There is no such date in {name}. {hint_en}"),
        )
    }
}

/// A date as it is written, and the place of its era, if it names one.
fn read(text: &str) -> Option<(PartialDate, Option<usize>)> {
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
    let (era, rest) = era(&text);
    let parts: Vec<&str> =
        rest.split(|character: char| "年月日/-. ".contains(character)).filter(|part| !part.is_empty()).collect();
    let number = |part: &str| part.parse::<u32>().ok().filter(|number| *number <= 9_999);
    let year = match (*parts.first()?, era.map(|place| ERAS[place].before)) {
        ("元", Some(before)) => before + 1,
        (part, Some(before)) => before + number(part).filter(|year| (1..=99).contains(year))?,
        (part, None) => number(part).filter(|_| part.len() == 4)?,
    };
    let date = if fiscal {
        (parts.len() == 1).then(|| format!("FY{year:04}"))?
    } else {
        match parts.as_slice() {
            [_] => format!("{year:04}"),
            [_, month] => {
                let month = number(month).filter(|month| (1..=12).contains(month))?;
                format!("{year:04}-{month:02}")
            }
            [_, month, day] => {
                let (month, day) = (number(month)?, number(day)?);
                NaiveDate::from_ymd_opt(year as i32, month, day)?;
                format!("{year:04}-{month:02}-{day:02}")
            }
            _ => return None,
        }
    };
    Some((PartialDate(date), era))
}

/// The place of the era that a text begins with, and the text after its name.
fn era(text: &str) -> (Option<usize>, &str) {
    for (place, era) in ERAS.iter().enumerate() {
        if let Some(rest) = text.strip_prefix(era.name).or_else(|| text.strip_prefix(era.letter)) {
            return (Some(place), rest);
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
        assert_eq!(read("平成31年4月30日").as_deref(), Some("2019-04-30"));
        assert_eq!(read("平成31年度").as_deref(), Some("FY2019"));
        assert_eq!(read("昭和64年1月7日").as_deref(), Some("1989-01-07"));
        assert_eq!(read("昭和64年").as_deref(), Some("1989"));
        assert_eq!(read("2021-02-30"), None);
        assert_eq!(read("2021-13"), None);
        assert_eq!(read("-"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn an_era_ends_and_the_right_one_is_named() {
        let refused = |text: &str| PartialDate::parse(text).map_err(|defect| (defect.code, defect.message.ja));
        for (text, right) in [
            ("昭和64年1月8日", "平成元年"),
            ("S99.1.1", "令和6年"),
            ("平成31年5月1日", "令和元年"),
            ("令和元年4月30日", "平成31年"),
            ("H40", "令和10年"),
            ("昭和64年度", "平成元年"),
        ] {
            let (code, message) = refused(text).expect_err(text);
            assert_eq!(code, "date.era", "{text}");
            assert!(message.contains(right), "{text}: {message}");
        }
        for text in ["2999-01-01", "1599", "FY9999", "2201-01"] {
            assert_eq!(refused(text).expect_err(text).0, "date.range", "{text}");
        }
        assert_eq!(refused("20210401").expect_err("a number").0, "date.form");
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
