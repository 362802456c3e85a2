//! Nodes with one oddity each, hosted. What Maelstrom takes is taken; all else is a violation that shows the message,
//! the form that was expected and the reason. The rows follow the sources of Maelstrom (`process.clj`, `net.clj`,
//! `client.clj`).

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::history::Kind;
use glomers_workbench::{
    NodeFailure, Options, Program, Report, RunError, StartError, Validity, test_program,
    violation::{Violation, ViolationKind},
    workload,
};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

fn programs() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs")
}

fn run(program: &str, oddity: &str) -> Result<Report, RunError> {
    let options = Options::default().node_count(1).time_limit(Duration::from_millis(600)).rate(10.0).journal(true);
    let program = Program { arguments: vec![oddity.to_owned()], ..Program::new(programs().join(program)) };
    test_program(workload::named("echo").unwrap(), &options, &program)
}

/// The report of a node that got ready, and the only violation's first example, if there is one.
fn report(oddity: &str) -> (Report, Option<Violation>) {
    let report = run("odd.sh", oddity).unwrap_or_else(|error| panic!("{oddity}: {error}"));
    let causes = report.violations.causes();
    assert!(causes.len() <= 1, "{oddity}: {}", report.violations);
    let first = causes.first().map(|cause| cause.examples[0].clone());
    (report, first)
}

/// The first error of an operation.
fn error(report: &Report) -> Option<String> {
    report.history.ops().iter().find_map(|op| op.error()).map(ToString::to_string)
}

fn failed(oddity: &str) -> Report {
    match run("odd.sh", oddity) {
        Err(RunError::Node(report)) => *report,
        other => panic!("{oddity}: {other:?}"),
    }
}

#[test]
fn what_maelstrom_takes_is_taken() {
    for oddity in ["none", "doubled-key", "carriage-return", "init-carriage-return", "init-extra"] {
        let (report, violation) = report(oddity);
        assert_eq!((report.valid(), violation), (Validity::Valid, None), "{oddity}: {report}");
        assert!(report.judgement.stats.all.ok_count > 1, "{oddity}: {report}");
    }
}

#[test]
fn what_maelstrom_passes_over_is_told() {
    let rows = [
        ("two-on-a-line", ViolationKind::TextAfterMessage, "n0 wrote more behind a message on the same line"),
        ("not-utf8", ViolationKind::TextAfterMessage, "\u{fffd}; is a newline missing?"),
        ("hello", ViolationKind::UnmatchedAnswer, "\"hello\" has no in_reply_to"),
    ];
    for (oddity, kind, reason) in rows {
        let (report, violation) = report(oddity);
        let violation = violation.unwrap();
        assert_eq!((report.valid(), violation.kind), (Validity::Valid, kind), "{oddity}: {report}");
        assert!(violation.reason.contains(reason), "{oddity}: {violation}");
        // A client answers nobody: each operation is one message and its answer, or two.
        let sent = report.journal.iter().filter(|event| !event.received && event.message.contains("\"src\":\"c"));
        assert_eq!(sent.count(), report.judgement.stats.all.count + 1, "{oddity}");
        assert_eq!(report.violations.count(), report.judgement.stats.all.count, "{oddity}");
    }
}

#[test]
fn a_malformed_answer_ends_its_operation_at_once() {
    let rows = [
        ("null-msg-id", "msg_id: it is null, not an integer"),
        ("string-msg-id", "msg_id: it is \"7\", not an integer"),
        ("no-type", "type: it is missing; expected `echo_ok` or `error`"),
        ("wrong-type", "type: it is \"echo-ok\"; expected `echo_ok` or `error`"),
        ("no-echo", "missing field `echo`"),
        ("extra", "unknown field `debug`, expected `echo`"),
    ];
    for (oddity, reason) in rows {
        let (report, violation) = report(oddity);
        let violation = violation.unwrap();
        assert_eq!(violation.kind, ViolationKind::MalformedAnswer, "{oddity}");
        assert_eq!(violation.reason, format!("n0 gave a malformed answer to `echo`: {reason}"));
        assert!(violation.message.contains("\"src\":\"n0\""), "{oddity}: {violation}");
        assert!(
            violation.request.as_ref().unwrap().contains("\"type\":\"echo\",\"msg_id\":1"),
            "{oddity}: {violation}"
        );
        assert_eq!(violation.expected.as_deref(), Some(r#"{"type": "echo_ok", "in_reply_to": 1, "echo": ...}"#));
        let ends = report.history.ops().iter().filter(|op| op.kind == Kind::Info);
        assert_eq!(ends.clone().count(), report.violations.count(), "{oddity}");
        let text = format!("indeterminate: malformed answer to `echo`: {reason}");
        assert!(ends.clone().all(|op| op.error().unwrap().decode::<String>().unwrap() == text), "{oddity}");
        let finding = &report.judgement.strict_findings.findings[0];
        assert_eq!(
            (&*finding.kind, finding.entries.len()),
            ("malformed-answer", report.violations.count()),
            "{oddity}"
        );
        assert!(report.to_string().contains("received: "), "{report}");
        assert_eq!(report.results()["protocol-violations"][0]["count"], report.violations.count());
    }
}

#[test]
fn an_answer_to_nothing_explains_the_timeout() {
    let rows = [
        ("wrong-number", "in_reply_to is 1001, but c2 had asked msg_id 1"),
        ("no-number", "\"echo_ok\" has no in_reply_to, but c2 had asked msg_id 1"),
        ("no-body", "a message without `type` has no in_reply_to, but c2 had asked msg_id 1"),
    ];
    for (oddity, reason) in rows {
        let (report, violation) = report(oddity);
        let violation = violation.unwrap();
        assert_eq!(violation.kind, ViolationKind::UnmatchedAnswer, "{oddity}");
        assert_eq!(violation.reason, format!("n0 answered no request of c2: {reason}"));
        let error = error(&report).unwrap();
        assert!(error.contains("net-timeout") && error.contains("n0 answered no request"), "{oddity}: {error}");
    }
}

#[test]
fn an_error_without_a_known_code_is_unknown() {
    for oddity in ["error-no-code", "error-999"] {
        let (report, violation) = report(oddity);
        assert_eq!((error(&report).as_deref(), violation), (Some(r#"["unknown","oops"]"#), None), "{oddity}");
    }
}

#[test]
fn a_node_that_does_not_get_ready_is_explained() {
    let sent =
        r#"sent:     {"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0"]}}"#;
    let expected = r#"expected: {"type": "init_ok", "in_reply_to": 1}"#;
    let rows: [(&str, &[&str]); 10] = [
        ("init-silent", &["Nothing came on stdout of n0; is it flushed after each line?", "cannot open /data/db"]),
        (
            "init-no-newline",
            &["n0 wrote 66 bytes to stdout without a newline at the end: {\"src\"", "End each message with \\n."],
        ),
        ("init-noise", &["is not a message: expected value at column 1", "Starting", "meant for stderr"]),
        ("init-empty-line", &["n0 printed a line that is not a message: it is empty"]),
        ("init-null", &["it is null, not an object"]),
        ("init-list", &["it is a list, not an object"]),
        ("init-byte-order-mark", &["it begins with a byte order mark (EF BB BF); write UTF-8 without one"]),
        ("init-src", &["n0 sent a message with the src `N0`; n0 must sign as `n0`", "received: {\"src\":\"N0\""]),
        (
            "init-dest",
            &["n0 sent a message to `c00`, which is not on the network; c0, lin-kv, lin-tso, lww-kv, n0, seq-kv are"],
        ),
        ("init-id", &["`id` is null, not an integer"]),
    ];
    std::thread::scope(|scope| {
        for (oddity, parts) in rows {
            scope.spawn(move || {
                let report = failed(oddity);
                let text = report.to_string();
                let always = ["n0 did not get ready: no answer to `init` in 10s", sent, expected];
                for part in always.iter().chain(parts) {
                    assert!(text.contains(part), "{oddity}: {part}: {text}");
                }
                assert_eq!(report.valid(), Validity::Unknown);
                assert!(matches!(report.failure, Some(NodeFailure::NotReady(_))));
            });
        }
    });
    let text = failed("init-error").to_string();
    assert!(text.starts_with("n0 did not get ready: error 11 temporarily-unavailable: not now"), "{text}");
}

#[test]
fn a_crash_leaves_a_report() {
    let report = failed("crash");
    let Some(NodeFailure::Crash(crash)) = &report.failure else { panic!("{:?}", report.failure) };
    assert_eq!((crash.node.as_str(), &*crash.status), ("n0", "exit status: 1"));
    let last = crash.last_message.as_deref().unwrap();
    assert!(last.contains("\"type\":\"echo\",\"msg_id\":3"), "{last}");
    assert_eq!(crash.output.stderr, "out of ideas");
    assert_eq!(report.history.ops().iter().filter(|op| op.kind == Kind::Ok).count(), 2);
    assert!(report.journal.iter().any(|event| event.received && event.message.contains("\"msg_id\":3")));
    assert_eq!((report.valid(), &report.results()["valid?"]), (Validity::Unknown, &"unknown".into()));
    assert!(report.results()["failure"]["crash"]["last-message"].as_str().unwrap().contains("msg_id"), "{report}");
}

#[test]
fn a_script_without_interpreter_line_runs_through_sh() {
    let report = run("no-interpreter-line.sh", "none").unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
}

#[test]
fn a_program_that_cannot_start_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, mode| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let refusal =
        |path: &Path| match test_program(workload::named("echo").unwrap(), &Options::default(), &Program::new(path)) {
            Err(RunError::Start(error @ (StartError::Io { .. } | StartError::NotFound { .. }))) => format!("{error}"),
            Err(RunError::Start(error)) => error.to_string(),
            other => panic!("{other:?}"),
        };
    let rows = [
        (folder.path().to_owned(), "it is a folder"),
        (write("plain", "#!/bin/sh\n", 0o644), "it may not be executed; try `chmod +x "),
        (
            write("lost", "#!/nowhere/python9 -u\n", 0o755),
            "its first line names /nowhere/python9, which does not exist",
        ),
        (write("crlf", "#!/bin/sh\r\necho\r\n", 0o755), "its first line ends with a carriage return (CRLF)"),
        ("~/node".into(), "; the shell does not expand a quoted `~`"),
        ("/bin/sh -c true".into(), "; it looks like a command line: give `/bin/sh` alone"),
        ("/nowhere/node".into(), "cannot find /nowhere/node"),
    ];
    for (path, expected) in rows {
        let text = refusal(&path);
        assert!(text.contains(expected), "{expected}: {text}");
    }
}
