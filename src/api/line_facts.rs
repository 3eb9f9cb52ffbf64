//! Lines with a condition: how it stands with the stated facts, in words that people read.

use super::lines::{LineBody, LineEvidence, LineVerdict};
use crate::domain::codes::certificate_name;
use crate::domain::conditions::{Checked, Outcome, PartyFacts};
use crate::domain::entry::Title;
use crate::domain::finding::Message;
use crate::domain::kinds::need::Condition;
use crate::domain::text::canonical;
use crate::domain::vocabulary::{ConditionField, ConditionOperator, OrganizationKind, Strength};
use crate::error::Result;
use crate::store::Conn;
use crate::store::vocabulary;
use std::collections::HashMap;

/// The names of places and fields that facts and conditions give as codes.
#[derive(Debug, Default)]
pub(super) struct Names {
    places: HashMap<String, (String, String)>,
    fields: HashMap<String, (String, String)>,
}

impl Names {
    /// Of every field, every prefecture and the places of these facts.
    pub(super) fn read<'a>(conn: &mut Conn, facts: impl Iterator<Item = &'a PartyFacts>) -> Result<Names> {
        let mut codes: Vec<String> =
            facts.filter_map(|facts| facts.municipality.as_ref()).map(|s| s.value.clone()).collect();
        codes.sort();
        codes.dedup();
        Names::with(conn, codes)
    }

    /// Of every field, every prefecture and these places.
    fn with(conn: &mut Conn, codes: Vec<String>) -> Result<Names> {
        let places = vocabulary::places_named(conn, &codes)?;
        let fields = vocabulary::all_fields(conn)?;
        Ok(Names {
            places: places.into_iter().map(|place| (place.code, (place.name_ja, place.name_en))).collect(),
            fields: fields.into_iter().map(|field| (field.code, (field.name_ja, field.name_en))).collect(),
        })
    }

    /// Of every field, every prefecture and the places that these conditions ask for.
    pub(super) fn of_conditions<'a>(conn: &mut Conn, conditions: impl Iterator<Item = &'a Condition>) -> Result<Names> {
        let places = conditions.filter(|condition| condition.field == ConditionField::Municipality);
        Names::with(conn, places.flat_map(|condition| condition.values.clone()).collect())
    }

    /// What a value of a condition or fact is called in Japanese and English; the value itself where nobody knows.
    fn of(&self, field: ConditionField, value: &str) -> (String, String) {
        let known = match field {
            ConditionField::Municipality => self.places.get(value).cloned(),
            ConditionField::Prefecture => self.places.get(value).cloned().or_else(|| {
                self.places.iter().find(|(code, _)| in_prefecture(code, value)).map(|(_, names)| names.clone())
            }),
            ConditionField::Field => self.fields.get(value).cloned(),
            ConditionField::OrganizationKind => {
                OrganizationKind::from_code(value).map(|kind| (kind.name_ja().to_owned(), kind.name_en().to_owned()))
            }
            ConditionField::Employees => Some((format!("{value}人"), format!("{value} people"))),
            ConditionField::Certificate => Some((certificate_name(value), certificate_name(value))),
        };
        known.unwrap_or_else(|| (value.to_owned(), value.to_owned()))
    }
}

/// A prefecture's own code: its two digits, 000 and a check digit.
fn in_prefecture(code: &str, prefecture: &str) -> bool {
    code.get(..2) == Some(prefecture) && code.get(2..5) == Some("000")
}

/// How a checked condition stands, with the fact that shows it.
pub(super) fn of_condition(
    index: usize,
    requirement: Strength,
    condition: &Condition,
    checked: &Checked,
    names: &Names,
) -> LineBody {
    let verdict = match checked.outcome {
        Outcome::Met => LineVerdict::Met,
        Outcome::Unmet => LineVerdict::Unmet,
        Outcome::Unknown => LineVerdict::Unknown,
    };
    // A place is stated by its municipality, whichever the condition asks for.
    let stated_as = match condition.field {
        ConditionField::Prefecture => ConditionField::Municipality,
        field => field,
    };
    let stated = checked.fact.as_ref().map(|fact| {
        let all: Vec<(String, String)> = fact.value.split(", ").map(|value| names.of(stated_as, value)).collect();
        let join = |english: bool, between: &str| -> String {
            let each: Vec<&str> =
                all.iter().map(|(ja, en)| if english { en } else { ja }).map(String::as_str).collect();
            each.join(between)
        };
        Message::new(join(false, "、"), join(true, ", "))
    });
    let evidence = checked.fact.as_ref().map(|fact| LineEvidence {
        kind: fact.kind,
        id: fact.by.to_string(),
        version: fact.version,
        field: checked.field.to_owned(),
        lang: None,
        start: 0,
        end: fact.value.chars().count(),
        text: fact.value.clone(),
        name: stated.clone(),
    });
    let wanted = requirement != Strength::Exclude;
    let (name_ja, name_en) = (condition.field.name_ja(), condition.field.name_en());
    let (asked_ja, asked_en) = asked(condition, names);
    let would_fit = match (verdict, &stated) {
        (LineVerdict::Unknown, _) if wanted => Some(Message::new(
            format!("「{name_ja}」が登録されていません。「{asked_ja}」に当たるか確かめてください。"),
            format!("{name_en} is not stated. Ask whether it is {asked_en}."),
        )),
        (LineVerdict::Unmet, Some(stated)) if wanted => Some(Message::new(
            format!("「{name_ja}」は「{asked_ja}」が必要ですが、登録は「{}」です。", stated.ja),
            format!("{name_en} must be {asked_en}; it is {}.", stated.en),
        )),
        _ => None,
    };
    let strength = if verdict == LineVerdict::Unknown { 0.0 } else { 1.0 };
    LineBody { index, requirement, verdict, strength, evidence, closest: None, would_fit, asked: Title::default() }
}

/// A condition in both languages: `従業員数 300人以上`.
pub(super) fn in_words(condition: &Condition, names: &Names) -> (String, String) {
    let (ja, en) = asked(condition, names);
    (format!("{} {ja}", condition.field.name_ja()), format!("{} {en}", condition.field.name_en()))
}

fn asked(condition: &Condition, names: &Names) -> (String, String) {
    let each = condition.values.iter().take(10).map(|value| names.of(condition.field, value));
    let (ja, en): (Vec<String>, Vec<String>) = each.unzip();
    let (ja, en) = (ja.join("、"), en.join(", "));
    match condition.operator {
        ConditionOperator::AnyOf if condition.values.len() == 1 => (ja, en),
        ConditionOperator::AnyOf => (ja, format!("one of {en}")),
        ConditionOperator::AtLeast => (format!("{ja}以上"), format!("at least {en}")),
        ConditionOperator::AtMost => (format!("{ja}以下"), format!("at most {en}")),
    }
}

/// The condition of a line in words that names a certificate which the party states, and nothing else (ISO 13485の認証). It
/// is there to be met: a line in words leaves nobody out for what is not stated.
pub(super) fn certificate_held(forms: &[&str], facts: &PartyFacts) -> Option<Condition> {
    let plain = |text: &str| text.chars().filter(|one| one.is_alphanumeric()).collect::<String>().to_lowercase();
    let asked: Vec<String> = forms.iter().map(|form| plain(&canonical(form))).collect();
    let of = |code: &str| Condition {
        field: ConditionField::Certificate,
        operator: ConditionOperator::AnyOf,
        values: vec![code.to_owned()],
    };
    let named = |code: &&str| !asked.is_empty() && asked.iter().all(|form| form.contains(&plain(code)));
    let held = facts.certificates.iter().map(|held| held.value.as_str());
    held.filter(named).map(of).find(|condition| only_names(condition, forms))
}

/// Words by which a line names its condition and nothing else, for each kind of condition.
fn vocabulary_of(field: ConditionField) -> &'static [&'static str] {
    match field {
        ConditionField::Municipality | ConditionField::Prefecture => &[
            "県内",
            "県外",
            "市内",
            "町内",
            "村内",
            "国内",
            "地元",
            "近隣",
            "近く",
            "日帰り",
            "往復",
            "距離",
            "完結",
            "所在",
            "立地",
            "本社",
            "拠点",
            "東北",
            "地域",
            "prefecture",
            "inside",
            "within",
            "everything",
            "local",
            "near",
            "region",
            "based",
            "located",
            "nearby",
            "day",
            "trip",
        ],
        ConditionField::OrganizationKind => &[
            "大学",
            "研究機関",
            "研究所",
            "公設試",
            "公設試験研究機関",
            "公的",
            "公的機関",
            "企業",
            "会社",
            "民間",
            "高専",
            "行政",
            "銀行",
            "支援機関",
            "業界団体",
            "university",
            "universities",
            "institute",
            "institutes",
            "public",
            "company",
            "companies",
            "firm",
            "firms",
            "research",
            "bank",
        ],
        ConditionField::Employees => &[
            "従業員",
            "社員",
            "規模",
            "人数",
            "小さい",
            "小さな",
            "大きい",
            "大きな",
            "多い",
            "少ない",
            "中小",
            "小回り",
            "超える",
            "どの",
            "幹事",
            "話せる",
            "employees",
            "staff",
            "size",
            "small",
            "large",
            "people",
        ],
        ConditionField::Certificate => &[
            "認証",
            "認定",
            "品質",
            "取得",
            "規格",
            "同等",
            "情報セキュリティ",
            "セキュリティ",
            "医療機器",
            "衛生管理",
            "品質管理",
            "管理",
            "環境",
            "車載",
            "含む",
            "含まれる",
            "certified",
            "certificate",
            "certification",
            "quality",
            "partner",
            "information",
            "security",
        ],
        ConditionField::Field => &["分野", "業種", "業界", "領域", "field", "industry", "sector"],
    }
}

/// Whether the words of a line only name its condition (県内の会社, ISO 9001 certified): nothing else is left of them.
pub(super) fn only_names(condition: &Condition, forms: &[&str]) -> bool {
    let own: Vec<String> = condition
        .values
        .iter()
        .flat_map(|value| {
            let kind = OrganizationKind::from_code(value);
            let names = kind.map(|kind| vec![kind.name_ja().to_owned(), kind.name_en().to_owned()]);
            names.unwrap_or_else(|| vec![certificate_name(value), value.clone()])
        })
        .collect();
    let known: Vec<&str> =
        vocabulary_of(condition.field).iter().copied().chain(own.iter().map(String::as_str)).collect();
    let numbers = condition.field == ConditionField::Employees;
    forms.iter().all(|form| !musubi_index::lines::says_more(form, &known, numbers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::conditions::Stated;

    fn names(field: ConditionField, values: &[&str], words: &str) -> bool {
        let operator = match field {
            ConditionField::Employees => ConditionOperator::AtMost,
            _ => ConditionOperator::AnyOf,
        };
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        only_names(&Condition { field, operator, values }, &[words])
    }

    #[test]
    fn words_that_name_a_condition_and_words_that_say_more() {
        use ConditionField::*;
        assert!(names(Prefecture, &["06"], "県内"));
        assert!(names(Prefecture, &["06"], "県内の会社であること"));
        assert!(names(Prefecture, &["06"], "往復が日帰りできる県内"));
        assert!(names(Prefecture, &["06"], "In the prefecture"));
        assert!(names(Certificate, &["iso9001"], "ISO 9001"));
        assert!(names(Certificate, &["iso9001"], "ISO9001の認証を取得していること"));
        assert!(names(Employees, &["100"], "従業員100人まで"));
        assert!(names(OrganizationKind, &["university"], "大学または研究機関"));
        let held = |words: &str| {
            let stated = |value: &str| Stated {
                value: value.to_owned(),
                kind: crate::domain::vocabulary::Kind::Organization,
                by: crate::domain::ThingId::new(),
                version: 1,
            };
            let facts = PartyFacts { certificates: vec![stated("iso9001"), stated("haccp")], ..PartyFacts::default() };
            certificate_held(&[words], &facts).map(|condition| condition.values.concat())
        };
        assert_eq!(held("ＩＳＯ９００１の認証を取得していること").as_deref(), Some("iso9001"));
        assert_eq!(held("ISO 9001 certified").as_deref(), Some("iso9001"));
        assert_eq!(held("HACCP").as_deref(), Some("haccp"));
        for words in ["ISO 13485", "ISO 90012", "環境の認証", "HACCPに沿い、一回80食から三種類を作り分けられる工場"]
        {
            assert_eq!(held(words), None, "{words}");
        }
        assert!(!names(OrganizationKind, &["firm"], "数百人の唾液で性能を確かめる試験を組めること"));
        assert!(!names(Prefecture, &["06"], "県内で治具の設計を持てること"));
        assert!(!names(Certificate, &["haccp"], "HACCPに沿い、一回80食から三種類を作り分けられる工場"));
    }
}
