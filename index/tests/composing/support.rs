//! Small random questions, and an answer to them that tries every group by the words of the question.

use musubi_index::composing::group::{Candidate, Question, Rule, Size, Topic, Wish};

/// Seeded numbers, the same everywhere.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..9 {
            dice.below(2);
        }
        dice
    }

    pub fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % most.max(1)
    }

    /// 0, 0.1 … 1.
    pub fn tenth(&mut self) -> f64 {
        self.below(11) as f64 / 10.0
    }
}

pub fn name(number: usize) -> String {
    format!("f{number:03}")
}

/// A question of `firms` candidates with random wishes, some of them soft; may be infeasible.
pub fn random(seed: u64, firms: usize) -> Question {
    let mut dice = Dice::new(seed);
    let topics = 1 + dice.below(5);
    let size = [Size::Small, Size::Medium, Size::Large];
    let concept = |dice: &mut Dice, most: usize| -> Vec<(String, f64)> {
        let count = dice.below(most + 1);
        (0..count).map(|at| (format!("c{}", at * 3 + dice.below(3)), 0.1 + 0.9 * dice.tenth())).collect()
    };
    let candidates: Vec<Candidate> = (0..firms)
        .map(|number| Candidate {
            id: name(number),
            covers: (0..topics).map(|topic| (topic, (dice.tenth() - 0.4).max(0.0))).collect(),
            fields: (0..dice.below(3)).map(|_| format!("x{}", dice.below(3))).collect(),
            size: Some(size[dice.below(3)]).filter(|_| number % 7 != 3),
            first_timer: dice.below(3) == 0,
            exhibitions: dice.below(4) as u32,
            offers: concept(&mut dice, 4),
            asks: concept(&mut dice, 3),
            chance: dice.tenth(),
            hub: dice.tenth(),
            willing_to_lead: dice.below(3) == 0,
            cost: 10_000 * dice.below(30) as i64,
            share: 10_000 * dice.below(25) as i64,
        })
        .collect();
    let least = dice.below(firms.min(6));
    let mut wishes = vec![Wish::must(Rule::Places { least, most: least + dice.below(4) })];
    for _ in 0..dice.below(9) {
        let rule = rule(&mut dice, firms, &size);
        wishes.push(if dice.below(3) == 0 { Wish::better(rule, 0.5 + dice.tenth() * 4.0) } else { Wish::must(rule) });
    }
    let pair = |dice: &mut Dice| {
        let left = dice.below(firms);
        (name(left), name((left + 1 + dice.below(firms - 1)) % firms))
    };
    let rivals = (0..dice.below(4)).map(|_| pair(&mut dice)).collect();
    let partners = (0..dice.below(4))
        .map(|_| {
            let (left, right) = pair(&mut dice);
            (left, right, dice.tenth())
        })
        .collect();
    Question {
        candidates,
        topics: (0..topics).map(|topic| Topic { name: format!("t{topic}"), weight: 0.5 + dice.tenth() }).collect(),
        wishes,
        rivals,
        partners,
        seed,
        ..Question::default()
    }
}

fn rule(dice: &mut Dice, firms: usize, size: &[Size]) -> Rule {
    let candidate = name(dice.below(firms));
    let other = name((dice.below(firms) + 1) % firms);
    let count = dice.below(4);
    match dice.below(15) {
        0 => Rule::Lead { candidate },
        1 => Rule::SomebodyLeads,
        2 => Rule::SizeAtLeast { size: size[dice.below(3)], count },
        3 => Rule::SizeAtMost { size: size[dice.below(3)], count },
        4 => Rule::FieldAtLeast { field: format!("x{}", dice.below(3)), count },
        5 => Rule::FieldAtMost { field: Some(format!("x{}", dice.below(3))), count },
        6 => Rule::FieldAtMost { field: None, count },
        7 => Rule::FirstTimersAtLeast { count },
        8 => Rule::Must { candidate },
        9 => Rule::Never { candidate },
        10 => Rule::Together { candidates: vec![candidate, other] },
        11 => Rule::Apart { candidates: vec![candidate, other, name(dice.below(firms))] },
        12 => Rule::RivalsApart { overlap: (dice.below(2) == 0).then_some(0.3) },
        13 => Rule::SubsidyAtMost { amount: 50_000 * dice.below(20) as i64 },
        14 if dice.below(2) == 0 => Rule::SharesAtLeast { amount: 50_000 * dice.below(20) as i64 },
        _ => Rule::ExhibitionsAtMost { count: dice.below(4) as u32 },
    }
}

/// How far a group misses a wish, in units, by the words of the wish.
pub fn missed(question: &Question, inside: &[&Candidate], rule: &Rule) -> f64 {
    let count = |holds: &dyn Fn(&Candidate) -> bool| inside.iter().filter(|firm| holds(firm)).count();
    let short = |least: usize, count: usize| least.saturating_sub(count) as f64;
    let over = |most: usize, count: usize| count.saturating_sub(most) as f64;
    let has = |id: &String| inside.iter().any(|firm| firm.id == *id);
    match rule {
        Rule::Places { least, most } => short(*least, inside.len()).max(over(*most, inside.len())),
        Rule::Lead { candidate } => short(1, count(&|firm| firm.id == *candidate && firm.willing_to_lead)),
        Rule::SomebodyLeads => short(1, count(&|firm| firm.willing_to_lead)),
        Rule::SizeAtLeast { size, count: least } => short(*least, count(&|firm| firm.size == Some(*size))),
        Rule::SizeAtMost { size, count: most } => over(*most, count(&|firm| firm.size == Some(*size))),
        Rule::FieldAtLeast { field, count: least } => short(*least, count(&|firm| firm.fields.contains(field))),
        Rule::FieldAtMost { field: Some(field), count: most } => {
            over(*most, count(&|firm| firm.fields.contains(field)))
        }
        Rule::FieldAtMost { field: None, count: most } => {
            let mut fields: Vec<&String> = inside.iter().flat_map(|firm| &firm.fields).collect();
            fields.sort();
            fields.dedup();
            fields.into_iter().map(|field| over(*most, count(&|firm| firm.fields.contains(field)))).sum()
        }
        Rule::FirstTimersAtLeast { count: least } => short(*least, count(&|firm| firm.first_timer)),
        Rule::Must { candidate } => short(1, count(&|firm| firm.id == *candidate)),
        Rule::Never { candidate } => f64::from(has(candidate)),
        Rule::Together { candidates } => {
            candidates.windows(2).map(|pair| f64::from(has(&pair[0]) != has(&pair[1]))).sum()
        }
        Rule::Apart { candidates } => {
            let mut candidates = candidates.clone();
            candidates.sort();
            candidates.dedup();
            over(1, candidates.iter().filter(|id| has(id)).count())
        }
        Rule::RivalsApart { overlap } => {
            let mut pairs = 0.0;
            for (at, left) in inside.iter().enumerate() {
                for right in &inside[at + 1..] {
                    let declared = question.rivals.iter().any(|(one, other)| {
                        [one, other] == [&left.id, &right.id] || [other, one] == [&left.id, &right.id]
                    });
                    pairs += f64::from(declared || overlap.is_some_and(|least| alike(left, right) > least - 1e-9));
                }
            }
            pairs
        }
        Rule::SubsidyAtMost { amount } => {
            let asked: i64 = inside.iter().map(|firm| (firm.cost - firm.share).max(0)).sum();
            (asked - amount).max(0) as f64 / 10_000.0
        }
        Rule::SharesAtLeast { amount } => {
            (amount - inside.iter().map(|firm| firm.share).sum::<i64>()).max(0) as f64 / 10_000.0
        }
        Rule::ExhibitionsAtMost { count: most } => over(0, count(&|firm| firm.exhibitions >= *most)),
    }
}

fn alike(left: &Candidate, right: &Candidate) -> f64 {
    let weight = |firm: &Candidate, concept: &String| {
        firm.offers.iter().filter(|(known, _)| known == concept).map(|(_, weight)| *weight).sum::<f64>()
    };
    let shared: f64 = left.offers.iter().map(|(concept, weight_left)| weight_left.min(weight(right, concept))).sum();
    let sum = |firm: &Candidate| firm.offers.iter().map(|(_, weight)| weight).sum::<f64>();
    if shared == 0.0 { 0.0 } else { shared / (sum(left) + sum(right) - shared) }
}

/// The pairs that count, by the words of the question: the strongest first, three for each firm.
pub fn pairs(question: &Question) -> Vec<(usize, usize, f64)> {
    let firms = &question.candidates;
    let asked = |asker: &Candidate, offerer: &Candidate| {
        let all: f64 = asker.asks.iter().map(|(_, weight)| weight).sum();
        let met: f64 = asker
            .asks
            .iter()
            .map(|(concept, ask)| {
                offerer
                    .offers
                    .iter()
                    .filter(|(known, _)| known == concept)
                    .map(|(_, offer)| ask.min(*offer))
                    .sum::<f64>()
            })
            .sum();
        if all > 0.0 { met / all } else { 0.0 }
    };
    let mut all = Vec::new();
    for left in 0..firms.len() {
        for right in left + 1..firms.len() {
            let ids = [&firms[left].id, &firms[right].id];
            let known: f64 = question
                .partners
                .iter()
                .filter(|(one, other, _)| [one, other] == ids || [other, one] == ids)
                .map(|(_, _, value)| value)
                .sum();
            let value = 0.5 * asked(&firms[left], &firms[right]) + 0.5 * asked(&firms[right], &firms[left]) + known;
            if value > 0.0 {
                all.push((left, right, value.min(1.0)));
            }
        }
    }
    // Sums in another order differ in their last digits, which must not decide what is kept.
    let rounded = |value: f64| (value * 1e9).round();
    all.sort_by(|one, other| rounded(other.2).total_cmp(&rounded(one.2)).then((one.0, one.1).cmp(&(other.0, other.1))));
    let mut partners = vec![0; firms.len()];
    all.retain(|(left, right, _)| {
        let kept = partners[*left] < 3 && partners[*right] < 3;
        partners[*left] += usize::from(kept);
        partners[*right] += usize::from(kept);
        kept
    });
    all
}

/// Value of a group by the words of the question.
pub fn value(question: &Question, pairs: &[(usize, usize, f64)], subset: u32) -> f64 {
    let has = |place: usize| subset & (1 << place) != 0;
    let inside: Vec<&Candidate> =
        (0..question.candidates.len()).filter(|place| has(*place)).map(|place| &question.candidates[place]).collect();
    let weights = &question.weights;
    let all: f64 = question.topics.iter().map(|topic| topic.weight).sum();
    let mut value = 0.0;
    for (at, topic) in question.topics.iter().enumerate() {
        let sum: f64 = inside
            .iter()
            .flat_map(|firm| &firm.covers)
            .filter(|(known, _)| *known == at)
            .map(|(_, weight)| weight)
            .sum();
        let worth = sum.min(1.0) + 0.5 * (sum - 1.0).clamp(0.0, 1.0) + 0.25 * (sum - 2.0).clamp(0.0, 1.0);
        value += weights.coverage * topic.weight / all * worth;
    }
    for firm in &inside {
        value += weights.chances * firm.chance;
        value +=
            weights.fairness * (if firm.first_timer { 0.5 } else { 0.0 } + 0.5 / (1.0 + f64::from(firm.exhibitions)));
    }
    value += weights.complementarity
        * pairs.iter().filter(|(left, right, _)| has(*left) && has(*right)).map(|(_, _, value)| value).sum::<f64>();
    let named: Vec<&String> = question
        .wishes
        .iter()
        .filter(|wish| wish.soft.is_none())
        .filter_map(|wish| match &wish.rule {
            Rule::Lead { candidate } => Some(candidate),
            _ => None,
        })
        .collect();
    let leads = inside.iter().filter(|firm| firm.willing_to_lead && (named.is_empty() || named.contains(&&firm.id)));
    value += weights.lead * leads.map(|firm| firm.hub).fold(0.0, f64::max);
    for wish in &question.wishes {
        if let Some(points) = wish.soft {
            value -= points * missed(question, &inside, &wish.rule);
        }
    }
    value
}

/// Whether a group keeps these hard wishes.
pub fn keeps(question: &Question, wishes: &[usize], subset: u32) -> bool {
    let inside: Vec<&Candidate> = (0..question.candidates.len())
        .filter(|place| subset & (1 << place) != 0)
        .map(|place| &question.candidates[place])
        .collect();
    wishes.iter().all(|wish| missed(question, &inside, &question.wishes[*wish].rule) == 0.0)
}

pub fn hard(question: &Question) -> Vec<usize> {
    (0..question.wishes.len()).filter(|wish| question.wishes[*wish].soft.is_none()).collect()
}

/// The most that any group is worth; none when no group keeps the hard wishes.
pub fn brute_force(question: &Question) -> Option<f64> {
    let (hard, pairs) = (hard(question), pairs(question));
    let (least, most) = question
        .wishes
        .iter()
        .filter(|wish| wish.soft.is_none())
        .filter_map(|wish| match wish.rule {
            Rule::Places { least, most } => Some((least, most)),
            _ => None,
        })
        .fold((0, usize::MAX), |(least, most), (low, high)| (least.max(low), most.min(high)));
    (0u32..1 << question.candidates.len())
        .filter(|subset| (least..=most).contains(&(subset.count_ones() as usize)))
        .filter(|subset| keeps(question, &hard, *subset))
        .map(|subset| value(question, &pairs, subset))
        .max_by(f64::total_cmp)
}
