//! What survives when processes are killed and started again with empty memory: all that the services hold, and all that
//! needs no memory; and what replicas have agreed on, if a minority is killed. The other handlers lose what only the killed
//! ones knew; `docs/faults.md` says what that is.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_handlers::{
    GCounter, HorizonLogs, Hub, LastWriterWins, Parrot, PnCounter, PrefixedIds, ReplicatedLists, ReplicatedMap,
    SetUnion,
    hub::BUDGET,
    taught::{ClaimedOffsets, ForwardedRegisters, PublishedTotals, SwappedRoot},
};
use glomers_protocol::{Context, Handler};
use glomers_workbench::{
    Options, Report, Validity,
    options::{Concurrency, Distribution, Fault, Latency},
    run, run_with, workload,
};
use std::time::Duration;

const SEEDS: u64 = 8;

fn options(seed: u64, faults: &[Fault]) -> Options {
    Options {
        seed,
        latency: Latency { mean: Duration::from_millis(seed % 4 * 10), distribution: Distribution::Exponential },
        rate: 20.0,
        concurrency: Concurrency::PerNode(2),
        time_limit: Duration::from_secs(20),
        nemesis: faults.to_vec(),
        nemesis_interval: Duration::from_secs(2),
        liveness: true,
        ..Options::default().with_node_count(3)
    }
}

fn report<H: Handler>(name: &str, seed: u64, faults: &[Fault]) -> Report {
    run::<H>(workload(name).unwrap(), &options(seed, faults)).unwrap()
}

/// Nothing is lost or wrong, and all nodes serve again.
fn survives<H: Handler>(name: &str) {
    for seed in 0..SEEDS {
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

#[test]
fn ids_stay_unique() {
    survives::<PrefixedIds>("unique-ids");
}

#[test]
fn totals_that_are_published_stay() {
    survives::<PublishedTotals>("g-counter");
}

#[test]
fn claimed_offsets_stay() {
    survives::<ClaimedOffsets>("kafka");
}

#[test]
fn forwarded_registers_stay() {
    survives::<ForwardedRegisters>("lin-kv");
}

/// What the service answers comes so late that a node was killed and started again meanwhile: that is no answer to what it
/// asks now.
#[test]
fn answers_to_a_former_life_are_none() {
    for seed in 0..SEEDS {
        let options = Options {
            latency: Latency { mean: Duration::from_millis(100), distribution: Distribution::Constant },
            rate: 100.0,
            nemesis_interval: Duration::from_millis(500),
            ..options(seed, &[Fault::Kill, Fault::Slow])
        };
        let report = run::<ForwardedRegisters>(workload("lin-kv").unwrap(), &options).unwrap();
        assert_eq!(report.judgement.verdict.valid, Validity::Valid, "seed {seed}: {report}");
    }
}

#[test]
fn swapped_roots_stay() {
    survives::<SwappedRoot>("txn-list-append");
}

/// `echo` is judged invalid if an operation did not succeed, as Maelstrom has it.
#[test]
fn everybody_answers_again() {
    for seed in 0..SEEDS {
        let report = report::<Parrot>("echo", seed, &[Fault::Kill]);
        assert_eq!(report.judgement.liveness.as_ref().unwrap().valid, Validity::Valid, "seed {seed}: {report}");
    }
}

/// A broadcast is confirmed before others know of it, and lost if its node is killed within the cycle; no more is, as long
/// as a node lives that knows the rest.
#[test]
fn a_minority_takes_few_broadcasts_with_it() {
    for seed in 0..SEEDS {
        let report = report::<Hub>("broadcast", seed, &[Fault::KillMinority]);
        let count = |key: &str| report.judgement.verdict.findings[key].as_u64().unwrap();
        assert!(count("lost-count") * 10 < count("attempt-count"), "seed {seed}: {report}");
        assert_eq!(report.judgement.liveness.as_ref().unwrap().valid, Validity::Valid, "seed {seed}: {report}");
    }
}

/// A feed tells with the next tick. What is confirmed before, and no more, is lost with a node.
#[test]
fn a_minority_takes_few_elements_with_it() {
    for seed in 0..SEEDS {
        let report = report::<SetUnion>("g-set", seed, &[Fault::KillMinority]);
        let count = |key: &str| report.judgement.verdict.findings[key].as_u64().unwrap();
        assert!(count("lost-count") * 10 < count("attempt-count"), "seed {seed}: {report}");
    }
}

#[test]
fn who_keeps_a_feed_serves_again() {
    for seed in 0..SEEDS {
        for report in [
            report::<SetUnion>("g-set", seed, &[Fault::Kill]),
            report::<GCounter>("g-counter", seed, &[Fault::Kill]),
            report::<PnCounter>("pn-counter", seed, &[Fault::Kill]),
            report::<HorizonLogs>("kafka", seed, &[Fault::Kill]),
            report::<LastWriterWins>("txn-rw-register", seed, &[Fault::Kill]),
        ] {
            let liveness = report.judgement.liveness.as_ref().unwrap();
            assert_eq!(liveness.valid, Validity::Valid, "seed {seed}: {report}");
        }
    }
}

/// Replicas survive the end of a minority at a time; if the network is bad as well, a node may be killed before the one
/// before is back, and then they stand still, but are never wrong.
fn a_minority_takes_nothing_with_it<H: Handler>(name: &str) {
    for seed in 0..2 * SEEDS {
        let report = report::<H>(name, seed, &[Fault::KillMinority]);
        assert_eq!(report.judgement.verdict.valid, Validity::Valid, "{name}, seed {seed}: {report}");
        assert_eq!(report.judgement.liveness.as_ref().unwrap().valid, Validity::Valid, "{name}, seed {seed}: {report}");
        let worse = [Fault::KillMinority, Fault::Partition, Fault::Duplicate, Fault::Reorder, Fault::Pause];
        let report = self::report::<H>(name, seed, &worse);
        assert_ne!(report.judgement.verdict.valid, Validity::Invalid, "{name}, seed {seed}: {report}");
    }
}

#[test]
fn replicated_maps_stay() {
    a_minority_takes_nothing_with_it::<ReplicatedMap>("lin-kv");
}

#[test]
fn replicated_lists_stay() {
    a_minority_takes_nothing_with_it::<ReplicatedLists>("txn-list-append");
}

#[test]
fn durable_broadcasts_stay() {
    for seed in 0..SEEDS {
        let options = options(seed, &[Fault::KillMinority]);
        let make = |cx: &Context| Hub::with_budget(cx, BUDGET).durable();
        let report = run_with(workload("broadcast").unwrap(), &options, make).unwrap();
        assert_eq!(report.judgement.verdict.valid, Validity::Valid, "seed {seed}: {report}");
        assert_eq!(report.judgement.liveness.as_ref().unwrap().valid, Validity::Valid, "seed {seed}: {report}");
    }
}
