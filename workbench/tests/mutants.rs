//! Nodes that are wrong on purpose must be found, on nearly every seed; right ones must never be blamed.

mod nodes;

use glomers_protocol::Handler;
use glomers_workbench::{
    Options, Report, Validity,
    options::{Availability, Fault as Nemesis},
    run, run_with, workload,
};
use nodes::{Fault, Flood, Lagging, NeedsOthers, SameCounter, Shouting, SmallDice};
use std::time::Duration;

const SEEDS: u64 = 20;

fn options(seed: u64) -> Options {
    Options {
        seed,
        rate: 10.0,
        time_limit: Duration::from_secs(10),
        nemesis: vec![Nemesis::Partition],
        nemesis_interval: Duration::from_secs(1),
        availability: Some(Availability::AtLeast(0.9)),
        ..Options::default()
    }
}

/// On how many seeds `judge` finds a run invalid.
fn invalid(judge: impl Fn(Options) -> Report) -> u64 {
    let found = (0..SEEDS).filter(|seed| judge(options(*seed)).valid() == Validity::Invalid);
    found.count() as u64
}

fn found<H: Handler>(name: &'static str) {
    let count = invalid(|options| run::<H>(workload(name).unwrap(), &options).unwrap());
    assert!(count + 1 >= SEEDS, "found on {count} of {SEEDS} seeds");
}

fn flood(fault: Fault) -> u64 {
    invalid(|options| run_with(workload("broadcast").unwrap(), &options, Flood::with(fault)).unwrap())
}

#[test]
fn a_right_node_is_never_blamed() {
    assert_eq!(flood(Fault::None), 0);
    for seed in 0..SEEDS {
        let report = run::<Flood>(workload("broadcast").unwrap(), &options(seed)).unwrap();
        assert_eq!(report.valid(), Validity::Valid, "seed {seed}: {report}");
    }
}

#[test]
fn lost_values_are_found() {
    for fault in [Fault::Forgets, Fault::NeverRepeats, Fault::KeepsToItself] {
        let count = flood(fault);
        assert!(count + 1 >= SEEDS, "found on {count} of {SEEDS} seeds");
    }
}

#[test]
fn repeated_ids_are_found() {
    found::<SameCounter>("unique-ids");
    found::<SmallDice>("unique-ids");
}

#[test]
fn unavailable_ids_are_found() {
    found::<NeedsOthers>("unique-ids");
}

#[test]
fn wrong_echoes_are_found() {
    found::<Lagging>("echo");
    found::<Shouting>("echo");
}
