//! The cost of handlers: messages between nodes per operation, under partitions, with Maelstrom's usual arguments.
use glomers_handlers::{GCounter, LastWriterWins, PnCounter, SetUnion, WatermarkLogs};
use glomers_protocol::Handler;
use glomers_workbench::{
    Options, Validity,
    options::{Concurrency, Fault},
    simulate, workload,
};
use std::time::Duration;

/// Checks that runs of 20 seconds with this number of nodes are valid and stay below a threshold, and that no operation
/// fails.
fn check<H: Handler>(name: &str, nodes: usize, rate: f64, threshold: f64, seeds: u64) {
    for seed in 0..seeds {
        let options = Options::default()
            .node_count(nodes)
            .seed(seed)
            .rate(rate)
            .time_limit(Duration::from_secs(20))
            .concurrency(Concurrency::PerNode(2))
            .nemesis(vec![Fault::Partition])
            .nemesis_interval(Duration::from_secs(4))
            // What challenge 6c asks of transactions; it has no meaning elsewhere.
            .consistency_models(vec!["read-committed".to_owned()]);
        let report = simulate::<H>(workload::named(name).unwrap(), &options).unwrap();
        assert_eq!(report.valid(), Validity::Valid, "{name}, seed {seed}, {nodes} nodes: {report}");
        assert_eq!(report.judgement.stats.all.fail_count, 0, "{name}, seed {seed}, {nodes} nodes: {report}");
        let messages = report.server_messages_per_operation().unwrap();
        assert!(messages <= threshold, "{name}, seed {seed}, {nodes} nodes: {messages} messages per operation");
    }
}

fn counters(seeds: u64) {
    check::<GCounter>("g-counter", 3, 100.0, 0.14, seeds);
    check::<PnCounter>("pn-counter", 3, 100.0, 0.14, seeds);
}

fn sets(seeds: u64) {
    check::<SetUnion>("g-set", 3, 100.0, 0.14, seeds);
    check::<SetUnion>("g-set", 5, 100.0, 0.25, seeds);
}

fn logs(seeds: u64) {
    check::<WatermarkLogs>("kafka", 2, 1000.0, 0.05, seeds);
}

fn registers(seeds: u64) {
    check::<LastWriterWins>("txn-rw-register", 2, 1000.0, 0.03, seeds);
    check::<LastWriterWins>("txn-rw-register", 5, 1000.0, 0.06, seeds);
}

over_seeds! {
    counters: 1, 3;
    sets: 1, 3;
    logs: -, 3;
    registers: -, 3;
}
