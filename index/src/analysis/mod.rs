//! From text to terms, one file per step: normalise, segment (words and 2-grams), stop words, names.

pub(crate) mod names;
pub(crate) mod normalise;
pub(crate) mod romaji;
pub(crate) mod segment;
pub(crate) mod stop_words;
pub(crate) mod tokenizers;

pub use names::fold_company_name;
pub use normalise::{fold, normalise};

/// The fold of an identifier (法人番号, ORCID, patent number): folded, without white space, hyphens and dots.
pub fn fold_code(text: &str) -> String {
    normalise(text).chars().filter(|character| character.is_alphanumeric()).collect()
}
