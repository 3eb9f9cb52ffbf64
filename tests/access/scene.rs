//! A seeded world: things of every kind, own and other, of every visibility and status, each with a word of its own in
//! every text it has; and everybody who may ask.

use crate::cast::{self, Someone};
use crate::desk::{self, Matter};
use crate::support::people::Person;
use crate::support::{PATIENCE, TestApp, wait_until};
use diesel::connection::SimpleConnection;
use musubi::domain::Right;
use serde_json::{Value, json};
use std::collections::HashMap;

pub const KINDS: [&str; 7] = ["organizations", "people", "capabilities", "seeds", "needs", "records", "exhibitions"];
pub const VISIBILITIES: [&str; 4] = ["public", "members", "parties", "private"];
pub const STATUSES: [&str; 5] = ["published", "draft", "submitted", "expired", "withdrawn"];
/// Where own parties stand, and others.
pub const OWN_PLACE: &str = "062014";
pub const OTHER_PLACE: &str = "062022";
/// Where only hidden parties stand.
pub const HIDDEN_PLACE: &str = "062031";

/// A thing of the world, and what is true of it.
#[derive(Debug, Clone)]
pub struct Planted {
    pub kind: &'static str,
    pub id: String,
    pub own: bool,
    pub owner: Option<String>,
    pub members: Vec<String>,
    pub visibility: &'static str,
    pub status: &'static str,
    pub anonymous: bool,
    /// Where it is found: its own place, or that of its party, if that may be told to whoever sees it.
    pub place: Option<&'static str>,
    pub organization_kind: Option<&'static str>,
    pub canary: String,
}

pub struct Scene {
    pub app: TestApp,
    pub things: Vec<Planted>,
    pub cast: Vec<Someone>,
    pub administrator: Person,
    /// A public organisation and a public person of the own side, and of the other.
    pub own: Vec<String>,
    pub other: Vec<String>,
    /// Membership of somebody else in another party, its holder's account, and open invitations to both sides.
    pub foreign_membership: String,
    /// Proposals, introductions and cases, of the own side and of the other.
    pub matters: Vec<Matter>,
    /// A file that the administrator sent.
    pub import: String,
}

impl Scene {
    /// `statuses`: how many of them (published is the first).
    pub fn new(statuses: usize) -> Self {
        let app = TestApp::start();
        let mut planting = Planting { app: &app, things: Vec::new(), words: 0 };
        let base = |own: bool, planting: &mut Planting| -> Vec<String> {
            let organization = planting.party("organizations", own, "public", "published", None);
            let person = planting.party("people", own, "public", "published", None);
            vec![organization, person]
        };
        let (mut own, other) = (base(true, &mut planting), base(false, &mut planting));
        let first_own = own.clone();
        for status in &STATUSES[..statuses] {
            for visibility in VISIBILITIES {
                own.push(planting.party("organizations", true, visibility, status, None));
                own.push(planting.party("people", true, visibility, status, None));
                planting.party("organizations", false, visibility, status, None);
                planting.party("people", false, visibility, status, None);
                planting.exhibition((visibility, status));
                for (mine, owners) in [(true, &first_own), (false, &other)] {
                    planting.owned("capabilities", mine, &owners[0], (visibility, status), false, true);
                    planting.owned("seeds", mine, &owners[1], (visibility, status), false, true);
                    planting.owned("needs", mine, &owners[0], (visibility, status), false, true);
                    planting.owned("needs", mine, &owners[0], (visibility, status), true, false);
                    planting.record(mine, &owners[0], (visibility, status));
                }
            }
        }
        planting.hidden_parties();
        let Planting { things, mut words, .. } = planting;
        set_statuses(&app, &things);
        let administrator = app.administrator();
        let mut canary = || {
            words += 1;
            word(words)
        };
        let mut parties = own.clone();
        parties.sort();
        parties.dedup();
        // The first of the own parties is the public organisation.
        parties.retain(|party| *party != first_own[0]);
        parties.insert(0, first_own[0].clone());
        let cast = cast::cast(&app, &administrator, &parties, &mut canary);
        let stranger = canary();
        let foreign_membership = foreigner(&app, &administrator, &other[0], &stranger);
        let matters = desk::matters(&app, &administrator, &things, [&first_own, &other], &mut canary);
        let import = desk::import(&app, &administrator, &canary());
        let own = first_own;
        let scene = Scene { app, things, cast, administrator, own, other, foreign_membership, matters, import };
        scene.settle();
        scene
    }

    fn settle(&self) {
        // The statuses were written past the log.
        let feed = &self.app.app.feed;
        let before = feed.status().rebuilds;
        feed.rebuild_soon();
        let done = || feed.status().rebuilds > before && !feed.status().rebuilding;
        assert!(wait_until(PATIENCE, done), "the index was not built");
        self.app.settle();
    }

    pub fn as_someone(&self, name: &str) -> &Someone {
        self.cast.iter().find(|someone| someone.name == name).unwrap_or_else(|| panic!("{name} is not here"))
    }
}

/// Somebody who belongs to the other side.
fn foreigner(app: &TestApp, administrator: &Person, party: &str, canary: &str) -> String {
    let email = format!("{canary}@example.jp");
    let person = app.member(administrator, &email, party, "owner");
    app.membership(&person)["id"].as_str().expect("an id").to_owned()
}

/// A status that no route sets yet.
fn set_statuses(app: &TestApp, things: &[Planted]) {
    let sql: String = things
        .iter()
        .filter(|thing| thing.status != "published")
        .map(|thing| format!("UPDATE things SET status = '{}' WHERE id = '{}';", thing.status, thing.id))
        .collect();
    if !sql.is_empty() {
        app.app.database.housekeeping(|conn| Ok(conn.batch_execute(&sql)?)).expect("statuses");
    }
}

/// Letters of a word, with its marks.
const WORD: usize = 26;

/// A word that stands nowhere else, and that no language knows: `q`, four syllables three times each, `q`. No two words
/// are so near to each other that a search takes one for a slip of the other.
pub fn word(number: usize) -> String {
    const SYLLABLES: [&str; 10] = ["ba", "ko", "mi", "nu", "re", "sa", "to", "vu", "wi", "zo"];
    let mut word = "q".to_owned();
    for place in [1_000, 100, 10, 1] {
        word.push_str(&SYLLABLES[number / place % 10].repeat(3));
    }
    word.push('q');
    word
}

/// The words of a text, as numbers.
pub fn words_in(text: &str) -> impl Iterator<Item = &str> {
    const SYLLABLES: [&str; 10] = ["ba", "ko", "mi", "nu", "re", "sa", "to", "vu", "wi", "zo"];
    let bytes = text.as_bytes();
    (0..bytes.len()).filter(move |at| bytes[*at] == b'q').filter_map(move |at| {
        let word = text.get(at..at + WORD)?;
        let inner = word.get(1..WORD - 1)?;
        let whole = word.is_ascii()
            && word.ends_with('q')
            && (0..12).all(|place| SYLLABLES.contains(&&inner[2 * place..2 * place + 2]));
        whole.then_some(word)
    })
}

struct Planting<'a> {
    app: &'a TestApp,
    things: Vec<Planted>,
    words: usize,
}

impl Planting<'_> {
    fn word(&mut self) -> String {
        self.words += 1;
        word(self.words)
    }

    fn plant(&mut self, thing: Planted, body: Value) -> String {
        let id = self.app.create(thing.kind, body);
        self.things.push(Planted { id: id.clone(), ..thing });
        id
    }

    fn party(
        &mut self,
        kind: &'static str,
        own: bool,
        visibility: &'static str,
        status: &'static str,
        place: Option<&'static str>,
    ) -> String {
        let canary = self.word();
        let place = place.unwrap_or(if own { OWN_PLACE } else { OTHER_PLACE });
        let firm = kind == "organizations";
        let body = with_words(kind, &canary, json!({ "municipality": place, "visibility": visibility }));
        let thing = Planted {
            kind,
            id: String::new(),
            own,
            owner: None,
            members: Vec::new(),
            visibility,
            status,
            anonymous: false,
            place: Some(place),
            organization_kind: firm.then_some("firm"),
            canary,
        };
        let id = self.plant(thing, body);
        if let Some(thing) = self.things.last_mut() {
            thing.owner = Some(id.clone());
        }
        id
    }

    /// `told`: whoever sees the thing may see where its owner is.
    fn owned(
        &mut self,
        kind: &'static str,
        own: bool,
        owner: &str,
        (visibility, status): (&'static str, &'static str),
        anonymous: bool,
        told: bool,
    ) -> String {
        let canary = self.word();
        let facts = self.things.iter().find(|thing| thing.id == owner).filter(|_| told && !anonymous);
        let (place, organization_kind) = facts.map_or((None, None), |owner| (owner.place, owner.organization_kind));
        let mut body = with_words(kind, &canary, json!({ "owner": owner, "visibility": visibility }));
        if kind == "needs" {
            body["anonymous"] = json!(anonymous);
        }
        let thing = Planted {
            kind,
            id: String::new(),
            own,
            owner: Some(owner.to_owned()),
            members: Vec::new(),
            visibility,
            status,
            anonymous,
            place,
            organization_kind,
            canary,
        };
        self.plant(thing, body)
    }

    fn record(&mut self, own: bool, member: &str, (visibility, status): (&'static str, &'static str)) -> String {
        let canary = self.word();
        let members = json!([{ "party": member, "role": canary }]);
        let body = with_words("records", &canary, json!({ "members": members, "visibility": visibility }));
        let thing = Planted {
            kind: "records",
            id: String::new(),
            own,
            owner: None,
            members: vec![member.to_owned()],
            visibility,
            status,
            anonymous: false,
            place: None,
            organization_kind: None,
            canary,
        };
        self.plant(thing, body)
    }

    /// Nobody's: kept by the office.
    fn exhibition(&mut self, (visibility, status): (&'static str, &'static str)) -> String {
        let canary = self.word();
        let facts = json!({ "municipality": OTHER_PLACE, "visibility": visibility });
        let thing = Planted {
            kind: "exhibitions",
            id: String::new(),
            own: false,
            owner: None,
            members: Vec::new(),
            visibility,
            status,
            anonymous: false,
            place: Some(OTHER_PLACE),
            organization_kind: None,
            canary: canary.clone(),
        };
        self.plant(thing, with_words("exhibitions", &canary, facts))
    }

    /// Parties that are hidden themselves, with things that are less so: nobody may learn from the thing where the
    /// party is, what kind it is of, or for whom a person works, who may not see the party.
    fn hidden_parties(&mut self) {
        let rank = |visibility: &str| VISIBILITIES.iter().position(|other| *other == visibility).expect("a visibility");
        for party in VISIBILITIES {
            let firm = self.party("organizations", false, party, "published", Some(HIDDEN_PLACE));
            for thing in VISIBILITIES {
                let told = rank(party) <= rank(thing);
                self.owned("capabilities", false, &firm, (thing, "published"), false, told);
                // A person who says nothing of the place stands where the employer does, for those who may know.
                let canary = self.word();
                let body = json!({ "affiliations": [firm], "visibility": thing });
                let told = party == "public" || (party == "members" && thing != "public");
                let person = Planted {
                    kind: "people",
                    id: String::new(),
                    own: false,
                    owner: None,
                    members: Vec::new(),
                    visibility: thing,
                    status: "published",
                    anonymous: false,
                    place: told.then_some(HIDDEN_PLACE),
                    organization_kind: told.then_some("firm"),
                    canary: canary.clone(),
                };
                let id = self.plant(person, with_words("people", &canary, body));
                if let Some(person) = self.things.last_mut() {
                    person.owner = Some(id.clone());
                }
                // What a hidden person has found out, for everybody.
                let told = thing == "public" && party == "public";
                self.owned("seeds", false, &id, ("public", "published"), false, told);
            }
        }
    }
}

/// A body with the word in every text that a kind has.
pub fn with_words(kind: &str, canary: &str, facts: Value) -> Value {
    let text = format!("有機エレクトロニクスの封止と塗布。{canary} の試作と測定を行う。");
    let english = format!("Encapsulation and coating of organic electronics, {canary}.");
    let web = format!("https://{canary}.example.jp/");
    let mut body = match kind {
        "organizations" => json!({
            "organization_kind": "firm", "name_ja": format!("試験 {canary} 株式会社"), "name_en": format!("Test {canary}"),
            "name_kana": format!("シケン {canary}"), "address_ja": format!("試験町 {canary}"), "address_en": canary,
            "website": web, "description_ja": text, "description_en": english, "aliases": [canary],
            "former_names": [format!("旧 {canary}")], "fields": ["organic_electronics"],
        }),
        "people" => json!({
            "name_ja": format!("試験 {canary}"), "name_en": canary, "name_kana": canary, "position_ja": canary,
            "position_en": canary, "website": web, "description_ja": text, "description_en": english,
            "aliases": [canary], "fields": ["organic_electronics"],
        }),
        "capabilities" => json!({
            "capability_kind": "process", "name_ja": format!("封止 {canary}"), "name_en": canary, "description_ja": text,
            "description_en": english, "evidence_ja": canary, "evidence_en": canary, "fields": ["organic_electronics"],
        }),
        "seeds" => json!({
            "title_ja": format!("封止 {canary}"), "title_en": canary, "summary_ja": text, "summary_en": english,
            "novelty_ja": canary, "novelty_en": canary, "applications_ja": canary, "applications_en": canary,
            "partner_sought_ja": canary, "partner_sought_en": canary, "patents": ["特願2020-123456"],
            "fields": ["organic_electronics"],
        }),
        "needs" => json!({
            "title_ja": format!("封止 {canary}"), "title_en": canary, "summary_ja": text, "summary_en": english,
            "lines": [
                { "strength": "must", "text_ja": format!("有機エレクトロニクスの封止を行う {canary}") },
                { "strength": "should", "text_en": format!("Coating {canary}") },
            ],
            "fields": ["organic_electronics"],
        }),
        "exhibitions" => json!({
            "title_ja": format!("展示会 {canary}"), "title_en": canary, "organizer": canary, "description_ja": text,
            "description_en": english, "call_ja": text, "call_en": canary, "venue_ja": canary, "venue_en": canary,
            "website": web, "apply_by": "2026-12-31", "theme": [{ "text_ja": format!("封止 {canary}"), "text_en": canary }],
            "booths": [{ "id": canary, "column": 0, "row": 0 }], "fields": ["organic_electronics"],
        }),
        _ => json!({
            "record_kind": "project", "title_ja": format!("封止 {canary}"), "title_en": canary, "text_ja": text,
            "text_en": english, "number": format!("No.{canary}"), "website": web, "fields": ["organic_electronics"],
        }),
    };
    body.as_object_mut().expect("an object").extend(facts.as_object().expect("an object").clone());
    body
}

/// Who may know each word: things by those who see them, people by themselves, administrators and their party's owners.
pub struct Knowledge<'a> {
    things: HashMap<&'a str, &'a Planted>,
    people: HashMap<&'a str, &'a Someone>,
    matters: HashMap<&'a str, &'a Matter>,
}

impl<'a> Knowledge<'a> {
    pub fn of(scene: &'a Scene) -> Self {
        Self {
            things: scene.things.iter().map(|thing| (thing.canary.as_str(), thing)).collect(),
            people: scene.cast.iter().map(|someone| (someone.canary.as_str(), someone)).collect(),
            matters: scene.matters.iter().map(|matter| (matter.canary.as_str(), matter)).collect(),
        }
    }

    pub fn may_know(&self, someone: &Someone, word: &str) -> bool {
        if someone.is(cast::Role::Administrator) {
            return true;
        }
        if let Some(thing) = self.things.get(word) {
            return crate::rules::sees(someone, thing);
        }
        if let Some(matter) = self.matters.get(word) {
            return crate::rules::sees_matter(someone, matter);
        }
        let manages = someone.confirmed() == Some(Right::Owner);
        // Their own; and owners know whom they invited, and who is with them.
        self.people.get(word).is_some_and(|other| {
            (someone.signed_in() && other.account == someone.account) || (manages && other.right.is_some())
        })
    }
}
