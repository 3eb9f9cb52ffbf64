//! Two registrations of one organisation become one, and can be parted again.
//!
//! The merged one is removed, so the database itself sees to it that no reference is forgotten; what was carried over
//! is kept beside it. Its history stays, and its id leads to where it went.

use super::accounts::rights_changed;
use super::connection::{Conn, IN_LIST};
use super::database::Tx;
use super::log::{Action, Subject};
use super::merged_words::{self, Given, LeftField};
use super::schema::{changes, external_references, invitations, memberships, merges, thing_links, things, versions};
use super::things::{self as store, Stored, of_kind};
use super::{lifecycle, matters, merged_matters, references};
use crate::domain::vocabulary::{Status, Visibility};
use crate::domain::{Defect, Entry, Header, Kind, Organization, Scope, Thing, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// Things that one merge carries over, at most.
const CARRIED_MOST: usize = 2_000;

/// What was carried over, for the way back.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Carried {
    /// Last version of the merged one, and when it was registered and verified.
    version: i64,
    created_at: String,
    verified_on: Option<String>,
    trusted: bool,
    things: Vec<CarriedThing>,
    /// Numbers: `(scheme, value)`.
    references: Vec<(String, String)>,
    /// Memberships that were moved, and those whose account was a member of both.
    memberships: Vec<String>,
    doubled: Vec<DoubledMembership>,
    invitations: Vec<String>,
    /// Proposals, introductions, cases and what is arranged for exhibitions: `(kind, id)`.
    #[serde(default)]
    matters: Vec<(String, String)>,
    /// Names and fields that the one that stays was given.
    #[serde(default)]
    given: Given,
}

#[derive(Debug, Serialize, Deserialize)]
struct CarriedThing {
    kind: String,
    id: String,
    /// Its version before and after.
    before: i64,
    after: i64,
    /// It named both organisations.
    both: bool,
}

#[derive(Debug, Serialize, Deserialize, Queryable)]
struct DoubledMembership {
    id: String,
    account: String,
    right: String,
    state: String,
    version: i64,
    created_at: String,
}

/// What a merge or its undoing moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    pub things: usize,
    pub memberships: usize,
    pub references: usize,
    /// Proposals, introductions, cases and what is arranged for exhibitions.
    pub matters: usize,
    /// Of an undoing: things that were changed meanwhile in a way that leaves no telling: they stay where they are.
    pub left: Vec<ThingId>,
    /// Of a merge: what the merged one said and the one that stays does not.
    pub unsaid: Vec<LeftField>,
}

/// Makes `from`, still at version `expected`, part of `into`.
pub fn merge(tx: &mut Tx<'_>, from: Thing<Organization>, expected: i64, into: &ThingId) -> Result<Moved> {
    let id = from.header.id.clone();
    if from.header.version != expected {
        return Err(Error::Stale { current: from.header.version });
    }
    let scope = tx.actor().scope();
    if *into == id || store::get_many::<Organization>(tx.conn(), &scope, &[into.to_string()])?.is_empty() {
        return Err(Error::invalid(
            "/into",
            Defect::new(
                "reference.unknown",
                "統合先は、登録されている別の機関・企業です。",
                "An organisation is merged into another one that is registered.",
            ),
        ));
    }
    let mut carried = Carried {
        version: from.header.version,
        created_at: from.header.created_at.as_str().to_owned(),
        verified_on: from.header.verified_on.clone(),
        trusted: lifecycle::trusted_since(tx.conn(), &id)?.is_some(),
        ..Carried::default()
    };
    let touched = that_name(tx.conn(), &id)?;
    let involved = touched.len() + matters::that_name(tx.conn(), &id)?.len();
    if involved > CARRIED_MOST {
        return Err(Error::Conflict(Defect::new(
            "merge.too_large",
            format!("関係するものが{involved}件あり、一度に統合できるのは{CARRIED_MOST}件までです。"),
            format!("{involved} things are involved; one merge carries {CARRIED_MOST} at most."),
        )));
    }
    let named = touched.iter().any(|(_, thing)| thing == into);
    for (kind, thing) in touched.into_iter().filter(|(_, thing)| thing != into) {
        carried.things.push(of_kind!(kind, E => carry::<E>(tx, &thing, &id, into))?);
    }
    let (given, unsaid) = merged_words::carry(tx, &from, into, named)?;
    carried.given = given;
    let followed = merged_matters::carry(tx, &id, into)?;
    carried.matters = followed.into_iter().map(|(kind, id)| (kind.code().to_owned(), id.to_string())).collect();
    carry_members(tx, &id, into, &mut carried)?;
    carried.references = references::of_things(tx.conn(), &[id.to_string()])?.remove(id.as_str()).unwrap_or_default();
    diesel::update(external_references::table.filter(external_references::thing_id.eq(id.as_str())))
        .set(external_references::thing_id.eq(into.as_str()))
        .execute(tx.conn())?;
    let moved = Moved {
        things: carried.things.len() + usize::from(named),
        memberships: carried.memberships.len() + carried.doubled.len(),
        references: carried.references.len(),
        matters: carried.matters.len(),
        left: Vec::new(),
        unsaid,
    };
    keep(tx, &from, into, &carried)?;
    store::remove(tx, from, expected, Action::Merge)?;
    Ok(moved)
}

fn keep(tx: &mut Tx<'_>, from: &Thing<Organization>, into: &ThingId, carried: &Carried) -> Result<()> {
    let (at, actor) = (tx.at().clone(), tx.actor().name().to_owned());
    diesel::insert_into(merges::table)
        .values((
            merges::id.eq(ThingId::new().as_str()),
            merges::merged_id.eq(from.header.id.as_str()),
            merges::into_id.eq(into.as_str()),
            merges::at.eq(at.as_str()),
            merges::actor.eq(actor),
            merges::visibility.eq(from.entry.visibility.code()),
            merges::status.eq(from.header.status.code()),
            merges::carried.eq(serde_json::to_string(carried).map_err(Error::internal)?),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Everything that names a party, but for the party itself.
fn that_name(conn: &mut Conn, party: &ThingId) -> Result<Vec<(Kind, ThingId)>> {
    let linked = thing_links::table.filter(thing_links::target_id.eq(party.as_str())).select(thing_links::thing_id);
    let rows: Vec<(String, String)> = things::table
        .filter(things::id.ne(party.as_str()))
        .filter(things::owner_party.eq(party.as_str()).or(things::id.eq_any(linked)))
        .order(things::id)
        .select((things::kind, things::id))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(kind, id)| Some((Kind::from_code(&kind)?, ThingId::from_stored(id)))).collect())
}

pub(super) fn read<E: Stored>(conn: &mut Conn, id: &ThingId) -> Result<Option<Thing<E>>> {
    Ok(store::get_many::<E>(conn, &Scope::Everything, &[id.to_string()])?.pop())
}

/// Puts `into` where `from` stands in one thing.
fn carry<E: Stored>(tx: &mut Tx<'_>, id: &ThingId, from: &ThingId, into: &ThingId) -> Result<CarriedThing> {
    let current = read::<E>(tx.conn(), id)?.ok_or(Error::NotFound)?;
    let before = current.header.version;
    let both = current.entry.links().iter().any(|link| &link.target == into);
    let mut entry = current.entry.clone();
    entry.replace_party(id, from, into);
    let (status, verified_on) = (current.header.status, current.header.verified_on.clone());
    let after = store::rewrite(tx, current, entry, status, verified_on, Action::Merge)?;
    Ok(CarriedThing { kind: E::KIND.code().to_owned(), id: id.to_string(), before, after: after.header.version, both })
}

fn carry_members(tx: &mut Tx<'_>, from: &ThingId, into: &ThingId, carried: &mut Carried) -> Result<()> {
    let at = tx.at().clone();
    let members: Vec<DoubledMembership> = memberships::table
        .filter(memberships::party_id.eq(from.as_str()))
        .order(memberships::id)
        .select((
            memberships::id,
            memberships::account_id,
            memberships::party_right,
            memberships::state,
            memberships::version,
            memberships::created_at,
        ))
        .load(tx.conn())?;
    for member in members {
        let there: i64 = memberships::table
            .filter(memberships::party_id.eq(into.as_str()).and(memberships::account_id.eq(&member.account)))
            .count()
            .get_result(tx.conn())?;
        let id = ThingId::from_stored(member.id.clone());
        if there > 0 {
            // What the account may do for the other one stands.
            diesel::delete(memberships::table.find(id.as_str())).execute(tx.conn())?;
            carried.doubled.push(member);
        } else {
            move_member(tx.conn(), &member.id, into, &at)?;
            carried.memberships.push(member.id);
        }
        tx.record(Action::Merge, Subject::Membership, &id, false)?;
    }
    carried.invitations = invitations::table
        .filter(invitations::party_id.eq(from.as_str()))
        .order(invitations::id)
        .select(invitations::id)
        .load(tx.conn())?;
    diesel::update(invitations::table.filter(invitations::party_id.eq(from.as_str())))
        .set(invitations::party_id.eq(into.as_str()))
        .execute(tx.conn())?;
    rights_changed(tx.conn())
}

fn move_member(conn: &mut Conn, id: &str, party: &ThingId, at: &Timestamp) -> Result<usize> {
    Ok(diesel::update(memberships::table.find(id))
        .set((
            memberships::party_id.eq(party.as_str()),
            memberships::version.eq(memberships::version + 1),
            memberships::updated_at.eq(at.as_str()),
        ))
        .execute(conn)?)
}

/// Where a merged organisation went, for a reader who could see it and may see the one it went into.
pub fn successor(conn: &mut Conn, scope: &Scope, merged: &ThingId) -> Result<Option<ThingId>> {
    let mut id = merged.to_string();
    // A merge leads to something that was there, so the way cannot turn back on itself, but a bound costs nothing.
    for _ in 0..100 {
        let row: Option<(String, String, String)> = merges::table
            .filter(merges::merged_id.eq(&id).and(merges::undone_at.is_null()))
            .order(merges::id.desc())
            .select((merges::into_id, merges::visibility, merges::status))
            .first(conn)
            .optional()?;
        let Some((into, visibility, status)) = row else { break };
        let (Some(visibility), Some(status)) = (Visibility::from_code(&visibility), Status::from_code(&status)) else {
            return Ok(None);
        };
        let into = ThingId::from_stored(into);
        // Its members are members of the other one now.
        if !scope.sees(visibility, status, std::slice::from_ref(&into)) {
            return Ok(None);
        }
        if store::is_visible(conn, scope, &into)? {
            return Ok(Some(into));
        }
        id = into.to_string();
    }
    Ok(None)
}

/// What merged organisations became, of those among `ids` that are merged now. Ids only: who may read the names is another
/// question.
pub fn survivors(conn: &mut Conn, ids: impl IntoIterator<Item = ThingId>) -> Result<HashMap<ThingId, ThingId>> {
    let mut became: HashMap<ThingId, ThingId> = ids.into_iter().map(|id| (id.clone(), id)).collect();
    // As in `successor`: a bound costs nothing.
    for _ in 0..100 {
        let now: HashSet<String> = became.values().map(ToString::to_string).collect();
        let now: Vec<String> = now.into_iter().collect();
        let mut steps: HashMap<String, String> = HashMap::new();
        for now in now.chunks(IN_LIST) {
            let rows: Vec<(String, String)> = merges::table
                .filter(merges::merged_id.eq_any(now.to_vec()).and(merges::undone_at.is_null()))
                .order(merges::id)
                .select((merges::merged_id, merges::into_id))
                .load(conn)?;
            steps.extend(rows);
        }
        if steps.is_empty() {
            break;
        }
        for into in became.values_mut() {
            if let Some(next) = steps.get(into.as_str()) {
                *into = ThingId::from_stored(next.clone());
            }
        }
    }
    became.retain(|id, into| id != into);
    Ok(became)
}

/// What a merged organisation was called, and what it went into: as [`successor`], `None` for those who may not know.
pub fn told(conn: &mut Conn, scope: &Scope, merged: &ThingId) -> Result<Option<(String, ThingId)>> {
    let Some(into) = successor(conn, scope, merged)? else { return Ok(None) };
    let text: Option<Option<String>> = versions::table
        .filter(versions::thing_id.eq(merged.as_str()).and(versions::snapshot.is_not_null()))
        .order(versions::version.desc())
        .select(versions::snapshot)
        .first(conn)
        .optional()?;
    let Some(text) = text.flatten() else { return Ok(None) };
    let entry: Organization = serde_json::from_str(&text).map_err(Error::internal)?;
    Ok(Some((entry.title().any().to_owned(), into)))
}

/// Whether nothing but merges and their undoing has touched a thing since this version of it.
pub fn only_merged_since(conn: &mut Conn, id: &ThingId, version: i64) -> Result<bool> {
    let later: Vec<i64> = versions::table
        .filter(versions::thing_id.eq(id.as_str()).and(versions::version.gt(version)))
        .select(versions::change_seq)
        .load(conn)?;
    let actions: Vec<String> = changes::table
        .filter(changes::seq.eq_any(later).and(changes::thing_id.eq(id.as_str())))
        .select(changes::action)
        .load(conn)?;
    Ok(actions.iter().all(|action| [Action::Merge.code(), Action::Unmerge.code()].contains(&action.as_str())))
}

/// Parts a merged organisation from the one it went into: everything that was carried over goes back, as far as nobody
/// moved it elsewhere meanwhile.
pub fn unmerge(tx: &mut Tx<'_>, merged: &ThingId) -> Result<(Thing<Organization>, Moved)> {
    let row: Option<(String, String, String, String)> = merges::table
        .filter(merges::merged_id.eq(merged.as_str()).and(merges::undone_at.is_null()))
        .order(merges::id.desc())
        .select((merges::id, merges::into_id, merges::status, merges::carried))
        .first(tx.conn())
        .optional()?;
    let (merge, into, status, carried) = row.ok_or(Error::NotFound)?;
    let into = ThingId::from_stored(into);
    let carried: Carried = serde_json::from_str(&carried).map_err(Error::internal)?;
    let target = read::<Organization>(tx.conn(), &into)?.ok_or_else(|| {
        Error::Conflict(Defect::new(
            "merge.moved_on",
            format!(
                "統合先（{into}）がもうありません。それがさらに統合されたのなら、先にその統合を取り消してください。"
            ),
            format!("What it was merged into ({into}) is gone. If that was merged, too, undo that merge first."),
        ))
    })?;
    let own: Vec<(String, String)> =
        target.entry.references().into_iter().map(|(scheme, value)| (scheme.to_owned(), value)).collect();
    let back: Vec<&(String, String)> = carried.references.iter().filter(|reference| !own.contains(reference)).collect();
    let kind = Kind::Organization.code();
    let mut moved = Moved { references: back.len(), ..Moved::default() };
    for (scheme, value) in &back {
        diesel::delete(
            external_references::table
                .find((kind, scheme.as_str(), value.as_str()))
                .filter(external_references::thing_id.eq(into.as_str())),
        )
        .execute(tx.conn())?;
    }
    let header = Header {
        id: merged.clone(),
        status: Status::from_code(&status).unwrap_or(Status::Draft),
        verified_on: carried.verified_on.clone(),
        // The last one, its removal, and now this.
        version: carried.version + 2,
        created_at: Timestamp::from_stored(carried.created_at.clone()),
        updated_at: tx.at().clone(),
    };
    let entry = snapshot::<Organization>(tx.conn(), merged, carried.version)?;
    let thing = store::insert(tx, header, entry, Action::Unmerge)?;
    for (scheme, value) in back {
        references::add(tx, Kind::Organization, scheme, value, merged)?;
    }
    for one in &carried.things {
        let Some(kind) = Kind::from_code(&one.kind) else { continue };
        let id = ThingId::from_stored(one.id.clone());
        match of_kind!(kind, E => give_back::<E>(tx, &id, one, merged, &into))? {
            Back::Gone => {}
            Back::Moved => moved.things += 1,
            Back::Left => moved.left.push(id),
        }
    }
    match merged_words::give_back(tx, &carried.given, merged, &into)? {
        Some(named) => moved.things += usize::from(named),
        None => moved.left.push(into.clone()),
    }
    moved.matters = merged_matters::give_back(tx, merged, &carried.matters)?;
    moved.memberships = give_members_back(tx, merged, &into, &carried)?;
    if carried.trusted && lifecycle::trusted_since(tx.conn(), merged)?.is_none() {
        lifecycle::trust(tx, Kind::Organization, merged, true)?;
    }
    let at = tx.at().clone();
    diesel::update(merges::table.find(&merge)).set(merges::undone_at.eq(at.as_str())).execute(tx.conn())?;
    Ok((thing, moved))
}

pub(super) fn snapshot<E: Stored>(conn: &mut Conn, id: &ThingId, version: i64) -> Result<E> {
    let text: Option<String> = versions::table.find((id.as_str(), version)).select(versions::snapshot).first(conn)?;
    serde_json::from_str(&text.unwrap_or_default()).map_err(Error::internal)
}

enum Back {
    /// It was deleted meanwhile.
    Gone,
    Moved,
    Left,
}

fn give_back<E: Stored>(
    tx: &mut Tx<'_>,
    id: &ThingId,
    one: &CarriedThing,
    merged: &ThingId,
    into: &ThingId,
) -> Result<Back> {
    let Some(current) = read::<E>(tx.conn(), id)? else { return Ok(Back::Gone) };
    let entry = if current.header.version == one.after {
        snapshot::<E>(tx.conn(), id, one.before)?
    } else if one.both {
        return Ok(Back::Left);
    } else {
        let mut entry = current.entry.clone();
        entry.replace_party(id, into, merged);
        entry
    };
    if entry == current.entry {
        return Ok(Back::Left);
    }
    let (status, verified_on) = (current.header.status, current.header.verified_on.clone());
    store::rewrite(tx, current, entry, status, verified_on, Action::Unmerge)?;
    Ok(Back::Moved)
}

fn give_members_back(tx: &mut Tx<'_>, merged: &ThingId, into: &ThingId, carried: &Carried) -> Result<usize> {
    let at = tx.at().clone();
    let mut count = 0;
    for id in &carried.memberships {
        let there: i64 = memberships::table
            .filter(memberships::id.eq(id).and(memberships::party_id.eq(into.as_str())))
            .count()
            .get_result(tx.conn())?;
        if there > 0 {
            count += move_member(tx.conn(), id, merged, &at)?;
            tx.record(Action::Unmerge, Subject::Membership, &ThingId::from_stored(id.clone()), false)?;
        }
    }
    for member in &carried.doubled {
        // Whoever lost the other membership meanwhile does not get this one back.
        let there: i64 = memberships::table
            .filter(memberships::account_id.eq(&member.account).and(memberships::party_id.eq(into.as_str())))
            .count()
            .get_result(tx.conn())?;
        if there == 0 {
            continue;
        }
        diesel::insert_into(memberships::table)
            .values((
                memberships::id.eq(&member.id),
                memberships::account_id.eq(&member.account),
                memberships::party_id.eq(merged.as_str()),
                memberships::party_right.eq(&member.right),
                memberships::state.eq(&member.state),
                memberships::version.eq(member.version + 1),
                memberships::created_at.eq(&member.created_at),
                memberships::updated_at.eq(at.as_str()),
            ))
            .execute(tx.conn())?;
        count += 1;
        tx.record(Action::Unmerge, Subject::Membership, &ThingId::from_stored(member.id.clone()), false)?;
    }
    diesel::update(
        invitations::table
            .filter(invitations::id.eq_any(carried.invitations.clone()))
            .filter(invitations::party_id.eq(into.as_str())),
    )
    .set(invitations::party_id.eq(merged.as_str()))
    .execute(tx.conn())?;
    rights_changed(tx.conn())?;
    Ok(count)
}
