//! A parsed query as what to look up: leaves of words and 2-grams, concepts beside them, conditions.

use std::collections::HashMap;

use crate::analysis::normalise::normalise;
use crate::analysis::segment::{Gram, Word};
use crate::analysis::tokenizers::wider_term;
use crate::analysis::{fold_code, segment};
use crate::error::{EngineError, QueryError};
use crate::evidence::Terms;
use crate::kernel::inverse_frequency;
use crate::query::parse::{Node, parse};
use crate::request::{ConditionField as Field, PlaceWays, Places};
use crate::schema::TextField;
use crate::snapshot::{Located, Snapshot};
use crate::taxonomy::spellings::{self, Spelling};

/// A concept counts this much beside the words that name it, and a narrower one this much.
const CONCEPT_SHARE: f32 = 1.0;
const NARROWER_SHARE: f32 = 0.5;

/// Words that follow each other and are looked at as one, at most.
const MOST_JOINED: usize = 3;

/// A term with its factor (weight times inverse frequency) in the title and the body field of its kind.
pub(crate) struct Planned {
    pub(crate) text: String,
    pub(crate) located: [Located; 2],
    pub(crate) factors: [f32; 2],
    /// Takes part in the score only: domain words over their parts, grams of hiragana.
    pub(crate) optional: bool,
    /// A word that no 2-gram of its text holds.
    pub(crate) apart: bool,
    /// A 2-gram inside a longer word, which alone means little: the number of that word.
    pub(crate) within: Option<usize>,
}

pub(crate) enum Plan {
    Leaf(Leaf),
    /// Documents that name a concept or a narrower one.
    Concept([Planned; 2]),
    Condition(Field, String),
    /// Documents in a place, any of these attributes; `weight` is added to their score.
    Place {
        ways: PlaceWays,
        weight: f32,
    },
    And(Vec<Plan>),
    Or(Vec<Plan>),
    Not(Box<Plan>),
}

#[derive(Default)]
pub(crate) struct Leaf {
    pub(crate) words: Vec<Planned>,
    pub(crate) grams: Vec<Planned>,
    pub(crate) code: Option<String>,
    /// A query of one Japanese character: also found where it begins a 2-gram.
    pub(crate) single: Option<String>,
    /// For a phrase: its terms with their places.
    pub(crate) phrase: Option<PhrasePlan>,
}

pub(crate) struct PhrasePlan {
    pub(crate) words: Vec<(String, u32)>,
    pub(crate) grams: Vec<(String, u32)>,
}

impl Leaf {
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.grams.is_empty() && self.code.is_none()
    }
}

pub(crate) fn has_text(plan: &Plan) -> bool {
    match plan {
        Plan::Leaf(_) | Plan::Concept(_) => true,
        // Always beside the text that names it.
        Plan::Condition(..) | Plan::Place { .. } | Plan::Not(_) => false,
        Plan::And(plans) | Plan::Or(plans) => plans.iter().any(has_text),
    }
}

/// A query as it is looked up.
pub(crate) struct Planning {
    pub(crate) plan: Plan,
    /// What to highlight.
    pub(crate) terms: Terms,
    /// Words that were also read as other words: 太陽電池 for たいようでんち.
    pub(crate) readings: Vec<(String, Vec<String>)>,
}

/// Whether a plan asks for anything: signs and the smallest words ask for nothing.
pub(crate) fn asks(plan: &Plan) -> bool {
    match plan {
        Plan::Leaf(leaf) => !leaf.is_empty(),
        Plan::Concept(_) | Plan::Condition(..) | Plan::Place { .. } => true,
        Plan::Not(inner) => asks(inner),
        Plan::And(plans) | Plan::Or(plans) => plans.iter().any(asks),
    }
}

/// The plan depends on the query, the concept tree and the places alone; the snapshot says only how rare a term is and
/// where it stands.
pub(crate) fn plan(snapshot: &Snapshot, places: &Places, tree: &Node) -> Result<Planning, EngineError> {
    let mut planner = Planner { snapshot, places, terms: Terms::default(), readings: Vec::new() };
    let plan = planner.node(tree, false)?;
    Ok(Planning { plan, terms: planner.terms, readings: planner.readings })
}

struct Planner<'plan> {
    snapshot: &'plan Snapshot,
    places: &'plan Places,
    terms: Terms,
    readings: Vec<(String, Vec<String>)>,
}

impl Planner<'_> {
    fn node(&mut self, node: &Node, negated: bool) -> Result<Plan, EngineError> {
        Ok(match node {
            // What is excluded is excluded by its words alone.
            Node::Text(text) if negated => Plan::Leaf(self.leaf(text, false, true)?),
            Node::Text(text) => self.text(text)?,
            Node::Phrase(text) => Plan::Leaf(self.leaf(text, true, negated)?),
            Node::Condition(field, value) => Plan::Condition(*field, value.clone()),
            Node::Not(inner) => Plan::Not(Box::new(self.node(inner, true)?)),
            Node::And(nodes) => Plan::And(self.together(nodes, negated)?),
            Node::Or(nodes) => Plan::Or(nodes.iter().map(|node| self.node(node, negated)).collect::<Result<_, _>>()?),
        })
    }

    /// One run of text: as it stands, in its other spellings, as what it reads as, or as the place it names.
    fn text(&mut self, text: &str) -> Result<Plan, EngineError> {
        let folded = normalise(text);
        let whole = self.as_it_stands(text)?;
        if matches!(&whole, Plan::Leaf(leaf) if leaf.is_empty()) {
            return Ok(whole);
        }
        let mut any = vec![whole];
        self.spelled(spellings::others(&folded), &mut any)?;
        self.read(&folded, self.snapshot.taxonomy.written(&folded), &mut any)?;
        self.place(&folded, &mut any)?;
        if let Some((place, rest)) = place_before(&folded).filter(|(place, _)| self.places.contains_key(*place)) {
            let mut there = vec![self.as_it_stands(place)?];
            self.place(place, &mut there)?;
            any.push(Plan::And(vec![Plan::Or(there), self.as_it_stands(rest)?]));
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Plan::Or(any) })
    }

    fn spelled(&mut self, ways: Vec<Spelling>, any: &mut Vec<Plan>) -> Result<(), EngineError> {
        for way in ways {
            let other = match way {
                Spelling::Text(text) => self.as_it_stands(&text)?,
                Spelling::Phrase(text) => Plan::Leaf(self.leaf(&text, true, false)?),
            };
            // We-re as were would be nothing to ask for, and so everything.
            if asks(&other) {
                any.push(other);
            }
        }
        Ok(())
    }

    fn read(&mut self, folded: &str, forms: Vec<String>, any: &mut Vec<Plan>) -> Result<(), EngineError> {
        for form in &forms {
            // One kanji is part of many words: it is meant as what it names.
            any.push(match form.chars().nth(1) {
                Some(_) => self.as_it_stands(form)?,
                None => match self.named(form)? {
                    Some(named) => named,
                    None => continue,
                },
            });
        }
        if !forms.is_empty() {
            self.readings.push((folded.to_string(), forms));
        }
        Ok(())
    }

    /// What is in the place that the text names counts as much as one of its words.
    fn place(&mut self, folded: &str, any: &mut Vec<Plan>) -> Result<(), EngineError> {
        let Some(ways) = self.places.get(folded) else { return Ok(()) };
        let leaf = self.leaf(folded, false, true)?;
        let weight = leaf.words.iter().flat_map(|word| word.factors).fold(0.0, f32::max);
        any.push(Plan::Place { ways: ways.clone(), weight });
        Ok(())
    }

    /// The concepts that a text names whole.
    fn named(&mut self, folded: &str) -> Result<Option<Plan>, EngineError> {
        let mentions = self.snapshot.taxonomy.find(folded);
        let Some(mention) = mentions.first().filter(|mention| mention.range == (0..folded.len())) else {
            return Ok(None);
        };
        Ok(Some(Plan::Or(mention.concepts.iter().map(|concept| self.concept(*concept)).collect::<Result<_, _>>()?)))
    }

    /// By its words, or by the concepts it names together with the words between them.
    fn as_it_stands(&mut self, text: &str) -> Result<Plan, EngineError> {
        let whole = Plan::Leaf(self.leaf(text, false, false)?);
        let folded = normalise(text);
        let mentions = self.snapshot.taxonomy.find(&folded);
        if mentions.is_empty() {
            return Ok(whole);
        }
        let mut parts = Vec::new();
        let mut rest = String::with_capacity(folded.len());
        let mut done = 0;
        for mention in mentions {
            rest.push_str(&folded[done..mention.range.start]);
            rest.push(' ');
            done = mention.range.end;
            let mut any = Vec::with_capacity(mention.concepts.len());
            for concept in &mention.concepts {
                any.push(self.concept(*concept)?);
            }
            parts.push(if any.len() == 1 { any.remove(0) } else { Plan::Or(any) });
        }
        rest.push_str(&folded[done..]);
        let mut between = self.leaf(&rest, false, true)?;
        // They score where the whole is looked for.
        for planned in between.words.iter_mut().chain(&mut between.grams) {
            planned.factors = [0.0; 2];
        }
        if !between.is_empty() {
            parts.push(Plan::Leaf(between));
        }
        Ok(Plan::Or(vec![whole, Plan::And(parts)]))
    }

    fn concept(&mut self, concept: u32) -> Result<Plan, EngineError> {
        let snapshot = self.snapshot;
        let code = snapshot.taxonomy.code(concept);
        let concept_fields = [TextField::TitleConcepts, TextField::BodyConcepts];
        let planned = |text: String, share: f32| -> Result<Planned, EngineError> {
            let (located, factors) = locate(snapshot, concept_fields, &text)?;
            Ok(Planned {
                text,
                located,
                factors: factors.map(|factor| factor * share),
                optional: false,
                apart: false,
                within: None,
            })
        };
        let own = planned(code.to_string(), CONCEPT_SHARE)?;
        let narrower = planned(wider_term(code), NARROWER_SHARE)?;
        let weight = own.factors[0].max(own.factors[1]);
        self.terms.add_concept(&snapshot.taxonomy, code, weight);
        Ok(Plan::Concept([own, narrower]))
    }

    /// The plans of nodes that are all asked for. A concept whose name is several words (organic light emitting diode) is
    /// an alternative to all of them.
    fn together(&mut self, nodes: &[Node], negated: bool) -> Result<Vec<Plan>, EngineError> {
        let mut plans = Vec::with_capacity(nodes.len());
        let mut at = 0;
        while at < nodes.len() {
            let run = texts_from(&nodes[at..]);
            if run.len() < 2 || negated {
                plans.push(self.node(&nodes[at], negated)?);
                at += 1;
                continue;
            }
            plans.extend(self.run_of_texts(&run)?);
            at += run.len();
        }
        Ok(plans)
    }

    fn run_of_texts(&mut self, texts: &[&str]) -> Result<Vec<Plan>, EngineError> {
        let folded: Vec<String> = texts.iter().map(|text| normalise(text)).collect();
        let mut named = self.concepts_of_several(&folded);
        let mut plans = Vec::with_capacity(texts.len());
        let mut next = 0;
        while next < texts.len() {
            let concepts = named.remove(&next);
            let free = (1..=MOST_JOINED).find(|length| named.contains_key(&(next + length))).unwrap_or(MOST_JOINED);
            let lengths: Vec<usize> = match &concepts {
                Some((last, _)) => vec![last - next + 1],
                None => (2..=free.min(texts.len() - next)).rev().collect(),
            };
            let mut taken = 1;
            let mut any = Vec::new();
            for length in lengths {
                let joined = folded[next..next + length].join(" ");
                self.spelled(spellings::of_line(&joined), &mut any)?;
                self.read(&joined, self.snapshot.taxonomy.written_as_one(&joined), &mut any)?;
                self.place(&joined, &mut any)?;
                for concept in concepts.iter().flat_map(|(_, concepts)| concepts) {
                    any.push(self.concept(*concept)?);
                }
                if !any.is_empty() {
                    taken = length;
                    break;
                }
            }
            if any.is_empty() {
                plans.push(self.text(texts[next])?);
            } else {
                let joined = folded[next..next + taken].join(" ");
                any.insert(
                    0,
                    // 300 mm is not 300 kg and 2 mm.
                    match spellings::is_quantity(&joined) {
                        true => Plan::Leaf(self.leaf(&joined, true, false)?),
                        false => Plan::And(
                            texts[next..next + taken].iter().map(|text| self.text(text)).collect::<Result<_, _>>()?,
                        ),
                    },
                );
                plans.push(Plan::Or(any));
            }
            next += taken;
        }
        Ok(plans)
    }

    /// Concepts with a name of several of these words, whole: by the first word, the last one and the concepts.
    fn concepts_of_several(&self, folded: &[String]) -> HashMap<usize, (usize, Vec<u32>)> {
        let mut joined = String::new();
        let mut starts = Vec::with_capacity(folded.len());
        for text in folded {
            if !joined.is_empty() {
                joined.push(' ');
            }
            starts.push(joined.len());
            joined.push_str(text);
        }
        let text_at = |byte: usize| starts.partition_point(|start| *start <= byte).saturating_sub(1);
        let mut named = HashMap::new();
        let mut next = 0;
        for mention in self.snapshot.taxonomy.find(&joined) {
            let (first, last) = (text_at(mention.range.start), text_at(mention.range.end - 1));
            let whole = mention.range.start == starts[first]
                && starts.get(last + 1).is_none_or(|start| mention.range.end + 1 == *start);
            if first == last || first < next || !whole {
                continue;
            }
            named.insert(first, (last, mention.concepts));
            next = last + 1;
        }
        named
    }

    fn leaf(&mut self, text: &str, phrase: bool, negated: bool) -> Result<Leaf, EngineError> {
        let snapshot = self.snapshot;
        let folded = normalise(text);
        let mut leaf = Leaf::default();
        let mut places = PhrasePlan { words: Vec::new(), grams: Vec::new() };
        let word_fields = [TextField::TitleWords, TextField::BodyWords];
        let gram_fields = [TextField::TitleGrams, TextField::BodyGrams];
        let words = segment::words(&folded);
        for word in &words {
            if !word.compound && word.term.is_ascii() {
                places.words.push((word.term.to_string(), word.position as u32));
            }
            if leaf.words.iter().any(|known| known.text == word.term) {
                continue;
            }
            let (located, factors) = locate(snapshot, word_fields, &word.term)?;
            if !negated {
                self.terms.add_word(&word.term, factors[0].max(factors[1]));
            }
            let apart = !word.compound && !segment::in_grams(&folded, &word.range);
            let text = word.term.to_string();
            leaf.words.push(Planned { text, located, factors, optional: word.compound, apart, within: None });
        }
        let mut pairs = Vec::new();
        segment::grams(&folded, |gram| pairs.push(gram));
        let alone = pairs.len() == 1;
        let within = longer_words(&folded, &words, &pairs);
        let mut term = String::new();
        for (gram, within) in pairs.iter().zip(within) {
            gram.write(&mut term);
            places.grams.push((term.clone(), gram.position as u32));
            if leaf.grams.iter().any(|known| known.text == term) {
                continue;
            }
            let (located, mut factors) = locate(snapshot, gram_fields, &term)?;
            if gram.weak {
                factors = [0.0; 2];
            } else if !negated {
                self.terms.add_gram(&term, factors[0].max(factors[1]), alone);
            }
            leaf.grams.push(Planned { text: term.clone(), located, factors, optional: false, apart: false, within });
        }
        if let [gram] = pairs[..]
            && gram.characters.1.is_none()
            && !phrase
        {
            leaf.single = Some(gram.characters.0.to_string());
        }
        let code = fold_code(text);
        if !phrase && code.len() >= 4 && code.chars().any(|character| character.is_ascii_digit()) {
            leaf.code = Some(code);
        }
        if phrase {
            leaf.phrase = Some(places);
        }
        Ok(leaf)
    }
}

/// For each 2-gram, the number of the word of three characters or more that holds it.
fn longer_words(folded: &str, words: &[Word], grams: &[Gram]) -> Vec<Option<usize>> {
    let bytes: Vec<usize> = folded.char_indices().map(|(at, _)| at).collect();
    let is_long = |word: &Word| !word.compound && folded[word.range.clone()].chars().nth(2).is_some();
    let within = |gram: &Gram| {
        let (first, second) = (bytes.get(gram.position)?, bytes.get(gram.position + 1)?);
        words.iter().position(|word| word.range.contains(first) && word.range.contains(second) && is_long(word))
    };
    grams.iter().map(within).collect()
}

/// A place and what is looked for there: 鶴岡市 and 発酵食品 of 鶴岡市の発酵食品.
fn place_before(folded: &str) -> Option<(&str, &str)> {
    folded.split_once('の').filter(|(place, rest)| !place.is_empty() && !rest.is_empty())
}

fn texts_from(nodes: &[Node]) -> Vec<&str> {
    let texts = nodes.iter().map_while(|node| match node {
        Node::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// What of a query may name a place, as it is typed: each of its words, those that follow each other joined, and what
/// stands before の. So a caller who knows places can look them up; what is excluded is no place.
///
/// # Errors
/// A query beyond the limits.
pub fn place_words(query: &str) -> Result<Vec<String>, QueryError> {
    let mut words = Vec::new();
    gather(&parse(query)?, &mut words);
    words.sort();
    words.dedup();
    Ok(words)
}

fn gather(node: &Node, words: &mut Vec<String>) {
    match node {
        Node::Text(text) => {
            words.extend(place_before(text).map(|(place, _)| place.to_string()));
            words.push(text.clone());
        }
        Node::And(nodes) => {
            for start in 0..nodes.len() {
                let run: Vec<&str> = texts_from(&nodes[start..]).into_iter().take(MOST_JOINED).collect();
                words.extend((2..=run.len()).map(|length| run[..length].join(" ")));
                gather(&nodes[start], words);
            }
        }
        Node::Or(nodes) => nodes.iter().for_each(|node| gather(node, words)),
        Node::Phrase(_) | Node::Condition(..) | Node::Not(_) => {}
    }
}

fn locate(
    snapshot: &Snapshot,
    text_fields: [TextField; 2],
    term: &str,
) -> Result<([Located; 2], [f32; 2]), EngineError> {
    let located = [snapshot.locate(text_fields[0], term)?, snapshot.locate(text_fields[1], term)?];
    let factor = |located: &Located| inverse_frequency(snapshot.documents, located.frequency);
    let factors = [factor(&located[0]), factor(&located[1])];
    Ok((located, factors))
}
