//! Proposals, introductions and cases follow a merge: each gets an event that puts the one party in the place of the other,
//! and one that puts it back. What was true before is read back as of then.

use super::connection::Conn;
use super::database::Tx;
use super::matters::{self, Kept, Sight};
use super::schema::things;
use crate::domain::desk::{Case, Day, Event, Introduction, Mergeable, Proposal};
use crate::domain::vocabulary::desk::MatterKind;
use crate::domain::{ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;

/// Puts `into` where `from` stands in every matter. Gives those that were touched. After the things were carried over.
pub(super) fn carry(tx: &mut Tx<'_>, from: &ThingId, into: &ThingId) -> Result<Vec<(MatterKind, ThingId)>> {
    let named = matters::that_name(tx.conn(), from)?;
    for (kind, id) in &named {
        match kind {
            MatterKind::Match => carry_one::<Proposal>(tx, id, from, into)?,
            MatterKind::Introduction => carry_one::<Introduction>(tx, id, from, into)?,
            MatterKind::Case => carry_one::<Case>(tx, id, from, into)?,
            // What is arranged for an exhibition keeps the party it was arranged with; its address leads to the other.
            MatterKind::Application
            | MatterKind::Composition
            | MatterKind::Group
            | MatterKind::Timetable
            | MatterKind::Meeting
            | MatterKind::BoothPlan => {}
        }
    }
    Ok(named)
}

fn carry_one<M: Mergeable>(tx: &mut Tx<'_>, id: &ThingId, from: &ThingId, into: &ThingId) -> Result<()> {
    let mut kept = matters::get::<M>(tx.conn(), &Sight::All, id)?;
    let ends = ends(tx, &kept, from, into)?;
    let deed = kept.matter.merge(from.clone(), into.clone(), ends);
    matters::add(tx, &mut kept, deed, None)?;
    Ok(())
}

/// Whether nothing is left of it: it would bring a party together with itself, or there is one of this pair already.
fn ends<M: Mergeable>(tx: &mut Tx<'_>, kept: &Kept<M>, from: &ThingId, into: &ThingId) -> Result<bool> {
    let mut after = kept.matter.clone();
    after.add(&event(tx.at(), kept.matter.merge(from.clone(), into.clone(), false)));
    let facts = after.facts();
    let Some(pair) = &facts.pair else { return Ok(false) };
    let taken = matters::of_pair(tx.conn(), pair)?.is_some_and(|there| there != kept.id);
    let owner = facts.subject.as_ref().map(|subject| owner_of(tx.conn(), subject)).transpose()?.flatten();
    Ok(taken || after.is_with_itself(owner.as_ref()))
}

fn event<D>(at: &Timestamp, deed: D) -> Event<D> {
    Event { number: 0, at: at.clone(), actor: String::new(), happened_on: Day::at(at), deed }
}

fn owner_of(conn: &mut Conn, thing: &ThingId) -> Result<Option<ThingId>> {
    let owner: Option<Option<String>> =
        things::table.find(thing.as_str()).select(things::owner_party).first(conn).optional()?;
    Ok(owner.flatten().map(ThingId::from_stored))
}

/// Puts `party` back where it stood before it was merged. Gives how many matters went back.
pub(super) fn give_back(tx: &mut Tx<'_>, party: &ThingId, carried: &[(String, String)]) -> Result<usize> {
    let mut moved = 0;
    for (kind, id) in carried {
        let id = ThingId::from_stored(id.clone());
        moved += usize::from(match MatterKind::from_code(kind) {
            Some(MatterKind::Match) => give_one_back::<Proposal>(tx, &id, party)?,
            Some(MatterKind::Introduction) => give_one_back::<Introduction>(tx, &id, party)?,
            Some(MatterKind::Case) => give_one_back::<Case>(tx, &id, party)?,
            Some(_) | None => false,
        });
    }
    Ok(moved)
}

fn give_one_back<M: Mergeable>(tx: &mut Tx<'_>, id: &ThingId, party: &ThingId) -> Result<bool> {
    let mut kept = match matters::get::<M>(tx.conn(), &Sight::All, id) {
        Err(Error::NotFound) => return Ok(false),
        found => found?,
    };
    let deed = kept.matter.part(party.clone());
    matters::add(tx, &mut kept, deed, None)
}
