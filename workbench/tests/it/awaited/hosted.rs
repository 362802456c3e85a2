//! Programs that are not ours: good ones in other languages, and ones that misbehave. Each ends in a verdict or a clear
//! message, never in a hang.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_workbench::{
    Options, Program, Report, RunError, Validity,
    options::{Availability, Fault},
    test_program,
    violation::ViolationKind,
    workload,
};
use std::{path::Path, process::Command, time::Duration};

fn program(name: &str) -> Program {
    Program::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(name))
}

fn options(nodes: usize) -> Options {
    Options::default().node_count(nodes).time_limit(Duration::from_secs(2)).rate(50.0)
}

fn run(name: &str, program_name: &str, options: &Options) -> Result<Report, RunError> {
    test_program(workload::named(name).unwrap(), options, &program(program_name))
}

/// Why there is no verdict.
fn refusal(program_name: &str) -> String {
    run("unique-ids", program_name, &options(1)).map(|report| report.to_string()).unwrap_err().to_string()
}

#[test]
fn a_node_in_shell_is_valid() {
    let options = options(3).availability(Some(Availability::Total));
    let report = run("unique-ids", "unique_ids.sh", &options).unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    assert!(report.judgement.stats.all.ok_count > 50, "{report}");
    assert_eq!(report.net.servers.send_count, 0);
}

#[test]
fn a_node_in_python_is_valid_under_partitions() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("python3 is not installed: nothing is tested here");
        return;
    }
    let options = options(3).nemesis(vec![Fault::Partition]).nemesis_interval(Duration::from_millis(300));
    let report = run("broadcast", "broadcast.py", &options).unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    assert!(report.net.servers.send_count > report.net.servers.recv_count, "no partition lost anything: {report}");
}

#[test]
fn programs_that_do_not_start_are_named() {
    assert!(refusal("nothing.sh").starts_with("cannot find "), "{}", refusal("nothing.sh"));
    assert!(refusal("../it/awaited/hosted.rs").starts_with("cannot run "), "{}", refusal("../it/awaited/hosted.rs"));
}

#[test]
fn a_program_that_ends_is_reported_with_its_last_words() {
    let text = refusal("quits.sh");
    assert!(text.contains("n0 ended with exit status: 7") && text.contains("last words"), "{text}");
    let text = refusal("crashes.sh");
    assert!(text.contains("n0 ended with exit status: 3") && text.contains("boom"), "{text}");
}

#[track_caller]
fn does_not_answer_init(name: &str) {
    let text = refusal(name);
    assert!(text.contains("n0 did not get ready: no answer to `init` in 10s"), "{text}");
}

#[test]
fn a_program_that_reads_and_does_not_answer_init_is_reported() {
    does_not_answer_init("silent.sh");
}

#[test]
fn a_program_that_does_not_read_is_reported() {
    does_not_answer_init("deaf.sh");
}

#[test]
fn what_is_no_message_is_explained() {
    let text = refusal("garbage.sh");
    for part in
        ["n0 did not get ready", "this is no message", "expected: {\"src\": \"n0\"", "expected ident at column 2"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_message_in_the_name_of_another_is_explained() {
    let text = refusal("stranger.sh");
    assert!(text.contains("with the src `n1`"), "{text}");
}

#[test]
fn a_program_that_floods_is_reported() {
    let text = refusal("flood.sh");
    assert!(text.contains("n0 did not get ready"), "{text}");
}

#[test]
fn a_line_without_end_is_reported() {
    let text = refusal("endless.sh");
    assert!(text.contains("n0 wrote a line of more than 64 MiB to stdout"), "{text}");
}

#[test]
fn what_goes_to_stderr_without_end_does_not_disturb() {
    let report = run("unique-ids", "murmurs.sh", &options(1)).unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
}

/// Only the first answer to a client's own request counts, so the second's id was given to nobody.
#[test]
fn answers_that_nobody_waits_for_are_passed_over() {
    let report = run("unique-ids", "liar.sh", &options(2)).unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    let kinds: Vec<_> = report.violations.causes().iter().map(|cause| cause.kind).collect();
    assert_eq!(kinds, [ViolationKind::UnmatchedAnswer], "numbers that nobody asked are told");
}

/// As with Maelstrom's clients: a node may have passed the request on.
#[test]
fn an_answer_in_another_name_is_one() {
    let report = run("unique-ids", "forger.sh", &options(2)).unwrap();
    let stats = &report.judgement.stats.all;
    assert_eq!((report.valid(), stats.ok_count), (Validity::Valid, stats.count), "{report}");
}
