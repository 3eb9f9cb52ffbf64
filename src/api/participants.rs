//! `/timetables/{id}/participants`: buyers and suppliers of a 商談会, what each says of itself, and what a change of one of
//! them moves.

use super::matter::{self, CardShown, Cards, allow, unknown};
use super::problem::{Answer, ProblemBody};
use super::timetables::{TimetableShown, answer, current, length, refuse_stale, shown};
use super::wire::{self, Revision};
use super::{arranging, permit, solving};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::timetable::{PARTICIPANTS_MOST, Participant, SLOTS_MOST, WISHES_MOST};
use crate::domain::desk::{Timetable, TimetableDeed};
use crate::domain::vocabulary::desk::MeetingSide;
use crate::domain::{Actor, Defect, Finding, ThingId, parse};
use crate::error::{Error, Result};
use crate::store::Conn;
use crate::store::log::Position;
use crate::store::matters::{self, Kept};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Bytes of a list of participants.
const LIST_BYTES: usize = 2 << 20;
/// Participants in one request.
const ENTERED_MOST: usize = 2_000;

/// Participants to add or, while it is a draft, to replace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParticipantsBody {
    pub participants: Vec<NewParticipant>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewParticipant {
    pub party: ThingId,
    pub side: MeetingSide,
    /// See [`ParticipantFields`].
    #[serde(default)]
    pub about: Option<ThingId>,
    #[serde(default)]
    pub slots: Option<Vec<usize>>,
    #[serde(default)]
    pub least: usize,
    #[serde(default)]
    pub most: Option<usize>,
    #[serde(default)]
    pub wishes: Vec<ThingId>,
    #[serde(default)]
    pub never: Vec<ThingId>,
    #[serde(default)]
    pub withdrawn: bool,
}

/// What a participant says of itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ParticipantFields {
    /// The need, capability or seed of the party that it is about; absent: the party as a whole.
    pub about: Option<ThingId>,
    /// Slots (by place, from 0) in which it can meet; absent: all.
    pub slots: Option<Vec<usize>>,
    /// Meetings it should have, and may have (absent: as many as there are slots).
    pub least: usize,
    pub most: Option<usize>,
    /// Participants of the other side that it wishes to meet, dearest first; at most 200.
    pub wishes: Vec<ThingId>,
    /// Participants of the other side that it does not want to meet. Only its own people and organisers see this.
    pub never: Vec<ThingId>,
    pub withdrawn: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ParticipantShown {
    /// Null where the caller may not see the party.
    pub party: Option<CardShown>,
    pub side: MeetingSide,
    /// What it says of itself: for its own people and for those who organise.
    pub says: Option<ParticipantFields>,
    /// The ETag of the entry, for the same.
    pub version: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ParticipantsShown {
    pub items: Vec<ParticipantShown>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(
            at("/timetables/{id}/participants")
                .app_data(web::PayloadConfig::new(LIST_BYTES))
                .route(web::get().to(participants))
                .route(web::post().to(enter)),
        )
        .service(
            at("/timetables/{id}/participants/{party}")
                .route(web::get().to(participant))
                .route(web::patch().to(change_participant)),
        );
}

/// Who takes part. What a participant says of itself is for its own people and for those who organise.
#[utoipa::path(get, path = "/api/v1/timetables/{id}/participants", tag = "timetables", params(("id" = String, Path)), responses(
    (status = 200, body = ParticipantsShown), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn participants(app: web::Data<App>, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let (sight, id) = (matter::sight(&actor)?, wire::known_id(&id)?);
    let shown = app
        .read(move |conn| {
            let kept = matters::get::<Timetable>(conn, &sight, &id)?;
            let parties = kept.matter.participants.iter().map(|participant| participant.party.clone());
            let cards = Cards::with_gone(conn, &actor.scope(), parties)?;
            let there = |place: &usize| {
                let participant = &kept.matter.participants[*place];
                knows(&actor, &participant.party) || (!participant.withdrawn && cards.get(&participant.party).is_some())
            };
            let places = (0..kept.matter.participants.len()).filter(there);
            let items = places.map(|place| participant_shown(&actor, &kept.matter, place, &cards)).collect();
            Ok(ParticipantsShown { items })
        })
        .await?;
    Ok(HttpResponse::Ok().json(shown))
}

/// Adds participants, or replaces those of a draft. Whoever comes after the publication is fitted in beside the meetings that
/// stand.
#[utoipa::path(post, path = "/api/v1/timetables/{id}/participants", tag = "timetables", request_body = ParticipantsBody, params(
    ("id" = String, Path), ("If-Match" = String, Header, description = "The ETag that was read, with its quotes."),
), responses(
    (status = 200, body = TimetableShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 412, body = ProblemBody),
    (status = 413, body = ProblemBody), (status = 422, body = ProblemBody), (status = 428, body = ProblemBody),
), security(("bearer" = [])))]
async fn enter(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    permit::organiser(&actor)?;
    let (id, expected) = (wire::known_id(&id)?, Revision::required(&request)?);
    let sent: ParticipantsBody = wire::typed(&request, &body)?;
    if sent.participants.is_empty() || sent.participants.len() > ENTERED_MOST {
        return Err(Error::invalid("/participants", length(1, ENTERED_MOST, sent.participants.len())).into());
    }
    let new: Vec<Participant> = sent.participants.into_iter().map(NewParticipant::participant).collect();
    let (service, asker) = (app.get_ref().clone(), actor.clone());
    let planned = app
        .in_turn(move || {
            let sight = matters::Sight::All;
            let kept = service.database.read(|conn| matters::get::<Timetable>(conn, &sight, &id))?;
            refuse_stale(&kept, expected)?;
            service.database.read(|conn| check_new(conn, &asker, &kept.matter, &new))?;
            plan_entry(&service, &asker, &kept, new).map(|deeds| (id, deeds))
        })
        .await?;
    let written = app
        .write(actor, move |tx| {
            let (id, deeds) = planned;
            let mut kept = current(tx, &id, expected)?;
            let idle = kept.matter.without_meeting();
            for deed in deeds {
                solving::carry_out(tx, &mut kept, deed)?;
            }
            solving::tell_left_out(tx, &mut kept, &idle)?;
            shown(tx, &kept)
        })
        .await?;
    app.auth.post.wake();
    Ok(answer(StatusCode::OK, written.value, written.position))
}

/// The deeds by which participants enter: all at once into a draft, one after another beside published meetings.
fn plan_entry(app: &App, actor: &Actor, kept: &Kept<Timetable>, new: Vec<Participant>) -> Result<Vec<TimetableDeed>> {
    let known = |participant: &Participant| kept.matter.place_of(&participant.party).is_some();
    let invited = new.iter().filter(|one| !known(one)).map(|one| one.party.clone()).collect();
    if !kept.matter.is_published() {
        return Ok(vec![TimetableDeed::Entered { participants: new, invited }]);
    }
    if let Some(at) = new.iter().position(known) {
        let defect = Defect::new(
            "published",
            "公開後の参加者は一人ずつ変更してください（PATCH …/participants/{party}）。",
            "After publication participants are changed one by one (PATCH …/participants/{party}).",
        );
        return Err(Error::invalid(&format!("/participants/{at}"), defect));
    }
    let mut deeds = vec![TimetableDeed::Entered { participants: new.clone(), invited }];
    let mut after = kept.matter.clone();
    for participant in &new {
        after = after.with(participant.clone());
    }
    for participant in new {
        let Some(place) = after.place_of(&participant.party) else { continue };
        let speaks = arranging::speaks(app, actor, &after, Some(place))?;
        let (gone, come) = arranging::adjust(&after, &speaks, place, &app.clock().timestamp())?;
        after = after.with_meetings(&gone, &come);
        deeds.push(TimetableDeed::Adjusted { participant: Box::new(participant), gone, come });
    }
    Ok(deeds)
}

/// One participant, for its own people and for those who organise.
#[utoipa::path(get, path = "/api/v1/timetables/{id}/participants/{party}", tag = "timetables", params(
    ("id" = String, Path), ("party" = String, Path),
), responses(
    (status = 200, body = ParticipantShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn participant(app: web::Data<App>, Caller(actor): Caller, path: web::Path<(String, String)>) -> Answer {
    let sight = matter::sight(&actor)?;
    let (id, party) = (wire::known_id(&path.0)?, wire::known_id(&path.1)?);
    let shown = app
        .read(move |conn| {
            let kept = matters::get::<Timetable>(conn, &sight, &id)?;
            let place = own_place(&actor, &kept.matter, &party)?;
            let cards = Cards::with_gone(conn, &actor.scope(), [party.clone()])?;
            Ok(participant_shown(&actor, &kept.matter, place, &cards))
        })
        .await?;
    Ok(answer_participant(shown, None))
}

/// Changes what a participant says of itself: its own people while it is a draft, organisers always. Where meetings stand,
/// only those of this participant move.
#[utoipa::path(patch, path = "/api/v1/timetables/{id}/participants/{party}", tag = "timetables", request_body = ParticipantFields,
    params(("id" = String, Path), ("party" = String, Path),
    ("If-Match" = String, Header, description = "The ETag of the participant, with its quotes.")), responses(
    (status = 200, body = ParticipantShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 412, body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 428, body = ProblemBody), (status = 503, body = ProblemBody),
), security(("bearer" = [])))]
async fn change_participant(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    path: web::Path<(String, String)>,
    body: web::Bytes,
) -> Answer {
    let sight = matter::sight(&actor)?;
    let (id, party) = (wire::known_id(&path.0)?, wire::known_id(&path.1)?);
    let expected = Revision::required(&request)?;
    let patch = wire::json(&request, &body)?;
    for _ in 0..TRIES {
        let (service, asker, sight) = (app.get_ref().clone(), actor.clone(), sight.clone());
        let (id, party, patch) = (id.clone(), party.clone(), patch.clone());
        let (version, deed) = app
            .in_turn(move || {
                let kept = service.database.read(|conn| matters::get::<Timetable>(conn, &sight, &id))?;
                let place = changeable(&asker, &kept.matter, &party, expected)?;
                let changed = service.database.read(|conn| patched(conn, &asker, &kept.matter, place, &patch))?;
                let deed = adjusted(&service, &asker, &kept.matter, changed)?;
                Ok((kept.version(), (id, party, deed)))
            })
            .await?;
        let written = app
            .write(actor.clone(), move |tx| {
                let (id, party, deed) = deed;
                let mut kept = matters::get::<Timetable>(tx.conn(), &matters::Sight::All, &id)?;
                if kept.version() != version {
                    tx.unchanged();
                    return Ok(None);
                }
                let place = changeable(tx.actor(), &kept.matter, &party, expected)?;
                let idle = kept.matter.without_meeting();
                match deed {
                    Some(deed) => solving::carry_out(tx, &mut kept, deed)?,
                    None => tx.unchanged(),
                }
                solving::tell_left_out(tx, &mut kept, &idle)?;
                let actor = tx.actor().clone();
                let cards = Cards::read(tx.conn(), &actor.scope(), [party])?;
                Ok(Some(participant_shown(&actor, &kept.matter, place, &cards)))
            })
            .await?;
        if let Some(shown) = written.value {
            app.auth.post.wake();
            return Ok(answer_participant(shown, written.position));
        }
    }
    Err(Error::Unavailable(Defect::new(
        "busy",
        "時間割がほかの人に変更されています。少し待ってからもう一度お試しください。",
        "Others are changing the timetable. Please try again in a moment.",
    ))
    .into())
}

/// Times that a change is computed anew because somebody else was faster.
const TRIES: usize = 5;

/// The deed of a changed participant; none where nothing changed.
fn adjusted(app: &App, actor: &Actor, timetable: &Timetable, changed: Participant) -> Result<Option<TimetableDeed>> {
    let Some(place) = timetable.place_of(&changed.party) else { return Err(Error::NotFound) };
    if timetable.participants[place] == changed {
        return Ok(None);
    }
    let after = timetable.with(changed.clone());
    let (gone, come) = if after.meetings.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        let speaks = arranging::speaks(app, actor, &after, Some(place))?;
        arranging::adjust(&after, &speaks, place, &app.clock().timestamp())?
    };
    Ok(Some(TimetableDeed::Adjusted { participant: Box::new(changed), gone, come }))
}

/// The place of a participant that the caller may change, at the version that was read.
fn changeable(actor: &Actor, timetable: &Timetable, party: &ThingId, expected: Revision) -> Result<usize> {
    let place = own_place(actor, timetable, party)?;
    let organises = permit::organiser(actor).is_ok();
    allow(actor, organises || actor.speaks_for(party))?;
    if timetable.is_published() && !organises {
        return Err(Error::Conflict(Defect::new(
            "published",
            "時間割は公開されました。変更や取りやめは主催者にご連絡ください。",
            "The timetable is published. Please tell the organiser about changes.",
        )));
    }
    if timetable.revisions[place] != expected.0 {
        return Err(Error::Stale { current: timetable.revisions[place] });
    }
    Ok(place)
}

/// The place of a participant whose entry the caller may read.
fn own_place(actor: &Actor, timetable: &Timetable, party: &ThingId) -> Result<usize> {
    let place = timetable.place_of(party);
    match place {
        Some(place) if knows(actor, party) => Ok(place),
        // Others of the same timetable: whether they are there is not told.
        _ if permit::organiser(actor).is_err() => Err(Error::Forbidden),
        _ => Err(Error::NotFound),
    }
}

fn patched(
    conn: &mut Conn,
    actor: &Actor,
    timetable: &Timetable,
    place: usize,
    patch: &serde_json::Value,
) -> Result<Participant> {
    let current = &timetable.participants[place];
    let mut fields = serde_json::to_value(says(current)).map_err(Error::internal)?;
    parse::merge_patch(&mut fields, patch);
    let fields: ParticipantFields = parse::body(fields).map_err(Error::Invalid)?;
    let ParticipantFields { about, slots, least, most, wishes, never, withdrawn } = fields;
    let (party, side) = (current.party.clone(), current.side);
    let changed = Participant { party, side, about, slots, least, most, wishes, never, withdrawn };
    let sides = Sides::of(timetable, std::slice::from_ref(&changed));
    let mut findings = Vec::new();
    check_participant(timetable, &sides, &changed, "", &mut findings);
    if changed.about != current.about {
        check_about(conn, actor, std::slice::from_ref(&changed), |_| "/about".to_owned(), &mut findings)?;
    }
    if findings.is_empty() { Ok(changed) } else { Err(Error::Invalid(findings)) }
}

/// May the caller know what this participant says?
pub(super) fn knows(actor: &Actor, party: &ThingId) -> bool {
    permit::organiser(actor).is_ok() || actor.belongs_to(party)
}

/// Who is on which side, as it will be.
struct Sides<'a> {
    buyers: BTreeSet<&'a ThingId>,
    suppliers: BTreeSet<&'a ThingId>,
}

impl<'a> Sides<'a> {
    fn of(timetable: &'a Timetable, new: &'a [Participant]) -> Self {
        let mut sides = Self { buyers: BTreeSet::new(), suppliers: BTreeSet::new() };
        for participant in timetable.participants.iter().chain(new) {
            match participant.side {
                MeetingSide::Buyer => sides.buyers.insert(&participant.party),
                MeetingSide::Supplier => sides.suppliers.insert(&participant.party),
            };
        }
        sides
    }

    fn on(&self, side: MeetingSide) -> &BTreeSet<&'a ThingId> {
        match side {
            MeetingSide::Buyer => &self.buyers,
            MeetingSide::Supplier => &self.suppliers,
        }
    }
}

fn check_new(conn: &mut Conn, actor: &Actor, timetable: &Timetable, new: &[Participant]) -> Result<()> {
    let mut findings = Vec::new();
    let sides = Sides::of(timetable, new);
    for side in MeetingSide::ALL {
        if sides.on(*side).len() > PARTICIPANTS_MOST {
            let count = sides.on(*side).len();
            findings.push(Finding::new("/participants", length(0, PARTICIPANTS_MOST, count)));
        }
    }
    let cards = Cards::read(conn, &actor.scope(), new.iter().map(|one| one.party.clone()))?;
    let mut seen = BTreeSet::new();
    for (at, participant) in new.iter().enumerate() {
        let pointer = format!("/participants/{at}");
        if cards.get(&participant.party).is_none_or(|card| !card.kind.is_party()) {
            let Error::Invalid(unknown) = unknown(&format!("{pointer}/party"), &participant.party) else { continue };
            findings.extend(unknown);
        }
        // Everybody stands on one side, once.
        let two_sides = sides.on(participant.side.other()).contains(&participant.party);
        if two_sides || !seen.insert(&participant.party) {
            let defect = Defect::new(
                "participant.repeated",
                "参加者はバイヤーか出展者のどちらかに一度だけ登録できます。",
                "A participant is a buyer or a supplier, once.",
            );
            findings.push(Finding::new(format!("{pointer}/side"), defect));
        }
        check_participant(timetable, &sides, participant, &pointer, &mut findings);
        if findings.len() > 50 {
            break;
        }
    }
    check_about(conn, actor, new, |at| format!("/participants/{at}/about"), &mut findings)?;
    if findings.is_empty() { Ok(()) } else { Err(Error::Invalid(findings)) }
}

fn check_participant(
    timetable: &Timetable,
    sides: &Sides<'_>,
    participant: &Participant,
    pointer: &str,
    findings: &mut Vec<Finding>,
) {
    let slots = timetable.frame.slots.len();
    let own: BTreeSet<usize> = participant.slots.iter().flatten().copied().collect();
    let given = participant.slots.as_ref().map_or(0, Vec::len);
    if own.len() < given || own.iter().any(|slot| *slot >= slots) {
        let defect = Defect::new(
            "slots.unknown",
            format!("時間枠は0〜{}の番号で、それぞれ一度だけです。", slots.saturating_sub(1)),
            format!("Slots are numbers from 0 to {}, each once.", slots.saturating_sub(1)),
        );
        findings.push(Finding::new(format!("{pointer}/slots"), defect));
    }
    if participant.least > 0 && !participant.withdrawn && participant.slots.as_ref().is_some_and(Vec::is_empty) {
        let defect = Defect::new(
            "slots.none",
            "商談が必要なのに、出られる時間枠がありません。参加しないときは withdrawn を true にしてください。",
            "It should have meetings and is there in no slot. To take no part, set withdrawn.",
        );
        findings.push(Finding::new(format!("{pointer}/slots"), defect));
    }
    let most = participant.most.unwrap_or(slots);
    if participant.least > most || participant.least > SLOTS_MOST || most > SLOTS_MOST {
        let defect = Defect::new(
            "most.range",
            "最多は最少以上、64以下にしてください。",
            "The most is at least the least, and 64 at most.",
        );
        findings.push(Finding::new(format!("{pointer}/most"), defect));
    }
    for (name, list) in [("wishes", &participant.wishes), ("never", &participant.never)] {
        if list.len() > WISHES_MOST {
            findings.push(Finding::new(format!("{pointer}/{name}"), length(0, WISHES_MOST, list.len())));
            continue;
        }
        let mut seen = BTreeSet::new();
        for (at, party) in list.iter().enumerate() {
            if !sides.on(participant.side.other()).contains(party) || !seen.insert(party) {
                let defect = Defect::new(
                    "wish.unknown",
                    "相手側の参加者を、それぞれ一度だけ指定してください。",
                    "Name participants of the other side, each once.",
                );
                findings.push(Finding::new(format!("{pointer}/{name}/{at}"), defect));
            }
        }
    }
    if let Some(at) = participant.wishes.iter().position(|wish| participant.never.contains(wish)) {
        let defect = Defect::new(
            "wish.never",
            "会いたい相手が、会わない相手にも入っています。",
            "Somebody wished for must also never be met.",
        );
        findings.push(Finding::new(format!("{pointer}/wishes/{at}"), defect));
    }
}

/// What a participant is there for is its own, and readable for whoever says so.
fn check_about(
    conn: &mut Conn,
    actor: &Actor,
    new: &[Participant],
    pointer: impl Fn(usize) -> String,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let abouts = new.iter().filter_map(|participant| participant.about.clone());
    let cards = Cards::read(conn, &actor.scope(), abouts)?;
    for (at, participant) in new.iter().enumerate() {
        let Some(about) = &participant.about else { continue };
        let own = cards.get(about).is_some_and(|card| card.owner.as_deref() == Some(participant.party.as_str()));
        if let (false, Error::Invalid(unknown)) = (own, unknown(&pointer(at), about)) {
            findings.extend(unknown);
        }
    }
    Ok(())
}

// What is shown

impl NewParticipant {
    fn participant(self) -> Participant {
        let NewParticipant { party, side, about, slots, least, most, wishes, never, withdrawn } = self;
        Participant { party, side, about, slots, least, most, wishes, never, withdrawn }
    }
}

fn says(participant: &Participant) -> ParticipantFields {
    let Participant { about, slots, least, most, wishes, never, withdrawn, .. } = participant.clone();
    ParticipantFields { about, slots, least, most, wishes, never, withdrawn }
}

fn participant_shown(actor: &Actor, timetable: &Timetable, place: usize, cards: &Cards) -> ParticipantShown {
    let participant = &timetable.participants[place];
    let knows = knows(actor, &participant.party);
    ParticipantShown {
        party: cards.get(&participant.party),
        side: participant.side,
        says: knows.then(|| says(participant)),
        version: knows.then(|| timetable.revisions[place]),
    }
}

fn answer_participant(shown: ParticipantShown, position: Option<Position>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(version) = shown.version {
        response.insert_header((header::ETAG, Revision(version).etag()));
    }
    if let Some(position) = position {
        response.insert_header((wire::SEQUENCE, position.token()));
    }
    response.json(shown)
}
