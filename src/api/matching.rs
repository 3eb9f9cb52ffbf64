//! `POST /match`: who fits a need, a seed, an organisation or a text, with the sentences that show why. Nothing is stored.

use super::evidence::{EvidenceBody, shown};
use super::fit::{self, Asker, OfferFacts};
use super::left_out::{self, LeftOut};
use super::lines::{self, LineBody, Ready, Shelf};
pub(super) use super::match_filters::party_filters;
pub use super::match_filters::{MatchFilters, Towards};
use super::match_hints::MatchHint;
use super::middleware::LongText;
use super::problem::{Answer, ProblemBody, prefers_english};
use super::search::{OwnerBody, narrowed, read_again, reader, unfinished, wait_for};
use super::shown::FileQuery;
use super::wire;
use super::{list_files, match_files, match_hints, nobody};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::Day;
use crate::domain::entry::{TextPlace, Title};
use crate::domain::text::Prose;
use crate::domain::vocabulary::{Kind, Language, Purpose};
use crate::domain::{Actor, Defect, Need, Scope, ThingId, parse};
use crate::error::{Error, Result};
use crate::store::page::{LIMIT_DEFAULT, LIMIT_MOST, Page};
use crate::store::readings::{self, Reading};
use crate::store::{matters, meetings, people, things};
use actix_web::{HttpRequest, HttpResponse, web};
use musubi_index::evidence::Asked;
use musubi_index::purpose::{self, EXPOSURE, FACTS, Row};
use musubi_index::{Filters, Hit, MatchAnswer, MatchRequest, PartyScore, ThingsAnswer, Weights};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// Sentences for one proposal.
const EVIDENCE_MOST: usize = 5;
/// Parties asked for beyond the page, since some may drop out when read again.
const SPARE: usize = 20;
/// The same where conditions of the need decide who stays.
const SPARE_FOR_CONDITIONS: usize = 300;
/// Offers, and records of work, of each party that its lines are judged by beside what the match found.
const OWN_THINGS: i64 = 15;
/// Offers of a party that are asked for along with its profile, and what their titles weigh.
const OFFERS_ASKING: usize = 15;
const OFFER_WEIGHT: f32 = 0.5;
/// Of a body: 20,000 characters, each as a pair of escapes (`\ud83d\ude00`), and what goes along with them.
const TEXT_BYTES: usize = 256 * 1_024;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchQuery {
    pub from: From,
    pub towards: Towards,
    /// What the two would come together for: decides what counts how much. If absent, the purpose of the need, if it
    /// has just one.
    #[serde(default)]
    pub purpose: Option<Purpose>,
    #[serde(default)]
    pub filters: MatchFilters,
    /// 1 to 100; 20 if absent.
    #[serde(default)]
    pub limit: Option<usize>,
    /// The `Musubi-Sequence` of a write that must be included: waits up to two seconds for it.
    #[serde(default)]
    pub min_seq: Option<String>,
}

/// What asks: a thing, or a text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, try_from = "WrittenFrom")]
pub enum From {
    Thing(FromThing),
    Text(FromText),
}

/// What asks as it is sent: read name by name, so that each refusal stands where it belongs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFrom {
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    id: Option<ThingId>,
    #[serde(default)]
    text: Option<String>,
}

impl TryFrom<WrittenFrom> for From {
    type Error = Defect;

    fn try_from(written: WrittenFrom) -> std::result::Result<Self, Defect> {
        match (written.text, written.kind, written.id) {
            (Some(text), None, None) => Ok(From::Text(FromText { text })),
            (None, Some(kind), Some(id)) => Ok(From::Thing(FromThing { kind, id })),
            (Some(_), ..) => Err(Defect::new(
                "match.from",
                "from に text と kind・id を一緒に入れることはできません。どちらか一方にしてください。",
                "from takes {\"kind\", \"id\"} or {\"text\"}, not both. Send one of the two.",
            )),
            (None, ..) => Err(Defect::new(
                "match.from",
                "from には {\"kind\", \"id\"} か {\"text\"} を入れてください。",
                "from takes {\"kind\", \"id\"} or {\"text\"}.",
            )),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FromThing {
    pub kind: Kind,
    pub id: ThingId,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FromText {
    /// At most 20,000 characters.
    pub text: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MatchBody {
    /// Best first; ties by id.
    pub results: Vec<Proposal>,
    /// The index was still being built, so the answer may lack something.
    pub stale: bool,
    /// Where nobody was found: the conditions and exclusions that leave nobody (`leaves_nobody`, with `lines`), the filter
    /// without which somebody is found (`drop_filter`, with `filter`), or what to try (`more_words`). Of a free text: what
    /// was read as an exclusion and applied by stated facts (`left_out`), what was only looked for in words
    /// (`left_out_unchecked`; the lines of the proposals are these two, in their order), and a place that was not checked
    /// (`place_in_words`). How many of those found are not proposed since they write that they do not do it, or seek it in
    /// others (`denied`, with `count`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<MatchHint>,
}

/// A proposed party and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct Proposal {
    /// The party, or the owner of the thing; null for an anonymous need.
    pub party: Option<Party>,
    /// Set when single things are asked for.
    pub thing: Option<ProposedThing>,
    /// Comparable within one answer only.
    pub score: f32,
    /// The other direction, 0 to 1: how much of what the proposed side asks for does the asking side speak of? Null if it
    /// asks for nothing, or if nobody is known to ask.
    pub reverse_score: Option<f32>,
    /// The parts of the score, each from 0 to 1 within this answer. From text: `profile`, `offers`, `records`, `breadth`,
    /// `focus`, `partners`, `activity` for a party, `text` for a thing. From facts, where they are stated: `place`, `size`,
    /// `stage`, `complementarity`, `freshness`. `lines` when lines were judged. `unclaimed`, where there is any: the share of what was found that the party
    /// does not claim for itself, as it writes that it does not do it or seeks it in others; the score loses that share. `exposure`: 1 for who is little known and
    /// has waited; it moves a score by at most 4 %.
    #[schema(value_type = Object)]
    pub parts: serde_json::Map<String, serde_json::Value>,
    /// Every line of the need with its verdict: of the need it starts from, as the proposed side stands with it; or of the
    /// proposed need, as the asking party stands with it. Otherwise empty.
    pub lines: Vec<LineBody>,
    /// The sentences that show why, strongest first.
    pub evidence: Vec<EvidenceBody>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Party {
    pub kind: Kind,
    pub id: String,
    pub name: Title,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProposedThing {
    pub kind: Kind,
    pub id: String,
    pub version: i64,
    pub title: Title,
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/match")
            .app_data(web::PayloadConfig::new(TEXT_BYTES))
            .app_data(LongText(TEXT_BYTES))
            .route(web::post().to(propose))
            .default_service(web::to(wire::method_not_allowed)),
    );
}

/// Propose partners.
#[utoipa::path(
    post, path = "/api/v1/match", tag = "match", params(FileQuery), request_body = MatchQuery,
    responses((status = 200, body = MatchBody), (status = 400, body = ProblemBody), (status = 422, body = ProblemBody),
        (status = 503, body = ProblemBody, description = "The index is catching up: try again."))
)]
async fn propose(app: web::Data<App>, Caller(actor): Caller, request: HttpRequest, body: web::Bytes) -> Answer {
    let FileQuery { format } = wire::query(&request)?;
    let format = list_files::asked(format.as_deref())?;
    let query: MatchQuery = read_tree(wire::json(&request, &body)?)?;
    let service = app.get_ref().clone();
    let body = app.in_turn(move || answer(&service, &actor, query)).await?;
    let Some(format) = format else { return Ok(HttpResponse::Ok().json(body)) };
    let language = if prefers_english(&request) { Language::En } else { Language::Ja };
    Ok(app.blocking(move || match_files::write(format, language, &body)).await?.answer()?)
}

/// Reads a body; what cannot be read is a finding with its pointer.
pub(super) fn read_tree<T: serde::de::DeserializeOwned>(tree: serde_json::Value) -> Result<T> {
    parse::body(tree).map_err(Error::Invalid)
}

/// What a match starts from, read under the caller's rights.
pub(super) struct Asking {
    pub(super) texts: Vec<(String, f32)>,
    /// The party that asks, if there is one: never proposed to itself.
    pub(super) seeker: Option<String>,
    /// The kinds of things that may speak for a party.
    pub(super) speaking: Vec<String>,
    /// The lines of the need, if it is one; of a free text what it leaves out.
    pub(super) lines: Vec<Ready>,
    /// What a free text leaves out, in the order of the lines.
    left_out: Vec<LeftOut>,
    /// The thing it starts from.
    pub(super) from: Option<String>,
    pub(super) row: Row,
    /// Parties with which an introduction about it was declined or a meeting showed no fit, for readers who may know.
    pub(super) declined: Vec<String>,
    /// Parties that are of the seeker's own house: its affiliations, or its people.
    pub(super) kin: Vec<String>,
}

impl Asking {
    /// Whether what the other side asks for speaks for it, too.
    pub(super) fn asks_too(&self) -> bool {
        self.speaking.iter().any(|kind| kind == Kind::Need.code())
    }
}

/// What speaks for a party: what it asks for itself does not show that it can do what others ask for, but is just what
/// the holder of a seed looks for.
fn speaking_for(from: Kind) -> Vec<String> {
    let asks_too = match from {
        Kind::Organization | Kind::Person | Kind::Capability | Kind::Seed => true,
        Kind::Need | Kind::Record | Kind::Exhibition => false,
    };
    // An exhibition is nobody's.
    let speaks = |kind: &&Kind| **kind != Kind::Exhibition && (asks_too || **kind != Kind::Need);
    Kind::ALL.iter().filter(speaks).map(|kind| kind.code().to_owned()).collect()
}

/// The proposals that this reader may be shown.
pub fn answer(app: &App, actor: &Actor, query: MatchQuery) -> Result<MatchBody> {
    let scope = actor.scope();
    let limit = Page::limit_in_body(query.limit, LIMIT_DEFAULT, LIMIT_MOST)?;
    let asking = asking(app, &scope, &query.from, query.purpose)?;
    let stale = wait_for(app, query.min_seq.as_deref())? || unfinished(app);
    let find = |filters: &MatchFilters, limit: usize| match query.towards.things() {
        None => parties(app, actor, &asking, query.towards, filters, limit),
        Some(kind) => super::thing_matches::things(app, actor, &asking, kind, filters, limit),
    };
    let Found { mut results, denying, in_the_way } = find(&query.filters, limit)?;
    let id = |proposal: &Proposal| match (&proposal.thing, &proposal.party) {
        (Some(thing), _) => thing.id.clone(),
        (None, Some(party)) => party.id.clone(),
        (None, None) => String::new(),
    };
    results.sort_by(|left, right| right.score.total_cmp(&left.score).then_with(|| id(left).cmp(&id(right))));
    results.truncate(limit);
    let mut hints = in_the_way;
    if results.is_empty() && hints.is_empty() {
        let only_exclusions =
            !asking.left_out.is_empty() && asking.texts.iter().all(|(text, _)| text.trim().is_empty());
        let finds = |filters: &MatchFilters| Ok(!find(filters, 1)?.results.is_empty());
        hints.push(nobody::without_filters(&query.filters, only_exclusions, finds)?);
    }
    hints.extend(match_hints::read_as_left_out(&asking.left_out));
    hints.extend(match_hints::place_in_words(&query));
    hints.extend(match_hints::who_denies(&denying));
    Ok(MatchBody { results, stale: stale || unfinished(app), hints })
}

/// What a match found, not yet in order.
pub(super) struct Found {
    pub(super) results: Vec<Proposal>,
    /// What would have stood in the list, but denies all of what it shows, or seeks it in others.
    pub(super) denying: Vec<Title>,
    /// The conditions that left nobody of those found.
    pub(super) in_the_way: Vec<MatchHint>,
}

fn parties(
    app: &App,
    actor: &Actor,
    asking: &Asking,
    towards: Towards,
    filters: &MatchFilters,
    limit: usize,
) -> Result<Found> {
    let scope = actor.scope();
    let spare = if lines::has_deciding_conditions(&asking.lines) { SPARE_FOR_CONDITIONS } else { SPARE };
    let filters = app.database.read(|conn| party_filters(conn, towards, filters))?;
    let answer = ask(app, actor, asking, filters, limit + spare)?;
    let found: Vec<String> = answer.parties.iter().map(|party| party.party.clone()).collect();
    let mut kept = app.database.read(|conn| lines::keep_admitted(conn, &scope, &asking.lines, &found))?;
    let in_the_way = match kept.is_empty() && !found.is_empty() {
        true => app.database.read(|conn| nobody::of_match(conn, &scope, asking, &found))?,
        false => Vec::new(),
    };
    kept.truncate(limit + SPARE);
    let parties: Vec<&PartyScore> = answer.parties.iter().filter(|party| kept.contains(&party.party)).collect();
    let ids = parties.iter().flat_map(|party| {
        std::iter::once(party.party.clone()).chain(party.things.iter().map(|thing| thing.id.clone()))
    });
    let mut ids: Vec<String> = ids.collect();
    ids.sort();
    ids.dedup();
    let (readings, owners) = app.database.read(|conn| read_again(conn, &scope, &ids))?;
    let mut judged = judge(app, &scope, &asking.lines, &parties, &readings)?;
    let seeker = asking.seeker.as_deref();
    let (asker, facts, offers, asks) = app.database.read(|conn| {
        Ok((
            Asker::read(app, conn, &scope, seeker, asking.from.as_deref())?,
            lines::facts(conn, &scope, &kept)?,
            fit::offers(conn, &scope, &ids)?,
            fit::asks_of_parties(conn, &scope, &kept)?,
        ))
    })?;
    let shelf = asker.shelf();
    let today = app.clock().today();
    let (mut results, mut denying) = (Vec::with_capacity(parties.len()), Vec::new());
    for (rank, party) in parties.into_iter().enumerate() {
        let lines = judged.remove(&party.party).unwrap_or_default();
        let own_offers: Vec<&OfferFacts> = party.things.iter().filter_map(|thing| offers.get(&thing.id)).collect();
        let known = facts.get(&party.party);
        let (stated, waited) = fit::facts(&asking.row, &asker, known, &own_offers, today);
        let own_asks = asks.get(&party.party).map(Vec::as_slice).unwrap_or_default();
        let reverse = fit::reverse(app, &asker, &shelf, own_asks);
        let asked = app.texts.asked(&answer.terms);
        let mut proposal = match proposal(party, lines, &readings, &owners, asked, asking.asks_too()) {
            Standing::Proposed(proposal) => *proposal,
            Standing::Denies(title) => {
                denying.extend((rank < limit).then_some(title));
                continue;
            }
            Standing::Silent => continue,
        };
        let activity = party.parts.iter().find(|(name, _)| *name == "activity").map_or(0.0, |(_, value)| *value);
        move_by_facts(&mut proposal, &asking.row, &stated, purpose::exposure(activity, waited));
        proposal.reverse_score = reverse;
        results.push(proposal);
    }
    Ok(Found { results, denying, in_the_way })
}

/// Moves the score of a proposal by its factual parts and by fair exposure, and shows them.
pub(super) fn move_by_facts(proposal: &mut Proposal, row: &Row, stated: &[Option<f32>; FACTS.len()], exposure: f32) {
    for (name, value) in FACTS.iter().zip(stated) {
        if let Some(value) = value {
            proposal.parts.insert((*name).to_owned(), serde_json::json!(value));
        }
    }
    proposal.parts.insert("exposure".to_owned(), serde_json::json!(exposure));
    proposal.score *= row.factor(stated) * (1.0 + EXPOSURE * exposure);
}

/// Asks the engine for the best parties.
pub(super) fn ask(
    app: &App,
    actor: &Actor,
    asking: &Asking,
    party_filters: Filters,
    limit: usize,
) -> Result<MatchAnswer> {
    let kinds = asking.speaking.clone();
    let request = request(app, actor, asking, kinds, party_filters, limit)?;
    Ok(app.engine.match_parties_with(&request, &asking.row.applied(&Weights::default())))
}

fn request(
    app: &App,
    actor: &Actor,
    asking: &Asking,
    kinds: Vec<String>,
    party_filters: Filters,
    limit: usize,
) -> Result<MatchRequest> {
    let excluded_ids = narrowed_ids(app)?;
    // Any condition here leaves out what names no party, so none is added where none was asked for.
    let party_filters = match party_filters == Filters::default() {
        true => party_filters,
        false => Filters { excluded_ids: excluded_ids.clone(), ..party_filters },
    };
    Ok(MatchRequest {
        texts: asking.texts.clone(),
        reader: reader(actor),
        party_filters,
        filters: Filters { kinds, excluded_ids, ..Filters::default() },
        without_parties: asking.seeker.iter().chain(&asking.declined).chain(&asking.kin).cloned().collect(),
        seeker: asking.seeker.clone(),
        today: Some(app.clock().today()),
        limit,
    })
}

/// Asks the engine for the best single things of a kind.
pub(super) fn ask_things(
    app: &App,
    actor: &Actor,
    asking: &Asking,
    kind: Kind,
    party_filters: Filters,
    limit: usize,
) -> Result<ThingsAnswer> {
    let kinds = vec![kind.code().to_owned()];
    let request = request(app, actor, asking, kinds, party_filters, limit)?;
    Ok(app.engine.match_things(&request, &Weights::default()))
}

/// Things hidden or deleted ahead of the index; refused for a moment while nobody can name them.
pub(super) fn narrowed_ids(app: &App) -> Result<Vec<String>> {
    narrowed(app)?.ok_or_else(|| {
        Error::Unavailable(Defect::new(
            "index-behind",
            "索引が変更に追いつくまで少しお待ちください。",
            "The index is catching up with changes. Please try again shortly.",
        ))
    })
}

/// The lines of the need for each proposed party.
fn judge(
    app: &App,
    scope: &Scope,
    lines: &[Ready],
    parties: &[&PartyScore],
    readings: &HashMap<String, Reading>,
) -> Result<HashMap<String, Vec<LineBody>>> {
    if lines.is_empty() {
        return Ok(HashMap::new());
    }
    let fresh = |hit: &&Hit| readings.get(&hit.id).is_some_and(|reading| reading.card.version as u64 == hit.version);
    let wanted: Vec<(String, Vec<String>)> = parties
        .iter()
        .map(|party| {
            let things = party.things.iter().filter(fresh).map(|hit| hit.id.clone()).collect();
            (party.party.clone(), things)
        })
        .collect();
    let (dossiers, readings) = app.database.read(|conn| lines::dossiers(conn, scope, &wanted, OWN_THINGS))?;
    let shelf = Shelf::new(&readings);
    Ok(dossiers.iter().map(|(party, dossier)| (party.clone(), lines::judge(lines, dossier, &shelf))).collect())
}

pub(super) fn asking(app: &App, scope: &Scope, from: &From, purpose: Option<Purpose>) -> Result<Asking> {
    let row = |purpose: Option<Purpose>| {
        purpose::row(purpose.and_then(|purpose| purpose::Purpose::from_code(purpose.code())))
    };
    let thing = match from {
        From::Text(FromText { text }) => {
            let text: String = Prose::parse(text).map_err(|defect| Error::invalid("/from/text", defect))?.into();
            let (wanted, left_out) = left_out::read(app, scope, &text)?;
            return Ok(Asking {
                texts: vec![(wanted, 1.0)],
                seeker: None,
                speaking: speaking_for(Kind::Need),
                lines: left_out.iter().filter(|one| !one.is_unread()).map(LeftOut::line).collect(),
                left_out,
                from: None,
                row: row(purpose),
                declined: Vec::new(),
                kin: Vec::new(),
            });
        }
        From::Thing(thing) => thing,
    };
    let id = thing.id.to_string();
    let mut readings = app.database.read(|conn| readings::read(conn, scope, std::slice::from_ref(&id)))?;
    let reading = readings.remove(&id).filter(|reading| reading.card.kind == thing.kind).ok_or_else(|| {
        Error::invalid(
            "/from/id",
            Defect::new(
                "reference.unknown",
                "その種別のものは見つかりません。",
                "There is no such thing of this kind.",
            ),
        )
    })?;
    let (lines, own_purpose) = match thing.kind {
        Kind::Need => {
            let needs = app.database.read(|conn| things::get_many::<Need>(conn, scope, std::slice::from_ref(&id)))?;
            let mut lines = needs.first().map(|need| lines::ready(&need.entry)).unwrap_or_default();
            app.database.read(|conn| lines::put_into_words(conn, &mut lines))?;
            let only = needs.first().filter(|need| need.entry.purposes.len() == 1);
            (lines, only.and_then(|need| need.entry.purposes.first().copied()))
        }
        _ => (Vec::new(), None),
    };
    let declined = declined_with(app, scope, &thing.id, reading.card.owner.as_deref())?;
    let kin = match &reading.card.owner {
        Some(owner) => app.database.read(|conn| people::kin(conn, scope, owner))?,
        None => Vec::new(),
    };
    // What a party is called says nothing about what it does.
    let party = reading.card.kind.is_party();
    let weighted = |text: readings::Text| match text.place {
        TextPlace::Title if party => None,
        TextPlace::Title => Some((text.text, 1.0)),
        // The words of an exclude line would find those who are not wanted.
        TextPlace::Alias | TextPlace::Unwanted => None,
        TextPlace::Body => Some((text.text, fit::BODY_WEIGHT)),
    };
    let mut texts: Vec<(String, f32)> = reading.texts.into_iter().filter_map(weighted).collect();
    if party {
        texts.extend(offers_of(app, scope, &id)?);
    }
    Ok(Asking {
        texts,
        from: Some(id),
        row: row(purpose.or(own_purpose)),
        seeker: reading.card.owner,
        speaking: speaking_for(thing.kind),
        lines,
        left_out: Vec::new(),
        declined,
        kin,
    })
}

/// What a party offers, as part of its question: a profile alone is often one sentence.
fn offers_of(app: &App, scope: &Scope, party: &str) -> Result<Vec<(String, f32)>> {
    let readings = app.database.read(|conn| {
        let mut ids = things::speaking_for(conn, scope, party, OFFERS_ASKING as i64)?;
        ids.truncate(OFFERS_ASKING);
        readings::read(conn, scope, &ids)
    })?;
    let mut texts: Vec<(String, f32)> = readings
        .into_values()
        .filter(|reading| matches!(reading.card.kind, Kind::Capability | Kind::Seed))
        .flat_map(|reading| reading.texts)
        .filter(|text| text.place == TextPlace::Title)
        .map(|text| (text.text, OFFER_WEIGHT))
        .collect();
    texts.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(texts)
}

/// A decline changes the next list of those who may read it: the seeking side and the desks. Nobody else's.
fn declined_with(app: &App, scope: &Scope, subject: &ThingId, owner: Option<&str>) -> Result<Vec<String>> {
    let may_know = match scope {
        Scope::Everything | Scope::Coordinator { .. } => true,
        Scope::Member { parties } => owner.is_some_and(|owner| parties.iter().any(|party| party.as_str() == owner)),
        Scope::Public => false,
    };
    if !may_know {
        return Ok(Vec::new());
    }
    let today = Day::at(&app.clock().timestamp());
    app.database.read(|conn| {
        let mut declined = matters::declined(conn, subject, &today)?;
        declined.extend(meetings::no_fit(conn, subject, owner, &today)?);
        Ok(declined)
    })
}

/// How a party that was found stands to what is asked.
enum Standing {
    Proposed(Box<Proposal>),
    /// It claims nothing of what it shows.
    Denies(Title),
    /// It is gone or hidden, or nothing that speaks for it can be shown.
    Silent,
}

/// A party with its evidence.
fn proposal(
    party: &PartyScore,
    lines: Vec<LineBody>,
    readings: &HashMap<String, Reading>,
    owners: &HashMap<String, OwnerBody>,
    asked: Asked<'_>,
    asks_too: bool,
) -> Standing {
    let Some(card) = readings.get(&party.party).map(|reading| &reading.card) else { return Standing::Silent };
    let fresh = |hit: &&Hit| readings.get(&hit.id).is_some_and(|reading| reading.card.version as u64 == hit.version);
    let things: Vec<&Hit> = party.things.iter().filter(fresh).collect();
    let (mut found, mut claimed, mut turned_down) = (0.0, 0.0, false);
    let mut evidence = Vec::new();
    for hit in &things {
        let Some(shown) = readings.get(&hit.id).and_then(|reading| shown(reading, owners, asked, asks_too)) else {
            continue;
        };
        found += hit.score;
        claimed += hit.score * shown.claimed;
        turned_down |= shown.turned_down;
        evidence.extend(shown.sentence);
    }
    evidence.truncate(EVIDENCE_MOST);
    if evidence.is_empty() && !party.things.is_empty() {
        return if turned_down { Standing::Denies(card.title.clone()) } else { Standing::Silent };
    }
    let mut parts: serde_json::Map<String, serde_json::Value> =
        party.parts.iter().map(|(name, value)| ((*name).to_owned(), serde_json::json!(value))).collect();
    let mut score = party.score;
    if claimed < found {
        parts.insert("unclaimed".to_owned(), serde_json::json!(1.0 - claimed / found));
        score *= claimed / found;
    }
    if !lines.is_empty() {
        parts.insert("lines".to_owned(), serde_json::json!(lines::fit(&lines).max(0.0)));
        score *= lines::factor(&lines);
    }
    Standing::Proposed(Box::new(Proposal {
        party: Some(Party { kind: card.kind, id: card.id.clone(), name: card.title.clone() }),
        thing: None,
        score,
        reverse_score: None,
        parts,
        lines,
        evidence,
    }))
}
