//! The originator of an operation: a client or the nemesis.

use serde::{Serialize, Serializer};
use std::fmt;

/// The originator of an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Process {
    /// A client. Its number is never reused: a client whose operation may still be going on is replaced by a new one.
    Client(u64),
    /// The process that injects faults.
    Nemesis,
}

/// As in a history: a number, or `nemesis`.
impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(number) => write!(f, "{number}"),
            Self::Nemesis => f.write_str("nemesis"),
        }
    }
}

impl Serialize for Process {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Client(number) => serializer.serialize_u64(*number),
            Self::Nemesis => serializer.serialize_str("nemesis"),
        }
    }
}
