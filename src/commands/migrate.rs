//! `musubi migrate`: brings the database up to date.

use super::terminal::Terminal;
use super::{Ending, Failure, open};
use crate::config::Config;
use crate::domain::Clock;
use crate::domain::finding::Message;
use crate::store::Database;
use serde::Serialize;

#[derive(Serialize)]
struct Report {
    database: String,
    applied: Vec<String>,
}

pub fn run(config: &Config, terminal: &Terminal) -> Result<Ending, Failure> {
    let _lock = open::lock_for_writing(
        config,
        &Message::new("serve は起動時に自分で準備します。", "serve brings the database up to date when it starts."),
    )?;
    let database = Database::open(config.database.clone(), Clock::system())?;
    let applied = crate::store::migrate::run(&database)?;
    let name = database.target().name();
    if applied.is_empty() {
        terminal.line(&format!("{name}: 最新です。"), &format!("{name}: up to date."));
    }
    for migration in &applied {
        terminal.line(&format!("{name}: {migration} を適用しました。"), &format!("{name}: applied {migration}."));
    }
    terminal.result(&Report { database: name, applied });
    Ok(Ending::Done)
}
