//! The decisions that people made in the system as a judged folder, for `musubi fit` and `musubi evaluate`: which party was
//! introduced for a need or a seed, shortlisted for it, or turned down.
//!
//! Only what is public is written, so that the folder may be handed to whoever reviews the weights. What was decided is
//! mostly what a match had proposed, so that such a folder flatters the present weights, and records of what came of a
//! decision stand beside it: a proposal made from it wants more doubt than one from judged sets.

use crate::domain::desk::{Introduction, Matter, Proposal, replay};
use crate::domain::entry::TextPlace;
use crate::domain::vocabulary::desk::{IntroductionState, ProposalState};
use crate::domain::{Kind, Record, Scope, Timestamp};
use crate::error::{Error, Result};
use crate::store::readings::{self, Reading};
use crate::store::{Conn, matters, things};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Things read at once.
const PAGE: i64 = 500;

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Needs, seeds and other things with a party that was wanted for them.
    pub queries: usize,
    /// Pairs with a decision.
    pub judgements: usize,
    /// Pairs left out, since one of the two is not public, or nobody was wanted for the thing.
    pub left_out: usize,
}

/// How good a party turned out for a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    TurnedDown,
    Shortlisted,
    /// Both sides said yes.
    Agreed,
    /// A case came of it.
    Opened,
}

impl Verdict {
    fn gain(self) -> u8 {
        match self {
            Verdict::TurnedDown => 0,
            Verdict::Shortlisted => 1,
            Verdict::Agreed => 2,
            Verdict::Opened => 3,
        }
    }
}

/// Writes `organizations.jsonl`, `records.jsonl`, `queries.jsonl` and `qrels.tsv` of everything decided until `now`.
/// What parties offer stands among the records.
///
/// # Errors
/// A file that cannot be written, or a failure of the database.
pub fn write(conn: &mut Conn, folder: &Path, now: &Timestamp) -> Result<Written> {
    std::fs::create_dir_all(folder).map_err(Error::internal)?;
    let decided = decided(conn, now)?;
    let mut parties = BTreeSet::new();
    let mut organizations = Lines::create(folder, "organizations.jsonl")?;
    for kind in [Kind::Organization, Kind::Person] {
        each(conn, kind, |_, readings| {
            for reading in readings {
                let (name, text) = words(reading);
                organizations.add(&json!({ "id": reading.card.id, "name": name, "description": text }))?;
                parties.insert(reading.card.id.clone());
            }
            Ok(())
        })?;
    }
    organizations.finish()?;
    write_records(conn, folder)?;
    write_queries(conn, folder, decided, &parties)
}

/// The last word on each pair of a thing and a party, each kind of matter over the one before it.
fn decided(conn: &mut Conn, now: &Timestamp) -> Result<BTreeMap<(String, String), Verdict>> {
    let mut decided = BTreeMap::new();
    for proposal in all::<Proposal>(conn, now)? {
        let verdict = match proposal.state {
            ProposalState::Proposed => continue,
            ProposalState::Dismissed => Verdict::TurnedDown,
            ProposalState::Shortlisted | ProposalState::Introduced => Verdict::Shortlisted,
        };
        decided.insert((proposal.from.to_string(), proposal.party.to_string()), verdict);
    }
    let mut met: BTreeMap<(String, String), Verdict> = BTreeMap::new();
    for introduction in all::<Introduction>(conn, now)? {
        let verdict = match introduction.state {
            _ if introduction.case.is_some() => Verdict::Opened,
            IntroductionState::Accepted => Verdict::Agreed,
            IntroductionState::Declined => Verdict::TurnedDown,
            // Nobody answered, or not yet: that says nothing of the two.
            IntroductionState::Asked | IntroductionState::Lapsed | IntroductionState::Ended => continue,
        };
        let pair = (introduction.asked.subject.to_string(), introduction.asked.answering.to_string());
        // Of several with one party the best counts.
        let best = met.get(&pair).map_or(verdict, |before| verdict.max(*before));
        met.insert(pair, best);
    }
    decided.extend(met);
    Ok(decided)
}

fn all<M: Matter>(conn: &mut Conn, now: &Timestamp) -> Result<Vec<M>> {
    Ok(matters::all::<M>(conn, now)?.values().filter_map(|events| replay::<M>(events)).collect())
}

/// What is on offer, and what was done.
fn write_records(conn: &mut Conn, folder: &Path) -> Result<()> {
    let mut records = Lines::create(folder, "records.jsonl")?;
    for kind in [Kind::Capability, Kind::Seed, Kind::Record] {
        each(conn, kind, |conn, readings| {
            let ids: Vec<String> = readings.iter().map(|reading| reading.card.id.clone()).collect();
            let done: HashMap<String, Record> = match kind {
                Kind::Record => things::get_many::<Record>(conn, &Scope::Public, &ids)?
                    .into_iter()
                    .map(|record| (record.header.id.to_string(), record.entry))
                    .collect(),
                _ => HashMap::new(),
            };
            for reading in readings {
                let (title, text) = words(reading);
                let done = done.get(&reading.card.id);
                let members: Vec<&str> = match done {
                    Some(record) => record.members.iter().map(|member| member.party.as_str()).collect(),
                    None => reading.card.owner.as_deref().into_iter().collect(),
                };
                let date = done.and_then(|record| record.happened_on.as_ref()?.first_day()).map(|day| day.to_string());
                let mut line = json!({ "id": reading.card.id, "title": title, "text": text, "members": members });
                if let (Some(date), Some(line)) = (date, line.as_object_mut()) {
                    line.insert("date".to_owned(), Value::from(date));
                }
                records.add(&line)?;
            }
            Ok(())
        })?;
    }
    records.finish()
}

/// The things that somebody was wanted for, and how each party stands with them.
fn write_queries(
    conn: &mut Conn,
    folder: &Path,
    decided: BTreeMap<(String, String), Verdict>,
    parties: &BTreeSet<String>,
) -> Result<Written> {
    let mut written = Written::default();
    let mut by_subject: BTreeMap<String, Vec<(String, Verdict)>> = BTreeMap::new();
    for ((subject, party), verdict) in decided {
        by_subject.entry(subject).or_default().push((party, verdict));
    }
    let subjects: Vec<String> = by_subject.keys().cloned().collect();
    let mut readings = HashMap::new();
    for ids in subjects.chunks(PAGE as usize) {
        readings.extend(readings::read(conn, &Scope::Public, ids)?);
    }
    let mut queries = Lines::create(folder, "queries.jsonl")?;
    let mut judgements = Lines::create(folder, "qrels.tsv")?;
    for (subject, mut judged) in by_subject {
        let all = judged.len();
        judged.retain(|(party, _)| parties.contains(party));
        let reading = readings.get(&subject).filter(|_| judged.iter().any(|(_, verdict)| verdict.gain() > 0));
        let Some(reading) = reading else {
            written.left_out += all;
            continue;
        };
        written.left_out += all - judged.len();
        written.queries += 1;
        written.judgements += judged.len();
        let (title, text) = words(reading);
        let mut line = json!({ "id": subject, "title": title, "text": text });
        if let (Some(seeker), Some(line)) = (&reading.card.owner, line.as_object_mut()) {
            line.insert("seeker".to_owned(), Value::from(seeker.as_str()));
        }
        queries.add(&line)?;
        for (party, verdict) in judged {
            judgements.text(&format!("{subject}\t{party}\t{}", verdict.gain()))?;
        }
    }
    queries.finish()?;
    judgements.finish()?;
    Ok(written)
}

/// Everything public of a kind, page by page.
fn each(conn: &mut Conn, kind: Kind, mut hear: impl FnMut(&mut Conn, &[Reading]) -> Result<()>) -> Result<()> {
    let mut after = String::new();
    loop {
        let ids = things::ids_after(conn, kind, &after, PAGE)?;
        let Some(last) = ids.last() else { return Ok(()) };
        after.clone_from(last);
        let mut read: Vec<Reading> = readings::read(conn, &Scope::Public, &ids)?.into_values().collect();
        read.sort_by(|left, right| left.card.id.cmp(&right.card.id));
        hear(conn, &read)?;
    }
}

/// What a thing is called, and what it says; not what it leaves out.
fn words(reading: &Reading) -> (String, String) {
    let of = |place: TextPlace| -> String {
        let texts = reading.texts.iter().filter(|text| text.place == place).map(|text| text.text.as_str());
        texts.collect::<Vec<&str>>().join("\n")
    };
    (of(TextPlace::Title), of(TextPlace::Body))
}

/// A file, line by line.
struct Lines(BufWriter<File>);

impl Lines {
    fn create(folder: &Path, name: &str) -> Result<Lines> {
        Ok(Lines(BufWriter::new(File::create(folder.join(name)).map_err(Error::internal)?)))
    }

    fn add(&mut self, line: &Value) -> Result<()> {
        self.text(&line.to_string())
    }

    fn text(&mut self, line: &str) -> Result<()> {
        writeln!(self.0, "{line}").map_err(Error::internal)
    }

    fn finish(mut self) -> Result<()> {
        self.0.flush().map_err(Error::internal)
    }
}
