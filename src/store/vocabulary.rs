//! Municipalities and fields: files seed them once, then the database is the truth.

use super::connection::Conn;
use super::schema::{fields, industries, municipalities, vocabulary_head};
use crate::domain::Defect;
use crate::domain::vocabulary::{FIELDS, INDUSTRIES, MUNICIPALITIES};
use crate::error::{Error, Result};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = municipalities)]
pub struct Municipality {
    /// 全国地方公共団体コード.
    pub code: String,
    /// Code of the prefecture; none for a prefecture itself.
    pub prefecture: Option<String>,
    pub name_ja: String,
    pub name_kana: String,
    pub name_en: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = fields)]
pub struct Field {
    pub code: String,
    pub parent: Option<String>,
    pub name_ja: String,
    pub name_en: String,
}

/// A class of the Japan Standard Industrial Classification.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = industries)]
pub struct Industry {
    /// A section letter, or two digits of a division.
    pub code: String,
    pub parent: Option<String>,
    pub name_ja: String,
    pub name_en: String,
}

/// Rises with every change of these tables.
pub fn generation(conn: &mut Conn) -> Result<i64> {
    Ok(vocabulary_head::table.select(vocabulary_head::generation).first(conn)?)
}

/// Copies of the names are old from here on.
pub(super) fn changed(conn: &mut Conn) -> Result<()> {
    diesel::update(vocabulary_head::table)
        .set(vocabulary_head::generation.eq(vocabulary_head::generation + 1))
        .execute(conn)?;
    Ok(())
}

/// Fills empty tables.
pub(super) fn seed(conn: &mut Conn) -> Result<()> {
    if municipalities::table.count().get_result::<i64>(conn)? == 0 {
        add_municipalities(conn, MUNICIPALITIES)?;
    }
    if fields::table.count().get_result::<i64>(conn)? == 0 {
        for field in rows::<Field>(FIELDS)? {
            diesel::insert_into(fields::table).values(&field).execute(conn)?;
        }
    }
    if industries::table.count().get_result::<i64>(conn)? == 0 {
        for industry in rows::<Industry>(INDUSTRIES)? {
            diesel::insert_into(industries::table).values(&industry).execute(conn)?;
        }
    }
    Ok(())
}

/// Adds the municipalities of a file that are not there yet (prefectures before their municipalities).
pub fn add_municipalities(conn: &mut Conn, csv: &str) -> Result<()> {
    for place in rows::<Municipality>(csv)? {
        let known: i64 = municipalities::table.find(&place.code).count().get_result(conn)?;
        if known == 0 {
            diesel::insert_into(municipalities::table).values(&place).execute(conn)?;
        }
    }
    changed(conn)
}

/// What became of a place that was put into the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    Created,
    Updated,
    Unchanged,
}

/// Adds a place, or gives it other names; `try_only`: only says what would be done. Its prefecture must be there.
pub fn put_municipality(conn: &mut Conn, place: &Municipality, try_only: bool) -> Result<Put> {
    if let Some(prefecture) = &place.prefecture
        && !has_municipality(conn, prefecture)?
    {
        let defect = Defect::new(
            "municipality.prefecture",
            format!("都道府県 {prefecture} が表にも、このファイルにもありません。"),
            format!("The prefecture {prefecture} is neither in the table nor in this file."),
        );
        return Err(Error::invalid("/prefecture", defect));
    }
    let there: Option<Municipality> = municipalities::table.find(&place.code).first(conn).optional()?;
    let put = match &there {
        None => Put::Created,
        Some(there) if there == place => Put::Unchanged,
        Some(_) => Put::Updated,
    };
    if try_only || put == Put::Unchanged {
        return Ok(put);
    }
    changed(conn)?;
    if there.is_none() {
        diesel::insert_into(municipalities::table).values(place).execute(conn)?;
        return Ok(put);
    }
    diesel::update(municipalities::table.find(&place.code))
        .set((
            municipalities::name_ja.eq(&place.name_ja),
            municipalities::name_kana.eq(&place.name_kana),
            municipalities::name_en.eq(&place.name_en),
        ))
        .execute(conn)?;
    Ok(put)
}

fn rows<T: serde::de::DeserializeOwned>(csv: &str) -> Result<Vec<T>> {
    csv::Reader::from_reader(csv.as_bytes())
        .deserialize()
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Error::internal(format!("vocabulary file: {error}")))
}

pub fn all_municipalities(conn: &mut Conn) -> Result<Vec<Municipality>> {
    Ok(municipalities::table.order(municipalities::code).load(conn)?)
}

pub fn all_fields(conn: &mut Conn) -> Result<Vec<Field>> {
    Ok(fields::table.order(fields::code).load(conn)?)
}

/// For each field that has wider ones: those, nearest first.
pub fn wider_fields(conn: &mut Conn) -> Result<HashMap<String, Vec<String>>> {
    let parents: HashMap<String, String> = fields::table
        .filter(fields::parent.is_not_null())
        .select((fields::code, fields::parent.assume_not_null()))
        .load(conn)?
        .into_iter()
        .collect();
    let above = |code: &String| {
        let mut above: Vec<String> = Vec::new();
        let mut at = code;
        // A ring among them would not end.
        while let Some(parent) = parents.get(at).filter(|parent| *parent != code && !above.contains(parent)) {
            above.push(parent.clone());
            at = parent;
        }
        (code.clone(), above)
    };
    Ok(parents.keys().map(above).collect())
}

/// A field with everything below it.
pub fn with_narrower_fields(conn: &mut Conn, code: &str) -> Result<Vec<String>> {
    let wider = wider_fields(conn)?;
    let below = wider.into_iter().filter(|(_, above)| above.iter().any(|wide| wide == code)).map(|(below, _)| below);
    Ok(below.chain([code.to_owned()]).collect())
}

/// Sections first.
pub fn all_industries(conn: &mut Conn) -> Result<Vec<Industry>> {
    let mut all: Vec<Industry> = industries::table.order(industries::code).load(conn)?;
    all.sort_by_key(|industry| industry.parent.is_some());
    Ok(all)
}

/// For each division of industry (two digits), its section.
pub fn sections_of_divisions(conn: &mut Conn) -> Result<HashMap<String, String>> {
    let divisions = industries::table.filter(industries::parent.is_not_null());
    Ok(divisions.select((industries::code, industries::parent.assume_not_null())).load(conn)?.into_iter().collect())
}

/// The codes, and for a prefecture those of its municipalities.
pub fn with_their_municipalities(conn: &mut Conn, codes: &[String]) -> Result<Vec<String>> {
    let known: Vec<String> = municipalities::table
        .filter(municipalities::prefecture.eq_any(codes).or(municipalities::code.eq_any(codes)))
        .select(municipalities::code)
        .load(conn)?;
    // Codes that nobody has are still a condition, one that nothing meets.
    Ok(if known.is_empty() { codes.iter().take(1).cloned().collect() } else { known })
}

/// The places with these codes, and every prefecture.
pub fn places_named(conn: &mut Conn, codes: &[String]) -> Result<Vec<Municipality>> {
    let known = municipalities::code.eq_any(codes).or(municipalities::prefecture.is_null());
    Ok(municipalities::table.filter(known).load(conn)?)
}

pub fn has_municipality(conn: &mut Conn, code: &str) -> Result<bool> {
    Ok(municipalities::table.find(code).count().get_result::<i64>(conn)? > 0)
}

/// What a code may be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    Municipality,
    /// The first two digits.
    Prefecture,
    Field,
}

/// The codes (by their places) that the table does not hold, each with the refusal that says so.
pub fn unknown(conn: &mut Conn, listed: Listed, codes: &[String]) -> Result<Vec<(usize, Defect)>> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let known: Vec<String> = match listed {
        Listed::Field => fields::table.filter(fields::code.eq_any(codes)).select(fields::code).load(conn)?,
        Listed::Municipality => {
            municipalities::table.filter(municipalities::code.eq_any(codes)).select(municipalities::code).load(conn)?
        }
        Listed::Prefecture => {
            let all = municipalities::table.filter(municipalities::prefecture.is_null());
            let codes: Vec<String> = all.select(municipalities::code).load(conn)?;
            codes.iter().filter_map(|code| code.get(..2)).map(str::to_owned).collect()
        }
    };
    let defect = |code: &String| match listed {
        Listed::Municipality => Defect::new(
            "municipality.unknown",
            format!("市区町村コード {code} は登録されていません。GET /api/v1/municipalities で確かめてください。"),
            format!("Municipality {code} is not in the table. See GET /api/v1/municipalities."),
        ),
        Listed::Prefecture => Defect::new(
            "prefecture.unknown",
            format!("都道府県コード {code} は登録されていません。GET /api/v1/municipalities で確かめてください。"),
            format!("Prefecture {code} is not in the table. See GET /api/v1/municipalities."),
        ),
        Listed::Field => Defect::new(
            "field.unknown",
            format!("分野「{code}」は登録されていません。GET /api/v1/fields で確かめてください。"),
            format!("There is no field \"{code}\". See GET /api/v1/fields."),
        ),
    };
    let unknown = codes.iter().enumerate().filter(|(_, code)| !known.contains(code));
    Ok(unknown.map(|(at, code)| (at, defect(code))).collect())
}
