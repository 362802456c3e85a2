//! Isolation of transactions over lists and registers (elle 0.2.2, which Maelstrom uses: `list_append.clj`,
//! `rw_register.clj`, `txn.clj`), and anomalies that Elle cannot see.
//!
//! The models that are ruled out and the anomalies that are named follow Elle. If one part of the graph has several
//! cycles of a kind, Elle finds any one of them, and so does this checker. Elle gives up on a part after a second and
//! says so, which Maelstrom ignores for registers. Here the number of edges that a search follows is limited instead,
//! so that the same history always has the same results.

mod anomalies;
mod blind;
mod by_id;
mod cycles;
mod graph;
mod lists;
pub mod models;
mod names;
mod order;
mod registers;
mod transactions;
mod updates;

pub use anomalies::{Anomaly, OfKind};
pub use transactions::Objects;

use crate::{
    both::both,
    checker::strict::{agreement::Agreement, answers},
    expectations::Expectations,
    finding::Finding,
    history::History,
    json::exact,
    named::Named,
    validity::Validity,
    verdict::{Checker, Verdict},
};
use anomalies::{Analysis, Anomalies};
use cycles::Cycle;
use graph::Rels;
use names::Names;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use transactions::Transactions;

/// The number of entries in a row among which hidden cycles are looked for: the time grows with the square of it.
const WINDOW: usize = 10_000;

/// The anomaly of a history without any dependency.
pub const EMPTY: &str = "empty-transaction-graph";

/// The results of a history of transactions.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Txn {
    /// The anomalies that count, in the order of their names.
    pub anomalies: Vec<OfKind>,
    /// The weakest models that do not hold.
    pub not: Vec<&'static str>,
    /// The models that are stronger than those.
    pub also_not: Vec<&'static str>,
    /// The reason why Elle throws an exception, if it does.
    pub error: Option<String>,
}

impl Txn {
    /// The kinds of the anomalies.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.anomalies.iter().map(|found| found.kind).collect()
    }
}

/// As Elle's results, with the counts, and of each kind the first few.
impl Serialize for Txn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut results = serializer.serialize_map(None)?;
        if let Some(error) = &self.error {
            results.serialize_entry("error", error)?;
            return results.end();
        }
        results.serialize_entry("anomaly-types", &self.kinds())?;
        if !self.anomalies.is_empty() {
            let mut counts = Named::<usize>::default();
            self.anomalies.iter().for_each(|found| *counts.of(found.kind) = found.count);
            results.serialize_entry("anomaly-counts", &counts)?;
            results.serialize_entry("not", &self.not)?;
            results.serialize_entry("also-not", &self.also_not)?;
        }
        let first = self.anomalies.iter().map(|found| (found.kind.to_owned(), exact(&found.first)));
        results.serialize_entry("anomalies", &Map::from_iter(first))?;
        results.end()
    }
}

/// Judges a history of transactions by consistency models.
pub fn check(history: &History, objects: Objects, models: &[String]) -> (Validity, Txn) {
    check_all(&Transactions::new(history, objects), models)
}

/// Judges the transactions of a history, if it has no others.
fn check_all(transactions: &Result<Transactions, String>, models: &[String]) -> (Validity, Txn) {
    let judged = models::canonical(models)
        .map_err(|unknown| format!("there is no consistency model {unknown}"))
        .and_then(|models| judge(transactions.as_ref().map_err(Clone::clone)?, &models, false));
    judged.unwrap_or_else(|error| (Validity::Unknown, Txn { error: Some(error), ..Txn::default() }))
}

/// Looks for anomalies that Elle cannot see. Those that take longer than all else it seeks only if the test is
/// `strict`.
pub fn strict_findings(history: &History, objects: Objects, models: &[String], strict: bool) -> Vec<Finding> {
    let Ok(transactions) = Transactions::new(history, objects) else { return Vec::new() };
    strict_findings_in(&transactions, history, models, strict)
}

fn strict_findings_in(transactions: &Transactions, history: &History, models: &[String], strict: bool) -> Vec<Finding> {
    let Ok(models) = models::canonical(models) else { return Vec::new() };
    if !models.iter().any(models::is_real_time) {
        return blind::strict_findings(transactions, &Agreement::eventual(history));
    }
    let mut findings = blind::strict_findings(transactions, &Agreement::immediate());
    if strict && transactions.objects == Objects::Registers {
        findings.extend(transactions.windows(WINDOW).iter().flat_map(|window| hidden_cycles(window, &models)));
    }
    findings
}

/// Cycles that show only if the values of each register are put in the order of real time, which models of real time
/// permit and Maelstrom does not ask Elle for.
fn hidden_cycles(transactions: &Transactions, models: &Names) -> Vec<Finding> {
    let anomalies = |linearizable_keys| {
        judge(transactions, models, linearizable_keys).map(|(_, txn)| txn.anomalies).unwrap_or_default()
    };
    let (known, mut found) = (anomalies(false), anomalies(true));
    found.retain(|found| known.iter().all(|known| known.kind != found.kind));
    let mut findings = Vec::new();
    for found in &found {
        for anomaly in &found.first {
            let (kind, explanation) = (found.kind, &anomaly.explanation);
            let explanation = format!("{kind}, with values in the order of real time: {explanation}");
            findings.push(Finding::strict("hidden-cycle", anomaly.ops.clone(), explanation));
        }
    }
    findings
}

/// Judges transactions; an error is the reason why Elle throws an exception.
fn judge(transactions: &Transactions, models: &Names, linearizable_keys: bool) -> Result<(Validity, Txn), String> {
    let Analysis { mut anomalies, mut graph, explainer } = match transactions.objects {
        Objects::Lists => lists::analyze(transactions),
        Objects::Registers => registers::analyze(transactions, linearizable_keys),
    }?;
    let forbidden = models::forbidden_by(models);
    if forbidden.iter().any(|anomaly| anomaly.ends_with("-realtime")) {
        order::realtime(transactions, &mut |before, after| graph.link(before, after, Rels::REALTIME));
    } else if forbidden.iter().any(|anomaly| anomaly.ends_with("-process")) {
        order::process(transactions, &mut |before, after| graph.link(before, after, Rels::PROCESS));
    }
    if !graph.is_used() {
        anomalies.push(EMPTY, || Anomaly::new([], NOTHING.to_owned(), Value::Null));
    }
    let graph = graph.finish(transactions.entries.len());
    for cycle in cycles::cycles(&graph, priority(transactions.objects)) {
        anomalies.push(cycle.kind, || {
            describe(transactions, &cycle, |from, to, rel| {
                explainer.explain(from, to, rel).unwrap_or_else(|| order::explain(transactions, from, to, rel))
            })
        });
    }
    Ok(conclude(anomalies, &forbidden, transactions.objects))
}

const NOTHING: &str =
    "no dependencies could be inferred between transactions, so the history says nothing about isolation";

/// The order in which Elle asks why one transaction comes before another.
fn priority(objects: Objects) -> [Rels; 5] {
    match objects {
        Objects::Lists => [Rels::WW, Rels::WR, Rels::RW, Rels::PROCESS, Rels::REALTIME],
        Objects::Registers => [Rels::WR, Rels::WW, Rels::RW, Rels::PROCESS, Rels::REALTIME],
    }
}

/// The verdict on a history with these anomalies, and those of them that are reported.
fn conclude(anomalies: Anomalies, forbidden: &Names, objects: Objects) -> (Validity, Txn) {
    let Anomalies(all) = anomalies;
    let (not, also_not) = models::boundary(all.iter().map(|found| found.kind).collect());
    let mut reported = all;
    reported.retain(|found| found.kind == EMPTY || forbidden.contains(found.kind));
    // A proof that cycles exist says nothing new beside an anomaly that rules out the same model.
    let named = reported.iter().map(|found| found.kind).filter(|kind| !kind.ends_with("-cycle-exists"));
    let ruled_out = models::impossible(named.collect());
    reported.retain(|found| cycles::model(found.kind).is_none_or(|model| !ruled_out.contains(model)));
    if reported.is_empty() {
        return (Validity::Valid, Txn::default());
    }
    let is_forbidden = reported.iter().any(|found| forbidden.contains(found.kind));
    // Maelstrom takes anything that Elle finds about registers for a violation (`txn_rw_register.clj`, `checker`).
    let valid = if is_forbidden || objects == Objects::Registers { Validity::Invalid } else { Validity::Unknown };
    (valid, Txn { anomalies: reported, not: not.into_vec(), also_not: also_not.into_vec(), error: None })
}

/// A cycle as an anomaly: the transactions, and the reason for each step.
fn describe(transactions: &Transactions, cycle: &Cycle, explain: impl Fn(usize, usize, Rels) -> String) -> Anomaly {
    let entry = |place: usize| &transactions.entries[place];
    let ops: Vec<usize> = cycle.steps.iter().map(|(place, _)| entry(*place).index).collect();
    if let Some(model) = cycles::model(cycle.kind) {
        let size = ops.len();
        let explanation =
            format!("a cycle exists among these {size} transactions that must not if the history is {model}");
        return Anomaly::new(ops, explanation, json!({ "not": model, "scc_size": size }));
    }
    let mut text = String::from("Let:\n");
    for (place, _) in &cycle.steps {
        let shown = anomalies::entry_json(transactions, entry(*place));
        let _ = writeln!(text, "  {} = {shown}", transactions.label(*place));
    }
    text.push_str("Then:\n");
    let mut steps = Vec::new();
    for (number, (from, rel)) in cycle.steps.iter().enumerate() {
        let is_last = number + 1 == cycle.steps.len();
        let to = cycle.steps[(number + 1) % cycle.steps.len()].0;
        let reason = explain(*from, to, *rel);
        let (however, end) = if is_last { ("However, ", ": a contradiction!") } else { ("", ".") };
        let [first, second] = [*from, to].map(|place| transactions.label(place));
        let _ = writeln!(text, "  - {however}{first} < {second}, because {reason}{end}");
        steps.push(json!({
            "from": entry(*from).index, "to": entry(to).index, "rel": rel.name(), "why": reason,
        }));
    }
    Anomaly::new(ops, text, json!({ "steps": steps }))
}

/// A finding for each of the first anomalies of each kind.
fn findings(txn: &Txn) -> Vec<Finding> {
    let finding = |kind: &'static str, anomaly: &Anomaly| {
        let finding = Finding::fault(kind, anomaly.ops.clone(), anomaly.explanation.clone());
        if anomaly.detail.is_null() { finding } else { finding.with_detail(format!("{:#}", anomaly.detail)) }
    };
    let mut findings = Vec::new();
    for found in &txn.anomalies {
        findings.extend(found.first.iter().map(|anomaly| finding(found.kind, anomaly)));
    }
    findings
}

/// The checker of `txn-list-append` and `txn-rw-register`.
#[derive(Debug)]
pub struct TxnChecker {
    /// The objects that the transactions work on.
    pub objects: Objects,
}

fn verdict((valid, txn): (Validity, Txn)) -> Verdict {
    let error = txn.error.clone();
    let counts: Vec<_> = txn.anomalies.iter().map(|found| (found.kind, found.count)).collect();
    let verdict = Verdict::exact(valid, findings(&txn), txn);
    counts.into_iter().fold(verdict, |verdict, (kind, count)| verdict.counting(kind, count)).unless_thrown(error)
}

impl Checker for TxnChecker {
    fn check(&self, history: &History, expectations: &Expectations) -> Verdict {
        verdict(check(history, self.objects, &expectations.consistency_models))
    }

    fn strict_findings(&self, history: &History, expectations: &Expectations) -> Vec<Finding> {
        let models = &expectations.consistency_models;
        let mut findings = answers::transactions(history);
        findings.extend(strict_findings(history, self.objects, models, expectations.strict));
        findings
    }

    /// Reads the transactions once.
    fn judge(&self, history: &History, expectations: &Expectations) -> (Verdict, Vec<Finding>) {
        let models = &expectations.consistency_models;
        let entries = history.ops().len();
        let transactions = Transactions::new(history, self.objects);
        let strict = || {
            let Ok(transactions) = &transactions else { return answers::transactions(history) };
            let ops = history.ops();
            let unlike = transactions.unlike().into_iter();
            let mut findings: Vec<_> =
                unlike.filter_map(|[request, answer]| answers::unlike(&ops[request], &ops[answer])).collect();
            findings.extend(strict_findings_in(transactions, history, models, expectations.strict));
            findings
        };
        let (judged, findings) = both(entries, || check_all(&transactions, models), strict);
        (verdict(judged), findings)
    }
}
