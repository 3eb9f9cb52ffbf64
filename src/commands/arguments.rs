//! What can be typed after `musubi`.

use crate::config::{Flags, settings};
use crate::domain::Kind;
use crate::exchange::encoding::Encoding;
use crate::exchange::export::Format;
use crate::exchange::file::FileFormat;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Matchmaking for a regional industry cluster (地域産業クラスターのマッチング).
#[derive(Debug, Parser)]
#[command(name = "musubi", version, about, arg_required_else_help = true)]
pub struct Arguments {
    /// Data folder [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Settings file (TOML); `musubi serve --help` lists every setting
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Database: postgres://… or sqlite:FILE [default: DATA/musubi.db]
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Print results as JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
    /// Language of messages: ja or en [default: from the locale]
    #[arg(long, global = true, value_name = "LANG")]
    pub lang: Option<String>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service (--help lists all settings)
    #[command(after_long_help = settings::help())]
    Serve(ServeArguments),
    /// Take in a CSV, TSV, XLSX or JSON Lines file
    #[command(after_long_help = IMPORT_HELP)]
    Import(ImportArguments),
    /// Write out everything of one kind, or an archive of everything with its history
    Export(ExportArguments),
    /// Put an archive into an empty database: with ids, versions, times and history
    Restore(FileArgument),
    /// Copy the SQLite database to a file while the service runs
    Backup(FileArgument),
    /// Rank the queries of a judged folder and write the run
    Evaluate(EvaluateArguments),
    /// Propose new weights from judged folders or from decisions made here; changes nothing
    Fit(FitArguments),
    /// Write generated organisations with capabilities, for measuring
    BenchCorpus(BenchCorpusArguments),
    /// Measure search, match or indexing
    Bench(BenchArguments),
    /// Build the search index again from the database
    Reindex,
    /// Bring the database up to date
    Migrate,
    /// Check the database against itself, and the index against the database
    Check,
    /// Invite the first administrator: prints a code to set a password with
    CreateAdmin(CreateAdminArguments),
    /// Print the version
    Version,
}

#[derive(Debug, Clone, Args)]
pub struct ServeArguments {
    /// Address and port [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Serve fictional demo data, in its own folder (./data-demo)
    #[arg(long)]
    pub demo: bool,
}

#[derive(Debug, Clone, Args)]
pub struct CreateAdminArguments {
    /// Whose account it becomes
    #[arg(long, value_name = "ADDRESS")]
    pub email: String,
}

#[derive(Debug, Clone, Args)]
pub struct ImportArguments {
    /// What the rows are
    pub kind: KindArgument,
    /// The file: .csv, .tsv, .xlsx, .jsonl
    pub file: PathBuf,
    /// Its form [default: that of its name]
    #[arg(long, value_enum)]
    pub format: Option<ImportFormat>,
    /// Name of the system the file comes from: its own ids are remembered under this name
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Say what would happen, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Encoding of a CSV file, against the guess
    #[arg(long, value_enum)]
    pub encoding: Option<EncodingArgument>,
    /// What headings mean: a ready-made mapping (corporate-numbers, gbizinfo, researchmap, kaken) or one of your own
    #[arg(long, value_name = "NAME")]
    pub mapping: Option<String>,
    /// A heading and the field it means (empty: left out); remembered under the name of --mapping
    #[arg(long, value_name = "HEADING=FIELD")]
    pub map: Vec<String>,
    /// CSV file with the lines of the needs, or the members of the records
    #[arg(long, value_name = "FILE.csv")]
    pub parts: Option<PathBuf>,
    /// Write a line for every row here: created, updated, unchanged, or refused and why
    #[arg(long, value_name = "FILE.csv")]
    pub report: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct ExportArguments {
    /// What to write out
    pub what: ExportSubject,
    /// The form [default: that of the file's name, else jsonl]
    #[arg(long, value_enum)]
    pub format: Option<ExportFormat>,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct FileArgument {
    pub file: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct EvaluateArguments {
    /// A judged folder: organizations.jsonl, records.jsonl, queries.jsonl
    pub folder: PathBuf,
    /// Where the ranking goes
    #[arg(long, value_name = "OUT.tsv")]
    pub run: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct FitArguments {
    /// Judged folders, as for `evaluate`; each counts alike
    #[arg(required_unless_present = "decisions")]
    pub folders: Vec<PathBuf>,
    /// First write the decisions made in this system to a folder like them, and fit to it, too (what is public of them:
    /// introductions with a yes or a no, what was shortlisted or dismissed)
    #[arg(long, value_name = "FOLDER")]
    pub decisions: Option<PathBuf>,
    /// Passes over the weights at most
    #[arg(long, default_value_t = 2)]
    pub rounds: usize,
    /// Only these weights, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub weights: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub struct BenchCorpusArguments {
    /// How many documents
    pub count: u64,
    /// The same seed gives the same documents
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[arg(long, value_name = "FILE.jsonl")]
    pub out: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct BenchArguments {
    #[arg(value_enum, default_value = "search")]
    pub what: BenchSubject,
    /// How many documents
    #[arg(long, default_value_t = 10_000)]
    pub size: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BenchSubject {
    Search,
    Match,
    Index,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// JSON Lines, one thing a line, field names as in the API
    Jsonl,
    /// CSV in UTF-8 with a byte order mark, as Excel reads it
    Csv,
    /// CSV in CP932, as older programs in Japan read it; reports what it cannot hold
    CsvCp932,
    /// A book: codes as text, headings frozen and with a filter
    Xlsx,
}

impl ExportFormat {
    pub fn format(self) -> Format {
        match self {
            ExportFormat::Jsonl => Format::JsonLines,
            ExportFormat::Csv => Format::Csv,
            ExportFormat::CsvCp932 => Format::CsvCp932,
            ExportFormat::Xlsx => Format::Xlsx,
        }
    }
}

/// The forms that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    Csv,
    Tsv,
    Xlsx,
    Jsonl,
}

impl ImportFormat {
    pub fn format(self) -> FileFormat {
        match self {
            ImportFormat::Csv => FileFormat::Csv,
            ImportFormat::Tsv => FileFormat::Tsv,
            ImportFormat::Xlsx => FileFormat::Xlsx,
            ImportFormat::Jsonl => FileFormat::Jsonl,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EncodingArgument {
    Utf8,
    Cp932,
}

impl EncodingArgument {
    pub fn encoding(self) -> Encoding {
        match self {
            EncodingArgument::Utf8 => Encoding::Utf8,
            EncodingArgument::Cp932 => Encoding::Cp932,
        }
    }
}

/// What can be written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportSubject {
    Organizations,
    People,
    Capabilities,
    Seeds,
    Needs,
    Records,
    Exhibitions,
    /// The table of places: prefectures and municipalities with their codes (csv or jsonl)
    Municipalities,
    /// Everything with ids, versions, times and history, as `restore` reads it (needs --out)
    Archive,
}

impl ExportSubject {
    /// `None`: an archive, or the places.
    pub fn kind(self) -> Option<Kind> {
        match self {
            ExportSubject::Organizations => Some(Kind::Organization),
            ExportSubject::People => Some(Kind::Person),
            ExportSubject::Capabilities => Some(Kind::Capability),
            ExportSubject::Seeds => Some(Kind::Seed),
            ExportSubject::Needs => Some(Kind::Need),
            ExportSubject::Records => Some(Kind::Record),
            ExportSubject::Exhibitions => Some(Kind::Exhibition),
            ExportSubject::Municipalities | ExportSubject::Archive => None,
        }
    }
}

/// The kinds by their plural, as in the API's paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KindArgument {
    Organizations,
    People,
    Capabilities,
    Seeds,
    Needs,
    Records,
    Exhibitions,
    /// The table of places: code, prefecture, name_ja, name_kana, name_en
    Municipalities,
}

impl KindArgument {
    /// `None`: the places.
    pub fn kind(self) -> Option<Kind> {
        match self {
            KindArgument::Organizations => Some(Kind::Organization),
            KindArgument::People => Some(Kind::Person),
            KindArgument::Capabilities => Some(Kind::Capability),
            KindArgument::Seeds => Some(Kind::Seed),
            KindArgument::Needs => Some(Kind::Need),
            KindArgument::Records => Some(Kind::Record),
            KindArgument::Exhibitions => Some(Kind::Exhibition),
            KindArgument::Municipalities => None,
        }
    }
}

impl Arguments {
    /// What the flags say about settings.
    pub fn flags(&self) -> Flags {
        let mut settings = Vec::new();
        if let Some(data) = &self.data {
            settings.push(("data", data.to_string_lossy().into_owned()));
        }
        if let Some(url) = &self.database_url {
            settings.push(("database.url", url.clone()));
        }
        if let Some(lang) = &self.lang {
            settings.push(("lang", lang.clone()));
        }
        let mut default_data = None;
        if let Command::Serve(serve) = &self.command {
            if let Some(listen) = &serve.listen {
                settings.push(("server.listen", listen.clone()));
            }
            default_data = serve.demo.then_some("./data-demo");
        }
        Flags { config: self.config.clone(), settings, default_data, json: self.json }
    }
}

const IMPORT_HELP: &str = "\
Headings may be Japanese or English (法人番号, 商号又は名称, corporate_number, name_ja …) or the API's field names;
unknown columns are reported once and left out. An empty cell leaves what is there; null in JSON Lines clears it.

Which thing a row speaks of: the id under --source, else an id of ours, else 法人番号 / ROR / ORCID / researchmap,
else the same name and municipality (organisations), name and affiliation (people), owner and title (capabilities,
seeds, needs), title, date and members (records), title and first day (exhibitions). Exactly one fits: it is updated. None: it is created. More: the
row is refused as ambiguous. A second import of the same file changes nothing.

References (owner, members, affiliations, contact, successor): an id of ours, corporate_number:…, ror:…, orcid:…,
researchmap:…, source:NAME:ID, an id of the same --source, or a name that exactly one party has.

Exit code: 0 all rows taken, 1 some refused, 2 wrong use, 3 could not run.";
