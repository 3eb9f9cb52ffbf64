//! The words by which a clause says that it does something, does not, or only speaks of it. All folded, one file for each purpose.

mod denial;
mod heads;
mod neutral;
mod others;
mod predicates;
mod senses;
mod trades;
mod verbatim;

pub(super) use denial::*;
pub(super) use heads::*;
pub(super) use neutral::*;
pub(super) use others::*;
pub(super) use predicates::*;
pub(super) use senses::*;
pub(super) use trades::*;
pub(super) use verbatim::*;

/// How a clause stands to what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    /// It is done, offered, had.
    States,
    /// It is explicitly not done.
    Denies,
    /// A wish, a plan, a topic, somebody else's: shows nothing.
    Neutral,
}
