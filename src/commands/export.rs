//! `musubi export`: everything of one kind, to a file or to standard output.

use super::arguments::{ExportArguments, ExportFormat, ExportSubject};
use super::terminal::Terminal;
use super::{Access, Ending, Failure, open_database};
use crate::config::Config;
use crate::domain::Actor;
use crate::exchange::export::{ExportError, Exported, Format, PartsPlace, Which, export_some};
use crate::exchange::file::FileFormat;
use crate::exchange::parts::PartKind;
use crate::exchange::write::{LOST_LIMIT, Lost};
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Report {
    kind: &'static str,
    file: String,
    rows: u64,
    /// The file of lines or members beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<String>,
    /// Cells that the format could not hold as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lost: Vec<Lost>,
    /// All of them; `lost` has the first.
    lost_count: u64,
}

pub fn run(config: &Config, arguments: &ExportArguments, terminal: &Terminal) -> Result<Ending, Failure> {
    if arguments.what == ExportSubject::Municipalities {
        return super::places::export(config, arguments, terminal);
    }
    let Some(kind) = arguments.what.kind() else {
        return match &arguments.out {
            Some(file) => super::archive::write(config, file, terminal),
            None => Err(Failure::wrong_use(
                "archive の書き出しには --out ファイル名 が必要です。",
                "An archive needs --out FILE.",
            )),
        };
    };
    let format = format_of(arguments)?.format();
    let open = open_database(config, Access::Read)?;
    let scope = Actor::Operator.scope();
    let write = |parts: PartsPlace, output: &mut (dyn Write + Send)| {
        export_some(&open.database, &scope, kind, format, &Which::All, parts, output)
    };
    let Some(file) = &arguments.out else {
        let mut output = BufWriter::new(std::io::stdout());
        let result = write(PartsPlace::Within, &mut output).and_then(|exported| {
            output.flush()?;
            Ok(exported)
        });
        return match result {
            Ok(exported) => {
                tell_lost(terminal, format, &exported);
                Ok(Ending::Done)
            }
            // Whoever read it had enough (`| head`).
            Err(ExportError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Ending::Done),
            Err(error) => Err(failure(error, Path::new("-"))),
        };
    };
    let part = PartKind::of(kind).filter(|_| matches!(format, Format::Csv | Format::CsvCp932));
    let place = if part.is_some() { PartsPlace::LeftOut } else { PartsPlace::Within };
    let mut exported = to_file(file, |output| write(place, output)).map_err(|error| failure(error, file))?;
    tell_lost(terminal, format, &exported);
    let (shown, rows) = (file.display().to_string(), exported.rows);
    terminal.line(&format!("{shown} に{rows}件を書き出しました。"), &format!("Wrote {rows} to {shown}."));
    let mut parts = None;
    if let Some(part) = part {
        let beside = beside(file, part);
        let written =
            to_file(&beside, |output| write(PartsPlace::Alone, output)).map_err(|error| failure(error, &beside))?;
        tell_lost(terminal, format, &written);
        let (shown, rows) = (beside.display().to_string(), written.rows);
        exported.lost.extend(written.lost);
        exported.lost_count += written.lost_count;
        terminal.line(
            &format!("{shown} に{rows}行を書き出しました（取り込むときは --parts に指定）。"),
            &format!("Wrote {rows} row(s) to {shown} (name it with --parts when importing)."),
        );
        parts = Some(shown);
    }
    terminal.result(&Report {
        kind: kind.plural(),
        file: shown,
        rows,
        parts,
        lost: exported.lost,
        lost_count: exported.lost_count,
    });
    Ok(Ending::Done)
}

/// The file appears when it is whole.
fn to_file(
    file: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> Result<Exported, ExportError>,
) -> Result<Exported, ExportError> {
    let part = part_of(file);
    let mut output = BufWriter::new(File::create(&part)?);
    let exported = write(&mut output)?;
    output.into_inner().map_err(|error| error.into_error())?.sync_all()?;
    std::fs::rename(&part, file)?;
    Ok(exported)
}

/// `needs.csv` → `needs-lines.csv`.
fn beside(file: &Path, part: PartKind) -> PathBuf {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let extension = file.extension().map_or_else(String::new, |extension| format!(".{}", extension.to_string_lossy()));
    file.with_file_name(format!("{stem}-{}{extension}", part.field()))
}

/// How many cells are told of on screen.
const SHOWN: usize = 20;

/// What the format could not hold as it is, on the standard error.
fn tell_lost(terminal: &Terminal, format: Format, exported: &Exported) {
    let count = exported.lost_count;
    if count == 0 {
        return;
    }
    let (ja, en) = match format {
        Format::CsvCp932 => (
            format!(
                "{count}個のセルに CP932 にない文字があります。よく似た文字のあるもの（〜 — − など）はそれで書き、取り込み直してもそのままです。ほかは &#…; の形で書き、取り込むと元に戻ります。そのまま書くには --format csv か xlsx を使ってください。"
            ),
            format!(
                "{count} cell(s) hold characters that CP932 lacks. Those with a twin (〜 — − …) are written as that and stay so when imported elsewhere; others as &#…;, which an import reads back. --format csv or xlsx writes them as they are."
            ),
        ),
        Format::Xlsx | Format::Csv | Format::JsonLines => (
            format!(
                "{count}個のセルは XLSX に入る長さ（32,767文字）を超えたため空けました。--format csv を使ってください。"
            ),
            format!(
                "{count} cell(s) are longer than XLSX allows (32,767 characters) and were left empty. Use --format csv."
            ),
        ),
    };
    terminal.warn(&ja, &en);
    for Lost { row, id, heading, characters } in exported.lost.iter().take(SHOWN) {
        let swaps: Vec<String> =
            characters.iter().map(|swap| format!("{} → {}", swap.found, swap.written_as)).collect();
        let swaps = swaps.join(", ");
        terminal.warn(
            &format!("  {row}行目「{heading}」: {swaps}（{id}）"),
            &format!("  row {row}, \"{heading}\": {swaps} ({id})"),
        );
    }
    let hidden = count.saturating_sub(SHOWN as u64);
    if hidden > 0 {
        terminal.warn(
            &format!("  ほか{hidden}個。--json を付けると{LOST_LIMIT}個まで挙げます。"),
            &format!("  … and {hidden} more. --json names up to {LOST_LIMIT}."),
        );
    }
}

/// The format that is asked for, else that of the file's name, else JSON Lines. A name that says something else is refused.
pub(super) fn format_of(arguments: &ExportArguments) -> Result<ExportFormat, Failure> {
    let Some(file) = &arguments.out else { return Ok(arguments.format.unwrap_or(ExportFormat::Jsonl)) };
    let shown = file.display();
    let by_name = match FileFormat::of_name(file) {
        Some(FileFormat::Csv) => Some(ExportFormat::Csv),
        Some(FileFormat::Xlsx) => Some(ExportFormat::Xlsx),
        Some(FileFormat::Jsonl) => Some(ExportFormat::Jsonl),
        // Written by nobody here.
        Some(FileFormat::Tsv) | None => None,
    };
    match (arguments.format, by_name) {
        (Some(asked), Some(named)) if asked.format().extension() != named.format().extension() => {
            let (asked, named) = (asked.format().extension(), named.format().extension());
            Err(Failure::wrong_use(
                format!("--format は {asked}、--out の名前（{shown}）は {named} です。どちらかに合わせてください。"),
                format!("--format says {asked}, the name of --out ({shown}) says {named}. Make them agree."),
            ))
        }
        (Some(asked), _) => Ok(asked),
        (None, Some(named)) => Ok(named),
        (None, None) if file.extension().is_none() => Ok(ExportFormat::Jsonl),
        (None, None) => Err(Failure::wrong_use(
            format!(
                "{shown} という名前からは形式が分かりません。.csv、.xlsx、.jsonl にするか、--format を付けてください。"
            ),
            format!("The name {shown} does not tell the format. End it in .csv, .xlsx or .jsonl, or add --format."),
        )),
    }
}

fn part_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn failure(error: ExportError, file: &Path) -> Failure {
    match error {
        ExportError::Store(error) => Failure::from(error),
        ExportError::Output(error) => Failure::cannot_run(
            format!("{} に書けません（{error}）。場所と権限を確かめてください。", file.display()),
            format!("{} cannot be written ({error}). Check the place and its permissions.", file.display()),
        ),
    }
}
