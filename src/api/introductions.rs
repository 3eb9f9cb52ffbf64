//! `/introductions`: two parties are asked whether they want to meet. Both answer by a date, a no carries its reason, and
//! confidential parts open in stages.

use super::matter::{
    self, CardShown, Cards, Done, History, HistoryQuery, MatterQuery, MomentQuery, Named, PersonShown, allow, people,
    unknown,
};
use super::problem::{Answer, ProblemBody};
use super::wire;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::introduction::{ANSWER_DAYS, ANSWER_DAYS_MOST, Asked, Declined, Part, Questions};
use crate::domain::desk::{Day, Introduction, IntroductionDeed, Proposal, ProposalDeed, replay};
use crate::domain::finding::Message;
use crate::domain::text::Prose;
use crate::domain::vocabulary::desk::{DeclineReason, IntroductionState, OpensOn, ProposalState, Side};
use crate::domain::vocabulary::{Kind, Purpose, Visibility};
use crate::domain::{Actor, Defect, Need, Scope, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::store::matters::{self, Kept, Sight};
use crate::store::{Conn, Tx, disclosures, notices, things};
use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Days after a no in which the same pair is not asked again about the same thing.
const REST_DAYS: u64 = 90;

/// An expression of interest. From a proposal (`match`), or about a thing (`subject`) with the party that answers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIntroduction {
    /// The proposal it comes from.
    #[serde(default, rename = "match")]
    pub proposal: Option<ThingId>,
    /// The need, seed, capability or party it is about.
    #[serde(default)]
    pub subject: Option<ThingId>,
    /// The party that is to meet the owner of the subject.
    #[serde(default)]
    pub party: Option<ThingId>,
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// What is hoped for. Both sides read it.
    #[schema(value_type = String)]
    pub message: Prose,
    #[serde(default)]
    pub questions: Questions,
    /// At most 90 days ahead; two weeks if absent.
    #[serde(default)]
    pub answer_by: Option<Day>,
    /// For desks: why it is asked again within 90 days of a no of this pair.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Prose>,
}

/// What to do with an introduction. `side` is needed by who speaks for both, and by a coordinator who answers for a party that has
/// nobody to answer for it (after a telephone call, say).
#[derive(Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum IntroductionEvent {
    Accept {
        #[serde(default)]
        side: Option<Side>,
    },
    Decline {
        #[serde(default)]
        side: Option<Side>,
        reason: DeclineReason,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        text: Option<Prose>,
    },
    /// For coordinators: the NDA was seen.
    NdaNoted { signed_on: Day },
    /// A confidential thing of one's own that opens to the other side.
    AddPart { thing: ThingId, opens: OpensOn },
    /// Closes it again.
    WithdrawPart { thing: ThingId },
    /// For coordinators: puts it on the own desk, if it is on none.
    Take,
    /// For coordinators: nobody answers, or nothing comes of it. What was opened closes. While a case of it goes on, the case
    /// is ended instead (409 `case-open`).
    End {
        reason: DeclineReason,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        text: Option<Prose>,
    },
}

#[derive(Serialize, ToSchema)]
pub struct IntroductionShown {
    pub id: ThingId,
    pub state: IntroductionState,
    /// What it is about, as far as the reader may see it.
    pub subject: Option<CardShown>,
    /// The owner of the subject; null while it is anonymous.
    pub seeking: Option<CardShown>,
    pub answering: Option<CardShown>,
    /// The sides that the caller speaks for.
    pub yours: Vec<Side>,
    pub purpose: Option<Purpose>,
    #[schema(value_type = String)]
    pub message: Prose,
    pub questions: Questions,
    pub answer_by: Day,
    /// Nobody answered by the end of that day: an answer is refused with `lapsed`, and the next sweep lets it lapse.
    pub overdue: bool,
    /// Sides that said yes, as far as the reader may know: a single yes is not told to the other side.
    pub yes: Vec<Side>,
    pub declined: Option<Declined>,
    /// Why a desk ended it.
    pub ended: Option<EndedShown>,
    /// What stands in the way: a side that nobody answers for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<WarningShown>,
    /// Confidential things: the own ones, and those that are open.
    pub parts: Vec<PartShown>,
    pub nda_signed_on: Option<Day>,
    pub case: Option<ThingId>,
    #[serde(rename = "match")]
    pub proposal: Option<ThingId>,
    pub desk: Option<PersonShown>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub struct EndedShown {
    pub reason: DeclineReason,
    #[schema(value_type = Option<String>)]
    pub text: Option<Prose>,
    pub on: Day,
}

#[derive(Serialize, ToSchema)]
pub struct WarningShown {
    pub code: &'static str,
    pub side: Side,
    pub message: Message,
}

#[derive(Serialize, ToSchema)]
pub struct PartShown {
    #[serde(flatten)]
    pub part: Part,
    /// The other side can read it now.
    pub open: bool,
    pub card: Option<CardShown>,
}

/// Of the list as a file.
const COLUMNS: matter::Columns = &[
    ("ID", "/id"),
    ("状態 / state", "/state"),
    ("対象 / subject", "/subject/title"),
    ("求める側 / seeking", "/seeking/title"),
    ("応える側 / answering", "/answering/title"),
    ("目的 / purpose", "/purpose"),
    ("回答期限 / answer by", "/answer_by"),
    ("辞退理由 / reason", "/declined/reason"),
    ("辞退の説明 / text", "/declined/text"),
    ("打切りの理由 / ended", "/ended/reason"),
    ("担当 / desk", "/desk/name"),
    ("申込み / created", "/created_at"),
    ("更新 / updated", "/updated_at"),
];

#[derive(Serialize, ToSchema)]
pub struct IntroductionsShown {
    pub items: Vec<IntroductionShown>,
    pub next: Option<String>,
}

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/introductions").route(web::get().to(list)).route(web::post().to(create)))
        .service(at("/introductions/{id}").route(web::get().to(read)))
        .service(at("/introductions/{id}/history").route(web::get().to(history)))
        .service(at("/introductions/{id}/events").route(web::post().to(act)));
}

/// Introductions of the own parties, or all for desks; newest first.
#[utoipa::path(get, path = "/api/v1/introductions", tag = "desk", params(MatterQuery), responses(
    (status = 200, body = IntroductionsShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller) -> Answer {
    let states: Vec<&str> = IntroductionState::ALL.iter().map(|state| state.code()).collect();
    let now = app.clock().timestamp();
    matter::list::<Introduction, IntroductionShown>(
        &app,
        &request,
        actor,
        &states,
        COLUMNS,
        move |conn, actor, page| page.iter().map(|kept| show(conn, actor, &now, kept)).collect(),
    )
    .await
}

/// Asks for an introduction: a coordinator asks both sides, a member of one side the other.
#[utoipa::path(post, path = "/api/v1/introductions", tag = "desk", request_body = NewIntroduction, params(
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 201, body = IntroductionShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn create(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, body: web::Bytes) -> Answer {
    allow(&actor, actor != Actor::Visitor)?;
    let new: NewIntroduction = wire::typed(&request, &body)?;
    matter::once(&app, &request, actor, &body, "introductions", move |tx| {
        let proposal = proposal_of(tx, &new)?;
        let asked = asked(tx, new, proposal.as_ref())?;
        let pair = Proposal::pair(&asked.subject, &asked.answering);
        let kept = matters::open::<Introduction>(tx, IntroductionDeed::Asked(Box::new(asked)), None)?;
        // The proposal goes on, whoever asked.
        let waiting = match proposal {
            Some(proposal) => Some(proposal),
            None => {
                let there = matters::of_pair(tx.conn(), &pair)?;
                let there = there.map(|id| matters::get::<Proposal>(tx.conn(), &Sight::All, &id)).transpose()?;
                // Dismissed on some desk: that does not bind those who find each other by themselves.
                there.filter(|proposal| proposal.matter.state != ProposalState::Dismissed)
            }
        };
        if let Some(mut proposal) = waiting {
            let introduction = kept.id.clone();
            matters::add(tx, &mut proposal, ProposalDeed::Introduced { introduction }, None)?;
        }
        done(tx, &kept, true)
    })
    .await
}

/// One introduction, now or as of a moment.
#[utoipa::path(get, path = "/api/v1/introductions/{id}", tag = "desk", params(("id" = String, Path), MomentQuery), responses(
    (status = 200, body = IntroductionShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let as_of = matter::moment(wire::query::<MomentQuery>(&request)?.as_of.as_deref())?;
    let then = as_of.unwrap_or_else(|| app.clock().timestamp());
    matter::read::<Introduction, _>(&app, &request, actor, &id, move |conn, actor, kept| show(conn, actor, &then, kept))
        .await
}

/// Everything that happened to an introduction, as far as the caller may know.
#[utoipa::path(get, path = "/api/v1/introductions/{id}/history", tag = "desk", params(("id" = String, Path), HistoryQuery), responses(
    (status = 200, body = History), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn history(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let sight = matter::sight(&actor)?;
    let (id, format) = (wire::known_id(&id)?, matter::history_form(&request)?);
    let scope = actor.scope();
    let history = app
        .read(move |conn| {
            let kept = matters::get::<Introduction>(conn, &sight, &id)?;
            let desk = actor.reads_the_desk();
            let masks = !desk && !kept.matter.names_the_seeker() && !actor.belongs_to(&kept.matter.asked.seeking);
            let events = known_to(&actor, &kept);
            matter::history::<Introduction>(conn, &events, desk, |deed| {
                let handed_over = matches!(deed, IntroductionDeed::HandedOver { .. });
                let mut told = serde_json::to_value(deed).map_err(Error::internal)?;
                if let Some(fields) = told.as_object_mut() {
                    if masks {
                        fields.remove("seeking");
                    }
                    if !desk {
                        fields.remove("proposal");
                    }
                    // What one desk writes to the next is theirs.
                    if !desk && handed_over {
                        fields.remove("note");
                    }
                }
                Ok(told)
            })
        })
        .await?;
    matter::answer_history::<Introduction>(&app, scope, format, history).await
}

/// Accepts, declines with a reason, notes an NDA, adds or withdraws a confidential part. Done twice, it counts once.
#[utoipa::path(post, path = "/api/v1/introductions/{id}/events", tag = "desk", request_body = IntroductionEvent, params(
    ("id" = String, Path),
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 200, body = IntroductionShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn act(
    app: web::Data<App>,
    request: HttpRequest,
    Caller(actor): Caller,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let sight = matter::sight(&actor)?;
    let id = wire::known_id(&id)?;
    let event: IntroductionEvent = wire::typed(&request, &body)?;
    matter::once(&app, &request, actor, &body, "introductions", move |tx| {
        let mut kept = matters::get::<Introduction>(tx.conn(), &sight, &id)?;
        let deed = deed_of(tx, &kept, event)?;
        matters::add(tx, &mut kept, deed, None)?;
        done(tx, &kept, false)
    })
    .await
}

fn deed_of(tx: &mut Tx<'_>, kept: &Kept<Introduction>, event: IntroductionEvent) -> Result<IntroductionDeed> {
    let actor = tx.actor().clone();
    match event {
        IntroductionEvent::Accept { side } => {
            Ok(IntroductionDeed::Accepted { side: spoken_for(tx, &kept.matter, side)? })
        }
        IntroductionEvent::Decline { side, reason, text } => {
            Ok(IntroductionDeed::Declined { side: spoken_for(tx, &kept.matter, side)?, reason, text })
        }
        IntroductionEvent::Take => matter::take(&actor, kept),
        IntroductionEvent::End { reason, text } => {
            allow(&actor, actor.works_the_desk())?;
            Ok(IntroductionDeed::Ended { reason, text })
        }
        IntroductionEvent::NdaNoted { signed_on } => {
            allow(&actor, actor.works_the_desk())?;
            Ok(IntroductionDeed::NdaNoted { signed_on })
        }
        IntroductionEvent::AddPart { thing, opens } => {
            let (side, kind) = own_part(tx, &kept.matter, &thing)?;
            Ok(IntroductionDeed::PartAdded { side, kind, thing, opens })
        }
        IntroductionEvent::WithdrawPart { thing } => {
            let part = kept.matter.parts.iter().find(|part| part.thing == thing);
            // Withdrawn before: it is so already.
            let before = kept.events.iter().rev().find_map(|event| match &event.deed {
                IntroductionDeed::PartWithdrawn { side, thing: known } if *known == thing => Some(*side),
                _ => None,
            });
            let side = part.map(|part| part.side).or(before);
            match side.filter(|side| actor.speaks_for(kept.matter.party(*side))) {
                Some(side) => Ok(IntroductionDeed::PartWithdrawn { side, thing }),
                None => Err(unknown("/thing", &thing)),
            }
        }
    }
}

/// The side that the actor answers for. A coordinator answers for a party only where nobody else can, and says so.
fn spoken_for(tx: &mut Tx<'_>, matter: &Introduction, asked: Option<Side>) -> Result<Side> {
    let actor = tx.actor().clone();
    let sides = sides_of(&actor, matter);
    match (asked, sides.as_slice()) {
        (Some(side), sides) if sides.contains(&side) => Ok(side),
        (Some(side), _) if actor.works_the_desk() && !notices::has_somebody(tx.conn(), matter.party(side))? => Ok(side),
        (_, []) | (Some(_), _) => Err(Error::Forbidden),
        (None, [side]) => Ok(*side),
        (None, _) => Err(Error::invalid(
            "/side",
            Defect::new(
                "value.required",
                "どちらの側として回答するかを選んでください。",
                "Please say for which side you answer.",
            ),
        )),
    }
}

fn sides_of(actor: &Actor, matter: &Introduction) -> Vec<Side> {
    Side::ALL.iter().copied().filter(|side| actor.speaks_for(matter.party(*side))).collect()
}

/// Only who owns a thing opens it. What is not theirs, or not there, is the same.
fn own_part(tx: &mut Tx<'_>, matter: &Introduction, thing: &ThingId) -> Result<(Side, Kind)> {
    let sides = sides_of(tx.actor(), matter);
    allow(tx.actor(), !sides.is_empty())?;
    let owner = disclosures::owner_and_visibility(tx.conn(), thing)?.and_then(|(owner, _)| owner);
    let side = sides.into_iter().find(|side| owner.as_ref() == Some(matter.party(*side)));
    let kind = things::kind_of(tx.conn(), thing)?.filter(|kind| !kind.is_party());
    match (side, kind) {
        (Some(side), Some(kind)) => Ok((side, kind)),
        _ => Err(unknown("/thing", thing)),
    }
}

/// The proposal that is named, for desks only.
fn proposal_of(tx: &mut Tx<'_>, new: &NewIntroduction) -> Result<Option<Kept<Proposal>>> {
    let Some(id) = &new.proposal else { return Ok(None) };
    allow(tx.actor(), tx.actor().works_the_desk())?;
    match matters::get::<Proposal>(tx.conn(), &Sight::All, id) {
        Ok(proposal) => Ok(Some(proposal)),
        Err(Error::NotFound) => Err(unknown("/match", id)),
        Err(error) => Err(error),
    }
}

/// Checks what is asked and by whom.
fn asked(tx: &mut Tx<'_>, new: NewIntroduction, proposal: Option<&Kept<Proposal>>) -> Result<Asked> {
    let (actor, scope) = (tx.actor().clone(), tx.actor().scope());
    let required = |pointer: &str| {
        let defect = Defect::new("value.required", "この項目は必須です。", "This field is required.");
        Error::invalid(pointer, defect)
    };
    let matter = proposal.map(|proposal| &proposal.matter);
    let subject =
        new.subject.or_else(|| matter.map(|matter| matter.from.clone())).ok_or_else(|| required("/subject"))?;
    let answering =
        new.party.or_else(|| matter.map(|matter| matter.party.clone())).ok_or_else(|| required("/party"))?;
    if matter.is_some_and(|matter| matter.from != subject || matter.party != answering) {
        let defect = Defect::new("match.other", "候補と組み合わせが違います。", "The proposal is of another pair.");
        return Err(Error::invalid("/match", defect));
    }
    let cards = Cards::read(tx.conn(), &scope, [subject.clone(), answering.clone()])?;
    let subject_kind = cards.get(&subject).map(|card| card.kind).ok_or_else(|| unknown("/subject", &subject))?;
    if cards.get(&answering).is_none_or(|card| !card.kind.is_party()) {
        return Err(unknown("/party", &answering));
    }
    let (owner, visibility) = disclosures::owner_and_visibility(tx.conn(), &subject)?.ok_or(Error::NotFound)?;
    // A record of work belongs to nobody who could answer.
    let seeking = owner.ok_or_else(|| unknown("/subject", &subject))?;
    let speaks: Vec<Side> = [(Side::Seeking, &seeking), (Side::Answering, &answering)]
        .into_iter()
        .filter(|(_, party)| actor.speaks_for(party))
        .map(|(side, _)| side)
        .collect();
    // Before anything is said of the owner: whoever speaks for nobody here learns nothing.
    allow(&actor, actor.works_the_desk() || !speaks.is_empty())?;
    if seeking == answering {
        let defect = Defect::new(
            "party.own",
            "自分自身を相手にすることはできません。",
            "A party cannot be introduced to itself.",
        );
        return Err(Error::invalid("/party", defect));
    }
    let today = Day::at(tx.at());
    refuse_soon_after_a_no(tx, &subject, &answering, &speaks, new.reason.as_ref())?;
    let answer_by = new.answer_by.unwrap_or_else(|| today.plus_days(ANSWER_DAYS));
    if answer_by < today || answer_by > today.plus_days(ANSWER_DAYS_MOST) {
        let defect = Defect::new(
            "answer_by.range",
            format!("回答期限は今日から{ANSWER_DAYS_MOST}日以内です。"),
            format!("The date lies between today and {ANSWER_DAYS_MOST} days ahead."),
        );
        return Err(Error::invalid("/answer_by", defect));
    }
    let need = match subject_kind {
        Kind::Need => Some(things::get::<Need>(tx.conn(), &Scope::Everything, &subject)?),
        _ => None,
    };
    let willing = match (&actor, speaks.as_slice()) {
        (Actor::Account(_), [side]) => Some(*side),
        _ => None,
    };
    Ok(Asked {
        proposal: proposal.map(|proposal| proposal.id.clone()),
        subject_kind,
        subject,
        anonymous: need.is_some_and(|need| need.entry.anonymous),
        subject_opens: visibility != Visibility::Private,
        seeking,
        answering,
        purpose: new.purpose.or_else(|| matter.and_then(|matter| matter.purpose)),
        message: new.message,
        questions: new.questions,
        answer_by,
        willing,
        again: new.reason.filter(|_| actor.works_the_desk()),
        desk: if actor.works_the_desk() { actor.account().cloned() } else { None },
    })
}

/// A no holds for a while, unless who said it thinks again, or a desk says why.
fn refuse_soon_after_a_no(
    tx: &mut Tx<'_>,
    subject: &ThingId,
    answering: &ThingId,
    speaks: &[Side],
    reason: Option<&Prose>,
) -> Result<()> {
    let today = Day::at(tx.at());
    let no = matters::declined_lately(tx.conn(), subject, answering, REST_DAYS, &today)?;
    let Some((_, until)) = no.filter(|(side, _)| !speaks.contains(side)) else { return Ok(()) };
    if tx.actor().works_the_desk() && reason.is_some() {
        return Ok(());
    }
    let until = until.as_str();
    Err(Error::Conflict(Defect::new(
        "declined-lately",
        format!(
            "この組み合わせは先に辞退されています。{until}以降に改めて申し込むか、コーディネーターにご相談ください（コーディネーターは reason を添えれば申し込めます）。"
        ),
        format!(
            "This pair was declined lately. Ask again from {until}, or ask a coordinator (who may go on with a reason)."
        ),
    )))
}

/// Sides that are still to answer and have nobody who can, as far as the caller may know whose they are.
fn warnings(conn: &mut Conn, matter: &Introduction, named: bool) -> Result<Vec<WarningShown>> {
    let mut warnings = Vec::new();
    for side in Side::ALL.iter().copied().filter(|side| !matter.yes.contains(side)) {
        if matter.state != IntroductionState::Asked || (side == Side::Seeking && !named) {
            continue;
        }
        if !notices::has_somebody(conn, matter.party(side))? {
            let message = Message::new(
                "この機関・企業・研究者には、回答できる会員がまだいません。コーディネーターが連絡し、代わりに回答（side を指定）できます。",
                "Nobody can answer for this party yet. A coordinator gets in touch and may answer for it (naming the side).",
            );
            warnings.push(WarningShown { code: "party.nobody", side, message });
        }
    }
    Ok(warnings)
}

fn done(tx: &mut Tx<'_>, kept: &Kept<Introduction>, begun: bool) -> Result<Done> {
    let (actor, now) = (tx.actor().clone(), tx.at().clone());
    let shown = show(tx.conn(), &actor, &now, kept)?;
    Done::new(&kept.id, begun, &shown)
}

/// The events that the caller may know of.
fn known_to(actor: &Actor, kept: &Kept<Introduction>) -> Vec<crate::domain::desk::Event<IntroductionDeed>> {
    if actor.reads_the_desk() {
        return kept.events.clone();
    }
    let belongs = |side: &Side| actor.belongs_to(kept.matter.party(*side));
    let sides: Vec<Side> = Side::ALL.iter().copied().filter(belongs).collect();
    kept.matter.seen_by(&kept.events, &sides)
}

fn show(conn: &mut Conn, actor: &Actor, now: &Timestamp, kept: &Kept<Introduction>) -> Result<IntroductionShown> {
    let desk = actor.reads_the_desk();
    let events = known_to(actor, kept);
    // What the caller may know of it is the sum of what the caller may know.
    let matter =
        replay::<Introduction>(&events).ok_or_else(|| Error::internal("an introduction without a beginning"))?;
    let asked = matter.asked.clone();
    let named = desk || matter.names_the_seeker() || actor.belongs_to(&asked.seeking);
    let ids = [asked.subject.clone(), asked.seeking.clone(), asked.answering.clone()]
        .into_iter()
        .chain(matter.parts.iter().map(|part| part.thing.clone()));
    let cards = Cards::with_gone(conn, &actor.scope(), ids)?;
    let opened = matter.opened();
    let warnings = warnings(conn, &matter, named)?;
    let people = people(conn, kept.matter.desk.iter().map(ToString::to_string))?;
    let parts = matter.parts.iter().map(|part| PartShown {
        open: opened.contains(&(part.thing.clone(), part.side.other())),
        card: cards.get(&part.thing),
        part: part.clone(),
    });
    Ok(IntroductionShown {
        id: kept.id.clone(),
        state: matter.state,
        subject: cards.get(&asked.subject),
        seeking: cards.get(&asked.seeking).filter(|_| named),
        answering: cards.get(&asked.answering),
        yours: if actor.account().is_some() { sides_of(actor, &matter) } else { Vec::new() },
        purpose: asked.purpose,
        message: asked.message,
        questions: asked.questions,
        overdue: matter.is_overdue(now),
        answer_by: asked.answer_by,
        yes: matter.yes.clone(),
        declined: matter.declined.clone(),
        ended: matter.ended.clone().map(|(reason, text, on)| EndedShown { reason, text, on }),
        warnings,
        parts: parts.collect(),
        nda_signed_on: matter.nda_signed_on.clone(),
        case: matter.case.clone(),
        proposal: asked.proposal.filter(|_| desk),
        desk: kept.matter.desk.as_ref().and_then(|desk| people.get(desk.as_str()).cloned()),
        version: events.len() as i64,
        created_at: kept.created_at.clone(),
        updated_at: events.last().map_or_else(|| kept.created_at.clone(), |event| event.at.clone()),
    })
}

/// What a notice about an introduction names, as far as the reader may know it now: the subject, and the parties.
pub(super) fn named(conn: &mut Conn, actor: &Actor, now: &Timestamp, id: &ThingId) -> Result<Named> {
    let kept = matters::get::<Introduction>(conn, &matter::sight(actor)?, id)?;
    let shown = show(conn, actor, now, &kept)?;
    let parties = shown.seeking.into_iter().chain(shown.answering).collect();
    Ok(Named { title: None, subject: shown.subject, parties })
}
