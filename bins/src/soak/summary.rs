//! The results of a soak, for people and as JSON.

use glomers_workbench::Validity;
use serde::Serialize;
use std::fmt;

/// The results of a soak.
#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Summary {
    /// The number of tests that were run.
    pub(super) runs: usize,
    /// The number of tests that were planned.
    planned: usize,
    /// The number of tests that decided nothing.
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
    /// The command that repeats it.
    pub(super) command: String,
    /// The command of a smaller test that fails, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) smaller: Option<String>,
    /// The explanation.
    pub(super) text: String,
}

impl Summary {
    /// Sorts the failures, because tests end in any order.
    pub(super) fn finish(&mut self, planned: usize) {
        self.planned = planned;
        self.failures.sort_by(|left, right| (left.seed, &left.name).cmp(&(right.seed, &right.name)));
    }

    /// Invalid if a test was invalid; otherwise unknown if not all were run.
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
