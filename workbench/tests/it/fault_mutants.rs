//! For each fault a node that relies on its absence, which must be found, and found innocent without it; and one that
//! relies on nothing, which must never be blamed.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::deltas::{Deltas, Trust};
use glomers_protocol::{
    Context, Handler, IntoHandler, Json, handler,
    rand::RngExt,
    unique_ids::{Generate, GenerateOk},
};
use glomers_workbench::{Options, Validity, options::Fault, simulate_with, workload};
use std::{cell::Cell, time::Duration};

const SEEDS: u64 = 3;

const PARTITIONS: [Fault; 4] = [Fault::Partition, Fault::PartitionOneWay, Fault::PartitionBridge, Fault::PartitionRing];

fn options(faults: &[Fault], seed: u64) -> Options {
    Options::default()
        .seed(seed)
        .rate(50.0)
        .time_limit(Duration::from_secs(10))
        .nemesis(faults.to_vec())
        .nemesis_interval(Duration::from_secs(1))
}

/// On how many seeds nodes are found invalid under these faults.
fn invalid<H: Handler, M: IntoHandler<H>>(
    name: &str,
    faults: &[Fault],
    make: impl Fn(&Context) -> M + Clone + 'static,
) -> u64 {
    let judge =
        |seed| simulate_with(workload::named(name).unwrap(), &options(faults, seed), make.clone()).unwrap().valid();
    (0..SEEDS).filter(|seed| judge(*seed) == Validity::Invalid).count() as u64
}

#[track_caller]
fn found_under(trust: Trust, faults: &[Fault]) {
    assert_eq!(invalid("pn-counter", &[], Deltas::with(trust)), 0, "{trust:?} without faults");
    for fault in faults {
        let count = invalid("pn-counter", &[*fault], Deltas::with(trust));
        assert!(count + 1 >= SEEDS, "{trust:?} under {fault}: found on {count} of {SEEDS} seeds");
    }
}

#[test]
fn who_relies_on_nothing_is_never_blamed() {
    let survivable: Vec<_> = Fault::ALL.into_iter().filter(|fault| !fault.kills_nodes()).collect();
    for fault in &survivable {
        assert_eq!(invalid("pn-counter", &[*fault], Deltas::with(Trust::Nothing)), 0, "{fault}");
    }
    assert_eq!(invalid("pn-counter", &survivable, Deltas::with(Trust::Nothing)), 0);
}

#[test]
fn who_relies_on_arrival_is_found_under_loss_and_partitions() {
    found_under(Trust::Arrival, &[&PARTITIONS[..], &[Fault::Loss]].concat());
}

#[test]
fn who_relies_on_uniqueness_is_found_under_duplicates() {
    found_under(Trust::Uniqueness, &[Fault::Duplicate]);
}

#[test]
fn who_relies_on_order_is_found_under_reordering() {
    found_under(Trust::Order, &[Fault::Reorder]);
}

#[test]
fn who_relies_on_haste_is_found_under_pauses() {
    found_under(Trust::Haste, &[Fault::Pause]);
}

#[test]
fn who_relies_on_speed_is_found_under_slowness() {
    found_under(Trust::Speed, &[Fault::Slow]);
}

#[test]
fn who_relies_on_symmetry_is_found_under_one_way_partitions() {
    found_under(Trust::Symmetry, &[Fault::PartitionOneWay]);
}

/// Ids that are unique as long as the process lives, or as long as chance has it.
#[derive(Default)]
struct Ids {
    prefix: u64,
    last: Cell<u64>,
}

impl Ids {
    fn with(prefix: impl Fn(&Context) -> u64 + Clone) -> impl Fn(&Context) -> Self + Clone {
        move |cx| Self { prefix: prefix(cx), last: Cell::default() }
    }
}

#[handler(unique_ids)]
impl Ids {
    fn generate(&self, cx: &Context, _: Generate) -> GenerateOk {
        self.last.set(self.last.get() + 1);
        GenerateOk { id: Json::from(format!("{}-{}-{}", cx.id(), self.prefix, self.last.get())) }
    }
}

#[test]
fn who_relies_on_memory_is_found_under_kills() {
    for fault in [Fault::Kill, Fault::KillMinority] {
        let count = invalid("unique-ids", &[fault], Ids::with(|_| 0));
        assert!(count + 1 >= SEEDS, "found on {count} of {SEEDS} seeds");
        assert_eq!(invalid("unique-ids", &[fault], Ids::with(|cx| cx.rng().random())), 0);
    }
    assert_eq!(invalid("unique-ids", &[], Ids::with(|_| 0)), 0);
}
