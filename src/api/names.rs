//! The names of what things are filed under (places, fields, industries, kinds …), held in memory: every search asks for
//! them, and they change when somebody takes in a table of places.
//!
//! A copy holds as long as `vocabulary_head` says the same number. On SQLite only this process writes, so the number is
//! asked for only after a commit of its own.

use super::vocabularies;
use crate::domain::finding::Message;
use crate::domain::regions;
use crate::error::Result;
use crate::store::vocabulary::{self, Field, Municipality};
use crate::store::{Conn, Database, Target};
use musubi_index::{Attribute, fold};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One state of the names.
#[derive(Debug, Default)]
pub struct Names {
    labels: HashMap<Attribute, HashMap<String, Message>>,
    /// For a field or a division of industry, the next wider one. Their codes differ.
    wider: HashMap<String, String>,
    /// By code.
    places: Vec<Municipality>,
    /// Where among the places those with a name stand: Japanese, in katakana, or English, folded.
    called: HashMap<String, Vec<usize>>,
}

impl Names {
    fn read(conn: &mut Conn) -> Result<Self> {
        let mut names = Names { places: vocabulary::all_municipalities(conn)?, ..Names::default() };
        for attribute in Attribute::ALL {
            names.labels.insert(attribute, vocabularies::fixed_labels(attribute));
        }
        for (at, place) in names.places.iter().enumerate() {
            for name in [place.name_ja.clone(), place.name_kana.clone(), fold(&place.name_en)] {
                names.called.entry(name).or_default().push(at);
            }
        }
        for Field { code, parent, name_ja, name_en } in vocabulary::all_fields(conn)? {
            names.wider.extend(parent.map(|parent| (code.clone(), parent)));
            names.labels.entry(Attribute::Field).or_default().insert(code, Message::new(name_ja, name_en));
        }
        for class in vocabulary::all_industries(conn)? {
            names.wider.extend(class.parent.map(|section| (class.code.clone(), section)));
            let label = Message::new(class.name_ja, class.name_en);
            names.labels.entry(Attribute::Industry).or_default().insert(class.code, label);
        }
        let label = |place: &Municipality| Message::new(&place.name_ja, &place.name_en);
        let prefectures = names.places.iter().filter(|place| place.prefecture.is_none());
        let prefectures: HashMap<String, Message> =
            prefectures.filter_map(|place| Some((place.code.get(..2)?.to_owned(), label(place)))).collect();
        let parts = regions::all().into_iter();
        let parts = parts.map(|part| (part.code.to_owned(), Message::new(part.name_ja, part.name_en)));
        names.labels.insert(Attribute::Region, prefectures.clone().into_iter().chain(parts).collect());
        names.labels.insert(Attribute::Prefecture, prefectures);
        let places = names.places.iter().map(|place| (place.code.clone(), label(place))).collect();
        names.labels.insert(Attribute::Municipality, places);
        Ok(names)
    }

    /// The names of the values of an attribute, by their codes. Certificates are open: none.
    pub(super) fn labels(&self, attribute: Attribute) -> &HashMap<String, Message> {
        &self.labels[&attribute]
    }

    /// What a value is called. A class of industry below the divisions is called like its division.
    pub(super) fn label(&self, attribute: Attribute, value: &str) -> Option<Message> {
        let labels = self.labels(attribute);
        if let Some(label) = labels.get(value) {
            return Some(label.clone());
        }
        let division = value.get(..2).filter(|_| attribute == Attribute::Industry).and_then(|code| labels.get(code))?;
        Some(Message::new(format!("{}（{value}）", division.ja), format!("{} ({value})", division.en)))
    }

    /// How a value is read, in katakana: of places.
    pub(super) fn reading(&self, attribute: Attribute, value: &str) -> Option<&str> {
        if attribute != Attribute::Municipality {
            return None;
        }
        let at = self.places.binary_search_by(|place| place.code.as_str().cmp(value)).ok()?;
        Some(&self.places[at].name_kana)
    }

    /// The value above it: of a field, or of a class of industry.
    pub(super) fn wider(&self, attribute: Attribute, value: &str) -> Option<String> {
        match attribute {
            Attribute::Industry if value.len() > 2 => value.get(..value.len() - 1).map(str::to_owned),
            Attribute::Industry | Attribute::Field => self.wider.get(value).cloned(),
            _ => None,
        }
    }

    /// The places with one of these names (Japanese, in katakana, or English, folded), by code.
    pub(super) fn places_called<'a>(&self, names: impl Iterator<Item = &'a String>) -> Vec<&Municipality> {
        let mut found: Vec<usize> = names.filter_map(|name| self.called.get(name)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|at| &self.places[at]).collect()
    }
}

#[derive(Debug)]
struct Copy {
    names: Arc<Names>,
    generation: i64,
    /// At how many commits it was the one to read; none: it is asked.
    commits: Option<u64>,
}

/// Keeps the last state of the names that was read.
#[derive(Debug)]
pub struct NamesMemory {
    database: Database,
    copy: Mutex<Option<Copy>>,
}

impl NamesMemory {
    pub fn new(database: Database) -> Self {
        Self { database, copy: Mutex::default() }
    }

    /// The names as they are now. Not for callers who hold a connection: see [`NamesMemory::within`].
    pub fn now(&self) -> Result<Arc<Names>> {
        // Before the reading: what is committed from now on makes the copy old.
        let commits = self.database.commits();
        let alone = matches!(self.database.target(), Target::Sqlite(_));
        if let Some(copy) = self.lock().as_ref().filter(|copy| alone && copy.commits == Some(commits)) {
            return Ok(Arc::clone(&copy.names));
        }
        let generation = self.database.glance(vocabulary::generation)?;
        if let Some(copy) = self.lock().as_mut().filter(|copy| copy.generation == generation) {
            copy.commits = Some(commits);
            return Ok(Arc::clone(&copy.names));
        }
        let (names, generation) =
            self.database.read(|conn| Ok((Arc::new(Names::read(conn)?), vocabulary::generation(conn)?)))?;
        *self.lock() = Some(Copy { names: Arc::clone(&names), generation, commits: Some(commits) });
        Ok(names)
    }

    /// The names as a transaction sees them, which may be older than now.
    pub fn within(&self, conn: &mut Conn) -> Result<Arc<Names>> {
        let generation = vocabulary::generation(conn)?;
        let mut copy = self.lock();
        if let Some(copy) = copy.as_ref().filter(|copy| copy.generation == generation) {
            return Ok(Arc::clone(&copy.names));
        }
        let names = Arc::new(Names::read(conn)?);
        if copy.as_ref().is_none_or(|copy| copy.generation < generation) {
            *copy = Some(Copy { names: Arc::clone(&names), generation, commits: None });
        }
        Ok(names)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Copy>> {
        self.copy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
