//! The search and matching engine of musubi: documents in, ids and scores out. It knows nothing of HTTP, SQL, the
//! environment or the wall clock, and keeps no text: what a reader is shown is read again from the database.
//!
//! ```
//! use musubi_index::{Change, Document, Engine, Mark, Reader, SearchRequest, Settings, Sort};
//!
//! # let folder = tempfile::tempdir()?;
//! let (engine, _opened) = Engine::open(folder.path(), Settings::default())?;
//! let mut rebuild = engine.rebuild()?;
//! rebuild.add(Document {
//!     id: "seed-1".into(),
//!     kind: "seed".into(),
//!     published: true,
//!     titles: vec!["有機EL照明の封止技術".into()],
//!     ..Document::default()
//! })?;
//! rebuild.finish(&Mark { epoch: "first".into(), seq: 1, chain: String::new() })?;
//!
//! engine.apply(&[Change::Remove("seed-0".into())], &Mark { epoch: "first".into(), seq: 2, chain: String::new() })?;
//! assert_eq!(engine.mark().map(|mark| mark.seq), Some(2));
//!
//! let answer = engine.search(&SearchRequest {
//!     query: "有機ＥＬ 封止".into(),
//!     reader: Reader::Visitor,
//!     sort: Sort::Relevance,
//!     limit: 20,
//!     ..SearchRequest::default()
//! })?;
//! assert_eq!(answer.hits[0].id, "seed-1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod analysis;
mod audience;
mod bits;
mod engine;
mod error;
mod freshness;
mod kernel;
mod mark;
mod matching;
mod query;
mod schema;
mod search;
mod snapshot;
mod standing;
mod suggest;
mod taxonomy;

pub mod bench_corpus;
pub mod composing;
pub mod document;
pub mod evaluation;
pub mod evidence;
pub mod fitting;
pub mod reference;
pub mod request;

pub use analysis::{fold, fold_code, fold_company_name};
pub use document::{Attribute, Audience, Document, Source};
pub use engine::{Change, Engine, Opened, Rebuild, Settings, Why};
pub use error::{EngineError, Message, QueryError, QueryErrorKind};
pub use evaluation::EvaluationError;
pub use evidence::{Sentence, Terms};
pub use freshness::Freshness;
pub use kernel::FieldWeights;
pub use mark::Mark;
pub use matching::asks::Spoken;
pub use matching::score::{PARTS, Weights};
pub use matching::wish::{Checkable, Unread, Wish};
pub use matching::{coalition, lines, purpose};
pub use query::parse::{conditions, is_minus, unknown_names};
pub use query::plan::place_words;
pub use request::{
    Condition, ConditionField, Filters, Hit, MatchAnswer, MatchRequest, Meaning, Meanings, PartyScore, PlaceWays,
    Places, Reader, SearchAnswer, SearchRequest, SimilarAnswer, SimilarRequest, Sort, SuggestAnswer, SuggestRequest,
    ThingsAnswer,
};
pub use standing::{Standing, StandingAnswer};
pub use taxonomy::{Concept, Taxonomy};
