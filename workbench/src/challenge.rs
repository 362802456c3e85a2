//! The Gossip Glomers challenges (<https://fly.io/dist-sys/>): their official arguments and when they are passed.

use crate::options::{Availability, Fault, Options};
use std::time::Duration;

/// A challenge.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// Its number: `3c`.
    pub name: &'static str,
    /// What it asks for.
    pub title: &'static str,
    /// The workload it runs.
    pub workload: &'static str,
    /// The arguments.
    pub options: Options,
}

/// The challenges that the workbench knows, in their order.
pub fn challenges() -> Vec<Challenge> {
    let limits = |nodes: usize, seconds: u64, rate: f64| Options {
        time_limit: Duration::from_secs(seconds),
        rate,
        ..Options::default().with_node_count(nodes)
    };
    let partitioned = |options: Options| Options { nemesis: vec![Fault::Partition], ..options };
    vec![
        Challenge { name: "1", title: "Echo", workload: "echo", options: limits(1, 10, 5.0) },
        Challenge {
            name: "2",
            title: "Unique ids",
            workload: "unique-ids",
            options: Options { availability: Some(Availability::Total), ..partitioned(limits(3, 30, 1000.0)) },
        },
        Challenge { name: "3a", title: "Broadcast, one node", workload: "broadcast", options: limits(1, 20, 10.0) },
        Challenge { name: "3b", title: "Broadcast, five nodes", workload: "broadcast", options: limits(5, 20, 10.0) },
        Challenge {
            name: "3c",
            title: "Broadcast, partitioned",
            workload: "broadcast",
            options: partitioned(limits(5, 20, 10.0)),
        },
    ]
}
