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

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|character| character.to_digit(10)).collect()
}

fn all_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn corporate_number(text: &str) -> Result<String, Defect> {
    let text: String = text.chars().filter(|&character| character != '-' && character != ' ').collect();
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
    let bare = after_host(text, "orcid.org/").replace('-', "").to_ascii_uppercase();
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
    let bare: String = text.trim_start_matches('〒').chars().filter(char::is_ascii_digit).collect();
    if bare.len() != 7 || text.chars().any(|character| character.is_alphabetic()) {
        return Err(Defect::new("postal_code.form", "郵便番号は7桁の数字です。", "A postal code has seven digits."));
    }
    Ok(format!("{}-{}", &bare[..3], &bare[3..]))
}

fn industry_code(text: &str) -> Result<String, Defect> {
    let text = text.to_ascii_uppercase();
    let section = text.len() == 1 && text.bytes().all(|byte| (b'A'..=b'T').contains(&byte));
    let deeper = (2..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
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

    proptest! {
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
            let _ = (PostalCode::parse(&text), IndustryCode::parse(&text), FieldCode::parse(&text), WebAddress::parse(&text));
        }
    }
}
