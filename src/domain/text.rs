//! Text as people type it, and its folded form for comparing and sorting.

use super::finding::Defect;
use icu_normalizer::ComposingNormalizer;
use serde::{Deserialize, Serialize};
use std::ops::Deref;
use utoipa::ToSchema;

/// Characters that any text may hold at most.
pub const PROSE_LIMIT: usize = 20_000;
/// Characters that a name or title may hold at most.
pub const LINE_LIMIT: usize = 1_000;

/// Compatibility-composed (NFKC), lower case, hiragana as katakana, white space run together.
pub fn fold(text: &str) -> String {
    let normalized = canonical(text);
    let mut folded = String::with_capacity(normalized.len());
    for word in normalized.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase).map(katakana));
    }
    folded
}

/// A personal name as a key: folded, and without what differs from list to list. 山田 太郎 is 山田太郎, Yamada Taro is Taro Yamada.
pub fn personal_name(name: &str) -> String {
    let folded = fold(name);
    if !folded.is_ascii() {
        return folded.replace(' ', "").chars().take(200).collect();
    }
    let mut words: Vec<&str> = folded.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.join(" ").chars().take(200).collect()
}

/// Legal forms as they are folded, longer ones before those they hold. The one list of what counts as a form in a name.
pub const LEGAL_FORMS: &[&str] = &[
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
    "npo法人",
    "株式会社",
    "有限会社",
    "合同会社",
    "合資会社",
    "合名会社",
    "(株)",
    "(有)",
    "(同)",
    "(資)",
    "(名)",
    "(一社)",
    "(公社)",
    "(一財)",
    "(公財)",
];

/// The same behind a name in Latin letters.
pub const LATIN_LEGAL_FORMS: &[&str] = &[
    "corporation",
    "co.,ltd.",
    "co.,ltd",
    "co., ltd.",
    "co., ltd",
    "co. ltd.",
    "co ltd",
    "k.k.",
    "kk",
    "corp.",
    "corp",
    "inc.",
    "inc",
    "ltd.",
    "ltd",
    "llc",
    "gmbh",
];

/// A name folded and without its legal form, spaces and marks, short enough for an index row: what 「（株）山形 精機」 and
/// 「山形精機株式会社」 share. `None` if nothing is left.
pub fn bare_name(name: &str) -> Option<String> {
    let mut name = fold(name);
    // Only what can be nothing else, since it is taken out wherever it stands: 「inc」 begins many words.
    let latin = LATIN_LEGAL_FORMS.iter().filter(|form| form.contains('.') || **form == "corporation");
    for form in LEGAL_FORMS.iter().chain(latin) {
        name = name.replace(form, " ");
    }
    let bare: String = name.chars().filter(|character| character.is_alphanumeric()).take(200).collect();
    (!bare.is_empty()).then_some(bare)
}

/// NFKC: full-width and half-width made alike. For codes, which are canonical, not kept as typed.
pub fn canonical(text: &str) -> String {
    ComposingNormalizer::new_nfkc().normalize(text).trim().to_owned()
}

fn katakana(character: char) -> char {
    match character {
        'ぁ'..='ゖ' => char::from_u32(character as u32 + 0x60).unwrap_or(character),
        other => other,
    }
}

fn refuse_controls(text: &str, allow_lines: bool) -> Result<(), Defect> {
    let bad = text.chars().find(|&character| {
        let line_break = character == '\n' || character == '\t';
        (character.is_ascii_control() || character == '\u{7f}') && !(allow_lines && line_break)
    });
    match bad {
        None => Ok(()),
        Some(character) => Err(Defect::new(
            "text.control_character",
            format!("使えない制御文字（U+{:04X}）が含まれています。", character as u32),
            format!("The text holds a control character (U+{:04X}) that cannot be kept.", character as u32),
        )),
    }
}

/// Directions that a name puts on what stands beside it: 「abc」 shown as 「cba」 deceives whoever reads a list.
fn refuse_directions(text: &str, allow_lines: bool) -> Result<(), Defect> {
    let turns = |character: &char| matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match text.chars().find(turns).filter(|_| !allow_lines) {
        None => Ok(()),
        Some(character) => Err(Defect::new(
            "text.direction",
            format!("文字の向きを変える制御文字（U+{:04X}）は使えません。取り除いてください。", character as u32),
            format!(
                "A character that changes the direction of writing (U+{:04X}) cannot stand here.",
                character as u32
            ),
        )),
    }
}

/// Whether anything of a text can be seen: not only white space, joiners, marks of direction, fillers and the like.
fn is_visible(text: &str) -> bool {
    let shows = |character: char| {
        !character.is_whitespace()
            && !character.is_control()
            && !matches!(character,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.chars().any(shows)
}

fn refuse_invisible(text: &str) -> Result<(), Defect> {
    if is_visible(text) {
        return Ok(());
    }
    Err(Defect::new("text.invisible", "見える文字がありません。", "Nothing of this text can be seen."))
}

fn refuse_long(text: &str, limit: usize) -> Result<(), Defect> {
    let length = text.chars().count();
    if length <= limit {
        return Ok(());
    }
    Err(Defect::new(
        "text.too_long",
        format!("{limit}文字以内で入力してください（現在{length}文字）。"),
        format!("At most {limit} characters; this has {length}."),
    ))
}

macro_rules! text_value {
    ($(#[$meta:meta])* $name:ident, $limit:expr, $lines:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String)]
        pub struct $name(String);

        impl $name {
            pub fn parse(text: &str) -> Result<Self, Defect> {
                let unified = text.replace("\r\n", "\n");
                let trimmed = unified.trim();
                refuse_controls(trimmed, $lines)?;
                refuse_long(trimmed, $limit)?;
                if trimmed.is_empty() {
                    return Err(Defect::new(
                        "text.empty",
                        "文字が入っていません。空にできる項目なら null を送ってください。",
                        "There is no text. Where the field may be empty, send null.",
                    ));
                }
                refuse_directions(trimmed, $lines)?;
                refuse_invisible(trimmed)?;
                Ok(Self(trimmed.to_owned()))
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

        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
    };
}

text_value!(
    /// A name or title: one line, at most 1,000 characters, kept as typed.
    Line, LINE_LIMIT, false
);
text_value!(
    /// Prose: several lines, at most 20,000 characters, kept as typed.
    Prose, PROSE_LIMIT, true
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_half_width_and_kana_compare_alike() {
        assert_eq!(fold("ゴトウ　ｱﾙﾐ"), fold("ごとう アルミ"));
        assert_eq!(fold("ＭＩＺＵＫＩ"), "mizuki");
    }

    #[test]
    fn a_name_can_be_seen_and_turns_nothing_round() {
        let refused = |text: &str| Line::parse(text).map_err(|defect| defect.code).expect_err(text);
        for invisible in ["\u{200b}", "\u{200d}\u{feff}", "\u{3164}", "\u{2800}\u{ad}", "\u{e0041}\u{fe0f}"] {
            assert_eq!(refused(invisible), "text.invisible");
            assert!(Prose::parse(invisible).is_err());
        }
        for turning in ["\u{202e}\u{200b}", "最上\u{202e}電子", "a\u{2066}b\u{2069}"] {
            assert_eq!(refused(turning), "text.direction");
        }
        for fine in ["最上電子", "は\u{3099}", "👨\u{200d}👩\u{200d}👧", "葛\u{e0100}城", "עברית", "-"]
        {
            assert!(Line::parse(fine).is_ok(), "{fine}");
        }
        assert!(Prose::parse("引用: \u{2067}עברית\u{2069}").is_ok());
    }

    #[test]
    fn a_name_is_one_line_and_prose_may_have_several() {
        assert_eq!(Line::parse("一行\n二行").unwrap_err().code, "text.control_character");
        assert_eq!(Prose::parse(" 一行\r\n二行 ").unwrap().as_str(), "一行\n二行");
        assert_eq!(Prose::parse("a\u{0}b").unwrap_err().code, "text.control_character");
        assert_eq!(Line::parse(&"あ".repeat(1_001)).unwrap_err().code, "text.too_long");
        assert_eq!(Line::parse("   ").unwrap_err().code, "text.empty");
    }
}
