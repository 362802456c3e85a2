//! The workbench's verdicts on several seeds: correct handlers are always valid, and faulty ones are found.
use glomers_protocol::{Context, Handler, IntoHandler, Json, txn_rw_register::CompletedMicroOp};
use glomers_workbench::{
    Options, Report, Validity,
    history::Kind,
    options::{Distribution, Fault, Latency},
    simulate, simulate_with, soak, workload,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// The number of drawn tests in which a wrong handler must be found once.
const DRAWN: u64 = 50;

/// Short runs under partitions that differ in everything a seed can draw, in latency up to a mean of 100 ms, and in
/// size from one node to five.
pub(crate) fn stormy(seed: u64) -> Options {
    let latency = Latency {
        mean: Duration::from_millis(seed % 5 * 25),
        distribution: if seed.is_multiple_of(2) { Distribution::Exponential } else { Distribution::Uniform },
    };
    Options::default()
        .node_count(usize::try_from(seed % 5 + 1).unwrap())
        .seed(seed)
        .latency(latency)
        .rate(20.0)
        .time_limit(Duration::from_secs(6))
        .nemesis(vec![Fault::Partition])
        .nemesis_interval(Duration::from_secs(2))
}

/// Checks that a handler is valid on every seed.
pub(crate) fn always_valid<H: Handler>(name: &str, seeds: u64, options: impl Fn(u64) -> Options) {
    for seed in 0..seeds {
        let options = options(seed);
        let report = simulate::<H>(workload::named(name).unwrap(), &options).unwrap();
        assert_eq!(report.valid(), Validity::Valid, "{name}, {options:?}: {report}");
    }
}

/// Checks that the workload's own checker finds nothing wrong, however few operations succeed.
pub(crate) fn never_wrong<H: Handler>(name: &str, seeds: u64, options: impl Fn(u64) -> Options) {
    for seed in 0..seeds {
        let options = options(seed);
        let report = simulate::<H>(workload::named(name).unwrap(), &options).unwrap();
        assert_ne!(report.judgement.verdict.valid, Validity::Invalid, "{name}, {options:?}: {report}");
    }
}

/// Checks that the handler without a mistake is valid on the seeds on which wrong ones are tried.
pub(crate) fn right<H: Handler, M: IntoHandler<H>>(
    name: &str,
    seeds: u64,
    options: impl Fn(u64) -> Options,
    make: impl Fn(&Context) -> M + Clone + 'static,
) {
    for seed in 0..seeds {
        let report = simulate_with(workload::named(name).unwrap(), &options(seed), make.clone()).unwrap();
        assert_eq!(report.valid(), Validity::Valid, "{name}, seed {seed}: {report}");
    }
}

/// Checks that the workload's own checker finds a handler with this mistake invalid on all seeds but one, and in one of
/// the first tests that a soak would draw.
pub(crate) fn found<H: Handler, M: IntoHandler<H>>(
    name: &str,
    mistake: &str,
    seeds: u64,
    options: impl Fn(u64) -> Options,
    make: impl Fn(&Context) -> M + Clone + 'static,
) {
    let report =
        |options: &Options| -> Report { simulate_with(workload::named(name).unwrap(), options, make.clone()).unwrap() };
    let is_found = |options: &Options| report(options).judgement.verdict.valid == Validity::Invalid;
    let faults: Vec<_> = Fault::ALL.into_iter().filter(|fault| !fault.stops_nodes()).collect();
    let first = (0..DRAWN).find(|seed| is_found(&soak::draw(&options(0), &faults, *seed)));
    assert!(first.is_some(), "{name}, {mistake}: not found in {DRAWN} drawn tests");
    let count = (0..seeds).filter(|seed| is_found(&options(*seed))).count() as u64;
    assert!(count + 1 >= seeds, "{name}, {mistake}: found on {count} of {seeds} seeds");
}

/// The number of transactions over registers that saw another transaction in part: its write to one key, and nothing
/// under another key that it also wrote. The workbench, like Elle, does not know the order in which registers were
/// written, so it does not judge such reads.
pub(crate) fn torn_reads(report: &Report) -> usize {
    let ok = report.history.ops().iter().filter(|op| op.f == "txn" && op.kind == Kind::Ok);
    let txns: Vec<Vec<CompletedMicroOp>> = ok.map(|op| op.value.decode().unwrap()).collect();
    let mut written_with: BTreeMap<(&Json, &Json), BTreeSet<&Json>> = BTreeMap::new();
    for txn in &txns {
        let writes = || txn.iter().filter_map(written);
        writes().for_each(|write| written_with.entry(write).or_default().extend(writes().map(|(key, _)| key)));
    }
    let is_torn = |txn: &&Vec<CompletedMicroOp>| {
        let empty: BTreeSet<_> = txn.iter().filter_map(read).filter(|(_, value)| value.is_null()).collect();
        let others = txn.iter().filter_map(read).filter_map(|read| written_with.get(&read));
        let own: BTreeSet<_> = txn.iter().filter_map(written).map(|(key, _)| key).collect();
        others.flatten().any(|key| !own.contains(*key) && empty.iter().any(|(empty, _)| empty == key))
    };
    txns.iter().filter(is_torn).count()
}

fn written(step: &CompletedMicroOp) -> Option<(&Json, &Json)> {
    match step {
        CompletedMicroOp::Write { key, value } => Some((key, value)),
        CompletedMicroOp::Read { .. } => None,
    }
}

fn read(step: &CompletedMicroOp) -> Option<(&Json, &Json)> {
    match step {
        CompletedMicroOp::Read { key, value } => Some((key, value)),
        CompletedMicroOp::Write { .. } => None,
    }
}
