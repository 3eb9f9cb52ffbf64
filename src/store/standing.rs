//! How far standing matches have followed the log, and what changed since.

use super::connection::Conn;
use super::log::{self, Action};
use super::schema::{standing_head, things};
use crate::domain::vocabulary::{Status, Visibility};
use crate::domain::{Kind, ThingId};
use crate::error::Result;
use diesel::prelude::*;

/// Rows of the log that are looked at in one run.
const ROWS: i64 = 2_000;

/// What is new for standing matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Where the log was read from, and to.
    pub from: i64,
    pub to: i64,
    /// The log goes on after `to`.
    pub more: bool,
    /// Needs and seeds that are new or changed: they ask.
    pub asking: Vec<(Kind, ThingId)>,
    /// Parties with a new or changed seed or capability: whoever waits may want them now.
    pub offering: Vec<String>,
}

pub fn news(conn: &mut Conn) -> Result<News> {
    let from: i64 = standing_head::table.select(standing_head::seq).first(conn)?;
    let rows = log::after(conn, from, ROWS)?;
    let mut news = News { from, to: rows.last().map_or(from, |row| row.seq), ..News::default() };
    news.more = rows.len() as i64 >= ROWS;
    let told = [Action::Create.code(), Action::Update.code()];
    let mut ids: Vec<String> = rows
        .into_iter()
        .filter(|row| told.contains(&row.action.as_str()) && Kind::from_code(&row.kind).is_some_and(is_matched))
        .map(|row| row.thing_id)
        .collect();
    ids.sort();
    ids.dedup();
    for ids in ids.chunks(super::connection::IN_LIST) {
        let rows: Vec<(String, String, Option<String>)> = things::table
            .filter(things::id.eq_any(ids.to_vec()).and(things::status.eq(Status::Published.code())))
            .filter(things::visibility.ne(Visibility::Private.code()))
            .order(things::id)
            .select((things::kind, things::id, things::owner_party))
            .load(conn)?;
        for (kind, id, owner) in rows {
            let Some(kind) = Kind::from_code(&kind) else { continue };
            if kind != Kind::Capability {
                news.asking.push((kind, ThingId::from_stored(id)));
            }
            if kind != Kind::Need {
                news.offering.extend(owner);
            }
        }
    }
    news.offering.sort();
    news.offering.dedup();
    Ok(news)
}

fn is_matched(kind: Kind) -> bool {
    match kind {
        Kind::Need | Kind::Seed | Kind::Capability => true,
        Kind::Organization | Kind::Person | Kind::Record | Kind::Exhibition => false,
    }
}

/// Needs that wait for an answer, newest first, at most `most`, and how many there are.
pub fn waiting(conn: &mut Conn, most: i64) -> Result<(Vec<ThingId>, i64)> {
    let open = things::table
        .filter(things::kind.eq(Kind::Need.code()).and(things::status.eq(Status::Published.code())))
        .filter(things::visibility.ne(Visibility::Private.code()));
    let all: i64 = open.count().get_result(conn)?;
    let ids: Vec<String> =
        open.order((things::updated_at.desc(), things::id.desc())).limit(most).select(things::id).load(conn)?;
    Ok((ids.into_iter().map(ThingId::from_stored).collect(), all))
}

/// Everything up to `to` was looked at; never goes back.
pub fn reached(conn: &mut Conn, to: i64) -> Result<()> {
    diesel::update(standing_head::table.filter(standing_head::seq.lt(to)))
        .set(standing_head::seq.eq(to))
        .execute(conn)?;
    Ok(())
}
