//! Mistakes of handlers, found by trying all schedules of a small cluster instead of many random tests. With `--nocapture`, each
//! test prints its rows of the table in `docs/explore.md`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a helper of tests fails as they do, and prints a table")]

use glomers_protocol::{Context, Handler, IntoHandler};
use glomers_workbench::{
    explore::{Exploration, explore_with},
    workload,
};

/// The number of programs that are tried.
const SEEDS: u64 = 8;

/// The number of schedules of each.
const SCHEDULES: u64 = 5000;

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
    let schedules = schedules(name, bounds, make).unwrap_or_else(|| panic!("{name}: {mistake} is not found"));
    println!("| `{name}` | {mistake} | {schedules} |");
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
