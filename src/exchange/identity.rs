//! Which thing a row speaks of, and which things it refers to.
//!
//! First the file's own id under `--source`, then an id of ours, then the numbers of the kind. A row without any of
//! them is recognised by what people would recognise it by: see [`titled_alike`].

use super::rows::{Draft, Refusal};
use crate::domain::codes::{CorporateNumber, EradNumber, InvoiceNumber, Orcid, ResearchmapId, Ror};
use crate::domain::date::PartialDate;
use crate::domain::finding::Defect;
use crate::domain::text::fold;
use crate::domain::{Kind, Scope, ThingId};
use crate::error::Result;
use crate::store::things::{self, Stored};
use crate::store::{Conn, duplicates, merges, references};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// What is known of the thing a row speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    New,
    Known(ThingId),
    /// More than one fits, or two numbers name two things.
    Unclear(Defect),
}

/// More things of one title than this are not told apart.
const ALIKE_LIMIT: usize = 200;
/// How many resolved references are remembered.
const MEMORY_LIMIT: usize = 200_000;

/// Resolves references, and remembers those it found.
#[derive(Debug, Default)]
pub struct Resolver {
    source: Option<String>,
    known: HashMap<String, ThingId>,
    /// In a trial: names of things that earlier rows of the file will have made.
    promised: HashSet<String>,
}

impl Resolver {
    pub fn new(source: Option<String>) -> Self {
        Self { source, known: HashMap::new(), promised: HashSet::new() }
    }

    /// Forgets what was looked up.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// A thing of this name will be there when the file is committed.
    pub fn promise(&mut self, name: String) {
        self.promised.insert(name);
    }

    /// The scheme under which the file's own ids are remembered.
    pub fn scheme(&self) -> Option<String> {
        self.source.as_deref().map(references::source_scheme)
    }

    /// Fills the places of a draft that refer to other things; gives a refusal for each that nothing was found for.
    pub fn resolve(&mut self, conn: &mut Conn, scope: &Scope, draft: &mut Draft) -> Result<Vec<Refusal>> {
        let mut missing = Vec::new();
        for slot in &draft.slots {
            match self.find(conn, &slot.text)? {
                Some(id) => {
                    if let Some(place) = draft.patch.pointer_mut(&slot.pointer) {
                        *place = Value::String(id.into());
                    }
                }
                // It cannot be named yet; whether it may stand here is known when it is there.
                None if self.promised.contains(slot.text.trim()) => {}
                None => match called(conn, scope, &slot.text)?.as_slice() {
                    [id] => {
                        if let Some(place) = draft.patch.pointer_mut(&slot.pointer) {
                            *place = Value::String(id.to_string());
                        }
                    }
                    [] => missing.push(draft.refuse_slot(slot, self.not_found(&slot.text))),
                    several => missing.push(draft.refuse_slot(slot, ambiguous_name(&slot.text, several.len()))),
                },
            }
        }
        Ok(missing)
    }

    fn find(&mut self, conn: &mut Conn, text: &str) -> Result<Option<ThingId>> {
        if let Some(id) = self.known.get(text) {
            return Ok(Some(id.clone()));
        }
        let found = self.look_up(conn, text)?;
        if let Some(id) = &found {
            if self.known.len() >= MEMORY_LIMIT {
                self.known.clear();
            }
            self.known.insert(text.to_owned(), id.clone());
        }
        Ok(found)
    }

    fn look_up(&self, conn: &mut Conn, text: &str) -> Result<Option<ThingId>> {
        if let Some(scheme) = self.scheme()
            && let Some(id) = references::find_party(conn, &scheme, text)?
        {
            return Ok(Some(id));
        }
        if let Ok(id) = ThingId::parse(text)
            && things::kind_of(conn, &id)?.is_some()
        {
            return Ok(Some(id));
        }
        if let Some(rest) = text.strip_prefix("source:")
            && let Some((source, value)) = rest.split_once(':')
        {
            return references::find_party(conn, &references::source_scheme(source), value);
        }
        let named = text.split_once(':').and_then(|(scheme, value)| number(scheme.trim(), value));
        // Bare numbers with a check digit cannot be mistaken for anything else.
        let bare = || number("corporate_number", text).or_else(|| number("orcid", text));
        let invoice = || number("invoice_number", text);
        match named.or_else(bare).or_else(invoice) {
            Some((scheme, value)) => references::find_party(conn, scheme, &value),
            None => Ok(None),
        }
    }

    fn not_found(&self, text: &str) -> Defect {
        let shown: String = text.chars().take(60).collect();
        let (ja, en) = match self.source {
            Some(_) => ("同じ source で先に取り込むか、", "Import it first with the same source, or "),
            None => ("先に登録するか、", "Register it first, or "),
        };
        Defect::new(
            "reference.unknown",
            format!("「{shown}」は登録されていません。{ja}登録されているとおりの名称か法人番号で書いてください。"),
            format!("\"{shown}\" is not registered. {en}write its name as it is registered, or its corporate number."),
        )
    }
}

/// What is called so; where nothing is, what is called as the text begins: 架空大学 of 架空大学 工学部 and of 架空大学工学部.
fn called(conn: &mut Conn, scope: &Scope, text: &str) -> Result<Vec<ThingId>> {
    const ENDS: [&str; 3] = ["大学", "高等専門学校", "高専"];
    let found = duplicates::named(conn, scope, text)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let first_word = text.trim().split(char::is_whitespace).next().unwrap_or("");
    let school = ENDS.iter().find_map(|end| Some(&text[..text.find(end)? + end.len()]));
    for start in [Some(first_word).filter(|word| word.chars().count() > 3), school].into_iter().flatten() {
        if start.len() < text.len() && !start.is_ascii() {
            let found = duplicates::named_organizations(conn, scope, start)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
    }
    Ok(Vec::new())
}

fn ambiguous_name(text: &str, count: usize) -> Defect {
    let shown: String = text.chars().take(60).collect();
    Defect::new(
        "reference.ambiguous",
        format!("「{shown}」という名称は{count}件あり、どれか決められません。法人番号（人は ORCID）で書いてください。"),
        format!("There are {count} called \"{shown}\". Write the corporate number (of a person the ORCID) instead."),
    )
}

/// A number in its canonical form, under the scheme of that name.
pub(super) fn number(scheme: &str, value: &str) -> Option<(&'static str, String)> {
    match scheme {
        "corporate_number" => CorporateNumber::parse(value).ok().map(|number| ("corporate_number", number.into())),
        "invoice_number" => InvoiceNumber::parse(value).ok().map(|number| ("invoice_number", number.into())),
        "ror" => Ror::parse(value).ok().map(|ror| ("ror", ror.into())),
        "orcid" => Orcid::parse(value).ok().map(|orcid| ("orcid", orcid.into())),
        "researchmap" => ResearchmapId::parse(value).ok().map(|id| ("researchmap", id.into())),
        "erad" => EradNumber::parse(value).ok().map(|number| ("erad", number.into())),
        _ => None,
    }
}

/// The fields of a kind that are numbers by which others know it.
pub(super) fn number_fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Organization => &["corporate_number", "invoice_number", "ror"],
        Kind::Person => &["orcid", "researchmap", "erad"],
        Kind::Capability | Kind::Seed | Kind::Need | Kind::Record | Kind::Exhibition => &[],
    }
}

/// The invoice number of a corporation is T and its 法人番号: either leads to what is known by the other alone.
fn twin(scheme: &str, value: &str) -> Option<(&'static str, String)> {
    match scheme {
        "invoice_number" => number("corporate_number", value.strip_prefix('T')?),
        "corporate_number" => number("invoice_number", &format!("T{value}")),
        _ => None,
    }
}

/// The numbers of a row in their canonical form, however it spells them. An invoice number is that of a corporation, too.
pub(super) fn numbers(kind: Kind, draft: &Draft) -> Vec<(&'static str, String)> {
    let mut numbers = Vec::new();
    for field in number_fields(kind) {
        let Some((scheme, value)) =
            draft.patch.get(*field).and_then(Value::as_str).and_then(|text| number(field, text))
        else {
            continue;
        };
        let twin = twin(scheme, &value).filter(|_| scheme == "invoice_number");
        numbers.push((scheme, value));
        numbers.extend(twin);
    }
    numbers
}

/// The fields that hold a kind's name or title.
fn title_fields(kind: Kind) -> [&'static str; 2] {
    match kind {
        Kind::Organization | Kind::Person | Kind::Capability => ["name_ja", "name_en"],
        Kind::Seed | Kind::Need | Kind::Record | Kind::Exhibition => ["title_ja", "title_en"],
    }
}

/// Everything a row can be recognised by, as text: rows of one batch that share none cannot be the same thing.
pub fn keys(kind: Kind, draft: &Draft) -> Vec<String> {
    let id = draft.id.iter().map(|id| format!("id {id}"));
    let numbers = numbers(kind, draft).into_iter().map(|(scheme, value)| format!("number {scheme} {value}"));
    let titles = title_fields(kind).into_iter().filter_map(|field| draft.patch.get(field)?.as_str());
    id.chain(numbers).chain(titles.map(|title| format!("title {}", fold(title)))).collect()
}

/// Which thing a draft speaks of. Its references are resolved already.
pub fn identify<E: Stored>(conn: &mut Conn, scope: &Scope, draft: &Draft, scheme: Option<&str>) -> Result<Identity> {
    let kind = E::KIND;
    let mut found: Vec<(String, ThingId)> = Vec::new();
    if let (Some(id), Some(scheme)) = (&draft.id, scheme)
        && let Some(thing) = references::find(conn, kind, scheme, id)?
    {
        found.push((format!("{scheme} {id}"), thing));
    }
    if let (Some(id), true) = (&draft.id, found.is_empty())
        && let Ok(id) = ThingId::parse(id)
    {
        // What the importer may not see is like what is not there.
        if things::kind_of(conn, &id)? == Some(kind) && things::is_visible(conn, scope, &id)? {
            found.push((format!("id {id}"), id));
        } else if kind == Kind::Organization
            && let Some(into) = merges::successor(conn, scope, &id)?
        {
            return Ok(Identity::Unclear(merged(&id, &into)));
        }
    }
    let mut has_number = false;
    for field in number_fields(kind) {
        let Some((scheme, value)) =
            draft.patch.get(*field).and_then(Value::as_str).and_then(|text| number(field, text))
        else {
            continue;
        };
        has_number = true;
        if let Some(thing) = references::find(conn, kind, scheme, &value)? {
            found.push((format!("{scheme} {value}"), thing));
        } else if let Some((scheme, value)) = twin(scheme, &value)
            && let Some(thing) = references::find(conn, kind, scheme, &value)?
        {
            found.push((format!("{scheme} {value}"), thing));
        }
    }
    if let Some((first, thing)) = found.first() {
        return Ok(match found.iter().find(|(_, other)| other != thing) {
            None => Identity::Known(thing.clone()),
            Some((second, _)) => Identity::Unclear(Defect::new(
                "identity.conflict",
                format!("{first} と {second} は別々に登録されています。どちらの行か確かめてください。"),
                format!("{first} and {second} are two different registered things. Which one does the row mean?"),
            )),
        });
    }
    let named_at_source = draft.id.is_some() && scheme.is_some();
    if has_number || named_at_source {
        return Ok(Identity::New);
    }
    titled_alike::<E>(conn, scope, draft)
}

/// A file from before the merge: to write its name and text over those of the other one would be as wrong as to bring it
/// back.
fn merged(id: &ThingId, into: &ThingId) -> Defect {
    Defect::new(
        "identity.merged",
        format!("id {id} は {into} に統合されました。この行を {into} の内容に直すか、行を除いてください。"),
        format!("id {id} became part of {into}. Make the row speak of {into}, or leave it out."),
    )
}

/// A row without any number: organisations are the same with the same name and municipality, people with the same
/// name and an affiliation in common, capabilities, seeds and needs with the same owner and title, records with the
/// same title, date and members, exhibitions with the same title and first day.
fn titled_alike<E: Stored>(conn: &mut Conn, scope: &Scope, draft: &Draft) -> Result<Identity> {
    let kind = E::KIND;
    let written: Vec<&str> =
        title_fields(kind).into_iter().filter_map(|field| draft.patch.get(field)?.as_str()).collect();
    if written.is_empty() {
        return Ok(Identity::New);
    }
    let titles: Vec<String> = written.iter().map(|title| fold(title)).collect();
    let owner = match kind {
        Kind::Capability | Kind::Seed | Kind::Need => match draft.patch.get("owner").and_then(Value::as_str) {
            Some(owner) => Some(owner),
            None => return Ok(Identity::New),
        },
        Kind::Organization | Kind::Person | Kind::Record | Kind::Exhibition => None,
    };
    let keys: Vec<String> = written.iter().map(|title| things::name_key(title)).collect();
    let ids = things::titled_alike(conn, kind, &keys, owner, ALIKE_LIMIT)?;
    if ids.is_empty() {
        return Ok(Identity::New);
    }
    let mut candidates = Vec::with_capacity(ids.len());
    for thing in things::get_many::<E>(conn, scope, &ids)? {
        let title = thing.entry.title();
        let same_title = [title.ja, title.en].into_iter().flatten().any(|title| titles.contains(&fold(&title)));
        if same_title {
            let fields = serde_json::to_value(&thing.entry).map_err(crate::error::Error::internal)?;
            candidates.push((thing.header.id, fields));
        }
    }
    let place = |fields: &Value| fields.get("municipality").and_then(Value::as_str).map(str::to_owned);
    if kind == Kind::Organization && place(&draft.patch).is_none() {
        // The file does not say where: one without a place is meant before one with.
        if candidates.iter().any(|(_, fields)| place(fields).is_none()) {
            candidates.retain(|(_, fields)| place(fields).is_none());
        }
    } else {
        candidates.retain(|(_, fields)| alike(kind, fields, &draft.patch));
    }
    Ok(match candidates.as_slice() {
        [] => Identity::New,
        [(id, _)] => Identity::Known(id.clone()),
        [(first, _), (second, _), ..] => Identity::Unclear(Defect::new(
            "identity.ambiguous",
            format!(
                "同じ名称のものが{}件登録されています（{first}、{second} など）。番号の列か --source を加えて、どれか分かるようにしてください。",
                candidates.len()
            ),
            format!(
                "{} registered things have this name ({first}, {second} …). Add a column with a number, or --source, to tell them apart.",
                candidates.len()
            ),
        )),
    })
}

/// The title of a draft: the Japanese one, else the English one.
pub fn title_of(kind: Kind, draft: &Draft) -> Option<&str> {
    title_fields(kind).into_iter().find_map(|field| draft.patch.get(field)?.as_str())
}

/// Of the things of one owner and one title, the one that is `place`-th by age.
pub fn nth_of_title<E: Stored>(
    conn: &mut Conn,
    scope: &Scope,
    title: &str,
    owner: &ThingId,
    place: usize,
) -> Result<Identity> {
    let keys = [things::name_key(title)];
    let ids = things::titled_alike(conn, E::KIND, &keys, Some(owner.as_str()), ALIKE_LIMIT)?;
    let mut same: Vec<ThingId> = things::get_many::<E>(conn, scope, &ids)?
        .into_iter()
        .filter(|thing| fold(thing.entry.title().any()) == fold(title))
        .map(|thing| thing.header.id)
        .collect();
    same.sort();
    Ok(same.into_iter().nth(place).map_or(Identity::New, Identity::Known))
}

/// Whether a thing of the same title is the one that the row means.
fn alike(kind: Kind, thing: &Value, row: &Value) -> bool {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    match kind {
        Kind::Organization => text(thing, "municipality") == text(row, "municipality"),
        Kind::Person => {
            let (ours, theirs) = (texts(thing, "affiliations"), texts(row, "affiliations"));
            ours.is_empty() && theirs.is_empty() || ours.iter().any(|party| theirs.contains(party))
        }
        Kind::Capability | Kind::Seed | Kind::Need => text(thing, "owner") == text(row, "owner"),
        Kind::Record => {
            let date = |value: &Value| text(value, "happened_on").and_then(|date| PartialDate::parse(&date).ok());
            date(thing) == date(row) && parties(thing) == parties(row)
        }
        Kind::Exhibition => {
            let begins = |value: &Value| text(value, "begins_on").and_then(|day| PartialDate::parse(&day).ok());
            begins(thing) == begins(row)
        }
    }
}

fn texts(value: &Value, field: &str) -> Vec<String> {
    let list = value.get(field).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn parties(record: &Value) -> Vec<String> {
    let members = record.get("members").and_then(Value::as_array);
    let mut parties: Vec<String> =
        members.into_iter().flatten().filter_map(|member| member.get("party")?.as_str()).map(str::to_owned).collect();
    parties.sort();
    parties
}
