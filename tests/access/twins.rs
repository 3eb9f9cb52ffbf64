//! Two worlds that differ only in what somebody may not see: every answer to them is the same, byte for byte, order and
//! scores included. Ids, cursors and request numbers are masked, nothing else.

use crate::cast::{self, Someone};
use crate::matrix::{in_parallel, send};
use crate::support::{Dice, Response, TestApp, encoded};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

const WORDS: [&str; 24] = [
    "封止",
    "塗布",
    "有機EL",
    "太陽電池",
    "印刷",
    "真空蒸着",
    "測定",
    "評価",
    "めっき",
    "切削",
    "代謝物",
    "腸内細菌",
    "センサー",
    "画像検査",
    "coating",
    "encapsulation",
    "barrier",
    "film",
    "printing",
    "sensor",
    "metabolite",
    "plating",
    "inspection",
    "prototype",
];
const PLACES: [&str; 4] = ["062014", "062022", "062031", "130001"];
const KINDS: [&str; 6] = ["organizations", "people", "capabilities", "seeds", "needs", "records"];
const ORGANIZATION_KINDS: [&str; 3] = ["firm", "university", "bank"];

/// From whom it is hidden, and what hides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tier {
    /// From everybody without a right: what is for members, too.
    Visitors,
    /// From members of other parties.
    Members,
    /// From the office.
    Office,
}

impl Tier {
    fn hides(self) -> &'static [&'static str] {
        match self {
            Tier::Visitors => &["members", "parties", "private"],
            Tier::Members => &["parties", "private"],
            Tier::Office => &["private"],
        }
    }

    /// Who must not notice.
    fn observers(self) -> &'static [&'static str] {
        match self {
            Tier::Visitors => &["visitor", "account of nobody", "Accepted Owner", "Suspended Editor"],
            Tier::Members => {
                &["Confirmed Reader", "Confirmed Editor", "Confirmed Owner", "Program that reads for an owner"]
            }
            Tier::Office => &["Coordinator", "Officer", "Officer who is an editor"],
        }
    }
}

struct World {
    app: TestApp,
    /// What things are called in both worlds.
    ids: BTreeMap<String, String>,
    labels: HashMap<String, String>,
    cast: Vec<Someone>,
    tier: Tier,
}

#[test]
fn worlds_that_differ_in_hidden_things_only_answer_alike() {
    let wanted = crate::amount("MUSUBI_TWIN_REQUESTS", 500, 20_000);
    let first = crate::support::number("MUSUBI_TEST_SEED", 0);
    let (mut asked, mut long) = (0, 0);
    for tier in [Tier::Visitors, Tier::Members, Tier::Office] {
        let (left, right) = (World::new(tier, 0), World::new(tier, 1));
        let labels: Vec<&String> = left.ids.keys().filter(|label| right.ids.contains_key(*label)).collect();
        let seeds: Vec<u64> = (first..first + wanted.div_ceil(3)).collect();
        let lengths = std::sync::atomic::AtomicUsize::new(0);
        let wrong = in_parallel(&seeds, |seed| {
            let mut dice = Dice::new(*seed);
            let observer = tier.observers()[dice.below(tier.observers().len())];
            let question = Question::new(&mut dice, &labels);
            let (one, other) = (question.ask(&left, observer), question.ask(&right, observer));
            lengths.fetch_add(one.len(), std::sync::atomic::Ordering::SeqCst);
            if one == other {
                return Ok(());
            }
            let at = one.bytes().zip(other.bytes()).take_while(|(left, right)| left == right).count();
            let near = |text: &str| {
                String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(160)..(at + 160).min(text.len())])
                    .into_owned()
            };
            Err(format!("{tier:?}, seed {seed}, {observer}: {question:?}\n{}\n{}", near(&one), near(&other)))
        });
        asked += seeds.len();
        long += lengths.into_inner();
        let some: Vec<&String> = wrong.iter().take(5).collect();
        assert!(wrong.is_empty(), "{} answers differ, for example {some:#?}", wrong.len());
    }
    println!("{asked} questions to each of two worlds, {long} bytes, 0 differences");
}

impl World {
    fn new(tier: Tier, variant: u64) -> Self {
        let app = TestApp::start();
        let mut planting = Planting {
            app: &app,
            ids: BTreeMap::new(),
            dice: Dice::new(7),
            hidden: Dice::new(100 + variant),
            variant,
            tier,
        };
        planting.everything();
        let own = vec![planting.ids["organization 0"].clone(), planting.ids["person 0"].clone()];
        let ids = planting.ids.clone();
        let administrator = app.administrator();
        let mut number = 0;
        let mut canary = || {
            number += 1;
            crate::scene::word(number)
        };
        let cast = cast::cast(&app, &administrator, &own, &mut canary);
        for more in 0..variant * 3 {
            // Others come and go.
            app.member(&administrator, &format!("other{more}@example.jp"), &ids["organization 3"], "owner");
        }
        app.settle();
        let labels = ids.iter().map(|(label, id)| (id.clone(), label.clone())).collect();
        Self { app, ids, labels, cast, tier }
    }

    fn mask(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(|character: char| character.is_ascii_hexdigit()) {
            let (before, from) = rest.split_at(at);
            masked.push_str(before);
            let end =
                from.find(|character: char| !(character.is_ascii_hexdigit() || character == '-')).unwrap_or(from.len());
            let (run, after) = from.split_at(end);
            match self.labels.get(run) {
                Some(label) => masked.push_str(&format!("<{label}>")),
                None if run.len() == 36 && run.matches('-').count() == 4 => masked.push_str("<id>"),
                None => masked.push_str(&self.cursor(run).unwrap_or_else(|| run.to_owned())),
            }
            rest = after;
        }
        masked.push_str(rest);
        masked
    }

    /// A cursor is a seal and the place in hexadecimal: its ids are masked, its seal is left out.
    fn cursor(&self, run: &str) -> Option<String> {
        let body = run.get(16..).filter(|body| body.len() > 20 && body.len() % 2 == 0)?;
        let bytes = (0..body.len()).step_by(2).map(|at| u8::from_str_radix(body.get(at..at + 2)?, 16).ok());
        let text = String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()?;
        text.starts_with('{').then(|| format!("<cursor {}>", self.mask(&text)))
    }

    fn answer(&self, response: &Response) -> String {
        // Who has no right is told nothing of the log.
        let told = self.tier != Tier::Visitors;
        let mut headers: Vec<String> = response
            .headers
            .iter()
            // A place in the log is left out of the body, and may be a digit longer in one of the worlds.
            .filter(|(name, _)| !(told && name == "content-length"))
            // `connection` says whether the body had arrived when the gate refused: chance, and of this hop only.
            .filter(|(name, _)| !["date", "x-request-id", "musubi-sequence", "connection"].contains(&name.as_str()))
            .map(|(name, value)| match (name.as_str(), value.split_once('-')) {
                // Behind the version stands a digest of the body, which holds ids; the body itself is compared.
                ("etag", Some((version, _))) => format!("etag: {version}"),
                _ => format!("{name}: {}", self.mask(value)),
            })
            .collect();
        headers.sort();
        let body = if told { without_sequence(&response.body) } else { response.body.clone() };
        format!("{} {}\n{}", response.status, self.mask(&body), headers.join("\n"))
    }
}

/// Whoever may change a thing is told the place of its versions in the log, as with each write.
fn without_sequence(body: &str) -> String {
    let mut parts = body.split("\"sequence\":\"");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str("\"sequence\":\"");
        kept.push_str(part.split_once('"').map_or(part, |(_, after)| after));
    }
    kept
}

struct Planting<'a> {
    app: &'a TestApp,
    ids: BTreeMap<String, String>,
    /// What both worlds have.
    dice: Dice,
    /// What one of them has.
    hidden: Dice,
    variant: u64,
    tier: Tier,
}

impl Planting<'_> {
    fn plant(&mut self, kind: &str, label: &str, body: Value) -> String {
        let id = self.app.create(kind, body);
        self.ids.insert(label.to_owned(), id.clone());
        id
    }

    fn id(&self, label: &str) -> String {
        self.ids[label].clone()
    }

    fn hides(&mut self) -> &'static str {
        let choices = self.tier.hides();
        choices[self.hidden.below(choices.len())]
    }

    fn everything(&mut self) {
        let open = ["public", "public", "public", "members", "parties"];
        let seen = match self.tier {
            Tier::Visitors => &open[..3],
            Tier::Members => &open[..4],
            Tier::Office => &open[..],
        };
        self.hidden_parties("before");
        for number in 0..10 {
            let body = json!({ "organization_kind": self.dice.pick(&ORGANIZATION_KINDS), "name_ja": format!("会社{number} {}", text(&mut self.dice, 2)),
                "municipality": self.dice.pick(&PLACES), "description_ja": text(&mut self.dice, 20), "fields": ["energy"],
                "employees": 10 + number, "industry": "28", "visibility": "public" });
            self.plant("organizations", &format!("organization {number}"), body);
            if number > 0 {
                self.noise(number);
            }
        }
        for number in 0..5 {
            let employer = self.id(&format!("organization {}", number * 2));
            let body = json!({ "name_ja": format!("研究者{number}"), "affiliations": [employer], "description_ja": text(&mut self.dice, 15) });
            self.plant("people", &format!("person {number}"), body);
        }
        self.told_of_hidden_parties();
        for number in 0..14 {
            let owner = self.id(&format!("organization {}", number % 10));
            let visibility = *self.dice.pick(seen);
            let body = json!({ "owner": owner, "capability_kind": "process", "name_ja": text(&mut self.dice, 3),
                "description_ja": text(&mut self.dice, 18), "visibility": visibility });
            self.plant("capabilities", &format!("capability {number}"), body);
            let body = json!({ "owner": self.id(&format!("person {}", number % 5)), "title_ja": text(&mut self.dice, 3),
                "summary_ja": text(&mut self.dice, 25), "visibility": visibility });
            self.plant("seeds", &format!("seed {number}"), body);
            self.noise(number + 1);
            let members: Vec<Value> = (0..2)
                .map(|more| json!({ "party": self.id(&format!("organization {}", (number + 3 * more) % 10)) }))
                .collect();
            let body = json!({ "title_ja": text(&mut self.dice, 3), "text_ja": text(&mut self.dice, 10), "members": members, "visibility": visibility });
            self.plant("records", &format!("record {number}"), body);
            self.need(number, visibility);
        }
        self.hidden_parties("after");
        for number in 0..6 {
            self.noise(number + 3);
        }
    }

    /// Some are anonymous; whose they are differs where nobody asks who may know.
    fn need(&mut self, number: usize, visibility: &str) {
        let anonymous = number.is_multiple_of(3);
        let differs = anonymous && self.tier != Tier::Office;
        let owner = if differs { 1 + number % 4 + 4 * self.variant as usize } else { number % 10 };
        let lines: Vec<Value> = (0..3)
            .map(|line| json!({ "strength": if line == 2 { "should" } else { "must" }, "text_ja": text(&mut self.dice, 2) }))
            .collect();
        let body = json!({ "owner": self.id(&format!("organization {owner}")), "title_ja": text(&mut self.dice, 3),
            "summary_ja": text(&mut self.dice, 12), "lines": lines, "anonymous": anonymous, "visibility": visibility });
        self.plant("needs", &format!("need {number}"), body);
    }

    /// The same in both worlds by name, and nothing else of them is.
    fn hidden_parties(&mut self, when: &str) {
        for number in 0..3 {
            let visibility = self.hides();
            let body = json!({ "organization_kind": self.hidden.pick(&ORGANIZATION_KINDS), "name_ja": text(&mut self.hidden, 3),
                "municipality": self.hidden.pick(&PLACES), "description_ja": text(&mut self.hidden, 30), "fields": ["measurement"],
                "employees": self.hidden.below(900), "industry": "09", "certificates": ["iso9001"], "visibility": visibility });
            self.plant("organizations", &format!("hidden organization {when} {number}"), body);
        }
    }

    /// What everybody may see of parties that they may not.
    fn told_of_hidden_parties(&mut self) {
        for number in 0..3 {
            let hidden = self.id(&format!("hidden organization before {number}"));
            let body = json!({ "owner": hidden, "capability_kind": "equipment", "name_ja": text(&mut self.dice, 3),
                "description_ja": text(&mut self.dice, 20) });
            self.plant("capabilities", &format!("capability of the hidden {number}"), body);
            let body = json!({ "name_ja": format!("所属{number}"), "affiliations": [hidden], "description_ja": text(&mut self.dice, 10) });
            self.plant("people", &format!("person with the hidden {number}"), body);
            // A hidden person, of one employer or another, with something for all.
            let visibility = self.hides();
            let employer = self.id(&format!("organization {}", 2 * number + self.variant as usize));
            let body = json!({ "name_ja": text(&mut self.hidden, 2), "affiliations": [employer], "municipality": self.hidden.pick(&PLACES), "visibility": visibility });
            let person = self.plant("people", &format!("hidden person {number}"), body);
            let body =
                json!({ "owner": person, "title_ja": text(&mut self.dice, 3), "summary_ja": text(&mut self.dice, 20) });
            self.plant("seeds", &format!("seed of the hidden {number}"), body);
        }
    }

    /// Hidden things of visible parties: more of them in one world, about other things, changed and deleted.
    fn noise(&mut self, number: usize) {
        for more in 0..1 + 3 * self.variant {
            let visibility = self.hides();
            let owner = 1 + self.hidden.below(number.min(9));
            let owner = self.id(&format!("organization {owner}"));
            let label = format!("noise {} {number} {more} {}", self.variant, self.ids.len());
            let (kind, body) = match self.hidden.below(4) {
                0 => (
                    "capabilities",
                    json!({ "owner": owner, "capability_kind": "process", "name_ja": text(&mut self.hidden, 4),
                    "description_ja": text(&mut self.hidden, 60), "visibility": visibility }),
                ),
                1 => (
                    "seeds",
                    json!({ "owner": owner, "title_ja": text(&mut self.hidden, 4), "summary_ja": text(&mut self.hidden, 60), "visibility": visibility }),
                ),
                2 => (
                    "needs",
                    json!({ "owner": owner, "title_ja": text(&mut self.hidden, 4), "summary_ja": text(&mut self.hidden, 60),
                    "anonymous": true, "visibility": visibility }),
                ),
                // Not of the own party: it would be seen.
                _ => (
                    "records",
                    json!({ "title_ja": text(&mut self.hidden, 4), "text_ja": text(&mut self.hidden, 40),
                    "members": [{ "party": owner }], "visibility": visibility }),
                ),
            };
            let id = self.plant(kind, &label, body);
            let path = format!("/api/v1/{kind}/{id}");
            if self.hidden.once_in(3) {
                assert_eq!(self.app.patch(&path, "\"1\"", json!({ "fields": ["food"] })).status, 200);
            } else if self.hidden.once_in(4) {
                assert_eq!(self.app.delete(&path, &[("if-match", "\"1\"")]).status, 204);
                self.ids.remove(&label);
            }
        }
    }
}

fn text(dice: &mut Dice, words: usize) -> String {
    (0..words).map(|_| WORDS[dice.below(WORDS.len())]).collect::<Vec<_>>().join(" ")
}

/// A question, with labels where ids go.
#[derive(Debug)]
struct Question {
    method: &'static str,
    path: String,
    body: Value,
    if_match: bool,
    /// Go on to so many further pages.
    pages: usize,
}

impl Question {
    fn new(dice: &mut Dice, labels: &[&String]) -> Self {
        let get = |path: String| Self { method: "get", path, body: Value::Null, if_match: false, pages: 0 };
        let post = |path: &str, body: Value| Self { method: "post", body, ..get(path.to_owned()) };
        let label = |dice: &mut Dice| format!("<{}>", dice.pick(labels));
        let towards = ["organizations", "people", "parties"][dice.below(3)];
        match dice.below(20) {
            0 => get(format!("/api/v1/{}/{}", dice.pick(&KINDS), label(dice))),
            1 | 2 => Self { pages: dice.below(4), ..get(list(dice, labels)) },
            3..=6 => Self { pages: dice.below(3), ..get(search(dice, labels)) },
            7 | 8 => {
                let words = 1 + dice.below(12);
                post(
                    "/api/v1/match",
                    json!({ "from": { "text": text(dice, words) }, "towards": towards, "limit": 1 + dice.below(40) }),
                )
            }
            9 | 10 => {
                let (kind, label) = thing(dice, labels);
                let mut body = json!({ "from": { "kind": kind, "id": label }, "towards": towards });
                if dice.once_in(3) {
                    body["filters"] = json!({ "municipality": [dice.pick(&PLACES)] });
                } else if dice.once_in(3) {
                    body["filters"] = json!({ "organization_kind": [dice.pick(&ORGANIZATION_KINDS)] });
                }
                post("/api/v1/match", body)
            }
            11 => {
                let need = format!("<need {}>", dice.below(14));
                let mut body =
                    json!({ "from": { "kind": "need", "id": need }, "towards": towards, "rivals": dice.once_in(2) });
                if dice.once_in(3) {
                    body["apart"] = json!([[label(dice), label(dice)]]);
                }
                post("/api/v1/match/coalition", body)
            }
            13 => {
                let words = 1 + dice.below(2);
                get(format!("/api/v1/suggest?limit=20&q={}", encoded(&text(dice, words))))
            }
            14 => {
                let (kind, label) = thing(dice, labels);
                post("/api/v1/similar", json!({ "from": { "kind": kind, "id": label }, "limit": 1 + dice.below(40) }))
            }
            15 => {
                let found = if dice.once_in(2) { format!("&q={}", encoded(&text(dice, 2))) } else { String::new() };
                get(format!(
                    "/api/v1/exports?kind={}&format={}{found}",
                    dice.pick(&KINDS),
                    dice.pick(&["csv", "jsonl"])
                ))
            }
            16 | 17 => {
                let (kind, label) = thing(dice, labels);
                let at = ["organization", "person", "capability", "seed", "need", "record"]
                    .iter()
                    .position(|it| *it == kind);
                let parts = ["history", "versions/1", "reviews", "profile", "archive"];
                get(format!("/api/v1/{}/{label}/{}", KINDS[at.unwrap_or(5)], dice.pick(&parts)))
            }
            18 => {
                let lists =
                    ["reviews", "verifications", "introductions", "cases", "indicators", "duplicates", "concepts"];
                get(match dice.below(4) {
                    0 => "/api/v1/me/notices".to_owned(),
                    1 => format!("/api/v1/{}?format=csv", dice.pick(&lists)),
                    _ => format!("/api/v1/{}", dice.pick(&lists)),
                })
            }
            12 => {
                let path = format!("/api/v1/{}/{}", dice.pick(&KINDS), label(dice));
                let method = if dice.once_in(2) { "delete" } else { "patch" };
                let body = if method == "patch" { json!({ "visibility": "public" }) } else { Value::Null };
                Self { method, body, if_match: true, ..get(path) }
            }
            _ => {
                let body = json!({ "owner": label(dice), "title_ja": text(dice, 2), "fields": ["no_such_field"] });
                match dice.below(6) {
                    0 => get("/health/ready".to_owned()),
                    1 => get("/openapi.json".to_owned()),
                    2 => get("/api/v1/me".to_owned()),
                    3 => get(format!("/api/v1/memberships?party={}", label(dice))),
                    4 => get("/api/v1/audit".to_owned()),
                    _ => post("/api/v1/seeds", body),
                }
            }
        }
    }

    fn ask(&self, world: &World, observer: &str) -> String {
        let someone = world.cast.iter().find(|someone| someone.name == observer).expect("an observer");
        let fill = |text: &str| {
            let mut filled = String::new();
            let mut rest = text;
            while let Some((before, after)) = rest.split_once('<') {
                let (label, after) = after.split_once('>').expect("an end");
                filled.push_str(before);
                filled.push_str(&world.ids[label]);
                rest = after;
            }
            filled + rest
        };
        let body: Value = serde_json::from_str(&fill(&self.body.to_string())).expect("JSON");
        let headers: &[(&str, &str)] = if self.if_match { &[("if-match", "\"999999\"")] } else { &[] };
        let path = fill(&self.path);
        let response = send(&world.app, someone, self.method, &path, headers, body.clone());
        let mut answers = world.answer(&response);
        let mut next = next_of(&response);
        for _ in 0..self.pages {
            let Some(cursor) = next else { break };
            let response = send(&world.app, someone, "get", &format!("{path}&after={cursor}"), &[], Value::Null);
            answers.push_str(&world.answer(&response));
            next = next_of(&response);
        }
        answers
    }
}

fn next_of(response: &Response) -> Option<String> {
    let body: Value = serde_json::from_str(&response.body).ok()?;
    body["next"].as_str().map(str::to_owned)
}

/// Something by its kind, as a label.
fn thing(dice: &mut Dice, labels: &[&String]) -> (&'static str, String) {
    let label = dice.pick(labels);
    let kinds = ["organization", "person", "capability", "seed", "need", "record"];
    let kind = kinds.into_iter().find(|kind| label.contains(kind)).unwrap_or("record");
    (kind, format!("<{label}>"))
}

fn list(dice: &mut Dice, labels: &[&String]) -> String {
    let mut query = vec![format!("limit={}", 1 + dice.below(20))];
    match dice.below(7) {
        0 => query.push(format!("owner=<{}>", dice.pick(labels))),
        1 | 2 => query.push(format!("municipality={}", dice.pick(&PLACES))),
        3 => query.push(format!("organization_kind={}", dice.pick(&ORGANIZATION_KINDS))),
        4 => query.push(format!("member=<{}>", dice.pick(labels))),
        5 => query.push("sort=updated".to_owned()),
        _ => {}
    }
    format!("/api/v1/{}?{}", dice.pick(&KINDS), query.join("&"))
}

fn search(dice: &mut Dice, labels: &[&String]) -> String {
    let words = dice.below(4);
    let mut query = vec![format!("q={}", encoded(&text(dice, words))), format!("limit={}", 1 + dice.below(30))];
    if dice.once_in(3) {
        query.push(format!("kind={}", thing(dice, labels).0));
    }
    match dice.below(5) {
        0 => query.push(format!("owner=<{}>", dice.pick(labels))),
        1 => query.push(format!("municipality={}", dice.pick(&PLACES))),
        2 => query.push(format!("organization_kind={}", dice.pick(&ORGANIZATION_KINDS))),
        _ => {}
    }
    if dice.once_in(3) {
        query.push(format!("sort={}", ["updated", "name", "relevance"][dice.below(3)]));
    }
    if dice.once_in(2) {
        query.push(
            "facet=municipality,organization_kind,field,prefecture,region,size_band,industry,certificate".to_owned(),
        );
    }
    format!("/api/v1/search?{}", query.join("&"))
}
