//! Parties by what people call them: name in either language, reading, with or without the legal form.

use super::connection::Conn;
use super::schema::things;
use super::things::{name_key, visible};
use crate::domain::Scope;
use crate::domain::text::{LATIN_LEGAL_FORMS, LEGAL_FORMS, bare_name, fold};
use crate::domain::vocabulary::Kind;
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

/// Parties that are looked at where a name is only a part of theirs.
const MOST: i64 = 200;
/// Names that are told where several fit.
const TOLD: usize = 5;

diesel::define_sql_function! { fn lower(text: Nullable<Text>) -> Nullable<Text>; }
diesel::define_sql_function! { fn replace(text: Text, old: Text, new: Text) -> Text; }

/// Whom a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Their ids: one party, or all that bear exactly this name.
    Parties(Vec<String>),
    /// Several names fit; the first few of them.
    Several(Vec<String>),
    Nobody,
}

/// A party as its names are compared.
struct Candidate {
    id: String,
    shown: String,
    keys: Vec<String>,
}

/// The party of this name among those that the reader may see: the whole name or reading, else the name without its legal
/// form, else the only one that begins with it, else the only one that holds it. White space does not count.
pub fn named(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Named> {
    let wanted = key(name);
    if wanted.is_empty() {
        return Ok(Named::Nobody);
    }
    let candidates = candidates(conn, scope, name)?;
    let exact = fitting(&candidates, |keys| keys == wanted);
    if !exact.is_empty() {
        return Ok(Named::Parties(exact.into_iter().map(|party| party.id.clone()).collect()));
    }
    let bare = bare_name(name).unwrap_or_else(|| wanted.clone());
    let tests: [&dyn Fn(&str) -> bool; 3] =
        [&|key| has_bare(key, &|own| own == bare), &|key| has_bare(key, &|own| own.starts_with(&bare)), &|_| true];
    for test in tests {
        match fitting(&candidates, test)[..] {
            [] => {}
            [only] => return Ok(Named::Parties(vec![only.id.clone()])),
            ref several => {
                return Ok(Named::Several(several.iter().take(TOLD).map(|party| party.shown.clone()).collect()));
            }
        }
    }
    Ok(Named::Nobody)
}

/// Names that are looked up for one written name, at most.
const WRITTEN_MOST: usize = 120;
/// Legal forms of which one may stand, with the name of the body, before the name of what it keeps: 学校法人山形学院 山形工科大学.
const BODIES: [&str; 8] = [
    "学校法人",
    "国立大学法人",
    "公立大学法人",
    "国立研究開発法人",
    "地方独立行政法人",
    "独立行政法人",
    "一般財団法人",
    "公益財団法人",
];
/// What such a body keeps ends so; of other names nobody looks at every party.
const KEPT: [&str; 9] = ["大学", "大学院", "高専", "専門学校", "学校", "研究所", "センター", "病院", "試験場"];

/// The parties that bear exactly this name (or reading), with or without a legal form, among those that the reader may see,
/// with the name each is shown by. By the indexes only, but for names in Latin letters.
pub fn called(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Vec<(String, String)>> {
    let keys = ways_to_write(name);
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let kinds: Vec<&str> = Kind::ALL.iter().filter(|kind| kind.is_party()).map(|kind| kind.code()).collect();
    let parties = || visible(scope).filter(things::kind.eq_any(kinds.clone()));
    let by_index = things::name_key.eq_any(keys.clone()).or(things::sort_key.eq_any(keys.clone()));
    let columns = (things::id, things::title_ja, things::title_en);
    type Row = (String, Option<String>, Option<String>);
    let mut rows: Vec<Row> = parties().filter(by_index).limit(MOST).select(columns).load(conn)?;
    if rows.is_empty() && name.is_ascii() {
        let english = lower(things::title_en).assume_not_null().eq_any(keys);
        let named = things::title_en.is_not_null().and(english);
        rows = parties().filter(named).limit(MOST).select(columns).load(conn)?;
    }
    let folded = name_key(name);
    if rows.is_empty() && KEPT.iter().any(|end| folded.ends_with(&fold(end))) {
        let kept = format!("% {}", escaped(&folded));
        rows = parties().filter(things::name_key.like(kept).escape('\\')).limit(MOST).select(columns).load(conn)?;
        let of_a_body = |title: &Option<String>| {
            title.as_deref().is_some_and(|title| BODIES.iter().any(|body| fold(title).starts_with(&fold(body))))
        };
        rows.retain(|(_, ja, _)| of_a_body(ja));
    }
    rows.sort();
    Ok(rows.into_iter().map(|(id, ja, en)| (id, ja.or(en).unwrap_or_default())).collect())
}

/// The folded names that a written one may stand for: without its legal form, with one, and a Japanese name of a person
/// with the blank between its two parts.
fn ways_to_write(name: &str) -> Vec<String> {
    let written = fold(name);
    let japanese: Vec<String> = LEGAL_FORMS.iter().map(|form| fold(form)).collect();
    let mut bare = written.as_str();
    for form in &japanese {
        bare = bare.strip_prefix(form.as_str()).or_else(|| bare.strip_suffix(form.as_str())).unwrap_or(bare).trim();
    }
    // The last full stop of a form is often that of the sentence.
    let form = LATIN_LEGAL_FORMS.iter().find_map(|form| {
        let rest = bare.trim_end_matches('.').strip_suffix(form.trim_end_matches('.'))?;
        rest.ends_with([' ', ',']).then(|| rest.trim_end_matches([' ', ',']))
    });
    bare = form.unwrap_or(bare);
    if bare.chars().filter(|one| one.is_alphanumeric()).count() < 2 {
        return Vec::new();
    }
    let mut ways = vec![written.clone(), bare.to_owned()];
    match bare.is_ascii() {
        true => {
            ways.extend(LATIN_LEGAL_FORMS.iter().flat_map(|form| [format!("{bare} {form}"), format!("{bare}, {form}")]))
        }
        false => ways.extend(japanese.iter().flat_map(|form| [format!("{form}{bare}"), format!("{bare}{form}")])),
    }
    let length = bare.chars().count();
    if !bare.is_ascii() && length <= 8 && !bare.contains(char::is_whitespace) {
        let parts = bare.char_indices().skip(1).map(|(at, _)| format!("{} {}", &bare[..at], &bare[at..]));
        ways.extend(parts);
    }
    ways.truncate(WRITTEN_MOST);
    ways.iter().map(|way| name_key(way)).collect()
}

fn has_bare(name: &str, test: &dyn Fn(&str) -> bool) -> bool {
    bare_name(name).is_some_and(|bare| test(&bare))
}

fn fitting(candidates: &[Candidate], test: impl Fn(&str) -> bool) -> Vec<&Candidate> {
    candidates.iter().filter(|party| party.keys.iter().any(|key| test(key))).collect()
}

/// Parties with this name or, where there are none, those with it as a part of theirs (with or without the legal form).
fn candidates(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Vec<Candidate>> {
    let wanted = key(name);
    let parties = || {
        let kinds: Vec<&str> = Kind::ALL.iter().filter(|kind| kind.is_party()).map(|kind| kind.code()).collect();
        visible(scope).filter(things::kind.eq_any(kinds))
    };
    let packed = || replace(things::name_key, " ", "");
    let reading = || replace(things::sort_key, " ", "");
    let english = || lower(things::title_en);
    let columns = (things::id, things::title_ja, things::title_en, things::sort_key);
    type Row = (String, Option<String>, Option<String>, String);
    // As it stands, by the indexes of names and readings; then without its blanks, which looks at every party.
    let folded = name_key(name);
    let mut rows: Vec<Row> = parties()
        .filter(things::name_key.eq(folded.clone()).or(things::sort_key.eq(folded)))
        .limit(MOST)
        .select(columns)
        .load(conn)?;
    if rows.is_empty() {
        rows = parties()
            .filter(packed().eq(wanted.to_owned()).or(reading().eq(wanted.to_owned())))
            .limit(MOST)
            .select(columns)
            .load(conn)?;
    }
    rows.sort_by(|left, right| left.0.cmp(&right.0));
    if rows.is_empty() {
        let part = pattern(&bare_name(name).unwrap_or(wanted));
        // English names keep their blanks.
        let spaced = pattern(&fold(name));
        rows = parties()
            .filter(
                packed()
                    .like(part.clone())
                    .escape('\\')
                    .or(reading().like(part).escape('\\'))
                    .or(english().is_not_null().and(english().assume_not_null().like(spaced).escape('\\'))),
            )
            .order((things::sort_key, things::id))
            .limit(MOST)
            .select(columns)
            .load(conn)?;
    }
    Ok(rows
        .into_iter()
        .map(|(id, ja, en, reading)| Candidate {
            id,
            shown: ja.clone().or_else(|| en.clone()).unwrap_or_default(),
            keys: [ja, en, Some(reading)].into_iter().flatten().map(|name| key(&name)).collect(),
        })
        .collect())
}

/// What holds the text, for SQL.
fn pattern(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// The text as a part of a pattern.
fn escaped(text: &str) -> String {
    let mut pattern = String::new();
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// Folded, without white space.
fn key(name: &str) -> String {
    fold(name).split_whitespace().collect()
}
