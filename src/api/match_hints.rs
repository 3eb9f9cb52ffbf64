//! What a match says beside its proposals: how a free text was read, who is not in the list, and what to try next.

use super::matching::{From, MatchQuery};
use super::search_hints::Hint;
use crate::domain::entry::Title;

pub(super) fn read_as_left_out(unwanted: &[String]) -> Option<Hint> {
    let shown: Vec<String> = unwanted.iter().map(|text| text.chars().take(60).collect()).collect();
    (!shown.is_empty()).then(|| {
        Hint::new(
            "left_out",
            format!("「{}」は除く条件として読みました。", shown.join("」「")),
            format!("Read as what to leave out: {}.", shown.join("; ")),
        )
    })
}

/// Words for near that no text can answer: whose prefecture it is, a filter says.
const PLACES_IN_WORDS: &[&str] =
    &["県内", "県外", "市内", "市外", "町内", "村内", "in the prefecture", "in our prefecture"];

/// Of a free text, a place that is only words: the sentence asks for it, and nothing was checked.
pub(super) fn place_in_words(query: &MatchQuery) -> Option<Hint> {
    let From::Text(text) = &query.from else { return None };
    if !query.filters.municipality.is_empty() || !query.filters.prefecture.is_empty() {
        return None;
    }
    let lower = text.text.to_lowercase();
    let place = PLACES_IN_WORDS.iter().find(|place| lower.contains(**place))?;
    Some(Hint::new(
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
pub(super) fn who_denies(denying: &[Title]) -> Option<Hint> {
    let named = |english: bool| -> Vec<&str> {
        let shown = denying.iter().take(DENYING_NAMED);
        shown.map(|title| title.en.as_deref().filter(|_| english).unwrap_or(title.any())).collect()
    };
    let (ja, en) = (named(false), named(true));
    let (more_ja, more_en) = match denying.len().saturating_sub(ja.len()) {
        0 => (String::new(), String::new()),
        more => (format!("ほか{more}件"), format!(" and {more} more")),
    };
    let hint = Hint::new(
        "denied",
        format!(
            "「{}」{more_ja}は、該当することを行っていない、または他に求めていると書いているため、一覧に入れていません。",
            ja.join("」「")
        ),
        format!("Left out, since they write that they do not do it or seek it in others: {}{more_en}.", en.join("; ")),
    );
    (!denying.is_empty()).then_some(Hint { count: Some(denying.len()), ..hint })
}

pub(super) fn nobody_found(query: &MatchQuery) -> Vec<Hint> {
    let hint = match !query.filters.is_empty() {
        true => Hint::new(
            "drop_filter",
            "該当がありません。絞り込み（filters）を外すか、広げてお試しください。",
            "Nobody was found. Try without the filters, or with wider ones.",
        ),
        false => Hint::new(
            "more_words",
            "該当がありません。技術・材料・用途など、手がかりになる語を足してお試しください。",
            "Nobody was found. Add words that tell what it is about: a technique, a material, a use.",
        ),
    };
    vec![hint]
}
