//! Nodes with a disk: whatever is killed, and whenever, nothing that a client knows is lost, and every node serves
//! again. Damage of a disk is noticed.

use glomers_handlers::{GCounter, LastWriterWins, PnCounter, SetUnion, StarBroadcast, WatermarkLogs};
use glomers_protocol::Handler;
use glomers_workbench::{
    Options, Report, Validity,
    options::{Concurrency, Distribution, Fault, Latency},
    simulate, workload,
};
use std::time::Duration;

/// Clusters of one to five nodes, whose disks take 1 to 41 ms for a sync.
fn options(seed: u64, faults: &[Fault]) -> Options {
    Options::default()
        .node_count(usize::try_from(seed % 5 + 1).unwrap())
        .seed(seed)
        .latency(Latency { mean: Duration::from_millis(seed % 4 * 10), distribution: Distribution::Exponential })
        .disk_latency(Duration::from_millis(1 + seed % 3 * 20))
        .rate(20.0)
        .concurrency(Concurrency::PerNode(2))
        .time_limit(Duration::from_secs(20))
        .nemesis(faults.to_vec())
        .nemesis_interval(Duration::from_secs(2 + seed % 3))
        .liveness(true)
        // What challenge 6c asks of transactions; it has no meaning elsewhere.
        .consistency_models(vec!["read-committed".to_owned()])
}

fn report<H: Handler>(name: &str, seed: u64, faults: &[Fault]) -> Report {
    simulate::<H>(workload::named(name).unwrap(), &options(seed, faults)).unwrap()
}

fn survives<H: Handler>(name: &str, seed: u64, faults: &[Fault]) {
    let report = report::<H>(name, seed, faults);
    assert_eq!(report.judgement.verdict.valid, Validity::Valid, "{name}, seed {seed}, {faults:?}: {report}");
    let liveness = report.judgement.liveness.as_ref().unwrap();
    assert_eq!(liveness.valid, Validity::Valid, "{name}, seed {seed}, {faults:?}: {report}");
}

fn all_survive(seeds: u64, faults: &[Fault]) {
    for seed in 0..seeds {
        survives::<SetUnion>("g-set", seed, faults);
        survives::<GCounter>("g-counter", seed, faults);
        survives::<PnCounter>("pn-counter", seed, faults);
        survives::<WatermarkLogs>("kafka", seed, faults);
        survives::<LastWriterWins>("txn-rw-register", seed, faults);
        survives::<StarBroadcast>("broadcast", seed, faults);
    }
}

fn kills(seeds: u64) {
    all_survive(seeds, &[Fault::Kill]);
    all_survive(seeds, &[Fault::KillMinority]);
}

fn kills_with_bad_disks(seeds: u64) {
    all_survive(seeds, &[Fault::Kill, Fault::DiskSlow]);
    all_survive(seeds, &[Fault::Kill, Fault::DiskFull]);
    all_survive(seeds, &[Fault::DiskError]);
}

fn kills_in_a_bad_network(seeds: u64) {
    let faults = [Fault::Kill, Fault::Pause, Fault::Partition, Fault::Loss, Fault::Duplicate, Fault::Reorder];
    all_survive(seeds, &faults);
}

over_seeds! {
    kills: 5, 60;
    kills_with_bad_disks: 3, 60;
    kills_in_a_bad_network: 3, 60;
}
