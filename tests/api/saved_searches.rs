//! Searches that are kept: what is new for them, told once, under the rights of now; and their feeds.

use crate::support::people::Person;
use crate::support::{Hands, Response, TestApp, World, auth};
use musubi::domain::Actor;
use musubi::store::{clocks, disclosures, watch};
use serde_json::{Value, json};

impl TestApp {
    fn save(&self, person: &Person, query: Value) -> String {
        let body = json!({ "name": "見張り", "query": query });
        let saved = self.post_as(person, "/api/v1/me/saved-searches", body);
        assert_eq!(saved.status, 201, "{}", saved.body);
        saved.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Registers something that must be accepted; gives its id.
    fn registered(&self, person: &Person, plural: &str, body: Value) -> String {
        self.made(person, plural, body).rsplit('/').next().expect("an id").to_owned()
    }

    fn watched(&self) {
        let head = self.app.database.read(musubi::store::log::head).expect("the log");
        assert!(self.app.watch.wait_for(head.seq, crate::support::PATIENCE), "the watcher did not follow");
    }

    fn new_for(&self, person: &Person, id: &str) -> Vec<String> {
        self.watched();
        let answer = self.get_as(person, &format!("/api/v1/me/saved-searches/{id}/new?limit=100"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        ids(&answer)
    }

    fn delete_as(&self, person: &Person, path: &str, version: i64) -> Response {
        self.delete(path, &[("authorization", &person.bearer()), ("if-match", &format!("\"{version}\""))])
    }
}

fn ids(answer: &Response) -> Vec<String> {
    let items = answer.json()["items"].as_array().expect("items").clone();
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

fn firm(name: &str, visibility: &str) -> Value {
    json!({ "organization_kind": "firm", "name_ja": name, "visibility": visibility })
}

#[test]
fn a_saved_search_is_made_read_changed_and_deleted() {
    let app = TestApp::start();
    let admin = app.administrator();
    let other = app.person(&admin, "other@example.jp", &["officer"]);
    let body = json!({ "name": "封止のシーズ", "cadence": "weekly",
        "query": { "q": "封止 TRL:>=4", "kind": "seed,capability", "field": "organic_electronics" } });
    let made = app.post_as(&other, "/api/v1/me/saved-searches", body.clone());
    assert_eq!(made.status, 201, "{}", made.body);
    let path = made.header("location").expect("a place").to_owned();
    assert_eq!(made.json()["query"], body["query"]);
    let read = app.get_as(&other, &path);
    assert_eq!((read.status, read.header("etag")), (200, Some("\"1\"")));
    assert_eq!(read.json(), made.json());
    let changed = app.patch_as(&other, &path, 1, json!({ "name": "別の名前", "cadence": "none" }));
    assert_eq!(changed.json()["name"], "別の名前", "{}", changed.body);
    assert_eq!(app.patch_as(&other, &path, 1, json!({ "name": "遅い" })).problem(412, "stale")["current_version"], 2);
    let same = app.patch_as(&other, &path, 2, json!({ "name": "別の名前" }));
    assert_eq!(same.json()["version"], 2, "what changes nothing keeps the version");
    // What is searched for stays.
    app.patch_as(&other, &path, 2, json!({ "query": { "q": "ほか" } })).problem(422, "invalid");
    app.patch_with(&path, &[("authorization", &other.bearer())], json!({ "name": "x" }))
        .problem(428, "precondition-required");
    // Nobody else knows of it, administrators neither.
    for answer in [
        app.get_as(&admin, &path),
        app.patch_as(&admin, &path, 2, json!({ "name": "x" })),
        app.patch_with(&path, &[("authorization", &admin.bearer())], json!({ "name": "x" })),
        app.delete_as(&admin, &path, 2),
        app.get_as(&admin, &format!("{path}/new")),
        app.post_as(&admin, &format!("{path}/looked"), json!({})),
        app.post_as(&admin, &format!("{path}/feed"), json!({})),
        app.delete(&format!("{path}/feed"), &[("authorization", &admin.bearer())]),
        app.get_as(&other, "/api/v1/me/saved-searches/not-an-id"),
    ] {
        answer.problem(404, "not-found");
    }
    assert_eq!(app.get_as(&admin, "/api/v1/me/saved-searches").json()["items"], json!([]));
    // A list in pages.
    for number in 0..3 {
        app.save(&other, json!({ "q": format!("語{number}") }));
    }
    let first = app.get_as(&other, "/api/v1/me/saved-searches?limit=3");
    let next = first.json()["next"].as_str().expect("more").to_owned();
    assert!(first.header("link").is_some());
    let second = app.get_as(&other, &format!("/api/v1/me/saved-searches?limit=3&after={next}"));
    assert_eq!((ids(&first).len(), ids(&second).len(), second.json()["next"].is_null()), (3, 1, true));
    app.get_as(&admin, &format!("/api/v1/me/saved-searches?after={next}")).problem(400, "cursor");
    let data = app.get_as(&other, "/api/v1/me/data").json();
    assert_eq!(data["saved_searches"].as_array().expect("a list").len(), 4);
    assert_eq!(app.delete_as(&other, &path, 1).status, 412);
    assert_eq!(app.delete_as(&other, &path, 2).status, 204);
    app.get_as(&other, &path).problem(404, "not-found");
}

#[test]
fn what_cannot_be_searched_for_cannot_be_saved() {
    let app = TestApp::start();
    let admin = app.administrator();
    let save = |query: Value| app.post_as(&admin, "/api/v1/me/saved-searches", json!({ "name": "x", "query": query }));
    let pointer_and_code = |query: Value| {
        let problem = save(query).problem(422, "invalid");
        let error = &problem["errors"][0];
        (error["pointer"].as_str().expect("a pointer").to_owned(), error["code"].as_str().expect("a code").to_owned())
    };
    let place = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(pointer_and_code(json!({ "q": "封止 TRL:x" })), place("/query/q", "query.bad_value"));
    let problem = save(json!({ "q": "封止 市町村:どこにもない" })).problem(422, "invalid");
    assert!(problem["errors"][0]["message"]["ja"].as_str().expect("words").starts_with("4文字目"), "{problem}");
    assert_eq!(pointer_and_code(json!({ "q": "a ".repeat(33) })), place("/query/q", "query.too_many_terms"));
    assert_eq!(pointer_and_code(json!({ "q": "あ".repeat(513) })), place("/query/q", "query.too_long"));
    assert_eq!(pointer_and_code(json!({ "q": "a OR ".repeat(10_000) })), place("/query/q", "query.too_long"));
    assert_eq!(pointer_and_code(json!({ "kind": "unicorn" })), place("/query/kind", "value.not_in_list"));
    assert_eq!(pointer_and_code(json!({ "owner": "x'; --" })).0, "/query/owner");
    assert_eq!(pointer_and_code(json!({ "sdg": "1,".repeat(600) })), place("/query/sdg", "text.too_long"));
    assert_eq!(pointer_and_code(json!({ "q": " ", "kind": " , " })), place("/query", "saved-search.empty"));
    for refused in
        [json!({ "facet": "kind" }), json!({ "limit": 3 }), json!({ "after": "x" }), json!("封止"), json!(null)]
    {
        assert_eq!(save(refused.clone()).status, 422, "{refused}");
    }
    for body in [
        json!({ "query": { "q": "a" } }),
        json!({ "name": "", "query": { "q": "a" } }),
        json!({ "name": "x\ny", "query": { "q": "a" } }),
        json!({ "name": "x", "query": { "q": "a" }, "cadence": "hourly" }),
        json!({ "name": "x", "query": { "q": "a" }, "account": "y" }),
    ] {
        assert_eq!(app.post_as(&admin, "/api/v1/me/saved-searches", body.clone()).status, 422, "{body}");
    }
    assert_eq!(app.post("/api/v1/me/saved-searches", json!({})).status, 401);
    // A hundred, and no more.
    for number in 0..100 {
        app.save(&admin, json!({ "q": format!("語{number}") }));
    }
    save(json!({ "q": "もう一つ" })).problem(409, "too-many-saved-searches");
}

#[test]
fn each_new_thing_is_told_once_and_looked_at_once() {
    let app = TestApp::start();
    let admin = app.administrator();
    let before = app.registered(&admin, "organizations", firm("封止工業", "public"));
    let search = app.save(&admin, json!({ "q": "封止", "kind": "organization" }));
    assert!(app.new_for(&admin, &search).is_empty(), "what was there before is not new");
    let first = app.registered(&admin, "organizations", firm("封止電子", "public"));
    app.registered(&admin, "organizations", firm("鋳物製作所", "public"));
    assert_eq!(app.new_for(&admin, &search), [first.as_str()]);
    // A thing that changes is told when it first fits, and not again.
    let renamed =
        app.patch_as(&admin, &format!("/api/v1/organizations/{first}"), 1, json!({ "name_ja": "封止電子工業" }));
    assert_eq!(renamed.status, 200);
    assert_eq!(app.new_for(&admin, &search).len(), 1);
    let old = app.patch_as(&admin, &format!("/api/v1/organizations/{before}"), 1, json!({ "name_en": "Fushi" }));
    assert_eq!(old.status, 200);
    assert_eq!(app.new_for(&admin, &search), [before.clone(), first.clone()], "newest first");

    // What was looked at is no longer new; what came between reading and saying so still is.
    let answer = app.get_as(&admin, &format!("/api/v1/me/saved-searches/{search}/new"));
    let until = answer.json()["until"].as_str().expect("a place").to_owned();
    let second = app.registered(&admin, "organizations", firm("封止化学", "public"));
    app.watched();
    let looked = format!("/api/v1/me/saved-searches/{search}/looked");
    assert_eq!(app.post_as(&admin, &looked, json!({ "until": until })).status, 200);
    assert_eq!(app.new_for(&admin, &search), [second.as_str()]);
    assert_eq!(app.post_as(&admin, &looked, json!({})).status, 200);
    assert!(app.new_for(&admin, &search).is_empty());
    app.post_as(&admin, &looked, json!({ "until": "00" })).problem(400, "cursor");
    // Looking never goes back.
    assert_eq!(app.post_as(&admin, &looked, json!({ "until": until })).status, 200);
    assert!(app.new_for(&admin, &search).is_empty());

    // What leaves and comes back was told already; what is deleted is forgotten.
    let path = format!("/api/v1/organizations/{second}");
    assert_eq!(app.patch_as(&admin, &path, 1, json!({ "name_ja": "鋳物化学" })).status, 200);
    assert_eq!(app.patch_as(&admin, &path, 2, json!({ "name_ja": "封止化学" })).status, 200);
    assert!(app.new_for(&admin, &search).is_empty());
    let third = app.registered(&admin, "organizations", firm("封止三号", "public"));
    assert_eq!(app.new_for(&admin, &search), [third.as_str()]);
    assert_eq!(app.delete_as(&admin, &format!("/api/v1/organizations/{third}"), 1).status, 204);
    assert!(app.new_for(&admin, &search).is_empty());

    // Pages, newest first, waiting for a write that must be in.
    let mut wanted = Vec::new();
    let mut sequence = String::new();
    for number in 0..5 {
        let made = app.post_as(&admin, "/api/v1/organizations", firm(&format!("封止第{number}"), "public"));
        wanted.insert(0, made.json()["id"].as_str().expect("an id").to_owned());
        sequence = made.header("musubi-sequence").expect("a sequence").to_owned();
    }
    let mut path = format!("/api/v1/me/saved-searches/{search}/new?limit=2&min_seq={sequence}");
    let mut found = Vec::new();
    loop {
        let page = app.get_as(&admin, &path);
        assert_eq!((page.status, page.json()["stale"].as_bool()), (200, Some(false)), "{}", page.body);
        found.extend(ids(&page));
        let Some(next) = page.json()["next"].as_str().map(str::to_owned) else { break };
        path = format!("/api/v1/me/saved-searches/{search}/new?limit=2&after={next}");
    }
    assert_eq!(found, wanted);
}

#[test]
fn only_what_the_owner_may_see_is_told_and_shown() {
    let app = TestApp::start();
    let admin = app.administrator();
    let party = app.registered(&admin, "organizations", firm("持ち主", "public"));
    let stranger_party = app.registered(&admin, "organizations", firm("よそ", "public"));
    let member = app.member(&admin, "member@example.jp", &party, "owner");
    let office = app.person(&admin, "office@example.jp", &["coordinator"]);
    let nobody = app.accept("nobody@example.jp", &app.invited(&admin, json!({ "email": "nobody@example.jp" })));
    let people = [&member, &office, &nobody, &admin];
    let searches: Vec<String> = people.iter().map(|person| app.save(person, json!({ "q": "秘伝" }))).collect();
    let told = || -> Vec<usize> {
        people.iter().zip(&searches).map(|(person, search)| app.new_for(person, search).len()).collect()
    };
    let seed = |owner: &str, visibility: &str| {
        let body = json!({ "owner": owner, "title_ja": "秘伝の製法", "visibility": visibility });
        app.registered(&admin, "seeds", body)
    };
    seed(&stranger_party, "private");
    assert_eq!(told(), [0, 0, 0, 1]);
    let parties = seed(&stranger_party, "parties");
    assert_eq!(told(), [0, 1, 0, 2]);
    seed(&party, "private");
    assert_eq!(told(), [1, 1, 0, 3]);
    seed(&stranger_party, "members");
    assert_eq!(told(), [2, 2, 0, 4]);
    let public = seed(&stranger_party, "public");
    assert_eq!(told(), [3, 3, 1, 5]);
    // Text that only others read tells nothing: neither by the word nor by silence of it.
    let hidden = app.save(&nobody, json!({ "q": "-秘伝", "kind": "seed" }));
    seed(&stranger_party, "parties");
    assert!(app.new_for(&nobody, &hidden).is_empty());

    // What is hidden later is gone from what was told, at once.
    let path = format!("/api/v1/seeds/{public}");
    assert_eq!(app.patch_as(&admin, &path, 1, json!({ "visibility": "private" })).status, 200);
    assert_eq!(told(), [2, 3, 0, 6]);
    // And what is opened later is told then.
    let path = format!("/api/v1/seeds/{parties}");
    assert_eq!(app.patch_as(&admin, &path, 1, json!({ "visibility": "public" })).status, 200);
    assert_eq!(told(), [3, 3, 1, 6]);
    // A role that is given counts for what comes from then on.
    let hand_to = |person: &Person, roles: &[&str]| {
        let path = format!("/api/v1/accounts/{}", person.id);
        let version = app.get_as(&admin, &path).json()["version"].as_i64().expect("a version");
        let answer = app.patch_as(&admin, &path, version, json!({ "roles": roles }));
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    hand_to(&nobody, &["officer"]);
    let for_office = seed(&stranger_party, "parties");
    assert_eq!(app.new_for(&nobody, &searches[2]), [for_office, parties.clone()]);
    // A role that is lost takes along what was seen by it.
    hand_to(&office, &[]);
    let office = app.sign_in("office@example.jp");
    assert_eq!(app.new_for(&office, &searches[1]), [parties.as_str()]);

    // What an introduction opens to a party is told to its members then; what it closes is gone.
    let secret = seed(&stranger_party, "parties");
    let of_member = || app.new_for(&member, &searches[0]).len();
    let was = of_member();
    let matter = matter_of(&app, &admin, &party, &stranger_party);
    let pair = [(
        musubi::domain::ThingId::parse(&secret).expect("an id"),
        musubi::domain::ThingId::parse(&party).expect("an id"),
    )];
    app.app.database.write(&Actor::System, |tx| disclosures::follow(tx, &matter, &pair)).expect("opened");
    assert_eq!(of_member(), was + 1);
    app.app.database.write(&Actor::System, |tx| disclosures::follow(tx, &matter, &[])).expect("closed");
    assert_eq!(of_member(), was);
}

/// A case, for something to disclose by.
fn matter_of(app: &TestApp, admin: &Person, one: &str, other: &str) -> musubi::domain::ThingId {
    let body = json!({ "title": "相談", "parties": [one, other] });
    let made = app.post_as(admin, "/api/v1/cases", body);
    assert_eq!(made.status, 201, "{}", made.body);
    musubi::domain::ThingId::parse(made.json()["id"].as_str().expect("an id")).expect("an id")
}

#[test]
fn a_feed_is_read_by_its_secret_under_the_rights_of_now() {
    let app = TestApp::start();
    let admin = app.administrator();
    let party = app.registered(&admin, "organizations", firm("持ち主", "public"));
    let member = app.member(&admin, "member@example.jp", &party, "reader");
    let search = app.save(&member, json!({ "q": "封止" }));
    let path = format!("/api/v1/me/saved-searches/{search}");
    let feed = |person: &Person| {
        let made = app.post_as(person, &format!("{path}/feed"), json!({}));
        assert_eq!((made.status, made.header("cache-control")), (201, Some("no-store")), "{}", made.body);
        made.json()["address"].as_str().expect("an address").to_owned()
    };
    let address = feed(&member);
    assert_eq!(app.get_as(&member, &path).json()["feed"], true);
    let empty = app.get(&address);
    assert_eq!((empty.status, empty.header("content-type")), (200, Some("application/atom+xml; charset=utf-8")));
    let public = app.registered(&admin, "organizations", firm("封止 <b>&\"工業\"", "public"));
    let hidden = app.registered(&admin, "organizations", firm("封止会員", "members"));
    app.watched();
    let read = app.get(&address);
    assert_ne!(read.header("etag"), empty.header("etag"));
    assert!(read.body.contains("封止 &lt;b&gt;&amp;&quot;工業&quot;") && read.body.contains(&hidden), "{}", read.body);
    assert_eq!(read.body.matches("<entry>").count(), 2);
    let etag = read.header("etag").expect("an etag").to_owned();
    let again = app.get_with(&address, &[("if-none-match", &etag)]);
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    // It stands nowhere in the database but as a digest, and in no log.
    let secret = address.rsplit('/').next().and_then(|file| file.strip_suffix(".atom")).expect("a secret").to_owned();
    assert_eq!(secret.len(), 43);
    // Wrong addresses, and those of others, are all alike.
    let mut near = secret.clone();
    near.replace_range(0..1, if secret.starts_with('A') { "B" } else { "A" });
    for wrong in [near.as_str(), "x", &secret[..42], &secret.to_lowercase(), "%00", "..%2f"] {
        app.get(&format!("/api/v1/feeds/{wrong}.atom")).problem(404, "not-found");
    }
    app.get(&format!("/api/v1/feeds/{secret}")).problem(404, "not-found");
    assert_eq!(app.post(&address, json!({})).status, 405);

    // Membership suspended: what is for members is gone with the next reading.
    let membership = app.membership(&member);
    let of = format!("/api/v1/memberships/{}", membership["id"].as_str().expect("an id"));
    let version = membership["version"].as_i64().expect("a version");
    let suspended = app.patch_as(&admin, &of, version, json!({ "state": "suspended" }));
    assert_eq!(suspended.status, 200, "{}", suspended.body);
    let read = app.get(&address);
    assert!(read.body.contains(&public) && !read.body.contains(&hidden), "{}", read.body);

    // Renewed: the earlier address is void. Ended: the new one, too.
    let member = app.sign_in("member@example.jp");
    let renewed = feed(&member);
    app.get(&address).problem(404, "not-found");
    assert_eq!(app.get(&renewed).status, 200);
    let token = app.post_as(
        &member,
        "/api/v1/me/tokens",
        json!({ "password": crate::support::people::PASSWORD, "name": "連携", "scope": "write", "days": 3 }),
    );
    let bearer = format!("Bearer {}", token.json()["token"].as_str().expect("a token"));
    let by_program = app.post_with(&format!("{path}/feed"), &[("authorization", &bearer)], json!({}));
    by_program.problem(403, "needs-sign-in");
    assert_eq!(app.delete(&format!("{path}/feed"), &[("authorization", &member.bearer())]).status, 204);
    app.get(&renewed).problem(404, "not-found");

    // A suspended account, and an erased one, have no feed.
    let address = feed(&member);
    let suspend = |state: &str| {
        let path = format!("/api/v1/accounts/{}", member.id);
        let version = app.get_as(&admin, &path).json()["version"].as_i64().expect("a version");
        assert_eq!(app.patch_as(&admin, &path, version, json!({ "state": state })).status, 200);
    };
    suspend("suspended");
    app.get(&address).problem(404, "not-found");
    suspend("active");
    assert_eq!(app.get(&address).status, 200);
    let member = app.sign_in("member@example.jp");
    let erased = app.delete_with_body(
        "/api/v1/me",
        &[("authorization", &member.bearer())],
        json!({ "password": crate::support::people::PASSWORD }),
    );
    assert_eq!(erased.status, 204, "{}", erased.body);
    app.get(&address).problem(404, "not-found");
    let left = app.app.database.read(watch::waiting).expect("the searches");
    assert!(left.is_empty(), "nothing of an erased account waits");
}

#[test]
fn letters_come_as_often_as_was_chosen_and_say_nothing_of_what_was_found() {
    let (world, hands) = (World::new(), Hands::new());
    let auth = auth(&world);
    let app = TestApp::start_at(world.into(), hands.clock(), auth);
    let admin = app.administrator();
    let officer = app.person(&admin, "officer@example.jp", &["officer"]);
    let of = |cadence: &str| {
        let body = json!({ "name": format!("見張り {cadence}"), "query": { "q": "封止" }, "cadence": cadence });
        assert_eq!(app.post_as(&officer, "/api/v1/me/saved-searches", body).status, 201);
    };
    for cadence in ["at_once", "daily", "weekly", "none"] {
        of(cadence);
    }
    let about = |cadence: &str| -> usize {
        let letters = app.letters("officer@example.jp");
        letters.iter().filter(|letter| letter.contains(&format!("見張り {cadence}"))).count()
    };
    let counts = || (about("at_once"), about("daily"), about("weekly"), about("none"));
    let send = || {
        clocks::run(&app.app.database).expect("a round");
        app.app.auth.post.wake();
    };
    let becomes = |wanted: (usize, usize, usize, usize)| {
        crate::support::wait_until(crate::support::PATIENCE, || counts() == wanted);
        assert_eq!(counts(), wanted);
    };
    let name = "封止の新しい会社";
    app.registered(&admin, "organizations", firm(name, "public"));
    app.watched();
    app.app.auth.post.wake();
    becomes((1, 0, 0, 0));
    assert!(app.letters("officer@example.jp").iter().all(|letter| !letter.contains(name)));
    // More within the hour travels together.
    app.registered(&admin, "organizations", firm("封止二", "public"));
    app.registered(&admin, "organizations", firm("封止三", "public"));
    app.watched();
    send();
    becomes((1, 0, 0, 0));
    hands.pass(3_601);
    send();
    becomes((2, 0, 0, 0));
    hands.pass(24 * 3_600);
    send();
    becomes((2, 1, 0, 0));
    hands.pass(7 * 24 * 3_600);
    send();
    becomes((2, 1, 1, 0));
    // What was hidden before the letter was written is not spoken of.
    let admin = app.sign_in("admin@example.jp");
    let private = app.registered(&admin, "organizations", firm("封止四", "public"));
    app.watched();
    assert_eq!(
        app.patch_as(&admin, &format!("/api/v1/organizations/{private}"), 1, json!({ "visibility": "private" })).status,
        200
    );
    hands.pass(8 * 24 * 3_600);
    send();
    let empty = || app.app.database.read(|conn| musubi::store::outbox::due(conn, &app.app.clock().timestamp(), 1));
    let sent = || empty().expect("the outbox").is_empty();
    assert!(crate::support::wait_until(crate::support::PATIENCE, sent));
    let (_, daily, weekly, none) = counts();
    assert_eq!((daily, weekly, none), (1, 1, 0));
}

#[test]
fn what_the_search_no_longer_finds_is_no_longer_shown() {
    let app = TestApp::start();
    let seeker = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "探す会社", "municipality": "062014" }),
    );
    let hiding = app.create(
        "organizations",
        json!({ "organization_kind": "firm", "name_ja": "隠れる会社", "municipality": "062014" }),
    );
    let other = app.firm("見る会社");
    let administrator = app.administrator();
    let watcher = app.member(&administrator, "watcher@example.jp", &other, "editor");
    let of_owner = app.save(&watcher, json!({ "owner": seeker, "kind": "need" }));
    let of_place = app.save(&watcher, json!({ "municipality": "062014", "kind": "capability,need" }));
    let of_word = app.save(&watcher, json!({ "q": "封止" }));
    let feed = |search: &str| {
        let path = format!("/api/v1/me/saved-searches/{search}/feed");
        app.post_as(&watcher, &path, json!({})).json()["address"].as_str().expect("an address").to_owned()
    };
    let feeds = [feed(&of_owner), feed(&of_place)];
    let need =
        json!({ "owner": seeker, "title_ja": "封止の相手", "lines": [{ "strength": "must", "text_ja": "封止" }] });
    let need = app.registered(&administrator, "needs", need);
    let skill =
        json!({ "owner": hiding, "capability_kind": "process", "name_ja": "封止", "description_ja": "封止する。" });
    let skill = app.registered(&administrator, "capabilities", skill);
    assert_eq!(app.new_for(&watcher, &of_owner), std::slice::from_ref(&need));
    assert_eq!(app.new_for(&watcher, &of_place).len(), 2);
    assert_eq!(app.new_for(&watcher, &of_word).len(), 2);

    // The need becomes anonymous: whose it is, and where, must not be told by what a search finds.
    let path = format!("/api/v1/needs/{need}");
    assert_eq!(app.patch_as(&administrator, &path, 1, json!({ "anonymous": true })).status, 200);
    // The owner of the capability is hidden: so is its place.
    let path = format!("/api/v1/organizations/{hiding}");
    assert_eq!(app.patch_as(&administrator, &path, 1, json!({ "visibility": "private" })).status, 200);
    assert!(app.new_for(&watcher, &of_owner).is_empty());
    assert!(app.new_for(&watcher, &of_place).is_empty());
    for address in &feeds {
        let read = app.get(address);
        assert_eq!(read.status, 200, "{}", read.body);
        assert!(!read.body.contains("<entry>"), "{}", read.body);
    }
    // What they say themselves is there for all to see.
    assert_eq!(app.new_for(&watcher, &of_word).len(), 2);
    // And without the word, no longer.
    let path = format!("/api/v1/capabilities/{skill}");
    let body = json!({ "name_ja": "塗布", "description_ja": "塗布する。" });
    assert_eq!(app.patch_as(&administrator, &path, 1, body).status, 200);
    assert_eq!(app.new_for(&watcher, &of_word), [need]);
}

/// A kept search hears of what a search would find: by reading, in another spelling, by the place.
#[test]
fn readings_spellings_and_places_reach_kept_searches() {
    let app = TestApp::start();
    let admin = app.administrator();
    let queries =
        ["たいようでんち", "taiyoudenchi", "ink-jet", "鶴岡市 発酵", "Shonai fermentation", "鶴岡市の発酵", "ISO9001"];
    let kept: Vec<String> = queries.iter().map(|query| app.save(&admin, json!({ "q": query }))).collect();
    let body = json!({ "organization_kind": "firm", "name_ja": "便り工業", "municipality": "062031", "certificates": ["iso9001"],
        "description_ja": "太陽電池の電極をインクジェットで描く。発酵の相談も受ける。", "description_en": "fermentation" });
    let owner = app.registered(&admin, "organizations", body);
    for (query, id) in queries.iter().zip(&kept) {
        assert_eq!(app.new_for(&admin, id), std::slice::from_ref(&owner), "{query}");
    }
}
