//! Proposed matches, introductions and cases: events that are only added to, and a row made of them for lists and clocks.

use super::connection::{Conn, IN_LIST};
use super::database::Tx;
use super::log::{Action, Subject};
use super::page::{Paged, Place};
use super::schema::{matter_events, matter_parties, matters, memberships};
use super::{disclosures, notices};
use crate::domain::desk::{Day, Event, Introduction, Matter, Refusal, Step, Told, known_at, replay};
use crate::domain::vocabulary::desk::{MatterKind, Side};
use crate::domain::{Defect, MembershipState, ThingId, Timestamp};
use crate::error::{Error, Result};
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// A matter with everything that happened to it.
#[derive(Debug, Clone)]
pub struct Kept<M: Matter> {
    pub id: ThingId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub matter: M,
    pub events: Vec<Event<M::Deed>>,
}

impl<M: Matter> Kept<M> {
    /// Counts the events.
    pub fn version(&self) -> i64 {
        self.events.last().map_or(0, |event| event.number)
    }

    fn of(id: ThingId, events: Vec<Event<M::Deed>>) -> Option<Self> {
        let matter = replay::<M>(&events)?;
        let (first, last) = (events.first()?.at.clone(), events.last()?.at.clone());
        Some(Self { id, created_at: first, updated_at: last, matter, events })
    }

    /// The same matter with these events of it only; none without its beginning.
    pub fn with(&self, events: Vec<Event<M::Deed>>) -> Option<Self> {
        Self::of(self.id.clone(), events)
    }

    /// As it was known at a moment; none before it began.
    pub fn at(&self, as_of: &Timestamp) -> Option<Self> {
        Self::of(self.id.clone(), known_at(&self.events, as_of))
    }
}

/// Whose matters a reader may see.
#[derive(Debug, Clone)]
pub enum Sight {
    All,
    /// Those in which one of these parties takes part.
    Parties(Vec<ThingId>),
}

/// What a list is narrowed to. All given parts must fit.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub state: Option<String>,
    pub closed: Option<bool>,
    /// On the desk of this account; `Some(None)`: on nobody's.
    pub desk: Option<Option<String>>,
    pub party: Option<ThingId>,
    pub subject: Option<ThingId>,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Conflict(defect) => Error::Conflict(defect),
            Refusal::Invalid(pointer, defect) => Error::invalid(pointer, defect),
        }
    }
}

/// Begins a matter. A second one of the same open pair is refused: look for it first with [`of_pair`].
pub fn open<M: Matter>(tx: &mut Tx<'_>, deed: M::Deed, happened_on: Option<Day>) -> Result<Kept<M>> {
    let event = next_event(tx, 1, deed, happened_on);
    let id = ThingId::new();
    let kept = Kept::<M>::of(id.clone(), vec![event.clone()])
        .ok_or_else(|| Error::internal("a matter cannot begin with this event"))?;
    let facts = kept.matter.facts();
    let at = tx.at().clone();
    if let Some(pair) = &facts.pair
        && of_pair(tx.conn(), pair)?.is_some()
    {
        return Err(Error::Conflict(Defect::new(
            "already-exists",
            "同じ組み合わせがすでに進行中です。",
            "There is one of this pair already.",
        )));
    }
    diesel::insert_into(matters::table)
        .values((
            matters::id.eq(id.as_str()),
            matters::kind.eq(M::KIND.code()),
            matters::state.eq(facts.state),
            matters::closed.eq(facts.closed),
            matters::desk.eq(facts.desk.as_ref().map(ThingId::as_str)),
            matters::subject_id.eq(facts.subject.as_ref().map(ThingId::as_str)),
            matters::purpose.eq(facts.purpose.map(|purpose| purpose.code())),
            matters::due_at.eq(facts.due_at.as_ref().map(Timestamp::as_str)),
            matters::pair.eq(&facts.pair),
            matters::version.eq(1_i64),
            matters::created_at.eq(at.as_str()),
            matters::updated_at.eq(at.as_str()),
        ))
        .execute(tx.conn())?;
    put_parties(tx.conn(), &kept)?;
    put_event(tx, &kept, &event)?;
    tx.record(Action::Create, Subject::Matter(M::KIND), &id, false)?;
    Ok(kept)
}

/// Adds a deed, if it may come next. False: it is so already, and nothing was recorded.
pub fn add<M: Matter>(tx: &mut Tx<'_>, kept: &mut Kept<M>, deed: M::Deed, happened_on: Option<Day>) -> Result<bool> {
    let event = next_event(tx, kept.version() + 1, deed, happened_on);
    match kept.matter.consider(&event.deed, &event.happened_on, tx.at())? {
        Step::Already => {
            tx.unchanged();
            return Ok(false);
        }
        Step::Take => {}
    }
    let before = kept.matter.facts();
    kept.matter.add(&event);
    kept.events.push(event.clone());
    kept.updated_at = event.at.clone();
    let facts = kept.matter.facts();
    diesel::update(matters::table.find(kept.id.as_str()))
        .set((
            matters::state.eq(facts.state),
            matters::closed.eq(facts.closed),
            matters::desk.eq(facts.desk.as_ref().map(ThingId::as_str)),
            matters::subject_id.eq(facts.subject.as_ref().map(ThingId::as_str)),
            matters::due_at.eq(facts.due_at.as_ref().map(Timestamp::as_str)),
            matters::pair.eq(&facts.pair),
            matters::version.eq(event.number),
            matters::updated_at.eq(event.at.as_str()),
        ))
        .execute(tx.conn())?;
    if (&before.parties, &before.former) != (&facts.parties, &facts.former) {
        diesel::delete(matter_parties::table.filter(matter_parties::matter_id.eq(kept.id.as_str())))
            .execute(tx.conn())?;
        put_parties(tx.conn(), kept)?;
    }
    put_event(tx, kept, &event)?;
    tx.record(Action::Update, Subject::Matter(M::KIND), &kept.id, false)?;
    disclosures::follow(tx, &kept.id, &kept.matter.opens())?;
    Ok(true)
}

fn next_event<D>(tx: &Tx<'_>, number: i64, deed: D, happened_on: Option<Day>) -> Event<D> {
    Event {
        number,
        at: tx.at().clone(),
        actor: tx.actor().name().to_owned(),
        happened_on: happened_on.unwrap_or_else(|| Day::at(tx.at())),
        deed,
    }
}

fn put_parties<M: Matter>(conn: &mut Conn, kept: &Kept<M>) -> Result<()> {
    let facts = kept.matter.facts();
    let now = facts.parties.into_iter().map(|(party, side)| (party, side.map(|side| side.code())));
    for (party, side) in now.chain(facts.former.into_iter().map(|party| (party, Some(FORMER)))) {
        diesel::insert_into(matter_parties::table)
            .values((
                matter_parties::matter_id.eq(kept.id.as_str()),
                matter_parties::party_id.eq(party.as_str()),
                matter_parties::side.eq(side),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Writes the event and tells of it: both or neither.
fn put_event<M: Matter>(tx: &mut Tx<'_>, kept: &Kept<M>, event: &Event<M::Deed>) -> Result<()> {
    let deed = serde_json::to_string(&event.deed).map_err(Error::internal)?;
    let seq = tx.position().seq;
    diesel::insert_into(matter_events::table)
        .values((
            matter_events::matter_id.eq(kept.id.as_str()),
            matter_events::number.eq(event.number),
            matter_events::change_seq.eq(seq),
            matter_events::event.eq(M::name(&event.deed)),
            matter_events::at.eq(event.at.as_str()),
            matter_events::actor.eq(&event.actor),
            matter_events::happened_on.eq(event.happened_on.as_str()),
            matter_events::deed.eq(deed),
        ))
        .execute(tx.conn())?;
    let told = kept.matter.told(&event.deed);
    let desk = kept.matter.facts().desk;
    let mut tidings = notices::Tidings {
        matter: &kept.id,
        kind: M::KIND,
        number: event.number,
        event: kept.matter.told_as(&event.deed),
    };
    let (desks, others): (Vec<Told>, Vec<Told>) = told.into_iter().partition(|told| *told == Told::Coordinators);
    notices::tell(tx, &tidings, &others, desk.as_ref())?;
    tidings.event = notices::UNATTENDED;
    notices::tell(tx, &tidings, &desks, desk.as_ref())
}

type EventRow = (String, i64, String, String, String, String);

/// Everything that happened to these matters, each in its order.
fn events<M: Matter>(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, Vec<Event<M::Deed>>>> {
    let mut found: HashMap<String, Vec<Event<M::Deed>>> = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(IN_LIST) {
        let rows: Vec<EventRow> = matter_events::table
            .filter(matter_events::matter_id.eq_any(ids.to_vec()))
            .order((matter_events::matter_id, matter_events::number))
            .select((
                matter_events::matter_id,
                matter_events::number,
                matter_events::at,
                matter_events::actor,
                matter_events::happened_on,
                matter_events::deed,
            ))
            .load(conn)?;
        for (id, number, at, actor, happened_on, deed) in rows {
            let deed = serde_json::from_str(&deed)
                .map_err(|error| Error::internal(format!("event {number} of {id} cannot be read: {error}")))?;
            found.entry(id).or_default().push(Event {
                number,
                at: Timestamp::from_stored(at),
                actor,
                happened_on: Day::from_stored(happened_on),
                deed,
            });
        }
    }
    Ok(found)
}

fn assemble<M: Matter>(conn: &mut Conn, ids: Vec<String>) -> Result<Vec<Kept<M>>> {
    let mut events = events::<M>(conn, &ids)?;
    ids.into_iter()
        .map(|id| {
            let events = events.remove(&id).unwrap_or_default();
            Kept::of(ThingId::from_stored(id.clone()), events)
                .ok_or_else(|| Error::internal(format!("{} {id} has no beginning", M::KIND.code())))
        })
        .collect()
}

type Rows = diesel::dsl::IntoBoxed<'static, matters::table, <Conn as diesel::Connection>::Backend>;

/// Stands for the side of a party that left: it is in no list any more, but reads on up to its leaving.
const FORMER: &str = "former";

/// Where every query starts: what the reader may see; `left`: also what the reader's parties were once in.
fn visible(kind: MatterKind, sight: &Sight, left: bool) -> Rows {
    let rows = matters::table.filter(matters::kind.eq(kind.code())).into_boxed();
    match sight {
        Sight::All => rows,
        Sight::Parties(parties) => {
            let parties: Vec<String> = parties.iter().map(ToString::to_string).collect();
            // No side is called so: then nobody is left out.
            let left_out = if left { "" } else { FORMER };
            let theirs = matter_parties::table
                .filter(matter_parties::side.is_null().or(matter_parties::side.ne(left_out)))
                .filter(matter_parties::party_id.eq_any(parties))
                .select(matter_parties::matter_id);
            rows.filter(matters::id.eq_any(theirs))
        }
    }
}

pub fn get<M: Matter>(conn: &mut Conn, sight: &Sight, id: &ThingId) -> Result<Kept<M>> {
    let id: String =
        visible(M::KIND, sight, true).filter(matters::id.eq(id.to_string())).select(matters::id).first(conn)?;
    assemble(conn, vec![id])?.pop().ok_or(Error::NotFound)
}

/// What a matter is about and who takes part in it; none where the reader may not see it.
pub fn about_and_with(
    conn: &mut Conn,
    kind: MatterKind,
    sight: &Sight,
    id: &ThingId,
) -> Result<Option<(Option<ThingId>, Vec<ThingId>)>> {
    let row: Option<Option<String>> = visible(kind, sight, true)
        .filter(matters::id.eq(id.to_string()))
        .select(matters::subject_id)
        .first(conn)
        .optional()?;
    let Some(subject) = row else { return Ok(None) };
    let parties: Vec<String> = matter_parties::table
        .filter(matter_parties::matter_id.eq(id.as_str()))
        .filter(matter_parties::side.is_null().or(matter_parties::side.ne(FORMER)))
        .order(matter_parties::party_id)
        .select(matter_parties::party_id)
        .load(conn)?;
    let parties = parties.into_iter().map(ThingId::from_stored).collect();
    Ok(Some((subject.map(ThingId::from_stored), parties)))
}

/// The open matter of a pair.
pub fn of_pair(conn: &mut Conn, pair: &str) -> Result<Option<ThingId>> {
    let id: Option<String> =
        matters::table.filter(matters::pair.eq(pair)).select(matters::id).first(conn).optional()?;
    Ok(id.map(ThingId::from_stored))
}

/// Newest first. Not by the last change: the order would tell one side that the other moved.
pub fn list<M: Matter>(
    conn: &mut Conn,
    sight: &Sight,
    filter: &Filter,
    after: Option<&Place>,
    limit: usize,
) -> Result<Paged<Kept<M>>> {
    let mut query = visible(M::KIND, sight, false);
    if let Some(state) = &filter.state {
        query = query.filter(matters::state.eq(state.clone()));
    }
    if let Some(closed) = filter.closed {
        query = query.filter(matters::closed.eq(closed));
    }
    match &filter.desk {
        None => {}
        Some(None) => query = query.filter(matters::desk.is_null()),
        Some(Some(desk)) => query = query.filter(matters::desk.eq(desk.clone())),
    }
    if let Some(party) = &filter.party {
        let theirs = matter_parties::table
            .filter(matter_parties::side.is_null().or(matter_parties::side.ne(FORMER)))
            .filter(matter_parties::party_id.eq(party.to_string()))
            .select(matter_parties::matter_id);
        query = query.filter(matters::id.eq_any(theirs));
    }
    if let Some(subject) = &filter.subject {
        query = query.filter(matters::subject_id.eq(subject.to_string()));
    }
    if let Some(Place { id, .. }) = after.cloned() {
        query = query.filter(matters::id.lt(id));
    }
    let mut ids: Vec<String> =
        query.order(matters::id.desc()).limit(limit as i64 + 1).select(matters::id).load(conn)?;
    let more = ids.len() > limit;
    ids.truncate(limit);
    let next = ids.last().filter(|_| more).map(|id| Place { key: String::new(), id: id.clone() });
    Ok(Paged { items: assemble(conn, ids)?, next })
}

/// Every matter of a kind that is about `subject`.
pub fn about<M: Matter>(conn: &mut Conn, subject: &ThingId) -> Result<Vec<Kept<M>>> {
    let ids = matters::table
        .filter(matters::kind.eq(M::KIND.code()).and(matters::subject_id.eq(subject.as_str())))
        .order(matters::id)
        .select(matters::id)
        .load(conn)?;
    assemble(conn, ids)
}

/// Every matter of a kind in which one of these parties takes part, oldest first.
pub fn with_parties<M: Matter>(conn: &mut Conn, parties: &[ThingId]) -> Result<Vec<Kept<M>>> {
    let mut ids: Vec<String> = Vec::new();
    for parties in parties.chunks(IN_LIST) {
        let parties: Vec<String> = parties.iter().map(ToString::to_string).collect();
        let found: Vec<String> = matters::table
            .inner_join(matter_parties::table)
            .filter(matters::kind.eq(M::KIND.code()).and(matter_parties::party_id.eq_any(parties)))
            .select(matters::id)
            .load(conn)?;
        ids.extend(found);
    }
    ids.sort();
    ids.dedup();
    assemble(conn, ids)
}

/// Every matter of a kind in one of these states, oldest first.
pub fn in_states<M: Matter>(conn: &mut Conn, states: &[&str]) -> Result<Vec<Kept<M>>> {
    let ids = matters::table
        .filter(matters::kind.eq(M::KIND.code()).and(matters::state.eq_any(states.to_vec())))
        .order(matters::id)
        .select(matters::id)
        .load(conn)?;
    assemble(conn, ids)
}

/// Open matters on a desk, oldest first.
pub fn on_desk<M: Matter>(conn: &mut Conn, desk: &ThingId) -> Result<Vec<Kept<M>>> {
    let ids = matters::table
        .filter(matters::kind.eq(M::KIND.code()).and(matters::desk.eq(desk.as_str())).and(matters::closed.eq(false)))
        .order(matters::id)
        .select(matters::id)
        .load(conn)?;
    assemble(conn, ids)
}

/// Matters that name a party or are about it, in order.
pub(super) fn that_name(conn: &mut Conn, party: &ThingId) -> Result<Vec<(MatterKind, ThingId)>> {
    let taking_part =
        matter_parties::table.filter(matter_parties::party_id.eq(party.as_str())).select(matter_parties::matter_id);
    let rows: Vec<(String, String)> = matters::table
        .filter(matters::id.eq_any(taking_part).or(matters::subject_id.eq(party.as_str())))
        .order(matters::id)
        .select((matters::kind, matters::id))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(kind, id)| Some((MatterKind::from_code(&kind)?, ThingId::from_stored(id))))
        .collect())
}

/// How many matters of each kind are open in which a thing takes part, or that are about it.
pub(super) fn open_with(conn: &mut Conn, thing: &ThingId) -> Result<Vec<(MatterKind, i64)>> {
    let mut found = Vec::new();
    for kind in MatterKind::ALL {
        let with_it = matter_parties::table
            .filter(matter_parties::side.is_null().or(matter_parties::side.ne(FORMER)))
            .filter(matter_parties::party_id.eq(thing.to_string()))
            .select(matter_parties::matter_id);
        let open = matters::table.filter(matters::kind.eq(kind.code()).and(matters::closed.eq(false)));
        let count: i64 = match kind.holds_its_parties() {
            true => open
                .filter(matters::id.eq_any(with_it).or(matters::subject_id.eq(thing.to_string())))
                .count()
                .get_result(conn)?,
            false => open.filter(matters::subject_id.eq(thing.to_string())).count().get_result(conn)?,
        };
        if count > 0 {
            found.push((*kind, count));
        }
    }
    Ok(found)
}

/// Matters whose clock has run out, oldest first.
pub fn due<M: Matter>(conn: &mut Conn, now: &Timestamp, limit: i64) -> Result<Vec<Kept<M>>> {
    let ids = matters::table
        .filter(matters::kind.eq(M::KIND.code()).and(matters::due_at.is_not_null()))
        .filter(matters::due_at.assume_not_null().le(now.as_str()))
        .order((matters::due_at, matters::id))
        .limit(limit)
        .select(matters::id)
        .load(conn)?;
    assemble(conn, ids)
}

/// The histories of all matters of a kind that began by a moment.
pub fn all<M: Matter>(conn: &mut Conn, as_of: &Timestamp) -> Result<BTreeMap<ThingId, Vec<Event<M::Deed>>>> {
    let ids: Vec<String> = matters::table
        .filter(matters::kind.eq(M::KIND.code()).and(matters::created_at.le(as_of.as_str())))
        .select(matters::id)
        .load(conn)?;
    Ok(events::<M>(conn, &ids)?.into_iter().map(|(id, events)| (ThingId::from_stored(id), events)).collect())
}

/// A contact with a party: an introduction or a case with it that moved since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub matter: ThingId,
    pub kind: MatterKind,
    pub desk: ThingId,
    pub at: Timestamp,
}

/// The account, and who shares a confirmed membership with it: one agency.
fn agency(conn: &mut Conn, account: &ThingId) -> Result<Vec<String>> {
    let confirmed = MembershipState::Confirmed.code();
    let parties: Vec<String> = memberships::table
        .filter(memberships::account_id.eq(account.as_str()).and(memberships::state.eq(confirmed)))
        .select(memberships::party_id)
        .load(conn)?;
    let mut accounts: Vec<String> = memberships::table
        .filter(memberships::party_id.eq_any(parties).and(memberships::state.eq(confirmed)))
        .select(memberships::account_id)
        .load(conn)?;
    accounts.push(account.to_string());
    Ok(accounts)
}

/// Contacts of other agencies with a party since a moment, newest first, at most ten. `own`: the desk that asks.
pub fn contacts(conn: &mut Conn, party: &ThingId, since: &Timestamp, own: Option<&ThingId>) -> Result<Vec<Contact>> {
    let with_it = matter_parties::table
        .filter(matter_parties::side.is_null().or(matter_parties::side.ne(FORMER)))
        .filter(matter_parties::party_id.eq(party.to_string()))
        .select(matter_parties::matter_id);
    let mut query = matters::table
        .filter(matters::kind.eq_any([MatterKind::Introduction.code(), MatterKind::Case.code()]))
        .filter(matters::id.eq_any(with_it))
        .filter(matters::updated_at.ge(since.as_str()).and(matters::desk.is_not_null()))
        .into_boxed();
    if let Some(own) = own {
        query = query.filter(matters::desk.assume_not_null().ne_all(agency(conn, own)?));
    }
    let rows: Vec<(String, String, Option<String>, String)> = query
        .order((matters::updated_at.desc(), matters::id))
        .limit(10)
        .select((matters::id, matters::kind, matters::desk, matters::updated_at))
        .load(conn)?;
    let contact = |(id, kind, desk, at): (String, String, Option<String>, String)| {
        Some(Contact {
            matter: ThingId::from_stored(id),
            kind: MatterKind::from_code(&kind)?,
            desk: ThingId::from_stored(desk?),
            at: Timestamp::from_stored(at),
        })
    };
    Ok(rows.into_iter().filter_map(contact).collect())
}

/// Parties that are left out of the next lists for `subject`: an introduction to them was declined, and the reason still holds.
pub fn declined(conn: &mut Conn, subject: &ThingId, today: &Day) -> Result<Vec<String>> {
    let rests = |kept: &Kept<Introduction>| {
        let (Some(declined), Some(on)) = (&kept.matter.declined, &kept.matter.closed_on) else { return false };
        declined.reason.rests_for_days().is_none_or(|days| on.plus_days(days as u64) > *today)
    };
    let all = about::<Introduction>(conn, subject)?;
    Ok(all.iter().filter(|kept| rests(kept)).map(|kept| kept.matter.asked.answering.to_string()).collect())
}

/// A no to this pair that was said less than so many days ago: whose it was, and until when it holds.
pub fn declined_lately(
    conn: &mut Conn,
    subject: &ThingId,
    answering: &ThingId,
    days: u64,
    today: &Day,
) -> Result<Option<(Side, Day)>> {
    let all = about::<Introduction>(conn, subject)?;
    let of_pair = all.iter().rev().filter(|kept| kept.matter.asked.answering == *answering);
    let no = |kept: &Kept<Introduction>| {
        let (declined, on) = (kept.matter.declined.as_ref()?, kept.matter.closed_on.as_ref()?);
        let until = on.plus_days(days);
        (until > *today).then_some((declined.side, until))
    };
    Ok(of_pair.filter_map(no).next())
}

/// A page of a kind after an id: each id, and whether its row is what its events make of it.
pub fn rows_after<M: Matter>(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<(String, bool)>> {
    type Row = (String, String, bool, Option<String>, Option<String>, Option<String>, i64);
    let rows: Vec<Row> = matters::table
        .filter(matters::kind.eq(M::KIND.code()).and(matters::id.gt(after)))
        .order(matters::id)
        .limit(limit)
        .select((
            matters::id,
            matters::state,
            matters::closed,
            matters::desk,
            matters::due_at,
            matters::pair,
            matters::version,
        ))
        .load(conn)?;
    let mut events = events::<M>(conn, &rows.iter().map(|row| row.0.clone()).collect::<Vec<String>>())?;
    let fits = |(id, state, closed, desk, due_at, pair, version): Row| {
        let events = events.remove(&id).unwrap_or_default();
        let whole = events.iter().enumerate().all(|(at, event)| event.number == at as i64 + 1);
        let fits = replay::<M>(&events).is_some_and(|matter| {
            let facts = matter.facts();
            whole
                && version == events.len() as i64
                && (facts.state, facts.closed) == (state.as_str(), closed)
                && facts.desk.map(String::from) == desk
                && facts.due_at.as_ref().map(Timestamp::as_str) == due_at.as_deref()
                && facts.pair == pair
        });
        (id, fits)
    };
    Ok(rows.into_iter().map(fits).collect())
}
