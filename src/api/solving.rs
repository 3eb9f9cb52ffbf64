//! Arranging and publishing a timetable: an answer at once, a longer solve in the background, and the meetings of a
//! published timetable, which follow every change of it.

use super::background::{Ended, Run, RunShown, RunState};
use super::problem::{Answer, ProblemBody};
use super::timetables::{TimetableShown, answer, current, refuse_stale, shown};
use super::wire::{self, Revision};
use super::{arranging, permit};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::meeting::{Planned, Seat};
use crate::domain::desk::timetable::{Arranged, Sitting};
use crate::domain::desk::{Meeting, MeetingDeed, Timetable, TimetableDeed};
use crate::domain::{Actor, Defect, ThingId};
use crate::error::{Error, Result};
use crate::store::log::Position;
use crate::store::matters::{self, Kept, Sight};
use crate::store::{Database, Tx};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use musubi_index::composing::Progress;
use serde::Deserialize;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// Seconds of a solve that is waited for, unless asked otherwise, and at most.
const SECONDS: u64 = 3;
const SECONDS_MOST: u64 = 8;
/// The same in the background.
const BACKGROUND: u64 = 30;
const BACKGROUND_MOST: u64 = 300;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SolveBody {
    /// 1 to 8, 3 if absent; in the background 1 to 300, 30 if absent.
    pub seconds: Option<u64>,
    /// Store a first answer at once, go on improving it, and say where to look.
    pub background: bool,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/timetables/{id}/solve").route(web::post().to(solve)))
        .service(at("/timetables/{id}/solves/{solve}").route(web::get().to(progress)).route(web::delete().to(cancel)))
        .service(at("/timetables/{id}/publish").route(web::post().to(publish)));
}

/// Arranges the meetings. Of a published timetable, the meetings that stand stay and free places of slots that have not begun
/// are filled.
#[utoipa::path(post, path = "/api/v1/timetables/{id}/solve", tag = "timetables", request_body = SolveBody, params(
    ("id" = String, Path), ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 200, body = TimetableShown, description = "Arranged. Musubi-Unscored says for how many buyers there was no time to ask \
     the engine."),
    (status = 202, body = RunShown, description = "A first answer is stored; Location is the solve that improves it."),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 412, body = ProblemBody), (status = 422, body = ProblemBody), (status = 428, body = ProblemBody),
    (status = 503, body = ProblemBody),
), security(("bearer" = [])))]
async fn solve(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    permit::organiser(&actor)?;
    let (id, expected) = (wire::known_id(&id)?, Revision::required(&request)?);
    let body: SolveBody = wire::typed(&request, &body)?;
    let (usual, most) = if body.background { (BACKGROUND, BACKGROUND_MOST) } else { (SECONDS, SECONDS_MOST) };
    let seconds = body.seconds.unwrap_or(usual);
    if !(1..=most).contains(&seconds) {
        let defect = Defect::new(
            "seconds.range",
            format!("seconds は1〜{most}です。"),
            format!("seconds is a number from 1 to {most}."),
        );
        return Err(Error::invalid("/seconds", defect).into());
    }
    let (service, asker, timetable) = (app.get_ref().clone(), actor.clone(), id.clone());
    let job = app
        .in_turn(move || {
            let kept = service.database.read(|conn| matters::get::<Timetable>(conn, &Sight::All, &timetable))?;
            refuse_stale(&kept, expected)?;
            let speaks = arranging::speaks(&service, &asker, &kept.matter, None)?;
            let confirmed = if kept.matter.is_published() { kept.matter.meetings.clone() } else { Vec::new() };
            // What begins before the answer is there is over by then.
            let by = service.clock().timestamp().plus(TimeDelta::seconds(seconds as i64));
            let asked = arranging::asked(&kept.matter, &speaks, &[], &confirmed, &by)?;
            Ok(Job { id: timetable, timetable: kept.matter, asked, confirmed, unscored: speaks.unscored })
        })
        .await?;
    if body.background {
        return in_background(&app, actor, job, expected, seconds).await;
    }
    let unscored = job.unscored;
    let arranged = app.alone(move || job.run(Duration::from_secs(seconds))).await?;
    let (shown, position) = keep(&app, actor, &id, expected, arranged).await?;
    let mut response = answer(StatusCode::OK, shown, position);
    if let Ok(value) = header::HeaderValue::from_str(&unscored.to_string()) {
        response.headers_mut().insert(header::HeaderName::from_static("musubi-unscored"), value);
    }
    Ok(response)
}

/// A question with what it is asked about.
struct Job {
    id: ThingId,
    timetable: Timetable,
    asked: arranging::Asked,
    confirmed: Vec<Sitting>,
    unscored: usize,
}

impl Job {
    fn run(&self, limit: Duration) -> Result<Arranged> {
        let started = Instant::now();
        let mut watch = |_: Progress| started.elapsed() < limit;
        arranging::arrange(&self.timetable, &self.asked, &self.confirmed, &mut watch)
    }

    /// The same until its time is over or somebody stops it.
    fn run_watched(&self, run: &Run) -> Result<Arranged> {
        let mut watch = |progress: Progress| run.go_on(&progress);
        arranging::arrange(&self.timetable, &self.asked, &self.confirmed, &mut watch)
    }
}

async fn keep(
    app: &App,
    actor: Actor,
    id: &ThingId,
    expected: Revision,
    arranged: Arranged,
) -> Result<(TimetableShown, Option<Position>)> {
    let id = id.clone();
    let written = app
        .write(actor, move |tx| {
            let mut kept = current(tx, &id, expected)?;
            put(tx, &mut kept, arranged)?;
            shown(tx, &kept)
        })
        .await?;
    app.auth.post.wake();
    Ok((written.value, written.position))
}

fn put(tx: &mut Tx<'_>, kept: &mut Kept<Timetable>, arranged: Arranged) -> Result<()> {
    let idle = kept.matter.without_meeting();
    carry_out(tx, kept, TimetableDeed::Arranged(arranged))?;
    tell_left_out(tx, kept, &idle)
}

/// Stores a first answer, and leaves the rest to the thread of the long solves.
async fn in_background(app: &App, actor: Actor, job: Job, expected: Revision, seconds: u64) -> Answer {
    let (job, first) = app.in_turn(move || job.run(Duration::ZERO).map(|first| (job, first))).await?;
    // What is there may be better than a first answer; it stays if nothing was changed since.
    let stored = match job.timetable.worth {
        Some((value, _)) if value >= first.value => (value, expected),
        _ => {
            let value = first.value;
            let (kept, _) = keep(app, actor.clone(), &job.id, expected, first).await?;
            let version = kept.organiser.map_or(expected.0, |organiser| organiser.version);
            (value, Revision(version))
        }
    };
    let (database, post) = (app.database.clone(), app.auth.clone());
    let (id, actor) = (job.id.clone(), actor.beyond_the_request());
    let work = move |run: &Run| {
        let arranged = job.run_watched(run);
        let ended = finish(&database, &actor, &job.id, stored, arranged, run);
        post.post.wake();
        ended
    };
    let shown = app.background.begin(&id, stored.1.0, seconds, app.clock().timestamp(), work)?;
    let run = shown.id.as_ref().map(ToString::to_string).unwrap_or_default();
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/api/v1/timetables/{id}/solves/{run}")))
        .json(shown))
}

/// Keeps what a solve found, if it is better and nobody changed the timetable meanwhile.
fn finish(
    database: &Database,
    actor: &Actor,
    id: &ThingId,
    (value, version): (f64, Revision),
    arranged: Result<Arranged>,
    run: &Run,
) -> Ended {
    if run.is_dropped() {
        return (RunState::Overtaken, None);
    }
    let ended = if run.is_cancelled() { RunState::Cancelled } else { RunState::Done };
    let kept = arranged.and_then(|arranged| {
        run.tell(Some(arranged.value.max(value)), arranged.bound);
        if arranged.value <= value {
            return Ok(version.0);
        }
        let written = database.write(actor, |tx| {
            let mut kept = current(tx, id, version)?;
            put(tx, &mut kept, arranged)?;
            Ok(kept.version())
        })?;
        Ok(written.value)
    });
    match kept {
        Ok(version) => (ended, Some(version)),
        Err(Error::Stale { .. }) => (RunState::Overtaken, None),
        Err(error) => {
            tracing::warn!(%error, timetable = %id, "a solve failed");
            (RunState::Failed, None)
        }
    }
}

/// How far a solve is. It is known to the machine that runs it, until that ends.
#[utoipa::path(get, path = "/api/v1/timetables/{id}/solves/{solve}", tag = "timetables", params(
    ("id" = String, Path), ("solve" = String, Path),
), responses(
    (status = 200, body = RunShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn progress(app: web::Data<App>, Caller(actor): Caller, path: web::Path<(String, String)>) -> Answer {
    permit::organiser(&actor)?;
    let solve = app.background.find(&wire::known_id(&path.0)?, &wire::known_id(&path.1)?).ok_or(Error::NotFound)?;
    Ok(HttpResponse::Ok().json(solve.shown()))
}

/// Stops a solve; the best that it found until then is kept.
#[utoipa::path(delete, path = "/api/v1/timetables/{id}/solves/{solve}", tag = "timetables", params(
    ("id" = String, Path), ("solve" = String, Path),
), responses(
    (status = 202, body = RunShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn cancel(app: web::Data<App>, Caller(actor): Caller, path: web::Path<(String, String)>) -> Answer {
    permit::organiser(&actor)?;
    let solve = app.background.find(&wire::known_id(&path.0)?, &wire::known_id(&path.1)?).ok_or(Error::NotFound)?;
    solve.cancel();
    Ok(HttpResponse::Accepted().json(solve.shown()))
}

/// Publishes the timetable: every participant is told, and those without a meeting that they have none.
#[utoipa::path(post, path = "/api/v1/timetables/{id}/publish", tag = "timetables", params(
    ("id" = String, Path), ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 200, body = TimetableShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 412, body = ProblemBody),
    (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn publish(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    permit::organiser(&actor)?;
    let (id, expected) = (wire::known_id(&id)?, Revision::required(&request)?);
    let written = app
        .write(actor, move |tx| {
            let mut kept = current(tx, &id, expected)?;
            if matters::add(tx, &mut kept, TimetableDeed::Published, None)? {
                follow(tx, &kept, &[], false)?;
                tell_left_out(tx, &mut kept, &[])?;
            }
            shown(tx, &kept)
        })
        .await?;
    app.auth.post.wake();
    Ok(answer(StatusCode::OK, written.value, written.position))
}

/// Records a deed; where the timetable is published, its meetings follow.
pub(super) fn carry_out(tx: &mut Tx<'_>, kept: &mut Kept<Timetable>, deed: TimetableDeed) -> Result<()> {
    let before = kept.matter.meetings.clone();
    matters::add(tx, kept, deed, None)?;
    if kept.matter.is_published() { follow(tx, kept, &before, true) } else { Ok(()) }
}

/// Tells those who have no meeting any more; nobody is told while it is a draft. `idle`: those who had none before.
pub(super) fn tell_left_out(tx: &mut Tx<'_>, kept: &mut Kept<Timetable>, idle: &[ThingId]) -> Result<()> {
    let mut parties = kept.matter.without_meeting();
    parties.retain(|party| !idle.contains(party));
    if !kept.matter.is_published() || parties.is_empty() {
        return Ok(());
    }
    matters::add(tx, kept, TimetableDeed::LeftOut { parties }, None)?;
    Ok(())
}

/// Makes the meetings what the timetable says: plans new ones, moves those with another seat, cancels those that are gone.
fn follow(tx: &mut Tx<'_>, kept: &Kept<Timetable>, before: &[Sitting], late: bool) -> Result<()> {
    let timetable = &kept.matter;
    let stood: HashMap<(usize, usize), &Sitting> = before.iter().map(|sitting| (sitting.pair(), sitting)).collect();
    let stands: HashMap<(usize, usize), &Sitting> =
        timetable.meetings.iter().map(|sitting| (sitting.pair(), sitting)).collect();
    for sitting in before.iter().filter(|sitting| !stands.contains_key(&sitting.pair())) {
        if let Some(mut meeting) = meeting_of(tx, kept, sitting)? {
            matters::add(tx, &mut meeting, MeetingDeed::Cancelled, None)?;
        }
    }
    for sitting in &timetable.meetings {
        if stood.get(&sitting.pair()).is_some_and(|stood| *stood == sitting) {
            continue;
        }
        let slot = &timetable.frame.slots[sitting.slot];
        let at = Seat { start: slot.start.clone(), end: slot.end.clone(), table: sitting.table };
        match meeting_of(tx, kept, sitting)? {
            Some(mut meeting) => {
                matters::add(tx, &mut meeting, MeetingDeed::Moved { at }, None)?;
            }
            None => {
                let (buyer, supplier) =
                    (&timetable.participants[sitting.buyer], &timetable.participants[sitting.supplier]);
                let planned = Planned {
                    timetable: kept.id.clone(),
                    exhibition: timetable.frame.exhibition.clone(),
                    buyer: buyer.party.clone(),
                    supplier: supplier.party.clone(),
                    buyer_about: buyer.about.clone(),
                    supplier_about: supplier.about.clone(),
                    at,
                    late,
                };
                matters::open::<Meeting>(tx, MeetingDeed::Planned(Box::new(planned)), None)?;
            }
        }
    }
    Ok(())
}

fn meeting_of(tx: &mut Tx<'_>, kept: &Kept<Timetable>, sitting: &Sitting) -> Result<Option<Kept<Meeting>>> {
    let participants = &kept.matter.participants;
    let pair = Meeting::pair(&kept.id, &participants[sitting.buyer].party, &participants[sitting.supplier].party);
    match matters::of_pair(tx.conn(), &pair)? {
        Some(id) => matters::get::<Meeting>(tx.conn(), &Sight::All, &id).map(Some),
        None => Ok(None),
    }
}
