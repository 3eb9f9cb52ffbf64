//! `serve --demo`: one sign-in for each role, and only beside invented data.

use crate::process::{Process, musubi};
use crate::support::World;
use serde_json::{Value, json};

#[test]
fn the_demo_shows_one_sign_in_for_each_role_and_keeps_to_itself() {
    let world = World::bare();
    let data = world.folder.path().join("demo");
    let (service, said) = Process::demo(&data, &world);
    let sign_ins = said["sign_ins"].as_array().expect("sign-ins").clone();
    let mut roles: Vec<&str> = sign_ins.iter().filter_map(|sign_in| sign_in["role"].as_str()).collect();
    roles.sort_unstable();
    assert_eq!(roles, ["administrator", "coordinator", "editor", "officer", "owner", "reader", "researcher"]);
    for sign_in in &sign_ins {
        let body = json!({ "email": sign_in["email"], "password": sign_in["password"] });
        let answer = service.send("POST", "/api/v1/auth/sign-in", &[], Some(&body)).expect("an answer");
        assert_eq!(answer.status, 200, "{sign_in}: {}", answer.body);
        let bearer = format!("Bearer {}", answer.json()["access_token"].as_str().expect("a token"));
        let me = service.send("GET", "/api/v1/me", &[("authorization", &bearer)], None).expect("an answer").json();
        let role = sign_in["role"].as_str().expect("a role");
        let of_cluster = me["roles"] == json!([role]);
        let of_party = me["memberships"][0]["state"] == "confirmed";
        assert!(of_cluster || of_party, "{role}: {me}");
    }
    let anonymous = service.send("GET", "/api/v1/accounts", &[], None).expect("an answer");
    assert_eq!(anonymous.status, 401, "nobody is the operator of a demo with accounts");
    service.kill();

    let (again, second) = Process::demo(&data, &world);
    assert_eq!(second["sign_ins"], said["sign_ins"], "the same at each start");
    again.kill();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = std::fs::metadata(data.join("demo-sign-ins.json")).expect("the file");
        assert_eq!(file.permissions().mode() & 0o077, 0, "for its owner only");
    }
}

#[test]
fn there_is_no_demo_beside_real_data() {
    let world = World::new();
    // A folder that is in use.
    let used = world.folder.path().join("used");
    std::fs::create_dir_all(&used).expect("a folder");
    std::fs::write(used.join("something"), "real").expect("a file");
    refused(&used, &world);
    // A new folder, but a database that somebody fills.
    let database = world.database();
    let filled = database.write(&musubi::domain::Actor::Operator, |tx| {
        musubi::store::things::create(tx, crate::support::firm("本物の会社"))
    });
    filled.expect("a firm");
    drop(database);
    refused(&world.folder.path().join("new"), &world);
    let accounts: Value = json!(world.database().read(musubi::store::accounts::any).expect("a reading"));
    assert_eq!(accounts, json!(false), "nobody got in");
}

fn refused(data: &std::path::Path, world: &World) {
    let output =
        musubi(data, world).args(["serve", "--demo", "--listen", "127.0.0.1:0"]).output().expect("the program");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn every_list_of_an_exhibition_shows_something_to_whoever_signs_in() {
    let world = World::bare();
    let data = world.folder.path().join("demo");
    let (service, said) = Process::demo(&data, &world);
    let sign_in = |role: &str| {
        let all = said["sign_ins"].as_array().expect("sign-ins");
        let one = all.iter().find(|sign_in| sign_in["role"] == role).expect("a sign-in");
        let body = json!({ "email": one["email"], "password": one["password"] });
        let answer = service.send("POST", "/api/v1/auth/sign-in", &[], Some(&body)).expect("an answer");
        format!("Bearer {}", answer.json()["access_token"].as_str().expect("a token"))
    };
    let read = |bearer: &str, path: &str| {
        let answer =
            service.send("GET", &format!("/api/v1/{path}"), &[("authorization", bearer)], None).expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    };
    let count = |value: &Value| value["items"].as_array().map_or(0, Vec::len);
    let (officer, owner) = (sign_in("officer"), sign_in("owner"));
    let fairs = read(&officer, "exhibitions");
    assert_eq!(count(&fairs), 2);
    for fair in fairs["items"].as_array().expect("exhibitions") {
        assert!(fair["title_ja"].as_str().is_some_and(|title| title.contains("架空")), "it says that it is invented");
        assert!(!fair["visitors"].as_array().expect("visitors").is_empty());
    }
    let called = |fair: &&Value| fair["apply_by"].is_string();
    let fair = fairs["items"].as_array().expect("exhibitions").iter().find(called).expect("a call")["id"].clone();
    let compositions = read(&officer, &format!("exhibitions/{}/compositions", fair.as_str().expect("an id")));
    let group = &compositions["items"][0]["result"]["group"];
    let members = group["members"].as_array().expect("members");
    assert!(members.len() > 3 && members.iter().all(|member| member["party"]["name"]["ja"].is_string()), "{group}");
    let reasons = members.iter().flat_map(|member| member["chances"].as_array().expect("chances"));
    assert!(reasons.clone().count() > 0, "somebody answers a visitor's need");
    assert!(reasons.clone().all(|one| one["reason"]["ja"].as_str().is_some_and(|text| !text.contains("「」"))));
    for path in ["applications", "groups", "booth-plans", "timetables", "meetings", "meetings?state=reported"] {
        assert!(count(&read(&officer, path)) > 0, "{path}");
        assert!(count(&read(&owner, path)) > 0, "{path} for a firm");
    }
    assert!(count(&read(&owner, "me/notices")) > 0);
    service.kill();
    // Nothing is arranged a second time.
    let (service, _) = Process::demo(&data, &world);
    let bearer = [("authorization", officer.as_str())];
    let again = service.send("GET", "/api/v1/timetables", &bearer, None).expect("an answer").json();
    assert_eq!(count(&again), 1);
    service.kill();
}
