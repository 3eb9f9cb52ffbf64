//! The words of the desk: proposals, introductions, cases, notices.

use serde::{Deserialize, Serialize};

vocabulary! {
    /// What is worked on at a desk.
    MatterKind {
        Match = "match", "マッチング候補", "Proposed match";
        Introduction = "introduction", "紹介", "Introduction";
        Case = "case", "案件", "Case";
        Timetable = "timetable", "商談会の時間割", "Meeting timetable";
        Meeting = "meeting", "商談", "Meeting";
        BoothPlan = "booth_plan", "小間割り", "Booth plan";
        Application = "application", "出展申込み", "Application";
        Composition = "composition", "編成案", "Composition";
        Group = "group", "企業間グループ", "Group";
    }
}

impl MatterKind {
    /// Whether those who are in it are held by it until it ends: nobody is deleted out of a case. An arrangement of an
    /// exhibition has no end of its own, and goes on naming whoever is gone.
    pub fn holds_its_parties(self) -> bool {
        match self {
            MatterKind::Match | MatterKind::Introduction | MatterKind::Case | MatterKind::Group => true,
            MatterKind::Application
            | MatterKind::Composition
            | MatterKind::Timetable
            | MatterKind::Meeting
            | MatterKind::BoothPlan => false,
        }
    }

    /// The path of its resource under /api/v1.
    pub fn plural(self) -> &'static str {
        match self {
            MatterKind::Match => "matches",
            MatterKind::Introduction => "introductions",
            MatterKind::Case => "cases",
            MatterKind::Timetable => "timetables",
            MatterKind::Meeting => "meetings",
            MatterKind::BoothPlan => "booth-plans",
            MatterKind::Application => "applications",
            MatterKind::Composition => "compositions",
            MatterKind::Group => "groups",
        }
    }
}

vocabulary! {
    ProposalState {
        Proposed = "proposed", "候補", "Proposed";
        Shortlisted = "shortlisted", "有力候補", "Shortlisted";
        Dismissed = "dismissed", "見送り", "Dismissed";
        Introduced = "introduced", "紹介済み", "Introduced";
    }
}

vocabulary! {
    /// How a proposal came to the desk.
    ProposalOrigin {
        ByHand = "by_hand", "コーディネーターが登録", "By a coordinator";
        Standing = "standing", "常時マッチング", "Standing match";
    }
}

vocabulary! {
    IntroductionState {
        Asked = "asked", "回答待ち", "Asked";
        Accepted = "accepted", "双方合意", "Accepted";
        Declined = "declined", "辞退", "Declined";
        Lapsed = "lapsed", "期限切れ", "Lapsed";
        Ended = "ended", "打切り", "Ended by a desk";
    }
}

vocabulary! {
    /// Why somebody says no.
    DeclineReason {
        TooEarly = "too_early", "時期尚早", "Too early";
        BenefitUnclear = "benefit_unclear", "効果が不明", "Benefit unclear";
        NoCapacity = "no_capacity", "余力がない", "No capacity";
        Price = "price", "費用が合わない", "Price";
        HasPartner = "has_partner", "すでに相手がいる", "Already has a partner";
        Rival = "rival", "競合する", "Rival";
        OutsideField = "outside_field", "分野外", "Outside our field";
        DescriptionUnclear = "description_unclear", "説明が不明", "Description unclear";
        Other = "other", "その他", "Other";
    }
}

impl DeclineReason {
    /// Days for which the pair is left out of the next lists; none: for good. Time and hands come back, the rest stays.
    pub fn rests_for_days(self) -> Option<i64> {
        match self {
            DeclineReason::TooEarly | DeclineReason::NoCapacity => Some(180),
            DeclineReason::BenefitUnclear
            | DeclineReason::Price
            | DeclineReason::HasPartner
            | DeclineReason::Rival
            | DeclineReason::OutsideField
            | DeclineReason::DescriptionUnclear
            | DeclineReason::Other => None,
        }
    }
}

vocabulary! {
    /// The sides of an introduction: whose need or seed it is about, and who is asked about it.
    Side {
        Seeking = "seeking", "求める側", "Seeking";
        Answering = "answering", "応える側", "Answering";
    }
}

impl Side {
    pub fn other(self) -> Self {
        match self {
            Side::Seeking => Side::Answering,
            Side::Answering => Side::Seeking,
        }
    }
}

vocabulary! {
    /// When a confidential part opens to the other side.
    OpensOn {
        Interest = "interest", "双方の合意で", "On mutual interest";
        Nda = "nda", "秘密保持契約の後で", "After the NDA";
    }
}

vocabulary! {
    ApplicationState {
        Applied = "applied", "申込み済み", "Applied";
        Withdrawn = "withdrawn", "取り下げ", "Withdrawn";
    }
}

vocabulary! {
    CompositionState {
        Asked = "asked", "計算前", "Asked";
        Found = "found", "編成案あり", "Found";
        Conflict = "conflict", "条件が両立しない", "The wishes conflict";
        Nothing = "nothing", "時間内に見つからない", "Nothing found in time";
    }
}

vocabulary! {
    /// 共同出展グループの状態.
    GroupState {
        Composing = "composing", "編成中", "Composing";
        Inviting = "inviting", "招待中", "Inviting";
        Confirmed = "confirmed", "確定", "Confirmed";
        Exhibited = "exhibited", "出展済み", "Exhibited";
        Reported = "reported", "報告済み", "Reported";
        Dissolved = "dissolved", "解散", "Dissolved";
    }
}

vocabulary! {
    /// Where a member of a group stands.
    SeatState {
        Planned = "planned", "招待前", "Planned";
        Invited = "invited", "回答待ち", "Invited";
        Accepted = "accepted", "参加", "Accepted";
        Declined = "declined", "辞退", "Declined";
        Lapsed = "lapsed", "期限切れ", "Lapsed";
        Withdrawn = "withdrawn", "参加取り下げ", "Withdrawn";
        Released = "released", "除外", "Released";
    }
}

vocabulary! {
    /// How far a group has come.
    Maturity {
        StudyGroup = "study_group", "勉強会", "Study group";
        JointDevelopment = "joint_development", "共同開発", "Joint development";
        JointOrder = "joint_order", "共同受注", "Joint order";
    }
}

vocabulary! {
    CaseStage {
        Consultation = "consultation", "相談", "Consultation";
        Introduction = "introduction", "紹介", "Introduction";
        Meeting = "meeting", "面談", "Meeting";
        JointResearch = "joint_research", "共同研究", "Joint research";
        Prototype = "prototype", "試作", "Prototype";
        Volume = "volume", "量産", "Volume production";
        Market = "market", "市場", "Market";
    }
}

vocabulary! {
    /// How a case ended.
    CaseOutcome {
        Commercialised = "commercialised", "事業化", "Commercialised";
        Ordered = "ordered", "受注・契約", "Ordered";
        Funded = "funded", "資金獲得", "Funded";
        Patented = "patented", "特許出願", "Patent filed";
        Learned = "learned", "知見の獲得", "Knowledge gained";
        Discontinued = "discontinued", "中止", "Discontinued";
    }
}

impl CaseOutcome {
    /// The two go on together: what they opened to each other stays open.
    pub fn goes_on(self) -> bool {
        match self {
            CaseOutcome::Commercialised | CaseOutcome::Ordered | CaseOutcome::Funded | CaseOutcome::Patented => true,
            CaseOutcome::Learned | CaseOutcome::Discontinued => false,
        }
    }
}

vocabulary! {
    /// How often somebody wants letters about what moved.
    NoticeChoice {
        AtOnce = "at_once", "その都度", "At once";
        Daily = "daily", "1日1回", "Daily";
        Weekly = "weekly", "週1回", "Weekly";
        Never = "none", "送らない", "None";
    }
}

vocabulary! {
    /// What the cells of an indicator stand for.
    CountedBy {
        Stage = "stage", "段階", "Stage";
        Outcome = "outcome", "成果", "Outcome";
        Field = "field", "分野", "Field";
        Municipality = "municipality", "市区町村", "Municipality";
        Programme = "programme", "施策", "Programme";
    }
}

vocabulary! {
    TimetableState {
        Draft = "draft", "作成中", "Draft";
        Published = "published", "公開", "Published";
    }
}

vocabulary! {
    BoothPlanState {
        Draft = "draft", "作成中", "Draft";
        Published = "published", "公開", "Published";
    }
}

vocabulary! {
    /// The sides of a 商談会.
    MeetingSide {
        Buyer = "buyer", "バイヤー", "Buyer";
        Supplier = "supplier", "出展者", "Supplier";
    }
}

impl MeetingSide {
    pub fn other(self) -> Self {
        match self {
            MeetingSide::Buyer => MeetingSide::Supplier,
            MeetingSide::Supplier => MeetingSide::Buyer,
        }
    }

    /// A buyer seeks, a supplier answers.
    pub fn side(self) -> Side {
        match self {
            MeetingSide::Buyer => Side::Seeking,
            MeetingSide::Supplier => Side::Answering,
        }
    }
}

vocabulary! {
    MeetingState {
        Planned = "planned", "予定", "Planned";
        Cancelled = "cancelled", "取りやめ", "Cancelled";
        Reported = "reported", "結果あり", "Reported";
    }
}

vocabulary! {
    /// What came of a meeting, as a result card says it.
    MeetingOutcome {
        FollowUp = "follow_up", "継続商談", "Follow-up";
        Sample = "sample", "サンプル・試作", "Sample or trial";
        Quote = "quote", "見積依頼", "Quotation";
        Order = "order", "成約", "Order";
        NoFit = "no_fit", "見送り", "No fit";
        NotHeld = "not_held", "実施せず", "Not held";
    }
}

impl MeetingOutcome {
    /// Something is to come of it: it may become a case.
    pub fn goes_on(self) -> bool {
        match self {
            MeetingOutcome::FollowUp | MeetingOutcome::Sample | MeetingOutcome::Quote | MeetingOutcome::Order => true,
            MeetingOutcome::NoFit | MeetingOutcome::NotHeld => false,
        }
    }

    pub fn was_not_held(self) -> bool {
        self == MeetingOutcome::NotHeld
    }
}
