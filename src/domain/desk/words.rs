//! What notices say of an event, in both languages. Never what was said in it: letters travel in the open.

use crate::domain::finding::Message;
use crate::domain::vocabulary::desk::MatterKind;

/// The sentence of a notice. `event` is the stable name of the deed.
pub fn sentence(kind: MatterKind, event: &str) -> Message {
    let (ja, en) = match (kind, event) {
        (MatterKind::Match, "handed_over") => {
            ("マッチング候補を引き継ぎました。", "A proposed match was handed over to you.")
        }
        (MatterKind::Match, _) => ("担当の候補にメモが付きました。", "A proposed match on your desk has a note."),
        (MatterKind::Introduction, "asked") => (
            "紹介の申込みがあります。期限までに回答してください。",
            "You are asked for an introduction. Please answer by the date.",
        ),
        (MatterKind::Introduction, "unattended") => (
            "会員から紹介の申込みがありました。担当者はまだいません。",
            "A member asked for an introduction. It is on nobody's desk yet.",
        ),
        (MatterKind::Introduction, "ended") => {
            ("紹介は打ち切られました。理由をご覧ください。", "An introduction was ended. The reason is given.")
        }
        (MatterKind::Introduction, "reminded") => {
            ("紹介の回答期限が近づいています。", "An introduction waits for your answer; the date is near.")
        }
        (MatterKind::Introduction, "accepted") => ("紹介に承諾の回答がありました。", "An introduction was accepted."),
        (MatterKind::Introduction, "declined") => {
            ("紹介は辞退されました。理由をご覧ください。", "An introduction was declined. The reason is given.")
        }
        (MatterKind::Introduction, "lapsed") => {
            ("紹介は回答がないまま期限を過ぎました。", "An introduction lapsed without an answer.")
        }
        (MatterKind::Introduction, "nda_noted") => {
            ("秘密保持契約の締結が記録されました。", "An NDA was noted; what waited for it is open.")
        }
        (MatterKind::Introduction, "part_added") => {
            ("相手方が新しい資料を開示しました。", "The other side opened something to you.")
        }
        (MatterKind::Introduction, "handed_over") => {
            ("紹介を引き継ぎました。", "An introduction was handed over to you.")
        }
        (MatterKind::Introduction, _) => ("紹介に動きがあります。", "An introduction moved."),
        (MatterKind::Case, "opened") => ("案件が始まりました。", "A case was opened."),
        (MatterKind::Case, "stage") => ("案件の段階が変わりました。", "A case moved to another stage."),
        (MatterKind::Case, "next_action") => ("案件の次の予定が決まりました。", "A case has a next action."),
        (MatterKind::Case, "reminded") => ("案件の予定日です。", "The day of a case's next action has come."),
        (MatterKind::Case, "outcome") => ("案件の成果が記録されました。", "The outcome of a case was recorded."),
        (MatterKind::Case, "left") => ("案件への参加が終わりました。", "A party left a case."),
        (MatterKind::Case, "joined") => ("案件に参加者が加わりました。", "A party joined a case."),
        (MatterKind::Case, "handed_over") => ("案件を引き継ぎました。", "A case was handed over to you."),
        (MatterKind::Case, _) => ("案件に動きがあります。", "A case moved."),
    };
    Message::new(ja, en)
}
