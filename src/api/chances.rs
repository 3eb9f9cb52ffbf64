//! Chances with visitors: the needs that they posted, and how well each candidate answers them.

use super::compose::{ChanceBody, Party};
use super::lines;
use super::matching::{self, FromThing, MatchFilters, Towards};
use crate::app::App;
use crate::domain::desk::Timetable;
use crate::domain::entry::Title;
use crate::domain::vocabulary::Kind;
use crate::domain::vocabulary::desk::MeetingSide;
use crate::domain::{Actor, Exhibition, Thing, ThingId};
use crate::error::Result;
use crate::store::{Conn, matters, things};
use std::collections::{BTreeSet, HashMap};

/// Needs of one visitor, and of all of them together, that are asked: each is a match. The newest of each visitor come first.
const NEEDS_EACH: usize = 4;
const NEEDS_MOST: usize = 40;
/// Parties that a need finds.
const FOUND: usize = 1_000;
/// A party answers a need from this share of the best answer in the registry on.
const ANSWERS: f64 = 0.4;
/// What the best, the second and the third need count that a candidate answers: one stand can only talk to so many.
const STEPS: [f64; 3] = [1.0, 0.5, 0.25];

/// Parties that come to an exhibition to buy: those that it names, and the buyers of its timetables.
pub(super) fn visitors(conn: &mut Conn, exhibition: &Thing<Exhibition>) -> Result<Vec<ThingId>> {
    let timetables = matters::about::<Timetable>(conn, &exhibition.header.id)?;
    let buyers = timetables.iter().flat_map(|kept| &kept.matter.participants);
    let buyers = buyers.filter(|one| one.side == MeetingSide::Buyer && !one.withdrawn).map(|one| &one.party);
    let mut seen = BTreeSet::new();
    let all = exhibition.entry.visitors.iter().chain(buyers).filter(|party| seen.insert(party.as_str()));
    Ok(all.cloned().collect())
}

/// What was found of the needs of visitors.
#[derive(Debug, Default)]
pub(super) struct Chances {
    /// Needs that were asked.
    pub(super) needs: usize,
    /// For each party the needs that it answers, best first.
    answers: HashMap<String, Vec<ChanceBody>>,
}

impl Chances {
    /// How well a party answers them, 0 to 1, and by which needs, with the points of each.
    pub(super) fn of(&mut self, party: &str, points: f64) -> (f64, Vec<ChanceBody>) {
        let mut answers = self.answers.remove(party).unwrap_or_default();
        answers.sort_by(|one, other| other.fit.total_cmp(&one.fit).then_with(|| one.need.id.cmp(&other.need.id)));
        answers.truncate(STEPS.len());
        let whole: f64 = STEPS.iter().take(self.needs).sum();
        let mut chance = 0.0;
        for (answer, step) in answers.iter_mut().zip(STEPS) {
            let part = answer.fit * step / whole.max(1.0);
            answer.points = points * part;
            chance += part;
        }
        (chance.min(1.0), answers)
    }
}

/// Asks the engine for each published need of the visitors that this reader may see. What is hidden from them counts for
/// nothing.
pub(super) fn chances(app: &App, actor: &Actor, visitors: &[ThingId]) -> Result<Chances> {
    if visitors.is_empty() {
        return Ok(Chances::default());
    }
    let scope = actor.scope();
    let visitors: Vec<String> = visitors.iter().map(ToString::to_string).collect();
    let (needs, cards, filters) = app.database.read(|conn| {
        let needs = in_turns(things::owned_by(conn, &scope, &visitors, &[Kind::Need])?);
        let named: Vec<String> = needs.iter().flat_map(|(party, need)| [party.clone(), need.clone()]).collect();
        let filters = matching::party_filters(conn, Towards::Organizations, &MatchFilters::default())?;
        Ok((needs, things::cards(conn, &scope, &named)?, filters))
    })?;
    let mut chances = Chances::default();
    for (visitor, need) in needs {
        let card = |id: &str| cards.get(id).map(|card| (card.kind, card.title.clone()));
        let (Some((kind, name)), Some((_, title))) = (card(&visitor), card(&need)) else { continue };
        let from = matching::From::Thing(FromThing { kind: Kind::Need, id: ThingId::from_stored(need.clone()) });
        let asking = matching::asking(app, &scope, &from, None)?;
        let found = matching::ask(app, actor, &asking, filters.clone(), FOUND)?;
        let ids: Vec<String> = found.parties.iter().map(|party| party.party.clone()).collect();
        let admitted = app.database.read(|conn| lines::keep_admitted(conn, &scope, &asking.lines, &ids))?;
        let admitted: BTreeSet<&str> = admitted.iter().map(String::as_str).collect();
        chances.needs += 1;
        let mut best = None;
        for party in found.parties.iter().filter(|party| admitted.contains(party.party.as_str())) {
            let score = f64::from(party.score);
            let fit = (score / *best.get_or_insert(score.max(1e-9))).clamp(0.0, 1.0);
            if fit >= ANSWERS {
                let need = Party { kind: Kind::Need, id: need.clone(), name: title.clone() };
                let visitor = Party { kind, id: visitor.clone(), name: name.clone() };
                let mut answer = ChanceBody { need, visitor, fit, points: 0.0, reason: Title::default() };
                answer.say();
                chances.answers.entry(party.party.clone()).or_default().push(answer);
            }
        }
    }
    Ok(chances)
}

/// The newest need of each visitor, then the second of each, and so on.
fn in_turns(needs: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut turns: Vec<(usize, (String, String))> = Vec::with_capacity(needs.len());
    for (party, need) in needs {
        let turn = counts.entry(party.clone()).or_default();
        turns.push((*turn, (party, need)));
        *turn += 1;
    }
    turns.retain(|(turn, _)| *turn < NEEDS_EACH);
    turns.sort_by_key(|(turn, _)| *turn);
    turns.truncate(NEEDS_MOST);
    turns.into_iter().map(|(_, need)| need).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(party: &str, need: &str) -> (String, String) {
        (party.to_owned(), need.to_owned())
    }

    #[test]
    fn each_visitor_is_heard_before_any_is_heard_twice() {
        let mut needs: Vec<(String, String)> = (0..6).map(|need| pair("loud", &format!("loud {need}"))).collect();
        needs.push(pair("quiet", "quiet 0"));
        let turns = in_turns(needs);
        let asked: Vec<&str> = turns.iter().map(|(_, need)| need.as_str()).collect();
        assert_eq!(asked, ["loud 0", "quiet 0", "loud 1", "loud 2", "loud 3"]);
    }

    #[test]
    fn a_chance_is_bounded_however_many_needs_are_answered() {
        let party = |id: &str| Party { kind: Kind::Need, id: id.to_owned(), name: Title::default() };
        let answer = |id: usize, fit: f64| ChanceBody {
            need: party(&id.to_string()),
            visitor: party("visitor"),
            fit,
            points: 0.0,
            reason: Title::default(),
        };
        let chances = |needs: usize, fits: &[f64]| Chances {
            needs,
            answers: [("firm".to_owned(), fits.iter().enumerate().map(|(id, fit)| answer(id, *fit)).collect())].into(),
        };
        let (whole, answers) = chances(9, &[1.0; 9]).of("firm", 2.0);
        assert!((whole - 1.0).abs() < 1e-12);
        assert_eq!(answers.len(), STEPS.len());
        assert!((answers.iter().map(|answer| answer.points).sum::<f64>() - 2.0).abs() < 1e-12);
        // The only need there is, answered by half.
        let (half, _) = chances(1, &[0.5]).of("firm", 2.0);
        assert!((half - 0.5).abs() < 1e-12);
        // One of many is something, and less.
        let (one, _) = chances(9, &[0.5]).of("firm", 2.0);
        assert!(0.0 < one && one < half);
        assert_eq!(chances(9, &[0.5]).of("other", 2.0).0, 0.0);
    }
}
