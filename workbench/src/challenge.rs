//! The Gossip Glomers challenges (<https://fly.io/dist-sys/>): their official arguments and thresholds.

use crate::{
    options::{Availability, Concurrency, Fault, Latency, Options},
    run::report::Report,
};
use glomers_checkers::checker::set_full::SetFull;
use std::time::Duration;

/// A challenge.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Challenge {
    /// The number, such as `3c`.
    pub name: &'static str,
    /// The title.
    pub title: &'static str,
    /// The workload.
    pub workload: &'static str,
    /// The options.
    pub options: Options,
    /// The thresholds besides a valid run.
    pub thresholds: Option<Thresholds>,
    /// The arguments that the built-in node needs to pass.
    pub node_arguments: &'static [&'static str],
}

/// The thresholds of an efficient broadcast. A latency is the time until every node shows a value.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Thresholds {
    /// The messages between servers per operation.
    pub messages_per_operation: f64,
    /// The median latency.
    pub median: Duration,
    /// The largest latency.
    pub maximum: Duration,
}

impl Challenge {
    /// The thresholds that a run misses, as texts.
    pub fn failures(&self, report: &Report) -> Vec<String> {
        let Some(thresholds) = self.thresholds else { return Vec::new() };
        let messages = report.server_messages_per_operation().unwrap_or_default();
        let stable = report.judgement.verdict.results().and_then(SetFull::median_and_maximum);
        let (median, maximum) = stable.unwrap_or((Duration::MAX, Duration::MAX));
        let mut failures = Vec::new();
        if messages >= thresholds.messages_per_operation {
            let threshold = thresholds.messages_per_operation;
            failures.push(format!("{messages:.2} messages per operation, but the threshold is {threshold}"));
        }
        let latencies = [("median", median, thresholds.median), ("maximum", maximum, thresholds.maximum)];
        for (name, latency, threshold) in latencies {
            if latency >= threshold {
                failures.push(format!("{name} latency {latency:?}, but the threshold is {threshold:?}"));
            }
        }
        failures
    }
}

/// The challenges, in order.
pub fn challenges() -> Vec<Challenge> {
    let challenge = |name, title, workload, options| Challenge {
        name,
        title,
        workload,
        options,
        thresholds: None,
        node_arguments: &[],
    };
    let limits = |nodes: usize, seconds: u64, rate: f64| Options {
        time_limit: Duration::from_secs(seconds),
        rate,
        ..Options::default().node_count(nodes)
    };
    let partitioned = |options: Options| Options { nemesis: vec![Fault::Partition], ..options };
    let millis = Duration::from_millis;
    let slow = |options: Options| Options { latency: Latency { mean: millis(100), ..Latency::default() }, ..options };
    let crowded = |options: Options| Options { concurrency: Concurrency::PerNode(2), ..options };
    let total = |options: Options| Options { availability: Some(Availability::Total), ..options };
    let transactions = |nodes, model: &str| Options {
        consistency_models: vec![model.to_owned()],
        ..total(crowded(limits(nodes, 20, 1000.0)))
    };
    vec![
        challenge("1", "Echo", "echo", limits(1, 10, 5.0)),
        challenge("2", "Unique ids", "unique-ids", total(partitioned(limits(3, 30, 1000.0)))),
        challenge("3a", "Broadcast, one node", "broadcast", limits(1, 20, 10.0)),
        challenge("3b", "Broadcast, five nodes", "broadcast", limits(5, 20, 10.0)),
        challenge("3c", "Broadcast, partitioned", "broadcast", partitioned(limits(5, 20, 10.0))),
        Challenge {
            thresholds: Some(Thresholds { messages_per_operation: 30.0, median: millis(400), maximum: millis(600) }),
            ..challenge("3d", "Broadcast, efficient", "broadcast", slow(limits(25, 20, 100.0)))
        },
        Challenge {
            thresholds: Some(Thresholds { messages_per_operation: 20.0, median: millis(1000), maximum: millis(2000) }),
            node_arguments: &["--latency-budget", "1750"],
            ..challenge("3e", "Broadcast, more so", "broadcast", slow(limits(25, 20, 100.0)))
        },
        challenge("4", "Grow-only counter", "g-counter", partitioned(limits(3, 20, 100.0))),
        challenge("5a", "Log, one node", "kafka", crowded(limits(1, 20, 1000.0))),
        challenge("5b", "Log, two nodes", "kafka", crowded(limits(2, 20, 1000.0))),
        challenge("5c", "Log, efficient", "kafka", crowded(limits(2, 20, 1000.0))),
        challenge("6a", "Transactions, one node", "txn-rw-register", transactions(1, "read-uncommitted")),
        challenge(
            "6b",
            "Transactions, read uncommitted",
            "txn-rw-register",
            partitioned(transactions(2, "read-uncommitted")),
        ),
        challenge(
            "6c",
            "Transactions, read committed",
            "txn-rw-register",
            partitioned(transactions(2, "read-committed")),
        ),
    ]
}
