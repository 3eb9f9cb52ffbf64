//! The lines of a need, judged for a party from what the caller may read: for `/match` and `/match/coalition`.

use super::evidence::is_asked;
use crate::domain::conditions::{self, Checked, Outcome, PartyFacts};
use crate::domain::entry::TextPlace;
use crate::domain::finding::Message;
use crate::domain::kinds::need::{Condition, NeedLine};
use crate::domain::vocabulary::{ConditionOperator, Kind, Language, OrganizationKind, Strength};
use crate::domain::{Need, Organization, Person, Scope, ThingId};
use crate::error::Result;
use crate::store::Conn;
use crate::store::readings::{self, Reading};
use crate::store::things;
use musubi_index::lines::{Line, Numbers, Passage, Verdict, judge_read};
use serde::Serialize;
use std::collections::HashMap;
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
    /// What would make this fit; none where nothing is missing.
    pub would_fit: Option<Message>,
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
    /// None for a fact that is not text.
    pub lang: Option<Language>,
    /// Code points `[start, end)` into the stored text.
    pub start: usize,
    pub end: usize,
    pub text: String,
}

/// A line made ready to be judged against many parties.
pub(super) struct Ready {
    pub(super) requirement: Strength,
    condition: Option<Condition>,
    ja: Option<String>,
    en: Option<String>,
    line: Line,
}

/// The lines of a need, in order.
pub(super) fn ready(need: &Need) -> Vec<Ready> {
    let text = |line: &NeedLine| -> (Option<String>, Option<String>) {
        (line.text_ja.clone().map(String::from), line.text_en.clone().map(String::from))
    };
    let one = |line: &NeedLine| {
        let (ja, en) = text(line);
        let forms: Vec<&str> = ja.iter().chain(&en).map(String::as_str).collect();
        Ready { requirement: line.strength, condition: line.condition.clone(), line: Line::read(&forms), ja, en }
    };
    need.lines.iter().map(one).collect()
}

/// What the caller may read of one party.
#[derive(Debug, Default)]
pub(super) struct Dossier {
    pub(super) facts: PartyFacts,
    /// The things that speak for it, itself first.
    things: Vec<String>,
}

/// Reads what speaks for parties under the caller's rights: themselves, the things the match found, and up to
/// `own_most` each of their newest offers and records.
pub(super) fn dossiers(
    conn: &mut Conn,
    scope: &Scope,
    parties: &[(String, Vec<String>)],
    own_most: i64,
) -> Result<(HashMap<String, Dossier>, HashMap<String, Reading>)> {
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
        dossiers.insert(party.clone(), Dossier { facts, things });
    }
    wanted.sort();
    wanted.dedup();
    let readings = readings::read(conn, scope, &wanted)?;
    Ok((dossiers, readings))
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
        TextPlace::Alias => false,
        TextPlace::Body => !is_asked(&text.field),
    };
    let texts = reading.texts.iter().enumerate().filter(|(_, text)| speaks(text));
    texts.map(|(place, text)| (place, Passage::read(&text.text))).collect()
}

/// Every line of the need for one party.
pub(super) fn judge(lines: &[Ready], dossier: &Dossier, shelf: &Shelf<'_>) -> Vec<LineBody> {
    let mut passages: Vec<&Passage> = Vec::new();
    let mut places: Vec<(&Reading, usize)> = Vec::new();
    for id in &dossier.things {
        let Some(reading) = shelf.readings.get(id) else { continue };
        for (place, passage) in shelf.passages.get(id.as_str()).into_iter().flatten() {
            passages.push(passage);
            places.push((reading, *place));
        }
    }
    lines.iter().enumerate().map(|(index, line)| judge_one(index, line, dossier, &passages, &places)).collect()
}

fn judge_one(
    index: usize,
    line: &Ready,
    dossier: &Dossier,
    passages: &[&Passage],
    places: &[(&Reading, usize)],
) -> LineBody {
    let checked = line.condition.as_ref().map(|condition| (condition, conditions::check(condition, &dossier.facts)));
    if let Some((condition, checked)) = &checked
        && (checked.outcome != Outcome::Unknown || line.line.is_empty())
    {
        return of_condition(index, line, condition, checked);
    }
    let cite = |place: musubi_index::lines::Place| {
        let (reading, at) = places.get(place.text)?;
        let text = reading.texts.get(*at)?;
        Some(LineEvidence {
            kind: reading.card.kind,
            id: reading.card.id.clone(),
            version: reading.card.version,
            field: text.field.clone(),
            lang: Some(text.language),
            start: place.start,
            end: place.end,
            text: text.text.chars().skip(place.start).take(place.end - place.start).collect(),
        })
    };
    let (verdict, strength, evidence, numbers) = match judge_read(&line.line, passages) {
        Verdict::Met { place, strength } => (LineVerdict::Met, strength, cite(place), None),
        Verdict::Unmet { place, strength, numbers } => (LineVerdict::Unmet, strength, cite(place), numbers),
        Verdict::Unknown => (LineVerdict::Unknown, 0.0, None, None),
    };
    let would_fit = would_fit(line, verdict, numbers.as_ref());
    LineBody { index, requirement: line.requirement, verdict, strength, evidence, would_fit }
}

fn would_fit(line: &Ready, verdict: LineVerdict, numbers: Option<&Numbers>) -> Option<Message> {
    let wanted = line.requirement != Strength::Exclude;
    let ja = line.ja.as_deref().or(line.en.as_deref()).unwrap_or("");
    let en = line.en.as_deref().or(line.ja.as_deref()).unwrap_or("");
    match (verdict, numbers) {
        (LineVerdict::Met, _) if wanted => None,
        (LineVerdict::Met, _) => Some(Message::new(
            format!("除外する「{ja}」に当たる記載があります。今もそうか確かめてください。"),
            format!("The text shows \"{en}\", which the need excludes. Check whether this is still so."),
        )),
        (_, _) if !wanted => None,
        (LineVerdict::Unmet, Some(Numbers { asked, stated })) => Some(Message::new(
            format!("「{asked}」が必要ですが、記載は「{stated}」です。"),
            format!("\"{asked}\" is asked for; the text states \"{stated}\"."),
        )),
        (LineVerdict::Unmet, None) => Some(Message::new(
            format!("「{ja}」は行っていないと記載されています。できる相手と組むか、条件を見直してください。"),
            format!("The text says that it does not do \"{en}\". Add somebody who does, or change the line."),
        )),
        (LineVerdict::Unknown, _) => Some(Message::new(
            format!("「{ja}」ができるか確かめてください。"),
            format!("Nothing tells about \"{en}\": ask whether it can be done."),
        )),
    }
}

fn of_condition(index: usize, line: &Ready, condition: &Condition, checked: &Checked) -> LineBody {
    let verdict = match checked.outcome {
        Outcome::Met => LineVerdict::Met,
        Outcome::Unmet => LineVerdict::Unmet,
        Outcome::Unknown => LineVerdict::Unknown,
    };
    let evidence = checked.fact.as_ref().map(|fact| LineEvidence {
        kind: fact.kind,
        id: fact.by.to_string(),
        version: fact.version,
        field: checked.field.to_owned(),
        lang: None,
        start: 0,
        end: fact.value.chars().count(),
        text: fact.value.clone(),
    });
    let wanted = line.requirement != Strength::Exclude;
    let (name_ja, name_en) = (condition.field.name_ja(), condition.field.name_en());
    let (asked_ja, asked_en) = asked(condition);
    let would_fit = match (verdict, &checked.fact) {
        (LineVerdict::Unknown, _) if wanted => Some(Message::new(
            format!("「{name_ja}」が登録されていません。「{asked_ja}」に当たるか確かめてください。"),
            format!("{name_en} is not stated. Ask whether it is {asked_en}."),
        )),
        (LineVerdict::Unmet, Some(fact)) if wanted => Some(Message::new(
            format!("「{name_ja}」は「{asked_ja}」が必要ですが、登録は「{}」です。", fact.value),
            format!("{name_en} must be {asked_en}; it is {}.", fact.value),
        )),
        _ => None,
    };
    let strength = if verdict == LineVerdict::Unknown { 0.0 } else { 1.0 };
    LineBody { index, requirement: line.requirement, verdict, strength, evidence, would_fit }
}

fn asked(condition: &Condition) -> (String, String) {
    let named = |english: bool| {
        let name = |value: &String| match OrganizationKind::from_code(value) {
            Some(kind) if english => kind.name_en().to_owned(),
            Some(kind) => kind.name_ja().to_owned(),
            None => value.clone(),
        };
        let names: Vec<String> = condition.values.iter().take(10).map(name).collect();
        names.join(if english { ", " } else { "、" })
    };
    let first = condition.values.first().map_or("", String::as_str);
    match condition.operator {
        ConditionOperator::AnyOf => (named(false), format!("one of {}", named(true))),
        ConditionOperator::AtLeast => (format!("{first}以上"), format!("at least {first}")),
        ConditionOperator::AtMost => (format!("{first}以下"), format!("at most {first}")),
    }
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
    let admits = |facts: &PartyFacts| {
        lines.iter().all(|line| {
            let outcome = line.condition.as_ref().map(|condition| conditions::check(condition, facts).outcome);
            !matches!(
                (line.requirement, outcome),
                (Strength::Must, Some(Outcome::Unmet)) | (Strength::Exclude, Some(Outcome::Met))
            )
        })
    };
    Ok(parties.iter().filter(|party| facts.get(*party).is_some_and(admits)).cloned().collect())
}

/// Whether some line decides by a checked fact who is proposed at all.
pub(super) fn has_deciding_conditions(lines: &[Ready]) -> bool {
    lines.iter().any(|line| line.condition.is_some() && line.requirement != Strength::Should)
}

/// What a should-line counts beside a must-line.
const SHOULD: f32 = 0.5;

/// How well the lines fit, from −1 (every line unmet) to 1 (every line met as plainly as can be).
pub(super) fn fit(bodies: &[LineBody]) -> f32 {
    let mut sum = 0.0;
    let mut weights = 0.0;
    for body in bodies {
        let weight = if body.requirement == Strength::Should { SHOULD } else { 1.0 };
        let value = match (body.requirement, body.verdict) {
            (_, LineVerdict::Unknown) => 0.0,
            (Strength::Exclude, LineVerdict::Met) => -1.0,
            (Strength::Exclude, LineVerdict::Unmet) => 0.0,
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
    let excluded =
        bodies.iter().filter(|body| body.requirement == Strength::Exclude && body.verdict == LineVerdict::Met).count();
    (1.0 + LINES_WEIGHT * fit(bodies)) * EXCLUDED.powi(excluded as i32)
}
