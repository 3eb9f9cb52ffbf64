//! The question as numbers: units that go only together, rows that bound sums of them, and what a group is worth.

use super::question::{Question, Rule};
use super::related::Related;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What covering a topic once, twice, three times adds; more adds nothing.
pub(super) const STEPS: [f64; 3] = [1.0, 0.5, 0.25];
/// Yen of one missed unit of a soft wish about money.
const MONEY_UNIT: f64 = 10_000.0;
/// More than any count that is asked for.
const MUCH: i64 = 1_000_000_000;

/// Worth of a sum of coverage: concave, so that the second firm on a topic counts less than the first.
pub(super) fn steps(sum: f64) -> f64 {
    STEPS.iter().enumerate().map(|(step, slope)| slope * (sum - step as f64).clamp(0.0, 1.0)).sum()
}

/// `low ≤ Σ coefficient × taken ≤ high`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Units with their coefficients, each once.
    pub terms: Vec<(usize, i64)>,
    pub low: i64,
    pub high: i64,
    /// The wish it comes from.
    pub wish: usize,
    /// Points for each unit missed; none: must hold.
    pub soft: Option<f64>,
    /// What one missed unit is.
    pub unit: f64,
}

impl Row {
    /// How far a sum is outside, in units.
    pub fn missed(&self, sum: i64) -> f64 {
        if sum < self.low {
            (self.low - sum) as f64 / self.unit
        } else if sum > self.high {
            (sum - self.high) as f64 / self.unit
        } else {
            0.0
        }
    }
}

/// A question with some of its wishes.
#[derive(Debug, Clone)]
pub(super) struct Model {
    /// Places of the candidates of each unit.
    pub units: Vec<Vec<usize>>,
    pub unit_of: Vec<usize>,
    pub rows: Vec<Row>,
    /// For each unit its rows, with the coefficient.
    pub rows_of: Vec<Vec<(usize, i64)>>,
    /// Value that a unit has whoever else is in: chances, fairness, pairs inside.
    pub linear: Vec<f64>,
    /// The chances in it.
    pub chances: Vec<f64>,
    /// For each unit `(topic, coverage)`, each topic once.
    pub covers: Vec<Vec<(usize, f64)>>,
    /// Points of covering a topic once.
    pub topics: Vec<f64>,
    /// For each unit `(other unit, points)`.
    pub partners: Vec<Vec<(usize, f64)>>,
    /// Points of the lead when it comes from this unit.
    pub hub: Vec<Option<f64>>,
}

/// Rows over candidates, before they are joined into units.
struct Draft {
    terms: Vec<(usize, i64)>,
    low: i64,
    high: i64,
    unit: f64,
}

impl Model {
    /// The question with the wishes that `active` names by place.
    pub fn new(question: &Question, related: &Related, active: impl Fn(usize) -> bool) -> Model {
        let places = places(question);
        let joined = units(question, &places, &active);
        Model::of_units(question, related, active, &places, joined)
    }

    /// All wishes, each candidate its own unit, in order: for judging groups that break a wish.
    pub fn plain(question: &Question, related: &Related) -> Model {
        let alone: Vec<usize> = (0..question.candidates.len()).collect();
        let units = (alone.iter().map(|candidate| vec![*candidate]).collect(), alone);
        Model::of_units(question, related, |_| true, &places(question), units)
    }

    fn of_units(
        question: &Question,
        related: &Related,
        active: impl Fn(usize) -> bool,
        places: &HashMap<&str, usize>,
        (units, unit_of): (Vec<Vec<usize>>, Vec<usize>),
    ) -> Model {
        let mut rows = Vec::new();
        for (wish, asked) in question.wishes.iter().enumerate().filter(|(wish, _)| active(*wish)) {
            for draft in drafts(question, related, places, &asked.rule, asked.soft.is_some()) {
                let mut terms: BTreeMap<usize, i64> = BTreeMap::new();
                for (candidate, coefficient) in draft.terms {
                    *terms.entry(unit_of[candidate]).or_default() += coefficient;
                }
                let terms = terms.into_iter().filter(|(_, coefficient)| *coefficient != 0).collect();
                let Draft { low, high, unit, .. } = draft;
                rows.push(Row { terms, low, high, wish, soft: asked.soft, unit });
            }
        }
        let mut rows_of: Vec<Vec<(usize, i64)>> = vec![Vec::new(); units.len()];
        for (place, row) in rows.iter().enumerate() {
            for (unit, coefficient) in &row.terms {
                rows_of[*unit].push((place, *coefficient));
            }
        }
        let mut model = Model {
            rows,
            rows_of,
            linear: vec![0.0; units.len()],
            chances: vec![0.0; units.len()],
            covers: vec![Vec::new(); units.len()],
            topics: Vec::new(),
            partners: vec![Vec::new(); units.len()],
            hub: vec![None; units.len()],
            units,
            unit_of,
        };
        model.weigh(question, related, places, &active);
        model
    }

    fn weigh(
        &mut self,
        question: &Question,
        related: &Related,
        places: &HashMap<&str, usize>,
        active: &impl Fn(usize) -> bool,
    ) {
        let weights = &question.weights;
        let all: f64 = question.topics.iter().map(|topic| topic.weight).sum();
        self.topics = question.topics.iter().map(|topic| weights.coverage * topic.weight / all.max(1e-12)).collect();
        let leads: Vec<usize> = question
            .wishes
            .iter()
            .enumerate()
            .filter(|(wish, asked)| asked.soft.is_none() && active(*wish))
            .filter_map(|(_, asked)| match &asked.rule {
                Rule::Lead { candidate } => places.get(candidate.as_str()).copied(),
                _ => None,
            })
            .collect();
        for (unit, members) in self.units.iter().enumerate() {
            let mut covers: BTreeMap<usize, f64> = BTreeMap::new();
            for member in members {
                let candidate = &question.candidates[*member];
                let chances = weights.chances * candidate.chance;
                self.chances[unit] += chances;
                self.linear[unit] += chances + weights.fairness * fairness(candidate);
                for (topic, weight) in &candidate.covers {
                    *covers.entry(*topic).or_default() += weight;
                }
                let may_lead = candidate.willing_to_lead && (leads.is_empty() || leads.contains(member));
                if may_lead {
                    let points = weights.lead * candidate.hub;
                    self.hub[unit] = Some(self.hub[unit].map_or(points, |known| known.max(points)));
                }
            }
            self.covers[unit] = covers.into_iter().filter(|(_, weight)| *weight > 0.0).collect();
        }
        for (left, right, strength) in &related.pairs {
            let (left, right) = (self.unit_of[*left], self.unit_of[*right]);
            let points = weights.complementarity * strength;
            if left == right {
                self.linear[left] += points;
            } else {
                self.partners[left].push((right, points));
                self.partners[right].push((left, points));
            }
        }
    }

    /// One more row.
    pub fn add(&mut self, row: Row) {
        row.terms.iter().for_each(|(unit, by)| self.rows_of[*unit].push((self.rows.len(), *by)));
        self.rows.push(row);
    }

    /// Places of the candidates in these units, in order.
    pub fn members(&self, units: &[usize]) -> Vec<usize> {
        let mut members: Vec<usize> = units.iter().flat_map(|unit| self.units[*unit].iter().copied()).collect();
        members.sort_unstable();
        members
    }
}

fn places(question: &Question) -> HashMap<&str, usize> {
    question.candidates.iter().enumerate().map(|(place, candidate)| (candidate.id.as_str(), place)).collect()
}

/// 1 for a first-timer with no other exhibition this year.
pub(super) fn fairness(candidate: &super::question::Candidate) -> f64 {
    let first = if candidate.first_timer { 0.5 } else { 0.0 };
    first + 0.5 / (1.0 + f64::from(candidate.exhibitions))
}

fn units(
    question: &Question,
    places: &HashMap<&str, usize>,
    active: &impl Fn(usize) -> bool,
) -> (Vec<Vec<usize>>, Vec<usize>) {
    let mut root: Vec<usize> = (0..question.candidates.len()).collect();
    fn find(root: &mut [usize], mut at: usize) -> usize {
        while root[at] != at {
            root[at] = root[root[at]];
            at = root[at];
        }
        at
    }
    for (wish, asked) in question.wishes.iter().enumerate() {
        let Rule::Together { candidates } = &asked.rule else { continue };
        if asked.soft.is_some() || !active(wish) {
            continue;
        }
        let known: Vec<usize> = candidates.iter().filter_map(|id| places.get(id.as_str()).copied()).collect();
        for pair in known.windows(2) {
            let (one, other) = (find(&mut root, pair[0]), find(&mut root, pair[1]));
            root[one.max(other)] = one.min(other);
        }
    }
    let mut units: Vec<Vec<usize>> = Vec::new();
    let mut unit_of = vec![0; root.len()];
    for candidate in 0..root.len() {
        let first = find(&mut root, candidate);
        if first == candidate {
            unit_of[candidate] = units.len();
            units.push(vec![candidate]);
        } else {
            // The first of a unit has the lowest place, so its unit is there already.
            unit_of[candidate] = unit_of[first];
            units[unit_of[first]].push(candidate);
        }
    }
    (units, unit_of)
}

fn drafts(
    question: &Question,
    related: &Related,
    places: &HashMap<&str, usize>,
    rule: &Rule,
    soft: bool,
) -> Vec<Draft> {
    let number = |count: usize| i64::try_from(count).unwrap_or(MUCH).min(MUCH);
    let place = |id: &str| places.get(id).copied();
    let who = |holds: &dyn Fn(&super::question::Candidate) -> bool| -> Vec<(usize, i64)> {
        let found = question.candidates.iter().enumerate().filter(|(_, candidate)| holds(candidate));
        found.map(|(place, _)| (place, 1)).collect()
    };
    let draft = |terms: Vec<(usize, i64)>, low: i64, high: i64| Draft { terms, low, high, unit: 1.0 };
    match rule {
        Rule::Places { least, most } => vec![draft(who(&|_| true), number(*least), number(*most))],
        Rule::Lead { candidate } => {
            let willing = place(candidate).filter(|place| question.candidates[*place].willing_to_lead);
            vec![draft(willing.map(|place| (place, 1)).into_iter().collect(), 1, MUCH)]
        }
        Rule::SomebodyLeads => vec![draft(who(&|candidate| candidate.willing_to_lead), 1, MUCH)],
        Rule::SizeAtLeast { size, count } => {
            vec![draft(who(&|candidate| candidate.size == Some(*size)), number(*count), MUCH)]
        }
        Rule::SizeAtMost { size, count } => {
            vec![draft(who(&|candidate| candidate.size == Some(*size)), 0, number(*count))]
        }
        Rule::FieldAtLeast { field, count } => {
            vec![draft(who(&|candidate| candidate.fields.contains(field)), number(*count), MUCH)]
        }
        Rule::FieldAtMost { field: Some(field), count } => {
            vec![draft(who(&|candidate| candidate.fields.contains(field)), 0, number(*count))]
        }
        Rule::FieldAtMost { field: None, count } => {
            let mut fields: BTreeMap<&str, Vec<(usize, i64)>> = BTreeMap::new();
            for (place, candidate) in question.candidates.iter().enumerate() {
                let own: HashSet<&str> = candidate.fields.iter().map(String::as_str).collect();
                own.into_iter().for_each(|field| fields.entry(field).or_default().push((place, 1)));
            }
            // A field that so few have can never be too many.
            let most = number(*count);
            fields.into_values().filter(|terms| number(terms.len()) > most).map(|terms| draft(terms, 0, most)).collect()
        }
        Rule::FirstTimersAtLeast { count } => {
            vec![draft(who(&|candidate| candidate.first_timer), number(*count), MUCH)]
        }
        Rule::Must { candidate } => vec![draft(place(candidate).map(|place| (place, 1)).into_iter().collect(), 1, 1)],
        Rule::Never { candidate } => vec![draft(place(candidate).map(|place| (place, 1)).into_iter().collect(), 0, 0)],
        Rule::Together { candidates } => {
            let known: Vec<usize> = candidates.iter().filter_map(|id| place(id)).collect();
            known.windows(2).map(|pair| draft(vec![(pair[0], 1), (pair[1], -1)], 0, 0)).collect()
        }
        Rule::Apart { candidates } => {
            let known: HashSet<usize> = candidates.iter().filter_map(|id| place(id)).collect();
            vec![draft(known.into_iter().map(|place| (place, 1)).collect(), 0, 1)]
        }
        Rule::RivalsApart { overlap } => {
            let least = overlap.unwrap_or(1.5);
            let pairs: Vec<(usize, usize)> =
                related.rivals.iter().filter(|rival| rival.2 >= least).map(|rival| (rival.0, rival.1)).collect();
            // A soft wish counts the pairs; a hard one forbids them, which a row for each clique says more tightly.
            let groups = if soft {
                pairs.iter().map(|(left, right)| vec![*left, *right]).collect()
            } else {
                cliques(question.candidates.len(), &pairs)
            };
            groups.into_iter().map(|group| draft(group.into_iter().map(|place| (place, 1)).collect(), 0, 1)).collect()
        }
        Rule::SubsidyAtMost { amount } => {
            let asked = |(place, candidate): (usize, &super::question::Candidate)| {
                let rest = (candidate.cost - candidate.share).max(0);
                (rest > 0).then_some((place, rest))
            };
            let terms = question.candidates.iter().enumerate().filter_map(asked).collect();
            vec![Draft { terms, low: 0, high: *amount, unit: MONEY_UNIT }]
        }
        Rule::SharesAtLeast { amount } => {
            let terms =
                question.candidates.iter().enumerate().map(|(place, candidate)| (place, candidate.share)).collect();
            vec![Draft { terms, low: *amount, high: i64::MAX / 4, unit: MONEY_UNIT }]
        }
        Rule::ExhibitionsAtMost { count } => {
            // Each on its own: a firm that has enough does not come.
            let full = who(&|candidate| candidate.exhibitions >= *count);
            if soft { vec![draft(full, 0, 0)] } else { full.into_iter().map(|term| draft(vec![term], 0, 0)).collect() }
        }
    }
}

/// Cliques that together hold every pair: each pair not yet held grows, by lowest place, as far as it goes.
fn cliques(number: usize, pairs: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut near: Vec<HashSet<usize>> = vec![HashSet::new(); number];
    for (left, right) in pairs {
        near[*left].insert(*right);
        near[*right].insert(*left);
    }
    let mut held: HashSet<(usize, usize)> = HashSet::with_capacity(pairs.len());
    let mut cliques = Vec::new();
    for (left, right) in pairs {
        if held.contains(&(*left, *right)) {
            continue;
        }
        let mut clique = vec![*left, *right];
        let mut common: Vec<usize> = near[*left].intersection(&near[*right]).copied().collect();
        common.sort_unstable();
        for other in common {
            if clique.iter().all(|member| near[other].contains(member)) {
                clique.push(other);
            }
        }
        clique.sort_unstable();
        for (at, one) in clique.iter().enumerate() {
            clique[at + 1..].iter().for_each(|other| {
                held.insert((*one, *other));
            });
        }
        cliques.push(clique);
    }
    cliques
}
