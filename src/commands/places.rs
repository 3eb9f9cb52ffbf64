//! `musubi import municipalities FILE`, `musubi export municipalities`: the places that codes may name.

use super::arguments::{ExportArguments, ExportFormat, ImportArguments};
use super::terminal::Terminal;
use super::{Access, Ending, Failure, open_database};
use crate::config::Config;
use crate::domain::finding::Message;
use crate::exchange::municipalities::{self, FILE_LIMIT};
use crate::exchange::{Counts, Refusal};
use serde::Serialize;
use std::fs;
use std::io::{BufWriter, Write};

/// How many refusals are shown on screen.
const SHOWN: usize = 20;

#[derive(Serialize)]
struct Report<'a> {
    kind: &'static str,
    file: String,
    #[serde(flatten)]
    rows: Counts,
    refusals: &'a [Refusal],
}

#[derive(Serialize)]
struct Written {
    kind: &'static str,
    file: String,
    rows: u64,
}

pub fn import(config: &Config, arguments: &ImportArguments, terminal: &Terminal) -> Result<Ending, Failure> {
    let path = &arguments.file;
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    let json = match extension.as_deref().and_then(|extension| extension.to_str()) {
        Some("csv") => false,
        Some("jsonl" | "ndjson") => true,
        _ => {
            return Err(Failure::wrong_use(
                format!("市区町村の表は .csv か .jsonl で取り込みます（{}）。", path.display()),
                format!("The table of places is taken as .csv or .jsonl ({}).", path.display()),
            ));
        }
    };
    if fs::metadata(path)?.len() > FILE_LIMIT {
        return Err(Failure::wrong_use(
            "ファイルが大きすぎます（16 MiB まで）。",
            "The file is too large (16 MiB at most).",
        ));
    }
    let bytes = fs::read(path)?;
    let instead = Message::new("serve を止めてから取り込んでください。", "Stop serve before importing.");
    let open = open_database(config, Access::Write { instead: &instead })?;
    let (rows, refusals) = municipalities::import(&open.database, &bytes, json, arguments.dry_run)?;
    for refusal in refusals.iter().take(SHOWN) {
        let Refusal { row, column, found, message, .. } = refusal;
        terminal.line(
            &format!("{row}行目「{column}」: {}（値: {found}）", message.ja),
            &format!("row {row}, \"{column}\": {} Found: {found}", message.en),
        );
    }
    let Counts { created, updated, unchanged, refused } = rows;
    terminal.line(
        &format!("市区町村: 登録{created}件、更新{updated}件、変更なし{unchanged}件、受け付けず{refused}件"),
        &format!("municipalities: {created} created, {updated} updated, {unchanged} unchanged, {refused} refused"),
    );
    let file = path.display().to_string();
    terminal.result(&Report { kind: "municipalities", file, rows, refusals: &refusals });
    Ok(if refused > 0 { Ending::Partly } else { Ending::Done })
}

pub fn export(config: &Config, arguments: &ExportArguments, terminal: &Terminal) -> Result<Ending, Failure> {
    let json = match super::export::format_of(arguments)? {
        ExportFormat::Jsonl => true,
        ExportFormat::Csv => false,
        ExportFormat::CsvCp932 | ExportFormat::Xlsx => {
            return Err(Failure::wrong_use(
                "市区町村の表は --format csv か jsonl で書き出します。",
                "The table of places is written with --format csv or jsonl.",
            ));
        }
    };
    let open = open_database(config, Access::Read)?;
    let Some(path) = &arguments.out else {
        let mut output = BufWriter::new(std::io::stdout());
        municipalities::export(&open.database, json, &mut output)?;
        output.flush()?;
        return Ok(Ending::Done);
    };
    let mut bytes = Vec::new();
    let rows = municipalities::export(&open.database, json, &mut bytes)?;
    fs::write(path, bytes)?;
    let file = path.display().to_string();
    terminal.line(&format!("{file} に{rows}件を書き出しました。"), &format!("Wrote {rows} to {file}."));
    terminal.result(&Written { kind: "municipalities", file, rows });
    Ok(Ending::Done)
}
