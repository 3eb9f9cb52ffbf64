//! Whatever is typed into a search, a suggestion or a saved search is answered or refused, and the service lives on.
//! 2,000 random strings on each run, 10,000 with `MUSUBI_TEST_AMOUNT=release`.

use crate::support::{Dice, PATIENCE, TestApp, encoded, number};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Statuses of a request that was understood, or was not the service's fault.
const ANSWERED: [u16; 8] = [200, 201, 400, 404, 413, 414, 422, 431];

/// The status for any path, however long. None: the connection was closed instead.
fn bare_get(app: &TestApp, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(app.address.trim_start_matches("http://")).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok())
}

fn percent(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02x}")).collect()
}

#[test]
fn random_bytes_are_answered_or_refused() {
    let app = TestApp::start();
    let admin = app.administrator();
    for name in ["有機EL工業", "Roll Coating Ltd.", "封止 (株)", "a OR b"] {
        app.made(&admin, "organizations", json!({ "organization_kind": "firm", "name_ja": name }));
    }
    app.settle();
    let release = std::env::var("MUSUBI_TEST_AMOUNT").is_ok_and(|amount| amount == "release");
    let (amount, seed) =
        (number("MUSUBI_HOSTILE", if release { 10_000 } else { 2_000 }), number("MUSUBI_TEST_SEED", 3));
    let mut dice = Dice::new(seed);
    let pieces = [
        "(",
        ")",
        "\"",
        " OR ",
        "-",
        "種別:",
        "TRL:>=",
        "更新:",
        "市町村:",
        "有機",
        "EL",
        "a",
        "　",
        "ー",
        "\u{FF9E}",
        "*",
        "~9",
        "..",
        ",",
        "令和",
        "\u{0}",
        "\u{202E}",
        "𠮷",
        "owner:",
        "%",
        "&",
        "#",
        "+",
        "\\",
    ];
    let mut counted = [0; 2];
    for round in 0..amount {
        let length = dice.below(48);
        let bytes: Vec<u8> = if round % 2 == 0 {
            (0..length).map(|_| dice.next() as u8).collect()
        } else {
            (0..length).flat_map(|_| dice.pick(&pieces).bytes()).collect()
        };
        let query = percent(&bytes);
        let path = match dice.below(5) {
            0 => format!("/api/v1/suggest?q={query}"),
            1 => format!("/api/v1/search?facet=kind,field,freshness&sort=name&q={query}"),
            2 => format!(
                "/api/v1/search?{}={query}",
                dice.pick(&["kind", "owner", "after", "sdg", "freshness", "limit"])
            ),
            _ => format!("/api/v1/search?q={query}"),
        };
        let answer = app.get_as(&admin, &path);
        assert!(ANSWERED.contains(&answer.status), "seed {seed}: {path}: {} {}", answer.status, answer.body);
        counted[usize::from(answer.status == 200)] += 1;
        if round % 20 == 0 {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let body = json!({ "name": "x", "query": { "q": text } });
            let saved = app.post_as(&admin, "/api/v1/me/saved-searches", body);
            assert!([201, 409, 422].contains(&saved.status), "{}", saved.body);
        }
    }
    assert!(counted.iter().all(|count| *count > 0), "{counted:?}");
    // What was saved of it waits, and stands in nobody's way.
    app.made(&admin, "organizations", json!({ "organization_kind": "firm", "name_ja": "有機a工業" }));
    let head = app.app.database.read(musubi::store::log::head).expect("the log");
    assert!(app.app.watch.wait_for(head.seq, crate::support::PATIENCE));
    assert_eq!(app.get("/health/live").status, 200);
    assert!(!app.app.engine.damaged());
}

#[test]
fn long_deep_and_broken_queries_are_answered_or_refused() {
    let app = TestApp::start();
    let admin = app.administrator();
    app.made(&admin, "organizations", json!({ "organization_kind": "firm", "name_ja": "普通の会社" }));
    app.settle();
    let queries = [
        "a OR ".repeat(100),
        "a OR ".repeat(10_000),
        "(".repeat(10_000),
        format!("{}a b{}", "(".repeat(500), ")".repeat(500)),
        format!("{}a", "-".repeat(400)),
        "-( ".repeat(170),
        "\"a b\"~99999999999999999999".to_owned(),
        "\"a b\"~-1".to_owned(),
        "a~9999999999 b^1e999".to_owned(),
        "/(a+)+$/".to_owned(),
        "(a|a)*b".repeat(20),
        "[0 TO 99999999999999999999]".to_owned(),
        "TRL:99999999999999999999".to_owned(),
        "日付:9999999999-99-99".to_owned(),
        "日付:-262144..262143".to_owned(),
        "更新:令和99999年".to_owned(),
        "市町村:".repeat(70),
        format!("市町村:{}", "あ,".repeat(200)),
        "゙".repeat(512),
        "\u{FDFA}".repeat(512),
        "e\u{301}".repeat(256),
    ];
    for query in &queries {
        for route in ["search", "suggest"] {
            let status = bare_get(&app, &format!("/api/v1/{route}?q={}", encoded(query)));
            assert!(status.is_none_or(|status| ANSWERED.contains(&status)), "{query:.40}: {status:?}");
        }
        let saved = app.post_as(&admin, "/api/v1/me/saved-searches", json!({ "name": "x", "query": { "q": query } }));
        assert!([201, 413, 422].contains(&saved.status), "{query:.40}: {}", saved.body);
    }
    // A hundred thousand alternatives: more than a request line or a body may hold.
    let long = "a OR ".repeat(100_000);
    let status = bare_get(&app, &format!("/api/v1/search?q={}", encoded(&long)));
    assert!(status.is_none_or(|status| ANSWERED.contains(&status)), "{status:?}");
    let body = json!({ "name": "x", "query": { "q": long } }).to_string();
    assert!(app.try_post_bytes("/api/v1/me/saved-searches", body.as_bytes()).is_none_or(|status| status < 500));
    // Lone surrogates, in the address and in JSON.
    for broken in ["%ED%A0%80", "%ED%B0%80%ED%A0%80", "%C0%AF", "%F8%88%80%80%80", "%"] {
        let answer = app.get(&format!("/api/v1/search?q={broken}"));
        assert!([200, 400].contains(&answer.status), "{broken}: {}", answer.body);
    }
    let bearer = admin.bearer();
    for broken in [r#""\ud800""#, r#""\udc00\ud800""#, "\"\u{1}\"", "{}", "[[[[[[[[", "1e999", "\"a\\u0000b\""] {
        let body = format!(r#"{{"name":"x","query":{{"q":{broken}}}}}"#);
        let answer =
            app.post_bytes("/api/v1/me/saved-searches", &[("authorization", bearer.as_str())], body.as_bytes());
        assert!([201, 400, 422].contains(&answer.status), "{broken}: {} {}", answer.status, answer.body);
    }
    assert_eq!(app.get("/health/live").status, 200);
    assert!(!app.app.engine.damaged());
}
