//! Seeded questions for benches and tests: invented firms of the size of a real pavilion. Nothing here stands for anybody.

use super::Seeded;
use super::group::{Candidate, Question, Rule, Size, Topic, Wish};
use super::timetable::{self, Meeting, Pair, Participant};
use std::collections::{HashMap, HashSet};

/// `members` of `candidates`, under every sort of wish.
pub fn pavilion(seed: u64, candidates: usize, members: usize) -> Question {
    let mut random = Seeded::new(seed);
    let topics: Vec<Topic> = (0..[12, 24, 40][seed as usize % 3])
        .map(|topic| Topic { name: format!("topic {topic}"), weight: 1.0 + random.below(3) as f64 })
        .collect();
    let firms: Vec<Candidate> = (0..candidates).map(|number| firm(&mut random, number, topics.len())).collect();
    let mut other = || format!("firm-{:04}", random.below(candidates));
    let wishes = vec![
        Wish::must(Rule::Places { least: members, most: members }),
        Wish::must(Rule::SomebodyLeads),
        Wish::must(Rule::SizeAtLeast { size: Size::Small, count: members / 3 }),
        Wish::must(Rule::FieldAtMost { field: None, count: members.div_ceil(4) }),
        Wish::must(Rule::FirstTimersAtLeast { count: members / 6 }),
        Wish::must(Rule::Must { candidate: "firm-0000".into() }),
        Wish::must(Rule::Never { candidate: "firm-0001".into() }),
        Wish::must(Rule::Together { candidates: vec!["firm-0002".into(), "firm-0003".into()] }),
        Wish::must(Rule::Apart { candidates: vec!["firm-0004".into(), "firm-0005".into(), "firm-0006".into()] }),
        Wish::must(Rule::RivalsApart { overlap: Some(0.4) }),
        Wish::must(Rule::SubsidyAtMost { amount: 70_000 * members as i64 }),
        Wish::must(Rule::ExhibitionsAtMost { count: 3 }),
        Wish::better(Rule::SizeAtLeast { size: Size::Large, count: members / 8 }, 1.0),
        Wish::better(Rule::FieldAtLeast { field: "field-3".into(), count: 3 }, 0.5),
        Wish::better(Rule::SharesAtLeast { amount: 150_000 * members as i64 }, 0.05),
        Wish::better(Rule::Apart { candidates: vec![other(), other()] }, 2.0),
    ];
    Question { candidates: firms, topics, wishes, alternatives: 2, seed, ..Question::default() }
}

fn firm(random: &mut Seeded, number: usize, topics: usize) -> Candidate {
    let mut covers: Vec<(usize, f64)> = Vec::new();
    for _ in 0..1 + random.below(5) {
        let topic = random.below(topics);
        if !covers.iter().any(|(known, _)| *known == topic) {
            covers.push((topic, 0.2 + 0.7 * random.share()));
        }
    }
    let concepts = |random: &mut Seeded, many: usize| -> Vec<(String, f64)> {
        let mut concepts: Vec<(String, f64)> = Vec::new();
        for _ in 0..1 + random.below(many) {
            let concept = format!("concept-{}", random.below(80));
            if !concepts.iter().any(|(known, _)| *known == concept) {
                concepts.push((concept, 0.3 + 0.7 * random.share()));
            }
        }
        concepts
    };
    let cost = 100_000 + 10_000 * random.below(30) as i64;
    Candidate {
        id: format!("firm-{number:04}"),
        covers,
        fields: (0..1 + random.below(2)).map(|_| format!("field-{}", random.below(9))).collect(),
        size: Some([Size::Small, Size::Small, Size::Small, Size::Medium, Size::Medium, Size::Large][random.below(6)]),
        first_timer: random.below(3) == 0,
        // The first few are named in wishes, which must be able to hold.
        exhibitions: if number < 4 { 0 } else { random.below(5) as u32 },
        offers: concepts(random, 6),
        asks: concepts(random, 3),
        chance: if random.below(2) == 0 { random.share() } else { 0.0 },
        hub: random.share() * random.share(),
        willing_to_lead: random.below(5) == 0,
        cost,
        share: cost * (30 + random.below(71) as i64) / 100,
    }
}

/// A 商談会 of `buyers` and `suppliers`: a third of the pairs have something to say to each other, some wish for it, some are
/// not there all day, and everybody wants the same few. Odd seeds have tables for nine tenths of the buyers, even ones for
/// six tenths.
pub fn fair(seed: u64, buyers: usize, suppliers: usize, slots: usize) -> timetable::Question {
    let mut random = Seeded::new(seed);
    let mut side = |name: &str, count: usize, most: usize| -> Vec<Participant> {
        (0..count)
            .map(|number| {
                // Half of them are there all day; others come late, leave early, or take a break.
                let all = timetable::all(slots);
                let available = match random.below(4) {
                    0 => all << random.below(slots / 3) & all,
                    1 => all >> random.below(slots / 3),
                    2 => (0..3).fold(all, |mask, _| mask & !(1 << random.below(slots))),
                    _ => all,
                };
                let most = most - random.below(most / 3);
                Participant { id: format!("{name}-{number:03}"), available, least: 2, most }
            })
            .collect()
    };
    let (buying, supplying) = (side("buyer", buyers, slots - 4), side("supplier", suppliers, slots / 2));
    let pull: Vec<f64> = (0..suppliers).map(|_| random.share() * random.share()).collect();
    let mut pairs = Vec::new();
    for buyer in 0..buyers {
        for (supplier, pull) in pull.iter().enumerate() {
            if random.below(3) == 0 {
                let (score, wishes) = (0.6 * pull + 0.4 * random.share(), [random.below(6) == 0, random.below(8) == 0]);
                let value = timetable::worth(score, wishes[0], wishes[1], random.below(10) == 0);
                pairs.push(Pair { buyer, supplier, value });
            }
        }
    }
    let mut some = |count: usize| -> Vec<(usize, usize)> {
        let mut some: Vec<(usize, usize)> =
            (0..count).map(|_| (random.below(buyers), random.below(suppliers))).collect();
        some.sort_unstable();
        some.dedup();
        some
    };
    let must = some(buyers);
    let never: Vec<(usize, usize)> = some(buyers * 2).into_iter().filter(|pair| !must.contains(pair)).collect();
    timetable::Question {
        slots,
        tables: buyers * if seed.is_multiple_of(2) { 6 } else { 9 } / 10,
        buyers: buying,
        suppliers: supplying,
        pairs,
        must,
        never,
        confirmed: Vec::new(),
        fairness: 3.0,
    }
}

/// What an organiser without a solver does: table by table, slot by slot, each buyer takes the next supplier in turn that is
/// free and may be met. The musts first. The value as [`timetable::value_of`] counts it.
pub fn round_robin(question: &timetable::Question) -> Vec<Meeting> {
    let mut plain = Plain::new(question);
    let allowed: HashSet<(usize, usize)> = question.pairs.iter().map(|pair| (pair.buyer, pair.supplier)).collect();
    for slot in 0..question.slots {
        for buyer in 0..question.buyers.len() {
            for step in 0..question.suppliers.len() {
                let supplier = (buyer + slot + step) % question.suppliers.len();
                if allowed.contains(&(buyer, supplier)) && plain.try_at(slot, buyer, supplier) {
                    break;
                }
            }
        }
    }
    plain.meetings
}

/// The dearest pairs first, each into the first slot that is free. The musts first.
pub fn by_preference(question: &timetable::Question) -> Vec<Meeting> {
    let mut plain = Plain::new(question);
    let mut pairs: Vec<&Pair> = question.pairs.iter().collect();
    pairs.sort_by(|one, other| other.value.total_cmp(&one.value));
    for pair in pairs {
        (0..question.slots).any(|slot| plain.try_at(slot, pair.buyer, pair.supplier));
    }
    plain.meetings
}

/// A timetable that only ever grows.
struct Plain<'a> {
    question: &'a timetable::Question,
    never: HashSet<(usize, usize)>,
    met: HashSet<(usize, usize)>,
    busy: HashSet<(bool, usize, usize)>,
    held: HashMap<(bool, usize), usize>,
    used: Vec<usize>,
    meetings: Vec<Meeting>,
}

impl<'a> Plain<'a> {
    fn new(question: &'a timetable::Question) -> Plain<'a> {
        let mut plain = Plain {
            question,
            never: question.never.iter().copied().collect(),
            met: HashSet::new(),
            busy: HashSet::new(),
            held: HashMap::new(),
            used: vec![0; question.slots],
            meetings: Vec::new(),
        };
        for (buyer, supplier) in &question.must {
            (0..question.slots).any(|slot| plain.try_at(slot, *buyer, *supplier));
        }
        plain
    }

    fn try_at(&mut self, slot: usize, buyer: usize, supplier: usize) -> bool {
        let (one, other) = (&self.question.buyers[buyer], &self.question.suppliers[supplier]);
        let held = |side: bool, at: usize| self.held.get(&(side, at)).copied().unwrap_or(0);
        let fits = one.available & other.available & (1 << slot) != 0
            && self.used[slot] < self.question.tables
            && held(false, buyer) < one.most
            && held(true, supplier) < other.most
            && !self.busy.contains(&(false, buyer, slot))
            && !self.busy.contains(&(true, supplier, slot))
            && !self.never.contains(&(buyer, supplier))
            && !self.met.contains(&(buyer, supplier));
        if fits {
            self.met.insert((buyer, supplier));
            self.busy.extend([(false, buyer, slot), (true, supplier, slot)]);
            *self.held.entry((false, buyer)).or_default() += 1;
            *self.held.entry((true, supplier)).or_default() += 1;
            self.used[slot] += 1;
            self.meetings.push(Meeting { slot, buyer, supplier });
        }
        fits
    }
}
