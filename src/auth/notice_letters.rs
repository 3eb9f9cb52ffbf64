//! Letters about what moved: one event, or a day or week of them. They say that something moved, and where to look; never what was
//! said, because letters travel in the open.

use super::secrets::{self, Secret};
use crate::domain::desk::words;
use crate::domain::{ThingId, Timestamp};
use crate::error::Result;
use crate::store::notices::{self, Notice};
use crate::store::{Database, outbox::Letter};

const PURPOSE: &str = "stop notices";

/// What such a letter says.
pub struct Said {
    pub subject: (String, String),
    pub body: (String, String),
    /// Where one click stops them; none where the service knows no public address.
    pub stop: Option<String>,
}

/// The signed token of the link that stops the letters of an account. It can do nothing else.
pub fn token(secret: &Secret, account: &ThingId) -> String {
    format!("{account}.{}", secret.derive(PURPOSE, account.as_str()))
}

/// The account of a token that we signed.
pub fn account_of_token(secret: &Secret, token: &str) -> Option<ThingId> {
    let (account, signature) = token.split_once('.')?;
    let account = ThingId::parse(account).ok()?;
    let expected = secret.derive(PURPOSE, account.as_str());
    secrets::same(expected.as_bytes(), signature.as_bytes()).then_some(account)
}

/// The letter as it is to be sent now. None: it was read meanwhile, or there is nobody to write to. Never empty.
pub fn write(database: &Database, secret: &Secret, public_url: Option<&str>, letter: &Letter) -> Result<Option<Said>> {
    let Some(reference) = letter.reference.as_deref() else { return Ok(None) };
    let told: Vec<Notice> = if letter.letter == notices::LETTER {
        let id = ThingId::from_stored(reference.to_owned());
        let notice = database.read(|conn| notices::get(conn, &id))?;
        notice.into_iter().filter(|notice| notice.read_at.is_none()).collect()
    } else {
        let Some((account, marked_at)) = reference.split_once(' ') else { return Ok(None) };
        let account = ThingId::from_stored(account.to_owned());
        let marked_at = Timestamp::from_stored(marked_at.to_owned());
        database.read(|conn| notices::gathered(conn, &account, &marked_at))?
    };
    let Some(first) = told.first() else { return Ok(None) };
    let base = public_url.map(|url| url.trim_end_matches('/'));
    let stop = base.map(|base| format!("{base}/api/v1/notices/stop?token={}", token(secret, &first.account)));
    let sentence = words::sentence(first.kind, &first.event);
    let (subject, count) = (&sentence, told.len());
    let subject = if count == 1 {
        (subject.ja.clone(), subject.en.clone())
    } else {
        (format!("お知らせ {count}件"), format!("{count} notices"))
    };
    let (mut ja, mut en) = (String::new(), String::new());
    for notice in &told {
        let sentence = words::sentence(notice.kind, &notice.event);
        let place = match base {
            Some(base) => format!("{base}/{}/{}", notice.kind.plural(), notice.matter),
            None => format!("{} {}", notice.kind.plural(), notice.matter),
        };
        let day = notice.at.as_str().get(..10).unwrap_or_default();
        ja.push_str(&format!("{day}  {}\n{place}\n\n", sentence.ja));
        en.push_str(&format!("{day}  {}\n{place}\n\n", sentence.en));
    }
    match &stop {
        Some(stop) => {
            ja.push_str(&format!("お知らせメールを止める: {stop}"));
            en.push_str(&format!("Stop these letters: {stop}"));
        }
        None => {
            ja.push_str("お知らせメールの頻度は、サインインして「通知の設定」で変えられます。");
            en.push_str("Sign in to change how often these letters come.");
        }
    }
    Ok(Some(Said { subject, body: (ja, en), stop }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_one_account_and_cannot_be_made_up() {
        let secret = Secret::new(&[7; 32]).unwrap();
        let (one, two) = (ThingId::new(), ThingId::new());
        let good = token(&secret, &one);
        assert_eq!(account_of_token(&secret, &good), Some(one.clone()));
        let signature = good.split_once('.').unwrap().1;
        for bad in [
            String::new(),
            one.to_string(),
            format!("{one}."),
            format!("{two}.{signature}"),
            format!("{good}x"),
            token(&Secret::new(&[8; 32]).unwrap(), &one),
        ] {
            assert_eq!(account_of_token(&secret, &bad), None, "{bad}");
        }
    }
}
