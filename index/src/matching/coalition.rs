//! Coalitions: the smallest sets of two to five parties that together meet every must-line of a need (複数シーズの組合せ).
//!
//! Pure. A set is better when it has fewer parties, then when its total strength (for each line the strongest member)
//! is higher, then by its ids. Parties that another one stands in for everywhere are left out before the search; the
//! search takes the open line that the fewest can meet and tries everyone who can. It is exact within its limit of nodes
//! and says when it was not.
//!
//! ```
//! use musubi_index::coalition::{Candidate, Question, find};
//!
//! let candidate = |id: &str, strengths: &[f32]| Candidate { id: id.into(), strengths: strengths.to_vec() };
//! let answer = find(&Question {
//!     candidates: vec![candidate("coater", &[0.9, 0.0]), candidate("sealer", &[0.0, 0.8])],
//!     ..Question::of_lines(2)
//! });
//! assert_eq!(answer.sets[0].members.len(), 2);
//! assert!(answer.proven);
//! ```

use std::collections::{HashMap, HashSet};

/// Lines that fit into a mask.
pub const MOST_LINES: usize = 64;
/// Parties in one set at most.
pub const MOST_MEMBERS: usize = 5;
/// Up to so many candidates after dominance the search always runs to its end.
const SMALL: usize = 24;
/// Nodes of the search for each number of members, beyond a small pool.
const NODES: usize = 60_000;

/// A party with how strongly it meets each line; 0: not met.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub id: String,
    pub strengths: Vec<f32>,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub candidates: Vec<Candidate>,
    /// Must-lines; at most 64.
    pub lines: usize,
    /// Whoever takes one of a pair takes both.
    pub together: Vec<(String, String)>,
    /// Never in one set: chosen pairs and rivals.
    pub apart: Vec<(String, String)>,
    /// Members of a set, 1 to 5.
    pub at_least: usize,
    pub at_most: usize,
    /// Sets answered at most.
    pub limit: usize,
}

impl Question {
    /// Two to five parties, three sets, nobody bound to anybody.
    pub fn of_lines(lines: usize) -> Question {
        Question {
            candidates: Vec::new(),
            lines,
            together: Vec::new(),
            apart: Vec::new(),
            at_least: 2,
            at_most: MOST_MEMBERS,
            limit: 3,
        }
    }
}

/// A set that meets every line, or as many as can be.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    /// In order of id.
    pub members: Vec<Member>,
    /// Sum over lines of the strongest member.
    pub strength: f32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub id: String,
    /// Lines it meets.
    pub meets: Vec<usize>,
    /// Lines that nobody else in the set meets: its marginal contribution.
    pub alone: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Best first.
    pub sets: Vec<Set>,
    /// Whether the first set is proven to be the best (or the lack of any proven).
    pub proven: bool,
    /// Lines that no candidate meets.
    pub nobody: Vec<usize>,
    /// Without a full set: the one that covers most lines, with the lines it leaves open.
    pub partial: Option<(Set, Vec<usize>)>,
}

/// One choice of the search: a party, or parties that go only together.
#[derive(Debug, Clone)]
struct Unit {
    /// Indexes of candidates, in order of id.
    parties: Vec<usize>,
    mask: u64,
    strengths: Vec<f32>,
    /// Units that may not join.
    rivals: Vec<usize>,
}

/// Finds the best sets.
pub fn find(question: &Question) -> Answer {
    let lines = question.lines.min(MOST_LINES);
    let mut candidates: Vec<&Candidate> = question.candidates.iter().collect();
    candidates.sort_by(|left, right| left.id.cmp(&right.id));
    candidates.dedup_by(|right, left| left.id == right.id);
    let all = if lines == 64 { u64::MAX } else { (1u64 << lines) - 1 };
    let reach = candidates.iter().fold(0, |reach, candidate| reach | mask_of(candidate, lines));
    let nobody: Vec<usize> = (0..lines).filter(|line| reach & (1 << line) == 0).collect();
    let units = units(question, &candidates, lines);
    let mut answer = Answer { sets: Vec::new(), proven: true, nobody, partial: None };
    if lines == 0 || units.is_empty() {
        return answer;
    }
    let at_most = question.at_most.clamp(1, MOST_MEMBERS);
    let at_least = question.at_least.clamp(1, at_most);
    if answer.nobody.is_empty() {
        let kept = not_dominated(&units, at_most, question.limit.max(1));
        for size in at_least..=at_most {
            let mut search = Search::new(&units, &kept, lines, all, size, question.limit.max(1));
            search.run();
            answer.proven &= search.finished;
            let mut found = search.found;
            found.truncate(question.limit.max(1) - answer.sets.len());
            answer.sets.extend(found.into_iter().map(|found| set(&found.units, &units, &candidates, lines)));
            // Larger sets are alternatives only where each member is needed; the smallest come first.
            if !answer.sets.is_empty() {
                break;
            }
        }
    }
    if answer.sets.is_empty() {
        let (chosen, mask) = most_covering(&units, at_most);
        let members: usize = chosen.iter().map(|unit| units[*unit].parties.len()).sum();
        if mask == all && members >= at_least {
            // The bounded search gave up before it came to it.
            answer.sets.push(set(&chosen, &units, &candidates, lines));
        } else if mask != 0 {
            let open = (0..lines).filter(|line| mask & (1 << line) == 0).collect();
            answer.partial = Some((set(&chosen, &units, &candidates, lines), open));
        }
    }
    answer
}

fn mask_of(candidate: &Candidate, lines: usize) -> u64 {
    candidate.strengths.iter().take(lines).enumerate().fold(
        0,
        |mask, (line, strength)| {
            if *strength > 0.0 { mask | 1 << line } else { mask }
        },
    )
}

/// Candidates joined by "together", without those that break "apart" themselves; each with its rivals. Parties that
/// meet nothing are left out unless somebody who does goes only with them.
fn units(question: &Question, candidates: &[&Candidate], lines: usize) -> Vec<Unit> {
    let place: HashMap<&str, usize> =
        candidates.iter().enumerate().map(|(index, candidate)| (candidate.id.as_str(), index)).collect();
    let mut group: Vec<usize> = (0..candidates.len()).collect();
    let mut broken: Vec<bool> = vec![false; candidates.len()];
    for (left, right) in &question.together {
        match (place.get(left.as_str()), place.get(right.as_str())) {
            (Some(left), Some(right)) => {
                let (keep, gone) = (group[*left], group[*right]);
                group.iter_mut().filter(|group| **group == gone).for_each(|group| *group = keep);
            }
            // Bound to somebody who is no candidate.
            (Some(one), None) | (None, Some(one)) => broken[*one] = true,
            (None, None) => {}
        }
    }
    let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, group) in group.iter().enumerate() {
        members.entry(*group).or_default().push(index);
    }
    let apart: HashSet<(usize, usize)> = question
        .apart
        .iter()
        .filter_map(|(left, right)| Some((*place.get(left.as_str())?, *place.get(right.as_str())?)))
        .flat_map(|(left, right)| [(left, right), (right, left)])
        .collect();
    let mut groups: Vec<Vec<usize>> = members.into_values().collect();
    groups.sort();
    let mut units: Vec<Unit> = groups
        .into_iter()
        .filter(|parties| !parties.iter().any(|party| broken[*party]))
        .filter(|parties| !parties.iter().any(|left| parties.iter().any(|right| apart.contains(&(*left, *right)))))
        .map(|parties| {
            let mut strengths = vec![0.0f32; lines];
            for party in &parties {
                for (best, strength) in strengths.iter_mut().zip(&candidates[*party].strengths) {
                    *best = best.max(*strength);
                }
            }
            let mask = parties.iter().fold(0, |mask, party| mask | mask_of(candidates[*party], lines));
            Unit { parties, mask, strengths, rivals: Vec::new() }
        })
        .filter(|unit| unit.mask != 0 && unit.parties.len() <= question.at_most)
        .collect();
    let mut unit_of: HashMap<usize, usize> = HashMap::new();
    for (index, unit) in units.iter().enumerate() {
        for party in &unit.parties {
            unit_of.insert(*party, index);
        }
    }
    for (left, right) in &apart {
        if let (Some(left), Some(right)) = (unit_of.get(left), unit_of.get(right))
            && left != right
        {
            units[*left].rivals.push(*right);
        }
    }
    units.iter_mut().for_each(|unit| {
        unit.rivals.sort_unstable();
        unit.rivals.dedup();
    });
    units
}

/// A full set as the search keeps it.
#[derive(Debug, Clone)]
struct Found {
    strength: f32,
    /// Candidate indexes in order, for ties.
    parties: Vec<usize>,
    units: Vec<usize>,
}

struct Search<'a> {
    units: &'a [Unit],
    lines: usize,
    all: u64,
    size: usize,
    limit: usize,
    /// For each line the units that meet it, strongest first.
    by_line: Vec<Vec<usize>>,
    /// Most lines that units of one party can add: the bound on what the places left can still cover.
    widest: u32,
    nodes: usize,
    most_nodes: usize,
    finished: bool,
    found: Vec<Found>,
    seen: HashSet<Vec<usize>>,
}

impl<'a> Search<'a> {
    fn new(units: &'a [Unit], kept: &[usize], lines: usize, all: u64, size: usize, limit: usize) -> Search<'a> {
        let mut by_line: Vec<Vec<usize>> = vec![Vec::new(); lines];
        for index in kept {
            for (line, list) in by_line.iter_mut().enumerate() {
                if units[*index].mask & (1 << line) != 0 {
                    list.push(*index);
                }
            }
        }
        for (line, list) in by_line.iter_mut().enumerate() {
            list.sort_by(|left, right| {
                let wide = |unit: usize| units[unit].mask.count_ones() / units[unit].parties.len() as u32;
                wide(*right)
                    .cmp(&wide(*left))
                    .then_with(|| units[*right].strengths[line].total_cmp(&units[*left].strengths[line]))
                    .then_with(|| left.cmp(right))
            });
        }
        let widest = kept.iter().map(|unit| units[*unit].mask.count_ones().div_ceil(units[*unit].parties.len() as u32));
        let most_nodes = if kept.len() <= SMALL { usize::MAX } else { NODES };
        Search {
            units,
            lines,
            all,
            size,
            limit,
            by_line,
            widest: widest.max().unwrap_or(0),
            nodes: 0,
            most_nodes,
            finished: true,
            found: Vec::new(),
            seen: HashSet::new(),
        }
    }

    fn run(&mut self) {
        let mut chosen = Vec::with_capacity(self.size);
        self.step(&mut chosen, 0, 0);
    }

    fn step(&mut self, chosen: &mut Vec<usize>, mask: u64, places: usize) {
        self.nodes += 1;
        if self.nodes > self.most_nodes {
            self.finished = false;
            return;
        }
        let left = self.size - places;
        if mask == self.all {
            if left == 0 {
                self.keep(chosen);
            } else if chosen.is_empty() || places >= 1 {
                self.fill(chosen, mask, places);
            }
            return;
        }
        let open = self.all & !mask;
        if left == 0 || open.count_ones() > self.widest.saturating_mul(left as u32) {
            return;
        }
        // The open line that the fewest can meet.
        let Some(line) =
            (0..self.lines).filter(|line| open & (1 << line) != 0).min_by_key(|line| self.by_line[*line].len())
        else {
            return;
        };
        let mut options = self.by_line[line].clone();
        if chosen.len() < 2 {
            // Whoever covers most of what is open comes first: it decides what a bounded search finds.
            options.sort_by_cached_key(|unit| std::cmp::Reverse((self.units[*unit].mask & open).count_ones()));
        }
        for unit in options {
            if self.nodes > self.most_nodes {
                self.finished = false;
                return;
            }
            let size = self.units[unit].parties.len();
            if size > left || chosen.iter().any(|other| self.units[unit].rivals.binary_search(other).is_ok()) {
                continue;
            }
            chosen.push(unit);
            self.step(chosen, mask | self.units[unit].mask, places + size);
            chosen.pop();
        }
    }

    /// Every line is met before the places are: whoever adds most strength joins (a set of at least two).
    fn fill(&mut self, chosen: &mut Vec<usize>, mask: u64, places: usize) {
        let units = self.units;
        for (unit, joining) in units.iter().enumerate() {
            self.nodes += 1;
            if self.nodes > self.most_nodes {
                self.finished = false;
                return;
            }
            let fits = places + joining.parties.len() <= self.size
                && !chosen.contains(&unit)
                && !chosen.iter().any(|other| joining.rivals.binary_search(other).is_ok());
            if fits {
                chosen.push(unit);
                self.step(chosen, mask, places + joining.parties.len());
                chosen.pop();
            }
        }
    }

    fn keep(&mut self, chosen: &[usize]) {
        let mut units = chosen.to_vec();
        units.sort_unstable();
        if !self.seen.insert(units.clone()) {
            return;
        }
        let strength = strength_of(&units, self.units, self.lines);
        let mut parties: Vec<usize> = units.iter().flat_map(|unit| self.units[*unit].parties.iter().copied()).collect();
        parties.sort_unstable();
        let found = Found { strength, parties, units };
        let at = self.found.partition_point(|other| {
            other.strength > found.strength || (other.strength == found.strength && other.parties < found.parties)
        });
        if at < self.limit {
            self.found.insert(at, found);
            self.found.truncate(self.limit);
        }
    }
}

fn strength_of(chosen: &[usize], units: &[Unit], lines: usize) -> f32 {
    // In order of the lines, so that equal sets sum to equal numbers.
    (0..lines).map(|line| chosen.iter().map(|unit| units[*unit].strengths[line]).fold(0.0f32, f32::max)).sum()
}

/// Leaves out a unit for which enough others stand in: at least as strong on every line, no larger, with no rival that it
/// does not have, and before it by id or stronger somewhere. `size − 1` of them may be in the set already and others may
/// be needed for the alternatives, so that many must stand in.
fn not_dominated(units: &[Unit], size: usize, limit: usize) -> Vec<usize> {
    let enough = size - 1 + limit;
    let mut order: Vec<usize> = (0..units.len()).collect();
    let total = |unit: usize| units[unit].strengths.iter().sum::<f32>();
    let totals: Vec<f32> = (0..units.len()).map(total).collect();
    order.sort_by(|left, right| totals[*right].total_cmp(&totals[*left]).then_with(|| left.cmp(right)));
    let mut kept: Vec<usize> = Vec::new();
    for unit in order {
        let mut standing_in = 0;
        let dominated = kept.iter().any(|other| {
            standing_in += usize::from(stands_in(&units[*other], *other, &units[unit], unit));
            standing_in >= enough
        });
        if !dominated {
            kept.push(unit);
        }
    }
    kept.sort_unstable();
    kept
}

fn stands_in(other: &Unit, other_at: usize, unit: &Unit, at: usize) -> bool {
    let strong = other.mask & unit.mask == unit.mask
        && other.strengths.iter().zip(&unit.strengths).all(|(other, own)| other >= own);
    strong
        && other.parties.len() == unit.parties.len()
        && other.rivals.iter().all(|rival| *rival == at || unit.rivals.binary_search(rival).is_ok())
        && (other_at < at || other.strengths.iter().zip(&unit.strengths).any(|(other, own)| other > own))
}

/// The units that cover most lines within the places: greedy from each of the widest, then the best.
fn most_covering(units: &[Unit], at_most: usize) -> (Vec<usize>, u64) {
    let mut starts: Vec<usize> = (0..units.len()).collect();
    starts.sort_by_key(|unit| (std::cmp::Reverse(units[*unit].mask.count_ones()), *unit));
    starts.truncate(SMALL);
    let mut best: (Vec<usize>, u64, f32) = (Vec::new(), 0, 0.0);
    for start in starts {
        let mut chosen = vec![start];
        let mut mask = units[start].mask;
        let mut places = units[start].parties.len();
        loop {
            let next = (0..units.len())
                .filter(|unit| {
                    !chosen.contains(unit)
                        && places + units[*unit].parties.len() <= at_most
                        && !chosen.iter().any(|other| units[*unit].rivals.binary_search(other).is_ok())
                })
                .map(|unit| ((units[unit].mask & !mask).count_ones(), units[unit].strengths.iter().sum::<f32>(), unit))
                .filter(|(gain, _, _)| *gain > 0)
                .max_by(|left, right| left.0.cmp(&right.0).then(left.1.total_cmp(&right.1)).then(right.2.cmp(&left.2)));
            let Some((_, _, unit)) = next else { break };
            chosen.push(unit);
            mask |= units[unit].mask;
            places += units[unit].parties.len();
        }
        let strength = strength_of(&chosen, units, units[start].strengths.len());
        let better = (mask.count_ones(), std::cmp::Reverse(chosen.len()), strength)
            > (best.1.count_ones(), std::cmp::Reverse(best.0.len()), best.2);
        if best.1 == 0 || better {
            best = (chosen, mask, strength);
        }
    }
    (best.0, best.1)
}

fn set(chosen: &[usize], units: &[Unit], candidates: &[&Candidate], lines: usize) -> Set {
    let mut parties: Vec<usize> = chosen.iter().flat_map(|unit| units[*unit].parties.iter().copied()).collect();
    parties.sort_unstable();
    let masks: Vec<u64> = parties.iter().map(|party| mask_of(candidates[*party], lines)).collect();
    let listed = |mask: u64| (0..lines).filter(|line| mask & (1 << line) != 0).collect();
    let members = parties
        .iter()
        .enumerate()
        .map(|(place, party)| {
            let others =
                masks.iter().enumerate().filter(|(other, _)| *other != place).fold(0, |mask, (_, other)| mask | other);
            Member {
                id: candidates[*party].id.clone(),
                meets: listed(masks[place]),
                alone: listed(masks[place] & !others),
            }
        })
        .collect();
    Set { members, strength: strength_of(chosen, units, lines) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeded numbers, the same everywhere (xorshift).
    struct Seeded(u64);

    impl Seeded {
        fn next(&mut self, below: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % below
        }
    }

    fn pool(seed: u64) -> Question {
        let mut random = Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..10 {
            random.next(2);
        }
        let lines = 1 + random.next(7) as usize;
        let parties = 2 + random.next(17) as usize;
        let density = 2 + random.next(5);
        let name = |index: u64| format!("p{index:02}");
        let candidates = (0..parties as u64)
            .map(|index| Candidate {
                id: name(index),
                strengths: (0..lines)
                    .map(|_| if random.next(density) == 0 { (5 + random.next(5)) as f32 / 10.0 } else { 0.0 })
                    .collect(),
            })
            .collect();
        let mut pairs = |most: u64| -> Vec<(String, String)> {
            (0..random.next(most + 1))
                .map(|_| (name(random.next(parties as u64)), name(random.next(parties as u64))))
                .filter(|(left, right)| left != right)
                .collect()
        };
        let apart = pairs(6);
        let together = pairs(2);
        Question { candidates, together, apart, limit: 1, ..Question::of_lines(lines) }
    }

    /// Every subset of two to five, by the words of the question.
    fn brute_force(question: &Question) -> Option<(usize, f32)> {
        let number = question.candidates.len();
        let mut best: Option<(usize, f32)> = None;
        for subset in 1u32..(1 << number) {
            let size = subset.count_ones() as usize;
            if !(question.at_least..=question.at_most).contains(&size) || best.is_some_and(|(known, _)| size > known) {
                continue;
            }
            let inside: Vec<&Candidate> =
                (0..number).filter(|at| subset & (1 << at) != 0).map(|at| &question.candidates[at]).collect();
            let has = |id: &String| inside.iter().any(|candidate| candidate.id == *id);
            let bound = question.together.iter().all(|(left, right)| has(left) == has(right));
            let split = question.apart.iter().all(|(left, right)| !(has(left) && has(right)));
            // Somebody who meets nothing joins only with a partner who does.
            let useful = inside.iter().all(|candidate| {
                candidate.strengths.iter().any(|strength| *strength > 0.0) || {
                    let mut linked = vec![&candidate.id];
                    let mut at = 0;
                    while at < linked.len() {
                        for (left, right) in &question.together {
                            for (one, other) in [(left, right), (right, left)] {
                                if one == linked[at] && !linked.contains(&other) {
                                    linked.push(other);
                                }
                            }
                        }
                        at += 1;
                    }
                    question.candidates.iter().any(|candidate| {
                        linked.contains(&&candidate.id) && candidate.strengths.iter().any(|strength| *strength > 0.0)
                    })
                }
            });
            if !bound || !split || !useful {
                continue;
            }
            let strongest =
                |line: usize| inside.iter().map(|candidate| candidate.strengths[line]).fold(0.0f32, f32::max);
            if (0..question.lines).any(|line| strongest(line) <= 0.0) {
                continue;
            }
            let strength: f32 = (0..question.lines).map(strongest).sum();
            if best.is_none_or(|(known, most)| size < known || (size == known && strength > most)) {
                best = Some((size, strength));
            }
        }
        best
    }

    #[test]
    fn the_optimum_of_brute_force_on_random_pools() {
        let mut solved = 0;
        for seed in 1..=500 {
            let question = pool(seed);
            let answer = find(&question);
            assert!(answer.proven, "seed {seed}");
            let found = answer.sets.first().map(|set| (set.members.len(), set.strength));
            let known = brute_force(&question);
            assert_eq!(found, known, "seed {seed}: {question:?}");
            solved += usize::from(known.is_some());
        }
        assert!(solved > 150, "{solved} pools have a coalition");
    }

    #[test]
    fn who_adds_what_and_what_nobody_can() {
        let candidate = |id: &str, strengths: &[f32]| Candidate { id: id.into(), strengths: strengths.to_vec() };
        let mut question = Question {
            candidates: vec![
                candidate("a", &[0.9, 0.6, 0.0]),
                candidate("b", &[0.0, 0.8, 0.7]),
                candidate("c", &[0.0, 0.0, 0.95]),
            ],
            ..Question::of_lines(3)
        };
        let answer = find(&question);
        let ids: Vec<Vec<&str>> =
            answer.sets.iter().map(|set| set.members.iter().map(|member| member.id.as_str()).collect()).collect();
        assert_eq!(ids, [["a", "c"], ["a", "b"]]);
        assert_eq!(answer.sets[1].members[0].alone, [0]);
        assert_eq!(answer.sets[1].members[1].alone, [2]);
        question.apart = vec![("a".into(), "c".into()), ("b".into(), "a".into())];
        let answer = find(&question);
        assert!(answer.sets.is_empty() && answer.nobody.is_empty() && answer.proven);
        assert_eq!(answer.partial.as_ref().map(|(_, open)| open.clone()), Some(vec![2]));
        question.lines = 4;
        for candidate in &mut question.candidates {
            candidate.strengths.push(0.0);
        }
        assert_eq!(find(&question).nobody, [3]);
    }
}
