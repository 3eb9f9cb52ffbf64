//! Who stands where: exhibitors on the booths of a grid, so that those who complement each other are neighbours and rivals
//! are not.
//!
//! The value is the sum over neighbouring booths of what their exhibitors are to each other. Small grids are tried to the
//! end; larger ones are improved by swaps from several starts, and the answer says how far it may be from the best.
//!
//! ```
//! use musubi_index::composing::booths::{Booth, Exhibitor, Question, place};
//!
//! let question = Question {
//!     booths: (0..3).map(|column| Booth { id: format!("A{column}"), column, row: 0, size: 1 }).collect(),
//!     exhibitors: ["coater", "printer", "sealer"].map(|id| Exhibitor { id: id.into(), size: 1 }).into(),
//!     pairs: vec![("coater".into(), "sealer".into(), 1.0)],
//!     rivals: vec![("coater".into(), "printer".into())],
//!     ..Question::default()
//! };
//! let answer = place(&question, &mut |_| true).map_err(|refusals| format!("{refusals:?}"))?;
//! assert!(answer.proven && answer.rivals_beside.is_empty());
//! assert_eq!(answer.value, 1.0);
//! # Ok::<(), String>(())
//! ```

use super::{Progress, Refusal, Seeded, Watch};
use std::collections::{BTreeSet, HashMap};

/// Booths and exhibitors of one grid at most.
pub const MOST_BOOTHS: usize = 500;
/// Pairs, walls and pins at most, of each sort.
pub const MOST_PAIRS: usize = 50_000;
/// Two rivals side by side weigh more than all that a booth's neighbours can add.
const RIVALS: f64 = 10.0;
/// Nodes of trying everything.
const NODES: usize = 300_000;
/// Exhibitors and booths up to which everything is tried.
const SMALL: (usize, usize) = (8, 12);
/// Times that a placement is shaken.
const SHAKES: usize = 400;
const NOISE: f64 = 1e-9;

/// A booth on the grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booth {
    pub id: String,
    pub column: i32,
    pub row: i32,
    /// Units of space.
    pub size: u32,
}

/// Somebody to place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhibitor {
    pub id: String,
    /// Units of space needed.
    pub size: u32,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Question {
    pub booths: Vec<Booth>,
    /// Booths side by side that a wall parts.
    pub walls: Vec<(String, String)>,
    pub exhibitors: Vec<Exhibitor>,
    /// What two exhibitors are to each other as neighbours, −1 to 1.
    pub pairs: Vec<(String, String, f64)>,
    pub rivals: Vec<(String, String)>,
    /// Exhibitors whose booth is decided: `(exhibitor, booth)`.
    pub pinned: Vec<(String, String)>,
    pub seed: u64,
}

/// Who stands where.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// `(exhibitor, booth)`, in the order of the exhibitors asked.
    pub places: Vec<(String, String)>,
    /// Sum over neighbours, rivals side by side aside.
    pub value: f64,
    /// Rivals that are neighbours all the same.
    pub rivals_beside: Vec<(String, String)>,
    /// No placement with as few rivals side by side is worth more.
    pub bound: f64,
    pub proven: bool,
}

impl Question {
    /// Every value that cannot be worked with, each with its JSON pointer.
    pub fn check(&self) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let mut add = |pointer: String, ja: &str, en: &str| {
            if refusals.len() < 50 {
                refusals.push(Refusal::new(pointer, ja, en));
            }
        };
        if self.booths.is_empty() {
            add("/booths".into(), "小間がありません。", "There is no booth.");
        }
        let counts = [
            ("/booths", self.booths.len(), MOST_BOOTHS),
            ("/exhibitors", self.exhibitors.len(), self.booths.len().min(MOST_BOOTHS)),
            ("/pairs", self.pairs.len(), MOST_PAIRS),
            ("/rivals", self.rivals.len(), MOST_PAIRS),
            ("/walls", self.walls.len(), MOST_PAIRS),
            ("/pinned", self.pinned.len(), MOST_BOOTHS),
        ];
        for (pointer, count, most) in counts {
            if count > most {
                add(
                    pointer.into(),
                    &format!("{most}件までです（現在{count}件）。"),
                    &format!("At most {most}; there are {count}."),
                );
            }
        }
        if !refusals.is_empty() {
            return refusals;
        }
        self.check_names()
    }

    fn check_names(&self) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let booths = places(self.booths.iter().map(|booth| booth.id.as_str()));
        let exhibitors = places(self.exhibitors.iter().map(|exhibitor| exhibitor.id.as_str()));
        let spots: BTreeSet<(i32, i32)> = self.booths.iter().map(|booth| (booth.column, booth.row)).collect();
        let mut add = |pointer: String, ja: &str, en: &str| {
            if refusals.len() < 50 {
                refusals.push(Refusal::new(pointer, ja, en));
            }
        };
        if booths.len() < self.booths.len() || spots.len() < self.booths.len() {
            add("/booths".into(), "同じ小間が二度あります。", "Two booths have the same name or the same place.");
        }
        if exhibitors.len() < self.exhibitors.len() {
            add("/exhibitors".into(), "同じ出展者が二度あります。", "An exhibitor stands twice.");
        }
        for (at, (left, right, value)) in self.pairs.iter().enumerate() {
            if !exhibitors.contains_key(left.as_str()) || !exhibitors.contains_key(right.as_str()) || left == right {
                add(format!("/pairs/{at}"), "出展者にない組です。", "This pair is not of two exhibitors.");
            }
            if !(-1.0..=1.0).contains(value) {
                add(format!("/pairs/{at}"), "-1〜1の数で指定してください。", "This is a number from -1 to 1.");
            }
        }
        for (at, (left, right)) in self.rivals.iter().enumerate() {
            if !exhibitors.contains_key(left.as_str()) || !exhibitors.contains_key(right.as_str()) || left == right {
                add(format!("/rivals/{at}"), "出展者にない組です。", "This pair is not of two exhibitors.");
            }
        }
        for (at, (left, right)) in self.walls.iter().enumerate() {
            if !booths.contains_key(left.as_str()) || !booths.contains_key(right.as_str()) {
                add(format!("/walls/{at}"), "小間にない組です。", "This pair is not of two booths.");
            }
        }
        let (mut seated, mut used) = (BTreeSet::new(), BTreeSet::new());
        for (at, (exhibitor, booth)) in self.pinned.iter().enumerate() {
            let pair = exhibitors.get(exhibitor.as_str()).zip(booths.get(booth.as_str()));
            let fits = pair.is_some_and(|(exhibitor, booth)| {
                self.exhibitors[*exhibitor].size <= self.booths[*booth].size
                    && seated.insert(*exhibitor)
                    && used.insert(*booth)
            });
            if !fits {
                add(
                    format!("/pinned/{at}"),
                    "この出展者はこの小間に固定できません。",
                    "This exhibitor cannot be kept at this booth.",
                );
            }
        }
        // The largest first: each finds a booth exactly when the largest booths left are large enough.
        let mut sizes: Vec<u32> = (0..self.exhibitors.len())
            .filter(|exhibitor| !seated.contains(exhibitor))
            .map(|exhibitor| self.exhibitors[exhibitor].size)
            .collect();
        let mut room: Vec<u32> =
            (0..self.booths.len()).filter(|booth| !used.contains(booth)).map(|booth| self.booths[booth].size).collect();
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        room.sort_unstable_by(|one, other| other.cmp(one));
        if sizes.len() > room.len() || sizes.iter().zip(&room).any(|(size, room)| size > room) {
            add(
                "/exhibitors".into(),
                "広さの足りる小間がありません。",
                "Not every exhibitor finds a booth that is large enough.",
            );
        }
        refusals
    }
}

fn places<'a>(ids: impl Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    ids.enumerate().map(|(place, id)| (id, place)).collect()
}

/// Places everybody.
pub fn place(question: &Question, watch: &mut dyn Watch) -> Result<Answer, Vec<Refusal>> {
    let refusals = question.check();
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let hall = Hall::new(question);
    let bound = hall.bound();
    let mut best = hall.greedy();
    hall.improve(&mut best);
    let mut value = hall.value(&best);
    let mut on = watch.go_on(Progress { best: Some(value), bound });
    let mut random = Seeded::new(question.seed);
    for _ in 0..SHAKES {
        if !on || hall.loose.len() < 2 {
            break;
        }
        let mut other = best.clone();
        for _ in 0..2 + random.below(3) {
            let pair = [0, 1].map(|_| hall.loose[random.below(hall.loose.len())]);
            if hall.may_swap(&other, pair[0], pair[1]) {
                other.swap(pair[0], pair[1]);
            }
        }
        hall.improve(&mut other);
        let worth = hall.value(&other);
        if worth > value + NOISE {
            (best, value) = (other, worth);
        }
        on = watch.go_on(Progress { best: Some(value), bound: bound.max(value) });
    }
    let mut proven = value >= bound - NOISE;
    if on && !proven && question.exhibitors.len() <= SMALL.0 && question.booths.len() <= SMALL.1 {
        let mut exact = Exact { hall: &hall, best: (value, best.clone()), nodes: 0, order: hall.order() };
        let mut seats: Vec<Option<usize>> = hall.pinned.clone();
        proven = exact.step(&mut seats, 0);
        (value, best) = exact.best;
    }
    Ok(hall.answer(question, &best, value, if proven { value } else { bound.max(value) }, proven))
}

/// Seats: for each booth who stands there.
type Seats = Vec<Option<usize>>;

struct Hall {
    booths: Vec<u32>,
    exhibitors: Vec<u32>,
    near: Vec<Vec<usize>>,
    /// By exhibitor × exhibitor.
    worth: Vec<f64>,
    rivals: BTreeSet<(usize, usize)>,
    pinned: Seats,
    /// Booths that are not pinned.
    loose: Vec<usize>,
}

impl Hall {
    fn new(question: &Question) -> Hall {
        let booths = places(question.booths.iter().map(|booth| booth.id.as_str()));
        let exhibitors = places(question.exhibitors.iter().map(|exhibitor| exhibitor.id.as_str()));
        let number = question.exhibitors.len();
        let ordered = |left: usize, right: usize| (left.min(right), left.max(right));
        let walls: BTreeSet<(usize, usize)> =
            question.walls.iter().map(|(left, right)| ordered(booths[left.as_str()], booths[right.as_str()])).collect();
        let spots: HashMap<(i32, i32), usize> =
            question.booths.iter().enumerate().map(|(place, booth)| ((booth.column, booth.row), place)).collect();
        let near = question
            .booths
            .iter()
            .enumerate()
            .map(|(place, booth)| {
                [(1, 0), (-1, 0), (0, 1), (0, -1)]
                    .iter()
                    .filter_map(|(right, down)| {
                        Some((booth.column.checked_add(*right)?, booth.row.checked_add(*down)?))
                    })
                    .filter_map(|spot| spots.get(&spot).copied())
                    .filter(|other| !walls.contains(&ordered(place, *other)))
                    .collect()
            })
            .collect();
        let mut worth = vec![0.0; number * number];
        for (left, right, value) in &question.pairs {
            let (left, right) = (exhibitors[left.as_str()], exhibitors[right.as_str()]);
            // Named twice, the last counts.
            worth[left * number + right] = *value;
            worth[right * number + left] = *value;
        }
        let rivals: BTreeSet<(usize, usize)> = question
            .rivals
            .iter()
            .map(|(left, right)| ordered(exhibitors[left.as_str()], exhibitors[right.as_str()]))
            .collect();
        for (left, right) in &rivals {
            worth[left * number + right] = -RIVALS;
            worth[right * number + left] = -RIVALS;
        }
        let mut pinned = vec![None; question.booths.len()];
        for (exhibitor, booth) in &question.pinned {
            pinned[booths[booth.as_str()]] = Some(exhibitors[exhibitor.as_str()]);
        }
        Hall {
            booths: question.booths.iter().map(|booth| booth.size).collect(),
            exhibitors: question.exhibitors.iter().map(|exhibitor| exhibitor.size).collect(),
            near,
            worth,
            rivals,
            loose: (0..pinned.len()).filter(|booth| pinned[*booth].is_none()).collect(),
            pinned,
        }
    }

    fn worth(&self, left: usize, right: usize) -> f64 {
        self.worth[left * self.exhibitors.len() + right]
    }

    fn value(&self, seats: &Seats) -> f64 {
        let mut value = 0.0;
        for (booth, near) in self.near.iter().enumerate() {
            for other in near.iter().filter(|other| **other > booth) {
                if let (Some(left), Some(right)) = (seats[booth], seats[*other]) {
                    value += self.worth(left, right);
                }
            }
        }
        value
    }

    /// What `exhibitor` at `booth` is to its neighbours, `except` aside.
    fn beside(&self, seats: &Seats, booth: usize, exhibitor: Option<usize>, except: usize) -> f64 {
        let Some(exhibitor) = exhibitor else { return 0.0 };
        let near = self.near[booth].iter().filter(|other| **other != except);
        near.filter_map(|other| seats[*other]).map(|other| self.worth(exhibitor, other)).sum()
    }

    fn may_swap(&self, seats: &Seats, one: usize, other: usize) -> bool {
        let fits = |booth: usize, who: Option<usize>| who.is_none_or(|who| self.exhibitors[who] <= self.booths[booth]);
        one != other && seats[one] != seats[other] && fits(one, seats[other]) && fits(other, seats[one])
    }

    /// The largest first, so that everybody fits; among booths just large enough the one with the best neighbours.
    fn greedy(&self) -> Seats {
        let mut seats = self.pinned.clone();
        let mut waiting = self.order();
        waiting.sort_by_key(|exhibitor| std::cmp::Reverse(self.exhibitors[*exhibitor]));
        for exhibitor in waiting {
            let free = self.loose.iter().copied().filter(|booth| seats[*booth].is_none());
            let fitting = free.filter(|booth| self.booths[*booth] >= self.exhibitors[exhibitor]);
            let best = fitting.max_by(|one, other| {
                let beside = |booth: usize| self.beside(&seats, booth, Some(exhibitor), usize::MAX);
                beside(*one)
                    .total_cmp(&beside(*other))
                    .then(self.booths[*other].cmp(&self.booths[*one]))
                    .then(other.cmp(one))
            });
            if let Some(booth) = best {
                seats[booth] = Some(exhibitor);
            }
        }
        seats
    }

    fn improve(&self, seats: &mut Seats) {
        let mut better = true;
        let mut rounds = 0;
        while better && rounds < 100 {
            better = false;
            rounds += 1;
            for (at, one) in self.loose.iter().enumerate() {
                for other in &self.loose[at + 1..] {
                    if !self.may_swap(seats, *one, *other) {
                        continue;
                    }
                    let before =
                        self.beside(seats, *one, seats[*one], *other) + self.beside(seats, *other, seats[*other], *one);
                    let after =
                        self.beside(seats, *one, seats[*other], *other) + self.beside(seats, *other, seats[*one], *one);
                    if after > before + NOISE {
                        seats.swap(*one, *other);
                        better = true;
                    }
                }
            }
        }
    }

    /// Exhibitors that are not pinned; those with most to gain or lose first.
    fn order(&self) -> Vec<usize> {
        let weight = |exhibitor: usize| -> f64 {
            (0..self.exhibitors.len()).map(|other| self.worth(exhibitor, other).abs()).sum()
        };
        let mut order: Vec<usize> =
            (0..self.exhibitors.len()).filter(|exhibitor| !self.pinned.contains(&Some(*exhibitor))).collect();
        order.sort_by(|one, other| weight(*other).total_cmp(&weight(*one)).then(one.cmp(other)));
        order
    }

    /// Each exhibitor beside the best partners that the widest booth has room for, half of it counted at each end.
    fn bound(&self) -> f64 {
        let widest = self.near.iter().map(Vec::len).max().unwrap_or(0);
        let best: f64 = (0..self.exhibitors.len())
            .map(|exhibitor| {
                let mut worths: Vec<f64> =
                    (0..self.exhibitors.len()).map(|other| self.worth(exhibitor, other)).collect();
                worths.sort_by(|one, other| other.total_cmp(one));
                worths.iter().take(widest).filter(|worth| **worth > 0.0).sum::<f64>() / 2.0
            })
            .sum();
        // However good the pairs, there are only so many places side by side.
        let mut pairs: Vec<f64> = Vec::new();
        for left in 0..self.exhibitors.len() {
            pairs.extend(
                (left + 1..self.exhibitors.len()).map(|right| self.worth(left, right)).filter(|worth| *worth > 0.0),
            );
        }
        pairs.sort_by(|one, other| other.total_cmp(one));
        let sides = self.near.iter().map(Vec::len).sum::<usize>() / 2;
        best.min(pairs.into_iter().take(sides).sum())
    }

    fn answer(&self, question: &Question, seats: &Seats, value: f64, bound: f64, proven: bool) -> Answer {
        let mut places = Vec::with_capacity(self.exhibitors.len());
        for (exhibitor, asked) in question.exhibitors.iter().enumerate() {
            if let Some(booth) = seats.iter().position(|seat| *seat == Some(exhibitor)) {
                places.push((asked.id.clone(), question.booths[booth].id.clone()));
            }
        }
        let mut rivals_beside = Vec::new();
        for (booth, near) in self.near.iter().enumerate() {
            for other in near.iter().filter(|other| **other > booth) {
                if let (Some(left), Some(right)) = (seats[booth], seats[*other])
                    && self.rivals.contains(&(left.min(right), left.max(right)))
                {
                    rivals_beside.push((question.exhibitors[left].id.clone(), question.exhibitors[right].id.clone()));
                }
            }
        }
        let amiss = RIVALS * rivals_beside.len() as f64;
        Answer { places, value: value + amiss, rivals_beside, bound: bound + amiss, proven }
    }
}

struct Exact<'a> {
    hall: &'a Hall,
    best: (f64, Seats),
    nodes: usize,
    order: Vec<usize>,
}

impl Exact<'_> {
    /// Seats the exhibitor at `depth` of the order everywhere it fits; false when the nodes ran out.
    fn step(&mut self, seats: &mut Seats, depth: usize) -> bool {
        self.nodes += 1;
        if self.nodes > NODES {
            return false;
        }
        let value = self.hall.value(seats);
        let Some(exhibitor) = self.order.get(depth).copied() else {
            if value > self.best.0 + NOISE {
                self.best = (value, seats.clone());
            }
            return true;
        };
        if value + self.rest(depth) <= self.best.0 + NOISE {
            return true;
        }
        for at in 0..self.hall.loose.len() {
            let booth = self.hall.loose[at];
            if seats[booth].is_none() && self.hall.booths[booth] >= self.hall.exhibitors[exhibitor] {
                seats[booth] = Some(exhibitor);
                let finished = self.step(seats, depth + 1);
                seats[booth] = None;
                if !finished {
                    return false;
                }
            }
        }
        true
    }

    /// The most that those still waiting can add: every good pair in which one of them is.
    fn rest(&self, depth: usize) -> f64 {
        let waiting = &self.order[depth..];
        let mut rest = 0.0;
        for (at, exhibitor) in waiting.iter().enumerate() {
            let seated = (0..self.hall.exhibitors.len()).filter(|other| !waiting.contains(other));
            rest += seated
                .chain(waiting[at + 1..].iter().copied())
                .map(|other| self.hall.worth(*exhibitor, other).max(0.0))
                .sum::<f64>();
        }
        rest
    }
}
