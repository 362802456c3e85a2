//! Runs in which a node breaks the protocol, ends or does not get ready: they are stored, and `explain` shows the
//! cause.

use std::{
    path::Path,
    process::{Command, Output},
};
use tempfile::TempDir;

/// Runs `glomers` in a folder; returns its exit code and all that it printed.
fn glomers(folder: &Path, words: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_glomers")).args(words).current_dir(folder).output().unwrap();
    (status.code().unwrap(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
}

/// Tests a node with an oddity; returns the exit code, what was printed, and the explanation of the stored run.
fn run(folder: &TempDir, oddity: &str, more: &[&str]) -> (i32, String, String) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workbench/tests/programs/odd.sh");
    let program = program.to_str().unwrap();
    let words = ["test", "-w", "echo", "--node-count", "1", "--rate", "10", "--time-limit", "1", "--bin", program];
    let (code, printed) = glomers(folder.path(), &[&words, more, &["--", oddity]].concat());
    let (explained, explanation) = glomers(folder.path(), &["explain"]);
    assert_eq!(explained, 0, "{explanation}");
    (code, printed, explanation)
}

#[test]
fn a_crash_leaves_a_run_that_can_be_read() {
    let folder = TempDir::new().unwrap();
    let (code, printed, explanation) = run(&folder, "crash", &[]);
    assert_eq!(code, 255, "{printed}");
    for text in [&printed, &explanation] {
        assert!(text.contains("node n0 ended with exit status: 1 before the test did"), "{text}");
        assert!(text.contains("The last message that it was sent:") && text.contains("\"msg_id\":3"), "{text}");
        assert!(text.contains("out of ideas") && text.contains("n0.log"), "{text}");
    }
    assert!(printed.contains(", drawn for this run; --seed "), "{printed}");
    assert!(explanation.starts_with("echo: unknown"), "{explanation}");
    for file in ["history.edn", "messages.jsonl", "results.json", "report.html", "node-logs/n0.log"] {
        assert!(folder.path().join("store/latest").join(file).exists(), "{file}");
    }
}

#[test]
fn json_tells_of_a_crash() {
    let folder = TempDir::new().unwrap();
    let (code, printed, _) = run(&folder, "crash", &["--json"]);
    assert_eq!(code, 255, "{printed}");
    assert!(printed.contains("\"last-message\"") && printed.contains("\"valid?\": \"unknown\""), "{printed}");
}

#[test]
fn malformed_answers_are_counted_and_explained() {
    let folder = TempDir::new().unwrap();
    let (code, printed, explanation) = run(&folder, "extra", &["--strict"]);
    assert_eq!(code, 1, "{printed}");
    assert!(
        printed.contains(" x malformed-answer: n0 gave a malformed answer to `echo`: unknown field `debug`"),
        "{printed}"
    );
    for text in [&printed, &explanation] {
        assert!(text.contains("expected: {\"type\": \"echo_ok\", \"in_reply_to\": 1, \"echo\": ...}"), "{text}");
        assert!(text.contains("request:  {\"src\":\"c2\"") && text.contains("\"debug\":1}}"), "{text}");
    }
}

#[test]
fn a_violation_is_shown_with_its_message() {
    let folder = TempDir::new().unwrap();
    let (code, printed, explanation) = run(&folder, "two-on-a-line", &[]);
    assert_eq!(code, 0, "{printed}");
    for text in [&printed, &explanation] {
        assert!(text.contains(" x text-after-message: n0 wrote more behind a message on the same line"), "{text}");
    }
    let (code, printed, _) = run(&folder, "two-on-a-line", &["--strict"]);
    assert_eq!(code, 1, "{printed}");
}
