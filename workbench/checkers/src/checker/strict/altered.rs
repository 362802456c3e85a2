//! Entries that end an operation as failed or unknown with another value than it began with (`altered-value`).
//!
//! No client writes such a history: it was damaged, or put together from several. Checkers read the value of one entry
//! or the other, so a verdict on it is not to be trusted.

use crate::{
    finding::Finding,
    history::{History, Kind},
    order::sort_by_number,
    text::shorten,
};

/// The number of bytes of a value that is shown.
const SHOWN: usize = 80;

/// Finds operations whose value changed although they did not succeed.
pub fn values(history: &History) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (begun, end) in history.completed().filter(|(_, end)| matches!(end.kind, Kind::Fail | Kind::Info)) {
        if end.value != begun.value && !end.value.is_null() {
            let explanation = format!(
                "entry {} ends {} `{}` of {}, which began as {} in entry {}",
                end.index,
                end.kind,
                end.f,
                shorten(end.value.as_str(), SHOWN),
                shorten(begun.value.as_str(), SHOWN),
                begun.index,
            );
            findings.push(Finding::strict("altered-value", [begun.index, end.index], explanation));
        }
    }
    // In the order in which the operations began.
    sort_by_number(&mut findings, |finding| finding.entries[0] as u64);
    findings
}
