//! Why this group: for each member what would be lost, for those just outside what keeps them out.

use super::model::{Model, STEPS, steps};
use super::question::Question;
use super::state::{Parts, State};
use std::collections::BTreeSet;

/// Outsiders that are looked at, and those that are answered.
const LOOKED_AT: usize = 60;
const ANSWERED: usize = 10;

/// A group with its value and reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// In order of id.
    pub members: Vec<Member>,
    /// The willing member that stands most central, or the named one.
    pub lead: Option<String>,
    pub value: f64,
    pub parts: Parts,
    /// For each topic the sum of what members cover; 1 is covered once.
    pub topics: Vec<f64>,
    /// Soft wishes that are not fully kept.
    pub missed: Vec<Missed>,
    /// Hard wishes that it breaks, by place: only for groups chosen by hand.
    pub broken: Vec<usize>,
}

/// A soft wish that is not kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Missed {
    pub wish: usize,
    /// Units short or over (firms; for money 10,000 yen).
    pub by: f64,
    pub points: f64,
}

/// Why a member is in.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub id: String,
    /// What the group would lose without it and with nobody in its place, in points.
    pub adds: Parts,
    /// `(topic, points)` lost without it, most first.
    pub topics: Vec<(usize, f64)>,
    /// `(member, points)`: those it complements.
    pub partners: Vec<(String, f64)>,
    /// Hard wishes that would break without it, by place.
    pub needed_by: Vec<usize>,
}

/// Why somebody is not in.
#[derive(Debug, Clone, PartialEq)]
pub struct Outsider {
    pub id: String,
    /// What it would add to the group, in points, wishes aside.
    pub adds: f64,
    /// Hard wishes that would break if it joined, by place.
    pub breaks: Vec<usize>,
    /// The member in whose place it would do least harm, and how the value would change.
    pub instead_of: Option<(String, f64)>,
}

/// `members`: places of candidates. `model` has each candidate as its own unit.
pub(super) fn group(question: &Question, model: &Model, members: &[usize]) -> Group {
    let state = State::of(model, members);
    let id = |place: usize| question.candidates[place].id.clone();
    let lead = members
        .iter()
        .copied()
        .filter_map(|place| model.hub[place].map(|points| (points, place)))
        .max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1)))
        .map(|(_, place)| id(place));
    let mut explained: Vec<Member> = members.iter().map(|place| member(question, model, &state, *place)).collect();
    explained.sort_by(|one, other| one.id.cmp(&other.id));
    let mut missed: Vec<Missed> = Vec::new();
    for (row, sum) in model.rows.iter().zip(&state.sums) {
        let by = row.missed(*sum);
        if let Some(points) = row.soft.filter(|_| by > 0.0) {
            match missed.iter_mut().find(|missed| missed.wish == row.wish) {
                Some(known) => {
                    known.by += by;
                    known.points += by * points;
                }
                None => missed.push(Missed { wish: row.wish, by, points: by * points }),
            }
        }
    }
    Group {
        members: explained,
        lead,
        value: state.value(),
        parts: state.parts(),
        topics: state.cover().to_vec(),
        missed,
        broken: broken(model, &state).into_iter().collect(),
    }
}

fn member(question: &Question, model: &Model, state: &State<'_>, place: usize) -> Member {
    let mut without = state.clone();
    without.take(place);
    let (with, left) = (state.parts(), without.parts());
    let adds = Parts {
        coverage: with.coverage - left.coverage,
        complementarity: with.complementarity - left.complementarity,
        chances: with.chances - left.chances,
        members: with.members - left.members,
        lead: with.lead - left.lead,
        missed: with.missed - left.missed,
    };
    let mut topics: Vec<(usize, f64)> = model.covers[place]
        .iter()
        .map(|(topic, weight)| {
            let sum = state.cover()[*topic];
            (*topic, model.topics[*topic] * (steps(sum) - steps(sum - weight)))
        })
        .filter(|(_, points)| *points > STEPS[2] * 1e-9)
        .collect();
    topics.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    let partners = model.partners[place]
        .iter()
        .filter(|(other, _)| state.inside[*other])
        .map(|(other, points)| (question.candidates[*other].id.clone(), *points))
        .collect();
    let before = broken(model, state);
    let needed_by = broken(model, &without).difference(&before).copied().collect();
    Member { id: question.candidates[place].id.clone(), adds, topics, partners, needed_by }
}

/// Hard wishes that are broken, by place.
fn broken(model: &Model, state: &State<'_>) -> BTreeSet<usize> {
    let rows = model.rows.iter().zip(&state.sums);
    rows.filter(|(row, sum)| row.soft.is_none() && row.missed(**sum) > 0.0).map(|(row, _)| row.wish).collect()
}

pub(super) fn outside(question: &Question, model: &Model, members: &[usize]) -> Vec<Outsider> {
    let mut state = State::of(model, members);
    let before = broken(model, &state);
    let mut near: Vec<(f64, usize)> =
        (0..model.units.len()).filter(|place| !state.inside[*place]).map(|place| (state.worth(place), place)).collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    near.truncate(LOOKED_AT);
    let value = state.value();
    let mut found: Vec<Outsider> = Vec::with_capacity(near.len());
    for (worth, place) in near {
        state.put(place);
        let breaks = broken(model, &state).difference(&before).copied().collect();
        let mut instead_of: Option<(String, f64)> = None;
        for member in members {
            state.take(*member);
            let change = state.value() - value;
            if state.keeps_all() && instead_of.as_ref().is_none_or(|(_, best)| change > *best) {
                instead_of = Some((question.candidates[*member].id.clone(), change));
            }
            state.put(*member);
        }
        state.take(place);
        found.push(Outsider { id: question.candidates[place].id.clone(), adds: worth, breaks, instead_of });
    }
    // The closest: those whose joining would change least; those that cannot come at all by what they would add.
    let change = |outsider: &Outsider| outsider.instead_of.as_ref().map_or(f64::NEG_INFINITY, |(_, change)| *change);
    found.sort_by(|one, other| {
        change(other).total_cmp(&change(one)).then(other.adds.total_cmp(&one.adds)).then(one.id.cmp(&other.id))
    });
    let blocked: Vec<Outsider> = found.iter().filter(|outsider| outsider.instead_of.is_none()).cloned().collect();
    // Whoever is kept out by a wish although it would add much is worth a line, too.
    let kept = ANSWERED - blocked.len().min(3);
    found.retain(|outsider| outsider.instead_of.is_some());
    found.truncate(kept);
    let room = ANSWERED - found.len();
    found.extend(blocked.into_iter().take(room));
    found
}
