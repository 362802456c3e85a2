//! The results of a soak, for people and as JSON.

use crate::junit::Case;
use glomers_workbench::{Load, Validity};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The options that all parts of a soak have in common.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Scope {
    /// The challenges and nodes that were named; every node if none was.
    pub(super) names: Vec<String>,
    pub(super) first_seed: u64,
    /// The number of seeds of all parts.
    pub(super) seeds: u64,
    /// The faults; `None`: those that each node promises to tolerate.
    pub(super) nemesis: Option<Vec<String>>,
    pub(super) disk: String,
    pub(super) strict: bool,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { names, first_seed, seeds, nemesis, disk, strict } = self;
        let names = if names.is_empty() { "every node".to_owned() } else { names.join(" ") };
        let last = first_seed.saturating_add(seeds.saturating_sub(1));
        write!(f, "{names}, seeds {first_seed} to {last}")?;
        if let Some(nemesis) = nemesis {
            write!(f, ", --nemesis {}", nemesis.join(","))?;
        }
        write!(f, ", --disk {disk}{}", if *strict { ", --strict" } else { "" })
    }
}

/// The results of a soak.
#[derive(Debug, Default, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Failure {
    /// The challenge's number, or the node's name.
    pub(super) name: String,
    pub(super) seed: u64,
    /// The command that repeats it.
    pub(super) command: String,
    /// The command of a smaller test that fails, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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

    /// The sum of several parts.
    pub(super) fn sum<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        let mut planned = 0;
        for part in parts {
            sum.runs += part.runs;
            planned += part.planned;
            sum.undecided += part.undecided;
            sum.begun += part.begun;
            sum.due += part.due;
            sum.no_client_free += part.no_client_free;
            sum.failures.extend_from_slice(&part.failures);
        }
        sum.finish(planned);
        sum
    }

    /// The tests that were run, planned, invalid and undecided, and the operations that began and were due.
    pub(super) fn counts(&self) -> [usize; 6] {
        [self.runs, self.planned, self.failures.len(), self.undecided, self.begun, self.due]
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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, seed, command, smaller, text } = self;
        writeln!(f, "{name}, seed {seed}:\n\n{text}\n\nAgain: {command}")?;
        if let Some(smaller) = smaller {
            writeln!(f, "Smaller: {smaller}")?;
        }
        writeln!(f)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failures.iter().try_for_each(|failure| write!(f, "{failure}"))?;
        let Self { runs, planned, undecided, failures, begun, due, no_client_free } = self;
        write!(f, "{runs} of {planned} tests: {} invalid, {undecided} undecided", failures.len())?;
        write!(f, "\n{begun} of {due} operations due began; no client was free for {no_client_free:.0} s")
    }
}
