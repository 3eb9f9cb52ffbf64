//! The long solve of a composition: what goes on after the answer at once, and when what it finds is kept. A solve that
//! the end of the service cut short is not taken up again: the answer that stands is kept, with its bound.

use super::background::{Ended, Run, RunState};
use super::candidates::Known;
use super::compose::{GroupAnswer, answered};
use crate::domain::desk::{Composition, CompositionDeed};
use crate::domain::entry::Title;
use crate::domain::vocabulary::desk::CompositionState;
use crate::domain::{Actor, ThingId};
use crate::error::Result;
use crate::store::matters::{self, Sight};
use crate::store::{Database, Tx};
use musubi_index::composing::Progress;
use musubi_index::composing::group::{self, Question};
use serde_json::Value;

/// What is to be solved.
#[derive(Debug)]
pub struct Job {
    pub composition: ThingId,
    pub revision: i64,
    pub question: Question,
    pub known: Known,
    pub stale: bool,
    /// Shown with the answer: what the change by hand did, but for the value and the members after it.
    pub effect: Option<Value>,
}

impl Job {
    /// Solves until the time is over or it is told to stop.
    pub fn solve(self, database: &Database, run: &Run) -> Ended {
        let answer = match group::compose(&self.question, &mut |progress: Progress| run.go_on(&progress)) {
            Ok(answer) => answer,
            Err(refusals) => {
                tracing::error!(?refusals, "a question that was checked was refused");
                return (RunState::Failed, None);
            }
        };
        if run.is_dropped() {
            return (RunState::Overtaken, None);
        }
        run.tell(answer.group.as_ref().map(|group| group.value), answer.bound);
        let found = answered(&answer, &self.known, None, self.question.candidates.len(), self.stale);
        match database.write(&Actor::System, |tx| keep(tx, &self, found)) {
            Ok(written) if written.value && run.is_cancelled() => (RunState::Cancelled, Some(self.revision)),
            Ok(written) if written.value => (RunState::Done, Some(self.revision)),
            Ok(_) => (RunState::Overtaken, None),
            Err(error) => {
                tracing::error!(?error, composition = %self.composition, "an answer could not be kept");
                (RunState::Failed, None)
            }
        }
    }
}

/// Keeps an answer if it is better than the one that stands, or proves more. Answers to what is no longer asked fall away.
/// False: something else is asked by now.
fn keep(tx: &mut Tx<'_>, job: &Job, found: GroupAnswer) -> Result<bool> {
    tx.unchanged();
    let mut kept = matters::get::<Composition>(tx.conn(), &Sight::All, &job.composition)?;
    if kept.matter.revision != job.revision {
        return Ok(false);
    }
    let stands = GroupAnswer::kept(&kept.matter);
    if stands.as_ref().is_some_and(|stands| !is_better(&found, stands)) {
        return Ok(true);
    }
    let deed = found_deed(job.revision, found, job.effect.clone())?;
    matters::add(tx, &mut kept, deed, None)?;
    Ok(true)
}

fn is_better(found: &GroupAnswer, stands: &GroupAnswer) -> bool {
    match (&found.group, &stands.group) {
        (None, None) => (found.proven, found.conflict.is_some()) > (stands.proven, stands.conflict.is_some()),
        (None, Some(_)) => false,
        (Some(_), None) => true,
        (Some(new), Some(old)) => {
            new.value > old.value + 1e-9
                || (new.value >= old.value - 1e-9
                    && ((found.proven && !stands.proven) || found.bound < stands.bound - 1e-9))
        }
    }
}

/// The event of an answer. It holds ids only: names are read anew for each reader.
pub(super) fn found_deed(revision: i64, mut found: GroupAnswer, effect: Option<Value>) -> Result<CompositionDeed> {
    found.each_party(&mut |party| party.name = Title::default());
    found.each_chance(&mut |chances| chances.iter_mut().for_each(|chance| chance.reason = Title::default()));
    let outcome = match (&found.group, &found.conflict) {
        (Some(_), _) => CompositionState::Found,
        (None, Some(_)) => CompositionState::Conflict,
        (None, None) => CompositionState::Nothing,
    };
    let result = serde_json::to_value(found).map_err(crate::error::Error::internal)?;
    Ok(CompositionDeed::Found { revision, outcome, result, effect })
}
