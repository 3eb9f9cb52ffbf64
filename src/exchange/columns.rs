//! What a column means: one table for each kind, headings in Japanese and English beside the API's field names.

use super::cells::is_japanese;
use super::headings_known::{CAPABILITY, COMMON, ORGANIZATION, PERSON};
use super::headings_of_work::{EXHIBITION, NEED, RECORD, SEED};
use crate::domain::Kind;
use crate::domain::text::{canonical, fold};
use crate::domain::vocabulary::{
    CapabilityKind, ExhibitionKind, OrganizationKind, PropertyStatus, Purpose, RecordKind, SeedOffer, Strength,
    Visibility,
};
use std::collections::HashMap;

/// Reads a word of a vocabulary as its code.
pub type ReadCode = fn(&str) -> Option<&'static str>;

/// How the text of a cell becomes a value.
#[derive(Clone, Copy)]
pub enum Shape {
    /// The file's own id of the row.
    Identity,
    /// Kept by the service itself, exported for people: read over without a word.
    Ours,
    /// Where the thing stands: a new one that is not published there comes in as a draft.
    Status,
    /// When the thing was last verified: kept where it is older than today.
    VerifiedOn,
    /// Read over, and said so once.
    LeftOut,
    Text,
    /// Added to the text that another column says, under its heading; alone it is the text.
    Added,
    /// Lines of a need, all of this strength, added to those that other columns bring.
    MoreLines(Strength),
    /// Members of a record, added to those that other columns bring.
    MoreMembers,
    /// What an office calls its trade: a class where it is one, else a word for the description.
    Trade,
    /// The family (0) or the given name (1), where they stand in two columns.
    NamePart(usize),
    /// A day, month or year.
    Date,
    /// An industry class: its code or its name.
    Industry,
    /// Goes to `field_ja` when it holds kana or kanji, else to `field_en`.
    ByScript,
    Number,
    /// An amount in yen, times this for headings such as 千円.
    Yen(i64),
    Truth,
    /// A word of a list; anything else is refused.
    Choice(ReadCode),
    /// A word of a list under a general heading (`kind`), for this field: anything else becomes `otherwise`, with a
    /// note.
    FreeChoice {
        field: &'static str,
        read: ReadCode,
        otherwise: Option<&'static str>,
    },
    Many(Item),
    /// A party or a person.
    Reference,
    /// A party by its corporate number.
    CorporateNumberReference,
    /// The members of a record, each with a role or not.
    Members,
    /// The lines of a need.
    Lines,
    /// A list of objects, as the API writes it.
    Objects,
    Municipality,
    Prefecture,
    /// The part of an address after the municipality.
    Street,
    /// A whole address.
    Address,
    /// Capabilities nested in an organisation (JSON Lines only).
    Capabilities,
}

impl Shape {
    /// It says nothing of what the thing is.
    pub fn is_of_the_service(self) -> bool {
        matches!(self, Shape::LeftOut | Shape::Ours | Shape::Status | Shape::VerifiedOn)
    }
}

/// What stands in a list.
#[derive(Clone, Copy)]
pub enum Item {
    Text,
    Number,
    Choice(ReadCode),
    Field,
    Certificate,
    Reference,
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Shape")
    }
}

/// A column that is understood.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The field of the entry (without the language for [`Shape::ByScript`]); also a heading by itself.
    pub field: &'static str,
    pub shape: Shape,
    /// Further headings, in either language.
    pub headings: &'static [&'static str],
    /// Counts only where no other column says anything of the field.
    pub further: bool,
}

/// The columns of a kind: its own, then those that all have.
pub fn columns(kind: Kind) -> impl Iterator<Item = &'static Column> {
    let own: &'static [Column] = match kind {
        Kind::Organization => ORGANIZATION,
        Kind::Person => PERSON,
        Kind::Capability => CAPABILITY,
        Kind::Seed => SEED,
        Kind::Need => NEED,
        Kind::Record => RECORD,
        Kind::Exhibition => EXHIBITION,
    };
    own.iter().chain(COMMON)
}

/// Headings compare without width, case, kind of kana, white space, underscores and hyphens.
pub fn heading_key(heading: &str) -> String {
    fold(heading)
        .trim_start_matches('\u{feff}')
        .chars()
        .filter(|character| !character.is_whitespace() && !matches!(character, '_' | '-' | '・' | '*' | '※'))
        .collect()
}

/// Every heading of a kind that is understood, by its key. A field's own name beats any other heading.
pub fn headings(kind: Kind) -> HashMap<String, &'static Column> {
    let mut known = HashMap::new();
    for column in columns(kind) {
        known.entry(heading_key(column.field)).or_insert(column);
    }
    for column in columns(kind) {
        for heading in column.headings {
            known.entry(heading_key(heading)).or_insert(column);
        }
    }
    known
}

/// The key of a heading without what people write beside it for those who fill it in: （13桁）, （必須）, （半角） …
pub fn without_hint(key: &str) -> Option<String> {
    const MARKS: [&str; 6] = ["【必須】", "【任意】", "[必須]", "[任意]", "必須:", "任意:"];
    let mut bare = key.to_owned();
    for mark in MARKS {
        bare = bare.replace(mark, "");
    }
    if let Some((before, hint)) = bare.strip_suffix(')').and_then(|rest| rest.rsplit_once('('))
        && is_hint(hint)
    {
        bare = before.to_owned();
    }
    (bare != key && !bare.is_empty()).then_some(bare)
}

/// What stands in brackets says how to fill a column in, and not that it means something else.
fn is_hint(text: &str) -> bool {
    const WORDS: [&str; 14] = [
        "桁",
        "必須",
        "任意",
        "半角",
        "全角",
        "西暦",
        "複数",
        "例",
        "登記",
        "本社",
        "本店",
        "ハイフン",
        "文字",
        "年月日",
    ];
    const WHOLE: [&str; 7] = ["人", "名", "社", "〒", "url", "http", "正式名称"];
    WORDS.iter().any(|word| text.contains(word))
        || WHOLE.contains(&text)
        || (text.starts_with('t') && text.chars().count() <= 8)
}

/// What a field is called in a spreadsheet: its first Japanese heading.
pub fn label(kind: Kind, field: &str) -> &str {
    let own = columns(kind)
        .filter(|column| column.field == field && !column.further && !matches!(column.shape, Shape::NamePart(_)));
    own.flat_map(|column| column.headings.iter().copied()).find(|heading| is_japanese(heading)).unwrap_or(field)
}

/// What a list field of a kind may say, in Japanese.
pub fn choices(field: &str) -> Option<Vec<&'static str>> {
    fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> Option<Vec<&'static str>> {
        Some(all.iter().map(|value| name(*value)).collect())
    }
    match field {
        "visibility" => names(Visibility::ALL, Visibility::name_ja),
        "organization_kind" => names(OrganizationKind::ALL, OrganizationKind::name_ja),
        "capability_kind" => names(CapabilityKind::ALL, CapabilityKind::name_ja),
        "property_status" => names(PropertyStatus::ALL, PropertyStatus::name_ja),
        "purposes" => names(Purpose::ALL, Purpose::name_ja),
        "offers" => names(SeedOffer::ALL, SeedOffer::name_ja),
        "record_kind" => names(RecordKind::ALL, RecordKind::name_ja),
        "exhibition_kind" => names(ExhibitionKind::ALL, ExhibitionKind::name_ja),
        _ => None,
    }
}

/// Headings as people write them, for naming the nearest one.
pub fn heading_names(kind: Kind) -> impl Iterator<Item = &'static str> {
    let taken = columns(kind).filter(|column| !column.shape.is_of_the_service());
    taken.flat_map(|column| std::iter::once(column.field).chain(column.headings.iter().copied()))
}

pub(super) fn visibility(text: &str) -> Option<&'static str> {
    let known = match text {
        "一般公開" | "全体公開" | "公開する" | "公開可" | "○" | "〇" => Some(Visibility::Public),
        "会員のみ" | "会員限定" | "会員公開" | "会員まで" => Some(Visibility::Members),
        "公開しない" | "非公開にする" | "公開不可" | "×" => Some(Visibility::Private),
        _ => Visibility::read(text),
    };
    known.map(Visibility::code)
}

pub(super) fn capability_kind(text: &str) -> Option<&'static str> {
    CapabilityKind::read(text).map(CapabilityKind::code)
}

pub(super) fn property_status(text: &str) -> Option<&'static str> {
    PropertyStatus::read(text).map(PropertyStatus::code)
}

pub(super) fn purpose(text: &str) -> Option<&'static str> {
    Purpose::read(text).map(Purpose::code)
}

pub(super) fn seed_offer(text: &str) -> Option<&'static str> {
    SeedOffer::read(text).map(SeedOffer::code)
}

pub(super) fn record_kind(text: &str) -> Option<&'static str> {
    let known = match text {
        "契約" | "受注" | "調達" => Some(RecordKind::Contract),
        "助成" | "助成金" | "助成事業" | "科研費" | "補助金" | "補助" | "補助事業" => {
            Some(RecordKind::Grant)
        }
        "事業" | "共同研究" => Some(RecordKind::Project),
        _ => RecordKind::read(text),
    };
    known.map(RecordKind::code)
}

pub(super) fn exhibition_kind(text: &str) -> Option<&'static str> {
    let known = match text {
        "展示会" | "見本市" | "展示商談会" => Some(ExhibitionKind::Fair),
        "商談会" => Some(ExhibitionKind::BusinessMeeting),
        _ => ExhibitionKind::read(text),
    };
    known.map(ExhibitionKind::code)
}

pub(super) fn organization_kind(text: &str) -> Option<&'static str> {
    use OrganizationKind as Kind;
    if let Some(kind) = Kind::read(text) {
        return Some(kind.code());
    }
    let kind = match heading_key(text).as_str() {
        "会社" | "法人" | "株式会社" | "有限会社" | "合同会社" | "民間企業" | "company" | "corporation"
        | "enterprise" | "prc" | "sme" => Kind::Firm,
        "国立大学" | "国立大学法人" | "公立大学" | "公立大学法人" | "私立大学" | "短期大学" | "高専"
        | "高等専門学校" | "学校法人" | "college" | "hes" => Kind::University,
        "研究所" | "国立研究所" | "国立研究開発法人" | "独立行政法人" | "institute" | "laboratory" | "rec" => {
            Kind::ResearchInstitute
        }
        "公設試験研究機関" | "工業技術センター" | "publictestinginstitution" => {
            Kind::PublicTestingInstitute
        }
        "支援機関" | "産業支援" | "財団法人" | "公益財団法人" | "一般財団法人" | "foundation" => {
            Kind::SupportOrganization
        }
        "金融機関" | "信用金庫" | "信用組合" | "地方銀行" => Kind::Bank,
        "自治体" | "地方公共団体" | "国" | "県" | "市" | "町" | "村" | "市町村" | "官公庁" | "行政機関"
        | "publicbody" | "pub" => Kind::Government,
        "組合" | "協同組合" | "商工会" | "商工会議所" | "団体" | "協会" | "association" => {
            Kind::IndustryAssociation
        }
        "oth" => Kind::Other,
        _ => return None,
    };
    Some(kind.code())
}

/// What an organisation is, as far as its name tells: for files such as the national corporate number list, which
/// say nothing of it.
pub fn organization_kind_of_name(name: &str) -> OrganizationKind {
    use OrganizationKind as Kind;
    let name = canonical(name);
    if name.is_ascii() {
        return organization_kind_of_english(&name.to_lowercase());
    }
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let ends = |words: &[&str]| words.iter().any(|word| name.ends_with(word));
    if has(&["信用金庫", "信用組合", "信用協同組合", "農業協同組合連合会信用"])
        || (has(&["銀行"]) && !has(&["人材銀行", "血液銀行"]))
    {
        return Kind::Bank;
    }
    if has(&["株式会社", "有限会社", "合同会社", "合資会社", "合名会社", "相互会社", "(株)", "(有)"])
    {
        return Kind::Firm;
    }
    if ends(&["大学", "高等専門学校", "短期大学部"]) || has(&["国立大学法人", "公立大学法人"])
    {
        return Kind::University;
    }
    if ends(&["工業技術センター", "工業試験場", "農業総合研究センター", "産業技術総合センター"])
    {
        return Kind::PublicTestingInstitute;
    }
    if has(&["研究開発法人"]) || ends(&["研究所", "研究機構", "研究センター"]) {
        return Kind::ResearchInstitute;
    }
    if has(&["産業支援", "産業振興", "企業振興"]) {
        return Kind::SupportOrganization;
    }
    if ends(&["組合", "組合連合会", "商工会", "商工会議所", "工業会", "協会", "連合会"]) {
        return Kind::IndustryAssociation;
    }
    if ends(&["都", "道", "府", "県", "市", "区", "町", "村", "省", "庁"]) && name.chars().count() <= 8 {
        return Kind::Government;
    }
    Kind::Other
}

fn organization_kind_of_english(name: &str) -> OrganizationKind {
    use OrganizationKind as Kind;
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["co., ltd", "co.,ltd", "co. ltd", " inc", "corporation", " corp", " llc", "k.k.", " kk", " gmbh", " ltd"])
    {
        Kind::Firm
    } else if has(&["university", "college"]) {
        Kind::University
    } else if has(&["institute", "laboratory"]) {
        Kind::ResearchInstitute
    } else if has(&["association", "chamber of commerce"]) {
        Kind::IndustryAssociation
    } else {
        Kind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::parse;

    fn field_names(kind: Kind) -> Vec<String> {
        match kind {
            Kind::Organization => parse::names::<crate::domain::Organization>(),
            Kind::Person => parse::names::<crate::domain::Person>(),
            Kind::Capability => parse::names::<crate::domain::Capability>(),
            Kind::Seed => parse::names::<crate::domain::Seed>(),
            Kind::Need => parse::names::<crate::domain::Need>(),
            Kind::Record => parse::names::<crate::domain::Record>(),
            Kind::Exhibition => parse::names::<crate::domain::Exhibition>(),
        }
    }

    #[test]
    fn every_field_of_every_kind_has_a_column_of_its_name() {
        for kind in Kind::ALL {
            let known = headings(*kind);
            for name in field_names(*kind) {
                let column = known.get(&heading_key(&name)).unwrap_or_else(|| panic!("{kind:?} has no column {name}"));
                assert_eq!(column.field, name, "{kind:?}");
            }
        }
    }

    #[test]
    fn headings_of_the_corporate_number_file_are_understood() {
        let known = headings(Kind::Organization);
        let field = |heading: &str| known.get(&heading_key(heading)).map(|column| column.field);
        assert_eq!(field("法人番号"), Some("corporate_number"));
        assert_eq!(field("商号又は名称"), Some("name_ja"));
        assert_eq!(field("ﾌﾘｶﾞﾅ"), Some("name_kana"));
        assert_eq!(field("ふりがな"), Some("name_kana"));
        assert_eq!(field("丁目番地等"), Some("street"));
        assert_eq!(field("Corporate Number"), Some("corporate_number"));
        assert_eq!(field("資本金(千円)"), Some("capital"));
        assert_eq!(field("好きな色"), None);
    }

    #[test]
    fn a_name_tells_what_an_organisation_is() {
        let kind = organization_kind_of_name;
        assert_eq!(kind("株式会社山形研究所"), OrganizationKind::Firm);
        assert_eq!(kind("国立大学法人山形大学"), OrganizationKind::University);
        assert_eq!(kind("株式会社荘内銀行"), OrganizationKind::Bank);
        assert_eq!(kind("山形県金属工業協同組合"), OrganizationKind::IndustryAssociation);
        assert_eq!(kind("金山町"), OrganizationKind::Government);
        assert_eq!(kind("宗教法人某寺"), OrganizationKind::Other);
        assert_eq!(kind("Kakuu Seiki Co., Ltd."), OrganizationKind::Firm);
        assert_eq!(kind("Kakuu University"), OrganizationKind::University);
        assert_eq!(kind("Kakuu"), OrganizationKind::Other);
    }
}
