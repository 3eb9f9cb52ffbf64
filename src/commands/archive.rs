//! `musubi export archive`, `musubi restore FILE`, `musubi backup FILE`.

use super::arguments::FileArgument;
use super::terminal::Terminal;
use super::{Access, Ending, Failure, open_database};
use crate::auth::secrets;
use crate::config::Config;
use crate::domain::finding::Message;
use crate::store::archive;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

/// The form of the file: one row a line, a line before them and one after.
const FORM: u64 = 1;

#[derive(Serialize)]
struct Report {
    file: String,
    rows: u64,
}

#[derive(Deserialize)]
struct Line {
    table: String,
    row: Value,
}

pub fn write(config: &Config, file: &Path, terminal: &Terminal) -> Result<Ending, Failure> {
    let open = open_database(config, Access::Read)?;
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let mut output = BufWriter::new(File::create(&part)?);
    let at = open.database.clock().timestamp();
    writeln!(output, "{}", json!({ "musubi_archive": FORM, "at": at }))?;
    let rows =
        archive::read(&open.database, &mut |table, row| writeln!(output, "{}", json!({ "table": table, "row": row })))?;
    writeln!(output, "{}", json!({ "end": rows }))?;
    output.into_inner().map_err(|error| error.into_error())?.sync_all()?;
    std::fs::rename(&part, file)?;
    let shown = file.display().to_string();
    terminal.line(
        &format!("{shown} に{rows}行を書き出しました（アカウントと秘密は含みません）。"),
        &format!("Wrote {rows} row(s) to {shown} (without accounts and secrets)."),
    );
    terminal.result(&Report { file: shown, rows });
    Ok(Ending::Done)
}

pub fn restore(config: &Config, arguments: &FileArgument, terminal: &Terminal) -> Result<Ending, Failure> {
    let instead = Message::new("serve を止めてから復元してください。", "Stop serve before restoring.");
    let file = File::open(&arguments.file)?;
    let open = open_database(config, Access::Write { instead: &instead })?;
    let mut lines = BufReader::new(file).lines();
    let first: Value = match lines.next() {
        Some(line) => serde_json::from_str(&line?).unwrap_or_default(),
        None => Value::Null,
    };
    if first["musubi_archive"] != FORM {
        return Err(archive::unreadable().into());
    }
    let mut count = 0u64;
    let rows = archive::restore(&open.database, &mut || {
        // A file that was cut short has no last line.
        let line = lines.next().ok_or_else(archive::unreadable)?.map_err(crate::error::Error::internal)?;
        let value: Value = serde_json::from_str(&line).map_err(|_| archive::unreadable())?;
        if let Some(end) = value.get("end") {
            return if end.as_u64() == Some(count) { Ok(None) } else { Err(archive::unreadable()) };
        }
        let line: Line = serde_json::from_value(value).map_err(|_| archive::unreadable())?;
        count += 1;
        Ok(Some((line.table, line.row)))
    })?;
    let shown = arguments.file.display().to_string();
    terminal.line(&format!("{shown} から{rows}行を復元しました。"), &format!("Restored {rows} row(s) from {shown}."));
    terminal.result(&Report { file: shown, rows });
    Ok(Ending::Done)
}

pub fn backup(config: &Config, arguments: &FileArgument, terminal: &Terminal) -> Result<Ending, Failure> {
    let file = &arguments.file;
    if file.exists() {
        return Err(Failure::wrong_use(
            format!("{} はすでにあります。別の名前を指定してください。", file.display()),
            format!("{} is there already. Give another name.", file.display()),
        ));
    }
    let open = open_database(config, Access::Read)?;
    archive::backup(&open.database, &file.to_string_lossy())?;
    secrets::restrict_file(file)?;
    let shown = file.display().to_string();
    terminal.line(
        &format!("{shown} にデータベースの写しを作りました。戻すときは serve を止め、data フォルダーの musubi.db と置き換えます。"),
        &format!("Copied the database to {shown}. To go back, stop serve and put it in place of musubi.db."),
    );
    terminal.result(&json!({ "file": shown }));
    Ok(Ending::Done)
}
