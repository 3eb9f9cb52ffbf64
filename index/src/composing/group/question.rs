//! What is asked of a group for an exhibition: candidates, a theme, wishes. Plain values, checked before anything is solved.

use crate::composing::Refusal;
use std::collections::HashMap;

/// Candidates of one question at most: more are narrowed by a search first.
pub const MOST_CANDIDATES: usize = 5_000;
/// Wishes of one question at most.
pub const MOST_WISHES: usize = 1_000;
/// Topics of a theme at most.
pub const MOST_TOPICS: usize = 200;
/// Values (topics, fields, offers, asks) of one candidate at most, of each sort.
pub const MOST_VALUES: usize = 100;
/// Names in all wishes together, and declared pairs, at most.
pub const MOST_NAMES: usize = 20_000;
/// Refusals answered at most: nobody reads more.
const MOST_REFUSALS: usize = 50;

/// A firm that may take part.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub id: String,
    /// Topics of the theme (by place in [`Question::topics`]) with how well it covers them, 0 to 1.
    pub covers: Vec<(usize, f64)>,
    /// Codes of its fields.
    pub fields: Vec<String>,
    /// None: not known, so of no band.
    pub size: Option<Size>,
    /// It never took part in an exhibition.
    pub first_timer: bool,
    /// Exhibitions it takes part in this year already.
    pub exhibitions: u32,
    /// Concepts it offers, with their weight, 0 to 1: equal offers are overlap.
    pub offers: Vec<(String, f64)>,
    /// Concepts it looks for: offered by another, they are complementarity.
    pub asks: Vec<(String, f64)>,
    /// How well it meets needs that visitors posted, 0 to 1.
    pub chance: f64,
    /// How central it stands in the collaboration history, 0 to 1.
    pub hub: f64,
    pub willing_to_lead: bool,
    /// What its part costs, and what it pays itself, in yen; the rest is asked of the subsidy.
    pub cost: i64,
    pub share: i64,
}

impl Candidate {
    /// A firm of which nothing is known but its name.
    pub fn named(id: &str) -> Candidate {
        Candidate {
            id: id.to_string(),
            covers: Vec::new(),
            fields: Vec::new(),
            size: None,
            first_timer: false,
            exhibitions: 0,
            offers: Vec::new(),
            asks: Vec::new(),
            chance: 0.0,
            hub: 0.0,
            willing_to_lead: false,
            cost: 0,
            share: 0,
        }
    }
}

/// Size band of a firm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    Small,
    Medium,
    Large,
}

/// A topic of the theme.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    pub name: String,
    /// Against the other topics; above 0.
    pub weight: f64,
}

/// A rule that must hold, or that is better kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    pub rule: Rule,
    /// None: must hold. Else what each missed unit costs, in points of value.
    pub soft: Option<f64>,
}

impl Wish {
    pub fn must(rule: Rule) -> Wish {
        Wish { rule, soft: None }
    }

    pub fn better(rule: Rule, points: f64) -> Wish {
        Wish { rule, soft: Some(points) }
    }
}

/// What can be wished for. Candidates are named by id.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Members, in all.
    Places {
        least: usize,
        most: usize,
    },
    /// This firm leads: it takes part and is willing.
    Lead {
        candidate: String,
    },
    /// Somebody who takes part is willing to lead.
    SomebodyLeads,
    SizeAtLeast {
        size: Size,
        count: usize,
    },
    SizeAtMost {
        size: Size,
        count: usize,
    },
    FieldAtLeast {
        field: String,
        count: usize,
    },
    /// None: of any one field.
    FieldAtMost {
        field: Option<String>,
        count: usize,
    },
    FirstTimersAtLeast {
        count: usize,
    },
    /// Takes part (a pin).
    Must {
        candidate: String,
    },
    /// Does not take part (a ban).
    Never {
        candidate: String,
    },
    /// All of them or none.
    Together {
        candidates: Vec<String>,
    },
    /// At most one of them.
    Apart {
        candidates: Vec<String>,
    },
    /// No two rivals: declared ones, and pairs whose offers overlap at least so much (0 to 1).
    RivalsApart {
        overlap: Option<f64>,
    },
    /// What members ask of the subsidy, in all, in yen.
    SubsidyAtMost {
        amount: i64,
    },
    /// What members pay themselves, in all, in yen.
    SharesAtLeast {
        amount: i64,
    },
    /// Exhibitions of one firm in a year, with this one.
    ExhibitionsAtMost {
        count: u32,
    },
}

/// How much each part of the value counts, in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// A theme of which every topic is covered once. Covered twice it is worth 1.5 times as much, three times 1.75.
    pub coverage: f64,
    /// A pair of which each offers everything the other asks for.
    pub complementarity: f64,
    /// A firm that meets what visitors look for.
    pub chances: f64,
    /// A first-timer with no other exhibition this year.
    pub fairness: f64,
    /// A lead in the centre of the collaboration history.
    pub lead: f64,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights { coverage: 100.0, complementarity: 2.0, chances: 1.0, fairness: 1.0, lead: 5.0 }
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Question {
    pub candidates: Vec<Candidate>,
    pub topics: Vec<Topic>,
    pub wishes: Vec<Wish>,
    /// Declared rivals.
    pub rivals: Vec<(String, String)>,
    /// Pairs known to go well together (they worked together before), 0 to 1; added to what offers and asks say.
    pub partners: Vec<(String, String, f64)>,
    pub weights: Weights,
    /// Clearly different other groups wanted.
    pub alternatives: usize,
    /// Decides between equals, so that the same question gets the same answer.
    pub seed: u64,
}

impl Question {
    /// Every value that cannot be worked with, each with its JSON pointer.
    pub fn check(&self) -> Vec<Refusal> {
        let mut refusals = Refusals(Vec::new());
        refusals.bound("/candidates", self.candidates.len(), MOST_CANDIDATES);
        refusals.bound("/wishes", self.wishes.len(), MOST_WISHES);
        refusals.bound("/topics", self.topics.len(), MOST_TOPICS);
        refusals.bound("/rivals", self.rivals.len(), MOST_NAMES);
        refusals.bound("/partners", self.partners.len(), MOST_NAMES);
        refusals.bound("/alternatives", self.alternatives, 10);
        if !refusals.0.is_empty() {
            return refusals.0;
        }
        let weights = &self.weights;
        let named = [
            ("coverage", weights.coverage),
            ("complementarity", weights.complementarity),
            ("chances", weights.chances),
            ("fairness", weights.fairness),
            ("lead", weights.lead),
        ];
        for (name, weight) in named {
            refusals.within(&format!("/weights/{name}"), weight, 0.0, 1_000.0);
        }
        for (place, topic) in self.topics.iter().enumerate() {
            refusals.within(&format!("/topics/{place}/weight"), topic.weight, 1e-6, 1e6);
        }
        self.check_candidates(&mut refusals);
        self.check_wishes(&mut refusals);
        refusals.0
    }

    fn check_candidates(&self, refusals: &mut Refusals) {
        let mut seen: HashMap<&str, usize> = HashMap::with_capacity(self.candidates.len());
        for (place, candidate) in self.candidates.iter().enumerate() {
            let at = |name: &str| format!("/candidates/{place}/{name}");
            if candidate.id.is_empty() || seen.insert(&candidate.id, place).is_some() {
                refusals.add(at("id"), "同じ候補が二度あるか、idが空です。", "A candidate stands twice, or has no id.");
            }
            let counts = [
                ("covers", candidate.covers.len()),
                ("fields", candidate.fields.len()),
                ("offers", candidate.offers.len()),
                ("asks", candidate.asks.len()),
            ];
            for (name, count) in counts {
                refusals.bound(&at(name), count, MOST_VALUES);
            }
            refusals.within(&at("chance"), candidate.chance, 0.0, 1.0);
            refusals.within(&at("hub"), candidate.hub, 0.0, 1.0);
            for (topic, weight) in &candidate.covers {
                if *topic >= self.topics.len() {
                    refusals.add(at("covers"), "テーマにない項目です。", "This is no topic of the theme.");
                }
                refusals.within(&at("covers"), *weight, 0.0, 1.0);
            }
            for (_, weight) in candidate.offers.iter().chain(&candidate.asks) {
                refusals.within(&at("offers"), *weight, 0.0, 1.0);
            }
            for (name, amount) in [("cost", candidate.cost), ("share", candidate.share)] {
                refusals.money(&at(name), amount);
            }
        }
        for (place, (left, right)) in self.rivals.iter().enumerate() {
            let pair = [left.as_str(), right.as_str()];
            refusals.pair(&format!("/rivals/{place}"), &seen, pair);
        }
        for (place, (left, right, value)) in self.partners.iter().enumerate() {
            refusals.pair(&format!("/partners/{place}"), &seen, [left, right]);
            refusals.within(&format!("/partners/{place}"), *value, 0.0, 1.0);
        }
    }

    fn check_wishes(&self, refusals: &mut Refusals) {
        let known: HashMap<&str, usize> =
            self.candidates.iter().enumerate().map(|(place, candidate)| (candidate.id.as_str(), place)).collect();
        let mut names = 0;
        for (place, wish) in self.wishes.iter().enumerate() {
            let at = format!("/wishes/{place}");
            if let Some(points) = wish.soft {
                refusals.within(&format!("{at}/soft"), points, 0.0, 1e6);
            }
            match &wish.rule {
                Rule::Lead { candidate } | Rule::Must { candidate } | Rule::Never { candidate } => {
                    refusals.known(&format!("{at}/candidate"), &known, candidate);
                }
                Rule::Together { candidates } | Rule::Apart { candidates } => {
                    names += candidates.len();
                    if candidates.len() < 2 {
                        refusals.add(
                            format!("{at}/candidates"),
                            "2社以上を指定してください。",
                            "This takes at least two candidates.",
                        );
                    }
                    for (at_place, candidate) in candidates.iter().enumerate() {
                        refusals.known(&format!("{at}/candidates/{at_place}"), &known, candidate);
                    }
                }
                Rule::Places { least, most } if least > most => {
                    refusals.add(
                        format!("{at}/most"),
                        "上限は下限以上にしてください。",
                        "The most must not be below the least.",
                    );
                }
                Rule::RivalsApart { overlap: Some(overlap) } => {
                    refusals.within(&format!("{at}/overlap"), *overlap, 0.05, 1.0);
                }
                Rule::SubsidyAtMost { amount } | Rule::SharesAtLeast { amount } => {
                    refusals.money(&format!("{at}/amount"), *amount);
                }
                Rule::Places { .. }
                | Rule::SomebodyLeads
                | Rule::SizeAtLeast { .. }
                | Rule::SizeAtMost { .. }
                | Rule::FieldAtLeast { .. }
                | Rule::FieldAtMost { .. }
                | Rule::FirstTimersAtLeast { .. }
                | Rule::RivalsApart { overlap: None }
                | Rule::ExhibitionsAtMost { .. } => {}
            }
            refusals.bound("/wishes", names, MOST_NAMES);
        }
    }
}

struct Refusals(Vec<Refusal>);

impl Refusals {
    fn add(&mut self, pointer: String, ja: &str, en: &str) {
        if self.0.len() < MOST_REFUSALS && !self.0.iter().any(|other| other.pointer == pointer) {
            self.0.push(Refusal::new(pointer, ja, en));
        }
    }

    fn bound(&mut self, pointer: &str, count: usize, most: usize) {
        if count > most {
            let ja = format!("{most}件までです（現在{count}件）。");
            let en = format!("At most {most}; there are {count}.");
            self.add(pointer.to_string(), &ja, &en);
        }
    }

    fn within(&mut self, pointer: &str, value: f64, least: f64, most: f64) {
        // Not a number is in no range.
        if !(least..=most).contains(&value) {
            let ja = format!("{least}〜{most}の数で指定してください。");
            let en = format!("This is a number from {least} to {most}.");
            self.add(pointer.to_string(), &ja, &en);
        }
    }

    fn money(&mut self, pointer: &str, amount: i64) {
        if !(0..=1_000_000_000_000).contains(&amount) {
            self.add(pointer.to_string(), "0円以上1兆円以下にしてください。", "This is an amount from 0 to 10^12 yen.");
        }
    }

    fn known(&mut self, pointer: &str, known: &HashMap<&str, usize>, id: &str) {
        if !known.contains_key(id) {
            self.add(pointer.to_string(), "候補にない企業です。", "This firm is not among the candidates.");
        }
    }

    fn pair(&mut self, pointer: &str, known: &HashMap<&str, usize>, [left, right]: [&str; 2]) {
        self.known(pointer, known, left);
        self.known(pointer, known, right);
        if left == right {
            self.add(pointer.to_string(), "異なる2社を指定してください。", "A pair takes two different candidates.");
        }
    }
}
