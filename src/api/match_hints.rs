//! What a match says beside its proposals: how a free text was read, who is not in the list, and what to try next.

use super::left_out::LeftOut;
use super::matching::{From, MatchQuery};
use crate::domain::entry::Title;
use crate::domain::finding::Message;
use serde::Serialize;
use utoipa::ToSchema;

/// What a match says beside its proposals.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchHint {
    /// `left_out`, `left_out_unchecked`, `place_in_words`, `denied`, `leaves_nobody`, `drop_filter` or `more_words`.
    pub code: &'static str,
    pub message: Message,
    /// For `denied`: how many deny it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// For `drop_filter`: the filter (`municipality`, `prefecture`, `organization_kind` or `field`) without which somebody is
    /// found; absent where more than one stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<&'static str>,
    /// For `leaves_nobody`: the lines (by index) that together leave nobody; absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<usize>,
}

impl MatchHint {
    pub(super) fn new(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        let message = Message { ja: ja.into(), en: en.into() };
        Self { code, message, count: None, filter: None, lines: Vec::new() }
    }
}

/// What a text leaves out: what was applied, and what could only be looked for in words.
pub(super) fn read_as_left_out(left_out: &[LeftOut]) -> Vec<MatchHint> {
    let shown = |checked: bool, unread: bool| -> Option<(String, String)> {
        let these = left_out.iter().filter(|one| one.is_checked() == checked && one.is_unread() == unread);
        let these = these.map(LeftOut::shown);
        let (ja, en): (Vec<String>, Vec<String>) = these.unzip();
        (!ja.is_empty()).then(|| (ja.join("、"), en.join("; ")))
    };
    let by_statement = left_out.iter().any(LeftOut::is_stated);
    let checked = shown(true, false).map(|(ja, en)| {
        let (more_ja, more_en) = match by_statement {
            true => (
                "登録の内容で確かめたもので、登録のない相手は残り、その行は「不明」です。",
                " It was checked by what they state: who states nothing of it stays, with the line unknown.",
            ),
            false => ("", ""),
        };
        MatchHint::new("left_out", format!("{ja}は除きました。{more_ja}"), format!("Left out: {en}.{more_en}"))
    });
    let unchecked = shown(false, false).map(|(ja, en)| {
        MatchHint::new(
            "left_out_unchecked",
            format!(
                "{ja}は除く条件として読みましたが、登録された事実では確かめられないため、だれも除いていません。そう書いている相手を後ろにし、行に示しています。"
            ),
            format!(
                "Read as what to leave out, but no stated fact tells it, so nobody was left out: {en}. Who writes that they do it stands further back, and the line shows it."
            ),
        )
    });
    let unread = shown(false, true).map(|(ja, en)| {
        MatchHint::new(
            "left_out_unchecked",
            format!(
                "{ja}は、除く条件かもしれませんが読み取れなかったため、確かめていません。だれも除いていません。「大学は除く」のように、除く相手・所在地・種別だけを一文で書いてください。"
            ),
            format!(
                "May be meant to leave somebody out, but could not be read surely, so it was not checked and nobody was left out: {en}. Write whom, which place or which kind to leave out in a sentence of its own (\"except universities\")."
            ),
        )
    });
    checked.into_iter().chain(unchecked).chain(unread).collect()
}

/// Words for near that no text can answer: whose prefecture it is, a filter says.
const PLACES_IN_WORDS: &[&str] =
    &["県内", "県外", "市内", "市外", "町内", "村内", "in the prefecture", "in our prefecture"];

/// Of a free text, a place that is only words: the sentence asks for it, and nothing was checked.
pub(super) fn place_in_words(query: &MatchQuery) -> Option<MatchHint> {
    let From::Text(text) = &query.from else { return None };
    if !query.filters.municipality.is_empty() || !query.filters.prefecture.is_empty() {
        return None;
    }
    let lower = text.text.to_lowercase();
    let place = PLACES_IN_WORDS.iter().find(|place| lower.contains(**place))?;
    Some(MatchHint::new(
        "place_in_words",
        format!(
            "「{place}」は所在地の条件としては確かめていません。filters の prefecture（都道府県コードの先頭2桁）か municipality で絞り込めます。"
        ),
        format!(
            "\"{place}\" was not checked as a place. Narrow by the filters prefecture (the first two digits of its code) or municipality."
        ),
    ))
}

/// Names shown of those who deny it.
const DENYING_NAMED: usize = 3;

/// Whoever denies what is asked is no proposal; that it was found, and why it is not there, is said.
pub(super) fn who_denies(denying: &[Title]) -> Option<MatchHint> {
    let named = |english: bool| -> Vec<&str> {
        let shown = denying.iter().take(DENYING_NAMED);
        shown.map(|title| title.en.as_deref().filter(|_| english).unwrap_or(title.any())).collect()
    };
    let (ja, en) = (named(false), named(true));
    let (more_ja, more_en) = match denying.len().saturating_sub(ja.len()) {
        0 => (String::new(), String::new()),
        more => (format!("ほか{more}件"), format!(" and {more} more")),
    };
    let hint = MatchHint::new(
        "denied",
        format!(
            "「{}」{more_ja}は、該当することを行っていない、または他に求めていると書いているため、一覧に入れていません。",
            ja.join("」「")
        ),
        format!("Left out, since they write that they do not do it or seek it in others: {}{more_en}.", en.join("; ")),
    );
    (!denying.is_empty()).then_some(MatchHint { count: Some(denying.len()), ..hint })
}
