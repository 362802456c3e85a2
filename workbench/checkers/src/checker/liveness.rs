//! Liveness: every node serves its clients again after all faults. Only the history of a test with the option
//! `liveness` shows it, because its last operations name the node that they use.

use crate::{
    history::{History, Kind, Op},
    named::Named,
    validity::Validity,
};
use glomers_json::Json;
use serde::Serialize;

/// The entry of an operation that says which node is put to the test.
pub const MARK: &str = "liveness";

/// The nodes that served no request after the faults were over.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Liveness {
    /// Invalid if there are any.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// Their ids, each with the indices of the entries that show it.
    pub silent: Named<Vec<usize>>,
}

/// Looks for nodes that were asked at the end and never served; `None` if none was asked.
pub fn check(history: &History) -> Option<Liveness> {
    let mut asked = Named::<(bool, Vec<usize>)>::default();
    for op in history.ops() {
        let Some(node) = node(op) else { continue };
        let (has_served, entries) = asked.of(&node);
        *has_served |= is_served(op);
        entries.push(op.index);
    }
    let mut silent = Named::<Vec<usize>>::default();
    for (node, (_, entries)) in asked.iter().filter(|(_, (has_served, _))| !has_served) {
        silent.of(node).clone_from(entries);
    }
    (!asked.is_empty()).then(|| Liveness { valid: Validity::from_valid(silent.is_empty()), silent })
}

fn node(op: &Op) -> Option<String> {
    op.extra().iter().find(|(key, _)| *key == MARK).and_then(|(_, node)| node.decode().ok())
}

/// Tells whether a node served a request or refused it for good. A timeout or a temporary refusal does not count.
pub fn is_served(op: &Op) -> bool {
    let excuses = ["net-timeout", "temporarily-unavailable"];
    let reason =
        |error: &Json| error.decode::<String>().or_else(|_| error.decode::<(String, Json)>().map(|(name, _)| name));
    let excused = || op.error().and_then(|error| reason(error).ok()).is_some_and(|name| excuses.contains(&&*name));
    op.kind == Kind::Ok || op.kind == Kind::Fail && !excused()
}
