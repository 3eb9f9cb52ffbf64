//! From the words for a place to its code (全国地方公共団体コード), through the table in the database.

use crate::domain::Defect;
use crate::domain::codes::MunicipalityCode;
use crate::domain::text::{canonical, fold};
use crate::store::vocabulary::Municipality;
use std::collections::HashMap;

/// The municipality table, ready to be asked.
#[derive(Debug, Default)]
pub struct Places {
    /// `(name as written, code)` of prefectures.
    prefectures: Vec<(String, String)>,
    /// Name → `(code, code of the prefecture)`.
    municipalities: HashMap<String, Vec<(String, String)>>,
    /// Folded English name → code: prefectures and municipalities, where it is the only one of that name.
    english: HashMap<String, Vec<String>>,
    codes: std::collections::HashSet<String>,
}

impl Places {
    pub fn new(table: Vec<Municipality>) -> Self {
        let mut places = Places::default();
        for row in table {
            places.english.entry(fold(&row.name_en)).or_default().push(row.code.clone());
            places.codes.insert(row.code.clone());
            let name = canonical(&row.name_ja);
            match row.prefecture {
                None => places.prefectures.push((name, row.code)),
                Some(prefecture) => places.municipalities.entry(name).or_default().push((row.code, prefecture)),
            }
        }
        places
    }

    /// The code of a place given as a code, as 山形県山形市, 山形県最上郡金山町, 金山町, 山形県, or in English.
    /// `prefecture` is what a column of its own says.
    pub fn resolve(&self, text: &str, prefecture: Option<&str>) -> Result<String, Defect> {
        let text = canonical(text);
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // Excel takes the leading zero away.
            let padded = if text.len() < 5 || text.len() == 5 && self.is_short_of_a_zero(&text) {
                format!("0{text}")
            } else {
                text
            };
            return MunicipalityCode::parse(&padded).map(String::from);
        }
        let stated = prefecture.map(canonical).filter(|prefecture| !text.starts_with(prefecture.as_str()));
        let whole = format!("{}{text}", stated.unwrap_or_default());
        if let Some((code, rest)) = self.start_of(&whole)
            && rest.is_empty()
        {
            return Ok(code);
        }
        if let Some([code]) = self.english.get(&fold(&text)).map(Vec::as_slice) {
            return Ok(code.clone());
        }
        let found: String = whole.chars().take(60).collect();
        Err(Defect::new(
            "municipality.unknown",
            format!(
                "「{found}」は市区町村の表にありません。表記を確かめるか、6桁のコード、または都道府県名だけを書いてください（表に足すことは管理者に頼んでください）。"
            ),
            format!(
                "\"{found}\" is not in the table of municipalities. Check the name, or write its six-digit code, or only the prefecture. (Administrators can add to the table itself.)"
            ),
        ))
    }

    /// The place an address begins with, if it is certain.
    pub fn of_address(&self, address: &str) -> Option<String> {
        let address = canonical(address);
        self.start_of(&address).map(|(code, _)| code)
    }

    fn is_short_of_a_zero(&self, text: &str) -> bool {
        self.codes.contains(&format!("0{text}"))
    }

    /// The longest place that `text` begins with, and what follows it.
    fn start_of<'a>(&self, text: &'a str) -> Option<(String, &'a str)> {
        let prefecture = self.prefectures.iter().find(|(name, _)| text.starts_with(name.as_str()));
        let after_prefecture = prefecture.map_or(text, |(name, _)| &text[name.len()..]);
        let within = prefecture.map(|(_, code)| code.as_str());
        let found = self
            .municipality_at(after_prefecture, within)
            .or_else(|| self.municipality_at(after_district(after_prefecture)?, within));
        match (found, prefecture) {
            (Some(found), _) => Some(found),
            (None, Some((_, code))) => Some((code.clone(), after_prefecture)),
            (None, None) => None,
        }
    }

    fn municipality_at<'a>(&self, text: &'a str, prefecture: Option<&str>) -> Option<(String, &'a str)> {
        const LONGEST_NAME: usize = 12;
        let mut ends: Vec<usize> =
            text.char_indices().map(|(at, character)| at + character.len_utf8()).take(LONGEST_NAME).collect();
        ends.reverse();
        for end in ends {
            let Some(candidates) = self.municipalities.get(&text[..end]) else { continue };
            let mut fitting =
                candidates.iter().filter(|(_, within)| prefecture.is_none_or(|prefecture| prefecture == within));
            if let (Some((code, _)), None) = (fitting.next(), fitting.next()) {
                return Some((code.clone(), &text[end..]));
            }
        }
        None
    }
}

/// What follows 最上郡 in 最上郡金山町.
fn after_district(text: &str) -> Option<&str> {
    let (district, rest) = text.split_once('郡')?;
    (district.chars().count() <= 5).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let row = |code: &str, prefecture: Option<&str>, ja: &str, en: &str| Municipality {
            code: code.into(),
            prefecture: prefecture.map(str::to_owned),
            name_ja: ja.into(),
            name_kana: String::new(),
            name_en: en.into(),
        };
        Places::new(vec![
            row("060003", None, "山形県", "Yamagata"),
            row("062014", Some("060003"), "山形市", "Yamagata"),
            row("062138", Some("060003"), "南陽市", "Nan'yo"),
            row("063614", Some("060003"), "金山町", "Kaneyama"),
            row("130001", None, "東京都", "Tokyo"),
        ])
    }

    #[test]
    fn places_are_read_in_every_common_form() {
        let places = places();
        let code = |text: &str| places.resolve(text, None).map_err(|defect| defect.code);
        assert_eq!(code("山形県山形市").as_deref(), Ok("062014"));
        assert_eq!(code("山形県最上郡金山町").as_deref(), Ok("063614"));
        assert_eq!(code("金山町").as_deref(), Ok("063614"));
        assert_eq!(code("０６２０１４").as_deref(), Ok("062014"));
        assert_eq!(code("62014").as_deref(), Ok("062014"));
        assert_eq!(code("06201").as_deref(), Ok("062014"));
        assert_eq!(code("東京都").as_deref(), Ok("130001"));
        assert_eq!(code("kaneyama").as_deref(), Ok("063614"));
        assert_eq!(code("東京都千代田区"), Err("municipality.unknown".into()));
        assert_eq!(code("Yamagata"), Err("municipality.unknown".into()), "a prefecture and a city: not certain");
        assert_eq!(code("062015"), Err("municipality.check_digit".into()));
        assert_eq!(code(""), Err("municipality.unknown".into()));
        assert_eq!(places.resolve("南陽市", Some("山形県")).as_deref(), Ok("062138"));
        assert!(places.resolve("南陽市", Some("東京都")).is_err());
    }

    #[test]
    fn an_address_tells_its_place() {
        assert_eq!(places().of_address("山形県山形市東山形2丁目4番5号").as_deref(), Some("062014"));
        assert_eq!(places().of_address("東京都千代田区1-1").as_deref(), Some("130001"));
        assert_eq!(places().of_address("1-1 Chiyoda"), None);
    }
}
