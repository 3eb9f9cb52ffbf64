//! The yearly question: what is to be verified, the letters that ask, and what drops out because nobody answered.

use super::connection::Conn;
use super::database::{Database, Tx};
use super::lifecycle::paged;
use super::log::Action;
use super::page::{Page, Paged, Place};
use super::schema::{things, verifications_asked};
use super::things::{self as store, Stored, of_kind};
use super::{memberships, outbox};
use crate::domain::lifecycle::{
    self, ANSWER_WITHIN_DAYS, ASK_AFTER_DAYS, ASK_TOGETHER_DAYS, Hand, Question, Step, asked_yearly,
};
use crate::domain::vocabulary::{Language, Status};
use crate::domain::{Actor, Email, Kind, Scope, ThingId, Timestamp};
use crate::error::Result;
use chrono::TimeDelta;
use diesel::prelude::*;

/// Parties asked, or things let go, in one transaction.
const BATCH: i64 = 100;

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Things that were asked about.
    pub asked: usize,
    pub letters: usize,
    pub expired: usize,
}

/// Asks about what was not verified for a year, and lets go what stayed unanswered. Safe to repeat, and to run from
/// several processes: what was done is not done again.
pub fn sweep(database: &Database) -> Result<Swept> {
    let now = database.clock().timestamp();
    let mut swept = Swept::default();
    loop {
        let parties = database.read(|conn| parties_to_ask(conn, &now))?;
        if parties.is_empty() {
            break;
        }
        let (asked, letters) = database.housekeeping(|conn| {
            let (mut asked, mut letters) = (0, 0);
            for party in &parties {
                let count = ask(conn, party, &now)?;
                asked += count;
                if count > 0 {
                    letters += write_letters(conn, party, &now)?;
                }
            }
            Ok((asked, letters))
        })?;
        swept.asked += asked;
        swept.letters += letters;
    }
    loop {
        let ids = database.read(|conn| unanswered(conn, &now))?;
        if ids.is_empty() {
            break;
        }
        let expired = database.write(&Actor::System, |tx| {
            let mut expired = 0;
            for (kind, id) in &ids {
                expired += usize::from(of_kind!(*kind, E => expire::<E>(tx, id))?);
            }
            if expired == 0 {
                tx.unchanged();
            }
            Ok(expired)
        })?;
        swept.expired += expired.value;
    }
    Ok(swept)
}

fn day_before(now: &Timestamp, days: i64) -> String {
    now.plus(-TimeDelta::days(days)).as_str()[..10].to_owned()
}

fn kinds() -> Vec<&'static str> {
    Kind::ALL.iter().copied().filter(|kind| asked_yearly(*kind)).map(Kind::code).collect()
}

/// Parties with something published that is due and was not asked about since it was last verified.
fn parties_to_ask(conn: &mut Conn, now: &Timestamp) -> Result<Vec<String>> {
    let parties: Vec<Option<String>> = things::table
        .left_join(verifications_asked::table.on(verifications_asked::thing_id.eq(things::id)))
        .filter(things::status.eq(Status::Published.code()).and(things::kind.eq_any(kinds())))
        .filter(things::verified_on.le(day_before(now, ASK_AFTER_DAYS)))
        .filter(things::owner_party.is_not_null())
        .filter(
            verifications_asked::verified_on
                .nullable()
                .is_null()
                .or(verifications_asked::verified_on.nullable().ne(things::verified_on)),
        )
        .select(things::owner_party)
        .distinct()
        .limit(BATCH)
        .load(conn)?;
    Ok(parties.into_iter().flatten().collect())
}

/// Notes that the question about everything of the party that is due, or soon will be, goes out now. Says how many.
fn ask(conn: &mut Conn, party: &str, now: &Timestamp) -> Result<usize> {
    let due: Vec<(String, Option<String>)> = things::table
        .left_join(verifications_asked::table.on(verifications_asked::thing_id.eq(things::id)))
        .filter(things::owner_party.eq(party).and(things::status.eq(Status::Published.code())))
        .filter(things::kind.eq_any(kinds()))
        .filter(things::verified_on.le(day_before(now, ASK_AFTER_DAYS - ASK_TOGETHER_DAYS)))
        .filter(
            verifications_asked::verified_on
                .nullable()
                .is_null()
                .or(verifications_asked::verified_on.nullable().ne(things::verified_on)),
        )
        .select((things::id, things::verified_on))
        .load(conn)?;
    for (id, verified_on) in &due {
        diesel::delete(verifications_asked::table.find(id)).execute(conn)?;
        diesel::insert_into(verifications_asked::table)
            .values((
                verifications_asked::thing_id.eq(id),
                verifications_asked::verified_on.eq(verified_on.as_deref().unwrap_or_default()),
                verifications_asked::at.eq(now.as_str()),
            ))
            .execute(conn)?;
    }
    Ok(due.len())
}

/// One letter for each owner of the party. Where there is none, the coordinators' list is all there is.
fn write_letters(conn: &mut Conn, party: &str, now: &Timestamp) -> Result<usize> {
    let owners = memberships::owners(conn, &ThingId::from_stored(party.to_owned()))?;
    for (email, language) in &owners {
        let email = Email::from_stored(email.clone());
        outbox::put(conn, "verify_yearly", &email, Language::from_code(language), Some(party), now)?;
    }
    Ok(owners.len())
}

/// What was asked about so long ago that it drops out.
fn unanswered(conn: &mut Conn, now: &Timestamp) -> Result<Vec<(Kind, ThingId)>> {
    let asked_before = now.plus(-TimeDelta::days(ANSWER_WITHIN_DAYS));
    let rows: Vec<(String, String)> = things::table
        .inner_join(verifications_asked::table.on(verifications_asked::thing_id.eq(things::id)))
        .filter(things::status.eq(Status::Published.code()).and(things::kind.eq_any(kinds())))
        .filter(things::verified_on.le(day_before(now, ASK_AFTER_DAYS)))
        .filter(verifications_asked::verified_on.nullable().eq(things::verified_on))
        .filter(verifications_asked::at.le(asked_before.as_str().to_owned()))
        .order(things::id)
        .limit(BATCH)
        .select((things::kind, things::id))
        .load(conn)?;
    let known = |(kind, id): (String, String)| Some((Kind::from_code(&kind)?, ThingId::from_stored(id)));
    Ok(rows.into_iter().filter_map(known).collect())
}

/// Lets one thing go, if the rule still says so. False: it was answered for meanwhile.
fn expire<E: Stored>(tx: &mut Tx<'_>, id: &ThingId) -> Result<bool> {
    let Some(thing) = store::get_many::<E>(tx.conn(), &Scope::Everything, &[id.to_string()])?.pop() else {
        return Ok(false);
    };
    let asked: Option<(String, String)> = verifications_asked::table
        .find(id.as_str())
        .select((verifications_asked::verified_on, verifications_asked::at))
        .first(tx.conn())
        .optional()?;
    let verified_on = thing.header.verified_on.clone().unwrap_or_default();
    let days = |at: &str| (tx.at().micros() - Timestamp::from_stored(at.to_owned()).micros()) / MICROS_OF_A_DAY;
    let age = days(&format!("{verified_on}T00:00:00.000000Z"));
    let asked = asked.filter(|(of, _)| *of == verified_on).map(|(_, at)| days(&at));
    let to = lifecycle::after(Step::Expire, thing.header.status, Hand::Service);
    match (lifecycle::question(E::KIND, age, asked), to) {
        (Question::Unanswered, Some(to)) => {
            let (entry, verified_on) = (thing.entry.clone(), thing.header.verified_on.clone());
            store::rewrite(tx, thing, entry, to, verified_on, Action::Step(Step::Expire))?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

const MICROS_OF_A_DAY: i64 = 86_400_000_000;

/// Ids of what is to be verified: of the reader's own parties for a member, of everything visible for a coordinator.
/// The longest unverified first.
pub fn to_verify(conn: &mut Conn, scope: &Scope, now: &Timestamp, page: &Page) -> Result<Paged<String>> {
    let last_day = day_before(now, ASK_AFTER_DAYS - ASK_TOGETHER_DAYS);
    let mut rows = Vec::new();
    for status in [Status::Published, Status::Expired] {
        rows.extend(to_verify_of(conn, scope, status, &last_day, page)?);
    }
    rows.sort_by(|(one, day), (other, other_day)| (day, one).cmp(&(other_day, other)));
    Ok(paged(rows, page.limit))
}

/// Of one status: one more than a page, `(id, day)`. After an import very many have one day, so the rest of the day of the cursor and
/// the days after it are two questions: each enters the index where the page begins.
fn to_verify_of(
    conn: &mut Conn,
    scope: &Scope,
    status: Status,
    last_day: &str,
    page: &Page,
) -> Result<Vec<(String, String)>> {
    type Rows = Vec<(String, Option<String>)>;
    let due = || {
        let query = store::visible(scope).filter(things::status.eq(status.code())).filter(things::kind.eq_any(kinds()));
        let query = query.filter(things::verified_on.le(last_day.to_owned()));
        match scope {
            Scope::Member { parties } => {
                let parties: Vec<String> = parties.iter().map(ToString::to_string).collect();
                query.filter(things::owner_party.assume_not_null().eq_any(parties))
            }
            Scope::Everything | Scope::Public | Scope::Coordinator { .. } => query,
        }
    };
    let most = page.limit as i64 + 1;
    let mut rows: Rows = Vec::new();
    let mut later = due();
    if let Some(Place { key, id }) = page.after.clone() {
        rows = due()
            .filter(things::verified_on.eq(key.clone()))
            .filter(things::id.gt(id))
            .order(things::id)
            .limit(most)
            .select((things::id, things::verified_on))
            .load(conn)?;
        later = later.filter(things::verified_on.gt(key));
    }
    if (rows.len() as i64) < most {
        let others: Rows = later
            .order((things::verified_on, things::id))
            .limit(most - rows.len() as i64)
            .select((things::id, things::verified_on))
            .load(conn)?;
        rows.extend(others);
    }
    Ok(rows.into_iter().map(|(id, day)| (id, day.unwrap_or_default())).collect())
}

/// How much of a party is to be verified now: for the letter, which is written later than it was asked for.
pub fn count_of_party(conn: &mut Conn, party: &ThingId, now: &Timestamp) -> Result<i64> {
    Ok(things::table
        .filter(things::owner_party.eq(party.as_str()).and(things::kind.eq_any(kinds())))
        .filter(things::status.eq_any([Status::Published.code(), Status::Expired.code()]))
        .filter(things::verified_on.le(day_before(now, ASK_AFTER_DAYS - ASK_TOGETHER_DAYS)))
        .count()
        .get_result(conn)?)
}
