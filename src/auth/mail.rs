//! Letters: written to an outbox with what they tell of, sent by a thread of their own. By default into a folder, as
//! .eml files; by SMTP where that is set.
//!
//! Every letter has both languages, the reader's first. Codes are derived again when a letter is written, so the
//! outbox holds none.

use super::secrets::{self, Secret};
use super::{membership_letters, notice_letters, search_letters};
use crate::domain::lifecycle::ANSWER_WITHIN_DAYS;
use crate::domain::vocabulary::Language;
use crate::domain::{AccountState, Defect, Email, ThingId, Timestamp};
use crate::error::{Error, Result};
use crate::store::codes::{self, Purpose};
use crate::store::outbox::{self, Letter};
use crate::store::{Database, accounts, notices, watch, yearly};
use chrono::TimeDelta;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::{Message, SmtpTransport, Transport as _};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a code to set a new password holds.
const RESET_HOURS: i64 = 1;
/// Codes that one account is sent within an hour, at most.
const RESETS_AN_HOUR: i64 = 3;
/// Letters that could not be sent are given up after this many tries (about a day).
const ATTEMPTS_MOST: i64 = 12;
const POLL: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub enum Transport {
    /// One .eml file for each letter.
    Folder(PathBuf),
    /// `smtps://user:password@host` or `smtp://host:587?tls=required`.
    Smtp(String),
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Transport::Folder(folder) => write!(formatter, "Folder({})", folder.display()),
            // It holds a password.
            Transport::Smtp(_) => formatter.write_str("Smtp"),
        }
    }
}

#[derive(Debug, Clone)]
pub struct MailSettings {
    pub transport: Transport,
    /// From whom letters come.
    pub from: String,
    /// Where people reach the service, for links; none: letters carry the code only.
    pub public_url: Option<String>,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            transport: Transport::Folder(PathBuf::from("data/mail")),
            from: "musubi <musubi@localhost>".to_owned(),
            public_url: None,
        }
    }
}

enum Sender {
    Folder(PathBuf),
    Smtp(Box<SmtpTransport>),
}

/// The thread that sends.
pub struct Post {
    shared: Arc<Shared>,
    /// Where letters are kept as files, if they are.
    folder: Option<PathBuf>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    stop: bool,
    woken: bool,
}

struct Office {
    database: Database,
    secret: Secret,
    sender: Sender,
    from: Mailbox,
    public_url: Option<String>,
    second_factor_for_administrators: bool,
}

impl Post {
    pub fn start(
        settings: &MailSettings,
        database: Database,
        secret: Secret,
        second_factor_for_administrators: bool,
    ) -> Result<Self> {
        let refused = |ja: &str, en: &str| Error::invalid("/mail", Defect::new("mail.settings", ja, en));
        let sender = match &settings.transport {
            Transport::Folder(folder) => Sender::Folder(folder.clone()),
            // The address holds a password: the error must not tell it.
            Transport::Smtp(url) => Sender::Smtp(Box::new(
                SmtpTransport::from_url(url)
                    .map_err(|_| {
                        refused(
                            "SMTP の接続先（mail.smtp）を読めません。",
                            "The SMTP address (mail.smtp) cannot be read.",
                        )
                    })?
                    .timeout(Some(Duration::from_secs(20)))
                    .build(),
            )),
        };
        let folder = match &settings.transport {
            Transport::Folder(folder) => Some(folder.clone()),
            Transport::Smtp(_) => None,
        };
        let from = settings
            .from
            .parse()
            .map_err(|_| refused("差出人（mail.from）を読めません。", "The sender (mail.from) cannot be read."))?;
        let public_url = settings.public_url.clone();
        let office = Office { database, secret, sender, from, public_url, second_factor_for_administrators };
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new()
            .name("post".to_owned())
            .spawn({
                let shared = shared.clone();
                move || office.work(&shared)
            })
            .map_err(Error::internal)?;
        Ok(Self { shared, folder, thread: Mutex::new(Some(thread)) })
    }

    /// Deletes the letters to an address that lie in the folder: its owner was erased.
    pub fn forget(&self, email: &Email) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let files = match std::fs::read_dir(folder) {
            Ok(files) => files,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::internal(error)),
        };
        let to = format!("To: {email}");
        for file in files {
            let path = file.map_err(Error::internal)?.path();
            // Gone meanwhile, or not a letter of ours: nothing to forget.
            let Ok(letter) = std::fs::read_to_string(&path) else { continue };
            if letter.lines().take_while(|line| !line.is_empty()).any(|line| line.eq_ignore_ascii_case(&to)) {
                std::fs::remove_file(&path).map_err(Error::internal)?;
            }
        }
        Ok(())
    }

    /// There are letters: no need to wait.
    pub fn wake(&self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).woken = true;
        self.shared.changed.notify_all();
    }

    fn stop(&self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).stop = true;
        self.shared.changed.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the post ended in a panic");
        }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What a letter says, in one language.
struct Text {
    subject: String,
    body: String,
}

/// A letter that is ready: to whom, in which language first, and what.
struct Ready {
    to: Email,
    language: Language,
    ja: Text,
    en: Text,
    /// Where one click stops letters of this sort (RFC 8058).
    stop: Option<String>,
}

impl Ready {
    fn of(letter: &Letter, said: notice_letters::Said) -> Self {
        Self {
            to: letter.email.clone(),
            language: letter.language.unwrap_or(Language::Ja),
            ja: Text { subject: said.subject.0, body: said.body.0 },
            en: Text { subject: said.subject.1, body: said.body.1 },
            stop: said.stop,
        }
    }
}

impl Office {
    fn work(&self, shared: &Shared) {
        loop {
            if let Err(error) = self.send_due() {
                tracing::warn!(%error, "the post could not look into the outbox");
            }
            let state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
            let (mut state, _) = shared
                .changed
                .wait_timeout_while(state, POLL, |state| !state.stop && !state.woken)
                .unwrap_or_else(PoisonError::into_inner);
            if state.stop {
                return;
            }
            state.woken = false;
        }
    }

    fn send_due(&self) -> Result<()> {
        loop {
            let now = self.database.clock().timestamp();
            let letters = self.database.read(|conn| outbox::due(conn, &now, 50))?;
            if letters.is_empty() {
                return Ok(());
            }
            for letter in letters {
                self.handle(&letter, &now)?;
            }
        }
    }

    fn handle(&self, letter: &Letter, now: &Timestamp) -> Result<()> {
        // Twice as long each time, at most three hours.
        let minutes = (1_i64 << letter.attempts.clamp(0, 10)).min(180);
        let again_at = now.plus(TimeDelta::minutes(minutes));
        let taken = self.database.housekeeping(|conn| outbox::take(conn, letter, &again_at))?;
        if !taken {
            return Ok(());
        }
        let sent = match self.write(letter, now)? {
            None => Ok(()),
            Some(ready) => self.send(&letter.id, &ready),
        };
        match sent {
            Ok(()) => self.database.housekeeping(|conn| outbox::done(conn, &letter.id)),
            Err(error) if letter.attempts + 1 >= ATTEMPTS_MOST => {
                tracing::error!(letter = letter.letter, %error, "a letter could not be sent and was given up");
                self.database.housekeeping(|conn| outbox::done(conn, &letter.id))
            }
            Err(error) => {
                tracing::warn!(letter = letter.letter, %error, "a letter could not be sent; trying again later");
                Ok(())
            }
        }
    }

    /// A letter keeps its id: sent again after a failure in between, it replaces its file or repeats its Message-ID, by
    /// which mail programs know it again.
    fn send(&self, id: &ThingId, ready: &Ready) -> Result<()> {
        let (first, second) = match ready.language {
            Language::Ja => (&ready.ja, &ready.en),
            Language::En => (&ready.en, &ready.ja),
        };
        let to: Mailbox = ready.to.as_str().parse().map_err(Error::internal)?;
        let mut builder = Message::builder();
        if let Some(stop) = &ready.stop {
            let header =
                |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
            builder = builder
                .raw_header(header("List-Unsubscribe", format!("<{stop}>")))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        let message = builder
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .from(self.from.clone())
            .to(to)
            .subject(format!("{} / {}", first.subject, second.subject))
            .header(ContentType::TEXT_PLAIN)
            .body(format!("{}\n\n----------\n\n{}\n", first.body, second.body))
            .map_err(Error::internal)?;
        match &self.sender {
            Sender::Smtp(transport) => transport.send(&message).map(drop).map_err(told),
            Sender::Folder(folder) => {
                std::fs::create_dir_all(folder).map_err(Error::internal)?;
                // Letters hold codes.
                secrets::restrict(folder).map_err(Error::internal)?;
                let beside = folder.join(format!(".{id}"));
                // Half of it, from a try that was cut short.
                match std::fs::remove_file(&beside) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::internal(error)),
                    _ => {}
                }
                secrets::write_private(&beside, &message.formatted()).map_err(Error::internal)?;
                std::fs::rename(&beside, folder.join(format!("{id}.eml"))).map_err(Error::internal)
            }
        }
    }

    /// What the letter says now. None: there is nobody to write to, or nothing to say any more.
    fn write(&self, letter: &Letter, now: &Timestamp) -> Result<Option<Ready>> {
        let language = letter.language.unwrap_or(Language::Ja);
        let reference = letter.reference.as_deref();
        let ready = |ja: (&str, String), en: (&str, String)| {
            Some(Ready {
                to: letter.email.clone(),
                language,
                ja: Text { subject: ja.0.to_owned(), body: ja.1 },
                en: Text { subject: en.0.to_owned(), body: en.1 },
                stop: None,
            })
        };
        Ok(match letter.letter.as_str() {
            "invitation" | "membership_accepted" | "membership_confirmed" => {
                let Some(id) = reference.map(|id| ThingId::from_stored(id.to_owned())) else { return Ok(None) };
                let said = match letter.letter.as_str() {
                    "invitation" => {
                        let link = self.link("accept", &invitation_code(&self.secret, &id));
                        self.database.read(|conn| membership_letters::invitation(conn, &id, link, now))?
                    }
                    "membership_accepted" => self.database.read(|conn| membership_letters::accepted(conn, &id))?,
                    _ => self.database.read(|conn| membership_letters::confirmed(conn, &id))?,
                };
                said.map(|said| Ready::of(letter, said))
            }
            "reset_asked" => return self.reset(letter, now),
            "change_email" => {
                let Some(id) = reference else { return Ok(None) };
                // Whoever has the address already hears nothing, and neither does the asker.
                if self.database.read(|conn| accounts::by_email(conn, &letter.email))?.is_some() {
                    return Ok(None);
                }
                let code = self.secret.derive("change_email", id);
                let (link_ja, link_en) = self.link("confirm-email", &code);
                ready(
                    ("メールアドレスの確認", format!("musubi のメールアドレスをこのアドレスに変更します。1時間以内に確認してください。\n\n{link_ja}\n\n心当たりがなければ、このメールは破棄してください。")),
                    ("Confirm your address", format!("This becomes your address at musubi once you confirm it, within an hour.\n\n{link_en}\n\nIf you do not expect this, please ignore it.")),
                )
            }
            "email_change_asked" => ready(
                ("メールアドレスの変更手続き", "musubi のメールアドレスを変更する手続きが始まりました。心当たりがなければ、すぐにパスワードを変更し、管理者にお知らせください。".to_owned()),
                ("Your address is about to change", "Somebody signed in as you asked to change your address at musubi. If that was not you, change your password at once and tell the administrator.".to_owned()),
            ),
            "verify_yearly" => {
                let Some(party) = reference else { return Ok(None) };
                let party = ThingId::from_stored(party.to_owned());
                // Whoever answered meanwhile is not asked.
                let count = self.database.read(|conn| yearly::count_of_party(conn, &party, now))?;
                if count == 0 {
                    return Ok(None);
                }
                let days = ANSWER_WITHIN_DAYS;
                let link = self.public_url.as_ref().map(|url| format!("\n\n{url}")).unwrap_or_default();
                ready(
                    ("掲載内容の確認のお願い", format!("musubi に掲載されている内容のうち{count}件が、まもなく1年、または1年以上確認されていません。サインインして「確認が必要なもの」をご覧になり、変わりがなければ確認を、変わったところは修正をお願いします。{days}日以内に確認がないものは、検索とマッチングに出なくなります（確認すればすぐに戻ります）。{link}")),
                    ("Please look over what is published", format!("{count} of your entries at musubi were not verified for about a year or longer. Please sign in, look at what is to be verified, and confirm what is still true or correct what is not. What stays unanswered for {days} days no longer appears in searches and matches; one confirmation brings it back.{link}")),
                )
            }
            "password_changed" => ready(
                ("パスワードの変更", "musubi のパスワードが変更され、すべての端末からサインアウトしました。心当たりがなければ、すぐに管理者にお知らせください。".to_owned()),
                ("Your password was changed", "Your password at musubi was changed, and you were signed out everywhere. If that was not you, tell the administrator at once.".to_owned()),
            ),
            "session_stolen" => ready(
                ("サインインを終了しました", "使用済みの更新トークンがもう一度使われたため、そのサインインを終了しました。ほかの人が持っているおそれがあります。パスワードを変更し、心当たりがなければ管理者にお知らせください。".to_owned()),
                ("A sign-in was ended", "A refresh token that had been used already was used again, so that sign-in was ended: somebody else may have held it. Please change your password, and tell the administrator if you do not know why.".to_owned()),
            ),
            notices::LETTER | notices::GATHERED | watch::LETTER => {
                let (database, secret, url) = (&self.database, &self.secret, self.public_url.as_deref());
                let said = if letter.letter == watch::LETTER {
                    search_letters::write(database, secret, url, self.second_factor_for_administrators, letter)?
                } else {
                    notice_letters::write(database, secret, url, letter)?
                };
                said.map(|said| Ready::of(letter, said))
            }
            other => {
                tracing::error!(letter = other, "there is no such letter");
                None
            }
        })
    }

    /// Only here is it looked up whether the address has an account: the answer to the asker was given long before.
    fn reset(&self, letter: &Letter, now: &Timestamp) -> Result<Option<Ready>> {
        let code = self.secret.derive("reset", letter.id.as_str());
        let account = self.database.housekeeping(|conn| {
            let account = accounts::by_email(conn, &letter.email)?;
            let Some(account) = account.filter(|account| account.state == AccountState::Active) else {
                return Ok(None);
            };
            let hash = secrets::fingerprint(&code);
            if !codes::exists(conn, &hash)? {
                let hour_ago = now.plus(-TimeDelta::hours(1));
                if codes::count_since(conn, Purpose::Reset, &account.id, &hour_ago)? >= RESETS_AN_HOUR {
                    return Ok(None);
                }
                let ends = now.plus(TimeDelta::hours(RESET_HOURS));
                codes::create(conn, Purpose::Reset, &account.id, None, &hash, now, &ends)?;
            }
            Ok(Some(account))
        })?;
        let (link_ja, link_en) = self.link("reset", &code);
        Ok(account.map(|account| Ready {
            to: account.email,
            language: account.language,
            ja: Text {
                subject: "パスワードの再設定".to_owned(),
                body: format!("musubi のパスワードを再設定する手続きです。1時間以内に新しいパスワードを設定してください。\n\n{link_ja}\n\n心当たりがなければ、このメールは破棄してください。パスワードは変わりません。"),
            },
            en: Text {
                subject: "Set a new password".to_owned(),
                body: format!("Set a new password for musubi within an hour.\n\n{link_en}\n\nIf you did not ask for this, please ignore it: your password stays."),
            },
            stop: None,
        }))
    }

    /// How to go on: a link where the service has a public address, and always the code.
    fn link(&self, page: &str, code: &str) -> (String, String) {
        match &self.public_url {
            // After the #: the code reaches neither a server log nor a Referer.
            Some(url) => {
                let link = format!("{}/{page}#{code}", url.trim_end_matches('/'));
                (format!("{link}\n\nコード: {code}"), format!("{link}\n\nCode: {code}"))
            }
            None => (format!("コード: {code}"), format!("Code: {code}")),
        }
    }
}

/// What went wrong, without the server's own words: they often repeat the address.
fn told(error: lettre::transport::smtp::Error) -> Error {
    match error.status() {
        Some(code) => Error::internal(format!("the mail server answered {code}")),
        None => Error::internal("the mail server did not answer as it should"),
    }
}

/// The code of an invitation follows from its id, for whoever has the secret of the service.
pub fn invitation_code(secret: &Secret, id: &ThingId) -> String {
    secret.derive("invitation", id.as_str())
}

impl std::fmt::Debug for Post {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Post")
    }
}
