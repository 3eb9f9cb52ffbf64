//! What to try next where little or nothing was found.

use super::facets::FRESHNESS;
use super::names::Names;
use super::search::{SearchQuery, ask, refused};
use super::search_words::{self, instead_of, kinds_named, offers};
use crate::app::App;
use crate::domain::finding::Message;
use crate::error::Result;
use musubi_index::{Filters, SearchAnswer, SearchRequest};
use serde::Serialize;
use utoipa::ToSchema;

/// With more filters than this, no two of them are tried together.
const PAIRED_MOST: usize = 6;
/// Readings that are told at most.
const READINGS_MOST: usize = 4;

/// What to try next.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hint {
    /// `relaxed`, `did_you_mean`, `read_as`, `place`, `condition`, `no_words`, `without_quotes`, `unknown_name`,
    /// `drop_filter` or `other_words`; of a match `more_words`, `drop_filter`, `left_out`, `place_in_words` or `denied`.
    pub code: &'static str,
    pub message: Message,
    /// For `did_you_mean`: the query that was answered instead. For `read_as`, `place`,
    /// `condition` and `without_quotes`: the query that asks for this alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// For `drop_filter`: the filter, or the condition of the query, without which something is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// How many are found then: without the filter, or by the query. For `denied`: how many deny it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
}

impl Hint {
    pub(super) fn new(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        let message = Message { ja: ja.into(), en: en.into() };
        Self { code, message, query: None, filter: None, count: None }
    }
}

/// What may stand before a colon in a query.
const CONDITIONS_JA: &str =
    "種別 所有 機関種別 市町村 地域 都道府県 分野 目的 SDGs 規模 業種 成熟度 技術種別 認証 日付 更新 法人番号";
const CONDITIONS_EN: &str = "kind owner organization_kind municipality region prefecture field purpose sdg size_band industry \
                             readiness capability_kind certificate date updated corporate_number";

pub(super) fn hints(
    app: &App,
    names: &Names,
    answer: &SearchAnswer,
    query: &SearchQuery,
    asked: &SearchRequest,
    counted: bool,
) -> Result<Vec<Hint>> {
    let mut hints = Vec::new();
    let unknown = musubi_index::unknown_names(&query.q).map_err(refused)?;
    if !unknown.is_empty() {
        let shown: Vec<String> = unknown.iter().map(|name| name.chars().take(40).collect()).collect();
        hints.push(Hint::new(
            "unknown_name",
            format!(
                "「{}:」という条件はないため、文字として検索しました。使える条件: {CONDITIONS_JA}",
                shown.join(":」「")
            ),
            format!(
                "There is no condition called {}; it was searched for as text. Conditions: {CONDITIONS_EN}",
                shown.join(", ")
            ),
        ));
    }
    if let Some(corrected) = &answer.corrected {
        hints.push(Hint {
            query: Some(corrected.clone()),
            ..Hint::new(
                "did_you_mean",
                format!("「{}」に一致するものがないため、「{corrected}」で検索しました。", query.q),
                format!("Nothing matches \"{}\", so \"{corrected}\" was searched for.", query.q),
            )
        });
    }
    if answer.relaxed && answer.total > 0 {
        hints.push(Hint::new(
            "relaxed",
            "すべての語を含むものがなかったため、一部の語を含むものを近い順に表示しています。",
            "Nothing holds every word, so what holds some of them is shown, closest first.",
        ));
    }
    if answer.nothing_asked {
        hints.push(Hint::new(
            "no_words",
            format!("「{}」には検索できる語がないため、すべてを表示しています。", query.q.trim()),
            format!("There is no word to look for in \"{}\", so everything is shown.", query.q.trim()),
        ));
    }
    hints.extend(kinds(app, asked, counted)?);
    if answer.total > 0 {
        hints.extend(readings(app, answer, asked, counted)?);
        hints.extend(places(app, names, asked, counted)?);
        return Ok(hints);
    }
    hints.extend(unquoted(app, names, asked, counted)?);
    match filter_to_drop(app, asked)? {
        Some((filter, count)) => hints.push(Hint {
            filter: Some(filter.clone()),
            count: counted.then_some(count),
            ..Hint::new(
                "drop_filter",
                format!("該当がありません。絞り込み（{}）を外すと見つかります。", in_japanese(&filter)),
                format!("Nothing was found. Something is without the filter {filter}."),
            )
        }),
        None => hints.push(Hint::new(
            "other_words",
            "該当がありません。語を減らすか、絞り込みを外すか、別の言い方でお試しください。",
            "Nothing was found. Try fewer or other words, or fewer filters.",
        )),
    }
    Ok(hints)
}

/// Filters as a Japanese reader calls them; conditions as they were typed.
fn in_japanese(filters: &str) -> String {
    fn name(filter: &str) -> &str {
        match filter {
            "kind" => "種別",
            "owner" => "所有",
            "organization_kind" => "機関種別",
            "municipality" => "市町村",
            "prefecture" => "都道府県",
            "region" => "地域",
            "field" => "分野",
            "purpose" => "目的",
            "sdg" => "SDGs",
            "size_band" => "規模",
            "industry" => "業種",
            "readiness" => "成熟度",
            "capability_kind" => "技術種別",
            "certificate" => "認証",
            FRESHNESS => "確認の時期",
            condition => condition,
        }
    }
    filters.split(", ").map(name).collect::<Vec<_>>().join("、")
}

/// Words that were read as others, each with the query that says so; only what finds something.
fn readings(app: &App, answer: &SearchAnswer, asked: &SearchRequest, counted: bool) -> Result<Vec<Hint>> {
    let mut hints = Vec::new();
    for (typed, written) in &answer.readings {
        for form in written {
            let Some(query) = instead_of(&asked.query, typed, form).filter(|_| hints.len() < READINGS_MOST) else {
                continue;
            };
            let question = SearchRequest { query: query.clone(), ..asked.clone() };
            let Some(count) = count(app, &question)? else { continue };
            hints.push(Hint {
                query: Some(query),
                count: counted.then_some(count),
                ..Hint::new(
                    "read_as",
                    format!("「{typed}」は「{form}」としても検索しました。"),
                    format!("\"{typed}\" was also searched for as \"{form}\"."),
                )
            });
        }
    }
    Ok(hints)
}

/// Words that name a place, each with the condition for it; only what finds something.
fn places(app: &App, names: &Names, asked: &SearchRequest, counted: bool) -> Result<Vec<Hint>> {
    if asked.places.is_empty() {
        return Ok(Vec::new());
    }
    let mut hints = Vec::new();
    for offer in offers(names, asked) {
        if let Some(count) = count(app, &offer.question)? {
            hints.push(Hint { count: counted.then_some(count), ..offer.hint });
        }
    }
    Ok(hints)
}

/// Words that name a kind, with the condition for it; only what finds something.
fn kinds(app: &App, asked: &SearchRequest, counted: bool) -> Result<Vec<Hint>> {
    for offers in kinds_named(asked) {
        let mut hints = Vec::new();
        for offer in offers {
            if let Some(count) = count(app, &offer.question)? {
                hints.push(Hint { count: counted.then_some(count), ..offer.hint });
            }
        }
        if !hints.is_empty() {
            return Ok(hints);
        }
    }
    Ok(Vec::new())
}

/// The query without its quotation marks, if that finds something.
fn unquoted(app: &App, names: &Names, asked: &SearchRequest, counted: bool) -> Result<Option<Hint>> {
    let is_mark = |character: char| matches!(character, '"' | '“' | '”');
    // Behind a colon they hold a value together.
    if !asked.query.contains(is_mark) || !asked.meanings.is_empty() {
        return Ok(None);
    }
    let query: String = asked.query.replace(is_mark, " ").split_whitespace().collect::<Vec<_>>().join(" ");
    // Outside the marks a word may name a place.
    let places = search_words::places(names, &query);
    let question = SearchRequest { query: query.clone(), places, ..asked.clone() };
    let Some(count) = count(app, &question)? else { return Ok(None) };
    Ok(Some(Hint {
        query: Some(query),
        count: counted.then_some(count),
        ..Hint::new(
            "without_quotes",
            "引用符の中と同じ文字の並びはありません。引用符を外すと見つかります。",
            "Nothing holds exactly what stands between the quotation marks. Something is without them.",
        )
    }))
}

/// How much a question finds as it stands: nothing left out, nothing corrected.
fn count(app: &App, question: &SearchRequest) -> Result<Option<usize>> {
    let answer = ask(&app.engine, &only_counted(question))?;
    Ok((answer.total > 0 && !answer.relaxed && answer.corrected.is_none()).then_some(answer.total))
}

fn only_counted(question: &SearchRequest) -> SearchRequest {
    SearchRequest {
        facets: Vec::new(),
        count_kinds: false,
        count_freshness: false,
        offset: 0,
        limit: 0,
        ..question.clone()
    }
}

/// The question without each of its filters and conditions, by name.
fn removable(asked: &SearchRequest) -> Result<Vec<(String, SearchRequest)>> {
    let mut without: Vec<(&'static str, Filters)> = Vec::new();
    let filters = &asked.filters;
    if !filters.kinds.is_empty() {
        without.push(("kind", Filters { kinds: Vec::new(), ..filters.clone() }));
    }
    if !filters.owners.is_empty() {
        without.push(("owner", Filters { owners: Vec::new(), ..filters.clone() }));
    }
    for (attribute, _) in &filters.attributes {
        let attributes = filters.attributes.iter().filter(|(other, _)| other != attribute).cloned().collect();
        without.push((attribute.name(), Filters { attributes, ..filters.clone() }));
    }
    if !filters.freshness.is_empty() {
        without.push((FRESHNESS, Filters { freshness: Vec::new(), ..filters.clone() }));
    }
    let filtered = |(name, filters): (&str, Filters)| (name.to_owned(), SearchRequest { filters, ..asked.clone() });
    let mut questions: Vec<(String, SearchRequest)> = without.into_iter().map(filtered).collect();
    let typed: Vec<char> = asked.query.chars().collect();
    for condition in musubi_index::conditions(&asked.query).map_err(refused)? {
        let end = condition.position + condition.length;
        let text: String = typed[condition.position..end].iter().collect();
        let before: String = typed[..condition.position].iter().collect();
        // The minus, or NOT, goes with what it denies.
        let bare = before.strip_suffix(musubi_index::is_minus).or_else(|| before.trim_end().strip_suffix("NOT"));
        let shown = if bare.is_some() { format!("-{text}") } else { text };
        let query = format!("{} {}", bare.unwrap_or(&before), typed[end..].iter().collect::<String>());
        questions.push((shown, SearchRequest { query, ..asked.clone() }));
    }
    Ok(questions)
}

/// The one filter, or condition of the query, without which least is found, but something, and how much that is; where no
/// single one stands in the way, two.
fn filter_to_drop(app: &App, asked: &SearchRequest) -> Result<Option<(String, usize)>> {
    let questions = removable(asked)?;
    let singly = least_found(app, &questions)?;
    if singly.is_some() || !(2..=PAIRED_MOST).contains(&questions.len()) {
        return Ok(singly);
    }
    // No single one stands in the way: two do.
    let mut paired = Vec::new();
    for (place, (one, question)) in questions.iter().enumerate() {
        for (other, without) in removable(question)?.into_iter().filter(|(other, _)| other != one) {
            // The same two in the other order were asked already.
            if questions[..place].iter().all(|(earlier, _)| *earlier != other) {
                paired.push((format!("{one}, {other}"), without));
            }
        }
    }
    least_found(app, &paired)
}

/// Of these questions the one that finds least, but something, and how much that is.
fn least_found(app: &App, questions: &[(String, SearchRequest)]) -> Result<Option<(String, usize)>> {
    let mut best: Option<(String, usize)> = None;
    for (name, question) in questions {
        let total = ask(&app.engine, &only_counted(question))?.total;
        if total > 0 && best.as_ref().is_none_or(|(_, least)| total < *least) {
            best = Some((name.clone(), total));
        }
    }
    Ok(best)
}
