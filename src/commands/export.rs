//! `musubi export`: everything of one kind, to a file or to standard output.

use super::arguments::{ExportArguments, ExportFormat};
use super::terminal::Terminal;
use super::{Access, Ending, Failure, open_database};
use crate::config::Config;
use crate::domain::Actor;
use crate::exchange::export::{ExportError, Format, export};
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Report {
    kind: &'static str,
    file: String,
    rows: u64,
}

pub fn run(config: &Config, arguments: &ExportArguments, terminal: &Terminal) -> Result<Ending, Failure> {
    let open = open_database(config, Access::Read)?;
    let kind = arguments.kind.kind();
    let format = match arguments.format {
        ExportFormat::Jsonl => Format::JsonLines,
        ExportFormat::Csv => Format::Csv,
    };
    let write = |output: &mut dyn Write| export(&open.database, &Actor::Operator.scope(), kind, format, output);
    let Some(file) = &arguments.out else {
        let mut output = BufWriter::new(std::io::stdout().lock());
        let result = write(&mut output).and_then(|_| Ok(output.flush()?));
        return match result {
            Ok(()) => Ok(Ending::Done),
            // Whoever read it had enough (`| head`).
            Err(ExportError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Ending::Done),
            Err(error) => Err(failure(error, Path::new("-"))),
        };
    };
    // The file appears when it is whole.
    let part = part_of(file);
    let rows = File::create(&part)
        .map_err(ExportError::from)
        .and_then(|part| {
            let mut output = BufWriter::new(part);
            let rows = write(&mut output)?;
            output.into_inner().map_err(|error| error.into_error())?.sync_all()?;
            Ok(rows)
        })
        .and_then(|rows| {
            std::fs::rename(&part, file)?;
            Ok(rows)
        })
        .map_err(|error| failure(error, file))?;
    let shown = file.display().to_string();
    terminal.line(&format!("{shown} に{rows}件を書き出しました。"), &format!("Wrote {rows} to {shown}."));
    terminal.result(&Report { kind: kind.plural(), file: shown, rows });
    Ok(Ending::Done)
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
