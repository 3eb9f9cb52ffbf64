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
        (MatterKind::Introduction, super::introduction::ONE_YES) => (
            "紹介に一方から承諾の回答がありました。もう一方の回答を待っています。",
            "One side said yes to an introduction. The other one is still to answer.",
        ),
        (MatterKind::Introduction, "accepted") => {
            ("紹介は双方が合意しました。", "Both sides agreed to an introduction.")
        }
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
        (MatterKind::Application, "applied") => {
            ("展示会への出展を申し込みました。", "An application to an exhibition was made.")
        }
        (MatterKind::Application, "withdrawn") => {
            ("展示会への出展申込みを取り下げました。", "An application to an exhibition was withdrawn.")
        }
        (MatterKind::Application, _) => {
            ("展示会への出展申込みが変わりました。", "An application to an exhibition was changed.")
        }
        (MatterKind::Composition, _) => ("共同出展の編成案に動きがあります。", "A composition moved."),
        (MatterKind::Group, "invited" | "seat_added") => (
            "企業間グループへの招待があります。期限までに回答してください。",
            "You are invited into a group. Please answer by the date.",
        ),
        (MatterKind::Group, "reminded") => (
            "グループへの招待の回答期限が近づいています。",
            "An invitation into a group waits for your answer; the date is near.",
        ),
        (MatterKind::Group, "accepted") => ("グループへの参加の回答がありました。", "A member joins a group."),
        (MatterKind::Group, "declined") => (
            "グループへの招待は辞退されました。理由をご覧ください。",
            "An invitation into a group was declined. The reason is given.",
        ),
        (MatterKind::Group, "withdrew") => (
            "グループのメンバーが参加を取り下げました。代わりの候補をご覧ください。",
            "A member left a group. See who could take its place.",
        ),
        (MatterKind::Group, "released") => ("グループの参加者から外れました。", "You were taken out of a group."),
        (MatterKind::Group, "lapsed") => (
            "グループへの招待は回答がないまま期限を過ぎました。",
            "An invitation into a group lapsed without an answer.",
        ),
        (MatterKind::Group, "shares_set") => {
            ("グループの費用の分担が変わりました。", "The shares of cost in a group were changed.")
        }
        (MatterKind::Group, "lead_set") => ("グループの幹事が決まりました。", "A group has its lead."),
        (MatterKind::Group, "confirmed") => ("グループが確定しました。", "A group was confirmed."),
        (MatterKind::Group, "matured") => ("グループの段階が変わりました。", "A group came to another stage."),
        (MatterKind::Group, "dissolved") => ("グループが解散しました。", "A group was dissolved."),
        (MatterKind::Group, "handed_over") => ("グループの担当を引き継ぎました。", "A group was handed over to you."),
        (MatterKind::Group, _) => ("グループに動きがあります。", "A group moved."),
        (MatterKind::Case, _) => ("案件に動きがあります。", "A case moved."),
        (MatterKind::Timetable, "entered") => (
            "商談会の参加者に登録されました。希望と都合をお知らせください。",
            "You take part in a business meeting. Please enter your wishes and when you are free.",
        ),
        (MatterKind::Timetable, "published") => {
            ("商談会の時間割が決まりました。", "The timetable of a business meeting is out.")
        }
        (MatterKind::Timetable, "left_out") => (
            "商談会の時間割に、いまのところ商談が入っていません。主催者にご相談ください。",
            "The timetable of a business meeting has no meeting for you so far. Please talk to the organiser.",
        ),
        (MatterKind::Timetable, "reminded") => (
            "商談会が近づいていますが、商談の入っていない参加者がいます。時間割をご確認ください。",
            "A business meeting is near, and somebody has no meeting in it yet. Please look at the timetable.",
        ),
        (MatterKind::Timetable, "cards_asked") => (
            "商談の結果票がまだ出ていません。お手数ですが、結果をご記入ください。",
            "Result cards of a business meeting are missing. Please say what came of the meetings.",
        ),
        (MatterKind::Timetable, "handed_over") => {
            ("商談会を引き継ぎました。", "A business meeting was handed over to you.")
        }
        (MatterKind::Timetable, _) => {
            ("商談会の時間割に変更があります。", "The timetable of a business meeting changed.")
        }
        (MatterKind::BoothPlan, "published") => {
            ("小間割りが決まりました。", "The booths of an exhibition are decided.")
        }
        (MatterKind::BoothPlan, "handed_over") => {
            ("小間割りを引き継ぎました。", "A booth plan was handed over to you.")
        }
        (MatterKind::BoothPlan, _) => ("小間割りに変更があります。", "A booth plan changed."),
        (MatterKind::Meeting, "moved") => ("商談の時刻か席が変わりました。", "A meeting has another time or table."),
        (MatterKind::Meeting, "cancelled") => ("商談が取りやめになりました。", "A meeting was cancelled."),
        (MatterKind::Meeting, "planned") => ("商談が加わりました。", "A meeting was added."),
        (MatterKind::Meeting, "carded") => ("商談の結果票が届きました。", "A result card of a meeting came in."),
        (MatterKind::Meeting, _) => ("商談に動きがあります。", "A meeting moved."),
    };
    Message::new(ja, en)
}
