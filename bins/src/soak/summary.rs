//! The results of a soak, for people and as JSON.

use crate::junit::Case;
use glomers_workbench::{Load, Validity};
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
    /// The operations begun in tests that did not fail.
    begun: usize,
    /// The operations due in them.
    due: usize,
    /// The seconds for which no client was free in them.
    no_client_free: f64,
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
    /// Adds the operations of a test.
    pub(super) fn add(&mut self, load: Load) {
        self.begun += load.begun;
        self.due += load.due;
        self.no_client_free += load.no_client_free.as_secs_f64();
    }

    /// Sorts the failures, because tests end in any order.
    pub(super) fn finish(&mut self, planned: usize) {
        self.planned = planned;
        self.failures.sort_by(|left, right| (left.seed, &left.name).cmp(&(right.seed, &right.name)));
    }

    /// A case for each test that failed, and one for the others.
    pub(super) fn cases(&self) -> Vec<Case> {
        let failures = self.failures.iter().map(|Failure { name, seed, command, text, .. }| Case {
            name: format!("{name}, seed {seed}"),
            valid: Validity::Invalid,
            reason: text.lines().next().unwrap_or_default().to_owned(),
            text: format!("{text}\n\nagain: {command}"),
        });
        let (runs, planned, failed, undecided) = (self.runs, self.planned, self.failures.len(), self.undecided);
        let others = Case {
            name: "all others".to_owned(),
            valid: if runs < planned { Validity::Unknown } else { Validity::Valid },
            reason: format!("{runs} of {planned} tests were run: {failed} invalid, {undecided} undecided"),
            text: String::new(),
        };
        failures.chain([others]).collect()
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
        let Self { runs, planned, undecided, failures, begun, due, no_client_free } = self;
        write!(f, "{runs} of {planned} tests: {} invalid, {undecided} undecided", failures.len())?;
        write!(f, "\n{begun} of {due} operations due began; no client was free for {no_client_free:.0} s")
    }
}
