//! XLSX (ECMA-376) as it comes from people: read a row at a time, in bounded memory, whatever the file claims.
//!
//! Made for rows and headings only. The general readers load the texts of a book into memory and give values and formulas
//! in two passes; here a book of a hundred thousand rows stays small, and a formula is known with its value.

pub mod package;
pub mod sheet;
mod strings;
mod styles;
mod xml;

use crate::domain::Defect;
use package::{Package, Reopen, not_a_workbook, too_much};
use sheet::{Sheet, SheetRow};
use std::collections::HashMap;
use strings::SharedStrings;
use styles::Styles;
use xml::{Step, Xml};

/// Sheets of one book.
const SHEET_LIMIT: usize = 500;

/// Why a book cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub Defect);

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        if let Some(refused) = error.get_ref().and_then(|inner| inner.downcast_ref::<Refused>()) {
            return refused.clone();
        }
        not_a_workbook()
    }
}

fn refused(code: &str, ja: &str, en: &str) -> Refused {
    Refused(Defect::new(code, ja, en))
}

/// A sheet as the book lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetName {
    pub name: String,
    pub hidden: bool,
    part: String,
}

/// An open book.
#[derive(Debug)]
pub struct Workbook {
    package: Package,
    sheets: Vec<SheetName>,
    from_1904: bool,
    strings: SharedStrings,
    styles: Styles,
}

impl Workbook {
    pub fn open(reopen: Reopen) -> Result<Self, Refused> {
        let package = Package::open(reopen)?;
        let main = main_part(&package)?;
        let (folder, file) = main.rsplit_once('/').unwrap_or(("", &main));
        let relations = relations(&package, &format!("{folder}/_rels/{file}.rels"), folder)?;
        let (sheets, from_1904) = book(&package, &main, &relations)?;
        let of_type = |kind: &str| relations.values().find(|relation| relation.kind == kind);
        let strings = match of_type("sharedStrings").filter(|relation| package.has(&relation.target)) {
            Some(relation) => SharedStrings::read(Xml::new(package.part(&relation.target)?))?,
            None => SharedStrings::none(),
        };
        let styles = match of_type("styles").filter(|relation| package.has(&relation.target)) {
            Some(relation) => Styles::read(Xml::new(package.part(&relation.target)?))?,
            None => Styles::default(),
        };
        Ok(Self { package, sheets, from_1904, strings, styles })
    }

    pub fn sheets(&self) -> &[SheetName] {
        &self.sheets
    }

    pub fn sheet(&self, name: &SheetName) -> Result<Sheet, Refused> {
        Ok(Sheet::new(Xml::new(self.package.part(&name.part)?), self.from_1904))
    }

    pub fn next_row(&mut self, sheet: &mut Sheet) -> Result<Option<SheetRow>, Refused> {
        sheet.next_row(&mut self.strings, &self.styles)
    }
}

#[derive(Debug)]
struct Relation {
    kind: String,
    target: String,
}

fn main_part(package: &Package) -> Result<String, Refused> {
    if package.has("_rels/.rels") {
        let relations = relations(package, "_rels/.rels", "")?;
        if let Some(relation) = relations.values().find(|relation| relation.kind == "officeDocument") {
            return Ok(relation.target.clone());
        }
    }
    if package.has("xl/workbook.xml") { Ok("xl/workbook.xml".to_owned()) } else { Err(not_a_workbook()) }
}

/// Relations by id; targets as names in the container.
fn relations(package: &Package, part: &str, folder: &str) -> Result<HashMap<String, Relation>, Refused> {
    let mut xml = Xml::new(package.part(part)?);
    let mut found = HashMap::new();
    loop {
        match xml.next()? {
            Step::Open(name, attributes) if name == "Relationship" => {
                let (Some(id), Some(kind), Some(target)) =
                    (attributes.get("Id"), attributes.get("Type"), attributes.get("Target"))
                else {
                    continue;
                };
                let kind = kind.rsplit('/').next().unwrap_or("").to_owned();
                found.insert(id.to_owned(), Relation { kind, target: resolved(folder, target) });
                if found.len() > 10 * SHEET_LIMIT {
                    return Err(too_much());
                }
            }
            Step::End => return Ok(found),
            Step::Open(..) | Step::Close(_) | Step::Text(_) => {}
        }
    }
}

/// `worksheets/sheet1.xml`, `../xl/worksheets/sheet1.xml` and `/xl/worksheets/sheet1.xml` are one part.
fn resolved(folder: &str, target: &str) -> String {
    let whole = match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("{folder}/{target}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn book(
    package: &Package,
    part: &str,
    relations: &HashMap<String, Relation>,
) -> Result<(Vec<SheetName>, bool), Refused> {
    let mut xml = Xml::new(package.part(part)?);
    let (mut sheets, mut from_1904) = (Vec::new(), false);
    loop {
        match xml.next()? {
            Step::Open(name, attributes) if name == "workbookPr" => {
                from_1904 = matches!(attributes.get("date1904"), Some("1" | "true"));
            }
            Step::Open(name, attributes) if name == "sheet" => {
                let Some(relation) = attributes.get("id").and_then(|id| relations.get(id)) else { continue };
                // Charts and macros have sheets of their own kind.
                if relation.kind != "worksheet" {
                    continue;
                }
                sheets.push(SheetName {
                    name: attributes.get("name").unwrap_or("").to_owned(),
                    hidden: attributes.get("state").is_some_and(|state| state != "visible"),
                    part: relation.target.clone(),
                });
                if sheets.len() > SHEET_LIMIT {
                    return Err(too_much());
                }
            }
            Step::End => return Ok((sheets, from_1904)),
            Step::Open(..) | Step::Close(_) | Step::Text(_) => {}
        }
    }
}
