//! What a row says of where its thing stands: published or not, and when it was last verified. A file may make neither more of a thing
//! than it says.

use super::rows::{Draft, Notes};
use crate::domain::Defect;
use crate::domain::date::PartialDate;
use crate::domain::vocabulary::Status;

/// The status of a row; a word that is none of ours (稼働中 of a machine) says nothing.
pub fn status(draft: &mut Draft, text: Option<&str>, notes: &mut Notes) {
    let Some(text) = text else { return };
    match read(text) {
        Some(status) => draft.said.unpublished = status != Status::Published,
        None => {
            let shown: String = text.trim().chars().take(60).collect();
            notes.add(&format!("status {shown}"), || {
                Defect::new(
                    "status.unknown",
                    format!("状態「{shown}」は使いません。使うのは、下書き、申請中、掲載中、期限切れ、取り下げです。"),
                    format!("The status \"{shown}\" is not used. Those that are: draft, submitted, published, expired, withdrawn."),
                )
            });
        }
    }
}

fn read(text: &str) -> Option<Status> {
    let known = match text.trim() {
        "公開" | "公開中" | "公開済" | "公開済み" | "掲載" | "掲載済" | "掲載済み" => {
            Status::Published
        }
        "非公開" | "未公開" | "未掲載" | "公開前" | "掲載前" => Status::Draft,
        "審査中" | "審査待ち" | "確認待ち" => Status::Submitted,
        "取下げ" | "取下" | "取り下げ済み" | "公開停止" | "公開終了" | "掲載終了" => {
            Status::Withdrawn
        }
        other => return Status::read(other),
    };
    Some(known)
}

/// A day of verification; a month or a year is its first day.
pub fn day(text: &str) -> Result<String, Defect> {
    let date = PartialDate::parse(&super::cells::date(text)?)?;
    let day = date.first_day().map(|day| day.format("%Y-%m-%d").to_string());
    Ok(day.unwrap_or_else(|| date.as_str().to_owned()))
}

/// Said of new things that come in as drafts.
pub fn note_draft(notes: &mut Notes) {
    notes.add("status draft", || {
        Defect::new(
            "status.draft",
            "状態（status）が掲載中でない新規の行は、下書きとして登録します（期限切れ・取り下げの行も、掲載はしません）。件数は rows です。",
            "New rows whose status is not published come in as drafts (expired and withdrawn ones, too: they are not published); rows counts them.",
        )
    });
}
