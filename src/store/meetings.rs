//! What meetings of a 商談会 tell later: who met whom, and who did not fit.

use super::connection::Conn;
use super::matters::{self, Kept};
use crate::domain::desk::{Day, Meeting};
use crate::domain::vocabulary::desk::{MeetingSide, MeetingState};
use crate::domain::{ThingId, Timestamp};
use crate::error::Result;
use std::collections::{BTreeSet, HashMap};

/// The meeting of each pair of a timetable, by buyer and supplier as the timetable names them.
pub fn of_timetable(conn: &mut Conn, timetable: &ThingId) -> Result<HashMap<(ThingId, ThingId), Kept<Meeting>>> {
    let all = matters::about::<Meeting>(conn, timetable)?;
    let pair = |kept: &Kept<Meeting>| {
        let [buyer, supplier] = kept.matter.listed.clone();
        (buyer, supplier)
    };
    Ok(all.into_iter().map(|kept| (pair(&kept), kept)).collect())
}

/// Parties that have not said what came of a meeting of this timetable, each once. What was cancelled asks for nothing.
pub fn without_card(conn: &mut Conn, timetable: &ThingId) -> Result<Vec<ThingId>> {
    let mut silent = BTreeSet::new();
    for kept in matters::about::<Meeting>(conn, timetable)? {
        let meeting = &kept.matter;
        let missing = MeetingSide::ALL.iter().filter(|side| !meeting.cancelled && meeting.card(**side).is_none());
        silent.extend(missing.map(|side| meeting.party(*side).clone()));
    }
    Ok(silent.into_iter().collect())
}

/// Pairs of these parties that met between two moments, whichever side each was on; what was cancelled or not held
/// does not count.
pub fn met(
    conn: &mut Conn,
    parties: &[ThingId],
    from: &Timestamp,
    until: &Timestamp,
) -> Result<BTreeSet<(ThingId, ThingId)>> {
    let mut met = BTreeSet::new();
    for kept in matters::with_parties::<Meeting>(conn, parties)? {
        let meeting = &kept.matter;
        let held = meeting.state() != MeetingState::Cancelled
            && !meeting.cards.iter().any(|filed| filed.card.outcome.was_not_held());
        if held && meeting.at.start >= *from && meeting.at.start < *until {
            let [one, other] = [MeetingSide::Buyer, MeetingSide::Supplier].map(|side| meeting.party(side).clone());
            met.insert((one.clone(), other.clone()));
            met.insert((other, one));
        }
    }
    Ok(met)
}

/// Parties left out of the next lists for `subject`: a meeting of its owner showed that the two do not fit, and the reason
/// still holds. It speaks of the owner as a whole, or of what the owner was there for.
pub fn no_fit(conn: &mut Conn, subject: &ThingId, owner: Option<&str>, today: &Day) -> Result<Vec<String>> {
    let Some(owner) = owner.map(|owner| ThingId::from_stored(owner.to_owned())) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for kept in matters::with_parties::<Meeting>(conn, std::slice::from_ref(&owner))? {
        let meeting = &kept.matter;
        if meeting.state() != MeetingState::Reported || !meeting.rests(today) {
            continue;
        }
        for side in MeetingSide::ALL.iter().filter(|side| *meeting.party(**side) == owner) {
            if *subject == owner || meeting.about(*side) == Some(subject) {
                found.push(meeting.party(side.other()).to_string());
            }
        }
    }
    Ok(found)
}
