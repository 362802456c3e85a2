//! Operations that a node answered with error 13, `crash` (`crashed-operation`): its handler panicked or broke off.
//!
//! Maelstrom takes them for operations that may have happened, so a node that crashes in every other request can be valid.
//! If faults stopped nodes or struck disks, such an answer is what a correct node gives, and nothing is found.

use crate::{
    finding::Finding,
    history::{History, Kind, Op, Process, faults},
};

/// The beginnings of the names of faults under which a node may have to break off.
const EXCUSES: [&str; 2] = ["kill", "disk"];

/// The name of the error.
const NAME: &str = "crash";

/// Finds operations that a node answered with `crash`.
pub fn operations(history: &History) -> Vec<Finding> {
    let is_excused =
        faults::periods(history).iter().any(|fault| EXCUSES.iter().any(|name| fault.name.starts_with(name)));
    if is_excused {
        return Vec::new();
    }
    history.ops().iter().filter_map(finding).collect()
}

fn finding(op: &Op) -> Option<Finding> {
    if op.process == Process::Nemesis || !matches!(op.kind, Kind::Info | Kind::Fail) {
        return None;
    }
    // Only a text with an escape may be another one than it seems.
    let error = op.error()?;
    if !error.as_str().contains(NAME) && !error.as_str().contains('\\') {
        return None;
    }
    let (name, text) = error.decode::<(String, Option<String>)>().ok()?;
    let text = text.unwrap_or_else(|| "without a text".to_owned());
    let explanation = format!("entry {} ends `{}` with error 13, crash: {text}", op.index, op.f);
    (name == NAME).then(|| Finding::strict("crashed-operation", [op.index], explanation))
}
