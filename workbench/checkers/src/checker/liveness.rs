//! Liveness: every node serves its clients again after all faults. Only the history of a test with the option
//! `liveness` shows it, because its last operations name the node that they use.

use crate::{
    history::{History, Kind, Op},
    validity::Validity,
};
use glomers_json::Json;
use serde::Serialize;
use std::collections::BTreeMap;

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
    pub silent: BTreeMap<String, Vec<usize>>,
}

/// Looks for nodes that were asked at the end and never served; `None` if none was asked.
pub fn check(history: &History) -> Option<Liveness> {
    let mut ends: BTreeMap<String, Option<Vec<usize>>> = BTreeMap::new();
    for op in history.ops() {
        let Some(node) = node(op) else { continue };
        let unserved = ends.entry(node).or_insert_with(|| Some(Vec::new()));
        if is_served(op) {
            *unserved = None;
        } else if let Some(entries) = unserved {
            entries.push(op.index);
        }
    }
    let silent: BTreeMap<_, _> = ends.iter().filter_map(|(node, ends)| Some((node.clone(), ends.clone()?))).collect();
    (!ends.is_empty()).then(|| Liveness { valid: Validity::from_valid(silent.is_empty()), silent })
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
