//! Isolation of transactions over lists and registers (elle: `list_append.clj`, `rw_register.clj`, `txn.clj`), and what
//! Elle cannot see.
//!
//! The cycles, their names and their explanations come from the `adya` crate. It rules out the same models as Elle on
//! every recorded history, and names the same anomalies wherever Elle could name them all. What it does otherwise than
//! Elle is made up for here:
//! - a history in which a value is written twice it calls valid; Elle gives no verdict;
//! - a consistency model that it does not know forbids nothing;
//! - keys and values are integers or strings; Maelstrom's may be any JSON.

mod anomalies;
mod blind;
pub mod models;
mod transcribe;

use crate::{checker::strict::agreement::Agreement, finding::StrictFinding};
use crate::{
    expectations::Expectations,
    history::History,
    json::value,
    validity::Validity,
    verdict::{Checker, Verdict},
};
use serde_json::json;
use std::time::Duration;
use transcribe::Transactions;

/// What transactions work on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Objects {
    /// Lists: steps are `r` and `append`.
    Lists,
    /// Registers: steps are `r` and `w`.
    Registers,
}

/// How long cycles of a kind are looked for among transactions that depend on each other in a circle.
///
/// The verdict does not depend on it: that a forbidden cycle exists is known before one is looked for. Only how closely
/// it is named does, and only where thousands of transactions depend on each other in one circle.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(10);

/// Among how many entries in a row hidden cycles are looked for: the time grows with the square of it.
const WINDOW: usize = 10_000;

/// Judges a history of transactions by consistency models.
pub fn check(history: &History, objects: Objects, models: &[String]) -> Verdict {
    let expected = match models::canonical(models) {
        Ok(expected) => expected,
        Err(unknown) => return unknown_verdict(&format!("there is no consistency model {unknown}")),
    };
    let transactions = match Transactions::new(history, objects) {
        Ok(transactions) => transactions,
        Err(reason) => return unknown_verdict(&reason),
    };
    let mut verdict = anomalies::verdict(search(&transactions, expected, false), objects);
    if let Some(twice) = transactions.written_twice() {
        verdict.valid = verdict.valid.max(Validity::Unknown);
        verdict.findings["error"] = value(&twice);
    }
    verdict
}

/// Looks for what Elle cannot see. What takes longer than all else, only if the test is `strict`.
pub fn strict_findings(history: &History, objects: Objects, models: &[String], strict: bool) -> Vec<StrictFinding> {
    let (Ok(expected), Ok(transactions)) = (models::canonical(models), Transactions::new(history, objects)) else {
        return Vec::new();
    };
    if !expected.iter().any(|model| models::is_real_time(model)) {
        return blind::strict_findings(&transactions, &Agreement::eventual(history));
    }
    let mut strict_findings = blind::strict_findings(&transactions, &Agreement::immediate());
    if strict && objects == Objects::Registers {
        strict_findings.extend(transactions.windows(WINDOW).iter().flat_map(|window| hidden_cycles(window, &expected)));
    }
    strict_findings
}

/// Cycles that show only if the values of each register are put in the order of real time, which models of real time
/// permit and Maelstrom does not ask Elle for.
fn hidden_cycles(transactions: &Transactions, expected: &[String]) -> Vec<StrictFinding> {
    let known = search(transactions, expected.to_vec(), false).anomalies;
    let mut found = search(transactions, expected.to_vec(), true).anomalies;
    found.retain(|kind, _| !known.contains_key(kind));
    let describe = |(kind, anomaly): (String, adya::Anomaly)| {
        let ops = anomaly.ops.iter().filter_map(|op| usize::try_from(*op).ok()).collect::<Vec<_>>();
        StrictFinding::new(
            "hidden-cycle",
            ops,
            format!("{kind}, with values in the order of real time: {}", anomaly.explanation),
        )
    };
    let flat = found.into_iter().flat_map(|(kind, all)| all.into_iter().map(move |one| (kind.clone(), one)));
    flat.map(describe).collect()
}

fn search(transactions: &Transactions, models: Vec<String>, linearizable_keys: bool) -> adya::Report {
    let (workload, wfr_keys) = match transactions.objects {
        Objects::Lists => (adya::Workload::ListAppend, false),
        Objects::Registers => (adya::Workload::RwRegister, true),
    };
    let options = adya::Opts { models, timeout: SEARCH_TIMEOUT, wfr_keys, linearizable_keys, ..adya::Opts::default() };
    adya::check(&transactions.transcribe(), workload, &options)
}

fn unknown_verdict(error: &str) -> Verdict {
    Verdict { valid: Validity::Unknown, findings: json!({ "error": error }) }
}

/// The checker of `txn-list-append` and `txn-rw-register`.
#[derive(Debug)]
pub struct TxnChecker {
    /// The objects that the transactions work on.
    pub objects: Objects,
}

impl Checker for TxnChecker {
    fn check(&self, history: &History, expectations: &Expectations) -> Verdict {
        check(history, self.objects, &expectations.consistency_models)
    }

    fn strict_findings(&self, history: &History, expectations: &Expectations) -> Vec<StrictFinding> {
        strict_findings(history, self.objects, &expectations.consistency_models, expectations.strict)
    }
}
