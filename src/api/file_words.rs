//! Codes in words, for the cells of a file that people read: in JSON Lines codes stay codes.

use super::list_files::Columns;
use crate::domain::ThingId;
use crate::domain::vocabulary::Purpose;
use crate::domain::vocabulary::desk::{
    ApplicationState, BoothPlanState, CaseOutcome, CaseStage, CompositionState, CountedBy, DeclineReason, GroupState,
    IntroductionState, MatterKind, Maturity, MeetingOutcome, MeetingSide, MeetingState, OpensOn, ProposalOrigin,
    ProposalState, Side, TimetableState,
};
use crate::error::Result;
use crate::store::{Conn, vocabulary};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// What codes are called in Japanese, as the headings are.
#[derive(Debug, Default)]
pub struct Words {
    fields: HashMap<String, String>,
    places: HashMap<String, String>,
    /// What parties, things and people are called that a history names by their ids.
    names: HashMap<String, String>,
}

impl Words {
    /// With the words of the tables: fields and municipalities.
    pub fn read(conn: &mut Conn) -> Result<Self> {
        let fields = vocabulary::all_fields(conn)?.into_iter().map(|field| (field.code, field.name_ja));
        let places = vocabulary::all_municipalities(conn)?.into_iter().map(|place| (place.code, place.name_ja));
        Ok(Self { fields: fields.collect(), places: places.collect(), names: HashMap::new() })
    }

    pub fn name(&mut self, id: &ThingId, name: &str) {
        self.names.insert(id.to_string(), name.to_owned());
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
            "side" => {
                let of_meeting = || MeetingSide::from_code(code).map(MeetingSide::name_ja);
                Side::from_code(code).map(Side::name_ja).or_else(of_meeting)
            }
            // The clock on the wall of a meeting.
            "start" | "end" if kind == MatterKind::Meeting => return in_japan(code),
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

/// `2026-09-10 10:00`, as the clock on the wall says.
fn in_japan(moment: &str) -> Option<String> {
    let moment = chrono::DateTime::parse_from_rfc3339(moment).ok()?;
    Some((moment.to_utc() + chrono::TimeDelta::hours(9)).format("%Y-%m-%d %H:%M").to_string())
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

/// Every id in these deeds.
pub fn ids_in<'a>(deeds: impl Iterator<Item = &'a Value>) -> BTreeSet<ThingId> {
    fn collect(value: &Value, ids: &mut BTreeSet<ThingId>) {
        match value {
            Value::String(text) => ids.extend(ThingId::parse(text)),
            Value::Array(items) => items.iter().for_each(|item| collect(item, ids)),
            Value::Object(fields) => fields.values().for_each(|value| collect(value, ids)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut ids = BTreeSet::new();
    deeds.for_each(|deed| collect(deed, &mut ids));
    ids
}

/// What a deed of a history holds, in one cell: `理由: 時期尚早; 説明: …`.
pub fn deed_in_words(words: &Words, kind: MatterKind, deed: &Value) -> String {
    let Value::Object(fields) = deed else { return String::new() };
    let told = fields.iter().filter(|(name, _)| *name != "event" && !is_long(kind, name));
    let parts =
        told.filter_map(|(name, value)| Some(format!("{}: {}", name_ja(name), said(words, kind, name, value)?)));
    parts.collect::<Vec<String>>().join("; ")
}

/// Whole questions and answers of the solver are no matter for a cell.
fn is_long(kind: MatterKind, name: &str) -> bool {
    kind == MatterKind::Composition && ["ask", "result", "effect"].contains(&name)
}

/// A value in words; none where it says nothing.
fn said(words: &Words, kind: MatterKind, name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(code) => {
            let name = match (name, kind) {
                ("to", MatterKind::Case) => "stage",
                ("to", MatterKind::Group) => "maturity",
                ("outcome", MatterKind::Composition) => "state",
                _ => name,
            };
            let word = words.word(name, kind, code).or_else(|| words.names.get(code).cloned());
            Some(word.unwrap_or_else(|| code.clone()))
        }
        Value::Bool(truth) => Some(if *truth { "はい" } else { "いいえ" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(|item| said(words, kind, name, item)).collect();
            (!items.is_empty()).then(|| items.join("、"))
        }
        Value::Object(fields) => {
            // Who it is about comes first, the rest in brackets.
            let party = fields.get("party").and_then(|party| said(words, kind, "party", party));
            let others = fields.iter().filter(|(name, _)| *name != "party");
            let others = others.filter_map(|(name, value)| {
                let label = if fields.contains_key("out") && name == "into" { "入れる" } else { name_ja(name) };
                Some(format!("{label} {}", said(words, kind, name, value)?))
            });
            let others = others.collect::<Vec<String>>().join("・");
            match party {
                Some(party) => Some(format!("{party}（{others}）")),
                None => Some(others).filter(|others| !others.is_empty()),
            }
        }
    }
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
        "members" => "参加者",
        "result" => "グループ",
        "seat" => "追加",
        "shares" => "分担",
        "share" => "自己負担",
        "cost" => "費用",
        "lead" => "幹事",
        "exhibition" => "展示会",
        "composition" => "編成案",
        "rule" => "補助の決まり",
        "percent" => "補助率",
        "cap" => "補助上限",
        "cap_each" => "一社の補助上限",
        "again" => "期限の変更",
        "replaces" => "代わり",
        "report" => "報告",
        "public" => "公開",
        "form" => "申込内容",
        "shows_ja" => "出展内容",
        "shows_en" => "出展内容（英語）",
        "things" => "出展する技術",
        "willing_to_lead" => "幹事可",
        "space" => "広さ",
        "other_cost" => "その他の費用",
        "pays_at_most" => "負担上限",
        "together" => "一緒に",
        "apart" => "離す",
        "from" => "統合元",
        "into" => "統合先",
        "revision" => "版",
        "edit" => "変更",
        "pin" => "固定",
        "unpin" => "固定の解除",
        "ban" => "除外",
        "unban" => "除外の解除",
        "swap" => "入れ替え",
        "out" => "外す",
        "wishes" => "条件",
        "size" => "人数",
        "seconds" => "計算秒数",
        "alternatives" => "別案",
        "anew" => "計算し直し",
        "chance_points" => "来場者ニーズの点数",
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
        (MatterKind::Application, "applied") => "申込み",
        (MatterKind::Application, "changed") => "変更",
        (MatterKind::Application, "withdrawn") => "取下げ",
        (MatterKind::Composition, "asked") => "編成の依頼",
        (MatterKind::Composition, "changed") => "手による変更",
        (MatterKind::Composition, "found") => "編成案",
        (MatterKind::Composition, "stopped") => "計算の停止",
        (MatterKind::Group, "formed") => "編成",
        (MatterKind::Group, "invited") => "招待",
        (MatterKind::Group, "seat_added") => "追加の招待",
        (MatterKind::Group, "withdrew") => "取下げ",
        (MatterKind::Group, "released") => "除外",
        (MatterKind::Group, "lead_set") => "幹事の決定",
        (MatterKind::Group, "shares_set") => "分担の決定",
        (MatterKind::Group, "confirmed") => "確定",
        (MatterKind::Group, "exhibited") => "出展",
        (MatterKind::Group, "reported") => "報告",
        (MatterKind::Group, "dissolved") => "解散",
        (MatterKind::Group, "matured") => "段階の変更",
        (MatterKind::Group, "story_told") => "成功事例",
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
