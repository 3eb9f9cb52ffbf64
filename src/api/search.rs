//! `GET /search`: the index answers ids; what is shown is read again from the database under the caller's rights.

use super::conditions;
use super::facets::{self, Facet, FacetBodies, FacetValue};
use super::names::Names;
use super::problem::Answer;
use super::search_hints::{Hint, hints};
use super::search_words::places;
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::codes::{FieldCode, IndustryCode, MunicipalityCode};
use crate::domain::entry::{TextPlace, Title};
use crate::domain::vocabulary::{Kind, Language, OrganizationKind};
use crate::domain::{Actor, Defect, Finding, Scope, ThingId};
use crate::error::{Error, Result};
use crate::exchange::cells::certificate;
use crate::store::log::{self, Position};
use crate::store::page::{Page, Place};
use crate::store::readings::{self, Reading};
use crate::store::{things, vocabulary};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::evidence::Asked;
use musubi_index::{
    Attribute, Engine, Filters, Freshness, Hit, QueryError, QueryErrorKind, Reader, SearchAnswer, SearchRequest, Sort,
    Terms,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// How long a search waits for the index to reach `min_seq`.
const PATIENCE: Duration = Duration::from_secs(2);
/// Above this many things hidden ahead of the index, counts are left out instead.
pub(super) const NARROWED_MOST: usize = 10_000;
const HIGHLIGHTS_MOST: usize = 4;
/// How often a page is filled up again when hits drop out.
const REFILLS: usize = 5;
const FACETS_MOST: usize = 10;
/// Filters whose values are taken as they are typed.
const PLAIN: [Attribute; 9] = [
    Attribute::Prefecture,
    Attribute::Region,
    Attribute::Purpose,
    Attribute::Sdg,
    Attribute::SizeBand,
    Attribute::Industry,
    Attribute::Readiness,
    Attribute::CapabilityKind,
    Attribute::Certificate,
];

#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words, "phrases", `-not`, `OR`, `field:value` (種別:シーズ, 市町村:山形市, TRL:>=4, 更新:令和6年度); at most 512
    /// characters. Empty: everything that passes the filters.
    #[param(max_length = 512)]
    pub q: String,
    /// Kinds, separated by commas.
    pub kind: Option<String>,
    /// Things of this party (id).
    pub owner: Option<String>,
    /// Municipality or prefecture codes, separated by commas.
    pub municipality: Option<String>,
    /// Fields of the cluster, separated by commas.
    pub field: Option<String>,
    /// Kinds of the organisation behind the thing, separated by commas.
    pub organization_kind: Option<String>,
    /// Prefectures (first two digits of their code), separated by commas.
    pub prefecture: Option<String>,
    /// Parts of prefectures (`06-shonai`; a prefecture that is not divided stands for itself), separated by commas.
    pub region: Option<String>,
    /// Purposes of needs, separated by commas.
    pub purpose: Option<String>,
    /// SDG numbers, separated by commas.
    pub sdg: Option<String>,
    /// Size bands of the organisation behind the thing, separated by commas.
    pub size_band: Option<String>,
    /// Industry classes, separated by commas.
    pub industry: Option<String>,
    /// Readiness levels, separated by commas.
    pub readiness: Option<String>,
    /// Kinds of capabilities, separated by commas.
    pub capability_kind: Option<String>,
    /// Certificates, separated by commas.
    pub certificate: Option<String>,
    /// How long ago somebody confirmed that the thing is true: `within_year`, `within_two_years`, `older`, `never`,
    /// separated by commas.
    pub freshness: Option<String>,
    /// Facets to count, separated by commas: `kind`, `freshness`, `organization_kind`, `municipality`, `region`, `field`,
    /// `purpose`, `sdg` … A thing counts once for its field and once for each wider one (`parent`).
    /// Each is counted without its own filter; a chosen value is always there, with 0 if need be.
    pub facet: Option<String>,
    /// `relevance` (the default), `updated` (the last change), `freshness` (the day on which somebody confirmed it; what
    /// nobody confirmed comes last) or `name` (by its reading).
    #[param(pattern = "^(relevance|updated|freshness|name)$")]
    pub sort: Option<String>,
    /// 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
    /// The `Musubi-Sequence` of a write that must be included: waits up to two seconds for it.
    pub min_seq: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SearchBody {
    pub hits: Vec<HitBody>,
    /// Per facet: its values with counts; null while counts are withheld.
    #[schema(value_type = Option<HashMap<String, Vec<FacetValue>>>)]
    pub facets: Option<FacetBodies>,
    pub total: TotalBody,
    pub next: Option<String>,
    /// The index had not reached `min_seq` in time.
    pub stale: bool,
    pub hints: Vec<Hint>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HitBody {
    pub kind: Kind,
    pub id: String,
    pub version: i64,
    pub title: Title,
    pub owner: Option<OwnerBody>,
    /// Comparable within one answer only.
    pub score: f32,
    pub highlights: Vec<Highlight>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OwnerBody {
    pub id: String,
    pub name: Title,
}

/// Where the words of the query stand.
#[derive(Debug, Serialize, ToSchema)]
pub struct Highlight {
    pub field: String,
    pub lang: Language,
    /// The title, or the sentence that shows most.
    pub text: String,
    /// Code point in the stored text at which `text` starts.
    pub start: usize,
    /// Code points `[start, end)` into `text`.
    pub spans: Vec<[usize; 2]>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TotalBody {
    /// Null while counts are withheld.
    pub value: Option<usize>,
    pub exact: bool,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/search").route(web::get().to(search)).default_service(web::to(wire::method_not_allowed)),
    );
}

/// Find things.
#[utoipa::path(
    get, path = "/api/v1/search", tag = "search", params(SearchQuery),
    responses((status = 200, body = SearchBody), (status = 400, body = super::problem::ProblemBody), (status = 422, body = super::problem::ProblemBody))
)]
async fn search(app: web::Data<App>, Caller(actor): Caller, request: HttpRequest) -> Answer {
    let query: SearchQuery = wire::query(&request)?;
    let service = app.get_ref().clone();
    let body = app.in_turn(move || run(&service, &actor, &query)).await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = &body.next {
        response.insert_header((header::LINK, wire::next_link(&request, next)));
    }
    Ok(response.json(body))
}

fn run(app: &App, actor: &Actor, query: &SearchQuery) -> Result<SearchBody> {
    let scope = actor.scope();
    let limit = Page::parse_limit(query.limit)?;
    let list = cursor_scope(query)?;
    let start = match query.after.as_deref() {
        Some(cursor) => Place::from_cursor(cursor, &list)?.key.parse().map_err(Error::internal)?,
        None => 0,
    };
    let stale = wait_for(app, query.min_seq.as_deref())? || unfinished(app);
    let narrowed = narrowed(app)?;
    let today = app.clock().today();
    let names = app.names.now()?;
    let mut request = app.database.glance(|conn| engine_request(conn, &names, actor, query, today))?;
    request.filters.excluded_ids = narrowed.clone().unwrap_or_default();
    request.limit = limit;
    let faceted = !request.facets.is_empty() || request.count_kinds || request.count_freshness;
    let asked = request.clone();
    let mut page = filled_page(app, &scope, &mut request, start, limit)?;
    if let Some(better) = with_places_mended(app, &scope, &names, &asked, &page.first, start, limit)? {
        page = better;
    }
    let counted = narrowed.is_some();
    let total = page.first.total;
    let hints = hints(app, &names, &page.first, query, &asked, counted)?;
    let facets = match counted && faceted {
        true => Some(facets::bodies(&names, &page.first, query, &asked)),
        false => None,
    };
    Ok(SearchBody {
        hits: page.hits,
        facets,
        total: TotalBody { value: counted.then_some(total), exact: counted },
        next: page.next.map(|at| Place { key: at.to_string(), id: String::new() }.cursor(&list)),
        stale,
        hints,
    })
}

/// The ids of every hit, best first, without those that are gone, changed or hidden since: for an export. A search
/// with more hits than the engine pages through is refused.
pub(super) fn ids(app: &App, actor: &Actor, query: &SearchQuery) -> Result<Vec<String>> {
    const PAGE: usize = 500;
    let narrowed = narrowed(app)?;
    let today = app.clock().today();
    let names = app.names.now()?;
    let mut request = app.database.read(|conn| engine_request(conn, &names, actor, query, today))?;
    request.filters.excluded_ids = narrowed.unwrap_or_default();
    request.limit = PAGE;
    let mut ids = Vec::new();
    loop {
        request.offset = ids.len();
        let answer = ask(&app.engine, &request)?;
        let (count, total) = (answer.hits.len(), answer.total);
        ids.extend(answer.hits.into_iter().map(|hit| hit.id));
        if count == 0 || ids.len() >= total {
            return Ok(ids);
        }
    }
}

/// The page for the query with its slips mended, where a mended word names a place or a certificate, which the engine
/// cannot know.
fn with_places_mended(
    app: &App,
    scope: &Scope,
    names: &Names,
    asked: &SearchRequest,
    answer: &SearchAnswer,
    start: usize,
    limit: usize,
) -> Result<Option<FilledPage>> {
    let Some(query) = &answer.mended else { return Ok(None) };
    let places = places(names, query);
    if places.keys().all(|word| asked.places.contains_key(word)) {
        return Ok(None);
    }
    let mut request = SearchRequest { query: query.clone(), places, ..asked.clone() };
    let mut page = filled_page(app, scope, &mut request, start, limit)?;
    if page.first.total == 0 || page.first.relaxed {
        return Ok(None);
    }
    page.first.corrected.get_or_insert_with(|| query.clone());
    Ok(Some(page))
}

struct FilledPage {
    hits: Vec<HitBody>,
    /// The first answer of the engine: counts, facets and terms are its.
    first: SearchAnswer,
    /// Where the next page begins among the engine's hits.
    next: Option<usize>,
}

/// Asks the engine until the page is full: hits that are gone, changed or hidden since drop out.
fn filled_page(
    app: &App,
    scope: &Scope,
    request: &mut SearchRequest,
    start: usize,
    limit: usize,
) -> Result<FilledPage> {
    let mut hits = Vec::with_capacity(limit);
    let mut first: Option<SearchAnswer> = None;
    let mut at = start;
    let mut more = true;
    for _ in 0..REFILLS {
        request.offset = at;
        let answer = ask(&app.engine, request)?;
        let ids: Vec<String> = answer.hits.iter().map(|hit| hit.id.clone()).collect();
        let (readings, owners) = app.database.read(|conn| read_again(conn, scope, &ids))?;
        let terms = first.as_ref().map_or(&answer.terms, |first| &first.terms);
        for hit in &answer.hits {
            if hits.len() == limit {
                break;
            }
            at += 1;
            let fresh = readings.get(&hit.id).filter(|reading| reading.card.version as u64 == hit.version);
            if let Some(reading) = fresh {
                hits.push(hit_body(reading, &owners, hit.score, app.texts.asked(terms)));
            }
        }
        more = at < answer.total;
        let exhausted = answer.hits.is_empty();
        if first.is_none() {
            first = Some(answer);
            request.facets.clear();
            request.count_kinds = false;
            request.count_freshness = false;
        }
        if hits.len() == limit || !more || exhausted {
            break;
        }
    }
    Ok(FilledPage { hits, first: first.unwrap_or_default(), next: more.then_some(at) })
}

pub(super) fn ask(engine: &Engine, request: &SearchRequest) -> Result<SearchAnswer> {
    engine.search(request).map_err(refused)
}

/// A query that the engine does not take, with its place.
pub(super) fn refused(error: QueryError) -> Error {
    let (ja, en) = (error.message.ja.clone(), error.message.en.clone());
    match error.kind {
        QueryErrorKind::Damaged => Error::Unavailable(Defect::new("index-rebuilding", ja, en)),
        QueryErrorKind::TooFar => Error::Malformed(Defect::new("query.too_far", ja, en)),
        QueryErrorKind::TooLong | QueryErrorKind::TooManyTerms | QueryErrorKind::TooDeep => {
            let code = match error.kind {
                QueryErrorKind::TooLong => "query.too_long",
                QueryErrorKind::TooManyTerms => "query.too_many_terms",
                _ => "query.too_deep",
            };
            let place = error.position + 1;
            Error::Malformed(Defect::new(
                code,
                format!("{ja}（{place}文字目）"),
                format!("{en} (at character {place})"),
            ))
        }
    }
}

/// Hits of the engine as this caller may see them now; what is gone, changed or hidden is left out.
pub(super) fn filled(app: &App, scope: &Scope, hits: &[Hit], terms: &Terms) -> Result<Vec<HitBody>> {
    let ids: Vec<String> = hits.iter().map(|hit| hit.id.clone()).collect();
    let (readings, owners) = app.database.read(|conn| read_again(conn, scope, &ids))?;
    let fresh = hits.iter().filter_map(|hit| {
        let reading = readings.get(&hit.id).filter(|reading| reading.card.version as u64 == hit.version)?;
        Some(hit_body(reading, &owners, hit.score, app.texts.asked(terms)))
    });
    Ok(fresh.collect())
}

/// The readings of hits, and the names of their owners.
pub(super) fn read_again(
    conn: &mut crate::store::Conn,
    scope: &Scope,
    ids: &[String],
) -> Result<(HashMap<String, Reading>, HashMap<String, OwnerBody>)> {
    let readings = readings::read(conn, scope, ids)?;
    let owners = readings.values().filter_map(|reading| reading.card.owner.clone()).collect();
    Ok((readings, read_owners(conn, scope, owners)?))
}

/// The names of owners, as far as the caller may see them.
pub(super) fn read_owners(
    conn: &mut crate::store::Conn,
    scope: &Scope,
    mut owners: Vec<String>,
) -> Result<HashMap<String, OwnerBody>> {
    owners.sort();
    owners.dedup();
    let cards = things::cards(conn, scope, &owners)?;
    Ok(cards.into_iter().map(|(id, card)| (id.clone(), OwnerBody { id, name: card.title })).collect())
}

fn hit_body(reading: &Reading, owners: &HashMap<String, OwnerBody>, score: f32, asked: Asked<'_>) -> HitBody {
    let card = &reading.card;
    let owner = card.owner.as_ref().filter(|owner| **owner != card.id).and_then(|owner| owners.get(owner)).cloned();
    HitBody {
        kind: card.kind,
        id: card.id.clone(),
        version: card.version,
        title: card.title.clone(),
        owner,
        score,
        highlights: highlights(reading, asked),
    }
}

fn highlights(reading: &Reading, asked: Asked<'_>) -> Vec<Highlight> {
    let mut found = Vec::new();
    for text in &reading.texts {
        if found.len() == HIGHLIGHTS_MOST {
            break;
        }
        let (start, shown, spans) = match text.place {
            TextPlace::Title | TextPlace::Alias => (0, text.text.clone(), asked.spans(&text.text)),
            TextPlace::Body | TextPlace::Unwanted => match asked.best_sentence(&text.text) {
                Some(sentence) => (sentence.start, sentence.text, sentence.spans),
                None => continue,
            },
        };
        if !spans.is_empty() {
            let spans = spans.into_iter().map(|(from, to)| [from - start, to - start]).collect();
            found.push(Highlight { field: text.field.clone(), lang: text.language, text: shown, start, spans });
        }
    }
    found
}

/// Everything that decides the list, but not the page.
fn cursor_scope(query: &SearchQuery) -> Result<String> {
    let scope = SearchQuery { limit: None, after: None, min_seq: None, facet: None, ..query.clone() };
    Ok(format!("search {}", serde_json::to_string(&scope).map_err(Error::internal)?))
}

/// Waits for the index to include a write. True if it did not in time.
pub(super) fn wait_for(app: &App, token: Option<&str>) -> Result<bool> {
    wait_with(app, token, |seq| app.feed.wait_for(seq, PATIENCE))
}

/// Waits for the saved searches to have been told of a write. True if they were not in time.
pub(super) fn wait_until_watched(app: &App, token: Option<&str>) -> Result<bool> {
    wait_with(app, token, |seq| app.watch.wait_for(seq, PATIENCE))
}

fn wait_with(app: &App, token: Option<&str>, wait: impl Fn(i64) -> bool) -> Result<bool> {
    let Some(token) = token else { return Ok(false) };
    let head = app.database.read(log::head)?;
    match Position::seq_of_token(token, &head.epoch) {
        // Nobody has written that: waiting would only keep others from their turn.
        Ok(Some(seq)) if seq > head.seq => Ok(true),
        Ok(Some(seq)) => Ok(!wait(seq)),
        // Written before a restore: nobody can say whether it is in.
        Ok(None) => Ok(true),
        Err(log::NoToken) => Err(Error::Malformed(Defect::new(
            "min-seq",
            "min_seq には Musubi-Sequence ヘッダーの値をそのまま送ってください。",
            "min_seq takes the value of a Musubi-Sequence header as it came.",
        ))),
    }
}

/// Whether the index is still being built: what is found may lack something.
pub(super) fn unfinished(app: &App) -> bool {
    app.engine.mark().is_none() || app.feed.status().rebuilding
}

/// Things that changes ahead of the index hide or delete. `None`: there are too many to name, or what is served does
/// not follow this log (not built yet, or a database that was restored), so nobody can say what it should not count.
pub(super) fn narrowed(app: &App) -> Result<Option<Vec<String>>> {
    match app.feed.status().mark {
        Some(mark) => app.database.glance(|conn| log::narrowed_after(conn, mark.seq, NARROWED_MOST)),
        None => Ok(None),
    }
}

pub(super) fn reader(actor: &Actor) -> Reader {
    crate::feed::reader_of(&actor.scope())
}

fn no_industry(text: &str) -> Defect {
    let shown: String = text.chars().take(60).collect();
    Defect::new(
        "value.not_in_list",
        format!("「{shown}」という業種コードはありません。大分類（E など）か、2〜4桁の数字です（GET /industries）。"),
        format!("\"{shown}\" is no class of industry: a section (E) or two to four digits (GET /industries)."),
    )
}

/// The values of a filter that the list of its attribute does not hold.
fn strange(names: &Names, attribute: Attribute, values: &[String]) -> Vec<Finding> {
    /// Longer lists are not read to the end.
    const FEW: usize = 20;
    let known = names.labels(attribute);
    let defect = |value: &String| {
        if known.len() > FEW {
            return wire::not_in_list(value);
        }
        let mut codes: Vec<&str> = known.keys().map(String::as_str).collect();
        codes.sort_by_key(|code| (code.parse::<u32>().ok(), *code));
        wire::not_one_of(value, codes)
    };
    let strange = values.iter().filter(|value| !known.contains_key(*value));
    strange.map(|value| Finding::new(format!("/{}", attribute.name()), defect(value))).collect()
}

/// What is asked, as the engine takes it; `today` in days since 1970-01-01.
pub(super) fn engine_request(
    conn: &mut crate::store::Conn,
    names: &Names,
    actor: &Actor,
    query: &SearchQuery,
    today: i32,
) -> Result<SearchRequest> {
    let mut findings = Vec::new();
    let kinds = words(&query.kind, &mut findings, "kind", |text| {
        let known = || Kind::ALL.iter().map(|kind| kind.code());
        Kind::from_code(text).map(|kind| kind.code().to_owned()).ok_or_else(|| wire::not_one_of(text, known()))
    });
    let owners = words(&query.owner, &mut findings, "owner", |text| ThingId::parse(text).map(String::from));
    let municipalities = words(&query.municipality, &mut findings, "municipality", |text| {
        MunicipalityCode::parse(text).map(String::from)
    });
    let fields = words(&query.field, &mut findings, "field", |text| FieldCode::parse(text).map(String::from));
    let organization_kinds = words(&query.organization_kind, &mut findings, "organization_kind", |text| {
        let known = || OrganizationKind::ALL.iter().map(|kind| kind.code());
        OrganizationKind::read(text).map(|kind| kind.code().to_owned()).ok_or_else(|| wire::not_one_of(text, known()))
    });
    let freshness = words(&query.freshness, &mut findings, "freshness", |text| {
        let known = || Freshness::ALL.iter().map(|one| one.name());
        Freshness::ALL.into_iter().find(|one| one.name() == text).ok_or_else(|| wire::not_one_of(text, known()))
    });
    let mut facets: Vec<Facet> = Vec::new();
    for facet in words(&query.facet, &mut findings, "facet", Facet::read) {
        if !facets.contains(&facet) {
            facets.push(facet);
        }
    }
    let raw = |parameter: &Option<String>| -> Vec<String> { typed(parameter).map(str::to_owned).collect() };
    if facets.len() > FACETS_MOST {
        let defect = Defect::new(
            "facet.too_many",
            format!("facet は{FACETS_MOST}個までです（{}個あります）。", facets.len()),
            format!("At most {FACETS_MOST} facets; there are {}.", facets.len()),
        );
        findings.push(Finding::new("/facet", defect));
    }
    let sort = match query.sort.as_deref() {
        None | Some("relevance") => Sort::Relevance,
        Some("updated") => Sort::Updated,
        Some("freshness") => Sort::Freshness,
        Some("name") => Sort::Name,
        Some(other) => {
            findings
                .push(Finding::new("/sort", wire::not_one_of(other, ["relevance", "updated", "freshness", "name"])));
            Sort::Relevance
        }
    };
    let mut plain = Vec::new();
    for attribute in PLAIN {
        let values = raw(query.filter(attribute)).into_iter();
        let values: Vec<String> = match attribute {
            Attribute::Certificate => values.map(|text| certificate(&text)).collect(),
            Attribute::Industry => {
                values.map(|text| IndustryCode::parse(&text).map(String::from).unwrap_or(text)).collect()
            }
            _ => values.collect(),
        };
        // Certificates are open, and classes of industry go deeper than our list of them.
        if attribute == Attribute::Industry {
            let unknown = values.iter().filter(|value| names.label(attribute, value).is_none());
            findings.extend(unknown.map(|value| Finding::new("/industry", no_industry(value))));
        } else if !values.is_empty() && attribute != Attribute::Certificate {
            findings.extend(strange(names, attribute, &values));
        }
        if !values.is_empty() {
            plain.push((attribute, values));
        }
    }
    for (attribute, values) in [(Attribute::Municipality, &municipalities), (Attribute::Field, &fields)] {
        findings.extend(strange(names, attribute, values));
    }
    if !findings.is_empty() {
        return Err(Error::Invalid(findings));
    }
    let mut attributes = Vec::new();
    if !municipalities.is_empty() {
        attributes.push((Attribute::Municipality, vocabulary::with_their_municipalities(conn, &municipalities)?));
    }
    if !fields.is_empty() {
        attributes.push((Attribute::Field, fields));
    }
    if !organization_kinds.is_empty() {
        attributes.push((Attribute::OrganizationKind, organization_kinds));
    }
    attributes.extend(plain);
    Ok(SearchRequest {
        query: query.q.clone(),
        meanings: conditions::meanings(conn, names, &actor.scope(), &query.q)?,
        places: places(names, &query.q),
        reader: reader(actor),
        filters: Filters { kinds, owners, attributes, freshness, today, ..Filters::default() },
        count_kinds: facets.contains(&Facet::Kind),
        count_freshness: facets.contains(&Facet::Freshness),
        facets: facets.into_iter().filter_map(Facet::attribute).collect(),
        sort,
        offset: 0,
        limit: 0,
    })
}

impl SearchQuery {
    /// The parameter that filters by an attribute.
    pub(super) fn filter(&self, attribute: Attribute) -> &Option<String> {
        match attribute {
            Attribute::OrganizationKind => &self.organization_kind,
            Attribute::Municipality => &self.municipality,
            Attribute::Prefecture => &self.prefecture,
            Attribute::Region => &self.region,
            Attribute::Field => &self.field,
            Attribute::Purpose => &self.purpose,
            Attribute::Sdg => &self.sdg,
            Attribute::SizeBand => &self.size_band,
            Attribute::Industry => &self.industry,
            Attribute::Readiness => &self.readiness,
            Attribute::CapabilityKind => &self.capability_kind,
            Attribute::Certificate => &self.certificate,
        }
    }
}

/// The comma-separated words of a parameter.
pub(super) fn typed(parameter: &Option<String>) -> impl Iterator<Item = &str> {
    parameter.iter().flat_map(|list| list.split(',')).map(str::trim).filter(|text| !text.is_empty())
}

/// The comma-separated words of a parameter, each read; what cannot be read is a finding.
fn words<T>(
    parameter: &Option<String>,
    findings: &mut Vec<Finding>,
    name: &str,
    read: impl Fn(&str) -> std::result::Result<T, Defect>,
) -> Vec<T> {
    let mut found = Vec::new();
    for text in typed(parameter) {
        match read(text) {
            Ok(value) => found.push(value),
            Err(defect) => findings.push(Finding::new(format!("/{name}"), defect)),
        }
    }
    found
}
