//! Who may go together: candidates with everything that the database knows of them, under the caller's rights.

use super::chances::chances;
use super::compose::{
    CANDIDATES_MOST, CandidateQuery, ChanceBody, GroupQuery, RuleQuery, TopicQuery, WishQuery, findings,
};
use super::compose_words::{Words, contradictions, said};
use super::matching::{self, FromText, Party, Towards};
use crate::app::App;
use crate::domain::entry::{TextPlace, Title};
use crate::domain::vocabulary::{Kind, Status};
use crate::domain::{Actor, Defect, Entry, Finding, Organization, Record, Scope, Thing, ThingId};
use crate::error::{Error, Result};
use crate::store::{fairs, readings, things, vocabulary};
use musubi_index::composing::group::{Candidate, Question, Size, Topic, Weights};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Parties that a topic finds.
const FOUND: usize = 1_000;
/// Findings of one answer at most.
const FINDINGS_MOST: usize = 50;
/// Candidates when none are named.
const CANDIDATES: usize = 300;
/// A topic is covered from this share of the best score on.
const COVERS: f64 = 0.1;
/// Two that worked together, beside what else speaks for them.
const WORKED_TOGETHER: f64 = 0.5;
/// Two that asked for each other.
const BOND: f64 = 1.0;
/// Points of a candidate that answers what visitors look for as well as anybody in the registry.
pub(super) const CHANCE_POINTS: f64 = 2.0;
/// Things of one party that are read for what it offers, and for what it looks for.
const READ_EACH: usize = 4;
/// Concepts of one party, of each sort.
const CONCEPTS_EACH: usize = 40;

/// What is read from the database for candidates, whoever named them.
#[derive(Debug, Clone)]
pub struct Deriving {
    /// Whose exhibitions count as of this year.
    pub fiscal_year: i32,
    /// The exhibition itself does not count.
    pub exhibition: ThingId,
}

/// A question with what is known of those in it.
pub(super) struct Gathered {
    pub(super) question: Question,
    pub(super) known: Known,
    pub(super) stale: bool,
}

/// What answers say of candidates beside the points.
#[derive(Debug, Default)]
pub struct Known {
    pub(super) names: HashMap<String, Party>,
    /// The needs of visitors that each answers.
    chances: HashMap<String, Vec<ChanceBody>>,
    /// How many needs of visitors were asked.
    pub(super) visitor_needs: usize,
    /// Who never went to an exhibition, and to how many each goes this year.
    pub(super) attendance: HashMap<String, (bool, u32)>,
    pub(super) topics: Vec<Title>,
    /// Topics that no candidate covers.
    pub(super) uncovered: Vec<usize>,
    pub(super) words: Words,
    /// Those who would be candidates if they were not in another group.
    pub(super) left_out: Vec<Party>,
}

impl Known {
    pub(super) fn chances_of(&self, id: &str) -> Vec<ChanceBody> {
        self.chances.get(id).cloned().unwrap_or_default()
    }
}

/// What the caller may know of the candidates.
pub(super) fn gather(app: &App, actor: &Actor, query: &GroupQuery) -> Result<Gathered> {
    let scope = actor.scope();
    let mark_before = app.engine.mark();
    let filters = app.database.read(|conn| matching::party_filters(conn, Towards::Organizations, &query.filters))?;
    // For each party its coverage by topic, relative to the best on that topic.
    let mut covers: HashMap<String, Vec<(usize, f64)>> = HashMap::new();
    let mut records: BTreeSet<String> = BTreeSet::new();
    for (topic, asked) in query.theme.iter().enumerate() {
        let from = matching::From::Text(FromText { text: asked.text.clone() });
        let asking = matching::asking(app, &scope, &from, None)?;
        let found = matching::ask(app, actor, &asking, filters.clone(), FOUND)?;
        let best = found.parties.first().map_or(1.0, |party| f64::from(party.score)).max(1e-9);
        for party in found.parties {
            let share = (f64::from(party.score) / best).clamp(0.0, 1.0);
            if share >= COVERS {
                covers.entry(party.party).or_default().push((topic, share));
                let shown = party.things.into_iter().filter(|thing| thing.kind == Kind::Record.code());
                records.extend(shown.map(|thing| thing.id));
            }
        }
    }
    let mut applied: Vec<CandidateQuery> = match &query.candidates {
        Some(candidates) => candidates.clone(),
        None => found_by_theme(&covers, query),
    };
    let left_out: BTreeSet<&str> = query.left_out.iter().map(ThingId::as_str).collect();
    let ids: Vec<String> = applied.iter().map(|candidate| candidate.id.to_string()).collect();
    let records: Vec<String> = records.into_iter().collect();
    let (organizations, records) = app.database.read(|conn| {
        let organizations = things::get_many::<Organization>(conn, &scope, &ids)?;
        Ok((organizations, things::get_many::<Record>(conn, &scope, &records)?))
    })?;
    let organizations: HashMap<String, Thing<Organization>> = organizations
        .into_iter()
        .filter(|thing| thing.header.status == Status::Published)
        .map(|thing| (thing.header.id.to_string(), thing))
        .collect();
    let stale = mark_before.is_none() || app.feed.status().rebuilding;
    let mut refused = Vec::new();
    match query.candidates {
        Some(_) => refused.extend(unknown(&ids, &organizations)),
        None if covers.is_empty() && !stale => refused.push(Finding::new("/theme", theme_finds_nobody())),
        None => {}
    }
    let (out, stay): (Vec<_>, Vec<_>) =
        applied.into_iter().partition(|candidate| left_out.contains(candidate.id.as_str()));
    applied = stay;
    let mut derived = match &query.deriving {
        Some(deriving) => derive(app, &scope, deriving, &ids, &mut applied)?,
        None => Derived::default(),
    };
    let worked = worked_together(&records, &organizations);
    let partners_of = |id: &str| worked.keys().filter(|(left, right)| left == id || right == id).count();
    let most = ids.iter().map(|id| partners_of(id)).max().unwrap_or(0).max(1);
    let mut chances = chances(app, actor, &query.visitors)?;
    let weights = Weights { chances: query.chance_points.unwrap_or(CHANCE_POINTS), ..Weights::default() };
    let mut known = Known { visitor_needs: chances.needs, ..Known::default() };
    let party = |id: &str| Some((id.to_owned(), organizations.get(id)?.entry.title()));
    let out = out.iter().filter_map(|candidate| party(candidate.id.as_str()));
    known.left_out = out.map(|(id, name)| Party { kind: Kind::Organization, id, name }).collect();
    let mut candidates = Vec::with_capacity(applied.len());
    for applied in &applied {
        let id = applied.id.to_string();
        let Some(organization) = organizations.get(&id) else { continue };
        let hub = partners_of(&id) as f64 / most as f64;
        let mut candidate = candidate(applied, organization, covers.remove(&id).unwrap_or_default(), hub);
        derived.add_to(&mut candidate);
        let (chance, answers) = chances.of(&id, weights.chances);
        candidate.chance = chance;
        known.chances.insert(id.clone(), answers);
        candidates.push(candidate);
        let name = organization.entry.title();
        known.words.parties.insert(id.clone(), name.clone());
        known.attendance.insert(id.clone(), (applied.first_timer, applied.exhibitions));
        known.names.insert(id.clone(), Party { kind: Kind::Organization, id, name });
    }
    let called = |topic: &TopicQuery| topic.name.clone().unwrap_or_else(|| said(&topic.text, &topic.text));
    known.topics = query.theme.iter().map(called).collect();
    let covered: BTreeSet<usize> =
        candidates.iter().flat_map(|candidate| &candidate.covers).map(|(topic, _)| *topic).collect();
    known.uncovered = (0..query.theme.len()).filter(|topic| !covered.contains(topic)).collect();
    known.words.fields = fields(app)?;
    refused.extend(unknown_fields(&query.wishes, &known.words));
    if !query.forgiving {
        refused.extend(contradictions(&query.wishes, &known.words));
    }
    let question = Question {
        candidates,
        topics: query
            .theme
            .iter()
            .map(|topic| Topic { name: topic.text.clone(), weight: topic.weight.unwrap_or(1.0) })
            .collect(),
        wishes: query.wishes.iter().map(WishQuery::wish).collect(),
        rivals: query.rivals.iter().map(|[left, right]| (left.to_string(), right.to_string())).collect(),
        partners: partners(worked, &query.bonds),
        weights,
        alternatives: query.alternatives,
        ..Question::default()
    };
    // Without its candidates everything else of the question would be amiss, too.
    if !refused.iter().any(|finding| finding.pointer.starts_with("/candidates") || finding.pointer == "/theme") {
        refused.extend(findings(question.check()));
    }
    refused.truncate(FINDINGS_MOST);
    if refused.is_empty() { Ok(Gathered { question, known, stale }) } else { Err(Error::Invalid(refused)) }
}

/// The code of a theme that finds nobody.
pub(super) const NOBODY: &str = "theme.nobody";

fn theme_finds_nobody() -> Defect {
    Defect::new(
        NOBODY,
        "テーマに当てはまる機関が一つも見つかりません。テーマの言葉や絞り込みを見直すか、候補を指定してください。",
        "The theme finds nobody. Look at its words and at the filters again, or name the candidates.",
    )
}

fn fields(app: &App) -> Result<HashMap<String, Title>> {
    let all = app.database.read(vocabulary::all_fields)?;
    Ok(all.into_iter().map(|field| (field.code, said(field.name_ja, field.name_en))).collect())
}

/// Fields that wishes name and that there are not.
fn unknown_fields(wishes: &[WishQuery], words: &Words) -> Vec<Finding> {
    let field = |(place, wish): (usize, &WishQuery)| match &wish.rule {
        RuleQuery::FieldAtLeast { field, .. } | RuleQuery::FieldAtMost { field: Some(field), .. }
            if !words.fields.contains_key(field) =>
        {
            let shown: String = field.chars().take(60).collect();
            let defect = Defect::new(
                "code.unknown",
                format!("分野のコード「{shown}」はありません。"),
                format!("There is no field \"{shown}\"."),
            );
            Some(Finding::new(format!("/wishes/{place}/rule/field"), defect))
        }
        _ => None,
    };
    wishes.iter().enumerate().filter_map(field).collect()
}

/// Listed candidates must be organisations that the caller may see.
fn unknown(ids: &[String], organizations: &HashMap<String, Thing<Organization>>) -> Vec<Finding> {
    let unknown = ids.iter().enumerate().filter(|(_, id)| !organizations.contains_key(*id));
    unknown
        .take(FINDINGS_MOST)
        .map(|(place, _)| {
            let defect =
                Defect::new("reference.unknown", "その機関は見つかりません。", "There is no such organisation.");
            Finding::new(format!("/candidates/{place}/id"), defect)
        })
        .collect()
}

/// Those that the theme finds best, and whoever the wishes name. Nobody was asked yet, so everybody may be asked to lead.
fn found_by_theme(covers: &HashMap<String, Vec<(usize, f64)>>, query: &GroupQuery) -> Vec<CandidateQuery> {
    let mut found: Vec<(f64, &String)> =
        covers.iter().map(|(id, covers)| (covers.iter().map(|(_, share)| share).sum(), id)).collect();
    found.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
    let named = query.wishes.iter().flat_map(|wish| wish.rule.named());
    let named = named.chain(query.rivals.iter().flatten()).chain(query.by_hand.iter().flatten());
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let all = named.map(ToString::to_string).chain(found.into_iter().take(CANDIDATES).map(|(_, id)| id.clone()));
    all.filter(|id| seen.insert(id.clone()))
        .take(CANDIDATES_MOST)
        .map(|id| CandidateQuery {
            id: ThingId::from_stored(id),
            willing_to_lead: true,
            first_timer: false,
            exhibitions: 0,
            cost: 0,
            share: 0,
        })
        .collect()
}

fn candidate(
    applied: &CandidateQuery,
    organization: &Thing<Organization>,
    covers: Vec<(usize, f64)>,
    hub: f64,
) -> Candidate {
    let entry = &organization.entry;
    let fields: Vec<String> = entry.fields.iter().map(|field| field.as_str().to_owned()).collect();
    let industry = entry.industry.iter().map(|industry| format!("industry {}", industry.as_str()));
    Candidate {
        covers,
        offers: fields.iter().cloned().chain(industry).map(|stated| (stated, 1.0)).collect(),
        fields,
        size: entry.employees.map(|employees| match employees.value() {
            ..=20 => Size::Small,
            21..=300 => Size::Medium,
            _ => Size::Large,
        }),
        first_timer: applied.first_timer,
        exhibitions: applied.exhibitions,
        hub,
        willing_to_lead: applied.willing_to_lead,
        cost: applied.cost,
        share: applied.share,
        ..Candidate::named(applied.id.as_str())
    }
}

/// Pairs of candidates that stand in one record of work.
fn worked_together(
    records: &[Thing<Record>],
    organizations: &HashMap<String, Thing<Organization>>,
) -> BTreeMap<(String, String), ()> {
    let mut worked = BTreeMap::new();
    for record in records {
        let mut members: Vec<String> = record.entry.members.iter().map(|member| member.party.to_string()).collect();
        members.retain(|member| organizations.contains_key(member));
        members.sort();
        members.dedup();
        // A list of hundreds says little about any two of them.
        members.truncate(20);
        for (at, left) in members.iter().enumerate() {
            for right in &members[at + 1..] {
                worked.insert((left.clone(), right.clone()), ());
            }
        }
    }
    worked
}

/// Concepts that a candidate offers, and those that it looks for.
#[derive(Default)]
struct Derived {
    offers: HashMap<String, BTreeSet<String>>,
    asks: HashMap<String, BTreeSet<String>>,
}

impl Derived {
    fn add_to(&mut self, candidate: &mut Candidate) {
        let weighed = |concepts: BTreeSet<String>| {
            concepts.into_iter().take(CONCEPTS_EACH).map(|code| (format!("concept {code}"), 1.0)).collect::<Vec<_>>()
        };
        let offers = self.offers.remove(&candidate.id).unwrap_or_default();
        let mut asks = self.asks.remove(&candidate.id).unwrap_or_default();
        // What it has itself it need not look for.
        asks.retain(|code| !offers.contains(code));
        candidate.offers.extend(weighed(offers));
        candidate.asks.extend(weighed(asks));
    }
}

/// Exhibitions of this year and first-timers from the groups that were confirmed; offers from the texts of capabilities
/// and seeds, and what is looked for from those of needs.
fn derive(
    app: &App,
    scope: &Scope,
    deriving: &Deriving,
    ids: &[String],
    applied: &mut [CandidateQuery],
) -> Result<Derived> {
    let (attendance, offered, asked, texts) = app.database.read(|conn| {
        let attendance = fairs::attendance(conn, ids, deriving.fiscal_year, Some(&deriving.exhibition))?;
        let offered = few(things::owned_by(conn, scope, ids, &[Kind::Capability, Kind::Seed])?);
        let asked = few(things::owned_by(conn, scope, ids, &[Kind::Need])?);
        let all: Vec<String> = offered.iter().chain(&asked).map(|(_, thing)| thing.clone()).collect();
        let texts = readings::read(conn, scope, &all)?;
        Ok((attendance, offered, asked, texts))
    })?;
    for candidate in applied {
        let known = attendance.get(candidate.id.as_str()).copied().unwrap_or_default();
        candidate.exhibitions = known.this_year;
        candidate.first_timer = !known.ever;
    }
    let taxonomy = app.engine.taxonomy();
    let concepts = |things: Vec<(String, String)>| {
        let mut found: HashMap<String, BTreeSet<String>> = HashMap::new();
        for (party, thing) in things {
            let spoken = texts.get(&thing).into_iter().flat_map(|reading| &reading.texts);
            for text in spoken.filter(|text| text.place != TextPlace::Alias) {
                let named = taxonomy.named_in(&text.text).into_iter().map(str::to_owned);
                found.entry(party.clone()).or_default().extend(named);
            }
        }
        found
    };
    Ok(Derived { offers: concepts(offered), asks: concepts(asked) })
}

/// The newest few of each party.
fn few(things: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let keep = |(party, _): &(String, String)| {
        let count = counts.entry(party.clone()).or_default();
        *count += 1;
        *count <= READ_EACH
    };
    things.into_iter().filter(keep).collect()
}

/// Pairs that go well together: they worked together, or asked for each other.
fn partners(worked: BTreeMap<(String, String), ()>, bonds: &[[ThingId; 2]]) -> Vec<(String, String, f64)> {
    let mut values: BTreeMap<(String, String), f64> = worked.into_keys().map(|pair| (pair, WORKED_TOGETHER)).collect();
    for [left, right] in bonds {
        let (left, right) = (left.min(right).to_string(), left.max(right).to_string());
        values.insert((left, right), BOND);
    }
    values.into_iter().map(|((left, right), value)| (left, right, value)).collect()
}
