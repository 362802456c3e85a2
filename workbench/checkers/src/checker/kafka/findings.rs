//! From anomalies of logs to findings: each kind in plain English, with the facts and the entries that show it.

use super::anomalies::{
    ALLOWED, Anomalies, By, Duplicate, Found, InconsistentOffset, LostWrite, PrecommittedRead, Skip, WrongRead,
};
use crate::{
    finding::{Finding, SHOWN},
    json::exact,
};
use serde::Serialize;
use serde_json::Value;

/// The meaning of a kind.
fn describe(kind: &str) -> &'static str {
    match kind {
        "G1a" => "A poll saw a message whose send failed",
        "G1c-realtime" => "A poll saw a message that was not yet sent",
        "strong-PL-2-cycle-exists" => "Some operations depend on each other in a circle",
        "duplicate" => "A message stands at several offsets",
        "empty-transaction-graph" => "There is nothing to judge: no operation followed one that succeeded",
        "inconsistent-offsets" => "An offset has several messages",
        "int-nonmonotonic-poll" => "A poll goes back in its log",
        "int-nonmonotonic-send" => "The sends of a transaction go back in their log",
        "int-poll-skip" => "A poll leaves out messages",
        "int-send-skip" => "Somebody else's messages stand between the sends of a transaction",
        "lost-write" => "A message was not polled, though one behind it was",
        "nonmonotonic-poll" => "From one poll to the next, a client goes back in a log",
        "nonmonotonic-send" => "From one send to the next, a client goes back in a log",
        "poll-skip" => "From one poll to the next, a client misses messages",
        "precommitted-read" => "A transaction sees its own sends",
        "unseen" => "Confirmed messages that nobody had polled by the end",
        _ => "An anomaly",
    }
}

/// An anomaly that names messages of one log.
pub(super) trait Anomaly: Serialize {
    /// The parts of its finding.
    fn parts(&self) -> Parts<'_>;
}

/// The parts of a finding.
pub(super) struct Parts<'a> {
    /// The log.
    key: &'a str,
    messages: Vec<&'a Value>,
    /// The facts after the key, as name and JSON text.
    facts: Vec<(&'static str, String)>,
    /// The indices of the entries that show it.
    entries: Vec<usize>,
}

impl<'a> Parts<'a> {
    /// An anomaly of one message.
    fn of_message(key: &'a str, value: &'a Value, entries: Vec<usize>) -> Self {
        Self { key, messages: vec![value], facts: vec![("value", value.to_string())], entries }
    }
}

fn list(values: &[impl Serialize]) -> String {
    exact(values).to_string()
}

impl Anomaly for InconsistentOffset {
    fn parts(&self) -> Parts<'_> {
        Parts {
            key: &self.key,
            messages: self.values.iter().collect(),
            facts: vec![("values", list(&self.values)), ("offset", self.offset.to_string())],
            entries: self.seen_by.clone(),
        }
    }
}

impl Anomaly for Duplicate {
    fn parts(&self) -> Parts<'_> {
        let mut parts = Parts::of_message(&self.key, &self.value, self.seen_by.clone());
        parts.facts.push(("offsets", list(&self.offsets)));
        parts
    }
}

impl Anomaly for LostWrite {
    fn parts(&self) -> Parts<'_> {
        let entries = self.max_read.iter().map(|read| read.index).chain([self.writer.index]);
        Parts::of_message(&self.key, &self.value, entries.collect())
    }
}

impl Anomaly for WrongRead {
    fn parts(&self) -> Parts<'_> {
        Parts::of_message(&self.key, &self.value, vec![self.reader.index, self.writer.index])
    }
}

impl Anomaly for PrecommittedRead {
    fn parts(&self) -> Parts<'_> {
        Parts::of_message(&self.key, &self.value, vec![self.op.index])
    }
}

impl Anomaly for Skip {
    fn parts(&self) -> Parts<'_> {
        let skipped = (!self.skipped.is_empty()).then(|| ("skipped", list(&self.skipped)));
        let facts = [("values", list(&self.values)), ("delta", self.delta.to_string())];
        Parts {
            key: &self.key,
            messages: self.values.iter().collect(),
            facts: facts.into_iter().chain(skipped).collect(),
            entries: match &self.by {
                By::Op(op) => vec![op.index],
                By::Ops(ops) => ops.iter().map(|op| op.index).collect(),
            },
        }
    }
}

/// The findings, by kind.
pub(super) fn findings(found: &Anomalies) -> Vec<Finding> {
    let mut findings = [
        of_kind("G1a", &found.aborted_read),
        of_kind("G1c-realtime", &found.early_read),
        of_kind("duplicate", &found.duplicate),
        counted("empty-transaction-graph", found.empty_graph.count),
        of_kind("inconsistent-offsets", &found.inconsistent_offsets),
        of_kind("int-nonmonotonic-poll", &found.int_nonmonotonic_poll),
        of_kind("int-nonmonotonic-send", &found.int_nonmonotonic_send),
        of_kind("int-poll-skip", &found.int_poll_skip),
        of_kind("int-send-skip", &found.int_send_skip),
        of_kind("lost-write", &found.lost_write),
        of_kind("nonmonotonic-poll", &found.nonmonotonic_poll),
        of_kind("nonmonotonic-send", &found.nonmonotonic_send),
        of_kind("poll-skip", &found.poll_skip),
        of_kind("precommitted-read", &found.precommitted_read),
        counted("strong-PL-2-cycle-exists", found.cycle_exists.count),
    ]
    .concat();
    if let Some(unseen) = &found.unseen {
        findings.push(Finding::fault("unseen", [], describe("unseen")).with_detail(format!("{:#}", exact(unseen))));
    }
    findings
}

/// An anomaly that is only counted.
fn counted(kind: &'static str, count: usize) -> Vec<Finding> {
    (count > 0).then(|| Finding::fault(kind, [], format!("{} ({count})", describe(kind)))).into_iter().collect()
}

fn of_kind(kind: &'static str, found: &Found<impl Anomaly>) -> Vec<Finding> {
    let is_allowed = ALLOWED.contains(&kind);
    let mut findings: Vec<Finding> = found.errs.iter().take(SHOWN).map(|err| finding(kind, err, is_allowed)).collect();
    match findings.first_mut() {
        None => counted(kind, found.count),
        Some(first) => {
            if found.count > found.errs.len().min(SHOWN) {
                first.explanation.push_str(&format!(" The first of {}.", found.count));
            }
            findings
        }
    }
}

fn finding(kind: &'static str, err: &impl Anomaly, is_allowed: bool) -> Finding {
    let Parts { key, messages, facts, entries } = err.parts();
    let key = Value::from(key).to_string();
    let facts: Vec<_> = facts.into_iter().map(|(name, fact)| format!(", {name} {fact}")).collect();
    let explanation = format!("{}: key {key}{}.", describe(kind), facts.concat());
    let finding =
        if is_allowed { Finding::note(kind, entries, explanation) } else { Finding::fault(kind, entries, explanation) };
    let subjects = messages.into_iter().map(Value::to_string);
    finding.about(subjects).of_key(key).with_detail(format!("{:#}", exact(err)))
}
