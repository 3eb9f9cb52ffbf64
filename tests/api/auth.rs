//! Getting in, staying in, going out.

use crate::support::people::{PASSWORD, Person};
use crate::support::{Hands, TestApp, World, auth};
use musubi::auth::limits::{LimitSettings, Rate};
use musubi::auth::{AuthSettings, OperatorRule};
use serde_json::{Value, json};
use std::sync::Arc;

const SIGN_IN: &str = "/api/v1/auth/sign-in";
const REFRESH: &str = "/api/v1/auth/refresh";

/// A service whose time a test moves on.
pub fn with_hands() -> (TestApp, Hands) {
    with_settings(|settings| settings)
}

pub fn with_settings(change: impl FnOnce(AuthSettings) -> AuthSettings) -> (TestApp, Hands) {
    let (world, hands) = (Arc::new(World::new()), Hands::new());
    let settings = change(auth(&world));
    (TestApp::start_at(world, hands.clock(), settings), hands)
}

fn refresh(app: &TestApp, token: &str) -> (u16, Value) {
    let response = app.post(REFRESH, json!({ "refresh_token": token }));
    (response.status, response.json())
}

fn live_families(app: &TestApp, person: &Person) -> usize {
    let fresh = app.sign_in(&person.email);
    app.get_as(&fresh, "/api/v1/me/sessions").json()["items"].as_array().expect("a list").len() - 1
}

#[test]
fn the_first_administrator_comes_from_the_command_line_and_then_nobody_is_the_operator() {
    let app = TestApp::start();
    assert_eq!(app.get("/api/v1/accounts").status, 200, "until there is an account, this machine is the operator");
    let administrator = app.administrator();
    app.get("/api/v1/accounts").problem(401, "unauthenticated");
    let me = app.get_as(&administrator, "/api/v1/me").json();
    assert_eq!(me["roles"], json!(["administrator"]));
    assert_eq!(me["email"], "admin@example.jp");
    assert_eq!(app.get_as(&administrator, "/api/v1/accounts").json()["items"].as_array().unwrap().len(), 1);
}

#[test]
fn nobody_is_the_operator_through_a_proxy_another_name_or_another_page() {
    let app = TestApp::start();
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9"),
        ("via", "1.1 proxy"),
        ("host", "musubi.example.jp"),
        ("host", "127.0.0.1.example.jp:8080"),
        ("origin", "https://example.jp"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        assert_eq!(app.get_with("/api/v1/accounts", &[(name, value)]).status, 401, "{name}: {value}");
    }
    let (never, _) = with_settings(|settings| AuthSettings { operator: OperatorRule::Never, ..settings });
    assert_eq!(never.get("/api/v1/accounts").status, 401);
}

#[test]
fn a_wrong_address_and_a_wrong_password_get_the_same_answer() {
    let app = TestApp::start();
    app.administrator();
    let known = app.try_sign_in("admin@example.jp", "not the password");
    let unknown = app.try_sign_in("nobody@example.jp", "not the password");
    known.problem(401, "sign-in-failed");
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    let names = |response: &crate::support::Response| {
        let mut names: Vec<String> = response.headers.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&known), names(&unknown));
}

#[test]
fn a_reset_answers_alike_and_writes_only_to_those_who_have_an_account() {
    let (app, hands) = with_hands();
    let administrator = app.administrator();
    let ask = |email: &str| app.post("/api/v1/auth/password-reset", json!({ "email": email }));
    let (known, unknown) = (ask("ADMIN@example.jp"), ask("nobody@example.jp"));
    assert_eq!((known.status, &known.body), (202, &unknown.body));
    assert_eq!(unknown.status, 202);
    let code = app.code_in_letter("admin@example.jp", 1);
    assert!(app.letters("nobody@example.jp").is_empty());

    let confirm = |code: &str, password: &str| {
        app.post("/api/v1/auth/password-reset/confirm", json!({ "code": code, "password": password }))
    };
    confirm(&code, "password1234").problem(422, "invalid");
    confirm(&code[..42], "another long enough phrase").problem(422, "invalid");
    assert_eq!(confirm(&code, "another long enough phrase").status, 204);
    confirm(&code, "yet another long phrase").problem(422, "invalid");
    assert_eq!(app.get_as(&administrator, "/api/v1/me").status, 401, "every sign-in ended");
    assert_eq!(app.try_sign_in("admin@example.jp", PASSWORD).status, 401);
    assert_eq!(app.try_sign_in("admin@example.jp", "another long enough phrase").status, 200);

    // A code that waits too long.
    ask("admin@example.jp");
    let letters = app.wait_for_letters("admin@example.jp", 3).len();
    let late = app.code_in_letter("admin@example.jp", letters);
    hands.pass(3_601);
    confirm(&late, "a phrase that comes too late").problem(422, "invalid");
}

#[test]
fn letters_to_one_account_are_few_however_often_somebody_asks() {
    let app = TestApp::start();
    app.administrator();
    for _ in 0..10 {
        app.post("/api/v1/auth/password-reset", json!({ "email": "admin@example.jp" }));
    }
    app.wait_for_letters("admin@example.jp", 3);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(app.letters("admin@example.jp").len(), 3);
}

#[test]
fn an_access_token_lasts_ten_minutes_and_a_refresh_token_brings_the_next() {
    let (app, hands) = with_hands();
    let person = app.administrator();
    hands.pass(599);
    assert_eq!(app.get_as(&person, "/api/v1/me").status, 200);
    hands.pass(10);
    app.get_as(&person, "/api/v1/me").problem(401, "unauthenticated");
    let (status, tokens) = refresh(&app, &person.refresh);
    assert_eq!(status, 200);
    let next = Person { access: tokens["access_token"].as_str().unwrap().into(), ..person };
    assert_eq!(app.get_as(&next, "/api/v1/me").status, 200);
}

#[test]
fn twenty_refreshes_at_once_leave_one_live_family_with_one_successor() {
    let (app, hands) = with_hands();
    let person = app.administrator();
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(|| refresh(&app, &person.refresh))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    let mut successors: Vec<&str> =
        answers.iter().map(|(_, tokens)| tokens["refresh_token"].as_str().unwrap()).collect();
    successors.sort_unstable();
    successors.dedup();
    assert_eq!(successors.len(), 1, "a benign repeat gets the same successor");
    assert_eq!(live_families(&app, &person), 1);
    hands.pass(60);
    assert_eq!(refresh(&app, successors[0]).0, 200);
}

#[test]
fn a_repeat_after_the_grace_is_theft_and_ends_the_family() {
    let (app, hands) = with_hands();
    let person = app.administrator();
    let (_, tokens) = refresh(&app, &person.refresh);
    let successor = tokens["refresh_token"].as_str().unwrap().to_owned();
    let access = Person { access: tokens["access_token"].as_str().unwrap().into(), ..person.clone() };
    hands.pass(10);
    assert_eq!(refresh(&app, &person.refresh).0, 200, "still within the grace");
    assert_eq!(app.get_as(&access, "/api/v1/me").status, 200);
    hands.pass(1);
    assert_eq!(refresh(&app, &person.refresh).0, 401, "somebody else has it");
    assert_eq!(refresh(&app, &successor).0, 401, "the family is over");
    assert_eq!(app.get_as(&access, "/api/v1/me").status, 401, "and its access tokens, at once");
    assert_eq!(live_families(&app, &person), 0);
    let letters = app.wait_for_letters("admin@example.jp", 1);
    assert!(letters[0].contains("had been used already was used again"), "{letters:?}");
    assert_eq!(letters.len(), 1);
}

#[test]
fn signing_out_ends_one_or_all() {
    let app = TestApp::start();
    let first = app.administrator();
    let (second, third) = (app.sign_in(&first.email), app.sign_in(&first.email));
    assert_eq!(app.post_as(&second, "/api/v1/auth/sign-out", json!({})).status, 204);
    assert_eq!(app.get_as(&second, "/api/v1/me").status, 401);
    assert_eq!(refresh(&app, &second.refresh).0, 401);
    assert_eq!(app.get_as(&first, "/api/v1/me").status, 200);
    assert_eq!(app.post_as(&third, "/api/v1/auth/sign-out", json!({ "all": true })).status, 204);
    assert_eq!(app.get_as(&first, "/api/v1/me").status, 401);
    assert_eq!(refresh(&app, &first.refresh).0, 401);
    assert_eq!(app.post("/api/v1/auth/sign-out", json!({})).status, 401);
}

#[test]
fn a_stale_header_does_not_keep_anybody_from_a_new_token() {
    let (app, hands) = with_hands();
    let person = app.administrator();
    hands.pass(3_600);
    let headers = [("authorization", person.bearer())];
    let headers = [(headers[0].0, headers[0].1.as_str())];
    assert_eq!(app.post_with(REFRESH, &headers, json!({ "refresh_token": person.refresh })).status, 200);
    let body = json!({ "email": person.email, "password": PASSWORD });
    assert_eq!(app.post_with(SIGN_IN, &headers, body).status, 200);
}

#[test]
fn the_ladder_slows_a_guesser_alike_for_known_and_unknown_addresses_and_locks_nobody_out() {
    let (app, hands) = with_hands();
    app.administrator();
    for email in ["admin@example.jp", "nobody@example.jp"] {
        for _ in 0..5 {
            app.try_sign_in(email, "a wrong password").problem(401, "sign-in-failed");
        }
        let slowed = app.try_sign_in(email, "a wrong password");
        slowed.problem(429, "too-many-requests");
        assert_eq!(slowed.header("retry-after"), Some("1"));
        hands.pass(1);
        app.try_sign_in(email, "a wrong password").problem(401, "sign-in-failed");
        assert_eq!(app.try_sign_in(email, "a wrong password").header("retry-after"), Some("2"));
    }
    assert_eq!(app.try_sign_in("admin@example.jp", PASSWORD).status, 429, "waiting is for everybody");
    hands.pass(900);
    assert_eq!(app.try_sign_in("admin@example.jp", PASSWORD).status, 200);
    app.try_sign_in("admin@example.jp", "a wrong password").problem(401, "sign-in-failed");
}

#[test]
fn guesses_at_the_same_time_count_too() {
    let (app, _) = with_hands();
    app.administrator();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..40).map(|_| scope.spawn(|| app.try_sign_in("admin@example.jp", "a wrong password").status)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let compared = statuses.iter().filter(|&&status| status == 401).count();
    let most = if app.world.is_postgresql() { 12 } else { 5 };
    assert!(compared <= most, "{statuses:?}");
}

#[test]
fn limits_by_address_answer_429_and_say_when_to_come_back() {
    let (app, _) = with_settings(|settings| AuthSettings {
        limits: LimitSettings { address_credentials: Rate { per_minute: 6, burst: 2 }, ..LimitSettings::none() },
        ..settings
    });
    app.administrator();
    // One was used to get in.
    app.try_sign_in("nobody@example.jp", "a wrong password").problem(401, "sign-in-failed");
    let limited = app.try_sign_in("nobody@example.jp", "a wrong password");
    limited.problem(429, "too-many-requests");
    let seconds: u64 = limited.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=11).contains(&seconds), "{seconds}");
    assert_eq!(app.get("/api/v1/organizations").status, 200, "other classes go on");
}

#[test]
fn two_hundred_sign_ins_at_once_with_a_megabyte_each_leave_the_rest_alive() {
    let app = TestApp::start();
    app.administrator();
    let body = json!({ "email": "admin@example.jp", "password": "x".repeat(1_000_000) }).to_string();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..200)
            .map(|_| {
                scope.spawn(|| {
                    // The server may close before it has read all of it: that is a refusal, too.
                    app.try_post_bytes(SIGN_IN, body.as_bytes()).is_none_or(|status| status == 413)
                })
            })
            .collect();
        for _ in 0..20 {
            assert_eq!(app.get("/health/live").status, 200);
        }
        assert!(threads.into_iter().all(|thread| thread.join().expect("no panic")));
    });
    assert_eq!(app.try_sign_in("admin@example.jp", PASSWORD).status, 200);
}

#[test]
fn two_hundred_real_sign_ins_at_once_are_answered_or_sent_away() {
    let (app, _) = with_settings(|settings| AuthSettings { hashes_waiting: 16, ..settings });
    app.administrator();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..200)
            .map(|number| {
                let app = &app;
                scope.spawn(move || app.try_sign_in(&format!("nobody{number}@example.jp"), "a wrong password").status)
            })
            .collect();
        for _ in 0..20 {
            assert_eq!(app.get("/health/live").status, 200);
        }
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(statuses.iter().all(|status| [401, 503].contains(status)), "{statuses:?}");
}

#[test]
fn a_second_factor_is_asked_for_and_each_code_works_once() {
    let (app, hands) = with_hands();
    let person = app.administrator();
    let begun = app.post_as(&person, "/api/v1/me/totp", json!({ "password": PASSWORD }));
    assert_eq!(begun.status, 200, "{}", begun.body);
    let secret = base32_bytes(begun.json()["secret"].as_str().unwrap());
    assert!(begun.json()["address"].as_str().unwrap().starts_with("otpauth://totp/musubi:admin%40example.jp?secret="));
    let code = |hands: &Hands| musubi::auth::totp::code_at(&secret, hands.now().timestamp() / 30);
    assert_eq!(app.try_sign_in(&person.email, PASSWORD).status, 200, "it counts only once it is confirmed");
    app.post_as(&person, "/api/v1/me/totp/confirm", json!({ "code": "000000" })).problem(422, "invalid");
    assert_eq!(app.post_as(&person, "/api/v1/me/totp/confirm", json!({ "code": code(&hands) })).status, 204);

    let sign_in = |code: Value| app.post(SIGN_IN, json!({ "email": person.email, "password": PASSWORD, "code": code }));
    app.try_sign_in(&person.email, PASSWORD).problem(401, "second-factor-required");
    assert_eq!(app.try_sign_in(&person.email, "a wrong password").json()["type"], "/problems/sign-in-failed");
    sign_in(json!("000000")).problem(401, "sign-in-failed");
    sign_in(json!(code(&hands))).problem(401, "sign-in-failed");
    hands.pass(30);
    assert_eq!(sign_in(json!(code(&hands))).status, 200);
    sign_in(json!(code(&hands))).problem(401, "sign-in-failed");
    assert_eq!(app.post_as(&person, "/api/v1/me/totp/remove", json!({ "password": PASSWORD })).status, 204);
    assert_eq!(app.try_sign_in(&person.email, PASSWORD).status, 200);
}

#[test]
fn an_administrator_without_a_second_factor_is_none_where_it_is_required() {
    let (app, hands) = with_settings(|settings| AuthSettings { second_factor_for_administrators: true, ..settings });
    let person = app.administrator();
    app.get_as(&person, "/api/v1/accounts").problem(403, "forbidden");
    let me = app.get_as(&person, "/api/v1/me").json();
    assert_eq!((&me["roles"], &me["waiting_for_second_factor"]), (&json!([]), &json!(["administrator"])));
    let secret = app.post_as(&person, "/api/v1/me/totp", json!({ "password": PASSWORD })).json();
    let secret = base32_bytes(secret["secret"].as_str().unwrap());
    let code = musubi::auth::totp::code_at(&secret, hands.now().timestamp() / 30);
    assert_eq!(app.post_as(&person, "/api/v1/me/totp/confirm", json!({ "code": code })).status, 204);
    assert_eq!(app.get_as(&person, "/api/v1/accounts").status, 200);
}

fn base32_bytes(text: &str) -> Vec<u8> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = if letter.is_ascii_uppercase() { letter - b'A' } else { letter - b'2' + 26 };
        buffer = (buffer << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
        }
    }
    bytes
}

#[test]
fn only_a_trusted_proxy_says_who_is_asking() {
    use musubi::auth::network::Network;
    let limits = LimitSettings { address_read: Rate { per_minute: 1, burst: 2 }, ..LimitSettings::none() };
    let statuses = |app: &TestApp, from: &[&str]| -> Vec<u16> {
        from.iter().map(|from| app.get_with("/api/v1/fields", &[("x-forwarded-for", from)]).status).collect()
    };
    let (open, _) = with_settings(|settings| AuthSettings { limits, ..settings });
    assert_eq!(statuses(&open, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]), [200, 200, 429], "nobody is believed");
    let trusted = vec![Network::parse("127.0.0.0/8").unwrap()];
    let (behind, _) = with_settings(|settings| AuthSettings { limits, trusted_proxies: trusted, ..settings });
    assert_eq!(statuses(&behind, &["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"]), [200, 200, 429, 200]);
    let household = ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3", "2001:db8:1:3::1"];
    assert_eq!(statuses(&behind, &household), [200, 200, 429, 200]);
    assert_eq!(statuses(&behind, &["198.51.100.7, 192.0.2.1"]), [429], "what the caller wrote counts for nothing");
}

#[test]
fn an_account_has_a_limit_of_its_own() {
    let limits = LimitSettings { account: Rate { per_minute: 1, burst: 3 }, ..LimitSettings::none() };
    let (app, _) = with_settings(|settings| AuthSettings { limits, ..settings });
    let person = app.administrator();
    let again = app.sign_in(&person.email);
    let statuses: Vec<u16> = [&person, &again, &person, &again].map(|who| app.get_as(who, "/api/v1/me").status).into();
    assert_eq!(statuses, [200, 200, 200, 429]);
    assert_eq!(app.get("/api/v1/fields").status, 200, "others go on");
}

#[test]
fn sweeping_forgets_what_no_longer_counts() {
    let (app, hands) = with_hands();
    let administrator = app.administrator();
    app.invited(&administrator, json!({ "email": "late@example.jp" }));
    app.try_sign_in("nobody@example.jp", "a wrong password");
    hands.pass(100 * 86_400);
    let keys = app.get("/.well-known/jwks.json").body;
    app.app.auth.sweep(&app.app.database).expect("a sweep");
    let left = app.app.database.read(|conn| musubi::store::invitations::list(conn, None, None, 100)).expect("a list");
    assert!(left.0.is_empty());
    assert_ne!(app.get("/.well-known/jwks.json").body, keys, "the signing key was due");
    assert_eq!(app.try_sign_in(&administrator.email, PASSWORD).status, 200);
}

#[test]
fn no_other_page_is_let_in_and_answers_with_tokens_are_not_kept() {
    let app = TestApp::start();
    let person = app.administrator();
    let answer = app.get_with("/api/v1/me", &[("authorization", &person.bearer()), ("origin", "https://example.com")]);
    assert_eq!(answer.status, 200);
    assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("access-control-")), "{:?}", answer.headers);
    let tokens = app.try_sign_in(&person.email, PASSWORD);
    assert_eq!(tokens.header("cache-control"), Some("no-store"));
}
