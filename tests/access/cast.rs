//! Everybody who asks: each role, each right in each state of a membership, people and programs.

use crate::support::TestApp;
use crate::support::people::{PASSWORD, Person};
use musubi::domain::{Actor, MembershipState, Right, ThingId};
use musubi::store::memberships;
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Coordinator,
    Officer,
    Administrator,
}

/// How far somebody came with the parties called *own*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    None,
    Invited,
    Accepted,
    Confirmed,
    Suspended,
}

/// How somebody shows who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    Nothing,
    SignIn,
    ReadToken,
    WriteToken,
    /// A sign-in of an account that was suspended since.
    Stale,
}

#[derive(Debug, Clone)]
pub struct Someone {
    pub name: String,
    pub role: Option<Role>,
    pub right: Option<Right>,
    pub state: State,
    pub means: Means,
    /// Id of the account; empty for a visitor.
    pub account: String,
    /// Word in the address and in the name of the account.
    pub canary: String,
    pub bearer: Option<String>,
    /// Membership in the first of the own parties.
    pub membership: Option<String>,
}

impl Someone {
    pub fn is(&self, role: Role) -> bool {
        self.role == Some(role) && self.means != Means::Stale
    }

    pub fn signed_in(&self) -> bool {
        !matches!(self.means, Means::Nothing | Means::Stale)
    }

    /// The right in the own parties, if it counts.
    pub fn confirmed(&self) -> Option<Right> {
        self.right.filter(|_| self.state == State::Confirmed && self.signed_in())
    }

    pub fn headers<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let own = self.bearer.iter().map(|bearer| ("authorization", bearer.as_str()));
        own.chain(more.iter().copied()).collect()
    }
}

/// Makes everybody. `own`: the parties they are members of, as far as they got.
pub fn cast(app: &TestApp, administrator: &Person, own: &[String], canary: &mut dyn FnMut() -> String) -> Vec<Someone> {
    let mut all = vec![Someone {
        name: "visitor".to_owned(),
        role: None,
        right: None,
        state: State::None,
        means: Means::Nothing,
        account: String::new(),
        canary: canary(),
        bearer: None,
        membership: None,
    }];
    let mut add = |name: &str, role, right, state, means| {
        let someone = account(app, administrator, own, name, (role, right, state, means), canary());
        all.push(someone);
    };
    add("account of nobody", None, None, State::None, Means::SignIn);
    for right in [Right::Reader, Right::Editor, Right::Owner] {
        for state in [State::Invited, State::Accepted, State::Confirmed, State::Suspended] {
            add(&format!("{state:?} {right:?}"), None, Some(right), state, Means::SignIn);
        }
    }
    for role in [Role::Coordinator, Role::Officer, Role::Administrator] {
        add(&format!("{role:?}"), Some(role), None, State::None, Means::SignIn);
    }
    add("Program that reads for an owner", None, Some(Right::Owner), State::Confirmed, Means::ReadToken);
    add("Program that writes for an editor", None, Some(Right::Editor), State::Confirmed, Means::WriteToken);
    add("Suspended account of an owner", None, Some(Right::Owner), State::Confirmed, Means::Stale);
    add("Officer who is an editor", Some(Role::Officer), Some(Right::Editor), State::Confirmed, Means::SignIn);
    all
}

type Kind = (Option<Role>, Option<Right>, State, Means);

fn account(app: &TestApp, by: &Person, own: &[String], name: &str, kind: Kind, canary: String) -> Someone {
    let (role, right, state, means) = kind;
    let email = format!("{canary}@example.jp");
    let roles: Vec<String> = role.iter().map(|role| format!("{role:?}").to_lowercase()).collect();
    let code = app.invited(by, json!({ "email": email, "roles": roles }));
    let body = json!({ "code": code, "name": format!("{canary} 太郎"), "password": PASSWORD });
    let accepted = app.post("/api/v1/invitations/accept", body);
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    let account = accepted.json()["account"].as_str().expect("an account").to_owned();
    let membership = right.and_then(|right| join(app, by, &account, own, &email, right, state));
    let person = app.sign_in(&email);
    let mut bearer = person.bearer();
    if let Means::ReadToken | Means::WriteToken = means {
        let scope = if means == Means::ReadToken { "read" } else { "write" };
        let body = json!({ "password": PASSWORD, "name": "連携", "scope": scope, "days": 300 });
        let made = app.post_as(&person, "/api/v1/me/tokens", body);
        bearer = format!("Bearer {}", made.json()["token"].as_str().expect("a token"));
    }
    if means == Means::Stale {
        let answer = app.patch_as(by, &format!("/api/v1/accounts/{account}"), 1, json!({ "state": "suspended" }));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    Someone { name: name.to_owned(), role, right, state, means, account, canary, bearer: Some(bearer), membership }
}

/// Brings an account as far as `state` in every own party. Gives its first membership.
fn join(
    app: &TestApp,
    by: &Person,
    account: &str,
    own: &[String],
    email: &str,
    right: Right,
    state: State,
) -> Option<String> {
    if state == State::Invited {
        let right: Value = serde_json::to_value(right).expect("JSON");
        app.invited(by, json!({ "email": email, "party": own.first(), "right": right }));
        return None;
    }
    let account = ThingId::parse(account).expect("an id");
    let joined = app.app.database.write(&Actor::System, |tx| {
        let mut first = None;
        for party in own {
            let party = ThingId::parse(party).expect("an id");
            let mut row = memberships::accept(tx, &account, &party, right)?;
            let way: &[MembershipState] = match state {
                State::Confirmed => &[MembershipState::Confirmed],
                State::Suspended => &[MembershipState::Confirmed, MembershipState::Suspended],
                State::None | State::Invited | State::Accepted => &[],
            };
            for step in way {
                row = memberships::change(tx, &row.id, row.version, None, Some(*step))?;
            }
            first.get_or_insert(row.id.to_string());
        }
        Ok(first)
    });
    joined.expect("memberships").value
}
