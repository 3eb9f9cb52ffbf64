//! Which cells of a workbook are dates, how precise they are shown, and which day a serial number is.

use super::Refused;
use super::xml::{Step, Xml};
use chrono::{Days, NaiveDate};
use std::collections::HashMap;

/// How a number is shown, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NumberForm {
    #[default]
    Plain,
    Day,
    Month,
    Year,
    /// A time of day: no date.
    Time,
}

/// The number form of each cell style.
#[derive(Debug, Default)]
pub struct Styles(Vec<NumberForm>);

impl Styles {
    pub fn read(mut xml: Xml) -> Result<Self, Refused> {
        let mut own: HashMap<u32, NumberForm> = HashMap::new();
        let mut styles = Vec::new();
        let mut in_cells = false;
        loop {
            match xml.next()? {
                Step::Open(name, attributes) => {
                    let id = attributes.get("numFmtId").and_then(|id| id.parse::<u32>().ok());
                    match (name.as_str(), id) {
                        ("numFmt", Some(id)) if own.len() < 10_000 => {
                            own.insert(id, form_of_code(attributes.get("formatCode").unwrap_or("")));
                        }
                        ("cellXfs", _) => in_cells = true,
                        ("xf", id) if in_cells && styles.len() < 100_000 => {
                            let id = id.unwrap_or(0);
                            styles.push(own.get(&id).copied().unwrap_or_else(|| built_in(id)));
                        }
                        _ => {}
                    }
                }
                Step::Close(name) if name == "cellXfs" => in_cells = false,
                Step::Close(_) | Step::Text(_) => {}
                Step::End => return Ok(Self(styles)),
            }
        }
    }

    pub fn form(&self, style: Option<&str>) -> NumberForm {
        let style = style.and_then(|style| style.parse::<usize>().ok()).unwrap_or(0);
        self.0.get(style).copied().unwrap_or_default()
    }
}

/// The formats that have a number and no code (ECMA-376 part 1, 18.8.30), with those of Japanese Excel.
fn built_in(id: u32) -> NumberForm {
    match id {
        14..=16 | 22 | 27..=31 | 36 | 50 | 51 | 53 | 54 | 56..=58 => NumberForm::Day,
        17 | 34 | 52 | 55 => NumberForm::Month,
        18..=21 | 32 | 33 | 45..=47 => NumberForm::Time,
        _ => NumberForm::Plain,
    }
}

/// Reads a format code: `yyyy"年"m"月"` is a month, `[$-411]ggge"年"m"月"d"日"` a day, `#,##0` a number.
fn form_of_code(code: &str) -> NumberForm {
    let section = code.split(';').next().unwrap_or("");
    let (mut year, mut month, mut day, mut time) = (false, false, false, false);
    let mut characters = section.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                characters.by_ref().find(|&other| other == '"');
            }
            '[' => {
                characters.by_ref().find(|&other| other == ']');
            }
            '\\' | '_' | '*' => {
                characters.next();
            }
            'y' | 'Y' | 'e' | 'E' | 'g' | 'G' => year = true,
            'm' | 'M' => month = true,
            'd' | 'D' => day = true,
            'h' | 'H' | 's' | 'S' => time = true,
            // `General`, `0.00E+00` and amounts are no dates.
            '0' | '#' | '?' | '@' => return NumberForm::Plain,
            _ => {}
        }
    }
    if section.eq_ignore_ascii_case("general") {
        return NumberForm::Plain;
    }
    match (year, month, day, time) {
        (_, _, true, _) => NumberForm::Day,
        (true, true, false, _) => NumberForm::Month,
        (true, false, false, false) => NumberForm::Year,
        (false, _, false, true) => NumberForm::Time,
        (false, true, false, false) => NumberForm::Month,
        _ => NumberForm::Plain,
    }
}

/// A serial number as the date that is shown. `from_1904` is how Macintosh books count.
pub fn date(serial: f64, form: NumberForm, from_1904: bool) -> Option<String> {
    if !(0.0..3_000_000.0).contains(&serial) {
        return None;
    }
    let whole = serial.trunc() as u64;
    let day = match (from_1904, whole) {
        (true, days) => NaiveDate::from_ymd_opt(1904, 1, 1)?.checked_add_days(Days::new(days))?,
        // The calendar of 1900 has a 29 February that never was; nobody means it, nor the day before the first.
        (false, 0 | 60) => return None,
        (false, days @ 1..60) => NaiveDate::from_ymd_opt(1899, 12, 31)?.checked_add_days(Days::new(days))?,
        (false, days) => NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days))?,
    };
    Some(match form {
        NumberForm::Plain | NumberForm::Time => return None,
        NumberForm::Day => day.format("%Y-%m-%d").to_string(),
        NumberForm::Month => day.format("%Y-%m").to_string(),
        NumberForm::Year => day.format("%Y").to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_codes_tell_dates_from_numbers_and_how_precise_they_are() {
        for (code, form) in [
            ("yyyy/m/d", NumberForm::Day),
            ("[$-411]ggge\"年\"m\"月\"d\"日\";@", NumberForm::Day),
            ("[$-ja-JP-x-gannen]ge.m.d", NumberForm::Day),
            ("yyyy\"年\"m\"月\"", NumberForm::Month),
            ("yyyy\"年度\"", NumberForm::Year),
            ("h:mm:ss", NumberForm::Time),
            ("#,##0\"円\"", NumberForm::Plain),
            ("0.00E+00", NumberForm::Plain),
            ("General", NumberForm::Plain),
            ("@", NumberForm::Plain),
            ("\"m\"0", NumberForm::Plain),
        ] {
            assert_eq!(form_of_code(code), form, "{code}");
        }
    }

    #[test]
    fn both_calendars_count_right() {
        let day = |serial, from_1904| date(serial, NumberForm::Day, from_1904);
        assert_eq!(day(45_383.0, false).as_deref(), Some("2024-04-01"));
        assert_eq!(day(43_921.0, true).as_deref(), Some("2024-04-01"));
        assert_eq!(day(59.0, false).as_deref(), Some("1900-02-28"));
        assert_eq!(day(61.0, false).as_deref(), Some("1900-03-01"));
        assert_eq!(day(60.0, false), None, "the day that never was");
        assert_eq!(day(-1.0, false), None);
        assert_eq!(day(f64::NAN, false), None);
        assert_eq!(date(45_383.5, NumberForm::Month, false).as_deref(), Some("2024-04"));
    }
}
