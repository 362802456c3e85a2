//! The interface of a checker: a history and expectations in, a verdict with its reasons out.

use crate::{expectations::Expectations, finding::StrictFinding, history::History, json::value, validity::Validity};
use std::fmt;

/// A judge of the histories of a workload.
pub trait Checker: fmt::Debug {
    /// Judges a history as Maelstrom does.
    fn check(&self, history: &History, expectations: &Expectations) -> Verdict;

    /// Finds faults that Maelstrom does not look for.
    fn strict_findings(&self, history: &History, expectations: &Expectations) -> Vec<StrictFinding> {
        let _ = (history, expectations);
        Vec::new()
    }
}

/// A checker's verdict with its reasons.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Verdict {
    /// The verdict.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// The checker's findings, with Maelstrom's key names.
    #[serde(flatten)]
    pub findings: serde_json::Value,
}

impl Verdict {
    /// Valid if there are no errors, which are the finding.
    pub fn from_errors(errors: &[impl serde::Serialize]) -> Self {
        Self {
            valid: Validity::from_valid(errors.is_empty()),
            findings: serde_json::json!({ "errors": value(errors) }),
        }
    }
}
