//! A parsed query as what to look up: leaves of words and 2-grams, concepts beside them, conditions.

use crate::analysis::normalise::normalise;
use crate::analysis::tokenizers::wider_term;
use crate::analysis::{fold_code, segment};
use crate::error::EngineError;
use crate::evidence::Terms;
use crate::kernel::inverse_frequency;
use crate::query::parse::Node;
use crate::request::ConditionField as Field;
use crate::schema::TextField;
use crate::snapshot::{Located, Snapshot};

/// A concept counts this much beside the words that name it, and a narrower one this much.
const CONCEPT_SHARE: f32 = 1.0;
const NARROWER_SHARE: f32 = 0.5;

/// A term with its factor (weight times inverse frequency) in the title and the body field of its kind.
pub(crate) struct Planned {
    pub(crate) text: String,
    pub(crate) located: [Located; 2],
    pub(crate) factors: [f32; 2],
    /// Takes part in the score only: domain words over their parts, grams of hiragana.
    pub(crate) optional: bool,
}

pub(crate) enum Plan {
    Leaf(Leaf),
    /// Documents that name a concept or a narrower one.
    Concept([Planned; 2]),
    Condition(Field, String),
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
        Plan::Condition(..) | Plan::Not(_) => false,
        Plan::And(plans) | Plan::Or(plans) => plans.iter().any(has_text),
    }
}

pub(crate) fn plan(snapshot: &Snapshot, node: &Node, negated: bool, terms: &mut Terms) -> Result<Plan, EngineError> {
    Ok(match node {
        Node::Text(text) => text_plan(snapshot, text, negated, terms)?,
        Node::Phrase(text) => Plan::Leaf(leaf(snapshot, text, true, negated, terms)?),
        Node::Condition(field, value) => Plan::Condition(*field, value.clone()),
        Node::Not(inner) => Plan::Not(Box::new(plan(snapshot, inner, true, terms)?)),
        Node::And(nodes) => Plan::And(together(snapshot, nodes, negated, terms)?),
        Node::Or(nodes) => {
            Plan::Or(nodes.iter().map(|node| plan(snapshot, node, negated, terms)).collect::<Result<_, _>>()?)
        }
    })
}

/// One run of text: as it stands, or by the concepts it names together with the words between them.
fn text_plan(snapshot: &Snapshot, text: &str, negated: bool, terms: &mut Terms) -> Result<Plan, EngineError> {
    let whole = Plan::Leaf(leaf(snapshot, text, false, negated, terms)?);
    // What is excluded is excluded by its words alone.
    let mentions = if negated { Vec::new() } else { snapshot.taxonomy.find(&normalise(text)) };
    if mentions.is_empty() {
        return Ok(whole);
    }
    let folded = normalise(text);
    let mut parts = Vec::new();
    let mut rest = String::with_capacity(folded.len());
    let mut done = 0;
    for mention in mentions {
        rest.push_str(&folded[done..mention.range.start]);
        rest.push(' ');
        done = mention.range.end;
        let mut any = Vec::with_capacity(mention.concepts.len());
        for concept in &mention.concepts {
            any.push(concept_plan(snapshot, *concept, terms)?);
        }
        parts.push(if any.len() == 1 { any.remove(0) } else { Plan::Or(any) });
    }
    rest.push_str(&folded[done..]);
    let mut between = leaf(snapshot, &rest, false, true, terms)?;
    // They score where the whole is looked for.
    for planned in between.words.iter_mut().chain(&mut between.grams) {
        planned.factors = [0.0; 2];
    }
    if !between.is_empty() {
        parts.push(Plan::Leaf(between));
    }
    Ok(Plan::Or(vec![whole, Plan::And(parts)]))
}

fn concept_plan(snapshot: &Snapshot, concept: u32, terms: &mut Terms) -> Result<Plan, EngineError> {
    let code = snapshot.taxonomy.code(concept);
    let concept_fields = [TextField::TitleConcepts, TextField::BodyConcepts];
    let planned = |text: String, share: f32| -> Result<Planned, EngineError> {
        let (located, factors) = locate(snapshot, concept_fields, &text)?;
        Ok(Planned { text, located, factors: factors.map(|factor| factor * share), optional: false })
    };
    let own = planned(code.to_string(), CONCEPT_SHARE)?;
    let narrower = planned(wider_term(code), NARROWER_SHARE)?;
    let weight = own.factors[0].max(own.factors[1]);
    terms.add_concept(&snapshot.taxonomy, code, weight);
    Ok(Plan::Concept([own, narrower]))
}

/// The plans of nodes that are all asked for. A concept whose name is several words (organic light emitting diode) is an
/// alternative to all of them.
fn together(snapshot: &Snapshot, nodes: &[Node], negated: bool, terms: &mut Terms) -> Result<Vec<Plan>, EngineError> {
    let mut plans = Vec::with_capacity(nodes.len());
    let mut at = 0;
    while at < nodes.len() {
        let texts = nodes[at..].iter().map_while(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let run: Vec<&str> = texts.collect();
        if run.len() < 2 || negated {
            plans.push(plan(snapshot, &nodes[at], negated, terms)?);
            at += 1;
            continue;
        }
        plans.extend(run_of_texts(snapshot, &run, terms)?);
        at += run.len();
    }
    Ok(plans)
}

fn run_of_texts(snapshot: &Snapshot, texts: &[&str], terms: &mut Terms) -> Result<Vec<Plan>, EngineError> {
    let mut joined = String::new();
    let mut starts = Vec::with_capacity(texts.len());
    for text in texts {
        if !joined.is_empty() {
            joined.push(' ');
        }
        starts.push(joined.len());
        joined.push_str(&normalise(text));
    }
    let text_at = |byte: usize| starts.partition_point(|start| *start <= byte).saturating_sub(1);
    let mut plans = Vec::with_capacity(texts.len());
    let mut next = 0;
    for mention in snapshot.taxonomy.find(&joined) {
        let (first, last) = (text_at(mention.range.start), text_at(mention.range.end - 1));
        let whole = mention.range.start == starts[first]
            && starts.get(last + 1).is_none_or(|start| mention.range.end + 1 == *start);
        if first == last || first < next || !whole {
            continue;
        }
        for text in &texts[next..first] {
            plans.push(text_plan(snapshot, text, false, terms)?);
        }
        let words: Result<Vec<Plan>, EngineError> =
            texts[first..=last].iter().map(|text| text_plan(snapshot, text, false, terms)).collect();
        let mut any = vec![Plan::And(words?)];
        for concept in &mention.concepts {
            any.push(concept_plan(snapshot, *concept, terms)?);
        }
        plans.push(Plan::Or(any));
        next = last + 1;
    }
    for text in &texts[next..] {
        plans.push(text_plan(snapshot, text, false, terms)?);
    }
    Ok(plans)
}

fn leaf(snapshot: &Snapshot, text: &str, phrase: bool, negated: bool, terms: &mut Terms) -> Result<Leaf, EngineError> {
    let folded = normalise(text);
    let mut leaf = Leaf::default();
    let mut places = PhrasePlan { words: Vec::new(), grams: Vec::new() };
    let word_fields = [TextField::TitleWords, TextField::BodyWords];
    let gram_fields = [TextField::TitleGrams, TextField::BodyGrams];
    for word in segment::words(&folded) {
        if !word.compound && word.term.is_ascii() {
            places.words.push((word.term.to_string(), word.position as u32));
        }
        if leaf.words.iter().any(|known| known.text == word.term) {
            continue;
        }
        let (located, factors) = locate(snapshot, word_fields, &word.term)?;
        if !negated {
            terms.add_word(&word.term, factors[0].max(factors[1]));
        }
        leaf.words.push(Planned { text: word.term.into_owned(), located, factors, optional: word.compound });
    }
    let mut pairs = Vec::new();
    segment::grams(&folded, |gram| pairs.push(gram));
    let alone = pairs.len() == 1;
    let mut term = String::new();
    for gram in &pairs {
        gram.write(&mut term);
        places.grams.push((term.clone(), gram.position as u32));
        if leaf.grams.iter().any(|known| known.text == term) {
            continue;
        }
        let (located, mut factors) = locate(snapshot, gram_fields, &term)?;
        if gram.weak {
            factors = [0.0; 2];
        } else if !negated {
            terms.add_gram(&term, factors[0].max(factors[1]), alone);
        }
        leaf.grams.push(Planned { text: term.clone(), located, factors, optional: false });
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
