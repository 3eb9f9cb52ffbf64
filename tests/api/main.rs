//! The service over HTTP, in the words of its users.

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod alike;
mod auth;
mod booth_plans;
mod chances;
mod coalition;
mod compose;
mod concepts;
mod contract;
mod declines;
mod desk;
mod desk_ends;
mod desk_things;
mod desk_work;
mod directions;
mod exhibitions;
mod facets;
mod fair_clocks;
mod fair_days;
mod fair_refusals;
mod figures;
mod health;
mod history;
mod hostile;
mod imports;
mod language;
mod law;
mod lifecycle;
mod lines;
mod lists_as_files;
mod matching;
mod measure;
mod merged_fairs;
mod merges;
mod model;
mod resources;
mod saved_searches;
mod search;
mod sense;
mod standing;
mod timetables;
mod tokens;
mod watching;
