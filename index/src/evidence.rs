//! Where in a text the words of a query stand.

/// The analysed terms of a query with their weights.
#[derive(Debug, Clone, Default)]
pub struct Terms;
