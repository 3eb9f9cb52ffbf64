//! `musubi check`.
use super::terminal::Terminal;
use super::{Ending, Failure};
use crate::config::Config;
pub fn run(_config: &Config, _terminal: &Terminal) -> Result<Ending, Failure> {
    Ok(Ending::Done)
}
