//! `musubi export`.
use super::arguments::ExportArguments;
use super::terminal::Terminal;
use super::{Ending, Failure};
use crate::config::Config;
pub fn run(_config: &Config, _arguments: &ExportArguments, _terminal: &Terminal) -> Result<Ending, Failure> {
    Ok(Ending::Done)
}
