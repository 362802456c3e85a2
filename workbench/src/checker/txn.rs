//! Isolation of transactions over lists and registers (elle: `list_append.clj`, `rw_register.clj`, `txn.clj`), and, beside
//! the verdict, what Elle cannot see.
//!
//! The cycles, their names and their explanations come from the `adya` crate. It rules out the same models as Elle on
//! every recorded history, and names the same anomalies wherever Elle could name them all. What it does otherwise than
//! Elle is made up for here:
//! - a history in which a value is written twice it calls valid; Elle gives no verdict;
//! - a consistency model that it does not know forbids nothing;
//! - keys and values are integers or strings; Maelstrom's may be any JSON.

mod anomalies;
mod blind;
mod models;
mod transcribe;

use crate::{history::History, validity::Validity, workload::Verdict};
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
    let (workload, is_list) = match objects {
        Objects::Lists => (adya::Workload::ListAppend, true),
        Objects::Registers => (adya::Workload::RwRegister, false),
    };
    let options = adya::Opts { models: expected, timeout: SEARCH_TIMEOUT, wfr_keys: !is_list, ..adya::Opts::default() };
    let report = adya::check(&transactions.transcribe(), workload, &options);
    let mut verdict = anomalies::verdict(report, objects);
    if let Some(twice) = transactions.written_twice() {
        verdict.valid = verdict.valid.max(Validity::Unknown);
        verdict.findings["error"] = json!(twice);
    }
    verdict.findings["unseen-by-elle"] = blind::findings(&transactions);
    verdict
}

fn unknown_verdict(error: &str) -> Verdict {
    Verdict { valid: Validity::Unknown, findings: json!({ "error": error }) }
}
