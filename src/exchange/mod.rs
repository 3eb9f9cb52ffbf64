//! Import and export: formats, headings, row reports. Knows the store's functions and nothing of diesel or HTTP.
//!
//! A row's way in: bytes → [`delimited`], [`workbook`] or [`lines`] ([`file`] says which) → [`rows`] (headings and cells become fields) →
//! [`identity`] (which thing it speaks of) → `domain::parse` (the same rules as REST) → the write door, in batches.

pub mod about;
pub mod calendar;
pub mod cells;
pub mod columns;
pub mod cp932;
pub mod decisions;
pub mod delimited;
pub mod encoding;
pub mod export;
pub mod file;
pub mod groups;
mod guesses;
pub mod headings;
mod headings_known;
mod headings_of_work;
pub mod identity;
pub mod import;
pub mod jobs;
pub mod kaken;
pub mod layout;
pub mod lines;
pub mod mapping;
pub mod municipalities;
pub mod parts;
pub mod physical;
pub mod places;
pub mod planner;
pub mod researchmap;
pub mod rows;
mod said;
pub mod sheets;
mod standing;
pub mod tables;
mod taking;
pub mod trial;
pub mod undo;
pub mod words;
pub mod workbook;
pub mod write;

pub use import::{Counts, ImportOptions, ImportReport, Listener, Outcome, RowSource, import};
pub use lines::JsonLines;
pub use rows::{Note, Notes, Refusal};
pub use tables::Table;
