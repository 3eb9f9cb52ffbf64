//! The parts of a proposal that are facts and not text, and the other direction: does who asks satisfy what the proposed
//! side asks for? Everything is read under the caller's rights.

use super::evidence::is_asked;
use super::lines::{self, LineBody, Ready, Shelf};
use crate::app::App;
use crate::domain::conditions::PartyFacts;
use crate::domain::entry::TextPlace;
use crate::domain::vocabulary::Kind;
use crate::domain::{Capability, Need, Scope, Seed, Thing};
use crate::error::Result;
use crate::store::Conn;
use crate::store::readings::Reading;
use crate::store::{readings, things};
use chrono::NaiveDate;
use musubi_index::Spoken;
use musubi_index::purpose::{self, FACTS, Row};
use std::collections::HashMap;

/// Weight of everything that is not a title in a question, as in the judged sets.
pub(super) const BODY_WEIGHT: f32 = 0.5;
/// Needs and seeds of one party that are looked at for what it asks.
const ASKS_MOST: usize = 5;
/// Texts of the asking side that answer for it, beside its own profile: its newest offers, and records of work.
const OWN_THINGS: i64 = 15;

/// What is stated of an offer (capability or seed) beside its text.
#[derive(Debug, Clone, Default)]
pub(super) struct OfferFacts {
    readiness: Option<i64>,
    /// Days since 1970-01-01.
    verified: Option<i64>,
    created: i64,
    fields: Vec<String>,
}

const MICROS_OF_A_DAY: i64 = 86_400_000_000;

/// The facts of the offers among `ids`.
pub(super) fn offers(conn: &mut Conn, scope: &Scope, ids: &[String]) -> Result<HashMap<String, OfferFacts>> {
    let mut offers = HashMap::new();
    for thing in things::get_many::<Capability>(conn, scope, ids)? {
        let fields = thing.entry.fields.iter().map(|code| code.as_str().to_owned()).collect();
        let readiness = thing.entry.readiness.map(|level| level.value());
        offers.insert(thing.header.id.to_string(), offer(&thing, readiness, fields));
    }
    for thing in things::get_many::<Seed>(conn, scope, ids)? {
        let fields = thing.entry.fields.iter().map(|code| code.as_str().to_owned()).collect();
        let readiness = thing.entry.readiness.map(|level| level.value());
        offers.insert(thing.header.id.to_string(), offer(&thing, readiness, fields));
    }
    Ok(offers)
}

fn offer<E>(thing: &Thing<E>, readiness: Option<i64>, fields: Vec<String>) -> OfferFacts {
    let day = thing.header.verified_on.as_deref().and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
    OfferFacts {
        readiness,
        verified: day.map(|day| day.signed_duration_since(NaiveDate::default()).num_days()),
        created: thing.header.created_at.micros() / MICROS_OF_A_DAY,
        fields,
    }
}

/// The asking side, known by what the caller may read of it: its facts, the offer it starts from, what its texts speak
/// of, and its texts for judging lines against them. Empty for a text, and for an owner that the caller may not know.
#[derive(Default)]
pub(super) struct Asker {
    dossier: Option<lines::Dossier>,
    readings: HashMap<String, Reading>,
    offer: Option<OfferFacts>,
    spoken: Option<Spoken>,
}

impl Asker {
    pub(super) fn read(
        app: &App,
        conn: &mut Conn,
        scope: &Scope,
        party: Option<&str>,
        from: Option<&str>,
    ) -> Result<Asker> {
        let Some(party) = party else { return Ok(Asker::default()) };
        let wanted = [(party.to_owned(), from.map(str::to_owned).into_iter().collect())];
        let (mut dossiers, readings) = lines::dossiers(conn, scope, &wanted, OWN_THINGS)?;
        let offer = match from {
            Some(from) => offers(conn, scope, &[from.to_owned()])?.remove(from),
            None => None,
        };
        // What it asks for itself does not show what it can do.
        let speaking = readings.values().filter(|reading| reading.card.kind != Kind::Need);
        let texts: Vec<&str> = speaking.flat_map(offered_texts).collect();
        let spoken = (!texts.is_empty()).then(|| app.engine.spoken(texts));
        Ok(Asker { dossier: dossiers.remove(party), readings, offer, spoken })
    }

    /// Its texts, ready to be judged by.
    pub(super) fn shelf(&self) -> Shelf<'_> {
        Shelf::new(&self.readings)
    }

    /// How it stands with somebody's lines; nothing if it is not known.
    pub(super) fn judge(&self, shelf: &Shelf<'_>, lines: &[Ready]) -> Vec<LineBody> {
        self.dossier.as_ref().map(|dossier| lines::judge(lines, dossier, shelf)).unwrap_or_default()
    }
}

/// What a thing says that its party does; not names of parties, not what a seed looks for.
fn offered_texts(reading: &Reading) -> impl Iterator<Item = &str> {
    let party = reading.card.kind.is_party();
    let speaks = move |text: &&readings::Text| match text.place {
        TextPlace::Title => !party,
        TextPlace::Alias | TextPlace::Unwanted => false,
        TextPlace::Body => !is_asked(&text.field),
    };
    reading.texts.iter().filter(speaks).map(|text| text.text.as_str())
}

/// The factual parts for a proposed party (or thing) in the order of [`FACTS`], and the days since its offer stands here.
pub(super) fn facts(
    row: &Row,
    asker: &Asker,
    party: Option<&PartyFacts>,
    offers: &[&OfferFacts],
    today: i32,
) -> ([Option<f32>; FACTS.len()], Option<i64>) {
    let own = asker.dossier.as_ref().map(|dossier| &dossier.facts);
    let place = own
        .and_then(|own| own.municipality.as_ref())
        .zip(party.and_then(|party| party.municipality.as_ref()))
        .map(|(own, other)| purpose::place(&own.value, &other.value));
    let size = own
        .and_then(|own| own.employees.as_ref())
        .zip(party.and_then(|party| party.employees.as_ref()))
        .map(|(own, other)| purpose::size(own.value, other.value));
    // Of two readiness levels, the one of the offer that is asked about counts.
    let levels = asker.offer.iter().chain(offers.iter().copied()).filter_map(|offer| offer.readiness);
    let stage = levels.map(|level| purpose::stage(level, row.readiness)).reduce(f32::max);
    let own_fields = asker.offer.iter().flat_map(|offer| offer.fields.iter().map(String::as_str));
    let own_fields: Vec<&str> =
        own_fields.chain(own.iter().flat_map(|own| own.fields.iter().map(|field| field.value.as_str()))).collect();
    let other_fields = offers.iter().flat_map(|offer| offer.fields.iter().map(String::as_str));
    let mut other_fields: Vec<&str> = other_fields
        .chain(party.iter().flat_map(|party| party.fields.iter().map(|field| field.value.as_str())))
        .collect();
    other_fields.sort_unstable();
    other_fields.dedup();
    let complementarity = purpose::complementarity(&own_fields, &other_fields);
    let today = i64::from(today);
    let freshest = offers.iter().filter_map(|offer| offer.verified).max();
    let waited = offers.iter().map(|offer| today - offer.created).max();
    let freshness = freshest.map(|day| purpose::freshness(today - day));
    ([place, size, stage, complementarity, freshness], waited)
}

/// What a party, or one thing of it, asks for.
pub(super) struct Ask {
    texts: Vec<(String, f32)>,
    lines: Vec<Ready>,
}

/// What parties ask for by their published needs and seeds: at most five of each, newest first.
pub(super) fn asks_of_parties(conn: &mut Conn, scope: &Scope, parties: &[String]) -> Result<HashMap<String, Vec<Ask>>> {
    let mut wanted: HashMap<String, Vec<String>> = HashMap::new();
    for (party, id) in things::asking(conn, scope, parties)? {
        let own = wanted.entry(party).or_default();
        if own.len() < ASKS_MOST {
            own.push(id);
        }
    }
    let ids: Vec<String> = wanted.values().flatten().cloned().collect();
    let mut asks = asks(conn, scope, &ids)?;
    let mut of_party = |ids: Vec<String>| ids.iter().filter_map(|id| asks.remove(id)).collect();
    Ok(wanted.into_iter().map(|(party, ids)| (party, of_party(ids))).collect())
}

/// What things ask for: a need with its lines, a seed by the partner it seeks and where it could be used.
pub(super) fn asks(conn: &mut Conn, scope: &Scope, ids: &[String]) -> Result<HashMap<String, Ask>> {
    let readings = readings::read(conn, scope, ids)?;
    let needs = things::get_many::<Need>(conn, scope, ids)?;
    let mut ready: HashMap<String, Vec<Ready>> =
        needs.iter().map(|need| (need.header.id.to_string(), lines::ready(&need.entry))).collect();
    let mut asks = HashMap::with_capacity(readings.len());
    for (id, reading) in readings {
        let need = reading.card.kind == Kind::Need;
        let wanted = |text: &readings::Text| text.place != TextPlace::Unwanted;
        let asked = reading.texts.into_iter().filter(|text| wanted(text) && (need || is_asked(&text.field)));
        let weight = |place| if place == TextPlace::Title { 1.0 } else { BODY_WEIGHT };
        let texts: Vec<(String, f32)> = asked.map(|text| (text.text, weight(text.place))).collect();
        if !texts.is_empty() {
            asks.insert(id.clone(), Ask { texts, lines: ready.remove(&id).unwrap_or_default() });
        }
    }
    Ok(asks)
}

/// How well the asking side satisfies what the other side asks for, 0 to 1: the best of its asks. None if it asks nothing,
/// or if nothing of the asking side speaks.
pub(super) fn reverse(app: &App, asker: &Asker, shelf: &Shelf<'_>, asks: &[Ask]) -> Option<f32> {
    let spoken = asker.spoken.as_ref()?;
    let one = |ask: &Ask| {
        let share = app.engine.spoken_share(&ask.texts, spoken);
        let factor = if ask.lines.is_empty() { 1.0 } else { lines::factor(&asker.judge(shelf, &ask.lines)) };
        (share * factor).clamp(0.0, 1.0)
    };
    asks.iter().map(one).reduce(f32::max)
}

impl Ask {
    pub(super) fn lines(&self) -> &[Ready] {
        &self.lines
    }
}
