//! `musubi version`.

use super::terminal::Terminal;
use super::{Ending, Failure};
use serde::Serialize;

pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Serialize)]
struct Report {
    name: &'static str,
    version: &'static str,
}

pub fn run(terminal: &Terminal) -> Result<Ending, Failure> {
    terminal.line(&format!("musubi {VERSION}"), &format!("musubi {VERSION}"));
    terminal.result(&Report { name: "musubi", version: VERSION });
    Ok(Ending::Done)
}
