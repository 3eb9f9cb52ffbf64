//! What holds things together: do an entry's owner, references and codes exist, and what hangs on a thing?

use super::connection::{Conn, IN_LIST};
use super::database::Tx;
use super::schema::{thing_links, things};
use super::things::{Stored, visible};
use super::vocabulary::Listed;
use super::{concepts, matters, vocabulary};
use crate::domain::desk::Day;
use crate::domain::vocabulary::ConditionField;
use crate::domain::vocabulary::desk::MatterKind;
use crate::domain::{Defect, Finding, Kind, Link, Relation, Scope, ThingId};
use crate::error::{Error, Result};
use diesel::prelude::*;
use std::collections::HashMap;

/// What only the database can tell of an entry: do its owner, its references and its codes exist?
/// An id in a body is looked at with the same eyes as an id in a path.
pub(super) fn check_against_database<E: Stored>(tx: &mut Tx<'_>, entry: &E) -> Result<()> {
    let (scope, today) = (tx.actor().scope(), Day::at(tx.at()).date());
    let conn = tx.conn();
    let mut findings = Vec::new();
    for (field, date) in entry.past_dates() {
        if date.first_day().is_some_and(|day| day > today) {
            findings.push(Finding::new(
                format!("/{field}"),
                Defect::new("date.future", "今日までの日付を入れてください。", "The date lies in the future."),
            ));
        }
    }
    if let Some(code) = entry.municipality() {
        let unknown = vocabulary::unknown(conn, Listed::Municipality, &[code.to_owned()])?;
        findings.extend(unknown.into_iter().map(|(_, defect)| Finding::new("/municipality", defect)));
    }
    for (list, codes) in entry.lists() {
        if list == "fields" {
            let unknown = vocabulary::unknown(conn, Listed::Field, &codes)?;
            findings.extend(unknown.into_iter().map(|(at, defect)| Finding::new(format!("/fields/{at}"), defect)));
        }
    }
    for (pointer, condition) in entry.conditions() {
        let listed = match condition.field {
            ConditionField::Municipality => Listed::Municipality,
            ConditionField::Prefecture => Listed::Prefecture,
            ConditionField::Field => Listed::Field,
            ConditionField::OrganizationKind | ConditionField::Employees | ConditionField::Certificate => continue,
        };
        // Nobody could ever meet it.
        let unknown = vocabulary::unknown(conn, listed, &condition.values)?;
        findings.extend(unknown.into_iter().map(|(at, defect)| Finding::new(format!("{pointer}/values/{at}"), defect)));
    }
    let codes = entry.concepts();
    if !codes.is_empty() {
        let known = concepts::all(conn)?;
        for (pointer, code) in codes.into_iter().filter(|(_, code)| known.iter().all(|known| known.code != *code)) {
            findings.push(Finding::new(
                pointer,
                Defect::new(
                    "concept.unknown",
                    format!("概念「{code}」は登録されていません。GET /api/v1/concepts で確かめてください。"),
                    format!("There is no concept \"{code}\". See GET /api/v1/concepts."),
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
            Relation::Member => format!("/members/{place}/party"),
            Relation::Affiliation | Relation::Visitor => format!("{}/{place}", relation.pointer()),
            Relation::Successor | Relation::Contact => relation.pointer().to_owned(),
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

/// An organisation is not carried on by itself, nor by one that it carries on.
pub(super) fn refuse_succession_to_itself(conn: &mut Conn, id: &ThingId, links: &[Link]) -> Result<()> {
    let of = |links: &[Link]| {
        links.iter().find(|link| link.relation == Relation::Successor).map(|link| link.target.to_string())
    };
    let mut next = of(links);
    // A chain of renamings is short; a bound costs nothing.
    for _ in 0..100 {
        let Some(party) = next else { return Ok(()) };
        if party == id.as_str() {
            return Err(Error::invalid(
                "/successor",
                Defect::new(
                    "successor.circle",
                    "承継先をたどると自分自身に戻ります。別の機関・企業を指定してください。",
                    "Following the successors leads back to this organisation. Name another one.",
                ),
            ));
        }
        next = thing_links::table
            .filter(thing_links::thing_id.eq(&party).and(thing_links::relation.eq(Relation::Successor.code())))
            .select(thing_links::target_id)
            .first(conn)
            .optional()?;
    }
    Ok(())
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
pub(super) fn followers(conn: &mut Conn, party: &ThingId) -> Result<Vec<(Kind, ThingId)>> {
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

pub(super) fn refuse_if_referenced(conn: &mut Conn, id: &ThingId) -> Result<()> {
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
        return refuse_if_under_way(conn, id);
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

/// What people are in the middle of is not taken from under them. What has ended goes on naming it from its history.
fn refuse_if_under_way(conn: &mut Conn, id: &ThingId) -> Result<()> {
    let open = matters::open_with(conn, id)?;
    if open.is_empty() {
        return Ok(());
    }
    let ja: Vec<String> = open.iter().map(|(kind, count)| format!("{}{count}件", kind.name_ja())).collect();
    let en: Vec<String> = open.iter().map(|(kind, count)| format!("{count} {}", plural(*kind, *count))).collect();
    Err(Error::Conflict(Defect::new(
        "referenced",
        format!(
            "進行中のもの（{}）が参照しているため削除できません。先に見送り・辞退・終了で終わらせてください。一覧や検索から外すだけなら、削除ではなく取り下げ（withdraw）ができます。",
            ja.join("、")
        ),
        format!(
            "Something refers to it that is under way ({}), so it cannot be deleted. Dismiss, decline or end that first. To take it out of lists and search only, withdraw it instead.",
            en.join(", ")
        ),
    )))
}

fn plural(kind: MatterKind, count: i64) -> &'static str {
    match (kind, count) {
        (MatterKind::Match, 1) => "proposed match",
        (MatterKind::Match, _) => "proposed matches",
        (MatterKind::Introduction, 1) => "introduction",
        (MatterKind::Introduction, _) => "introductions",
        (MatterKind::Case, 1) => "case",
        (MatterKind::Case, _) => "cases",
        (MatterKind::Application, 1) => "application",
        (MatterKind::Application, _) => "applications",
        (MatterKind::Composition, 1) => "composition",
        (MatterKind::Composition, _) => "compositions",
        (MatterKind::Group, 1) => "group",
        (MatterKind::Group, _) => "groups",
        (MatterKind::Timetable, 1) => "timetable",
        (MatterKind::Timetable, _) => "timetables",
        (MatterKind::Meeting, 1) => "meeting",
        (MatterKind::Meeting, _) => "meetings",
        (MatterKind::BoothPlan, 1) => "booth plan",
        (MatterKind::BoothPlan, _) => "booth plans",
    }
}
