//! `musubi check`: the database against itself; the index against the database joins here.

use super::terminal::Terminal;
use super::{Access, Ending, Failure, open_database};
use crate::config::Config;
use crate::error::Error;
use crate::feed::{self, Comparison};
use crate::store::Database;
use crate::store::check::{Checked, Fault};
use musubi_index::{Engine, Opened, Settings};
use serde::Serialize;

/// How many faults are shown.
const SHOWN: usize = 100;

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    checked: Checked,
    fault_count: u64,
    /// The first ones.
    faults: &'a [Fault],
    /// The index against the database; absent where there is no index.
    index: Option<&'a Comparison>,
}

/// Search equals database, or what is in the way. A service that runs meanwhile keeps its index: this one only reads.
fn compare_index(config: &Config, database: &Database) -> Result<Option<Comparison>, Failure> {
    if !config.index.folder.exists() {
        return Ok(None);
    }
    let taxonomy = database.read(feed::taxonomy)?;
    let (engine, opened) =
        Engine::open_with(&config.index.folder, Settings::default(), taxonomy).map_err(Error::internal)?;
    match opened {
        Opened::Ready { .. } => Ok(Some(feed::compare(database, &engine)?)),
        Opened::Empty { .. } => Ok(None),
    }
}

fn index_faults(comparison: &Comparison, hear: &mut impl FnMut(Fault)) {
    // What a service has still to follow is no damage, and differs from the database for that reason alone.
    if comparison.behind > 0 {
        return;
    }
    for named in &comparison.named {
        hear(Fault::new(
            "index.differs",
            "index",
            format!("索引がデータベースと一致しません（{named}）。`musubi reindex` で作り直してください。"),
            format!("The index differs from the database ({named}). Run `musubi reindex`."),
        ));
    }
}

pub fn run(config: &Config, terminal: &Terminal) -> Result<Ending, Failure> {
    let open = open_database(config, Access::Read)?;
    let mut faults: Vec<Fault> = Vec::new();
    let mut fault_count = 0;
    let mut hear = |fault: Fault| {
        fault_count += 1;
        if faults.len() < SHOWN {
            faults.push(fault);
        }
    };
    let checked = crate::store::check::check(&open.database, &mut hear)?;
    let comparison = compare_index(config, &open.database)?;
    if let Some(comparison) = &comparison {
        index_faults(comparison, &mut hear);
    }

    for fault in &faults {
        terminal
            .line(&format!("{}: {}", fault.place, fault.message.ja), &format!("{}: {}", fault.place, fault.message.en));
    }
    terminal.line(
        &format!("変更記録{}行、登録{}件を確かめました。異常{fault_count}件。", checked.changes, checked.things),
        &format!("Checked {} log row(s) and {} thing(s): {fault_count} fault(s).", checked.changes, checked.things),
    );
    match &comparison {
        None => terminal.line("索引はまだありません（serve が作ります）。", "There is no index yet (serve builds it)."),
        Some(Comparison { behind, .. }) if *behind > 0 => terminal.line(
            &format!("索引は変更記録より{behind}件遅れています。serve を動かすと追いつきます（照合はその後に）。"),
            &format!("The index is {behind} transaction(s) behind the log; serve catches up (compare after that)."),
        ),
        Some(comparison) => terminal.line(
            &format!(
                "索引との照合: 登録{}件、索引にないもの{}件、版の古いもの{}件、余分なもの{}件。",
                comparison.things, comparison.missing, comparison.outdated, comparison.left_over
            ),
            &format!(
                "Index against database: {} thing(s), {} missing, {} outdated, {} left over.",
                comparison.things, comparison.missing, comparison.outdated, comparison.left_over
            ),
        ),
    }
    terminal.result(&Report { checked, fault_count, faults: &faults, index: comparison.as_ref() });
    Ok(if fault_count == 0 { Ending::Done } else { Ending::Partly })
}
