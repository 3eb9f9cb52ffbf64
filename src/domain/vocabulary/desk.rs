//! The words of the desk: proposals, introductions, cases, notices.

use serde::{Deserialize, Serialize};

vocabulary! {
    /// What is worked on at a desk.
    MatterKind {
        Match = "match", "マッチング候補", "Proposed match";
        Introduction = "introduction", "紹介", "Introduction";
        Case = "case", "案件", "Case";
    }
}

impl MatterKind {
    /// The path of its resource under /api/v1.
    pub fn plural(self) -> &'static str {
        match self {
            MatterKind::Match => "matches",
            MatterKind::Introduction => "introductions",
            MatterKind::Case => "cases",
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
