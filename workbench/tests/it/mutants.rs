//! Nodes that are wrong on purpose must be found, on nearly every seed; right ones must never be blamed.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::nodes::{Counter, Fault, Flood, Lagging, NeedsOthers, SameCounter, Set, Shouting, SmallDice};
use glomers_protocol::{Context, Handler, IntoHandler};
use glomers_workbench::{
    Options, Validity,
    options::{Availability, Fault as Nemesis},
    simulate_with, workload,
};
use std::time::Duration;

const SEEDS: u64 = 10;

fn options(seed: u64) -> Options {
    Options::default()
        .seed(seed)
        .rate(10.0)
        .time_limit(Duration::from_secs(10))
        .nemesis(vec![Nemesis::Partition])
        .nemesis_interval(Duration::from_secs(1))
        .availability(Some(Availability::AtLeast(0.9)))
}

/// On how many seeds the nodes that `make` makes are found invalid.
fn invalid<H: Handler, M: IntoHandler<H>>(name: &str, make: impl Fn(&Context) -> M + Clone + 'static) -> u64 {
    let judge = |seed| simulate_with(workload::named(name).unwrap(), &options(seed), make.clone()).unwrap().valid();
    (0..SEEDS).filter(|seed| judge(*seed) == Validity::Invalid).count() as u64
}

fn found<H: Handler, M: IntoHandler<H>>(name: &str, make: impl Fn(&Context) -> M + Clone + 'static) {
    let count = invalid(name, make);
    assert!(count + 1 >= SEEDS, "{name}: found on {count} of {SEEDS} seeds");
}

fn never_blamed<H: Handler, M: IntoHandler<H>>(name: &str, make: impl Fn(&Context) -> M + Clone + 'static) {
    for seed in 0..SEEDS {
        let report = simulate_with(workload::named(name).unwrap(), &options(seed), make.clone()).unwrap();
        assert_eq!(report.valid(), Validity::Valid, "seed {seed}: {report}");
    }
}

#[test]
fn a_right_broadcast_is_never_blamed() {
    never_blamed("broadcast", Flood::with(Fault::None));
}

#[test]
fn lost_broadcasts_are_found() {
    for fault in [Fault::Forgets, Fault::NeverRepeats, Fault::KeepsToItself] {
        found("broadcast", Flood::with(fault));
    }
}

#[test]
fn a_right_set_is_never_blamed() {
    never_blamed("g-set", Set::with(Fault::None));
}

#[test]
fn lost_elements_are_found() {
    for fault in [Fault::Forgets, Fault::KeepsToItself] {
        found("g-set", Set::with(fault));
    }
}

#[test]
fn a_right_counter_is_never_blamed() {
    never_blamed("pn-counter", Counter::with(Fault::None));
    never_blamed("g-counter", Counter::with(Fault::None));
}

#[test]
fn wrong_sums_are_found() {
    for name in ["pn-counter", "g-counter"] {
        for fault in [Fault::Forgets, Fault::KeepsToItself, Fault::CountsTwice] {
            found(name, Counter::with(fault));
        }
    }
}

#[test]
fn repeated_ids_are_found() {
    found("unique-ids", SameCounter::init);
    found("unique-ids", SmallDice::init);
}

#[test]
fn unavailable_ids_are_found() {
    found("unique-ids", NeedsOthers::init);
}

#[test]
fn wrong_echoes_are_found() {
    found("echo", Lagging::init);
    found("echo", Shouting::init);
}
