//! A change of one participant moves that participant's meetings and nobody else's.

use super::flow::Network;
use super::plan::Plan;
use super::{Answer, Meeting, Question};
use crate::composing::Refusal;

/// Which side a participant is on, with the place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Buyer(usize),
    Supplier(usize),
}

impl Side {
    fn is_in(self, meeting: &Meeting) -> bool {
        match self {
            Side::Buyer(buyer) => meeting.buyer == buyer,
            Side::Supplier(supplier) => meeting.supplier == supplier,
        }
    }
}

/// What a meeting gains by staying where it is.
const STAYS: i64 = 10_000_000_000;
/// Before every wish.
const MUST: i64 = 1_000_000_000_000;

/// The timetable `held` after `whose` changed (availability, wishes, withdrawal), as `question` now says it: all meetings of
/// the others stay, and those that `question` confirms; the others of `whose` stay where they can, and move or are filled up
/// where they cannot.
pub fn adjust(question: &Question, held: &[Meeting], whose: Side) -> Result<Answer, Vec<Refusal>> {
    let kept: Vec<Meeting> =
        held.iter().copied().filter(|meeting| !whose.is_in(meeting) || question.confirmed.contains(meeting)).collect();
    let fixed = Question { confirmed: kept, ..question.clone() };
    let refusals = fixed.check();
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let mut plan = Plan::new(&fixed);
    let (mine, others, partners): (&super::Participant, &[super::Participant], Vec<(usize, i64)>) = match whose {
        Side::Buyer(buyer) => match question.buyers.get(buyer) {
            Some(mine) => (mine, &question.suppliers, plan.pairs[buyer].clone()),
            None => return Ok(plan.answer(f64::INFINITY)),
        },
        Side::Supplier(supplier) => match question.suppliers.get(supplier) {
            Some(mine) => {
                let of = |pairs: &Vec<(usize, i64)>| pairs.iter().find(|pair| pair.0 == supplier).map(|pair| pair.1);
                let partners = plan.pairs.iter().enumerate().filter_map(|(buyer, pairs)| Some((buyer, of(pairs)?)));
                (mine, &question.buyers, partners.collect())
            }
            None => return Ok(plan.answer(f64::INFINITY)),
        },
    };
    let pair_with = |other: usize| match whose {
        Side::Buyer(buyer) => (buyer, other),
        Side::Supplier(supplier) => (other, supplier),
    };
    let (room, busy) = match whose {
        Side::Buyer(buyer) => (mine.most.saturating_sub(plan.of_buyer[buyer]), plan.buyers[buyer].clone()),
        Side::Supplier(supplier) => {
            (mine.most.saturating_sub(plan.of_supplier[supplier]), plan.suppliers[supplier].clone())
        }
    };
    let open = |slot: usize| mine.available & (1 << slot) != 0 && busy[slot].is_none();
    // Partners on one side, slots on the other.
    let (count, slots) = (others.len(), question.slots);
    let (source, sink) = (count + slots, count + slots + 1);
    let mut network = Network::new(count + slots + 2, source, sink);
    let mut arcs = Vec::new();
    for slot in (0..slots).filter(|slot| open(*slot) && plan.used[*slot] < question.tables) {
        network.arc(count + slot, sink, 1, 0);
    }
    for (other, points) in partners {
        let (buyer, supplier) = pair_with(other);
        let (theirs, busy) = match whose {
            Side::Buyer(_) => (plan.of_supplier[other], &plan.suppliers[other]),
            Side::Supplier(_) => (plan.of_buyer[other], &plan.buyers[other]),
        };
        if theirs >= others[other].most || plan.met.contains_key(&(buyer, supplier)) {
            continue;
        }
        let must = if question.must.contains(&(buyer, supplier)) { MUST } else { 0 };
        network.arc(source, other, 1, points + must + plan.next(theirs, others[other].least));
        for (slot, taken) in busy.iter().enumerate() {
            let bit = 1u64 << slot;
            if open(slot) && others[other].available & bit != 0 && taken.is_none() {
                let meeting = Meeting { slot, buyer, supplier };
                let stays = if held.contains(&meeting) { STAYS } else { 0 };
                arcs.push((network.arc(other, count + slot, 1, stays), meeting));
            }
        }
    }
    let mut layers = vec![1; count];
    layers.extend(vec![2; slots]);
    layers.extend([0, 3]);
    network.send(&layers, room, || true);
    for (arc, meeting) in arcs {
        if network.flows(arc) > 0 {
            plan.put(meeting);
        }
    }
    // Proven for this participant only: the others were not asked.
    Ok(plan.answer(f64::INFINITY))
}
