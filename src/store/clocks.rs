//! The clocks of the desk: what they do when they run out. Time comes from the database's clock, so tests set it.

use super::database::{Database, Tx};
use super::{matters, meetings, notices, watch};
use crate::domain::Actor;
use crate::domain::desk::{Case, CaseDeed, Group, GroupDeed, Introduction, IntroductionDeed, Timetable, TimetableDeed};
use crate::domain::vocabulary::desk::NoticeChoice;
use crate::error::Result;

/// Matters in one transaction.
const BATCH: i64 = 100;

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Introductions and invitations that nobody answered in time.
    pub lapsed: usize,
    /// Reminders of answers, of next actions, and of what is missing in timetables.
    pub reminded: usize,
    /// Letters that gather a day or a week.
    pub letters: usize,
}

/// Reminds, lapses and gathers. Safe to run twice, and by several nodes at once: each event is looked at again inside its
/// transaction.
pub fn run(database: &Database) -> Result<Round> {
    let mut round = Round::default();
    loop {
        let now = database.clock().timestamp();
        let waiting = database.read(|conn| {
            let introductions = matters::due::<Introduction>(conn, &now, 1)?.len();
            let cases = matters::due::<Case>(conn, &now, 1)?.len();
            let timetables = matters::due::<Timetable>(conn, &now, 1)?.len();
            Ok(introductions + cases + timetables + matters::due::<Group>(conn, &now, 1)?.len())
        })?;
        if waiting == 0 {
            break;
        }
        let done = database.write(&Actor::System, turn)?.value;
        if done == (0, 0) {
            break;
        }
        round.lapsed += done.0;
        round.reminded += done.1;
    }
    let now = database.clock().timestamp();
    round.letters = database.housekeeping(|conn| {
        let mut letters = notices::gather(conn, &now)?;
        for cadence in NoticeChoice::ALL {
            letters += watch::write_letters(conn, *cadence, &now)?;
        }
        Ok(letters)
    })?;
    Ok(round)
}

fn turn(tx: &mut Tx<'_>) -> Result<(usize, usize)> {
    let now = tx.at().clone();
    let (mut lapsed, mut reminded) = (0, 0);
    tx.unchanged();
    for mut kept in matters::due::<Introduction>(tx.conn(), &now, BATCH)? {
        if now >= kept.matter.asked.answer_by.end() {
            lapsed += usize::from(matters::add(tx, &mut kept, IntroductionDeed::Lapsed, None)?);
        } else {
            reminded += usize::from(matters::add(tx, &mut kept, IntroductionDeed::Reminded, None)?);
        }
    }
    for mut kept in matters::due::<Case>(tx.conn(), &now, BATCH)? {
        reminded += usize::from(matters::add(tx, &mut kept, CaseDeed::Reminded, None)?);
    }
    for mut kept in matters::due::<Group>(tx.conn(), &now, BATCH)? {
        lapsed += usize::from(matters::add(tx, &mut kept, GroupDeed::Lapsed, None)?);
        reminded += usize::from(matters::add(tx, &mut kept, GroupDeed::Reminded, None)?);
    }
    for mut kept in matters::due::<Timetable>(tx.conn(), &now, BATCH)? {
        // Where the day has come nobody can be given a meeting any more.
        let parties = if kept.matter.has_begun(&now) { Vec::new() } else { kept.matter.without_meeting() };
        let told = !parties.is_empty();
        reminded += usize::from(matters::add(tx, &mut kept, TimetableDeed::Reminded { parties }, None)? && told);
        let parties = meetings::without_card(tx.conn(), &kept.id)?;
        let told = !parties.is_empty();
        reminded += usize::from(matters::add(tx, &mut kept, TimetableDeed::CardsAsked { parties }, None)? && told);
    }
    Ok((lapsed, reminded))
}
