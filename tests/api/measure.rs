//! Measurements, not tests: they run where `MEASURE` is set, and print what goes into docs/who-gets-in.md.
//!
//! MEASURE=1 cargo test --release --test api measure:: -- --nocapture --test-threads=1

use crate::auth::with_settings;
use crate::support::people::PASSWORD;
use crate::support::{Dice, TestApp, firm, number};
use musubi::auth::AuthSettings;
use musubi::auth::password::Cost;
use musubi::domain::Actor;
use musubi::store::things;
use serde_json::json;
use std::time::{Duration, Instant};

const SAMPLES: usize = 500;

fn asked() -> bool {
    std::env::var_os("MEASURE").is_some()
}

fn milliseconds(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_secs_f64() * 1_000.0
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Mann-Whitney: how many standard deviations the ranks of the two lie from what chance gives. |z| < 2: noise.
fn z_of_ranks(left: &[f64], right: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> =
        left.iter().map(|&value| (value, true)).chain(right.iter().map(|&value| (value, false))).collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let ranks: f64 = all.iter().enumerate().filter(|(_, (_, is_left))| *is_left).map(|(at, _)| at as f64 + 1.0).sum();
    let (n, m) = (left.len() as f64, right.len() as f64);
    let u = ranks - n * (n + 1.0) / 2.0;
    (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

fn compare(name: &str, mut known: impl FnMut(), mut unknown: impl FnMut()) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for at in 0..SAMPLES {
        // In turn, so that what else the machine does falls on both; first one, then the other.
        if at % 2 == 0 {
            left.push(milliseconds(&mut known));
            right.push(milliseconds(&mut unknown));
        } else {
            right.push(milliseconds(&mut unknown));
            left.push(milliseconds(&mut known));
        }
    }
    println!(
        "| {name} | {:.3} | {:.3} | {:+.3} | {:+.2} |",
        median(&left),
        median(&right),
        median(&left) - median(&right),
        z_of_ranks(&left, &right)
    );
}

#[test]
fn known_and_unknown_addresses_take_the_same_time() {
    if !asked() {
        return;
    }
    let (app, hands) = with_settings(|settings| AuthSettings { password_cost: Cost::default(), ..settings });
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    app.member(&administrator, "known@example.jp", &firm, "owner");
    let owner = app.sign_in("known@example.jp");
    println!("| {SAMPLES} samples each | known, ms | unknown, ms | difference | z |");
    println!("|---|---|---|---|---|");
    let invite = |email: &str| {
        let body = json!({ "email": email, "party": firm, "right": "reader" });
        assert_eq!(app.post_as(&owner, "/api/v1/invitations", body).status, 201);
    };
    compare("invitation", || invite("known@example.jp"), || invite("unknow@example.jp"));
    let reset = |email: &str| {
        assert_eq!(app.post("/api/v1/auth/password-reset", json!({ "email": email })).status, 202);
    };
    compare("reset", || reset("known@example.jp"), || reset("unknow@example.jp"));
    let sign_in = |email: &str| {
        // Half a day between two attempts: the ladder is not what is measured.
        hands.pass(13 * 3_600);
        assert_eq!(app.try_sign_in(email, "not the password").status, 401);
    };
    compare("sign-in", || sign_in("known@example.jp"), || sign_in("unknow@example.jp"));
}

fn rate(app: &TestApp, clients: usize, ask: impl Fn(&TestApp) + Sync) -> f64 {
    let (started, span) = (Instant::now(), Duration::from_secs(4));
    let asked: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| {
                    let mut asked = 0;
                    while started.elapsed() < span {
                        ask(app);
                        asked += 1;
                    }
                    asked
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    asked as f64 / started.elapsed().as_secs_f64()
}

#[test]
fn a_read_with_a_token_against_the_same_read_without() {
    if !asked() {
        return;
    }
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let member = app.member(&administrator, "member@example.jp", &firm, "owner");
    let body = json!({ "password": PASSWORD, "name": "連携", "scope": "read", "days": 1 });
    let token = app.post_as(&member, "/api/v1/me/tokens", body).json()["token"].as_str().expect("a token").to_owned();
    let path = format!("/api/v1/organizations/{firm}");
    let (session, token) = (member.bearer(), format!("Bearer {token}"));
    println!("| clients | anonymous /s | access token /s | ratio | API token /s | ratio |");
    println!("|---|---|---|---|---|---|");
    for clients in [1, 8] {
        let with = |bearer: &str| {
            rate(&app, clients, |app| assert_eq!(app.get_with(&path, &[("authorization", bearer)]).status, 200))
        };
        let without = || rate(&app, clients, |app| assert_eq!(app.get(&path).status, 200));
        let (mut anonymous, mut signed_in, mut program) = (0.0, 0.0, 0.0);
        for _ in 0..3 {
            anonymous += without() / 3.0;
            signed_in += with(&session) / 3.0;
            program += with(&token) / 3.0;
        }
        println!(
            "| {clients} | {anonymous:.0} | {signed_in:.0} | {:.2} | {program:.0} | {:.2} |",
            signed_in / anonymous,
            program / anonymous
        );
    }
}

/// The first page of a list against the last: keyset pages should cost the same however far in they lie.
///
/// MEASURE=1 PAGES=1000 cargo test --test api measure::the_first_page -- --nocapture
#[test]
fn the_first_page_of_a_list_against_the_last() {
    const LIMIT: usize = 100;
    if !asked() {
        return;
    }
    let pages = number("PAGES", 1_000) as usize;
    let app = TestApp::start();
    app.app.feed.pause(true);
    let mut dice = Dice::new(1);
    for _ in 0..pages {
        let names: Vec<String> = (0..LIMIT).map(|_| format!("企業 {:016x}", dice.next())).collect();
        let written = app.app.database.write(&Actor::Operator, |tx| {
            for name in &names {
                things::create(tx, firm(name))?;
            }
            Ok(())
        });
        written.expect("a write");
    }
    println!("| sort | page 1, ms | page {pages}, ms | ratio |");
    println!("|---|---|---|---|");
    for sort in ["name", "updated"] {
        let first = format!("/api/v1/organizations?limit={LIMIT}&sort={sort}");
        let (mut last, mut seen) = (first.clone(), 0);
        loop {
            let page = app.get(&last).json();
            seen += page["items"].as_array().expect("items").len();
            match page["next"].as_str() {
                Some(cursor) => last = format!("{first}&after={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, pages * LIMIT);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for _ in 0..SAMPLES {
            left.push(milliseconds(|| assert_eq!(app.get(&first).status, 200)));
            right.push(milliseconds(|| assert_eq!(app.get(&last).status, 200)));
        }
        let (left, right) = (median(&left), median(&right));
        println!("| {sort} | {left:.3} | {right:.3} | {:.2} |", right / left);
    }
}
