//! `musubi evaluate`. Stands in until the engine is joined.

use super::arguments::EvaluateArguments;
use super::{Ending, Failure};
use crate::config::Config;

pub fn run(_config: &Config, _arguments: &EvaluateArguments) -> Result<Ending, Failure> {
    Err(super::not_here_yet("evaluate"))
}
