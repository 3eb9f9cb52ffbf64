//! `musubi reindex`. Stands in until the index is joined.

use super::{Ending, Failure};
use crate::config::Config;

pub fn run(_config: &Config) -> Result<Ending, Failure> {
    Err(super::not_here_yet("reindex"))
}
