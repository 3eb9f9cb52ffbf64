//! XML of a workbook, one event at a time, each of bounded size. No entities but the five of XML, no DTD.

use super::package::{not_a_workbook, too_much};
use super::{Refused, refused};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::{self, BufRead, BufReader, Read};

/// Bytes of one tag or one run of text.
const EVENT_LIMIT: usize = 1 << 20;

/// Tags within tags.
const DEPTH_LIMIT: usize = 100;
const XML: quick_xml::XmlVersion = quick_xml::XmlVersion::Implicit1_0;

/// Hands out bytes up to a limit that is set anew for each event.
struct Metered {
    inner: BufReader<Box<dyn Read + Send>>,
    left: usize,
    total: u64,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Metered {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other(too_much()));
        }
        let buffer = self.inner.fill_buf()?;
        Ok(&buffer[..buffer.len().min(self.left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left -= amount.min(self.left);
        self.total += amount as u64;
        self.inner.consume(amount);
    }
}

/// Reads events.
pub struct Xml {
    reader: Reader<Metered>,
    buffer: Vec<u8>,
    depth: usize,
}

/// What the readers of sheets, strings and styles need to know of an event.
#[derive(Debug)]
pub enum Step {
    /// A tag opens: its name without prefix, and its attributes.
    Open(String, Attributes),
    Close(String),
    Text(String),
    End,
}

/// Attributes by their name without prefix.
#[derive(Debug, Default)]
pub struct Attributes(Vec<(String, String)>);

impl Attributes {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Xml {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Xml")
    }
}

impl Xml {
    pub fn new(content: impl Read + Send + 'static) -> Self {
        let content: Box<dyn Read + Send> = Box::new(content);
        let metered = Metered { inner: BufReader::with_capacity(1 << 15, content), left: EVENT_LIMIT, total: 0 };
        let mut reader = Reader::from_reader(metered);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = true;
        Self { reader, buffer: Vec::new(), depth: 0 }
    }

    /// Unpacked bytes so far.
    pub fn bytes_read(&self) -> u64 {
        self.reader.get_ref().total
    }

    pub fn next(&mut self) -> Result<Step, Refused> {
        loop {
            self.buffer.clear();
            self.reader.get_mut().left = EVENT_LIMIT;
            let event = self.reader.read_event_into(&mut self.buffer).map_err(broken)?;
            return Ok(match event {
                Event::Start(tag) | Event::Empty(tag) => {
                    self.depth += 1;
                    if self.depth > DEPTH_LIMIT {
                        return Err(too_much());
                    }
                    Step::Open(tag.local_name().into_inner().to_owned(), attributes(&tag)?)
                }
                Event::End(tag) => {
                    self.depth = self.depth.saturating_sub(1);
                    Step::Close(tag.local_name().into_inner().to_owned())
                }
                Event::Text(text) => Step::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Step::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(name) => Step::Text(match name.resolve_char_ref().map_err(broken)? {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_xml_entity(&name.xml10_content())
                        .ok_or_else(not_a_workbook)?
                        .to_owned(),
                }),
                Event::DocType(_) => {
                    return Err(refused(
                        "file.doctype",
                        "ブックの中に DTD があります。Excel で開いて .xlsx で保存し直してください。",
                        "The workbook holds a DTD. Open it in a spreadsheet and save it as .xlsx again.",
                    ));
                }
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => continue,
                Event::Eof => Step::End,
            });
        }
    }
}

fn attributes(tag: &BytesStart<'_>) -> Result<Attributes, Refused> {
    let mut found = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| not_a_workbook())?;
        let value = attribute.normalized_value(XML).map_err(broken)?.into_owned();
        found.push((attribute.key.local_name().into_inner().to_owned(), value));
    }
    Ok(Attributes(found))
}

/// Our own refusal where it was one (too large), else: no XML.
fn broken(error: impl std::error::Error + 'static) -> Refused {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return refused.clone();
        }
        if let Some(quick_xml::Error::Io(error)) = error.downcast_ref::<quick_xml::Error>()
            && let Some(refused) = error.get_ref().and_then(|inner| inner.downcast_ref::<Refused>())
        {
            return refused.clone();
        }
        cause = error.source();
    }
    not_a_workbook()
}
