//! The three answers a checker can give, and how they add up (jepsen: `checker.clj`, `merge-valid`).

use serde::{Serialize, Serializer};
use std::{fmt, process::ExitCode};

/// A verdict. The variants are ordered from best to worst: the worst of several verdicts is the verdict on the whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub enum Validity {
    /// The history keeps every promise.
    Valid,
    /// The history does not show whether every promise was kept.
    Unknown,
    /// The history breaks a promise.
    Invalid,
}

impl Validity {
    /// Valid or invalid.
    pub fn from_valid(valid: bool) -> Self {
        if valid { Self::Valid } else { Self::Invalid }
    }
}

/// As Maelstrom's (jepsen: `cli.clj`): 0, 2 for an unknown verdict, 1 for an invalid one.
impl From<Validity> for ExitCode {
    fn from(validity: Validity) -> Self {
        match validity {
            Validity::Valid => Self::SUCCESS,
            Validity::Unknown => Self::from(2),
            Validity::Invalid => Self::from(1),
        }
    }
}

/// As in Maelstrom's results: `true`, `false` or `"unknown"`.
impl Serialize for Validity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Valid => serializer.serialize_bool(true),
            Self::Invalid => serializer.serialize_bool(false),
            Self::Unknown => serializer.serialize_str("unknown"),
        }
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Valid => "valid",
            Self::Unknown => "unknown",
            Self::Invalid => "invalid",
        })
    }
}
