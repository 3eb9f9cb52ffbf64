//! Single things for a match: seeds, needs or capabilities that answer, each with its owner.

use super::evidence::shown;
use super::fit::{self, Ask, Asker, OfferFacts};
use super::lines::{self, LineBody, Shelf};
use super::matching::{self, Asking, Found, MatchFilters, Party, Proposal, ProposedThing, Towards};
use super::nobody;
use super::search::read_again;
use crate::app::App;
use crate::domain::vocabulary::Kind;
use crate::domain::{Actor, Scope};
use crate::error::Result;
use crate::store::readings::Reading;
use crate::store::things;
use musubi_index::purpose;
use musubi_index::{Filters, Hit};
use std::collections::{HashMap, HashSet};

/// Things asked for beyond the page, since some may drop out when read again or by a condition.
const SPARE: usize = 20;
const SPARE_FOR_CONDITIONS: usize = 200;

/// The best things of a kind, not yet in order.
pub(super) fn things(
    app: &App,
    actor: &Actor,
    asking: &Asking,
    kind: Kind,
    asked: &MatchFilters,
    limit: usize,
) -> Result<Found> {
    let scope = actor.scope();
    let deciding = lines::has_deciding_conditions(&asking.lines);
    let spare = if deciding { SPARE_FOR_CONDITIONS } else { SPARE };
    let filters = match asked.is_empty() {
        // A filter on the party would leave out what names none.
        true => Filters::default(),
        false => app.database.read(|conn| matching::party_filters(conn, Towards::Parties, asked))?,
    };
    let found = matching::ask_things(app, actor, asking, kind, filters, limit + spare)?;
    let ids: Vec<String> = found.things.iter().map(|hit| hit.id.clone()).collect();
    let (readings, names) = app.database.read(|conn| read_again(conn, &scope, &ids))?;
    let fresh = |hit: &&Hit| {
        readings.get(&hit.id).is_some_and(|reading| {
            let own = reading.card.owner.is_some() && reading.card.owner == asking.seeker;
            reading.card.version as u64 == hit.version && !own && Some(&hit.id) != asking.from.as_ref()
        })
    };
    let mut hits: Vec<&Hit> = found.things.iter().filter(fresh).collect();
    let owner = |id: &str| readings.get(id).and_then(|reading| reading.card.owner.clone());
    let mut owners: Vec<String> = hits.iter().filter_map(|hit| owner(&hit.id)).collect();
    owners.sort();
    owners.dedup();
    let mut in_the_way = Vec::new();
    if deciding {
        let kept = app.database.read(|conn| lines::keep_admitted(conn, &scope, &asking.lines, &owners))?;
        let kept: HashSet<String> = kept.into_iter().collect();
        if kept.is_empty() && !owners.is_empty() {
            in_the_way = app.database.read(|conn| nobody::of_match(conn, &scope, asking, &owners))?;
        }
        hits.retain(|hit| owner(&hit.id).is_some_and(|owner| kept.contains(&owner)));
    }
    hits.truncate(limit + SPARE);

    let seeker = asking.seeker.as_deref();
    let (asker, facts, offers, cards) = app.database.read(|conn| {
        Ok((
            Asker::read(app, conn, &scope, seeker, asking.from.as_deref())?,
            lines::facts(conn, &scope, &owners)?,
            fit::offers(conn, &scope, &ids)?,
            things::cards(conn, &scope, &owners)?,
        ))
    })?;
    let asks = asks(app, &scope, kind, &hits, &owners)?;
    let judged = judge(app, &scope, asking, &hits, &readings)?;
    let shelf = asker.shelf();
    let today = app.clock().today();
    let (mut results, mut denying) = (Vec::with_capacity(hits.len()), Vec::new());
    for (rank, hit) in hits.into_iter().enumerate() {
        let Some(reading) = readings.get(&hit.id) else { continue };
        let Some(shown) = shown(reading, &names, app.texts.asked(&found.terms), asking.asks_too()) else { continue };
        let Some(evidence) = shown.sentence else {
            denying.extend((shown.turned_down && rank < limit).then(|| reading.card.title.clone()));
            continue;
        };
        let owner = reading.card.owner.as_deref();
        let key = if kind == Kind::Capability { owner.unwrap_or_default() } else { hit.id.as_str() };
        let asks: &[Ask] = asks.get(key).map(Vec::as_slice).unwrap_or_default();
        let lines: Vec<LineBody> = match kind {
            // The lines of the proposed need, as the asking party stands with them.
            Kind::Need => asks.first().map(|ask| asker.judge(&shelf, ask.lines())).unwrap_or_default(),
            _ => judged.get(&hit.id).cloned().unwrap_or_default(),
        };
        let own_offers: Vec<&OfferFacts> = offers.get(&hit.id).into_iter().collect();
        let known = owner.and_then(|owner| facts.get(owner));
        let (stated, waited) = fit::facts(&asking.row, &asker, known, &own_offers, today);
        let mut parts = serde_json::Map::new();
        parts.insert("text".to_owned(), serde_json::json!(hit.score));
        let mut score = hit.score * shown.claimed;
        if shown.claimed < 1.0 {
            parts.insert("unclaimed".to_owned(), serde_json::json!(1.0 - shown.claimed));
        }
        if !lines.is_empty() {
            parts.insert("lines".to_owned(), serde_json::json!(lines::fit(&lines).max(0.0)));
            score *= lines::factor(&lines);
        }
        let card = &reading.card;
        let mut proposal = Proposal {
            party: owner.and_then(|owner| cards.get(owner)).map(|card| Party {
                kind: card.kind,
                id: card.id.clone(),
                name: card.title.clone(),
            }),
            thing: Some(ProposedThing {
                kind: card.kind,
                id: card.id.clone(),
                version: card.version,
                title: card.title.clone(),
            }),
            score,
            reverse_score: fit::reverse(app, &asker, &shelf, asks),
            parts,
            lines,
            evidence: vec![evidence],
        };
        // Of a single thing only its wait is known, not how often its owner is seen.
        matching::move_by_facts(&mut proposal, &asking.row, &stated, purpose::exposure(1.0, waited));
        results.push(proposal);
    }
    Ok(Found { results, denying, in_the_way })
}

/// What the proposed side asks for: the need or seed itself; for a capability whatever its owner asks for. By thing, or by
/// owner for a capability.
fn asks(app: &App, scope: &Scope, kind: Kind, hits: &[&Hit], owners: &[String]) -> Result<HashMap<String, Vec<Ask>>> {
    app.database.read(|conn| match kind {
        Kind::Capability => fit::asks_of_parties(conn, scope, owners),
        _ => {
            let ids: Vec<String> = hits.iter().map(|hit| hit.id.clone()).collect();
            Ok(fit::asks(conn, scope, &ids)?.into_iter().map(|(id, ask)| (id, vec![ask])).collect())
        }
    })
}

/// The lines of the need it starts from, for each thing: by its own text and what its owner says and states.
fn judge(
    app: &App,
    scope: &Scope,
    asking: &Asking,
    hits: &[&Hit],
    readings: &HashMap<String, Reading>,
) -> Result<HashMap<String, Vec<LineBody>>> {
    let mut judged = HashMap::new();
    if asking.lines.is_empty() {
        return Ok(judged);
    }
    for hit in hits {
        let Some(owner) = readings.get(&hit.id).and_then(|reading| reading.card.owner.clone()) else { continue };
        let wanted = [(owner.clone(), vec![hit.id.clone()])];
        let (mut dossiers, own) = app.database.read(|conn| lines::dossiers(conn, scope, &wanted, 0))?;
        if let Some(dossier) = dossiers.remove(&owner) {
            judged.insert(hit.id.clone(), lines::judge(&asking.lines, &dossier, &Shelf::new(&own)));
        }
    }
    Ok(judged)
}
