//! Invitations, memberships, accounts, one's own data, and what happens when somebody loses a right.

use crate::auth::{with_hands, with_settings};
use crate::support::TestApp;
use crate::support::people::{PASSWORD, Person};
use musubi::auth::AuthSettings;
use musubi::store::check;
use serde_json::{Value, json};

const ME: &str = "/api/v1/me";
const INVITATIONS: &str = "/api/v1/invitations";
const ACCEPT: &str = "/api/v1/invitations/accept";

fn account_path(person: &Person) -> String {
    format!("/api/v1/accounts/{}", person.id)
}

fn audit_seq(app: &TestApp) -> i64 {
    app.app.database.read(musubi::store::log::head).expect("the log").seq
}

#[test]
fn an_invitation_by_letter_leads_in_and_counts_once_it_is_confirmed() {
    let app = TestApp::start();
    let (firm, other) = (app.firm("最上めっき"), app.firm("庄内鋳造"));
    let administrator = app.administrator();
    let owner = app.member(&administrator, "owner@example.jp", &firm, "owner");

    let body = json!({ "email": "Reader@Example.jp", "party": firm, "right": "reader", "language": "en" });
    let invited = app.post_as(&owner, INVITATIONS, body);
    assert_eq!(invited.status, 201, "{}", invited.body);
    assert!(invited.json().get("code").is_none(), "only an administrator hands codes over");
    let code = app.code_in_letter("reader@example.jp", 1);
    assert!(!invited.body.contains(&code));
    // Who invites, and to what, where everybody may see it.
    let letter = app.letters("reader@example.jp").remove(0);
    assert!(letter.contains("試験 太郎 invites you to musubi"), "{letter}");
    assert!(letter.contains("as a member of 最上めっき"), "{letter}");
    let reader = app.accept("reader@example.jp", &code);
    let letters = app.wait_for_letters("owner@example.jp", 2);
    assert!(letters[1].contains("「最上めっき」への招待を受け入れました"), "{}", letters[1]);

    let membership = app.membership(&reader);
    assert_eq!((&membership["state"], &membership["right"]), (&json!("accepted"), &json!("reader")));
    let path = format!("/api/v1/memberships/{}", membership["id"].as_str().unwrap());
    // Not by oneself.
    app.patch_as(&reader, &path, 1, json!({ "state": "confirmed" })).problem(404, "not-found");
    app.patch_as(&reader, &path, 1, json!({ "right": "owner" })).problem(404, "not-found");
    let confirmed = app.patch_as(&owner, &path, 1, json!({ "state": "confirmed" }));
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    app.wait_for_letters("reader@example.jp", 2);
    // A reader invites nobody and sees no members.
    let body = json!({ "email": "x@example.jp", "party": firm, "right": "owner" });
    app.post_as(&reader, INVITATIONS, body).problem(403, "forbidden");
    app.get_as(&reader, &format!("/api/v1/memberships?party={firm}")).problem(404, "not-found");
    // An owner owns one party.
    app.get_as(&owner, &format!("/api/v1/memberships?party={other}")).problem(404, "not-found");
    assert_eq!(
        app.get_as(&owner, &format!("/api/v1/memberships?party={firm}")).json()["items"].as_array().unwrap().len(),
        2
    );
    let body = json!({ "email": "x@example.jp", "party": other, "right": "reader" });
    let theirs = app.post_as(&owner, INVITATIONS, body);
    let nowhere =
        json!({ "email": "x@example.jp", "party": "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d", "right": "reader" });
    assert_eq!(theirs.body, app.post_as(&owner, INVITATIONS, nowhere).body, "not theirs, not there: the same");
    for more in
        [json!({ "roles": ["coordinator"] }), json!({ "hand_over": true }), json!({ "party": null, "right": null })]
    {
        let mut body = json!({ "email": "x@example.jp", "party": firm, "right": "reader" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        app.post_as(&owner, INVITATIONS, body).problem(403, "forbidden");
    }
}

#[test]
fn an_invitation_works_once_ends_and_can_be_taken_back() {
    let (app, hands) = with_hands();
    let administrator = app.administrator();
    let code = app.invited(&administrator, json!({ "email": "a@example.jp", "roles": ["officer"] }));
    let words = json!({ "code": code, "name": "一", "password": PASSWORD });
    let at_once: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| app.post(ACCEPT, words.clone()).status)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(at_once.iter().filter(|&&status| status == 200).count(), 1, "{at_once:?}");
    app.post(ACCEPT, json!({ "code": code })).problem(422, "invalid");

    let late = app.invited(&administrator, json!({ "email": "b@example.jp" }));
    hands.pass(7 * 86_400);
    app.post(ACCEPT, json!({ "code": late, "name": "二", "password": PASSWORD })).problem(422, "invalid");

    let administrator = app.sign_in(&administrator.email);
    let body = json!({ "email": "c@example.jp", "hand_over": true });
    let taken_back = app.post_as(&administrator, INVITATIONS, body).json();
    let listed = app.get_as(&administrator, INVITATIONS);
    assert!(listed.body.contains("c@example.jp") && !listed.body.contains(taken_back["code"].as_str().unwrap()));
    let headers = [("authorization", administrator.bearer())];
    let headers = [(headers[0].0, headers[0].1.as_str())];
    let path = format!("{INVITATIONS}/{}", taken_back["id"].as_str().unwrap());
    assert_eq!(app.delete(&path, &headers).status, 204);
    assert_eq!(app.delete(&path, &headers).status, 404);
    let body = json!({ "code": taken_back["code"], "name": "三", "password": PASSWORD });
    app.post(ACCEPT, body).problem(422, "invalid");
}

#[test]
fn inviting_a_known_and_an_unknown_address_answers_alike_and_never_touches_the_account() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let owner = app.member(&administrator, "owner@example.jp", &firm, "owner");
    app.person(&administrator, "known@example.jp", &[]);
    let invite = |email: &str| {
        let body = json!({ "email": email, "party": firm, "right": "editor" });
        let mut answer = app.post_as(&owner, INVITATIONS, body);
        assert_eq!(answer.status, 201);
        let mut body = answer.json();
        body["id"] = json!("masked");
        body["email"] = json!("masked");
        answer.body = body.to_string();
        answer.body
    };
    assert_eq!(invite("known@example.jp"), invite("unknown@example.jp"));

    let code = app.code_in_letter("known@example.jp", 1);
    for words in [json!({ "password": "somebody else's phrase" }), json!({ "name": "別人" })] {
        let mut body = words;
        body["code"] = json!(code);
        let refused = app.post(ACCEPT, body).problem(422, "invalid");
        assert_eq!(refused["errors"][0]["code"], "account.exists");
    }
    assert_eq!(app.post(ACCEPT, json!({ "code": code })).status, 200);
    let known = app.sign_in("known@example.jp");
    assert_eq!(app.membership(&known)["state"], "accepted");
}

#[test]
fn what_a_suspended_inviter_promised_no_longer_holds() {
    let app = TestApp::start();
    let administrator = app.administrator();
    let second = app.person(&administrator, "second@example.jp", &["administrator"]);
    let code = app.invited(&second, json!({ "email": "accomplice@example.jp", "roles": ["administrator"] }));
    assert_eq!(app.patch_as(&administrator, &account_path(&second), 1, json!({ "roles": [] })).status, 200);
    app.post(ACCEPT, json!({ "code": code, "name": "共犯", "password": PASSWORD })).problem(422, "invalid");
}

#[test]
fn a_suspension_and_a_lost_role_act_on_the_next_request() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let second = app.person(&administrator, "second@example.jp", &["administrator"]);
    let token = json!({ "password": PASSWORD, "name": "連携", "scope": "write", "days": 1 });
    let token = app.post_as(&second, "/api/v1/me/tokens", token).json()["token"].as_str().unwrap().to_owned();
    let program = Person { access: token, ..second.clone() };
    assert_eq!(app.get_as(&program, "/api/v1/accounts").status, 200);

    // A role.
    assert_eq!(app.patch_as(&administrator, &account_path(&second), 1, json!({ "roles": ["officer"] })).status, 200);
    assert_eq!(app.get_as(&second, ME).status, 401, "its sign-ins ended");
    app.get_as(&program, "/api/v1/accounts").problem(403, "forbidden");
    let again = app.sign_in(&second.email);
    app.get_as(&again, "/api/v1/accounts").problem(403, "forbidden");

    // The account.
    let suspended = app.patch_as(&administrator, &account_path(&second), 2, json!({ "state": "suspended" }));
    assert_eq!(suspended.status, 200, "{}", suspended.body);
    assert_eq!(app.get_as(&again, ME).status, 401);
    assert_eq!(app.get_as(&program, ME).status, 401);
    assert_eq!(app.post("/api/v1/auth/refresh", json!({ "refresh_token": again.refresh })).status, 401);
    let refused = app.try_sign_in(&second.email, PASSWORD);
    assert_eq!(refused.body, app.try_sign_in("nobody@example.jp", PASSWORD).body, "and looks like nobody");
    assert_eq!(app.patch_as(&administrator, &account_path(&second), 3, json!({ "state": "active" })).status, 200);
    assert_eq!(app.try_sign_in(&second.email, PASSWORD).status, 200);
    assert_eq!(app.get_as(&again, ME).status, 401, "what ended stays ended");

    // A membership.
    let owner = app.member(&administrator, "owner@example.jp", &firm, "owner");
    let path = format!("/api/v1/memberships/{}", app.membership(&owner)["id"].as_str().unwrap());
    assert_eq!(app.get_as(&owner, &format!("/api/v1/memberships?party={firm}")).status, 200);
    assert_eq!(app.patch_as(&administrator, &path, 2, json!({ "state": "suspended" })).status, 200);
    assert_eq!(app.get_as(&owner, ME).status, 401);
    let owner = app.sign_in(&owner.email);
    app.get_as(&owner, &format!("/api/v1/memberships?party={firm}")).problem(404, "not-found");
    // A new invitation to the same party does not undo it.
    let code = app.invited(&administrator, json!({ "email": owner.email, "party": firm, "right": "owner" }));
    assert_eq!(app.post(ACCEPT, json!({ "code": code })).status, 200);
    assert_eq!(app.membership(&owner)["state"], "suspended");
}

#[test]
fn a_right_lost_under_load_is_lost_at_once() {
    let app = TestApp::start();
    let administrator = app.administrator();
    let second = app.person(&administrator, "second@example.jp", &["administrator"]);
    for round in 0..10 {
        let person = app.sign_in(&second.email);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| while app.get_as(&person, "/api/v1/accounts").status == 200 {}))
                .collect();
            let (version, state) = (1 + 2 * round, json!({ "state": "suspended" }));
            assert_eq!(app.patch_as(&administrator, &account_path(&second), version, state).status, 200);
            for _ in 0..5 {
                assert_eq!(app.get_as(&person, "/api/v1/accounts").status, 401);
            }
            threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        });
        let active = json!({ "state": "active" });
        assert_eq!(app.patch_as(&administrator, &account_path(&second), 2 + 2 * round, active).status, 200);
    }
}

#[test]
fn the_last_administrator_stays() {
    let app = TestApp::start();
    let administrator = app.administrator();
    for body in [json!({ "roles": [] }), json!({ "state": "suspended" })] {
        app.patch_as(&administrator, &account_path(&administrator), 1, body).problem(409, "last-administrator");
    }
    let headers = [("authorization", administrator.bearer())];
    let headers = [(headers[0].0, headers[0].1.as_str())];
    let body = json!({ "password": PASSWORD });
    app.delete_with_body(ME, &headers, body).problem(409, "last-administrator");
    assert_eq!(app.get_as(&administrator, ME).status, 200, "nothing of it happened");
}

#[test]
fn a_password_change_ends_every_sign_in() {
    let app = TestApp::start();
    let person = app.administrator();
    let other = app.sign_in(&person.email);
    let change = |old: &str, new: &str| {
        app.post_as(&person, "/api/v1/me/password", json!({ "password": old, "new_password": new }))
    };
    let wrong = change("not the password", "another long enough phrase").problem(422, "invalid");
    assert_eq!(wrong["errors"][0]["code"], "password.wrong");
    let common = change(PASSWORD, "password1234").problem(422, "invalid");
    assert_eq!(common["errors"][0]["code"], "password.common");
    assert_eq!(change(PASSWORD, "another long enough phrase").status, 204);
    assert_eq!(app.get_as(&person, ME).status, 401);
    assert_eq!(app.get_as(&other, ME).status, 401);
    assert_eq!(app.try_sign_in(&person.email, PASSWORD).status, 401);
    assert_eq!(app.try_sign_in(&person.email, "another long enough phrase").status, 200);
    app.wait_for_letters(&person.email, 1);
}

#[test]
fn a_stolen_token_does_not_guess_the_password() {
    let (app, _) = with_hands();
    let person = app.administrator();
    for _ in 0..5 {
        app.post_as(&person, "/api/v1/me/totp", json!({ "password": "a guess" })).problem(422, "invalid");
    }
    app.post_as(&person, "/api/v1/me/totp", json!({ "password": "a guess" })).problem(429, "too-many-requests");
}

#[test]
fn an_address_changes_when_the_letter_to_it_was_read() {
    let app = TestApp::start();
    let administrator = app.administrator();
    let person = app.person(&administrator, "old@example.jp", &[]);
    let ask = |email: &str| app.post_as(&person, "/api/v1/me/email", json!({ "password": PASSWORD, "email": email }));
    let (free, taken) = (ask("new@example.jp"), ask("admin@example.jp"));
    assert_eq!((free.status, &free.body), (202, &taken.body));
    assert_eq!(taken.status, 202);
    let code = app.code_in_letter("new@example.jp", 1);
    app.wait_for_letters("old@example.jp", 2);
    assert!(app.letters("admin@example.jp").is_empty(), "whoever has the address hears nothing");
    app.post_as(&administrator, "/api/v1/me/email/confirm", json!({ "code": code })).problem(422, "invalid");
    // Somebody else's try does not use it up.
    assert_eq!(app.post_as(&person, "/api/v1/me/email/confirm", json!({ "code": code })).status, 204);
    assert_eq!(app.get_as(&person, ME).json()["email"], "new@example.jp");
    assert_eq!(app.try_sign_in("old@example.jp", PASSWORD).status, 401);
    assert_eq!(app.try_sign_in("new@example.jp", PASSWORD).status, 200);
}

#[test]
fn a_person_takes_their_data_and_goes_and_the_chain_still_holds() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let person = app.member(&administrator, "leaver@example.jp", &firm, "owner");
    app.post_as(
        &person,
        "/api/v1/me/tokens",
        json!({ "password": PASSWORD, "name": "連携", "scope": "read", "days": 1 }),
    );
    let body = json!({ "email": "colleague@example.jp", "party": firm, "right": "reader" });
    assert_eq!(app.post_as(&person, INVITATIONS, body).status, 201);

    app.wait_for_letters("leaver@example.jp", 1);
    let data = app.get_as(&person, "/api/v1/me/data");
    assert_eq!(data.status, 200, "{}", data.body);
    let data = data.json();
    assert_eq!(data["account"]["email"], "leaver@example.jp");
    assert_eq!(data["account"]["memberships"][0]["party"], json!(firm));
    assert_eq!(data["tokens"].as_array().unwrap().len(), 1);
    assert!(data["done"].as_array().unwrap().iter().any(|entry| entry["kind"] == "invitation"));
    assert_eq!((&data["notices"], &data["notice_choice"]), (&json!([]), &json!("at_once")));
    assert!(!data.to_string().contains("argon2"));

    let headers = [("authorization", person.bearer())];
    let headers = [(headers[0].0, headers[0].1.as_str())];
    app.delete_with_body(ME, &headers, json!({ "password": "a guess" })).problem(422, "invalid");
    assert_eq!(app.delete_with_body(ME, &headers, json!({ "password": PASSWORD })).status, 204);
    assert_eq!(app.get_as(&person, ME).status, 401);
    assert!(app.letters("leaver@example.jp").is_empty(), "the letters in the folder went with them");
    if !app.world.is_postgresql() {
        for file in ["musubi.db", "musubi.db-wal"] {
            let bytes = std::fs::read(app.world.folder.path().join(file)).unwrap_or_default();
            let word = b"leaver@example.jp";
            assert!(!bytes.windows(word.len()).any(|window| window == word), "{file} still holds the address");
        }
    }
    assert_eq!(app.try_sign_in("leaver@example.jp", PASSWORD).status, 401);
    app.get_as(&administrator, &account_path(&person)).problem(404, "not-found");

    let mut faults = Vec::new();
    let checked = check::check(&app.app.database, &mut |fault| faults.push(fault)).expect("a check");
    assert!(checked.changes > 5 && faults.is_empty(), "{faults:?}");
    let trail = app.get_as(&administrator, "/api/v1/audit?limit=100").body;
    assert!(!trail.contains(&person.id) && trail.contains("\"erased\""), "{trail}");
    assert!(!everything_in(&app).contains("leaver@example.jp"));
    // The address is free again, for whoever has it next.
    app.person(&administrator, "leaver@example.jp", &[]);
}

/// Accounts and invitations, as the store knows them.
fn everything_in(app: &TestApp) -> String {
    app.app
        .database
        .read(|conn| {
            let accounts = musubi::store::accounts::list(conn, None, 100)?.0;
            let invitations = musubi::store::invitations::list(conn, None, None, 100)?.0;
            Ok(format!("{accounts:?} {invitations:?}"))
        })
        .expect("a reading")
}

#[test]
fn the_audit_trail_says_who_did_what_to_which_and_when() {
    let (app, hands) = with_hands();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    hands.pass(60);
    let administrator = app.sign_in(&administrator.email);
    let second = app.person(&administrator, "second@example.jp", &["officer"]);
    app.patch_as(&administrator, &account_path(&second), 1, json!({ "state": "suspended" }));
    let items = |query: &str| -> Vec<Value> {
        let response = app.get_as(&administrator, &format!("/api/v1/audit?{query}"));
        assert_eq!(response.status, 200, "{}", response.body);
        response.json()["items"].as_array().unwrap().clone()
    };
    assert_eq!(items(&format!("id={firm}")).len(), 1);
    let suspended = items("action=suspend");
    assert_eq!(suspended.len(), 1);
    assert_eq!((&suspended[0]["actor"], &suspended[0]["id"]), (&json!(administrator.id), &json!(second.id)));
    assert!(items("kind=invitation").len() >= 3);
    assert!(items("to=2026-04-01T00:00:30Z").iter().all(|item| item["at"] == "2026-04-01T00:00:00.000000Z"));
    assert!(items("from=2026-04-01T00:00:30Z").iter().all(|item| item["at"] == "2026-04-01T00:01:00.000000Z"));
    // With names, for people to read.
    let of_firm = &items(&format!("id={firm}"))[0];
    assert_eq!((&of_firm["title"]["ja"], &of_firm["actor_name"]), (&json!("最上めっき"), &Value::Null));
    assert_eq!((&suspended[0]["title"]["ja"], &suspended[0]["actor_name"]), (&json!("試験 太郎"), &json!("試験 太郎")));
    // A word that means nothing is said to be one, instead of finding nothing.
    for filter in ["actor=nobody", "action=kill", "kind=planet"] {
        let refused = app.get_as(&administrator, &format!("/api/v1/audit?{filter}"));
        let (name, _) = filter.split_once('=').expect("a filter");
        assert_eq!(refused.problem(422, "invalid")["errors"][0]["pointer"], format!("/{name}"), "{}", refused.body);
    }
    assert!(items("actor=visitor").is_empty());
    // Page by page it is the same as at once.
    let (whole, mut pages, mut after) = (items("limit=100"), Vec::new(), String::new());
    loop {
        let page = app.get_as(&administrator, &format!("/api/v1/audit?limit=2{after}")).json();
        pages.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(pages, whole);
    let officer = app.person(&administrator, "officer@example.jp", &["officer"]);
    app.get_as(&officer, "/api/v1/audit").problem(403, "forbidden");
    app.get_as(&administrator, "/api/v1/audit?from=yesterday").problem(422, "invalid");
    app.get_as(&administrator, "/api/v1/audit?who=me").problem(400, "query-parameter");
}

/// Every writable route × names that only the service sets.
#[test]
fn nobody_sends_what_the_service_sets() {
    let (app, _) = with_settings(|settings| AuthSettings { ..settings });
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let person = app.member(&administrator, "owner@example.jp", &firm, "owner");
    let membership = app.membership(&person)["id"].as_str().unwrap().to_owned();
    let owned = [
        "id",
        "account",
        "account_id",
        "role",
        "roles",
        "owner",
        "party",
        "party_id",
        "party_right",
        "right",
        "state",
        "status",
        "version",
        "created_at",
        "updated_at",
        "expires_at",
        "email",
        "password_hash",
        "totp_secret",
        "totp_confirmed",
        "second_factor",
        "invited_by",
        "code_hash",
        "token_hash",
        "token",
        "family",
        "session",
        "memberships",
        "visibility",
        "scope",
        "administrator",
        "is_admin",
        "__proto__",
    ];
    let routes: [(&str, String, Value); 19] = [
        ("POST", "/api/v1/auth/sign-in".into(), json!({ "email": person.email, "password": "a wrong password" })),
        ("POST", "/api/v1/auth/refresh".into(), json!({ "refresh_token": "x" })),
        ("POST", "/api/v1/auth/sign-out".into(), json!({ "all": false })),
        ("POST", "/api/v1/auth/password-reset".into(), json!({ "email": "nobody@example.jp" })),
        (
            "POST",
            "/api/v1/auth/password-reset/confirm".into(),
            json!({ "code": "x", "password": "another long phrase" }),
        ),
        ("PATCH", ME.into(), json!({ "name": "新しい名" })),
        ("DELETE", ME.into(), json!({ "password": "a wrong password" })),
        ("POST", "/api/v1/me/password".into(), json!({ "password": "x", "new_password": "another long phrase" })),
        ("POST", "/api/v1/me/email".into(), json!({ "password": "x", "email": "new@example.jp" })),
        ("POST", "/api/v1/me/email/confirm".into(), json!({ "code": "x" })),
        ("POST", "/api/v1/me/totp".into(), json!({ "password": "x" })),
        ("POST", "/api/v1/me/totp/confirm".into(), json!({ "code": "x" })),
        ("POST", "/api/v1/me/totp/remove".into(), json!({ "password": "x" })),
        ("POST", "/api/v1/me/tokens".into(), json!({ "password": "x", "name": "連携", "scope": "read", "days": 1 })),
        ("PATCH", account_path(&person), json!({ "name": "新しい名" })),
        ("PATCH", format!("/api/v1/memberships/{membership}"), json!({ "right": "reader" })),
        ("POST", INVITATIONS.into(), json!({ "email": "new@example.jp", "party": firm, "right": "reader" })),
        ("POST", ACCEPT.into(), json!({ "code": "x", "name": "新しい名", "password": "another long phrase" })),
        ("PATCH", ME.into(), json!({ "language": "en" })),
    ];
    let before = (audit_seq(&app), app.get_as(&person, ME).body, app.get_as(&administrator, "/api/v1/accounts").body);
    let mut cells = 0;
    for (method, path, good) in &routes {
        // What an administrator may set on others, nobody sets on themselves; it is tried as the administrator there.
        let who = if path.starts_with("/api/v1/accounts") { &administrator } else { &person };
        let allowed: &[&str] = match path.as_str() {
            path if path.starts_with("/api/v1/accounts/") => &["roles", "state"],
            path if path.starts_with("/api/v1/memberships/") => &["right", "state"],
            INVITATIONS => &["email", "party", "right", "roles"],
            "/api/v1/me/tokens" => &["scope"],
            _ => &[],
        };
        for name in owned {
            if allowed.contains(&name) || good.get(name).is_some() {
                continue;
            }
            let mut body = good.clone();
            body[name] = json!("x");
            let bearer = who.bearer();
            let headers = [("authorization", bearer.as_str()), ("if-match", "\"1\"")];
            let response = match *method {
                "POST" => app.post_with(path, &headers, body),
                "PATCH" => app.patch_with(path, &headers, body),
                _ => app.delete_with_body(path, &headers, body),
            };
            let problem = response.problem(422, "invalid");
            assert_eq!(problem["errors"][0]["pointer"], format!("/{name}"), "{method} {path} {name}");
            cells += 1;
        }
    }
    let after = (audit_seq(&app), app.get_as(&person, ME).body, app.get_as(&administrator, "/api/v1/accounts").body);
    assert_eq!(before, after, "nothing changed");
    println!("{cells} fields refused");
}

#[test]
fn null_is_no_value_and_a_stale_version_is_refused() {
    let app = TestApp::start();
    let person = app.administrator();
    app.patch_as(&person, ME, 1, json!({ "name": null })).problem(422, "invalid");
    let path = account_path(&person);
    app.patch_as(&person, &path, 1, json!({ "roles": null })).problem(422, "invalid");
    app.patch_as(&person, &path, 1, json!({ "state": "erased" })).problem(422, "invalid");
    app.patch_as(&person, &path, 7, json!({ "name": "名" })).problem(412, "stale");
    app.patch_with(&path, &[("authorization", &person.bearer())], json!({ "name": "名" }))
        .problem(428, "precondition-required");
    let changed = app.patch_as(&person, ME, 1, json!({ "name": "新しい名", "language": "en" }));
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")));
    assert_eq!(app.get_as(&person, ME).json()["name"], "新しい名");
}

/// A request whose head is in and whose body comes later: what the service knew at the head must not decide.
fn begun(
    app: &TestApp,
    person: &Person,
    method: &str,
    path: &str,
    more: &str,
    body: &Value,
) -> impl FnOnce() -> u16 + use<> {
    use std::io::{Read, Write};
    let body = body.to_string();
    let mut stream = std::net::TcpStream::connect(app.address.trim_start_matches("http://")).expect("the service");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {}\r\n{more}content-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        person.bearer(),
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the head is sent");
    let (first, rest) = body.split_at(1);
    stream.write_all(first.as_bytes()).expect("the first byte is sent");
    // Long enough for the gate to have looked.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let rest = rest.to_owned();
    move || {
        stream.write_all(rest.as_bytes()).expect("the rest is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }
}

#[test]
fn who_lost_a_right_while_a_request_was_under_way_writes_nothing() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let puppet = app.person(&administrator, "puppet@example.jp", &[]);
    let crook = app.person(&administrator, "crook@example.jp", &["administrator"]);
    let bystander = app.person(&administrator, "by@example.jp", &["coordinator"]);
    let editor = app.member(&administrator, "editor@example.jp", &firm, "editor");
    let leaver = app.member(&administrator, "leaver@example.jp", &firm, "owner");

    let version =
        |person: &Person| app.get_as(&administrator, &account_path(person)).json()["version"].as_i64().unwrap();
    let if_match = format!("if-match: \"{}\"\r\n", version(&puppet));
    let roles = json!({ "roles": ["administrator"] });
    let promote = begun(&app, &crook, "PATCH", &account_path(&puppet), &if_match, &roles);
    let need = json!({ "owner": firm, "title_ja": "めっき", "purposes": ["supply"] });
    let post_need = begun(&app, &editor, "POST", "/api/v1/needs", "", &need);
    let signed_out = begun(&app, &leaver, "POST", "/api/v1/needs", "", &need);
    let unhurt = begun(&app, &bystander, "POST", "/api/v1/needs", "", &need);

    let suspend = app.patch_as(&administrator, &account_path(&crook), version(&crook), json!({ "state": "suspended" }));
    assert_eq!(suspend.status, 200, "{}", suspend.body);
    let membership = app.membership(&editor);
    let path = format!("/api/v1/memberships/{}", membership["id"].as_str().unwrap());
    let bearer = administrator.bearer();
    let tag = format!("\"{}\"", membership["version"]);
    assert_eq!(app.delete(&path, &[("authorization", &bearer), ("if-match", &tag)]).status, 204);
    assert_eq!(app.post_as(&leaver, "/api/v1/auth/sign-out", json!({ "all": true })).status, 204);

    assert_eq!(promote(), 401);
    assert!([401, 403].contains(&post_need()));
    assert_eq!(signed_out(), 401);
    assert_eq!(unhurt(), 201, "what others lost is no matter");
    assert_eq!(app.get_as(&administrator, &account_path(&puppet)).json()["roles"], json!([]));
    assert_eq!(app.get_as(&administrator, "/api/v1/needs").json()["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_party_keeps_an_owner() {
    let app = TestApp::start();
    let firm = app.firm("最上めっき");
    let administrator = app.administrator();
    let one = app.member(&administrator, "one@example.jp", &firm, "owner");
    let two = app.member(&administrator, "two@example.jp", &firm, "owner");
    let place = |person: &Person| {
        let row = app.membership(person);
        (format!("/api/v1/memberships/{}", row["id"].as_str().unwrap()), row["version"].to_string())
    };
    // Each throws the other out: at most one of them can.
    let (of_one, of_two) = (place(&one), place(&two));
    let throw_out = |by: &Person, (path, version): &(String, String)| {
        let (bearer, tag) = (by.bearer(), format!("\"{version}\""));
        app.delete(path, &[("authorization", &bearer), ("if-match", &tag)]).status
    };
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(|| throw_out(&two, &of_one));
        (throw_out(&one, &of_two), other.join().expect("no panic"))
    });
    assert!([first, second].contains(&204) && first != second, "{first} {second}");
    let (left, place) = if first == 204 { (&one, &of_one) } else { (&two, &of_two) };
    assert_eq!(throw_out(left, place), 409, "the last owner stays");
    let version: i64 = place.1.parse().unwrap();
    app.patch_as(left, &place.0, version, json!({ "right": "reader" })).problem(409, "membership.last_owner");
}
