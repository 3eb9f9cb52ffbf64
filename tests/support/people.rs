//! People with accounts: invited, in, and with letters to read.
#![allow(dead_code)]

use super::{Response, TestApp};
use musubi::auth::invite;
use musubi::domain::Email;
use musubi::domain::vocabulary::Language;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub const PASSWORD: &str = "violet anvil 7 harbour";

/// Somebody who signed in.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: String,
    pub email: String,
    pub access: String,
    pub refresh: String,
}

impl Person {
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.access)
    }
}

impl TestApp {
    pub fn get_as(&self, person: &Person, path: &str) -> Response {
        self.get_with(path, &[("authorization", &person.bearer())])
    }

    pub fn post_as(&self, person: &Person, path: &str, body: Value) -> Response {
        self.post_with(path, &[("authorization", &person.bearer())], body)
    }

    pub fn patch_as(&self, person: &Person, path: &str, version: i64, body: Value) -> Response {
        let etag = format!("\"{version}\"");
        self.patch_with(path, &[("authorization", &person.bearer()), ("if-match", &etag)], body)
    }

    /// The first administrator, as the command line makes one.
    pub fn administrator(&self) -> Person {
        let email = Email::parse("admin@example.jp").expect("an address");
        let settings = &self.app.auth.settings;
        let (_, code) =
            invite::administrator(settings, &self.app.database, email, Language::Ja).expect("an invitation");
        self.accept("admin@example.jp", &code)
    }

    /// Takes an invitation up with a new account, and signs in.
    pub fn accept(&self, email: &str, code: &str) -> Person {
        let body = json!({ "code": code, "name": "試験 太郎", "password": PASSWORD });
        let response = self.post("/api/v1/invitations/accept", body);
        assert_eq!(response.status, 200, "{}", response.body);
        self.sign_in(email)
    }

    pub fn sign_in(&self, email: &str) -> Person {
        let response = self.try_sign_in(email, PASSWORD);
        assert_eq!(response.status, 200, "{}", response.body);
        let tokens = response.json();
        let text = |name: &str| tokens[name].as_str().expect("a text").to_owned();
        Person {
            id: text("account"),
            email: email.to_owned(),
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }

    pub fn try_sign_in(&self, email: &str, password: &str) -> Response {
        self.post("/api/v1/auth/sign-in", json!({ "email": email, "password": password }))
    }

    /// Invites with `body` (address, party …) and hands the code over.
    pub fn invited(&self, administrator: &Person, body: Value) -> String {
        let mut body = body;
        body["hand_over"] = json!(true);
        let response = self.post_as(administrator, "/api/v1/invitations", body);
        assert_eq!(response.status, 201, "{}", response.body);
        response.json()["code"].as_str().expect("a code").to_owned()
    }

    /// Somebody with roles for the whole cluster.
    pub fn person(&self, administrator: &Person, email: &str, roles: &[&str]) -> Person {
        let code = self.invited(administrator, json!({ "email": email, "roles": roles }));
        self.accept(email, &code)
    }

    /// A confirmed member of a party.
    pub fn member(&self, administrator: &Person, email: &str, party: &str, right: &str) -> Person {
        let code = self.invited(administrator, json!({ "email": email, "party": party, "right": right }));
        let person = self.accept(email, &code);
        let membership = self.membership(&person);
        let path = format!("/api/v1/memberships/{}", membership["id"].as_str().expect("an id"));
        let confirmed = self.patch_as(administrator, &path, 1, json!({ "state": "confirmed" }));
        assert_eq!(confirmed.status, 200, "{}", confirmed.body);
        person
    }

    /// The only membership of a person.
    pub fn membership(&self, person: &Person) -> Value {
        self.get_as(person, "/api/v1/me").json()["memberships"][0].clone()
    }

    /// The letters that were sent to an address so far, decoded enough to be read.
    pub fn letters(&self, email: &str) -> Vec<String> {
        let folder = self.world.folder.path().join("mail");
        let mut files: Vec<_> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        files.sort();
        files
            .iter()
            .filter(|file| file.extension().is_some_and(|extension| extension == "eml"))
            .filter_map(|file| std::fs::read_to_string(file).ok())
            .filter(|letter| letter.contains(&format!("To: {email}")))
            .map(|letter| decoded(&letter))
            .collect()
    }

    /// Waits for the letter number `count` to an address, and gives its code.
    pub fn code_in_letter(&self, email: &str, count: usize) -> String {
        let letters = self.wait_for_letters(email, count);
        let letter = letters.get(count - 1).expect("a letter");
        let code = letter.split("Code: ").nth(1).expect("a code").split_whitespace().next();
        code.expect("a code").to_owned()
    }

    pub fn wait_for_letters(&self, email: &str, count: usize) -> Vec<String> {
        let started = Instant::now();
        loop {
            let letters = self.letters(email);
            if letters.len() >= count || started.elapsed() > Duration::from_secs(10) {
                assert!(letters.len() >= count, "{} letter(s) to {email}", letters.len());
                return letters;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The body of a letter: quoted-printable or base64 undone.
fn decoded(letter: &str) -> String {
    let (head, body) = letter.split_once("\r\n\r\n").unwrap_or((letter, ""));
    let lower = head.to_ascii_lowercase();
    let bytes =
        if lower.contains("content-transfer-encoding: base64") { base64_bytes(body) } else { quoted_bytes(body) };
    format!("{head}\n\n{}", String::from_utf8_lossy(&bytes))
}

fn base64_bytes(text: &str) -> Vec<u8> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        buffer = (buffer << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
        }
    }
    bytes
}

fn quoted_bytes(text: &str) -> Vec<u8> {
    let joined = text.replace("=\r\n", "");
    let (mut bytes, mut rest) = (Vec::new(), joined.as_bytes());
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| *first == b'=') {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}
