//! The number of operations that succeeded (jepsen: `checker.clj`, `stats`).

use crate::{
    history::{History, Kind},
    named::Named,
    validity::Validity,
};
use serde::Serialize;

/// Counts of completed operations, all and by function.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Stats {
    /// Invalid if some function never succeeded.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// All operations.
    #[serde(flatten)]
    pub all: Counts,
    /// By function.
    pub by_f: Named<Function>,
}

/// The outcomes of the operations of one function.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Function {
    /// Invalid if none succeeded.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// The number of operations, by outcome.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The number of operations that ended, by outcome.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Counts {
    /// The number that ended.
    pub count: usize,
    /// The number that happened.
    pub ok_count: usize,
    /// The number that did not happen.
    pub fail_count: usize,
    /// The number that may have happened.
    pub info_count: usize,
}

/// None has succeeded.
impl Default for Function {
    fn default() -> Self {
        Self { valid: Validity::Invalid, counts: Counts::default() }
    }
}

/// Counts the operations of clients. That `crash` never succeeds is in the nature of it (jepsen: `tests/kafka.clj`,
/// `stats-checker`).
pub fn check(history: &History) -> Stats {
    let mut all = Counts::default();
    let mut by_f: Named<Function> = Named::default();
    for (_, completion) in history.completed() {
        let function = by_f.of(&completion.f);
        for counts in [&mut all, &mut function.counts] {
            counts.count += 1;
            match completion.kind {
                Kind::Ok => counts.ok_count += 1,
                Kind::Fail => counts.fail_count += 1,
                Kind::Info | Kind::Invoke => counts.info_count += 1,
            }
        }
        function.valid = Validity::from_valid(function.counts.ok_count > 0);
    }
    let valid = by_f.iter().filter(|(f, _)| *f != "crash").map(|(_, function)| function.valid).max();
    Stats { valid: valid.unwrap_or(Validity::Valid), all, by_f }
}
