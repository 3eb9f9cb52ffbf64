//! What is wrong with a row, in the words of whoever filled the sheet in: headings and cells, not fields of the API; and what a
//! spreadsheet does to numbers and dates.

use super::columns::{self, Column, Item, Shape};
use crate::domain::finding::{Finding, Message};
use crate::domain::text::canonical;
use crate::domain::{Defect, Kind};

/// Texts that are codes: what looks like 1.01E+12 there was a number once.
const CODES: [&str; 11] = [
    "corporate_number",
    "invoice_number",
    "ror",
    "postal_code",
    "orcid",
    "erad",
    "researchmap",
    "number",
    "kaken",
    "patent",
    "website",
];

/// A number that a spreadsheet has cut short.
pub fn damaged(column: &Column, text: &str) -> Option<Defect> {
    let is_code = match column.shape {
        Shape::Text => CODES.contains(&column.field),
        Shape::Identity
        | Shape::Number
        | Shape::Yen(_)
        | Shape::Date
        | Shape::Industry
        | Shape::Reference
        | Shape::CorporateNumberReference
        | Shape::Members
        | Shape::MoreMembers
        | Shape::Municipality
        | Shape::Many(Item::Reference | Item::Number) => true,
        _ => false,
    };
    (is_code && text.len() < 40 && is_scientific(&canonical(text))).then(|| {
        let shown = canonical(text);
        Defect::new(
            "cell.scientific",
            format!(
                "Excel が番号を「{shown}」と縮めたため、桁が失われています。元の表でこの列の書式を「文字列」にし、番号を入れ直してから保存してください。"
            ),
            format!(
                "The spreadsheet has cut this number short ({shown}); its digits are lost. Format the column as text, write the numbers again and save."
            ),
        )
    })
}

/// What a spreadsheet shows where a formula failed, saved as text.
pub fn failed(text: &str) -> Option<Defect> {
    const ERRORS: [&str; 10] =
        ["#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!"];
    ERRORS.contains(&text.trim()).then(|| {
        Defect::new(
            "cell.error",
            "セルがエラーになっています。数式を直すか、値を入れてください。",
            "The cell shows an error. Mend its formula or write a value.",
        )
    })
}

/// A mark or word by which people say that there is nothing to say. Names and texts may be called so; a mark alone is no text.
pub fn says_nothing(column: &Column, text: &str) -> bool {
    const MARKS: &str = "-‐‑‒–—―−－ーｰ─…・．.*/／";
    const WORDS: [&str; 15] = [
        "なし",
        "無し",
        "無",
        "ナシ",
        "不明",
        "未定",
        "非公開",
        "非公表",
        "未公開",
        "該当なし",
        "未記入",
        "未回答",
        "N/A",
        "n/a",
        "none",
    ];
    let text = text.trim();
    if text.is_empty() || text.len() > 40 {
        return false;
    }
    let of_words = match column.shape {
        Shape::Text => CODES.contains(&column.field),
        Shape::Number
        | Shape::Yen(_)
        | Shape::Date
        | Shape::Industry
        | Shape::Trade
        | Shape::Municipality
        | Shape::Prefecture
        | Shape::Reference
        | Shape::CorporateNumberReference
        | Shape::Added
        | Shape::Many(_)
        | Shape::MoreLines(_)
        | Shape::MoreMembers => true,
        _ => false,
    };
    text.chars().all(|character| MARKS.contains(character)) || (of_words && WORDS.contains(&text))
}

/// `8.39E+12`
fn is_scientific(text: &str) -> bool {
    let Some((number, power)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
    digits(whole) && digits(rest) && power.strip_prefix('+').is_some_and(digits)
}

pub fn not_a_choice(text: &str, label: &str, words: &[&str]) -> Defect {
    let shown: String = text.trim().chars().take(60).collect();
    Defect::new(
        "value.not_in_list",
        format!("「{shown}」は「{label}」に書ける値ではありません。次のどれかを書いてください: {}", words.join("、")),
        format!("\"{shown}\" is not one of the values of this column. Write one of: {}", words.join(", ")),
    )
}

/// A finding of the domain: `column` is the heading of the cell, or what it would be.
pub fn in_words(kind: Kind, field: &str, column: &str, found: &str, finding: &Finding) -> Message {
    let label = columns::label(kind, field);
    match finding.code.as_str() {
        "value.required" => {
            return Message::new(
                format!(
                    "「{column}」が空です。書いてください（列がなければ、見出し「{label}」の列を足してください）。"
                ),
                format!(
                    "\"{column}\" is empty. Fill it in (if there is no such column, add one with the heading \"{label}\")."
                ),
            );
        }
        "language.one_required" => {
            let english = columns::label(kind, &field.replace("_ja", "_en")).to_owned();
            return Message::new(
                format!("「{column}」が空です。書いてください（英語だけのものは「{english}」の列に）。"),
                format!("\"{column}\" is empty. Fill it in (or \"{english}\", where there is only an English one)."),
            );
        }
        "text.control_character" if finding.message.en.contains("U+000A") || finding.message.en.contains("U+000D") => {
            return Message::new(
                "セルの中に改行があります（Alt+Enter）。この列は1行で書いてください。",
                "There is a line break in the cell (Alt+Enter). Write it in one line.",
            );
        }
        "postal_code.form" if (5..=6).contains(&digits_of(found)) => {
            return Message::new(
                "郵便番号は7桁です。先頭の 0 が消えているようです。列の書式を「文字列」にして 060-0001 のように書いてください。",
                "A postal code has seven digits; its leading zero seems to be gone. Format the column as text and write it like 060-0001.",
            );
        }
        "erad.form" if digits_of(found) == 7 => {
            return Message::new(
                "e-Rad の研究者番号は8桁です。先頭の 0 が消えているようです。列の書式を「文字列」にして書き直してください。",
                "An e-Rad number has eight digits; its leading zero seems to be gone. Format the column as text and write it again.",
            );
        }
        "corporate_number.form" if (1..13).contains(&digits_of(found)) || digits_of(found) > 13 => {
            let count = digits_of(found);
            return Message::new(
                format!("法人番号は13桁の数字です（ここには{count}桁）。桁が足りないか多いか、確かめてください。"),
                format!("A corporate number (法人番号) has thirteen digits; these are {count}. Please check it."),
            );
        }
        _ => {}
    }
    let ja = in_labels(kind, &finding.message.ja);
    Message::new(ja, finding.message.en.clone())
}

fn digits_of(text: &str) -> usize {
    canonical(text).chars().filter(char::is_ascii_digit).count()
}

/// A text with the headings in the place of the names of fields.
fn in_labels(kind: Kind, text: &str) -> String {
    let mut fields: Vec<&str> =
        columns::columns(kind).map(|column| column.field).filter(|field| field.contains('_')).collect();
    fields.sort_by_key(|field| std::cmp::Reverse(field.len()));
    fields.dedup();
    let mut said = text.to_owned();
    for field in fields.into_iter().filter(|field| text.contains(*field)) {
        said = said.replace(field, &format!("「{}」", columns::label(kind, field)));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_were_cut_short_are_known() {
        for text in ["8.39E+12", "1.01E+12", "1E+13", "8.39e+12"] {
            assert!(is_scientific(text), "{text}");
        }
        for text in ["8390002001000", "E+12", "1E12", "1.E+2", "ABE+1", "1.2.3E+4", ""] {
            assert!(!is_scientific(text), "{text}");
        }
    }

    #[test]
    fn fields_are_called_by_their_headings() {
        assert_eq!(columns::label(Kind::Organization, "name_ja"), "名称");
        assert_eq!(columns::label(Kind::Organization, "name_en"), "英語名");
        assert_eq!(columns::label(Kind::Capability, "price_max"), "価格上限");
        assert_eq!(
            in_labels(Kind::Capability, "price_max は price_min 以上にしてください。"),
            "「価格上限」 は 「価格下限」 以上にしてください。"
        );
    }
}
