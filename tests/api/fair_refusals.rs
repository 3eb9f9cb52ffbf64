//! What nobody can work with is refused where it stands, in the language of who reads it, whoever else writes at that moment.

use crate::exhibitions::Hall;
use crate::merged_fairs::id;
use serde_json::{Value, json};

/// Serde's own words, which no reader of Japanese should meet.
const FOREIGN: [&str; 8] =
    ["invalid", "expected", "missing field", "unknown", "variant", "did not match", "at line", "trailing"];

#[test]
fn every_refusal_is_said_in_both_languages_with_its_place() {
    let hall = Hall::open();
    let fair = format!("exhibitions/{}", hall.fair);
    let (firm, compose) = (hall.firms[0].clone(), "compose/group".to_owned());
    let (compositions, timetables, plans) =
        (format!("{fair}/compositions"), format!("{fair}/timetables"), format!("{fair}/booth-plans"));
    let wish = |rule: Value| json!({ "from": "registry", "size": 3, "wishes": [{ "rule": rule }] });
    let theme = |more: Value| {
        let mut body = json!({ "theme": [{ "text": "封止" }] });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };
    let cases: Vec<(&String, Value, &str)> = vec![
        (&compositions, json!({ "size": 3 }), "/from"),
        (&compositions, json!([]), ""),
        (&compositions, json!({ "from": 7, "size": 3 }), "/from"),
        (&compositions, json!({ "from": "registry", "size": -3 }), "/size"),
        (&compositions, json!({ "from": "registry", "size": "three" }), "/size"),
        (&compositions, json!({ "from": "registry", "size": 3, "wish": [] }), "/wish"),
        (&compositions, json!({ "from": "registry", "size": 3, "pins": [7] }), "/pins/0"),
        (&compositions, json!({ "from": "registry", "size": 3, "pins": "all" }), "/pins"),
        (&compositions, wish(json!({ "kind": "fly" })), "/wishes/0"),
        (&compositions, wish(json!({ "kind": "places", "least": -1, "most": 2 })), "/wishes/0"),
        (&compositions, wish(json!({ "kind": "places", "least": 1 })), "/wishes/0"),
        (&compositions, wish(json!("somebody_leads")), "/wishes/0"),
        (&compose, json!({}), "/theme"),
        (&compose, theme(json!({ "rivals": [[firm]] })), "/rivals/0"),
        (&compose, theme(json!({ "rivals": [firm] })), "/rivals/0"),
        (&compose, theme(json!({ "candidates": [{ "id": firm, "share": 1.5 }] })), "/candidates/0/share"),
        (&compose, theme(json!({ "filters": { "field": 3 } })), "/filters/field"),
        (&timetables, json!({ "title": "会", "slots": 3, "tables": 1 }), "/slots"),
        (&timetables, json!({ "title": "会", "slots": [{ "start": 1 }], "tables": 1 }), "/slots/0/start"),
        (&timetables, json!({ "title": "会", "slots": [], "tables": -1 }), "/tables"),
        (&timetables, json!({ "title": "会", "slots": [], "tables": 1, "must": [[firm]] }), "/must/0"),
        (&plans, json!({ "exhibitors": [{ "parties": [firm], "size": "big" }] }), "/exhibitors/0/size"),
        (&plans, json!({ "exhibitors": [], "pairs": [{ "left": firm }] }), "/pairs/0/right"),
    ];
    for (path, body, pointer) in cases {
        let problem = hall.tries(&hall.officer, path, body.clone()).problem(422, "invalid");
        let error = &problem["errors"][0];
        let at = error["pointer"].as_str().expect("a pointer");
        assert!(at == pointer || at.starts_with(&format!("{pointer}/rule")), "{path} {body}: {problem}");
        let (ja, en) = (error["message"]["ja"].as_str().expect("ja"), error["message"]["en"].as_str().expect("en"));
        assert!(!ja.is_ascii() && !en.is_empty(), "{body}: {problem}");
        assert!(FOREIGN.iter().all(|word| !ja.contains(word)), "{body}: {ja}");
    }
    // The same of an exhibition itself.
    for (name, value) in [("booths", json!(3)), ("visitors", json!("all")), ("theme", json!([7])), ("price", json!(-1))]
    {
        let body = json!({ "title_ja": "展", name: value });
        let problem = hall.tries(&hall.officer, "exhibitions", body).problem(422, "invalid");
        let ja = problem["errors"][0]["message"]["ja"].as_str().expect("ja");
        assert!(FOREIGN.iter().all(|word| !ja.contains(word)), "{name}: {ja}");
    }
}

#[test]
fn two_officers_at_the_very_same_moment_and_more_than_anybody_names() {
    let hall = Hall::open();
    hall.everybody_applies();
    let made = hall.composes(json!({ "from": "applicants", "size": 3, "seconds": 0 }));
    let path = format!("/api/v1/compositions/{}", id(&made));
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let officers = [(&hall.officer, &hall.firms[0]), (&hall.colleague, &hall.firms[3])];
        let ask = |(officer, firm)| {
            let (hall, path) = (&hall, &path);
            scope.spawn(move || hall.app.patch_as(officer, path, 1, json!({ "ban": [firm] })).status)
        };
        officers.map(ask).map(|answer| answer.join().expect("an answer")).into()
    });
    let mut sorted = answers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [200, 412], "one of them reads again first");
    let kept = hall.reads(&hall.officer, path.trim_start_matches("/api/v1/"));
    assert_eq!((&kept["version"], kept["ask"]["bans"].as_array().map(Vec::len)), (&json!(2), Some(1)));

    // A thousand candidates are the most; one more is counted, not solved.
    let nobody = "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d";
    let listed = |count: usize| {
        let body = json!({ "from": "listed", "size": 3, "parties": vec![nobody; count] });
        hall.tries(&hall.officer, &format!("exhibitions/{}/compositions", hall.fair), body)
    };
    assert_eq!(listed(1_001).problem(422, "invalid")["errors"][0]["pointer"], "/parties");
    // A share below nothing, where a group says who pays what.
    let group = hall.does(
        &hall.coordinator,
        "groups",
        json!({ "title": "二社で", "exhibition": hall.fair, "members": hall.firms[..2], "lead": hall.firms[0] }),
    );
    let share = |share: i64| json!({ "party": hall.firms[0], "cost": 100_000, "share": share });
    let other = json!({ "party": hall.firms[1], "cost": 100_000, "share": 50_000 });
    let body = json!({ "event": "set_shares", "shares": [share(-1), other], "answer_by": "2026-05-01" });
    let problem = hall.tries_now(&hall.officer, &id(&group), body).problem(422, "invalid");
    assert!(problem["errors"][0]["pointer"].as_str().is_some_and(|at| at.starts_with("/shares/0")), "{problem}");
    // A grid with no booth takes nobody.
    let bare = hall.does(&hall.officer, "exhibitions", json!({ "title_ja": "小間のない展示会", "booths": [] }));
    let body = json!({ "exhibitors": [{ "parties": [hall.firms[0]] }] });
    let refused = hall.tries(&hall.officer, &format!("exhibitions/{}/booth-plans", id(&bare)), body);
    assert!([409, 422].contains(&refused.status), "{}", refused.body);
}

#[test]
fn a_change_that_changes_nothing_makes_no_version() {
    let hall = Hall::open();
    hall.everybody_applies();
    let firm = &hall.firms[0];
    let made = hall.composes(json!({ "from": "applicants", "size": 3, "seconds": 0, "pins": [firm, hall.firms[1]] }));
    let path = format!("/api/v1/compositions/{}", id(&made));
    for nothing in [
        json!({}),
        json!({ "unpin": [hall.firms[2]], "unban": [hall.firms[3]] }),
        json!({ "pin": [firm] }),
        json!({ "size": 3, "wishes": [] }),
    ] {
        let same = hall.app.patch_as(&hall.officer, &path, 1, nothing.clone());
        assert_eq!((same.status, same.header("etag")), (200, Some("\"1\"")), "{nothing}: {}", same.body);
    }
    let again = hall.app.patch_as(&hall.officer, &path, 1, json!({ "anew": true }));
    assert_eq!((again.status, again.header("etag")), (200, Some("\"2\"")), "{}", again.body);
}

#[test]
fn wishes_are_refused_where_they_stand_all_at_once_and_with_their_names() {
    let hall = Hall::open();
    hall.everybody_applies();
    let path = format!("exhibitions/{}/compositions", hall.fair);
    let errors = |problem: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let all = problem["errors"].as_array().expect("errors").iter();
        all.map(|error| (text(&error["pointer"]), text(&error["message"]["ja"]))).collect()
    };
    let nobody = "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d";
    let (one, two) = (&hall.firms[0], &hall.firms[1]);
    let rule = |rule: Value| json!({ "rule": rule });
    let wishes = json!([
        rule(json!({ "kind": "must", "candidate": one })),
        rule(json!({ "kind": "field_at_least", "field": "no-such-field", "count": 1 })),
        rule(json!({ "kind": "subsidy_at_most", "amount": -1 })),
        rule(json!({ "kind": "never", "candidate": one })),
        rule(json!({ "kind": "together", "candidates": [one, nobody] })),
        rule(json!({ "kind": "apart", "candidates": [one, two] })),
        rule(json!({ "kind": "together", "candidates": [two, one] })),
        rule(json!({ "kind": "size_at_least", "size": "small", "count": 3 })),
        rule(json!({ "kind": "size_at_most", "size": "small", "count": 1 })),
    ]);
    let body = json!({ "from": "applicants", "wishes": wishes, "pins": [two, nobody], "bans": [two], "seconds": 99 });
    let problem = hall.tries(&hall.officer, &path, body).problem(422, "invalid");
    let found = errors(&problem);
    let mut pointers: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    pointers.sort_unstable();
    let expected = [
        "/bans/0",
        "/pins/1",
        "/seconds",
        "/size",
        "/wishes/1/rule/field",
        "/wishes/2/rule/amount",
        "/wishes/3/rule/candidate",
        "/wishes/4/rule/candidates/1",
        "/wishes/6/rule/candidates",
        "/wishes/8/rule/count",
    ];
    // A pin makes two of those that are to stay apart.
    let others: Vec<&&str> = pointers.iter().filter(|pointer| **pointer != "/pins/0").collect();
    assert_eq!(others, expected.iter().collect::<Vec<_>>(), "{problem}");
    let says = |pointer: &str, word: &str| {
        assert!(found.iter().any(|(at, ja)| at == pointer && ja.contains(word)), "{pointer} {word}: {problem}");
    };
    says("/wishes/3/rule/candidate", "「甲塗工」が参加する");
    says("/wishes/3/rule/candidate", "「甲塗工」は参加しない");
    says("/bans/0", "「乙印刷」");

    // What cannot be read, too, each at its place.
    let body = json!({ "from": "applicants", "size": 3, "wishes": [
        rule(json!({ "kind": "fly" })), rule(json!({ "kind": "places", "least": -1, "most": 2 })),
        rule(json!({ "kind": "must" })), { "rule": { "kind": "somebody_leads" }, "soft": "much" },
        rule(json!({ "kind": "subsidy_at_most", "amount": -1 })),
    ]});
    let problem = hall.tries(&hall.officer, &path, body).problem(422, "invalid");
    let pointers: Vec<String> = errors(&problem).into_iter().map(|(pointer, _)| pointer).collect();
    let expected = [
        "/wishes/0/rule/kind",
        "/wishes/1/rule/least",
        "/wishes/2/rule/candidate",
        "/wishes/3/soft",
        "/wishes/4/rule/amount",
    ];
    let mut sorted = pointers.clone();
    sorted.sort();
    assert_eq!(sorted, expected, "{problem}");

    // A change by hand: where it stands in the change.
    let made = hall.composes(json!({ "from": "applicants", "size": 3, "seconds": 0 }));
    let change = |body: Value| {
        let path = format!("/api/v1/compositions/{}", id(&made));
        errors(&hall.app.patch_as(&hall.officer, &path, 1, body).problem(422, "invalid"))
    };
    assert_eq!(change(json!({ "pin": [one, nobody] }))[0].0, "/pin/1");
    assert_eq!(change(json!({ "ban": [nobody] }))[0].0, "/ban/0");
    assert_eq!(change(json!({ "swap": [{ "out": one, "into": nobody }] }))[0].0, "/swap/0/into");
    assert_eq!(change(json!({ "pin": [two, one], "ban": [one] }))[0].0, "/pin/1");
    let never = json!({ "wishes": [rule(json!({ "kind": "never", "candidate": one }))], "pin": [one] });
    assert_eq!(change(never)[0].0, "/pin/0");
}

#[test]
fn a_theme_that_finds_nobody_is_called_so_and_members_say_why_they_are_in() {
    let hall = Hall::open();
    hall.everybody_applies();
    let moon = json!({ "title_ja": "月面展", "theme": [{ "text_ja": "ヘリウム三の採掘" }] });
    let moon = id(&hall.does(&hall.officer, "exhibitions", moon));
    let body = json!({ "from": "registry", "size": 3, "seconds": 0 });
    let problem =
        hall.tries(&hall.officer, &format!("exhibitions/{moon}/compositions"), body).problem(409, "theme-finds-nobody");
    assert!(problem["message"]["ja"].as_str().is_some_and(|ja| ja.contains("テーマ")), "{problem}");
    let question = json!({ "theme": [{ "text": "ヘリウム三の採掘" }], "wishes": [] });
    let problem = hall.tries(&hall.officer, "compose/group", question).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/theme");
    // Of those who are named it is said which topic nobody covers.
    let body = json!({ "from": "listed", "parties": hall.firms, "size": 2, "seconds": 0 });
    let made = hall.does(&hall.officer, &format!("exhibitions/{moon}/compositions"), body);
    assert_eq!(made["result"]["uncovered"], json!([0]), "{made}");
    let remark = made["result"]["remarks"][0]["ja"].as_str().expect("a sentence");
    assert!(remark.contains("ヘリウム三の採掘"), "{remark}");

    let made = hall.composes(json!({ "from": "applicants", "size": 3, "seconds": 0 }));
    for list in ["members"] {
        for member in made["result"]["group"][list].as_array().expect("members") {
            let reasons = member["reasons"].as_array().expect("reasons");
            let both = |reason: &Value| reason["ja"].is_string() && reason["en"].is_string();
            assert!(!reasons.is_empty() && reasons.iter().all(both), "{member}");
        }
    }
    assert!(made["result"]["group"]["members"].to_string().contains("テーマ「スロットダイ塗布」を担います"), "{made}");
    let outside = made["result"]["outside"][0]["reasons"][0]["ja"].as_str().expect("a sentence");
    assert!(outside.ends_with('。'), "{outside}");
}
