//! How far standing matches have followed the log, and what changed since.

use super::connection::Conn;
use super::log::{self, Action, Change};
use super::schema::{standing_head, things};
use crate::domain::lifecycle::Step;
use crate::domain::vocabulary::{Status, Visibility};
use crate::domain::{Kind, ThingId};
use crate::error::{Error, Result};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows of the log that are looked at in one run.
const ROWS: i64 = 2_000;

/// What makes a thing new: it was written, or it became visible, or it was found to be true still. What is no longer
/// there, or is not to be seen, is left out whatever happened to it.
const TOLD: [Action; 8] = [
    Action::Create,
    Action::Update,
    Action::Restore,
    Action::Unmerge,
    Action::Step(Step::Submit),
    Action::Step(Step::Publish),
    Action::Step(Step::Verify),
    Action::Step(Step::Reopen),
];

/// What is new for standing matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Where the log was read from, and to.
    pub from: i64,
    pub to: i64,
    /// The log goes on after `to`.
    pub more: bool,
    /// Needs and seeds that are new or changed, in the order of their ids: they ask.
    pub asking: Vec<(Kind, ThingId)>,
    /// Parties with a new or changed seed or capability: whoever waits may want them now.
    pub offering: Vec<String>,
    /// How far an earlier request came with this.
    pub progress: Progress,
}

/// How far a run came that one request did not finish.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The end of the piece of the log that is worked on; 0: none was begun.
    pub to: i64,
    /// The last need or seed that asked.
    pub asked: Option<ThingId>,
    /// The last waiting need that asked, and how many did.
    pub waited: Option<Waiting>,
    pub waiting: usize,
}

/// A need that waits. Whoever is changed moves to the front, and then asks by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub updated_at: String,
    pub id: ThingId,
}

pub fn news(conn: &mut Conn) -> Result<News> {
    let (from, progress): (i64, Option<String>) =
        standing_head::table.select((standing_head::seq, standing_head::progress)).first(conn)?;
    let progress: Option<Progress> =
        progress.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
    let mut rows = log::after(conn, from, ROWS)?;
    let mut more = rows.len() as i64 >= ROWS;
    // What was begun is brought to its end first.
    if let Some(end) = progress.as_ref().map(|progress| progress.to).filter(|end| *end > from) {
        more |= rows.iter().any(|row| row.seq > end && is_news(row));
        rows.retain(|row| row.seq <= end);
    }
    let to = rows.last().map_or(from, |row| row.seq);
    let progress = progress.unwrap_or_default();
    let mut news = News { from, to, more, progress: Progress { to, ..progress }, ..News::default() };
    let mut ids: Vec<String> = rows.into_iter().filter(is_news).map(|row| row.thing_id).collect();
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

fn is_news(row: &Change) -> bool {
    TOLD.iter().any(|action| action.code() == row.action) && Kind::from_code(&row.kind).is_some_and(is_matched)
}

fn is_matched(kind: Kind) -> bool {
    match kind {
        Kind::Need | Kind::Seed | Kind::Capability => true,
        Kind::Organization | Kind::Person | Kind::Record | Kind::Exhibition => false,
    }
}

/// Needs that wait for an answer after one of them, newest first, at most `most`, and how many there are in all.
pub fn waiting(conn: &mut Conn, after: Option<&Waiting>, most: i64) -> Result<(Vec<Waiting>, i64)> {
    let open = things::table
        .filter(things::kind.eq(Kind::Need.code()).and(things::status.eq(Status::Published.code())))
        .filter(things::visibility.ne(Visibility::Private.code()));
    let all: i64 = open.count().get_result(conn)?;
    let mut query = open.into_boxed();
    if let Some(Waiting { updated_at, id }) = after.cloned() {
        query = query.filter(
            things::updated_at
                .lt(updated_at.clone())
                .or(things::updated_at.eq(updated_at).and(things::id.lt(id.to_string()))),
        );
    }
    let rows: Vec<(String, String)> = query
        .order((things::updated_at.desc(), things::id.desc()))
        .limit(most)
        .select((things::updated_at, things::id))
        .load(conn)?;
    let waiting = |(updated_at, id)| Waiting { updated_at, id: ThingId::from_stored(id) };
    Ok((rows.into_iter().map(waiting).collect(), all))
}

/// Everything up to `to` was looked at; never goes back.
pub fn reached(conn: &mut Conn, to: i64) -> Result<()> {
    diesel::update(standing_head::table.filter(standing_head::seq.le(to)))
        .set((standing_head::seq.eq(to), standing_head::progress.eq(None::<String>)))
        .execute(conn)?;
    Ok(())
}

/// So far came what was begun at `from`. Whoever came further meanwhile is not called back.
pub fn came(conn: &mut Conn, from: i64, progress: &Progress) -> Result<()> {
    let progress = serde_json::to_string(progress).map_err(Error::internal)?;
    diesel::update(standing_head::table.filter(standing_head::seq.eq(from)))
        .set(standing_head::progress.eq(Some(progress)))
        .execute(conn)?;
    Ok(())
}
