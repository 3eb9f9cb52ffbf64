//! `musubi bench` and `musubi bench-corpus`. Stand in until the engine is joined.

use super::arguments::{BenchArguments, BenchCorpusArguments};
use super::{Ending, Failure};
use crate::config::Config;

pub fn run(_config: &Config, _arguments: &BenchArguments) -> Result<Ending, Failure> {
    Err(super::not_here_yet("bench"))
}

pub fn corpus(_config: &Config, _arguments: &BenchCorpusArguments) -> Result<Ending, Failure> {
    Err(super::not_here_yet("bench-corpus"))
}
