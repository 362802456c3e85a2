//! Transactions that read another value than they read or wrote themselves (`internal`).

use crate::{
    checker::txn::{
        anomalies::{Anomalies, Anomaly, entry_json, step_json},
        transactions::{Entry, Id, NIL, Seen, Step, Transactions},
    },
    history::Kind,
};
use glomers_json::{Json, SortedMap};
use serde_json::json;

pub(super) fn check(transactions: &Transactions, anomalies: &mut Anomalies) {
    for place in transactions.of_kinds(&[Kind::Ok]) {
        if let Some((step, expected, source)) = contradiction(&transactions.entries[place]) {
            anomalies.push("internal", || describe(transactions, place, step, expected, source));
        }
    }
}

/// The first read that contradicts the steps before it, with the value of the last of those, which is a read or a
/// write.
fn contradiction(entry: &Entry) -> Option<(&Step, Id, &'static str)> {
    let mut state = SortedMap::<Id, (Id, &'static str)>::new();
    for step in &entry.steps {
        match step {
            Step::Write { key, value } => state.insert(*key, (*value, "write")),
            Step::Read { key, values } => {
                let known = state.get(key).copied();
                // In the version of Elle that Maelstrom uses, nothing follows from a `nil` that was read.
                if let Some((expected, source)) = known.filter(|(expected, _)| *expected != NIL)
                    && expected != values.value()
                {
                    return Some((step, expected, source));
                }
                state.insert(*key, (values.value(), known.map_or("read", |(_, source)| source)));
            }
        }
    }
    None
}

fn describe(transactions: &Transactions, place: usize, step: &Step, expected: Id, source: &str) -> Anomaly {
    let entry = &transactions.entries[place];
    let read = if let Step::Read { values, .. } = step { values.value() } else { NIL };
    let [read, expected] = [read, expected].map(|id| transactions.name(id));
    let explanation = format!(
        "{} read key {} as {read}, but its own earlier {source} said {expected}{}",
        transactions.label(place),
        transactions.name(step.key()),
        hint(read, expected),
    );
    let detail = json!({
        "op": entry_json(transactions, entry),
        "mop": step_json(transactions, step),
        "expected": crate::json::value(expected),
    });
    Anomaly::new([entry.index], explanation, detail)
}

/// The usual mistake, if the values are the same number in different notations.
fn hint(read: &Json, expected: &Json) -> String {
    let number = |value: &Json| value.decode::<f64>().ok();
    if number(read).is_none() || number(read) != number(expected) {
        return String::new();
    }
    let (float, integer) = if expected.decode::<i64>().is_ok() { (read, expected) } else { (expected, read) };
    if integer.decode::<i64>().is_err() || float.decode::<i64>().is_ok() {
        return String::new();
    }
    format!("; {float} is a floating-point number, {integer} an integer: write integers without a point")
}
