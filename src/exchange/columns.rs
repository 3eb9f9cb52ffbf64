//! What a column means: one table for each kind, headings in Japanese and English beside the API's field names.

use crate::domain::Kind;
use crate::domain::text::{canonical, fold};
use crate::domain::vocabulary::{
    CapabilityKind, ExhibitionKind, OrganizationKind, PropertyStatus, Purpose, RecordKind, SeedOffer, Visibility,
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
    /// Read over, and said so once.
    LeftOut,
    Text,
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
}

const fn column(field: &'static str, shape: Shape, headings: &'static [&'static str]) -> Column {
    Column { field, shape, headings }
}

/// Columns that mean the same for every kind.
const COMMON: &[Column] = &[
    column("id", Shape::Identity, &["ID", "識別子", "管理番号", "整理番号", "source_id"]),
    column("visibility", Shape::Choice(visibility), &["公開範囲", "公開"]),
    column("fields", Shape::Many(Item::Field), &["分野", "field", "技術分野"]),
    column("status", Shape::Ours, &[]),
    column("version", Shape::Ours, &[]),
    column("verified_on", Shape::Ours, &[]),
    column("created_at", Shape::Ours, &[]),
    column("updated_at", Shape::Ours, &[]),
    column("country", Shape::LeftOut, &["国", "国名"]),
];

const ORGANIZATION: &[Column] = &[
    column("organization_kind", Shape::Choice(organization_kind), &["機関種別", "機関の種別", "組織種別", "企業種別"]),
    column(
        "kind",
        Shape::FreeChoice { field: "organization_kind", read: organization_kind, otherwise: Some("other") },
        &["種別", "区分", "type"],
    ),
    column(
        "name_ja",
        Shape::Text,
        &[
            "title_ja",
            "商号又は名称",
            "商号または名称",
            "商号",
            "名称",
            "法人名",
            "企業名",
            "会社名",
            "機関名",
            "組織名",
            "事業者名",
            "名称（日本語）",
            "Japanese name",
            "name (ja)",
        ],
    ),
    column(
        "name_en",
        Shape::Text,
        &[
            "title_en",
            "英語表記",
            "商号又は名称（英語）",
            "商号又は名称（英語表記）",
            "英語名",
            "英文名称",
            "名称（英語）",
            "English name",
            "name (en)",
        ],
    ),
    column("name", Shape::ByScript, &["organization", "organisation", "company", "company name", "title"]),
    column(
        "name_kana",
        Shape::Text,
        &[
            "フリガナ",
            "商号又は名称（フリガナ）",
            "よみ",
            "読み",
            "読み仮名",
            "カナ",
            "名称（カナ）",
            "kana",
            "reading",
        ],
    ),
    column("corporate_number", Shape::Text, &["法人番号", "corporate number", "国税庁法人番号"]),
    column(
        "invoice_number",
        Shape::Text,
        &["登録番号", "適格請求書発行事業者登録番号", "インボイス登録番号", "invoice number"],
    ),
    column("ror", Shape::Text, &["ROR ID"]),
    column(
        "municipality",
        Shape::Municipality,
        &[
            "市区町村",
            "市町村",
            "所在市区町村",
            "市区町村コード",
            "全国地方公共団体コード",
            "municipality code",
            "city",
        ],
    ),
    column("prefecture", Shape::Prefecture, &["都道府県", "県"]),
    column("postal_code", Shape::Text, &["郵便番号", "postal code", "zip", "zip code"]),
    column("street", Shape::Street, &["丁目番地等", "番地", "町名番地"]),
    column("address_ja", Shape::Address, &["住所", "所在地", "本社所在地", "本店所在地", "address", "住所（日本語）"]),
    column("address_en", Shape::Text, &["住所（英語）", "英語住所", "address (en)", "English address"]),
    column(
        "website",
        Shape::Text,
        &["ウェブサイト", "ホームページ", "企業ホームページ", "URL", "HP", "web", "web address"],
    ),
    column("founded", Shape::Text, &["設立", "設立年月日", "設立年", "創業", "創業年", "設立年月", "established"]),
    column(
        "employees",
        Shape::Number,
        &["従業員数", "従業員", "社員数", "職員数", "従業員数（人）", "number of employees"],
    ),
    column("capital", Shape::Yen(1), &["資本金", "資本金（円）", "capital (yen)"]),
    column("capital", Shape::Yen(1_000), &["資本金（千円）"]),
    column("capital", Shape::Yen(10_000), &["資本金（万円）"]),
    column("capital", Shape::Yen(1_000_000), &["資本金（百万円）"]),
    column("industry", Shape::Text, &["業種", "産業分類", "業種コード", "日本標準産業分類", "JSIC", "industry code"]),
    column("sdgs", Shape::Many(Item::Number), &["SDG"]),
    column("certificates", Shape::Many(Item::Certificate), &["認証", "取得認証", "認証取得", "certificate"]),
    column(
        "description_ja",
        Shape::Text,
        &["summary_ja", "text_ja", "事業内容", "事業概要", "説明", "概要", "企業概要", "紹介文", "description (ja)"],
    ),
    column(
        "description_en",
        Shape::Text,
        &["summary_en", "text_en", "説明（英語）", "英語説明", "事業概要（英語）", "description (en)"],
    ),
    column("description", Shape::ByScript, &["summary", "text", "profile"]),
    column("aliases", Shape::Many(Item::Text), &["別名", "略称", "通称", "alias"]),
    column("former_names", Shape::Many(Item::Text), &["旧名称", "旧商号", "旧社名", "former name"]),
    column("successor", Shape::Reference, &["承継先", "承継法人", "後継機関"]),
    column("capabilities", Shape::Capabilities, &[]),
];

const PERSON: &[Column] = &[
    column(
        "name_ja",
        Shape::Text,
        &["title_ja", "氏名", "名前", "研究者名", "氏名（日本語）", "name (ja)", "Japanese name"],
    ),
    column("name_en", Shape::Text, &["title_en", "英語氏名", "氏名（英語）", "英語表記", "English name", "name (en)"]),
    column("name", Shape::ByScript, &["person", "researcher", "title"]),
    column(
        "name_kana",
        Shape::Text,
        &["フリガナ", "氏名（カナ）", "よみ", "読み", "読み仮名", "カナ", "kana", "reading"],
    ),
    column("orcid", Shape::Text, &["ORCID iD"]),
    column("erad", Shape::Text, &["e-Rad", "e-Rad研究者番号", "研究者番号", "e-Rad number"]),
    column("researchmap", Shape::Text, &["researchmap ID", "リサーチマップ"]),
    column(
        "affiliations",
        Shape::Many(Item::Reference),
        &["所属", "所属機関", "affiliation", "organization", "organisation"],
    ),
    column("position_ja", Shape::Text, &["役職", "職名", "職位", "役職（日本語）"]),
    column("position_en", Shape::Text, &["役職（英語）", "英語役職"]),
    column("position", Shape::ByScript, &["job title"]),
    column(
        "municipality",
        Shape::Municipality,
        &["市区町村", "市町村", "市区町村コード", "全国地方公共団体コード", "city"],
    ),
    column("prefecture", Shape::Prefecture, &["都道府県", "県"]),
    column("website", Shape::Text, &["ウェブサイト", "ホームページ", "URL", "HP", "web"]),
    column("sdgs", Shape::Many(Item::Number), &["SDG"]),
    column(
        "description_ja",
        Shape::Text,
        &["summary_ja", "text_ja", "研究内容", "専門", "説明", "概要", "紹介文", "description (ja)"],
    ),
    column(
        "description_en",
        Shape::Text,
        &["summary_en", "text_en", "説明（英語）", "研究内容（英語）", "description (en)"],
    ),
    column("description", Shape::ByScript, &["summary", "text", "profile"]),
    column("aliases", Shape::Many(Item::Text), &["別名", "旧姓", "alias"]),
    // What a person is called in other systems says nothing here.
    column("kind", Shape::LeftOut, &["種別", "type"]),
];

const CAPABILITY: &[Column] = &[
    column(
        "owner",
        Shape::Reference,
        &["保有者", "保有機関", "所有者", "提供者", "機関", "企業", "organization", "organisation"],
    ),
    column("owner", Shape::CorporateNumberReference, &["法人番号", "corporate_number", "保有機関の法人番号"]),
    column("capability_kind", Shape::Choice(capability_kind), &["技術種別", "技術・設備種別", "技術の種別"]),
    column(
        "kind",
        Shape::FreeChoice { field: "capability_kind", read: capability_kind, otherwise: Some("technology") },
        &["種別", "区分", "type"],
    ),
    column(
        "name_ja",
        Shape::Text,
        &["title_ja", "名称", "技術名", "設備名", "サービス名", "名称（日本語）", "name (ja)"],
    ),
    column("name_en", Shape::Text, &["title_en", "英語名", "名称（英語）", "英語表記", "name (en)", "English name"]),
    column("name", Shape::ByScript, &["title", "capability", "名前"]),
    column(
        "description_ja",
        Shape::Text,
        &["summary_ja", "text_ja", "説明", "概要", "内容", "特徴", "description (ja)"],
    ),
    column("description_en", Shape::Text, &["summary_en", "text_en", "説明（英語）", "description (en)"]),
    column("description", Shape::ByScript, &["summary", "text"]),
    column("evidence_ja", Shape::Text, &["実績", "根拠", "納入実績"]),
    column("evidence_en", Shape::Text, &["実績（英語）"]),
    column("evidence", Shape::ByScript, &[]),
    column("readiness", Shape::Number, &["成熟度", "TRL", "技術成熟度"]),
    column("trial_use", Shape::Truth, &["試用", "設備の試用", "設備開放", "開放", "trial use"]),
    column("price_min", Shape::Yen(1), &["価格下限", "最低価格", "料金下限"]),
    column("price_max", Shape::Yen(1), &["価格上限", "最高価格", "料金上限"]),
    column("certificates", Shape::Many(Item::Certificate), &["認証", "取得認証", "certificate"]),
    column("sdgs", Shape::Many(Item::Number), &["SDG"]),
];

const SEED: &[Column] = &[
    column(
        "owner",
        Shape::Reference,
        &["保有者", "研究者", "保有機関", "提供者", "機関", "researcher", "organization"],
    ),
    column("owner", Shape::CorporateNumberReference, &["法人番号", "corporate_number"]),
    column("title_ja", Shape::Text, &["name_ja", "題名", "シーズ名", "タイトル", "名称", "研究テーマ", "title (ja)"]),
    column("title_en", Shape::Text, &["name_en", "題名（英語）", "英語題名", "シーズ名（英語）", "title (en)"]),
    column("title", Shape::ByScript, &["name", "seed"]),
    column("summary_ja", Shape::Text, &["description_ja", "text_ja", "概要", "要約", "説明", "summary (ja)"]),
    column("summary_en", Shape::Text, &["description_en", "text_en", "概要（英語）", "summary (en)"]),
    column("summary", Shape::ByScript, &["description", "text"]),
    column("novelty_ja", Shape::Text, &["新規性", "特徴", "新しい点"]),
    column("novelty_en", Shape::Text, &["新規性（英語）"]),
    column("novelty", Shape::ByScript, &[]),
    column("applications_ja", Shape::Text, &["用途", "応用", "想定用途", "応用分野"]),
    column("applications_en", Shape::Text, &["用途（英語）"]),
    column("applications", Shape::ByScript, &["application"]),
    column("partner_sought_ja", Shape::Text, &["求める相手", "連携先", "求めるパートナー"]),
    column("partner_sought_en", Shape::Text, &["求める相手（英語）"]),
    column("partner_sought", Shape::ByScript, &["partner"]),
    column("readiness", Shape::Number, &["成熟度", "TRL", "技術成熟度"]),
    column("property_status", Shape::Choice(property_status), &["知財", "知的財産", "知財の状況", "特許の状況"]),
    column("patents", Shape::Many(Item::Text), &["特許番号", "特許", "patent"]),
    column("offers", Shape::Many(Item::Choice(seed_offer)), &["提供できること", "提供形態", "offer"]),
    column("cost_min", Shape::Yen(1), &["費用下限", "費用の下限"]),
    column("cost_max", Shape::Yen(1), &["費用上限", "費用の上限"]),
    column("time_scale_months", Shape::Number, &["期間", "期間（か月）", "実用化までの期間"]),
    column("contact", Shape::Reference, &["連絡先", "担当者", "問い合わせ先"]),
    column("sdgs", Shape::Many(Item::Number), &["SDG"]),
    column("kind", Shape::LeftOut, &["種別", "type"]),
];

const NEED: &[Column] = &[
    column("owner", Shape::Reference, &["依頼者", "依頼元", "企業", "機関", "organization", "organisation"]),
    column("owner", Shape::CorporateNumberReference, &["法人番号", "corporate_number"]),
    column("title_ja", Shape::Text, &["name_ja", "題名", "ニーズ名", "件名", "タイトル", "名称", "title (ja)"]),
    column("title_en", Shape::Text, &["name_en", "題名（英語）", "title (en)"]),
    column("title", Shape::ByScript, &["name", "need"]),
    column("summary_ja", Shape::Text, &["description_ja", "text_ja", "概要", "要約", "内容", "説明", "summary (ja)"]),
    column("summary_en", Shape::Text, &["description_en", "text_en", "概要（英語）", "summary (en)"]),
    column("summary", Shape::ByScript, &["description", "text"]),
    column("purposes", Shape::Many(Item::Choice(purpose)), &["目的", "purpose"]),
    column("lines", Shape::Lines, &["要件", "条件", "requirements"]),
    column("budget_min", Shape::Yen(1), &["予算下限", "予算の下限"]),
    column("budget_max", Shape::Yen(1), &["予算上限", "予算", "予算の上限", "budget"]),
    column("deadline", Shape::Text, &["期限", "締切", "回答期限"]),
    column("anonymous", Shape::Truth, &["匿名"]),
    column("sdgs", Shape::Many(Item::Number), &["SDG"]),
    column("kind", Shape::LeftOut, &["種別", "type"]),
];

const RECORD: &[Column] = &[
    column("record_kind", Shape::Choice(record_kind), &["実績種別", "実績の種別"]),
    column(
        "kind",
        Shape::FreeChoice { field: "record_kind", read: record_kind, otherwise: None },
        &["種別", "区分", "type"],
    ),
    column(
        "title_ja",
        Shape::Text,
        &["name_ja", "題名", "件名", "タイトル", "課題名", "研究課題名", "案件名", "名称", "title (ja)"],
    ),
    column("title_en", Shape::Text, &["name_en", "題名（英語）", "title (en)"]),
    column("title", Shape::ByScript, &["name", "project"]),
    column("text_ja", Shape::Text, &["description_ja", "summary_ja", "内容", "概要", "説明", "要旨", "text (ja)"]),
    column("text_en", Shape::Text, &["description_en", "summary_en", "内容（英語）", "text (en)"]),
    column("text", Shape::ByScript, &["description", "summary", "abstract"]),
    column("happened_on", Shape::Text, &["date", "日付", "年月日", "年度", "実施日", "契約日", "採択年度", "year"]),
    column("members", Shape::Members, &["参加者", "参加機関", "構成員", "メンバー", "member", "participants"]),
    column("members", Shape::CorporateNumberReference, &["法人番号", "corporate_number"]),
    column("amount", Shape::Yen(1), &["金額", "契約金額", "助成額", "金額（円）"]),
    column("amount", Shape::Yen(1_000), &["金額（千円）"]),
    column("number", Shape::Text, &["番号", "課題番号", "契約番号", "特許番号", "出願番号"]),
    column("kaken", Shape::Text, &["科研費課題番号", "研究課題番号", "KAKEN", "kaken number"]),
    column("patent", Shape::Text, &["特許・出願番号", "patent number"]),
    column("website", Shape::Text, &["ウェブサイト", "URL", "web"]),
];

const EXHIBITION: &[Column] = &[
    column("exhibition_kind", Shape::Choice(exhibition_kind), &["種別", "区分", "kind", "type"]),
    column("title_ja", Shape::Text, &["name_ja", "題名", "展示会名", "商談会名", "名称", "title (ja)"]),
    column("title_en", Shape::Text, &["name_en", "題名（英語）", "名称（英語）", "title (en)"]),
    column("title", Shape::ByScript, &["name", "exhibition"]),
    column("organizer", Shape::Text, &["主催", "主催者", "organiser"]),
    column("description_ja", Shape::Text, &["summary_ja", "概要", "内容", "説明", "description (ja)"]),
    column("description_en", Shape::Text, &["summary_en", "概要（英語）", "description (en)"]),
    column("description", Shape::ByScript, &["summary", "text"]),
    column("call_ja", Shape::Text, &["募集要項", "出展募集", "募集内容"]),
    column("call_en", Shape::Text, &["募集要項（英語）"]),
    column("call", Shape::ByScript, &["call for participation"]),
    column("venue_ja", Shape::Text, &["会場", "開催場所", "会場名"]),
    column("venue_en", Shape::Text, &["会場（英語）"]),
    column("venue", Shape::ByScript, &["place"]),
    column(
        "municipality",
        Shape::Municipality,
        &["開催地", "市区町村", "市町村", "市区町村コード", "municipality code"],
    ),
    column("website", Shape::Text, &["ウェブサイト", "URL", "web"]),
    column("begins_on", Shape::Text, &["初日", "開催日", "開始日", "会期開始", "date", "first day"]),
    column("ends_on", Shape::Text, &["最終日", "終了日", "会期終了", "last day"]),
    column("apply_by", Shape::Text, &["申込締切", "募集締切", "応募締切", "締切", "deadline"]),
    column("answer_by", Shape::Text, &["回答期限", "参加回答期限"]),
    column("theme", Shape::Objects, &["テーマ", "topics"]),
    column("booths", Shape::Objects, &["小間", "ブース"]),
    column("walls", Shape::Objects, &["壁"]),
    column("price", Shape::Yen(1), &["出展料", "小間料", "出展料（円）"]),
    column("subsidy_percent", Shape::Number, &["補助率", "補助率（%）"]),
    column("subsidy_cap", Shape::Yen(1), &["補助上限", "補助上限額"]),
    column("subsidy_cap_each", Shape::Yen(1), &["一社あたりの補助上限", "一社あたりの補助上限額"]),
    column("sdgs", Shape::Many(Item::Number), &["SDG"]),
];

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

/// Headings as people write them, for naming the nearest one.
pub fn heading_names(kind: Kind) -> impl Iterator<Item = &'static str> {
    columns(kind).flat_map(|column| std::iter::once(column.field).chain(column.headings.iter().copied()))
}

fn visibility(text: &str) -> Option<&'static str> {
    Visibility::read(text).map(Visibility::code)
}

fn capability_kind(text: &str) -> Option<&'static str> {
    CapabilityKind::read(text).map(CapabilityKind::code)
}

fn property_status(text: &str) -> Option<&'static str> {
    PropertyStatus::read(text).map(PropertyStatus::code)
}

fn purpose(text: &str) -> Option<&'static str> {
    Purpose::read(text).map(Purpose::code)
}

fn seed_offer(text: &str) -> Option<&'static str> {
    SeedOffer::read(text).map(SeedOffer::code)
}

fn record_kind(text: &str) -> Option<&'static str> {
    let known = match text {
        "契約" | "受注" | "調達" => Some(RecordKind::Contract),
        "助成" | "科研費" | "補助金" => Some(RecordKind::Grant),
        "事業" | "共同研究" => Some(RecordKind::Project),
        _ => RecordKind::read(text),
    };
    known.map(RecordKind::code)
}

fn exhibition_kind(text: &str) -> Option<&'static str> {
    let known = match text {
        "展示会" | "見本市" | "展示商談会" => Some(ExhibitionKind::Fair),
        "商談会" => Some(ExhibitionKind::BusinessMeeting),
        _ => ExhibitionKind::read(text),
    };
    known.map(ExhibitionKind::code)
}

fn organization_kind(text: &str) -> Option<&'static str> {
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
    }
}
