//! Proposals, introductions, cases and what is arranged for exhibitions follow a merge: each gets an event that puts the one
//! party in the place of the other, and one that puts it back. What was true before is read back as of then. Compositions hold
//! what was asked and found: they are followed where they are read.

use super::connection::Conn;
use super::database::Tx;
use super::matters::{self, Kept, Sight};
use super::schema::things;
use crate::domain::desk::{
    Application, BoothPlan, Case, Day, Event, Group, Introduction, Meeting, MeetingDeed, Mergeable, Proposal, Renaming,
    Timetable,
};
use crate::domain::vocabulary::desk::{BoothPlanState, MatterKind};
use crate::domain::{ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;

/// Puts `into` where `from` stands in every matter. Gives those that were touched. After the things were carried over.
pub(super) fn carry(tx: &mut Tx<'_>, from: &ThingId, into: &ThingId) -> Result<Vec<(MatterKind, ThingId)>> {
    let mut named = matters::that_name(tx.conn(), from)?;
    // A draft names nobody in its row.
    for kept in matters::in_states::<BoothPlan>(tx.conn(), &[BoothPlanState::Draft.code()])? {
        if kept.matter.names(from) {
            named.push((MatterKind::BoothPlan, kept.id));
        }
    }
    // Meetings are called as their timetable calls them.
    named.sort_by_key(|(kind, _)| *kind == MatterKind::Meeting);
    let mut touched = Vec::with_capacity(named.len());
    for (kind, id) in named {
        let carried = match kind {
            MatterKind::Match => carry_one::<Proposal>(tx, &id, from, into)?,
            MatterKind::Introduction => carry_one::<Introduction>(tx, &id, from, into)?,
            MatterKind::Case => carry_one::<Case>(tx, &id, from, into)?,
            MatterKind::Application => rename_one::<Application>(tx, &id, from, into)?,
            MatterKind::Group => rename_one::<Group>(tx, &id, from, into)?,
            MatterKind::Timetable => rename_one::<Timetable>(tx, &id, from, into)?,
            MatterKind::BoothPlan => rename_one::<BoothPlan>(tx, &id, from, into)?,
            MatterKind::Meeting => rename_meeting(tx, &id, from, into)?,
            MatterKind::Composition => false,
        };
        if carried {
            touched.push((kind, id));
        }
    }
    Ok(touched)
}

/// False: the other one stands in it already, or has one of its own.
fn rename_one<M: Renaming>(tx: &mut Tx<'_>, id: &ThingId, from: &ThingId, into: &ThingId) -> Result<bool> {
    let mut kept = matters::get::<M>(tx.conn(), &Sight::All, id)?;
    if is_taken(tx, &kept, from, into)? {
        return Ok(false);
    }
    matters::add(tx, &mut kept, M::merged(from.clone(), into.clone()), None)
}

fn rename_meeting(tx: &mut Tx<'_>, id: &ThingId, from: &ThingId, into: &ThingId) -> Result<bool> {
    let mut kept = matters::get::<Meeting>(tx.conn(), &Sight::All, id)?;
    let timetable = matters::get::<Timetable>(tx.conn(), &Sight::All, &kept.matter.planned.timetable)?;
    let listed_as_before = timetable.matter.place_of(from).is_some() || is_taken(tx, &kept, from, into)?;
    let deed = MeetingDeed::Merged { from: from.clone(), into: into.clone(), listed_as_before };
    matters::add(tx, &mut kept, deed, None)
}

/// Whether there is another one of the pair that it would be of.
fn is_taken<M: Renaming>(tx: &mut Tx<'_>, kept: &Kept<M>, from: &ThingId, into: &ThingId) -> Result<bool> {
    let mut after = kept.matter.clone();
    after.merge(from.clone(), into.clone());
    let Some(pair) = after.facts().pair else { return Ok(false) };
    Ok(matters::of_pair(tx.conn(), &pair)?.is_some_and(|there| there != kept.id))
}

fn carry_one<M: Mergeable>(tx: &mut Tx<'_>, id: &ThingId, from: &ThingId, into: &ThingId) -> Result<bool> {
    let mut kept = matters::get::<M>(tx.conn(), &Sight::All, id)?;
    let ends = ends(tx, &kept, from, into)?;
    let deed = kept.matter.merge(from.clone(), into.clone(), ends);
    matters::add(tx, &mut kept, deed, None)?;
    Ok(true)
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
            Some(MatterKind::Application) => rename_back::<Application>(tx, &id, party)?,
            Some(MatterKind::Group) => rename_back::<Group>(tx, &id, party)?,
            Some(MatterKind::Timetable) => rename_back::<Timetable>(tx, &id, party)?,
            Some(MatterKind::BoothPlan) => rename_back::<BoothPlan>(tx, &id, party)?,
            Some(MatterKind::Meeting) => rename_back::<Meeting>(tx, &id, party)?,
            Some(MatterKind::Composition) | None => false,
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

fn rename_back<M: Renaming>(tx: &mut Tx<'_>, id: &ThingId, party: &ThingId) -> Result<bool> {
    let mut kept = match matters::get::<M>(tx.conn(), &Sight::All, id) {
        Err(Error::NotFound) => return Ok(false),
        found => found?,
    };
    matters::add(tx, &mut kept, M::parted(party.clone()), None)
}
