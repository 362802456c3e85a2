//! The promises of each handler under latency and partitions.
use glomers_handlers::{
    GCounter, LastWriterWins, Parrot, PnCounter, PrefixedIds, SetUnion, StarBroadcast, WatermarkLogs,
};
use glomers_protocol::Handler;
use glomers_workbench::{
    Options, Validity,
    options::{Availability, Distribution, Fault, Latency},
    simulate, workload,
};
use std::time::Duration;

/// Checks that runs are valid, which differ in everything that a seed determines, in size and in latency.
fn check<H: Handler>(name: &str, seeds: u64) {
    for seed in 0..seeds {
        let latency = Latency {
            mean: Duration::from_millis(seed % 4 * 50),
            distribution: if seed % 2 == 0 { Distribution::Exponential } else { Distribution::Uniform },
        };
        let nodes = usize::try_from(seed % 7 + 1).unwrap();
        let options = Options::default()
            .node_count(nodes)
            .seed(seed)
            .latency(latency)
            .rate(20.0)
            .time_limit(Duration::from_secs(6))
            .nemesis(vec![Fault::Partition])
            .nemesis_interval(Duration::from_secs(2))
            // Some of kafka's operations are crashes of clients.
            .availability((name != "kafka").then_some(Availability::Total))
            // What challenge 6c asks of transactions; it has no meaning elsewhere.
            .consistency_models(vec!["read-committed".to_owned()]);
        let report = simulate::<H>(workload::named(name).unwrap(), &options).unwrap();
        assert_eq!(report.valid(), Validity::Valid, "{name}, seed {seed}, {nodes} nodes, {latency:?}: {report}");
    }
}

fn echo_comes_back(seeds: u64) {
    check::<Parrot>("echo", seeds);
}

fn ids_are_unique_and_always_available(seeds: u64) {
    check::<PrefixedIds>("unique-ids", seeds);
}

fn broadcasts_survive_partitions(seeds: u64) {
    check::<StarBroadcast>("broadcast", seeds);
}

fn counters_agree_after_partitions(seeds: u64) {
    check::<GCounter>("g-counter", seeds);
    check::<PnCounter>("pn-counter", seeds);
}

fn sets_lose_nothing_in_partitions(seeds: u64) {
    check::<SetUnion>("g-set", seeds);
}

fn logs_go_on_in_partitions(seeds: u64) {
    check::<WatermarkLogs>("kafka", seeds);
}

fn transactions_always_succeed(seeds: u64) {
    check::<LastWriterWins>("txn-rw-register", seeds);
}

over_seeds! {
    echo_comes_back: 8, 200;
    ids_are_unique_and_always_available: 8, 200;
    broadcasts_survive_partitions: 8, 200;
    counters_agree_after_partitions: 8, 200;
    sets_lose_nothing_in_partitions: 8, 200;
    logs_go_on_in_partitions: 8, 200;
    transactions_always_succeed: 8, 200;
}
