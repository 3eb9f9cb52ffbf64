//! `musubi import`: a file in, a report out.

use super::arguments::ImportArguments;
use super::terminal::Terminal;
use super::{Access, Ending, Failure, open_database};
use crate::config::{Config, Speech};
use crate::domain::finding::Message;
use crate::domain::{Actor, Kind};
use crate::exchange::import::check_source;
use crate::exchange::{Counts, ImportOptions, JsonLines, Listener, Note, Notes, Outcome, Refusal, RowSource, Table};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::fs::File;
use std::io::{BufReader, IsTerminal};
use std::path::Path;

/// How many refusals are shown on screen.
const SHOWN: usize = 20;

#[derive(Serialize)]
struct Report<'a> {
    kind: &'static str,
    file: String,
    dry_run: bool,
    encoding: Option<&'static str>,
    #[serde(flatten)]
    rows: Counts,
    capabilities: Option<Counts>,
    notes: &'a [Note],
    /// The first ones; `--report` has all.
    refusals: &'a [Refusal],
}

pub fn run(config: &Config, arguments: &ImportArguments, terminal: &Terminal) -> Result<Ending, Failure> {
    let kind = arguments.kind.kind();
    if let Some(source) = &arguments.source {
        check_source(source).map_err(|defect| Failure::WrongUse(defect.message))?;
    }
    let mut notes = Notes::default();
    let (mut rows, size, encoding) = open_rows(kind, &arguments.file, &mut notes)?;
    let mut listener = Progress::new(size, arguments.report.as_deref(), config.output.language, terminal.json)?;
    let instead = instead(kind);
    let open = open_database(config, Access::Write { instead: &instead })?;
    let options = ImportOptions { source: arguments.source.clone(), dry_run: arguments.dry_run };
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
            rows: report.rows,
            capabilities: (report.nested.rows() > 0).then_some(report.nested),
            notes: &report.notes,
            refusals: &listener.refusals,
        });
    } else {
        print(terminal, kind, arguments, &report.rows, &report.nested, &report.notes, &listener);
    }
    let refused = report.rows.refused + report.nested.refused > 0;
    Ok(if refused { Ending::Partly } else { Ending::Done })
}

type Opened = (Box<dyn RowSource>, u64, Option<&'static str>);

fn open_rows(kind: Kind, path: &Path, notes: &mut Notes) -> Result<Opened, Failure> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !["csv", "tsv", "jsonl", "ndjson"].contains(&extension.as_str()) {
        return Err(Failure::wrong_use(
            format!("{} の形式が分かりません。.csv、.tsv、.jsonl のどれかを指定してください。", path.display()),
            format!("{} is of no known format. Name a .csv, .tsv or .jsonl file.", path.display()),
        ));
    }
    let cannot = |error: std::io::Error| {
        Failure::cannot_run(
            format!("{} を読めません（{error}）。ファイル名と権限を確かめてください。", path.display()),
            format!("{} cannot be read ({error}). Check its name and permissions.", path.display()),
        )
    };
    let file = File::open(path).map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    if !metadata.is_file() {
        return Err(Failure::wrong_use(
            format!("{} はファイルではありません。", path.display()),
            format!("{} is not a file.", path.display()),
        ));
    }
    let reader = BufReader::with_capacity(1 << 16, file);
    let separator = match extension.as_str() {
        "csv" => b',',
        "tsv" => b'\t',
        _ => return Ok((Box::new(JsonLines::new(kind, reader)), metadata.len(), None)),
    };
    let table = Table::open(kind, reader, separator, notes)?;
    let encoding = table.encoding().name();
    Ok((Box::new(table), metadata.len(), Some(encoding)))
}

fn instead(kind: Kind) -> Message {
    let plural = kind.plural();
    Message::new(
        format!("serve を止めるか、動いている serve に POST /api/v1/{plural} で1件ずつ登録してください。"),
        format!("Stop serve, or send the rows one by one to the running one: POST /api/v1/{plural}."),
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
            &format!("・{}（{}行）", note.message.ja, note.rows),
            &format!("- {} ({} row(s))", note.message.en, note.rows),
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
    for (name_ja, name_en, counts) in
        [(kind.name_ja(), kind.plural(), rows), (Kind::Capability.name_ja(), Kind::Capability.plural(), nested)]
    {
        if counts.rows() == 0 && name_en != kind.plural() {
            continue;
        }
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
        Ok(Self { bar, report, speech, refusals: Vec::new(), refusal_count: 0, last_line: 0 })
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
