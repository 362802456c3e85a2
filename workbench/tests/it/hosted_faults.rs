//! Faults on real processes, which are killed, restarted and paused. Remaining output of a killed process does not
//! count as output of its successor.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::history::Process;
use glomers_protocol::Json;
use glomers_workbench::{
    Options, Program, Report, Validity,
    options::{Concurrency, Fault},
    test_program, workload,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};
use tempfile::TempDir;

/// A run, and what each node wrote to stderr.
fn run(program: &str, faults: &[Fault]) -> (Report, Vec<String>) {
    let logs = TempDir::new().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(program);
    let program = Program { logs: Some(logs.path().to_owned()), ..Program::new(path) };
    let options = Options::default()
        .node_count(3)
        .rate(50.0)
        .journal(true)
        // Clients of a dead node wait for it; others have their turn meanwhile.
        .concurrency(Concurrency::PerNode(8))
        .time_limit(Duration::from_secs(4))
        .nemesis(faults.to_vec())
        .nemesis_interval(Duration::from_millis(200))
        .liveness(faults.len() > 1);
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
    let (report, _) = run("signals.sh", &Fault::ALL);
    assert_eq!(report.judgement.verdict.valid, Validity::Valid, "{report}");
    assert_eq!(report.judgement.liveness.as_ref().map(|liveness| liveness.valid), Some(Validity::Valid), "{report}");
}
