//! The cost of reading a history and of checking it by length: `cargo bench --bench checkers`. An item is an operation.
//! If the items per second stay the same from 2,000 to 200,000 operations, the cost is linear.

#![expect(clippy::unwrap_used, reason = "a measurement, not part of the product")]

mod nodes;

use divan::{
    Bencher,
    counter::{BytesCount, ItemsCount},
};
use glomers_handlers::{SetUnion, StarBroadcast, WatermarkLogs};
use glomers_protocol::Handler;
use glomers_workbench::{
    Options,
    checker::checker,
    history::{self, History},
    options::Concurrency,
    simulate, workload,
};
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
    bencher.counter(ItemsCount::new(history.operations().len())).bench_local(|| checker.judge(&history, &expectations));
}

/// A history of 2,000 operations as its two files hold it.
fn written<H: Handler>(name: &str) -> [String; 2] {
    let options = Options::default()
        .node_count(1)
        .rate(1000.0)
        .time_limit(Duration::from_secs(2))
        .concurrency(Concurrency::Total(10));
    let history = simulate::<H>(workload::named(name).unwrap(), &options).unwrap().history;
    let (mut edn, mut json) = (String::new(), String::new());
    for op in history.ops() {
        history::edn::write(op, &mut edn);
        edn.push('\n');
        json += &serde_json::to_string(op).unwrap();
        json.push('\n');
    }
    [edn, json]
}

/// Short entries, long reads, and lists in lists.
const READ: [&str; 3] = ["lin-kv", "broadcast", "txn-list-append"];

fn read(bencher: Bencher, name: &str, format: usize) {
    let text = match name {
        "lin-kv" => written::<Forgetful>(name),
        "broadcast" => written::<StarBroadcast>(name),
        _ => written::<Lists>(name),
    };
    let bytes = text[format].as_bytes();
    bencher.counter(BytesCount::of_slice(bytes)).bench_local(|| History::read_from(bytes).unwrap());
}

#[divan::bench(args = READ, sample_count = 10, sample_size = 1)]
fn read_edn(bencher: Bencher, name: &str) {
    read(bencher, name, 0);
}

#[divan::bench(args = READ, sample_count = 10, sample_size = 1)]
fn read_json_lines(bencher: Bencher, name: &str) {
    read(bencher, name, 1);
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
