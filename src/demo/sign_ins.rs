//! One sign-in for each role of the invented cluster: made once, through the same doors as every account, and kept in a
//! file of the demo folder that only its owner can read.

use crate::domain::vocabulary::Language;
use crate::domain::{Actor, Email, Kind, MembershipState, Right, Role, ThingId};
use crate::error::{Error, Result};
use crate::store::accounts::{self, NewAccount};
use crate::store::{Database, Tx, memberships, references};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Somebody who may sign in to the demo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// What the account may do, in one word.
    pub role: String,
    pub email: String,
    pub password: String,
}

/// How secrets come about, from whoever knows.
pub struct Secrets<'a> {
    pub password: &'a dyn Fn() -> Result<String>,
    pub hash: &'a dyn Fn(&str) -> Result<String>,
    /// Writes a new file that only its owner can read.
    pub write: &'a dyn Fn(&Path, &[u8]) -> std::io::Result<()>,
}

/// For whom an account is, and what it may do.
struct Person {
    role: &'static str,
    name: &'static str,
    roles: &'static [Role],
    /// The demo's own id of a party, and the right in it.
    member: Option<(Kind, &'static str, Right)>,
}

const FIRM: &str = "org-hakuyo-film";

const PEOPLE: [Person; 7] = [
    Person { role: "administrator", name: "デモ 管理者", roles: &[Role::Administrator], member: None },
    Person { role: "coordinator", name: "デモ コーディネーター", roles: &[Role::Coordinator], member: None },
    Person { role: "officer", name: "デモ 支援担当", roles: &[Role::Officer], member: None },
    company("owner", "デモ 企業の責任者", Right::Owner),
    company("editor", "デモ 企業の編集者", Right::Editor),
    company("reader", "デモ 企業の閲覧者", Right::Reader),
    Person {
        role: "researcher",
        name: "デモ 研究者",
        roles: &[],
        member: Some((Kind::Person, "per-shikamori", Right::Owner)),
    },
];

const fn company(role: &'static str, name: &'static str, right: Right) -> Person {
    Person { role, name, roles: &[], member: Some((Kind::Organization, FIRM, right)) }
}

/// The sign-ins, made if nobody has an account yet. None: there are accounts, but the file with their passwords is gone.
pub fn ready(database: &Database, file: &Path, secrets: &Secrets<'_>) -> Result<Option<Vec<SignIn>>> {
    let known = read(file)?;
    if database.read(accounts::any)? {
        return Ok(known);
    }
    let sign_ins = match known {
        Some(sign_ins) => sign_ins,
        None => {
            // The file first: an account whose password nobody knows is of no use.
            let made = PEOPLE.iter().map(|person| new(person, secrets)).collect::<Result<Vec<_>>>()?;
            let text = serde_json::to_vec_pretty(&made).map_err(Error::internal)?;
            (secrets.write)(file, &text).map_err(Error::internal)?;
            made
        }
    };
    let mut hashed = Vec::with_capacity(sign_ins.len());
    for sign_in in &sign_ins {
        hashed.push((sign_in.clone(), (secrets.hash)(&sign_in.password)?));
    }
    database.write(&Actor::System, |tx| {
        for (sign_in, hash) in hashed {
            if let Some(person) = PEOPLE.iter().find(|person| person.role == sign_in.role) {
                create(tx, person, sign_in.email, hash)?;
            }
        }
        Ok(())
    })?;
    Ok(Some(sign_ins))
}

fn read(file: &Path) -> Result<Option<Vec<SignIn>>> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).map_err(Error::internal)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::internal(error)),
    }
}

fn new(person: &Person, secrets: &Secrets<'_>) -> Result<SignIn> {
    Ok(SignIn { role: person.role.to_owned(), email: email(person.role), password: (secrets.password)()? })
}

pub(super) fn email(role: &str) -> String {
    format!("{role}@demo.example")
}

fn create(tx: &mut Tx<'_>, person: &Person, email: String, password_hash: String) -> Result<()> {
    let email = Email::parse(&email).map_err(|defect| Error::invalid("/email", defect))?;
    let new = NewAccount { email, name: person.name.to_owned(), language: Language::Ja, password_hash };
    let account = accounts::create(tx, new)?;
    accounts::grant(tx, &account, person.roles)?;
    if let Some((kind, id, right)) = person.member {
        let party = known(tx, kind, id)?;
        let row = memberships::accept(tx, &account, &party, right)?;
        memberships::change(tx, &row.id, row.version, None, Some(MembershipState::Confirmed))?;
    }
    Ok(())
}

fn known(tx: &mut Tx<'_>, kind: Kind, id: &str) -> Result<ThingId> {
    let scheme = references::source_scheme(super::SOURCE);
    references::find(tx.conn(), kind, &scheme, id)?.ok_or_else(|| Error::internal(format!("the demo has no {id}")))
}
