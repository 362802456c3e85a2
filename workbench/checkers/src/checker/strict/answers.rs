//! Answers that do not fit their requests (`malformed-answer`).
//!
//! A transaction's answer repeats the steps of the request in their order, with the reads filled in. Maelstrom does not
//! compare them, and so a node that answers `[]` to everything passes there.

use crate::{
    checker::steps::steps,
    finding::Finding,
    history::{Clients, History, Op, Operation},
    order::{sort_by, sort_by_number},
    text::shorten,
};
use glomers_json::{Json, elements, members};
use serde_json::value::RawValue;

/// The number of bytes of a request or an answer that is shown.
const SHOWN: usize = 120;

/// Holds the answer of each successful transaction to its request.
pub fn transactions(history: &History) -> Vec<Finding> {
    let of_operation = |operation: &Operation<'_>| unlike(operation.invocation, operation.ok()?);
    history.operations().iter().filter(|operation| operation.invocation.f == "txn").filter_map(of_operation).collect()
}

/// Holds the answer of a transaction to its request.
pub(crate) fn unlike(request: &Op, answer: &Op) -> Option<Finding> {
    let fault = transaction(&request.value, &answer.value)?;
    let explanation = format!(
        "T{} asked {} and was answered {}: {fault}; a txn_ok repeats the steps in order, with the reads filled in",
        answer.index,
        shorten(request.value.as_str(), SHOWN),
        shorten(answer.value.as_str(), SHOWN),
    );
    Some(Finding::strict("malformed-answer", [request.index, answer.index], explanation))
}

/// The difference between an answer and what its request asks for.
fn transaction(request: &Json, answer: &Json) -> Option<String> {
    let asked = steps(request.as_str())?;
    let Some(answered) = steps(answer.as_str()) else {
        return Some("it is no list of steps".to_owned());
    };
    for (number, (f, key, value)) in asked.iter().enumerate() {
        let is_right = answered.get(number).is_some_and(|(kind, name, answer)| {
            kind == f && is_same(name, key) && (f == "r" || is_same(answer, value))
        });
        if !is_right {
            let expected = match &**f {
                "r" => format!("[\"r\",{key},...]"),
                f => format!("[{},{key},{value}]", Json::from(f)),
            };
            return Some(format!("step {} should be {expected}", number + 1));
        }
    }
    (answered.len() > asked.len()).then(|| format!("it has {} steps for {}", answered.len(), asked.len()))
}

fn is_same(left: &str, right: &str) -> bool {
    left == right || Json::from_valid_text(left) == Json::from_valid_text(right)
}

/// Holds the answer of each successful poll to the logs that its client is assigned.
///
/// A client asks for the logs of its last assignment; an assignment that may have happened leaves both possible.
pub fn polls(history: &History) -> Vec<Finding> {
    // The logs of a subscription are given by the node.
    if history.ops().iter().any(|op| op.f == "subscribe") {
        return Vec::new();
    }
    let mut assigned = Clients::<Vec<String>>::default();
    let mut findings = Vec::new();
    for operation in by_completion(history) {
        let (invocation, Some(completion)) = (operation.invocation, operation.completion) else { continue };
        let keys = assigned.of(completion.process);
        match (&*invocation.f, operation.ok()) {
            ("assign", Some(_)) => *keys = names(&invocation.value),
            ("assign", None) => {
                keys.extend(names(&invocation.value));
                sort(keys);
            }
            ("poll", Some(answer)) => {
                if let Some(stranger) = polled(answer).into_iter().find(|key| keys.binary_search(key).is_err()) {
                    let explanation = format!(
                        "entry {} polled the logs [{}] and was answered the log {stranger} too: {}; a poll_ok has only \
                         logs that the poll asked for",
                        answer.index,
                        keys.join(", "),
                        shorten(answer.value.as_str(), SHOWN),
                    );
                    let entries = [invocation.index, answer.index];
                    findings.push(Finding::strict("malformed-answer", entries, explanation));
                }
            }
            _ => {}
        }
    }
    findings
}

/// The operations in the order in which they ended.
fn by_completion(history: &History) -> Vec<Operation<'_>> {
    let mut operations = history.operations();
    sort_by_number(&mut operations, |operation| {
        operation.completion.map_or(0, |completion| completion.index as u64 + 1)
    });
    operations
}

/// The logs that an assignment names.
fn names(assignment: &Json) -> Vec<String> {
    let names: Vec<Json> = assignment.decode().unwrap_or_default();
    let mut names: Vec<String> = names.iter().map(name).collect();
    sort(&mut names);
    names
}

fn sort(names: &mut Vec<String>) {
    sort_by(names, String::cmp);
    names.dedup();
}

fn name(key: &Json) -> String {
    key.decode().unwrap_or_else(|_| key.to_string())
}

/// The logs that a poll was answered.
fn polled(answer: &Op) -> Vec<String> {
    let mut polled = Vec::new();
    for step in elements(answer.value.as_str()).unwrap_or_default() {
        let Some((f, logs)) = polled_logs(step) else { return Vec::new() };
        if f == "poll" {
            polled.extend(logs.into_iter().map(|(log, _)| log));
        }
    }
    polled
}

/// The name of a step, and the members of its argument.
fn polled_logs(step: &RawValue) -> Option<(String, Vec<(String, &RawValue)>)> {
    let [f, logs] = elements(step.get()).ok()?[..] else { return None };
    Some((serde_json::from_str(f.get()).ok()?, members(logs.get()).ok()?))
}
