//! The engine from outside: the law of truth and index, damage, audience, hostile input, ranking of names.

mod audience;
mod corpus;
mod damage;
mod hostile;
mod laws;
mod matching;
mod properties;
mod search;
mod standing;
mod support;
