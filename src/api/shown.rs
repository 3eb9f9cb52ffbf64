//! What the routes about the life of a thing share: who did something, as one caller may know it, and pages of a queue.

use super::resource::owners_of;
use crate::domain::access::Action;
use crate::domain::{Actor, Role, Thing};
use crate::error::Result;
use crate::store::log::FORGOTTEN;
use crate::store::things::Stored;
use crate::store::{Conn, history};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 1 to 100; 20 if absent.
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
}

/// Which page, or the whole list as a file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageOrFileQuery {
    /// 1 to 100; 20 if absent.
    pub limit: Option<usize>,
    /// Cursor from `next`.
    pub after: Option<String>,
    /// `csv`, `csv-cp932`, `xlsx`, `jsonl`: the whole list as a file, without pages.
    pub format: Option<String>,
}

/// Whether a list that is answered whole is wanted as a file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// `csv`, `csv-cp932`, `xlsx` or `jsonl`: the list as a file.
    pub format: Option<String>,
}

/// Who did something.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShownActor {
    /// `member`, `coordinator`, `officer`, `administrator`, `operator`, `service`, or `erased`: a person who is gone.
    pub role: String,
    /// For those who may change the thing or review it; null for everybody else.
    pub id: Option<String>,
    pub name: Option<String>,
}

/// Comments are for the author's side and for those who review, not for everybody who sees the thing.
pub(super) fn concerned<E: Stored>(actor: &Actor, thing: &Thing<E>) -> bool {
    let owners = owners_of(&thing.header, &thing.entry);
    actor.may(Action::Change, E::KIND, &owners) || actor.may(Action::Review, E::KIND, &owners)
}

/// How the actors of a list are shown to one caller.
pub(super) struct Shown {
    people: HashMap<String, (String, Vec<Role>)>,
    names: bool,
}

impl Shown {
    /// `names`: the caller may know who it was, not only in what role.
    pub(super) fn of<'a>(conn: &mut Conn, actors: impl Iterator<Item = &'a str>, names: bool) -> Result<Self> {
        let mut ids: Vec<String> = actors.map(str::to_owned).collect();
        ids.sort();
        ids.dedup();
        Ok(Self { people: history::people(conn, &ids)?, names })
    }

    /// Whether the caller is told more than the public.
    pub(super) fn tells_who(&self) -> bool {
        self.names
    }

    pub(super) fn actor(&self, actor: &str) -> ShownActor {
        let plain = |role: &str| ShownActor { role: role.to_owned(), id: None, name: None };
        match self.people.get(actor) {
            Some((name, roles)) => {
                let role = roles.iter().max().map_or("member", |role| role.code());
                let (id, name) = if self.names { (Some(actor.to_owned()), Some(name.clone())) } else { (None, None) };
                ShownActor { role: role.to_owned(), id, name }
            }
            None if actor == FORGOTTEN => plain(FORGOTTEN),
            None if actor == "operator" => plain("operator"),
            None => plain("service"),
        }
    }
}
