//! A timetable in the making.

use super::flow::Network;
use super::{Answer, Meeting, Question};
use std::collections::{HashMap, HashSet};

/// Points in whole numbers, so that sums are the same in any order.
const SCALE: f64 = 1e6;
/// Points for each meeting that somebody has too few.
const MISSING: f64 = 1_000.0;
/// What keeps a must in its slot while the others are matched anew.
const MUST: i64 = 1_000_000_000_000;

#[derive(Debug, Clone)]
pub(super) struct Plan<'a> {
    pub question: &'a Question,
    /// For each buyer its pairs: `(supplier, points)`.
    pub pairs: Vec<Vec<(usize, i64)>>,
    points: HashMap<(usize, usize), i64>,
    must: HashSet<(usize, usize)>,
    fixed: HashSet<Meeting>,
    /// Who sits with a buyer, and with a supplier, by slot.
    pub buyers: Vec<Vec<Option<usize>>>,
    pub suppliers: Vec<Vec<Option<usize>>>,
    /// Slot of each meeting.
    pub met: HashMap<(usize, usize), usize>,
    pub used: Vec<usize>,
    /// Meetings of each.
    pub of_buyer: Vec<usize>,
    pub of_supplier: Vec<usize>,
    /// Points of the n-th meeting by fairness.
    nth: Vec<i64>,
}

fn scaled(points: f64) -> i64 {
    (points * SCALE).round() as i64
}

/// A bit for each slot that is taken.
fn taken_slots(partners: &[Option<usize>]) -> u64 {
    let taken = partners.iter().enumerate().filter(|(_, partner)| partner.is_some());
    taken.fold(0, |mask, (slot, _)| mask | 1 << slot)
}

impl<'a> Plan<'a> {
    /// With the confirmed meetings only.
    pub fn new(question: &'a Question) -> Plan<'a> {
        let never: HashSet<(usize, usize)> = question.never.iter().copied().collect();
        let mut points: HashMap<(usize, usize), i64> = HashMap::with_capacity(question.pairs.len());
        for pair in &question.pairs {
            if !never.contains(&(pair.buyer, pair.supplier)) {
                points.insert((pair.buyer, pair.supplier), scaled(pair.value));
            }
        }
        for pair in &question.must {
            points.entry(*pair).or_insert(0);
        }
        let mut pairs: Vec<Vec<(usize, i64)>> = vec![Vec::new(); question.buyers.len()];
        for ((buyer, supplier), points) in &points {
            pairs[*buyer].push((*supplier, *points));
        }
        pairs.iter_mut().for_each(|pairs| pairs.sort_unstable());
        let mut plan = Plan {
            question,
            pairs,
            points,
            must: question.must.iter().copied().collect(),
            fixed: question.confirmed.iter().copied().collect(),
            buyers: vec![vec![None; question.slots]; question.buyers.len()],
            suppliers: vec![vec![None; question.slots]; question.suppliers.len()],
            met: HashMap::new(),
            used: vec![0; question.slots],
            of_buyer: vec![0; question.buyers.len()],
            of_supplier: vec![0; question.suppliers.len()],
            nth: (1..=question.slots as i64 + 1).map(|n| scaled(question.fairness) / n).collect(),
        };
        question.confirmed.iter().for_each(|meeting| plan.put(*meeting));
        plan
    }

    pub fn put(&mut self, Meeting { slot, buyer, supplier }: Meeting) {
        self.buyers[buyer][slot] = Some(supplier);
        self.suppliers[supplier][slot] = Some(buyer);
        self.met.insert((buyer, supplier), slot);
        self.used[slot] += 1;
        self.of_buyer[buyer] += 1;
        self.of_supplier[supplier] += 1;
    }

    pub fn take(&mut self, Meeting { slot, buyer, supplier }: Meeting) {
        self.buyers[buyer][slot] = None;
        self.suppliers[supplier][slot] = None;
        self.met.remove(&(buyer, supplier));
        self.used[slot] -= 1;
        self.of_buyer[buyer] -= 1;
        self.of_supplier[supplier] -= 1;
    }

    /// Points of the next meeting of somebody who has `held` and should have `least`.
    pub fn next(&self, held: usize, least: usize) -> i64 {
        let fair = self.nth.get(held).copied().unwrap_or(0);
        fair + if held < least { scaled(MISSING) } else { 0 }
    }

    fn scaled_value(&self) -> i64 {
        let meetings: i64 = self.met.keys().map(|pair| self.points.get(pair).copied().unwrap_or(0)).sum();
        let side = |held: &[usize], least: &dyn Fn(usize) -> usize| -> i64 {
            held.iter()
                .enumerate()
                .map(|(at, held)| {
                    let fair: i64 = self.nth.iter().take(*held).sum();
                    fair - scaled(MISSING) * least(at).saturating_sub(*held) as i64
                })
                .sum()
        };
        meetings
            + side(&self.of_buyer, &|at| self.question.buyers[at].least)
            + side(&self.of_supplier, &|at| self.question.suppliers[at].least)
    }

    pub fn value(&self) -> f64 {
        self.scaled_value() as f64 / SCALE
    }

    /// Slots in which both could meet, were they free.
    fn common(&self, buyer: usize, supplier: usize) -> u64 {
        let mask = super::all(self.question.slots);
        self.question.buyers[buyer].available & self.question.suppliers[supplier].available & mask
    }

    fn is_free(&self, buyer: usize, supplier: usize, slot: usize) -> bool {
        self.buyers[buyer][slot].is_none() && self.suppliers[supplier][slot].is_none()
    }

    fn has_room(&self, buyer: usize, supplier: usize) -> bool {
        self.of_buyer[buyer] < self.question.buyers[buyer].most
            && self.of_supplier[supplier] < self.question.suppliers[supplier].most
    }

    /// Pairs that must meet and do not.
    pub fn open(&self) -> usize {
        self.must.iter().filter(|pair| !self.met.contains_key(pair)).count()
    }

    /// The musts first, those with the fewest slots in common before the others.
    pub fn seat_musts(&mut self) {
        let musts: Vec<(usize, usize)> = self.must.iter().copied().collect();
        self.seat(&musts);
    }

    /// Puts pairs into slots, the hardest first; what finds no slot is left out.
    pub fn seat(&mut self, pairs: &[(usize, usize)]) {
        let mut waiting: Vec<(usize, usize)> =
            pairs.iter().copied().filter(|pair| !self.met.contains_key(pair)).collect();
        let points = |pair: &(usize, usize)| self.points.get(pair).copied().unwrap_or(0);
        waiting.sort_by_key(|pair| (self.common(pair.0, pair.1).count_ones(), -points(pair), *pair));
        for (buyer, supplier) in waiting {
            if self.has_room(buyer, supplier) && !self.seat_free(buyer, supplier) {
                self.seat_by_chain(buyer, supplier);
            }
        }
    }

    /// Into the emptiest slot in which both are free.
    fn seat_free(&mut self, buyer: usize, supplier: usize) -> bool {
        let common = self.common(buyer, supplier);
        let slot = (0..self.question.slots)
            .filter(|slot| common & (1 << slot) != 0 && self.used[*slot] < self.question.tables)
            .filter(|slot| self.is_free(buyer, supplier, *slot))
            .min_by_key(|slot| self.used[*slot]);
        slot.map(|slot| self.put(Meeting { slot, buyer, supplier })).is_some()
    }

    /// Where the buyer is free in one slot and the supplier in another: the meetings in the way change places between the
    /// two slots, one after the other, as far as everybody can.
    fn seat_by_chain(&mut self, buyer: usize, supplier: usize) -> bool {
        let slots = self.question.slots;
        let (there, here) = (self.question.buyers[buyer].available, self.question.suppliers[supplier].available);
        for first in 0..slots {
            for second in 0..slots {
                let bits = (1u64 << first, 1u64 << second);
                if first == second || self.buyers[buyer][first].is_some() || self.suppliers[supplier][second].is_some()
                {
                    continue;
                }
                // The supplier is made free in the first slot, or the buyer in the second.
                let ways = [
                    (first, second, false, there & bits.0 != 0 && here & bits.0 != 0),
                    (second, first, true, there & bits.1 != 0 && here & bits.1 != 0),
                ];
                for (slot, other, of_buyer, both) in ways {
                    if !both {
                        continue;
                    }
                    let start = if of_buyer { buyer } else { supplier };
                    if let Some(chain) = self.chain(start, of_buyer, slot, other) {
                        self.turn(&chain, slot, other);
                        self.put(Meeting { slot, buyer, supplier });
                        return true;
                    }
                }
            }
        }
        false
    }

    /// The meetings that change between `slot` and `other` when `start` gets free in `slot`; none when one cannot move.
    fn chain(&self, start: usize, of_buyer: bool, slot: usize, other: usize) -> Option<Vec<Meeting>> {
        let (mut who, mut is_buyer, mut from, mut to) = (start, of_buyer, slot, other);
        let mut chain: Vec<Meeting> = Vec::new();
        loop {
            let partner = if is_buyer { self.buyers[who][from] } else { self.suppliers[who][from] };
            let Some(partner) = partner else { break };
            let (buyer, supplier) = if is_buyer { (who, partner) } else { (partner, who) };
            let meeting = Meeting { slot: from, buyer, supplier };
            let movable = self.common(buyer, supplier) & (1 << to) != 0 && !self.fixed.contains(&meeting);
            if !movable || chain.len() > 200 {
                return None;
            }
            chain.push(meeting);
            (who, is_buyer) = (partner, !is_buyer);
            (from, to) = (to, from);
        }
        let leaving = chain.iter().filter(|meeting| meeting.slot == slot).count();
        let coming = chain.len() - leaving;
        let fits = self.used[slot] + 1 + coming <= self.question.tables + leaving
            && self.used[other] + leaving <= self.question.tables + coming;
        fits.then_some(chain)
    }

    fn turn(&mut self, chain: &[Meeting], slot: usize, other: usize) {
        chain.iter().for_each(|meeting| self.take(*meeting));
        for meeting in chain {
            let slot = if meeting.slot == slot { other } else { slot };
            self.put(Meeting { slot, ..*meeting });
        }
    }

    pub fn rematch_all(&mut self) {
        (0..self.question.slots).for_each(|slot| self.rematch(slot));
    }

    /// Matches one slot anew, the other slots as they are: the best there is for it.
    pub fn rematch(&mut self, slot: usize) {
        let question = self.question;
        let bit = 1u64 << slot;
        let mut musts: Vec<(usize, usize)> = Vec::new();
        for buyer in 0..question.buyers.len() {
            let Some(supplier) = self.buyers[buyer][slot] else { continue };
            let meeting = Meeting { slot, buyer, supplier };
            if !self.fixed.contains(&meeting) {
                self.take(meeting);
            }
        }
        let (buyers, suppliers) = (question.buyers.len(), question.suppliers.len());
        let (source, sink) = (buyers + suppliers, buyers + suppliers + 1);
        let mut network = Network::new(buyers + suppliers + 2, source, sink);
        let open = |plan: &Plan<'_>, supplier: usize| {
            question.suppliers[supplier].available & bit != 0
                && plan.suppliers[supplier][slot].is_none()
                && plan.of_supplier[supplier] < question.suppliers[supplier].most
        };
        let open_suppliers: Vec<bool> = (0..suppliers).map(|supplier| open(self, supplier)).collect();
        for (supplier, asked) in question.suppliers.iter().enumerate().filter(|(supplier, _)| open_suppliers[*supplier])
        {
            network.arc(buyers + supplier, sink, 1, self.next(self.of_supplier[supplier], asked.least));
        }
        let mut arcs = Vec::new();
        for (buyer, asked) in question.buyers.iter().enumerate() {
            let open =
                asked.available & bit != 0 && self.buyers[buyer][slot].is_none() && self.of_buyer[buyer] < asked.most;
            if !open {
                continue;
            }
            network.arc(source, buyer, 1, self.next(self.of_buyer[buyer], asked.least));
            for (supplier, points) in &self.pairs[buyer] {
                if open_suppliers[*supplier] && !self.met.contains_key(&(buyer, *supplier)) {
                    let must = self.must.contains(&(buyer, *supplier));
                    if must {
                        musts.push((buyer, *supplier));
                    }
                    let arc = network.arc(buyer, buyers + supplier, 1, points + if must { MUST } else { 0 });
                    arcs.push((arc, buyer, *supplier));
                }
            }
        }
        let mut layers = vec![1; buyers];
        layers.extend(vec![2; suppliers]);
        layers.extend([0, 3]);
        network.send(&layers, question.tables - self.used[slot], || true);
        for (arc, buyer, supplier) in arcs {
            if network.flows(arc) > 0 {
                self.put(Meeting { slot, buyer, supplier });
            }
        }
    }

    /// Every meeting at its full points and each participant's best number of them.
    pub fn simple_bound(&self) -> f64 {
        let best: i64 = (0..self.pairs.len())
            .map(|buyer| {
                let mut points: Vec<i64> = self.pairs[buyer].iter().map(|(_, points)| *points).collect();
                points.sort_unstable_by(|one, other| other.cmp(one));
                // A meeting that is confirmed may be in a slot that is open no more.
                let held =
                    (self.question.buyers[buyer].available | taken_slots(&self.buyers[buyer])).count_ones() as usize;
                points.iter().take(held.min(self.question.buyers[buyer].most).max(self.of_buyer[buyer])).sum::<i64>()
            })
            .sum();
        let fair: i64 = self.nth.iter().sum::<i64>() * (self.buyers.len() + self.suppliers.len()) as i64;
        (best + fair) as f64 / SCALE
    }

    /// The most that any timetable is worth, slots aside, and the pairs of it; none when told to stop.
    pub fn wanted(&self, go_on: impl FnMut() -> bool) -> Option<(f64, Vec<(usize, usize)>)> {
        let question = self.question;
        let fixed = Plan::new(question);
        let (buyers, suppliers) = (question.buyers.len(), question.suppliers.len());
        let (source, sink) = (buyers + suppliers, buyers + suppliers + 1);
        let mut network = Network::new(buyers + suppliers + 2, source, sink);
        // What is decided already counts before everything else.
        let mut held = fixed;
        let mut taken: Vec<(usize, usize)> = Vec::new();
        let mut value_of_musts = 0i64;
        for pair in self.must.iter().filter(|pair| self.met.contains_key(pair)) {
            if !held.met.contains_key(pair) {
                taken.push(*pair);
                value_of_musts += self.points.get(pair).copied().unwrap_or(0)
                    + held.next(held.of_buyer[pair.0], question.buyers[pair.0].least)
                    + held.next(held.of_supplier[pair.1], question.suppliers[pair.1].least);
                held.of_buyer[pair.0] += 1;
                held.of_supplier[pair.1] += 1;
            }
        }
        // The slots of meetings that are confirmed are taken, whether they are open still or not.
        let plan = Plan::new(question);
        let room = |available: u64, most: usize, held: usize, confirmed: &[Option<usize>]| {
            let busy = taken_slots(confirmed);
            let free = (available & super::all(question.slots) & !busy).count_ones() as usize;
            let more = held.saturating_sub(busy.count_ones() as usize);
            free.saturating_sub(more).min(most.saturating_sub(held))
        };
        for (buyer, asked) in question.buyers.iter().enumerate() {
            for more in 0..room(asked.available, asked.most, held.of_buyer[buyer], &plan.buyers[buyer]) {
                network.arc(source, buyer, 1, held.next(held.of_buyer[buyer] + more, asked.least));
            }
        }
        for (supplier, asked) in question.suppliers.iter().enumerate() {
            for more in 0..room(asked.available, asked.most, held.of_supplier[supplier], &plan.suppliers[supplier]) {
                network.arc(buyers + supplier, sink, 1, held.next(held.of_supplier[supplier] + more, asked.least));
            }
        }
        let taken_set: HashSet<(usize, usize)> = taken.iter().copied().collect();
        let mut arcs = Vec::new();
        for (buyer, pairs) in self.pairs.iter().enumerate() {
            for (supplier, points) in pairs {
                let pair = (buyer, *supplier);
                let possible = self.common(buyer, *supplier) != 0;
                if possible && !held.met.contains_key(&pair) && !taken_set.contains(&pair) {
                    arcs.push((network.arc(buyer, buyers + supplier, 1, *points), pair));
                }
            }
        }
        let mut layers = vec![1; buyers];
        layers.extend(vec![2; suppliers]);
        layers.extend([0, 3]);
        let all = (question.tables * question.slots).saturating_sub(held.met.len() + taken.len());
        let gain = network.send(&layers, all, go_on)?;
        let base = Plan::new(question).scaled_value();
        let mut wanted = taken;
        wanted.extend(arcs.into_iter().filter(|(arc, _)| network.flows(*arc) > 0).map(|(_, pair)| pair));
        Some(((base + value_of_musts + gain) as f64 / SCALE, wanted))
    }

    pub fn answer(&self, bound: f64) -> Answer {
        let mut meetings: Vec<Meeting> = self
            .met
            .iter()
            .map(|((buyer, supplier), slot)| Meeting { slot: *slot, buyer: *buyer, supplier: *supplier })
            .collect();
        meetings.sort_unstable();
        let mut open: Vec<(usize, usize)> =
            self.must.iter().copied().filter(|pair| !self.met.contains_key(pair)).collect();
        open.sort_unstable();
        let short = |held: &[usize], least: &dyn Fn(usize) -> usize| -> Vec<(usize, usize)> {
            let missing = held.iter().enumerate().map(|(at, held)| (at, least(at).saturating_sub(*held)));
            missing.filter(|(_, missing)| *missing > 0).collect()
        };
        Answer {
            meetings,
            value: self.value(),
            bound: bound.max(self.value()),
            open,
            short_buyers: short(&self.of_buyer, &|at| self.question.buyers[at].least),
            short_suppliers: short(&self.of_supplier, &|at| self.question.suppliers[at].least),
        }
    }
}
