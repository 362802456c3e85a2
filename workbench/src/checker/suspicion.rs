//! Faults that a history shows and Maelstrom's checkers do not look for. They stand beside the verdict and change it only
//! in a strict test.
//!
//! Each is one that no node which keeps its promises can show, with one exception that a strict test takes for a promise:
//! a node serves what it has acknowledged.

pub mod counters;
pub mod sets;

use crate::{history::History, nemesis::periods::periods, validity::Validity};
use serde::Serialize;
use std::{collections::BTreeMap, fmt, time::Duration};

/// A fault that a history shows.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Suspicion {
    /// Its kind: `flicker`, `garbage` ...
    pub kind: &'static str,
    /// The indices of the entries that show it.
    pub ops: Vec<usize>,
    /// What they show, in words.
    pub explanation: String,
}

impl Suspicion {
    pub(crate) fn new(kind: &'static str, ops: impl Into<Vec<usize>>, explanation: String) -> Self {
        Self { kind, ops: ops.into(), explanation }
    }
}

/// The suspicions about a history.
#[derive(Clone, Debug, Serialize)]
pub struct Suspicions {
    /// Invalid if there are any.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// How many there are of each kind.
    pub counts: BTreeMap<&'static str, usize>,
    /// The first of each kind.
    pub findings: Vec<Suspicion>,
}

/// How many suspicions of a kind are shown.
const SHOWN: usize = 8;

impl Suspicions {
    /// Counts suspicions, and keeps the first ones of each kind.
    pub fn new(all: Vec<Suspicion>) -> Self {
        let mut counts = BTreeMap::new();
        let valid = Validity::from_valid(all.is_empty());
        let mut findings = all;
        findings.retain(|suspicion| {
            let count = counts.entry(suspicion.kind).or_insert(0);
            *count += 1;
            *count <= SHOWN
        });
        Self { valid, counts, findings }
    }
}

/// The counts, and the first of each kind, a line each.
impl fmt::Display for Suspicions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, count) in &self.counts {
            let example = self.findings.iter().find(|suspicion| suspicion.kind == *kind);
            write!(f, "\n  {count} x {kind}: {}", example.map_or("", |example| &example.explanation))?;
        }
        Ok(())
    }
}

/// How long nodes may take to agree once nothing hinders them; half of what Maelstrom gives them before the last reads.
const AGREEMENT: Duration = Duration::from_secs(5);

/// From when on nodes must have heard of a write.
pub(crate) struct Agreement {
    /// When a fault began, and when all that had begun by then were over.
    faults: Vec<(Duration, Option<Duration>)>,
    patience: Duration,
}

impl Agreement {
    /// Some time after the write has ended and the faults are over.
    pub(crate) fn eventual(history: &History) -> Self {
        let mut over = Some(Duration::ZERO);
        let faults = periods(history).into_iter().map(|period| {
            over = over.zip(period.end).map(|(over, end)| over.max(end));
            (period.begin, over)
        });
        Self { faults: faults.collect(), patience: AGREEMENT }
    }

    /// When the write has ended.
    pub(crate) fn immediate() -> Self {
        Self { faults: Vec::new(), patience: Duration::ZERO }
    }

    /// Whether a read that begins at `read` must know of a write that ended at `write`.
    pub(crate) fn covers(&self, write: Duration, read: Duration) -> bool {
        let before = self.faults.partition_point(|(begin, _)| *begin <= read);
        let healed = match self.faults[..before].last() {
            None => Duration::ZERO,
            Some((_, Some(healed))) => *healed,
            Some((_, None)) => return false,
        };
        read >= write.max(healed) + self.patience
    }
}
