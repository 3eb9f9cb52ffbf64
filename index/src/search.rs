//! Search: the tree of the query as sets of documents, scores beside them, a page, facets in one pass.

mod leaf;

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::schema::IndexRecordOption;

use crate::analysis::names::name_key;
use crate::audience;
use crate::bits::Bits;
use crate::document::Attribute;
use crate::error::{EngineError, QueryError, QueryErrorKind};
use crate::freshness::{self, Freshness};
use crate::kernel::{Address, Best, Pool, Scores, ordered};
use crate::query::correction;
use crate::query::parse::{Node, parse};
use crate::query::plan::{Plan, Planning, asks, has_text, plan};
use crate::request::{ConditionField as Field, Filters, Hit, Meaning, SearchAnswer, SearchRequest, Sort};
use crate::schema::fields;
use crate::snapshot::{FacetColumn, FacetOrdinals, Segment, Snapshot, count_together, damaged};

/// Farthest hit that can be shown.
pub const FARTHEST_HIT: usize = 10_000;
/// Added to a document whose whole name is the query.
const NAME_BONUS: f32 = 100.0;
/// Added to a document whose name begins with the query.
const NAME_START_BONUS: f32 = 20.0;
/// Names looked at that begin with the query.
const MOST_NAMES: usize = 256;
/// A relaxed hit reaches this share of the best one.
const RELAXED_SHARE: f32 = 0.25;

/// Why a search is not answered.
pub(crate) enum Refused {
    Query(QueryError),
    /// The files do not hold what they should.
    Damaged,
}

impl From<EngineError> for Refused {
    fn from(_: EngineError) -> Refused {
        Refused::Damaged
    }
}

pub(crate) fn run(snapshot: &Snapshot, pool: &Pool, request: &SearchRequest) -> Result<SearchAnswer, Refused> {
    if request.offset.saturating_add(request.limit) > FARTHEST_HIT {
        return Err(Refused::Query(QueryError::new(QueryErrorKind::TooFar, 0)));
    }
    let tree = parse(&request.query).map_err(Refused::Query)?;
    let Planning { plan, terms, readings } = plan(snapshot, &request.places, &tree)?;
    let name = whole_name(&tree, &request.query);
    let searching = Searching { snapshot, pool, request, plan: &plan, name: name.as_deref() };
    let mut found = searching.find(false)?;
    let mended = match found.total {
        0 => correction::corrected(snapshot, &tree, &request.query)?,
        _ => None,
    };
    let mut better = None;
    if let Some(mended) = &mended {
        let answer = run(snapshot, pool, &SearchRequest { query: mended.clone(), ..request.clone() })?;
        if answer.total > 0 {
            // What was mended may have been mended once more.
            let corrected = answer.corrected.clone().unwrap_or_else(|| mended.clone());
            better = Some(SearchAnswer { corrected: Some(corrected), mended: Some(mended.clone()), ..answer });
        }
    }
    if let Some(answer) = better.take_if(|answer| !answer.relaxed) {
        return Ok(answer);
    }
    let relaxed = found.total == 0 && has_text(&plan);
    if relaxed {
        found = searching.find(true)?;
    }
    // Some of the words as they were mended, where none of them is found as it was typed.
    if let Some(answer) = better.filter(|_| found.total == 0) {
        return Ok(answer);
    }
    let hits = searching.page(&found)?;
    let facets = searching.facets(&found)?;
    let kinds = if request.count_kinds { searching.kinds(&found)? } else { Vec::new() };
    let freshness = if request.count_freshness { searching.freshness(&found) } else { Vec::new() };
    let relaxed = relaxed && found.total > 0;
    Ok(SearchAnswer {
        hits,
        total: found.total,
        facets,
        kinds,
        freshness,
        corrected: None,
        mended,
        readings,
        nothing_asked: !request.query.trim().is_empty() && !asks(&plan),
        relaxed,
        terms,
    })
}

/// The ids of everything the request finds, neither relaxed nor corrected, in no order.
pub(crate) fn selected(snapshot: &Snapshot, pool: &Pool, request: &SearchRequest) -> Result<Vec<String>, EngineError> {
    // A query beyond the limits finds nothing.
    let Ok(tree) = parse(&request.query) else { return Ok(Vec::new()) };
    let plan = plan(snapshot, &request.places, &tree)?.plan;
    let name = whole_name(&tree, &request.query);
    let searching = Searching { snapshot, pool, request, plan: &plan, name: name.as_deref() };
    let mut ids = Vec::new();
    for (segment, found) in snapshot.segments.iter().zip(&searching.find(false)?.segments) {
        for document in found.hits.iter() {
            ids.push(segment.id(document)?);
        }
    }
    Ok(ids)
}

/// The key of the whole query as a name, when it is nothing but text.
pub(crate) fn whole_name(tree: &Node, query: &str) -> Option<String> {
    let only_text = match tree {
        Node::Text(_) => true,
        Node::And(nodes) => !nodes.is_empty() && nodes.iter().all(|node| matches!(node, Node::Text(_))),
        _ => false,
    };
    let key = only_text.then(|| name_key(query))?;
    (key.chars().count() >= 2).then_some(key)
}

/// What one segment found.
struct SegmentFound<'pool> {
    scores: Scores<'pool>,
    /// Meets the query and every condition but the attribute filters.
    matched: Bits,
    filters: Vec<(Attribute, Bits)>,
    /// Verified as long ago as asked; absent when nothing is asked.
    fresh: Option<Bits>,
    /// Meets everything but the filter by kind, if kinds are counted.
    of_any_kind: Option<Bits>,
    /// Meets everything.
    hits: Bits,
}

impl SegmentFound<'_> {
    /// What meets everything but the filter by an attribute.
    fn without(&self, attribute: Attribute) -> Bits {
        let mut documents = self.matched.clone();
        for (_, condition) in self.filters.iter().filter(|(filtered, _)| *filtered != attribute) {
            documents.and(condition);
        }
        if let Some(fresh) = &self.fresh {
            documents.and(fresh);
        }
        documents
    }
}

/// The numbers of a column that can be counted together with others, and its place.
fn narrow((at, column): (usize, &Arc<FacetColumn>)) -> Option<(usize, &[u8])> {
    match &column.ordinals {
        FacetOrdinals::Narrow(ordinals) => Some((at, ordinals.as_slice())),
        FacetOrdinals::Single(_) | FacetOrdinals::Many(_) => None,
    }
}

struct Found<'pool> {
    segments: Vec<SegmentFound<'pool>>,
    total: usize,
}

struct Searching<'search> {
    snapshot: &'search Snapshot,
    pool: &'search Pool,
    request: &'search SearchRequest,
    plan: &'search Plan,
    name: Option<&'search str>,
}

impl<'search> Searching<'search> {
    fn find(&self, relaxed: bool) -> Result<Found<'search>, EngineError> {
        let mut segments = Vec::with_capacity(self.snapshot.segments.len());
        for (number, segment) in self.snapshot.segments.iter().enumerate() {
            let mut scores = Scores::new(self.pool, segment);
            let filters = &self.request.filters;
            let mut matched = audience::base(segment, &self.request.reader, filters)?;
            let mut of_any_kind = None;
            if self.request.count_kinds {
                let any_kind = Filters { kinds: Vec::new(), ..filters.clone() };
                of_any_kind = Some(audience::base(segment, &self.request.reader, &any_kind)?);
            }
            let mut selected = self.evaluate(number, self.plan, relaxed, &mut scores.values)?;
            if let Some(name) = self.name {
                let visible = of_any_kind.as_ref().unwrap_or(&matched);
                self.add_names(segment, name, visible, &mut scores.values, selected.as_mut())?;
            }
            if let Some(selected) = selected {
                matched.and(&selected);
                if let Some(of_any_kind) = of_any_kind.as_mut() {
                    of_any_kind.and(&selected);
                }
            }
            let fresh = freshness::fresh(segment, &filters.freshness, filters.today);
            let filters = audience::attributes(segment, filters)?;
            let mut hits = matched.clone();
            if let Some(fresh) = &fresh {
                hits.and(fresh);
                if let Some(of_any_kind) = of_any_kind.as_mut() {
                    of_any_kind.and(fresh);
                }
            }
            for (_, condition) in &filters {
                hits.and(condition);
                if let Some(of_any_kind) = of_any_kind.as_mut() {
                    of_any_kind.and(condition);
                }
            }
            segments.push(SegmentFound { scores, matched, filters, fresh, of_any_kind, hits });
        }
        if relaxed {
            keep_the_better(&mut segments);
        }
        let total = segments.iter().map(|found| found.hits.count() as usize).sum();
        Ok(Found { segments, total })
    }

    /// The documents a plan selects; `None` is every document.
    fn evaluate(
        &self,
        number: usize,
        plan: &Plan,
        relaxed: bool,
        scores: &mut [f32],
    ) -> Result<Option<Bits>, EngineError> {
        let segment = &self.snapshot.segments[number];
        match plan {
            Plan::Leaf(leaf) if leaf.is_empty() => Ok(None),
            Plan::Leaf(leaf) => leaf::documents(self.snapshot, number, leaf, relaxed, scores).map(Some),
            Plan::Concept(planned) => leaf::of_concept(self.snapshot, number, planned, scores).map(Some),
            Plan::Condition(field, value) => self.meets(segment, *field, value).map(Some),
            Plan::Place { ways, weight } => {
                let mut there = Bits::empty(segment.documents());
                for (attribute, values) in ways {
                    there.or(&audience::any_of(segment, fields().attribute(*attribute), values)?);
                }
                there.for_each(|document| scores[document as usize] += weight);
                Ok(Some(there))
            }
            Plan::Not(inner) => {
                let mut unscored = Scores::new(self.pool, segment);
                let excluded = self.evaluate(number, inner, false, &mut unscored.values)?;
                Ok(excluded.map(|mut bits| {
                    bits.negate();
                    bits
                }))
            }
            Plan::Or(plans) => {
                let mut union: Option<Bits> = None;
                for plan in plans {
                    let Some(bits) = self.evaluate(number, plan, relaxed, scores)? else { return Ok(None) };
                    match union.as_mut() {
                        Some(union) => union.or(&bits),
                        None => union = Some(bits),
                    }
                }
                Ok(union)
            }
            Plan::And(plans) => {
                let mut required: Option<Bits> = None;
                let mut any: Option<Bits> = None;
                for plan in plans {
                    let Some(bits) = self.evaluate(number, plan, relaxed, scores)? else { continue };
                    // Relaxed: text joins by *or*; conditions and exclusions stay.
                    let alternative = relaxed && has_text(plan);
                    let side = if alternative { &mut any } else { &mut required };
                    match side.as_mut() {
                        Some(side) if alternative => side.or(&bits),
                        Some(side) => side.and(&bits),
                        None => *side = Some(bits),
                    }
                }
                Ok(match (required, any) {
                    (Some(mut required), Some(any)) => {
                        required.and(&any);
                        Some(required)
                    }
                    (required, any) => required.or(any),
                })
            }
        }
    }

    /// The documents that meet one condition.
    fn meets(&self, segment: &Segment, field: Field, value: &str) -> Result<Bits, EngineError> {
        let meaning = self.request.meanings.get(&(field, value.to_string()));
        let as_it_stands = [value.to_string()];
        let raw = match field {
            Field::Kind => fields().kind,
            Field::Owner => fields().owner,
            Field::Attribute(attribute) => fields().attribute(attribute),
            Field::Day | Field::Updated => {
                let (from, to) = match meaning {
                    Some(Meaning::Between(from, to)) => (*from, *to),
                    _ => return Ok(Bits::empty(segment.documents())),
                };
                let column = match field {
                    Field::Day => segment.tables.days.as_ref(),
                    _ => Some(&segment.tables.updated),
                };
                let mut bits = Bits::empty(segment.documents());
                for document in 0..segment.documents() {
                    let value = column.and_then(|column| column.first(document));
                    if value
                        .is_some_and(|value| from.is_none_or(|from| value >= from) && to.is_none_or(|to| value < to))
                    {
                        bits.insert(document);
                    }
                }
                return Ok(bits);
            }
        };
        let values = match meaning {
            Some(Meaning::Any(values)) => values.as_slice(),
            _ => &as_it_stands,
        };
        audience::any_of(segment, raw, values)
    }

    fn add_names(
        &self,
        segment: &Segment,
        name: &str,
        visible: &Bits,
        scores: &mut [f32],
        mut selected: Option<&mut Bits>,
    ) -> Result<(), EngineError> {
        let inverted = segment.reader.inverted_index(fields().name)?;
        let mut stream = inverted.terms().range().ge(name.as_bytes()).into_stream().map_err(damaged)?;
        let mut looked_at = 0;
        while stream.advance() && looked_at < MOST_NAMES && stream.key().starts_with(name.as_bytes()) {
            let whole = stream.key().len() == name.len();
            let rest = (stream.key().len() - name.len()) as f32;
            // The nearer the name is to the query, the more.
            let bonus = if whole { NAME_BONUS } else { NAME_START_BONUS / (1.0 + rest / 30.0) };
            let mut postings = inverted
                .read_block_postings_from_terminfo(stream.value(), IndexRecordOption::Basic)
                .map_err(damaged)?;
            let mut shows = false;
            while postings.block_len() > 0 {
                for document in postings.docs().iter().filter(|document| visible.contains(**document)) {
                    shows = true;
                    scores[*document as usize] += bonus;
                    if let Some(selected) = selected.as_deref_mut() {
                        selected.insert(*document);
                    }
                }
                postings.advance();
            }
            // Names of hidden things do not use up the limit.
            looked_at += usize::from(shows);
        }
        Ok(())
    }

    fn page(&self, found: &Found<'_>) -> Result<Vec<Hit>, EngineError> {
        let wanted = self.request.offset + self.request.limit;
        if self.request.limit == 0 {
            return Ok(Vec::new());
        }
        let mut candidates: Vec<(PageKey, Hit)> = Vec::new();
        for (segment, found) in self.snapshot.segments.iter().zip(&found.segments) {
            let mut best = Best::new(wanted);
            let mut offer_by = |key: &dyn Fn(u32) -> i64| {
                found.hits.for_each(|document| best.offer(key(document), document, segment));
            };
            let names = segment.tables.sort_keys.as_ref();
            let updated = |document: u32| segment.tables.updated.first(document).unwrap_or(i64::MIN);
            let verified = segment.tables.verified.as_ref();
            let verified = |document: u32| verified.and_then(|days| days.first(document)).unwrap_or(i64::MIN);
            match self.request.sort {
                Sort::Relevance => found.hits.for_each(|document| {
                    best.offer(ordered(found.scores.values[document as usize]), document, segment);
                }),
                Sort::Updated => offer_by(&updated),
                Sort::Freshness => offer_by(&verified),
                Sort::Name => offer_by(&|document| {
                    let ordinal = names.and_then(|keys| keys.ords().first(document));
                    -ordinal.map_or(i64::MAX, |ordinal| ordinal as i64)
                }),
            }
            for document in best.finish() {
                let score = found.scores.values[document as usize];
                let key = match self.request.sort {
                    Sort::Relevance => PageKey { number: ordered(score), name: String::new() },
                    Sort::Updated => PageKey { number: updated(document), name: String::new() },
                    Sort::Freshness => PageKey { number: verified(document), name: String::new() },
                    Sort::Name => PageKey { number: 0, name: sort_name(segment, document)? },
                };
                candidates.push((key, hit(segment, document, score)?));
            }
        }
        candidates.sort_by(|(left, left_hit), (right, right_hit)| {
            right
                .number
                .cmp(&left.number)
                .then_with(|| left.name.cmp(&right.name))
                .then_with(|| left_hit.id.cmp(&right_hit.id))
        });
        Ok(candidates.into_iter().skip(self.request.offset).take(self.request.limit).map(|(_, hit)| hit).collect())
    }

    /// Counts every asked attribute over the matches, each without its own filter, so a chosen value keeps its rivals.
    /// Those without one are counted over the same documents, so together.
    fn facets(&self, found: &Found<'_>) -> Result<Vec<FacetCounts>, EngineError> {
        let asked = &self.request.facets;
        let mut counts: Vec<HashMap<String, usize>> = vec![HashMap::new(); asked.len()];
        for (segment, found) in self.snapshot.segments.iter().zip(&found.segments) {
            let columns: Vec<Arc<FacetColumn>> =
                asked.iter().map(|attribute| segment.facet(*attribute)).collect::<Result<_, _>>()?;
            let filtered = |at: usize| found.filters.iter().any(|(filtered, _)| *filtered == asked[at]);
            let mut by_ordinal: Vec<Vec<u32>> = columns.iter().map(|column| vec![0; column.values]).collect();
            let together: Vec<(usize, &[u8])> =
                columns.iter().enumerate().filter(|(at, _)| !filtered(*at)).filter_map(narrow).collect();
            let tables =
                count_together(&together.iter().map(|(_, ordinals)| *ordinals).collect::<Vec<_>>(), &found.hits);
            for ((at, _), table) in together.iter().zip(tables) {
                for (count, counted) in by_ordinal[*at].iter_mut().zip(table) {
                    *count = counted;
                }
            }
            for (at, column) in columns.iter().enumerate() {
                if filtered(at) {
                    column.count(&found.without(asked[at]), &mut by_ordinal[at]);
                } else if !together.iter().any(|(other, _)| *other == at) {
                    column.count(&found.hits, &mut by_ordinal[at]);
                }
                for (ordinal, count) in by_ordinal[at].iter().enumerate().filter(|(_, count)| **count > 0) {
                    *counts[at].entry(column.value(ordinal as u32)?).or_default() += *count as usize;
                }
            }
        }
        Ok(asked.iter().copied().zip(counts.into_iter().map(most_frequent_first)).collect())
    }

    /// Counts how long ago what matches was verified, without the filter by that.
    fn freshness(&self, found: &Found<'_>) -> Vec<(Freshness, usize)> {
        let mut counts = [0; Freshness::ALL.len()];
        for (segment, found) in self.snapshot.segments.iter().zip(&found.segments) {
            let mut documents = found.matched.clone();
            for (_, condition) in &found.filters {
                documents.and(condition);
            }
            freshness::count(segment, &documents, self.request.filters.today, &mut counts);
        }
        Freshness::ALL.into_iter().zip(counts).collect()
    }

    /// Counts the kinds of what matches, without the filter by kind.
    fn kinds(&self, found: &Found<'_>) -> Result<Vec<(String, usize)>, EngineError> {
        let mut counts = HashMap::new();
        for (segment, found) in self.snapshot.segments.iter().zip(&found.segments) {
            count_kinds(segment, found.of_any_kind.as_ref().unwrap_or(&found.hits), &mut counts);
        }
        Ok(most_frequent_first(counts))
    }
}

/// Adds the kinds of these documents to the counts.
fn count_kinds(segment: &Segment, documents: &Bits, counts: &mut HashMap<String, usize>) {
    let mut by_ordinal: HashMap<u32, usize> = HashMap::new();
    documents.for_each(|document| *by_ordinal.entry(segment.kind_ordinal(document)).or_default() += 1);
    for (ordinal, count) in by_ordinal {
        *counts.entry(segment.kind_of_ordinal(ordinal).to_string()).or_default() += count;
    }
}

fn most_frequent_first(counts: HashMap<String, usize>) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    counts
}

/// An attribute with its values and their counts.
type FacetCounts = (Attribute, Vec<(String, usize)>);

struct PageKey {
    number: i64,
    name: String,
}

pub(crate) fn hit(segment: &Segment, document: u32, score: f32) -> Result<Hit, EngineError> {
    Ok(Hit { id: segment.id(document)?, kind: segment.kind(document), version: segment.version(document), score })
}

fn sort_name(segment: &Segment, document: u32) -> Result<String, EngineError> {
    let mut name = String::new();
    if let Some(keys) = &segment.tables.sort_keys
        && let Some(ordinal) = Column::first(keys.ords(), document)
    {
        keys.ord_to_str(ordinal, &mut name).map_err(damaged)?;
    }
    Ok(name)
}

/// Relaxed answers leave out what reaches only a small share of the best score.
fn keep_the_better(segments: &mut [SegmentFound<'_>]) {
    let mut best = 0.0f32;
    for found in segments.iter() {
        for document in found.hits.iter() {
            best = best.max(found.scores.values[document as usize]);
        }
    }
    let least = best * RELAXED_SHARE;
    for found in segments.iter_mut() {
        let weak: Vec<u32> =
            found.matched.iter().filter(|document| found.scores.values[*document as usize] < least).collect();
        for document in weak {
            found.matched.remove(document);
            found.hits.remove(document);
        }
        if let Some(of_any_kind) = found.of_any_kind.as_mut() {
            let weak: Vec<u32> =
                of_any_kind.iter().filter(|document| found.scores.values[*document as usize] < least).collect();
            for document in weak {
                of_any_kind.remove(document);
            }
        }
    }
}

/// Where a document stands, for the match.
pub(crate) fn hit_at(snapshot: &Snapshot, address: Address, score: f32) -> Result<Hit, EngineError> {
    hit(&snapshot.segments[address.segment], address.document, score)
}
