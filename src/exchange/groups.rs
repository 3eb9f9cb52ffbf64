//! Refusals put together: a thousand rows with one mistake are one mistake to mend.

use super::rows::Refusal;
use crate::domain::finding::Message;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// Different groups that are kept.
const LIMIT: usize = 200;

/// Refusals of one reason in one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Group {
    pub column: String,
    pub code: String,
    /// What is expected and how to mend it, as the first row was told.
    pub message: Message,
    pub rows: u64,
    /// The first row, and what was found there.
    pub first_row: u64,
    pub found: String,
}

#[derive(Debug, Default)]
pub struct Groups {
    groups: Vec<Group>,
    places: HashMap<(String, String), usize>,
}

impl Groups {
    pub fn add(&mut self, refusal: &Refusal) {
        let key = (refusal.column.clone(), refusal.code.clone());
        if let Some(&place) = self.places.get(&key) {
            self.groups[place].rows += 1;
        } else if self.groups.len() < LIMIT {
            self.places.insert(key, self.groups.len());
            self.groups.push(Group {
                column: refusal.column.clone(),
                code: refusal.code.clone(),
                message: refusal.message.clone(),
                rows: 1,
                first_row: refusal.row,
                found: refusal.found.clone(),
            });
        }
    }

    /// Most frequent first.
    pub fn list(&self) -> Vec<Group> {
        let mut groups = self.groups.clone();
        groups.sort_by_key(|group| std::cmp::Reverse(group.rows));
        groups
    }
}
