//! What people are told: a row for each event and person, written with the event; a letter where they want one.

use super::connection::Conn;
use super::database::Tx;
use super::outbox;
use super::page::Place;
use super::schema::{account_roles, accounts, memberships, notice_choices, notices};
use crate::domain::desk::Told;
use crate::domain::vocabulary::Language;
use crate::domain::vocabulary::desk::{MatterKind, NoticeChoice};
use crate::domain::{AccountState, Email, MembershipState, Right, Role, ThingId, Timestamp};
use crate::error::Result;
use diesel::prelude::*;

/// The letter that tells of one event, and the one that gathers several.
pub const LETTER: &str = "notice";
pub const GATHERED: &str = "notices";

/// How coordinators are told of what is on nobody's desk.
pub const UNATTENDED: &str = "unattended";

/// What there is to tell.
#[derive(Debug, Clone, Copy)]
pub struct Tidings<'a> {
    pub matter: &'a ThingId,
    pub kind: MatterKind,
    pub number: i64,
    pub event: &'static str,
}

/// Somebody to tell.
struct Reader {
    account: String,
    email: Email,
    language: Option<Language>,
    choice: NoticeChoice,
}

/// Tells everybody who is to hear of it, except who did it. Whoever was told of this event is not told again.
pub fn tell(tx: &mut Tx<'_>, tidings: &Tidings<'_>, told: &[Told], desk: Option<&ThingId>) -> Result<()> {
    let (actor, at) = (tx.actor().name().to_owned(), tx.at().clone());
    let mut ids: Vec<String> = Vec::new();
    for told in told {
        match told {
            Told::Party(party) => ids.extend(who_acts_for(tx.conn(), party)?),
            Told::Desk => ids.extend(desk.map(ToString::to_string)),
            Told::Coordinators => ids.extend(coordinators(tx.conn())?),
        }
    }
    ids.sort();
    ids.dedup();
    ids.retain(|id| *id != actor);
    for reader in readers(tx.conn(), &ids)? {
        let known: i64 = notices::table
            .filter(notices::account_id.eq(&reader.account).and(notices::matter_id.eq(tidings.matter.as_str())))
            .filter(notices::number.eq(tidings.number))
            .count()
            .get_result(tx.conn())?;
        if known > 0 {
            continue;
        }
        let id = ThingId::new();
        // Daily and weekly letters are gathered by the keeper; the others need nothing more.
        let mailed_at = match reader.choice {
            NoticeChoice::AtOnce | NoticeChoice::Never => Some(at.as_str()),
            NoticeChoice::Daily | NoticeChoice::Weekly => None,
        };
        diesel::insert_into(notices::table)
            .values((
                notices::id.eq(id.as_str()),
                notices::account_id.eq(&reader.account),
                notices::matter_id.eq(tidings.matter.as_str()),
                notices::kind.eq(tidings.kind.code()),
                notices::number.eq(tidings.number),
                notices::event.eq(tidings.event),
                notices::at.eq(at.as_str()),
                notices::mailed_at.eq(mailed_at),
            ))
            .execute(tx.conn())?;
        if reader.choice == NoticeChoice::AtOnce {
            outbox::put(tx.conn(), LETTER, &reader.email, reader.language, Some(id.as_str()), &at)?;
        }
    }
    Ok(())
}

/// Confirmed members who may answer for the party.
fn who_acts_for(conn: &mut Conn, party: &ThingId) -> Result<Vec<String>> {
    Ok(memberships::table
        .filter(memberships::party_id.eq(party.as_str()))
        .filter(memberships::state.eq(MembershipState::Confirmed.code()))
        .filter(memberships::party_right.eq_any([Right::Editor.code(), Right::Owner.code()]))
        .select(memberships::account_id)
        .load(conn)?)
}

/// Whether anybody can answer for the party.
pub fn has_somebody(conn: &mut Conn, party: &ThingId) -> Result<bool> {
    let ids = who_acts_for(conn, party)?;
    Ok(!readers(conn, &ids)?.is_empty())
}

fn coordinators(conn: &mut Conn) -> Result<Vec<String>> {
    Ok(account_roles::table
        .filter(account_roles::role.eq(Role::Coordinator.code()))
        .select(account_roles::account_id)
        .load(conn)?)
}

fn readers(conn: &mut Conn, ids: &[String]) -> Result<Vec<Reader>> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(super::connection::IN_LIST) {
        let rows: Vec<(String, String, String, Option<String>)> = accounts::table
            .left_join(notice_choices::table)
            .filter(accounts::id.eq_any(ids.to_vec()).and(accounts::state.eq(AccountState::Active.code())))
            .order(accounts::id)
            .select((accounts::id, accounts::email, accounts::language, notice_choices::choice.nullable()))
            .load(conn)?;
        found.extend(rows.into_iter().map(|(account, email, language, choice)| Reader {
            account,
            email: Email::from_stored(email),
            language: Language::from_code(&language),
            choice: choice.as_deref().and_then(NoticeChoice::from_code).unwrap_or(NoticeChoice::AtOnce),
        }));
    }
    Ok(found)
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub id: ThingId,
    pub account: ThingId,
    pub matter: ThingId,
    pub kind: MatterKind,
    pub number: i64,
    pub event: String,
    pub at: Timestamp,
    pub read_at: Option<Timestamp>,
}

type Row = (String, String, String, String, i64, String, String, Option<String>);

fn assemble(row: Row) -> Option<Notice> {
    let (id, account, matter, kind, number, event, at, read_at) = row;
    Some(Notice {
        id: ThingId::from_stored(id),
        account: ThingId::from_stored(account),
        matter: ThingId::from_stored(matter),
        kind: MatterKind::from_code(&kind)?,
        number,
        event,
        at: Timestamp::from_stored(at),
        read_at: read_at.map(Timestamp::from_stored),
    })
}

const COLUMNS: (
    notices::id,
    notices::account_id,
    notices::matter_id,
    notices::kind,
    notices::number,
    notices::event,
    notices::at,
    notices::read_at,
) = (
    notices::id,
    notices::account_id,
    notices::matter_id,
    notices::kind,
    notices::number,
    notices::event,
    notices::at,
    notices::read_at,
);

/// Notices of an account, newest first.
pub fn list(
    conn: &mut Conn,
    account: &ThingId,
    unread: bool,
    after: Option<&Place>,
    limit: usize,
) -> Result<(Vec<Notice>, Option<Place>)> {
    let mut query = notices::table.filter(notices::account_id.eq(account.to_string())).into_boxed();
    if unread {
        query = query.filter(notices::read_at.is_null());
    }
    if let Some(after) = after {
        query = query.filter(notices::id.lt(after.id.clone()));
    }
    let mut rows: Vec<Row> = query.order(notices::id.desc()).limit(limit as i64 + 1).select(COLUMNS).load(conn)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Place { key: String::new(), id: row.0.clone() });
    Ok((rows.into_iter().filter_map(assemble).collect(), next))
}

pub fn unread(conn: &mut Conn, account: &ThingId) -> Result<i64> {
    Ok(notices::table
        .filter(notices::account_id.eq(account.as_str()).and(notices::read_at.is_null()))
        .count()
        .get_result(conn)?)
}

/// One notice with the address and language of its reader; none if it is gone or the account is not active.
pub fn get(conn: &mut Conn, id: &ThingId) -> Result<Option<Notice>> {
    let row: Option<Row> = notices::table
        .inner_join(accounts::table)
        .filter(notices::id.eq(id.as_str()).and(accounts::state.eq(AccountState::Active.code())))
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    Ok(row.and_then(assemble))
}

/// Marks notices of an account as read: these, or all.
pub fn mark_read(conn: &mut Conn, account: &ThingId, ids: Option<&[ThingId]>, at: &Timestamp) -> Result<usize> {
    let query = notices::table.filter(notices::account_id.eq(account.as_str()).and(notices::read_at.is_null()));
    let Some(ids) = ids else {
        return Ok(diesel::update(query).set(notices::read_at.eq(at.as_str())).execute(conn)?);
    };
    let mut marked = 0;
    for id in ids {
        marked += diesel::update(notices::table.filter(
            notices::id.eq(id.as_str()).and(notices::account_id.eq(account.as_str())).and(notices::read_at.is_null()),
        ))
        .set(notices::read_at.eq(at.as_str()))
        .execute(conn)?;
    }
    Ok(marked)
}

pub fn choice(conn: &mut Conn, account: &ThingId) -> Result<NoticeChoice> {
    let choice: Option<String> =
        notice_choices::table.find(account.as_str()).select(notice_choices::choice).first(conn).optional()?;
    Ok(choice.as_deref().and_then(NoticeChoice::from_code).unwrap_or(NoticeChoice::AtOnce))
}

/// Sets how often letters come. What waits to be gathered is let go when no gathered letter will come.
pub fn choose(conn: &mut Conn, account: &ThingId, choice: NoticeChoice, at: &Timestamp) -> Result<()> {
    let changed = diesel::update(notice_choices::table.find(account.as_str()))
        .set(notice_choices::choice.eq(choice.code()))
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(notice_choices::table)
            .values((
                notice_choices::account_id.eq(account.as_str()),
                notice_choices::choice.eq(choice.code()),
                notice_choices::gathered_at.eq(Some(at.as_str())),
            ))
            .execute(conn)?;
    }
    match choice {
        NoticeChoice::AtOnce | NoticeChoice::Never => {
            diesel::update(
                notices::table.filter(notices::account_id.eq(account.as_str()).and(notices::mailed_at.is_null())),
            )
            .set(notices::mailed_at.eq(at.as_str()))
            .execute(conn)?;
        }
        NoticeChoice::Daily | NoticeChoice::Weekly => {}
    }
    Ok(())
}

/// Puts a gathered letter into the outbox for everybody whose day or week is over and for whom something waits. Gives how many.
pub fn gather(conn: &mut Conn, now: &Timestamp) -> Result<usize> {
    let waiting: Vec<(String, String, String, String, Option<String>)> = accounts::table
        .inner_join(notice_choices::table)
        .filter(accounts::state.eq(AccountState::Active.code()))
        .filter(notice_choices::choice.eq_any([NoticeChoice::Daily.code(), NoticeChoice::Weekly.code()]))
        .order(accounts::id)
        .select((
            accounts::id,
            accounts::email,
            accounts::language,
            notice_choices::choice,
            notice_choices::gathered_at,
        ))
        .load(conn)?;
    let mut letters = 0;
    for (account, email, language, choice, gathered_at) in waiting {
        let days = if choice == NoticeChoice::Weekly.code() { 7 } else { 1 };
        let oldest = now.plus(-chrono::TimeDelta::days(days));
        if gathered_at.is_some_and(|at| at.as_str() > oldest.as_str()) {
            continue;
        }
        // The letter holds what was marked at this very moment; a node that comes second marks nothing.
        let marked =
            diesel::update(notices::table.filter(notices::account_id.eq(&account).and(notices::mailed_at.is_null())))
                .set(notices::mailed_at.eq(now.as_str()))
                .execute(conn)?;
        if marked == 0 {
            continue;
        }
        diesel::update(notice_choices::table.find(&account))
            .set(notice_choices::gathered_at.eq(now.as_str()))
            .execute(conn)?;
        let reference = format!("{account} {}", now.as_str());
        let language = Language::from_code(&language);
        outbox::put(conn, GATHERED, &Email::from_stored(email), language, Some(&reference), now)?;
        letters += 1;
    }
    Ok(letters)
}

/// What a gathered letter tells: oldest first, only what is still unread.
pub fn gathered(conn: &mut Conn, account: &ThingId, marked_at: &Timestamp) -> Result<Vec<Notice>> {
    let rows: Vec<Row> = notices::table
        .filter(notices::account_id.eq(account.as_str()).and(notices::mailed_at.eq(marked_at.as_str())))
        .filter(notices::read_at.is_null())
        .order(notices::id)
        .select(COLUMNS)
        .load(conn)?;
    Ok(rows.into_iter().filter_map(assemble).collect())
}

/// Takes everything about an account away.
pub fn forget(conn: &mut Conn, account: &ThingId) -> Result<()> {
    diesel::delete(notices::table.filter(notices::account_id.eq(account.as_str()))).execute(conn)?;
    diesel::delete(notice_choices::table.find(account.as_str())).execute(conn)?;
    Ok(())
}
