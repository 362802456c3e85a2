//! What the checkers found, each finding with the entries that show it. The checkers' JSON has a shape for each
//! workload; what has none of them is shown as it is.

mod collect;
mod kinds;
mod witnesses;

use glomers_workbench::Report;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Weight {
    /// It decides the verdict.
    Fault,
    /// Maelstrom does not look for it.
    Strict,
    /// It is worth knowing.
    Note,
}

/// Something that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// How grave it is.
    pub weight: Weight,
    /// Its kind: `lost`, `G1c`, `key 3 is not linearizable`.
    pub title: String,
    /// Why it is wrong, in words.
    pub explanation: String,
    /// The indices of the entries of the history that show it.
    pub entries: Vec<usize>,
    /// What it is about, as JSON texts: an element, a message of a log, a key. Empty if only the entries say.
    pub subjects: Vec<String>,
    /// The log of which these are messages, as a JSON text.
    pub key: Option<String>,
    /// More about it, as text.
    pub detail: Option<String>,
}

/// The findings in a report, the worst first; of each kind the first few.
pub fn findings(report: &Report) -> Vec<Finding> {
    collect::collect(report)
}
