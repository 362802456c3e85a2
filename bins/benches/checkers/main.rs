//! The cost of checking by history length: `cargo bench --bench checkers`. An item is an operation. If the items per
//! second stay the same from 2,000 to 200,000 operations, the cost is linear.

#![expect(clippy::unwrap_used, reason = "a measurement, not part of the product")]

mod nodes;

use divan::{Bencher, counter::ItemsCount};
use glomers_handlers::{SetUnion, StarBroadcast, WatermarkLogs};
use glomers_protocol::Handler;
use glomers_workbench::{Options, checker::checker, options::Concurrency, simulate, workload};
use nodes::{Forgetful, Lists, Registers};
use std::time::Duration;

fn main() {
    divan::main();
}

/// Seconds at 1,000 operations each.
fn lengths() -> Vec<u64> {
    up_to(200)
}

fn up_to(longest: u64) -> Vec<u64> {
    let quick = std::env::args().any(|argument| argument == "--test");
    [2, 20, 200].into_iter().filter(|seconds| *seconds <= if quick { 2 } else { longest }).collect()
}

/// Judges one history again and again; `adjust` says how the run differs from ten clients at one node.
fn judge<H: Handler>(bencher: Bencher, name: &str, seconds: u64, adjust: impl FnOnce(Options) -> Options) {
    let options = adjust(
        Options::default()
            .node_count(1)
            .rate(1000.0)
            .time_limit(Duration::from_secs(seconds))
            .concurrency(Concurrency::Total(10)),
    );
    let expectations = options.expectations();
    let checker = checker(name).unwrap();
    let history = simulate::<H>(workload::named(name).unwrap(), &options).unwrap().history;
    bencher
        .counter(ItemsCount::new(history.operations().len()))
        .bench_local(|| (checker.check(&history, &expectations), checker.strict_findings(&history, &expectations)));
}

#[divan::bench(args = lengths(), sample_count = 3, sample_size = 1)]
fn kafka(bencher: Bencher, seconds: u64) {
    judge::<WatermarkLogs>(bencher, "kafka", seconds, |options| options);
}

#[divan::bench(args = lengths(), sample_count = 3, sample_size = 1)]
fn txn_rw_register(bencher: Bencher, seconds: u64) {
    judge::<Registers>(bencher, "txn-rw-register", seconds, |options| options);
}

#[divan::bench(args = lengths(), sample_count = 3, sample_size = 1)]
fn txn_list_append(bencher: Bencher, seconds: u64) {
    judge::<Lists>(bencher, "txn-list-append", seconds, |options| options);
}

/// Every twentieth write is done and never answered.
#[divan::bench(args = up_to(20), sample_count = 3, sample_size = 1)]
fn lin_kv(bencher: Bencher, seconds: u64) {
    judge::<Forgetful>(bencher, "lin-kv", seconds, |options| options);
}

/// One operation in a hundred is a read of everything, at most: reads grow with the history.
#[divan::bench(args = up_to(20), sample_count = 3, sample_size = 1)]
fn broadcast(bencher: Bencher, seconds: u64) {
    judge::<StarBroadcast>(bencher, "broadcast", seconds, |options| options);
}

#[divan::bench(args = up_to(20), sample_count = 3, sample_size = 1)]
fn g_set(bencher: Bencher, seconds: u64) {
    judge::<SetUnion>(bencher, "g-set", seconds, |options| options);
}
