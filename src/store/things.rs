//! What is the same for every kind: how it is stored, what a reader may see of it, and reading it, alone and in lists. Writing
//! stands in `store/writing.rs`.

use super::connection::{Conn, IN_LIST};
use super::lent::{self, Fact};
use super::page::{Order, Page, Paged, Place};
use super::schema::{disclosures, needs, thing_links, thing_values, things, versions};
use super::values::{self, Parts};
use super::{disclosures as opened, vocabulary};
use crate::domain::date::PartialDate;
use crate::domain::entry::Title;
use crate::domain::kinds::need::Condition;
use crate::domain::text::fold;
use crate::domain::vocabulary::{Status, Visibility};
use crate::domain::{Entry, Header, Kind, Relation, Scope, Thing, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

pub use super::writing::{Standing, create, create_as, delete, update, update_verified};
pub(super) use super::writing::{delete_need_lines, insert, remove, rewrite, today, update_as};

/// Does something with the type that a kind has: the one place where a kind becomes its type.
macro_rules! of_kind {
    ($kind:expr, $entry:ident => $work:expr) => {
        match $kind {
            $crate::domain::Kind::Organization => {
                type $entry = $crate::domain::Organization;
                $work
            }
            $crate::domain::Kind::Person => {
                type $entry = $crate::domain::Person;
                $work
            }
            $crate::domain::Kind::Capability => {
                type $entry = $crate::domain::Capability;
                $work
            }
            $crate::domain::Kind::Seed => {
                type $entry = $crate::domain::Seed;
                $work
            }
            $crate::domain::Kind::Need => {
                type $entry = $crate::domain::Need;
                $work
            }
            $crate::domain::Kind::Record => {
                type $entry = $crate::domain::Record;
                $work
            }
            $crate::domain::Kind::Exhibition => {
                type $entry = $crate::domain::Exhibition;
                $work
            }
        }
    };
}
pub(super) use of_kind;

/// How one kind lies in its own table.
pub trait Stored: Entry {
    type Row;

    fn rows(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, Self::Row)>>;
    fn assemble(row: Self::Row, parts: &mut Parts) -> Self;
    fn insert_row(&self, conn: &mut Conn, id: &str) -> Result<()>;
    fn delete_row(conn: &mut Conn, id: &str) -> Result<()>;
    fn lists(&self) -> Vec<(&'static str, Vec<String>)>;

    /// What of a party is indexed with the things it owns: a change of it fans out through the log.
    fn shared_facts(&self) -> String {
        String::new()
    }

    /// Keys under which likely duplicates of it meet: `(scheme, value)`.
    fn likeness(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Whether what meets it under such a key, other than a number, may be the same.
    fn may_be(&self, _other: &Self) -> bool {
        false
    }

    /// Conditions on partners that name codes, each with its JSON Pointer.
    fn conditions(&self) -> Vec<(String, &Condition)> {
        Vec::new()
    }

    /// Codes of concepts to check, each with its JSON pointer.
    fn concepts(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Dates of what has happened, by field: none of them lies ahead.
    fn past_dates(&self) -> Vec<(&'static str, &PartialDate)> {
        Vec::new()
    }

    /// A municipality code to check, if the kind has one.
    fn municipality(&self) -> Option<&str> {
        None
    }
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = things)]
pub struct ThingRow {
    pub id: String,
    pub kind: String,
    pub owner_party: Option<String>,
    pub visibility: String,
    pub status: String,
    pub verified_on: Option<String>,
    pub version: i64,
    pub created_at: String,
    pub updated_at: String,
    pub title_ja: Option<String>,
    pub title_en: Option<String>,
    pub sort_key: String,
}

impl ThingRow {
    fn header(&self) -> Header {
        Header {
            id: ThingId::from_stored(self.id.clone()),
            status: Status::from_code(&self.status).unwrap_or(Status::Draft),
            verified_on: self.verified_on.clone(),
            version: self.version,
            created_at: Timestamp::from_stored(self.created_at.clone()),
            updated_at: Timestamp::from_stored(self.updated_at.clone()),
        }
    }

    fn visibility(&self) -> Visibility {
        Visibility::from_code(&self.visibility).unwrap_or(Visibility::Private)
    }

    /// What [`Scope::sees`] says of the header alone.
    fn is_seen_by(&self, scope: &Scope) -> bool {
        let status = Status::from_code(&self.status).unwrap_or(Status::Draft);
        let owner = self.owner_party.clone().map(ThingId::from_stored);
        scope.sees(self.visibility(), status, owner.as_slice())
    }
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub owner: Option<ThingId>,
    /// Any of these; a prefecture code takes in its municipalities.
    pub municipalities: Vec<String>,
    pub field: Option<String>,
    pub organization_kind: Option<String>,
    /// Records of work of this member.
    pub member: Option<ThingId>,
    /// People of this organisation.
    pub affiliation: Option<ThingId>,
    /// Published things only, also of those whose drafts the reader may see.
    pub published: bool,
}

/// A thing in one line, for answers that name it.
#[derive(Debug, Clone)]
pub struct Card {
    pub id: String,
    pub kind: Kind,
    pub version: i64,
    pub owner: Option<String>,
    pub title: Title,
}

/// Whether the reader may see a thing at all.
pub fn is_visible(conn: &mut Conn, scope: &Scope, id: &ThingId) -> Result<bool> {
    Ok(seen(conn, scope, id)?.is_some())
}

pub(super) type Rows = diesel::dsl::IntoBoxed<'static, things::table, <Conn as diesel::Connection>::Backend>;

/// Where every query starts: what the reader may see. The same rule as [`Scope::sees`].
pub(super) fn visible(scope: &Scope) -> Rows {
    let rows = things::table.into_boxed();
    let open = || things::status.eq(Status::Published.code());
    let own = |parties: &[ThingId]| {
        let parties: Vec<String> = parties.iter().map(ToString::to_string).collect();
        let took_part = thing_links::table
            .filter(
                thing_links::relation.eq(Relation::Member.code()).and(thing_links::target_id.eq_any(parties.clone())),
            )
            .select(thing_links::thing_id);
        let owned = things::owner_party.is_not_null().and(things::owner_party.assume_not_null().eq_any(parties));
        // A record of work belongs to those who took part.
        owned.or(things::id.eq_any(took_part))
    };
    // Confidential things that an introduction opened to a party of the reader.
    let disclosed = |parties: &[ThingId]| {
        let parties: Vec<String> = parties.iter().map(ToString::to_string).collect();
        things::id
            .eq_any(disclosures::table.filter(disclosures::party_id.eq_any(parties)).select(disclosures::thing_id))
    };
    match scope {
        Scope::Everything => rows,
        Scope::Public => rows.filter(things::visibility.eq(Visibility::Public.code())).filter(open()),
        Scope::Member { parties } => {
            let codes = [Visibility::Public.code(), Visibility::Members.code()];
            rows.filter(things::visibility.eq_any(codes).or(disclosed(parties)).and(open()).or(own(parties)))
        }
        Scope::Coordinator { parties } => rows.filter(
            things::visibility.ne(Visibility::Private.code()).or(own(parties)).or(disclosed(parties).and(open())),
        ),
    }
}

pub fn get<E: Stored>(conn: &mut Conn, scope: &Scope, id: &ThingId) -> Result<Thing<E>> {
    let row = seen(conn, scope, id)?.filter(|row| row.kind == E::KIND.code()).ok_or(Error::NotFound)?;
    assemble(conn, scope, vec![row])?.pop().ok_or(Error::NotFound)
}

/// The header of a thing that the reader may see. Most are decided by the header itself; only where it says no is the
/// database asked for what it alone knows (introductions, who took part), which also answers for a thing that is not there.
fn seen(conn: &mut Conn, scope: &Scope, id: &ThingId) -> Result<Option<ThingRow>> {
    let row: Option<ThingRow> = things::table.find(id.as_str()).select(ThingRow::as_select()).first(conn).optional()?;
    if let Some(row) = row.filter(|row| row.is_seen_by(scope)) {
        return Ok(Some(row));
    }
    match scope {
        Scope::Everything | Scope::Public => Ok(None),
        Scope::Member { .. } | Scope::Coordinator { .. } => Ok(visible(scope)
            .filter(things::id.eq(id.to_string()))
            .select(ThingRow::as_select())
            .first(conn)
            .optional()?),
    }
}

/// The things of one kind among `ids`, in any order; what is gone or hidden is left out.
pub fn get_many<E: Stored>(conn: &mut Conn, scope: &Scope, ids: &[String]) -> Result<Vec<Thing<E>>> {
    let mut rows = headers(conn, scope, ids)?;
    rows.retain(|row| row.kind == E::KIND.code());
    assemble(conn, scope, rows)
}

/// The headers of `ids`, of any kind and in any order; what is gone or hidden is left out.
pub(super) fn headers(conn: &mut Conn, scope: &Scope, ids: &[String]) -> Result<Vec<ThingRow>> {
    let mut rows = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IN_LIST) {
        let some: Vec<ThingRow> =
            visible(scope).filter(things::id.eq_any(ids.to_vec())).select(ThingRow::as_select()).load(conn)?;
        rows.extend(some);
    }
    Ok(rows)
}

/// One line each for `ids`; what is gone or hidden is left out.
pub fn cards(conn: &mut Conn, scope: &Scope, ids: &[String]) -> Result<HashMap<String, Card>> {
    let rows = headers(conn, scope, ids)?;
    Ok(cards_of(conn, scope, &rows)?.into_iter().map(|card| (card.id.clone(), card)).collect())
}

pub(super) fn cards_of(conn: &mut Conn, scope: &Scope, rows: &[ThingRow]) -> Result<Vec<Card>> {
    let masked = anonymous_among(conn, scope, rows)?;
    let card = |row: &ThingRow| {
        Some(Card {
            id: row.id.clone(),
            kind: Kind::from_code(&row.kind)?,
            version: row.version,
            owner: row.owner_party.clone().filter(|_| !masked.contains(&row.id)),
            title: Title { ja: row.title_ja.clone(), en: row.title_en.clone() },
        })
    };
    Ok(rows.iter().filter_map(card).collect())
}

/// A card with where the thing stands.
#[derive(Debug, Clone)]
pub struct Summary {
    pub card: Card,
    pub status: Status,
    pub verified_on: Option<String>,
    pub updated_at: Timestamp,
}

/// As [`cards`], with more of the header.
pub fn summaries(conn: &mut Conn, scope: &Scope, ids: &[String]) -> Result<HashMap<String, Summary>> {
    let rows = headers(conn, scope, ids)?;
    let cards = cards_of(conn, scope, &rows)?;
    let mut headers: HashMap<String, Header> = rows.iter().map(|row| (row.id.clone(), row.header())).collect();
    let summary = |card: Card| {
        let Header { status, verified_on, updated_at, .. } = headers.remove(&card.id)?;
        Some((card.id.clone(), Summary { card, status, verified_on, updated_at }))
    };
    Ok(cards.into_iter().filter_map(summary).collect())
}

/// The anonymous needs among `rows` whose owner the reader may not know.
fn anonymous_among(conn: &mut Conn, scope: &Scope, rows: &[ThingRow]) -> Result<HashSet<String>> {
    let hidden = |row: &&ThingRow| {
        let owner = row.owner_party.clone().map(ThingId::from_stored);
        row.kind == Kind::Need.code() && !scope.sees_behind(owner.as_ref())
    };
    let ids: Vec<&str> = rows.iter().filter(hidden).map(|row| row.id.as_str()).collect();
    let mut anonymous: Vec<String> = Vec::new();
    for ids in ids.chunks(IN_LIST) {
        let some: Vec<String> = needs::table
            .filter(needs::thing_id.eq_any(ids).and(needs::anonymous.eq(true)))
            .select(needs::thing_id)
            .load(conn)?;
        anonymous.extend(some);
    }
    if anonymous.is_empty() {
        return Ok(HashSet::new());
    }
    // Mutual interest names the owner to the other side.
    let opened = opened::opened_to(conn, scope, &anonymous)?;
    Ok(anonymous.into_iter().filter(|id| !opened.contains(id)).collect())
}

/// Published things that speak for a party and that the reader may see: its capabilities and seeds, and the records of
/// work it took part in, newest change first, at most `most` of each of the two.
pub fn speaking_for(conn: &mut Conn, scope: &Scope, party: &str, most: i64) -> Result<Vec<String>> {
    let offers = [Kind::Capability.code(), Kind::Seed.code()];
    let mut ids: Vec<String> = visible(scope)
        .filter(things::owner_party.eq(party.to_owned()).and(things::kind.eq_any(offers)))
        .filter(things::status.eq(Status::Published.code()))
        .order((things::updated_at.desc(), things::id.desc()))
        .limit(most)
        .select(things::id)
        .load(conn)?;
    let shared = thing_links::table
        .filter(thing_links::target_id.eq(party.to_owned()).and(thing_links::relation.eq("member")))
        .select(thing_links::thing_id);
    let records: Vec<String> = visible(scope)
        .filter(things::id.eq_any(shared).and(things::kind.eq(Kind::Record.code())))
        .filter(things::status.eq(Status::Published.code()))
        .order((things::updated_at.desc(), things::id.desc()))
        .limit(most)
        .select(things::id)
        .load(conn)?;
    ids.extend(records);
    Ok(ids)
}

/// The published needs and seeds of parties, `(party, thing)`, newest change first: where they say what they look for.
/// An anonymous need is among them only for who knows its owner.
pub fn asking(conn: &mut Conn, scope: &Scope, parties: &[String]) -> Result<Vec<(String, String)>> {
    owned_by(conn, scope, parties, &[Kind::Need, Kind::Seed])
}

/// The published things of these kinds that parties own, `(party, thing)`, newest change first.
pub fn owned_by(conn: &mut Conn, scope: &Scope, parties: &[String], kinds: &[Kind]) -> Result<Vec<(String, String)>> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.code()).collect();
    let mut found = Vec::new();
    for parties in parties.chunks(IN_LIST) {
        let rows: Vec<(Option<String>, String)> = without_anonymous_of_others(visible(scope), scope)
            .filter(things::owner_party.is_not_null())
            .filter(things::owner_party.assume_not_null().eq_any(parties.to_vec()))
            .filter(things::kind.eq_any(kinds.clone()))
            .filter(things::status.eq(Status::Published.code()))
            .order((things::updated_at.desc(), things::id.desc()))
            .select((things::owner_party, things::id))
            .load(conn)?;
        found.extend(rows.into_iter().filter_map(|(party, id)| Some((party?, id))));
    }
    Ok(found)
}

/// Kind of a thing, whoever may see it.
pub fn kind_of(conn: &mut Conn, id: &ThingId) -> Result<Option<Kind>> {
    let kind: Option<String> = things::table.find(id.as_str()).select(things::kind).first(conn).optional()?;
    Ok(kind.as_deref().and_then(Kind::from_code))
}

/// The rows of a list, in no order yet.
fn listed<E: Stored>(conn: &mut Conn, scope: &Scope, filter: &Filter) -> Result<Rows> {
    let mut query = visible(scope).filter(things::kind.eq(E::KIND.code()));
    if let Some(owner) = &filter.owner {
        if E::KIND == Kind::Need {
            query = without_anonymous_of_others(query, scope);
        }
        query = query.filter(things::owner_party.eq(owner.to_string()));
    }
    if !filter.municipalities.is_empty() {
        let codes = vocabulary::with_their_municipalities(conn, &filter.municipalities)?;
        query = query.filter(lent::has(E::KIND, &Fact::municipality(codes)));
    }
    if let Some(field) = &filter.field {
        let fields = vocabulary::with_narrower_fields(conn, field)?;
        let ids = thing_values::table
            .filter(thing_values::list.eq("fields").and(thing_values::value.eq_any(fields)))
            .select(thing_values::thing_id);
        query = query.filter(things::id.eq_any(ids));
    }
    if let Some(kind) = &filter.organization_kind {
        query = query.filter(lent::has(E::KIND, &Fact::organization_kind(kind.clone())));
    }
    if let Some(member) = &filter.member {
        let ids = thing_links::table
            .filter(thing_links::target_id.eq(member.to_string()).and(thing_links::relation.eq("member")))
            .select(thing_links::thing_id);
        query = query.filter(things::id.eq_any(ids));
    }
    if let Some(organization) = &filter.affiliation {
        let ids = thing_links::table
            .filter(thing_links::target_id.eq(organization.to_string()).and(thing_links::relation.eq("affiliation")))
            .select(thing_links::thing_id);
        query = query.filter(things::id.eq_any(ids));
    }
    if filter.published {
        query = query.filter(things::status.eq(Status::Published.code()));
    }
    Ok(query)
}

pub fn list<E: Stored>(conn: &mut Conn, scope: &Scope, filter: &Filter, page: &Page) -> Result<Paged<Thing<E>>> {
    let query = listed::<E>(conn, scope, filter)?;
    let most = page.limit as i64 + 1;
    let mut rows: Vec<ThingRow> = match (page.order, page.after.clone()) {
        (Order::Name, None) => query.order((things::sort_key, things::id)).limit(most),
        (Order::Name, Some(Place { key, id })) => query
            .filter(things::sort_key.ge(key.clone()))
            .filter(things::sort_key.gt(key).or(things::id.gt(id)))
            .order((things::sort_key, things::id))
            .limit(most),
        (Order::Updated, None) => query.order((things::updated_at.desc(), things::id.desc())).limit(most),
        // What an import writes has one time: its rest first, so that each page enters the index where it begins.
        (Order::Updated, Some(Place { key, id })) => query
            .filter(things::updated_at.eq(key).and(things::id.lt(id)))
            .order((things::updated_at.desc(), things::id.desc()))
            .limit(most),
    }
    .select(ThingRow::as_select())
    .load(conn)?;
    let room = most - rows.len() as i64;
    if let (Order::Updated, Some(Place { key, .. }), 1..) = (page.order, &page.after, room) {
        let older: Vec<ThingRow> = listed::<E>(conn, scope, filter)?
            .filter(things::updated_at.lt(key.clone()))
            .order((things::updated_at.desc(), things::id.desc()))
            .limit(room)
            .select(ThingRow::as_select())
            .load(conn)?;
        rows.extend(older);
    }
    let more = rows.len() > page.limit;
    rows.truncate(page.limit);
    let next = rows.last().filter(|_| more).map(|row| Place {
        key: match page.order {
            Order::Name => row.sort_key.clone(),
            Order::Updated => row.updated_at.clone(),
        },
        id: row.id.clone(),
    });
    Ok(Paged { items: assemble(conn, scope, rows)?, next })
}

/// A filter that looks at the owner must not tell who stands behind an anonymous need.
fn without_anonymous_of_others(query: Rows, scope: &Scope) -> Rows {
    let anonymous = needs::table.filter(needs::anonymous.eq(true)).select(needs::thing_id);
    match scope {
        Scope::Everything | Scope::Coordinator { .. } => query,
        Scope::Public => query.filter(things::id.ne_all(anonymous)),
        Scope::Member { parties } => {
            let own: Vec<String> = parties.iter().map(ToString::to_string).collect();
            query.filter(things::id.ne_all(anonymous).or(things::owner_party.assume_not_null().eq_any(own)))
        }
    }
}

/// Every id of one kind after `after`, for walking the whole table in short snapshots.
pub fn ids_after(conn: &mut Conn, kind: Kind, after: &str, limit: i64) -> Result<Vec<String>> {
    Ok(things::table
        .filter(things::kind.eq(kind.code()).and(things::id.gt(after)))
        .order(things::id)
        .limit(limit)
        .select(things::id)
        .load(conn)?)
}

/// Id and version of everything after `after`, in order of id: for comparing with the index.
pub fn versions_after(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<(String, i64)>> {
    Ok(things::table
        .filter(things::id.gt(after))
        .order(things::id)
        .limit(limit)
        .select((things::id, things::version))
        .load(conn)?)
}

pub fn count(conn: &mut Conn, kind: Kind) -> Result<i64> {
    Ok(things::table.filter(things::kind.eq(kind.code())).count().get_result(conn)?)
}

pub fn count_all(conn: &mut Conn) -> Result<i64> {
    Ok(things::table.count().get_result(conn)?)
}

fn assemble<E: Stored>(conn: &mut Conn, scope: &Scope, rows: Vec<ThingRow>) -> Result<Vec<Thing<E>>> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut parts = values::load(conn, &ids)?;
    assemble_with(conn, scope, rows, &mut parts)
}

/// The things of one kind, from their headers and from the lists and links of all that are read together.
pub(super) fn assemble_with<E: Stored>(
    conn: &mut Conn,
    scope: &Scope,
    rows: Vec<ThingRow>,
    parts: &mut HashMap<String, Parts>,
) -> Result<Vec<Thing<E>>> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut own: HashMap<String, E::Row> = E::rows(conn, &ids)?.into_iter().collect();
    let named = if E::KIND == Kind::Need { opened::opened_to(conn, scope, &ids)? } else { HashSet::new() };
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(own) = own.remove(&row.id) else {
            return Err(Error::internal(format!("{} {} has a header but no row", row.kind, row.id)));
        };
        let mut parts = parts.remove(&row.id).unwrap_or_default();
        parts.title_ja = row.title_ja.clone();
        parts.title_en = row.title_en.clone();
        parts.owner = row.owner_party.clone();
        parts.visibility = row.visibility();
        let mut entry = E::assemble(own, &mut parts);
        if !named.contains(&row.id) {
            entry.mask(scope);
        }
        found.push(Thing { header: row.header(), entry });
    }
    Ok(found)
}

/// What a thing said in one version, and the transaction that made it. `None` inside: it was deleted then.
pub fn version<E: Stored>(conn: &mut Conn, id: &ThingId, version: i64) -> Result<Option<(i64, Option<E>)>> {
    let found: Option<(i64, Option<String>)> = versions::table
        .find((id.as_str(), version))
        .select((versions::change_seq, versions::snapshot))
        .first(conn)
        .optional()?;
    let Some((seq, snapshot)) = found else { return Ok(None) };
    let entry = snapshot.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::internal)?;
    Ok(Some((seq, entry)))
}

/// The transaction that made a version of a thing.
pub fn made_by(conn: &mut Conn, id: &ThingId, version: i64) -> Result<Option<i64>> {
    Ok(versions::table.find((id.as_str(), version)).select(versions::change_seq).first(conn).optional()?)
}

/// The version that a transaction made of a thing: the first, if it made several.
pub fn version_of(conn: &mut Conn, id: &ThingId, seq: i64) -> Result<Option<i64>> {
    Ok(versions::table
        .filter(versions::thing_id.eq(id.as_str()).and(versions::change_seq.eq(seq)))
        .order(versions::version)
        .select(versions::version)
        .first(conn)
        .optional()?)
}

/// The folded title, short enough for an index row: how an import recognises a thing that has no number.
pub fn name_key(title: &str) -> String {
    fold(title).chars().take(200).collect()
}

/// Things of one kind whose title folds to one of `keys`, those of `owner` only where one is given, oldest first.
/// The keys are cut short (see [`name_key`]): the caller compares the titles themselves.
pub fn titled_alike(
    conn: &mut Conn,
    kind: Kind,
    keys: &[String],
    owner: Option<&str>,
    limit: usize,
) -> Result<Vec<String>> {
    let mut query =
        things::table.filter(things::kind.eq(kind.code()).and(things::name_key.eq_any(keys.to_vec()))).into_boxed();
    if let Some(owner) = owner {
        query = query.filter(things::owner_party.eq(owner.to_owned()));
    }
    // The same order as by id, but not by an index of ids: without figures of its data SQLite would read every thing of the
    // kind in that order, for each row of an import.
    Ok(query.order(things::id.concat("")).limit(limit as i64).select(things::id).load(conn)?)
}
