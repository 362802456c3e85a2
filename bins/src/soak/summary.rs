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
    /// How many decided nothing.
    pub(super) undecided: usize,
    pub(super) failures: Vec<Failure>,
}

/// A test that was invalid.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Failure {
    /// The challenge's number, or the node's name.
    pub(super) name: String,
    pub(super) seed: u64,
    /// What repeats it.
    pub(super) command: String,
    /// What repeats a smaller test.
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

    /// Invalid if one test was; else unknown if not all were begun.
    pub(super) fn valid(&self) -> Validity {
        match self.failures[..] {
            [] if self.runs < self.planned => Validity::Unknown,
            [] => Validity::Valid,
            _ => Validity::Invalid,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Failure { name, seed, command, smaller, text } in &self.failures {
            writeln!(f, "{name}, seed {seed}:\n\n{text}\n\nAgain: {command}")?;
            if let Some(smaller) = smaller {
                writeln!(f, "Smaller: {smaller}")?;
            }
            writeln!(f)?;
        }
        let Self { runs, planned, undecided, failures } = self;
        write!(f, "{runs} of {planned} tests: {} invalid, {undecided} undecided", failures.len())
    }
}
