//! A test that is watched is the same test; one that is stopped ends early, and is judged by what there is.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::nodes::{Fault, Set};
use glomers_checkers::history::Kind;
use glomers_protocol::{Context, RpcError, echo, handler};
use glomers_workbench::{
    Bench, Options, Program, Progress, Report, RunError, Stage, Stop, Validity, options::Fault as Nemesis,
    simulate_with, workload,
};
use std::ops::ControlFlow;
use std::{path::Path, time::Duration};

fn options() -> Options {
    Options::default()
        .time_limit(Duration::from_secs(20))
        .rate(10.0)
        .nemesis(vec![Nemesis::Partition])
        .nemesis_interval(Duration::from_secs(3))
}

/// Wants a stop from the moment that `is_due`, and notes all that it is shown.
fn stopping<'a>(
    seen: &'a mut Vec<Progress>,
    is_due: impl Fn(&Progress) -> bool + 'a,
    control: ControlFlow<Stop>,
) -> impl FnMut(&Progress) -> ControlFlow<Stop> + 'a {
    move |progress| {
        seen.push(progress.clone());
        if seen.iter().any(&is_due) { control } else { ControlFlow::Continue(()) }
    }
}

fn stopped(report: &Report) -> Option<Duration> {
    report.config.as_ref().unwrap().stopped
}

#[test]
fn to_watch_changes_nothing() {
    let mut seen = Vec::new();
    let observer = stopping(&mut seen, |_| false, ControlFlow::Break(Stop::Early));
    let options = options();
    let watched = Bench::new(workload::named("g-set").unwrap(), &options).watched_by(observer);
    let watched = watched.run_with(Set::with(Fault::None)).unwrap();
    let alone = simulate_with(workload::named("g-set").unwrap(), &options, Set::with(Fault::None)).unwrap();
    assert_eq!(format!("{:?}", watched.history), format!("{:?}", alone.history));
    assert_eq!(stopped(&watched), None);
    let mut stages: Vec<_> = seen.iter().map(|progress| progress.stage).collect();
    stages.dedup();
    assert_eq!(stages, [Stage::Work, Stage::Recovery, Stage::FinalOperations, Stage::Checking]);
    assert!(seen.iter().any(|progress| progress.faults == ["partition"]));
    let last = seen.last().unwrap();
    let counts = watched.judgement.stats.all;
    assert_eq!((last.begun, last.ok), (counts.count, counts.ok_count));
    assert_eq!((last.failed, last.unknown), (counts.fail_count, counts.info_count));
    assert_eq!(last.messages, watched.net.all.send_count as u64);
    assert_eq!(last.faults, [""; 0]);
}

#[test]
fn a_stopped_test_does_its_last_operations_and_is_judged() {
    let mut seen = Vec::new();
    let during = |progress: &Progress| progress.stage == Stage::Work && progress.faults == ["partition"];
    let observer = stopping(&mut seen, during, ControlFlow::Break(Stop::Early));
    let options = options();
    let bench = Bench::new(workload::named("g-set").unwrap(), &options).watched_by(observer);
    let report = bench.run_with(Set::with(Fault::None)).unwrap();
    let stop = stopped(&report).unwrap();
    assert!(stop < Duration::from_secs(15), "{stop:?}");
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    let begun = report.history.ops().iter().filter(|op| op.kind == Kind::Invoke);
    let late: Vec<_> = begun.filter(|op| op.time > stop).collect();
    assert_eq!(late.len(), 5);
    // The partition is over, and the network has rested.
    assert!(late.iter().all(|op| op.f == "read" && op.time >= stop + Duration::from_secs(10)), "{late:?}");
}

/// Gets ready, and then is silent.
#[derive(Default)]
struct Mute;

#[handler(echo)]
impl Mute {
    async fn echo(&self, cx: &Context, request: echo::Echo) -> Result<echo::EchoOk, RpcError> {
        cx.sleep(Duration::from_secs(1000)).await;
        Ok(echo::EchoOk { echo: request.echo })
    }
}

#[test]
fn nobody_waits_long_for_what_was_going_on() {
    let options = Options::default().rate(1000.0);
    let mut seen = Vec::new();
    let observer = stopping(&mut seen, |progress| progress.stage == Stage::Work, ControlFlow::Break(Stop::Early));
    let report = Bench::new(workload::named("echo").unwrap(), &options).watched_by(observer).run::<Mute>().unwrap();
    let stop = stopped(&report).unwrap();
    for op in report.history.ops().iter().filter(|op| op.kind != Kind::Invoke) {
        assert_eq!((op.kind, op.error().unwrap().as_str()), (Kind::Info, "\"stopped\""));
        assert_eq!(op.time, stop + Duration::from_secs(1));
    }
}

#[test]
fn a_test_that_ends_at_once_has_no_verdict() {
    let options = options();
    for stage in [Stage::Work, Stage::Recovery, Stage::FinalOperations] {
        let mut seen = Vec::new();
        let observer = stopping(&mut seen, |progress| progress.stage == stage, ControlFlow::Break(Stop::Now));
        let bench = Bench::new(workload::named("g-set").unwrap(), &options).watched_by(observer);
        assert!(matches!(bench.run_with(Set::with(Fault::None)), Err(RunError::Stopped)), "{stage:?}");
    }
}

#[test]
fn a_hosted_test_can_be_stopped_before_its_nodes_answer() {
    for control in [ControlFlow::Break(Stop::Early), ControlFlow::Break(Stop::Now)] {
        let mut seen = Vec::new();
        let observer = stopping(&mut seen, |progress| progress.stage == Stage::Setup, control);
        let program = Program::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/silent.sh"));
        let options = Options::default();
        let bench = Bench::new(workload::named("echo").unwrap(), &options).watched_by(observer);
        assert!(matches!(bench.run_program(&program), Err(RunError::Stopped)));
    }
}

#[test]
fn a_hosted_test_that_is_stopped_is_judged() {
    let mut seen = Vec::new();
    let observer = stopping(&mut seen, |progress| progress.ok >= 3, ControlFlow::Break(Stop::Early));
    let program = Program::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/unique_ids.sh"));
    let options = Options::default().node_count(1).rate(50.0);
    let bench = Bench::new(workload::named("unique-ids").unwrap(), &options).watched_by(observer);
    let report = bench.run_program(&program).unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    assert!(stopped(&report).unwrap() < options.time_limit);
}
