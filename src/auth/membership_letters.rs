//! Letters about who belongs to what: they name who invites and the party, as far as the reader may know them.
//!
//! An invitation goes to an address that somebody typed, so it names the party only where everybody may see it.

use super::notice_letters::Said;
use crate::domain::entry::Title;
use crate::domain::{Scope, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::store::connection::Conn;
use crate::store::{accounts, invitations, memberships, things};

/// The letter with an invitation; `link` says how to take it up, in both languages. None: it no longer holds.
pub fn invitation(conn: &mut Conn, id: &ThingId, link: (String, String), now: &Timestamp) -> Result<Option<Said>> {
    let invitation = match invitations::get(conn, id) {
        Ok(invitation) if invitation.expires_at > *now => invitation,
        Ok(_) | Err(Error::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let inviter = name_of(conn, &invitation.invited_by)?;
    let party = match &invitation.party {
        Some((party, _)) => title_of(conn, &Scope::Public, party)?,
        None => None,
    };
    let (by_ja, by_en) = match &inviter {
        Some(name) => (format!("{name} さんが、あなたを"), format!("{name} invites you to")),
        None => ("あなたを".to_owned(), "You are invited to".to_owned()),
    };
    let (to_ja, to_en) = match &party {
        Some(title) => (
            format!("「{}」の一員として musubi（産業クラスターのマッチング）に", title.any()),
            format!(
                "musubi, the matchmaking service of the industry cluster, as a member of {}",
                title.en.as_deref().unwrap_or(title.any())
            ),
        ),
        None => (
            "musubi（産業クラスターのマッチング）に".to_owned(),
            "musubi, the matchmaking service of the industry cluster".to_owned(),
        ),
    };
    let until = invitation.expires_at.as_str().get(..10).unwrap_or_default();
    Ok(Some(Said {
        subject: ("musubi への招待".to_owned(), "Invitation to musubi".to_owned()),
        body: (
            format!(
                "{by_ja}{to_ja}招待しています。{until} まで有効です。\n\n{}\n\n心当たりがなければ、このメールは破棄してください。",
                link.0
            ),
            format!(
                "{by_en} {to_en}. The invitation holds until {until}.\n\n{}\n\nIf you do not expect this, please ignore it.",
                link.1
            ),
        ),
        stop: None,
    }))
}

/// To the owners of a party: somebody took an invitation up. None: the membership is gone again.
pub fn accepted(conn: &mut Conn, membership: &ThingId) -> Result<Option<Said>> {
    let row = match memberships::get(conn, membership) {
        Ok(row) => row,
        Err(Error::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(title) = title_of(conn, &Scope::Everything, &row.party)? else { return Ok(None) };
    let name = &row.name;
    Ok(Some(Said {
        subject: ("招待が受け入れられました".to_owned(), "An invitation was accepted".to_owned()),
        body: (
            format!(
                "{name} さんが「{}」への招待を受け入れました。本人であることを確かめ、メンバーを確認（confirm）してください。確認するまで、その方には何の権限もありません。",
                title.any()
            ),
            format!(
                "{name} accepted the invitation to {}. Make sure who it is and confirm the membership: until then it gives no rights.",
                title.en.as_deref().unwrap_or(title.any())
            ),
        ),
        stop: None,
    }))
}

/// To the person: the membership holds. None: it is gone, or no longer confirmed.
pub fn confirmed(conn: &mut Conn, membership: &ThingId) -> Result<Option<Said>> {
    let row = match memberships::get(conn, membership) {
        Ok(row) if row.state == crate::domain::MembershipState::Confirmed => row,
        Ok(_) | Err(Error::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(title) = title_of(conn, &Scope::Everything, &row.party)? else { return Ok(None) };
    Ok(Some(Said {
        subject: ("メンバーとして確認されました".to_owned(), "You are a member now".to_owned()),
        body: (
            format!("「{}」のメンバーとして確認されました。これからその一員として利用できます。", title.any()),
            format!(
                "Your membership of {} was confirmed. You can act for it from now on.",
                title.en.as_deref().unwrap_or(title.any())
            ),
        ),
        stop: None,
    }))
}

/// The name of an account; none for the command line and the service itself.
fn name_of(conn: &mut Conn, actor: &str) -> Result<Option<String>> {
    let Ok(id) = ThingId::parse(actor) else { return Ok(None) };
    match accounts::get(conn, &id) {
        Ok(account) => Ok(Some(account.name).filter(|name| !name.is_empty())),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn title_of(conn: &mut Conn, scope: &Scope, party: &ThingId) -> Result<Option<Title>> {
    let mut cards = things::cards(conn, scope, &[party.to_string()])?;
    Ok(cards.remove(party.as_str()).map(|card| card.title))
}
