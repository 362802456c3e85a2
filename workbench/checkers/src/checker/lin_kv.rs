//! Linearizability of compare-and-set registers, one for each key (Maelstrom: `workload/lin_kv.clj`; jepsen:
//! `independent.clj`, `linearizable.clj`): the search is [`linearizability`]'s.
//!
//! As in knossos, an operation that failed is left out, a read tells something only if it returned a value that is not
//! `null`, and a write or compare-and-set without a known end may happen at any time after it began, or never.

use super::linearizability::{self, CasRegister, Independent, Linearizability, PartVerdict};
use crate::{
    checker::strict::registers,
    expectations::Expectations,
    finding::StrictFinding,
    history::History,
    json::value,
    validity::Validity,
    verdict::{Checker, Verdict},
};
use serde_json::{Map, Value, json};

/// Judges a history.
pub fn check(history: &History) -> Linearizability {
    linearizability::check(&Independent(CasRegister), history)
}

/// The results of a key, with jepsen's names.
fn results(verdict: &PartVerdict) -> Value {
    let mut results = json!({ "valid?": verdict.valid() });
    match verdict {
        PartVerdict::Linearizable => {}
        PartVerdict::Unknown(given_up) => results["error"] = json!(given_up.to_string()),
        PartVerdict::Violated(violation) => {
            results["window"] = json!([violation.from, violation.index]);
            results["explanation"] = json!(violation.explanation);
            results["timeline"] = json!(violation.timeline.lines().collect::<Vec<_>>());
        }
    }
    json!({ "linearizable": results, "valid?": verdict.valid() })
}

impl From<Linearizability> for Verdict {
    fn from(checked: Linearizability) -> Self {
        let valid = checked.valid();
        let keys = || checked.parts.iter().filter_map(|(key, verdict)| key.as_ref().zip(Some(verdict)));
        let failures: Vec<_> =
            keys().filter(|(_, verdict)| verdict.valid() != Validity::Valid).map(|(key, _)| value(key)).collect();
        let all: Map<_, _> = keys().map(|(key, verdict)| (key.to_string(), results(verdict))).collect();
        Self { valid, findings: json!({ "results": all, "failures": failures }) }
    }
}

/// The checker of `lin-kv`.
#[derive(Debug)]
pub struct LinKvChecker;

impl Checker for LinKvChecker {
    fn check(&self, history: &History, _: &Expectations) -> Verdict {
        check(history).into()
    }

    fn strict_findings(&self, history: &History, _: &Expectations) -> Vec<StrictFinding> {
        registers::strict_findings(history)
    }
}
