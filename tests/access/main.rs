//! Who may see and do what: every route of the contract, for everybody, over HTTP. What is expected is written in the
//! words of the product (`rules.rs`), never by asking the service.
//!
//! `MUSUBI_TEST_AMOUNT=release` takes the amounts that are run before a release.

#[path = "../support/mod.rs"]
mod support;

mod canary;
mod cast;
mod holes;
mod matrix;
mod race;
mod rules;
mod scene;
mod twins;

/// The amount for each run, or the one before a release; a variable of its own goes first.
fn amount(variable: &str, usual: u64, release: u64) -> u64 {
    let asked = is_release();
    support::number(variable, if asked { release } else { usual })
}

fn is_release() -> bool {
    std::env::var("MUSUBI_TEST_AMOUNT").is_ok_and(|amount| amount == "release")
}
