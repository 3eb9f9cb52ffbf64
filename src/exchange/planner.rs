//! What the headings of a file mean.

use super::columns::{self, Column, Shape};
use super::mapping::Mapping;
use super::rows::Notes;
use crate::config::settings::nearest;
use crate::domain::Defect;
use crate::domain::vocabulary::Kind;
use std::collections::HashMap;
use std::sync::Arc;

/// A heading and what it means.
#[derive(Debug)]
pub struct Plan {
    /// As it stands in the file.
    pub heading: String,
    pub column: Option<&'static Column>,
}

/// Knows what each heading means, and remembers.
#[derive(Debug)]
pub struct Planner {
    kind: Kind,
    known: HashMap<String, &'static Column>,
    /// What a mapping says of a heading, by its key: a column, or that it is left out.
    mapped: HashMap<String, Option<&'static Column>>,
    plans: HashMap<String, Arc<Plan>>,
    /// What the mapping leaves out is told: nobody here wrote it down.
    tells_left_out: bool,
}

impl Planner {
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            known: columns::headings(kind),
            mapped: HashMap::new(),
            plans: HashMap::new(),
            tells_left_out: false,
        }
    }

    /// With the headings of a mapping, which go before our own.
    pub fn with_mapping(kind: Kind, mapping: &Mapping) -> Self {
        let mut planner = Self::new(kind);
        for (heading, field) in &mapping.headings {
            let column = planner.known.get(&columns::heading_key(field)).copied();
            planner.mapped.insert(columns::heading_key(heading), column);
        }
        planner
    }

    /// For a mapping that came with the program.
    pub fn telling_what_is_left_out(mut self) -> Self {
        self.tells_left_out = true;
        self
    }

    /// One that knows what this one knows and has read nothing yet.
    pub fn fresh(&self) -> Self {
        Self { mapped: self.mapped.clone(), tells_left_out: self.tells_left_out, ..Self::new(self.kind) }
    }

    /// Whether a mapping says it, and what it means.
    fn look_up(&self, heading: &str) -> (bool, Option<&'static Column>) {
        let key = columns::heading_key(heading);
        if let Some(column) = self.mapped.get(&key) {
            return (true, *column);
        }
        let known = self.known.get(&key).copied();
        (false, known.or_else(|| self.known.get(&columns::without_hint(&key)?).copied()))
    }

    /// A heading that means nothing here, and is known to: nobody needs to be told how else to write it.
    pub fn is_left_out(&self, heading: &str) -> bool {
        let (mapped, column) = self.look_up(heading);
        column.map_or(mapped && self.tells_left_out, |column| matches!(column.shape, Shape::LeftOut))
    }

    /// As [`Planner::plan`], where those that are left out are told all together.
    pub fn plan_of_table(&mut self, heading: &str, notes: &mut Notes) -> Arc<Plan> {
        if self.is_left_out(heading) { self.plan(heading, &mut Notes::default()) } else { self.plan(heading, notes) }
    }

    /// The meaning of a heading. One that is not known is noted, with the nearest that is.
    pub fn plan(&mut self, heading: &str, notes: &mut Notes) -> Arc<Plan> {
        if let Some(plan) = self.plans.get(heading) {
            return Arc::clone(plan);
        }
        let (mapped, column) = self.look_up(heading);
        let shown: String = heading.trim().chars().take(60).collect();
        match column {
            None if mapped => {}
            None => notes.add(&format!("unknown {shown}"), || {
                let near = nearest(&shown, columns::heading_names(self.kind)).filter(|near| is_near(&shown, near));
                let (ja, en) = near.map_or_else(Default::default, |near| {
                    (
                        format!("「{near}」のことなら、見出しを直してください。"),
                        format!(" If it is meant to be \"{near}\", change the heading."),
                    )
                });
                Defect::new(
                    "column.unknown",
                    format!("列「{shown}」は取り込みません。{ja}"),
                    format!("The column \"{shown}\" is left out.{en}"),
                )
            }),
            Some(Column { shape: Shape::LeftOut, .. }) => notes.add(&format!("left out {shown}"), || {
                Defect::new(
                    "column.left_out",
                    format!("列「{shown}」を入れる項目はないため、取り込みません。"),
                    format!("There is no field for the column \"{shown}\"; it is left out."),
                )
            }),
            Some(_) => {}
        }
        let plan = Arc::new(Plan { heading: shown, column });
        // A hostile JSON Lines file may have a new key in each line.
        if self.plans.len() < 10_000 {
            self.plans.insert(heading.to_owned(), Arc::clone(&plan));
        }
        plan
    }
}

/// Two headings of which one may be a slip of the other: most of their characters are the same.
fn is_near(one: &str, other: &str) -> bool {
    let (one, other) = (columns::heading_key(one), columns::heading_key(other));
    let same = one.chars().filter(|character| other.contains(*character)).count();
    3 * same >= 2 * one.chars().count().max(other.chars().count())
}
