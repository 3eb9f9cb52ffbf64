//! Who acts, and what they may see. Until accounts exist there is one person: the operator of the machine, who
//! reaches the service from loopback only and sees everything.

/// Who does something. Every write names one; the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The person at the machine: REST on loopback, and the command line.
    Operator,
    /// The service itself (demo data, vocabularies).
    System,
}

impl Actor {
    /// The name in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Actor::Operator => "operator",
            Actor::System => "system",
        }
    }

    pub fn scope(&self) -> Scope {
        match self {
            Actor::Operator | Actor::System => Scope::Everything,
        }
    }
}

/// What a reader may see: where every list query starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Public things only.
    Public,
    Everything,
}
