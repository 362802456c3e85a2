//! Transactions that contradict themselves (`internal`), or read what they append only later (`future-read`).

use crate::{
    checker::txn::{
        anomalies::{Anomalies, Anomaly, entry_json, step_json},
        transactions::{Entry, Id, Seen, Step, Transactions},
    },
    history::Kind,
};
use glomers_json::SortedMap;
use serde_json::{Value, json};
use std::borrow::Cow;

/// The list that a transaction expects under a key, by its own steps so far.
#[derive(Clone)]
enum Expected<'a> {
    /// Unknown elements, then these.
    EndsWith(Vec<Id>),
    /// Exactly this.
    Exactly(Cow<'a, [Id]>),
    /// `null`, from which nothing follows: Elle does not tell it from a list that is unknown.
    Nil,
}

pub(super) fn check(transactions: &Transactions, anomalies: &mut Anomalies) {
    let mut state = SortedMap::new();
    for place in transactions.of_kinds(&[Kind::Ok]) {
        let entry = &transactions.entries[place];
        if let Some((step, expected)) = contradiction(entry, &mut state) {
            anomalies.push("internal", || internal(transactions, place, step, &expected));
        }
        if let Some((step, element)) = future_read(entry) {
            anomalies.push("future-read", || future(transactions, place, step, element));
        }
    }
}

/// The first read that contradicts the steps before it. The memory of `state` is used again for each transaction.
fn contradiction<'a>(entry: &'a Entry, state: &mut SortedMap<Id, Expected<'a>>) -> Option<(&'a Step, Expected<'a>)> {
    state.clear();
    for step in &entry.steps {
        match step {
            Step::Write { key, value } => match state.get_mut(key) {
                Some(Expected::EndsWith(elements)) => elements.push(*value),
                Some(Expected::Exactly(elements)) => elements.to_mut().push(*value),
                Some(expected @ Expected::Nil) => *expected = Expected::Exactly(Cow::Owned(vec![*value])),
                None => state.insert(*key, Expected::EndsWith(vec![*value])),
            },
            Step::Read { key, values } => {
                let is_expected = match state.get(key) {
                    Some(Expected::EndsWith(end)) => values.elements().ends_with(end),
                    // An empty list is not `null`.
                    Some(Expected::Exactly(elements)) => values.as_deref() == Some(&**elements),
                    Some(Expected::Nil) | None => true,
                };
                if !is_expected {
                    return Some((step, state.get(key)?.clone()));
                }
                let now = values.as_deref().map_or(Expected::Nil, |values| Expected::Exactly(Cow::Borrowed(values)));
                state.insert(*key, now);
            }
        }
    }
    None
}

/// The first read of an element that the transaction appends later.
fn future_read(entry: &Entry) -> Option<(&Step, Id)> {
    for (number, step) in entry.steps.iter().enumerate() {
        let Step::Write { key: written, value } = step else { continue };
        let has_read = |earlier: &&Step| match earlier {
            Step::Read { key, values } => key == written && values.elements().contains(value),
            Step::Write { .. } => false,
        };
        if let Some(read) = entry.steps[..number].iter().find(has_read) {
            return Some((read, *value));
        }
    }
    None
}

fn internal(transactions: &Transactions, place: usize, step: &Step, expected: &Expected<'_>) -> Anomaly {
    let entry = &transactions.entries[place];
    let name = |id: &Id| crate::json::value(transactions.name(*id));
    let expected: Value = match expected {
        Expected::EndsWith(elements) => [json!("...")].into_iter().chain(elements.iter().map(name)).collect(),
        Expected::Exactly(elements) => elements.iter().map(name).collect(),
        Expected::Nil => Value::Null,
    };
    let read = if let Step::Read { values, .. } = step { transactions.seen(values) } else { transactions.show(step) };
    let explanation = format!(
        "{} read key {} as {read}, inconsistent with its own earlier reads and appends (expected {expected})",
        transactions.label(place),
        transactions.name(step.key()),
    );
    let detail = json!({
        "op": entry_json(transactions, entry),
        "mop": step_json(transactions, step),
        "expected": expected,
    });
    Anomaly::new([entry.index], explanation, detail)
}

fn future(transactions: &Transactions, place: usize, step: &Step, element: Id) -> Anomaly {
    let entry = &transactions.entries[place];
    let explanation = format!(
        "{} read element {} of key {} before appending it itself",
        transactions.label(place),
        transactions.name(element),
        transactions.name(step.key()),
    );
    let detail = json!({
        "op": entry_json(transactions, entry),
        "mop": step_json(transactions, step),
        "element": crate::json::value(transactions.name(element)),
    });
    Anomaly::new([entry.index], explanation, detail)
}
