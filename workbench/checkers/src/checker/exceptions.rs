//! Replies that clients could not handle: those outside the protocol, and errors in workloads whose clients do not tell
//! errors apart (jepsen: `checker.clj`, `unhandled-exceptions`). They are only listed; the verdict is always valid.

use crate::{
    history::{History, Kind, Op},
    order::sort_by_number,
    validity::Validity,
};
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use serde::Serialize;

/// The exceptions of a history, the most frequent first.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Exceptions {
    /// Always valid.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// Each text, with how often and where it came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
}

/// An exception that came at least once.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Exception {
    /// The text of the exception.
    pub text: String,
    /// The number of times it came.
    pub count: usize,
    /// The first operation that ended with it.
    pub example: Op,
}

/// The beginning of the errors of such operations.
const MARK: &str = "indeterminate: ";

/// Collects the exceptions of operations whose outcome is unknown.
pub fn check(history: &History) -> Exceptions {
    let mut found: IndexMap<String, Exception, FixedState> = IndexMap::default();
    for op in history.ops().iter().filter(|op| op.kind == Kind::Info) {
        let text = op.error().and_then(|error| error.decode::<String>().ok());
        if let Some(text) = text.as_deref().and_then(|text| text.strip_prefix(MARK)) {
            let new = || Exception { text: text.to_owned(), count: 0, example: op.clone() };
            found.entry(text.to_owned()).or_insert_with(new).count += 1;
        }
    }
    let mut exceptions: Vec<_> = found.into_values().collect();
    sort_by_number(&mut exceptions, |exception| u64::MAX - exception.count as u64);
    Exceptions { valid: Validity::Valid, exceptions }
}
