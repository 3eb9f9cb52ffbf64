//! Cheapest flows: which meetings are worth most when nobody may have too many, slots aside.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

const FAR: i64 = i64::MAX / 4;

#[derive(Debug, Clone, Copy)]
struct Arc {
    to: usize,
    room: i32,
    cost: i64,
}

/// A network from `source` to `sink`. Arcs stand in pairs: each with its way back.
#[derive(Debug, Clone)]
pub(super) struct Network {
    arcs: Vec<Arc>,
    from: Vec<Vec<usize>>,
    source: usize,
    sink: usize,
}

impl Network {
    pub fn new(nodes: usize, source: usize, sink: usize) -> Network {
        Network { arcs: Vec::new(), from: vec![Vec::new(); nodes], source, sink }
    }

    /// An arc with room for `room`, worth `gain` for each unit; its number.
    pub fn arc(&mut self, from: usize, to: usize, room: i32, gain: i64) -> usize {
        let number = self.arcs.len();
        self.from[from].push(number);
        self.arcs.push(Arc { to, room, cost: -gain });
        self.from[to].push(number + 1);
        self.arcs.push(Arc { to: from, room: 0, cost: gain });
        number
    }

    /// Units that flow through an arc.
    pub fn flows(&self, arc: usize) -> i32 {
        self.arcs[arc ^ 1].room
    }

    /// Sends units, the most gaining first, while they gain and at most `most`. The gain of the whole; none when told to
    /// stop. Layers: every arc as built leads from a node with a lower `layer` to a higher one.
    pub fn send(&mut self, layers: &[usize], most: usize, mut go_on: impl FnMut() -> bool) -> Option<i64> {
        let nodes = self.from.len();
        // First potentials: the cheapest way layer by layer, because gains are negative costs.
        let mut potential = vec![FAR; nodes];
        potential[self.source] = 0;
        let mut order: Vec<usize> = (0..nodes).collect();
        order.sort_by_key(|node| layers[*node]);
        for node in order {
            if potential[node] < FAR {
                for arc in &self.from[node] {
                    let arc = self.arcs[*arc];
                    if arc.room > 0 {
                        potential[arc.to] = potential[arc.to].min(potential[node] + arc.cost);
                    }
                }
            }
        }
        let mut gain = 0;
        let mut distance = vec![FAR; nodes];
        let mut by = vec![usize::MAX; nodes];
        for sent in 0..most {
            if sent % 64 == 63 && !go_on() {
                return None;
            }
            distance.fill(FAR);
            distance[self.source] = 0;
            let mut heap = BinaryHeap::from([Reverse((0i64, self.source))]);
            let mut done: Vec<usize> = Vec::new();
            let mut closed = vec![false; nodes];
            while let Some(Reverse((known, node))) = heap.pop() {
                if closed[node] {
                    continue;
                }
                closed[node] = true;
                done.push(node);
                if node == self.sink {
                    break;
                }
                for number in &self.from[node] {
                    let arc = self.arcs[*number];
                    if arc.room == 0 || potential[arc.to] >= FAR {
                        continue;
                    }
                    let next = known + arc.cost + potential[node] - potential[arc.to];
                    if next < distance[arc.to] {
                        distance[arc.to] = next;
                        by[arc.to] = *number;
                        heap.push(Reverse((next, arc.to)));
                    }
                }
            }
            if distance[self.sink] >= FAR {
                break;
            }
            let reached = distance[self.sink];
            for node in done {
                potential[node] += distance[node] - reached;
            }
            // Potentials of the nodes that were not closed stay: lowering the closed ones by what is left of the way is
            // the same as raising the others.
            let cost = potential[self.sink] - potential[self.source];
            if cost >= 0 {
                break;
            }
            gain -= cost;
            let mut node = self.sink;
            while node != self.source {
                let number = by[node];
                self.arcs[number].room -= 1;
                self.arcs[number ^ 1].room += 1;
                node = self.arcs[number ^ 1].to;
            }
        }
        Some(gain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against all ways to match, on small random tables.
    #[test]
    fn the_most_gaining_matching() {
        let mut random = crate::composing::Seeded::new(3);
        for _ in 0..200 {
            let (left, right) = (1 + random.below(4), 1 + random.below(4));
            let gains: Vec<Vec<i64>> =
                (0..left).map(|_| (0..right).map(|_| random.below(20) as i64 - 4).collect()).collect();
            let (source, sink) = (left + right, left + right + 1);
            let mut network = Network::new(left + right + 2, source, sink);
            for (node, gains) in gains.iter().enumerate() {
                network.arc(source, node, 1, 0);
                for (other, gain) in gains.iter().enumerate() {
                    network.arc(node, left + other, 1, *gain);
                }
            }
            (0..right).for_each(|other| {
                network.arc(left + other, sink, 1, 0);
            });
            let mut layers = vec![1; left];
            layers.extend(vec![2; right]);
            layers.extend([0, 3]);
            fn best(gains: &[Vec<i64>], taken: u32) -> i64 {
                let Some((first, rest)) = gains.split_first() else { return 0 };
                let with = first
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| taken & (1 << at) == 0)
                    .map(|(at, gain)| gain + best(rest, taken | 1 << at));
                with.chain([best(rest, taken)]).max().unwrap_or(0)
            }
            assert_eq!(network.send(&layers, usize::MAX, || true), Some(best(&gains, 0)));
        }
    }
}
