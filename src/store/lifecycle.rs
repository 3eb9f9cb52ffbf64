//! The steps of a thing's life, what was said with them, and whose things are reviewed.

use super::connection::Conn;
use super::database::Tx;
use super::log::Action as Logged;
use super::page::{Page, Paged, Place};
use super::schema::{reviews, things, trusted_parties, verifications_asked};
use super::things::{self as store, Stored};
use crate::domain::access::Action;
use crate::domain::lifecycle::{self, Hand, Step};
use crate::domain::text::Prose;
use crate::domain::vocabulary::{Kind, Status, Visibility};
use crate::domain::{Actor, Defect, Right, Scope, Thing, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;

/// Whose hand it is that registers something for `owners`.
pub(super) fn hand_of_new(tx: &mut Tx<'_>, kind: Kind, owners: &[ThingId]) -> Result<Hand> {
    let Actor::Account(account) = tx.actor().clone() else { return Ok(Hand::Reviewer) };
    if tx.actor().may(Action::Review, kind, owners) {
        return Ok(Hand::Reviewer);
    }
    if !lifecycle::reviewed(kind) {
        return Ok(Hand::Trusted);
    }
    let acts_for = |party: &&ThingId| {
        account.memberships.iter().any(|membership| &membership.party == *party && membership.right > Right::Reader)
    };
    let parties: Vec<String> = owners.iter().filter(acts_for).map(ToString::to_string).collect();
    let trusted: i64 = trusted_parties::table
        .filter(trusted_parties::party_id.eq_any(parties.clone()))
        .count()
        .get_result(tx.conn())?;
    // An author whose submission for the party was let in once is known.
    let known: i64 = reviews::table
        .filter(reviews::author.eq(account.id.as_str()).and(reviews::party.assume_not_null().eq_any(parties)))
        .filter(reviews::step.eq(Step::Publish.code()))
        .count()
        .get_result(tx.conn())?;
    Ok(if trusted + known > 0 { Hand::Trusted } else { Hand::Author })
}

/// Whose hand it is that does something with a thing. What a reviewer returned or took out is reviewed again, whoever
/// submits it.
fn hand_of(tx: &mut Tx<'_>, kind: Kind, id: &ThingId, owners: &[ThingId]) -> Result<Hand> {
    let hand = hand_of_new(tx, kind, owners)?;
    if hand != Hand::Trusted {
        return Ok(hand);
    }
    let last: Option<String> = reviews::table
        .filter(reviews::thing_id.eq(id.as_str()).and(reviews::by_reviewer.eq(true)))
        .order(reviews::id.desc())
        .select(reviews::step)
        .first(tx.conn())
        .optional()?;
    let refused = [Step::Return.code(), Step::Withdraw.code()];
    Ok(if last.is_some_and(|step| refused.contains(&step.as_str())) { Hand::Author } else { hand })
}

/// Takes a step with a thing that still is at version `expected`, if the table of `domain::lifecycle` allows it.
/// `owners`: the parties behind the thing. Whether the actor may touch it at all is asked before.
pub fn step<E: Stored>(
    tx: &mut Tx<'_>,
    current: Thing<E>,
    expected: i64,
    owners: &[ThingId],
    step: Step,
    comment: Option<&Prose>,
) -> Result<Thing<E>> {
    let id = current.header.id.clone();
    if current.header.version != expected {
        return Err(Error::Stale { current: current.header.version });
    }
    let hand = hand_of(tx, E::KIND, &id, owners)?;
    let from = current.header.status;
    let Some(to) = lifecycle::after(step, from, hand) else {
        return Err(Error::Conflict(lifecycle::refusal(step, from, hand)));
    };
    if to == Status::Submitted && current.entry.visibility() == Visibility::Private {
        return Err(Error::invalid(
            "/visibility",
            Defect::new(
                "review.private",
                "非公開のものは確認者に見えないため申請できません。先に公開範囲を変えてください。",
                "Nobody who reviews can see what is private. Change its visibility first.",
            ),
        ));
    }
    let verified_on = match step {
        Step::Verify | Step::Submit | Step::Publish => Some(store::today(tx)),
        Step::Return | Step::Withdraw | Step::Reopen | Step::Expire => current.header.verified_on.clone(),
    };
    if step == Step::Verify && to == from && verified_on == current.header.verified_on {
        tx.unchanged();
        return Ok(current);
    }
    let entry = current.entry.clone();
    let thing = store::rewrite(tx, current, entry, to, verified_on, Logged::Step(step))?;
    match step {
        Step::Submit | Step::Publish | Step::Return | Step::Withdraw => {
            let party = owners.first();
            keep_review(tx, &thing, step, hand == Hand::Reviewer, comment, party)?;
        }
        Step::Reopen | Step::Verify | Step::Expire => {}
    }
    Ok(thing)
}

fn keep_review<E: Stored>(
    tx: &mut Tx<'_>,
    thing: &Thing<E>,
    step: Step,
    by_reviewer: bool,
    comment: Option<&Prose>,
    party: Option<&ThingId>,
) -> Result<()> {
    let author: Option<String> = match step {
        Step::Publish => reviews::table
            .filter(reviews::thing_id.eq(thing.header.id.as_str()).and(reviews::step.eq(Step::Submit.code())))
            .order(reviews::id.desc())
            .select(reviews::actor)
            .first(tx.conn())
            .optional()?,
        _ => None,
    };
    let (at, actor) = (tx.at().clone(), tx.actor().name().to_owned());
    diesel::insert_into(reviews::table)
        .values((
            reviews::id.eq(ThingId::new().as_str()),
            reviews::thing_id.eq(thing.header.id.as_str()),
            reviews::version.eq(thing.header.version),
            reviews::at.eq(at.as_str()),
            reviews::actor.eq(actor),
            reviews::step.eq(step.code()),
            reviews::by_reviewer.eq(by_reviewer),
            reviews::comment.eq(comment.map(|comment| comment.as_str())),
            reviews::party.eq(author.as_ref().and(party).map(|party| party.as_str())),
            reviews::author.eq(author),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// What was said of a thing.
#[derive(Debug, Clone)]
pub struct Review {
    /// The version that came of it.
    pub version: i64,
    pub at: Timestamp,
    /// Id of an account, `operator` or `erased`.
    pub actor: String,
    pub step: String,
    pub by_reviewer: bool,
    pub comment: Option<String>,
}

/// At most this many are shown, the newest.
const REVIEWS_SHOWN: i64 = 200;

/// What was said of a thing, newest first.
pub fn reviews_of(conn: &mut Conn, id: &ThingId) -> Result<Vec<Review>> {
    type Row = (i64, String, String, String, bool, Option<String>);
    let rows: Vec<Row> = reviews::table
        .filter(reviews::thing_id.eq(id.as_str()))
        .order(reviews::id.desc())
        .limit(REVIEWS_SHOWN)
        .select((reviews::version, reviews::at, reviews::actor, reviews::step, reviews::by_reviewer, reviews::comment))
        .load(conn)?;
    let review = |(version, at, actor, step, by_reviewer, comment): Row| Review {
        version,
        at: Timestamp::from_stored(at),
        actor,
        step,
        by_reviewer,
        comment,
    };
    Ok(rows.into_iter().map(review).collect())
}

/// Ids of what waits for review and the reader may see, the first registered first. For a member these are their own.
pub fn waiting(conn: &mut Conn, scope: &Scope, page: &Page) -> Result<Paged<String>> {
    let mut query = store::visible(scope).filter(things::status.eq(Status::Submitted.code()));
    if let Some(Place { id, .. }) = page.after.clone() {
        query = query.filter(things::id.gt(id));
    }
    let ids: Vec<String> = query.order(things::id).limit(page.limit as i64 + 1).select(things::id).load(conn)?;
    Ok(paged(ids.into_iter().map(|id| (id, String::new())).collect(), page.limit))
}

pub(super) fn paged(mut rows: Vec<(String, String)>, limit: usize) -> Paged<String> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|(id, key)| Place { key: key.clone(), id: id.clone() });
    Paged { items: rows.into_iter().map(|(id, _)| id).collect(), next }
}

/// Since when the things of a party are published without review; `None`: they are reviewed.
pub fn trusted_since(conn: &mut Conn, party: &ThingId) -> Result<Option<Timestamp>> {
    let at: Option<String> =
        trusted_parties::table.find(party.as_str()).select(trusted_parties::at).first(conn).optional()?;
    Ok(at.map(Timestamp::from_stored))
}

/// Says whether the things of a party are published without review.
pub fn trust(tx: &mut Tx<'_>, kind: Kind, party: &ThingId, trusted: bool) -> Result<()> {
    if trusted_since(tx.conn(), party)?.is_some() == trusted {
        tx.unchanged();
        return Ok(());
    }
    if trusted {
        let (at, actor) = (tx.at().clone(), tx.actor().name().to_owned());
        diesel::insert_into(trusted_parties::table)
            .values((
                trusted_parties::party_id.eq(party.as_str()),
                trusted_parties::at.eq(at.as_str()),
                trusted_parties::actor.eq(actor),
            ))
            .execute(tx.conn())?;
    } else {
        diesel::delete(trusted_parties::table.find(party.as_str())).execute(tx.conn())?;
    }
    tx.record(Logged::Grant, kind, party, false)
}

/// What hangs on a thing that is deleted. What was said of it stays, like its history.
pub(super) fn forget(conn: &mut Conn, id: &ThingId) -> Result<()> {
    diesel::delete(trusted_parties::table.find(id.as_str())).execute(conn)?;
    diesel::delete(verifications_asked::table.find(id.as_str())).execute(conn)?;
    Ok(())
}
