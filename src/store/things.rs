//! What is the same for every kind: read, list, create, change, delete, with header, history, log and references.

use super::connection::{Conn, IN_LIST};
use super::database::Tx;
use super::log::Action;
use super::page::{Order, Page, Paged, Place};
use super::schema::{need_lines, needs, organizations, people, thing_links, thing_values, things, versions};
use super::values::{self, Parts};
use super::{references, vocabulary};
use crate::domain::entry::Title;
use crate::domain::text::fold;
use crate::domain::vocabulary::{Status, Visibility};
use crate::domain::{Defect, Entry, Finding, Header, Kind, Link, Scope, Thing, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

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
    let count: i64 = visible(scope).filter(things::id.eq(id.to_string())).count().get_result(conn)?;
    Ok(count > 0)
}

type Rows = diesel::dsl::IntoBoxed<'static, things::table, <Conn as diesel::Connection>::Backend>;

/// Where every query starts: what the reader may see. The same rule as [`Scope::sees`].
fn visible(scope: &Scope) -> Rows {
    let rows = things::table.into_boxed();
    let open = || things::status.eq(Status::Published.code());
    let own = |parties: &[ThingId]| {
        let parties: Vec<String> = parties.iter().map(ToString::to_string).collect();
        things::owner_party.is_not_null().and(things::owner_party.assume_not_null().eq_any(parties))
    };
    match scope {
        Scope::Everything => rows,
        Scope::Public => rows.filter(things::visibility.eq(Visibility::Public.code())).filter(open()),
        Scope::Member { parties } => {
            let codes = [Visibility::Public.code(), Visibility::Members.code()];
            rows.filter(things::visibility.eq_any(codes).and(open()).or(own(parties)))
        }
        Scope::Coordinator { parties } => {
            rows.filter(things::visibility.ne(Visibility::Private.code()).or(own(parties)))
        }
    }
}

pub fn get<E: Stored>(conn: &mut Conn, scope: &Scope, id: &ThingId) -> Result<Thing<E>> {
    let row: ThingRow = visible(scope)
        .filter(things::id.eq(id.to_string()).and(things::kind.eq(E::KIND.code())))
        .select(ThingRow::as_select())
        .first(conn)?;
    assemble(conn, scope, vec![row])?.pop().ok_or(Error::NotFound)
}

/// The things of one kind among `ids`, in any order; what is gone or hidden is left out.
pub fn get_many<E: Stored>(conn: &mut Conn, scope: &Scope, ids: &[String]) -> Result<Vec<Thing<E>>> {
    let mut rows = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IN_LIST) {
        let some: Vec<ThingRow> = visible(scope)
            .filter(things::id.eq_any(ids.to_vec()).and(things::kind.eq(E::KIND.code())))
            .select(ThingRow::as_select())
            .load(conn)?;
        rows.extend(some);
    }
    assemble(conn, scope, rows)
}

/// One line each for `ids`; what is gone or hidden is left out.
pub fn cards(conn: &mut Conn, scope: &Scope, ids: &[String]) -> Result<HashMap<String, Card>> {
    let mut found = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(IN_LIST) {
        let rows: Vec<ThingRow> =
            visible(scope).filter(things::id.eq_any(ids.to_vec())).select(ThingRow::as_select()).load(conn)?;
        let masked = anonymous_among(conn, scope, &rows)?;
        for mut row in rows {
            let Some(kind) = Kind::from_code(&row.kind) else { continue };
            if masked.contains(&row.id) {
                row.owner_party = None;
            }
            let card = Card {
                id: row.id.clone(),
                kind,
                version: row.version,
                owner: row.owner_party,
                title: Title { ja: row.title_ja, en: row.title_en },
            };
            found.insert(row.id, card);
        }
    }
    Ok(found)
}

/// The anonymous needs among `rows` whose owner the reader may not know.
fn anonymous_among(conn: &mut Conn, scope: &Scope, rows: &[ThingRow]) -> Result<HashSet<String>> {
    let hidden = |row: &&ThingRow| {
        let owner = row.owner_party.clone().map(ThingId::from_stored);
        row.kind == Kind::Need.code() && !scope.sees_behind(owner.as_ref())
    };
    let ids: Vec<&str> = rows.iter().filter(hidden).map(|row| row.id.as_str()).collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let anonymous: Vec<String> = needs::table
        .filter(needs::thing_id.eq_any(ids).and(needs::anonymous.eq(true)))
        .select(needs::thing_id)
        .load(conn)?;
    Ok(anonymous.into_iter().collect())
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
    let mut found = Vec::new();
    for parties in parties.chunks(IN_LIST) {
        let rows: Vec<(Option<String>, String)> = without_anonymous_of_others(visible(scope), scope)
            .filter(things::owner_party.is_not_null())
            .filter(things::owner_party.assume_not_null().eq_any(parties.to_vec()))
            .filter(things::kind.eq_any([Kind::Need.code(), Kind::Seed.code()]))
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

pub fn list<E: Stored>(conn: &mut Conn, scope: &Scope, filter: &Filter, page: &Page) -> Result<Paged<Thing<E>>> {
    let mut query = visible(scope).filter(things::kind.eq(E::KIND.code()));
    let asks_for_owner =
        filter.owner.is_some() || !filter.municipalities.is_empty() || filter.organization_kind.is_some();
    if E::KIND == Kind::Need && asks_for_owner {
        query = without_anonymous_of_others(query, scope);
    }
    if let Some(owner) = &filter.owner {
        query = query.filter(things::owner_party.eq(owner.to_string()));
    }
    if !filter.municipalities.is_empty() {
        let codes = vocabulary::with_their_municipalities(conn, &filter.municipalities)?;
        let organizations = organizations::table
            .filter(organizations::municipality.eq_any(codes.clone()))
            .select(organizations::thing_id);
        let people = people::table.filter(people::municipality.eq_any(codes)).select(people::thing_id);
        // Things stand where their owner stands; parties own themselves.
        query = query.filter(
            things::owner_party.eq_any(organizations.nullable()).or(things::owner_party.eq_any(people.nullable())),
        );
    }
    if let Some(field) = &filter.field {
        let ids = thing_values::table
            .filter(thing_values::list.eq("fields").and(thing_values::value.eq(field.clone())))
            .select(thing_values::thing_id);
        query = query.filter(things::id.eq_any(ids));
    }
    if let Some(kind) = &filter.organization_kind {
        let owners = organizations::table
            .filter(organizations::organization_kind.eq(kind.clone()))
            .select(organizations::thing_id.nullable());
        query = query.filter(things::owner_party.eq_any(owners));
    }
    if let Some(member) = &filter.member {
        let ids = thing_links::table
            .filter(thing_links::target_id.eq(member.to_string()).and(thing_links::relation.eq("member")))
            .select(thing_links::thing_id);
        query = query.filter(things::id.eq_any(ids));
    }
    query = match (page.order, page.after.clone()) {
        (Order::Name, None) => query.order((things::sort_key, things::id)),
        (Order::Name, Some(Place { key, id })) => query
            .filter(things::sort_key.ge(key.clone()))
            .filter(things::sort_key.gt(key).or(things::id.gt(id)))
            .order((things::sort_key, things::id)),
        (Order::Updated, None) => query.order((things::updated_at.desc(), things::id.desc())),
        (Order::Updated, Some(Place { key, id })) => query
            .filter(things::updated_at.le(key.clone()))
            .filter(things::updated_at.lt(key).or(things::id.lt(id)))
            .order((things::updated_at.desc(), things::id.desc())),
    };
    let mut rows: Vec<ThingRow> = query.limit(page.limit as i64 + 1).select(ThingRow::as_select()).load(conn)?;
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
    let mut own: HashMap<String, E::Row> = E::rows(conn, &ids)?.into_iter().collect();
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
        entry.mask(scope);
        found.push(Thing { header: row.header(), entry });
    }
    Ok(found)
}

/// Registers a thing. It is published at once.
pub fn create<E: Stored>(tx: &mut Tx<'_>, entry: E) -> Result<Thing<E>> {
    create_with_id(tx, ThingId::new(), entry)
}

fn create_with_id<E: Stored>(tx: &mut Tx<'_>, id: ThingId, entry: E) -> Result<Thing<E>> {
    check_against_database(tx, &entry)?;
    let header = Header {
        id,
        status: Status::Published,
        verified_on: Some(tx.at().as_str()[..10].to_owned()),
        version: 1,
        created_at: tx.at().clone(),
        updated_at: tx.at().clone(),
    };
    let id = header.id.as_str();
    let title = entry.title();
    diesel::insert_into(things::table)
        .values((
            things::id.eq(id),
            things::kind.eq(E::KIND.code()),
            things::owner_party.eq(owner_of(&header.id, &entry)),
            things::visibility.eq(entry.visibility().code()),
            things::status.eq(header.status.code()),
            things::verified_on.eq(&header.verified_on),
            things::version.eq(header.version),
            things::created_at.eq(header.created_at.as_str()),
            things::updated_at.eq(header.updated_at.as_str()),
            things::title_ja.eq(&title.ja),
            things::title_en.eq(&title.en),
            things::sort_key.eq(sort_key(&entry)),
            things::name_key.eq(name_key(title.any())),
        ))
        .execute(tx.conn())?;
    entry.insert_row(tx.conn(), id)?;
    values::insert(tx.conn(), id, &entry.lists(), &entry.links())?;
    for (scheme, value) in entry.references() {
        references::add(tx, E::KIND, scheme, &value, &header.id)?;
    }
    keep_version(tx, &header, Some(&entry))?;
    tx.record(Action::Create, E::KIND, &header.id, false)?;
    Ok(Thing { header, entry })
}

/// Changes a thing, if its version is still `expected`. What equals what is there changes nothing.
pub fn update<E: Stored>(tx: &mut Tx<'_>, current: Thing<E>, expected: i64, entry: E) -> Result<Thing<E>> {
    if current.header.version != expected {
        return Err(Error::Stale { current: current.header.version });
    }
    if current.entry == entry {
        tx.unchanged();
        return Ok(current);
    }
    check_against_database(tx, &entry)?;
    let mut header = current.header;
    header.version += 1;
    header.updated_at = tx.at().clone();
    header.verified_on = Some(tx.at().as_str()[..10].to_owned());
    let id = header.id.clone();
    let title = entry.title();
    let changed = diesel::update(things::table.find(id.as_str()).filter(things::version.eq(expected)))
        .set((
            things::owner_party.eq(owner_of(&id, &entry)),
            things::visibility.eq(entry.visibility().code()),
            things::verified_on.eq(&header.verified_on),
            things::version.eq(header.version),
            things::updated_at.eq(header.updated_at.as_str()),
            things::title_ja.eq(&title.ja),
            things::title_en.eq(&title.en),
            things::sort_key.eq(sort_key(&entry)),
            things::name_key.eq(name_key(title.any())),
        ))
        .execute(tx.conn())?;
    if changed != 1 {
        return Err(Error::internal("a version moved under an open write"));
    }
    E::delete_row(tx.conn(), id.as_str())?;
    entry.insert_row(tx.conn(), id.as_str())?;
    values::delete(tx.conn(), id.as_str())?;
    values::insert(tx.conn(), id.as_str(), &entry.lists(), &entry.links())?;
    if current.entry.references() != entry.references() {
        references::replace_own(tx, E::KIND, &id, &entry.references())?;
    }
    keep_version(tx, &header, Some(&entry))?;
    let narrows = entry.narrows_from(&current.entry);
    tx.record(Action::Update, E::KIND, &id, narrows)?;
    if current.entry.shared_facts() != entry.shared_facts() {
        for (kind, follower) in followers(tx.conn(), &id)? {
            tx.record(Action::Follow, kind, &follower, false)?;
        }
    }
    Ok(Thing { header, entry })
}

/// Deletes a thing that nothing else refers to. Its history stays.
pub fn delete<E: Stored>(tx: &mut Tx<'_>, current: Thing<E>, expected: i64) -> Result<()> {
    let mut header = current.header;
    if header.version != expected {
        return Err(Error::Stale { current: header.version });
    }
    let id = &header.id.clone();
    refuse_if_referenced(tx.conn(), id)?;
    E::delete_row(tx.conn(), id.as_str())?;
    values::delete(tx.conn(), id.as_str())?;
    references::delete_all(tx.conn(), id)?;
    diesel::delete(things::table.find(id.as_str())).execute(tx.conn())?;
    header.version += 1;
    keep_version::<E>(tx, &header, None)?;
    tx.record(Action::Delete, E::KIND, id, true)
}

fn owner_of<E: Entry>(id: &ThingId, entry: &E) -> Option<String> {
    if E::KIND.is_party() { Some(id.to_string()) } else { entry.owner().map(ToString::to_string) }
}

/// Folded and short enough for an index row.
fn sort_key<E: Entry>(entry: &E) -> String {
    fold(entry.sort_text()).chars().take(200).collect()
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
    Ok(query.order(things::id).limit(limit as i64).select(things::id).load(conn)?)
}

fn keep_version<E: Stored>(tx: &mut Tx<'_>, header: &Header, entry: Option<&E>) -> Result<()> {
    let snapshot = entry.map(serde_json::to_string).transpose().map_err(Error::internal)?;
    let (seq, at, actor) = (tx.position().seq, tx.at().clone(), tx.actor().name().to_owned());
    diesel::insert_into(versions::table)
        .values((
            versions::thing_id.eq(header.id.as_str()),
            versions::version.eq(header.version),
            versions::change_seq.eq(seq),
            versions::at.eq(at.as_str()),
            versions::actor.eq(actor),
            versions::snapshot.eq(snapshot),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// What only the database can tell of an entry: do its owner, its references and its codes exist?
/// An id in a body is looked at with the same eyes as an id in a path.
fn check_against_database<E: Stored>(tx: &mut Tx<'_>, entry: &E) -> Result<()> {
    let scope = tx.actor().scope();
    let conn = tx.conn();
    let mut findings = Vec::new();
    if let Some(code) = entry.municipality()
        && !vocabulary::has_municipality(conn, code)?
    {
        findings.push(Finding::new(
            "/municipality",
            Defect::new(
                "municipality.unknown",
                format!("市区町村コード {code} は登録されていません。GET /api/v1/municipalities で確かめてください。"),
                format!("Municipality {code} is not in the table. See GET /api/v1/municipalities."),
            ),
        ));
    }
    for (list, codes) in entry.lists() {
        if list != "fields" {
            continue;
        }
        for place in vocabulary::unknown_fields(conn, &codes)? {
            let code = &codes[place];
            findings.push(Finding::new(
                format!("/fields/{place}"),
                Defect::new(
                    "field.unknown",
                    format!("分野「{code}」は登録されていません。GET /api/v1/fields で確かめてください。"),
                    format!("There is no field \"{code}\". See GET /api/v1/fields."),
                ),
            ));
        }
    }
    let mut wanted: Vec<(String, &ThingId, &[Kind])> = Vec::new();
    if let Some(owner) = entry.owner() {
        wanted.push(("/owner".to_owned(), owner, &[Kind::Organization, Kind::Person]));
    }
    let links = entry.links();
    for (place, Link { relation, target, .. }) in links.iter().enumerate() {
        let pointer = match relation {
            crate::domain::Relation::Member => format!("/members/{place}/party"),
            crate::domain::Relation::Affiliation => format!("/affiliations/{place}"),
            crate::domain::Relation::Successor | crate::domain::Relation::Contact => relation.pointer().to_owned(),
        };
        wanted.push((pointer, target, relation.targets()));
    }
    if !wanted.is_empty() {
        let kinds = kinds_of(conn, &scope, wanted.iter().map(|(_, id, _)| id.to_string()).collect())?;
        for (pointer, id, allowed) in wanted {
            if !kinds.get(id.as_str()).is_some_and(|kind| allowed.contains(kind)) {
                findings.push(Finding::new(
                    pointer,
                    Defect::new(
                        "reference.unknown",
                        format!("{id} は登録されていないか、ここで使える種別ではありません。"),
                        format!("{id} is not registered, or not of a kind that can stand here."),
                    ),
                ));
            }
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Invalid(findings)) }
}

pub(super) fn kinds_of(conn: &mut Conn, scope: &Scope, mut ids: Vec<String>) -> Result<HashMap<String, Kind>> {
    ids.sort();
    ids.dedup();
    let mut kinds = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(IN_LIST) {
        let rows: Vec<(String, String)> =
            visible(scope).filter(things::id.eq_any(ids.to_vec())).select((things::id, things::kind)).load(conn)?;
        kinds.extend(rows.into_iter().filter_map(|(id, kind)| Some((id, Kind::from_code(&kind)?))));
    }
    Ok(kinds)
}

/// The things that are indexed with facts of this party: what it owns, its people, and what they own.
fn followers(conn: &mut Conn, party: &ThingId) -> Result<Vec<(Kind, ThingId)>> {
    let people: Vec<String> = thing_links::table
        .filter(thing_links::target_id.eq(party.as_str()).and(thing_links::relation.eq("affiliation")))
        .select(thing_links::thing_id)
        .load(conn)?;
    let mut owners = people;
    owners.push(party.to_string());
    let mut found = Vec::new();
    for owners in owners.chunks(IN_LIST) {
        let rows: Vec<(String, String)> = things::table
            .filter(things::owner_party.eq_any(owners).and(things::id.ne(party.as_str())))
            .order(things::id)
            .select((things::kind, things::id))
            .load(conn)?;
        found.extend(
            rows.into_iter().filter_map(|(kind, id)| Some((Kind::from_code(&kind)?, ThingId::from_stored(id)))),
        );
    }
    Ok(found)
}

fn refuse_if_referenced(conn: &mut Conn, id: &ThingId) -> Result<()> {
    let owned: i64 = things::table
        .filter(things::owner_party.eq(id.as_str()).and(things::id.ne(id.as_str())))
        .count()
        .get_result(conn)?;
    let parts: i64 = things::table.filter(things::parent_id.eq(id.as_str())).count().get_result(conn)?;
    let linked: i64 = thing_links::table
        .filter(thing_links::target_id.eq(id.as_str()).and(thing_links::thing_id.ne(id.as_str())))
        .count()
        .get_result(conn)?;
    if owned + parts + linked == 0 {
        return Ok(());
    }
    Err(Error::Conflict(Defect::new(
        "referenced",
        format!(
            "所有するもの{owned}件、参照しているもの{}件があるため削除できません。先にそれらを削除するか付け替えてください。",
            linked + parts
        ),
        format!(
            "It owns {owned} thing(s) and {} other(s) refer to it, so it cannot be deleted. Delete or change those first.",
            linked + parts
        ),
    )))
}

/// Removes the lines of a need before its row.
pub(super) fn delete_need_lines(conn: &mut Conn, id: &str) -> Result<()> {
    diesel::delete(need_lines::table.filter(need_lines::need_id.eq(id))).execute(conn)?;
    Ok(())
}
