//! Letters about what a saved search found. They say that there is something new, and where to look; never what it is,
//! because letters travel in the open.

use super::notice_letters::{Said, token};
use super::secrets::Secret;
use crate::domain::{Actor, ThingId};
use crate::error::Result;
use crate::store::outbox::Letter;
use crate::store::saved_searches::{self, Since};
use crate::store::{Database, accounts, things};

/// The letter as it is to be sent now. None: the search is gone, or nothing of what it found may be seen any more.
pub fn write(
    database: &Database,
    secret: &Secret,
    public_url: Option<&str>,
    second_factor_for_administrators: bool,
    letter: &Letter,
) -> Result<Option<Said>> {
    let reference = letter.reference.as_deref().unwrap_or_default();
    let Some((id, from)) = reference.split_once(' ') else { return Ok(None) };
    let (id, Ok(from)) = (ThingId::from_stored(id.to_owned()), from.parse::<i64>()) else { return Ok(None) };
    let found = database.read(|conn| {
        let Some(search) = saved_searches::get(conn, &id)? else { return Ok(None) };
        let rights = accounts::rights(conn, search.account.as_str(), second_factor_for_administrators)?;
        let Some(actor) = rights else { return Ok(None) };
        let scope = Actor::Account(actor).scope();
        // That there was something is no secret, it was there for all to see; what it is stands behind the link.
        let all = |_: &mut _, cards: &[&things::Card]| Ok(cards.iter().map(|card| card.id.clone()).collect());
        let (finds, _) = saved_searches::shown(conn, &scope, &id, Since::Seq(from), None, 1, all)?;
        Ok((!finds.is_empty()).then_some(search))
    })?;
    let Some(search) = found else { return Ok(None) };
    let base = public_url.map(|url| url.trim_end_matches('/'));
    let place = match base {
        Some(base) => format!("{base}/saved-searches/{id}"),
        None => format!("saved-searches {id}"),
    };
    let stop = base.map(|base| format!("{base}/api/v1/notices/stop?token={}", token(secret, &search.account)));
    let name = &search.name;
    let mut ja = format!("保存した検索「{name}」に新着があります。\n{place}\n\n");
    let mut en = format!("There is something new for your saved search \"{name}\".\n{place}\n\n");
    match &stop {
        Some(stop) => {
            ja.push_str(&format!("お知らせメールをすべて止める: {stop}"));
            en.push_str(&format!("Stop all these letters: {stop}"));
        }
        None => {
            ja.push_str("メールの頻度は、サインインして「保存した検索」で変えられます。");
            en.push_str("Sign in and open your saved searches to change how often these letters come.");
        }
    }
    let subject = ("保存した検索の新着".to_owned(), "New for a saved search".to_owned());
    Ok(Some(Said { subject, body: (ja, en), stop }))
}
