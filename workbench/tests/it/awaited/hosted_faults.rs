//! Faults on real processes, which are killed, restarted and paused. Remaining output of a killed process does not
//! count as output of its successor.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::history::Process;
use glomers_protocol::Json;
use glomers_workbench::{
    Options, Program, Report, RunError, Validity,
    options::{Concurrency, DiskUse, Fault},
    test_program, workload,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};
use tempfile::TempDir;

fn program(name: &str) -> Program {
    Program::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(name))
}

fn options(faults: &[Fault]) -> Options {
    Options::default()
        .node_count(3)
        .rate(50.0)
        .journal(true)
        // Clients of a dead node wait for it; others have their turn meanwhile.
        .concurrency(Concurrency::PerNode(8))
        .time_limit(Duration::from_secs(4))
        .nemesis(faults.to_vec())
        .nemesis_interval(Duration::from_millis(200))
        .liveness(faults.len() > 1)
}

/// A run, and what each node wrote to stderr.
fn run(name: &str, faults: &[Fault]) -> (Report, Vec<String>) {
    let (logs, options) = (TempDir::new().unwrap(), options(faults));
    let program = Program { logs: Some(logs.path().to_owned()), ..program(name) };
    let report = test_program(workload::named("unique-ids").unwrap(), &options, &program).unwrap();
    let log = |node: &String| fs::read_to_string(logs.path().join(format!("{node}.log"))).unwrap();
    let logs = options.nodes.iter().map(log).collect();
    (report, logs)
}

/// The number of times that the nemesis notes this outcome for a node.
fn outcomes(report: &Report, outcome: &str) -> usize {
    let notes = report.history.ops().iter().filter(|op| op.process == Process::Nemesis);
    let outcomes = notes.filter_map(|op| op.value.decode::<BTreeMap<String, Json>>().ok());
    outcomes.flat_map(BTreeMap::into_values).filter(|text| *text == Json::from(outcome)).count()
}

/// The messages that came from nodes between their end and their restart.
fn said_by_the_dead(report: &Report) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Line {
        src: String,
    }
    let origin = report.config.as_ref().unwrap().origin;
    let mut notes = report.history.ops().iter().filter(|op| op.process == Process::Nemesis).peekable();
    let (mut dead, mut said) = (BTreeSet::new(), Vec::new());
    for packet in report.journal.iter().filter(|packet| !packet.received) {
        while let Some(op) = notes.next_if(|op| (op.time + origin).as_nanos() <= packet.time) {
            for (node, outcome) in op.value.decode::<BTreeMap<String, String>>().unwrap_or_default() {
                if outcome == "killed" {
                    dead.insert(node)
                } else {
                    dead.remove(&node)
                };
            }
        }
        let line: Line = serde_json::from_str(&packet.message).unwrap();
        if dead.contains(&line.src) {
            said.push(packet.message.to_string());
        }
    }
    said
}

fn lines(logs: &[String], text: &str) -> usize {
    logs.iter().flat_map(|log| log.lines()).filter(|line| line.starts_with(text)).count()
}

#[test]
fn killed_processes_are_started_again_and_their_logs_go_on() {
    let (report, logs) = run("signals.sh", &[Fault::Kill]);
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    let starts = outcomes(&report, "started");
    assert!(starts > 2, "{starts}");
    assert_eq!(said_by_the_dead(&report), Vec::<String>::new());
    // The log of a process that is killed at once may be without a line.
    let logged = lines(&logs, "started as ");
    assert!((4..=3 + starts).contains(&logged), "{logged} of {starts}: {logs:?}");
    assert!(report.violations.is_empty(), "{}", report.violations);
}

#[test]
fn processes_that_count_from_the_start_repeat_themselves() {
    let (report, _) = run("unique_ids.sh", &[Fault::Kill]);
    assert_eq!(report.judgement.verdict.valid, Validity::Invalid, "{report}");
}

/// The verdict on processes that count their starts in this folder, and the starts that each has counted.
fn boots(data: Option<&Path>, disk: DiskUse) -> (Validity, Vec<String>) {
    let program = Program { data: data.map(Path::to_owned), ..program("boots.sh") };
    let options = options(&[Fault::Kill]).disk(disk);
    let report = test_program(workload::named("unique-ids").unwrap(), &options, &program).unwrap();
    assert!(outcomes(&report, "started") > 2, "{report}");
    let read = |node: &String| fs::read_to_string(data?.join(node).join("boots")).ok();
    (report.judgement.verdict.valid, options.nodes.iter().filter_map(read).collect())
}

#[test]
fn a_process_finds_its_data_again() {
    let data = TempDir::new().unwrap();
    let (valid, boots_of) = boots(Some(data.path()), DiskUse::Auto);
    assert_eq!(valid, Validity::Valid);
    assert!(boots_of.len() == 3 && boots_of.iter().any(|boots| boots != "1\n"), "{boots_of:?}");
    for (data, disk) in [(None, DiskUse::Always), (Some(data.path().join("other")), DiskUse::Never)] {
        assert_eq!(boots(data.as_deref(), disk), (Validity::Invalid, Vec::new()));
    }
}

#[test]
fn faults_of_disks_are_refused() {
    for fault in Fault::ALL.into_iter().filter(|fault| fault.strikes_disks()) {
        let options = options(&[Fault::Kill, fault]);
        let error = test_program(workload::named("unique-ids").unwrap(), &options, &program("boots.sh")).unwrap_err();
        let expected =
            format!("{fault} cannot be injected into real processes, because a real disk cannot be made to fail");
        assert!(matches!(&error, RunError::Options(unsuitable) if unsuitable.reason.starts_with(&expected)), "{error}");
    }
}

#[test]
fn paused_processes_go_on() {
    let (report, logs) = run("signals.sh", &[Fault::Pause]);
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    let resumed = outcomes(&report, "resumed");
    assert!(resumed > 2, "{resumed}");
    // The shell tells when it has something to read, at the latest: several signals may have come by then.
    let told = lines(&logs, "goes on");
    assert!((1..=resumed).contains(&told), "{told} of {resumed}: {logs:?}");
    assert_eq!(lines(&logs, "started as "), 3);
}

#[test]
fn all_faults_come_together() {
    let faults: Vec<_> = Fault::ALL.into_iter().filter(|fault| !fault.strikes_disks()).collect();
    let (report, _) = run("signals.sh", &faults);
    assert_eq!(report.judgement.verdict.valid, Validity::Valid, "{report}");
    assert_eq!(report.judgement.liveness.as_ref().map(|liveness| liveness.valid), Some(Validity::Valid), "{report}");
}
