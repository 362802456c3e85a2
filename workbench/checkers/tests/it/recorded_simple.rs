//! The recorded runs of echo, unique ids, sets and counters, judged again: verdicts and counts must be those of the
//! real Maelstrom, statistics and availability too, over all recorded runs.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::recorded::{Recorded, runs};
use glomers_checkers::checker::checker;
use glomers_checkers::checker::{availability, stats};
use serde_json::{Value, json};

/// The findings of the workload's checker, with its verdict.
fn judge(run: &Recorded) -> Value {
    json!(checker(&run.workload).unwrap().check(&run.history, &run.options))
}

/// Holds the workload's runs to the recorded results, as far as `keys` go.
fn check(name: &str, cases: usize, keys: &[&str]) {
    let runs = runs(name);
    assert_eq!(runs.len(), cases);
    for run in runs {
        let (ours, theirs) = (judge(run), &run.results["workload"]);
        for key in keys.iter().chain(&["valid?"]) {
            assert_eq!(plain(&ours[*key]), plain(&theirs[*key]), "{}: {key}", run.name);
        }
    }
}

/// Without the difference between what is empty and what is not there, and between `0` and `0.0` as a key.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(all) if all.is_empty() => Value::Null,
        Value::Object(all) if all.is_empty() => Value::Null,
        Value::Object(all) => {
            all.iter().map(|(key, value)| (key.trim_end_matches(".0").to_owned(), plain(value))).collect()
        }
        other => other.clone(),
    }
}

const SET_KEYS: &[&str] = &[
    "attempt-count",
    "stable-count",
    "lost-count",
    "lost",
    "never-read-count",
    "never-read",
    "stale-count",
    "stale",
    "stable-latencies",
    "lost-latencies",
    "duplicated-count",
    "duplicated",
];

#[test]
fn broadcasts() {
    check("broadcast-", 8, SET_KEYS);
}

#[test]
fn sets() {
    check("g-set-", 3, SET_KEYS);
}

#[test]
fn worst_stale_elements() {
    let runs: Vec<_> = ["broadcast-", "g-set-"].into_iter().flat_map(runs).collect();
    for run in runs {
        let latencies = |worst: &Value| -> Vec<Value> {
            worst.as_array().unwrap().iter().map(|stale| stale["stable-latency"].clone()).collect()
        };
        let (ours, theirs) = (judge(run), &run.results["workload"]);
        assert_eq!(latencies(&ours["worst-stale"]), latencies(&theirs["worst-stale"]), "{}", run.name);
    }
}

#[test]
fn counters() {
    for (name, cases) in [("g-counter-", 4), ("pn-counter-", 5)] {
        check(name, cases, &["final-reads", "acceptable"]);
    }
}

#[test]
fn ids() {
    check("unique-ids-", 4, &["attempted-count", "acknowledged-count", "duplicated-count"]);
}

#[test]
fn echoes() {
    check("echo-", 5, &[]);
}

#[test]
fn statistics_of_all_runs() {
    let all = runs("");
    assert_eq!(all.len(), 58);
    for run in all {
        let stats = json!(stats::check(&run.history));
        for key in ["count", "ok-count", "fail-count", "info-count", "valid?"] {
            assert_eq!(stats[key], run.results["stats"][key], "{}: {key}", run.name);
        }
        let fraction = availability::check(&run.history, None).ok_fraction;
        let expected = run.results["availability"]["ok-fraction"].as_f64().unwrap();
        assert!((fraction - expected).abs() < 1e-6, "{}: {fraction} is not {expected}", run.name);
    }
}
