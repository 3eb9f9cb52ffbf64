//! Every route × everybody × every thing. A route of the contract that is not in `rules.rs` fails.

use crate::cast::{Means, Role, Someone};
use crate::desk;
use crate::rules::{self, Deed, Rule};
use crate::scene::{self, KINDS, Planted, Scene, with_words};
use crate::support::{Response, TestApp, encoded};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const SINGULAR: [&str; 7] = ["organization", "person", "capability", "seed", "need", "record", "exhibition"];
pub const NOBODY: &str = "0193a0b2-7c44-7e10-9d52-1f0c6a1b2c3d";

/// One request and the status it must get.
pub struct Cell<'a> {
    pub someone: &'a Someone,
    pub method: &'static str,
    pub path: String,
    pub more: Vec<(&'static str, &'static str)>,
    pub body: Value,
    pub expected: u16,
    /// A thing whose words must be in the answer, and its owner if they may know.
    pub shows: Option<&'a Planted>,
}

/// Sends the request of a cell.
pub fn send(
    app: &TestApp,
    someone: &Someone,
    method: &str,
    path: &str,
    more: &[(&str, &str)],
    body: Value,
) -> Response {
    let headers = someone.headers(more);
    match method {
        "get" => app.get_with(path, &headers),
        "post" => app.post_with(path, &headers, body),
        "patch" => app.patch_with(path, &headers, body),
        "put" => app.put_with(path, &headers),
        "delete" if body.is_null() => app.delete(path, &headers),
        "delete" => app.delete_with_body(path, &headers, body),
        other => panic!("how is {other} sent?"),
    }
}

/// Does the work for each item, on several threads; gives what went wrong.
pub fn in_parallel<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<(), String> + Sync) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Err(message) = work(item) {
                        wrong.lock().expect("a list").push(message);
                    }
                }
            });
        }
    });
    wrong.into_inner().expect("a list")
}

fn assert_none(wrong: Vec<String>) {
    let shown: Vec<String> = wrong.iter().take(12).map(|text| text.chars().take(500).collect()).collect();
    assert!(wrong.is_empty(), "{} cells are wrong, for example {shown:#?}", wrong.len());
}

#[test]
fn every_route_answers_everybody_as_the_product_says() {
    let scene = Scene::new(if crate::is_release() { 5 } else { 2 });
    let contract = scene.app.get_as(&scene.administrator, "/openapi.json").json();
    let mut missing = Vec::new();
    let mut cells: Vec<Cell<'_>> = Vec::new();
    let (mut lists, mut routes) = (0, 0);
    for (path, item) in contract["paths"].as_object().expect("paths") {
        for method in ["get", "post", "patch", "delete", "put"] {
            if item.get(method).is_none() {
                continue;
            }
            routes += 1;
            match rules::rule(method, path) {
                None => missing.push(format!("{method} {path}")),
                Some(Rule::ListOfThings | Rule::Finding) => lists += 1,
                Some(rule) => add_cells(&mut cells, &scene, method_of(method), path, rule),
            }
        }
    }
    assert!(missing.is_empty(), "say in tests/access/rules.rs who may use {missing:?}");
    let wrong = in_parallel(&cells, |cell| answers_right(&scene, cell));
    println!("{routes} routes ({lists} of lists), {} cells over HTTP, {} wrong", cells.len(), wrong.len());
    assert_none(wrong);
    assert!(cells.len() >= if crate::is_release() { 20_000 } else { 5_000 }, "{} cells", cells.len());
    let decisions = lists_agree(&scene);
    println!("{decisions} decisions of lists and searches");
}

fn method_of(method: &str) -> &'static str {
    ["get", "post", "patch", "delete", "put"].into_iter().find(|known| *known == method).expect("a method")
}

fn answers_right(scene: &Scene, cell: &Cell<'_>) -> Result<(), String> {
    let answer = send(&scene.app, cell.someone, cell.method, &cell.path, &cell.more, cell.body.clone());
    let what = || format!("{}: {} {} {}", cell.someone.name, cell.method, cell.path, cell.body);
    if answer.status != cell.expected {
        return Err(format!("{} expected {}, got {} {}", what(), cell.expected, answer.status, answer.body));
    }
    let Some(thing) = cell.shows.filter(|_| cell.expected == 200) else { return Ok(()) };
    let body = answer.json();
    // A version has what was written in `content`, a profile in `organization`.
    let owner = body.get("content").unwrap_or(&body).get("owner").and_then(Value::as_str);
    let hides_owner = !rules::sees_owner(cell.someone, thing);
    let right = match (thing.kind, hides_owner) {
        ("capabilities" | "seeds" | "needs", false) => owner == thing.owner.as_deref(),
        ("needs", true) => owner.is_none() && !answer.body.contains(thing.owner.as_deref().unwrap_or("-")),
        _ => true,
    };
    if right && answer.body.contains(&thing.canary) { Ok(()) } else { Err(format!("{}: {}", what(), answer.body)) }
}

fn add_cells<'a>(cells: &mut Vec<Cell<'a>>, scene: &'a Scene, method: &'static str, path: &str, rule: Rule) {
    for someone in &scene.cast {
        let first = cells.len();
        match rule {
            Rule::ReadThing | Rule::ChangeThing | Rule::DeleteThing => {
                let of_kind = |thing: &&Planted| path == format!("/api/v1/{}/{{id}}", thing.kind);
                for thing in scene.things.iter().filter(of_kind) {
                    cells.push(thing_cell(someone, method, thing, rule));
                }
                let mut nothing = simple(someone, method, path.replace("{id}", NOBODY), 404);
                if rule != Rule::ReadThing {
                    nothing.more = vec![("if-match", "\"1\"")];
                    nothing.body = if method == "delete" { Value::Null } else { json!({}) };
                }
                cells.push(nothing);
            }
            Rule::ReadAbout | Rule::ReadSaid | Rule::Step | Rule::Review | Rule::Trust | Rule::Merge => {
                let of_kind = |thing: &&Planted| path.starts_with(&format!("/api/v1/{}/", thing.kind));
                for thing in scene.things.iter().filter(of_kind) {
                    cells.push(life_cell(scene, someone, method, path, thing, rule));
                }
            }
            Rule::ReadMatter | Rule::MatterEvent => desk::matter_cells(cells, scene, someone, method, path, rule),
            Rule::CreateThing => create_cells(cells, scene, someone, path),
            other => route_cells(cells, scene, someone, method, path, other),
        }
        for cell in &mut cells[first..] {
            cell.expected = before_the_route(someone, rule, cell);
        }
    }
}

/// What the gate says before the route is asked: credentials that do not hold are refused everywhere, and a token that
/// may only read does not change anything.
fn before_the_route(someone: &Someone, rule: Rule, cell: &Cell<'_>) -> u16 {
    match (someone.means, rule) {
        (_, Rule::WithoutLooking(_)) => cell.expected,
        (Means::Stale, _) => 401,
        (Means::ReadToken, _) if cell.method != "get" => 403,
        // Who gets in is said by people, not by programs.
        (
            Means::WriteToken,
            Rule::Membership { .. } | Rule::Invite | Rule::WithdrawInvitation | Rule::Administrator(_),
        ) if cell.method != "get" => 403,
        _ => cell.expected,
    }
}

pub fn simple<'a>(someone: &'a Someone, method: &'static str, path: String, expected: u16) -> Cell<'a> {
    Cell { someone, method, path, more: Vec::new(), body: Value::Null, expected, shows: None }
}

fn thing_cell<'a>(someone: &'a Someone, method: &'static str, thing: &'a Planted, rule: Rule) -> Cell<'a> {
    let path = format!("/api/v1/{}/{}", thing.kind, thing.id);
    let sees = rules::sees(someone, thing);
    if rule == Rule::ReadThing {
        let cell = simple(someone, method, path, if sees { 200 } else { 404 });
        return Cell { shows: Some(thing), ..cell };
    }
    let (deed, body) = match rule {
        Rule::ChangeThing => (Deed::Change, json!({ "fields": ["energy"] })),
        _ => (Deed::Delete, Value::Null),
    };
    let expected = match (sees, rules::may(someone, deed, thing.kind, thing.own)) {
        (false, _) => 404,
        // A version that nobody has: whoever may is told so, and nothing changes.
        (true, true) => 412,
        (true, false) if someone.signed_in() => 403,
        (true, false) => 401,
    };
    Cell { more: vec![("if-match", "\"999999\"")], body, ..simple(someone, method, path, expected) }
}

/// The life of a thing: read by whoever sees it, lived by whoever may.
fn life_cell<'a>(
    scene: &Scene,
    someone: &'a Someone,
    method: &'static str,
    path: &str,
    thing: &'a Planted,
    rule: Rule,
) -> Cell<'a> {
    let told = |may: bool, status: u16| match may {
        true => status,
        false if someone.signed_in() => 403,
        false => 401,
    };
    let expected = match rule {
        _ if !rules::sees(someone, thing) => 404,
        Rule::ReadSaid => told(rules::concerned(someone, thing.kind, thing.own), 200),
        // A version that nobody has: whoever may is told so, and nothing changes.
        Rule::Step => told(rules::may(someone, Deed::Change, thing.kind, thing.own), 412),
        Rule::Review => told(rules::reviews(someone), 412),
        Rule::Trust => told(rules::reviews(someone), 200),
        Rule::Merge => told(someone.is(Role::Administrator), 412),
        _ => 200,
    };
    let body = match rule {
        Rule::Merge => json!({ "into": scene.other[0] }),
        Rule::Step if path.ends_with("/restore") => json!({ "version": 1 }),
        Rule::Step | Rule::Review => json!({ "comment": "ご確認ください。" }),
        _ => Value::Null,
    };
    let more = if method == "post" { vec![("if-match", "\"999999\"")] } else { Vec::new() };
    let shows = path.ends_with("{version}") || path.ends_with("/profile");
    let path = path.replace("{id}", &thing.id).replace("{version}", "1");
    Cell { more, body, shows: shows.then_some(thing), ..simple(someone, method, path, expected) }
}

fn create_cells<'a>(cells: &mut Vec<Cell<'a>>, scene: &'a Scene, someone: &'a Someone, path: &str) {
    let kind = KINDS.into_iter().find(|kind| path == format!("/api/v1/{kind}")).expect("a kind");
    for (own, parties) in [(true, &scene.own), (false, &scene.other)] {
        for visibility in scene::VISIBILITIES {
            let facts = match kind {
                "organizations" | "people" => json!({ "visibility": visibility }),
                "exhibitions" => json!({ "visibility": visibility }),
                "records" => json!({ "visibility": visibility, "members": [{ "party": parties[0] }] }),
                "seeds" => json!({ "visibility": visibility, "owner": parties[1] }),
                _ => json!({ "visibility": visibility, "owner": parties[0] }),
            };
            let mut body = with_words(kind, "qnothingq", facts);
            // A field that there is not: whoever may is told so, and nothing is made.
            body["fields"] = json!(["no_such_field"]);
            let expected = match rules::may(someone, Deed::Create, kind, own) {
                true => 422,
                false if someone.signed_in() => 403,
                false => 401,
            };
            cells.push(Cell { body, ..simple(someone, "post", path.to_owned(), expected) });
        }
    }
}

/// Everything that is not about things.
fn route_cells<'a>(
    cells: &mut Vec<Cell<'a>>,
    scene: &'a Scene,
    someone: &'a Someone,
    method: &'static str,
    path: &str,
    rule: Rule,
) {
    let signed_in = |right: u16| if someone.signed_in() { right } else { 401 };
    let cell = |path: String, expected: u16, body: Value| {
        let more = if path.contains("/memberships/") { vec![("if-match", "\"999999\"")] } else { Vec::new() };
        Cell { body, more, ..simple(someone, method, path, expected) }
    };
    let plain = |expected: u16| {
        let path_of = path.replace("{id}", NOBODY).replace("{code}", "organic_electronics");
        let path_of = path_of.replace("{party}", NOBODY).replace("{solve}", NOBODY).replace("{side}", "buyer");
        cell(path_of, expected, body_for(someone, method, path))
    };
    let only = |may: bool, right: u16| plain(signed_in(if may { right } else { 403 }));
    match rule {
        Rule::WithoutLooking(status) | Rule::Anyone(status) => cells.push(plain(status)),
        Rule::SignedIn(status) => cells.push(plain(signed_in(status))),
        Rule::Person(status) => {
            let person = someone.means == Means::SignIn;
            cells.push(plain(signed_in(if person { status } else { 403 })));
        }
        Rule::Administrator(status) => {
            let other = &scene.as_someone("Coordinator").account;
            let expected = signed_in(if someone.is(Role::Administrator) { status } else { 403 });
            let path_of = path.replace("{id}", other).replace("{code}", "organic_electronics");
            cells.push(cell(path_of, expected, body_for(someone, method, path)));
        }
        Rule::ReadDesks(status) => cells.push(only(rules::reads_desks(someone), status)),
        Rule::WorkDesks(status) => cells.push(only(rules::works_desks(someone), status)),
        Rule::Organise(status) => cells.push(only(rules::reads_desks(someone), status)),
        Rule::OpenCase => {
            cells.push(plain(signed_in(422)));
            let body = json!({ "title": "はじめての相談", "parties": [scene.own[0], scene.other[0]] });
            let expected = signed_in(if rules::works_desks(someone) { 201 } else { 403 });
            cells.push(cell(path.to_owned(), expected, body));
        }
        Rule::HandOver => {
            cells.push(only(rules::works_desks(someone), 422));
            let to = &scene.as_someone("Coordinator").account;
            for from in [to, &scene.as_someone("Administrator").account] {
                let may =
                    someone.is(Role::Administrator) || (someone.is(Role::Coordinator) && someone.account == *from);
                let expected = signed_in(if may { 200 } else { 403 });
                cells.push(cell(path.to_owned(), expected, json!({ "to": to, "from": from })));
            }
        }
        Rule::ReadImport => {
            let seen = if someone.is(Role::Administrator) { 200 } else { 404 };
            let expected = signed_in(if rules::works_desks(someone) { seen } else { 403 });
            cells.push(cell(path.replace("{id}", &scene.import), expected, Value::Null));
        }
        Rule::MembershipsOfParty => {
            for (own, parties) in [(true, &scene.own), (false, &scene.other)] {
                let expected = signed_in(if rules::manages(someone, own) { 200 } else { 404 });
                cells.push(cell(format!("{path}?party={}", parties[0]), expected, Value::Null));
            }
        }
        Rule::Membership { holder } => {
            for other in scene.cast.iter().filter(|other| other.membership.is_some()) {
                let is_holder = other.account == someone.account;
                let may = rules::manages(someone, true) || (holder && is_holder);
                let expected = signed_in(if may { if method == "get" { 200 } else { 412 } } else { 404 });
                let id = other.membership.as_deref().unwrap_or_default();
                cells.push(cell(path.replace("{id}", id), expected, body_for(someone, method, path)));
            }
            let may = rules::manages(someone, false);
            let expected = signed_in(if may { if method == "get" { 200 } else { 412 } } else { 404 });
            cells.push(cell(
                path.replace("{id}", &scene.foreign_membership),
                expected,
                body_for(someone, method, path),
            ));
        }
        Rule::Invite => {
            for (own, parties) in [(true, &scene.own), (false, &scene.other)] {
                let body = json!({ "email": "guest@example.jp", "party": parties[0], "right": "reader" });
                let known = own && someone.confirmed().is_some();
                let expected = match rules::manages(someone, own) {
                    true => 201,
                    false if known => 403,
                    false => 422,
                };
                cells.push(cell(path.to_owned(), signed_in(expected), body));
            }
            let body = json!({ "email": "guest@example.jp", "roles": ["officer"] });
            let expected = signed_in(if someone.is(Role::Administrator) { 201 } else { 403 });
            cells.push(cell(path.to_owned(), expected, body));
        }
        Rule::WithdrawInvitation => {
            for (own, parties) in [(true, &scene.own), (false, &scene.other)] {
                let body = json!({ "email": "guest@example.jp", "party": parties[0], "right": "reader" });
                let made = scene.app.post_as(&scene.administrator, "/api/v1/invitations", body);
                let id = made.json()["id"].as_str().expect("an id").to_owned();
                let expected = signed_in(if rules::manages(someone, own) { 204 } else { 404 });
                cells.push(cell(path.replace("{id}", &id), expected, Value::Null));
            }
        }
        Rule::ListOfThings | Rule::Finding => {}
        Rule::CreateThing | Rule::ReadThing | Rule::ChangeThing | Rule::DeleteThing => {}
        Rule::ReadAbout | Rule::ReadSaid | Rule::Step | Rule::Review | Rule::Trust | Rule::Merge => {}
        Rule::ReadMatter | Rule::MatterEvent => {}
    }
}

/// A body that changes nothing, whoever sends it.
fn body_for(someone: &Someone, method: &str, path: &str) -> Value {
    match (method, path.strip_prefix("/api/v1").unwrap_or(path)) {
        ("post", "/auth/sign-in") => {
            // An address for each: the ladder of failures is not what is asked here.
            json!({ "email": format!("not-{}@example.jp", someone.canary), "password": "not a password of anybody" })
        }
        ("post", "/auth/refresh") => json!({ "refresh_token": "x" }),
        ("post", "/auth/sign-out") => json!({ "all": "nothing that can be read" }),
        ("post", "/auth/password-reset") => json!({ "email": "nobody@example.jp" }),
        ("post", "/auth/password-reset/confirm") => json!({ "code": "x", "password": "another long phrase" }),
        ("post", "/invitations/accept") => json!({ "code": "x", "name": "名", "password": "another long phrase" }),
        ("delete", "/me") => json!({}),
        // Refused before anything is looked for.
        ("post", "/matches/standing") => json!({ "each": 0 }),
        ("post", path) if path.starts_with("/imports") || path.ends_with("/unmerge") => Value::Null,
        ("get" | "delete", _) => Value::Null,
        _ => json!({}),
    }
}

/// A filter of lists and searches, and whether a thing passes it.
type Filter<'a> = (String, Box<dyn Fn(&Someone, &Planted) -> bool + Sync + 'a>);

fn filters(scene: &Scene) -> Vec<Filter<'_>> {
    let by_owner = |owner: &str| -> Filter<'_> {
        let id = owner.to_owned();
        let passes = move |someone: &Someone, thing: &Planted| {
            thing.owner.as_deref() == Some(id.as_str()) && rules::sees_owner(someone, thing)
        };
        (format!("owner={owner}"), Box::new(passes))
    };
    let mut all: Vec<Filter<'_>> = vec![
        (String::new(), Box::new(|_, _| true)),
        by_owner(&scene.own[0]),
        by_owner(&scene.other[0]),
        ("field=organic_electronics".to_owned(), Box::new(|_, _| true)),
        ("field=energy".to_owned(), Box::new(|_, _| false)),
        ("organization_kind=firm".to_owned(), Box::new(|_, thing| thing.organization_kind == Some("firm"))),
        ("organization_kind=university".to_owned(), Box::new(|_, _| false)),
        ("sort=updated".to_owned(), Box::new(|_, _| true)),
        ("municipality=060003".to_owned(), Box::new(|_, thing| thing.place.is_some())),
        ("municipality=062057".to_owned(), Box::new(|_, _| false)),
    ];
    for place in [scene::OWN_PLACE, scene::OTHER_PLACE, scene::HIDDEN_PLACE] {
        all.push((format!("municipality={place}"), Box::new(move |_, thing| thing.place == Some(place))));
        let both = format!("municipality={place}&organization_kind=firm");
        let passes =
            move |_: &Someone, thing: &Planted| thing.place == Some(place) && thing.organization_kind.is_some();
        all.push((both, Box::new(passes)));
    }
    all
}

/// Lists and searches hold exactly what may be seen, with every filter; so do counts and facets, matches and coalitions.
fn lists_agree(scene: &Scene) -> usize {
    let filters = filters(scene);
    let mut asked = Vec::new();
    for someone in scene.cast.iter().filter(|someone| someone.means != Means::Stale) {
        for kind in KINDS {
            for filter in &filters {
                asked.push((someone, kind, filter));
            }
        }
    }
    let decisions = AtomicUsize::new(0);
    let wrong = in_parallel(&asked, |(someone, kind, (query, passes))| {
        let of_kind: Vec<&Planted> = scene.things.iter().filter(|thing| thing.kind == *kind).collect();
        decisions.fetch_add(2 * of_kind.len(), Ordering::SeqCst);
        let seen = || of_kind.iter().filter(|thing| rules::sees(someone, thing) && passes(someone, thing));
        let wanted: BTreeSet<&str> = seen().map(|thing| thing.id.as_str()).collect();
        let (found, _) = every_page(&scene.app, someone, &format!("/api/v1/{kind}?{query}"), "items")?;
        same(&found, &wanted, &format!("{}: list of {kind}?{query}", someone.name))?;
        same(
            &desk::exported(&scene.app, someone, kind, query)?,
            &wanted,
            &format!("{}: export of {kind}?{query}", someone.name),
        )?;
        // What is not published is not searched. The owner of an anonymous need is in no index.
        let searched = seen().filter(|thing| thing.status == "published");
        let searched = searched.filter(|thing| !(thing.anonymous && query.starts_with("owner=")));
        let wanted: BTreeSet<&str> = searched.map(|thing| thing.id.as_str()).collect();
        let kind = singular(kind);
        let path = format!("/api/v1/search?kind={kind}&facet=municipality&{query}");
        let (found, first) = every_page(&scene.app, someone, &path, "hits")?;
        same(&found, &wanted, &format!("{}: {path}", someone.name))?;
        counts(scene, &first, &wanted, path.contains("municipality="))
            .map_err(|what| format!("{}: {path}: {what}", someone.name))
    });
    assert_none(wrong);
    let readers: Vec<&Someone> = scene.cast.iter().filter(|someone| someone.means != Means::Stale).collect();
    assert_none(in_parallel(&readers, |someone| proposals_are_seen(scene, someone)));
    assert_none(in_parallel(&readers, |someone| desk::lists_agree(scene, someone)));
    assert_none(in_parallel(&readers, |someone| desk::queues_agree(scene, someone)));
    assert_none(in_parallel(&readers, |someone| desk::names_are_seen(scene, someone)));
    decisions.into_inner()
}

fn singular(kind: &str) -> &'static str {
    match kind {
        "organizations" => "organization",
        "people" => "person",
        "capabilities" => "capability",
        "seeds" => "seed",
        "needs" => "need",
        "exhibitions" => "exhibition",
        _ => "record",
    }
}

pub fn same(found: &[String], wanted: &BTreeSet<&str>, what: &str) -> Result<(), String> {
    let set: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    if set.len() == found.len() && &set == wanted {
        return Ok(());
    }
    let more: Vec<_> = set.difference(wanted).collect();
    let less: Vec<_> = wanted.difference(&set).collect();
    Err(format!("{what}: too many {more:?}, missing {less:?}"))
}

/// The ids on every page, and the first page.
pub fn every_page(app: &TestApp, someone: &Someone, path: &str, name: &str) -> Result<(Vec<String>, Value), String> {
    let (mut ids, mut after, mut first) = (Vec::new(), String::new(), None);
    loop {
        let answer = app.get_with(&format!("{path}&limit=100{after}"), &someone.headers(&[]));
        if answer.status != 200 {
            return Err(format!("{}: {path}: {}", someone.name, answer.body));
        }
        let body = answer.json();
        let items = body[name].as_array().ok_or("no list")?;
        ids.extend(items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)));
        let next = body["next"].as_str().map(|next| format!("&after={next}"));
        let first = first.get_or_insert(body);
        match next {
            Some(next) => after = next,
            None => return Ok((ids, first.take())),
        }
    }
}

/// Total and facets are those of what may be seen.
fn counts(scene: &Scene, answer: &Value, wanted: &BTreeSet<&str>, filtered: bool) -> Result<(), String> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for thing in scene.things.iter().filter(|thing| wanted.contains(thing.id.as_str())) {
        if let Some(place) = thing.place {
            *places.entry(place).or_default() += 1;
        }
    }
    let counted: BTreeMap<&str, usize> = answer["facets"]["municipality"]
        .as_array()
        .into_iter()
        .flatten()
        // A facet counts its rivals, too; and what was chosen stays in it though nothing is left.
        .filter(|value| !filtered || value["chosen"] == true)
        .filter(|value| value["count"] != 0 || value["chosen"] != true)
        .filter_map(|value| Some((value["value"].as_str()?, value["count"].as_u64()? as usize)))
        .collect();
    if answer["total"]["value"] == wanted.len() && counted == places {
        return Ok(());
    }
    Err(format!("{} instead of {}, {counted:?} instead of {places:?}", answer["total"], wanted.len()))
}

/// Whatever is proposed or cited may be seen by whoever asked.
fn proposals_are_seen(scene: &Scene, someone: &Someone) -> Result<(), String> {
    let seen: BTreeSet<&str> =
        scene.things.iter().filter(|thing| rules::sees(someone, thing)).map(|thing| thing.id.as_str()).collect();
    let text = "有機エレクトロニクスの封止と塗布、試作と測定";
    let mut questions: Vec<(&str, Value)> =
        vec![("/api/v1/match", json!({ "from": { "text": text }, "towards": "parties", "limit": 100 }))];
    for need in scene.things.iter().filter(|thing| thing.kind == "needs" && thing.status == "published") {
        let from = json!({ "kind": "need", "id": need.id });
        questions.push(("/api/v1/match", json!({ "from": from, "towards": "parties", "limit": 100 })));
        questions.push(("/api/v1/similar", json!({ "from": from, "kinds": SINGULAR, "limit": 100 })));
        questions.push(("/api/v1/match/coalition", json!({ "from": from, "towards": "parties", "limit": 20 })));
        let status = scene
            .app
            .post_with("/api/v1/match", &someone.headers(&[]), questions[questions.len() - 3].1.clone())
            .status;
        let expected = if seen.contains(need.id.as_str()) { 200 } else { 422 };
        if status != expected {
            return Err(format!("{}: match from need {}: {status}", someone.name, need.id));
        }
    }
    for (path, body) in questions {
        let answer = scene.app.post_with(path, &someone.headers(&[]), body.clone());
        if answer.status == 422 {
            continue;
        }
        for thing in &scene.things {
            // The answer names the owner of what it cites only where the caller may see the owner.
            if !seen.contains(thing.id.as_str()) && answer.body.contains(&thing.id) {
                return Err(format!("{}: {path} {body} names {thing:?}", someone.name));
            }
        }
        if answer.status != 200 {
            return Err(format!("{}: {path} {body}: {}", someone.name, answer.body));
        }
    }
    let by_word = scene.things.iter().find(|thing| thing.visibility == "private" && !seen.contains(thing.id.as_str()));
    if let Some(thing) = by_word {
        let path = format!("/api/v1/search?q={}", encoded(&thing.canary));
        let answer = scene.app.get_with(&path, &someone.headers(&[])).json();
        if answer["total"]["value"] != 0 {
            return Err(format!("{}: {path}: {answer}", someone.name));
        }
    }
    Ok(())
}
