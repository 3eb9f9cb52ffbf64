//! Codes with an exact form: canonical once parsed, check digits verified. Full-width input is accepted.

use super::finding::Defect;
use super::text::canonical;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! code_value {
    ($(#[$meta:meta])* $name:ident, $example:tt, $parse:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String, example = $example)]
        pub struct $name(String);

        impl $name {
            pub fn parse(text: &str) -> Result<Self, Defect> {
                let parse: fn(&str) -> Result<String, Defect> = $parse;
                parse(&canonical(text)).map(Self)
            }

            /// For values read back from our own database.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Defect;
            fn try_from(text: String) -> Result<Self, Defect> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }
    };
}

code_value!(
    /// 法人番号: thirteen digits, the first a check digit.
    ///
    /// Source: 法人番号の指定等に関する省令 第2条: 9 − (Σ Pₙ·Qₙ mod 9), Pₙ the n-th digit from the right of the
    /// twelve base digits, Qₙ 1 for odd and 2 for even n.
    CorporateNumber, "8390002001000", corporate_number
);
code_value!(
    /// 全国地方公共団体コード: six digits, the last a check digit (weights 6, 5, 4, 3, 2; modulus 11).
    MunicipalityCode, "062014", municipality_code
);
code_value!(
    /// ORCID iD: sixteen digits in four groups, ISO 7064 MOD 11-2 check character. A URL is accepted.
    Orcid, "0000-0002-1825-0097", orcid
);
code_value!(
    /// ROR id: nine characters, base 32 with a check number (ISO 7064 MOD 97-10). A URL is accepted.
    Ror, "00xy44n04", ror
);
code_value!(
    /// 適格請求書発行事業者登録番号: T and thirteen digits. For a corporation they are its 法人番号, which only an entry
    /// with both can tell; those of a sole proprietor follow no published rule.
    InvoiceNumber, "T8390002001000", invoice_number
);
code_value!(
    /// e-Rad 研究者番号: eight digits.
    EradNumber, "70123456", erad_number
);
code_value!(
    /// 科研費の課題番号: eight characters, two digits of the fiscal year first (`20K12345`, `19KK0278`, `23560123`). A
    /// leading JP and the address of a KAKEN page are accepted.
    KakenNumber, "20K12345", kaken_number
);
code_value!(
    /// A patent or application number as the offices write it: `特許第6543210号`, `特願2020-123456`, `特開平10-123456`,
    /// `PCT/JP2020/012345`, `WO2020/123456`, `US10123456B2`.
    PatentNumber, "特願2020-123456", patent_number
);
code_value!(
    /// 郵便番号: seven digits with a hyphen.
    PostalCode, "990-8570", postal_code
);
code_value!(
    /// JSIC class: a section letter, or two to four digits.
    IndustryCode, "28", industry_code
);
code_value!(
    /// A field of the cluster, by its code in the vocabulary: lower-case words joined by underscores.
    FieldCode, "organic_electronics", slug
);
code_value!(
    /// A concept of the tree, by its code: lower-case letters, digits and underscores.
    ConceptCode, "organic_el", slug
);
code_value!(
    /// A certificate, by its code: lower-case letters and digits joined by underscores (`iso9001`, `jis_q_9100`).
    CertificateCode, "iso9001", slug
);
code_value!(
    /// researchmap permalink.
    ResearchmapId, "read0000000", researchmap
);
code_value!(
    /// A web address: http or https.
    WebAddress, "https://example.jp/", web_address
);

impl InvoiceNumber {
    /// Without the T.
    pub fn digits(&self) -> &str {
        self.0.strip_prefix('T').unwrap_or(&self.0)
    }
}

/// What people put between the digits of a number: blanks, and the hyphen with all that looks like it (the long vowel mark, too).
fn is_separator(character: char) -> bool {
    character.is_whitespace() || "-‐‑‒–—―−ー─".contains(character)
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|character| character.to_digit(10)).collect()
}

fn all_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn corporate_number(text: &str) -> Result<String, Defect> {
    let text: String = text.chars().filter(|&character| !is_separator(character)).collect();
    if !all_digits(&text, 13) {
        return Err(Defect::new(
            "corporate_number.form",
            "法人番号は13桁の数字です。",
            "A corporate number (法人番号) has thirteen digits.",
        ));
    }
    let digits = digits(&text);
    let sum: u32 = digits[1..].iter().rev().enumerate().map(|(place, digit)| digit * (1 + place as u32 % 2)).sum();
    if digits[0] != 9 - sum % 9 {
        return Err(Defect::new(
            "corporate_number.check_digit",
            "法人番号の検査数字が合いません。入力を確かめてください。",
            "The check digit of this corporate number (法人番号) is wrong. Please check the number.",
        ));
    }
    Ok(text)
}

fn invoice_number(text: &str) -> Result<String, Defect> {
    let text: String = text.to_ascii_uppercase().chars().filter(|&character| !is_separator(character)).collect();
    if text.strip_prefix('T').is_some_and(|number| all_digits(number, 13) && !number.starts_with('0')) {
        return Ok(text);
    }
    Err(Defect::new(
        "invoice_number.form",
        "登録番号は「T」と13桁の数字です。",
        "An invoice registration number is T and thirteen digits.",
    ))
}

fn erad_number(text: &str) -> Result<String, Defect> {
    if all_digits(text, 8) {
        return Ok(text.to_owned());
    }
    Err(Defect::new("erad.form", "e-Rad の研究者番号は8桁の数字です。", "An e-Rad researcher number has eight digits."))
}

fn kaken_number(text: &str) -> Result<String, Defect> {
    let upper = text.to_ascii_uppercase();
    let bare = after_host(&upper, "KAKENHI-PROJECT-");
    let bare = bare.strip_prefix("JP").unwrap_or(bare);
    let letters = bare.bytes().skip(2).take_while(u8::is_ascii_uppercase).count();
    let form = bare.len() == 8
        && letters <= 2
        && bare.bytes().enumerate().all(|(place, byte)| byte.is_ascii_digit() || (2..2 + letters).contains(&place));
    if form {
        return Ok(bare.to_owned());
    }
    Err(Defect::new(
        "kaken.form",
        "科研費の課題番号は「20K12345」のような8文字です。",
        "A KAKEN project number has eight characters, like 20K12345.",
    ))
}

fn patent_number(text: &str) -> Result<String, Defect> {
    let text: String = text.chars().filter(|character| !character.is_whitespace() && *character != ',').collect();
    japanese_patent(&text).or_else(|| foreign_patent(&text.to_ascii_uppercase())).ok_or_else(|| {
        Defect::new(
            "patent.form",
            "特許・出願番号は「特許第6543210号」「特願2020-123456」「PCT/JP2020/012345」「US10123456」のように書いてください。",
            "Write a patent or application number like 特許第6543210号, 特願2020-123456, PCT/JP2020/012345 or US10123456.",
        )
    })
}

/// `特許第N号` and its kin, or a kind, a year and a running number.
fn japanese_patent(text: &str) -> Option<String> {
    const REGISTERED: [&str; 5] = ["特許", "実用新案登録", "意匠登録", "商標登録", "品種登録"];
    const FILED: [&str; 11] =
        ["特願", "特開", "特表", "特公", "再公表", "再表", "実願", "実開", "実公", "実登", "意願"];
    const ERAS: [&str; 3] = ["昭", "平", "令"];
    if let Some((kind, rest)) = REGISTERED.iter().find_map(|kind| Some((kind, text.strip_prefix(kind)?))) {
        let number = rest.strip_prefix('第').unwrap_or(rest);
        let number = number.strip_suffix('号').unwrap_or(number).trim_start_matches('0');
        return is_number(number, 1..=8).then(|| format!("{kind}第{number}号"));
    }
    let (kind, rest) = FILED.iter().find_map(|kind| Some((kind, text.strip_prefix(kind)?)))?;
    let rest = rest.strip_suffix('号').unwrap_or(rest);
    let rest = rest.replace(['‐', '－', '−', '―', 'ー', '/'], "-");
    let (year, number) = rest.split_once('-')?;
    let year_fits = match ERAS.iter().find_map(|era| year.strip_prefix(era)) {
        Some(year) => is_number(year, 1..=2),
        None => is_number(year, 4..=4) && (year.starts_with("19") || year.starts_with("20")),
    };
    (year_fits && is_number(number, 1..=6)).then(|| format!("{kind}{year}-{number:0>6}"))
}

/// `PCT/JP2020/012345`, or an office (two letters), digits in at most two groups, and a kind code or none.
fn foreign_patent(text: &str) -> Option<String> {
    if let Some(rest) = text.strip_prefix("PCT/") {
        let (place, number) = rest.split_once('/')?;
        let office = place.get(..2)?.bytes().all(|byte| byte.is_ascii_uppercase());
        return (office && is_number(place.get(2..)?, 4..=4) && is_number(number, 5..=6)).then(|| text.to_owned());
    }
    let (office, rest) = (text.get(..2)?, text.get(2..)?);
    let digits = rest.trim_end_matches(|character: char| character.is_ascii_digit());
    let (rest, code) = match digits.strip_suffix(|character: char| character.is_ascii_uppercase()) {
        // A kind code: one letter and at most one digit, after at least one digit.
        Some(number) if rest.len() - digits.len() <= 1 => (number, &rest[number.len()..]),
        _ => (rest, ""),
    };
    let (first, second) = rest.split_once(['/', '-']).unwrap_or((rest, "0"));
    let fits = is_number(first, 4..=13) && is_number(second, 1..=8);
    (office.bytes().all(|byte| byte.is_ascii_uppercase()) && fits).then(|| format!("{office}{rest}{code}"))
}

fn is_number(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The check digit of a five-digit municipality code.
fn municipality_check_digit(digits: &[u32]) -> u32 {
    let sum: u32 = digits.iter().zip([6, 5, 4, 3, 2]).map(|(digit, weight)| digit * weight).sum();
    (11 - sum % 11) % 10
}

fn municipality_code(text: &str) -> Result<String, Defect> {
    if all_digits(text, 5) {
        return Ok(format!("{text}{}", municipality_check_digit(&digits(text))));
    }
    if !all_digits(text, 6) {
        return Err(Defect::new(
            "municipality.form",
            "市区町村コードは6桁（検査数字なしなら5桁）の数字です。",
            "A municipality code has six digits (five without the check digit).",
        ));
    }
    let digits = digits(text);
    if digits[5] != municipality_check_digit(&digits[..5]) {
        return Err(Defect::new(
            "municipality.check_digit",
            "市区町村コードの検査数字が合いません。",
            "The check digit of this municipality code is wrong.",
        ));
    }
    Ok(text.to_owned())
}

fn orcid(text: &str) -> Result<String, Defect> {
    let bare = after_host(text, "orcid.org/").replace(is_separator, "").to_ascii_uppercase();
    let form = bare.len() == 16
        && bare.bytes().take(15).all(|byte| byte.is_ascii_digit())
        && bare.bytes().skip(15).all(|byte| byte.is_ascii_digit() || byte == b'X');
    if !form {
        return Err(Defect::new(
            "orcid.form",
            "ORCID iD は「0000-0000-0000-000X」の形です。",
            "An ORCID iD looks like 0000-0000-0000-000X.",
        ));
    }
    let total = digits(&bare[..15]).iter().fold(0, |total, digit| (total + digit) * 2);
    let check = match (12 - total % 11) % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10).unwrap_or('?'),
    };
    if !bare.ends_with(check) {
        return Err(Defect::new(
            "orcid.check_digit",
            "ORCID iD の検査文字が合いません。",
            "The check character of this ORCID iD is wrong.",
        ));
    }
    Ok(format!("{}-{}-{}-{}", &bare[..4], &bare[4..8], &bare[8..12], &bare[12..]))
}

fn ror(text: &str) -> Result<String, Defect> {
    const ALPHABET: &str = "0123456789abcdefghjkmnpqrstvwxyz";
    let bare = after_host(text, "ror.org/").to_ascii_lowercase();
    let form = bare.len() == 9
        && bare.starts_with('0')
        && bare.chars().take(7).all(|character| ALPHABET.contains(character))
        && bare.chars().skip(7).all(|character| character.is_ascii_digit());
    if !form {
        return Err(Defect::new(
            "ror.form",
            "ROR ID は「0」で始まる9文字です。",
            "A ROR id has nine characters and starts with 0.",
        ));
    }
    let number =
        bare.chars().take(7).fold(0u64, |number, character| number * 32 + ALPHABET.find(character).unwrap_or(0) as u64);
    if format!("{:02}", 98 - (number * 100) % 97) != bare[7..] {
        return Err(Defect::new(
            "ror.check_digit",
            "ROR ID の検査数字が合いません。",
            "The check number of this ROR id is wrong.",
        ));
    }
    Ok(bare)
}

fn after_host<'a>(text: &'a str, host: &str) -> &'a str {
    text.rsplit_once(host).map_or(text, |(_, rest)| rest).trim_end_matches('/')
}

fn postal_code(text: &str) -> Result<String, Defect> {
    let bare: String = text.trim_start_matches('〒').chars().filter(|&character| !is_separator(character)).collect();
    if !all_digits(&bare, 7) {
        return Err(Defect::new("postal_code.form", "郵便番号は7桁の数字です。", "A postal code has seven digits."));
    }
    Ok(format!("{}-{}", &bare[..3], &bare[3..]))
}

fn industry_code(text: &str) -> Result<String, Defect> {
    let text = text.to_ascii_uppercase();
    let section = text.len() == 1 && text.bytes().all(|byte| (b'A'..=b'T').contains(&byte));
    // Divisions run from 01 to 99 without a gap.
    let deeper = (2..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && &text[..2] != "00";
    if section || deeper {
        return Ok(text);
    }
    Err(Defect::new(
        "industry.form",
        "産業分類は大分類の英字（A〜T）か2〜4桁の数字です。",
        "An industry class is a section letter (A to T) or two to four digits.",
    ))
}

fn slug(text: &str) -> Result<String, Defect> {
    let text = text.to_ascii_lowercase();
    let form = !text.is_empty()
        && text.len() <= 60
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if form {
        return Ok(text);
    }
    Err(Defect::new(
        "code.form",
        "コードは英小文字・数字・下線で、60文字以内です。",
        "A code is lower-case letters, digits and underscores, at most 60 characters.",
    ))
}

fn researchmap(text: &str) -> Result<String, Defect> {
    let bare = after_host(text, "researchmap.jp/");
    let form = (1..=80).contains(&bare.len())
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if form {
        return Ok(bare.to_owned());
    }
    Err(Defect::new(
        "researchmap.form",
        "researchmap の ID は英数字・「_」「-」「.」です。",
        "A researchmap id is letters, digits, '_', '-' and '.'.",
    ))
}

fn web_address(text: &str) -> Result<String, Defect> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or("");
    let form = host.contains('.')
        && text.chars().count() <= 2_000
        && !text.chars().any(|character| character.is_whitespace() || "<>\"'`{}|\\^".contains(character));
    if form {
        return Ok(text.to_owned());
    }
    Err(Defect::new(
        "web_address.form",
        "ウェブの番地は http:// か https:// で始めてください。",
        "A web address starts with http:// or https://.",
    ))
}

/// `iso9001` is written ISO 9001, `jis_q_9100` JIS Q 9100.
pub fn certificate_name(code: &str) -> String {
    let mut written = String::with_capacity(code.len() + 1);
    for character in code.to_uppercase().replace('_', " ").chars() {
        let digit_after_letter =
            character.is_ascii_digit() && written.ends_with(|last: char| last.is_ascii_alphabetic());
        if digit_after_letter {
            written.push(' ');
        }
        written.push(character);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn real_numbers_pass_and_a_changed_digit_does_not() {
        assert_eq!(CorporateNumber::parse("８３９０００２００１０００").unwrap().as_str(), "8390002001000");
        assert_eq!(CorporateNumber::parse("8390002001001").unwrap_err().code, "corporate_number.check_digit");
        assert_eq!(CorporateNumber::parse("839000200100").unwrap_err().code, "corporate_number.form");
        assert_eq!(MunicipalityCode::parse("06201").unwrap().as_str(), "062014");
        assert_eq!(MunicipalityCode::parse("062015").unwrap_err().code, "municipality.check_digit");
        assert_eq!(Orcid::parse("https://orcid.org/0000-0002-1825-0097").unwrap().as_str(), "0000-0002-1825-0097");
        assert_eq!(Orcid::parse("0000-0002-1694-233X").unwrap().as_str(), "0000-0002-1694-233X");
        assert_eq!(Orcid::parse("0000-0002-1825-0098").unwrap_err().code, "orcid.check_digit");
        assert_eq!(Ror::parse("https://ror.org/00xy44n04").unwrap().as_str(), "00xy44n04");
        assert_eq!(Ror::parse("00xy44n05").unwrap_err().code, "ror.check_digit");
        assert_eq!(PostalCode::parse("〒９９０８５７０").unwrap().as_str(), "990-8570");
        assert_eq!(IndustryCode::parse("e").unwrap().as_str(), "E");
        assert_eq!(WebAddress::parse("javascript:alert(1)").unwrap_err().code, "web_address.form");
    }

    #[test]
    fn numbers_without_a_check_digit_have_an_exact_form() {
        let invoice = |text: &str| InvoiceNumber::parse(text).map(String::from).map_err(|defect| defect.code);
        assert_eq!(invoice("Ｔ８３９００００２００１０００"), Err("invoice_number.form".to_owned()), "fourteen digits");
        assert_eq!(invoice("ｔ８３９０００２００１０００"), Ok("T8390002001000".to_owned()));
        assert_eq!(invoice("T8-3900-0200-1000"), Ok("T8390002001000".to_owned()));
        for bad in ["8390002001000", "T839000200100", "T0390002001000", "TT390002001000", "T83900020010O0"] {
            assert!(invoice(bad).is_err(), "{bad}");
        }
        assert_eq!(EradNumber::parse("７０１２３４５６").unwrap().as_str(), "70123456");
        assert!(EradNumber::parse("7012345").is_err() && EradNumber::parse("7012345a").is_err());
        for (text, canonical) in [
            ("20K12345", "20K12345"),
            ("ＪＰ２０ｋ１２３４５", "20K12345"),
            ("19KK0278", "19KK0278"),
            ("23560123", "23560123"),
            ("https://kaken.nii.ac.jp/ja/grant/KAKENHI-PROJECT-20K12345/", "20K12345"),
        ] {
            assert_eq!(KakenNumber::parse(text).unwrap().as_str(), canonical, "{text}");
        }
        for bad in ["20K1234", "20KKK345", "K2012345", "20K1234é", "2K012345", "20-12345", ""] {
            assert!(KakenNumber::parse(bad).is_err(), "{bad}");
        }
        for (text, canonical) in [
            ("特許第6543210号", "特許第6543210号"),
            ("特許６５４３２１０", "特許第6543210号"),
            ("特願２０２０－１２３", "特願2020-000123"),
            ("特開平10-123456号", "特開平10-123456"),
            ("PCT/JP2020/012345", "PCT/JP2020/012345"),
            ("wo 2020/123456 a1", "WO2020/123456A1"),
            ("US 10,123,456 B2", "US10123456B2"),
            ("JP2020-123456A", "JP2020-123456A"),
            ("EP1234567", "EP1234567"),
        ] {
            assert_eq!(PatentNumber::parse(text).unwrap().as_str(), canonical, "{text}");
        }
        for bad in [
            "特許",
            "特許第号",
            "特願2020",
            "特願1820-1",
            "特願2020-1234567",
            "PCT/2020/1",
            "US",
            "12345",
            "出願中",
            "日本",
        ] {
            assert!(PatentNumber::parse(bad).is_err(), "{bad}");
        }
        assert!(IndustryCode::parse("00").is_err() && IndustryCode::parse("2899").is_ok());
    }

    proptest! {
        /// What is canonical stays as it is, and full-width digits are the same number.
        #[test]
        fn canonical_is_canonical(year in 0u32..100, number in 0u32..100_000, letter in "[A-Z]", base in 0u64..1_000_000_000_000) {
            let wide = |text: &str| -> String {
                text.chars().map(|c| char::from_u32(c as u32 + 0xfee0).filter(|_| c.is_ascii_digit()).unwrap_or(c)).collect()
            };
            let kaken = format!("{year:02}{letter}{number:05}");
            let read = KakenNumber::parse(&wide(&kaken)).map(String::from);
            prop_assert_eq!(read, Ok(kaken));
            let patent = PatentNumber::parse(&wide(&format!("特願20{year:02}-{number}"))).map(String::from);
            prop_assert_eq!(patent.clone().and_then(|text| PatentNumber::parse(&text)).map(String::from), patent);
            let base = format!("{base:012}");
            let fits = (1..=9).filter(|check| CorporateNumber::parse(&wide(&format!("{check}{base}"))).is_ok()).count();
            prop_assert_eq!(fits, 1, "exactly one check digit fits");
        }

        /// One wrong digit of a municipality code, an ORCID iD or a ROR id is always caught (ROR: letters, too).
        #[test]
        fn one_changed_character_is_caught(place in 0usize..15, other in 1u32..10) {
            let change = |text: &str, place: usize| -> String {
                let mut characters: Vec<char> = text.chars().collect();
                if let Some(digit) = characters[place].to_digit(10) {
                    characters[place] = char::from_digit((digit + other) % 10, 10).expect("a digit");
                } else {
                    characters[place] = if characters[place] == 'z' { 'y' } else { 'z' };
                }
                characters.into_iter().collect()
            };
            prop_assert!(Orcid::parse(&change("0000000218250097", place)).is_err());
            prop_assert!(Ror::parse(&change("00xy44n04", place % 9)).is_err());
            prop_assert!(MunicipalityCode::parse(&change("062014", place % 6)).is_err() || other % 10 == 0);
        }

        /// One wrong digit is always caught: 9 − (… mod 9) cannot tell 0 from 9, every other change it can.
        #[test]
        fn one_changed_digit_of_a_corporate_number_is_caught(base in 0u64..1_000_000_000_000, place in 0usize..12, other in 1u32..9) {
            let base = format!("{base:012}");
            let number = (1..=9).map(|check| format!("{check}{base}")).find(|number| CorporateNumber::parse(number).is_ok());
            let number = number.expect("some check digit fits");
            let mut changed: Vec<char> = number.chars().collect();
            let old = changed[place + 1].to_digit(10).expect("a digit");
            let new = (old + other) % 10;
            prop_assume!(!matches!((old, new), (0, 9) | (9, 0)));
            changed[place + 1] = char::from_digit(new, 10).expect("a digit");
            prop_assert!(CorporateNumber::parse(&changed.iter().collect::<String>()).is_err());
        }

        #[test]
        fn any_text_is_safe(text in "\\PC*") {
            let _ = (CorporateNumber::parse(&text), MunicipalityCode::parse(&text), Orcid::parse(&text), Ror::parse(&text));
            let _ = (InvoiceNumber::parse(&text), EradNumber::parse(&text), KakenNumber::parse(&text), PatentNumber::parse(&text));
            let _ = (PostalCode::parse(&text), IndustryCode::parse(&text), FieldCode::parse(&text), WebAddress::parse(&text));
        }
    }
}
