//! The words of the field, with their Japanese and English names. Lists that cannot change without a change of
//! the code are enums; lists that an administrator edits (municipalities, fields) are rows in the database,
//! seeded from the files beside this one.

use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// 全国地方公共団体コード: prefectures, and the municipalities of Yamagata. `code,prefecture,name_ja,name_kana,name_en`
pub const MUNICIPALITIES: &str = include_str!("municipalities.csv");
/// Fields of the cluster. `code,parent,name_ja,name_en`
pub const FIELDS: &str = include_str!("fields.csv");

/// The concept tree, separated by tabs, synonyms by `|`: `code parent name_ja name_en synonyms_ja synonyms_en`, wider
/// concepts first. The same file that the engine begins with.
pub const CONCEPTS: &str = include_str!("../../../index/src/taxonomy/concepts.tsv");

/// JSIC sections and divisions. `code,parent,name_ja,name_en`
pub const INDUSTRIES: &str = include_str!("industries.csv");

/// The seventeen goals, in order: `(ja, en)`.
pub const SDGS: [(&str, &str); 17] = [
    ("貧困をなくそう", "No poverty"),
    ("飢餓をゼロに", "Zero hunger"),
    ("すべての人に健康と福祉を", "Good health and well-being"),
    ("質の高い教育をみんなに", "Quality education"),
    ("ジェンダー平等を実現しよう", "Gender equality"),
    ("安全な水とトイレを世界中に", "Clean water and sanitation"),
    ("エネルギーをみんなに そしてクリーンに", "Affordable and clean energy"),
    ("働きがいも経済成長も", "Decent work and economic growth"),
    ("産業と技術革新の基盤をつくろう", "Industry, innovation and infrastructure"),
    ("人や国の不平等をなくそう", "Reduced inequalities"),
    ("住み続けられるまちづくりを", "Sustainable cities and communities"),
    ("つくる責任 つかう責任", "Responsible consumption and production"),
    ("気候変動に具体的な対策を", "Climate action"),
    ("海の豊かさを守ろう", "Life below water"),
    ("陸の豊かさも守ろう", "Life on land"),
    ("平和と公正をすべての人に", "Peace, justice and strong institutions"),
    ("パートナーシップで目標を達成しよう", "Partnerships for the goals"),
];

/// Technology readiness levels 1 to 9, in order: `(ja, en)`.
pub const READINESS: [(&str, &str); 9] = [
    ("基本原理の確認", "Basic principles observed"),
    ("技術コンセプトの確立", "Technology concept formulated"),
    ("概念実証", "Experimental proof of concept"),
    ("研究室での検証", "Validated in the laboratory"),
    ("想定環境での検証", "Validated in a relevant environment"),
    ("想定環境での実証", "Demonstrated in a relevant environment"),
    ("実環境での試作機実証", "Prototype demonstrated in its operational environment"),
    ("実システムの完成・認証", "System complete and qualified"),
    ("実運用での実証・量産", "System proven in operation"),
];

/// Says the codes, and what each is called.
fn schema_of_words(words: &[(&str, &str, &str)]) -> RefOr<Schema> {
    let named: Vec<String> = words.iter().map(|(code, ja, en)| format!("`{code}` {ja} / {en}")).collect();
    let codes = words.iter().map(|(code, _, _)| *code);
    ObjectBuilder::new().schema_type(Type::String).description(Some(named.join("; "))).enum_values(Some(codes)).into()
}

/// An enum whose values have a stable code and a name in each language.
macro_rules! vocabulary {
    ($(#[$meta:meta])* $name:ident { $($(#[$value_meta:meta])* $value:ident = $code:literal, $ja:literal, $en:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$value_meta])* #[serde(rename = $code)] $value,)+
        }

        // By hand: the derived one cannot see a code that comes through this macro, and would name the Rust values.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                crate::domain::vocabulary::schema_of_words(&[$(($code, $ja, $en),)+])
            }
        }

        impl utoipa::ToSchema for $name {}

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$value,)+];

            pub fn code(self) -> &'static str {
                match self { $($name::$value => $code,)+ }
            }

            pub fn name_ja(self) -> &'static str {
                match self { $($name::$value => $ja,)+ }
            }

            pub fn name_en(self) -> &'static str {
                match self { $($name::$value => $en,)+ }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == code)
            }

            /// By code, or by name in either language.
            pub fn read(text: &str) -> Option<Self> {
                let text = text.trim();
                Self::ALL.iter().copied().find(|value| {
                    value.code().eq_ignore_ascii_case(text)
                        || value.name_ja() == text
                        || value.name_en().eq_ignore_ascii_case(text)
                })
            }
        }
    };
}

pub mod desk;

vocabulary! {
    /// What a thing is.
    Kind {
        Organization = "organization", "機関・企業", "Organisation";
        Person = "person", "人", "Person";
        Capability = "capability", "技術・設備・サービス", "Capability";
        Seed = "seed", "研究シーズ", "Seed";
        Need = "need", "ニーズ", "Need";
        Record = "record", "実績", "Record of work";
        Exhibition = "exhibition", "展示会・商談会", "Exhibition";
    }
}

impl Kind {
    /// The path of its resource under /api/v1, and the word of `import` and `export`.
    pub fn plural(self) -> &'static str {
        match self {
            Kind::Organization => "organizations",
            Kind::Person => "people",
            Kind::Capability => "capabilities",
            Kind::Seed => "seeds",
            Kind::Need => "needs",
            Kind::Record => "records",
            Kind::Exhibition => "exhibitions",
        }
    }

    /// Parties are what a match proposes: they own things and themselves.
    pub fn is_party(self) -> bool {
        match self {
            Kind::Organization | Kind::Person => true,
            Kind::Capability | Kind::Seed | Kind::Need | Kind::Record | Kind::Exhibition => false,
        }
    }
}

vocabulary! {
    OrganizationKind {
        Firm = "firm", "企業", "Firm";
        University = "university", "大学", "University";
        ResearchInstitute = "research_institute", "研究機関", "Research institute";
        PublicTestingInstitute = "public_testing_institute", "公設試", "Public testing institute";
        SupportOrganization = "support_organization", "産業支援機関", "Support organisation";
        Bank = "bank", "銀行", "Bank";
        Government = "government", "行政", "Government";
        IndustryAssociation = "industry_association", "業界団体", "Industry association";
        Other = "other", "その他", "Other";
    }
}

vocabulary! {
    CapabilityKind {
        Technology = "technology", "技術", "Technology";
        Process = "process", "加工・工程", "Process";
        Equipment = "equipment", "設備", "Equipment";
        Material = "material", "材料", "Material";
        Evaluation = "evaluation", "評価・分析", "Evaluation and analysis";
        Design = "design", "設計・デザイン", "Design";
        Service = "service", "サービス", "Service";
    }
}

vocabulary! {
    /// What two parties may come together for.
    Purpose {
        JointResearch = "joint_research", "共同研究", "Joint research";
        TechnologyTransfer = "technology_transfer", "技術移転", "Technology transfer";
        Supply = "supply", "調達", "Supply";
        TrialManufacture = "trial_manufacture", "試作", "Trial manufacture";
        Iot = "iot", "IoT導入", "IoT";
        JointOrder = "joint_order", "共同受注", "Joint order";
        JointExhibition = "joint_exhibition", "共同出展", "Joint exhibition";
    }
}

vocabulary! {
    /// What the holder of a seed offers.
    SeedOffer {
        Licence = "licence", "実施許諾", "Licence";
        JointResearch = "joint_research", "共同研究", "Joint research";
        ContractResearch = "contract_research", "受託研究", "Contract research";
        Materials = "materials", "試料提供", "Materials";
        Consultation = "consultation", "技術相談", "Consultation";
    }
}

vocabulary! {
    /// State of the intellectual property of a seed.
    PropertyStatus {
        None = "none", "なし", "None";
        Planned = "planned", "出願予定", "To be filed";
        Filed = "filed", "出願中", "Filed";
        Granted = "granted", "登録済み", "Granted";
    }
}

vocabulary! {
    RecordKind {
        Project = "project", "プロジェクト", "Project";
        Grant = "grant", "研究助成", "Grant";
        Contract = "contract", "契約・受注", "Contract";
        Paper = "paper", "論文", "Paper";
        Patent = "patent", "特許", "Patent";
        Award = "award", "受賞", "Award";
    }
}

vocabulary! {
    ExhibitionKind {
        Fair = "fair", "展示会・見本市", "Fair";
        BusinessMeeting = "business_meeting", "商談会", "Business meeting";
    }
}

vocabulary! {
    /// How strongly a line of a need is meant.
    Strength {
        Must = "must", "必須", "Must";
        Should = "should", "希望", "Should";
        Exclude = "exclude", "除外", "Exclude";
    }
}

vocabulary! {
    /// What a checked condition looks at.
    ConditionField {
        Municipality = "municipality", "市区町村", "Municipality";
        Prefecture = "prefecture", "都道府県", "Prefecture";
        OrganizationKind = "organization_kind", "機関の種別", "Kind of organisation";
        Employees = "employees", "従業員数", "Employees";
        Certificate = "certificate", "認証", "Certificate";
        Field = "field", "分野", "Field";
    }
}

vocabulary! {
    ConditionOperator {
        AnyOf = "any_of", "いずれか", "Any of";
        AtLeast = "at_least", "以上", "At least";
        AtMost = "at_most", "以下", "At most";
    }
}

vocabulary! {
    Visibility {
        Public = "public", "公開", "Public";
        Members = "members", "会員", "Members";
        Parties = "parties", "当事者", "Parties";
        Private = "private", "非公開", "Private";
    }
}

vocabulary! {
    Status {
        Draft = "draft", "下書き", "Draft";
        Submitted = "submitted", "申請中", "Submitted";
        Published = "published", "掲載中", "Published";
        Expired = "expired", "期限切れ", "Expired";
        Withdrawn = "withdrawn", "取り下げ", "Withdrawn";
    }
}

vocabulary! {
    Language {
        Ja = "ja", "日本語", "Japanese";
        En = "en", "英語", "English";
    }
}

vocabulary! {
    /// 従業員規模.
    SizeBand {
        UpTo5 = "1-5", "5人以下", "Up to 5";
        UpTo20 = "6-20", "6〜20人", "6 to 20";
        UpTo50 = "21-50", "21〜50人", "21 to 50";
        UpTo100 = "51-100", "51〜100人", "51 to 100";
        UpTo300 = "101-300", "101〜300人", "101 to 300";
        Over300 = "301-", "301人以上", "Over 300";
    }
}

#[allow(clippy::derivable_impls)] // The macro above derives what every list of words has; only this one has a default.
impl Default for Visibility {
    fn default() -> Self {
        Visibility::Public
    }
}

impl SizeBand {
    pub fn of(employees: i64) -> Self {
        match employees {
            ..=5 => SizeBand::UpTo5,
            6..=20 => SizeBand::UpTo20,
            21..=50 => SizeBand::UpTo50,
            51..=100 => SizeBand::UpTo100,
            101..=300 => SizeBand::UpTo300,
            _ => SizeBand::Over300,
        }
    }
}
