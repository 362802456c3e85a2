//! A finding: one thing that a checker found in a history, with the entries that show it.
//!
//! Faults that decide the verdict, strict findings and notes are one type, so that a report shows all of them alike.

use crate::{named::Named, validity::Validity};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use std::{borrow::Cow, fmt};

/// The weight of a finding; the greatest comes first.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub enum Weight {
    /// It decides the verdict.
    Fault,
    /// It counts only in a strict test: Maelstrom does not look for it.
    Strict,
    /// It is worth knowing.
    Note,
}

/// Something that a checker found.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// Its weight.
    pub weight: Weight,
    /// Its kind: `lost`, `G1c`, `key 3 is not linearizable`.
    pub kind: Cow<'static, str>,
    /// The reason why it is wrong, in a sentence or two.
    pub explanation: String,
    /// The indices of the entries of the history that show it.
    pub entries: Vec<usize>,
    /// The values it is about, as JSON texts: an element, a message of a log, a key. Empty if only the entries say.
    pub subjects: Vec<String>,
    /// The log of which these are messages, as a JSON text.
    pub key: Option<String>,
    /// More about it: JSON or a drawing.
    pub detail: Option<String>,
}

impl Finding {
    fn new(
        weight: Weight,
        kind: impl Into<Cow<'static, str>>,
        entries: impl Into<Vec<usize>>,
        explanation: impl Into<String>,
    ) -> Self {
        Self {
            weight,
            kind: kind.into(),
            explanation: explanation.into(),
            entries: entries.into(),
            subjects: Vec::new(),
            key: None,
            detail: None,
        }
    }

    /// A finding that decides the verdict.
    pub fn fault(
        kind: impl Into<Cow<'static, str>>,
        entries: impl Into<Vec<usize>>,
        explanation: impl Into<String>,
    ) -> Self {
        Self::new(Weight::Fault, kind, entries, explanation)
    }

    /// A finding that counts only in a strict test.
    pub fn strict(
        kind: impl Into<Cow<'static, str>>,
        entries: impl Into<Vec<usize>>,
        explanation: impl Into<String>,
    ) -> Self {
        Self::new(Weight::Strict, kind, entries, explanation)
    }

    /// A finding that is only worth knowing.
    pub fn note(
        kind: impl Into<Cow<'static, str>>,
        entries: impl Into<Vec<usize>>,
        explanation: impl Into<String>,
    ) -> Self {
        Self::new(Weight::Note, kind, entries, explanation)
    }

    /// The reason why there is no verdict.
    pub fn no_verdict(reason: impl Into<String>) -> Self {
        Self::fault(NO_VERDICT, [], reason)
    }

    /// The same finding, about these values.
    #[must_use]
    pub fn about(self, subjects: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { subjects: subjects.into_iter().map(Into::into).collect(), ..self }
    }

    /// The same finding, about messages of this log.
    #[must_use]
    pub fn of_key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// The same finding with more detail.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

/// The kind of a finding that says why there is no verdict.
pub const NO_VERDICT: &str = "no verdict";

/// As in `results.json`: the kind, the entries under Jepsen's name `ops`, and the explanation.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut finding = serializer.serialize_struct("Finding", 3)?;
        finding.serialize_field("kind", &self.kind)?;
        finding.serialize_field("ops", &self.entries)?;
        finding.serialize_field("explanation", &self.explanation)?;
        finding.end()
    }
}

/// The strict findings in a history.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StrictFindings {
    /// Invalid if there are any.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// The number of findings of each kind.
    pub counts: Named<usize>,
    /// The first of each kind.
    pub findings: Vec<Finding>,
}

/// The number of findings of a kind that are kept.
pub const SHOWN: usize = 8;

impl StrictFindings {
    /// Counts findings, and keeps the first ones of each kind.
    pub fn new(all: Vec<Finding>) -> Self {
        let mut counts = Named::<usize>::default();
        let valid = Validity::from_valid(all.is_empty());
        let mut findings = all;
        findings.retain(|finding| {
            let count = counts.of(&finding.kind);
            *count += 1;
            *count <= SHOWN
        });
        Self { valid, counts, findings }
    }

    /// Adds a finding that stands for `count` of its kind.
    pub fn add(&mut self, finding: Finding, count: usize) {
        self.valid = self.valid.max(Validity::Invalid);
        *self.counts.of(&finding.kind) += count;
        if self.findings.iter().filter(|other| other.kind == finding.kind).count() < SHOWN {
            self.findings.push(finding);
        }
    }
}

/// The counts, and the first of each kind, one per line.
impl fmt::Display for StrictFindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, count) in self.counts.iter() {
            let example = self.findings.iter().find(|finding| finding.kind == kind);
            write!(f, "\n  {count} x {kind}: {}", example.map_or("", |example| &example.explanation))?;
        }
        Ok(())
    }
}
