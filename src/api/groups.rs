//! `/groups`: firms that go together. Formed by the office, from a composition or by hand; invited, confirmed, exhibited,
//! reported; and how far the group has grown.

use super::compose::GroupAnswer;
use super::group_wire::{COLUMNS, GroupEvent, GroupShown, GroupsShown, NewGroup, ShareBody, show};
use super::matter::{self, Cards, Done, History, HistoryQuery, MatterQuery, MomentQuery, allow, unknown};
use super::permit;
use super::problem::{Answer, ProblemBody};
use super::wire::{self, Revision};
use crate::app::App;
use crate::auth::Caller;
use crate::domain::desk::group::{Formed, Planned, SEATS_MOST};
use crate::domain::desk::introduction::ANSWER_DAYS;
use crate::domain::desk::shares::{Part, SubsidyRule, part_cost};
use crate::domain::desk::{Application, Day, Group, GroupDeed};
use crate::domain::vocabulary::Kind;
use crate::domain::vocabulary::desk::{ApplicationState, GroupState, SeatState};
use crate::domain::{Defect, Exhibition, Scope, ThingId};
use crate::error::{Error, Result};
use crate::store::matters::{self, Kept};
use crate::store::{Tx, fairs, notices, things};
use actix_web::{HttpRequest, web};

pub fn routes(config: &mut web::ServiceConfig) {
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(wire::method_not_allowed));
    config
        .service(at("/groups").route(web::get().to(list)).route(web::post().to(create)))
        .service(at("/groups/{id}").route(web::get().to(read)))
        .service(at("/groups/{id}/history").route(web::get().to(history)))
        .service(at("/groups/{id}/events").route(web::post().to(act)));
}

/// Groups into which the own parties were invited, or all for the office; newest first.
#[utoipa::path(get, path = "/api/v1/groups", tag = "exhibitions", params(MatterQuery), responses(
    (status = 200, body = GroupsShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn list(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller) -> Answer {
    let states: Vec<&str> = GroupState::ALL.iter().map(|state| state.code()).collect();
    matter::list::<Group, GroupShown>(&app, &request, actor, &states, COLUMNS, |conn, actor, page| {
        page.iter().map(|kept| show(conn, actor, kept)).collect()
    })
    .await
}

/// Forms a group: from a composition, or of the members that are named. Nobody is told before they are invited.
#[utoipa::path(post, path = "/api/v1/groups", tag = "exhibitions", request_body = NewGroup, params(
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 201, body = GroupShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn create(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, body: web::Bytes) -> Answer {
    permit::organiser(&actor)?;
    let new: NewGroup = wire::typed(&request, &body)?;
    matter::once(&app, &request, actor, &body, "groups", move |tx| {
        let formed = formed(tx, new)?;
        let kept = matters::open::<Group>(tx, GroupDeed::Formed(Box::new(formed)), None)?;
        done(tx, &kept, true)
    })
    .await
}

/// One group, now or as of a moment.
#[utoipa::path(get, path = "/api/v1/groups/{id}", tag = "exhibitions", params(("id" = String, Path), MomentQuery),
    responses(
    (status = 200, body = GroupShown), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
), security(("bearer" = [])))]
async fn read(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    matter::read::<Group, _>(&app, &request, actor, &id, show).await
}

/// Everything that happened to a group: for the office.
#[utoipa::path(get, path = "/api/v1/groups/{id}/history", tag = "exhibitions", params(("id" = String, Path), HistoryQuery), responses(
    (status = 200, body = History), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
), security(("bearer" = [])))]
async fn history(app: web::Data<App>, request: HttpRequest, Caller(actor): Caller, id: web::Path<String>) -> Answer {
    let sight = matter::sight(&actor)?;
    let (id, format) = (wire::known_id(&id)?, matter::history_form(&request)?);
    let scope = actor.scope();
    let history = app
        .read(move |conn| {
            let kept = matters::get::<Group>(conn, &sight, &id)?;
            // It holds what each pays, and why others said no.
            allow(&actor, actor.reads_the_desk())?;
            matter::history::<Group>(conn, &kept.events, true, |deed| {
                serde_json::to_value(deed).map_err(Error::internal)
            })
        })
        .await?;
    matter::answer_history::<Group>(&app, scope, format, history).await
}

/// Invitations, answers, shares, confirmation, and what comes after. Done twice, it counts once. With If-Match it is refused if
/// the group has moved meanwhile; `set_shares`, which says anew what everybody pays, needs it.
#[utoipa::path(post, path = "/api/v1/groups/{id}/events", tag = "exhibitions", request_body = GroupEvent, params(
    ("id" = String, Path),
    ("If-Match" = Option<String>, Header, description = "The ETag that was read, with its quotes."),
    ("Idempotency-Key" = Option<String>, Header, description = "The same request again gets the same answer for 24 hours."),
), responses(
    (status = 200, body = GroupShown), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 412, body = ProblemBody),
    (status = 422, body = ProblemBody), (status = 428, body = ProblemBody),
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
    let event: GroupEvent = wire::typed(&request, &body)?;
    let expected = Revision::given(&request)?;
    matter::once(&app, &request, actor, &body, "groups", move |tx| {
        let mut kept = matters::get::<Group>(tx.conn(), &sight, &id)?;
        let replaces = matches!(event, GroupEvent::SetShares { .. });
        let deed = deed_of(tx, &kept, event)?;
        if replaces && expected.is_none() {
            return Err(Error::PreconditionRequired);
        }
        matter::refuse_stale(&kept, expected)?;
        matters::add(tx, &mut kept, deed, None)?;
        done(tx, &kept, false)
    })
    .await
}

fn done(tx: &mut Tx<'_>, kept: &Kept<Group>, begun: bool) -> Result<Done> {
    let actor = tx.actor().clone();
    Done::new(&kept.id, begun, &show(tx.conn(), &actor, kept)?)
}

fn deed_of(tx: &mut Tx<'_>, kept: &Kept<Group>, event: GroupEvent) -> Result<GroupDeed> {
    let actor = tx.actor().clone();
    let group = &kept.matter;
    let office = || allow(&actor, permit::organiser(&actor).is_ok());
    let lead_or_office = || {
        let leads = group.leader().is_some_and(|lead| actor.account().is_some() && actor.speaks_for(lead));
        allow(&actor, leads || permit::organiser(&actor).is_ok())
    };
    match event {
        GroupEvent::Accept { party } => Ok(GroupDeed::Accepted { party: spoken_for(tx, group, party)? }),
        GroupEvent::Decline { party, reason, text } => {
            Ok(GroupDeed::Declined { party: spoken_for(tx, group, party)?, reason, text })
        }
        GroupEvent::Withdraw { party, reason, text } => {
            Ok(GroupDeed::Withdrew { party: spoken_for(tx, group, party)?, reason, text })
        }
        GroupEvent::Report { text } => {
            lead_or_office()?;
            Ok(GroupDeed::Reported { report: text })
        }
        GroupEvent::Mature { to, text } => {
            lead_or_office()?;
            Ok(GroupDeed::Matured { to, text })
        }
        GroupEvent::TellStory { title, text, public } => {
            lead_or_office()?;
            Ok(GroupDeed::StoryTold { title, text, public })
        }
        GroupEvent::Invite { answer_by, message } => {
            office()?;
            let planned = group.seats.iter().filter(|seat| seat.state == SeatState::Planned);
            let planned: Vec<ThingId> = planned.map(|seat| seat.planned.party.clone()).collect();
            refuse_in_two(tx, group.formed.exhibition.as_ref(), Some(&kept.id), &planned)?;
            let again = answer_by.is_some();
            Ok(GroupDeed::Invited { answer_by: answer_day(tx, group, answer_by)?, message, again })
        }
        GroupEvent::Add { party, replaces, cost, share, answer_by, message } => {
            office()?;
            refuse_in_two(tx, group.formed.exhibition.as_ref(), Some(&kept.id), std::slice::from_ref(&party))?;
            let answer_by = answer_day(tx, group, answer_by)?;
            let seat = one_more(tx, group, party, cost.map(|cost| cost.value()), share.map(|share| share.value()))?;
            Ok(GroupDeed::SeatAdded { seat, replaces, answer_by, message })
        }
        GroupEvent::Release { party, text } => {
            office()?;
            Ok(GroupDeed::Released { party, text })
        }
        GroupEvent::SetLead { party } => {
            office()?;
            Ok(GroupDeed::LeadSet { party })
        }
        GroupEvent::SetShares { shares, answer_by } => {
            office()?;
            let shares: Vec<Planned> = shares.iter().map(ShareBody::planned).collect();
            let parts: Vec<Part> = shares.iter().map(Planned::part).collect();
            let findings = group.formed.rule.check(&parts);
            if findings.is_empty() {
                Ok(GroupDeed::SharesSet { shares, answer_by })
            } else {
                Err(Error::Invalid(findings))
            }
        }
        GroupEvent::Confirm {} => {
            office()?;
            let active: Vec<Part> = group.active().map(|seat| seat.planned.part()).collect();
            let findings = group.formed.rule.check(&active);
            if findings.is_empty() { Ok(GroupDeed::Confirmed) } else { Err(Error::Invalid(findings)) }
        }
        GroupEvent::Exhibited {} => {
            office()?;
            refuse_before_the_fair(tx, group)?;
            Ok(GroupDeed::Exhibited)
        }
        GroupEvent::Dissolve { text } => {
            office()?;
            Ok(GroupDeed::Dissolved { text })
        }
    }
}

/// The party that the actor answers for. Those who organise answer for a party only where nobody else can (it said so by
/// telephone), and name it.
fn spoken_for(tx: &mut Tx<'_>, group: &Group, asked: Option<ThingId>) -> Result<ThingId> {
    let actor = tx.actor().clone();
    let own: Vec<&ThingId> =
        group.seats.iter().map(|seat| &seat.planned.party).filter(|party| actor.speaks_for(party)).collect();
    match (asked, own.as_slice()) {
        (Some(party), own) if own.contains(&&party) => Ok(party),
        (Some(party), _)
            if permit::organiser(&actor).is_ok()
                && group.seats.iter().any(|seat| seat.planned.party == party)
                && !notices::has_somebody(tx.conn(), &party)? =>
        {
            Ok(party)
        }
        (_, []) | (Some(_), _) => Err(Error::Forbidden),
        (None, [party]) => Ok((*party).clone()),
        (None, _) => Err(Error::invalid(
            "/party",
            Defect::new(
                "value.required",
                "どの機関・企業として回答するかを選んでください。",
                "Please say for which party you answer.",
            ),
        )),
    }
}

/// When an answer is due: as asked, or by the day of the exhibition, or in two weeks.
fn answer_day(tx: &mut Tx<'_>, group: &Group, asked: Option<Day>) -> Result<Day> {
    let today = Day::at(tx.at());
    if let Some(asked) = asked {
        return Ok(asked);
    }
    let of_fair = exhibition_of(tx, group)?.and_then(|exhibition| exhibition.answer_by);
    Ok(of_fair.filter(|day| *day >= today).unwrap_or_else(|| today.plus_days(ANSWER_DAYS)))
}

/// The exhibition as it is now; none: the group goes to none, or it was deleted.
fn exhibition_of(tx: &mut Tx<'_>, group: &Group) -> Result<Option<Exhibition>> {
    let Some(id) = &group.formed.exhibition else { return Ok(None) };
    let found = things::get_many::<Exhibition>(tx.conn(), &Scope::Everything, &[id.to_string()])?;
    Ok(found.into_iter().next().map(|thing| thing.entry))
}

fn refuse_before_the_fair(tx: &mut Tx<'_>, group: &Group) -> Result<()> {
    let today = Day::at(tx.at());
    match exhibition_of(tx, group)?.and_then(|exhibition| exhibition.begins_on) {
        Some(day) if day > today => Err(Error::Conflict(Defect::new(
            "too-early",
            format!("展示会は{}からです。", day.as_str()),
            format!("The exhibition begins on {}.", day.as_str()),
        ))),
        Some(_) | None => Ok(()),
    }
}

/// The seat of one more, with its cost and share unless they were said.
fn one_more(tx: &mut Tx<'_>, group: &Group, party: ThingId, cost: Option<i64>, share: Option<i64>) -> Result<Planned> {
    refuse_unknown(tx, "/party", std::slice::from_ref(&party))?;
    let cost = match (cost, &group.formed.exhibition) {
        (Some(cost), _) => cost,
        (None, Some(exhibition)) => costs(tx, exhibition, std::slice::from_ref(&party))?.pop().unwrap_or(0),
        (None, None) => 0,
    };
    let rule = &group.formed.rule;
    let left = group.left_of_cap(None).unwrap_or(i64::MAX).max(0);
    let share = share.unwrap_or_else(|| cost - rule.most_of(cost).min(left));
    let seat = Planned { party, cost, share };
    let mut findings = rule.check(&[seat.part()]);
    if findings.is_empty() && seat.part().subsidy() > left {
        let defect = Defect::new(
            "shares.cap",
            format!("補助の残りは{left}円です。"),
            format!("{left} yen are left of the subsidy."),
        );
        findings.push(crate::domain::Finding::new("/share", defect));
    }
    for finding in &mut findings {
        finding.pointer = "/share".to_owned();
    }
    if findings.is_empty() { Ok(seat) } else { Err(Error::Invalid(findings)) }
}

/// A firm goes to an exhibition in one group: who was asked into another one, or said yes to it, is not asked again.
fn refuse_in_two(
    tx: &mut Tx<'_>,
    exhibition: Option<&ThingId>,
    own: Option<&ThingId>,
    parties: &[ThingId],
) -> Result<()> {
    let Some(exhibition) = exhibition else { return Ok(()) };
    let taken = fairs::taken(tx.conn(), exhibition, |kept| Some(&kept.id) == own)?;
    if let Some(fairs::Taken { party, group, title }) = taken.iter().find(|taken| parties.contains(&taken.party)) {
        let scope = tx.actor().scope();
        let card = Cards::read(tx.conn(), &scope, [party.clone()])?.get(party);
        let name = card.map_or_else(|| party.to_string(), |card| card.title.any().to_owned());
        return Err(Error::Conflict(Defect::new(
            "in-another-group",
            format!("「{name}」は、同じ展示会のグループ「{title}」（{group}）に参加しているか、招待されています。"),
            format!("\"{name}\" is in, or was asked into, the group \"{title}\" ({group}) of the same exhibition."),
        )));
    }
    Ok(())
}

/// What was composed is no group any more where somebody took its application back since.
fn refuse_withdrawn(tx: &mut Tx<'_>, exhibition: &ThingId, members: &[ThingId]) -> Result<()> {
    let applications = matters::about::<Application>(tx.conn(), exhibition)?;
    let of = |party: &ThingId, state: ApplicationState| {
        applications.iter().any(|kept| kept.matter.party == *party && kept.matter.state == state)
    };
    let gone = |party: &&ThingId| of(party, ApplicationState::Withdrawn) && !of(party, ApplicationState::Applied);
    let gone: Vec<ThingId> = members.iter().filter(gone).cloned().collect();
    if gone.is_empty() {
        return Ok(());
    }
    let scope = tx.actor().scope();
    let cards = Cards::read(tx.conn(), &scope, gone.iter().cloned())?;
    let name = |id: &ThingId| cards.get(id).map_or_else(|| id.to_string(), |card| card.title.any().to_owned());
    let names: Vec<String> = gone.iter().map(name).collect();
    Err(Error::Conflict(Defect::new(
        "application-withdrawn",
        format!(
            "「{}」は編成のあとで申込みを取り下げました。編成案を変えてから、もう一度作ってください。",
            names.join("」「")
        ),
        format!(
            "\"{}\" withdrew after this was composed. Change the composition first, then form the group.",
            names.join("\", \"")
        ),
    )))
}

/// Members are organisations that the caller sees.
fn refuse_unknown(tx: &mut Tx<'_>, pointer: &str, parties: &[ThingId]) -> Result<()> {
    let scope = tx.actor().scope();
    let cards = Cards::read(tx.conn(), &scope, parties.iter().cloned())?;
    match parties.iter().find(|party| cards.get(party).is_none_or(|card| card.kind != Kind::Organization)) {
        Some(missing) => Err(unknown(pointer, missing)),
        None => Ok(()),
    }
}

/// What each part costs, by what was applied for.
fn costs(tx: &mut Tx<'_>, exhibition: &ThingId, parties: &[ThingId]) -> Result<Vec<i64>> {
    let scope = tx.actor().scope();
    let fair = things::get::<Exhibition>(tx.conn(), &scope, exhibition)?.entry;
    let applications = matters::about::<Application>(tx.conn(), exhibition)?;
    let form = |party: &ThingId| {
        let applied = applications.iter().map(|kept| &kept.matter);
        applied
            .filter(|application| application.state == ApplicationState::Applied)
            .find(|application| application.party == *party)
            .map(|application| &application.form)
    };
    Ok(parties.iter().map(|party| part_cost(&fair, form(party))).collect())
}

/// The members of a composition are its own; others are chosen there, with the effect shown.
fn refuse_others(members: &[ThingId], sent: &[ThingId]) -> Result<()> {
    if sent.is_empty() || (sent.len() == members.len() && members.iter().all(|member| sent.contains(member))) {
        return Ok(());
    }
    Err(Error::invalid(
        "/members",
        Defect::new(
            "group.composition",
            "メンバーは編成案のとおりになります。変えるときは編成案を変えるか、composition を付けずに members を送ってください。",
            "The members are those of the composition. Change the composition, or send members without it.",
        ),
    ))
}

fn formed(tx: &mut Tx<'_>, new: NewGroup) -> Result<Formed> {
    let scope = tx.actor().scope();
    let composition = match &new.composition {
        None => None,
        Some(id) => match fairs::composition(tx.conn(), id) {
            Ok(kept) => Some(kept),
            Err(Error::NotFound) => return Err(unknown("/composition", id)),
            Err(error) => return Err(error),
        },
    };
    let proposed = match composition.as_ref().map(|kept| GroupAnswer::kept(&kept.matter)) {
        None => None,
        Some(result) => Some(result.and_then(|result| result.group).ok_or_else(|| {
            Error::Conflict(Defect::new(
                "no-group",
                "この編成案にはグループがありません。条件を見直してください。",
                "This composition has no group. Look at its wishes again.",
            ))
        })?),
    };
    let of_composition = composition.as_ref().map(|kept| kept.matter.exhibition.clone());
    if let (Some(of_composition), Some(sent)) = (&of_composition, &new.exhibition)
        && of_composition != sent
    {
        let defect = Defect::new(
            "group.composition",
            "編成案は別の展示会のものです。exhibition は送らなくて構いません。",
            "The composition is of another exhibition. Leave this out.",
        );
        return Err(Error::invalid("/exhibition", defect));
    }
    let exhibition = of_composition.or(new.exhibition);
    let of_group = proposed.iter().flat_map(|group| &group.members);
    let members: Vec<ThingId> = match proposed {
        None => new.members,
        Some(_) => {
            let members: Vec<ThingId> = of_group.map(|member| ThingId::from_stored(member.party.id.clone())).collect();
            refuse_others(&members, &new.members)?;
            members
        }
    };
    let by_composition = proposed.and_then(|group| group.lead).map(|lead| ThingId::from_stored(lead.id));
    let lead = new.lead.or(by_composition);
    let mut once = members.clone();
    once.sort();
    once.dedup();
    if !(2..=SEATS_MOST).contains(&members.len()) || once.len() < members.len() {
        let defect = Defect::new(
            "list.length",
            format!("メンバーは2〜{SEATS_MOST}社を一度ずつ指定してください。"),
            format!("Name 2 to {SEATS_MOST} members, each once."),
        );
        return Err(Error::invalid("/members", defect));
    }
    refuse_unknown(tx, "/members", &members)?;
    if let Some(lead) = lead.as_ref().filter(|lead| !members.contains(lead)) {
        return Err(unknown("/lead", lead));
    }
    let (rule, parts) = match &exhibition {
        None => (SubsidyRule::default(), vec![Part { cost: 0, share: 0 }; members.len()]),
        Some(id) => {
            let found = things::get_many::<Exhibition>(tx.conn(), &scope, &[id.to_string()])?;
            let fair = found.into_iter().next().ok_or_else(|| unknown("/exhibition", id))?.entry;
            let rule = SubsidyRule::of(&fair);
            let costs = costs(tx, id, &members)?;
            (rule, rule.divide(&costs))
        }
    };
    if let (Some(exhibition), Some(_)) = (&exhibition, &new.composition) {
        refuse_withdrawn(tx, exhibition, &members)?;
    }
    refuse_in_two(tx, exhibition.as_ref(), None, &members)?;
    let planned = members.into_iter().zip(parts);
    Ok(Formed {
        exhibition,
        composition: new.composition,
        title: new.title,
        rule,
        members: planned.map(|(party, part)| Planned { party, cost: part.cost, share: part.share }).collect(),
        lead,
        desk: tx.actor().account().cloned(),
    })
}
