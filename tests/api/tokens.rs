//! Tokens that do not hold, all refused alike; keys that turn under load; tokens for programs.

use crate::auth::{with_hands, with_settings};
use crate::support::people::{PASSWORD, Person};
use crate::support::{Response, TestApp};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use musubi::auth::secrets::{decode, encode};
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const ME: &str = "/api/v1/me";

/// Everything a forger could wish for: the keys themselves.
struct Forge {
    key: Ed25519KeyPair,
    kid: String,
    claims: Map<String, Value>,
}

impl Forge {
    fn of(app: &TestApp, person: &Person) -> Self {
        let text = std::fs::read_to_string(app.world.folder.path().join("keys/keys.json")).expect("the keys");
        let ring: Value = serde_json::from_str(&text).expect("JSON");
        let current = ring["keys"].as_array().expect("keys").iter().find(|key| key["state"] == "current");
        let private = decode(current.expect("a key")["private"].as_str().expect("a text")).expect("base64url");
        let key = Ed25519KeyPair::from_pkcs8(&private).expect("Ed25519");
        let kid = current.expect("a key")["kid"].as_str().expect("a text").to_owned();
        let claims = decode(person.access.split('.').nth(1).expect("claims")).expect("base64url");
        Self { key, kid, claims: serde_json::from_slice(&claims).expect("JSON") }
    }

    fn header(&self) -> Value {
        json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": self.kid })
    }

    fn claims(&self) -> Value {
        Value::Object(self.claims.clone())
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
        format!("{message}.{}", encode(self.key.sign(message.as_bytes()).as_ref()))
    }

    fn token(&self, header: Value, claims: Value) -> String {
        self.sign(&header.to_string(), &claims.to_string())
    }

    /// A good header, but for one name.
    fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header();
        header[name] = value;
        self.token(header, self.claims())
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims[name] = value;
        self.token(self.header(), claims)
    }

    fn without_claim(&self, name: &str) -> String {
        let mut claims = self.claims.clone();
        claims.remove(name);
        self.token(self.header(), Value::Object(claims))
    }

    fn without_header(&self, name: &str) -> String {
        let mut header = self.header();
        header.as_object_mut().expect("an object").remove(name);
        self.token(header, self.claims())
    }

    fn hmac(&self, algorithm: &str, secret: &[u8]) -> String {
        let mut header = self.header();
        header["alg"] = json!(algorithm);
        let message =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(self.claims().to_string().as_bytes()));
        let kind = match algorithm {
            "HS384" => hmac::HMAC_SHA384,
            "HS512" => hmac::HMAC_SHA512,
            _ => hmac::HMAC_SHA256,
        };
        let tag = hmac::sign(&hmac::Key::new(kind, secret), message.as_bytes());
        format!("{message}.{}", encode(tag.as_ref()))
    }
}

/// What every refusal must be, but for the request id.
fn essence(response: &Response) -> (u16, String, Vec<(String, String)>) {
    let masked = ["x-request-id", "date"];
    let mut headers: Vec<(String, String)> =
        response.headers.iter().filter(|(name, _)| !masked.contains(&name.as_str())).cloned().collect();
    headers.sort();
    (response.status, response.body.clone(), headers)
}

#[test]
fn more_than_eighty_forged_or_stale_tokens_get_one_identical_answer() {
    let (app, hands) = with_hands();
    let person = app.administrator();
    let other = app.sign_in(&person.email);
    let forge = Forge::of(&app, &person);
    let now = hands.now().timestamp();
    // The forge works: what it makes unchanged is let in.
    let good = forge.token(forge.header(), forge.claims());
    assert_eq!(app.get_with(ME, &[("authorization", &format!("Bearer {good}"))]).status, 200);

    let stranger_key = {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let private = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
        Ed25519KeyPair::from_pkcs8(private.as_ref()).expect("a key")
    };
    let stranger = |kid: &str| {
        let header = json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": kid }).to_string();
        let message = format!("{}.{}", encode(header.as_bytes()), encode(forge.claims().to_string().as_bytes()));
        format!("{message}.{}", encode(stranger_key.sign(message.as_bytes()).as_ref()))
    };
    let stranger_kid = musubi::auth::secrets::fingerprint(&encode(stranger_key.public_key().as_ref()))[..32].to_owned();
    let public = forge.key.public_key().as_ref().to_vec();
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(stranger_key.public_key().as_ref()) });
    let parts: Vec<&str> = person.access.split('.').collect();
    let (head, body, signature) = (parts[0], parts[1], parts[2]);
    let none = |alg: &str| {
        let header = json!({ "typ": "at+jwt", "alg": alg, "kid": forge.kid }).to_string();
        format!("{}.{body}.", encode(header.as_bytes()))
    };
    let mut flipped: Vec<u8> = decode(signature).expect("base64url");
    flipped[10] ^= 1;

    let mut tokens: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, token: String| tokens.push((name.to_owned(), token));
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        add(&format!("alg {alg}, no signature"), none(alg));
        add(&format!("alg {alg}, signature kept"), format!("{}{signature}", none(alg)));
    }
    for alg in ["HS256", "HS384", "HS512"] {
        add(&format!("{alg} with the public key"), forge.hmac(alg, &public));
        add(&format!("{alg} with the public key as text"), forge.hmac(alg, encode(&public).as_bytes()));
    }
    add("HS256 with the empty key", forge.hmac("HS256", b""));
    for alg in ["RS256", "ES256", "PS256", "Ed25519", "eddsa", "ES256K"] {
        add(&format!("alg says {alg}"), forge.with_header("alg", json!(alg)));
    }
    for name in ["exp", "nbf", "iat", "iss", "aud", "sub", "sid"] {
        add(&format!("no {name}"), forge.without_claim(name));
        add(&format!("{name} null"), forge.with_claim(name, Value::Null));
    }
    for name in ["typ", "alg", "kid"] {
        add(&format!("no {name}"), forge.without_header(name));
        add(&format!("{name} null"), forge.with_header(name, Value::Null));
    }
    for typ in ["JWT", "at+JWT", "application/at+jwt", "rt+jwt", "id+jwt", ""] {
        add(&format!("typ {typ}"), forge.with_header("typ", json!(typ)));
    }
    let kids = [
        "",
        "unknown",
        "../../../../etc/passwd",
        "../keys/keys.json",
        "/dev/null",
        "' OR '1'='1",
        "0",
        "http://localhost/keys",
        "\u{0}",
    ];
    for kid in kids {
        add(&format!("kid {kid:?}"), forge.with_header("kid", json!(kid)));
    }
    add("kid in capitals", forge.with_header("kid", json!(forge.kid.to_uppercase())));
    add("kid a number", forge.with_header("kid", json!(1)));
    add("kid a list", forge.with_header("kid", json!([forge.kid])));
    for (name, value) in [
        ("jku", json!("https://example.com/keys")),
        ("jwk", jwk),
        ("x5u", json!("https://example.com/cert")),
        ("x5c", json!(["AAAA"])),
        ("x5t", json!("AAAA")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("cty", json!("JWT")),
    ] {
        add(&format!("header {name}"), forge.with_header(name, value));
    }
    add("a stranger's key under our kid", stranger(&forge.kid));
    add("a stranger's key under its own kid", stranger(&stranger_kid));
    for (name, value) in [
        ("exp", json!(now - 5)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(now + 601)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(1e300)),
        ("exp", json!("2999-01-01")),
        ("exp", json!(now.to_string())),
        ("nbf", json!(now + 6)),
        ("nbf", json!("0")),
        ("iat", json!(now + 3_600)),
        ("iat", json!(i64::MIN)),
        ("iss", json!("musubi.example")),
        ("iss", json!("")),
        ("iss", json!(["musubi"])),
        ("aud", json!("another-api")),
        ("aud", json!(["musubi-api", "another-api"])),
        ("aud", json!("")),
        ("sub", json!("")),
        ("sub", json!("operator")),
        ("sub", json!("system")),
        ("sub", json!("0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d")),
        ("sub", json!({ "id": person.id })),
        ("sid", json!("")),
        ("sid", json!("0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d")),
        ("roles", json!(["administrator"])),
        ("scope", json!("write")),
    ] {
        add(&format!("claim {name} = {value}"), forge.with_claim(name, value.clone()));
    }
    add("the signature flipped in one bit", format!("{head}.{body}.{}", encode(&flipped)));
    add("the signature cut", format!("{head}.{body}.{}", &signature[..signature.len() - 4]));
    add("the signature cut to nothing", format!("{head}.{body}."));
    add("no signature", format!("{head}.{body}"));
    add("another token's signature", format!("{head}.{body}.{}", other.access.split('.').nth(2).unwrap()));
    add(
        "another token's claims",
        format!("{head}.{}.{signature}", encode(forge.claims().to_string().replace(&person.id, "x").as_bytes())),
    );
    add("four parts", format!("{}.{signature}", person.access));
    add("five parts, like an encrypted one", format!("{head}.{body}.{signature}.{body}.{signature}"));
    add("padding", format!("{}==", person.access));
    add(
        "a header twice the same name",
        forge.sign(
            &format!("{{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\",\"kid\":\"x\",\"kid\":\"{}\"}}", forge.kid),
            &forge.claims().to_string(),
        ),
    );
    add(
        "claims twice the same name",
        forge.sign(&forge.header().to_string(), &forge.claims().to_string().replacen('{', "{\"sub\":\"x\",", 1)),
    );
    add("claims that are no object", forge.sign(&forge.header().to_string(), "[]"));
    add("a header that is no object", forge.sign("\"EdDSA\"", &forge.claims().to_string()));
    add("claims that are no JSON", forge.sign(&forge.header().to_string(), "{"));
    add("the refresh token", person.refresh.clone());
    add("the account's id", person.id.clone());
    add("an invented API token", format!("mus_{}", "A".repeat(43)));
    add("an API token's prefix", "mus_".to_owned());
    add("one letter", "x".to_owned());
    add("dots", "..".to_owned());
    add("long", "A".repeat(6_000));
    add(
        "a header of many levels",
        format!("{}.{body}.{signature}", encode(format!("{}{}", "[".repeat(1_000), "]".repeat(1_000)).as_bytes())),
    );

    let mut requests: Vec<(String, Vec<(&str, String)>)> =
        tokens.into_iter().map(|(name, token)| (name, vec![("authorization", format!("Bearer {token}"))])).collect();
    let bearer = person.bearer();
    for (name, value) in [
        ("no scheme", person.access.clone()),
        ("Basic", "Basic YWRtaW5AZXhhbXBsZS5qcDp4".to_owned()),
        ("Token", format!("Token {}", person.access)),
        ("empty", String::new()),
        ("only the scheme", "Bearer".to_owned()),
        ("two spaces", format!("Bearer  {}", person.access)),
        ("a comma", format!("{bearer}, {bearer}")),
        ("something after it", format!("{bearer} x")),
        ("quotes", format!("Bearer \"{}\"", person.access)),
    ] {
        requests.push((name.to_owned(), vec![("authorization", value)]));
    }
    requests
        .push(("two headers".to_owned(), vec![("authorization", bearer.clone()), ("authorization", bearer.clone())]));
    requests.push((
        "a bad header beside a good one".to_owned(),
        vec![("authorization", bearer.clone()), ("authorization", "Bearer x".to_owned())],
    ));
    // Stale ones: of a sign-in that ended.
    app.post_as(&other, "/api/v1/auth/sign-out", json!({}));
    requests.push(("signed out".to_owned(), vec![("authorization", other.bearer())]));

    assert!(requests.len() >= 80, "{}", requests.len());
    let expected = app.get(ME);
    expected.problem(401, "unauthenticated");
    assert_eq!(expected.header("www-authenticate"), Some("Bearer realm=\"musubi\""));
    for (name, headers) in &requests {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let response = app.get_with(ME, &headers);
        assert_eq!(essence(&response), essence(&expected), "{name}");
        // And on a route that visitors may use: who shows something shows something that holds.
        assert_eq!(app.get_with("/api/v1/organizations", &headers).status, 401, "{name}");
    }
    println!("{} forged or stale tokens, one answer", requests.len());

    // The last kind of stale: by time. Nothing else about it changed.
    hands.pass(605);
    assert_eq!(essence(&app.get_as(&person, ME)), essence(&expected));
}

#[test]
fn keys_turn_under_load_without_a_false_refusal() {
    let (app, hands) = with_hands();
    let person = app.administrator();
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut token = app.sign_in(&person.email);
                    while !done.load(Ordering::SeqCst) {
                        assert_eq!(app.get_as(&token, ME).status, 200);
                        if asked.fetch_add(1, Ordering::SeqCst) % 20 == 0 {
                            token = app.sign_in(&person.email);
                        }
                    }
                })
            })
            .collect();
        // On a slow machine, more turns: what counts is that requests fall among them.
        let mut turns = 0;
        while turns < 10 || (asked.load(Ordering::SeqCst) <= 40 && turns < 1_000) {
            app.app.auth.keys.rotate().expect("other keys");
            std::thread::sleep(std::time::Duration::from_millis(50));
            turns += 1;
        }
        done.store(true, Ordering::SeqCst);
        threads.into_iter().for_each(|thread| thread.join().expect("no false refusal"));
    });
    assert!(asked.load(Ordering::SeqCst) > 40, "{asked:?}");
    // Published: the next one before it signs.
    let keys = app.get("/.well-known/jwks.json").json();
    let kids: Vec<&str> = keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    app.app.auth.keys.rotate().expect("other keys");
    let header = decode(app.sign_in(&person.email).access.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert!(kids.contains(&header["kid"].as_str().unwrap()));
    assert!(!keys.to_string().contains("private") && keys["keys"][0].get("d").is_none());
    // And retired ones go, long after what they signed.
    hands.pass(2 * 3_600);
    app.app.auth.keys.rotate().expect("other keys");
    assert!(app.get("/.well-known/jwks.json").json()["keys"].as_array().unwrap().len() <= 3);
}

#[test]
fn keys_outlive_a_restart() {
    let app = TestApp::start();
    let person = app.administrator();
    let app = TestApp::start_in(app.stop());
    assert_eq!(app.get_as(&person, ME).status, 200);
}

#[test]
fn a_token_for_a_program_has_a_scope_and_an_end_and_is_no_sign_in() {
    let (app, hands) = with_settings(|settings| settings);
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let member = app.member(&administrator, "owner@example.jp", &firm, "owner");
    let make = |scope: &str, days: i64| {
        let body = json!({ "password": PASSWORD, "name": "連携", "scope": scope, "days": days });
        app.post_as(&member, "/api/v1/me/tokens", body)
    };
    make("read", 0).problem(422, "invalid");
    make("admin", 1).problem(422, "invalid");
    let made = make("read", 30);
    assert_eq!(made.status, 201, "{}", made.body);
    let program = |made: &Response| {
        let token = made.json()["token"].as_str().expect("a token").to_owned();
        assert!(token.starts_with("mus_") && token.len() == 47, "{token}");
        Person { access: token, ..member.clone() }
    };
    let (reader, writer) = (program(&made), program(&make("write", 30)));
    assert_eq!(app.get_as(&reader, ME).status, 200);
    app.post_as(&reader, "/api/v1/invitations", json!({})).problem(403, "token-scope");
    assert_ne!(app.post_as(&reader, "/api/v1/match", json!({})).status, 403, "a question is a reading");
    let invitation = json!({ "email": "new@example.jp", "party": firm, "right": "reader" });
    app.post_as(&writer, "/api/v1/invitations", invitation).problem(403, "needs-sign-in");
    let capability = json!({ "owner": firm, "capability_kind": "process", "name_ja": "めっき" });
    assert_eq!(app.post_as(&writer, "/api/v1/capabilities", capability).status, 201);
    for path in ["/api/v1/me/tokens", "/api/v1/me/sessions", "/api/v1/me/data"] {
        app.get_as(&writer, path).problem(403, "needs-sign-in");
    }
    for path in
        ["/api/v1/me/password", "/api/v1/me/email", "/api/v1/me/totp", "/api/v1/me/tokens", "/api/v1/auth/sign-out"]
    {
        app.post_as(&writer, path, json!({})).problem(403, "needs-sign-in");
    }
    let listed = app.get_as(&member, "/api/v1/me/tokens").json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains("mus_"));

    let id = listed["items"][0]["id"].as_str().unwrap();
    let headers = [("authorization", member.bearer())];
    let headers = [(headers[0].0, headers[0].1.as_str())];
    app.delete(&format!("/api/v1/me/tokens/{}", administrator.id), &headers).problem(404, "not-found");
    assert_eq!(app.delete(&format!("/api/v1/me/tokens/{id}"), &headers).status, 204);
    assert_eq!(app.get_as(&reader, ME).status, 401, "withdrawn at once");
    hands.pass(30 * 86_400 - 1);
    assert_eq!(app.get_as(&writer, ME).status, 200);
    hands.pass(1);
    assert_eq!(app.get_as(&writer, ME).status, 401, "expired to the second");
}
