//! Rows of CSV and TSV (RFC 4180), strictly where it matters: a quote that never closes refuses one row, not the
//! rest of the file, and every row knows the line it began on.

use super::physical::{Physical, PhysicalLines, ROW_LIMIT};
use crate::domain::Defect;
use std::io::{self, BufRead};

/// The most columns a row may have.
pub const COLUMN_LIMIT: usize = 1_000;

/// A row as bytes: the encoding is known to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelimitedRow {
    /// The line of the file the row begins on, from 1.
    pub line: u64,
    pub cells: Vec<Vec<u8>>,
}

/// A row that could not be taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenRow {
    pub line: u64,
    pub defect: Defect,
}

/// Reads rows.
#[derive(Debug)]
pub struct DelimitedReader<R> {
    lines: PhysicalLines<R>,
    separator: u8,
}

/// A row being taken apart, line by line.
#[derive(Debug, Default)]
struct RowParser {
    cells: Vec<Vec<u8>>,
    /// The quoted cell that the lines so far have not closed.
    open: Option<Vec<u8>>,
}

enum Step {
    Complete,
    /// The text ended inside quotes.
    Open,
    Broken(Defect),
}

impl<R: BufRead> DelimitedReader<R> {
    pub fn new(reader: R, separator: u8) -> Self {
        Self { lines: PhysicalLines::new(reader), separator }
    }

    pub fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }

    /// The next row that is not blank.
    pub fn next_row(&mut self) -> io::Result<Option<Result<DelimitedRow, BrokenRow>>> {
        loop {
            let (line, first) = match self.lines.next_line()? {
                None => return Ok(None),
                Some(Physical::TooLong { number }) => {
                    return Ok(Some(Err(BrokenRow { line: number, defect: row_too_long() })));
                }
                Some(Physical::Line { number, bytes }) => (number, bytes),
            };
            if first.iter().all(|byte| byte.is_ascii_whitespace()) {
                continue;
            }
            return self.row_from(line, first).map(Some);
        }
    }

    fn row_from(&mut self, line: u64, first: Vec<u8>) -> io::Result<Result<DelimitedRow, BrokenRow>> {
        let mut parser = RowParser::default();
        let mut size = first.len();
        let mut step = parser.feed(&first, self.separator);
        let mut taken: Vec<Physical> = Vec::new();
        let defect = loop {
            match step {
                Step::Complete => return Ok(Ok(DelimitedRow { line, cells: parser.cells })),
                Step::Broken(defect) => break defect,
                Step::Open if size > ROW_LIMIT => break unclosed_quote(),
                Step::Open => {}
            }
            let next = self.lines.next_line()?;
            let Some(Physical::Line { bytes, .. }) = &next else {
                taken.extend(next);
                break unclosed_quote();
            };
            size += bytes.len();
            step = parser.feed(bytes, self.separator);
            taken.extend(next);
        };
        // Only the line that began the row is refused; what follows may be sound.
        self.lines.give_back(taken);
        Ok(Err(BrokenRow { line, defect }))
    }
}

impl RowParser {
    fn feed(&mut self, text: &[u8], separator: u8) -> Step {
        let mut at = 0;
        let mut cell = self.open.take();
        loop {
            if cell.is_none() && text.get(at) == Some(&b'"') {
                cell = Some(Vec::new());
                at += 1;
            }
            match cell.take() {
                Some(mut quoted) => match read_quoted(text, at, &mut quoted) {
                    Some(after) => {
                        at = after;
                        self.cells.push(quoted);
                    }
                    None => {
                        self.open = Some(quoted);
                        return Step::Open;
                    }
                },
                None => {
                    let ends = |byte: u8| byte == separator || byte == b'\n' || byte == b'\r';
                    let end = text[at..].iter().position(|&byte| ends(byte)).map_or(text.len(), |found| at + found);
                    self.cells.push(text[at..end].to_vec());
                    at = end;
                }
            }
            if self.cells.len() > COLUMN_LIMIT {
                return Step::Broken(too_many_columns());
            }
            match text.get(at) {
                Some(&byte) if byte == separator => at += 1,
                None | Some(b'\n') | Some(b'\r') => return Step::Complete,
                Some(_) => return Step::Broken(stray_quote()),
            }
        }
    }
}

/// Reads on in a quoted cell; gives the place after its closing quote, if it closes in this text.
fn read_quoted(text: &[u8], mut at: usize, cell: &mut Vec<u8>) -> Option<usize> {
    loop {
        let Some(quote) = text[at..].iter().position(|&byte| byte == b'"').map(|found| at + found) else {
            cell.extend_from_slice(&text[at..]);
            return None;
        };
        cell.extend_from_slice(&text[at..quote]);
        if text.get(quote + 1) != Some(&b'"') {
            return Some(quote + 1);
        }
        cell.push(b'"');
        at = quote + 2;
    }
}

fn stray_quote() -> Defect {
    Defect::new(
        "row.stray_quote",
        "引用符（\"）で閉じたセルのあとに文字が続いています。セルの中の \" は \"\" と書いてください。",
        "Text follows a closed quote. Write a quote inside a cell twice (\"\").",
    )
}

pub fn row_too_long() -> Defect {
    Defect::new(
        "row.too_long",
        "行が1MiBを超えています。閉じていない引用符（\"）がないか確かめてください。",
        "The row is over 1 MiB. Please look for a quote that is never closed.",
    )
}

fn unclosed_quote() -> Defect {
    Defect::new(
        "row.unclosed_quote",
        "この行で始まる引用符（\"）が閉じていません。閉じるか、取り除いてください。",
        "A quote that begins on this line is never closed. Close it or take it away.",
    )
}

pub fn too_many_columns() -> Defect {
    Defect::new(
        "row.too_many_columns",
        format!("列は{COLUMN_LIMIT}までです。"),
        format!("A row has at most {COLUMN_LIMIT} columns."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line and cells, or line and code.
    type Read = Result<(u64, Vec<String>), (u64, String)>;

    fn rows(text: &str) -> Vec<Read> {
        let mut reader = DelimitedReader::new(text.as_bytes(), b',');
        let mut found = Vec::new();
        while let Some(row) = reader.next_row().expect("reading from memory") {
            found.push(match row {
                Ok(row) => {
                    let cells = row.cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
                    Ok((row.line, cells))
                }
                Err(broken) => Err((broken.line, broken.defect.code)),
            });
        }
        found
    }

    fn row(line: u64, cells: &[&str]) -> Read {
        Ok((line, cells.iter().map(|cell| (*cell).to_owned()).collect()))
    }

    #[test]
    fn quotes_line_breaks_and_empty_cells_are_read() {
        assert_eq!(
            rows("a,b\r\n\"x \"\"y\"\"\nz\",\n\n,5\" pipe"),
            [row(1, &["a", "b"]), row(2, &["x \"y\"\nz", ""]), row(5, &["", "5\" pipe"]),]
        );
    }

    #[test]
    fn returns_alone_end_rows_where_no_line_feed_does() {
        let three = [row(1, &["a", "b"]), row(2, &["1", "2"]), row(3, &["3", "4"])];
        assert_eq!(rows("a,b\r1,2\r3,4\r"), three);
        assert_eq!(rows("a,b\r1,2\r3,4"), three);
        assert_eq!(rows("a,b\r\n1,2\r\n3,4\r\n"), three);
        // A line feed inside a quoted cell is part of it, and a return inside one ends nothing.
        assert_eq!(rows("a,b\r\"x\ny\",2\r"), [row(1, &["a", "b"]), row(2, &["x\ny", "2"])]);
        assert_eq!(rows("\"a\rc\",b\n1,2\n"), [row(1, &["a\rc", "b"]), row(2, &["1", "2"])]);
        let long = format!("a,b\r{}\r1,2\r", "x".repeat(ROW_LIMIT + 10));
        assert_eq!(rows(&long), [row(1, &["a", "b"]), Err((2, "row.too_long".into())), row(3, &["1", "2"])]);
    }

    #[test]
    fn a_broken_quote_refuses_one_row_and_the_rest_is_read() {
        assert_eq!(
            rows("a,b\n\"never,closed\n1,2\n3,4\n"),
            [row(1, &["a", "b"]), Err((2, "row.unclosed_quote".into())), row(3, &["1", "2"]), row(4, &["3", "4"]),]
        );
        assert_eq!(rows("\"open,1\n\"good\",2\n"), [Err((1, "row.stray_quote".into())), row(2, &["good", "2"])]);
    }

    #[test]
    fn long_lines_and_many_columns_are_refused_in_bounded_memory() {
        let long = format!("a,b\n{}\n1,2\n", "x".repeat(ROW_LIMIT + 10));
        assert_eq!(rows(&long), [row(1, &["a", "b"]), Err((2, "row.too_long".into())), row(3, &["1", "2"])]);
        let wide = format!("{}\n1,2\n", ",".repeat(COLUMN_LIMIT));
        assert_eq!(rows(&wide), [Err((1, "row.too_many_columns".into())), row(2, &["1", "2"])]);
        let open = format!("\"x\n{}1,2\n", "y\n".repeat(ROW_LIMIT));
        assert_eq!(rows(&open)[0], Err((1, "row.unclosed_quote".into())));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_safe(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let mut reader = DelimitedReader::new(bytes.as_slice(), b',');
            while reader.next_row().expect("reading from memory").is_some() {}
        }

        #[test]
        fn what_is_written_is_read(cells in proptest::collection::vec("[a-z\",\n\r あ]{0,8}", 1..6)) {
            let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            writer.write_record(&cells).expect("writing to memory");
            let bytes = writer.into_inner().expect("writing to memory");
            let row = DelimitedReader::new(bytes.as_slice(), b',').next_row().expect("reading from memory");
            let read = row.expect("a row").expect("a sound row").cells;
            proptest::prop_assert_eq!(read, cells.into_iter().map(String::into_bytes).collect::<Vec<_>>());
        }
    }
}
