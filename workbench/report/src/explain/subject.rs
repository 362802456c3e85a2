//! The values that a finding is about, and the places that mention them.

use glomers_checkers::{
    finding::Finding,
    history::{History, Op, Process},
    text::find,
};
use serde_json::Value;

/// The values and the key that a finding is about, as JSON texts.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) values: Vec<String>,
    pub(super) key: Option<String>,
}

impl Subject {
    /// The subjects that the finding names, or else the values that its entries write.
    pub(super) fn of(history: &History, finding: &Finding) -> Self {
        let mut values = finding.subjects.clone();
        if values.is_empty() {
            let ops = finding.entries.iter().filter_map(|index| history.ops().get(*index));
            ops.filter(|op| op.process != Process::Nemesis && op.f != "read").for_each(|op| written(op, &mut values));
            values.sort();
            values.dedup();
        }
        Self { values, key: finding.key.clone() }
    }

    /// The place in a text that mentions it: after its key, if it has one.
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        let from = self.key.as_ref().map_or(Some(0), |key| find(text, key))?;
        let places = self.values.iter().filter_map(|value| find(&text[from..], value));
        places.min().map(|at| from + at)
    }

    /// Tells whether a text mentions it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.find(text).is_some()
    }
}

/// Collects the values that an operation writes: those of a transaction's steps, such as `["append", KEY, VALUE]`, or
/// its own value.
fn written(op: &Op, subjects: &mut Vec<String>) {
    let Ok(value) = op.value.decode::<Value>() else { return };
    match value.as_array() {
        None if value.is_null() => {}
        None => subjects.push(value.to_string()),
        Some(steps) => {
            let writes = steps.iter().filter(|step| matches!(step[0].as_str(), Some("append" | "w" | "send")));
            let value = |step: &Value| if step[2].is_array() { step[2][1].to_string() } else { step[2].to_string() };
            subjects.extend(writes.map(value));
        }
    }
}
