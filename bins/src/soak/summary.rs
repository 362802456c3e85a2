//! What a soak found out, for people and as JSON.

use glomers_workbench::Validity;
use serde::Serialize;
use std::fmt;

/// All of it.
#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Summary {
    /// How many tests there were.
    pub(super) runs: usize,
    /// How many there were to be.
    planned: usize,
    pub(super) failures: Vec<Failure>,
}

/// A test that was not valid.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Failure {
    /// The challenge's number, or the node's name.
    pub(super) name: String,
    pub(super) seed: u64,
    #[serde(rename = "valid?")]
    pub(super) valid: Validity,
    /// What repeats it.
    pub(super) command: String,
    /// What repeats a smaller test with the same verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) smaller: Option<String>,
    /// What is wrong.
    pub(super) text: String,
}

impl Summary {
    /// Sorts what was found: tests end in any order.
    pub(super) fn finish(&mut self, planned: usize) {
        self.planned = planned;
        self.failures.sort_by(|left, right| (left.seed, &left.name).cmp(&(right.seed, &right.name)));
    }

    /// The gravest verdict; unknown if not all tests were begun.
    pub(super) fn valid(&self) -> Validity {
        let begun = if self.runs < self.planned { Validity::Unknown } else { Validity::Valid };
        self.failures.iter().map(|failure| failure.valid).fold(begun, Validity::max)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Failure { name, seed, valid, command, smaller, text } in &self.failures {
            writeln!(f, "{name}, seed {seed}: {valid}\n\n{text}\n\nAgain: {command}")?;
            if let Some(smaller) = smaller {
                writeln!(f, "Smaller: {smaller}")?;
            }
            writeln!(f)?;
        }
        write!(f, "{} of {} tests, {} of them not valid", self.runs, self.planned, self.failures.len())
    }
}
