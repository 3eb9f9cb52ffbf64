//! What was arranged for the invented exhibitions: a composition with its reasons, a group, booths, a timetable, its meetings
//! and some result cards. Everything was asked of the service once and is played back here, event by event, so that the demo
//! starts without solving anything. The days are moved to the day on which the demo is made.

use crate::domain::desk::{BoothPlan, Composition, Day, Group, Matter, Meeting, Timetable};
use crate::domain::{Actor, Email, Kind, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::store::matters::{self, Sight};
use crate::store::{Database, Tx, accounts, references};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// One event a line, in the order in which they happened.
const EVENTS: &str = include_str!("arrangements.jsonl");
/// Begins what is put in when it is played back: `demo:org-unema`, `demo:matter:group-1`, `demo:account:officer`, `demo:day:30`,
/// `demo:time:-20 01:00` (days from today, hours and minutes in UTC).
const MARK: &str = "demo:";

#[derive(Deserialize)]
struct Line {
    matter: String,
    kind: String,
    deed: Value,
}

/// Plays back what was arranged, unless it is there.
pub fn arrange(database: &Database) -> Result<()> {
    let there = database.read(|conn| {
        let fair =
            references::find(conn, Kind::Exhibition, &references::source_scheme(super::SOURCE), super::fairs::FAIR)?;
        match fair {
            // Somebody else's database, or one of before there was a fair in it.
            None => Ok(true),
            Some(fair) => Ok(!matters::about::<Composition>(conn, &fair)?.is_empty()),
        }
    })?;
    if there {
        return Ok(());
    }
    database.write(&Actor::System, |tx| {
        let mut known: HashMap<String, ThingId> = HashMap::new();
        for line in EVENTS.lines() {
            let Line { matter, kind, mut deed } = serde_json::from_str(line).map_err(Error::internal)?;
            put_in(tx, &known, &mut deed)?;
            match kind.as_str() {
                "composition" => play::<Composition>(tx, &mut known, matter, deed)?,
                "group" => play::<Group>(tx, &mut known, matter, deed)?,
                "booth_plan" => play::<BoothPlan>(tx, &mut known, matter, deed)?,
                "timetable" => play::<Timetable>(tx, &mut known, matter, deed)?,
                "meeting" => play::<Meeting>(tx, &mut known, matter, deed)?,
                other => return Err(Error::internal(format!("the demo arranges no {other}"))),
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// The first event of a matter begins it.
fn play<M: Matter>(tx: &mut Tx<'_>, known: &mut HashMap<String, ThingId>, name: String, deed: Value) -> Result<()> {
    let deed: M::Deed = serde_json::from_value(deed).map_err(Error::internal)?;
    match known.get(&name) {
        None => {
            let kept = matters::open::<M>(tx, deed, None)?;
            known.insert(name, kept.id);
        }
        Some(id) => {
            let mut kept = matters::get::<M>(tx.conn(), &Sight::All, id)?;
            matters::add(tx, &mut kept, deed, None)?;
        }
    }
    Ok(())
}

fn put_in(tx: &mut Tx<'_>, known: &HashMap<String, ThingId>, value: &mut Value) -> Result<()> {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(MARK) {
                *text = meant(tx, known, name)?;
            }
        }
        Value::Array(list) => list.iter_mut().try_for_each(|value| put_in(tx, known, value))?,
        Value::Object(fields) => fields.values_mut().try_for_each(|value| put_in(tx, known, value))?,
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

fn meant(tx: &mut Tx<'_>, known: &HashMap<String, ThingId>, name: &str) -> Result<String> {
    let wrong = || Error::internal(format!("the demo knows no {name}"));
    if let Some(matter) = name.strip_prefix("matter:") {
        return known.get(matter).map(ToString::to_string).ok_or_else(wrong);
    }
    if let Some(role) = name.strip_prefix("account:") {
        let email = Email::parse(&super::sign_ins::email(role)).map_err(|_| wrong())?;
        return Ok(accounts::by_email(tx.conn(), &email)?.ok_or_else(wrong)?.id.to_string());
    }
    let today = Day::at(tx.at()).date();
    if let Some(days) = name.strip_prefix("day:") {
        let days = days.parse().map_err(|_| wrong())?;
        return Ok(Day::of_date(today + TimeDelta::days(days)).as_str().to_owned());
    }
    if let Some(time) = name.strip_prefix("time:") {
        let (days, clock) = time.split_once(' ').ok_or_else(wrong)?;
        let (hours, minutes) = clock.split_once(':').ok_or_else(wrong)?;
        let number = |text: &str| text.parse::<i64>().map_err(|_| wrong());
        let day = (today + TimeDelta::days(number(days)?)).and_time(chrono::NaiveTime::MIN).and_utc();
        let moment = day + TimeDelta::hours(number(hours)?) + TimeDelta::minutes(number(minutes)?);
        return Ok(Timestamp::from_datetime(moment).as_str().to_owned());
    }
    let scheme = references::source_scheme(super::SOURCE);
    for kind in Kind::ALL {
        if let Some(id) = references::find(tx.conn(), *kind, &scheme, name)? {
            return Ok(id.to_string());
        }
    }
    Err(wrong())
}
