//! `musubi import`: a file in, a report out.

use super::arguments::{EncodingArgument, ImportArguments, ImportFormat};
use super::terminal::Terminal;
use super::{Access, Ending, Failure, open_database};
use crate::config::{Config, Speech};
use crate::domain::finding::Message;
use crate::domain::{Actor, Kind};
use crate::exchange::encoding::Encoding;
use crate::exchange::file::{self, FileFormat, HeadingMeaning, Opened, Reading};
use crate::exchange::groups::{Group, Groups};
use crate::exchange::import::check_source;
use crate::exchange::mapping::{Mapping, check_name, find_ready_made, unknown};
use crate::exchange::{Counts, ImportOptions, Listener, Note, Notes, Outcome, Refusal};
use crate::store::{Database, import_mappings};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::fs::File;
use std::io::IsTerminal;
use std::path::Path;

/// How many refusals are shown on screen.
const SHOWN: usize = 20;

#[derive(Serialize)]
struct Report<'a> {
    kind: &'static str,
    file: String,
    dry_run: bool,
    encoding: Option<&'static str>,
    /// What each heading was taken for.
    headings: &'a [HeadingMeaning],
    /// Refusals by column and reason, most frequent first.
    groups: &'a [Group],
    #[serde(flatten)]
    rows: Counts,
    capabilities: Option<Counts>,
    notes: &'a [Note],
    /// The first ones; `--report` has all.
    refusals: &'a [Refusal],
}

pub fn run(config: &Config, arguments: &ImportArguments, terminal: &Terminal) -> Result<Ending, Failure> {
    let Some(kind) = arguments.kind.kind() else { return super::places::import(config, arguments, terminal) };
    if let Some(source) = &arguments.source {
        check_source(source).map_err(|defect| Failure::WrongUse(defect.message))?;
    }
    let mut reading = Reading {
        encoding: arguments.encoding.map(EncodingArgument::encoding),
        parts: arguments.parts.clone(),
        ..Reading::default()
    };
    let ready_made = arguments.mapping.as_deref().and_then(|name| find_ready_made(name, kind));
    reading.ready_made = ready_made;
    let mut notes = Notes::default();
    let instead = instead(kind);
    let mut open = None;
    check_mapping(kind, arguments)?;
    if ready_made.is_none() && (arguments.mapping.is_some() || !arguments.map.is_empty()) {
        // What was remembered is in the database.
        let opened = open_database(config, Access::Write { instead: &instead })?;
        reading.mapping = Some(mapping(&opened.database, kind, arguments)?);
        open = Some(opened);
    }
    let Opened { mut rows, size, encoding, headings } = open_rows(kind, arguments, &reading, &mut notes)?;
    let encoding = encoding.map(Encoding::name);
    let mut listener = Progress::new(size, arguments.report.as_deref(), config.output.language, terminal.json)?;
    let open = match open {
        Some(open) => open,
        None => open_database(config, Access::Write { instead: &instead })?,
    };
    let options =
        ImportOptions { source: arguments.source.clone(), dry_run: arguments.dry_run, ..ImportOptions::default() };
    let result =
        crate::exchange::import(&open.database, &Actor::Operator, kind, rows.as_mut(), notes, &options, &mut listener);
    listener.bar.finish_and_clear();
    let report = result.map_err(|error| stopped(Failure::from(error), &listener, arguments.dry_run))?;
    listener.finish_report()?;
    if terminal.json {
        terminal.result(&Report {
            kind: kind.plural(),
            file: arguments.file.display().to_string(),
            dry_run: arguments.dry_run,
            encoding,
            headings: &headings,
            groups: &listener.groups.list(),
            rows: report.rows,
            capabilities: (report.nested.rows() > 0).then_some(report.nested),
            notes: &report.notes,
            refusals: &listener.refusals,
        });
    } else {
        if arguments.dry_run {
            print_guess(terminal, encoding, &headings);
        }
        print(terminal, kind, arguments, &report.rows, &report.nested, &report.notes, &listener);
    }
    let refused = report.rows.refused + report.nested.refused > 0;
    Ok(if refused { Ending::Partly } else { Ending::Done })
}

fn open_rows(kind: Kind, arguments: &ImportArguments, reading: &Reading, notes: &mut Notes) -> Result<Opened, Failure> {
    let path = &arguments.file;
    let format = format_of(arguments)?;
    for path in std::iter::once(path).chain(&arguments.parts) {
        let cannot = |error: std::io::Error| {
            Failure::cannot_run(
                format!("{} を読めません（{error}）。ファイル名と権限を確かめてください。", path.display()),
                format!("{} cannot be read ({error}). Check its name and permissions.", path.display()),
            )
        };
        if !File::open(path).and_then(|file| file.metadata()).map_err(cannot)?.is_file() {
            return Err(Failure::wrong_use(
                format!("{} はファイルではありません。", path.display()),
                format!("{} is not a file.", path.display()),
            ));
        }
    }
    Ok(file::open(kind, path, format, reading, notes)?)
}

/// The form that is asked for, else that of the file's name. A name that says something else is refused.
fn format_of(arguments: &ImportArguments) -> Result<FileFormat, Failure> {
    let shown = arguments.file.display();
    match (arguments.format.map(ImportFormat::format), FileFormat::of_name(&arguments.file)) {
        (Some(asked), Some(named)) if asked != named => {
            let (asked, named) = (asked.code(), named.code());
            Err(Failure::wrong_use(
                format!("--format は {asked}、ファイルの名前（{shown}）は {named} です。どちらかに合わせてください。"),
                format!("--format says {asked}, the name of the file ({shown}) says {named}. Make them agree."),
            ))
        }
        (Some(format), _) | (None, Some(format)) => Ok(format),
        (None, None) => Err(match file::unreadable_by_name(&arguments.file) {
            Some(defect) => Failure::WrongUse(defect.message),
            None => Failure::wrong_use(
                format!(
                    "{shown} という名前からは形式が分かりません。.csv、.tsv、.xlsx、.jsonl にするか、--format を付けてください。"
                ),
                format!(
                    "The name {shown} does not tell the format. End it in .csv, .tsv, .xlsx or .jsonl, or add --format."
                ),
            ),
        }),
    }
}

/// What can be said of the mapping before anything is opened.
fn check_mapping(kind: Kind, arguments: &ImportArguments) -> Result<(), Failure> {
    let wrong = |defect: crate::domain::Defect| Failure::WrongUse(defect.message);
    let mut mapping = Mapping::default();
    for text in &arguments.map {
        mapping.add(kind, text).map_err(wrong)?;
    }
    match &arguments.mapping {
        Some(name) if find_ready_made(name, kind).is_none() => check_name(name).map_err(wrong),
        Some(name) if !arguments.map.is_empty() => check_name(name).map_err(wrong),
        _ => Ok(()),
    }
}

/// The mapping of this name with what the command adds to it; what it adds is remembered.
fn mapping(database: &Database, kind: Kind, arguments: &ImportArguments) -> Result<Mapping, Failure> {
    let mut mapping = Mapping::default();
    let kept = match &arguments.mapping {
        Some(name) => database.read(|conn| import_mappings::find(conn, kind, name))?,
        None => None,
    };
    if let (None, Some(name), true) = (&kept, &arguments.mapping, arguments.map.is_empty()) {
        return Err(Failure::WrongUse(unknown(name, kind).message));
    }
    mapping.headings = kept.unwrap_or_default();
    for text in &arguments.map {
        mapping.add(kind, text).map_err(|defect| Failure::WrongUse(defect.message))?;
    }
    if let (Some(name), false) = (&arguments.mapping, arguments.map.is_empty()) {
        database.housekeeping(|conn| import_mappings::keep(conn, kind, name, &mapping.headings))?;
    }
    Ok(mapping)
}

/// How the file was understood, for the eyes of whoever may overrule it.
fn print_guess(terminal: &Terminal, encoding: Option<&'static str>, headings: &[HeadingMeaning]) {
    if let Some(encoding) = encoding {
        terminal.line(
            &format!("文字コード: {encoding}（違うときは --encoding utf8 または cp932）"),
            &format!("Encoding: {encoding} (if that is wrong: --encoding utf8 or cp932)"),
        );
    }
    for HeadingMeaning { heading, field } in headings {
        match field {
            Some(field) => terminal.line(&format!("  {heading} → {field}"), &format!("  {heading} -> {field}")),
            None => terminal.line(
                &format!("  {heading} → 取り込まない（--map '{heading}=項目名' で指定できます）"),
                &format!("  {heading} -> left out (--map '{heading}=FIELD' says otherwise)"),
            ),
        }
    }
}

fn instead(kind: Kind) -> Message {
    let plural = kind.plural();
    Message::new(
        format!(
            "serve を止めるか、動いている serve に POST /api/v1/imports?kind={plural}&format=… でファイルを送ってください。"
        ),
        format!("Stop serve, or send the file to the running one: POST /api/v1/imports?kind={plural}&format=…."),
    )
}

/// An import that stopped midway: what was saved, and that it can be run again.
fn stopped(failure: Failure, listener: &Progress, dry_run: bool) -> Failure {
    let message = failure.message();
    if dry_run || listener.last_line == 0 {
        return Failure::cannot_run(
            format!("{} 何も保存されていません。", message.ja),
            format!("{} Nothing was saved.", message.en),
        );
    }
    let line = listener.last_line;
    Failure::cannot_run(
        format!("{} {line}行目までは保存されています。同じ取り込みをもう一度実行すると続きから入ります。", message.ja),
        format!("{} Rows up to line {line} are saved. Run the same import again to go on from there.", message.en),
    )
}

fn print(
    terminal: &Terminal,
    kind: Kind,
    arguments: &ImportArguments,
    rows: &Counts,
    nested: &Counts,
    notes: &[Note],
    listener: &Progress,
) {
    for note in notes {
        terminal.line(
            &format!(
                "・{}{}",
                note.message.ja,
                if note.rows > 1 { format!("（{}行）", note.rows) } else { String::new() }
            ),
            &format!(
                "- {}{}",
                note.message.en,
                if note.rows > 1 { format!(" ({} rows)", note.rows) } else { String::new() }
            ),
        );
    }
    for group in listener.groups.list().iter().filter(|group| group.rows > 1).take(SHOWN) {
        let message = terminal.speech.of(&group.message);
        terminal.line(
            &format!("・{}件「{}」: {message}", group.rows, group.column),
            &format!("- {} row(s), \"{}\": {message}", group.rows, group.column),
        );
    }
    for refusal in &listener.refusals {
        let message = terminal.speech.of(&refusal.message);
        terminal.line(&line_ja(refusal, message), &line_en(refusal, message));
    }
    let hidden = listener.refusal_count.saturating_sub(SHOWN as u64);
    if hidden > 0 {
        terminal.line(
            &format!("ほか{hidden}件。--report ファイル名.csv を付けると全件を書き出します。"),
            &format!("… and {hidden} more. Add --report FILE.csv to get them all."),
        );
    }
    let (before_ja, before_en) = if arguments.dry_run {
        ("（試行。何も保存していません）", " (dry run: nothing was saved)")
    } else {
        ("", "")
    };
    // Capabilities that stood inside organisations, where there were any.
    let nested = (nested.rows() > 0).then_some((Kind::Capability, nested));
    for (kind, counts) in std::iter::once((kind, rows)).chain(nested) {
        let (name_ja, name_en) = (kind.name_ja(), kind.plural());
        terminal.line(
            &format!(
                "{name_ja}: 登録{}件、更新{}件、変更なし{}件、受け付けず{}件{before_ja}",
                counts.created, counts.updated, counts.unchanged, counts.refused
            ),
            &format!(
                "{name_en}: {} created, {} updated, {} unchanged, {} refused{before_en}",
                counts.created, counts.updated, counts.unchanged, counts.refused
            ),
        );
    }
}

fn line_ja(refusal: &Refusal, message: &str) -> String {
    let column = if refusal.column.is_empty() { String::new() } else { format!("「{}」", refusal.column) };
    let found = if refusal.found.is_empty() { String::new() } else { format!("（値: {}）", refusal.found) };
    format!("{}行目{column}: {message}{found}", refusal.row)
}

fn line_en(refusal: &Refusal, message: &str) -> String {
    let column = if refusal.column.is_empty() { String::new() } else { format!(", \"{}\"", refusal.column) };
    let found = if refusal.found.is_empty() { String::new() } else { format!(" Found: {}", refusal.found) };
    format!("row {}{column}: {message}{found}", refusal.row)
}

/// Moves the bar, keeps the first refusals, writes the report file.
struct Progress {
    bar: ProgressBar,
    report: Option<csv::Writer<File>>,
    speech: Speech,
    refusals: Vec<Refusal>,
    refusal_count: u64,
    groups: Groups,
    last_line: u64,
}

impl Progress {
    fn new(size: u64, report: Option<&Path>, speech: Speech, json: bool) -> Result<Self, Failure> {
        let bar = if json || !std::io::stderr().is_terminal() { ProgressBar::hidden() } else { ProgressBar::new(size) };
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent}% {msg} {eta}") {
            bar.set_style(style);
        }
        let mut report = report.map(csv::Writer::from_path).transpose().map_err(|error| {
            Failure::cannot_run(
                format!("--report のファイルを作れません（{error}）。"),
                format!("The file of --report cannot be made ({error})."),
            )
        })?;
        if let Some(writer) = &mut report {
            let heading = ["row", "outcome", "id", "column", "code", "found", "message"];
            writer.write_record(heading).map_err(|error| Failure::from(std::io::Error::from(error)))?;
        }
        Ok(Self {
            bar,
            report,
            speech,
            refusals: Vec::new(),
            refusal_count: 0,
            groups: Groups::default(),
            last_line: 0,
        })
    }

    fn finish_report(&mut self) -> Result<(), Failure> {
        match &mut self.report {
            Some(writer) => Ok(writer.flush()?),
            None => Ok(()),
        }
    }
}

impl Listener for Progress {
    fn row(&mut self, line: u64, outcome: &Outcome) -> std::io::Result<()> {
        self.last_line = line;
        let (word, id) = match outcome {
            Outcome::Created { id } => ("created", id.as_str()),
            Outcome::Updated { id } => ("updated", id.as_str()),
            Outcome::Unchanged { id } => ("unchanged", id.as_str()),
            Outcome::Refused { refusals } => {
                self.refusal_count += refusals.len() as u64;
                refusals.iter().for_each(|refusal| self.groups.add(refusal));
                let room = SHOWN.saturating_sub(self.refusals.len());
                self.refusals.extend(refusals.iter().take(room).cloned());
                if let Some(writer) = &mut self.report {
                    for refusal in refusals {
                        let message = self.speech.of(&refusal.message);
                        let row = refusal.row.to_string();
                        let (column, found) = (inert(&refusal.column), inert(&refusal.found));
                        writer.write_record([&row, "refused", "", &column, &refusal.code, &found, message])?;
                    }
                }
                return Ok(());
            }
        };
        if let Some(writer) = &mut self.report {
            writer.write_record([&line.to_string(), word, id, "", "", "", ""])?;
        }
        Ok(())
    }

    fn progress(&mut self, bytes: u64, counts: &Counts) {
        self.bar.set_position(bytes);
        self.bar.set_message(counts.rows().to_string());
    }
}

/// What a file said must not run as a formula when the report is opened in a spreadsheet.
fn inert(text: &str) -> String {
    crate::exchange::cells::with_guard(text).into_owned()
}
