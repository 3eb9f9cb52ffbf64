//! The concept tree of the database as the engine takes it.

use crate::error::Result;
use crate::store::{Conn, concepts};
use musubi_index::{Concept, Taxonomy};
use std::sync::Arc;

/// The tree as it is now.
pub fn taxonomy(conn: &mut Conn) -> Result<Arc<Taxonomy>> {
    let concepts = concepts::all(conn)?.into_iter().map(|concept| Concept {
        code: concept.code,
        parent: concept.parent,
        name_ja: concept.names.name_ja.unwrap_or_default(),
        name_en: concept.names.name_en.unwrap_or_default(),
        synonyms_ja: concept.names.synonyms_ja,
        synonyms_en: concept.names.synonyms_en,
    });
    Ok(Arc::new(Taxonomy::new(concepts.collect())))
}
