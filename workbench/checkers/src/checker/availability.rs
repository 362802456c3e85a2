//! The fraction of the operations that succeeded, and whether that is enough (Maelstrom: `checker.clj`).

use crate::{
    expectations,
    history::{History, Kind},
    validity::Validity,
};
use serde::Serialize;

/// The availability of the system.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Availability {
    /// Valid if the system was available enough.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// The number of operations that succeeded, divided by the number that began.
    pub ok_fraction: f64,
    /// The fraction that was required.
    #[serde(skip)]
    pub required: Option<expectations::Availability>,
}

/// Counts against the goal, if there is one.
pub fn check(history: &History, goal: Option<expectations::Availability>) -> Availability {
    let begun = history.operation_count();
    let succeeded = history.completed().filter(|(_, completion)| completion.kind == Kind::Ok).count();
    #[expect(clippy::cast_precision_loss, reason = "nobody runs 2^52 operations")]
    let ok_fraction = if begun == 0 { 1.0 } else { succeeded as f64 / begun as f64 };
    let enough = match goal {
        None => true,
        Some(expectations::Availability::Total) => succeeded == begun,
        Some(expectations::Availability::AtLeast(fraction)) => fraction <= ok_fraction,
    };
    Availability { valid: Validity::from_valid(enough), ok_fraction, required: goal }
}
