//! KAKEN (科学研究費助成事業データベース): the CSV of a search, one research project a row.

/// Institutions and people stand there by name only, and a name is no reference: who took part is added by hand, or
/// with a column of corporate numbers.
pub const HEADINGS: &[(&str, &str)] = &[
    ("研究課題/領域番号", "number"),
    ("研究課題名", "title_ja"),
    ("研究課題名 (英文)", "title_en"),
    ("研究課題名（英文）", "title_en"),
    ("研究期間 (年度)", "happened_on"),
    ("研究開始時の研究の概要", "text_ja"),
    ("研究概要", "text_ja"),
    ("研究成果の概要", "text_ja"),
    ("研究成果の概要 (英文)", "text_en"),
    ("総配分額", "amount"),
    ("研究種目", ""),
    ("配分区分", ""),
    ("応募区分", ""),
    ("審査区分", ""),
    ("研究分野", ""),
    ("研究機関", ""),
    ("研究代表者", ""),
    ("研究分担者", ""),
    ("連携研究者", ""),
    ("研究協力者", ""),
    ("キーワード", ""),
    ("研究課題ステータス", ""),
    ("総配分額 (直接経費)", ""),
    ("総配分額 (間接経費)", ""),
];

/// A period counts as the day, month or year in which it began: `2020-04-01 – 2024-03-31` → `2020-04-01`. A bare year is
/// the fiscal year that the heading speaks of.
pub fn cell(field: &str, text: &str) -> Option<String> {
    if field != "happened_on" {
        return None;
    }
    let start = text.split(['–', '—', '―', '～', '〜', '~']).next().unwrap_or("");
    let start = start.split(" - ").next().unwrap_or("").trim();
    let year = start.len() == 4 && start.bytes().all(|byte| byte.is_ascii_digit());
    Some(if year { format!("FY{start}") } else { start.to_owned() })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_period_counts_as_its_beginning() {
        let read = |text: &str| super::cell("happened_on", text).unwrap_or_default();
        assert_eq!(read("2020-04-01 – 2024-03-31"), "2020-04-01");
        assert_eq!(read("2019 – 2022"), "FY2019");
        assert_eq!(read("2019"), "FY2019");
        assert_eq!(super::cell("title_ja", "A – B"), None);
    }
}
