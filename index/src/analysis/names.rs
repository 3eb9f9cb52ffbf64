//! Company forms, taken off a name so that 「後藤アルミ」 is the whole name of 有限会社後藤アルミ.

use super::normalise::{fold, to_katakana};

/// Legal forms in their folded spelling, longest first where one holds another.
const FORMS: &[&str] = &[
    "特定非営利活動法人",
    "地方独立行政法人",
    "国立研究開発法人",
    "国立大学法人",
    "公立大学法人",
    "独立行政法人",
    "一般社団法人",
    "公益社団法人",
    "一般財団法人",
    "公益財団法人",
    "社会福祉法人",
    "農事組合法人",
    "医療法人社団",
    "医療法人財団",
    "医療法人",
    "学校法人",
    "宗教法人",
    "npo法人",
    "株式会社",
    "有限会社",
    "合同会社",
    "合資会社",
    "合名会社",
    "協同組合",
    "事業協同組合",
    "(株)",
    "(有)",
    "(同)",
    "(資)",
    "(名)",
    "(一社)",
    "(公社)",
    "(一財)",
    "(公財)",
    "(独)",
    "(医)",
    "(学)",
    "(福)",
];

const LATIN_FORMS: &[&str] = &[
    "co.,ltd.",
    "co., ltd.",
    "co.,ltd",
    "co., ltd",
    "co. ltd.",
    "co ltd",
    "corporation",
    "corp.",
    "inc.",
    "inc",
    "ltd.",
    "ltd",
    "llc",
    "k.k.",
    "gmbh",
    "s.a.",
    "b.v.",
];

/// The folded name without its legal form. A name that is nothing but a form stays as it is.
pub fn fold_company_name(text: &str) -> String {
    let folded = fold(text);
    let mut name = folded.as_str();
    loop {
        let before = name;
        for form in FORMS {
            if let Some(rest) = name.strip_prefix(form) {
                name = rest.trim();
            }
            if let Some(rest) = name.strip_suffix(form) {
                name = rest.trim();
            }
        }
        for form in LATIN_FORMS {
            if let Some(rest) = name.strip_suffix(form)
                && rest.ends_with([' ', ','])
            {
                name = rest.trim_end_matches([' ', ',']);
            }
        }
        if name == before {
            break;
        }
    }
    if name.is_empty() { folded } else { name.to_string() }
}

/// The key under which a name is looked up whole: without form, white space and middle dots, in katakana.
pub(crate) fn name_key(text: &str) -> String {
    fold_company_name(text)
        .chars()
        .filter(|character| !character.is_whitespace() && !matches!(character, '・' | '·' | '.' | ','))
        .map(to_katakana)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_come_off() {
        assert_eq!(fold_company_name("株式会社後藤アルミ"), "後藤アルミ");
        assert_eq!(fold_company_name("㈲後藤アルミ"), "後藤アルミ");
        assert_eq!(fold_company_name("Spiber Inc."), "spiber");
        assert_eq!(fold_company_name("Yamagata Film Co., Ltd."), "yamagata film");
        assert_eq!(fold_company_name("株式会社"), "株式会社");
        assert_eq!(name_key("ごとう・アルミ"), "ゴトウアルミ");
    }
}
