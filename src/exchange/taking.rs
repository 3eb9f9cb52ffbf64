//! Taking a batch of rows in, inside its transaction: which thing each row speaks of, and what becomes of it. A row that is refused
//! leaves the others alone.

use super::about::About;
use super::cp932;
use super::identity::{self, Identity};
use super::import::{Outcome, Session, Shaped, Told};
use super::rows::{self, Draft, RawRow, Refusal};
use crate::domain::text::fold;
use crate::domain::{Actor, Capability, Defect, Finding, Kind, Thing, ThingId, parse};
use crate::error::{Error, Result};
use crate::store::log::Action;
use crate::store::things::{self, Stored};
use crate::store::{Tx, imports, references};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// Takes a batch in. A row that is refused leaves the others alone; an error here undoes the whole batch.
pub(super) fn take_in<E: Stored>(tx: &mut Tx<'_>, batch: Vec<Shaped>, session: &mut Session) -> Result<Vec<Told>> {
    let scheme = session.resolver.scheme();
    // Most rows of a second import are known: they are read together.
    let mut known: HashMap<ThingId, Thing<E>> = HashMap::new();
    let mut identities = Vec::with_capacity(batch.len());
    let mut batch = batch;
    for shaped in &mut batch {
        identities.push(match shaped {
            Shaped::Draft(draft) if draft.refusals.is_empty() => {
                match session.resolver.resolve(tx.conn(), &session.scope, draft)?.is_empty() {
                    true => Some(identity::identify::<E>(tx.conn(), &session.scope, draft, scheme.as_deref())?),
                    false => None,
                }
            }
            Shaped::Draft(_) | Shaped::Refused(_) => None,
        });
    }
    let ids: HashSet<String> = identities
        .iter()
        .filter_map(|identity| match identity {
            Some(Identity::Known(id)) => Some(id.to_string()),
            _ => None,
        })
        .collect();
    for thing in things::get_many::<E>(tx.conn(), &session.scope, &ids.into_iter().collect::<Vec<_>>())? {
        known.insert(thing.header.id.clone(), thing);
    }
    let mut touched: HashSet<String> = HashSet::new();
    let mut outcomes = Vec::with_capacity(batch.len());
    for (shaped, identity) in batch.into_iter().zip(identities) {
        let line = shaped.line();
        let (mut nested, mut about) = (Vec::new(), About::default());
        session.about = About::default();
        let outcome = match shaped {
            Shaped::Refused(refusal) => Outcome::Refused { refusals: vec![refusal] },
            Shaped::Draft(mut draft) if !draft.refusals.is_empty() => {
                session.about.name = super::about::name_of(E::KIND, &draft);
                let (resolver, scope) = (&mut session.resolver, &session.scope);
                let refusals =
                    super::about::all_that_is_wrong::<E>(tx, &mut draft, resolver, scope, scheme.as_deref())?;
                Outcome::Refused { refusals }
            }
            Shaped::Draft(mut draft) => {
                session.about.name = super::about::name_of(E::KIND, &draft);
                let keys = identity::keys(E::KIND, &draft);
                let tried = session.trial.as_ref().and_then(|trial| trial.earlier(E::KIND, &draft, scheme.as_deref()));
                if let Some(outcome) = tried {
                    outcomes.push(Told { line, outcome, nested: false, about: std::mem::take(&mut session.about) });
                    continue;
                }
                // What an earlier row of this batch wrote was not there when the identities were looked up.
                let identity = match identity {
                    Some(identity) if !keys.iter().any(|key| touched.contains(key)) => Ok(identity),
                    _ => identify_again::<E>(tx, &mut draft, session, scheme.as_deref())?,
                };
                let outcome = match identity {
                    Err(refusals) => Outcome::Refused { refusals },
                    Ok(identity) => take_row::<E>(tx, &draft, identity, &mut known, session, scheme.as_deref())?,
                };
                if let Outcome::Created { id } | Outcome::Updated { id } = &outcome {
                    touched.extend(keys);
                    if let Some(trial) = &mut session.trial {
                        trial.note(E::KIND, &draft, scheme.as_deref(), id);
                    }
                }
                about = std::mem::take(&mut session.about);
                nested = capabilities(tx, &draft, &outcome, session)?;
                outcome
            }
        };
        let about = about.or(std::mem::take(&mut session.about));
        outcomes.push(Told { line, outcome, nested: false, about });
        let told = |outcome| Told { line, outcome, nested: true, about: About::default() };
        outcomes.extend(nested.into_iter().map(told));
    }
    Ok(outcomes)
}

fn identify_again<E: Stored>(
    tx: &mut Tx<'_>,
    draft: &mut Draft,
    session: &mut Session,
    scheme: Option<&str>,
) -> Result<std::result::Result<Identity, Vec<Refusal>>> {
    let refusals = session.resolver.resolve(tx.conn(), &session.scope, draft)?;
    if !refusals.is_empty() {
        return Ok(Err(refusals));
    }
    Ok(Ok(identity::identify::<E>(tx.conn(), &session.scope, draft, scheme)?))
}

fn take_row<E: Stored>(
    tx: &mut Tx<'_>,
    draft: &Draft,
    identity: Identity,
    known: &mut HashMap<ThingId, Thing<E>>,
    session: &mut Session,
    scheme: Option<&str>,
) -> Result<Outcome> {
    let line = draft.raw.line;
    let current = match identity {
        Identity::Unclear(defect) => {
            return Ok(Outcome::Refused { refusals: vec![Refusal::of_row(line, defect)] });
        }
        Identity::New => None,
        Identity::Known(id) => match known.remove(&id) {
            Some(thing) => Some(thing),
            None => match things::get::<E>(tx.conn(), &session.scope, &id) {
                Ok(thing) => Some(thing),
                Err(Error::NotFound) => return Ok(Outcome::Refused { refusals: vec![Refusal::of_row(line, taken())] }),
                Err(error) => return Err(error),
            },
        },
    };
    let mut tree = match &current {
        Some(thing) => serde_json::to_value(&thing.entry).map_err(Error::internal)?,
        None => Value::Object(Map::new()),
    };
    let before = session.cp932.then(|| tree.clone());
    parse::merge_patch(&mut tree, &draft.patch);
    if let Some(before) = before {
        cp932::keep_what_looks_the_same(&before, &mut tree);
    }
    if let Value::Object(fields) = &mut tree {
        for (name, value) in &draft.defaults {
            let place = fields.entry(name.clone()).or_insert(Value::Null);
            if place.is_null() {
                *place = value.clone();
            }
        }
    }
    let entry: E = match parse::entry(tree) {
        Ok(entry) => entry,
        Err(findings) => return Ok(refused(draft, findings)),
    };
    if !is_permitted(tx.actor(), current.as_ref(), &entry) {
        return Ok(Outcome::Refused { refusals: vec![Refusal::of_row(line, forbidden())] });
    }
    let at_source = draft.id.as_deref().zip(scheme);
    match current {
        None => {
            let created = tx.attempt(|tx| {
                let thing = things::create_as(tx, entry, &draft.said)?;
                if let Some((id, scheme)) = at_source {
                    references::add(tx, E::KIND, scheme, id, &thing.header.id)?;
                }
                Ok(thing)
            });
            match created {
                Ok(thing) => {
                    if session.only_tried {
                        session.note_alike(tx, &thing)?;
                    }
                    if draft.said.unpublished {
                        super::standing::note_draft(&mut session.notes);
                    }
                    let id = thing.header.id;
                    session.spoken_of.insert(bits(&id), line);
                    Ok(Outcome::Created { id })
                }
                Err(error) => refused_or_stop(draft, error),
            }
        }
        Some(thing) => {
            let id = thing.header.id.clone();
            let changes = thing.entry != entry;
            if let (true, Some(earlier)) = (changes, session.spoken_of.get(&bits(&id))) {
                return Ok(Outcome::Refused { refusals: vec![Refusal::of_row(line, repeated(*earlier))] });
            }
            if changes && session.was_changed_since(tx, &thing)? {
                return Ok(Outcome::Refused { refusals: vec![Refusal::of_row(line, changed_since())] });
            }
            session.spoken_of.insert(bits(&id), line);
            let is_named = match at_source {
                Some((own, scheme)) => references::find(tx.conn(), E::KIND, scheme, own)?.is_some(),
                None => true,
            };
            if !changes && is_named {
                known.insert(id.clone(), thing);
                return Ok(Outcome::Unchanged { id });
            }
            if session.trial.is_some() {
                session.about.changes = super::about::changes(&thing.entry, &entry)?;
            }
            let version = thing.header.version;
            let updated = tx.attempt(|tx| {
                let thing = things::update_verified(tx, thing, version, entry, &draft.said)?;
                if let (Some((own, scheme)), false) = (at_source, is_named) {
                    references::add(tx, E::KIND, scheme, own, &id)?;
                    if let Some(job) = &session.job {
                        imports::keep_reference(tx.conn(), job, E::KIND, scheme, own)?;
                    }
                    if !changes {
                        // The thing is what it was, but is known by one more name.
                        tx.record(Action::Follow, E::KIND, &id, false)?;
                    }
                }
                Ok(thing)
            });
            match updated {
                Ok(thing) => {
                    known.insert(id.clone(), thing);
                    Ok(Outcome::Updated { id })
                }
                Err(error) => refused_or_stop(draft, error),
            }
        }
    }
}

/// The capabilities that stand inside an organisation, owned by it. One that is refused refuses nothing else.
fn capabilities(tx: &mut Tx<'_>, draft: &Draft, outcome: &Outcome, session: &mut Session) -> Result<Vec<Outcome>> {
    let owner = match outcome {
        Outcome::Refused { .. } => return Ok(Vec::new()),
        Outcome::Created { id } | Outcome::Updated { id } | Outcome::Unchanged { id } => id,
    };
    let scheme = session.resolver.scheme();
    let mut outcomes = Vec::with_capacity(draft.capabilities.len());
    // Two of one name in one list are two: the first is the first of that name again next time.
    let mut names: HashMap<String, usize> = HashMap::new();
    for (place, value) in draft.capabilities.iter().enumerate() {
        let mut outcome = capability(tx, draft.raw.line, owner, value, &mut names, session, scheme.as_deref())?;
        if let Outcome::Refused { refusals } = &mut outcome {
            for refusal in refusals {
                refusal.column = format!("capabilities/{place}/{}", refusal.column);
            }
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn capability(
    tx: &mut Tx<'_>,
    line: u64,
    owner: &ThingId,
    value: &Value,
    names: &mut HashMap<String, usize>,
    session: &mut Session,
    scheme: Option<&str>,
) -> Result<Outcome> {
    let Value::Object(fields) = value else {
        let defect = Defect::new("body.object", "オブジェクトを書いてください。", "Write an object.");
        return Ok(Outcome::Refused { refusals: vec![Refusal::of_row(line, defect)] });
    };
    let (planner, notes) = (&mut session.nested_planner, &mut session.notes);
    let mut cells: Vec<_> = fields.iter().map(|(name, value)| (planner.plan(name, notes), value.clone())).collect();
    cells.push((planner.plan("owner", notes), Value::String(owner.to_string())));
    let raw = RawRow { line, cells };
    let mut draft = rows::read(Kind::Capability, raw, &session.vocabularies, &mut session.notes);
    if !draft.refusals.is_empty() {
        return Ok(Outcome::Refused { refusals: draft.refusals });
    }
    let refusals = session.resolver.resolve(tx.conn(), &session.scope, &mut draft)?;
    if !refusals.is_empty() {
        return Ok(Outcome::Refused { refusals });
    }
    let by_name = draft.id.is_none() || scheme.is_none();
    let identity = match identity::title_of(Kind::Capability, &draft) {
        Some(title) if by_name => {
            let earlier = names.entry(fold(title)).or_default();
            *earlier += 1;
            identity::nth_of_title::<Capability>(tx.conn(), &session.scope, title, owner, *earlier - 1)?
        }
        _ => identity::identify::<Capability>(tx.conn(), &session.scope, &draft, scheme)?,
    };
    take_row::<Capability>(tx, &draft, identity, &mut HashMap::new(), session, scheme)
}

fn refused(draft: &Draft, findings: Vec<Finding>) -> Outcome {
    Outcome::Refused { refusals: findings.into_iter().map(|finding| draft.refusal_of(finding)).collect() }
}

/// The same rule as over REST: who stands behind the thing as it is, and as it would be.
fn is_permitted<E: Stored>(actor: &Actor, current: Option<&Thing<E>>, entry: &E) -> bool {
    use crate::domain::access::Action;
    let Some(current) = current else { return actor.may(Action::Create, E::KIND, &entry.owners()) };
    let owners = |entry: &E| if E::KIND.is_party() { vec![current.header.id.clone()] } else { entry.owners() };
    actor.may(Action::Change, E::KIND, &owners(&current.entry)) && actor.may(Action::Change, E::KIND, &owners(entry))
}

/// For a number whose thing the importer may not see: no more than that it is taken.
fn taken() -> Defect {
    Defect::new(
        "already-exists",
        "同じ番号のものがすでに登録されています。",
        "Something with the same number is already registered.",
    )
}

fn changed_since() -> Defect {
    Defect::new(
        "row.changed_since",
        "プレビューのあとで、ほかの人がこれを登録または変更しました。上書きしないように、この行は取り込んでいません。もう一度ファイルを送り、新しいプレビューで確かめてください。",
        "Somebody registered or changed this after the preview. The row was not taken, so that nothing is overwritten. Send the file again and look at a new preview.",
    )
}

fn forbidden() -> Defect {
    Defect::new("forbidden", "これを登録・変更する権限がありません。", "You may not register or change this.")
}

/// What the store says against one row refuses the row; what it says of itself stops the import.
fn refused_or_stop(draft: &Draft, error: Error) -> Result<Outcome> {
    match error {
        Error::Invalid(findings) => Ok(refused(draft, findings)),
        Error::Malformed(defect) | Error::Conflict(defect) | Error::TooLarge(defect) => {
            Ok(Outcome::Refused { refusals: vec![Refusal::of_row(draft.raw.line, defect)] })
        }
        Error::Unauthenticated
        | Error::SignIn(_)
        | Error::NotAllowed(_)
        | Error::TooMany { .. }
        | Error::Forbidden
        | Error::NotFound
        | Error::UnsupportedMedia
        | Error::PreconditionRequired
        | Error::Stale { .. }
        | Error::Unavailable(_)
        | Error::Internal(_) => Err(error),
    }
}

pub(super) fn repeated(earlier: u64) -> Defect {
    Defect::new(
        "row.repeated",
        format!("{earlier}行目と同じものについての行ですが、内容が違います。どちらか一方にしてください。"),
        format!("Row {earlier} speaks of the same thing and says otherwise. Keep one of the two."),
    )
}

/// An id in sixteen bytes: a million of them are to fit in memory.
pub(super) fn bits(id: &ThingId) -> u128 {
    uuid::Uuid::try_parse(id.as_str()).map_or(0, |uuid| uuid.as_u128())
}
