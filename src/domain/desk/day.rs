//! A day in Japan.

use crate::domain::date::PartialDate;
use crate::domain::finding::Defect;
use crate::domain::id::Timestamp;
use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A calendar day (`2026-04-01`), as Japan counts it. Text order is time order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = "date", example = "2026-04-01")]
pub struct Day(String);

const JAPAN: TimeDelta = TimeDelta::hours(9);

impl Day {
    /// Also reads what [`PartialDate`] reads, if it names a day.
    pub fn parse(text: &str) -> Result<Self, Defect> {
        match PartialDate::parse(text) {
            Ok(date) if date.as_str().len() == 10 => Ok(Self(date.as_str().to_owned())),
            // It was read; why it cannot be is told.
            Err(defect) if defect.code != "date.form" => Err(defect),
            Ok(_) | Err(_) => Err(Defect::new(
                "day.form",
                "日付は 2026-04-01 のように年月日で書いてください。",
                "Write a day as 2026-04-01.",
            )),
        }
    }

    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn of_date(date: NaiveDate) -> Self {
        Self(date.format("%Y-%m-%d").to_string())
    }

    /// The day it is in Japan at this moment.
    pub fn at(moment: &Timestamp) -> Self {
        let moment = DateTime::from_timestamp_micros(moment.micros()).unwrap_or_default();
        Self::of_date((moment + JAPAN).date_naive())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn date(&self) -> NaiveDate {
        NaiveDate::parse_from_str(&self.0, "%Y-%m-%d").unwrap_or_default()
    }

    pub fn plus_days(&self, days: u64) -> Self {
        Self::of_date(self.date().checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX))
    }

    /// The moment at which the day is over in Japan.
    pub fn end(&self) -> Timestamp {
        let midnight = self.date().and_hms_opt(0, 0, 0).unwrap_or_default().and_utc();
        Timestamp::from_datetime(midnight + TimeDelta::days(1) - JAPAN)
    }

    /// 年度: April to March.
    pub fn fiscal_year(&self) -> i32 {
        let date = self.date();
        if date.month() >= 4 { date.year() } else { date.year() - 1 }
    }

    /// First and last day of a fiscal year.
    pub fn of_fiscal_year(year: i32) -> Option<(Self, Self)> {
        let first = NaiveDate::from_ymd_opt(year, 4, 1)?;
        let last = NaiveDate::from_ymd_opt(year + 1, 3, 31)?;
        Some((Self::of_date(first), Self::of_date(last)))
    }
}

impl TryFrom<String> for Day {
    type Error = Defect;
    fn try_from(text: String) -> Result<Self, Defect> {
        Self::parse(&text)
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_japan_and_the_year_begins_in_april() {
        let day = Day::parse("令和8年3月31日").unwrap();
        assert_eq!(day.as_str(), "2026-03-31");
        assert_eq!(day.end().as_str(), "2026-03-31T15:00:00.000000Z");
        assert_eq!((day.fiscal_year(), day.plus_days(1).fiscal_year()), (2025, 2026));
        assert_eq!(Day::at(&day.end()).as_str(), "2026-04-01");
        assert!(Day::parse("2026-03").is_err() && Day::parse("2026-02-30").is_err());
    }
}
