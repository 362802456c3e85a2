//! The recorded runs of kafka, judged again: our verdicts, and what they rest on, must be those of the real Maelstrom.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::recorded::{Recorded, runs};
use glomers_checkers::checker::kafka::{Kafka, check};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::LazyLock};

/// The runs, with what Maelstrom found, and what we find: as it is and as JSON. They are judged once.
static RUNS: LazyLock<Vec<(&Recorded, Kafka, Value)>> = LazyLock::new(|| {
    let judge = |run: &'static Recorded| {
        let kafka = check(&run.history);
        let findings = json!(kafka);
        (run, kafka, findings)
    };
    runs("kafka").into_iter().map(judge).collect()
});

#[test]
fn verdicts_are_those_of_maelstrom() {
    assert_eq!(RUNS.len(), 7);
    for (run, kafka, findings) in RUNS.iter() {
        assert_eq!(kafka.valid, run.valid, "{}: {findings:#}", run.name);
        assert_eq!(kafka.error, None);
        for part in ["error-types", "bad-error-types", "info-txn-causes"] {
            assert_eq!(findings[part], run.results["workload"][part], "{}: {part}", run.name);
        }
    }
}

#[test]
fn counts_are_those_of_maelstrom() {
    for (run, kafka, findings) in RUNS.iter() {
        for kind in &kafka.error_types {
            let (expected, found) = (&run.results["workload"][kind], &findings[kind]);
            assert_eq!(found["count"], expected["count"], "{}: {kind}", run.name);
        }
    }
}

/// An anomaly without the operations' values, of which we show less: of each operation its index.
fn outline(anomaly: &Value) -> String {
    let mut outline = anomaly.clone();
    for (part, value) in outline.as_object_mut().unwrap() {
        match part.as_str() {
            "op" | "writer" | "max-read" | "reader" => *value = value["index"].clone(),
            "ops" => *value = value.as_array().unwrap().iter().map(|op| op["index"].clone()).collect(),
            _ => {}
        }
    }
    outline.to_string()
}

/// Wherever all anomalies of a kind are shown, they are the same ones.
#[test]
fn anomalies_are_those_of_maelstrom() {
    let mut compared = BTreeSet::new();
    for (run, kafka, findings) in RUNS.iter() {
        for kind in &kafka.error_types {
            let (expected, found) = (&run.results["workload"][kind], &findings[kind]);
            let [Some(theirs), Some(ours)] = [expected, found].map(|anomalies| anomalies["errs"].as_array()) else {
                // What is unseen comes in one piece.
                assert_eq!(found, expected, "{}: {kind}", run.name);
                continue;
            };
            assert_eq!(ours.len(), theirs.len(), "{}: {kind}", run.name);
            if json!(theirs.len()) == expected["count"] {
                let shared = |anomaly: &Value| {
                    let mut anomaly = anomaly.clone();
                    // Jepsen names the messages on both sides of a skip only within an operation.
                    if *kind == "poll-skip" {
                        anomaly.as_object_mut().unwrap().remove("values");
                    }
                    outline(&anomaly)
                };
                let [theirs, ours]: [BTreeSet<_>; 2] = [theirs, ours].map(|all| all.iter().map(shared).collect());
                assert_eq!(ours, theirs, "{}: {kind}", run.name);
                compared.insert(*kind);
            } else {
                // The longest jumps are shown, in the same order of lengths.
                let deltas = |all: &[Value]| all.iter().map(|anomaly| anomaly["delta"].clone()).collect::<Vec<_>>();
                assert_eq!(deltas(ours), deltas(theirs), "{}: {kind}", run.name);
            }
        }
    }
    let expected = ["duplicate", "inconsistent-offsets", "lost-write", "poll-skip"];
    assert!(expected.iter().all(|kind| compared.contains(kind)), "{compared:?}");
}

#[test]
fn lags_are_those_of_maelstrom() {
    for (run, _, findings) in RUNS.iter() {
        let (expected, found) = (&run.results["workload"]["worst-realtime-lag"], &findings["worst-realtime-lag"]);
        for part in ["time", "lag"] {
            let [theirs, ours] = [expected, found].map(|lag| lag[part].as_f64().unwrap());
            assert!((ours - theirs).abs() < 1e-9, "{}: {part}: {found} for {expected}", run.name);
        }
        assert_eq!(found["process"], expected["process"], "{}", run.name);
        assert_eq!(found["key"], expected["key"], "{}", run.name);
    }
}
