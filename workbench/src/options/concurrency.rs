//! `--concurrency`: the number of clients, which often depends on the number of nodes.

use std::{fmt, str::FromStr};

/// `--concurrency`: a number, or a multiple of the number of nodes, such as `2n`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Concurrency {
    /// This many clients.
    Total(usize),
    /// This many clients a node.
    PerNode(usize),
}

/// A text is no number of clients.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a number or a multiple of the nodes such as `2n`, not `{text}`")]
pub struct ParseConcurrencyError {
    text: String,
}

impl FromStr for Concurrency {
    type Err = ParseConcurrencyError;

    fn from_str(text: &str) -> Result<Self, ParseConcurrencyError> {
        let parse = |number: &str| number.parse().ok().filter(|number| *number > 0);
        let parsed = match text.strip_suffix('n') {
            Some(factor) => parse(factor).map(Self::PerNode),
            None => parse(text).map(Self::Total),
        };
        parsed.ok_or_else(|| ParseConcurrencyError { text: text.to_owned() })
    }
}

/// As it is given: `3`, `2n`.
impl fmt::Display for Concurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total(count) => write!(f, "{count}"),
            Self::PerNode(factor) => write!(f, "{factor}n"),
        }
    }
}
