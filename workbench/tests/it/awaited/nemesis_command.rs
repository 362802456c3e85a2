//! Faults that a command of the user's injects, because the nodes are elsewhere. The command is a script that writes down
//! its steps.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::history::{Process, faults};
use glomers_workbench::{
    Options, Program, Report, RunError, Validity,
    options::{Concurrency, Fault},
    test_program,
    violation::ViolationKind,
    workload,
};
use serde_json::Value;
use std::{fs, path::PathBuf, time::Duration};
use tempfile::TempDir;

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(name)
}

fn options(faults: &[Fault], command: Option<String>) -> Options {
    Options::default()
        .nodes(["n1", "n2", "n3"].map(str::to_owned).to_vec())
        .rate(50.0)
        .concurrency(Concurrency::PerNode(2))
        .time_limit(Duration::from_secs(2))
        .nemesis(faults.to_vec())
        .nemesis_interval(Duration::from_millis(200))
        .nemesis_command(command)
}

fn test(options: &Options) -> Result<Report, RunError> {
    test_program(workload::named("unique-ids").unwrap(), options, &Program::new(script("stand_in.sh")))
}

/// The report of a test whose command cannot do steps with this word, and the steps that it was asked for.
fn run(faults: &[Fault], failing: &str) -> (Result<Report, RunError>, Vec<Value>) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("steps");
    let command = format!("{} {} {failing}", script("faults.sh").display(), file.display());
    let report = test(&options(faults, Some(command)));
    let steps = fs::read_to_string(file).unwrap_or_default();
    (report, steps.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn refusal(options: &Options) -> String {
    match test(options).unwrap_err() {
        RunError::Options(unsuitable) => unsuitable.reason,
        error => panic!("{error}"),
    }
}

#[test]
fn each_step_is_asked_for_and_its_answer_is_in_the_history() {
    let (report, steps) = run(&[Fault::Partition, Fault::Kill, Fault::Pause], "");
    let report = report.unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    // The nodes themselves were left alone, so every operation succeeded.
    assert_eq!(report.judgement.stats.all.ok_count, report.judgement.stats.all.count, "{report}");
    assert_eq!(steps[0], serde_json::json!({ "fault": "heal" }), "before the test");
    for (fault, key) in
        [("partition", "grudge"), ("kill", "nodes"), ("start", "nodes"), ("pause", "nodes"), ("resume", "nodes")]
    {
        let step = steps.iter().find(|step| step["fault"] == fault).unwrap_or_else(|| panic!("no {fault}: {steps:?}"));
        assert!(step[key].is_object() || step[key].is_array(), "{step}");
    }
    let last_healed = steps.iter().rposition(|step| step["fault"] == "heal");
    assert!(last_healed > steps.iter().rposition(|step| step["fault"] == "partition"), "{steps:?}");
    let answers =
        report.history.ops().iter().filter(|op| op.process == Process::Nemesis && op.value.as_str().contains("done"));
    assert_eq!(answers.count(), steps.len() - 1);
    assert!(faults::periods(&report.history).iter().all(|period| period.end.is_some()));
    assert!(report.nemesis.iter().all(|effect| effect.elsewhere && effect.affected > 0), "{report}");
}

#[test]
fn a_step_that_fails_is_a_finding() {
    let (report, _) = run(&[Fault::Pause], "resume");
    let report = report.unwrap();
    let cause = &report.violations.causes()[0];
    assert_eq!(cause.kind, ViolationKind::FaultNotInjected);
    let reason = &cause.examples[0].reason;
    assert!(
        reason.contains(r#""fault":"resume""#) && reason.contains("exit status: 3; stderr: no route to n2"),
        "{reason}"
    );
}

#[test]
fn a_command_that_fails_before_the_test_refuses_it() {
    let (report, steps) = run(&[Fault::Partition], "heal");
    let error = report.unwrap_err().to_string();
    assert!(error.contains("before the test") && error.contains("no route to n2"), "{error}");
    assert_eq!(steps.len(), 1);
    let missing = refusal(&options(&[Fault::Partition], Some("/no/such/command".to_owned())));
    assert!(missing.contains("`/no/such/command`") && missing.contains("127"), "{missing}");
}

#[test]
fn faults_that_would_not_reach_a_node_elsewhere_are_refused() {
    for fault in [Fault::Partition, Fault::Slow, Fault::Kill] {
        let reason = refusal(&options(&[fault], None));
        assert!(
            reason.starts_with(&format!("{fault} would not reach n")) && reason.contains("`--nemesis-command`"),
            "{reason}"
        );
    }
    assert_eq!(test(&options(&[], None)).unwrap().valid(), Validity::Valid);
}

#[test]
fn faults_that_a_command_does_not_know_are_refused() {
    let reason = refusal(&options(&[Fault::Kill, Fault::Slow], Some("true".to_owned())));
    assert!(reason.starts_with("slow cannot be injected by the nemesis command `true`"), "{reason}");
}
