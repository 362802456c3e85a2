//! Disks of simulated nodes under each fault: a node that is right keeps what it has confirmed, and one that is wrong is
//! found within fifty drawn tests.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::durable::{Copies, HauntedCounter, LineSet, LoggedSet, Mistake, NumberedStarts, Quitter, SharedFolder};
use glomers_protocol::{Context, Handler, IntoHandler};
use glomers_workbench::{
    Judgement, Options, Report, RunError, Validity,
    options::{Concurrency, DiskUse, Fault},
    simulate_with, soak,
    violation::ViolationKind,
    workload,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// The number of drawn tests within which a mistake is found.
const SEEDS: u64 = 50;

fn run<H: Handler, M: IntoHandler<H>>(options: &Options, make: impl Fn(&Context) -> M + Clone + 'static) -> Report {
    run_workload("g-set", options, make)
}

fn run_workload<H: Handler, M: IntoHandler<H>>(
    name: &str,
    options: &Options,
    make: impl Fn(&Context) -> M + Clone + 'static,
) -> Report {
    simulate_with(workload::named(name).unwrap(), options, make).unwrap_or_else(|error| panic!("{error}"))
}

fn options(faults: &[Fault], seed: u64) -> Options {
    Options::default()
        .node_count(3)
        .seed(seed)
        .rate(20.0)
        .concurrency(Concurrency::PerNode(3))
        .time_limit(Duration::from_secs(10))
        .nemesis(faults.to_vec())
        .nemesis_interval(Duration::from_secs(1))
        .liveness(true)
}

#[track_caller]
fn never_blamed<H: Handler, M: IntoHandler<H>>(faults: &[Fault], make: impl Fn(&Context) -> M + Clone + 'static) {
    let mut effects: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..3 {
        let report = run(&options(faults, seed), make.clone());
        assert_eq!(report.valid(), Validity::Valid, "seed {seed} under {faults:?}: {report}");
        assert!(report.judgement.stats.all.ok_count > 5, "seed {seed} under {faults:?}: {report}");
        for effect in report.nemesis {
            *effects.entry(effect.fault).or_default() += effect.affected;
        }
    }
    assert!(effects.values().all(|affected| *affected > 0), "{effects:?}");
}

#[test]
fn a_set_in_a_log_survives_each_fault_and_kills() {
    for fault in [Fault::DiskSlow, Fault::DiskFull, Fault::DiskError] {
        never_blamed(&[fault], LoggedSet::with(Copies::One));
        never_blamed(&[fault, Fault::Kill], LoggedSet::with(Copies::One));
    }
    never_blamed(&[Fault::Kill], LoggedSet::with(Copies::One));
}

#[test]
fn a_set_of_whole_lines_survives_each_fault_and_kills() {
    for fault in [Fault::DiskSlow, Fault::DiskFull, Fault::DiskError] {
        never_blamed(&[fault, Fault::Kill], LineSet::with(Mistake::None));
    }
}

#[test]
fn elements_on_a_majority_of_the_disks_survive_damage() {
    never_blamed(&[Fault::DiskCorrupt], LoggedSet::with(Copies::Majority));
    never_blamed(
        &[Fault::Kill, Fault::DiskSlow, Fault::DiskFull, Fault::DiskError, Fault::DiskCorrupt],
        LoggedSet::with(Copies::Majority),
    );
}

/// A drawn test, but of few nodes and at a low rate: the sets here tell each other everything.
fn drawn(faults: &[Fault], seed: u64, nodes: usize) -> Options {
    let options = soak::draw(&Options::default().liveness(true), faults, seed);
    let (nodes, rate) = (options.nodes.len().min(nodes), options.rate.min(20.0));
    options.node_count(nodes).rate(rate).concurrency(Concurrency::PerNode(2)).time_limit(Duration::from_secs(8))
}

/// Tells whether data was lost or a node did not serve again. In a drawn test perhaps nothing could succeed, which proves
/// nothing.
fn is_found(report: &Report) -> bool {
    let Judgement { verdict, liveness, .. } = &report.judgement;
    verdict.valid == Validity::Invalid || liveness.as_ref().is_some_and(|liveness| liveness.valid == Validity::Invalid)
}

/// The number of drawn tests of so many nodes at most in which nodes are found.
fn found<H: Handler, M: IntoHandler<H>>(
    faults: &[Fault],
    nodes: usize,
    make: impl Fn(&Context) -> M + Clone + 'static,
) -> usize {
    (0..SEEDS).filter(|seed| is_found(&run(&drawn(faults, *seed, nodes), make.clone()))).count()
}

const DISK_AND_KILLS: [Fault; 4] = [Fault::Kill, Fault::DiskSlow, Fault::DiskFull, Fault::DiskError];

#[test]
fn sets_that_are_right_are_never_blamed() {
    assert_eq!(found(&DISK_AND_KILLS, 3, LoggedSet::with(Copies::One)), 0);
    assert_eq!(found(&DISK_AND_KILLS, 3, LineSet::with(Mistake::None)), 0);
}

/// A single node, because others would give an element back that it has lost.
#[test]
fn each_mistake_is_found() {
    for mistake in [
        Mistake::AnswersBeforeSync,
        Mistake::ForgetsToSync,
        Mistake::ShowsTooEarly,
        Mistake::TrustsSpeed,
        Mistake::ReplaysTornLine,
        Mistake::RenamesBeforeSync,
        Mistake::IgnoresFullDisk,
    ] {
        let count = found(&DISK_AND_KILLS, 1, LineSet::with(mistake));
        assert!(count > 0, "{mistake:?} was not found in {SEEDS} tests");
    }
}

/// A file without checksums: the node goes on with what it reads.
#[test]
fn damage_that_is_not_noticed_is_found() {
    let found = |fault| {
        let judge = |seed| run_workload("unique-ids", &drawn(&[fault], seed, 3), NumberedStarts::init);
        (0..SEEDS).filter(|seed| is_found(&judge(*seed))).count()
    };
    assert_eq!(found(Fault::Kill), 0);
    assert!(found(Fault::DiskCorrupt) > 0, "not found in {SEEDS} tests");
}

#[test]
fn data_of_another_run_is_found() {
    let folder = SharedFolder::default();
    let judge = |seed| {
        let options = drawn(&DISK_AND_KILLS, seed, 3);
        run_workload("g-counter", &options, HauntedCounter::with(folder.clone()))
    };
    assert!((0..2).any(|seed| is_found(&judge(seed))), "not found in the second run");
}

#[test]
fn all_faults_of_disks_are_repeated_byte_for_byte() {
    let faults = [Fault::Kill, Fault::DiskSlow, Fault::DiskFull, Fault::DiskError, Fault::DiskCorrupt];
    let [first, second] = [(); 2].map(|()| run(&options(&faults, 3).journal(true), LoggedSet::with(Copies::Majority)));
    let bytes = |report: &Report| serde_json::to_string(&(&report.history, &report.journal)).unwrap();
    assert!(bytes(&first) == bytes(&second));
    let mut fs: BTreeMap<_, String> = BTreeMap::new();
    first.history.ops().iter().for_each(|op| *fs.entry(op.f.to_string()).or_default() += op.value.as_str());
    for (f, part) in [
        ("start-disk-slow", "\"slow\""),
        ("start-disk-full", "\"full\""),
        ("start-disk-error", "\"failing\""),
        ("start-disk-corrupt", " of set.log changed\""),
        ("stop-disk-slow", "\"sound\""),
        ("stop-disk-full", "\"already-running\""),
    ] {
        assert!(fs.get(f).is_some_and(|value| value.contains(part)), "{f}: {:?}", fs.get(f));
    }
    let text = first.to_string();
    for part in [" syncs slowed", " writes refused", " syncs failed", " bytes changed", " nodes killed"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// A disk draws its own random numbers, so a node that does not use it does the same with and without.
#[test]
fn an_unused_disk_changes_no_byte() {
    let history = |disk| {
        let options = options(&[Fault::Kill], 1).disk(disk);
        let report = run_workload("g-counter", &options, HauntedCounter::with(SharedFolder::default()));
        serde_json::to_string(&report.history).unwrap()
    };
    assert_eq!(history(DiskUse::Always), history(DiskUse::Never));
}

/// Damage strikes the same nodes each time, fewer than half, so a majority keeps what it has synced.
#[test]
fn damage_stays_in_a_minority() {
    for seed in 0..5 {
        let report = run(&options(&[Fault::DiskCorrupt], seed).node_count(5), LoggedSet::with(Copies::Majority));
        let starts = report.history.ops().iter().filter(|op| op.f == "start-disk-corrupt");
        let struck = starts.filter_map(|op| op.value.decode::<BTreeMap<String, String>>().ok());
        let struck: BTreeSet<Vec<String>> = struck.map(|outcomes| outcomes.into_keys().collect()).collect();
        let nodes: Vec<_> = struck.into_iter().collect();
        assert!(nodes.len() == 1 && (1..=2).contains(&nodes[0].len()), "seed {seed}: {nodes:?}");
    }
}

/// Only a node whose disk was damaged may stop for good.
#[test]
fn a_node_that_stops_by_itself_is_found() {
    for disk in [DiskUse::Always, DiskUse::Never] {
        let report = run_workload("echo", &options(&[], 1).strict(true).disk(disk), Quitter::init);
        let silent: Vec<_> = report.judgement.liveness.iter().flat_map(|liveness| liveness.silent.names()).collect();
        assert_eq!(silent, ["n0", "n1", "n2"], "{report}");
        let causes = report.violations.causes();
        assert!(causes.iter().all(|cause| cause.kind == ViolationKind::Stopped) && causes.len() == 1, "{report}");
        let reason = &causes[0].examples[0].reason;
        assert!(reason.contains("stopped although no fault struck its disk: three is enough"), "{reason}");
    }
}

#[test]
fn without_a_disk_a_set_forgets() {
    let options = options(&[Fault::Kill], 1).disk(DiskUse::Never);
    assert_eq!(run(&options, LoggedSet::with(Copies::One)).valid(), Validity::Invalid);
}

#[test]
fn a_disk_that_is_not_there_cannot_fail() {
    let options = options(&[Fault::DiskFull], 1).disk(DiskUse::Never);
    let error = simulate_with(workload::named("g-set").unwrap(), &options, LoggedSet::with(Copies::One)).unwrap_err();
    assert!(
        matches!(&error, RunError::Options(unsuitable) if unsuitable.reason.starts_with("disk-full needs nodes with a disk")),
        "{error}"
    );
}
