//! What each handler promises, on many seeds, under latency and partitions.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_handlers::{GCounter, HorizonLogs, Hub, LastWriterWins, Parrot, PnCounter, PrefixedIds, SetUnion};
use glomers_protocol::Handler;
use glomers_workbench::{
    Options, Validity,
    options::{Availability, Distribution, Fault, Latency},
    run, workload,
};
use std::time::Duration;

/// Runs that differ in everything a seed can draw, and in size and latency; all must be valid.
fn check<H: Handler>(name: &str) {
    for seed in 0..200 {
        let latency = Latency {
            mean: Duration::from_millis(seed % 4 * 50),
            distribution: if seed % 2 == 0 { Distribution::Exponential } else { Distribution::Uniform },
        };
        let nodes = usize::try_from(seed % 7 + 1).unwrap();
        let options = Options {
            seed,
            latency,
            rate: 20.0,
            time_limit: Duration::from_secs(6),
            nemesis: vec![Fault::Partition],
            nemesis_interval: Duration::from_secs(2),
            // Of kafka's operations some are crashes of clients.
            availability: (name != "kafka").then_some(Availability::Total),
            // What challenge 6c asks of transactions; it has no meaning elsewhere.
            consistency_models: vec!["read-committed".to_owned()],
            ..Options::default().with_node_count(nodes)
        };
        let report = run::<H>(workload(name).unwrap(), &options).unwrap();
        assert_eq!(report.valid(), Validity::Valid, "{name}, seed {seed}, {nodes} nodes, {latency:?}: {report}");
    }
}

#[test]
fn echo_comes_back() {
    check::<Parrot>("echo");
}

#[test]
fn ids_are_unique_and_always_available() {
    check::<PrefixedIds>("unique-ids");
}

#[test]
fn broadcasts_survive_partitions() {
    check::<Hub>("broadcast");
}

#[test]
fn counters_agree_after_partitions() {
    check::<GCounter>("g-counter");
    check::<PnCounter>("pn-counter");
}

#[test]
fn sets_lose_nothing_in_partitions() {
    check::<SetUnion>("g-set");
}

#[test]
fn logs_go_on_in_partitions() {
    check::<HorizonLogs>("kafka");
}

#[test]
fn transactions_always_succeed() {
    check::<LastWriterWins>("txn-rw-register");
}
