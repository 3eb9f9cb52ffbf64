//! What operators and tools ask: health, contract, the page to try it.

use crate::support::{TestApp, World, auth, now};
use musubi::domain::Kind;

#[test]
fn ready_once_the_index_is_there() {
    let app = TestApp::start();
    app.firm("最初の会社");
    app.settle();
    let ready = app.get("/health/ready");
    assert_eq!(ready.status, 200, "{}", ready.body);
    assert_eq!(ready.json()["index"]["documents"], 1);
    assert_eq!(ready.json()["index"]["lag"], 0);
    assert_eq!(app.get("/health/live").status, 200);
}

#[test]
fn the_contract_names_every_kind_and_the_page_loads_nothing_from_elsewhere() {
    let app = TestApp::start();
    let contract = app.get("/openapi.json").json();
    assert_eq!(contract["openapi"], "3.1.0");
    for kind in Kind::ALL {
        let path = format!("/api/v1/{}", kind.plural());
        assert!(contract["paths"].get(&path).is_some(), "{path}");
        assert_eq!(app.get(&path).status, 200, "{path}");
    }
    let page = app.get("/docs/");
    assert_eq!(page.status, 200);
    let elsewhere: Vec<&str> = page.body.split(['"', '\'']).filter(|text| text.contains("//")).collect();
    assert!(elsewhere.is_empty(), "the page names {elsewhere:?}");
    assert!(page.header("content-security-policy").expect("a policy").contains("default-src 'self'"));
}

#[test]
fn every_answer_carries_an_id_and_the_usual_headers() {
    let app = TestApp::start();
    for path in ["/api/v1/organizations", "/nothing", "/health/live"] {
        let answer = app.get(path);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-request-id").map(str::len), Some(36), "{path}");
        // Without HTTPS in front a browser must not be told to insist on it.
        assert_eq!(answer.header("strict-transport-security"), None, "{path}");
    }
    let world = std::sync::Arc::new(World::new());
    let mut settings = auth(&world);
    settings.mail.public_url = Some("https://musubi.example.jp".to_owned());
    let app = TestApp::start_at(world, musubi::domain::Clock::fixed(now()), settings);
    assert_eq!(app.get("/nothing").header("strict-transport-security"), Some("max-age=31536000"));
}
