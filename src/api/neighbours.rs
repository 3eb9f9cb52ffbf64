//! What exhibitors are to each other as neighbours: from records of work, from needs that others can serve, from what is
//! declared, and from how much their fields are the same.

use super::matching::{self, From, FromThing, MatchFilters, Towards};
use crate::app::App;
use crate::domain::desk::booth_plan::{BoothsAsked, NeighboursWhy};
use crate::domain::vocabulary::Kind;
use crate::domain::{Actor, Organization, ThingId};
use crate::error::{Error, Result};
use crate::store::{records, things};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// Parties that a need finds.
const FOUND: usize = 500;
/// Needs and seeds of one party that are asked about.
const ASKS_MOST: usize = 2;
/// Time for all of them.
const ASKING: Duration = Duration::from_secs(10);
/// Two that worked together, and two of which one looks for what the other offers.
const WORKED: f64 = 0.5;
const COMPLEMENT: f64 = 0.5;
/// From this share of the best on, an offer answers a need.
const ANSWERS: f64 = 0.2;

/// By places of exhibitors, the lower first: the value, −1 to 1, and why.
pub type Related = BTreeMap<(usize, usize), (f64, BTreeSet<NeighboursWhy>)>;

/// What every two exhibitors are to each other, and who are rivals.
pub struct Hall {
    pub related: Related,
    pub rivals: BTreeSet<(usize, usize)>,
}

/// Reads it under the rights of who asks.
pub fn hall(app: &App, actor: &Actor, asked: &BoothsAsked) -> Result<Hall> {
    let scope = actor.scope();
    let places: HashMap<String, usize> = asked
        .exhibitors
        .iter()
        .enumerate()
        .flat_map(|(place, exhibitor)| exhibitor.parties.iter().map(move |party| (party.to_string(), place)))
        .collect();
    let mut parties: Vec<String> = places.keys().cloned().collect();
    parties.sort();
    let (worked, asks, organizations) = app.database.read(|conn| {
        let worked = records::worked_together(conn, &scope, &parties)?;
        let asks = things::asking(conn, &scope, &parties)?;
        let organizations = things::get_many::<Organization>(conn, &scope, &parties)?;
        Ok((worked, asks, organizations))
    })?;
    let mut related = Related::new();
    let mut add = |one: usize, other: usize, value: f64, why: NeighboursWhy| {
        if one != other {
            let entry = related.entry((one.min(other), one.max(other))).or_default();
            // The best of each sort counts once.
            if entry.1.insert(why) {
                entry.0 = (entry.0 + value).min(1.0);
            }
        }
    };
    for (one, other) in &worked {
        add(places[one], places[other], WORKED, NeighboursWhy::WorkedTogether);
    }
    for (one, other) in complements(app, actor, &asks, &places)? {
        add(one, other, COMPLEMENT, NeighboursWhy::Complement);
    }
    let place = |party: &ThingId| places.get(party.as_str()).copied();
    for pair in &asked.pairs {
        if let (Some(one), Some(other)) = (place(&pair.left), place(&pair.right))
            && one != other
        {
            related.insert((one.min(other), one.max(other)), (pair.value, BTreeSet::from([NeighboursWhy::ByHand])));
        }
    }
    let mut rivals: BTreeSet<(usize, usize)> = asked
        .rivals
        .iter()
        .filter_map(|[one, other]| Some((place(one)?, place(other)?)))
        .filter(|(one, other)| one != other)
        .map(|(one, other)| (one.min(other), one.max(other)))
        .collect();
    if let Some(overlap) = asked.overlap {
        let stated = |thing: &crate::domain::Thing<Organization>| {
            let entry = &thing.entry;
            let fields = entry.fields.iter().map(|field| field.as_str().to_owned());
            let industry = entry.industry.iter().map(|industry| format!("industry {}", industry.as_str()));
            let stated: BTreeSet<String> = fields.chain(industry).collect();
            (places[thing.header.id.as_str()], stated)
        };
        let all: Vec<(usize, BTreeSet<String>)> = organizations.iter().map(stated).collect();
        for (at, (one, own)) in all.iter().enumerate() {
            for (other, theirs) in &all[at + 1..] {
                let shared = own.intersection(theirs).count() as f64;
                let both = own.union(theirs).count().max(1) as f64;
                if one != other && shared / both >= overlap {
                    rivals.insert(((*one).min(*other), (*one).max(*other)));
                }
            }
        }
    }
    Ok(Hall { related, rivals })
}

/// Pairs of which one looks for what the other offers.
fn complements(
    app: &App,
    actor: &Actor,
    asks: &[(String, String)],
    places: &HashMap<String, usize>,
) -> Result<Vec<(usize, usize)>> {
    let (scope, started) = (actor.scope(), Instant::now());
    let filters =
        app.database.read(|conn| matching::party_filters(conn, Towards::Parties, &MatchFilters::default()))?;
    let ids: Vec<String> = asks.iter().map(|(_, thing)| thing.clone()).collect();
    let cards = app.database.read(|conn| things::cards(conn, &scope, &ids))?;
    let mut count: HashMap<&str, usize> = HashMap::new();
    let mut pairs = Vec::new();
    for (party, thing) in asks {
        let asked = count.entry(party.as_str()).or_default();
        *asked += 1;
        let need = cards.get(thing).is_some_and(|card| card.kind == Kind::Need);
        if !need || *asked > ASKS_MOST || started.elapsed() > ASKING {
            continue;
        }
        let from = From::Thing(FromThing { kind: Kind::Need, id: ThingId::from_stored(thing.clone()) });
        let asking = match matching::asking(app, &scope, &from, None) {
            Ok(asking) => asking,
            Err(Error::Invalid(_)) => continue,
            Err(error) => return Err(error),
        };
        let found = matching::ask(app, actor, &asking, filters.clone(), FOUND)?;
        let best = found.parties.first().map_or(1.0, |party| party.score).max(1e-9);
        let answers = found.parties.iter().filter(|found| f64::from(found.score / best) >= ANSWERS);
        pairs.extend(answers.filter_map(|found| Some((*places.get(party)?, *places.get(&found.party)?))));
    }
    Ok(pairs)
}
