//! Who went, or goes, to which exhibitions, from confirmed groups; and compositions with the parties as they are called now.

use super::connection::{Conn, IN_LIST};
use super::matters::{self, Kept, Sight};
use super::merges;
use super::schema::exhibitions;
use crate::domain::ThingId;
use crate::domain::desk::{Composition, Day, Group};
use crate::domain::vocabulary::desk::{GroupState, SeatState};
use crate::error::Result;
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// A composition, as whoever keeps exhibitions reads it.
pub fn composition(conn: &mut Conn, id: &ThingId) -> Result<Kept<Composition>> {
    let mut kept = matters::get::<Composition>(conn, &Sight::All, id)?;
    follow(conn, &mut kept.matter)?;
    Ok(kept)
}

/// Names the parties of a composition by what they became: what was asked of an organisation goes on being asked of the one
/// that it was merged into.
pub fn follow(conn: &mut Conn, composition: &mut Composition) -> Result<()> {
    let ids = composition.ids();
    let names = merges::survivors(conn, ids)?;
    if !names.is_empty() {
        composition.rename(&names);
    }
    Ok(())
}

/// A party that goes to an exhibition in a group, or was asked into it.
#[derive(Debug, Clone)]
pub struct Taken {
    pub party: ThingId,
    pub group: ThingId,
    pub title: String,
}

/// Those who cannot be asked into another group of an exhibition: they said yes to one, or have been asked and may.
/// `but`: groups that do not count.
pub fn taken(conn: &mut Conn, exhibition: &ThingId, but: impl Fn(&Kept<Group>) -> bool) -> Result<Vec<Taken>> {
    let mut found = Vec::new();
    for kept in matters::about::<Group>(conn, exhibition)? {
        if kept.matter.state == GroupState::Dissolved || but(&kept) {
            continue;
        }
        let title = kept.matter.formed.title.as_str();
        let seats = kept.matter.seats.iter();
        let asked = seats.filter(|seat| matches!(seat.state, SeatState::Invited | SeatState::Accepted));
        found.extend(asked.map(|seat| Taken {
            party: seat.planned.party.clone(),
            group: kept.id.clone(),
            title: title.to_owned(),
        }));
    }
    Ok(found)
}

/// What is known of a party that goes to fairs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attendance {
    /// Exhibitions of the fiscal year that it is confirmed for.
    pub this_year: u32,
    /// It was confirmed for any, ever.
    pub ever: bool,
}

/// The attendance of parties in a fiscal year; `but`: without this exhibition.
pub fn attendance(
    conn: &mut Conn,
    parties: &[String],
    fiscal_year: i32,
    but: Option<&ThingId>,
) -> Result<HashMap<String, Attendance>> {
    let wanted: HashSet<&str> = parties.iter().map(String::as_str).collect();
    let goes = [GroupState::Confirmed, GroupState::Exhibited, GroupState::Reported].map(GroupState::code);
    // A group goes to one exhibition; a party that goes in two groups to one goes once.
    let mut goings: HashSet<(String, String)> = HashSet::new();
    for kept in matters::in_states::<Group>(conn, &goes)? {
        let Some(exhibition) = kept.matter.formed.exhibition.as_ref().filter(|id| Some(*id) != but) else { continue };
        let members = kept.matter.members().filter(|party| wanted.contains(party.as_str()));
        goings.extend(members.map(|party| (party.to_string(), exhibition.to_string())));
    }
    let ids: HashSet<&String> = goings.iter().map(|(_, exhibition)| exhibition).collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    let mut years: HashMap<String, i32> = HashMap::new();
    for ids in ids.chunks(IN_LIST) {
        let rows: Vec<(String, Option<String>)> = exhibitions::table
            .filter(exhibitions::thing_id.eq_any(ids))
            .select((exhibitions::thing_id, exhibitions::begins_on))
            .load(conn)?;
        let year = |(id, day): (String, Option<String>)| Some((id, Day::from_stored(day?).fiscal_year()));
        years.extend(rows.into_iter().filter_map(year));
    }
    let mut found: HashMap<String, Attendance> = HashMap::new();
    for (party, exhibition) in goings {
        let known = found.entry(party).or_default();
        known.ever = true;
        known.this_year += u32::from(years.get(&exhibition) == Some(&fiscal_year));
    }
    Ok(found)
}
