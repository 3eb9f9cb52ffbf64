//! The lines of a need, judged for a party from what the caller may read: for `/match` and `/match/coalition`.

use super::evidence::is_asked;
use super::line_facts::{self, Names};
use super::line_kinds::{self, Asked};
use super::line_questions::would_fit;
use crate::domain::conditions::{self, Checked, Outcome, PartyFacts};
use crate::domain::entry::{TextPlace, Title};
use crate::domain::finding::Message;
use crate::domain::kinds::need::{Condition, NeedLine};
use crate::domain::vocabulary::{ConditionField, Kind, Language, Strength};
use crate::domain::{Need, Organization, Person, Record, Scope, ThingId};
use crate::error::Result;
use crate::store::Conn;
use crate::store::readings::{self, Reading};
use crate::store::things;
use musubi_index::lines::{Line, Passage, Place, Verdict, closest, judge_read};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// One line of the need and how the party stands with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineBody {
    /// Place of the line in the need, from 0.
    pub index: usize,
    /// How strongly the need means it. `met` for an excluded line: the party does what is excluded.
    pub requirement: Strength,
    pub verdict: LineVerdict,
    /// How plainly it is shown, from 0 to 1; 0 when unknown.
    pub strength: f32,
    /// The sentence, or the fact of the profile, that shows it.
    pub evidence: Option<LineEvidence>,
    /// For an unknown line: the party's sentence that speaks of most of it, for a person to read. It shows nothing and
    /// counts for nothing.
    pub closest: Option<LineEvidence>,
    /// What would make this fit; none where nothing is missing.
    pub would_fit: Option<Message>,
    /// What the line asks, for lists that are read without the need at hand.
    #[serde(skip)]
    pub(super) asked: Title,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineVerdict {
    /// The text says so, or the stated fact fits.
    Met,
    /// The text denies it, or the stated fact does not fit.
    Unmet,
    /// Nothing the caller may read tells. Not the same as unmet, and never counted as met.
    Unknown,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineEvidence {
    pub kind: Kind,
    pub id: String,
    pub version: i64,
    pub field: String,
    /// None for a fact that is not text, and for the part of a member in a record of work.
    pub lang: Option<Language>,
    /// Code points `[start, end)` into the stored text.
    pub start: usize,
    pub end: usize,
    pub text: String,
    /// What a stated fact is called, since its text is a code; none for a sentence.
    pub name: Option<Message>,
}

/// A line made ready to be judged against many parties.
pub(super) struct Ready {
    pub(super) requirement: Strength,
    pub(super) condition: Option<Condition>,
    pub(super) ja: Option<String>,
    pub(super) en: Option<String>,
    /// Further conditions that must hold with it: the firms of a town are firms, and there.
    also: Vec<Condition>,
    /// What it asks, in words: its own, else those of its condition.
    pub(super) asked: Title,
    /// Who is meant, where that is no condition on what is stated.
    pub(super) who: Option<Who>,
    line: Line,
    /// The words only name the condition (県内の会社): it decides alone, with the kind that they ask for.
    pub(super) label: bool,
    /// The kinds of organisations that the words ask for (〜ができる会社).
    kinds: Option<Asked>,
}

/// Whom a free text leaves out by who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    Parties(Vec<String>),
    /// Everybody who is no organisation.
    People,
}

impl Who {
    fn is(&self, party: &str, facts: &PartyFacts) -> bool {
        match self {
            Who::Parties(ids) => ids.iter().any(|id| id == party),
            Who::People => facts.person,
        }
    }
}

impl Ready {
    /// A line that leaves out: by conditions that all hold, by who they are, or, with neither, by its words.
    pub(super) fn leaving_out(text: &str, conditions: Vec<Condition>, who: Option<Who>) -> Ready {
        let mut conditions = conditions.into_iter();
        let condition = conditions.next();
        Ready {
            requirement: Strength::Exclude,
            label: condition.is_some(),
            condition,
            also: conditions.collect(),
            who,
            asked: Title { ja: Some(text.to_owned()), en: None },
            ja: Some(text.to_owned()),
            en: None,
            kinds: None,
            line: Line::read(&[text]),
        }
    }

    /// Whether it decides by a checked fact who is proposed at all.
    pub(super) fn decides(&self) -> bool {
        self.who.is_some() || (self.condition.is_some() && self.requirement != Strength::Should)
    }

    /// Whether it keeps a party from being proposed: a must-condition that is unmet, or an exclusion that is met, by fact.
    pub(super) fn bars(&self, party: &str, facts: &PartyFacts) -> bool {
        if let Some(who) = &self.who {
            return who.is(party, facts);
        }
        let outcome = self.checked(facts).map(|(_, checked)| checked.outcome);
        matches!(
            (self.requirement, outcome),
            (Strength::Must, Some(Outcome::Unmet)) | (Strength::Exclude, Some(Outcome::Met))
        )
    }
}

impl Ready {
    /// The condition that decides: of several the first that is unmet, else unknown.
    fn checked(&self, facts: &PartyFacts) -> Option<(&Condition, Checked)> {
        let every = self.condition.iter().chain(&self.also);
        let order = |(_, checked): &(&Condition, Checked)| match checked.outcome {
            Outcome::Unmet => 0,
            Outcome::Unknown => 1,
            Outcome::Met => 2,
        };
        every.map(|condition| (condition, conditions::check(condition, facts))).min_by_key(order)
    }
}

/// The lines of a need, in order.
pub(super) fn ready(need: &Need) -> Vec<Ready> {
    let text = |line: &NeedLine| -> (Option<String>, Option<String>) {
        (line.text_ja.clone().map(String::from), line.text_en.clone().map(String::from))
    };
    let one = |line: &NeedLine| {
        let (ja, en) = text(line);
        let forms: Vec<&str> = ja.iter().chain(&en).map(String::as_str).collect();
        let label = line.condition.as_ref().is_some_and(|condition| line_facts::only_names(condition, &forms));
        let read = Line::read(&forms);
        // A condition on the kind says itself which.
        let of_kind = |condition: &Condition| condition.field == ConditionField::OrganizationKind;
        let kinds = match line.condition.as_ref().is_some_and(of_kind) {
            true => None,
            false => line_kinds::asked(ja.as_deref(), en.as_deref()),
        };
        let asked = Title { ja: ja.clone(), en: en.clone() };
        Ready {
            requirement: line.strength,
            condition: line.condition.clone(),
            also: Vec::new(),
            asked,
            who: None,
            line: read,
            label,
            kinds,
            ja,
            en,
        }
    };
    need.lines.iter().map(one).collect()
}

/// Puts what conditions ask for into words, where a line has no others.
pub(super) fn put_into_words(conn: &mut Conn, lines: &mut [Ready]) -> Result<()> {
    if lines.iter().all(|line| line.condition.is_none()) {
        return Ok(());
    }
    let names = Names::of_conditions(conn, lines.iter().filter_map(|line| line.condition.as_ref()))?;
    for line in lines.iter_mut().filter(|line| line.ja.is_none() && line.en.is_none()) {
        let (ja, en) = line.condition.as_ref().map(|condition| line_facts::in_words(condition, &names)).unzip();
        line.asked = Title { ja, en };
    }
    Ok(())
}

/// What the caller may read of one party.
#[derive(Debug, Default)]
pub(super) struct Dossier {
    pub(super) facts: PartyFacts,
    pub(super) names: Arc<Names>,
    /// The things that speak for it, itself first.
    things: Vec<String>,
    /// Records of work of several members: they show that it took part, and its part where that is written.
    shared: HashMap<String, Option<Part>>,
}

/// The part of a party in a record of work.
#[derive(Debug)]
struct Part {
    field: String,
    role: String,
    passage: Passage,
}

/// What is known of each party, by id, and the texts of everything that speaks for them.
pub(super) type Dossiers = (HashMap<String, Dossier>, HashMap<String, Reading>);

/// Reads what speaks for parties under the caller's rights: themselves, the things the match found, and up to
/// `own_most` each of their newest offers and records.
pub(super) fn dossiers(
    conn: &mut Conn,
    scope: &Scope,
    parties: &[(String, Vec<String>)],
    own_most: i64,
) -> Result<Dossiers> {
    let ids: Vec<String> = parties.iter().map(|(party, _)| party.clone()).collect();
    let mut facts = facts(conn, scope, &ids)?;
    let mut dossiers = HashMap::with_capacity(parties.len());
    let mut wanted = Vec::new();
    for (party, found) in parties {
        let Some(facts) = facts.remove(party) else { continue };
        let mut things = vec![party.clone()];
        things.extend(found.iter().filter(|id| *id != party).cloned());
        for own in things::speaking_for(conn, scope, party, own_most)? {
            if !things.contains(&own) {
                things.push(own);
            }
        }
        wanted.extend(things.iter().cloned());
        dossiers.insert(party.clone(), Dossier { facts, things, ..Dossier::default() });
    }
    wanted.sort();
    wanted.dedup();
    let readings = readings::read(conn, scope, &wanted)?;
    let names = Arc::new(Names::read(conn, dossiers.values().map(|dossier| &dossier.facts))?);
    dossiers.values_mut().for_each(|dossier| dossier.names = names.clone());
    add_shared_records(conn, scope, &mut dossiers, &readings)?;
    Ok((dossiers, readings))
}

/// What a record of several members tells is not what each of them did.
fn add_shared_records(
    conn: &mut Conn,
    scope: &Scope,
    dossiers: &mut HashMap<String, Dossier>,
    readings: &HashMap<String, Reading>,
) -> Result<()> {
    let records = readings.values().filter(|reading| reading.card.kind == Kind::Record);
    let ids: Vec<String> = records.map(|reading| reading.card.id.clone()).collect();
    for record in things::get_many::<Record>(conn, scope, &ids)? {
        let id = record.header.id.to_string();
        if record.entry.members.len() < 2 {
            continue;
        }
        for (party, dossier) in dossiers.iter_mut().filter(|(_, dossier)| dossier.things.contains(&id)) {
            let own = record.entry.members.iter().enumerate().find(|(_, member)| member.party.as_str() == party);
            let part = own.and_then(|(place, member)| {
                let role = String::from(member.role.clone()?);
                let passage = Passage::read(&role);
                Some(Part { field: format!("members/{place}/role"), role, passage })
            });
            dossier.shared.insert(id.clone(), part);
        }
    }
    Ok(())
}

/// What parties have stated, as far as the caller may read it.
pub(super) fn facts(conn: &mut Conn, scope: &Scope, parties: &[String]) -> Result<HashMap<String, PartyFacts>> {
    let people = things::get_many::<Person>(conn, scope, parties)?;
    let mut ids = parties.to_vec();
    ids.extend(people.iter().filter_map(|person| person.entry.affiliations.first()).map(ThingId::to_string));
    ids.sort();
    ids.dedup();
    let organizations = things::get_many::<Organization>(conn, scope, &ids)?;
    let mut facts: HashMap<String, PartyFacts> =
        organizations.iter().map(|thing| (thing.header.id.to_string(), PartyFacts::of_organization(thing))).collect();
    for person in &people {
        let employer = person.entry.affiliations.first().and_then(|employer| facts.get(employer.as_str()));
        let own = PartyFacts::of_person(person, employer);
        facts.insert(person.header.id.to_string(), own);
    }
    Ok(facts)
}

/// The texts of readings, cut into sentences once for all parties and lines.
pub(super) struct Shelf<'a> {
    readings: &'a HashMap<String, Reading>,
    passages: HashMap<&'a str, Vec<(usize, Passage)>>,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(readings: &'a HashMap<String, Reading>) -> Shelf<'a> {
        let passages = readings.iter().map(|(id, reading)| (id.as_str(), passages(reading))).collect();
        Shelf { readings, passages }
    }
}

/// What may be cited of a thing: not what a party is called, not what it asks for.
fn passages(reading: &Reading) -> Vec<(usize, Passage)> {
    if reading.card.kind == Kind::Need {
        return Vec::new();
    }
    let party = reading.card.kind.is_party();
    let speaks = |text: &readings::Text| match text.place {
        TextPlace::Title => !party,
        TextPlace::Alias | TextPlace::Unwanted => false,
        TextPlace::Body => !is_asked(&text.field),
    };
    let texts = reading.texts.iter().enumerate().filter(|(_, text)| speaks(text));
    texts.map(|(place, text)| (place, Passage::read(&text.text))).collect()
}

/// A text that may be cited for a party.
#[derive(Clone, Copy)]
enum Source<'a> {
    Text(&'a Reading, usize),
    Part(&'a Reading, &'a Part),
}

/// Every line of the need for one party.
pub(super) fn judge(lines: &[Ready], dossier: &Dossier, shelf: &Shelf<'_>) -> Vec<LineBody> {
    let mut passages: Vec<&Passage> = Vec::new();
    let mut sources: Vec<Source<'_>> = Vec::new();
    for id in &dossier.things {
        let Some(reading) = shelf.readings.get(id) else { continue };
        if let Some(part) = dossier.shared.get(id) {
            passages.extend(part.iter().map(|part| &part.passage));
            sources.extend(part.iter().map(|part| Source::Part(reading, part)));
            continue;
        }
        for (place, passage) in shelf.passages.get(id.as_str()).into_iter().flatten() {
            passages.push(passage);
            sources.push(Source::Text(reading, *place));
        }
    }
    let one = |(index, line): (usize, &Ready)| LineBody {
        asked: line.asked.clone(),
        ..judge_one(index, line, dossier, &passages, &sources)
    };
    lines.iter().enumerate().map(one).collect()
}

/// Where the words ask for a kind of organisation, the party must be of it, too.
fn judge_one(index: usize, line: &Ready, dossier: &Dossier, passages: &[&Passage], sources: &[Source<'_>]) -> LineBody {
    if let Some(who) = &line.who {
        let is = dossier.things.first().is_some_and(|party| who.is(party, &dossier.facts));
        let verdict = if is { LineVerdict::Met } else { LineVerdict::Unmet };
        let (requirement, asked) = (line.requirement, Title::default());
        return LineBody {
            index,
            requirement,
            verdict,
            strength: 1.0,
            evidence: None,
            closest: None,
            would_fit: None,
            asked,
        };
    }
    let body = by_condition_and_words(index, line, dossier, passages, sources);
    match &line.kinds {
        Some(kinds) => line_kinds::of_the_kind(index, line, kinds, &dossier.facts, &dossier.names, body),
        None => body,
    }
}

/// With words and a condition, both must hold: unmet if the condition is, else what the words say; but never met while
/// the condition is unknown. Words that only name the condition leave it to decide, and speak where no fact is stated.
fn by_condition_and_words(
    index: usize,
    line: &Ready,
    dossier: &Dossier,
    passages: &[&Passage],
    sources: &[Source<'_>],
) -> LineBody {
    let by_condition = line.checked(&dossier.facts).map(|(condition, checked)| {
        let body = line_facts::of_condition(index, line.requirement, condition, &checked, &dossier.names);
        (checked.outcome, body)
    });
    match by_condition {
        None => by_words_or_certificate(index, line, dossier, passages, sources),
        Some((Outcome::Unmet, body)) => body,
        Some((_, body)) if line.line.is_empty() => body,
        Some((Outcome::Met, body)) if line.label => body,
        Some((Outcome::Met, _)) => by_words(index, line, passages, sources),
        // Words of two conditions tell neither.
        Some((Outcome::Unknown, body)) if !line.also.is_empty() => body,
        Some((Outcome::Unknown, body)) => {
            let words = by_words(index, line, passages, sources);
            match words.verdict {
                LineVerdict::Unmet => words,
                LineVerdict::Met if line.label && told_in_words(line) => words,
                // The words are there, the fact is not: they are as close as it comes.
                LineVerdict::Met => LineBody { closest: words.evidence, ..body },
                LineVerdict::Unknown => LineBody { closest: words.closest, ..body },
            }
        }
    }
}

/// Certificates and sizes are told in texts; 「大学と組む」 does not make a university.
fn told_in_words(line: &Ready) -> bool {
    let field = line.condition.as_ref().map(|condition| condition.field);
    matches!(field, Some(ConditionField::Certificate | ConditionField::Employees))
}

/// A line in words that names a certificate, of which the texts tell nothing, is met where the party states it.
fn by_words_or_certificate(
    index: usize,
    line: &Ready,
    dossier: &Dossier,
    passages: &[&Passage],
    sources: &[Source<'_>],
) -> LineBody {
    let words = by_words(index, line, passages, sources);
    let unknown = words.verdict == LineVerdict::Unknown;
    let forms: Vec<&str> = line.ja.iter().chain(&line.en).map(String::as_str).collect();
    match line_facts::certificate_held(&forms, &dossier.facts).filter(|_| unknown) {
        Some(condition) => {
            let checked = conditions::check(&condition, &dossier.facts);
            line_facts::of_condition(index, line.requirement, &condition, &checked, &dossier.names)
        }
        None => words,
    }
}

fn by_words(index: usize, line: &Ready, passages: &[&Passage], sources: &[Source<'_>]) -> LineBody {
    let (verdict, strength, evidence, numbers) = match judge_read(&line.line, passages) {
        Verdict::Met { place, strength } => (LineVerdict::Met, strength, cite(sources, place), None),
        Verdict::Unmet { place, strength, numbers } => (LineVerdict::Unmet, strength, cite(sources, place), numbers),
        Verdict::Unknown => (LineVerdict::Unknown, 0.0, None, None),
    };
    let closest = match verdict {
        LineVerdict::Unknown => closest(&line.line, passages).and_then(|place| cite(sources, place)),
        LineVerdict::Met | LineVerdict::Unmet => None,
    };
    let would_fit = would_fit(line, verdict, numbers.as_ref());
    let requirement = line.requirement;
    LineBody { index, requirement, verdict, strength, evidence, closest, would_fit, asked: Title::default() }
}

fn cite(sources: &[Source<'_>], place: Place) -> Option<LineEvidence> {
    let (reading, field, lang, text) = match *sources.get(place.text)? {
        Source::Text(reading, at) => {
            let text = reading.texts.get(at)?;
            (reading, &text.field, Some(text.language), &text.text)
        }
        Source::Part(reading, part) => (reading, &part.field, None, &part.role),
    };
    Some(LineEvidence {
        kind: reading.card.kind,
        id: reading.card.id.clone(),
        version: reading.card.version,
        field: field.clone(),
        lang,
        start: place.start,
        end: place.end,
        text: text.chars().skip(place.start).take(place.end - place.start).collect(),
        name: None,
    })
}

/// Leaves out the parties with a must-condition that is unmet or an excluded condition that is met, by the facts the
/// caller may read.
pub(super) fn keep_admitted(
    conn: &mut Conn,
    scope: &Scope,
    lines: &[Ready],
    parties: &[String],
) -> Result<Vec<String>> {
    if !has_deciding_conditions(lines) {
        return Ok(parties.to_vec());
    }
    let facts = facts(conn, scope, parties)?;
    let admits = |party: &str, facts: &PartyFacts| !lines.iter().any(|line| line.bars(party, facts));
    Ok(parties.iter().filter(|party| facts.get(*party).is_some_and(|facts| admits(party, facts))).cloned().collect())
}

/// Whether some line decides by a checked fact who is proposed at all.
pub(super) fn has_deciding_conditions(lines: &[Ready]) -> bool {
    lines.iter().any(Ready::decides)
}

/// What a should-line counts beside a must-line.
const SHOULD: f32 = 0.5;

/// How well the lines fit, from −1 (every line unmet) to 1 (every line met as plainly as can be). An excluded line counts
/// only against who meets it.
pub(super) fn fit(bodies: &[LineBody]) -> f32 {
    let mut sum = 0.0;
    let mut weights = 0.0;
    let counts = |body: &&LineBody| body.requirement != Strength::Exclude || body.verdict == LineVerdict::Met;
    for body in bodies.iter().filter(counts) {
        let weight = if body.requirement == Strength::Should { SHOULD } else { 1.0 };
        let value = match (body.requirement, body.verdict) {
            (_, LineVerdict::Unknown) => 0.0,
            (Strength::Exclude, LineVerdict::Met) => -1.0,
            (_, LineVerdict::Met) => body.strength,
            (_, LineVerdict::Unmet) => -body.strength,
        };
        sum += weight * value;
        weights += weight;
    }
    if weights > 0.0 { (sum / weights).clamp(-1.0, 1.0) } else { 0.0 }
}

/// How much the lines move a score at most.
const LINES_WEIGHT: f32 = 0.3;
/// What is left of a score for each excluded line that the text meets.
const EXCLUDED: f32 = 0.5;

/// What the score of a party is multiplied with for its lines.
pub(super) fn factor(bodies: &[LineBody]) -> f32 {
    let excluded = bodies.iter().filter(|body| is_excluded(body)).count();
    (1.0 + LINES_WEIGHT * fit(bodies)) * EXCLUDED.powi(excluded as i32)
}

/// Whether the party does, or is, what this line excludes.
pub(super) fn is_excluded(body: &LineBody) -> bool {
    body.requirement == Strength::Exclude && body.verdict == LineVerdict::Met
}
