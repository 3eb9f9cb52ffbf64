//! The small query language of people: words, "phrases", `field:value`, `OR`, `-not`, parentheses; bounded.

pub(crate) mod correction;
pub(crate) mod parse;
pub(crate) mod plan;
