//! The anomalies of transactions: a count and the first few of each kind.

use super::transactions::{Entry, Step, Transactions};
use crate::finding::SHOWN;
use serde::Serialize;
use serde_json::{Value, json};

/// An anomaly.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Anomaly {
    /// The indices of the entries that take part.
    pub ops: Vec<usize>,
    /// The reason, in a sentence or two.
    pub explanation: String,
    /// The parts of the reason.
    pub detail: Value,
}

impl Anomaly {
    pub(super) fn new(ops: impl Into<Vec<usize>>, explanation: String, detail: Value) -> Self {
        Self { ops: ops.into(), explanation, detail }
    }
}

/// The anomalies of one kind. A node that shows aborted data has thousands of them, all alike.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OfKind {
    /// Elle's name of the kind.
    pub kind: &'static str,
    /// The number of them.
    pub count: usize,
    /// The first of them.
    pub first: Vec<Anomaly>,
}

/// The anomalies of a history, by Elle's name of the kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Anomalies(pub(super) Vec<OfKind>);

impl Anomalies {
    /// Counts an anomaly, and describes it if it is among the first of its kind.
    pub(super) fn push(&mut self, kind: &'static str, describe: impl FnOnce() -> Anomaly) {
        let found = self.of(kind);
        found.count += 1;
        if found.count <= SHOWN {
            let anomaly = describe();
            self.of(kind).first.push(anomaly);
        }
    }

    fn of(&mut self, kind: &'static str) -> &mut OfKind {
        let place = self.0.partition_point(|found| found.kind < kind);
        if self.0.get(place).is_none_or(|found| found.kind != kind) {
            self.0.insert(place, OfKind { kind, count: 0, first: Vec::new() });
        }
        &mut self.0[place]
    }
}

/// The dependencies between transactions that a history shows, and what contradicts itself without them.
pub(super) struct Analysis<'a> {
    pub(super) anomalies: Anomalies,
    pub(super) graph: super::graph::Builder,
    pub(super) explainer: Box<dyn Explain + 'a>,
}

/// The reasons for dependencies.
pub(super) trait Explain {
    /// The reason why one transaction comes before another.
    fn explain(&self, from: usize, to: usize, rel: super::graph::Rels) -> Option<String>;
}

/// An entry as JSON, with Jepsen's names.
pub(super) fn entry_json(transactions: &Transactions, entry: &Entry) -> Value {
    let steps: Vec<Value> = entry.steps.iter().map(|step| step_json(transactions, step)).collect();
    json!({ "index": entry.index, "type": entry.kind, "process": entry.process, "value": steps })
}

/// A step as JSON.
pub(super) fn step_json(transactions: &Transactions, step: &Step) -> Value {
    crate::json::value(&transactions.show(step))
}
