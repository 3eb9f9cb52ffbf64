//! What the database's vocabularies say, read once for an import: places, fields of the cluster, industry classes, by the words
//! that people write for them.

use super::columns::heading_key;
use super::places::Places;
use crate::domain::Defect;
use crate::domain::codes::IndustryCode;
use crate::domain::text::canonical;
use crate::store::vocabulary::{Field, Industry};
use std::collections::HashMap;

/// Other words for the fields that come with the program.
const FIELD_WORDS: [(&str, &[&str]); 12] = [
    ("organic_electronics", &["有機エレ", "有機EL", "有機", "印刷エレクトロニクス"]),
    ("biotechnology", &["バイオ", "生物工学", "ライフサイエンス"]),
    ("iot_ai", &["IT", "ICT", "DX", "情報", "情報通信", "情報処理", "ソフトウェア", "デジタル"]),
    ("manufacturing", &["製造", "機械", "機械加工", "金属加工", "金属", "電子", "電気・電子"]),
    ("materials", &["化学", "新素材", "高分子"]),
    ("food", &["食料", "食品加工", "食料品", "飲料", "農林水産", "水産", "アグリ", "フード"]),
    ("energy", &["省エネ", "再エネ", "再生可能エネルギー", "GX", "リサイクル"]),
    ("mobility", &["モビリティ", "航空機", "航空宇宙", "輸送機", "自動車部品"]),
    ("health", &["ヘルスケア", "医療機器", "福祉", "介護", "医薬"]),
    ("design", &["伝統工芸", "工芸品"]),
    ("measurement", &["分析", "検査", "計測機器", "センサー"]),
    ("support", &["支援", "産業振興"]),
];
/// Names that a refusal tells.
const SHOWN_MOST: usize = 20;

#[derive(Debug, Default)]
pub struct Vocabularies {
    pub places: Places,
    /// Heading key of code, name or another word → code.
    fields: HashMap<String, String>,
    field_names: Vec<String>,
    industries: HashMap<String, String>,
    /// `(code, name)`.
    industry_names: Vec<(String, String)>,
    /// The file is of a program; see [`super::rows::Draft`].
    pub of_a_program: bool,
}

impl Vocabularies {
    pub fn new(places: Places, fields: Vec<Field>, industries: Vec<Industry>) -> Self {
        let mut words = Vocabularies { places, ..Vocabularies::default() };
        for field in &fields {
            for name in [&field.code, &field.name_ja, &field.name_en] {
                words.fields.insert(heading_key(name), field.code.clone());
            }
            words.field_names.push(field.name_ja.clone());
        }
        // 食品 of 食品・農業, where no other field has it; then the other words.
        let mut parts: HashMap<String, Option<String>> = HashMap::new();
        for field in &fields {
            let own = FIELD_WORDS.iter().find(|(code, _)| *code == field.code).map_or(&[][..], |(_, words)| *words);
            for part in field.name_ja.split('・').chain(own.iter().copied()) {
                let code = Some(field.code.clone());
                parts.entry(heading_key(part)).and_modify(|of| *of = of.take().filter(|_| *of == code)).or_insert(code);
            }
        }
        for (part, code) in parts {
            if let Some(code) = code {
                words.fields.entry(part).or_insert(code);
            }
        }
        for industry in industries {
            for name in [&industry.name_ja, &industry.name_en] {
                words.industries.entry(heading_key(name)).or_insert_with(|| industry.code.clone());
            }
            words.industry_names.push((industry.code, industry.name_ja));
        }
        words
    }

    pub fn field(&self, text: &str) -> Option<&str> {
        self.fields.get(&heading_key(text)).map(String::as_str)
    }

    pub fn no_field(&self, text: &str) -> Defect {
        let shown: String = text.trim().chars().take(60).collect();
        let names: Vec<&str> = self.field_names.iter().map(String::as_str).take(SHOWN_MOST).collect();
        Defect::new(
            "field.unknown",
            format!("「{shown}」という分野はありません。次のどれかを書いてください: {}", names.join("、")),
            format!("There is no field \"{shown}\". Write one of: {}", names.join(", ")),
        )
    }

    /// The class of a code (with or without its name: `E 製造業`, `09`, and `9` where Excel took the zero), or of a name.
    pub fn industry(&self, text: &str) -> Result<String, Defect> {
        let whole = canonical(text);
        let named = |name: &str| {
            let key = heading_key(name);
            self.industries.get(&key).or_else(|| self.industries.get(&format!("{key}業")))
        };
        let padded = if whole.len() == 1 && whole.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("0{whole}")
        } else {
            whole.clone()
        };
        if let Ok(code) = IndustryCode::parse(&padded) {
            return Ok(String::from(code));
        }
        if let Some(code) = named(&whole) {
            return Ok(code.clone());
        }
        let end = whole.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(whole.len());
        let (code, rest) = whole.split_at(end);
        let rest = rest.trim_start_matches(|character: char| !character.is_alphanumeric());
        if let (Ok(code), false) = (IndustryCode::parse(code), rest.is_empty()) {
            return Ok(String::from(code));
        }
        let shown: String = whole.chars().take(60).collect();
        let alike: Vec<String> = self
            .industry_names
            .iter()
            .filter(|(_, name)| whole.chars().count() > 1 && name.contains(&whole))
            .map(|(code, name)| format!("{name}（{code}）"))
            .take(SHOWN_MOST)
            .collect();
        let (ja, en) = match alike.as_slice() {
            [] => (
                "名前（製造業、食料品製造業 など）か、コード（大分類の英字 A〜T、または2〜4桁の数字）で書くか、空けてください。".to_owned(),
                "Write its name, its code (a section letter A to T, or two to four digits), or leave it empty.".to_owned(),
            ),
            alike => (
                format!("次のどれかではありませんか: {}", alike.join("、")),
                format!("Do you mean one of these: {}", alike.join(", ")),
            ),
        };
        Err(Defect::new(
            "industry.form",
            format!("「{shown}」は日本標準産業分類にありません。{ja}"),
            format!("\"{shown}\" is no class of the Japan Standard Industrial Classification. {en}"),
        ))
    }
}
