//! The table of municipalities as a file: what a system knows besides ours goes along to the next one. Codes are checked like all
//! codes; a row adds a place or gives it other names, and none is ever taken away.

use super::encoding::{self, Encoding, Guess, UTF8_MARK};
use super::import::Counts;
use super::rows::Refusal;
use crate::domain::Defect;
use crate::domain::codes::MunicipalityCode;
use crate::domain::text::Line;
use crate::error::{Error, Result};
use crate::store::Database;
use crate::store::vocabulary::{self, Municipality, Put};
use std::io::Write;

/// Bytes of such a file: ours has 100 kB.
pub const FILE_LIMIT: u64 = 16 << 20;

/// The columns, and the words for them in Japanese.
const COLUMNS: [(&str, &str); 5] = [
    ("code", "団体コード"),
    ("prefecture", "都道府県コード"),
    ("name_ja", "名称"),
    ("name_kana", "カナ"),
    ("name_en", "英語名"),
];

/// Writes the table, prefectures before what lies in them: CSV with a byte order mark, or JSON Lines. Gives the number of rows.
pub fn export(database: &Database, json: bool, output: &mut dyn Write) -> Result<u64> {
    let mut places = database.read(vocabulary::all_municipalities)?;
    places.sort_by_key(|place| place.prefecture.is_some());
    let rows = places.len() as u64;
    if json {
        for place in &places {
            let line = serde_json::to_string(place).map_err(Error::internal)?;
            writeln!(output, "{line}").map_err(Error::internal)?;
        }
        return Ok(rows);
    }
    output.write_all(UTF8_MARK).map_err(Error::internal)?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(output);
    for place in &places {
        writer.serialize(place).map_err(Error::internal)?;
    }
    writer.flush().map_err(Error::internal)?;
    Ok(rows)
}

/// Takes a file in, prefectures first; `json`: JSON Lines, else CSV (UTF-8 or CP932). Each row for itself; all in one transaction.
pub fn import(database: &Database, bytes: &[u8], json: bool, dry_run: bool) -> Result<(Counts, Vec<Refusal>)> {
    let rows = if json { of_json(bytes)? } else { of_csv(bytes)? };
    if rows.is_empty() {
        return Err(Error::Malformed(Defect::new(
            "file.no_rows",
            "ファイルに行がありません。",
            "The file has no rows.",
        )));
    }
    let (mut counts, mut refusals, mut places) = (Counts::default(), Vec::new(), Vec::new());
    for (line, cells) in rows {
        match read(line, &cells) {
            Ok(place) => places.push((line, place)),
            Err(found) => {
                counts.refused += 1;
                refusals.extend(found);
            }
        }
    }
    places.sort_by_key(|(_, place)| place.prefecture.is_some());
    let mut coming: Vec<String> = Vec::new();
    database.housekeeping(|conn| {
        for (line, place) in places {
            // In a dry run, its prefecture may be in the rows before and not in the table.
            let comes = dry_run && place.prefecture.as_ref().is_some_and(|code| coming.contains(code));
            match vocabulary::put_municipality(conn, &place, dry_run) {
                Ok(Put::Created) => counts.created += 1,
                Ok(Put::Updated) => counts.updated += 1,
                Ok(Put::Unchanged) => counts.unchanged += 1,
                Err(Error::Invalid(_)) if comes => counts.created += 1,
                Err(Error::Invalid(found)) => {
                    counts.refused += 1;
                    refusals.extend(found.into_iter().map(|finding| Refusal {
                        row: line,
                        column: finding.pointer.trim_start_matches('/').to_owned(),
                        code: finding.code,
                        found: place.prefecture.clone().unwrap_or_default(),
                        message: finding.message,
                    }));
                    continue;
                }
                Err(error) => return Err(error),
            }
            coming.push(place.code);
        }
        Ok(())
    })?;
    Ok((counts, refusals))
}

type Cells = Vec<(usize, String)>;

fn of_csv(bytes: &[u8]) -> Result<Vec<(u64, Cells)>> {
    let guess = encoding::guess(bytes).map_err(Error::internal)?;
    let text = match guess {
        Guess::Text(encoding) => encoding.decode(bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes)),
        Guess::Utf16 => None,
        Guess::Empty => Some("".into()),
    };
    let text = text.ok_or_else(|| {
        let names = [Encoding::Utf8.name(), Encoding::Cp932.name()].join(" / ");
        unreadable(&names)
    })?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|error| unreadable(&error.to_string()))?.clone();
    let known = |heading: &str| {
        let heading = heading.trim();
        COLUMNS.iter().position(|(en, ja)| heading.eq_ignore_ascii_case(en) || heading == *ja)
    };
    let places: Vec<Option<usize>> = headings.iter().map(known).collect();
    if !places.contains(&Some(0)) {
        return Err(Error::Malformed(Defect::new(
            "file.headings",
            "見出しの行に code（団体コード）がありません。見出しは code,prefecture,name_ja,name_kana,name_en です。",
            "There is no heading \"code\". The headings are code,prefecture,name_ja,name_kana,name_en.",
        )));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = places.iter().zip(record.iter());
        rows.push((line, cells.filter_map(|(place, cell)| Some(((*place)?, cell.trim().to_owned()))).collect()));
    }
    Ok(rows)
}

fn of_json(bytes: &[u8]) -> Result<Vec<(u64, Cells)>> {
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable(Encoding::Utf8.name()))?;
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row: serde_json::Value =
            serde_json::from_str(line).map_err(|error| unreadable(&format!("{}: {error}", number + 1)))?;
        let cell =
            |(place, (name, _)): (usize, &(&str, &str))| Some((place, row.get(name)?.as_str()?.trim().to_owned()));
        rows.push((number as u64 + 1, COLUMNS.iter().enumerate().filter_map(cell).collect()));
    }
    Ok(rows)
}

fn unreadable(detail: &str) -> Error {
    let shown: String = detail.chars().take(200).collect();
    Error::Malformed(Defect::new(
        "file.unreadable",
        format!("ファイルを読めません（{shown}）。"),
        format!("The file cannot be read ({shown})."),
    ))
}

fn read(line: u64, cells: &Cells) -> Result<Municipality, Vec<Refusal>> {
    let cell = |place: usize| cells.iter().find(|(known, _)| *known == place).map_or("", |(_, text)| text.as_str());
    let mut refusals = Vec::new();
    let mut refuse = |place: usize, found: &str, defect: Defect| {
        refusals.push(Refusal {
            row: line,
            column: COLUMNS[place].0.to_owned(),
            code: defect.code,
            found: found.chars().take(60).collect(),
            message: defect.message,
        });
    };
    let mut code = |place: usize| match MunicipalityCode::parse(cell(place)) {
        Ok(code) => String::from(code),
        Err(defect) => {
            refuse(place, cell(place), defect);
            String::new()
        }
    };
    let own = code(0);
    // A prefecture: nothing after its two digits but the check digit.
    let is_prefecture = own.get(2..5) == Some("000");
    let prefecture = if cell(1).is_empty() || own.is_empty() { String::new() } else { code(1) };
    let mut name = |place: usize| match Line::parse(cell(place)) {
        Ok(line) if line.chars().count() <= 100 => String::from(line),
        Ok(_) => {
            refuse(place, cell(place), Defect::new("text.too_long", "100文字以内です。", "At most 100 characters."));
            String::new()
        }
        Err(defect) => {
            refuse(place, cell(place), defect);
            String::new()
        }
    };
    let (name_ja, name_kana, name_en) = (name(2), name(3), name(4));
    if !own.is_empty() && !is_prefecture && (prefecture.is_empty() || prefecture.get(..2) != own.get(..2)) {
        let defect = Defect::new(
            "municipality.prefecture",
            "市区町村には、同じ2桁で始まる都道府県コードが必要です。",
            "A municipality needs the code of its prefecture, which begins with the same two digits.",
        );
        refuse(1, cell(1), defect);
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let prefecture = (!is_prefecture).then_some(prefecture);
    Ok(Municipality { code: own, prefecture, name_ja, name_kana, name_en })
}
