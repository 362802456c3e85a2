//! Survival of kills and restarts with empty memory, without disks. Data in the services and handlers without memory
//! survive every kill, and replicated data survives if a minority is killed. The other handlers lose the data that only
//! the killed nodes had; `docs/faults.md` lists it.
use glomers_handlers::{
    GCounter, LastWriterWins, Parrot, PnCounter, PrefixedIds, ReplicatedLists, ReplicatedMap, SetUnion, StarBroadcast,
    WatermarkLogs,
    via_services::{ClaimedOffsets, ForwardedRegisters, PublishedTotals, SwappedRoot},
};
use glomers_protocol::Handler;
use glomers_workbench::{
    Options, Report, Validity,
    options::{Concurrency, DiskUse, Distribution, Fault, Latency},
    simulate, workload,
};
use std::time::Duration;

fn options(seed: u64, faults: &[Fault]) -> Options {
    Options::default()
        .node_count(3)
        .seed(seed)
        .latency(Latency { mean: Duration::from_millis(seed % 4 * 10), distribution: Distribution::Exponential })
        .rate(20.0)
        .concurrency(Concurrency::PerNode(2))
        .time_limit(Duration::from_secs(20))
        .nemesis(faults.to_vec())
        .nemesis_interval(Duration::from_secs(2))
        .liveness(true)
        .disk(DiskUse::Never)
}

fn report<H: Handler>(name: &str, seed: u64, faults: &[Fault]) -> Report {
    simulate::<H>(workload::named(name).unwrap(), &options(seed, faults)).unwrap()
}

/// Checks that nothing is lost or wrong, and that all nodes serve again.
fn survives<H: Handler>(name: &str, seeds: u64) {
    for seed in 0..seeds {
        for faults in [&[Fault::Kill][..], &[Fault::Kill, Fault::Pause, Fault::Partition]] {
            let report = report::<H>(name, seed, faults);
            assert_eq!(report.judgement.verdict.valid, Validity::Valid, "{name}, seed {seed}, {faults:?}: {report}");
            assert_eq!(
                report.judgement.liveness.as_ref().unwrap().valid,
                Validity::Valid,
                "{name}, seed {seed}: {report}"
            );
        }
    }
}

fn ids_stay_unique(seeds: u64) {
    survives::<PrefixedIds>("unique-ids", seeds);
}

fn totals_that_are_published_stay(seeds: u64) {
    survives::<PublishedTotals>("g-counter", seeds);
}

fn claimed_offsets_stay(seeds: u64) {
    survives::<ClaimedOffsets>("kafka", seeds);
}

fn forwarded_registers_stay(seeds: u64) {
    survives::<ForwardedRegisters>("lin-kv", seeds);
}

/// The service answers so late that the node has been killed and restarted meanwhile. Such an answer must not be taken
/// for one to a request of the new incarnation.
fn answers_to_an_earlier_incarnation_are_none(seeds: u64) {
    for seed in 0..seeds {
        let options = options(seed, &[Fault::Kill, Fault::Slow])
            .latency(Latency { mean: Duration::from_millis(100), distribution: Distribution::Constant })
            .rate(100.0)
            .nemesis_interval(Duration::from_millis(500));
        let report = simulate::<ForwardedRegisters>(workload::named("lin-kv").unwrap(), &options).unwrap();
        assert_eq!(report.judgement.verdict.valid, Validity::Valid, "seed {seed}: {report}");
    }
}

fn swapped_roots_stay(seeds: u64) {
    survives::<SwappedRoot>("txn-list-append", seeds);
}

/// Maelstrom judges `echo` invalid if an operation did not succeed, so only liveness is checked.
fn everybody_answers_again(seeds: u64) {
    for seed in 0..seeds {
        let report = report::<Parrot>("echo", seed, &[Fault::Kill]);
        assert_eq!(report.judgement.liveness.as_ref().unwrap().valid, Validity::Valid, "seed {seed}: {report}");
    }
}

/// A broadcast is acknowledged before other nodes have it, and lost if its node is killed within the cycle. Nothing
/// else is lost while a node with the other values lives.
fn a_minority_takes_few_broadcasts_with_it(seeds: u64) {
    for seed in 0..seeds {
        let report = report::<StarBroadcast>("broadcast", seed, &[Fault::KillMinority]);
        let count = |key: &str| report.judgement.verdict.json()[key].as_u64().unwrap();
        assert!(count("lost-count") * 10 < count("attempt-count"), "seed {seed}: {report}");
        assert_eq!(report.judgement.liveness.as_ref().unwrap().valid, Validity::Valid, "seed {seed}: {report}");
    }
}

/// A feed sends with the next tick. A killed node loses only the data that it acknowledged since its last one.
fn a_minority_takes_few_elements_with_it(seeds: u64) {
    for seed in 0..seeds {
        let report = report::<SetUnion>("g-set", seed, &[Fault::KillMinority]);
        let count = |key: &str| report.judgement.verdict.json()[key].as_u64().unwrap();
        assert!(count("lost-count") * 10 < count("attempt-count"), "seed {seed}: {report}");
    }
}

fn nodes_with_a_feed_serve_again(seeds: u64) {
    for seed in 0..seeds {
        for report in [
            report::<SetUnion>("g-set", seed, &[Fault::Kill]),
            report::<GCounter>("g-counter", seed, &[Fault::Kill]),
            report::<PnCounter>("pn-counter", seed, &[Fault::Kill]),
            report::<WatermarkLogs>("kafka", seed, &[Fault::Kill]),
            report::<LastWriterWins>("txn-rw-register", seed, &[Fault::Kill]),
        ] {
            let liveness = report.judgement.liveness.as_ref().unwrap();
            assert_eq!(liveness.valid, Validity::Valid, "seed {seed}: {report}");
        }
    }
}

/// Replicas survive if a minority is killed at a time. If the network is bad as well, a node may be killed before the
/// previous one is back; then they stop, but are never wrong.
fn a_minority_takes_nothing_with_it<H: Handler>(name: &str, seeds: u64) {
    for seed in 0..seeds {
        let report = report::<H>(name, seed, &[Fault::KillMinority]);
        assert_eq!(report.judgement.verdict.valid, Validity::Valid, "{name}, seed {seed}: {report}");
        assert_eq!(report.judgement.liveness.as_ref().unwrap().valid, Validity::Valid, "{name}, seed {seed}: {report}");
        let worse = [Fault::KillMinority, Fault::Partition, Fault::Duplicate, Fault::Reorder, Fault::Pause];
        let report = self::report::<H>(name, seed, &worse);
        assert_ne!(report.judgement.verdict.valid, Validity::Invalid, "{name}, seed {seed}: {report}");
    }
}

fn replicated_maps_stay(seeds: u64) {
    a_minority_takes_nothing_with_it::<ReplicatedMap>("lin-kv", seeds);
}

fn replicated_lists_stay(seeds: u64) {
    a_minority_takes_nothing_with_it::<ReplicatedLists>("txn-list-append", seeds);
}

over_seeds! {
    ids_stay_unique: 2, 8;
    totals_that_are_published_stay: 2, 8;
    claimed_offsets_stay: 2, 8;
    forwarded_registers_stay: 2, 8;
    answers_to_an_earlier_incarnation_are_none: 2, 8;
    swapped_roots_stay: 2, 8;
    everybody_answers_again: 2, 8;
    a_minority_takes_few_broadcasts_with_it: 2, 8;
    a_minority_takes_few_elements_with_it: 2, 8;
    nodes_with_a_feed_serve_again: 2, 8;
    replicated_maps_stay: 2, 16;
    replicated_lists_stay: 2, 16;
}
