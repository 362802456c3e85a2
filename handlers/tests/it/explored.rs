//! Mistakes of handlers, found by trying all schedules of a small cluster instead of many random tests.
//!
//! With the environment variable `TABLE`, and `--nocapture`, each test prints its rows of the table in `docs/explore.md`: how
//! soon each way of testing finds the mistake.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a helper of tests fails as they do, and prints a table")]

use glomers_protocol::{Context, Handler, IntoHandler};
use glomers_workbench::{
    Validity,
    explore::{Exploration, Mode, explore_with},
    options::{Concurrency, Fault},
    simulate_with, soak, workload,
};
use std::time::Duration;

/// The number of programs that are tried.
const SEEDS: u64 = 64;

/// The number of schedules of each.
const SCHEDULES: u64 = 5000;

/// The number of tests of a soak.
const TESTS: u64 = 200;

/// Two nodes, three operations.
pub(crate) fn small() -> Exploration {
    Exploration::default()
}

/// Explores a handler with a mistake, and checks that a schedule shows it.
pub(crate) fn found<H: Handler, M: IntoHandler<H>>(
    name: &str,
    mistake: &str,
    bounds: &Exploration,
    make: impl Fn(&Context) -> M + Clone + Send + Sync + 'static,
) {
    let begin = elapsed();
    let schedules = schedules(name, bounds, make.clone());
    let seconds = (elapsed() - begin).as_secs_f64();
    let schedules = schedules.unwrap_or_else(|| panic!("{name}: {mistake} is not found"));
    if std::env::var_os("TABLE").is_some() {
        let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let pct = self::schedules(name, &bounds.clone().mode(Mode::Pct { depth: 3 }), make.clone());
        let tests = tests(name, bounds, make);
        println!("| `{name}` | {mistake} | {schedules} | {seconds:.1} s | {} | {} |", number(pct), number(tests));
    }
}

/// The time since the first call.
#[expect(clippy::disallowed_methods, reason = "the table says how long an exploration takes")]
fn elapsed() -> Duration {
    use std::{sync::LazyLock, time::Instant};
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// The number of schedules until one is wrong, one program after the other.
fn schedules<H: Handler, M: IntoHandler<H>>(
    name: &str,
    bounds: &Exploration,
    make: impl Fn(&Context) -> M + Clone + Send + Sync + 'static,
) -> Option<u64> {
    let mut before = 0;
    for seed in 0..SEEDS {
        let bounds = bounds.clone().seed(seed).max_schedules(Some(SCHEDULES));
        let explored = explore_with(workload::maker(name).unwrap(), &bounds, make.clone()).unwrap();
        if let Some(found) = explored.counterexample {
            return Some(before + found.after);
        }
        before += explored.tally.schedules;
    }
    None
}

/// The number of tests until a soak finds something wrong. It has the options of the bounds, and faults of their kind.
fn tests<H: Handler, M: IntoHandler<H>>(
    name: &str,
    bounds: &Exploration,
    make: impl Fn(&Context) -> M + Clone + 'static,
) -> Option<u64> {
    let kills = [Fault::Kill, Fault::KillMinority];
    let others = Fault::ALL.into_iter().filter(|fault| !fault.stops_nodes());
    let faults: Vec<Fault> = if bounds.crashes > 0 { kills.into() } else { others.collect() };
    let mut base = bounds.options.clone();
    if workload::named(name).unwrap().accept(&base).is_err() {
        base = base.concurrency(Concurrency::PerNode(2));
    }
    let found = (0..TESTS).find(|seed| {
        let options = soak::draw(&base, &faults, *seed);
        let report = simulate_with(workload::named(name).unwrap(), &options, make.clone()).unwrap();
        soak::verdict(&report) == Validity::Invalid
    });
    found.map(|seed| seed + 1)
}

/// Checks that no schedule of a handler is wrong.
pub(crate) fn right<H: Handler, M: IntoHandler<H>>(
    name: &str,
    bounds: &Exploration,
    make: impl Fn(&Context) -> M + Clone + Send + Sync + 'static,
) {
    let bounds = bounds.clone().max_schedules(Some(300));
    let explored = explore_with(workload::maker(name).unwrap(), &bounds, make).unwrap();
    assert!(explored.is_valid(), "{explored}");
}
