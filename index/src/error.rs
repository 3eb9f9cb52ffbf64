//! What can go wrong, for the caller to act on.

use std::path::PathBuf;

/// A failure of the engine. The database stays the truth: every one of these is answered by trying again or by a rebuild.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nothing is served yet (first start, damage, another fingerprint): rebuild first.
    #[error("the index is empty and must be rebuilt first")]
    NotBuilt,
    /// The files do not hold what they should: rebuild.
    #[error("the index is damaged and must be rebuilt: {0}")]
    Damaged(String),
    /// The folder cannot be read or written.
    #[error("cannot use the index folder {folder}: {source}")]
    Folder { folder: PathBuf, source: std::io::Error },
    /// The writer failed; it was dropped, and the next call opens it again.
    #[error("the index writer failed: {0}")]
    Writer(String),
}

impl EngineError {
    pub(crate) fn folder(folder: &std::path::Path, source: std::io::Error) -> EngineError {
        EngineError::Folder { folder: folder.to_path_buf(), source }
    }
}

impl From<tantivy::TantivyError> for EngineError {
    fn from(error: tantivy::TantivyError) -> EngineError {
        EngineError::Writer(error.to_string())
    }
}

/// A query that is refused, with the place and a message in both languages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} (at character {position})", message.en)]
pub struct QueryError {
    pub kind: QueryErrorKind,
    /// Where, in code points from the start of the query.
    pub position: usize,
    pub message: Message,
}

/// Why a query is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryErrorKind {
    /// More than 512 characters.
    TooLong,
    /// More than 32 terms.
    TooManyTerms,
    /// Parentheses deeper than 8.
    TooDeep,
    /// `offset + limit` beyond 10,000.
    TooFar,
    /// Not the query's fault: the index is damaged and must be rebuilt.
    Damaged,
}

/// A message to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub ja: String,
    pub en: String,
}

impl QueryError {
    pub(crate) fn new(kind: QueryErrorKind, position: usize) -> QueryError {
        let (ja, en) = match kind {
            QueryErrorKind::TooLong => (
                "検索語は512文字までです。短くしてください。",
                "A query has at most 512 characters. Please shorten it.",
            ),
            QueryErrorKind::TooManyTerms => {
                ("検索語は32語までです。語を減らしてください。", "A query has at most 32 terms. Please use fewer.")
            }
            QueryErrorKind::TooDeep => ("括弧の入れ子は8段までです。", "Parentheses can be nested 8 deep at most."),
            QueryErrorKind::TooFar => (
                "表示できるのは先頭から10,000件までです。条件を絞ってください。",
                "Only the first 10,000 hits can be shown. Please narrow the query.",
            ),
            QueryErrorKind::Damaged => (
                "検索の索引を作り直しています。しばらくしてからお試しください。",
                "The search index is being rebuilt. Please try again shortly.",
            ),
        };
        QueryError { kind, position, message: Message { ja: ja.to_string(), en: en.to_string() } }
    }
}
