//! Faults that a checker found in a history.

use crate::validity::Validity;
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// A fault that a history shows.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct StrictFinding {
    /// Its kind: `flicker`, `garbage` ...
    pub kind: &'static str,
    /// The indices of the entries that show it.
    pub ops: Vec<usize>,
    /// What they show, in words.
    pub explanation: String,
}

impl StrictFinding {
    /// A finding of `kind` that the entries `ops` show.
    pub fn new(kind: &'static str, ops: impl Into<Vec<usize>>, explanation: String) -> Self {
        Self { kind, ops: ops.into(), explanation }
    }
}

/// The strict findings in a history.
#[derive(Clone, Debug, Serialize)]
pub struct StrictFindings {
    /// Invalid if there are any.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// How many there are of each kind.
    pub counts: BTreeMap<&'static str, usize>,
    /// The first of each kind.
    pub findings: Vec<StrictFinding>,
}

/// How many findings of a kind are shown.
const SHOWN: usize = 8;

impl StrictFindings {
    /// Counts findings, and keeps the first ones of each kind.
    pub fn new(all: Vec<StrictFinding>) -> Self {
        let mut counts = BTreeMap::new();
        let valid = Validity::from_valid(all.is_empty());
        let mut findings = all;
        findings.retain(|finding| {
            let count = counts.entry(finding.kind).or_insert(0);
            *count += 1;
            *count <= SHOWN
        });
        Self { valid, counts, findings }
    }

    /// Adds a finding that stands for `count` of its kind.
    pub fn add(&mut self, finding: StrictFinding, count: usize) {
        self.valid = self.valid.max(Validity::Invalid);
        *self.counts.entry(finding.kind).or_default() += count;
        if self.findings.iter().filter(|other| other.kind == finding.kind).count() < SHOWN {
            self.findings.push(finding);
        }
    }
}

/// The counts, and the first of each kind, a line each.
impl fmt::Display for StrictFindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, count) in &self.counts {
            let example = self.findings.iter().find(|finding| finding.kind == *kind);
            write!(f, "\n  {count} x {kind}: {}", example.map_or("", |example| &example.explanation))?;
        }
        Ok(())
    }
}
