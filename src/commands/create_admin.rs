//! `musubi create-admin`: an invitation for an administrator, by a code shown once.

use super::arguments::CreateAdminArguments;
use super::terminal::Terminal;
use super::{Access, Ending, Failure, open_database};
use crate::auth::invite;
use crate::config::{Config, Speech};
use crate::domain::Email;
use crate::domain::finding::Message;
use crate::domain::vocabulary::Language;

pub fn run(config: &Config, arguments: &CreateAdminArguments, terminal: &Terminal) -> Result<Ending, Failure> {
    let email = Email::parse(&arguments.email).map_err(|defect| Failure::WrongUse(defect.message))?;
    let instead = Message::new(
        "serve を止めてから実行するか、すでに管理者がいれば、その人が POST /api/v1/invitations で招待してください。",
        "Stop serve and run this again; or, where there is an administrator already, they invite with POST /api/v1/invitations.",
    );
    let open = open_database(config, Access::Write { instead: &instead })?;
    let language = match config.output.language {
        Speech::Japanese => Language::Ja,
        Speech::English => Language::En,
    };
    let (invitation, code) = invite::administrator(&config.auth, &open.database, email, language)?;
    let until = invitation.expires_at.as_str();
    terminal.line(
        &format!(
            "{} を管理者として招待しました。次のコードは {until} まで、一度だけ使えます。\n\n  {code}\n\n\
             serve を起動し、名前とパスワード（12文字以上）を決めてください:\n\n  \
             curl -X POST http://{}/api/v1/invitations/accept -H 'Content-Type: application/json' \\\n    \
             -d '{{\"code\":\"{code}\",\"name\":\"…\",\"password\":\"…\"}}'",
            invitation.email, config.server.listen
        ),
        &format!(
            "{} is invited as administrator. This code works once, until {until}.\n\n  {code}\n\n\
             Start serve, and choose a name and a password (12 characters or more):\n\n  \
             curl -X POST http://{}/api/v1/invitations/accept -H 'Content-Type: application/json' \\\n    \
             -d '{{\"code\":\"{code}\",\"name\":\"…\",\"password\":\"…\"}}'",
            invitation.email, config.server.listen
        ),
    );
    terminal
        .result(&serde_json::json!({ "email": invitation.email, "code": code, "expires_at": invitation.expires_at }));
    Ok(Ending::Done)
}
