//! `musubi reindex`: builds the index again from the database.

use super::terminal::Terminal;
use super::{Access, Ending, Failure, open_database};
use crate::config::Config;
use crate::domain::finding::Message;
use crate::error::Error;
use crate::feed;
use musubi_index::{Engine, Settings};
use std::time::Instant;

pub fn run(config: &Config, terminal: &Terminal) -> Result<Ending, Failure> {
    let instead = Message::new(
        "索引フォルダーを消して serve を再起動すれば、作り直しながら動きます。",
        "Delete the index folder and restart serve: it builds the index while it serves.",
    );
    let opened = open_database(config, Access::Write { instead: &instead })?;
    let settings = Settings { writer_memory: config.index.writer_memory, ..Settings::default() };
    let taxonomy = opened.database.read(feed::taxonomy)?;
    let (engine, _) = Engine::open_with(&config.index.folder, settings, taxonomy).map_err(Error::internal)?;
    let started = Instant::now();
    let bar = super::terminal::counter(terminal);
    let documents = feed::rebuild(&opened.database, &engine, |count| bar.set_position(count as u64))?;
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();
    let speed = documents as f64 / seconds.max(1e-9);
    terminal.line(
        &format!("{documents}件の索引を{seconds:.1}秒で作りました（毎秒{speed:.0}件）。"),
        &format!("Indexed {documents} documents in {seconds:.1} s ({speed:.0} a second)."),
    );
    terminal.result(&serde_json::json!({ "documents": documents, "seconds": seconds }));
    Ok(Ending::Done)
}
