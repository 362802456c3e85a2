//! The recorded runs of lin-kv and of transactions, judged again: our verdicts must be those of the real Maelstrom.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::recorded::{Recorded, runs};
use glomers_checkers::checker::checker;
use glomers_checkers::verdict::Verdict;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn judge(run: &Recorded) -> Verdict {
    checker(&run.workload).unwrap().check(&run.history, &run.options)
}

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_array().map(|all| all.iter().map(|name| name.as_str().unwrap()).collect()).unwrap_or_default()
}

/// Runs in which Elle ran out of time or found only that some cycle exists: there, we say more.
const ELLE_GAVE_UP: &[&str] =
    &["txn-list-append-false-0", "txn-list-append-false-reorder", "txn-list-append-false-stale"];

#[test]
fn verdicts_are_those_of_maelstrom() {
    let all: Vec<_> = ["lin-kv", "txn-list-append", "txn-rw-register"].into_iter().flat_map(runs).collect();
    assert_eq!(all.len(), 22);
    for run in &all {
        let verdict = judge(run);
        assert_eq!(verdict.valid, run.valid, "{}: {:#}", run.name, verdict.json());
    }
}

#[test]
fn keys_that_fail_are_those_of_maelstrom() {
    for run in runs("lin-kv") {
        let expected = run.results["workload"]["failures"].as_array().cloned().unwrap_or_default();
        assert_eq!(judge(run).json()["failures"], json!(expected), "{}", run.name);
    }
}

#[test]
fn anomalies_are_those_of_elle() {
    for run in runs("txn-") {
        let verdict = judge(run);
        let expected = &run.results["workload"];
        if ELLE_GAVE_UP.contains(&run.name.as_str()) {
            assert_eq!(verdict.json()["not"], expected["not"], "{}", run.name);
            continue;
        }
        for part in ["anomaly-types", "not", "also-not"] {
            assert_eq!(names(&verdict.json()[part]), names(&expected[part]), "{}: {part}", run.name);
        }
    }
}

#[test]
fn each_anomaly_is_explained() {
    for run in runs("txn-") {
        let findings = judge(run).json();
        for (kind, all) in findings["anomalies"].as_object().unwrap() {
            for anomaly in all.as_array().unwrap() {
                assert!(!anomaly["explanation"].as_str().unwrap().is_empty(), "{}: {kind}", run.name);
            }
        }
    }
    for run in runs("lin-kv-false") {
        let findings = judge(run).json();
        for key in findings["failures"].as_array().unwrap() {
            let why = &findings["results"][key.to_string()]["linearizable"];
            assert!(why["timeline"].to_string().contains("impossible"), "{}: {why:#}", run.name);
        }
    }
}
