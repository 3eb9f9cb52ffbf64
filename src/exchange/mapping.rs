//! What the headings of somebody else's file mean: ready-made for files that many have, and others by name, remembered.

use super::columns;
use super::lines::Reshape;
use super::{kaken, researchmap};
use crate::domain::{Defect, Kind};

/// Headings and the field that each means; an empty field leaves the column out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    pub headings: Vec<(String, String)>,
}

/// A mapping that comes with the program.
#[derive(Clone, Copy)]
pub struct ReadyMade {
    pub name: &'static str,
    pub kind: Kind,
    pub headings: &'static [(&'static str, &'static str)],
    /// For files in which no row of headings stands: what they would be.
    pub first_row: Option<&'static [&'static str]>,
    /// For JSON that is no flat object.
    pub reshape: Option<Reshape>,
    /// What a cell says in our words, by the field that it means.
    pub cell: Option<ReadCell>,
}

/// A cell in our words; `None` where it stays as it is.
pub type ReadCell = fn(&str, &str) -> Option<String>;

impl std::fmt::Debug for ReadyMade {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ReadyMade({})", self.name)
    }
}

/// 国税庁法人番号公表サイト: the whole list has no headings; the thirty columns by their names in the definition.
const CORPORATE_NUMBERS: &[&str] = &[
    "一連番号",
    "法人番号",
    "処理区分",
    "訂正区分",
    "更新年月日",
    "変更年月日",
    "商号又は名称",
    "商号又は名称イメージID",
    "法人種別",
    "国内所在地（都道府県）",
    "国内所在地（市区町村）",
    "国内所在地（丁目番地等）",
    "国内所在地イメージID",
    "都道府県コード",
    "市区町村コード",
    "郵便番号",
    "国外所在地",
    "国外所在地イメージID",
    "登記記録の閉鎖等年月日",
    "登記記録の閉鎖等の事由",
    "承継先法人番号",
    "変更事由の詳細",
    "法人番号指定年月日",
    "最新履歴",
    "商号又は名称（英語表記）",
    "国内所在地（都道府県）（英語表記）",
    "国内所在地（市区町村丁目番地等）（英語表記）",
    "国外所在地（英語表記）",
    "フリガナ",
    "検索対象除外",
];

const READY_MADE: &[ReadyMade] = &[
    ReadyMade {
        name: "corporate-numbers",
        kind: Kind::Organization,
        headings: &[
            ("国内所在地（都道府県）", "prefecture"),
            ("国内所在地（市区町村）", "municipality"),
            ("国内所在地（丁目番地等）", "street"),
            ("国内所在地（市区町村丁目番地等）（英語表記）", "address_en"),
            ("商号又は名称（英語表記）", "name_en"),
            ("フリガナ", "name_kana"),
            // The code of a municipality is three digits here, without its prefecture: the names say it all.
            ("都道府県コード", ""),
            ("市区町村コード", ""),
            ("一連番号", ""),
            ("処理区分", ""),
            ("訂正区分", ""),
            ("更新年月日", ""),
            ("変更年月日", ""),
            ("商号又は名称イメージID", ""),
            ("法人種別", ""),
            ("国内所在地イメージID", ""),
            ("国外所在地", ""),
            ("国外所在地イメージID", ""),
            ("登記記録の閉鎖等年月日", ""),
            ("登記記録の閉鎖等の事由", ""),
            ("承継先法人番号", ""),
            ("変更事由の詳細", ""),
            ("法人番号指定年月日", ""),
            ("最新履歴", ""),
            ("国内所在地（都道府県）（英語表記）", ""),
            ("国外所在地（英語表記）", ""),
            ("検索対象除外", ""),
        ],
        first_row: Some(CORPORATE_NUMBERS),
        reshape: None,
        cell: None,
    },
    ReadyMade {
        name: "gbizinfo",
        kind: Kind::Organization,
        headings: &[
            ("法人名", "name_ja"),
            ("法人名ふりがな", "name_kana"),
            ("法人名フリガナ", "name_kana"),
            ("法人名英語", "name_en"),
            ("郵便番号", "postal_code"),
            ("本社所在地", "address_ja"),
            ("登記住所", "address_ja"),
            ("資本金", "capital"),
            ("従業員数", "employees"),
            ("企業規模詳細(男性)", ""),
            ("企業規模詳細(女性)", ""),
            ("創業年", ""),
            ("設立年月日", "founded"),
            ("企業ホームページ", "website"),
            ("事業概要", "description_ja"),
            ("営業品目リスト", ""),
            ("ステータス", ""),
            ("登記記録の閉鎖等年月日", ""),
            ("登記記録の閉鎖等の事由", ""),
            ("法人代表者名", ""),
            ("法人代表者役職", ""),
            ("法人活動情報最終更新日", ""),
            ("最終更新日", ""),
            ("資格等級", ""),
        ],
        first_row: None,
        reshape: None,
        cell: None,
    },
    ReadyMade {
        name: "researchmap",
        kind: Kind::Record,
        headings: &[],
        first_row: None,
        reshape: Some(researchmap::record),
        cell: None,
    },
    ReadyMade {
        name: "kaken",
        kind: Kind::Record,
        headings: kaken::HEADINGS,
        first_row: None,
        reshape: None,
        cell: Some(kaken::cell),
    },
];

/// The mappings that come with the program.
pub fn ready_made() -> &'static [ReadyMade] {
    READY_MADE
}

pub fn find_ready_made(name: &str, kind: Kind) -> Option<&'static ReadyMade> {
    READY_MADE.iter().find(|mapping| mapping.name == name && mapping.kind == kind)
}

impl ReadyMade {
    pub fn mapping(&self) -> Mapping {
        let headings = self.headings.iter().map(|(heading, field)| ((*heading).to_owned(), (*field).to_owned()));
        Mapping { headings: headings.collect() }
    }
}

impl Mapping {
    /// Reads `見出し=field`. The field is one of the kind's headings in either language, or empty.
    pub fn add(&mut self, kind: Kind, text: &str) -> Result<(), Defect> {
        let (heading, field) = text.rsplit_once('=').unwrap_or((text, "\u{0}"));
        self.set(kind, heading.trim(), field.trim())
    }

    pub fn set(&mut self, kind: Kind, heading: &str, field: &str) -> Result<(), Defect> {
        let known = field.is_empty() || columns::headings(kind).contains_key(&columns::heading_key(field));
        let form = !heading.is_empty() && heading.chars().count() <= 200 && !heading.chars().any(char::is_control);
        if !known || !form {
            let shown: String = field.chars().filter(|character| !character.is_control()).take(60).collect();
            return Err(Defect::new(
                "mapping.field",
                format!(
                    "「{shown}」という項目はありません。見出し=項目名（例: 会社の名前=name_ja。空なら取り込まない）と書いてください。"
                ),
                format!(
                    "There is no field \"{shown}\". Write HEADING=FIELD, such as 会社の名前=name_ja (empty: left out)."
                ),
            ));
        }
        self.headings.retain(|(known, _)| columns::heading_key(known) != columns::heading_key(heading));
        self.headings.push((heading.to_owned(), field.to_owned()));
        if self.headings.len() > 1_000 {
            return Err(Defect::new(
                "mapping.too_long",
                "見出しは1,000までです。",
                "A mapping has at most 1,000 headings.",
            ));
        }
        Ok(())
    }
}

/// The name of a mapping: letters, digits, `-`, `_` and `.`, at most 60 characters, and not one of ours.
pub fn check_name(name: &str) -> Result<(), Defect> {
    let form = !name.is_empty()
        && name.chars().count() <= 60
        && name.chars().all(|character| character.is_alphanumeric() || "-_.".contains(character));
    if form && !READY_MADE.iter().any(|mapping| mapping.name == name) {
        return Ok(());
    }
    Err(Defect::new(
        "mapping.name",
        "対応表の名前は文字、数字、「-」「_」「.」で60文字以内です。用意されている名前は使えません。",
        "A mapping's name is letters, digits, '-', '_' and '.', at most 60 characters, and none of the ready-made ones.",
    ))
}

/// There is no mapping of this name.
pub fn unknown(name: &str, kind: Kind) -> Defect {
    let names: Vec<&str> =
        READY_MADE.iter().filter(|mapping| mapping.kind == kind).map(|mapping| mapping.name).collect();
    let shown: String = name.chars().take(60).collect();
    Defect::new(
        "mapping.unknown",
        format!("「{shown}」という{}の対応表はありません。用意されているもの: {}", kind.name_ja(), names.join("、")),
        format!("There is no mapping \"{shown}\" for {}. Ready-made: {}", kind.plural(), names.join(", ")),
    )
}
