//! The promises that a history is held to: the options of a test that its checkers read.

use crate::budget::Budget;
use std::fmt;

/// The promises that a history is held to.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectations {
    /// The fraction of operations that must succeed; `None`: any.
    pub availability: Option<Availability>,
    /// The consistency models that transactions are held to, by elle's names.
    pub consistency_models: Vec<String>,
    /// True if strict findings, which Maelstrom does not look for, make a history invalid.
    pub strict: bool,
    /// The work and the memory that the search of a linearizability check may use.
    pub budget: Budget,
}

impl Default for Expectations {
    /// Maelstrom's defaults: strict serializability, any availability.
    fn default() -> Self {
        Self {
            availability: None,
            consistency_models: vec!["strict-serializable".to_owned()],
            strict: false,
            budget: Budget::default(),
        }
    }
}

/// `--availability`: which part of the operations must succeed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Availability {
    /// All of them.
    Total,
    /// At least this fraction.
    AtLeast(f64),
}

/// As it is given: `total`, `0.99`.
impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total => f.write_str("total"),
            Self::AtLeast(fraction) => write!(f, "{fraction}"),
        }
    }
}
