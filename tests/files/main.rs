//! Files in and out: every format there and back, books as people make them, and files made to do harm.

#[path = "../support/mod.rs"]
mod support;

mod books;
mod hostile;
mod mappings;
mod offices;
mod round_trip;
mod said_of_rows;

use musubi::domain::{Actor, Kind, Scope};
use musubi::exchange::export::{Exported, Format, PartsPlace, Which, export_some};
use musubi::exchange::file::{self, FileFormat, Reading};
use musubi::exchange::{Counts, ImportOptions, ImportReport, Listener, Notes, Outcome, Refusal, import};
use musubi::store::Database;
use std::path::{Path, PathBuf};

/// A database and a folder for files.
pub struct Place {
    pub world: support::World,
    pub database: Database,
}

/// What an import did.
pub struct Taken {
    pub report: ImportReport,
    pub refusals: Vec<Refusal>,
}

impl Taken {
    /// created, updated, unchanged, refused
    pub fn counts(&self) -> (u64, u64, u64, u64) {
        let Counts { created, updated, unchanged, refused } = self.report.rows;
        (created, updated, unchanged, refused)
    }

    pub fn codes(&self) -> Vec<&str> {
        self.refusals.iter().map(|refusal| refusal.code.as_str()).collect()
    }

    pub fn notes(&self) -> Vec<&str> {
        self.report.notes.iter().map(|note| note.code.as_str()).collect()
    }
}

#[derive(Default)]
struct Heard(Vec<Refusal>);

impl Listener for Heard {
    fn row(&mut self, _line: u64, outcome: &Outcome) -> std::io::Result<()> {
        if let Outcome::Refused { refusals } = outcome {
            self.0.extend(refusals.iter().cloned());
        }
        Ok(())
    }
    fn progress(&mut self, _bytes: u64, _counts: &Counts) {}
}

impl Place {
    pub fn fresh() -> Self {
        let world = support::World::new();
        let database = world.database();
        Self { world, database }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.world.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a written file");
        path
    }

    /// Takes a file in; the error is the code of what refused it as a whole.
    pub fn try_take(&self, kind: Kind, path: &Path, reading: &Reading, source: Option<&str>) -> Result<Taken, String> {
        let format = FileFormat::of_name(path).expect("a known format");
        let mut notes = Notes::default();
        let mut opened =
            file::open(kind, path, format, reading, &mut notes).map_err(|error| error.problem().to_owned())?;
        let options = ImportOptions { source: source.map(str::to_owned), ..ImportOptions::default() };
        let mut heard = Heard::default();
        let report = import(&self.database, &Actor::Operator, kind, opened.rows.as_mut(), notes, &options, &mut heard)
            .map_err(|error| error.problem().to_owned())?;
        Ok(Taken { report, refusals: heard.0 })
    }

    pub fn take(&self, kind: Kind, path: &Path, source: Option<&str>) -> Taken {
        self.try_take(kind, path, &Reading::default(), source)
            .unwrap_or_else(|code| panic!("{}: {code}", path.display()))
    }

    pub fn put_out(&self, kind: Kind, format: Format, parts: PartsPlace, name: &str) -> (PathBuf, Exported) {
        let path = self.path(name);
        let mut output = std::io::BufWriter::new(std::fs::File::create(&path).expect("a file"));
        let exported = export_some(&self.database, &Scope::Everything, kind, format, &Which::All, parts, &mut output)
            .expect("an export");
        std::io::Write::flush(&mut output).expect("a written file");
        (path, exported)
    }

    pub fn things(&self, kind: Kind) -> Vec<serde_json::Value> {
        let (path, _) = self.put_out(kind, Format::JsonLines, PartsPlace::Within, "things.jsonl");
        let text = std::fs::read_to_string(path).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}
