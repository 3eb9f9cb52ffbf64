//! `musubi serve`. Stands in until the service itself hangs here.

use super::arguments::ServeArguments;
use super::{Ending, Failure};
use crate::config::Config;

pub fn run(_config: &Config, _arguments: &ServeArguments) -> Result<Ending, Failure> {
    Err(super::not_here_yet("serve"))
}
