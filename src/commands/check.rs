//! `musubi check`: the database against itself; the index against the database joins here.

use super::terminal::Terminal;
use super::{Access, Ending, Failure, open_database};
use crate::config::Config;
use crate::store::check::{Checked, Fault};
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
    // The index against the database, both ways: its faults go to `hear`, too.

    for fault in &faults {
        terminal
            .line(&format!("{}: {}", fault.place, fault.message.ja), &format!("{}: {}", fault.place, fault.message.en));
    }
    terminal.line(
        &format!("変更記録{}行、登録{}件を確かめました。異常{fault_count}件。", checked.changes, checked.things),
        &format!("Checked {} log row(s) and {} thing(s): {fault_count} fault(s).", checked.changes, checked.things),
    );
    terminal.result(&Report { checked, fault_count, faults: &faults });
    Ok(if fault_count == 0 { Ending::Done } else { Ending::Partly })
}
