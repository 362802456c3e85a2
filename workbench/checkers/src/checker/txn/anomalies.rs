//! From adya's report to a verdict with Elle's key names.

use super::{Objects, models};
use crate::{validity::Validity, verdict::Verdict};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What Elle reports when it gives up, and what Maelstrom ignores for registers.
const TIMEOUT: &str = "cycle-search-timeout";

/// How many anomalies of a kind are shown. A node that shows aborted data has thousands of them, all alike.
const SHOWN: usize = 8;

pub(super) fn verdict(mut report: adya::Report, objects: Objects) -> Verdict {
    let valid = match objects {
        Objects::Lists => match report.valid {
            adya::Valid::True => Validity::Valid,
            adya::Valid::False => Validity::Invalid,
            adya::Valid::Unknown => Validity::Unknown,
        },
        // Maelstrom: `txn_rw_register.clj`, `checker`. Any kind that is left makes the history invalid, even one that
        // Elle would call unknown.
        Objects::Registers => {
            report.anomalies.remove(TIMEOUT);
            Validity::from_valid(report.anomalies.is_empty())
        }
    };
    let mut findings = json!({ "anomaly-types": report.anomalies.keys().collect::<Vec<_>>() });
    if !report.anomalies.is_empty() {
        findings["anomaly-counts"] = counts(&report.anomalies);
        findings["not"] = names(report.not);
        findings["also-not"] = names(report.also_not);
    }
    findings["anomalies"] = shown(report.anomalies);
    Verdict { valid, findings }
}

fn names(names: Vec<String>) -> Value {
    let mut names: Vec<_> = names.into_iter().map(models::friendly).collect();
    names.sort();
    json!(names)
}

fn counts(anomalies: &BTreeMap<String, Vec<adya::Anomaly>>) -> Value {
    anomalies.iter().map(|(kind, all)| (kind.clone(), json!(all.len()))).collect::<Map<_, _>>().into()
}

fn shown(anomalies: BTreeMap<String, Vec<adya::Anomaly>>) -> Value {
    let shown = |all: Vec<adya::Anomaly>| all.into_iter().take(SHOWN).map(describe).collect::<Vec<_>>();
    anomalies.into_iter().map(|(kind, all)| (kind, json!(shown(all)))).collect::<Map<_, _>>().into()
}

/// The indices of the entries that take part, the reason in words, and the parts of the reason.
fn describe(anomaly: adya::Anomaly) -> Value {
    json!({ "ops": anomaly.ops, "explanation": anomaly.explanation, "detail": anomaly.detail })
}
