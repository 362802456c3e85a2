//! What each handler promises, on many seeds, under latency and partitions.

use glomers_handlers::{Gossip, Parrot, PrefixedIds};
use glomers_protocol::Handler;
use glomers_workbench::{
    Options, Validity,
    options::{Availability, Distribution, Fault, Latency},
    run, workload,
};
use std::time::Duration;

/// Runs that differ in everything a seed can draw, and in size and latency.
fn check<H: Handler>(name: &str) {
    for seed in 0..24 {
        let latency = Latency {
            mean: Duration::from_millis(seed % 4 * 50),
            distribution: if seed % 2 == 0 { Distribution::Exponential } else { Distribution::Uniform },
        };
        let nodes = usize::try_from(seed % 7 + 1).unwrap();
        let options = Options {
            seed,
            latency,
            rate: 20.0,
            time_limit: Duration::from_secs(15),
            nemesis: vec![Fault::Partition],
            nemesis_interval: Duration::from_secs(3),
            availability: Some(Availability::Total),
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
    check::<Gossip>("broadcast");
}
