//! From a stored timetable to a question for the engine and back: what a meeting of two is worth, who sits at which table,
//! and what a change of one participant moves.

use super::matching::{self, From, FromThing, MatchFilters, Towards};
use super::matter::Cards;
use crate::app::App;
use crate::domain::desk::Timetable;
use crate::domain::desk::timetable::{Arranged, Participant, Sitting};
use crate::domain::vocabulary::desk::MeetingSide;
use crate::domain::{Actor, Defect, Finding, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::store::meetings;
use chrono::TimeDelta;
use musubi_index::composing::timetable::{self as engine, Meeting, Pair, Question, Side};
use musubi_index::composing::{Refusal, Watch};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

/// Parties that a match finds for one participant.
const FOUND: usize = 1_000;
/// Time for the matches of all buyers.
const SCORING: Duration = Duration::from_secs(20);
/// Who met so long before counts as met last year: last year's edition may have been a little earlier in the season.
const LAST_YEAR_DAYS: i64 = 550;
/// A wish counts as a score of 1 for the dearest, and never less than this.
const WISHED_LEAST: f64 = 0.5;
/// Where somebody should have meetings and nothing speaks for any: better any than none.
const ANY: f64 = 0.01;
/// What two who had a meeting are to each other when it has to move.
const HELD: f64 = 100.0;

/// What speaks for each pair, by places of buyer and supplier among the participants.
#[derive(Debug, Default)]
pub struct Speaks {
    /// The engine's score, 0 to 1 against the best of the one who asks.
    scores: HashMap<(usize, usize), f64>,
    met: HashSet<(usize, usize)>,
    /// Buyers for whom there was no time left to ask the engine.
    pub unscored: usize,
}

/// Asks the engine what the participants are to each other: every buyer, or `only` this one. What the caller may not read
/// does not count.
pub fn speaks(app: &App, actor: &Actor, timetable: &Timetable, only: Option<usize>) -> Result<Speaks> {
    let scope = actor.scope();
    let started = Instant::now();
    let mut speaks = Speaks { met: met(app, timetable)?, ..Speaks::default() };
    let asks = |place: &usize| match only {
        Some(only) => *place == only,
        None => timetable.participants[*place].side == MeetingSide::Buyer,
    };
    let places: HashMap<&str, usize> =
        timetable.participants.iter().enumerate().map(|(place, one)| (one.party.as_str(), place)).collect();
    let from = |participant: &Participant| participant.about.clone().unwrap_or_else(|| participant.party.clone());
    let ids: Vec<ThingId> = timetable.participants.iter().map(from).collect();
    let cards = app.database.read(|conn| Cards::read(conn, &scope, ids.iter().cloned()))?;
    let filters =
        app.database.read(|conn| matching::party_filters(conn, Towards::Parties, &MatchFilters::default()))?;
    for place in (0..timetable.participants.len()).filter(asks) {
        let participant = &timetable.participants[place];
        if participant.withdrawn {
            continue;
        }
        if started.elapsed() > SCORING {
            speaks.unscored += 1;
            continue;
        }
        let Some(card) = cards.get(&ids[place]) else { continue };
        let from = From::Thing(FromThing { kind: card.kind, id: ids[place].clone() });
        let asking = match matching::asking(app, &scope, &from, None) {
            Ok(asking) => asking,
            // Deleted or hidden a moment ago.
            Err(Error::Invalid(_)) => continue,
            Err(error) => return Err(error),
        };
        let found = matching::ask(app, actor, &asking, filters.clone(), FOUND)?;
        let there = found.parties.iter().filter_map(|party| Some((*places.get(party.party.as_str())?, party.score)));
        let others: Vec<(usize, f32)> =
            there.filter(|(other, _)| timetable.participants[*other].side != participant.side).collect();
        let best = others.first().map_or(1.0, |(_, score)| f64::from(*score)).max(1e-9);
        for (other, score) in others {
            let pair = if participant.side == MeetingSide::Buyer { (place, other) } else { (other, place) };
            speaks.scores.insert(pair, (f64::from(score) / best).clamp(0.0, 1.0));
        }
    }
    Ok(speaks)
}

/// Pairs that met at an earlier 商談会, of this exhibition's last edition or another.
fn met(app: &App, timetable: &Timetable) -> Result<HashSet<(usize, usize)>> {
    let Some(first) = timetable.frame.slots.first() else { return Ok(HashSet::new()) };
    let from: Timestamp = first.start.plus(-TimeDelta::days(LAST_YEAR_DAYS));
    let of = |side: MeetingSide| {
        let there = timetable.participants.iter().enumerate();
        there.filter(move |(_, one)| one.side == side).map(|(place, one)| (place, one.party.clone()))
    };
    let buyers: Vec<ThingId> = of(MeetingSide::Buyer).map(|(_, party)| party).collect();
    let met = app.database.read(|conn| meetings::met(conn, &buyers, &from, &first.start))?;
    let suppliers: HashMap<ThingId, usize> = of(MeetingSide::Supplier).map(|(place, party)| (party, place)).collect();
    let buyers: HashMap<ThingId, usize> = of(MeetingSide::Buyer).map(|(place, party)| (party, place)).collect();
    let place = |(one, other): &(ThingId, ThingId)| Some((*buyers.get(one)?, *suppliers.get(other)?));
    Ok(met.iter().filter_map(place).collect())
}

/// A question with the places of its buyers and suppliers.
pub struct Asked {
    question: Question,
    buyers: Vec<usize>,
    suppliers: Vec<usize>,
    /// By place among the participants, the place on its side.
    own: Vec<usize>,
}

impl Asked {
    fn meeting(&self, sitting: &Sitting) -> Meeting {
        Meeting { slot: sitting.slot, buyer: self.own[sitting.buyer], supplier: self.own[sitting.supplier] }
    }
}

/// The question that a timetable asks. Meetings of `held` weigh most where they have to move; those of `confirmed` stay. Once
/// it is published, slots that have begun by `now` take no new ones.
pub fn asked(
    timetable: &Timetable,
    speaks: &Speaks,
    held: &[Sitting],
    confirmed: &[Sitting],
    now: &Timestamp,
) -> Result<Asked> {
    let frame = &timetable.frame;
    let participants = &timetable.participants;
    let (mut buyers, mut suppliers) = (Vec::new(), Vec::new());
    let mut own = Vec::with_capacity(participants.len());
    for (place, participant) in participants.iter().enumerate() {
        let side = match participant.side {
            MeetingSide::Buyer => &mut buyers,
            MeetingSide::Supplier => &mut suppliers,
        };
        own.push(side.len());
        side.push(place);
    }
    let place_of: HashMap<&ThingId, usize> =
        participants.iter().enumerate().map(|(place, one)| (&one.party, place)).collect();
    let never = never(timetable, &place_of);
    let mut must = Vec::new();
    let mut findings = Vec::new();
    for (at, pair) in frame.must.iter().enumerate() {
        let places = place_of.get(&pair[0]).copied().zip(place_of.get(&pair[1]).copied());
        // Whoever is not there, or no more, is listed among the musts that stay open.
        let Some(pair) = places.filter(|pair| may_meet(timetable, *pair)) else { continue };
        if never.contains(&pair) {
            let defect = Defect::new(
                "timetable.must_never",
                "必ず会う組が、会わない組にも入っています。",
                "A pair that must meet must also never meet.",
            );
            findings.push(Finding::new(format!("/must/{at}"), defect));
        } else if !must.contains(&pair) {
            must.push(pair);
        }
    }
    if !findings.is_empty() {
        return Err(Error::Invalid(findings));
    }
    let held: HashSet<(usize, usize)> = held.iter().map(Sitting::pair).collect();
    let mut pairs = Vec::new();
    for buyer in buyers.iter().copied() {
        for supplier in suppliers.iter().copied() {
            let pair = (buyer, supplier);
            if never.contains(&pair) || !may_meet(timetable, pair) {
                continue;
            }
            let value = if held.contains(&pair) { HELD } else { worth(timetable, speaks, pair) };
            if value > 0.0 {
                pairs.push((value, pair));
            }
        }
    }
    pairs.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    pairs.truncate(engine::MOST_PAIRS);
    let begun = (0..frame.slots.len()).filter(|slot| timetable.is_over(*slot, now));
    let over = begun.fold(0u64, |mask, slot| mask | 1 << slot);
    let side = |places: &[usize]| -> Vec<engine::Participant> {
        places.iter().map(|place| asked_of(&participants[*place], frame.slots.len(), over)).collect()
    };
    let at = |pair: (usize, usize)| (own[pair.0], own[pair.1]);
    let mut asked = Asked {
        question: Question {
            slots: frame.slots.len(),
            tables: frame.tables,
            buyers: side(&buyers),
            suppliers: side(&suppliers),
            pairs: pairs
                .iter()
                .map(|(value, pair)| Pair { buyer: at(*pair).0, supplier: at(*pair).1, value: *value })
                .collect(),
            must: must.into_iter().map(at).collect(),
            never: never.iter().map(|pair| at(*pair)).collect(),
            confirmed: Vec::new(),
            fairness: frame.fairness,
        },
        buyers,
        suppliers,
        own,
    };
    asked.question.confirmed = confirmed.iter().map(|sitting| asked.meeting(sitting)).collect();
    Ok(asked)
}

fn may_meet(timetable: &Timetable, (buyer, supplier): (usize, usize)) -> bool {
    let (buyer, supplier) = (&timetable.participants[buyer], &timetable.participants[supplier]);
    let sides = buyer.side == MeetingSide::Buyer && supplier.side == MeetingSide::Supplier;
    sides && !buyer.withdrawn && !supplier.withdrawn
}

/// Pairs that the organiser or one of the two keeps apart.
fn never(timetable: &Timetable, place_of: &HashMap<&ThingId, usize>) -> BTreeSet<(usize, usize)> {
    let mut never = BTreeSet::new();
    let mut add = |one: &ThingId, other: &ThingId| {
        let Some((one, other)) = place_of.get(one).copied().zip(place_of.get(other).copied()) else { return };
        match (timetable.participants[one].side, timetable.participants[other].side) {
            (MeetingSide::Buyer, MeetingSide::Supplier) => never.insert((one, other)),
            (MeetingSide::Supplier, MeetingSide::Buyer) => never.insert((other, one)),
            _ => false,
        };
    };
    timetable.frame.never.iter().for_each(|[one, other]| add(one, other));
    for participant in &timetable.participants {
        participant.never.iter().for_each(|other| add(&participant.party, other));
    }
    never
}

/// `over`: a bit for each slot in which nobody can meet any more.
fn asked_of(participant: &Participant, slots: usize, over: u64) -> engine::Participant {
    let available = match (&participant.slots, participant.withdrawn) {
        (_, true) => 0,
        (None, _) => engine::all(slots),
        (Some(own), _) => own.iter().filter(|slot| **slot < slots).fold(0, |mask, slot| mask | 1 << slot),
    };
    let available = available & !over;
    let most = if participant.withdrawn { 0 } else { participant.most.unwrap_or(slots).min(slots) };
    engine::Participant { id: participant.party.to_string(), available, least: participant.least.min(most), most }
}

/// Points of a meeting of two.
fn worth(timetable: &Timetable, speaks: &Speaks, pair: (usize, usize)) -> f64 {
    let (buyer, supplier) = (&timetable.participants[pair.0], &timetable.participants[pair.1]);
    let (one, other) = (wished(buyer, &supplier.party), wished(supplier, &buyer.party));
    let score = speaks.scores.get(&pair).copied().unwrap_or(0.0).max(one).max(other);
    let value = engine::worth(score, one > 0.0, other > 0.0, speaks.met.contains(&pair));
    if value <= 0.0 && (buyer.least > 0 || supplier.least > 0) { ANY } else { value }
}

/// How much somebody wishes to meet a party: 1 for the dearest, down to one half; 0 where it does not.
fn wished(participant: &Participant, party: &ThingId) -> f64 {
    let count = participant.wishes.len().max(1) as f64;
    let rank = participant.wishes.iter().position(|wish| wish == party);
    rank.map_or(0.0, |rank| 1.0 - (1.0 - WISHED_LEAST) * rank as f64 / count)
}

/// Arranges everybody; meetings of `confirmed` stay.
pub fn arrange(timetable: &Timetable, asked: &Asked, confirmed: &[Sitting], watch: &mut dyn Watch) -> Result<Arranged> {
    let answer = engine::arrange(&asked.question, watch).map_err(refused)?;
    let meetings = seat(timetable, asked, &answer.meetings, confirmed);
    Ok(Arranged { meetings, value: answer.value, bound: answer.bound })
}

/// What a change of the participant at `place` moves: meetings that go, and meetings that come. `timetable` is as it is
/// after the change, its meetings as they were before. What has begun by `now` stays, whatever changed.
pub fn adjust(
    timetable: &Timetable,
    speaks: &Speaks,
    place: usize,
    now: &Timestamp,
) -> Result<(Vec<Sitting>, Vec<Sitting>)> {
    let held = &timetable.meetings;
    let begun: Vec<Sitting> = held.iter().copied().filter(|sitting| timetable.is_over(sitting.slot, now)).collect();
    let asked = asked(timetable, speaks, held, &begun, now)?;
    let whose = match timetable.participants[place].side {
        MeetingSide::Buyer => Side::Buyer(asked.own[place]),
        MeetingSide::Supplier => Side::Supplier(asked.own[place]),
    };
    let before: Vec<Meeting> = held.iter().map(|sitting| asked.meeting(sitting)).collect();
    let answer = engine::adjust(&asked.question, &before, whose).map_err(refused)?;
    let still: HashSet<Meeting> = answer.meetings.iter().copied().collect();
    let (stay, gone): (Vec<Sitting>, Vec<Sitting>) =
        held.iter().copied().partition(|sitting| still.contains(&asked.meeting(sitting)));
    let all = seat(timetable, &asked, &answer.meetings, &stay);
    let come = all.into_iter().filter(|sitting| !stay.contains(sitting)).collect();
    Ok((gone, come))
}

/// Gives every meeting a table: those of `keep` stay at theirs; a buyer keeps its table from slot to slot where it can.
fn seat(timetable: &Timetable, asked: &Asked, meetings: &[Meeting], keep: &[Sitting]) -> Vec<Sitting> {
    let tables = timetable.frame.tables;
    let mut seated: Vec<Sitting> = Vec::with_capacity(meetings.len());
    let mut taken: HashSet<(usize, usize)> = HashSet::new();
    let mut usual: HashMap<usize, usize> = HashMap::new();
    let known: HashMap<Meeting, Sitting> = keep.iter().map(|sitting| (asked.meeting(sitting), *sitting)).collect();
    let mut waiting = Vec::new();
    for meeting in meetings {
        match known.get(meeting) {
            Some(sitting) => {
                taken.insert((sitting.slot, sitting.table));
                usual.entry(sitting.buyer).or_insert(sitting.table);
                seated.push(*sitting);
            }
            None => waiting.push(*meeting),
        }
    }
    waiting.sort_unstable();
    for Meeting { slot, buyer, supplier } in waiting {
        let (buyer, supplier) = (asked.buyers[buyer], asked.suppliers[supplier]);
        let free = |table: &usize| !taken.contains(&(slot, *table));
        let others: HashSet<usize> =
            usual.iter().filter(|(other, _)| **other != buyer).map(|(_, table)| *table).collect();
        let own = usual.get(&buyer).copied().filter(free);
        let unused = || (1..=tables).find(|table| free(table) && !others.contains(table));
        let Some(table) = own.or_else(unused).or_else(|| (1..=tables).find(free)) else { continue };
        taken.insert((slot, table));
        usual.entry(buyer).or_insert(table);
        seated.push(Sitting { slot, table, buyer, supplier });
    }
    seated.sort_unstable();
    seated
}

fn refused(refusals: Vec<Refusal>) -> Error {
    let finding = |refusal: Refusal| {
        Finding::new(refusal.pointer, Defect::new("timetable.value", refusal.message.ja, refusal.message.en))
    };
    Error::Invalid(refusals.into_iter().map(finding).collect())
}
