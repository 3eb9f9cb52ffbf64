//! Codes in words, for the cells of a file that people read: in JSON Lines codes stay codes.

use super::list_files::Columns;
use crate::domain::vocabulary::Purpose;
use crate::domain::vocabulary::desk::{
    ApplicationState, BoothPlanState, CaseOutcome, CaseStage, CompositionState, CountedBy, DeclineReason, GroupState,
    IntroductionState, MatterKind, Maturity, MeetingOutcome, MeetingState, OpensOn, ProposalOrigin, ProposalState,
    Side, TimetableState,
};
use crate::error::Result;
use crate::store::{Conn, vocabulary};
use serde_json::Value;
use std::collections::HashMap;

/// What codes are called in Japanese, as the headings are.
#[derive(Debug, Default)]
pub struct Words {
    fields: HashMap<String, String>,
    places: HashMap<String, String>,
}

impl Words {
    /// With the words of the tables: fields and municipalities.
    pub fn read(conn: &mut Conn) -> Result<Self> {
        let fields = vocabulary::all_fields(conn)?.into_iter().map(|field| (field.code, field.name_ja));
        let places = vocabulary::all_municipalities(conn)?.into_iter().map(|place| (place.code, place.name_ja));
        Ok(Self { fields: fields.collect(), places: places.collect() })
    }

    /// Puts words in the place of the codes that stand in these columns of a row. What is no code stays. Columns under
    /// `/codes` keep the code of the column that they name.
    pub fn put(&self, columns: Columns, kind: MatterKind, row: &mut Value) {
        let kept = columns.iter().filter_map(|(_, pointer)| {
            let name = pointer.strip_prefix("/codes/")?;
            Some((name.to_owned(), row.get(name)?.clone()))
        });
        let kept: serde_json::Map<String, Value> = kept.collect();
        if !kept.is_empty() {
            row["codes"] = Value::Object(kept);
        }
        for (_, pointer) in columns.iter().filter(|(_, pointer)| !pointer.starts_with("/codes/")) {
            let name = pointer.rsplit('/').next().unwrap_or_default();
            match row.pointer_mut(pointer) {
                Some(Value::String(code)) => self.say(name, kind, code),
                Some(Value::Array(items)) => items.iter_mut().for_each(|item| {
                    if let Value::String(code) = item {
                        self.say(name, kind, code);
                    }
                }),
                Some(_) | None => {}
            }
        }
    }

    fn say(&self, name: &str, kind: MatterKind, code: &mut String) {
        if let Some(word) = self.word(name, kind, code) {
            *code = word;
        }
    }

    /// The word for a code that stands under this name.
    pub fn word(&self, name: &str, kind: MatterKind, code: &str) -> Option<String> {
        let word = match name {
            "state" => state(kind, code),
            "stage" => CaseStage::from_code(code).map(CaseStage::name_ja),
            "reason" => DeclineReason::from_code(code).map(DeclineReason::name_ja),
            "outcome" => {
                let of_meeting = || MeetingOutcome::from_code(code).map(MeetingOutcome::name_ja);
                CaseOutcome::from_code(code).map(CaseOutcome::name_ja).or_else(of_meeting)
            }
            "purpose" => Purpose::from_code(code).map(Purpose::name_ja),
            "origin" => ProposalOrigin::from_code(code).map(ProposalOrigin::name_ja),
            "side" => Side::from_code(code).map(Side::name_ja),
            "opens" => OpensOn::from_code(code).map(OpensOn::name_ja),
            "maturity" => Maturity::from_code(code).map(Maturity::name_ja),
            "kind" => MatterKind::from_code(code).map(MatterKind::name_ja),
            "by" => CountedBy::from_code(code).map(CountedBy::name_ja),
            "municipality" => return self.places.get(code).cloned(),
            "fields" => return self.fields.get(code).cloned(),
            _ => None,
        };
        word.map(str::to_owned)
    }
}

fn state(kind: MatterKind, code: &str) -> Option<&'static str> {
    match kind {
        MatterKind::Match => ProposalState::from_code(code).map(ProposalState::name_ja),
        MatterKind::Introduction => IntroductionState::from_code(code).map(IntroductionState::name_ja),
        MatterKind::Case => CaseStage::from_code(code).map(CaseStage::name_ja),
        MatterKind::Timetable => TimetableState::from_code(code).map(TimetableState::name_ja),
        MatterKind::Meeting => MeetingState::from_code(code).map(MeetingState::name_ja),
        MatterKind::BoothPlan => BoothPlanState::from_code(code).map(BoothPlanState::name_ja),
        MatterKind::Application => ApplicationState::from_code(code).map(ApplicationState::name_ja),
        MatterKind::Composition => CompositionState::from_code(code).map(CompositionState::name_ja),
        MatterKind::Group => GroupState::from_code(code).map(GroupState::name_ja),
    }
}

/// What a deed of a history holds, in one cell: `理由: 時期尚早; 説明: …`.
pub fn deed_in_words(words: &Words, kind: MatterKind, deed: &Value) -> String {
    let Value::Object(fields) = deed else { return String::new() };
    let told = fields.iter().filter(|(name, value)| *name != "event" && !value.is_null());
    let parts = told.map(|(name, value)| {
        let said = match value {
            Value::String(code) => {
                let stage = (name == "to" && kind == MatterKind::Case).then_some("stage");
                words.word(stage.unwrap_or(name), kind, code).unwrap_or_else(|| code.clone())
            }
            Value::Bool(true) => "はい".to_owned(),
            Value::Bool(false) => "いいえ".to_owned(),
            other => other.to_string(),
        };
        format!("{}: {said}", name_ja(name))
    });
    parts.collect::<Vec<String>>().join("; ")
}

fn name_ja(name: &str) -> &str {
    match name {
        "reason" => "理由",
        "text" => "説明",
        "to" => "変更先",
        "side" => "側",
        "title" => "題名",
        "link" => "リンク",
        "what" => "内容",
        "on" => "日付",
        "party" => "相手",
        "note" => "申し送り",
        "message" => "用件",
        "answer_by" => "回答期限",
        "signed_on" => "締結日",
        "outcome" => "成果",
        "measures" => "施策",
        "stage" => "段階",
        "case" => "案件",
        "desk" => "担当",
        other => other,
    }
}

/// What an event of a history is called; its code where it has no word.
pub fn event_ja(kind: MatterKind, event: &str) -> &str {
    match (kind, event) {
        (_, "handed_over") => "引き継ぎ",
        (_, "merged") => "統合",
        (_, "parted") => "統合の取消し",
        (_, "accepted") => "承諾",
        (_, "declined") => "辞退",
        (_, "lapsed") => "期限切れ",
        (_, "reminded") => "お知らせ",
        (_, "noted") => "メモ",
        (MatterKind::Match, "proposed") => "候補に登録",
        (MatterKind::Match, "shortlisted") => "有力候補",
        (MatterKind::Match, "dismissed") => "見送り",
        (MatterKind::Match, "introduced") => "紹介",
        (MatterKind::Introduction, "asked") => "申込み",
        (MatterKind::Introduction, "nda_noted") => "秘密保持契約の確認",
        (MatterKind::Introduction, "part_added") => "資料の追加",
        (MatterKind::Introduction, "part_withdrawn") => "資料の取下げ",
        (MatterKind::Introduction, "ended") => "打切り",
        (MatterKind::Introduction, "case_opened") => "案件の開始",
        (MatterKind::Introduction, "case_closed") => "案件の終了",
        (MatterKind::Introduction, "case_reopened") => "案件の再開",
        (MatterKind::Case, "opened") => "開始",
        (MatterKind::Case, "stage") => "段階の変更",
        (MatterKind::Case, "retitled") => "題名の訂正",
        (MatterKind::Case, "document") => "文書",
        (MatterKind::Case, "next_action") => "次の予定",
        (MatterKind::Case, "action_done") => "予定の完了",
        (MatterKind::Case, "joined") => "参加",
        (MatterKind::Case, "left") => "退出",
        (MatterKind::Case, "measures") => "施策",
        (MatterKind::Case, "outcome") => "成果",
        (MatterKind::Case, "reopened") => "再開",
        (_, other) => other,
    }
}
