//! Rows of JSON Lines.

use super::encoding::UTF8_MARK;
use super::import::RowSource;
use super::physical::{Physical, PhysicalLines};
use super::planner::Planner;
use super::rows::{Notes, RawRow, Refusal};
use crate::domain::{Defect, Kind};
use serde_json::{Map, Value};
use std::io::BufRead;

/// Reads one object a line. Blank lines are passed over.
#[derive(Debug)]
pub struct JsonLines<R> {
    lines: PhysicalLines<R>,
    planner: Planner,
    reshape: Option<Reshape>,
}

/// Makes an object in the words of others one in ours.
pub type Reshape = fn(Map<String, Value>) -> Map<String, Value>;

impl<R: BufRead> JsonLines<R> {
    pub fn new(kind: Kind, reader: R) -> Self {
        Self::with_planner(Planner::new(kind), reader)
    }

    pub fn with_planner(planner: Planner, reader: R) -> Self {
        Self { lines: PhysicalLines::new(reader), planner, reshape: None }
    }

    /// Each object passes through `reshape` first: for formats of others that are not one flat object a row.
    pub fn reshaped(mut self, reshape: Reshape) -> Self {
        self.reshape = Some(reshape);
        self
    }
}

impl<R: BufRead> RowSource for JsonLines<R> {
    fn next_row(&mut self, notes: &mut Notes) -> std::io::Result<Option<Result<RawRow, Box<Refusal>>>> {
        loop {
            let (number, bytes) = match self.lines.next_line()? {
                None => return Ok(None),
                Some(Physical::TooLong { number }) => {
                    return Ok(Some(Err(Box::new(Refusal::of_row(number, too_long())))));
                }
                Some(Physical::Line { number, bytes }) => (number, bytes),
            };
            let text = bytes.strip_prefix(UTF8_MARK).filter(|_| number == 1).unwrap_or(&bytes);
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            // serde_json bounds the depth (128) and refuses lone surrogates and bytes that are not UTF-8.
            let row = match serde_json::from_slice::<Value>(text) {
                Ok(Value::Object(object)) => {
                    let object = match self.reshape {
                        Some(reshape) => reshape(object),
                        None => object,
                    };
                    let cells =
                        object.into_iter().map(|(name, value)| (self.planner.plan(&name, notes), value)).collect();
                    Ok(RawRow { line: number, cells })
                }
                Ok(_) => Err(Box::new(Refusal::of_row(number, not_an_object()))),
                Err(error) => Err(Box::new(Refusal::of_row(number, broken(&error)))),
            };
            return Ok(Some(row));
        }
    }

    fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }

    fn is_of_a_program(&self) -> bool {
        true
    }
}

fn too_long() -> Defect {
    Defect::new("row.too_long", "行が1MiBを超えています。", "The row is over 1 MiB.")
}

fn not_an_object() -> Defect {
    Defect::new(
        "row.object",
        "1行に1つの JSON オブジェクト（{…}）を書いてください。",
        "Write one JSON object ({…}) a line.",
    )
}

fn broken(error: &serde_json::Error) -> Defect {
    Defect::new("row.json", format!("JSON として読めません（{error}）。"), format!("The line is not JSON ({error})."))
}
