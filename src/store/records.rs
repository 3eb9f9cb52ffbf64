//! How a record lies in its table.

use super::connection::{Conn, IN_LIST};
use super::schema::{records, thing_links};
use super::things::{Stored, cards};
use super::values::Parts;
use crate::domain::codes::{FieldCode, KakenNumber, PatentNumber, WebAddress};
use crate::domain::date::PartialDate;
use crate::domain::kinds::Yen;
use crate::domain::kinds::record::Member;
use crate::domain::text::{Line, Prose};
use crate::domain::vocabulary::RecordKind;
use crate::domain::{Record, Relation, Scope};
use crate::error::Result;
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Queryable)]
pub struct RecordRow {
    thing_id: String,
    record_kind: Option<String>,
    text_ja: Option<String>,
    text_en: Option<String>,
    happened_on: Option<String>,
    amount: Option<i64>,
    number: Option<String>,
    website: Option<String>,
    kaken: Option<String>,
    patent: Option<String>,
}

impl Stored for Record {
    type Row = RecordRow;

    fn rows(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, Self::Row)>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IN_LIST) {
            let rows: Vec<RecordRow> = records::table.filter(records::thing_id.eq_any(ids)).load(conn)?;
            found.extend(rows.into_iter().map(|row| (row.thing_id.clone(), row)));
        }
        Ok(found)
    }

    fn assemble(row: Self::Row, parts: &mut Parts) -> Self {
        Record {
            title_ja: parts.title_ja.take().map(Line::from_stored),
            title_en: parts.title_en.take().map(Line::from_stored),
            record_kind: row.record_kind.as_deref().and_then(RecordKind::from_code),
            text_ja: row.text_ja.map(Prose::from_stored),
            text_en: row.text_en.map(Prose::from_stored),
            happened_on: row.happened_on.map(PartialDate::from_stored),
            amount: row.amount.map(Yen::from_stored),
            number: row.number.map(Line::from_stored),
            website: row.website.map(WebAddress::from_stored),
            kaken: row.kaken.map(KakenNumber::from_stored),
            patent: row.patent.map(PatentNumber::from_stored),
            fields: parts.list("fields", FieldCode::from_stored),
            visibility: parts.visibility,
            members: parts
                .targets(Relation::Member)
                .into_iter()
                .map(|(party, role)| Member { party, role: role.map(Line::from_stored) })
                .collect(),
        }
    }

    fn insert_row(&self, conn: &mut Conn, id: &str) -> Result<()> {
        let row = (
            records::thing_id.eq(id),
            records::record_kind.eq(self.record_kind.map(|value| value.code())),
            records::text_ja.eq(self.text_ja.as_ref().map(|value| value.as_str())),
            records::text_en.eq(self.text_en.as_ref().map(|value| value.as_str())),
            records::happened_on.eq(self.happened_on.as_ref().map(|value| value.as_str())),
            records::amount.eq(self.amount.map(|value| value.value())),
            records::number.eq(self.number.as_ref().map(|value| value.as_str())),
            records::kaken.eq(self.kaken.as_ref().map(|value| value.as_str())),
            records::patent.eq(self.patent.as_ref().map(|value| value.as_str())),
            records::website.eq(self.website.as_ref().map(|value| value.as_str())),
        );
        diesel::insert_into(records::table).values(row).execute(conn)?;
        Ok(())
    }

    fn delete_row(conn: &mut Conn, id: &str) -> Result<()> {
        diesel::delete(records::table.find(id)).execute(conn)?;
        Ok(())
    }

    fn lists(&self) -> Vec<(&'static str, Vec<String>)> {
        vec![("fields", self.fields.iter().map(|value| value.as_str().to_owned()).collect())]
    }
}

/// Pairs of these parties that stand in one record of work that the reader may see, each pair in order.
pub fn worked_together(conn: &mut Conn, scope: &Scope, parties: &[String]) -> Result<BTreeSet<(String, String)>> {
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for parties in parties.chunks(IN_LIST) {
        let rows: Vec<(String, String)> = thing_links::table
            .filter(thing_links::relation.eq(Relation::Member.code()))
            .filter(thing_links::target_id.eq_any(parties.to_vec()))
            .select((thing_links::thing_id, thing_links::target_id))
            .load(conn)?;
        for (record, party) in rows {
            members.entry(record).or_default().push(party);
        }
    }
    let ids: Vec<String> = members.keys().cloned().collect();
    let seen = cards(conn, scope, &ids)?;
    members.retain(|record, _| seen.contains_key(record));
    let mut pairs = BTreeSet::new();
    for mut parties in members.into_values() {
        parties.sort();
        parties.dedup();
        // A list of hundreds says little about any two of them.
        parties.truncate(MEMBERS_COUNTED);
        for (at, one) in parties.iter().enumerate() {
            pairs.extend(parties[at + 1..].iter().map(|other| (one.clone(), other.clone())));
        }
    }
    Ok(pairs)
}

/// Members of one record that are taken to have worked with each other.
const MEMBERS_COUNTED: usize = 20;
